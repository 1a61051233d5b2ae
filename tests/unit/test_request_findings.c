/*
 * Every finding that the key or the name of a request can give: one table, with a fixture that trips
 * the finding and nothing else, and one beside it that trips none. A rule without both fails. Those of
 * reading a request are in tests/unit/lint_cases.c, those of a CA in test_issue_rules.c.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "csr/key.h"
#include "csr/name_judge.h"
#include "tests/unit/mute.h"
#include "tests/unit/odd_keys.h"

/* --- keys ------------------------------------------------------------------------------------- */

#define E 65537

static EVP_PKEY *rsa_2048(void)
{
	return EVP_RSA_gen(2048);
}

static EVP_PKEY *p256(void)
{
	return EVP_EC_gen("P-256");
}

static EVP_PKEY *ed25519(void)
{
	return key_generated("ED25519");
}

static EVP_PKEY *ed448(void)
{
	return key_generated("ED448");
}

static EVP_PKEY *rsa_of_2040_bits(void)
{
	return rsa_of(modulus(2040), word(E));
}

static EVP_PKEY *rsa_of_2050_bits(void)
{
	return rsa_of(modulus(2050), word(E));
}

static EVP_PKEY *rsa_of_2056_bits(void)
{
	return rsa_of(modulus(2056), word(E));
}

static EVP_PKEY *rsa_with_exponent_3(void)
{
	return rsa_of(modulus(2048), word(3));
}

static EVP_PKEY *rsa_with_another_exponent(void)
{
	return rsa_of(modulus(2048), word(E + 2));
}

static EVP_PKEY *rsa_with_factor_4093(void)
{
	return rsa_of(multiple_of(4093), word(E));
}

/* 4099 is the first prime that is not looked for. */
static EVP_PKEY *rsa_with_factor_4099(void)
{
	BIGNUM *n = product(word(4099), product(prime(1018), prime(1018)));

	/* One in a thousand has a bit more. */
	if (BN_num_bits(n) == 2048)
		return rsa_of(n, word(E));
	BN_free(n);
	return rsa_with_factor_4099();
}

static EVP_PKEY *rsa_of_two_roca_primes(void)
{
	return rsa_of(product(roca_prime(1024), roca_prime(1024)), word(E));
}

static EVP_PKEY *rsa_of_one_roca_prime(void)
{
	return rsa_of(product(roca_prime(1024), prime(1024)), word(E));
}

static EVP_PKEY *rsa_of_neighbours(void)
{
	BIGNUM *p = prime(1024);

	return rsa_of(product(p, prime_after(p)), word(E));
}

/*
 * Fermat's method takes more than 100 steps: with q = p + 2^520 it is the 2^14th that finds them,
 * since (q - p)² / 8 sqrt(n) = 2^1040 / 2^(3 + 1024) = 2^13, and more.
 */
static EVP_PKEY *rsa_of_primes_2_520_apart(void)
{
	BIGNUM *p = prime(1024), *q = word(1), *next;

	assert_int_equal(BN_lshift(q, q, 520), 1);
	assert_int_equal(BN_add(q, q, p), 1);
	next = prime_after(q);
	BN_free(q);
	return rsa_of(product(p, next), word(E));
}

static EVP_PKEY *p256_by_its_numbers(void)
{
	return explicit_key("P-256");
}

static EVP_PKEY *secp256k1(void)
{
	return EVP_EC_gen("secp256k1");
}

static EVP_PKEY *p521(void)
{
	return EVP_EC_gen("P-521");
}

static EVP_PKEY *p256_infinity(void)
{
	return p256_of((const unsigned char *)"", 1);
}

/* The generator itself: a point like any other, though everybody has its private half, 1. */
static EVP_PKEY *p256_generator(void)
{
	static const unsigned char g[] = {0x02, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47,
					  0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77,
					  0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1,
					  0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96};

	return p256_of(g, sizeof g);
}

/* y = 1 is the neutral element: R = s * B verifies under it for every s and every message. */
static EVP_PKEY *ed25519_neutral(void)
{
	static const unsigned char point[32] = {1};

	return ed25519_of(point);
}

static EVP_PKEY *known_key; /* what the list of weak keys has */

static EVP_PKEY *listed(void)
{
	assert_int_equal(EVP_PKEY_up_ref(known_key), 1);
	return known_key;
}

/* --- the table -------------------------------------------------------------------------------- */

struct part {
	const char *type;
	const char *text;
	int string_type; /* 0: UTF8String */
	int len;	 /* 0: all of text */
};

/* What is left out is honest: an RSA key, the name CN=Example. */
struct fixture {
	const char *finding;
	bool trips;
	const char *portal;
	EVP_PKEY *(*key)(void);
	bool nameless;
	struct part name[2];
};

#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN

static const struct fixture fixtures[] = {
	{"csr_key_type", true, .key = ed448},
	{"csr_key_type", false, .key = ed25519},
	{"csr_key_rsa_small", true, .key = rsa_of_2040_bits},
	{"csr_key_rsa_small", false, .key = rsa_2048},
	{"csr_key_rsa_size", true, .key = rsa_of_2050_bits},
	{"csr_key_rsa_size", false, .key = rsa_of_2056_bits},
	{"csr_key_rsa_exponent", true, .key = rsa_with_exponent_3},
	{"csr_key_rsa_exponent", false, .key = rsa_with_another_exponent},
	{"csr_key_rsa_factor", true, .key = rsa_with_factor_4093},
	{"csr_key_rsa_factor", false, .key = rsa_with_factor_4099},
	{"csr_key_rsa_roca", true, .key = rsa_of_two_roca_primes},
	{"csr_key_rsa_roca", false, .key = rsa_of_one_roca_prime},
	{"csr_key_rsa_close_primes", true, .key = rsa_of_neighbours},
	{"csr_key_rsa_close_primes", false, .key = rsa_of_primes_2_520_apart},
	{"csr_key_ec_explicit", true, .key = p256_by_its_numbers},
	{"csr_key_ec_explicit", false, .key = p256},
	{"csr_key_ec_curve", true, .key = secp256k1},
	{"csr_key_ec_curve", false, .key = p521},
	{"csr_key_ec_point", true, .key = p256_infinity},
	{"csr_key_ec_point", false, .key = p256_generator},
	{"csr_key_ed25519_point", true, .key = ed25519_neutral},
	{"csr_key_ed25519_point", false, .key = ed25519},
	{"csr_key_listed", true, .key = listed},
	{"csr_key_listed", false, .key = rsa_2048},

	{"csr_name_empty", true, .nameless = true},
	{"csr_name_empty", false, .name = {{"O", "Example"}}},
	{"csr_name_encoding", true, .name = {{"O", "\xC3("}}},
	{"csr_name_encoding", false, .name = {{"O", "\xC3\xA4"}}},
	{"csr_name_control", true, .name = {{"CN", "a\0b", 0, 3}}},
	{"csr_name_control", false, .name = {{"CN", "a\xC2\xA0z"}}},
	{"csr_name_bidi", true, .name = {{"CN", "a\xE2\x80\xAEz"}}},
	{"csr_name_bidi", false, .name = {{"CN", "a\xE2\x80\xA6z"}}},
	{"csr_name_invisible", true, .name = {{"CN", "a\xE2\x80\x8Bz"}}},
	{"csr_name_invisible", false, .name = {{"CN", "a\xE2\x80\x89z"}}},
	{"csr_name_length", true, .name = {{"CN", FIFTY TEN "aaaaa"}}},
	{"csr_name_length", false, .name = {{"CN", FIFTY TEN "aaaa"}}},
	{"csr_name_spaces", true, .name = {{"CN", "a  b"}}},
	{"csr_name_spaces", false, .name = {{"CN", "a b"}}},
	{"csr_name_scripts", true,
	 .name = {{"CN", "z\xD1\x81"
			 "aler"}}},
	{"csr_name_scripts", false, .name = {{"CN", "Пример GmbH"}}},
	{"csr_name_confusable", true, .name = {{"CN", "Root СА"}}},
	{"csr_name_confusable", false, .name = {{"CN", "Root CA"}}},
	{"csr_name_slash", true, .name = {{"CN", "a/b"}}},
	{"csr_name_slash", false, .portal = "zpa", .name = {{"CN", "2.zpa-customer.com/a"}}},
	{"csr_name_common_names", true, .name = {{"CN", "a"}, {"CN", "b"}}},
	{"csr_name_common_names", false, .name = {{"CN", "a"}, {"OU", "b"}}},
	{"csr_name_zia_length", true, .portal = "zia", .name = {{"CN", FIFTY TEN}}},
	{"csr_name_zia_length", false, .portal = "zia", .name = {{"CN", FIFTY "aaaaaaaaa"}}},
};
#define FIXTURES (sizeof fixtures / sizeof fixtures[0])

/* --- judging ---------------------------------------------------------------------------------- */

static char list_file[] = "/tmp/subca-findings.XXXXXX";
static struct weak_keys *weak_keys;

/* The line that the documentation's command prints for the key, by the same steps. */
static int start(void **state)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char line[2048], hex[2 * EVP_MAX_MD_SIZE + 1], *digits;
	BIGNUM *n = NULL;
	struct error e;
	size_t len = 0;
	int fd = mkstemp(list_file);

	(void)state;
	known_key = EVP_RSA_gen(2048);
	assert_int_equal(EVP_PKEY_get_bn_param(known_key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	digits = BN_bn2hex(n);
	snprintf(line, sizeof line, "Modulus=%s\n", digits);
	assert_int_equal(EVP_Q_digest(NULL, "SHA1", NULL, line, strlen(line), hash, &len), 1);
	hex_encode((struct span){hash, len}, hex);
	assert_int_equal(dprintf(fd, "%s\n", hex + 20), 21);
	close(fd);
	OPENSSL_free(digits);
	BN_free(n);
	return weak_keys_load(list_file, &weak_keys, &e) != STATUS_OK;
}

static int end(void **state)
{
	(void)state;
	weak_keys_free(weak_keys);
	EVP_PKEY_free(known_key);
	return unlink(list_file);
}

/* Past OpenSSL's own bounds: the strings are set in the entry. */
static X509_NAME *name_of(const struct fixture *f)
{
	static const struct part honest = {.type = "CN", .text = "Example"};
	X509_NAME *name = X509_NAME_new();

	for (size_t i = 0; i < 2 && !f->nameless; i++) {
		const struct part *part = i == 0 && !f->name[0].type ? &honest : &f->name[i];
		ASN1_STRING *value = ASN1_STRING_type_new(part->string_type ? part->string_type
									    : V_ASN1_UTF8STRING);
		X509_NAME_ENTRY *entry;

		if (part->type) {
			entry = X509_NAME_ENTRY_create_by_txt(NULL, part->type, V_ASN1_UTF8STRING,
							      (const unsigned char *)"a", 1);
			assert_non_null(entry);
			assert_int_equal(
				ASN1_STRING_set(value, part->text, part->len ? part->len : -1), 1);
			assert_int_equal(ASN1_STRING_copy(X509_NAME_ENTRY_get_data(entry), value),
					 1);
			assert_int_equal(X509_NAME_add_entry(name, entry, -1, 0), 1);
			X509_NAME_ENTRY_free(entry);
		}
		ASN1_STRING_free(value);
	}
	return name;
}

static void judge(const struct fixture *fixture)
{
	EVP_PKEY *key = fixture->key ? fixture->key() : p256();
	X509_NAME *name = name_of(fixture);
	const char *portal = fixture->portal ? fixture->portal : "";
	struct findings f = {0};
	struct error e = {0};

	assert_non_null(key);
	assert_int_equal(csr_key_check(key, &f, &e), STATUS_OK);
	assert_int_equal(csr_key_check_listed(key, weak_keys, &f, &e), STATUS_OK);
	assert_int_equal(csr_name_check(name, portal, &f, &e), STATUS_OK);
	for (size_t i = 0; i < f.count; i++)
		if (!fixture->trips || strcmp(f.items[i].rule->id, fixture->finding) != 0)
			fail_msg("%s: %s says: %s", fixture->finding, f.items[i].rule->id,
				 f.items[i].message);
	if (f.count != fixture->trips)
		fail_msg("%s: %zu findings", fixture->finding, f.count);
	findings_free(&f);
	X509_NAME_free(name);
	EVP_PKEY_free(key);
}

static const char *only; /* the rule whose fixtures are looked at; NULL: all */

static void look_at(const char *id)
{
	only = id;
}

static void each_fixture_gives_its_finding_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIXTURES; i++)
		if (!only || strcmp(only, fixtures[i].finding) == 0)
			judge(&fixtures[i]);
}

static size_t count(const char *id, bool trips)
{
	size_t n = 0;

	for (size_t i = 0; i < FIXTURES; i++)
		n += fixtures[i].trips == trips && strcmp(fixtures[i].finding, id) == 0;
	return n;
}

static const struct rule *(*const tables[])(size_t *count) = {csr_key_rules, csr_name_rules};
#define TABLES (sizeof tables / sizeof *tables)

static void each_rule_has_both_fixtures(void **state)
{
	(void)state;
	for (size_t t = 0; t < TABLES; t++) {
		size_t rules;
		const struct rule *table = tables[t](&rules);

		for (size_t i = 0; i < rules; i++)
			if (count(table[i].id, true) == 0 || count(table[i].id, false) == 0)
				fail_msg("%s: %zu fixtures that trip it, %zu beside it",
					 table[i].id, count(table[i].id, true),
					 count(table[i].id, false));
	}
}

static void fixtures_fail_without_their_rule(void **state)
{
	size_t blind = 0;

	(void)state;
	for (size_t t = 0; t < TABLES; t++) {
		size_t rules;
		const struct rule *table = tables[t](&rules);

		for (size_t i = 0; i < rules; i++)
			blind += count_blind(&table[i].id, 1, look_at,
					     each_fixture_gives_its_finding_alone);
	}
	assert_int_equal(blind, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_has_both_fixtures),
		cmocka_unit_test(each_fixture_gives_its_finding_alone),
		cmocka_unit_test(fixtures_fail_without_their_rule),
	};

	return cmocka_run_group_tests(tests, start, end);
}
