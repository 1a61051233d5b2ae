#include "base/der_canonical.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>

#include "base/der_value.h"

/* Certificates nest to about 10; a bound keeps hostile nesting off the stack. */
#define DEPTH_MAX 32

static enum der_fault read_value(struct span at, struct der_value *v)
{
	const unsigned char *p = at.data;
	long len = 0;
	int flags;

	if (at.len == 0 || at.len > INT_MAX / 2)
		return DER_STRUCTURE;
	if (der_value_read(at, v))
		return DER_CANONICAL;
	ERR_set_mark();
	flags = ASN1_get_object(&p, &len, &v->tag, &v->class, (long)at.len);
	ERR_pop_to_mark();
	if (flags & 0x80)
		return DER_STRUCTURE;
	if (flags & 0x01)
		return DER_LENGTH;
	v->constructed = flags & V_ASN1_CONSTRUCTED;
	v->content = (struct span){p, (size_t)len};
	v->size = (size_t)(p - at.data) + (size_t)len;
	/* The size that OpenSSL would write tells padding in the length and in the tag alike. */
	if (v->size != (size_t)ASN1_object_size(v->constructed, (int)len, v->tag))
		return DER_LENGTH;
	return DER_CANONICAL;
}

static enum der_fault check_integer(struct span c)
{
	if (c.len == 0)
		return DER_INTEGER;
	if (c.len > 1 && ((c.data[0] == 0x00 && !(c.data[1] & 0x80)) ||
			  (c.data[0] == 0xFF && (c.data[1] & 0x80))))
		return DER_INTEGER;
	return DER_CANONICAL;
}

static enum der_fault check_bit_string(struct span c)
{
	if (c.len == 0 || c.data[0] > 7 || (c.len == 1 && c.data[0] != 0))
		return DER_BIT_STRING;
	if (c.len > 1 && (c.data[c.len - 1] & ((1u << c.data[0]) - 1)))
		return DER_BIT_STRING;
	return DER_CANONICAL;
}

static enum der_fault check_oid(struct span c)
{
	if (c.len == 0 || (c.data[c.len - 1] & 0x80))
		return DER_OID;
	for (size_t i = 0; i < c.len; i++)
		if (c.data[i] == 0x80 && (i == 0 || !(c.data[i - 1] & 0x80)))
			return DER_OID;
	return DER_CANONICAL;
}

static enum der_fault check_primitive(const struct der_value *v)
{
	if (v->class != V_ASN1_UNIVERSAL)
		return DER_CANONICAL;
	switch (v->tag) {
	case V_ASN1_BOOLEAN:
		return v->content.len == 1 &&
				       (v->content.data[0] == 0x00 || v->content.data[0] == 0xFF)
			       ? DER_CANONICAL
			       : DER_BOOLEAN;
	case V_ASN1_INTEGER:
	case V_ASN1_ENUMERATED:
		return check_integer(v->content);
	case V_ASN1_BIT_STRING:
		return check_bit_string(v->content);
	case V_ASN1_OBJECT:
		return check_oid(v->content);
	case V_ASN1_NULL:
		return v->content.len == 0 ? DER_CANONICAL : DER_STRUCTURE;
	case V_ASN1_EOC:
	case V_ASN1_SEQUENCE:
	case V_ASN1_SET:
		return DER_STRUCTURE;
	default:
		return DER_CANONICAL;
	}
}

/* X.690 11.6: compared as octet strings, the shorter as if padded with zeros. */
bool der_in_order(struct span a, struct span b)
{
	size_t shared = a.len < b.len ? a.len : b.len;
	int order = memcmp(a.data, b.data, shared);

	return order < 0 || (order == 0 && a.len <= b.len);
}

static enum der_fault check_value(const unsigned char *start, struct span at, int depth,
				  size_t *size, size_t *offset);

static enum der_fault check_members(const unsigned char *start, const struct der_value *v,
				    int depth, size_t *offset)
{
	bool set = v->class == V_ASN1_UNIVERSAL && v->tag == V_ASN1_SET;
	struct span rest = v->content, previous = {NULL, 0};

	while (rest.len) {
		size_t size = 0;
		enum der_fault fault = check_value(start, rest, depth + 1, &size, offset);

		if (fault)
			return fault;
		if (set && previous.data &&
		    !der_in_order(previous, (struct span){rest.data, size})) {
			*offset = (size_t)(rest.data - start);
			return DER_SET_ORDER;
		}
		previous = (struct span){rest.data, size};
		rest.data += size;
		rest.len -= size;
	}
	return DER_CANONICAL;
}

static enum der_fault check_value(const unsigned char *start, struct span at, int depth,
				  size_t *size, size_t *offset)
{
	struct der_value v = {0};
	enum der_fault fault = depth > DEPTH_MAX ? DER_STRUCTURE : read_value(at, &v);

	if (!fault && !v.constructed)
		fault = check_primitive(&v);
	/* Only SEQUENCE and SET are constructed in DER: strings in pieces are BER (X.690 10.2). */
	if (!fault && v.constructed && v.class == V_ASN1_UNIVERSAL && v.tag != V_ASN1_SEQUENCE &&
	    v.tag != V_ASN1_SET)
		fault = DER_STRUCTURE;
	if (fault) {
		*offset = (size_t)(at.data - start);
		return fault;
	}
	*size = v.size;
	return v.constructed ? check_members(start, &v, depth, offset) : DER_CANONICAL;
}

enum der_fault der_canonical(struct span der, size_t *offset)
{
	size_t size = 0;
	enum der_fault fault = check_value(der.data, der, 0, &size, offset);

	if (!fault && size != der.len) {
		*offset = size;
		return DER_TRAILING;
	}
	return fault;
}

const char *der_fault_text(enum der_fault fault)
{
	switch (fault) {
	case DER_STRUCTURE:
		return "a value that is cut off, nested too deep or built as DER forbids";
	case DER_TRAILING:
		return "bytes after the end of the value";
	case DER_LENGTH:
		return "a length that is indefinite or in more octets than it needs";
	case DER_BOOLEAN:
		return "a BOOLEAN that is neither 00 nor FF";
	case DER_INTEGER:
		return "an INTEGER that is empty or padded";
	case DER_BIT_STRING:
		return "a BIT STRING whose unused bits are miscounted or set";
	case DER_OID:
		return "an OBJECT IDENTIFIER that is empty, cut off or padded";
	case DER_SET_ORDER:
		return "a SET OF whose members are not in ascending order";
	case DER_CANONICAL:
		break;
	}
	return "";
}
