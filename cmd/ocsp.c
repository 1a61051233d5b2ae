/* subca ocsp: responses signed ahead, for any static web server. */
#include <inttypes.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "ca/ocsp.h"
#include "ca/pem.h"
#include "cmd/command.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/serial.h"

static const struct option_spec options[] = {
	{.name = "output",
	 .letter = 'o',
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "the web server's folder; made where it is not there"},
	{.name = "days",
	 .argument = "N",
	 .help = "until nextUpdate; 90 else. Never beyond the signer's own end"},
	{.name = "responder",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the certificate of a delegated responder, of profile ocsp; the CA's key signs else"},
	{.name = "responder-key",
	 .argument = "KEY",
	 .complete = COMPLETE_FILE,
	 .help = "its key: a file, or a pkcs11: URI. The passphrase or PIN asked for is this key's"},
	{.name = "sha256",
	 .help = "also answer requests whose CertID is of SHA-256; twice the signatures"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

struct answering {
	struct invocation *in;
	struct authority *authority;
	struct signer *signer;
	struct ocsp_order order;
	struct ocsp_made made;
	json_t *responses;
};

static enum status read_order(struct answering *x, struct error *e)
{
	const struct options *o = &x->in->options;
	int64_t days = OCSP_DAYS;

	if (options_number(o, "days", 1, OCSP_DAYS_MAX, &days, e) != STATUS_OK ||
	    datetime_now(&x->order.now, e) != STATUS_OK)
		return error_status(e);
	x->order.days = (int)days;
	x->order.sha256 = options_given(o, "sha256");
	x->order.folder = options_value(o, "output");
	if (!x->order.folder)
		return error_set(e, STATUS_USAGE, NULL, "say -o DIR",
				 "the folder for the responses is not given");
	if (options_given(o, "responder") != options_given(o, "responder-key"))
		return error_set(e, STATUS_USAGE, NULL, "give both, or neither",
				 "--responder and --responder-key belong together");
	return STATUS_OK;
}

static enum status read_responder(struct answering *x, struct error *e)
{
	const char *file = options_value(&x->in->options, "responder");
	struct bytes content = {0}, der = {0};
	const unsigned char *at;
	size_t count = 0;
	enum status s;

	if (!file)
		return STATUS_OK;
	s = file_read(file, PEM_FILE_MAX, &content, e);
	if (s == STATUS_OK)
		s = pem_read_certificates(span_of(&content), &der, 1, &count, e);
	at = der.data;
	if (s == STATUS_OK && !(x->order.responder = d2i_X509(NULL, &at, (long)der.len)))
		s = error_openssl(e, STATUS_INPUT, NULL, NULL, "is no certificate");
	if (s == STATUS_OK)
		s = ocsp_expect_responder(x->authority, x->order.responder, x->order.now, e);
	if (s != STATUS_OK)
		error_at(e, file);
	bytes_free(&content);
	bytes_free(&der);
	return s;
}

static enum status open_signer(struct answering *x, struct error *e)
{
	const char *name = options_value(&x->in->options, "responder-key");
	struct signer_need need;
	struct secret *secret = NULL;
	EVP_PKEY *key;
	enum status s;

	if (!name)
		return key_open(&x->in->options, x->authority, &x->signer, e);
	key = X509_get0_pubkey(x->order.responder);
	s = signer_needs(name, &need, e);
	if (s == STATUS_OK)
		s = key_secret(&x->in->options, &need, &secret, e);
	if (s == STATUS_OK)
		s = signer_open(name, secret, key, &x->signer, e);
	if (s == STATUS_OK)
		s = signer_prove(x->signer, key, e);
	secret_free(secret);
	return s;
}

static enum status note_response(void *context, const struct ocsp_response *r, struct error *e)
{
	struct answering *x = context;
	char serial[SERIAL_TEXT];
	json_t *item;

	if (!x->responses)
		return STATUS_OK;
	hex_encode(r->serial, serial);
	item = json_pack("{s:s, s:s, s:s, s:s}", "serial", serial, "status",
			 ocsp_status_name(r->status), "file", r->file, "get", r->get);
	return json_array_append_new(x->responses, item) == 0 ? STATUS_OK : error_memory(e);
}

static enum status make_each(struct answering *x, struct error *e)
{
	const struct options *o = &x->in->options;
	enum status s = STATUS_OK;

	if (o->operand_count == 0)
		return ocsp_make(x->authority, &x->order, x->signer, note_response, x, &x->made, e);
	for (size_t i = 0; i < o->operand_count && s == STATUS_OK; i++) {
		char digits[SERIAL_TEXT];
		struct bytes serial = {0};

		if (!serial_read(o->operands[i], digits) || strlen(digits) % 2)
			s = error_set(e, STATUS_USAGE, o->operands[i],
				      "write the whole serial, in hexadecimal",
				      "is no serial number");
		else
			s = hex_decode(digits, &serial, e);
		if (s == STATUS_OK)
			s = ocsp_make_one(x->authority, &x->order, x->signer, span_of(&serial),
					  note_response, x, &x->made, e);
		bytes_free(&serial);
	}
	return s;
}

static enum status report(struct answering *x, struct error *e)
{
	char until[DATETIME_SIZE];
	json_t *responses = x->responses;

	datetime_format(x->made.next_update, until);
	if (x->in->output.json) {
		x->responses = NULL;
		return output_json(&x->in->output, "ocsp",
				   json_pack("{s:o, s:s, s:b, s:I, s:I, s:I, s:o}", "folder",
					     output_json_text(x->order.folder), "next_update",
					     until, "shortened", x->made.shortened, "good",
					     (json_int_t)x->made.good, "revoked",
					     (json_int_t)x->made.revoked, "unknown",
					     (json_int_t)x->made.unknown, "responses", responses),
				   e);
	}
	if (x->in->output.quiet)
		return STATUS_OK;
	printf("%" PRId64 " good, %" PRId64 " revoked, %" PRId64 " unknown\n", x->made.good,
	       x->made.revoked, x->made.unknown);
	layout_field("nextUpdate", until);
	if (x->made.shortened)
		layout_field("shortened", "nextUpdate is the signer's own end");
	layout_field("written to", x->order.folder);
	return output_check(e);
}

static enum status run(struct invocation *in, struct error *e)
{
	struct answering x = {.in = in};
	enum status s = read_order(&x, e);

	if (s == STATUS_OK && in->output.json && !(x.responses = json_array()))
		s = error_memory(e);
	if (s == STATUS_OK)
		s = authority_open(in->directory, STORE_WRITE, &x.authority, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(x.authority), x.order.now,
				options_given(&in->options, "clock-ok"), e);
	if (s == STATUS_OK)
		s = read_responder(&x, e);
	if (s == STATUS_OK)
		s = open_signer(&x, e);
	if (s == STATUS_OK)
		s = make_each(&x, e);
	if (s == STATUS_OK)
		s = report(&x, e);
	json_decref(x.responses);
	X509_free(x.order.responder);
	signer_free(x.signer);
	authority_free(x.authority);
	return s;
}

const struct command command_ocsp = {
	.name = "ocsp",
	.usage = "[options] -o DIR [SERIAL…]",
	.summary = "write OCSP responses for a static web server",
	.about =
		"Signs an OCSP response for every certificate of the CA that is not expired, or for each "
		"SERIAL, and writes it twice below DIR: as SERIAL.ocsp, for stapling, and under the name "
		"that a client's GET asks for, so that any web server with static files answers. Good is "
		"only what was issued; a serial that was not is unknown, and what has no file gets "
		"unauthorized.ocsp, the web server's page for 404.\n\n"
		"The key of a delegated responder signs, or the CA's own. Run it again before "
		"nextUpdate, and after each revocation.\n\n"
		"Example: subca ocsp -C root -o /srv/www/ocsp --responder o.pem --responder-key o.key",
	.least = 0,
	.most = 1000,
	.operands = {{.name = "SERIAL"}},
	.options = {options, options_passphrase},
	.run = run,
};
