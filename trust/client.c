#include "trust/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trust/run.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define VALUES 7
#define COMMAND_NOT_FOUND 127 /* a shell's word for it, and that of who stands for many programs */

extern char **environ;

/* Owned but for the first three. */
struct client {
	const struct client_stage *stage;
	const struct tool_client *client;
	struct client_found *found;
	char *program, *home, *script;
	struct tool_value values[VALUES];
	char port[8], path[32];
};

const char *client_outcome_name(enum client_outcome o)
{
	static const char *const names[] = {"none", "accepted", "refused", "unclear", "hung"};

	return names[o];
}

const char *client_expected_name(enum client_expected x)
{
	static const char *const names[] = {"anything", "accepted", "refused"};

	return names[x];
}

const char *client_state_name(enum client_state s)
{
	static const char *const names[] = {"not installed", "ran", "failed"};

	return names[s];
}

bool client_run_good(const struct client_run *run)
{
	return run->expected == EXPECT_NOTHING ||
	       (run->expected == EXPECT_ACCEPTED && run->outcome == OUTCOME_ACCEPTED) ||
	       (run->expected == EXPECT_REFUSED && run->outcome == OUTCOME_REFUSED);
}

const char *client_path(void)
{
	const char *path = getenv("PATH");

	return path && *path ? path : DEFAULT_PATH;
}

/* --- words ------------------------------------------------------------------------------------ */

/* See struct tool_client for the marks. */
static bool is_meant(const char **template, enum client_trust trust)
{
	switch (**template) {
	case '?':
		++*template;
		return trust == CLIENT_GIVEN;
	case '!':
		++*template;
		return trust == CLIENT_BARE;
	case '%':
		++*template;
		return trust != CLIENT_OWN;
	case '+':
		++*template;
		return trust == CLIENT_OWN;
	default:
		return true;
	}
}

static enum status add_word(struct words *w, const char *template, const struct client *c,
			    enum client_trust trust, struct error *e)
{
	struct text text = {0};
	enum status s;

	if (!is_meant(&template, trust))
		return STATUS_OK;
	s = tool_expand(template, c->values, VALUES, &text, e);
	if (s == STATUS_OK)
		s = words_add(w, text_get(&text), e);
	text_free(&text);
	return s;
}

static enum status add_words(struct words *w, const char *const *templates, const struct client *c,
			     enum client_trust trust, struct error *e)
{
	for (; *templates; templates++)
		if (add_word(w, *templates, c, trust, e) != STATUS_OK)
			return error_status(e);
	return STATUS_OK;
}

static bool is_proxy(const char *setting)
{
	static const char *const names[] = {
		"http_proxy=", "https_proxy=", "all_proxy=", "ftp_proxy="};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strncasecmp(setting, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

enum status client_own_environment(struct words *w, struct error *e)
{
	for (char **variable = environ; *variable; variable++)
		if (!is_proxy(*variable) && !words_have_variable(w, *variable) &&
		    words_add(w, *variable, e) != STATUS_OK)
			return error_status(e);
	return STATUS_OK;
}

/* What stands first counts: the client's own, then what all have, then the user's, if at all. */
static enum status make_environment(struct words *w, const struct client *c,
				    enum client_trust trust, struct error *e)
{
	static const char *const base[] = {
		"%HOME={home}",
		"TMPDIR={home}",
		"%XDG_CONFIG_HOME={home}/.config",
		"%XDG_CACHE_HOME={home}/.cache",
		"%XDG_DATA_HOME={home}/.local",
		"LC_ALL=C.UTF-8",
		"TERM=dumb",
		"NO_COLOR=1",
	};
	struct text path = {0};
	enum status s = add_words(w, c->client->environment, c, trust, e);

	for (size_t i = 0; i < sizeof base / sizeof base[0] && s == STATUS_OK; i++)
		if (!words_have_variable(w, base[i] + (*base[i] == '%')))
			s = add_word(w, base[i], c, trust, e);
	text_printf(&path, "PATH=%s", c->stage->path);
	if (s == STATUS_OK)
		s = text_check(&path, e);
	if (s == STATUS_OK)
		s = words_add(w, text_get(&path), e);
	text_free(&path);
	return s == STATUS_OK && trust == CLIENT_OWN ? client_own_environment(w, e) : s;
}

static int seconds_of(const struct client *c)
{
	if (c->stage->seconds)
		return c->stage->seconds;
	return c->client->seconds ? c->client->seconds : TOOL_SECONDS;
}

/* Runs program with words (templates, without its name). said: for its input, a template or NULL. */
static enum status act(const struct client *c, const char *program, const char *const *templates,
		       enum client_trust trust, const char *said, struct run_result *result,
		       struct error *e)
{
	struct words words = {0}, environment = {0};
	struct text input = {0};
	struct run_order order = {.program = program,
				  .folder = trust == CLIENT_OWN ? NULL : c->home,
				  .seconds = seconds_of(c)};
	enum status s = words_add(&words, path_name(program), e);

	if (s == STATUS_OK)
		s = add_words(&words, templates, c, trust, e);
	if (s == STATUS_OK)
		s = make_environment(&environment, c, trust, e);
	if (s == STATUS_OK && said) {
		s = tool_expand(said, c->values, VALUES, &input, e);
		order.input = text_get(&input);
	}
	order.words = words_get(&words);
	order.environment = words_get(&environment);
	if (s == STATUS_OK)
		s = run_program(&order, result, e);
	text_free(&input);
	words_free(&words);
	words_free(&environment);
	return s;
}

/* The program of a line whose first word begins with "=", else the client's own; NULL: nowhere. */
static enum status find_program(const struct client *c, const char *const **templates,
				char **program, struct error *e)
{
	const char *first = **templates;
	struct text name = {0};
	enum status s = STATUS_OK;

	*program = NULL;
	if (*first != '=') {
		*program = strdup(c->program);
		return *program ? STATUS_OK : error_memory(e);
	}
	++*templates;
	s = tool_expand(first + 1, c->values, VALUES, &name, e);
	if (s == STATUS_OK)
		*program = run_find(text_get(&name), c->stage->path);
	text_free(&name);
	return s;
}

/* --- before ----------------------------------------------------------------------------------- */

static enum status make_home(struct client *c, size_t at, struct error *e)
{
	enum status s;

	if (asprintf(&c->home, "%s/%zu", c->stage->folder, at) < 0) {
		c->home = NULL;
		return error_memory(e);
	}
	s = folder_make(c->home, 0700, e);
	if (s == STATUS_OK && c->client->script) {
		c->script = path_join(c->home, c->client->script_name);
		s = c->script ? file_publish(c->script, span_text(c->client->script), 0600,
					     FILE_KEEP, e)
			      : error_memory(e);
	}
	return s;
}

static void fill_values(struct client *c)
{
	const struct tool_value values[VALUES] = {
		{"bundle", c->stage->bundle},
		{"root", c->stage->root},
		{"home", c->home},
		{"host", c->client->host ? c->client->host : "localhost"},
		{"port", c->port},
		{"path", c->path},
		{"script", c->script ? c->script : ""},
	};

	memcpy(c->values, values, sizeof values);
}

/*
 * One that cannot even tell its version, a Python without the library say, is not there; but with
 * the user's own settings it may be those that keep it from running.
 */
static enum client_state state_of(const struct run_result *result, enum client_trust trust)
{
	if (result->timed_out)
		return CLIENT_FAILED;
	if (result->exit_code == 0)
		return CLIENT_RAN;
	return trust != CLIENT_OWN || result->exit_code == COMMAND_NOT_FOUND ||
			       strstr(text_get(&result->output), "No module named")
		       ? CLIENT_MISSING
		       : CLIENT_FAILED;
}

static enum status ask_version(struct client *c, enum client_trust trust, struct error *e)
{
	struct client_found *found = c->found;
	struct run_result result = {0};
	enum status s;

	snprintf(found->version, sizeof found->version, "?");
	found->state = CLIENT_RAN;
	if (!c->client->version[0])
		return STATUS_OK;
	s = act(c, c->program, c->client->version, trust == CLIENT_GIVEN ? CLIENT_BARE : trust,
		NULL, &result, e);
	if (s == STATUS_OK)
		found->state = state_of(&result, trust);
	if (s == STATUS_OK && found->state != CLIENT_RAN) {
		if (result.timed_out)
			snprintf(found->reason, sizeof found->reason,
				 "does not tell its version within %d s", seconds_of(c));
		else
			said_reason(&result.output, found->reason);
	} else if (s == STATUS_OK) {
		said_version(&result.output, found->version);
	}
	run_result_free(&result);
	return s;
}

static enum status set_up(struct client *c, const char *const *templates, enum client_trust trust,
			  struct error *e)
{
	const char *const *words = templates;
	char *program = NULL;
	struct run_result result = {0};
	enum status s = find_program(c, &words, &program, e);

	if (s == STATUS_OK && !program) {
		c->found->state = CLIENT_MISSING;
		snprintf(c->found->reason, sizeof c->found->reason, "%s is not installed",
			 templates[0] + 1);
		return STATUS_OK;
	}
	if (s == STATUS_OK)
		s = act(c, program, words, trust, NULL, &result, e);
	if (s == STATUS_OK && (result.timed_out || result.exit_code != 0)) {
		c->found->state = CLIENT_FAILED;
		if (result.timed_out)
			snprintf(c->found->reason, sizeof c->found->reason,
				 "%s did not end within %d s", path_name(program), seconds_of(c));
		else
			said_reason(&result.output, c->found->reason);
	}
	run_result_free(&result);
	free(program);
	return s;
}

enum status client_start(const struct client_stage *stage, const struct tool_client *client,
			 enum client_trust trust, size_t at, struct client_found *found,
			 struct client **out, struct error *e)
{
	struct client *c = calloc(1, sizeof *c);
	enum status s = STATUS_OK;

	*out = c;
	if (!c)
		return error_memory(e);
	*found = (struct client_found){.state = CLIENT_MISSING, .version = "?"};
	*c = (struct client){.stage = stage, .client = client, .found = found};
	c->program = run_find(client->program, stage->path);
	if (!c->program)
		return STATUS_OK;
	s = make_home(c, at, e);
	fill_values(c);
	if (s == STATUS_OK)
		s = ask_version(c, trust, e);
	for (size_t i = 0; i < TOOL_SETUPS && s == STATUS_OK && client->setup[i][0] &&
			   found->state == CLIENT_RAN && (trust != CLIENT_OWN || client->setup_own);
	     i++)
		s = set_up(c, client->setup[i], trust, e);
	return s;
}

/* --- the runs --------------------------------------------------------------------------------- */

static enum client_outcome judge(const struct client *c, const struct run_result *result,
				 bool asked)
{
	if (result->timed_out)
		return OUTCOME_HUNG;
	if (asked && (c->client->any_exit || result->exit_code == 0))
		return OUTCOME_ACCEPTED;
	if (!asked && (c->client->any_exit || result->exit_code != 0))
		return OUTCOME_REFUSED;
	return OUTCOME_UNCLEAR;
}

static void note_result(const struct client *c, unsigned mark, const struct run_result *result,
			struct client_run *run)
{
	run->outcome = judge(c, result, endpoint_was_asked(c->stage->endpoint, mark));
	if (run->outcome == OUTCOME_HUNG)
		snprintf(run->reason, sizeof run->reason, "no end within %d s", seconds_of(c));
	else if (run->outcome != OUTCOME_ACCEPTED)
		said_reason(&result->output, run->reason);
}

enum status client_try(struct client *c, enum client_trust trust, size_t site, unsigned mark,
		       struct client_run *run, struct error *e)
{
	const char *const *words = c->client->run;
	struct run_result result = {0};
	char *program = NULL;
	enum status s;

	snprintf(c->port, sizeof c->port, "%d", endpoint_port(c->stage->endpoint, site));
	snprintf(c->path, sizeof c->path, "r/%u", mark);
	s = find_program(c, &words, &program, e);
	if (s == STATUS_OK && !program)
		s = error_set(e, STATUS_INTERNAL, c->client->label, "report this as a bug",
			      "what was set up is not there");
	if (s == STATUS_OK)
		s = act(c, program, words, trust, c->client->input, &result, e);
	if (s == STATUS_OK)
		note_result(c, mark, &result, run);
	run_result_free(&result);
	free(program);
	return s;
}

void client_end(struct client *c)
{
	if (!c)
		return;
	free(c->program);
	free(c->home);
	free(c->script);
	free(c);
}
