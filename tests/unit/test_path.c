#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/pem.h>

#include "base/der.h"
#include "ca/path.h"
#include "tests/unit/mute.h"
#include "tests/unit/path_cases.h"

static int64_t now;
static const char *only; /* the rule whose cases are looked at; NULL: all */

static void look_at(const char *id)
{
	only = id;
}

static bool is_looked_at(const char *rule)
{
	return !only || (rule && strcmp(only, rule) == 0);
}

static struct bytes der_of(X509 *x)
{
	struct bytes der = {0};
	struct error e;

	assert_int_equal(der_encode(x, (i2d_of_void *)i2d_X509, &der, &e), STATUS_OK);
	return der;
}

static struct path_pool *pool_of(const struct path_made *m)
{
	struct path_pool *pool = NULL;
	struct error e;

	assert_int_equal(path_pool_new(&pool, &e), STATUS_OK);
	for (size_t i = 1; i < m->count; i++) {
		struct bytes der = {0};

		if (!m->certificates[i])
			continue;
		der = der_of(m->certificates[i]);
		assert_int_equal(i + 1 == m->count
					 ? path_pool_add_root(pool, span_of(&der), i, &e)
					 : path_pool_add_certificate(pool, span_of(&der), i, &e),
				 STATUS_OK);
		bytes_free(&der);
	}
	return pool;
}

static void check_made(const struct path_made *m, const struct path_options *o, struct path *out)
{
	struct path_pool *pool = pool_of(m);
	struct bytes der = der_of(m->certificates[0]);
	struct error e;

	assert_int_equal(path_check(pool, span_of(&der), o, out, &e), STATUS_OK);
	path_pool_free(pool);
	bytes_free(&der);
}

static void print_findings(const char *name, const struct path *p)
{
	print_error("%s:\n", name);
	for (size_t i = 0; i < p->count; i++)
		for (size_t n = 0; n < p->links[i].findings.count; n++) {
			const struct finding *f = &p->links[i].findings.items[n];

			print_error("  link %zu: %s %s: %s\n", i, severity_name(f->severity),
				    f->rule->id, f->message);
		}
}

static enum severity severity_of(const char *rule)
{
	size_t count;
	const struct rule *rules = path_rules(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].id, rule) == 0)
			return rules[i].severity;
	return SEVERITY_ERROR; /* one of lint's */
}

static bool is_as_expected(const struct path_case *c, const struct path *p)
{
	const struct finding *f;

	if (!c->rule)
		return path_is_good(p);
	if (path_is_good(p) != (severity_of(c->rule) < SEVERITY_ERROR) || c->link >= p->count)
		return false;
	f = findings_find(&p->links[c->link].findings, c->rule);
	return f && f->severity == severity_of(c->rule) && f->message[0];
}

static void every_case_has_its_verdict(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < path_case_count; i++) {
		const struct path_case *c = &path_cases[i];
		struct path_options o = {.time = now, .purpose = c->purpose};
		struct path_made made;
		struct path path = {0};

		if (!is_looked_at(c->rule))
			continue;
		path_make(c, now, &made);
		check_made(&made, &o, &path);
		if (!is_as_expected(c, &path)) {
			wrong++;
			print_findings(c->name, &path);
		}
		path_free(&path);
		path_made_free(&made);
	}
	assert_int_equal(wrong, 0);
}

/* Good or refused, and by this rule at this link. */
static void expect(const struct path_made *m, const struct path_options *o, const char *rule,
		   size_t link)
{
	struct path_case c = {.rule = rule, .link = link};
	struct path path = {0};

	check_made(m, o, &path);
	if (!is_as_expected(&c, &path)) {
		print_findings(rule ? rule : "good", &path);
		fail();
	}
	path_free(&path);
}

/* RFC 5280 4.1.2.5: through notAfter, inclusive; OpenSSL 3.0 ends a second earlier. */
static void last_second_counts(void **state)
{
	struct path_options o = {.purpose = PATH_SERVER};
	struct path_made made;

	(void)state;
	path_make(path_case_find("good"), now, &made);
	o.time = now + 300 * INT64_C(86400);
	expect(&made, &o, NULL, 0);
	o.time++;
	expect(&made, &o, "path_expired", 0);
	o.time = now - INT64_C(86400);
	expect(&made, &o, NULL, 0);
	o.time--;
	expect(&made, &o, "path_not_yet_valid", 0);
	path_made_free(&made);
}

static void level_host_and_purpose(void **state)
{
	struct path_options o = {.time = now, .level = PATH_RFC5280};
	struct path_made made;

	(void)state;
	path_make(path_case_find("sha1-leaf"), now, &made);
	expect(&made, &o, NULL, 0);
	o.level = PATH_STRICT;
	expect(&made, &o, "signature_algorithm_weak", 0);
	path_made_free(&made);
	path_make(path_case_find("good"), now, &made);
	o.host = "host.example.org";
	expect(&made, &o, NULL, 0);
	o.host = "192.0.2.1";
	expect(&made, &o, "path_host", 0);
	o.host = NULL;
	o.purpose = PATH_CA;
	expect(&made, &o, "path_not_ca", 0);
	path_made_free(&made);
}

static void policies_are_asked_for(void **state)
{
	static const char *const wanted[] = {"1.2.3.4", NULL}, *const other[] = {"1.2.3.5", NULL};
	const struct path_case with = {"policy",
				       {"leaf +certificatePolicies=DER:3007300506032a0304",
					"ca +certificatePolicies=DER:3007300506032a0304", "root"},
				       NULL,
				       0,
				       PATH_SERVER};
	struct path_options o = {.time = now, .policies = wanted, .explicit_policy = true};
	struct path_made made;

	(void)state;
	path_make(&with, now, &made);
	expect(&made, &o, NULL, 0);
	o.policies = other;
	expect(&made, &o, "path_policy", 0);
	path_made_free(&made);
	path_make(path_case_find("good"), now, &made);
	expect(&made, &o, "path_policy", 0);
	o.explicit_policy = false;
	expect(&made, &o, NULL, 0);
	path_made_free(&made);
}

static void add_one(struct path_pool *pool, X509 *x, bool root)
{
	struct bytes der = der_of(x);
	struct error e;

	assert_int_equal(root ? path_pool_add_root(pool, span_of(&der), 7, &e)
			      : path_pool_add_certificate(pool, span_of(&der), 7, &e),
			 STATUS_OK);
	bytes_free(&der);
}

/* Of two certificates that may be the issuer, the one that is. */
static void right_issuer_is_found(void **state)
{
	struct path_options o = {.time = now};
	struct path_case bad = *path_case_find("other-ca-without-ids"), good = bad;
	struct path_made wrong, right;
	struct path_pool *pool;
	struct path path = {0};
	struct bytes leaf;
	struct error e;

	(void)state;
	good.certificates[1] = "ca";
	path_make(&bad, now, &wrong);
	path_make(&good, now, &right);
	pool = pool_of(&wrong);
	add_one(pool, right.certificates[1], false);
	add_one(pool, right.certificates[2], true);
	leaf = der_of(right.certificates[0]);
	assert_int_equal(path_check(pool, span_of(&leaf), &o, &path, &e), STATUS_OK);
	assert_null(findings_find(&path.links[0].findings, "path_signature"));
	assert_int_equal(path.count, 3);
	assert_int_equal(path.links[1].tag, 7);
	path_free(&path);
	bytes_free(&leaf);
	path_pool_free(pool);
	path_made_free(&wrong);
	path_made_free(&right);
}

/* The root's copy among the CAs is no root; a CA among the roots is an anchor. */
static void what_is_an_anchor(void **state)
{
	struct path_options o = {.time = now};
	struct path_pool *pool = NULL;
	struct path path = {0};
	struct path_made m;
	struct bytes leaf;
	struct error e;

	(void)state;
	path_make(path_case_find("good"), now, &m);
	leaf = der_of(m.certificates[0]);
	assert_int_equal(path_pool_new(&pool, &e), STATUS_OK);
	add_one(pool, m.certificates[1], false);
	add_one(pool, m.certificates[2], false);
	assert_int_equal(path_check(pool, span_of(&leaf), &o, &path, &e), STATUS_OK);
	assert_false(path_is_good(&path));
	assert_non_null(findings_find(&path.links[2].findings, "path_untrusted"));
	path_free(&path);
	path_pool_cut(pool, 0);
	add_one(pool, m.certificates[1], true);
	assert_int_equal(path_check(pool, span_of(&leaf), &o, &path, &e), STATUS_OK);
	assert_true(path_is_good(&path));
	assert_non_null(findings_find(&path.links[1].findings, "path_anchor_between"));
	assert_true(path.links[1].anchor);
	path_free(&path);
	path_pool_free(pool);
	bytes_free(&leaf);
	path_made_free(&m);
}

/* CA number i of a chain without end. */
static X509 *make_step(int i)
{
	char own[60], above[60];
	struct path_case step = {"step", {own, above}, NULL, 0, PATH_ANY};
	struct path_made m;
	X509 *x;

	snprintf(own, sizeof own, "ca name=N%d key=ca1", i);
	snprintf(above, sizeof above, "ca name=N%d key=ca1", i + 1);
	path_make(&step, now, &m);
	x = m.certificates[0];
	m.certificates[0] = NULL;
	path_made_free(&m);
	return x;
}

static void no_path_is_endless(void **state)
{
	struct path_options o = {.time = now, .level = PATH_RFC5280};
	struct path_pool *pool = NULL;
	struct path path = {0};
	struct bytes leaf = {0};
	struct error e;

	(void)state;
	assert_int_equal(path_pool_new(&pool, &e), STATUS_OK);
	for (int i = 0; i < 2 * PATH_MAX_LINKS; i++) {
		X509 *x = make_step(i);

		if (i == 0)
			leaf = der_of(x);
		add_one(pool, x, i + 1 == 2 * PATH_MAX_LINKS);
		X509_free(x);
	}
	assert_int_equal(path_check(pool, span_of(&leaf), &o, &path, &e), STATUS_OK);
	assert_in_range(path.count, PATH_MAX_LINKS - 1, PATH_MAX_LINKS);
	assert_non_null(findings_find(&path.links[path.count - 1].findings, "path_too_long"));
	assert_null(findings_find(&path.links[path.count - 1].findings, "path_unexplained"));
	path_free(&path);
	path_pool_free(pool);
	bytes_free(&leaf);
}

static void what_is_no_certificate_is_refused(void **state)
{
	static const char *const policies[] = {"no oid", NULL};
	const struct path_options o = {.time = now}, policy = {.policies = policies};
	const struct span junk = {(const unsigned char *)"\x30\x03\x02\x01\x01", 5};
	struct path_pool *pool = NULL;
	struct path path = {0};
	struct path_made m;
	struct bytes leaf;
	struct error e;

	(void)state;
	assert_int_equal(path_pool_new(&pool, &e), STATUS_OK);
	assert_int_equal(path_pool_add_root(pool, junk, 0, &e), STATUS_INPUT);
	assert_int_equal(path_pool_add_crl(pool, junk, &e), STATUS_INPUT);
	assert_int_equal(path_check(pool, junk, &o, &path, &e), STATUS_INPUT);
	path_make(path_case_find("good"), now, &m);
	leaf = der_of(m.certificates[0]);
	leaf.len--;
	assert_int_equal(path_check(pool, span_of(&leaf), &o, &path, &e), STATUS_INPUT);
	leaf.len++;
	assert_int_equal(path_check(pool, span_of(&leaf), &policy, &path, &e), STATUS_USAGE);
	path_pool_free(pool);
	bytes_free(&leaf);
	path_made_free(&m);
}

/* --- CRLs ------------------------------------------------------------------------------------- */

/* Of the certificate above at, from yesterday to tomorrow. revoked: a serial, or NULL. */
static struct bytes make_crl(const struct path_case *c, const struct path_made *m, size_t at,
			     const char *signer, const ASN1_INTEGER *revoked)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(now - 86400));
	struct path_case other = {"signer", {signer}, NULL, 0, PATH_ANY};
	struct bytes der = {0};
	struct error e;

	assert_true(X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1);
	assert_true(X509_CRL_set_issuer_name(crl, X509_get_subject_name(m->certificates[at])) == 1);
	assert_true(X509_CRL_set1_lastUpdate(crl, t) == 1);
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		assert_true(X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)revoked) == 1);
		assert_true(X509_REVOKED_set_revocationDate(entry, t) == 1);
		assert_true(X509_CRL_add0_revoked(crl, entry) == 1);
	}
	assert_non_null(ASN1_TIME_set(t, (time_t)(now + 86400)));
	assert_true(X509_CRL_set1_nextUpdate(crl, t) == 1);
	assert_true(X509_CRL_sign(crl, signer ? path_case_key(&other, 0) : path_case_key(c, at),
				  EVP_sha256()) > 0);
	assert_int_equal(der_encode(crl, (i2d_of_void *)i2d_X509_CRL, &der, &e), STATUS_OK);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
	return der;
}

/* Leaf and CA of the good chain, with a CRL of each one above; expects rule at link 0. */
static void expect_with_crls(struct path_options o, const char *signer, bool revoked,
			     const char *rule, enum severity severity)
{
	const struct path_case *c = path_case_find("good");
	struct path_made m;
	struct path_pool *pool;
	struct path path = {0};
	struct bytes leaf, crls[2];
	const struct finding *f;
	struct error e;

	path_make(c, now, &m);
	pool = pool_of(&m);
	leaf = der_of(m.certificates[0]);
	crls[0] = make_crl(c, &m, 1, signer,
			   revoked ? X509_get0_serialNumber(m.certificates[0]) : NULL);
	crls[1] = make_crl(c, &m, 2, NULL, NULL);
	for (int i = rule && strcmp(rule, "path_crl_missing") == 0; i < 2; i++)
		assert_int_equal(path_pool_add_crl(pool, span_of(&crls[i]), &e), STATUS_OK);
	assert_int_equal(path_check(pool, span_of(&leaf), &o, &path, &e), STATUS_OK);
	f = rule ? findings_find(&path.links[0].findings, rule) : NULL;
	if (rule ? !f || f->severity != severity : !path_is_good(&path)) {
		print_findings(rule ? rule : "good", &path);
		fail();
	}
	assert_int_equal(path_is_good(&path), !rule || severity != SEVERITY_ERROR);
	/* Nobody is told that it was revoked on the word of a stranger. */
	if (signer)
		assert_null(findings_find(&path.links[0].findings, "path_revoked"));
	path_free(&path);
	bytes_free(&crls[0]);
	bytes_free(&crls[1]);
	bytes_free(&leaf);
	path_pool_free(pool);
	path_made_free(&m);
}

static void crls_count(void **state)
{
	struct path_options o = {.time = now, .level = PATH_RFC5280}, required = o, later = o;

	(void)state;
	required.crl_required = true;
	expect_with_crls(required, NULL, false, NULL, SEVERITY_ERROR);
	expect_with_crls(o, NULL, true, "path_revoked", SEVERITY_ERROR);
	expect_with_crls(o, NULL, false, "path_crl_missing", SEVERITY_NOTICE);
	expect_with_crls(required, NULL, false, "path_crl_missing", SEVERITY_ERROR);
	expect_with_crls(o, "ca key=other", true, "path_crl_unusable", SEVERITY_ERROR);
	/* RFC 5280 6.3.3 (a): outdated after nextUpdate, not at it. */
	later.time = now + 86400;
	expect_with_crls(later, NULL, false, NULL, SEVERITY_ERROR);
	later.time++;
	expect_with_crls(later, NULL, false, "path_crl_outdated", SEVERITY_ERROR);
}

/* --- the table -------------------------------------------------------------------------------- */

/* Rules whose cases stand elsewhere in this file, and where. */
static const struct {
	const char *id;
	CMUnitTestFunction test;
} elsewhere[] = {
	{"path_untrusted", what_is_an_anchor}, {"path_anchor_between", what_is_an_anchor},
	{"path_host", level_host_and_purpose}, {"path_policy", policies_are_asked_for},
	{"path_too_long", no_path_is_endless}, {"path_revoked", crls_count},
	{"path_crl_missing", crls_count},      {"path_crl_outdated", crls_count},
	{"path_crl_unusable", crls_count},
};

/* Those are in test_path_file.c. */
static bool is_of_files(size_t rule)
{
	return path_rule_applies(rule) & (PATH_RULE_CHAIN | PATH_RULE_BUNDLE);
}

static CMUnitTestFunction test_of(const char *id)
{
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (strcmp(elsewhere[i].id, id) == 0)
			return elsewhere[i].test;
	for (size_t i = 0; i < path_case_count; i++)
		if (path_cases[i].rule && strcmp(path_cases[i].rule, id) == 0)
			return every_case_has_its_verdict;
	return NULL;
}

static void every_rule_s_test_can_fail(void **state)
{
	size_t count, blind = 0;
	const struct rule *rules = path_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		if (!is_of_files(i))
			blind += count_blind(&rules[i].id, 1, look_at, test_of(rules[i].id));
	assert_int_equal(blind, 0);
}

static void every_rule_has_a_case(void **state)
{
	size_t count;
	const struct rule *rules = path_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(path_rule_applies(i) != 0);
		assert_true(rules[i].why[0] && rules[i].todo[0] && rules[i].reference[0]);
		if (!is_of_files(i) && !test_of(rules[i].id))
			fail_msg("%s has no case", rules[i].id);
		for (size_t n = 0; n < i; n++)
			assert_string_not_equal(rules[i].id, rules[n].id);
	}
	assert_int_equal(path_rule_applies(count), 0);
}

/* --- for other verifiers ---------------------------------------------------------------------- */

static void write_key(const char *folder, EVP_PKEY *key)
{
	char path[500];
	FILE *to;

	snprintf(path, sizeof path, "%s/key.pem", folder);
	to = fopen(path, "w");
	if (!to || PEM_write_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) != 1 || fclose(to) != 0)
		exit(1);
}

/* FOLDER/CASE/leaf.pem with its key.pem, chain.pem and root.pem. */
static void write_one(const char *folder, const char *name, X509 *const *certificates, size_t count)
{
	char path[500];
	FILE *to;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	to = fopen(path, "w");
	if (!to) {
		perror(path);
		exit(1);
	}
	for (size_t i = 0; i < count; i++)
		if (certificates[i] && PEM_write_X509(to, certificates[i]) != 1)
			exit(1);
	fclose(to);
}

static int write_cases(const char *folder)
{
	for (size_t i = 0; i < path_case_count; i++) {
		const struct path_case *c = &path_cases[i];
		struct path_made m;
		char path[400];

		snprintf(path, sizeof path, "%s/%s", folder, c->name);
		if (mkdir(path, 0700) != 0) {
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
			return 1;
		}
		path_make(c, now, &m);
		write_one(path, "leaf.pem", m.certificates, 1);
		write_one(path, "chain.pem", m.certificates + 1, m.count - 2);
		write_one(path, "root.pem", m.certificates + m.count - 1, 1);
		write_key(path, path_case_key(c, 0));
		path_made_free(&m);
		printf("%s %s\n", c->name, c->rule ? c->rule : "good");
	}
	path_keys_free();
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_has_its_verdict),
		cmocka_unit_test(last_second_counts),
		cmocka_unit_test(level_host_and_purpose),
		cmocka_unit_test(policies_are_asked_for),
		cmocka_unit_test(right_issuer_is_found),
		cmocka_unit_test(what_is_an_anchor),
		cmocka_unit_test(no_path_is_endless),
		cmocka_unit_test(what_is_no_certificate_is_refused),
		cmocka_unit_test(crls_count),
		cmocka_unit_test(every_rule_has_a_case),
		cmocka_unit_test(every_rule_s_test_can_fail),
	};
	int failed;

	now = time(NULL);
	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_cases(argv[2]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	path_keys_free();
	return failed;
}
