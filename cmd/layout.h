/*
 * Text on a terminal: paragraphs and tables that fit its width, 80 columns where it is unknown.
 */
#ifndef SUBCA_CMD_LAYOUT_H
#define SUBCA_CMD_LAYOUT_H

#include <stddef.h>
#include <stdio.h>

/* 80, or what a wider terminal on standard output has. */
size_t layout_width(void);

/*
 * Words of text from column "at" (where the cursor stands) on, each further line indented by
 * indent, in 80 columns. A newline in text begins a new line.
 */
void layout_wrap(FILE *to, size_t at, size_t indent, const char *text);
/* The same where each further line begins with prefix, and is indented by indent from there. */
void layout_wrap_after(FILE *to, size_t at, const char *prefix, size_t indent, const char *text);

/* What is left out of a cell that is too long is shown by "…". */
enum cell_cut { CUT_END, CUT_START };

struct column {
	const char *title;
	size_t width; /* 0, for the last: what is left */
	enum cell_cut cut;
};

/* One row. Cells are escaped, and counted by code points. NULL cells: the titles. */
void layout_row(const struct column *columns, size_t count, const char *const *cells);
/* The same elsewhere than on standard output, in 80 columns. */
void layout_row_to(FILE *to, const struct column *columns, size_t count, const char *const *cells);

/* "name:            value", the value wrapped under itself, escaped. */
void layout_field(const char *name, const char *value);

#endif
