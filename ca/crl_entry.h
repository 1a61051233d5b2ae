/*
 * Entries of a CRL, one after the other: the same few values are filled again for each.
 */
#ifndef SUBCA_CA_CRL_ENTRY_H
#define SUBCA_CA_CRL_ENTRY_H

#include "ca/store.h"

struct crl_encoder;

MUST_CHECK enum status crl_encoder_new(struct crl_encoder **out, struct error *e);
void crl_encoder_free(struct crl_encoder *x);
/* DER of the entry, borrowed until the next. */
MUST_CHECK enum status crl_encode_entry(struct crl_encoder *x, const struct store_revoked *r,
					struct span *out, struct error *e);

#endif
