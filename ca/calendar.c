#include "ca/calendar.h"

#include <string.h>

#include "base/datetime.h"

/* Octets of a content line without its CRLF (RFC 5545 3.1). */
#define LINE_MAX_OCTETS 75

/* One content line, folded between characters, not within one. */
static void add_line(struct text *out, const char *name, const char *value)
{
	struct text whole = {0};
	const char *s;
	size_t at = 0;

	text_printf(&whole, "%s:%s", name, value);
	for (s = text_get(&whole); *s;) {
		size_t len = 1;

		while (((unsigned char)s[len] & 0xC0) == 0x80)
			len++;
		if (at + len > LINE_MAX_OCTETS) {
			text_add(out, "\r\n ");
			at = 1;
		}
		text_append(out, s, len);
		at += len;
		s += len;
	}
	text_add(out, "\r\n");
	out->failed |= whole.failed;
	text_free(&whole);
}

/* TEXT (RFC 5545 3.3.11). What a subject shows is escaped against control characters already. */
static void add_text(struct text *out, const char *name, const char *value)
{
	struct text escaped = {0};

	for (; *value; value++) {
		if (*value == '\n')
			text_add(&escaped, "\\n");
		else if (strchr("\\;,", *value))
			text_printf(&escaped, "\\%c", *value);
		else
			text_append(&escaped, value, 1);
	}
	add_line(out, name, text_get(&escaped));
	out->failed |= escaped.failed;
	text_free(&escaped);
}

/* "20311122T235959Z" (RFC 5545 3.3.5, form 2). */
static void add_time(struct text *out, const char *name, int64_t t)
{
	struct civil_time c = civil_from_seconds(t);
	char value[64];

	snprintf(value, sizeof value, "%04d%02d%02dT%02d%02d%02dZ", c.year, c.month, c.day, c.hour,
		 c.minute, c.second);
	add_line(out, name, value);
}

static void summary(const struct expiry *x, struct text *out)
{
	switch (x->kind) {
	case EXPIRY_CERTIFICATE:
		text_printf(out, "%s ends: %s",
			    x->replaced_by_len ? "Replaced certificate" : "Certificate",
			    x->subject);
		break;
	case EXPIRY_CA:
		text_printf(out, "CA ends: %s", x->subject);
		break;
	case EXPIRY_ISSUER:
		text_printf(out, "Issuing CA ends: %s", x->subject);
		break;
	case EXPIRY_LAST_SIGNING:
		text_printf(out, "Last day to sign for %d days: %s", x->days, x->subject);
		break;
	}
}

static void description(const struct expiry *x, struct text *out)
{
	char serial[2 * SERIAL_MAX + 1], end[DATETIME_SIZE];

	datetime_format(x->at, end);
	text_printf(out, "%s\nuntil: %s", x->subject, end);
	if (x->profile[0])
		text_printf(out, "\nprofile: %s", x->profile);
	if (x->serial_len) {
		hex_encode((struct span){x->serial, x->serial_len}, serial);
		text_printf(out, "\nserial: %s", serial);
	}
	if (x->replaced_by_len) {
		hex_encode((struct span){x->replaced_by, x->replaced_by_len}, serial);
		text_printf(out, "\nreplaced by: %s", serial);
	}
	if (x->kind == EXPIRY_LAST_SIGNING)
		text_add(out, "\nWhat is signed later gets a shorter life, or is refused.");
}

/* The certificate's hash: globally unique, and the same in each export (RFC 5545 3.8.4.7). */
static void add_uid(const struct expiry *x, struct text *out)
{
	char hex[2 * SHA256_SIZE + 1];
	struct text uid = {0};

	hex_encode((struct span){x->identity, SHA256_SIZE}, hex);
	text_printf(&uid, "%s", hex);
	if (x->kind == EXPIRY_LAST_SIGNING)
		text_printf(&uid, "-%d-%s", x->days, x->profile);
	text_add(&uid, "@subca");
	add_line(out, "UID", text_get(&uid));
	out->failed |= uid.failed;
	text_free(&uid);
}

static void add_alarm(int days, const char *words, struct text *out)
{
	char trigger[32];

	snprintf(trigger, sizeof trigger, "-P%dD", days);
	add_line(out, "BEGIN", "VALARM");
	add_line(out, "ACTION", "DISPLAY");
	add_text(out, "DESCRIPTION", words);
	add_line(out, "TRIGGER", trigger);
	add_line(out, "END", "VALARM");
}

static void add_event(const struct expiry *x, int64_t now, int alarm_days, struct text *out)
{
	struct text head = {0}, body = {0};

	summary(x, &head);
	description(x, &body);
	add_line(out, "BEGIN", "VEVENT");
	add_uid(x, out);
	add_time(out, "DTSTAMP", now);
	add_time(out, "DTSTART", x->at);
	add_text(out, "SUMMARY", text_get(&head));
	add_text(out, "DESCRIPTION", text_get(&body));
	add_line(out, "TRANSP", "TRANSPARENT");
	if (alarm_days && !x->replaced_by_len)
		add_alarm(alarm_days, text_get(&head), out);
	add_line(out, "END", "VEVENT");
	out->failed |= head.failed | body.failed;
	text_free(&head);
	text_free(&body);
}

enum status calendar_text(const struct expiries *x, int64_t now, int alarm_days, struct text *out,
			  struct error *e)
{
	add_line(out, "BEGIN", "VCALENDAR");
	add_line(out, "VERSION", "2.0");
	add_line(out, "PRODID", "-//subca//subca " SUBCA_VERSION "//EN");
	for (size_t i = 0; i < x->count; i++)
		add_event(&x->items[i], now, alarm_days, out);
	add_line(out, "END", "VCALENDAR");
	return text_check(out, e);
}
