#include "audit/rule.h"

#include <string.h>

#include "ca/lint.h"
#include "csr/key.h"

const struct rule audit_rules[] = {
#define RULE(id, severity, reference, why, todo) \
	{"audit_" #id, SEVERITY_##severity, reference, why, todo},
#include "audit/rules.h"
#undef RULE
};

static const struct rule *find(const struct rule *rules, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}

const struct rule *audit_rule_find(const char *id)
{
	size_t count;
	const struct rule *rules = csr_key_rules(&count), *found = find(rules, count, id);

	if (!found)
		found = find(audit_rules, AUDIT_RULES, id);
	if (!found) {
		rules = lint_rules(&count);
		found = find(rules, count, id);
	}
	return found;
}
