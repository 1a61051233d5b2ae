/*
 * The first part of an audit: what there is to look at is opened and read. For audit/audit.c.
 */
#ifndef SUBCA_AUDIT_EXAMINE_H
#define SUBCA_AUDIT_EXAMINE_H

#include "audit/audit.h"

/* Opens the CA, finds the files, and reads everything once into a->estate, a->crls, a->index. */
MUST_CHECK enum status audit_examine(struct audit *a, struct error *e);
/* Gathers the issuers, and finds the CA that is audited where no store names it. */
MUST_CHECK enum status audit_find_issuers(struct audit *a, struct error *e);
/* The index against the estate, and an exported index against the store. */
MUST_CHECK enum status audit_reconcile_index(struct audit *a, struct error *e);

#endif
