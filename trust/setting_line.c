#include "trust/setting_line.h"

#include <ctype.h>
#include <string.h>

static struct span trimmed(struct span s)
{
	while (s.len && isspace(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len && isspace(s.data[s.len - 1]))
		s.len--;
	return s;
}

/* Takes the next line off the text. */
static struct span next_line(struct span *text)
{
	const unsigned char *end = memchr(text->data, '\n', text->len);
	struct span line = {text->data, end ? (size_t)(end - text->data) : text->len};
	size_t used = line.len + (end != NULL);

	text->data += used;
	text->len -= used;
	return trimmed(line);
}

static bool is_joint(unsigned char c)
{
	return c == '-' || c == '_';
}

/* How much of the line is the key; 0: it is another one. */
static size_t key_length(struct span line, const char *key)
{
	size_t i = 0;

	for (;;) {
		while (i < line.len && is_joint(line.data[i]))
			i++;
		while (is_joint((unsigned char)*key))
			key++;
		if (!*key)
			break;
		if (i == line.len || tolower(line.data[i]) != tolower((unsigned char)*key))
			return 0;
		i++;
		key++;
	}
	return i == line.len || isspace(line.data[i]) || line.data[i] == '=' || line.data[i] == ':'
		       ? i
		       : 0;
}

static struct span value_after(struct span line, size_t key)
{
	struct span value = {line.data + key, line.len - key};

	value = trimmed(value);
	if (value.len && (*value.data == '=' || *value.data == ':'))
		value = trimmed((struct span){value.data + 1, value.len - 1});
	if (value.len && (*value.data == '"' || *value.data == '\'')) {
		const unsigned char *end = memchr(value.data + 1, *value.data, value.len - 1);

		value.data++;
		value.len = end ? (size_t)(end - value.data) : value.len - 1;
	}
	return value;
}

/* "[section]" or "[section] # a comment": whether the lines below it count. */
static bool is_section(struct span line, const char *section)
{
	size_t len = strlen(section);

	return line.len >= len + 2 && memcmp(line.data + 1, section, len) == 0 &&
	       line.data[len + 1] == ']';
}

bool setting_line_find(struct span file, const char *key, const char *section, struct text *value)
{
	bool inside = !section;
	struct span found = {0};
	bool any = false;

	while (file.len) {
		struct span line = next_line(&file);
		size_t len;

		if (!line.len || *line.data == '#' || *line.data == ';')
			continue;
		if (*line.data == '[') {
			inside = !section || is_section(line, section);
			continue;
		}
		len = inside ? key_length(line, key) : 0;
		if (len) {
			found = value_after(line, len);
			any = true;
		}
	}
	if (any)
		text_append(value, (const char *)found.data, found.len);
	return any;
}
