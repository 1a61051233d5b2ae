#include "base/der.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>

ASN1_SEQUENCE(DER_SIGNED) = {
	ASN1_SIMPLE(DER_SIGNED, to_be_signed, ASN1_ANY),
	ASN1_SIMPLE(DER_SIGNED, algorithm, X509_ALGOR),
	ASN1_SIMPLE(DER_SIGNED, signature, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(DER_SIGNED)

IMPLEMENT_ASN1_FUNCTIONS(DER_SIGNED)

ASN1_SEQUENCE(DER_SPKI) = {
	ASN1_SIMPLE(DER_SPKI, algorithm, X509_ALGOR),
	ASN1_SIMPLE(DER_SPKI, key, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(DER_SPKI)

IMPLEMENT_ASN1_FUNCTIONS(DER_SPKI)

ASN1_SEQUENCE(DER_RSA) = {
	ASN1_SIMPLE(DER_RSA, modulus, ASN1_INTEGER),
	ASN1_SIMPLE(DER_RSA, exponent, ASN1_INTEGER),
} ASN1_SEQUENCE_END(DER_RSA)

IMPLEMENT_ASN1_FUNCTIONS(DER_RSA)

struct span der_to_be_signed(const DER_SIGNED *s)
{
	const ASN1_STRING *inner;

	if (s->to_be_signed->type != V_ASN1_SEQUENCE)
		return (struct span){NULL, 0};
	inner = s->to_be_signed->value.sequence;
	return (struct span){ASN1_STRING_get0_data(inner), (size_t)ASN1_STRING_length(inner)};
}

struct span der_signature(const DER_SIGNED *s)
{
	return (struct span){ASN1_STRING_get0_data(s->signature),
			     (size_t)ASN1_STRING_length(s->signature)};
}

enum status der_signed_parse(struct span der, DER_SIGNED **out, struct error *e)
{
	const unsigned char *at = der.data;
	DER_SIGNED *s = der.len <= LONG_MAX ? d2i_DER_SIGNED(NULL, &at, (long)der.len) : NULL;

	if (!s)
		return error_openssl(e, STATUS_INPUT, NULL, NULL, "is not a signed structure");
	if (at != der.data + der.len) {
		DER_SIGNED_free(s);
		return error_set(e, STATUS_INPUT, NULL, "remove what follows it",
				 "has %zu more bytes after its end, from offset %zu",
				 der.len - (size_t)(at - der.data), (size_t)(at - der.data));
	}
	*out = s;
	return STATUS_OK;
}

enum status der_signed_build(struct span to_be_signed, const X509_ALGOR *algorithm,
			     struct span signature, struct bytes *out, struct error *e)
{
	const unsigned char *at = to_be_signed.data;
	DER_SIGNED s = {0};
	enum status status = STATUS_OK;

	s.to_be_signed = d2i_ASN1_TYPE(NULL, &at, (long)to_be_signed.len);
	s.algorithm = X509_ALGOR_dup(algorithm);
	s.signature = ASN1_BIT_STRING_new();
	if (!s.to_be_signed || at != to_be_signed.data + to_be_signed.len || !s.algorithm ||
	    !s.signature ||
	    !ASN1_BIT_STRING_set(s.signature, (unsigned char *)signature.data,
				 (int)signature.len)) {
		status = error_openssl(e, STATUS_INTERNAL, NULL, NULL,
				       "a signed structure cannot be put together");
	} else {
		/* Without this flag trailing zero bits of the signature would be dropped. */
		s.signature->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
		s.signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
		status = der_encode(&s, (i2d_of_void *)i2d_DER_SIGNED, out, e);
	}
	ASN1_TYPE_free(s.to_be_signed);
	X509_ALGOR_free(s.algorithm);
	ASN1_BIT_STRING_free(s.signature);
	return status;
}

/* OpenSSL's queue stays as it was. */
bool der_next(struct span *rest, struct der_piece *out)
{
	const unsigned char *at = rest->data;
	long len = 0;
	int flags;

	if (rest->len == 0)
		return false;
	ERR_set_mark();
	flags = ASN1_get_object(&at, &len, &out->tag, &out->class,
				rest->len < LONG_MAX ? (long)rest->len : LONG_MAX);
	ERR_pop_to_mark();
	/* An indefinite length has no end here. */
	if (flags & 0x81)
		return false;
	out->content = (struct span){at, (size_t)len};
	out->whole = (struct span){rest->data, (size_t)(at - rest->data) + (size_t)len};
	*rest = (struct span){rest->data + out->whole.len, rest->len - out->whole.len};
	return true;
}

enum status der_encode(const void *value, i2d_of_void *encode, struct bytes *out, struct error *e)
{
	int len = encode(value, NULL);
	unsigned char *data, *at;

	if (len <= 0)
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "a value has no DER");
	data = malloc((size_t)len + 1);
	if (!data)
		return error_memory(e);
	at = data;
	if (encode(value, &at) != len) {
		free(data);
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "a value has no DER");
	}
	data[len] = '\0';
	*out = (struct bytes){data, (size_t)len};
	return STATUS_OK;
}
