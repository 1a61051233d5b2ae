#include "base/digest.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/memory.h"

static const struct {
	const char *name;
	int nid;
	size_t size;
} digests[DIGESTS] = {
	[DIGEST_SHA1] = {"SHA1", NID_sha1, 20},
	[DIGEST_SHA256] = {"SHA256", NID_sha256, SHA256_SIZE},
	[DIGEST_SHA384] = {"SHA384", NID_sha384, 48},
	[DIGEST_SHA512] = {"SHA512", NID_sha512, 64},
};

/* They stay until the end. */
static EVP_MD *fetched[DIGESTS];
static pthread_key_t key;
static bool has_key;

/* Of one thread: a context that goes from one algorithm to another is made anew each time. */
struct contexts {
	EVP_MD_CTX *of[DIGESTS];
};

static void free_contexts(void *context)
{
	struct contexts *c = context;

	for (unsigned i = 0; i < DIGESTS; i++)
		EVP_MD_CTX_free(c->of[i]);
	free(c);
}

static void fetch(void)
{
	for (unsigned i = 0; i < DIGESTS; i++)
		fetched[i] = EVP_MD_fetch(NULL, digests[i].name, NULL);
	has_key = pthread_key_create(&key, free_contexts) == 0;
}

static void fetch_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch);
}

static struct contexts *get_contexts(void)
{
	struct contexts *c;

	fetch_once();
	if (!has_key)
		return NULL;
	c = pthread_getspecific(key);
	if (c)
		return c;
	c = calloc(1, sizeof *c);
	/* The caller takes it for a digest that does not match. */
	if (!c)
		memory_note();
	if (c && pthread_setspecific(key, c) != 0) {
		free(c);
		return NULL;
	}
	return c;
}

bool digest_of(enum digest digest, struct span a, struct span b, unsigned char *out)
{
	struct contexts *c = get_contexts();

	if (c && !c->of[digest])
		c->of[digest] = EVP_MD_CTX_new();
	return c && c->of[digest] && fetched[digest] &&
	       EVP_DigestInit_ex2(c->of[digest], fetched[digest], NULL) == 1 &&
	       EVP_DigestUpdate(c->of[digest], a.data, a.len) == 1 &&
	       EVP_DigestUpdate(c->of[digest], b.data, b.len) == 1 &&
	       EVP_DigestFinal_ex(c->of[digest], out, NULL) == 1;
}

enum digest digest_find(int nid)
{
	unsigned i = 0;

	while (i < DIGESTS && digests[i].nid != nid)
		i++;
	return (enum digest)i;
}

size_t digest_size(enum digest digest)
{
	return digests[digest].size;
}

const EVP_MD *digest_method(enum digest digest)
{
	fetch_once();
	return fetched[digest];
}
