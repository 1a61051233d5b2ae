/* SIGINT and SIGTERM while programs run: they are ended, and we clean up behind them. */
#ifndef SUBCA_CMD_INTERRUPT_H
#define SUBCA_CMD_INTERRUPT_H

#include <signal.h>

struct interrupt {
	struct sigaction before[2];
};

void interrupt_begin(struct interrupt *i);
void interrupt_end(const struct interrupt *i);

#endif
