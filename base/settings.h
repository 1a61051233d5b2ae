/*
 * libconfig, read strictly: types are checked, never converted, and a key nobody asked for is
 * refused. libconfig 1.5 reads an integer too large for an int as INT_MIN and reports success, and
 * a look-up of the wrong type fails so that a default would slip in; both end here.
 */
#ifndef SUBCA_BASE_SETTINGS_H
#define SUBCA_BASE_SETTINGS_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define SETTINGS_FILE_MAX (64 * 1024)

/* Reads and parses a file; @include is off. STATUS_INPUT with file and line. config_destroy() it. */
MUST_CHECK enum status settings_load(const char *file, config_t *config, struct error *e);

enum setting_kind {
	SETTING_INT,	/* to: int; low … high */
	SETTING_BOOL,	/* to: bool */
	SETTING_STRING, /* to: char *, replaced by a copy; low … high bytes */
	SETTING_TREE,	/* to: config_setting_t *: of any type, the caller judges and reads it */
};

/* One key that a group may have. Where it is absent, *to stays as it was. */
struct setting_key {
	const char *name;
	enum setting_kind kind;
	void *to;
	int low, high;
};

/* Reads a group: each key present must be in the table, of its type and in its range. */
MUST_CHECK enum status settings_read(const config_setting_t *group, const struct setting_key *keys,
				     size_t count, struct error *e);

/* A setting is at fault: "FILE: line N: …". Always fails with STATUS_INPUT. */
enum status settings_refuse(const config_setting_t *setting, struct error *e, const char *todo,
			    const char *format, ...) PRINTF_LIKE(4, 5);

#endif
