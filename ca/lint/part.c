/* Names as rules look at them: one part after the other, borrowed from where they were read. */
#include "ca/lint/internal.h"

#include <stdlib.h>
#include <string.h>

static struct plain_part *add_part(struct lint_name *name)
{
	struct plain_part *more;
	size_t room = 2 * name->room;

	if (name->count < name->room)
		return &name->parts[name->count++];
	more = reallocarray(name->parts == name->few ? NULL : name->parts, room, sizeof *more);
	if (!more)
		return NULL;
	if (name->parts == name->few)
		memcpy(more, name->few, sizeof name->few);
	name->parts = more;
	name->room = room;
	return &name->parts[name->count++];
}

static void clear(struct lint_name *name)
{
	if (name->parts != name->few)
		free(name->parts);
	name->parts = name->few;
	name->room = LINT_PARTS_FEW;
	name->count = name->rdns = 0;
}

/* --- in place --------------------------------------------------------------------------------- */

static bool take_part(struct span *rest, struct lint_name *name)
{
	struct plain_part part = {.rdn = name->rdns}, *at;

	if (!plain_part_take(rest, &part))
		return false;
	at = add_part(name);
	if (at)
		*at = part;
	return at != NULL;
}

static bool read_in_place(struct span der, struct lint_name *name)
{
	struct span rest, rdn;

	if (!der_take(&der, DER_SEQUENCE, &rest) || der.len)
		return false;
	while (rest.len) {
		if (!der_take(&rest, DER_SET, &rdn))
			return false;
		name->rdns++;
		while (rdn.len)
			if (!take_part(&rdn, name))
				return false;
	}
	return true;
}

/* --- by OpenSSL's templates ------------------------------------------------------------------- */

static bool add_decoded(const LINT_ATTRIBUTE *a, struct lint_name *name)
{
	struct plain_part *at = add_part(name);

	if (!at)
		return false;
	*at = (struct plain_part){
		.rdn = name->rdns,
		.nid = OBJ_obj2nid(a->type),
		.oid = {OBJ_get0_data(a->type), OBJ_length(a->type)},
		.type = a->value->type,
	};
	if (ASN1_tag2bit(at->type) & LINT_TYPES_TEXT)
		at->text = lint_string(a->value->value.asn1_string);
	return true;
}

static bool take_decoded(struct lint_name *name)
{
	for (int i = 0; i < sk_LINT_RDN_num(name->decoded); i++) {
		const LINT_RDN *rdn = sk_LINT_RDN_value(name->decoded, i);

		name->rdns++;
		for (int j = 0; j < sk_LINT_ATTRIBUTE_num(rdn); j++)
			if (!add_decoded(sk_LINT_ATTRIBUTE_value(rdn, j), name))
				return false;
	}
	return true;
}

bool lint_name_read(struct span der, bool canonical, struct lint_name *out)
{
	clear(out);
	if (canonical && read_in_place(der, out))
		return true;
	clear(out);
	out->decoded = lint_decode(der, ASN1_ITEM_rptr(LINT_NAME));
	return out->decoded && take_decoded(out);
}

void lint_name_free(struct lint_name *name)
{
	if (name->parts && name->parts != name->few)
		free(name->parts);
	ASN1_item_free((ASN1_VALUE *)name->decoded, ASN1_ITEM_rptr(LINT_NAME));
	name->decoded = NULL;
	name->parts = NULL;
}
