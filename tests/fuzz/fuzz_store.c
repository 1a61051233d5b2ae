/*
 * A store file that somebody else, or a bad disk, wrote: the input is the file. Whatever comes out of
 * it is what ca/store.h promises, or STATUS_DAMAGED; and what is written into it is there afterwards.
 * The corpus comes from tests/fuzz/seed-ca.
 */
#include <string.h>

#include "audit/ledger.h"
#include "ca/store_serial.h"
#include "tests/fuzz/fuzz.h"

#define STORE "store.db"

static void expect(enum status s, const struct error *e)
{
	promise_told(s, e);
	promise(s == STATUS_OK || s == STATUS_DAMAGED || s == STATUS_NOT_FOUND ||
		s == STATUS_EXISTS || s == STATUS_REFUSED || s == STATUS_SYSTEM ||
		s == STATUS_BUSY);
}

static bool is_digest(struct span s)
{
	return s.len == 0 || s.len == SHA256_SIZE;
}

static enum status see_row(void *context, const struct store_row *row, struct error *e)
{
	const struct store_intent *i = &row->intent;

	promise(serial_check(i->serial, e) == STATUS_OK);
	promise(is_digest(i->spki_sha256) && is_digest(i->plan_hash) &&
		is_digest(i->request_sha256));
	promise(i->replaces.len <= SERIAL_MAX);
	promise(row->state > CERT_ANY && row->state < CERT_STATES);
	promise(row->der.len == 0 || row->state == CERT_ISSUED || row->state == CERT_REVOKED);
	promise(strlen(row->origin) < ORIGIN_SIZE);
	if (context)
		++*(size_t *)context;
	return STATUS_OK;
}

static enum status see_revoked(void *context, const struct store_revoked *r, struct error *e)
{
	(void)context;
	promise(serial_check(r->serial, e) == STATUS_OK);
	promise(r->revocation.reason >= REASON_NONE &&
		r->revocation.reason <= REASON_AA_COMPROMISE);
	return STATUS_OK;
}

static enum status see_journal(void *context, const struct journal_row *row, struct error *e)
{
	(void)context;
	(void)e;
	promise(row->event[0] != '\0' || row->canonical[0] != '\0');
	return STATUS_OK;
}

static void read_all(struct store *s)
{
	const struct store_filter all = {.limit = 0}, issued = {.state = CERT_ISSUED};
	const struct store_revoked_filter revoked = {.since_seq = 0};
	int64_t counts[CERT_STATES], seq = 0, time = 0;
	unsigned char hash[SHA256_SIZE];
	struct store_crl crl = {.number = 0};
	struct error e = {0};
	size_t rows = 0;

	expect(store_each(s, &all, see_row, &rows, &e), &e);
	expect(store_each(s, &issued, see_row, NULL, &e), &e);
	expect(store_count(s, counts, &e), &e);
	expect(store_revoked_each(s, &revoked, see_revoked, NULL, &e), &e);
	expect(journal_each(s, see_journal, NULL, &e), &e);
	expect(journal_verify(s, &e), &e);
	expect(journal_head(s, &seq, hash, &e), &e);
	expect(journal_last_time(s, &time, &e), &e);
	expect(store_crl_last(s, CRL_ANY, false, &crl, &e), &e);
}

/* As an audit does. */
static void examine(struct store *s)
{
	static const struct profile_path path = {NULL, "templates"};
	static const struct ca_urls urls;
	static struct drift drift;
	struct estate t = {0};
	const struct ledger_order order = {
		.now = FUZZ_NOW,
		.store = s,
		.path = "store",
		.drift = &drift,
		.authority = fuzz_authority(),
	};
	struct ledger ledger = {.journal_rows = 0};
	struct error e = {0};
	uint32_t source = 0;

	drift = (struct drift){.path = &path, .urls = &urls};
	promise(estate_add_source(&t, "store", true, true, &source, &e) == STATUS_OK);
	if (ledger_read(&order, &t, source, &ledger, &e) != STATUS_OK ||
	    ledger_journal(&order, &t, &ledger, &e) != STATUS_OK)
		expect(e.status, &e);
	estate_free(&t);
	drift_free(&drift);
}

static void change(struct store *s)
{
	static const unsigned char octets[] = {0x5a, 0x5b, 0x5c}, digest[SHA256_SIZE] = {1};
	const struct span serial = {octets, sizeof octets}, hash = {digest, sizeof digest};
	const struct store_intent intent = {
		.serial = serial,
		.profile = "fuzz",
		.portal = "",
		.subject = "CN=x",
		.subject_der = hash,
		.spki_sha256 = hash,
		.plan_hash = hash,
		.request_sha256 = hash,
		.reason = "",
		.not_before = FUZZ_NOW,
		.not_after = FUZZ_NOW + 1,
	};
	const struct store_revocation revocation = {FUZZ_NOW, REASON_SUPERSEDED, 0, 0};
	struct store_crl crl = {.base = STORE_NO_CRL, .this_update = 1, .next_update = 2};
	struct error e = {0};
	size_t count = 0, found = 0;
	enum status status = store_reserve(s, &intent, FUZZ_NOW, &e);

	expect(status, &e);
	if (status == STATUS_OK) {
		status = store_issue(s, serial, hash, FUZZ_NOW, &e);
		expect(status, &e);
	}
	if (status == STATUS_OK) {
		promise(store_find(s, serial, see_row, &found, &e) == STATUS_OK && found == 1);
		expect(store_revoke(s, serial, &revocation, FUZZ_NOW, &e), &e);
	}
	expect(journal_note(s, "fuzz", "note", FUZZ_NOW, &e), &e);
	expect(store_crl_reserve(s, &crl, FUZZ_NOW, &e), &e);
	expect(store_fail_orphans(s, FUZZ_NOW, &count, &e), &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *s = NULL;
	struct error e = {0};
	char path[4096];
	enum status status;

	fuzz_empty();
	snprintf(path, sizeof path, "%s", fuzz_file(STORE, (struct span){data, size}));
	status = store_open(path, STORE_READ, &s, &e);
	expect(status, &e);
	promise((status == STATUS_OK) == (s != NULL));
	if (s) {
		read_all(s);
		examine(s);
	}
	store_close(s);
	s = NULL;
	status = store_open(path, STORE_WRITE, &s, &e);
	expect(status, &e);
	if (s) {
		change(s);
		read_all(s);
	}
	store_close(s);
	return 0;
}
