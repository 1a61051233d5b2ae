/*
 * Moving in: what another tool's CA left, its certificates, key, index, serial, CRL numbers and
 * CRLs, becomes a CA of ours. Nothing of the old one is changed.
 *
 *     import_scan()    which files there are, and what is in them
 *     import_judge()   which certificate is the CA's, what belongs to it, what contradicts
 *     import_commit()  the new folder, under its name only when it is whole
 *
 * What is wrong is a finding, so that all of it is named in one run; with an error among the
 * findings nothing is written.
 */
#ifndef SUBCA_CA_IMPORT_H
#define SUBCA_CA_IMPORT_H

#include "base/finding.h"
#include "base/secret.h"
#include "ca/store.h"

#define IMPORT_FILE_MAX (64 * 1024 * 1024) /* octets; a CRL may be large */
#define IMPORT_DEPTH_MAX 8		   /* folders within folders */

/* "files": whatever is there, also without an index. */
enum import_kind { IMPORT_OPENSSL, IMPORT_EASY_RSA, IMPORT_FILES };

struct import_order {
	enum import_kind kind;
	const char *const *paths; /* folders, or files */
	size_t path_count;
	const char *certificate; /* which is the CA's; NULL: the one that fits */
	bool skip_foreign;	 /* leave out what another CA issued, instead of refusing */
	bool without_key;
	bool clock_ok; /* now may be behind what the old CA did last; the journal will say so */
	int64_t now;
	/* Told now and then, and at the end; total 0: not known. May be NULL. */
	void (*progress)(void *context, const char *what, int64_t done, int64_t total);
	void *context;
};

/* What was found; valid as long as the plan is. */
struct import_summary {
	const char *subject;	 /* of the CA; "" before import_judge() */
	const char *certificate; /* the file it was found in */
	const char *key;	 /* the file it was found in; NULL: none */
	bool key_locked; /* a key is there that could not be opened without its passphrase */
	int64_t not_after;
	int64_t index_rows;   /* lines of index.txt; -1: there is none */
	int64_t certificates; /* found, the CA's own and those above it not counted */
	int64_t issued, revoked;
	int64_t without_certificate; /* index lines whose certificate is not there */
	int64_t foreign;	     /* left out */
	int64_t crls;
	int64_t crl_number; /* the last one used; STORE_NO_CRL: none */
	unsigned char next_serial[SERIAL_MAX];
	size_t next_serial_len; /* 0: random ones */
};

struct import;

/* The order is borrowed until import_free(). STATUS_NOT_FOUND where the kind of CA is not there. */
MUST_CHECK enum status import_scan(const struct import_order *order, struct import **out,
				   struct findings *findings, struct error *e);
/* Whether a key or a PKCS#12 file is there that takes a passphrase. */
bool import_needs_secret(const struct import *in);
/* secret may be NULL. STATUS_KEY: it opens none of them. */
MUST_CHECK enum status import_judge(struct import *in, const struct secret *secret,
				    struct findings *findings, struct error *e);
const struct import_summary *import_summary(const struct import *in);
/* STATUS_EXISTS where something is at folder, unless it is an empty folder. */
MUST_CHECK enum status import_expect_new(const char *folder, struct error *e);
/* key: passphrase for the new key file; NULL leaves it unencrypted. */
MUST_CHECK enum status import_commit(struct import *in, const char *folder,
				     const struct secret *key, struct error *e);
void import_free(struct import *in);

#endif
