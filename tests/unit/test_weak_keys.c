#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "csr/weak_keys.h"

static char path[] = "/tmp/subca-weak-keys.XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(struct span content)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(content.data, 1, content.len, to), content.len);
	assert_int_equal(fclose(to), 0);
}

static struct weak_keys *loaded(const char *content)
{
	struct weak_keys *list = NULL;
	struct error e = {0};

	write_file(span_text(content));
	if (weak_keys_load(path, &list, &e) != STATUS_OK)
		fail_msg("%s: %s", e.where, e.what);
	return list;
}

static void refused(struct span content, const char *line, const char *words)
{
	struct weak_keys *list = NULL;
	struct error e = {0};
	char place[100];

	write_file(content);
	assert_int_equal(weak_keys_load(path, &list, &e), STATUS_INPUT);
	assert_null(list);
	snprintf(place, sizeof place, "%s: line %s", path, line);
	assert_string_equal(e.where, place);
	if (!strstr(e.what, words))
		fail_msg("%s", e.what);
}

static bool has(const struct weak_keys *list, const char *modulus)
{
	BIGNUM *n = NULL;
	bool listed = true;
	struct error e = {0};

	assert_true(BN_hex2bn(&n, modulus) > 0);
	assert_int_equal(weak_keys_have(list, n, &listed, &e), STATUS_OK);
	BN_free(n);
	return listed;
}

/*
 * printf 'Modulus=C0FFEE\n' | sha1sum | cut -c 21-40, and of two more. The last begins with a digit
 * 0 that no line of "openssl rsa -modulus" has.
 */
#define C0FFEE "6149ed99475722f13e18"
#define D00D "d195f0601c704942caaf"
#define ABC "5e88f10d69110483e558"

static void moduli_are_found(void **state)
{
	struct weak_keys *list = loaded("# of nobody\n" D00D "\n\n" C0FFEE "\r\n" ABC);

	(void)state;
	assert_true(has(list, "C0FFEE"));
	assert_true(has(list, "D00D"));
	assert_true(has(list, "0ABC"));
	assert_false(has(list, "C0FFEF"));
	assert_false(has(list, "0"));
	weak_keys_free(list);
	weak_keys_free(NULL);
}

/*
 * A key that Debian's OpenSSL did make, and its line in Debian's own list: SHA-1 is
 * a3853d0c563765e504c18df20e6961a16398b85a.
 */
static void a_key_of_debian_is_found(void **state)
{
	static const char modulus[] =
		"D673252AF6723C3F72529403EAB7C30DEF3C52F97E799825F4A70191C616ADCF"
		"1ECE1113F1625971074C492C592025FDEADBDB146A081826BDF0D77C3C913DCF"
		"1B6F0B3B78F5108D2E493AD0EEE8CA5C021711ADC13D358E61133870FCD19C8E"
		"5C22403959782AA82E72AEE53A3D491E3912CE27B27E1A85EA69C19A527D28F7"
		"934C9823B7E56FDD657DAC83FDC65BB22A98D843DF73238919781B714C81A5E2"
		"AFEC71F5C54AA2A27C590AD94C03C1062D50EFCFFAC743E3C8A3AE056846A1D7"
		"56EB862BF4224169D467C35215ADE0AFCC11E85FE629AFB802C4786FF2E9C929"
		"BCCF502B3D3B8876C6A11785CC398B389F1D86BDD9CB0BD4EC13956EC3FA270D";
	struct weak_keys *list = loaded("8df20e6961a16398b85a\n");

	(void)state;
	assert_true(has(list, modulus));
	weak_keys_free(list);
}

static void no_list_and_an_empty_one(void **state)
{
	struct weak_keys *list = loaded("# nothing\n");

	(void)state;
	assert_false(has(NULL, "C0FFEE"));
	assert_false(has(list, "C0FFEE"));
	weak_keys_free(list);
}

static void a_damaged_list_is_refused(void **state)
{
	static const char nul[] = "0123456789abcdef0123\0\n";
	char large[600];

	(void)state;
	refused(span_text("# a\n0123456789abcdef012\n"), "2", "no entry");
	refused(span_text("0123456789abcdef01234\n"), "1", "no entry");
	refused(span_text("0123456789abcdef0123\n0123456789abcdefg123\n"), "2", "no entry");
	refused(span_text(" 0123456789abcdef0123\n"), "1", "no entry");
	refused((struct span){(const unsigned char *)nul, sizeof nul - 1}, "1", "no entry");
	memset(large, '#', sizeof large);
	refused((struct span){(unsigned char *)large, sizeof large}, "1", "too long");
}

static void a_list_is_bounded(void **state)
{
	FILE *to = fopen(path, "w");
	struct weak_keys *list = NULL;
	struct error e = {0};

	(void)state;
	assert_non_null(to);
	for (int i = 0; i <= WEAK_KEYS_MOST; i++)
		fprintf(to, "%020x\n", (unsigned)i);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(weak_keys_load(path, &list, &e), STATUS_INPUT);
	assert_non_null(strstr(e.where, "line 1000001"));
	assert_null(list);
}

static void a_list_that_cannot_be_read(void **state)
{
	struct weak_keys *list = NULL;
	struct error e = {0};

	(void)state;
	assert_int_equal(weak_keys_load("/nonexistent", &list, &e), STATUS_NOT_FOUND);
	assert_non_null(strstr(e.todo, "weak_keys"));
	assert_int_equal(weak_keys_load("/proc/self/mem", &list, &e), STATUS_SYSTEM);
	assert_null(list);
}

static void the_environment_names_one(void **state)
{
	struct weak_keys *list = loaded(C0FFEE "\n");
	struct error e = {0};

	(void)state;
	weak_keys_free(list);
	assert_int_equal(setenv(WEAK_KEYS_VARIABLE, path, 1), 0);
	assert_int_equal(weak_keys_from_environment(&list, &e), STATUS_OK);
	assert_true(has(list, "C0FFEE"));
	weak_keys_free(list);
	for (int i = 0; i < 2; i++) {
		list = NULL;
		assert_int_equal(
			i ? unsetenv(WEAK_KEYS_VARIABLE) : setenv(WEAK_KEYS_VARIABLE, "", 1), 0);
		assert_int_equal(weak_keys_from_environment(&list, &e), STATUS_OK);
		assert_null(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moduli_are_found),
		cmocka_unit_test(a_key_of_debian_is_found),
		cmocka_unit_test(no_list_and_an_empty_one),
		cmocka_unit_test(a_damaged_list_is_refused),
		cmocka_unit_test(a_list_is_bounded),
		cmocka_unit_test(a_list_that_cannot_be_read),
		cmocka_unit_test(the_environment_names_one),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
