/*
 * fill-estate DIR COUNT: puts COUNT real certificates into the store of the CA in DIR, whose key
 * file has no passphrase, in one transaction: what an audit finds nothing about. Each has a key of
 * its own; of more than 1024 the primes come from a pool, for a million keys cannot be generated: an
 * audit that looks for shared primes finds them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/store_sqlite.h"

#define PRIMES 1024 /* of each half: PRIMES² keys */
#define PRIME_BITS 1024
#define LIFE (1825 * SECONDS_PER_DAY)

struct maker {
	struct store *store;
	X509 *root;
	EVP_PKEY *key;
	BIGNUM *p[PRIMES], *q[PRIMES];
	BN_CTX *context;
	long primes;   /* of each half that there are */
	bool distinct; /* as many as certificates: no two keys share one */
	int64_t now;
};

/* As with --wrap of fill-store: all rows go into one transaction. */
enum status __wrap_transaction_begin(struct store *s, struct error *e);
enum status __wrap_transaction_end(struct store *s, enum status so_far, struct error *e);

enum status __wrap_transaction_begin(struct store *s, struct error *e)
{
	(void)s;
	(void)e;
	return STATUS_OK;
}

enum status __wrap_transaction_end(struct store *s, enum status so_far, struct error *e)
{
	(void)s;
	(void)e;
	return so_far;
}

static void must(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "fill-estate: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static void must_store(enum status s, const struct error *e)
{
	if (s == STATUS_OK)
		return;
	fprintf(stderr, "fill-estate: %s: %s (%s)\n", e->where, e->what, e->detail);
	exit(1);
}

static void make_primes(struct maker *m, long count)
{
	m->distinct = count <= PRIMES;
	m->primes = m->distinct ? count : 1;
	while (m->primes * m->primes < count)
		m->primes++;
	must(m->primes <= PRIMES, "so many keys");
	for (long i = 0; i < m->primes; i++) {
		m->p[i] = BN_new();
		m->q[i] = BN_new();
		/* Both top bits set: the product has all its 2048. */
		must(BN_generate_prime_ex(m->p[i], PRIME_BITS, 0, NULL, NULL, NULL) &&
			     BN_generate_prime_ex(m->q[i], PRIME_BITS, 0, NULL, NULL, NULL),
		     "a prime");
	}
}

static EVP_PKEY *make_key(struct maker *m, long number)
{
	long first = m->distinct ? number : number / m->primes;
	BIGNUM *n = BN_new(), *e = BN_new();
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	must(BN_mul(n, m->p[first], m->q[number % m->primes], m->context) &&
		     BN_set_word(e, 65537) && OSSL_PARAM_BLD_push_BN(build, "n", n) &&
		     OSSL_PARAM_BLD_push_BN(build, "e", e),
	     "a modulus");
	parameters = OSSL_PARAM_BLD_to_param(build);
	must(EVP_PKEY_fromdata_init(context) == 1 &&
		     EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1,
	     "a key");
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_free(n);
	BN_free(e);
	return key;
}

static void add_extension(X509 *x, X509V3_CTX *context, const char *name, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf(NULL, context, name, value);

	must(extension && X509_add_ext(x, extension, -1), name);
	X509_EXTENSION_free(extension);
}

static X509 *make_certificate(struct maker *m, long number, EVP_PKEY *key,
			      const unsigned char serial[16])
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_NAME_new();
	BIGNUM *n = BN_bin2bn(serial, 16, NULL);
	X509V3_CTX context;
	char name[64];

	snprintf(name, sizeof name, "Intermediate %ld", number);
	X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_ASC, (unsigned char *)"DE", -1, -1, 0);
	X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, (unsigned char *)"Example Corp", -1,
				   -1, 0);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (unsigned char *)name, -1, -1, 0);
	must(X509_set_version(x, 2) && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) &&
		     X509_set_subject_name(x, subject) &&
		     X509_set_issuer_name(x, X509_get_subject_name(m->root)) &&
		     X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &(time_t){m->now}) &&
		     X509_time_adj_ex(X509_getm_notAfter(x), 0, 0, &(time_t){m->now + LIFE - 1}) &&
		     X509_set_pubkey(x, key),
	     "a certificate");
	X509V3_set_ctx(&context, m->root, x, NULL, NULL, 0);
	add_extension(x, &context, "basicConstraints", "critical,CA:TRUE,pathlen:1");
	add_extension(x, &context, "keyUsage", "critical,keyCertSign,cRLSign");
	add_extension(x, &context, "subjectKeyIdentifier", "hash");
	add_extension(x, &context, "authorityKeyIdentifier", "keyid:always");
	must(X509_sign(x, m->key, EVP_sha256()) > 0, "signing");
	X509_NAME_free(subject);
	BN_free(n);
	return x;
}

static void record(struct maker *m, X509 *x, const unsigned char serial[16], long number)
{
	struct error e = {0};
	unsigned char *der = NULL, *spki = NULL, digest[SHA256_SIZE], plan[SHA256_SIZE];
	int der_len = i2d_X509(x, &der), spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	struct span subject = {NULL, 0};
	char words[80];
	struct store_intent intent = {
		.serial = {serial, 16},
		.profile = "zia",
		.portal = "",
		.subject = words,
		.spki_sha256 = {digest, sizeof digest},
		.plan_hash = {plan, sizeof plan},
		.request_sha256 = {plan, sizeof plan},
		.reason = "",
		.not_before = m->now,
		.not_after = m->now + LIFE - 1,
	};

	snprintf(words, sizeof words, "C=DE,O=Example Corp,CN=Intermediate %ld", number);
	must(der_len > 0 && spki_len > 0 &&
		     X509_NAME_get0_der(X509_get_subject_name(x), &subject.data, &subject.len) == 1,
	     "encoding");
	intent.subject_der = subject;
	must_store(sha256((struct span){spki, (size_t)spki_len}, digest, &e), &e);
	must_store(sha256((struct span){digest, sizeof digest}, plan, &e), &e);
	must_store(store_reserve(m->store, &intent, m->now, &e), &e);
	must_store(store_issue(m->store, intent.serial, (struct span){der, (size_t)der_len}, m->now,
			       &e),
		   &e);
	OPENSSL_free(der);
	OPENSSL_free(spki);
}

static void add_one(struct maker *m, long number)
{
	struct error e = {0};
	unsigned char serial[16];
	EVP_PKEY *key = make_key(m, number);
	X509 *x;

	must_store(random_bytes(serial, sizeof serial, &e), &e);
	serial[0] = (unsigned char)(0x40 | (serial[0] & 0x3f));
	x = make_certificate(m, number, key, serial);
	record(m, x, serial, number);
	X509_free(x);
	EVP_PKEY_free(key);
}

static FILE *open_in(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "r");
	must(file != NULL, path);
	return file;
}

int main(int argc, char **argv)
{
	struct error e = {0};
	struct maker m = {.context = BN_CTX_new()};
	char path[4096];
	long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	FILE *file;

	if (count <= 0) {
		fprintf(stderr, "usage: fill-estate DIR COUNT\n");
		return 2;
	}
	file = open_in(argv[1], "ca.pem");
	m.root = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	file = open_in(argv[1], "private/ca.key");
	m.key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	must(m.root && m.key, "reading the CA");
	snprintf(path, sizeof path, "%s/store.db", argv[1]);
	must_store(store_open(path, STORE_WRITE, &m.store, &e), &e);
	must_store(datetime_now(&m.now, &e), &e);
	make_primes(&m, count);
	must_store(sql_run(m.store, "BEGIN IMMEDIATE", &e), &e);
	for (long i = 0; i < count; i++)
		add_one(&m, i);
	must_store(sql_run(m.store, "COMMIT", &e), &e);
	store_close(m.store);
	return 0;
}
