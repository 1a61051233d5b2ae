/*
 * Help, made from the tables that the parser reads.
 */
#ifndef SUBCA_CMD_HELP_H
#define SUBCA_CMD_HELP_H

#include "cmd/command.h"

MUST_CHECK enum status help_overview(struct output *o, struct error *e);
MUST_CHECK enum status help_command(struct output *o, const struct command *command,
				    struct error *e);

#endif
