#include "ca/name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>

static enum status bad_name(struct error *e, const char *s, const char *at, const char *why)
{
	return error_set(e, STATUS_USAGE, NULL,
			 "write it like \"C=DE,O=Example GmbH,CN=Example Root CA\"",
			 "'%.200s': %s at character %zu", s, why, (size_t)(at - s) + 1);
}

/* One value up to an unescaped ',' or '+', unescaped (RFC 4514 2.4). */
static enum status read_value(const char *s, const char **at, struct text *value, struct error *e)
{
	const char *p = *at;

	while (*p && *p != ',' && *p != '+') {
		if (*p != '\\') {
			text_append(value, p++, 1);
			continue;
		}
		p++;
		if (isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1])) {
			char digits[3] = {p[0], p[1], '\0'};
			char octet = (char)strtoul(digits, NULL, 16);

			text_append(value, &octet, 1);
			p += 2;
		} else if (*p) {
			text_append(value, p++, 1);
		} else {
			return bad_name(e, s, p, "a backslash with nothing after it");
		}
	}
	*at = p;
	return text_check(value, e);
}

static int string_type(int nid, const struct text *value)
{
	static const char allowed[] = " '()+,-./:=?";

	if (nid == NID_pkcs9_emailAddress || nid == NID_domainComponent)
		return V_ASN1_IA5STRING;
	for (size_t i = 0; i < value->len; i++) {
		unsigned char c = (unsigned char)value->data[i];

		if (!(c < 0x80 && (isalnum(c) || (c && strchr(allowed, c)))))
			return nid == NID_countryName ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
	}
	return V_ASN1_PRINTABLESTRING;
}

static enum status add_attribute(X509_NAME *name, const char *s, const char *at, int nid,
				 const struct text *value, int set, struct error *e)
{
	int type = string_type(nid, value);

	if (value->len == 0)
		return bad_name(e, s, at, "an empty value");
	if (memchr(value->data, '\0', value->len))
		return bad_name(e, s, at, "a NUL character");
	/* OpenSSL takes what is to be an IA5String as it comes. */
	for (size_t i = 0; type == V_ASN1_IA5STRING && i < value->len; i++)
		if ((unsigned char)value->data[i] >= 0x80)
			return bad_name(e, s, at, "a character outside ASCII");
	if (nid == NID_countryName && (value->len != 2 || !isupper((unsigned char)value->data[0]) ||
				       !isupper((unsigned char)value->data[1])))
		return bad_name(e, s, at, "a country that is not two capital letters");
	if (X509_NAME_add_entry_by_NID(name, nid, type == V_ASN1_UTF8STRING ? MBSTRING_UTF8 : type,
				       (const unsigned char *)value->data, (int)value->len, -1,
				       set) == 1)
		return STATUS_OK;
	return error_openssl(e, STATUS_USAGE, NULL, "RFC 5280 A.1 gives the longest values",
			     "'%.200s': the value of %s is not allowed", s, OBJ_nid2sn(nid));
}

/* "TYPE=value" at *at; set is -1 to join the RDN before, 0 to begin one (X509_NAME_add_entry). */
static enum status read_attribute(const char *s, const char **at, X509_NAME *name, int set,
				  struct error *e)
{
	const char *start = *at + strspn(*at, " ");
	size_t len = strcspn(start, "=,+\\");
	struct text value = {0};
	char type[64];
	enum status status;
	int nid;

	if (start[len] != '=' || len == 0 || len >= sizeof type)
		return bad_name(e, s, start, "no TYPE=value");
	memcpy(type, start, len);
	type[len] = '\0';
	nid = OBJ_txt2nid(type);
	if (nid == NID_undef)
		return bad_name(e, s, start, "an unknown attribute type");
	*at = start + len + 1;
	status = read_value(s, at, &value, e);
	if (status == STATUS_OK)
		status = add_attribute(name, s, start, nid, &value, set, e);
	text_free(&value);
	return status;
}

enum status name_parse(const char *s, X509_NAME **out, struct error *e)
{
	X509_NAME *name = X509_NAME_new();
	const char *at = s;
	enum status status = STATUS_OK;
	int set = 0;

	if (!name)
		return error_memory(e);
	if (s[strspn(s, " ")] == '\0')
		status = bad_name(e, s, s, "nothing");
	while (status == STATUS_OK && (at == s || *at)) {
		if (at != s)
			set = *at++ == '+' ? -1 : 0;
		status = read_attribute(s, &at, name, set, e);
	}
	if (status != STATUS_OK) {
		X509_NAME_free(name);
		return status;
	}
	*out = name;
	return STATUS_OK;
}

static void show_value(const ASN1_STRING *value, struct text *out)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, value);
	struct span left = {utf8, len > 0 ? (size_t)len : 0};

	if (len < 0) {
		text_add(out, "(not text)");
		return;
	}
	while (left.len) {
		struct span run = {left.data, 0};

		while (run.len < left.len && !strchr(",+\\", left.data[run.len]))
			run.len++;
		text_add_escaped(out, run);
		left.data += run.len;
		left.len -= run.len;
		if (left.len) {
			/* strchr also finds the terminator: a NUL is shown as one, not escaped. */
			if (*left.data)
				text_printf(out, "\\%c", *left.data);
			else
				text_add(out, "\\x00");
			left.data++;
			left.len--;
		}
	}
	OPENSSL_free(utf8);
}

void name_show(const X509_NAME *name, struct text *out)
{
	int set = -1;

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
		int nid = OBJ_obj2nid(object);
		char oid[80];

		if (i)
			text_add(out, X509_NAME_ENTRY_set(entry) == set ? "+" : ",");
		set = X509_NAME_ENTRY_set(entry);
		if (nid == NID_undef)
			OBJ_obj2txt(oid, sizeof oid, object, 1);
		text_printf(out, "%s=", nid == NID_undef ? oid : OBJ_nid2sn(nid));
		show_value(X509_NAME_ENTRY_get_data(entry), out);
	}
}

/* Lower case, spaces at the ends dropped, runs of them made one (RFC 4518 2.6.1). In place. */
static size_t fold(unsigned char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == ' ') {
			if (n && s[n - 1] != ' ')
				s[n++] = ' ';
		} else {
			s[n++] = s[i] < 0x80 ? (unsigned char)tolower(s[i]) : s[i];
		}
	}
	if (n && s[n - 1] == ' ')
		n--;
	return n;
}

bool name_value_matches(const ASN1_STRING *a, const ASN1_STRING *b)
{
	unsigned char *x = NULL, *y = NULL;
	int x_len = ASN1_STRING_to_UTF8(&x, a), y_len = ASN1_STRING_to_UTF8(&y, b);
	bool same = false;

	if (x_len >= 0 && y_len >= 0) {
		struct span p = {x, fold(x, (size_t)x_len)}, q = {y, fold(y, (size_t)y_len)};

		same = span_equal(p, q);
	}
	OPENSSL_free(x);
	OPENSSL_free(y);
	return same;
}

const ASN1_STRING *name_find(const X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	return at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}
