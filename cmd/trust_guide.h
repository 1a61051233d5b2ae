/* "subca trust guide": the table of tools as text, Markdown, a shell's lines, or JSON. */
#ifndef SUBCA_CMD_TRUST_GUIDE_H
#define SUBCA_CMD_TRUST_GUIDE_H

#include "cmd/command.h"

/* What --format takes. */
extern const char *const trust_guide_formats[];

MUST_CHECK enum status trust_guide(struct invocation *in, struct error *e);

#endif
