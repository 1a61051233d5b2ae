/*
 * What the settings of a tool are on this machine, for this user, in this folder: which of them are
 * set, where, and which of those count. Nothing is changed; programs that are asked are only asked.
 */
#ifndef SUBCA_TRUST_SETTING_H
#define SUBCA_TRUST_SETTING_H

#include "trust/tool.h"

struct setting_found {
	const struct tool_setting *setting;
	char *file;  /* that the line stands in; NULL else */
	char *value; /* a path; of SLOT_OFF what it says; NULL: inside the tool */
	bool counts; /* no stronger one stands before it */
};

/* Owns its items. Starts as all zero. */
struct settings_found {
	struct setting_found *items;
	size_t count;
};

/* path: PATH. A file that cannot be read, and a program that cannot be asked, say nothing. */
MUST_CHECK enum status settings_find(const struct tool *tool, const char *path,
				     struct settings_found *out, struct error *e);
void settings_found_free(struct settings_found *f);

/* A folder of the machine's own store; NULL: it has none. */
const char *setting_system_folder(void);

#endif
