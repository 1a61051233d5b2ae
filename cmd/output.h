/*
 * What a command says. Results go to standard output, everything else to standard error.
 *
 * With --json standard output holds exactly one document, also when the command fails: its own
 * ("schema": "subca.NAME/1"), or, when it failed before it had one, "subca.error/1". A list that
 * fails on its way is closed with the error inside. Standard error has the line for people always.
 */
#ifndef SUBCA_CMD_OUTPUT_H
#define SUBCA_CMD_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/finding.h"

enum output_list { OUTPUT_LIST_NONE, OUTPUT_LIST_EMPTY, OUTPUT_LIST_OPEN };

struct output {
	bool json, quiet, yes;
	bool colour;	       /* on standard output */
	bool colour_error;     /* on standard error */
	bool json_said;	       /* the one document is out */
	struct findings found; /* before the command failed: shown with its error */
	enum output_list list;
};

/* Colour only on a terminal that can, and neither with NO_COLOR (no-color.org) nor --no-color. */
void output_start(struct output *o, bool no_colour);

enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_YELLOW, COLOUR_GREEN, COLOUR_BOLD };
/* What switches a colour on or, with COLOUR_NONE, off again; "" where there is to be none. */
const char *colour_code(bool wanted, enum colour colour);

/* What was found is shown with the error that the command ends with. findings is emptied. */
void output_keep_findings(struct output *o, struct findings *findings);

/*
 * "subca: WHERE: WHAT (DETAIL) [RULE, REFERENCE]; TODO" on standard error, after the findings that
 * were kept, and with --json the document.
 */
void output_error(struct output *o, const struct error *error);

/* An error as the members of a JSON object, with "rule" and "reference" where a rule refused. NULL when out of memory. */
json_t *output_error_json(const struct error *error);

/* A line about progress or a hint, on standard error; nothing with --quiet. */
void output_note(const struct output *o, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * The command's document. "schema": "subca.NAME/1" is put first; document's members follow.
 * Takes over document; NULL stands for one that could not be built for lack of memory.
 */
MUST_CHECK enum status output_json(struct output *o, const char *name, json_t *document,
				   struct error *e);

/* A document with one array that may be long, written item by item. */
MUST_CHECK enum status output_json_list(struct output *o, const char *name, const char *array,
					struct error *e);
/* Takes over item; NULL as above. STATUS_SYSTEM also when nobody reads any more. */
MUST_CHECK enum status output_json_item(struct output *o, json_t *item, struct error *e);
void output_json_list_end(struct output *o);

/* Findings for people: severity, message and what to do, the worst first. */
void output_findings(const struct output *o, FILE *to, const struct findings *findings);
/* The same with each line after prefix. */
void output_findings_after(const struct output *o, FILE *to, const char *prefix,
			   const struct findings *findings);
/* The same as a JSON array. NULL when out of memory. */
json_t *output_findings_json(const struct findings *findings);
/* JSON text is UTF-8: anything else in s comes escaped as \xNN. NULL when out of memory. */
json_t *output_json_text(const char *s);

/*
 * Asks "question [y/N] " on the terminal. STATUS_OK for y and yes, and with --yes without asking;
 * STATUS_DECLINED for any other answer, and where there is no terminal.
 */
MUST_CHECK enum status output_confirm(const struct output *o, const char *question,
				      struct error *e);

/*
 * STATUS_SYSTEM when standard output could not be written, or memory was short for some of it: a long
 * list need not go on.
 */
MUST_CHECK enum status output_check(struct error *e);
/* The same after everything is flushed and closed; nothing can be written afterwards. */
MUST_CHECK enum status output_finish(struct error *e);

#endif
