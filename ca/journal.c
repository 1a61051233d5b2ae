#include "ca/journal.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *const own_events[] = {
	"create",  "upgrade", "reserve",     "issue",	    "fail",	"revoke",    "hold",
	"release", "adopt",   "crl-reserve", "crl-publish", "crl-fail", "crl-adopt",
};

bool journal_event_is_own(const char *event)
{
	for (size_t i = 0; i < sizeof own_events / sizeof *own_events; i++) {
		if (strcmp(event, own_events[i]) == 0)
			return true;
	}
	return false;
}

/* Names and reasons come from requests and people; what is not UTF-8 must not stop the record. */
static json_t *json_any_text(const char *s)
{
	json_t *value = json_string(s);
	struct text escaped = {0};

	if (value)
		return value;
	text_add_escaped(&escaped, span_text(s));
	if (!escaped.failed)
		value = json_string(text_get(&escaped));
	text_free(&escaped);
	return value;
}

static json_t *json_hex(struct span s)
{
	json_t *value;
	char *hex = malloc(2 * s.len + 1);

	if (!hex)
		return NULL;
	hex_encode(s, hex);
	value = json_string(hex);
	free(hex);
	return value;
}

/* json_object_set_new() takes the value over also when it fails, and fails for NULL. */
static bool add(json_t *o, const char *key, json_t *value)
{
	return json_object_set_new(o, key, value) == 0;
}

static bool add_digest(json_t *o, const char *key, struct span of, struct error *e)
{
	unsigned char digest[SHA256_SIZE];

	return sha256(of, digest, e) == STATUS_OK &&
	       add(o, key, json_hex((struct span){digest, sizeof digest}));
}

static bool add_intent(json_t *o, const struct store_intent *i, struct error *e)
{
	return add(o, "profile", json_any_text(i->profile)) &&
	       add(o, "portal", json_any_text(i->portal)) &&
	       add(o, "subject", json_any_text(i->subject)) &&
	       add_digest(o, "subject_sha256", i->subject_der, e) &&
	       add(o, "spki_sha256", json_hex(i->spki_sha256)) &&
	       add(o, "plan_sha256", json_hex(i->plan_hash)) &&
	       add(o, "request_sha256", json_hex(i->request_sha256)) &&
	       add(o, "reason", json_any_text(i->reason)) &&
	       add(o, "not_before", json_integer(i->not_before)) &&
	       add(o, "not_after", json_integer(i->not_after)) &&
	       (i->replaces.len == 0 || add(o, "replaces", json_hex(i->replaces)));
}

static bool add_revocation(json_t *o, const struct store_revocation *r)
{
	return add(o, "revoked_at", json_integer(r->at)) &&
	       add(o, "revocation_reason", json_integer(r->reason)) &&
	       (r->invalidity_at == 0 || add(o, "invalidity_at", json_integer(r->invalidity_at))) &&
	       (r->compromised_at == 0 ||
		add(o, "compromised_at", json_integer(r->compromised_at)));
}

/* Before it is published a CRL has no octets to tell of. */
static bool add_crl(json_t *o, const struct store_crl *c)
{
	return add(o, "crl_number", json_integer(c->number)) &&
	       (c->base == STORE_NO_CRL || add(o, "base_crl_number", json_integer(c->base))) &&
	       add(o, "this_update", json_integer(c->this_update)) &&
	       add(o, "next_update", json_integer(c->next_update)) &&
	       add(o, "reflects", json_integer(c->reflects)) &&
	       (c->origin[0] == '\0' || add(o, "origin", json_any_text(c->origin))) &&
	       (c->size == 0 ||
		(add(o, "entries", json_integer(c->entries)) &&
		 add(o, "size", json_integer(c->size)) &&
		 add(o, "crl_sha256", json_hex((struct span){c->sha256, SHA256_SIZE}))));
}

static bool add_adoption(json_t *o, const struct journal_adoption *a)
{
	return add(o, "origin", json_any_text(a->origin)) &&
	       add(o, "rows", json_integer(a->rows)) &&
	       add(o, "revoked", json_integer(a->revoked)) &&
	       add(o, "rows_sha256", json_hex((struct span){a->digest, SHA256_SIZE}));
}

static bool add_store(json_t *o, struct error *e)
{
	unsigned char id[16];

	return random_bytes(id, sizeof id, e) == STATUS_OK &&
	       add(o, "store", json_hex((struct span){id, sizeof id})) &&
	       add(o, "version", json_integer(STORE_VERSION));
}

static bool add_lifecycle(json_t *o, const struct journal_change *c)
{
	return (!c->revocation || add_revocation(o, c->revocation)) &&
	       (!c->crl || add_crl(o, c->crl)) && (!c->adoption || add_adoption(o, c->adoption));
}

static bool add_change(json_t *o, const struct journal_change *c, int64_t seq, struct error *e)
{
	if (!add(o, "seq", json_integer(seq)) || !add(o, "time", json_integer(c->time)) ||
	    !add(o, "event", json_any_text(c->event)))
		return false;
	if (strcmp(c->event, "create") == 0 && !add_store(o, e))
		return false;
	if (c->serial.len && !add(o, "serial", json_hex(c->serial)))
		return false;
	if (c->intent && !add_intent(o, c->intent, e))
		return false;
	if (c->der.len && !add_digest(o, "certificate_sha256", c->der, e))
		return false;
	if (!add_lifecycle(o, c))
		return false;
	return !c->detail || add(o, "detail", json_any_text(c->detail));
}

enum status journal_canonical(const struct journal_change *change, int64_t seq, char **out,
			      struct error *e)
{
	enum status s = STATUS_OK;
	json_t *o = json_object();

	/* What fails in here without a word of its own is an allocation. */
	error_memory(e);
	*out = o && add_change(o, change, seq, e) ? json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT)
						  : NULL;
	if (!*out)
		s = e->status;
	json_decref(o);
	return s;
}

enum status journal_chain(const unsigned char previous[SHA256_SIZE], const char *canonical,
			  unsigned char hash[SHA256_SIZE], struct error *e)
{
	size_t len = strlen(canonical);
	struct bytes both = {malloc(SHA256_SIZE + len), SHA256_SIZE + len};
	enum status s;

	if (!both.data)
		return error_memory(e);
	memcpy(both.data, previous, SHA256_SIZE);
	memcpy(both.data + SHA256_SIZE, span_text(canonical).data, len);
	s = sha256(span_of(&both), hash, e);
	bytes_free(&both);
	return s;
}

static enum status damaged(int64_t seq, const char *what, struct error *e)
{
	return error_set(e, STATUS_DAMAGED, NULL,
			 "restore the store from a backup, and find out who changed it",
			 "journal row %lld %s", (long long)seq, what);
}

enum status journal_read(const char *canonical, int64_t seq, int64_t *time,
			 char event[JOURNAL_EVENT_SIZE], struct error *e)
{
	enum status s = STATUS_OK;
	json_error_t problem;
	json_t *o = json_loads(canonical, JSON_REJECT_DUPLICATES, &problem);
	const json_t *at = json_object_get(o, "time");
	const char *name = json_string_value(json_object_get(o, "event"));

	if (!json_is_integer(at) || !name || strlen(name) >= JOURNAL_EVENT_SIZE)
		s = damaged(seq, "is not what subca wrote", e);
	else if (json_integer_value(json_object_get(o, "seq")) != seq)
		s = damaged(seq, "holds the text of another row", e);
	if (s == STATUS_OK) {
		*time = json_integer_value(at);
		memcpy(event, name, strlen(name) + 1);
	}
	json_decref(o);
	return s;
}

struct verifier {
	int64_t seq;
	unsigned char hash[SHA256_SIZE];
	journal_visit *visit; /* NULL: nobody looks on */
	void *context;
};

static enum status verify_row(void *context, const struct journal_row *row, struct error *e)
{
	struct verifier *v = context;
	unsigned char expected[SHA256_SIZE];
	enum status s;

	if (row->seq != v->seq + 1)
		return damaged(v->seq + 1, "is missing", e);
	if (row->seq == 1 && strcmp(row->event, "create") != 0)
		return damaged(row->seq, "does not tell how the store was made", e);
	s = journal_chain(v->hash, row->canonical, expected, e);
	if (s != STATUS_OK)
		return s;
	if (memcmp(expected, row->hash, SHA256_SIZE) != 0)
		return damaged(row->seq, "does not follow from the one before it", e);
	v->seq = row->seq;
	memcpy(v->hash, expected, SHA256_SIZE);
	return v->visit ? v->visit(v->context, row, e) : STATUS_OK;
}

enum status journal_verify(struct store *s, struct error *e)
{
	return journal_verify_each(s, NULL, NULL, e);
}

enum status journal_verify_each(struct store *s, journal_visit *visit, void *context,
				struct error *e)
{
	struct verifier v = {.visit = visit, .context = context};
	enum status status = journal_each(s, verify_row, &v, e);

	if (status == STATUS_OK && v.seq == 0)
		status = journal_head(s, &v.seq, v.hash, e); /* says that there is none */
	return status;
}
