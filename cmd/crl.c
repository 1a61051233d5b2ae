/* subca crl: what is revoked, signed, for the world. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "ca/crl.h"
#include "ca/crl_check.h"
#include "cmd/command.h"
#include "cmd/key.h"
#include "cmd/layout.h"

static const struct option_spec options[] = {
	{.name = "days",
	 .argument = "N",
	 .help = "until nextUpdate; 90 else. Never beyond the CA's own end"},
	{.name = "delta", .help = "only what changed since the last complete CRL"},
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "write it there as well: PEM where FILE ends in .pem, DER else"},
	{.name = "check",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "hold a CRL against the store and the certificates instead"},
	{.name = "past",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "after a restore of an older store: take the number of that CRL as used"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

static void print_time(const char *name, int64_t t)
{
	char shown[DATETIME_SIZE];

	if (t == 0)
		return;
	datetime_format(t, shown);
	layout_field(name, shown);
}

static void print_number(const char *name, int64_t n)
{
	char shown[24];

	snprintf(shown, sizeof shown, "%" PRId64, n);
	layout_field(name, shown);
}

static void print_crl(const struct store_crl *crl)
{
	print_number("number", crl->number);
	if (crl->base != STORE_NO_CRL)
		print_number("delta to", crl->base);
	print_time("thisUpdate", crl->this_update);
	print_time("nextUpdate", crl->next_update);
	print_number("entries", crl->entries);
}

/* Members of a new object; NULL when out of memory. */
static json_t *crl_json(const struct store_crl *crl)
{
	char from[DATETIME_SIZE], until[DATETIME_SIZE], digest[2 * SHA256_SIZE + 1];
	json_t *o;

	datetime_format(crl->this_update, from);
	datetime_format(crl->next_update, until);
	hex_encode((struct span){crl->sha256, SHA256_SIZE}, digest);
	o = json_pack("{s:I, s:s, s:I, s:I, s:s}", "number", (json_int_t)crl->number, "this_update",
		      from, "entries", (json_int_t)crl->entries, "size", (json_int_t)crl->size,
		      "sha256", digest);
	if (o &&
	    ((crl->next_update && json_object_set_new(o, "next_update", json_string(until)) != 0) ||
	     (crl->base != STORE_NO_CRL &&
	      json_object_set_new(o, "base_number", json_integer(crl->base)) != 0))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* --- check ------------------------------------------------------------------------------------ */

static enum status report_check(struct invocation *in, const struct crl_check *x,
				const struct findings *findings, struct error *e)
{
	if (in->output.json)
		return output_json(&in->output, "crl-check",
				   json_pack("{s:o, s:I, s:o}", "crl", crl_json(&x->crl), "agreed",
					     (json_int_t)x->agreed, "findings",
					     output_findings_json(findings)),
				   e);
	if (!in->output.quiet) {
		print_crl(&x->crl);
		print_number("agree", x->agreed);
	}
	output_findings(&in->output, stdout, findings);
	return output_check(e);
}

static enum status run_check(struct invocation *in, struct error *e)
{
	const char *file = options_value(&in->options, "check");
	struct authority *a = NULL;
	struct findings findings = {0};
	struct crl_check x = {0};
	enum status s = datetime_now(&x.now, e);

	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_READ, &a, e);
	if (s == STATUS_OK)
		s = crl_check(a, file, &x, &findings, e);
	if (s == STATUS_OK)
		s = report_check(in, &x, &findings, e);
	if (s == STATUS_OK && findings_count(&findings, SEVERITY_ERROR))
		s = error_set(e, STATUS_REFUSED, file, NULL,
			      "does not agree with the store and the rules");
	findings_free(&findings);
	authority_free(a);
	return s;
}

/* --- past ------------------------------------------------------------------------------------- */

static enum status run_past(struct invocation *in, struct error *e)
{
	struct authority *a = NULL;
	struct store_crl taken;
	int64_t now;
	enum status s = datetime_now(&now, e);

	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_WRITE, &a, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(a), now, options_given(&in->options, "clock-ok"),
				e);
	if (s == STATUS_OK)
		s = crl_take_number(a, options_value(&in->options, "past"), now, &taken, e);
	if (s == STATUS_OK && in->output.json)
		s = output_json(&in->output, "crl", json_pack("{s:o}", "past", crl_json(&taken)),
				e);
	else if (s == STATUS_OK)
		output_note(&in->output, "the next CRL has a number above %" PRId64, taken.number);
	authority_free(a);
	return s;
}

/* --- making one ------------------------------------------------------------------------------- */

static enum status read_order(struct invocation *in, struct crl_order *order, struct error *e)
{
	int64_t days = CRL_DAYS;

	if (options_number(&in->options, "days", 1, CRL_DAYS_MAX, &days, e) != STATUS_OK ||
	    datetime_now(&order->now, e) != STATUS_OK)
		return error_status(e);
	order->days = (int)days;
	order->delta = options_given(&in->options, "delta");
	order->copy = options_value(&in->options, "output");
	return order->copy ? file_expect_place(order->copy, e) : STATUS_OK;
}

static void tell_settled(const struct invocation *in, const struct crl_made *made)
{
	if (made->recovered != STORE_NO_CRL)
		output_note(&in->output,
			    "CRL number %" PRId64 " was published by a run that was cut off; it is "
			    "recorded now",
			    made->recovered);
	if (made->given_up != STORE_NO_CRL)
		output_note(&in->output,
			    "CRL number %" PRId64
			    " was begun by a run that was cut off, and is not "
			    "used again",
			    made->given_up);
}

static enum status report(struct invocation *in, const struct crl_order *order,
			  const struct crl_made *made, const struct findings *findings,
			  struct error *e)
{
	const char *name = order->delta ? CRL_DELTA_FILE : CRL_FILE;
	char *file = path_join(in->directory, name);
	enum status s = STATUS_OK;

	if (!file)
		return error_memory(e);
	if (in->output.json) {
		s = output_json(&in->output, "crl",
				json_pack("{s:o, s:o, s:b, s:o}", "crl", crl_json(&made->crl),
					  "file", output_json_text(file), "shortened",
					  made->shortened, "findings",
					  output_findings_json(findings)),
				e);
	} else if (!in->output.quiet) {
		print_crl(&made->crl);
		if (made->shortened)
			layout_field("shortened", "nextUpdate is the CA's own end");
		layout_field("written", file);
		if (order->copy)
			layout_field("and", order->copy);
		output_findings(&in->output, stdout, findings);
		s = output_check(e);
	}
	free(file);
	return s;
}

static enum status run_make(struct invocation *in, struct error *e)
{
	struct authority *a = NULL;
	struct signer *signer = NULL;
	struct findings findings = {0};
	struct crl_order order = {0};
	struct crl_made made = {0};
	enum status s = read_order(in, &order, e);

	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_WRITE, &a, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(a), order.now,
				options_given(&in->options, "clock-ok"), e);
	if (s == STATUS_OK)
		s = crl_prepare(a, &order, &made, e);
	if (s == STATUS_OK && order.delta && !authority_urls(a)->delta_crl)
		output_note(&in->output,
			    "note: nothing says where the delta is: name it in ca.conf, "
			    "urls.delta_crl, before the next complete CRL");
	if (s == STATUS_OK) {
		tell_settled(in, &made);
		s = key_open(&in->options, a, &signer, e);
	}
	if (s == STATUS_OK)
		s = crl_make(a, &order, signer, &made, &findings, e);
	if (s == STATUS_OK)
		s = report(in, &order, &made, &findings, e);
	else if (s == STATUS_REFUSED)
		output_keep_findings(&in->output, &findings);
	findings_free(&findings);
	signer_free(signer);
	authority_free(a);
	return s;
}

static enum status run(struct invocation *in, struct error *e)
{
	static const char *const making[] = {"days", "delta", "output"};
	const struct options *o = &in->options;
	bool check = options_given(o, "check"), past = options_given(o, "past");

	for (size_t i = 0; i < sizeof making / sizeof *making; i++)
		if ((check || past) && options_given(o, making[i]))
			return error_set(e, STATUS_USAGE, NULL, "leave one of them away",
					 "--%s makes a CRL, which --%s does not", making[i],
					 check ? "check" : "past");
	if (check && past)
		return error_set(e, STATUS_USAGE, NULL, "leave one of them away",
				 "--check and --past exclude each other");
	return check ? run_check(in, e) : past ? run_past(in, e) : run_make(in, e);
}

const struct command command_crl = {
	.name = "crl",
	.usage = "[options]",
	.summary = "make the CRL, or hold one against the store",
	.about =
		"Makes the CRL of the CA in DIR: every certificate that is revoked or on hold, with "
		"its date and reason, in ca.crl (DER) and ca.crl.pem in the CA's folder; with --delta "
		"what changed since, in ca-delta.crl. An expired certificate is listed once more and "
		"then dropped. Publish the DER at the URL in ca.conf, before nextUpdate of the last "
		"one.\n\n"
		"Numbers go up by one and are never used twice: where a file tells of a number that "
		"the store does not know, an older store was restored, and nothing is signed.\n\n"
		"Example: subca crl -C root --days 90 -o /srv/www/root.crl",
	.options = {options, options_passphrase},
	.run = run,
};
