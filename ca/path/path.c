#include "ca/path/internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/der.h"
#include "ca/lint.h"

/* Paths that are tried before the best one is told. */
#define ATTEMPTS_MAX 8

static const struct rule rules[] = {
#define RULE(id, severity, applies, reference, why, todo) \
	{#id, SEVERITY_##severity, reference, why, todo},
#include "ca/path/rules.h"
#include "ca/path/file_rules.h"
#undef RULE
};

/* In the order of rules[], of which they are the beginning. */
static const struct {
	path_rule *check;
	unsigned applies;
} checks[] = {
#define RULE(id, severity, applies, reference, why, todo) {id, applies},
#include "ca/path/rules.h"
#undef RULE
};

static const struct {
	path_file_rule *check;
	unsigned applies;
} file_checks[] = {
#define RULE(id, severity, applies, reference, why, todo) {path_file_##id, applies},
#include "ca/path/file_rules.h"
#undef RULE
};

#define RULE_COUNT (sizeof rules / sizeof *rules)
#define CHECK_COUNT (sizeof checks / sizeof *checks)

/* The same fact as lint sees it at one link: told once. */
static const struct {
	const char *path, *lint;
} twins[] = {
	{"path_not_ca", "issuer_not_ca"},
	{"path_key_usage", "issuer_key_usage"},
	{"path_key_usage", "key_usage_ca_sign"},
	{"path_length_unusable", "issuer_path_length"},
	{"path_length", "issuer_path_length"},
	{"path_name_constraints", "issuer_name_constraints"},
	{"path_critical_extension", "extension_unknown_critical"},
	{"path_outlives_issuer", "validity_after_issuer"},
	{"path_predates_issuer", "validity_before_issuer"},
	{"path_key_reused", "issuer_key_reused"},
};

const struct rule *path_rules(size_t *count)
{
	*count = RULE_COUNT;
	return rules;
}

unsigned path_rule_applies(size_t at)
{
	if (at < CHECK_COUNT)
		return checks[at].applies;
	return at < RULE_COUNT ? file_checks[at - CHECK_COUNT].applies : 0;
}

void path_file_run(const struct path_file_subject *s, unsigned applies, struct lint_report *report)
{
	for (size_t i = 0; CHECK_COUNT + i < RULE_COUNT && report->status == STATUS_OK; i++) {
		report->rule = &rules[CHECK_COUNT + i];
		if (file_checks[i].applies & applies)
			file_checks[i].check(s, report);
	}
}

void path_free(struct path *p)
{
	for (size_t i = 0; i < p->count; i++) {
		X509_free(p->links[i].certificate);
		findings_free(&p->links[i].findings);
	}
	free(p->links);
	*p = (struct path){0};
}

const struct finding *path_first_error(const struct path *p, size_t *link)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct findings *f = &p->links[i].findings;

		for (size_t n = 0; n < f->count; n++)
			if (f->items[n].severity == SEVERITY_ERROR) {
				*link = i;
				return &f->items[n];
			}
	}
	return NULL;
}

bool path_is_good(const struct path *p)
{
	size_t link;

	return p->complete && !path_first_error(p, &link);
}

/* --- lint of each link ------------------------------------------------------------------------ */

static bool is_told(const struct path *p, const char *lint_id)
{
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
		if (strcmp(twins[i].lint, lint_id) != 0)
			continue;
		for (size_t link = 0; link < p->count; link++)
			if (findings_find(&p->links[link].findings, twins[i].path))
				return true;
	}
	return false;
}

static void drop_told(const struct path *p, struct findings *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		struct finding one = f->items[i];

		if (is_told(p, one.rule->id)) {
			free(one.where);
			free(one.message);
			continue;
		}
		f->items[kept++] = one;
	}
	f->count = kept;
}

/* The octets that came in where the pool has them. */
static enum status link_der(const struct path_subject *s, size_t link, struct span leaf,
			    struct bytes *room, struct span *out, struct error *e)
{
	const struct path_link *l = &s->path.links[link];
	const struct path_member *m = path_pool_find(s->pool, l->certificate);

	if (link == 0)
		*out = leaf;
	else if (m)
		*out = span_of(&m->der);
	else if (der_encode(l->certificate, (i2d_of_void *)i2d_X509, room, e) == STATUS_OK)
		*out = span_of(room);
	else
		return error_status(e);
	return STATUS_OK;
}

static enum status lint_link(struct path_subject *s, size_t link, struct span leaf, struct error *e)
{
	struct bytes room = {0}, room_above = {0};
	struct span der = {0}, above = {0};
	struct findings found = {0};
	enum status status = link_der(s, link, leaf, &room, &der, e);

	if (status == STATUS_OK && link + 1 < s->path.count)
		status = link_der(s, link + 1, leaf, &room_above, &above, e);
	if (status == STATUS_OK)
		status = lint_certificate(der, above, &found, e);
	if (status == STATUS_OK) {
		drop_told(&s->path, &found);
		status = findings_move(&s->path.links[link].findings, &found, e);
	}
	findings_free(&found);
	bytes_free(&room);
	bytes_free(&room_above);
	return status;
}

/* --- one path --------------------------------------------------------------------------------- */

static size_t count_findings(const struct path *p)
{
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		count += p->links[i].findings.count;
	return count;
}

/*
 * A rule that takes up what OpenSSL refuses has to speak of it: else path_unexplained does, so that
 * nothing OpenSSL refuses passes for a mistake of ours.
 */
static void apply(struct path_subject *s, path_rule *rule, struct lint_report *report)
{
	bool before[PATH_VERDICTS_MAX];
	size_t findings = count_findings(&s->path);

	for (size_t i = 0; i < s->verdict_count; i++)
		before[i] = s->verdicts[i].told;
	rule(s, report);
	if (count_findings(&s->path) > findings)
		return;
	for (size_t i = 0; i < s->verdict_count; i++)
		s->verdicts[i].told = before[i] || s->verdicts[i].dismissed;
}

static enum status judge(struct path_subject *s, struct span leaf, struct error *e)
{
	struct lint_report report = {NULL, NULL, e, STATUS_OK};
	bool strict = s->options->level == PATH_STRICT;

	for (size_t i = 0; i < CHECK_COUNT && report.status == STATUS_OK; i++) {
		report.rule = &rules[i];
		if (strict || !(checks[i].applies & PATH_RULE_STRICT))
			apply(s, checks[i].check, &report);
	}
	for (size_t i = 0; strict && i < s->path.count && report.status == STATUS_OK; i++)
		report.status = lint_link(s, i, leaf, e);
	return report.status;
}

static bool has_twin_name(const struct path_pool *pool, const bool *left_out, size_t at)
{
	const X509_NAME *name = X509_get_subject_name(pool->members[at].certificate);

	for (size_t i = 0; i < pool->count; i++)
		if (i != at && !left_out[i] &&
		    X509_NAME_cmp(name, X509_get_subject_name(pool->members[i].certificate)) == 0)
			return true;
	return false;
}

/*
 * Leaves out the lowest certificate that may be to blame and that another of its name may stand in
 * for. A signature that fails may be the fault of the one above.
 */
static bool leave_out_one(const struct path_subject *s, bool *left_out)
{
	for (size_t i = 0; i < s->path.count; i++) {
		bool bad = findings_count(&s->path.links[i].findings, SEVERITY_ERROR) > 0;
		bool below = i > 0 &&
			     findings_count(&s->path.links[i - 1].findings, SEVERITY_ERROR) > 0;
		const struct path_member *m;

		if (i == 0 || (!bad && !below))
			continue;
		m = path_pool_find(s->pool, s->path.links[i].certificate);
		if (m && has_twin_name(s->pool, left_out, (size_t)(m - s->pool->members))) {
			left_out[m - s->pool->members] = true;
			return true;
		}
	}
	return false;
}

/* A path that leads nowhere is worse than any that does. */
static size_t count_wrong(const struct path *p)
{
	size_t count = p->complete ? 0 : SIZE_MAX / 2;

	for (size_t i = 0; i < p->count; i++)
		count += findings_count(&p->links[i].findings, SEVERITY_ERROR);
	return count;
}

static enum status check(const struct path_pool *pool, X509 *x, struct span leaf,
			 const struct path_options *o, struct path *out, struct error *e)
{
	bool *left_out = calloc(pool->count + 1, sizeof *left_out);
	enum status status = left_out ? STATUS_OK : error_memory(e);
	size_t least = SIZE_MAX;
	bool more = true;

	for (int attempt = 0; status == STATUS_OK && more && attempt < ATTEMPTS_MAX; attempt++) {
		struct path_subject s = {0};

		status = path_build(pool, left_out, x, o, &s, e);
		if (status == STATUS_OK)
			status = judge(&s, leaf, e);
		more = status == STATUS_OK && !path_is_good(&s.path) && leave_out_one(&s, left_out);
		if (status == STATUS_OK && count_wrong(&s.path) < least) {
			least = count_wrong(&s.path);
			path_free(out);
			*out = s.path;
			s.path = (struct path){0};
		}
		path_subject_free(&s);
	}
	free(left_out);
	return status;
}

enum status path_check(const struct path_pool *pool, struct span leaf, const struct path_options *o,
		       struct path *out, struct error *e)
{
	X509 *x = NULL;
	enum status s = path_read_certificate(leaf, &x, e);

	*out = (struct path){0};
	if (s == STATUS_OK)
		s = check(pool, x, leaf, o, out, e);
	if (s != STATUS_OK)
		path_free(out);
	X509_free(x);
	return s;
}
