/*
 * Issuing, in the order that survives a crash:
 *
 *     issue_draft()   plan, rules across the store, lint: spends nothing, writes nothing
 *     issue_commit()  reserve the serial (durable) ─► sign ─► look again ─► issued (durable)
 *
 * After issue_commit() the certificate is in the store; writing it out as PEM can be repeated.
 */
#ifndef SUBCA_CA_ISSUE_H
#define SUBCA_CA_ISSUE_H

#include "base/finding.h"
#include "ca/authority.h"
#include "ca/difference.h"
#include "ca/plan.h"

/* What is asked for; all borrowed. */
struct issue_order {
	const struct profile *profile;
	const struct csr_request *request;
	X509 *issuer; /* NULL: self-signed */
	const struct ca_urls *urls;
	struct span first_serial; /* empty: random */
	int64_t now;
	int days;
	int64_t not_after;
	bool fit;
	const struct weak_keys *weak_keys; /* NULL: there is no list */
	const struct lint_issuer
		*read_issuer; /* of issuer, where many share it; NULL: not yet read */
	const char *reissue;  /* why the same request is signed again; NULL: it is not */
	struct span replaces; /* serial of the certificate that it renews; empty: none */
	const ASN1_OCTET_STRING *key_identifier; /* of that one; NULL: made from the key */
};

struct issue_draft;

/*
 * findings gets what the judges of the request and lint have to say, also when they refuse.
 * STATUS_REFUSED as plan_make() and lint_tbs(), for an error of csr_key_check() or
 * csr_name_check(), and for a key that is the CA's own, that this CA certified for the other portal, or
 * a request that was signed before (then reissue must say why).
 */
MUST_CHECK enum status issue_draft(struct store *store, const struct issue_order *order,
				   struct issue_draft **out, struct findings *findings,
				   struct error *e);
void issue_draft_free(struct issue_draft *d);

const struct cert_plan *issue_draft_plan(const struct issue_draft *d);
const struct differences *issue_draft_differences(const struct issue_draft *d);
/* With sequential serials a forecast: another process may take it first. */
struct span issue_draft_serial(const struct issue_draft *d);

/*
 * signer has been proved (authority_signer() does it, once a run), so that a wrong key spends no
 * serial; each signature is verified all the same. certificate: DER, freed with bytes_free().
 */
MUST_CHECK enum status issue_commit(struct store *store, const struct issue_order *order,
				    struct issue_draft *d, struct signer *signer,
				    struct bytes *certificate, struct error *e);

#endif
