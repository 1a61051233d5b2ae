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
	 .strict = true},
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
	 .run = {"-sS", "--max-time", "15", "--resolve", "{host}:{port}:127.0.0.1", "?--cacert",
		 "?{bundle}", "https://{host}:{port}/{path}"}},
	{.label = "curl, environment",
	 .program = "curl",
	 .host = TOOL_HOST,
	 .given = "CURL_CA_BUNDLE",
	 .version = {"--version"},
	 .run = {"-sS", "--max-time", "15", "--resolve", "{host}:{port}:127.0.0.1",
		 "https://{host}:{port}/{path}"},
	 .environment = {"?CURL_CA_BUNDLE={bundle}"}},
	{0},
};

static const struct tool_step wget_steps[] = {
	{TOOL_UNIX, "one command", "wget --ca-certificate=\"{bundle}\" https://www.example.com/"},
	{TOOL_UNIX, "this user", "printf 'ca_certificate = %s\\n' \"{bundle}\" >>~/.wgetrc"},
	{TOOL_WINDOWS, "this user",
	 "Add-Content \"$env:USERPROFILE\\.wgetrc\" 'ca_certificate = {bundle}'"},
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
	 .run = {"?-c", "?http.sslCAInfo={bundle}", "ls-remote", "https://{host}:{port}/{path}"},
	 .environment = {"GIT_TERMINAL_PROMPT=0", "%GIT_CONFIG_NOSYSTEM=1"},
	 .any_exit = true},
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

const struct tool tools_programs[] = {
	{.id = "openssl",
	 .name = "openssl and programs on it",
	 .effect = TOOL_REPLACES,
	 .variables = {"SSL_CERT_FILE", "SSL_CERT_DIR"},
	 .note = "s_client goes on after a failed verification unless -verify_return_error is said.",
	 .steps = openssl_steps,
	 .clients = openssl_clients},
	{.id = "curl",
	 .name = "curl",
	 .effect = TOOL_REPLACES,
	 .variables = {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"},
	 .steps = curl_steps,
	 .clients = curl_clients},
	{.id = "wget",
	 .name = "GNU Wget",
	 .effect = TOOL_REPLACES,
	 .steps = wget_steps,
	 .clients = wget_clients},
	{.id = "git",
	 .name = "git over https",
	 .effect = TOOL_REPLACES,
	 .variables = {"GIT_SSL_CAINFO", "GIT_SSL_CAPATH"},
	 .note = "GIT_SSL_CAINFO is stronger than every configuration file.",
	 .steps = git_steps,
	 .clients = git_clients},
	{.id = "aws",
	 .name = "AWS CLI and boto3",
	 .effect = TOOL_REPLACES,
	 .variables = {"AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"},
	 .steps = aws_steps,
	 .clients = aws_clients},
	{.id = "gnutls",
	 .name = "gnutls-cli",
	 .effect = TOOL_REPLACES,
	 .steps = gnutls_steps,
	 .clients = gnutls_clients},
	{0},
};
