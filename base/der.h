/*
 * DER without a meaning: the SIGNED{} envelope that requests, certificates and CRLs share, and
 * whether bytes are DER at all (X.690 10, 11).
 */
#ifndef SUBCA_BASE_DER_H
#define SUBCA_BASE_DER_H

#include <openssl/asn1.h>
#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include "base/bytes.h"

/*
 * SEQUENCE { toBeSigned ANY, AlgorithmIdentifier, BIT STRING } with what is signed left as the
 * bytes that came in: re-encoding it yields them again, whatever is inside.
 */
typedef struct der_signed {
	ASN1_TYPE *to_be_signed;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
} DER_SIGNED;
DECLARE_ASN1_FUNCTIONS(DER_SIGNED)

/*
 * SubjectPublicKeyInfo (RFC 5280 4.1) with the key left as bits. OpenSSL's X509_PUBKEY decodes the
 * key as it parses, through a provider's decoders, which costs more than all the rest.
 */
typedef struct der_spki {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *key;
} DER_SPKI;
DECLARE_ASN1_FUNCTIONS(DER_SPKI)

/* RSAPublicKey (RFC 8017 A.1.1). */
typedef struct der_rsa {
	ASN1_INTEGER *modulus;
	ASN1_INTEGER *exponent;
} DER_RSA;
DECLARE_ASN1_FUNCTIONS(DER_RSA)

/* The bytes under the signature, borrowed from s. Empty unless they are a SEQUENCE. */
struct span der_to_be_signed(const DER_SIGNED *s);
/* The octets of the signature, borrowed. */
struct span der_signature(const DER_SIGNED *s);

/*
 * One envelope that fills in exactly: STATUS_INPUT with the reason when it does not parse, and
 * with the offset when bytes trail it. Freed with DER_SIGNED_free().
 */
MUST_CHECK enum status der_signed_parse(struct span der, DER_SIGNED **out, struct error *e);

/* Puts an envelope together from the signed bytes, which must be one DER SEQUENCE. */
MUST_CHECK enum status der_signed_build(struct span to_be_signed, const X509_ALGOR *algorithm,
					struct span signature, struct bytes *out, struct error *e);

/* One value of any size, borrowed: where base/der_value.h is too narrow. */
struct der_piece {
	int tag, class;
	struct span whole, content;
};
/* The one that *rest begins with, which is then behind it. False where there is none that fits. */
bool der_next(struct span *rest, struct der_piece *out);

/* Any OpenSSL value to bytes: der_encode(x, (i2d_of_void *)i2d_X509, …). */
MUST_CHECK enum status der_encode(const void *value, i2d_of_void *encode, struct bytes *out,
				  struct error *e);

#endif
