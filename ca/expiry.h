/*
 * What ends, and when: the certificates this CA issued, its own and those above it, and the last
 * second at which it can still give a child its whole life.
 */
#ifndef SUBCA_CA_EXPIRY_H
#define SUBCA_CA_EXPIRY_H

#include "ca/authority.h"

enum expiry_kind {
	EXPIRY_CERTIFICATE,  /* issued here, not revoked */
	EXPIRY_CA,	     /* this CA's own certificate */
	EXPIRY_ISSUER,	     /* one above it */
	EXPIRY_LAST_SIGNING, /* from then on a child of so many days outlives this CA */
};

struct expiry {
	enum expiry_kind kind;
	int64_t at; /* the last second */
	bool due;   /* within the time asked for, or past; and nothing took its place */
	char *subject;
	char *profile; /* EXPIRY_CERTIFICATE and EXPIRY_LAST_SIGNING; "" where there is none */
	int days;      /* EXPIRY_LAST_SIGNING: of the child */
	unsigned char serial[SERIAL_MAX], replaced_by[SERIAL_MAX];
	size_t serial_len, replaced_by_len;
	unsigned char identity[SHA256_SIZE]; /* of the certificate; the same in each run */
	unsigned char name[SHA256_SIZE];     /* of subject and profile: finds what replaces it */
};

/* Owns its items. Starts as all zero. */
struct expiries {
	struct expiry *items;
	size_t count, room;
};

struct expiry_question {
	int64_t now;
	int64_t within; /* seconds from now on */
	int64_t past;	/* seconds: what ended longer ago is left out */
	bool all;	/* also what ends later, not due */
	int child_days; /* 0: as long as the profiles say of which this CA issued something */
};

/*
 * In the order in which they end. A certificate is replaced by one of the same subject, profile and
 * subjectAltName that ends later; an empty subject replaces nothing.
 */
MUST_CHECK enum status expiry_collect(const struct authority *a, const struct expiry_question *q,
				      struct expiries *out, struct error *e);
void expiries_free(struct expiries *x);
size_t expiries_due(const struct expiries *x);

/* "certificate", "ca", "issuer", "last-signing". */
const char *expiry_kind_name(enum expiry_kind kind);

#endif
