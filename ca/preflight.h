/*
 * Before a certificate is uploaded: would the portal take it, and would it work there? Nothing of
 * the CA is needed but its certificates.
 */
#ifndef SUBCA_CA_PREFLIGHT_H
#define SUBCA_CA_PREFLIGHT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "ca/store.h"

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
	/* Of the CA that issued, where one is named: what it certified before counts too. */
	struct store *store; /* NULL: none */
	struct span root;    /* its root's DER; empty: none */
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

/* What the portal takes, as text to be written; freed with preflight_mended_free(). */
struct preflight_mended {
	struct text certificate; /* for ZPA with the chain behind it */
	struct text chain;	 /* what goes up as the chain, issuer first; empty: nothing */
	size_t left_out;	 /* certificates that belong to neither */
	bool root;		 /* whether the root is there */
};

/*
 * Mends what can be without the key: PEM out of DER, p7b or base64 alone, nothing around the blocks,
 * each certificate before its issuer, one certificate in a file or the whole chain as the portal
 * wants it. Which one is the portal's the request tells, else that it issued none of the others.
 * What is wrong with it otherwise is preflight_check()'s to say. STATUS_INPUT where there is none.
 */
MUST_CHECK enum status preflight_mend(const struct preflight *p, struct preflight_mended *out,
				      struct error *e);
void preflight_mended_free(struct preflight_mended *m);
/* The name with the extension that portals take in place of another certificate's. To be freed. */
char *preflight_mended_name(const char *path);

#endif
