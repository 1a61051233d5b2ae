/*
 * Who made a request, as far as its shape shows it. A shape can be imitated: this explains, and
 * nothing may be decided by it.
 */
#ifndef SUBCA_CSR_MAKER_H
#define SUBCA_CSR_MAKER_H

#include <openssl/x509.h>

#include "base/bytes.h"

enum maker_sure {
	MAKER_POSSIBLE, /* others make the same shape */
	MAKER_LIKELY,	/* one mark that others hardly have */
	MAKER_PLAIN,	/* several marks together */
};

struct csr_maker {
	const char *name; /* literal; NULL: the shape shows nobody */
	enum maker_sure sure;
	const char *why; /* literal; the marks it was told by */
};

struct csr_maker csr_maker_guess(X509_REQ *request);
/* "possible", "likely", "plain". */
const char *maker_sure_name(enum maker_sure sure);

/* What the attributes say besides requested extensions. */
struct csr_attributes {
	bool challenge_password;   /* PKCS#9 5.4.1; the value is a secret and not taken */
	bool microsoft_extensions; /* asks for extensions in 1.3.6.1.4.1.311.2.1.14 */
	struct text template_name; /* [MS-WCCE] 2.2.2.7.7.1 or .2, raw UTF-8 or a dotted OID */
	struct text system;	   /* Windows' version, [MS-WCCE] 2.2.2.7.1, raw */
	struct text others;	   /* types of those not named above, ", " between them */
};

MUST_CHECK enum status csr_attributes_read(X509_REQ *request, struct csr_attributes *out,
					   struct error *e);
void csr_attributes_free(struct csr_attributes *a);

#endif
