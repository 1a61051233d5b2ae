#include <stdio.h>

#include "cmd/command.h"
#include "cmd/completion.h"

/* The characters that _arguments gives a meaning. */
#define SPECIAL "[]:\\"

/* An action of _arguments. */
static void print_action(enum completion complete, const char *const *words)
{
	switch (complete) {
	case COMPLETE_FILE:
		fputs("_files", stdout);
		break;
	case COMPLETE_DIR:
		fputs("_files -/", stdout);
		break;
	case COMPLETE_PROFILE:
		fputs("_subca_profiles", stdout);
		break;
	case COMPLETE_COMMAND:
		fputs("_subca_commands", stdout);
		break;
	case COMPLETE_WORDS:
		putchar('(');
		for (size_t i = 0; words[i]; i++) {
			fputs(i ? " " : "", stdout);
			for (const char *c = words[i]; *c; c++)
				printf(*c == ':' ? "\\%c" : "%c", *c);
		}
		putchar(')');
		break;
	default:
		putchar(' ');
	}
}

static void print_option(const struct option_spec *spec)
{
	const int spellings = spec->letter ? 2 : 1;

	for (int letter = 0; letter < spellings; letter++) {
		fputs("\t\t", stdout);
		if (!spec->repeatable && spec->letter)
			printf("'(-%c --%s)'", spec->letter, spec->name);
		else if (spec->repeatable)
			fputs("'*'", stdout);
		if (letter)
			printf("-%c%s", spec->letter, spec->argument ? "+" : "");
		else
			printf("--%s%s", spec->name, spec->argument ? "=" : "");
		putchar('\'');
		putchar('[');
		putchar('\'');
		completion_quote(spec->help, SPECIAL);
		fputs("']", stdout);
		if (spec->argument) {
			printf(":%s:", spec->argument);
			print_action(spec->complete, spec->words);
		}
		puts("' \\");
	}
}

static void print_options(const struct option_spec *list)
{
	for (; list->name; list++)
		print_option(list);
}

static void print_command(const struct command *c)
{
	printf("\t%s)\n\t\t_arguments -s -S \\\n", c->name);
	for (size_t l = 0; c->options[l]; l++)
		print_options(c->options[l]);
	print_options(options_common);
	for (size_t o = 0; o < COMMAND_OPERANDS && c->operands[o].name; o++) {
		printf("\t\t'%zu:%s:", o + 1, c->operands[o].name);
		print_action(c->operands[o].complete, c->operands[o].words);
		puts("' \\");
	}
	puts("\t\t&& return 0\n\t\t;;");
}

void completion_zsh(void)
{
	size_t count;
	const struct command *const *table = commands(&count);

	puts("#compdef subca\n# zsh completion for subca, made by: subca completion zsh\n\n"
	     "_subca_commands() {\n\tlocal -a names=(");
	for (size_t i = 0; i < count; i++) {
		printf("\t\t%s:", table[i]->name);
		completion_quote(table[i]->summary, ":\\");
		putchar('\n');
	}
	puts("\t)\n\t_describe command names\n}\n\n"
	     "_subca_profiles() {\n"
	     "\tlocal -a names=(${(f)\"$(_call_program profiles subca profile list --quiet 2>/dev/null)\"})\n"
	     "\t_describe profile names\n}\n\n"
	     "_subca() {\n\tlocal curcontext=$curcontext state line\n"
	     "\t_arguments -s -S -C \\");
	print_options(options_common);
	puts("\t\t'(-V --version)'{-V,--version}'[show the version]' \\\n"
	     "\t\t'1:command:_subca_commands' '*::operand:->operands' && return 0\n"
	     "\t[[ $state == operands ]] || return 1\n"
	     "\tcurcontext=${curcontext%:*}-$line[1]:\n"
	     "\tcase $line[1] in");
	for (size_t i = 0; i < count; i++)
		print_command(table[i]);
	puts("\tesac\n\treturn 1\n}\n\n"
	     "if [[ $funcstack[1] == _subca ]]; then _subca \"$@\"; else compdef _subca subca; fi");
}
