#include "cmd/trust_doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "cmd/interrupt.h"
#include "cmd/tool_list.h"
#include "cmd/trust_anchor.h"
#include "trust/certs_d.h"
#include "trust/guide.h"
#include "trust/run.h"
#include "trust/seal.h"

#define SECONDS_MOST 600
#define AT_ONCE_MOST 16

/* One examination; owned but for the first. */
struct asking {
	struct invocation *in;
	struct bundle anchor;
	struct doctor_order order;
	struct doctor_report report;
	const char *only[TOOL_LIST_MOST], *skip[TOOL_LIST_MOST];
	struct text who;
	char *folder;
	int outside;
};

static bool has_settings(const struct tool *tool)
{
	return tool->settings != NULL;
}

static enum status read_options(struct asking *a, struct error *e)
{
	const struct options *o = &a->in->options;
	const char *bundle = options_value(o, "bundle"), *root = options_value(o, "root");
	int64_t seconds = 0, at_once = 0;

	if (tool_list_read(o, "only", has_settings, a->only, e) != STATUS_OK ||
	    tool_list_read(o, "skip", has_settings, a->skip, e) != STATUS_OK ||
	    options_number(o, "timeout", 1, SECONDS_MOST, &seconds, e) != STATUS_OK ||
	    options_number(o, "jobs", 1, AT_ONCE_MOST, &at_once, e) != STATUS_OK)
		return error_status(e);
	a->order.only = a->only[0] ? a->only : NULL;
	a->order.skip = a->skip;
	a->order.seconds = (int)seconds;
	a->order.at_once = (int)at_once;
	a->order.bundle = bundle ? bundle : GUIDE_BUNDLE;
	a->order.root_file = root ? root : GUIDE_ROOT;
	a->order.certs_d = CERTS_D_FOLDER;
	return datetime_now(&a->order.now, e);
}

/* What stands for the root on a command line of ours. */
static enum status name_root(struct asking *a, struct error *e)
{
	const struct options *o = &a->in->options;

	if (o->operand_count > 1) {
		words_quote(o->operands[1], &a->who);
	} else {
		text_add(&a->who, "-C ");
		words_quote(a->in->directory, &a->who);
	}
	a->order.who = text_get(&a->who);
	return text_check(&a->who, e);
}

/* Before the first thread; the folder has to be there before nothing can be written any more. */
static enum status set_stage(struct asking *a, struct error *e)
{
	enum status s = scratch_make(&a->folder, e);

	a->order.folder = a->folder;
	if (s == STATUS_OK && !options_given(&a->in->options, "no-try"))
		a->order.sealed = seal_network() && seal_files(a->folder, &a->outside);
	return s;
}

static enum status examine(struct asking *a, struct error *e)
{
	struct interrupt interrupt;
	enum status s;

	interrupt_begin(&interrupt);
	s = doctor(&a->order, &a->report, e);
	interrupt_end(&interrupt);
	return s;
}

static enum status conclude(const struct asking *a, struct error *e)
{
	const size_t *counts = a->report.counts;
	size_t bad = counts[DOCTOR_BREAKS] + counts[DOCTOR_OPEN] + counts[DOCTOR_UNCLEAR];
	size_t here = a->report.count - counts[DOCTOR_ABSENT];

	if (bad)
		return error_set(e, STATUS_REFUSED, a->anchor.items[0].subject,
				 "type the lines that mend, and look again",
				 "%zu of %zu tools are not ready for it", bad, here);
	/* What there is to say was said. */
	return counts[DOCTOR_WARNS] ? STATUS_WARNED : STATUS_OK;
}

static enum status run(struct asking *a, struct error *e)
{
	const struct bundle_item *root = &a->anchor.items[0];
	enum status s = name_root(a, e);

	a->order.root = root->certificate;
	if (s == STATUS_OK)
		s = set_stage(a, e);
	if (s == STATUS_OK)
		s = examine(a, e);
	if (s == STATUS_OK)
		s = trust_doctor_show(&a->in->output, &a->report, root->subject,
				      (struct span){root->sha256, sizeof root->sha256}, e);
	return s == STATUS_OK ? conclude(a, e) : s;
}

enum status trust_doctor(struct invocation *in, struct error *e)
{
	struct asking a = {.in = in, .outside = -1};
	struct findings findings = {0};
	enum status s = read_options(&a, e);

	if (s == STATUS_OK)
		s = trust_anchor_read(in, true, &a.anchor, &findings, e);
	if (s == STATUS_REFUSED)
		output_findings(&in->output, stderr, &findings);
	if (s == STATUS_OK)
		s = run(&a, e);
	if (a.order.sealed) {
		char *folder = strdup(a.folder);

		scratch_remove(a.folder);
		if (folder)
			seal_files_end(folder, a.outside);
		free(folder);
	} else {
		scratch_remove(a.folder);
	}
	doctor_report_free(&a.report);
	bundle_free(&a.anchor);
	findings_free(&findings);
	text_free(&a.who);
	return s;
}
