/*
 * The commands: one static table, one file each. To add one, write cmd/NAME.c with a
 * "const struct command command_NAME" in it, and its line to SUBCA_COMMANDS.
 */
#ifndef SUBCA_CMD_COMMAND_H
#define SUBCA_CMD_COMMAND_H

#include "cmd/options.h"
#include "cmd/output.h"

/* A call as parsed: what every command gets. All of it is borrowed until the command returns. */
struct invocation {
	const struct command *command;
	const char *directory; /* the CA's: -C, else SUBCA_DIR, else "." */
	struct options options;
	struct output output;
};

/* One operand in its place, for help and completion. */
struct operand_spec {
	const char *name; /* "CSR"; NULL ends the list */
	enum completion complete;
	const char *const *words; /* COMPLETE_WORDS: ends with NULL; offered beside the rest too */
};

#define COMMAND_OPERANDS 3

struct command {
	const char *name;
	const char *usage;   /* after the name: "[options] SERIAL|FILE" */
	const char *summary; /* one line of the list of commands */
	const char *about;   /* paragraphs, each on one line */
	size_t least, most;  /* operands */
	struct operand_spec operands[COMMAND_OPERANDS + 1];
	const struct option_spec *options[OPTION_LISTS]; /* its own, then shared; ends with NULL */
	enum status (*run)(struct invocation *in, struct error *e);
};

/* In the order in which help lists them. */
/* clang-format off */
#define SUBCA_COMMANDS(entry) \
	entry(init) \
	entry(sign) \
	entry(revoke) \
	entry(crl) \
	entry(ocsp) \
	entry(renew) \
	entry(cross_sign) \
	entry(list) \
	entry(journal) \
	entry(audit) \
	entry(show) \
	entry(expiring) \
	entry(import) \
	entry(export) \
	entry(backup) \
	entry(restore) \
	entry(check) \
	entry(lint) \
	entry(verify) \
	entry(inspect) \
	entry(lab) \
	entry(rehearse) \
	entry(bundle) \
	entry(trust) \
	entry(token) \
	entry(profile) \
	entry(completion) \
	entry(help)
/* clang-format on */

#define SUBCA_DECLARE_COMMAND(name) extern const struct command command_##name;
SUBCA_COMMANDS(SUBCA_DECLARE_COMMAND)

const struct command *const *commands(size_t *count);
/* STATUS_USAGE with the nearest name. */
MUST_CHECK enum status command_find(const char *name, const struct command **out, struct error *e);

/* A whole run of subca: parse, call, print what went wrong. The exit code. */
int command_main(int argc, const char *const *argv);

#endif
