/* What an inspecting proxy makes below the CA that was signed for it. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "trust/shadow.h"

#define MINT_RSA_BITS 2048
#define MINT_SERIAL_SIZE 16
#define MINT_BACKDATE 60
#define SITE_DAYS 7
#define HOST_MAX 253	   /* RFC 1035 2.3.4, as text */
#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 A.1 */

void shadow_ca_free(struct shadow_ca *ca)
{
	X509_free(ca->certificate);
	EVP_PKEY_free(ca->key);
	*ca = (struct shadow_ca){0};
}

enum status shadow_weekly_name(const X509_NAME *above, X509_NAME **out, struct error *e)
{
	X509_NAME *name = X509_NAME_dup(above);
	int at = name ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1;
	unsigned char *cn = NULL;
	int len = at >= 0 ? ASN1_STRING_to_UTF8(
				    &cn, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)))
			  : 0;
	struct text text = {0};
	bool good = name && len >= 0;

	text_append(&text, cn ? (char *)cn : "", len > 0 ? (size_t)len : 0);
	text_add(&text, WEEKLY_SUFFIX);
	if (good && at >= 0)
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, at));
	good = good && !text.failed &&
	       X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					  (const unsigned char *)text_get(&text), -1, at, 0) == 1;
	OPENSSL_free(cn);
	text_free(&text);
	if (!good) {
		X509_NAME_free(name);
		return error_openssl(e, STATUS_REFUSED, "subject.CN",
				     "choose a common name of at most 59 characters",
				     "the weekly CA cannot be named: its name is this one and "
				     "\"" WEEKLY_SUFFIX "\", %d characters in all",
				     COMMON_NAME_MAX);
	}
	*out = name;
	return STATUS_OK;
}

static bool set_frame(X509 *x, const X509 *issuer, const X509_NAME *name, EVP_PKEY *key)
{
	unsigned char serial[MINT_SERIAL_SIZE];
	struct error ignored;
	BIGNUM *number;
	bool good;

	if (random_bytes(serial, sizeof serial, &ignored) != STATUS_OK)
		return false;
	serial[0] = (serial[0] & 0x7F) | 0x40;
	number = BN_bin2bn(serial, sizeof serial, NULL);
	good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) &&
	       X509_set_version(x, 2) == 1 && X509_set_subject_name(x, name) == 1 &&
	       X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
	       X509_set_pubkey(x, key) == 1;
	BN_free(number);
	return good;
}

static bool set_life(X509 *x, int64_t from, int64_t until)
{
	return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from) &&
	       ASN1_TIME_set(X509_getm_notAfter(x), (time_t)until);
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool good;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	good = extension && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

/* Where the issuer has no SKI there is nothing to point at, and a proxy leaves the AKI out. */
static bool add_identifiers(X509 *x, X509 *issuer, bool authority)
{
	if (!add_extension(x, issuer, NID_subject_key_identifier, "hash"))
		return false;
	return !authority || !X509_get0_subject_key_id(issuer) ||
	       add_extension(x, issuer, NID_authority_key_identifier, "keyid:always");
}

/* NULL for Ed25519, which has none of its own. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 || EVP_PKEY_get_id(key) == EVP_PKEY_ED448
		       ? NULL
		       : EVP_sha256();
}

enum status shadow_make_ca(const struct shadow_ca *issuer, const X509_NAME *name, int64_t now,
			   struct shadow_ca *out, struct error *e)
{
	X509 *above = issuer->certificate;
	struct shadow_ca ca = {X509_new(), EVP_RSA_gen(MINT_RSA_BITS)};
	int64_t from = now - MINT_BACKDATE;

	if (ca.certificate && ca.key && set_frame(ca.certificate, above, name, ca.key) &&
	    set_life(ca.certificate, from, from + WEEKLY_DAYS * SECONDS_PER_DAY - 1) &&
	    add_extension(ca.certificate, above, NID_basic_constraints, "critical,CA:TRUE") &&
	    add_extension(ca.certificate, above, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_identifiers(ca.certificate, above, true) &&
	    X509_sign(ca.certificate, issuer->key, digest_for(issuer->key)) > 0) {
		*out = ca;
		return STATUS_OK;
	}
	shadow_ca_free(&ca);
	return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "a CA cannot be made");
}

/* A name asked for by a client goes into a certificate: letters, digits, "." and "-" alone. */
static bool is_host(const char *host)
{
	size_t len = strlen(host);

	return len && len <= HOST_MAX &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
		       len;
}

static bool fill_site(X509 *x, X509 *issuer, const char *host, enum site_fault fault)
{
	struct text names = {0};
	bool good;

	text_printf(&names, "DNS:%s", host);
	if (strcmp(host, "localhost") == 0)
		text_add(&names, ",IP:127.0.0.1");
	good = !names.failed &&
	       add_extension(x, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(x, issuer, NID_key_usage,
			     "critical,digitalSignature,keyEncipherment") &&
	       add_extension(x, issuer, NID_ext_key_usage, "serverAuth,clientAuth") &&
	       add_extension(x, issuer, NID_subject_alt_name, text_get(&names)) &&
	       add_identifiers(x, issuer, fault != SITE_WITHOUT_AKI);
	text_free(&names);
	return good;
}

enum status shadow_site(const struct shadow_ca *issuer, EVP_PKEY *key, const char *host,
			enum site_fault fault, int64_t now, X509 **out, struct error *e)
{
	int64_t shift = fault == SITE_EXPIRED ? -(SITE_DAYS + 1) * SECONDS_PER_DAY : 0;
	X509_NAME *name = X509_NAME_new();
	X509 *x = X509_new();
	bool good = is_host(host);

	if (fault == SITE_OTHER_HOST)
		host = "another.example.org";
	good = good && name && x &&
	       X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					  (const unsigned char *)host,
					  strlen(host) < COMMON_NAME_MAX ? -1 : COMMON_NAME_MAX, -1,
					  0) == 1 &&
	       set_frame(x, issuer->certificate, name, key) &&
	       set_life(x, now - MINT_BACKDATE + shift,
			now + SITE_DAYS * SECONDS_PER_DAY + shift) &&
	       fill_site(x, issuer->certificate, host, fault) &&
	       X509_sign(x, issuer->key, digest_for(issuer->key)) > 0;
	X509_NAME_free(name);
	if (good) {
		*out = x;
		return STATUS_OK;
	}
	X509_free(x);
	return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "no certificate can be made for a site");
}
