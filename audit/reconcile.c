/* audit/examine.h: the index of an openssl ca, its own or exported, against what is there. */
#include <stdlib.h>
#include <string.h>

#include "audit/examine.h"
#include "base/file.h"

/* Where the entries of an index are among the records: both by the hash of issuer and serial. */
struct indexed {
	uint64_t serial;
	struct index_entry *entry;
};

struct matching {
	struct audit *audit;
	struct audit_index *index;
	struct indexed *items; /* by serial */
	bool exported;	       /* from our store, else the only record there is */
	size_t missing, wrong; /* in an exported one */
};

static int by_serial(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static enum status find_name(void *context, uint32_t record, struct span der, struct error *e)
{
	struct bytes *name = context;
	struct audit_certificate c;
	enum status s = audit_certificate_read(der, &c, e);

	(void)record;
	if (s == STATUS_OK) {
		s = bytes_copy(name, c.subject, e);
		audit_certificate_free(&c);
	}
	return s;
}

/* The CA's subject, which is the issuer that the serials belong to. */
static enum status authority_name(struct audit *a, struct bytes *name, struct error *e)
{
	for (size_t i = 0; i < a->issuers.count; i++)
		if (a->issuers.items[i].record == a->authority_record)
			return find_name(name, 0, span_of(&a->issuers.items[i].der), e);
	return STATUS_OK;
}

static enum status match(struct matching *m, struct error *e)
{
	struct bytes name = {0};
	enum status s = authority_name(m->audit, &name, e);

	m->items = calloc(m->index->count + 1, sizeof *m->items);
	if (s == STATUS_OK && !m->items)
		s = error_memory(e);
	for (size_t i = 0; s == STATUS_OK && i < m->index->count; i++) {
		struct index_entry *x = &m->index->items[i];

		m->items[i].serial = estate_hash(span_of(&name), (struct span){x->serial, x->len});
		m->items[i].entry = x;
	}
	if (s == STATUS_OK && m->index->count)
		qsort(m->items, m->index->count, sizeof *m->items, by_serial);
	bytes_free(&name);
	return s;
}

static struct index_entry *entry_of(const struct matching *m, const struct audit_record *r)
{
	const struct indexed wanted = {.serial = r->serial};
	const struct indexed *found = m->index->count ? bsearch(&wanted, m->items, m->index->count,
								sizeof wanted, by_serial)
						      : NULL;

	return found ? found->entry : NULL;
}

static void mark(struct matching *m)
{
	for (uint32_t i = 0; i < m->audit->estate.count; i++) {
		struct audit_record *r = &m->audit->estate.records[i];
		struct index_entry *x = entry_of(m, r);

		if (m->exported) {
			/* The root itself need not be in an index. */
			if ((r->flags & RECORD_IN_STORE) && (r->flags & RECORD_OF_CA)) {
				m->missing += !x && i != m->audit->authority_record;
				m->wrong += x && x->revoked != !!(r->flags & RECORD_REVOKED);
			}
		} else if (x) {
			r->flags |= RECORD_INDEXED | (x->revoked ? RECORD_REVOKED : 0);
		}
		if (x)
			x->seen = true;
	}
}

static enum status tell_missing(struct matching *m, struct error *e)
{
	struct audit *a = m->audit;
	enum status s = STATUS_OK;
	char serial[2 * SERIAL_MAX + 1];

	for (size_t i = 0; s == STATUS_OK && i < m->index->count; i++) {
		const struct index_entry *x = &m->index->items[i];

		if (x->seen || x->not_after < a->order->now || x->revoked)
			continue;
		hex_encode((struct span){x->serial, x->len}, serial);
		s = findings_say(&a->estate.findings, &audit_rules[AUDIT_file_missing], RECORD_NONE,
				 RECORD_NONE, m->index->path, e,
				 "serial %s is in the index, and in no file that was examined",
				 serial);
	}
	return s;
}

static enum status tell_stale(struct matching *m, struct error *e)
{
	size_t unknown = 0;

	for (size_t i = 0; i < m->index->count; i++)
		unknown += !m->index->items[i].seen;
	if (!m->missing && !m->wrong && !unknown)
		return STATUS_OK;
	return findings_say(&m->audit->estate.findings, &audit_rules[AUDIT_index_stale],
			    RECORD_NONE, RECORD_NONE, m->index->path, e,
			    "it lacks %zu of the store's certificates, has %zu in another state, "
			    "and %zu that the store does not have",
			    m->missing, m->wrong, unknown);
}

static enum status reconcile_exported(struct audit *a, const char *folder, struct error *e)
{
	struct audit_index exported;
	struct matching m = {.audit = a, .index = &exported, .exported = true};
	struct error problem = {0};
	enum status s = audit_index_read(&a->estate, folder, &exported, &problem);

	if (s == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (s == STATUS_INPUT || s == STATUS_SYSTEM)
		return estate_add_unread(&a->estate, problem.where, problem.what, e);
	s = match(&m, e);
	if (s == STATUS_OK) {
		mark(&m);
		s = tell_stale(&m, e);
	}
	free(m.items);
	audit_index_free(&exported);
	return s;
}

enum status audit_reconcile_index(struct audit *a, struct error *e)
{
	struct matching m = {.audit = a, .index = &a->index};
	enum status s = STATUS_OK;

	if (a->index.path && a->authority_record != RECORD_NONE) {
		s = match(&m, e);
		if (s == STATUS_OK) {
			mark(&m);
			s = tell_missing(&m, e);
		}
		free(m.items);
	}
	if (!a->authority || !a->has_ledger || a->authority_record == RECORD_NONE)
		return s;
	if (s == STATUS_OK)
		s = reconcile_exported(a, a->order->directory, e);
	for (size_t i = 0; s == STATUS_OK && i < a->order->path_count; i++)
		s = reconcile_exported(a, a->order->paths[i], e);
	return s;
}
