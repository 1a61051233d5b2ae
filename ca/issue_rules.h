/*
 * The rules by which a request is refused that only a CA can judge: against its profile, its own key,
 * and what it certified before.
 */
#ifndef SUBCA_CA_ISSUE_RULES_H
#define SUBCA_CA_ISSUE_RULES_H

#include "base/finding.h"

enum issue_rule {
	ISSUE_KEY_OF_ISSUER,
	ISSUE_KEY_NOT_ALLOWED,
	ISSUE_KEY_OTHER_PORTAL,
	ISSUE_SUBJECT_FORBIDDEN,
	ISSUE_SUBJECT_MISSING,
	ISSUE_SUBJECT_DIFFERS,
	ISSUE_SUBJECT_UNNAMED,
	ISSUE_SIGNED_BEFORE,
	ISSUE_BEING_SIGNED,
	ISSUE_RULES
};

/* By enum issue_rule; all are errors. */
extern const struct rule issue_rule_table[ISSUE_RULES];
const struct rule *issue_rules(size_t *count);

#endif
