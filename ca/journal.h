/*
 * The text and the chain of the journal, whatever it is kept in. For the backends of ca/store.h.
 */
#ifndef SUBCA_CA_JOURNAL_H
#define SUBCA_CA_JOURNAL_H

#include "ca/store.h"

/* One change before it is text. Which members count depends on the event. */
struct journal_change {
	const char *event;
	int64_t time;
	const struct store_intent *intent;	   /* "reserve": every fact of it; else NULL */
	struct span serial;			   /* of the certificate that changes; else empty */
	struct span der;			   /* "issue": its SHA-256 goes in; else empty */
	const char *detail;			   /* "fail": why; a note: free text; else NULL */
	const struct store_revocation *revocation; /* "revoke", "hold"; "release": what ends */
	const struct store_crl *crl;		   /* "crl-…" */
	const struct journal_adoption *adoption;   /* "adopt" */
};

/* What one row says of many that were adopted. */
struct journal_adoption {
	const char *origin;
	int64_t rows, revoked;
	unsigned char digest[SHA256_SIZE]; /* as store_adopted_line() tells */
};

/*
 * One line of JSON with sorted keys, to be freed. Text that is not UTF-8 is escaped as \xNN.
 * "create" gets a random number, so that no two stores have one chain.
 */
MUST_CHECK enum status journal_canonical(const struct journal_change *change, int64_t seq,
					 char **out, struct error *e);

/* hash = SHA-256(previous ‖ canonical). Before row 1 come 32 zero octets. */
MUST_CHECK enum status journal_chain(const unsigned char previous[SHA256_SIZE],
				     const char *canonical, unsigned char hash[SHA256_SIZE],
				     struct error *e);

#define JOURNAL_EVENT_SIZE 64

/*
 * Time and event of a row as its text states them. STATUS_DAMAGED, naming the row, where the text
 * is not an object with a time and an event or is that of another row.
 */
MUST_CHECK enum status journal_read(const char *canonical, int64_t seq, int64_t *time,
				    char event[JOURNAL_EVENT_SIZE], struct error *e);

/* Whether a change of certificate rows goes by that name, which a note must not. */
bool journal_event_is_own(const char *event);

#endif
