#include "ca/lint/internal.h"

/* "extension basicConstraints", or the dotted identifier of one that has no name here. */
static void name_extension(const LINT_EXTENSION *x, char where[static 96])
{
	enum lint_known known = lint_known_find(x->type);
	char oid[80] = "";

	if (known == LINT_KNOWN_COUNT)
		OBJ_obj2txt(oid, sizeof oid, x->type, 1);
	snprintf(where, 96, "extension %s",
		 known == LINT_KNOWN_COUNT ? oid : lint_known_name(known));
}

void lint_extension_duplicate(const struct lint_subject *s, struct lint_report *report)
{
	char where[96];

	for (int i = 1; i < lint_extension_count(s); i++) {
		const LINT_EXTENSION *x = lint_extension_at(s, i);
		int j = 0;

		while (OBJ_cmp(x->type, lint_extension_at(s, j)->type) != 0)
			j++;
		if (j == i)
			continue;
		name_extension(x, where);
		lint_say(report, where, "is there more than once");
	}
}

void lint_extension_malformed(const struct lint_subject *s, struct lint_report *report)
{
	char where[96];

	for (unsigned i = 0; i < LINT_KNOWN_COUNT; i++) {
		if (!s->known[i].raw || s->known[i].value)
			continue;
		name_extension(s->known[i].raw, where);
		lint_say(report, where, "has a value that cannot be read");
	}
}

void lint_extension_unknown_critical(const struct lint_subject *s, struct lint_report *report)
{
	char where[96];

	for (int i = 0; i < lint_extension_count(s); i++) {
		const LINT_EXTENSION *x = lint_extension_at(s, i);

		if (x->critical <= 0 || lint_known_find(x->type) != LINT_KNOWN_COUNT)
			continue;
		name_extension(x, where);
		lint_say(report, where, "is critical, and RFC 5280 does not know it");
	}
}

void lint_extension_critical_false(const struct lint_subject *s, struct lint_report *report)
{
	char where[96];

	for (int i = 0; i < lint_extension_count(s); i++) {
		const LINT_EXTENSION *x = lint_extension_at(s, i);

		if (x->critical != 0)
			continue;
		name_extension(x, where);
		lint_say(report, where, "spells out that it is not critical");
	}
}
