#include "cmd/rehearse_first.h"

#include <string.h>
#include <sys/wait.h>

#include "cmd/self.h"

#define WORDS_MOST 20

static size_t add_option(const struct options *o, const char *name, const char *dashed,
			 const char **words, size_t n)
{
	const char *value = options_value(o, name);

	if (value) {
		words[n++] = dashed;
		words[n++] = value;
	}
	return n;
}

static void make_words(const struct invocation *in, const char *file, const char **words)
{
	const struct options *o = &in->options;
	size_t n = 0;

	words[n++] = "subca";
	words[n++] = "rehearse";
	words[n++] = "-C";
	words[n++] = in->directory;
	n = add_option(o, "profile", "--profile", words, n);
	n = add_option(o, "days", "--days", words, n);
	n = add_option(o, "not-after", "--not-after", words, n);
	if (options_given(o, "fit"))
		words[n++] = "--fit";
	if (in->output.quiet)
		words[n++] = "--quiet";
	words[n++] = "--";
	words[n++] = file;
	words[n] = NULL;
}

static enum status judge(int status, const char *file, struct error *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return STATUS_OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		return error_set(e, STATUS_REFUSED, file,
				 "mend the profile; 'subca rehearse' shows it again",
				 "the rehearsal is red: nothing was signed");
	return error_set(e, STATUS_SYSTEM, file, "see what it said above",
			 "it could not be rehearsed: nothing was signed");
}

enum status rehearse_first(const struct invocation *in, const char *file, struct error *e)
{
	const char *words[WORDS_MOST];
	int status = 0;

	if (strcmp(file, "-") == 0)
		return error_set(e, STATUS_USAGE, NULL, "put it into a file",
				 "a request from standard input cannot be read twice");
	make_words(in, file, words);
	if (self_run(words, &status, e) != STATUS_OK)
		return error_status(e);
	return judge(status, file, e);
}
