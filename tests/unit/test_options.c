#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cmd/options.h"

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct option_spec own[] = {
	{.name = "out", .letter = 'o', .argument = "FILE", .complete = COMPLETE_FILE, .help = "x"},
	{.name = "count", .letter = 'n', .argument = "N", .help = "x"},
	{.name = "uri", .argument = "URI", .repeatable = true, .help = "x"},
	{.name = "colour",
	 .argument = "C",
	 .complete = COMPLETE_WORDS,
	 .words = colours,
	 .help = "x"},
	{0},
};

#define PARSE(extent, ...)                                \
	parse(extent, (const char *const[]){__VA_ARGS__}, \
	      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static struct options o;
static struct error e;
static size_t used;

static enum status parse(enum options_extent extent, const char *const *words, size_t count)
{
	options_free(&o);
	e = (struct error){0};
	o.lists[0] = options_common;
	o.lists[1] = own;
	o.lists[2] = options_passphrase;
	assert_int_equal(options_start(&o, count, &e), STATUS_OK);
	return options_parse(&o, extent, words, count, &used, &e);
}

static int clean(void **state)
{
	(void)state;
	options_free(&o);
	return 0;
}

static void every_way_to_write_a_value(void **state)
{
	(void)state;
	assert_int_equal(PARSE(OPTIONS_ALL, "--out", "a"), STATUS_OK);
	assert_string_equal(options_value(&o, "out"), "a");
	assert_int_equal(PARSE(OPTIONS_ALL, "--out=a=b"), STATUS_OK);
	assert_string_equal(options_value(&o, "out"), "a=b");
	assert_int_equal(PARSE(OPTIONS_ALL, "-o", "-"), STATUS_OK);
	assert_string_equal(options_value(&o, "out"), "-");
	assert_int_equal(PARSE(OPTIONS_ALL, "-qyoa"), STATUS_OK);
	assert_string_equal(options_value(&o, "out"), "a");
	assert_true(options_given(&o, "quiet") && options_given(&o, "yes"));
	assert_false(options_given(&o, "json"));
	assert_int_equal(PARSE(OPTIONS_ALL, "--out="), STATUS_OK);
	assert_string_equal(options_value(&o, "out"), "");
}

static void options_and_operands_mix(void **state)
{
	(void)state;
	assert_int_equal(PARSE(OPTIONS_ALL, "a", "--json", "-", "-o", "b", "--", "--json", "-o"),
			 STATUS_OK);
	assert_int_equal(o.operand_count, 4);
	assert_string_equal(o.operands[0], "a");
	assert_string_equal(o.operands[1], "-");
	assert_string_equal(o.operands[2], "--json");
	assert_string_equal(o.operands[3], "-o");
	assert_int_equal(PARSE(OPTIONS_BEFORE_OPERAND, "--json", "list", "--nonsense"), STATUS_OK);
	assert_int_equal(used, 1);
	assert_int_equal(o.operand_count, 0);
}

static void a_repeatable_option_keeps_all(void **state)
{
	(void)state;
	assert_int_equal(PARSE(OPTIONS_ALL, "--uri=a", "--uri", "b"), STATUS_OK);
	assert_string_equal(options_value_at(&o, "uri", 0), "a");
	assert_string_equal(options_value_at(&o, "uri", 1), "b");
	assert_null(options_value_at(&o, "uri", 2));
	assert_int_equal(PARSE(OPTIONS_ALL, "--out=a", "-ob"), STATUS_USAGE);
	assert_string_equal(e.what, "--out is given more than once");
	assert_int_equal(PARSE(OPTIONS_ALL, "--json", "--json"), STATUS_OK);
}

static void mistakes_are_told_with_the_fix(void **state)
{
	(void)state;
	assert_int_equal(PARSE(OPTIONS_ALL, "--out"), STATUS_USAGE);
	assert_string_equal(e.todo, "write --out FILE");
	assert_int_equal(PARSE(OPTIONS_ALL, "--out", "--json"), STATUS_USAGE);
	assert_string_equal(e.todo, "write --out FILE, or --out=--json if that is the value");
	assert_int_equal(PARSE(OPTIONS_ALL, "--json=yes"), STATUS_USAGE);
	assert_string_equal(e.todo, "write --json");
	assert_int_equal(PARSE(OPTIONS_ALL, "--jsno"), STATUS_USAGE);
	assert_string_equal(e.todo, "did you mean --json? --help lists the options");
	assert_int_equal(PARSE(OPTIONS_ALL, "--jso"), STATUS_USAGE);
	assert_int_equal(PARSE(OPTIONS_ALL, "-qZ"), STATUS_USAGE);
	assert_string_equal(e.what, "there is no option -Z here");
}

static void numbers(void **state)
{
	static const char *const bad[] = {
		"0", "101", "", "5x", " 5", "+5", "-5", "0x5", "99999999999999999999"};
	int64_t n = 7;

	(void)state;
	assert_int_equal(PARSE(OPTIONS_ALL, "--json"), STATUS_OK);
	assert_int_equal(options_number(&o, "count", 1, 100, &n, &e), STATUS_OK);
	assert_int_equal(n, 7);
	assert_int_equal(PARSE(OPTIONS_ALL, "-n100"), STATUS_OK);
	assert_int_equal(options_number(&o, "count", 1, 100, &n, &e), STATUS_OK);
	assert_int_equal(n, 100);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(PARSE(OPTIONS_ALL, "--count", bad[i]), STATUS_OK);
		assert_int_equal(options_number(&o, "count", 1, 100, &n, &e), STATUS_USAGE);
	}
	assert_int_equal(n, 100);
}

static void words(void **state)
{
	int at = -1;

	(void)state;
	assert_int_equal(PARSE(OPTIONS_ALL, "--colour", "green"), STATUS_OK);
	assert_int_equal(options_word(&o, "colour", &at, &e), STATUS_OK);
	assert_int_equal(at, 1);
	assert_int_equal(PARSE(OPTIONS_ALL, "--colour", "gren"), STATUS_OK);
	assert_int_equal(options_word(&o, "colour", &at, &e), STATUS_USAGE);
	assert_string_equal(e.todo, "did you mean green? It takes red, green, blue");
}

static void passphrase_sources(void **state)
{
	struct secret_source from;

	(void)state;
	assert_int_equal(PARSE(OPTIONS_ALL, "--passphrase-fd", "5"), STATUS_OK);
	assert_int_equal(options_passphrase_source(&o, "it", true, &from, &e), STATUS_OK);
	assert_int_equal(from.fd, 5);
	assert_null(from.file);
	assert_true(from.confirm);
	assert_int_equal(PARSE(OPTIONS_ALL, "--passphrase-file=f"), STATUS_OK);
	assert_int_equal(options_passphrase_source(&o, "it", false, &from, &e), STATUS_OK);
	assert_int_equal(from.fd, -1);
	assert_string_equal(from.file, "f");
	assert_int_equal(PARSE(OPTIONS_ALL, "--passphrase-file=f", "--passphrase-fd=3"), STATUS_OK);
	assert_int_equal(options_passphrase_source(&o, "it", false, &from, &e), STATUS_USAGE);
	assert_int_equal(PARSE(OPTIONS_ALL, "--passphrase-fd=hunter2"), STATUS_OK);
	assert_int_equal(options_passphrase_source(&o, "it", false, &from, &e), STATUS_USAGE);
	assert_null(strstr(e.what, "hunter2"));
	assert_int_equal(PARSE(OPTIONS_ALL, "--pin-fd=7"), STATUS_OK);
	assert_int_equal(options_pin_source(&o, "it", &from, &e), STATUS_OK);
	assert_int_equal(from.fd, 7);
	assert_string_equal(from.environment, "SUBCA_PIN");
	assert_int_equal(PARSE(OPTIONS_ALL, "--pin-file=f", "--pin-fd=1234x"), STATUS_OK);
	assert_int_equal(options_pin_source(&o, "it", &from, &e), STATUS_USAGE);
	assert_int_equal(PARSE(OPTIONS_ALL, "--pin-fd=1234x"), STATUS_OK);
	assert_int_equal(options_pin_source(&o, "it", &from, &e), STATUS_USAGE);
	assert_null(strstr(e.what, "1234x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_way_to_write_a_value, clean),
		cmocka_unit_test_teardown(options_and_operands_mix, clean),
		cmocka_unit_test_teardown(a_repeatable_option_keeps_all, clean),
		cmocka_unit_test_teardown(mistakes_are_told_with_the_fix, clean),
		cmocka_unit_test_teardown(numbers, clean),
		cmocka_unit_test_teardown(words, clean),
		cmocka_unit_test_teardown(passphrase_sources, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
