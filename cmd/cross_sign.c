/* subca cross-sign: another root's name and key under this CA. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "ca/pem.h"
#include "ca/renew.h"
#include "cmd/command.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/renewal.h"

static const struct option_spec options[] = {
	{.name = "output",
	 .letter = 'o',
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "the cross-certificate; cross-SERIAL.pem in this folder else"},
	{.name = "profile",
	 .letter = 'p',
	 .argument = "NAME",
	 .complete = COMPLETE_PROFILE,
	 .help = "cross, else; one of this CA's own can limit a root that is not yours"},
	{.name = "days", .argument = "N", .help = "how long; until the earlier of both ends else"},
	{.name = "not-after",
	 .argument = "TIME",
	 .help = "its last second instead, 2031-11-22T23:59:59Z"},
	{.name = "fit", .help = "end with this CA where it would outlive it; always so here"},
	{.name = "force", .help = "overwrite FILE"},
	{.name = "clock-ok",
	 .help = "the clock is right although it is behind the journal; the journal will say so"},
	{0},
};

struct crossing {
	struct invocation *in;
	struct authority *authority, *other; /* other: where the operand is a CA of ours */
	struct renew_order order;
	struct bytes root, certificate;
	struct findings findings;
	struct renew_proof proof;
	char *file;
};

static bool is_folder(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static enum status read_root(struct crossing *x, struct error *e)
{
	const char *operand = x->in->options.operands[0];
	struct bytes content = {0};
	size_t count = 0;
	enum status s;

	if (is_folder(operand)) {
		s = authority_open(operand, STORE_READ, &x->other, e);
		return s == STATUS_OK ? bytes_copy(&x->root, authority_certificate_der(x->other), e)
				      : s;
	}
	s = file_read(operand, PEM_FILE_MAX, &content, e);
	if (s == STATUS_OK && content.len && content.data[0] == 0x30)
		s = bytes_copy(&x->root, span_of(&content), e);
	else if (s == STATUS_OK)
		s = pem_read_certificates(span_of(&content), &x->root, 1, &count, e);
	if (s != STATUS_OK)
		error_at(e, operand);
	bytes_free(&content);
	return s;
}

static enum status choose_file(struct crossing *x, struct error *e)
{
	const char *given = options_value(&x->in->options, "output");
	unsigned char digest[SHA256_SIZE];
	char name[17];

	if (sha256(span_of(&x->root), digest, e) != STATUS_OK)
		return error_status(e);
	hex_encode((struct span){digest, 8}, name);
	if (given ? !(x->file = strdup(given)) : asprintf(&x->file, "cross-%s.pem", name) < 0) {
		x->file = NULL;
		return error_memory(e);
	}
	if (authority_owns(x->authority, x->file))
		return error_set(e, STATUS_USAGE, x->file, "name another file",
				 "is a file of the CA itself");
	if (!options_given(&x->in->options, "force") && file_expect_absent(x->file, e) != STATUS_OK)
		return error_status(e);
	return file_expect_place(x->file, e);
}

static enum status prepare(struct crossing *x, struct error *e)
{
	const struct options *o = &x->in->options;
	struct options_life life = {0};
	enum status s = options_read_life(o, &life, e);

	x->order = (struct renew_order){.days = life.days,
					.not_after = life.not_after,
					.profile = options_value(o, "profile")};
	if (s == STATUS_OK)
		s = datetime_now(&x->order.now, e);
	if (s == STATUS_OK)
		s = authority_open(x->in->directory, STORE_WRITE, &x->authority, e);
	if (s == STATUS_OK)
		s = read_root(x, e);
	if (s == STATUS_OK)
		s = choose_file(x, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(x->authority), x->order.now,
				options_given(o, "clock-ok"), e);
	return s;
}

static enum status write_file(const struct crossing *x, struct error *e)
{
	struct text pem = {0};
	enum status s = pem_add_certificate(&pem, span_of(&x->certificate), e);

	if (s == STATUS_OK)
		s = file_publish(x->file, span_text(text_get(&pem)), 0644,
				 options_given(&x->in->options, "force") ? FILE_REPLACE : FILE_KEEP,
				 e);
	text_free(&pem);
	return s;
}

/* Those that the other root signed, with this CA's root as the only anchor. */
static enum status prove(struct crossing *x, struct error *e)
{
	struct span chain[CHAIN_MAX];
	size_t count = authority_chain(x->authority, chain);

	if (!x->other)
		return STATUS_OK;
	return renew_prove(x->other, chain[count - 1], span_of(&x->certificate), x->order.now,
			   &x->proof, e);
}

static enum status report(struct crossing *x, struct error *e)
{
	struct output *o = &x->in->output;

	if (o->json)
		return output_json(o, "cross-sign",
				   renewal_json(span_of(&x->certificate), x->file,
						x->other ? &x->proof : NULL, &x->findings),
				   e);
	if (o->quiet)
		return STATUS_OK;
	renewal_print(o, span_of(&x->certificate), x->file, x->other ? &x->proof : NULL,
		      &x->findings);
	layout_wrap(stdout, 0, 0,
		    "Whoever trusts this CA accepts what the other root signed, where this "
		    "certificate is in the chain in the place of that root. Whoever trusts the "
		    "other root is not affected.\n");
	return output_check(e);
}

static enum status run(struct invocation *in, struct error *e)
{
	struct crossing x = {.in = in};
	struct signer *signer = NULL;
	enum status s = prepare(&x, e);

	if (s == STATUS_OK)
		s = output_confirm(&in->output,
				   "Sign it? Everything that the other root signs will be "
				   "accepted where this CA is trusted.",
				   e);
	if (s == STATUS_OK)
		s = key_open(&in->options, x.authority, &signer, e);
	if (s == STATUS_OK)
		s = renew_cross_sign(x.authority, span_of(&x.root), &x.order, signer,
				     &x.certificate, &x.findings, e);
	if (s == STATUS_REFUSED)
		output_keep_findings(&in->output, &x.findings);
	if (s == STATUS_OK)
		s = write_file(&x, e);
	if (s == STATUS_OK)
		s = prove(&x, e);
	if (s == STATUS_OK)
		s = report(&x, e);
	if (s == STATUS_OK)
		s = renewal_expect_proved(&x.proof, e);
	signer_free(signer);
	findings_free(&x.findings);
	renew_proof_free(&x.proof);
	bytes_free(&x.root);
	bytes_free(&x.certificate);
	authority_free(x.other);
	authority_free(x.authority);
	free(x.file);
	return s;
}

const struct command command_cross_sign = {
	.name = "cross-sign",
	.usage = "[options] CERT|DIR",
	.summary = "certify another root's name and key under this CA",
	.about =
		"Signs a certificate for the name, the key and the SKI of the root in CERT, or of the "
		"root CA in DIR, so that whoever trusts the CA of -C accepts what that root signed. "
		"The other root's own signature proves that its key is in somebody's hands. With DIR "
		"the certificates that it issued are then held against this CA's root, and each is "
		"shown to have a path.\n\n"
		"A root that is rolled over to a new key needs two: the new one by the old one, for "
		"devices that have the old root only, and the old one by the new one, for those that "
		"have the new one only.\n\n"
		"Example: subca cross-sign -C root-2046 root-2026 -o old-with-new.pem",
	.least = 1,
	.most = 1,
	.operands = {{.name = "CERT|DIR", .complete = COMPLETE_FILE}},
	.options = {options, options_passphrase},
	.run = run,
};
