/* The fixtures of every rule: what to change so that it stays silent, and so that it speaks. */
#ifndef SUBCA_TESTS_UNIT_LINT_CASES_H
#define SUBCA_TESTS_UNIT_LINT_CASES_H

#include "tests/unit/lint_fixture.h"

#define FIXTURE_OPS 6

/*
 * Operations whose name begins with "issuer's " change the certificate of the issuer: the root for
 * an intermediate, the intermediate for a leaf.
 */
struct lint_case {
	const char *id;
	enum fixture_kind kind;
	struct fixture_op pass[FIXTURE_OPS], fail[FIXTURE_OPS];
};

extern const struct lint_case lint_cases[];
extern const size_t lint_case_count;

/* What ops meant for the certificate make of it, or those for its issuer of that one. To be freed. */
struct bytes lint_case_build(enum fixture_kind kind, const struct fixture_op *ops, bool issuer);

#endif
