/* Preloaded: reads and writes of files and pipes move one byte at a time, as they may. */
#include <dlfcn.h>
#include <unistd.h>

ssize_t read(int fd, void *to, size_t len)
{
	ssize_t (*next)(int, void *, size_t);

	*(void **)&next = dlsym(RTLD_NEXT, "read");
	return next(fd, to, len ? 1 : 0);
}

ssize_t write(int fd, const void *from, size_t len)
{
	ssize_t (*next)(int, const void *, size_t);

	*(void **)&next = dlsym(RTLD_NEXT, "write");
	return next(fd, from, len ? 1 : 0);
}

ssize_t pread64(int fd, void *to, size_t len, off64_t at)
{
	ssize_t (*next)(int, void *, size_t, off64_t);

	*(void **)&next = dlsym(RTLD_NEXT, "pread64");
	return next(fd, to, len ? (len + 1) / 2 : 0, at);
}

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at)
{
	ssize_t (*next)(int, const void *, size_t, off64_t);

	*(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
	return next(fd, from, len ? (len + 1) / 2 : 0, at);
}
