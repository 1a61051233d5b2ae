#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void what_cannot_be_seen_is_escaped(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain \xC3\xBC \xE6\xBC\xA2 \xF0\x9F\x98\x80",
		 "plain \xC3\xBC \xE6\xBC\xA2 \xF0\x9F\x98\x80"},
		{"\x1B[31m\r\n\t\x7F", "\\x1B[31m\\x0D\\x0A\\x09\\x7F"},
		{"\xC2\x9B", "\\xC2\\x9B"},		      /* C1 control */
		{"\xC2\xAD", "\\xC2\\xAD"},		      /* soft hyphen */
		{"\xD8\x9C", "\\xD8\\x9C"},		      /* Arabic letter mark */
		{"\xE2\x80\x8B", "\\xE2\\x80\\x8B"},	      /* zero width space */
		{"\xE2\x80\xA8", "\\xE2\\x80\\xA8"},	      /* line separator */
		{"\xE2\x80\xAE", "\\xE2\\x80\\xAE"},	      /* right-to-left override */
		{"\xEF\xBB\xBF", "\\xEF\\xBB\\xBF"},	      /* byte order mark */
		{"\xF3\xA0\x81\x81", "\\xF3\\xA0\\x81\\x81"}, /* tag */
		{"\xFF", "\\xFF"},
		{"\xC0\x80", "\\xC0\\x80"}, /* overlong */
		{"\xE0\x80\xAF", "\\xE0\\x80\\xAF"},
		{"\xED\xA0\x80", "\\xED\\xA0\\x80"},	      /* surrogate */
		{"\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}, /* past U+10FFFF */
		{"\xE2\x80", "\\xE2\\x80"},		      /* cut off */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text out = {0};

		text_add_escaped(&out, span_text(cases[i].in));
		assert_string_equal(text_get(&out), cases[i].out);
		text_free(&out);
	}
}

static void hexadecimal_there_and_back(void **state)
{
	static const char *const wrong[] = {"0", "0g", "g0", "0x12", " 1", "1 ", "-1"};
	struct bytes b = {0};
	struct error e = {0};
	char hex[7];

	(void)state;
	assert_int_equal(hex_decode("00fFa0", &b, &e), STATUS_OK);
	assert_int_equal(b.len, 3);
	hex_encode(span_of(&b), hex);
	assert_string_equal(hex, "00ffa0");
	bytes_free(&b);
	assert_int_equal(hex_decode("", &b, &e), STATUS_OK);
	assert_int_equal(b.len, 0);
	bytes_free(&b);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(hex_decode(wrong[i], &b, &e), STATUS_INPUT);
		assert_null(b.data);
	}
}

static void text_grows_and_says_when_it_could_not(void **state)
{
	struct text t = {0};
	struct error e = {0};

	(void)state;
	assert_string_equal(text_get(&t), "");
	for (int i = 0; i < 1000; i++)
		text_printf(&t, "%d,", i % 10);
	assert_int_equal(t.len, 2000);
	assert_int_equal(strlen(text_get(&t)), 2000);
	assert_int_equal(text_check(&t, &e), STATUS_OK);
	text_append(&t, "x", SIZE_MAX - 10);
	assert_int_equal(text_check(&t, &e), STATUS_SYSTEM);
	text_add(&t, "y");
	assert_int_equal(t.len, 2000);
	text_free(&t);
}

static void spans_are_equal_by_octets(void **state)
{
	(void)state;
	assert_true(span_equal((struct span){0}, span_text("")));
	assert_true(span_equal(span_text("a"), span_text("a")));
	assert_false(span_equal(span_text("a"), span_text("b")));
	assert_false(span_equal(span_text("a"), span_text("ab")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_seen_is_escaped),
		cmocka_unit_test(hexadecimal_there_and_back),
		cmocka_unit_test(text_grows_and_says_when_it_could_not),
		cmocka_unit_test(spans_are_equal_by_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
