#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/completion.h"

void completion_quote(const char *text, const char *specials)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr(specials, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
	putchar('\'');
}

void completion_words(const char *const *words, const char *separator)
{
	for (size_t i = 0; words && words[i]; i++)
		printf("%s%s", i ? separator : "", words[i]);
}

static enum status cmd_completion(struct invocation *in, struct error *e)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {
		{"bash", completion_bash},
		{"zsh", completion_zsh},
		{"fish", completion_fish},
	};
	const char *shell = in->options.operands[0];

	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
		if (strcmp(shell, shells[i].shell) == 0) {
			shells[i].print();
			return output_check(e);
		}
	}
	return error_set(e, STATUS_USAGE, NULL, "it knows bash, zsh and fish",
			 "there is no completion for '%.80s'", shell);
}

static const char *const shell_names[] = {"bash", "zsh", "fish", NULL};

const struct command command_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.summary = "print completion for a shell",
	.about =
		"Prints what makes the shell complete subca's commands, options, profiles and file "
		"names. 'make install' puts it in place; by hand: . <(subca completion bash)",
	.least = 1,
	.most = 1,
	.operands = {{"bash|zsh|fish", COMPLETE_WORDS, shell_names}},
	.run = cmd_completion,
};
