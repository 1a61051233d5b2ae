#include "ca/lint/internal.h"

#include <string.h>

#define NUMBER "extension cRLNumber"
#define DELTA "extension deltaCRLIndicator"
#define POINT "extension issuingDistributionPoint"
#define FRESHEST "extension freshestCRL"
#define NUMBER_OCTETS_MAX 20

static void say_critical(const struct lint_subject *s, enum lint_known known, const char *where,
			 struct lint_report *report)
{
	if (lint_raw(s, known) && lint_raw(s, known)->critical > 0)
		lint_say(report, where, "is critical");
}

static void say_not_critical(const struct lint_subject *s, enum lint_known known, const char *where,
			     struct lint_report *report)
{
	if (lint_raw(s, known) && lint_raw(s, known)->critical <= 0)
		lint_say(report, where, "is not critical");
}

/* A leading 00 that keeps it positive counts. */
static void say_long(const ASN1_INTEGER *number, const char *where, struct lint_report *report)
{
	struct span octets;
	size_t len;

	if (!number)
		return;
	octets = lint_string(number);
	len = octets.len + (octets.len && (octets.data[0] & 0x80));
	if (len > NUMBER_OCTETS_MAX)
		lint_say(report, where, "has %zu octets, more than %d", len, NUMBER_OCTETS_MAX);
}

static bool is_negative(const ASN1_INTEGER *number)
{
	return number && ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER;
}

/* An empty list of extensions has a rule of its own. */
static bool lacks(const struct lint_subject *s, enum lint_known known)
{
	return !lint_raw(s, known) && sk_LINT_EXTENSION_num(s->extensions) != 0;
}

void lint_crl_number_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (lacks(s, LINT_CRL_NUMBER))
		lint_say(report, NULL, "has no cRLNumber");
}

void lint_crl_number_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_CRL_NUMBER, NUMBER, report);
}

void lint_crl_number_long(const struct lint_subject *s, struct lint_report *report)
{
	say_long(lint_value(s, LINT_CRL_NUMBER), NUMBER, report);
	say_long(lint_value(s, LINT_DELTA_CRL), DELTA, report);
}

void lint_crl_number_negative(const struct lint_subject *s, struct lint_report *report)
{
	if (is_negative(lint_value(s, LINT_CRL_NUMBER)))
		lint_say(report, NUMBER, "is negative");
	if (is_negative(lint_value(s, LINT_DELTA_CRL)))
		lint_say(report, DELTA, "is negative");
}

void lint_crl_aki_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (lacks(s, LINT_AKI))
		lint_say(report, NULL, "has no authorityKeyIdentifier");
}

void lint_crl_delta_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_not_critical(s, LINT_DELTA_CRL, DELTA, report);
}

void lint_crl_delta_base(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_INTEGER *base = lint_value(s, LINT_DELTA_CRL);
	const ASN1_INTEGER *number = lint_value(s, LINT_CRL_NUMBER);

	if (base && number && ASN1_INTEGER_cmp(base, number) >= 0)
		lint_say(report, DELTA, "is not lower than the CRL's own number");
}

void lint_crl_delta_freshest(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_raw(s, LINT_DELTA_CRL) && lint_raw(s, LINT_FRESHEST_CRL))
		lint_say(report, FRESHEST, "is in a delta CRL");
}

void lint_crl_point_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_not_critical(s, LINT_ISSUING_POINT, POINT, report);
}

void lint_crl_point_says_nothing(const struct lint_subject *s, struct lint_report *report)
{
	const ISSUING_DIST_POINT *p = lint_value(s, LINT_ISSUING_POINT);

	if (p && !p->distpoint && p->onlyuser <= 0 && p->onlyCA <= 0 && p->onlyattr <= 0 &&
	    p->indirectCRL <= 0 && !p->onlysomereasons)
		lint_say(report, POINT, "says nothing");
}

void lint_crl_point_contradicts(const struct lint_subject *s, struct lint_report *report)
{
	const ISSUING_DIST_POINT *p = lint_value(s, LINT_ISSUING_POINT);

	if (p && (p->onlyuser > 0) + (p->onlyCA > 0) + (p->onlyattr > 0) > 1)
		lint_say(report, POINT, "contains only this kind of certificates and only that");
}

void lint_crl_point_attribute(const struct lint_subject *s, struct lint_report *report)
{
	const ISSUING_DIST_POINT *p = lint_value(s, LINT_ISSUING_POINT);

	if (p && p->onlyattr > 0 && p->onlyuser <= 0 && p->onlyCA <= 0)
		lint_say(report, POINT, "contains attribute certificates only");
}

/* OpenSSL reads [1] FALSE and no [1] alike: the octets tell. */
void lint_crl_point_default(const struct lint_subject *s, struct lint_report *report)
{
	const ISSUING_DIST_POINT *p = lint_value(s, LINT_ISSUING_POINT);
	unsigned char *again = NULL;
	int len;

	if (!p)
		return;
	len = i2d_ISSUING_DIST_POINT((ISSUING_DIST_POINT *)p, &again);
	if (len > 0 && (size_t)len < lint_string(lint_raw(s, LINT_ISSUING_POINT)->value).len)
		lint_say(report, POINT, "spells out a default");
	OPENSSL_free(again);
}

static bool is_relative(const DIST_POINT_NAME *name)
{
	return name && name->type == 1;
}

void lint_crl_point_relative(const struct lint_subject *s, struct lint_report *report)
{
	const ISSUING_DIST_POINT *p = lint_value(s, LINT_ISSUING_POINT);

	if (p && is_relative(p->distpoint))
		lint_say(report, POINT, "has a name relative to the issuer");
}

void lint_crl_point_reasons(const struct lint_subject *s, struct lint_report *report)
{
	const ISSUING_DIST_POINT *p = lint_value(s, LINT_ISSUING_POINT);

	if (p && p->onlysomereasons)
		lint_say(report, POINT, "is for some reasons only");
}

void lint_crl_freshest_fields(const struct lint_subject *s, struct lint_report *report)
{
	const CRL_DIST_POINTS *points = lint_value(s, LINT_FRESHEST_CRL);

	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);

		if (point->distpoint && (point->reasons || point->CRLissuer))
			lint_say(report, FRESHEST, "has more than a place in point %d", i + 1);
	}
}

void lint_crl_aia_method(const struct lint_subject *s, struct lint_report *report)
{
	const AUTHORITY_INFO_ACCESS *places = lint_value(s, LINT_AIA);
	char name[80];

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(places); i++) {
		const ASN1_OBJECT *method = sk_ACCESS_DESCRIPTION_value(places, i)->method;

		if (OBJ_obj2nid(method) == NID_ad_ca_issuers)
			continue;
		OBJ_obj2txt(name, sizeof name, method, 0);
		lint_say(report, "extension authorityInfoAccess", "has the access method %s", name);
	}
}

/* A critical one is refused by another rule. */
void lint_crl_foreign_extension(const struct lint_subject *s, struct lint_report *report)
{
	for (int i = 0; i < sk_LINT_EXTENSION_num(s->extensions); i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(s->extensions, i);
		enum lint_known elsewhere = lint_known_find(x->type,
							    LINT_CERTIFICATE | LINT_CRL_ENTRY);

		if (x->critical <= 0 && elsewhere != LINT_KNOWN_COUNT &&
		    lint_known_find(x->type, LINT_CRL) == LINT_KNOWN_COUNT)
			lint_say(report, NULL, "has the extension %s", lint_known_name(elsewhere));
	}
}
