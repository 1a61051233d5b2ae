#include "hsm/pkcs12.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "base/der.h"

#define SALT_SIZE 16

static void free_list(STACK_OF(X509) *list)
{
	sk_X509_pop_free(list, X509_free);
}

static STACK_OF(X509) *list_above(const struct pkcs12_content *c)
{
	STACK_OF(X509) *list = sk_X509_new_null();

	for (size_t i = 0; list && i < c->above_count; i++) {
		if (X509_up_ref(c->above[i]) == 1 && sk_X509_push(list, c->above[i]) > 0)
			continue;
		free_list(list);
		return NULL;
	}
	return list;
}

static enum status make(const struct pkcs12_content *c, const struct secret *password, PKCS12 **out,
			struct error *e)
{
	STACK_OF(X509) *above = list_above(c);
	unsigned char salt[SALT_SIZE];
	const char *text = secret_text(password);

	if (random_bytes(salt, sizeof salt, e) != STATUS_OK) {
		free_list(above);
		return error_status(e);
	}
	/* -1: no MAC yet: the next call says all that there is to say of it. */
	if (above)
		*out = PKCS12_create(text, c->name, c->key, c->certificate, above, NID_aes_256_cbc,
				     NID_aes_256_cbc, PKCS12_ITERATIONS, -1, 0);
	free_list(above);
	if (!*out ||
	    PKCS12_set_mac(*out, text, -1, salt, sizeof salt, PKCS12_ITERATIONS, EVP_sha256()) != 1)
		return error_openssl(e, STATUS_KEY, NULL, NULL, "the PKCS#12 file cannot be made");
	return STATUS_OK;
}

static bool same_list(const struct pkcs12_content *c, const STACK_OF(X509) *list)
{
	size_t found = 0;

	for (size_t i = 0; i < c->above_count; i++)
		for (int j = 0; j < sk_X509_num(list); j++)
			found += X509_cmp(c->above[i], sk_X509_value(list, j)) == 0;
	return found == c->above_count;
}

/* What a reader gets to see. */
static enum status look_again(const struct pkcs12_content *c, const struct secret *password,
			      const struct bytes *der, struct error *e)
{
	const unsigned char *at = der->data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)der->len);
	STACK_OF(X509) *list = NULL;
	EVP_PKEY *key = NULL;
	X509 *own = NULL;
	bool good = p12 && PKCS12_parse(p12, secret_text(password), &key, &own, &list) == 1 &&
		    own && EVP_PKEY_eq(key, c->key) == 1 && X509_cmp(own, c->certificate) == 0 &&
		    same_list(c, list);

	PKCS12_free(p12);
	EVP_PKEY_free(key);
	X509_free(own);
	free_list(list);
	return good ? STATUS_OK
		    : error_openssl(e, STATUS_INTERNAL, NULL, "report this as a bug",
				    "the PKCS#12 file does not hold what was put into it");
}

enum status pkcs12_write(const char *path, const struct pkcs12_content *content,
			 const struct secret *password, enum file_existing existing,
			 struct error *e)
{
	PKCS12 *p12 = NULL;
	struct bytes der = {0};
	enum status s = make(content, password, &p12, e);

	if (s == STATUS_OK)
		s = der_encode(p12, (i2d_of_void *)i2d_PKCS12, &der, e);
	if (s == STATUS_OK)
		s = look_again(content, password, &der, e);
	if (s == STATUS_OK)
		s = file_publish(path, span_of(&der), 0600, existing, e);
	if (s != STATUS_OK)
		error_at(e, path);
	PKCS12_free(p12);
	bytes_free(&der);
	return s;
}
