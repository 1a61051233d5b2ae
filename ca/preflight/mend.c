#include "ca/preflight/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>

#include "base/der.h"
#include "base/memory.h"
#include "ca/contents.h"
#include "ca/pem.h"

#define POOL_MAX 128

/* Every certificate that was handed in, once. */
struct pool {
	X509 *items[POOL_MAX];
	bool used[POOL_MAX];
	size_t count;
};

static enum status take(const struct content *c, void *context, struct error *e)
{
	struct pool *pool = context;
	const unsigned char *at = c->der.data;
	X509 *x;

	if (c->form != LINT_FORM_CERTIFICATE)
		return STATUS_OK;
	x = c->der.len <= LONG_MAX ? d2i_X509(NULL, &at, (long)c->der.len) : NULL;
	if (!x || at != c->der.data + c->der.len) {
		X509_free(x);
		return error_openssl(e, STATUS_INPUT, NULL,
				     "get the certificate again from who issued it",
				     "holds something that is no certificate");
	}
	for (size_t i = 0; i < pool->count; i++) {
		if (X509_cmp(pool->items[i], x) == 0) {
			X509_free(x);
			return STATUS_OK;
		}
	}
	if (pool->count == POOL_MAX) {
		X509_free(x);
		return error_set(e, STATUS_INPUT, NULL, "leave out what is not in the chain",
				 "more than %d certificates", POOL_MAX);
	}
	pool->items[pool->count++] = x;
	return STATUS_OK;
}

static enum status take_all(struct pool *pool, struct span bytes, struct error *e)
{
	static const char mark[] = "\xEF\xBB\xBF";
	size_t found = 0;

	if (bytes.len >= 3 && memcmp(bytes.data, mark, 3) == 0)
		bytes = (struct span){bytes.data + 3, bytes.len - 3};
	return contents_each(bytes, take, pool, &found, e);
}

static bool is_issuer(X509 *issuer, X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool good;

	if (!key || X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)) != 0)
		return false;
	ERR_set_mark();
	good = X509_verify(x, key) == 1;
	ERR_pop_to_mark();
	return good;
}

static bool issued_another(const struct pool *pool, size_t at)
{
	for (size_t i = 0; i < pool->count; i++)
		if (i != at && is_issuer(pool->items[at], pool->items[i]))
			return true;
	return false;
}

/* The portal's own; pool->count where nothing tells. */
static size_t find_own(const struct pool *pool, const struct csr_request *request)
{
	for (size_t i = 0; request && i < pool->count; i++)
		if (EVP_PKEY_eq(X509_get0_pubkey(pool->items[i]), csr_request_key(request)) == 1)
			return i;
	for (size_t i = 0; i < pool->count; i++)
		if (!issued_another(pool, i))
			return i;
	return pool->count;
}

static enum status add(struct text *to, X509 *x, struct error *e)
{
	struct bytes der = {0};
	enum status s = der_encode(x, (i2d_of_void *)i2d_X509, &der, e);

	if (s == STATUS_OK)
		s = pem_add_certificate(to, span_of(&der), e);
	bytes_free(&der);
	return s;
}

/* From the portal's own upwards, each issuer once. */
static enum status add_issuers(struct pool *pool, size_t own, struct text *to, bool *root,
			       struct error *e)
{
	size_t at = own;
	enum status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < pool->count; i++) {
		if (pool->used[i] || !is_issuer(pool->items[i], pool->items[at]))
			continue;
		pool->used[i] = true;
		s = add(to, pool->items[i], e);
		at = i;
		i = SIZE_MAX;
	}
	*root = is_issuer(pool->items[at], pool->items[at]);
	return s;
}

static enum status arrange(struct pool *pool, const struct preflight *p,
			   const struct csr_request *request, struct preflight_mended *out,
			   struct error *e)
{
	size_t own = find_own(pool, request);
	enum status s;

	if (pool->count == 0)
		return error_set(e, STATUS_INPUT, NULL, "name the certificate that was issued",
				 "no certificate is in it");
	if (own == pool->count)
		return error_set(e, STATUS_INPUT, NULL, "name the portal's request with --csr",
				 "which of the certificates is the portal's cannot be told");
	pool->used[own] = true;
	s = add(&out->certificate, pool->items[own], e);
	if (s == STATUS_OK)
		s = add_issuers(pool, own,
				p->portal == PORTAL_ZPA ? &out->certificate : &out->chain,
				&out->root, e);
	for (size_t i = 0; i < pool->count; i++)
		out->left_out += !pool->used[i];
	return s;
}

enum status preflight_mend(const struct preflight *p, struct preflight_mended *out, struct error *e)
{
	struct pool *pool = calloc(1, sizeof *pool);
	struct csr_request *request = NULL;
	enum status s = pool ? STATUS_OK : error_memory(e);

	*out = (struct preflight_mended){0};
	if (s == STATUS_OK && p->request.len)
		s = csr_request_read(p->request, "request", &request, e);
	if (s == STATUS_OK)
		s = take_all(pool, p->certificate, e);
	if (s == STATUS_OK && p->chain.len)
		s = take_all(pool, p->chain, e);
	if (s == STATUS_OK)
		s = arrange(pool, p, request, out, e);
	/* Who signed whom was found out by trying. */
	if (s == STATUS_OK && memory_ran_out())
		s = error_memory(e);
	for (size_t i = 0; pool && i < pool->count; i++)
		X509_free(pool->items[i]);
	free(pool);
	csr_request_free(request);
	if (s != STATUS_OK)
		preflight_mended_free(out);
	return s;
}

void preflight_mended_free(struct preflight_mended *m)
{
	text_free(&m->certificate);
	text_free(&m->chain);
}

char *preflight_mended_name(const char *path)
{
	static const char *const others[] = {".crt", ".cer", ".der", ".p7b", ".p7c", ".txt"};
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t len = strlen(path);
	char *name = malloc(len + sizeof ".pem");

	if (!name)
		return NULL;
	memcpy(name, path, len + 1);
	if (dot && dot > path && dot[-1] != '/' && (!slash || dot > slash)) {
		if (strcasecmp(dot, ".pem") == 0)
			return name;
		for (size_t i = 0; i < sizeof others / sizeof *others; i++)
			if (strcasecmp(dot, others[i]) == 0)
				len = (size_t)(dot - path);
	}
	memcpy(name + len, ".pem", sizeof ".pem");
	return name;
}
