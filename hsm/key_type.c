#include "hsm/keyfile.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

/* OpenSSL's generator takes 65537 for e and writes curves by name unless told otherwise. */
static const struct key_type {
	const char *name;
	const char *algorithm;
	size_t bits;	   /* RSA */
	const char *group; /* EC */
} types[] = {
	{"rsa:2048", "RSA", 2048, NULL}, {"rsa:3072", "RSA", 3072, NULL},
	{"rsa:4096", "RSA", 4096, NULL}, {"ec:P-256", "EC", 0, "P-256"},
	{"ec:P-384", "EC", 0, "P-384"},	 {"ed25519", "ED25519", 0, NULL},
};

static EVP_PKEY *generate(const struct key_type *type)
{
	if (type->bits)
		return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm, type->bits);
	if (type->group)
		return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm, type->group);
	return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm);
}

enum status key_generate(const char *type, EVP_PKEY **out, struct error *e)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		EVP_PKEY *key;

		if (strcmp(types[i].name, type) != 0)
			continue;
		key = generate(&types[i]);
		if (!key)
			return error_openssl(e, STATUS_SYSTEM, NULL, NULL,
					     "no %s key could be generated", type);
		*out = key;
		return STATUS_OK;
	}
	return error_set(e, STATUS_USAGE, NULL,
			 "say rsa:2048, rsa:3072, rsa:4096, ec:P-256, ec:P-384 or ed25519",
			 "'%.40s' is no type of key", type);
}

static void ec_name(EVP_PKEY *key, char *out, size_t size)
{
	char group[80];
	const char *nist;

	if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1) {
		ERR_clear_error();
		snprintf(out, size, "ec:explicit");
		return;
	}
	nist = EC_curve_nid2nist(OBJ_sn2nid(group));
	snprintf(out, size, "ec:%s", nist ? nist : group);
}

void key_type_name(EVP_PKEY *key, char *out, size_t size)
{
	const char *name = EVP_PKEY_get0_type_name(key);

	if (EVP_PKEY_get_id(key) == EVP_PKEY_RSA)
		snprintf(out, size, "rsa:%d", EVP_PKEY_get_bits(key));
	else if (EVP_PKEY_get_id(key) == EVP_PKEY_EC)
		ec_name(key, out, size);
	else if (EVP_PKEY_get_id(key) == EVP_PKEY_ED25519)
		snprintf(out, size, "ed25519");
	else
		snprintf(out, size, "%s", name ? name : "unknown");
}
