/* Private to cmd/token*.c: how tokens and their keys are shown. */
#ifndef SUBCA_CMD_TOKEN_H
#define SUBCA_CMD_TOKEN_H

#include "cmd/command.h"
#include "hsm/token_report.h"

/* The rows of "token list"; the titles come first. */
void token_print_titles(void);
void token_print_row(const struct token_summary *t);
/* NULL when out of memory, as all of these. */
json_t *token_summary_json(const struct token_summary *t);

void token_print_report(const struct output *o, const struct token_report *r, bool findings);
json_t *token_report_json(const struct token_report *r, bool findings);

/*
 * What the token says of the key named uri, into folder/key-evidence.json, and the certificates by
 * which its maker attests to it, if it has any, into folder/key-attestation.pem. Replaces older ones.
 */
MUST_CHECK enum status token_keep_evidence(struct invocation *in, const char *folder,
					   const char *uri, const struct secret *pin,
					   struct error *e);

#endif
