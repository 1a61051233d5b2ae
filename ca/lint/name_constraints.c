#include "ca/lint/internal.h"

#include <string.h>

#define WHERE "extension nameConstraints"

void lint_name_constraints_leaf(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_raw(s, LINT_NAME_CONSTRAINTS))
		lint_say(report, WHERE, "is in a certificate that is no CA");
}

/* An empty list of permitted names is as void as none at all. */
void lint_name_constraints_empty(const struct lint_subject *s, struct lint_report *report)
{
	const NAME_CONSTRAINTS *names = lint_value(s, LINT_NAME_CONSTRAINTS);

	if (!names)
		return;
	if (sk_GENERAL_SUBTREE_num(names->permittedSubtrees) <= 0 &&
	    sk_GENERAL_SUBTREE_num(names->excludedSubtrees) <= 0)
		lint_say(report, WHERE, "permits and excludes nothing");
}

typedef void subtree_check(const GENERAL_SUBTREE *tree, struct lint_report *report);

static void each_subtree(const struct lint_subject *s, subtree_check *check,
			 struct lint_report *report)
{
	const NAME_CONSTRAINTS *names = lint_value(s, LINT_NAME_CONSTRAINTS);

	if (!names)
		return;
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(names->permittedSubtrees); i++)
		check(sk_GENERAL_SUBTREE_value(names->permittedSubtrees, i), report);
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(names->excludedSubtrees); i++)
		check(sk_GENERAL_SUBTREE_value(names->excludedSubtrees, i), report);
}

/* minimum 0 spelt out is a default in DER, and no more allowed than 1. */
static void check_distance(const GENERAL_SUBTREE *tree, struct lint_report *report)
{
	if (tree->minimum || tree->maximum)
		lint_say(report, WHERE, "has a minimum or maximum");
}

void lint_name_constraints_distance(const struct lint_subject *s, struct lint_report *report)
{
	each_subtree(s, check_distance, report);
}

static bool is_contiguous(const unsigned char *mask, size_t len)
{
	bool ended = false;

	for (size_t i = 0; i < len * 8; i++) {
		bool set = mask[i / 8] & (0x80 >> i % 8);

		if (set && ended)
			return false;
		ended = !set;
	}
	return true;
}

static void check_ip(const GENERAL_SUBTREE *tree, struct lint_report *report)
{
	struct span range;

	if (tree->base->type != GEN_IPADD)
		return;
	range = lint_string(tree->base->d.ip);
	if (range.len != 8 && range.len != 32)
		lint_say(report, WHERE, "has an address range of %zu octets", range.len);
	else if (!is_contiguous(range.data + range.len / 2, range.len / 2))
		lint_say(report, WHERE, "has an address mask with holes");
}

void lint_name_constraints_ip(const struct lint_subject *s, struct lint_report *report)
{
	each_subtree(s, check_ip, report);
}

static void check_dot(const GENERAL_SUBTREE *tree, struct lint_report *report)
{
	struct span name;

	if (tree->base->type != GEN_DNS)
		return;
	name = lint_string(tree->base->d.dNSName);
	if (name.len && name.data[0] == '.')
		lint_say(report, WHERE, "has the host constraint '%.*s'",
			 (int)(name.len < 100 ? name.len : 100), (const char *)name.data);
}

void lint_name_constraints_dot(const struct lint_subject *s, struct lint_report *report)
{
	each_subtree(s, check_dot, report);
}

static void check_kind(const GENERAL_SUBTREE *tree, struct lint_report *report)
{
	if (tree->base->type == GEN_X400 || tree->base->type == GEN_EDIPARTY ||
	    tree->base->type == GEN_RID)
		lint_say(report, WHERE, "constrains %s",
			 tree->base->type == GEN_RID	? "registered identifiers"
			 : tree->base->type == GEN_X400 ? "X.400 addresses"
							: "EDI parties");
}

void lint_name_constraints_kind(const struct lint_subject *s, struct lint_report *report)
{
	each_subtree(s, check_kind, report);
}

/* Empty constrains all names of the kind. A dot before a DNS name has a rule of its own. */
static bool is_host_constraint(int type, struct span name)
{
	const unsigned char *at = type == GEN_EMAIL ? memrchr(name.data, '@', name.len) : NULL;

	if (name.len == 0)
		return true;
	if (at)
		return at > name.data &&
		       lint_is_host((struct span){at + 1, name.len - (size_t)(at + 1 - name.data)});
	if (name.data[0] == '.')
		name = (struct span){name.data + 1, name.len - 1};
	return lint_is_host(name);
}

static void check_host(const GENERAL_SUBTREE *tree, struct lint_report *report)
{
	int type = tree->base->type;
	struct span name;

	if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI)
		return;
	name = lint_string(tree->base->d.ia5);
	if (!is_host_constraint(type, name))
		lint_say(report, WHERE, "has the constraint '%.*s'",
			 (int)(name.len < 100 ? name.len : 100), (const char *)name.data);
}

void lint_name_constraints_host(const struct lint_subject *s, struct lint_report *report)
{
	each_subtree(s, check_host, report);
}
