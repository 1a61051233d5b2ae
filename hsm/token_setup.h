/* Making a token of a blank one: its label, and the PINs of its officer and its user. */
#ifndef SUBCA_HSM_TOKEN_SETUP_H
#define SUBCA_HSM_TOKEN_SETUP_H

#include "base/secret.h"

/*
 * Takes the first blank token of the module (an absolute path): one that is in use is never made
 * anew, for that would destroy its keys. One of this label whose set-up was cut short before the
 * user's PIN is gone on with, by the officer's PIN that it has. STATUS_EXISTS where a token has the label already,
 * STATUS_NOT_FOUND where none is blank, STATUS_KEY with the token's own words.
 */
MUST_CHECK enum status token_set_up(const char *module, const char *label,
				    const struct secret *officer_pin, const struct secret *user_pin,
				    struct error *e);

#endif
