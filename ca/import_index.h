/*
 * index.txt as 'openssl ca' and easy-rsa keep it: a line for each certificate, six fields between
 * tabs. OpenSSL has no specification of it; what is read here is what its TXT_DB_read() and
 * apps/ca.c write and take.
 *
 *     V|R|E <tab> notAfter <tab> [revocationDate[,reason[,extra]]] <tab> SERIAL <tab> file <tab> /C=…
 *
 * OpenSSL drops a last line without a newline in silence, and keeps what it does not understand; here
 * each such line is named.
 */
#ifndef SUBCA_CA_IMPORT_INDEX_H
#define SUBCA_CA_IMPORT_INDEX_H

#include <stdbool.h>
#include <stdio.h>

#include "base/finding.h"
#include "ca/store.h"

#define INDEX_LINE_MAX (16 * 1024) /* octets */
#define INDEX_FAULTS_MAX 50	   /* lines that are named; the rest is counted */

enum index_state { INDEX_VALID = 'V', INDEX_REVOKED = 'R', INDEX_EXPIRED = 'E' };

/* Borrowed from the line. */
struct index_row {
	int64_t line; /* from 1 */
	enum index_state state;
	int64_t not_after;
	int64_t revoked_at;		  /* INDEX_REVOKED; else 0 */
	int reason;			  /* REASON_NONE also for unspecified */
	int64_t invalidity_at;		  /* from keyTime and CAkeyTime; else 0 */
	bool hold_instruction;		  /* an OID followed certificateHold; it is not kept */
	unsigned char serial[SERIAL_MAX]; /* magnitude without leading zeros */
	size_t serial_len;		  /* 0 for serial number zero */
	const char *file;		  /* "unknown", mostly */
	const char *subject;		  /* X509_NAME_oneline(): "/C=DE/CN=Example" */
};

/*
 * One line without its newline, which is cut into pieces. STATUS_INPUT with what is wrong in
 * e->what, and no place.
 */
MUST_CHECK enum status index_parse(char *line, size_t len, struct index_row *out, struct error *e);

typedef enum status index_visit(void *context, const struct index_row *row, struct error *e);

struct index_total {
	int64_t rows, faults;
};

/*
 * Every line in its order; comments are passed over. A line that cannot be read is a finding and
 * not a failure, so that all are named in one run; visit sees the others.
 */
MUST_CHECK enum status index_read(FILE *from, index_visit *visit, void *context,
				  struct index_total *total, struct findings *findings,
				  struct error *e);

/* The word for a CRLReason; NULL for one that OpenSSL's index does not know. */
const char *index_reason_name(int reason);

/* "1A2B", as serial and crlnumber hold it: one line of hexadecimal digits. STATUS_INPUT. */
MUST_CHECK enum status index_number_read(struct span content, unsigned char out[SERIAL_MAX],
					 size_t *len, struct error *e);

extern const struct rule import_index_line;

#endif
