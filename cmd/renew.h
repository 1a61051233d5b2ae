/*
 * What the files of "subca renew" share: cmd/renew.c renews what is ours under its key,
 * cmd/renew_request.c what comes with a request, cmd/renew_rekey.c gives a CA of ours a new key.
 */
#ifndef SUBCA_CMD_RENEW_H
#define SUBCA_CMD_RENEW_H

#include "ca/renew.h"
#include "ca/renew_plan.h"
#include "cmd/command.h"

struct renewing {
	struct invocation *in;
	struct authority *authority, *child;
	struct renew_order order;
	struct signer *signer, *child_signer;
	struct bytes certificate;
	struct findings findings;
	struct renew_proof proof;
	/* with a serial */
	struct renew_old old;
	struct csr_request *request;
	struct weak_keys *weak_keys;
	struct profile *profile;
	struct issue_order issue;
	struct issue_draft *draft;
};

/* A certificate whose key is elsewhere: its successor, or what to do to get its request. */
MUST_CHECK enum status renew_serial(struct renewing *r, struct error *e);

/* --rekey NEWDIR: a CA with a new key in the place of the child or of the root. */
MUST_CHECK enum status renew_rekey_child(struct renewing *r, struct error *e);
MUST_CHECK enum status renew_rekey_root(struct renewing *r, struct error *e);

#endif
