#include "ca/issue_rules.h"

const struct rule issue_rule_table[ISSUE_RULES] = {
	[ISSUE_KEY_OF_ISSUER] = {"issue_key_of_issuer", SEVERITY_ERROR,
				 "white paper, openssl x509 -signkey",
				 "whoever has one key could sign as both",
				 "make the request with its own key"},
	[ISSUE_KEY_NOT_ALLOWED] = {"issue_key_not_allowed", SEVERITY_ERROR, "subca-profile(1), key",
				   "the profile says which keys its certificates may have",
				   "make the request with another key"},
	[ISSUE_KEY_OTHER_PORTAL] =
		{"issue_key_other_portal", SEVERITY_ERROR, "ZIA, ZPA",
		 "the certificate of one portal cannot be that of the other",
		 "make a new request in the portal: each needs a key of its own"},
	[ISSUE_SUBJECT_FORBIDDEN] = {"issue_subject_forbidden", SEVERITY_ERROR,
				     "subca-profile(1), subject",
				     "the profile does not let such a name be certified",
				     "make the request without it"},
	[ISSUE_SUBJECT_MISSING] = {"issue_subject_missing", SEVERITY_ERROR,
				   "subca-profile(1), subject",
				   "the profile asks for a name that has it",
				   "make the request with it"},
	[ISSUE_SUBJECT_DIFFERS] = {"issue_subject_differs", SEVERITY_ERROR,
				   "subca-profile(1), subject",
				   "the profile certifies what belongs to the issuer alone",
				   "make the request with the same"},
	[ISSUE_SUBJECT_UNNAMED] = {"issue_subject_unnamed", SEVERITY_ERROR,
				   "subca-profile(1), subject", "nothing is dropped silently",
				   "make the request without it, or name it in a profile of this "
				   "CA"},
	[ISSUE_SIGNED_BEFORE] = {"issue_signed_before", SEVERITY_ERROR, "subca-sign(1)",
				 "two certificates for one request are rarely meant",
				 "'subca show' gives that one again; --reissue REASON signs anew"},
	[ISSUE_BEING_SIGNED] = {"issue_being_signed", SEVERITY_ERROR, "subca-sign(1)",
				"two certificates for one request are rarely meant",
				"wait for the other 'subca sign'; where there is none it was "
				"interrupted, and --reissue REASON signs anew"},
};

const struct rule *issue_rules(size_t *count)
{
	*count = ISSUE_RULES;
	return issue_rule_table;
}
