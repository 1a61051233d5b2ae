#include "cmd/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/suggest.h"

#define DAYS_MAX 36525 /* a hundred years */

const struct option_spec options_common[] = {
	{.name = "directory",
	 .letter = 'C',
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "the CA's directory (else SUBCA_DIR, else the current one)"},
	{.name = "json", .help = "write one JSON document to standard output"},
	{.name = "quiet", .letter = 'q', .help = "write results and errors only"},
	{.name = "yes", .letter = 'y', .help = "go ahead without asking"},
	{.name = "no-color", .help = "no colour, also on a terminal (as NO_COLOR does)"},
	{.name = "help", .letter = 'h', .help = "show this help"},
	{0},
};

const struct option_spec options_passphrase[] = {
	{.name = "passphrase-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the key's passphrase is the first line of FILE (mode 0600)"},
	{.name = "passphrase-fd",
	 .argument = "N",
	 .help = "the key's passphrase is the next line of descriptor N"},
	{.name = "pin-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the token's PIN is the first line of FILE (mode 0600)"},
	{.name = "pin-fd",
	 .argument = "N",
	 .help = "the token's PIN is the next line of descriptor N"},
	{0},
};

enum status options_start(struct options *o, size_t words, struct error *e)
{
	o->operands = calloc(words + 1, sizeof *o->operands);
	return o->operands ? STATUS_OK : error_memory(e);
}

void options_free(struct options *o)
{
	free(o->values);
	free(o->operands);
	*o = (struct options){0};
}

static const struct option_spec *find_name(const struct options *o, const char *name, size_t len)
{
	for (size_t i = 0; o->lists[i]; i++)
		for (const struct option_spec *spec = o->lists[i]; spec->name; spec++)
			if (strlen(spec->name) == len && strncmp(spec->name, name, len) == 0)
				return spec;
	return NULL;
}

static const struct option_spec *find_letter(const struct options *o, char letter)
{
	for (size_t i = 0; o->lists[i]; i++)
		for (const struct option_spec *spec = o->lists[i]; spec->name; spec++)
			if (spec->letter == letter)
				return spec;
	return NULL;
}

static enum status unknown_name(const struct options *o, const char *name, size_t len,
				struct error *e)
{
	const char *candidates[64];
	char asked[64], todo[sizeof e->todo];
	const char *near;
	size_t count = 0;

	for (size_t i = 0; o->lists[i]; i++)
		for (const struct option_spec *spec = o->lists[i]; spec->name; spec++)
			if (count < sizeof candidates / sizeof candidates[0])
				candidates[count++] = spec->name;
	snprintf(asked, sizeof asked, "%.*s", (int)(len < 63 ? len : 63), name);
	near = suggest(asked, candidates, count);
	if (near)
		snprintf(todo, sizeof todo, "did you mean --%s? --help lists the options", near);
	else
		snprintf(todo, sizeof todo, "--help lists the options");
	return error_set(e, STATUS_USAGE, NULL, todo, "there is no option --%s here", asked);
}

static enum status add_value(struct options *o, const struct option_spec *spec,
			     const char *argument, struct error *e)
{
	struct option_value *values;

	if (options_given(o, spec->name)) {
		if (!argument)
			return STATUS_OK;
		if (!spec->repeatable)
			return error_set(e, STATUS_USAGE, NULL, "say it once",
					 "--%s is given more than once", spec->name);
	}
	values = reallocarray(o->values, o->value_count + 1, sizeof *values);
	if (!values)
		return error_memory(e);
	o->values = values;
	values[o->value_count++] = (struct option_value){spec, argument};
	return STATUS_OK;
}

/* An option where a value should stand is a value forgotten; "-" and "-5" are values. */
static bool looks_like_option(const char *word)
{
	return word[0] == '-' && word[1] && !(word[1] >= '0' && word[1] <= '9');
}

/* The value of spec is the next word; *used counts the words taken. */
static enum status take_next(struct options *o, const struct option_spec *spec, const char *next,
			     size_t *used, struct error *e)
{
	char todo[sizeof e->todo];

	if (!next) {
		snprintf(todo, sizeof todo, "write --%s %s", spec->name, spec->argument);
		return error_set(e, STATUS_USAGE, NULL, todo, "--%s needs a value", spec->name);
	}
	if (looks_like_option(next)) {
		snprintf(todo, sizeof todo, "write --%s %s, or --%s=%.80s if that is the value",
			 spec->name, spec->argument, spec->name, next);
		return error_set(e, STATUS_USAGE, NULL, todo,
				 "--%s needs a value, and %.80s is an option", spec->name, next);
	}
	++*used;
	return add_value(o, spec, next, e);
}

static enum status parse_long(struct options *o, const char *name, const char *next, size_t *used,
			      struct error *e)
{
	size_t len = strcspn(name, "=");
	const struct option_spec *spec = find_name(o, name, len);
	char todo[sizeof e->todo];

	if (!spec)
		return unknown_name(o, name, len, e);
	if (!spec->argument && name[len] == '=') {
		snprintf(todo, sizeof todo, "write --%s", spec->name);
		return error_set(e, STATUS_USAGE, NULL, todo, "--%s takes no value", spec->name);
	}
	if (spec->argument && name[len] != '=')
		return take_next(o, spec, next, used, e);
	return add_value(o, spec, spec->argument ? name + len + 1 : NULL, e);
}

static enum status parse_letters(struct options *o, const char *letters, const char *next,
				 size_t *used, struct error *e)
{
	for (; *letters; letters++) {
		const struct option_spec *spec = find_letter(o, *letters);
		enum status s;

		if (!spec)
			return error_set(e, STATUS_USAGE, NULL, "--help lists the options",
					 "there is no option -%c here", *letters);
		if (spec->argument && letters[1])
			return add_value(o, spec, letters + 1, e);
		s = spec->argument ? take_next(o, spec, next, used, e)
				   : add_value(o, spec, NULL, e);
		if (s != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

enum status options_parse(struct options *o, enum options_extent extent, const char *const *words,
			  size_t count, size_t *used, struct error *e)
{
	bool ended = false;
	size_t i = 0;

	while (i < count) {
		const char *word = words[i];
		const char *next = i + 1 < count ? words[i + 1] : NULL;
		enum status s = STATUS_OK;

		if (!ended && strcmp(word, "--") == 0) {
			ended = true;
		} else if (ended || word[0] != '-' || !word[1]) {
			if (extent == OPTIONS_BEFORE_OPERAND)
				break;
			o->operands[o->operand_count++] = word;
		} else if (word[1] == '-') {
			s = parse_long(o, word + 2, next, &i, e);
		} else {
			s = parse_letters(o, word + 1, next, &i, e);
		}
		if (s != STATUS_OK)
			return s;
		i++;
	}
	*used = i;
	return STATUS_OK;
}

static const struct option_spec *must_find(const struct options *o, const char *name)
{
	const struct option_spec *spec = find_name(o, name, strlen(name));

	if (!spec) {
		fprintf(stderr, "subca: this command's table has no option \"%s\"\n", name);
		abort();
	}
	return spec;
}

const char *options_value_at(const struct options *o, const char *name, size_t i)
{
	const struct option_spec *spec = must_find(o, name);

	for (size_t v = 0; v < o->value_count; v++)
		if (strcmp(o->values[v].spec->name, spec->name) == 0 && i-- == 0)
			return o->values[v].argument;
	return NULL;
}

bool options_given(const struct options *o, const char *name)
{
	const struct option_spec *spec = must_find(o, name);

	for (size_t v = 0; v < o->value_count; v++)
		if (strcmp(o->values[v].spec->name, spec->name) == 0)
			return true;
	return false;
}

const char *options_value(const struct options *o, const char *name)
{
	return options_value_at(o, name, 0);
}

static enum status number(const char *name, const char *value, int64_t low, int64_t high,
			  int64_t *to, struct error *e)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (*end || errno || n < low || n > high ||
	    !((value[0] >= '0' && value[0] <= '9') || value[0] == '-'))
		return error_set(e, STATUS_USAGE, NULL, NULL,
				 "--%s takes a number from %lld to %lld, not '%.80s'", name,
				 (long long)low, (long long)high, value);
	*to = n;
	return STATUS_OK;
}

enum status options_number(const struct options *o, const char *name, int64_t low, int64_t high,
			   int64_t *to, struct error *e)
{
	const char *value = options_value(o, name);

	return value ? number(name, value, low, high, to, e) : STATUS_OK;
}

enum status options_word(const struct options *o, const char *name, int *to, struct error *e)
{
	const struct option_spec *spec = must_find(o, name);
	const char *value = options_value(o, name);
	char todo[sizeof e->todo] = "write one of";
	const char *near;
	size_t count = 0;

	if (!value)
		return STATUS_OK;
	for (; spec->words[count]; count++) {
		if (strcmp(spec->words[count], value) == 0) {
			*to = (int)count;
			return STATUS_OK;
		}
	}
	near = suggest(value, spec->words, count);
	if (near)
		snprintf(todo, sizeof todo, "did you mean %s? It takes", near);
	for (size_t i = 0; i < count; i++)
		snprintf(todo + strlen(todo), sizeof todo - strlen(todo), "%s %s", i ? "," : "",
			 spec->words[i]);
	return error_set(e, STATUS_USAGE, NULL, todo, "--%s does not know '%.80s'", name, value);
}

enum status options_read_life(const struct options *o, struct options_life *life, struct error *e)
{
	const char *until = options_value(o, "not-after");
	int64_t days = 0;

	if (until && options_given(o, "days"))
		return error_set(e, STATUS_USAGE, NULL, "give one of them",
				 "--days and --not-after exclude each other");
	if (options_number(o, "days", 1, DAYS_MAX, &days, e) != STATUS_OK)
		return error_status(e);
	life->days = (int)days;
	life->fit = options_given(o, "fit");
	return until ? datetime_parse(until, &life->not_after, e) : STATUS_OK;
}

/* What stands instead of a descriptor's number may be the secret itself: it is not repeated. */
static enum status read_source(const struct options *o, const char *file, const char *fd,
			       struct secret_source *out, struct error *e)
{
	const char *value = options_value(o, fd);
	int64_t n = -1;

	out->file = options_value(o, file);
	if (out->file && value)
		return error_set(e, STATUS_USAGE, NULL, "give one of them",
				 "--%s and --%s are both given", file, fd);
	if (value && number(fd, value, 0, INT32_MAX, &n, e) != STATUS_OK)
		return error_set(e, STATUS_USAGE, NULL, "write the option as N, and N<FILE",
				 "--%s takes the number of an open descriptor", fd);
	out->fd = (int)n;
	return STATUS_OK;
}

enum status options_passphrase_source(const struct options *o, const char *what, bool confirm,
				      struct secret_source *out, struct error *e)
{
	*out = (struct secret_source){
		.what = what,
		.environment = "SUBCA_PASSPHRASE",
		.options =
			"give it with --passphrase-file FILE, --passphrase-fd N or SUBCA_PASSPHRASE",
		.confirm = confirm,
	};
	return read_source(o, "passphrase-file", "passphrase-fd", out, e);
}

enum status options_pin_source(const struct options *o, const char *what, struct secret_source *out,
			       struct error *e)
{
	*out = (struct secret_source){
		.what = what,
		.environment = "SUBCA_PIN",
		.options = "give it with --pin-file FILE, --pin-fd N or SUBCA_PIN",
	};
	return read_source(o, "pin-file", "pin-fd", out, e);
}
