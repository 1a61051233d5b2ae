#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/html.h"
#include "base/datetime.h"

#define WIDTH 1000
#define ROW 26
#define TOP 34
#define ROWS_MAX 60
#define TICKS_MOST 12

struct row {
	uint32_t record;
	uint8_t depth;
	size_t below; /* rows that stand inside this one */
};

struct drawing {
	const struct audit *audit;
	struct row rows[ROWS_MAX];
	size_t count, left_out;
	int64_t from, to;
	struct text *out;
};

static double x_of(const struct drawing *d, int64_t t)
{
	if (t < d->from)
		t = d->from;
	if (t > d->to)
		t = d->to;
	return (double)(t - d->from) / (double)(d->to - d->from) * WIDTH;
}

static const struct audit_record *at(const struct drawing *d, size_t row)
{
	return &d->audit->estate.records[d->rows[row].record];
}

int64_t html_renew_by(const struct audit *a, uint32_t record)
{
	const struct audit_record *r = &a->estate.records[record];
	int64_t longest = 0;

	for (uint32_t i = 0; i < a->estate.count; i++) {
		const struct audit_record *c = &a->estate.records[i];

		if (c->issuer_record == record && i != record &&
		    c->not_after - c->not_before > longest)
			longest = c->not_after - c->not_before;
	}
	/* What signed nothing yet: a tenth of its life before the end. */
	if (longest == 0)
		longest = (r->not_after - r->not_before) / 10;
	return r->not_after - longest;
}

static void choose_rows(struct drawing *d, const struct audit_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_line *l = &tree->lines[i];

		if (l->record == RECORD_NONE ||
		    !(d->audit->estate.records[l->record].flags & RECORD_CA))
			continue;
		if (d->count == ROWS_MAX) {
			d->left_out++;
			continue;
		}
		d->rows[d->count++] = (struct row){l->record, l->depth, 0};
	}
	for (size_t i = 0; i < d->count; i++)
		for (size_t k = i + 1; k < d->count && d->rows[k].depth > d->rows[i].depth; k++)
			d->rows[i].below++;
}

static void choose_span(struct drawing *d)
{
	d->from = d->to = d->audit->order->now;
	for (size_t i = 0; i < d->count; i++) {
		if (at(d, i)->not_before < d->from)
			d->from = at(d, i)->not_before;
		if (at(d, i)->not_after > d->to)
			d->to = at(d, i)->not_after;
	}
	/* 99991231235959Z says "never": a hundred years show that too. */
	if (d->to - d->audit->order->now > 100 * 365 * SECONDS_PER_DAY)
		d->to = d->audit->order->now + 100 * 365 * SECONDS_PER_DAY;
	if (d->to - d->from < SECONDS_PER_DAY)
		d->to = d->from + SECONDS_PER_DAY;
}

static void draw_years(struct drawing *d, double bottom)
{
	int first = civil_from_seconds(d->from).year + 1, last = civil_from_seconds(d->to).year;
	int step = 1;

	while ((last - first) / step > TICKS_MOST)
		step *= step == 2 || step == 20 ? 5 : 2;
	for (int year = first + (step - first % step) % step; year <= last; year += step) {
		const struct civil_time c = {year, 1, 1, 0, 0, 0};
		int64_t t;

		if (civil_to_seconds(&c, &t) != 0)
			continue;
		text_printf(d->out,
			    "<line class=\"grid\" x1=\"%.1f\" y1=\"20\" x2=\"%.1f\" y2=\"%.1f\"/>"
			    "<text class=\"soft\" x=\"%.1f\" y=\"14\">%d</text>\n",
			    x_of(d, t), x_of(d, t), bottom, x_of(d, t) + 3, year);
	}
}

static void draw_label(struct drawing *d, size_t i, double x, double y)
{
	const struct audit_label *l = audit_label_find(d->audit, d->rows[i].record);
	const char *name = l ? strstr(l->subject, "CN=") : NULL;
	struct text words = {0};
	size_t len;

	name = name ? name + 3 : l ? l->subject : "?";
	len = strcspn(name, ",+");
	text_append(&words, name, len < 60 ? len : 60);
	/* Not past the right edge, where the label of a late, short life would end. */
	text_printf(d->out, "<text x=\"%.1f\" y=\"%.1f\"%s>", x > WIDTH - 260 ? WIDTH - 6.0 : x + 7,
		    y + 17, x > WIDTH - 260 ? " text-anchor=\"end\"" : "");
	html_add(d->out, text_get(&words));
	text_add(d->out, " <tspan class=\"soft\">until ");
	html_day(d->out, at(d, i)->not_after);
	text_add(d->out, "</tspan></text>\n");
	text_free(&words);
}

static void draw_row(struct drawing *d, size_t i)
{
	const struct audit_record *r = at(d, i);
	double y = TOP + (double)i * ROW, left = x_of(d, r->not_before),
	       right = x_of(d, r->not_after);
	double inset = d->rows[i].depth * 1.5;
	bool ended = r->not_after < d->audit->order->now || (r->flags & RECORD_REVOKED);
	int64_t renew = html_renew_by(d->audit, d->rows[i].record);

	text_printf(
		d->out,
		"<rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"rx=\"4\"/><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"4\"/>",
		left, y + 1, right - left > 2 ? right - left : 2,
		(double)(d->rows[i].below + 1) * ROW - 3 - inset, ended ? "old" : "bar", left,
		y + 1, right - left > 2 ? right - left : 2);
	if (!ended && renew > r->not_before && renew < d->to)
		text_printf(d->out, "<path class=\"renew\" d=\"M%.1f %.1fl6 6 -6 6 -6 -6z\"/>",
			    x_of(d, renew), y - 3);
	draw_label(d, i, left, y);
}

static void draw_today(struct drawing *d, double bottom)
{
	double x = x_of(d, d->audit->order->now);
	bool late = x > WIDTH - 60;

	text_printf(d->out,
		    "<line class=\"today\" x1=\"%.1f\" y1=\"20\" x2=\"%.1f\" y2=\"%.1f\"/>"
		    "<text class=\"now\" x=\"%.1f\" y=\"30\"%s>today</text>\n",
		    x, x, bottom, late ? x - 4 : x + 4, late ? " text-anchor=\"end\"" : "");
}

enum status html_timeline(const struct audit *a, const struct audit_tree *tree, struct text *out,
			  struct error *e)
{
	struct drawing d = {.audit = a, .out = out};
	double bottom;

	choose_rows(&d, tree);
	choose_span(&d);
	bottom = TOP + (double)d.count * ROW + 4;
	text_printf(out,
		    "<svg class=\"timeline\" viewBox=\"0 0 %d %.0f\" role=\"img\" "
		    "aria-labelledby=\"time-title time-words\" "
		    "xmlns=\"http://www.w3.org/2000/svg\">\n"
		    "<title id=\"time-title\">The lives of the CAs</title>"
		    "<desc id=\"time-words\">%zu CAs, each a bar inside the bar of its issuer; "
		    "the same dates are in the inventory.</desc>\n",
		    WIDTH, bottom, d.count);
	draw_years(&d, bottom);
	for (size_t i = 0; i < d.count; i++)
		draw_row(&d, i);
	draw_today(&d, bottom);
	text_add(out, "</svg>\n");
	if (d.left_out)
		text_printf(out, "<p class=\"soft\">%zu more CAs are not drawn.</p>\n", d.left_out);
	return text_check(out, e);
}
