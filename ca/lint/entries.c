#include "ca/lint/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

/* What names a revoked certificate: its serial number and, in an indirect CRL, its issuer. */
struct identity {
	struct span serial, issuer; /* into the CRL */
};

struct walk {
	struct identity *seen;
	size_t count, room;
	struct span issuer; /* certificateIssuer holds for the entries after it too */
};

/* The content of the value that at begins with; false where it is cut off. */
static bool step_into(struct span at, struct span *content)
{
	const unsigned char *p = at.data;
	int tag, class, flags;
	long len = 0;

	ERR_set_mark();
	flags = ASN1_get_object(&p, &len, &tag, &class,
				at.len < LONG_MAX ? (long)at.len : LONG_MAX);
	ERR_pop_to_mark();
	if (flags & 0x81)
		return false;
	*content = (struct span){p, (size_t)len};
	return true;
}

static int compare_spans(struct span a, struct span b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len ? memcmp(a.data, b.data, a.len) : 0;
}

static int compare(const void *x, const void *y)
{
	const struct identity *a = x, *b = y;
	int order = compare_spans(a->issuer, b->issuer);

	return order ? order : compare_spans(a->serial, b->serial);
}

static enum status remember(struct walk *w, const struct lint_entry *entry, struct error *e)
{
	const LINT_EXTENSION *issuer = entry->known[LINT_CERTIFICATE_ISSUER].raw;
	struct span inside = {NULL, 0}, serial = {NULL, 0}, value;

	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 64;
		struct identity *seen = reallocarray(w->seen, room, sizeof *seen);

		if (!seen)
			return error_memory(e);
		w->seen = seen;
		w->room = room;
	}
	if (issuer) {
		/* The entry is decoded into copies that do not stay. */
		value = lint_string(issuer->value);
		w->issuer.data = memmem(entry->der.data, entry->der.len, value.data, value.len);
		w->issuer.len = w->issuer.data ? value.len : 0;
	}
	if (step_into(entry->der, &inside))
		(void)step_into(inside, &serial);
	w->seen[w->count++] = (struct identity){serial, w->issuer};
	return STATUS_OK;
}

static void note_order(struct lint_entries *all, const struct walk *w)
{
	if (w->count > 1 && !all->unordered &&
	    compare(&w->seen[w->count - 2], &w->seen[w->count - 1]) > 0)
		all->unordered = w->count;
}

/* A sort and not a table of hashes: nobody can choose serial numbers that make it slow. */
static void find_duplicates(struct lint_entries *all, struct walk *w)
{
	if (all->unordered && w->seen)
		qsort(w->seen, w->count, sizeof *w->seen, compare);
	for (size_t i = 1; i < w->count; i++) {
		if (compare(&w->seen[i - 1], &w->seen[i]) != 0)
			continue;
		if (!all->duplicates++)
			all->duplicate = w->seen[i].serial;
	}
}

static enum status look_at(struct lint_subject *s, struct walk *w, lint_look *look, void *context,
			   struct error *e)
{
	const LINT_REVOKED *raw = s->entry.raw;
	enum status status;

	lint_time_read(raw->date->type, raw->date->value.asn1_string, &s->entry.date);
	lint_known_read(raw->extensions, LINT_CRL_ENTRY, s->entry.known);
	s->entries.extensions |= raw->extensions != NULL;
	s->entries.indirect |= s->entry.known[LINT_CERTIFICATE_ISSUER].raw != NULL;
	status = remember(w, &s->entry, e);
	if (status == STATUS_OK) {
		note_order(&s->entries, w);
		status = look(s, context, e);
	}
	lint_known_free(s->entry.known);
	return status;
}

static bool next_entry(struct lint_subject *s, struct span *rest)
{
	const unsigned char *at = rest->data;

	ERR_set_mark();
	s->entry.raw = d2i_LINT_REVOKED(NULL, &at, (long)rest->len);
	ERR_pop_to_mark();
	s->entry.number = ++s->entries.count;
	s->entry.der = (struct span){rest->data, (size_t)(at - rest->data)};
	rest->data += s->entry.der.len;
	rest->len -= s->entry.der.len;
	return s->entry.raw != NULL;
}

enum status lint_entries_walk(struct lint_subject *s, lint_look *look, void *context,
			      struct error *e)
{
	struct span rest = {NULL, 0};
	struct walk w = {0};
	enum status status = STATUS_OK;

	if (s->entries.der.len && !step_into(s->entries.der, &rest))
		s->entries.unreadable = 1;
	while (status == STATUS_OK && rest.len && !s->entries.unreadable) {
		if (next_entry(s, &rest))
			status = look_at(s, &w, look, context, e);
		else
			s->entries.unreadable = s->entries.count;
		LINT_REVOKED_free(s->entry.raw);
		s->entry.raw = NULL;
	}
	find_duplicates(&s->entries, &w);
	free(w.seen);
	return status;
}
