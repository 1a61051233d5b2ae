#include "trust/said.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool has_any(const char *line, size_t len, const char *const *needles)
{
	for (; *needles; needles++)
		for (size_t i = 0; i + strlen(*needles) <= len; i++)
			if (strncasecmp(line + i, *needles, strlen(*needles)) == 0)
				return true;
	return false;
}

/* How much a line tells. */
static int weight(const char *line, size_t len)
{
	static const char *const precise[] = {"path length",	    "pathlen",
					      "constraint",	    "expired",
					      "Authority Key",	    "basic const",
					      "not match",	    "no alternative",
					      "mismatch",	    "issuer",
					      "self-signed",	    "self signed",
					      "unable to get",	    "unknown authority",
					      "certification path", NULL};
	static const char *const general[] = {"certificate", "verif", "SSL", "TLS", "PKIX", NULL};

	/* Of npm: it says nothing itself. */
	static const char *const empty[] = {"A complete log of this run", NULL};

	if (!len || has_any(line, len, empty))
		return 0;
	if (has_any(line, len, precise))
		return 3;
	return has_any(line, len, general) ? 2 : 1;
}

void said_reason(const struct text *output, char reason[SAID_REASON])
{
	const char *text = text_get(output), *best = "";
	size_t best_len = 0;
	int best_weight = 0;
	struct text shown = {0};

	while (*text) {
		size_t len = strcspn(text, "\r\n");
		int w = weight(text, len);

		if (w >= best_weight && w) {
			best = text;
			best_len = len;
			best_weight = w;
		}
		text += len + (text[len] != '\0');
	}
	while (best_len && isspace((unsigned char)*best)) {
		best++;
		best_len--;
	}
	text_add_escaped(&shown,
			 (struct span){(const unsigned char *)best,
				       best_len < SAID_REASON ? best_len : SAID_REASON - 1});
	snprintf(reason, SAID_REASON, "%s", text_get(&shown));
	text_free(&shown);
}

void said_version(const struct text *output, char version[SAID_VERSION])
{
	const char *text = text_get(output);

	snprintf(version, SAID_VERSION, "?");
	for (; *text; text++) {
		size_t digits, len;

		if (!isdigit((unsigned char)*text))
			continue;
		digits = strspn(text, "0123456789");
		len = strspn(text, "0123456789.");
		if (len > digits + 1) {
			while (text[len - 1] == '.')
				len--;
			snprintf(version, SAID_VERSION, "%.*s", (int)len, text);
			return;
		}
		text += len - 1;
	}
}
