/*
 * The judges of keys and names, over numbers, points and names that no DER stands around: the
 * first octet chooses which. And the readers of SubjectPublicKeyInfo and of the list of weak keys.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/spki.h"
#include "csr/key.h"
#include "csr/name_judge.h"
#include "tests/fuzz/fuzz.h"

static void judge_key(EVP_PKEY *key)
{
	struct findings f = {0};
	struct error e = {0};

	if (key)
		promise(csr_key_check(key, &f, &e) == STATUS_OK);
	promise_findings(&f);
	findings_free(&f);
	EVP_PKEY_free(key);
}

static EVP_PKEY *key_of(const char *kind, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = NULL;

	promise(context && parameters && EVP_PKEY_fromdata_init(context) == 1);
	if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	return key;
}

/* Our own short way to a public key gives what OpenSSL's long one gives, or both give none. */
static void read_spki(struct span der)
{
	const unsigned char *at = der.data;
	EVP_PKEY *own = spki_key(der), *theirs = d2i_PUBKEY(NULL, &at, (long)der.len);

	if (theirs && at != der.data + der.len) {
		EVP_PKEY_free(theirs);
		theirs = NULL;
	}
	promise((own == NULL) == (theirs == NULL));
	promise(!own || EVP_PKEY_eq(own, theirs) == 1);
	EVP_PKEY_free(theirs);
	judge_key(own);
}

/* The first octet is the length of the exponent; what follows it is the modulus. */
static void judge_rsa(struct span s)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	size_t len = s.len ? s.data[0] : 0;
	BIGNUM *n, *exponent;

	if (s.len < 1 + len) {
		OSSL_PARAM_BLD_free(build);
		return;
	}
	exponent = BN_bin2bn(s.data + 1, (int)len, NULL);
	n = BN_bin2bn(s.data + 1 + len, (int)(s.len - 1 - len), NULL);
	promise(build && n && exponent && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent));
	judge_key(key_of("RSA", build));
	BN_free(n);
	BN_free(exponent);
}

static void judge_point(const char *group, struct span point)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

	promise(build &&
		OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
		OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data,
						 point.len));
	judge_key(key_of("EC", build));
}

static void judge_name(struct span der)
{
	static const char *const portals[] = {"", "zia", "zpa"};
	const unsigned char *at = der.data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der.len);

	for (size_t i = 0; name && i < 3; i++) {
		struct findings f = {0};
		struct error e = {0};

		promise(csr_name_check(name, portals[i], &f, &e) == STATUS_OK);
		findings_free(&f);
	}
	X509_NAME_free(name);
}

static void read_list(struct span content)
{
	const char *path = fuzz_file("list", content);
	struct weak_keys *list = NULL;
	struct error e = {0};
	BIGNUM *n = BN_new();
	enum status s;
	bool listed;

	promise(n && BN_set_word(n, 35) == 1);
	s = weak_keys_load(path, &list, &e);
	promise((s == STATUS_OK) == (list != NULL));
	promise(s == STATUS_OK || (s == STATUS_INPUT && e.where[0] && e.what[0]));
	if (list)
		promise(weak_keys_have(list, n, &listed, &e) == STATUS_OK);
	weak_keys_free(list);
	BN_free(n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data + 1, size ? size - 1 : 0};

	switch (size ? data[0] : 0) {
	case 'R':
		judge_rsa(rest);
		break;
	case 'P':
		judge_point("P-256", rest);
		break;
	case 'Q':
		judge_point("P-521", rest);
		break;
	case 'E':
		judge_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, rest.data, rest.len));
		break;
	case 'S':
		read_spki(rest);
		break;
	case 'N':
		judge_name(rest);
		break;
	case 'L':
		read_list(rest);
		break;
	default:
		break;
	}
	ERR_clear_error();
	return 0;
}
