/*
 * Which rules are to speak: --source, --without, --ignore ID=REASON, and what --accept FILE accepts.
 */
#ifndef SUBCA_CMD_RULES_CHOICE_H
#define SUBCA_CMD_RULES_CHOICE_H

#include "audit/policy.h"
#include "cmd/options.h"
#include "cmd/rules.h"

/* By place in the table of rules. Starts as all zero; freed with rules_choice_free(). */
struct rules_choice {
	bool *wanted;
	const char **reasons; /* why it is ignored, borrowed from the options; NULL: it is not */
	size_t *kept_quiet;   /* how often each ignored rule would have spoken */
	struct audit_policy accepted;
};

/* Of options named so. STATUS_USAGE; STATUS_INPUT and the like for the file. */
MUST_CHECK enum status rules_choice_take(struct rules_choice *c, const struct options *o,
					 struct error *e);
void rules_choice_free(struct rules_choice *c);

/* What a finding is about, for acceptances: serial in hexadecimal or NULL, the file, and the time. */
struct rules_about {
	const char *serial, *where;
	int64_t now;
};

/* Findings, those that are not wanted gone, the ignored ones apart. Owns both. */
struct rules_sorted {
	struct findings told, ignored;
	size_t *acceptance; /* of each ignored one: 1 + its place among the accepted; 0: --ignore */
};

/* Empties all. */
MUST_CHECK enum status rules_choice_sort(struct rules_choice *c, const struct rules_about *about,
					 struct findings *all, struct rules_sorted *out,
					 struct error *e);
void rules_sorted_free(struct rules_sorted *s);

/* Ignored findings with the reason. NULL when out of memory. */
json_t *rules_ignored_json(const struct rules_choice *c, const struct rules_sorted *s);
/* A line for each ignored rule and each acceptance that would have spoken. */
void rules_print_ignored(const struct rules_choice *c);
/* For each ignored rule that would have spoken: "serial_short (2): counted by hand". */
typedef enum status rules_ignored_use(const char *words, void *context, struct error *e);
MUST_CHECK enum status rules_each_ignored(const struct rules_choice *c, rules_ignored_use *use,
					  void *context, struct error *e);

#endif
