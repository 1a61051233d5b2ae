#include "audit/issuer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/digest.h"
#include "base/spki.h"

/* Of one name so many are tried. */
#define CANDIDATES_MAX 16

static const struct span none = {NULL, 0};

enum status issuers_add(struct audit_issuers *i, const struct estate *t, uint32_t record,
			struct span der, struct error *e)
{
	const struct audit_record *r = &t->records[record];
	struct audit_issuer new = {
		.record = record,
		.subject = r->subject,
		.spki = r->spki,
		.ski = r->ski,
		.not_after = r->not_after,
	};
	struct audit_certificate c;
	enum status s;

	if (i->count == ISSUERS_MAX)
		return STATUS_OK;
	if (i->count == i->room) {
		size_t room = i->room ? i->room * 2 : 16;
		struct audit_issuer *items = reallocarray(i->items, room, sizeof *items);

		if (!items)
			return error_memory(e);
		i->items = items;
		i->room = room;
	}
	s = audit_certificate_read(der, &c, e);
	if (s == STATUS_OK) {
		ERR_set_mark();
		new.key = spki_key(c.spki);
		ERR_pop_to_mark();
		audit_certificate_free(&c);
		s = bytes_copy(&new.der, der, e);
	}
	if (s == STATUS_OK)
		i->items[i->count++] = new;
	else
		EVP_PKEY_free(new.key);
	return s;
}

static int by_subject(const void *a, const void *b)
{
	const struct audit_issuer *x = a, *y = b;

	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	if (x->not_after != y->not_after)
		return x->not_after > y->not_after ? -1 : 1;
	return x->record < y->record ? -1 : x->record > y->record;
}

void issuers_sort(struct audit_issuers *i)
{
	if (i->count)
		qsort(i->items, i->count, sizeof *i->items, by_subject);
}

void issuers_free(struct audit_issuers *i)
{
	for (size_t k = 0; k < i->count; k++) {
		bytes_free(&i->items[k].der);
		EVP_PKEY_free(i->items[k].key);
	}
	free(i->items);
	*i = (struct audit_issuers){0};
}

const struct audit_issuer *issuers_find(const struct audit_issuers *i, uint64_t subject,
					size_t *count)
{
	size_t low = 0, high = i->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (i->items[middle].subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < i->count && i->items[low + *count].subject == subject)
		++*count;
	return *count ? &i->items[low] : NULL;
}

/* --- verification ----------------------------------------------------------------------------- */

/*
 * A context made ready for one key and digest is used again as long as both stay; so is an issuer
 * that lint has read. Of a hundred thousand issuers only these few are held.
 */
#define SLOTS 16

struct audit_verifier {
	struct {
		const struct audit_issuer *issuer;
		enum digest digest;
		EVP_PKEY_CTX *context;
	} slots[SLOTS];
	struct {
		const struct audit_issuer *issuer;
		struct lint_issuer *lint;
	} read[SLOTS];
	size_t next, next_read;
	struct estate_memo name, identifier;
	struct lint_memory *memory;
};

enum status verifier_new(struct audit_verifier **out, struct error *e)
{
	struct audit_verifier *v = calloc(1, sizeof *v);
	unsigned char digest[SHA256_SIZE];

	if (!v)
		return error_memory(e);
	if (lint_memory_new(&v->memory, e) != STATUS_OK) {
		verifier_free(v);
		return error_status(e);
	}
	if (!digest_of(DIGEST_SHA256, none, none, digest)) {
		verifier_free(v);
		return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "SHA-256 is not to be had");
	}
	*out = v;
	return STATUS_OK;
}

void verifier_free(struct audit_verifier *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		EVP_PKEY_CTX_free(v->slots[i].context);
		lint_issuer_free(v->read[i].lint);
	}
	lint_memory_free(v->memory);
	free(v);
}

static EVP_PKEY_CTX *make_ready(EVP_PKEY *key, enum digest digest)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	if (!context || !digest_method(digest) || EVP_PKEY_verify_init(context) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(context, digest_method(digest)) != 1) {
		EVP_PKEY_CTX_free(context);
		return NULL;
	}
	return context;
}

static EVP_PKEY_CTX *context_for(struct audit_verifier *v, const struct audit_issuer *issuer,
				 enum digest digest)
{
	size_t at = v->next;

	for (size_t i = 0; i < SLOTS; i++)
		if (v->slots[i].issuer == issuer && v->slots[i].digest == digest)
			return v->slots[i].context;
	v->next = (v->next + 1) % SLOTS;
	EVP_PKEY_CTX_free(v->slots[at].context);
	v->slots[at].context = make_ready(issuer->key, digest);
	v->slots[at].issuer = issuer;
	v->slots[at].digest = digest;
	return v->slots[at].context;
}

/* The digest of a plain RSA or ECDSA signature with SHA-2 by a key of that kind; else DIGESTS. */
static enum digest plain_digest(int algorithm, EVP_PKEY *key)
{
	int digest, kind;

	if (OBJ_find_sigid_algs(algorithm, &digest, &kind) != 1)
		return DIGESTS;
	if (kind == NID_rsaEncryption
		    ? EVP_PKEY_get_id(key) != EVP_PKEY_RSA
		    : kind != NID_X9_62_id_ecPublicKey || EVP_PKEY_get_id(key) != EVP_PKEY_EC)
		return DIGESTS;
	return digest == NID_sha1 ? DIGESTS : digest_find(digest);
}

/* By the algorithm's parameters, of a kind that is seldom met. */
static bool check_any(const struct audit_issuer *issuer, const struct audit_certificate *c)
{
	DER_SIGNED *x = NULL;
	struct error ignored;
	bool verified = der_signed_parse(c->der, &x, &ignored) == STATUS_OK &&
			ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), x->algorithm, x->signature,
					 x->to_be_signed, issuer->key) == 1;

	DER_SIGNED_free(x);
	return verified;
}

bool verifier_check(struct audit_verifier *v, const struct audit_issuer *issuer,
		    const struct audit_certificate *c)
{
	unsigned char hash[DIGEST_SIZE_MOST];
	EVP_PKEY_CTX *context;
	enum digest digest;
	bool verified;

	if (!issuer->key)
		return false;
	ERR_set_mark();
	digest = plain_digest(c->algorithm, issuer->key);
	context = digest != DIGESTS ? context_for(v, issuer, digest) : NULL;
	if (context)
		verified = digest_of(digest, c->tbs, none, hash) &&
			   EVP_PKEY_verify(context, c->signature.data, c->signature.len, hash,
					   digest_size(digest)) == 1;
	else
		verified = check_any(issuer, c);
	ERR_pop_to_mark();
	return verified;
}

/* Those whose key identifier it names first, then the others. */
const struct audit_issuer *verifier_find(struct audit_verifier *v,
					 const struct audit_issuers *issuers,
					 const struct audit_certificate *c, bool *named)
{
	size_t count;
	const struct audit_issuer *first = issuers_find(
		issuers, estate_hash_again(&v->name, c->issuer), &count);
	uint64_t wanted = c->authority_key.len ? estate_hash_again(&v->identifier, c->authority_key)
					       : 0;

	*named = false;
	for (int pass = 0, tried = 0; pass < 2; pass++) {
		for (size_t i = 0; i < count && tried < CANDIDATES_MAX; i++) {
			if ((first[i].ski == wanted) != (pass == 0))
				continue;
			tried++;
			*named = *named || pass == 0 || !wanted || !first[i].ski;
			if (verifier_check(v, &first[i], c))
				return &first[i];
		}
	}
	return NULL;
}

static enum status read_issuer(struct audit_verifier *v, const struct audit_issuer *issuer,
			       const struct lint_issuer **out, struct error *e)
{
	size_t at = v->next_read;

	for (size_t i = 0; i < SLOTS; i++)
		if (v->read[i].issuer == issuer) {
			*out = v->read[i].lint;
			return STATUS_OK;
		}
	v->next_read = (v->next_read + 1) % SLOTS;
	lint_issuer_free(v->read[at].lint);
	v->read[at].lint = NULL;
	v->read[at].issuer = NULL;
	if (lint_issuer_read(span_of(&issuer->der), &v->read[at].lint, e) != STATUS_OK)
		return error_status(e);
	v->read[at].issuer = issuer;
	*out = v->read[at].lint;
	return STATUS_OK;
}

enum status verifier_lint(struct audit_verifier *v, const struct audit_issuer *issuer,
			  const struct audit_certificate *c, struct findings *found,
			  struct error *e)
{
	const struct lint_issuer *read = NULL;

	if (issuer && read_issuer(v, issuer, &read, e) != STATUS_OK)
		return error_status(e);
	return c->is_plain ? lint_certificate_remembered(v->memory, &c->plain, read, found, e)
			   : lint_certificate_below(c->der, read, found, e);
}
