#include "csr/rsa_weak.h"

#include <pthread.h>
#include <string.h>

#include <gmp.h>

_Static_assert(GMP_NUMB_BITS == 64 && sizeof(mp_limb_t) == sizeof(uint64_t),
	       "GMP with 64-bit limbs");

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

/* --- the modulus ------------------------------------------------------------------------------ */

size_t rsa_bits(struct span octets)
{
	size_t bits = octets.len * 8;

	for (unsigned top = octets.len ? octets.data[0] : 0x80; !(top & 0x80); top <<= 1)
		bits--;
	return bits;
}

bool rsa_modulus_read(struct span octets, struct rsa_modulus *out)
{
	while (octets.len && octets.data[0] == 0)
		octets = (struct span){octets.data + 1, octets.len - 1};
	out->bits = rsa_bits(octets);
	out->count = (octets.len + 7) / 8;
	if (out->count > RSA_LIMBS_MOST)
		return false;
	memset(out->limbs, 0, out->count * sizeof out->limbs[0]);
	for (size_t i = 0; i < octets.len; i++)
		out->limbs[i / 8] |= (mp_limb_t)octets.data[octets.len - 1 - i] << i % 8 * 8;
	return true;
}

/* --- what all moduli share -------------------------------------------------------------------- */

/* 1 / m modulo 2^64, for odd m: m is right to 3 bits, and each step doubles them (Newton). */
static uint64_t inverse(uint64_t m)
{
	uint64_t x = m;

	for (int bits = 3; bits < 64; bits *= 2)
		x *= 2 - m * x;
	return x;
}

/* Products of as many primes each as 64 bits hold, four at a time. */
#define LANES 4
#define PRODUCTS_MOST 100

static struct {
	uint64_t of[PRODUCTS_MOST], inverse[PRODUCTS_MOST];
	size_t first[PRODUCTS_MOST + 1]; /* of its primes; one after the last: the end */
	size_t count;
} products;

/* x is a multiple of a prime exactly where x * inverse modulo 2^64 is at most most. */
static struct {
	uint64_t inverse, most;
} multiples[PRIMES];

/* The exponent of 65537 that gives a value modulo each of the primes. */
#define NO_POWER UINT8_MAX
static uint8_t logs[ROCA_PRIMES][168], periods[ROCA_PRIMES];

/* What a square leaves modulo these is one of few values: a sieve before any long arithmetic. */
static const unsigned sieve[] = {64, 63, 61, 59, 55, 53, 47, 43, 41, 37};
#define SIEVES (sizeof sieve / sizeof sieve[0])
/* Of all but 64. */
#define SIEVE_PRODUCT (63ull * 61 * 59 * 55 * 53 * 47 * 43 * 41 * 37)
/* Bit x of [i][n]: x² - n is a square modulo sieve[i]. */
static uint64_t squares[SIEVES][64];

static void make_products(void)
{
	for (size_t i = 0; i < PRIMES || products.count % LANES;) {
		size_t at = products.count++;

		products.first[at] = i;
		products.of[at] = 1;
		while (i < PRIMES && products.of[at] <= UINT64_MAX / primes[i])
			products.of[at] *= primes[i++];
		products.inverse[at] = inverse(products.of[at]);
	}
	products.first[products.count] = PRIMES;
	for (size_t i = 0; i < PRIMES; i++) {
		multiples[i].inverse = inverse(primes[i]);
		multiples[i].most = UINT64_MAX / primes[i];
	}
}

static void make_logs(void)
{
	memset(logs, NO_POWER, sizeof logs);
	for (size_t i = 0; i < ROCA_PRIMES; i++) {
		unsigned power = 1;

		do {
			logs[i][power] = periods[i]++;
			power = power * (65537u % primes[i]) % primes[i];
		} while (power != 1);
	}
}

static void make_squares(void)
{
	for (size_t i = 0; i < SIEVES; i++) {
		unsigned m = sieve[i];
		uint64_t is_square = 0;

		for (unsigned x = 0; x < m; x++)
			is_square |= UINT64_C(1) << x * x % m;
		for (unsigned n = 0; n < m; n++)
			for (unsigned x = 0; x < m; x++)
				squares[i][n] |= (is_square >> (x * x + m - n) % m & 1) << x;
	}
}

static void make_tables(void)
{
	make_products();
	make_logs();
	make_squares();
}

static void need_tables(void)
{
	static pthread_once_t made = PTHREAD_ONCE_INIT;

	pthread_once(&made, make_tables);
}

/* --- small factors ---------------------------------------------------------------------------- */

static inline uint64_t hensel_step(uint64_t limb, uint64_t carry, uint64_t m, uint64_t inverted)
{
	uint64_t q = (limb - carry) * inverted;

	return (uint64_t)((unsigned __int128)q * m >> 64) + (limb < carry);
}

/*
 * Numbers that the odd products and their factors divide exactly where they divide n: Hensel's
 * division, from the least limb up (Jebelean, "An algorithm for exact division", 1993). Each step
 * takes off n the multiple q of m that has its lowest limb, and goes on with the rest one limb
 * higher; what is left in the end is n times a power of 2^-64 modulo m. Two multiplications a limb,
 * no division; each waits for the one before it, so that four products go side by side.
 */
static void hensel_rests(const struct rsa_modulus *n, size_t first, uint64_t rests[static LANES])
{
	const uint64_t *m = products.of + first, *inverted = products.inverse + first;
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (size_t i = 0; i < n->count; i++) {
		uint64_t limb = n->limbs[i];

		a = hensel_step(limb, a, m[0], inverted[0]);
		b = hensel_step(limb, b, m[1], inverted[1]);
		c = hensel_step(limb, c, m[2], inverted[2]);
		d = hensel_step(limb, d, m[3], inverted[3]);
	}
	rests[0] = a;
	rests[1] = b;
	rests[2] = c;
	rests[3] = d;
}

unsigned rsa_small_factor(const struct rsa_modulus *n)
{
	uint64_t rests[LANES];

	need_tables();
	if (n->count == 0 || !(n->limbs[0] & 1))
		return 2;
	for (size_t i = 0; i < products.count; i += LANES) {
		hensel_rests(n, i, rests);
		for (size_t lane = 0; lane < LANES; lane++) {
			size_t k = products.first[i + lane], end = products.first[i + lane + 1];

			for (; k < end; k++)
				if (rests[lane] * multiples[k].inverse <= multiples[k].most)
					return primes[k];
		}
	}
	return 0;
}

/* --- ROCA ------------------------------------------------------------------------------------- */

/* Of the primes in one product; n has a limb at least. */
static void residues_in(const struct rsa_modulus *n, size_t product, struct rsa_residues *out)
{
	uint64_t rest = mpn_mod_1(n->limbs, (mp_size_t)n->count, products.of[product]);

	for (size_t k = products.first[product]; k < products.first[product + 1] && k < ROCA_PRIMES;
	     k++)
		out->of[k] = (uint16_t)(rest % primes[k]);
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

bool rsa_is_roca_mark(const struct rsa_residues *residues)
{
	uint8_t log[ROCA_PRIMES];

	need_tables();
	for (size_t i = 0; i < ROCA_PRIMES; i++) {
		log[i] = logs[i][residues->of[i]];
		if (log[i] == NO_POWER)
			return false;
	}
	/* One exponent must serve all primes: it exists exactly where each two of them agree. */
	for (size_t i = 0; i < ROCA_PRIMES; i++) {
		for (size_t k = 0; k < i; k++) {
			unsigned shared = common_divisor(periods[i], periods[k]);

			if (log[i] % shared != log[k] % shared)
				return false;
		}
	}
	return true;
}

bool rsa_has_roca_mark(const struct rsa_modulus *n)
{
	struct rsa_residues residues;

	need_tables();
	if (n->count == 0)
		return false;
	for (size_t i = 0; products.first[i] < ROCA_PRIMES; i++) {
		residues_in(n, i, &residues);
		/* Nearly every honest modulus goes here, at the first product. */
		for (size_t k = products.first[i]; k < products.first[i + 1] && k < ROCA_PRIMES;
		     k++)
			if (logs[k][residues.of[k]] == NO_POWER)
				return false;
	}
	return rsa_is_roca_mark(&residues);
}

/* --- close primes ----------------------------------------------------------------------------- */

#define FERMAT_STEPS 100

typedef unsigned __int128 steps; /* bit k: step k */

/* The steps k of which (a + k)² - n may be a square. */
static steps fermat_steps(const struct rsa_modulus *n, const mp_limb_t *a, size_t count)
{
	uint64_t n_rest = mpn_mod_1(n->limbs, (mp_size_t)n->count, SIEVE_PRODUCT);
	uint64_t a_rest = mpn_mod_1(a, (mp_size_t)count, SIEVE_PRODUCT);
	steps left = ((steps)1 << FERMAT_STEPS) - 1;

	for (size_t i = 0; i < SIEVES; i++) {
		unsigned m = sieve[i], first = (unsigned)(((i ? a_rest : a[0]) + 1) % m);
		steps of_m = squares[i][(i ? n_rest : n->limbs[0]) % m];

		of_m = (of_m >> first | of_m << (m - first)) & (((steps)1 << m) - 1);
		/* Modulo m they come again. */
		for (unsigned k = m; k < FERMAT_STEPS; k *= 2)
			of_m |= of_m << k;
		left &= of_m;
	}
	return left << 1;
}

/* (a + k)² - n = 2ak + k² - rest, where rest = n - a². */
static bool is_factored(const mp_limb_t *a, size_t count, unsigned k, const mp_limb_t *rest,
			mp_size_t rest_count)
{
	mp_limb_t difference[ROOT_LIMBS_MOST + 2];
	mp_size_t len = (mp_size_t)count + 2;

	difference[count] = mpn_mul_1(difference, a, (mp_size_t)count, 2 * k);
	difference[count + 1] = 0;
	mpn_add_1(difference, difference, len, (mp_limb_t)k * k);
	mpn_sub(difference, difference, len, rest, rest_count);
	while (difference[len - 1] == 0)
		len--;
	return mpn_perfect_square_p(difference, len);
}

/* n = a² - b² = (a - b)(a + b); where the primes are close, a is just above n's root. */
bool rsa_has_close_primes(const struct rsa_modulus *n)
{
	mp_limb_t a[ROOT_LIMBS_MOST], rest[RSA_LIMBS_MOST];
	size_t count = (n->count + 1) / 2;
	mp_size_t rest_count;
	steps left;

	need_tables();
	if (n->count == 0)
		return false;
	rest_count = mpn_sqrtrem(a, rest, n->limbs, (mp_size_t)n->count);
	if (rest_count == 0)
		return true;
	left = fermat_steps(n, a, count);
	for (unsigned k = 1; k <= FERMAT_STEPS; k++)
		if ((left >> k & 1) && is_factored(a, count, k, rest, rest_count))
			return true;
	return false;
}
