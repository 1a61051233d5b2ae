#include "cmd/rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rule.h"
#include "base/suggest.h"
#include "ca/inspect.h"
#include "ca/issue_rules.h"
#include "ca/lint.h"
#include "ca/path.h"
#include "ca/preflight.h"
#include "ca/renew_plan.h"
#include "cmd/layout.h"
#include "csr/key.h"
#include "csr/name_judge.h"
#include "csr/request.h"

const char *const rules_sources[] = {"der",    "rfc5280", "cabf",  "practice", "request",
				     "portal", "path",	  "audit", NULL};

struct subject {
	unsigned bit;
	const char *name;
};

static const struct subject lint_subjects[] = {
	{LINT_ROOT, "root"},
	{LINT_INTERMEDIATE, "intermediate"},
	{LINT_LEAF, "leaf"},
	{LINT_CRL, "CRL"},
	{LINT_CRL_ENTRY, "CRL entry"},
	{LINT_REQUEST, "request"},
	{LINT_UNREADABLE, "unreadable"},
	{0, NULL},
};

static const struct subject portal_subjects[] = {
	{PORTAL_ZIA, "upload to ZIA"},
	{PORTAL_ZIA_HSM, "upload to ZIA with HSM"},
	{PORTAL_ZPA, "upload to ZPA"},
	{0, NULL},
};

static const struct subject path_subjects[] = {
	{PATH_RULE_PATH | PATH_RULE_STRICT, "path"},
	{PATH_RULE_CHAIN, "chain"},
	{PATH_RULE_BUNDLE, "bundle"},
	{0, NULL},
};

static const struct subject request_subjects[] = {{1, "request"}, {0, NULL}};
static const struct subject inspect_subjects[] = {{1, "inspect"}, {0, NULL}};
static const struct subject audit_subjects[] = {{1, "audit"}, {0, NULL}};

static unsigned always(size_t at)
{
	(void)at;
	return 1;
}

static const struct rule *rules_of_audit(size_t *count)
{
	*count = AUDIT_RULES;
	return audit_rules;
}

static const struct {
	const struct rule *(*rules)(size_t *count);
	unsigned (*applies)(size_t at);
	const struct subject *subjects;
	const char *source; /* NULL: each rule's own */
} tables[] = {
	{lint_rules, lint_rule_applies, lint_subjects, NULL},
	{csr_request_rules, always, request_subjects, "request"},
	{csr_key_rules, always, request_subjects, "request"},
	{csr_name_rules, always, request_subjects, "request"},
	{issue_rules, always, request_subjects, "request"},
	{renew_rules, always, request_subjects, "request"},
	{preflight_rules, preflight_rule_portals, portal_subjects, "portal"},
	{path_rules, path_rule_applies, path_subjects, "path"},
	{inspect_rules, always, inspect_subjects, "inspect"},
	{rules_of_audit, always, audit_subjects, "audit"},
};
#define TABLES (sizeof tables / sizeof *tables)

size_t rules_count(void)
{
	size_t all = 0;

	for (size_t t = 0; t < TABLES; t++) {
		size_t count;

		(void)tables[t].rules(&count);
		all += count;
	}
	return all;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static const char *source_of(const struct rule *rule)
{
	if (begins(rule->reference, "X.690"))
		return "der";
	if (begins(rule->reference, "CA/B"))
		return "cabf";
	if (begins(rule->reference, "RFC") || begins(rule->reference, "X."))
		return "rfc5280";
	return "practice";
}

void rules_at(size_t place, struct rules_entry *out)
{
	*out = (struct rules_entry){0};
	for (size_t t = 0; t < TABLES; t++) {
		const struct subject *s = tables[t].subjects;
		size_t count, told = 0;
		const struct rule *rules = tables[t].rules(&count);
		unsigned applies;

		if (place >= count) {
			place -= count;
			continue;
		}
		applies = tables[t].applies(place);
		out->rule = &rules[place];
		out->source = tables[t].source ? tables[t].source : source_of(out->rule);
		for (; s->name && told < RULES_SUBJECTS; s++)
			if (applies & s->bit)
				out->subjects[told++] = s->name;
		return;
	}
}

size_t rules_place(const struct rule *rule)
{
	size_t before = 0;

	for (size_t t = 0; t < TABLES; t++) {
		size_t count;
		const struct rule *rules = tables[t].rules(&count);

		if ((uintptr_t)rule >= (uintptr_t)rules &&
		    (uintptr_t)rule < (uintptr_t)(rules + count))
			return before + (size_t)(rule - rules);
		before += count;
	}
	return RULES_NONE;
}

static const char *nearest(const char *id)
{
	size_t count = rules_count();
	const char **ids = calloc(count, sizeof *ids);
	const char *near = NULL;
	struct rules_entry entry;

	if (!ids)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		rules_at(i, &entry);
		ids[i] = entry.rule->id;
	}
	near = suggest(id, ids, count);
	free(ids);
	return near;
}

static enum status unknown_rule(const char *id, struct error *e)
{
	const char *near = nearest(id);
	char todo[sizeof e->todo];

	snprintf(todo, sizeof todo, "%s%s%s'subca lint --rules' lists them",
		 near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	return error_set(e, STATUS_USAGE, NULL, todo, "there is no rule '%.80s'", id);
}

enum status rules_find(const char *id, size_t *place, struct error *e)
{
	struct rules_entry entry;

	for (size_t i = 0; i < rules_count(); i++) {
		rules_at(i, &entry);
		if (strcmp(entry.rule->id, id) == 0) {
			*place = i;
			return STATUS_OK;
		}
	}
	return unknown_rule(id, e);
}

static json_t *entry_json(const struct rules_entry *entry)
{
	const struct rule *r = entry->rule;
	json_t *to = json_array();

	for (size_t i = 0; entry->subjects[i]; i++)
		json_array_append_new(to, json_string(entry->subjects[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s}", "id", r->id, "severity",
			 severity_name(r->severity), "source", entry->source, "applies_to", to,
			 "reference", r->reference, "why", r->why, "todo", r->todo);
}

static void print_entry(const struct rules_entry *entry)
{
	const struct rule *r = entry->rule;
	struct text head = {0};

	text_printf(&head, "%s; %s: %s; ", severity_name(r->severity), entry->source, r->reference);
	for (size_t i = 0; entry->subjects[i]; i++)
		text_printf(&head, "%s%s", i ? ", " : "", entry->subjects[i]);
	printf("%s\n    ", r->id);
	layout_wrap(stdout, 4, 4, text_get(&head));
	fputs("    why: ", stdout);
	layout_wrap(stdout, 9, 9, r->why);
	fputs("    do:  ", stdout);
	layout_wrap(stdout, 9, 9, r->todo);
	text_free(&head);
}

enum status rules_print(struct output *o, const bool *wanted, struct error *e)
{
	size_t count = rules_count();
	struct rules_entry entry;

	if (o->json && output_json_list(o, "lint", "rules", e) != STATUS_OK)
		return error_status(e);
	for (size_t i = 0; i < count; i++) {
		if (wanted && !wanted[i])
			continue;
		rules_at(i, &entry);
		if (!o->json)
			print_entry(&entry);
		else if (output_json_item(o, entry_json(&entry), e) != STATUS_OK)
			return error_status(e);
	}
	if (o->json)
		output_json_list_end(o);
	return output_check(e);
}
