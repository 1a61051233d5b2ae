/* "subca sign --rehearse": the rehearsal as a program of its own, before the key is opened. */
#ifndef SUBCA_CMD_REHEARSE_FIRST_H
#define SUBCA_CMD_REHEARSE_FIRST_H

#include "cmd/command.h"

/*
 * Rehearses a request with the options that sign was given; what it prints goes to standard error.
 * A process of its own, for a rehearsal closes off its network for good, and a token may need it.
 * STATUS_REFUSED where it is red.
 */
MUST_CHECK enum status rehearse_first(const struct invocation *in, const char *file,
				      struct error *e);

#endif
