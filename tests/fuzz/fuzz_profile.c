/*
 * The reader of profiles over any bytes. What it takes must be within the bounds that plan and lint
 * count on. The corpus comes from tests/fuzz/seed-text.
 */
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/profile.h"
#include "tests/fuzz/fuzz.h"

static void judge_numbers(const struct profile *p)
{
	promise(p->days >= 1 && p->days <= p->max_days && p->max_days <= 36525);
	promise(p->backdate >= 0 && p->backdate <= 86400);
	promise(p->rsa_min == 0 || p->rsa_min >= 2048);
	promise(p->rsa_min <= p->rsa_max && p->rsa_max <= 16384);
	promise(p->rsa_max || p->ec_p256 || p->ec_p384 || p->ed25519);
	promise(p->path_length >= PROFILE_PATH_LENGTH_NONE && p->path_length <= 10);
}

static void judge_lists(const struct profile *p)
{
	promise(p->purpose_count <= PROFILE_PURPOSES && p->policy_count <= PROFILE_POLICIES);
	for (size_t i = 0; i < p->purpose_count; i++)
		promise(p->purposes[i] != NID_undef);
	for (size_t i = 0; i < p->policy_count; i++)
		promise(p->policies[i] && p->policies[i][0]);
	promise(p->subject_count <= PROFILE_ATTRIBUTES);
	for (size_t i = 0; i < p->subject_count; i++)
		promise(p->subject[i].nid != NID_undef && subject_rule_name(p->subject[i].rule));
	promise(p->subject_others == SUBJECT_OPTIONAL || p->subject_others == SUBJECT_FORBIDDEN);
}

static void judge(const struct profile *p)
{
	promise(p->description && p->description[0] && strlen(p->description) <= 200);
	promise(profile_kind_name(p->kind));
	judge_numbers(p);
	judge_lists(p);
	if (p->kind != PROFILE_LEAF)
		promise(p->key_usage & KU_KEY_CERT_SIGN);
	else
		promise(p->path_length == PROFILE_PATH_LENGTH_NONE &&
			!(p->key_usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* "extends" finds the input itself, and what the seeds extend: circles are to be had. */
	const char *file = fuzz_file("input.conf", (struct span){data, size});
	const struct profile_path path = {fuzz_folder(), "templates"};
	struct profile *p = NULL;
	struct error e = {0};
	enum status s = profile_load_file(&path, file, &p, &e);

	promise_told(s, &e);
	promise((s == STATUS_OK) == (p != NULL));
	promise(s == STATUS_OK || (s == STATUS_INPUT && e.where[0]));
	if (p)
		judge(p);
	profile_free(p);
	return 0;
}
