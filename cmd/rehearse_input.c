#include "cmd/rehearse_input.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/inspect.h"
#include "ca/plan.h"

/* The shadow never leaves this machine: its serial is only to look like one. */
#define SERIAL_SIZE 16

void rehearse_input_free(struct rehearse_input *input)
{
	while (input->count)
		bytes_free(&input->chain[--input->count]);
}

/* The CA's own, below what is first already. */
static enum status add_authority(struct rehearse_input *r, const struct authority *a,
				 struct error *e)
{
	struct span chain[CHAIN_MAX];
	size_t count = authority_chain(a, chain);

	for (size_t i = 0; i < count; i++) {
		if (r->count == CHAIN_MAX)
			return error_set(e, STATUS_REFUSED, NULL, NULL,
					 "the chain has more than %d certificates", CHAIN_MAX);
		if (bytes_copy(&r->chain[r->count], chain[i], e) != STATUS_OK)
			return error_status(e);
		r->count++;
	}
	return STATUS_OK;
}

static enum status make_plan(struct invocation *in, const struct authority *a,
			     const struct profile *profile, const struct csr_request *request,
			     struct rehearse_input *r, struct error *e)
{
	X509 *issuer = authority_certificate(a);
	unsigned char serial[SERIAL_SIZE];
	struct options_life life = {0};
	X509_ALGOR *algorithm = NULL;
	struct cert_plan *plan = NULL;
	struct plan_input input = {
		.profile = profile,
		.request = request,
		.issuer = issuer,
		.urls = authority_urls(a),
		.serial = {serial, sizeof serial},
		.now = r->now,
	};
	enum status s = options_read_life(&in->options, &life, e);

	if (s == STATUS_OK)
		s = random_bytes(serial, sizeof serial, e);
	serial[0] = (serial[0] & 0x7F) | 0x40;
	if (s == STATUS_OK)
		s = signature_algorithm_for(X509_get0_pubkey(issuer),
					    *profile->digest ? profile->digest : NULL, &algorithm,
					    e);
	input.algorithm = algorithm;
	input.days = life.days;
	input.not_after = life.not_after;
	input.fit = life.fit;
	if (s == STATUS_OK)
		s = plan_make(&input, &plan, e);
	if (s == STATUS_OK)
		s = shadow_of_plan(plan_tbs(plan), algorithm, &r->chain[0], e);
	r->count = s == STATUS_OK;
	plan_free(plan);
	X509_ALGOR_free(algorithm);
	return s;
}

static void take_profile(struct rehearse_input *r, const struct options *o,
			 const struct profile *profile)
{
	snprintf(r->profile, sizeof r->profile, "%s", profile->name);
	r->weekly = strcmp(profile->portal, "zia") == 0 && strcmp(profile->name, "zia-hsm") != 0 &&
		    !options_given(o, "hsm");
}

static enum status read_request(struct invocation *in, struct span input, struct rehearse_input *r,
				struct error *e)
{
	const char *name = options_value(&in->options, "profile");
	struct csr_request *request = NULL;
	struct findings findings = {0};
	struct authority *a = NULL;
	struct profile *profile = NULL;
	enum status s;

	if (!name)
		return error_set(e, STATUS_USAGE, NULL, "say --profile zia, zia-hsm, zpa, …",
				 "what kind of certificate is it to be?");
	s = csr_request_judge(input, in->options.operands[0], &request, &findings, e);
	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_READ, &a, e);
	if (s == STATUS_OK)
		s = profile_load(authority_profiles(a), name, &profile, e);
	if (s == STATUS_OK)
		s = make_plan(in, a, profile, request, r, e);
	if (s == STATUS_OK)
		s = add_authority(r, a, e);
	if (s == STATUS_OK)
		take_profile(r, &in->options, profile);
	if (s != STATUS_OK)
		output_keep_findings(&in->output, &findings);
	findings_free(&findings);
	profile_free(profile);
	authority_free(a);
	csr_request_free(request);
	return s;
}

/* --- a certificate that was issued ------------------------------------------------------------ */

static enum status add_certificates(const struct inspection *found, STACK_OF(X509) *pool,
				    struct error *e)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->items[i].kind == INSPECT_CERTIFICATE &&
		    X509_add_cert(pool, found->items[i].certificate, X509_ADD_FLAG_UP_REF) != 1)
			return error_memory(e);
	return STATUS_OK;
}

static enum status add_chain_file(const char *file, STACK_OF(X509) *pool, struct error *e)
{
	struct inspection found = {0};
	struct bytes input = {0};
	enum status s = file_read(file, INSPECT_INPUT_MAX, &input, e);

	if (s == STATUS_OK)
		s = inspect_read(&found, span_of(&input), 0, e);
	if (s == STATUS_OK)
		s = add_certificates(&found, pool, e);
	else
		error_at(e, file);
	inspection_free(&found);
	bytes_free(&input);
	return s;
}

static enum status add_ca(const char *folder, STACK_OF(X509) *pool, struct error *e)
{
	struct authority *a = NULL;
	struct span chain[CHAIN_MAX];
	enum status s = authority_open(folder, STORE_READ, &a, e);
	size_t count = s == STATUS_OK ? authority_chain(a, chain) : 0;

	for (size_t i = 0; i < count && s == STATUS_OK; i++) {
		const unsigned char *at = chain[i].data;
		X509 *x = d2i_X509(NULL, &at, (long)chain[i].len);

		if (!x || X509_add_cert(pool, x, X509_ADD_FLAG_DEFAULT) != 1) {
			X509_free(x);
			s = error_memory(e);
		}
	}
	authority_free(a);
	return s;
}

static enum status read_certificate(struct invocation *in, const struct inspection *found,
				    struct rehearse_input *r, struct error *e)
{
	const struct options *o = &in->options;
	const char *chain = options_value(o, "chain"), *profile = options_value(o, "profile");
	STACK_OF(X509) *pool = sk_X509_new_null();
	enum status s = pool ? add_certificates(found, pool, e) : error_memory(e);

	if (s == STATUS_OK && chain)
		s = add_chain_file(chain, pool, e);
	if (s == STATUS_OK && (options_given(o, "directory") || getenv("SUBCA_DIR")))
		s = add_ca(in->directory, pool, e);
	if (s == STATUS_OK)
		s = shadow_sort(pool, r->chain, &r->count, e);
	if (s != STATUS_OK)
		error_at(e, o->operands[0]);
	r->weekly = !options_given(o, "hsm");
	if (profile)
		r->weekly = r->weekly && strcmp(profile, "zia") == 0;
	sk_X509_pop_free(pool, X509_free);
	return s;
}

enum status rehearse_input_read(struct invocation *in, struct rehearse_input *out, struct error *e)
{
	const char *file = in->options.operands[0];
	struct inspection found = {0};
	struct bytes input = {0};
	enum status s = file_read(file, INSPECT_INPUT_MAX, &input, e);

	if (s == STATUS_OK)
		s = datetime_now(&out->now, e);
	if (s == STATUS_OK && inspect_read(&found, span_of(&input), 0, e) != STATUS_OK) {
		s = error_status(e);
		error_at(e, file);
	}
	if (s == STATUS_OK) {
		out->planned = found.items[0].kind == INSPECT_REQUEST;
		s = out->planned ? read_request(in, span_of(&input), out, e)
				 : read_certificate(in, &found, out, e);
	}
	inspection_free(&found);
	bytes_free(&input);
	return s;
}
