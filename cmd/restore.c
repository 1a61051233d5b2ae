/* subca restore: a CA from its backup, and the look before it may sign again. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/backup.h"
#include "ca/checkpoint.h"
#include "ca/clock.h"
#include "ca/import.h"
#include "ca/inspect.h"
#include "cmd/password.h"
#include "cmd/command.h"
#include "cmd/layout.h"

/* --- making the folder ------------------------------------------------------------------------ */

static enum status report(struct invocation *in, const char *folder,
			  const struct backup_manifest *m, struct error *e)
{
	char when[DATETIME_SIZE];

	datetime_format(m->time, when);
	if (in->output.json)
		return output_json(&in->output, "restore",
				   json_pack("{s:o, s:o, s:s, s:I, s:b, s:b}", "folder",
					     output_json_text(folder), "subject",
					     output_json_text(m->subject), "backup_time", when,
					     "journal_row", (json_int_t)m->journal_seq, "keys",
					     m->keys, "confirmed", false),
				   e);
	if (in->output.quiet)
		return STATUS_OK;
	printf("Restored %s: %s, as of %s\n", folder, m->subject, when);
	if (!m->keys)
		puts("The private key is not in the backup: put it where ca.conf says.");
	puts("Nothing can be signed before 'subca restore --confirm' compared it with what was "
	     "published since.");
	return output_check(e);
}

static enum status make(struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	struct backup_manifest m = {0};
	struct secret *password = NULL;
	struct restore_order order = {.clock_ok = options_given(o, "clock-ok")};
	enum status s;

	if (o->operand_count != 2)
		return error_set(e, STATUS_USAGE, NULL, "subca restore FILE DIR",
				 "name the backup and the folder to make");
	order.file = o->operands[0];
	order.folder = o->operands[1];
	s = import_expect_new(order.folder, e);
	if (s == STATUS_OK)
		s = datetime_now(&order.now, e);
	if (s == STATUS_OK)
		s = password_of_backup(o, false, &password, e);
	order.password = password;
	if (s == STATUS_OK)
		s = backup_restore(&order, &m, e);
	if (s == STATUS_OK)
		s = report(in, order.folder, &m, e);
	backup_manifest_free(&m);
	secret_free(password);
	return s;
}

/* --- confirming ------------------------------------------------------------------------------- */

struct confirming {
	struct invocation *in;
	struct inspection found; /* holds what evidence borrows */
	X509 **certificates;	 /* borrowed from found, as many as the evidence says */
	struct checkpoint checkpoint;
	struct restore_evidence evidence;
	struct findings findings;
};

static enum status read_objects(struct confirming *c, const char *file, struct error *e)
{
	struct bytes content = {0};
	enum status s = file_read(file, INSPECT_INPUT_MAX, &content, e);

	if (s == STATUS_OK)
		s = inspect_read(&c->found, span_of(&content), 0, e);
	if (s != STATUS_OK)
		error_at(e, file);
	bytes_free(&content);
	return s;
}

static enum status read_crl(struct confirming *c, struct error *e)
{
	const char *file = options_value(&c->in->options, "last-crl");
	enum status s = file ? read_objects(c, file, e) : STATUS_OK;

	for (size_t i = 0; i < c->found.count && s == STATUS_OK; i++)
		if (c->found.items[i].crl)
			c->evidence.crl = c->found.items[i].crl;
	if (s == STATUS_OK && file && !c->evidence.crl)
		s = error_set(e, STATUS_INPUT, file, "name the CRL that was published last",
			      "holds no CRL");
	return s;
}

static enum status read_certificates(struct confirming *c, struct error *e)
{
	const char *file;
	size_t first = c->found.count;
	enum status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK; i++) {
		file = options_value_at(&c->in->options, "certificate", i);
		if (!file)
			break;
		s = read_objects(c, file, e);
	}
	if (s == STATUS_OK &&
	    !(c->certificates = calloc(c->found.count + 1, sizeof *c->certificates)))
		s = error_memory(e);
	for (size_t i = first; i < c->found.count && s == STATUS_OK; i++)
		if (c->found.items[i].certificate)
			c->certificates[c->evidence.certificate_count++] =
				c->found.items[i].certificate;
	c->evidence.certificates = c->certificates;
	return s;
}

/* A file, or what stands on paper: "ROW: HASH". */
static enum status read_checkpoint(struct confirming *c, X509 *authority, struct error *e)
{
	const char *given = options_value(&c->in->options, "checkpoint");
	struct bytes content = {0};
	enum status s = STATUS_OK;

	if (!given)
		return STATUS_OK;
	if (!file_exists(given) && strchr(given, ':'))
		s = checkpoint_read(span_text(given), authority, &c->checkpoint, e);
	else if ((s = file_read(given, CHECKPOINT_FILE_MAX, &content, e)) == STATUS_OK)
		s = checkpoint_read(span_of(&content), authority, &c->checkpoint, e);
	if (s != STATUS_OK)
		error_at(e, given);
	bytes_free(&content);
	c->evidence.checkpoint = &c->checkpoint;
	return s;
}

static enum status ask(const struct confirming *c, const struct backup_manifest *m, struct error *e)
{
	char when[DATETIME_SIZE];
	struct text question = {0};
	enum status s;

	datetime_format(m->time, when);
	text_printf(&question, "Was nothing %ssigned, revoked or published after %s?",
		    c->evidence.crl || c->evidence.certificate_count ? "else " : "", when);
	s = text_check(&question, e);
	if (s == STATUS_OK)
		s = output_confirm(&c->in->output, text_get(&question), e);
	text_free(&question);
	return s;
}

static enum status say_confirmed(struct confirming *c, struct error *e)
{
	if (c->in->output.json)
		return output_json(&c->in->output, "restore",
				   json_pack("{s:o, s:b, s:o}", "folder",
					     output_json_text(c->in->directory), "confirmed", true,
					     "findings", output_findings_json(&c->findings)),
				   e);
	output_findings(&c->in->output, stdout, &c->findings);
	if (!c->in->output.quiet)
		printf("%s may sign again\n", c->in->directory);
	return output_check(e);
}

static enum status compare(struct confirming *c, struct authority *a,
			   const struct backup_manifest *m, struct error *e)
{
	int64_t now;
	enum status s = datetime_now(&now, e);

	if (s == STATUS_OK)
		s = clock_judge(authority_store(a), now, options_given(&c->in->options, "clock-ok"),
				e);
	if (s == STATUS_OK)
		s = read_crl(c, e);
	if (s == STATUS_OK)
		s = read_certificates(c, e);
	if (s == STATUS_OK)
		s = read_checkpoint(c, authority_certificate(a), e);
	if (s == STATUS_OK)
		s = ask(c, m, e);
	return s == STATUS_OK ? restore_confirm(a, &c->evidence, now, &c->findings, e) : s;
}

static enum status confirm(struct invocation *in, struct error *e)
{
	struct confirming c = {.in = in};
	struct backup_manifest m = {0};
	struct authority *a = NULL;
	enum status s = authority_open(in->directory, STORE_WRITE, &a, e);

	c.evidence.accept_loss = options_given(&in->options, "accept-loss");
	if (s == STATUS_OK)
		s = restore_pending(in->directory, &m, e);
	if (s == STATUS_NOT_FOUND)
		s = error_set(e, STATUS_NOT_FOUND, in->directory, "there is nothing to confirm",
			      "is no restored CA");
	if (s == STATUS_OK)
		s = compare(&c, a, &m, e);
	if (s == STATUS_OK)
		s = say_confirmed(&c, e);
	findings_free(&c.findings);
	free(c.certificates);
	inspection_free(&c.found);
	backup_manifest_free(&m);
	authority_free(a);
	return s;
}

static enum status cmd_restore(struct invocation *in, struct error *e)
{
	static const char *const evidence[] = {"last-crl", "certificate", "checkpoint",
					       "accept-loss"};

	if (options_given(&in->options, "confirm")) {
		if (in->options.operand_count)
			return error_set(e, STATUS_USAGE, NULL, "name the CA with -C DIR",
					 "--confirm takes no operands");
		return confirm(in, e);
	}
	for (size_t i = 0; i < sizeof evidence / sizeof evidence[0]; i++)
		if (options_given(&in->options, evidence[i]))
			return error_set(e, STATUS_USAGE, NULL, "restore first, then compare",
					 "--%s belongs to --confirm", evidence[i]);
	return make(in, e);
}

static const struct option_spec options[] = {
	{.name = "confirm", .help = "compare a restored CA, and let it sign again"},
	{.name = "last-crl",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the CRL that was published last"},
	{.name = "certificate",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .repeatable = true,
	 .help = "certificates that were issued after the backup, as far as known"},
	{.name = "checkpoint",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the last checkpoint of the journal, a file or \"ROW: HASH\""},
	{.name = "accept-loss", .help = "go on although the checkpoint proves that rows are lost"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

const struct command command_restore = {
	.name = "restore",
	.usage = "[options] FILE DIR | -C DIR --confirm [evidence]",
	.summary = "make a CA from its backup",
	.about =
		"Makes DIR from a backup. What was restored may be older than what the CA did last, so "
		"that a serial or a CRL number could be used twice: nothing can be signed before "
		"--confirm compared it with the CRL that was published last, with certificates that "
		"were issued since, and with the last checkpoint of the journal, as far as they are "
		"given; the rest is asked. What these know and the store does not is taken over.",
	.least = 0,
	.most = 2,
	.operands = {{"FILE", COMPLETE_FILE, NULL}, {"DIR", COMPLETE_FILE, NULL}},
	.options = {options, options_password},
	.run = cmd_restore,
};
