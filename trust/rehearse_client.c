#include "trust/rehearse_client.h"

static enum status try_cases(struct client *client, size_t at, struct rehearse_row *row,
			     struct error *e)
{
	enum status s = STATUS_OK;

	row->good = true;
	for (size_t c = 0; c < CASES && s == STATUS_OK; c++) {
		struct client_run *run = &row->runs[c];

		if (run->expected == EXPECT_NOTHING && c != CASE_SHORT_CHAIN)
			continue;
		s = client_try(client, c == CASE_UNTRUSTED ? CLIENT_BARE : CLIENT_GIVEN, c,
			       (unsigned)(at * CASES + c), run, e);
		row->good = row->good && client_run_good(run);
		/* One that hangs once would hang each time. */
		if (run->outcome == OUTCOME_HUNG)
			break;
	}
	return s;
}

enum status rehearse_client(const struct client_stage *stage, size_t at, struct rehearse_row *row,
			    struct error *e)
{
	struct client *client = NULL;
	enum status s = client_start(stage, row->client, CLIENT_GIVEN, at, &row->found, &client, e);

	if (s == STATUS_OK && row->found.state == CLIENT_RAN)
		s = try_cases(client, at, row, e);
	client_end(client);
	return s;
}
