/*
 * Distinguished names: written by people, compared as RFC 5280 7.1 says, shown without surprises.
 */
#ifndef SUBCA_CA_NAME_H
#define SUBCA_CA_NAME_H

#include <openssl/x509.h>

#include "base/bytes.h"

/*
 * "C=DE,O=Example GmbH,CN=Example Root": attributes in the order written, which is the order in
 * the certificate (root of the tree first). Backslash escapes as in RFC 4514; "+" joins a
 * multi-valued RDN. Short or long names or dotted OIDs. STATUS_USAGE with the place otherwise.
 * PrintableString where the text allows and for countryName always, else UTF8String.
 */
MUST_CHECK enum status name_parse(const char *s, X509_NAME **out, struct error *e);

/* The same form back, control characters and malformed text escaped. Appends to out. */
void name_show(const X509_NAME *name, struct text *out);

/* RFC 5280 7.1 for one attribute value: case and runs of spaces do not count, nor the string type. */
bool name_value_matches(const ASN1_STRING *a, const ASN1_STRING *b);

/* The first value of an attribute, NULL when absent. Borrowed. */
const ASN1_STRING *name_find(const X509_NAME *name, int nid);

#endif
