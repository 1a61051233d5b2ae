/* Names: for each rule one that trips it, and beside it one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/file.h"
#include "csr/name_judge.h"
#include "csr/request.h"

static X509_NAME *with(X509_NAME *name, const char *type, int string_type, const char *text,
		       int len)
{
	if (!name)
		name = X509_NAME_new();
	assert_int_equal(X509_NAME_add_entry_by_txt(name, type, string_type,
						    (const unsigned char *)text, len, -1, 0),
			 1);
	return name;
}

/* Takes the name over; exactly this rule must speak, or none where it is NULL. */
static void judged(X509_NAME *name, const char *portal, const char *rule, const char *words)
{
	struct findings f = {0};
	struct error e = {0};

	assert_int_equal(csr_name_check(name, portal, &f, &e), STATUS_OK);
	if (f.count != (rule ? 1 : 0))
		fail_msg("%zu findings, first %s, wanted %s", f.count,
			 f.count ? f.items[0].rule->id : "none", rule ? rule : "none");
	if (rule) {
		assert_string_equal(f.items[0].rule->id, rule);
		if (!strstr(f.items[0].message, words))
			fail_msg("'%s', where '%s' was expected", f.items[0].message, words);
	}
	findings_free(&f);
	X509_NAME_free(name);
}

static void common_name(const char *text, const char *rule, const char *words)
{
	judged(with(NULL, "CN", MBSTRING_UTF8, text, -1), "", rule, words);
}

static void good_names(void **state)
{
	static const char *const names[] = {
		"Example Root CA",
		"Käse & Söhne – Übersee",
		"Пример Центр",
		"Ελληνική Αρχή",
		"例 認証局",
		"مثال",
		"A1-b_c.d",
		"x",
		"Ö",
		"О 2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		common_name(names[i], NULL, NULL);
	/* No text: nothing to judge by its characters. */
	judged(with(NULL, "x500UniqueIdentifier", V_ASN1_BIT_STRING, "\n\n", 2), "", NULL, NULL);
}

static void csr_name_empty(void **state)
{
	(void)state;
	judged(X509_NAME_new(), "", "csr_name_empty", "empty");
}

static void csr_name_encoding(void **state)
{
	X509_NAME *name = with(NULL, "O", MBSTRING_ASC, "ab", -1);
	ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 0));
	ASN1_STRING *bad = ASN1_STRING_type_new(V_ASN1_UTF8STRING);

	(void)state;
	assert_int_equal(ASN1_STRING_set(bad, "\xC3(", 2), 1);
	assert_int_equal(ASN1_STRING_copy(value, bad), 1);
	judged(name, "", "csr_name_encoding", "no text");
	name = with(NULL, "O", MBSTRING_ASC, "ab", -1);
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 0));
	assert_int_equal(ASN1_STRING_set(bad, "\xC3\xA4", 2), 1);
	assert_int_equal(ASN1_STRING_copy(value, bad), 1);
	judged(name, "", NULL, NULL);
	ASN1_STRING_free(bad);
}

static void csr_name_control(void **state)
{
	(void)state;
	judged(with(NULL, "CN", V_ASN1_UTF8STRING, "bank.example\0.evil.example", 25), "",
	       "csr_name_control", "U+0000 at character 13");
	common_name("a\nb", "csr_name_control", "U+000A at character 2");
	common_name("a\x7F", "csr_name_control", "U+007F");
	common_name("a\xC2\x85", "csr_name_control", "U+0085");
	judged(with(NULL, "CN", V_ASN1_BMPSTRING, "\0a\0\t", 4), "", "csr_name_control", "U+0009");
	common_name("a\xC2\xA0z", NULL, NULL);
}

static void csr_name_bidi(void **state)
{
	(void)state;
	common_name("a\xE2\x80\xAEgnp", "csr_name_bidi", "U+202E at character 2");
	common_name("\xE2\x81\xA6z", "csr_name_bidi", "U+2066");
	common_name("\xE2\x80\x8Fz", "csr_name_bidi", "U+200F");
	common_name("\xD8\x9Cz", "csr_name_bidi", "U+061C");
	common_name("\xE2\x80\xA6z", NULL, NULL);
}

static void csr_name_invisible(void **state)
{
	(void)state;
	common_name("a\xE2\x80\x8Bz", "csr_name_invisible", "U+200B");
	common_name("a\xC2\xADz", "csr_name_invisible", "U+00AD");
	common_name("\xEF\xBB\xBFz", "csr_name_invisible", "U+FEFF");
	common_name("a\xE2\x80\x89z", NULL, NULL);
}

static void csr_name_length(void **state)
{
	static const struct {
		const char *type;
		int most;
	} cases[] = {{"CN", 64}, {"O", 64}, {"OU", 64}, {"L", 128}, {"ST", 128}, {"title", 64}};
	char text[200];

	(void)state;
	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		judged(with(NULL, cases[i].type, V_ASN1_UTF8STRING, text, cases[i].most), "", NULL,
		       NULL);
	/* OpenSSL's own table would not make longer ones. */
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		X509_NAME *name = with(NULL, cases[i].type, V_ASN1_UTF8STRING, "a", 1);

		assert_int_equal(
			ASN1_STRING_set(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 0)),
					text, cases[i].most + 1),
			1);
		judged(name, "zia", "csr_name_length", "more than");
	}
	/* Characters, not octets. */
	for (int i = 0; i < 64; i++)
		memcpy(text + 2 * i, "\xC3\xA4", 2);
	judged(with(NULL, "CN", V_ASN1_UTF8STRING, text, 128), "", NULL, NULL);
}

static void csr_name_zia_length(void **state)
{
	char text[64];

	(void)state;
	memset(text, 'a', sizeof text);
	judged(with(NULL, "CN", V_ASN1_UTF8STRING, text, 59), "zia", NULL, NULL);
	judged(with(NULL, "CN", V_ASN1_UTF8STRING, text, 60), "zia", "csr_name_zia_length",
	       "60 characters, more than 59");
	judged(with(NULL, "CN", V_ASN1_UTF8STRING, text, 60), "zpa", NULL, NULL);
	judged(with(NULL, "O", V_ASN1_UTF8STRING, text, 60), "zia", NULL, NULL);
}

static void csr_name_spaces(void **state)
{
	(void)state;
	common_name(" a", "csr_name_spaces", "begins");
	common_name("a ", "csr_name_spaces", "ends");
	common_name("a  b", "csr_name_spaces", "two spaces");
	common_name("a b c", NULL, NULL);
}

static void csr_name_scripts(void **state)
{
	(void)state;
	/* The second letter is Cyrillic; then a Greek omicron; a Cyrillic word before a Latin one. */
	common_name("z\xD1\x81"
		    "scaler",
		    "csr_name_scripts", "Latin and Cyrillic");
	common_name("Example R\xCE\xBFot", "csr_name_scripts",
		    "Latin and Greek letters in the word"
		    " at character 9");
	common_name("Пример GmbH", NULL, NULL);
	common_name("Пример-GmbH", NULL, NULL);
}

static void csr_name_confusable(void **state)
{
	(void)state;
	common_name("СА", "csr_name_confusable", "looks Latin");
	common_name("Root СА", "csr_name_confusable", "at character 6");
	common_name("\xEF\xBC\xA3\xEF\xBC\xA1", "csr_name_confusable", "looks Latin");
	common_name("САД", NULL, NULL);
	common_name("CA", NULL, NULL);
}

static void csr_name_slash(void **state)
{
	(void)state;
	common_name("a/b", "csr_name_slash", "character 2");
	common_name("216.zpa-customer.com/Client One", NULL, NULL);
	common_name(".zpa-customer.com/Client", "csr_name_slash", "character 18");
	common_name("a.zpa-customer.org/Client", "csr_name_slash", "character 19");
	judged(with(NULL, "O", MBSTRING_UTF8, "1.zpa-customer.com/C", -1), "", "csr_name_slash",
	       "character");
}

static void csr_name_common_names(void **state)
{
	X509_NAME *name = with(NULL, "CN", MBSTRING_UTF8, "a", -1);

	(void)state;
	with(name, "OU", MBSTRING_UTF8, "b", -1);
	with(name, "OU", MBSTRING_UTF8, "c", -1);
	with(name, "CN", MBSTRING_UTF8, "d", -1);
	judged(name, "", "csr_name_common_names", "2 times");
}

static void where_it_is(void **state)
{
	X509_NAME *name = with(NULL, "1.2.3.4", V_ASN1_UTF8STRING, " a", -1);
	struct findings f = {0};
	struct error e;

	(void)state;
	with(name, "OU", MBSTRING_UTF8, " b", -1);
	assert_int_equal(csr_name_check(name, "", &f, &e), STATUS_OK);
	assert_int_equal(f.count, 2);
	assert_string_equal(f.items[0].where, "subject.1.2.3.4");
	assert_string_equal(f.items[1].where, "subject.OU");
	findings_free(&f);
	X509_NAME_free(name);
}

static void real_requests(void **state)
{
	static const char *const files[] = {"client.csr", "connector.csr"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct findings f = {0};
		struct csr_request *r = NULL;
		struct bytes input = {0};
		struct error e;
		char path[64];

		snprintf(path, sizeof path, "../shared/data/zpa/%s", files[i]);
		if (file_read(path, CSR_INPUT_MAX, &input, &e) == STATUS_NOT_FOUND) {
			print_message("# skipped: no %s\n", path);
			skip();
		}
		assert_int_equal(csr_request_read(span_of(&input), path, &r, &e), STATUS_OK);
		assert_int_equal(csr_name_check(csr_request_name(r), "zpa", &f, &e), STATUS_OK);
		assert_int_equal(f.count, 0);
		findings_free(&f);
		csr_request_free(r);
		bytes_free(&input);
	}
}

static void every_rule_is_whole(void **state)
{
	size_t count = 0;
	const struct rule *rules = csr_name_rules(&count);

	(void)state;
	assert_int_equal(count, 12);
	for (size_t i = 0; i < count; i++) {
		assert_memory_equal(rules[i].id, "csr_name_", 9);
		assert_true(rules[i].reference[0] && rules[i].why[0] && rules[i].todo[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names),
		cmocka_unit_test(csr_name_empty),
		cmocka_unit_test(csr_name_encoding),
		cmocka_unit_test(csr_name_control),
		cmocka_unit_test(csr_name_bidi),
		cmocka_unit_test(csr_name_invisible),
		cmocka_unit_test(csr_name_length),
		cmocka_unit_test(csr_name_zia_length),
		cmocka_unit_test(csr_name_spaces),
		cmocka_unit_test(csr_name_scripts),
		cmocka_unit_test(csr_name_confusable),
		cmocka_unit_test(csr_name_slash),
		cmocka_unit_test(csr_name_common_names),
		cmocka_unit_test(where_it_is),
		cmocka_unit_test(real_requests),
		cmocka_unit_test(every_rule_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
