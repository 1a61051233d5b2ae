/* subca audit: whether everything this CA ever signed is in order. */
#include "audit/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/audit_text.h"
#include "cmd/command.h"
#include "cmd/progress.h"

#define PATHS_MAX 1000000
#define EXPIRING_DAYS 90

static const struct option_spec options[] = {
	{.name = "report",
	 .argument = "FILE",
	 .repeatable = true,
	 .complete = COMPLETE_FILE,
	 .help = "write a report too; its ending says what: .html, .json, .sarif or .csv"},
	{.name = "force", .help = "overwrite reports that exist"},
	{.name = "since",
	 .argument = "TIME",
	 .help = "findings about certificates that became valid from then on only"},
	{.name = "expiring",
	 .argument = "DAYS",
	 .help = "tell what ends within so many days; 90 else, 0 tells nothing"},
	{.name = "checkpoint",
	 .argument = "FILE",
	 .repeatable = true,
	 .complete = COMPLETE_FILE,
	 .help = "hold the journal against this checkpoint too, a file or \"ROW: HASH\""},
	{.name = "openssl",
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "audit the CA of an openssl ca or easy-rsa: the folder with index.txt"},
	{.name = "accept",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "a file that says which findings are accepted, by whom and until when"},
	{.name = "strict",
	 .help = "warnings count as errors, and so does what could not be examined"},
	{.name = "shared-primes",
	 .help = "look for shared primes among any number of RSA keys, however long it takes"},
	{.name = "no-shared-primes", .help = "do not look for them at all"},
	{.name = "threads", .argument = "N", .help = "so many at a time; as many as cores else"},
	{0},
};

struct auditing {
	struct invocation *in;
	struct audit_order order;
	const char **checkpoints;
	struct progress progress;
};

static enum status read_numbers(struct auditing *g, struct error *e)
{
	const struct options *o = &g->in->options;
	const char *since = options_value(o, "since");
	int64_t days = EXPIRING_DAYS, threads = 0;

	if (since && datetime_parse(since, &g->order.since, e) != STATUS_OK) {
		error_at(e, "--since");
		return error_status(e);
	}
	if (options_number(o, "expiring", 0, 36500, &days, e) != STATUS_OK ||
	    options_number(o, "threads", 1, 64, &threads, e) != STATUS_OK)
		return error_status(e);
	g->order.expiring_days = (int)days;
	g->order.threads = (unsigned)threads;
	return datetime_now(&g->order.now, e);
}

static enum status read_order(struct auditing *g, struct error *e)
{
	const struct options *o = &g->in->options;
	const char *environment = getenv("SUBCA_DIR"), *given;
	size_t count = 0;

	g->order.openssl = options_value(o, "openssl");
	g->order.directory_given = options_given(o, "directory") || (environment && *environment);
	if (g->order.openssl && options_given(o, "directory"))
		return error_set(e, STATUS_USAGE, NULL, "leave one of them out",
				 "-C names a CA of subca, and --openssl one of openssl ca");
	if (g->order.openssl)
		g->order.directory_given = false;
	else
		g->order.directory = g->in->directory;
	g->order.paths = o->operands;
	g->order.path_count = o->operand_count;
	g->order.policy = options_value(o, "accept");
	g->order.shared_primes = options_given(o, "shared-primes");
	g->order.no_shared_primes = options_given(o, "no-shared-primes");
	if (g->order.shared_primes && g->order.no_shared_primes)
		return error_set(e, STATUS_USAGE, NULL, "leave one of them out",
				 "--shared-primes and --no-shared-primes exclude each other");
	while (options_value_at(o, "checkpoint", count))
		count++;
	g->checkpoints = calloc(count + 1, sizeof *g->checkpoints);
	if (!g->checkpoints)
		return error_memory(e);
	for (size_t i = 0; (given = options_value_at(o, "checkpoint", i)); i++)
		g->checkpoints[i] = given;
	g->order.checkpoints = g->checkpoints;
	g->order.progress = progress_show;
	g->order.progress_context = &g->progress;
	return read_numbers(g, e);
}

/* --- reports ---------------------------------------------------------------------------------- */

static const char *const endings[] = {".html", ".json", ".sarif", ".csv"};
enum format { FORMAT_HTML, FORMAT_JSON, FORMAT_SARIF, FORMAT_CSV, FORMATS };

static enum status find_format(const char *file, enum format *format, struct error *e)
{
	size_t len = strlen(file);

	for (unsigned i = 0; i < FORMATS; i++) {
		size_t tail = strlen(endings[i]);

		if (len > tail && strcmp(file + len - tail, endings[i]) == 0) {
			*format = (enum format)i;
			return STATUS_OK;
		}
	}
	return error_set(e, STATUS_USAGE, file,
			 "name it so that it ends in .html, .json, .sarif or .csv",
			 "what kind of report is it to be?");
}

/* Before the work: what cannot be written is told at once. */
static enum status check_reports(const struct auditing *g, struct error *e)
{
	const struct options *o = &g->in->options;
	bool force = options_given(o, "force");
	const char *file;
	enum format format;

	for (size_t i = 0; (file = options_value_at(o, "report", i)); i++) {
		if (find_format(file, &format, e) != STATUS_OK ||
		    (!force && file_expect_absent(file, e) != STATUS_OK) ||
		    file_expect_place(file, e) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

static json_t *with_schema(json_t *document)
{
	if (document &&
	    json_object_set_new(document, "schema", json_string("subca.audit/1")) != 0) {
		json_decref(document);
		return NULL;
	}
	return document;
}

/* Takes over document. */
static enum status add_json(json_t *document, struct text *out, struct error *e)
{
	enum status s = json_text(document, JSON_INDENT(1), out, e);

	json_decref(document);
	text_add(out, "\n");
	return s == STATUS_OK ? text_check(out, e) : s;
}

static enum status add_csv(struct audit *a, struct text *out, struct error *e)
{
	FILE *to = open_memstream(&out->data, &out->len);
	enum status s = to ? report_csv(a, to, e) : error_memory(e);

	if (to && fclose(to) != 0 && s == STATUS_OK)
		s = error_memory(e);
	return s;
}

static enum status write_report(const struct auditing *g, struct audit *a, const char *file,
				struct error *e)
{
	enum file_existing existing = options_given(&g->in->options, "force") ? FILE_REPLACE
									      : FILE_KEEP;
	struct text out = {0};
	enum format format;
	enum status s = find_format(file, &format, e);

	if (s == STATUS_OK && format == FORMAT_HTML)
		s = report_html(a, &out, e);
	else if (s == STATUS_OK && format == FORMAT_CSV)
		s = add_csv(a, &out, e);
	else if (s == STATUS_OK)
		s = add_json(format == FORMAT_SARIF ? report_sarif(a) : with_schema(report_json(a)),
			     &out, e);
	if (s == STATUS_OK)
		s = file_publish(file, (struct span){(unsigned char *)out.data, out.len}, 0644,
				 existing, e);
	text_free(&out);
	return s;
}

static enum status report(const struct auditing *g, struct audit *a, struct error *e)
{
	const struct output *o = &g->in->output;
	const char *file;

	for (size_t i = 0; (file = options_value_at(&g->in->options, "report", i)); i++)
		if (write_report(g, a, file, e) != STATUS_OK)
			return error_status(e);
	if (o->json)
		return output_json(&g->in->output, "audit", report_json(a), e);
	if (!o->quiet)
		return audit_print(o, a, e);
	audit_print_line(a);
	return output_check(e);
}

/* --- the end ---------------------------------------------------------------------------------- */

static enum status conclude(const struct auditing *g, const struct audit *a, struct error *e)
{
	bool strict = options_given(&g->in->options, "strict");
	struct text found = {0};
	enum status s = STATUS_OK;

	if (a->found[SEVERITY_ERROR] ||
	    (strict && (a->found[SEVERITY_WARNING] || a->estate.unread_count)))
		s = STATUS_REFUSED;
	else if (a->found[SEVERITY_WARNING])
		s = STATUS_WARNED;
	if (s == STATUS_OK)
		return output_check(e);
	audit_count_text(a, &found);
	if (strict && a->estate.unread_count)
		text_printf(&found, ", %zu not examined", a->estate.unread_count);
	s = error_set(e, s, NULL, NULL, "found %s", text_get(&found));
	text_free(&found);
	return s;
}

static enum status cmd_audit(struct invocation *in, struct error *e)
{
	struct auditing g = {.in = in};
	struct audit *a = NULL;
	enum status s = read_order(&g, e);

	if (s == STATUS_OK)
		s = check_reports(&g, e);
	progress_begin(&g.progress, &in->output);
	if (s == STATUS_OK)
		s = audit_run(&g.order, &a, e);
	progress_end(&g.progress);
	if (s == STATUS_OK)
		s = report(&g, a, e);
	if (s == STATUS_OK)
		s = conclude(&g, a, e);
	audit_free(a);
	free(g.checkpoints);
	return s;
}

const struct command command_audit = {
	.name = "audit",
	.usage = "[options] [PATH...]",
	.summary = "tell whether everything a CA ever signed is in order",
	.about =
		"Holds the CA in DIR against itself and against every certificate, chain, p7b and CRL "
		"in each PATH, a file or a folder with all below it: what was signed behind the "
		"store's back, what is in no file, what is weak, revoked without a CRL, forged, about "
		"to end, or not what its profile would issue today. It reads only, and needs no key.\n"
		"Without a CA it audits the certificates in each PATH.\n"
		"The exit code is 0 when nothing is wrong, 11 when there are warnings, and 1 when there "
		"are errors; notices do not count.",
	.least = 0,
	.most = PATHS_MAX,
	.operands = {{"PATH", COMPLETE_FILE, NULL},
		     {"PATH", COMPLETE_FILE, NULL},
		     {"PATH", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = cmd_audit,
};
