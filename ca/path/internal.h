/*
 * What the parts of the path check share. Private to ca/path/.
 */
#ifndef SUBCA_CA_PATH_INTERNAL_H
#define SUBCA_CA_PATH_INTERNAL_H

#include <openssl/x509v3.h>

#include "ca/lint/report.h"
#include "ca/path.h"

struct path_member {
	X509 *certificate;
	struct bytes der;
	size_t tag;
	bool root;
};

struct path_pool {
	struct path_member *members;
	size_t count;
	STACK_OF(X509_CRL) *crls;
};

/* A few for each link; past this a path made to cost memory says nothing new. */
#define PATH_VERDICTS_MAX 256

/* One thing that OpenSSL refused. */
struct path_verdict {
	int code; /* X509_V_ERR_… */
	size_t link;
	char detail[160]; /* which CRL, or "" */
	bool told;	  /* a rule has taken it up */
	bool dismissed;	  /* on purpose, without a finding */
};

/* A path with what OpenSSL says of it; what rules look at. */
struct path_subject {
	const struct path_pool *pool;
	const struct path_options *options;
	struct path path;
	struct path_verdict *verdicts;
	size_t verdict_count;
};

typedef void path_rule(struct path_subject *s, struct lint_report *report);

/* The certificates of a file in its order, and the one that it is the chain of, or NULL. */
struct path_file_subject {
	X509 *const *certificates;
	size_t count;
	X509 *leaf;
	bool unordered;
	int64_t time;
	/* The places of those on the path from the first certificate, or the leaf, upwards. */
	size_t path[PATH_MAX_LINKS], path_count;
};

typedef void path_file_rule(const struct path_file_subject *s, struct lint_report *report);

/* ca/path/build.c: the path as OpenSSL builds it without the members left out (by place, may be
   NULL), with what it refuses. */
MUST_CHECK enum status path_build(const struct path_pool *pool, const bool *left_out, X509 *leaf,
				  const struct path_options *o, struct path_subject *out,
				  struct error *e);
void path_subject_free(struct path_subject *s);

/* ca/path/pool.c */
MUST_CHECK enum status path_read_certificate(struct span der, X509 **out, struct error *e);
/* NULL where x is not in the pool. */
const struct path_member *path_pool_find(const struct path_pool *p, const X509 *x);

/* ca/path/link.c: a finding at a link. */
void path_say(struct path_subject *s, size_t link, struct lint_report *report, const char *where,
	      const char *format, ...) PRINTF_LIKE(5, 6);
/*
 * The next verdict of one of these codes (ends with X509_V_OK) from *at on, marked as told; NULL
 * after the last.
 */
struct path_verdict *path_verdict_next(struct path_subject *s, const int *codes, size_t *at);
/* Marks them all as told: the rule says it better. Where it then says nothing, they are not told. */
void path_verdicts_told(struct path_subject *s, const int *codes);
bool path_is_self_issued(X509 *x);
/* Its own key signed it, as far as names and key identifiers say. */
bool path_is_self_signed(X509 *x);
bool path_names_issuer(X509 *child, X509 *issuer);
/* The certificate's subject in words, escaped; freed by the caller with text_free(). */
struct text path_subject_text(const X509 *x);

/* ca/path/path.c: every rule with one of these bits. */
void path_file_run(const struct path_file_subject *s, unsigned applies, struct lint_report *report);

/* Each rule. */
#define RULE(id, severity, applies, reference, why, todo) path_rule id;
#include "ca/path/rules.h"
#undef RULE
#define RULE(id, severity, applies, reference, why, todo) path_file_rule path_file_##id;
#include "ca/path/file_rules.h"
#undef RULE

#endif
