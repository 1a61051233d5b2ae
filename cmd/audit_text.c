#include "cmd/audit_text.h"

#include <inttypes.h>
#include <string.h>

#include "audit/report.h"
#include "audit/tree.h"
#include "base/datetime.h"
#include "cmd/layout.h"

#define UNREAD_SHOWN 20
#define WIDTH 80

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void audit_count_text(const struct audit *a, struct text *out)
{
	const size_t *f = a->found;

	text_printf(out, "%zu error%s, %zu warning%s, %zu notice%s", f[SEVERITY_ERROR],
		    plural(f[SEVERITY_ERROR]), f[SEVERITY_WARNING], plural(f[SEVERITY_WARNING]),
		    f[SEVERITY_NOTICE], plural(f[SEVERITY_NOTICE]));
	if (a->accepted)
		text_printf(out, ", %zu accepted", a->accepted);
}

void audit_print_line(const struct audit *a)
{
	struct text line = {0};

	text_printf(&line, "%s: %s; ", report_title(a),
		    a->found[SEVERITY_ERROR]	 ? "ERRORS"
		    : a->found[SEVERITY_WARNING] ? "warnings"
						 : "in order");
	audit_count_text(a, &line);
	text_printf(&line, "; %" PRIu32 " certificate%s, %zu not examined", a->estate.count,
		    plural(a->estate.count), a->estate.unread_count);
	puts(text_get(&line));
	text_free(&line);
}

/* --- summary ---------------------------------------------------------------------------------- */

static void count_flags(const struct audit *a, size_t counts[3])
{
	counts[0] = counts[1] = counts[2] = 0;
	for (uint32_t i = 0; i < a->estate.count; i++) {
		const struct audit_record *r = &a->estate.records[i];

		counts[0] += (r->flags & RECORD_CA) != 0;
		counts[1] += (r->flags & RECORD_IN_STORE) != 0;
		counts[2] += r->not_after < a->order->now;
	}
}

static void print_next_end(const struct audit *a)
{
	const struct audit_record *next = NULL;
	struct text line = {0};
	char end[DATETIME_SIZE];

	for (size_t i = 0; i < a->label_count; i++) {
		const struct audit_record *r = &a->estate.records[a->labels[i].record];

		if (r->not_after >= a->order->now && !(r->flags & RECORD_REVOKED) &&
		    (!next || r->not_after < next->not_after))
			next = r;
	}
	if (!next)
		return;
	datetime_format(next->not_after, end);
	text_printf(&line, "%.10s, in %" PRId64 " days: %s", end,
		    (next->not_after - a->order->now) / SECONDS_PER_DAY,
		    audit_label_find(a, (uint32_t)(next - a->estate.records))->subject);
	layout_field("Next to end", text_get(&line));
	text_free(&line);
}

static void print_summary(const struct output *o, const struct audit *a)
{
	struct text line = {0};
	char now[DATETIME_SIZE], paper[CHECKPOINT_PAPER_SIZE];
	size_t counts[3];

	datetime_format(a->order->now, now);
	printf("%s", colour_code(o->colour, COLOUR_BOLD));
	layout_field("Audit of", report_title(a));
	printf("%s", colour_code(o->colour, COLOUR_NONE));
	layout_field("At", now);
	audit_count_text(a, &line);
	layout_field("Found", text_get(&line));
	text_free(&line);
	count_flags(a, counts);
	text_printf(&line, "%" PRIu32 ": %zu CA%s, %zu in the store, %zu expired", a->estate.count,
		    counts[0], plural(counts[0]), counts[1], counts[2]);
	layout_field("Certificates", text_get(&line));
	text_free(&line);
	print_next_end(a);
	if (a->ledger.head.hash_len) {
		checkpoint_paper(&a->ledger.head, paper);
		layout_field("Journal head", paper);
	}
	if (a->ledger.checkpoints) {
		text_printf(&line, "%zu of %zu hold", a->ledger.checkpoints, a->ledger.checkpoints);
		layout_field("Checkpoints", text_get(&line));
		text_free(&line);
	}
	if (a->before_since) {
		text_printf(&line, "%zu finding%s about certificates from before --since",
			    a->before_since, plural(a->before_since));
		layout_field("Left out", text_get(&line));
		text_free(&line);
	}
}

/* --- findings --------------------------------------------------------------------------------- */

static enum colour shade(enum severity s)
{
	return s == SEVERITY_ERROR     ? COLOUR_RED
	       : s == SEVERITY_WARNING ? COLOUR_YELLOW
				       : COLOUR_NONE;
}

static void add_certificate(const struct audit *a, uint32_t record, struct text *out)
{
	const struct audit_label *l = audit_label_find(a, record);

	if (l)
		text_printf(out, "%s, serial %s", l->subject, l->serial);
}

static void print_finding(const struct output *o, const struct audit *a,
			  const struct audit_finding *f)
{
	const char *severity = severity_name(f->severity);
	struct text line = {0};
	enum colour colour = shade(f->severity);

	printf("%s%s:%s ", colour == COLOUR_NONE ? "" : colour_code(o->colour, colour), severity,
	       colour == COLOUR_NONE ? "" : colour_code(o->colour, COLOUR_NONE));
	add_certificate(a, f->record, &line);
	if (f->where)
		text_add(&line, f->where);
	text_printf(&line, ": %s", f->message);
	if (f->other != RECORD_NONE) {
		text_add(&line, " (");
		add_certificate(a, f->other, &line);
		text_add(&line, ")");
	}
	if (f->record != RECORD_NONE)
		text_printf(&line, ", in %s",
			    a->estate.sources[a->estate.records[f->record].source].path);
	text_printf(&line, " [%s, %s]", f->rule->id, f->rule->reference);
	layout_wrap(stdout, strlen(severity) + 2, 2, text_get(&line));
	text_free(&line);
	if (f->accepted) {
		const struct acceptance *x = &a->policy.items[f->accepted - 1];
		char until[DATETIME_SIZE];

		datetime_format(x->until, until);
		text_printf(&line, "accepted by %s until %.10s: %s", x->by, until, x->why);
		fputs("  ", stdout);
		layout_wrap(stdout, 2, 2, text_get(&line));
		text_free(&line);
		return;
	}
	fputs("  ", stdout);
	layout_wrap(stdout, 2, 2, f->rule->todo);
}

static void print_findings(const struct output *o, const struct audit *a)
{
	const struct audit_findings *f = &a->estate.findings;

	if (f->count)
		putchar('\n');
	for (size_t i = 0; i < f->count; i++)
		if (!f->items[i].accepted)
			print_finding(o, a, &f->items[i]);
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].accepted)
			print_finding(o, a, &f->items[i]);
	for (size_t i = 0; i < f->rule_count; i++)
		if (f->rules[i].count > f->rules[i].kept)
			printf("%s: %zu more of %s\n", severity_name(f->rules[i].rule->severity),
			       f->rules[i].count - f->rules[i].kept, f->rules[i].rule->id);
}

/* --- the tree --------------------------------------------------------------------------------- */

static void add_branch(const struct tree_line *l, struct text *out)
{
	for (unsigned d = 1; d < l->depth; d++)
		text_add(out, l->last >> d & 1 ? "   " : "│  ");
	if (l->depth)
		text_add(out, l->last >> l->depth & 1 ? "└─ " : "├─ ");
}

static void print_line(const struct audit *a, const struct tree_line *l)
{
	static const struct column columns[] = {{"", WIDTH - 11, CUT_END}, {"", 0, CUT_END}};
	const struct audit_label *label = audit_label_find(a, l->record);
	const struct audit_record *r;
	char end[DATETIME_SIZE] = "";
	struct text line = {0};

	add_branch(l, &line);
	if (l->record == RECORD_NONE) {
		text_printf(&line, "… %" PRIu32 " more", l->hidden);
	} else {
		r = &a->estate.records[l->record];
		text_printf(&line, "%s%s", label ? label->subject : "…",
			    r->flags & RECORD_REVOKED	      ? " (revoked)"
			    : r->not_after < a->order->now    ? " (expired)"
			    : r->flags & RECORD_BAD_SIGNATURE ? " (not verified)"
							      : "");
		datetime_format(r->not_after, end);
		end[10] = '\0';
	}
	layout_row(columns, 2, (const char *const[]){text_get(&line), end});
	text_free(&line);
}

static enum status print_tree(const struct audit *a, struct error *e)
{
	struct audit_tree tree = {0};
	enum status s = tree_draw(a, &tree, e);

	if (tree.count)
		puts("\nWho signed whom, until when");
	for (size_t i = 0; s == STATUS_OK && i < tree.count; i++)
		print_line(a, &tree.lines[i]);
	tree_free(&tree);
	return s;
}

static void print_unread(const struct audit *a)
{
	const struct estate *t = &a->estate;
	struct text line = {0};

	if (t->unread_count)
		puts("\nNot examined");
	for (size_t i = 0; i < t->unread_count && i < UNREAD_SHOWN; i++) {
		text_add_escaped(&line, span_text(t->unread[i].path));
		text_printf(&line, ": %s", t->unread[i].why);
		fputs("  ", stdout);
		layout_wrap(stdout, 2, 4, text_get(&line));
		text_free(&line);
	}
	if (t->unread_count > UNREAD_SHOWN)
		printf("  … and %zu more: --json FILE lists all\n", t->unread_count - UNREAD_SHOWN);
}

enum status audit_print(const struct output *o, const struct audit *a, struct error *e)
{
	enum status s;

	print_summary(o, a);
	print_findings(o, a);
	s = print_tree(a, e);
	print_unread(a);
	return s == STATUS_OK ? output_check(e) : s;
}
