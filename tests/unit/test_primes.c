#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "audit/primes.h"

/* --- by hand ---------------------------------------------------------------------------------- */

#define MOST 700

struct found {
	uint32_t other[MOST]; /* by record; UINT32_MAX: nothing was said of it */
	size_t count;
	uint64_t done, all;
};

static enum status note(void *context, uint32_t record, uint32_t other, struct error *e)
{
	struct found *f = context;

	(void)e;
	assert_true(record < MOST && f->other[record] == UINT32_MAX);
	f->other[record] = other;
	f->count++;
	return STATUS_OK;
}

static void tell(void *context, uint64_t done, uint64_t all)
{
	struct found *f = context;

	assert_true(done >= f->done && done <= all);
	f->done = done;
	f->all = all;
}

static void add(struct moduli *m, const mpz_t n, uint32_t record)
{
	unsigned char octets[MODULUS_OCTETS_MOST];
	struct error e = {0};
	size_t len = 0;

	mpz_export(octets, &len, 1, 1, 0, 0, n);
	if (len == 0)
		octets[len++] = 0;
	assert_int_equal(moduli_add(m, (struct span){octets, len}, record, &e), STATUS_OK);
}

/* Of each the first other one that has a prime of it, among those that are distinct. */
static void expect_by_hand(mpz_t *n, size_t count, const struct found *f)
{
	size_t expected = 0;
	mpz_t common;

	mpz_init(common);
	for (size_t i = 0; i < count; i++) {
		uint32_t partner = UINT32_MAX;
		bool again = mpz_sgn(n[i]) == 0;

		for (size_t k = 0; k < i && !again; k++)
			again = mpz_cmp(n[i], n[k]) == 0;
		for (size_t k = 0; k < i && !again && partner == UINT32_MAX; k++) {
			mpz_gcd(common, n[i], n[k]);
			if (mpz_sgn(n[k]) && mpz_cmp_ui(common, 1) != 0)
				partner = (uint32_t)k;
		}
		if (f->other[i] != partner)
			fail_msg("%zu shares with %u, not %u", i, partner, f->other[i]);
		expected += partner != UINT32_MAX;
	}
	mpz_clear(common);
	assert_int_equal(f->count, expected);
}

static void search(mpz_t *n, size_t count, size_t block, struct found *out)
{
	const struct primes_order order = {
		.tell = tell, .found = note, .context = out, .block = block};
	struct moduli *m = NULL;
	struct error e = {0};

	*out = (struct found){.count = 0};
	memset(out->other, 0xff, sizeof out->other);
	assert_int_equal(moduli_new(&m, &e), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		add(m, n[i], (uint32_t)i);
	if (primes_find_shared(m, &order, &e) != STATUS_OK)
		fail_msg("%s: %s", e.where, e.what);
	assert_int_equal(out->done, out->all);
	moduli_free(m);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void random_prime(mpz_t out, gmp_randstate_t random, unsigned bits)
{
	mpz_urandomb(out, random, bits);
	mpz_setbit(out, bits - 1);
	mpz_nextprime(out, out);
}

/* In any number of blocks what is found is what gcds of each two find. */
static void every_pair(void **state)
{
	static const size_t counts[] = {2, 3, 63, 64, 65, 129, MOST};
	static const size_t blocks[] = {0, 1, 256 * 65, 256 * 200};
	mpz_t n[MOST], p[40], other;
	gmp_randstate_t random;
	struct found f;

	(void)state;
	gmp_randinit_mt(random);
	gmp_randseed_ui(random, 20261127);
	mpz_init(other);
	for (size_t i = 0; i < 40; i++) {
		mpz_init(p[i]);
		random_prime(p[i], random, 128);
	}
	for (size_t i = 0; i < MOST; i++)
		mpz_init(n[i]);
	for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
		for (size_t i = 0; i < counts[c]; i++) {
			random_prime(other, random, 120 + (unsigned)(i % 17));
			random_prime(n[i], random, 128);
			/* One in eight has a prime of few, one in thirty both; some are there twice. */
			if (i % 8 == 1)
				mpz_set(other, p[gmp_urandomm_ui(random, 40)]);
			if (i % 30 == 1)
				mpz_set(n[i], p[gmp_urandomm_ui(random, 40)]);
			mpz_mul(n[i], n[i], other);
			if (i % 50 == 49)
				mpz_set(n[i], n[i - 7]);
		}
		for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
			search(n, counts[c], blocks[b], &f);
			expect_by_hand(n, counts[c], &f);
		}
	}
	for (size_t i = 0; i < MOST; i++)
		mpz_clear(n[i]);
	for (size_t i = 0; i < 40; i++)
		mpz_clear(p[i]);
	mpz_clear(other);
	gmp_randclear(random);
}

/* What is no product of two large primes: zero, one, small, even, a square, the largest there are. */
static void odd_numbers(void **state)
{
	mpz_t n[12];
	struct found f;

	(void)state;
	for (size_t i = 0; i < 12; i++)
		mpz_init(n[i]);
	mpz_set_ui(n[1], 1);
	mpz_set_ui(n[2], 2);
	mpz_set_ui(n[3], 15);
	mpz_set_ui(n[4], 49);
	mpz_set_ui(n[5], 21);
	mpz_set_ui(n[6], 11);
	mpz_setbit(n[7], 16383);
	mpz_ui_pow_ui(n[8], 13, 4000);
	mpz_ui_pow_ui(n[9], 17, 4000);
	mpz_set_ui(n[10], 1);
	mpz_set_ui(n[11], 30030);
	for (size_t block = 0; block <= 40; block += 4) {
		search(n, 12, block, &f);
		expect_by_hand(n, 12, &f);
	}
	for (size_t i = 0; i < 12; i++)
		mpz_clear(n[i]);
}

static void none_and_one(void **state)
{
	mpz_t n[1];
	struct found f = {.count = 0};

	(void)state;
	mpz_init_set_ui(n[0], 15);
	search(n, 0, 0, &f);
	assert_int_equal(f.count, 0);
	search(n, 1, 0, &f);
	assert_int_equal(f.count, 0);
	mpz_clear(n[0]);
}

/* More than memory is given for: they come back from the file as they went. */
static void through_the_file(void **state)
{
	unsigned char octets[256], back[MODULUS_OCTETS_MOST];
	struct moduli *m = NULL;
	struct error e = {0};
	uint64_t at;
	size_t len;

	(void)state;
	assert_int_equal(moduli_new(&m, &e), STATUS_OK);
	for (uint32_t i = 0; i < 40000; i++) {
		memset(octets, (int)(i % 250) + 1, sizeof octets);
		memcpy(octets, &i, sizeof i);
		assert_int_equal(moduli_add(m, (struct span){octets, 8 + i % 249}, i, &e),
				 STATUS_OK);
	}
	assert_int_equal(moduli_put_aside(m, span_text("beside them"), &at, &e), STATUS_OK);
	assert_int_equal(moduli_count(m), 40000);
	for (uint32_t i = 0; i < 40000; i++) {
		memset(octets, (int)(i % 250) + 1, sizeof octets);
		memcpy(octets, &i, sizeof i);
		assert_int_equal(moduli_read(m, i, back, &len, &e), STATUS_OK);
		assert_int_equal(len, 8 + i % 249);
		assert_memory_equal(back, octets, len);
		assert_int_equal(moduli_record(m, i), i);
	}
	assert_int_equal(moduli_fetch(m, at, back, 11, &e), STATUS_OK);
	assert_memory_equal(back, "beside them", 11);
	moduli_free(m);
}

static void no_file_is_told(void **state)
{
	unsigned char octets[MODULUS_OCTETS_MOST] = {1};
	enum status s = STATUS_OK;
	struct moduli *m = NULL;
	struct error e = {0};

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_int_equal(moduli_new(&m, &e), STATUS_OK);
	for (uint32_t i = 0; s == STATUS_OK && i < 10000; i++)
		s = moduli_add(m, (struct span){octets, sizeof octets}, i, &e);
	assert_int_equal(s, STATUS_SYSTEM);
	assert_string_equal(e.where, "/nonexistent");
	moduli_free(m);
	unsetenv("TMPDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),	   cmocka_unit_test(odd_numbers),
		cmocka_unit_test(none_and_one),	   cmocka_unit_test(through_the_file),
		cmocka_unit_test(no_file_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
