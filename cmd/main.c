#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"
#include "cmd/command.h"
#include "cmd/exit.h"
#include "hsm/signer.h"

/*
 * A standard descriptor that is closed would become the next file opened, a key or the store, and
 * messages would be written into it. Held the wrong way round, each still fails when it is used.
 */
static int hold_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	return 0;
}

static void outlive_reader(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	/*
	 * A reader that leaves must not kill us between a signature and its record. A handler, for
	 * unlike SIG_IGN it is not passed on to programs that are run.
	 */
	struct sigaction outlive = {.sa_handler = outlive_reader, .sa_flags = SA_RESTART};

	int code;

	if (hold_descriptors() != 0)
		return exit_code_of(STATUS_SYSTEM);
	secret_protect_process();
	memory_watch();
	umask(077);
	sigaction(SIGPIPE, &outlive, NULL);
	code = command_main(argc, (const char *const *)argv);
	/* command_main() has flushed what it said. */
	if (signer_abandoned())
		_exit(code);
	return code;
}
