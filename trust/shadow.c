#include "trust/shadow.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/der.h"

/* Larger keys take minutes to make, and nobody signs with them. */
#define RSA_BITS_MAX 8192
#define FILLER_SIZE 256

enum status shadow_of_plan(struct span tbs, const X509_ALGOR *algorithm, struct bytes *der,
			   struct error *e)
{
	static const unsigned char filler[FILLER_SIZE];

	return der_signed_build(tbs, algorithm, (struct span){filler, sizeof filler}, der, e);
}

void shadow_free(struct shadow *s)
{
	for (size_t i = 0; i < s->count; i++)
		shadow_ca_free(&s->chain[i]);
	for (size_t i = 0; i < SHADOW_BELOW; i++)
		shadow_ca_free(&s->below[i]);
	EVP_PKEY_free(s->site_key);
	bytes_free(&s->crl);
	*s = (struct shadow){0};
}

/* --- keys ------------------------------------------------------------------------------------- */

/* A key of the same kind and size; NULL where that cannot be. */
static EVP_PKEY *key_like(const EVP_PKEY *key)
{
	char group[64];

	if (EVP_PKEY_get_id(key) == EVP_PKEY_RSA)
		return EVP_PKEY_get_bits(key) <= RSA_BITS_MAX
			       ? EVP_RSA_gen((unsigned)EVP_PKEY_get_bits(key))
			       : NULL;
	if (EVP_PKEY_get_id(key) == EVP_PKEY_EC)
		return EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1
			       ? EVP_EC_gen(group)
			       : NULL;
	return EVP_PKEY_Q_keygen(NULL, NULL, EVP_PKEY_get0_type_name(key));
}

static void *make_key(void *context)
{
	struct shadow_ca *ca = context;

	ca->key = key_like(X509_get0_pubkey(ca->certificate));
	ERR_clear_error();
	return NULL;
}

/* Each in a thread: a root of 4096 bits takes seconds. */
static enum status make_keys(struct shadow *s, struct error *e)
{
	pthread_t threads[CHAIN_MAX];
	size_t started = 0;

	while (started < s->count &&
	       pthread_create(&threads[started], NULL, make_key, &s->chain[started]) == 0)
		started++;
	for (size_t i = started; i < s->count; i++)
		make_key(&s->chain[i]);
	s->site_key = EVP_RSA_gen(2048);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < s->count; i++)
		if (!s->chain[i].key)
			return error_openssl(
				e, STATUS_REFUSED, NULL,
				"rehearse with keys of RSA up to 8192 bits, EC or Ed25519",
				"no throwaway key can be made like certificate %zu's", i + 1);
	return s->site_key ? STATUS_OK
			   : error_openssl(e, STATUS_SYSTEM, NULL, NULL, "no key can be made");
}

/* --- the chain -------------------------------------------------------------------------------- */

/* Signs x again as it was signed, but for the key. */
static bool sign_like(X509 *x, EVP_PKEY *key)
{
	int digest = NID_undef, kind = NID_undef;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding = NULL;
	const EVP_MD *md;
	bool good;

	X509_get_signature_info(x, &digest, &kind, NULL, NULL);
	md = digest == NID_undef ? NULL : EVP_get_digestbynid(digest);
	good = context && EVP_DigestSignInit(context, &padding, md, NULL, key) == 1;
	if (good && X509_get_signature_nid(x) == NID_rsassaPss)
		good = EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1;
	good = good && X509_sign_ctx(x, context) > 0;
	EVP_MD_CTX_free(context);
	return good;
}

static enum status parse(const struct shadow_order *order, struct shadow *s, struct error *e)
{
	for (size_t i = 0; i < order->count && i < CHAIN_MAX; i++) {
		const unsigned char *at = order->chain[i].data;

		s->chain[i].certificate = d2i_X509(NULL, &at, (long)order->chain[i].len);
		s->count = i + 1;
		if (!s->chain[i].certificate || !X509_get0_pubkey(s->chain[i].certificate))
			return error_openssl(e, STATUS_INPUT, NULL, "check how it was copied",
					     "certificate %zu of the chain cannot be read", i + 1);
	}
	return STATUS_OK;
}

static enum status check(const struct shadow *s, struct error *e)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct shadow_ca *above = &s->chain[i + 1 < s->count ? i + 1 : i];

		if (X509_NAME_cmp(X509_get_issuer_name(s->chain[i].certificate),
				  X509_get_subject_name(above->certificate)) != 0)
			return error_set(e, STATUS_REFUSED, NULL, "give the chain up to its root",
					 i + 1 < s->count
						 ? "certificate %zu of the chain is not by the next"
						 : "certificate %zu of the chain is no root",
					 i + 1);
	}
	return STATUS_OK;
}

/* What OpenSSL remembers of a certificate that was changed is of the old one. */
static X509 *fresh(X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);
	const unsigned char *at = der;
	X509 *again = len > 0 ? d2i_X509(NULL, &at, len) : NULL;

	OPENSSL_free(der);
	X509_free(x);
	return again;
}

static enum status sign_chain(struct shadow *s, struct error *e)
{
	for (size_t i = 0; i < s->count; i++) {
		struct shadow_ca *ca = &s->chain[i];
		struct shadow_ca *above = &s->chain[i + 1 < s->count ? i + 1 : i];

		if (X509_set_pubkey(ca->certificate, ca->key) != 1 ||
		    !sign_like(ca->certificate, above->key) ||
		    !(ca->certificate = fresh(ca->certificate)))
			return error_openssl(e, STATUS_REFUSED, NULL, NULL,
					     "certificate %zu cannot be signed as it was", i + 1);
	}
	return STATUS_OK;
}

/* --- below it --------------------------------------------------------------------------------- */

/* How many CAs may follow the first of the chain, RFC 5280 4.2.1.9; -1: any number. */
static long cas_allowed(const struct shadow *s)
{
	long allowed = -1;

	for (size_t i = 0; i < s->count; i++) {
		long length = X509_get_pathlen(s->chain[i].certificate);
		long left = length - (long)i;

		if (length >= 0 && (allowed < 0 || left < allowed))
			allowed = left < 0 ? 0 : left;
	}
	return allowed;
}

static enum status add_below(struct shadow *s, size_t at, int64_t now, struct error *e)
{
	const struct shadow_ca *issuer = at ? &s->below[at - 1] : &s->chain[0];
	X509_NAME *name = NULL;
	char cn[48];
	enum status status;

	if (at == 0 && s->weekly) {
		status = shadow_weekly_name(X509_get_subject_name(issuer->certificate), &name, e);
	} else {
		snprintf(cn, sizeof cn, "One CA too many %zu", at);
		name = X509_NAME_new();
		status = name && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
							    (unsigned char *)cn, -1, -1, 0) == 1
				 ? STATUS_OK
				 : error_memory(e);
	}
	if (status == STATUS_OK)
		status = shadow_make_ca(issuer, name, now, &s->below[at], e);
	X509_NAME_free(name);
	return status;
}

/* The weekly CA, and below it as many as are one too many for the path length. */
static enum status make_below(struct shadow *s, int64_t now, struct error *e)
{
	long allowed = cas_allowed(s);
	size_t most = s->weekly;
	enum status status = STATUS_OK;

	if (allowed >= 0 && allowed < SHADOW_BELOW) {
		s->too_many = (size_t)allowed + 1;
		most = s->too_many > most ? s->too_many : most;
	}
	for (size_t i = 0; i < most && status == STATUS_OK; i++)
		status = add_below(s, i, now, e);
	return status;
}

static enum status make_crl(struct shadow *s, int64_t now, struct error *e)
{
	const struct shadow_ca *root = &s->chain[s->count - 1];
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)now);
	ASN1_TIME *until = ASN1_TIME_adj(NULL, (time_t)now, 1, 0);
	enum status status = STATUS_OK;

	if (!crl || !from || !until || X509_CRL_set_version(crl, 1) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(root->certificate)) != 1 ||
	    X509_CRL_set1_lastUpdate(crl, from) != 1 || X509_CRL_set1_nextUpdate(crl, until) != 1 ||
	    X509_CRL_sign(crl, s->site_key, EVP_sha256()) <= 0)
		status = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "no CRL can be made");
	else
		status = der_encode(crl, (i2d_of_void *)i2d_X509_CRL, &s->crl, e);
	X509_CRL_free(crl);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return status;
}

enum status shadow_make(const struct shadow_order *order, struct shadow *out, struct error *e)
{
	struct shadow s = {.weekly = order->weekly};
	enum status status = parse(order, &s, e);

	if (status == STATUS_OK && (!s.count || X509_check_ca(s.chain[0].certificate) != 1))
		status = error_set(e, STATUS_REFUSED, NULL, "rehearse a certificate of a CA",
				   "what is planned is no CA: nothing can stand below it");
	if (status == STATUS_OK)
		status = check(&s, e);
	if (status == STATUS_OK)
		status = make_keys(&s, e);
	if (status == STATUS_OK)
		status = sign_chain(&s, e);
	if (status == STATUS_OK)
		status = make_below(&s, order->now, e);
	if (status == STATUS_OK)
		status = make_crl(&s, order->now, e);
	if (status != STATUS_OK) {
		shadow_free(&s);
		return status;
	}
	*out = s;
	return STATUS_OK;
}

static X509 *find_issuer(const STACK_OF(X509) *pool, X509 *x)
{
	for (int i = 0; i < sk_X509_num(pool); i++) {
		X509 *candidate = sk_X509_value(pool, i);
		EVP_PKEY *key = X509_get0_pubkey(candidate);

		if (key &&
		    X509_NAME_cmp(X509_get_subject_name(candidate), X509_get_issuer_name(x)) == 0 &&
		    X509_verify(x, key) == 1)
			return candidate;
	}
	ERR_clear_error();
	return NULL;
}

enum status shadow_sort(STACK_OF(X509) *pool, struct bytes chain[CHAIN_MAX], size_t *count,
			struct error *e)
{
	X509 *x = sk_X509_value(pool, 0), *above = NULL;
	enum status status = x ? STATUS_OK : error_set(e, STATUS_INPUT, NULL, NULL, "is empty");

	*count = 0;
	while (status == STATUS_OK) {
		status = der_encode(x, (i2d_of_void *)i2d_X509, &chain[*count], e);
		if (status != STATUS_OK)
			break;
		++*count;
		above = find_issuer(pool, x);
		if (above == x)
			return STATUS_OK;
		x = above;
		if (!x || *count == CHAIN_MAX)
			status = error_set(e, STATUS_NOT_FOUND, NULL,
					   "give the CAs above it with --chain FILE or -C DIR",
					   "the chain ends before a root after %zu", *count);
	}
	while (*count)
		bytes_free(&chain[--*count]);
	return status;
}
