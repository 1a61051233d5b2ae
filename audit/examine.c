#include "audit/examine.h"

#include <stdlib.h>
#include <string.h>

#include "audit/scan.h"
#include "base/file.h"

/* --- the CA ----------------------------------------------------------------------------------- */

/* A CA that cannot be opened is told of, and the files in its folder are read all the same. */
static enum status tell_unreadable(struct audit *a, const char *folder, const struct error *problem,
				   struct error *e)
{
	struct text why = {0};
	const char *where = problem->where[0] ? problem->where : folder;
	enum status s;

	text_printf(&why, "%s%s%s%s", problem->what, problem->detail[0] ? " (" : "",
		    problem->detail, problem->detail[0] ? ")" : "");
	s = text_check(&why, e);
	if (s == STATUS_OK)
		s = estate_add_unread(&a->estate, where, text_get(&why), e);
	if (s == STATUS_OK)
		s = findings_say(&a->estate.findings, &audit_rules[AUDIT_store_unreadable],
				 RECORD_NONE, RECORD_NONE, where, e, "%s", text_get(&why));
	text_free(&why);
	return s;
}

static bool has_ca(const char *folder)
{
	char *conf = path_join(folder, AUTHORITY_CONF);
	bool there = conf && file_exists(conf);

	free(conf);
	return there;
}

static enum status open_authority(struct audit *a, struct error *e)
{
	const char *folder = a->order->directory;
	struct error problem = {0};
	enum status s;

	if (!folder || (!a->order->directory_given && !has_ca(folder)))
		return STATUS_OK;
	s = authority_open(folder, STORE_READ, &a->authority, &problem);
	if (s == STATUS_OK) {
		a->has_ledger = true;
		a->drift.path = authority_profiles(a->authority);
		a->drift.urls = authority_urls(a->authority);
		a->drift.issuer = authority_certificate(a->authority);
		return STATUS_OK;
	}
	if (s == STATUS_NOT_FOUND) {
		*e = problem;
		return s;
	}
	return tell_unreadable(a, folder, &problem, e);
}

static enum status open_index(struct audit *a, struct error *e)
{
	struct error problem = {0};
	enum status s;

	if (!a->order->openssl)
		return STATUS_OK;
	s = audit_index_read(&a->estate, a->order->openssl, &a->index, &problem);
	if (s == STATUS_OK) {
		a->has_ledger = true;
		return STATUS_OK;
	}
	if (s == STATUS_NOT_FOUND)
		return error_set(e, STATUS_NOT_FOUND, a->order->openssl,
				 "name the folder that has index.txt in it: for easy-rsa, pki",
				 "is no folder of openssl ca or easy-rsa (no index.txt in it)");
	return tell_unreadable(a, a->order->openssl, &problem, e);
}

/* --- sources ---------------------------------------------------------------------------------- */

static enum status find_files(struct audit *a, struct error *e)
{
	const struct audit_order *o = a->order;
	enum status s = STATUS_OK;

	if (o->directory && (o->directory_given || has_ca(o->directory)))
		s = scan_walk(&a->estate, o->directory, true, e);
	if (s == STATUS_OK && o->openssl)
		s = scan_walk(&a->estate, o->openssl, true, e);
	for (size_t i = 0; s == STATUS_OK && i < o->path_count; i++)
		s = scan_walk(&a->estate, o->paths[i], false, e);
	return s;
}

static enum status add_certificate(void *context, struct span der, uint32_t source, struct error *e)
{
	struct audit *a = context;
	uint32_t record;

	return estate_add(&a->estate, der, source, RECORD_IN_FILE, &record, e);
}

static enum status add_crl(void *context, struct span der, uint32_t source, struct error *e)
{
	struct audit *a = context;
	enum status s = crls_add(&a->crls, der, source, e);

	if (s == STATUS_OK)
		a->estate.sources[source].crls++;
	return s;
}

static void tell_rows(void *context, uint64_t done, uint64_t all)
{
	audit_progress(context, "Reading the store", done, all);
}

static enum status read_ledger(struct audit *a, struct error *e)
{
	char *path = path_join(a->order->directory, AUTHORITY_STORE);
	struct ledger_order o = {
		.now = a->order->now,
		.store = authority_store(a->authority),
		.path = path,
		.drift = &a->drift,
		.tell = tell_rows,
		.context = a,
	};
	struct error problem = {0};
	uint32_t source;
	enum status s = path ? estate_add_source(&a->estate, path, true, true, &source, e)
			     : error_memory(e);

	if (s == STATUS_OK) {
		s = ledger_read(&o, &a->estate, source, &a->ledger, &problem);
		if (s == STATUS_DAMAGED || s == STATUS_BUSY) {
			a->has_ledger = false;
			s = tell_unreadable(a, a->order->directory, &problem, e);
		} else if (s != STATUS_OK) {
			*e = problem;
		}
	}
	free(path);
	return s;
}

static enum status read_files(struct audit *a, struct error *e)
{
	const struct scan_visitor visitor = {
		.certificate = add_certificate, .crl = add_crl, .context = a};
	enum status s = STATUS_OK;

	for (uint32_t i = 0; s == STATUS_OK && i < a->estate.source_count; i++) {
		audit_progress(a, "Reading files", i, a->estate.source_count);
		if (!a->estate.sources[i].is_store)
			s = scan_file(&a->estate, i, &visitor, e);
	}
	return s;
}

enum status audit_examine(struct audit *a, struct error *e)
{
	unsigned char fingerprint[FINGERPRINT_SIZE];
	enum status s = open_authority(a, e);

	if (s == STATUS_OK)
		s = open_index(a, e);
	if (s == STATUS_OK && a->authority)
		s = read_ledger(a, e);
	if (s == STATUS_OK)
		s = find_files(a, e);
	if (s == STATUS_OK)
		s = read_files(a, e);
	if (s == STATUS_OK && a->authority) {
		estate_fingerprint(authority_certificate_der(a->authority), fingerprint);
		a->authority_record = estate_find(&a->estate, fingerprint);
	}
	return s;
}

/* --- issuers ---------------------------------------------------------------------------------- */

/* The names that somebody is issued under, sorted. */
struct names {
	uint64_t *items;
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void make_distinct(struct names *n)
{
	size_t kept = 0;

	if (n->count)
		qsort(n->items, n->count, sizeof *n->items, by_name);
	for (size_t i = 0; i < n->count; i++)
		if (kept == 0 || n->items[kept - 1] != n->items[i])
			n->items[kept++] = n->items[i];
	n->count = kept;
}

#define NAMES_STEP 65536

static enum status gather_names(const struct audit *a, struct names *n, struct error *e)
{
	size_t room = 2 * NAMES_STEP + a->crls.count;

	n->items = malloc(room * sizeof *n->items);
	if (!n->items)
		return error_memory(e);
	for (size_t i = 0; i < a->crls.count; i++)
		n->items[n->count++] = a->crls.items[i].issuer;
	for (uint32_t i = 0; i < a->estate.count; i++) {
		/* Nearly all have one of few issuers: what was gathered is thinned out at times. */
		if (n->count == room) {
			make_distinct(n);
			if (room - n->count < NAMES_STEP) {
				uint64_t *items = reallocarray(n->items, room *= 2, sizeof *items);

				if (!items)
					return error_memory(e);
				n->items = items;
			}
		}
		n->items[n->count++] = a->estate.records[i].issuer;
	}
	make_distinct(n);
	return STATUS_OK;
}

static enum status add_issuer(void *context, uint32_t record, struct span der, struct error *e)
{
	struct audit *a = context;

	return issuers_add(&a->issuers, &a->estate, record, der, e);
}

/* Of an openssl ca: the issuer in its folder under whose name most of the others stand. */
static void choose_authority(struct audit *a)
{
	size_t most = 0;

	for (size_t i = 0; i < a->issuers.count; i++) {
		const struct audit_issuer *x = &a->issuers.items[i];
		size_t count = 0;

		if (!a->estate.sources[a->estate.records[x->record].source].is_own)
			continue;
		for (uint32_t k = 0; k < a->estate.count; k++)
			count += a->estate.records[k].issuer == x->subject && k != x->record;
		/* A root before an intermediate that has as many below it. */
		if (count > most || (count == most && count &&
				     (a->estate.records[x->record].flags & RECORD_SELF_ISSUED))) {
			most = count;
			a->authority_record = x->record;
		}
	}
}

enum status audit_find_issuers(struct audit *a, struct error *e)
{
	unsigned char *wanted = calloc(a->estate.count / 8 + 1, 1);
	struct names names = {0};
	enum status s = wanted ? gather_names(a, &names, e) : error_memory(e);

	for (uint32_t i = 0; s == STATUS_OK && i < a->estate.count; i++)
		if (names.count && bsearch(&a->estate.records[i].subject, names.items, names.count,
					   sizeof *names.items, by_name))
			audit_set_bit(wanted, i);
	if (s == STATUS_OK)
		s = audit_each(a, wanted, add_issuer, a, e);
	free(names.items);
	free(wanted);
	issuers_sort(&a->issuers);
	if (s == STATUS_OK && a->order->openssl && a->authority_record == RECORD_NONE)
		choose_authority(a);
	if (a->authority_record != RECORD_NONE)
		a->authority_key = a->estate.records[a->authority_record].spki;
	return s;
}
