/*
 * A plan: the whole certificate except the signature. The clock and the serial are parameters, so
 * that the same input gives the same bytes. Its TBS is what lint judges and the signer signs; the
 * SHA-256 of the TBS is the plan hash.
 */
#ifndef SUBCA_CA_PLAN_H
#define SUBCA_CA_PLAN_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/bytes.h"
#include "ca/extension.h"
#include "ca/profile.h"
#include "csr/request.h"

/* All borrowed. */
struct plan_input {
	const struct profile *profile;
	const struct csr_request *request;
	X509 *issuer; /* NULL: self-signed with the request's key */
	const struct ca_urls *urls;
	const X509_ALGOR *algorithm;		 /* that the issuer's key will sign with */
	struct span serial;			 /* big-endian, positive */
	const ASN1_OCTET_STRING *key_identifier; /* of what is renewed, as struct extension_input */
	int64_t now;
	int days;	   /* 0: the profile's, unless not_after is given */
	int64_t not_after; /* 0: counted from days */
	bool fit;	   /* shorten to the issuer's notAfter where it would be outlived */
};

struct cert_plan;

/*
 * STATUS_REFUSED, in words, where the request's key or subject is not what the profile allows, the
 * issuer is expired, no CA, or grants no such path length, or the life does not fit inside the
 * issuer's (the message names the largest --days that does).
 */
MUST_CHECK enum status plan_make(const struct plan_input *in, struct cert_plan **out,
				 struct error *e);
void plan_free(struct cert_plan *p);

struct span plan_tbs(const struct cert_plan *p);
const unsigned char *plan_hash(const struct cert_plan *p); /* SHA256_SIZE octets */
int64_t plan_not_before(const struct cert_plan *p);
int64_t plan_not_after(const struct cert_plan *p);
bool plan_was_shortened(const struct cert_plan *p);
const STACK_OF(X509_EXTENSION) *plan_extensions(const struct cert_plan *p);

/* A certificate's notBefore or notAfter in seconds. STATUS_INPUT for a time that is none. */
MUST_CHECK enum status asn1_time_seconds(const ASN1_TIME *time, int64_t *t, struct error *e);

#endif
