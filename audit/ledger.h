/*
 * What the record says was issued: the store and its journal, or the index of an openssl ca.
 */
#ifndef SUBCA_AUDIT_LEDGER_H
#define SUBCA_AUDIT_LEDGER_H

#include "audit/drift.h"
#include "audit/estate.h"
#include "ca/checkpoint.h"

struct ledger_order {
	int64_t now;
	struct store *store;
	const char *path;    /* of the store, for people */
	struct drift *drift; /* learns the profiles */
	X509 *authority;
	const char *const *checkpoints; /* files or words; ends with NULL; may be NULL */
	/* Rows that are done of all, 0 where that is not known; may be NULL. */
	void (*tell)(void *context, uint64_t done, uint64_t all);
	void *context;
};

struct ledger {
	int64_t counts[CERT_STATES];
	int64_t journal_rows;
	struct checkpoint head; /* hash_len 0 where there is none */
	size_t checkpoints;	/* that were compared and hold */
};

/* Adds each certificate of the store to the estate, and tells of rows that are not what they say. */
MUST_CHECK enum status ledger_read(const struct ledger_order *order, struct estate *t,
				   uint32_t source, struct ledger *out, struct error *e);
/* The journal against itself, the store and the checkpoints. After ledger_read(). */
MUST_CHECK enum status ledger_journal(const struct ledger_order *order, struct estate *t,
				      struct ledger *out, struct error *e);

#endif
