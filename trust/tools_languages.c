#include "trust/tools.h"

/*
 * What makes an older Python as strict as 3.13 and later are by themselves: put in PYTHONPATH, it
 * reaches every library, and pip.
 */
#define PYTHON_STRICT                                          \
	"import ssl\n"                                         \
	"_new = ssl.SSLContext.__new__\n"                      \
	"def _strict(cls, *words, **settings):\n"              \
	"    context = _new(cls, *words, **settings)\n"        \
	"    context.verify_flags |= ssl.VERIFY_X509_STRICT\n" \
	"    return context\n"                                 \
	"ssl.SSLContext.__new__ = _strict\n"

#define PYTHON_STRICT_NAME "sitecustomize.py"

/* A client in Python: plain, and strict. */
#define PYTHON_CLIENTS(what, setting, version_code, code)                                  \
	{.label = what,                                                                    \
	 .program = "python3",                                                             \
	 .given = setting,                                                                 \
	 .version = {"-c", version_code},                                                  \
	 .run = {"-c", code, "https://{host}:{port}/{path}"},                              \
	 .environment = {"?" setting "={bundle}"}},                                        \
	{                                                                                  \
		.label = what ", strict", .program = "python3", .given = setting,          \
		.version = {"-c", version_code},                                           \
		.run = {"-c", code, "https://{host}:{port}/{path}"},                       \
		.environment = {"?" setting "={bundle}", "PYTHONPATH={home}"},             \
		.script = PYTHON_STRICT, .script_name = PYTHON_STRICT_NAME, .strict = true \
	}

static const struct tool_step python_steps[] = {
	{TOOL_UNIX, "this shell", "export SSL_CERT_FILE=\"{bundle}\""},
	{TOOL_WINDOWS, "this user", "setx SSL_CERT_FILE \"{bundle}\""},
	{TOOL_ALL_OS & ~(unsigned)TOOL_DOCKERFILE, "one program (in Python)",
	 "# context = ssl.create_default_context(); context.load_verify_locations(\"{bundle}\")"},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV SSL_CERT_FILE={bundle}"},
	{0},
};

static const struct tool_client python_clients[] = {
	PYTHON_CLIENTS("Python ssl", "SSL_CERT_FILE",
		       "import platform; print(platform.python_version())",
		       "import sys, urllib.request\n"
		       "urllib.request.urlopen(sys.argv[1], timeout=15).read()"),
	{0},
};

static const struct tool_step requests_steps[] = {
	{TOOL_UNIX, "this shell", "export REQUESTS_CA_BUNDLE=\"{bundle}\""},
	{TOOL_WINDOWS, "this user", "setx REQUESTS_CA_BUNDLE \"{bundle}\""},
	{TOOL_ALL_OS & ~(unsigned)TOOL_DOCKERFILE, "one program (in Python)",
	 "# requests.get(url, verify=\"{bundle}\")"},
	{TOOL_DOCKERFILE, "the image",
	 "COPY ca-bundle.pem {bundle}\nENV REQUESTS_CA_BUNDLE={bundle}"},
	{0},
};

static const struct tool_client requests_clients[] = {
	PYTHON_CLIENTS("requests", "REQUESTS_CA_BUNDLE",
		       "import requests; print(requests.__version__)",
		       "import sys, requests\n"
		       "requests.get(sys.argv[1], timeout=15).raise_for_status()"),
	{0},
};

static const struct tool_step urllib3_steps[] = {
	{TOOL_ALL_OS & ~(unsigned)TOOL_DOCKERFILE, "one program (in Python)",
	 "# urllib3.PoolManager(ca_certs=\"{bundle}\")"},
	{TOOL_DOCKERFILE, "the image",
	 "COPY ca-bundle.pem {bundle}\n"
	 "# and in the program: urllib3.PoolManager(ca_certs=\"{bundle}\")"},
	{0},
};

/* Its own setting is an argument: the program reads it from the environment. */
static const struct tool_client urllib3_clients[] = {
	PYTHON_CLIENTS("urllib3", "CA_CERTS", "import urllib3; print(urllib3.__version__)",
		       "import os, sys, urllib3\n"
		       "pool = urllib3.PoolManager(cert_reqs='CERT_REQUIRED',\n"
		       "    ca_certs=os.environ.get('CA_CERTS'), timeout=15, retries=False)\n"
		       "pool.request('GET', sys.argv[1])"),
	{0},
};

static const struct tool_step httpx_steps[] = {
	{TOOL_UNIX, "this shell", "export SSL_CERT_FILE=\"{bundle}\""},
	{TOOL_WINDOWS, "this user", "setx SSL_CERT_FILE \"{bundle}\""},
	{TOOL_ALL_OS & ~(unsigned)TOOL_DOCKERFILE, "one program (in Python)",
	 "# httpx.get(url, verify=ssl.create_default_context(cafile=\"{bundle}\"))"},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV SSL_CERT_FILE={bundle}"},
	{0},
};

static const struct tool_client httpx_clients[] = {
	PYTHON_CLIENTS("httpx", "SSL_CERT_FILE", "import httpx; print(httpx.__version__)",
		       "import sys, httpx\n"
		       "httpx.get(sys.argv[1], timeout=15).raise_for_status()"),
	{0},
};

static const struct tool_step pip_steps[] = {
	{TOOL_UNIX, "this shell", "export PIP_CERT=\"{bundle}\""},
	{TOOL_UNIX | TOOL_WINDOWS, "this user", "pip config set global.cert \"{bundle}\""},
	{TOOL_UNIX | TOOL_WINDOWS, "one command", "pip install --cert \"{bundle}\" PACKAGE"},
	{TOOL_UNIX | TOOL_WINDOWS, "from the system's store instead (pip 22.2 to 24.1)",
	 "pip install --use-feature=truststore PACKAGE"},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV PIP_CERT={bundle}"},
	{0},
};

#define PIP_RUN                                                                                 \
	{                                                                                       \
		"-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir",       \
			"--no-deps", "--retries", "0", "--timeout", "15", "-d", "{home}",       \
			"--index-url", "https://{host}:{port}/{path}/", "?--cert", "?{bundle}", \
			"subca-rehearsal"                                                       \
	}

static const struct tool_client pip_clients[] = {
	{.label = "pip",
	 .program = "python3",
	 .given = "--cert",
	 .version = {"-m", "pip", "--version"},
	 .run = PIP_RUN,
	 .any_exit = true},
	{.label = "pip, strict",
	 .program = "python3",
	 .given = "--cert",
	 .version = {"-m", "pip", "--version"},
	 .run = PIP_RUN,
	 .environment = {"PYTHONPATH={home}"},
	 .script = PYTHON_STRICT,
	 .script_name = PYTHON_STRICT_NAME,
	 .any_exit = true,
	 .strict = true},
	{0},
};

static const struct tool_step node_steps[] = {
	{TOOL_UNIX, "this shell", "export NODE_EXTRA_CA_CERTS=\"{root}\""},
	{TOOL_WINDOWS, "this user", "setx NODE_EXTRA_CA_CERTS \"{root}\""},
	{TOOL_UNIX | TOOL_WINDOWS,
	 "from the system's store instead (Node.js 22.15, 23.8 and later)",
	 "node --use-system-ca app.js"},
	{TOOL_UNIX, "from a bundle instead",
	 "export SSL_CERT_FILE=\"{bundle}\"\nnode --use-openssl-ca app.js"},
	{TOOL_DOCKERFILE, "the image", "COPY root.pem {root}\nENV NODE_EXTRA_CA_CERTS={root}"},
	{0},
};

static const struct tool_client node_clients[] = {
	{.label = "Node.js",
	 .program = "node",
	 .host = TOOL_HOST,
	 .given = "NODE_EXTRA_CA_CERTS",
	 .version = {"--version"},
	 .run = {"-e",
		 "const [host, port, path] = process.argv.slice(1);\n"
		 "require('https').get({host: '127.0.0.1', servername: host, port, path: '/' + path,\n"
		 "  headers: {host: host}, agent: false}, r => r.resume())\n"
		 "  .on('error', e => { console.error(String(e)); process.exit(1); });",
		 "{host}", "{port}", "{path}"},
	 .environment = {"?NODE_EXTRA_CA_CERTS={root}"}},
	{0},
};

static const struct tool_step npm_steps[] = {
	{TOOL_UNIX, "this shell", "export NODE_EXTRA_CA_CERTS=\"{root}\""},
	{TOOL_UNIX | TOOL_WINDOWS, "this user", "npm config set cafile \"{bundle}\""},
	{TOOL_WINDOWS, "this user, and Node.js as well", "setx NODE_EXTRA_CA_CERTS \"{root}\""},
	{TOOL_DOCKERFILE, "the image", "COPY root.pem {root}\nENV NODE_EXTRA_CA_CERTS={root}"},
	{0},
};

static const struct tool_client npm_clients[] = {
	{.label = "npm",
	 .program = "npm",
	 .given = "cafile",
	 .version = {"--version"},
	 .run = {"view", "subca-rehearsal", "--registry", "https://{host}:{port}/{path}/",
		 "?--cafile", "?{bundle}", "--fetch-retries", "0", "--no-update-notifier",
		 "--loglevel", "error"},
	 .any_exit = true,
	 .seconds = 40},
	{0},
};

static const struct tool_step java_steps[] = {
	{TOOL_UNIX, "the Java installation",
	 "keytool -importcert -noprompt -cacerts -storepass changeit -alias subca-root -file "
	 "\"{root}\""},
	{TOOL_WINDOWS, "the Java installation",
	 "keytool -importcert -noprompt -cacerts -storepass changeit -alias subca-root -file "
	 "\"{root}\""},
	{TOOL_UNIX, "one program",
	 "# subca bundle -o ca-bundle.p12 makes the trust store\n"
	 "java -Djavax.net.ssl.trustStore=ca-bundle.p12 -Djavax.net.ssl.trustStorePassword=changeit "
	 "-jar app.jar"},
	{TOOL_WINDOWS, "from the Windows store instead",
	 "setx JAVA_TOOL_OPTIONS \"-Djavax.net.ssl.trustStoreType=Windows-ROOT\""},
	{TOOL_DOCKERFILE, "the image",
	 "COPY root.pem {root}\n"
	 "RUN keytool -importcert -noprompt -cacerts -storepass changeit -alias subca-root -file "
	 "{root}"},
	{0},
};

/* keytool reads a CRL from a URL through HttpsURLConnection: no compiler is needed for it. */
static const struct tool_client java_clients[] = {
	{.label = "Java HttpsURLConnection",
	 .program = "keytool",
	 .given = "keytool -importcert",
	 .version = {"-J-version"},
	 .setup = {{"-importcert", "-noprompt", "-alias", "subca-root", "-file", "{root}",
		    "-keystore", "{home}/trust.p12", "-storetype", "PKCS12", "-storepass",
		    "changeit", "-J-Xshare:auto", "-J-XX:TieredStopAtLevel=1"}},
	 .run = {"-printcrl", "-file", "https://{host}:{port}/{path}.crl",
		 "?-J-Djavax.net.ssl.trustStore={home}/trust.p12",
		 "?-J-Djavax.net.ssl.trustStorePassword=changeit", "-J-XX:TieredStopAtLevel=1",
		 "-J-Djava.net.preferIPv4Stack=true"},
	 .seconds = 40},
	{0},
};

static const struct tool_step go_steps[] = {
	{TOOL_LINUX, "this shell", "export SSL_CERT_FILE=\"{bundle}\""},
	{TOOL_MACOS, "the machine", "# Go asks the keychain: see macos"},
	{TOOL_WINDOWS, "the machine", "# Go asks the Windows store: see windows"},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV SSL_CERT_FILE={bundle}"},
	{0},
};

static const struct tool_client go_clients[] = {
	{.label = "Go net/http",
	 .program = "go",
	 .given = "SSL_CERT_FILE",
	 .version = {"version"},
	 .setup = {{"build", "-o", "{home}/client", "{script}"}},
	 .setup_own = true,
	 .run = {"={home}/client", "https://{host}:{port}/{path}"},
	 .environment = {"?SSL_CERT_FILE={bundle}", "GOCACHE={home}", "GOPATH={home}/go",
			 "GO111MODULE=off", "GOTOOLCHAIN=local"},
	 .script_name = "client.go",
	 .script = "package main\n"
		   "import (\"fmt\"; \"net/http\"; \"os\"; \"time\")\n"
		   "func main() {\n"
		   "\tclient := http.Client{Timeout: 15 * time.Second}\n"
		   "\tif _, err := client.Get(os.Args[1]); err != nil {\n"
		   "\t\tfmt.Fprintln(os.Stderr, err)\n"
		   "\t\tos.Exit(1)\n"
		   "\t}\n"
		   "}\n",
	 .seconds = 120},
	{0},
};

static const struct tool_step ruby_steps[] = {
	{TOOL_UNIX, "this shell", "export SSL_CERT_FILE=\"{bundle}\""},
	{TOOL_WINDOWS, "this user", "setx SSL_CERT_FILE \"{bundle}\""},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV SSL_CERT_FILE={bundle}"},
	{0},
};

static const struct tool_client ruby_clients[] = {
	{.label = "Ruby net/http",
	 .program = "ruby",
	 .given = "SSL_CERT_FILE",
	 .version = {"--version"},
	 .run = {"-rnet/http", "-e", "Net::HTTP.get_response(URI(ARGV[0])).value",
		 "https://{host}:{port}/{path}"},
	 .environment = {"?SSL_CERT_FILE={bundle}"}},
	{0},
};

static const struct tool_step php_steps[] = {
	{TOOL_UNIX, "this shell", "export SSL_CERT_FILE=\"{bundle}\""},
	{TOOL_ALL_OS & ~(unsigned)TOOL_DOCKERFILE, "the PHP installation (php.ini)",
	 "# openssl.cafile = {bundle}\n# curl.cainfo = {bundle}"},
	{TOOL_DOCKERFILE, "the image", "COPY ca-bundle.pem {bundle}\nENV SSL_CERT_FILE={bundle}"},
	{0},
};

static const struct tool_client php_clients[] = {
	{.label = "PHP",
	 .program = "php",
	 .given = "openssl.cafile",
	 .version = {"--version"},
	 .run = {"?-d", "?openssl.cafile={bundle}", "-r",
		 "exit(file_get_contents($argv[1]) === false ? 1 : 0);", "--",
		 "https://{host}:{port}/{path}"}},
	{0},
};

static const struct tool_step cargo_steps[] = {
	{TOOL_UNIX, "this shell", "export CARGO_HTTP_CAINFO=\"{bundle}\""},
	{TOOL_UNIX, "this user",
	 "printf '[http]\\ncainfo = \"%s\"\\n' \"{bundle}\" >>~/.cargo/config.toml"},
	{TOOL_WINDOWS, "this user", "setx CARGO_HTTP_CAINFO \"{bundle}\""},
	{TOOL_DOCKERFILE, "the image",
	 "COPY ca-bundle.pem {bundle}\nENV CARGO_HTTP_CAINFO={bundle}"},
	{0},
};

/* It writes into its folder before it asks: a copy of the user's settings is what it gets. */
static const struct tool_client cargo_clients[] = {
	{.label = "cargo",
	 .program = "cargo",
	 .given = "http.cainfo",
	 .version = {"--version"},
	 .setup = {{"=sh", "-c",
		    "mkdir \"$1\" && for f in config config.toml; do\n"
		    "[ ! -e \"${CARGO_HOME:-$HOME/.cargo}/$f\" ] ||\n"
		    "cp \"${CARGO_HOME:-$HOME/.cargo}/$f\" \"$1\"; done",
		    "sh", "{home}/cargo-home"}},
	 .setup_own = true,
	 .run = {"=env", "CARGO_HOME={home}/cargo-home", "cargo", "search", "subca-rehearsal",
		 "--index", "https://{host}:{port}/{path}"},
	 .environment = {"?CARGO_HTTP_CAINFO={bundle}", "CARGO_NET_RETRY=0", "+CARGO_HTTP_PROXY="},
	 .any_exit = true,
	 .seconds = 40},
	{0},
};

const struct tool tools_languages[] = {
	{.id = "python",
	 .name = "Python ssl and urllib",
	 .effect = TOOL_REPLACES,
	 .note = "Python 3.13 and later check strictly: a CA without critical basicConstraints or a "
		 "certificate without an AKI is refused.",
	 .variables = {"SSL_CERT_FILE", "SSL_CERT_DIR"},
	 .steps = python_steps,
	 .clients = python_clients},
	{.id = "requests",
	 .name = "Python requests",
	 .effect = TOOL_REPLACES,
	 .variables = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"},
	 .steps = requests_steps,
	 .clients = requests_clients},
	{.id = "urllib3",
	 .name = "Python urllib3",
	 .effect = TOOL_REPLACES,
	 .steps = urllib3_steps,
	 .clients = urllib3_clients},
	{.id = "httpx",
	 .name = "Python httpx",
	 .effect = TOOL_REPLACES,
	 .variables = {"SSL_CERT_FILE", "SSL_CERT_DIR"},
	 .steps = httpx_steps,
	 .clients = httpx_clients},
	{.id = "pip",
	 .name = "pip",
	 .effect = TOOL_REPLACES,
	 .note = "pip 24.2 and later look into the system's store unless cert is set.",
	 .variables = {"PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"},
	 .steps = pip_steps,
	 .clients = pip_clients},
	{.id = "node",
	 .name = "Node.js",
	 .effect = TOOL_ADDS,
	 .note = "NODE_EXTRA_CA_CERTS is read once, when the process starts.",
	 .variables = {"NODE_EXTRA_CA_CERTS", "NODE_OPTIONS"},
	 .steps = node_steps,
	 .clients = node_clients},
	{.id = "npm",
	 .name = "npm",
	 .effect = TOOL_REPLACES,
	 .note = "cafile replaces the roots, NODE_EXTRA_CA_CERTS adds to them.",
	 .variables = {"npm_config_cafile", "NODE_EXTRA_CA_CERTS"},
	 .steps = npm_steps,
	 .clients = npm_clients},
	{.id = "java",
	 .name = "Java",
	 .effect = TOOL_ADDS,
	 .note = "javax.net.ssl.trustStore replaces the roots: give it the bundle.",
	 .variables = {"JAVA_TOOL_OPTIONS"},
	 .steps = java_steps,
	 .clients = java_clients},
	{.id = "go",
	 .name = "Go programs",
	 .effect = TOOL_REPLACES,
	 .note = "Neither on Windows nor on macOS does Go read SSL_CERT_FILE.",
	 .variables = {"SSL_CERT_FILE", "SSL_CERT_DIR"},
	 .steps = go_steps,
	 .clients = go_clients},
	{.id = "ruby",
	 .name = "Ruby and gem",
	 .effect = TOOL_REPLACES,
	 .variables = {"SSL_CERT_FILE", "SSL_CERT_DIR"},
	 .steps = ruby_steps,
	 .clients = ruby_clients},
	{.id = "php",
	 .name = "PHP and Composer",
	 .effect = TOOL_REPLACES,
	 .variables = {"SSL_CERT_FILE", "SSL_CERT_DIR"},
	 .steps = php_steps,
	 .clients = php_clients},
	{.id = "cargo",
	 .name = "cargo",
	 .effect = TOOL_REPLACES,
	 .variables = {"CARGO_HTTP_CAINFO", "SSL_CERT_FILE"},
	 .steps = cargo_steps,
	 .clients = cargo_clients},
	{0},
};
