/* What "subca lint" says. */
#include "cmd/lint_run.h"

static const char *const form_names[LINT_FORMS] = {"certificate", "CRL", "request"};

const char *lint_form_name(enum lint_form form)
{
	return form_names[form];
}

static void print_title(const struct lint_run *r, const struct lint_place *at)
{
	struct text title = {0};

	text_add_escaped(&title, span_text(at->path));
	if (!at->number)
		text_printf(&title, ", the %s", at->kind);
	else if (at->several)
		text_printf(&title, ", %s %zu", at->kind, at->number);
	printf("%s%s:%s\n", colour_code(r->output->colour, COLOUR_BOLD), text_get(&title),
	       colour_code(r->output->colour, COLOUR_NONE));
	text_free(&title);
}

static enum status say(const struct lint_run *r, const struct lint_place *at,
		       const struct rules_sorted *found, struct error *e)
{
	if (r->output->json)
		return output_json_item(r->output,
					json_pack("{s:o, s:I, s:s, s:o, s:o}", "file",
						  output_json_text(at->path), "number",
						  (json_int_t)at->number, "kind", at->kind,
						  "findings", output_findings_json(&found->told),
						  "ignored", rules_ignored_json(&r->choice, found)),
					e);
	if (!found->told.count)
		return STATUS_OK;
	print_title(r, at);
	output_findings(r->output, stdout, &found->told);
	return output_check(e);
}

enum status lint_say_findings(struct lint_run *r, const struct lint_place *at, struct findings *all,
			      struct error *e)
{
	const struct rules_about about = {at->serial, at->path, r->now};
	struct rules_sorted found;
	enum status s = rules_choice_sort(&r->choice, &about, all, &found, e);

	if (s != STATUS_OK) {
		findings_free(all);
		return s;
	}
	for (size_t i = 0; i < found.told.count; i++)
		r->found[found.told.items[i].severity]++;
	s = say(r, at, &found, e);
	rules_sorted_free(&found);
	return s;
}

enum status lint_say_bad(struct lint_run *r, const struct lint_place *at,
			 const struct error *problem, struct error *e)
{
	struct output people = *r->output;

	if (!r->bad++)
		r->bad_status = problem->status;
	people.json = false;
	output_error(&people, problem);
	if (!r->output->json)
		return output_check(e);
	return output_json_item(
		r->output,
		json_pack("{s:o, s:I, s:s, s:o}", "file", output_json_text(at->path), "number",
			  (json_int_t)at->number, "status", status_name(problem->status), "problem",
			  output_json_text(problem->what)),
		e);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void lint_print_sum(const struct lint_run *r)
{
	const size_t *f = r->found;
	size_t all = 0;
	const char *comma = "";

	for (size_t k = 0; k < LINT_FORMS; k++)
		all += r->linted[k];
	for (size_t k = 0; k < LINT_FORMS; k++) {
		if (!r->linted[k] && (k > 0 || all))
			continue;
		printf("%s%zu %s%s", comma, r->linted[k], form_names[k], plural(r->linted[k]));
		comma = ", ";
	}
	printf(": %zu error%s, %zu warning%s, %zu notice%s\n", f[SEVERITY_ERROR],
	       plural(f[SEVERITY_ERROR]), f[SEVERITY_WARNING], plural(f[SEVERITY_WARNING]),
	       f[SEVERITY_NOTICE], plural(f[SEVERITY_NOTICE]));
	if (r->passed_over)
		printf("passed over: %zu file%s with nothing to lint\n", r->passed_over,
		       plural(r->passed_over));
}
