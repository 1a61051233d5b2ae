#include "cmd/self.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/proc/self/exe"

extern char **environ;

enum status self_run(const char *const *words, int *status, struct error *e)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int failed;

	posix_spawn_file_actions_init(&files);
	failed = posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawn(&pid, PROGRAM, &files, NULL, (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&files);
	if (failed) {
		errno = failed;
		return error_errno(e, STATUS_SYSTEM, PROGRAM, NULL, "cannot be started");
	}
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return error_errno(e, STATUS_SYSTEM, words[1], NULL, "is lost");
	return STATUS_OK;
}
