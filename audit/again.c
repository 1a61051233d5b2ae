/* audit/audit.h: the certificates once more, and in words. */
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/scan.h"

struct again {
	struct audit *audit;
	const unsigned char *wanted;
	audit_visit *visit;
	void *context;
	unsigned char *seen; /* a bit for each record */
	uint32_t left;	     /* that are wanted and were not seen */
	uint32_t next;	     /* of the store's records, in the order of its rows */
};

static enum status visit_record(struct again *a, uint32_t record, struct span der, struct error *e)
{
	if (audit_bit(a->seen, record) || !audit_bit(a->wanted, record))
		return STATUS_OK;
	audit_set_bit(a->seen, record);
	a->left--;
	return a->visit(a->context, record, der, e);
}

/* What ends a reading before its end. */
static enum status go_on(const struct again *a, enum status s, struct error *e)
{
	return s != STATUS_OK || a->left
		       ? s
		       : error_set(e, STATUS_DECLINED, NULL, NULL, "all are seen");
}

static enum status visit_bytes(struct again *a, struct span der, struct error *e)
{
	unsigned char fingerprint[FINGERPRINT_SIZE];
	uint32_t record;

	estate_fingerprint(der, fingerprint);
	record = estate_find(&a->audit->estate, fingerprint);
	/* Unknown: no certificate, as it may be in a file, or the file changed since it was read. */
	if (record == RECORD_NONE)
		return error_set(e, STATUS_INPUT, NULL, NULL, "was not seen before");
	return go_on(a, visit_record(a, record, der, e), e);
}

/* As long as rows come in the order of the records, the record need not be looked for. */
static enum status visit_row(void *context, int64_t number, struct span der, struct error *e)
{
	struct again *a = context;
	const struct estate *t = &a->audit->estate;

	while (a->next < t->count && t->records[a->next].row && t->records[a->next].row < number)
		a->next++;
	if (a->next == t->count || t->records[a->next].row != number) {
		enum status s = visit_bytes(a, der, e);

		return s == STATUS_INPUT ? STATUS_OK : s;
	}
	return go_on(a, visit_record(a, a->next, der, e), e);
}

static enum status visit_file(void *context, struct span der, uint32_t source, struct error *e)
{
	(void)source;
	return visit_bytes(context, der, e);
}

static enum status read_source(struct again *a, uint32_t source, struct error *e)
{
	const struct scan_visitor visitor = {
		.certificate = visit_file, .context = a, .again = true};
	struct estate *t = &a->audit->estate;
	struct error problem = {0};
	enum status s = STATUS_OK;

	if (!t->sources[source].is_store)
		s = scan_file(t, source, &visitor, &problem);
	else if (a->audit->has_ledger)
		s = store_each_der(authority_store(a->audit->authority), visit_row, a, &problem);
	if (s == STATUS_DECLINED && a->left == 0)
		return STATUS_OK;
	if (s != STATUS_OK)
		*e = problem;
	return s;
}

static enum status read_again(struct again *a, struct error *e)
{
	enum status s = STATUS_OK;

	for (uint32_t i = 0; s == STATUS_OK && a->left && i < a->audit->estate.source_count; i++)
		s = read_source(a, i, e);
	return s;
}

enum status audit_each(struct audit *a, const unsigned char *wanted, audit_visit *visit,
		       void *context, struct error *e)
{
	const struct estate *t = &a->estate;
	struct again again = {.audit = a, .wanted = wanted, .visit = visit, .context = context};
	enum status s = STATUS_OK;

	if (!t->cache_full) {
		for (uint32_t i = 0; s == STATUS_OK && i < t->count; i++)
			if (audit_bit(wanted, i))
				s = visit(context, i, span_of(&t->cache[i]), e);
		return s;
	}
	for (uint32_t i = 0; i < t->count; i++)
		again.left += audit_bit(wanted, i);
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
		audit_set_bit(d->wanted, record);
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
	s = audit_each(a, d.wanted, describe_one, &d, e);
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
