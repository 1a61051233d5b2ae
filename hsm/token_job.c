#include "hsm/token_job.h"

#include <stdlib.h>

static enum status obtain_pin(struct token_job *job, const struct secret *pin, struct error *e)
{
	struct secret_source source = {.what = "PIN of the token",
				       .file = token_uri_pin_file(job->uri),
				       .fd = -1,
				       .options = "write it into the pin-source's first line"};

	if (pin)
		return secret_copy(pin, &job->pin, e);
	return source.file ? secret_obtain(&source, &job->pin, e) : STATUS_OK;
}

enum status token_job_new(const char *name, const struct secret *pin, struct token_job **out,
			  struct error *e)
{
	struct token_job *job = calloc(1, sizeof *job);
	enum status s = job ? token_uri_parse(name, &job->uri, e) : error_memory(e);

	if (s == STATUS_OK) {
		token_uri_describe(job->uri, job->where, sizeof job->where);
		job->with_login = true;
		s = obtain_pin(job, pin, e);
	}
	if (s == STATUS_OK)
		s = guard_new(&job->guard, e);
	if (s != STATUS_OK) {
		if (job)
			token_uri_free(job->uri);
		if (job)
			secret_free(job->pin);
		free(job);
		return s;
	}
	guard_hold_signals();
	*out = job;
	return STATUS_OK;
}

static enum status begin(void *self, struct error *e)
{
	struct token_job *job = self;
	enum status s = token_find(&job->token, job->uri, e);

	if (s == STATUS_OK && job->with_login)
		s = token_login(&job->token, job->mode, job->pin, job->final_try, e);
	if (s == STATUS_OK && job->act)
		s = job->act(&job->token, job->uri, job->data, e);
	if (s != STATUS_OK)
		error_at(e, job->where);
	return s;
}

enum status token_job_run(struct token_job *job, bool *left, struct error *e)
{
	enum status s = guard_check_signals(e);

	*left = false;
	if (s == STATUS_OK)
		s = guard_run(job->guard, begin, job, left, e);
	if (s != STATUS_OK)
		error_at(e, job->where);
	return s;
}

static enum status end(void *self, struct error *e)
{
	struct token_job *job = self;

	(void)e;
	token_close(&job->token);
	return STATUS_OK;
}

void token_job_leave(struct token_job *job)
{
	/* The module may still touch everything but the count of those who hold signals. */
	(void)job;
	guard_release_signals();
}

void token_job_free(struct token_job *job)
{
	struct error ignored;
	bool left = false;

	if (!job)
		return;
	/* A log-out that fails changes nothing: the session ends with the process. */
	(void)!guard_run(job->guard, end, job, &left, &ignored);
	if (left) {
		token_job_leave(job);
		return;
	}
	guard_free(job->guard);
	token_uri_free(job->uri);
	secret_free(job->pin);
	free(job);
	guard_release_signals();
}

enum status token_job_do(const char *name, const struct secret *pin, enum token_mode mode,
			 enum status (*act)(struct token *, const struct token_uri *, void *,
					    struct error *),
			 void *data, bool *left, struct error *e)
{
	struct token_job *job = NULL;
	enum status s = token_job_new(name, pin, &job, e);

	*left = false;
	if (s != STATUS_OK)
		return s;
	job->mode = mode;
	job->act = act;
	job->data = data;
	s = token_job_run(job, left, e);
	if (*left)
		token_job_leave(job);
	else
		token_job_free(job);
	return s;
}
