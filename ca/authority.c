#include "ca/authority.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/der.h"
#include "base/file.h"
#include "base/settings.h"
#include "ca/pem.h"
#include "ca/store_serial.h"

struct authority {
	char *folder;
	char *shipped_profiles, *own_profiles;
	char *key;	 /* a file, relative to the folder or absolute, or a pkcs11: URI */
	char *weak_keys; /* a file, relative to the folder or absolute; NULL: none named */
	struct ca_urls urls;
	struct bytes first_serial;
	struct bytes chain[CHAIN_MAX];
	size_t chain_count;
	X509 *certificate;
	struct store *store;
	struct profile_path profiles;
};

void authority_free(struct authority *a)
{
	if (!a)
		return;
	store_close(a->store);
	X509_free(a->certificate);
	while (a->chain_count)
		bytes_free(&a->chain[--a->chain_count]);
	bytes_free(&a->first_serial);
	free(a->urls.crl);
	free(a->urls.delta_crl);
	free(a->urls.ocsp);
	free(a->urls.ca_issuers);
	free(a->key);
	free(a->weak_keys);
	free(a->own_profiles);
	free(a->shipped_profiles);
	free(a->folder);
	free(a);
}

static enum status expect_finished(const char *folder, struct error *e)
{
	char *unfinished = path_join(folder, AUTHORITY_UNFINISHED);
	char *conf = path_join(folder, AUTHORITY_CONF);
	enum status s = STATUS_OK;

	if (!unfinished || !conf)
		s = error_memory(e);
	else if (file_exists(unfinished))
		s = error_set(e, STATUS_DAMAGED, folder,
			      "'subca init DIR --resume' finishes it, '--discard' removes it",
			      "is half made: an 'init' was interrupted here");
	else if (!file_exists(conf))
		s = error_set(e, STATUS_NOT_FOUND, folder,
			      "name the CA's folder with -C DIR or SUBCA_DIR, or make one with "
			      "'subca init'",
			      "is not a CA (no " AUTHORITY_CONF " in it)");
	free(unfinished);
	free(conf);
	return s;
}

static enum status read_serial(const config_setting_t *setting, struct authority *a,
			       struct error *e)
{
	const char *text = config_setting_get_string(setting);
	struct error why;

	if (!text)
		return settings_refuse(setting, e, "write \"random\" or \"0x1000\"",
				       "'serial' is not a text");
	if (strcmp(text, "random") == 0)
		return STATUS_OK;
	if (serial_parse(text, &a->first_serial, &why) != STATUS_OK)
		return settings_refuse(setting, e, "write \"random\" or \"0x1000\"", "%s",
				       why.what);
	return STATUS_OK;
}

static enum status read_urls(const config_setting_t *group, struct ca_urls *urls, struct error *e)
{
	const struct setting_key keys[] = {
		{"crl", SETTING_STRING, &urls->crl, 8, 512},
		{"delta_crl", SETTING_STRING, &urls->delta_crl, 8, 512},
		{"ocsp", SETTING_STRING, &urls->ocsp, 8, 512},
		{"ca_issuers", SETTING_STRING, &urls->ca_issuers, 8, 512},
	};

	if (settings_read(group, keys, sizeof keys / sizeof keys[0], e) != STATUS_OK)
		return error_status(e);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const char *url = *(char **)keys[i].to;

		if (url && !ca_url_is_plain(url))
			return settings_refuse(group, e,
					       "write it like http://pki.example.com/root.crl",
					       "'%s' is not a plain http:// URL", keys[i].name);
	}
	return STATUS_OK;
}

/* Where the URI of the key names a module itself, that one counts. */
static enum status add_module(struct authority *a, const char *module, struct error *e)
{
	char *name = NULL;

	if (signer_name_with_module(a->key, module, &name, e) != STATUS_OK)
		return error_status(e);
	free(a->key);
	a->key = name;
	return STATUS_OK;
}

static enum status read_conf(struct authority *a, struct error *e)
{
	config_setting_t *serial = NULL, *urls = NULL;
	char *module = NULL;
	const struct setting_key keys[] = {
		{"key", SETTING_STRING, &a->key, 1, 4096},
		{"pkcs11_module", SETTING_STRING, &module, 1, 1024},
		{"serial", SETTING_TREE, &serial, 0, 0},
		{"urls", SETTING_TREE, &urls, 0, 0},
		{"weak_keys", SETTING_STRING, &a->weak_keys, 1, 1024},
	};
	char *file = path_join(a->folder, AUTHORITY_CONF);
	config_t config;
	enum status s;

	if (!file)
		return error_memory(e);
	s = settings_load(file, &config, e);
	if (s == STATUS_OK)
		s = settings_read(config_root_setting(&config), keys, sizeof keys / sizeof keys[0],
				  e);
	if (s == STATUS_OK && serial)
		s = read_serial(serial, a, e);
	if (s == STATUS_OK && urls)
		s = read_urls(urls, &a->urls, e);
	if (s == STATUS_OK && !a->key && !(a->key = strdup(AUTHORITY_KEY)))
		s = error_memory(e);
	if (s == STATUS_OK && module && signer_name_is_uri(a->key))
		s = add_module(a, module, e);
	config_destroy(&config);
	free(module);
	free(file);
	return s;
}

static X509 *parse(const struct bytes *der)
{
	const unsigned char *at = der->data;

	return d2i_X509(NULL, &at, (long)der->len);
}

static enum status read_pem(struct authority *a, const char *name, struct error *e)
{
	char *file = path_join(a->folder, name);
	struct bytes pem = {0};
	enum status s = file ? file_read(file, PEM_FILE_MAX, &pem, e) : error_memory(e);

	if (s == STATUS_OK)
		s = pem_read_certificates(span_of(&pem), a->chain, CHAIN_MAX, &a->chain_count, e);
	if (s == STATUS_NOT_FOUND)
		s = error_set(e, STATUS_DAMAGED, file, "restore it from a backup", "is missing");
	if (s != STATUS_OK)
		error_at(e, file ? file : name);
	bytes_free(&pem);
	free(file);
	return s;
}

/* What the portals get above each certificate: without a gap, in order, the root last and once. */
static enum status check_link(X509 *below, X509 *above, size_t i, struct error *e)
{
	bool last = below == above;
	enum status s = STATUS_OK;

	if (X509_check_issued(above, below) != X509_V_OK ||
	    X509_verify(below, X509_get0_pubkey(above)) != 1)
		s = last ? error_set(e, STATUS_DAMAGED, NULL, "restore it from a backup",
				     "ends before the root that signed it")
			 : error_set(e, STATUS_DAMAGED, NULL, "restore it from a backup",
				     "certificate %zu is not signed by the one after it", i + 1);
	else if (!last && X509_check_issued(below, below) == X509_V_OK)
		s = error_set(e, STATUS_DAMAGED, NULL, "restore it from a backup",
			      "certificate %zu is a root, but not the last", i + 1);
	ERR_clear_error();
	return s;
}

/* Each is parsed once: decoding its key costs more than all else that is done with it here. */
static enum status check_chain(const struct authority *a, X509 **own, struct error *e)
{
	X509 *certificates[CHAIN_MAX] = {0};
	size_t count = a->chain_count;
	enum status s = STATUS_OK;

	for (size_t i = 0; i < count && s == STATUS_OK; i++)
		if (!(certificates[i] = parse(&a->chain[i])))
			s = error_openssl(e, STATUS_DAMAGED, NULL, "restore it from a backup",
					  "certificate %zu is none", i + 1);
	for (size_t i = 0; i < count && s == STATUS_OK; i++)
		s = check_link(certificates[i], certificates[i + 1 < count ? i + 1 : i], i, e);
	if (s == STATUS_OK) {
		*own = certificates[0];
		certificates[0] = NULL;
	}
	for (size_t i = 0; i < count; i++)
		X509_free(certificates[i]);
	return s;
}

/* The chain file begins with the CA's certificate; a root has none and is its own chain. */
static enum status read_certificates(struct authority *a, struct error *e)
{
	char *chain = path_join(a->folder, AUTHORITY_CHAIN);
	struct bytes own = {0};
	enum status s = chain ? read_pem(a, AUTHORITY_CERTIFICATE, e) : error_memory(e);

	if (s == STATUS_OK && file_exists(chain)) {
		own = a->chain[0];
		a->chain[0] = (struct bytes){0};
		while (a->chain_count)
			bytes_free(&a->chain[--a->chain_count]);
		s = read_pem(a, AUTHORITY_CHAIN, e);
		if (s == STATUS_OK && !span_equal(span_of(&own), span_of(&a->chain[0])))
			s = error_set(
				e, STATUS_DAMAGED, chain, "restore it from a backup",
				"does not begin with the certificate in " AUTHORITY_CERTIFICATE);
	}
	if (s == STATUS_OK) {
		s = check_chain(a, &a->certificate, e);
		if (s != STATUS_OK)
			error_at(e, chain);
	}
	/* Fills the cache of extension flags, once and here. */
	if (s == STATUS_OK && X509_check_purpose(a->certificate, -1, 0) != 1)
		s = error_openssl(e, STATUS_DAMAGED, a->folder, "restore it from a backup",
				  AUTHORITY_CERTIFICATE " is not a certificate");
	bytes_free(&own);
	free(chain);
	return s;
}

static enum status open_store(struct authority *a, enum store_mode mode, struct error *e)
{
	char *file = path_join(a->folder, AUTHORITY_STORE);
	enum status s = file ? store_open(file, mode, &a->store, e) : error_memory(e);

	if (s == STATUS_NOT_FOUND)
		s = error_set(e, STATUS_DAMAGED, file, "restore it from a backup", "is missing");
	free(file);
	return s;
}

enum status authority_open(const char *folder, enum store_mode mode, struct authority **out,
			   struct error *e)
{
	struct authority *a = calloc(1, sizeof *a);
	enum status s = a ? expect_finished(folder, e) : error_memory(e);

	if (s == STATUS_OK) {
		a->folder = strdup(folder);
		a->own_profiles = path_join(folder, AUTHORITY_PROFILES);
		s = a->folder && a->own_profiles ? profile_shipped_folder(&a->shipped_profiles, e)
						 : error_memory(e);
	}
	if (s == STATUS_OK) {
		a->profiles = (struct profile_path){a->own_profiles, a->shipped_profiles};
		s = read_conf(a, e);
	}
	if (s == STATUS_OK)
		s = read_certificates(a, e);
	if (s == STATUS_OK)
		s = open_store(a, mode, e);
	if (s != STATUS_OK) {
		authority_free(a);
		return s;
	}
	*out = a;
	return STATUS_OK;
}

const char *authority_folder(const struct authority *a)
{
	return a->folder;
}

X509 *authority_certificate(const struct authority *a)
{
	return a->certificate;
}

struct span authority_certificate_der(const struct authority *a)
{
	return span_of(&a->chain[0]);
}

enum status authority_key_sha256(const struct authority *a, unsigned char out[SHA256_SIZE],
				 struct error *e)
{
	struct bytes spki = {0};
	enum status s = der_encode(X509_get_X509_PUBKEY(a->certificate),
				   (i2d_of_void *)i2d_X509_PUBKEY, &spki, e);

	if (s == STATUS_OK)
		s = sha256(span_of(&spki), out, e);
	bytes_free(&spki);
	return s;
}

struct store *authority_store(const struct authority *a)
{
	return a->store;
}

const struct ca_urls *authority_urls(const struct authority *a)
{
	return &a->urls;
}

const struct profile_path *authority_profiles(const struct authority *a)
{
	return &a->profiles;
}

size_t authority_chain(const struct authority *a, struct span chain[CHAIN_MAX])
{
	for (size_t i = 0; i < a->chain_count; i++)
		chain[i] = span_of(&a->chain[i]);
	return a->chain_count;
}

struct span authority_first_serial(const struct authority *a)
{
	return span_of(&a->first_serial);
}

const char *authority_key(const struct authority *a)
{
	return a->key;
}

/* As hsm/signer.h names keys. */
static char *key_name(const struct authority *a)
{
	return a->key[0] == '/' || signer_name_is_uri(a->key) ? strdup(a->key)
							      : path_join(a->folder, a->key);
}

enum status authority_weak_keys(const struct authority *a, struct weak_keys **out, struct error *e)
{
	enum status s;
	char *file;

	if (!a->weak_keys)
		return weak_keys_from_environment(out, e);
	file = a->weak_keys[0] == '/' ? strdup(a->weak_keys) : path_join(a->folder, a->weak_keys);
	s = file ? weak_keys_load(file, out, e) : error_memory(e);
	free(file);
	return s;
}

/* On a failed allocation the answer is the safe one. */
bool authority_owns(const struct authority *a, const char *path)
{
	static const char *const names[] = {
		AUTHORITY_CONF,		AUTHORITY_CERTIFICATE, AUTHORITY_CHAIN,
		AUTHORITY_KEY,		AUTHORITY_STORE,       AUTHORITY_STORE "-wal",
		AUTHORITY_STORE "-shm", AUTHORITY_UNFINISHED,  AUTHORITY_RESTORED,
		AUTHORITY_EVIDENCE,	AUTHORITY_ATTESTATION, AUTHORITY_STORE STORE_LOCK_SUFFIX,
	};
	char *key = key_name(a);
	bool owned = !key || file_same_place(path, key);

	free(key);
	for (size_t i = 0; i < sizeof names / sizeof names[0] && !owned; i++) {
		char *own = path_join(a->folder, names[i]);

		owned = !own || file_same_place(path, own);
		free(own);
	}
	return owned;
}

/* "check the name" helps nobody who did not give one; a token knows better what to do. */
static void tell_missing_key(const struct authority *a, enum status s, struct error *e)
{
	if (s == STATUS_NOT_FOUND && !signer_name_is_uri(a->key))
		snprintf(e->todo, sizeof e->todo,
			 "it is the CA's key: restore it from a backup, or mend 'key' in %s",
			 AUTHORITY_CONF);
}

enum status authority_key_needs(const struct authority *a, struct signer_need *need,
				struct error *e)
{
	char *name = key_name(a);
	enum status s = name ? signer_needs(name, need, e) : error_memory(e);

	tell_missing_key(a, s, e);
	free(name);
	return s;
}

/* What was signed since the backup is not known here, and could be signed a second time. */
static enum status expect_confirmed(const struct authority *a, struct error *e)
{
	char *mark = path_join(a->folder, AUTHORITY_RESTORED);
	enum status s = mark ? STATUS_OK : error_memory(e);

	if (mark && file_exists(mark))
		s = error_set(
			e, STATUS_REFUSED, a->folder,
			"'subca restore --confirm' compares it with the last CRL, certificates "
			"and checkpoints",
			"was restored from a backup, and may be older than what it signed last");
	free(mark);
	return s;
}

enum status authority_signer(const struct authority *a, const struct secret *secret,
			     struct signer **out, struct error *e)
{
	EVP_PKEY *expected = X509_get0_pubkey(a->certificate);
	char *name = key_name(a);
	struct signer *signer = NULL;
	enum status s = name ? expect_confirmed(a, e) : error_memory(e);

	if (s == STATUS_OK) {
		s = signer_open(name, secret, expected, &signer, e);
		tell_missing_key(a, s, e);
	}
	free(name);
	if (s == STATUS_OK)
		s = signer_prove(signer, expected, e);
	if (s != STATUS_OK) {
		signer_free(signer);
		return s;
	}
	*out = signer;
	return STATUS_OK;
}

static void add_url(struct text *out, const char *name, const char *value, const char *example)
{
	if (value)
		text_printf(out, "\t%s = \"%s\";\n", name, value);
	else
		text_printf(out, "\t# %s = \"%s\";\n", name, example);
}

enum status authority_conf_text(const char *key, const char *first_serial,
				const struct ca_urls *urls, struct text *out, struct error *e)
{
	text_add(out, "# How this CA works. Every key is checked when a command reads it.\n\n");
	text_add(out, "# The private key: a file, relative to this folder, or a pkcs11: URI.\n");
	text_printf(out, "key = \"%s\";\n\n", key ? key : AUTHORITY_KEY);
	text_add(out, "# \"random\": 159 random bits each. \"0x1000\": counted up from there.\n");
	text_printf(out, "serial = \"%s\";\n\n", first_serial ? first_serial : "random");
	text_add(out, "# RSA keys that are refused, in the form of Debian's openssl-blacklist.\n");
	text_add(out, "# weak_keys = \"/etc/subca/weak-keys\";\n\n");
	text_add(out, "# Put into what is issued from now on, where the profile says so.\n");
	text_add(out, "urls = {\n");
	add_url(out, "crl", urls->crl, "http://pki.example.com/root.crl");
	add_url(out, "delta_crl", urls->delta_crl, "http://pki.example.com/root-delta.crl");
	add_url(out, "ocsp", urls->ocsp, "http://ocsp.example.com");
	add_url(out, "ca_issuers", urls->ca_issuers, "http://pki.example.com/root.cer");
	text_add(out, "};\n");
	return text_check(out, e);
}
