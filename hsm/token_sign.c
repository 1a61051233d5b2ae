#include "hsm/token_sign.h"

#include <stdint.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/x509.h>

void token_signature_free(struct token_signature *s)
{
	bytes_free(&s->input);
	*s = (struct token_signature){0};
}

/* PKCS#1 v1.5's DigestInfo (RFC 8017 9.2): CKM_RSA_PKCS, which every token knows, pads it. */
static enum status digest_info(const EVP_MD *digest, struct span value, struct bytes *out,
			       struct error *e)
{
	X509_SIG *info = X509_SIG_new();
	X509_ALGOR *algorithm = NULL;
	ASN1_OCTET_STRING *octets = NULL;
	unsigned char *der = NULL;
	enum status s;
	int len = -1;

	if (info) {
		X509_SIG_getm(info, &algorithm, &octets);
		if (X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(digest)), V_ASN1_NULL,
				    NULL) == 1 &&
		    ASN1_OCTET_STRING_set(octets, value.data, (int)value.len) == 1)
			len = i2d_X509_SIG(info, &der);
	}
	X509_SIG_free(info);
	if (len < 0)
		return error_memory(e);
	s = bytes_copy(out, (struct span){der, (size_t)len}, e);
	OPENSSL_free(der);
	return s;
}

enum status token_signature_prepare(struct token_signature *s, EVP_PKEY *key, const EVP_MD *digest,
				    struct span message, struct error *e)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!digest) {
		s->mechanism = CKM_EDDSA;
		return bytes_copy(&s->input, message, e);
	}
	if (EVP_Digest(message.data, message.len, value, &len, digest, NULL) != 1)
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "no digest could be made");
	if (EVP_PKEY_get_id(key) == EVP_PKEY_RSA) {
		s->mechanism = CKM_RSA_PKCS;
		return digest_info(digest, (struct span){value, len}, &s->input, e);
	}
	s->mechanism = CKM_ECDSA;
	return bytes_copy(&s->input, (struct span){value, len}, e);
}

/* PKCS#11 v2.40 4.9: such a key wants the PIN again between C_SignInit and C_Sign. */
static CK_RV log_in_again(struct token *t, CK_SESSION_HANDLE session)
{
	CK_UTF8CHAR *pin = t->pin ? (CK_UTF8CHAR *)(uintptr_t)secret_text(t->pin) : NULL;

	return pin ? TOKEN_CALL(t->f, C_Login, session, CKU_CONTEXT_SPECIFIC, pin,
				secret_len(t->pin))
		   : TOKEN_CALL_SLOW(t->f, C_Login, session, CKU_CONTEXT_SPECIFIC, NULL, 0);
}

enum status token_signature_make(struct token *t, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
				 bool always_authenticate, struct token_signature *s, CK_RV *rv,
				 struct error *e)
{
	CK_MECHANISM mechanism = {s->mechanism, NULL, 0};
	const char *function = "C_SignInit";

	*rv = TOKEN_CALL(t->f, C_SignInit, session, &mechanism, key);
	if (*rv == CKR_OK && always_authenticate) {
		function = "C_Login for this signature";
		*rv = log_in_again(t, session);
	}
	if (*rv == CKR_OK) {
		function = "C_Sign";
		s->output_len = sizeof s->output;
		*rv = TOKEN_CALL(t->f, C_Sign, session, s->input.data, s->input.len, s->output,
				 &s->output_len);
	}
	if (*rv == CKR_OK && (s->output_len == 0 || s->output_len > sizeof s->output))
		*rv = CKR_BUFFER_TOO_SMALL;
	return *rv == CKR_OK ? STATUS_OK : token_error(e, *rv, function, "sign");
}

/* PKCS#11 gives r and s side by side, each of half the length. */
static enum status ecdsa_der(const struct token_signature *s, struct bytes *out, struct error *e)
{
	int half = (int)(s->output_len / 2), len = -1;
	BIGNUM *r = BN_bin2bn(s->output, half, NULL);
	BIGNUM *second = BN_bin2bn(s->output + half, half, NULL);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *der = NULL;
	enum status status;

	if (r && second && pair && s->output_len % 2 == 0 && ECDSA_SIG_set0(pair, r, second) == 1) {
		r = second = NULL;
		len = i2d_ECDSA_SIG(pair, &der);
	}
	status = len <= 0 ? error_openssl(e, STATUS_KEY, NULL, "examine the token and its module",
					  "the token made no ECDSA signature")
			  : bytes_copy(out, (struct span){der, (size_t)len}, e);
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	BN_free(r);
	BN_free(second);
	return status;
}

enum status token_signature_finish(const struct token_signature *s, EVP_PKEY *key,
				   struct bytes *out, struct error *e)
{
	if (EVP_PKEY_get_id(key) == EVP_PKEY_EC)
		return ecdsa_der(s, out, e);
	return bytes_copy(out, (struct span){s->output, s->output_len}, e);
}
