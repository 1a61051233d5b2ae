/*
 * The one place where certificates, CRLs and OCSP responses are signed. It takes what lint returned,
 * not a plan: what was not linted cannot be signed.
 */
#ifndef SUBCA_CA_SIGN_H
#define SUBCA_CA_SIGN_H

#include "ca/lint.h"
#include "hsm/signer.h"

/*
 * Signs, and looks again: the TBS octets in the result are those that were linted, its signature
 * is the one that signer_sign() verified over them, and the signer's key is issuer_key. STATUS_KEY
 * when the signer fails, STATUS_INTERNAL when the second look does.
 */
MUST_CHECK enum status ca_sign(const struct lint_passed *passed, struct signer *signer,
			       EVP_PKEY *issuer_key, struct bytes *certificate, struct error *e);

/*
 * The signature alone, for what is too large to be held or has another envelope; verified under
 * issuer_key. STATUS_KEY as above.
 */
MUST_CHECK enum status ca_sign_apart(const struct lint_passed *passed, struct signer *signer,
				     EVP_PKEY *issuer_key, struct bytes *signature,
				     struct error *e);

/* A request by an open key: what subca makes for its own CAs. STATUS_KEY as above. */
MUST_CHECK enum status request_sign(const X509_NAME *subject, struct signer *signer,
				    struct bytes *request, struct error *e);

#endif
