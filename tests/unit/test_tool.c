/* The table of tools: each entry is whole, and its templates ask for nothing that nobody fills in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trust/tool.h"

static const struct tool_value all[] = {
	{"bundle", "B"}, {"root", "R"}, {"home", "H"},	 {"host", "N"},
	{"port", "P"},	 {"path", "A"}, {"script", "S"},
};

static void expands(const char *template)
{
	struct error e = {0};
	struct text out = {0};

	assert_int_equal(tool_expand(template, all, sizeof all / sizeof all[0], &out, &e),
			 STATUS_OK);
	text_free(&out);
}

static void each_id_once(void **state)
{
	const struct tool *a, *b, *found;
	struct error e = {0};

	(void)state;
	for (size_t i = 0; (a = tool_at(i)) != NULL; i++) {
		for (size_t j = 0; j < i && (b = tool_at(j)) != NULL; j++)
			assert_string_not_equal(a->id, b->id);
		assert_int_equal(tool_find(a->id, &found, &e), STATUS_OK);
		assert_ptr_equal(found, a);
	}
	assert_int_equal(tool_find("nosuchtool", &found, &e), STATUS_NOT_FOUND);
}

/* What a setting replaces needs the bundle; what adds needs the root, somewhere. */
static void each_tool_has_its_file(void **state)
{
	const struct tool *tool;

	(void)state;
	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++) {
		const char *want = tool->effect == TOOL_REPLACES ? "{bundle}" : "{root}";
		bool any = false;

		assert_non_null(tool->name);
		for (const struct tool_step *step = tool->steps; step->when; step++) {
			expands(step->lines);
			assert_true(step->os && !(step->os & ~(unsigned)TOOL_ALL_OS));
			any = any || strstr(step->lines, want);
		}
		assert_true(any);
	}
}

static void check_client(const struct tool_client *c)
{
	bool trusted = false;

	for (size_t i = 0; i < TOOL_WORDS && c->run[i]; i++) {
		expands(c->run[i]);
		trusted = trusted || c->run[i][0] == '?';
	}
	for (size_t i = 0; i < TOOL_NAMES && c->environment[i]; i++) {
		expands(c->environment[i]);
		assert_non_null(strchr(c->environment[i], '='));
		trusted = trusted || c->environment[i][0] == '?' || c->environment[i][0] == '!';
	}
	for (size_t i = 0; i < TOOL_SETUPS; i++) {
		for (size_t j = 0; j < TOOL_WORDS && c->setup[i][j]; j++)
			expands(c->setup[i][j]);
		assert_null(c->setup[i][TOOL_WORDS - 1]);
	}
	assert_true(trusted);
	assert_null(c->version[TOOL_NAMES - 1]);
	assert_null(c->environment[TOOL_NAMES - 1]);
	assert_non_null(c->program);
	assert_non_null(c->given);
	assert_null(c->run[TOOL_WORDS - 1]);
	if (c->input)
		expands(c->input);
}

/* Each differs with and without trust: else its refusal without trust would show nothing. */
static void each_client_is_whole(void **state)
{
	const struct tool *tool;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++)
		for (const struct tool_client *c = tool->clients; c && c->label; c++, count++)
			check_client(c);
	assert_true(count > 15);
}

static void check_setting(const struct tool_setting *t)
{
	static const struct tool_value places[] = {
		{"systemfile", "F"}, {"systemfolder", "D"}, {"prefix", "P"}};
	static const struct tool_value lines[] = {{"bundle", "B"}, {"root", "R"}, {"install", "I"}};
	struct error e = {0};
	struct text out = {0};

	assert_non_null(t->name);
	if (t->file)
		assert_int_equal(tool_expand(t->file, places, 3, &out, &e), STATUS_OK);
	if (t->mend)
		assert_int_equal(tool_expand(t->mend, lines, 3, &out, &e), STATUS_OK);
	text_free(&out);
	assert_null(t->ask[TOOL_NAMES - 1]);
	assert_int_equal(t->source == SOURCE_ANSWER && !t->ask[0], 0);
	assert_int_equal(t->source == SOURCE_LINE && !t->file, 0);
	/* What a tool does by itself does not switch anything off, and somebody has to mend it. */
	assert_int_equal(t->source == SOURCE_PLACE && t->slot == SLOT_OFF, 0);
	assert_int_equal(t->source == SOURCE_PLACE && t->slot == SLOT_FILE && !t->mend, 0);
}

/* Each tool that the doctor can run has settings, and a place where it looks when none is set. */
static void each_setting_is_whole(void **state)
{
	const struct tool *tool;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++) {
		bool place = false, own = false;

		for (const struct tool_client *c = tool->clients; c && c->label; c++)
			own = own || !c->rehearsal_only;
		for (const struct tool_setting *t = tool->settings; t && t->source; t++, count++) {
			check_setting(t);
			place = place || (t->source == SOURCE_PLACE && t->slot == SLOT_FILE);
		}
		assert_int_equal(own && !place, 0);
	}
	assert_true(count > 100);
}

static void braces_that_are_none(void **state)
{
	struct error e = {0};
	struct text out = {0};

	(void)state;
	assert_int_equal(tool_expand("{bundle} {\"a\": {x", all, 7, &out, &e), STATUS_OK);
	assert_string_equal(text_get(&out), "B {\"a\": {x");
	assert_int_equal(tool_expand("{nobody}", all, 7, &out, &e), STATUS_INTERNAL);
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_id_once),		cmocka_unit_test(each_tool_has_its_file),
		cmocka_unit_test(each_client_is_whole), cmocka_unit_test(each_setting_is_whole),
		cmocka_unit_test(braces_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
