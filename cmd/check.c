/* subca check: would the portal take this upload, and would it work there? */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file_stage.h"
#include "ca/authority.h"
#include "ca/preflight.h"
#include "cmd/command.h"
#include "csr/request.h"

/* More than a portal takes, so that a file too large is judged and not only refused. */
#define INPUT_MAX (1024 * 1024)

static const char *const portals[] = {"zia", "zia-hsm", "zpa", NULL};
static const enum portal portal_of[] = {PORTAL_ZIA, PORTAL_ZIA_HSM, PORTAL_ZPA};

static const struct option_spec options[] = {
	{.name = "for",
	 .argument = "PORTAL",
	 .complete = COMPLETE_WORDS,
	 .words = portals,
	 .help = "where it is to be uploaded: zia, zia-hsm (key in Zscaler's HSM) or zpa"},
	{.name = "csr",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the portal's request: key and subject are held against it"},
	{.name = "chain",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the chain as it is to be uploaded: issuer first, root last"},
	{.name = "fix",
	 .help = "mend what can be without the key, and write it to --output if it is ready then"},
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "with --fix: where; what goes up as the chain becomes NAME-chain.pem"},
	{0},
};

/* What was read, and of --fix what is to be written; owned. */
struct inputs {
	struct bytes certificate, request, chain;
	struct authority *authority; /* NULL: no CA is named */
	struct preflight_mended mended;
	char *file, *chain_file; /* NULL without --fix */
	struct findings before;	 /* of --fix: what the files as they are have against them */
};

static void free_inputs(struct inputs *in)
{
	bytes_free(&in->certificate);
	bytes_free(&in->request);
	bytes_free(&in->chain);
	authority_free(in->authority);
	preflight_mended_free(&in->mended);
	free(in->file);
	free(in->chain_file);
	findings_free(&in->before);
}

static enum status read_inputs(const struct options *o, struct inputs *in, struct error *e)
{
	const char *csr = options_value(o, "csr"), *chain = options_value(o, "chain");

	if (file_read(o->operands[0], INPUT_MAX, &in->certificate, e) != STATUS_OK)
		return error_status(e);
	if (csr && file_read(csr, CSR_INPUT_MAX, &in->request, e) != STATUS_OK)
		return error_status(e);
	if (chain && file_read(chain, INPUT_MAX, &in->chain, e) != STATUS_OK)
		return error_status(e);
	return STATUS_OK;
}

/* Only where somebody says so: a check needs no CA. */
static enum status open_authority(const struct invocation *in, struct inputs *inputs,
				  struct error *e)
{
	const char *environment = getenv("SUBCA_DIR");

	if (!options_given(&in->options, "directory") && !(environment && *environment))
		return STATUS_OK;
	return authority_open(in->directory, STORE_READ, &inputs->authority, e);
}

static enum status read_portal(const struct options *o, struct preflight *p, struct error *e)
{
	int portal = -1;

	if (options_word(o, "for", &portal, e) != STATUS_OK)
		return error_status(e);
	if (portal < 0)
		return error_set(e, STATUS_USAGE, NULL, "say --for zia, --for zia-hsm or --for zpa",
				 "which portal is it for?");
	p->portal = portal_of[portal];
	return datetime_now(&p->now, e);
}

static enum status describe(const struct options *o, const struct inputs *in, struct preflight *p,
			    struct error *e)
{
	struct span chain[CHAIN_MAX];

	*p = (struct preflight){
		.name = path_name(o->operands[0]),
		.certificate = span_of(&in->certificate),
		.request = span_of(&in->request),
		.chain = span_of(&in->chain),
	};
	if (in->authority) {
		p->store = authority_store(in->authority);
		p->root = chain[authority_chain(in->authority, chain) - 1];
	}
	return read_portal(o, p, e);
}

/* --- --fix ------------------------------------------------------------------------------------ */

static enum status choose_files(const struct options *o, struct inputs *in, struct error *e)
{
	const char *output = options_value(o, "output");
	struct text chain = {0};

	if (!options_given(o, "fix"))
		return output ? error_set(e, STATUS_USAGE, NULL, "say --fix as well",
					  "--output is for what --fix mends")
			      : STATUS_OK;
	if (!output)
		return error_set(e, STATUS_USAGE, NULL, "say --output FILE",
				 "where is what --fix mends to be written?");
	in->file = preflight_mended_name(output);
	if (!in->file)
		return error_memory(e);
	text_append(&chain, in->file, strlen(in->file) - strlen(".pem"));
	text_add(&chain, "-chain.pem");
	if (text_check(&chain, e) == STATUS_OK)
		in->chain_file = strdup(text_get(&chain));
	text_free(&chain);
	return in->chain_file ? STATUS_OK : error_memory(e);
}

/* p becomes what would be uploaded after it. */
static enum status mend(struct inputs *in, struct preflight *p, struct error *e)
{
	enum status s = preflight_check(p, &in->before, e);

	if (s == STATUS_OK)
		s = preflight_mend(p, &in->mended, e);
	if (s != STATUS_OK)
		return s;
	p->name = path_name(in->file);
	p->certificate = span_text(text_get(&in->mended.certificate));
	p->chain = span_text(text_get(&in->mended.chain));
	s = file_expect_absent(in->file, e);
	if (s == STATUS_OK && p->chain.len)
		s = file_expect_absent(in->chain_file, e);
	return s;
}

static enum status write_mended(const struct inputs *in, struct error *e)
{
	const struct file_content files[] = {
		{in->file, span_text(text_get(&in->mended.certificate))},
		{in->chain_file, span_text(text_get(&in->mended.chain))},
	};

	return file_publish_together(files, files[1].content.len ? 2 : 1, 0644, FILE_KEEP, e);
}

/* --- what is said ----------------------------------------------------------------------------- */

/* Those that are gone come first: how many they are. */
static size_t sort_mended(struct findings *before, const struct findings *after)
{
	size_t mended = 0;

	for (size_t i = 0; i < before->count; i++) {
		struct finding one = before->items[i];

		if (findings_find(after, one.rule->id))
			continue;
		before->items[i] = before->items[mended];
		before->items[mended++] = one;
	}
	return mended;
}

static enum status say_json(struct invocation *in, const struct inputs *inputs,
			    const struct findings *mended, const struct findings *findings,
			    bool good, struct error *e)
{
	json_t *document = json_pack("{s:s, s:b, s:o}", "for", options_value(&in->options, "for"),
				     "ready", good, "findings", output_findings_json(findings));
	json_t *written = document && inputs->file ? json_array() : NULL;

	if (written) {
		if (good && inputs->mended.chain.len)
			json_array_append_new(written, output_json_text(inputs->chain_file));
		if (good)
			json_array_append_new(written, output_json_text(inputs->file));
		json_object_set_new(document, "mended", output_findings_json(mended));
		json_object_set_new(document, "written", written);
		json_object_set_new(document, "left_out",
				    json_integer((json_int_t)inputs->mended.left_out));
	}
	return output_json(&in->output, "check", document, e);
}

static enum status say(struct invocation *in, struct inputs *inputs,
		       const struct findings *findings, struct error *e)
{
	const char *portal = options_value(&in->options, "for");
	bool good = findings_count(findings, SEVERITY_ERROR) == 0;
	const char *file = inputs->file ? inputs->file : in->options.operands[0];
	struct findings mended;

	mended = (struct findings){inputs->before.items, sort_mended(&inputs->before, findings), 0};
	if (in->output.json)
		return say_json(in, inputs, &mended, findings, good, e);
	output_findings(&in->output, stdout, findings);
	if (good && mended.count && !in->output.quiet) {
		fputs("mended:\n", stdout);
		output_findings(&in->output, stdout, &mended);
	}
	if (inputs->mended.left_out && !in->output.quiet)
		printf("left out: %zu certificate%s of no use there\n", inputs->mended.left_out,
		       inputs->mended.left_out == 1 ? "" : "s");
	if (good && inputs->mended.chain.len && !in->output.quiet)
		printf("%s: written, the chain\n", inputs->chain_file);
	if (good && !in->output.quiet)
		printf("%s: %sready for %s\n", file, inputs->file ? "written, " : "", portal);
	return output_check(e);
}

static enum status conclude(const struct invocation *in, const struct inputs *inputs,
			    const struct findings *findings, struct error *e)
{
	size_t errors = findings_count(findings, SEVERITY_ERROR);

	if (!errors)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, in->options.operands[0],
			 inputs->file ? "nothing was written; mend what is listed"
				      : "mend what is listed before the upload",
			 "the portal would refuse it, or it would not work: %zu error%s", errors,
			 errors == 1 ? "" : "s");
}

static enum status check(struct invocation *in, struct inputs *inputs, struct findings *findings,
			 struct error *e)
{
	struct preflight p;
	enum status s = choose_files(&in->options, inputs, e);

	if (s == STATUS_OK)
		s = read_inputs(&in->options, inputs, e);
	if (s == STATUS_OK)
		s = open_authority(in, inputs, e);
	if (s == STATUS_OK)
		s = describe(&in->options, inputs, &p, e);
	if (s == STATUS_OK && inputs->file)
		s = mend(inputs, &p, e);
	if (s == STATUS_OK)
		s = preflight_check(&p, findings, e);
	if (s == STATUS_OK && inputs->file && findings_count(findings, SEVERITY_ERROR) == 0)
		s = write_mended(inputs, e);
	if (s == STATUS_OK)
		s = say(in, inputs, findings, e);
	return s;
}

static enum status cmd_check(struct invocation *in, struct error *e)
{
	struct inputs inputs = {0};
	struct findings findings = {0};
	enum status s = check(in, &inputs, &findings, e);

	if (s == STATUS_OK)
		s = conclude(in, &inputs, &findings, e);
	findings_free(&findings);
	free_inputs(&inputs);
	return s;
}

const struct command command_check = {
	.name = "check",
	.usage = "[options] --for PORTAL CERTIFICATE",
	.summary = "find out before an upload whether the portal would take it",
	.about =
		"Holds a signed certificate against what ZIA or ZPA takes: the file's name, size and "
		"form, key and subject of the request, path length, key usage, life, the chain and its "
		"order. What strict clients behind the portal would refuse is found as well. The CA's "
		"key is not needed; where -C or SUBCA_DIR names the CA, what it issued before counts "
		"too. --fix mends what can be without the key: form, order, text around.\n"
		"A certificate that was issued to itself and carries the CA's own key, as openssl x509 "
		"-signkey makes it, is recognised.",
	.least = 1,
	.most = 1,
	.operands = {{"CERTIFICATE", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = cmd_check,
};
