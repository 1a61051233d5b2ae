/*
 * A TLS endpoint that answers as an inspecting proxy does: for whatever host is asked, with a
 * certificate made on the spot. Loopback only, TLS 1.2 and 1.3, bounded in every direction.
 */
#ifndef SUBCA_TRUST_ENDPOINT_H
#define SUBCA_TRUST_ENDPOINT_H

#include "trust/shadow.h"

#define ENDPOINT_SITES 16
#define ENDPOINT_MARKS 4096

/* One listener: what it sends. Borrowed, until endpoint_stop(). */
struct endpoint_site {
	const struct shadow_ca *issuer;	       /* signs what clients ask for */
	X509 *chain[CHAIN_MAX + SHADOW_BELOW]; /* sent after it, in this order */
	size_t chain_count;
	enum site_fault fault;
	int newest; /* TLS1_2_VERSION, or 0 for whatever both know */
};

struct endpoint_order {
	const struct endpoint_site *sites;
	size_t count;
	EVP_PKEY *site_key;
	struct span crl; /* sent where the path ends in .crl */
	int64_t now;
	int port; /* of the first site, the others follow; 0: free ones, wherever they are */
};

struct endpoint;

/* STATUS_BUSY where a port is taken. */
MUST_CHECK enum status endpoint_start(const struct endpoint_order *order, struct endpoint **out,
				      struct error *e);
/* Ends what is under way. NULL is nothing. */
void endpoint_stop(struct endpoint *e);

int endpoint_port(const struct endpoint *e, size_t site);
/* Whether a whole request for /r/MARK came through TLS; MARK is below ENDPOINT_MARKS. */
bool endpoint_was_asked(struct endpoint *e, unsigned mark);

#endif
