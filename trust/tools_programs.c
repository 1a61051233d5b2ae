#include "trust/tools.h"

static const struct tool_step openssl_steps[] = {
	{TOOL_UNIX, "one command",
	 "openssl s_client -CAfile \"{bundle}\" -verify_return_error "
	 "-connect www.example.com:443 </dev/null"},
	{TOOL_UNIX, "this shell", "export SSL_CERT_FILE=\"{bundle}\""},
	{TOOL_WINDOWS, "this user", "setx SSL_CERT_FILE \"{bundle}\""},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV SSL_CERT_FILE={bundle}"},
	{0},
};

static const struct tool_client openssl_clients[] = {
	{.label = "openssl s_client",
	 .program = "openssl",
	 .host = TOOL_HOST,
	 .given = "-CAfile",
	 .version = {"version"},
	 .run = {"s_client", "-connect", "127.0.0.1:{port}", "-servername", "{host}",
		 "-verify_hostname", "{host}", "-verify_return_error", "-quiet", "?-CAfile",
		 "?{bundle}"},
	 .input = TOOL_REQUEST},
	{.label = "openssl s_client, strict",
	 .program = "openssl",
	 .host = TOOL_HOST,
	 .given = "-CAfile",
	 .version = {"version"},
	 .run = {"s_client", "-connect", "127.0.0.1:{port}", "-servername", "{host}",
		 "-verify_hostname", "{host}", "-verify_return_error", "-quiet", "-x509_strict",
		 "?-CAfile", "?{bundle}"},
	 .input = TOOL_REQUEST,
	 .rehearsal_only = true,
	 .strict = true},
	{0},
};

static const struct tool_setting openssl_settings[] = {
	OPENSSL_VARIABLES,
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "OPENSSLDIR/cert.pem",
	 .ask = {"openssl", "version", "-d"},
	 .before = "OPENSSLDIR: \"",
	 .below = "cert.pem",
	 .mend = "export SSL_CERT_FILE={bundle}"},
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FOLDER,
	 .name = "OPENSSLDIR/certs",
	 .ask = {"openssl", "version", "-d"},
	 .before = "OPENSSLDIR: \"",
	 .below = "certs"},
	{0},
};

static const struct tool_step curl_steps[] = {
	{TOOL_UNIX, "one command", "curl --cacert \"{bundle}\" https://www.example.com/"},
	{TOOL_UNIX, "this shell", "export CURL_CA_BUNDLE=\"{bundle}\""},
	{TOOL_UNIX, "this user", "printf 'cacert = \"%s\"\\n' \"{bundle}\" >>~/.curlrc"},
	{TOOL_WINDOWS, "this user",
	 "setx CURL_CA_BUNDLE \"{bundle}\"\n"
	 "# curl.exe of Windows itself (Schannel) uses the Windows store: see windows"},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV CURL_CA_BUNDLE={bundle}"},
	{0},
};

static const struct tool_client curl_clients[] = {
	{.label = "curl",
	 .program = "curl",
	 .host = TOOL_HOST,
	 .given = "--cacert",
	 .version = {"--version"},
	 .run = {"-sS", "--max-time", "15", "--resolve", "{host}:{port}:127.0.0.1", "+--noproxy",
		 "+*", "?--cacert", "?{bundle}", "https://{host}:{port}/{path}"}},
	{.label = "curl, environment",
	 .program = "curl",
	 .host = TOOL_HOST,
	 .given = "CURL_CA_BUNDLE",
	 .version = {"--version"},
	 .run = {"-sS", "--max-time", "15", "--resolve", "{host}:{port}:127.0.0.1",
		 "https://{host}:{port}/{path}"},
	 .environment = {"?CURL_CA_BUNDLE={bundle}"},
	 .rehearsal_only = true},
	{0},
};

#define CURLRC(slot, key)                                         \
	LINE(slot, key, "$CURL_HOME/.curlrc", NULL),              \
		LINE(slot, key, "$XDG_CONFIG_HOME/curlrc", NULL), \
		LINE(slot, key, "~/.curlrc", NULL)

static const struct tool_setting curl_settings[] = {
	CURLRC(SLOT_FILE, "cacert"),
	VARIABLE(SLOT_FILE, "CURL_CA_BUNDLE"),
	VARIABLE(SLOT_FILE, "SSL_CERT_FILE"),
	SYSTEM_FILE,
	CURLRC(SLOT_FOLDER, "capath"),
	VARIABLE(SLOT_FOLDER, "SSL_CERT_DIR"),
	SYSTEM_FOLDER,
	CURLRC(SLOT_OFF, "insecure"),
	{0},
};

static const struct tool_step wget_steps[] = {
	{TOOL_UNIX, "one command", "wget --ca-certificate=\"{bundle}\" https://www.example.com/"},
	{TOOL_UNIX, "this user", "printf 'ca_certificate = %s\\n' \"{bundle}\" >>~/.wgetrc"},
	{TOOL_WINDOWS, "this user",
	 "Add-Content \"$env:USERPROFILE\\.wgetrc\" 'ca_certificate = {bundle}'\n"
	 "setx WGETRC \"$env:USERPROFILE\\.wgetrc\""},
	{TOOL_DOCKERFILE, "the image",
	 "COPY ca-bundle.pem {bundle}\n"
	 "RUN echo 'ca_certificate = {bundle}' >>/etc/wgetrc"},
	{0},
};

static const struct tool_client wget_clients[] = {
	{.label = "wget",
	 .program = "wget",
	 .given = "--ca-certificate",
	 .version = {"--version"},
	 .run = {"-nv", "--tries=1", "--timeout=15", "--no-proxy", "--no-hsts", "-O", "-",
		 "?--ca-certificate={bundle}", "https://{host}:{port}/{path}"}},
	{0},
};

#define WGETRC(slot, key)                                                     \
	LINE(slot, key, "$WGETRC", NULL), LINE(slot, key, "~/.wgetrc", NULL), \
		LINE(slot, key, "/etc/wgetrc", NULL)
#define WGETRC_OFF(path)                                                              \
	{                                                                             \
		.source = SOURCE_LINE, .slot = SLOT_OFF, .name = "check_certificate", \
		.file = (path), .when = "off no 0 quiet"                              \
	}

static const struct tool_setting wget_settings[] = {
	WGETRC(SLOT_FILE, "ca_certificate"),
	SYSTEM_FILE,
	WGETRC(SLOT_FOLDER, "ca_directory"),
	SYSTEM_FOLDER,
	WGETRC_OFF("$WGETRC"),
	WGETRC_OFF("~/.wgetrc"),
	WGETRC_OFF("/etc/wgetrc"),
	{0},
};

static const struct tool_step git_steps[] = {
	{TOOL_UNIX | TOOL_WINDOWS, "this user", "git config --global http.sslCAInfo \"{bundle}\""},
	{TOOL_UNIX | TOOL_WINDOWS, "one host",
	 "git config --global http.\"https://git.example.com\".sslCAInfo \"{bundle}\""},
	{TOOL_UNIX, "this shell", "export GIT_SSL_CAINFO=\"{bundle}\""},
	{TOOL_WINDOWS, "this user, from the Windows store instead",
	 "git config --global http.sslBackend schannel"},
	{TOOL_DOCKERFILE, "the image",
	 "COPY ca-bundle.pem {bundle}\nRUN git config --system http.sslCAInfo {bundle}"},
	{0},
};

static const struct tool_client git_clients[] = {
	{.label = "git",
	 .program = "git",
	 .given = "http.sslCAInfo",
	 .version = {"--version"},
	 .run = {"?-c", "?http.sslCAInfo={bundle}", "+-c", "+http.proxy=", "ls-remote",
		 "https://{host}:{port}/{path}"},
	 .environment = {"GIT_TERMINAL_PROMPT=0", "%GIT_CONFIG_NOSYSTEM=1"},
	 .any_exit = true},
	{0},
};

/* Each scope by itself, the strongest first. */
#define GIT_CONFIG(where, key, scope)                                                          \
	{                                                                                      \
		.source = SOURCE_ANSWER, .slot = (where), .name = "git config " scope " " key, \
		.ask = {"git", "config", scope, "--get", key},                                 \
		.mend = "git config " scope " " key " {bundle}"                                \
	}
#define GIT_OFF(scope)                                                      \
	{                                                                   \
		.source = SOURCE_ANSWER, .slot = SLOT_OFF,                  \
		.name = "git config " scope " http.sslVerify",              \
		.ask = {"git", "config", scope, "--get", "http.sslVerify"}, \
		.when = "false no off 0",                                   \
		.mend = "git config " scope " --unset-all http.sslVerify"   \
	}

static const struct tool_setting git_settings[] = {
	VARIABLE(SLOT_FILE, "GIT_SSL_CAINFO"),
	GIT_CONFIG(SLOT_FILE, "http.sslCAInfo", "--local"),
	GIT_CONFIG(SLOT_FILE, "http.sslCAInfo", "--global"),
	GIT_CONFIG(SLOT_FILE, "http.sslCAInfo", "--system"),
	SYSTEM_FILE,
	VARIABLE(SLOT_FOLDER, "GIT_SSL_CAPATH"),
	GIT_CONFIG(SLOT_FOLDER, "http.sslCAPath", "--local"),
	GIT_CONFIG(SLOT_FOLDER, "http.sslCAPath", "--global"),
	GIT_CONFIG(SLOT_FOLDER, "http.sslCAPath", "--system"),
	VARIABLE(SLOT_OFF, "GIT_SSL_NO_VERIFY"),
	GIT_OFF("--local"),
	GIT_OFF("--global"),
	GIT_OFF("--system"),
	{0},
};

static const struct tool_step aws_steps[] = {
	{TOOL_UNIX, "this shell", "export AWS_CA_BUNDLE=\"{bundle}\""},
	{TOOL_UNIX | TOOL_WINDOWS, "this user", "aws configure set default.ca_bundle \"{bundle}\""},
	{TOOL_UNIX | TOOL_WINDOWS, "one command",
	 "aws --ca-bundle \"{bundle}\" sts get-caller-identity"},
	{TOOL_WINDOWS, "this user, boto3 as well", "setx AWS_CA_BUNDLE \"{bundle}\""},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV AWS_CA_BUNDLE={bundle}"},
	{0},
};

static const struct tool_client aws_clients[] = {
	{.label = "aws",
	 .program = "aws",
	 .given = "AWS_CA_BUNDLE",
	 .version = {"--version"},
	 .run = {"--no-sign-request", "--region", "us-east-1", "--endpoint-url",
		 "https://{host}:{port}/{path}", "s3api", "list-buckets"},
	 .environment = {"?AWS_CA_BUNDLE={bundle}", "AWS_MAX_ATTEMPTS=1",
			 "AWS_EC2_METADATA_DISABLED=true"},
	 .any_exit = true,
	 .seconds = 40},
	{0},
};

static const struct tool_setting aws_settings[] = {
	VARIABLE(SLOT_FILE, "AWS_CA_BUNDLE"),
	{.source = SOURCE_ANSWER,
	 .slot = SLOT_FILE,
	 .name = "aws configure get ca_bundle",
	 .ask = {"aws", "configure", "get", "ca_bundle"},
	 .mend = "aws configure set default.ca_bundle {bundle}"},
	VARIABLE(SLOT_FILE, "REQUESTS_CA_BUNDLE"),
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "its own roots",
	 .ask = {"python3", "-c", "import botocore.httpsession as h; print(h.get_cert_path(True))"},
	 .mend = "aws configure set default.ca_bundle {bundle}"},
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "its own roots",
	 .mend = "aws configure set default.ca_bundle {bundle}"},
	{0},
};

static const struct tool_step gnutls_steps[] = {
	{TOOL_UNIX, "one command",
	 "gnutls-cli --x509cafile \"{bundle}\" www.example.com </dev/null"},
	{TOOL_LINUX, "the machine",
	 "# programs built on GnuTLS use the system's store: see debian, rhel"},
	{0},
};

static const struct tool_client gnutls_clients[] = {
	{.label = "gnutls-cli",
	 .program = "gnutls-cli",
	 .host = TOOL_HOST,
	 .given = "--x509cafile",
	 .version = {"--version"},
	 .run = {"--port", "{port}", "--sni-hostname", "{host}", "--verify-hostname", "{host}",
		 "?--x509cafile", "?{bundle}", "127.0.0.1"},
	 .input = TOOL_REQUEST},
	{0},
};

static const struct tool_setting gnutls_settings[] = {
	SYSTEM_FILE,
	{0},
};

const struct tool tools_programs[] = {
	{.id = "openssl",
	 .name = "openssl and programs on it",
	 .effect = TOOL_REPLACES,
	 .settings = openssl_settings,
	 .note = "s_client goes on after a failed verification unless -verify_return_error is said.",
	 .steps = openssl_steps,
	 .clients = openssl_clients},
	{.id = "curl",
	 .name = "curl",
	 .effect = TOOL_REPLACES,
	 .settings = curl_settings,
	 .steps = curl_steps,
	 .clients = curl_clients},
	{.id = "wget",
	 .name = "GNU Wget",
	 .effect = TOOL_REPLACES,
	 .settings = wget_settings,
	 .steps = wget_steps,
	 .clients = wget_clients},
	{.id = "git",
	 .name = "git over https",
	 .effect = TOOL_REPLACES,
	 .settings = git_settings,
	 .note = "GIT_SSL_CAINFO is stronger than every configuration file.",
	 .steps = git_steps,
	 .clients = git_clients},
	{.id = "aws",
	 .name = "AWS CLI and boto3",
	 .effect = TOOL_REPLACES,
	 .settings = aws_settings,
	 .steps = aws_steps,
	 .clients = aws_clients},
	{.id = "gnutls",
	 .name = "gnutls-cli",
	 .effect = TOOL_REPLACES,
	 .settings = gnutls_settings,
	 .steps = gnutls_steps,
	 .clients = gnutls_clients},
	{0},
};
