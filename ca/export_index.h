/*
 * Moving out: index.txt, index.txt.attr, serial and crlnumber as 'openssl ca' writes them, so that
 * it and 'openssl ocsp -index' can go on with this CA.
 */
#ifndef SUBCA_CA_EXPORT_INDEX_H
#define SUBCA_CA_EXPORT_INDEX_H

#include "base/finding.h"
#include "ca/authority.h"

#define EXPORT_INDEX "index.txt"
#define EXPORT_INDEX_ATTRIBUTES "index.txt.attr"
#define EXPORT_SERIAL "serial"
#define EXPORT_CRL_NUMBER "crlnumber"

/*
 * Into folder, which is made where it is not there; none of the four may be there, unless replace
 * is set. A serial that was spent without a certificate has no line, but the next one is past it.
 * What the format has no room for is a finding. rows: lines written.
 */
MUST_CHECK enum status export_index(struct authority *a, const char *folder, bool replace,
				    int64_t now, int64_t *rows, struct findings *findings,
				    struct error *e);

#endif
