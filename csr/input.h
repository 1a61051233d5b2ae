/*
 * What people hand in as "the request": PEM with a text before it, in a mail, as UTF-16 or inside
 * JSON; its base64 alone; DER; or something else altogether, which is recognised so that they hear
 * what it is.
 */
#ifndef SUBCA_CSR_INPUT_H
#define SUBCA_CSR_INPUT_H

#include "base/bytes.h"

/*
 * The DER inside the one PEM block of a request, or of the whole input where it is DER already;
 * a copy. Not yet parsed. STATUS_INPUT where it is neither, or more than one
 * (the message counts and names them).
 */
MUST_CHECK enum status csr_input_der(struct span input, struct bytes *der, struct error *e);

/*
 * The same for any number of requests, told one after the other; der is borrowed. Nothing is told
 * where the input is damaged or holds anything else beside. Returning other than STATUS_OK ends it.
 */
typedef enum status csr_input_visit(void *context, struct span der, struct error *e);
MUST_CHECK enum status csr_input_each(struct span input, csr_input_visit *visit, void *context,
				      struct error *e);

/* For DER that is no request: whether it is something else that is known. STATUS_INPUT in e then. */
bool csr_input_explain(struct span der, struct error *e);

#endif
