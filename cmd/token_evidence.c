#include <stdlib.h>

#include "base/datetime.h"
#include "base/file.h"
#include "base/json.h"
#include "ca/authority.h"
#include "ca/pem.h"
#include "cmd/token.h"

static enum status write(const char *folder, const char *name, const char *text, struct error *e)
{
	char *file = path_join(folder, name);
	enum status s = file ? file_publish(file, span_text(text), 0644, FILE_REPLACE, e)
			     : error_memory(e);

	free(file);
	return s;
}

static enum status write_report(const char *folder, const struct token_report *r, struct error *e)
{
	json_t *document = token_report_json(r, false);
	char when[DATETIME_SIZE];
	struct text text = {0};
	int64_t now = 0;
	enum status s = datetime_now(&now, e);

	datetime_format(now, when);
	if (s == STATUS_OK && json_object_set_new(document, "asked_at", json_string(when)) != 0)
		s = error_memory(e);
	if (s == STATUS_OK)
		s = json_text(document, JSON_INDENT(2), &text, e);
	if (s == STATUS_OK)
		s = write(folder, AUTHORITY_EVIDENCE, text_get(&text), e);
	text_free(&text);
	json_decref(document);
	return s;
}

static enum status write_attestations(const char *folder, const struct token_report *r,
				      struct error *e)
{
	struct text pem = {0};
	enum status s = STATUS_OK;

	for (size_t i = 0; i < r->attestation_count && s == STATUS_OK; i++)
		s = pem_add_certificate(&pem, span_of(&r->attestations[i]), e);
	if (s == STATUS_OK)
		s = write(folder, AUTHORITY_ATTESTATION, text_get(&pem), e);
	text_free(&pem);
	return s;
}

/* An older one is of another key. */
static enum status remove_attestations(const char *folder, struct error *e)
{
	char *file = path_join(folder, AUTHORITY_ATTESTATION);
	enum status s = file ? STATUS_OK : error_memory(e);

	if (file && file_exists(file))
		s = file_remove(file, e);
	free(file);
	return s;
}

enum status token_keep_evidence(struct invocation *in, const char *folder, const char *uri,
				const struct secret *pin, struct error *e)
{
	const struct token_question question = {.uri = uri, .pin = pin};
	struct token_report *report = NULL;
	enum status s = token_examine(&question, &report, e);

	if (s == STATUS_OK)
		s = write_report(folder, report, e);
	if (s == STATUS_OK)
		s = report->attestation_count ? write_attestations(folder, report, e)
					      : remove_attestations(folder, e);
	if (s == STATUS_OK && report->attestation_count)
		output_note(&in->output,
			    "note: the attestation of the token's maker for the key is in %s/%s",
			    folder, AUTHORITY_ATTESTATION);
	else if (s == STATUS_OK)
		output_note(
			&in->output,
			"note: the token shows no attestation of its maker's for the key; what it "
			"says of the key itself is in %s/%s",
			folder, AUTHORITY_EVIDENCE);
	token_report_free(report);
	return s;
}
