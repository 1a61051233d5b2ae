#include "csr/rsa_weak.h"

#include <endian.h>

#include <openssl/err.h>

/* clang-format off */
static const uint16_t primes[] = {
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
	97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181,
	191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281,
	283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397,
	401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503,
	509, 521, 523, 541, 547, 557, 563, 569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619,
	631, 641, 643, 647, 653, 659, 661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743,
	751, 757, 761, 769, 773, 787, 797, 809, 811, 821, 823, 827, 829, 839, 853, 857, 859, 863,
	877, 881, 883, 887, 907, 911, 919, 929, 937, 941, 947, 953, 967, 971, 977, 983, 991, 997,
	1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061, 1063, 1069, 1087, 1091, 1093,
	1097, 1103, 1109, 1117, 1123, 1129, 1151, 1153, 1163, 1171, 1181, 1187, 1193, 1201, 1213,
	1217, 1223, 1229, 1231, 1237, 1249, 1259, 1277, 1279, 1283, 1289, 1291, 1297, 1301, 1303,
	1307, 1319, 1321, 1327, 1361, 1367, 1373, 1381, 1399, 1409, 1423, 1427, 1429, 1433, 1439,
	1447, 1451, 1453, 1459, 1471, 1481, 1483, 1487, 1489, 1493, 1499, 1511, 1523, 1531, 1543,
	1549, 1553, 1559, 1567, 1571, 1579, 1583, 1597, 1601, 1607, 1609, 1613, 1619, 1621, 1627,
	1637, 1657, 1663, 1667, 1669, 1693, 1697, 1699, 1709, 1721, 1723, 1733, 1741, 1747, 1753,
	1759, 1777, 1783, 1787, 1789, 1801, 1811, 1823, 1831, 1847, 1861, 1867, 1871, 1873, 1877,
	1879, 1889, 1901, 1907, 1913, 1931, 1933, 1949, 1951, 1973, 1979, 1987, 1993, 1997, 1999,
	2003, 2011, 2017, 2027, 2029, 2039, 2053, 2063, 2069, 2081, 2083, 2087, 2089, 2099, 2111,
	2113, 2129, 2131, 2137, 2141, 2143, 2153, 2161, 2179, 2203, 2207, 2213, 2221, 2237, 2239,
	2243, 2251, 2267, 2269, 2273, 2281, 2287, 2293, 2297, 2309, 2311, 2333, 2339, 2341, 2347,
	2351, 2357, 2371, 2377, 2381, 2383, 2389, 2393, 2399, 2411, 2417, 2423, 2437, 2441, 2447,
	2459, 2467, 2473, 2477, 2503, 2521, 2531, 2539, 2543, 2549, 2551, 2557, 2579, 2591, 2593,
	2609, 2617, 2621, 2633, 2647, 2657, 2659, 2663, 2671, 2677, 2683, 2687, 2689, 2693, 2699,
	2707, 2711, 2713, 2719, 2729, 2731, 2741, 2749, 2753, 2767, 2777, 2789, 2791, 2797, 2801,
	2803, 2819, 2833, 2837, 2843, 2851, 2857, 2861, 2879, 2887, 2897, 2903, 2909, 2917, 2927,
	2939, 2953, 2957, 2963, 2969, 2971, 2999, 3001, 3011, 3019, 3023, 3037, 3041, 3049, 3061,
	3067, 3079, 3083, 3089, 3109, 3119, 3121, 3137, 3163, 3167, 3169, 3181, 3187, 3191, 3203,
	3209, 3217, 3221, 3229, 3251, 3253, 3257, 3259, 3271, 3299, 3301, 3307, 3313, 3319, 3323,
	3329, 3331, 3343, 3347, 3359, 3361, 3371, 3373, 3389, 3391, 3407, 3413, 3433, 3449, 3457,
	3461, 3463, 3467, 3469, 3491, 3499, 3511, 3517, 3527, 3529, 3533, 3539, 3541, 3547, 3557,
	3559, 3571, 3581, 3583, 3593, 3607, 3613, 3617, 3623, 3631, 3637, 3643, 3659, 3671, 3673,
	3677, 3691, 3697, 3701, 3709, 3719, 3727, 3733, 3739, 3761, 3767, 3769, 3779, 3793, 3797,
	3803, 3821, 3823, 3833, 3847, 3851, 3853, 3863, 3877, 3881, 3889, 3907, 3911, 3917, 3919,
	3923, 3929, 3931, 3943, 3947, 3967, 3989, 4001, 4003, 4007, 4013, 4019, 4021, 4027, 4049,
	4051, 4057, 4073, 4079, 4091, 4093,
};
/* clang-format on */
#define PRIMES (sizeof primes / sizeof primes[0])

/* --- small factors ---------------------------------------------------------------------------- */

#define LIMBS_MOST (RSA_MODULUS_BITS_MOST / 64)

/* 1 / m modulo 2^64, for odd m: m is right to 3 bits, and each step doubles them (Newton). */
static uint64_t inverse(uint64_t m)
{
	uint64_t x = m;

	for (int bits = 3; bits < 64; bits *= 2)
		x *= 2 - m * x;
	return x;
}

/*
 * A number that the odd m and its factors divide exactly where they divide n: Hensel's division,
 * from the least limb up (Jebelean, "An algorithm for exact division", 1993). Each step takes off n
 * the multiple q of m that has its lowest limb, and goes on with the rest one limb higher; what is
 * left in the end is n times a power of 2^-64 modulo m. Two multiplications a limb, no division.
 */
static uint64_t hensel_rest(const uint64_t *limbs, size_t count, uint64_t m)
{
	uint64_t inverted = inverse(m), carry = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t borrow = limbs[i] < carry, q = (limbs[i] - carry) * inverted;

		carry = (uint64_t)((unsigned __int128)q * m >> 64) + borrow;
	}
	return carry;
}

/* As many primes from the one at place i on as a product of 64 bits holds; *end is the next. */
static uint64_t product_from(size_t i, size_t *end)
{
	uint64_t product = 1;

	for (*end = i; *end < PRIMES && product <= UINT64_MAX / primes[*end]; ++*end)
		product *= primes[*end];
	return product;
}

unsigned rsa_small_factor(const BIGNUM *n)
{
	uint64_t limbs[LIMBS_MOST];
	size_t count = ((size_t)BN_num_bytes(n) + 7) / 8;

	if (count > LIMBS_MOST)
		return 0;
	if (!BN_is_odd(n))
		return 2;
	BN_bn2lebinpad(n, (unsigned char *)limbs, (int)(count * sizeof limbs[0]));
	for (size_t i = 0; i < count; i++)
		limbs[i] = le64toh(limbs[i]);
	for (size_t i = 0, end; i < PRIMES; i = end) {
		uint64_t rest = hensel_rest(limbs, count, product_from(i, &end));

		for (size_t k = i; k < end; k++)
			if (rest % primes[k] == 0)
				return primes[k];
	}
	return 0;
}

/* --- ROCA ------------------------------------------------------------------------------------- */

enum status rsa_residues(const BIGNUM *n, struct rsa_residues *residues, struct error *e)
{
	/* One long division by a product of primes stands for one by each of them. */
	for (size_t i = 0, end; i < ROCA_PRIMES; i = end) {
		BN_ULONG rest = BN_mod_word(n, product_from(i, &end));

		if (rest == (BN_ULONG)-1)
			return error_memory(e);
		for (size_t k = i; k < end && k < ROCA_PRIMES; k++)
			residues->of[k] = (uint16_t)(rest % primes[k]);
	}
	return STATUS_OK;
}

/* x = 65537^log modulo p, and that power's period; false where x is no power of it. */
static bool logarithm(unsigned x, unsigned p, unsigned *log, unsigned *period)
{
	unsigned power = 1 % p, count = 0;
	bool found = false;

	do {
		if (power == x) {
			*log = count;
			found = true;
		}
		power = power * (65537u % p) % p;
		count++;
	} while (power != 1);
	*period = count;
	return found;
}

static unsigned common_divisor(unsigned a, unsigned b)
{
	while (b) {
		unsigned rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

bool rsa_has_roca_mark(const struct rsa_residues *residues)
{
	unsigned log[ROCA_PRIMES], period[ROCA_PRIMES];

	for (size_t i = 0; i < ROCA_PRIMES; i++)
		if (!logarithm(residues->of[i], primes[i], &log[i], &period[i]))
			return false;
	/* One exponent must serve all primes: it exists exactly where each two of them agree. */
	for (size_t i = 0; i < ROCA_PRIMES; i++) {
		for (size_t k = 0; k < i; k++) {
			unsigned shared = common_divisor(period[i], period[k]);

			if (log[i] % shared != log[k] % shared)
				return false;
		}
	}
	return true;
}

/* --- close primes ----------------------------------------------------------------------------- */

#define FERMAT_STEPS 100

/*
 * root = floor(sqrt(n)), n > 0: Newton's method, each step with twice the precision of the last, so
 * that all of it costs little more than its last division. d of the root's c bits are known before
 * a step that makes them e; the invariant and its proof are those of CPython's math.isqrt.
 */
static bool integer_root(BIGNUM *root, const BIGNUM *n, BN_CTX *context)
{
	int c = (BN_num_bits(n) - 1) / 2, d = 0, done;
	BIGNUM *part = BN_CTX_get(context);

	if (!part || !BN_one(root))
		return false;
	for (int s = 31 - __builtin_clz((unsigned)c | 1); s >= 0; s--) {
		done = d;
		d = c >> s;
		if (d == 0)
			continue;
		if (!BN_rshift(part, n, 2 * c - done - d + 1) ||
		    !BN_div(part, NULL, part, root, context) ||
		    !BN_lshift(root, root, d - done - 1) || !BN_add(root, root, part))
			return false;
	}
	return BN_sqr(part, root, context) && (BN_cmp(part, n) <= 0 || BN_sub_word(root, 1));
}

/* -1 on failure. */
static int is_square(const BIGNUM *n, BN_CTX *context)
{
	BIGNUM *root = BN_CTX_get(context), *square = BN_CTX_get(context);

	if (BN_is_zero(n))
		return 1;
	if (!square || !integer_root(root, n, context) || !BN_sqr(square, root, context))
		return -1;
	return BN_cmp(square, n) == 0;
}

/* What a square leaves modulo these is one of few values: a sieve before any long arithmetic. */
static const unsigned sieve[] = {64, 63, 61, 59, 55, 53, 47, 43, 41, 37};
#define SIEVES (sizeof sieve / sizeof sieve[0])

struct fermat {
	uint64_t squares[SIEVES]; /* bit x: x is a square modulo sieve[i] */
	unsigned n[SIEVES], a[SIEVES];
};

static bool fermat_begin(struct fermat *f, const BIGNUM *n, const BIGNUM *a)
{
	for (size_t i = 0; i < SIEVES; i++) {
		BN_ULONG n_rest = BN_mod_word(n, sieve[i]), a_rest = BN_mod_word(a, sieve[i]);

		if (n_rest == (BN_ULONG)-1 || a_rest == (BN_ULONG)-1)
			return false;
		f->n[i] = (unsigned)n_rest;
		f->a[i] = (unsigned)a_rest;
		f->squares[i] = 0;
		for (unsigned x = 0; x < sieve[i]; x++)
			f->squares[i] |= UINT64_C(1) << (x * x % sieve[i]);
	}
	return true;
}

/* Whether (a + k)² - n may be a square. */
static bool fermat_may_be(const struct fermat *f, unsigned k)
{
	for (size_t i = 0; i < SIEVES; i++) {
		unsigned a = f->a[i] + k;
		unsigned rest = (a * a + sieve[i] - f->n[i]) % sieve[i];

		if (!(f->squares[i] >> rest & 1))
			return false;
	}
	return true;
}

/* n = a² - b² = (a - b)(a + b); where the primes are close, a is just above n's root. */
static int fermat_factors(const BIGNUM *n, BN_CTX *context)
{
	BIGNUM *a = BN_CTX_get(context), *difference = BN_CTX_get(context);
	struct fermat f;
	int square = 0;

	if (!difference || !integer_root(a, n, context) || !BN_sqr(difference, a, context))
		return -1;
	if (BN_cmp(difference, n) == 0)
		return 1;
	if (!fermat_begin(&f, n, a))
		return -1;
	for (unsigned k = 1; k <= FERMAT_STEPS && !square; k++) {
		if (!fermat_may_be(&f, k))
			continue;
		BN_CTX_start(context);
		if (!BN_copy(difference, a) || !BN_add_word(difference, k) ||
		    !BN_sqr(difference, difference, context) || !BN_sub(difference, difference, n))
			square = -1;
		else
			square = is_square(difference, context);
		BN_CTX_end(context);
	}
	return square;
}

enum status rsa_has_close_primes(const BIGNUM *n, bool *close, struct error *e)
{
	BN_CTX *context = BN_CTX_new();
	int factors = -1;

	if (context) {
		BN_CTX_start(context);
		factors = BN_is_zero(n) ? 0 : fermat_factors(n, context);
		BN_CTX_end(context);
	}
	BN_CTX_free(context);
	if (factors < 0)
		return error_memory(e);
	*close = factors;
	return STATUS_OK;
}
