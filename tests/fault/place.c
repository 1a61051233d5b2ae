/*
 * Preloaded: what subca asks of the system, of OpenSSL or of the allocator fails, at one place.
 *
 * A place is the name of the call and the innermost FAULT_DEPTH return addresses that lie in subca
 * itself: the same function called on two ways is two places. With FAULT_PLACES=FILE each place
 * that a run comes by is a line of that file, "HASH NAME OFFSET…". With FAULT_AT=HASH the first
 * call there fails, and FAULT_HIT=FILE is made to tell so.
 *
 * Calls are passed on as nine machine words, which is what they are on the two machines that this
 * is built for; none of them takes a floating point number.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <link.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include "tests/fault/place_calls.h"

enum {
	DEEPEST = 16,
	PLACES = 1 << 16,
	ENOUGH = 20000,
};

enum caller {
	BY_PROGRAM, /* subca itself calls */
	BY_ANYONE,  /* a library calls, below subca */
};

struct place {
	size_t frames, inner;
	uintptr_t frame[DEEPEST];
	uintptr_t library[DEEPEST]; /* below the first frame of subca's own */
	uint64_t hash;
};

static uintptr_t text_start, text_end, text_base;
static uintptr_t watch_start = UINTPTR_MAX, watch_end;
static size_t depth = 4;
static uint64_t fail_at;
static int record = -1;
static atomic_bool started, hit;
static atomic_flag lock = ATOMIC_FLAG_INIT;
static uint64_t *seen;
static __thread int busy;
/* Looked at since subca called OpenSSL last: PBKDF2 allocates in each of its 600 000 rounds. */
static __thread long since_call;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

/* --- where ------------------------------------------------------------------------------------ */

static int program_text(struct dl_phdr_info *info, size_t size, void *none)
{
	(void)size;
	(void)none;
	for (size_t i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
			text_base = info->dlpi_addr;
			text_start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_end = text_start + info->dlpi_phdr[i].p_memsz;
		}
	return 1; /* the first is the program */
}

static int in_program(uintptr_t at)
{
	return at >= text_start && at < text_end;
}

static _Unwind_Reason_Code frame(struct _Unwind_Context *context, void *arg)
{
	struct place *p = arg;
	uintptr_t at = _Unwind_GetIP(context);

	if (at >= watch_start && at < watch_end)
		return _URC_NO_REASON;
	if (in_program(at))
		p->frame[p->frames++] = at - text_base;
	else if (!p->frames && p->inner < DEEPEST)
		p->library[p->inner++] = at;
	return p->frames == depth ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* base/memory.c between OpenSSL or jansson and the allocator: whom they work for is the place. */
static void add_watch(uintptr_t function)
{
	enum { LONGEST = 200 };

	if (function < watch_start)
		watch_start = function;
	if (function + LONGEST > watch_end)
		watch_end = function + LONGEST;
}

/* FNV-1a */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *byte = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3;
	return hash;
}

/* Whether this call has a place at all. */
static int find_place(struct place *p, const char *name)
{
	p->frames = p->inner = 0;
	_Unwind_Backtrace(frame, p);
	p->hash = mix(0xcbf29ce484222325, name, strlen(name));
	p->hash = mix(p->hash, p->frame, p->frames * sizeof p->frame[0]);
	return p->frames > 0;
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Not write() and open(), which are this file's own. */
static void say(int fd, const char *text, size_t len)
{
	while (len) {
		long done = syscall(SYS_write, fd, text, len);

		if (done <= 0)
			_exit(99);
		text += done;
		len -= (size_t)done;
	}
}

static int make(const char *path)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			  0600);

	if (fd < 0)
		_exit(99);
	return (int)fd;
}

static int is_new(uint64_t hash)
{
	size_t at = hash % PLACES;
	int new;

	while (atomic_flag_test_and_set(&lock))
		;
	while (seen[at] && seen[at] != hash)
		at = (at + 1) % PLACES;
	new = !seen[at];
	seen[at] = hash;
	atomic_flag_clear(&lock);
	return new;
}

static void tell_place(const struct place *p, const char *name)
{
	char line[512];
	int len = snprintf(line, sizeof line, "%016llx %s", (unsigned long long)p->hash, name);

	for (size_t i = 0; i < p->frames; i++)
		len += snprintf(line + len, sizeof line - (size_t)len, " %lx",
				(unsigned long)p->frame[i]);
	line[len++] = '\n';
	say(record, line, (size_t)len);
}

static void tell_hit(void)
{
	const char *file = getenv("FAULT_HIT");

	if (file)
		syscall(SYS_close, make(file));
}

/* --- failing ---------------------------------------------------------------------------------- */

/*
 * Libraries that do not look at what they are given, or abort: libconfig, GMP, C++, p11-kit. What
 * they do without memory is not subca's.
 */
static int careless(uintptr_t at)
{
	static const char *const names[] = {"libconfig", "libgmp",   "libstdc++",
					    "softhsm",	 "libbotan", "p11-kit"};
	Dl_info info;

	if (!dladdr((void *)at, &info) || !info.dli_fname)
		return 1;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strstr(info.dli_fname, names[i]))
			return 1;
	return 0;
}

static int survives(const struct place *p)
{
	for (size_t i = 0; i < p->inner; i++)
		if (careless(p->library[i]))
			return 0;
	return 1;
}

static int chosen(const char *name, int allocates)
{
	struct place p;

	if (hit || !find_place(&p, name))
		return 0;
	if (fail_at) {
		if (p.hash != fail_at || (allocates && !survives(&p)) || atomic_exchange(&hit, 1))
			return 0;
		tell_hit();
		return 1;
	}
	if ((!allocates || survives(&p)) && is_new(p.hash))
		tell_place(&p, name);
	return 0;
}

static int fails(const char *name, void *caller, enum caller by, int allocates)
{
	int failed, told = errno;

	if (!started || busy || (by == BY_PROGRAM && !in_program((uintptr_t)caller)))
		return 0;
	if (by == BY_PROGRAM)
		since_call = 0;
	else if (since_call++ > ENOUGH)
		return 0;
	busy = 1;
	failed = chosen(name, allocates);
	busy = 0;
	errno = told;
	return failed;
}

/* OpenSSL never fails without a word on its queue. */
static void raise_openssl(void)
{
	void (*new)(void);
	void (*set)(int library, int reason, const char *format, ...);

	*(void **)&new = dlsym(RTLD_DEFAULT, "ERR_new");
	*(void **)&set = dlsym(RTLD_DEFAULT, "ERR_set_error");
	if (!new || !set)
		_exit(99);
	new ();
	set(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE, NULL);
}

/* --- the calls -------------------------------------------------------------------------------- */

typedef long (*any_call)(long, long, long, long, long, long, long, long, long);

static any_call next_of(const char *name)
{
	any_call next;
	int was = busy;

	busy = 1;
	*(void **)&next = dlsym(RTLD_NEXT, name);
	busy = was;
	if (!next)
		_exit(99);
	return next;
}

#define CALL(name, by, failure)                                                                   \
	long place_##name(long a, long b, long c, long d, long e, long f, long g, long h,         \
			  long i) __asm__(#name);                                                 \
	long place_##name(long a, long b, long c, long d, long e, long f, long g, long h, long i) \
	{                                                                                         \
		static _Atomic(any_call) next;                                                    \
                                                                                                  \
		if (fails(#name, __builtin_return_address(0), by, 0)) {                           \
			failure;                                                                  \
		}                                                                                 \
		if (!next)                                                                        \
			next = next_of(#name);                                                    \
		return ((any_call)next)(a, b, c, d, e, f, g, h, i);                               \
	}

#define ZERO(name) CALL(name, BY_PROGRAM, raise_openssl(); return 0)
#define MINUS(name) CALL(name, BY_PROGRAM, raise_openssl(); return -1)
#define ERRNO(name, number) CALL(name, BY_ANYONE, errno = number; return -1)
#define NOTHING(name, number) CALL(name, BY_ANYONE, errno = number; return 0)
#define CODE(name, number) CALL(name, BY_ANYONE, return number)

OPENSSL_ZERO(ZERO);
OPENSSL_MINUS(MINUS);
SYSTEM_MINUS(ERRNO);
SYSTEM_NULL(NOTHING);
SYSTEM_CODE(CODE);

void *malloc(size_t size)
{
	if (fails("malloc", __builtin_return_address(0), BY_ANYONE, 1)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (fails("calloc", __builtin_return_address(0), BY_ANYONE, 1)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	if (fails("realloc", __builtin_return_address(0), BY_ANYONE, 1)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, size);
}

/* --- who allocates ---------------------------------------------------------------------------- */

int CRYPTO_set_mem_functions(CRYPTO_malloc_fn allocate, CRYPTO_realloc_fn change,
			     CRYPTO_free_fn release)
{
	int (*next)(CRYPTO_malloc_fn, CRYPTO_realloc_fn, CRYPTO_free_fn);

	*(void **)&next = dlsym(RTLD_NEXT, "CRYPTO_set_mem_functions");
	add_watch((uintptr_t)allocate);
	add_watch((uintptr_t)change);
	return next(allocate, change, release);
}

void json_set_alloc_funcs(json_malloc_t allocate, json_free_t release)
{
	void (*next)(json_malloc_t, json_free_t);

	*(void **)&next = dlsym(RTLD_NEXT, "json_set_alloc_funcs");
	add_watch((uintptr_t)allocate);
	next(allocate, release);
}

/* --- from when to when ------------------------------------------------------------------------ */

/* Before what the compiler adds, such as gcov's counters, is written. */
static void stop(void)
{
	started = 0;
}

static void begin(void)
{
	const char *at = getenv("FAULT_AT"), *places = getenv("FAULT_PLACES"),
		   *deep = getenv("FAULT_DEPTH");
	struct place warm_up = {0};

	dl_iterate_phdr(program_text, NULL);
	if (deep)
		depth = (size_t)strtoul(deep, NULL, 10);
	if (depth < 1 || depth > DEEPEST)
		_exit(99);
	if (at)
		fail_at = strtoull(at, NULL, 16);
	if (places) {
		record = make(places);
		seen = mmap(NULL, PLACES * sizeof *seen, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (seen == MAP_FAILED)
			_exit(99);
	}
	find_place(&warm_up, "");
	if (atexit(stop) != 0)
		_exit(99);
	started = at || places;
}

/* What main() of subca calls first; other programs are left alone. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	int (*next)(__rlimit_resource_t, const struct rlimit *);

	*(void **)&next = dlsym(RTLD_NEXT, "setrlimit");
	if (!strcmp(program_invocation_short_name, "subca"))
		begin();
	return next(resource, limit);
}
