#include "cmd/new_authority.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/token.h"
#include "hsm/signer.h"

static const char *const key_types[] = {"rsa:3072", "rsa:4096", "rsa:2048", "ec:P-256",
					"ec:P-384", "ed25519",	NULL};

const struct option_spec options_new_authority[] = {
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

enum status new_authority_read(const struct options *o, struct create_order *order, struct error *e)
{
	if (!options_value(o, "subject"))
		return error_set(e, STATUS_USAGE, NULL,
				 "say --subject \"C=DE,O=Example GmbH,CN=Example Root CA\"",
				 "who is the CA to be?");
	if (copy(&order->subject, options_value(o, "subject"), e) != STATUS_OK ||
	    read_key(o, order, e) != STATUS_OK ||
	    copy(&order->first_serial, options_value(o, "serial"), e) != STATUS_OK ||
	    copy_url(&order->urls.crl, o, "crl-url", e) != STATUS_OK ||
	    copy_url(&order->urls.delta_crl, o, "delta-crl-url", e) != STATUS_OK ||
	    copy_url(&order->urls.ocsp, o, "ocsp-url", e) != STATUS_OK ||
	    copy_url(&order->urls.ca_issuers, o, "ca-issuers-url", e) != STATUS_OK)
		return error_status(e);
	return STATUS_OK;
}

enum status new_authority_make(struct invocation *in, const char *folder,
			       const struct create_order *order, bool resume,
			       const struct create_secrets *secrets, struct error *e)
{
	struct findings findings = {0};
	struct error ignored;
	enum status s = resume ? create_resume(folder, order, secrets, &findings, e)
			       : create_authority(folder, order, secrets, &findings, e);

	if (s != STATUS_OK)
		output_keep_findings(&in->output, &findings);
	else if (findings.count)
		output_findings(&in->output, stderr, &findings);
	/* The CA is made: what cannot be kept of the token's word is said, and undoes nothing. */
	if (s == STATUS_OK && order->key_name &&
	    token_keep_evidence(in, folder, order->key_name, secrets->key, &ignored) != STATUS_OK)
		output_note(&in->output, "note: what the token says of the key was not kept: %s",
			    ignored.what);
	findings_free(&findings);
	return s;
}
