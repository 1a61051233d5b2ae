#include "audit/tree.h"

#include <stdlib.h>

struct drawing {
	const struct audit *audit;
	struct audit_tree *tree;
	uint32_t *order, *first; /* children of i: order[first[i]] … order[first[i + 1] - 1] */
	unsigned char *drawn;	 /* a bit for each record */
	struct error *error;
};

static uint32_t parent_of(const struct audit *a, uint32_t i)
{
	uint32_t issuer = a->estate.records[i].issuer_record;

	/* Below a renewed issuer stands its successor; itself is nobody's child. */
	return issuer == i ? RECORD_NONE : issuer;
}

static bool was_drawn(const struct drawing *d, uint32_t i)
{
	return d->drawn[i / 8] >> i % 8 & 1;
}

static bool goes_first(const struct audit *a, uint32_t x, uint32_t y)
{
	const struct audit_record *r = &a->estate.records[x], *s = &a->estate.records[y];

	if ((r->flags & RECORD_CA) != (s->flags & RECORD_CA))
		return r->flags & RECORD_CA;
	if (r->not_before != s->not_before)
		return r->not_before < s->not_before;
	return x < y;
}

/* Counting sort by parent keeps the order of the records; only few are drawn and sorted further. */
static enum status find_children(struct drawing *d)
{
	const struct audit *a = d->audit;
	uint32_t count = a->estate.count;

	d->first = calloc((size_t)count + 2, sizeof *d->first);
	d->order = calloc((size_t)count + 1, sizeof *d->order);
	d->drawn = calloc(count / 8 + 1, 1);
	if (!d->first || !d->order || !d->drawn)
		return error_memory(d->error);
	for (uint32_t i = 0; i < count; i++)
		if (parent_of(a, i) != RECORD_NONE)
			d->first[parent_of(a, i) + 2]++;
	for (uint32_t i = 2; i < count + 2; i++)
		d->first[i] += d->first[i - 1];
	for (uint32_t i = 0; i < count; i++)
		if (parent_of(a, i) != RECORD_NONE)
			d->order[d->first[parent_of(a, i) + 1]++] = i;
	return STATUS_OK;
}

static enum status add_line(struct drawing *d, struct tree_line line)
{
	struct audit_tree *t = d->tree;
	struct tree_line *lines;

	if (t->count == TREE_LINES_MAX)
		return STATUS_OK;
	if (t->count % 64 == 0) {
		lines = reallocarray(t->lines, t->count + 64, sizeof *lines);
		if (!lines)
			return error_memory(d->error);
		t->lines = lines;
	}
	t->lines[t->count++] = line;
	return STATUS_OK;
}

/* The first few of the children in the order in which they are drawn. */
static size_t choose(const struct drawing *d, const uint32_t *children, uint32_t count,
		     uint32_t chosen[TREE_CHILDREN_MAX])
{
	size_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		size_t at = kept;

		if (was_drawn(d, children[i]))
			continue;
		while (at > 0 && goes_first(d->audit, children[i], chosen[at - 1]))
			at--;
		if (at == TREE_CHILDREN_MAX)
			continue;
		kept += kept < TREE_CHILDREN_MAX;
		for (size_t k = kept - 1; k > at; k--)
			chosen[k] = chosen[k - 1];
		chosen[at] = children[i];
	}
	return kept;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by TREE_DEPTH_MAX */
static enum status draw(struct drawing *d, uint32_t record, uint32_t depth, uint32_t last)
{
	uint32_t chosen[TREE_CHILDREN_MAX], count = d->first[record + 1] - d->first[record], hidden;
	size_t kept;
	enum status s;

	d->drawn[record / 8] |= (unsigned char)(1u << record % 8);
	s = add_line(d, (struct tree_line){record, 0, last, (uint8_t)depth});
	if (s != STATUS_OK || depth + 1 == TREE_DEPTH_MAX || d->tree->count == TREE_LINES_MAX)
		return s;
	kept = choose(d, d->order + d->first[record], count, chosen);
	hidden = count - (uint32_t)kept;
	for (size_t i = 0; s == STATUS_OK && i < kept; i++)
		if (!was_drawn(d, chosen[i]))
			s = draw(d, chosen[i], depth + 1,
				 last | (i + 1 == kept && !hidden ? 1u << (depth + 1) : 0));
	if (s == STATUS_OK && hidden)
		s = add_line(d, (struct tree_line){RECORD_NONE, hidden, last | 1u << (depth + 1),
						   (uint8_t)(depth + 1)});
	return s;
}

enum status tree_draw(const struct audit *a, struct audit_tree *out, struct error *e)
{
	struct drawing d = {.audit = a, .tree = out, .error = e};
	enum status s = find_children(&d);

	*out = (struct audit_tree){0};
	for (uint32_t i = 0; s == STATUS_OK && i < a->estate.count; i++)
		if (parent_of(a, i) == RECORD_NONE)
			s = draw(&d, i, 0, 0);
	/* Two that signed each other have no beginning: the first stands for it. */
	for (uint32_t i = 0; s == STATUS_OK && i < a->estate.count && a->lists_all; i++)
		if (!was_drawn(&d, i) && d.first[i + 1] > d.first[i])
			s = draw(&d, i, 0, 0);
	free(d.order);
	free(d.first);
	free(d.drawn);
	return s;
}

void tree_free(struct audit_tree *t)
{
	free(t->lines);
	*t = (struct audit_tree){0};
}
