#include "ca/lint/internal.h"

#define POLICIES "extension certificatePolicies"
#define MAPPINGS "extension policyMappings"
#define TEXT_MAX 200

typedef void qualifier_check(const POLICYINFO *policy, const POLICYQUALINFO *qualifier,
			     struct lint_report *report);

static void each_qualifier(const struct lint_subject *s, qualifier_check *check,
			   struct lint_report *report)
{
	const CERTIFICATEPOLICIES *policies = lint_value(s, LINT_POLICIES);

	for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
		const POLICYINFO *policy = sk_POLICYINFO_value(policies, i);

		for (int j = 0; j < sk_POLICYQUALINFO_num(policy->qualifiers); j++)
			check(policy, sk_POLICYQUALINFO_value(policy->qualifiers, j), report);
	}
}

static bool is_cps(const POLICYQUALINFO *q)
{
	return OBJ_obj2nid(q->pqualid) == NID_id_qt_cps;
}

/* NULL unless the qualifier is a notice for people. */
static const USERNOTICE *notice_of(const POLICYQUALINFO *q)
{
	return OBJ_obj2nid(q->pqualid) == NID_id_qt_unotice ? q->d.usernotice : NULL;
}

static void check_unknown(const POLICYINFO *policy, const POLICYQUALINFO *q,
			  struct lint_report *report)
{
	char name[80];

	if (OBJ_obj2nid(policy->policyid) != NID_any_policy || is_cps(q) || notice_of(q))
		return;
	OBJ_obj2txt(name, sizeof name, q->pqualid, 1);
	lint_say(report, POLICIES, "has the qualifier %s for anyPolicy", name);
}

void lint_policy_any_qualifier(const struct lint_subject *s, struct lint_report *report)
{
	each_qualifier(s, check_unknown, report);
}

static void check_cps(const POLICYINFO *policy, const POLICYQUALINFO *q, struct lint_report *report)
{
	struct span url;

	(void)policy;
	if (!is_cps(q) || !q->d.cpsuri)
		return;
	url = lint_string(q->d.cpsuri);
	if (!lint_is_uri(url))
		lint_say(report, POLICIES, "has the statement's URL '%.*s'",
			 (int)(url.len < 200 ? url.len : 200), (const char *)url.data);
}

void lint_policy_cps_syntax(const struct lint_subject *s, struct lint_report *report)
{
	each_qualifier(s, check_cps, report);
}

static void check_text_type(const POLICYINFO *policy, const POLICYQUALINFO *q,
			    struct lint_report *report)
{
	const USERNOTICE *notice = notice_of(q);

	(void)policy;
	if (notice && notice->exptext && ASN1_STRING_type(notice->exptext) == V_ASN1_IA5STRING)
		lint_say(report, POLICIES, "has a notice in IA5String");
}

void lint_policy_text_type(const struct lint_subject *s, struct lint_report *report)
{
	each_qualifier(s, check_text_type, report);
}

static void check_text_length(const POLICYINFO *policy, const POLICYQUALINFO *q,
			      struct lint_report *report)
{
	const USERNOTICE *notice = notice_of(q);
	struct span text;
	size_t count = 0;
	uint32_t point;

	(void)policy;
	if (!notice || !notice->exptext)
		return;
	text = lint_string(notice->exptext);
	while (text.len && lint_next_character(ASN1_STRING_type(notice->exptext), &text, &point))
		count++;
	if (count > TEXT_MAX)
		lint_say(report, POLICIES, "has a notice of %zu characters, more than %d", count,
			 TEXT_MAX);
}

void lint_policy_text_long(const struct lint_subject *s, struct lint_report *report)
{
	each_qualifier(s, check_text_length, report);
}

static void check_reference(const POLICYINFO *policy, const POLICYQUALINFO *q,
			    struct lint_report *report)
{
	const USERNOTICE *notice = notice_of(q);

	(void)policy;
	if (notice && notice->noticeref)
		lint_say(report, POLICIES, "refers to a numbered notice");
}

void lint_policy_notice_reference(const struct lint_subject *s, struct lint_report *report)
{
	each_qualifier(s, check_reference, report);
}

static bool asserts(const CERTIFICATEPOLICIES *policies, const ASN1_OBJECT *policy)
{
	for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
		const ASN1_OBJECT *has = sk_POLICYINFO_value(policies, i)->policyid;

		if (OBJ_cmp(has, policy) == 0 || OBJ_obj2nid(has) == NID_any_policy)
			return true;
	}
	return false;
}

/* Said once: hostile lists of both would make every pair a finding. */
void lint_policy_mapping_not_asserted(const struct lint_subject *s, struct lint_report *report)
{
	const POLICY_MAPPINGS *mappings = lint_value(s, LINT_POLICY_MAPPINGS);
	const CERTIFICATEPOLICIES *policies = lint_value(s, LINT_POLICIES);
	int count = sk_POLICY_MAPPING_num(mappings);
	char name[80];

	for (int i = 0; i < count && i < 64; i++) {
		const ASN1_OBJECT *from = sk_POLICY_MAPPING_value(mappings, i)->issuerDomainPolicy;

		if (OBJ_obj2nid(from) == NID_any_policy || asserts(policies, from))
			continue;
		OBJ_obj2txt(name, sizeof name, from, 1);
		lint_say(report, MAPPINGS,
			 "maps the policy %s, which the certificate does not have", name);
		return;
	}
}

static void say_negative(const ASN1_INTEGER *number, const char *where, struct lint_report *report)
{
	if (number && ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER)
		lint_say(report, where, "skips a negative number of certificates");
}

void lint_policy_skip_negative(const struct lint_subject *s, struct lint_report *report)
{
	const POLICY_CONSTRAINTS *c = lint_value(s, LINT_POLICY_CONSTRAINTS);

	if (c) {
		say_negative(c->requireExplicitPolicy, "extension policyConstraints", report);
		say_negative(c->inhibitPolicyMapping, "extension policyConstraints", report);
	}
	say_negative(lint_value(s, LINT_INHIBIT_ANY_POLICY), "extension inhibitAnyPolicy", report);
}
