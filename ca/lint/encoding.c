#include "ca/lint/internal.h"

static void say_fault(const struct lint_subject *s, struct lint_report *report,
		      enum der_fault fault)
{
	char where[40];

	if (s->der_fault != fault || s->form == LINT_FORM_REQUEST)
		return;
	snprintf(where, sizeof where, "offset %zu", s->der_offset);
	lint_say(report, where, "holds %s", der_fault_text(fault));
}

void lint_der_structure(const struct lint_subject *s, struct lint_report *report)
{
	say_fault(s, report, DER_STRUCTURE);
}

void lint_der_length(const struct lint_subject *s, struct lint_report *report)
{
	say_fault(s, report, DER_LENGTH);
}

void lint_der_boolean(const struct lint_subject *s, struct lint_report *report)
{
	say_fault(s, report, DER_BOOLEAN);
}

void lint_der_integer(const struct lint_subject *s, struct lint_report *report)
{
	say_fault(s, report, DER_INTEGER);
}

void lint_der_bit_string(const struct lint_subject *s, struct lint_report *report)
{
	say_fault(s, report, DER_BIT_STRING);
}

void lint_der_oid(const struct lint_subject *s, struct lint_report *report)
{
	say_fault(s, report, DER_OID);
}

void lint_der_set_order(const struct lint_subject *s, struct lint_report *report)
{
	say_fault(s, report, DER_SET_ORDER);
}

/* Where it is not even DER, the rule that says so says enough. */
static void say_unreadable(const struct lint_subject *s, enum lint_form form,
			   struct lint_report *report)
{
	if (s->form == form && s->der_fault == DER_CANONICAL)
		lint_say(report, NULL, "cannot be read: %s", s->unreadable);
}

void lint_certificate_unreadable(const struct lint_subject *s, struct lint_report *report)
{
	say_unreadable(s, LINT_FORM_CERTIFICATE, report);
}

void lint_crl_unreadable(const struct lint_subject *s, struct lint_report *report)
{
	say_unreadable(s, LINT_FORM_CRL, report);
}
