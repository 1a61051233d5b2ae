/* subca renew --root --rekey: the next root, and each certified by the other. */
#include "cmd/renew_rekey.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "ca/pem.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/renewal.h"

#define NEW_ROOT                                                                                             \
	"Give the new root to every device; both do no harm. Until all have it, chains of what the "         \
	"new root signs go out with " REKEY_NEW_WITH_OLD " in the place of the root, for devices "           \
	"that have the old one only. Chains of what the old root signed can go out with " REKEY_OLD_WITH_NEW \
	", for devices that have the new one only. Sign with the new root from "                             \
	"now on. The old one goes on with its CRLs until it ends; keep its key until then.\n"

static enum status put_file(const struct rekeying *k, const char *name, struct cross *cross,
			    struct error *e)
{
	struct text pem = {0};
	enum status s = pem_add_certificate(&pem, span_of(&cross->der), e);

	cross->file = path_join(k->folder, name);
	if (s == STATUS_OK && !cross->file)
		s = error_memory(e);
	if (s == STATUS_OK)
		s = file_publish(cross->file, span_text(text_get(&pem)), 0644, FILE_REPLACE, e);
	text_free(&pem);
	return s;
}

/* other's name and key under signing, unless an earlier run got as far. */
static enum status cross_sign(struct rekeying *k, const struct authority *signing,
			      const struct authority *other, const struct secret *secret,
			      struct cross *cross, struct error *e)
{
	struct renew_order order = {.now = k->r->order.now};
	struct signer *signer = NULL;
	enum status s = rekey_find_cross(signing, other, order.now, &cross->der, e);

	if (s != STATUS_OK || cross->der.data)
		return s;
	s = authority_signer(signing, secret, &signer, e);
	if (s == STATUS_OK)
		s = renew_cross_sign(signing, authority_certificate_der(other), &order, signer,
				     &cross->der, &k->r->findings, e);
	signer_free(signer);
	return s;
}

static enum status cross_both(struct rekeying *k, struct error *e)
{
	enum status s = cross_sign(k, k->made, k->old, k->new_secret, &k->old_with_new, e);

	if (s == STATUS_OK)
		s = cross_sign(k, k->old, k->made, k->old_secret, &k->new_with_old, e);
	if (s == STATUS_REFUSED)
		output_keep_findings(&k->r->in->output, &k->r->findings);
	if (s == STATUS_OK)
		s = put_file(k, REKEY_OLD_WITH_NEW, &k->old_with_new, e);
	if (s == STATUS_OK)
		s = put_file(k, REKEY_NEW_WITH_OLD, &k->new_with_old, e);
	return s;
}

/* Where both are signed already no key is needed. */
static enum status are_crossed(const struct rekeying *k, bool *crossed, struct error *e)
{
	struct bytes a = {0}, b = {0};
	enum status s = STATUS_OK;

	if (k->made)
		s = rekey_find_cross(k->made, k->old, k->r->order.now, &a, e);
	if (s == STATUS_OK && k->made)
		s = rekey_find_cross(k->old, k->made, k->r->order.now, &b, e);
	*crossed = a.data && b.data;
	bytes_free(&a);
	bytes_free(&b);
	return s;
}

static void print_children(const struct rekeying *k)
{
	static const struct column columns[] = {{"SIGNED BY", 9, CUT_END},
						{"OLD ROOT", 8, CUT_END},
						{"NEW ROOT", 8, CUT_END},
						{"SERIAL", 12, CUT_END},
						{"SUBJECT", 0, CUT_END}};
	const struct rekey_children *c = &k->children;
	const size_t count = sizeof columns / sizeof columns[0];

	if (c->count == 0)
		return;
	layout_row(columns, count, NULL);
	for (size_t i = 0; i < c->count; i++) {
		const struct rekey_child *x = &c->items[i];
		const char *const cells[] = {x->of_new ? "the new" : "the old",
					     x->by_old ? "accepts" : "REFUSES",
					     x->by_new ? "accepts" : "REFUSES", x->serial,
					     x->subject};

		layout_row(columns, count, cells);
	}
	if (c->all > (int64_t)c->count)
		printf("and %" PRId64 " more\n", c->all - (int64_t)c->count);
}

static json_t *children_json(const struct rekey_children *c)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < c->count; i++) {
		const struct rekey_child *x = &c->items[i];

		if (json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:b, s:b}", "serial",
							  x->serial, "subject",
							  output_json_text(x->subject), "signed_by",
							  x->of_new ? "new" : "old", "old_root",
							  x->by_old, "new_root", x->by_new)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *root_json(const struct rekeying *k, const char *file)
{
	const struct rekey_children *c = &k->children;
	json_t *o = renewal_json(authority_certificate_der(k->made), file, NULL, &k->r->findings);

	if (o && json_object_update_new(
			 o, json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "folder",
				      output_json_text(k->folder), "in_place_of",
				      output_json_text(authority_folder(k->old)), "old_with_new",
				      output_json_text(k->old_with_new.file), "new_with_old",
				      output_json_text(k->new_with_old.file), "children",
				      children_json(c), "all", (json_int_t)c->all, "failed",
				      (json_int_t)c->failed)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static enum status report_root(struct rekeying *k, struct error *e)
{
	struct output *o = &k->r->in->output;
	char *file = path_join(k->folder, AUTHORITY_CERTIFICATE);
	enum status s = file ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK && o->json) {
		s = output_json(o, "renew", root_json(k, file), e);
	} else if (s == STATUS_OK && !o->quiet) {
		renewal_print(o, authority_certificate_der(k->made), file, NULL, &k->r->findings);
		layout_field("old with new", k->old_with_new.file);
		layout_field("new with old", k->new_with_old.file);
		print_children(k);
		layout_wrap(stdout, 0, 0, NEW_ROOT);
		rekey_note_urls(k);
		s = output_check(e);
	}
	free(file);
	return s;
}

static enum status finish_root(struct rekeying *k, struct error *e)
{
	enum status s = cross_both(k, e);

	if (s == STATUS_OK)
		s = rekey_prove(k->old, k->made, span_of(&k->old_with_new.der),
				span_of(&k->new_with_old.der), k->r->order.now, &k->children, e);
	if (s == STATUS_OK)
		s = report_root(k, e);
	if (s == STATUS_OK && k->children.failed)
		s = error_set(e, STATUS_REFUSED, NULL,
			      "look at each with 'subca verify'; both roots stand",
			      "%" PRId64 " paths do not hold", k->children.failed);
	return s;
}

static enum status sign_root(struct rekeying *k, struct error *e)
{
	enum status s = output_confirm(
		&k->r->in->output, "Make a root with a new key, and let each certify the other?",
		e);

	if (s == STATUS_OK)
		s = rekey_obtain_signing(k, k->old, e);
	if (s == STATUS_OK)
		s = rekey_obtain_new(k, e);
	if (s == STATUS_OK && k->state != REKEY_MADE)
		s = rekey_make(k, e);
	return s;
}

enum status renew_rekey_root(struct renewing *r, struct error *e)
{
	struct rekeying k = {.r = r, .folder = options_value(&r->in->options, "rekey")};
	bool crossed = false;
	enum status s = rekey_expect_rollable(r->authority, r->order.now, e);

	k.old = r->authority;
	if (s == STATUS_OK)
		s = rekey_prepare(&k, e);
	if (s == STATUS_OK)
		s = are_crossed(&k, &crossed, e);
	if (s == STATUS_OK && !crossed)
		s = sign_root(&k, e);
	if (s == STATUS_OK)
		s = finish_root(&k, e);
	rekey_release(&k);
	return s;
}
