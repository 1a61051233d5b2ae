/* subca bundle: public roots and ours in one file, for tools whose setting replaces their own. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/authority.h"
#include "cmd/command.h"
#include "trust/bundle.h"
#include "trust/java.h"

enum format { FORMAT_PEM, FORMAT_DER, FORMAT_P12, FORMAT_JKS };

static const char *const formats[] = {"pem", "der", "p12", "jks", NULL};

static const struct option_spec options[] = {
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the file to write; its ending says the format: .pem, .crt, .der, .cer, .p12, "
		 ".pfx, .jks"},
	{.name = "public",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the public roots, a cacert.pem say; those of this machine else"},
	{.name = "no-public", .help = "ours alone"},
	{.name = "format",
	 .argument = "FORMAT",
	 .complete = COMPLETE_WORDS,
	 .words = formats,
	 .help = "pem, der (one certificate), p12 or jks (trust stores for Java)"},
	{.name = "no-comments", .help = "nothing in the PEM but certificates"},
	{.name = "force", .help = "overwrite a file that exists"},
	{0},
};

static enum status read_file(struct bundle *b, const char *file, bool ours,
			     struct findings *findings, struct error *e)
{
	struct bytes input = {0};
	enum status s = file_read(file, BUNDLE_INPUT_MAX, &input, e);

	if (s == STATUS_OK)
		s = bundle_read(b, span_of(&input), strcmp(file, "-") ? file : "standard input",
				ours, findings, e);
	bytes_free(&input);
	return s;
}

/* The CA's root is the last of its chain. */
static enum status read_root(struct bundle *b, const char *folder, struct findings *findings,
			     struct error *e)
{
	struct authority *a = NULL;
	struct span chain[CHAIN_MAX];
	enum status s = authority_open(folder, STORE_READ, &a, e);

	if (s == STATUS_OK) {
		size_t count = authority_chain(a, chain);

		s = bundle_read(b, chain[count - 1], folder, true, findings, e);
	}
	authority_free(a);
	return s;
}

static enum status read_all(const struct invocation *in, struct bundle *b,
			    struct findings *findings, struct error *e)
{
	const struct options *o = &in->options;
	const char *public = options_value(o, "public");
	enum status s = STATUS_OK;

	if (public && options_given(o, "no-public"))
		return error_set(e, STATUS_USAGE, NULL, "give one of them",
				 "--public and --no-public exclude each other");
	if (!o->operand_count)
		s = read_root(b, in->directory, findings, e);
	for (size_t i = 0; i < o->operand_count && s == STATUS_OK; i++)
		s = read_file(b, o->operands[i], true, findings, e);
	if (s != STATUS_OK || options_given(o, "no-public"))
		return s;
	if (!public)
	public = bundle_system_file();
	if (!public)
		return error_set(
			e, STATUS_NOT_FOUND, NULL,
			"install ca-certificates, name a cacert.pem with --public FILE, or "
			"say --no-public",
			"this machine has no public roots where they are looked for");
	return read_file(b, public, false, findings, e);
}

static enum status find_format(const struct options *o, enum format *format, struct error *e)
{
	static const struct {
		const char *ending;
		enum format format;
	} endings[] = {
		{".pem", FORMAT_PEM}, {".crt", FORMAT_PEM}, {".der", FORMAT_DER},
		{".cer", FORMAT_DER}, {".p12", FORMAT_P12}, {".pfx", FORMAT_P12},
		{".jks", FORMAT_JKS},
	};
	const char *file = options_value(o, "output"), *ending;
	int given = -1;

	if (!file)
		return error_set(e, STATUS_USAGE, NULL, "say -o ca-bundle.pem",
				 "where is the bundle to go?");
	if (options_word(o, "format", &given, e) != STATUS_OK)
		return error_status(e);
	*format = (enum format)given;
	if (given >= 0)
		return STATUS_OK;
	ending = strrchr(path_name(file), '.');
	for (size_t i = 0; ending && i < sizeof endings / sizeof endings[0]; i++) {
		if (strcmp(ending, endings[i].ending) == 0) {
			*format = endings[i].format;
			return STATUS_OK;
		}
	}
	return error_set(e, STATUS_USAGE, file, "say --format pem, der, p12 or jks",
			 "its ending says no format");
}

static enum status encode(const struct bundle *b, enum format format, bool comments,
			  struct bytes *out, struct error *e)
{
	struct text pem = {0};
	enum status s;

	if (format == FORMAT_P12)
		return bundle_pkcs12(b, out, e);
	if (format == FORMAT_JKS)
		return java_trust_store(b, out, e);
	if (format == FORMAT_DER && b->count != 1)
		return error_set(e, STATUS_USAGE, NULL, "say --no-public, and name one root",
				 "DER holds one certificate, not %zu", b->count);
	if (format == FORMAT_DER)
		return bytes_copy(out, span_of(&b->items[0].der), e);
	s = bundle_pem(b, comments, &pem, e);
	if (s == STATUS_OK)
		s = bytes_copy(out, span_text(text_get(&pem)), e);
	text_free(&pem);
	return s;
}

static enum status write_bundle(const struct options *o, const struct bundle *b, enum format format,
				struct error *e)
{
	bool force = options_given(o, "force");
	const char *file = options_value(o, "output");
	struct bytes out = {0};
	enum status s = force ? STATUS_OK : file_expect_absent(file, e);

	if (s == STATUS_OK)
		s = encode(b, format, !options_given(o, "no-comments"), &out, e);
	if (s == STATUS_OK)
		s = file_publish(file, span_of(&out), 0644, force ? FILE_REPLACE : FILE_KEEP, e);
	bytes_free(&out);
	return s;
}

static enum status say(struct invocation *in, const struct bundle *b, enum format format,
		       const struct findings *findings, struct error *e)
{
	const char *file = options_value(&in->options, "output");
	size_t ours = 0;

	while (ours < b->count && b->items[ours].ours)
		ours++;
	if (in->output.json)
		return output_json(&in->output, "bundle",
				   json_pack("{s:o, s:s, s:i, s:i, s:i, s:o}", "file",
					     output_json_text(file), "format", formats[format],
					     "ours", (int)ours, "public", (int)(b->count - ours),
					     "left_out", (int)b->dropped, "findings",
					     output_findings_json(findings)),
				   e);
	if (!in->output.quiet) {
		output_findings(&in->output, stderr, findings);
		printf("%s: %zu trust anchors, %zu of them ours\n", file, b->count, ours);
	}
	return output_check(e);
}

static enum status run(struct invocation *in, struct error *e)
{
	struct bundle b = {0};
	struct findings findings = {0};
	enum format format = FORMAT_PEM;
	int64_t now;
	enum status s = find_format(&in->options, &format, e);

	if (s == STATUS_OK)
		s = read_all(in, &b, &findings, e);
	if (s == STATUS_OK)
		s = datetime_now(&now, e);
	if (s == STATUS_OK)
		s = bundle_judge(&b, now, &findings, e);
	if (s == STATUS_OK)
		s = write_bundle(&in->options, &b, format, e);
	if (s == STATUS_OK)
		s = say(in, &b, format, &findings, e);
	else if (s == STATUS_REFUSED)
		output_findings(&in->output, stderr, &findings);
	findings_free(&findings);
	bundle_free(&b);
	return s;
}

const struct command command_bundle = {
	.name = "bundle",
	.usage = "[options] -o FILE [ROOT…]",
	.summary = "put the public roots and ours into one file for tools to trust",
	.about =
		"Many tools have a setting that replaces their own roots: they need the public ones and "
		"ours in one file. The public ones are this machine's (ca-certificates) or those of "
		"--public FILE; ours is the root of the CA in DIR, or the certificates named. What is "
		"given twice or expired is left out; each certificate stands under a comment that "
		"says what it is.\n\n"
		"An intermediate, and a weekly \"(t)\" certificate of a service edge, is no anchor: "
		"that is a warning.\n\n"
		"Example: subca bundle -C root -o ca-bundle.pem",
	.least = 0,
	.most = 64,
	.operands = {{"ROOT", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = run,
};
