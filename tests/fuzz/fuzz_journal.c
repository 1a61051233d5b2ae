/*
 * What the journal consists of: the text of a row as it is read back ('r'), as it is written of
 * hostile names and reasons ('w'), and checkpoints, on paper and signed ('c'). The first octet says
 * which. The corpus comes from tests/fuzz/seed-text; keys and signatures are of nobody.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/checkpoint.h"
#include "ca/journal.h"
#include "tests/fuzz/fuzz.h"

static void read_row(struct span s)
{
	char event[JOURNAL_EVENT_SIZE];
	char *text = fuzz_text(s);
	struct error e = {0};
	int64_t time;
	enum status status = journal_read(text, 7, &time, event, &e);

	promise_told(status, &e);
	promise(status == STATUS_OK || status == STATUS_DAMAGED || status == STATUS_SYSTEM);
	promise(status != STATUS_OK || strlen(event) < JOURNAL_EVENT_SIZE);
	free(text);
}

/* The next line of *rest, to be freed. */
static char *take_line(struct span *rest)
{
	const unsigned char *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	char *line = fuzz_text((struct span){rest->data, len});

	rest->data += end ? len + 1 : len;
	rest->len -= end ? len + 1 : len;
	return line;
}

/* Whatever stands in a row, it is one line that reads back as itself, and chains. */
static void write_row(struct span s)
{
	unsigned char hash[SHA256_SIZE] = {0};
	char *lines[4], event[JOURNAL_EVENT_SIZE], *canonical = NULL;
	struct store_intent intent = {.not_after = DATETIME_MAX};
	struct journal_change change = {.event = "reserve", .time = FUZZ_NOW, .intent = &intent};
	struct error e = {0};
	int64_t time = 0;

	for (size_t i = 0; i < 4; i++)
		lines[i] = take_line(&s);
	intent.profile = lines[0];
	intent.portal = "";
	intent.subject = lines[1];
	intent.reason = lines[2];
	change.detail = lines[3];
	change.serial = intent.serial = intent.subject_der = s;
	promise(journal_canonical(&change, INT64_MAX, &canonical, &e) == STATUS_OK);
	promise(!strpbrk(canonical, "\r\n"));
	promise(journal_read(canonical, INT64_MAX, &time, event, &e) == STATUS_OK);
	promise(time == FUZZ_NOW && strcmp(event, "reserve") == 0);
	promise(journal_chain(hash, canonical, hash, &e) == STATUS_OK);
	free(canonical);
	for (size_t i = 0; i < 4; i++)
		free(lines[i]);
}

static void read_checkpoint(struct span s)
{
	X509 *authority = fuzz_authority();
	char paper[CHECKPOINT_PAPER_SIZE];
	struct checkpoint c, again;
	struct error e = {0};
	enum status status;

	status = checkpoint_read(s, authority, &c, &e);
	promise_told(status, &e);
	promise(status == STATUS_OK || status == STATUS_INPUT || status == STATUS_REFUSED);
	if (status != STATUS_OK)
		return;
	promise(c.seq > 0 && c.hash_len >= CHECKPOINT_PAPER_OCTETS && c.hash_len <= SHA256_SIZE);
	checkpoint_paper(&c, paper);
	promise(checkpoint_read(span_text(paper), authority, &again, &e) == STATUS_OK);
	promise(again.seq == c.seq && memcmp(again.hash, c.hash, again.hash_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data + 1, size ? size - 1 : 0};

	ERR_clear_error();
	switch (size ? data[0] : 0) {
	case 'r':
		read_row(rest);
		break;
	case 'w':
		write_row(rest);
		break;
	case 'c':
		read_checkpoint(rest);
		break;
	default:
		break;
	}
	ERR_clear_error();
	return 0;
}
