/*
 * The bytes of one OCSP response, RFC 6960 4.2.1, signed by a signer.
 */
#ifndef SUBCA_CA_OCSP_RESPONSE_H
#define SUBCA_CA_OCSP_RESPONSE_H

#include <openssl/ocsp.h>

#include "ca/store.h"
#include "hsm/signer.h"

/* What all responses of a run share; borrowed. */
struct ocsp_frame {
	X509 *issuer;
	X509 *responder; /* NULL: the issuer's own key signs */
	struct signer *signer;
	int64_t produced_at, next_update;
};

struct ocsp_answer {
	struct span serial;
	int status; /* V_OCSP_CERTSTATUS_* */
	struct store_revocation revocation;
};

/* The CertID that a client asks with; freed with OCSP_CERTID_free(). NULL when out of memory. */
OCSP_CERTID *ocsp_certid(X509 *issuer, struct span serial, const EVP_MD *digest);

/* DER OCSPResponse; verified as a client would before it is handed out. */
MUST_CHECK enum status ocsp_sign(const struct ocsp_frame *f, const struct ocsp_answer *answer,
				 const EVP_MD *certid_digest, struct bytes *out, struct error *e);

/* DER of "unauthorized", unsigned. */
MUST_CHECK enum status ocsp_unauthorized(struct bytes *out, struct error *e);

/* The base64 of the DER OCSPRequest that RFC 5019 5 has in the URL, not yet percent-encoded. */
MUST_CHECK enum status ocsp_get_name(const struct ocsp_frame *f, struct span serial,
				     const EVP_MD *certid_digest, struct text *out,
				     struct error *e);

#endif
