/*
 * The reader of requests, the judges of their key and name, and who made them, over any bytes. The
 * corpus comes from tests/fuzz/seed-request.
 */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "csr/input.h"
#include "csr/key.h"
#include "csr/maker.h"
#include "csr/name_judge.h"
#include "csr/request.h"
#include "tests/fuzz/fuzz.h"

static void judge(EVP_PKEY *key, const X509_NAME *name)
{
	struct findings f = {0};
	struct error e = {0};

	if (key)
		promise(csr_key_check(key, &f, &e) == STATUS_OK || e.status != STATUS_OK);
	promise(csr_name_check(name, "zia", &f, &e) == STATUS_OK);
	promise_findings(&f);
	findings_free(&f);
}

static enum status count_one(void *context, struct span der, struct error *e)
{
	(void)e;
	promise(der.len > 0);
	++*(size_t *)context;
	return STATUS_OK;
}

/* Where there is one, and only there, it is the one that is taken alone. */
static void read_several(struct span input)
{
	struct bytes der = {0};
	struct error e = {0};
	size_t count = 0;
	enum status all = csr_input_each(input, count_one, &count, &e);

	promise(all == STATUS_OK || (all == STATUS_INPUT && count == 0 && e.what[0]));
	promise((csr_input_der(input, &der, &e) == STATUS_OK) == (count == 1));
	bytes_free(&der);
}

static void read_whole(struct span input)
{
	struct csr_request *r = NULL;
	struct error e = {0};
	enum status s = csr_request_read(input, "request", &r, &e);

	promise((s == STATUS_OK) == (r != NULL));
	promise(s == STATUS_OK || (e.status == s && e.what[0] && e.where[0]));
	promise(s == STATUS_OK || s == STATUS_INPUT || s == STATUS_REFUSED);
	if (r)
		judge(csr_request_key(r), csr_request_name(r));
	csr_request_free(r);
}

static void guess(X509_REQ *q)
{
	struct csr_maker maker = csr_maker_guess(q);
	struct csr_attributes attributes;
	struct error e = {0};

	promise(!maker.name || (maker.why && maker_sure_name(maker.sure)));
	promise(csr_attributes_read(q, &attributes, &e) == STATUS_OK);
	csr_attributes_free(&attributes);
}

/* Almost no mutation keeps its signature: what the reader would refuse is judged here all the same. */
static void judge_claims(struct span input)
{
	struct bytes der = {0};
	struct error e = {0};
	X509_REQ *q = NULL;
	const unsigned char *at;

	if (csr_input_der(input, &der, &e) == STATUS_OK) {
		at = der.data;
		q = d2i_X509_REQ(NULL, &at, (long)der.len);
	}
	if (q) {
		judge(X509_REQ_get0_pubkey(q), X509_REQ_get_subject_name(q));
		guess(q);
	}
	X509_REQ_free(q);
	bytes_free(&der);
}

/* A Name by itself, so that its strings are found sooner. */
static void judge_name(struct span input)
{
	const unsigned char *at = input.data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)input.len);

	if (name)
		judge(NULL, name);
	X509_NAME_free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = {data, size};

	read_whole(input);
	read_several(input);
	judge_claims(input);
	judge_name(input);
	ERR_clear_error();
	return 0;
}
