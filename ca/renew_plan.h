/*
 * Two generations side by side: what is due when, so that nobody is without a valid certificate and
 * the old one goes only when nothing hangs on it any more.
 */
#ifndef SUBCA_CA_RENEW_PLAN_H
#define SUBCA_CA_RENEW_PLAN_H

#include "base/finding.h"
#include "ca/store.h"
#include "csr/request.h"

/* ZIA's service edge signs through a CA of its own, new every week and valid for so long. */
#define RENEW_WEEKLY_CA_DAYS 14
/* Left between the switch and the old one's end, for what goes wrong. */
#define RENEW_SPARE_DAYS 30

struct renew_dates {
	int64_t upload_from;
	int64_t switch_by;
	int64_t revoke_from; /* 0: it ends before that; let it expire */
	int64_t old_end;
};

/* new_start: notBefore of the new one, or now where there is none yet. */
struct renew_dates renew_plan(const char *portal, int64_t now, int64_t new_start, int64_t old_end);

/* Of the row that is renewed; owned, freed with renew_old_free(). */
struct renew_old {
	struct bytes serial, subject_der, spki_sha256;
	char *subject, *profile, *portal;
	enum cert_state state;
	int64_t not_after;
};
MUST_CHECK enum status renew_old_read(struct store *s, struct span serial, struct renew_old *out,
				      struct error *e);
void renew_old_free(struct renew_old *old);

/*
 * Whether request can follow old. STATUS_REFUSED where the portal would not take it: the same key
 * again. findings: another name; an old one that is revoked or has ended.
 */
MUST_CHECK enum status renew_judge(const struct renew_old *old, const struct csr_request *request,
				   int64_t now, struct findings *findings, struct error *e);
/* The rules of that. */
const struct rule *renew_rules(size_t *count);

#endif
