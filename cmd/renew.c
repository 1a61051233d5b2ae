/* subca renew: the next certificate in the place of an old one, and what to do when. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "ca/pem.h"
#include "ca/renew.h"
#include "ca/renew_plan.h"
#include "cmd/command.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/renewal.h"
#include "cmd/review.h"
#include "cmd/serial.h"

static const struct option_spec options[] = {
	{.name = "root", .help = "renew the root in DIR itself: same name, key and SKI, new life"},
	{.name = "child",
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "renew our own CA in DIR, which this one signed: same name, key and SKI"},
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

struct renewing {
	struct invocation *in;
	struct authority *authority, *child;
	struct renew_order order;
	struct signer *signer, *child_signer;
	struct bytes certificate;
	struct findings findings;
	struct renew_proof proof;
	/* with a serial */
	struct renew_old old;
	struct csr_request *request;
	struct profile *profile;
	struct issue_order issue;
	struct issue_draft *draft;
};

static void release(struct renewing *r)
{
	issue_draft_free(r->draft);
	profile_free(r->profile);
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
	struct secret_source source = {
		.what = "passphrase of the child's key",
		.file = options_value(o, "child-passphrase-file"),
		.fd = -1,
		.environment = "SUBCA_CHILD_PASSPHRASE",
		.options = "use --child-passphrase-file FILE or SUBCA_CHILD_PASSPHRASE",
	};
	struct signer_need need = {0};
	enum status s = authority_key_needs(child, &need, e);

	if (s != STATUS_OK || need.secret == SIGNER_SECRET_NONE)
		return s;
	if (need.secret == SIGNER_SECRET_PIN)
		source.what = need.what;
	if (need.has_source && !source.file && !getenv(source.environment))
		return STATUS_OK;
	return secret_obtain(&source, out, e);
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

/* --- a certificate whose key is elsewhere ----------------------------------------------------- */

static const struct {
	const char *portal, *words;
} explained[] = {
	{"zia", "ZIA makes a new key for each intermediate: in the portal add another intermediate "
		"CA certificate, generate its key pair and CSR, download the CSR, and give it to "
		"this command with --csr. Old and new then stand side by side; ZIA keeps two with "
		"software keys, of which one is enabled."},
	{"zpa", "ZPA makes a new key for each enrollment certificate: in the portal make another "
		"CSR, download it, and give it to this command with --csr. Upload the new one, and "
		"let clients or connectors enroll anew below it while the old one still stands."},
	{"", "The holder of the key makes a new request, better of a new key; give it to this "
	     "command with --csr. For a CA of our own say --child DIR."},
};

static const char *explanation(const char *portal)
{
	size_t i = 0;

	while (*explained[i].portal && strcmp(explained[i].portal, portal) != 0)
		i++;
	return explained[i].words;
}

static void print_date(const char *name, const char *prefix, int64_t t)
{
	char shown[DATETIME_SIZE], value[64];

	datetime_format(t, shown);
	snprintf(value, sizeof value, "%s%s", prefix, shown);
	layout_field(name, value);
}

static void print_dates(const struct renew_dates *d)
{
	print_date("upload", "from ", d->upload_from);
	print_date("switch", "by ", d->switch_by);
	if (d->revoke_from)
		print_date("revoke the old", "from ", d->revoke_from);
	else
		layout_field("revoke the old", "not needed: let it end");
	print_date("old one ends", "", d->old_end);
}

static json_t *dates_json(const struct renew_dates *d)
{
	const struct {
		const char *name;
		int64_t at;
	} dates[] = {{"upload_from", d->upload_from},
		     {"switch_by", d->switch_by},
		     {"revoke_from", d->revoke_from},
		     {"old_end", d->old_end}};
	json_t *o = json_object();
	char shown[DATETIME_SIZE];

	for (size_t i = 0; o && i < sizeof dates / sizeof *dates; i++) {
		datetime_format(dates[i].at, shown);
		if (dates[i].at && json_object_set_new(o, dates[i].name, json_string(shown)) != 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

/* Without a request there is nothing to sign: what to do and when is the answer. */
static enum status explain(struct renewing *r, struct error *e)
{
	struct renew_dates dates = renew_plan(r->old.portal, r->order.now, r->order.now,
					      r->old.not_after);
	struct output *o = &r->in->output;
	enum status s;

	if (o->json) {
		s = output_json(o, "renew",
				json_pack("{s:o, s:s, s:o}", "subject",
					  output_json_text(r->old.subject), "explanation",
					  explanation(r->old.portal), "plan", dates_json(&dates)),
				e);
	} else {
		layout_field("to be renewed", r->old.subject);
		layout_wrap(stdout, 0, 0, explanation(r->old.portal));
		print_dates(&dates);
		s = output_check(e);
	}
	if (s != STATUS_OK)
		return s;
	return error_set(e, STATUS_REFUSED, NULL, "give the new request with --csr FILE",
			 "the key of this certificate is not ours: it needs a new request");
}

static enum status expect_file(const struct renewing *r, const char *option, struct error *e)
{
	const char *file = options_value(&r->in->options, option);

	if (!file)
		return error_set(e, STATUS_USAGE, NULL, "say -o FILE and --chain FILE",
				 "--%s is not given", option);
	if (authority_owns(r->authority, file))
		return error_set(e, STATUS_USAGE, file, "name another file",
				 "is a file of the CA itself");
	if (file_expect_absent(file, e) != STATUS_OK)
		return error_status(e);
	return file_expect_place(file, e);
}

static enum status draft(struct renewing *r, struct error *e)
{
	const char *file = options_value(&r->in->options, "csr");
	const char *profile = r->order.profile ? r->order.profile : r->old.profile;
	struct bytes input = {0};
	enum status s = file_read(file, CSR_INPUT_MAX, &input, e);

	if (s == STATUS_OK)
		s = csr_request_read(span_of(&input), file, &r->request, e);
	bytes_free(&input);
	if (s == STATUS_OK && !*profile)
		s = error_set(e, STATUS_USAGE, NULL, "say which with --profile",
			      "the old certificate came from another tool: no profile is known");
	if (s == STATUS_OK)
		s = profile_load(authority_profiles(r->authority), profile, &r->profile, e);
	if (s == STATUS_OK)
		s = renew_judge(&r->old, r->request, r->order.now, &r->findings, e);
	r->issue = (struct issue_order){
		.profile = r->profile,
		.request = r->request,
		.issuer = authority_certificate(r->authority),
		.urls = authority_urls(r->authority),
		.first_serial = authority_first_serial(r->authority),
		.now = r->order.now,
		.days = r->order.days,
		.not_after = r->order.not_after,
		.fit = r->order.fit,
		.replaces = span_of(&r->old.serial),
	};
	if (s == STATUS_OK)
		s = issue_draft(authority_store(r->authority), &r->issue, &r->draft, &r->findings,
				e);
	if (s == STATUS_REFUSED)
		output_findings(&r->in->output, stderr, &r->findings);
	return s;
}

static enum status write_files(const struct renewing *r, struct error *e)
{
	struct span above[CHAIN_MAX];
	size_t count = authority_chain(r->authority, above);
	enum status s = pem_publish(options_value(&r->in->options, "output"),
				    options_value(&r->in->options, "chain"),
				    span_of(&r->certificate), above, count, FILE_KEEP, e);

	if (s != STATUS_OK)
		snprintf(e->todo, sizeof e->todo,
			 "the certificate is issued and in the store: 'subca show' writes it");
	return s;
}

static enum status report_issued(struct renewing *r, struct error *e)
{
	struct renew_dates dates = renew_plan(r->old.portal, r->order.now,
					      plan_not_before(issue_draft_plan(r->draft)),
					      r->old.not_after);
	const char *file = options_value(&r->in->options, "output");
	struct output *o = &r->in->output;
	json_t *document;

	if (o->quiet)
		return STATUS_OK;
	if (!o->json) {
		layout_field("written", file);
		layout_field("chain", options_value(&r->in->options, "chain"));
		print_dates(&dates);
		return output_check(e);
	}
	document = renewal_json(span_of(&r->certificate), file, NULL, &r->findings);
	if (document && json_object_set_new(document, "plan", dates_json(&dates)) != 0) {
		json_decref(document);
		document = NULL;
	}
	return output_json(o, "renew", document, e);
}

static enum status sign(struct renewing *r, struct error *e)
{
	struct output *o = &r->in->output;
	enum status s = STATUS_OK;

	if (!o->json && !(o->quiet && o->yes))
		s = review_print(o, stderr, &r->issue, r->draft, &r->findings, e);
	if (s == STATUS_OK)
		s = output_confirm(o, "Sign it?", e);
	if (s == STATUS_OK)
		s = key_open(&r->in->options, r->authority, &r->signer, e);
	if (s == STATUS_OK)
		s = issue_commit(authority_store(r->authority), &r->issue, r->draft, r->signer,
				 &r->certificate, e);
	if (s == STATUS_OK)
		s = write_files(r, e);
	return s == STATUS_OK ? report_issued(r, e) : s;
}

static enum status run_serial(struct renewing *r, struct error *e)
{
	const char *operand = r->in->options.operands[0];
	char digits[SERIAL_TEXT];
	struct bytes serial = {0};
	enum status s = serial_read(operand, digits)
				? serial_resolve(r->authority, digits, &serial, e)
				: error_set(e, STATUS_USAGE, operand, "'subca list' shows them",
					    "is no serial number");

	if (s == STATUS_OK)
		s = renew_old_read(authority_store(r->authority), span_of(&serial), &r->old, e);
	bytes_free(&serial);
	if (s == STATUS_OK && !options_given(&r->in->options, "csr"))
		return explain(r, e);
	if (s == STATUS_OK)
		s = expect_file(r, "output", e);
	if (s == STATUS_OK)
		s = expect_file(r, "chain", e);
	if (s == STATUS_OK)
		s = draft(r, e);
	return s == STATUS_OK ? sign(r, e) : s;
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
	s = begin(&r, e);
	if (s == STATUS_OK)
		s = root ? run_root(&r, e) : child ? run_child(&r, e) : run_serial(&r, e);
	release(&r);
	return s;
}

const struct command command_renew = {
	.name = "renew",
	.usage = "[options] --root | --child DIR | SERIAL [--csr FILE -o FILE --chain FILE]",
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
		"A root is rolled over to a new key with 'subca init' and 'subca cross-sign'.\n\n"
		"Example: subca renew -C root 5f3a09 --csr zia-2.csr -o zia-2.pem --chain z2.pem",
	.least = 0,
	.most = 1,
	.operands = {{.name = "SERIAL"}},
	.options = {options, options_passphrase},
	.run = run,
};
