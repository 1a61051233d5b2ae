/*
 * What happens to a CA's certificate over the years: a new life for the same name and key, and another
 * root's name and key under ours. What stands below must go on standing, and that is proved.
 */
#ifndef SUBCA_CA_RENEW_H
#define SUBCA_CA_RENEW_H

#include "base/finding.h"
#include "ca/authority.h"
#include "ca/issue.h"

#define RENEW_CROSS_PROFILE "cross"

struct renew_order {
	int64_t now;
	int days;	     /* 0: the profile's */
	int64_t not_after;   /* 0: counted from days */
	bool fit;	     /* shorten to the issuer's life */
	const char *profile; /* NULL: that of what is renewed; of a cross-certificate, "cross" */
};

/* A child as it was looked at. */
typedef enum status renew_seen(void *context, const struct store_row *row, bool proved,
			       struct error *e);

/* Children of a CA, held against a root: whether a strict verifier finds a path now. */
struct renew_proof {
	int64_t proved;
	int64_t failed;
	struct text failures; /* "SERIAL: why; …" of the first few */
	renew_seen *seen;     /* NULL: they are counted alone */
	void *context;
};
void renew_proof_free(struct renew_proof *p);

/*
 * Every certificate of a's store that is issued and not expired, with root as the only anchor and
 * through as the certificates in between, besides a's own chain. Spans of DER; through may be empty.
 */
MUST_CHECK enum status renew_prove(const struct authority *a, struct span root, struct span through,
				   int64_t now, struct renew_proof *proof, struct error *e);

/*
 * A root, once more: same subject octets, same key, same SKI, a new serial and a new life. Published
 * as ca.pem; the old one stays as ca-SERIAL.pem. STATUS_REFUSED where this is no root.
 */
MUST_CHECK enum status renew_root(const struct authority *a, const struct renew_order *order,
				  struct signer *signer, struct bytes *certificate,
				  struct findings *findings, struct error *e);

/*
 * Our own intermediate in another folder, once more under a: same subject, key and SKI. child_signer
 * is its key, signer a's. Published in its folder as ca.pem and chain.pem, the old ones beside them.
 */
MUST_CHECK enum status renew_child(const struct authority *a, const struct authority *child,
				   const struct renew_order *order, struct signer *signer,
				   struct signer *child_signer, struct bytes *certificate,
				   struct findings *findings, struct error *e);

/* A certificate for a root's name, key and SKI under a: at most until either ends. */
MUST_CHECK enum status renew_cross_sign(const struct authority *a, struct span root,
					const struct renew_order *order, struct signer *signer,
					struct bytes *certificate, struct findings *findings,
					struct error *e);

/* STATUS_REFUSED where child was not signed by a. */
MUST_CHECK enum status renew_expect_child(const struct authority *a, const struct authority *child,
					  struct error *e);
/* That of a certificate's row in a's store; otherwise where there is none or it says nothing. */
MUST_CHECK enum status renew_profile_of(const struct authority *a, X509 *old, const char *otherwise,
					char out[PROFILE_NAME_MAX + 1], struct error *e);

#endif
