#include "ca/lint/internal.h"

#include <stdio.h>
#include <string.h>

#define TYPES_DIRECTORY                                                                     \
	(B_ASN1_PRINTABLESTRING | B_ASN1_UTF8STRING | B_ASN1_T61STRING | B_ASN1_BMPSTRING | \
	 B_ASN1_UNIVERSALSTRING)
#define TYPES_TEXT \
	(TYPES_DIRECTORY | B_ASN1_IA5STRING | B_ASN1_NUMERICSTRING | B_ASN1_VISIBLESTRING)

/* RFC 5280 A.1: types and upper bounds in characters (0: none). */
static const struct {
	int nid;
	unsigned long types;
	size_t max;
} attributes[] = {
	{NID_commonName, TYPES_DIRECTORY, 64},
	{NID_surname, TYPES_DIRECTORY, 32768},
	{NID_givenName, TYPES_DIRECTORY, 32768},
	{NID_initials, TYPES_DIRECTORY, 32768},
	{NID_generationQualifier, TYPES_DIRECTORY, 32768},
	{NID_pseudonym, TYPES_DIRECTORY, 128},
	{NID_title, TYPES_DIRECTORY, 64},
	{NID_localityName, TYPES_DIRECTORY, 128},
	{NID_stateOrProvinceName, TYPES_DIRECTORY, 128},
	{NID_organizationName, TYPES_DIRECTORY, 64},
	{NID_organizationalUnitName, TYPES_DIRECTORY, 64},
	{NID_serialNumber, B_ASN1_PRINTABLESTRING, 64},
	{NID_dnQualifier, B_ASN1_PRINTABLESTRING, 0},
	{NID_countryName, B_ASN1_PRINTABLESTRING, 0},
	{NID_domainComponent, B_ASN1_IA5STRING, 0},
	{NID_pkcs9_emailAddress, B_ASN1_IA5STRING, 255},
};

#define ATTRIBUTE_COUNT (sizeof attributes / sizeof *attributes)

static size_t attribute_find(const LINT_ATTRIBUTE *a)
{
	int nid = OBJ_obj2nid(a->type);
	size_t i = 0;

	while (i < ATTRIBUTE_COUNT && attributes[i].nid != nid)
		i++;
	return i;
}

/* False where the value is no text at all. */
static bool text_of(const LINT_ATTRIBUTE *a, struct span *text)
{
	if (!(ASN1_tag2bit(a->value->type) & TYPES_TEXT))
		return false;
	*text = lint_string(a->value->value.asn1_string);
	return true;
}

typedef void attribute_check(const LINT_ATTRIBUTE *a, const char *where,
			     struct lint_report *report);

static void each_in_name(const LINT_NAME *name, const char *whose, attribute_check *check,
			 struct lint_report *report)
{
	for (int i = 0; i < sk_LINT_RDN_num(name); i++) {
		const LINT_RDN *rdn = sk_LINT_RDN_value(name, i);

		for (int j = 0; j < sk_LINT_ATTRIBUTE_num(rdn); j++) {
			const LINT_ATTRIBUTE *a = sk_LINT_ATTRIBUTE_value(rdn, j);
			int nid = OBJ_obj2nid(a->type);
			char oid[80] = "", where[96];

			if (nid == NID_undef)
				OBJ_obj2txt(oid, sizeof oid, a->type, 1);
			snprintf(where, sizeof where, "%s.%s", whose,
				 nid == NID_undef ? oid : OBJ_nid2sn(nid));
			check(a, where, report);
		}
	}
}

/* One name where both are the same, so that nothing is said twice. */
static void each_attribute(const struct lint_subject *s, attribute_check *check,
			   struct lint_report *report)
{
	each_in_name(s->subject_name, "subject", check, report);
	if (!s->self_issued)
		each_in_name(s->issuer_name, "issuer", check, report);
}

void lint_issuer_empty(const struct lint_subject *s, struct lint_report *report)
{
	if (sk_LINT_RDN_num(s->issuer_name) == 0 && !s->self_issued)
		lint_say(report, "issuer", "is empty");
}

void lint_subject_empty_ca(const struct lint_subject *s, struct lint_report *report)
{
	if (sk_LINT_RDN_num(s->subject_name) == 0)
		lint_say(report, "subject", "is empty");
}

static void say_empty_rdn(const LINT_NAME *name, const char *whose, struct lint_report *report)
{
	for (int i = 0; i < sk_LINT_RDN_num(name); i++)
		if (sk_LINT_ATTRIBUTE_num(sk_LINT_RDN_value(name, i)) == 0)
			lint_say(report, whose, "has an empty part at place %d", i + 1);
}

void lint_name_rdn_empty(const struct lint_subject *s, struct lint_report *report)
{
	say_empty_rdn(s->subject_name, "subject", report);
	if (!s->self_issued)
		say_empty_rdn(s->issuer_name, "issuer", report);
}

static void check_empty(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	struct span text;

	if (text_of(a, &text) && text.len == 0)
		lint_say(report, where, "is empty");
}

void lint_name_value_empty(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_empty, report);
}

static void check_type(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	size_t at = attribute_find(a);

	if (at < ATTRIBUTE_COUNT && !(ASN1_tag2bit(a->value->type) & attributes[at].types))
		lint_say(report, where, "is a %s", ASN1_tag2str(a->value->type));
}

void lint_name_value_type(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_type, report);
}

static void check_legacy(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	if (ASN1_tag2bit(a->value->type) &
	    (B_ASN1_T61STRING | B_ASN1_BMPSTRING | B_ASN1_UNIVERSALSTRING))
		lint_say(report, where, "is a %s", ASN1_tag2str(a->value->type));
}

void lint_name_legacy_string(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_legacy, report);
}

static bool is_printable(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(" '()+,-./:=?", c));
}

/* Controls have a rule of their own. */
static void check_printable(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	struct span text;

	if (a->value->type != V_ASN1_PRINTABLESTRING || !text_of(a, &text))
		return;
	for (size_t i = 0; i < text.len; i++) {
		if (is_printable(text.data[i]) || text.data[i] < 0x20)
			continue;
		lint_say(report, where, "is a PrintableString with the octet %02X", text.data[i]);
		return;
	}
}

void lint_name_printable(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_printable, report);
}

static void check_ia5(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	struct span text;

	if (a->value->type != V_ASN1_IA5STRING || !text_of(a, &text))
		return;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 0x80)
			continue;
		lint_say(report, where, "is an IA5String with the octet %02X", text.data[i]);
		return;
	}
}

void lint_name_ia5(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_ia5, report);
}

static void check_utf8(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	struct span text;
	uint32_t point;

	if (a->value->type != V_ASN1_UTF8STRING || !text_of(a, &text))
		return;
	while (text.len && lint_next_character(V_ASN1_UTF8STRING, &text, &point))
		;
	if (text.len)
		lint_say(report, where, "is malformed UTF-8 from the octet %02X on", text.data[0]);
}

void lint_name_utf8(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_utf8, report);
}

static void check_control(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	struct span text;
	uint32_t point;

	if (!text_of(a, &text))
		return;
	while (text.len && lint_next_character(a->value->type, &text, &point)) {
		if (point >= 0x20 && (point < 0x7F || point > 0x9F))
			continue;
		/* Above ASCII the octets of an 8-bit type are no controls, but other rules' matter. */
		if (point >= 0x80 && a->value->type != V_ASN1_UTF8STRING)
			continue;
		lint_say(report, where, "has the control character U+%04X", (unsigned)point);
		return;
	}
}

void lint_name_control(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_control, report);
}

static void check_blank(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	uint32_t point = 0, first = 0;
	struct span text;
	bool any = false;

	if (!text_of(a, &text))
		return;
	while (text.len && lint_next_character(a->value->type, &text, &point)) {
		first = any ? first : point;
		any = true;
	}
	if (any && (first == ' ' || point == ' '))
		lint_say(report, where, "begins or ends with a space");
}

void lint_name_blank(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_blank, report);
}

static void check_length(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	size_t at = attribute_find(a), count = 0;
	struct span text;
	uint32_t point;

	if (at == ATTRIBUTE_COUNT || attributes[at].max == 0 || !text_of(a, &text))
		return;
	while (text.len && lint_next_character(a->value->type, &text, &point))
		count++;
	if (count > attributes[at].max)
		lint_say(report, where, "has %zu characters, more than %zu", count,
			 attributes[at].max);
}

void lint_name_length(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_length, report);
}

static bool is_letter(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void check_country(const LINT_ATTRIBUTE *a, const char *where, struct lint_report *report)
{
	struct span text;

	if (OBJ_obj2nid(a->type) != NID_countryName || a->value->type != V_ASN1_PRINTABLESTRING ||
	    !text_of(a, &text) || text.len == 0)
		return;
	if (text.len != 2 || !is_letter(text.data[0]) || !is_letter(text.data[1]))
		lint_say(report, where, "is not two letters: %.*s", (int)(text.len & 63),
			 (const char *)text.data);
}

void lint_name_country(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_country, report);
}
