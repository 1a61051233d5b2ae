/* What follows from what was found. Inside trust/ only. */
#ifndef SUBCA_TRUST_DOCTOR_JUDGE_H
#define SUBCA_TRUST_DOCTOR_JUDGE_H

#include "trust/doctor.h"

/* Sets verdict and why. more: what else is wrong with it. */
MUST_CHECK enum status doctor_judge(const struct doctor_report *r, struct doctor_row *row,
				    const struct words *more, struct error *e);
/* Sets mend, and adds to before what it builds on. */
MUST_CHECK enum status doctor_mend(const struct doctor_order *order, struct doctor_report *r,
				   struct doctor_row *row, struct error *e);

/* Whether it would find the root in what it looks at, as far as looking tells. */
bool doctor_trusts(const struct doctor_report *r, const struct doctor_row *row);

/* Adds a sentence or a line. */
enum status doctor_say(struct words *to, struct error *e, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
