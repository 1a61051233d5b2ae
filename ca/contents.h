/*
 * What a file holds of certificates, CRLs and requests, each as the octets that came in: PEM blocks,
 * one DER value, the contents of a p7b, and a request as people spoil it (csr/input.h). Nothing is
 * judged, and one is in memory at a time beside the file.
 */
#ifndef SUBCA_CA_CONTENTS_H
#define SUBCA_CA_CONTENTS_H

#include "ca/lint.h"

/* One thing found. */
struct content {
	enum lint_form form; /* what the PEM block calls itself, or its shape */
	struct span der;     /* borrowed for the call */
	bool in_p7b;
};

/* A status other than STATUS_OK ends the walk. */
typedef enum status contents_use(const struct content *c, void *context, struct error *e);

/*
 * Calls use for each, in order. *found, also on failure, is how many there were; none is no error.
 * STATUS_INPUT for a damaged PEM block or p7b. What a file has beside (keys, text) is passed over.
 */
MUST_CHECK enum status contents_each(struct span input, contents_use *use, void *context,
				     size_t *found, struct error *e);

#endif
