#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cmd/progress.h"

static void lines(void **state)
{
	static const struct {
		const char *what;
		uint64_t done, all;
		int64_t milliseconds;
		const char *line;
	} cases[] = {
		{"Judging", 0, 1000, 0, "Judging [                    ] 0 of 1000"},
		{"Judging", 500, 1000, 2000,
		 "Judging [##########          ] 500 of 1000, 250/s, 2 s left"},
		{"Judging", 1000, 1000, 4000, "Judging [####################] 1000 of 1000, 250/s"},
		/* Too early for a rate; too slow for a whole number. */
		{"Judging", 100, 1000, 499, "Judging [##                  ] 100 of 1000"},
		{"Judging", 5, 100, 4000,
		 "Judging [#                   ] 5 of 100, 1.2/s, 1:16 left"},
		{"Shared primes", 1, 7201, 1000,
		 "Shared primes [                    ] 1 of 7201, 1.0/s, 2:00:00 left"},
		/* Nobody knows how many there are, or there are more than were known. */
		{"Reading", 12345, 0, 1000, "Reading: 12345, 12345/s"},
		{"Reading", 11, 10, 1000, "Reading [####################] 11 of 10, 11/s"},
		{"Reading", 0, 0, 9000, "Reading: 0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char out[PROGRESS_SIZE];

		progress_text(out, cases[i].what, cases[i].done, cases[i].all,
			      cases[i].milliseconds);
		assert_string_equal(out, cases[i].line);
	}
}

/* However large the numbers: never more than a line of 79. */
static void fits_a_terminal(void **state)
{
	char out[PROGRESS_SIZE];

	(void)state;
	progress_text(out, "A phase with a name that is long", UINT64_MAX / 2, UINT64_MAX, 600);
	assert_true(strlen(out) < PROGRESS_SIZE);
	progress_text(out, "Judging", 1000000, 16000000, 100000);
	assert_string_equal(out, "Judging [#                   ] 1000000 of 16000000, 10000/s, "
				 "25:00 left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(fits_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
