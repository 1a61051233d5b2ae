#include "ca/issue_step.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ca/issue_rules.h"
#include "ca/sign.h"

/* Others who count serials at the same time; more tries than anybody has processes. */
#define RENUMBER_TRIES 1000

enum status draft_choose_serial(struct store *store, const struct issue_order *order,
				struct issue_draft *d, struct error *e)
{
	if (order->first_serial.len)
		return store_next_serial(store, order->first_serial, d->serial, &d->serial_len, e);
	return draft_draw_serial(d, e);
}

static bool may_be_given_again(const struct earlier *seen, const struct store_row *row)
{
	const struct issue_order *order = seen->order;

	return seen->again && row->state == CERT_ISSUED && row->intent.not_after > order->now &&
	       strcmp(row->intent.profile, order->profile->name) == 0 &&
	       (!order->reissue || strcmp(row->intent.reason, order->reissue) == 0);
}

static enum status give_again(struct earlier *seen, const struct store_row *row, struct error *e)
{
	struct span serial = row->intent.serial;

	if (bytes_copy(seen->again, row->der, e) != STATUS_OK)
		return error_status(e);
	memcpy(seen->again_serial, serial.data, serial.len);
	seen->again_serial_len = serial.len;
	return error_set(e, STATUS_EXISTS, "request", NULL, "was signed before");
}

static enum status refuse(const struct earlier *seen, enum issue_rule rule, const char *where,
			  struct error *e, const char *format, ...) PRINTF_LIKE(5, 6);

static enum status refuse(const struct earlier *seen, enum issue_rule rule, const char *where,
			  struct error *e, const char *format, ...)
{
	struct findings own = {0}, *to = seen->findings ? seen->findings : &own;
	char message[sizeof e->what];
	va_list arguments;
	enum status s;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	s = findings_add(to, &issue_rule_table[rule], where, e, "%s", message);
	if (s == STATUS_OK)
		s = findings_refuse(to, to->count - 1, STATUS_REFUSED, NULL, e);
	findings_free(&own);
	return s;
}

/*
 * A row that is reserved counts: another process is about to sign it, or was interrupted after it
 * may have.
 */
enum status earlier_check(void *context, const struct store_row *row, struct error *e)
{
	struct earlier *seen = context;
	const char *portal = seen->order->profile->portal;
	char serial[2 * SERIAL_MAX + 1];
	struct span request = {seen->draft->request_sha256, SHA256_SIZE};
	enum status s;

	if (row->state == CERT_FAILED)
		return STATUS_OK;
	hex_encode(row->intent.serial, serial);
	if (*portal && *row->intent.portal && strcmp(portal, row->intent.portal) != 0)
		return refuse(
			seen, ISSUE_KEY_OTHER_PORTAL, "key", e,
			"certificate %s carries it already, for %s; one key never serves both "
			"portals",
			serial, row->intent.portal);
	if (!span_equal(row->intent.request_sha256, request))
		return STATUS_OK;
	if (may_be_given_again(seen, row))
		return give_again(seen, row, e);
	if (seen->order->reissue)
		return STATUS_OK;
	if (row->state != CERT_RESERVED)
		return refuse(seen, ISSUE_SIGNED_BEFORE, "request", e, "was signed before, as %s",
			      serial);
	s = refuse(seen, ISSUE_BEING_SIGNED, "request", e, "is being signed already, as %s",
		   serial);
	if (s == STATUS_REFUSED && seen->again)
		snprintf(e->todo, sizeof e->todo,
			 "where it stands twice in this run, a second one writes it; else %s",
			 issue_rule_table[ISSUE_BEING_SIGNED].todo);
	return s;
}

/* The newest first: it is the one that is given again. */
struct store_condition earlier_condition(struct earlier *earlier)
{
	return (struct store_condition){
		.filter = {.spki_sha256 = {earlier->draft->spki_sha256, SHA256_SIZE},
			   .newest_first = true},
		.visit = earlier_check,
		.context = earlier,
	};
}

static enum status check_store(struct store *store, const struct issue_order *order,
			       const struct issue_draft *d, struct findings *findings,
			       struct error *e)
{
	struct earlier seen = {.order = order, .draft = d, .findings = findings};
	const struct store_condition condition = earlier_condition(&seen);

	return store_each(store, &condition.filter, condition.visit, condition.context, e);
}

enum status issue_draft(struct store *store, const struct issue_order *order,
			struct issue_draft **out, struct findings *findings, struct error *e)
{
	struct issue_draft *d = NULL;
	enum status s = draft_judge(order, &d, findings, e);

	if (s == STATUS_OK)
		s = check_store(store, order, d, findings, e);
	if (s == STATUS_OK)
		s = draft_choose_serial(store, order, d, e);
	if (s == STATUS_OK)
		s = draft_plan(order, d, findings, e);
	if (s == STATUS_OK)
		s = differences_find(order->request, d->plan, &d->differences, e);
	if (s != STATUS_OK) {
		issue_draft_free(d);
		return s;
	}
	*out = d;
	return STATUS_OK;
}

struct store_intent draft_intent(const struct issue_order *order, const struct issue_draft *d)
{
	return (struct store_intent){
		.serial = {d->serial, d->serial_len},
		.profile = order->profile->name,
		.portal = order->profile->portal,
		.subject = text_get(&d->subject),
		.subject_der = csr_request_subject(order->request),
		.spki_sha256 = {d->spki_sha256, SHA256_SIZE},
		.plan_hash = {plan_hash(d->plan), SHA256_SIZE},
		.request_sha256 = {d->request_sha256, SHA256_SIZE},
		.reason = order->reissue ? order->reissue : "",
		.replaces = order->replaces,
		.not_before = plan_not_before(d->plan),
		.not_after = plan_not_after(d->plan),
	};
}

static enum status reserve_once(struct store *store, const struct issue_order *order,
				const struct issue_draft *d, struct error *e)
{
	const struct store_intent intent = draft_intent(order, d);
	struct earlier seen = {.order = order, .draft = d};
	const struct store_condition not_twice = earlier_condition(&seen);

	return store_reserve_if(store, &intent, &not_twice, order->now, e);
}

/* A serial that somebody took since the draft is drawn anew: the plan changes, so it is linted anew. */
enum status draft_reserve(struct store *store, const struct issue_order *order,
			  struct issue_draft *d, struct error *e)
{
	enum status s = reserve_once(store, order, d, e);

	for (int i = 0; s == STATUS_EXISTS && i < RENUMBER_TRIES; i++) {
		struct findings again = {0};

		s = draft_choose_serial(store, order, d, e);
		if (s == STATUS_OK)
			s = draft_plan(order, d, &again, e);
		if (s == STATUS_OK)
			s = reserve_once(store, order, d, e);
		findings_free(&again);
	}
	return s;
}

enum status draft_sign(const struct issue_order *order, const struct issue_draft *d,
		       struct signer *signer, struct bytes *certificate, struct error *e)
{
	struct findings again = {0};
	struct bytes der = {0};
	enum status s = ca_sign(d->passed, signer, draft_issuer_key(order), &der, e);

	if (s == STATUS_OK)
		s = lint_certificate_below(span_of(&der), draft_lint_issuer(order, d), &again, e);
	if (s == STATUS_OK && findings_count(&again, SEVERITY_ERROR))
		s = error_set(e, STATUS_INTERNAL, NULL, "report this as a bug",
			      "the signed certificate fails the lint that its plan passed");
	findings_free(&again);
	if (s == STATUS_OK)
		*certificate = der;
	else
		bytes_free(&der);
	return s;
}

enum status issue_commit(struct store *store, const struct issue_order *order,
			 struct issue_draft *d, struct signer *signer, struct bytes *certificate,
			 struct error *e)
{
	struct span serial;
	struct bytes der = {0};
	struct error ignored;
	enum status s = check_store(store, order, d, NULL, e);

	if (s != STATUS_OK || signer_ready(signer, e) != STATUS_OK ||
	    draft_reserve(store, order, d, e) != STATUS_OK)
		return error_status(e);
	serial = issue_draft_serial(d);
	s = draft_sign(order, d, signer, &der, e);
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
