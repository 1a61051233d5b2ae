/* One client in one rehearsal: its folder, its environment, its runs. Inside trust/ only. */
#ifndef SUBCA_TRUST_REHEARSE_CLIENT_H
#define SUBCA_TRUST_REHEARSE_CLIENT_H

#include "trust/endpoint.h"
#include "trust/rehearse.h"

/* What all clients share; borrowed. */
struct stage {
	struct endpoint *endpoint;
	char *folder, *bundle, *root; /* paths */
	const char *path;	      /* PATH */
	int seconds;		      /* 0: the table's */
};

/*
 * Fills row. at: its place, for its folder and the marks of its requests. What the client does wrong
 * is in the row; an error is one of this machine.
 */
MUST_CHECK enum status rehearse_client(const struct stage *stage, size_t at,
				       struct rehearse_row *row, struct error *e);

#endif
