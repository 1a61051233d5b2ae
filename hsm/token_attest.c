#include "hsm/token_attest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "hsm/token_object.h"

struct candidate {
	struct bytes der;
	X509 *certificate;
	bool kept;
};

struct candidates {
	struct candidate at[TOKEN_OBJECTS_MAX];
	size_t count;
};

static void candidates_free(struct candidates *c)
{
	while (c->count) {
		X509_free(c->at[--c->count].certificate);
		bytes_free(&c->at[c->count].der);
	}
	free(c);
}

static bool says_attestation(const struct bytes *label)
{
	return label->len && (memmem(label->data, label->len, "Attestation", 11) ||
			      memmem(label->data, label->len, "attestation", 11));
}

static enum status read_one(struct token *t, CK_OBJECT_HANDLE object, struct candidates *c,
			    struct error *e)
{
	struct bytes label = {0}, der = {0};
	const unsigned char *at;
	X509 *certificate = NULL;
	enum status s = token_attribute(t, object, CKA_LABEL, &label, e);

	if (s == STATUS_OK && says_attestation(&label))
		s = token_attribute(t, object, CKA_VALUE, &der, e);
	at = der.data;
	/* What is no certificate attests to nothing. */
	if (s == STATUS_OK && der.len)
		certificate = d2i_X509(NULL, &at, (long)der.len);
	if (certificate && at == der.data + der.len)
		c->at[c->count++] = (struct candidate){.der = der, .certificate = certificate};
	else {
		X509_free(certificate);
		bytes_free(&der);
	}
	ERR_clear_error();
	bytes_free(&label);
	return s;
}

static enum status keep(struct candidate *c, struct token_report *r, struct error *e)
{
	if (c->kept || r->attestation_count == TOKEN_ATTESTATIONS)
		return STATUS_OK;
	c->kept = true;
	return bytes_copy(&r->attestations[r->attestation_count++], span_of(&c->der), e);
}

static enum status keep_attesting(struct candidates *c, EVP_PKEY *const *keys,
				  struct token_report *r, struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < c->count && s == STATUS_OK; i++) {
		EVP_PKEY *key = X509_get0_pubkey(c->at[i].certificate);

		for (size_t k = 0; key && k < r->key_count && s == STATUS_OK; k++) {
			if (!keys[k] || EVP_PKEY_eq(keys[k], key) != 1)
				continue;
			r->keys[k].attested = true;
			s = keep(&c->at[i], r, e);
		}
	}
	return s;
}

static bool signed_by(X509 *below, X509 *above)
{
	return X509_check_issued(above, below) == X509_V_OK &&
	       X509_verify(below, X509_get0_pubkey(above)) == 1;
}

/* A kept one's signer is kept, and again that one's, as long as there is one more. */
static enum status keep_signers(struct candidates *c, struct token_report *r, struct error *e)
{
	enum status s = STATUS_OK;
	size_t before;

	do {
		before = r->attestation_count;
		for (size_t i = 0; i < c->count; i++)
			for (size_t k = 0; c->at[i].kept && k < c->count && s == STATUS_OK; k++)
				if (!c->at[k].kept &&
				    signed_by(c->at[i].certificate, c->at[k].certificate))
					s = keep(&c->at[k], r, e);
	} while (s == STATUS_OK && r->attestation_count > before);
	return s;
}

enum status token_attestations(struct token *t, EVP_PKEY *const *keys, struct token_report *r,
			       struct error *e)
{
	const struct span any = {NULL, 0};
	struct candidates *c = calloc(1, sizeof *c);
	struct token_objects found = {.count = 0};
	enum status s = c ? token_objects_named(t, CKO_CERTIFICATE, any, any, &found, e)
			  : error_memory(e);

	for (size_t i = 0; s == STATUS_OK && i < found.count; i++)
		s = read_one(t, found.handle[i], c, e);
	if (s == STATUS_OK)
		s = keep_attesting(c, keys, r, e);
	if (s == STATUS_OK)
		s = keep_signers(c, r, e);
	ERR_clear_error();
	if (c)
		candidates_free(c);
	return s;
}
