#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "base/der_canonical.h"

static const struct {
	const char *hex;
	enum der_fault fault;
	size_t offset;
} cases[] = {
	{"0500", DER_CANONICAL, 0},
	{"3000", DER_CANONICAL, 0},
	{"3006020100020180", DER_CANONICAL, 0},
	{"3106020100020180", DER_CANONICAL, 0},
	{"0101ff", DER_CANONICAL, 0},
	{"03020780", DER_CANONICAL, 0},
	{"06032a86c8", DER_OID, 0},
	{"06032a8601", DER_CANONICAL, 0},
	{"a003020101", DER_CANONICAL, 0},
	{"", DER_STRUCTURE, 0},
	{"30", DER_STRUCTURE, 0},
	{"300302", DER_STRUCTURE, 0},
	{"3003050100", DER_STRUCTURE, 2},
	{"3002000000", DER_STRUCTURE, 2},
	{"2404040100", DER_STRUCTURE, 0},
	{"10020500", DER_STRUCTURE, 0},
	{"050000", DER_TRAILING, 2},
	{"30800000", DER_LENGTH, 0},
	{"30810205 00", DER_LENGTH, 0},
	{"1f010100", DER_LENGTH, 0},
	{"3003010101", DER_BOOLEAN, 2},
	{"0100", DER_BOOLEAN, 0},
	{"0200", DER_INTEGER, 0},
	{"02020001", DER_INTEGER, 0},
	{"0202ff80", DER_INTEGER, 0},
	{"02020080", DER_CANONICAL, 0},
	{"0300", DER_BIT_STRING, 0},
	{"030108", DER_BIT_STRING, 0},
	{"030101", DER_BIT_STRING, 0},
	{"03020181", DER_BIT_STRING, 0},
	{"0600", DER_OID, 0},
	{"06028001", DER_OID, 0},
	{"3106020101020100", DER_SET_ORDER, 5},
};

static size_t unhex(const char *hex, unsigned char *out)
{
	size_t len = 0;

	for (; *hex; hex++) {
		unsigned octet;

		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &octet), 1);
		out[len++] = (unsigned char)octet;
		hex++;
	}
	return len;
}

static void test_each_fault(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char octets[64];
		struct span der = {octets, unhex(cases[i].hex, octets)};
		size_t offset = 0;
		enum der_fault fault = der_canonical(der, &offset);

		if (fault == cases[i].fault && offset == cases[i].offset)
			continue;
		print_error("%s: fault %d at %zu\n", cases[i].hex, fault, offset);
		bad++;
	}
	assert_int_equal(bad, 0);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Nesting is bounded: as many SEQUENCEs as a length octet can hold. */
static void test_nesting_is_bounded(void **state)
{
	unsigned char octets[120];
	size_t offset = 0;

	(void)state;
	for (size_t i = 0; i < sizeof octets; i += 2) {
		octets[i] = 0x30;
		octets[i + 1] = (unsigned char)(sizeof octets - i - 2);
	}
	assert_int_equal(der_canonical((struct span){octets, sizeof octets}, &offset),
			 DER_STRUCTURE);
	assert_int_equal(der_canonical((struct span){octets + 60, sizeof octets - 60}, &offset),
			 DER_CANONICAL);
}

static void test_every_fault_has_words(void **state)
{
	(void)state;
	for (enum der_fault f = DER_STRUCTURE; f <= DER_SET_ORDER; f++)
		assert_true(*der_fault_text(f));
	assert_string_equal(der_fault_text(DER_CANONICAL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_fault),
		cmocka_unit_test(test_nesting_is_bounded),
		cmocka_unit_test(test_every_fault_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
