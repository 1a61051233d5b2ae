#include "ca/backup_seal.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "ca/backup_rounds.h"

static enum status cannot(struct error *e)
{
	return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "the backup cannot be encrypted");
}

/* OpenSSL takes the password over, to be freed by it. */
static bool add_password(CMS_ContentInfo *cms, const struct secret *password)
{
	unsigned char *copy = OPENSSL_memdup(secret_text(password), secret_len(password));
	CMS_RecipientInfo *recipient = NULL;

	if (copy)
		recipient = CMS_add0_recipient_password(cms, SEAL_ITERATIONS, NID_id_alg_PWRI_KEK,
							NID_id_pbkdf2, copy,
							(ossl_ssize_t)secret_len(password),
							EVP_aes_256_cbc());
	if (!recipient)
		OPENSSL_clear_free(copy, secret_len(password));
	return recipient != NULL;
}

enum status seal_write(BIO *content, const struct secret *password, FILE *to, struct error *e)
{
	const unsigned flags = CMS_STREAM | CMS_BINARY;
	BIO *out = BIO_new_fp(to, BIO_NOCLOSE);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, content, EVP_aes_256_gcm(), flags | CMS_PARTIAL);
	enum status s = STATUS_OK;

	if (!out || !cms || !add_password(cms, password) ||
	    i2d_CMS_bio_stream(out, cms, content, (int)flags) != 1)
		s = cannot(e);
	CMS_ContentInfo_free(cms);
	BIO_free(out);
	return s;
}

static enum status no_backup(const char *file, struct error *e)
{
	ERR_clear_error();
	return error_set(e, STATUS_INPUT, file, "name a file that 'subca backup' made",
			 "is no backup, or it is cut off");
}

/* Before the password is tried, for its owner may wait for hours. */
static enum status expect_bounded(BIO *from, const char *file, struct error *e)
{
	unsigned char start[BACKUP_START];
	long len = BIO_buffer_peek(from, start, sizeof start);

	if (len <= 0)
		return no_backup(file, e);
	if (!backup_rounds_bounded((struct span){start, (size_t)len}))
		return error_set(e, STATUS_INPUT, file, "name a file that 'subca backup' made",
				 "is no backup, or asks for an unreasonable number of iterations");
	return STATUS_OK;
}

static enum status read_envelope(const char *file, CMS_ContentInfo **out, struct error *e)
{
	BIO *stream = BIO_new_file(file, "rb"), *from;
	enum status s;

	if (!stream)
		return error_openssl(e, STATUS_NOT_FOUND, file, "check the name",
				     "cannot be opened");
	from = BIO_new(BIO_f_buffer());
	if (!from) {
		BIO_free(stream);
		return error_memory(e);
	}
	BIO_push(from, stream);
	s = expect_bounded(from, file, e);
	if (s == STATUS_OK)
		*out = d2i_CMS_bio(from, NULL);
	BIO_free_all(from);
	if (s != STATUS_OK)
		return s;
	if (*out && OBJ_obj2nid(CMS_get0_type(*out)) == NID_id_smime_ct_authEnvelopedData)
		return STATUS_OK;
	CMS_ContentInfo_free(*out);
	*out = NULL;
	return no_backup(file, e);
}

enum status seal_open(const char *file, const struct secret *password, FILE *to, struct error *e)
{
	CMS_ContentInfo *cms = NULL;
	BIO *out = BIO_new_fp(to, BIO_NOCLOSE);
	enum status s = out ? read_envelope(file, &cms, e) : error_memory(e);

	if (s == STATUS_OK && CMS_decrypt_set1_password(cms, (unsigned char *)secret_text(password),
							(ossl_ssize_t)secret_len(password)) != 1) {
		ERR_clear_error();
		s = error_set(e, STATUS_KEY, file, "try again", "the password is wrong");
	}
	if (s == STATUS_OK && CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY) != 1)
		s = error_openssl(e, STATUS_INPUT, file, "take another copy",
				  "is damaged: what is inside was changed");
	if (BIO_flush(out) != 1 && s == STATUS_OK)
		s = error_errno(e, STATUS_SYSTEM, NULL, "make room and run it again",
				"cannot be written");
	CMS_ContentInfo_free(cms);
	BIO_free(out);
	return s;
}
