/*
 * What the parts of "subca lint" share: cmd/lint.c has the options and the end, cmd/lint_files.c
 * reads, cmd/lint_show.c tells.
 */
#ifndef SUBCA_CMD_LINT_RUN_H
#define SUBCA_CMD_LINT_RUN_H

#include "ca/lint.h"
#include "cmd/command.h"
#include "cmd/rules_choice.h"

/* A CRL with a million entries has about 40 MiB in DER, 54 in PEM. */
#define LINT_INPUT_MAX (128 * 1024 * 1024)
#define LINT_FORMS 3

/* What a file with more than one certificate is taken for. */
enum lint_as { LINT_AS_RECOGNISED, LINT_AS_CHAIN, LINT_AS_BUNDLE, LINT_AS_APART };

/* One call of lint: what it was told, and what it has found so far. */
struct lint_run {
	struct output *output;
	struct bytes issuer;
	bool recursive;
	enum lint_as as;
	int64_t now; /* for what has expired in a chain or bundle, and for acceptances */
	struct rules_choice choice;
	size_t linted[LINT_FORMS], found[SEVERITY_ERROR + 1], bad, passed_over;
	enum status bad_status; /* of the first that could not be linted */
};

/* Where a thing is: the file, and its place there where the file has several. */
struct lint_place {
	const char *path;
	const char *kind; /* "certificate", "CRL", …; "chain", "bundle" for a whole file */
	size_t number;	  /* 0: the file as a whole */
	const char *
		serial; /* of a certificate, in hexadecimal, where somebody wants to know; or NULL */
	bool several;	/* whether to say which of the file it is */
};

const char *lint_form_name(enum lint_form form);

/* --- cmd/lint_files.c: a failure is of the output, or of the machine --------------------------- */

MUST_CHECK enum status lint_operand(struct lint_run *r, const char *path, struct error *e);
/* The files that a list names, one in a line; NULL: no list. */
MUST_CHECK enum status lint_list(struct lint_run *r, const char *list, struct error *e);

/* --- cmd/lint_show.c -------------------------------------------------------------------------- */

/* Counts what is not ignored, and tells it. all is freed. */
MUST_CHECK enum status lint_say_findings(struct lint_run *r, const struct lint_place *at,
					 struct findings *all, struct error *e);
/* Names what could not be linted, so that the rest can go on. */
MUST_CHECK enum status lint_say_bad(struct lint_run *r, const struct lint_place *at,
				    const struct error *problem, struct error *e);
void lint_print_sum(const struct lint_run *r);

#endif
