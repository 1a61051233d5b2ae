#include "base/memory.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_bool ran_out;

void memory_note(void)
{
	atomic_store_explicit(&ran_out, true, memory_order_relaxed);
}

bool memory_ran_out(void)
{
	return atomic_load_explicit(&ran_out, memory_order_relaxed);
}

static void *watched(void *made, size_t size)
{
	if (!made && size)
		memory_note();
	return made;
}

static void *allocate(size_t size)
{
	return watched(malloc(size), size);
}

static void *openssl_allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	/* As OpenSSL's own: nothing is NULL, and no failure. */
	return size ? allocate(size) : NULL;
}

static void *openssl_change(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size)
		return watched(realloc(old, size), size);
	free(old);
	return NULL;
}

static void openssl_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

void memory_watch(void)
{
	/* Refused where OpenSSL has begun to allocate: then it is as it was before. */
	(void)CRYPTO_set_mem_functions(openssl_allocate, openssl_change, openssl_free);
	json_set_alloc_funcs(allocate, free);
}
