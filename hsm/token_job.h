/*
 * A job of a guard with a token open in it: what every token operation begins and ends with.
 * Private to hsm/token*.c.
 */
#ifndef SUBCA_HSM_TOKEN_JOB_H
#define SUBCA_HSM_TOKEN_JOB_H

#include "hsm/token.h"

struct token_job {
	struct guard *guard;
	struct token_uri *uri;
	struct secret *pin; /* a copy; NULL: none, or typed at the token */
	bool final_try;
	enum token_mode mode;
	bool with_login;
	struct token token;
	char where[128]; /* "token 'Root CA'" */
	/* What is to be done with the open token, and its own data. */
	enum status (*act)(struct token *t, const struct token_uri *uri, void *data,
			   struct error *e);
	void *data;
};

/* Parses name; pin is copied, or read from the URI's pin-source. Signals are held from here on. */
MUST_CHECK enum status token_job_new(const char *name, const struct secret *pin,
				     struct token_job **out, struct error *e);
/*
 * Finds the token, logs in, acts. Where the token hangs, *left is true: job and its data are lost
 * to the caller, who frees neither.
 */
MUST_CHECK enum status token_job_run(struct token_job *job, bool *left, struct error *e);
/* Logs out and closes, and lets signals through again. NULL-safe. */
void token_job_free(struct token_job *job);
/* After *left was true: lets signals through, and leaves the rest to the end of the process. */
void token_job_leave(struct token_job *job);

/* All of it at once, for an action whose data is static, or lost to the caller where *left. */
MUST_CHECK enum status token_job_do(const char *name, const struct secret *pin,
				    enum token_mode mode,
				    enum status (*act)(struct token *, const struct token_uri *,
						       void *, struct error *),
				    void *data, bool *left, struct error *e);

#endif
