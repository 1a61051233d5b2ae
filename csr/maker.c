#include "csr/maker.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#define MS_SYSTEM "1.3.6.1.4.1.311.13.2.3"
#define MS_PROVIDER "1.3.6.1.4.1.311.13.2.2"
#define MS_CLIENT "1.3.6.1.4.1.311.21.20"
#define MS_TEMPLATE_NAME "1.3.6.1.4.1.311.20.2"
#define MS_TEMPLATE "1.3.6.1.4.1.311.21.7"

/* [MS-WCCE] 2.2.2.7.7.2 */
typedef struct ms_template {
	ASN1_OBJECT *id;
	ASN1_INTEGER *major;
	ASN1_INTEGER *minor;
} MS_TEMPLATE_ID;
DECLARE_ASN1_FUNCTIONS(MS_TEMPLATE_ID)
ASN1_SEQUENCE(MS_TEMPLATE_ID) = {
	ASN1_SIMPLE(MS_TEMPLATE_ID, id, ASN1_OBJECT),
	ASN1_OPT(MS_TEMPLATE_ID, major, ASN1_INTEGER),
	ASN1_OPT(MS_TEMPLATE_ID, minor, ASN1_INTEGER),
} ASN1_SEQUENCE_END(MS_TEMPLATE_ID)
IMPLEMENT_ASN1_FUNCTIONS(MS_TEMPLATE_ID)

static bool is_type(const ASN1_OBJECT *object, const char *dotted)
{
	char oid[80];

	return OBJ_obj2txt(oid, sizeof oid, object, 1) > 0 && strcmp(oid, dotted) == 0;
}

/* --- attributes ------------------------------------------------------------------------------- */

static void add_string(struct text *out, const ASN1_STRING *value)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, value);

	if (len >= 0)
		text_append(out, (char *)utf8, (size_t)len);
	OPENSSL_free(utf8);
	ERR_clear_error();
}

static void add_object(struct text *out, const ASN1_OBJECT *object)
{
	char oid[80] = "";

	if (OBJ_obj2nid(object) != NID_undef)
		snprintf(oid, sizeof oid, "%s", OBJ_nid2sn(OBJ_obj2nid(object)));
	else
		OBJ_obj2txt(oid, sizeof oid, object, 1);
	text_add(out, oid);
}

static void read_template_name(const ASN1_OCTET_STRING *value, struct text *out)
{
	const unsigned char *at = ASN1_STRING_get0_data(value);
	ASN1_STRING *name = d2i_DISPLAYTEXT(NULL, &at, ASN1_STRING_length(value));

	if (name)
		add_string(out, name);
	ASN1_STRING_free(name);
	ERR_clear_error();
}

static void read_template(const ASN1_OCTET_STRING *value, struct text *out)
{
	const unsigned char *at = ASN1_STRING_get0_data(value);
	MS_TEMPLATE_ID *template = d2i_MS_TEMPLATE_ID(NULL, &at, ASN1_STRING_length(value));

	if (template)
		add_object(out, template->id);
	MS_TEMPLATE_ID_free(template);
	ERR_clear_error();
}

static void read_templates(X509_REQ *request, struct text *out)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(request);

	for (int i = 0; out->len == 0 && i < sk_X509_EXTENSION_num(list); i++) {
		X509_EXTENSION *one = sk_X509_EXTENSION_value(list, i);
		const ASN1_OBJECT *type = X509_EXTENSION_get_object(one);

		if (is_type(type, MS_TEMPLATE_NAME))
			read_template_name(X509_EXTENSION_get_data(one), out);
		else if (is_type(type, MS_TEMPLATE))
			read_template(X509_EXTENSION_get_data(one), out);
	}
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	ERR_clear_error();
}

static void read_attribute(X509_ATTRIBUTE *attribute, struct csr_attributes *out)
{
	const ASN1_OBJECT *type = X509_ATTRIBUTE_get0_object(attribute);
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	int nid = OBJ_obj2nid(type);

	if (nid == NID_pkcs9_challengePassword) {
		out->challenge_password = true;
	} else if (nid == NID_ms_ext_req) {
		out->microsoft_extensions = true;
	} else if (is_type(type, MS_SYSTEM) && value && ASN1_TYPE_get(value) == V_ASN1_IA5STRING) {
		add_string(&out->system, value->value.ia5string);
	} else if (nid != NID_ext_req) {
		text_add(&out->others, out->others.len ? ", " : "");
		add_object(&out->others, type);
	}
}

enum status csr_attributes_read(X509_REQ *request, struct csr_attributes *out, struct error *e)
{
	*out = (struct csr_attributes){0};
	for (int i = 0; i < X509_REQ_get_attr_count(request); i++)
		read_attribute(X509_REQ_get_attr(request, i), out);
	read_templates(request, &out->template_name);
	if (text_check(&out->template_name, e) == STATUS_OK &&
	    text_check(&out->system, e) == STATUS_OK && text_check(&out->others, e) == STATUS_OK)
		return STATUS_OK;
	csr_attributes_free(out);
	return error_status(e);
}

void csr_attributes_free(struct csr_attributes *a)
{
	text_free(&a->template_name);
	text_free(&a->system);
	text_free(&a->others);
}

/* --- makers ----------------------------------------------------------------------------------- */

/* The only value of an attribute type, NULL where it has none or several. */
static const ASN1_STRING *only(const X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return NULL;
	return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}

static bool is_text(const ASN1_STRING *value, const char *text)
{
	struct span s;

	if (!value)
		return false;
	s = (struct span){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
	return span_equal(s, span_text(text));
}

static bool is_printable(const X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++)
		if (ASN1_STRING_type(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))) !=
		    V_ASN1_PRINTABLESTRING)
			return false;
	return X509_NAME_entry_count(name) > 0;
}

static bool is_rsa_2048(X509_REQ *request)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(request);

	ERR_clear_error();
	return key && EVP_PKEY_get_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) == 2048 &&
	       X509_REQ_get_signature_nid(request) == NID_sha256WithRSAEncryption;
}

/* "CUSTOMER.zpa-customer.com/NAME", with something on both sides. */
static bool is_zpa_name(const ASN1_STRING *value)
{
	static const char mark[] = ".zpa-customer.com/";
	const unsigned char *data = value ? ASN1_STRING_get0_data(value) : NULL;
	size_t len = value ? (size_t)ASN1_STRING_length(value) : 0;
	const unsigned char *at = data ? memmem(data, len, mark, strlen(mark)) : NULL;

	return at && at > data && at + strlen(mark) < data + len;
}

static struct csr_maker guess_zpa(X509_REQ *request)
{
	const X509_NAME *name = X509_REQ_get_subject_name(request);

	if (!is_zpa_name(only(name, NID_commonName)) ||
	    !is_text(only(name, NID_organizationName), "Zscaler") ||
	    !is_text(only(name, NID_organizationalUnitName), "Private Access"))
		return (struct csr_maker){0};
	if (is_printable(name) && is_rsa_2048(request))
		return (struct csr_maker){"Zscaler Private Access (ZPA)", MAKER_PLAIN,
					  "O=Zscaler, OU=Private Access, a zpa-customer.com name, "
					  "all PrintableString, RSA-2048 with SHA-256"};
	return (struct csr_maker){"Zscaler Private Access (ZPA)", MAKER_LIKELY,
				  "ZPA's names, but not its string types, key or digest"};
}

static struct csr_maker guess_windows(X509_REQ *request)
{
	static const char *const types[] = {MS_SYSTEM, MS_PROVIDER, MS_CLIENT};
	struct csr_attributes found = {0};
	struct error ignored = {0};
	size_t marks = 0;

	if (csr_attributes_read(request, &found, &ignored) != STATUS_OK)
		return (struct csr_maker){0};
	marks += found.microsoft_extensions;
	marks += found.template_name.len > 0;
	csr_attributes_free(&found);
	for (int i = 0; i < X509_REQ_get_attr_count(request); i++)
		for (size_t j = 0; j < sizeof types / sizeof types[0]; j++)
			marks += is_type(X509_ATTRIBUTE_get0_object(X509_REQ_get_attr(request, i)),
					 types[j]);
	if (marks == 0)
		return (struct csr_maker){0};
	return (struct csr_maker){
		"Windows enrolment (AD CS)", marks > 1 ? MAKER_PLAIN : MAKER_LIKELY,
		marks > 1 ? "several attributes of Microsoft's" : "one attribute of Microsoft's"};
}

/* What openssl.cnf offers where a person only presses Enter. */
static struct csr_maker guess_openssl_defaults(X509_REQ *request)
{
	const X509_NAME *name = X509_REQ_get_subject_name(request);

	if (!is_text(only(name, NID_organizationName), "Internet Widgits Pty Ltd") &&
	    !is_text(only(name, NID_stateOrProvinceName), "Some-State"))
		return (struct csr_maker){0};
	return (struct csr_maker){"OpenSSL", MAKER_LIKELY, "a default of its openssl.cnf"};
}

/* ZIA's form asks for these six, and its own name is nowhere in the request. */
static struct csr_maker guess_zia(X509_REQ *request)
{
	static const int asked[] = {
		NID_countryName,      NID_stateOrProvinceName,	  NID_localityName,
		NID_organizationName, NID_organizationalUnitName, NID_commonName};
	const X509_NAME *name = X509_REQ_get_subject_name(request);
	const size_t count = sizeof asked / sizeof asked[0];

	for (size_t i = 0; i < count; i++)
		if (!only(name, asked[i]))
			return (struct csr_maker){0};
	if (X509_NAME_entry_count(name) != (int)count || !is_rsa_2048(request) ||
	    X509_REQ_get_attr_by_NID(request, NID_pkcs9_challengePassword, -1) >= 0)
		return (struct csr_maker){0};
	return (struct csr_maker){"Zscaler Internet Access (ZIA)", MAKER_POSSIBLE,
				  "the six name fields of ZIA's form, RSA-2048 with SHA-256; "
				  "OpenSSL and others make the same"};
}

/* Country in PrintableString, all else in UTF8String: OpenSSL's string_mask utf8only. */
static struct csr_maker guess_openssl(X509_REQ *request)
{
	const X509_NAME *name = X509_REQ_get_subject_name(request);

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
		int type = ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry));

		if (nid == NID_countryName
			    ? type != V_ASN1_PRINTABLESTRING
			    : type != V_ASN1_UTF8STRING && nid != NID_pkcs9_emailAddress)
			return (struct csr_maker){0};
	}
	if (X509_NAME_entry_count(name) == 0)
		return (struct csr_maker){0};
	return (struct csr_maker){"OpenSSL", MAKER_POSSIBLE,
				  "its choice of string types; others make the same"};
}

struct csr_maker csr_maker_guess(X509_REQ *request)
{
	static struct csr_maker (*const guesses[])(X509_REQ *) = {
		guess_zpa, guess_windows, guess_openssl_defaults, guess_zia, guess_openssl};
	struct csr_maker maker = {0};

	for (size_t i = 0; !maker.name && i < sizeof guesses / sizeof guesses[0]; i++)
		maker = guesses[i](request);
	return maker;
}

const char *maker_sure_name(enum maker_sure sure)
{
	static const char *const names[] = {"possible", "likely", "plain"};

	return names[sure];
}
