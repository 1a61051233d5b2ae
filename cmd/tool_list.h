/* --only TOOL and --skip TOOL. */
#ifndef SUBCA_CMD_TOOL_LIST_H
#define SUBCA_CMD_TOOL_LIST_H

#include "cmd/options.h"
#include "trust/tool.h"

#define TOOL_LIST_MOST 32

/*
 * The ids given with an option, ending with NULL; borrowed. STATUS_NOT_FOUND for an unknown one,
 * STATUS_USAGE for one that does not fit.
 */
MUST_CHECK enum status tool_list_read(const struct options *o, const char *name,
				      bool (*fits)(const struct tool *tool),
				      const char *list[TOOL_LIST_MOST], struct error *e);

#endif
