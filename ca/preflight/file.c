#include "ca/preflight/internal.h"

#include <string.h>
#include <strings.h>

#define NAME_MAX_CHARACTERS 64
#define SIZE_MAX_OCTETS (64 * 1024)

void preflight_portal_file_extension(const struct preflight_subject *s, struct lint_report *report)
{
	const char *dot = strrchr(s->input->name, '.');

	if (!dot || dot == s->input->name || strcasecmp(dot, ".pem") != 0)
		lint_say(report, s->input->name, "does not end in .pem");
}

void preflight_portal_file_name_long(const struct preflight_subject *s, struct lint_report *report)
{
	size_t len = strlen(s->input->name);

	if (len > NAME_MAX_CHARACTERS)
		lint_say(report, s->input->name, "has a name of %zu characters, more than %d", len,
			 NAME_MAX_CHARACTERS);
}

void preflight_portal_file_size(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->file.bytes.len > SIZE_MAX_OCTETS)
		lint_say(report, s->input->name, "has %zu bytes, more than %d", s->file.bytes.len,
			 SIZE_MAX_OCTETS);
}

void preflight_portal_file_format(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->file.form == UPLOAD_DER)
		lint_say(report, s->input->name, "is DER");
	else if (s->file.form == UPLOAD_PKCS7)
		lint_say(report, s->input->name, "is PKCS#7 (p7b)");
}

void preflight_portal_file_unreadable(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->file.form == UPLOAD_UNREADABLE || s->file.count == 0)
		lint_say(report, s->input->name, "holds something that is no certificate");
}

void preflight_portal_file_private_key(const struct preflight_subject *s,
				       struct lint_report *report)
{
	if (s->file.private_key)
		lint_say(report, s->input->name, "holds a private key");
}

void preflight_portal_file_text(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->file.form == UPLOAD_PEM && s->file.stray_text)
		lint_say(report, s->input->name, "has text outside of its blocks");
}

void preflight_portal_file_line_ends(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->file.form != UPLOAD_PEM)
		return;
	if (s->file.carriage_returns)
		lint_say(report, s->input->name, "has carriage returns");
	if (s->file.byte_order_mark)
		lint_say(report, s->input->name, "begins with a byte order mark");
}

void preflight_portal_file_count(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->file.count > 1)
		lint_say(report, s->input->name, "holds %zu certificates", s->file.count);
}
