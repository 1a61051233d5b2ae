#include "cmd/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/suggest.h"
#include "cmd/exit.h"
#include "cmd/help.h"

#define SUBCA_TABLE_ENTRY(name) &command_##name,

static const struct command *const table[] = {SUBCA_COMMANDS(SUBCA_TABLE_ENTRY)};
#define COMMANDS (sizeof table / sizeof table[0])

static const struct option_spec options_before[] = {
	{.name = "version", .letter = 'V', .help = "show the version"},
	{0},
};

const struct command *const *commands(size_t *count)
{
	*count = COMMANDS;
	return table;
}

enum status command_find(const char *name, const struct command **out, struct error *e)
{
	const char *names[COMMANDS];
	const char *near;
	char todo[sizeof e->todo];

	for (size_t i = 0; i < COMMANDS; i++) {
		names[i] = table[i]->name;
		if (strcmp(name, table[i]->name) == 0) {
			*out = table[i];
			return STATUS_OK;
		}
	}
	near = suggest(name, names, COMMANDS);
	if (near)
		snprintf(todo, sizeof todo, "did you mean 'subca %s'? 'subca help' lists them",
			 near);
	else
		snprintf(todo, sizeof todo, "'subca help' lists them");
	return error_set(e, STATUS_USAGE, NULL, todo, "there is no command '%.80s'", name);
}

static void use_lists(struct options *o, const struct command *command)
{
	size_t n = 0;

	o->lists[n++] = options_common;
	for (size_t i = 0; command && command->options[i]; i++)
		o->lists[n++] = command->options[i];
	if (!command)
		o->lists[n++] = options_before;
	o->lists[n] = NULL;
}

static enum status count_operands(const struct invocation *in, struct error *e)
{
	const struct command *c = in->command;
	size_t count = in->options.operand_count;
	char todo[sizeof e->todo];

	snprintf(todo, sizeof todo, "usage: subca %s %s", c->name, c->usage);
	if (count < c->least)
		return error_set(e, STATUS_USAGE, NULL, todo, "%s needs %s", c->name,
				 c->operands[count].name);
	if (count > c->most)
		return error_set(e, STATUS_USAGE, NULL, todo, "%s does not take '%.80s'", c->name,
				 in->options.operands[c->most]);
	return STATUS_OK;
}

static void take_common(struct invocation *in)
{
	const char *environment = getenv("SUBCA_DIR");

	in->directory = options_value(&in->options, "directory");
	if (!in->directory)
		in->directory = environment && *environment ? environment : ".";
	in->output.json = options_given(&in->options, "json");
	in->output.quiet = options_given(&in->options, "quiet");
	in->output.yes = options_given(&in->options, "yes");
	output_start(&in->output, options_given(&in->options, "no-color"));
}

static enum status call(struct invocation *in, struct error *e)
{
	take_common(in);
	if (!*in->directory)
		return error_set(e, STATUS_USAGE, "-C", "name the CA's folder, or leave -C out",
				 "the name is empty");
	if (options_given(&in->options, "help"))
		return help_command(&in->output, in->command, e);
	if (count_operands(in, e) != STATUS_OK)
		return error_status(e);
	return in->command->run(in, e);
}

/* What stands before the command: common options, and what needs no command. */
static enum status before_command(struct invocation *in, const char *const *words, size_t count,
				  size_t *used, bool *done, struct error *e)
{
	use_lists(&in->options, NULL);
	if (options_parse(&in->options, OPTIONS_BEFORE_OPERAND, words, count, used, e) != STATUS_OK)
		return error_status(e);
	*done = true;
	if (options_given(&in->options, "version")) {
		puts("subca " SUBCA_VERSION);
		return STATUS_OK;
	}
	if (*used < count) {
		*done = false;
		return STATUS_OK;
	}
	if (!options_given(&in->options, "help"))
		return error_set(e, STATUS_USAGE, NULL, "'subca help' lists the commands",
				 "no command is given");
	take_common(in);
	return help_overview(&in->output, e);
}

static enum status run(struct invocation *in, const char *const *words, size_t count,
		       struct error *e)
{
	size_t used = 0;
	bool done = false;

	if (options_start(&in->options, count, e) != STATUS_OK ||
	    before_command(in, words, count, &used, &done, e) != STATUS_OK)
		return error_status(e);
	if (done)
		return STATUS_OK;
	if (command_find(words[used], &in->command, e) != STATUS_OK)
		return error_status(e);
	words += used + 1;
	count -= used + 1;
	use_lists(&in->options, in->command);
	if (options_parse(&in->options, OPTIONS_ALL, words, count, &used, e) != STATUS_OK)
		return error_status(e);
	return call(in, e);
}

/* A command line that does not parse is told about as it asks for, as far as can be seen. */
static bool has_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count && strcmp(words[i], "--") != 0; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/*
 * What was refused or not understood after memory had run out may be for want of it: a library
 * rarely says so. What is there already, or was issued, is so in any case.
 */
static enum status blame_memory(enum status s, struct error *e)
{
	char told[sizeof e->what];

	if (!memory_ran_out() || s == STATUS_OK || s == STATUS_SYSTEM || s == STATUS_EXISTS)
		return s;
	memcpy(told, e->what, sizeof told);
	(void)!error_memory(e);
	snprintf(e->detail, sizeof e->detail, "so this may not be: %.200s", told);
	return error_status(e);
}

int command_main(int argc, const char *const *argv)
{
	const char *const *words = argv + (argc > 0);
	size_t count = argc > 0 ? (size_t)argc - 1 : 0;
	struct invocation in = {0};
	struct error e = {0}, late = {0};
	enum status s;

	in.output.json = has_word(words, count, "--json");
	output_start(&in.output, has_word(words, count, "--no-color"));
	s = blame_memory(run(&in, words, count, &e), &e);
	if (s != STATUS_OK)
		output_error(&in.output, &e);
	if (output_finish(&late) != STATUS_OK && s == STATUS_OK) {
		s = late.status;
		in.output.json = false;
		output_error(&in.output, &late);
	}
	findings_free(&in.output.found);
	options_free(&in.options);
	return exit_code_of(s);
}
