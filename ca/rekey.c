#include "ca/rekey.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"

static bool has(const char *folder, const char *name)
{
	char *file = path_join(folder, name);
	bool there = file && file_exists(file);

	free(file);
	return there;
}

/* Absolute, so that a resumed run finds it from anywhere. */
static enum status place_of(const struct authority *a, char **out, struct error *e)
{
	*out = realpath(authority_folder(a), NULL);
	return *out ? STATUS_OK
		    : error_errno(e, STATUS_SYSTEM, authority_folder(a), NULL, "cannot be found");
}

static struct span serial_of(const struct authority *a)
{
	const ASN1_INTEGER *number = X509_get0_serialNumber(authority_certificate(a));

	return (struct span){ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number)};
}

enum status rekey_look(const char *folder, const struct authority *old, enum rekey_state *state,
		       struct create_order *half, struct error *e)
{
	char *place = NULL;
	enum status s;

	*state = has(folder, AUTHORITY_CONF) ? REKEY_MADE : REKEY_NEW;
	if (!has(folder, AUTHORITY_UNFINISHED))
		return STATUS_OK;
	*state = REKEY_HALF;
	s = create_order_read(folder, half, e);
	if (s == STATUS_OK)
		s = place_of(old, &place, e);
	if (s == STATUS_OK && (!half->predecessor || strcmp(half->predecessor, place) != 0))
		s = error_set(e, STATUS_EXISTS, folder,
			      "'subca init DIR --resume' finishes it, '--discard' removes it",
			      "is half made, and not in the place of %s", authority_folder(old));
	free(place);
	return s;
}

enum status rekey_order(const struct authority *above, const struct authority *old,
			struct create_order *order, struct error *e)
{
	const struct authority *issuer = above ? above : old;
	char profile[PROFILE_NAME_MAX + 1];
	enum status s = place_of(old, &order->predecessor, e);

	if (s == STATUS_OK && above)
		s = place_of(above, &order->parent, e);
	if (s == STATUS_OK && above) {
		order->replaces = calloc(1, 2 * SERIAL_MAX + 1);
		if (!order->replaces)
			return error_memory(e);
		hex_encode(serial_of(old), order->replaces);
	}
	if (s != STATUS_OK || order->profile)
		return s;
	s = renew_profile_of(issuer, authority_certificate(old), above ? "subordinate-ca" : "root",
			     profile, e);
	if (s == STATUS_OK && !(order->profile = strdup(profile)))
		s = error_memory(e);
	return s;
}

/* --- whether it is the one -------------------------------------------------------------------- */

static enum status take_replaces(void *context, const struct store_row *row, struct error *e)
{
	return bytes_copy(context, row->intent.replaces, e);
}

enum status rekey_expect_successor(const struct authority *above, const struct authority *old,
				   const struct authority *made, struct error *e)
{
	struct bytes replaces = {0};
	struct error why;
	enum status s = store_find(authority_store(above), serial_of(made), take_replaces,
				   &replaces, &why);

	if (s != STATUS_OK && s != STATUS_NOT_FOUND)
		*e = why;
	else if (!span_equal(span_of(&replaces), serial_of(old)))
		s = error_set(e, STATUS_EXISTS, authority_folder(made),
			      "name a new or an empty folder",
			      "is a CA already, and did not take the place of %s",
			      authority_folder(old));
	bytes_free(&replaces);
	return s;
}

enum status rekey_expect_rollable(const struct authority *old, int64_t now, struct error *e)
{
	X509 *root = authority_certificate(old);
	struct span chain[CHAIN_MAX];
	int64_t end;

	if (authority_chain(old, chain) != 1)
		return error_set(e, STATUS_REFUSED, authority_folder(old),
				 "say -C PARENT --child DIR --rekey NEWDIR", "is no root");
	if (asn1_time_seconds(X509_get0_notAfter(root), &end, e) != STATUS_OK)
		return error_status(e);
	if (end <= now)
		return error_set(e, STATUS_REFUSED, authority_folder(old),
				 "make a root with 'subca init'; nothing stands below this one",
				 "has expired");
	if (X509_get_pathlen(root) >= 0)
		return error_set(
			e, STATUS_REFUSED, authority_folder(old),
			"renew it first, 'subca renew --root', with a profile that sets none",
			"has the path length %ld: the new root could not stand below it "
			"with all that it will sign",
			X509_get_pathlen(root));
	return STATUS_OK;
}

enum status rekey_expect_root(const struct authority *old, const struct authority *made,
			      struct error *e)
{
	X509 *a = authority_certificate(old), *b = authority_certificate(made);
	struct span chain[CHAIN_MAX];

	if (authority_chain(made, chain) != 1)
		return error_set(e, STATUS_EXISTS, authority_folder(made),
				 "name a new or an empty folder, or a root",
				 "is a CA already, and no root");
	if (EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1 ||
	    X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0)
		return error_set(e, STATUS_EXISTS, authority_folder(made),
				 "name a new or an empty folder",
				 "has the name or the key of the old root");
	return STATUS_OK;
}

/* --- cross-certificates ----------------------------------------------------------------------- */

static enum status take_cross(void *context, const struct store_row *row, struct error *e)
{
	struct bytes *der = context;

	if (der->data || row->der.len == 0)
		return STATUS_OK;
	return bytes_copy(der, row->der, e);
}

enum status rekey_find_cross(const struct authority *a, const struct authority *other, int64_t now,
			     struct bytes *certificate, struct error *e)
{
	unsigned char key[SHA256_SIZE];
	const struct store_filter of_key = {.spki_sha256 = {key, sizeof key},
					    .state = CERT_ISSUED,
					    .after = now,
					    .newest_first = true};
	enum status s = authority_key_sha256(other, key, e);

	return s == STATUS_OK ? store_each(authority_store(a), &of_key, take_cross, certificate, e)
			      : s;
}

/* --- who finds a path to what ----------------------------------------------------------------- */

void rekey_children_free(struct rekey_children *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->items[i].subject);
	free(c->items);
	*c = (struct rekey_children){0};
}

struct round {
	struct rekey_children *children;
	bool of_new, first;
	size_t at; /* of the second look: where it is in items */
};

static enum status add_child(struct round *r, const struct store_row *row, bool proved,
			     struct error *e)
{
	struct rekey_children *c = r->children;
	struct rekey_child *items, *child;

	c->all++;
	if (c->count == REKEY_CHILDREN_MAX)
		return STATUS_OK;
	items = reallocarray(c->items, c->count + 1, sizeof *items);
	if (!items)
		return error_memory(e);
	c->items = items;
	child = &items[c->count];
	*child = (struct rekey_child){.of_new = r->of_new, .by_old = proved};
	hex_encode(row->intent.serial, child->serial);
	child->subject = strdup(row->intent.subject);
	if (!child->subject)
		return error_memory(e);
	c->count++;
	return STATUS_OK;
}

/* Both looks see the rows in one order; what was issued in between is not in the first. */
static enum status see_child(void *context, const struct store_row *row, bool proved,
			     struct error *e)
{
	struct round *r = context;
	char serial[2 * SERIAL_MAX + 1];

	if (r->first)
		return add_child(r, row, proved, e);
	hex_encode(row->intent.serial, serial);
	if (r->at < r->children->count && strcmp(r->children->items[r->at].serial, serial) == 0)
		r->children->items[r->at++].by_new = proved;
	return STATUS_OK;
}

/* Under the old root, then under the new one; between gives the certificate that leads there. */
static enum status prove_both(const struct authority *signer, struct round *r,
			      const struct span roots[2], const struct span between[2], int64_t now,
			      struct error *e)
{
	struct renew_proof proof = {.seen = see_child, .context = r};
	enum status s = STATUS_OK;

	r->at = r->children->count;
	for (int i = 0; i < 2 && s == STATUS_OK; i++) {
		r->first = i == 0;
		s = renew_prove(signer, roots[i], between[i], now, &proof, e);
	}
	r->children->failed += proof.failed;
	renew_proof_free(&proof);
	return s;
}

enum status rekey_prove(const struct authority *old, const struct authority *made,
			struct span old_with_new, struct span new_with_old, int64_t now,
			struct rekey_children *out, struct error *e)
{
	const struct span roots[2] = {authority_certificate_der(old),
				      authority_certificate_der(made)};
	const struct span none = {NULL, 0};
	struct round of_old = {.children = out}, of_new = {.children = out, .of_new = true};
	enum status s = prove_both(old, &of_old, roots, (struct span[2]){none, old_with_new}, now,
				   e);

	if (s == STATUS_OK)
		s = prove_both(made, &of_new, roots, (struct span[2]){new_with_old, none}, now, e);
	return s;
}
