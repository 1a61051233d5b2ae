/*
 * Revoking: what a person is told before, and the change itself.
 */
#ifndef SUBCA_CA_REVOKE_H
#define SUBCA_CA_REVOKE_H

#include "base/finding.h"
#include "ca/authority.h"

enum revoke_action { REVOKE, REVOKE_HOLD, REVOKE_RELEASE };

struct revoke_order {
	enum revoke_action action;
	struct store_revocation revocation; /* counts with REVOKE; at and reason are given */
	int64_t now;
};

/* "keyCompromise", … as RFC 5280 5.3.1 spells them; "unspecified" for REASON_NONE. */
const char *revocation_reason_name(int reason);
/* The words that a person may give, ends with NULL, and the reason of each. */
extern const char *const revocation_reason_words[];
extern const int revocation_reason_of[];

/*
 * The serial under which this CA issued the one certificate in file content (PEM or DER), byte for
 * byte. STATUS_NOT_FOUND where it did not, whatever the certificate says. Freed with bytes_free().
 */
MUST_CHECK enum status revoke_serial_of(const struct authority *a, struct span content,
					struct bytes *serial, struct error *e);

/*
 * What stops working, for the person who confirms. Changes nothing. STATUS_REFUSED, STATUS_EXISTS,
 * STATUS_NOT_FOUND as store_revoke() and store_release() would say, and STATUS_REFUSED for the CA's own
 * certificate, which no CRL of its own can take back (RFC 5280 6.1.1 d), and for dates in the future.
 */
MUST_CHECK enum status revoke_foresee(const struct authority *a, struct span serial,
				      const struct revoke_order *order, struct findings *findings,
				      struct error *e);

MUST_CHECK enum status revoke_commit(const struct authority *a, struct span serial,
				     const struct revoke_order *order, struct error *e);

#endif
