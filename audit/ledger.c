#include "audit/ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"

/* A younger row may be a run that goes on. */
#define UNFINISHED_SECONDS 60

struct reading {
	const struct ledger_order *order;
	struct estate *estate;
	struct ledger *ledger;
	uint32_t source;
	uint64_t rows;
};

#define TELL_EVERY 256

static void tell(struct reading *r, uint64_t all)
{
	if (r->order->tell && r->rows++ % TELL_EVERY == 0)
		r->order->tell(r->order->context, r->rows, all);
}

/* --- rows ------------------------------------------------------------------------------------- */

static enum status say_row(struct reading *r, enum audit_rule rule, const struct store_row *row,
			   const char *words, struct error *e)
{
	char serial[2 * SERIAL_MAX + 1];

	hex_encode(row->intent.serial, serial);
	return findings_say(&r->estate->findings, &audit_rules[rule], RECORD_NONE, RECORD_NONE,
			    row->intent.subject, e, "serial %s %s", serial, words);
}

static const char *row_fault(const struct store_row *row, struct audit_certificate *c)
{
	if (!span_equal(row->intent.serial, c->serial))
		return "has another serial number in its certificate";
	if (!span_equal(row->intent.subject_der, c->subject))
		return "has another subject in its certificate";
	if (row->intent.not_before != c->not_before || row->intent.not_after != c->not_after)
		return "has other dates in its certificate";
	if (!span_equal(row->intent.spki_sha256,
			(struct span){audit_certificate_spki_digest(c), SHA256_SIZE}))
		return "has another key in its certificate";
	return NULL;
}

static unsigned flags_of(const struct store_row *row)
{
	return RECORD_IN_STORE | (row->state == CERT_REVOKED ? RECORD_REVOKED : 0) |
	       (*row->origin ? RECORD_ADOPTED : 0) |
	       (strcmp(row->intent.portal, "zia") == 0 ? RECORD_PORTAL_ZIA : 0) |
	       (strcmp(row->intent.portal, "zpa") == 0 ? RECORD_PORTAL_ZPA : 0);
}

static enum status add_certificate(struct reading *r, const struct store_row *row, struct error *e)
{
	struct audit_certificate c;
	unsigned profile = 0;
	uint32_t record;
	const char *fault;
	enum status s = audit_certificate_read(row->der, &c, e);

	if (s == STATUS_INPUT)
		return say_row(r, AUDIT_store_row, row, "holds what is no certificate", e);
	if (s != STATUS_OK)
		return s;
	fault = row_fault(row, &c);
	if (fault)
		s = say_row(r, AUDIT_store_row, row, fault, e);
	if (s == STATUS_OK)
		s = estate_add_parsed(r->estate, &c, r->source, flags_of(row), &record, e);
	audit_certificate_free(&c);
	if (s == STATUS_OK && r->order->drift)
		s = drift_profile(r->order->drift, row->intent.profile, &profile, e);
	if (s != STATUS_OK)
		return s;
	r->estate->records[record].profile = (uint8_t)profile;
	if (!r->estate->records[record].row && row->number > 0 && row->number <= UINT32_MAX)
		r->estate->records[record].row = (uint32_t)row->number;
	return STATUS_OK;
}

static enum status add_row(void *context, const struct store_row *row, struct error *e)
{
	struct reading *r = context;
	char when[DATETIME_SIZE], words[64];

	tell(r, (uint64_t)r->ledger->counts[CERT_ANY]);
	if (row->der.len)
		return add_certificate(r, row, e);
	if (row->state != CERT_RESERVED || r->order->now - row->reserved_at < UNFINISHED_SECONDS)
		return STATUS_OK;
	datetime_format(row->reserved_at, when);
	snprintf(words, sizeof words, "was reserved at %s and never finished", when);
	return say_row(r, AUDIT_reserved, row, words, e);
}

enum status ledger_read(const struct ledger_order *order, struct estate *t, uint32_t source,
			struct ledger *out, struct error *e)
{
	const struct store_filter all = {0};
	struct reading r = {order, t, out, source, 0};
	enum status s = store_count(order->store, out->counts, e);

	return s == STATUS_OK ? store_each(order->store, &all, add_row, &r, e) : s;
}

/* --- the journal ------------------------------------------------------------------------------ */

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * The octets of a member in hexadecimal; false where there are none, or more than a digest has.
 * canonical was hashed and has sorted keys, each once: it need not be parsed.
 */
static bool find_hex(const char *canonical, const char *key, unsigned char out[static SHA256_SIZE],
		     size_t *len)
{
	const char *at = strstr(canonical, key);

	if (!at)
		return false;
	at += strlen(key);
	for (*len = 0; digit_of(at[0]) >= 0; at += 2) {
		if (*len == SHA256_SIZE || digit_of(at[1]) < 0)
			return false;
		out[(*len)++] = (unsigned char)(digit_of(at[0]) << 4 | digit_of(at[1]));
	}
	return true;
}

/* Of a row that issued other bytes than the store has: the record of its serial number. */
static uint32_t find_serial(const struct reading *r, const char *canonical)
{
	const struct estate *t = r->estate;
	X509_NAME *subject = X509_get_subject_name(r->order->authority);
	struct span issuer = {NULL, 0};
	unsigned char serial[SHA256_SIZE];
	uint64_t wanted;
	size_t len;

	if (X509_NAME_get0_der(subject, &issuer.data, &issuer.len) != 1 ||
	    !find_hex(canonical, "\"serial\":\"", serial, &len))
		return RECORD_NONE;
	wanted = estate_hash(issuer, (struct span){serial, len});
	for (uint32_t i = 0; i < t->count; i++)
		if (t->records[i].serial == wanted && (t->records[i].flags & RECORD_IN_STORE))
			return i;
	return RECORD_NONE;
}

static enum status tell_difference(struct reading *r, const struct journal_row *row,
				   struct error *e)
{
	struct audit_findings *f = &r->estate->findings;
	uint32_t record = find_serial(r, row->canonical);

	if (record == RECORD_NONE)
		return findings_say(f, &audit_rules[AUDIT_journal_differs], RECORD_NONE,
				    RECORD_NONE, r->order->path, e,
				    "journal row %" PRId64
				    " issued a certificate that the store does not have",
				    row->seq);
	r->estate->records[record].flags |= RECORD_JOURNALED;
	return findings_say(f, &audit_rules[AUDIT_journal_differs], record, RECORD_NONE, NULL, e,
			    "journal row %" PRId64
			    " issued another certificate under its serial number",
			    row->seq);
}

static enum status see_row(void *context, const struct journal_row *row, struct error *e)
{
	struct reading *r = context;
	unsigned char digest[SHA256_SIZE];
	uint32_t record = RECORD_NONE;
	size_t len;

	r->ledger->journal_rows++;
	tell(r, 0);
	if (strcmp(row->event, "issue") != 0 ||
	    !find_hex(row->canonical, "\"certificate_sha256\":\"", digest, &len))
		return STATUS_OK;
	if (len == SHA256_SIZE)
		record = estate_find(r->estate, digest);
	if (record == RECORD_NONE || !(r->estate->records[record].flags & RECORD_IN_STORE))
		return tell_difference(r, row, e);
	r->estate->records[record].flags |= RECORD_JOURNALED;
	return STATUS_OK;
}

static enum status compare_store(struct reading *r, struct error *e)
{
	const struct estate *t = r->estate;
	enum status s = STATUS_OK;

	for (uint32_t i = 0; s == STATUS_OK && i < t->count; i++) {
		unsigned flags = t->records[i].flags;

		if ((flags & RECORD_IN_STORE) && !(flags & (RECORD_JOURNALED | RECORD_ADOPTED)))
			s = findings_say(&r->estate->findings, &audit_rules[AUDIT_journal_differs],
					 i, RECORD_NONE, NULL, e,
					 "it is in the store, and no row of the journal issued it");
	}
	return s;
}

/* What is wrong with the record is a finding; that the machine failed is not. */
static enum status take_damage(struct reading *r, enum status s, enum audit_rule rule,
			       const char *where, struct error *problem, struct error *e)
{
	if (s == STATUS_OK || s == STATUS_SYSTEM || s == STATUS_INTERNAL) {
		*e = *problem;
		return s;
	}
	return findings_say(&r->estate->findings, &audit_rules[rule], RECORD_NONE, RECORD_NONE,
			    where, e, "%s", problem->what);
}

static enum status read_checkpoint(const char *given, X509 *authority, struct checkpoint *out,
				   struct error *e)
{
	struct bytes file = {0};
	bool is_paper = strchr(given, ':') && !file_exists(given);
	enum status s = is_paper ? STATUS_OK : file_read(given, CHECKPOINT_FILE_MAX, &file, e);

	if (s == STATUS_OK)
		s = checkpoint_read(is_paper ? span_text(given) : span_of(&file), authority, out,
				    e);
	if (s != STATUS_OK)
		error_at(e, given);
	bytes_free(&file);
	return s;
}

static enum status compare_checkpoints(struct reading *r, struct error *e)
{
	const char *const *given = r->order->checkpoints;
	enum status s = STATUS_OK;

	for (size_t i = 0; given && given[i] && s == STATUS_OK; i++) {
		struct error problem = {0};
		struct checkpoint c;

		s = read_checkpoint(given[i], r->order->authority, &c, &problem);
		if (s != STATUS_OK && s != STATUS_REFUSED) {
			*e = problem;
			return s;
		}
		if (s == STATUS_OK)
			s = checkpoint_compare(r->order->store, &c, &problem);
		if (s == STATUS_OK)
			r->ledger->checkpoints++;
		else
			s = take_damage(r, s, AUDIT_checkpoint_broken, given[i], &problem, e);
	}
	return s;
}

enum status ledger_journal(const struct ledger_order *order, struct estate *t, struct ledger *out,
			   struct error *e)
{
	struct reading r = {order, t, out, RECORD_NONE, 0};
	struct error problem = {0};
	enum status s = journal_verify_each(order->store, see_row, &r, &problem);

	if (s != STATUS_OK)
		return take_damage(&r, s, AUDIT_journal_broken, order->path, &problem, e);
	s = checkpoint_take(order->store, order->now, &out->head, e);
	if (s == STATUS_OK)
		s = compare_store(&r, e);
	return s == STATUS_OK ? compare_checkpoints(&r, e) : s;
}
