#include "cmd/inspect_json.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "cmd/certificate.h"
#include "cmd/output.h"
#include "csr/maker.h"
#include "hsm/keyfile.h"

static json_t *text_json(struct text *t)
{
	json_t *value = t->failed ? NULL : output_json_text(text_get(t));

	text_free(t);
	return value;
}

static json_t *name_json(const X509_NAME *name)
{
	struct text shown = {0};

	name_show(name, &shown);
	return text_json(&shown);
}

/* X.680's names, which OpenSSL has in capitals. */
static const char *string_name(int type)
{
	static const struct {
		int type;
		const char *name;
	} names[] = {
		{V_ASN1_PRINTABLESTRING, "PrintableString"},
		{V_ASN1_UTF8STRING, "UTF8String"},
		{V_ASN1_IA5STRING, "IA5String"},
		{V_ASN1_T61STRING, "TeletexString"},
		{V_ASN1_BMPSTRING, "BMPString"},
		{V_ASN1_UNIVERSALSTRING, "UniversalString"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].type == type)
			return names[i].name;
	return ASN1_tag2str(type);
}

static json_t *part_json(const X509_NAME_ENTRY *entry)
{
	const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
	int nid = OBJ_obj2nid(object), len;
	unsigned char *utf8 = NULL;
	struct text shown = {0};
	char oid[80] = "";

	OBJ_obj2txt(oid, sizeof oid, object, 1);
	len = ASN1_STRING_to_UTF8(&utf8, value);
	ERR_clear_error();
	text_add_escaped(&shown, (struct span){utf8, len > 0 ? (size_t)len : 0});
	OPENSSL_free(utf8);
	return json_pack("{s:i, s:s, s:s, s:s, s:o}", "rdn", X509_NAME_ENTRY_set(entry), "type",
			 nid == NID_undef ? oid : OBJ_nid2sn(nid), "oid", oid, "string",
			 string_name(ASN1_STRING_type(value)), "value", text_json(&shown));
}

/* Attribute by attribute; those with the same "rdn" stand in one multi-valued RDN. */
static json_t *parts_json(const X509_NAME *name)
{
	json_t *list = json_array();

	for (int i = 0; list && i < X509_NAME_entry_count(name); i++)
		if (json_array_append_new(list, part_json(X509_NAME_get_entry(name, i))) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *hex_json(const ASN1_OCTET_STRING *s)
{
	char hex[2 * 64 + 1];

	if (!s || ASN1_STRING_length(s) > 64)
		return json_null();
	hex_encode((struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)}, hex);
	return json_string(hex);
}

static json_t *time_json(const ASN1_TIME *t)
{
	char shown[DATETIME_SIZE];
	int64_t seconds;

	if (!inspect_time(t, &seconds))
		return json_null();
	datetime_format(seconds, shown);
	return json_string(shown);
}

/* Whole days, negative once it is over. */
static json_t *days_json(const ASN1_TIME *until, int64_t now)
{
	int64_t seconds;

	if (!inspect_time(until, &seconds))
		return json_null();
	seconds -= now;
	return json_integer(seconds < 0 ? -((-seconds + SECONDS_PER_DAY - 1) / SECONDS_PER_DAY)
					: seconds / SECONDS_PER_DAY);
}

static json_t *signer_json(const struct inspection *in, size_t at, const char *const *files)
{
	size_t signer = in->items[at].signer;
	const struct inspect_object *o;

	if (signer == INSPECT_NONE)
		return json_null();
	o = &in->items[signer];
	return json_pack("{s:o, s:I, s:o, s:b}", "file", output_json_text(files[o->file]), "number",
			 (json_int_t)inspect_number(in, signer), "subject",
			 name_json(X509_get_subject_name(o->certificate)), "self", signer == at);
}

static json_t *certificate_members(const struct inspection *in, size_t at, const char *const *files,
				   int64_t now)
{
	X509 *x = in->items[at].certificate;
	json_t *members = NULL, *more;
	struct error ignored = {0};

	if (certificate_json(span_of(&in->items[at].der), "", &members, &ignored) != STATUS_OK)
		return NULL;
	more = json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "subject_parts",
			 parts_json(X509_get_subject_name(x)), "issuer_parts",
			 parts_json(X509_get_issuer_name(x)), "days_left",
			 days_json(X509_get0_notAfter(x), now), "subject_key_id",
			 hex_json(X509_get0_subject_key_id(x)), "authority_key_id",
			 hex_json(X509_get0_authority_key_id(x)), "ca", X509_check_ca(x) == 1,
			 "signed_by", signer_json(in, at, files));
	ERR_clear_error();
	if (!more || json_object_update(members, more) != 0) {
		json_decref(members);
		members = NULL;
	}
	json_decref(more);
	return members;
}

static json_t *maker_json(X509_REQ *request)
{
	struct csr_maker maker = csr_maker_guess(request);

	if (!maker.name)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "name", maker.name, "sure", maker_sure_name(maker.sure),
			 "why", maker.why);
}

static json_t *requested_json(X509_REQ *request)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(request);
	json_t *extensions = extension_list_json(list);

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	ERR_clear_error();
	return extensions;
}

static json_t *sha256_json(struct span der)
{
	unsigned char hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct error ignored;

	if (sha256(der, hash, &ignored) != STATUS_OK)
		return NULL;
	hex_encode((struct span){hash, sizeof hash}, hex);
	return json_string(hex);
}

static json_t *request_members(X509_REQ *request, struct span der)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(request);
	struct csr_attributes attributes;
	char type[64] = "cannot be read";
	struct error ignored = {0};
	bool proved;

	if (csr_attributes_read(request, &attributes, &ignored) != STATUS_OK)
		return NULL;
	if (key)
		key_type_name(key, type, sizeof type);
	proved = key && X509_REQ_verify(request, key) == 1;
	ERR_clear_error();
	return json_pack("{s:o, s:o, s:I, s:s, s:s, s:b, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o}",
			 "subject", name_json(X509_REQ_get_subject_name(request)), "subject_parts",
			 parts_json(X509_REQ_get_subject_name(request)), "version",
			 (json_int_t)X509_REQ_get_version(request), "key", type, "signature",
			 OBJ_nid2ln(X509_REQ_get_signature_nid(request)), "possession_proved",
			 proved, "sha256", sha256_json(der), "extensions", requested_json(request),
			 "challenge_password", attributes.challenge_password,
			 "microsoft_extensions", attributes.microsoft_extensions, "template_name",
			 text_json(&attributes.template_name), "windows_version",
			 text_json(&attributes.system), "other_attributes",
			 text_json(&attributes.others), "maker", maker_json(request));
}

static json_t *crl_number_json(X509_CRL *crl)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	json_t *hex = hex_json(number);

	ASN1_INTEGER_free(number);
	return hex;
}

static json_t *crl_members(const struct inspection *in, size_t at, const char *const *files,
			   int64_t now)
{
	X509_CRL *crl = in->items[at].crl;
	AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	int revoked = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	json_t *members = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:s, s:o, s:o, s:o}",
				    "issuer", name_json(X509_CRL_get_issuer(crl)), "issuer_parts",
				    parts_json(X509_CRL_get_issuer(crl)), "crl_number",
				    crl_number_json(crl), "this_update",
				    time_json(X509_CRL_get0_lastUpdate(crl)), "next_update",
				    time_json(X509_CRL_get0_nextUpdate(crl)), "days_left",
				    days_json(X509_CRL_get0_nextUpdate(crl), now), "revoked",
				    revoked < 0 ? 0 : revoked, "signature",
				    OBJ_nid2ln(X509_CRL_get_signature_nid(crl)), "authority_key_id",
				    hex_json(id ? id->keyid : NULL), "extensions",
				    extension_list_json(X509_CRL_get0_extensions(crl)), "signed_by",
				    signer_json(in, at, files));

	AUTHORITY_KEYID_free(id);
	ERR_clear_error();
	return members;
}

size_t inspect_number(const struct inspection *in, size_t at)
{
	size_t number = 1;

	for (size_t i = 0; i < at; i++)
		number += in->items[i].file == in->items[at].file;
	return number;
}

json_t *inspect_object_json(const struct inspection *in, size_t at, const char *const *files,
			    int64_t now)
{
	const struct inspect_object *o = &in->items[at];
	json_t *object = json_pack("{s:s, s:I, s:b, s:o}", "kind", inspect_kind_name(o->kind),
				   "number", (json_int_t)inspect_number(in, at), "in_p7b",
				   o->in_p7b, "findings", output_findings_json(&o->findings));
	json_t *members;

	if (o->certificate)
		members = certificate_members(in, at, files, now);
	else if (o->crl)
		members = crl_members(in, at, files, now);
	else
		members = request_members(o->request, span_of(&o->der));
	if (!members || json_object_update(object, members) != 0) {
		json_decref(object);
		object = NULL;
	}
	json_decref(members);
	return object;
}
