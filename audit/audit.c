#include "audit/audit.h"

#include <stdlib.h>
#include <string.h>

#include "audit/examine.h"
#include "audit/pool.h"
#include "audit/relation.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/memory.h"
#include "csr/key.h"

void audit_free(struct audit *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->label_count; i++) {
		free(a->labels[i].subject);
		free(a->labels[i].issuer);
		free(a->labels[i].serial);
	}
	free(a->labels);
	moduli_free(a->moduli);
	policy_free(&a->policy);
	weak_keys_free(a->weak_keys);
	audit_index_free(&a->index);
	crls_free(&a->crls);
	issuers_free(&a->issuers);
	drift_free(&a->drift);
	estate_free(&a->estate);
	authority_free(a->authority);
	free(a);
}

void audit_progress(const struct audit *a, const char *what, uint64_t done, uint64_t all)
{
	if (a->order->progress)
		a->order->progress(a->order->progress_context, what, done, all);
}

/* --- each certificate ------------------------------------------------------------------------- */

struct judging {
	struct audit *audit;
	struct audit_pool *pool;
	uint64_t done;
};

static void note_problem(struct audit *a, const struct error *problem)
{
	snprintf(a->moduli_problem, sizeof a->moduli_problem, "%.100s%s%.200s%s%.100s%s",
		 problem->where, problem->where[0] ? ": " : "", problem->what,
		 problem->detail[0] ? " (" : "", problem->detail, problem->detail[0] ? ")" : "");
}

/* That they find no room does not stop the audit. */
static enum status keep_modulus(struct audit *a, const struct judged *j, struct error *e)
{
	struct error problem = {0};

	a->moduli_seen++;
	if (!a->moduli && moduli_new(&a->moduli, e) != STATUS_OK)
		return error_status(e);
	if (a->moduli_problem[0] ||
	    (!a->order->shared_primes && moduli_count(a->moduli) == PRIMES_MODULI_MAX))
		return STATUS_OK;
	if (moduli_add(a->moduli, span_of(&j->modulus), j->record, &problem) != STATUS_OK)
		note_problem(a, &problem);
	return STATUS_OK;
}

static enum status merge(void *context, struct judged *j, struct error *e)
{
	struct judging *g = context;
	struct audit *a = g->audit;
	struct audit_record *r = &a->estate.records[j->record];

	r->flags |= (uint16_t)j->flags;
	r->issuer_record = j->issuer_record;
	if (g->done++ % 256 == 0)
		audit_progress(a, "Judging", g->done, a->estate.count);
	return j->modulus.len ? keep_modulus(a, j, e) : STATUS_OK;
}

static enum status hand_in(void *context, uint32_t record, struct span der, struct error *e)
{
	struct judging *g = context;
	const struct audit_record *r = &g->audit->estate.records[record];

	return pool_add(g->pool, der, record, r->flags, r->profile, e);
}

static enum status judge_each(struct audit *a, struct error *e)
{
	const struct judge_order order = {
		.issuers = &a->issuers,
		.drift = a->authority ? &a->drift : NULL,
		.authority_key = a->authority_key,
		.keep_moduli = !a->order->no_shared_primes,
		.weak_keys = a->weak_keys,
	};
	struct judging g = {.audit = a};
	enum status s = pool_begin(&order, a->order->threads, &a->estate.findings, merge, &g,
				   &g.pool, e);

	if (s != STATUS_OK)
		return s;
	a->threads = pool_threads(g.pool);
	s = audit_each(a, NULL, hand_in, &g, e);
	return pool_end(g.pool, s, e);
}

/* --- all of them ------------------------------------------------------------------------------ */

static void tell_primes(void *context, uint64_t done, uint64_t all)
{
	audit_progress(context, "Shared primes", done, all);
}

static enum status say_shared(void *context, uint32_t record, uint32_t other, struct error *e)
{
	struct audit *a = context;

	return findings_say(&a->estate.findings, &audit_rules[AUDIT_shared_prime], record, other,
			    NULL, e, "its RSA modulus shares a prime with another key");
}

static enum status judge_primes(struct audit *a, struct error *e)
{
	const struct primes_order order = {.tell = tell_primes, .found = say_shared, .context = a};
	struct error problem = {0};

	if (a->order->no_shared_primes)
		snprintf(a->moduli_problem, sizeof a->moduli_problem,
			 "--no-shared-primes leaves them out");
	else if (!a->moduli_problem[0] && a->moduli && a->moduli_seen > moduli_count(a->moduli))
		snprintf(a->moduli_problem, sizeof a->moduli_problem,
			 "more than %d of them: --shared-primes looks among all, which takes long",
			 PRIMES_MODULI_MAX);
	else if (!a->moduli_problem[0] && a->moduli &&
		 primes_find_shared(a->moduli, &order, &problem) != STATUS_OK)
		note_problem(a, &problem);
	moduli_free(a->moduli);
	a->moduli = NULL;
	return a->moduli_problem[0] ? estate_add_unread(&a->estate, "primes that RSA moduli share",
							a->moduli_problem, e)
				    : STATUS_OK;
}

static void tell_rows(void *context, uint64_t done, uint64_t all)
{
	audit_progress(context, "Journal", done, all);
}

static enum status judge_ledger(struct audit *a, struct error *e)
{
	char *path = path_join(a->order->directory, AUTHORITY_STORE);
	const struct ledger_order o = {
		.now = a->order->now,
		.store = authority_store(a->authority),
		.path = path,
		.authority = authority_certificate(a->authority),
		.checkpoints = a->order->checkpoints,
		.tell = tell_rows,
		.context = a,
	};
	enum status s = path ? ledger_journal(&o, &a->estate, &a->ledger, e) : error_memory(e);

	free(path);
	return s;
}

/* The CA's list, or that of the environment. Without the one it names, it is said what was not done. */
static enum status read_weak_keys(struct audit *a, struct error *e)
{
	struct error why = {0};
	enum status s = a->authority ? authority_weak_keys(a->authority, &a->weak_keys, &why)
				     : weak_keys_from_environment(&a->weak_keys, &why);

	if (s == STATUS_OK)
		return STATUS_OK;
	return estate_add_unread(&a->estate, *why.where ? why.where : "the list of weak keys",
				 why.what, e);
}

static enum status judge_all(struct audit *a, struct error *e)
{
	const struct crl_order crl = {a->order->now, a->authority_key, a->has_ledger};
	const struct relation_order relation = {
		.now = a->order->now,
		.expiring_before = a->order->expiring_days
					   ? a->order->now +
						     a->order->expiring_days * SECONDS_PER_DAY
					   : 0,
		.has_ledger = a->has_ledger,
		.has_files = a->order->path_count > 0,
		.authority = a->authority_record,
	};
	enum status s = read_weak_keys(a, e);

	if (s == STATUS_OK)
		s = judge_each(a, e);
	if (s == STATUS_OK)
		s = judge_primes(a, e);
	if (s == STATUS_OK)
		s = audit_reconcile_index(a, e);
	if (s == STATUS_OK && a->authority && a->has_ledger)
		s = judge_ledger(a, e);
	if (s == STATUS_OK)
		s = crls_judge(&a->crls, &a->estate, &a->issuers, &crl, e);
	return s == STATUS_OK ? relations_judge(&a->estate, &relation, e) : s;
}

/* --- the order of a report -------------------------------------------------------------------- */

static size_t place(const struct rule *rule)
{
	return rule >= audit_rules && rule < audit_rules + AUDIT_RULES
		       ? (size_t)(rule - audit_rules)
		       : AUDIT_RULES;
}

static int by_weight(const void *a, const void *b)
{
	const struct audit_finding *x = a, *y = b;
	size_t place_x = place(x->rule), place_y = place(y->rule);
	int id;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (place_x != place_y)
		return place_x < place_y ? -1 : 1;
	id = strcmp(x->rule->id, y->rule->id);
	if (id != 0)
		return id;
	if (x->record != y->record)
		return x->record < y->record ? -1 : 1;
	return strcmp(x->message, y->message);
}

/* Leaves out what is about certificates from before. */
static void apply_since(struct audit *a)
{
	struct audit_findings *f = &a->estate.findings;
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		struct audit_finding *x = &f->items[i];

		if (x->record != RECORD_NONE &&
		    a->estate.records[x->record].not_before < a->order->since) {
			a->before_since++;
			free(x->where);
			free(x->message);
			continue;
		}
		f->items[kept++] = *x;
	}
	f->count = kept;
}

static void apply_policy(struct audit *a)
{
	struct audit_findings *f = &a->estate.findings;

	for (size_t i = 0; i < f->count; i++) {
		struct audit_finding *x = &f->items[i];
		const struct audit_label *l = audit_label_find(a, x->record);

		x->accepted = policy_accepts(&a->policy, x->rule->id, l ? l->serial : NULL,
					     x->where, a->order->now);
		if (x->accepted)
			a->accepted++;
		else
			a->found[x->severity]++;
	}
	/* Of what was too much to be kept nothing can be accepted. */
	for (size_t i = 0; i < f->rule_count; i++)
		a->found[f->rules[i].rule->severity] += f->rules[i].count - f->rules[i].kept;
}

static enum status run(struct audit *a, struct error *e)
{
	enum status s = STATUS_OK;

	if (a->order->policy)
		s = policy_read(a->order->policy, &a->policy, e);
	if (s == STATUS_OK)
		s = audit_examine(a, e);
	if (s == STATUS_OK && a->estate.source_count == 0 && a->estate.unread_count == 0)
		s = error_set(e, STATUS_NOT_FOUND, a->order->directory,
			      "name a CA with -C DIR, or files and folders",
			      "there is nothing to audit");
	if (s == STATUS_OK)
		s = audit_find_issuers(a, e);
	if (s == STATUS_OK)
		s = judge_all(a, e);
	if (s != STATUS_OK)
		return s;
	if (a->order->since)
		apply_since(a);
	if (a->estate.findings.count)
		qsort(a->estate.findings.items, a->estate.findings.count,
		      sizeof *a->estate.findings.items, by_weight);
	s = audit_describe(a, e);
	if (s == STATUS_OK)
		apply_policy(a);
	return s;
}

enum status audit_run(const struct audit_order *order, struct audit **out, struct error *e)
{
	struct audit *a = calloc(1, sizeof *a);
	enum status s;

	if (!a)
		return error_memory(e);
	a->order = order;
	a->estate.cache_most = order->cache_most;
	a->authority_record = RECORD_NONE;
	s = run(a, e);
	/* An audit accuses nobody for want of memory, and finds nobody in order. */
	if (s == STATUS_OK && memory_ran_out())
		s = error_memory(e);
	if (s == STATUS_OK)
		*out = a;
	else
		audit_free(a);
	return s;
}
