/* subca, run once more: for what needs a process of its own, or is a command already. */
#ifndef SUBCA_CMD_SELF_H
#define SUBCA_CMD_SELF_H

#include "base/error.h"

/*
 * words: "subca", the command, …; ends with NULL. What it prints to standard output goes to standard
 * error. *status is as waitpid() gives it. STATUS_SYSTEM where it cannot be started.
 */
MUST_CHECK enum status self_run(const char *const *words, int *status, struct error *e);

#endif
