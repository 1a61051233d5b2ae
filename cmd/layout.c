#include "cmd/layout.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bytes.h"

#define WIDTH 80
#define WIDTH_MAX 240
#define FIELD_INDENT 16

size_t layout_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
	    size.ws_col < WIDTH)
		return WIDTH;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static bool starts_character(char c)
{
	return ((unsigned char)c & 0xC0) != 0x80;
}

static size_t characters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += starts_character(s[i]);
	return n;
}

static void wrap(FILE *to, size_t at, const char *prefix, size_t indent, const char *text)
{
	bool first = true;

	indent += strlen(prefix);

	while (*text) {
		size_t len = strcspn(text, " \n");
		size_t wide = characters(text, len);

		if (!first && at + 1 + wide > WIDTH) {
			fprintf(to, "\n%s%*s", prefix, (int)(indent - strlen(prefix)), "");
			at = indent;
			first = true;
		}
		fprintf(to, "%s%.*s", first ? "" : " ", (int)len, text);
		at += wide + !first;
		first = false;
		text += len;
		if (*text == '\n') {
			fputc('\n', to);
			if (text[1])
				fprintf(to, "%s%*s", prefix, (int)(indent - strlen(prefix)), "");
			at = indent;
			first = true;
		}
		text += *text != '\0';
	}
	fputc('\n', to);
}

void layout_wrap(FILE *to, size_t at, size_t indent, const char *text)
{
	wrap(to, at, "", indent, text);
}

void layout_wrap_after(FILE *to, size_t at, const char *prefix, size_t indent, const char *text)
{
	wrap(to, at, prefix, indent, text);
}

/* The length in bytes of the first n characters of s. */
static size_t bytes_of(const char *s, size_t n)
{
	size_t i = 0;

	for (; s[i]; i++)
		if (starts_character(s[i]) && n-- == 0)
			break;
	return i;
}

static void put_cell(FILE *to, const struct column *column, size_t width, bool last, const char *s)
{
	size_t len = strlen(s);
	size_t have = characters(s, len);

	if (have > width && column->cut == CUT_START)
		fprintf(to, "…%s", s + bytes_of(s, have - width + 1));
	else if (have > width)
		fprintf(to, "%.*s…", (int)bytes_of(s, width - 1), s);
	else
		fprintf(to, "%s%*s", s, last ? 0 : (int)(width - have), "");
	fputc(last ? '\n' : ' ', to);
}

void layout_row(const struct column *columns, size_t count, const char *const *cells)
{
	layout_row_to(stdout, columns, count, cells);
}

void layout_row_to(FILE *to, const struct column *columns, size_t count, const char *const *cells)
{
	size_t left = to == stdout ? layout_width() : WIDTH;

	for (size_t i = 0; i < count; i++) {
		size_t width = columns[i].width ? columns[i].width : left;
		struct text cell = {0};

		text_add_escaped(&cell, span_text(cells ? cells[i] : columns[i].title));
		put_cell(to, &columns[i], width, i + 1 == count, text_get(&cell));
		text_free(&cell);
		left -= width + 1;
	}
}

void layout_field(const char *name, const char *value)
{
	struct text shown = {0};

	text_add_escaped(&shown, span_text(value));
	printf("%s:%*s", name, (int)(FIELD_INDENT - strlen(name) - 1), "");
	layout_wrap(stdout, FIELD_INDENT, FIELD_INDENT, text_get(&shown));
	text_free(&shown);
}
