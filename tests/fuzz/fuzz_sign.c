/*
 * From a hostile request to what would be signed: whatever a request claims, with a key and a
 * signature of its own that are good. What lint lets through for any profile must be what that
 * profile says, as OpenSSL reads it. The corpus comes from
 * tests/fuzz/seed-request.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "ca/issue.h"
#include "tests/fuzz/fuzz.h"

/* Some profiles take RSA alone, and others EC. */
enum { APPLICANT_RSA, APPLICANT_EC, APPLICANTS };

static EVP_PKEY *applicant(int kind)
{
	static EVP_PKEY *keys[APPLICANTS];

	if (!keys[kind])
		keys[kind] = kind == APPLICANT_EC ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
	promise(keys[kind] != NULL);
	return keys[kind];
}

/* NULL where the input is no request at all. */
static struct csr_request *prove(struct span input, EVP_PKEY *key)
{
	const unsigned char *at = input.data;
	X509_REQ *claims = d2i_X509_REQ(NULL, &at, (long)input.len);
	struct csr_request *request = NULL;
	unsigned char *der = NULL;
	struct error e = {0};
	int len;

	if (claims && X509_REQ_set_pubkey(claims, key) == 1 &&
	    X509_REQ_sign(claims, key, EVP_sha256()) > 0 &&
	    (len = i2d_X509_REQ(claims, &der)) > 0) {
		enum status s = csr_request_read((struct span){der, (size_t)len}, "request",
						 &request, &e);

		promise_told(s, &e);
		promise((s == STATUS_OK) == (request != NULL));
	}
	OPENSSL_free(der);
	X509_REQ_free(claims);
	ERR_clear_error();
	return request;
}

static struct store *store(void)
{
	static struct store *s;
	struct error e = {0};

	if (!s) {
		const char *path = fuzz_path("store.db");

		promise(store_create(path, FUZZ_NOW, &e) == STATUS_OK);
		promise(store_open(path, STORE_WRITE, &s, &e) == STATUS_OK);
	}
	return s;
}

static void judge(const struct profile *p, const struct cert_plan *plan)
{
	const STACK_OF(X509_EXTENSION) *extensions = plan_extensions(plan);
	int critical = -1;
	BASIC_CONSTRAINTS *basic = X509V3_get_d2i(extensions, NID_basic_constraints, &critical,
						  NULL);
	bool authority = p->kind != PROFILE_LEAF;

	promise(critical >= 0 || !authority);
	promise(!basic || (basic->ca != 0) == authority);
	if (authority) {
		promise(basic && critical == p->basic_constraints_critical);
		promise(p->path_length == PROFILE_PATH_LENGTH_NONE
				? basic->pathlen == NULL
				: basic->pathlen &&
					  ASN1_INTEGER_get(basic->pathlen) == p->path_length);
	}
	BASIC_CONSTRAINTS_free(basic);
	promise(plan_not_before(plan) <= FUZZ_NOW && plan_not_after(plan) > FUZZ_NOW);
	promise(plan_not_after(plan) - plan_not_before(plan) < (p->max_days + 2) * INT64_C(86400));
	promise(X509v3_get_ext_by_NID(extensions, NID_name_constraints, -1) < 0);
	promise(p->subject_alt_name != SAN_NONE ||
		X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1) < 0);
}

static enum status draft(void *context, const char *name, const char *file, struct error *e)
{
	static const struct ca_urls urls;
	const struct profile_path path = {NULL, "templates"};
	struct profile *p = NULL;
	struct issue_order order = {.request = context,
				    .issuer = fuzz_authority(),
				    .urls = &urls,
				    .now = FUZZ_NOW,
				    .fit = true};
	struct issue_draft *d = NULL;
	struct findings f = {0};
	enum status s;

	(void)file;
	promise(profile_load(&path, name, &p, e) == STATUS_OK);
	order.profile = p;
	s = issue_draft(store(), &order, &d, &f, e);
	promise_told(s, e);
	promise((s == STATUS_OK) == (d != NULL));
	promise_findings(&f);
	if (s == STATUS_OK) {
		promise(findings_count(&f, SEVERITY_ERROR) == 0);
		judge(p, issue_draft_plan(d));
	}
	issue_draft_free(d);
	findings_free(&f);
	profile_free(p);
	return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct profile_path path = {NULL, "templates"};
	struct error e = {0};

	for (int kind = 0; kind < APPLICANTS; kind++) {
		struct csr_request *request = prove((struct span){data, size}, applicant(kind));

		if (request)
			promise(profile_each(&path, draft, request, &e) == STATUS_OK);
		csr_request_free(request);
	}
	ERR_clear_error();
	return 0;
}
