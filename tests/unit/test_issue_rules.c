/*
 * Every finding that only a CA can give of a request: for each one fixture that trips it and nothing
 * else, and one beside it that trips none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "base/der.h"
#include "ca/issue_rules.h"
#include "ca/issue_step.h"
#include "ca/renew_plan.h"
#include "tests/unit/mute.h"
#include "tests/unit/store_help.h"

/* What the store knows of the request's key already. */
enum before { NOTHING, FOR_ZPA, FOR_ZIA, SIGNED, RESERVED, FAILED };

struct issue_fixture {
	const char *finding;
	bool trips;
	const char *profile;		 /* NULL: zia */
	const char *key;		 /* NULL: RSA; "issuer", or a curve */
	const char *organization, *unit; /* NULL: "Example"; none */
	enum subject_rule rule;		 /* of organizationalUnit, for the profile "asked" */
	enum before before;
};

static const struct issue_fixture fixtures[] = {
	{"issue_key_of_issuer", true, .profile = "asked", .key = "issuer"},
	{"issue_key_of_issuer", false, .profile = "asked", .key = "P-256"},
	{"issue_key_not_allowed", true, .profile = "asked", .key = "P-521"},
	{"issue_key_not_allowed", false, .profile = "asked", .key = "P-384"},
	{"issue_key_other_portal", true, .before = FOR_ZPA},
	{"issue_key_other_portal", false, .before = FOR_ZIA},
	{"issue_subject_forbidden", true, .profile = "asked", .unit = "A",
	 .rule = SUBJECT_FORBIDDEN},
	{"issue_subject_forbidden", false, .profile = "asked", .rule = SUBJECT_FORBIDDEN},
	{"issue_subject_missing", true, .profile = "asked", .rule = SUBJECT_SUPPLIED},
	{"issue_subject_missing", false, .profile = "asked", .unit = "A", .rule = SUBJECT_SUPPLIED},
	/* The issuer's is "Unit". */
	{"issue_subject_differs", true, .profile = "asked", .unit = "A", .rule = SUBJECT_MATCH},
	{"issue_subject_differs", false, .profile = "asked", .unit = "unit", .rule = SUBJECT_MATCH},
	{"issue_subject_unnamed", true, .profile = "narrow", .unit = "A"},
	{"issue_subject_unnamed", false, .profile = "narrow"},
	{"issue_signed_before", true, .before = SIGNED},
	{"issue_signed_before", false, .before = FAILED},
	{"issue_being_signed", true, .before = RESERVED},
	{"issue_being_signed", false, .before = FAILED},
};
#define FIXTURES (sizeof fixtures / sizeof *fixtures)

static EVP_PKEY *issuer_key;
static X509 *issuer;

static X509_NAME *name_of(const char *organization, const char *unit)
{
	X509_NAME *n = X509_NAME_new();
	const struct {
		const char *type, *text;
	} parts[] = {{"O", organization ? organization : "Example"}, {"OU", unit}, {"CN", "A CA"}};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].text)
			assert_int_equal(X509_NAME_add_entry_by_txt(
						 n, parts[i].type, MBSTRING_ASC,
						 (const unsigned char *)parts[i].text, -1, -1, 0),
					 1);
	return n;
}

static void add_to(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static int make_issuer(void **state)
{
	X509_NAME *n = name_of(NULL, "Unit");

	(void)state;
	issuer_key = EVP_EC_gen("P-256");
	issuer = X509_new();
	assert_true(X509_set_version(issuer, X509_VERSION_3) && X509_set_subject_name(issuer, n) &&
		    X509_set_issuer_name(issuer, n) && X509_set_pubkey(issuer, issuer_key));
	assert_int_equal(ASN1_INTEGER_set_uint64(X509_get_serialNumber(issuer), UINT64_MAX), 1);
	ASN1_TIME_set(X509_getm_notBefore(issuer), NOW - SECONDS_PER_DAY);
	ASN1_TIME_set(X509_getm_notAfter(issuer), NOW + 5000 * SECONDS_PER_DAY);
	add_to(issuer, NID_basic_constraints, "critical,CA:TRUE");
	add_to(issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
	add_to(issuer, NID_subject_key_identifier, "01:02:03:04:05");
	assert_true(X509_sign(issuer, issuer_key, EVP_sha256()) > 0);
	assert_int_equal(X509_check_purpose(issuer, -1, 0), 1);
	X509_NAME_free(n);
	return 0;
}

static int free_issuer(void **state)
{
	(void)state;
	X509_free(issuer);
	EVP_PKEY_free(issuer_key);
	return 0;
}

static EVP_PKEY *key_of(const struct issue_fixture *f)
{
	static EVP_PKEY *rsa;

	if (f->key && strcmp(f->key, "issuer") != 0)
		return EVP_EC_gen(f->key);
	if (!f->key && !rsa)
		rsa = EVP_RSA_gen(2048);
	EVP_PKEY_up_ref(f->key ? issuer_key : rsa);
	return f->key ? issuer_key : rsa;
}

static struct csr_request *request_of(const struct issue_fixture *f)
{
	EVP_PKEY *key = key_of(f);
	X509_NAME *n = name_of(f->organization, f->unit);
	X509_REQ *q = X509_REQ_new();
	struct csr_request *request = NULL;
	struct bytes der = {0};
	struct error e = {0};

	assert_true(X509_REQ_set_subject_name(q, n) && X509_REQ_set_pubkey(q, key) &&
		    X509_REQ_sign(q, key, EVP_sha256()) > 0);
	assert_int_equal(der_encode(q, (i2d_of_void *)i2d_X509_REQ, &der, &e), STATUS_OK);
	must(csr_request_read(span_of(&der), "test", &request, &e), &e);
	bytes_free(&der);
	X509_REQ_free(q);
	X509_NAME_free(n);
	EVP_PKEY_free(key);
	return request;
}

static struct profile *profile_of(const struct issue_fixture *f)
{
	const struct profile_path path = {NULL, "templates"};
	struct profile *p = NULL;
	struct error e = {0};

	must(profile_load(&path, f->profile ? "subordinate-ca" : "zia", &p, &e), &e);
	if (!f->profile)
		return p;
	p->subject_count = 2;
	p->subject[0] = (struct subject_policy){NID_commonName, SUBJECT_SUPPLIED};
	p->subject[1] = (struct subject_policy){NID_organizationName, SUBJECT_OPTIONAL};
	p->subject_others = SUBJECT_FORBIDDEN;
	if (strcmp(f->profile, "asked") == 0)
		p->subject[p->subject_count++] = (struct subject_policy){NID_organizationalUnitName,
									 f->rule};
	return p;
}

/* A row as it would stand after another request, or this one, with the same key. */
static void put_before(struct store *store, const struct issue_fixture *f,
		       const struct csr_request *request)
{
	struct store_intent intent = intent_of("\x11", 1);
	unsigned char spki[SHA256_SIZE], same[SHA256_SIZE];
	struct error e = {0};

	must(sha256(csr_request_spki(request), spki, &e), &e);
	must(sha256(csr_request_der(request), same, &e), &e);
	intent.spki_sha256 = (struct span){spki, sizeof spki};
	intent.portal = f->before == FOR_ZPA ? "zpa" : "zia";
	if (f->before >= SIGNED)
		intent.request_sha256 = (struct span){same, sizeof same};
	must(store_reserve(store, &intent, NOW, &e), &e);
	if (f->before == FAILED)
		must(store_fail(store, intent.serial, "power cut", NOW, &e), &e);
	else if (f->before != RESERVED)
		must(store_issue(store, intent.serial, csr_request_der(request), NOW, &e), &e);
}

static void expect_alone(const char *id, bool trips, const struct findings *found,
			 const struct error *e)
{
	for (size_t i = 0; i < found->count; i++)
		if (!trips || strcmp(found->items[i].rule->id, id) != 0)
			fail_msg("%s: %s says: %s", id, found->items[i].rule->id,
				 found->items[i].message);
	if (found->count != trips)
		fail_msg("%s: %zu findings", id, found->count);
	if (!trips)
		return;
	assert_string_equal(e->rule->id, id);
	assert_string_equal(e->what, found->items[0].message);
	assert_int_equal(e->status, STATUS_REFUSED);
}

static void judge(const struct issue_fixture *f)
{
	struct csr_request *request = request_of(f);
	struct profile *profile = profile_of(f);
	struct ca_urls urls = {0};
	struct issue_order order = {.profile = profile,
				    .request = request,
				    .issuer = issuer,
				    .urls = &urls,
				    .now = NOW,
				    .days = 100};
	struct issue_draft *draft = NULL;
	struct findings found = {0};
	struct error e = {0};
	void *state = NULL;
	struct fixture *store;
	enum status s;

	assert_int_equal(store_setup(&state), 0);
	store = state;
	if (f->before)
		put_before(store->store, f, request);
	s = issue_draft(store->store, &order, &draft, &found, &e);
	if (s != (f->trips ? STATUS_REFUSED : STATUS_OK))
		fail_msg("%s: %s: %s", f->finding, e.where, e.what);
	expect_alone(f->finding, f->trips, &found, &e);
	issue_draft_free(draft);
	findings_free(&found);
	profile_free(profile);
	csr_request_free(request);
	assert_int_equal(store_teardown(&state), 0);
}

static const char *only; /* the rule whose fixtures are looked at; NULL: all */

static void look_at(const char *id)
{
	only = id;
}

static bool is_looked_at(const char *id)
{
	return !only || strcmp(only, id) == 0;
}

static void each_fixture_gives_its_finding_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIXTURES; i++)
		if (is_looked_at(fixtures[i].finding))
			judge(&fixtures[i]);
}

/* --- a renewal -------------------------------------------------------------------------------- */

struct renew_fixture {
	const char *finding;
	bool trips;
	const char *portal;
	bool same_key, other_name, ended, revoked;
};

static const struct renew_fixture renewals[] = {
	{"renew_key_of_portal", true, .portal = "zia", .same_key = true},
	{"renew_key_of_portal", false, .portal = "zia"},
	{"renew_key", true, .portal = "", .same_key = true},
	{"renew_key", false, .portal = ""},
	{"renew_subject", true, .portal = "zia", .other_name = true},
	{"renew_subject", false, .portal = "zia"},
	{"renew_ended", true, .portal = "zia", .ended = true},
	{"renew_ended", false, .portal = "zia"},
	{"renew_revoked", true, .portal = "zia", .revoked = true},
	{"renew_revoked", false, .portal = "zia"},
};
#define RENEWALS (sizeof renewals / sizeof *renewals)

static void judge_renewal(const struct renew_fixture *f)
{
	const struct issue_fixture plain = {.finding = ""};
	struct csr_request *request = request_of(&plain);
	unsigned char spki[SHA256_SIZE];
	struct renew_old old = {.subject = (char *)"CN=Old",
				.profile = (char *)"zia",
				.portal = (char *)f->portal,
				.state = f->revoked ? CERT_REVOKED : CERT_ISSUED,
				.not_after = f->ended ? NOW - 1 : NOW};
	struct findings found = {0};
	struct error e = {0};
	enum status s;

	must(sha256(csr_request_spki(request), spki, &e), &e);
	spki[0] ^= !f->same_key;
	old.spki_sha256 = (struct bytes){spki, sizeof spki};
	must(bytes_copy(&old.subject_der, csr_request_subject(request), &e), &e);
	old.subject_der.data[old.subject_der.len - 1] ^= f->other_name;
	s = renew_judge(&old, request, NOW, &found, &e);
	if (f->trips && found.count == 1 && found.items[0].severity == SEVERITY_ERROR)
		assert_int_equal(s, STATUS_REFUSED);
	else
		must(s, &e);
	if (found.count != f->trips || (f->trips && !findings_find(&found, f->finding)))
		fail_msg("%s: %zu findings", f->finding, found.count);
	bytes_free(&old.subject_der);
	findings_free(&found);
	csr_request_free(request);
}

static void each_renewal_gives_its_finding_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < RENEWALS; i++)
		if (is_looked_at(renewals[i].finding))
			judge_renewal(&renewals[i]);
}

/* --- the tables ------------------------------------------------------------------------------- */

static size_t count_issues(const char *id, bool trips)
{
	size_t n = 0;

	for (size_t i = 0; i < FIXTURES; i++)
		n += fixtures[i].trips == trips && strcmp(fixtures[i].finding, id) == 0;
	return n;
}

static size_t count_renewals(const char *id, bool trips)
{
	size_t n = 0;

	for (size_t i = 0; i < RENEWALS; i++)
		n += renewals[i].trips == trips && strcmp(renewals[i].finding, id) == 0;
	return n;
}

static const struct {
	const struct rule *(*rules)(size_t *count);
	size_t (*count)(const char *id, bool trips);
	CMUnitTestFunction test;
} tables[] = {
	{issue_rules, count_issues, each_fixture_gives_its_finding_alone},
	{renew_rules, count_renewals, each_renewal_gives_its_finding_alone},
};

static void each_rule_has_fixtures_that_can_fail(void **state)
{
	size_t blind = 0;

	(void)state;
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		size_t count;
		const struct rule *rules = tables[t].rules(&count);

		for (size_t i = 0; i < count; i++) {
			if (!tables[t].count(rules[i].id, true) ||
			    !tables[t].count(rules[i].id, false))
				fail_msg("%s: not both fixtures", rules[i].id);
			blind += count_blind(&rules[i].id, 1, look_at, tables[t].test);
		}
	}
	assert_int_equal(blind, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fixture_gives_its_finding_alone),
		cmocka_unit_test(each_renewal_gives_its_finding_alone),
		cmocka_unit_test(each_rule_has_fixtures_that_can_fail),
	};

	return cmocka_run_group_tests(tests, make_issuer, free_issuer);
}
