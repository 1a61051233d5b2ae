#include <stdio.h>
#include <string.h>

#include "base/datetime.h"
#include "ca/authority.h"
#include "cmd/certificate.h"
#include "cmd/command.h"
#include "cmd/layout.h"

static const struct column columns[] = {{"SERIAL", 12, CUT_END},
					{"STATE", 8, CUT_END},
					{"PROFILE", 14, CUT_END},
					{"NOTAFTER", 10, CUT_END},
					{"SUBJECT", 0, CUT_START}};
#define COLUMNS (sizeof columns / sizeof columns[0])

struct listing {
	struct output *output;
	size_t count;
};

static enum status list_row(void *context, const struct store_row *row, struct error *e)
{
	struct listing *l = context;
	char serial[SERIAL_TEXT], not_after[DATETIME_SIZE];

	if (l->count++ == 0 && !l->output->json && !l->output->quiet)
		layout_row(columns, COLUMNS, NULL);
	if (l->output->json)
		return output_json_item(l->output, row_json(row), e);
	hex_encode(row->intent.serial, serial);
	datetime_format(row->intent.not_after, not_after);
	not_after[strcspn(not_after, "T")] = '\0';
	layout_row(columns, COLUMNS,
		   (const char *const[]){serial, cert_state_name(row->state), row->intent.profile,
					 not_after, row->intent.subject});
	return output_check(e);
}

static const char *const states[] = {"reserved", "issued", "failed", "revoked", NULL};

/* The names above as the store's values. */
static const enum cert_state state_of[] = {CERT_RESERVED, CERT_ISSUED, CERT_FAILED, CERT_REVOKED};

static enum status read_filter(const struct options *o, struct store_filter *filter,
			       struct error *e)
{
	int state = -1;

	if (options_word(o, "state", &state, e) != STATUS_OK ||
	    options_number(o, "limit", 1, INT32_MAX, &filter->limit, e) != STATUS_OK)
		return e->status;
	if (state >= 0)
		filter->state = state_of[state];
	filter->newest_first = true;
	return STATUS_OK;
}

static enum status cmd_list(struct invocation *in, struct error *e)
{
	struct store_filter filter = {0};
	struct listing l = {.output = &in->output};
	struct authority *a = NULL;
	enum status s;

	if (read_filter(&in->options, &filter, e) != STATUS_OK ||
	    authority_open(in->directory, STORE_READ, &a, e) != STATUS_OK)
		return e->status;
	s = in->output.json ? output_json_list(&in->output, "list", "certificates", e) : STATUS_OK;
	if (s == STATUS_OK)
		s = store_each(authority_store(a), &filter, list_row, &l, e);
	if (s == STATUS_OK && in->output.json)
		output_json_list_end(&in->output);
	if (s == STATUS_OK && l.count == 0 && !in->output.json)
		output_note(&in->output, "no certificate to list");
	authority_free(a);
	return s;
}

static const struct option_spec list_options[] = {
	{.name = "state",
	 .argument = "STATE",
	 .complete = COMPLETE_WORDS,
	 .words = states,
	 .help = "only those that are reserved, issued, failed or revoked"},
	{.name = "limit", .letter = 'n', .argument = "N", .help = "only the newest N"},
	{0},
};

const struct command command_list = {
	.name = "list",
	.usage = "[--state STATE] [--limit N]",
	.summary = "list what this CA issued",
	.about =
		"Lists every certificate that the CA in DIR began, the newest first: the beginning of "
		"its serial, its state, profile, notAfter and subject. A subject too long for the "
		"line loses its beginning; --json gives everything whole. A row that stays reserved "
		"is from a run that was cut off: its serial is spent and not used again.",
	.options = {list_options},
	.run = cmd_list,
};
