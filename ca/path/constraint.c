/* What CAs above a certificate let it say: names and policies. */
#include "ca/path/internal.h"

#include <openssl/err.h>

static const int name_codes[] = {X509_V_ERR_PERMITTED_VIOLATION,
				 X509_V_ERR_EXCLUDED_VIOLATION,
				 X509_V_ERR_SUBTREE_MINMAX,
				 X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
				 X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,
				 X509_V_ERR_UNSUPPORTED_NAME_SYNTAX,
				 X509_V_OK};

static bool refuses(X509 *above, X509 *x)
{
	NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(above, NID_name_constraints, NULL, NULL);
	bool refused = constraints && NAME_CONSTRAINTS_check(x, constraints) != X509_V_OK;

	NAME_CONSTRAINTS_free(constraints);
	ERR_clear_error();
	return refused;
}

void path_name_constraints(struct path_subject *s, struct lint_report *report)
{
	const struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, name_codes, &at))) {
		struct text who = {0};
		size_t above = v->link + 1;

		while (above < s->path.count && !refuses(s->path.links[above].certificate,
							 s->path.links[v->link].certificate))
			above++;
		if (above < s->path.count)
			who = path_subject_text(s->path.links[above].certificate);
		path_say(s, v->link, report, "subject",
			 "a name in it is refused by the name constraints of %s: %s",
			 above < s->path.count ? text_get(&who) : "a CA above",
			 X509_verify_cert_error_string(v->code));
		text_free(&who);
	}
}

void path_policy(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_NO_EXPLICIT_POLICY, X509_V_OK};
	size_t at = 0;

	if (path_verdict_next(s, codes, &at))
		path_say(s, 0, report, "extension certificatePolicies",
			 "no policy that holds here holds in every certificate above");
	path_verdicts_told(s, codes);
}
