/*
 * Preloaded: from the FAULT_AT-th call on there is no randomness, neither by getrandom() or
 * getentropy() nor from /dev/random and /dev/urandom. Without FAULT_AT the number of calls is
 * written to FAULT_TALLY at the end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long count;

/* Not ENOSYS: OpenSSL would ask the kernel in another way. */
static int fails(void)
{
	const char *at = getenv("FAULT_AT");
	long now = atomic_fetch_add(&count, 1) + 1;

	return at && now >= strtol(at, NULL, 10);
}

ssize_t getrandom(void *to, size_t len, unsigned flags)
{
	ssize_t (*next)(void *, size_t, unsigned);

	*(void **)&next = dlsym(RTLD_NEXT, "getrandom");
	if (!fails())
		return next(to, len, flags);
	errno = EIO;
	return -1;
}

int getentropy(void *to, size_t len)
{
	int (*next)(void *, size_t);

	*(void **)&next = dlsym(RTLD_NEXT, "getentropy");
	if (!fails())
		return next(to, len);
	errno = EIO;
	return -1;
}

long syscall(long number, ...)
{
	long (*next)(long, ...);
	long words[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_getrandom && fails()) {
		errno = EIO;
		return -1;
	}
	*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

static int opened(const char *name, const char *path, int flags, va_list ap)
{
	int (*next)(const char *, int, ...);
	int mode = flags & O_CREAT ? va_arg(ap, int) : 0;

	if (strncmp(path, "/dev/", 5) == 0 && strstr(path, "random") && fails()) {
		errno = EIO;
		return -1;
	}
	*(void **)&next = dlsym(RTLD_NEXT, name);
	return next(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = opened("open", path, flags, ap);
	va_end(ap);
	return fd;
}

int open64(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = opened("open64", path, flags, ap);
	va_end(ap);
	return fd;
}

static void tell(void) __attribute__((destructor));
static void tell(void)
{
	const char *file = getenv("FAULT_TALLY");
	FILE *f = file ? fopen(file, "w") : NULL;

	if (file && (!f || fprintf(f, "%ld\n", (long)count) < 0 || fclose(f) != 0))
		_exit(99);
}
