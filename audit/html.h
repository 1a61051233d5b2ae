/* What the parts of the HTML report share. */
#ifndef SUBCA_AUDIT_HTML_H
#define SUBCA_AUDIT_HTML_H

#include "audit/report.h"
#include "audit/tree.h"

/* Text between tags and inside attribute values, with what HTML gives a meaning escaped. */
void html_add(struct text *out, const char *s);
/* "2031-11-22". */
void html_day(struct text *out, int64_t t);

/* The last second at which an issuer can give a child as long a life as its longest so far. */
int64_t html_renew_by(const struct audit *a, uint32_t record);

/* The style sheet, as text. */
extern const char html_style[];

/* Every CA's life as a bar inside its issuer's, with today's line: an SVG element. */
MUST_CHECK enum status html_timeline(const struct audit *a, const struct audit_tree *tree,
				     struct text *out, struct error *e);

#endif
