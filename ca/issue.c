#include "ca/issue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/lint.h"
#include "ca/name.h"
#include "ca/sign.h"
#include "csr/key.h"
#include "csr/name_judge.h"

/* Others who count serials at the same time; more tries than anybody has processes. */
#define RENUMBER_TRIES 1000

struct issue_draft {
	unsigned char serial[SERIAL_MAX];
	size_t serial_len;
	unsigned char spki_sha256[SHA256_SIZE], request_sha256[SHA256_SIZE];
	X509_ALGOR *algorithm;
	struct bytes issuer_der;
	struct cert_plan *plan;
	struct lint_passed *passed;
	struct differences differences;
	struct text subject;
};

void issue_draft_free(struct issue_draft *d)
{
	if (!d)
		return;
	X509_ALGOR_free(d->algorithm);
	bytes_free(&d->issuer_der);
	plan_free(d->plan);
	lint_passed_free(d->passed);
	differences_free(&d->differences);
	text_free(&d->subject);
	free(d);
}

static EVP_PKEY *issuer_key(const struct issue_order *order)
{
	return order->issuer ? X509_get0_pubkey(order->issuer) : csr_request_key(order->request);
}

/* 159 bits: 20 octets whose first bit is 0, so that the number is positive (RFC 5280 4.1.2.2). */
static enum status choose_serial(struct store *store, const struct issue_order *order,
				 struct issue_draft *d, struct error *e)
{
	if (order->first_serial.len)
		return store_next_serial(store, order->first_serial, d->serial, &d->serial_len, e);
	do {
		if (random_bytes(d->serial, SERIAL_MAX, e) != STATUS_OK)
			return error_status(e);
		d->serial[0] &= 0x7F;
		/* A leading zero octet would be a shorter number; one in 128 is drawn again. */
	} while (d->serial[0] == 0);
	d->serial_len = SERIAL_MAX;
	return STATUS_OK;
}

struct earlier {
	const struct issue_order *order;
	const unsigned char *request_sha256;
};

/*
 * A row that is reserved counts: another process is about to sign it, or was interrupted after it
 * may have.
 */
static enum status check_earlier(void *context, const struct store_row *row, struct error *e)
{
	const struct earlier *seen = context;
	const char *portal = seen->order->profile->portal;
	char serial[2 * SERIAL_MAX + 1];
	struct span request = {seen->request_sha256, SHA256_SIZE};

	if (row->state == CERT_FAILED)
		return STATUS_OK;
	hex_encode(row->intent.serial, serial);
	if (*portal && *row->intent.portal && strcmp(portal, row->intent.portal) != 0)
		return error_set(e, STATUS_REFUSED, "key",
				 "make a new request in the portal: each needs a key of its own",
				 "certificate %s carries it already, for %s; one key never serves "
				 "both portals",
				 serial, row->intent.portal);
	if (!span_equal(row->intent.request_sha256, request) || seen->order->reissue)
		return STATUS_OK;
	if (row->state == CERT_RESERVED)
		return error_set(e, STATUS_REFUSED, "request",
				 "wait for the other 'subca sign'; where there is none it was "
				 "interrupted, and --reissue REASON signs anew",
				 "is being signed already, as %s", serial);
	return error_set(e, STATUS_REFUSED, "request",
			 "'subca show' gives that one again; --reissue REASON signs anew",
			 "was signed before, as %s", serial);
}

static enum status check_store(struct store *store, const struct issue_order *order,
			       const struct issue_draft *d, struct error *e)
{
	struct earlier seen = {order, d->request_sha256};
	const struct store_filter same_key = {.spki_sha256 = {d->spki_sha256, SHA256_SIZE}};

	if (order->issuer && EVP_PKEY_eq(csr_request_key(order->request), issuer_key(order)) == 1)
		return error_set(e, STATUS_REFUSED, "key", "make the request with its own key",
				 "is the CA's own key");
	return store_each(store, &same_key, check_earlier, &seen, e);
}

static enum status make_plan(const struct issue_order *order, struct issue_draft *d,
			     struct findings *findings, struct error *e)
{
	const struct plan_input in = {
		.profile = order->profile,
		.request = order->request,
		.issuer = order->issuer,
		.urls = order->urls,
		.algorithm = d->algorithm,
		.serial = {d->serial, d->serial_len},
		.now = order->now,
		.days = order->days,
		.not_after = order->not_after,
		.fit = order->fit,
	};

	plan_free(d->plan);
	d->plan = NULL;
	lint_passed_free(d->passed);
	d->passed = NULL;
	if (plan_make(&in, &d->plan, e) != STATUS_OK)
		return error_status(e);
	return lint_tbs(plan_tbs(d->plan), d->algorithm, span_of(&d->issuer_der), findings,
			&d->passed, e);
}

/* The first error among own refuses; all of own goes to findings, also then. */
static enum status settle(const char *part, struct findings *own, struct findings *findings,
			  struct error *e)
{
	enum status s = STATUS_OK;
	struct error memory;

	for (size_t i = 0; s == STATUS_OK && i < own->count; i++)
		if (own->items[i].severity == SEVERITY_ERROR)
			s = error_set(e, STATUS_REFUSED, part, own->items[i].rule->todo, "%s",
				      own->items[i].message);
	if (findings_move(findings, own, &memory) != STATUS_OK) {
		*e = memory;
		s = memory.status;
	}
	return s;
}

/* Proof of possession says that somebody holds the key, not that nobody else can. */
static enum status judge_key(const struct issue_order *order, struct findings *findings,
			     struct error *e)
{
	struct findings own = {0};
	enum status s = csr_key_check(csr_request_key(order->request), &own, e);

	if (s == STATUS_OK)
		s = csr_key_check_listed(csr_request_key(order->request), order->weak_keys, &own,
					 e);
	if (s == STATUS_OK)
		s = settle("key", &own, findings, e);
	findings_free(&own);
	return s;
}

static enum status judge_name(const struct issue_order *order, struct findings *findings,
			      struct error *e)
{
	struct findings own = {0};
	enum status s = csr_name_check(csr_request_name(order->request), order->profile->portal,
				       &own, e);

	if (s == STATUS_OK)
		s = settle("subject", &own, findings, e);
	findings_free(&own);
	return s;
}

static enum status describe(const struct issue_order *order, struct issue_draft *d, struct error *e)
{
	const char *digest = order->profile->digest;

	name_show(csr_request_name(order->request), &d->subject);
	if (text_check(&d->subject, e) != STATUS_OK ||
	    sha256(csr_request_spki(order->request), d->spki_sha256, e) != STATUS_OK ||
	    sha256(csr_request_der(order->request), d->request_sha256, e) != STATUS_OK)
		return error_status(e);
	if (order->issuer &&
	    der_encode(order->issuer, (i2d_of_void *)i2d_X509, &d->issuer_der, e) != STATUS_OK)
		return error_status(e);
	return signature_algorithm_for(issuer_key(order), *digest ? digest : NULL, &d->algorithm,
				       e);
}

enum status issue_draft(struct store *store, const struct issue_order *order,
			struct issue_draft **out, struct findings *findings, struct error *e)
{
	struct issue_draft *d = calloc(1, sizeof *d);
	enum status s = d ? describe(order, d, e) : error_memory(e);

	if (s == STATUS_OK)
		s = judge_key(order, findings, e);
	if (s == STATUS_OK)
		s = judge_name(order, findings, e);
	if (s == STATUS_OK)
		s = check_store(store, order, d, e);
	if (s == STATUS_OK)
		s = choose_serial(store, order, d, e);
	if (s == STATUS_OK)
		s = make_plan(order, d, findings, e);
	/* Of the same subject, in which csr_name_spaces has found more: once is enough. */
	findings_drop(findings, "name_blank", "subject");
	if (s == STATUS_OK)
		s = differences_find(order->request, d->plan, &d->differences, e);
	if (s != STATUS_OK) {
		issue_draft_free(d);
		return s;
	}
	*out = d;
	return STATUS_OK;
}

const struct cert_plan *issue_draft_plan(const struct issue_draft *d)
{
	return d->plan;
}

const struct differences *issue_draft_differences(const struct issue_draft *d)
{
	return &d->differences;
}

struct span issue_draft_serial(const struct issue_draft *d)
{
	return (struct span){d->serial, d->serial_len};
}

static enum status reserve_once(struct store *store, const struct issue_order *order,
				const struct issue_draft *d, struct error *e)
{
	const struct store_intent intent = {
		.serial = {d->serial, d->serial_len},
		.profile = order->profile->name,
		.portal = order->profile->portal,
		.subject = text_get(&d->subject),
		.subject_der = csr_request_subject(order->request),
		.spki_sha256 = {d->spki_sha256, SHA256_SIZE},
		.plan_hash = {plan_hash(d->plan), SHA256_SIZE},
		.request_sha256 = {d->request_sha256, SHA256_SIZE},
		.reason = order->reissue ? order->reissue : "",
		.not_before = plan_not_before(d->plan),
		.not_after = plan_not_after(d->plan),
	};
	struct earlier seen = {order, d->request_sha256};
	const struct store_condition not_twice = {
		.filter = {.spki_sha256 = {d->spki_sha256, SHA256_SIZE}},
		.visit = check_earlier,
		.context = &seen,
	};

	return store_reserve_if(store, &intent, &not_twice, order->now, e);
}

/* A serial that somebody took since the draft is drawn anew: the plan changes, so it is linted anew. */
static enum status reserve(struct store *store, const struct issue_order *order,
			   struct issue_draft *d, struct error *e)
{
	enum status s = reserve_once(store, order, d, e);

	for (int i = 0; s == STATUS_EXISTS && i < RENUMBER_TRIES; i++) {
		struct findings again = {0};

		s = choose_serial(store, order, d, e);
		if (s == STATUS_OK)
			s = make_plan(order, d, &again, e);
		if (s == STATUS_OK)
			s = reserve_once(store, order, d, e);
		findings_free(&again);
	}
	return s;
}

enum status issue_commit(struct store *store, const struct issue_order *order,
			 struct issue_draft *d, struct signer *signer, struct bytes *certificate,
			 struct error *e)
{
	struct span serial;
	struct findings again = {0};
	struct bytes der = {0};
	struct error ignored;
	enum status s = check_store(store, order, d, e);

	if (s != STATUS_OK || signer_ready(signer, e) != STATUS_OK ||
	    reserve(store, order, d, e) != STATUS_OK)
		return error_status(e);
	serial = issue_draft_serial(d);
	s = ca_sign(d->passed, signer, issuer_key(order), &der, e);
	if (s == STATUS_OK)
		s = lint_certificate(span_of(&der), span_of(&d->issuer_der), &again, e);
	if (s == STATUS_OK && findings_count(&again, SEVERITY_ERROR))
		s = error_set(e, STATUS_INTERNAL, NULL, "report this as a bug",
			      "the signed certificate fails the lint that its plan passed");
	findings_free(&again);
	if (s != STATUS_OK) {
		/* The serial stays burnt either way; a row left reserved is found and reported. */
		if (store_fail(store, serial, e->what, order->now, &ignored) != STATUS_OK)
			ignored.status = STATUS_OK;
	} else {
		s = store_issue(store, serial, span_of(&der), order->now, e);
	}
	if (s == STATUS_OK)
		*certificate = der;
	else
		bytes_free(&der);
	return s;
}
