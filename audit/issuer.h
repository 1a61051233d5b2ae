/*
 * The issuers of an estate, each with its key decoded once, and the verification of what they signed
 * over the bytes as they came in.
 */
#ifndef SUBCA_AUDIT_ISSUER_H
#define SUBCA_AUDIT_ISSUER_H

#include <openssl/evp.h>

#include "audit/estate.h"
#include "ca/lint.h"

/* Certificates that the name of another points to. */
#define ISSUERS_MAX 100000

struct audit_issuer {
	uint32_t record;
	uint64_t subject, spki, ski;
	int64_t not_after;
	struct bytes der;
	EVP_PKEY *key; /* NULL: not usable */
};

/* By subject, and those of one name and key the longest life first. */
struct audit_issuers {
	struct audit_issuer *items;
	size_t count, room;
};

/* record is that of der. */
MUST_CHECK enum status issuers_add(struct audit_issuers *i, const struct estate *t, uint32_t record,
				   struct span der, struct error *e);
/* Once all are added. */
void issuers_sort(struct audit_issuers *i);
void issuers_free(struct audit_issuers *i);
/* The first of that subject; how many follow it in *count. NULL: none. */
const struct audit_issuer *issuers_find(const struct audit_issuers *i, uint64_t subject,
					size_t *count);

/* What one thread keeps between verifications. */
struct audit_verifier;
MUST_CHECK enum status verifier_new(struct audit_verifier **out, struct error *e);
void verifier_free(struct audit_verifier *v);
/* Whether issuer's key signed c. A key or algorithm that OpenSSL does not know says no. */
bool verifier_check(struct audit_verifier *v, const struct audit_issuer *issuer,
		    const struct audit_certificate *c);
/*
 * Who signed c: the issuer, of several with the same key the one that lives longest. NULL with
 * *named true: the issuer that it names is here, and did not. Another of that name with another key
 * identifier is not the one it names.
 */
const struct audit_issuer *verifier_find(struct audit_verifier *v,
					 const struct audit_issuers *issuers,
					 const struct audit_certificate *c, bool *named);
/* What lint says of c below issuer, NULL where that is not known or c itself. */
MUST_CHECK enum status verifier_lint(struct audit_verifier *v, const struct audit_issuer *issuer,
				     const struct audit_certificate *c, struct findings *found,
				     struct error *e);

#endif
