#include "trust/rehearse_client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trust/run.h"

#define BASE_VARIABLES 9
#define VERSION_SECONDS 20
#define VALUES 7

/* A client at work; owned but for the first three. */
struct acting {
	const struct stage *stage;
	const struct tool_client *client;
	struct rehearse_row *row;
	char *program, *home, *script;
	struct tool_value values[VALUES];
	char port[8], path[32];
};

/* Words of a run as they are made from templates. */
struct words {
	char *list[TOOL_WORDS + BASE_VARIABLES + 1];
	size_t count;
};

static void words_free(struct words *w)
{
	while (w->count)
		free(w->list[--w->count]);
}

/* "?" and "!" say when a word is there. */
static enum status add_word(struct words *w, const char *template, const struct acting *a,
			    bool trusted, struct error *e)
{
	struct text text = {0};
	enum status s;

	if (*template == '?' || *template == '!') {
		if ((*template == '?') != trusted)
			return STATUS_OK;
		template ++;
	}
	s = tool_expand(template, a->values, VALUES, &text, e);
	if (s == STATUS_OK) {
		w->list[w->count] = strdup(text_get(&text));
		s = w->list[w->count] ? STATUS_OK : error_memory(e);
		w->count += s == STATUS_OK;
	}
	text_free(&text);
	return s;
}

static enum status add_words(struct words *w, const char *const *templates, size_t most,
			     const struct acting *a, bool trusted, struct error *e)
{
	for (size_t i = 0; i < most && templates[i]; i++)
		if (add_word(w, templates[i], a, trusted, e) != STATUS_OK)
			return error_status(e);
	return STATUS_OK;
}

static bool has_variable(const struct words *w, const char *setting)
{
	size_t len = strcspn(setting, "=") + 1;

	for (size_t i = 0; i < w->count; i++)
		if (strncmp(w->list[i], setting, len) == 0)
			return true;
	return false;
}

/* The client's own take the place of what all have. Nothing is inherited. */
static enum status make_environment(struct words *w, const struct acting *a, bool trusted,
				    struct error *e)
{
	static const char *const base[] = {
		"HOME={home}",
		"TMPDIR={home}",
		"XDG_CONFIG_HOME={home}/.config",
		"XDG_CACHE_HOME={home}/.cache",
		"XDG_DATA_HOME={home}/.local",
		"LC_ALL=C.UTF-8",
		"TERM=dumb",
		"NO_COLOR=1",
	};
	enum status s = add_words(w, a->client->environment, TOOL_NAMES, a, trusted, e);

	for (size_t i = 0; i < sizeof base / sizeof base[0] && s == STATUS_OK; i++)
		if (!has_variable(w, base[i]))
			s = add_word(w, base[i], a, trusted, e);
	if (s == STATUS_OK && asprintf(&w->list[w->count], "PATH=%s", a->stage->path) < 0) {
		w->list[w->count] = NULL;
		s = error_memory(e);
	}
	w->count += s == STATUS_OK;
	return s;
}

static int seconds_of(const struct acting *a)
{
	if (a->stage->seconds)
		return a->stage->seconds;
	return a->client->seconds ? a->client->seconds : TOOL_SECONDS;
}

/* Runs program with words (templates, without its name). */
static enum status act(const struct acting *a, const char *program, const char *const *templates,
		       size_t most, bool trusted, struct run_result *result, struct error *e)
{
	struct words words = {0}, environment = {0};
	struct text input = {0};
	struct run_order order = {.program = program, .folder = a->home, .seconds = seconds_of(a)};
	enum status s = add_word(&words, path_name(program), a, trusted, e);

	if (s == STATUS_OK)
		s = add_words(&words, templates, most, a, trusted, e);
	if (s == STATUS_OK)
		s = make_environment(&environment, a, trusted, e);
	if (s == STATUS_OK && a->client->input && templates == a->client->run) {
		s = tool_expand(a->client->input, a->values, VALUES, &input, e);
		order.input = text_get(&input);
	}
	order.words = (const char *const *)words.list;
	order.environment = (const char *const *)environment.list;
	if (s == STATUS_OK)
		s = run_program(&order, result, e);
	text_free(&input);
	words_free(&words);
	words_free(&environment);
	return s;
}

/* --- what it said ----------------------------------------------------------------------------- */

static bool has_any(const char *line, size_t len, const char *const *needles)
{
	for (; *needles; needles++)
		for (size_t i = 0; i + strlen(*needles) <= len; i++)
			if (strncasecmp(line + i, *needles, strlen(*needles)) == 0)
				return true;
	return false;
}

/* How much a line tells about why a certificate was refused. */
static int weight(const char *line, size_t len)
{
	static const char *const precise[] = {"path length",
					      "pathlen",
					      "constraint",
					      "expired",
					      "Authority Key",
					      "basic const",
					      "not match",
					      "mismatch",
					      "issuer",
					      "self-signed",
					      "self signed",
					      "unable to get",
					      "unknown authority",
					      "certification path",
					      NULL};
	static const char *const general[] = {"certificate", "verif", "SSL", "TLS", "PKIX", NULL};

	if (!len)
		return 0;
	if (has_any(line, len, precise))
		return 3;
	return has_any(line, len, general) ? 2 : 1;
}

static void find_reason(const struct text *output, char reason[REHEARSE_REASON])
{
	const char *text = text_get(output), *best = "";
	size_t best_len = 0;
	int best_weight = 0;
	struct text shown = {0};

	while (*text) {
		size_t len = strcspn(text, "\r\n");
		int w = weight(text, len);

		if (w >= best_weight && w) {
			best = text;
			best_len = len;
			best_weight = w;
		}
		text += len + (text[len] != '\0');
	}
	while (best_len && isspace((unsigned char)*best)) {
		best++;
		best_len--;
	}
	text_add_escaped(&shown, (struct span){(const unsigned char *)best,
					       best_len < REHEARSE_REASON ? best_len
									  : REHEARSE_REASON - 1});
	snprintf(reason, REHEARSE_REASON, "%s", text_get(&shown));
	text_free(&shown);
}

/* The first number with a dot in it, "3.0.17" or "v20.20.2". */
static void find_version(const char *text, char *version, size_t size)
{
	snprintf(version, size, "?");
	for (; *text; text++) {
		size_t digits, len;

		if (!isdigit((unsigned char)*text))
			continue;
		digits = strspn(text, "0123456789");
		len = strspn(text, "0123456789.");
		if (len > digits + 1) {
			while (text[len - 1] == '.')
				len--;
			snprintf(version, size, "%.*s", (int)len, text);
			return;
		}
		text += len - 1;
	}
}

/* --- before ----------------------------------------------------------------------------------- */

static enum status make_home(struct acting *a, size_t at, struct error *e)
{
	const struct tool_client *c = a->client;
	struct text text = {0};
	enum status s;

	if (asprintf(&a->home, "%s/%zu", a->stage->folder, at) < 0) {
		a->home = NULL;
		return error_memory(e);
	}
	s = folder_make(a->home, 0700, e);
	if (s == STATUS_OK && c->script) {
		a->script = path_join(a->home, c->script_name);
		s = a->script ? file_publish(a->script, span_text(c->script), 0600, FILE_KEEP, e)
			      : error_memory(e);
	}
	text_free(&text);
	return s;
}

static void fill_values(struct acting *a)
{
	const struct tool_value values[VALUES] = {
		{"bundle", a->stage->bundle},
		{"root", a->stage->root},
		{"home", a->home},
		{"host", a->client->host ? a->client->host : "localhost"},
		{"port", a->port},
		{"path", a->path},
		{"script", a->script ? a->script : ""},
	};

	memcpy(a->values, values, sizeof values);
}

/* One that cannot even tell its version, a Python without the library say, is not there. */
static enum status ask_version(struct acting *a, struct error *e)
{
	struct rehearse_row *row = a->row;
	struct run_result result = {0};
	enum status s;

	snprintf(row->version, sizeof row->version, "?");
	row->state = CLIENT_RAN;
	if (!a->client->version[0])
		return STATUS_OK;
	s = act(a, a->program, a->client->version, sizeof a->client->version / sizeof(char *),
		false, &result, e);
	if (s == STATUS_OK && (result.timed_out || result.exit_code != 0)) {
		row->state = result.timed_out ? CLIENT_FAILED : CLIENT_MISSING;
		if (result.timed_out)
			snprintf(row->reason, sizeof row->reason,
				 "does not tell its version within %d s", seconds_of(a));
		else
			find_reason(&result.output, row->reason);
	} else if (s == STATUS_OK) {
		find_version(text_get(&result.output), row->version, sizeof row->version);
	}
	run_result_free(&result);
	return s;
}

static enum status set_up(struct acting *a, size_t step, struct error *e)
{
	const char *const *templates = a->client->setup[step];
	bool other = templates[0][0] == '=';
	char *program = run_find(other ? templates[0] + 1 : a->program, a->stage->path);
	struct run_result result = {0};
	enum status s = STATUS_OK;

	if (!program) {
		a->row->state = CLIENT_MISSING;
		snprintf(a->row->reason, sizeof a->row->reason, "%s is not installed",
			 templates[0] + 1);
		return STATUS_OK;
	}
	s = act(a, program, templates + other, TOOL_WORDS - other, true, &result, e);
	if (s == STATUS_OK && (result.timed_out || result.exit_code != 0)) {
		a->row->state = CLIENT_FAILED;
		if (result.timed_out)
			snprintf(a->row->reason, sizeof a->row->reason,
				 "%s did not end within %d s", path_name(program), seconds_of(a));
		else
			find_reason(&result.output, a->row->reason);
	}
	run_result_free(&result);
	free(program);
	return s;
}

/* --- the runs --------------------------------------------------------------------------------- */

static enum rehearse_outcome judge(const struct acting *a, const struct run_result *result,
				   bool asked)
{
	if (result->timed_out)
		return OUTCOME_HUNG;
	if (asked && (a->client->any_exit || result->exit_code == 0))
		return OUTCOME_ACCEPTED;
	if (!asked && (a->client->any_exit || result->exit_code != 0))
		return OUTCOME_REFUSED;
	return OUTCOME_UNCLEAR;
}

static enum status try_case(struct acting *a, size_t at, enum rehearse_case c, struct error *e)
{
	struct rehearse_run *run = &a->row->runs[c];
	unsigned mark = (unsigned)(at * CASES + c);
	struct run_result result = {0};
	enum status s;

	snprintf(a->port, sizeof a->port, "%d", endpoint_port(a->stage->endpoint, c));
	snprintf(a->path, sizeof a->path, "r/%u", mark);
	s = act(a, a->program, a->client->run, TOOL_WORDS, c != CASE_UNTRUSTED, &result, e);
	if (s == STATUS_OK) {
		run->outcome = judge(a, &result, endpoint_was_asked(a->stage->endpoint, mark));
		if (run->outcome == OUTCOME_HUNG)
			snprintf(run->reason, sizeof run->reason, "no end within %d s",
				 seconds_of(a));
		else if (run->outcome != OUTCOME_ACCEPTED)
			find_reason(&result.output, run->reason);
	}
	run_result_free(&result);
	return s;
}

static bool as_expected(const struct rehearse_run *run)
{
	return run->expected == EXPECT_NOTHING ||
	       (run->expected == EXPECT_ACCEPTED && run->outcome == OUTCOME_ACCEPTED) ||
	       (run->expected == EXPECT_REFUSED && run->outcome == OUTCOME_REFUSED);
}

static enum status perform(struct acting *a, size_t at, struct error *e)
{
	enum status s = ask_version(a, e);

	for (size_t i = 0; i < TOOL_SETUPS && s == STATUS_OK && a->row->state == CLIENT_RAN &&
			   a->client->setup[i][0];
	     i++)
		s = set_up(a, i, e);
	if (s != STATUS_OK || a->row->state != CLIENT_RAN)
		return s;
	a->row->good = true;
	for (size_t c = 0; c < CASES && s == STATUS_OK; c++) {
		if (a->row->runs[c].expected == EXPECT_NOTHING && c != CASE_SHORT_CHAIN)
			continue;
		s = try_case(a, at, (enum rehearse_case)c, e);
		a->row->good = a->row->good && as_expected(&a->row->runs[c]);
		/* One that hangs once would hang each time. */
		if (a->row->runs[c].outcome == OUTCOME_HUNG)
			break;
	}
	return s;
}

enum status rehearse_client(const struct stage *stage, size_t at, struct rehearse_row *row,
			    struct error *e)
{
	struct acting a = {.stage = stage, .client = row->client, .row = row};
	enum status s = STATUS_OK;

	row->state = CLIENT_MISSING;
	a.program = run_find(row->client->program, stage->path);
	if (a.program) {
		s = make_home(&a, at, e);
		fill_values(&a);
		if (s == STATUS_OK)
			s = perform(&a, at, e);
	}
	free(a.program);
	free(a.home);
	free(a.script);
	return s;
}
