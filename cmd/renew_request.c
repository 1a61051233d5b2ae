/* subca renew SERIAL: the next certificate in the place of an old one whose key is elsewhere. */
#include "cmd/renew.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/pem.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/renewal.h"
#include "cmd/review.h"
#include "cmd/serial.h"

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
		s = csr_request_judge(span_of(&input), file, &r->request, &r->findings, e);
	bytes_free(&input);
	if (s == STATUS_OK && !*profile)
		s = error_set(e, STATUS_USAGE, NULL, "say which with --profile",
			      "the old certificate came from another tool: no profile is known");
	if (s == STATUS_OK)
		s = profile_load(authority_profiles(r->authority), profile, &r->profile, e);
	if (s == STATUS_OK)
		s = authority_weak_keys(r->authority, &r->weak_keys, e);
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
		.weak_keys = r->weak_keys,
		.replaces = span_of(&r->old.serial),
	};
	if (s == STATUS_OK)
		s = issue_draft(authority_store(r->authority), &r->issue, &r->draft, &r->findings,
				e);
	if (s != STATUS_OK)
		output_keep_findings(&r->in->output, &r->findings);
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

enum status renew_serial(struct renewing *r, struct error *e)
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
