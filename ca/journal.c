#include "ca/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"

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
	struct text text = {0};
	json_t *o = json_object();
	enum status s;

	*e = (struct error){0};
	if (o && add_change(o, change, seq, e))
		s = json_text(o, JSON_SORT_KEYS | JSON_COMPACT, &text, e);
	else /* what fails without a word of its own is an allocation */
		s = e->status == STATUS_OK ? error_memory(e) : e->status;
	json_decref(o);
	if (s == STATUS_OK)
		*out = text.data;
	else
		text_free(&text);
	return s;
}

enum status journal_chain(const unsigned char previous[SHA256_SIZE], const char *canonical,
			  unsigned char hash[SHA256_SIZE], struct error *e)
{
	if (!digest_of(DIGEST_SHA256, (struct span){previous, SHA256_SIZE}, span_text(canonical),
		       hash))
		return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "SHA-256 failed");
	return STATUS_OK;
}
