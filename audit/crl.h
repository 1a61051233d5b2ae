/*
 * The CRLs of an estate: who signed them, whether they are in force, whether one is missing, and
 * what they list, against what the record knows as revoked.
 */
#ifndef SUBCA_AUDIT_CRL_H
#define SUBCA_AUDIT_CRL_H

#include <openssl/x509.h>

#include "audit/issuer.h"

struct audit_crl {
	X509_CRL *crl;
	unsigned char fingerprint[FINGERPRINT_SIZE];
	uint32_t source;
	uint64_t issuer;		   /* hash of the name */
	const struct audit_issuer *signer; /* NULL: not verified */
	int64_t number;			   /* -1: none */
	int64_t this_update, next_update;  /* next_update 0: none */
	bool delta;
};

struct audit_crls {
	struct audit_crl *items;
	size_t count, room;
};

/* Adds one, unless the same is there. STATUS_INPUT where der is no CRL. */
MUST_CHECK enum status crls_add(struct audit_crls *c, struct span der, uint32_t source,
				struct error *e);
void crls_free(struct audit_crls *c);

/* What is to be known of the CA that is audited. */
struct crl_order {
	int64_t now;
	uint64_t authority_key; /* spki of the CA; 0: none is audited */
	bool has_ledger;	/* a store or an index says what is revoked */
};
/* Every finding about CRLs. Marks records with RECORD_LISTED. */
MUST_CHECK enum status crls_judge(struct audit_crls *c, struct estate *t,
				  const struct audit_issuers *issuers,
				  const struct crl_order *order, struct error *e);

#endif
