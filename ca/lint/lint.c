#include "ca/lint/internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

/* No rule looks at the signature, only at its algorithm. */
#define FILLER_SIZE 64

static const struct rule rules[] = {
#define RULE(id, severity, applies, reference, why, todo) \
	{#id, SEVERITY_##severity, reference, why, todo},
#include "ca/lint/rules.h"
#undef RULE
};

/* In the order of rules[]. */
static const struct {
	lint_check *check;
	unsigned applies;
} checks[] = {
#define RULE(id, severity, applies, reference, why, todo) {lint_##id, applies},
#include "ca/lint/rules.h"
#undef RULE
};

#define RULE_COUNT (sizeof rules / sizeof *rules)

struct lint_passed {
	struct bytes owned;
	struct span tbs; /* owned, or the caller's */
	X509_ALGOR *algorithm;
};

const struct rule *lint_rules(size_t *count)
{
	*count = RULE_COUNT;
	return rules;
}

unsigned lint_rule_applies(size_t at)
{
	return at < RULE_COUNT ? checks[at].applies : 0;
}

/* A hostile name has a million parts, each of them wrong. */
static bool has_said_enough(const struct lint_report *report)
{
	const struct findings *f = report->findings;

	return f->count >= LINT_FINDINGS_MAX &&
	       f->items[f->count - LINT_FINDINGS_MAX].rule == report->rule;
}

void lint_say(struct lint_report *report, const char *where, const char *format, ...)
{
	struct text safe = {0};
	va_list arguments;
	char raw[512];

	if (report->status != STATUS_OK || has_said_enough(report))
		return;
	va_start(arguments, format);
	vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	text_add_escaped(&safe, span_text(raw));
	report->status = text_check(&safe, report->error);
	if (report->status == STATUS_OK)
		report->status = findings_add(report->findings, report->rule, where, report->error,
					      "%s", text_get(&safe));
	text_free(&safe);
}

enum status lint_judge(const struct lint_subject *s, struct findings *findings, struct error *e)
{
	struct lint_report report = {NULL, findings, e, STATUS_OK};

	for (size_t i = 0; i < RULE_COUNT && report.status == STATUS_OK; i++) {
		report.rule = &rules[i];
		if (checks[i].applies & s->kind)
			checks[i].check(s, &report);
	}
	/* For want of memory an extension is absent, or not well-formed: neither is judged. */
	if (report.status == STATUS_OK && memory_ran_out())
		return error_memory(e);
	return report.status;
}

static bool asked_once[RULE_COUNT];

static void find_asked_once(void)
{
	for (size_t i = 0; i < RULE_COUNT; i++)
		asked_once[i] = lint_is_asked_once(checks[i].check);
}

static void need_asked_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_asked_once);
}

static enum status repeat(struct findings *to, const struct finding *f, struct error *e)
{
	return findings_add(to, f->rule, f->where, e, "%s", f->message);
}

enum status lint_judge_keeping(const struct lint_subject *s, struct findings *said,
			       struct findings *findings, struct error *e)
{
	size_t from = findings->count;
	enum status status = lint_judge(s, findings, e);

	need_asked_once();
	for (size_t i = from; status == STATUS_OK && i < findings->count; i++)
		if (asked_once[findings->items[i].rule - rules])
			status = repeat(said, &findings->items[i], e);
	return status;
}

enum status lint_judge_own(const struct lint_subject *s, const struct findings *said,
			   struct findings *findings, struct error *e)
{
	struct lint_report report = {NULL, findings, e, STATUS_OK};
	size_t told = 0;

	need_asked_once();
	for (size_t i = 0; i < RULE_COUNT && report.status == STATUS_OK; i++) {
		report.rule = &rules[i];
		if (!asked_once[i] && (checks[i].applies & s->kind))
			checks[i].check(s, &report);
		while (report.status == STATUS_OK && told < said->count &&
		       said->items[told].rule == &rules[i])
			report.status = repeat(findings, &said->items[told++], e);
	}
	return report.status;
}

/* How often each rule has spoken of an entry. */
struct entry_tally {
	struct findings *findings;
	size_t told[RULE_COUNT], more[RULE_COUNT];
};

static enum status judge_entry(const struct lint_subject *s, void *context, struct error *e)
{
	struct entry_tally *tally = context;
	struct findings untold = {0};
	struct lint_report report = {NULL, NULL, e, STATUS_OK};

	for (size_t i = 0; i < RULE_COUNT && report.status == STATUS_OK; i++) {
		size_t before = tally->findings->count;

		if (!(checks[i].applies & LINT_CRL_ENTRY))
			continue;
		report.rule = &rules[i];
		report.findings = tally->told[i] < LINT_ENTRIES_TOLD ? tally->findings : &untold;
		checks[i].check(s, &report);
		tally->told[i] += tally->findings->count > before;
		tally->more[i] += untold.count > 0;
		if (untold.count)
			findings_free(&untold);
	}
	return report.status;
}

static enum status tell_more(const struct entry_tally *tally, struct error *e)
{
	struct lint_report report = {NULL, tally->findings, e, STATUS_OK};

	for (size_t i = 0; i < RULE_COUNT; i++) {
		report.rule = &rules[i];
		if (tally->more[i])
			lint_say(&report, "revokedCertificates", "has %zu more such entr%s",
				 tally->more[i], tally->more[i] == 1 ? "y" : "ies");
	}
	return report.status;
}

static enum status judge_crl(struct span der, struct span tbs, const X509_ALGOR *outer,
			     struct span issuer, struct findings *findings, struct error *e)
{
	struct entry_tally tally = {.findings = findings};
	struct lint_subject *s = NULL;
	enum status status = lint_subject_read_crl(der, tbs, outer, issuer, &s, e);

	if (status == STATUS_OK && s->crl)
		status = lint_entries_walk(s, judge_entry, &tally, e);
	if (status == STATUS_OK)
		status = tell_more(&tally, e);
	if (status == STATUS_OK)
		status = lint_judge(s, findings, e);
	lint_subject_free(s);
	return status;
}

enum status lint_certificate(struct span der, struct span issuer, struct findings *findings,
			     struct error *e)
{
	struct lint_subject *s = NULL;
	enum status status = lint_subject_read(der, issuer, &s, e);

	if (status == STATUS_OK)
		status = lint_judge(s, findings, e);
	lint_subject_free(s);
	return status;
}

enum status lint_certificate_below(struct span der, const struct lint_issuer *issuer,
				   struct findings *findings, struct error *e)
{
	struct lint_subject *s = NULL;
	enum status status = lint_subject_read_below(der, issuer, &s, e);

	if (status == STATUS_OK)
		status = lint_judge(s, findings, e);
	lint_subject_free(s);
	return status;
}

/* SIGNED{} taken apart in place: what is signed may have a million entries. */
static enum status open_signed(struct span der, struct span *tbs, X509_ALGOR **algorithm,
			       struct error *e)
{
	struct span rest = der;
	struct der_piece whole, signed_part, outer, signature;
	const unsigned char *at;

	if (!der_next(&rest, &whole) || whole.class != V_ASN1_UNIVERSAL ||
	    whole.tag != V_ASN1_SEQUENCE)
		return error_set(e, STATUS_INPUT, NULL, NULL, "is not a signed structure");
	if (rest.len)
		return error_set(e, STATUS_INPUT, NULL, "remove what follows it",
				 "has %zu more bytes after its end, from offset %zu", rest.len,
				 whole.whole.len);
	if (!der_next(&whole.content, &signed_part) || !der_next(&whole.content, &outer) ||
	    !der_next(&whole.content, &signature) || whole.content.len ||
	    signature.class != V_ASN1_UNIVERSAL || signature.tag != V_ASN1_BIT_STRING)
		return error_set(e, STATUS_INPUT, NULL, NULL, "is not a signed structure");
	if (signed_part.class != V_ASN1_UNIVERSAL || signed_part.tag != V_ASN1_SEQUENCE)
		return error_set(e, STATUS_INPUT, NULL, NULL,
				 "has no SEQUENCE under its signature");
	at = outer.whole.data;
	*algorithm = d2i_X509_ALGOR(NULL, &at, (long)outer.whole.len);
	if (!*algorithm)
		return error_openssl(e, STATUS_INPUT, NULL, NULL, "is not a signed structure");
	*tbs = signed_part.whole;
	return STATUS_OK;
}

enum status lint_crl(struct span der, struct span issuer, struct findings *findings,
		     struct error *e)
{
	X509_ALGOR *algorithm = NULL;
	struct span tbs;
	enum status status = open_signed(der, &tbs, &algorithm, e);

	if (status == STATUS_OK)
		status = judge_crl(der, tbs, algorithm, issuer, findings, e);
	X509_ALGOR_free(algorithm);
	return status;
}

/* keep: a copy of tbs, so that it need not stay. */
static enum status pass(struct span tbs, bool keep, const X509_ALGOR *algorithm,
			struct lint_passed **out, struct error *e)
{
	struct lint_passed *p = calloc(1, sizeof *p);

	if (!p)
		return error_memory(e);
	p->algorithm = X509_ALGOR_dup(algorithm);
	if (!p->algorithm || (keep && bytes_copy(&p->owned, tbs, e) != STATUS_OK)) {
		lint_passed_free(p);
		return error_memory(e);
	}
	p->tbs = keep ? span_of(&p->owned) : tbs;
	*out = p;
	return STATUS_OK;
}

enum status lint_tbs(struct span tbs, const X509_ALGOR *algorithm, const struct lint_issuer *issuer,
		     struct findings *findings, struct lint_passed **out, struct error *e)
{
	static const unsigned char filler[FILLER_SIZE] = {0};
	struct bytes der = {0};
	size_t before = findings->count;
	enum status status;

	status = der_signed_build(tbs, algorithm, (struct span){filler, sizeof filler}, &der, e);
	if (status == STATUS_OK)
		status = lint_certificate_below(span_of(&der), issuer, findings, e);
	if (status == STATUS_OK)
		status = findings_refuse(findings, before, STATUS_REFUSED, NULL, e);
	if (status == STATUS_OK)
		status = pass(tbs, true, algorithm, out, e);
	bytes_free(&der);
	return status;
}

enum status lint_crl_tbs(struct span tbs, const X509_ALGOR *algorithm, struct span issuer,
			 struct findings *findings, struct lint_passed **out, struct error *e)
{
	size_t before = findings->count;
	enum status status = judge_crl(tbs, tbs, algorithm, issuer, findings, e);

	if (status == STATUS_OK)
		status = findings_refuse(findings, before, STATUS_REFUSED, NULL, e);
	if (status == STATUS_OK)
		status = pass(tbs, false, algorithm, out, e);
	return status;
}

void lint_passed_free(struct lint_passed *p)
{
	if (!p)
		return;
	bytes_free(&p->owned);
	X509_ALGOR_free(p->algorithm);
	free(p);
}

struct span lint_passed_tbs(const struct lint_passed *p)
{
	return p->tbs;
}

const X509_ALGOR *lint_passed_algorithm(const struct lint_passed *p)
{
	return p->algorithm;
}
