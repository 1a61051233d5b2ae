#include "audit/rule.h"

#include <string.h>

#include "ca/inspect.h"
#include "ca/issue_rules.h"
#include "ca/lint.h"
#include "ca/path.h"
#include "ca/preflight.h"
#include "csr/key.h"
#include "csr/name_judge.h"
#include "csr/request.h"

const struct rule audit_rules[] = {
#define RULE(id, severity, reference, why, todo) \
	{"audit_" #id, SEVERITY_##severity, reference, why, todo},
#include "audit/rules.h"
#undef RULE
};

static const struct rule *own(size_t *count)
{
	*count = AUDIT_RULES;
	return audit_rules;
}

const struct rule *audit_rule_find(const char *id)
{
	static const struct rule *(*const tables[])(size_t * count) = {
		own,	     csr_key_rules, lint_rules,	     csr_name_rules, csr_request_rules,
		issue_rules, path_rules,    preflight_rules, inspect_rules};

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		size_t count;
		const struct rule *rules = tables[t](&count);

		for (size_t i = 0; i < count; i++)
			if (strcmp(rules[i].id, id) == 0)
				return &rules[i];
	}
	return NULL;
}
