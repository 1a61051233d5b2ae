/*
 * What an organisation accepts: a libconfig file
 *
 *     accepted = (
 *         { id = "audit_drift"; serial = "1000"; until = "2027-01-01"; by = "A. Auditor";
 *           why = "replaced with the next renewal"; }
 *     );
 *
 * id is a rule's; serial a certificate's, in hexadecimal, or "*" for any; where, in place of serial,
 * the file or text that a finding about no certificate names. An accepted finding is still listed.
 * Audit and lint read the same file.
 */
#ifndef SUBCA_AUDIT_POLICY_H
#define SUBCA_AUDIT_POLICY_H

#include <stdint.h>

#include "base/bytes.h"

struct acceptance {
	char *id, *serial, *where; /* serial or where is NULL */
	int64_t until;
	char *by, *why;
	size_t used;
};

struct audit_policy {
	char *path;
	struct acceptance *items;
	size_t count;
};

/* STATUS_INPUT with file and line. */
MUST_CHECK enum status policy_read(const char *path, struct audit_policy *out, struct error *e);
void policy_free(struct audit_policy *p);
/* 1 + the place of the first that holds at now; 0: none. serial and where may be NULL. */
size_t policy_accepts(struct audit_policy *p, const char *id, const char *serial, const char *where,
		      int64_t now);

#endif
