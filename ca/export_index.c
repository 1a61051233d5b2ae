#include "ca/export_index.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/import_index.h"

static const struct rule export_index_reason = {
	.id = "export_index_reason",
	.severity = SEVERITY_WARNING,
	.reference = "openssl-ca(1)",
	.why = "OpenSSL's index has no word for it, and its CRL will not say it",
	.todo = "keep the store, or the journal, for the record",
};

struct lines {
	FILE *to;
	int64_t now, rows;
	int64_t reasons, dates; /* revocations whose reason, or whose dates, have no place */
};

/* UTCTime through 2049, as the certificate itself has it. */
static void put_time(FILE *to, int64_t t)
{
	struct civil_time c = civil_from_seconds(t);

	if (c.year >= 1950 && c.year < 2050)
		fprintf(to, "%02d", c.year % 100);
	else
		fprintf(to, "%04d", c.year);
	fprintf(to, "%02d%02d%02d%02d%02dZ", c.month, c.day, c.hour, c.minute, c.second);
}

static void put_generalized(FILE *to, int64_t t)
{
	struct civil_time c = civil_from_seconds(t);

	fprintf(to, "%04d%02d%02d%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute,
		c.second);
}

/* keyTime and CAkeyTime are the only words that carry an invalidity date. */
static void put_revocation(struct lines *l, const struct store_row *row)
{
	bool key = row->revocation_reason == REASON_KEY_COMPROMISE;
	bool with_date = row->invalidity_at &&
			 (key || row->revocation_reason == REASON_CA_COMPROMISE);
	const char *word = index_reason_name(row->revocation_reason);

	put_time(l->to, row->revoked_at);
	l->reasons += row->revocation_reason != REASON_NONE && !word;
	l->dates += row->compromised_at || (row->invalidity_at && !with_date);
	if (with_date) {
		fputs(key ? ",keyTime," : ",CAkeyTime,", l->to);
		put_generalized(l->to, row->invalidity_at);
	} else if (word) {
		fprintf(l->to, ",%s", word);
	}
}

/* As OpenSSL's BN_bn2hex(): capitals, an even number, "00" for zero. */
static void put_serial(FILE *to, struct span serial)
{
	for (size_t i = 0; i < serial.len; i++)
		fprintf(to, "%02X", serial.data[i]);
	if (serial.len == 0)
		fputs("00", to);
}

/* A tab in a field is written "\<tab>" (TXT_DB_write). */
static void put_field(FILE *to, const char *s)
{
	for (; *s; s++) {
		if (*s == '\t')
			fputc('\\', to);
		fputc(*s, to);
	}
}

static enum status put_subject(FILE *to, const struct store_row *row, struct error *e)
{
	const unsigned char *at = row->intent.subject_der.data;
	X509_NAME *name = NULL;
	char *line = NULL;

	/* What came from an index without its certificate is still in that index's words. */
	if (row->intent.subject_der.len == 0) {
		put_field(to, row->intent.subject);
		return STATUS_OK;
	}
	name = d2i_X509_NAME(NULL, &at, (long)row->intent.subject_der.len);
	if (name)
		line = X509_NAME_oneline(name, NULL, 0);
	X509_NAME_free(name);
	if (!line)
		return error_openssl(e, STATUS_DAMAGED, NULL, "restore it from a backup",
				     "a subject in the store cannot be read");
	put_field(to, line);
	OPENSSL_free(line);
	return STATUS_OK;
}

static enum status put_row(void *context, const struct store_row *row, struct error *e)
{
	struct lines *l = context;
	bool revoked = row->state == CERT_REVOKED;
	enum status s;

	if (!revoked && row->state != CERT_ISSUED)
		return STATUS_OK;
	/* As 'openssl ca -updatedb' would have it. */
	fputs(revoked ? "R\t" : row->intent.not_after < l->now ? "E\t" : "V\t", l->to);
	put_time(l->to, row->intent.not_after);
	fputc('\t', l->to);
	if (revoked)
		put_revocation(l, row);
	fputc('\t', l->to);
	put_serial(l->to, row->intent.serial);
	fputs("\tunknown\t", l->to);
	s = put_subject(l->to, row, e);
	fputc('\n', l->to);
	l->rows++;
	if (s == STATUS_OK && ferror(l->to))
		s = error_errno(e, STATUS_SYSTEM, NULL, "make room and run it again",
				"cannot be written");
	return s;
}

struct writing {
	struct lines lines;
	struct authority *authority;
};

static enum status write_index(void *context, FILE *to, struct error *e)
{
	struct writing *w = context;
	const struct store_filter everything = {0};

	w->lines.to = to;
	return store_each(authority_store(w->authority), &everything, put_row, &w->lines, e);
}

/* After the index was walked: whatever is issued meanwhile is past it as well. */
static enum status write_serial(void *context, FILE *to, struct error *e)
{
	static const unsigned char one = 1;
	const struct writing *w = context;
	struct span first = authority_first_serial(w->authority);
	unsigned char next[SERIAL_MAX];
	size_t len;

	if (first.len == 0)
		first = (struct span){&one, 1};
	if (store_next_serial(authority_store(w->authority), first, next, &len, e) != STATUS_OK)
		return error_status(e);
	put_serial(to, (struct span){next, len});
	fputc('\n', to);
	return STATUS_OK;
}

static enum status write_crl_number(void *context, FILE *to, struct error *e)
{
	const struct writing *w = context;
	struct store_crl last = {.number = 0};
	unsigned char octets[8];
	size_t len = 0;
	enum status s = store_crl_last(authority_store(w->authority), CRL_ANY, false, &last, e);

	if (s != STATUS_OK && s != STATUS_NOT_FOUND)
		return s;
	for (uint64_t next = (uint64_t)last.number + 1, shift = 64; shift; shift -= 8) {
		octets[len] = (unsigned char)(next >> (shift - 8));
		len += len || octets[len];
	}
	put_serial(to, (struct span){octets, len});
	fputc('\n', to);
	return STATUS_OK;
}

/* Subjects may come twice here, which OpenSSL's index refuses unless told. */
static enum status write_attributes(void *context, FILE *to, struct error *e)
{
	(void)context;
	(void)e;
	fputs("unique_subject = no\n", to);
	return STATUS_OK;
}

static enum status report(const struct lines *l, struct findings *findings, struct error *e)
{
	enum status s = STATUS_OK;

	if (l->reasons)
		s = findings_add(findings, &export_index_reason, EXPORT_INDEX, e,
				 "%lld revocation%s written without the reason",
				 (long long)l->reasons, l->reasons == 1 ? " is" : "s are");
	if (s == STATUS_OK && l->dates)
		s = findings_add(
			findings, &export_index_reason, EXPORT_INDEX, e,
			"%lld revocation%s written without the date of invalidity or compromise",
			(long long)l->dates, l->dates == 1 ? " is" : "s are");
	return s;
}

/* The index first: what is reserved meanwhile is past the serial that is written after it. */
static const struct {
	const char *name;
	file_writer *write;
} files[] = {
	{EXPORT_INDEX, write_index},
	{EXPORT_INDEX_ATTRIBUTES, write_attributes},
	{EXPORT_SERIAL, write_serial},
	{EXPORT_CRL_NUMBER, write_crl_number},
};
#define FILES (sizeof files / sizeof files[0])

static enum status expect_none(const char *folder, struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < FILES && s == STATUS_OK; i++) {
		char *file = path_join(folder, files[i].name);

		s = file ? file_expect_absent(file, e) : error_memory(e);
		free(file);
	}
	return s;
}

enum status export_index(struct authority *a, const char *folder, bool replace, int64_t now,
			 int64_t *rows, struct findings *findings, struct error *e)
{
	struct writing w = {.lines = {.now = now}, .authority = a};
	enum status s = file_exists(folder) ? STATUS_OK : folder_make(folder, 0755, e);

	if (s == STATUS_OK && !replace)
		s = expect_none(folder, e);
	for (size_t i = 0; i < FILES && s == STATUS_OK; i++) {
		char *file = path_join(folder, files[i].name);

		s = file ? file_publish_stream(file, files[i].write, &w, 0644,
					       replace ? FILE_REPLACE : FILE_KEEP, e)
			 : error_memory(e);
		free(file);
	}
	*rows = w.lines.rows;
	return s == STATUS_OK ? report(&w.lines, findings, e) : s;
}
