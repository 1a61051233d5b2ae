#include "ca/import_index.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/datetime.h"

#define FIELDS 6
#define REASON_UNSPECIFIED 0

const struct rule import_index_line = {
	.id = "import_index_line",
	.severity = SEVERITY_ERROR,
	.reference = "openssl-ca(1)",
	.why = "what stands in a damaged line is lost: a revoked certificate may seem valid",
	.todo = "mend the line, or take index.txt from a backup",
};

/* apps/ca.c, crl_reasons: also the words that carry something behind a comma. */
static const struct reason_word {
	const char *name;
	int reason;
	enum { EXTRA_NONE, EXTRA_OID, EXTRA_TIME } extra;
} reason_words[] = {
	{"unspecified", REASON_UNSPECIFIED, EXTRA_NONE},
	{"keyCompromise", REASON_KEY_COMPROMISE, EXTRA_NONE},
	{"CACompromise", REASON_CA_COMPROMISE, EXTRA_NONE},
	{"affiliationChanged", REASON_AFFILIATION_CHANGED, EXTRA_NONE},
	{"superseded", REASON_SUPERSEDED, EXTRA_NONE},
	{"cessationOfOperation", REASON_CESSATION_OF_OPERATION, EXTRA_NONE},
	{"certificateHold", REASON_CERTIFICATE_HOLD, EXTRA_NONE},
	{"holdInstruction", REASON_CERTIFICATE_HOLD, EXTRA_OID},
	{"keyTime", REASON_KEY_COMPROMISE, EXTRA_TIME},
	{"CAkeyTime", REASON_CA_COMPROMISE, EXTRA_TIME},
};
#define REASON_WORDS (sizeof reason_words / sizeof reason_words[0])

const char *index_reason_name(int reason)
{
	for (size_t i = 0; i < REASON_WORDS; i++)
		if (reason_words[i].reason == reason)
			return reason_words[i].name;
	return NULL;
}

static enum status damaged(struct error *e, const char *what, const char *value)
{
	return error_set(e, STATUS_INPUT, NULL, import_index_line.todo, "%s: '%.60s'", what, value);
}

/* --- times ------------------------------------------------------------------------------------ */

static int digits(const char **at, int count)
{
	int n = 0;

	while (count-- && **at >= '0' && **at <= '9')
		n = n * 10 + *(*at)++ - '0';
	return n;
}

/* UTCTime with seconds, or GeneralizedTime: both end in Z (RFC 5280 4.1.2.5). */
static bool read_time(const char *s, int64_t *t)
{
	size_t len = strlen(s);
	struct civil_time c = {0};

	if ((len != 13 && len != 15) || s[len - 1] != 'Z' || strspn(s, "0123456789") != len - 1)
		return false;
	c.year = digits(&s, len == 13 ? 2 : 4);
	if (len == 13)
		c.year += c.year < 50 ? 2000 : 1900;
	c.month = digits(&s, 2);
	c.day = digits(&s, 2);
	c.hour = digits(&s, 2);
	c.minute = digits(&s, 2);
	c.second = digits(&s, 2);
	return civil_to_seconds(&c, t) == 0 && *t > DATETIME_MIN && *t <= DATETIME_MAX;
}

/* --- fields ----------------------------------------------------------------------------------- */

/* Cuts line at its tabs; "\<tab>" is a tab of the field itself. STATUS_INPUT unless there are six. */
static enum status split(char *line, char *fields[FIELDS], struct error *e)
{
	size_t count = 1;
	char *to = line;

	fields[0] = line;
	for (const char *from = line; *from; from++) {
		if (*from == '\\' && from[1] == '\t') {
			*to++ = *++from;
		} else if (*from == '\t') {
			*to++ = '\0';
			if (count < FIELDS)
				fields[count] = to;
			count++;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	if (count == FIELDS)
		return STATUS_OK;
	return error_set(e, STATUS_INPUT, NULL, import_index_line.todo,
			 "has %zu field%s, not %d between tabs", count, count == 1 ? "" : "s",
			 FIELDS);
}

static enum status read_state(const char *field, struct index_row *out, struct error *e)
{
	if (strlen(field) != 1 || !strchr("VRE", field[0]))
		return damaged(e, "does not begin with V, R or E", field);
	out->state = (enum index_state)field[0];
	return STATUS_OK;
}

static enum status read_extra(const struct reason_word *word, const char *extra,
			      struct index_row *out, struct error *e)
{
	if (word->extra == EXTRA_NONE)
		return extra ? damaged(e, "has something behind its reason", extra) : STATUS_OK;
	if (!extra || !*extra)
		return damaged(e, "lacks what belongs behind its reason", word->name);
	out->hold_instruction = word->extra == EXTRA_OID;
	if (word->extra == EXTRA_TIME && !read_time(extra, &out->invalidity_at))
		return damaged(e, "has no time of the key's compromise", extra);
	return STATUS_OK;
}

static enum status read_reason(char *field, struct index_row *out, struct error *e)
{
	char *extra = strchr(field, ',');

	if (extra)
		*extra++ = '\0';
	for (size_t i = 0; i < REASON_WORDS; i++) {
		if (strcasecmp(reason_words[i].name, field) != 0)
			continue;
		/* RFC 5280 5.3.1: unspecified is to be left out. */
		out->reason = reason_words[i].reason == REASON_UNSPECIFIED ? REASON_NONE
									   : reason_words[i].reason;
		return read_extra(&reason_words[i], extra, out, e);
	}
	return damaged(e, "has no reason for a revocation", field);
}

static enum status read_revocation(char *field, struct index_row *out, struct error *e)
{
	char *reason = strchr(field, ',');

	out->reason = REASON_NONE;
	if (out->state != INDEX_REVOKED)
		return *field ? damaged(e, "is not revoked but has a revocation date", field)
			      : STATUS_OK;
	if (reason)
		*reason++ = '\0';
	if (!read_time(field, &out->revoked_at))
		return damaged(e, "has no time of its revocation", field);
	return reason ? read_reason(reason, out, e) : STATUS_OK;
}

static bool decode_hex(const char *s, size_t count, unsigned char *out)
{
	for (size_t i = 0; i < 2 * count; i++) {
		char c = s[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return false;
		out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] << 4 | digit : digit);
	}
	return true;
}

/* As the store wants it: no leading zero octet, and no more octets than DER has room for. */
static enum status read_serial(const char *field, unsigned char out[SERIAL_MAX], size_t *len,
			       struct error *e)
{
	size_t count = strlen(field);
	const char *s = field;

	if (count < 2 || count % 2)
		return damaged(e, "has no serial number of an even number of digits", field);
	for (; count && s[0] == '0' && s[1] == '0'; s += 2)
		count -= 2;
	if (count > 2 * SERIAL_MAX || !decode_hex(s, count / 2, out) ||
	    (count == 2 * SERIAL_MAX && out[0] >= 0x80))
		return damaged(e, "has no serial number of at most 20 octets", field);
	*len = count / 2;
	return STATUS_OK;
}

static enum status read_subject(const char *field, struct index_row *out, struct error *e)
{
	for (const char *c = field; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			return error_set(e, STATUS_INPUT, NULL, import_index_line.todo,
					 "has a control character in its subject");
	out->subject = field;
	return STATUS_OK;
}

/* --- lines ------------------------------------------------------------------------------------ */

enum status index_parse(char *line, size_t len, struct index_row *out, struct error *e)
{
	char *fields[FIELDS];

	*out = (struct index_row){0};
	if (len == 0)
		return error_set(e, STATUS_INPUT, NULL, "delete the line", "is empty");
	if (memchr(line, '\0', len))
		return error_set(e, STATUS_INPUT, NULL, import_index_line.todo,
				 "has a NUL octet in it");
	if (line[len - 1] == '\r')
		return error_set(e, STATUS_INPUT, NULL, "convert the file: sed -i 's/\\r$//'",
				 "ends as lines do on Windows");
	if (split(line, fields, e) != STATUS_OK || read_state(fields[0], out, e) != STATUS_OK)
		return error_status(e);
	if (!read_time(fields[1], &out->not_after))
		return damaged(e, "has no time of its end", fields[1]);
	if (read_revocation(fields[2], out, e) != STATUS_OK ||
	    read_serial(fields[3], out->serial, &out->serial_len, e) != STATUS_OK)
		return error_status(e);
	out->file = fields[4];
	return read_subject(fields[5], out, e);
}

struct reading {
	index_visit *visit;
	void *context;
	struct index_total *total;
	struct findings *findings;
};

static enum status note_fault(const struct reading *r, int64_t line, const char *what,
			      struct error *e)
{
	char where[48];

	if (r->total->faults++ >= INDEX_FAULTS_MAX)
		return STATUS_OK;
	snprintf(where, sizeof where, "index.txt line %lld", (long long)line);
	return findings_add(r->findings, &import_index_line, where, e, "%s", what);
}

/* A line as read: its newline is not in text. */
struct line {
	char *text; /* room for INDEX_LINE_MAX + 1 */
	size_t len; /* may be more than INDEX_LINE_MAX: the rest was passed over */
	bool ended; /* by a newline */
};

/* False at the end of the file. */
static bool next_line(FILE *from, struct line *line)
{
	int c;

	line->len = 0;
	line->ended = false;
	while (!line->ended && (c = getc_unlocked(from)) != EOF) {
		line->ended = c == '\n';
		if (!line->ended && line->len < INDEX_LINE_MAX)
			line->text[line->len] = (char)c;
		line->len += !line->ended;
	}
	line->text[line->len < INDEX_LINE_MAX ? line->len : INDEX_LINE_MAX] = '\0';
	return line->ended || line->len;
}

static enum status take_line(const struct reading *r, int64_t number, const struct line *line,
			     struct error *e)
{
	struct index_row row;
	struct error why;

	if (line->text[0] == '#')
		return STATUS_OK;
	if (!line->ended)
		return note_fault(r, number, "is cut off: the file ends within it", e);
	if (line->len > INDEX_LINE_MAX)
		return note_fault(r, number, "is longer than any line of an index", e);
	if (index_parse(line->text, line->len, &row, &why) != STATUS_OK)
		return note_fault(r, number, why.what, e);
	row.line = number;
	r->total->rows++;
	return r->visit ? r->visit(r->context, &row, e) : STATUS_OK;
}

enum status index_read(FILE *from, index_visit *visit, void *context, struct index_total *total,
		       struct findings *findings, struct error *e)
{
	const struct reading r = {visit, context, total, findings};
	struct line line = {.text = malloc(INDEX_LINE_MAX + 1)};
	enum status s = line.text ? STATUS_OK : error_memory(e);

	*total = (struct index_total){0};
	for (int64_t number = 1; s == STATUS_OK && next_line(from, &line); number++)
		s = take_line(&r, number, &line, e);
	if (s == STATUS_OK && ferror(from))
		s = error_errno(e, STATUS_SYSTEM, NULL, NULL, "cannot be read");
	free(line.text);
	return s;
}

enum status index_number_read(struct span content, unsigned char out[SERIAL_MAX], size_t *len,
			      struct error *e)
{
	char text[2 * SERIAL_MAX + 4];
	size_t n = content.len;

	while (n && content.data[n - 1] && strchr("\r\n \t", content.data[n - 1]))
		n--;
	if (n == 0 || n >= sizeof text - 1)
		return error_set(e, STATUS_INPUT, NULL, "write the next number in hexadecimal",
				 "holds no number");
	/* OpenSSL takes an odd number of digits there. */
	text[0] = '0';
	memcpy(text + n % 2, content.data, n);
	text[n + n % 2] = '\0';
	if (read_serial(text, out, len, e) != STATUS_OK)
		return error_set(e, STATUS_INPUT, NULL, "write the next number in hexadecimal",
				 "holds no number in hexadecimal digits");
	return STATUS_OK;
}
