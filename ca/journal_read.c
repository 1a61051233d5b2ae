/* ca/journal.h: what the text of a row says, and whether the rows are a chain. */
#include <string.h>

#include <jansson.h>

#include "ca/journal.h"

struct facts {
	int64_t seq, time;
	struct span event; /* empty: none */
	bool has_seq, has_time;
};

/* --- plain rows ------------------------------------------------------------------------------- */

/* The octets before the next quote; false where there is none, or where they are not plain. */
static bool scan_text(const char **at, struct span *out)
{
	const unsigned char *p = (const unsigned char *)*at;
	size_t len = 0;

	while (p[len] != '"') {
		if (p[len] < 0x20 || p[len] > 0x7e || p[len] == '\\')
			return false;
		len++;
	}
	*out = (struct span){p, len};
	*at += len + 1;
	return true;
}

#define DIGITS_MOST 18

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool scan_number(const char **at, int64_t *out)
{
	const char *p = *at;
	bool negative = *p == '-';
	size_t len = 0;

	p += negative;
	for (*out = 0; is_digit(p[len]) && len < DIGITS_MOST; len++)
		*out = *out * 10 + (p[len] - '0');
	if (len == 0 || is_digit(p[len]) || (len > 1 && p[0] == '0') || (negative && *out == 0))
		return false;
	*out = negative ? -*out : *out;
	*at = p + len;
	return true;
}

static bool is_key(struct span key, const char *name)
{
	return key.len == strlen(name) && memcmp(key.data, name, key.len) == 0;
}

static bool scan_member(const char **at, struct span *key, struct facts *out)
{
	struct span text = {NULL, 0};
	int64_t number = 0;
	bool is_text;

	if (*(*at)++ != '"' || !scan_text(at, key) || *(*at)++ != ':')
		return false;
	is_text = **at == '"';
	*at += is_text;
	if (is_text ? !scan_text(at, &text) : !scan_number(at, &number))
		return false;
	if (is_key(*key, "event")) {
		out->event = text;
	} else if (is_key(*key, "seq")) {
		out->has_seq = !is_text;
		out->seq = number;
	} else if (is_key(*key, "time")) {
		out->has_time = !is_text;
		out->time = number;
	}
	return true;
}

static bool comes_after(struct span a, struct span b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order > 0 || (order == 0 && a.len > b.len);
}

/*
 * A row as subca writes nearly all: one object of ascending keys, with texts of printable ASCII and
 * short numbers, without a space. False for any other, which jansson judges: it takes twenty times as
 * long, and an audit reads two rows for each certificate.
 */
static bool scan(const char *canonical, struct facts *out)
{
	struct span before = {NULL, 0}, key;
	const char *at = canonical;

	if (*at++ != '{')
		return false;
	do {
		if (!scan_member(&at, &key, out) || (before.data && !comes_after(key, before)))
			return false;
		before = key;
	} while (*at++ == ',');
	return at[-1] == '}' && *at == '\0';
}

/* --- any row ---------------------------------------------------------------------------------- */

static enum status damaged(int64_t seq, const char *what, struct error *e)
{
	return error_set(e, STATUS_DAMAGED, NULL,
			 "restore the store from a backup, and find out who changed it",
			 "journal row %lld %s", (long long)seq, what);
}

static enum status judge(const struct facts *f, int64_t seq, int64_t *time,
			 char event[JOURNAL_EVENT_SIZE], struct error *e)
{
	if (!f->has_time || !f->event.data || f->event.len >= JOURNAL_EVENT_SIZE)
		return damaged(seq, "is not what subca wrote", e);
	if (!f->has_seq || f->seq != seq)
		return damaged(seq, "holds the text of another row", e);
	*time = f->time;
	memcpy(event, f->event.data, f->event.len);
	event[f->event.len] = '\0';
	return STATUS_OK;
}

enum status journal_read(const char *canonical, int64_t seq, int64_t *time,
			 char event[JOURNAL_EVENT_SIZE], struct error *e)
{
	struct facts f = {0}, plain = {0};
	json_error_t problem;
	const json_t *at;
	const char *name;
	json_t *o;
	enum status s;

	if (scan(canonical, &plain))
		return judge(&plain, seq, time, event, e);
	o = json_loads(canonical, JSON_REJECT_DUPLICATES, &problem);
	at = json_object_get(o, "time");
	name = json_string_value(json_object_get(o, "event"));
	f.has_time = json_is_integer(at);
	f.time = json_integer_value(at);
	if (name)
		f.event = span_text(name);
	at = json_object_get(o, "seq");
	f.has_seq = json_is_integer(at);
	f.seq = json_integer_value(at);
	s = judge(&f, seq, time, event, e);
	json_decref(o);
	return s;
}

/* --- the chain -------------------------------------------------------------------------------- */

struct verifier {
	int64_t seq;
	unsigned char hash[SHA256_SIZE];
	journal_visit *visit; /* NULL: nobody looks on */
	void *context;
};

static enum status verify_row(void *context, const struct journal_row *row, struct error *e)
{
	struct verifier *v = context;
	unsigned char expected[SHA256_SIZE];
	enum status s;

	if (row->seq != v->seq + 1)
		return damaged(v->seq + 1, "is missing", e);
	if (row->seq == 1 && strcmp(row->event, "create") != 0)
		return damaged(row->seq, "does not tell how the store was made", e);
	s = journal_chain(v->hash, row->canonical, expected, e);
	if (s != STATUS_OK)
		return s;
	if (memcmp(expected, row->hash, SHA256_SIZE) != 0)
		return damaged(row->seq, "does not follow from the one before it", e);
	v->seq = row->seq;
	memcpy(v->hash, expected, SHA256_SIZE);
	return v->visit ? v->visit(v->context, row, e) : STATUS_OK;
}

enum status journal_verify(struct store *s, struct error *e)
{
	return journal_verify_each(s, NULL, NULL, e);
}

enum status journal_verify_each(struct store *s, journal_visit *visit, void *context,
				struct error *e)
{
	struct verifier v = {.visit = visit, .context = context};
	enum status status = journal_each(s, verify_row, &v, e);

	if (status == STATUS_OK && v.seq == 0)
		status = journal_head(s, &v.seq, v.hash, e); /* says that there is none */
	return status;
}
