/* Which of the keys that were found is the CA's. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "ca/import_internal.h"

static bool is_pkcs12(const struct found_key *k)
{
	return k->opened && foreign_key_certificates(k->opened);
}

/* What cannot be opened is told later, and only where it turns out that it would be needed. */
static void open_key(struct found_key *k, const struct secret *secret)
{
	struct error ignored;

	k->tried = true;
	if (foreign_key_open(span_of(&k->content), secret, &k->opened, &ignored) != STATUS_OK)
		k->opened = NULL;
	ERR_clear_error();
}

static enum status add_certificates(struct import *in, const struct found_key *k,
				    struct findings *f, struct error *e)
{
	const STACK_OF(X509) *list = foreign_key_certificates(k->opened);
	enum status s = STATUS_OK;

	for (int i = 0; i < sk_X509_num(list) && s == STATUS_OK; i++) {
		X509 *x = sk_X509_value(list, i);

		/* Fills its cache of extension flags. */
		X509_check_purpose(x, -1, 0);
		s = import_add_certificate(in, k->file, x, f, e);
	}
	return s;
}

enum status import_open_keys(struct import *in, const struct secret *secret, struct findings *f,
			     struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < in->key_count && s == STATUS_OK; i++) {
		struct found_key *k = &in->keys[i];
		/* PEM that is locked costs a second each, and may be a client's. */
		bool pem = k->content.data[0] != 0x30;

		if (k->locked && (!secret || (pem && !k->expected)))
			continue;
		open_key(k, secret);
		if (is_pkcs12(k))
			s = add_certificates(in, k, f, e);
	}
	return s;
}

static bool is_ours(const struct import *in, const struct found_key *k)
{
	EVP_PKEY *key = k->opened ? foreign_key_public(k->opened) : NULL;

	return key && EVP_PKEY_eq(key, X509_get0_pubkey(in->authority)) == 1;
}

static enum status take(struct import *in, const struct found_key *k, struct findings *f,
			struct error *e)
{
	in->key = k->opened;
	in->summary.key = k->file;
	if (k->exposed)
		return import_note(in, f, RULE_KEY_EXPOSED, k->file, e,
				   "the CA's key can be read by others than its owner");
	return STATUS_OK;
}

static enum status no_key(struct import *in, const struct secret *secret, size_t locked,
			  struct findings *f, struct error *e)
{
	in->summary.key_locked = locked && !secret;
	if (locked && secret)
		return error_set(e, STATUS_KEY, in->keys[0].file,
				 "try again, or say --no-key to import without it",
				 "none of %zu encrypted keys opens with the passphrase as the CA's",
				 locked);
	if (locked)
		return STATUS_OK;
	return import_note(in, f, RULE_KEY_MISSING, "", e,
			   in->order->without_key ? "the key is left out"
						  : "the CA's private key is not there");
}

enum status import_find_key(struct import *in, const struct secret *secret, struct findings *f,
			    struct error *e)
{
	size_t locked = 0;

	for (size_t i = 0; i < in->key_count; i++)
		if (is_ours(in, &in->keys[i]))
			return take(in, &in->keys[i], f, e);
	for (size_t i = 0; i < in->key_count; i++) {
		struct found_key *k = &in->keys[i];

		if (!k->locked)
			continue;
		if (secret && !k->tried)
			open_key(k, secret);
		if (is_ours(in, k))
			return take(in, k, f, e);
		locked += !k->opened;
	}
	return no_key(in, secret, locked, f, e);
}
