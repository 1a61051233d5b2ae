/* What an audit found, for people at a terminal. */
#ifndef SUBCA_CMD_AUDIT_TEXT_H
#define SUBCA_CMD_AUDIT_TEXT_H

#include "audit/audit.h"
#include "cmd/output.h"

MUST_CHECK enum status audit_print(const struct output *o, const struct audit *a, struct error *e);
/* The one line that a mail from cron needs. */
void audit_print_line(const struct audit *a);
/* "3 errors, 1 warning, 0 notices"; appends. */
void audit_count_text(const struct audit *a, struct text *out);

#endif
