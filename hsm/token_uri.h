/*
 * RFC 7512 URIs as subca takes them: private to hsm/token*.c. A URI names a token by label, serial
 * number, model or manufacturer, never by slot; it may name a key on it, a module, and where the
 * PIN is.
 */
#ifndef SUBCA_HSM_TOKEN_URI_H
#define SUBCA_HSM_TOKEN_URI_H

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "base/bytes.h"

struct token_uri;

/*
 * STATUS_USAGE with what to write instead: malformed, of an attribute that is unknown (ignoring it
 * would widen the search), with a PIN in it, with a slot, or without a token.
 */
MUST_CHECK enum status token_uri_parse(const char *text, struct token_uri **out, struct error *e);
/* One that describes any token of p11-kit's configured modules. */
MUST_CHECK enum status token_uri_any(struct token_uri **out, struct error *e);
void token_uri_free(struct token_uri *u);

P11KitUri *token_uri_p11(const struct token_uri *u);
/* Absolute; NULL: p11-kit's configured modules. */
const char *token_uri_module_path(const struct token_uri *u);
/* One of p11-kit's configured modules by its name; NULL: any. */
const char *token_uri_module_name(const struct token_uri *u);
/* A path; NULL: none. */
const char *token_uri_pin_file(const struct token_uri *u);
/* CKA_LABEL and CKA_ID of the key; empty where not given. Borrowed. */
struct span token_uri_label(const struct token_uri *u);
struct span token_uri_id(const struct token_uri *u);
MUST_CHECK enum status token_uri_set_id(struct token_uri *u, struct span id, struct error *e);
/* The token's: 32 octets, padded with blanks. */
void token_uri_set_label(struct token_uri *u, const char *label);
/* STATUS_USAGE where path is not absolute. */
MUST_CHECK enum status token_uri_set_module(struct token_uri *u, const char *path, struct error *e);
/* Freed with free(). */
MUST_CHECK enum status token_uri_format(const struct token_uri *u, char **out, struct error *e);
/* "token 'Root CA'", escaped for a terminal and cut to size. */
void token_uri_describe(const struct token_uri *u, char *out, size_t size);

#endif
