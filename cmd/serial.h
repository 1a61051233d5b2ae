/*
 * A serial as people write it on a command line.
 */
#ifndef SUBCA_CMD_SERIAL_H
#define SUBCA_CMD_SERIAL_H

#include <stdbool.h>

#include "ca/authority.h"
#include "cmd/certificate.h"

/*
 * "0x0A:1B:2c" to "0a1b2c": the ways in which other tools write serials. False where word is
 * none, so that it names a file; "./abc" does so always.
 */
bool serial_read(const char *word, char digits[SERIAL_TEXT]);

/*
 * The only serial that begins with digits; of several, the one that digits are the whole of. Freed
 * with bytes_free(). STATUS_NOT_FOUND; STATUS_USAGE, with the candidates, where it could be several.
 */
MUST_CHECK enum status serial_resolve(const struct authority *a, const char *digits,
				      struct bytes *serial, struct error *e);

#endif
