/*
 * An audit: reads a CA's folder, its store and whatever else lies in the folders that are given,
 * needs no key, and writes nothing. What it found is reported by audit/report.h.
 */
#ifndef SUBCA_AUDIT_AUDIT_H
#define SUBCA_AUDIT_AUDIT_H

#include "audit/crl.h"
#include "audit/index.h"
#include "audit/ledger.h"
#include "audit/policy.h"
#include "audit/primes.h"

/* What is asked for; all borrowed. */
struct audit_order {
	const char *directory; /* the CA's folder; NULL: none */
	bool directory_given;  /* else it is audited only if a CA is there */
	const char *openssl;   /* the folder of an openssl ca or easy-rsa; NULL: none */
	const char *const *paths;
	size_t path_count;
	const char *const *checkpoints; /* ends with NULL */
	const char *policy;		/* a file; NULL: none */
	int64_t now;
	int64_t since;	       /* only what became valid then or later; 0: all */
	int expiring_days;     /* what ends within so many is told; 0: nothing */
	unsigned threads;      /* 0: as many as cores */
	size_t cache_most;     /* octets of certificates that are held; 0: as many as are good */
	bool shared_primes;    /* among any number of moduli */
	bool no_shared_primes; /* among none */
	/* What is done of all, 0 where that is not known; what is a literal. May be NULL. */
	void (*progress)(void *context, const char *what, uint64_t done, uint64_t all);
	void *progress_context;
};

/* A certificate in words, for those that a report names. */
struct audit_label {
	uint32_t record;
	char *subject, *issuer, *serial; /* serial in hexadecimal */
	char key[24];
	unsigned char sha256[SHA256_SIZE];
};

/* So many certificates are listed; of more only those that matter are named. */
#define LABELS_MAX 20000

struct weak_keys;

struct audit {
	const struct audit_order *order;
	struct authority *authority; /* NULL: no CA of subca is audited */
	struct estate estate;
	struct audit_issuers issuers;
	struct audit_crls crls;
	struct drift drift;
	struct ledger ledger;
	struct audit_index index;
	struct audit_policy policy;
	struct weak_keys *weak_keys; /* NULL: there is no list */
	bool has_ledger;
	uint32_t authority_record; /* RECORD_NONE: no CA is audited */
	uint64_t authority_key;
	struct moduli *moduli; /* NULL: none yet */
	size_t moduli_seen;
	char moduli_problem[420];   /* why they are not all there; empty: they are */
	struct audit_label *labels; /* by record */
	size_t label_count;
	bool lists_all; /* labels has every certificate */
	size_t found[SEVERITY_ERROR + 1], accepted, before_since;
	unsigned threads;
};

/* STATUS_NOT_FOUND where there is nothing to audit. Every other fault of the estate is a finding. */
MUST_CHECK enum status audit_run(const struct audit_order *order, struct audit **out,
				 struct error *e);
void audit_free(struct audit *a);
/* Tells order->progress, if anybody asked for it. */
void audit_progress(const struct audit *a, const char *what, uint64_t done, uint64_t all);
/* NULL where it has no label. */
const struct audit_label *audit_label_find(const struct audit *a, uint32_t record);

/* audit/again.c: each certificate once more, by record; wanted: a bit for each, NULL: all. */
typedef enum status audit_visit(void *context, uint32_t record, struct span der, struct error *e);
MUST_CHECK enum status audit_each(struct audit *a, const unsigned char *wanted, audit_visit *visit,
				  void *context, struct error *e);

static inline bool audit_bit(const unsigned char *bits, uint32_t record)
{
	return !bits || (bits[record / 8] >> record % 8 & 1);
}

static inline void audit_set_bit(unsigned char *bits, uint32_t record)
{
	bits[record / 8] |= (unsigned char)(1u << record % 8);
}

/* Fills labels. */
MUST_CHECK enum status audit_describe(struct audit *a, struct error *e);

#endif
