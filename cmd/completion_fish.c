#include <stdio.h>

#include "cmd/command.h"
#include "cmd/completion.h"

static void print_values(enum completion complete, const char *const *words)
{
	if (complete == COMPLETE_FILE)
		fputs(" -F", stdout);
	if (complete == COMPLETE_DIR)
		fputs(" -a '(__fish_complete_directories)'", stdout);
	if (complete == COMPLETE_PROFILE)
		fputs(" -a '(subca profile list --quiet 2>/dev/null)'", stdout);
	if (complete == COMPLETE_COMMAND || words) {
		printf(" -a \"%s", complete == COMPLETE_COMMAND ? "$__subca_commands " : "");
		completion_words(words, " ");
		putchar('"');
	}
}

static void print_options(const char *command, const struct option_spec *list)
{
	for (; list->name; list++) {
		fputs("complete -c subca", stdout);
		if (command)
			printf(" -n '__subca_command %s'", command);
		printf(" -l %s", list->name);
		if (list->letter)
			printf(" -s %c", list->letter);
		if (list->argument) {
			fputs(list->complete == COMPLETE_FILE ? " -r" : " -x", stdout);
			print_values(list->complete, list->words);
		}
		fputs(" -d ", stdout);
		completion_quote(list->help, "\\");
		putchar('\n');
	}
}

static void print_command(const struct command *c)
{
	printf("complete -c subca -n '__subca_command' -a %s -d ", c->name);
	completion_quote(c->summary, "\\");
	putchar('\n');
	for (size_t l = 0; c->options[l]; l++)
		print_options(c->name, c->options[l]);
	for (size_t o = 0; o < COMMAND_OPERANDS && c->operands[o].name; o++) {
		printf("complete -c subca -n '__subca_command %s %zu'", c->name, o);
		print_values(c->operands[o].complete, c->operands[o].words);
		putchar('\n');
	}
}

/* Counts the words that are no options, and skips those that are an option's value. */
static void print_functions(void)
{
	size_t count;
	const struct command *const *table = commands(&count);

	fputs("# fish completion for subca, made by: subca completion fish\n\nset -g __subca_commands",
	      stdout);
	for (size_t i = 0; i < count; i++)
		printf(" %s", table[i]->name);
	puts("\n\n"
	     "# __subca_command [COMMAND [PLACE]]: is the command that, and PLACE the operand to come?\n"
	     "function __subca_command\n"
	     "\tset -l words (commandline -opc)\n"
	     "\tset -l operands\n"
	     "\tset -l skip 0\n"
	     "\tfor word in $words[2..-1]\n"
	     "\t\tif test $skip = 1\n"
	     "\t\t\tset skip 0\n"
	     "\t\telse if string match -qr -- '^-' $word\n"
	     "\t\t\tcontains -- $word $__subca_valued; and set skip 1\n"
	     "\t\telse\n"
	     "\t\t\tset -a operands $word\n"
	     "\t\tend\n"
	     "\tend\n"
	     "\tset -l count (count $operands)\n"
	     "\ttest (count $argv) = 0; and test $count = 0; and return 0\n"
	     "\ttest (count $argv) = 0; and return 1\n"
	     "\ttest $count -ge 1; and test \"$operands[1]\" = $argv[1]; or return 1\n"
	     "\ttest (count $argv) = 1; or test $count = (math $argv[2] + 1)\n"
	     "end\n");
}

static void print_valued(const struct option_spec *list)
{
	for (; list->name; list++) {
		if (list->argument && list->letter)
			printf(" -%c", list->letter);
		if (list->argument)
			printf(" --%s", list->name);
	}
}

void completion_fish(void)
{
	size_t count;
	const struct command *const *table = commands(&count);

	print_functions();
	fputs("set -g __subca_valued", stdout);
	print_valued(options_common);
	for (size_t i = 0; i < count; i++)
		for (size_t l = 0; table[i]->options[l]; l++)
			print_valued(table[i]->options[l]);
	puts("\ncomplete -c subca -f\n"
	     "complete -c subca -n '__subca_command' -l version -s V -d 'show the version'");
	print_options(NULL, options_common);
	for (size_t i = 0; i < count; i++)
		print_command(table[i]);
}
