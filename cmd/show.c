#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ca/authority.h"
#include "ca/pem.h"
#include "cmd/certificate.h"
#include "cmd/command.h"
#include "cmd/serial.h"

#define FILE_CERTIFICATES 64

/* What to do with a certificate once it is found. */
struct showing {
	struct invocation *in;
	struct authority *authority; /* NULL for a file */
	bool pem;		     /* rather than its fields */
};

static enum status put_pem(const struct showing *show, const struct text *pem, struct error *e)
{
	const struct options *o = &show->in->options;
	const char *file = options_value(o, "output");

	if (text_check(pem, e) != STATUS_OK)
		return e->status;
	if (!file || strcmp(file, "-") == 0) {
		fputs(text_get(pem), stdout);
		return output_check(e);
	}
	if (file_publish(file, (struct span){(unsigned char *)pem->data, pem->len}, 0644,
			 options_given(o, "force") ? FILE_REPLACE : FILE_KEEP, e) != STATUS_OK)
		return e->status;
	output_note(&show->in->output, "written to %s", file);
	return STATUS_OK;
}

static enum status put_certificate(const struct showing *show, struct span der, struct error *e)
{
	struct span chain[CHAIN_MAX];
	size_t count = 0;
	struct text pem = {0};
	enum status s = pem_add_certificate(&pem, der, e);

	if (options_given(&show->in->options, "chain"))
		count = authority_chain(show->authority, chain);
	for (size_t i = 0; i < count && s == STATUS_OK; i++)
		if (!span_equal(chain[i], der)) /* the root's own row */
			s = pem_add_certificate(&pem, chain[i], e);
	if (s == STATUS_OK)
		s = put_pem(show, &pem, e);
	text_free(&pem);
	return s;
}

static enum status one_certificate(json_t *item, json_t **out, struct error *e)
{
	*out = json_pack("{s:[o]}", "certificates", item);
	return *out ? STATUS_OK : error_memory(e);
}

static enum status show_row_json(const struct showing *show, const struct store_row *row,
				 struct error *e)
{
	json_t *item = row_json(row), *certificate = NULL, *document = NULL;

	if (item && row->der.len) {
		if (certificate_json(row->der, "store", &certificate, e) != STATUS_OK) {
			json_decref(item);
			return e->status;
		}
		if (json_object_set_new(item, "certificate", certificate) != 0) {
			json_decref(item);
			item = NULL;
		}
	}
	if (one_certificate(item, &document, e) != STATUS_OK)
		return e->status;
	return output_json(&show->in->output, "show", document, e);
}

static enum status show_row(void *context, const struct store_row *row, struct error *e)
{
	const struct showing *show = context;

	if (show->pem && row->der.len == 0)
		return error_set(e, STATUS_NOT_FOUND, NULL, "choose one that was issued",
				 "there is no certificate: this serial is %s",
				 cert_state_name(row->state));
	if (show->pem)
		return put_certificate(show, row->der, e);
	if (show->in->output.json)
		return show_row_json(show, row, e);
	row_print(row);
	if (row->der.len)
		return certificate_print(row->der, "store", e);
	return output_check(e);
}

static enum status show_serial(struct showing *show, const char *digits, struct error *e)
{
	struct bytes serial = {0};
	enum status s = serial_resolve(show->authority, digits, &serial, e);

	if (s == STATUS_OK)
		s = store_find(authority_store(show->authority), span_of(&serial), show_row, show,
			       e);
	bytes_free(&serial);
	return s;
}

/* PEM, one or more; else one in DER. */
static enum status read_certificates(const char *file, struct bytes certificates[FILE_CERTIFICATES],
				     size_t *count, struct error *e)
{
	struct bytes content = {0};
	enum status s = file_read(file, PEM_FILE_MAX, &content, e);

	if (s == STATUS_OK && content.len && content.data[0] == 0x30 &&
	    !memmem(content.data, content.len, "-----BEGIN", 10)) {
		certificates[0] = content;
		*count = 1;
		return STATUS_OK;
	}
	if (s == STATUS_OK)
		s = pem_read_certificates(span_of(&content), certificates, FILE_CERTIFICATES, count,
					  e);
	if (s != STATUS_OK)
		error_at(e, file);
	bytes_free(&content);
	return s;
}

static enum status show_file_json(struct output *o, const char *file,
				  const struct bytes *certificates, size_t count, struct error *e)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++) {
		json_t *certificate = NULL;

		if (certificate_json(span_of(&certificates[i]), file, &certificate, e) !=
		    STATUS_OK) {
			json_decref(array);
			return e->status;
		}
		if (json_array_append_new(array, json_pack("{s:o}", "certificate", certificate)) !=
		    0) {
			json_decref(array);
			array = NULL;
		}
	}
	return output_json(
		o, "show",
		json_pack("{s:o, s:o}", "file", output_json_text(file), "certificates", array), e);
}

static enum status show_file(struct showing *show, const char *file, struct error *e)
{
	struct bytes certificates[FILE_CERTIFICATES] = {{0}};
	size_t count = 0;
	enum status s = read_certificates(file, certificates, &count, e);

	if (s == STATUS_OK && show->pem) {
		struct text pem = {0};

		for (size_t i = 0; i < count && s == STATUS_OK; i++)
			s = pem_add_certificate(&pem, span_of(&certificates[i]), e);
		if (s == STATUS_OK)
			s = put_pem(show, &pem, e);
		text_free(&pem);
	} else if (s == STATUS_OK && show->in->output.json) {
		s = show_file_json(&show->in->output, file, certificates, count, e);
	} else {
		for (size_t i = 0; i < count && s == STATUS_OK; i++) {
			fputs(i ? "\n" : "", stdout);
			s = certificate_print(span_of(&certificates[i]), file, e);
		}
	}
	for (size_t i = 0; i < count; i++)
		bytes_free(&certificates[i]);
	return s;
}

static enum status check_options(const struct showing *show, bool is_file, struct error *e)
{
	const struct options *o = &show->in->options;

	if (show->pem && show->in->output.json)
		return error_set(e, STATUS_USAGE, NULL, "leave one of them away",
				 "--json and PEM exclude each other");
	if (is_file && options_given(o, "chain"))
		return error_set(e, STATUS_USAGE, NULL, "name a serial of the CA in DIR",
				 "--chain takes the chain from a CA, not from a file");
	return STATUS_OK;
}

static enum status cmd_show(struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	const char *operand = o->operands[0];
	struct showing show = {.in = in,
			       .pem = options_given(o, "pem") || options_given(o, "output") ||
				      options_given(o, "chain")};
	char digits[SERIAL_TEXT];
	bool is_file = !serial_read(operand, digits);
	enum status s;

	if (check_options(&show, is_file, e) != STATUS_OK)
		return e->status;
	if (is_file)
		return show_file(&show, operand, e);
	s = authority_open(in->directory, STORE_READ, &show.authority, e);
	if (s == STATUS_OK)
		s = show_serial(&show, digits, e);
	authority_free(show.authority);
	return s;
}

static const struct option_spec show_options[] = {
	{.name = "pem", .help = "write the certificate as PEM, and nothing else"},
	{.name = "chain", .help = "write PEM: the certificate, then its issuers, the root last"},
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "write the PEM to FILE instead"},
	{.name = "force", .help = "replace FILE where it is there already"},
	{0},
};

const struct command command_show = {
	.name = "show",
	.usage = "[--pem] [--chain] [-o FILE [--force]] SERIAL|FILE",
	.summary = "show a certificate of this CA, or of a file",
	.about =
		"Shows a certificate: of the CA in DIR by its serial or the beginning of it, with what "
		"the store knows about it; or of FILE, PEM or DER, \"-\" for standard input. A name "
		"of hexadecimal digits and colons is a serial; write ./NAME for a file called so.",
	.least = 1,
	.most = 1,
	.operands = {{"SERIAL|FILE", COMPLETE_FILE, NULL}},
	.options = {show_options},
	.run = cmd_show,
};
