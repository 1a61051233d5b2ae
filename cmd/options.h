/*
 * Options: a command states its own in one table, which feeds the parser, --help, completion, and
 * the test that holds the man page against it.
 *
 * Options may stand before or after operands. "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE"
 * are the same; letters without a value join ("-qy"); "--" ends the options. Nothing is abbreviated,
 * so that a script does not break when an option is added.
 */
#ifndef SUBCA_CMD_OPTIONS_H
#define SUBCA_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/* What a shell offers for a value or an operand. */
enum completion {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_DIR,
	COMPLETE_PROFILE,
	COMPLETE_WORDS,
	COMPLETE_COMMAND,
};

/* Tables end with an entry without a name. All strings are literals. */
struct option_spec {
	const char *name;	  /* "passphrase-file", without the dashes */
	char letter;		  /* 'C'; 0: none */
	bool repeatable;	  /* may carry a value more than once */
	enum completion complete; /* of the value */
	const char *argument;	  /* what the value is called in help, "FILE"; NULL: takes none */
	const char *const *words; /* COMPLETE_WORDS: ends with NULL */
	const char *help;	  /* begins small, ends without a full stop */
};

/* Every command has these: -C, --json, --quiet, --yes, --no-color, --help. */
extern const struct option_spec options_common[];
/* For a command that opens the CA's key: key_open() in cmd/key.h reads them. */
extern const struct option_spec options_passphrase[];

#define OPTION_LISTS 4

struct option_value {
	const struct option_spec *spec;
	const char *argument; /* NULL for an option that takes none; borrowed from argv */
};

/* What was parsed. Starts as all zero. */
struct options {
	const struct option_spec *lists[OPTION_LISTS + 1]; /* ends with NULL */
	struct option_value *values;
	size_t value_count;
	const char **operands; /* borrowed from argv */
	size_t operand_count;
};

enum options_extent {
	OPTIONS_ALL,
	OPTIONS_BEFORE_OPERAND, /* stops at the first operand */
};

/* Room for the words of a command line. */
MUST_CHECK enum status options_start(struct options *o, size_t words, struct error *e);
void options_free(struct options *o);

/*
 * Parses words with the tables in o->lists and adds to what o holds; *used is how many were taken.
 * STATUS_USAGE with what to write instead.
 */
MUST_CHECK enum status options_parse(struct options *o, enum options_extent extent,
				     const char *const *words, size_t count, size_t *used,
				     struct error *e);

/*
 * Look-ups by long name. A name that none of o->lists has is a bug, which aborts at the first run.
 * options_value(): the value given last, NULL when it was not given.
 */
bool options_given(const struct options *o, const char *name);
const char *options_value(const struct options *o, const char *name);
/* The value number i of a repeatable option; NULL past the last. */
const char *options_value_at(const struct options *o, const char *name, size_t i);
/* A decimal number in low … high; *to stays as it was when the option is not given. STATUS_USAGE. */
MUST_CHECK enum status options_number(const struct options *o, const char *name, int64_t low,
				      int64_t high, int64_t *to, struct error *e);
/* An option whose value is one of its table's words: its place there. *to as above. STATUS_USAGE. */
MUST_CHECK enum status options_word(const struct options *o, const char *name, int *to,
				    struct error *e);

/* A certificate's life as a command line asks for it. */
struct options_life {
	int days;	   /* 0: not given */
	int64_t not_after; /* 0: not given */
	bool fit;
};

/* --days N or --not-after TIME, and --fit. STATUS_USAGE where both are given or one is wrong. */
MUST_CHECK enum status options_read_life(const struct options *o, struct options_life *life,
					 struct error *e);

/*
 * --passphrase-file FILE, --passphrase-fd N, SUBCA_PASSPHRASE, else a prompt. what: "passphrase of
 * the CA key", a literal. STATUS_USAGE where both options are given or N is no descriptor.
 */
MUST_CHECK enum status options_passphrase_source(const struct options *o, const char *what,
						 bool confirm, struct secret_source *out,
						 struct error *e);
/* --pin-file FILE, --pin-fd N, SUBCA_PIN, else a prompt. what: "PIN of token 'Root CA'". As above. */
MUST_CHECK enum status options_pin_source(const struct options *o, const char *what,
					  struct secret_source *out, struct error *e);

#endif
