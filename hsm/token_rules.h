/* Private to hsm/token_*.c: what a token and its keys are held against by "subca token doctor". */
#ifndef SUBCA_HSM_TOKEN_RULES_H
#define SUBCA_HSM_TOKEN_RULES_H

#include "hsm/token_report.h"

/* Adds to r->findings what the rest of r shows. expects: a CA's key is among those looked for. */
MUST_CHECK enum status token_judge(struct token_report *r, bool expects, bool trial,
				   struct error *e);

#endif
