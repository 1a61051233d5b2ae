/*
 * The store: every certificate this CA ever began, with its state, and the journal of all changes.
 *
 *     reserved ─► issued ◄─► revoked         A failed signature burns its serial; a row found
 *         └─────► failed                     reserved after a crash is reported, never reused.
 *
 * The way back from revoked is for certificateHold alone. Rows that another tool's CA left behind
 * are adopted: they begin as issued or revoked, with an origin. Expiry is no state: not_after tells.
 *
 * Each call that changes something is one durable transaction: when it returns STATUS_OK the
 * change survives a power cut. SQL stays in the files of one backend (ca/store_sqlite*.c) behind
 * this header.
 * Errors: STATUS_BUSY when another writer holds it too long, STATUS_DAMAGED for a corrupt store or
 * a newer version, STATUS_SYSTEM for the disk, STATUS_NOT_FOUND / STATUS_EXISTS as they read.
 */
#ifndef SUBCA_CA_STORE_H
#define SUBCA_CA_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define SERIAL_MAX 20 /* octets, RFC 5280 4.1.2.2 */
#define STORE_VERSION 2

/* Beside the store, empty: who holds it locked reserves and finishes rows. */
#define STORE_LOCK_SUFFIX "-lock"

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* CERT_ANY is no state: it stands for all of them in a filter and in a count. */
enum cert_state { CERT_ANY, CERT_RESERVED, CERT_ISSUED, CERT_FAILED, CERT_REVOKED };
#define CERT_STATES 5

/* "any", "reserved", "issued", "failed", "revoked". */
const char *cert_state_name(enum cert_state s);

/* What is known before the signature exists. All spans are copied by the store. */
struct store_intent {
	/*
	 * The magnitude, big-endian: no leading zero octet, 1 … SERIAL_MAX octets, of which the
	 * first is below 0x80 when there are SERIAL_MAX (DER would need one more).
	 */
	struct span serial;
	const char *profile;	    /* "zia" */
	const char *portal;	    /* "zia", "zpa"; "" for none: keys never cross portals */
	const char *subject;	    /* for people: RFC 4514 */
	struct span subject_der;    /* exact */
	struct span spki_sha256;    /* of the DER SubjectPublicKeyInfo */
	struct span plan_hash;	    /* SHA-256 of the TBS that was linted */
	struct span request_sha256; /* of the request's DER; empty for a root */
	const char *reason;	    /* of a --reissue; "" otherwise */
	struct span replaces;	    /* serial of the certificate that it renews; empty: none */
	int64_t not_before, not_after;
};

/* A row as read. Borrowed: valid until the callback or cursor moves on. */
struct store_row {
	struct store_intent intent;
	enum cert_state state;
	int64_t reserved_at, finished_at; /* finished_at 0 while reserved */
	/* The certificate: empty unless issued or revoked, and where an adopted row came without. */
	struct span der;
	const char *failure;   /* why it failed; "" otherwise */
	int64_t revoked_at;    /* 0 unless revoked */
	int revocation_reason; /* CRLReason, RFC 5280 5.3.1; REASON_NONE: none given */
	int64_t invalidity_at, compromised_at; /* as in struct store_revocation */
	int64_t released_at;		       /* when it was last taken off hold; 0: never */
	int64_t revocation_seq; /* journal row that last revoked, held or released it; 0: none */
	const char *origin;	/* "": issued here; else what it was adopted from, "openssl-ca" */
	int64_t adopted_seq;	/* journal row of its adoption; 0: issued here */
	int64_t number;		/* of the row; no two have one */
};

/*
 * Makes a new store file (mode 0600) with an opening journal row, whole or not at all.
 * STATUS_EXISTS where one is, or where the -wal of one that was removed lies about.
 */
MUST_CHECK enum status store_create(const char *path, int64_t now, struct error *e);
/*
 * A store belongs to the process that opened it: a child after fork() can neither change nor close
 * it. STORE_READ works on a read-only medium; writers wait up to ten seconds for each other.
 */
MUST_CHECK enum status store_open(const char *path, enum store_mode mode, struct store **out,
				  struct error *e);
void store_close(struct store *s);

/*
 * Copies the store as it is at this moment to a new file, mode 0600; other processes go on writing.
 * The copy is not waited for to reach the disk. On failure what is at path is to be removed.
 */
MUST_CHECK enum status store_snapshot(struct store *s, const char *path, struct error *e);

/* Returning other than STATUS_OK ends the walk with that status. */
typedef enum status store_visit(void *context, const struct store_row *row, struct error *e);

/* What to walk; zero-filled means everything. */
struct store_filter {
	const char *serial_prefix;  /* the serial's first hex digits, either case; NULL: any */
	struct span spki_sha256;    /* empty: any */
	struct span request_sha256; /* empty: any */
	struct span replaces;	    /* rows that renew the certificate of this serial; empty: any */
	enum cert_state state;	    /* CERT_ANY: any */
	int64_t limit;		    /* rows; 0: all */
	int64_t after;		    /* rows that expire after this second; 0: all */
	int64_t until;		    /* rows that expire at this second or before; 0: all */
	bool newest_first;
};

/* Durable before it returns: the serial is spent from here on. STATUS_EXISTS: serial in use. */
MUST_CHECK enum status store_reserve(struct store *s, const struct store_intent *intent,
				     int64_t now, struct error *e);
/* Every row of filter must let visit return STATUS_OK; context is the visitor's own. */
struct store_condition {
	struct store_filter filter;
	store_visit *visit;
	void *context;
};
/*
 * As store_reserve, if the condition holds inside the same transaction, so that no other process
 * changes what was judged before the serial is reserved. Else what visit returned. NULL: none.
 */
MUST_CHECK enum status store_reserve_if(struct store *s, const struct store_intent *intent,
					const struct store_condition *condition, int64_t now,
					struct error *e);
/* reserved → issued, the DER inside. */
MUST_CHECK enum status store_issue(struct store *s, struct span serial, struct span der,
				   int64_t now, struct error *e);
/* reserved → failed. */
MUST_CHECK enum status store_fail(struct store *s, struct span serial, const char *why, int64_t now,
				  struct error *e);

/*
 * Many at once, in one durable transaction: a group waits for the disk once. What a condition says
 * is in status and error of its item: STATUS_REFUSED and STATUS_EXISTS leave out that one alone,
 * any other failure all of them. STATUS_EXISTS in the result is a serial in use.
 */
struct store_reservation {
	const struct store_intent *intent;
	const struct store_condition *condition; /* NULL: none */
	enum status status;
	struct error error;
};
MUST_CHECK enum status store_reserve_many(struct store *s, struct store_reservation *items,
					  size_t count, int64_t now, struct error *e);

/* What became of one that was reserved: issued, or failed with a reason. */
struct store_result {
	struct span serial, der;
	const char *failure; /* NULL: issued */
};
/* All or, on failure, none. */
MUST_CHECK enum status store_finish_many(struct store *s, const struct store_result *items,
					 size_t count, int64_t now, struct error *e);

/*
 * Where no process is left that could finish what is reserved (each that reserves holds a lock
 * until it closes the store or ends), those rows become failed; *count says how many. Else nothing
 * changes.
 */
MUST_CHECK enum status store_fail_orphans(struct store *s, int64_t now, size_t *count,
					  struct error *e);

/*
 * Reserves the next sequential serial: the larger of first and one more than any serial there is,
 * decided inside the reserving transaction. serial_out holds it, intent->serial is ignored.
 */
MUST_CHECK enum status store_reserve_next(struct store *s, const struct store_intent *intent,
					  struct span first, int64_t now,
					  unsigned char serial_out[SERIAL_MAX], size_t *len,
					  struct error *e);
/* The serial store_reserve_next() would take now; a forecast for the review screen. */
MUST_CHECK enum status store_next_serial(struct store *s, struct span first,
					 unsigned char out[SERIAL_MAX], size_t *len,
					 struct error *e);

/* By exact serial. STATUS_NOT_FOUND. */
MUST_CHECK enum status store_find(struct store *s, struct span serial, store_visit *visit,
				  void *context, struct error *e);

/*
 * In the order they were reserved. Served by an index for each of serial_prefix, spki, request,
 * replaces, state and until. STATUS_USAGE where the prefix is not hexadecimal.
 */
MUST_CHECK enum status store_each(struct store *s, const struct store_filter *filter,
				  store_visit *visit, void *context, struct error *e);
/* Nothing but each certificate, in the order of store_each(), with the number of its row. */
typedef enum status store_der_visit(void *context, int64_t number, struct span der,
				    struct error *e);
MUST_CHECK enum status store_each_der(struct store *s, store_der_visit *visit, void *context,
				      struct error *e);
/* counts[state]; counts[CERT_ANY] is the sum. */
MUST_CHECK enum status store_count(struct store *s, int64_t counts[CERT_STATES], struct error *e);

/* --- revocation ------------------------------------------------------------------------------- */

/* CRLReason, RFC 5280 5.3.1. unspecified (0) is not stored: it is to be left out. */
enum revocation_reason {
	REASON_NONE = -1,
	REASON_KEY_COMPROMISE = 1,
	REASON_CA_COMPROMISE = 2,
	REASON_AFFILIATION_CHANGED = 3,
	REASON_SUPERSEDED = 4,
	REASON_CESSATION_OF_OPERATION = 5,
	REASON_CERTIFICATE_HOLD = 6,
	REASON_REMOVE_FROM_CRL = 8, /* in a delta CRL only, never stored */
	REASON_PRIVILEGE_WITHDRAWN = 9,
	REASON_AA_COMPROMISE = 10,
};

struct store_revocation {
	int64_t at;		/* revocationDate */
	int reason;		/* enum revocation_reason */
	int64_t invalidity_at;	/* invalidityDate, RFC 5280 5.3.2; 0: none */
	int64_t compromised_at; /* since when the key is known to be in other hands; 0: not said */
};

/*
 * issued → revoked; with REASON_CERTIFICATE_HOLD it is on hold. One on hold can be revoked for
 * another reason: its date stays that of the hold (X.509 8.5.2.2), whatever r->at says.
 * STATUS_NOT_FOUND: no such serial here. STATUS_EXISTS: revoked already. STATUS_REFUSED: neither
 * issued nor on hold.
 */
MUST_CHECK enum status store_revoke(struct store *s, struct span serial,
				    const struct store_revocation *r, int64_t now, struct error *e);
/* issued → on hold, from now. */
MUST_CHECK enum status store_hold(struct store *s, struct span serial, int64_t now,
				  struct error *e);
/* on hold → issued; the next delta CRL says removeFromCRL. STATUS_REFUSED: not on hold. */
MUST_CHECK enum status store_release(struct store *s, struct span serial, int64_t now,
				     struct error *e);

/* One entry of a CRL. Borrowed as a row is. */
struct store_revoked {
	struct span serial;
	struct store_revocation revocation; /* REASON_REMOVE_FROM_CRL, at its release: off hold */
	int64_t not_after;
};
typedef enum status store_revoked_visit(void *context, const struct store_revoked *r,
					struct error *e);

/* Which entries; zero-filled: all that are revoked. Sequence numbers are those of journal rows. */
struct store_revoked_filter {
	int64_t since_seq; /* of a delta: what was revoked, held or released after that row */
	/*
	 * Left out: what expired before this second and was revoked by that row. An entry may go
	 * once it was in a CRL issued after it expired (RFC 5280 3.3): give thisUpdate and
	 * reflects of the last complete CRL.
	 */
	int64_t expired_before, expired_seq;
};
/* By serial, from one consistent view, read from one index: made for a million of them. */
MUST_CHECK enum status store_revoked_each(struct store *s,
					  const struct store_revoked_filter *filter,
					  store_revoked_visit *visit, void *context,
					  struct error *e);

/* --- CRLs ------------------------------------------------------------------------------------- */

/*
 *     reserved ─► published      A number is spent when it is reserved. One found reserved after a
 *         └─────► failed         crash is published where its file is there, else failed.
 */
enum crl_state { CRL_ANY, CRL_RESERVED, CRL_PUBLISHED, CRL_FAILED };
#define STORE_NO_CRL (-1)
#define ORIGIN_SIZE 32

struct store_crl {
	int64_t number; /* CRLNumber, RFC 5280 5.2.3 */
	int64_t base;	/* of a delta: its BaseCRLNumber; STORE_NO_CRL: a complete CRL */
	enum crl_state state;
	int64_t this_update, next_update; /* 0 where an adopted one's are unknown */
	int64_t reflects;		  /* every change of the journal up to this row is in it */
	int64_t entries;		  /* 0 until published */
	int64_t size; /* octets of the DER; 0 until published, and where unknown */
	unsigned char sha256[SHA256_SIZE]; /* of the DER; zeros where size is 0 */
	char origin[ORIGIN_SIZE];	   /* "": made here */
};

/*
 * Takes base, this_update and next_update from crl; fills in number (one more than any number there
 * is, 1 at first, decided inside the transaction), reflects and state. STATUS_REFUSED when numbers
 * have run out.
 */
MUST_CHECK enum status store_crl_reserve(struct store *s, struct store_crl *crl, int64_t now,
					 struct error *e);
/* reserved → published: entries, size and sha256 of crl, by its number. */
MUST_CHECK enum status store_crl_publish(struct store *s, const struct store_crl *crl, int64_t now,
					 struct error *e);
/* reserved → failed. */
MUST_CHECK enum status store_crl_fail(struct store *s, int64_t number, const char *why, int64_t now,
				      struct error *e);
/*
 * A CRL that was not made by this store, so that no number is used twice: number, base, times, size,
 * sha256, entries and origin as known; it stands as published. STATUS_EXISTS: the number is used.
 */
MUST_CHECK enum status store_crl_adopt(struct store *s, const struct store_crl *crl, int64_t now,
				       struct error *e);
/* STATUS_NOT_FOUND. */
MUST_CHECK enum status store_crl_find(struct store *s, int64_t number, struct store_crl *out,
				      struct error *e);
/* The highest number in that state (CRL_ANY: any); complete: no delta. STATUS_NOT_FOUND. */
MUST_CHECK enum status store_crl_last(struct store *s, enum crl_state state, bool complete,
				      struct store_crl *out, struct error *e);

/* --- adoption --------------------------------------------------------------------------------- */

/*
 * Rows that another tool's CA left: any number of them in one transaction with one journal row,
 * "adopt", which holds their number and a digest over them. Until it ends this process holds the
 * store for writing and may call nothing else that writes to it.
 */
struct store_adoption;

struct store_adopted {
	/*
	 * As much as is known. Without a certificate subject_der, spki_sha256 and plan_hash may be
	 * empty and not_before 0; profile, portal, subject and reason are texts, "" where unknown.
	 */
	struct store_intent intent;
	struct span der;		    /* the certificate; empty: only the index told of it */
	enum cert_state state;		    /* CERT_ISSUED or CERT_REVOKED */
	struct store_revocation revocation; /* counts with CERT_REVOKED */
};

/* origin: "openssl-ca", "easy-rsa", "files": 1 … ORIGIN_SIZE - 1 letters. */
MUST_CHECK enum status store_adopt_begin(struct store *s, const char *origin, int64_t now,
					 struct store_adoption **out, struct error *e);
/*
 * STATUS_EXISTS: the serial is in use; the others added stand, and more can follow. STATUS_INTERNAL
 * where the row is none that the store can hold.
 */
MUST_CHECK enum status store_adopt_add(struct store_adoption *a, const struct store_adopted *row,
				       struct error *e);
/*
 * Commits where so_far is STATUS_OK and something was added, else undoes it all and returns so_far.
 * detail is free text for the journal. Frees a, also on failure; NULL does nothing.
 */
MUST_CHECK enum status store_adopt_end(struct store_adoption *a, enum status so_far,
				       const char *detail, struct error *e);

/*
 * The digest of an adoption: SHA-256 over one line for each row, in the order added (which is that
 * of store_each()): "SERIAL NOT_BEFORE NOT_AFTER STATE AT REASON INVALIDITY COMPROMISED CERTIFICATE\n",
 * hexadecimal the serial and the SHA-256 of the certificate ("-" without one), decimal the others;
 * STATE "issued" or "revoked", and with "issued" AT 0, REASON -1 and the others 0. What changed
 * such a row later is in journal rows of its own, which say what they found.
 */
MUST_CHECK enum status store_adopted_line(const struct store_adopted *row, struct text *line,
					  struct error *e);

/*
 * Several of the changes above and notes in the journal in one durable transaction: they stand together
 * or, where it ends with another status than STATUS_OK, not at all. One that fails in between is
 * undone by itself. Meanwhile this process holds the store for writing. The end returns so_far, or why
 * it could not be made durable.
 */
MUST_CHECK enum status store_together_begin(struct store *s, struct error *e);
MUST_CHECK enum status store_together_end(struct store *s, enum status so_far, struct error *e);

/* --- the journal ------------------------------------------------------------------------------ */

/*
 * The journal: rows chained by hash, hash = SHA-256(previous hash ‖ canonical), from row 1 on,
 * whose previous hash is 32 zero octets. canonical is one line of JSON: {"seq":…,"time":…,
 * "event":"…",…} with sorted keys. Every change above appends in its own transaction.
 */
struct journal_row {
	int64_t seq, time;
	/*
	 * "create", "upgrade", "reserve", "issue", "fail", "revoke", "hold", "release", "adopt",
	 * "crl-reserve", "crl-publish", "crl-fail", "crl-adopt", or what journal_note() was given.
	 */
	const char *event;
	const char *canonical; /* the text that was hashed */
	unsigned char hash[SHA256_SIZE];
};
typedef enum status journal_visit(void *context, const struct journal_row *row, struct error *e);

/*
 * An event that changes no certificate row: "init", "config", "clock-ok"; never the name of an event
 * that does. detail is free text.
 */
MUST_CHECK enum status journal_note(struct store *s, const char *event, const char *detail,
				    int64_t now, struct error *e);
MUST_CHECK enum status journal_head(struct store *s, int64_t *seq, unsigned char hash[SHA256_SIZE],
				    struct error *e);
/* When the last row was written: a clock that is behind it went backwards. */
MUST_CHECK enum status journal_last_time(struct store *s, int64_t *time, struct error *e);
MUST_CHECK enum status journal_each(struct store *s, journal_visit *visit, void *context,
				    struct error *e);
/*
 * STATUS_DAMAGED naming the first row that does not follow from the one before it. Rows cut off the
 * end leave no trace in here: compare journal_head() with one kept elsewhere.
 */
MUST_CHECK enum status journal_verify(struct store *s, struct error *e);
/* The same, and visit sees each row once it was found to follow: a million rows are read once. */
MUST_CHECK enum status journal_verify_each(struct store *s, journal_visit *visit, void *context,
					   struct error *e);

#endif
