/* subca revoke: what stops working is shown first; the CRL that tells the world comes after. */
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "ca/pem.h"
#include "ca/revoke.h"
#include "cmd/command.h"
#include "cmd/layout.h"
#include "cmd/serial.h"

static const struct option_spec options[] = {
	{.name = "reason",
	 .letter = 'r',
	 .argument = "REASON",
	 .complete = COMPLETE_WORDS,
	 .words = revocation_reason_words,
	 .help = "why: unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, "
		 "cessationOfOperation, privilegeWithdrawn or aACompromise"},
	{.name = "compromise-date",
	 .argument = "TIME",
	 .help = "since when the key is in other hands; the CRL says so as invalidityDate"},
	{.name = "invalidity-date",
	 .argument = "TIME",
	 .help = "since when it should not be trusted, 2031-11-22T23:59:59Z, where that is "
		 "another time"},
	{.name = "hold", .help = "put it on hold instead: it can be taken off again"},
	{.name = "release", .help = "take it off hold"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

struct revoking {
	struct invocation *in;
	struct authority *authority;
	struct revoke_order order;
	struct bytes serial;
	struct findings findings;
};

static enum status read_date(const struct options *o, const char *name, int64_t *t, struct error *e)
{
	const char *text = options_value(o, name);

	return text ? datetime_parse(text, t, e) : STATUS_OK;
}

static bool is_compromise(int reason)
{
	return reason == REASON_KEY_COMPROMISE || reason == REASON_CA_COMPROMISE ||
	       reason == REASON_AA_COMPROMISE;
}

/* reason: -1 where none is given. */
static enum status check_combination(const struct options *o, int reason, struct error *e)
{
	bool hold = options_given(o, "hold"), release = options_given(o, "release");

	if (hold && release)
		return error_set(e, STATUS_USAGE, NULL, "give one of them",
				 "--hold and --release exclude each other");
	if ((hold || release) && (reason >= 0 || options_given(o, "invalidity-date") ||
				  options_given(o, "compromise-date")))
		return error_set(e, STATUS_USAGE, NULL, "leave --reason and the dates away",
				 "a hold and a release have no other reason and no other date");
	if (!hold && !release && reason < 0)
		return error_set(e, STATUS_USAGE, NULL,
				 "say --reason superseded, keyCompromise, …; or --hold",
				 "a revocation needs a reason");
	if (options_given(o, "compromise-date") && !is_compromise(revocation_reason_of[reason]))
		return error_set(e, STATUS_USAGE, NULL,
				 "say --reason keyCompromise or cACompromise, or --invalidity-date",
				 "--compromise-date belongs to a compromise");
	return STATUS_OK;
}

static enum status read_order(struct revoking *r, struct error *e)
{
	const struct options *o = &r->in->options;
	struct store_revocation *revocation = &r->order.revocation;
	int reason = -1;

	if (options_word(o, "reason", &reason, e) != STATUS_OK ||
	    check_combination(o, reason, e) != STATUS_OK ||
	    read_date(o, "invalidity-date", &revocation->invalidity_at, e) != STATUS_OK ||
	    read_date(o, "compromise-date", &revocation->compromised_at, e) != STATUS_OK ||
	    datetime_now(&r->order.now, e) != STATUS_OK)
		return error_status(e);
	r->order.action = options_given(o, "hold")	? REVOKE_HOLD
			  : options_given(o, "release") ? REVOKE_RELEASE
							: REVOKE;
	revocation->at = r->order.now;
	revocation->reason = reason < 0 ? REASON_CERTIFICATE_HOLD : revocation_reason_of[reason];
	return STATUS_OK;
}

static enum status find_serial(struct revoking *r, struct error *e)
{
	const char *operand = r->in->options.operands[0];
	char digits[SERIAL_TEXT];
	struct bytes content = {0};
	enum status s;

	if (serial_read(operand, digits))
		return serial_resolve(r->authority, digits, &r->serial, e);
	s = file_read(operand, PEM_FILE_MAX, &content, e);
	if (s == STATUS_OK)
		s = revoke_serial_of(r->authority, span_of(&content), &r->serial, e);
	if (s != STATUS_OK)
		error_at(e, operand);
	bytes_free(&content);
	return s;
}

static const char *verb(enum revoke_action action)
{
	static const char *const verbs[] = {"revoke", "hold", "release"};

	return verbs[action];
}

static enum status print_row(void *context, const struct store_row *row, struct error *e)
{
	char serial[SERIAL_TEXT];

	(void)context;
	hex_encode(row->intent.serial, serial);
	layout_field("serial", serial);
	layout_field("subject", row->intent.subject);
	row_print(row);
	return output_check(e);
}

static enum status review(struct revoking *r, struct error *e)
{
	const struct revoke_order *order = &r->order;
	const struct output *o = &r->in->output;
	enum status s;

	if (o->json || (o->quiet && o->yes))
		return STATUS_OK;
	s = store_find(authority_store(r->authority), span_of(&r->serial), print_row, r, e);
	if (s != STATUS_OK)
		return s;
	if (order->action == REVOKE)
		layout_field("to be revoked", revocation_reason_name(order->revocation.reason));
	else
		layout_field("to be",
			     order->action == REVOKE_HOLD ? "put on hold" : "taken off hold");
	output_findings(o, stdout, &r->findings);
	return output_check(e);
}

static enum status keep_row(void *context, const struct store_row *row, struct error *e)
{
	json_t **out = context;

	*out = row_json(row);
	return *out ? STATUS_OK : error_memory(e);
}

static enum status report(struct revoking *r, struct error *e)
{
	json_t *row = NULL;
	enum status s;

	if (!r->in->output.json) {
		output_note(&r->in->output, "recorded; 'subca crl' makes the CRL that says so");
		return STATUS_OK;
	}
	s = store_find(authority_store(r->authority), span_of(&r->serial), keep_row, &row, e);
	if (s != STATUS_OK)
		return s;
	return output_json(&r->in->output, "revoke",
			   json_pack("{s:s, s:o, s:o}", "action", verb(r->order.action),
				     "certificate", row, "findings",
				     output_findings_json(&r->findings)),
			   e);
}

static const char *question(enum revoke_action action)
{
	if (action == REVOKE_HOLD)
		return "Put it on hold?";
	return action == REVOKE_RELEASE ? "Take it off hold?" : "Revoke it? That is for good.";
}

static enum status run(struct invocation *in, struct error *e)
{
	struct revoking r = {.in = in};
	enum status s = read_order(&r, e);

	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_WRITE, &r.authority, e);
	if (s == STATUS_OK)
		s = find_serial(&r, e);
	if (s == STATUS_OK)
		s = revoke_foresee(r.authority, span_of(&r.serial), &r.order, &r.findings, e);
	if (s == STATUS_OK)
		s = review(&r, e);
	if (s == STATUS_OK)
		s = output_confirm(&in->output, question(r.order.action), e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(r.authority), r.order.now,
				options_given(&in->options, "clock-ok"), e);
	if (s == STATUS_OK)
		s = revoke_commit(r.authority, span_of(&r.serial), &r.order, e);
	if (s == STATUS_OK)
		s = report(&r, e);
	findings_free(&r.findings);
	bytes_free(&r.serial);
	authority_free(r.authority);
	return s;
}

const struct command command_revoke = {
	.name = "revoke",
	.usage = "[options] --reason REASON | --hold | --release SERIAL|FILE",
	.summary = "revoke a certificate, hold it, or take it off hold",
	.about =
		"Shows the certificate that the CA in DIR issued under SERIAL (its beginning is "
		"enough), or that is in FILE, and what stops working without it; asks; records that "
		"it is revoked. What this CA did not issue is refused. 'subca crl' and 'subca ocsp' "
		"tell the world.\n\n"
		"A revocation is for good. A hold is not: --release takes it off, and so does a "
		"revocation for another reason, which then counts from the day of the hold.\n\n"
		"Example: subca revoke -C root 5f3a09 --reason superseded",
	.least = 1,
	.most = 1,
	.operands = {{.name = "SERIAL|FILE", .complete = COMPLETE_FILE}},
	.options = {options},
	.run = run,
};
