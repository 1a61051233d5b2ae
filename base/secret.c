#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/file.h"

struct secret {
	size_t len;
	char text[SECRET_MAX + 1];
};

/* A mapping of its own, so that locking it locks nothing else and freeing it leaves nothing. */
static struct secret *secret_new(void)
{
	struct secret *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		return NULL;
	/* Without the right to lock memory, cleansing and the absent core dump still hold. */
	(void)!mlock(s, sizeof *s);
	(void)!madvise(s, sizeof *s, MADV_DONTDUMP);
	return s;
}

void secret_free(struct secret *s)
{
	if (!s)
		return;
	OPENSSL_cleanse(s, sizeof *s);
	munmap(s, sizeof *s);
}

enum status secret_take(struct bytes *b, struct secret **out, struct error *e)
{
	enum status status = STATUS_OK;
	struct secret *s = secret_new();

	if (!s)
		status = error_memory(e);
	else if (b->len > SECRET_MAX)
		status = error_set(e, STATUS_KEY, NULL, NULL, "a secret of more than %d bytes",
				   SECRET_MAX);
	else if (b->len && memchr(b->data, '\0', b->len))
		status = error_set(e, STATUS_KEY, NULL, NULL, "a secret with a NUL byte in it");
	if (status == STATUS_OK) {
		if (b->len)
			memcpy(s->text, b->data, b->len);
		s->len = b->len;
		*out = s;
	} else {
		secret_free(s);
	}
	if (b->data)
		OPENSSL_cleanse(b->data, b->len);
	bytes_free(b);
	return status;
}

enum status secret_copy(const struct secret *from, struct secret **out, struct error *e)
{
	struct secret *s = secret_new();

	if (!s)
		return error_memory(e);
	memcpy(s, from, sizeof *s);
	*out = s;
	return STATUS_OK;
}

const char *secret_text(const struct secret *s)
{
	return s->text;
}

size_t secret_len(const struct secret *s)
{
	return s->len;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && CRYPTO_memcmp(a->text, b->text, a->len) == 0;
}

static void keep_first_line(struct bytes *b)
{
	unsigned char *end = b->len ? memchr(b->data, '\n', b->len) : NULL;
	size_t len = end ? (size_t)(end - b->data) : b->len;

	if (len && b->data[len - 1] == '\r')
		len--;
	if (b->len > len)
		OPENSSL_cleanse(b->data + len, b->len - len);
	b->len = len;
}

/* Byte by byte up to the end of the line: what follows belongs to the next reader of the descriptor. */
static enum status read_line(int fd, struct bytes *line, struct error *e)
{
	unsigned char *data = calloc(1, SECRET_MAX + 2);
	size_t len = 0;

	if (!data)
		return error_memory(e);
	while (len <= SECRET_MAX) {
		ssize_t got = read(fd, data + len, 1);

		if (got < 0) {
			OPENSSL_cleanse(data, len);
			free(data);
			return error_errno(e, STATUS_KEY, NULL, NULL, "it could not be read");
		}
		if (got == 0 || data[len] == '\n')
			break;
		len++;
	}
	*line = (struct bytes){data, len};
	keep_first_line(line);
	return STATUS_OK;
}

static const int interrupting[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define INTERRUPTING (sizeof interrupting / sizeof interrupting[0])

static volatile sig_atomic_t interrupted_by;

static void note_signal(int number)
{
	interrupted_by = number;
}

struct signals {
	struct sigaction actions[INTERRUPTING];
	sigset_t mask;
};

/* Held back until wait_for_line() looks: one that came just before it would be noted and slept over. */
static void hold_signals(struct signals *saved)
{
	struct sigaction note = {.sa_handler = note_signal};
	sigset_t held;

	interrupted_by = 0;
	sigemptyset(&held);
	for (size_t i = 0; i < INTERRUPTING; i++)
		sigaddset(&held, interrupting[i]);
	pthread_sigmask(SIG_BLOCK, &held, &saved->mask);
	for (size_t i = 0; i < INTERRUPTING; i++)
		sigaction(interrupting[i], &note, &saved->actions[i]);
}

static void release_signals(const struct signals *saved)
{
	pthread_sigmask(SIG_SETMASK, &saved->mask, NULL);
	for (size_t i = 0; i < INTERRUPTING; i++)
		sigaction(interrupting[i], &saved->actions[i], NULL);
	if (interrupted_by)
		raise(interrupted_by);
}

/* The terminal gives whole lines, so that reading this one does not wait again. */
static enum status wait_for_line(int tty, const struct signals *saved, struct error *e)
{
	struct pollfd line = {.fd = tty, .events = POLLIN};

	if (ppoll(&line, 1, NULL, &saved->mask) < 0)
		return error_errno(e, STATUS_KEY, NULL, NULL, "it could not be read");
	return STATUS_OK;
}

static enum status ask(int tty, const char *prompt, struct bytes *line, struct error *e)
{
	struct termios before, silent;
	struct signals saved;
	enum status s;

	if (tcgetattr(tty, &before) != 0)
		return error_errno(e, STATUS_KEY, "/dev/tty", NULL, "is no terminal");
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ECHONL | ICANON;
	hold_signals(&saved);
	/* Silent first: what is typed as soon as the question shows must be neither shown nor lost. */
	tcsetattr(tty, TCSAFLUSH, &silent);
	(void)!write(tty, prompt, strlen(prompt));
	s = wait_for_line(tty, &saved, e);
	if (s == STATUS_OK)
		s = read_line(tty, line, e);
	tcsetattr(tty, TCSAFLUSH, &before);
	release_signals(&saved);
	return s;
}

static enum status ask_once(int tty, const char *what, const char *again, struct secret **out,
			    struct error *e)
{
	struct bytes line = {0};
	char question[160];

	snprintf(question, sizeof question, "Enter the %s%s: ", what, again);
	if (ask(tty, question, &line, e) != STATUS_OK)
		return error_status(e);
	return secret_take(&line, out, e);
}

static enum status prompt(const struct secret_source *from, struct secret **out, struct error *e)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct secret *first = NULL, *again = NULL;
	enum status s;

	if (tty < 0)
		return error_set(e, STATUS_KEY, NULL, from->options,
				 "no terminal to ask for the %s on", from->what);
	s = ask_once(tty, from->what, "", &first, e);
	if (s == STATUS_OK && from->confirm)
		s = ask_once(tty, from->what, " once more", &again, e);
	if (s == STATUS_OK && from->confirm && !secret_equal(first, again))
		s = error_set(e, STATUS_KEY, NULL, "type it again",
			      "the two entries of the %s differ", from->what);
	if (s == STATUS_OK) {
		*out = first;
		first = NULL;
	}
	secret_free(first);
	secret_free(again);
	close(tty);
	return s;
}

static enum status from_file(const char *path, struct secret **out, struct error *e)
{
	struct bytes b = {0};

	if (file_read_private(path, SECRET_MAX + 2, &b, e) != STATUS_OK)
		return error_status(e);
	keep_first_line(&b);
	return secret_take(&b, out, e);
}

static enum status from_fd(int fd, struct secret **out, struct error *e)
{
	struct bytes line = {0};

	if (read_line(fd, &line, e) != STATUS_OK)
		return error_status(e);
	return secret_take(&line, out, e);
}

static enum status from_environment(const char *value, struct secret **out, struct error *e)
{
	struct bytes b = {0};

	if (bytes_copy(&b, span_text(value), e) != STATUS_OK)
		return error_status(e);
	return secret_take(&b, out, e);
}

enum status secret_obtain(const struct secret_source *from, struct secret **out, struct error *e)
{
	const char *value = from->environment ? getenv(from->environment) : NULL;
	struct secret *secret = NULL;
	enum status s;

	if (from->file)
		s = from_file(from->file, &secret, e);
	else if (from->fd >= 0)
		s = from_fd(from->fd, &secret, e);
	else if (value)
		s = from_environment(value, &secret, e);
	else
		s = prompt(from, &secret, e);
	if (s == STATUS_OK && secret_len(secret) == 0 && !from->may_be_empty)
		s = error_set(e, STATUS_KEY, from->file, from->options, "the %s is empty",
			      from->what);
	if (s != STATUS_OK) {
		error_at(e, from->file ? from->file : from->what);
		secret_free(secret);
		return s;
	}
	*out = secret;
	return STATUS_OK;
}

void secret_protect_process(void)
{
	struct rlimit none = {0, 0};

	(void)!setrlimit(RLIMIT_CORE, &none);
	(void)!prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
