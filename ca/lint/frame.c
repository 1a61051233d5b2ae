#include "ca/lint/internal.h"

#define SERIAL_OCTETS_MAX 20
#define SERIAL_OCTETS_MIN 7

void lint_version_not_3(const struct lint_subject *s, struct lint_report *report)
{
	int64_t version = 0;

	if (s->cert->version && !ASN1_INTEGER_get_int64(&version, s->cert->version))
		version = -1;
	if (version < 0 || version > 2)
		lint_say(report, "version", "is not a version that exists");
	else if (version != 2)
		lint_say(report, "version", "is version %d, not 3", (int)version + 1);
}

static bool is_negative(const ASN1_INTEGER *serial)
{
	return ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
}

void lint_serial_negative(const struct lint_subject *s, struct lint_report *report)
{
	if (is_negative(s->cert->serial))
		lint_say(report, "serialNumber", "is negative");
}

void lint_serial_zero(const struct lint_subject *s, struct lint_report *report)
{
	struct span serial = lint_string(s->cert->serial);

	if (serial.len == 0 || (serial.len == 1 && serial.data[0] == 0))
		lint_say(report, "serialNumber", "is zero");
}

/* The octets of the INTEGER: a leading 00 that keeps it positive counts. */
void lint_serial_long(const struct lint_subject *s, struct lint_report *report)
{
	struct span serial = lint_string(s->cert->serial);
	size_t octets = serial.len + (serial.len && (serial.data[0] & 0x80));

	if (!is_negative(s->cert->serial) && octets > SERIAL_OCTETS_MAX)
		lint_say(report, "serialNumber", "has %zu octets, more than %d", octets,
			 SERIAL_OCTETS_MAX);
}

/* A serial number of 64 random bits has fewer than 8 octets once in 256 times, below 7 hardly ever. */
void lint_serial_short(const struct lint_subject *s, struct lint_report *report)
{
	struct span serial = lint_string(s->cert->serial);

	if (!is_negative(s->cert->serial) && serial.len < SERIAL_OCTETS_MIN &&
	    !(serial.len <= 1 && (serial.len == 0 || serial.data[0] == 0)))
		lint_say(report, "serialNumber", "has %zu octets, too few to be random",
			 serial.len);
}

void lint_unique_id_present(const struct lint_subject *s, struct lint_report *report)
{
	if (s->cert->issuer_unique_id)
		lint_say(report, "issuerUniqueID", "is present");
	if (s->cert->subject_unique_id)
		lint_say(report, "subjectUniqueID", "is present");
}
