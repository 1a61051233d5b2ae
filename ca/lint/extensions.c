#include "ca/lint/internal.h"

static void name_type(const ASN1_OBJECT *type, char where[static 96])
{
	char name[LINT_OBJECT_NAME];

	lint_extension_name(type, name);
	snprintf(where, 96, "extension %s", name);
}

static void name_extension(const LINT_EXTENSION *x, char where[static 96])
{
	name_type(x->type, where);
}

void lint_extension_duplicate(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_OBJECT *twice = lint_extension_twice(s->extensions);
	char where[96];

	if (!twice)
		return;
	name_type(twice, where);
	lint_say(report, where, "is there more than once");
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

	for (int i = 0; i < sk_LINT_EXTENSION_num(s->extensions); i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(s->extensions, i);

		if (x->critical <= 0 || lint_known_find(x->type, s->kind) != LINT_KNOWN_COUNT)
			continue;
		name_extension(x, where);
		lint_say(report, where, "is critical, and RFC 5280 does not know it");
	}
}

void lint_extension_critical_false(const struct lint_subject *s, struct lint_report *report)
{
	char where[96];

	for (int i = 0; i < sk_LINT_EXTENSION_num(s->extensions); i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(s->extensions, i);

		if (x->critical != 0)
			continue;
		name_extension(x, where);
		lint_say(report, where, "spells out that it is not critical");
	}
}

void lint_extension_not_der(const struct lint_subject *s, struct lint_report *report)
{
	char where[96];

	for (unsigned i = 0; i < LINT_KNOWN_COUNT; i++) {
		size_t offset = 0;
		enum der_fault fault;

		if (!s->known[i].value)
			continue;
		fault = der_canonical(lint_string(s->known[i].raw->value), &offset);
		if (!fault)
			continue;
		name_extension(s->known[i].raw, where);
		lint_say(report, where, "holds %s, at offset %zu of its value",
			 der_fault_text(fault), offset);
	}
}

static void say_critical(const struct lint_subject *s, enum lint_known known,
			 struct lint_report *report)
{
	char where[96];

	if (!lint_raw(s, known) || lint_raw(s, known)->critical <= 0)
		return;
	name_extension(lint_raw(s, known), where);
	lint_say(report, where, "is critical");
}

static void say_not_critical(const struct lint_subject *s, enum lint_known known,
			     struct lint_report *report)
{
	char where[96];

	if (!lint_raw(s, known) || lint_raw(s, known)->critical > 0)
		return;
	name_extension(lint_raw(s, known), where);
	lint_say(report, where, "is not critical");
}

void lint_ski_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_SKI, report);
}

void lint_aki_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_AKI, report);
}

void lint_aia_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_AIA, report);
}

void lint_sia_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_SIA, report);
}

void lint_freshest_crl_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_FRESHEST_CRL, report);
}

void lint_crl_distribution_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_CRL_DISTRIBUTION, report);
}

void lint_issuer_alt_name_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_ISSUER_ALT_NAME, report);
}

void lint_policy_mappings_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_not_critical(s, LINT_POLICY_MAPPINGS, report);
}

void lint_policy_constraints_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_not_critical(s, LINT_POLICY_CONSTRAINTS, report);
}

void lint_inhibit_any_policy_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_not_critical(s, LINT_INHIBIT_ANY_POLICY, report);
}

void lint_name_constraints_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_not_critical(s, LINT_NAME_CONSTRAINTS, report);
}

void lint_extensions_empty(const struct lint_subject *s, struct lint_report *report)
{
	if (s->extensions && sk_LINT_EXTENSION_num(s->extensions) == 0)
		lint_say(report, "extensions", "is there and empty");
}

void lint_directory_attributes_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_DIRECTORY_ATTRIBUTES, report);
}

void lint_directory_attributes_empty(const struct lint_subject *s, struct lint_report *report)
{
	const LINT_ATTRIBUTES *all = lint_value(s, LINT_DIRECTORY_ATTRIBUTES);

	if (all && sk_LINT_REQUEST_ATTRIBUTE_num(all) == 0)
		lint_say(report, "extension subjectDirectoryAttributes", "is empty");
}

static bool has_type(const struct lint_subject *s, int nid)
{
	for (int i = 0; i < sk_LINT_EXTENSION_num(s->extensions); i++)
		if (OBJ_obj2nid(sk_LINT_EXTENSION_value(s->extensions, i)->type) == nid)
			return true;
	return false;
}

void lint_private_key_usage_period(const struct lint_subject *s, struct lint_report *report)
{
	if (has_type(s, NID_private_key_usage_period))
		lint_say(report, NULL, "has privateKeyUsagePeriod");
}

void lint_netscape_extension(const struct lint_subject *s, struct lint_report *report)
{
	static const int netscape[] = {NID_netscape_cert_type,	     NID_netscape_base_url,
				       NID_netscape_revocation_url,  NID_netscape_ca_revocation_url,
				       NID_netscape_renewal_url,     NID_netscape_ca_policy_url,
				       NID_netscape_ssl_server_name, NID_netscape_comment};

	for (size_t i = 0; i < sizeof netscape / sizeof *netscape; i++)
		if (has_type(s, netscape[i]))
			lint_say(report, NULL, "has %s", OBJ_nid2ln(netscape[i]));
}
