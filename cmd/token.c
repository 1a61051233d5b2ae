/* subca token: the tokens, their keys, and what is wrong with them. */
#include "cmd/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "base/suggest.h"
#include "ca/clock.h"
#include "ca/move_key.h"
#include "cmd/key.h"
#include "hsm/keyfile.h"
#include "hsm/signer.h"
#include "hsm/token_make.h"
#include "hsm/token_setup.h"

static const char *const key_types[] = {"rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256",
					"ec:P-384", "ed25519",	NULL};

static const struct option_spec options[] = {
	{.name = "module",
	 .argument = "PATH",
	 .complete = COMPLETE_FILE,
	 .help = "list, init: the PKCS#11 module; those that p11-kit is configured with else"},
	{.name = "key-type",
	 .argument = "TYPE",
	 .complete = COMPLETE_WORDS,
	 .words = key_types,
	 .help = "keygen: what to make; rsa:4096 else"},
	{.name = "final-try",
	 .help = "doctor: log in also where one more wrong PIN would lock the token"},
	{.name = "so-pin-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "init: the officer's new PIN is the first line of FILE (mode 0600)"},
	{.name = "clock-ok",
	 .help = "import-key: the clock is right although it is behind the journal"},
	{0},
};

/* --- list ------------------------------------------------------------------------------------- */

static enum status list_row(void *context, const struct token_summary *t, struct error *e)
{
	struct invocation *in = context;

	if (in->output.json)
		return output_json_item(&in->output, token_summary_json(t), e);
	token_print_row(t);
	return output_check(e);
}

static enum status list(struct invocation *in, struct error *e)
{
	enum status s = STATUS_OK;

	if (in->options.operand_count > 1)
		return error_set(e, STATUS_USAGE, NULL, "name a module with --module PATH",
				 "token list takes no operand");
	if (in->output.json)
		s = output_json_list(&in->output, "token", "tokens", e);
	else
		token_print_titles();
	if (s == STATUS_OK)
		s = token_list(options_value(&in->options, "module"), list_row, in, e);
	if (s == STATUS_OK && in->output.json)
		output_json_list_end(&in->output);
	return s;
}

/* --- init ------------------------------------------------------------------------------------- */

static enum status ask_pins(const struct options *o, struct secret **officer, struct secret **user,
			    struct error *e)
{
	struct secret_source source = {
		.what = "new PIN of the security officer",
		.file = options_value(o, "so-pin-file"),
		.fd = -1,
		.environment = "SUBCA_SO_PIN",
		.options = "give it with --so-pin-file FILE or SUBCA_SO_PIN",
		.confirm = true,
	};
	enum status s = secret_obtain(&source, officer, e);

	if (s == STATUS_OK)
		s = options_pin_source(o, "new PIN of the user", &source, e);
	source.confirm = true;
	if (s == STATUS_OK)
		s = secret_obtain(&source, user, e);
	return s;
}

static enum status init(struct invocation *in, struct error *e)
{
	const char *label = in->options.operands[1];
	const char *module = options_value(&in->options, "module");
	struct secret *officer = NULL, *user = NULL;
	enum status s = STATUS_OK;

	if (!label || !module)
		return error_set(e, STATUS_USAGE, NULL,
				 "write 'subca token init LABEL --module /usr/lib/…'",
				 "which token of which module is to be set up?");
	s = ask_pins(&in->options, &officer, &user, e);
	if (s == STATUS_OK)
		s = token_set_up(module, label, officer, user, e);
	secret_free(officer);
	secret_free(user);
	if (s != STATUS_OK)
		return s;
	if (in->output.json)
		return output_json(&in->output, "token",
				   json_pack("{s:o}", "label", output_json_text(label)), e);
	if (!in->output.quiet)
		printf("Set up the token '%s'. Keep the officer's PIN apart from the user's.\n",
		       label);
	return output_check(e);
}

/* --- keys ------------------------------------------------------------------------------------- */

static enum status pin_of(struct invocation *in, const char *uri, struct secret **pin,
			  struct error *e)
{
	struct signer_need need;
	enum status s = signer_needs(uri, &need, e);

	return s == STATUS_OK ? key_secret(&in->options, &need, pin, e) : s;
}

static enum status uri_operand(const struct invocation *in, const char **uri, struct error *e)
{
	*uri = in->options.operands[1];
	if (!*uri || !signer_name_is_uri(*uri))
		return error_set(e, STATUS_USAGE, NULL,
				 "write it like 'pkcs11:token=Root%20CA;object=root-2026'",
				 "token %s wants the URI of a key", in->options.operands[0]);
	return STATUS_OK;
}

static enum status say_key(struct invocation *in, const char *done, const char *uri,
			   struct error *e)
{
	if (in->output.json)
		return output_json(
			&in->output, "token",
			json_pack("{s:s, s:o}", "done", done, "key", output_json_text(uri)), e);
	if (!in->output.quiet)
		printf("%s %s\n", done, uri);
	return output_check(e);
}

static enum status keygen(struct invocation *in, struct error *e)
{
	const char *type = options_value(&in->options, "key-type"), *uri;
	struct secret *pin = NULL;
	char *name = NULL;
	enum status s = uri_operand(in, &uri, e);

	if (s == STATUS_OK)
		s = signer_name_new(uri, &name, e);
	if (s == STATUS_OK)
		s = pin_of(in, name, &pin, e);
	if (s == STATUS_OK)
		s = signer_create(name, type ? type : "rsa:4096", pin, e);
	if (s == STATUS_OK)
		s = say_key(in, "Made", name, e);
	secret_free(pin);
	free(name);
	return s;
}

static enum status delete_key(struct invocation *in, struct error *e)
{
	const char *uri;
	struct secret *pin = NULL;
	enum status s = uri_operand(in, &uri, e);

	if (s == STATUS_OK)
		s = pin_of(in, uri, &pin, e);
	if (s == STATUS_OK)
		s = output_confirm(&in->output,
				   "Delete the key for ever? No CA can sign with it afterwards.",
				   e);
	if (s == STATUS_OK)
		s = signer_delete(uri, pin, e);
	if (s == STATUS_OK)
		s = say_key(in, "Deleted", uri, e);
	secret_free(pin);
	return s;
}

/* --- show, doctor ----------------------------------------------------------------------------- */

/* Without a URI: the key of the CA in -C, which then has to be there. */
static enum status examine(struct invocation *in, bool doctor, struct error *e)
{
	struct token_question q = {.uri = in->options.operands[1],
				   .final_try = options_given(&in->options, "final-try"),
				   .trial = doctor};
	struct authority *a = NULL;
	struct token_report *report = NULL;
	struct secret *pin = NULL;
	enum status s = STATUS_OK;

	if (!q.uri) {
		s = authority_open(in->directory, STORE_READ, &a, e);
		if (s == STATUS_OK) {
			q.uri = authority_key(a);
			q.expected = X509_get0_pubkey(authority_certificate(a));
		}
	}
	if (s == STATUS_OK && !signer_name_is_uri(q.uri))
		s = error_set(e, STATUS_USAGE, q.uri, "name a key on a token",
			      "is not a pkcs11: URI");
	if (s == STATUS_OK)
		s = pin_of(in, q.uri, &pin, e);
	q.pin = pin;
	if (s == STATUS_OK)
		s = token_examine(&q, &report, e);
	if (s == STATUS_OK && in->output.json) {
		s = output_json(&in->output, "token", token_report_json(report, doctor), e);
	} else if (s == STATUS_OK) {
		token_print_report(&in->output, report, doctor);
		s = output_check(e);
	}
	if (s == STATUS_OK && doctor && findings_count(&report->findings, SEVERITY_ERROR))
		s = error_set(e, STATUS_REFUSED, q.uri, "see above what to do",
			      "is not fit to hold a CA's key");
	token_report_free(report);
	secret_free(pin);
	authority_free(a);
	return s;
}

static enum status show(struct invocation *in, struct error *e)
{
	return examine(in, false, e);
}

static enum status doctor(struct invocation *in, struct error *e)
{
	return examine(in, true, e);
}

/* --- import-key ------------------------------------------------------------------------------- */

static enum status read_key(struct invocation *in, const struct authority *a, EVP_PKEY **key,
			    char **file, struct error *e)
{
	const char *name = authority_key(a);

	if (signer_name_is_uri(name))
		return error_set(e, STATUS_EXISTS, name, NULL,
				 "is where the CA's key lives already: on a token");
	return key_read(&in->options, a, key, file, e);
}

static enum status tell_history(struct invocation *in, const char *file, const char *name,
				struct error *e)
{
	if (in->output.json)
		return output_json(&in->output, "token",
				   json_pack("{s:s, s:o, s:o}", "done", "Imported", "key",
					     output_json_text(name), "file",
					     output_json_text(file)),
				   e);
	if (in->output.quiet)
		return STATUS_OK;
	printf("Imported %s\nThe CA signs with the token from now on; its store, serials and "
	       "journal go on.\n\n",
	       name);
	printf("What that means: this key was made outside of the token. Whoever copied\n"
	       "%s, or a backup of it, can still sign as this CA, and the\n"
	       "token says so itself (CKA_LOCAL, CKA_NEVER_EXTRACTABLE are false). Put the file\n"
	       "away or destroy it with every backup; nothing here deletes it.\n",
	       file);
	return output_check(e);
}

static enum status import_key(struct invocation *in, struct error *e)
{
	const char *uri;
	struct authority *a = NULL;
	EVP_PKEY *key = NULL;
	struct secret *pin = NULL;
	char *name = NULL, *file = NULL;
	struct error ignored;
	int64_t now = 0;
	bool imported = false;
	enum status s = uri_operand(in, &uri, e);

	if (s == STATUS_OK)
		s = signer_name_new(uri, &name, e);
	if (s == STATUS_OK)
		s = datetime_now(&now, e);
	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_WRITE, &a, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(a), now, options_given(&in->options, "clock-ok"),
				e);
	if (s == STATUS_OK)
		s = read_key(in, a, &key, &file, e);
	if (s == STATUS_OK)
		s = pin_of(in, name, &pin, e);
	if (s == STATUS_OK) {
		s = token_key_import(name, key, pin, e);
		imported = s == STATUS_OK;
	}
	if (s == STATUS_OK)
		s = authority_move_key(a, name, pin, now, e);
	if (s != STATUS_OK && imported && signer_delete(name, pin, &ignored) != STATUS_OK)
		signer_stays(name, e);
	if (s == STATUS_OK &&
	    token_keep_evidence(in, authority_folder(a), name, pin, &ignored) != STATUS_OK)
		output_note(&in->output, "note: what the token says of the key was not kept: %s",
			    ignored.what);
	if (s == STATUS_OK)
		s = tell_history(in, file, name, e);
	EVP_PKEY_free(key);
	secret_free(pin);
	authority_free(a);
	free(name);
	free(file);
	return s;
}

/* --- the command ------------------------------------------------------------------------------ */

static const char *const verbs[] = {"list",   "init",	    "keygen",	  "show",
				    "doctor", "delete-key", "import-key", NULL};
static enum status (*const actions[])(struct invocation *, struct error *) = {
	list, init, keygen, show, doctor, delete_key, import_key};
#define VERBS (sizeof actions / sizeof actions[0])
/* Which options belong to which verbs. */
static const struct {
	const char *option;
	const char *verbs;
} belongs[] = {{"module", "list init"},
	       {"key-type", "keygen"},
	       {"final-try", "doctor"},
	       {"clock-ok", "import-key"},
	       {"so-pin-file", "init"}};

static enum status run(struct invocation *in, struct error *e)
{
	const char *given = in->options.operands[0], *near;
	char todo[128];
	size_t verb = 0;

	while (verb < VERBS && strcmp(given, verbs[verb]) != 0)
		verb++;
	if (verb == VERBS) {
		near = suggest(given, verbs, VERBS);
		snprintf(todo, sizeof todo, "%s%s%s'subca token --help' lists what it knows",
			 near ? "did you mean " : "", near ? near : "", near ? "? " : "");
		return error_set(e, STATUS_USAGE, NULL, todo, "token does not know '%.60s'", given);
	}
	for (size_t i = 0; i < sizeof belongs / sizeof belongs[0]; i++)
		if (options_given(&in->options, belongs[i].option) &&
		    !strstr(belongs[i].verbs, given))
			return error_set(e, STATUS_USAGE, NULL, "'subca token --help' tells more",
					 "token %s does not take --%s", given, belongs[i].option);
	return actions[verb](in, e);
}

const struct command command_token = {
	.name = "token",
	.usage = "VERB [options] [URI|LABEL]",
	.summary = "set up a token, make and examine keys on it, move a CA's key there",
	.about =
		"list: the tokens there are. init LABEL: set up a blank one, with new PINs. keygen URI: "
		"a key that signs and never leaves. show, doctor [URI]: the keys that the URI "
		"describes, or the CA's; doctor holds token and keys against the rules and has each "
		"key sign. delete-key URI: for ever.\n"
		"import-key URI: puts the key file of the CA in -C onto a token and has the CA sign "
		"with that; its store, serials and journal stay.\n\n"
		"Example: subca token doctor 'pkcs11:token=Root%20CA'",
	.least = 1,
	.most = 2,
	.operands = {{"VERB", COMPLETE_WORDS, verbs}, {"URI|LABEL", COMPLETE_NOTHING, NULL}},
	.options = {options, options_passphrase},
	.run = run,
};
