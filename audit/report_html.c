#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/html.h"
#include "base/datetime.h"

#define INVENTORY_MAX 2000
#define UNREAD_MAX 1000
#define SOURCES_MAX 1000

void html_add(struct text *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			text_add(out, "&lt;");
			break;
		case '>':
			text_add(out, "&gt;");
			break;
		case '&':
			text_add(out, "&amp;");
			break;
		case '"':
			text_add(out, "&quot;");
			break;
		case '\'':
			text_add(out, "&#39;");
			break;
		default:
			text_append(out, s, 1);
		}
	}
}

void html_day(struct text *out, int64_t t)
{
	char words[DATETIME_SIZE] = "?";

	if (t >= DATETIME_MIN && t <= DATETIME_MAX)
		datetime_format(t, words);
	text_printf(out, "%.10s", words);
}

/* A path or another's words, invisible characters shown. */
static void add_foreign(struct text *out, const char *s)
{
	struct text escaped = {0};

	text_add_escaped(&escaped, span_text(s));
	html_add(out, text_get(&escaped));
	text_free(&escaped);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* --- head ------------------------------------------------------------------------------------- */

static void add_verdict(const struct audit *a, struct text *out)
{
	const char *result = report_result(a);
	size_t errors = a->found[SEVERITY_ERROR], warnings = a->found[SEVERITY_WARNING];

	text_printf(out,
		    "<p class=\"verdict %s\" role=\"status\"><span class=\"sign\" "
		    "aria-hidden=\"true\">%s</span><span>",
		    result,
		    errors     ? "✕"
		    : warnings ? "!"
			       : "✓");
	if (errors)
		text_printf(out, "Not in order: %zu error%s must be dealt with.", errors,
			    plural(errors));
	else if (warnings)
		text_printf(out, "In order, with %zu warning%s for somebody to decide on.",
			    warnings, plural(warnings));
	else
		text_add(out, "In order: nothing wrong was found.");
	text_add(out, "</span></p>\n");
}

static void add_tile(struct text *out, const char *class, size_t n, const char *words)
{
	text_printf(out, "<li><b%s%s%s>%zu</b>%s</li>\n", n && *class ? " class=\"" : "",
		    n ? class : "", n && *class ? "\"" : "", n, words);
}

static void add_tiles(const struct audit *a, struct text *out)
{
	size_t cas = 0, soon = 0;

	for (uint32_t i = 0; i < a->estate.count; i++) {
		const struct audit_record *r = &a->estate.records[i];

		cas += (r->flags & RECORD_CA) != 0;
		soon += r->not_after >= a->order->now && !(r->flags & RECORD_REVOKED) &&
			r->not_after < a->order->now + 90 * SECONDS_PER_DAY;
	}
	text_add(out, "<ul class=\"tiles\">\n");
	add_tile(out, "hot", a->found[SEVERITY_ERROR], "errors");
	add_tile(out, "warm", a->found[SEVERITY_WARNING], "warnings");
	if (a->accepted)
		add_tile(out, "", a->accepted, "accepted");
	add_tile(out, "", a->estate.count, "certificates");
	add_tile(out, "", cas, "of them CAs");
	add_tile(out, "", soon, "end within 90 days");
	add_tile(out, "", a->estate.unread_count, "not examined");
	text_add(out, "</ul>\n");
}

static void add_head(const struct audit *a, struct text *out)
{
	char now[DATETIME_SIZE];

	datetime_format(a->order->now, now);
	text_add(out,
		 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" "
		 "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>Audit of ");
	html_add(out, report_title(a));
	text_add(out, "</title>\n<style>\n");
	text_add(out, html_style);
	text_add(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#findings\">"
		      "Skip to the findings</a>\n<header>\n<h1>Audit of ");
	html_add(out, report_title(a));
	text_printf(out, "</h1>\n<p class=\"soft\">%s, by subca " SUBCA_VERSION "</p>\n", now);
	add_verdict(a, out);
	add_tiles(a, out);
	text_add(out, "<nav aria-label=\"Contents\"><ul><li><a href=\"#findings\">Findings</a></li>"
		      "<li><a href=\"#time\">Time</a></li><li><a href=\"#tree\">Tree</a></li>"
		      "<li><a href=\"#inventory\">Inventory</a></li>"
		      "<li><a href=\"#examined\">What was examined</a></li>"
		      "<li><a href=\"#checkpoint\">Checkpoint</a></li></ul></nav>\n</header>\n"
		      "<main>\n");
}

/* --- findings --------------------------------------------------------------------------------- */

/* A link where the certificate is in the inventory. */
static void add_certificate(const struct audit *a, uint32_t record, struct text *out)
{
	const struct audit_label *l = audit_label_find(a, record);
	bool listed = l && a->lists_all && record < INVENTORY_MAX;

	if (!l)
		return;
	if (listed)
		text_printf(out, "<a href=\"#c%" PRIu32 "\">", record);
	html_add(out, l->subject);
	text_add(out, listed ? "</a>" : "");
	text_printf(out, " <span class=\"mono soft\">serial %s</span>", l->serial);
}

static void add_finding(const struct audit *a, const struct audit_finding *f, struct text *out)
{
	const char *severity = severity_name(f->severity);

	text_printf(out, "<article class=\"finding %s\"><h3><span class=\"tag %s\">%s</span>",
		    f->accepted ? "" : severity, severity, f->accepted ? "accepted" : severity);
	if (f->record != RECORD_NONE)
		add_certificate(a, f->record, out);
	else
		html_add(out, f->where ? f->where : "");
	text_add(out, "</h3>\n<p>");
	html_add(out, f->message);
	text_add(out, ". Because ");
	html_add(out, f->rule->why);
	text_add(out, ".</p>\n");
	if (f->other != RECORD_NONE) {
		text_add(out, "<p>The other one: ");
		add_certificate(a, f->other, out);
		text_add(out, "</p>\n");
	}
	if (f->accepted) {
		const struct acceptance *x = &a->policy.items[f->accepted - 1];

		text_add(out, "<p>Accepted by ");
		add_foreign(out, x->by);
		text_add(out, " until ");
		html_day(out, x->until);
		text_add(out, ": ");
		add_foreign(out, x->why);
		text_add(out, "</p>\n");
	} else {
		text_add(out, "<p class=\"todo\">To do: ");
		html_add(out, f->rule->todo);
		text_add(out, ".</p>\n");
	}
	text_printf(out, "<p class=\"soft\"><code>%s</code> · ", f->rule->id);
	html_add(out, f->rule->reference);
	if (f->record != RECORD_NONE) {
		text_add(out, " · ");
		add_foreign(out, a->estate.sources[a->estate.records[f->record].source].path);
	}
	text_add(out, "</p></article>\n");
}

static void add_findings(const struct audit *a, struct text *out)
{
	const struct audit_findings *f = &a->estate.findings;

	text_add(out, "<section id=\"findings\" aria-labelledby=\"h-findings\">"
		      "<h2 id=\"h-findings\">Findings</h2>\n");
	if (!f->count)
		text_add(out, "<p>There are none.</p>\n");
	for (int accepted = 0; accepted < 2; accepted++)
		for (size_t i = 0; i < f->count; i++)
			if (!f->items[i].accepted == !accepted)
				add_finding(a, &f->items[i], out);
	for (size_t i = 0; i < f->rule_count; i++)
		if (f->rules[i].count > f->rules[i].kept)
			text_printf(out, "<p>%zu more of <code>%s</code> are not listed.</p>\n",
				    f->rules[i].count - f->rules[i].kept, f->rules[i].rule->id);
	if (a->before_since)
		text_printf(out,
			    "<p class=\"soft\">%zu finding%s about certificates from before the "
			    "date asked for are left out.</p>\n",
			    a->before_since, plural(a->before_since));
	text_add(out, "</section>\n");
}

/* --- tree ------------------------------------------------------------------------------------- */

static void add_tree_item(const struct audit *a, const struct tree_line *l, struct text *out)
{
	const struct audit_record *r;

	text_add(out, "<li>");
	if (l->record == RECORD_NONE) {
		text_printf(out, "<span class=\"soft\">… %" PRIu32 " more</span>", l->hidden);
		return;
	}
	r = &a->estate.records[l->record];
	html_add(out,
		 audit_label_find(a, l->record) ? audit_label_find(a, l->record)->subject : "…");
	text_add(out, " <span class=\"soft\">until ");
	html_day(out, r->not_after);
	if (strcmp(report_state(a, r), "valid") != 0)
		text_printf(out, ", %s", report_state(a, r));
	text_add(out, "</span>");
}

static void add_tree(const struct audit *a, const struct audit_tree *tree, struct text *out)
{
	int depth = -1;

	text_add(out, "<section id=\"tree\" aria-labelledby=\"h-tree\"><h2 id=\"h-tree\">"
		      "Who signed whom</h2>\n");
	for (size_t i = 0; i < tree->count; i++) {
		if (tree->lines[i].depth > depth)
			text_add(out, depth < 0 ? "<ul class=\"tree\">" : "<ul>");
		else
			for (; depth > tree->lines[i].depth; depth--)
				text_add(out, "</li></ul>");
		if (i && tree->lines[i].depth == depth)
			text_add(out, "</li>\n");
		depth = tree->lines[i].depth;
		add_tree_item(a, &tree->lines[i], out);
	}
	for (; depth >= 0; depth--)
		text_add(out, "</li></ul>");
	text_add(out, tree->count ? "\n</section>\n" : "<p>There is nothing.</p></section>\n");
}

/* --- tables ----------------------------------------------------------------------------------- */

static void add_inventory_row(const struct audit *a, const struct audit_label *l, struct text *out)
{
	const struct audit_record *r = &a->estate.records[l->record];

	text_printf(out, "<tr id=\"c%" PRIu32 "\"><td class=\"s\">", l->record);
	html_add(out, l->subject);
	text_add(out, "</td><td class=\"n\">");
	html_day(out, r->not_before);
	text_add(out, "</td><td class=\"n\">");
	html_day(out, r->not_after);
	text_printf(out,
		    "</td><td>%s</td><td>%s</td><td class=\"n\">%s</td><td>%s</td>"
		    "<td class=\"mono\">%s</td></tr>\n",
		    report_state(a, r), r->flags & RECORD_CA ? "CA" : "leaf", l->key,
		    r->flags & RECORD_IN_STORE ? "yes" : "no", l->serial);
}

static void add_inventory(const struct audit *a, struct text *out)
{
	size_t shown = a->lists_all && a->label_count < INVENTORY_MAX ? a->label_count
								      : INVENTORY_MAX;

	text_add(out, "<section id=\"inventory\" aria-labelledby=\"h-inventory\">"
		      "<h2 id=\"h-inventory\">Inventory</h2>\n");
	if (!a->lists_all) {
		text_printf(out,
			    "<p>%" PRIu32 " certificates are too many for a page: "
			    "<code>subca audit --report inventory.csv</code> lists them.</p>"
			    "</section>\n",
			    a->estate.count);
		return;
	}
	text_printf(out,
		    "<div class=\"scroll\"><table><caption>%zu of %" PRIu32
		    " certificates</caption><thead><tr><th scope=\"col\">Subject</th>"
		    "<th scope=\"col\">From</th><th scope=\"col\">Until</th>"
		    "<th scope=\"col\">State</th><th scope=\"col\">Kind</th>"
		    "<th scope=\"col\">Key</th><th scope=\"col\">In the store</th>"
		    "<th scope=\"col\">Serial</th></tr></thead><tbody>\n",
		    shown, a->estate.count);
	for (size_t i = 0; i < shown; i++)
		add_inventory_row(a, &a->labels[i], out);
	text_add(out, "</tbody></table></div></section>\n");
}

static void add_sources(const struct audit *a, struct text *out)
{
	size_t shown = 0;

	text_add(out, "<div class=\"scroll\"><table><caption>What was read</caption><thead><tr>"
		      "<th scope=\"col\">File</th><th scope=\"col\">Certificates</th>"
		      "<th scope=\"col\">CRLs</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < a->estate.source_count && shown < SOURCES_MAX; i++) {
		const struct audit_source *s = &a->estate.sources[i];

		if (!s->certificates && !s->crls)
			continue;
		shown++;
		text_add(out, "<tr><td class=\"s\">");
		add_foreign(out, s->path);
		text_printf(out,
			    "%s</td><td class=\"n\">%" PRIu32 "</td><td class=\"n\">%" PRIu32
			    "</td></tr>\n",
			    s->is_store ? " (the store)" : "", s->certificates, s->crls);
	}
	text_add(out, "</tbody></table></div>\n");
}

static void add_unread(const struct audit *a, struct text *out)
{
	const struct estate *t = &a->estate;

	if (!t->unread_count) {
		text_add(out, "<p>Nothing was left out.</p>\n");
		return;
	}
	text_printf(out,
		    "<div class=\"scroll\"><table><caption>Not examined: %zu</caption><thead><tr>"
		    "<th scope=\"col\">File</th><th scope=\"col\">Why</th></tr></thead><tbody>\n",
		    t->unread_count);
	for (size_t i = 0; i < t->unread_count && i < UNREAD_MAX; i++) {
		text_add(out, "<tr><td class=\"s\">");
		add_foreign(out, t->unread[i].path);
		text_add(out, "</td><td>");
		add_foreign(out, t->unread[i].why);
		text_add(out, "</td></tr>\n");
	}
	text_add(out, "</tbody></table></div>\n");
}

static void add_examined(const struct audit *a, struct text *out)
{
	text_add(out, "<section id=\"examined\" aria-labelledby=\"h-examined\">"
		      "<h2 id=\"h-examined\">What was examined</h2>\n");
	add_sources(a, out);
	add_unread(a, out);
	text_add(out, "</section>\n");
}

static void add_checkpoint(const struct audit *a, struct text *out)
{
	char paper[CHECKPOINT_PAPER_SIZE];

	text_add(out, "<section id=\"checkpoint\" aria-labelledby=\"h-checkpoint\">"
		      "<h2 id=\"h-checkpoint\">Checkpoint</h2>\n");
	if (a->ledger.head.hash_len) {
		checkpoint_paper(&a->ledger.head, paper);
		text_printf(out,
			    "<p>The last row of the journal and its hash. Kept on paper it shows "
			    "later whether anything before it was changed.</p>\n"
			    "<p class=\"paper mono\">%s</p>\n"
			    "<p>%zu earlier checkpoint%s compared, and held.</p>\n",
			    paper, a->ledger.checkpoints,
			    a->ledger.checkpoints == 1 ? " was" : "s were");
	} else {
		text_add(out, "<p>No journal was read.</p>\n");
	}
	text_add(out, "</section>\n");
}

enum status report_html(const struct audit *a, struct text *out, struct error *e)
{
	struct audit_tree tree = {0};
	enum status s = tree_draw(a, &tree, e);

	if (s == STATUS_OK) {
		add_head(a, out);
		add_findings(a, out);
		text_add(out,
			 "<section id=\"time\" aria-labelledby=\"h-time\"><h2 id=\"h-time\">"
			 "Time</h2>\n<p class=\"soft\">Each CA's life inside its issuer's. The "
			 "diamond is the day to renew it by: later, what it signs would "
			 "have a shorter life.</p>\n");
		s = html_timeline(a, &tree, out, e);
		text_add(out, "</section>\n");
		add_tree(a, &tree, out);
		add_inventory(a, out);
		add_examined(a, out);
		add_checkpoint(a, out);
		text_add(out, "</main>\n<footer><p>Written by subca " SUBCA_VERSION
			      ". It needed no key and changed nothing.</p></footer>\n"
			      "</body>\n</html>\n");
	}
	tree_free(&tree);
	return s == STATUS_OK ? text_check(out, e) : s;
}
