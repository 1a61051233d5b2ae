#include "ca/lint/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

/* What names a revoked certificate: its serial number and, in an indirect CRL, its issuer. */
struct identity {
	struct span serial, issuer; /* into the CRL */
};

/*
 * Entries in ascending order are only compared with the one before. Of others all identities are kept
 * from the first on that is out of place: those before it were in order, and are read once more.
 */
struct walk {
	struct identity last;
	struct identity *seen; /* NULL while they are in order */
	size_t count, room;
	struct span issuer; /* certificateIssuer holds for the entries after it too */
};

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

/* Of an entry that was decoded; issuer goes on for those after it. */
static struct identity identify(const LINT_EXTENSION *certificate_issuer, struct span der,
				struct span *issuer)
{
	struct der_piece inside, serial;
	struct identity found = {.serial = {NULL, 0}};
	struct span rest = der, value;

	if (certificate_issuer) {
		/* The entry is decoded into copies that do not stay. */
		value = lint_string(certificate_issuer->value);
		issuer->data = memmem(der.data, der.len, value.data, value.len);
		issuer->len = issuer->data ? value.len : 0;
	}
	if (der_next(&rest, &inside) && der_next(&inside.content, &serial))
		found.serial = serial.content;
	found.issuer = *issuer;
	return found;
}

static enum status keep(struct walk *w, const struct identity *one, struct error *e)
{
	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 64;
		struct identity *seen = reallocarray(w->seen, room, sizeof *seen);

		if (!seen)
			return error_memory(e);
		w->seen = seen;
		w->room = room;
	}
	w->seen[w->count++] = *one;
	return STATUS_OK;
}

/* Those that were in order, before the one that is not. */
static enum status keep_all_before(const struct lint_subject *s, struct walk *w, struct error *e)
{
	struct span rest = s->entries.der, issuer = {NULL, 0};
	struct der_piece list;
	enum status status = STATUS_OK;

	rest = der_next(&rest, &list) ? list.content : (struct span){NULL, 0};
	for (size_t i = 1; status == STATUS_OK && i < s->entry.number; i++) {
		struct lint_decoded known[LINT_KNOWN_COUNT] = {{NULL, NULL}};
		const unsigned char *at = rest.data;
		LINT_REVOKED *raw = d2i_LINT_REVOKED(NULL, &at, (long)rest.len);
		struct span der = {rest.data, (size_t)(at - rest.data)};
		struct identity one;

		if (!raw)
			return error_memory(e);
		lint_known_read(raw->extensions, LINT_CRL_ENTRY, known);
		one = identify(known[LINT_CERTIFICATE_ISSUER].raw, der, &issuer);
		status = keep(w, &one, e);
		lint_known_free(known);
		LINT_REVOKED_free(raw);
		rest = (struct span){at, rest.len - der.len};
	}
	return status;
}

static void note_duplicate(struct lint_entries *all, const struct identity *one)
{
	if (!all->duplicates++)
		all->duplicate = one->serial;
}

static enum status remember(struct lint_subject *s, struct walk *w, struct error *e)
{
	const struct lint_entry *entry = &s->entry;
	struct identity one = identify(entry->known[LINT_CERTIFICATE_ISSUER].raw, entry->der,
				       &w->issuer);
	int order = entry->number > 1 ? compare(&w->last, &one) : -1;
	enum status status = STATUS_OK;

	if (order > 0 && !s->entries.unordered) {
		s->entries.unordered = entry->number;
		status = keep_all_before(s, w, e);
	}
	if (status == STATUS_OK && s->entries.unordered)
		status = keep(w, &one, e);
	else if (order == 0)
		note_duplicate(&s->entries, &one);
	w->last = one;
	return status;
}

/* A sort and not a table of hashes: nobody can choose serial numbers that make it slow. */
static void find_duplicates(struct lint_entries *all, struct walk *w)
{
	if (!w->seen)
		return;
	all->duplicates = 0;
	qsort(w->seen, w->count, sizeof *w->seen, compare);
	for (size_t i = 1; i < w->count; i++)
		if (compare(&w->seen[i - 1], &w->seen[i]) == 0)
			note_duplicate(all, &w->seen[i]);
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
	status = remember(s, w, e);
	if (status == STATUS_OK)
		status = look(s, context, e);
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
	struct span rest = s->entries.der;
	struct der_piece list;
	struct walk w = {0};
	enum status status = STATUS_OK;

	if (rest.len && !der_next(&rest, &list))
		s->entries.unreadable = 1;
	else if (s->entries.der.len)
		rest = list.content;
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
