#include "cmd/interrupt.h"

#include <stddef.h>

#include "trust/run.h"

static void on_signal(int number)
{
	(void)number;
	run_cancel();
}

void interrupt_begin(struct interrupt *i)
{
	struct sigaction cancel = {.sa_handler = on_signal};

	sigaction(SIGINT, &cancel, &i->before[0]);
	sigaction(SIGTERM, &cancel, &i->before[1]);
}

void interrupt_end(const struct interrupt *i)
{
	sigaction(SIGINT, &i->before[0], NULL);
	sigaction(SIGTERM, &i->before[1], NULL);
}
