#include "audit/estate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

/* --- hashes ----------------------------------------------------------------------------------- */

static const struct span nothing = {NULL, 0};

/* What fails here has failed in audit_run() and verifier_new(): no digest is a mistake of these. */
void estate_fingerprint(struct span der, unsigned char out[FINGERPRINT_SIZE])
{
	unsigned char digest[SHA256_SIZE] = {0};

	(void)digest_of(DIGEST_SHA256, der, nothing, digest);
	memcpy(out, digest, FINGERPRINT_SIZE);
}

static uint64_t first_bits(const unsigned char digest[static SHA256_SIZE])
{
	uint64_t out;

	memcpy(&out, digest, sizeof out);
	return out ? out : 1;
}

/* a by its digest. */
static uint64_t hash_both(const unsigned char digest[static SHA256_SIZE], struct span b)
{
	unsigned char second[SHA256_SIZE], both[SHA256_SIZE] = {0};

	if (b.len > SHA256_SIZE * 2 && digest_of(DIGEST_SHA256, b, nothing, second))
		b = (struct span){second, sizeof second};
	(void)digest_of(DIGEST_SHA256, (struct span){digest, SHA256_SIZE}, b, both);
	return first_bits(both);
}

uint64_t estate_hash(struct span a, struct span b)
{
	unsigned char digest[SHA256_SIZE] = {0};

	(void)digest_of(DIGEST_SHA256, a, nothing, digest);
	return b.len ? hash_both(digest, b) : first_bits(digest);
}

uint64_t estate_hash_again(struct estate_memo *memo, struct span a)
{
	if (memo->len && span_equal(a, (struct span){memo->octets, memo->len}))
		return memo->hash;
	memset(memo->digest, 0, sizeof memo->digest);
	(void)digest_of(DIGEST_SHA256, a, nothing, memo->digest);
	memo->hash = first_bits(memo->digest);
	memo->len = a.len <= sizeof memo->octets ? a.len : 0;
	if (memo->len)
		memcpy(memo->octets, a.data, a.len);
	return memo->hash;
}

/* --- lists that grow -------------------------------------------------------------------------- */

static bool grow(void **items, size_t size, size_t count, size_t *room)
{
	size_t more = *room ? *room * 2 : 64;
	void *bigger;

	if (count < *room)
		return true;
	bigger = reallocarray(*items, more, size);
	if (!bigger)
		return false;
	*items = bigger;
	*room = more;
	return true;
}

void audit_findings_free(struct audit_findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].where);
		free(f->items[i].message);
	}
	free(f->items);
	free(f->rules);
	*f = (struct audit_findings){0};
}

static void drop_cache(struct estate *t)
{
	for (uint32_t i = 0; i < t->cache_count; i++)
		bytes_free(&t->cache[i]);
	free(t->cache);
	t->cache = NULL;
	t->cache_count = 0;
}

void estate_free(struct estate *t)
{
	for (size_t i = 0; i < t->source_count; i++)
		free(t->sources[i].path);
	for (size_t i = 0; i < t->unread_count; i++) {
		free(t->unread[i].path);
		free(t->unread[i].why);
	}
	drop_cache(t);
	free(t->sources);
	free(t->unread);
	free(t->records);
	free(t->table);
	audit_findings_free(&t->findings);
	*t = (struct estate){0};
}

enum status estate_add_source(struct estate *t, const char *path, bool is_store, bool is_own,
			      uint32_t *out, struct error *e)
{
	struct audit_source *s;

	if (!grow((void **)&t->sources, sizeof *t->sources, t->source_count, &t->source_room))
		return error_memory(e);
	s = &t->sources[t->source_count];
	*s = (struct audit_source){strdup(path), 0, 0, is_store, is_own};
	if (!s->path)
		return error_memory(e);
	*out = (uint32_t)t->source_count++;
	return STATUS_OK;
}

enum status estate_add_unread(struct estate *t, const char *path, const char *why, struct error *e)
{
	struct audit_unread *u;

	if (!grow((void **)&t->unread, sizeof *t->unread, t->unread_count, &t->unread_room))
		return error_memory(e);
	u = &t->unread[t->unread_count];
	*u = (struct audit_unread){strdup(path), strdup(why)};
	if (!u->path || !u->why) {
		free(u->path);
		free(u->why);
		return error_memory(e);
	}
	t->unread_count++;
	return STATUS_OK;
}

/* --- records ---------------------------------------------------------------------------------- */

static uint32_t slot_of(const struct estate *t, const unsigned char fingerprint[FINGERPRINT_SIZE])
{
	uint32_t at;

	memcpy(&at, fingerprint, sizeof at);
	for (at &= t->table_size - 1; t->table[at]; at = (at + 1) & (t->table_size - 1))
		if (memcmp(t->records[t->table[at] - 1].fingerprint, fingerprint,
			   FINGERPRINT_SIZE) == 0)
			break;
	return at;
}

uint32_t estate_find(const struct estate *t, const unsigned char fingerprint[FINGERPRINT_SIZE])
{
	uint32_t at = t->table_size ? slot_of(t, fingerprint) : 0;

	return t->table_size && t->table[at] ? t->table[at] - 1 : RECORD_NONE;
}

/* Grown by half, so that the largest step needs little more than it brings. */
static enum status make_room(struct estate *t, struct error *e)
{
	uint32_t size = t->table_size ? t->table_size : 256, *table;
	uint32_t room = t->room + t->room / 2 + 128;
	struct audit_record *records;

	if (t->count == t->room) {
		records = reallocarray(t->records, room, sizeof *records);
		if (!records)
			return error_memory(e);
		t->records = records;
		t->room = room;
	}
	if (t->table_size && t->count < t->table_size / 4 * 3)
		return STATUS_OK;
	if (t->table_size)
		size *= 2;
	table = calloc(size, sizeof *table);
	if (!table)
		return error_memory(e);
	free(t->table);
	t->table = table;
	t->table_size = size;
	for (uint32_t i = 0; i < t->count; i++)
		t->table[slot_of(t, t->records[i].fingerprint)] = i + 1;
	return STATUS_OK;
}

static void fill(struct estate *t, struct audit_record *r, struct audit_certificate *c)
{
	r->issuer = estate_hash_again(&t->issuer, c->issuer);
	r->serial = c->serial.len ? hash_both(t->issuer.digest, c->serial) : r->issuer;
	r->subject = c->self_issued ? r->issuer : estate_hash(c->subject, nothing);
	r->spki = first_bits(audit_certificate_spki_digest(c));
	r->ski = c->ski.len ? estate_hash(c->ski, (struct span){NULL, 0}) : 0;
	r->not_before = c->not_before;
	r->not_after = c->not_after;
	r->issuer_record = RECORD_NONE;
	r->path_length = c->path_length > INT8_MAX ? INT8_MAX : (int8_t)c->path_length;
	r->flags = (uint16_t)((c->is_ca ? RECORD_CA : 0) |
			      (c->self_issued ? RECORD_SELF_ISSUED : 0));
}

/* All or none: once they do not fit, everything is read again when it is needed. */
static enum status keep_bytes(struct estate *t, struct span der, struct error *e)
{
	struct bytes *cache;

	size_t most = t->cache_most ? t->cache_most : CACHE_MOST;

	if (!t->cache_full && t->cache_bytes + der.len > most) {
		t->cache_full = true;
		drop_cache(t);
	}
	if (t->cache_full)
		return STATUS_OK;
	if (t->cache_count % 1024 == 0) {
		cache = reallocarray(t->cache, t->cache_count + 1024, sizeof *cache);
		if (!cache)
			return error_memory(e);
		t->cache = cache;
	}
	if (bytes_copy(&t->cache[t->cache_count], der, e) != STATUS_OK)
		return error_status(e);
	t->cache_count++;
	t->cache_bytes += der.len;
	return STATUS_OK;
}

static enum status add_fresh(struct estate *t, const struct audit_record *like,
			     struct audit_certificate *c, struct error *e)
{
	struct audit_record *r;

	if (t->count == RECORDS_MAX)
		return error_set(e, STATUS_INPUT, NULL, "audit fewer folders at once",
				 "there are more than %u certificates", RECORDS_MAX);
	if (make_room(t, e) != STATUS_OK || keep_bytes(t, c->der, e) != STATUS_OK)
		return error_status(e);
	r = &t->records[t->count];
	*r = *like;
	fill(t, r, c);
	r->flags |= like->flags;
	t->table[slot_of(t, r->fingerprint)] = ++t->count;
	return STATUS_OK;
}

/* c NULL: to be read where der was not seen before. */
static enum status add(struct estate *t, struct span der, struct audit_certificate *c,
		       const struct audit_record *like, uint32_t *record, struct error *e)
{
	struct audit_certificate own;
	enum status s = STATUS_OK;

	*record = estate_find(t, like->fingerprint);
	if (*record != RECORD_NONE) {
		t->records[*record].flags |= like->flags;
	} else if (c) {
		s = add_fresh(t, like, c, e);
	} else {
		s = audit_certificate_read(der, &own, e);
		if (s == STATUS_OK) {
			s = add_fresh(t, like, &own, e);
			audit_certificate_free(&own);
		}
	}
	if (s == STATUS_OK && *record == RECORD_NONE)
		*record = t->count - 1;
	if (s == STATUS_OK)
		t->sources[like->source].certificates++;
	return s;
}

enum status estate_add(struct estate *t, struct span der, uint32_t source, unsigned flags,
		       uint32_t *record, struct error *e)
{
	struct audit_record like = {.source = source, .flags = (uint16_t)flags};

	estate_fingerprint(der, like.fingerprint);
	return add(t, der, NULL, &like, record, e);
}

enum status estate_add_parsed(struct estate *t, struct audit_certificate *c, uint32_t source,
			      unsigned flags, uint32_t *record, struct error *e)
{
	struct audit_record like = {.source = source, .flags = (uint16_t)flags};

	estate_fingerprint(c->der, like.fingerprint);
	return add(t, c->der, c, &like, record, e);
}

/* --- findings --------------------------------------------------------------------------------- */

static struct audit_overflow *overflow_of(struct audit_findings *f, const struct rule *rule)
{
	struct audit_overflow *rules;

	for (size_t i = 0; i < f->rule_count; i++)
		if (f->rules[i].rule == rule)
			return &f->rules[i];
	rules = reallocarray(f->rules, f->rule_count + 1, sizeof *rules);
	if (!rules)
		return NULL;
	f->rules = rules;
	rules[f->rule_count] = (struct audit_overflow){rule, 0, 0};
	return &rules[f->rule_count++];
}

static void drop(struct audit_finding *finding)
{
	free(finding->where);
	free(finding->message);
}

/* Takes over the finding's text, on failure too. */
static enum status keep(struct audit_findings *f, struct audit_finding *finding, struct error *e)
{
	struct audit_overflow *o = overflow_of(f, finding->rule);

	if (!o || !grow((void **)&f->items, sizeof *f->items, f->count, &f->room)) {
		drop(finding);
		return error_memory(e);
	}
	o->count++;
	if (o->kept == FINDINGS_PER_RULE) {
		drop(finding);
		return STATUS_OK;
	}
	o->kept++;
	f->items[f->count++] = *finding;
	return STATUS_OK;
}

static char *escaped(const char *s)
{
	struct text out = {0};

	text_add_escaped(&out, span_text(s));
	if (!out.data && !out.failed)
		out.data = strdup("");
	return out.failed ? NULL : out.data;
}

enum status findings_say(struct audit_findings *f, const struct rule *rule, uint32_t record,
			 uint32_t other, const char *where, struct error *e, const char *format,
			 ...)
{
	struct audit_finding new = {rule, rule->severity, record, other, NULL, NULL, 0};
	va_list arguments;
	char raw[1024];

	va_start(arguments, format);
	vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	new.message = escaped(raw);
	new.where = where ? escaped(where) : NULL;
	if (!new.message || (where && !new.where)) {
		drop(&new);
		return error_memory(e);
	}
	return keep(f, &new, e);
}

/* What from counted and did not keep is counted on. */
enum status findings_take(struct audit_findings *to, struct audit_findings *from, struct error *e)
{
	enum status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < from->count; i++)
		s = keep(to, &from->items[i], e);
	for (size_t k = 0; s == STATUS_OK && k < from->rule_count; k++) {
		struct audit_overflow *o = overflow_of(to, from->rules[k].rule);

		if (o)
			o->count += from->rules[k].count - from->rules[k].kept;
	}
	for (; i < from->count; i++)
		drop(&from->items[i]);
	from->count = 0;
	audit_findings_free(from);
	return s;
}
