#include "ca/profile_read.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#define DAYS_MAX 36525 /* a hundred years */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A word of a closed list and what it stands for. */
struct word {
	const char *name;
	int value;
};

static const struct word kinds[] = {
	{"root", PROFILE_ROOT},
	{"intermediate", PROFILE_INTERMEDIATE},
	{"leaf", PROFILE_LEAF},
};

static const struct word subject_rules[] = {
	{"optional", SUBJECT_OPTIONAL},
	{"supplied", SUBJECT_SUPPLIED},
	{"match", SUBJECT_MATCH},
	{"forbidden", SUBJECT_FORBIDDEN},
};

static const struct word san_rules[] = {
	{"none", SAN_NONE},
	{"optional", SAN_OPTIONAL},
	{"required", SAN_REQUIRED},
};

/* RFC 5280 4.2.1.3 */
static const struct word key_usages[] = {
	{"digitalSignature", KU_DIGITAL_SIGNATURE},
	{"nonRepudiation", KU_NON_REPUDIATION},
	{"keyEncipherment", KU_KEY_ENCIPHERMENT},
	{"dataEncipherment", KU_DATA_ENCIPHERMENT},
	{"keyAgreement", KU_KEY_AGREEMENT},
	{"keyCertSign", KU_KEY_CERT_SIGN},
	{"cRLSign", KU_CRL_SIGN},
};

const char *profile_kind_name(enum profile_kind kind)
{
	return kinds[kind].name;
}

const char *subject_rule_name(enum subject_rule rule)
{
	return subject_rules[rule].name;
}

static enum status find_word(const config_setting_t *setting, const char *text,
			     const struct word *words, size_t count, int *value, struct error *e)
{
	char known[sizeof e->todo] = "one of:";

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(known);

		if (text && strcmp(words[i].name, text) == 0) {
			*value = words[i].value;
			return STATUS_OK;
		}
		snprintf(known + len, sizeof known - len, "%s %s", i ? "," : "", words[i].name);
	}
	return settings_refuse(setting, e, known, "'%.80s' is not known here",
			       text ? text : "(not a text)");
}

static enum status read_word(const config_setting_t *setting, const struct word *words,
			     size_t count, int *value, struct error *e)
{
	if (!setting)
		return STATUS_OK;
	return find_word(setting, config_setting_get_string(setting), words, count, value, e);
}

/* A list or array of texts; each goes to take(). */
static enum status read_texts(const config_setting_t *setting, size_t most,
			      enum status (*take)(struct profile *, const config_setting_t *,
						  const char *, struct error *),
			      struct profile *p, struct error *e)
{
	if (!config_setting_is_array(setting) && !config_setting_is_list(setting))
		return settings_refuse(setting, e, "write it as [ \"…\", \"…\" ]",
				       "'%s' is not a list of texts", config_setting_name(setting));
	if ((size_t)config_setting_length(setting) > most)
		return settings_refuse(setting, e, NULL, "'%s' has more than %zu entries",
				       config_setting_name(setting), most);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const char *text = config_setting_get_string_elem(setting, i);

		if (!text)
			return settings_refuse(setting, e, "put each in double quotes",
					       "'%s' has an entry that is not a text",
					       config_setting_name(setting));
		if (take(p, setting, text, e) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

static enum status take_curve(struct profile *p, const config_setting_t *setting, const char *text,
			      struct error *e)
{
	static const struct word curves[] = {{"P-256", 256}, {"P-384", 384}};
	int bits = 0;

	if (find_word(setting, text, curves, COUNT(curves), &bits, e) != STATUS_OK)
		return error_status(e);
	if (bits == 256)
		p->ec_p256 = true;
	else
		p->ec_p384 = true;
	return STATUS_OK;
}

static enum status take_key_usage(struct profile *p, const config_setting_t *setting,
				  const char *text, struct error *e)
{
	int bit = 0;

	if (find_word(setting, text, key_usages, COUNT(key_usages), &bit, e) != STATUS_OK)
		return error_status(e);
	p->key_usage |= (unsigned)bit;
	return STATUS_OK;
}

static enum status take_purpose(struct profile *p, const config_setting_t *setting,
				const char *text, struct error *e)
{
	int nid = OBJ_txt2nid(text);

	if (nid == NID_undef)
		return settings_refuse(setting, e,
				       "use OpenSSL's short name, serverAuth or clientAuth",
				       "'%.80s' is not a known key purpose", text);
	p->purposes[p->purpose_count++] = nid;
	return STATUS_OK;
}

static enum status take_policy(struct profile *p, const config_setting_t *setting, const char *text,
			       struct error *e)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(text, 1);

	if (!oid)
		return settings_refuse(setting, e, "write it dotted, like 1.3.6.1.4.1.99999.1",
				       "'%.80s' is not an object identifier", text);
	ASN1_OBJECT_free(oid);
	p->policies[p->policy_count] = strdup(text);
	return p->policies[p->policy_count++] ? STATUS_OK : error_memory(e);
}

static enum status read_validity(const config_setting_t *group, struct profile *p, struct error *e)
{
	const struct setting_key keys[] = {
		{"days", SETTING_INT, &p->days, 1, DAYS_MAX},
		{"max_days", SETTING_INT, &p->max_days, 1, DAYS_MAX},
		{"backdate", SETTING_INT, &p->backdate, 0, 86400},
	};

	return settings_read(group, keys, COUNT(keys), e);
}

static enum status read_key(const config_setting_t *group, struct profile *p, struct error *e)
{
	config_setting_t *curves = NULL;
	const struct setting_key keys[] = {
		{"rsa_min", SETTING_INT, &p->rsa_min, 0, 16384},
		{"rsa_max", SETTING_INT, &p->rsa_max, 0, 16384},
		{"ec", SETTING_TREE, &curves, 0, 0},
		{"ed25519", SETTING_BOOL, &p->ed25519, 0, 0},
	};

	if (settings_read(group, keys, COUNT(keys), e) != STATUS_OK)
		return error_status(e);
	if ((p->rsa_min && p->rsa_min < 2048) || p->rsa_max < p->rsa_min)
		return settings_refuse(group, e, "0 and 0 allow no RSA; else 2048 or more",
				       "RSA from %d to %d bits makes no sense", p->rsa_min,
				       p->rsa_max);
	if (!curves)
		return STATUS_OK;
	p->ec_p256 = p->ec_p384 = false;
	return read_texts(curves, 2, take_curve, p, e);
}

static enum status read_basic_constraints(const config_setting_t *group, struct profile *p,
					  struct error *e)
{
	const struct setting_key keys[] = {
		{"critical", SETTING_BOOL, &p->basic_constraints_critical, 0, 0},
		{"path_length", SETTING_INT, &p->path_length, PROFILE_PATH_LENGTH_NONE, 10},
	};

	return settings_read(group, keys, COUNT(keys), e);
}

static enum status read_key_usage(const config_setting_t *group, struct profile *p, struct error *e)
{
	config_setting_t *bits = NULL;
	const struct setting_key keys[] = {
		{"critical", SETTING_BOOL, &p->key_usage_critical, 0, 0},
		{"bits", SETTING_TREE, &bits, 0, 0},
	};

	if (settings_read(group, keys, COUNT(keys), e) != STATUS_OK)
		return error_status(e);
	if (!bits)
		return STATUS_OK;
	p->key_usage = 0;
	return read_texts(bits, COUNT(key_usages), take_key_usage, p, e);
}

static enum status read_subject_rule(const config_setting_t *setting, struct profile *p,
				     struct error *e)
{
	const char *name = config_setting_name(setting);
	int rule = 0, nid;
	size_t at = 0;

	if (read_word(setting, subject_rules, COUNT(subject_rules), &rule, e) != STATUS_OK)
		return error_status(e);
	if (strcmp(name, "others") == 0) {
		if (rule != SUBJECT_OPTIONAL && rule != SUBJECT_FORBIDDEN)
			return settings_refuse(setting, e, NULL,
					       "'others' is either \"optional\" or \"forbidden\"");
		p->subject_others = rule;
		return STATUS_OK;
	}
	nid = OBJ_ln2nid(name);
	if (nid == NID_undef)
		return settings_refuse(setting, e, "use its long name, organizationName",
				       "'%.80s' is not a known attribute", name);
	while (at < p->subject_count && p->subject[at].nid != nid)
		at++;
	if (at == PROFILE_ATTRIBUTES)
		return settings_refuse(setting, e, NULL, "more than %d attributes",
				       PROFILE_ATTRIBUTES);
	if (at == p->subject_count)
		p->subject_count++;
	p->subject[at] = (struct subject_policy){nid, (enum subject_rule)rule};
	return STATUS_OK;
}

static enum status read_subject(const config_setting_t *group, struct profile *p, struct error *e)
{
	if (!config_setting_is_group(group))
		return settings_refuse(group, e, "write it as { commonName = \"supplied\"; … }",
				       "'subject' is not a group");
	for (int i = 0; i < config_setting_length(group); i++)
		if (read_subject_rule(config_setting_get_elem(group, (unsigned)i), p, e) !=
		    STATUS_OK)
			return error_status(e);
	return STATUS_OK;
}

static enum status read_purposes(const config_setting_t *list, struct profile *p, struct error *e)
{
	p->purpose_count = 0;
	return read_texts(list, PROFILE_PURPOSES, take_purpose, p, e);
}

static enum status read_policies(const config_setting_t *list, struct profile *p, struct error *e)
{
	while (p->policy_count)
		free(p->policies[--p->policy_count]);
	return read_texts(list, PROFILE_POLICIES, take_policy, p, e);
}

static enum status read_digest(const config_setting_t *setting, struct profile *p, struct error *e)
{
	static const struct word digests[] = {
		{"auto", 0}, {"sha256", 256}, {"sha384", 384}, {"sha512", 512}};
	int bits = 0;

	if (read_word(setting, digests, COUNT(digests), &bits, e) != STATUS_OK)
		return error_status(e);
	snprintf(p->digest, sizeof p->digest, bits ? "sha%d" : "", bits);
	return STATUS_OK;
}

static enum status read_portal(const config_setting_t *setting, struct profile *p, struct error *e)
{
	static const struct word portals[] = {{"", 0}, {"zia", 1}, {"zpa", 2}};
	int which = 0;

	if (read_word(setting, portals, COUNT(portals), &which, e) != STATUS_OK)
		return error_status(e);
	snprintf(p->portal, sizeof p->portal, "%s", portals[which].name);
	return STATUS_OK;
}

/* What a kind of certificate must or must not be told to do. */
static enum status check_kind(const config_setting_t *root, const struct profile *p,
			      struct error *e)
{
	bool signs = p->key_usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN);

	if (p->kind == PROFILE_LEAF && signs)
		return settings_refuse(root, e, "take keyCertSign and cRLSign out",
				       "a leaf that may sign certificates or CRLs");
	if (p->kind == PROFILE_LEAF && p->path_length != PROFILE_PATH_LENGTH_NONE)
		return settings_refuse(root, e, "take path_length out",
				       "a leaf with a path length (RFC 5280 4.2.1.9)");
	if (p->kind != PROFILE_LEAF && !(p->key_usage & KU_KEY_CERT_SIGN))
		return settings_refuse(root, e, "add keyCertSign to key_usage.bits",
				       "a CA that may not sign certificates (RFC 5280 4.2.1.3)");
	return STATUS_OK;
}

/* What no single key shows: settings that contradict each other. */
static enum status check_whole(const config_setting_t *root, const struct profile *p,
			       struct error *e)
{
	if (!p->description)
		return settings_refuse(root, e, "say in a line what it is for", "no description");
	if (p->days == 0 || p->max_days == 0)
		return settings_refuse(root, e, "give validity.days and validity.max_days",
				       "no life is given");
	if (p->days > p->max_days)
		return settings_refuse(root, e, NULL, "days (%d) are more than max_days (%d)",
				       p->days, p->max_days);
	if (!p->rsa_max && !p->ec_p256 && !p->ec_p384 && !p->ed25519)
		return settings_refuse(root, e, "fill the group 'key'",
				       "no kind of key is allowed");
	if (p->freshest_crl && !p->crl_distribution_points)
		return settings_refuse(root, e, "set crl_distribution_points as well",
				       "a delta CRL without the CRL that it adds to");
	return check_kind(root, p, e);
}

struct section {
	config_setting_t *tree;
	enum status (*read)(const config_setting_t *, struct profile *, struct error *);
};

enum status profile_read(const config_setting_t *root, struct profile *p, struct error *e)
{
	config_setting_t *extends = NULL, *kind = NULL, *san = NULL;
	struct section sections[] = {
		{NULL, read_validity},	{NULL, read_key},     {NULL, read_basic_constraints},
		{NULL, read_key_usage}, {NULL, read_subject}, {NULL, read_purposes},
		{NULL, read_policies},	{NULL, read_digest},  {NULL, read_portal},
	};
	const struct setting_key keys[] = {
		{"extends", SETTING_TREE, &extends, 0, 0},
		{"description", SETTING_STRING, &p->description, 1, 200},
		{"kind", SETTING_TREE, &kind, 0, 0},
		{"subject_alt_name", SETTING_TREE, &san, 0, 0},
		{"validity", SETTING_TREE, &sections[0].tree, 0, 0},
		{"key", SETTING_TREE, &sections[1].tree, 0, 0},
		{"basic_constraints", SETTING_TREE, &sections[2].tree, 0, 0},
		{"key_usage", SETTING_TREE, &sections[3].tree, 0, 0},
		{"subject", SETTING_TREE, &sections[4].tree, 0, 0},
		{"extended_key_usage", SETTING_TREE, &sections[5].tree, 0, 0},
		{"certificate_policies", SETTING_TREE, &sections[6].tree, 0, 0},
		{"digest", SETTING_TREE, &sections[7].tree, 0, 0},
		{"portal", SETTING_TREE, &sections[8].tree, 0, 0},
		{"subject_key_identifier", SETTING_BOOL, &p->subject_key_identifier, 0, 0},
		{"authority_key_identifier", SETTING_BOOL, &p->authority_key_identifier, 0, 0},
		{"crl_distribution_points", SETTING_BOOL, &p->crl_distribution_points, 0, 0},
		{"freshest_crl", SETTING_BOOL, &p->freshest_crl, 0, 0},
		{"authority_information_access", SETTING_BOOL, &p->authority_information_access, 0,
		 0},
		{"ocsp_no_check", SETTING_BOOL, &p->ocsp_no_check, 0, 0},
	};
	int word_kind = (int)p->kind, word_san = (int)p->subject_alt_name;

	if (settings_read(root, keys, COUNT(keys), e) != STATUS_OK)
		return error_status(e);
	if (read_word(kind, kinds, COUNT(kinds), &word_kind, e) != STATUS_OK ||
	    read_word(san, san_rules, COUNT(san_rules), &word_san, e) != STATUS_OK)
		return error_status(e);
	p->kind = (enum profile_kind)word_kind;
	p->subject_alt_name = (enum san_rule)word_san;
	for (size_t i = 0; i < COUNT(sections); i++)
		if (sections[i].tree && sections[i].read(sections[i].tree, p, e) != STATUS_OK)
			return error_status(e);
	return check_whole(root, p, e);
}
