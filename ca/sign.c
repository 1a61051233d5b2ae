#include "ca/sign.h"

#include <openssl/err.h>

#include "base/der.h"

/* The certificate is made of these octets and no others. */
static enum status look_again(struct span certificate, struct span tbs, struct span signature,
			      struct error *e)
{
	DER_SIGNED *envelope = NULL;
	enum status s = der_signed_parse(certificate, &envelope, e);

	if (s == STATUS_OK && (!span_equal(der_to_be_signed(envelope), tbs) ||
			       !span_equal(der_signature(envelope), signature)))
		s = error_set(e, STATUS_INTERNAL, NULL, "report this as a bug",
			      "the signed certificate is not the one that was checked");
	DER_SIGNED_free(envelope);
	return s;
}

/*
 * signer_sign() verifies the signature over tbs under the signer's own key. What is left to see is
 * that this key is the issuer's.
 */
enum status ca_sign_apart(const struct lint_passed *passed, struct signer *signer,
			  EVP_PKEY *issuer_key, struct bytes *signature, struct error *e)
{
	enum status s = signer_sign(signer, lint_passed_algorithm(passed), lint_passed_tbs(passed),
				    signature, e);

	if (s != STATUS_OK || EVP_PKEY_eq(signer_public_key(signer), issuer_key) == 1)
		return s;
	bytes_free(signature);
	return error_openssl(
		e, STATUS_KEY, NULL,
		"name the key that belongs to the CA's certificate; nothing was issued",
		"the signer's key is not the one in the CA's certificate");
}

enum status ca_sign(const struct lint_passed *passed, struct signer *signer, EVP_PKEY *issuer_key,
		    struct bytes *certificate, struct error *e)
{
	struct span tbs = lint_passed_tbs(passed);
	struct bytes signature = {0}, der = {0};
	enum status s = ca_sign_apart(passed, signer, issuer_key, &signature, e);

	if (s == STATUS_OK)
		s = der_signed_build(tbs, lint_passed_algorithm(passed), span_of(&signature), &der,
				     e);
	if (s == STATUS_OK)
		s = look_again(span_of(&der), tbs, span_of(&signature), e);
	if (s == STATUS_OK) {
		*certificate = der;
		der = (struct bytes){0};
	}
	bytes_free(&signature);
	bytes_free(&der);
	return s;
}

static enum status request_info(const X509_NAME *subject, EVP_PKEY *key, struct bytes *info,
				struct error *e)
{
	X509_REQ *request = X509_REQ_new();
	enum status s = STATUS_OK;

	if (!request || X509_REQ_set_version(request, 0) != 1 ||
	    X509_REQ_set_subject_name(request, subject) != 1 ||
	    X509_REQ_set_pubkey(request, key) != 1)
		s = error_openssl(e, STATUS_INTERNAL, NULL, NULL, "the request cannot be made");
	else
		s = der_encode(request, (i2d_of_void *)i2d_re_X509_REQ_tbs, info, e);
	X509_REQ_free(request);
	return s;
}

enum status request_sign(const X509_NAME *subject, struct signer *signer, struct bytes *request,
			 struct error *e)
{
	EVP_PKEY *key = signer_public_key(signer);
	struct bytes info = {0}, signature = {0};
	X509_ALGOR *algorithm = NULL;
	enum status s = request_info(subject, key, &info, e);

	if (s == STATUS_OK)
		s = signature_algorithm_for(key, NULL, &algorithm, e);
	if (s == STATUS_OK)
		s = signer_sign(signer, algorithm, span_of(&info), &signature, e);
	if (s == STATUS_OK)
		s = der_signed_build(span_of(&info), algorithm, span_of(&signature), request, e);
	X509_ALGOR_free(algorithm);
	bytes_free(&signature);
	bytes_free(&info);
	return s;
}
