/* Keys that come from other tools, and PKCS#12 in both directions. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "base/kdf.h"
#include "hsm/keyfile.h"

#define SAFES_DEPTH 4 /* of safe contents in safe contents; nobody has seen two */

struct foreign_key {
	EVP_PKEY *key;
	STACK_OF(X509) *certificates;
};

void foreign_key_free(struct foreign_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->key);
	sk_X509_pop_free(k->certificates, X509_free);
	free(k);
}

EVP_PKEY *foreign_key_public(const struct foreign_key *k)
{
	return k->key;
}

const STACK_OF(X509) *foreign_key_certificates(const struct foreign_key *k)
{
	return k->certificates;
}

static PKCS12 *read_pkcs12(struct span content)
{
	const unsigned char *at = content.data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)content.len);

	ERR_clear_error();
	return p12;
}

static EVP_PKEY *read_der(struct span content)
{
	const unsigned char *at = content.data;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)content.len);

	ERR_clear_error();
	return key;
}

/* EncryptedPrivateKeyInfo, as "openssl pkcs8 -topk8 -outform DER" leaves it. */
static X509_SIG *read_sealed(struct span content)
{
	const unsigned char *at = content.data;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)content.len);

	ERR_clear_error();
	return sealed;
}

static bool is_der(struct span content)
{
	return content.len > 1 && content.data[0] == 0x30 && content.len <= INT_MAX;
}

bool foreign_key_seen(struct span content, bool *locked)
{
	static const char mark[] = "PRIVATE KEY-----";
	PKCS12 *p12 = NULL;
	EVP_PKEY *key = NULL;
	X509_SIG *sealed = NULL;
	bool seen;

	*locked = false;
	if (!is_der(content)) {
		*locked = memmem(content.data, content.len, "ENCRYPTED", 9) != NULL;
		return memmem(content.data, content.len, mark, sizeof mark - 1) != NULL;
	}
	p12 = read_pkcs12(content);
	key = p12 ? NULL : read_der(content);
	sealed = p12 || key ? NULL : read_sealed(content);
	*locked = p12 || sealed;
	seen = p12 || key || sealed;
	PKCS12_free(p12);
	EVP_PKEY_free(key);
	X509_SIG_free(sealed);
	return seen;
}

static enum status too_slow(struct error *e)
{
	return error_set(e, STATUS_KEY, NULL, "export it again where it came from",
			 "asks for an unreasonable number of iterations");
}

static bool bags_bounded(const STACK_OF(PKCS12_SAFEBAG) *bags, int depth, int64_t *left)
{
	const X509_ALGOR *algorithm = NULL;
	bool good = depth < SAFES_DEPTH;

	for (int i = 0; good && i < sk_PKCS12_SAFEBAG_num(bags); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
		const X509_SIG *sealed = PKCS12_SAFEBAG_get0_pkcs8(bag);

		if (PKCS12_SAFEBAG_get_nid(bag) == NID_safeContentsBag)
			good = bags_bounded(PKCS12_SAFEBAG_get0_safes(bag), depth + 1, left);
		if (!sealed)
			continue;
		X509_SIG_get0(sealed, &algorithm, NULL);
		good = kdf_spend(algorithm, left);
	}
	return good;
}

/* PKCS12_parse() takes no password for an empty one as well. */
static STACK_OF(PKCS12_SAFEBAG) *unpack(PKCS7 *safe, const char *password)
{
	STACK_OF(PKCS12_SAFEBAG) *bags;

	if (PKCS7_type_is_data(safe))
		return PKCS12_unpack_p7data(safe);
	if (!PKCS7_type_is_encrypted(safe))
		return NULL;
	bags = PKCS12_unpack_p7encdata(safe, password, (int)strlen(password));
	return bags || *password ? bags : PKCS12_unpack_p7encdata(safe, NULL, 0);
}

/* All that PKCS12_parse() will derive: for the MAC, for each safe, and for each key inside. */
static bool pkcs12_bounded(const PKCS12 *p12, const char *password)
{
	const ASN1_INTEGER *rounds = NULL;
	int64_t left = KDF_ROUNDS_MAX;
	STACK_OF(PKCS7) *safes;
	bool good = true;

	if (PKCS12_mac_present(p12)) {
		PKCS12_get0_mac(NULL, NULL, NULL, &rounds, p12);
		good = kdf_spend_rounds(rounds, &left);
	}
	safes = good ? PKCS12_unpack_authsafes(p12) : NULL;
	for (int i = 0; good && i < sk_PKCS7_num(safes); i++) {
		PKCS7 *safe = sk_PKCS7_value(safes, i);
		STACK_OF(PKCS12_SAFEBAG) *bags;

		/* What says that it is encrypted may be without what is. */
		if (PKCS7_type_is_encrypted(safe) && safe->d.encrypted)
			good = kdf_spend(safe->d.encrypted->enc_data->algorithm, &left);
		bags = good ? unpack(safe, password) : NULL;
		good = good && bags_bounded(bags, 0, &left);
		sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	}
	sk_PKCS7_pop_free(safes, PKCS7_free);
	ERR_clear_error();
	return good;
}

static enum status open_pkcs12(struct foreign_key *k, PKCS12 *p12, const struct secret *passphrase,
			       struct error *e)
{
	const char *password = passphrase ? secret_text(passphrase) : "";
	X509 *own = NULL;
	int reason;

	if (!pkcs12_bounded(p12, password))
		return too_slow(e);
	if (PKCS12_parse(p12, password, &k->key, &own, &k->certificates) != 1) {
		reason = ERR_GET_REASON(ERR_peek_error());
		if (reason == PKCS12_R_MAC_VERIFY_FAILURE) {
			ERR_clear_error();
			return error_set(e, STATUS_KEY, NULL, "try again",
					 passphrase ? "the passphrase is wrong" : "is encrypted");
		}
		return error_openssl(e, STATUS_KEY, NULL,
				     "convert it: openssl pkcs12 -legacy -in FILE -nodes | "
				     "openssl pkcs12 -export -out NEW",
				     "is a PKCS#12 file that cannot be opened");
	}
	if (own && !k->certificates)
		k->certificates = sk_X509_new_null();
	if (own && (!k->certificates || sk_X509_unshift(k->certificates, own) == 0)) {
		X509_free(own);
		return error_memory(e);
	}
	if (!k->key && !k->certificates)
		return error_set(e, STATUS_KEY, NULL, "export it again where it came from",
				 "holds neither a key nor a certificate");
	return STATUS_OK;
}

static enum status open_sealed(struct foreign_key *k, X509_SIG *sealed,
			       const struct secret *passphrase, struct error *e)
{
	const X509_ALGOR *algorithm = NULL;
	int64_t left = KDF_ROUNDS_MAX;
	PKCS8_PRIV_KEY_INFO *info;

	if (!passphrase)
		return error_set(e, STATUS_KEY, NULL, "give its passphrase", "is encrypted");
	X509_SIG_get0(sealed, &algorithm, NULL);
	if (!kdf_spend(algorithm, &left))
		return too_slow(e);
	info = PKCS8_decrypt(sealed, secret_text(passphrase), (int)secret_len(passphrase));
	k->key = info ? EVP_PKCS82PKEY(info) : NULL;
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return k->key ? STATUS_OK
		      : error_set(e, STATUS_KEY, NULL, "try again", "the passphrase is wrong");
}

static enum status open_der(struct foreign_key *k, struct span content,
			    const struct secret *passphrase, struct error *e)
{
	PKCS12 *p12 = read_pkcs12(content);
	X509_SIG *sealed = NULL;
	enum status s = STATUS_OK;

	if (p12) {
		s = open_pkcs12(k, p12, passphrase, e);
		PKCS12_free(p12);
		return s;
	}
	k->key = read_der(content);
	if (k->key)
		return STATUS_OK;
	sealed = read_sealed(content);
	s = sealed ? open_sealed(k, sealed, passphrase, e)
		   : error_set(e, STATUS_KEY, NULL, "name a private key or a PKCS#12 file",
			       "is no private key");
	X509_SIG_free(sealed);
	return s;
}

/* What our signer could not use must not be taken over in silence. */
static enum status can_sign(EVP_PKEY *key, struct error *e)
{
	X509_ALGOR *algorithm = NULL;
	enum status s = signature_algorithm_for(key, NULL, &algorithm, e);

	X509_ALGOR_free(algorithm);
	return s;
}

enum status foreign_key_open(struct span content, const struct secret *passphrase,
			     struct foreign_key **out, struct error *e)
{
	struct foreign_key *k = calloc(1, sizeof *k);
	enum status s;

	if (!k)
		return error_memory(e);
	if (is_der(content))
		s = open_der(k, content, passphrase, e);
	else
		s = keyfile_decode(content, passphrase, &k->key, e);
	if (s == STATUS_OK && k->key)
		s = can_sign(k->key, e);
	if (s != STATUS_OK) {
		foreign_key_free(k);
		return s;
	}
	*out = k;
	return STATUS_OK;
}

enum status foreign_key_write(const struct foreign_key *k, const char *path,
			      const struct secret *passphrase, struct error *e)
{
	return keyfile_write(path, k->key, passphrase, e);
}
