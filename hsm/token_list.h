/* Private to hsm/token_*.c: CK_TOKEN_INFO in plain types. */
#ifndef SUBCA_HSM_TOKEN_LIST_H
#define SUBCA_HSM_TOKEN_LIST_H

#include "hsm/token.h"
#include "hsm/token_report.h"

void token_summarise(CK_FUNCTION_LIST *f, const CK_TOKEN_INFO *info, struct token_summary *out);

#endif
