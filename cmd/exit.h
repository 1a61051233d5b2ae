/*
 * Exit codes: one table says which status ends the process with which number, and why a script
 * would care. "subca help exit-codes" prints it, subca(1) repeats it, a test compares the two.
 */
#ifndef SUBCA_CMD_EXIT_H
#define SUBCA_CMD_EXIT_H

#include <stddef.h>

#include "base/error.h"

struct exit_code {
	enum status status;
	int code;
	const char *words;
};

/* In the order of their codes. */
const struct exit_code *exit_codes(size_t *count);
int exit_code_of(enum status s);

#endif
