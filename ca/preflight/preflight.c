#include "ca/preflight/internal.h"

#include <stdlib.h>

#include "base/der.h"
#include "ca/lint.h"

static const struct rule rules[] = {
#define RULE(id, severity, portals, reference, why, todo) \
	{#id, SEVERITY_##severity, reference, why, todo},
#include "ca/preflight/rules.h"
#undef RULE
};

/* In the order of rules[]. */
static const struct {
	preflight_rule *check;
	unsigned portals;
} checks[] = {
#define RULE(id, severity, portals, reference, why, todo) {preflight_##id, portals},
#include "ca/preflight/rules.h"
#undef RULE
};

#define RULE_COUNT (sizeof rules / sizeof *rules)

const struct rule *preflight_rules(size_t *count)
{
	*count = RULE_COUNT;
	return rules;
}

unsigned preflight_rule_portals(size_t at)
{
	return at < RULE_COUNT ? checks[at].portals : 0;
}

static void add_above(struct preflight_subject *s, X509 *x)
{
	const X509_NAME *subject = X509_get_subject_name(x);

	s->above[s->above_count++] = x;
	if (!s->root && X509_NAME_cmp(subject, X509_get_issuer_name(x)) == 0)
		s->root = x;
	if (!s->issuer && X509_cmp(x, s->certificate) != 0 &&
	    X509_NAME_cmp(subject, X509_get_issuer_name(s->certificate)) == 0)
		s->issuer = x;
}

static void arrange(struct preflight_subject *s)
{
	if (s->file.count == 0)
		return;
	s->certificate = s->file.certificates[0];
	for (size_t i = 1; i < s->file.count; i++)
		add_above(s, s->file.certificates[i]);
	for (size_t i = 0; i < s->chain.count; i++)
		add_above(s, s->chain.certificates[i]);
}

static enum status judge(const struct preflight_subject *s, struct findings *findings,
			 struct error *e)
{
	struct lint_report report = {NULL, findings, e, STATUS_OK};

	for (size_t i = 0; i < RULE_COUNT && report.status == STATUS_OK; i++) {
		report.rule = &rules[i];
		if (checks[i].portals & (unsigned)s->input->portal)
			checks[i].check(s, &report);
	}
	return report.status;
}

/* Strict clients behind the portal (Python 3.13) care for what lint says. */
static enum status lint_it(const struct preflight_subject *s, struct findings *findings,
			   struct error *e)
{
	struct bytes der = {0}, issuer = {0};
	enum status status = STATUS_OK;

	if (s->certificate)
		status = der_encode(s->certificate, (i2d_of_void *)i2d_X509, &der, e);
	if (status == STATUS_OK && s->issuer)
		status = der_encode(s->issuer, (i2d_of_void *)i2d_X509, &issuer, e);
	if (status == STATUS_OK && s->certificate)
		status = lint_certificate(span_of(&der), span_of(&issuer), findings, e);
	bytes_free(&der);
	bytes_free(&issuer);
	return status;
}

enum status preflight_check(const struct preflight *p, struct findings *findings, struct error *e)
{
	struct preflight_subject *s = calloc(1, sizeof *s);
	struct csr_request *request = NULL;
	enum status status = STATUS_OK;

	if (!s)
		return error_memory(e);
	s->input = p;
	if (p->request.len)
		status = csr_request_read(p->request, "request", &request, e);
	if (status == STATUS_OK) {
		s->request = request;
		upload_read(p->certificate, &s->file);
		upload_read(p->chain, &s->chain);
		arrange(s);
		status = judge(s, findings, e);
	}
	if (status == STATUS_OK)
		status = lint_it(s, findings, e);
	upload_free(&s->file);
	upload_free(&s->chain);
	csr_request_free(request);
	free(s);
	return status;
}
