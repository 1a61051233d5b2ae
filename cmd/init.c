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
#include "cmd/token.h"
#include "hsm/keyfile.h"
#include "hsm/signer.h"

static const char *const key_types[] = {"rsa:3072", "rsa:4096", "rsa:2048", "ec:P-256",
					"ec:P-384", "ed25519",	NULL};

static const struct option_spec options[] = {
	{.name = "subject",
	 .argument = "NAME",
	 .help = "who the CA is: \"C=DE,O=Example GmbH,CN=Example Root CA\""},
	{.name = "key",
	 .argument = "TYPE|URI",
	 .complete = COMPLETE_WORDS,
	 .words = key_types,
	 .help = "the key to generate: its type, rsa:4096 else; or where, "
		 "\"pkcs11:token=Root%20CA;object=root-2026\""},
	{.name = "key-type",
	 .argument = "TYPE",
	 .complete = COMPLETE_WORDS,
	 .words = key_types,
	 .help = "its type, where --key says where"},
	{.name = "use-existing", .help = "take the key that is at that URI, generate none"},
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
	{.name = "serial",
	 .argument = "FIRST",
	 .help = "count serials up from 0x1000, say; 159 random bits each else"},
	{.name = "crl-url", .argument = "URL", .help = "where the CRL will be, http://…"},
	{.name = "delta-crl-url",
	 .argument = "URL",
	 .help = "where the delta CRL will be; complete CRLs say so"},
	{.name = "ocsp-url", .argument = "URL", .help = "where OCSP will be answered, http://…"},
	{.name = "ca-issuers-url",
	 .argument = "URL",
	 .help = "where this CA's certificate will be, http://…"},
	{.name = "no-passphrase",
	 .help = "leave the key file unencrypted: whoever copies it can sign as this CA"},
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

static enum status copy(char **to, const char *from, struct error *e)
{
	if (!from)
		return STATUS_OK;
	*to = strdup(from);
	return *to ? STATUS_OK : error_memory(e);
}

static enum status copy_url(char **to, const struct options *o, const char *option, struct error *e)
{
	const char *url = options_value(o, option);

	if (url && !ca_url_is_plain(url))
		return error_set(e, STATUS_USAGE, url,
				 "write it like http://pki.example.com/root.crl",
				 "is not a plain http:// URL");
	return copy(to, url, e);
}

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

/* --key says of what type or where; --key-type what type it is to be in either case. */
static enum status judge_key(const struct options *o, bool uri, struct error *e)
{
	bool typed = options_given(o, "key-type");

	if (options_given(o, "key") && !uri && typed)
		return error_set(e, STATUS_USAGE, NULL, "give one of them",
				 "--key and --key-type both say a type");
	if (options_given(o, "use-existing") && (!uri || typed))
		return error_set(e, STATUS_USAGE, NULL,
				 "say --use-existing --key \"pkcs11:token=…;object=…\"",
				 "--use-existing takes a key on a token, of the type that it has");
	if (uri && options_given(o, "no-passphrase"))
		return error_set(e, STATUS_USAGE, NULL, "leave it out",
				 "--no-passphrase is for key files: a token has a PIN");
	return STATUS_OK;
}

static enum status read_key(const struct options *o, struct create_order *order, struct error *e)
{
	const char *key = options_value(o, "key");
	const char *type = options_value(o, "key-type");
	bool uri = key && signer_name_is_uri(key);
	enum status s = judge_key(o, uri, e);

	order->use_existing = options_given(o, "use-existing");
	order->encrypt = !uri && !options_given(o, "no-passphrase");
	if (s == STATUS_OK && uri)
		s = order->use_existing ? copy(&order->key_name, key, e)
					: signer_name_new(key, &order->key_name, e);
	if (!type)
		type = key && !uri ? key : CREATE_KEY_TYPE;
	return s == STATUS_OK ? copy(&order->key_type, type, e) : s;
}

static enum status read_order(const struct options *o, struct create_order *order, struct error *e)
{
	const char *profile = options_value(o, "profile");

	if (!options_value(o, "subject"))
		return error_set(e, STATUS_USAGE, NULL,
				 "say --subject \"C=DE,O=Example GmbH,CN=Example Root CA\"",
				 "who is the CA to be?");
	if (!profile)
		profile = options_value(o, "parent") ? "subordinate-ca" : "root";
	if (copy(&order->subject, options_value(o, "subject"), e) != STATUS_OK ||
	    read_key(o, order, e) != STATUS_OK || copy(&order->profile, profile, e) != STATUS_OK ||
	    copy(&order->first_serial, options_value(o, "serial"), e) != STATUS_OK ||
	    copy_url(&order->urls.crl, o, "crl-url", e) != STATUS_OK ||
	    copy_url(&order->urls.delta_crl, o, "delta-crl-url", e) != STATUS_OK ||
	    copy_url(&order->urls.ocsp, o, "ocsp-url", e) != STATUS_OK ||
	    copy_url(&order->urls.ca_issuers, o, "ca-issuers-url", e) != STATUS_OK ||
	    read_parent(o, order, e) != STATUS_OK || read_life(o, order, e) != STATUS_OK)
		return e->status;
	order->now = order->clock;
	return STATUS_OK;
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
	const char *folder = in->options.operands[0];
	struct secret *key = NULL, *parent = NULL;
	struct create_secrets secrets;
	struct findings findings = {0};
	struct error ignored;
	enum status s = own_secret(&in->options, order, resume, &key, e);

	if (s == STATUS_OK && order->parent)
		s = parent_secret(&in->options, order->parent, &parent, e);
	secrets = (struct create_secrets){key, parent};
	if (s == STATUS_OK)
		s = resume ? create_resume(folder, order, &secrets, &findings, e)
			   : create_authority(folder, order, &secrets, &findings, e);
	if (findings.count)
		output_findings(&in->output, stderr, &findings);
	/* The CA is made: what cannot be kept of the token's word is said, and undoes nothing. */
	if (s == STATUS_OK && order->key_name &&
	    token_keep_evidence(in, folder, order->key_name, key, &ignored) != STATUS_OK)
		output_note(&in->output, "note: what the token says of the key was not kept: %s",
			    ignored.what);
	findings_free(&findings);
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
	.options = {options, options_passphrase},
	.run = run,
};
