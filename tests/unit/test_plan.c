/* ca/plan.h and ca/extension.h: the same input gives the same bytes, and nothing else goes in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "base/datetime.h"
#include "base/der.h"
#include "ca/plan.h"

#define NOW INT64_C(1800000000)
#define ISSUER_LIFE (3650 * SECONDS_PER_DAY)

/* A CA, a request with extensions of its own, and all that a plan is made from. */
struct world {
	EVP_PKEY *issuer_key, *key;
	X509 *issuer;
	struct csr_request *request;
	struct profile *profile;
	X509_ALGOR *algorithm;
	struct ca_urls urls;
	struct plan_input in;
};

static const unsigned char serial[] = {0x7F, 2, 3};

static X509_NAME *name_of(const char *common_name)
{
	X509_NAME *n = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(n, "O", MBSTRING_ASC,
						    (const unsigned char *)"Example", -1, -1, 0),
			 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
						    (const unsigned char *)common_name, -1, -1, 0),
			 1);
	return n;
}

static X509_EXTENSION *extension(int nid, const char *value)
{
	X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(x);
	return x;
}

static void add_to(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = extension(nid, value);

	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* A SKI that no method yields: the AKI below must be these octets, not a hash made anew. */
static X509 *make_issuer(EVP_PKEY *key, const char *constraints)
{
	X509 *x = X509_new();
	X509_NAME *n = name_of("Root");

	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	assert_int_equal(X509_set_subject_name(x, n), 1);
	assert_int_equal(X509_set_issuer_name(x, n), 1);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	ASN1_TIME_set(X509_getm_notBefore(x), NOW - SECONDS_PER_DAY);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + ISSUER_LIFE);
	add_to(x, NID_basic_constraints, constraints);
	add_to(x, NID_key_usage, "critical,keyCertSign,cRLSign");
	add_to(x, NID_subject_key_identifier, "01:02:03:04:05");
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(X509_check_purpose(x, -1, 0), 1);
	X509_NAME_free(n);
	return x;
}

static struct csr_request *make_request(EVP_PKEY *key)
{
	X509_REQ *q = X509_REQ_new();
	X509_NAME *n = name_of("Inspection");
	STACK_OF(X509_EXTENSION) *wish = sk_X509_EXTENSION_new_null();
	struct csr_request *request = NULL;
	struct bytes der = {0};
	struct error e = {0};

	sk_X509_EXTENSION_push(wish, extension(NID_basic_constraints, "CA:TRUE,pathlen:9"));
	sk_X509_EXTENSION_push(wish, extension(NID_ext_key_usage, "codeSigning"));
	sk_X509_EXTENSION_push(wish, extension(NID_subject_alt_name, "DNS:a.example"));
	assert_int_equal(X509_REQ_set_subject_name(q, n), 1);
	assert_int_equal(X509_REQ_set_pubkey(q, key), 1);
	assert_int_equal(X509_REQ_add_extensions(q, wish), 1);
	assert_true(X509_REQ_sign(q, key, EVP_sha256()) > 0);
	assert_int_equal(der_encode(q, (i2d_of_void *)i2d_X509_REQ, &der, &e), STATUS_OK);
	if (csr_request_read(span_of(&der), "test", &request, &e) != STATUS_OK)
		fail_msg("%s: %s", e.where, e.what);
	bytes_free(&der);
	sk_X509_EXTENSION_pop_free(wish, X509_EXTENSION_free);
	X509_NAME_free(n);
	X509_REQ_free(q);
	return request;
}

static void load(struct world *w, const char *profile)
{
	const struct profile_path path = {NULL, "templates"};
	struct error e = {0};

	profile_free(w->profile);
	if (profile_load(&path, profile, &w->profile, &e) != STATUS_OK)
		fail_msg("%s: %s", e.where, e.what);
	w->in.profile = w->profile;
}

static int setup(void **state)
{
	static struct world w;

	w = (struct world){.issuer_key = EVP_EC_gen("P-256"), .key = EVP_RSA_gen(2048)};
	w.issuer = make_issuer(w.issuer_key, "critical,CA:TRUE,pathlen:2");
	w.request = make_request(w.key);
	w.algorithm = X509_ALGOR_new();
	X509_ALGOR_set0(w.algorithm, OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF, NULL);
	w.in = (struct plan_input){.request = w.request,
				   .issuer = w.issuer,
				   .urls = &w.urls,
				   .algorithm = w.algorithm,
				   .serial = {serial, sizeof serial},
				   .now = NOW};
	load(&w, "zia");
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	profile_free(w->profile);
	csr_request_free(w->request);
	X509_ALGOR_free(w->algorithm);
	X509_free(w->issuer);
	EVP_PKEY_free(w->key);
	EVP_PKEY_free(w->issuer_key);
	return 0;
}

static struct cert_plan *plan(const struct plan_input *in)
{
	struct cert_plan *p = NULL;
	struct error e = {0};

	if (plan_make(in, &p, &e) != STATUS_OK)
		fail_msg("%s: %s", e.where, e.what);
	return p;
}

static enum status refused(const struct plan_input *in, const char *says)
{
	struct cert_plan *p = NULL;
	struct error e = {0};
	enum status s = plan_make(in, &p, &e);

	assert_null(p);
	if (s != STATUS_OK && !strstr(e.what, says) && !strstr(e.todo, says))
		fail_msg("says \"%s; %s\", not \"%s\"", e.what, e.todo, says);
	return s;
}

/* As a certificate with a signature that nobody made, so that OpenSSL reads it. */
static X509 *certificate_of(const struct cert_plan *p, const X509_ALGOR *algorithm)
{
	struct bytes der = {0};
	struct error e = {0};
	const unsigned char *at;
	X509 *x;

	assert_int_equal(der_signed_build(plan_tbs(p), algorithm, (struct span){serial, 3}, &der,
					  &e),
			 STATUS_OK);
	at = der.data;
	x = d2i_X509(NULL, &at, (long)der.len);
	assert_non_null(x);
	bytes_free(&der);
	return x;
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	struct world *w = *state;
	struct cert_plan *a = plan(&w->in), *b = plan(&w->in), *c;
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct span tbs = plan_tbs(a);

	assert_true(span_equal(tbs, plan_tbs(b)));
	SHA256(tbs.data, tbs.len, hash);
	assert_memory_equal(plan_hash(a), hash, sizeof hash);
	w->in.now++;
	c = plan(&w->in);
	assert_false(span_equal(tbs, plan_tbs(c)));
	assert_memory_not_equal(plan_hash(a), plan_hash(c), sizeof hash);
	plan_free(c);
	plan_free(b);
	plan_free(a);
}

static void subject_and_key_are_the_requests_byte_for_byte(void **state)
{
	struct world *w = *state;
	struct cert_plan *p = plan(&w->in);
	X509 *x = certificate_of(p, w->algorithm);
	unsigned char *spki = NULL, *subject = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);

	assert_true(span_equal((struct span){spki, (size_t)len}, csr_request_spki(w->request)));
	len = i2d_X509_NAME(X509_get_subject_name(x), &subject);
	assert_true(
		span_equal((struct span){subject, (size_t)len}, csr_request_subject(w->request)));
	assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(w->issuer)),
			 0);
	assert_int_equal(X509_get_version(x), X509_VERSION_3);
	assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(x)), 3);
	assert_memory_equal(ASN1_STRING_get0_data(X509_get0_serialNumber(x)), serial, 3);
	OPENSSL_free(spki);
	OPENSSL_free(subject);
	X509_free(x);
	plan_free(p);
}

static void the_authority_key_identifier_is_the_issuers_verbatim(void **state)
{
	struct world *w = *state;
	struct cert_plan *p = plan(&w->in);
	X509 *x = certificate_of(p, w->algorithm);
	unsigned char want[SHA_DIGEST_LENGTH];
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(x);

	assert_int_equal(ASN1_STRING_length(X509_get0_authority_key_id(x)), 5);
	assert_memory_equal(ASN1_STRING_get0_data(X509_get0_authority_key_id(x)),
			    "\x01\x02\x03\x04\x05", 5);
	SHA1(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), want);
	assert_int_equal(ASN1_STRING_length(X509_get0_subject_key_id(x)), sizeof want);
	assert_memory_equal(ASN1_STRING_get0_data(X509_get0_subject_key_id(x)), want, sizeof want);
	X509_free(x);
	plan_free(p);
}

static void nothing_is_copied_that_no_rule_names(void **state)
{
	static const int wanted[] = {NID_basic_constraints, NID_key_usage,
				     NID_subject_key_identifier, NID_authority_key_identifier};
	struct world *w = *state;
	struct cert_plan *p = plan(&w->in);
	const STACK_OF(X509_EXTENSION) *list = plan_extensions(p);
	X509 *x = certificate_of(p, w->algorithm);

	assert_int_equal(sk_X509_EXTENSION_num(list), 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			OBJ_obj2nid(X509_EXTENSION_get_object(sk_X509_EXTENSION_value(list, i))),
			wanted[i]);
	/* Not the 9 that was asked for. */
	assert_int_equal(X509_get_pathlen(x), 1);
	X509_free(x);
	plan_free(p);
}

static void urls_and_names_go_in_where_the_profile_says_so(void **state)
{
	struct world *w = *state;
	char crl[] = "http://pki.example/root.crl", ocsp[] = "http://ocsp.example";
	char delta[] = "http://pki.example/delta.crl";
	struct cert_plan *p;
	X509 *x;
	GENERAL_NAMES *names;

	w->urls = (struct ca_urls){.crl = crl, .delta_crl = delta, .ocsp = ocsp};
	load(w, "server");
	p = plan(&w->in);
	x = certificate_of(p, w->algorithm);
	assert_true(X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0);
	assert_true(X509_get_ext_by_NID(x, NID_info_access, -1) >= 0);
	assert_true(X509_get_ext_by_NID(x, NID_freshest_crl, -1) < 0);
	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	assert_int_equal(X509_get_extended_key_usage(x) & XKU_CODE_SIGN, 0);
	GENERAL_NAMES_free(names);
	X509_free(x);
	plan_free(p);
	w->profile->freshest_crl = true;
	p = plan(&w->in);
	x = certificate_of(p, w->algorithm);
	assert_true(X509_get_ext_by_NID(x, NID_freshest_crl, -1) >= 0);
	assert_false(X509_EXTENSION_get_critical(
		X509_get_ext(x, X509_get_ext_by_NID(x, NID_freshest_crl, -1))));
	X509_free(x);
	plan_free(p);
	w->urls.crl = NULL;
	p = plan(&w->in);
	x = certificate_of(p, w->algorithm);
	assert_true(X509_get_ext_by_NID(x, NID_freshest_crl, -1) < 0);
	X509_free(x);
	plan_free(p);
	w->urls = (struct ca_urls){0};
	p = plan(&w->in);
	x = certificate_of(p, w->algorithm);
	assert_true(X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) < 0);
	assert_true(X509_get_ext_by_NID(x, NID_info_access, -1) < 0);
	X509_free(x);
	plan_free(p);
}

static void only_what_the_issuer_grants_is_planned(void **state)
{
	static const struct {
		const char *constraints;
		enum status zia, zia_hsm; /* of path length 1 and 0 */
	} cases[] = {
		{"critical,CA:TRUE", STATUS_OK, STATUS_OK},
		{"critical,CA:TRUE,pathlen:2", STATUS_OK, STATUS_OK},
		{"critical,CA:TRUE,pathlen:1", STATUS_REFUSED, STATUS_OK},
		{"critical,CA:TRUE,pathlen:0", STATUS_REFUSED, STATUS_REFUSED},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct {
			const char *profile;
			enum status wanted;
		} both[] = {{"zia", cases[i].zia}, {"zia-hsm", cases[i].zia_hsm}};

		X509_free(w->issuer);
		w->issuer = make_issuer(w->issuer_key, cases[i].constraints);
		w->in.issuer = w->issuer;
		for (size_t k = 0; k < 2; k++) {
			load(w, both[k].profile);
			if (both[k].wanted == STATUS_OK)
				plan_free(plan(&w->in));
			else
				assert_int_equal(refused(&w->in, "path"), STATUS_REFUSED);
		}
	}
}

static void an_issuer_that_is_over_or_no_ca_issues_nothing(void **state)
{
	struct world *w = *state;

	w->in.now = NOW + ISSUER_LIFE + 1;
	assert_int_equal(refused(&w->in, "ended at"), STATUS_REFUSED);
	w->in.now = NOW;
	X509_free(w->issuer);
	w->issuer = make_issuer(w->issuer_key, "critical,CA:FALSE");
	w->in.issuer = w->issuer;
	assert_int_equal(refused(&w->in, "CA"), STATUS_REFUSED);
}

static void a_life_that_does_not_fit_is_refused_or_shortened(void **state)
{
	struct world *w = *state;
	struct cert_plan *p;

	load(w, "subordinate-ca");
	w->in.not_after = NOW + ISSUER_LIFE + 1;
	w->profile->max_days = 10000;
	assert_int_equal(refused(&w->in, "--days 3650"), STATUS_REFUSED);
	w->in.fit = true;
	p = plan(&w->in);
	assert_true(plan_was_shortened(p));
	assert_true(plan_not_after(p) == NOW + ISSUER_LIFE);
	plan_free(p);
	w->in.fit = false;
	w->in.not_after--;
	p = plan(&w->in);
	assert_false(plan_was_shortened(p));
	plan_free(p);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(the_same_input_gives_the_same_bytes),
		WITH_WORLD(subject_and_key_are_the_requests_byte_for_byte),
		WITH_WORLD(the_authority_key_identifier_is_the_issuers_verbatim),
		WITH_WORLD(nothing_is_copied_that_no_rule_names),
		WITH_WORLD(urls_and_names_go_in_where_the_profile_says_so),
		WITH_WORLD(only_what_the_issuer_grants_is_planned),
		WITH_WORLD(an_issuer_that_is_over_or_no_ca_issues_nothing),
		WITH_WORLD(a_life_that_does_not_fit_is_refused_or_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
