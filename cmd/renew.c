/* subca renew: the next certificate in the place of an old one, and what to do when. */
#include "cmd/renew.h"

#include <stdlib.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/new_authority.h"
#include "cmd/renewal.h"

static const struct option_spec options[] = {
	{.name = "root", .help = "renew the root in DIR itself: same name, key and SKI, new life"},
	{.name = "child",
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "renew our own CA in DIR, which this one signed: same name, key and SKI"},
	{.name = "rekey",
	 .argument = "NEWDIR",
	 .complete = COMPLETE_DIR,
	 .help = "with --root or --child: a new key and name, as a CA of its own in NEWDIR"},
	{.name = "new-passphrase-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "first line: the passphrase for the new key, or the PIN of its token"},
	{.name = "child-passphrase-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "first line: the passphrase of the child's key"},
	{.name = "csr",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the new request: whoever holds the key of SERIAL makes it"},
	{.name = "profile",
	 .letter = 'p',
	 .argument = "NAME",
	 .complete = COMPLETE_PROFILE,
	 .help = "another profile than that of the old certificate"},
	{.name = "days", .argument = "N", .help = "how long it is valid; the profile's life else"},
	{.name = "not-after",
	 .argument = "TIME",
	 .help = "its last second instead, 2031-11-22T23:59:59Z"},
	{.name = "fit", .help = "end with the issuer where it would outlive it, not refuse"},
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "with --csr: the certificate"},
	{.name = "chain",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "with --csr: the certificate and those above it, root last"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

static void release(struct renewing *r)
{
	issue_draft_free(r->draft);
	profile_free(r->profile);
	weak_keys_free(r->weak_keys);
	csr_request_free(r->request);
	renew_old_free(&r->old);
	renew_proof_free(&r->proof);
	findings_free(&r->findings);
	bytes_free(&r->certificate);
	signer_free(r->child_signer);
	signer_free(r->signer);
	authority_free(r->child);
	authority_free(r->authority);
}

static enum status begin(struct renewing *r, struct error *e)
{
	const struct options *o = &r->in->options;
	struct options_life life = {0};
	enum status s = options_read_life(o, &life, e);

	r->order = (struct renew_order){.days = life.days,
					.not_after = life.not_after,
					.fit = life.fit,
					.profile = options_value(o, "profile")};
	if (s == STATUS_OK)
		s = datetime_now(&r->order.now, e);
	if (s == STATUS_OK)
		s = authority_open(r->in->directory, STORE_WRITE, &r->authority, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(r->authority), r->order.now,
				options_given(o, "clock-ok"), e);
	return s;
}

/* --- our own: the root, a child -------------------------------------------------------------- */

static enum status report_own(struct renewing *r, const char *folder, const char *words,
			      struct error *e)
{
	char *file = path_join(folder, AUTHORITY_CERTIFICATE);
	enum status s = STATUS_OK;

	if (!file)
		return error_memory(e);
	if (r->in->output.json) {
		s = output_json(
			&r->in->output, "renew",
			renewal_json(span_of(&r->certificate), file, &r->proof, &r->findings), e);
	} else if (!r->in->output.quiet) {
		renewal_print(&r->in->output, span_of(&r->certificate), file, &r->proof,
			      &r->findings);
		layout_wrap(stdout, 0, 0, words);
		s = output_check(e);
	}
	free(file);
	return s == STATUS_OK ? renewal_expect_proved(&r->proof, e) : s;
}

static enum status run_root(struct renewing *r, struct error *e)
{
	enum status s = output_confirm(&r->in->output, "Renew the root?", e);

	if (s == STATUS_OK)
		s = key_open(&r->in->options, r->authority, &r->signer, e);
	if (s == STATUS_OK)
		s = renew_root(r->authority, &r->order, r->signer, &r->certificate, &r->findings,
			       e);
	if (s == STATUS_OK)
		s = renew_prove(r->authority, span_of(&r->certificate), (struct span){NULL, 0},
				r->order.now, &r->proof, e);
	if (s == STATUS_OK)
		s = report_own(
			r, r->in->directory,
			"What it signed stands below either: name, key and SKI are the same. Devices "
			"that have only the old root go on with it until it ends; from then on they "
			"refuse everything below. Give them the renewed one before that day; having "
			"both does no harm. In ZPA, and in chains that were handed out, put the "
			"renewed root in the old one's place.\n",
			e);
	return s;
}

static enum status child_secret(const struct options *o, const struct authority *child,
				struct secret **out, struct error *e)
{
	static const struct key_other other = {
		.what = "passphrase of the child's key",
		.option = "child-passphrase-file",
		.passphrase = "SUBCA_CHILD_PASSPHRASE",
		.pin = "SUBCA_CHILD_PIN",
	};
	struct signer_need need = {0};
	enum status s = authority_key_needs(child, &need, e);

	return s == STATUS_OK ? key_secret_other(o, &other, &need, out, e) : s;
}

static enum status run_child(struct renewing *r, struct error *e)
{
	const char *folder = options_value(&r->in->options, "child");
	struct span chain[CHAIN_MAX];
	struct secret *secret = NULL;
	size_t count = authority_chain(r->authority, chain);
	enum status s = authority_open(folder, STORE_WRITE, &r->child, e);

	if (s == STATUS_OK)
		s = clock_judge(authority_store(r->child), r->order.now,
				options_given(&r->in->options, "clock-ok"), e);
	if (s == STATUS_OK)
		s = output_confirm(&r->in->output, "Renew the CA below?", e);
	if (s == STATUS_OK)
		s = child_secret(&r->in->options, r->child, &secret, e);
	if (s == STATUS_OK)
		s = authority_signer(r->child, secret, &r->child_signer, e);
	if (s == STATUS_OK)
		s = key_open(&r->in->options, r->authority, &r->signer, e);
	if (s == STATUS_OK)
		s = renew_child(r->authority, r->child, &r->order, r->signer, r->child_signer,
				&r->certificate, &r->findings, e);
	if (s == STATUS_OK)
		s = journal_note(authority_store(r->child), "renew", "renewed by its parent",
				 r->order.now, e);
	if (s == STATUS_OK)
		s = renew_prove(r->child, chain[count - 1], span_of(&r->certificate), r->order.now,
				&r->proof, e);
	secret_free(secret);
	if (s == STATUS_OK)
		s = report_own(r, folder,
			       "What it signed stands below either certificate: name, key and SKI "
			       "are the same. Hand out the new chain.pem with what is issued from "
			       "now on, and put it in the old one's place where chains were "
			       "installed, before the old certificate ends.\n",
			       e);
	return s;
}

/* What says how a new CA is to be belongs to --rekey. */
static enum status expect_options(const struct options *o, struct error *e)
{
	const struct option_spec *of_new = options_new_authority;
	bool rekey = options_given(o, "rekey");

	if (rekey && o->operand_count)
		return error_set(e, STATUS_USAGE, NULL,
				 "say --root --rekey NEWDIR, or --child DIR --rekey NEWDIR",
				 "a serial has no key of ours that could be made anew");
	for (; !rekey && of_new->name; of_new++)
		if (options_given(o, of_new->name))
			return error_set(e, STATUS_USAGE, NULL, "say --rekey NEWDIR as well",
					 "--%s is for a new key", of_new->name);
	return STATUS_OK;
}

static enum status run_own(struct renewing *r, bool root, struct error *e)
{
	if (options_given(&r->in->options, "rekey"))
		return root ? renew_rekey_root(r, e) : renew_rekey_child(r, e);
	return root ? run_root(r, e) : run_child(r, e);
}

static enum status run(struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	struct renewing r = {.in = in};
	bool root = options_given(o, "root"), child = options_given(o, "child");
	enum status s;

	if ((int)root + (int)child + (int)(o->operand_count == 1) != 1)
		return error_set(e, STATUS_USAGE, NULL, "give one of SERIAL, --child and --root",
				 "what is to be renewed must be named once");
	s = expect_options(o, e);
	if (s == STATUS_OK)
		s = begin(&r, e);
	if (s == STATUS_OK)
		s = root || child ? run_own(&r, root, e) : renew_serial(&r, e);
	release(&r);
	return s;
}

const struct command command_renew = {
	.name = "renew",
	.usage =
		"[options] --root | --child DIR | --root --rekey NEWDIR | --child DIR --rekey NEWDIR "
		"| SERIAL [--csr FILE -o FILE --chain FILE]",
	.summary = "renew a root, a CA of ours, or a certificate from a new request",
	.about =
		"Makes the next certificate in the place of an old one, with a serial of its own, and "
		"ties the two together in the store.\n\n"
		"--root and --child keep name, key and SKI, so that what was signed stands below "
		"either; that is proved for each certificate that the renewed CA issued. The old "
		"certificate stays beside the new one as ca-SERIAL.pem.\n\n"
		"The key of a portal's CA is the portal's: without --csr it is explained how to get "
		"the new request; with it the request is signed with the profile of the old "
		"certificate, and the dates are told on which to upload, to switch and to revoke.\n\n"
		"With --rekey NEWDIR a CA of a new key and name takes its place, in a folder of its "
		"own; the old one keeps its key for the CRLs of what it signed. A root and the next "
		"one certify each other, and each child is shown to have a path under either. Where "
		"a run was stopped the same command goes on.\n\n"
		"Example: subca renew -C root 5f3a09 --csr zia-2.csr -o zia-2.pem --chain z2.pem",
	.least = 0,
	.most = 1,
	.operands = {{.name = "SERIAL"}},
	.options = {options, options_new_authority, options_passphrase},
	.run = run,
};
