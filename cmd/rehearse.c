/* subca rehearse: the planned chain, tried out with real clients before the key is touched. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ca/name.h"
#include "cmd/command.h"
#include "cmd/interrupt.h"
#include "cmd/layout.h"
#include "cmd/rehearse_input.h"
#include "cmd/tool_list.h"
#include "trust/bundle.h"
#include "trust/rehearse.h"
#include "trust/seal.h"

#define SECONDS_MOST 600
#define AT_ONCE_MOST 16

static const struct option_spec options[] = {
	{.name = "profile",
	 .letter = 'p',
	 .argument = "NAME",
	 .complete = COMPLETE_PROFILE,
	 .help = "what kind of certificate a request is to become; zia: sites are signed by a "
		 "weekly CA below it"},
	{.name = "hsm",
	 .help = "the key is in Zscaler's HSM: it signs the sites itself (zia-hsm says so too)"},
	{.name = "chain",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the CAs above a certificate that was issued; those of -C DIR else"},
	{.name = "days", .argument = "N", .help = "as for sign"},
	{.name = "not-after", .argument = "TIME", .help = "as for sign"},
	{.name = "fit", .help = "as for sign"},
	{.name = "only",
	 .argument = "TOOL",
	 .repeatable = true,
	 .help = "this tool alone; 'subca trust guide --list' names them"},
	{.name = "skip", .argument = "TOOL", .repeatable = true, .help = "without this tool"},
	{.name = "public",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the public roots beside ours; those of this machine else"},
	{.name = "timeout",
	 .argument = "SECONDS",
	 .help = "for each run of a client; 20 else, more for slow ones"},
	{.name = "jobs", .argument = "N", .help = "clients at a time; the processors and one else"},
	{.name = "port",
	 .argument = "N",
	 .help = "the first of the loopback ports to listen on; free ones else"},
	{.name = "no-seal",
	 .help = "do not close off the network; where the kernel forbids it, it stays open anyway"},
	{0},
};

/* One run; owned. */
struct rehearsing {
	struct invocation *in;
	struct rehearse_input input;
	struct shadow shadow;
	struct bytes public_roots;
	struct rehearse_order order;
	const char *only[TOOL_LIST_MOST], *skip[TOOL_LIST_MOST];
	struct rehearsal result;
	bool sealed;
};

static bool can_run(const struct tool *tool)
{
	return tool->clients != NULL;
}

static enum status read_numbers(const struct options *o, struct rehearse_order *order,
				struct error *e)
{
	int64_t seconds = 0, port = 0, at_once = 0;

	if (options_number(o, "timeout", 1, SECONDS_MOST, &seconds, e) != STATUS_OK ||
	    options_number(o, "port", 1, 65535 - CASES, &port, e) != STATUS_OK ||
	    options_number(o, "jobs", 1, AT_ONCE_MOST, &at_once, e) != STATUS_OK)
		return error_status(e);
	order->seconds = (int)seconds;
	order->port = (int)port;
	order->at_once = (int)at_once;
	return STATUS_OK;
}

static enum status read_public(struct rehearsing *r, struct error *e)
{
	const char *file = options_value(&r->in->options, "public");

	if (!file)
		file = bundle_system_file();
	return file ? file_read(file, BUNDLE_INPUT_MAX, &r->public_roots, e) : STATUS_OK;
}

static enum status prepare(struct rehearsing *r, struct error *e)
{
	const struct options *o = &r->in->options;
	struct span chain[CHAIN_MAX];
	struct shadow_order planned = {.chain = chain};
	enum status s = tool_list_read(o, "only", can_run, r->only, e);

	if (s == STATUS_OK)
		s = tool_list_read(o, "skip", can_run, r->skip, e);
	if (s == STATUS_OK)
		s = read_numbers(o, &r->order, e);
	if (s == STATUS_OK)
		s = read_public(r, e);
	if (s == STATUS_OK)
		s = rehearse_input_read(r->in, &r->input, e);
	/* Before the first thread. */
	r->sealed = s == STATUS_OK && !options_given(o, "no-seal") && seal_network();
	for (size_t i = 0; i < r->input.count; i++)
		chain[i] = span_of(&r->input.chain[i]);
	planned.count = r->input.count;
	planned.weekly = r->input.weekly;
	planned.now = r->input.now;
	if (s == STATUS_OK)
		s = shadow_make(&planned, &r->shadow, e);
	r->order.shadow = &r->shadow;
	r->order.public_roots = span_of(&r->public_roots);
	r->order.only = r->only[0] ? r->only : NULL;
	r->order.skip = r->skip;
	r->order.now = r->input.now;
	return s;
}

static enum status perform(struct rehearsing *r, struct error *e)
{
	struct interrupt interrupt;
	enum status s;

	interrupt_begin(&interrupt);
	s = rehearse(&r->order, &r->result, e);
	interrupt_end(&interrupt);
	return s;
}

/* --- said ------------------------------------------------------------------------------------- */

static json_t *runs_json(const struct rehearse_row *row)
{
	json_t *list = json_array();

	for (size_t c = 0; c < CASES; c++) {
		const struct client_run *run = &row->runs[c];

		if (run->outcome != OUTCOME_NONE)
			(void)!json_array_append_new(
				list, json_pack("{s:s, s:s, s:s, s:o}", "case",
						rehearse_case_id((enum rehearse_case)c), "expected",
						client_expected_name(run->expected), "outcome",
						client_outcome_name(run->outcome), "reason",
						output_json_text(run->reason)));
	}
	return list;
}

static json_t *rows_json(const struct rehearsal *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->count; i++) {
		const struct rehearse_row *row = &result->rows[i];

		(void)!json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "tool",
					row->tool->id, "client", row->client->label, "state",
					client_state_name(row->found.state), "version",
					row->found.version, "trust", row->client->given, "good",
					row->good, "reason", output_json_text(row->found.reason),
					"runs", runs_json(row)));
	}
	return list;
}

static enum status say_json(const struct rehearsing *r, const char *subject, struct error *e)
{
	const struct rehearsal *result = &r->result;

	return output_json(&r->in->output, "rehearse",
			   json_pack("{s:o, s:b, s:s, s:b, s:b, s:b, s:i, s:i, s:o}", "subject",
				     output_json_text(subject), "planned", r->input.planned,
				     "profile", r->input.profile, "weekly_ca", r->input.weekly,
				     "network_sealed", r->sealed, "safe",
				     result->good == result->ran, "clients", (int)result->ran,
				     "good", (int)result->good, "rows", rows_json(result)),
			   e);
}

static void tally(const struct rehearse_row *row, enum client_expected kind, char out[12])
{
	size_t wanted = 0, got = 0;

	for (size_t c = 0; c < CASES; c++) {
		const struct client_run *run = &row->runs[c];

		if (run->expected != kind)
			continue;
		wanted++;
		got += run->outcome ==
		       (kind == EXPECT_ACCEPTED ? OUTCOME_ACCEPTED : OUTCOME_REFUSED);
	}
	snprintf(out, 12, "%zu of %zu", got, wanted);
}

static const struct column columns[] = {
	{"CLIENT", 24, CUT_END}, {"VERSION", 9, CUT_END}, {"TRUST GIVEN BY", 22, CUT_END},
	{"ACCEPTS", 7, CUT_END}, {"REFUSES", 7, CUT_END}, {"", 0, CUT_END},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void print_row(const struct output *o, const struct rehearse_row *row)
{
	char accepts[12] = "-", refuses[12] = "-";

	if (row->found.state == CLIENT_RAN) {
		tally(row, EXPECT_ACCEPTED, accepts);
		tally(row, EXPECT_REFUSED, refuses);
	}
	fputs(colour_code(o->colour, row->good ? COLOUR_GREEN : COLOUR_RED), stdout);
	layout_row(columns, COLUMNS,
		   (const char *const[]){row->client->label, row->found.version, row->client->given,
					 accepts, refuses, row->good ? "good" : "RED"});
	fputs(colour_code(o->colour, COLOUR_NONE), stdout);
}

static void print_line(const char *client, const char *what, const char *reason)
{
	struct text line = {0};

	text_printf(&line, "%s: %s%s%s", client, what, *reason ? ": " : "", reason);
	layout_wrap(stdout, 0, 2, text_get(&line));
	text_free(&line);
}

/* Why a row is red: cases that ended in the same way together. */
static void print_reasons(const struct rehearse_row *row)
{
	bool said[CASES] = {false};

	if (row->found.state == CLIENT_FAILED)
		print_line(row->client->label, "could not be tried", row->found.reason);
	for (size_t c = 0; c < CASES && row->found.state == CLIENT_RAN; c++) {
		const struct client_run *run = &row->runs[c];
		struct text what = {0};

		if (client_run_good(run) || run->outcome == OUTCOME_NONE || said[c])
			continue;
		text_printf(&what, "%s, but should: ", client_outcome_name(run->outcome));
		for (size_t d = c; d < CASES; d++) {
			said[d] = said[d] || (!client_run_good(&row->runs[d]) &&
					      row->runs[d].outcome == run->outcome &&
					      strcmp(row->runs[d].reason, run->reason) == 0);
			if (said[d] && !client_run_good(&row->runs[d]) &&
			    strcmp(row->runs[d].reason, run->reason) == 0)
				text_printf(&what, "%s%s", d == c ? "" : "; ",
					    rehearse_case_words((enum rehearse_case)d));
		}
		print_line(row->client->label, text_get(&what), run->reason);
		text_free(&what);
	}
}

static void print_missing(const struct rehearsal *result)
{
	struct text line = {0};
	size_t count = 0;

	for (size_t i = 0; i < result->count; i++)
		if (result->rows[i].found.state == CLIENT_MISSING)
			text_printf(&line, "%s%s", count++ ? ", " : "Not on this machine: ",
				    result->rows[i].client->label);
	if (count)
		layout_wrap(stdout, 0, 2, text_get(&line));
	text_free(&line);
}

static enum status say_text(const struct rehearsing *r, const char *subject, struct error *e)
{
	const struct rehearsal *result = &r->result;
	const struct output *o = &r->in->output;

	if (!o->quiet) {
		layout_field("Rehearsed", subject);
		layout_field("Below it", r->input.weekly
						 ? "a weekly CA \"… (t) \", and sites below that"
						 : "sites");
		layout_field("Network", r->sealed ? "closed off: loopback alone"
						  : "open: the kernel does not let it be closed");
		putchar('\n');
		layout_row(columns, COLUMNS, NULL);
	}
	for (size_t i = 0; i < result->count; i++)
		if (result->rows[i].found.state != CLIENT_MISSING &&
		    (!o->quiet || !result->rows[i].good))
			print_row(o, &result->rows[i]);
	if (!o->quiet)
		putchar('\n');
	for (size_t i = 0; i < result->count; i++)
		print_reasons(&result->rows[i]);
	if (!o->quiet) {
		print_missing(result);
		if (result->good == result->ran)
			printf("Safe: all %zu clients accept what they should, and refuse what "
			       "they should.\n",
			       result->ran);
	}
	return output_check(e);
}

static enum status say(const struct rehearsing *r, struct error *e)
{
	struct text subject = {0};
	enum status s;

	name_show(X509_get_subject_name(r->shadow.chain[0].certificate), &subject);
	s = r->in->output.json ? say_json(r, text_get(&subject), e)
			       : say_text(r, text_get(&subject), e);
	text_free(&subject);
	if (s == STATUS_OK && r->result.good != r->result.ran)
		s = error_set(e, STATUS_REFUSED, r->in->options.operands[0],
			      r->input.planned ? "do not sign it like this" : "do not roll it out",
			      "%zu of %zu clients do not do what they should",
			      r->result.ran - r->result.good, r->result.ran);
	return s;
}

static enum status run(struct invocation *in, struct error *e)
{
	struct rehearsing r = {.in = in};
	enum status s = prepare(&r, e);

	if (s == STATUS_OK)
		s = perform(&r, e);
	if (s == STATUS_OK)
		s = say(&r, e);
	rehearsal_free(&r.result);
	shadow_free(&r.shadow);
	rehearse_input_free(&r.input);
	bytes_free(&r.public_roots);
	return s;
}

const struct command command_rehearse = {
	.name = "rehearse",
	.usage = "[options] CSR|CERTIFICATE",
	.summary = "try the planned chain with real clients before the key is touched",
	.about =
		"Builds a shadow of the chain that signing a request would make, or of a certificate "
		"that was issued: the same names, extensions, dates and algorithms, throwaway keys at "
		"every level. Below it come the weekly CA of a ZIA service edge and sites, served on "
		"loopback in TLS 1.2 and 1.3. The clients of this machine (curl, git, Python, pip, "
		"Node.js, npm, Java, …) are run against it, each in a folder and an environment of its "
		"own, as 'subca trust guide' tells them to trust the root, and then with what they "
		"must refuse: no trust, an expired site, another host, a CA too many, no AKI.\n\n"
		"The exit code is 0 when each did what it should: then it is safe to sign.\n\n"
		"Example: subca rehearse -C root --profile zia zia.csr",
	.least = 1,
	.most = 1,
	.operands = {{"CSR|CERTIFICATE", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = run,
};
