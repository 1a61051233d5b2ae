/* base/settings.h: what libconfig lets through is refused with file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings.h"

static char file[] = "/tmp/subca-settings-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

static void write_file(const char *text, size_t len)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

struct values {
	int number;
	bool flag;
	char *word;
	config_setting_t *tree;
};

static enum status read_text(const char *text, struct values *v, struct error *e)
{
	const struct setting_key keys[] = {
		{"number", SETTING_INT, &v->number, -5, 100},
		{"flag", SETTING_BOOL, &v->flag, 0, 0},
		{"word", SETTING_STRING, &v->word, 2, 4},
		{"tree", SETTING_TREE, &v->tree, 0, 0},
	};
	config_t config;
	enum status s;

	write_file(text, strlen(text));
	s = settings_load(file, &config, e);
	if (s == STATUS_OK)
		s = settings_read(config_root_setting(&config), keys, 4, e);
	config_destroy(&config);
	v->tree = NULL;
	return s;
}

static void what_is_right_is_taken_and_what_is_absent_stays(void **state)
{
	struct values v = {.number = 7, .flag = true};
	struct error e = {0};

	(void)state;
	v.word = strdup("old");
	assert_int_equal(read_text("", &v, &e), STATUS_OK);
	assert_int_equal(v.number, 7);
	assert_true(v.flag);
	assert_string_equal(v.word, "old");
	assert_int_equal(read_text("number = -5;\nflag = false;\nword = \"new\";\ntree = {};\n", &v,
				   &e),
			 STATUS_OK);
	assert_int_equal(v.number, -5);
	assert_false(v.flag);
	assert_string_equal(v.word, "new");
	assert_int_equal(read_text("number = 0x64;\n", &v, &e), STATUS_OK);
	assert_int_equal(v.number, 100);
	free(v.word);
}

static void what_is_wrong_is_refused_by_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{"number = 101;", "line 1"},
		{"\nnumber = -6;", "line 2"},
		/* Read as INT_MIN by libconfig 1.5, with success. */
		{"number = 10737418240;", "line 1"},
		{"number = 10737418240L;", "line 1"},
		{"number = 1.0;", "line 1"},
		{"number = \"5\";", "line 1"},
		{"number = true;", "line 1"},
		{"flag = 1;", "line 1"},
		{"flag = \"true\";", "line 1"},
		{"word = 12;", "line 1"},
		{"word = \"x\";", "line 1"},
		{"word = \"fives\";", "line 1"},
		{"flag = true;\nnumbre = 5;", "line 2"},
		{"number = 5;\nnumber = 6;", "line 2"},
		{"number = ;", "line 1"},
		{"@include \"/etc/passwd\"", "an @include line"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct values v = {.number = 7};
		struct error e = {0};

		if (read_text(wrong[i].text, &v, &e) != STATUS_INPUT)
			fail_msg("taken: %s", wrong[i].text);
		if (strncmp(e.where, file, strlen(file)) != 0 ||
		    (!strstr(e.where, wrong[i].says) && !strstr(e.what, wrong[i].says)))
			fail_msg("%s: says \"%s: %s\"", wrong[i].text, e.where, e.what);
		free(v.word);
	}
}

static void a_group_is_no_number(void **state)
{
	config_t config;
	struct error e = {0};

	(void)state;
	write_file("\ntree = 3;\n", 11);
	assert_int_equal(settings_load(file, &config, &e), STATUS_OK);
	assert_int_equal(settings_read(config_lookup(&config, "tree"), NULL, 0, &e), STATUS_INPUT);
	assert_non_null(strstr(e.where, "line 2"));
	assert_non_null(strstr(e.what, "'tree' is not a group"));
	config_destroy(&config);
}

static void a_misspelt_key_names_the_nearest(void **state)
{
	struct values v = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(read_text("numbre = 5;", &v, &e), STATUS_INPUT);
	assert_non_null(strstr(e.what, "numbre"));
	assert_non_null(strstr(e.todo, "number"));
}

static void what_is_no_text_is_refused(void **state)
{
	char *large = malloc(SETTINGS_FILE_MAX + 1);
	struct error e = {0};
	config_t config;

	(void)state;
	assert_non_null(large);
	memset(large, '\n', SETTINGS_FILE_MAX + 1);
	write_file(large, SETTINGS_FILE_MAX);
	assert_int_equal(settings_load(file, &config, &e), STATUS_OK);
	config_destroy(&config);
	write_file(large, SETTINGS_FILE_MAX + 1);
	assert_int_equal(settings_load(file, &config, &e), STATUS_INPUT);
	config_destroy(&config);
	/* What stands behind a NUL would be cut off without a word. */
	write_file("a = 1;\0b = 2;\n", 14);
	assert_int_equal(settings_load(file, &config, &e), STATUS_INPUT);
	config_destroy(&config);
	assert_int_equal(settings_load("/nonexistent/x.conf", &config, &e), STATUS_NOT_FOUND);
	config_destroy(&config);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_right_is_taken_and_what_is_absent_stays),
		cmocka_unit_test(what_is_wrong_is_refused_by_its_line),
		cmocka_unit_test(a_group_is_no_number),
		cmocka_unit_test(a_misspelt_key_names_the_nearest),
		cmocka_unit_test(what_is_no_text_is_refused),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
