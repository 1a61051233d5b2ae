#include "ca/lint/internal.h"

void lint_request_attributes_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (!s->request->attributes)
		lint_say(report, "attributes", "is absent");
}

typedef void attribute_check(const LINT_REQUEST_ATTRIBUTE *a, const char *where,
			     struct lint_report *report);

static void each_attribute(const struct lint_subject *s, attribute_check *check,
			   struct lint_report *report)
{
	const STACK_OF(LINT_REQUEST_ATTRIBUTE) *all = s->request->attributes;

	for (int i = 0; i < sk_LINT_REQUEST_ATTRIBUTE_num(all); i++) {
		const LINT_REQUEST_ATTRIBUTE *a = sk_LINT_REQUEST_ATTRIBUTE_value(all, i);
		char name[80] = "", where[96];

		OBJ_obj2txt(name, sizeof name, a->type, 0);
		snprintf(where, sizeof where, "attribute %s", name);
		check(a, where, report);
	}
}

static void check_empty(const LINT_REQUEST_ATTRIBUTE *a, const char *where,
			struct lint_report *report)
{
	if (sk_ASN1_TYPE_num(a->values) <= 0)
		lint_say(report, where, "has no value");
}

void lint_request_attribute_empty(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_empty, report);
}

static const ASN1_OBJECT *attribute_at(const void *all, int i)
{
	return sk_LINT_REQUEST_ATTRIBUTE_value((const STACK_OF(LINT_REQUEST_ATTRIBUTE) *)all, i)
		->type;
}

/* Two lists of extensions are csr_extensions_twice. */
void lint_request_attribute_duplicate(const struct lint_subject *s, struct lint_report *report)
{
	const STACK_OF(LINT_REQUEST_ATTRIBUTE) *all = s->request->attributes;
	const ASN1_OBJECT *twice = lint_object_twice(all, attribute_at,
						     sk_LINT_REQUEST_ATTRIBUTE_num(all));
	char name[80];

	if (!twice || lint_asks_for_extensions(twice))
		return;
	OBJ_obj2txt(name, sizeof name, twice, 0);
	lint_say(report, "attributes", "has %s more than once", name);
}

static void check_values(const LINT_REQUEST_ATTRIBUTE *a, const char *where,
			 struct lint_report *report)
{
	int nid = OBJ_obj2nid(a->type);

	if (nid == NID_pkcs9_challengePassword && sk_ASN1_TYPE_num(a->values) > 1)
		lint_say(report, where, "has %d values", sk_ASN1_TYPE_num(a->values));
}

void lint_request_attribute_values(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_values, report);
}

/* The password itself is not shown. Of several the rule before this tells. */
static void check_password(const LINT_REQUEST_ATTRIBUTE *a, const char *where,
			   struct lint_report *report)
{
	if (OBJ_obj2nid(a->type) == NID_pkcs9_challengePassword && sk_ASN1_TYPE_num(a->values) <= 1)
		lint_say(report, where, "is in it, in the clear");
}

void lint_request_challenge_password(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_password, report);
}
