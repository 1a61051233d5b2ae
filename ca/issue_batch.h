/*
 * Many requests in one run:
 *
 *     read, judge, plan, lint ─► reserve ─► sign, look again ─► record ─► write ─► publish
 *          in threads            a group     in threads         a group   threads  a group
 *
 * A group is one durable transaction, so that the disk is waited for once and not for each. The
 * order of one request is that of ca/issue.h: never a signature without a durable intent before it,
 * and never a PEM file without a durable result. A request that is refused is told and does not
 * stop the others. Several groups are under way at a time; memory does not grow with the number of
 * requests.
 *
 * A request that was signed before for the same profile (and the same reissue), and is still valid,
 * is not signed again: its files are written from the store where they are missing. So a run that
 * was stopped goes on where it was.
 */
#ifndef SUBCA_CA_ISSUE_BATCH_H
#define SUBCA_CA_ISSUE_BATCH_H

#include "base/file.h"
#include "ca/issue.h"

#define BATCH_THREADS_MOST 64

/* One request as a source gives it; all owned. */
struct batch_request {
	char *origin;		   /* for messages: "a.csr", "a.csr, request 2" */
	char *file;		   /* what to read; NULL: der holds it */
	struct bytes der;	   /* of a request that stood among others */
	char *certificate, *chain; /* the files to write */
	struct error refusal;	   /* what the source has against it; STATUS_OK: nothing */
};
void batch_request_free(struct batch_request *r);

enum batch_outcome {
	BATCH_FIT,     /* without a signer: would be signed */
	BATCH_ISSUED,  /* signed, recorded, written */
	BATCH_WRITTEN, /* was issued before: its files are written (without a signer: would be) */
	BATCH_PRESENT, /* was issued before, and its files are there */
	BATCH_REFUSED,
};
/* "fit", "issued", "written", "present", "refused". */
const char *batch_outcome_name(enum batch_outcome o);

/* What became of one request; borrowed. */
struct batch_result {
	enum batch_outcome outcome;
	const struct batch_request *request;
	const unsigned char *request_sha256; /* NULL where it could not be read */
	const char *subject;		     /* RFC 4514; "" where it could not be read */
	EVP_PKEY *key;			     /* NULL where it could not be read */
	int64_t not_after;		     /* 0 unless fit or issued */
	struct span serial;		     /* empty unless there is a certificate */
	const struct findings *findings;
	const struct error *error; /* BATCH_REFUSED; also an issued one that was not written */
};

/* All borrowed. */
struct issue_batch {
	struct store *store;
	const struct issue_order *order; /* for each request, but request and now */
	struct signer *signer;		 /* NULL: judge alone, spend nothing, write nothing */
	struct span above[CHAIN_MAX];	 /* the certificates above, root last */
	size_t above_count;
	enum file_existing existing;
	unsigned threads; /* 0: as many as there are processors */

	void *context;
	/* *more is false at the end. A failure ends the run. */
	enum status (*next)(void *context, struct batch_request *out, bool *more, struct error *e);
	/* Optional: STATUS_REFUSED for a request that is not to be signed after all. */
	enum status (*admit)(void *context, const unsigned char request_sha256[SHA256_SIZE],
			     struct error *e);
	/* In the order of the requests. A failure ends the run. */
	enum status (*report)(void *context, const struct batch_result *result, struct error *e);
	/* Optional: true ends the run as soon as what is under way is done. */
	bool (*stop)(void *context);
};

/*
 * STATUS_OK also where requests were refused: report() was told. On failure whatever was reserved
 * is recorded as issued or failed where the store still can; what was not is found by the next run.
 */
MUST_CHECK enum status issue_batch_run(const struct issue_batch *b, struct error *e);

#endif
