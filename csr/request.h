/*
 * A PKCS#10 request (RFC 2986): bytes in, an immutable request out. What it *claims* (names with
 * their exact DER, extensions, key) and what was *proved* (its signature under its own key). A
 * request that does not prove possession does not exist: csr_request_read() refuses it.
 *
 * The version is 0, written v1, and nothing else: RFC 2986 4.1 says "It shall be 0 for this version
 * of the standard", and no later one was made. What another number would mean nobody knows, so a
 * request that has one is refused, with the number it has.
 */
#ifndef SUBCA_CSR_REQUEST_H
#define SUBCA_CSR_REQUEST_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/finding.h"
#include "base/bytes.h"

/* More than any request needs; what portals make has about 1 KiB. */
#define CSR_INPUT_MAX (256 * 1024)

struct csr_request;

/*
 * Reads one request, PEM or DER. origin (a file name) goes into messages and is copied.
 * STATUS_INPUT when it is not one well-formed request, STATUS_REFUSED when its signature fails.
 */
MUST_CHECK enum status csr_request_read(struct span input, const char *origin,
					struct csr_request **out, struct error *e);

/*
 * The same, and every rule that it breaks goes to findings, not the first alone. What is neither PEM
 * nor DER (HTML, nothing) or too large breaks none, and is an error without a finding.
 */
MUST_CHECK enum status csr_request_judge(struct span input, const char *origin,
					 struct csr_request **out, struct findings *findings,
					 struct error *e);

/* The rules of reading; all are errors. The first is csr_malformed. */
const struct rule *csr_request_rules(size_t *count);

/*
 * A root's certificate (DER) taken for a request, to cross-sign it: its own signature proves that
 * its maker holds the key. Asks for no extensions. STATUS_INPUT, STATUS_REFUSED where it is not
 * self-signed.
 */
MUST_CHECK enum status csr_request_from_root(struct span certificate, const char *origin,
					     struct csr_request **out, struct error *e);

void csr_request_free(struct csr_request *r);

const char *csr_request_origin(const struct csr_request *r);
struct span csr_request_der(const struct csr_request *r);
/* The DER of the subject Name, byte for byte as it stands in the request. */
struct span csr_request_subject(const struct csr_request *r);
/* The DER of SubjectPublicKeyInfo, byte for byte. */
struct span csr_request_spki(const struct csr_request *r);
/* The same two, decoded. Borrowed; never modified by anybody. */
const X509_NAME *csr_request_name(const struct csr_request *r);
EVP_PKEY *csr_request_key(const struct csr_request *r);
/* Requested extensions in their order; NULL when none were asked for. Borrowed. */
const STACK_OF(X509_EXTENSION) *csr_request_extensions(const struct csr_request *r);

#endif
