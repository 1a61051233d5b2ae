#include "ca/path/internal.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>

enum status path_pool_new(struct path_pool **out, struct error *e)
{
	struct path_pool *p = calloc(1, sizeof *p);

	if (p)
		p->crls = sk_X509_CRL_new_null();
	if (!p || !p->crls) {
		free(p);
		return error_memory(e);
	}
	*out = p;
	return STATUS_OK;
}

static void release(struct path_member *m)
{
	X509_free(m->certificate);
	bytes_free(&m->der);
}

void path_pool_free(struct path_pool *p)
{
	if (!p)
		return;
	path_pool_cut(p, 0);
	free(p->members);
	sk_X509_CRL_pop_free(p->crls, X509_CRL_free);
	free(p);
}

size_t path_pool_count(const struct path_pool *p)
{
	return p->count;
}

void path_pool_cut(struct path_pool *p, size_t count)
{
	while (p->count > count)
		release(&p->members[--p->count]);
}

enum status path_read_certificate(struct span der, X509 **out, struct error *e)
{
	const unsigned char *at = der.data;
	X509 *x = der.len && der.len <= INT_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;

	if (!x)
		return error_openssl(e, STATUS_INPUT, NULL, "give a certificate",
				     "is no certificate");
	if (at != der.data + der.len) {
		X509_free(x);
		return error_set(e, STATUS_INPUT, NULL, "check how it was copied",
				 "has %zu bytes behind the certificate",
				 (size_t)(der.data + der.len - at));
	}
	/* Unpacks the extensions now: a certificate shared between threads stays as it is. */
	(void)X509_check_purpose(x, -1, 0);
	ERR_clear_error();
	*out = x;
	return STATUS_OK;
}

static enum status add(struct path_pool *p, struct span der, size_t tag, bool root, struct error *e)
{
	struct path_member m = {.tag = tag, .root = root};
	struct path_member *members;

	if (path_read_certificate(der, &m.certificate, e) != STATUS_OK)
		return error_status(e);
	members = reallocarray(p->members, p->count + 1, sizeof *members);
	if (members)
		p->members = members;
	if (!members || bytes_copy(&m.der, der, e) != STATUS_OK) {
		release(&m);
		return error_memory(e);
	}
	p->members[p->count++] = m;
	return STATUS_OK;
}

enum status path_pool_add_root(struct path_pool *p, struct span der, size_t tag, struct error *e)
{
	return add(p, der, tag, true, e);
}

enum status path_pool_add_certificate(struct path_pool *p, struct span der, size_t tag,
				      struct error *e)
{
	return add(p, der, tag, false, e);
}

enum status path_pool_add_crl(struct path_pool *p, struct span der, struct error *e)
{
	const unsigned char *at = der.data;
	X509_CRL *crl = der.len && der.len <= INT_MAX ? d2i_X509_CRL(NULL, &at, (long)der.len)
						      : NULL;

	if (!crl || at != der.data + der.len) {
		X509_CRL_free(crl);
		return error_openssl(e, STATUS_INPUT, NULL, "give a CRL", "is no CRL");
	}
	if (sk_X509_CRL_push(p->crls, crl) == 0) {
		X509_CRL_free(crl);
		return error_memory(e);
	}
	return STATUS_OK;
}

const struct path_member *path_pool_find(const struct path_pool *p, const X509 *x)
{
	const struct path_member *found = NULL;

	/* As a root, where it is there as both. */
	for (size_t i = 0; i < p->count; i++)
		if ((p->members[i].certificate == x ||
		     X509_cmp(p->members[i].certificate, x) == 0) &&
		    (!found || (p->members[i].root && !found->root)))
			found = &p->members[i];
	return found;
}
