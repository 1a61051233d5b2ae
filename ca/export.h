/*
 * What a CA issued, in the forms that others read: PEM, DER, p7b, CSV.
 */
#ifndef SUBCA_CA_EXPORT_H
#define SUBCA_CA_EXPORT_H

#include <stdio.h>

#include "ca/authority.h"

/* A PKCS#7 file is one object, built in memory. */
#define EXPORT_P7B_MAX 10000

/* Which certificates; all borrowed. */
struct export_order {
	struct authority *authority;
	const struct bytes *serials; /* exact */
	size_t serial_count;	     /* 0: every row that is issued or revoked */
	bool chain;		     /* the CA's own and those above it as well, once each */
};

/*
 * Each row of the order, in the order in which it was issued. Rows without their certificate come
 * too: their der is empty.
 */
MUST_CHECK enum status export_each(const struct export_order *order, store_visit *visit,
				   void *context, struct error *e);

struct export_total {
	int64_t written, without_certificate;
};

/* Certificates without one another in between. STATUS_NOT_FOUND where a serial has none. */
MUST_CHECK enum status export_pem(const struct export_order *order, FILE *to,
				  struct export_total *total, struct error *e);
/* Of exactly one serial; else STATUS_USAGE. */
MUST_CHECK enum status export_der(const struct export_order *order, FILE *to,
				  struct export_total *total, struct error *e);
/* RFC 2315 9, signed by nobody, in PEM. STATUS_REFUSED for more than EXPORT_P7B_MAX. */
MUST_CHECK enum status export_p7b(const struct export_order *order, FILE *to,
				  struct export_total *total, struct error *e);
/*
 * RFC 4180 with a head line. A cell that a spreadsheet would take for a formula gets an apostrophe
 * in front.
 */
MUST_CHECK enum status export_csv(const struct export_order *order, FILE *to,
				  struct export_total *total, struct error *e);

#endif
