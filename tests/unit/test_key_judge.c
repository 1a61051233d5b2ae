#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "csr/key.h"
#include "csr/rsa_weak.h"

/* --- making keys, good and bad ---------------------------------------------------------------- */

/* A public key of any two numbers; takes both over. */
static EVP_PKEY *rsa_of(BIGNUM *n, BIGNUM *exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *parameters;
	EVP_PKEY *key = NULL;

	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent), 1);
	parameters = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_free(n);
	BN_free(exponent);
	return key;
}

static BIGNUM *word(unsigned long value)
{
	BIGNUM *n = BN_new();

	assert_int_equal(BN_set_word(n, value), 1);
	return n;
}

static BIGNUM *prime(int bits)
{
	BIGNUM *p = BN_new();

	assert_int_equal(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL), 1);
	return p;
}

/* Takes both over. */
static BIGNUM *product(BIGNUM *a, BIGNUM *b)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *n = BN_new();

	assert_int_equal(BN_mul(n, a, b, context), 1);
	BN_CTX_free(context);
	BN_free(a);
	BN_free(b);
	return n;
}

static BIGNUM *modulus(int bits)
{
	return product(prime(bits / 2), prime(bits - bits / 2));
}

/* --- judging them ----------------------------------------------------------------------------- */

/* Takes the key over; exactly this rule must speak, or none where it is NULL. */
static void judged(EVP_PKEY *key, const char *rule)
{
	struct findings f = {0};
	struct error e = {0};

	assert_non_null(key);
	assert_int_equal(csr_key_check(key, &f, &e), STATUS_OK);
	if (f.count != (rule ? 1 : 0))
		fail_msg("%zu findings, first %s, wanted %s", f.count,
			 f.count ? f.items[0].rule->id : "none", rule ? rule : "none");
	if (rule) {
		assert_string_equal(f.items[0].rule->id, rule);
		assert_int_equal(f.items[0].severity, SEVERITY_ERROR);
		assert_string_not_equal(f.items[0].message, "");
	}
	findings_free(&f);
	EVP_PKEY_free(key);
}

static void good_keys(void **state)
{
	(void)state;
	judged(EVP_RSA_gen(2048), NULL);
	judged(EVP_RSA_gen(3072), NULL);
	judged(EVP_EC_gen("P-256"), NULL);
	judged(EVP_EC_gen("P-384"), NULL);
	judged(EVP_EC_gen("P-521"), NULL);
	judged(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
}

static EVP_PKEY *generated(const char *algorithm)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

/* Not the group of a safe DSA key; only its kind is looked at. */
static EVP_PKEY *dsa_of_small_numbers(void)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	BIGNUM *p = prime(512), *q = prime(160), *g = word(4), *y = word(16);
	OSSL_PARAM *parameters;
	EVP_PKEY *key = NULL;

	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, p);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_Q, q);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, g);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PUB_KEY, y);
	parameters = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_free(p);
	BN_free(q);
	BN_free(g);
	BN_free(y);
	return key;
}

static void csr_key_type(void **state)
{
	(void)state;
	judged(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "csr_key_type");
	judged(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "csr_key_type");
	judged(generated("RSA-PSS"), "csr_key_type");
	judged(dsa_of_small_numbers(), "csr_key_type");
}

static void csr_key_rsa_small(void **state)
{
	(void)state;
	judged(EVP_RSA_gen(1024), "csr_key_rsa_small");
	judged(rsa_of(modulus(2040), word(65537)), "csr_key_rsa_small");
}

static void csr_key_rsa_size(void **state)
{
	(void)state;
	judged(rsa_of(modulus(2050), word(65537)), "csr_key_rsa_size");
}

static void csr_key_rsa_exponent(void **state)
{
	BIGNUM *n = modulus(2048), *huge = word(1), *most = word(1);

	(void)state;
	judged(rsa_of(BN_dup(n), word(3)), "csr_key_rsa_exponent");
	judged(rsa_of(BN_dup(n), word(65535)), "csr_key_rsa_exponent");
	judged(rsa_of(BN_dup(n), word(65538)), "csr_key_rsa_exponent");
	/* 65536 has the bits of 65537. */
	judged(rsa_of(BN_dup(n), word(65536)), "csr_key_rsa_exponent");
	judged(rsa_of(BN_dup(n), word(1)), "csr_key_rsa_exponent");
	assert_int_equal(BN_lshift(huge, huge, 256), 1);
	assert_int_equal(BN_add_word(huge, 1), 1);
	judged(rsa_of(BN_dup(n), huge), "csr_key_rsa_exponent");
	assert_int_equal(BN_lshift(most, most, 256), 1);
	assert_int_equal(BN_sub_word(most, 1), 1);
	judged(rsa_of(BN_dup(n), most), NULL);
	judged(rsa_of(n, word(65537)), NULL);
}

static void csr_key_rsa_factor(void **state)
{
	static const unsigned long factors[] = {2, 3, 5, 751, 1021, 1031, 2053, 4093};

	(void)state;
	for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
		/* Some bits more than wanted, cut to size by adding whole factors to 2^2047. */
		BIGNUM *n = word(1);
		BN_ULONG rest;

		assert_int_equal(BN_lshift(n, n, 2047), 1);
		rest = BN_mod_word(n, factors[i]);
		assert_int_equal(BN_add_word(n, factors[i] - rest), 1);
		/* An odd multiple, except of 2. */
		if (!BN_is_odd(n) && factors[i] != 2)
			assert_int_equal(BN_add_word(n, factors[i]), 1);
		judged(rsa_of(n, word(65537)), "csr_key_rsa_factor");
	}
}

/* The same by a division each, for numbers of every length in limbs and of odd lengths in octets. */
static void small_factors_by_division(void **state)
{
	BIGNUM *n = BN_new();

	(void)state;
	for (int bits = 2; bits < 4200; bits += bits < 200 ? 3 : 61) {
		unsigned least = 0;

		assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
		for (unsigned p = 3; p < 4096 && !least; p += 2)
			if (BN_mod_word(n, p) == 0)
				least = p;
		if (rsa_small_factor(n) != least)
			fail_msg("%d bits: %u, where %u divides", bits, rsa_small_factor(n), least);
	}
	/* 4099 is the next prime. */
	assert_int_equal(BN_set_word(n, 4099UL * 4099UL), 1);
	assert_int_equal(rsa_small_factor(n), 0);
	BN_free(n);
}

/* 2 * 3 * 5 … 167 */
static BIGNUM *primorial(void)
{
	BIGNUM *m = word(2);

	for (unsigned x = 3; x <= 167; x += 2) {
		bool is_prime = true;

		for (unsigned d = 3; d * d <= x; d += 2)
			is_prime = is_prime && x % d;
		if (is_prime)
			assert_int_equal(BN_mul_word(m, x), 1);
	}
	return m;
}

/* As the flawed generator did: k * M + (65537^a mod M), for chance k and a until it is prime. */
static BIGNUM *roca_prime(int bits)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *m = primorial(), *g = word(65537), *k = BN_new(), *a = BN_new(), *p = BN_new();

	do {
		assert_int_equal(BN_rand(a, 64, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY), 1);
		assert_int_equal(BN_mod_exp(p, g, a, m, context), 1);
		assert_int_equal(BN_rand(k, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY), 1);
		assert_int_equal(BN_div(k, NULL, k, m, context), 1);
		assert_int_equal(BN_mul(k, k, m, context), 1);
		assert_int_equal(BN_add(p, p, k), 1);
	} while (BN_num_bits(p) != bits || BN_check_prime(p, context, NULL) != 1);
	BN_free(m);
	BN_free(g);
	BN_free(k);
	BN_free(a);
	BN_CTX_free(context);
	return p;
}

static void csr_key_rsa_roca(void **state)
{
	(void)state;
	judged(rsa_of(product(roca_prime(1024), roca_prime(1024)), word(65537)),
	       "csr_key_rsa_roca");
	/* One such prime and an honest one leave no mark. */
	judged(rsa_of(product(roca_prime(1024), prime(1024)), word(65537)), NULL);
}

static void set_residue(struct rsa_residues *r, size_t i, unsigned p, unsigned exponent)
{
	unsigned power = 1;

	while (exponent--)
		power = power * (65537 % p) % p;
	r->of[i] = (uint16_t)power;
}

/* A power modulo each prime is no mark yet: it must be the same power. */
static void roca_needs_one_exponent(void **state)
{
	struct rsa_residues r = {{0}};

	(void)state;
	for (unsigned different = 0; different < 2; different++) {
		size_t i = 0;

		for (unsigned p = 3; p <= 167; p += 2) {
			bool is_prime = true;

			for (unsigned d = 3; d * d <= p; d += 2)
				is_prime = is_prime && p % d;
			if (is_prime) {
				set_residue(&r, i, p, 1001 + different * (unsigned)i);
				i++;
			}
		}
		assert_int_equal(i, 38);
		assert_int_equal(rsa_has_roca_mark(&r), !different);
	}
}

static void csr_key_rsa_close_primes(void **state)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *p = prime(1024), *q = BN_dup(p);

	(void)state;
	judged(rsa_of(product(BN_dup(p), BN_dup(p)), word(65537)), "csr_key_rsa_close_primes");
	do
		assert_int_equal(BN_add_word(q, 2), 1);
	while (BN_check_prime(q, context, NULL) != 1);
	judged(rsa_of(product(p, q), word(65537)), "csr_key_rsa_close_primes");
	BN_CTX_free(context);
}

/*
 * n = a² - b² with a = 2s² and b = 20s ± 1. The root of n lies below a by about b²/2a, which is
 * 100 ∓ 10/s: so Fermat's method takes 100 steps for b = 20s - 1, and 101 for b = 20s + 1.
 */
static void close_primes_to_the_step(void **state)
{
	static const int bits[] = {20, 33, 64, 256, 512, 1000};
	BN_CTX *context = BN_CTX_new();

	(void)state;
	for (size_t i = 0; i < 2 * sizeof bits / sizeof bits[0]; i++) {
		BIGNUM *s = BN_new(), *a = BN_new(), *b = BN_new();
		bool close = false;
		struct error e;

		assert_int_equal(BN_rand(s, bits[i / 2], BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), 1);
		assert_int_equal(BN_sqr(a, s, context), 1);
		assert_int_equal(BN_lshift1(a, a), 1);
		assert_int_equal(BN_copy(b, s) != NULL, 1);
		assert_int_equal(BN_mul_word(b, 20), 1);
		assert_int_equal(i % 2 ? BN_add_word(b, 1) : BN_sub_word(b, 1), 1);
		assert_int_equal(BN_sqr(a, a, context), 1);
		assert_int_equal(BN_sqr(b, b, context), 1);
		assert_int_equal(BN_sub(a, a, b), 1);
		assert_int_equal(rsa_has_close_primes(a, &close, &e), STATUS_OK);
		if (close != (i % 2 == 0))
			fail_msg("s of %d bits, step %d", bits[i / 2], i % 2 ? 101 : 100);
		BN_free(s);
		BN_free(a);
		BN_free(b);
	}
	BN_CTX_free(context);
}

static void several_faults_are_all_told(void **state)
{
	EVP_PKEY *key = rsa_of(product(modulus(1000), word(3)), word(3));
	struct findings f = {0};
	struct error e;

	(void)state;
	assert_int_equal(csr_key_check(key, &f, &e), STATUS_OK);
	assert_non_null(findings_find(&f, "csr_key_rsa_small"));
	assert_non_null(findings_find(&f, "csr_key_rsa_exponent"));
	assert_non_null(findings_find(&f, "csr_key_rsa_factor"));
	findings_free(&f);
	EVP_PKEY_free(key);
}

/* As it comes out of a request: encoded with the curve's parameters and decoded again. */
static EVP_PKEY *explicit_key(const char *group)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *made = NULL, *key;
	unsigned char *der = NULL;
	const unsigned char *at;
	int len;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_group_name(context, group), 1);
	assert_int_equal(EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE), 1);
	assert_int_equal(EVP_PKEY_generate(context, &made), 1);
	len = i2d_PUBKEY(made, &der);
	at = der;
	key = d2i_PUBKEY(NULL, &at, len);
	OPENSSL_free(der);
	EVP_PKEY_free(made);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void csr_key_ec_explicit(void **state)
{
	(void)state;
	judged(explicit_key("P-256"), "csr_key_ec_explicit");
	judged(explicit_key("P-384"), "csr_key_ec_explicit");
}

static void csr_key_ec_curve(void **state)
{
	(void)state;
	judged(EVP_EC_gen("secp256k1"), "csr_key_ec_curve");
	judged(EVP_EC_gen("P-224"), "csr_key_ec_curve");
	judged(EVP_EC_gen("brainpoolP256r1"), "csr_key_ec_curve");
}

static EVP_PKEY *p256_of(const unsigned char *point, size_t len)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)"P-256", 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, len),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	parameters[0].data_size = strlen("P-256");
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

/* Infinity is one zero octet (SEC 1 2.3.3). A point off the curve cannot even be decoded. */
static void csr_key_ec_point(void **state)
{
	unsigned char off[65] = {0x04, 1, 2, 3};

	(void)state;
	judged(p256_of((const unsigned char *)"", 1), "csr_key_ec_point");
	assert_null(p256_of(off, sizeof off));
}

static void csr_key_ed25519_point(void **state)
{
	unsigned char point[32] = {1};

	(void)state;
	judged(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, sizeof point),
	       "csr_key_ed25519_point");
	point[31] = 0x80;
	judged(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, sizeof point),
	       "csr_key_ed25519_point");
	/* y = -1, of order two */
	memset(point, 0xff, sizeof point);
	point[0] = 0xec;
	point[31] = 0x7f;
	judged(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, sizeof point),
	       "csr_key_ed25519_point");
}

static void every_rule_is_whole(void **state)
{
	size_t count = 0;
	const struct rule *rules = csr_key_rules(&count);

	(void)state;
	assert_int_equal(count, 11);
	for (size_t i = 0; i < count; i++) {
		assert_memory_equal(rules[i].id, "csr_key_", 8);
		assert_true(rules[i].reference[0] && rules[i].why[0] && rules[i].todo[0]);
		assert_int_equal(rules[i].severity, SEVERITY_ERROR);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_keys),
		cmocka_unit_test(csr_key_type),
		cmocka_unit_test(csr_key_rsa_small),
		cmocka_unit_test(csr_key_rsa_size),
		cmocka_unit_test(csr_key_rsa_exponent),
		cmocka_unit_test(csr_key_rsa_factor),
		cmocka_unit_test(small_factors_by_division),
		cmocka_unit_test(csr_key_rsa_roca),
		cmocka_unit_test(roca_needs_one_exponent),
		cmocka_unit_test(csr_key_rsa_close_primes),
		cmocka_unit_test(close_primes_to_the_step),
		cmocka_unit_test(several_faults_are_all_told),
		cmocka_unit_test(csr_key_ec_explicit),
		cmocka_unit_test(csr_key_ec_curve),
		cmocka_unit_test(csr_key_ec_point),
		cmocka_unit_test(csr_key_ed25519_point),
		cmocka_unit_test(every_rule_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
