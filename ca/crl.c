#include "ca/crl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/crl_write.h"
#include "ca/plan.h"

static char *file_of(const struct authority *a, bool delta)
{
	return path_join(authority_folder(a), delta ? CRL_DELTA_FILE : CRL_FILE);
}

static bool ends_in_pem(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, CRL_PEM_SUFFIX) == 0;
}

static void unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

/* --- what the files tell ---------------------------------------------------------------------- */

struct found {
	struct file_map map;
	struct bytes owned;
	struct crl_view view;
	bool there;
};

static void forget(struct found *f)
{
	bytes_free(&f->owned);
	file_map_close(&f->map);
}

/* A CRL that this CA's key signed, or none. */
static enum status look(const struct authority *a, const char *path, struct found *f,
			struct error *e)
{
	enum status s;

	*f = (struct found){.there = false};
	if (!file_exists(path))
		return STATUS_OK;
	s = crl_open(path, &f->map, &f->owned, &f->view, e);
	if (s == STATUS_OK)
		s = crl_verify(&f->view, X509_get0_pubkey(authority_certificate(a)), e);
	if (s == STATUS_OK) {
		f->there = true;
		return STATUS_OK;
	}
	error_at(e, path);
	forget(f);
	if (s == STATUS_INPUT || s == STATUS_REFUSED)
		s = error_set(e, STATUS_EXISTS, path, "look what it is, and move it away",
			      "is there and is no CRL of this CA");
	return s;
}

static enum status count_entry(void *context, const struct store_revoked *r, struct error *e)
{
	(void)r;
	(void)e;
	++*(int64_t *)context;
	return STATUS_OK;
}

static enum status facts_of(const struct found *f, struct store_crl *crl, struct error *e)
{
	*crl = (struct store_crl){.number = f->view.number,
				  .base = f->view.base,
				  .this_update = f->view.this_update,
				  .next_update = f->view.next_update,
				  .size = (int64_t)f->view.der.len};
	if (sha256(f->view.der, crl->sha256, e) != STATUS_OK)
		return error_status(e);
	return crl_each_entry(&f->view, count_entry, &crl->entries, e);
}

/* --- what a cut-off run left ------------------------------------------------------------------ */

static enum status settle_one(const struct authority *a, const struct store_crl *row, int64_t now,
			      struct crl_made *made, struct error *e)
{
	bool delta = row->base != STORE_NO_CRL;
	char *path = file_of(a, delta), *pem = NULL;
	struct found f = {.there = false};
	struct store_crl crl;
	enum status s = path ? look(a, path, &f, e) : error_memory(e);

	if (s == STATUS_OK && f.there && f.view.number == row->number) {
		s = facts_of(&f, &crl, e);
		if (s == STATUS_OK && asprintf(&pem, "%s" CRL_PEM_SUFFIX, path) < 0) {
			pem = NULL;
			s = error_memory(e);
		}
		if (s == STATUS_OK)
			s = crl_write_pem(f.view.der, pem, e);
		if (s == STATUS_OK)
			s = store_crl_publish(authority_store(a), &crl, now, e);
		made->recovered = row->number;
	} else if (s == STATUS_OK) {
		s = store_crl_fail(authority_store(a), row->number,
				   "the run was cut off before the file was there", now, e);
		made->given_up = row->number;
	}
	forget(&f);
	free(path);
	free(pem);
	return s;
}

/* The caller holds the folder's lock: nobody else is making one now. */
static enum status settle(const struct authority *a, int64_t now, struct crl_made *made,
			  struct error *e)
{
	struct store_crl row;
	struct error none;
	enum status s;

	made->recovered = made->given_up = STORE_NO_CRL;
	for (;;) {
		s = store_crl_last(authority_store(a), CRL_RESERVED, false, &row, &none);
		if (s == STATUS_NOT_FOUND)
			return STATUS_OK;
		if (s != STATUS_OK) {
			*e = none;
			return s;
		}
		s = settle_one(a, &row, now, made, e);
		if (s != STATUS_OK)
			return s;
	}
}

/* --- the store against the files -------------------------------------------------------------- */

static enum status refuse_newer(const char *path, const struct crl_view *v, int64_t last,
				struct error *e)
{
	return error_set(e, STATUS_REFUSED, path,
			 "the store is older than this CRL: restore the newer store; where it is "
			 "lost, 'subca crl --past FILE' counts on from it",
			 "has CRL number %lld, but the store's last is %lld", (long long)v->number,
			 (long long)last);
}

static enum status expect_known(const struct authority *a, const char *path, struct error *e)
{
	struct found f;
	struct store_crl row;
	struct error none;
	unsigned char digest[SHA256_SIZE];
	int64_t last = 0;
	enum status s = look(a, path, &f, e);

	if (s != STATUS_OK || !f.there)
		return s;
	s = store_crl_last(authority_store(a), CRL_ANY, false, &row, &none);
	if (s == STATUS_OK)
		last = row.number;
	if (s != STATUS_OK && s != STATUS_NOT_FOUND)
		*e = none;
	else if (f.view.number > last)
		s = refuse_newer(path, &f.view, last, e);
	else if ((s = store_crl_find(authority_store(a), f.view.number, &row, &none)) == STATUS_OK)
		s = sha256(f.view.der, digest, e);
	if (s == STATUS_NOT_FOUND)
		s = STATUS_OK; /* from before this store began to count */
	else if (s == STATUS_OK && row.size && memcmp(digest, row.sha256, SHA256_SIZE) != 0)
		s = error_set(e, STATUS_REFUSED, path,
			      "two stores of this CA were in use: find the other; then 'subca crl "
			      "--check FILE' tells what differs, and the file can be moved away",
			      "is another CRL number %lld than the store's",
			      (long long)f.view.number);
	forget(&f);
	return s;
}

static enum status expect_all_known(const struct authority *a, const struct crl_order *order,
				    struct error *e)
{
	char *complete = file_of(a, false), *delta = file_of(a, true);
	enum status s = complete && delta ? expect_known(a, complete, e) : error_memory(e);

	if (s == STATUS_OK)
		s = expect_known(a, delta, e);
	if (s == STATUS_OK && order->copy)
		s = expect_known(a, order->copy, e);
	free(complete);
	free(delta);
	return s;
}

/* --- may it be made --------------------------------------------------------------------------- */

static enum status expect_issuer(const struct authority *a, const struct crl_order *order,
				 struct error *e)
{
	X509 *issuer = authority_certificate(a);
	int64_t end, start;
	char date[DATETIME_SIZE];

	if (asn1_time_seconds(X509_get0_notAfter(issuer), &end, e) != STATUS_OK ||
	    asn1_time_seconds(X509_get0_notBefore(issuer), &start, e) != STATUS_OK)
		return error_status(e);
	if (order->now > end || order->now < start) {
		datetime_format(order->now > end ? end : start, date);
		return error_set(e, STATUS_REFUSED, authority_folder(a),
				 "renew the CA first, or check this machine's clock",
				 order->now > end ? "the CA's certificate has expired (%s)"
						  : "the CA's certificate is not valid before %s",
				 date);
	}
	if (!(X509_get_key_usage(issuer) & KU_CRL_SIGN))
		return error_set(e, STATUS_REFUSED, authority_folder(a),
				 "reissue the CA's certificate with cRLSign",
				 "the CA's certificate does not allow it to sign CRLs");
	return STATUS_OK;
}

static enum status find_base(const struct authority *a, int64_t now, struct store_crl *base,
			     struct error *e)
{
	struct error why;
	enum status s = store_crl_last(authority_store(a), CRL_PUBLISHED, true, base, &why);

	if (s == STATUS_NOT_FOUND)
		return error_set(e, STATUS_REFUSED, authority_folder(a),
				 "make one with 'subca crl'",
				 "there is no complete CRL for a delta to start from");
	if (s != STATUS_OK) {
		*e = why;
		return s;
	}
	if (base->next_update < now)
		return error_set(e, STATUS_REFUSED, authority_folder(a),
				 "make a complete one with 'subca crl'",
				 "the last complete CRL, number %lld, is past its nextUpdate",
				 (long long)base->number);
	return STATUS_OK;
}

enum status crl_prepare(const struct authority *a, const struct crl_order *order,
			struct crl_made *made, struct error *e)
{
	struct store_crl base;
	int lock = -1;
	enum status s = expect_issuer(a, order, e);

	if (s == STATUS_OK && order->copy && authority_owns(a, order->copy))
		s = error_set(e, STATUS_USAGE, order->copy, "name another file",
			      "is a file of the CA itself");
	if (s == STATUS_OK)
		s = folder_lock(authority_folder(a), &lock, e);
	if (s == STATUS_OK)
		s = settle(a, order->now, made, e);
	unlock(lock);
	if (s == STATUS_OK)
		s = expect_all_known(a, order, e);
	if (s == STATUS_OK && order->delta)
		s = find_base(a, order->now, &base, e);
	return s;
}

/* --- making it -------------------------------------------------------------------------------- */

static enum status plan_times(const struct authority *a, const struct crl_order *order,
			      struct crl_made *made, struct error *e)
{
	int64_t end;

	if (asn1_time_seconds(X509_get0_notAfter(authority_certificate(a)), &end, e) != STATUS_OK)
		return error_status(e);
	made->crl.this_update = order->now;
	made->crl.next_update = order->now + order->days * SECONDS_PER_DAY;
	made->shortened = made->crl.next_update > end;
	if (made->shortened)
		made->crl.next_update = end;
	return STATUS_OK;
}

/* An expired entry goes once it was in a complete CRL made after it expired (RFC 5280 3.3). */
static enum status plan_entries(const struct authority *a, const struct crl_order *order,
				struct crl_plan *plan, struct error *e)
{
	struct store_crl last;
	struct error why;
	enum status s = store_crl_last(authority_store(a), CRL_PUBLISHED, true, &last, &why);

	if (s == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (s != STATUS_OK) {
		*e = why;
		return s;
	}
	plan->filter.expired_before = last.this_update;
	plan->filter.expired_seq = last.reflects;
	if (order->delta) {
		plan->filter.since_seq = last.reflects;
		plan->crl.base = last.number;
	}
	return STATUS_OK;
}

static enum status put_pem(const char *path, struct span der, struct error *e)
{
	char *pem;
	enum status s;

	if (asprintf(&pem, "%s" CRL_PEM_SUFFIX, path) < 0)
		return error_memory(e);
	s = crl_write_pem(der, pem, e);
	free(pem);
	return s;
}

static enum status put_copy(const char *path, struct span der, struct error *e)
{
	struct file_stream *f = NULL;
	enum status s;

	if (ends_in_pem(path))
		return crl_write_pem(der, path, e);
	s = file_stream_begin(path, &f, e);
	if (s == STATUS_OK)
		s = file_stream_write(f, der, e);
	if (s == STATUS_OK)
		s = file_stream_publish(f, 0644, e);
	file_stream_free(f);
	return s;
}

/* The DER in the CA's folder first: it is what a later run believes. */
static enum status publish(const struct authority *a, const struct crl_order *order,
			   const char *path, struct file_stream *whole, const struct store_crl *crl,
			   struct error *e)
{
	struct file_map map = {.at = NULL};
	enum status s = file_stream_publish(whole, 0644, e);

	if (s == STATUS_OK)
		s = file_map_open(path, CRL_FILE_MAX, &map, e);
	if (s == STATUS_OK)
		s = put_pem(path, map.content, e);
	if (s == STATUS_OK)
		s = store_crl_publish(authority_store(a), crl, order->now, e);
	if (s == STATUS_OK && order->copy) {
		s = put_copy(order->copy, map.content, e);
		if (s != STATUS_OK)
			snprintf(e->todo, sizeof e->todo,
				 "the CRL is published as %.200s: copy it from there", path);
	}
	file_map_close(&map);
	return s;
}

static enum status make(const struct authority *a, const struct crl_order *order,
			struct signer *signer, struct crl_made *made, struct findings *findings,
			struct error *e)
{
	struct crl_plan plan = {.authority = a, .crl = {.base = STORE_NO_CRL}};
	struct file_stream *whole = NULL;
	char *path = file_of(a, order->delta);
	struct error ignored;
	enum status s = path ? plan_entries(a, order, &plan, e) : error_memory(e);

	made->crl.base = plan.crl.base;
	if (s == STATUS_OK)
		s = store_crl_reserve(authority_store(a), &made->crl, order->now, e);
	if (s != STATUS_OK) {
		free(path);
		return s;
	}
	plan.crl = made->crl;
	plan.path = path;
	s = crl_write(&plan, signer, &whole, &made->crl, findings, e);
	if (s != STATUS_OK) {
		/* Its number stays spent either way; what is left reserved is settled next time. */
		if (store_crl_fail(authority_store(a), made->crl.number, e->what, order->now,
				   &ignored) != STATUS_OK)
			ignored.status = STATUS_OK;
	} else {
		s = publish(a, order, path, whole, &made->crl, e);
	}
	file_stream_free(whole);
	free(path);
	return s;
}

enum status crl_make(const struct authority *a, const struct crl_order *order,
		     struct signer *signer, struct crl_made *made, struct findings *findings,
		     struct error *e)
{
	int lock = -1;
	enum status s = plan_times(a, order, made, e);

	if (s == STATUS_OK)
		s = signer_ready(signer, e);
	if (s == STATUS_OK)
		s = folder_lock(authority_folder(a), &lock, e);
	if (s == STATUS_OK)
		s = make(a, order, signer, made, findings, e);
	unlock(lock);
	return s;
}

enum status crl_take_number(const struct authority *a, const char *file, int64_t now,
			    struct store_crl *taken, struct error *e)
{
	struct found f = {.there = false};
	enum status s = crl_open(file, &f.map, &f.owned, &f.view, e);

	if (s == STATUS_OK)
		s = crl_verify(&f.view, X509_get0_pubkey(authority_certificate(a)), e);
	if (s == STATUS_OK && f.view.number == STORE_NO_CRL)
		s = error_set(e, STATUS_INPUT, NULL, NULL, "has no CRL number");
	if (s == STATUS_OK)
		s = facts_of(&f, taken, e);
	if (s == STATUS_OK) {
		snprintf(taken->origin, sizeof taken->origin, "crl-file");
		s = store_crl_adopt(authority_store(a), taken, now, e);
	}
	if (s != STATUS_OK)
		error_at(e, file);
	forget(&f);
	return s;
}
