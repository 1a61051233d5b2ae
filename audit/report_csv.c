#include <stdlib.h>
#include <string.h>

#include "audit/report.h"
#include "base/datetime.h"

struct writing {
	struct audit *audit;
	FILE *to;
};

/*
 * RFC 4180. A spreadsheet takes what begins with one of these for a formula, and names come from
 * strangers: an apostrophe stops it.
 */
static void put(FILE *to, const char *s, bool last)
{
	bool formula = *s && strchr("=+-@\t\r", *s);

	fputc('"', to);
	if (formula)
		fputc('\'', to);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', to);
		fputc(*s, to);
	}
	fputs(last ? "\"\r\n" : "\",", to);
}

static void put_time(FILE *to, int64_t t)
{
	char words[DATETIME_SIZE] = "";

	if (t >= DATETIME_MIN && t <= DATETIME_MAX)
		datetime_format(t, words);
	put(to, words, false);
}

static enum status put_name(FILE *to, struct span name, struct error *e)
{
	struct text words = {0};
	enum status s = audit_name_text(name, &words, e);

	if (s == STATUS_OK)
		put(to, text_get(&words), false);
	text_free(&words);
	return s;
}

static enum status put_hex(FILE *to, struct span s, struct error *e)
{
	char *hex = malloc(2 * s.len + 1);

	if (!hex)
		return error_memory(e);
	hex_encode(s, hex);
	put(to, hex, false);
	free(hex);
	return STATUS_OK;
}

static enum status write_one(void *context, uint32_t record, struct span der, struct error *e)
{
	struct writing *w = context;
	const struct audit_record *r = &w->audit->estate.records[record];
	struct audit_certificate c;
	unsigned char digest[SHA256_SIZE];
	struct text source = {0};
	char key[24];
	enum status s = audit_certificate_read(der, &c, e);

	if (s != STATUS_OK)
		return s;
	audit_key_text(c.spki, key, sizeof key);
	text_add_escaped(&source, span_text(w->audit->estate.sources[r->source].path));
	s = put_hex(w->to, c.serial, e);
	if (s == STATUS_OK)
		s = put_name(w->to, c.subject, e);
	if (s == STATUS_OK)
		s = put_name(w->to, c.issuer, e);
	put_time(w->to, r->not_before);
	put_time(w->to, r->not_after);
	put(w->to, report_state(w->audit, r), false);
	put(w->to, r->flags & RECORD_CA ? "CA" : "leaf", false);
	put(w->to, key, false);
	put(w->to, r->flags & RECORD_IN_STORE ? "yes" : "no", false);
	if (s == STATUS_OK)
		s = sha256(der, digest, e);
	if (s == STATUS_OK)
		s = put_hex(w->to, (struct span){digest, sizeof digest}, e);
	put(w->to, text_get(&source), true);
	text_free(&source);
	audit_certificate_free(&c);
	return s;
}

enum status report_csv(struct audit *a, FILE *to, struct error *e)
{
	struct writing w = {a, to};

	fputs("\"serial\",\"subject\",\"issuer\",\"not before\",\"not after\",\"state\",\"kind\","
	      "\"key\",\"in store\",\"sha256\",\"source\"\r\n",
	      to);
	return audit_each(a, NULL, write_one, &w, e);
}
