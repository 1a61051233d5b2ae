/* subca lint: what is wrong with certificates, CRLs and requests, anyone's, and the rules for it. */
#include "ca/lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/walk.h"
#include "ca/contents.h"
#include "cmd/command.h"
#include "cmd/rules_choice.h"

/* A CRL with a million entries has about 40 MiB in DER, 54 in PEM. */
#define LINT_INPUT_MAX (128 * 1024 * 1024)
#define OPERANDS_MAX 1000000
#define FORMS 3

static const struct option_spec options[] = {
	{.name = "issuer",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the certificate that signed them: they are held against it too"},
	{.name = "ignore",
	 .argument = "ID=REASON",
	 .repeatable = true,
	 .help = "leave a rule out; what it would have said is told with the reason"},
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

/* One call of lint: what it was told, and what it has found so far. */
struct run {
	struct output *output;
	struct bytes issuer;
	bool recursive;
	struct rules_choice choice;
	size_t linted[FORMS], found[SEVERITY_ERROR + 1], bad, passed_over;
	enum status bad_status; /* of the first that could not be linted */
};

static const char *const form_names[FORMS] = {"certificate", "CRL", "request"};

/* --- what was found --------------------------------------------------------------------------- */

/* Where a thing is: the file, and its place there where the file has several. */
struct place {
	const char *path;
	enum lint_form form;
	size_t number; /* 0: the file as a whole */
	bool several;  /* whether to say which of the file it is */
};

static enum status say_findings(const struct run *r, const struct place *at,
				const struct findings *told, const struct findings *ignored,
				struct error *e)
{
	struct text title = {0};

	if (r->output->json)
		return output_json_item(
			r->output,
			json_pack("{s:o, s:I, s:s, s:o, s:o}", "file", output_json_text(at->path),
				  "number", (json_int_t)at->number, "kind", form_names[at->form],
				  "findings", output_findings_json(told), "ignored",
				  rules_ignored_json(&r->choice, ignored)),
			e);
	if (!told->count)
		return STATUS_OK;
	text_add_escaped(&title, span_text(at->path));
	if (at->several)
		text_printf(&title, ", %s %zu", form_names[at->form], at->number);
	printf("%s%s:%s\n", colour_code(r->output->colour, COLOUR_BOLD), text_get(&title),
	       colour_code(r->output->colour, COLOUR_NONE));
	text_free(&title);
	output_findings(r->output, stdout, told);
	return output_check(e);
}

/* Names what could not be linted, so that the rest can go on. */
static enum status say_bad(struct run *r, const struct place *at, const struct error *problem,
			   struct error *e)
{
	struct output people = *r->output;

	if (!r->bad++)
		r->bad_status = problem->status;
	people.json = false;
	output_error(&people, problem);
	if (!r->output->json)
		return output_check(e);
	return output_json_item(
		r->output,
		json_pack("{s:o, s:I, s:s, s:o}", "file", output_json_text(at->path), "number",
			  (json_int_t)at->number, "status", status_name(problem->status), "problem",
			  output_json_text(problem->what)),
		e);
}

/* --- the files -------------------------------------------------------------------------------- */

struct file {
	struct run *run;
	const char *path;
	size_t number;
	bool several;
};

static enum status lint_content(const struct content *c, void *context, struct error *e)
{
	struct file *f = context;
	struct run *r = f->run;
	struct place at = {f->path, c->form, ++f->number, f->several || c->in_p7b};
	struct findings all = {0}, told, ignored;
	struct error problem = {0};
	enum status s = lint_one(c->form, c->der, span_of(&r->issuer), &all, &problem);
	char where[sizeof problem.where];

	if (s == STATUS_OK) {
		size_t count = rules_choice_sort(&r->choice, &all);

		for (size_t i = 0; i < count; i++)
			r->found[all.items[i].severity]++;
		r->linted[c->form]++;
		told = (struct findings){all.items, count, 0};
		ignored = (struct findings){all.items + count, all.count - count, 0};
		s = say_findings(r, &at, &told, &ignored, e);
	} else {
		snprintf(where, sizeof where, at.several ? "%.200s, %s %zu" : "%.200s", at.path,
			 form_names[at.form], at.number);
		error_at(&problem, where);
		s = say_bad(r, &at, &problem, e);
	}
	findings_free(&all);
	return s;
}

/* Of PEM, more than one. */
static bool has_blocks(struct span s)
{
	static const char begin[] = "-----BEGIN ";
	const unsigned char *at = memmem(s.data, s.len, begin, sizeof begin - 1);

	return at && memmem(at + 1, s.len - (size_t)(at + 1 - s.data), begin, sizeof begin - 1);
}

/* Whether the failure is of the output, so that nothing more can be said. */
static enum status lint_bytes(struct run *r, const char *path, struct span bytes, struct error *e)
{
	struct file f = {r, path, 0, has_blocks(bytes)};
	size_t found = 0;
	enum status s = contents_each(bytes, lint_content, &f, &found, e);
	struct error problem = {0};

	if (s == STATUS_OK && found)
		return s;
	if (s == STATUS_OK && r->recursive) {
		r->passed_over++;
		return s;
	}
	if (s == STATUS_OK)
		(void)!error_set(&problem, STATUS_INPUT, path,
				 "give certificates, CRLs, requests or a p7b, in PEM or DER",
				 "no certificate, CRL or request is in it");
	else if (s == STATUS_INPUT)
		problem = *e;
	else
		return s;
	error_at(&problem, path);
	return say_bad(r, &(struct place){.path = path}, &problem, e);
}

static enum status lint_file(const char *path, void *context, struct error *e)
{
	struct run *r = context;
	struct bytes file = {0};
	struct error problem = {0};
	enum status s;

	if (file_read(path, LINT_INPUT_MAX, &file, &problem) != STATUS_OK)
		return say_bad(r, &(struct place){.path = path}, &problem, e);
	s = lint_bytes(r, path, span_of(&file), e);
	bytes_free(&file);
	return s;
}

static enum status note_problem(const struct error *problem, void *context, struct error *e)
{
	return say_bad(context, &(struct place){.path = problem->where}, problem, e);
}

static enum status lint_operand(struct run *r, const char *path, struct error *e)
{
	if (r->recursive && walk_is_folder(path))
		return walk_files(path, lint_file, note_problem, r, e);
	return lint_file(path, r, e);
}

static enum status lint_lines(struct run *r, FILE *in, const char *list, struct error *e)
{
	enum status s = STATUS_OK;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (s == STATUS_OK && (len = getline(&line, &room, in)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len)
			s = lint_operand(r, line, e);
	}
	if (s == STATUS_OK && ferror(in))
		s = error_errno(e, STATUS_SYSTEM, list, NULL, "cannot be read to its end");
	free(line);
	return s;
}

static enum status lint_list(struct run *r, const char *list, struct error *e)
{
	enum status s;
	FILE *in;

	if (!list)
		return STATUS_OK;
	if (strcmp(list, "-") == 0)
		return lint_lines(r, stdin, "standard input", e);
	in = fopen(list, "re");
	if (!in)
		return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, list,
				   NULL, "cannot be read");
	s = lint_lines(r, in, list, e);
	(void)!fclose(in);
	return s;
}

/* --- one run ---------------------------------------------------------------------------------- */

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_sum(const struct run *r)
{
	const size_t *f = r->found;
	bool any = false;

	for (size_t k = 0; k < FORMS; k++)
		any |= k > 0 && r->linted[k];
	for (size_t k = 0; k < FORMS; k++)
		if (r->linted[k] || (k == 0 && !any))
			printf("%zu %s%s%s", r->linted[k], form_names[k], plural(r->linted[k]),
			       (k == 0 && (r->linted[1] || r->linted[2])) ||
					       (k == 1 && r->linted[2])
				       ? ", "
				       : "");
	printf(": %zu error%s, %zu warning%s, %zu notice%s\n", f[SEVERITY_ERROR],
	       plural(f[SEVERITY_ERROR]), f[SEVERITY_WARNING], plural(f[SEVERITY_WARNING]),
	       f[SEVERITY_NOTICE], plural(f[SEVERITY_NOTICE]));
	if (r->passed_over)
		printf("passed over: %zu file%s with nothing to lint\n", r->passed_over,
		       plural(r->passed_over));
}

static enum status conclude(const struct run *r, struct error *e)
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
				 plural(errors));
	return output_check(e);
}

static enum status lint_all(struct run *r, const struct options *o, struct error *e)
{
	if (r->output->json && output_json_list(r->output, "lint", "objects", e) != STATUS_OK)
		return error_status(e);
	for (size_t i = 0; i < o->operand_count; i++)
		if (lint_operand(r, o->operands[i], e) != STATUS_OK)
			return error_status(e);
	if (lint_list(r, options_value(o, "files-from"), e) != STATUS_OK)
		return error_status(e);
	if (!r->output->json && !r->output->quiet)
		print_sum(r);
	if (!r->output->json)
		rules_print_ignored(&r->choice);
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

static enum status take_issuer(struct run *r, const char *path, struct error *e)
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

static enum status take_options(struct run *r, const struct options *o, struct error *e)
{
	enum status s = rules_choice_take(&r->choice, o, e);

	r->recursive = options_given(o, "recursive");
	if (s == STATUS_OK)
		s = take_issuer(r, options_value(o, "issuer"), e);
	return s;
}

static enum status lint_or_print(struct run *r, const struct options *o, struct error *e)
{
	bool files = o->operand_count || options_given(o, "files-from");

	if (options_given(o, "rules")) {
		if (files)
			return error_set(e, STATUS_USAGE, NULL, "leave out one or the other",
					 "--rules lints no file, '%.80s'",
					 o->operand_count ? o->operands[0]
							  : options_value(o, "files-from"));
		return rules_print(r->output, r->choice.wanted, e);
	}
	if (!files)
		return error_set(e, STATUS_USAGE, NULL, "usage: subca lint [options] FILE...",
				 "lint needs FILE");
	return lint_all(r, o, e);
}

static enum status cmd_lint(struct invocation *in, struct error *e)
{
	struct run r = {.output = &in->output};
	enum status s = take_options(&r, &in->options, e);

	if (s == STATUS_OK)
		s = lint_or_print(&r, &in->options, e);
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
		"and prints what is wrong, with what to do about it. What cannot be read is named, and "
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
