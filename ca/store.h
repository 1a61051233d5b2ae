/*
 * The store: every certificate this CA ever began, with its state, and the journal of all changes.
 *
 *     reserved ─► issued ─► revoked          A failed signature burns its serial; a row found
 *         └─────► failed                     reserved after a crash is reported, never reused.
 *
 * Each call that changes something is one durable transaction: when it returns STATUS_OK the
 * change survives a power cut. SQL stays in the files of one backend (ca/store_sqlite*.c) behind
 * this header.
 * Errors: STATUS_BUSY when another writer holds it too long, STATUS_DAMAGED for a corrupt store or
 * a newer version, STATUS_SYSTEM for the disk, STATUS_NOT_FOUND / STATUS_EXISTS as they read.
 */
#ifndef SUBCA_CA_STORE_H
#define SUBCA_CA_STORE_H

#include <stdint.h>

#include "base/bytes.h"

#define SERIAL_MAX 20 /* octets, RFC 5280 4.1.2.2 */
#define STORE_VERSION 1

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
	int64_t not_before, not_after;
};

/* A row as read. Borrowed: valid until the callback or cursor moves on. */
struct store_row {
	struct store_intent intent;
	enum cert_state state;
	int64_t reserved_at, finished_at; /* finished_at 0 while reserved */
	struct span der;		  /* the certificate; empty unless issued or revoked */
	const char *failure;		  /* why it failed; "" otherwise */
	int64_t revoked_at;		  /* 0 unless revoked */
	int revocation_reason;		  /* CRLReason, RFC 5280 5.3.1; -1: none given */
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

/* Returning other than STATUS_OK ends the walk with that status. */
typedef enum status store_visit(void *context, const struct store_row *row, struct error *e);

/* What to walk; zero-filled means everything. */
struct store_filter {
	const char *serial_prefix;  /* the serial's first hex digits, either case; NULL: any */
	struct span spki_sha256;    /* empty: any */
	struct span request_sha256; /* empty: any */
	enum cert_state state;	    /* CERT_ANY: any */
	int64_t limit;		    /* rows; 0: all */
	int64_t after;		    /* rows that expire after this second; 0: all */
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
 * In the order they were reserved. Served by an index for each of serial_prefix, spki, request and
 * state. STATUS_USAGE where the prefix is not hexadecimal.
 */
MUST_CHECK enum status store_each(struct store *s, const struct store_filter *filter,
				  store_visit *visit, void *context, struct error *e);
/* counts[state]; counts[CERT_ANY] is the sum. */
MUST_CHECK enum status store_count(struct store *s, int64_t counts[CERT_STATES], struct error *e);

/*
 * The journal: rows chained by hash, hash = SHA-256(previous hash ‖ canonical), from row 1 on,
 * whose previous hash is 32 zero octets. canonical is one line of JSON: {"seq":…,"time":…,
 * "event":"…",…} with sorted keys. Every change above appends in its own transaction.
 */
struct journal_row {
	int64_t seq, time;
	const char
		*event; /* "create", "reserve", "issue", "fail", or what journal_note() was given */
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
MUST_CHECK enum status journal_each(struct store *s, journal_visit *visit, void *context,
				    struct error *e);
/*
 * STATUS_DAMAGED naming the first row that does not follow from the one before it. Rows cut off the
 * end leave no trace in here: compare journal_head() with one kept elsewhere.
 */
MUST_CHECK enum status journal_verify(struct store *s, struct error *e);

#endif
