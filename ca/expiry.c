#include "ca/expiry.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "ca/plan.h"

/* Profiles of which a CA issued something; more than these are not looked up. */
#define PROFILES_MAX 64

struct search {
	const struct authority *authority;
	const struct expiry_question *question;
	struct expiries *out;
	char *profiles[PROFILES_MAX];
	size_t profile_count;
};

const char *expiry_kind_name(enum expiry_kind kind)
{
	static const char *const names[] = {"certificate", "ca", "issuer", "last-signing"};

	return names[kind];
}

void expiries_free(struct expiries *x)
{
	for (size_t i = 0; i < x->count; i++) {
		free(x->items[i].subject);
		free(x->items[i].profile);
	}
	free(x->items);
	*x = (struct expiries){0};
}

size_t expiries_due(const struct expiries *x)
{
	size_t due = 0;

	for (size_t i = 0; i < x->count; i++)
		due += x->items[i].due;
	return due;
}

static bool asked_for(const struct expiry_question *q, int64_t at)
{
	return at >= q->now - q->past && (q->all || at <= q->now + q->within);
}

/* Takes over nothing; subject and profile are copied. */
static enum status add(struct search *s, struct expiry item, const char *subject,
		       const char *profile, struct error *e)
{
	struct expiries *x = s->out;

	if (x->count == x->room) {
		size_t room = x->room ? 2 * x->room : 64;
		struct expiry *items = realloc(x->items, room * sizeof *items);

		if (!items)
			return error_memory(e);
		x->items = items;
		x->room = room;
	}
	item.due = item.at <= s->question->now + s->question->within;
	item.subject = strdup(subject);
	item.profile = strdup(profile);
	x->items[x->count++] = item;
	return item.subject && item.profile ? STATUS_OK : error_memory(e);
}

/* --- what was issued -------------------------------------------------------------------------- */

static enum status name_hash(const struct store_row *row, unsigned char out[SHA256_SIZE],
			     struct error *e)
{
	struct text t = {0};
	enum status s;

	text_add(&t, row->intent.profile);
	text_append(&t, "", 1);
	text_append(&t, (const char *)row->intent.subject_der.data, row->intent.subject_der.len);
	s = text_check(&t, e);
	if (s == STATUS_OK)
		s = sha256((struct span){(const unsigned char *)t.data, t.len}, out, e);
	text_free(&t);
	return s;
}

static enum status note_profile(struct search *s, const char *profile, struct error *e)
{
	for (size_t i = 0; i < s->profile_count; i++)
		if (strcmp(s->profiles[i], profile) == 0)
			return STATUS_OK;
	if (s->profile_count == PROFILES_MAX)
		return STATUS_OK;
	s->profiles[s->profile_count] = strdup(profile);
	return s->profiles[s->profile_count++] ? STATUS_OK : error_memory(e);
}

static enum status take_row(void *context, const struct store_row *row, struct error *e)
{
	struct search *s = context;
	struct expiry item = {.kind = EXPIRY_CERTIFICATE, .at = row->intent.not_after};

	/* A root's own certificate is a row as well. */
	if (row->der.len == 0 || span_equal(row->der, authority_certificate_der(s->authority)))
		return STATUS_OK;
	if (note_profile(s, row->intent.profile, e) != STATUS_OK)
		return error_status(e);
	if (!asked_for(s->question, item.at))
		return STATUS_OK;
	memcpy(item.serial, row->intent.serial.data, row->intent.serial.len);
	item.serial_len = row->intent.serial.len;
	if (name_hash(row, item.name, e) != STATUS_OK ||
	    sha256(row->der, item.identity, e) != STATUS_OK)
		return error_status(e);
	return add(s, item, row->intent.subject, row->intent.profile, e);
}

/* --- what took its place ---------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return memcmp(((const struct expiry *)a)->name, ((const struct expiry *)b)->name,
		      SHA256_SIZE);
}

/* The subjectAltName of a certificate; NULL where it has none, or is none. */
static ASN1_OCTET_STRING *alt_name(const X509 *x)
{
	int at = x ? X509_get_ext_by_NID(x, NID_subject_alt_name, -1) : -1;

	return at < 0 ? NULL : X509_EXTENSION_get_data(X509_get_ext(x, at));
}

static X509 *parse(struct span der)
{
	const unsigned char *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);

	ERR_clear_error();
	return x;
}

struct successor {
	struct search *search;
	const struct store_row *row;
	X509 *certificate;
};

static enum status hold_against(void *context, const struct store_row *old, struct error *e)
{
	const struct successor *successor = context;
	X509 *x = parse(old->der);
	const ASN1_OCTET_STRING *a = alt_name(x), *b = alt_name(successor->certificate);
	bool same = (!a && !b) || (a && b && ASN1_OCTET_STRING_cmp(a, b) == 0);

	X509_free(x);
	return same ? STATUS_OK : error_set(e, STATUS_REFUSED, NULL, NULL, "another name");
}

static enum status replaces(struct successor *successor, const struct expiry *old, bool *yes,
			    struct error *e)
{
	struct store *store = authority_store(successor->search->authority);
	struct error why;
	enum status s = store_find(store, (struct span){old->serial, old->serial_len}, hold_against,
				   successor, &why);

	*yes = s == STATUS_OK;
	if (s != STATUS_OK && s != STATUS_REFUSED)
		*e = why;
	return s == STATUS_REFUSED ? STATUS_OK : s;
}

/* Marks each item that this row outlives. The items are sorted by name. */
static enum status take_successor(void *context, const struct store_row *row, struct error *e)
{
	struct search *search = context;
	struct successor successor = {.search = search, .row = row};
	struct expiries *x = search->out;
	struct expiry key;
	struct expiry *found;
	enum status s = STATUS_OK;

	/* An empty SEQUENCE is two octets. */
	if (row->intent.subject_der.len <= 2)
		return STATUS_OK;
	if (name_hash(row, key.name, e) != STATUS_OK)
		return error_status(e);
	found = bsearch(&key, x->items, x->count, sizeof key, by_name);
	if (!found)
		return STATUS_OK;
	while (found > x->items && by_name(found - 1, &key) == 0)
		found--;
	successor.certificate = parse(row->der);
	for (; found < x->items + x->count && by_name(found, &key) == 0 && s == STATUS_OK;
	     found++) {
		bool yes = false;

		if (found->kind != EXPIRY_CERTIFICATE || found->at >= row->intent.not_after)
			continue;
		s = replaces(&successor, found, &yes, e);
		if (s == STATUS_OK && yes) {
			memcpy(found->replaced_by, row->intent.serial.data, row->intent.serial.len);
			found->replaced_by_len = row->intent.serial.len;
			found->due = false;
		}
	}
	X509_free(successor.certificate);
	return s;
}

static enum status collect_issued(struct search *s, struct error *e)
{
	struct store *store = authority_store(s->authority);
	const struct store_filter issued = {.state = CERT_ISSUED};
	const struct store_filter living = {.state = CERT_ISSUED, .after = s->question->now};
	enum status status = store_each(store, &issued, take_row, s, e);

	if (status != STATUS_OK || s->out->count == 0)
		return status;
	qsort(s->out->items, s->out->count, sizeof *s->out->items, by_name);
	return store_each(store, &living, take_successor, s, e);
}

/* --- this CA and those above it --------------------------------------------------------------- */

static enum status read_serial(const X509 *x, struct expiry *item, struct error *e)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	int len = n ? BN_num_bytes(n) : 0;

	if (!n)
		return error_memory(e);
	if (len <= SERIAL_MAX) {
		BN_bn2bin(n, item->serial);
		item->serial_len = (size_t)len;
	}
	BN_free(n);
	return STATUS_OK;
}

static enum status add_own(struct search *s, struct span der, enum expiry_kind kind,
			   struct error *e)
{
	struct expiry item = {.kind = kind};
	struct text subject = {0};
	X509 *x = parse(der);
	enum status status = x ? STATUS_OK : error_memory(e);

	if (status == STATUS_OK)
		status = asn1_time_seconds(X509_get0_notAfter(x), &item.at, e);
	/* However long ago one of these ended, nothing works until it is replaced. */
	if (status == STATUS_OK &&
	    (item.at < s->question->now || asked_for(s->question, item.at))) {
		name_show(X509_get_subject_name(x), &subject);
		status = text_check(&subject, e);
		if (status == STATUS_OK)
			status = sha256(der, item.identity, e);
		if (status == STATUS_OK)
			status = read_serial(x, &item, e);
		if (status == STATUS_OK)
			status = add(s, item, text_get(&subject), "", e);
	}
	text_free(&subject);
	X509_free(x);
	return status;
}

struct life {
	int64_t begin, end;
};

/*
 * See validity_plan(): notBefore is set back, and both ends are included. A CA that never could
 * sign for so long has no last day for it.
 */
static enum status add_last_signing(struct search *s, const struct life *ca, int days, int backdate,
				    const char *profile, struct error *e)
{
	struct expiry item = {
		.kind = EXPIRY_LAST_SIGNING,
		.at = ca->end - days * SECONDS_PER_DAY + 1 + backdate,
		.days = days,
	};
	struct text subject = {0};
	enum status status;

	if (!asked_for(s->question, item.at) || item.at < ca->begin || ca->end < s->question->now)
		return STATUS_OK;
	if (sha256(authority_certificate_der(s->authority), item.identity, e) != STATUS_OK)
		return error_status(e);
	name_show(X509_get_subject_name(authority_certificate(s->authority)), &subject);
	status = text_check(&subject, e);
	if (status == STATUS_OK)
		status = add(s, item, text_get(&subject), profile, e);
	text_free(&subject);
	return status;
}

static enum status collect_last_signing(struct search *s, struct error *e)
{
	const X509 *ca = authority_certificate(s->authority);
	struct life life;

	if (asn1_time_seconds(X509_get0_notBefore(ca), &life.begin, e) != STATUS_OK ||
	    asn1_time_seconds(X509_get0_notAfter(ca), &life.end, e) != STATUS_OK)
		return error_status(e);
	if (s->question->child_days)
		return add_last_signing(s, &life, s->question->child_days, 0, "", e);
	for (size_t i = 0; i < s->profile_count; i++) {
		struct profile *p = NULL;
		struct error ignored;
		enum status status;

		/* A profile may be gone since: nothing will be issued by it. */
		if (profile_load(authority_profiles(s->authority), s->profiles[i], &p, &ignored) !=
		    STATUS_OK)
			continue;
		status = p->kind == PROFILE_ROOT
				 ? STATUS_OK
				 : add_last_signing(s, &life, p->days, p->backdate, p->name, e);
		profile_free(p);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static int by_end(const void *a, const void *b)
{
	const struct expiry *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return memcmp(x->serial, y->serial, SERIAL_MAX);
}

enum status expiry_collect(const struct authority *a, const struct expiry_question *q,
			   struct expiries *out, struct error *e)
{
	struct search s = {.authority = a, .question = q, .out = out};
	struct span chain[CHAIN_MAX];
	size_t count = authority_chain(a, chain);
	enum status status = collect_issued(&s, e);

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = add_own(&s, chain[i], i ? EXPIRY_ISSUER : EXPIRY_CA, e);
	if (status == STATUS_OK)
		status = collect_last_signing(&s, e);
	if (status == STATUS_OK && out->count)
		qsort(out->items, out->count, sizeof *out->items, by_end);
	while (s.profile_count)
		free(s.profiles[--s.profile_count]);
	return status;
}
