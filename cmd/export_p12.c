#include "cmd/export_p12.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "cmd/key.h"
#include "cmd/password.h"
#include "hsm/pkcs12.h"

/* Only what this CA holds can be given out: the keys of what it issued were never here. */
static enum status judge(const struct invocation *in, const struct authority *a, struct error *e)
{
	const struct options *o = &in->options;
	const char *file = options_value(o, "output");

	if (o->operand_count > 1)
		return error_set(e, STATUS_REFUSED, o->operands[1],
				 "export it as pem, der or p7b; its holder has the key",
				 "has a key that this CA never had");
	if (signer_name_is_uri(authority_key(a)))
		return error_set(e, STATUS_REFUSED, authority_key(a),
				 "export the certificates as p7b or pem",
				 "keeps the CA's key on a token, which gives no private key out");
	if (!file)
		return error_set(e, STATUS_USAGE, NULL, "say -o FILE",
				 "a private key is not written to standard output");
	if (authority_owns(a, file))
		return error_set(e, STATUS_USAGE, file, "choose another name",
				 "is a file of the CA itself");
	if (!options_given(o, "force") && file_expect_absent(file, e) != STATUS_OK)
		return error_status(e);
	return file_expect_place(file, e);
}

static enum status parse_above(const struct authority *a, X509 *above[CHAIN_MAX], size_t *count,
			       struct error *e)
{
	struct span chain[CHAIN_MAX];
	size_t all = authority_chain(a, chain);

	for (size_t i = 1; i < all; i++) {
		const unsigned char *at = chain[i].data;

		above[*count] = d2i_X509(NULL, &at, (long)chain[i].len);
		if (!above[*count])
			return error_memory(e);
		++*count;
	}
	return STATUS_OK;
}

static enum status write_file(const struct authority *a, const char *file, EVP_PKEY *key,
			      const struct secret *password, bool replace, size_t *certificates,
			      struct error *e)
{
	X509 *above[CHAIN_MAX] = {0};
	char *name = X509_NAME_oneline(X509_get_subject_name(authority_certificate(a)), NULL, 0);
	struct pkcs12_content content = {
		.key = key, .certificate = authority_certificate(a), .above = above, .name = name};
	enum status s = name ? parse_above(a, above, &content.above_count, e) : error_memory(e);

	if (s == STATUS_OK)
		s = pkcs12_write(file, &content, password, replace ? FILE_REPLACE : FILE_KEEP, e);
	*certificates = 1 + content.above_count;
	for (size_t i = 0; i < content.above_count; i++)
		X509_free(above[i]);
	OPENSSL_free(name);
	return s;
}

static enum status report(struct invocation *in, const char *file, size_t certificates,
			  struct error *e)
{
	if (in->output.json)
		return output_json(&in->output, "export",
				   json_pack("{s:o, s:I, s:b}", "output", output_json_text(file),
					     "certificates", (json_int_t)certificates, "key", true),
				   e);
	output_note(&in->output, "wrote %s: the CA's key and %zu certificate%s", file, certificates,
		    certificates == 1 ? "" : "s");
	output_note(&in->output,
		    "whoever has this file and its password can sign as this CA; the journal says "
		    "that it was written");
	return STATUS_OK;
}

static enum status obtain(const struct invocation *in, const struct authority *a, EVP_PKEY **key,
			  struct secret **password, struct error *e)
{
	static const struct password_source source = {
		.what = "password for the PKCS#12 file",
		.environment = "SUBCA_EXPORT_PASSWORD",
		.options = "use --password-file FILE, --password-fd N or SUBCA_EXPORT_PASSWORD",
		.confirm = true,
	};
	char *from = NULL;
	enum status s = key_read(&in->options, a, key, &from, e);

	if (s == STATUS_OK && EVP_PKEY_eq(*key, X509_get0_pubkey(authority_certificate(a))) != 1)
		s = error_set(e, STATUS_KEY, from, "restore the CA from a backup",
			      "is not the key of the CA's certificate");
	if (s == STATUS_OK)
		s = password_obtain(&in->options, &source, password, e);
	free(from);
	return s;
}

/* That the key left is on record before it does. */
enum status export_p12(struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	const char *file = options_value(o, "output");
	struct authority *a = NULL;
	struct secret *password = NULL;
	EVP_PKEY *key = NULL;
	size_t certificates = 0;
	int64_t now;
	enum status s = authority_open(in->directory, STORE_WRITE, &a, e);

	if (s == STATUS_OK)
		s = judge(in, a, e);
	if (s == STATUS_OK)
		s = output_confirm(&in->output, "Write the CA's private key into a file?", e);
	if (s == STATUS_OK)
		s = datetime_now(&now, e);
	if (s == STATUS_OK)
		s = obtain(in, a, &key, &password, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(a), now, options_given(o, "clock-ok"), e);
	if (s == STATUS_OK)
		s = journal_note(authority_store(a), "export-key", file, now, e);
	if (s == STATUS_OK)
		s = write_file(a, file, key, password, options_given(o, "force"), &certificates, e);
	if (s == STATUS_OK)
		s = report(in, file, certificates, e);
	EVP_PKEY_free(key);
	secret_free(password);
	authority_free(a);
	return s;
}
