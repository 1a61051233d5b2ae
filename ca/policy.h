/*
 * What a profile allows: which keys, which subjects, below which issuers. Each refuses in words.
 */
#ifndef SUBCA_CA_POLICY_H
#define SUBCA_CA_POLICY_H

#include <openssl/x509.h>

#include "base/finding.h"
#include "ca/profile.h"

/* issuer NULL: self-signed. A CA, allowed to sign certificates, with a path length that is enough. */
MUST_CHECK enum status policy_check_issuer(const struct profile *p, X509 *issuer, struct error *e);

/* Adds everything that the profile does not allow, by the rules of ca/issue_rules.h. */
MUST_CHECK enum status policy_judge_key(const struct profile *p, EVP_PKEY *key,
					struct findings *findings, struct error *e);
MUST_CHECK enum status policy_judge_subject(const struct profile *p, const X509_NAME *subject,
					    X509 *issuer, struct findings *findings,
					    struct error *e);

/* The same, refusing by the first. */
MUST_CHECK enum status policy_check_key(const struct profile *p, EVP_PKEY *key, struct error *e);
MUST_CHECK enum status policy_check_subject(const struct profile *p, const X509_NAME *subject,
					    X509 *issuer, struct error *e);

#endif
