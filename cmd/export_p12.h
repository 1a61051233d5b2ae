/* subca export p12: the CA's own key and chain in one encrypted file. */
#ifndef SUBCA_CMD_EXPORT_P12_H
#define SUBCA_CMD_EXPORT_P12_H

#include "cmd/command.h"

MUST_CHECK enum status export_p12(struct invocation *in, struct error *e);

#endif
