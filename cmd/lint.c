/* subca lint: what is wrong with certificates, CRLs and requests, anyone's, and the rules for it. */
#include "cmd/lint_run.h"

#include <stdlib.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/authority.h"
#include "ca/contents.h"

#define OPERANDS_MAX 1000000

static const char *const ways[] = {"recognised", "chain", "bundle", "apart", NULL};

static const struct option_spec options[] = {
	{.name = "issuer",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the certificate that signed them: they are held against it too"},
	{.name = "ignore",
	 .argument = "ID=REASON",
	 .repeatable = true,
	 .help = "leave a rule out; what it would have said is told with the reason, which the journal "
		 "of the CA that -C names keeps"},
	{.name = "accept",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "a file that says which findings are accepted, by whom and until when; as audit's"},
	{.name = "source",
	 .argument = "SOURCE",
	 .repeatable = true,
	 .complete = COMPLETE_WORDS,
	 .words = rules_sources,
	 .help = "hold them against the rules of this source alone"},
	{.name = "without",
	 .argument = "SOURCE",
	 .repeatable = true,
	 .complete = COMPLETE_WORDS,
	 .words = rules_sources,
	 .help = "leave out the rules of this source"},
	{.name = "as",
	 .argument = "WHAT",
	 .complete = COMPLETE_WORDS,
	 .words = ways,
	 .help = "take a file with several certificates for a chain or a bundle, or judge them apart; "
		 "recognised else"},
	{.name = "recursive",
	 .letter = 'r',
	 .help = "FILE may be a folder: whatever in it can be linted is"},
	{.name = "files-from",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the files that FILE names, one in a line; \"-\" is standard input"},
	{.name = "rules",
	 .help = "print the rules, no FILE: id, severity, reference, why, what to do"},
	{0},
};

/* --- one run ---------------------------------------------------------------------------------- */

/* Where a CA is named, and only then: lint needs none. */
static enum status open_record(const struct invocation *in, struct authority **out, struct error *e)
{
	const char *environment = getenv("SUBCA_DIR");

	if (!options_given(&in->options, "ignore") ||
	    !(options_given(&in->options, "directory") || (environment && *environment)))
		return STATUS_OK;
	return authority_open(in->directory, STORE_WRITE, out, e);
}

struct record {
	struct authority *authority; /* NULL: nothing is recorded */
	int64_t now;
};

static enum status record_one(const char *words, void *context, struct error *e)
{
	const struct record *r = context;

	return journal_note(authority_store(r->authority), "lint-ignore", words, r->now, e);
}

static enum status conclude(const struct lint_run *r, struct error *e)
{
	size_t errors = r->found[SEVERITY_ERROR];

	/* An open list is closed with the error inside: the list is not whole. */
	if (r->bad)
		return error_set(e, r->bad_status, NULL, "mend what is named, or leave it out",
				 "%zu of the inputs could not be linted", r->bad);
	if (r->output->json)
		output_json_list_end(r->output);
	if (errors)
		return error_set(e, STATUS_REFUSED, NULL, NULL, "%zu error%s found", errors,
				 errors == 1 ? "" : "s");
	return output_check(e);
}

static enum status lint_all(struct lint_run *r, const struct options *o, struct record *record,
			    struct error *e)
{
	if (r->output->json && output_json_list(r->output, "lint", "objects", e) != STATUS_OK)
		return error_status(e);
	for (size_t i = 0; i < o->operand_count; i++)
		if (lint_operand(r, o->operands[i], e) != STATUS_OK)
			return error_status(e);
	if (lint_list(r, options_value(o, "files-from"), e) != STATUS_OK)
		return error_status(e);
	if (!r->output->json && !r->output->quiet)
		lint_print_sum(r);
	if (!r->output->json)
		rules_print_ignored(&r->choice);
	if (record->authority && rules_each_ignored(&r->choice, record_one, record, e) != STATUS_OK)
		return error_status(e);
	return conclude(r, e);
}

/* The one certificate of a file; a second one is refused. */
static enum status take_certificate(const struct content *c, void *context, struct error *e)
{
	struct bytes *issuer = context;

	if (issuer->len || c->form != LINT_FORM_CERTIFICATE)
		return error_set(e, STATUS_USAGE, NULL,
				 "give one file with the one that signed them",
				 "holds more than one certificate");
	return bytes_copy(issuer, c->der, e);
}

static enum status take_issuer(struct lint_run *r, const char *path, struct error *e)
{
	struct bytes file = {0};
	size_t found = 0;
	enum status s;

	if (!path)
		return STATUS_OK;
	s = file_read(path, LINT_INPUT_MAX, &file, e);
	if (s == STATUS_OK)
		s = contents_each(span_of(&file), take_certificate, &r->issuer, &found, e);
	if (s == STATUS_OK && !found)
		s = error_set(e, STATUS_INPUT, path, "give the issuer's in PEM or DER",
			      "no certificate is in it");
	if (s != STATUS_OK)
		error_at(e, path);
	bytes_free(&file);
	return s;
}

static enum status take_options(struct lint_run *r, const struct options *o, struct error *e)
{
	int as = LINT_AS_RECOGNISED;
	enum status s = rules_choice_take(&r->choice, o, e);

	r->recursive = options_given(o, "recursive");
	if (s == STATUS_OK)
		s = options_word(o, "as", &as, e);
	r->as = (enum lint_as)as;
	if (s == STATUS_OK)
		s = datetime_now(&r->now, e);
	if (s == STATUS_OK)
		s = take_issuer(r, options_value(o, "issuer"), e);
	return s;
}

static enum status print_rules(const struct lint_run *r, const struct options *o, struct error *e)
{
	if (o->operand_count || options_given(o, "files-from"))
		return error_set(e, STATUS_USAGE, NULL, "leave out one or the other",
				 "--rules lints no file, '%.80s'",
				 o->operand_count ? o->operands[0]
						  : options_value(o, "files-from"));
	return rules_print(r->output, r->choice.wanted, e);
}

static enum status lint_recorded(struct lint_run *r, const struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	struct record record = {.now = r->now};
	enum status s;

	if (!o->operand_count && !options_given(o, "files-from"))
		return error_set(e, STATUS_USAGE, NULL, "usage: subca lint [options] FILE...",
				 "lint needs FILE");
	s = open_record(in, &record.authority, e);
	if (s == STATUS_OK)
		s = lint_all(r, o, &record, e);
	authority_free(record.authority);
	return s;
}

static enum status cmd_lint(struct invocation *in, struct error *e)
{
	struct lint_run r = {.output = &in->output};
	enum status s = take_options(&r, &in->options, e);

	if (s == STATUS_OK)
		s = options_given(&in->options, "rules") ? print_rules(&r, &in->options, e)
							 : lint_recorded(&r, in, e);
	bytes_free(&r.issuer);
	rules_choice_free(&r.choice);
	return s;
}

const struct command command_lint = {
	.name = "lint",
	.usage = "[options] FILE... | --rules",
	.summary =
		"judge certificates, CRLs and requests, anyone's, by the rules that ours are held to",
	.about =
		"Lints each certificate, CRL and request in each FILE (PEM, several in a file or one, "
		"DER, or p7b; - is standard input) against RFC 5280 and what strict verifiers refuse, "
		"and prints what is wrong, with what to do about it. A file with several certificates is "
		"judged as the chain or the bundle that it is. What cannot be read is named, and "
		"the rest goes on. Neither a CA nor a key is needed.\n"
		"The exit code is 1 when there are errors; warnings and notices do not count.",
	.least = 0,
	.most = OPERANDS_MAX,
	.operands = {{"FILE", COMPLETE_FILE, NULL},
		     {"FILE", COMPLETE_FILE, NULL},
		     {"FILE", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = cmd_lint,
};
