/*
 * Preloaded: the FAULT_AT-th allocation fails, counted from the first that main() makes. Without
 * FAULT_AT the number of allocations is written to FAULT_TALLY at the end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static atomic_long count;
static long fail_at = -1;
static atomic_bool started;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

/* libconfig 1.5 does not look at what its allocations return, and its parser goes on with NULL. */
static int by_libconfig(void *caller)
{
	Dl_info info;
	int known;

	started = 0; /* dladdr() may allocate */
	known = dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libconfig");
	started = 1;
	return known;
}

static int fails(void *caller)
{
	if (!started || atomic_fetch_add(&count, 1) + 1 != fail_at)
		return 0;
	return !by_libconfig(caller);
}

void *malloc(size_t size)
{
	if (fails(__builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (fails(__builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	if (fails(__builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, size);
}

/* What main() calls first. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	int (*next)(__rlimit_resource_t, const struct rlimit *);
	const char *at = getenv("FAULT_AT");

	*(void **)&next = dlsym(RTLD_NEXT, "setrlimit");
	if (at)
		fail_at = strtol(at, NULL, 10);
	started = 1;
	return next(resource, limit);
}

static void tell(void) __attribute__((destructor));
static void tell(void)
{
	const char *file = getenv("FAULT_TALLY");
	char text[32];
	int fd, len;

	if (!file)
		return;
	started = 0;
	len = snprintf(text, sizeof text, "%ld\n", (long)count);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		_exit(99);
	close(fd);
}
