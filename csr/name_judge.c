#include "csr/name_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/bytes.h"
#include "csr/script.h"

/* 64 less the " (t) " of the sub-CA that ZIA's service edges sign site certificates from. */
#define ZIA_COMMON_NAME_MOST 59

#define TEXT_TYPES (B_ASN1_DIRECTORYSTRING | B_ASN1_IA5STRING | B_ASN1_NUMERICSTRING)

#define AGAIN "have the request made again with another name"

enum rule_number {
	NAME_EMPTY,
	NAME_ENCODING,
	NAME_CONTROL,
	NAME_BIDI,
	NAME_INVISIBLE,
	NAME_LENGTH,
	NAME_SPACES,
	NAME_SCRIPTS,
	NAME_CONFUSABLE,
	NAME_SLASH,
	NAME_COMMON_NAMES,
	NAME_ZIA_LENGTH,
	RULES
};

static const struct rule rules[RULES] = {
	[NAME_EMPTY] = {"csr_name_empty", SEVERITY_WARNING, "RFC 5280 4.1.2.6",
			"a CA needs a subject; others may have a critical subjectAltName instead",
			"have the request made again with a subject"},
	[NAME_ENCODING] = {"csr_name_encoding", SEVERITY_ERROR, "X.690 8.23",
			   "programs show different text for it, or none", AGAIN},
	[NAME_CONTROL] = {"csr_name_control", SEVERITY_ERROR, "CVE-2009-2408",
			  "a NUL or line end makes programs see another name than people do",
			  AGAIN},
	[NAME_BIDI] = {"csr_name_bidi", SEVERITY_ERROR, "CVE-2021-42574",
		       "the text is shown in another order than it is stored in", AGAIN},
	[NAME_INVISIBLE] = {"csr_name_invisible", SEVERITY_WARNING, "Unicode UTS 39 3.1",
			    "it looks like another name that is without the character",
			    AGAIN " unless its script needs the character"},
	[NAME_LENGTH] = {"csr_name_length", SEVERITY_ERROR, "RFC 5280 A.1",
			 "programs that hold to the upper bound refuse the certificate",
			 "have the request made again with a shorter value"},
	[NAME_SPACES] = {"csr_name_spaces", SEVERITY_WARNING, "RFC 5280 7.1",
			 "some programs compare the spaces and some do not", AGAIN},
	[NAME_SCRIPTS] = {"csr_name_scripts", SEVERITY_WARNING, "Unicode UTS 39 5.1",
			  "letters of two scripts in one word are how look-alikes are made",
			  "ask its maker on another way whether the name is meant so"},
	[NAME_CONFUSABLE] = {"csr_name_confusable", SEVERITY_WARNING, "Unicode UTS 39 4",
			     "each letter of the word passes for a Latin one",
			     "ask its maker on another way whether the name is meant so"},
	[NAME_SLASH] = {"csr_name_slash", SEVERITY_NOTICE, "RFC 2253",
			"the old one-line form of a name separates its parts with the character",
			"read the parts apart where a log or a script shows that form"},
	[NAME_COMMON_NAMES] = {"csr_name_common_names", SEVERITY_WARNING, "CA/B BR 7.1.4.3",
			       "some programs take the first and some the last", AGAIN},
	[NAME_ZIA_LENGTH] = {"csr_name_zia_length", SEVERITY_WARNING, "ZIA",
			     "ZIA adds \" (t) \" for its weekly sub-CA, beyond the bound of 64",
			     "make the request in ZIA with a common name of 59 characters at most"},
};

const struct rule *csr_name_rules(size_t *count)
{
	*count = RULES;
	return rules;
}

/* One attribute's text as code points. */
struct value {
	int nid;
	char where[64];
	unsigned long *points;
	size_t count;
	const char *portal;
};

/* --- characters ------------------------------------------------------------------------------- */

static enum status find_character(const struct value *v, bool (*is_it)(unsigned long),
				  enum rule_number rule, const char *what, struct findings *f,
				  struct error *e)
{
	for (size_t i = 0; i < v->count; i++)
		if (is_it(v->points[i]))
			return findings_add(f, &rules[rule], v->where, e,
					    "has the %s U+%04lX at character %zu", what,
					    v->points[i], i + 1);
	return STATUS_OK;
}

static enum status check_control(const struct value *v, struct findings *f, struct error *e)
{
	return find_character(v, script_is_control, NAME_CONTROL, "control character", f, e);
}

static enum status check_bidi(const struct value *v, struct findings *f, struct error *e)
{
	return find_character(v, script_is_bidi_mark, NAME_BIDI, "direction mark", f, e);
}

static enum status check_invisible(const struct value *v, struct findings *f, struct error *e)
{
	return find_character(v, script_is_invisible, NAME_INVISIBLE, "invisible character", f, e);
}

static enum status check_spaces(const struct value *v, struct findings *f, struct error *e)
{
	const char *what = NULL;

	for (size_t i = 1; i < v->count; i++)
		if (v->points[i - 1] == ' ' && v->points[i] == ' ')
			what = "has two spaces in a row";
	if (v->count && v->points[v->count - 1] == ' ')
		what = "ends with a space";
	if (v->count && v->points[0] == ' ')
		what = "begins with a space";
	return what ? findings_add(f, &rules[NAME_SPACES], v->where, e, "%s", what) : STATUS_OK;
}

/* --- scripts ---------------------------------------------------------------------------------- */

/* A run of letters; the characters between runs belong to no word. */
struct word {
	size_t end;
	enum script first, other; /* other: a second script, or first */
	bool looks_latin;
};

static struct word word_at(const struct value *v, size_t start)
{
	struct word w = {start, script_of(v->points[start]), SCRIPT_OTHER, true};

	for (w.other = w.first; w.end < v->count; w.end++) {
		enum script script = script_of(v->points[w.end]);

		if (script == SCRIPT_OTHER)
			break;
		if (script != w.first)
			w.other = script;
		if (!script_looks_latin(v->points[w.end]))
			w.looks_latin = false;
	}
	return w;
}

static enum status check_scripts(const struct value *v, struct findings *f, struct error *e)
{
	for (size_t i = 0; i < v->count; i++) {
		struct word w;

		if (script_of(v->points[i]) == SCRIPT_OTHER)
			continue;
		w = word_at(v, i);
		if (w.other != w.first)
			return findings_add(f, &rules[NAME_SCRIPTS], v->where, e,
					    "mixes %s and %s letters in the word at character %zu",
					    script_name(w.first), script_name(w.other), i + 1);
		/* One letter alone is too little to call it a forgery. */
		if (w.looks_latin && w.end - i > 1)
			return findings_add(f, &rules[NAME_CONFUSABLE], v->where, e,
					    "has a word at character %zu that looks Latin and is "
					    "not plain ASCII",
					    i + 1);
		i = w.end - 1;
	}
	return STATUS_OK;
}

/* --- lengths and portals ---------------------------------------------------------------------- */

static size_t upper_bound(int nid)
{
	static const struct {
		int nid;
		size_t most;
	} bounds[] = {
		{NID_commonName, 64},	{NID_organizationName, 64},
		{NID_title, 64},	{NID_organizationalUnitName, 64},
		{NID_serialNumber, 64}, {NID_localityName, 128},
		{NID_pseudonym, 128},	{NID_stateOrProvinceName, 128},
		{NID_countryName, 2},	{NID_pkcs9_emailAddress, 255},
		{NID_surname, 32768},	{NID_givenName, 32768},
		{NID_initials, 32768},	{NID_generationQualifier, 32768},
	};

	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
		if (bounds[i].nid == nid)
			return bounds[i].most;
	return SIZE_MAX;
}

static enum status check_length(const struct value *v, struct findings *f, struct error *e)
{
	size_t most = upper_bound(v->nid);

	if (v->count > most)
		return findings_add(f, &rules[NAME_LENGTH], v->where, e,
				    "has %zu characters, more than %zu", v->count, most);
	if (v->nid == NID_commonName && strcmp(v->portal, "zia") == 0 &&
	    v->count > ZIA_COMMON_NAME_MOST)
		return findings_add(f, &rules[NAME_ZIA_LENGTH], v->where, e,
				    "has %zu characters, more than %d", v->count,
				    ZIA_COMMON_NAME_MOST);
	return STATUS_OK;
}

/* ZPA's own: "<customer>.zpa-customer.com/<Name>". */
static bool zpa_made(const struct value *v, size_t slash)
{
	static const char end[] = ".zpa-customer.com";
	size_t len = sizeof end - 1;

	if (v->nid != NID_commonName || slash <= len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (v->points[slash - len + i] != (unsigned char)end[i])
			return false;
	return true;
}

static enum status check_slash(const struct value *v, struct findings *f, struct error *e)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->points[i] == '/')
			return zpa_made(v, i) ? STATUS_OK
					      : findings_add(f, &rules[NAME_SLASH], v->where, e,
							     "has a / at character %zu", i + 1);
	return STATUS_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

typedef enum status value_check(const struct value *v, struct findings *f, struct error *e);

static value_check *const checks[] = {
	check_control, check_bidi,    check_invisible, check_length,
	check_spaces,  check_scripts, check_slash,
};

/* STATUS_INPUT, and nothing in e, where the text is not of its type. */
static enum status decode(const ASN1_STRING *s, struct value *v, struct error *e)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, s), used = 0, step;

	if (len < 0) {
		ERR_clear_error();
		return STATUS_INPUT;
	}
	v->points = calloc((size_t)len + 1, sizeof *v->points);
	if (!v->points) {
		OPENSSL_free(utf8);
		return error_memory(e);
	}
	while (used < len &&
	       (step = UTF8_getc(utf8 + used, len - used, &v->points[v->count])) > 0) {
		used += step;
		v->count++;
	}
	OPENSSL_free(utf8);
	return used == len ? STATUS_OK : STATUS_INPUT;
}

static void name_place(const ASN1_OBJECT *type, struct value *v)
{
	char oid[48];

	v->nid = OBJ_obj2nid(type);
	if (v->nid == NID_undef)
		OBJ_obj2txt(oid, sizeof oid, type, 1);
	snprintf(v->where, sizeof v->where, "subject.%s",
		 v->nid == NID_undef ? oid : OBJ_nid2sn(v->nid));
}

static enum status check_entry(const X509_NAME_ENTRY *entry, const char *portal, struct findings *f,
			       struct error *e)
{
	const ASN1_STRING *s = X509_NAME_ENTRY_get_data(entry);
	struct value v = {.portal = portal};
	enum status status;

	/* A bit string, as x500UniqueIdentifier is, has no characters to judge. */
	if (!(ASN1_tag2bit(ASN1_STRING_type(s)) & TEXT_TYPES))
		return STATUS_OK;
	name_place(X509_NAME_ENTRY_get_object(entry), &v);
	status = decode(s, &v, e);
	if (status == STATUS_INPUT)
		status = findings_add(f, &rules[NAME_ENCODING], v.where, e,
				      "is no text of the string type it names");
	else
		for (size_t i = 0; status == STATUS_OK && i < sizeof checks / sizeof checks[0]; i++)
			status = checks[i](&v, f, e);
	free(v.points);
	return status;
}

static int count_of(const X509_NAME *name, int nid)
{
	int count = 0, at = -1;

	while ((at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0)
		count++;
	return count;
}

enum status csr_name_check(const X509_NAME *name, const char *portal, struct findings *findings,
			   struct error *e)
{
	int common_names = count_of(name, NID_commonName);
	enum status status = STATUS_OK;

	if (X509_NAME_entry_count(name) == 0)
		return findings_add(findings, &rules[NAME_EMPTY], "subject", e, "is empty");
	for (int i = 0; status == STATUS_OK && i < X509_NAME_entry_count(name); i++)
		status = check_entry(X509_NAME_get_entry(name, i), portal, findings, e);
	if (status == STATUS_OK && common_names > 1)
		status = findings_add(findings, &rules[NAME_COMMON_NAMES], "subject.CN", e,
				      "is there %d times", common_names);
	return status;
}
