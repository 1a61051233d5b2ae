#include "audit/crl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/lint.h"

static const struct span none = {NULL, 0};

static int64_t seconds(const ASN1_TIME *t)
{
	struct tm fields;

	return t && ASN1_TIME_to_tm(t, &fields) == 1 ? timegm(&fields) : 0;
}

static int64_t number_of(const X509_CRL *crl)
{
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int64_t out = -1;

	if (n && ASN1_INTEGER_get_int64(&out, n) != 1)
		out = INT64_MAX;
	ASN1_INTEGER_free(n);
	ERR_clear_error();
	return out;
}

enum status crls_add(struct audit_crls *c, struct span der, uint32_t source, struct error *e)
{
	const unsigned char *at = der.data;
	struct audit_crl new = {.source = source};
	struct span issuer = {NULL, 0};

	estate_fingerprint(der, new.fingerprint);
	for (size_t i = 0; i < c->count; i++)
		if (memcmp(c->items[i].fingerprint, new.fingerprint, FINGERPRINT_SIZE) == 0)
			return STATUS_OK;
	if (c->count == c->room) {
		size_t room = c->room ? c->room * 2 : 8;
		struct audit_crl *items = reallocarray(c->items, room, sizeof *items);

		if (!items)
			return error_memory(e);
		c->items = items;
		c->room = room;
	}
	new.crl = d2i_X509_CRL(NULL, &at, (long)der.len);
	if (!new.crl || at != der.data + der.len ||
	    X509_NAME_get0_der(X509_CRL_get_issuer(new.crl), &issuer.data, &issuer.len) != 1) {
		X509_CRL_free(new.crl);
		return error_openssl(e, STATUS_INPUT, NULL, NULL, "is no CRL");
	}
	new.issuer = estate_hash(issuer, none);
	new.number = number_of(new.crl);
	new.delta = X509_CRL_get_ext_by_NID(new.crl, NID_delta_crl, -1) >= 0;
	new.this_update = seconds(X509_CRL_get0_lastUpdate(new.crl));
	new.next_update = seconds(X509_CRL_get0_nextUpdate(new.crl));
	c->items[c->count++] = new;
	return STATUS_OK;
}

void crls_free(struct audit_crls *c)
{
	for (size_t i = 0; i < c->count; i++)
		X509_CRL_free(c->items[i].crl);
	free(c->items);
	*c = (struct audit_crls){0};
}

/* --- judging ---------------------------------------------------------------------------------- */

struct judging {
	struct audit_crls *crls;
	struct estate *estate;
	const struct crl_order *order;
	struct error *error;
};

static const char *path_of(const struct judging *j, const struct audit_crl *c)
{
	return j->estate->sources[c->source].path;
}

static enum status verify(struct judging *j, struct audit_crl *c,
			  const struct audit_issuers *issuers)
{
	size_t count;
	const struct audit_issuer *first = issuers_find(issuers, c->issuer, &count);

	for (size_t i = 0; i < count && !c->signer; i++)
		if (first[i].key && X509_CRL_verify(c->crl, first[i].key) == 1)
			c->signer = &first[i];
	ERR_clear_error();
	if (count && !c->signer)
		return findings_say(&j->estate->findings, &audit_rules[AUDIT_crl_signature],
				    RECORD_NONE, RECORD_NONE, path_of(j, c), j->error,
				    "the CRL is not signed by the issuer that it names");
	return STATUS_OK;
}

/* By the rules that ours are held to before they are published. */
static enum status lint(struct judging *j, const struct audit_crl *c)
{
	struct findings found = {0};
	struct bytes der = {0};
	enum status s = der_encode(c->crl, (i2d_of_void *)i2d_X509_CRL, &der, j->error);

	if (s == STATUS_OK)
		s = lint_crl(span_of(&der), c->signer ? span_of(&c->signer->der) : none, &found,
			     j->error);
	for (size_t i = 0; s == STATUS_OK && i < found.count; i++) {
		const struct finding *f = &found.items[i];

		s = findings_say(&j->estate->findings, f->rule, RECORD_NONE, RECORD_NONE,
				 path_of(j, c), j->error, "%s%s%s", f->where, *f->where ? " " : "",
				 f->message);
	}
	findings_free(&found);
	bytes_free(&der);
	return s;
}

/* By signer's key, complete ones before deltas, the newest first. */
static int by_age(const void *a, const void *b)
{
	const struct audit_crl *x = a, *y = b;
	uint64_t key_x = x->signer ? x->signer->spki : 0, key_y = y->signer ? y->signer->spki : 0;

	if (key_x != key_y)
		return key_x < key_y ? -1 : 1;
	if (x->delta != y->delta)
		return x->delta ? 1 : -1;
	if (x->number != y->number)
		return x->number > y->number ? -1 : 1;
	return x->this_update > y->this_update ? -1 : x->this_update < y->this_update;
}

static enum status judge_age(struct judging *j, const struct audit_crl *c)
{
	if (c->next_update == 0 || c->next_update > j->order->now)
		return STATUS_OK;
	return findings_say(&j->estate->findings, &audit_rules[AUDIT_crl_stale], RECORD_NONE,
			    RECORD_NONE, path_of(j, c), j->error,
			    "the newest CRL here ended %" PRId64 " days ago",
			    (j->order->now - c->next_update) / 86400);
}

/* Between the numbers of one signer, deltas included, none may be missing and none twice. */
static int by_number(const void *a, const void *b)
{
	const struct audit_crl *x = *(const struct audit_crl *const *)a,
			       *y = *(const struct audit_crl *const *)b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static enum status judge_step(struct judging *j, const struct audit_crl *a,
			      const struct audit_crl *b)
{
	struct audit_findings *f = &j->estate->findings;

	if (a->number < 0 || b->number - a->number == 1)
		return STATUS_OK;
	/* A complete CRL and a delta made together share a number (RFC 5280 5.2.3). */
	if (a->number == b->number && a->delta != b->delta)
		return STATUS_OK;
	if (a->number == b->number)
		return findings_say(f, &audit_rules[AUDIT_crl_gap], RECORD_NONE, RECORD_NONE,
				    path_of(j, b), j->error,
				    "two different CRLs have the number %" PRId64, b->number);
	return findings_say(f, &audit_rules[AUDIT_crl_gap], RECORD_NONE, RECORD_NONE, path_of(j, b),
			    j->error, "the CRLs here go from number %" PRId64 " to %" PRId64,
			    a->number, b->number);
}

static enum status judge_numbers(struct judging *j, const struct audit_crl *first, size_t count)
{
	const struct audit_crl **sorted = calloc(count, sizeof *sorted);
	enum status s = sorted ? STATUS_OK : error_memory(j->error);

	for (size_t i = 0; sorted && i < count; i++)
		sorted[i] = &first[i];
	if (sorted)
		qsort(sorted, count, sizeof *sorted, by_number);
	for (size_t i = 1; s == STATUS_OK && i < count; i++)
		s = judge_step(j, sorted[i - 1], sorted[i]);
	free(sorted);
	return s;
}

/* --- against the record ----------------------------------------------------------------------- */

struct listed {
	uint64_t serial; /* as audit_record's */
	const X509_REVOKED *entry;
	bool known;
};

struct listing {
	struct listed *items;
	size_t count;
};

static int by_serial(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static bool removes(const X509_REVOKED *entry)
{
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	bool out = reason && ASN1_ENUMERATED_get(reason) == CRL_REASON_REMOVE_FROM_CRL;

	ASN1_ENUMERATED_free(reason);
	return out;
}

static enum status add_entries(struct listing *l, const struct audit_crl *c, struct error *e)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(c->crl);
	size_t count = entries ? (size_t)sk_X509_REVOKED_num(entries) : 0;
	struct listed *items = reallocarray(l->items, l->count + count + 1, sizeof *items);
	struct span issuer = {NULL, 0};

	if (!items)
		return error_memory(e);
	l->items = items;
	X509_NAME_get0_der(X509_CRL_get_issuer(c->crl), &issuer.data, &issuer.len);
	for (size_t i = 0; i < count; i++) {
		const X509_REVOKED *x = sk_X509_REVOKED_value(entries, (int)i);
		const ASN1_INTEGER *n = X509_REVOKED_get0_serialNumber(x);

		if (removes(x))
			continue;
		items[l->count++] = (struct listed){
			estate_hash(issuer, (struct span){ASN1_STRING_get0_data(n),
							  (size_t)ASN1_STRING_length(n)}),
			x, false};
	}
	return STATUS_OK;
}

static enum status say_unknown(struct judging *j, const struct audit_crl *c,
			       const struct listed *item)
{
	const ASN1_INTEGER *n = X509_REVOKED_get0_serialNumber(item->entry);
	char serial[129] = "";

	if (ASN1_STRING_length(n) <= 64)
		hex_encode((struct span){ASN1_STRING_get0_data(n), (size_t)ASN1_STRING_length(n)},
			   serial);
	return findings_say(&j->estate->findings, &audit_rules[AUDIT_listed_not_revoked],
			    RECORD_NONE, RECORD_NONE, path_of(j, c), j->error,
			    "it lists serial %s, which is not revoked in the record", serial);
}

static enum status judge_record(struct judging *j, const struct audit_crl *c, struct listing *l,
				uint32_t at)
{
	struct audit_record *r = &j->estate->records[at];
	const struct listed wanted = {r->serial, NULL, false};
	struct listed *found = NULL;

	if (!(r->flags & RECORD_OF_CA))
		return STATUS_OK;
	if (l->count)
		found = bsearch(&wanted, l->items, l->count, sizeof *l->items, by_serial);
	if (found) {
		r->flags |= RECORD_LISTED;
		found->known = found->known || (r->flags & RECORD_REVOKED);
		return STATUS_OK;
	}
	/* What has expired may leave the CRL (RFC 5280 3.3). */
	if (!(r->flags & RECORD_REVOKED) || r->not_after < j->order->now)
		return STATUS_OK;
	return findings_say(&j->estate->findings, &audit_rules[AUDIT_revoked_not_listed], at,
			    RECORD_NONE, NULL, j->error, "it is revoked, and %s",
			    c ? "the newest CRL here does not list it" : "there is no CRL here");
}

/* newest: the CA's last complete CRL, NULL where there is none; delta: the last one after it. */
static enum status reconcile(struct judging *j, const struct audit_crl *newest,
			     const struct audit_crl *delta)
{
	struct listing l = {0};
	enum status s = newest ? add_entries(&l, newest, j->error) : STATUS_OK;

	if (s == STATUS_OK && delta)
		s = add_entries(&l, delta, j->error);
	if (l.count)
		qsort(l.items, l.count, sizeof *l.items, by_serial);
	for (uint32_t i = 0; s == STATUS_OK && i < j->estate->count; i++)
		s = judge_record(j, newest, &l, i);
	for (size_t i = 0; s == STATUS_OK && newest && i < l.count; i++)
		if (!l.items[i].known)
			s = say_unknown(j, newest, &l.items[i]);
	free(l.items);
	return s;
}

/* --- all of them ------------------------------------------------------------------------------ */

static size_t group_end(const struct audit_crls *c, size_t first)
{
	size_t end = first + 1;

	while (end < c->count && c->items[end].signer && c->items[first].signer &&
	       c->items[end].signer->spki == c->items[first].signer->spki)
		end++;
	return end;
}

/* A group is what one key signed, sorted by by_age(). */
static enum status judge_group(struct judging *j, const struct audit_crl *first, size_t count)
{
	enum status s = judge_age(j, first);

	return s == STATUS_OK ? judge_numbers(j, first, count) : s;
}

static enum status reconcile_group(struct judging *j, const struct audit_crl *first, size_t count)
{
	const struct audit_crl *delta = NULL;

	if (first->delta)
		return reconcile(j, NULL, NULL);
	for (size_t i = 0; i < count && !delta; i++)
		if (first[i].delta && first[i].number > first->number)
			delta = &first[i];
	return reconcile(j, first, delta);
}

enum status crls_judge(struct audit_crls *c, struct estate *t, const struct audit_issuers *issuers,
		       const struct crl_order *order, struct error *e)
{
	struct judging j = {c, t, order, e};
	bool reconciled = !order->has_ledger || !order->authority_key;
	enum status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < c->count; i++)
		s = verify(&j, &c->items[i], issuers);
	for (size_t i = 0; s == STATUS_OK && i < c->count; i++)
		s = lint(&j, &c->items[i]);
	if (c->count)
		qsort(c->items, c->count, sizeof *c->items, by_age);
	for (size_t i = 0, end; s == STATUS_OK && i < c->count; i = end) {
		const struct audit_crl *first = &c->items[i];

		end = group_end(c, i);
		if (!first->signer)
			continue;
		s = judge_group(&j, first, end - i);
		if (s == STATUS_OK && !reconciled && first->signer->spki == order->authority_key) {
			s = reconcile_group(&j, first, end - i);
			reconciled = true;
		}
	}
	return s == STATUS_OK && !reconciled ? reconcile(&j, NULL, NULL) : s;
}
