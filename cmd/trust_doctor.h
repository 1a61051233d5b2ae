/* "subca trust doctor": what the tools of this machine trust, and what would break. */
#ifndef SUBCA_CMD_TRUST_DOCTOR_H
#define SUBCA_CMD_TRUST_DOCTOR_H

#include "cmd/command.h"
#include "trust/doctor.h"

MUST_CHECK enum status trust_doctor(struct invocation *in, struct error *e);

/* The report, as text or as the document. root: its subject. */
MUST_CHECK enum status trust_doctor_show(struct output *o, const struct doctor_report *r,
					 const char *root, struct span sha256, struct error *e);

#endif
