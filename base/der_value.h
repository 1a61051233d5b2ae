/*
 * DER taken apart in place, one value after the other, without a copy: for what is read a million
 * times. It takes what nearly all values are, and leaves the rest, and every doubt, to OpenSSL.
 */
#ifndef SUBCA_BASE_DER_VALUE_H
#define SUBCA_BASE_DER_VALUE_H

#include <stdint.h>

#include <openssl/asn1.h>

#include "base/bytes.h"

struct der_value {
	int tag, class;
	bool constructed;
	struct span content;
	size_t size; /* header and content */
};

/*
 * The value that at begins with, where its tag has one octet and its length at most four, and no
 * fewer would do (X.690 10.1). False for any other, and where it is cut off.
 */
static inline bool der_value_read(struct span at, struct der_value *v)
{
	const unsigned char *p = at.data;
	size_t len, octets, header = 2;

	if (at.len < 2 || (p[0] & V_ASN1_PRIMITIVE_TAG) == V_ASN1_PRIMITIVE_TAG)
		return false;
	len = p[1];
	if (len & 0x80) {
		octets = len & 0x7f;
		header += octets;
		if (octets == 0 || octets > 3 || at.len < header || p[2] == 0)
			return false;
		for (len = 0; octets; octets--)
			len = len << 8 | p[header - octets];
		if (len < 0x80)
			return false;
	}
	if (len > at.len - header)
		return false;
	v->tag = p[0] & V_ASN1_PRIMITIVE_TAG;
	v->class = p[0] & V_ASN1_PRIVATE;
	v->constructed = p[0] & V_ASN1_CONSTRUCTED;
	v->content = (struct span){p + header, len};
	v->size = header + len;
	return true;
}

/* The identifier octets that certificates are made of. */
enum der_identifier {
	DER_BOOLEAN_VALUE = 0x01,
	DER_INTEGER_VALUE = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_OID_VALUE = 0x06,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,	   /* [0], primitive */
	DER_CONTEXT_INSIDE = 0xa0, /* [0], constructed */
};

/* Steps over the first value of rest, and gives it, where it begins with this identifier octet. */
static inline bool der_take(struct span *rest, unsigned identifier, struct span *content)
{
	struct der_value v;

	if (rest->len == 0 || rest->data[0] != identifier || !der_value_read(*rest, &v))
		return false;
	*content = v.content;
	rest->data += v.size;
	rest->len -= v.size;
	return true;
}

/* The same, with the header in *whole. */
static inline bool der_take_whole(struct span *rest, unsigned identifier, struct span *content,
				  struct span *whole)
{
	const unsigned char *from = rest->data;

	if (!der_take(rest, identifier, content))
		return false;
	*whole = (struct span){from, (size_t)(rest->data - from)};
	return true;
}

/* A number that is not negative: its octets, without the one that keeps it so and none to spare. */
bool der_take_number(struct span *rest, struct span *octets);
/* A BIT STRING of whole octets. */
bool der_take_bits(struct span *rest, struct span *octets);

/*
 * The moment that UTCTime or GeneralizedTime (V_ASN1_…) names in the form of RFC 5280 4.1.2.5: down
 * to the second, with Z, without a fraction. False for any other text.
 */
bool der_time(int type, struct span text, int64_t *seconds, int *year);

/* OpenSSL's number (NID_…) for the content of an OBJECT IDENTIFIER; NID_undef where it has none. */
int der_oid_nid(struct span content);

#endif
