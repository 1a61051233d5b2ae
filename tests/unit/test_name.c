#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/objects.h>

#include "ca/name.h"

static X509_NAME *parse(const char *text)
{
	X509_NAME *name = NULL;
	struct error e = {0};

	assert_int_equal(name_parse(text, &name, &e), STATUS_OK);
	return name;
}

/* text, read and shown again, is expected. */
static void shows(const char *text, const char *expected)
{
	X509_NAME *name = parse(text);
	struct text shown = {0};

	name_show(name, &shown);
	assert_string_equal(text_get(&shown), expected);
	text_free(&shown);
	X509_NAME_free(name);
}

static void a_name_is_read_and_shown(void **state)
{
	(void)state;
	shows("C=DE,O=Example GmbH,CN=Root", "C=DE,O=Example GmbH,CN=Root");
	shows("commonName=x, 2.5.4.11=y", "CN=x,OU=y");
	shows("O=Org,CN=a+OU=b", "O=Org,CN=a+OU=b");
	shows("CN=a\\,b\\+c\\\\d", "CN=a\\,b\\+c\\\\d");
	shows("CN=a\\2Cb", "CN=a\\,b");
	shows("CN=\\C3\\BC", "CN=\xC3\xBC");
	shows("CN=a\\1B[31m\\07", "CN=a\\x1B[31m\\x07");
	shows("CN=\\E2\\80\\AEx\\E2\\80\\8B", "CN=\\xE2\\x80\\xAEx\\xE2\\x80\\x8B");
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",	      " ",	     "CN",
		"=x",	      "CN=",	     "CN=a,",
		"CN=a,,O=b",  ",CN=a",	     "CN=a\\",
		"CN=a\\00b",  "Nonsense=x",  "C=Germany",
		"C=de",	      "C=D1",	     "+",
		"CN=a+",      "CN=\\FF",     "1.2.3.=x",
		"C=\\C3\\BC", "DC=\\C3\\BC", "emailAddress=\\E9@example.org",
	};
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		X509_NAME *name = NULL;
		struct error e = {0};

		if (name_parse(wrong[i], &name, &e) != STATUS_USAGE)
			fail_msg("'%s' was taken, or refused as %s", wrong[i],
				 status_name(e.status));
		assert_null(name);
	}
}

static void strings_have_the_type_of_rfc_5280(void **state)
{
	static const struct {
		const char *text;
		int nid, type;
	} cases[] = {
		{"C=DE", NID_countryName, V_ASN1_PRINTABLESTRING},
		{"CN=Plain (1) text: a/b?", NID_commonName, V_ASN1_PRINTABLESTRING},
		{"CN=a*b", NID_commonName, V_ASN1_UTF8STRING},
		{"CN=a@b", NID_commonName, V_ASN1_UTF8STRING},
		{"CN=a_b", NID_commonName, V_ASN1_UTF8STRING},
		{"CN=\xC3\xBC", NID_commonName, V_ASN1_UTF8STRING},
		{"emailAddress=a@example.com", NID_pkcs9_emailAddress, V_ASN1_IA5STRING},
		{"DC=example", NID_domainComponent, V_ASN1_IA5STRING},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		X509_NAME *name = parse(cases[i].text);

		assert_int_equal(ASN1_STRING_type(name_find(name, cases[i].nid)), cases[i].type);
		assert_null(name_find(name, NID_title));
		X509_NAME_free(name);
	}
}

static bool match(int type_a, const char *a, size_t a_len, int type_b, const char *b, size_t b_len)
{
	ASN1_STRING *x = ASN1_STRING_type_new(type_a), *y = ASN1_STRING_type_new(type_b);
	bool same;

	assert_true(ASN1_STRING_set(x, a, (int)a_len) && ASN1_STRING_set(y, b, (int)b_len));
	same = name_value_matches(x, y);
	assert_true(same == name_value_matches(y, x));
	ASN1_STRING_free(x);
	ASN1_STRING_free(y);
	return same;
}

#define MATCH(ta, a, tb, b) match(ta, a, sizeof(a) - 1, tb, b, sizeof(b) - 1)

/* RFC 5280 7.1. */
static void values_match_whatever_their_type_case_and_spaces(void **state)
{
	const int utf8 = V_ASN1_UTF8STRING, print = V_ASN1_PRINTABLESTRING;

	(void)state;
	assert_true(MATCH(utf8, "Example", print, "Example"));
	assert_true(MATCH(utf8, "EXAMPLE gmbh", print, "example GmbH"));
	assert_true(MATCH(utf8, "  a   b ", print, "a b"));
	assert_true(MATCH(utf8, "\xC3\xBC", V_ASN1_BMPSTRING, "\0\xFC"));
	assert_false(MATCH(utf8, "ab", print, "a b"));
	assert_false(MATCH(utf8, "a", print, "a1"));
	assert_false(MATCH(utf8, "a\0b", utf8, "a"));
	assert_false(MATCH(utf8, "", print, "a"));
	/* What is no text equals nothing, not even itself. */
	assert_false(MATCH(V_ASN1_BMPSTRING, "abc", V_ASN1_BMPSTRING, "abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_read_and_shown),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(strings_have_the_type_of_rfc_5280),
		cmocka_unit_test(values_match_whatever_their_type_case_and_spaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
