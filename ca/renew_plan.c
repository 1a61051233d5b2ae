#include "ca/renew_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"

enum rule_number { SUBJECT, ENDED, REVOKED, KEY, KEY_OF_PORTAL, RULES };

static const struct rule rules[RULES] = {
	[SUBJECT] = {"renew_subject", SEVERITY_WARNING, "RFC 5280 4.1.2.6",
		     "whoever knows it by its name sees another CA",
		     "make the request with the old name, unless the new one is meant"},
	[ENDED] = {"renew_ended", SEVERITY_WARNING, "RFC 5280 4.1.2.5",
		   "there is no overlap any more", "upload and switch at once"},
	[REVOKED] = {"renew_revoked", SEVERITY_NOTICE, "RFC 5280 5.3",
		     "what hung on it has stopped working already", "upload and switch at once"},
	[KEY] = {"renew_key", SEVERITY_NOTICE, "RFC 4210 4.4",
		 "the key lives on with all that happened to it",
		 "make a new key, unless the certificates below it must go on standing"},
	[KEY_OF_PORTAL] = {"renew_key_of_portal", SEVERITY_ERROR, "ZIA, ZPA",
			   "a portal's renewal is a new key; it does not take the old one again",
			   "let the portal make a new key and request, and download that"},
};

const struct rule *renew_rules(size_t *count)
{
	*count = RULES;
	return rules;
}

struct renew_dates renew_plan(const char *portal, int64_t now, int64_t new_start, int64_t old_end)
{
	struct renew_dates d = {.upload_from = new_start > now ? new_start : now,
				.old_end = old_end};
	int64_t after = strcmp(portal, "zia") == 0 ? RENEW_WEEKLY_CA_DAYS * SECONDS_PER_DAY : 0;

	d.switch_by = old_end - RENEW_SPARE_DAYS * SECONDS_PER_DAY;
	if (d.switch_by < d.upload_from)
		d.switch_by = d.upload_from;
	d.revoke_from = d.switch_by + after;
	/* What was enrolled below the old one stands until it is enrolled anew or ends. */
	if (strcmp(portal, "zpa") == 0 || d.revoke_from >= old_end)
		d.revoke_from = 0;
	return d;
}

void renew_old_free(struct renew_old *old)
{
	bytes_free(&old->serial);
	bytes_free(&old->subject_der);
	bytes_free(&old->spki_sha256);
	free(old->subject);
	free(old->profile);
	free(old->portal);
	*old = (struct renew_old){.state = CERT_ANY};
}

static enum status take_old(void *context, const struct store_row *row, struct error *e)
{
	struct renew_old *old = context;
	const struct store_intent *i = &row->intent;

	old->state = row->state;
	old->not_after = i->not_after;
	old->subject = strdup(i->subject);
	old->profile = strdup(i->profile);
	old->portal = strdup(i->portal);
	if (!old->subject || !old->profile || !old->portal)
		return error_memory(e);
	if (bytes_copy(&old->serial, i->serial, e) != STATUS_OK ||
	    bytes_copy(&old->subject_der, i->subject_der, e) != STATUS_OK)
		return error_status(e);
	return bytes_copy(&old->spki_sha256, i->spki_sha256, e);
}

enum status renew_old_read(struct store *s, struct span serial, struct renew_old *out,
			   struct error *e)
{
	enum status status = store_find(s, serial, take_old, out, e);

	if (status == STATUS_OK && out->state != CERT_ISSUED && out->state != CERT_REVOKED)
		status = error_set(e, STATUS_REFUSED, NULL, "sign the request with 'subca sign'",
				   "that serial is %s: nothing was issued that could be renewed",
				   cert_state_name(out->state));
	if (status != STATUS_OK)
		renew_old_free(out);
	return status;
}

static enum status judge_key(const struct renew_old *old, const struct csr_request *request,
			     struct findings *findings, struct error *e)
{
	unsigned char spki[SHA256_SIZE];

	if (sha256(csr_request_spki(request), spki, e) != STATUS_OK)
		return error_status(e);
	if (!span_equal((struct span){spki, sizeof spki}, span_of(&old->spki_sha256)))
		return STATUS_OK;
	if (*old->portal)
		return findings_add(findings, &rules[KEY_OF_PORTAL], "key", e,
				    "is the old certificate's: a portal's renewal is a new key");
	return findings_add(findings, &rules[KEY], "", e, "the key is the old one's");
}

enum status renew_judge(const struct renew_old *old, const struct csr_request *request, int64_t now,
			struct findings *findings, struct error *e)
{
	size_t before = findings->count;
	enum status s = judge_key(old, request, findings, e);

	if (s == STATUS_OK && old->subject_der.len &&
	    !span_equal(span_of(&old->subject_der), csr_request_subject(request)))
		s = findings_add(findings, &rules[SUBJECT], "", e,
				 "the name is not, octet for octet, that of the old one: %s",
				 old->subject);
	if (s == STATUS_OK && old->not_after < now)
		s = findings_add(findings, &rules[ENDED], "", e,
				 "the old one is past its notAfter");
	else if (s == STATUS_OK && old->state == CERT_REVOKED)
		s = findings_add(findings, &rules[REVOKED], "", e, "the old one is revoked");
	if (s == STATUS_OK)
		s = findings_refuse(findings, before, STATUS_REFUSED, NULL, e);
	return s;
}
