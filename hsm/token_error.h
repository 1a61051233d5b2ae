/* What a PKCS#11 module answered, in words: private to hsm/token*.c. */
#ifndef SUBCA_HSM_TOKEN_ERROR_H
#define SUBCA_HSM_TOKEN_ERROR_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include "base/error.h"

/* "CKR_PIN_INCORRECT"; "CKR 0x80000001" for a vendor's own, in a buffer of the thread. */
const char *token_rv_name(CK_RV rv);

/*
 * Fills e: what happened in words, what to do, and "C_Sign: CKR_DEVICE_REMOVED" as the detail.
 * doing: "sign", "log in": what could not be done.
 */
MUST_CHECK enum status token_error(struct error *e, CK_RV rv, const char *function,
				   const char *doing);

/* Whether e is what token_error() made of rv. */
bool token_error_is(const struct error *e, CK_RV rv);

/* The token is out of reach: nothing more will work in this run. */
bool token_rv_is_lost(CK_RV rv);

#endif
