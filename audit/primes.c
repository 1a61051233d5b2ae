#include "audit/primes.h"

#include <stdlib.h>
#include <string.h>

#include "audit/product.h"

/*
 * One tree over all would be the quickest, and takes as many octets as the moduli have for each of its
 * levels. So the moduli go into blocks, and for each block are needed: the product of all others modulo
 * its own product, which takes one long multiplication and division for each other; and then one way down
 * its tree. The first needs less memory: two blocks go together. At the leaves nothing is kept of a tree
 * but the moduli themselves, which are multiplied again.
 */
#define GROUP 256
/* Its product has 2 MiB, and while its tree is gone down a block takes 50. */
#define BLOCK_BITS (8192u * 2048)
/* Beside half a million records less memory is left. */
#define MANY 400000
#define BLOCK_BITS_OF_MANY (4096u * 2048)
/* A block's tree takes about as long as so many products of others. */
#define TREE_STEPS 6

/* A number in the file. */
struct aside {
	uint64_t at;
	size_t len;
};

struct block {
	size_t first, count; /* moduli */
	struct aside product;
};

/* Blocks 2i and 2i + 1, if there is one. */
struct couple {
	struct aside product;
	struct aside others; /* the product of all others, modulo this one's */
};

struct search {
	struct moduli *moduli;
	const struct primes_order *order;
	struct error *error;
	enum status status;
	struct block *blocks;
	size_t block_count;
	struct couple *couples;
	size_t couple_count;
	const struct block *block; /* at work */
	uint32_t *sharing;	   /* moduli that do */
	size_t sharing_count, sharing_room;
	uint64_t steps, all_steps;
};

static bool failed(struct search *s, enum status status)
{
	s->status = status;
	return false;
}

static bool no_memory(struct search *s)
{
	return failed(s, error_memory(s->error));
}

static void step(struct search *s, uint64_t steps)
{
	s->steps += steps;
	if (s->order->tell)
		s->order->tell(s->order->context, s->steps, s->all_steps);
}

/* --- blocks ----------------------------------------------------------------------------------- */

static bool read_number(struct search *s, size_t i, mpz_t out)
{
	unsigned char octets[MODULUS_OCTETS_MOST];
	size_t len;
	enum status status = moduli_read(s->moduli, i, octets, &len, s->error);

	if (status != STATUS_OK)
		return failed(s, status);
	mpz_import(out, len, 1, 1, 0, 0, octets);
	return true;
}

/* By size, for a block of hostile ones has eight times the octets. */
static bool make_blocks(struct search *s)
{
	size_t count = moduli_count(s->moduli), most = s->order->block;
	size_t bits = SIZE_MAX;
	mpz_t n;

	if (most == 0)
		most = count > MANY ? BLOCK_BITS_OF_MANY : BLOCK_BITS;
	mpz_init(n);
	for (size_t i = 0; i < count; i++) {
		struct block *b;

		if (!read_number(s, i, n))
			break;
		if (bits > most) {
			b = reallocarray(s->blocks, s->block_count + 1, sizeof *b);
			if (!b) {
				no_memory(s);
				break;
			}
			s->blocks = b;
			s->blocks[s->block_count++] = (struct block){.first = i};
			bits = 0;
		}
		s->blocks[s->block_count - 1].count++;
		bits += mpz_sizeinbase(n, 2);
	}
	mpz_clear(n);
	return s->status == STATUS_OK;
}

static size_t group_count(const struct block *b)
{
	return (b->count + GROUP - 1) / GROUP;
}

/* The moduli of one group of the block at work, multiplied. */
static bool build_group(struct search *s, size_t group, struct product_tree *out)
{
	const struct block *b = s->block;
	size_t first = group * GROUP, left = b->count - first, count = left < GROUP ? left : GROUP;
	mpz_t *leaves = numbers_new(count);

	if (!leaves)
		return no_memory(s);
	for (size_t i = 0; i < count; i++) {
		if (read_number(s, b->first + first + i, leaves[i]))
			continue;
		numbers_free(leaves, count);
		return false;
	}
	return product_tree_build(out, leaves, count) || no_memory(s);
}

/* shares NULL: not wanted. */
static bool take_group(struct search *s, size_t group, mpz_t product, mpz_t *shares)
{
	struct product_tree t;
	mpz_t *ones = NULL;
	bool good;

	if (!build_group(s, group, &t))
		return false;
	good = !shares || (ones = numbers_new(t.count[0])) != NULL;
	for (size_t i = 0; good && shares && i < t.count[0]; i++)
		mpz_set_ui(ones[i], 1);
	good = good && (!shares || product_tree_sum(&t, ones, shares[group]));
	mpz_set(product, *product_tree_root(&t));
	product_tree_free(&t);
	return good || no_memory(s);
}

/* shares: one for each group, to be made; NULL: not wanted. */
static bool build_block(struct search *s, struct product_tree *out, mpz_t *shares)
{
	size_t count = group_count(s->block);
	mpz_t *leaves = numbers_new(count);

	if (!leaves)
		return no_memory(s);
	for (size_t i = 0; i < count; i++) {
		if (take_group(s, i, leaves[i], shares))
			continue;
		numbers_free(leaves, count);
		return false;
	}
	return product_tree_build(out, leaves, count) || no_memory(s);
}

/* --- products of the others ------------------------------------------------------------------- */

static bool put_aside(struct search *s, const mpz_t number, struct aside *out)
{
	void *octets = mpz_export(NULL, &out->len, 1, 1, 0, 0, number);
	enum status status;

	if (!octets && mpz_sgn(number))
		return no_memory(s);
	status = moduli_put_aside(s->moduli, (struct span){octets, out->len}, &out->at, s->error);
	free(octets);
	return status == STATUS_OK || failed(s, status);
}

static bool fetch(struct search *s, const struct aside *from, mpz_t out)
{
	unsigned char *octets = malloc(from->len + 1);
	enum status status;

	if (!octets)
		return no_memory(s);
	status = moduli_fetch(s->moduli, from->at, octets, from->len, s->error);
	if (status == STATUS_OK)
		mpz_import(out, from->len, 1, 1, 0, 0, octets);
	free(octets);
	return status == STATUS_OK || failed(s, status);
}

/* The product of one block into number. */
static bool multiply_block(struct search *s, struct block *b, mpz_t number)
{
	struct product_tree t;
	bool good;

	s->block = b;
	if (!build_block(s, &t, NULL))
		return false;
	good = put_aside(s, *product_tree_root(&t), &b->product);
	mpz_mul(number, number, *product_tree_root(&t));
	product_tree_free(&t);
	step(s, TREE_STEPS / 2);
	return good;
}

static bool multiply_couple(struct search *s, size_t i)
{
	bool good = true;
	mpz_t product;

	mpz_init_set_ui(product, 1);
	for (size_t k = 2 * i; good && k < 2 * i + 2 && k < s->block_count; k++)
		good = multiply_block(s, &s->blocks[k], product);
	good = good && put_aside(s, product, &s->couples[i].product);
	mpz_clear(product);
	return good;
}

/* number times one that was put aside, modulo modulus. */
static bool multiply_by(struct search *s, mpz_t number, const struct aside *from,
			const mpz_t modulus)
{
	bool good;
	mpz_t other;

	mpz_init(other);
	good = fetch(s, from, other);
	if (good) {
		mpz_mul(number, number, other);
		mpz_mod(number, number, modulus);
	}
	mpz_clear(other);
	return good;
}

static bool multiply_others(struct search *s, size_t i)
{
	mpz_t product, others;
	bool good;

	mpz_init(product);
	mpz_init_set_ui(others, 1);
	good = fetch(s, &s->couples[i].product, product);
	for (size_t k = 0; good && k < s->couple_count; k++) {
		if (k == i)
			continue;
		good = multiply_by(s, others, &s->couples[k].product, product);
		step(s, 1);
	}
	good = good && put_aside(s, others, &s->couples[i].others);
	mpz_clears(product, others, NULL);
	return good;
}

static bool make_couples(struct search *s)
{
	bool good = true;

	if (s->block_count < 2)
		return true;
	s->couple_count = (s->block_count + 1) / 2;
	s->couples = calloc(s->couple_count, sizeof *s->couples);
	if (!s->couples)
		return no_memory(s);
	s->all_steps += s->couple_count * (s->couple_count - 1) + s->block_count * (TREE_STEPS / 2);
	for (size_t i = 0; good && i < s->couple_count; i++)
		good = multiply_couple(s, i);
	for (size_t i = 0; good && i < s->couple_count; i++)
		good = multiply_others(s, i);
	return good;
}

/* number times the products of all other blocks, modulo the product of the one at work. */
static bool multiply_by_others(struct search *s, mpz_t number, const mpz_t product)
{
	size_t own = (size_t)(s->block - s->blocks), partner = own ^ 1;

	if (s->block_count < 2)
		return true;
	return multiply_by(s, number, &s->couples[own / 2].others, product) &&
	       (partner >= s->block_count ||
		multiply_by(s, number, &s->blocks[partner].product, product));
}

/* --- leaves ----------------------------------------------------------------------------------- */

static bool add_sharing(struct search *s, size_t i)
{
	if (s->sharing_count == s->sharing_room) {
		size_t room = s->sharing_room ? s->sharing_room * 2 : 64;
		uint32_t *sharing = reallocarray(s->sharing, room, sizeof *sharing);

		if (!sharing)
			return no_memory(s);
		s->sharing = sharing;
		s->sharing_room = room;
	}
	s->sharing[s->sharing_count++] = (uint32_t)i;
	return true;
}

struct group_visit {
	struct search *search;
	const struct product_tree *tree;
	size_t first;
};

/* The product of all others modulo n: what it has in common with n, n has with one of them. */
static bool visit_modulus(void *context, size_t leaf, const mpz_t fraction)
{
	const struct group_visit *g = context;
	const mpz_t *n = (const mpz_t *)&g->tree->level[0][leaf];
	bool shares;
	mpz_t rest;

	mpz_init(rest);
	fraction_number(rest, fraction, *n);
	mpz_gcd(rest, rest, *n);
	shares = mpz_cmp_ui(rest, 1) != 0;
	mpz_clear(rest);
	return !shares || add_sharing(g->search, g->first + leaf);
}

static bool visit_group(void *context, size_t group, const mpz_t fraction)
{
	struct search *s = context;
	struct product_tree t;
	struct group_visit g = {s, &t, s->block->first + group * GROUP};
	bool good;

	if (!build_group(s, group, &t))
		return false;
	good = product_tree_descend(&t, fraction, visit_modulus, &g);
	product_tree_free(&t);
	return good;
}

/* The sum over all n of product / n is, modulo each n, product / n: all other terms are multiples. */
static bool search_block(struct search *s, const struct block *b)
{
	size_t groups = group_count(b);
	struct product_tree t = {0};
	mpz_t *shares;
	mpz_t rest;
	bool good;

	s->block = b;
	shares = numbers_new(groups);
	if (!shares)
		return no_memory(s);
	good = build_block(s, &t, shares);
	if (!good) {
		numbers_free(shares, groups);
		return false;
	}
	mpz_init(rest);
	good = product_tree_sum(&t, shares, rest) || no_memory(s);
	if (good)
		mpz_mod(rest, rest, *product_tree_root(&t));
	step(s, TREE_STEPS / 2);
	good = good && multiply_by_others(s, rest, *product_tree_root(&t));
	if (good) {
		fraction_of(rest, rest, *product_tree_root(&t));
		good = product_tree_descend(&t, rest, visit_group, s);
	}
	mpz_clear(rest);
	product_tree_free(&t);
	step(s, TREE_STEPS / 2);
	return good;
}

/* --- who shares with whom --------------------------------------------------------------------- */

/* In an honest estate those that share something are few, and each is held against each. */
#define PAIRS_MOST 200000

static bool find_partner(struct search *s, size_t i, size_t *left, size_t *partner)
{
	bool good = true;
	mpz_t n, other;

	/* It stands for the one that was not looked for any more. */
	*partner = i == 0;
	mpz_inits(n, other, NULL);
	good = read_number(s, s->sharing[i], n);
	for (size_t k = 0; good && *left && k < s->sharing_count; k++) {
		if (k == i)
			continue;
		--*left;
		good = read_number(s, s->sharing[k], other);
		if (!good)
			break;
		mpz_gcd(other, other, n);
		if (mpz_cmp_ui(other, 1) == 0)
			continue;
		*partner = k;
		break;
	}
	mpz_clears(n, other, NULL);
	return good;
}

static bool tell_sharing(struct search *s)
{
	size_t left = PAIRS_MOST, partner;

	for (size_t i = 0; s->sharing_count > 1 && i < s->sharing_count; i++) {
		uint32_t record = moduli_record(s->moduli, s->sharing[i]), other;
		enum status status;

		if (!find_partner(s, i, &left, &partner))
			return false;
		other = moduli_record(s->moduli, s->sharing[partner]);
		status = record > other
				 ? s->order->found(s->order->context, record, other, s->error)
				 : STATUS_OK;
		if (status != STATUS_OK)
			return failed(s, status);
	}
	return true;
}

enum status primes_find_shared(struct moduli *m, const struct primes_order *order, struct error *e)
{
	struct search s = {.moduli = m, .order = order, .error = e};
	enum status status = moduli_make_distinct(m, e);
	bool good;

	if (status != STATUS_OK || moduli_count(m) < 2)
		return status;
	good = make_blocks(&s);
	s.all_steps = s.block_count * (TREE_STEPS / 2 * 2);
	good = good && make_couples(&s);
	for (size_t i = 0; good && i < s.block_count; i++)
		good = search_block(&s, &s.blocks[i]);
	good = good && tell_sharing(&s);
	free(s.blocks);
	free(s.couples);
	free(s.sharing);
	return good ? STATUS_OK : s.status;
}
