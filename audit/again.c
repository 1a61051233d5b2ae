/* audit/audit.h: the certificates once more, and in words. */
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/scan.h"

struct again {
	struct audit *audit;
	audit_visit *visit;
	void *context;
	unsigned char *seen; /* a bit for each record */
};

static enum status visit_bytes(struct again *a, struct span der, struct error *e)
{
	unsigned char fingerprint[FINGERPRINT_SIZE];
	uint32_t record;

	estate_fingerprint(der, fingerprint);
	record = estate_find(&a->audit->estate, fingerprint);
	/* Unknown: the file changed since it was read first. */
	if (record == RECORD_NONE || (a->seen[record / 8] >> record % 8 & 1))
		return STATUS_OK;
	a->seen[record / 8] |= (unsigned char)(1u << record % 8);
	return a->visit(a->context, record, der, e);
}

static enum status visit_row(void *context, struct span der, struct error *e)
{
	return visit_bytes(context, der, e);
}

static enum status visit_file(void *context, struct span der, uint32_t source, struct error *e)
{
	(void)source;
	return visit_bytes(context, der, e);
}

static enum status read_again(struct again *a, struct error *e)
{
	struct estate *t = &a->audit->estate;
	const struct scan_visitor visitor = {
		.certificate = visit_file, .context = a, .again = true};
	enum status s = STATUS_OK;

	for (uint32_t i = 0; s == STATUS_OK && i < t->source_count; i++) {
		if (!t->sources[i].is_store)
			s = scan_file(t, i, &visitor, e);
		else if (a->audit->has_ledger)
			s = ledger_each(authority_store(a->audit->authority), visit_row, a, e);
	}
	return s;
}

enum status audit_each(struct audit *a, audit_visit *visit, void *context, struct error *e)
{
	const struct estate *t = &a->estate;
	struct again again = {a, visit, context, NULL};
	enum status s = STATUS_OK;

	if (!t->cache_full) {
		for (uint32_t i = 0; s == STATUS_OK && i < t->count; i++)
			s = visit(context, i, span_of(&t->cache[i]), e);
		return s;
	}
	again.seen = calloc(t->count / 8 + 1, 1);
	s = again.seen ? read_again(&again, e) : error_memory(e);
	free(again.seen);
	return s;
}

/* --- labels ----------------------------------------------------------------------------------- */

struct describing {
	struct audit *audit;
	unsigned char *wanted; /* a bit for each record; NULL: all */
	size_t room;
};

static void want(struct describing *d, uint32_t record)
{
	if (d->wanted && record != RECORD_NONE)
		d->wanted[record / 8] |= (unsigned char)(1u << record % 8);
}

static char *serial_text(struct span s)
{
	char *out;

	while (s.len > 1 && s.data[0] == 0)
		s = (struct span){s.data + 1, s.len - 1};
	out = malloc(2 * s.len + 1);
	if (out)
		hex_encode(s, out);
	return out;
}

static enum status fill(struct audit_label *l, const struct audit_certificate *c, struct error *e)
{
	struct text subject = {0}, issuer = {0};
	enum status s = audit_name_text(c->subject, &subject, e);

	if (s == STATUS_OK)
		s = audit_name_text(c->issuer, &issuer, e);
	l->subject = subject.data;
	l->issuer = issuer.data;
	l->serial = serial_text(c->serial);
	audit_key_text(c->spki, l->key, sizeof l->key);
	if (s == STATUS_OK)
		s = sha256(c->der, l->sha256, e);
	if (s == STATUS_OK && (!l->subject || !l->issuer || !l->serial))
		s = error_memory(e);
	return s;
}

static enum status describe_one(void *context, uint32_t record, struct span der, struct error *e)
{
	struct describing *d = context;
	struct audit *a = d->audit;
	struct audit_certificate c;
	struct audit_label *labels;
	enum status s;

	if (d->wanted && !(d->wanted[record / 8] >> record % 8 & 1))
		return STATUS_OK;
	if (a->label_count == d->room) {
		d->room = d->room ? d->room * 2 : 64;
		labels = reallocarray(a->labels, d->room, sizeof *labels);
		if (!labels)
			return error_memory(e);
		a->labels = labels;
	}
	s = audit_certificate_read(der, &c, e);
	if (s != STATUS_OK)
		return s;
	a->labels[a->label_count] = (struct audit_label){.record = record};
	s = fill(&a->labels[a->label_count++], &c, e);
	audit_certificate_free(&c);
	return s;
}

static int by_record(const void *a, const void *b)
{
	const struct audit_label *x = a, *y = b;

	return x->record < y->record ? -1 : x->record > y->record;
}

enum status audit_describe(struct audit *a, struct error *e)
{
	struct describing d = {.audit = a};
	const struct estate *t = &a->estate;
	enum status s = STATUS_OK;

	a->lists_all = t->count <= LABELS_MAX;
	if (!a->lists_all) {
		d.wanted = calloc(t->count / 8 + 1, 1);
		if (!d.wanted)
			return error_memory(e);
		for (size_t i = 0; i < t->findings.count; i++) {
			want(&d, t->findings.items[i].record);
			want(&d, t->findings.items[i].other);
		}
		for (size_t i = 0; i < a->issuers.count; i++)
			want(&d, a->issuers.items[i].record);
		want(&d, a->authority_record);
	}
	s = audit_each(a, describe_one, &d, e);
	if (a->label_count)
		qsort(a->labels, a->label_count, sizeof *a->labels, by_record);
	free(d.wanted);
	return s;
}

const struct audit_label *audit_label_find(const struct audit *a, uint32_t record)
{
	const struct audit_label wanted = {.record = record};

	if (!a->label_count || record == RECORD_NONE)
		return NULL;
	return bsearch(&wanted, a->labels, a->label_count, sizeof wanted, by_record);
}
