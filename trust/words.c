#include "trust/words.h"

#include <stdlib.h>
#include <string.h>

enum status words_add(struct words *w, const char *word, struct error *e)
{
	if (w->count + 1 >= w->room) {
		size_t room = w->room ? 2 * w->room : 32;
		char **list = reallocarray(w->list, room, sizeof *list);

		if (!list)
			return error_memory(e);
		w->list = list;
		w->room = room;
	}
	w->list[w->count] = strdup(word);
	if (!w->list[w->count])
		return error_memory(e);
	w->list[++w->count] = NULL;
	return STATUS_OK;
}

bool words_have(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->list[i], word) == 0)
			return true;
	return false;
}

bool words_have_variable(const struct words *w, const char *setting)
{
	size_t len = strcspn(setting, "=") + 1;

	for (size_t i = 0; i < w->count; i++)
		if (strncmp(w->list[i], setting, len) == 0)
			return true;
	return false;
}

const char *const *words_get(const struct words *w)
{
	static const char *const none[] = {NULL};

	return w->list ? (const char *const *)w->list : none;
}

void words_free(struct words *w)
{
	while (w->count)
		free(w->list[--w->count]);
	free(w->list);
	*w = (struct words){0};
}

void words_quote(const char *word, struct text *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_./:-+@,=%";

	if (*word && !word[strspn(word, plain)]) {
		text_add(out, word);
		return;
	}
	text_add(out, "'");
	for (; *word; word++) {
		if (*word == '\'')
			text_add(out, "'\\''");
		else
			text_append(out, word, 1);
	}
	text_add(out, "'");
}
