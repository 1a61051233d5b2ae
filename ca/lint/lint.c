#include "ca/lint/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
	struct bytes tbs;
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

void lint_say(struct lint_report *report, const char *where, const char *format, ...)
{
	struct text safe = {0};
	va_list arguments;
	char raw[512];

	if (report->status != STATUS_OK)
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

static enum status judge(const struct lint_subject *s, struct findings *findings, struct error *e)
{
	struct lint_report report = {NULL, findings, e, STATUS_OK};

	for (size_t i = 0; i < RULE_COUNT && report.status == STATUS_OK; i++) {
		report.rule = &rules[i];
		if (checks[i].applies & s->kind)
			checks[i].check(s, &report);
	}
	return report.status;
}

enum status lint_certificate(struct span der, struct span issuer, struct findings *findings,
			     struct error *e)
{
	struct lint_subject *s = NULL;
	enum status status = lint_subject_read(der, issuer, &s, e);

	if (status == STATUS_OK)
		status = judge(s, findings, e);
	lint_subject_free(s);
	return status;
}

static enum status refuse_errors(const struct findings *findings, size_t from, struct error *e)
{
	for (size_t i = from; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];

		if (f->severity == SEVERITY_ERROR)
			return error_set(e, STATUS_REFUSED, f->where, f->rule->todo, "%s (%s, %s)",
					 f->message, f->rule->id, f->rule->reference);
	}
	return STATUS_OK;
}

static enum status pass(struct span tbs, const X509_ALGOR *algorithm, struct lint_passed **out,
			struct error *e)
{
	struct lint_passed *p = calloc(1, sizeof *p);

	if (!p)
		return error_memory(e);
	p->algorithm = X509_ALGOR_dup(algorithm);
	if (!p->algorithm || bytes_copy(&p->tbs, tbs, e) != STATUS_OK) {
		lint_passed_free(p);
		return error_memory(e);
	}
	*out = p;
	return STATUS_OK;
}

enum status lint_tbs(struct span tbs, const X509_ALGOR *algorithm, struct span issuer,
		     struct findings *findings, struct lint_passed **out, struct error *e)
{
	static const unsigned char filler[FILLER_SIZE] = {0};
	struct bytes der = {0};
	size_t before = findings->count;
	enum status status;

	status = der_signed_build(tbs, algorithm, (struct span){filler, sizeof filler}, &der, e);
	if (status == STATUS_OK)
		status = lint_certificate(span_of(&der), issuer, findings, e);
	if (status == STATUS_OK)
		status = refuse_errors(findings, before, e);
	if (status == STATUS_OK)
		status = pass(tbs, algorithm, out, e);
	bytes_free(&der);
	return status;
}

void lint_passed_free(struct lint_passed *p)
{
	if (!p)
		return;
	bytes_free(&p->tbs);
	X509_ALGOR_free(p->algorithm);
	free(p);
}

struct span lint_passed_tbs(const struct lint_passed *p)
{
	return span_of(&p->tbs);
}

const X509_ALGOR *lint_passed_algorithm(const struct lint_passed *p)
{
	return p->algorithm;
}
