/* subca import: takes over what another tool's CA left. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "base/suggest.h"
#include "ca/import.h"
#include "cmd/certificate.h"
#include "cmd/command.h"
#include "cmd/layout.h"
#include "cmd/progress.h"

static const char *const kinds[] = {"openssl", "easy-rsa", "files", NULL};

struct importing {
	struct invocation *in;
	struct import_order order;
	char *folder; /* NEW, without a slash at its end */
	bool dry_run;
	struct import *import;
	struct findings findings;
	struct progress progress;
};

static void show_progress(void *context, const char *what, int64_t done, int64_t total)
{
	progress_show(context, what, (uint64_t)done, total > 0 ? (uint64_t)total : 0);
}

/* --- the command line ------------------------------------------------------------------------- */

static enum status read_order(struct importing *x, struct error *e)
{
	const struct options *o = &x->in->options;
	const char *near;
	int kind = 0;

	while (kinds[kind] && strcmp(kinds[kind], o->operands[0]) != 0)
		kind++;
	near = suggest(o->operands[0], kinds, sizeof kinds / sizeof *kinds - 1);
	if (!kinds[kind])
		return error_set(e, STATUS_USAGE, NULL,
				 near ? near : "write openssl, easy-rsa or files",
				 "'%.80s' is nothing to import%s", o->operands[0],
				 near ? ", did you mean this?" : "");
	if (kind != IMPORT_FILES && o->operand_count != 3)
		return error_set(e, STATUS_USAGE, NULL, "subca import openssl OLD NEW",
				 "name the old folder and the new one");
	x->folder = strdup(o->operands[o->operand_count - 1]);
	if (!x->folder)
		return error_memory(e);
	for (size_t len = strlen(x->folder); len > 1 && x->folder[len - 1] == '/'; len--)
		x->folder[len - 1] = '\0';
	x->dry_run = options_given(o, "dry-run");
	progress_begin(&x->progress, &x->in->output);
	x->order = (struct import_order){
		.kind = (enum import_kind)kind,
		.paths = o->operands + 1,
		.path_count = o->operand_count - 2,
		.certificate = options_value(o, "certificate"),
		.skip_foreign = options_given(o, "skip-foreign"),
		.without_key = options_given(o, "no-key"),
		.clock_ok = options_given(o, "clock-ok"),
		.progress = show_progress,
		.context = &x->progress,
	};
	return datetime_now(&x->order.now, e);
}

/* A look alone asks nobody: what is locked then stays so. */
static enum status old_secret(struct importing *x, struct secret **out, struct error *e)
{
	const struct secret_source source = {
		.what = "passphrase of the old key",
		.file = options_value(&x->in->options, "old-passphrase-file"),
		.fd = -1,
		.environment = "SUBCA_OLD_PASSPHRASE",
		.options = "use --old-passphrase-file FILE or SUBCA_OLD_PASSPHRASE, or --no-key",
		.may_be_empty = true,
	};

	if (!import_needs_secret(x->import) ||
	    (x->dry_run && !source.file && !getenv(source.environment)))
		return STATUS_OK;
	return secret_obtain(&source, out, e);
}

static enum status new_secret(struct importing *x, struct secret **out, struct error *e)
{
	const struct options *o = &x->in->options;
	struct secret_source source;

	if (!import_summary(x->import)->key || options_given(o, "no-passphrase"))
		return STATUS_OK;
	if (options_passphrase_source(o, "passphrase for the new key file", true, &source, e) !=
	    STATUS_OK)
		return error_status(e);
	return secret_obtain(&source, out, e);
}

/* --- what was found --------------------------------------------------------------------------- */

static void put_count(const char *name, int64_t count)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", (long long)count);
	layout_field(name, text);
}

static const char *next_serial(const struct import_summary *s, char hex[SERIAL_TEXT])
{
	hex_encode((struct span){s->next_serial, s->next_serial_len}, hex);
	return s->next_serial_len ? hex : "random";
}

static enum status print(const struct importing *x, const struct import_summary *s, struct error *e)
{
	char hex[SERIAL_TEXT], until[DATETIME_SIZE];

	datetime_format(s->not_after, until);
	layout_field("CA", s->subject);
	layout_field("valid until", until);
	layout_field("certificate", s->certificate);
	layout_field("key", s->key	    ? s->key
			    : s->key_locked ? "encrypted; not opened"
					    : "none: it cannot sign until there is one");
	if (s->index_rows >= 0)
		put_count("index lines", s->index_rows);
	put_count("certificates", s->certificates);
	if (s->foreign)
		put_count("of others", s->foreign);
	put_count("issued", s->issued);
	put_count("revoked", s->revoked);
	put_count("CRLs", s->crls);
	if (s->crl_number != STORE_NO_CRL)
		put_count("CRL number", s->crl_number);
	layout_field("next serial", next_serial(s, hex));
	if (!x->dry_run)
		layout_field("made", x->folder);
	return output_check(e);
}

static enum status print_json(struct importing *x, const struct import_summary *s, bool made,
			      struct error *e)
{
	char hex[SERIAL_TEXT], until[DATETIME_SIZE];
	json_t *o;

	datetime_format(s->not_after, until);
	o = json_pack("{s:o, s:b, s:o, s:o, s:s, s:o, s:b}", "folder", output_json_text(x->folder),
		      "made", made, "subject", output_json_text(s->subject), "certificate",
		      output_json_text(s->certificate), "not_after", until, "key",
		      s->key ? output_json_text(s->key) : json_null(), "key_locked", s->key_locked);
	if (o &&
	    json_object_update_new(
		    o, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:o}",
				 "index_lines", (json_int_t)s->index_rows, "certificates",
				 (json_int_t)s->certificates, "foreign", (json_int_t)s->foreign,
				 "without_certificate", (json_int_t)s->without_certificate,
				 "issued", (json_int_t)s->issued, "revoked", (json_int_t)s->revoked,
				 "crls", (json_int_t)s->crls, "crl_number",
				 s->crl_number == STORE_NO_CRL ? json_null()
							       : json_integer(s->crl_number),
				 "next_serial", next_serial(s, hex), "findings",
				 output_findings_json(&x->findings))) != 0) {
		json_decref(o);
		o = NULL;
	}
	return output_json(&x->in->output, "import", o, e);
}

/* --- the way ---------------------------------------------------------------------------------- */

static enum status refuse(const struct importing *x, size_t errors, struct error *e)
{
	return error_set(e, STATUS_REFUSED, x->in->options.operands[1],
			 "mend what is listed and run it again", "%zu error%s: nothing was written",
			 errors, errors == 1 ? "" : "s");
}

static enum status look(struct importing *x, struct error *e)
{
	struct secret *old = NULL;
	enum status s = import_scan(&x->order, &x->import, &x->findings, e);

	if (s == STATUS_OK) {
		progress_end(&x->progress);
		s = old_secret(x, &old, e);
	}
	if (s == STATUS_OK)
		s = import_judge(x->import, old, &x->findings, e);
	secret_free(old);
	progress_end(&x->progress);
	return s;
}

static enum status make(struct importing *x, struct error *e)
{
	struct secret *key = NULL;
	enum status s = new_secret(x, &key, e);

	if (s == STATUS_OK)
		s = import_commit(x->import, x->folder, key, e);
	secret_free(key);
	progress_end(&x->progress);
	return s;
}

static enum status run(struct importing *x, struct error *e)
{
	size_t errors;
	enum status s = look(x, e);

	errors = findings_count(&x->findings, SEVERITY_ERROR);
	if (s == STATUS_OK && !errors && !x->dry_run)
		s = make(x, e);
	if (!x->in->output.json)
		output_findings(&x->in->output, stderr, &x->findings);
	if (s != STATUS_OK)
		return s;
	if (x->in->output.json)
		s = print_json(x, import_summary(x->import), !errors && !x->dry_run, e);
	else if (!errors && !x->in->output.quiet)
		s = print(x, import_summary(x->import), e);
	return s == STATUS_OK && errors ? refuse(x, errors, e) : s;
}

static enum status cmd_import(struct invocation *in, struct error *e)
{
	struct importing x = {.in = in};
	enum status s = read_order(&x, e);

	if (s == STATUS_OK && !x.dry_run)
		s = import_expect_new(x.folder, e);
	if (s == STATUS_OK)
		s = run(&x, e);
	findings_free(&x.findings);
	import_free(x.import);
	free(x.folder);
	return s;
}

static const struct option_spec import_options[] = {
	{.name = "dry-run", .letter = 'n', .help = "look and report only; nothing is written"},
	{.name = "certificate",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the CA's certificate, where more than one could be it"},
	{.name = "skip-foreign", .help = "leave out what another CA issued, instead of refusing"},
	{.name = "clock-ok",
	 .help = "the clock is right although OLD has later dates; the new journal will say so"},
	{.name = "no-key", .help = "leave the private key where it is"},
	{.name = "no-passphrase",
	 .help = "leave the new key file unencrypted: whoever copies it can sign as this CA"},
	{.name = "old-passphrase-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "first line: the passphrase of the old key or PKCS#12 file"},
	{.name = "passphrase-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "first line: the passphrase for the new key file"},
	{.name = "passphrase-fd", .argument = "N", .help = "the same from an open descriptor"},
	{0},
};

const struct command command_import = {
	.name = "import",
	.usage = "[options] openssl|easy-rsa OLD NEW | files FILE… NEW",
	.summary = "take over a CA of openssl, easy-rsa, XCA, AD CS or PowerShell",
	.about =
		"Makes NEW from what another tool's CA left: its certificate and chain, its key, "
		"every certificate and every line of its index, its CRLs, the next serial and the next "
		"CRL number. OLD is not changed. What is missing or contradicts is reported, each with "
		"its line or file; with an error among it nothing is written.\n"
		"openssl takes the folder of 'openssl ca', easy-rsa that of easy-rsa 3, files anything "
		"else: certificates, keys, p7b, PKCS#12, CRLs and folders of them.",
	.least = 3,
	.most = 4096,
	.operands = {{"KIND", COMPLETE_WORDS, kinds},
		     {"OLD", COMPLETE_FILE, NULL},
		     {"NEW", COMPLETE_FILE, NULL}},
	.options = {import_options},
	.run = cmd_import,
};
