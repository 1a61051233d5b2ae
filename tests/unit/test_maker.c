/* csr/maker: who made a request, and what its attributes say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "csr/maker.h"

struct part {
	int nid, type;
	const char *value;
};

static X509_REQ *make(const char *key_type, const struct part *parts)
{
	X509_REQ *r = X509_REQ_new();
	EVP_PKEY *key = strcmp(key_type, "RSA") == 0
				? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
				: EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	assert_non_null(r);
	assert_non_null(key);
	assert_int_equal(X509_REQ_set_pubkey(r, key), 1);
	for (; parts->value; parts++)
		assert_int_equal(X509_NAME_add_entry_by_NID(
					 X509_REQ_get_subject_name(r), parts->nid, parts->type,
					 (const unsigned char *)parts->value, -1, -1, 0),
				 1);
	assert_true(X509_REQ_sign(r, key, EVP_sha256()) > 0);
	EVP_PKEY_free(key);
	return r;
}

static void expect(X509_REQ *r, const char *name, enum maker_sure sure)
{
	struct csr_maker maker = csr_maker_guess(r);

	if (name) {
		assert_non_null(maker.name);
		assert_non_null(strstr(maker.name, name));
		assert_non_null(maker.why);
		assert_int_equal(maker.sure, sure);
	} else {
		assert_null(maker.name);
	}
	X509_REQ_free(r);
}

#define P V_ASN1_PRINTABLESTRING
#define U V_ASN1_UTF8STRING

static void test_zpa(void **state)
{
	const struct part real[] = {{NID_organizationName, P, "Zscaler"},
				    {NID_organizationalUnitName, P, "Private Access"},
				    {NID_commonName, P, "1.zpa-customer.com/Client"},
				    {0}};
	const struct part utf8[] = {{NID_organizationName, P, "Zscaler"},
				    {NID_organizationalUnitName, P, "Private Access"},
				    {NID_commonName, U, "1.zpa-customer.com/Client"},
				    {0}};
	const struct part no_name[] = {{NID_organizationName, P, "Zscaler"},
				       {NID_organizationalUnitName, P, "Private Access"},
				       {NID_commonName, P, "1.zpa-customer.com/"},
				       {0}};
	const struct part other[] = {{NID_organizationName, P, "Zscaler Inc"},
				     {NID_organizationalUnitName, P, "Private Access"},
				     {NID_commonName, P, "1.zpa-customer.com/Client"},
				     {0}};

	(void)state;
	expect(make("RSA", real), "ZPA", MAKER_PLAIN);
	expect(make("EC", real), "ZPA", MAKER_LIKELY);
	expect(make("RSA", utf8), "ZPA", MAKER_LIKELY);
	expect(make("RSA", no_name), NULL, 0);
	expect(make("RSA", other), NULL, 0);
}

static void test_zia_and_openssl(void **state)
{
	const struct part six[] = {{NID_countryName, P, "DE"},
				   {NID_stateOrProvinceName, U, "Hessen"},
				   {NID_localityName, U, "Kassel"},
				   {NID_organizationName, U, "Example"},
				   {NID_organizationalUnitName, U, "Security"},
				   {NID_commonName, U, "Inspection"},
				   {0}};
	const struct part defaults[] = {{NID_countryName, P, "AU"},
					{NID_stateOrProvinceName, U, "Some-State"},
					{NID_organizationName, U, "Internet Widgits Pty Ltd"},
					{0}};
	const struct part none[] = {{0}};

	(void)state;
	expect(make("RSA", six), "ZIA", MAKER_POSSIBLE);
	expect(make("EC", six), "OpenSSL", MAKER_POSSIBLE);
	expect(make("RSA", six + 1), "OpenSSL", MAKER_POSSIBLE);
	expect(make("RSA", defaults), "OpenSSL", MAKER_LIKELY);
	expect(make("RSA", none), NULL, 0);
}

static void add_attribute(X509_REQ *r, const char *oid, const char *value)
{
	assert_int_equal(X509_REQ_add1_attr_by_txt(r, oid, V_ASN1_IA5STRING,
						   (const unsigned char *)value,
						   (int)strlen(value)),
			 1);
}

static void test_windows(void **state)
{
	const struct part name[] = {{NID_commonName, P, "Host"}, {0}};
	X509_REQ *r = make("EC", name);
	struct csr_attributes found;
	struct error e = {0};

	(void)state;
	add_attribute(r, "1.3.6.1.4.1.311.13.2.3", "10.0.20348.2");
	assert_int_equal(csr_maker_guess(r).sure, MAKER_LIKELY);
	add_attribute(r, "1.3.6.1.4.1.311.21.20", "any");
	assert_int_equal(csr_attributes_read(r, &found, &e), STATUS_OK);
	assert_string_equal(text_get(&found.system), "10.0.20348.2");
	assert_string_equal(text_get(&found.others), "1.3.6.1.4.1.311.21.20");
	assert_false(found.challenge_password);
	assert_false(found.microsoft_extensions);
	csr_attributes_free(&found);
	expect(r, "Windows", MAKER_PLAIN);
}

static void add_template(X509_REQ *r, int attribute, const char *oid, const char *value)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	X509_EXTENSION *extension = X509V3_EXT_conf(NULL, NULL, oid, value);

	assert_non_null(extension);
	assert_non_null(X509v3_add_ext(&list, extension, -1));
	assert_int_equal(X509_REQ_add_extensions_nid(r, list, attribute), 1);
	X509_EXTENSION_free(extension);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void test_template(void **state)
{
	static const struct {
		const char *oid, *value, *name;
	} cases[] = {
		{"1.3.6.1.4.1.311.20.2", "ASN1:BMP:SubCA", "SubCA"},
		{"1.3.6.1.4.1.311.20.2", "ASN1:INTEGER:1", ""},
		/* SEQUENCE { 1.2.3.4, 100 }, and one that is cut short */
		{"1.3.6.1.4.1.311.21.7", "DER:300806032A0304020164", "1.2.3.4"},
		{"1.3.6.1.4.1.311.21.7", "DER:3008", ""},
		{"1.3.6.1.4.1.311.99", "ASN1:BMP:SubCA", ""},
	};
	const struct part name[] = {{NID_commonName, P, "Host"}, {0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		X509_REQ *r = make("EC", name);
		struct csr_attributes found;
		struct error e = {0};

		add_template(r, i ? NID_ext_req : NID_ms_ext_req, cases[i].oid, cases[i].value);
		assert_int_equal(X509_REQ_add1_attr_by_NID(r, NID_pkcs9_challengePassword,
							   V_ASN1_UTF8STRING,
							   (const unsigned char *)"hush", 4),
				 1);
		assert_int_equal(csr_attributes_read(r, &found, &e), STATUS_OK);
		assert_string_equal(text_get(&found.template_name), cases[i].name);
		assert_true(found.challenge_password);
		assert_string_equal(text_get(&found.others), "");
		assert_int_equal(found.microsoft_extensions, i == 0);
		csr_attributes_free(&found);
		X509_REQ_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zpa),
		cmocka_unit_test(test_zia_and_openssl),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
