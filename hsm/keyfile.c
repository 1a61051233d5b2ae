#include "hsm/keyfile.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "hsm/pkcs8.h"
#include "hsm/rsa_agree.h"

#define KEYFILE_MAX (64 * 1024)
#define SALT_SIZE 16

/* --- writing ---------------------------------------------------------------------------------- */

static enum status write_encrypted(BIO *to, PKCS8_PRIV_KEY_INFO *info,
				   const struct secret *passphrase, struct error *e)
{
	unsigned char salt[SALT_SIZE];
	X509_ALGOR *pbe;
	X509_SIG *sealed = NULL;
	enum status status = STATUS_OK;

	if (secret_len(passphrase) == 0)
		return error_set(e, STATUS_KEY, NULL, "choose a longer one",
				 "the passphrase for the new key is empty");
	if (random_bytes(salt, sizeof salt, e) != STATUS_OK)
		return error_status(e);
	pbe = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), KEYFILE_ITERATIONS, salt, sizeof salt, NULL,
				NID_hmacWithSHA256);
	/* PKCS8_set0_pbe() takes pbe over only where it succeeds. */
	if (pbe)
		sealed = PKCS8_set0_pbe(secret_text(passphrase), (int)secret_len(passphrase), info,
					pbe);
	if (!sealed)
		X509_ALGOR_free(pbe);
	if (!sealed || PEM_write_bio_PKCS8(to, sealed) != 1)
		status = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "the key cannot be encrypted");
	X509_SIG_free(sealed);
	return status;
}

enum status keyfile_write(const char *path, EVP_PKEY *key, const struct secret *passphrase,
			  struct error *e)
{
	/* Cleanses what it held when it is freed or grows. */
	BIO *pem = BIO_new(BIO_s_secmem());
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	enum status status = STATUS_OK;
	char *data;
	long len;

	if (!pem || !info) {
		status = error_openssl(e, STATUS_KEY, NULL, NULL,
				       "the key has no private part that can be written");
		goto out;
	}
	if (passphrase)
		status = write_encrypted(pem, info, passphrase, e);
	else if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(pem, info) != 1)
		status = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "the key cannot be encoded");
	if (status != STATUS_OK)
		goto out;
	len = BIO_get_mem_data(pem, &data);
	status = file_publish(path, (struct span){(unsigned char *)data, (size_t)len}, 0600,
			      FILE_KEEP, e);
out:
	if (status != STATUS_OK)
		error_at(e, path);
	PKCS8_PRIV_KEY_INFO_free(info);
	BIO_free(pem);
	return status;
}

/* --- reading: the PEM block with the key ------------------------------------------------------ */

enum form {
	FORM_NOT_A_KEY,
	FORM_PKCS8,
	FORM_PKCS8_ENCRYPTED,
	FORM_RSA, /* the traditional forms, which "Proc-Type: 4,ENCRYPTED" may encrypt */
	FORM_EC,
};

static const struct known_name {
	const char *name;
	enum form form;
	const char *what; /* for what is not a key: what it is */
	const char *todo;
} known_names[] = {
	{PEM_STRING_PKCS8, FORM_PKCS8_ENCRYPTED, NULL, NULL},
	{PEM_STRING_PKCS8INF, FORM_PKCS8, NULL, NULL},
	{PEM_STRING_RSA, FORM_RSA, NULL, NULL},
	{PEM_STRING_ECPRIVATEKEY, FORM_EC, NULL, NULL},
	{PEM_STRING_X509, FORM_NOT_A_KEY, "holds a certificate, not a private key",
	 "name the file with its private key"},
	{PEM_STRING_X509_TRUSTED, FORM_NOT_A_KEY, "holds a certificate, not a private key",
	 "name the file with its private key"},
	{PEM_STRING_PUBLIC, FORM_NOT_A_KEY, "holds a public key, not a private key",
	 "name the file with the private key"},
	{PEM_STRING_RSA_PUBLIC, FORM_NOT_A_KEY, "holds a public key, not a private key",
	 "name the file with the private key"},
	{PEM_STRING_X509_REQ, FORM_NOT_A_KEY, "holds a certificate request, not a private key",
	 "name the file with the private key"},
	{PEM_STRING_X509_REQ_OLD, FORM_NOT_A_KEY, "holds a certificate request, not a private key",
	 "name the file with the private key"},
	{PEM_STRING_DSA, FORM_NOT_A_KEY, "holds a DSA key, which signs no certificates",
	 "use an RSA, EC or Ed25519 key"},
	{"OPENSSH PRIVATE KEY", FORM_NOT_A_KEY, "holds a private key in OpenSSH's own format",
	 "convert it: ssh-keygen -p -m PKCS8 -f FILE"},
	/* openssl ecparam -genkey puts this before the key. */
	{PEM_STRING_ECPARAMETERS, FORM_NOT_A_KEY, "holds EC parameters, not a private key",
	 "name the file with the private key"},
};

struct block {
	char *name;
	char *header;
	unsigned char *data;
	long len;
	enum form form;
};

static void block_free(struct block *b)
{
	OPENSSL_secure_free(b->name);
	OPENSSL_secure_free(b->header);
	OPENSSL_secure_clear_free(b->data, (size_t)b->len);
	*b = (struct block){0};
}

static bool block_encrypted(const struct block *b)
{
	return b->form == FORM_PKCS8_ENCRYPTED || strstr(b->header, "ENCRYPTED");
}

static const struct known_name *name_known(const char *name)
{
	for (size_t i = 0; i < sizeof known_names / sizeof known_names[0]; i++)
		if (strcmp(known_names[i].name, name) == 0)
			return &known_names[i];
	return NULL;
}

/* Takes b over where it is a key; tells in *other the first thing that is not. */
static enum status sort_block(struct block *b, struct block *key, const struct known_name **other,
			      struct error *e)
{
	const struct known_name *known = name_known(b->name);

	if (known && known->form != FORM_NOT_A_KEY) {
		if (key->data)
			return error_set(e, STATUS_KEY, NULL, "leave one in the file",
					 "holds more than one private key");
		*key = *b;
		key->form = known->form;
		*b = (struct block){0};
	} else if (known && !*other) {
		*other = known;
	}
	return STATUS_OK;
}

static enum status no_key(const struct known_name *other, struct span content, struct error *e)
{
	if (other)
		return error_set(e, STATUS_KEY, NULL, other->todo, "%s", other->what);
	if (content.len == 0)
		return error_set(e, STATUS_KEY, NULL, "name the file with the private key",
				 "is empty");
	if (content.data[0] == 0x30)
		return error_set(e, STATUS_KEY, NULL,
				 "convert it: openssl pkey -in FILE -out KEY.pem -aes256",
				 "is DER or PKCS#12, not PEM");
	return error_set(e, STATUS_KEY, NULL, "name a PEM file with a private key",
			 "holds no private key");
}

/* The one private key in content; certificates beside it are no harm. */
static enum status find_block(struct span content, struct block *key, struct error *e)
{
	BIO *from = BIO_new_mem_buf(content.data, (int)content.len);
	const struct known_name *other = NULL;
	enum status status = STATUS_OK;
	struct block b = {0};

	if (!from)
		return error_memory(e);
	while (status == STATUS_OK &&
	       PEM_read_bio_ex(from, &b.name, &b.header, &b.data, &b.len, PEM_FLAG_SECURE) == 1) {
		status = sort_block(&b, key, &other, e);
		block_free(&b);
	}
	BIO_free(from);
	if (status == STATUS_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		status = error_openssl(e, STATUS_KEY, NULL, "restore it from a copy",
				       "has a damaged PEM block");
	ERR_clear_error();
	if (status == STATUS_OK && !key->data)
		status = no_key(other, content, e);
	if (status != STATUS_OK)
		block_free(key);
	return status;
}

static enum status read_block(const char *path, struct block *key, struct error *e)
{
	struct bytes content = {0};
	enum status status = file_read_private(path, KEYFILE_MAX, &content, e);

	if (status == STATUS_OK)
		status = find_block(span_of(&content), key, e);
	if (content.data)
		OPENSSL_cleanse(content.data, content.len);
	bytes_free(&content);
	return status;
}

enum status keyfile_is_encrypted(const char *path, bool *encrypted, struct error *e)
{
	struct block key = {0};
	enum status status = read_block(path, &key, e);

	if (status == STATUS_OK)
		*encrypted = block_encrypted(&key);
	else
		error_at(e, path);
	block_free(&key);
	return status;
}

/* --- reading: the key in the block ------------------------------------------------------------ */

/* Stands in for OpenSSL's own, which would prompt. */
static int give_passphrase(char *to, int size, int writing, void *from)
{
	const struct secret *passphrase = from;

	(void)writing;
	if (!passphrase || secret_len(passphrase) > (size_t)size)
		return -1;
	memcpy(to, secret_text(passphrase), secret_len(passphrase));
	return (int)secret_len(passphrase);
}

static enum status decode_traditional(struct block *b, const struct secret *passphrase,
				      EVP_PKEY **out, struct error *e)
{
	EVP_CIPHER_INFO cipher;
	const unsigned char *at = b->data;

	if (PEM_get_EVP_CIPHER_INFO(b->header, &cipher) != 1)
		return error_openssl(e, STATUS_KEY, NULL,
				     "encrypt it anew: openssl pkcs8 -topk8 -v2 aes256",
				     "is encrypted in a way that is not supported");
	if (PEM_do_header(&cipher, b->data, &b->len, give_passphrase, (void *)passphrase) != 1)
		return pkcs8_wrong_passphrase(e);
	*out = d2i_PrivateKey(b->form == FORM_RSA ? EVP_PKEY_RSA : EVP_PKEY_EC, NULL, &at, b->len);
	/* Its padding is right by chance once in 256 wrong passphrases. */
	if (!*out && cipher.cipher)
		return pkcs8_wrong_passphrase(e);
	return *out ? STATUS_OK : pkcs8_damaged(e);
}

static enum status decode_block(struct block *b, const struct secret *passphrase, EVP_PKEY **out,
				struct error *e)
{
	if (block_encrypted(b) && !passphrase)
		return error_set(e, STATUS_KEY, NULL, "give its passphrase", "is encrypted");
	if (b->form == FORM_PKCS8 || b->form == FORM_PKCS8_ENCRYPTED)
		return pkcs8_decode((struct span){b->data, (size_t)b->len},
				    b->form == FORM_PKCS8_ENCRYPTED, passphrase, out, e);
	return decode_traditional(b, passphrase, out, e);
}

enum status keyfile_decode(struct span content, const struct secret *passphrase, EVP_PKEY **out,
			   struct error *e)
{
	struct block block = {0};
	enum status status = find_block(content, &block, e);

	status = status == STATUS_OK ? decode_block(&block, passphrase, out, e) : status;
	block_free(&block);
	return status;
}

/* --- signing ---------------------------------------------------------------------------------- */

static enum status sign(void *self, const EVP_MD *digest, struct span message,
			struct bytes *signature, struct error *e)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	enum status status = STATUS_OK;
	unsigned char *data = NULL;
	size_t room = 0, len;

	/* Ed25519 signs in one shot, so the others do too. */
	if (context && EVP_DigestSignInit(context, NULL, digest, NULL, self) == 1 &&
	    EVP_DigestSign(context, NULL, &room, message.data, message.len) == 1)
		data = malloc(room + 1);
	len = room;
	/* An ECDSA signature that no memory is left for OpenSSL 3.0 calls a success of 4 GiB. */
	if (room && !data) {
		status = error_memory(e);
	} else if (!data || EVP_DigestSign(context, data, &len, message.data, message.len) != 1 ||
		   len > room) {
		status = error_openssl(e, STATUS_KEY, NULL, NULL, "cannot sign");
		free(data);
	} else {
		data[len] = '\0';
		*signature = (struct bytes){data, len};
	}
	EVP_MD_CTX_free(context);
	return status;
}

static void free_key(void *self)
{
	EVP_PKEY_free(self);
}

/* A trial signature costs as much as a real one; for RSA that is most of the work of issuing. */
static bool proves_itself(const void *self)
{
	return rsa_parts_agree(self);
}

static const struct signer_ops keyfile_ops = {
	.sign = sign,
	.proves_itself = proves_itself,
	.free = free_key,
};

/* The public half alone, so that what signer_public_key() hands out holds no secret. */
static enum status public_half(EVP_PKEY *key, EVP_PKEY **out, struct error *e)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	OSSL_PARAM *parts = NULL;
	X509_ALGOR *algorithm = NULL;
	enum status status;
	int done = context && EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &parts) == 1 &&
		   EVP_PKEY_fromdata_init(context) == 1 &&
		   EVP_PKEY_fromdata(context, out, EVP_PKEY_PUBLIC_KEY, parts) == 1;

	OSSL_PARAM_free(parts);
	EVP_PKEY_CTX_free(context);
	if (!done)
		return pkcs8_damaged(e);
	status = signature_algorithm_for(*out, NULL, &algorithm, e);
	X509_ALGOR_free(algorithm);
	return status;
}

static enum status make_signer(const char *path, EVP_PKEY *key, struct signer **out,
			       struct error *e)
{
	struct text description = {0};
	EVP_PKEY *public_key = NULL;
	enum status status = public_half(key, &public_key, e);

	text_add(&description, "key file ");
	text_add_escaped(&description, span_text(path));
	if (status == STATUS_OK)
		status = text_check(&description, e);
	if (status == STATUS_OK && EVP_PKEY_up_ref(key) != 1)
		status = error_openssl(e, STATUS_INTERNAL, NULL, NULL, "a key cannot be shared");
	if (status == STATUS_OK)
		status = signer_new(&keyfile_ops, key, public_key, text_get(&description), out, e);
	EVP_PKEY_free(public_key);
	text_free(&description);
	return status;
}

enum status keyfile_read(const char *path, const struct secret *passphrase, EVP_PKEY **out,
			 struct error *e)
{
	struct block block = {0};
	enum status status = read_block(path, &block, e);

	if (status == STATUS_OK)
		status = decode_block(&block, passphrase, out, e);
	if (status != STATUS_OK)
		error_at(e, path);
	block_free(&block);
	return status;
}

enum status keyfile_open(const char *path, const struct secret *passphrase, struct signer **out,
			 struct error *e)
{
	EVP_PKEY *key = NULL;
	enum status status = keyfile_read(path, passphrase, &key, e);

	if (status == STATUS_OK && make_signer(path, key, out, e) != STATUS_OK) {
		error_at(e, path);
		status = error_status(e);
	}
	EVP_PKEY_free(key);
	return status;
}
