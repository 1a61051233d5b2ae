/*
 * A profile: what a certificate of one kind must be, read from a libconfig file and validated
 * whole: every key known, every type and range checked, so that a misspelt word cannot quietly
 * become a default. A profile that extends another starts from it and replaces what it names.
 */
#ifndef SUBCA_CA_PROFILE_H
#define SUBCA_CA_PROFILE_H

#include <stdint.h>

#include "base/bytes.h"

#define PROFILE_NAME_MAX 32
#define PROFILE_ATTRIBUTES 16
#define PROFILE_PURPOSES 16
#define PROFILE_POLICIES 8
#define PROFILE_PATH_LENGTH_NONE (-1)

enum profile_kind { PROFILE_ROOT, PROFILE_INTERMEDIATE, PROFILE_LEAF };

/* What is asked of one attribute of the subject. */
enum subject_rule {
	SUBJECT_OPTIONAL,  /* kept where it is there */
	SUBJECT_SUPPLIED,  /* must be there */
	SUBJECT_MATCH,	   /* must be there and equal the issuer's (RFC 5280 7.1) */
	SUBJECT_FORBIDDEN, /* must not be there */
};

struct subject_policy {
	int nid;
	enum subject_rule rule;
};

enum san_rule {
	SAN_NONE,     /* never in the certificate */
	SAN_OPTIONAL, /* copied from the request where it is there */
	SAN_REQUIRED, /* must be in the request, and is copied */
};

struct profile {
	char name[PROFILE_NAME_MAX + 1];
	char *file; /* where it was read from */
	char *description;
	char portal[8]; /* "zia", "zpa" or "" */
	enum profile_kind kind;

	int days, max_days; /* days: when --days is not given */
	int backdate;	    /* seconds */

	int rsa_min, rsa_max; /* bits; 0, 0: no RSA */
	bool ec_p256, ec_p384, ed25519;
	char digest[8]; /* "sha256", "sha384", "sha512"; "" chooses by the CA key */

	bool basic_constraints_critical;
	int path_length; /* PROFILE_PATH_LENGTH_NONE: no limit; leaf profiles always so */
	bool key_usage_critical;
	unsigned key_usage;		/* KU_* of <openssl/x509v3.h> */
	int purposes[PROFILE_PURPOSES]; /* NIDs of extendedKeyUsage */
	size_t purpose_count;
	size_t policy_count;
	char *policies[PROFILE_POLICIES]; /* dotted OIDs */
	bool subject_key_identifier, authority_key_identifier;
	bool crl_distribution_points, authority_information_access;
	bool freshest_crl;  /* where the delta CRL is; only beside crl_distribution_points */
	bool ocsp_no_check; /* id-pkix-ocsp-nocheck: nobody asks OCSP about a responder */
	enum san_rule subject_alt_name;

	struct subject_policy subject[PROFILE_ATTRIBUTES];
	size_t subject_count;
	enum subject_rule subject_others; /* SUBJECT_OPTIONAL or SUBJECT_FORBIDDEN */
};

/* Where profiles are looked for, in this order; NULL entries are skipped. Borrowed strings. */
struct profile_path {
	const char *ca;	     /* DIR/profiles: a CA may override a shipped profile */
	const char *shipped; /* the templates folder */
};

/* The shipped templates: $SUBCA_TEMPLATES, else beside a build tree, else as installed. To be freed. */
MUST_CHECK enum status profile_shipped_folder(char **out, struct error *e);

/* STATUS_NOT_FOUND with the nearest name; STATUS_INPUT with file and line. */
MUST_CHECK enum status profile_load(const struct profile_path *path, const char *name,
				    struct profile **out, struct error *e);
/* A file by its own name, for "subca profile check FILE"; what it extends comes from path. */
MUST_CHECK enum status profile_load_file(const struct profile_path *path, const char *file,
					 struct profile **out, struct error *e);
void profile_free(struct profile *p);

typedef enum status profile_visit(void *context, const char *name, const char *file,
				  struct error *e);
/* Every profile there is, by name; one that is overridden comes once. */
MUST_CHECK enum status profile_each(const struct profile_path *path, profile_visit *visit,
				    void *context, struct error *e);

const char *profile_kind_name(enum profile_kind kind);
const char *subject_rule_name(enum subject_rule rule);

#endif
