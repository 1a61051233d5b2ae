/*
 * What no certificate shows alone: keys, serial numbers, names and identifiers that meet; lives and
 * path lengths along the chains; and what this CA signed without a record.
 */
#ifndef SUBCA_AUDIT_RELATION_H
#define SUBCA_AUDIT_RELATION_H

#include "audit/estate.h"

struct relation_order {
	int64_t now;
	int64_t expiring_before; /* 0: do not tell */
	bool has_ledger;	 /* a record of what was issued could be read */
	bool has_files;		 /* files were given in which what was issued may be */
	uint32_t authority;	 /* record of the CA's certificate; RECORD_NONE */
};

/* Needs every record judged. */
MUST_CHECK enum status relations_judge(struct estate *t, const struct relation_order *order,
				       struct error *e);

#endif
