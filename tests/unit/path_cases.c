#include "tests/unit/path_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define DAY INT64_C(86400)

#define GOOD NULL
#define SERVER PATH_SERVER

const struct path_case path_cases[] = {
	{"good", {"leaf", "ca", "root"}, GOOD, 0, SERVER},
	{"good-direct", {"leaf", "root"}, GOOD, 0, SERVER},
	{"good-deep",
	 {"leaf", "ca +basicConstraints=critical,CA:TRUE,pathlen:0",
	  "ca +basicConstraints=critical,CA:TRUE,pathlen:1",
	  "ca +basicConstraints=critical,CA:TRUE,pathlen:2", "root"},
	 GOOD,
	 0,
	 SERVER},
	{"good-ca", {"ca", "root"}, GOOD, 0, PATH_CA},
	{"good-without-purpose", {"leaf -extendedKeyUsage", "ca", "root"}, GOOD, 0, SERVER},
	{"good-name-constraints",
	 {"leaf", "ca +nameConstraints=critical,permitted;DNS:example.org", "root"},
	 GOOD,
	 0,
	 SERVER},
	{"good-self-issued",
	 {"leaf issuer=Rolled", "ca name=Rolled issuer=Rolled key=ca2 signer=ca3",
	  "ca name=Rolled key=ca3 +basicConstraints=critical,CA:TRUE,pathlen:0", "root"},
	 GOOD,
	 0,
	 SERVER},

	/* RFC 5280 6.1. */
	{"expired-leaf", {"leaf from=-9 until=-1", "ca", "root"}, "path_expired", 0, SERVER},
	{"expired-ca", {"leaf", "ca from=-9 until=-1", "root"}, "path_expired", 1, SERVER},
	{"expired-root", {"leaf", "ca", "root from=-9 until=-1"}, "path_expired", 2, SERVER},
	{"early-leaf", {"leaf from=2", "ca", "root"}, "path_not_yet_valid", 0, SERVER},
	{"early-ca", {"leaf", "ca from=2", "root"}, "path_not_yet_valid", 1, SERVER},
	{"signature-leaf", {"leaf broken", "ca", "root"}, "path_signature", 0, SERVER},
	{"signature-ca", {"leaf", "ca broken", "root"}, "path_signature", 1, SERVER},
	{"missing-ca", {"leaf", "ca hidden", "root"}, "path_incomplete", 0, SERVER},
	{"other-ca", {"leaf", "ca given=other", "root"}, "path_incomplete", 0, SERVER},
	{"other-ca-without-ids",
	 {"leaf -authorityKeyIdentifier", "ca given=other -subjectKeyIdentifier", "root"},
	 "path_signature",
	 0,
	 SERVER},
	{"other-root", {"leaf", "ca", "root given=other"}, "path_incomplete", 1, SERVER},
	{"ca-false",
	 {"leaf", "ca +basicConstraints=critical,CA:FALSE", "root"},
	 "path_not_ca",
	 1,
	 SERVER},
	{"ca-without-constraints",
	 {"leaf", "ca -basicConstraints", "root"},
	 "path_not_ca",
	 1,
	 SERVER},
	{"ca-version-1",
	 {"leaf -authorityKeyIdentifier",
	  "ca version=0 -basicConstraints -keyUsage -subjectKeyIdentifier -authorityKeyIdentifier",
	  "root"},
	 "path_not_ca",
	 1,
	 SERVER},
	{"ca-not-signing",
	 {"leaf", "ca +keyUsage=critical,cRLSign", "root"},
	 "path_key_usage",
	 1,
	 SERVER},
	{"path-length",
	 {"leaf", "ca", "ca +basicConstraints=critical,CA:TRUE,pathlen:0", "root"},
	 "path_length",
	 2,
	 SERVER},
	{"path-length-root",
	 {"leaf", "ca", "ca", "root +basicConstraints=critical,CA:TRUE,pathlen:1"},
	 "path_length",
	 3,
	 SERVER},
	{"not-permitted",
	 {"leaf", "ca +nameConstraints=critical,permitted;DNS:example.com", "root"},
	 "path_name_constraints",
	 0,
	 SERVER},
	{"excluded-far",
	 {"leaf", "ca", "ca +nameConstraints=critical,excluded;DNS:example.org", "root"},
	 "path_name_constraints",
	 0,
	 SERVER},
	{"critical-leaf",
	 {"leaf +1.2.3.4=critical,DER:0500", "ca", "root"},
	 "path_critical_extension",
	 0,
	 SERVER},
	{"critical-ca",
	 {"leaf", "ca +1.2.3.4=critical,DER:0500", "root"},
	 "path_critical_extension",
	 1,
	 SERVER},
	{"purpose-leaf",
	 {"leaf +extendedKeyUsage=clientAuth", "ca", "root"},
	 "path_purpose",
	 0,
	 SERVER},
	{"purpose-ca",
	 {"leaf", "ca +extendedKeyUsage=emailProtection", "root"},
	 "path_purpose",
	 1,
	 SERVER},

	/* What OpenSSL leaves out. */
	{"outlives-ca",
	 {"leaf until=400", "ca until=300", "root"},
	 "path_outlives_issuer",
	 0,
	 SERVER},
	{"outlives-root",
	 {"leaf until=400", "ca until=350", "ca until=400", "root until=300"},
	 "path_outlives_issuer",
	 2,
	 SERVER},
	{"predates-ca",
	 {"leaf from=-20", "ca from=-10", "root"},
	 "path_predates_issuer",
	 0,
	 SERVER},
	{"ca-below-end",
	 {"ca", "root +basicConstraints=critical,CA:TRUE,pathlen:0"},
	 "path_length_unusable",
	 0,
	 PATH_CA},
	{"ca-below-end-far",
	 {"ca", "ca", "root +basicConstraints=critical,CA:TRUE,pathlen:1"},
	 "path_length_unusable",
	 0,
	 PATH_CA},
	{"key-of-ca", {"leaf key=ca1", "ca", "root"}, "path_key_reused", 0, SERVER},
	{"root-signature", {"leaf", "ca", "root broken"}, "path_root_signature", 2, SERVER},

	/* What lint finds at a link. */
	{"sha1-leaf", {"leaf digest=sha1", "ca", "root"}, "signature_algorithm_weak", 0, SERVER},
	{"sha1-ca", {"leaf", "ca digest=sha1", "root"}, "signature_algorithm_weak", 1, SERVER},
	{"md5-leaf", {"leaf digest=md5", "ca", "root"}, "signature_algorithm_weak", 0, SERVER},
	{"rsa-1024-leaf", {"leaf key=rsa1024", "ca", "root"}, "key_rsa_small", 0, SERVER},
	{"rsa-1024-ca", {"leaf", "ca key=rsa1024", "root"}, "key_rsa_small", 1, SERVER},
	{"rsa-2052", {"leaf key=rsa2052", "ca", "root"}, "key_rsa_bits", 0, SERVER},
	{"dsa-leaf", {"leaf key=dsa", "ca", "root"}, "key_algorithm", 0, SERVER},
	{"p192-leaf", {"leaf key=p192", "ca", "root"}, "key_curve", 0, SERVER},
	{"serial-negative", {"leaf serial=-05", "ca", "root"}, "serial_negative", 0, SERVER},
	{"serial-zero", {"leaf serial=00", "ca", "root"}, "serial_zero", 0, SERVER},
	{"serial-long",
	 {"leaf serial=0102030405060708090a0b0c0d0e0f101112131415", "ca", "root"},
	 "serial_long",
	 0,
	 SERVER},
	{"leaf-version-1",
	 {"leaf version=0 -basicConstraints -keyUsage -extendedKeyUsage -subjectKeyIdentifier "
	  "-authorityKeyIdentifier -subjectAltName",
	  "ca", "root"},
	 "version_not_3",
	 0,
	 SERVER},
	{"leaf-version-2", {"leaf version=1", "ca", "root"}, "version_not_3", 0, SERVER},
	{"root-version-1",
	 {"leaf", "ca -authorityKeyIdentifier",
	  "root version=0 -basicConstraints -keyUsage -subjectKeyIdentifier"},
	 "version_not_3",
	 2,
	 SERVER},
	{"leaf-without-aki",
	 {"leaf -authorityKeyIdentifier", "ca", "root"},
	 "aki_missing",
	 0,
	 SERVER},
	{"ca-without-ski",
	 {"leaf -authorityKeyIdentifier", "ca -subjectKeyIdentifier", "root"},
	 "ski_missing",
	 1,
	 SERVER},
	{"root-aki-malformed",
	 {"leaf", "ca", "root +authorityKeyIdentifier=DER:300680040102030405"},
	 "extension_malformed",
	 2,
	 SERVER},
	{"root-aki-not-ski",
	 {"leaf", "ca", "root +authorityKeyIdentifier=DER:3006800401020304"},
	 "aki_not_issuer_ski",
	 2,
	 SERVER},
	{"leaf-ski-critical",
	 {"leaf +subjectKeyIdentifier=critical,hash", "ca", "root"},
	 "ski_critical",
	 0,
	 SERVER},
	{"ca-constraints-not-critical",
	 {"leaf", "ca +basicConstraints=CA:TRUE", "root"},
	 "basic_constraints_critical",
	 1,
	 SERVER},
	{"ca-without-usage", {"leaf", "ca -keyUsage", "root"}, "key_usage_missing", 1, SERVER},
	{"leaf-signs",
	 {"leaf +keyUsage=critical,digitalSignature,keyCertSign", "ca", "root"},
	 "key_usage_leaf_sign",
	 0,
	 SERVER},
	{"leaf-path-length",
	 {"leaf +basicConstraints=critical,DER:3003020100", "ca", "root"},
	 "path_length_without_sign",
	 0,
	 SERVER},
	{"purpose-empty",
	 {"leaf +extendedKeyUsage=DER:3000", "ca", "root"},
	 "purpose_empty",
	 0,
	 SERVER},
	{"aia-malformed",
	 {"leaf +authorityInfoAccess=DER:040100", "ca", "root"},
	 "extension_malformed",
	 0,
	 SERVER},
	{"aia-critical",
	 {"leaf +authorityInfoAccess=critical,caIssuers;URI:http://example.org/ca", "ca", "root"},
	 "aia_critical",
	 0,
	 SERVER},
	{"name-constraints-empty",
	 {"leaf", "ca +nameConstraints=critical,DER:3000", "root"},
	 "name_constraints_empty",
	 1,
	 SERVER},
	{"name-constraints-leaf",
	 {"leaf +nameConstraints=critical,permitted;DNS:example.org", "ca", "root"},
	 "name_constraints_leaf",
	 0,
	 SERVER},
	{"alt-name-empty",
	 {"leaf +subjectAltName=DER:3000", "ca", "root"},
	 "subject_alt_name_empty",
	 0,
	 SERVER},
	{"alt-name-malformed",
	 {"leaf +subjectAltName=DER:3003820561", "ca", "root"},
	 "extension_malformed",
	 0,
	 SERVER},
	{"extension-twice",
	 {"leaf ++subjectKeyIdentifier=hash", "ca", "root"},
	 "extension_duplicate",
	 0,
	 SERVER},
	{"constraints-malformed",
	 {"leaf", "ca +basicConstraints=critical,DER:0500", "root"},
	 "path_incomplete",
	 0,
	 SERVER},
	{"constraints-malformed-leaf",
	 {"leaf +basicConstraints=critical,DER:0500", "ca", "root"},
	 "path_malformed",
	 0,
	 SERVER},
	{"proxy",
	 {"leaf -subjectAltName +proxyCertInfo=critical,DER:300c300a06082b06010505071500", "ca",
	  "root"},
	 "path_unexplained",
	 0,
	 SERVER},
	{"loop",
	 {"leaf", "ca name=A issuer=B", "ca name=B issuer=A signer=ca1 -authorityKeyIdentifier",
	  "root"},
	 "path_incomplete",
	 2,
	 SERVER},
};
const size_t path_case_count = sizeof path_cases / sizeof *path_cases;

const struct path_case *path_case_find(const char *name)
{
	for (size_t i = 0; i < path_case_count; i++)
		if (strcmp(path_cases[i].name, name) == 0)
			return &path_cases[i];
	fail_msg("there is no case %s", name);
	return NULL;
}

/* --- keys ------------------------------------------------------------------------------------- */

static struct {
	const char *name;
	EVP_PKEY *key;
} keys[] = {
	{"leaf", NULL},	 {"ca1", NULL}, {"ca2", NULL},	   {"ca3", NULL},     {"root", NULL},
	{"other", NULL}, {"dsa", NULL}, {"rsa1024", NULL}, {"rsa2052", NULL}, {"p192", NULL},
};

static EVP_PKEY *make_dsa(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	EVP_PKEY *parameters = NULL, *key = NULL;

	assert_true(EVP_PKEY_paramgen_init(context) == 1);
	assert_true(EVP_PKEY_CTX_set_dsa_paramgen_bits(context, 1024) == 1);
	assert_true(EVP_PKEY_paramgen(context, &parameters) == 1);
	EVP_PKEY_CTX_free(context);
	context = EVP_PKEY_CTX_new(parameters, NULL);
	assert_true(EVP_PKEY_keygen_init(context) == 1);
	assert_true(EVP_PKEY_keygen(context, &key) == 1);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(parameters);
	return key;
}

static EVP_PKEY *make_key(const char *name)
{
	if (strcmp(name, "dsa") == 0)
		return make_dsa();
	if (strcmp(name, "p192") == 0)
		return EVP_EC_gen("P-192");
	if (strncmp(name, "rsa", 3) == 0)
		return EVP_RSA_gen((unsigned)atoi(name + 3));
	return EVP_RSA_gen(2048);
}

static EVP_PKEY *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		if (!keys[i].key)
			keys[i].key = make_key(name);
		assert_non_null(keys[i].key);
		return keys[i].key;
	}
	fail_msg("there is no key %s", name);
	return NULL;
}

void path_keys_free(void)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		EVP_PKEY_free(keys[i].key);
		keys[i].key = NULL;
	}
}

/* --- the parts of a certificate --------------------------------------------------------------- */

/* The value of the last op of this name, "" for one without a value; false where it is not there. */
static bool find_op(const char *spec, const char *name, char value[200])
{
	size_t len = strlen(name);
	bool found = false;

	for (const char *at = strchr(spec, ' '); at; at = strchr(at, ' ')) {
		size_t word = strcspn(++at, " ");

		if (strncmp(at, name, len) != 0 || (at[len] != '=' && len != word))
			continue;
		snprintf(value, 200, "%.*s", word > len ? (int)(word - len - 1) : 0, at + len + 1);
		found = true;
	}
	return found;
}

static bool is_kind(const char *spec, const char *kind)
{
	return strncmp(spec, kind, strlen(kind)) == 0 &&
	       (spec[strlen(kind)] == ' ' || !spec[strlen(kind)]);
}

static void common_name(const struct path_case *c, size_t at, char out[200])
{
	const char *spec = c->certificates[at];

	if (find_op(spec, "name", out))
		return;
	if (is_kind(spec, "leaf"))
		snprintf(out, 200, "host.example.org");
	else if (is_kind(spec, "root"))
		snprintf(out, 200, "Path Root");
	else
		snprintf(out, 200, "Path CA %zu", at);
}

static size_t count_certificates(const struct path_case *c)
{
	size_t count = 0;

	while (count < PATH_CASE_CERTIFICATES && c->certificates[count])
		count++;
	return count;
}

EVP_PKEY *path_case_key(const struct path_case *c, size_t at)
{
	const char *spec = c->certificates[at];
	char value[200];

	if (!find_op(spec, "key", value)) {
		if (is_kind(spec, "leaf") || is_kind(spec, "root"))
			snprintf(value, sizeof value, "%.4s", spec);
		else
			snprintf(value, sizeof value, "ca%zu", at ? at : 3);
	}
	return find_key(value);
}

static void set_name(X509_NAME *to, const char *cn)
{
	assert_true(X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, (const unsigned char *)cn,
					       -1, -1, 0) == 1);
}

static void set_time(ASN1_TIME *to, const char *spec, const char *op, int64_t now, int64_t days)
{
	char value[200];

	if (find_op(spec, op, value))
		days = atol(value);
	assert_non_null(ASN1_TIME_set(to, (time_t)(now + days * DAY)));
}

static void set_serial(X509 *x, const char *spec, size_t at)
{
	char value[200];
	BIGNUM *n = NULL;

	if (!find_op(spec, "serial", value))
		snprintf(value, sizeof value, "5a5a5a5a5a5a5a5a%02zx", at + 1);
	assert_true(BN_hex2bn(&n, value) > 0);
	assert_non_null(BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)));
	BN_free(n);
}

static void add_extension(X509 *x, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *made;
	char semicolons[200];

	/* A section of a configuration would be needed for these. */
	snprintf(semicolons, sizeof semicolons, "%s", value);
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&context);
	made = X509V3_EXT_nconf(NULL, &context, name, semicolons);
	if (!made)
		fail_msg("extension %s = %s cannot be made", name, value);
	assert_true(X509_add_ext(x, made, -1) == 1);
	X509_EXTENSION_free(made);
}

struct default_extension {
	const char *name, *value;
};
static const struct default_extension of_ca[] = {{"basicConstraints", "critical,CA:TRUE"},
						 {"keyUsage", "critical,keyCertSign,cRLSign"},
						 {"subjectKeyIdentifier", "hash"},
						 {"authorityKeyIdentifier", "keyid"},
						 {NULL, NULL}};
static const struct default_extension of_leaf[] = {{"basicConstraints", "critical,CA:FALSE"},
						   {"keyUsage",
						    "critical,digitalSignature,keyEncipherment"},
						   {"extendedKeyUsage", "serverAuth"},
						   {"subjectKeyIdentifier", "hash"},
						   {"authorityKeyIdentifier", "keyid"},
						   {"subjectAltName", "DNS:host.example.org"},
						   {NULL, NULL}};

/* Those of the kind, without what "-NAME" and "+NAME" name; then those of "+" and "++". */
static void add_extensions(X509 *x, X509 *issuer, const char *spec)
{
	const struct default_extension *d = is_kind(spec, "leaf") ? of_leaf : of_ca;
	char name[100], value[200];

	for (; d->name; d++) {
		snprintf(name, sizeof name, "-%s", d->name);
		if (find_op(spec, name, value) ||
		    (is_kind(spec, "root") && strcmp(d->name, "authorityKeyIdentifier") == 0))
			continue;
		name[0] = '+';
		if (!find_op(spec, name, value))
			add_extension(x, issuer, d->name, d->value);
	}
	for (const char *at = strchr(spec, ' '); at; at = strchr(at, ' ')) {
		size_t len = strcspn(++at, " "), equals = strcspn(at, "=");

		if (*at != '+')
			continue;
		at += strspn(at, "+");
		len = strcspn(at, " ");
		equals = strcspn(at, "=");
		snprintf(name, sizeof name, "%.*s", (int)equals, at);
		snprintf(value, sizeof value, "%.*s", (int)(len - equals - 1), at + equals + 1);
		add_extension(x, issuer, name, value);
	}
}

static void sign(X509 *x, const char *spec, EVP_PKEY *key)
{
	char digest[200] = "sha256", ignored[200];
	const ASN1_BIT_STRING *signature;

	find_op(spec, "digest", digest);
	assert_true(X509_sign(x, key, EVP_get_digestbyname(digest)) > 0);
	if (!find_op(spec, "broken", ignored))
		return;
	X509_get0_signature(&signature, NULL, x);
	((unsigned char *)ASN1_STRING_get0_data(signature))[20] ^= 1;
}

/* As a verifier would get it: what OpenSSL remembers of the making is gone. */
static X509 *read_again(X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);
	const unsigned char *at = der;
	X509 *again = d2i_X509(NULL, &at, len);

	assert_non_null(again);
	OPENSSL_free(der);
	X509_free(x);
	return again;
}

static X509 *make_one(const struct path_case *c, size_t at, size_t count, X509 *above, int64_t now)
{
	const char *spec = c->certificates[at];
	bool is_root = at + 1 == count;
	EVP_PKEY *signer = path_case_key(c, is_root ? at : at + 1);
	X509 *x = X509_new();
	char value[200];

	assert_non_null(x);
	assert_true(X509_set_version(x, find_op(spec, "version", value) ? atol(value) : 2) == 1);
	set_serial(x, spec, at);
	common_name(c, at, value);
	set_name(X509_get_subject_name(x), value);
	common_name(c, is_root ? at : at + 1, value);
	find_op(spec, "issuer", value);
	set_name(X509_get_issuer_name(x), value);
	set_time(X509_getm_notBefore(x), spec, "from", now, -1);
	set_time(X509_getm_notAfter(x), spec, "until", now,
		 is_kind(spec, "leaf") ? 300
		 : is_kind(spec, "ca") ? 1000
				       : 3000);
	assert_true(X509_set_pubkey(x, path_case_key(c, at)) == 1);
	add_extensions(x, above ? above : x, spec);
	if (find_op(spec, "signer", value))
		signer = find_key(value);
	sign(x, spec, signer);
	return read_again(x);
}

/* The same with another key, and with what depends on it. */
static X509 *make_other(const struct path_case *c, size_t at, size_t count, X509 *above,
			int64_t now, const char *key)
{
	struct path_case changed = *c;
	char spec[400];

	snprintf(spec, sizeof spec, "%s key=%s", c->certificates[at], key);
	changed.certificates[at] = spec;
	return make_one(&changed, at, count, above, now);
}

void path_make(const struct path_case *c, int64_t now, struct path_made *out)
{
	X509 *others[PATH_CASE_CERTIFICATES] = {NULL};
	char value[200];

	*out = (struct path_made){.count = count_certificates(c)};
	for (size_t at = out->count; at-- > 0;) {
		X509 *above = at + 1 < out->count ? out->certificates[at + 1] : NULL;

		out->certificates[at] = make_one(c, at, out->count, above, now);
		if (find_op(c->certificates[at], "given", value))
			others[at] = make_other(c, at, out->count, above, now, value);
	}
	for (size_t at = 0; at < out->count; at++) {
		if (!others[at] && !find_op(c->certificates[at], "hidden", value))
			continue;
		X509_free(out->certificates[at]);
		out->certificates[at] = others[at];
	}
}

void path_made_free(struct path_made *m)
{
	for (size_t i = 0; i < m->count; i++)
		X509_free(m->certificates[i]);
	*m = (struct path_made){0};
}
