/* What "subca rehearse" is to rehearse: the chain of a plan, or of a certificate that is there. */
#ifndef SUBCA_CMD_REHEARSE_INPUT_H
#define SUBCA_CMD_REHEARSE_INPUT_H

#include "cmd/command.h"
#include "trust/shadow.h"

/* Owned. Starts as all zero. */
struct rehearse_input {
	struct bytes chain[CHAIN_MAX]; /* DER; the planned certificate first, the root last */
	size_t count;
	bool weekly;			    /* sites are signed by a further CA, new every week */
	bool planned;			    /* a request's, not issued yet */
	char profile[PROFILE_NAME_MAX + 1]; /* "" for none */
	int64_t now;
};

MUST_CHECK enum status rehearse_input_read(struct invocation *in, struct rehearse_input *out,
					   struct error *e);
void rehearse_input_free(struct rehearse_input *input);

#endif
