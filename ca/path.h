/*
 * Is there a path from a certificate up to a root that is trusted, and would a strict verifier take
 * it? OpenSSL builds the path and judges it by RFC 5280 6; rules of our own judge each link for what
 * OpenSSL leaves out, and say which link is at fault and why. Nothing here needs a CA.
 */
#ifndef SUBCA_CA_PATH_H
#define SUBCA_CA_PATH_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/finding.h"

/* Certificates above which no path is followed; nobody's chain has more. */
#define PATH_MAX_LINKS 32
/* A link's tag where the certificate is the one that was asked about. */
#define PATH_LEAF SIZE_MAX

/* How much is asked of a path. */
enum path_level {
	PATH_STRICT,  /* all rules, and lint of every certificate against the one that signed it */
	PATH_RFC5280, /* RFC 5280 6.1 and 6.3 alone */
};

/* What the certificate is to be used for. */
enum path_purpose { PATH_ANY, PATH_CA, PATH_SERVER, PATH_CLIENT, PATH_EMAIL };

/* All zero, but for the time, is what most want. */
struct path_options {
	int64_t time; /* seconds since 1970 at which the path is to be valid */
	enum path_level level;
	enum path_purpose purpose;
	const char
		*host; /* a DNS name or an IP address that the certificate must be for; or NULL */
	bool crl_required; /* a certificate without a CRL is an error: else a notice, if any CRL is
			      given, and nothing if none */
	/* RFC 5280 6.1.1 (c), (e), (f), (g). */
	const char *const *policies; /* dotted OIDs; ends with NULL; NULL: any-policy */
	bool explicit_policy, inhibit_policy_mapping, inhibit_any_policy;
};

/* --- what a path may be built from ------------------------------------------------------------ */

struct path_pool;

MUST_CHECK enum status path_pool_new(struct path_pool **out, struct error *e);
void path_pool_free(struct path_pool *p);
/*
 * A trusted certificate (any may be an anchor, as in RFC 5280 6.1.1 (d)), one that may stand in
 * between, a CRL. Copied. The tag comes back with a link. STATUS_INPUT where der is none.
 */
MUST_CHECK enum status path_pool_add_root(struct path_pool *p, struct span der, size_t tag,
					  struct error *e);
MUST_CHECK enum status path_pool_add_certificate(struct path_pool *p, struct span der, size_t tag,
						 struct error *e);
MUST_CHECK enum status path_pool_add_crl(struct path_pool *p, struct span der, struct error *e);
/* How many certificates it has, and back to so many: for those that come along with one leaf. */
size_t path_pool_count(const struct path_pool *p);
void path_pool_cut(struct path_pool *p, size_t count);

/* --- the path --------------------------------------------------------------------------------- */

struct path_link {
	X509 *certificate; /* owned by the path */
	size_t tag;
	bool anchor; /* trusted: one of the pool's roots; the last link of a complete path */
	struct findings findings;
};

/* The certificate asked about first. Owns what is in it. Starts as all zero. */
struct path {
	struct path_link *links;
	size_t count;
	bool complete; /* ends in an anchor */
};

/*
 * The path of one certificate (DER), at least itself. What is wrong with it is findings at the link
 * that is to blame; where several paths can be built, a good one if there is one. STATUS_INPUT
 * where leaf is no certificate, STATUS_USAGE where a policy is no OID.
 */
MUST_CHECK enum status path_check(const struct path_pool *pool, struct span leaf,
				  const struct path_options *o, struct path *out, struct error *e);
/* Complete, and no finding is an error. */
bool path_is_good(const struct path *p);
/* The first error from the leaf upwards, and its link. NULL where there is none. */
const struct finding *path_first_error(const struct path *p, size_t *link);
void path_free(struct path *p);

/* --- files ------------------------------------------------------------------------------------ */

/* What a file holds, in its order: a chain, or roots that somebody is to trust. */
struct path_file {
	bool is_bundle;
	bool unordered; /* a p7b, whose order says nothing */
	X509 *const *certificates;
	size_t count;
	X509 *leaf; /* of a chain: what it is for; NULL: the lowest in it */
	int64_t time;
};

/* Order, duplicates, gaps, what does not belong there. Signatures are the path's to check. */
MUST_CHECK enum status path_file_check(const struct path_file *file, struct findings *findings,
				       struct error *e);
enum path_file_kind { PATH_FILE_CHAIN, PATH_FILE_BUNDLE, PATH_FILE_COLLECTION };
/*
 * What a file is where nobody says. A bundle: most are self-issued. A chain: at most 16, half of
 * them CAs, and one issued another. Else a collection, which no rule for files judges.
 */
enum path_file_kind path_file_recognise(X509 *const *certificates, size_t count);
/* Whether it is named as the CAs are that a Zscaler service edge replaces every week. */
bool path_is_weekly_ca(const X509 *x);

/* --- the rules -------------------------------------------------------------------------------- */

/* What a rule of the path applies to, as bits. */
enum path_applies {
	PATH_RULE_PATH = 1,   /* a path */
	PATH_RULE_STRICT = 2, /* a path, PATH_STRICT */
	PATH_RULE_CHAIN = 4,  /* a file with a chain */
	PATH_RULE_BUNDLE = 8, /* a file with roots */
};

/* Each id once, in a stable order. */
const struct rule *path_rules(size_t *count);
/* The bits of the rule at a place in path_rules(). */
unsigned path_rule_applies(size_t at);

#endif
