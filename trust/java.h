/* Trust stores in the form that older Java wants, made by its own keytool. */
#ifndef SUBCA_TRUST_JAVA_H
#define SUBCA_TRUST_JAVA_H

#include "trust/bundle.h"

/* A JKS, password BUNDLE_STORE_PASSWORD. STATUS_NOT_FOUND where there is no keytool. */
MUST_CHECK enum status java_trust_store(const struct bundle *b, struct bytes *out, struct error *e);

#endif
