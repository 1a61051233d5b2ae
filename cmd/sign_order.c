#include "cmd/sign_order.h"

#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"

#define ZIA_FILE_NAME_MAX 64

enum status sign_portal_takes_name(const struct sign_order *s, const char *file, struct error *e)
{
	const char *name = path_name(file);
	size_t len = strlen(name);

	if (strcmp(s->profile->portal, "zia") != 0)
		return STATUS_OK;
	if (len < 5 || strcmp(name + len - 4, ".pem") != 0)
		return error_set(e, STATUS_USAGE, file, "name it so that it ends in .pem",
				 "ZIA takes no other ending than .pem");
	if (len > ZIA_FILE_NAME_MAX)
		return error_set(e, STATUS_USAGE, file, "give it a shorter name with -o",
				 "ZIA takes names of %d characters at most", ZIA_FILE_NAME_MAX);
	return STATUS_OK;
}

static enum status load_profile(struct sign_order *s, struct error *e)
{
	const char *name = options_value(&s->in->options, "profile");

	if (!name)
		return error_set(e, STATUS_USAGE, NULL,
				 "say --profile zia, zia-hsm, zpa, … ('subca profile list')",
				 "what kind of certificate is it to be?");
	return profile_load(authority_profiles(s->authority), name, &s->profile, e);
}

static enum status read_life(struct sign_order *s, struct error *e)
{
	struct options_life life = {0};

	if (options_read_life(&s->in->options, &life, e) != STATUS_OK)
		return error_status(e);
	s->order.days = life.days;
	s->order.not_after = life.not_after;
	s->order.fit = life.fit;
	return STATUS_OK;
}

/* A dry run writes nothing, also not that the clock was let through. */
static enum status judge_clock(const struct sign_order *s, struct error *e)
{
	const struct options *o = &s->in->options;
	bool accept = options_given(o, "clock-ok");

	if (accept && options_given(o, "dry-run"))
		return STATUS_OK;
	return clock_judge(authority_store(s->authority), s->order.now, accept, e);
}

enum status sign_order_open(struct invocation *in, struct sign_order *s, struct error *e)
{
	const struct options *o = &in->options;
	enum store_mode mode = options_given(o, "dry-run") ? STORE_READ : STORE_WRITE;
	enum status status;

	*s = (struct sign_order){.in = in};
	status = read_life(s, e);
	if (status == STATUS_OK)
		status = authority_open(in->directory, mode, &s->authority, e);
	if (status == STATUS_OK)
		status = load_profile(s, e);
	if (status == STATUS_OK)
		status = authority_weak_keys(s->authority, &s->weak_keys, e);
	if (status == STATUS_OK)
		status = datetime_now(&s->order.now, e);
	if (status == STATUS_OK)
		status = judge_clock(s, e);
	if (status != STATUS_OK)
		return status;
	s->order.profile = s->profile;
	s->order.weak_keys = s->weak_keys;
	s->order.issuer = authority_certificate(s->authority);
	s->order.urls = authority_urls(s->authority);
	s->order.first_serial = authority_first_serial(s->authority);
	s->order.reissue = options_value(o, "reissue");
	return STATUS_OK;
}

void sign_order_close(struct sign_order *s)
{
	weak_keys_free(s->weak_keys);
	profile_free(s->profile);
	authority_free(s->authority);
}
