#include "cmd/renewal.h"

#include <inttypes.h>

#include "cmd/certificate.h"
#include "cmd/layout.h"

void renewal_print(const struct output *o, struct span der, const char *file,
		   const struct renew_proof *proof, const struct findings *findings)
{
	struct error ignored;
	char counts[80];

	if (certificate_print(der, file, &ignored) != STATUS_OK)
		ignored.status = STATUS_OK;
	layout_field("written", file);
	if (proof) {
		snprintf(counts, sizeof counts, "%" PRId64 " of %" PRId64 " have a path",
			 proof->proved, proof->proved + proof->failed);
		layout_field("children", counts);
		if (proof->failed)
			layout_field("without", text_get(&proof->failures));
	}
	output_findings(o, stdout, findings);
}

json_t *renewal_json(struct span der, const char *file, const struct renew_proof *proof,
		     const struct findings *findings)
{
	struct error ignored;
	json_t *certificate = NULL, *o;

	if (certificate_json(der, file, &certificate, &ignored) != STATUS_OK)
		return NULL;
	o = json_pack("{s:o, s:o, s:o}", "certificate", certificate, "file", output_json_text(file),
		      "findings", output_findings_json(findings));
	if (o && proof &&
	    json_object_set_new(o, "children",
				json_pack("{s:I, s:I}", "proved", (json_int_t)proof->proved,
					  "failed", (json_int_t)proof->failed)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

enum status renewal_expect_proved(const struct renew_proof *proof, struct error *e)
{
	if (proof->failed == 0)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, NULL,
			 "look at each with 'subca verify'; the certificate itself is issued",
			 "%" PRId64 " certificates have no path", proof->failed);
}
