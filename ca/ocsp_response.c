#include "ca/ocsp_response.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "base/der.h"

/* ResponseData, whose OpenSSL form cannot be filled in without a private key in the process. */
typedef struct response_data {
	ASN1_INTEGER *version;
	OCSP_RESPID *responder;
	ASN1_GENERALIZEDTIME *produced_at;
	STACK_OF(OCSP_SINGLERESP) *responses;
} RESPONSE_DATA;

DECLARE_ASN1_ITEM(OCSP_RESPID)
DECLARE_ASN1_ITEM(OCSP_SINGLERESP)

ASN1_SEQUENCE(RESPONSE_DATA) =
	{
		ASN1_EXP_OPT(RESPONSE_DATA, version, ASN1_INTEGER, 0),
		ASN1_SIMPLE(RESPONSE_DATA, responder, OCSP_RESPID),
		ASN1_SIMPLE(RESPONSE_DATA, produced_at, ASN1_GENERALIZEDTIME),
		ASN1_SEQUENCE_OF(RESPONSE_DATA, responses, OCSP_SINGLERESP),
} static_ASN1_SEQUENCE_END(RESPONSE_DATA)

	/* BasicOCSPResponse around bytes that are signed already. */
	typedef struct signed_response {
	ASN1_TYPE *to_be_signed;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
	STACK_OF(X509) *certificates;
} SIGNED_RESPONSE;

ASN1_SEQUENCE(SIGNED_RESPONSE) =
	{
		ASN1_SIMPLE(SIGNED_RESPONSE, to_be_signed, ASN1_ANY),
		ASN1_SIMPLE(SIGNED_RESPONSE, algorithm, X509_ALGOR),
		ASN1_SIMPLE(SIGNED_RESPONSE, signature, ASN1_BIT_STRING),
		ASN1_EXP_SEQUENCE_OF_OPT(SIGNED_RESPONSE, certificates, X509, 0),
} static_ASN1_SEQUENCE_END(SIGNED_RESPONSE)

		static enum status failed(struct error * e)
{
	return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "an OCSP response cannot be made");
}

OCSP_CERTID *ocsp_certid(X509 *issuer, struct span serial, const EVP_MD *digest)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	OCSP_CERTID *id = NULL;

	if (number && ASN1_STRING_set(number, serial.data, (int)serial.len))
		id = OCSP_cert_id_new(digest, X509_get_subject_name(issuer),
				      X509_get0_pubkey_bitstr(issuer), number);
	ASN1_INTEGER_free(number);
	return id;
}

/* OpenSSL fills a SingleResponse inside a response of its own. */
static OCSP_BASICRESP *single(const struct ocsp_frame *f, const struct ocsp_answer *answer,
			      OCSP_CERTID *id)
{
	OCSP_BASICRESP *holder = OCSP_BASICRESP_new();
	bool revoked = answer->status == V_OCSP_CERTSTATUS_REVOKED;
	ASN1_TIME *at = revoked ? ASN1_GENERALIZEDTIME_set(NULL, answer->revocation.at) : NULL;
	ASN1_TIME *from = ASN1_GENERALIZEDTIME_set(NULL, f->produced_at);
	ASN1_TIME *until = ASN1_GENERALIZEDTIME_set(NULL, f->next_update);

	if (!holder || (revoked && !at) || !from || !until ||
	    !OCSP_basic_add1_status(holder, id, answer->status, answer->revocation.reason, at, from,
				    until)) {
		OCSP_BASICRESP_free(holder);
		holder = NULL;
	}
	ASN1_TIME_free(at);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return holder;
}

static enum status encode_data(const struct ocsp_frame *f, OCSP_BASICRESP *holder,
			       struct bytes *out, struct error *e)
{
	RESPONSE_DATA data = {.responder = OCSP_RESPID_new(),
			      .produced_at = ASN1_GENERALIZEDTIME_set(NULL, f->produced_at),
			      .responses = sk_OCSP_SINGLERESP_new_null()};
	unsigned char *der = NULL;
	int len = -1;
	enum status s;

	/* byKey: shorter than a name, and RFC 5019 2.2.1 prefers it. */
	if (data.responder && data.produced_at && data.responses &&
	    OCSP_RESPID_set_by_key(data.responder, f->responder ? f->responder : f->issuer) &&
	    sk_OCSP_SINGLERESP_push(data.responses, OCSP_resp_get0(holder, 0)))
		len = ASN1_item_i2d((const ASN1_VALUE *)&data, &der, ASN1_ITEM_rptr(RESPONSE_DATA));
	s = len > 0 ? bytes_copy(out, (struct span){der, (size_t)len}, e) : failed(e);
	OPENSSL_free(der);
	OCSP_RESPID_free(data.responder);
	ASN1_GENERALIZEDTIME_free(data.produced_at);
	sk_OCSP_SINGLERESP_free(data.responses); /* what is in it belongs to holder */
	return s;
}

static enum status wrap(const struct ocsp_frame *f, struct span data, const X509_ALGOR *algorithm,
			struct span signature, OCSP_BASICRESP **out, struct error *e)
{
	SIGNED_RESPONSE *x = (SIGNED_RESPONSE *)ASN1_item_new(ASN1_ITEM_rptr(SIGNED_RESPONSE));
	const unsigned char *at = data.data;
	unsigned char *der = NULL;
	int len = -1;

	*out = NULL;
	if (!x)
		return error_memory(e);
	X509_ALGOR_free(x->algorithm);
	x->algorithm = X509_ALGOR_dup(algorithm);
	if (f->responder && (x->certificates = sk_X509_new_null()) != NULL &&
	    X509_up_ref(f->responder) == 1 && !sk_X509_push(x->certificates, f->responder))
		X509_free(f->responder);
	x->signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	if (x->algorithm && d2i_ASN1_TYPE(&x->to_be_signed, &at, (long)data.len) &&
	    ASN1_BIT_STRING_set(x->signature, (unsigned char *)signature.data,
				(int)signature.len) &&
	    (!f->responder || sk_X509_num(x->certificates) == 1))
		len = ASN1_item_i2d((ASN1_VALUE *)x, &der, ASN1_ITEM_rptr(SIGNED_RESPONSE));
	at = der;
	if (len > 0)
		*out = d2i_OCSP_BASICRESP(NULL, &at, len);
	OPENSSL_free(der);
	ASN1_item_free((ASN1_VALUE *)x, ASN1_ITEM_rptr(SIGNED_RESPONSE));
	return *out ? STATUS_OK : failed(e);
}

/* As a client does it: the issuer trusted, the status found by the CertID that it asks with. */
static enum status look_again(const struct ocsp_frame *f, OCSP_BASICRESP *basic, OCSP_CERTID *id,
			      int expected, struct error *e)
{
	X509_STORE *trusted = X509_STORE_new();
	STACK_OF(X509) *issuer = sk_X509_new_null();
	int status = -1;
	/* The issuer may be an intermediate; whoever asks has its certificate already. */
	bool good = trusted && issuer && sk_X509_push(issuer, f->issuer) &&
		    X509_STORE_add_cert(trusted, f->issuer) == 1 &&
		    X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN |
							  X509_V_FLAG_NO_CHECK_TIME) == 1 &&
		    OCSP_basic_verify(basic, issuer, trusted, 0) == 1 &&
		    OCSP_resp_find_status(basic, id, &status, NULL, NULL, NULL, NULL) == 1 &&
		    status == expected;

	sk_X509_free(issuer);
	X509_STORE_free(trusted);
	if (good)
		return STATUS_OK;
	return error_openssl(e, STATUS_KEY, NULL, "nothing was written; examine the key",
			     "an OCSP response was signed that its client would not take");
}

static enum status encode_response(OCSP_BASICRESP *basic, struct bytes *out, struct error *e)
{
	OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	enum status s = response ? der_encode(response, (i2d_of_void *)i2d_OCSP_RESPONSE, out, e)
				 : failed(e);

	OCSP_RESPONSE_free(response);
	return s;
}

enum status ocsp_sign(const struct ocsp_frame *f, const struct ocsp_answer *answer,
		      const EVP_MD *certid_digest, struct bytes *out, struct error *e)
{
	OCSP_CERTID *id = ocsp_certid(f->issuer, answer->serial, certid_digest);
	OCSP_BASICRESP *holder = id ? single(f, answer, id) : NULL, *basic = NULL;
	X509_ALGOR *algorithm = NULL;
	struct bytes data = {0}, signature = {0};
	enum status s = holder ? encode_data(f, holder, &data, e) : failed(e);

	if (s == STATUS_OK)
		s = signature_algorithm_for(signer_public_key(f->signer), NULL, &algorithm, e);
	if (s == STATUS_OK)
		s = signer_sign(f->signer, algorithm, span_of(&data), &signature, e);
	if (s == STATUS_OK)
		s = wrap(f, span_of(&data), algorithm, span_of(&signature), &basic, e);
	if (s == STATUS_OK)
		s = look_again(f, basic, id, answer->status, e);
	if (s == STATUS_OK)
		s = encode_response(basic, out, e);
	OCSP_BASICRESP_free(holder);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	X509_ALGOR_free(algorithm);
	bytes_free(&data);
	bytes_free(&signature);
	return s;
}

enum status ocsp_unauthorized(struct bytes *out, struct error *e)
{
	OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_UNAUTHORIZED, NULL);
	enum status s = response ? der_encode(response, (i2d_of_void *)i2d_OCSP_RESPONSE, out, e)
				 : failed(e);

	OCSP_RESPONSE_free(response);
	return s;
}

enum status ocsp_get_name(const struct ocsp_frame *f, struct span serial,
			  const EVP_MD *certid_digest, struct text *out, struct error *e)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = ocsp_certid(f->issuer, serial, certid_digest);
	struct bytes der = {0};
	unsigned char base64[512];
	enum status s = STATUS_OK;

	if (!request || !id || !OCSP_request_add0_id(request, id)) {
		OCSP_CERTID_free(id);
		s = failed(e);
	} else {
		s = der_encode(request, (i2d_of_void *)i2d_OCSP_REQUEST, &der, e);
	}
	if (s == STATUS_OK && der.len > sizeof base64 / 4 * 3 - 3)
		s = error_set(e, STATUS_INTERNAL, NULL, NULL, "an OCSP request is too long");
	if (s == STATUS_OK) {
		EVP_EncodeBlock(base64, der.data, (int)der.len);
		text_add(out, (const char *)base64);
		s = text_check(out, e);
	}
	OCSP_REQUEST_free(request);
	bytes_free(&der);
	return s;
}
