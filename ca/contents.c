#include "ca/contents.h"

#include <limits.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "csr/input.h"

/*
 * SignedData of RFC 2315 9.1 and RFC 5652 5.1 with what it carries left as octets: OpenSSL's own
 * type decodes each certificate, and refuses all of them for one that is wrong.
 */
typedef struct carried_set {
	ASN1_INTEGER *version;
	ASN1_TYPE *digests, *content;
	STACK_OF(ASN1_TYPE) *certificates;
	STACK_OF(ASN1_TYPE) *crls;
	ASN1_TYPE *signers;
} CARRIED_SET;

typedef struct carrier {
	ASN1_OBJECT *type;
	CARRIED_SET *set;
} CARRIER;

ASN1_SEQUENCE(CARRIED_SET) =
	{
		ASN1_SIMPLE(CARRIED_SET, version, ASN1_INTEGER),
		ASN1_SIMPLE(CARRIED_SET, digests, ASN1_ANY),
		ASN1_SIMPLE(CARRIED_SET, content, ASN1_ANY),
		ASN1_IMP_SET_OF_OPT(CARRIED_SET, certificates, ASN1_ANY, 0),
		ASN1_IMP_SET_OF_OPT(CARRIED_SET, crls, ASN1_ANY, 1),
		ASN1_SIMPLE(CARRIED_SET, signers, ASN1_ANY),
} static_ASN1_SEQUENCE_END(CARRIED_SET)

		ASN1_SEQUENCE(CARRIER) =
			{
				ASN1_SIMPLE(CARRIER, type, ASN1_OBJECT),
				ASN1_EXP(CARRIER, set, CARRIED_SET, 0),
} static_ASN1_SEQUENCE_END(CARRIER)

				struct walk {
	contents_use *use;
	void *context;
	size_t *found;
};

static enum status give(const struct walk *w, struct content c, struct error *e)
{
	++*w->found;
	return w->use(&c, w->context, e);
}

static enum status give_set(const struct walk *w, const STACK_OF(ASN1_TYPE) *all,
			    enum lint_form form, struct error *e)
{
	enum status s = STATUS_OK;

	for (int i = 0; s == STATUS_OK && i < sk_ASN1_TYPE_num(all); i++) {
		const ASN1_TYPE *any = sk_ASN1_TYPE_value(all, i);
		struct content c = {.form = form, .in_p7b = true};

		/* Attribute certificates and the like are tagged, and nothing of ours. */
		if (any->type != V_ASN1_SEQUENCE)
			continue;
		c.der.data = ASN1_STRING_get0_data(any->value.sequence);
		c.der.len = (size_t)ASN1_STRING_length(any->value.sequence);
		s = give(w, c, e);
	}
	return s;
}

/* *is: whether it is a p7b at all. */
static enum status give_p7b(const struct walk *w, struct span der, bool *is, struct error *e)
{
	const unsigned char *at = der.data;
	CARRIER *p7 = NULL;
	enum status s = STATUS_OK;

	ERR_set_mark();
	if (der.len <= LONG_MAX)
		p7 = (CARRIER *)ASN1_item_d2i(NULL, &at, (long)der.len, ASN1_ITEM_rptr(CARRIER));
	ERR_pop_to_mark();
	*is = p7 && OBJ_obj2nid(p7->type) == NID_pkcs7_signed;
	if (*is && at != der.data + der.len)
		s = error_set(e, STATUS_INPUT, NULL, "check how it was copied",
			      "has %zu bytes after its end", der.len - (size_t)(at - der.data));
	if (*is && s == STATUS_OK)
		s = give_set(w, p7->set->certificates, LINT_FORM_CERTIFICATE, e);
	if (*is && s == STATUS_OK)
		s = give_set(w, p7->set->crls, LINT_FORM_CRL, e);
	ASN1_item_free((ASN1_VALUE *)p7, ASN1_ITEM_rptr(CARRIER));
	return s;
}

static enum status give_der(const struct walk *w, struct span der, struct error *e)
{
	bool p7b = false;
	enum status s = STATUS_OK;

	/* A certificate's first member is a SEQUENCE, a p7b's is an OBJECT IDENTIFIER. */
	if (der.len > 6 && memchr(der.data + 2, V_ASN1_OBJECT, 5))
		s = give_p7b(w, der, &p7b, e);
	if (s == STATUS_OK && !p7b)
		s = give(w, (struct content){lint_recognise(der), der, false}, e);
	return s;
}

static const struct {
	const char *name;
	enum lint_form form;
} blocks[] = {
	{PEM_STRING_X509, LINT_FORM_CERTIFICATE},     {PEM_STRING_X509_OLD, LINT_FORM_CERTIFICATE},
	{PEM_STRING_X509_CRL, LINT_FORM_CRL},	      {PEM_STRING_X509_REQ, LINT_FORM_REQUEST},
	{PEM_STRING_X509_REQ_OLD, LINT_FORM_REQUEST},
};

static enum status give_block(const struct walk *w, const char *name, struct span der,
			      struct error *e)
{
	bool p7b;
	enum status s;

	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if (strcmp(blocks[i].name, name) == 0)
			return give(w, (struct content){blocks[i].form, der, false}, e);
	if (strcmp(name, PEM_STRING_PKCS7) != 0 && strcmp(name, PEM_STRING_PKCS7_SIGNED) != 0 &&
	    strcmp(name, PEM_STRING_CMS) != 0)
		return STATUS_OK;
	s = give_p7b(w, der, &p7b, e);
	if (s == STATUS_OK && !p7b)
		s = error_set(e, STATUS_INPUT, NULL, "check how it was copied",
			      "has a damaged %.20s block", name);
	return s;
}

static enum status give_pem(const struct walk *w, struct span input, struct error *e)
{
	BIO *from = input.len <= INT_MAX ? BIO_new_mem_buf(input.data, (int)input.len) : NULL;
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	enum status s = STATUS_OK;
	long len = 0;

	if (!from)
		return error_memory(e);
	ERR_clear_error();
	while (s == STATUS_OK && PEM_read_bio(from, &name, &header, &data, &len) == 1) {
		s = give_block(w, name, (struct span){data, (size_t)len}, e);
		OPENSSL_free(name);
		OPENSSL_free(header);
		/* It may be a private key. */
		OPENSSL_clear_free(data, (size_t)len);
	}
	if (s == STATUS_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		s = error_openssl(e, STATUS_INPUT, NULL, "check how it was copied",
				  "has a damaged PEM block");
	ERR_clear_error();
	BIO_free(from);
	return s;
}

enum status contents_each(struct span input, contents_use *use, void *context, size_t *found,
			  struct error *e)
{
	const struct walk w = {use, context, found};
	struct bytes plain = {0};
	struct error unread;
	enum status s = STATUS_OK;

	*found = 0;
	if (input.len > 1 && input.data[0] == 0x30 && (input.data[1] & 0x80))
		return give_der(&w, input, e);
	if (input.len && memmem(input.data, input.len, "-----BEGIN ", 11))
		s = give_pem(&w, input, e);
	if (s == STATUS_OK && !*found && csr_input_der(input, &plain, &unread) == STATUS_OK) {
		s = give_der(&w, span_of(&plain), e);
		bytes_free(&plain);
	}
	return s;
}
