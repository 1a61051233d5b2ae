#include "ca/ocsp.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/ocsp_response.h"
#include "ca/plan.h"

const char *ocsp_status_name(enum ocsp_status status)
{
	static const char *const names[] = {"good", "revoked", "unknown"};

	return names[status];
}

/* --- who may sign ----------------------------------------------------------------------------- */

struct standing {
	X509 *certificate;
	enum cert_state state;
};

static enum status take_standing(void *context, const struct store_row *row, struct error *e)
{
	struct standing *st = context;
	const unsigned char *at = row->der.data;
	X509 *issued = row->der.len ? d2i_X509(NULL, &at, (long)row->der.len) : NULL;

	(void)e;
	st->state = issued && X509_cmp(issued, st->certificate) == 0 ? row->state : CERT_ANY;
	X509_free(issued);
	return STATUS_OK;
}

static enum status expect_purpose(X509 *certificate, struct error *e)
{
	if (X509_check_purpose(certificate, -1, 0) != 1 ||
	    !(X509_get_extended_key_usage(certificate) & XKU_OCSP_SIGN) ||
	    X509_get_extended_key_usage(certificate) == UINT32_MAX ||
	    !(X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE))
		return error_set(e, STATUS_REFUSED, NULL,
				 "sign a request of its own with --profile ocsp",
				 "is not a certificate for OCSPSigning");
	return STATUS_OK;
}

enum status ocsp_expect_responder(const struct authority *a, X509 *certificate, int64_t now,
				  struct error *e)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	struct standing st = {.certificate = certificate, .state = CERT_ANY};
	int64_t from, until;
	enum status s = expect_purpose(certificate, e);

	/* RFC 6960 4.2.2.2: issued directly by the CA that it answers for. */
	if (s == STATUS_OK)
		s = store_find(authority_store(a),
			       (struct span){ASN1_STRING_get0_data(serial),
					     (size_t)ASN1_STRING_length(serial)},
			       take_standing, &st, e);
	if (s == STATUS_INTERNAL || s == STATUS_NOT_FOUND || (s == STATUS_OK && !st.state))
		return error_set(e, STATUS_NOT_FOUND, NULL, "name one that this CA issued",
				 "was not issued by this CA");
	if (s == STATUS_OK && st.state != CERT_ISSUED)
		return error_set(e, STATUS_REFUSED, NULL, "issue another one", "is revoked");
	if (s == STATUS_OK)
		s = asn1_time_seconds(X509_get0_notBefore(certificate), &from, e);
	if (s == STATUS_OK)
		s = asn1_time_seconds(X509_get0_notAfter(certificate), &until, e);
	if (s == STATUS_OK && (now < from || now > until))
		s = error_set(e, STATUS_REFUSED, NULL, "issue another one",
			      "is not valid at this time");
	return s;
}

/* --- the files -------------------------------------------------------------------------------- */

struct making {
	const struct authority *authority;
	const struct ocsp_order *order;
	struct ocsp_frame frame;
	ocsp_visit *visit;
	void *context;
	struct ocsp_made *made;
};

/* "/" in base64 is a folder: servers decode %2F before they look for a file. */
static enum status make_folders(const char *folder, const char *name, struct error *e)
{
	for (const char *at = strchr(name, '/'); at; at = strchr(at + 1, '/')) {
		struct text path = {0};
		enum status s;

		text_printf(&path, "%s/%.*s", folder, (int)(at - name), name);
		s = text_check(&path, e);
		if (s == STATUS_OK && !file_exists(text_get(&path)))
			s = folder_make(text_get(&path), 0755, e);
		text_free(&path);
		if (s != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

static enum status write_in(const struct making *m, const char *name, struct span content,
			    struct error *e)
{
	char *path = path_join(m->order->folder, name);
	enum status s = path ? make_folders(m->order->folder, name, e) : error_memory(e);

	if (s == STATUS_OK)
		s = file_publish(path, content, 0644, FILE_REPLACE, e);
	free(path);
	return s;
}

static enum status answer_with(const struct making *m, const struct ocsp_answer *answer,
			       const EVP_MD *digest, const char *file, struct text *get,
			       struct error *e)
{
	struct bytes der = {0};
	enum status s = ocsp_get_name(&m->frame, answer->serial, digest, get, e);

	/* One in 64 ends in "/", a folder: servers look for its index. */
	if (s == STATUS_OK && get->data[get->len - 1] == '/') {
		text_add(get, OCSP_INDEX_FILE);
		s = text_check(get, e);
	}
	if (s == STATUS_OK)
		s = ocsp_sign(&m->frame, answer, digest, &der, e);
	if (s == STATUS_OK)
		s = write_in(m, text_get(get), span_of(&der), e);
	if (s == STATUS_OK && file)
		s = write_in(m, file, span_of(&der), e);
	bytes_free(&der);
	return s;
}

static enum status answer(struct making *m, const struct ocsp_answer *x, struct error *e)
{
	static const enum ocsp_status statuses[] = {
		[V_OCSP_CERTSTATUS_GOOD] = OCSP_GOOD,
		[V_OCSP_CERTSTATUS_REVOKED] = OCSP_REVOKED,
		[V_OCSP_CERTSTATUS_UNKNOWN] = OCSP_UNKNOWN,
	};
	int64_t *const counts[] = {&m->made->good, &m->made->revoked, &m->made->unknown};
	struct ocsp_response r = {.serial = x->serial, .status = statuses[x->status]};
	struct text get = {0}, other = {0};
	char file[2 * SERIAL_MAX + sizeof OCSP_SUFFIX];
	enum status s;

	hex_encode(x->serial, file);
	strcat(file, OCSP_SUFFIX);
	s = answer_with(m, x, EVP_sha1(), file, &get, e);
	if (s == STATUS_OK && m->order->sha256)
		s = answer_with(m, x, EVP_sha256(), NULL, &other, e);
	if (s == STATUS_OK) {
		r.file = file;
		r.get = text_get(&get);
		++*counts[r.status];
		s = m->visit(m->context, &r, e);
	}
	text_free(&get);
	text_free(&other);
	return s;
}

/* What was only begun is nobody's certificate. */
static enum status answer_row(void *context, const struct store_row *row, struct error *e)
{
	struct ocsp_answer x = {
		.serial = row->intent.serial,
		.status = row->state == CERT_ISSUED    ? V_OCSP_CERTSTATUS_GOOD
			  : row->state == CERT_REVOKED ? V_OCSP_CERTSTATUS_REVOKED
						       : V_OCSP_CERTSTATUS_UNKNOWN,
		.revocation = {.at = row->revoked_at, .reason = row->revocation_reason},
	};

	const struct making *m = context;

	/* Nobody asks about a trust anchor. */
	if (span_equal(row->der, authority_certificate_der(m->authority)))
		return STATUS_OK;
	return answer(context, &x, e);
}

/* --- a run ------------------------------------------------------------------------------------ */

static enum status plan_times(struct making *m, struct error *e)
{
	const struct ocsp_order *order = m->order;
	X509 *signer = order->responder ? order->responder : m->frame.issuer;
	int64_t end, from;

	if (asn1_time_seconds(X509_get0_notAfter(signer), &end, e) != STATUS_OK ||
	    asn1_time_seconds(X509_get0_notBefore(signer), &from, e) != STATUS_OK)
		return error_status(e);
	if (order->now > end || order->now < from)
		return error_set(e, STATUS_REFUSED, authority_folder(m->authority),
				 "renew it first, or check this machine's clock",
				 "the certificate that signs is not valid at this time");
	m->frame.produced_at = order->now;
	m->frame.next_update = order->now + order->days * SECONDS_PER_DAY;
	m->made->shortened = m->frame.next_update > end;
	if (m->made->shortened)
		m->frame.next_update = end;
	m->made->next_update = m->frame.next_update;
	return STATUS_OK;
}

static enum status begin(struct making *m, struct error *e)
{
	struct bytes der = {0};
	enum status s = plan_times(m, e);

	if (s == STATUS_OK && !file_exists(m->order->folder))
		s = folder_make(m->order->folder, 0755, e);
	if (s == STATUS_OK)
		s = ocsp_unauthorized(&der, e);
	if (s == STATUS_OK)
		s = write_in(m, OCSP_UNAUTHORIZED_FILE, span_of(&der), e);
	bytes_free(&der);
	return s;
}

static struct making making_of(const struct authority *a, const struct ocsp_order *order,
			       struct signer *signer, ocsp_visit *visit, void *context,
			       struct ocsp_made *made)
{
	return (struct making){
		.authority = a,
		.order = order,
		.frame = {.issuer = authority_certificate(a),
			  .responder = order->responder,
			  .signer = signer},
		.visit = visit,
		.context = context,
		.made = made,
	};
}

static enum status note(const struct making *m, struct error *e)
{
	char until[DATETIME_SIZE], detail[128];

	datetime_format(m->made->next_update, until);
	snprintf(detail, sizeof detail, "%lld good, %lld revoked, %lld unknown until %s",
		 (long long)m->made->good, (long long)m->made->revoked, (long long)m->made->unknown,
		 until);
	return journal_note(authority_store(m->authority), "ocsp", detail, m->order->now, e);
}

enum status ocsp_make(const struct authority *a, const struct ocsp_order *order,
		      struct signer *signer, ocsp_visit *visit, void *context,
		      struct ocsp_made *made, struct error *e)
{
	struct making m = making_of(a, order, signer, visit, context, made);
	const struct store_filter alive = {.after = order->now};
	enum status s = begin(&m, e);

	if (s == STATUS_OK)
		s = store_each(authority_store(a), &alive, answer_row, &m, e);
	return s == STATUS_OK ? note(&m, e) : s;
}

enum status ocsp_make_one(const struct authority *a, const struct ocsp_order *order,
			  struct signer *signer, struct span serial, ocsp_visit *visit,
			  void *context, struct ocsp_made *made, struct error *e)
{
	struct making m = making_of(a, order, signer, visit, context, made);
	const struct ocsp_answer unknown = {.serial = serial, .status = V_OCSP_CERTSTATUS_UNKNOWN};
	struct error why;
	enum status s = begin(&m, e);

	if (s != STATUS_OK)
		return s;
	s = store_find(authority_store(a), serial, answer_row, &m, &why);
	if (s == STATUS_NOT_FOUND)
		s = answer(&m, &unknown, e);
	else if (s != STATUS_OK)
		*e = why;
	return s == STATUS_OK ? note(&m, e) : s;
}
