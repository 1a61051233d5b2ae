/*
 * libconfig, read strictly: types are checked, never converted, and a key nobody asked for is
 * refused. libconfig 1.5 reads an integer too large for an int as INT_MIN and reports success, and
 * a look-up of the wrong type fails so that a default would slip in; both end here.
 */
#ifndef SUBCA_BASE_CONFIG_H
#define SUBCA_BASE_CONFIG_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define CONFIG_FILE_MAX (64 * 1024)

/* Reads and parses a file; @include is off. STATUS_INPUT with file and line. config_destroy() it. */
MUST_CHECK enum status config_load(const char *file, config_t *config, struct error *e);

enum config_type {
	CONFIG_KEY_INT,	   /* to: int; low … high */
	CONFIG_KEY_BOOL,   /* to: bool */
	CONFIG_KEY_STRING, /* to: char *, replaced by a copy; low … high bytes */
	CONFIG_KEY_SETTING, /* to: config_setting_t *: a group, list or array the caller reads */
};

/* One key that a group may have. Where it is absent, *to stays as it was. */
struct config_key {
	const char *name;
	enum config_type type;
	void *to;
	int low, high;
};

/* Reads a group: each key present must be in the table, of its type and in its range. */
MUST_CHECK enum status config_read(const config_setting_t *group, const struct config_key *keys,
				   size_t count, struct error *e);

/* A setting is at fault: "FILE: line N: …". Always fails with STATUS_INPUT. */
enum status config_refuse(const config_setting_t *setting, struct error *e, const char *todo,
			  const char *format, ...) PRINTF_LIKE(4, 5);

#endif
