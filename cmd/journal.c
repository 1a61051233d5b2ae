/* subca journal: the record of every change, whether it is whole, and its head to keep elsewhere. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "base/suggest.h"
#include "ca/authority.h"
#include "ca/checkpoint.h"
#include "cmd/command.h"
#include "cmd/key.h"
#include "cmd/layout.h"

static const struct option_spec options[] = {
	{.name = "checkpoint",
	 .argument = "FILE",
	 .repeatable = true,
	 .complete = COMPLETE_FILE,
	 .help = "verify: hold the journal against this checkpoint too, a file or \"ROW: HASH\""},
	{.name = "since", .argument = "TIME", .help = "show: only what was recorded from then on"},
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "checkpoint: write the signed file there"},
	{0},
};

/* --- show ------------------------------------------------------------------------------------- */

static const struct column columns[] = {
	{"ROW", 7, CUT_START}, {"TIME", 20, CUT_END}, {"EVENT", 9, CUT_END}, {"WHAT", 0, CUT_END}};
#define COLUMNS (sizeof columns / sizeof columns[0])
#define SERIAL_SHOWN 12

struct showing {
	struct output *output;
	int64_t since;
	size_t count;
};

/* What a person wants to know of a row, from its own words. */
static void describe(const json_t *entry, struct text *out)
{
	static const char *const members[] = {"subject", "detail", "reason"};
	const char *serial = json_string_value(json_object_get(entry, "serial"));

	if (serial)
		text_append(out, serial, strnlen(serial, SERIAL_SHOWN));
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const char *words = json_string_value(json_object_get(entry, members[i]));

		if (words && *words)
			text_printf(out, "%s%s", out->len ? "  " : "", words);
	}
}

static enum status print_row(struct showing *s, const struct journal_row *row, const json_t *entry,
			     struct error *e)
{
	char seq[24], when[DATETIME_SIZE];
	struct text what = {0};

	if (s->count++ == 0 && !s->output->quiet)
		layout_row(columns, COLUMNS, NULL);
	snprintf(seq, sizeof seq, "%" PRId64, row->seq);
	datetime_format(row->time, when);
	describe(entry, &what);
	layout_row(columns, COLUMNS, (const char *const[]){seq, when, row->event, text_get(&what)});
	text_free(&what);
	return output_check(e);
}

static enum status show_row(void *context, const struct journal_row *row, struct error *e)
{
	struct showing *s = context;
	char hash[2 * SHA256_SIZE + 1];
	json_t *entry;
	enum status status;

	if (row->time < s->since)
		return STATUS_OK;
	entry = json_loads(row->canonical, 0, NULL);
	hex_encode((struct span){row->hash, SHA256_SIZE}, hash);
	if (s->output->json)
		return output_json_item(s->output,
					json_pack("{s:I, s:s, s:s, s:o}", "row",
						  (json_int_t)row->seq, "hash", hash, "canonical",
						  row->canonical, "entry", entry),
					e);
	status = print_row(s, row, entry, e);
	json_decref(entry);
	return status;
}

static enum status show(struct invocation *in, struct authority *a, struct error *e)
{
	struct showing s = {.output = &in->output, .since = DATETIME_MIN};
	const char *since = options_value(&in->options, "since");

	if (since && datetime_parse(since, &s.since, e) != STATUS_OK) {
		error_at(e, "--since");
		return error_status(e);
	}
	if (in->output.json && output_json_list(&in->output, "journal", "rows", e) != STATUS_OK)
		return error_status(e);
	if (journal_each(authority_store(a), show_row, &s, e) != STATUS_OK)
		return error_status(e);
	if (in->output.json)
		output_json_list_end(&in->output);
	else if (s.count == 0)
		output_note(&in->output, "no row to show");
	return output_check(e);
}

/* --- verify ----------------------------------------------------------------------------------- */

static json_t *checkpoint_json(const struct checkpoint *c)
{
	char hash[2 * SHA256_SIZE + 1], paper[CHECKPOINT_PAPER_SIZE];

	hex_encode((struct span){c->hash, c->hash_len}, hash);
	checkpoint_paper(c, paper);
	return json_pack("{s:I, s:s, s:s, s:b}", "row", (json_int_t)c->seq, "hash", hash, "paper",
			 paper, "signed", c->is_signed);
}

/* A file, or, where there is none of that name, the words themselves. */
static enum status read_checkpoint(const char *given, X509 *authority, struct checkpoint *out,
				   struct error *e)
{
	struct bytes file = {0};
	bool is_paper = strchr(given, ':') && !file_exists(given);
	enum status s = STATUS_OK;

	if (!is_paper)
		s = file_read(given, CHECKPOINT_FILE_MAX, &file, e);
	if (s == STATUS_OK)
		s = checkpoint_read(is_paper ? span_text(given) : span_of(&file), authority, out,
				    e);
	if (s != STATUS_OK)
		error_at(e, given);
	bytes_free(&file);
	return s;
}

static enum status compare(struct invocation *in, struct authority *a, json_t *compared,
			   struct error *e)
{
	const char *given;

	for (size_t i = 0; (given = options_value_at(&in->options, "checkpoint", i)); i++) {
		struct checkpoint c;

		if (read_checkpoint(given, authority_certificate(a), &c, e) != STATUS_OK)
			return error_status(e);
		if (checkpoint_compare(authority_store(a), &c, e) != STATUS_OK) {
			error_at(e, authority_folder(a));
			return error_status(e);
		}
		if (json_array_append_new(compared, checkpoint_json(&c)) != 0)
			return error_memory(e);
		if (!in->output.json && !in->output.quiet)
			printf("Checkpoint of row %" PRId64 " holds%s.\n", c.seq,
			       c.is_signed ? ", and is signed by this CA" : "");
	}
	return STATUS_OK;
}

static enum status verify(struct invocation *in, struct authority *a, struct error *e)
{
	struct checkpoint head = {0};
	json_t *compared = json_array(), *document;
	char paper[CHECKPOINT_PAPER_SIZE];
	enum status s = compared ? journal_verify(authority_store(a), e) : error_memory(e);

	if (s == STATUS_OK)
		s = checkpoint_take(authority_store(a), 0, &head, e);
	if (s == STATUS_OK)
		s = compare(in, a, compared, e);
	if (s == STATUS_OK && in->output.json) {
		document = json_pack("{s:o, s:O}", "head", checkpoint_json(&head), "checkpoints",
				     compared);
		s = output_json(&in->output, "journal", document, e);
	} else if (s == STATUS_OK && !in->output.quiet) {
		checkpoint_paper(&head, paper);
		printf("Journal: %" PRId64 " row%s, each follows from the one before it.\n"
		       "Head:    %s\n",
		       head.seq, head.seq == 1 ? "" : "s", paper);
	}
	json_decref(compared);
	return s == STATUS_OK ? output_check(e) : s;
}

/* --- checkpoint ------------------------------------------------------------------------------- */

static enum status say_checkpoint(struct invocation *in, const struct checkpoint *c,
				  const char *pem, struct error *e)
{
	const char *file = options_value(&in->options, "output");
	char paper[CHECKPOINT_PAPER_SIZE], when[DATETIME_SIZE];
	json_t *document;

	if (in->output.json) {
		document = checkpoint_json(c);
		if (document && json_object_set_new(document, "pem", json_string(pem)) != 0) {
			json_decref(document);
			document = NULL;
		}
		return output_json(&in->output, "journal", document, e);
	}
	checkpoint_paper(c, paper);
	datetime_format(c->time, when);
	printf("Journal row and hash at %s, for paper:\n\n    %s\n\n", when, paper);
	if (!file)
		fputs(pem, stdout);
	else if (!in->output.quiet)
		printf("The signed file is %s. Without subca it is proved by\n"
		       "    openssl cms -verify -inform PEM -purpose any -CAfile ca.pem -in FILE\n",
		       file);
	return output_check(e);
}

static enum status checkpoint(struct invocation *in, struct authority *a, struct error *e)
{
	const char *file = options_value(&in->options, "output");
	struct checkpoint c = {0};
	struct signer *signer = NULL;
	struct text pem = {0};
	int64_t now = 0;
	enum status s = file ? file_expect_absent(file, e) : STATUS_OK;

	/* What is broken must not get a signature that says that it was so. */
	if (s == STATUS_OK)
		s = journal_verify(authority_store(a), e);
	if (s == STATUS_OK)
		s = datetime_now(&now, e);
	if (s == STATUS_OK)
		s = checkpoint_take(authority_store(a), now, &c, e);
	if (s == STATUS_OK)
		s = key_open(&in->options, a, &signer, e);
	if (s == STATUS_OK)
		s = checkpoint_sign(&c, authority_certificate(a), signer, &pem, e);
	c.is_signed = s == STATUS_OK;
	if (s == STATUS_OK && file)
		s = file_publish(file, span_text(text_get(&pem)), 0644, FILE_KEEP, e);
	if (s == STATUS_OK)
		s = say_checkpoint(in, &c, text_get(&pem), e);
	signer_free(signer);
	text_free(&pem);
	return s;
}

/* --- the command ------------------------------------------------------------------------------ */

static const char *const verbs[] = {"show", "verify", "checkpoint", NULL};
static enum status (*const actions[])(struct invocation *, struct authority *,
				      struct error *) = {show, verify, checkpoint};
/* The option that belongs to each. */
static const char *const own_options[] = {"since", "checkpoint", "output"};
#define VERBS (sizeof actions / sizeof actions[0])

static enum status find_verb(const struct options *o, size_t *verb, struct error *e)
{
	const char *given = o->operands[0], *near;
	char todo[sizeof e->todo];

	for (*verb = 0; *verb < VERBS && strcmp(given, verbs[*verb]) != 0; ++*verb)
		;
	if (*verb == VERBS) {
		near = suggest(given, verbs, VERBS);
		snprintf(todo, sizeof todo, "%s%s%swrite journal show, verify or checkpoint",
			 near ? "did you mean " : "", near ? near : "", near ? "? " : "");
		return error_set(e, STATUS_USAGE, NULL, todo, "journal does not know '%.80s'",
				 given);
	}
	for (size_t i = 0; i < VERBS; i++)
		if (i != *verb && options_given(o, own_options[i]))
			return error_set(e, STATUS_USAGE, NULL, "'subca journal --help' tells more",
					 "journal %s does not take --%s", given, own_options[i]);
	return STATUS_OK;
}

static enum status cmd_journal(struct invocation *in, struct error *e)
{
	struct authority *a = NULL;
	size_t verb = 0;
	enum status s = find_verb(&in->options, &verb, e);

	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_READ, &a, e);
	if (s == STATUS_OK)
		s = actions[verb](in, a, e);
	authority_free(a);
	return s;
}

const struct command command_journal = {
	.name = "journal",
	.usage = "show | verify | checkpoint [options]",
	.summary = "show the record of every change, and prove that it is whole",
	.about =
		"Every change of a CA's store is a row of its journal, chained to the row before it by "
		"SHA-256. show: the rows. verify: that each follows from the one before it, which an "
		"edit, a removal and a reorder break; and with --checkpoint that what was the head "
		"then is still there, which a cut tail breaks.\n"
		"checkpoint: the head, short enough for paper and signed by the CA's key as CMS, to be "
		"kept where nobody who can write the store can write.",
	.least = 1,
	.most = 1,
	.operands = {{"show|verify|checkpoint", COMPLETE_WORDS, verbs}},
	.options = {options, options_passphrase},
	.run = cmd_journal,
};
