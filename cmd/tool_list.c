#include "cmd/tool_list.h"

enum status tool_list_read(const struct options *o, const char *name,
			   bool (*fits)(const struct tool *tool), const char *list[TOOL_LIST_MOST],
			   struct error *e)
{
	const struct tool *tool;
	const char *id;

	for (size_t i = 0; (id = options_value_at(o, name, i)) != NULL; i++) {
		if (tool_find(id, &tool, e) != STATUS_OK)
			return error_status(e);
		if (!fits(tool))
			return error_set(e, STATUS_USAGE, NULL, "leave it out",
					 "%s is not among what can be run here", id);
		if (i + 1 == TOOL_LIST_MOST)
			return error_set(e, STATUS_USAGE, NULL, NULL, "--%s is given too often",
					 name);
		list[i] = id;
	}
	return STATUS_OK;
}
