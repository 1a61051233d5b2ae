/* A draft: what is known of a certificate before anything is spent on it. */
#include "ca/issue_step.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/issue_rules.h"
#include "ca/name.h"
#include "ca/policy.h"
#include "csr/key.h"
#include "csr/name_judge.h"

void issue_draft_free(struct issue_draft *d)
{
	if (!d)
		return;
	X509_ALGOR_free(d->algorithm);
	lint_issuer_free(d->issuer_owned);
	bytes_free(&d->issuer_der);
	plan_free(d->plan);
	lint_passed_free(d->passed);
	differences_free(&d->differences);
	text_free(&d->subject);
	free(d);
}

EVP_PKEY *draft_issuer_key(const struct issue_order *order)
{
	return order->issuer ? X509_get0_pubkey(order->issuer) : csr_request_key(order->request);
}

const struct lint_issuer *draft_lint_issuer(const struct issue_order *order,
					    const struct issue_draft *d)
{
	return order->read_issuer ? order->read_issuer : d->issuer_owned;
}

/* 159 bits: 20 octets whose first bit is 0, so that the number is positive (RFC 5280 4.1.2.2). */
enum status draft_draw_serial(struct issue_draft *d, struct error *e)
{
	do {
		if (random_bytes(d->serial, SERIAL_MAX, e) != STATUS_OK)
			return error_status(e);
		d->serial[0] &= 0x7F;
		/* A leading zero octet would be a shorter number; one in 128 is drawn again. */
	} while (d->serial[0] == 0);
	d->serial_len = SERIAL_MAX;
	return STATUS_OK;
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
		.key_identifier = order->key_identifier,
	};

	plan_free(d->plan);
	d->plan = NULL;
	lint_passed_free(d->passed);
	d->passed = NULL;
	if (plan_make(&in, &d->plan, e) != STATUS_OK)
		return error_status(e);
	return lint_tbs(plan_tbs(d->plan), d->algorithm, draft_lint_issuer(order, d), findings,
			&d->passed, e);
}

/* Proof of possession says that somebody holds the key, not that nobody else can. */
static enum status judge_key(const struct issue_order *order, struct findings *findings,
			     struct error *e)
{
	EVP_PKEY *key = csr_request_key(order->request);
	enum status s = csr_key_check(key, findings, e);

	if (s == STATUS_OK)
		s = csr_key_check_listed(key, order->weak_keys, findings, e);
	if (s == STATUS_OK && order->issuer && EVP_PKEY_eq(key, draft_issuer_key(order)) == 1)
		s = findings_add(findings, &issue_rule_table[ISSUE_KEY_OF_ISSUER], "key", e,
				 "is the CA's own key");
	if (s == STATUS_OK)
		s = policy_judge_key(order->profile, key, findings, e);
	return s;
}

static enum status judge_name(const struct issue_order *order, struct findings *findings,
			      struct error *e)
{
	const X509_NAME *name = csr_request_name(order->request);
	enum status s = csr_name_check(name, order->profile->portal, findings, e);

	if (s == STATUS_OK)
		s = policy_judge_subject(order->profile, name, order->issuer, findings, e);
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
	if (order->issuer && !order->read_issuer &&
	    (der_encode(order->issuer, (i2d_of_void *)i2d_X509, &d->issuer_der, e) != STATUS_OK ||
	     lint_issuer_read(span_of(&d->issuer_der), &d->issuer_owned, e) != STATUS_OK))
		return error_status(e);
	return signature_algorithm_for(draft_issuer_key(order), *digest ? digest : NULL,
				       &d->algorithm, e);
}

enum status draft_judge(const struct issue_order *order, struct issue_draft **out,
			struct findings *findings, struct error *e)
{
	struct issue_draft *d = calloc(1, sizeof *d);
	size_t before = findings->count;
	enum status s = d ? describe(order, d, e) : error_memory(e);

	if (s == STATUS_OK)
		s = judge_key(order, findings, e);
	if (s == STATUS_OK)
		s = judge_name(order, findings, e);
	if (s == STATUS_OK)
		s = findings_refuse(findings, before, STATUS_REFUSED, NULL, e);
	if (s != STATUS_OK) {
		issue_draft_free(d);
		return s;
	}
	*out = d;
	return STATUS_OK;
}

enum status draft_plan(const struct issue_order *order, struct issue_draft *d,
		       struct findings *findings, struct error *e)
{
	enum status s = make_plan(order, d, findings, e);

	/* Of the same subject, in which csr_name_spaces has found more: once is enough. */
	findings_drop(findings, "name_blank", "subject");
	return s;
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
