/*
 * The guide: what to type, per tool and system, with the paths filled in.
 */
#ifndef SUBCA_TRUST_GUIDE_H
#define SUBCA_TRUST_GUIDE_H

#include "trust/tool.h"

/* Where the guide proposes to put the two files. */
#define GUIDE_BUNDLE "/etc/subca/ca-bundle.pem"
#define GUIDE_ROOT "/etc/subca/root.pem"

enum guide_format { GUIDE_TEXT, GUIDE_MARKDOWN, GUIDE_SHELL };

struct guide {
	const char *bundle, *root; /* NULL: GUIDE_BUNDLE, GUIDE_ROOT, or Windows' */
	unsigned os;		   /* bits of enum tool_os */
				   /* Where the guide proposes to put the two files. */
#define GUIDE_BUNDLE "/etc/subca/ca-bundle.pem"
#define GUIDE_ROOT "/etc/subca/root.pem"

	enum guide_format format;
};

/* One step with its paths: bundle and root as that system writes them. Appends to out. */
MUST_CHECK enum status guide_lines(const struct guide *g, const struct tool_step *step,
				   enum tool_os os, struct text *out, struct error *e);

/*
 * A tool whole. GUIDE_SHELL takes sh lines for one system and comments. Appends nothing where no step
 * is for the systems asked for. STATUS_USAGE for a path that would have to be quoted.
 */
MUST_CHECK enum status guide_write(const struct guide *g, const struct tool *tool, struct text *out,
				   struct error *e);

#endif
