#include "ca/lint/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* RFC 5280 A.1: types and upper bounds in characters (0: none). */
static const struct {
	int nid;
	unsigned long types;
	size_t max;
} attributes[] = {
	{NID_commonName, LINT_TYPES_DIRECTORY, 64},
	{NID_surname, LINT_TYPES_DIRECTORY, 32768},
	{NID_givenName, LINT_TYPES_DIRECTORY, 32768},
	{NID_initials, LINT_TYPES_DIRECTORY, 32768},
	{NID_generationQualifier, LINT_TYPES_DIRECTORY, 32768},
	{NID_pseudonym, LINT_TYPES_DIRECTORY, 128},
	{NID_title, LINT_TYPES_DIRECTORY, 64},
	{NID_localityName, LINT_TYPES_DIRECTORY, 128},
	{NID_stateOrProvinceName, LINT_TYPES_DIRECTORY, 128},
	{NID_organizationName, LINT_TYPES_DIRECTORY, 64},
	{NID_organizationalUnitName, LINT_TYPES_DIRECTORY, 64},
	{NID_serialNumber, B_ASN1_PRINTABLESTRING, 64},
	{NID_dnQualifier, B_ASN1_PRINTABLESTRING, 0},
	{NID_countryName, B_ASN1_PRINTABLESTRING, 0},
	{NID_domainComponent, B_ASN1_IA5STRING, 0},
	{NID_pkcs9_emailAddress, B_ASN1_IA5STRING, 255},
};

#define ATTRIBUTE_COUNT (sizeof attributes / sizeof *attributes)

static size_t attribute_find(const struct plain_part *a)
{
	size_t i = 0;

	while (i < ATTRIBUTE_COUNT && attributes[i].nid != a->nid)
		i++;
	return i;
}

/* False where the value is no text at all. */
static bool text_of(const struct plain_part *a, struct span *text)
{
	*text = a->text;
	return ASN1_tag2bit(a->type) & LINT_TYPES_TEXT;
}

/* Where a check speaks. */
struct place {
	struct lint_report *report;
	const char *whose; /* "subject" */
	const struct plain_part *part;
};

static void name_attribute(const struct plain_part *a, char name[static LINT_OBJECT_NAME])
{
	ASN1_OBJECT *type;

	if (a->nid != NID_undef) {
		snprintf(name, LINT_OBJECT_NAME, "%s", OBJ_nid2sn(a->nid));
		return;
	}
	type = ASN1_OBJECT_create(NID_undef, (unsigned char *)a->oid.data, (int)a->oid.len, NULL,
				  NULL);
	name[0] = '\0';
	if (type)
		OBJ_obj2txt(name, LINT_OBJECT_NAME, type, 1);
	ASN1_OBJECT_free(type);
}

static void say(const struct place *at, const char *format, ...) PRINTF_LIKE(2, 3);

static void say(const struct place *at, const char *format, ...)
{
	char name[LINT_OBJECT_NAME], where[96], words[256];
	va_list arguments;

	name_attribute(at->part, name);
	snprintf(where, sizeof where, "%s.%s", at->whose, name);
	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	lint_say(at->report, where, "%s", words);
}

typedef void attribute_check(const struct plain_part *a, const struct place *at);

static void each_in_name(const struct lint_name *name, const char *whose, attribute_check *check,
			 struct lint_report *report)
{
	for (size_t i = 0; i < name->count; i++) {
		const struct place at = {report, whose, &name->parts[i]};

		check(&name->parts[i], &at);
	}
}

/* One name where both are the same, so that nothing is said twice. */
static void each_attribute(const struct lint_subject *s, attribute_check *check,
			   struct lint_report *report)
{
	each_in_name(&s->subject_name, "subject", check, report);
	if (!s->self_issued)
		each_in_name(&s->issuer_name, "issuer", check, report);
}

void lint_issuer_empty(const struct lint_subject *s, struct lint_report *report)
{
	if (s->issuer_name.rdns == 0 && !s->self_issued)
		lint_say(report, "issuer", "is empty");
}

void lint_subject_empty_ca(const struct lint_subject *s, struct lint_report *report)
{
	if (s->subject_name.rdns == 0)
		lint_say(report, "subject", "is empty");
}

static void say_empty_rdn(const struct lint_name *name, const char *whose,
			  struct lint_report *report)
{
	size_t i = 0;

	for (size_t place = 1; place <= name->rdns; place++) {
		if (i == name->count || name->parts[i].rdn != place)
			lint_say(report, whose, "has an empty part at place %zu", place);
		while (i < name->count && name->parts[i].rdn == place)
			i++;
	}
}

void lint_name_rdn_empty(const struct lint_subject *s, struct lint_report *report)
{
	say_empty_rdn(&s->subject_name, "subject", report);
	if (!s->self_issued)
		say_empty_rdn(&s->issuer_name, "issuer", report);
}

static void check_empty(const struct plain_part *a, const struct place *at)
{
	struct span text;

	if (text_of(a, &text) && text.len == 0)
		say(at, "is empty");
}

void lint_name_value_empty(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_empty, report);
}

static void check_type(const struct plain_part *a, const struct place *at)
{
	size_t known = attribute_find(a);

	if (known < ATTRIBUTE_COUNT && !(ASN1_tag2bit(a->type) & attributes[known].types))
		say(at, "is a %s", ASN1_tag2str(a->type));
}

void lint_name_value_type(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_type, report);
}

static void check_legacy(const struct plain_part *a, const struct place *at)
{
	if (ASN1_tag2bit(a->type) & (B_ASN1_T61STRING | B_ASN1_BMPSTRING | B_ASN1_UNIVERSALSTRING))
		say(at, "is a %s", ASN1_tag2str(a->type));
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
static void check_printable(const struct plain_part *a, const struct place *at)
{
	struct span text;

	if (a->type != V_ASN1_PRINTABLESTRING || !text_of(a, &text))
		return;
	for (size_t i = 0; i < text.len; i++) {
		if (is_printable(text.data[i]) || text.data[i] < 0x20)
			continue;
		say(at, "is a PrintableString with the octet %02X", text.data[i]);
		return;
	}
}

void lint_name_printable(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_printable, report);
}

static void check_ia5(const struct plain_part *a, const struct place *at)
{
	struct span text;

	if (a->type != V_ASN1_IA5STRING || !text_of(a, &text))
		return;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 0x80)
			continue;
		say(at, "is an IA5String with the octet %02X", text.data[i]);
		return;
	}
}

void lint_name_ia5(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_ia5, report);
}

static void check_utf8(const struct plain_part *a, const struct place *at)
{
	struct span text;
	uint32_t point;

	if (a->type != V_ASN1_UTF8STRING || !text_of(a, &text))
		return;
	while (text.len && lint_next_character(V_ASN1_UTF8STRING, &text, &point))
		;
	if (text.len)
		say(at, "is malformed UTF-8 from the octet %02X on", text.data[0]);
}

void lint_name_utf8(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_utf8, report);
}

static void check_control(const struct plain_part *a, const struct place *at)
{
	struct span text;
	uint32_t point;

	if (!text_of(a, &text))
		return;
	while (text.len && lint_next_character(a->type, &text, &point)) {
		if (point >= 0x20 && (point < 0x7F || point > 0x9F))
			continue;
		/* Above ASCII the octets of an 8-bit type are no controls, but other rules' matter. */
		if (point >= 0x80 && a->type != V_ASN1_UTF8STRING)
			continue;
		say(at, "has the control character U+%04X", (unsigned)point);
		return;
	}
}

void lint_name_control(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_control, report);
}

static void check_blank(const struct plain_part *a, const struct place *at)
{
	uint32_t point = 0, first = 0;
	struct span text;
	bool any = false;

	if (!text_of(a, &text))
		return;
	while (text.len && lint_next_character(a->type, &text, &point)) {
		first = any ? first : point;
		any = true;
	}
	if (any && (first == ' ' || point == ' '))
		say(at, "begins or ends with a space");
}

void lint_name_blank(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_blank, report);
}

static void check_length(const struct plain_part *a, const struct place *at)
{
	size_t known = attribute_find(a), count = 0;
	struct span text;
	uint32_t point;

	if (known == ATTRIBUTE_COUNT || attributes[known].max == 0 || !text_of(a, &text))
		return;
	while (text.len && lint_next_character(a->type, &text, &point))
		count++;
	if (count > attributes[known].max)
		say(at, "has %zu characters, more than %zu", count, attributes[known].max);
}

void lint_name_length(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_length, report);
}

static bool is_letter(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void check_country(const struct plain_part *a, const struct place *at)
{
	struct span text;

	if (a->nid != NID_countryName || a->type != V_ASN1_PRINTABLESTRING || !text_of(a, &text) ||
	    text.len == 0)
		return;
	if (text.len != 2 || !is_letter(text.data[0]) || !is_letter(text.data[1]))
		say(at, "is not two letters: %.*s", (int)(text.len & 63), (const char *)text.data);
}

void lint_name_country(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_country, report);
}
