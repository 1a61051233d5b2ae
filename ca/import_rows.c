/* Every row that is to be adopted, and what contradicts in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/datetime.h"
#include "base/der.h"
#include "ca/import_internal.h"
#include "ca/inspect.h"
#include "ca/name.h"

#define PROGRESS_EVERY 10000

struct rows {
	struct import *in;
	import_row *visit;
	void *context;
	struct findings *findings; /* NULL: only to adopt */
	struct serial_set *serials;
	int64_t told;
};

void row_parts_free(struct row_parts *p)
{
	text_free(&p->subject);
	bytes_free(&p->subject_der);
}

static enum status hash_parts(struct span der, X509 *x, struct row_parts *p, struct error *e)
{
	DER_SIGNED *envelope = NULL;
	struct bytes spki = {0};
	enum status s = der_encode(X509_get_X509_PUBKEY(x), (i2d_of_void *)i2d_X509_PUBKEY, &spki,
				   e);

	if (s == STATUS_OK)
		s = sha256(span_of(&spki), p->spki, e);
	if (s == STATUS_OK)
		s = der_signed_parse(der, &envelope, e);
	if (s == STATUS_OK)
		s = sha256(der_to_be_signed(envelope), p->tbs, e);
	DER_SIGNED_free(envelope);
	bytes_free(&spki);
	return s;
}

enum status row_parts_describe(const struct found_certificate *c, X509 *x, struct row_parts *p,
			       struct error *e)
{
	struct store_intent *i = &p->row.intent;
	enum status s = der_encode(X509_get_subject_name(x), (i2d_of_void *)i2d_X509_NAME,
				   &p->subject_der, e);

	if (s == STATUS_OK)
		s = hash_parts(span_of(&c->der), x, p, e);
	if (s == STATUS_OK &&
	    (!inspect_time(X509_get0_notBefore(x), &i->not_before) ||
	     !inspect_time(X509_get0_notAfter(x), &i->not_after) || i->not_after < i->not_before))
		s = error_set(e, STATUS_INPUT, c->file, "take the file away",
			      "is a certificate without a life");
	name_show(X509_get_subject_name(x), &p->subject);
	if (s == STATUS_OK)
		s = text_check(&p->subject, e);
	p->row.der = span_of(&c->der);
	i->serial = (struct span){c->serial, c->serial_len};
	i->subject = text_get(&p->subject);
	i->subject_der = span_of(&p->subject_der);
	i->spki_sha256 = (struct span){p->spki, sizeof p->spki};
	i->plan_hash = (struct span){p->tbs, sizeof p->tbs};
	return s;
}

struct row_parts row_parts_new(void)
{
	return (struct row_parts){
		.row = {.intent = {.profile = "", .portal = "", .subject = "", .reason = ""},
			.state = CERT_ISSUED,
			.revocation = {.reason = REASON_NONE}}};
}

static enum status hand_over(struct rows *r, const struct row_parts *p, struct error *e)
{
	struct import *in = r->in;
	struct span serial = p->row.intent.serial;

	if (import_compare(serial.data, serial.len, in->highest, in->highest_len) > 0) {
		memcpy(in->highest, serial.data, serial.len);
		in->highest_len = serial.len;
	}
	if (p->row.state == CERT_REVOKED && p->row.revocation.at > in->last_act)
		in->last_act = p->row.revocation.at;
	if (r->findings) {
		in->summary.issued += p->row.state == CERT_ISSUED;
		in->summary.revoked += p->row.state == CERT_REVOKED;
	}
	return r->visit ? r->visit(r->context, &p->row, e) : STATUS_OK;
}

/* --- lines of the index ----------------------------------------------------------------------- */

#define WHERE_SIZE 48

static void where_of(const struct index_row *line, char out[WHERE_SIZE])
{
	snprintf(out, WHERE_SIZE, "index.txt line %lld", (long long)line->line);
}

static enum status judge_duplicate(struct rows *r, const struct index_row *line, bool *duplicate,
				   struct error *e)
{
	char where[WHERE_SIZE], hex[2 * SERIAL_MAX + 1];
	int64_t earlier = 0;

	if (serial_set_add(r->serials, (struct span){line->serial, line->serial_len}, line->line,
			   &earlier, e) != STATUS_OK)
		return error_status(e);
	*duplicate = earlier > 0;
	if (!*duplicate)
		return STATUS_OK;
	where_of(line, where);
	hex_encode((struct span){line->serial, line->serial_len}, hex);
	return import_note(r->in, r->findings, RULE_DUPLICATE, where, e,
			   "has serial number %s, as line %lld has", hex, (long long)earlier);
}

/* The line and the certificate must tell of the same one. */
static enum status judge_match(struct rows *r, const struct index_row *line,
			       const struct found_certificate *c, X509 *x, int64_t not_after,
			       struct error *e)
{
	char *subject = X509_NAME_oneline(X509_get_subject_name(x), NULL, 0);
	char where[WHERE_SIZE], a[DATETIME_SIZE], b[DATETIME_SIZE];
	enum status s = subject ? STATUS_OK : error_memory(e);

	where_of(line, where);
	datetime_format(line->not_after, a);
	datetime_format(not_after, b);
	if (s == STATUS_OK && line->not_after != not_after)
		s = import_note(r->in, r->findings, RULE_MISMATCH, where, e,
				"says it ends at %s, %s says %s", a, c->file, b);
	if (s == STATUS_OK && strcmp(line->subject, subject) != 0)
		s = import_note(r->in, r->findings, RULE_MISMATCH, where, e,
				"says '%.120s', %s says '%.120s'", line->subject, c->file, subject);
	OPENSSL_free(subject);
	return s;
}

/* On the safe side: what either of the two calls revoked is revoked. */
static enum status apply_crl(struct rows *r, const struct index_row *line, struct row_parts *p,
			     struct error *e)
{
	struct import *in = r->in;
	struct found_entry *entry = import_crl_entry(in, line->serial, line->serial_len);
	char where[WHERE_SIZE];

	where_of(line, where);
	if (entry)
		entry->known = true;
	if (entry && p->row.state == CERT_ISSUED) {
		p->row.state = CERT_REVOKED;
		p->row.revocation = entry->revocation;
		return import_note(in, r->findings, RULE_REVOKED_BY_CRL, where, e,
				   "calls valid what %s revokes", in->last_crl->file);
	}
	if (!entry && in->last_crl && p->row.state == CERT_REVOKED &&
	    line->revoked_at < in->last_crl->this_update &&
	    line->not_after > in->last_crl->this_update)
		return import_note(in, r->findings, RULE_CRL_LACKS, where, e,
				   "calls revoked what %s, made later, does not have",
				   in->last_crl->file);
	return STATUS_OK;
}

static enum status take_certificate(struct rows *r, const struct index_row *line,
				    struct found_certificate *c, struct row_parts *p,
				    struct error *e)
{
	X509 *x = import_parse(c);
	enum status s = x ? row_parts_describe(c, x, p, e) : error_memory(e);

	c->in_index = true;
	if (s == STATUS_OK && r->findings)
		s = judge_match(r, line, c, x, p->row.intent.not_after, e);
	X509_free(x);
	return s;
}

static void take_line_alone(const struct index_row *line, struct row_parts *p)
{
	p->row.intent.serial = (struct span){line->serial, line->serial_len};
	p->row.intent.subject = line->subject;
	p->row.intent.not_after = line->not_after;
	if (p->row.intent.not_after < 0)
		p->row.intent.not_before = p->row.intent.not_after;
}

static enum status skip_zero(struct rows *r, const struct index_row *line, struct error *e)
{
	char where[WHERE_SIZE];

	where_of(line, where);
	return import_note(r->in, r->findings, RULE_SERIAL_ZERO, where, e,
			   "has serial number 0 and is left out");
}

static enum status note_instruction(struct rows *r, const struct index_row *line, struct error *e)
{
	char where[WHERE_SIZE];

	where_of(line, where);
	return import_note(r->in, r->findings, RULE_HOLD_INSTRUCTION, where, e,
			   "has a hold instruction, which is not kept");
}

static enum status take_line(void *context, const struct index_row *line, struct error *e)
{
	struct rows *r = context;
	const struct import_order *order = r->in->order;
	struct found_certificate *c;
	struct row_parts p = row_parts_new();
	bool duplicate = false;
	enum status s = STATUS_OK;

	if (order->progress && ++r->told % PROGRESS_EVERY == 0)
		order->progress(order->context, r->findings ? "read" : "taken over", r->told,
				r->in->summary.index_rows);
	if (line->serial_len == 0)
		return skip_zero(r, line, e);
	if (r->findings)
		s = judge_duplicate(r, line, &duplicate, e);
	if (s != STATUS_OK || duplicate)
		return s;
	if (line->state == INDEX_REVOKED) {
		p.row.state = CERT_REVOKED;
		p.row.revocation = (struct store_revocation){.at = line->revoked_at,
							     .reason = line->reason,
							     .invalidity_at = line->invalidity_at};
	}
	c = import_find_serial(r->in, line->serial, line->serial_len);
	if (c)
		s = take_certificate(r, line, c, &p, e);
	else
		take_line_alone(line, &p);
	if (r->findings)
		r->in->summary.without_certificate += !c;
	if (s == STATUS_OK && line->hold_instruction)
		s = note_instruction(r, line, e);
	if (s == STATUS_OK)
		s = apply_crl(r, line, &p, e);
	if (s == STATUS_OK)
		s = hand_over(r, &p, e);
	row_parts_free(&p);
	return s;
}

static enum status read_index(struct rows *r, struct error *e)
{
	struct import *in = r->in;
	struct findings faults = {0};
	struct index_total total;
	FILE *from = fopen(in->index, "re");
	enum status s;

	if (!from)
		return error_errno(e, STATUS_SYSTEM, in->index, NULL, "cannot be opened");
	s = index_read(from, take_line, r, &total, r->findings ? r->findings : &faults, e);
	fclose(from);
	if (s == STATUS_OK && !r->findings &&
	    (total.faults || total.rows != in->summary.index_rows))
		s = error_set(e, STATUS_INPUT, in->index, "stop the old CA and run it again",
			      "changed while it was read");
	if (s == STATUS_OK)
		in->summary.index_rows = total.rows;
	if (s != STATUS_OK)
		error_at(e, in->index);
	findings_free(&faults);
	return s;
}

/* --- what has no line ------------------------------------------------------------------------- */

static enum status take_unlisted(struct rows *r, struct found_certificate *c, struct error *e)
{
	struct import *in = r->in;
	struct found_entry *entry = import_crl_entry(in, c->serial, c->serial_len);
	struct row_parts p = row_parts_new();
	X509 *x;
	enum status s;

	if (c->serial_len == 0)
		return import_note(in, r->findings, RULE_SERIAL_ZERO, c->file, e,
				   "has serial number 0 and is left out");
	x = import_parse(c);
	s = x ? row_parts_describe(c, x, &p, e) : error_memory(e);
	if (entry) {
		entry->known = true;
		p.row.state = CERT_REVOKED;
		p.row.revocation = entry->revocation;
	}
	if (s == STATUS_OK && in->index)
		s = import_note(in, r->findings, RULE_NOT_IN_INDEX, c->file, e,
				"is not in index.txt");
	if (s == STATUS_OK)
		s = hand_over(r, &p, e);
	row_parts_free(&p);
	X509_free(x);
	return s;
}

static enum status take_entry(struct rows *r, const struct found_entry *entry, struct error *e)
{
	struct row_parts p = row_parts_new();
	char hex[2 * SERIAL_MAX + 1];
	enum status s;

	if (entry->serial_len == 0)
		return STATUS_OK;
	hex_encode((struct span){entry->serial, entry->serial_len}, hex);
	p.row.intent.serial = (struct span){entry->serial, entry->serial_len};
	p.row.intent.not_after = r->in->summary.not_after;
	p.row.state = CERT_REVOKED;
	p.row.revocation = entry->revocation;
	s = import_note(r->in, r->findings, RULE_CRL_UNKNOWN, r->in->last_crl->file, e,
			"revokes serial number %s, which is nowhere else", hex);
	return s == STATUS_OK ? hand_over(r, &p, e) : s;
}

static void forget(struct import *in)
{
	for (size_t i = 0; i < in->certificate_count; i++)
		in->certificates[i].in_index = false;
	for (size_t i = 0; i < in->revoked_count; i++)
		in->revoked[i].known = false;
}

enum status import_each_row(struct import *in, import_row *visit, void *context, struct findings *f,
			    struct error *e)
{
	struct rows r = {.in = in, .visit = visit, .context = context, .findings = f};
	enum status s = serial_set_new(&r.serials, e);

	forget(in);
	if (s == STATUS_OK && in->index)
		s = read_index(&r, e);
	for (size_t i = 0; i < in->certificate_count && s == STATUS_OK; i++) {
		struct found_certificate *c = &in->certificates[i];

		/* A root that its index does not list was made apart, under a number of its own. */
		if (c->place == PLACE_ISSUED && !c->in_index)
			s = take_unlisted(&r, c, e);
	}
	for (size_t i = 0; i < in->revoked_count && s == STATUS_OK; i++)
		if (!in->revoked[i].known)
			s = take_entry(&r, &in->revoked[i], e);
	serial_set_free(r.serials);
	return s;
}
