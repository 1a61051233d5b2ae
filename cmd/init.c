/* subca init: makes a root CA, or an intermediate CA of our own below one. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/create.h"
#include "ca/name.h"
#include "ca/plan.h"
#include "cmd/command.h"
#include "cmd/key.h"
#include "cmd/new_authority.h"
#include "hsm/keyfile.h"
#include "hsm/signer.h"

static const struct option_spec options[] = {
	{.name = "profile",
	 .letter = 'p',
	 .argument = "NAME",
	 .complete = COMPLETE_PROFILE,
	 .help = "root, or with --parent subordinate-ca, else"},
	{.name = "parent",
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "the CA that signs this one and records it"},
	{.name = "days", .argument = "N", .help = "how long it is valid; the profile's life else"},
	{.name = "not-after", .argument = "TIME", .help = "its last second instead"},
	{.name = "fit", .help = "end with the parent where it would outlive it, not refuse"},
	{.name = "parent-passphrase-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "first line: the passphrase of the parent's key"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the parent's journal, which will say so"},
	{.name = "resume", .help = "finish an init that was interrupted"},
	{.name = "discard", .help = "remove what an interrupted init left"},
	{0},
};

static enum status read_parent(const struct options *o, struct create_order *order, struct error *e)
{
	const char *parent = options_value(o, "parent");

	if (!parent)
		return STATUS_OK;
	/* Absolute, so that a resumed run finds it from anywhere. */
	order->parent = realpath(parent, NULL);
	if (!order->parent)
		return error_errno(e, STATUS_NOT_FOUND, parent, "name the folder of a CA",
				   "is not there");
	return STATUS_OK;
}

static enum status read_life(const struct options *o, struct create_order *order, struct error *e)
{
	struct options_life life = {0};

	if (options_read_life(o, &life, e) != STATUS_OK)
		return error_status(e);
	order->days = life.days;
	order->not_after = life.not_after;
	order->fit = life.fit;
	return STATUS_OK;
}

static enum status read_order(const struct options *o, struct create_order *order, struct error *e)
{
	const char *profile = options_value(o, "profile");

	if (!profile)
		profile = options_value(o, "parent") ? "subordinate-ca" : "root";
	if (new_authority_read(o, order, e) != STATUS_OK || read_parent(o, order, e) != STATUS_OK ||
	    read_life(o, order, e) != STATUS_OK)
		return error_status(e);
	order->now = order->clock;
	order->profile = strdup(profile);
	return order->profile ? STATUS_OK : error_memory(e);
}

static enum status parent_secret(const struct options *o, const char *folder, struct secret **out,
				 struct error *e)
{
	static const struct key_other other = {
		.what = "passphrase of the parent's key",
		.option = "parent-passphrase-file",
		.passphrase = "SUBCA_PARENT_PASSPHRASE",
		.pin = "SUBCA_PARENT_PIN",
	};
	struct authority *parent = NULL;
	struct signer_need need = {0};
	enum status s = authority_open(folder, STORE_READ, &parent, e);

	if (s == STATUS_OK)
		s = authority_key_needs(parent, &need, e);
	if (s == STATUS_OK)
		s = key_secret_other(o, &other, &need, out, e);
	authority_free(parent);
	return s;
}

/* The passphrase of the new key file, or the PIN of the token that it is to live on. */
static enum status own_secret(const struct options *o, const struct create_order *order,
			      bool resume, struct secret **out, struct error *e)
{
	struct secret_source source;
	struct signer_need need = {0};
	enum status s = STATUS_OK;

	if (order->key_name) {
		s = signer_needs(order->key_name, &need, e);
		return s == STATUS_OK ? key_secret(o, &need, out, e) : s;
	}
	if (!order->encrypt)
		return STATUS_OK;
	s = options_passphrase_source(o, "passphrase for the new CA key", !resume, &source, e);
	return s == STATUS_OK ? secret_obtain(&source, out, e) : s;
}

static enum status make(struct invocation *in, const struct create_order *order, bool resume,
			struct error *e)
{
	struct secret *key = NULL, *parent = NULL;
	struct create_secrets secrets;
	enum status s = own_secret(&in->options, order, resume, &key, e);

	if (s == STATUS_OK && order->parent)
		s = parent_secret(&in->options, order->parent, &parent, e);
	secrets = (struct create_secrets){key, parent};
	if (s == STATUS_OK)
		s = new_authority_make(in, in->options.operands[0], order, resume, &secrets, e);
	secret_free(key);
	secret_free(parent);
	return s;
}

static json_t *document(const char *folder, const struct create_order *order, const char *key,
			const char *certificate, const char *until)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:o}", "folder", output_json_text(folder),
			 "subject", output_json_text(order->subject), "key", key, "key_place",
			 order->key_name ? "token" : "file", "profile", order->profile, "not_after",
			 until, "certificate", output_json_text(certificate));
}

static enum status report(struct invocation *in, const struct create_order *order, struct error *e)
{
	const char *folder = in->options.operands[0];
	struct authority *a = NULL;
	char *file = path_join(folder, AUTHORITY_CERTIFICATE);
	char until[DATETIME_SIZE];
	char key[80] = "";
	int64_t end = 0;
	enum status s = file ? authority_open(folder, STORE_READ, &a, e) : error_memory(e);

	if (s == STATUS_OK)
		s = asn1_time_seconds(X509_get0_notAfter(authority_certificate(a)), &end, e);
	if (s == STATUS_OK) {
		datetime_format(end, until);
		key_type_name(X509_get0_pubkey(authority_certificate(a)), key, sizeof key);
		if (in->output.json) {
			s = output_json(&in->output, "init",
					document(folder, order, key, file, until), e);
		} else if (!in->output.quiet) {
			printf("Made %s: %s\n", folder, order->subject);
			printf("  key          %s, %s\n", key,
			       order->key_name	? "on the token"
			       : order->encrypt ? "encrypted"
						: "NOT encrypted");
			printf("  valid until  %s\n", until);
			printf("  certificate  %s\n", file);
			s = output_check(e);
		}
	}
	authority_free(a);
	free(file);
	return s;
}

/* Without the PIN, so that it works where the token is out of reach: its key is left, and told of. */
static enum status discard(struct invocation *in, struct error *e)
{
	const char *folder = in->options.operands[0], *left = NULL;
	struct create_order order = {0};
	struct error ignored;
	enum status s;

	if (create_order_read(folder, &order, &ignored) == STATUS_OK && !order.use_existing)
		left = order.key_name;
	s = output_confirm(&in->output,
			   order.key_name ? "Remove the half-made CA? Its key stays on the token."
					  : "Remove the half-made CA with its key?",
			   e);
	if (s == STATUS_OK)
		s = create_discard(folder, e);
	if (s == STATUS_OK && left)
		output_note(
			&in->output,
			"note: the key stays on the token, if it was made already; it goes with\n"
			"    subca token delete-key \"%s\"",
			left);
	if (s == STATUS_OK && in->output.json)
		s = output_json(&in->output, "init",
				json_pack("{s:o, s:b, s:o}", "folder", output_json_text(folder),
					  "discarded", 1, "key_left",
					  left ? output_json_text(left) : json_null()),
				e);
	create_order_free(&order);
	return s;
}

static enum status run(struct invocation *in, struct error *e)
{
	const char *folder = in->options.operands[0];
	bool resume = options_given(&in->options, "resume");
	struct create_order order = {0};
	int64_t clock = 0;
	enum status s;

	if (options_given(&in->options, "discard"))
		return discard(in, e);
	s = datetime_now(&clock, e);
	if (s == STATUS_OK && resume)
		s = create_order_read(folder, &order, e);
	order.clock = clock;
	order.clock_ok = options_given(&in->options, "clock-ok");
	if (s == STATUS_OK && !resume)
		s = read_order(&in->options, &order, e);
	if (s == STATUS_OK)
		s = make(in, &order, resume, e);
	if (s == STATUS_OK)
		s = report(in, &order, e);
	create_order_free(&order);
	return s;
}

const struct command command_init = {
	.name = "init",
	.usage = "[options] --subject NAME DIR",
	.summary = "make a root CA, or an intermediate CA below one of ours",
	.about = "Makes DIR with a new key, its certificate, an empty store and a configuration. "
		 "The key file is encrypted; the passphrase is asked for twice, or comes from a "
		 "file, a descriptor or the environment.\n\n"
		 "Without --parent it is a root that signs itself: RSA of 4096 bits for 7300 days "
		 "(twenty years). With --parent the CA there signs it and records it.\n\n"
		 "Example: subca init root --subject \"C=DE,O=Example GmbH,CN=Example Root CA\"",
	.least = 1,
	.most = 1,
	.operands = {{.name = "DIR", .complete = COMPLETE_DIR}},
	.options = {options_new_authority, options, options_passphrase},
	.run = run,
};
