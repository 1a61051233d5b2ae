/*
 * Pre-signed OCSP responses (RFC 6960) for a CA whose key is offline: one file for each certificate,
 * which any static web server can hand out by GET (RFC 5019 5).
 */
#ifndef SUBCA_CA_OCSP_H
#define SUBCA_CA_OCSP_H

#include "ca/authority.h"

#define OCSP_DAYS 90
#define OCSP_DAYS_MAX 3660

/* In the folder that responses are written to. */
#define OCSP_SUFFIX ".ocsp"
/* For whatever has no response: RFC 5019 2.2.3, "unauthorized"; unsigned, and never "good". */
#define OCSP_UNAUTHORIZED_FILE "unauthorized.ocsp"

/* Where the name of a GET ends in "/". */
#define OCSP_INDEX_FILE "index.html"

struct ocsp_order {
	int64_t now;
	int days;	    /* until nextUpdate, which never comes after the signer's notAfter */
	const char *folder; /* made where it is not there */
	X509 *responder;    /* a certificate of this CA for OCSPSigning; NULL: the CA's own key */
	bool sha256;	    /* CertIDs of SHA-256 as well as the SHA-1 that RFC 5019 wants */
};

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };
/* "good", "revoked", "unknown". */
const char *ocsp_status_name(enum ocsp_status status);

struct ocsp_response {
	struct span serial;
	enum ocsp_status status;
	const char *file; /* in the folder: SERIAL.ocsp */
	const char *get;  /* in the folder: what a GET of the SHA-1 request asks for */
};
typedef enum status ocsp_visit(void *context, const struct ocsp_response *r, struct error *e);

struct ocsp_made {
	int64_t next_update;
	bool shortened; /* it is the signer's notAfter */
	int64_t good, revoked, unknown;
};

/*
 * Whether certificate may sign for this CA: issued by it, in its store and not revoked, for
 * OCSPSigning, valid now. STATUS_REFUSED, STATUS_NOT_FOUND.
 */
MUST_CHECK enum status ocsp_expect_responder(const struct authority *a, X509 *certificate,
					     int64_t now, struct error *e);

/*
 * A response for every certificate that is not expired: good, revoked, and unknown for a serial under
 * which nothing was issued. signer is the responder's, or the CA's.
 */
MUST_CHECK enum status ocsp_make(const struct authority *a, const struct ocsp_order *order,
				 struct signer *signer, ocsp_visit *visit, void *context,
				 struct ocsp_made *made, struct error *e);

/* One for a serial that may be anything, as above. */
MUST_CHECK enum status ocsp_make_one(const struct authority *a, const struct ocsp_order *order,
				     struct signer *signer, struct span serial, ocsp_visit *visit,
				     void *context, struct ocsp_made *made, struct error *e);

#endif
