#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/suggest.h"

static const char *const words[] = {"init", "sign",  "list",	"show",
				    NULL,   "renew", "profile", "completion"};
#define WORDS (sizeof words / sizeof words[0])

static void expect(const char *word, const char *nearest)
{
	const char *got = suggest(word, words, WORDS);

	if (!nearest)
		assert_null(got);
	else
		assert_string_equal(got ? got : "(none)", nearest);
}

static void a_slip_of_each_kind(void **state)
{
	(void)state;
	expect("isgn", "sign");	     /* neighbours swapped */
	expect("profil", "profile"); /* dropped */
	expect("lisst", "list");     /* added */
	expect("shiw", "show");	     /* changed */
	expect("LIST", "list");	     /* case */
	expect("sihgn", "sign");     /* swapped and added: two */
}

static void a_beginning(void **state)
{
	(void)state;
	expect("comp", "completion");
	expect("prof", "profile");
	expect("c", NULL);
}

static void nothing_near(void **state)
{
	char long_word[200];

	(void)state;
	expect("", NULL);
	expect("xyzzy", NULL);
	expect("ls", NULL);
	expect("certificate", NULL);
	memset(long_word, 'a', sizeof long_word - 1);
	long_word[sizeof long_word - 1] = '\0';
	expect(long_word, NULL);
	assert_null(suggest("list", words, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_of_each_kind),
		cmocka_unit_test(a_beginning),
		cmocka_unit_test(nothing_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
