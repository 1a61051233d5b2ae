/* The shadow of a chain: what stays as it was, what is new, and what an endpoint makes below it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "trust/endpoint.h"

#define NOW 1800000000
#define DAY 86400

static EVP_PKEY *root_key, *planned_key;
static struct bytes chain[2];

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *make(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
		  const char *constraints)
{
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	ASN1_TIME_set(X509_getm_notBefore(x), NOW - DAY);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + 1000L * DAY);
	X509_set_pubkey(x, key);
	extend(x, issuer ? issuer : x, NID_basic_constraints, constraints);
	extend(x, issuer ? issuer : x, NID_key_usage, "critical,keyCertSign,cRLSign");
	extend(x, issuer ? issuer : x, NID_subject_key_identifier, "hash");
	if (issuer)
		extend(x, issuer, NID_authority_key_identifier, "keyid:always");
	assert_true(X509_sign(x, issuer_key, EVP_sha384()) > 0);
	return x;
}

static void encode(X509 *x, struct bytes *out)
{
	struct error e = {0};

	assert_int_equal(der_encode(x, (i2d_of_void *)i2d_X509, out, &e), STATUS_OK);
}

static void make_chain(const char *cn, const char *constraints)
{
	X509 *root = make("Root", root_key, NULL, root_key, "critical,CA:TRUE");
	X509 *planned = make(cn, planned_key, root, root_key, constraints);

	encode(planned, &chain[0]);
	encode(root, &chain[1]);
	X509_free(planned);
	X509_free(root);
}

static enum status shadow(size_t count, bool weekly, struct shadow *out, struct error *e)
{
	const struct span spans[] = {span_of(&chain[0]), span_of(&chain[1])};
	const struct shadow_order order = {spans, count, weekly, NOW};

	return shadow_make(&order, out, e);
}

static void forget_chain(void)
{
	bytes_free(&chain[0]);
	bytes_free(&chain[1]);
}

static X509 *parse(const struct bytes *der)
{
	const unsigned char *at = der->data;

	return d2i_X509(NULL, &at, (long)der->len);
}

static void same_extensions(const X509 *a, const X509 *b)
{
	assert_int_equal(X509_get_ext_count(a), X509_get_ext_count(b));
	for (int i = 0; i < X509_get_ext_count(a); i++) {
		X509_EXTENSION *x = X509_get_ext(a, i), *y = X509_get_ext(b, i);

		assert_int_equal(
			OBJ_cmp(X509_EXTENSION_get_object(x), X509_EXTENSION_get_object(y)), 0);
		assert_int_equal(X509_EXTENSION_get_critical(x), X509_EXTENSION_get_critical(y));
		assert_int_equal(
			ASN1_STRING_cmp(X509_EXTENSION_get_data(x), X509_EXTENSION_get_data(y)), 0);
	}
}

static void all_is_as_planned_but_the_keys(void **state)
{
	struct shadow s = {0};
	struct error e = {0};

	(void)state;
	make_chain("Planned", "critical,CA:TRUE,pathlen:1");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_OK);
	for (size_t i = 0; i < 2; i++) {
		X509 *was = parse(&chain[i]), *is = s.chain[i].certificate;

		assert_int_equal(
			X509_NAME_cmp(X509_get_subject_name(was), X509_get_subject_name(is)), 0);
		assert_int_equal(X509_cmp_time(X509_get0_notAfter(is), NULL), 1);
		assert_int_equal(ASN1_STRING_cmp(X509_get0_notAfter(was), X509_get0_notAfter(is)),
				 0);
		assert_int_equal(X509_get_signature_nid(was), X509_get_signature_nid(is));
		assert_int_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(was),
						  X509_get0_serialNumber(is)),
				 0);
		same_extensions(was, is);
		/* A throwaway key of the same kind, and the signature is by a throwaway key too. */
		assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(was), X509_get0_pubkey(is)), 0);
		assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(was)),
				 EVP_PKEY_get_bits(X509_get0_pubkey(is)));
		assert_int_equal(X509_verify(is, s.chain[1].key), 1);
		assert_int_not_equal(X509_verify(is, root_key), 1);
		X509_free(was);
	}
	shadow_free(&s);
	forget_chain();
}

static void the_weekly_ca_is_as_zia_makes_it(void **state)
{
	struct shadow s = {0};
	struct error e = {0};
	char cn[80];
	X509 *x;
	int days = 0, seconds = 0;

	(void)state;
	make_chain("Planned", "critical,CA:TRUE,pathlen:1");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_OK);
	x = s.below[0].certificate;
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof cn);
	assert_string_equal(cn, "Planned (t) ");
	assert_int_equal(X509_get_pathlen(x), -1);
	assert_true(X509_get_extension_flags(x) & EXFLAG_CA);
	assert_true(X509_get_ext_by_critical(x, 1, -1) >= 0);
	ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), X509_get0_notAfter(x));
	assert_int_equal(days * DAY + seconds, WEEKLY_DAYS * DAY - 1);
	assert_int_equal(X509_verify(x, s.chain[0].key), 1);
	assert_int_equal(s.too_many, 2);
	shadow_free(&s);
	forget_chain();
}

static void path_lengths_are_counted(void **state)
{
	struct shadow s = {0};
	struct error e = {0};

	(void)state;
	make_chain("Planned", "critical,CA:TRUE,pathlen:0");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_OK);
	assert_int_equal(s.too_many, 1); /* the weekly CA itself */
	shadow_free(&s);
	forget_chain();
	make_chain("Planned", "critical,CA:TRUE");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_OK);
	assert_int_equal(s.too_many, 0);
	shadow_free(&s);
	forget_chain();
}

static void what_cannot_be_rehearsed(void **state)
{
	static const char long_name[] =
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct shadow s = {0};
	struct error e = {0};

	(void)state;
	make_chain("Planned", "critical,CA:FALSE");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_REFUSED);
	forget_chain();
	make_chain("Planned", "critical,CA:TRUE,pathlen:1");
	assert_int_equal(shadow(1, true, &s, &e), STATUS_REFUSED); /* ends in no root */
	forget_chain();
	make_chain(long_name, "critical,CA:TRUE,pathlen:1");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_REFUSED);
	assert_int_equal(shadow(2, false, &s, &e), STATUS_OK);
	shadow_free(&s);
	chain[0].data[1] ^= 0x41;
	assert_int_equal(shadow(2, true, &s, &e), STATUS_INPUT);
	forget_chain();
}

static void sites_with_faults(void **state)
{
	struct shadow s = {0};
	struct error e = {0};
	X509 *x = NULL;

	(void)state;
	make_chain("Planned", "critical,CA:TRUE,pathlen:1");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_OK);
	assert_int_equal(shadow_site(&s.below[0], s.site_key, "a.example", SITE_GOOD, NOW, &x, &e),
			 STATUS_OK);
	assert_int_equal(X509_check_host(x, "a.example", 0, 0, NULL), 1);
	assert_non_null(X509_get0_authority_key_id(x));
	X509_free(x);
	assert_int_equal(shadow_site(&s.below[0], s.site_key, "a.example", SITE_OTHER_HOST, NOW, &x,
				     &e),
			 STATUS_OK);
	assert_int_equal(X509_check_host(x, "a.example", 0, 0, NULL), 0);
	X509_free(x);
	assert_int_equal(shadow_site(&s.below[0], s.site_key, "a.example", SITE_WITHOUT_AKI, NOW,
				     &x, &e),
			 STATUS_OK);
	assert_null(X509_get0_authority_key_id(x));
	X509_free(x);
	/* What a client asks for is no way to write extensions. */
	assert_int_not_equal(shadow_site(&s.below[0], s.site_key, "a,URI:http://x", SITE_GOOD, NOW,
					 &x, &e),
			     STATUS_OK);
	assert_int_not_equal(shadow_site(&s.below[0], s.site_key, "", SITE_GOOD, NOW, &x, &e),
			     STATUS_OK);
	shadow_free(&s);
	forget_chain();
}

static void a_pool_becomes_a_chain(void **state)
{
	STACK_OF(X509) *pool = sk_X509_new_null();
	struct bytes sorted[CHAIN_MAX] = {0};
	struct error e = {0};
	size_t count = 0;
	X509 *root, *planned, *stranger;

	(void)state;
	make_chain("Planned", "critical,CA:TRUE");
	planned = parse(&chain[0]);
	root = parse(&chain[1]);
	/* Of the root's name, but not the one that signed. */
	stranger = make("Root", planned_key, NULL, planned_key, "critical,CA:TRUE");
	sk_X509_push(pool, planned);
	sk_X509_push(pool, stranger);
	assert_int_equal(shadow_sort(pool, sorted, &count, &e), STATUS_NOT_FOUND);
	sk_X509_push(pool, root);
	assert_int_equal(shadow_sort(pool, sorted, &count, &e), STATUS_OK);
	assert_int_equal(count, 2);
	assert_true(span_equal(span_of(&sorted[1]), span_of(&chain[1])));
	while (count)
		bytes_free(&sorted[--count]);
	sk_X509_pop_free(pool, X509_free);
	forget_chain();
}

static void a_port_that_is_taken(void **state)
{
	struct shadow s = {0};
	struct error e = {0};
	struct endpoint *first = NULL, *second = NULL;
	struct endpoint_site site = {0};
	struct endpoint_order order = {.sites = &site, .count = 1, .now = NOW};

	(void)state;
	make_chain("Planned", "critical,CA:TRUE,pathlen:1");
	assert_int_equal(shadow(2, true, &s, &e), STATUS_OK);
	site.issuer = &s.below[0];
	order.site_key = s.site_key;
	assert_int_equal(endpoint_start(&order, &first, &e), STATUS_OK);
	order.port = endpoint_port(first, 0);
	assert_true(order.port > 0);
	assert_int_equal(endpoint_start(&order, &second, &e), STATUS_BUSY);
	assert_false(endpoint_was_asked(first, 0));
	assert_false(endpoint_was_asked(first, ENDPOINT_MARKS));
	endpoint_stop(first);
	shadow_free(&s);
	forget_chain();
}

static int set_up(void **state)
{
	(void)state;
	root_key = EVP_EC_gen("P-384");
	planned_key = EVP_EC_gen("P-256");
	return root_key && planned_key ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(planned_key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_as_planned_but_the_keys),
		cmocka_unit_test(the_weekly_ca_is_as_zia_makes_it),
		cmocka_unit_test(path_lengths_are_counted),
		cmocka_unit_test(what_cannot_be_rehearsed),
		cmocka_unit_test(sites_with_faults),
		cmocka_unit_test(a_pool_becomes_a_chain),
		cmocka_unit_test(a_port_that_is_taken),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
