/*
 * The rules of every judge in one table: lint's, the pre-flight's, those for requests and
 * paths, inspect's and an audit's. "subca lint --rules" prints it.
 */
#ifndef SUBCA_CMD_RULES_H
#define SUBCA_CMD_RULES_H

#include <jansson.h>

#include "base/finding.h"
#include "cmd/output.h"

#define RULES_SUBJECTS 9
#define RULES_NONE SIZE_MAX

struct rules_entry {
	const struct rule *rule;
	const char *source;			  /* one of rules_sources */
	const char *subjects[RULES_SUBJECTS + 1]; /* "root", "CRL", …; ends with NULL */
};

/* Where rules come from; ends with NULL. A rule's is that of its first reference. */
extern const char *const rules_sources[];

size_t rules_count(void);
void rules_at(size_t place, struct rules_entry *out);
/* The place of a rule that a finding has; RULES_NONE where it is in no table. */
size_t rules_place(const struct rule *rule);
/* STATUS_USAGE with the nearest id. */
MUST_CHECK enum status rules_find(const char *id, size_t *place, struct error *e);

/* All of them, or those for which wanted[place] says so (NULL: all). */
MUST_CHECK enum status rules_print(struct output *o, const bool *wanted, struct error *e);

#endif
