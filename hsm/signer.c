#include "hsm/signer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

struct signer {
	const struct signer_ops *ops;
	void *self;
	EVP_PKEY *public_key;
	char *description;
};

enum status signer_new(const struct signer_ops *ops, void *self, EVP_PKEY *public_key,
		       const char *description, struct signer **out, struct error *e)
{
	struct signer *s = calloc(1, sizeof *s);

	if (!s) {
		ops->free(self);
		return error_memory(e);
	}
	s->ops = ops;
	s->self = self;
	s->description = strdup(description);
	if (!s->description) {
		signer_free(s);
		return error_memory(e);
	}
	if (EVP_PKEY_up_ref(public_key) != 1) {
		signer_free(s);
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL,
				     "a public key cannot be shared");
	}
	s->public_key = public_key;
	*out = s;
	return STATUS_OK;
}

void signer_free(struct signer *s)
{
	if (!s)
		return;
	s->ops->free(s->self);
	EVP_PKEY_free(s->public_key);
	free(s->description);
	free(s);
}

const char *signer_description(const struct signer *s)
{
	return s->description;
}

EVP_PKEY *signer_public_key(const struct signer *s)
{
	return s->public_key;
}

/* What a kind of key signs with: the default digest, and the signature algorithm by digest. */
struct key_kind {
	int id;		   /* of the key, as EVP_PKEY_get_id() says; EVP_PKEY_is_a() allocates */
	const char *group; /* the curve; NULL: any */
	int digest;
	int public_key; /* the NID that OBJ_find_sigid_by_algs() wants */
	int parameters; /* RFC 4055 5: NULL for RSA; RFC 5758 3.2, RFC 8410 3: absent */
};

static const struct key_kind kinds[] = {
	{EVP_PKEY_RSA, NULL, NID_sha256, NID_rsaEncryption, V_ASN1_NULL},
	{EVP_PKEY_EC, SN_X9_62_prime256v1, NID_sha256, NID_X9_62_id_ecPublicKey, V_ASN1_UNDEF},
	{EVP_PKEY_EC, SN_secp384r1, NID_sha384, NID_X9_62_id_ecPublicKey, V_ASN1_UNDEF},
	{EVP_PKEY_EC, SN_secp521r1, NID_sha512, NID_X9_62_id_ecPublicKey, V_ASN1_UNDEF},
	{EVP_PKEY_ED25519, NULL, NID_undef, NID_ED25519, V_ASN1_UNDEF},
};

static const struct key_kind *kind_of(EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		char group[80];

		if (EVP_PKEY_get_id(key) != kinds[i].id)
			continue;
		if (!kinds[i].group)
			return &kinds[i];
		if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
		    strcmp(group, kinds[i].group) == 0)
			return &kinds[i];
	}
	ERR_clear_error();
	return NULL;
}

static enum status choose_digest(const struct key_kind *kind, const char *name, int *digest,
				 struct error *e)
{
	static const struct {
		const char *name;
		int nid;
	} digests[] = {{"sha256", NID_sha256}, {"sha384", NID_sha384}, {"sha512", NID_sha512}};

	*digest = kind->digest;
	if (!name)
		return STATUS_OK;
	if (kind->digest == NID_undef)
		return error_set(e, STATUS_USAGE, NULL, "leave the digest out",
				 "an Ed25519 key signs without a digest of one's choice");
	for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
		if (strcmp(digests[i].name, name) == 0) {
			*digest = digests[i].nid;
			return STATUS_OK;
		}
	}
	return error_set(e, STATUS_USAGE, NULL, "say sha256, sha384 or sha512",
			 "'%.40s' is no digest to sign with", name);
}

enum status signature_algorithm_for(EVP_PKEY *public_key, const char *digest, X509_ALGOR **out,
				    struct error *e)
{
	const struct key_kind *kind = kind_of(public_key);
	int digest_nid, algorithm_nid = NID_undef;
	X509_ALGOR *algorithm;

	if (!kind)
		return error_set(e, STATUS_KEY, NULL,
				 "use an RSA, P-256, P-384, P-521 or Ed25519 key",
				 "a key of this kind cannot sign certificates");
	if (choose_digest(kind, digest, &digest_nid, e) != STATUS_OK)
		return error_status(e);
	if (digest_nid == NID_undef)
		algorithm_nid = kind->public_key;
	else if (OBJ_find_sigid_by_algs(&algorithm_nid, digest_nid, kind->public_key) != 1)
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL,
				     "no signature algorithm for %s", OBJ_nid2sn(digest_nid));
	algorithm = X509_ALGOR_new();
	if (!algorithm ||
	    X509_ALGOR_set0(algorithm, OBJ_nid2obj(algorithm_nid), kind->parameters, NULL) != 1) {
		X509_ALGOR_free(algorithm);
		return error_memory(e);
	}
	*out = algorithm;
	return STATUS_OK;
}

/* The digest that an algorithm of this key names; NULL in *digest for Ed25519. */
static enum status digest_of(const X509_ALGOR *algorithm, EVP_PKEY *key, const EVP_MD **digest,
			     struct error *e)
{
	const struct key_kind *kind = kind_of(key);
	const ASN1_OBJECT *object = NULL;
	int digest_nid = NID_undef, key_nid = NID_undef, nid;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	nid = OBJ_obj2nid(object);
	if (OBJ_find_sigid_algs(nid, &digest_nid, &key_nid) != 1 || !kind ||
	    kind->public_key != key_nid) {
		ERR_clear_error();
		return error_set(e, STATUS_INTERNAL, NULL, NULL,
				 "the key cannot sign under the algorithm %s", OBJ_nid2sn(nid));
	}
	*digest = digest_nid == NID_undef ? NULL : EVP_get_digestbynid(digest_nid);
	if (digest_nid != NID_undef && !*digest)
		return error_set(e, STATUS_INTERNAL, NULL, NULL, "no digest %s",
				 OBJ_nid2sn(digest_nid));
	return STATUS_OK;
}

static enum status verify(EVP_PKEY *key, const EVP_MD *digest, struct span message,
			  struct span signature, struct error *e)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	enum status status = STATUS_OK;

	if (!context)
		return error_memory(e);
	if (EVP_DigestVerifyInit(context, NULL, digest, NULL, key) != 1 ||
	    EVP_DigestVerify(context, signature.data, signature.len, message.data, message.len) !=
		    1)
		status = error_openssl(e, STATUS_KEY, NULL,
				       "nothing was signed; examine the key or the token",
				       "made a signature that its public key does not verify");
	EVP_MD_CTX_free(context);
	return status;
}

enum status signer_sign(struct signer *s, const X509_ALGOR *algorithm, struct span message,
			struct bytes *signature, struct error *e)
{
	const EVP_MD *digest = NULL;
	struct bytes made = {0};
	enum status status;

	status = digest_of(algorithm, s->public_key, &digest, e);
	if (status == STATUS_OK)
		status = s->ops->sign(s->self, digest, message, &made, e);
	if (status == STATUS_OK)
		status = verify(s->public_key, digest, message, span_of(&made), e);
	if (status != STATUS_OK) {
		error_at(e, s->description);
		bytes_free(&made);
		return status;
	}
	*signature = made;
	return STATUS_OK;
}

enum status signer_ready(struct signer *s, struct error *e)
{
	if (s->ops->ready && s->ops->ready(s->self, e) != STATUS_OK) {
		error_at(e, s->description);
		return error_status(e);
	}
	return STATUS_OK;
}

enum status signer_prove(struct signer *s, EVP_PKEY *expected, struct error *e)
{
	struct span trial = span_text("subca: trial signature, worth nothing");
	X509_ALGOR *algorithm = NULL;
	const EVP_MD *digest = NULL;
	struct bytes signature = {0};
	enum status status;

	if (EVP_PKEY_eq(s->public_key, expected) != 1) {
		ERR_clear_error();
		return error_set(e, STATUS_KEY, s->description,
				 "name the key that belongs to the certificate",
				 "is not the key of the issuer's certificate");
	}
	if (s->ops->proves_itself && s->ops->proves_itself(s->self))
		return STATUS_OK;
	status = signature_algorithm_for(expected, NULL, &algorithm, e);
	if (status == STATUS_OK)
		status = signer_sign(s, algorithm, trial, &signature, e);
	if (status == STATUS_OK)
		status = digest_of(algorithm, expected, &digest, e);
	if (status == STATUS_OK)
		status = verify(expected, digest, trial, span_of(&signature), e);
	if (status != STATUS_OK)
		error_at(e, s->description);
	X509_ALGOR_free(algorithm);
	bytes_free(&signature);
	return status;
}
