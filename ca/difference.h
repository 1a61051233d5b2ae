/*
 * What became of each thing a request asked for, and by which rule of the profile.
 */
#ifndef SUBCA_CA_DIFFERENCE_H
#define SUBCA_CA_DIFFERENCE_H

#include "ca/plan.h"

enum difference_verdict {
	DIFFERENCE_KEPT,       /* in the certificate as it was asked for */
	DIFFERENCE_DROPPED,    /* asked for, not in the certificate */
	DIFFERENCE_OVERRIDDEN, /* asked for, in the certificate with another value */
	DIFFERENCE_ADDED,      /* not asked for */
};

struct difference {
	enum difference_verdict verdict;
	char field[80];	  /* "subject", "public key", "basicConstraints" */
	const char *rule; /* what decides: "copied byte for byte", "profile basic_constraints", … */
	char *asked;	  /* in words; "" where nothing was */
	char *granted;
};

struct differences {
	struct difference *items;
	size_t count;
};

MUST_CHECK enum status differences_find(const struct csr_request *request,
					const struct cert_plan *plan, struct differences *out,
					struct error *e);
void differences_free(struct differences *d);
/* "kept", "dropped", "overridden", "added". */
const char *difference_verdict_name(enum difference_verdict v);

/* One extension in words on one line: "critical; CA:TRUE, pathlen:1". Appends to out. */
void extension_show(const X509_EXTENSION *extension, struct text *out);

#endif
