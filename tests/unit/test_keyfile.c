#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "hsm/keyfile.h"

static char folder[] = "/tmp/subca-keyfile.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/a.key", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int clear(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static EVP_PKEY *key_of(const char *type)
{
	struct error e;
	EVP_PKEY *key = NULL;

	assert_int_equal(key_generate(type, &key, &e), STATUS_OK);
	return key;
}

static struct secret *secret_of(const char *text)
{
	struct error e;
	struct bytes b = {0};
	struct secret *s = NULL;

	assert_int_equal(bytes_copy(&b, span_text(text), &e), STATUS_OK);
	assert_int_equal(secret_take(&b, &s, &e), STATUS_OK);
	return s;
}

static void put(struct span content, mode_t mode)
{
	struct error e;

	assert_int_equal(file_publish(path, content, mode, FILE_REPLACE, &e), STATUS_OK);
}

/* Writes what OpenSSL put into bio to the file and empties bio. */
static void put_bio(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	put((struct span){(unsigned char *)data, (size_t)len}, 0600);
	assert_int_equal(BIO_reset(bio), 1);
}

static void opens(EVP_PKEY *key, const struct secret *passphrase)
{
	struct error e = {0};
	struct signer *s = NULL;
	enum status status = keyfile_open(path, passphrase, &s, &e);

	if (status != STATUS_OK)
		print_error("%s: %s (%s)\n", e.where, e.what, e.detail);
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(EVP_PKEY_eq(signer_public_key(s), key), 1);
	assert_int_equal(signer_prove(s, key, &e), STATUS_OK);
	signer_free(s);
}

static void refused(const struct secret *passphrase, enum status expected, const char *what)
{
	struct error e = {0};
	struct signer *s = NULL;

	assert_int_equal(keyfile_open(path, passphrase, &s, &e), expected);
	assert_null(s);
	if (!strstr(e.what, what))
		print_error("'%s' is not in '%s'\n", what, e.what);
	assert_non_null(strstr(e.what, what));
	assert_string_equal(e.where, path);
}

static void every_type(void **state)
{
	static const char *const types[] = {"rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384",
					    "ed25519"};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct error e = {0};
		EVP_PKEY *key = key_of(types[i]);
		bool encrypted = true;
		char name[32];

		key_type_name(key, name, sizeof name);
		assert_string_equal(name, types[i]);
		assert_int_equal(keyfile_write(path, key, NULL, &e), STATUS_OK);
		assert_int_equal(keyfile_is_encrypted(path, &encrypted, &e), STATUS_OK);
		assert_false(encrypted);
		opens(key, NULL);
		unlink(path);
		EVP_PKEY_free(key);
	}
}

static void types_refused(void **state)
{
	static const char *const types[] = {
		"", "rsa", "rsa:1024", "RSA:2048", "ec:secp256k1", "rsa:2048 ", "dsa:2048"};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct error e = {0};
		EVP_PKEY *key = NULL;

		assert_int_equal(key_generate(types[i], &key, &e), STATUS_USAGE);
		assert_non_null(strstr(e.todo, "rsa:4096"));
		assert_null(key);
	}
}

static void rsa_exponent(void **state)
{
	EVP_PKEY *key = key_of("rsa:2048");
	BIGNUM *exponent = NULL;

	(void)state;
	assert_int_equal(EVP_PKEY_get_bn_param(key, "e", &exponent), 1);
	assert_true(BN_is_word(exponent, 65537));
	BN_free(exponent);
	EVP_PKEY_free(key);
}

static void names_of_other_keys(void **state)
{
	EVP_PKEY *k1 = EVP_EC_gen("secp256k1"), *p521 = EVP_EC_gen("P-521");
	EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	char name[32];

	(void)state;
	key_type_name(k1, name, sizeof name);
	assert_string_equal(name, "ec:secp256k1");
	key_type_name(p521, name, sizeof name);
	assert_string_equal(name, "ec:P-521");
	key_type_name(x25519, name, sizeof name);
	assert_string_equal(name, "X25519");
	EVP_PKEY_free(k1);
	EVP_PKEY_free(p521);
	EVP_PKEY_free(x25519);
}

/* What is in the file is judged with OpenSSL's own structures, not with the code under test. */
static void check_pbes2(void)
{
	BIO *from = BIO_new_file(path, "r");
	X509_SIG *sealed = PEM_read_bio_PKCS8(from, NULL, NULL, NULL);
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *object, *prf;
	const void *parameters;
	PBE2PARAM *pbe2;
	PBKDF2PARAM *kdf;
	int type;

	assert_non_null(sealed);
	X509_SIG_get0(sealed, &algorithm, NULL);
	X509_ALGOR_get0(&object, &type, &parameters, algorithm);
	assert_int_equal(OBJ_obj2nid(object), NID_pbes2);
	pbe2 = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(PBE2PARAM));
	assert_non_null(pbe2);
	X509_ALGOR_get0(&object, NULL, NULL, pbe2->encryption);
	assert_int_equal(OBJ_obj2nid(object), NID_aes_256_cbc);
	X509_ALGOR_get0(NULL, &type, &parameters, pbe2->keyfunc);
	kdf = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(PBKDF2PARAM));
	assert_non_null(kdf);
	assert_int_equal(ASN1_INTEGER_get(kdf->iter), KEYFILE_ITERATIONS);
	X509_ALGOR_get0(&prf, NULL, NULL, kdf->prf);
	assert_int_equal(OBJ_obj2nid(prf), NID_hmacWithSHA256);
	assert_true(ASN1_STRING_length(kdf->salt->value.octet_string) >= 16);
	PBKDF2PARAM_free(kdf);
	PBE2PARAM_free(pbe2);
	X509_SIG_free(sealed);
	BIO_free(from);
}

static void encrypted_round_trip(void **state)
{
	EVP_PKEY *key = key_of("ec:P-256");
	struct secret *right = secret_of("correct horse"), *wrong = secret_of("correct house");
	struct secret *empty = secret_of("");
	struct error e = {0};
	bool encrypted = false;
	struct stat info;

	(void)state;
	assert_int_equal(keyfile_write(path, key, right, &e), STATUS_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(keyfile_is_encrypted(path, &encrypted, &e), STATUS_OK);
	assert_true(encrypted);
	check_pbes2();
	opens(key, right);
	refused(wrong, STATUS_KEY, "the passphrase is wrong");
	refused(empty, STATUS_KEY, "the passphrase is wrong");
	refused(NULL, STATUS_KEY, "is encrypted");
	unlink(path);
	assert_int_equal(keyfile_write(path, key, empty, &e), STATUS_KEY);
	assert_false(file_exists(path));
	secret_free(right);
	secret_free(wrong);
	secret_free(empty);
	EVP_PKEY_free(key);
}

static void never_overwritten(void **state)
{
	EVP_PKEY *key = key_of("ed25519");
	struct bytes after = {0};
	struct error e = {0};

	(void)state;
	put(span_text("mine"), 0600);
	assert_int_equal(keyfile_write(path, key, NULL, &e), STATUS_EXISTS);
	assert_int_equal(file_read(path, 100, &after, &e), STATUS_OK);
	assert_string_equal((char *)after.data, "mine");
	bytes_free(&after);
	unlink(path);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(keyfile_write(path, key, NULL, &e), STATUS_EXISTS);
	EVP_PKEY_free(key);
}

static void public_key_is_not_written(void **state)
{
	EVP_PKEY *key = key_of("ec:P-256");
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	const unsigned char *at = der;
	EVP_PKEY *half = d2i_PUBKEY(NULL, &at, len);
	struct error e = {0};

	(void)state;
	assert_int_equal(keyfile_write(path, half, NULL, &e), STATUS_KEY);
	assert_false(file_exists(path));
	OPENSSL_free(der);
	EVP_PKEY_free(half);
	EVP_PKEY_free(key);
}

static void signer_keeps_the_secret(void **state)
{
	EVP_PKEY *key = key_of("ec:P-256");
	struct error e = {0};
	struct signer *s = NULL;
	BIGNUM *secret = NULL;

	(void)state;
	assert_int_equal(keyfile_write(path, key, NULL, &e), STATUS_OK);
	assert_int_equal(keyfile_open(path, NULL, &s, &e), STATUS_OK);
	assert_int_equal(EVP_PKEY_get_bn_param(key, "priv", &secret), 1);
	BN_clear_free(secret);
	secret = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(signer_public_key(s), "priv", &secret), 0);
	assert_non_null(strstr(signer_description(s), "key file /tmp/"));
	signer_free(s);
	EVP_PKEY_free(key);
}

static void unsafe_files(void **state)
{
	EVP_PKEY *key = key_of("ec:P-256");
	struct error e = {0};
	char moved[80];

	(void)state;
	refused(NULL, STATUS_NOT_FOUND, "cannot be opened");
	assert_int_equal(keyfile_write(path, key, NULL, &e), STATUS_OK);
	assert_int_equal(chmod(path, 0644), 0);
	refused(NULL, STATUS_KEY, "0644");
	assert_int_equal(chmod(path, 0600), 0);
	snprintf(moved, sizeof moved, "%s/moved", folder);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(moved, path), 0);
	refused(NULL, STATUS_KEY, "symbolic link");
	unlink(moved);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(NULL, STATUS_KEY, "not a file");
	rmdir(path);
	EVP_PKEY_free(key);
}

static void traditional_form(const char *type)
{
	EVP_PKEY *key = key_of(type);
	struct secret *right = secret_of("old"), *wrong = secret_of("new");
	BIO *bio = BIO_new(BIO_s_mem());
	bool encrypted = false;
	struct error e = {0};

	assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL),
			 1);
	put_bio(bio);
	opens(key, NULL);
	assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, EVP_aes_128_cbc(),
							      (const unsigned char *)"old", 3, NULL,
							      NULL),
			 1);
	put_bio(bio);
	assert_int_equal(keyfile_is_encrypted(path, &encrypted, &e), STATUS_OK);
	assert_true(encrypted);
	opens(key, right);
	refused(wrong, STATUS_KEY, "the passphrase is wrong");
	refused(NULL, STATUS_KEY, "is encrypted");
	BIO_free(bio);
	secret_free(right);
	secret_free(wrong);
	EVP_PKEY_free(key);
}

static void traditional_forms(void **state)
{
	(void)state;
	traditional_form("rsa:2048");
	traditional_form("ec:P-384");
}

static void parameters_before_the_key(void **state)
{
	static const char parameters[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
					 "-----END EC PARAMETERS-----\n";
	EVP_PKEY *key = key_of("ec:P-256");
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	BIO_puts(bio, parameters);
	assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL),
			 1);
	put_bio(bio);
	opens(key, NULL);
	put(span_text(parameters), 0600);
	refused(NULL, STATUS_KEY, "EC parameters");
	BIO_free(bio);
	EVP_PKEY_free(key);
}

static void something_else(void **state)
{
	EVP_PKEY *key = key_of("ec:P-256"), *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	BIO *bio = BIO_new(BIO_s_mem());
	static const char empty_cert[] = "-----BEGIN CERTIFICATE-----\nMAA=\n"
					 "-----END CERTIFICATE-----\n";

	(void)state;
	put(span_text(""), 0600);
	refused(NULL, STATUS_KEY, "is empty");
	put(span_text("0\x82\x01\x01"), 0600);
	refused(NULL, STATUS_KEY, "not PEM");
	put(span_text("hello\n"), 0600);
	refused(NULL, STATUS_KEY, "no private key");
	put(span_text(empty_cert), 0600);
	refused(NULL, STATUS_KEY, "certificate, not a private key");
	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	put_bio(bio);
	refused(NULL, STATUS_KEY, "public key, not a private key");
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	put_bio(bio);
	refused(NULL, STATUS_KEY, "more than one");
	BIO_puts(bio, empty_cert);
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	put_bio(bio);
	opens(key, NULL);
	PEM_write_bio_PrivateKey(bio, x25519, NULL, NULL, 0, NULL, NULL);
	put_bio(bio);
	refused(NULL, STATUS_KEY, "cannot sign certificates");
	put(span_text("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), 0600);
	refused(NULL, STATUS_KEY, "cannot be decoded");
	put(span_text("-----BEGIN PRIVATE KEY-----\nM*A=\n-----END PRIVATE KEY-----\n"), 0600);
	refused(NULL, STATUS_KEY, "damaged");
	BIO_free(bio);
	EVP_PKEY_free(key);
	EVP_PKEY_free(x25519);
}

static void too_large(void **state)
{
	struct bytes big = {calloc(1, 64 * 1024 + 1), 64 * 1024 + 1};

	(void)state;
	assert_non_null(big.data);
	memset(big.data, '\n', big.len);
	put(span_of(&big), 0600);
	refused(NULL, STATUS_INPUT, "larger than");
	bytes_free(&big);
}

/* Two thousand million rounds of PBKDF2 are refused at once instead of being computed. */
static void endless_derivation(void **state)
{
	static unsigned char salt[16], sealed_key[32];
	X509_ALGOR *pbe = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), 2000000000, salt, sizeof salt, NULL,
					    NID_hmacWithSHA256);
	X509_SIG *sealed = X509_SIG_new();
	BIO *bio = BIO_new(BIO_s_mem());
	struct secret *any = secret_of("any");
	X509_ALGOR *algorithm;
	ASN1_OCTET_STRING *octets;

	(void)state;
	X509_SIG_getm(sealed, &algorithm, &octets);
	assert_int_equal(X509_ALGOR_copy(algorithm, pbe), 1);
	assert_int_equal(ASN1_OCTET_STRING_set(octets, sealed_key, sizeof sealed_key), 1);
	assert_int_equal(PEM_write_bio_PKCS8(bio, sealed), 1);
	put_bio(bio);
	refused(any, STATUS_KEY, "iterations");
	X509_ALGOR_free(pbe);
	X509_SIG_free(sealed);
	BIO_free(bio);
	secret_free(any);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_type, clear),
		cmocka_unit_test_teardown(types_refused, clear),
		cmocka_unit_test_teardown(rsa_exponent, clear),
		cmocka_unit_test_teardown(names_of_other_keys, clear),
		cmocka_unit_test_teardown(encrypted_round_trip, clear),
		cmocka_unit_test_teardown(never_overwritten, clear),
		cmocka_unit_test_teardown(public_key_is_not_written, clear),
		cmocka_unit_test_teardown(signer_keeps_the_secret, clear),
		cmocka_unit_test_teardown(unsafe_files, clear),
		cmocka_unit_test_teardown(traditional_forms, clear),
		cmocka_unit_test_teardown(parameters_before_the_key, clear),
		cmocka_unit_test_teardown(something_else, clear),
		cmocka_unit_test_teardown(too_large, clear),
		cmocka_unit_test_teardown(endless_derivation, clear),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
