/*
 * One certificate by itself: its signature, every rule of lint, the request judge's rules on its
 * key, and what today's profile would do otherwise. Nothing here changes what threads share.
 */
#ifndef SUBCA_AUDIT_JUDGE_H
#define SUBCA_AUDIT_JUDGE_H

#include "audit/drift.h"
#include "audit/issuer.h"

/* Shared by all threads; borrowed and constant while they work. */
struct judge_order {
	const struct audit_issuers *issuers;
	const struct drift *drift;  /* NULL: no profiles */
	uint64_t authority_key;	    /* spki of the CA that is audited; 0: none is */
	bool issuer_may_be_missing; /* then that is not worth a finding */
	bool keep_moduli;
	const struct weak_keys *weak_keys; /* NULL: there is no list */
};

/* What is known of it before, and what was found. */
struct judged {
	uint32_t record;
	unsigned flags;		/* in: the record's; out: what is to be added to them */
	unsigned profile;	/* as audit_record's */
	uint32_t issuer_record; /* RECORD_NONE: unknown */
	struct bytes modulus;	/* of an RSA key; owned; empty where there is none */
};

MUST_CHECK enum status judge_certificate(const struct judge_order *order,
					 struct audit_verifier *verifier, struct span der,
					 struct judged *j, struct audit_findings *findings,
					 struct error *e);

#endif
