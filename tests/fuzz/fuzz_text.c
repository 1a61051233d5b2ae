/*
 * What stands on a command line or in a file of settings as a word: times ('t'), lengths of time
 * ('l'), names ('n'), serial numbers ('s') and their beginnings ('p'), hexadecimal digits ('x'),
 * addresses ('u'), and the escape of hostile text ('e'). The first octet says which. The corpus
 * comes from tests/fuzz/seed-text.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/extension.h"
#include "ca/name.h"
#include "ca/store_serial.h"
#include "tests/fuzz/fuzz.h"

static void read_time(const char *text)
{
	char back[DATETIME_SIZE];
	struct error e = {0};
	int64_t t = INT64_MIN, again = 0;
	enum status s = datetime_parse(text, &t, &e);

	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_USAGE);
	if (s != STATUS_OK)
		return;
	promise(t >= DATETIME_MIN && t <= DATETIME_MAX);
	datetime_format(t, back);
	promise(strncmp(back, text, strlen(text)) == 0);
	promise(datetime_parse(back, &again, &e) == STATUS_OK && again == t);
}

static void read_length(const char *text)
{
	int64_t seconds = -1;
	int result = duration_parse(text, 36525, &seconds);

	promise(result == 0 ? seconds >= 0 && seconds <= 36525 * SECONDS_PER_DAY
			    : result == -1 && seconds == -1);
}

/* What is shown of a name reads back as the same name, as long as it holds nothing invisible. */
static void read_name(const char *text)
{
	X509_NAME *name = NULL, *again = NULL;
	struct text shown = {0};
	struct error e = {0};
	enum status s = name_parse(text, &name, &e);

	promise_told(s, &e);
	promise((s == STATUS_OK) == (name != NULL));
	promise(s == STATUS_OK || s == STATUS_USAGE);
	if (s != STATUS_OK)
		return;
	promise(X509_NAME_entry_count(name) > 0);
	name_show(name, &shown);
	promise(text_check(&shown, &e) == STATUS_OK && text_get(&shown)[0]);
	for (const char *c = text_get(&shown); *c; c++)
		promise((unsigned char)*c >= ' ' && *c != 0x7F);
	if (!strstr(text_get(&shown), "\\x") && !strstr(text_get(&shown), "(not text)")) {
		promise(name_parse(text_get(&shown), &again, &e) == STATUS_OK);
		promise(X509_NAME_cmp(name, again) == 0);
	}
	text_free(&shown);
	X509_NAME_free(again);
	X509_NAME_free(name);
}

static void read_serial(const char *text)
{
	struct bytes serial = {0};
	struct error e = {0};
	enum status s = serial_parse(text, &serial, &e);

	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_USAGE);
	if (s == STATUS_OK) {
		unsigned char next[SERIAL_MAX];
		size_t len = 0;

		promise(serial_check(span_of(&serial), &e) == STATUS_OK);
		if (serial_after(span_of(&serial), span_of(&serial), next, &len, &e) == STATUS_OK)
			promise(serial_check((struct span){next, len}, &e) == STATUS_OK);
	}
	bytes_free(&serial);
}

static void read_prefix(const char *text)
{
	struct serial_range range = {.low_len = 0};
	struct error e = {0};
	enum status s = serial_range(text, &range, &e);

	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_USAGE);
	promise(range.low_len <= SERIAL_MAX && range.high_len <= SERIAL_MAX);
}

static void read_hex(const char *text)
{
	struct bytes octets = {0};
	struct error e = {0};
	enum status s = hex_decode(text, &octets, &e);
	char *back;

	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_INPUT);
	if (s == STATUS_OK) {
		back = malloc(2 * octets.len + 1);
		promise(back && strlen(text) == 2 * octets.len);
		hex_encode(span_of(&octets), back);
		promise(strcasecmp(back, text) == 0);
		free(back);
	}
	bytes_free(&octets);
}

static void read_url(const char *text)
{
	if (ca_url_is_plain(text))
		promise(strncmp(text, "http://", 7) == 0 && strlen(text) <= 512);
}

/* C1 controls, marks that turn the direction, and invisible characters, as they are in UTF-8. */
static const struct {
	const char *first; /* octets */
	unsigned char low, high;
} sly[] = {
	{"\xC2", 0x80, 0x9F},	  {"\xE2\x80", 0x8B, 0x8F}, {"\xE2\x80", 0xAA, 0xAE},
	{"\xE2\x81", 0xA6, 0xA9}, {"\xEF\xBB", 0xBF, 0xBF},
};

static bool is_sly(const char *s)
{
	for (size_t i = 0; i < sizeof sly / sizeof *sly; i++) {
		size_t len = strlen(sly[i].first);

		if (strncmp(s, sly[i].first, len) == 0 && (unsigned char)s[len] >= sly[i].low &&
		    (unsigned char)s[len] <= sly[i].high)
			return true;
	}
	return false;
}

/* Nothing that moves a terminal or fools an eye gets through, however it is spelt. */
static void escape(struct span s)
{
	struct text once = {0};
	struct error e = {0};

	text_add_escaped(&once, s);
	promise(text_check(&once, &e) == STATUS_OK);
	promise(once.len <= 4 * s.len);
	for (size_t i = 0; i < once.len; i++)
		promise((unsigned char)once.data[i] >= ' ' && once.data[i] != 0x7F &&
			!is_sly(once.data + i));
	text_free(&once);
}

static const struct {
	char octet;
	void (*read)(const char *);
} readers[] = {{'t', read_time},   {'l', read_length}, {'n', read_name}, {'s', read_serial},
	       {'p', read_prefix}, {'x', read_hex},    {'u', read_url}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data + 1, size ? size - 1 : 0};
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(rest);
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (readers[i].octet == data[0])
			readers[i].read(text);
	if (data[0] == 'e')
		escape(rest);
	free(text);
	ERR_clear_error();
	return 0;
}
