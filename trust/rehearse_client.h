/* One client in one rehearsal: its folder, its environment, its runs. Inside trust/ only. */
#ifndef SUBCA_TRUST_REHEARSE_CLIENT_H
#define SUBCA_TRUST_REHEARSE_CLIENT_H

#include "trust/rehearse.h"

/*
 * Fills row. at: its place, for its folder and the marks of its requests. What the client does wrong
 * is in the row; an error is one of this machine.
 */
MUST_CHECK enum status rehearse_client(const struct client_stage *stage, size_t at,
				       struct rehearse_row *row, struct error *e);

#endif
