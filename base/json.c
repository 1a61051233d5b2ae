#include "base/json.h"

/* Remembers in the text that one of its pieces is missing. */
static int append(const char *piece, size_t len, void *text)
{
	struct text *t = text;

	text_append(t, piece, len);
	return t->failed ? -1 : 0;
}

enum status json_text(const json_t *value, size_t flags, struct text *out, struct error *e)
{
	if (!value || json_dump_callback(value, append, out, flags) != 0)
		return error_memory(e);
	return text_check(out, e);
}
