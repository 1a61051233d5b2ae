/* What the files of import share. Nobody else includes this. */
#ifndef SUBCA_CA_IMPORT_INTERNAL_H
#define SUBCA_CA_IMPORT_INTERNAL_H

#include <openssl/x509.h>

#include "ca/authority.h"
#include "ca/import.h"
#include "ca/import_index.h"

#define IMPORT_NOTES_MAX 50 /* findings of one rule; the rest is counted */

enum place {
	PLACE_UNKNOWN,
	PLACE_OWN,     /* the CA's certificate, also one it had before with the same key */
	PLACE_ABOVE,   /* its issuer, and so on */
	PLACE_ISSUED,  /* by it */
	PLACE_FOREIGN, /* by nobody of these */
};

struct found_certificate {
	char *file;
	struct bytes der;
	unsigned char serial[SERIAL_MAX];
	size_t serial_len;
	enum place place;
	bool authority; /* may sign others */
	bool in_index;	/* a line of the index stands for it */
};

struct found_key {
	char *file;
	struct bytes content; /* cleansed when freed */
	bool locked, exposed;
	bool expected; /* has a name that a CA's key has */
	bool tried;
	struct foreign_key *opened; /* NULL: not tried, or it could not be */
};

struct found_crl {
	char *file;
	X509_CRL *crl;
	bool own;	/* signed by this CA */
	int64_t number; /* STORE_NO_CRL: none */
	int64_t this_update;
	bool delta;
};

/* One number in a file, as serial and crlnumber are. */
struct found_number {
	char *file; /* NULL: not there */
	unsigned char octets[SERIAL_MAX];
	size_t len;
};

struct import {
	const struct import_order *order;
	char *folder; /* of the old CA; NULL for files */
	char *index;  /* NULL: none */
	struct found_number serial, crl_number;
	struct found_certificate *certificates;
	size_t certificate_count, certificate_room;
	struct found_key *keys;
	size_t key_count;
	struct found_crl *crls;
	size_t crl_count;
	size_t subfolder_authorities; /* passed over */

	X509 *authority; /* the CA's certificate, and of whom it is in certificates */
	size_t authority_at;
	size_t chain[CHAIN_MAX]; /* places in certificates: the CA first, its root last */
	size_t chain_count;
	const struct foreign_key *key; /* the CA's; NULL: none */
	const struct found_crl *last_crl;
	struct found_entry *revoked; /* of the last complete CRL, by serial */
	size_t revoked_count;
	unsigned char highest[SERIAL_MAX]; /* serial number of all that is known */
	size_t highest_len;
	int64_t last_act; /* when the old CA last revoked something or made a CRL; 0: not known */
	struct import_summary summary;
	char *subject;
	size_t *noted; /* per rule, see import_note() */
};

/* An entry of the last CRL. */
struct found_entry {
	unsigned char serial[SERIAL_MAX];
	size_t serial_len;
	struct store_revocation revocation;
	bool known; /* a line or a certificate stands for it */
};

/* --- ca/import_rules.c ------------------------------------------------------------------------ */

enum import_rule {
	RULE_DUPLICATE,
	RULE_FOREIGN,
	RULE_CRL_FOREIGN,
	RULE_SERIAL_REUSED,
	RULE_MISMATCH,
	RULE_CHAIN,
	RULE_CA_PURPOSE,
	RULE_NO_CERTIFICATE,
	RULE_NOT_IN_INDEX,
	RULE_REVOKED_BY_CRL,
	RULE_CRL_LACKS,
	RULE_CRL_UNKNOWN,
	RULE_NEXT_SERIAL,
	RULE_CRL_NUMBER,
	RULE_KEY_EXPOSED,
	RULE_KEY_MISSING,
	RULE_SERIAL_ZERO,
	RULE_HOLD_INSTRUCTION,
	RULE_UNREADABLE,
	RULE_SUBFOLDER,
	RULE_NUMBER_FILE,
	RULE_CLOCK,
	RULE_COUNT,
};

/* A finding, unless IMPORT_NOTES_MAX of its rule are there. */
MUST_CHECK enum status import_note(struct import *in, struct findings *f, enum import_rule rule,
				   const char *where, struct error *e, const char *format, ...)
	PRINTF_LIKE(6, 7);
/* Says of each rule how many were not told. */
MUST_CHECK enum status import_note_rest(struct import *in, struct findings *f, struct error *e);

/* --- ca/import_authority.c -------------------------------------------------------------------- */

/* Which certificate is the CA's. STATUS_INPUT with the candidates where that is not clear. */
MUST_CHECK enum status import_find_authority(struct import *in, struct findings *f,
					     struct error *e);
/* place of each certificate, the chain, own of each CRL. */
MUST_CHECK enum status import_place_all(struct import *in, struct findings *f, struct error *e);
/* Opens what can be opened without knowing the CA, and adds the certificates of PKCS#12 files. */
MUST_CHECK enum status import_open_keys(struct import *in, const struct secret *secret,
					struct findings *f, struct error *e);
/* The key, where one of those found is the CA's. STATUS_KEY: secret opens none. */
MUST_CHECK enum status import_find_key(struct import *in, const struct secret *secret,
				       struct findings *f, struct error *e);

/* --- ca/import_found.c ------------------------------------------------------------------------ */

/* Takes over nothing. One that is there already is not added again. */
MUST_CHECK enum status import_add_certificate(struct import *in, const char *file, X509 *x,
					      struct findings *f, struct error *e);
/* Sorts the certificates by serial, so that they can be found by it. */
void import_sort(struct import *in);
/* Whether a serial of it is one that this CA gave: issued by it, or its own as a root. */
bool import_is_numbered(const struct import *in, const struct found_certificate *c);
/* The one that this CA issued under that serial; NULL. */
struct found_certificate *import_find_serial(const struct import *in, const unsigned char *serial,
					     size_t len);
X509 *import_parse(const struct found_certificate *c);
/* False for a serial that is negative or has more than SERIAL_MAX octets. */
bool import_serial(const ASN1_INTEGER *number, unsigned char out[SERIAL_MAX], size_t *len);
int import_compare(const unsigned char *a, size_t a_len, const unsigned char *b, size_t b_len);

/* --- ca/import_serials.c ---------------------------------------------------------------------- */

/* A set of serials and the lines they stand in: 16 octets each. */
struct serial_set;

MUST_CHECK enum status serial_set_new(struct serial_set **out, struct error *e);
void serial_set_free(struct serial_set *s);
/* *earlier: the line that had it already; 0: none. */
MUST_CHECK enum status serial_set_add(struct serial_set *s, struct span serial, int64_t line,
				      int64_t *earlier, struct error *e);

/* --- ca/import_crl.c -------------------------------------------------------------------------- */

/* The entries of the last complete CRL into in->revoked. */
MUST_CHECK enum status import_read_crl(struct import *in, struct findings *f, struct error *e);
/* The last number that was used, of all CRLs and of crlnumber. */
MUST_CHECK enum status import_judge_crl_number(struct import *in, struct findings *f,
					       struct error *e);
/* False where an entry has no serial or time that the store can hold. */
bool import_crl_entry_read(const X509_REVOKED *from, struct found_entry *to);
/* CRLNumber; STORE_NO_CRL where there is none. */
int64_t import_crl_number(X509_CRL *crl);
/* All but its origin. */
MUST_CHECK enum status import_describe_crl(X509_CRL *crl, struct store_crl *out, struct error *e);
/* NULL where it is not in the last CRL. */
struct found_entry *import_crl_entry(const struct import *in, const unsigned char *serial,
				     size_t len);
/* Into the store: the last CRL, and the number that comes before the next. */
MUST_CHECK enum status import_adopt_crls(struct import *in, struct store *s, const char *origin,
					 struct error *e);

/* --- ca/import_rows.c ------------------------------------------------------------------------- */

/* One row with what it borrows. */
struct row_parts {
	struct store_adopted row;
	struct text subject;
	struct bytes subject_der;
	unsigned char spki[SHA256_SIZE], tbs[SHA256_SIZE];
};

/* An issued row that says nothing yet. */
struct row_parts row_parts_new(void);
void row_parts_free(struct row_parts *p);
/* What a certificate says, in the words of the store; c is borrowed by p. */
MUST_CHECK enum status row_parts_describe(const struct found_certificate *c, X509 *x,
					  struct row_parts *p, struct error *e);

typedef enum status import_row(void *context, const struct store_adopted *row, struct error *e);

/*
 * Every row that is to be adopted: those of the index in their order, then certificates without a
 * line, then what only the CRL tells of. findings NULL: what is wrong was told before.
 */
MUST_CHECK enum status import_each_row(struct import *in, import_row *visit, void *context,
				       struct findings *f, struct error *e);
/* A name as OpenSSL's index has it, and that of kind in the store. */
const char *import_origin(enum import_kind kind);

#endif
