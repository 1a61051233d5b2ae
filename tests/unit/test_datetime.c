#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/datetime.h"

static void every_day_there_and_back(void **state)
{
	struct civil_time before = {1949, 12, 31, 0, 0, 0};

	(void)state;
	for (int64_t t = DATETIME_MIN; t <= DATETIME_MAX; t += 97 * SECONDS_PER_DAY + 3661) {
		struct civil_time c = civil_from_seconds(t);
		int64_t back = 0;

		assert_int_equal(civil_to_seconds(&c, &back), 0);
		assert_true(back == t);
		assert_true(c.year >= before.year);
		before = c;
	}
}

static void known_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{"1970-01-01", 0},
		{"1969-12-31T23:59:59Z", -1},
		{"1950-01-01T00:00:00Z", DATETIME_MIN},
		{"2000-02-29T12:00:00Z", 951825600},
		{"2024-02-29", 1709164800},
		{"2049-12-31T23:59:59Z", 2524607999},
		{"2050-01-01", 2524608000},
		{"2100-03-01", 4107542400},
		{"9999-12-31T23:59:59Z", DATETIME_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error e = {0};
		char text[DATETIME_SIZE];
		int64_t t = 0;

		assert_int_equal(datetime_parse(cases[i].text, &t, &e), STATUS_OK);
		assert_true(t == cases[i].seconds);
		datetime_format(t, text);
		assert_memory_equal(text, cases[i].text, strlen(cases[i].text));
	}
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"1949-12-31",
		"0001-01-01",
		"2027",
		"2027-02-29",
		"2100-02-29",
		"2027-00-01",
		"2027-13-01",
		"2027-01-00",
		"2027-04-31",
		"0000-01-01",
		"10000-01-01",
		"2027-1-1",
		"2027-01-01 ",
		"2027-01-01T00:00:00",
		"2027-01-01T24:00:00Z",
		"2027-01-01T00:60:00Z",
		"2027-01-01T00:00:60Z",
		"2027-01-01T00:00:00+00:00",
		"2027-01-01t00:00:00z",
		"tomorrow",
		"-027-01-01",
		"2027/01/01",
		" 2027-01-01",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct error e = {0};
		int64_t t = 42;

		assert_int_equal(datetime_parse(wrong[i], &t, &e), STATUS_USAGE);
		assert_true(t == 42);
	}
}

static void out_of_range_is_said(void **state)
{
	char text[DATETIME_SIZE];

	(void)state;
	datetime_format(DATETIME_MAX + 1, text);
	assert_string_equal(text, "(out of range)");
	datetime_format(INT64_MIN, text);
	assert_string_equal(text, "(out of range)");
}

static void a_time_is_days_weeks_or_hours(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = {
		{"90d", 90 * SECONDS_PER_DAY},
		{"90", 90 * SECONDS_PER_DAY},
		{"12w", 84 * SECONDS_PER_DAY},
		{"36h", 36 * 3600},
		{"0", 0},
		{"100d", 100 * SECONDS_PER_DAY},
		{"2400h", 100 * SECONDS_PER_DAY},
		{"101d", -1},
		{"2401h", -1},
		{"15w", -1},
		{"99999999999999999999", -1},
		{"", -1},
		{"d", -1},
		{"-1d", -1},
		{"+1", -1},
		{" 1", -1},
		{"1 d", -1},
		{"1dd", -1},
		{"1m", -1},
		{"1.5d", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t t = 12345;

		assert_int_equal(duration_parse(cases[i].text, 100, &t),
				 cases[i].seconds < 0 ? -1 : 0);
		assert_true(t == (cases[i].seconds < 0 ? 12345 : cases[i].seconds));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_there_and_back),
		cmocka_unit_test(known_seconds),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(out_of_range_is_said),
		cmocka_unit_test(a_time_is_days_weeks_or_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
