#include "audit/relation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"

struct relating {
	struct estate *estate;
	const struct relation_order *order;
	struct error *error;
	size_t first, last; /* findings about serial numbers that meet */
};

static enum status say(struct relating *r, enum audit_rule rule, uint32_t record, uint32_t other,
		       const char *format, ...) PRINTF_LIKE(5, 6);

static enum status say(struct relating *r, enum audit_rule rule, uint32_t record, uint32_t other,
		       const char *format, ...)
{
	char words[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	return findings_say(&r->estate->findings, &audit_rules[rule], record, other, NULL, r->error,
			    "%s", words);
}

/* --- groups of records that share something --------------------------------------------------- */

typedef uint64_t key_of(const struct audit_record *r);
/* One group of two or more, in the order in which they were seen. */
typedef enum status group_judge(struct relating *r, const uint32_t *group, size_t count);

static uint64_t key_spki(const struct audit_record *r)
{
	return r->spki;
}

static uint64_t key_serial(const struct audit_record *r)
{
	return r->serial;
}

static uint64_t key_subject(const struct audit_record *r)
{
	return r->flags & RECORD_CA ? r->subject : 0;
}

static uint64_t key_ski(const struct audit_record *r)
{
	return r->ski;
}

/* What qsort_r() compares by. Indexes, not pairs: of a million, each octet counts. */
struct order {
	const struct audit_record *records;
	key_of *key;
};

static int by_key(const void *a, const void *b, void *context)
{
	const struct order *o = context;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	uint64_t x = o->key(&o->records[i]), y = o->key(&o->records[k]);

	if (x != y)
		return x < y ? -1 : 1;
	return i < k ? -1 : i > k;
}

/*
 * The places of those whose key another one may have: where more than one falls onto a bit. That leaves
 * few to be sorted.
 */
static bool find_shared(const struct estate *t, key_of *key, uint32_t *out, size_t *count)
{
	size_t bits = 1024;
	unsigned char *once, *twice;

	while (bits < (size_t)t->count * 8)
		bits *= 2;
	once = calloc(bits / 8, 1);
	twice = calloc(bits / 8, 1);
	for (uint32_t i = 0; once && twice && i < t->count; i++) {
		uint64_t at = key(&t->records[i]) & (bits - 1);

		twice[at / 8] |= (unsigned char)(once[at / 8] & 1u << at % 8);
		once[at / 8] |= (unsigned char)(1u << at % 8);
	}
	*count = 0;
	for (uint32_t i = 0; once && twice && i < t->count; i++) {
		uint64_t value = key(&t->records[i]), at = value & (bits - 1);

		if (value && (twice[at / 8] >> at % 8 & 1))
			out[(*count)++] = i;
	}
	free(once);
	free(twice);
	return once && twice;
}

static enum status each_group(struct relating *r, key_of *key, group_judge *judge)
{
	const struct estate *t = r->estate;
	struct order order = {t->records, key};
	uint32_t *sorted = malloc(((size_t)t->count + 1) * sizeof *sorted);
	size_t count = 0;
	enum status s = STATUS_OK;

	if (!sorted || !find_shared(t, key, sorted, &count))
		s = error_memory(r->error);
	if (s == STATUS_OK && count)
		qsort_r(sorted, count, sizeof *sorted, by_key, &order);
	for (size_t i = 0, end; s == STATUS_OK && i < count; i = end) {
		uint64_t shared = key(&t->records[sorted[i]]);

		for (end = i + 1; end < count && key(&t->records[sorted[end]]) == shared; end++)
			;
		if (end - i > 1)
			s = judge(r, sorted + i, end - i);
	}
	free(sorted);
	return s;
}

static const struct audit_record *at(const struct relating *r, uint32_t record)
{
	return &r->estate->records[record];
}

static enum status judge_same_key(struct relating *r, const uint32_t *group, size_t count)
{
	uint32_t zia = RECORD_NONE, zpa = RECORD_NONE, other = RECORD_NONE;

	for (size_t i = 0; i < count; i++) {
		if ((at(r, group[i])->flags & RECORD_PORTAL_ZIA) && zia == RECORD_NONE)
			zia = group[i];
		if ((at(r, group[i])->flags & RECORD_PORTAL_ZPA) && zpa == RECORD_NONE)
			zpa = group[i];
		/* Renewed and cross certificates keep their subject. */
		if (at(r, group[i])->subject != at(r, group[0])->subject && other == RECORD_NONE)
			other = group[i];
	}
	if (zia != RECORD_NONE && zpa != RECORD_NONE)
		return say(r, AUDIT_two_portals, zia > zpa ? zia : zpa, zia > zpa ? zpa : zia,
			   "its key was certified for the other portal too");
	if (other != RECORD_NONE)
		return say(r, AUDIT_key_several, other, group[0],
			   "its key is in %zu certificates, under more than one name", count);
	return STATUS_OK;
}

static bool same_issuer(const struct relating *r, uint32_t a, uint32_t b)
{
	uint32_t x = at(r, a)->issuer_record, y = at(r, b)->issuer_record;

	return x == y || (x != RECORD_NONE && y != RECORD_NONE && at(r, x)->spki == at(r, y)->spki);
}

/* A record of the store first, so that it is the other one that is told of. */
static enum status judge_same_serial(struct relating *r, const uint32_t *group, size_t count)
{
	uint32_t first = group[0];

	for (size_t i = 0; i < count; i++)
		if (at(r, group[i])->flags & RECORD_IN_STORE) {
			first = group[i];
			break;
		}
	for (size_t i = 0; i < count; i++) {
		bool in_store = at(r, first)->flags & RECORD_IN_STORE;
		enum status s;

		if (group[i] == first || !same_issuer(r, group[i], first))
			continue;
		s = say(r, in_store ? AUDIT_serial_other_bytes : AUDIT_serial_reused, group[i],
			first,
			in_store ? "the store has another certificate under its serial number"
				 : "another certificate of its issuer has its serial number");
		if (s != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

static bool overlap(const struct audit_record *a, const struct audit_record *b)
{
	return a->not_before <= b->not_after && b->not_before <= a->not_after;
}

static enum status judge_same_subject(struct relating *r, const uint32_t *group, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct audit_record *a = at(r, group[0]), *b = at(r, group[i]);

		if (a->spki != b->spki && overlap(a, b) &&
		    !((a->flags | b->flags) & (RECORD_REVOKED | RECORD_BAD_SIGNATURE)))
			return say(r, AUDIT_subject_conflict, group[i], group[0],
				   "a CA with the same name has another key at the same time");
	}
	return STATUS_OK;
}

static enum status judge_same_ski(struct relating *r, const uint32_t *group, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (at(r, group[0])->spki != at(r, group[i])->spki)
			return say(r, AUDIT_ski_conflict, group[i], group[0],
				   "its subjectKeyIdentifier stands for another key too");
	return STATUS_OK;
}

/* --- one certificate and its chain ------------------------------------------------------------ */

static enum status judge_life(struct relating *r, uint32_t i)
{
	const struct audit_record *c = at(r, i);
	char child[DATETIME_SIZE], issuer[DATETIME_SIZE];

	if (c->issuer_record == RECORD_NONE || c->issuer_record == i ||
	    c->not_after <= at(r, c->issuer_record)->not_after)
		return STATUS_OK;
	datetime_format(c->not_after, child);
	datetime_format(at(r, c->issuer_record)->not_after, issuer);
	return say(r, AUDIT_outlives_issuer, i, c->issuer_record,
		   "it ends at %s, after its issuer, at %s", child, issuer);
}

/* The first above that grants no CA here; RECORD_NONE: all do. */
static uint32_t path_breaker(const struct relating *r, uint32_t i)
{
	int below = 1; /* CAs from here to there that are not self-issued (RFC 5280 4.2.1.9) */
	uint32_t above = at(r, i)->issuer_record;

	for (int depth = 0; depth < CHAIN_MAX && above != RECORD_NONE && above != i; depth++) {
		const struct audit_record *a = at(r, above);

		if (a->path_length != PATH_LENGTH_NONE && below > a->path_length)
			return above;
		below += !(a->flags & RECORD_SELF_ISSUED);
		if (a->issuer_record == above)
			break;
		above = a->issuer_record;
	}
	return RECORD_NONE;
}

static enum status judge_path(struct relating *r, uint32_t i)
{
	const struct audit_record *c = at(r, i);
	uint32_t breaker;

	if (!(c->flags & RECORD_CA) || (c->flags & RECORD_SELF_ISSUED) ||
	    c->issuer_record == RECORD_NONE)
		return STATUS_OK;
	breaker = path_breaker(r, i);
	/* Below what is told of already, all are wrong. */
	if (breaker == RECORD_NONE ||
	    (c->issuer_record != breaker && path_breaker(r, c->issuer_record) == breaker))
		return STATUS_OK;
	return say(r, AUDIT_path_length, i, breaker,
		   "it is a CA deeper than the path length %d above it allows",
		   at(r, breaker)->path_length);
}

static enum status judge_record(struct relating *r, uint32_t i)
{
	const struct audit_record *c = at(r, i);
	char end[DATETIME_SIZE];

	if (r->order->has_ledger && (c->flags & RECORD_OF_CA) &&
	    !(c->flags & (RECORD_IN_STORE | RECORD_INDEXED)) && i != r->order->authority)
		return say(r, AUDIT_rogue, i, RECORD_NONE,
			   "this CA's key signed it, and the record does not know it");
	if (r->order->has_files && (c->flags & RECORD_IN_STORE) && !(c->flags & RECORD_IN_FILE) &&
	    !(c->flags & RECORD_REVOKED) && c->not_after >= r->order->now)
		return say(r, AUDIT_file_missing, i, RECORD_NONE,
			   "no file that was examined has it");
	if (c->not_after < r->order->now || c->not_after >= r->order->expiring_before ||
	    (c->flags & RECORD_REVOKED))
		return STATUS_OK;
	datetime_format(c->not_after, end);
	return say(r, AUDIT_expiring, i, RECORD_NONE, "it ends at %s, in %" PRId64 " days", end,
		   (c->not_after - r->order->now) / SECONDS_PER_DAY);
}

/* What the same serial number tells of is not told as unknown again. */
static bool has_other_bytes(const struct relating *r, uint32_t i)
{
	const struct audit_findings *f = &r->estate->findings;

	for (size_t k = r->first; k < r->last; k++)
		if (f->items[k].record == i &&
		    f->items[k].rule == &audit_rules[AUDIT_serial_other_bytes])
			return true;
	return false;
}

enum status relations_judge(struct estate *t, const struct relation_order *order, struct error *e)
{
	struct relating r = {t, order, e, t->findings.count, 0};
	enum status s = each_group(&r, key_serial, judge_same_serial);

	r.last = t->findings.count;
	for (uint32_t i = 0; s == STATUS_OK && i < t->count; i++)
		if ((at(&r, i)->flags & RECORD_IN_STORE) || !has_other_bytes(&r, i))
			s = judge_record(&r, i);
	if (s == STATUS_OK)
		s = each_group(&r, key_spki, judge_same_key);
	if (s == STATUS_OK)
		s = each_group(&r, key_subject, judge_same_subject);
	if (s == STATUS_OK)
		s = each_group(&r, key_ski, judge_same_ski);
	for (uint32_t i = 0; s == STATUS_OK && i < t->count; i++) {
		s = judge_life(&r, i);
		if (s == STATUS_OK)
			s = judge_path(&r, i);
	}
	return s;
}
