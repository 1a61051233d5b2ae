/* A SoftHSM2 token of a lab's own, kept in the lab's folder. */
#ifndef SUBCA_CMD_LAB_TOKEN_H
#define SUBCA_CMD_LAB_TOKEN_H

#include "base/error.h"

#define LAB_TOKEN_CONFIGURATION "softhsm2.conf"
#define LAB_TOKEN_PIN "pin"

/*
 * Makes the token, with new PINs, in files of folder, and has SOFTHSM2_CONF of this process name it.
 * *uri is where a root's key goes on it, to be freed. STATUS_NOT_FOUND where SoftHSM2 is not here.
 */
MUST_CHECK enum status lab_token_make(const char *folder, char **uri, struct error *e);

#endif
