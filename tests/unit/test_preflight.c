#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/preflight.h"
#include "tests/unit/mute.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)
#define LONG_NAME "a-name-that-has-more-than-the-sixty-four-characters-taken-by-a-portal.pem"

enum upload_shape { PLAIN, AS_DER, AS_P7B, WITH_TEXT, WITH_CR, WITH_KEY, WITH_ROOT, HUGE, BROKEN };

/* How a case differs from a sound upload: what is zero or NULL is as it should be. */
struct scenario {
	const char *id; /* the one finding to expect */
	enum portal portal;
	const char *name, *common_name, *requested_name, *organization, *constraints, *usage,
		*purpose;
	int64_t not_before, not_after; /* days from now */
	bool other_key, no_request, root_key, no_chain, chain_twisted, wrong_signer;
	enum upload_shape shape, chain_shape;
	/* What the CA certified before: this key for a portal, another key for ZPA; a root of its own. */
	const char *certified_for;
	bool other_zpa, other_root;
};

static const struct scenario scenarios[] = {
	{.id = NULL, .portal = PORTAL_ZIA},
	{.id = NULL, .portal = PORTAL_ZIA_HSM},
	{.id = NULL, .portal = PORTAL_ZPA},
	{.id = "portal_file_extension", .portal = PORTAL_ZIA, .name = "zia.crt"},
	{.id = "portal_file_name_long", .portal = PORTAL_ZIA, .name = LONG_NAME},
	{.id = "portal_file_size", .portal = PORTAL_ZIA, .shape = HUGE},
	{.id = "portal_file_format", .portal = PORTAL_ZIA, .shape = AS_DER},
	{.id = "portal_file_format", .portal = PORTAL_ZIA, .shape = AS_P7B},
	{.id = "portal_file_unreadable", .portal = PORTAL_ZIA, .shape = BROKEN},
	{.id = "portal_file_private_key", .portal = PORTAL_ZIA, .shape = WITH_KEY},
	{.id = "portal_file_text", .portal = PORTAL_ZIA, .shape = WITH_TEXT},
	{.id = "portal_file_line_ends", .portal = PORTAL_ZIA, .shape = WITH_CR},
	{.id = "portal_file_count", .portal = PORTAL_ZIA, .shape = WITH_ROOT, .no_chain = true},
	{.id = NULL, .portal = PORTAL_ZPA, .shape = WITH_ROOT, .no_chain = true},
	{.id = "portal_chain_unreadable", .portal = PORTAL_ZIA, .chain_shape = BROKEN},
	{.id = "portal_chain_size", .portal = PORTAL_ZIA, .chain_shape = HUGE},
	{.id = "portal_chain_private_key", .portal = PORTAL_ZIA, .chain_shape = WITH_KEY},
	{.id = "portal_chain_order", .portal = PORTAL_ZPA, .chain_twisted = true},
	{.id = "portal_chain_signature", .portal = PORTAL_ZIA, .wrong_signer = true},
	{.id = "portal_chain_root_missing", .portal = PORTAL_ZPA, .no_chain = true},
	{.id = "portal_signed_with_root_key", .portal = PORTAL_ZIA, .root_key = true},
	{.id = "portal_key_differs", .portal = PORTAL_ZIA, .other_key = true},
	{.id = "portal_subject_differs", .portal = PORTAL_ZIA, .requested_name = "Asked for"},
	{.id = "portal_other_portal", .portal = PORTAL_ZIA, .organization = "Zscaler"},
	{.id = "portal_not_zpa", .portal = PORTAL_ZPA, .no_request = true},
	{.id = NULL, .portal = PORTAL_ZPA, .no_request = true, .organization = "Zscaler"},
	{.id = NULL, .portal = PORTAL_ZIA, .no_request = true},
	{.id = "portal_common_name_long",
	 .portal = PORTAL_ZIA,
	 .common_name = "123456789 123456789 123456789 123456789 123456789 1234567890"},
	{.id = "portal_not_ca", .portal = PORTAL_ZIA, .constraints = "critical,CA:FALSE"},
	{.id = "portal_path_length_zero",
	 .portal = PORTAL_ZIA,
	 .constraints = "critical,CA:TRUE,pathlen:0"},
	{.id = "portal_path_length_open",
	 .portal = PORTAL_ZIA_HSM,
	 .constraints = "critical,CA:TRUE,pathlen:1"},
	{.id = "portal_key_usage", .portal = PORTAL_ZPA, .usage = "critical,keyCertSign"},
	{.id = "portal_purpose", .portal = PORTAL_ZIA, .purpose = "serverAuth"},
	{.id = "portal_expired", .portal = PORTAL_ZIA, .not_before = -9, .not_after = -1},
	{.id = "portal_not_yet_valid", .portal = PORTAL_ZIA, .not_before = 1},
	{.id = "portal_outlives_root", .portal = PORTAL_ZIA, .not_after = 5000},
	{.id = "portal_key_certified", .portal = PORTAL_ZIA, .certified_for = "zpa"},
	{.id = NULL, .portal = PORTAL_ZIA_HSM, .certified_for = "zia"},
	{.id = NULL, .portal = PORTAL_ZIA, .certified_for = ""},
	{.id = "portal_root_differs", .portal = PORTAL_ZPA, .other_zpa = true, .other_root = true},
	{.id = NULL, .portal = PORTAL_ZPA, .other_zpa = true},
	{.id = NULL, .portal = PORTAL_ZPA, .certified_for = "zpa", .other_root = true},
};

#define SCENARIO_COUNT (sizeof scenarios / sizeof *scenarios)

/* Root, an intermediate CA between, and the portal's key; and one key too many. */
struct keys {
	EVP_PKEY *root, *between, *portal, *other;
};

static EVP_PKEY *make_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(key);
	return key;
}

static X509_NAME *make_name(const char *organization, const char *common_name)
{
	X509_NAME *name = X509_NAME_new();
	const unsigned char *o = (const unsigned char *)(organization ? organization : "Example");
	const unsigned char *cn = (const unsigned char *)common_name;

	assert_non_null(name);
	assert_true(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, o, -1, -1, 0));
	if (organization)
		assert_true(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8,
						       (const unsigned char *)"Private Access", -1,
						       -1, 0));
	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0));
	return name;
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *made;

	if (!value)
		return;
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&context);
	made = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	assert_non_null(made);
	assert_true(X509_add_ext(x, made, -1));
	X509_EXTENSION_free(made);
}

struct order {
	X509_NAME *subject;
	EVP_PKEY *key;
	int64_t not_before, not_after; /* days from now */
	const char *constraints, *usage, *purpose;
};

/* Self-signed where there is no issuer. */
static X509 *make_certificate(const struct order *o, X509 *issuer, EVP_PKEY *signer)
{
	X509 *x = X509_new();
	BIGNUM *serial = BN_new();

	assert_true(x && serial && X509_set_version(x, X509_VERSION_3));
	assert_true(BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
	assert_non_null(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)));
	BN_free(serial);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(NOW + o->not_before * DAY)));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(NOW + o->not_after * DAY)));
	assert_true(X509_set_subject_name(x, o->subject) && X509_set_pubkey(x, o->key));
	assert_true(X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : o->subject));
	add_extension(x, issuer ? issuer : x, NID_basic_constraints, o->constraints);
	add_extension(x, issuer ? issuer : x, NID_key_usage, o->usage);
	add_extension(x, issuer ? issuer : x, NID_ext_key_usage, o->purpose);
	add_extension(x, issuer ? issuer : x, NID_subject_key_identifier, "hash");
	if (issuer)
		add_extension(x, issuer, NID_authority_key_identifier, "keyid");
	assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
	return x;
}

static X509 *make_ca(const char *name, EVP_PKEY *key, int64_t not_after, X509 *issuer,
		     EVP_PKEY *signer)
{
	struct order o = {make_name(NULL, name),	  key, -20, not_after, "critical,CA:TRUE",
			  "critical,keyCertSign,cRLSign", NULL};
	X509 *x = make_certificate(&o, issuer, signer);

	X509_NAME_free(o.subject);
	return x;
}

static void write_certificate(BIO *to, X509 *x, enum upload_shape shape)
{
	if (shape == AS_DER) {
		assert_true(i2d_X509_bio(to, x));
		return;
	}
	if (shape == AS_P7B) {
		STACK_OF(X509) *all = sk_X509_new_null();
		PKCS7 *p = PKCS7_new();

		assert_true(all && p && PKCS7_set_type(p, NID_pkcs7_signed) &&
			    PKCS7_content_new(p, NID_pkcs7_data) && PKCS7_add_certificate(p, x));
		assert_true(PEM_write_bio_PKCS7(to, p));
		PKCS7_free(p);
		sk_X509_free(all);
		return;
	}
	assert_true(PEM_write_bio_X509(to, x));
}

/* The end of an upload that its shape asks for. */
static void write_rest(BIO *to, enum upload_shape shape, const struct keys *k, X509 *root)
{
	if (shape == WITH_TEXT)
		BIO_puts(to, "Certificate:\n");
	else if (shape == WITH_CR)
		BIO_puts(to, "\r\n");
	else if (shape == WITH_KEY)
		assert_true(PEM_write_bio_PrivateKey(to, k->other, NULL, NULL, 0, NULL, NULL));
	else if (shape == WITH_ROOT)
		assert_true(PEM_write_bio_X509(to, root));
	else if (shape == BROKEN)
		BIO_puts(to, "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n");
	else if (shape == HUGE)
		for (int i = 0; i < 66 * 1024; i++)
			BIO_puts(to, "\n");
}

static struct span text_in(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return (struct span){(unsigned char *)data, (size_t)len};
}

static void write_request(BIO *to, const struct scenario *c, EVP_PKEY *key)
{
	X509_REQ *request = X509_REQ_new();
	const char *name = c->requested_name ? c->requested_name
			   : c->common_name  ? c->common_name
					     : "Portal CA";
	X509_NAME *subject = make_name(c->organization, name);

	assert_true(request && X509_REQ_set_subject_name(request, subject) &&
		    X509_REQ_set_pubkey(request, key) &&
		    X509_REQ_sign(request, key, EVP_sha256()) > 0);
	assert_true(PEM_write_bio_X509_REQ(to, request));
	X509_NAME_free(subject);
	X509_REQ_free(request);
}

static X509 *make_portal_certificate(const struct scenario *c, const struct keys *k, X509 *issuer,
				     EVP_PKEY *signer)
{
	const char *usual = c->portal == PORTAL_ZIA ? "critical,CA:TRUE,pathlen:1"
						    : "critical,CA:TRUE,pathlen:0";
	struct order o = {
		make_name(c->organization, c->common_name ? c->common_name : "Portal CA"),
		c->root_key ? signer : k->portal,
		c->not_before ? c->not_before : -1,
		c->not_after ? c->not_after : 100,
		c->constraints ? c->constraints : usual,
		c->usage ? c->usage : "critical,keyCertSign,cRLSign",
		c->purpose,
	};
	X509 *x;

	if (c->root_key) {
		X509_NAME_free(o.subject);
		o.subject = X509_NAME_dup(X509_get_subject_name(issuer));
	}
	x = make_certificate(&o, c->root_key ? NULL : issuer, c->wrong_signer ? k->other : signer);
	X509_NAME_free(o.subject);
	return x;
}

/* between is NULL where the root issued. */
static void write_chain(BIO *to, const struct scenario *c, const struct keys *k, X509 *between,
			X509 *root)
{
	if (between && !c->chain_twisted)
		write_certificate(to, between, PLAIN);
	if (!c->no_chain && c->chain_shape != BROKEN)
		write_certificate(to, root, PLAIN);
	if (between && c->chain_twisted)
		write_certificate(to, between, PLAIN);
	write_rest(to, c->chain_shape, k, root);
}

/* What a scenario says of the CA, in a store of its own. */
struct ca_before {
	char folder[64], path[96];
	struct bytes root;
	struct store *store;
};

static void certify(struct store *store, EVP_PKEY *key, const char *portal, unsigned char serial)
{
	unsigned char hash[SHA256_SIZE], zero[SHA256_SIZE] = {0}, *spki = NULL;
	int len = i2d_PUBKEY(key, &spki);
	struct store_intent intent = {
		.serial = {&serial, 1},
		.profile = *portal ? portal : "server",
		.portal = portal,
		.subject = "CN=a",
		.subject_der = {(const unsigned char *)"\x30\x00", 2},
		.spki_sha256 = {hash, sizeof hash},
		.plan_hash = {zero, sizeof zero},
		.request_sha256 = {zero, sizeof zero},
		.reason = "",
		.not_before = NOW,
		.not_after = NOW + DAY,
	};
	struct error e = {0};

	assert_true(len > 0);
	assert_int_equal(sha256((struct span){spki, (size_t)len}, hash, &e), STATUS_OK);
	assert_int_equal(store_reserve(store, &intent, NOW, &e), STATUS_OK);
	assert_int_equal(store_issue(store, intent.serial, intent.subject_der, NOW, &e), STATUS_OK);
	OPENSSL_free(spki);
}

static void ca_begin(struct ca_before *ca, const struct scenario *c, const struct keys *k,
		     X509 *root, struct preflight *p)
{
	struct error e = {0};

	if (!c->certified_for && !c->other_zpa)
		return;
	strcpy(ca->folder, "/tmp/preflight-XXXXXX");
	assert_non_null(mkdtemp(ca->folder));
	snprintf(ca->path, sizeof ca->path, "%s/store.db", ca->folder);
	assert_int_equal(store_create(ca->path, NOW, &e), STATUS_OK);
	assert_int_equal(store_open(ca->path, STORE_WRITE, &p->store, &e), STATUS_OK);
	if (c->certified_for)
		certify(p->store, k->portal, c->certified_for, 1);
	if (c->other_zpa)
		certify(p->store, k->between, "zpa", 2);
	assert_int_equal(der_encode(root, (i2d_of_void *)i2d_X509, &ca->root, &e), STATUS_OK);
	p->root = span_of(&ca->root);
	store_close(p->store);
	assert_int_equal(store_open(ca->path, STORE_READ, &p->store, &e), STATUS_OK);
	ca->store = p->store;
}

static void ca_end(struct ca_before *ca)
{
	char command[128];

	store_close(ca->store);
	bytes_free(&ca->root);
	snprintf(command, sizeof command, "rm -rf '%s'", ca->folder);
	if (*ca->folder)
		assert_int_equal(system(command), 0);
}

static void run(const struct scenario *c, const struct keys *k, struct findings *findings)
{
	bool deep = c->chain_twisted || c->not_after > 4000;
	X509 *root = make_ca("Root", k->root, 4000, NULL, k->root);
	X509 *between = make_ca("Between", k->between, 6000, root, k->root);
	X509 *x = make_portal_certificate(c, k, deep ? between : root, deep ? k->between : k->root);
	BIO *file = BIO_new(BIO_s_mem()), *request = BIO_new(BIO_s_mem()),
	    *chain = BIO_new(BIO_s_mem());
	struct preflight p = {
		.portal = c->portal, .name = c->name ? c->name : "zia.pem", .now = NOW};
	X509 *own_root = make_ca("Root", c->other_root ? k->other : k->root, 4000, NULL,
				 c->other_root ? k->other : k->root);
	struct ca_before before = {0};
	struct error e = {0};

	assert_true(file && request && chain);
	if (c->shape != BROKEN)
		write_certificate(file, x, c->shape);
	write_rest(file, c->shape, k, root);
	write_request(request, c, c->other_key ? k->other : k->portal);
	write_chain(chain, c, k, deep ? between : NULL, root);
	p.certificate = text_in(file);
	if (!c->no_request)
		p.request = text_in(request);
	p.chain = text_in(chain);
	ca_begin(&before, c, k, own_root, &p);
	if (preflight_check(&p, findings, &e) != STATUS_OK)
		fail_msg("%s: %s", c->id ? c->id : "sound", e.what);
	ca_end(&before);
	X509_free(own_root);
	BIO_free(file);
	BIO_free(request);
	BIO_free(chain);
	X509_free(x);
	X509_free(between);
	X509_free(root);
}

/* Only the findings of the pre-flight: what lint finds has its own tests. */
static bool judge(const struct scenario *c, const struct keys *k)
{
	struct findings findings = {0};
	size_t others = 0;
	bool good;

	run(c, k, &findings);
	for (size_t i = 0; i < findings.count; i++) {
		const char *id = findings.items[i].rule->id;

		if (strncmp(id, "portal_", 7) == 0 || !c->id)
			others += !c->id || strcmp(id, c->id) != 0;
	}
	good = others == 0 && (!c->id || findings_find(&findings, c->id));
	if (!good)
		print_error("%s:\n", c->id ? c->id : "sound");
	for (size_t i = 0; !good && i < findings.count; i++)
		print_error("  %s at %s: %s\n", findings.items[i].rule->id, findings.items[i].where,
			    findings.items[i].message);
	findings_free(&findings);
	return good;
}

static const char *only; /* the rule whose scenarios are looked at; NULL: all */

static void look_at(const char *id)
{
	only = id;
}

static void test_scenarios(void **state)
{
	struct keys k = {make_key(), make_key(), make_key(), make_key()};
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < SCENARIO_COUNT; i++)
		if (!only || (scenarios[i].id && strcmp(only, scenarios[i].id) == 0))
			bad += !judge(&scenarios[i], &k);
	EVP_PKEY_free(k.root);
	EVP_PKEY_free(k.between);
	EVP_PKEY_free(k.portal);
	EVP_PKEY_free(k.other);
	assert_int_equal(bad, 0);
}

static void test_scenarios_fail_without_their_rule(void **state)
{
	size_t count = 0;
	const struct rule *rules = preflight_rules(&count);
	const char **ids = calloc(count, sizeof *ids);

	(void)state;
	assert_non_null(ids);
	for (size_t i = 0; i < count; i++)
		ids[i] = rules[i].id;
	assert_int_equal(count_blind(ids, count, look_at, test_scenarios), 0);
	free(ids);
}

static void test_every_rule_has_a_scenario(void **state)
{
	size_t count = 0, missing = 0;
	const struct rule *rules = preflight_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		assert_true(preflight_rule_portals(i) != 0);
		for (size_t j = 0; j < SCENARIO_COUNT; j++)
			found |= scenarios[j].id && strcmp(scenarios[j].id, rules[i].id) == 0;
		if (!found)
			print_error("no scenario for %s\n", rules[i].id);
		missing += !found;
	}
	assert_int_equal(missing, 0);
}

static void test_lint_speaks_too(void **state)
{
	struct keys k = {make_key(), make_key(), make_key(), make_key()};
	const struct scenario weak = {.portal = PORTAL_ZPA, .constraints = "CA:TRUE,pathlen:0"};
	struct findings findings = {0};

	(void)state;
	run(&weak, &k, &findings);
	assert_non_null(findings_find(&findings, "basic_constraints_critical"));
	findings_free(&findings);
	EVP_PKEY_free(k.root);
	EVP_PKEY_free(k.between);
	EVP_PKEY_free(k.portal);
	EVP_PKEY_free(k.other);
}

static void expect_name(const char *path, const char *mended)
{
	char *name = preflight_mended_name(path);

	assert_string_equal(name, mended);
	free(name);
}

static void test_mended_names(void **state)
{
	(void)state;
	expect_name("zia.pem", "zia.pem");
	expect_name("zia.PEM", "zia.PEM");
	expect_name("zia.crt", "zia.pem");
	expect_name("a.b/zia", "a.b/zia.pem");
	expect_name("a/zia.2026", "a/zia.2026.pem");
	expect_name("a.crt/zia", "a.crt/zia.pem");
	expect_name("./.crt", "./.crt.pem");
	expect_name("zia.P7B", "zia.pem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_scenarios_fail_without_their_rule),
		cmocka_unit_test(test_every_rule_has_a_scenario),
		cmocka_unit_test(test_lint_speaks_too),
		cmocka_unit_test(test_mended_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
