#include "ca/plain.h"

#include <limits.h>

#include <openssl/obj_mac.h>

#include "base/der_canonical.h"

/* An AlgorithmIdentifier whose parameters are absent, NULL, an identifier or a SEQUENCE. */
static bool take_algorithm(struct span *rest, struct span *whole, int *nid)
{
	struct span inside, oid, ignored;

	if (!der_take_whole(rest, DER_SEQUENCE, &inside, whole) ||
	    !der_take(&inside, DER_OID_VALUE, &oid))
		return false;
	*nid = der_oid_nid(oid);
	return inside.len == 0 || ((der_take(&inside, V_ASN1_NULL, &ignored) ||
				    der_take(&inside, DER_OID_VALUE, &ignored) ||
				    der_take(&inside, DER_SEQUENCE, &ignored)) &&
				   inside.len == 0);
}

static bool take_time(struct span *rest, int64_t *out)
{
	struct span text;
	int year;

	if (der_take(rest, DER_UTC_TIME, &text))
		return der_time(V_ASN1_UTCTIME, text, out, &year);
	return der_take(rest, DER_GENERALIZED_TIME, &text) &&
	       der_time(V_ASN1_GENERALIZEDTIME, text, out, &year) && year >= 2050;
}

static bool take_extension(struct span *rest, struct plain_extension *out)
{
	struct span inside, oid, critical;

	if (!der_take_whole(rest, DER_SEQUENCE, &inside, &out->der) ||
	    !der_take(&inside, DER_OID_VALUE, &oid))
		return false;
	out->nid = der_oid_nid(oid);
	out->critical = der_take(&inside, DER_BOOLEAN_VALUE, &critical);
	/* FALSE is a default, which DER leaves out. */
	if (out->critical && (critical.len != 1 || critical.data[0] != 0xff))
		return false;
	return der_take(&inside, DER_OCTETS, &out->value) && inside.len == 0;
}

static bool take_extensions(struct span *rest, struct plain_certificate *out)
{
	struct span inside;

	if (!der_take(rest, DER_CONTEXT_INSIDE | 3, &inside) ||
	    !der_take(&inside, DER_SEQUENCE, &out->extensions) || inside.len)
		return false;
	inside = out->extensions;
	out->extension_count = 0;
	while (inside.len) {
		if (out->extension_count == PLAIN_EXTENSIONS_MAX ||
		    !take_extension(&inside, &out->extension[out->extension_count]))
			return false;
		out->extension_count++;
	}
	return out->extension_count > 0;
}

static bool take_key(struct span *rest, struct plain_certificate *out)
{
	struct span inside;

	return der_take_whole(rest, DER_SEQUENCE, &inside, &out->spki) &&
	       take_algorithm(&inside, &out->spki_algorithm, &out->key_nid) &&
	       der_take_bits(&inside, &out->key) && inside.len == 0;
}

static bool take_version_3(struct span *rest)
{
	struct span inside, version;

	return der_take(rest, DER_CONTEXT_INSIDE, &inside) && der_take_number(&inside, &version) &&
	       inside.len == 0 && version.len == 1 && version.data[0] == 2;
}

static bool read_fields(struct span rest, struct plain_certificate *out)
{
	struct span inside, validity;
	int nid;

	return take_version_3(&rest) && der_take_number(&rest, &out->serial) &&
	       take_algorithm(&rest, &out->inner_algorithm, &nid) &&
	       der_take_whole(&rest, DER_SEQUENCE, &inside, &out->issuer) &&
	       der_take(&rest, DER_SEQUENCE, &validity) && take_time(&validity, &out->not_before) &&
	       take_time(&validity, &out->not_after) && validity.len == 0 &&
	       der_take_whole(&rest, DER_SEQUENCE, &inside, &out->subject) &&
	       take_key(&rest, out) && take_extensions(&rest, out) && rest.len == 0;
}

bool plain_certificate_read(struct span der, struct plain_certificate *out)
{
	struct span rest = der, inside, fields;
	size_t offset;

	out->der = der;
	return der_take(&rest, DER_SEQUENCE, &inside) && rest.len == 0 &&
	       der_take_whole(&inside, DER_SEQUENCE, &fields, &out->tbs) &&
	       take_algorithm(&inside, &out->algorithm, &out->algorithm_nid) &&
	       der_take_bits(&inside, &out->signature) && inside.len == 0 &&
	       read_fields(fields, out) && der_canonical(der, &offset) == DER_CANONICAL;
}

#define TYPES_WHOLE                                                                         \
	(B_ASN1_UTF8STRING | B_ASN1_PRINTABLESTRING | B_ASN1_IA5STRING | B_ASN1_T61STRING | \
	 B_ASN1_NUMERICSTRING | B_ASN1_VISIBLESTRING)

bool plain_part_take(struct span *rdn, struct plain_part *out)
{
	struct der_value value;
	struct span inside;

	if (!der_take(rdn, DER_SEQUENCE, &inside) || !der_take(&inside, DER_OID_VALUE, &out->oid) ||
	    !der_value_read(inside, &value) || value.size != inside.len || value.constructed ||
	    value.class != V_ASN1_UNIVERSAL || !(ASN1_tag2bit(value.tag) & TYPES_WHOLE))
		return false;
	out->nid = der_oid_nid(out->oid);
	out->type = value.tag;
	out->text = value.content;
	return true;
}

bool plain_name_read(struct span name, struct plain_part parts[], size_t room, size_t *count)
{
	struct span rest, rdn;

	*count = 0;
	if (!der_take(&name, DER_SEQUENCE, &rest) || name.len)
		return false;
	for (size_t place = 1; rest.len; place++) {
		if (!der_take(&rest, DER_SET, &rdn) || rdn.len == 0)
			return false;
		for (; rdn.len; ++*count) {
			if (*count == room || !plain_part_take(&rdn, &parts[*count]))
				return false;
			parts[*count].rdn = place;
		}
	}
	return true;
}

bool plain_rsa_bits(struct span spki, struct span *key)
{
	struct span inside, algorithm, oid, null;

	return der_take(&spki, DER_SEQUENCE, &inside) && spki.len == 0 &&
	       der_take(&inside, DER_SEQUENCE, &algorithm) &&
	       der_take(&algorithm, DER_OID_VALUE, &oid) &&
	       der_take(&algorithm, V_ASN1_NULL, &null) && null.len == 0 && algorithm.len == 0 &&
	       der_oid_nid(oid) == NID_rsaEncryption && der_take_bits(&inside, key) &&
	       inside.len == 0;
}

bool plain_rsa_read(struct span key, struct span *modulus, struct span *exponent)
{
	struct span inside;

	return der_take(&key, DER_SEQUENCE, &inside) && key.len == 0 &&
	       der_take_number(&inside, modulus) && der_take_number(&inside, exponent) &&
	       inside.len == 0;
}

bool plain_octets_read(struct span value, struct span *octets)
{
	return der_take(&value, DER_OCTETS, octets) && value.len == 0;
}

bool plain_authority_key_read(struct span value, struct span *octets)
{
	struct span inside;

	return der_take(&value, DER_SEQUENCE, &inside) && value.len == 0 &&
	       der_take(&inside, DER_CONTEXT, octets) && inside.len == 0;
}

bool plain_basic_constraints_read(struct span value, bool *ca, int *path_length)
{
	struct span inside, content;

	*path_length = -1;
	if (!der_take(&value, DER_SEQUENCE, &inside) || value.len)
		return false;
	*ca = der_take(&inside, DER_BOOLEAN_VALUE, &content);
	if (*ca && (content.len != 1 || content.data[0] != 0xff))
		return false;
	if (inside.len == 0)
		return true;
	if (!der_take_number(&inside, &content) || content.len > 2 || inside.len)
		return false;
	*path_length = content.data[0];
	if (content.len == 2)
		*path_length = *path_length << 8 | content.data[1];
	return true;
}
