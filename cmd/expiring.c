/* subca expiring: what ends soon, for a person, for cron and for a calendar. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/calendar.h"
#include "ca/plan.h"
#include "cmd/certificate.h"
#include "cmd/command.h"
#include "cmd/layout.h"

#define WITHIN_DAYS 90
#define PAST_DAYS 30
#define CHILD_DAYS_MAX 36525

static const struct column columns[] = {{"ENDS", 10, CUT_END},
					{"DAYS", 6, CUT_END},
					{"WHAT", 12, CUT_END},
					{"SERIAL", 12, CUT_END},
					{"SUBJECT", 0, CUT_START}};
#define COLUMNS (sizeof columns / sizeof columns[0])

static enum status read_span(const struct options *o, const char *option, int64_t *seconds,
			     struct error *e)
{
	const char *value = options_value(o, option);

	if (!value || duration_parse(value, CHILD_DAYS_MAX, seconds) == 0)
		return STATUS_OK;
	return error_set(e, STATUS_USAGE, NULL, "write it like 90d, 12w or 36h",
			 "--%s takes a time of at most %d days, not '%.80s'", option,
			 CHILD_DAYS_MAX, value);
}

static enum status read_question(const struct options *o, struct expiry_question *q,
				 struct error *e)
{
	int64_t days = 0;

	q->within = WITHIN_DAYS * SECONDS_PER_DAY;
	q->past = PAST_DAYS * SECONDS_PER_DAY;
	if (read_span(o, "within", &q->within, e) != STATUS_OK ||
	    read_span(o, "past", &q->past, e) != STATUS_OK ||
	    options_number(o, "child-days", 1, CHILD_DAYS_MAX, &days, e) != STATUS_OK ||
	    datetime_now(&q->now, e) != STATUS_OK)
		return error_status(e);
	q->child_days = (int)days;
	return STATUS_OK;
}

/* Whole days that are left, rounded down; negative when it is past. */
static int64_t days_left(const struct expiry *x, int64_t now)
{
	int64_t left = x->at - now;

	return left >= 0 ? left / SECONDS_PER_DAY
			 : -((-left + SECONDS_PER_DAY - 1) / SECONDS_PER_DAY);
}

static enum status print_row(const struct expiry *x, int64_t now, struct error *e)
{
	char serial[SERIAL_TEXT] = "", at[DATETIME_SIZE], left[24], what[32];

	hex_encode((struct span){x->serial, x->serial_len}, serial);
	datetime_format(x->at, at);
	at[strcspn(at, "T")] = '\0';
	snprintf(left, sizeof left, "%lld", (long long)days_left(x, now));
	if (x->kind == EXPIRY_LAST_SIGNING)
		snprintf(what, sizeof what, "sign %d d", x->days);
	else
		snprintf(what, sizeof what, "%s", expiry_kind_name(x->kind));
	layout_row(columns, COLUMNS,
		   (const char *const[]){at, left, what, x->serial_len ? serial : "-", x->subject});
	return output_check(e);
}

static enum status print(struct invocation *in, const struct expiries *x, int64_t now,
			 struct error *e)
{
	size_t due = expiries_due(x), replaced = 0;
	enum status s = STATUS_OK;

	if (due && !in->output.quiet)
		layout_row(columns, COLUMNS, NULL);
	for (size_t i = 0; i < x->count && s == STATUS_OK; i++) {
		replaced += x->items[i].replaced_by_len > 0;
		if (x->items[i].due)
			s = print_row(&x->items[i], now, e);
	}
	if (s == STATUS_OK && due == 0)
		output_note(&in->output, "nothing ends in that time");
	if (s == STATUS_OK && replaced)
		output_note(&in->output, "%zu more: replaced already by a newer certificate",
			    replaced);
	return s;
}

static int set_serial(json_t *o, const char *key, const unsigned char *serial, size_t len)
{
	char hex[SERIAL_TEXT];

	if (len == 0)
		return 0;
	hex_encode((struct span){serial, len}, hex);
	return json_object_set_new(o, key, json_string(hex));
}

static json_t *item_json(const struct expiry *x, int64_t now)
{
	char at[DATETIME_SIZE];
	json_t *o;
	int failed;

	datetime_format(x->at, at);
	o = json_pack("{s:s, s:s, s:I, s:b, s:o}", "kind", expiry_kind_name(x->kind), "at", at,
		      "days_left", (json_int_t)days_left(x, now), "due", x->due, "subject",
		      output_json_text(x->subject));
	failed = !o || set_serial(o, "serial", x->serial, x->serial_len) ||
		 set_serial(o, "replaced_by", x->replaced_by, x->replaced_by_len);
	if (!failed && x->profile[0])
		failed = json_object_set_new(o, "profile", output_json_text(x->profile));
	if (!failed && x->days)
		failed = json_object_set_new(o, "child_days", json_integer(x->days));
	if (!failed)
		return o;
	json_decref(o);
	return NULL;
}

static enum status print_json(struct output *o, const struct expiries *x, int64_t now,
			      struct error *e)
{
	enum status s = output_json_list(o, "expiring", "ends", e);

	for (size_t i = 0; i < x->count && s == STATUS_OK; i++)
		s = output_json_item(o, item_json(&x->items[i], now), e);
	if (s == STATUS_OK)
		output_json_list_end(o);
	return s;
}

/* The calendar holds every end ahead, whatever --within says, and reminds that long before. */
static enum status write_calendar(struct invocation *in, const struct authority *a,
				  const struct expiry_question *asked, const char *file,
				  struct error *e)
{
	struct expiry_question q = *asked;
	struct expiries all = {0};
	struct text text = {0};
	int alarm_days = (int)(q.within / SECONDS_PER_DAY);
	enum status s;

	if (authority_owns(a, file))
		return error_set(e, STATUS_USAGE, file, "choose another name",
				 "is a file of the CA itself");
	q.all = true;
	q.past = 0;
	s = expiry_collect(a, &q, &all, e);
	if (s == STATUS_OK)
		s = calendar_text(&all, q.now, alarm_days, &text, e);
	if (s == STATUS_OK)
		s = file_publish(file, span_text(text_get(&text)), 0644, FILE_REPLACE, e);
	if (s == STATUS_OK)
		output_note(&in->output, "wrote %s with %zu event%s", file, all.count,
			    all.count == 1 ? "" : "s");
	text_free(&text);
	expiries_free(&all);
	return s;
}

static enum status report_due(const struct invocation *in, const struct expiries *x,
			      struct error *e)
{
	size_t due = expiries_due(x);

	if (due == 0)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, in->directory, "renew what is listed in time",
			 "%zu %s due: ended, or ending within the time asked for", due,
			 due == 1 ? "is" : "are");
}

static enum status cmd_expiring(struct invocation *in, struct error *e)
{
	const char *file = options_value(&in->options, "ics");
	struct expiry_question q = {0};
	struct expiries x = {0};
	struct authority *a = NULL;
	enum status s = read_question(&in->options, &q, e);

	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_READ, &a, e);
	if (s == STATUS_OK)
		s = expiry_collect(a, &q, &x, e);
	if (s == STATUS_OK && file)
		s = write_calendar(in, a, &q, file, e);
	if (s == STATUS_OK)
		s = in->output.json ? print_json(&in->output, &x, q.now, e)
				    : print(in, &x, q.now, e);
	if (s == STATUS_OK)
		s = report_due(in, &x, e);
	expiries_free(&x);
	authority_free(a);
	return s;
}

static const struct option_spec expiring_options[] = {
	{.name = "within",
	 .argument = "TIME",
	 .help = "what ends in that time: 90d (unless given), 12w, 36h"},
	{.name = "past",
	 .argument = "TIME",
	 .help = "and what ended in that time and was not replaced; 30d unless given"},
	{.name = "child-days",
	 .argument = "N",
	 .help = "when this CA can no longer sign for N days; the days of its profiles else"},
	{.name = "ics",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "write a calendar of every end ahead, replacing FILE"},
	{0},
};

const struct command command_expiring = {
	.name = "expiring",
	.usage = "[--within TIME] [--past TIME] [--child-days N] [--ics FILE]",
	.summary = "tell what ends soon, for cron and for calendars",
	.about =
		"Lists what ends soon: certificates that the CA in DIR issued, unless revoked or "
		"replaced by a newer one of the same names; its own certificate and those above it; and "
		"the last day on which a child still gets its whole life. Exit code 1 says that there "
		"is something, 0 that there is nothing; with --quiet nothing is said then, as cron "
		"wants it.",
	.options = {expiring_options},
	.run = cmd_expiring,
};
