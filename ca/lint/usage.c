#include "ca/lint/internal.h"

static bool is_critical(const LINT_EXTENSION *x)
{
	return x->critical > 0;
}

static unsigned key_usage(const struct lint_subject *s)
{
	const ASN1_BIT_STRING *bits = s->known[LINT_KEY_USAGE].value;
	unsigned usage = 0;

	for (int i = 0; bits && i < 9; i++)
		if (ASN1_BIT_STRING_get_bit(bits, i))
			usage |= i < 8 ? 0x80u >> i : (unsigned)KU_DECIPHER_ONLY;
	return usage;
}

void lint_basic_constraints_critical(const struct lint_subject *s, struct lint_report *report)
{
	if (!is_critical(lint_raw(s, LINT_BASIC_CONSTRAINTS)))
		lint_say(report, "extension basicConstraints", "is not critical in a CA");
}

/* RFC 5280 4.2.1.9: only where cA is asserted and keyUsage, if there, has keyCertSign. */
void lint_path_length_without_sign(const struct lint_subject *s, struct lint_report *report)
{
	const BASIC_CONSTRAINTS *basic = s->known[LINT_BASIC_CONSTRAINTS].value;

	if (basic && basic->pathlen && !basic->ca)
		lint_say(report, "extension basicConstraints",
			 "limits the path length without being a CA");
}

void lint_key_usage_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (!lint_raw(s, LINT_KEY_USAGE))
		lint_say(report, NULL, "has no keyUsage");
}

void lint_key_usage_ca_sign(const struct lint_subject *s, struct lint_report *report)
{
	if (s->known[LINT_KEY_USAGE].value && !(key_usage(s) & KU_KEY_CERT_SIGN))
		lint_say(report, "extension keyUsage", "lacks keyCertSign in a CA");
}

void lint_key_usage_leaf_sign(const struct lint_subject *s, struct lint_report *report)
{
	if (key_usage(s) & KU_KEY_CERT_SIGN)
		lint_say(report, "extension keyUsage", "has keyCertSign but is no CA");
}
