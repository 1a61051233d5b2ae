#include "cmd/review.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "hsm/keyfile.h"

#define COLUMNS 80
#define LABEL 14

/* "  label       text", broken at spaces (or hard, in a long word) and indented below itself. */
static void print_field(FILE *to, int indent, const char *label, int width, const char *text)
{
	size_t room = (size_t)(COLUMNS - indent - width), len = strlen(text);

	fprintf(to, "%*s%-*s", indent, "", width, label);
	while (len > room) {
		size_t cut = room;

		while (cut > room / 2 && text[cut] != ' ' && !strchr(",:", text[cut - 1]))
			cut--;
		if (cut <= room / 2)
			cut = room;
		/* Never inside a UTF-8 sequence. */
		while (cut > 1 && ((unsigned char)text[cut] & 0xC0) == 0x80)
			cut--;
		fprintf(to, "%.*s\n%*s", (int)cut, text, indent + width, "");
		text += cut;
		text += *text == ' ';
		len = strlen(text);
	}
	fprintf(to, "%s\n", text);
}

static void print_heading(const struct output *o, FILE *to, const char *text)
{
	bool colour = to == stderr ? o->colour_error : o->colour;

	fprintf(to, "\n%s%s%s\n", colour_code(colour, COLOUR_BOLD), text,
		colour_code(colour, COLOUR_NONE));
}

static void add_life(struct text *out, int64_t from, int64_t until)
{
	char start[DATETIME_SIZE], end[DATETIME_SIZE];

	datetime_format(from, start);
	datetime_format(until, end);
	text_printf(out, "%s to %s (%" PRId64 " days)", start, end,
		    (until - from + 1) / SECONDS_PER_DAY);
}

static void add_issuer_life(struct text *out, const X509 *issuer)
{
	struct error ignored;
	int64_t from, until;

	if (asn1_time_seconds(X509_get0_notBefore(issuer), &from, &ignored) == STATUS_OK &&
	    asn1_time_seconds(X509_get0_notAfter(issuer), &until, &ignored) == STATUS_OK)
		add_life(out, from, until);
}

/* What the review says, gathered once for both forms. */
struct review {
	struct text issuer, issuer_life, subject, life;
	char key[64], issuer_key[64], serial[2 * SERIAL_MAX + 1], plan[2 * SHA256_SIZE + 1];
};

static void gather(const struct issue_order *order, const struct issue_draft *draft,
		   struct review *r)
{
	const struct cert_plan *plan = issue_draft_plan(draft);

	name_show(csr_request_name(order->request), &r->subject);
	name_show(order->issuer ? X509_get_subject_name(order->issuer)
				: csr_request_name(order->request),
		  &r->issuer);
	if (order->issuer)
		add_issuer_life(&r->issuer_life, order->issuer);
	add_life(&r->life, plan_not_before(plan), plan_not_after(plan));
	key_type_name(csr_request_key(order->request), r->key, sizeof r->key);
	key_type_name(order->issuer ? X509_get0_pubkey(order->issuer)
				    : csr_request_key(order->request),
		      r->issuer_key, sizeof r->issuer_key);
	hex_encode(issue_draft_serial(draft), r->serial);
	hex_encode((struct span){plan_hash(plan), SHA256_SIZE}, r->plan);
}

static void release(struct review *r)
{
	text_free(&r->issuer);
	text_free(&r->issuer_life);
	text_free(&r->subject);
	text_free(&r->life);
}

static void print_summary(FILE *to, const struct issue_order *order,
			  const struct issue_draft *draft, const struct review *r)
{
	struct text profile = {0};

	text_printf(&profile, "%s: %s", order->profile->name, order->profile->description);
	print_field(to, 2, "Signed by", LABEL, text_get(&r->issuer));
	print_field(to, 2, "with", LABEL, r->issuer_key);
	if (order->issuer)
		print_field(to, 2, "who is valid", LABEL, text_get(&r->issuer_life));
	print_field(to, 2, "Profile", LABEL, text_get(&profile));
	print_field(to, 2, "Request", LABEL, csr_request_origin(order->request));
	print_field(to, 2, "Subject", LABEL, text_get(&r->subject));
	print_field(to, 2, "Key", LABEL, r->key);
	print_field(to, 2, "Valid", LABEL, text_get(&r->life));
	if (plan_was_shortened(issue_draft_plan(draft)))
		print_field(to, 2, "", LABEL, "shortened to the issuer's end (--fit)");
	print_field(to, 2, "Serial", LABEL, r->serial);
	print_field(to, 2, "Plan hash", LABEL, r->plan);
	if (order->reissue)
		print_field(to, 2, "Again because", LABEL, order->reissue);
	text_free(&profile);
}

static void print_extensions(FILE *to, const struct cert_plan *plan)
{
	const STACK_OF(X509_EXTENSION) *list = plan_extensions(plan);

	for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
		X509_EXTENSION *one = sk_X509_EXTENSION_value(list, i);
		struct text words = {0};

		extension_show(one, &words);
		print_field(to, 2, OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(one))), 24,
			    text_get(&words));
		text_free(&words);
	}
}

static void print_differences(FILE *to, const struct differences *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct difference *one = &d->items[i];
		struct text line = {0};

		text_printf(&line, "%s (%s)", one->field, one->rule);
		print_field(to, 2, difference_verdict_name(one->verdict), 12, text_get(&line));
		if (one->verdict == DIFFERENCE_DROPPED || one->verdict == DIFFERENCE_OVERRIDDEN)
			print_field(to, 14, "asked", 7, one->asked);
		if (one->verdict == DIFFERENCE_OVERRIDDEN)
			print_field(to, 14, "gets", 7, one->granted);
		text_free(&line);
	}
}

enum status review_print(const struct output *o, FILE *to, const struct issue_order *order,
			 const struct issue_draft *draft, const struct findings *findings,
			 struct error *e)
{
	struct review r = {.serial = ""};
	enum status s;

	gather(order, draft, &r);
	s = text_check(&r.subject, e);
	if (s == STATUS_OK) {
		print_heading(o, to, "What will be signed");
		print_summary(to, order, draft, &r);
		print_heading(o, to, "Extensions");
		print_extensions(to, issue_draft_plan(draft));
		print_heading(o, to, "What the request asked for, and what became of it");
		print_differences(to, issue_draft_differences(draft));
		if (findings->count) {
			print_heading(o, to, "Findings");
			output_findings(o, to, findings);
		}
		fputc('\n', to);
		/* Nobody agrees to what was not shown whole. */
		s = output_check(e);
	}
	release(&r);
	return s;
}

static json_t *differences_json(const struct differences *d)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < d->count; i++) {
		const struct difference *one = &d->items[i];

		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:o}", "field",
							  one->field, "verdict",
							  difference_verdict_name(one->verdict),
							  "rule", one->rule, "asked",
							  output_json_text(one->asked), "granted",
							  output_json_text(one->granted))) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *extensions_json(const struct cert_plan *plan)
{
	const STACK_OF(X509_EXTENSION) *extensions = plan_extensions(plan);
	json_t *list = json_array();

	for (int i = 0; list && i < sk_X509_EXTENSION_num(extensions); i++) {
		X509_EXTENSION *one = sk_X509_EXTENSION_value(extensions, i);
		struct text words = {0};
		int failed;

		extension_show(one, &words);
		failed = json_array_append_new(
			list, json_pack("{s:s, s:b, s:o}", "name",
					OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(one))),
					"critical", X509_EXTENSION_get_critical(one), "value",
					output_json_text(text_get(&words))));
		text_free(&words);
		if (failed) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *review_json(const struct issue_order *order, const struct issue_draft *draft,
		    const struct findings *findings)
{
	const struct cert_plan *plan = issue_draft_plan(draft);
	char from[DATETIME_SIZE], until[DATETIME_SIZE];
	struct review r = {.serial = ""};
	json_t *document;

	gather(order, draft, &r);
	datetime_format(plan_not_before(plan), from);
	datetime_format(plan_not_after(plan), until);
	document = json_pack(
		"{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:o}", "profile",
		order->profile->name, "portal", order->profile->portal, "issuer",
		output_json_text(text_get(&r.issuer)), "subject",
		output_json_text(text_get(&r.subject)), "key", r.key, "issuer_key", r.issuer_key,
		"serial", r.serial, "not_before", from, "not_after", until, "shortened",
		plan_was_shortened(plan), "plan_hash", r.plan, "extensions", extensions_json(plan),
		"differences", differences_json(issue_draft_differences(draft)), "findings",
		output_findings_json(findings));
	release(&r);
	return document;
}
