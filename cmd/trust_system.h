/* "subca trust install" and "remove": the machine's own trust store. */
#ifndef SUBCA_CMD_TRUST_SYSTEM_H
#define SUBCA_CMD_TRUST_SYSTEM_H

#include "cmd/command.h"

MUST_CHECK enum status trust_system(struct invocation *in, bool install, struct error *e);

#endif
