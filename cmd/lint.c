/* subca lint: what is wrong with certificates, anyone's, and the rules that say so. */
#include "ca/lint.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/suggest.h"
#include "ca/pem.h"
#include "cmd/command.h"
#include "cmd/layout.h"

/* The bundles of public roots are below 1 MiB. */
#define LINT_INPUT_MAX (16 * 1024 * 1024)
#define PEM_BEGIN "-----BEGIN "
#define OPERANDS_MAX 1000000

static const struct option_spec options[] = {
	{.name = "issuer",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the certificate that signed them: they are held against it too"},
	{.name = "ignore",
	 .argument = "ID",
	 .repeatable = true,
	 .help = "leave this rule out; what it would have said is counted"},
	{.name = "rules",
	 .help = "print the rules, no FILE: id, severity, reference, why, what to do"},
	{0},
};

/* The certificates of one file, DER each. Owned. */
struct certificates {
	struct bytes *items;
	size_t count;
};

/* One call of lint: what it was told, and what it has found so far. */
struct run {
	struct output *output;
	struct bytes issuer;
	bool *ignored;	    /* by place in lint_rules() */
	size_t *kept_quiet; /* how often each ignored rule spoke */
	size_t certificates, found[SEVERITY_ERROR + 1], bad;
	enum status bad_status; /* of the first file that could not be linted */
};

static const struct {
	unsigned bit;
	const char *name;
} subjects[] = {
	{LINT_ROOT, "root"}, {LINT_INTERMEDIATE, "intermediate"},
	{LINT_LEAF, "leaf"}, {LINT_UNREADABLE, "unreadable"},
	{LINT_CRL, "CRL"},   {LINT_CRL_ENTRY, "CRL entry"},
};
#define SUBJECTS (sizeof subjects / sizeof subjects[0])

static json_t *rule_json(const struct rule *r, unsigned applies)
{
	json_t *to = json_array();

	for (size_t i = 0; i < SUBJECTS; i++)
		if (applies & subjects[i].bit)
			json_array_append_new(to, json_string(subjects[i].name));
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "id", r->id, "severity",
			 severity_name(r->severity), "applies_to", to, "reference", r->reference,
			 "why", r->why, "todo", r->todo);
}

static enum status rules_json(struct output *o, struct error *e)
{
	size_t count;
	const struct rule *rules = lint_rules(&count);

	if (output_json_list(o, "lint", "rules", e) != STATUS_OK)
		return error_status(e);
	for (size_t i = 0; i < count; i++)
		if (output_json_item(o, rule_json(&rules[i], lint_rule_applies(i)), e) != STATUS_OK)
			return error_status(e);
	output_json_list_end(o);
	return output_check(e);
}

static void print_rule(const struct rule *r, unsigned applies)
{
	bool first = true;

	printf("%s\n    %s; ", r->id, severity_name(r->severity));
	for (size_t i = 0; i < SUBJECTS; i++) {
		if (applies & subjects[i].bit) {
			printf("%s%s", first ? "" : ", ", subjects[i].name);
			first = false;
		}
	}
	printf("; %s\n    why: ", r->reference);
	layout_wrap(stdout, 9, 9, r->why);
	fputs("    do:  ", stdout);
	layout_wrap(stdout, 9, 9, r->todo);
}

static enum status print_rules(struct invocation *in, struct error *e)
{
	size_t count;
	const struct rule *rules = lint_rules(&count);

	if (in->options.operand_count)
		return error_set(e, STATUS_USAGE, NULL, "leave out one or the other",
				 "--rules lints no file, '%.80s'", in->options.operands[0]);
	if (in->output.json)
		return rules_json(&in->output, e);
	for (size_t i = 0; i < count; i++)
		print_rule(&rules[i], lint_rule_applies(i));
	return output_check(e);
}

static enum status unknown_rule(const char *id, struct error *e)
{
	size_t count;
	const struct rule *rules = lint_rules(&count);
	const char **ids = calloc(count, sizeof *ids);
	const char *near = NULL;
	char todo[sizeof e->todo];

	for (size_t i = 0; ids && i < count; i++)
		ids[i] = rules[i].id;
	if (ids)
		near = suggest(id, ids, count);
	free(ids);
	snprintf(todo, sizeof todo, "%s%s%s'subca lint --rules' lists them",
		 near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	return error_set(e, STATUS_USAGE, NULL, todo, "there is no rule '%.80s'", id);
}

static enum status take_ignored(struct run *r, const struct options *o, struct error *e)
{
	size_t count;
	const struct rule *rules = lint_rules(&count);
	const char *id;

	r->ignored = calloc(count, sizeof *r->ignored);
	r->kept_quiet = calloc(count, sizeof *r->kept_quiet);
	if (!r->ignored || !r->kept_quiet)
		return error_memory(e);
	for (size_t n = 0; (id = options_value_at(o, "ignore", n)); n++) {
		size_t i = 0;

		while (i < count && strcmp(rules[i].id, id) != 0)
			i++;
		if (i == count)
			return unknown_rule(id, e);
		r->ignored[i] = true;
	}
	return STATUS_OK;
}

static void certificates_free(struct certificates *c)
{
	for (size_t i = 0; i < c->count; i++)
		bytes_free(&c->items[i]);
	free(c->items);
	*c = (struct certificates){0};
}

/* How many PEM blocks there can be. */
static size_t count_blocks(struct span s)
{
	const unsigned char *at = s.data, *end = s.data + s.len;
	size_t count = 0;

	while ((at = memmem(at, (size_t)(end - at), PEM_BEGIN, strlen(PEM_BEGIN)))) {
		at += strlen(PEM_BEGIN);
		count++;
	}
	return count;
}

/* A SEQUENCE too long for a length of one octet, as any certificate is, and no text. */
static bool looks_like_der(struct span s)
{
	return s.len > 1 && s.data[0] == 0x30 && (s.data[1] & 0x80);
}

static enum status split(struct bytes *file, struct certificates *out, struct error *e)
{
	size_t blocks = looks_like_der(span_of(file)) ? 0 : count_blocks(span_of(file));

	out->items = calloc(blocks ? blocks : 1, sizeof *out->items);
	if (!out->items)
		return error_memory(e);
	if (blocks)
		return pem_read_certificates(span_of(file), out->items, blocks, &out->count, e);
	if (!looks_like_der(span_of(file)))
		return error_set(e, STATUS_INPUT, NULL, "give certificates in PEM or DER",
				 "no certificate is in it");
	out->items[0] = *file;
	out->count = 1;
	*file = (struct bytes){0};
	return STATUS_OK;
}

static enum status read_certificates(const char *path, struct certificates *out, struct error *e)
{
	struct bytes file = {0};
	enum status s = file_read(path, LINT_INPUT_MAX, &file, e);

	if (s == STATUS_OK) {
		s = split(&file, out, e);
		if (s != STATUS_OK)
			error_at(e, path);
	}
	bytes_free(&file);
	return s;
}

static enum status take_issuer(struct run *r, const char *path, struct error *e)
{
	struct certificates c = {0};
	enum status s;

	if (!path)
		return STATUS_OK;
	s = read_certificates(path, &c, e);
	if (s == STATUS_OK && c.count > 1)
		s = error_set(e, STATUS_USAGE, path, "give one file with the one that signed them",
			      "holds %zu certificates", c.count);
	if (s == STATUS_OK) {
		r->issuer = c.items[0];
		c.count = 0;
	}
	certificates_free(&c);
	return s;
}

/* Those to be told come first, in their order; returns how many they are. */
static size_t set_ignored_apart(struct run *r, struct findings *f)
{
	size_t count, told = 0;
	const struct rule *rules = lint_rules(&count);

	for (size_t i = 0; i < f->count; i++) {
		struct finding one = f->items[i];
		size_t rule = (size_t)(one.rule - rules);

		if (r->ignored[rule]) {
			r->kept_quiet[rule]++;
			continue;
		}
		r->found[one.severity]++;
		f->items[i] = f->items[told];
		f->items[told++] = one;
	}
	return told;
}

/* Where a certificate is: the file, and its place there where the file has several. */
struct place {
	const char *path;
	size_t number, of; /* number 0: the file as a whole */
};

static enum status say_findings(const struct run *r, const struct place *at,
				const struct findings *told, const struct findings *ignored,
				struct error *e)
{
	struct text title = {0};

	if (r->output->json)
		return output_json_item(r->output,
					json_pack("{s:o, s:I, s:o, s:o}", "file",
						  output_json_text(at->path), "certificate",
						  (json_int_t)at->number, "findings",
						  output_findings_json(told), "ignored",
						  output_findings_json(ignored)),
					e);
	if (!told->count)
		return STATUS_OK;
	text_add_escaped(&title, span_text(at->path));
	if (at->of > 1)
		text_printf(&title, ", certificate %zu", at->number);
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
		json_pack("{s:o, s:I, s:s, s:o}", "file", output_json_text(at->path), "certificate",
			  (json_int_t)at->number, "status", status_name(problem->status), "problem",
			  output_json_text(problem->what)),
		e);
}

static enum status lint_one(struct run *r, const struct place *at, struct span der, struct error *e)
{
	struct findings all = {0}, told, ignored;
	struct error problem = {0};
	enum status s = lint_certificate(der, span_of(&r->issuer), &all, &problem);
	char where[sizeof problem.where];

	if (s == STATUS_OK) {
		size_t count = set_ignored_apart(r, &all);

		r->certificates++;
		told = (struct findings){all.items, count, 0};
		ignored = (struct findings){all.items + count, all.count - count, 0};
		s = say_findings(r, at, &told, &ignored, e);
	} else {
		snprintf(where, sizeof where, at->of > 1 ? "%.200s, certificate %zu" : "%.200s",
			 at->path, at->number);
		error_at(&problem, where);
		s = say_bad(r, at, &problem, e);
	}
	findings_free(&all);
	return s;
}

static enum status lint_file(struct run *r, const char *path, struct error *e)
{
	struct certificates c = {0};
	struct error problem = {0};
	enum status s = STATUS_OK;

	if (read_certificates(path, &c, &problem) != STATUS_OK)
		s = say_bad(r, &(struct place){.path = path}, &problem, e);
	for (size_t i = 0; s == STATUS_OK && i < c.count; i++)
		s = lint_one(r, &(struct place){path, i + 1, c.count}, span_of(&c.items[i]), e);
	certificates_free(&c);
	return s;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_sum(const struct run *r)
{
	size_t count, said = 0;
	const struct rule *rules = lint_rules(&count);
	const size_t *f = r->found;

	if (!r->output->quiet)
		printf("%zu certificate%s: %zu error%s, %zu warning%s, %zu notice%s\n",
		       r->certificates, plural(r->certificates), f[SEVERITY_ERROR],
		       plural(f[SEVERITY_ERROR]), f[SEVERITY_WARNING], plural(f[SEVERITY_WARNING]),
		       f[SEVERITY_NOTICE], plural(f[SEVERITY_NOTICE]));
	for (size_t i = 0; i < count; i++)
		if (r->kept_quiet[i])
			printf("%s%s (%zu)", said++ ? ", " : "ignored: ", rules[i].id,
			       r->kept_quiet[i]);
	if (said)
		putchar('\n');
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
	if (r->output->json && output_json_list(r->output, "lint", "certificates", e) != STATUS_OK)
		return error_status(e);
	for (size_t i = 0; i < o->operand_count; i++)
		if (lint_file(r, o->operands[i], e) != STATUS_OK)
			return error_status(e);
	if (!r->output->json)
		print_sum(r);
	return conclude(r, e);
}

static enum status cmd_lint(struct invocation *in, struct error *e)
{
	struct run r = {.output = &in->output};
	enum status s;

	if (options_given(&in->options, "rules"))
		return print_rules(in, e);
	if (!in->options.operand_count)
		return error_set(e, STATUS_USAGE, NULL, "usage: subca lint [options] FILE...",
				 "lint needs FILE");
	s = take_ignored(&r, &in->options, e);
	if (s == STATUS_OK)
		s = take_issuer(&r, options_value(&in->options, "issuer"), e);
	if (s == STATUS_OK)
		s = lint_all(&r, &in->options, e);
	bytes_free(&r.issuer);
	free(r.ignored);
	free(r.kept_quiet);
	return s;
}

const struct command command_lint = {
	.name = "lint",
	.usage = "[options] FILE... | --rules",
	.summary = "judge certificates, anyone's, by the rules that ours are held to",
	.about =
		"Lints each certificate in each FILE (PEM, several in a file or one, or DER; - is "
		"standard input) against RFC 5280 and what strict verifiers refuse, and prints what is "
		"wrong, with what to do about it. What cannot be read is named, and the rest goes on. "
		"Neither a CA nor a key is needed.\n"
		"The exit code is 1 when there are errors; warnings and notices do not count.",
	.least = 0,
	.most = OPERANDS_MAX,
	.operands = {{"FILE", COMPLETE_FILE, NULL},
		     {"FILE", COMPLETE_FILE, NULL},
		     {"FILE", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = cmd_lint,
};
