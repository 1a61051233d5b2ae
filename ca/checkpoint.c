#include "ca/checkpoint.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/datetime.h"
#include "base/der.h"

/* No TBS begins like this, so that the signature can never be one of a certificate. */
#define TITLE "subca checkpoint\n"
#define HASH_DIGITS (2 * SHA256_SIZE)
#define PAPER_DIGITS (2 * CHECKPOINT_PAPER_OCTETS)

enum status checkpoint_take(struct store *store, int64_t now, struct checkpoint *out,
			    struct error *e)
{
	*out = (struct checkpoint){.hash_len = SHA256_SIZE, .time = now};
	return journal_head(store, &out->seq, out->hash, e);
}

void checkpoint_paper(const struct checkpoint *c, char out[CHECKPOINT_PAPER_SIZE])
{
	int at = snprintf(out, CHECKPOINT_PAPER_SIZE, "%" PRId64 ":", c->seq);

	for (size_t i = 0; i < CHECKPOINT_PAPER_OCTETS; i += 2)
		at += snprintf(out + at, CHECKPOINT_PAPER_SIZE - (size_t)at, " %02x%02x",
			       c->hash[i], c->hash[i + 1]);
}

/* --- the text under the signature ------------------------------------------------------------- */

static enum status authority_digest(X509 *authority, char hex[HASH_DIGITS + 1], struct error *e)
{
	unsigned char digest[SHA256_SIZE];
	unsigned len = 0;

	if (X509_digest(authority, EVP_sha256(), digest, &len) != 1 || len != sizeof digest)
		return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "SHA-256 cannot be computed");
	hex_encode((struct span){digest, sizeof digest}, hex);
	return STATUS_OK;
}

static enum status compose(const struct checkpoint *c, X509 *authority, struct text *out,
			   struct error *e)
{
	char certificate[HASH_DIGITS + 1], hash[HASH_DIGITS + 1], when[DATETIME_SIZE];

	if (authority_digest(authority, certificate, e) != STATUS_OK)
		return error_status(e);
	hex_encode((struct span){c->hash, SHA256_SIZE}, hash);
	datetime_format(c->time, when);
	text_printf(out,
		    TITLE "certificate %s\n"
			  "time %s\n"
			  "row %" PRId64 "\n"
			  "hash %s\n",
		    certificate, when, c->seq, hash);
	return text_check(out, e);
}

static enum status not_ours(struct error *e)
{
	return error_set(e, STATUS_INPUT, NULL, "give a checkpoint of this CA",
			 "what is signed is not a checkpoint");
}

/* Read leniently, composed again, and compared: exactly what compose() writes gets through. */
static enum status parse(struct span content, X509 *authority, struct checkpoint *out,
			 struct error *e)
{
	char text[512], when[32], hash[HASH_DIGITS + 1];
	struct bytes octets = {0};
	struct text again = {0};
	struct error ignored;
	enum status s;

	if (content.len >= sizeof text || memchr(content.data, '\0', content.len))
		return not_ours(e);
	memcpy(text, content.data, content.len);
	text[content.len] = '\0';
	if (sscanf(text,
		   TITLE "certificate %*64[0-9a-f] time %31[-0-9TZ:] row %" SCNd64
			 " hash %64[0-9a-f]",
		   when, &out->seq, hash) != 3 ||
	    datetime_parse(when, &out->time, &ignored) != STATUS_OK ||
	    hex_decode(hash, &octets, &ignored) != STATUS_OK || octets.len != SHA256_SIZE) {
		bytes_free(&octets);
		return not_ours(e);
	}
	memcpy(out->hash, octets.data, SHA256_SIZE);
	out->hash_len = SHA256_SIZE;
	bytes_free(&octets);
	s = compose(out, authority, &again, e);
	if (s == STATUS_OK && strcmp(text_get(&again), text) != 0)
		s = not_ours(e);
	text_free(&again);
	return s;
}

/* --- CMS -------------------------------------------------------------------------------------- */

static bool set_content(CMS_ContentInfo *cms, struct span content)
{
	ASN1_OCTET_STRING **inside = CMS_get0_content(cms);

	if (!inside)
		return false;
	if (!*inside)
		*inside = ASN1_OCTET_STRING_new();
	if (!*inside || content.len > INT_MAX)
		return false;
	/* Else the encoder would take it for content that is still to be streamed. */
	(*inside)->flags &= ~ASN1_STRING_FLAG_CONT;
	return ASN1_OCTET_STRING_set(*inside, content.data, (int)content.len) == 1;
}

/* The digest that the key's signature algorithm has. */
static enum status digest_of(const X509_ALGOR *algorithm, const EVP_MD **out, struct error *e)
{
	int digest = NID_undef;

	*out = NULL;
	if (OBJ_find_sigid_algs(OBJ_obj2nid(algorithm->algorithm), &digest, NULL) == 1 &&
	    digest != NID_undef)
		*out = EVP_get_digestbynid(digest);
	if (*out)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, NULL,
			 "write down what 'subca journal verify' prints: row and hash",
			 "OpenSSL signs no CMS with this kind of key");
}

/* Without signed attributes the signature is over the text itself: any signer can make it. */
static CMS_ContentInfo *sign_text(struct span text, X509 *authority, const EVP_MD *digest,
				  const struct bytes *signature)
{
	unsigned flags = CMS_PARTIAL | CMS_BINARY | CMS_NOATTR;
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	CMS_SignerInfo *si = NULL;

	if (cms)
		si = CMS_add1_signer(cms, authority, X509_get0_pubkey(authority), digest, flags);
	if (!si || !set_content(cms, text) ||
	    ASN1_OCTET_STRING_set(CMS_SignerInfo_get0_signature(si), signature->data,
				  (int)signature->len) != 1) {
		CMS_ContentInfo_free(cms);
		return NULL;
	}
	return cms;
}

static enum status add_pem(const CMS_ContentInfo *cms, struct text *out, struct error *e)
{
	BIO *memory = BIO_new(BIO_s_mem());
	struct bytes der = {0};
	enum status s = der_encode(cms, (i2d_of_void *)i2d_CMS_ContentInfo, &der, e);
	char *data;
	long len;

	if (s == STATUS_OK &&
	    (!memory || PEM_write_bio(memory, PEM_STRING_CMS, "", der.data, (long)der.len) <= 0))
		s = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "the checkpoint has no PEM");
	if (s == STATUS_OK) {
		len = BIO_get_mem_data(memory, &data);
		text_append(out, data, (size_t)len);
		s = text_check(out, e);
	}
	BIO_free(memory);
	bytes_free(&der);
	return s;
}

enum status checkpoint_sign(const struct checkpoint *c, X509 *authority, struct signer *signer,
			    struct text *out, struct error *e)
{
	struct text content = {0};
	struct bytes signature = {0};
	X509_ALGOR *algorithm = NULL;
	CMS_ContentInfo *cms = NULL;
	const EVP_MD *digest = NULL;
	enum status s = signature_algorithm_for(X509_get0_pubkey(authority), NULL, &algorithm, e);

	if (s == STATUS_OK)
		s = digest_of(algorithm, &digest, e);
	if (s == STATUS_OK)
		s = compose(c, authority, &content, e);
	if (s == STATUS_OK)
		s = signer_sign(signer, algorithm, span_text(text_get(&content)), &signature, e);
	if (s == STATUS_OK) {
		cms = sign_text(span_text(text_get(&content)), authority, digest, &signature);
		if (!cms)
			s = error_openssl(e, STATUS_SYSTEM, NULL, NULL,
					  "the checkpoint cannot be put into CMS");
	}
	if (s == STATUS_OK)
		s = add_pem(cms, out, e);
	CMS_ContentInfo_free(cms);
	X509_ALGOR_free(algorithm);
	bytes_free(&signature);
	text_free(&content);
	return s;
}

/* The signer is told, not found: what certificates a file brings along counts for nothing. */
static enum status verify(CMS_ContentInfo *cms, X509 *authority, BIO *content, struct error *e)
{
	STACK_OF(X509) *signers = sk_X509_new_null();
	enum status s = STATUS_OK;

	if (!signers || sk_X509_push(signers, authority) <= 0)
		s = error_memory(e);
	else if (CMS_verify(cms, signers, NULL, NULL, content,
			    CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		s = error_openssl(e, STATUS_REFUSED, NULL,
				  "give the CA that made it, or ask who changed it",
				  "the checkpoint is not signed by this CA's key");
	sk_X509_free(signers);
	return s;
}

static enum status read_cms(CMS_ContentInfo *cms, X509 *authority, struct checkpoint *out,
			    struct error *e)
{
	BIO *content = BIO_new(BIO_s_mem());
	enum status s = content ? verify(cms, authority, content, e) : error_memory(e);
	char *data;
	long len;

	if (s == STATUS_OK) {
		len = BIO_get_mem_data(content, &data);
		s = parse((struct span){(unsigned char *)data, (size_t)len}, authority, out, e);
		out->is_signed = s == STATUS_OK;
	}
	BIO_free(content);
	return s;
}

/* --- paper ------------------------------------------------------------------------------------ */

/* ROW: DIGITS, blanks wherever people put them, at least as many digits as on paper. */
static bool read_paper(struct span input, struct checkpoint *out)
{
	char digits[HASH_DIGITS + 1];
	size_t count = 0, at = 0;
	struct bytes octets = {0};
	struct error ignored;
	bool done;

	while (at < input.len && isspace(input.data[at]))
		at++;
	for (out->seq = 0; at < input.len && isdigit(input.data[at]); at++) {
		if (out->seq > INT64_MAX / 100)
			return false;
		out->seq = out->seq * 10 + (input.data[at] - '0');
	}
	if (out->seq == 0 || at == input.len || input.data[at++] != ':')
		return false;
	for (; at < input.len; at++) {
		if (isspace(input.data[at]))
			continue;
		if (!isxdigit(input.data[at]) || count == HASH_DIGITS)
			return false;
		digits[count++] = (char)input.data[at];
	}
	digits[count] = '\0';
	done = count >= PAPER_DIGITS && hex_decode(digits, &octets, &ignored) == STATUS_OK;
	if (done) {
		memcpy(out->hash, octets.data, octets.len);
		out->hash_len = octets.len;
	}
	bytes_free(&octets);
	return done;
}

/* NULL where it is none. */
static CMS_ContentInfo *parse_cms(struct span input)
{
	BIO *text = BIO_new_mem_buf(input.data, (int)input.len);
	unsigned char *pem = NULL;
	long len = (long)input.len;
	const unsigned char *at = input.data;
	CMS_ContentInfo *cms = NULL;

	if (text && PEM_bytes_read_bio(&pem, &len, NULL, PEM_STRING_CMS, text, NULL, NULL) == 1)
		at = pem;
	cms = d2i_CMS_ContentInfo(NULL, &at, len);
	OPENSSL_free(pem);
	BIO_free(text);
	ERR_clear_error();
	return cms;
}

enum status checkpoint_read(struct span input, X509 *authority, struct checkpoint *out,
			    struct error *e)
{
	CMS_ContentInfo *cms;
	enum status s;

	*out = (struct checkpoint){0};
	if (input.len > CHECKPOINT_FILE_MAX)
		return error_set(e, STATUS_INPUT, NULL, NULL, "is too large for a checkpoint");
	if (read_paper(input, out))
		return STATUS_OK;
	cms = parse_cms(input);
	if (!cms)
		return error_set(e, STATUS_INPUT, NULL,
				 "give a file of 'subca journal checkpoint', or \"ROW: HASH\"",
				 "is no checkpoint");
	s = read_cms(cms, authority, out, e);
	CMS_ContentInfo_free(cms);
	return s;
}

/* --- against a journal ------------------------------------------------------------------------ */

struct search {
	const struct checkpoint *wanted;
	bool found, equal;
};

static enum status look(void *context, const struct journal_row *row, struct error *e)
{
	struct search *s = context;

	(void)e;
	if (row->seq == s->wanted->seq) {
		s->found = true;
		s->equal = memcmp(row->hash, s->wanted->hash, s->wanted->hash_len) == 0;
	}
	return STATUS_OK;
}

enum status checkpoint_compare(struct store *store, const struct checkpoint *c, struct error *e)
{
	struct search s = {.wanted = c};
	unsigned char hash[SHA256_SIZE];
	int64_t head = 0;
	enum status status = journal_each(store, look, &s, e);

	if (status == STATUS_OK)
		status = journal_head(store, &head, hash, e);
	if (status != STATUS_OK || (s.found && s.equal))
		return status;
	if (!s.found)
		return error_set(e, STATUS_DAMAGED, NULL,
				 "restore the store from a backup, and find out who cut it",
				 "the journal ends at row %" PRId64 ", but there was a row %" PRId64
				 ": its tail was cut off",
				 head, c->seq);
	return error_set(e, STATUS_DAMAGED, NULL,
			 "restore the store from a backup, and find out who rewrote it",
			 "journal row %" PRId64 " is not the one that the checkpoint names: it was "
			 "rewritten from there or before",
			 c->seq);
}
