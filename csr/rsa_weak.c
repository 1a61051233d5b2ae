#include "csr/rsa_weak.h"

#include <openssl/err.h>

static const uint16_t primes[RSA_PRIMES] = {
	3,   5,	  7,   11,  13,	 17,  19,  23,	 29,   31,   37,   41,	43,  47,  53,  59,
	61,  67,  71,  73,  79,	 83,  89,  97,	 101,  103,  107,  109, 113, 127, 131, 137,
	139, 149, 151, 157, 163, 167, 173, 179,	 181,  191,  193,  197, 199, 211, 223, 227,
	229, 233, 239, 241, 251, 257, 263, 269,	 271,  277,  281,  283, 293, 307, 311, 313,
	317, 331, 337, 347, 349, 353, 359, 367,	 373,  379,  383,  389, 397, 401, 409, 419,
	421, 431, 433, 439, 443, 449, 457, 461,	 463,  467,  479,  487, 491, 499, 503, 509,
	521, 523, 541, 547, 557, 563, 569, 571,	 577,  587,  593,  599, 601, 607, 613, 617,
	619, 631, 641, 643, 647, 653, 659, 661,	 673,  677,  683,  691, 701, 709, 719, 727,
	733, 739, 743, 751, 757, 761, 769, 773,	 787,  797,  809,  811, 821, 823, 827, 829,
	839, 853, 857, 859, 863, 877, 881, 883,	 887,  907,  911,  919, 929, 937, 941, 947,
	953, 967, 971, 977, 983, 991, 997, 1009, 1013, 1019, 1021,
};

/* --- residues --------------------------------------------------------------------------------- */

enum status rsa_residues(const BIGNUM *n, struct rsa_residues *residues, struct error *e)
{
	/* One long division by a product of primes stands for one by each of them. */
	for (size_t i = 0, end; i < RSA_PRIMES; i = end) {
		BN_ULONG product = 1, rest;

		for (end = i; end < RSA_PRIMES && product <= (BN_ULONG)-1 / primes[end]; end++)
			product *= primes[end];
		rest = BN_mod_word(n, product);
		if (rest == (BN_ULONG)-1)
			return error_memory(e);
		for (size_t k = i; k < end; k++)
			residues->of[k] = (uint16_t)(rest % primes[k]);
	}
	return STATUS_OK;
}

unsigned rsa_small_factor(const struct rsa_residues *residues)
{
	for (size_t i = 0; i < RSA_PRIMES; i++)
		if (residues->of[i] == 0)
			return primes[i];
	return 0;
}

/* --- ROCA ------------------------------------------------------------------------------------- */

/* The affected generator's primes are k * M + (65537^a mod M); M's odd primes for the least keys. */
#define ROCA_PRIMES 38

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
