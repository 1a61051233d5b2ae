#include "hsm/token_uri.h"

#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define URI_MAX 2048

struct token_uri {
	P11KitUri *p11;
};

void token_uri_free(struct token_uri *u)
{
	if (!u)
		return;
	p11_kit_uri_free(u->p11);
	free(u);
}

P11KitUri *token_uri_p11(const struct token_uri *u)
{
	return u->p11;
}

const char *token_uri_module_path(const struct token_uri *u)
{
	return p11_kit_uri_get_module_path(u->p11);
}

const char *token_uri_module_name(const struct token_uri *u)
{
	return p11_kit_uri_get_module_name(u->p11);
}

/* RFC 7512 2.4: a path, or a "file:" URI of one. */
const char *token_uri_pin_file(const struct token_uri *u)
{
	const char *source = p11_kit_uri_get_pin_source(u->p11);

	if (source && strncmp(source, "file:", 5) == 0) {
		source += 5;
		if (strncmp(source, "///", 3) == 0)
			source += 2;
	}
	return source;
}

static struct span attribute(const struct token_uri *u, CK_ATTRIBUTE_TYPE type)
{
	const CK_ATTRIBUTE *a = p11_kit_uri_get_attribute(u->p11, type);

	return a ? (struct span){a->pValue, a->ulValueLen} : (struct span){NULL, 0};
}

struct span token_uri_label(const struct token_uri *u)
{
	return attribute(u, CKA_LABEL);
}

struct span token_uri_id(const struct token_uri *u)
{
	return attribute(u, CKA_ID);
}

enum status token_uri_set_id(struct token_uri *u, struct span id, struct error *e)
{
	CK_ATTRIBUTE a = {CKA_ID, (void *)(uintptr_t)id.data, id.len};

	return p11_kit_uri_set_attribute(u->p11, &a) == P11_KIT_URI_OK ? STATUS_OK
								       : error_memory(e);
}

void token_uri_set_label(struct token_uri *u, const char *label)
{
	CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(u->p11);

	memcpy(info->label, label, sizeof info->label);
}

static enum status expect_absolute(const char *path, struct error *e)
{
	return path[0] == '/'
		       ? STATUS_OK
		       : error_set(e, STATUS_USAGE, NULL, "write the whole path of the module",
				   "module-path '%.100s' is not absolute", path);
}

enum status token_uri_set_module(struct token_uri *u, const char *path, struct error *e)
{
	if (expect_absolute(path, e) != STATUS_OK)
		return error_status(e);
	p11_kit_uri_set_module_path(u->p11, path);
	return p11_kit_uri_get_module_path(u->p11) ? STATUS_OK : error_memory(e);
}

enum status token_uri_format(const struct token_uri *u, char **out, struct error *e)
{
	return p11_kit_uri_format(u->p11, P11_KIT_URI_FOR_ANY, out) == P11_KIT_URI_OK
		       ? STATUS_OK
		       : error_memory(e);
}

static size_t padded_len(const unsigned char *text, size_t size)
{
	size_t len = strnlen((const char *)text, size);

	while (len && text[len - 1] == ' ')
		len--;
	return len;
}

void token_uri_describe(const struct token_uri *u, char *out, size_t size)
{
	const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(u->p11);
	size_t label = padded_len(info->label, sizeof info->label);
	size_t serial = padded_len(info->serialNumber, sizeof info->serialNumber);
	struct text name = {0};

	text_add_escaped(&name, label ? (struct span){info->label, label}
				      : (struct span){info->serialNumber, serial});
	if (!label && !serial)
		snprintf(out, size, "the token");
	else
		snprintf(out, size, "token %s'%s'", label ? "" : "with serial ", text_get(&name));
	text_free(&name);
}

/* RFC 7512 2.3: pk11-path. After an empty attribute p11-kit takes the query for part of the path. */
static bool path_is_whole(const char *text)
{
	const char *at = strchr(text, ':');

	while (at && *at != '?') {
		size_t len = strcspn(++at, ";?");

		if (!memchr(at, '=', len))
			return false;
		at = at[len] ? at + len : NULL;
	}
	return true;
}

/* RFC 7512 2.3: pk11-qattr. p11-kit passes over what it does not know there. */
static bool query_is_known(const char *text)
{
	static const char *const known[] = {
		"pin-source=", "pin-value=", "module-name=", "module-path="};
	const char *at = strchr(text, '?');

	while (at) {
		bool found = !*++at;

		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			found = found || strncmp(at, known[i], strlen(known[i])) == 0;
		if (!found)
			return false;
		at = strchr(at, '&');
	}
	return true;
}

static enum status judge_module(const struct token_uri *u, const char *text, struct error *e)
{
	const char *path = token_uri_module_path(u);

	if (p11_kit_uri_get_pin_value(u->p11))
		return error_set(e, STATUS_USAGE, NULL,
				 "leave pin-value out: use --pin-file, --pin-fd, SUBCA_PIN, a "
				 "prompt, or pin-source=FILE in the URI",
				 "a PIN in a URI is refused: it would be seen in the list of "
				 "processes, in the shell's history and in ca.conf");
	/* What a word means that is not known cannot be guessed, and leaving it out widens the search. */
	if (p11_kit_uri_any_unrecognized(u->p11) || !query_is_known(text))
		return error_set(e, STATUS_USAGE, NULL,
				 "use token, serial, manufacturer, model, object, id, type, "
				 "module-path, module-name, pin-source",
				 "the URI has an attribute that RFC 7512 does not know");
	return path ? expect_absolute(path, e) : STATUS_OK;
}

static enum status judge_key(const struct token_uri *u, struct error *e)
{
	const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(u->p11);
	const CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(u->p11, CKA_CLASS);
	const char *source = p11_kit_uri_get_pin_source(u->p11);
	CK_OBJECT_CLASS kind;

	if (p11_kit_uri_get_slot_id(u->p11) != (CK_SLOT_ID)-1)
		return error_set(e, STATUS_USAGE, NULL,
				 "name the token: token=LABEL or serial=NUMBER",
				 "a slot number is refused: it changes when a reader or a token is "
				 "added");
	if (!padded_len(info->label, sizeof info->label) &&
	    !padded_len(info->serialNumber, sizeof info->serialNumber))
		return error_set(e, STATUS_USAGE, NULL, "add token=LABEL or serial=NUMBER",
				 "the URI does not say which token");
	if (class && class->ulValueLen == sizeof kind) {
		memcpy(&kind, class->pValue, sizeof kind);
		if (kind != CKO_PRIVATE_KEY)
			return error_set(e, STATUS_USAGE, NULL, "write type=private, or no type",
					 "the URI does not name a private key");
	}
	if (source && source[0] == '|')
		return error_set(e, STATUS_USAGE, NULL,
				 "have the program write into a descriptor: --pin-fd",
				 "a pin-source that runs a program is refused");
	return STATUS_OK;
}

enum status token_uri_any(struct token_uri **out, struct error *e)
{
	struct token_uri *u = calloc(1, sizeof *u);

	if (!u || !(u->p11 = p11_kit_uri_new())) {
		free(u);
		return error_memory(e);
	}
	*out = u;
	return STATUS_OK;
}

static enum status parse(const char *text, struct token_uri **out, struct error *e)
{
	struct token_uri *u = NULL;
	enum status s = token_uri_any(&u, e);
	int code;

	if (s != STATUS_OK)
		return s;
	code = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, u->p11);
	if (strlen(text) > URI_MAX)
		s = error_set(e, STATUS_USAGE, NULL, NULL,
			      "a PKCS#11 URI of more than %d characters", URI_MAX);
	else if (code != P11_KIT_URI_OK || !path_is_whole(text))
		s = error_set(e, STATUS_USAGE, NULL,
			      "write it like 'pkcs11:token=Root%20CA;object=root-2026', with %20 "
			      "for a blank",
			      "the PKCS#11 URI cannot be read: %s",
			      code != P11_KIT_URI_OK ? p11_kit_uri_message(code)
						     : "an attribute is empty");
	else if (strpbrk(text, " \t\r\n"))
		/* p11-kit leaves blanks out, and would look for another token. */
		s = error_set(e, STATUS_USAGE, NULL, "write %20 for a blank",
			      "the PKCS#11 URI has a blank in it");
	else
		s = judge_module(u, text, e);
	if (s != STATUS_OK) {
		token_uri_free(u);
		return s;
	}
	*out = u;
	return STATUS_OK;
}

enum status token_uri_parse(const char *text, struct token_uri **out, struct error *e)
{
	struct token_uri *u = NULL;

	if (parse(text, &u, e) != STATUS_OK)
		return error_status(e);
	if (judge_key(u, e) != STATUS_OK) {
		token_uri_free(u);
		return error_status(e);
	}
	*out = u;
	return STATUS_OK;
}
