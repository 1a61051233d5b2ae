#include "trust/portal.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "ca/name.h"
#include "ca/pem.h"

#define PORTAL_RSA_BITS 2048

/* --- files ------------------------------------------------------------------------------------ */

static enum status publish(BIO *memory, const char *file, mode_t mode, struct error *e)
{
	char *data = NULL;
	long len = BIO_get_mem_data(memory, &data);

	return file_publish(file, (struct span){(unsigned char *)data, (size_t)len}, mode,
			    FILE_KEEP, e);
}

static enum status write_key(EVP_PKEY *key, const char *file, struct error *e)
{
	BIO *memory = BIO_new(BIO_s_secmem());
	enum status s;

	if (!memory || PEM_write_bio_PKCS8PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) != 1)
		s = error_openssl(e, STATUS_SYSTEM, file, NULL, "the key cannot be written");
	else
		s = publish(memory, file, 0600, e);
	BIO_free(memory);
	return s;
}

static enum status write_certificate(X509 *x, struct span after, const char *file, struct error *e)
{
	BIO *memory = BIO_new(BIO_s_mem());
	enum status s;

	if (!memory || PEM_write_bio_X509(memory, x) != 1 ||
	    (after.len && BIO_write(memory, after.data, (int)after.len) != (int)after.len))
		s = error_openssl(e, STATUS_SYSTEM, file, NULL, "cannot be written");
	else
		s = publish(memory, file, 0644, e);
	BIO_free(memory);
	return s;
}

/* --- requests --------------------------------------------------------------------------------- */

static bool ask_for(STACK_OF(X509_EXTENSION) *list, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (extension && sk_X509_EXTENSION_push(list, extension) > 0)
		return true;
	X509_EXTENSION_free(extension);
	return false;
}

static bool ask_for_ca(X509_REQ *request)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	bool good = list && ask_for(list, NID_basic_constraints, "critical,CA:TRUE") &&
		    ask_for(list, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		    X509_REQ_add_extensions(request, list) == 1;

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return good;
}

static enum status write_request(enum portal_kind kind, const X509_NAME *subject, EVP_PKEY *key,
				 const char *file, struct error *e)
{
	X509_REQ *request = X509_REQ_new();
	BIO *memory = BIO_new(BIO_s_mem());
	enum status s;

	if (!request || !memory || X509_REQ_set_version(request, 0) != 1 ||
	    X509_REQ_set_subject_name(request, subject) != 1 ||
	    X509_REQ_set_pubkey(request, key) != 1 ||
	    (kind == PORTAL_MAKES_ZPA && !ask_for_ca(request)) ||
	    X509_REQ_sign(request, key, EVP_sha256()) <= 0 ||
	    PEM_write_bio_X509_REQ(memory, request) != 1)
		s = error_openssl(e, STATUS_SYSTEM, file, NULL, "the request cannot be made");
	else
		s = publish(memory, file, 0644, e);
	BIO_free(memory);
	X509_REQ_free(request);
	return s;
}

enum status portal_request(enum portal_kind kind, const char *subject, const char *key_file,
			   const char *request_file, struct error *e)
{
	EVP_PKEY *key = EVP_RSA_gen(PORTAL_RSA_BITS);
	X509_NAME *name = NULL;
	enum status s = key ? name_parse(subject, &name, e)
			    : error_openssl(e, STATUS_SYSTEM, NULL, NULL, "no key can be made");

	if (s == STATUS_OK)
		s = write_key(key, key_file, e);
	if (s == STATUS_OK)
		s = write_request(kind, name, key, request_file, e);
	X509_NAME_free(name);
	EVP_PKEY_free(key);
	return s;
}

/* --- what the portal signs -------------------------------------------------------------------- */

enum status portal_load(const char *certificate_file, const char *key_file, struct shadow_ca *out,
			struct error *e)
{
	BIO *certificate = BIO_new_file(certificate_file, "r"), *key = BIO_new_file(key_file, "r");
	struct shadow_ca ca = {0};

	if (certificate)
		ca.certificate = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
	if (key)
		ca.key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
	BIO_free(certificate);
	BIO_free(key);
	if (ca.certificate && ca.key && X509_check_private_key(ca.certificate, ca.key) == 1) {
		*out = ca;
		return STATUS_OK;
	}
	shadow_ca_free(&ca);
	return error_openssl(e, STATUS_DAMAGED, certificate_file, "make the lab again",
			     "it or its key in the portal is missing, or they do not fit");
}

enum status portal_weekly(const struct shadow_ca *above, int64_t now, const char *chain_file,
			  const char *certificate_file, const char *key_file, struct error *e)
{
	struct shadow_ca weekly = {0};
	struct bytes chain = {0};
	X509_NAME *name = NULL;
	enum status s = shadow_weekly_name(X509_get_subject_name(above->certificate), &name, e);

	if (s == STATUS_OK)
		s = file_read(chain_file, PEM_FILE_MAX, &chain, e);
	if (s == STATUS_OK)
		s = shadow_make_ca(above, name, now, &weekly, e);
	if (s == STATUS_OK)
		s = write_key(weekly.key, key_file, e);
	if (s == STATUS_OK)
		s = write_certificate(weekly.certificate, span_of(&chain), certificate_file, e);
	bytes_free(&chain);
	X509_NAME_free(name);
	shadow_ca_free(&weekly);
	return s;
}

enum status portal_leaf(const struct shadow_ca *issuer, const char *name, int64_t now,
			const char *chain_file, const char *certificate_file, const char *key_file,
			struct error *e)
{
	EVP_PKEY *key = EVP_RSA_gen(PORTAL_RSA_BITS);
	struct bytes chain = {0};
	X509 *x = NULL;
	enum status s = key ? STATUS_OK
			    : error_openssl(e, STATUS_SYSTEM, NULL, NULL, "no key can be made");

	if (s == STATUS_OK)
		s = file_read(chain_file, PEM_FILE_MAX, &chain, e);
	if (s == STATUS_OK)
		s = shadow_site(issuer, key, name, SITE_GOOD, now, &x, e);
	if (s == STATUS_OK)
		s = write_key(key, key_file, e);
	if (s == STATUS_OK)
		s = write_certificate(x, span_of(&chain), certificate_file, e);
	bytes_free(&chain);
	X509_free(x);
	EVP_PKEY_free(key);
	return s;
}
