/* subca sign with many requests: one review, one question, one key. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/name.h"
#include "cmd/exit.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/sign_many.h"
#include "hsm/keyfile.h"

static volatile sig_atomic_t stopped;

static void stop_on(int number)
{
	(void)number;
	stopped = 1;
}

static bool is_stopped(void *context)
{
	(void)context;
	return stopped;
}

static enum status admit(void *context, const unsigned char sha256[SHA256_SIZE], struct error *e)
{
	struct many *m = context;

	if (!m->asked || reviewed_has(&m->reviewed, sha256))
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, "request", "run it again to review what is there now",
			 "was not in the review: the file was changed or is new");
}

static enum status report(void *context, const struct batch_result *r, struct error *e)
{
	struct many *m = context;
	bool last = !m->judging || !m->asked;
	enum status s = STATUS_OK;

	m->counts.all++;
	m->counts.by[r->outcome]++;
	m->counts.late += r->outcome != BATCH_REFUSED && r->error->status != STATUS_OK;
	if (m->judging && m->asked && r->request_sha256)
		s = reviewed_add(r->outcome == BATCH_REFUSED ? &m->refused : &m->reviewed,
				 r->request_sha256, e);
	if (m->judging)
		many_tell_review(m, r);
	else
		many_tell_run(m, r);
	if (s == STATUS_OK && last && m->in->output.json)
		s = output_json_item(&m->in->output, many_result_json(r), e);
	many_show_progress(m);
	return s;
}

/* --- a look, or the work ---------------------------------------------------------------------- */

static enum status next(void *context, struct batch_request *out, bool *more, struct error *e)
{
	struct many *m = context;

	return sign_source_next(m->source, out, more, e);
}

static enum status go_through(struct many *m, struct signer *signer, struct error *e)
{
	const struct options *o = &m->in->options;
	struct issue_batch b = {
		.store = authority_store(m->common.authority),
		.order = &m->common.order,
		.signer = signer,
		.existing = options_given(o, "force") ? FILE_REPLACE : FILE_KEEP,
		.threads = (unsigned)m->jobs,
		.context = m,
		.next = next,
		.admit = admit,
		.report = report,
		.stop = is_stopped,
	};
	enum status s;

	b.above_count = authority_chain(m->common.authority, b.above);
	m->judging = !signer;
	if (m->judging)
		b.admit = NULL;
	m->counts = (struct counts){0};
	s = sign_source_open(&m->common, options_value(o, "batch"), o->operands, o->operand_count,
			     m->into, &m->source, e);
	if (s == STATUS_OK) {
		m->files = m->progress ? sign_source_files(m->source) : 0;
		s = issue_batch_run(&b, e);
	}
	many_clear_progress(m);
	sign_source_close(m->source);
	m->source = NULL;
	return s;
}

static enum status review(struct many *m, struct error *e)
{
	enum status s;

	many_print_heading(m);
	s = go_through(m, NULL, e);
	if (s == STATUS_OK)
		many_print_rest(m);
	if (s == STATUS_OK && stopped)
		s = error_set(e, STATUS_DECLINED, NULL, NULL, "stopped; nothing was signed");
	return s;
}

static enum status confirm(struct many *m, struct error *e)
{
	char question[96];

	if (many_to_sign(m) == 0)
		return STATUS_OK;
	snprintf(question, sizeof question, "Sign %zu of %zu?", many_to_sign(m), m->counts.all);
	return output_confirm(&m->in->output, question, e);
}

/* What a run that ended without a word left behind. */
static enum status bury_orphans(struct many *m, struct error *e)
{
	size_t count = 0;

	if (store_fail_orphans(authority_store(m->common.authority), m->common.order.now, &count,
			       e) != STATUS_OK)
		return error_status(e);
	if (count)
		output_note(&m->in->output,
			    "note: %zu serial number%s reserved by a run that was interrupted: "
			    "spent, recorded as failed, and not used again",
			    count, count == 1 ? " was" : "s were");
	return STATUS_OK;
}

static enum status make_folder(const struct many *m, struct error *e)
{
	struct error why = {0};
	enum status s = folder_make(m->into, 0777, &why);

	if (s == STATUS_OK || s == STATUS_EXISTS)
		return STATUS_OK;
	*e = why;
	return error_status(e);
}

static enum status work(struct many *m, struct error *e)
{
	const struct sigaction on = {.sa_handler = stop_on, .sa_flags = (int)SA_RESETHAND};
	struct signer *signer = NULL;
	enum status s = bury_orphans(m, e);

	if (s == STATUS_OK)
		s = make_folder(m, e);
	if (s == STATUS_OK)
		s = key_open(&m->in->options, m->common.authority, &signer, e);
	if (s == STATUS_OK) {
		/* The second one ends the process at once. */
		sigaction(SIGINT, &on, NULL);
		sigaction(SIGTERM, &on, NULL);
		s = go_through(m, signer, e);
		many_print_done(m);
	}
	signer_free(signer);
	if (s == STATUS_OK && stopped)
		s = error_set(e, STATUS_DECLINED, NULL, "the same command goes on where it was",
			      "stopped after %zu requests", m->counts.all);
	return s;
}

static enum status judge_counts(const struct many *m, struct error *e)
{
	const struct counts *c = &m->counts;

	if (c->all == 0)
		return error_set(e, STATUS_NOT_FOUND, options_value(&m->in->options, "batch"),
				 "requests end in .csr, .req or .p10", "holds no requests");
	if (c->by[BATCH_REFUSED] + c->late == 0)
		return STATUS_OK;
	if (m->judging)
		return error_set(e, STATUS_REFUSED, NULL, NULL, "%zu of %zu requests are refused",
				 c->by[BATCH_REFUSED], c->all);
	return error_set(e, STATUS_REFUSED, NULL,
			 c->late ? "'subca show' writes what is issued and has no file" : NULL,
			 "%zu of %zu requests were not signed, %zu have no file",
			 c->by[BATCH_REFUSED], c->all, c->late);
}

static enum status run(struct many *m, bool dry, struct error *e)
{
	bool yes = m->in->output.yes;
	enum status s = STATUS_OK;

	m->asked = !dry && !yes;
	m->to = dry ? stdout : stderr;
	if (m->asked) {
		s = review(m, e);
		if (s == STATUS_OK)
			s = confirm(m, e);
		m->judging = s != STATUS_OK;
	}
	if (s == STATUS_OK && m->in->output.json)
		s = output_json_list(&m->in->output, "sign-batch", "requests", e);
	if (s != STATUS_OK)
		return s;
	s = dry ? review(m, e) : work(m, e);
	if (s == STATUS_OK)
		s = judge_counts(m, e);
	/* On failure the error ends the list. */
	if (s == STATUS_OK && m->in->output.json)
		output_json_list_end(&m->in->output);
	return s;
}

static enum status check_line(const struct many *m, struct error *e)
{
	const struct options *o = &m->in->options;
	const char *batch = options_value(o, "batch");

	if (batch && o->operand_count)
		return error_set(e, STATUS_USAGE, NULL, "name either",
				 "--batch names all requests: '%.80s' is one too many",
				 o->operands[0]);
	if (!batch && o->operand_count == 0)
		return error_set(e, STATUS_USAGE, NULL,
				 "usage: subca sign [options] --profile NAME CSR...",
				 "sign needs CSR");
	if (!options_value(o, "output"))
		return error_set(e, STATUS_USAGE, NULL, "say -o DIR",
				 "where are the certificates to go?");
	if (options_value(o, "chain"))
		return error_set(e, STATUS_USAGE, NULL, "leave --chain out",
				 "with many requests each chain is NAME-chain.pem in the folder");
	return STATUS_OK;
}

/* Nothing of the CA may be overwritten, and nobody looks for certificates there. */
static enum status check_folder(const struct many *m, struct error *e)
{
	char *file = path_join(m->into, AUTHORITY_CERTIFICATE);
	bool own = !file || authority_owns(m->common.authority, file);

	free(file);
	if (own)
		return error_set(e, STATUS_USAGE, m->into, "name another folder",
				 "is the CA's own folder");
	return STATUS_OK;
}

enum status sign_many(struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	bool dry = options_given(o, "dry-run");
	struct many m = {.in = in, .into = options_value(o, "output")};
	enum status s = check_line(&m, e);

	if (s == STATUS_OK)
		s = options_number(o, "jobs", 1, BATCH_THREADS_MOST, &m.jobs, e);
	if (s == STATUS_OK)
		s = sign_order_open(in, &m.common, e);
	if (s == STATUS_OK)
		s = check_folder(&m, e);
	m.progress = !in->output.quiet && isatty(STDERR_FILENO);
	if (s == STATUS_OK)
		s = run(&m, dry, e);
	free(m.reviewed.items);
	free(m.refused.items);
	sign_order_close(&m.common);
	return s;
}
