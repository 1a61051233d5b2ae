#include "cmd/help.h"

#include <stdio.h>
#include <string.h>

#include "cmd/exit.h"
#include "cmd/layout.h"

#define OPTION_INDENT 28
#define COMMAND_INDENT 14

static void print_option(const struct option_spec *spec)
{
	char letter[8] = "";
	char left[80];
	int len;

	if (spec->letter)
		snprintf(letter, sizeof letter, "-%c, ", spec->letter);
	len = snprintf(left, sizeof left, "  %4s--%s%s%s", letter, spec->name,
		       spec->argument ? " " : "", spec->argument ? spec->argument : "");
	if (len >= OPTION_INDENT - 1)
		printf("%s\n%*s", left, OPTION_INDENT, "");
	else
		printf("%-*s", OPTION_INDENT, left);
	layout_wrap(stdout, OPTION_INDENT, OPTION_INDENT, spec->help);
}

static void print_options(const char *title, const struct option_spec *const *lists)
{
	if (!lists[0])
		return;
	printf("\n%s:\n", title);
	for (size_t i = 0; lists[i]; i++)
		for (const struct option_spec *spec = lists[i]; spec->name; spec++)
			print_option(spec);
}

static json_t *option_json(const struct option_spec *spec)
{
	char letter[2] = {spec->letter, '\0'};
	json_t *words = NULL;

	if (spec->words) {
		words = json_array();
		for (size_t i = 0; words && spec->words[i]; i++)
			if (json_array_append_new(words, json_string(spec->words[i])) != 0)
				return NULL;
	}
	return json_pack("{s:s, s:s*, s:s*, s:b, s:o*, s:s}", "name", spec->name, "letter",
			 spec->letter ? letter : NULL, "argument", spec->argument, "repeatable",
			 spec->repeatable, "words", words, "help", spec->help);
}

static json_t *options_json(const struct option_spec *const *lists)
{
	json_t *array = json_array();

	for (size_t i = 0; array && lists[i]; i++) {
		for (const struct option_spec *spec = lists[i]; spec->name; spec++) {
			if (json_array_append_new(array, option_json(spec)) != 0) {
				json_decref(array);
				return NULL;
			}
		}
	}
	return array;
}

static const struct option_spec *const common[] = {options_common, NULL};

static json_t *command_json(const struct command *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "command", c->name, "usage", c->usage,
			 "summary", c->summary, "about", c->about, "options",
			 options_json(c->options), "common_options", options_json(common));
}

enum status help_command(struct output *o, const struct command *c, struct error *e)
{
	int len;

	if (o->json)
		return output_json(o, "help", command_json(c), e);
	len = printf("usage: subca %s ", c->name);
	layout_wrap(stdout, (size_t)len, (size_t)len, c->usage);
	putchar('\n');
	layout_wrap(stdout, 0, 0, c->about);
	print_options("Options", c->options);
	print_options("Options of every command", common);
	printf("\nThe manual page subca-%s(1) says more.\n", c->name);
	return output_check(e);
}

static enum status overview_json(struct output *o, struct error *e)
{
	size_t count;
	const struct command *const *table = commands(&count);
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++) {
		if (json_array_append_new(array, command_json(table[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return output_json(o, "help", json_pack("{s:o}", "commands", array), e);
}

enum status help_overview(struct output *o, struct error *e)
{
	size_t count;
	const struct command *const *table = commands(&count);

	if (o->json)
		return overview_json(o, e);
	puts("usage: subca COMMAND [options] [operands]\n\n"
	     "Runs a private certification authority and issues the intermediates that\n"
	     "Zscaler ZIA and ZPA, and others, ask for.\n\nCommands:");
	for (size_t i = 0; i < count; i++) {
		printf("  %-*s", COMMAND_INDENT - 2, table[i]->name);
		layout_wrap(stdout, COMMAND_INDENT, COMMAND_INDENT, table[i]->summary);
	}
	print_options("Options of every command", common);
	puts("\n'subca help COMMAND' explains one, 'subca help exit-codes' lists the exit codes,\n"
	     "'subca --version' names the version.");
	return output_check(e);
}

static enum status show_exit_codes(struct output *o, struct error *e)
{
	size_t count;
	const struct exit_code *codes = exit_codes(&count);
	json_t *array = o->json ? json_array() : NULL;

	for (size_t i = 0; i < count; i++) {
		if (!o->json)
			printf("%3d  %s\n", codes[i].code, codes[i].words);
		else if (json_array_append_new(array,
					       json_pack("{s:i, s:s, s:s}", "code", codes[i].code,
							 "status", status_name(codes[i].status),
							 "meaning", codes[i].words)) != 0)
			break;
	}
	if (o->json)
		return output_json(o, "help", json_pack("{s:o}", "exit_codes", array), e);
	return output_check(e);
}

static enum status cmd_help(struct invocation *in, struct error *e)
{
	const struct command *command;
	const char *topic = in->options.operand_count ? in->options.operands[0] : NULL;

	if (!topic)
		return help_overview(&in->output, e);
	if (strcmp(topic, "exit-codes") == 0)
		return show_exit_codes(&in->output, e);
	if (command_find(topic, &command, e) != STATUS_OK)
		return error_status(e);
	return help_command(&in->output, command, e);
}

static const char *const topics[] = {"exit-codes", NULL};

const struct command command_help = {
	.name = "help",
	.usage = "[COMMAND|exit-codes]",
	.summary = "explain a command, or list them",
	.about =
		"Explains COMMAND: what it does, its operands and its options. exit-codes lists the "
		"exit codes that all commands share. Without an operand, lists the commands.",
	.most = 1,
	.operands = {{"COMMAND", COMPLETE_COMMAND, topics}},
	.run = cmd_help,
};
