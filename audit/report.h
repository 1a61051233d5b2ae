/*
 * An audit as documents: JSON (audit/report.schema.json), SARIF 2.1.0, CSV, and one HTML file that
 * needs neither network nor script.
 */
#ifndef SUBCA_AUDIT_REPORT_H
#define SUBCA_AUDIT_REPORT_H

#include <jansson.h>

#include "audit/audit.h"

/* NULL when out of memory. The caller puts "schema" first. */
json_t *report_json(const struct audit *a);
json_t *report_sarif(const struct audit *a);
/* The inventory, one line for each certificate (RFC 4180), all of them at any number. */
MUST_CHECK enum status report_csv(struct audit *a, FILE *to, struct error *e);
MUST_CHECK enum status report_html(const struct audit *a, struct text *out, struct error *e);

/* "errors", "warnings", "clean". */
const char *report_result(const struct audit *a);
/* The subject of the CA, else the folder or "certificates". */
const char *report_title(const struct audit *a);
/* "valid", "not yet valid", "expired", "revoked", "not verified". */
const char *report_state(const struct audit *a, const struct audit_record *r);

#endif
