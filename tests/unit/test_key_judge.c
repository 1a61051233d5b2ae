#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "csr/key.h"
#include "csr/rsa_weak.h"
#include "tests/unit/odd_keys.h"

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

static void csr_key_type(void **state)
{
	(void)state;
	judged(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "csr_key_type");
	judged(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "csr_key_type");
	judged(key_generated("RSA-PSS"), "csr_key_type");
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
	for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++)
		judged(rsa_of(multiple_of(factors[i]), word(65537)), "csr_key_rsa_factor");
}

static struct rsa_modulus limbs_of(const BIGNUM *n)
{
	unsigned char octets[2100];
	struct span all = {octets, sizeof octets};
	struct rsa_modulus m;

	/* Zeros at the front do not count. */
	assert_int_equal(BN_bn2binpad(n, octets, (int)sizeof octets), sizeof octets);
	assert_true(rsa_modulus_read(all, &m));
	assert_int_equal(m.bits, BN_num_bits(n));
	return m;
}

/* The same by a division each, for numbers of every length in limbs and of odd lengths in octets. */
static void small_factors_by_division(void **state)
{
	BIGNUM *n = BN_new();
	struct rsa_modulus m;

	(void)state;
	for (int bits = 2; bits < 4200; bits += bits < 200 ? 3 : 61) {
		unsigned least = 0;

		assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
		for (unsigned p = 3; p < 4096 && !least; p += 2)
			if (BN_mod_word(n, p) == 0)
				least = p;
		m = limbs_of(n);
		if (rsa_small_factor(&m) != least)
			fail_msg("%d bits: %u, where %u divides", bits, rsa_small_factor(&m),
				 least);
	}
	/* 4099 is the next prime. */
	assert_int_equal(BN_set_word(n, 4099UL * 4099UL), 1);
	m = limbs_of(n);
	assert_int_equal(rsa_small_factor(&m), 0);
	BN_free(n);
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
		assert_int_equal(rsa_is_roca_mark(&r), !different);
	}
}

static void csr_key_rsa_close_primes(void **state)
{
	BIGNUM *p = prime(1024);

	(void)state;
	judged(rsa_of(product(BN_dup(p), BN_dup(p)), word(65537)), "csr_key_rsa_close_primes");
	judged(rsa_of(product(BN_dup(p), prime_after(p)), word(65537)), "csr_key_rsa_close_primes");
	BN_free(p);
}

static void close_primes_to_the_step(void **state)
{
	static const int bits[] = {20, 33, 64, 256, 512, 1000};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof bits / sizeof bits[0]; i++) {
		BIGNUM *n = fermat_modulus(bits[i / 2], i % 2);
		struct rsa_modulus m = limbs_of(n);

		if (rsa_has_close_primes(&m) != (i % 2 == 0))
			fail_msg("s of %d bits, step %d", bits[i / 2], i % 2 ? 101 : 100);
		BN_free(n);
	}
}

static uint64_t root_of(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= n)
			root |= bit;
	return root;
}

/* Step by step, as Fermat wrote it down. */
static bool factored_by_hand(uint64_t n)
{
	uint64_t a = root_of(n);

	if (a * a == n)
		return true;
	for (unsigned k = 1; k <= 100; k++) {
		uint64_t difference = (a + k) * (a + k) - n;

		if (root_of(difference) * root_of(difference) == difference)
			return true;
	}
	return false;
}

/* The sieve leaves out no step that factors: of numbers of which each meets it in another place. */
static void close_primes_by_hand(void **state)
{
	unsigned close = 0, far = 0;

	(void)state;
	srand(20261127);
	for (int i = 0; i < 6000; i++) {
		uint64_t p = ((uint64_t)rand() % 0x20000000 + 0x20000000) | 1;
		uint64_t n = p * (p + (uint64_t)rand() % 2000000 * 2);
		struct rsa_modulus m = {64, 1, {n}};

		bool expected = factored_by_hand(n);

		if (rsa_has_close_primes(&m) != expected)
			fail_msg("%llu", (unsigned long long)n);
		close += expected;
		far += !expected;
	}
	assert_true(close > 200 && far > 200);
}

/* No program takes more than 16384 bits, and no judge looks at them. */
static void too_many_bits(void **state)
{
	struct bytes octets = {malloc(2050), 2050};
	struct findings f = {0};
	struct error e = {0};

	(void)state;
	memset(octets.data, 0xff, octets.len);
	octets.data[0] = 0;
	octets.data[1] = 1;
	assert_int_equal(csr_key_check_rsa(span_of(&octets), (struct span){octets.data + 2, 1}, &f,
					   &e),
			 STATUS_OK);
	assert_int_equal(f.count, 1);
	assert_string_equal(f.items[0].rule->id, "csr_key_rsa_size");
	assert_non_null(strstr(f.items[0].message, "16385 bits, more than any program"));
	findings_free(&f);
	bytes_free(&octets);
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
	assert_int_equal(count, 12);
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
		cmocka_unit_test(close_primes_by_hand),
		cmocka_unit_test(too_many_bits),
		cmocka_unit_test(several_faults_are_all_told),
		cmocka_unit_test(csr_key_ec_explicit),
		cmocka_unit_test(csr_key_ec_curve),
		cmocka_unit_test(csr_key_ec_point),
		cmocka_unit_test(csr_key_ed25519_point),
		cmocka_unit_test(every_rule_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
