/* subca backup: the whole CA in one encrypted file. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "ca/backup.h"
#include "cmd/password.h"
#include "cmd/command.h"
#include "cmd/layout.h"

static enum status report(struct invocation *in, const char *file, const struct backup_manifest *m,
			  struct error *e)
{
	json_t *crl = m->crl_number == STORE_NO_CRL ? json_null() : json_integer(m->crl_number);

	if (in->output.json)
		return output_json(&in->output, "backup",
				   json_pack("{s:o, s:o, s:I, s:o, s:I, s:b}", "file",
					     output_json_text(file), "subject",
					     output_json_text(m->subject), "journal_row",
					     (json_int_t)m->journal_seq, "crl_number", crl, "files",
					     (json_int_t)m->files, "keys", m->keys),
				   e);
	json_decref(crl);
	output_note(&in->output, "wrote %s: %lld files, up to journal row %lld, %s private keys",
		    file, (long long)m->files, (long long)m->journal_seq,
		    m->keys ? "with" : "without");
	return STATUS_OK;
}

static enum status cmd_backup(struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	struct backup_order order = {.file = o->operands[0],
				     .with_keys = options_given(o, "with-keys"),
				     .replace = options_given(o, "force")};
	struct backup_manifest m = {0};
	struct secret *password = NULL;
	struct authority *a = NULL;
	enum status s = authority_open(in->directory, STORE_READ, &a, e);

	if (s == STATUS_OK)
		s = password_of_backup(o, true, &password, e);
	if (s == STATUS_OK)
		s = datetime_now(&order.now, e);
	order.password = password;
	if (s == STATUS_OK)
		s = backup_write(a, &order, &m, e);
	if (s == STATUS_OK)
		s = report(in, order.file, &m, e);
	backup_manifest_free(&m);
	secret_free(password);
	authority_free(a);
	return s;
}

static const struct option_spec options[] = {
	{.name = "with-keys", .help = "the private key as well, as it lies in its file"},
	{.name = "force", .help = "replace FILE where it is there already"},
	{0},
};

const struct command command_backup = {
	.name = "backup",
	.usage = "[--with-keys] [--force] FILE",
	.summary = "write the whole CA into one encrypted file",
	.about =
		"Writes FILE with everything in DIR: configuration, certificates, profiles and the "
		"store as it is at this moment, while others may go on working. It is encrypted with a "
		"password, which is asked for twice, and read back before this ends. Private keys are "
		"left out unless --with-keys says otherwise; they stay encrypted with their own "
		"passphrase inside.\n"
		"It opens without subca: openssl cms -decrypt -binary -inform DER -in FILE "
		"-pwri_password PASSWORD | tar x",
	.least = 1,
	.most = 1,
	.operands = {{"FILE", COMPLETE_FILE, NULL}},
	.options = {options, options_password},
	.run = cmd_backup,
};
