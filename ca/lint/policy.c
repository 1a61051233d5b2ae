#include "ca/lint/internal.h"

#define POLICIES "extension certificatePolicies"
#define MAPPINGS "extension policyMappings"
#define CONSTRAINTS "extension policyConstraints"

void lint_policies_empty(const struct lint_subject *s, struct lint_report *report)
{
	const CERTIFICATEPOLICIES *policies = lint_value(s, LINT_POLICIES);

	if (policies && sk_POLICYINFO_num(policies) == 0)
		lint_say(report, POLICIES, "is empty");
}

static const ASN1_OBJECT *policy_at(const void *all, int i)
{
	return sk_POLICYINFO_value((const CERTIFICATEPOLICIES *)all, i)->policyid;
}

void lint_policies_duplicate(const struct lint_subject *s, struct lint_report *report)
{
	const CERTIFICATEPOLICIES *policies = lint_value(s, LINT_POLICIES);
	const ASN1_OBJECT *twice = lint_object_twice(policies, policy_at,
						     sk_POLICYINFO_num(policies));
	char name[80];

	if (!twice)
		return;
	OBJ_obj2txt(name, sizeof name, twice, 1);
	lint_say(report, POLICIES, "has the policy %s more than once", name);
}

static void say_in_leaf(const struct lint_subject *s, enum lint_known known, const char *where,
			struct lint_report *report)
{
	if (lint_raw(s, known))
		lint_say(report, where, "is in a certificate that is no CA");
}

void lint_policy_mappings_leaf(const struct lint_subject *s, struct lint_report *report)
{
	say_in_leaf(s, LINT_POLICY_MAPPINGS, MAPPINGS, report);
}

void lint_policy_constraints_leaf(const struct lint_subject *s, struct lint_report *report)
{
	say_in_leaf(s, LINT_POLICY_CONSTRAINTS, CONSTRAINTS, report);
}

void lint_inhibit_any_policy_leaf(const struct lint_subject *s, struct lint_report *report)
{
	say_in_leaf(s, LINT_INHIBIT_ANY_POLICY, "extension inhibitAnyPolicy", report);
}

void lint_policy_mappings_empty(const struct lint_subject *s, struct lint_report *report)
{
	const POLICY_MAPPINGS *mappings = lint_value(s, LINT_POLICY_MAPPINGS);

	if (mappings && sk_POLICY_MAPPING_num(mappings) == 0)
		lint_say(report, MAPPINGS, "is empty");
}

void lint_policy_mappings_any(const struct lint_subject *s, struct lint_report *report)
{
	const POLICY_MAPPINGS *mappings = lint_value(s, LINT_POLICY_MAPPINGS);

	for (int i = 0; i < sk_POLICY_MAPPING_num(mappings); i++) {
		const POLICY_MAPPING *m = sk_POLICY_MAPPING_value(mappings, i);

		if (OBJ_obj2nid(m->issuerDomainPolicy) == NID_any_policy ||
		    OBJ_obj2nid(m->subjectDomainPolicy) == NID_any_policy)
			lint_say(report, MAPPINGS, "maps anyPolicy");
	}
}

void lint_policy_constraints_empty(const struct lint_subject *s, struct lint_report *report)
{
	const POLICY_CONSTRAINTS *c = lint_value(s, LINT_POLICY_CONSTRAINTS);

	if (c && !c->requireExplicitPolicy && !c->inhibitPolicyMapping)
		lint_say(report, CONSTRAINTS, "is empty");
}
