/*
 * Preloaded: the FAULT_AT-th allocation fails, counted from the first that main() makes.
 *
 * Without FAULT_AT, FAULT_TALLY gets the number of allocations, and then for each that is the first
 * to come from its place (from the same calls, that is, down to main()) its number and who asked.
 *
 * libconfig 1.5 does not look at what its allocations return, and its parser goes on with NULL: one
 * of its own fails only where FAULT_LIBCONFIG names a file, which is made then.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 40
#define PLACES (1 << 18) /* a power of two, more than there are allocations in a run */

static atomic_long count;
static long fail_at = -1;
static atomic_bool started;
/*
 * What this file itself calls may allocate. Of the initial kind, which needs no memory: an
 * allocation comes before a sanitizer is ready.
 */
static _Thread_local int inside __attribute__((tls_model("initial-exec")));

/* Where the allocations of a tally came from; places[i] is 0 where it is free. */
static _Atomic uint64_t places[PLACES];
static struct first {
	long number;
	void *caller;
} firsts[PLACES];
static atomic_long known;

static void *real(const char *name, void *fallback)
{
	void *found;

	inside++;
	found = dlsym(RTLD_NEXT, name);
	inside--;
	return found ? found : fallback;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);

/* An allocator that the program brings along (a sanitizer's) comes next, else libc's. */
static void find_next(void)
{
	static int looking;

	if (next_realloc || looking)
		return;
	looking = 1;
	*(void **)&next_malloc = real("malloc", (void *)__libc_malloc);
	*(void **)&next_calloc = real("calloc", (void *)__libc_calloc);
	*(void **)&next_realloc = real("realloc", (void *)__libc_realloc);
}

static int by_libconfig(void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libconfig");
}

/*
 * Who asked: what called the allocation, but where the program stands between a library and its
 * memory.
 */
static void *asker(void *caller, void *const *stack, int depth)
{
	Dl_info here, above;

	for (int i = 0; i + 1 < depth; i++)
		if (stack[i] == caller && dladdr(caller, &here) && dladdr(stack[i + 1], &above) &&
		    strcmp(here.dli_fname, program_invocation_name) == 0)
			return above.dli_fbase != here.dli_fbase ? stack[i + 1] : caller;
	return caller;
}

static void remember(long number, void *caller)
{
	void *stack[DEPTH];
	int depth = backtrace(stack, DEPTH);
	uint64_t hash = UINT64_C(14695981039346656037);

	for (int i = 0; i < depth; i++)
		hash = (hash ^ (uintptr_t)stack[i]) * UINT64_C(1099511628211);
	hash |= 1;
	for (size_t i = hash >> 20;; i++) {
		uint64_t free_place = 0;
		_Atomic uint64_t *at = &places[i & (PLACES - 1)];

		if (atomic_compare_exchange_strong(at, &free_place, hash)) {
			firsts[atomic_fetch_add(&known, 1)] = (struct first){
				number, asker(caller, stack, depth)};
			return;
		}
		if (free_place == hash)
			return;
	}
}

static int fails(void *caller)
{
	const char *note;
	long number;
	int yes = 0;

	if (!started || inside)
		return 0;
	inside++;
	number = atomic_fetch_add(&count, 1) + 1;
	if (fail_at < 0 && getenv("FAULT_TALLY")) {
		remember(number, caller);
	} else if (number == fail_at) {
		yes = !by_libconfig(caller);
		note = getenv("FAULT_LIBCONFIG");
		if (!yes && note) {
			close(open(note, O_WRONLY | O_CREAT, 0600));
			yes = 1;
		}
	}
	inside--;
	if (yes)
		errno = ENOMEM;
	return yes;
}

void *malloc(size_t size)
{
	find_next();
	if (fails(__builtin_return_address(0)))
		return NULL;
	return next_malloc ? next_malloc(size) : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	find_next();
	if (fails(__builtin_return_address(0)))
		return NULL;
	return next_calloc ? next_calloc(n, size) : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	find_next();
	if (fails(__builtin_return_address(0)))
		return NULL;
	return next_realloc ? next_realloc(old, size) : __libc_realloc(old, size);
}

/* What main() calls early, and no sanitizer before it. */
mode_t umask(mode_t mask)
{
	mode_t (*next)(mode_t);
	const char *at = getenv("FAULT_AT");
	void *stack[DEPTH];

	*(void **)&next = real("umask", NULL);
	if (at)
		fail_at = strtol(at, NULL, 10);
	else
		backtrace(stack, DEPTH); /* its first call loads a library */
	started = 1;
	return next(mask);
}

static const char *library(void *caller)
{
	Dl_info info;
	const char *slash;

	if (!dladdr(caller, &info) || !info.dli_fname)
		return "?";
	slash = strrchr(info.dli_fname, '/');
	return slash ? slash + 1 : info.dli_fname;
}

static void tell(void) __attribute__((destructor));
static void tell(void)
{
	const char *file = getenv("FAULT_TALLY");
	FILE *f = file ? fopen(file, "w") : NULL;

	started = 0;
	if (!file)
		return;
	if (!f || fprintf(f, "%ld\n", (long)count) < 0)
		_exit(99);
	for (long i = 0; i < known; i++)
		if (fprintf(f, "%ld %s\n", firsts[i].number, library(firsts[i].caller)) < 0)
			_exit(99);
	if (fclose(f) != 0)
		_exit(99);
}
