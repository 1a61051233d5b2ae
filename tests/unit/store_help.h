/* What test_store.c and test_journal.c share: a store in a folder of its own. */
#ifndef SUBCA_TESTS_STORE_HELP_H
#define SUBCA_TESTS_STORE_HELP_H

#include "ca/store.h"

#define NOW INT64_C(1795000000)

struct fixture {
	char folder[64];
	char path[96];
	struct store *store;
};

/* cmocka set-up and tear-down: *state is a struct fixture with an open store. */
int store_setup(void **state);
int store_teardown(void **state);

/* An intent for the serial; all else is plausible and constant. */
struct store_intent intent_of(const char *serial, size_t len);
struct span octets(const char *s, size_t len);
#define SERIAL(text) octets(text, sizeof text - 1)

void must(enum status s, const struct error *e);
/* Runs SQL through a connection of its own, as somebody with an editor would. */
void tamper(const struct fixture *f, const char *sql);
/* The file, and all that lies beside it. */
void remove_store(const char *path);
void reopen(struct fixture *f, enum store_mode mode);

#endif
