/* The root that "subca trust" is about. */
#ifndef SUBCA_CMD_TRUST_ANCHOR_H
#define SUBCA_CMD_TRUST_ANCHOR_H

#include "cmd/command.h"
#include "trust/bundle.h"

/*
 * The certificate that the second operand names, else the root of the CA in the folder: b holds it
 * alone. judged: STATUS_REFUSED, with findings, for what is no trust anchor.
 */
MUST_CHECK enum status trust_anchor_read(const struct invocation *in, bool judged, struct bundle *b,
					 struct findings *findings, struct error *e);

#endif
