/* subca export: what a CA issued, for other tools. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/file.h"
#include "base/suggest.h"
#include "ca/export.h"
#include "ca/export_index.h"
#include "ca/pem.h"
#include "cmd/certificate.h"
#include "cmd/command.h"
#include "cmd/export_p12.h"
#include "cmd/password.h"
#include "cmd/serial.h"

static const char *const formats[] = {"index", "pem", "der", "p7b", "p12", "json", "csv", NULL};
enum format {
	FORMAT_INDEX,
	FORMAT_PEM,
	FORMAT_DER,
	FORMAT_P7B,
	FORMAT_P12,
	FORMAT_JSON,
	FORMAT_CSV
};

struct exporting {
	struct invocation *in;
	enum format format;
	struct export_order order;
	struct export_total total;
};

/* --- JSON ------------------------------------------------------------------------------------- */

struct json_stream {
	struct exporting *exporting;
	FILE *to;
};

static json_t *item_json(const struct store_row *row, struct error *e)
{
	struct text pem = {0};
	json_t *item = row_json(row);

	if (item && row->der.len &&
	    (pem_add_certificate(&pem, row->der, e) != STATUS_OK ||
	     json_object_set_new(item, "pem", json_string(text_get(&pem))) != 0)) {
		json_decref(item);
		item = NULL;
	}
	text_free(&pem);
	return item;
}

static enum status put_json_row(void *context, const struct store_row *row, struct error *e)
{
	struct json_stream *stream = context;
	json_t *item = item_json(row, e);
	int failed;

	if (!item)
		return error_memory(e);
	fputs(stream->exporting->total.written++ ? ",\n    " : "\n    ", stream->to);
	failed = json_dumpf(item, stream->to, 0);
	json_decref(item);
	return failed ? error_errno(e, STATUS_SYSTEM, NULL, "make room and run it again",
				    "cannot be written")
		      : STATUS_OK;
}

static enum status write_json(struct exporting *x, FILE *to, struct error *e)
{
	struct json_stream stream = {x, to};
	enum status s;

	fputs("{\n  \"schema\": \"subca.export/1\",\n  \"certificates\": [", to);
	s = export_each(&x->order, put_json_row, &stream, e);
	fputs("\n  ]\n}\n", to);
	return s;
}

/* --- where to --------------------------------------------------------------------------------- */

static enum status write_format(void *context, FILE *to, struct error *e)
{
	struct exporting *x = context;

	switch (x->format) {
	case FORMAT_PEM:
		return export_pem(&x->order, to, &x->total, e);
	case FORMAT_DER:
		return export_der(&x->order, to, &x->total, e);
	case FORMAT_P7B:
		return export_p7b(&x->order, to, &x->total, e);
	case FORMAT_CSV:
		return export_csv(&x->order, to, &x->total, e);
	default:
		return write_json(x, to, e);
	}
}

static enum status report(struct invocation *in, const char *where, int64_t count, int64_t without,
			  struct error *e)
{
	if (in->output.json)
		return output_json(&in->output, "export",
				   json_pack("{s:o, s:I, s:I}", "output", output_json_text(where),
					     "certificates", (json_int_t)count,
					     "without_certificate", (json_int_t)without),
				   e);
	output_note(&in->output, "wrote %s: %lld certificate%s", where, (long long)count,
		    count == 1 ? "" : "s");
	if (without)
		output_note(&in->output,
			    "%lld more %s known by an index only: there is no certificate",
			    (long long)without, without == 1 ? "is" : "are");
	return STATUS_OK;
}

static enum status export_file(struct exporting *x, struct error *e)
{
	const struct options *o = &x->in->options;
	const char *file = options_value(o, "output");
	enum file_existing existing = options_given(o, "force") ? FILE_REPLACE : FILE_KEEP;
	enum status s;

	if (!file && x->in->output.json)
		return error_set(e, STATUS_USAGE, NULL, "say -o FILE, or leave --json away",
				 "--json tells about the file that is written");
	if (!file && x->format == FORMAT_DER && isatty(STDOUT_FILENO))
		return error_set(e, STATUS_USAGE, NULL, "say -o FILE",
				 "DER is not written to a terminal");
	if (!file) {
		s = write_format(x, stdout, e);
		return s == STATUS_OK ? output_check(e) : s;
	}
	if (authority_owns(x->order.authority, file))
		return error_set(e, STATUS_USAGE, file, "choose another name",
				 "is a file of the CA itself");
	s = file_publish_stream(file, write_format, x, 0644, existing, e);
	return s == STATUS_OK
		       ? report(x->in, file, x->total.written, x->total.without_certificate, e)
		       : s;
}

static enum status export_folder(struct exporting *x, struct error *e)
{
	const struct options *o = &x->in->options;
	const char *folder = options_value(o, "output");
	struct findings findings = {0};
	int64_t now, rows = 0;
	enum status s;

	if (!folder || x->order.serial_count || x->order.chain)
		return error_set(e, STATUS_USAGE, NULL, "subca export index -o DIR",
				 "an index is of the whole CA, in a folder of its own");
	s = datetime_now(&now, e);
	if (s == STATUS_OK)
		s = export_index(x->order.authority, folder, options_given(o, "force"), now, &rows,
				 &findings, e);
	if (s == STATUS_OK)
		s = report(x->in, folder, rows, 0, e);
	output_findings(&x->in->output, stderr, &findings);
	findings_free(&findings);
	return s;
}

/* --- the command ------------------------------------------------------------------------------ */

static enum status resolve(struct exporting *x, struct bytes *serials, struct error *e)
{
	const struct options *o = &x->in->options;

	for (size_t i = 1; i < o->operand_count; i++) {
		char digits[SERIAL_TEXT];

		if (!serial_read(o->operands[i], digits))
			return error_set(e, STATUS_USAGE, NULL, "'subca list' shows what there is",
					 "'%.80s' is no serial number", o->operands[i]);
		if (serial_resolve(x->order.authority, digits, &serials[i - 1], e) != STATUS_OK)
			return error_status(e);
	}
	x->order.serials = serials;
	x->order.serial_count = o->operand_count - 1;
	return STATUS_OK;
}

static enum status find_format(const struct options *o, enum format *out, struct error *e)
{
	const char *near;

	for (int i = 0; formats[i]; i++) {
		if (strcmp(formats[i], o->operands[0]) == 0) {
			*out = (enum format)i;
			return STATUS_OK;
		}
	}
	near = suggest(o->operands[0], formats, sizeof formats / sizeof *formats - 1);
	return error_set(e, STATUS_USAGE, NULL,
			 near ? near : "write index, pem, der, p7b, p12, json or csv",
			 "there is no format '%.80s'%s", o->operands[0],
			 near ? ", did you mean this?" : "");
}

/* What gives a key out has options that the others have no use for. */
static enum status expect_options(const struct exporting *x, struct error *e)
{
	static const char *const of_key[] = {"password-file", "password-fd", "passphrase-file",
					     "passphrase-fd", "clock-ok"};

	for (size_t i = 0; i < sizeof of_key / sizeof of_key[0]; i++)
		if (options_given(&x->in->options, of_key[i]))
			return error_set(e, STATUS_USAGE, NULL, "leave it out",
					 "--%s is for p12: %s has no key in it", of_key[i],
					 formats[x->format]);
	return STATUS_OK;
}

static enum status export_public(struct exporting *x, struct error *e)
{
	const struct options *o = &x->in->options;
	size_t count = o->operand_count;
	struct bytes *serials = calloc(count, sizeof *serials);
	struct authority *a = NULL;
	enum status s = serials ? expect_options(x, e) : error_memory(e);

	if (s == STATUS_OK)
		s = authority_open(x->in->directory, STORE_READ, &a, e);
	x->order.authority = a;
	/* A p7b is what other systems import, who want to know whom to trust. */
	x->order.chain = options_given(o, "chain") || x->format == FORMAT_P7B;
	if (s == STATUS_OK)
		s = resolve(x, serials, e);
	if (s == STATUS_OK)
		s = x->format == FORMAT_INDEX ? export_folder(x, e) : export_file(x, e);
	for (size_t i = 0; serials && i < count; i++)
		bytes_free(&serials[i]);
	free(serials);
	authority_free(a);
	return s;
}

static enum status cmd_export(struct invocation *in, struct error *e)
{
	struct exporting x = {.in = in};
	enum status s = find_format(&in->options, &x.format, e);

	if (s != STATUS_OK)
		return s;
	return x.format == FORMAT_P12 ? export_p12(in, e) : export_public(&x, e);
}

static const struct option_spec export_options[] = {
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "write to FILE; with index, into a folder of that name"},
	{.name = "chain", .help = "the CA's own certificate and those above it as well"},
	{.name = "force", .help = "replace what is there already"},
	{.name = "passphrase-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "with p12, first line: the passphrase of the CA's key (mode 0600)"},
	{.name = "passphrase-fd", .argument = "N", .help = "the same from an open descriptor"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

const struct command command_export = {
	.name = "export",
	.usage = "[-o FILE] [--chain] [--force] FORMAT [SERIAL…]",
	.summary = "write what this CA issued for other tools",
	.about =
		"Writes the certificates that the CA in DIR issued, all of them or those named by "
		"their serials: as pem, der (one), p7b (with the chain), or as an inventory in json or "
		"csv.\n"
		"p12 is the CA's own certificate with its key and chain, in one encrypted file; the "
		"key's passphrase and a password for the file are asked for. A key on a token stays there.\n"
		"index writes index.txt, index.txt.attr, serial and crlnumber as 'openssl ca' keeps "
		"them, so that it and 'openssl ocsp -index' can go on with this CA.",
	.least = 1,
	.most = SIZE_MAX,
	.operands = {{"FORMAT", COMPLETE_WORDS, formats}, {"SERIAL", COMPLETE_NOTHING, NULL}},
	.options = {export_options, options_password},
	.run = cmd_export,
};
