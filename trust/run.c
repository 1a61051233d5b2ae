#include "trust/run.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often to look whether it has ended: what it started may hold the pipe open. */
#define LOOK_MS 20
#define FOLDERS_OPEN 16

static volatile sig_atomic_t cancelled;

void run_cancel(void)
{
	cancelled = 1;
}

bool run_is_cancelled(void)
{
	return cancelled;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A file without a name rather than a pipe: nobody has to write while the program reads. */
static int input_descriptor(const char *input)
{
	int fd;

	if (!input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd >= 0 && (write(fd, input, strlen(input)) != (ssize_t)strlen(input) ||
			lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* An error number. */
static int spawn(const struct run_order *order, int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int failed;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	failed = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	if (!failed && order->folder)
		failed = posix_spawn_file_actions_addchdir_np(&files, order->folder);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	if (!failed)
		failed = posix_spawn(pid, order->program, &files, &attributes,
				     (char *const *)order->words,
				     (char *const *)order->environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

/* False at the end of the output. */
static bool take_output(int fd, struct text *output)
{
	char part[4096];
	ssize_t n = read(fd, part, sizeof part);

	if (n > 0 && output->len < RUN_OUTPUT_MAX)
		text_append(output, part, (size_t)n);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* It stays a zombie, so that its group cannot be anybody else's. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid;
}

static void watch(pid_t pid, int fd, int64_t deadline, struct run_result *result)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};

	while (!has_ended(pid)) {
		if (cancelled || now_ms() >= deadline) {
			result->timed_out = true;
			return;
		}
		if (poll(&waiting, 1, LOOK_MS) > 0 && !take_output(fd, &result->output))
			waiting.fd = -1; /* closed, but still running */
	}
	while (waiting.fd >= 0 && poll(&waiting, 1, 0) > 0 && take_output(fd, &result->output))
		if (result->output.len >= RUN_OUTPUT_MAX)
			break;
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static enum status run_between(const struct run_order *order, int in, int out[2],
			       struct run_result *result, struct error *e)
{
	int64_t deadline = now_ms() + (int64_t)order->seconds * 1000;
	int failed, status = 0;
	pid_t pid;

	failed = spawn(order, in, out[1], &pid);
	close(out[1]);
	out[1] = -1;
	if (failed) {
		errno = failed;
		return error_errno(e, STATUS_SYSTEM, order->program, NULL, "cannot be started");
	}
	watch(pid, out[0], deadline, result);
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	result->exit_code = exit_code(status);
	return STATUS_OK;
}

enum status run_program(const struct run_order *order, struct run_result *result, struct error *e)
{
	int in = input_descriptor(order->input), out[2] = {-1, -1};
	enum status s;

	*result = (struct run_result){0};
	if (cancelled)
		s = error_set(e, STATUS_SYSTEM, NULL, NULL, "interrupted");
	else if (in < 0 || pipe2(out, O_CLOEXEC) != 0)
		s = error_errno(e, STATUS_SYSTEM, order->program, NULL, "cannot be started");
	else
		s = run_between(order, in, out, result, e);
	if (in >= 0)
		close(in);
	for (int i = 0; i < 2; i++)
		if (out[i] >= 0)
			close(out[i]);
	return s;
}

void run_result_free(struct run_result *r)
{
	text_free(&r->output);
}

char *run_find(const char *program, const char *path)
{
	char *found = NULL;

	if (strchr(program, '/'))
		return access(program, X_OK) == 0 ? strdup(program) : NULL;
	if (!path)
		path = getenv("PATH");
	while (path && *path) {
		size_t len = strcspn(path, ":");

		/* A folder that depends on where one stands is no place for a program. */
		if (len && path[0] == '/') {
			if (asprintf(&found, "%.*s/%s", (int)len, path, program) < 0)
				return NULL;
			if (access(found, X_OK) == 0)
				return found;
			free(found);
		}
		path += len + (path[len] == ':');
	}
	return NULL;
}

enum status scratch_make(char **folder, struct error *e)
{
	const char *where = getenv("TMPDIR");

	if (!where || where[0] != '/')
		where = "/tmp";
	if (asprintf(folder, "%s/subca-XXXXXX", where) < 0) {
		*folder = NULL;
		return error_memory(e);
	}
	if (mkdtemp(*folder))
		return STATUS_OK;
	free(*folder);
	*folder = NULL;
	return error_errno(e, STATUS_SYSTEM, where, "set TMPDIR to a folder that can be written",
			   "no temporary folder can be made");
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)kind;
	(void)place;
	(void)!remove(path);
	return 0;
}

void scratch_remove(char *folder)
{
	if (folder)
		nftw(folder, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(folder);
}
