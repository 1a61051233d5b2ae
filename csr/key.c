#include "csr/key.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "csr/rsa_weak.h"

#define MODULUS_LEAST 2048
/* NIST SP 800-56B 6.2: between 2^16 and 2^256. */
#define EXPONENT_LEAST 65537
#define EXPONENT_BITS_MOST 256

#define NEW_KEY "have a new key made, and a new request with it"

enum rule_number {
	KEY_TYPE,
	RSA_SMALL,
	RSA_SIZE,
	RSA_EXPONENT,
	RSA_FACTOR,
	RSA_ROCA,
	RSA_CLOSE_PRIMES,
	EC_EXPLICIT,
	EC_CURVE,
	EC_POINT,
	ED25519_POINT,
	LISTED,
	RULES
};

static const struct rule rules[RULES] = {
	[KEY_TYPE] = {"csr_key_type", SEVERITY_ERROR, "CA/B BR 6.1.5",
		      "clients verify RSA, EC and Ed25519 signatures; other kinds fail or are weak",
		      "have the request made with an RSA key of 2048 bits or more"},
	[RSA_SMALL] = {"csr_key_rsa_small", SEVERITY_ERROR, "NIST SP 800-131A 3",
		       "a modulus below 2048 bits is within reach of factoring",
		       "have the request made with an RSA key of 2048 bits or more"},
	[RSA_SIZE] = {"csr_key_rsa_size", SEVERITY_ERROR, "CA/B BR 6.1.5",
		      "many programs and tokens take only moduli of whole octets",
		      "have the request made with an RSA key of 2048, 3072 or 4096 bits"},
	[RSA_EXPONENT] = {"csr_key_rsa_exponent", SEVERITY_ERROR, "NIST SP 800-56B 6.2",
			  "a small, even or huge exponent allows forgery or stalls clients",
			  "have a key made with the exponent 65537"},
	[RSA_FACTOR] = {"csr_key_rsa_factor", SEVERITY_ERROR, "NIST SP 800-89 5.3.3",
			"a modulus with a small factor is no product of two large primes",
			NEW_KEY ", and examine what made this one"},
	[RSA_ROCA] = {"csr_key_rsa_roca", SEVERITY_ERROR, "CVE-2017-15361",
		      "an Infineon chip with the ROCA flaw made the key; it can be factored",
		      "update or replace the token, then " NEW_KEY},
	[RSA_CLOSE_PRIMES] = {"csr_key_rsa_close_primes", SEVERITY_ERROR, "CVE-2022-26320",
			      "the two primes lie so close that the key is factored in seconds",
			      NEW_KEY " by other software"},
	[EC_EXPLICIT] = {"csr_key_ec_explicit", SEVERITY_ERROR, "RFC 5480 2.1.1",
			 "a curve by its parameters instead of its name can be a forged one",
			 "have a key made on a named curve: P-256 or P-384"},
	[EC_CURVE] = {"csr_key_ec_curve", SEVERITY_ERROR, "CA/B BR 6.1.5",
		      "clients verify signatures on P-256, P-384 and P-521 alone",
		      "have a key made on P-256 or P-384"},
	[EC_POINT] = {"csr_key_ec_point", SEVERITY_ERROR, "NIST SP 800-56A 5.6.2.3",
		      "the point is infinity or not on its curve; it is no key", NEW_KEY},
	[ED25519_POINT] = {"csr_key_ed25519_point", SEVERITY_ERROR, "RFC 8032 8.2, 8.9",
			   "a point of small order verifies signatures that nobody made", NEW_KEY},
	[LISTED] = {"csr_key_listed", SEVERITY_ERROR, "CVE-2008-0166",
		    "its private half is known: anybody can sign as its owner",
		    NEW_KEY ", on a machine that did not make this one"},
};

const struct rule *csr_key_rules(size_t *count)
{
	*count = RULES;
	return rules;
}

static enum status check_exponent(struct span octets, struct findings *f, struct error *e)
{
	unsigned long value = 0;
	size_t bits;

	while (octets.len && octets.data[0] == 0)
		octets = (struct span){octets.data + 1, octets.len - 1};
	bits = rsa_bits(octets);
	if (bits > EXPONENT_BITS_MOST)
		return findings_add(f, &rules[RSA_EXPONENT], "public key", e,
				    "the RSA exponent has %zu bits, more than %d", bits,
				    EXPONENT_BITS_MOST);
	for (size_t i = 0; bits <= 16 && i < octets.len; i++)
		value = value << 8 | octets.data[i];
	if (bits <= 16)
		return findings_add(f, &rules[RSA_EXPONENT], "public key", e,
				    "the RSA exponent is %lu, less than %d", value, EXPONENT_LEAST);
	if (!(octets.data[octets.len - 1] & 1))
		return findings_add(f, &rules[RSA_EXPONENT], "public key", e,
				    "the RSA exponent is even");
	return STATUS_OK;
}

static enum status check_size(const struct rsa_modulus *n, struct findings *f, struct error *e)
{
	if (n->bits < MODULUS_LEAST && findings_add(f, &rules[RSA_SMALL], "public key", e,
						    "the RSA modulus has %zu bits, less than %d",
						    n->bits, MODULUS_LEAST) != STATUS_OK)
		return e->status;
	if (n->bits % 8)
		return findings_add(f, &rules[RSA_SIZE], "public key", e,
				    "the RSA modulus has %zu bits, no multiple of 8", n->bits);
	return STATUS_OK;
}

static enum status check_factors(const struct rsa_modulus *n, struct findings *f, struct error *e)
{
	unsigned factor = rsa_small_factor(n);
	enum status s = STATUS_OK;

	if (factor)
		s = findings_add(f, &rules[RSA_FACTOR], "public key", e,
				 "the RSA modulus is divisible by %u", factor);
	else if (rsa_has_roca_mark(n))
		s = findings_add(f, &rules[RSA_ROCA], "public key", e,
				 "the RSA modulus bears the mark of the ROCA flaw");
	if (s == STATUS_OK && rsa_has_close_primes(n))
		s = findings_add(f, &rules[RSA_CLOSE_PRIMES], "public key", e,
				 "Fermat's method factors the RSA modulus at once");
	return s;
}

enum status csr_key_check_rsa(struct span modulus, struct span exponent, struct findings *f,
			      struct error *e)
{
	struct rsa_modulus n;
	enum status status;

	if (!rsa_modulus_read(modulus, &n))
		return findings_add(f, &rules[RSA_SIZE], "public key", e,
				    "the RSA modulus has %zu bits, more than any program takes",
				    n.bits);
	status = check_size(&n, f, e);
	if (status == STATUS_OK)
		status = check_exponent(exponent, f, e);
	return status == STATUS_OK ? check_factors(&n, f, e) : status;
}

static enum status octets_of(const BIGNUM *number, struct bytes *out, struct error *e)
{
	out->len = (size_t)BN_num_bytes(number);
	out->data = malloc(out->len + 1);
	if (!out->data)
		return error_memory(e);
	BN_bn2bin(number, out->data);
	return STATUS_OK;
}

static enum status check_rsa(EVP_PKEY *key, struct findings *f, struct error *e)
{
	BIGNUM *modulus = NULL, *exponent = NULL;
	struct bytes n = {0}, of_e = {0};
	enum status status = STATUS_OK;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
		status = error_openssl(e, STATUS_INPUT, NULL, NULL,
				       "an RSA key without its numbers");
	if (status == STATUS_OK)
		status = octets_of(modulus, &n, e);
	if (status == STATUS_OK)
		status = octets_of(exponent, &of_e, e);
	if (status == STATUS_OK)
		status = csr_key_check_rsa(span_of(&n), span_of(&of_e), f, e);
	bytes_free(&n);
	bytes_free(&of_e);
	BN_free(modulus);
	BN_free(exponent);
	return status;
}

static enum status check_point(EVP_PKEY *key, struct findings *f, struct error *e)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	int sound;

	if (!context)
		return error_memory(e);
	/* The quick form leaves out the order, which every point of these curves has. */
	sound = EVP_PKEY_public_check_quick(context);
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	if (sound != 1)
		return findings_add(f, &rules[EC_POINT], "public key", e,
				    "the EC public key is no point of its curve");
	return STATUS_OK;
}

static enum status check_ec(EVP_PKEY *key, struct findings *f, struct error *e)
{
	static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
	char group[80] = "without a name";
	int explicit = 0;

	if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
				   &explicit) != 1 ||
	    explicit) {
		ERR_clear_error();
		return findings_add(f, &rules[EC_EXPLICIT], "public key", e,
				    "the EC curve is given by its parameters");
	}
	(void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
	ERR_clear_error();
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
		if (strcmp(group, curves[i]) == 0)
			return check_point(key, f, e);
	return findings_add(f, &rules[EC_CURVE], "public key", e, "the EC curve is %s", group);
}

#define ED25519_SIZE 32

/*
 * The points whose order divides 8, sign bit cleared, and the encodings beyond the field's prime
 * that mean the same: y = 0, 1, the two of order 8, -1, p and p + 1.
 */
static const unsigned char small_order[][ED25519_SIZE] = {
	{0x00},
	{0x01},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static enum status check_ed25519(EVP_PKEY *key, struct findings *f, struct error *e)
{
	unsigned char point[ED25519_SIZE];
	size_t len = sizeof point;

	if (EVP_PKEY_get_raw_public_key(key, point, &len) != 1 || len != sizeof point)
		return error_openssl(e, STATUS_INPUT, NULL, NULL,
				     "an Ed25519 key without its point");
	point[ED25519_SIZE - 1] &= 0x7f;
	for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++)
		if (memcmp(point, small_order[i], sizeof point) == 0)
			return findings_add(f, &rules[ED25519_POINT], "public key", e,
					    "the Ed25519 public key is a point of small order");
	return STATUS_OK;
}

enum status csr_key_check(EVP_PKEY *key, struct findings *findings, struct error *e)
{
	const char *name = EVP_PKEY_get0_type_name(key);

	if (EVP_PKEY_get_id(key) == EVP_PKEY_RSA)
		return check_rsa(key, findings, e);
	if (EVP_PKEY_get_id(key) == EVP_PKEY_EC)
		return check_ec(key, findings, e);
	if (EVP_PKEY_get_id(key) == EVP_PKEY_ED25519)
		return check_ed25519(key, findings, e);
	return findings_add(findings, &rules[KEY_TYPE], "public key", e,
			    "the key is of the kind %s", name ? name : "unknown");
}

static enum status check_listed(const BIGNUM *modulus, const struct weak_keys *list,
				struct findings *findings, struct error *e)
{
	bool listed = false;

	if (weak_keys_have(list, modulus, &listed, e) != STATUS_OK)
		return error_status(e);
	if (!listed)
		return STATUS_OK;
	return findings_add(findings, &rules[LISTED], "public key", e,
			    "the RSA key is on the list of weak keys");
}

enum status csr_key_check_listed_rsa(struct span modulus, const struct weak_keys *list,
				     struct findings *findings, struct error *e)
{
	BIGNUM *number;
	enum status status;

	if (!list || modulus.len > INT_MAX)
		return STATUS_OK;
	number = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	status = number ? check_listed(number, list, findings, e) : error_memory(e);
	BN_free(number);
	return status;
}

enum status csr_key_check_listed(EVP_PKEY *key, const struct weak_keys *list,
				 struct findings *findings, struct error *e)
{
	BIGNUM *modulus = NULL;
	enum status status;

	if (!list || EVP_PKEY_get_id(key) != EVP_PKEY_RSA)
		return STATUS_OK;
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1)
		return error_openssl(e, STATUS_INPUT, NULL, NULL, "an RSA key without its modulus");
	status = check_listed(modulus, list, findings, e);
	BN_free(modulus);
	return status;
}
