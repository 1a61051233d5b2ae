/*
 * fill-store STORE COUNT [revoked]: puts COUNT plausible issued certificates into a store, and
 * revokes them, in one transaction, so that benchmarks can ask what a large CA costs. The rows and the journal are what
 * store_reserve(), store_issue() and store_revoke() write; only the waiting for the disk is left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/store_sqlite.h"

#define DER_SIZE 1200 /* an RSA-2048 intermediate with three names */
#define FIRST_DAY INT64_C(1700000000)
#define FIVE_YEARS (5 * 365 * INT64_C(86400))

struct maker {
	struct store *store;
	unsigned char der[DER_SIZE];
	bool revoke;
};

static enum status add_one(struct maker *m, long number, struct error *e)
{
	unsigned char serial[16], spki[SHA256_SIZE], plan[SHA256_SIZE];
	char subject[80];
	int64_t now = FIRST_DAY + number;
	struct store_intent intent = {
		.serial = {serial, sizeof serial},
		.profile = number % 2 ? "zpa" : "zia",
		.portal = number % 2 ? "zpa" : "zia",
		.subject = subject,
		.subject_der = {m->der, 60},
		.spki_sha256 = {spki, sizeof spki},
		.plan_hash = {plan, sizeof plan},
		.request_sha256 = {plan, sizeof plan},
		.reason = "",
		.not_before = now,
		.not_after = now + FIVE_YEARS,
	};
	enum status s = random_bytes(serial, sizeof serial, e);

	/* Positive and minimal: the first octet is 0x40 … 0x7f. */
	serial[0] = (unsigned char)(0x40 | (serial[0] & 0x3f));
	snprintf(subject, sizeof subject, "CN=Intermediate %ld,O=Example Corp,C=DE", number);
	memcpy(m->der, serial, sizeof serial);
	if (s == STATUS_OK)
		s = sha256(intent.serial, spki, e);
	if (s == STATUS_OK)
		s = sha256((struct span){spki, sizeof spki}, plan, e);
	if (s == STATUS_OK)
		s = store_reserve(m->store, &intent, now, e);
	if (s == STATUS_OK)
		s = store_issue(m->store, intent.serial, (struct span){m->der, DER_SIZE}, now, e);
	if (s == STATUS_OK && m->revoke) {
		/* One in four says no reason, as in a CRL of long standing. */
		const struct store_revocation r = {
			.at = now + 1000, .reason = number % 4 ? REASON_SUPERSEDED : REASON_NONE};

		s = store_revoke(m->store, intent.serial, &r, now, e);
	}
	return s;
}

/*
 * Linked in place of the store's own (ld --wrap), which would wait for the disk twice a row: all
 * rows go into the one transaction that fill() opens.
 */
enum status __wrap_transaction_begin(struct store *s, struct error *e);
enum status __wrap_transaction_end(struct store *s, enum status so_far, struct error *e);

enum status __wrap_transaction_begin(struct store *s, struct error *e)
{
	(void)s;
	(void)e;
	return STATUS_OK;
}

enum status __wrap_transaction_end(struct store *s, enum status so_far, struct error *e)
{
	(void)s;
	(void)e;
	return so_far;
}

static enum status fill(struct maker *m, long count, struct error *e)
{
	enum status s = sql_run(m->store, "BEGIN IMMEDIATE", e);

	for (long i = 1; s == STATUS_OK && i <= count; i++)
		s = add_one(m, i, e);
	return s == STATUS_OK ? sql_run(m->store, "COMMIT", e) : s;
}

int main(int argc, char **argv)
{
	struct error e = {0};
	struct maker m = {0};
	char *end = NULL;
	long count = argc >= 3 ? strtol(argv[2], &end, 10) : 0;
	enum status s = STATUS_OK;

	m.revoke = argc == 4 && strcmp(argv[3], "revoked") == 0;
	if (count <= 0 || *end || argc > 4 || (argc == 4 && !m.revoke)) {
		fprintf(stderr, "usage: fill-store STORE COUNT [revoked]\n");
		return 2;
	}
	s = random_bytes(m.der, sizeof m.der, &e);
	if (s == STATUS_OK)
		s = store_open(argv[1], STORE_WRITE, &m.store, &e);
	if (s == STATUS_NOT_FOUND)
		s = store_create(argv[1], FIRST_DAY, &e) == STATUS_OK
			    ? store_open(argv[1], STORE_WRITE, &m.store, &e)
			    : e.status;
	if (s == STATUS_OK)
		s = fill(&m, count, &e);
	store_close(m.store);
	if (s != STATUS_OK)
		fprintf(stderr, "fill-store: %s: %s (%s)\n", e.where, e.what, e.detail);
	return s == STATUS_OK ? 0 : 1;
}
