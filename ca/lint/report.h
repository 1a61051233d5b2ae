/*
 * A rule speaks into a report: shared by whatever judges by a table of rules.
 */
#ifndef SUBCA_CA_LINT_REPORT_H
#define SUBCA_CA_LINT_REPORT_H

#include "base/finding.h"

/* One rule speaking. The first failure sticks, so that rules need not look. */
struct lint_report {
	const struct rule *rule;
	struct findings *findings;
	struct error *error;
	enum status status;
};

/* Of this many findings in a row of one rule the last is the last. */
#define LINT_FINDINGS_MAX 20

/* A finding of the rule at work. where may be NULL. Hostile text is escaped here. */
void lint_say(struct lint_report *report, const char *where, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
