/*
 * Whether a test can fail: a rule is kept from speaking, as if its function were empty, and the test
 * is run once more. For programs that are linked with --wrap=findings_add (GNUmakefile).
 */
#ifndef SUBCA_TESTS_UNIT_MUTE_H
#define SUBCA_TESTS_UNIT_MUTE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Whether test fails in a process of its own, where the rule says nothing. NULL mutes none. */
bool fails_without(const char *rule, CMUnitTestFunction test);

/*
 * For each of the ids (at least one): test passes with the rule, and fails without. prepare tells
 * test which one to look at. What does not is named; the number of those.
 */
size_t count_blind(const char *const *ids, size_t count, void (*prepare)(const char *id),
		   CMUnitTestFunction test);

#endif
