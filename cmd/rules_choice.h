/*
 * Which rules are to speak: --source, --without and --ignore ID=REASON.
 */
#ifndef SUBCA_CMD_RULES_CHOICE_H
#define SUBCA_CMD_RULES_CHOICE_H

#include "cmd/options.h"
#include "cmd/rules.h"

/* By place in the table of rules. Starts as all zero; freed with rules_choice_free(). */
struct rules_choice {
	bool *wanted;
	const char **reasons; /* why it is ignored, borrowed from the options; NULL: it is not */
	size_t *kept_quiet;   /* how often each ignored rule would have spoken */
};

/* Of options named so. STATUS_USAGE. */
MUST_CHECK enum status rules_choice_take(struct rules_choice *c, const struct options *o,
					 struct error *e);
void rules_choice_free(struct rules_choice *c);

/*
 * Drops what is not wanted, and puts what is ignored behind the rest. How many are not ignored; the
 * others follow them.
 */
size_t rules_choice_sort(struct rules_choice *c, struct findings *f);

/* Ignored findings with the reason. NULL when out of memory. */
json_t *rules_ignored_json(const struct rules_choice *c, const struct findings *ignored);
/* A line for each ignored rule that would have spoken. */
void rules_print_ignored(const struct rules_choice *c);

#endif
