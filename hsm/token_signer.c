#include "hsm/token_signer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hsm/token_job.h"
#include "hsm/token_object.h"
#include "hsm/token_sign.h"

#define LANES_MAX 16

/*
 * A session with the thread that uses it. PKCS#11 lets a session do one thing at a time, so that
 * each thread that signs takes a lane of its own for the time of one signature.
 */
struct lane {
	struct guard *guard;
	CK_SESSION_HANDLE session;
	bool busy;
};

struct token_signer {
	struct token_job *job; /* the token, logged in; its own guard opens and closes */
	CK_OBJECT_HANDLE key;
	EVP_PKEY *public_key;
	bool always_authenticate;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct lane lanes[LANES_MAX];
	size_t lane_count, lane_limit;
	bool lost; /* the token is out of reach, or does not come back */
	bool left; /* a call did not come back: nothing may be freed */
};

/* What one signature needs; owned by the job, so that it can be left behind. */
struct signing {
	struct token_signer *self;
	CK_SESSION_HANDLE *session; /* opened where it is not yet */
	struct token_signature signature;
	CK_RV rv;
};

static enum status make_signature(void *data, struct error *e)
{
	struct signing *s = data;
	struct token *t = &s->self->job->token;

	if (*s->session == CK_INVALID_HANDLE) {
		s->rv = token_session(t, s->session);
		if (s->rv != CKR_OK) {
			*s->session = CK_INVALID_HANDLE;
			return token_error(e, s->rv, "C_OpenSession", "open another session");
		}
	}
	return token_signature_make(t, *s->session, s->self->key, s->self->always_authenticate,
				    &s->signature, &s->rv, e);
}

/* --- lanes ------------------------------------------------------------------------------------ */

static enum status out_of_reach(struct error *e)
{
	return error_set(e, STATUS_KEY, NULL, "start again when it is back",
			 "the token is out of reach");
}

/* A free lane, a new one, or, where there may be no more, the next that becomes free. */
static enum status take_lane(struct token_signer *t, struct lane **out, struct error *e)
{
	enum status s = STATUS_OK;

	*out = NULL;
	pthread_mutex_lock(&t->lock);
	for (;;) {
		for (size_t i = 0; i < t->lane_count && !*out; i++)
			if (!t->lanes[i].busy)
				*out = &t->lanes[i];
		if (*out || t->lost || t->lane_count < t->lane_limit)
			break;
		pthread_cond_wait(&t->freed, &t->lock);
	}
	if (t->lost) {
		*out = NULL;
		s = out_of_reach(e);
	} else if (!*out) {
		struct lane *lane = &t->lanes[t->lane_count];

		/* The first has the session that logged in. */
		*lane = (struct lane){.session = t->lane_count ? CK_INVALID_HANDLE
							       : t->job->token.session};
		s = guard_new(&lane->guard, e);
		if (s == STATUS_OK) {
			t->lane_count++;
			*out = lane;
		}
	}
	if (*out)
		(*out)->busy = true;
	pthread_mutex_unlock(&t->lock);
	return s;
}

/* The token has no more sessions than there are: this lane stays taken, and is the last one made. */
static void close_lane(struct token_signer *t)
{
	pthread_mutex_lock(&t->lock);
	t->lane_limit = t->lane_count;
	pthread_mutex_unlock(&t->lock);
}

static void give_lane_back(struct token_signer *t, struct lane *lane)
{
	pthread_mutex_lock(&t->lock);
	lane->busy = false;
	pthread_cond_signal(&t->freed);
	pthread_mutex_unlock(&t->lock);
}

/* --- signing ---------------------------------------------------------------------------------- */

static enum status ready(void *self, struct error *e)
{
	struct token_signer *t = self;
	bool lost;

	if (t->job->token.pid != getpid())
		return error_set(e, STATUS_INTERNAL, NULL, NULL,
				 "a login at a token does not outlive a fork");
	pthread_mutex_lock(&t->lock);
	lost = t->lost;
	pthread_mutex_unlock(&t->lock);
	if (lost)
		return out_of_reach(e);
	return guard_check_signals(e);
}

static void lose(struct token_signer *t, bool left)
{
	pthread_mutex_lock(&t->lock);
	t->lost = true;
	t->left = t->left || left;
	pthread_cond_broadcast(&t->freed);
	pthread_mutex_unlock(&t->lock);
}

/* *left: the module may still write into signing. */
static enum status sign_in_lane(struct token_signer *t, struct signing *signing, bool *left,
				struct error *e)
{
	struct lane *lane = NULL;
	enum status s;
	bool full;

	do {
		if (take_lane(t, &lane, e) != STATUS_OK)
			return error_status(e);
		signing->session = &lane->session;
		signing->rv = CKR_OK;
		s = guard_run(lane->guard, make_signature, signing, left, e);
		full = !*left && s != STATUS_OK && lane->session == CK_INVALID_HANDLE &&
		       signing->rv == CKR_SESSION_COUNT;
		if (full)
			close_lane(t);
	} while (full);
	if (*left || (s != STATUS_OK && token_rv_is_lost(signing->rv)))
		lose(t, *left);
	if (!*left)
		give_lane_back(t, lane);
	return s;
}

static enum status sign(void *self, const EVP_MD *digest, struct span message,
			struct bytes *signature, struct error *e)
{
	struct token_signer *t = self;
	struct signing *signing;
	bool left = false;
	enum status s = ready(self, e);

	if (s != STATUS_OK)
		return s;
	signing = calloc(1, sizeof *signing);
	if (!signing)
		return error_memory(e);
	signing->self = t;
	s = token_signature_prepare(&signing->signature, t->public_key, digest, message, e);
	if (s == STATUS_OK)
		s = sign_in_lane(t, signing, &left, e);
	if (left)
		return s;
	if (s == STATUS_OK)
		s = token_signature_finish(&signing->signature, t->public_key, signature, e);
	token_signature_free(&signing->signature);
	free(signing);
	return s;
}

static void free_self(void *self)
{
	struct token_signer *t = self;

	if (t->job->token.pid != getpid() || t->left) {
		/* The sessions are the parent's, or the module's that does not come back. */
		token_job_leave(t->job);
		return;
	}
	for (size_t i = 0; i < t->lane_count; i++)
		guard_free(t->lanes[i].guard);
	token_job_free(t->job);
	EVP_PKEY_free(t->public_key);
	pthread_cond_destroy(&t->freed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static const struct signer_ops ops = {
	.sign = sign,
	.ready = ready,
	.free = free_self,
};

/* --- opening ---------------------------------------------------------------------------------- */

/* What the job finds; owns expected. */
struct finding_key {
	EVP_PKEY *expected, *public_key;
	CK_OBJECT_HANDLE key;
	bool always_authenticate;
	char label[64];
};

static enum status find_key(struct token *t, const struct token_uri *uri, void *data,
			    struct error *e)
{
	struct finding_key *f = data;
	enum token_flag again;
	struct bytes label = {0};
	struct text shown = {0};
	enum status s = token_find_key(t, uri, f->expected, &f->key, &f->public_key, e);

	if (s == STATUS_OK)
		s = token_flag(t, f->key, CKA_ALWAYS_AUTHENTICATE, &again, e);
	if (s == STATUS_OK)
		s = token_attribute(t, f->key, CKA_LABEL, &label, e);
	if (s == STATUS_OK) {
		f->always_authenticate = again == TOKEN_FLAG_TRUE;
		text_add_escaped(&shown, span_of(&label));
		snprintf(f->label, sizeof f->label, "%s", text_get(&shown));
	}
	text_free(&shown);
	bytes_free(&label);
	return s;
}

static void finding_key_free(struct finding_key *f)
{
	EVP_PKEY_free(f->expected);
	EVP_PKEY_free(f->public_key);
	free(f);
}

static enum status make_signer(struct token_job *job, struct finding_key *found,
			       struct signer **out, struct error *e)
{
	struct token_signer *t = calloc(1, sizeof *t);
	EVP_PKEY *public_key = found->public_key;
	char description[256];

	if (!t) {
		token_job_free(job);
		return error_memory(e);
	}
	t->job = job;
	t->key = found->key;
	t->public_key = public_key;
	found->public_key = NULL;
	t->always_authenticate = found->always_authenticate;
	/* Two of them could not have their PIN checked at a time. */
	t->lane_limit = t->always_authenticate ? 1 : LANES_MAX;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->freed, NULL);
	snprintf(description, sizeof description, "%s, object '%s'", job->where, found->label);
	return signer_new(&ops, t, public_key, description, out, e);
}

enum status token_signer_open(const char *name, const struct secret *pin, EVP_PKEY *expected,
			      struct signer **out, struct error *e)
{
	struct token_job *job = NULL;
	struct finding_key *found = calloc(1, sizeof *found);
	bool left = false;
	enum status s = found ? token_job_new(name, pin, &job, e) : error_memory(e);

	if (s == STATUS_OK && expected && EVP_PKEY_up_ref(expected) == 1)
		found->expected = expected;
	if (s == STATUS_OK) {
		job->act = find_key;
		job->data = found;
		s = token_job_run(job, &left, e);
	}
	if (left) {
		token_job_leave(job);
		return error_status(e);
	}
	if (s == STATUS_OK)
		s = make_signer(job, found, out, e);
	else
		token_job_free(job);
	if (found)
		finding_key_free(found);
	return s;
}

/* --- before the PIN --------------------------------------------------------------------------- */

static enum status look(struct token *t, const struct token_uri *uri, void *data, struct error *e)
{
	CK_FLAGS *flags = data;

	(void)uri;
	(void)e;
	*flags = t->info.flags;
	return STATUS_OK;
}

enum status token_needs(const char *name, struct signer_need *need, struct error *e)
{
	CK_FLAGS *flags = calloc(1, sizeof *flags);
	struct token_job *job = NULL;
	struct token_uri *uri = NULL;
	bool left = false;
	enum status s = flags ? token_uri_parse(name, &uri, e) : error_memory(e);

	*need = (struct signer_need){.secret = SIGNER_SECRET_NONE};
	if (s == STATUS_OK) {
		need->has_source = token_uri_pin_file(uri) != NULL;
		need->secret = need->has_source ? SIGNER_SECRET_PIN : SIGNER_SECRET_NONE;
	}
	/* What the URI says needs no look at the token. */
	if (s == STATUS_OK && !need->has_source)
		s = token_job_new(name, NULL, &job, e);
	if (job) {
		job->with_login = false;
		job->act = look;
		job->data = flags;
		s = token_job_run(job, &left, e);
	}
	if (s == STATUS_OK && job && (*flags & CKF_LOGIN_REQUIRED) &&
	    !(*flags & CKF_PROTECTED_AUTHENTICATION_PATH))
		need->secret = SIGNER_SECRET_PIN;
	if (uri) {
		char of[100];

		token_uri_describe(uri, of, sizeof of);
		snprintf(need->what, sizeof need->what, "PIN of %s", of);
	}
	token_uri_free(uri);
	if (left) {
		token_job_leave(job);
		return s;
	}
	token_job_free(job);
	free(flags);
	return s;
}
