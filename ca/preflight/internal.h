/*
 * What the rules of the pre-flight share. Private to ca/preflight/.
 */
#ifndef SUBCA_CA_PREFLIGHT_INTERNAL_H
#define SUBCA_CA_PREFLIGHT_INTERNAL_H

#include <openssl/x509v3.h>

#include "ca/lint/report.h"
#include "ca/preflight.h"
#include "csr/request.h"

/* ZIA takes 16 certificates; beyond this nothing is read. */
#define PREFLIGHT_CERTIFICATES 64

enum upload_form { UPLOAD_PEM, UPLOAD_DER, UPLOAD_PKCS7, UPLOAD_UNREADABLE };

/* A file as it would be uploaded. */
struct upload {
	struct span bytes;
	enum upload_form form;
	X509 *certificates[PREFLIGHT_CERTIFICATES];
	size_t count;
	bool stray_text, carriage_returns, byte_order_mark, private_key;
};

struct preflight_subject {
	const struct preflight *input;
	struct upload file, chain;
	const struct csr_request *request; /* NULL: not given */
	X509 *certificate;		   /* the first of the file; NULL: there is none */
	/* The certificates above it in the order given: the rest of the file, then the chain. */
	X509 *above[2 * PREFLIGHT_CERTIFICATES];
	size_t above_count;
	X509 *issuer; /* of above, by name; NULL: not there */
	X509 *root;   /* of above: the first that is self-issued; NULL: not there */
};

typedef void preflight_rule(const struct preflight_subject *s, struct lint_report *report);

/* Reads any bytes. Freed with upload_free() whatever the form. */
void upload_read(struct span bytes, struct upload *out);
void upload_free(struct upload *u);

/* Each rule: ca/preflight/rules.h. */
#define RULE(id, severity, portals, reference, why, todo) preflight_rule preflight_##id;
#include "ca/preflight/rules.h"
#undef RULE

#endif
