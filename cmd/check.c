/* subca check: would the portal take this upload, and would it work there? */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
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
	{0},
};

/* What was read; owned. */
struct inputs {
	struct bytes certificate, request, chain;
};

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

static enum status judge(const struct options *o, const struct inputs *in,
			 struct findings *findings, struct error *e)
{
	struct preflight p = {
		.name = path_name(o->operands[0]),
		.certificate = span_of(&in->certificate),
		.request = span_of(&in->request),
		.chain = span_of(&in->chain),
	};
	int portal = -1;

	if (options_word(o, "for", &portal, e) != STATUS_OK)
		return error_status(e);
	if (portal < 0)
		return error_set(e, STATUS_USAGE, NULL, "say --for zia, --for zia-hsm or --for zpa",
				 "which portal is it for?");
	p.portal = portal_of[portal];
	if (datetime_now(&p.now, e) != STATUS_OK || preflight_check(&p, findings, e) != STATUS_OK)
		return error_status(e);
	return STATUS_OK;
}

static enum status say(struct invocation *in, const struct findings *findings, struct error *e)
{
	const char *portal = options_value(&in->options, "for");
	bool good = findings_count(findings, SEVERITY_ERROR) == 0;

	if (in->output.json)
		return output_json(&in->output, "check",
				   json_pack("{s:s, s:b, s:o}", "for", portal, "ready", good,
					     "findings", output_findings_json(findings)),
				   e);
	output_findings(&in->output, stdout, findings);
	if (good && !in->output.quiet)
		printf("%s: ready for %s\n", in->options.operands[0], portal);
	return output_check(e);
}

static enum status cmd_check(struct invocation *in, struct error *e)
{
	struct inputs inputs = {0};
	struct findings findings = {0};
	enum status status = read_inputs(&in->options, &inputs, e);
	size_t errors;

	if (status == STATUS_OK)
		status = judge(&in->options, &inputs, &findings, e);
	if (status == STATUS_OK)
		status = say(in, &findings, e);
	errors = findings_count(&findings, SEVERITY_ERROR);
	if (status == STATUS_OK && errors)
		status = error_set(e, STATUS_REFUSED, in->options.operands[0],
				   "mend what is listed before the upload",
				   "the portal would refuse it, or it would not work: %zu error%s",
				   errors, errors == 1 ? "" : "s");
	findings_free(&findings);
	bytes_free(&inputs.certificate);
	bytes_free(&inputs.request);
	bytes_free(&inputs.chain);
	return status;
}

const struct command command_check = {
	.name = "check",
	.usage = "[options] --for PORTAL CERTIFICATE",
	.summary = "find out before an upload whether the portal would take it",
	.about =
		"Holds a signed certificate against what ZIA or ZPA takes: the file's name, size and "
		"form, key and subject of the request, path length, key usage, life, the chain and its "
		"order. What strict clients behind the portal would refuse is found as well. Neither "
		"the CA nor its key is needed.\n"
		"A certificate that was issued to itself and carries the CA's own key, as openssl x509 "
		"-signkey makes it, is recognised.",
	.least = 1,
	.most = 1,
	.operands = {{"CERTIFICATE", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = cmd_check,
};
