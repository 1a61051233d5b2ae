#include "ca/crl_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "ca/crl_read.h"
#include "ca/lint.h"
#include "ca/revoke.h"
#include "ca/store_serial.h"

#define RULE(name, severity, reference, why, todo) \
	static const struct rule name = {"crl_check_" #name, severity, reference, why, todo}

RULE(signature, SEVERITY_ERROR, "RFC 5280 6.3.3 f", "nobody can trust a word of it",
     "publish the CRL of this CA in its place");
RULE(issuer_name, SEVERITY_ERROR, "RFC 5280 6.3.3 b",
     "no certificate of this CA is looked up in it", "publish the CRL of this CA in its place");
RULE(unknown, SEVERITY_ERROR, "RFC 5280 5.2.3", "the store is not the one that made it",
     "restore the newer store, or 'subca crl --past FILE'");
RULE(other, SEVERITY_ERROR, "RFC 5280 5.2.3", "two stores of this CA were in use",
     "find the other store before the next CRL is made");
RULE(older, SEVERITY_WARNING, "RFC 5280 5.2.3", "clients do not learn of the newest revocations",
     "publish the newest CRL");
RULE(outdated, SEVERITY_ERROR, "RFC 5280 6.3.3", "clients refuse, or stop checking",
     "make a new one with 'subca crl', and publish it");
RULE(foreign, SEVERITY_ERROR, "RFC 5280 5.3", "it revokes what this CA never issued",
     "find out who made it");
RULE(not_revoked, SEVERITY_ERROR, "RFC 5280 5.3", "clients refuse what the store says is valid",
     "find out who made it");
RULE(differs, SEVERITY_ERROR, "RFC 5280 5.3", "the CRL and the store tell different stories",
     "make a new one with 'subca crl', and publish it");
RULE(missing, SEVERITY_ERROR, "RFC 5280 3.3", "clients accept what is revoked",
     "make a new one with 'subca crl', and publish it");
RULE(since, SEVERITY_WARNING, "RFC 5280 3.3", "clients do not know it yet",
     "make a new one with 'subca crl', and publish it");
RULE(released, SEVERITY_WARNING, "RFC 5280 5.3.1", "clients refuse it until the next CRL",
     "make a new one with 'subca crl', and publish it");
RULE(wrong_certificate, SEVERITY_ERROR, "RFC 5280 5.1.2.6",
     "the entry does not hit the certificate that was meant", "restore the store from a backup");

struct listed {
	unsigned char serial[SERIAL_MAX];
	size_t len; /* above SERIAL_MAX: no serial of ours, cut off */
	struct store_revocation revocation;
	bool known;
};

struct checking {
	const struct authority *authority;
	struct crl_check *x;
	struct findings *findings;
	struct crl_view view;
	struct store_crl row; /* of the store; number STORE_NO_CRL: none */
	struct listed *listed;
	size_t count, room;
};

/* Tells of the first few of each rule; the others are counted by their finding at the end. */
static enum status tell(struct checking *c, const struct rule *rule, struct span serial,
			struct error *e, const char *format, ...) PRINTF_LIKE(5, 6);

static enum status tell(struct checking *c, const struct rule *rule, struct span serial,
			struct error *e, const char *format, ...)
{
	char hex[2 * SERIAL_MAX + 1] = "", text[256];
	size_t same = 0;
	va_list arguments;

	for (size_t i = 0; i < c->findings->count; i++)
		same += c->findings->items[i].rule == rule;
	if (same > CRL_CHECK_TOLD)
		return STATUS_OK;
	if (serial.len && serial.len <= SERIAL_MAX)
		hex_encode(serial, hex);
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (same == CRL_CHECK_TOLD)
		return findings_add(c->findings, rule, "", e, "and further ones");
	return findings_add(c->findings, rule, hex, e, "%s", text);
}

/* --- the frame -------------------------------------------------------------------------------- */

static enum status check_frame(struct checking *c, struct error *e)
{
	X509 *issuer = authority_certificate(c->authority);
	struct span none = {NULL, 0};
	struct error why;
	unsigned char *name = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(issuer), &name);
	enum status s = STATUS_OK;

	if (len <= 0)
		return error_memory(e);
	if (!span_equal(c->view.issuer, (struct span){name, (size_t)len}))
		s = tell(c, &issuer_name, none, e, "its issuer is not the subject of this CA");
	OPENSSL_free(name);
	if (s == STATUS_OK && crl_verify(&c->view, X509_get0_pubkey(issuer), &why) != STATUS_OK)
		s = tell(c, &signature, none, e, "this CA's key did not sign it");
	if (s == STATUS_OK && c->view.next_update && c->view.next_update < c->x->now) {
		char date[DATETIME_SIZE];

		datetime_format(c->view.next_update, date);
		s = tell(c, &outdated, none, e, "its nextUpdate was %s", date);
	}
	return s;
}

static enum status find_row(struct checking *c, int64_t number, struct store_crl *row,
			    struct error *e)
{
	struct error why;
	enum status s = store_crl_find(authority_store(c->authority), number, row, &why);

	if (s == STATUS_NOT_FOUND) {
		row->number = STORE_NO_CRL;
		return STATUS_OK;
	}
	if (s != STATUS_OK)
		*e = why;
	return s;
}

static enum status check_number(struct checking *c, struct error *e)
{
	struct span none = {NULL, 0};
	struct store_crl last = {.number = 0};
	struct error why;
	enum status s = find_row(c, c->view.number, &c->row, e);

	if (s != STATUS_OK)
		return s;
	s = store_crl_last(authority_store(c->authority), CRL_PUBLISHED, false, &last, &why);
	if (s != STATUS_OK && s != STATUS_NOT_FOUND) {
		*e = why;
		return s;
	}
	if (c->row.number == STORE_NO_CRL && c->view.number > last.number)
		return tell(c, &unknown, none, e,
			    "number %" PRId64 " is not known here; the last one is %" PRId64,
			    c->view.number, last.number);
	if (c->row.number != STORE_NO_CRL && c->row.size &&
	    memcmp(c->row.sha256, c->x->crl.sha256, SHA256_SIZE) != 0)
		return tell(c, &other, none, e, "the store has another CRL under number %" PRId64,
			    c->view.number);
	/* A complete CRL is not older for a delta that came after it. */
	s = c->view.base == STORE_NO_CRL
		    ? store_crl_last(authority_store(c->authority), CRL_PUBLISHED, true, &last, e)
		    : STATUS_OK;
	if (s == STATUS_OK && c->view.number < last.number)
		s = tell(c, &older, none, e,
			 "number %" PRId64 " is not the last one, which is %" PRId64,
			 c->view.number, last.number);
	return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* --- entries ---------------------------------------------------------------------------------- */

static enum status remember(void *context, const struct store_revoked *r, struct error *e)
{
	struct checking *c = context;
	struct listed *l;

	if (c->count == c->room) {
		size_t room = c->room ? 2 * c->room : 64;
		struct listed *grown = reallocarray(c->listed, room, sizeof *grown);

		if (!grown)
			return error_memory(e);
		c->listed = grown;
		c->room = room;
	}
	l = &c->listed[c->count++];
	*l = (struct listed){.len = r->serial.len, .revocation = r->revocation};
	memcpy(l->serial, r->serial.data, l->len < SERIAL_MAX ? l->len : SERIAL_MAX);
	return STATUS_OK;
}

static struct span serial_of(const struct listed *l)
{
	return (struct span){l->serial, l->len < SERIAL_MAX ? l->len : SERIAL_MAX};
}

static int by_serial(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->serial, y->serial, serial_of(x).len);
}

static struct listed *find_listed(const struct checking *c, struct span serial)
{
	struct listed key = {.len = serial.len};

	memcpy(key.serial, serial.data, serial_of(&key).len);
	return c->count ? bsearch(&key, c->listed, c->count, sizeof key, by_serial) : NULL;
}

static bool same_story(const struct store_revocation *a, const struct store_revocation *b)
{
	int64_t invalid_b = b->invalidity_at ? b->invalidity_at : b->compromised_at;

	return a->at == b->at && a->reason == b->reason && a->invalidity_at == invalid_b;
}

/* A change that the CRL cannot know yet. */
static bool is_later(const struct checking *c, int64_t seq)
{
	return c->row.number != STORE_NO_CRL && c->row.reflects && seq > c->row.reflects;
}

struct state {
	bool found;
	enum cert_state state;
	int64_t seq;
	bool other_serial;
};

static enum status take_state(void *context, const struct store_row *row, struct error *e)
{
	struct state *st = context;
	const unsigned char *at = row->der.data;
	X509 *certificate = row->der.len ? d2i_X509(NULL, &at, (long)row->der.len) : NULL;
	const ASN1_INTEGER *serial = certificate ? X509_get0_serialNumber(certificate) : NULL;

	(void)e;
	*st = (struct state){.found = true, .state = row->state, .seq = row->revocation_seq};
	st->other_serial = row->der.len &&
			   (!serial ||
			    !span_equal(row->intent.serial,
					(struct span){ASN1_STRING_get0_data(serial),
						      (size_t)ASN1_STRING_length(serial)}));
	X509_free(certificate);
	return STATUS_OK;
}

static enum status look_up(const struct checking *c, struct span serial, struct state *st,
			   struct error *e)
{
	struct error why;
	enum status s;

	*st = (struct state){.found = false};
	if (serial_check(serial, &why) != STATUS_OK)
		return STATUS_OK; /* no serial that this store could hold */
	s = store_find(authority_store(c->authority), serial, take_state, st, &why);
	if (s != STATUS_OK && s != STATUS_NOT_FOUND)
		*e = why;
	return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What the store has revoked, held against the CRL. */
static enum status check_revoked(void *context, const struct store_revoked *r, struct error *e)
{
	struct checking *c = context;
	struct listed *listed = find_listed(c, r->serial);
	struct state st;

	if (listed) {
		listed->known = true;
		if (same_story(&listed->revocation, &r->revocation)) {
			c->x->agreed++;
			return STATUS_OK;
		}
	}
	if (look_up(c, r->serial, &st, e) != STATUS_OK)
		return error_status(e);
	if (listed)
		return is_later(c, st.seq)
			       ? tell(c, &since, r->serial, e, "changed after this CRL was made")
			       : tell(c, &differs, r->serial, e,
				      "has another date or reason in the store (%s)",
				      revocation_reason_name(r->revocation.reason));
	/* A delta lists what changed since its base, and expired ones may be gone. */
	if (c->view.base != STORE_NO_CRL || r->not_after < c->view.this_update)
		return STATUS_OK;
	if (is_later(c, st.seq))
		return tell(c, &since, r->serial, e, "was revoked after this CRL was made");
	return tell(c, &missing, r->serial, e, "is revoked in the store, and not in this CRL");
}

/* What the CRL has and the store's revoked ones have not. */
static enum status check_rest(struct checking *c, struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < c->count && s == STATUS_OK; i++) {
		const struct listed *l = &c->listed[i];
		struct state st = {.found = false};

		if (l->known)
			continue;
		s = l->len > SERIAL_MAX ? STATUS_OK : look_up(c, serial_of(l), &st, e);
		if (s != STATUS_OK)
			return s;
		if (!st.found)
			s = tell(c, &foreign, serial_of(l), e, "was never issued here");
		else if (l->revocation.reason == REASON_REMOVE_FROM_CRL && st.state == CERT_ISSUED)
			c->x->agreed++;
		else if (is_later(c, st.seq))
			s = tell(c, &released, serial_of(l), e,
				 "was taken off hold after this CRL was made");
		else
			s = tell(c, &not_revoked, serial_of(l), e, "is %s in the store",
				 cert_state_name(st.state));
	}
	return s;
}

/* The certificates themselves: that each revoked row's DER carries the serial that is listed. */
static enum status check_certificate(void *context, const struct store_row *row, struct error *e)
{
	struct checking *c = context;
	struct state st;

	if (take_state(&st, row, e) != STATUS_OK)
		return error_status(e);
	return st.other_serial ? tell(c, &wrong_certificate, row->intent.serial, e,
				      "its certificate in the store has another serial number")
			       : STATUS_OK;
}

static enum status check_entries(struct checking *c, struct error *e)
{
	struct store *store = authority_store(c->authority);
	const struct store_revoked_filter all = {0};
	const struct store_filter revoked = {.state = CERT_REVOKED};
	enum status s = crl_each_entry(&c->view, remember, c, e);

	if (s != STATUS_OK)
		return s;
	c->x->crl.entries = (int64_t)c->count;
	if (c->count)
		qsort(c->listed, c->count, sizeof *c->listed, by_serial);
	s = store_revoked_each(store, &all, check_revoked, c, e);
	if (s == STATUS_OK)
		s = check_rest(c, e);
	if (s == STATUS_OK)
		s = store_each(store, &revoked, check_certificate, c, e);
	return s;
}

enum status crl_check(const struct authority *a, const char *file, struct crl_check *x,
		      struct findings *findings, struct error *e)
{
	struct checking c = {.authority = a, .x = x, .findings = findings};
	struct file_map map;
	struct bytes owned = {0};
	enum status s = crl_open(file, &map, &owned, &c.view, e);

	if (s != STATUS_OK)
		return s;
	x->crl = (struct store_crl){.number = c.view.number,
				    .base = c.view.base,
				    .this_update = c.view.this_update,
				    .next_update = c.view.next_update,
				    .size = (int64_t)c.view.der.len};
	s = sha256(c.view.der, x->crl.sha256, e);
	if (s == STATUS_OK)
		s = check_frame(&c, e);
	if (s == STATUS_OK)
		s = check_number(&c, e);
	if (s == STATUS_OK)
		s = check_entries(&c, e);
	if (s == STATUS_OK)
		s = lint_crl(c.view.der, authority_certificate_der(a), findings, e);
	free(c.listed);
	bytes_free(&owned);
	file_map_close(&map);
	return s;
}
