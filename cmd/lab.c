/* subca lab: a root, the portals' requests, and everything below them, to try things out with. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/datetime.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/lab_token.h"
#include "cmd/self.h"
#include "trust/bundle.h"
#include "trust/portal.h"
#include "trust/run.h"

#define KEY_TYPE "rsa:3072"
#define MARK "lab.txt"
#define SUBJECT "O=Lab,CN=Lab Root CA"
#define FIRST_SITE "www.example.com"
#define CLIENT "laptop.example.com"

static const struct option_spec options[] = {
	{.name = "key",
	 .argument = "TYPE|URI",
	 .help = "the root's key, as for init: a type, or where in a token; rsa:3072 else"},
	{.name = "token",
	 .help = "the root's key lives on a SoftHSM2 token of the lab's own, in its folder"},
	{.name = "site",
	 .argument = "HOST",
	 .repeatable = true,
	 .help = "mint a certificate for this site, also in a lab that is there; " FIRST_SITE
		 " else"},
	{.name = "destroy", .help = "remove the lab with all its keys"},
	{0},
};

/* Everything there is when it is done, relative to the lab. */
static const struct {
	const char *file, *what;
} contents[] = {
	{"root", "the root: use it as -C DIR/root"},
	{"root.crl", "its CRL"},
	{"zia.csr", "what ZIA's portal asks for"},
	{"zia.pem", "signed, as it is uploaded"},
	{"zia-chain.pem", "its chain"},
	{"zpa-client.csr", "what ZPA's portal asks for: Client Connector"},
	{"zpa-client.pem", "signed"},
	{"zpa-connector.csr", "App Connector"},
	{"zpa-connector.pem", "signed"},
	{"portal", "the keys the portals keep, and ZIA's weekly CA"},
	{"sites", "site certificates below the weekly CA, each with its chain and key"},
	{"clients", "a client certificate below ZPA's"},
	{"ca-bundle.pem", "the public roots and this one, for tools to trust"},
};

/* A path in the lab; kept until the command ends, so that it can be written where it is used. */
struct paths {
	const char *folder;
	char *list[64];
	size_t count;
	char *token;	 /* the URI of the root's key on a token of the lab's own; NULL: none */
	const char *pin; /* the file with its PIN; NULL: none */
	bool failed;
};

static const char *in_lab(struct paths *p, const char *name)
{
	char *path = p->count < sizeof p->list / sizeof p->list[0] ? path_join(p->folder, name)
								   : NULL;

	if (!path) {
		p->failed = true;
		return "";
	}
	p->list[p->count++] = path;
	return path;
}

static void paths_free(struct paths *p)
{
	while (p->count)
		free(p->list[--p->count]);
	free(p->token);
}

/* Runs a command of subca: a lab is what people would type. */
static enum status type(const char *const *words, struct error *e)
{
	int status = 0;

	if (self_run(words, &status, e) != STATUS_OK)
		return error_status(e);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, words[1], "see what it said above",
			 "the lab cannot be made");
}

static enum status make_root(const struct invocation *in, struct paths *p, struct error *e)
{
	const char *key = options_value(&in->options, "key");
	const char *kind = key ? key : KEY_TYPE;
	bool elsewhere = key && strncmp(key, "pkcs11:", 7) == 0;
	const char *const in_token[] = {"subca",      "init",  in_lab(p, "root"), "--quiet",
					"--subject",  SUBJECT, "--key",		  p->token,
					"--key-type", kind,    "--pin-file",	  p->pin,
					NULL};
	const char *const in_file[] = {"subca",	  "init",      in_lab(p, "root"),
				       "--quiet", "--subject", SUBJECT,
				       "--key",	  kind,	       elsewhere ? NULL : "--no-passphrase",
				       NULL};

	return type(p->token ? in_token : in_file, e);
}

static enum status sign(struct paths *p, const char *profile, const char *name, struct error *e)
{
	char csr[64], pem[64], chain[64];

	snprintf(csr, sizeof csr, "%s.csr", name);
	snprintf(pem, sizeof pem, "%s.pem", name);
	snprintf(chain, sizeof chain, "%s-chain.pem", name);
	const char *const words[] = {"subca",	     "sign",
				     "-C",	     in_lab(p, "root"),
				     "--profile",    profile,
				     "--yes",	     "--quiet",
				     "-o",	     in_lab(p, pem),
				     "--chain",	     in_lab(p, chain),
				     in_lab(p, csr), p->pin ? "--pin-file" : NULL,
				     p->pin,	     NULL};

	return p->failed ? error_memory(e) : type(words, e);
}

static enum status make_requests(struct paths *p, struct error *e)
{
	static const struct {
		enum portal_kind kind;
		const char *profile, *name, *subject;
	} requests[] = {
		{PORTAL_MAKES_ZIA, "zia", "zia",
		 "C=US,ST=California,L=San Jose,O=Lab,OU=IT,CN=Lab TLS Inspection"},
		{PORTAL_MAKES_ZPA, "zpa", "zpa-client",
		 "O=Zscaler,OU=Private Access,CN=1234567890.zpa-customer.com/Client"},
		{PORTAL_MAKES_ZPA, "zpa", "zpa-connector",
		 "O=Zscaler,OU=Private Access,CN=1234567890.zpa-customer.com/Connector"},
	};
	enum status s = STATUS_OK;

	for (size_t i = 0; i < sizeof requests / sizeof requests[0] && s == STATUS_OK; i++) {
		char key[64], csr[64];

		snprintf(key, sizeof key, "portal/%s.key", requests[i].name);
		snprintf(csr, sizeof csr, "%s.csr", requests[i].name);
		s = portal_request(requests[i].kind, requests[i].subject, in_lab(p, key),
				   in_lab(p, csr), e);
		if (s == STATUS_OK)
			s = sign(p, requests[i].profile, requests[i].name, e);
	}
	return s;
}

static enum status make_leaf(struct paths *p, const char *issuer, const char *issuer_key,
			     const char *chain, const char *folder, const char *name,
			     struct error *e)
{
	struct shadow_ca ca = {0};
	struct text pem = {0}, key = {0};
	int64_t now;
	enum status s = datetime_now(&now, e);

	if (strchr(name, '/') || *name == '.' || !*name)
		return error_set(e, STATUS_USAGE, NULL, "write it like www.example.com",
				 "'%.80s' is no host", name);
	text_printf(&pem, "%s/%s.pem", folder, name);
	text_printf(&key, "%s/%s.key", folder, name);
	if (s == STATUS_OK)
		s = file_expect_absent(in_lab(p, text_get(&pem)), e);
	if (s == STATUS_OK)
		s = portal_load(in_lab(p, issuer), in_lab(p, issuer_key), &ca, e);
	if (s == STATUS_OK)
		s = portal_leaf(&ca, name, now, in_lab(p, chain), in_lab(p, text_get(&pem)),
				in_lab(p, text_get(&key)), e);
	shadow_ca_free(&ca);
	text_free(&pem);
	text_free(&key);
	return s;
}

static enum status make_sites(const struct options *o, struct paths *p, struct error *e)
{
	const char *host = options_value(o, "site");
	enum status s = STATUS_OK;

	if (!host)
		return make_leaf(p, "portal/weekly.pem", "portal/weekly.key", "portal/weekly.pem",
				 "sites", FIRST_SITE, e);
	for (size_t i = 0; s == STATUS_OK && (host = options_value_at(o, "site", i)) != NULL; i++)
		s = make_leaf(p, "portal/weekly.pem", "portal/weekly.key", "portal/weekly.pem",
			      "sites", host, e);
	return s;
}

static enum status make_weekly(struct paths *p, struct error *e)
{
	struct shadow_ca zia = {0};
	int64_t now;
	enum status s = datetime_now(&now, e);

	if (s == STATUS_OK)
		s = portal_load(in_lab(p, "zia.pem"), in_lab(p, "portal/zia.key"), &zia, e);
	if (s == STATUS_OK)
		s = portal_weekly(&zia, now, in_lab(p, "zia-chain.pem"),
				  in_lab(p, "portal/weekly.pem"), in_lab(p, "portal/weekly.key"),
				  e);
	shadow_ca_free(&zia);
	return s;
}

static enum status make_around(struct paths *p, struct error *e)
{
	const char *const crl[] = {"subca",
				   "crl",
				   "-C",
				   in_lab(p, "root"),
				   "--quiet",
				   "-o",
				   in_lab(p, "root.crl"),
				   p->pin ? "--pin-file" : NULL,
				   p->pin,
				   NULL};
	const char *const bundle[] = {"subca",
				      "bundle",
				      "-C",
				      in_lab(p, "root"),
				      "--quiet",
				      "-o",
				      in_lab(p, "ca-bundle.pem"),
				      bundle_system_file() ? NULL : "--no-public",
				      NULL};
	enum status s = type(crl, e);

	return s == STATUS_OK ? type(bundle, e) : s;
}

static enum status make_folders(struct paths *p, struct error *e)
{
	static const char *const folders[] = {"portal", "sites", "clients"};
	static const char mark[] = "A lab of subca: nothing in it is worth keeping.\n"
				   "'subca lab --destroy DIR' removes it.\n";
	enum status s = folder_make(p->folder, 0700, e);

	if (s == STATUS_OK)
		s = file_publish(in_lab(p, MARK), span_text(mark), 0644, FILE_KEEP, e);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0] && s == STATUS_OK; i++)
		s = folder_make(in_lab(p, folders[i]), 0700, e);
	return s;
}

/* What is refused leaves no folder behind; one that was there before is not touched. */
static enum status make(const struct invocation *in, struct paths *p, struct error *e)
{
	enum status s = make_folders(p, e);

	if (s == STATUS_EXISTS)
		return s;
	if (s == STATUS_OK && options_given(&in->options, "token")) {
		p->pin = in_lab(p, LAB_TOKEN_PIN);
		s = lab_token_make(p->folder, &p->token, e);
	}
	if (s == STATUS_OK)
		s = make_root(in, p, e);
	if (s == STATUS_OK)
		s = make_requests(p, e);
	if (s == STATUS_OK)
		s = make_weekly(p, e);
	if (s == STATUS_OK)
		s = make_sites(&in->options, p, e);
	if (s == STATUS_OK)
		s = make_leaf(p, "zpa-client.pem", "portal/zpa-client.key", "zpa-client-chain.pem",
			      "clients", CLIENT, e);
	if (s == STATUS_OK)
		s = make_around(p, e);
	if (s != STATUS_OK && file_exists(in_lab(p, MARK)))
		scratch_remove(strdup(p->folder));
	return s;
}

static enum status report(struct invocation *in, struct paths *p, struct error *e)
{
	json_t *files = json_array();

	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
		(void)!json_array_append_new(
			files, json_pack("{s:o, s:s}", "file",
					 output_json_text(in_lab(p, contents[i].file)), "what",
					 contents[i].what));
	if (in->output.json)
		return output_json(&in->output, "lab",
				   json_pack("{s:o, s:b, s:o}", "folder",
					     output_json_text(p->folder), "token", p->token != NULL,
					     "files", files),
				   e);
	json_decref(files);
	if (in->output.quiet)
		return STATUS_OK;
	printf("Made %s: a lab. Its keys are not encrypted, and worth nothing.\n", p->folder);
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
		printf("  %-18s %s\n", contents[i].file, contents[i].what);
	if (p->token)
		printf("The root's key lives on a token: export SOFTHSM2_CONF=%s, and give\n"
		       "the root's commands --pin-file %s.\n",
		       getenv("SOFTHSM2_CONF"), p->pin);
	return output_check(e);
}

static enum status destroy(struct invocation *in, struct paths *p, struct error *e)
{
	enum status s;

	if (!file_exists(in_lab(p, MARK)))
		return error_set(e, STATUS_NOT_FOUND, p->folder, "name a lab's folder",
				 "is no lab: it has no " MARK);
	s = output_confirm(&in->output, "Remove the lab with all its keys?", e);
	if (s != STATUS_OK)
		return s;
	scratch_remove(strdup(p->folder));
	if (file_exists(p->folder))
		return error_set(e, STATUS_SYSTEM, p->folder, "look at what is left",
				 "could not be removed whole");
	if (in->output.json)
		return output_json(&in->output, "lab",
				   json_pack("{s:o, s:b}", "folder", output_json_text(p->folder),
					     "destroyed", 1),
				   e);
	output_note(&in->output, "removed %s", p->folder);
	return STATUS_OK;
}

static enum status run(struct invocation *in, struct error *e)
{
	struct paths p = {.folder = in->options.operands[0]};
	const char *key = options_value(&in->options, "key");
	bool there = file_exists(in_lab(&p, MARK));
	enum status s;

	if (options_given(&in->options, "token") && key && strncmp(key, "pkcs11:", 7) == 0)
		s = error_set(e, STATUS_USAGE, NULL, "give one of them",
			      "--token makes a token, --key names one");
	else if (options_given(&in->options, "destroy"))
		s = destroy(in, &p, e);
	else if (there && options_given(&in->options, "site"))
		s = make_sites(&in->options, &p, e);
	else
		s = make(in, &p, e);
	if (s == STATUS_OK && !options_given(&in->options, "destroy"))
		s = report(in, &p, e);
	if (s == STATUS_OK && p.failed)
		s = error_memory(e);
	paths_free(&p);
	return s;
}

const struct command command_lab = {
	.name = "lab",
	.usage = "[options] DIR",
	.summary = "make a whole test estate: root, portals, sites, clients",
	.about =
		"Makes DIR with a root CA, requests as ZIA's and ZPA's portals make them (with a "
		"little portal that keeps their keys), their signed intermediates, the weekly "
		"\"(t)\" CA below ZIA's, site certificates below that, a client certificate below "
		"ZPA's, a CRL and a bundle: to try the whole circle out before anything is "
		"signed that counts. Nothing in it is protected.\n\n"
		"With --token the root's key is made on a SoftHSM2 token that the lab brings along.\n\n"
		"With --site, certificates for more sites are minted in a lab that is there. "
		"--destroy removes a lab, and nothing that is none.\n\n"
		"Example: subca lab lab --site www.example.com --site intranet.example.com",
	.least = 1,
	.most = 1,
	.operands = {{"DIR", COMPLETE_DIR, NULL}},
	.options = {options},
	.run = run,
};
