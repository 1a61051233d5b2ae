/*
 * Before a certificate is uploaded: would the portal take it, and would it work there? Nothing of
 * the CA is needed but its certificates.
 */
#ifndef SUBCA_CA_PREFLIGHT_H
#define SUBCA_CA_PREFLIGHT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/finding.h"

enum portal {
	PORTAL_ZIA = 1,	    /* intermediate for TLS inspection, key in software */
	PORTAL_ZIA_HSM = 2, /* the same with its key in Zscaler's HSM */
	PORTAL_ZPA = 4,	    /* enrollment CA */
};

struct preflight {
	enum portal portal;
	const char *name;	 /* the file's name, without folders: it is judged too */
	struct span certificate; /* the file's bytes; any */
	struct span
		request;   /* the portal's request, PEM or DER; empty: rules about it are skipped */
	struct span chain; /* what is uploaded as the chain; empty: none */
	int64_t now;
};

/* Each id once, in a stable order; what lint says about the certificate comes on top. */
const struct rule *preflight_rules(size_t *count);
/* Bits of enum portal. */
unsigned preflight_rule_portals(size_t at);

/*
 * What is wrong, as findings, lint's included. STATUS_INPUT and STATUS_REFUSED only for the
 * request (csr_request_read()): an unreadable certificate is a finding.
 */
MUST_CHECK enum status preflight_check(const struct preflight *p, struct findings *findings,
				       struct error *e);

#endif
