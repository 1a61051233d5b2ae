#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "cmd/exit.h"
#include "cmd/layout.h"

static bool can_colour(int fd)
{
	const char *terminal = getenv("TERM");
	const char *refused = getenv("NO_COLOR");

	return isatty(fd) && terminal && strcmp(terminal, "dumb") != 0 && !(refused && *refused);
}

void output_start(struct output *o, bool no_colour)
{
	o->colour = !no_colour && can_colour(STDOUT_FILENO);
	o->colour_error = !no_colour && can_colour(STDERR_FILENO);
}

const char *colour_code(bool wanted, enum colour colour)
{
	static const char *const codes[] = {"\033[0m", "\033[31m", "\033[33m", "\033[32m",
					    "\033[1m"};

	return wanted ? codes[colour] : "";
}

static enum colour severity_colour(enum severity s)
{
	return s == SEVERITY_ERROR     ? COLOUR_RED
	       : s == SEVERITY_WARNING ? COLOUR_YELLOW
				       : COLOUR_NONE;
}

static void print_finding(const struct output *o, FILE *to, const char *prefix,
			  const struct finding *f)
{
	struct text line = {0};
	bool colour = to == stdout ? o->colour : o->colour_error;
	enum colour shade = severity_colour(f->severity);
	const char *severity = severity_name(f->severity);

	fprintf(to, "%s%s%s:%s ", prefix, shade == COLOUR_NONE ? "" : colour_code(colour, shade),
		severity, shade == COLOUR_NONE ? "" : colour_code(colour, COLOUR_NONE));
	if (f->where[0]) {
		text_add_escaped(&line, span_text(f->where));
		text_add(&line, ": ");
	}
	text_add_escaped(&line, span_text(f->message));
	text_printf(&line, " [%s, %s]", f->rule->id, f->rule->reference);
	layout_wrap_after(to, strlen(prefix) + strlen(severity) + 2, prefix, 2, text_get(&line));
	text_free(&line);
	if (f->rule->todo[0]) {
		fprintf(to, "%s  ", prefix);
		layout_wrap_after(to, strlen(prefix) + 2, prefix, 2, f->rule->todo);
	}
}

static void say_error(const struct output *o, const struct error *error)
{
	struct text line = {0};

	text_printf(&line, "%ssubca:%s ", colour_code(o->colour_error, COLOUR_RED),
		    colour_code(o->colour_error, COLOUR_NONE));
	if (error->where[0]) {
		text_add_escaped(&line, span_text(error->where));
		text_add(&line, ": ");
	}
	text_add_escaped(&line, span_text(error->what));
	if (error->detail[0]) {
		text_add(&line, " (");
		text_add_escaped(&line, span_text(error->detail));
		text_add(&line, ")");
	}
	if (error->rule)
		text_printf(&line, " [%s, %s]", error->rule->id, error->rule->reference);
	if (error->todo[0]) {
		text_add(&line, "; ");
		text_add_escaped(&line, span_text(error->todo));
	}
	if (line.failed)
		fprintf(stderr, "subca: %s\n", error->what);
	else
		fprintf(stderr, "%s\n", text_get(&line));
	text_free(&line);
}

json_t *output_error_json(const struct error *error)
{
	json_t *members = json_pack(
		"{s:s, s:i, s:o, s:o, s:o, s:o}", "status", status_name(error->status), "exit_code",
		exit_code_of(error->status), "where", output_json_text(error->where), "what",
		output_json_text(error->what), "detail", output_json_text(error->detail), "todo",
		output_json_text(error->todo));

	if (members && error->rule &&
	    (json_object_set_new(members, "rule", json_string(error->rule->id)) != 0 ||
	     json_object_set_new(members, "reference", json_string(error->rule->reference)) != 0)) {
		json_decref(members);
		return NULL;
	}
	return members;
}

void output_keep_findings(struct output *o, struct findings *findings)
{
	struct error no_memory;

	/* Without memory the error alone is told. */
	(void)!findings_move(&o->found, findings, &no_memory);
}

static json_t *error_document(const struct output *o, const struct error *error)
{
	json_t *members = output_error_json(error);

	if (members && o->found.count &&
	    json_object_set_new(members, "findings", output_findings_json(&o->found)) != 0) {
		json_decref(members);
		return NULL;
	}
	return members;
}

static void say_json_error(struct output *o, const struct error *error)
{
	struct error ignored;
	json_t *members = error_document(o, error);

	if (o->list != OUTPUT_LIST_NONE) {
		fputs("\n  ],\n  \"error\": ", stdout);
		if (!members || json_dumpf(members, stdout, JSON_INDENT(2)) != 0)
			fputs("null", stdout);
		fputs("\n}\n", stdout);
		json_decref(members);
		o->list = OUTPUT_LIST_NONE;
	} else {
		(void)!output_json(o, "error", members, &ignored);
	}
}

/* But for the one that is the error itself. */
static void say_found(const struct output *o, const struct error *error)
{
	bool told = false;

	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTICE; severity--)
		for (size_t i = 0; i < o->found.count; i++) {
			const struct finding *f = &o->found.items[i];

			if ((int)f->severity != severity)
				continue;
			if (!told && f->rule == error->rule && strcmp(f->message, error->what) == 0)
				told = true;
			else
				print_finding(o, stderr, "", f);
		}
}

void output_error(struct output *o, const struct error *error)
{
	if (o->json && !o->json_said)
		say_json_error(o, error);
	/* What was written before stays before, where both go to one place. */
	(void)!fflush(stdout);
	say_found(o, error);
	say_error(o, error);
}

void output_note(const struct output *o, const char *format, ...)
{
	va_list arguments;

	if (o->quiet)
		return;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static enum status dump(const json_t *document, size_t flags, struct error *e)
{
	bool whole = json_dumpf(document, stdout, flags) == 0;
	enum status s = output_check(e);

	return s == STATUS_OK && !whole ? error_memory(e) : s;
}

enum status output_json(struct output *o, const char *name, json_t *document, struct error *e)
{
	json_t *whole = json_object();
	char schema[64];
	enum status s = STATUS_OK;

	snprintf(schema, sizeof schema, "subca.%s/1", name);
	if (!document || !whole || json_object_set_new(whole, "schema", json_string(schema)) != 0 ||
	    json_object_update(whole, document) != 0) {
		s = error_memory(e);
	} else {
		s = dump(whole, JSON_INDENT(2), e);
		fputc('\n', stdout);
		o->json_said = true;
	}
	json_decref(whole);
	json_decref(document);
	return s;
}

enum status output_json_list(struct output *o, const char *name, const char *array, struct error *e)
{
	printf("{\n  \"schema\": \"subca.%s/1\",\n  \"%s\": [", name, array);
	o->list = OUTPUT_LIST_EMPTY;
	return output_check(e);
}

enum status output_json_item(struct output *o, json_t *item, struct error *e)
{
	enum status s = STATUS_OK;

	if (!item) {
		s = error_memory(e);
	} else {
		fputs(o->list == OUTPUT_LIST_EMPTY ? "\n    " : ",\n    ", stdout);
		o->list = OUTPUT_LIST_OPEN;
		s = dump(item, 0, e);
	}
	json_decref(item);
	return s;
}

void output_json_list_end(struct output *o)
{
	puts(o->list == OUTPUT_LIST_EMPTY ? "]\n}" : "\n  ]\n}");
	o->list = OUTPUT_LIST_NONE;
	o->json_said = true;
}

json_t *output_json_text(const char *s)
{
	struct text escaped = {0};
	json_t *text = NULL;

	text_add_escaped(&escaped, span_text(s));
	if (!escaped.failed)
		text = json_string(text_get(&escaped));
	text_free(&escaped);
	return text;
}

void output_findings(const struct output *o, FILE *to, const struct findings *findings)
{
	output_findings_after(o, to, "", findings);
}

void output_findings_after(const struct output *o, FILE *to, const char *prefix,
			   const struct findings *findings)
{
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTICE; severity--)
		for (size_t i = 0; i < findings->count; i++)
			if ((int)findings->items[i].severity == severity)
				print_finding(o, to, prefix, &findings->items[i]);
}

json_t *output_findings_json(const struct findings *findings)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < findings->count; i++) {
		const struct finding *f = &findings->items[i];
		json_t *item = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:s}", "rule", f->rule->id,
					 "severity", severity_name(f->severity), "reference",
					 f->rule->reference, "where", output_json_text(f->where),
					 "message", output_json_text(f->message), "why",
					 f->rule->why, "todo", f->rule->todo);

		if (!item || json_array_append_new(array, item) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

enum status output_confirm(const struct output *o, const char *question, struct error *e)
{
	char answer[16] = "";
	FILE *tty;

	if (o->yes)
		return STATUS_OK;
	(void)!fflush(stdout);
	tty = fopen("/dev/tty", "r+e");
	if (!tty)
		return error_set(e, STATUS_DECLINED, NULL,
				 "say --yes to go ahead without the question",
				 "there is no terminal to ask on: %s", question);
	fprintf(tty, "%s [y/N] ", question);
	(void)!fflush(tty);
	if (!fgets(answer, sizeof answer, tty))
		answer[0] = '\0';
	fclose(tty);
	answer[strcspn(answer, "\r\n")] = '\0';
	if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
		return STATUS_OK;
	return error_set(e, STATUS_DECLINED, NULL, NULL,
			 "nothing was done: the answer was not yes");
}

static enum status cannot_write(struct error *e)
{
	return error_errno(e, STATUS_SYSTEM, "standard output",
			   "make room where it goes and run it again", "cannot be written");
}

enum status output_check(struct error *e)
{
	if (ferror(stdout))
		return cannot_write(e);
	return memory_ran_out() ? error_memory(e) : STATUS_OK;
}

enum status output_finish(struct error *e)
{
	bool failed = ferror(stdout) != 0;

	errno = failed ? EIO : 0;
	/* Some file systems tell of a full disk only on close. */
	if (fflush(stdout) != 0 || failed || fclose(stdout) != 0)
		return cannot_write(e);
	return memory_ran_out() ? error_memory(e) : STATUS_OK;
}
