/* subca sign: a request in, a certificate out, with a look at it in between. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/issue.h"
#include "ca/pem.h"
#include "cmd/command.h"
#include "cmd/rehearse_first.h"
#include "cmd/key.h"
#include "cmd/review.h"
#include "cmd/sign_order.h"

#define UNFINISHED_SECONDS 60

static const struct option_spec options[] = {
	{.name = "profile",
	 .letter = 'p',
	 .argument = "NAME",
	 .complete = COMPLETE_PROFILE,
	 .help = "what kind of certificate: zia, zia-hsm, zpa, subordinate-ca, server, client, ocsp, "
		 "or one of this CA's own; 'subca profile list' shows them"},
	{.name = "days", .argument = "N", .help = "how long it is valid; the profile's life else"},
	{.name = "not-after",
	 .argument = "TIME",
	 .help = "its last second instead, 2031-11-22T23:59:59Z; a date alone is its midnight"},
	{.name = "fit", .help = "end with the issuer where it would outlive it, not refuse"},
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the certificate; the request's name with .pem, in this folder, else. With more "
		 "than one request, the folder for all certificates"},
	{.name = "batch",
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "sign every request in this folder (.csr, .req, .p10)"},
	{.name = "all", .help = "take every request of a file that holds more than one"},
	{.name = "jobs", .argument = "N", .help = "threads; as many as there are processors else"},
	{.name = "chain",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the certificate and those above it, root last; NAME-chain.pem else"},
	{.name = "force", .help = "overwrite files that exist"},
	{.name = "rehearse",
	 .help = "first try the planned chain with the real clients of this machine; red: refused"},
	{.name = "dry-run", .help = "show the review, touch neither the key nor the disk"},
	{.name = "reissue",
	 .argument = "REASON",
	 .help = "sign a request that was signed before; the reason is recorded"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

/* One run; owned. */
struct signing {
	struct invocation *in;
	struct sign_order common;
	struct csr_request *request;
	struct issue_order order;
	struct issue_draft *draft;
	struct findings findings;
	char *certificate_file, *chain_file;
};

static void release(struct signing *s)
{
	issue_draft_free(s->draft);
	findings_free(&s->findings);
	csr_request_free(s->request);
	sign_order_close(&s->common);
	free(s->certificate_file);
	free(s->chain_file);
}

/* Judges the key as well: reading alone proves only that somebody holds it. */
static enum status read_request(struct signing *s, struct error *e)
{
	const char *file = s->in->options.operands[0];
	const char *origin = strcmp(file, "-") == 0 ? "standard input" : file;
	struct bytes input = {0};
	enum status status = file_read(file, CSR_INPUT_MAX, &input, e);

	if (status == STATUS_OK)
		status = csr_request_judge(span_of(&input), origin, &s->request, &s->findings, e);
	bytes_free(&input);
	return status;
}

static char *beside_request(const char *request, const char *ending)
{
	const char *name = path_name(request);
	const char *dot = strrchr(name, '.');
	size_t len = dot && dot != name ? (size_t)(dot - name) : strlen(name);
	char *file;

	return asprintf(&file, "%.*s%s", (int)len, name, ending) < 0 ? NULL : file;
}

static enum status choose_file(const struct signing *s, const char *option, const char *ending,
			       char **file, struct error *e)
{
	const char *request = s->in->options.operands[0];
	const char *given = options_value(&s->in->options, option);

	if (!given && strcmp(request, "-") == 0)
		return error_set(e, STATUS_USAGE, NULL, "name the files with -o and --chain",
				 "a request from standard input has no name to derive one from");
	*file = given ? strdup(given) : beside_request(request, ending);
	if (!*file)
		return error_memory(e);
	if (sign_portal_takes_name(&s->common, *file, e) != STATUS_OK)
		return e->status;
	if (!options_given(&s->in->options, "force") && file_expect_absent(*file, e) != STATUS_OK)
		return e->status;
	if (authority_owns(s->common.authority, *file))
		return error_set(e, STATUS_USAGE, *file, "name another file",
				 "is a file of the CA itself");
	if (strcmp(request, "-") != 0 && file_same_place(*file, request))
		return error_set(e, STATUS_USAGE, *file, "name another file",
				 "is the request itself");
	return file_expect_place(*file, e);
}

static enum status choose_files(struct signing *s, struct error *e)
{
	if (choose_file(s, "output", ".pem", &s->certificate_file, e) != STATUS_OK ||
	    choose_file(s, "chain", "-chain.pem", &s->chain_file, e) != STATUS_OK)
		return e->status;
	if (file_same_place(s->certificate_file, s->chain_file))
		return error_set(e, STATUS_USAGE, s->chain_file, "give them different names",
				 "certificate and chain cannot be the same file");
	return STATUS_OK;
}

static enum status tell_unfinished(void *context, const struct store_row *row, struct error *e)
{
	const struct signing *s = context;
	char serial[2 * SERIAL_MAX + 1], when[DATETIME_SIZE];

	(void)e;
	/* A younger one may be another process at work. */
	if (s->common.order.now - row->reserved_at < UNFINISHED_SECONDS)
		return STATUS_OK;
	hex_encode(row->intent.serial, serial);
	datetime_format(row->reserved_at, when);
	output_note(&s->in->output,
		    "note: serial %s was reserved at %s and never finished: a run was interrupted. "
		    "It is spent and not used again",
		    serial, when);
	return STATUS_OK;
}

static enum status look_for_unfinished(struct signing *s, struct error *e)
{
	const struct store_filter reserved = {.state = CERT_RESERVED};

	return store_each(authority_store(s->common.authority), &reserved, tell_unfinished, s, e);
}

static enum status prepare(struct signing *s, struct error *e)
{
	enum status status = sign_order_open(s->in, &s->common, e);

	if (status == STATUS_OK)
		status = read_request(s, e);
	if (status == STATUS_OK)
		status = choose_files(s, e);
	if (status == STATUS_OK)
		status = look_for_unfinished(s, e);
	if (status != STATUS_OK)
		return status;
	s->order = s->common.order;
	s->order.request = s->request;
	return issue_draft(authority_store(s->common.authority), &s->order, &s->draft, &s->findings,
			   e);
}

static enum status write_files(const struct signing *s, struct span der, struct error *e)
{
	enum file_existing existing = options_given(&s->in->options, "force") ? FILE_REPLACE
									      : FILE_KEEP;
	struct span above[CHAIN_MAX];
	size_t count = authority_chain(s->common.authority, above);
	enum status status = pem_publish(s->certificate_file, s->chain_file, der, above, count,
					 existing, e);

	if (status != STATUS_OK) {
		char serial[2 * SERIAL_MAX + 1];

		hex_encode(issue_draft_serial(s->draft), serial);
		snprintf(e->todo, sizeof e->todo,
			 "the certificate is issued and in the store: 'subca show %s --pem -o "
			 "FILE' writes it",
			 serial);
	}
	return status;
}

static json_t *document(const struct signing *s, bool issued)
{
	json_t *d = review_json(&s->order, s->draft, &s->findings);

	if (d && (json_object_set_new(d, "issued", json_boolean(issued)) != 0 ||
		  (issued &&
		   (json_object_set_new(d, "certificate", output_json_text(s->certificate_file)) ||
		    json_object_set_new(d, "chain", output_json_text(s->chain_file)))))) {
		json_decref(d);
		return NULL;
	}
	return d;
}

static enum status report(const struct signing *s, struct error *e)
{
	char serial[2 * SERIAL_MAX + 1];

	if (s->in->output.json)
		return output_json(&s->in->output, "sign", document(s, true), e);
	if (s->in->output.quiet)
		return STATUS_OK;
	hex_encode(issue_draft_serial(s->draft), serial);
	printf("Issued %s\n", serial);
	printf("  certificate  %s\n", s->certificate_file);
	printf("  chain        %s\n", s->chain_file);
	if (strcmp(s->common.profile->portal, "zia") == 0)
		printf("Upload the certificate to ZIA, then the chain.\n");
	if (strcmp(s->common.profile->portal, "zpa") == 0)
		printf("Upload the root to ZPA first, then the chain.\n");
	return output_check(e);
}

static enum status review(const struct signing *s, bool dry, struct error *e)
{
	struct output *o = &s->in->output;

	if (o->json)
		return dry ? output_json(o, "sign", document(s, false), e) : STATUS_OK;
	if (o->quiet && (dry || o->yes))
		return STATUS_OK;
	return review_print(o, dry ? stdout : stderr, &s->order, s->draft, &s->findings, e);
}

static enum status sign_it(struct signing *s, struct error *e)
{
	struct signer *signer = NULL;
	struct bytes der = {0};
	enum status status = output_confirm(&s->in->output, "Sign it?", e);

	if (status == STATUS_OK)
		status = key_open(&s->in->options, s->common.authority, &signer, e);
	if (status == STATUS_OK)
		status = issue_commit(authority_store(s->common.authority), &s->order, s->draft,
				      signer, &der, e);
	if (status == STATUS_OK)
		status = write_files(s, span_of(&der), e);
	if (status == STATUS_OK)
		status = report(s, e);
	signer_free(signer);
	bytes_free(&der);
	return status;
}

/* The engine says "key" or "subject"; a person wants to know of which file. */
static void place_in_request(const struct signing *s, struct error *e)
{
	const char *origin = s->in->options.operands[0];
	char part[sizeof e->where];

	if (strncmp(e->where, origin, strlen(origin)) == 0)
		return;
	snprintf(part, sizeof part, "%s", e->where);
	snprintf(e->where, sizeof e->where, "%.160s%s%.80s", origin, *part ? ": " : "", part);
}

static enum status run(struct invocation *in, struct error *e)
{
	bool dry = options_given(&in->options, "dry-run");
	struct signing s = {.in = in};
	enum status status;

	if (in->options.operand_count != 1 || options_given(&in->options, "batch") ||
	    options_given(&in->options, "all")) {
		if (options_given(&in->options, "rehearse"))
			return error_set(e, STATUS_USAGE, NULL,
					 "rehearse one of them first: 'subca rehearse CSR'",
					 "--rehearse is for one request");
		return sign_many(in, e);
	}
	status = prepare(&s, e);
	if (status != STATUS_OK)
		output_keep_findings(&in->output, &s.findings);
	if (status == STATUS_OK)
		status = review(&s, dry, e);
	if (status == STATUS_OK && options_given(&in->options, "rehearse"))
		status = rehearse_first(in, in->options.operands[0], e);
	if (status == STATUS_OK && !dry)
		status = sign_it(&s, e);
	if (status == STATUS_REFUSED)
		place_in_request(&s, e);
	release(&s);
	return status;
}

const struct command command_sign = {
	.name = "sign",
	.usage = "[options] --profile NAME CSR...",
	.summary = "sign a request: ZIA's, ZPA's, or any other",
	.about = "Reads a PKCS#10 request (PEM or DER; - is standard input), shows everything the "
		 "certificate will say beside what was asked for, asks, signs with the CA's key, "
		 "records it and writes two files: the certificate, and the chain from it to the "
		 "root. Both are PEM and nothing else, as the portals take them.\n\n"
		 "What is refused costs nothing: no serial, no file, no row.\n\n"
		 "With more than one CSR, --batch or --all, there is one review and one question "
		 "for all, and -o names the folder for the certificates. A request that is refused "
		 "does not stop the others; what was signed before is not signed again, so that a "
		 "run that was stopped goes on where it was.\n\n"
		 "Example: subca sign -C root --profile zia zia.csr",
	.least = 0,
	.most = SIZE_MAX,
	.operands = {{.name = "CSR", .complete = COMPLETE_FILE}},
	.options = {options, options_passphrase},
	.run = run,
};
