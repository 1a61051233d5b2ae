#include "trust/tools.h"

static const struct tool_step node_steps[] = {
	{TOOL_UNIX, "this shell", "export NODE_EXTRA_CA_CERTS=\"{root}\""},
	{TOOL_WINDOWS, "this user", "setx NODE_EXTRA_CA_CERTS \"{root}\""},
	{TOOL_LINUX, "from the system's store as well (Node.js 22.15, 23.9 and later)",
	 "node --use-system-ca app.js"},
	{TOOL_MACOS | TOOL_WINDOWS,
	 "from the system's store as well (Node.js 22.15, 23.8 and later)",
	 "node --use-system-ca app.js"},
	{TOOL_UNIX, "this shell, from the system's store as well (22.19, 24.6 and later)",
	 "export NODE_USE_SYSTEM_CA=1"},
	{TOOL_WINDOWS, "this user, from the Windows store as well (22.19, 24.6 and later)",
	 "setx NODE_USE_SYSTEM_CA 1"},
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

#define NODE_OFF                                                    \
	{                                                           \
		.source = SOURCE_VARIABLE, .slot = SLOT_OFF,        \
		.name = "NODE_TLS_REJECT_UNAUTHORIZED", .when = "0" \
	}

static const struct tool_setting node_settings[] = {
	VARIABLE(SLOT_ADDED, "NODE_EXTRA_CA_CERTS"),
	{.source = SOURCE_VARIABLE,
	 .slot = SLOT_ADDED,
	 .name = "NODE_USE_SYSTEM_CA",
	 .when = "1",
	 .file = "{systemfile}"},
	{.source = SOURCE_VARIABLE,
	 .slot = SLOT_ADDED,
	 .name = "NODE_OPTIONS",
	 .before = "--use-system-ca",
	 .file = "{systemfile}"},
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "its own roots",
	 .mend = "export NODE_EXTRA_CA_CERTS={root}"},
	NODE_OFF,
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
		 "?--cafile", "?{bundle}", "+--noproxy=localhost", "--fetch-retries", "0",
		 "--no-update-notifier", "--loglevel", "error"},
	 .environment = {"npm_config_cache={home}/.npm"},
	 .any_exit = true,
	 .seconds = 40},
	{0},
};

#define NPMRC(slot, key)                                                                          \
	LINE(slot, key, ".npmrc", NULL), LINE(slot, key, "$npm_config_userconfig", NULL),         \
		LINE(slot, key, "~/.npmrc", NULL), LINE(slot, key, "/usr/local/etc/npmrc", NULL), \
		LINE(slot, key, "/usr/etc/npmrc", NULL), LINE(slot, key, "/etc/npmrc", NULL)
#define NPMRC_OFF(path)                                                                        \
	{                                                                                      \
		.source = SOURCE_LINE, .slot = SLOT_OFF, .name = "strict-ssl", .file = (path), \
		.when = "false"                                                                \
	}

static const struct tool_setting npm_settings[] = {
	VARIABLE(SLOT_FILE, "npm_config_cafile"),
	VARIABLE(SLOT_FILE, "NPM_CONFIG_CAFILE"),
	NPMRC(SLOT_FILE, "cafile"),
	VARIABLE(SLOT_ADDED, "NODE_EXTRA_CA_CERTS"),
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "its own roots",
	 .mend = "npm config set cafile {bundle}"},
	{.source = SOURCE_VARIABLE,
	 .slot = SLOT_OFF,
	 .name = "npm_config_strict_ssl",
	 .when = "false"},
	NPMRC_OFF(".npmrc"),
	NPMRC_OFF("$npm_config_userconfig"),
	NPMRC_OFF("~/.npmrc"),
	NODE_OFF,
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
	 "setx JAVA_TOOL_OPTIONS \"-Djavax.net.ssl.trustStoreType=Windows-ROOT "
	 "-Djavax.net.ssl.trustStore=NONE\""},
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

#define KEYTOOL_LINE                                                                    \
	"keytool -importcert -noprompt -cacerts -storepass changeit -alias subca-root " \
	"-file {root}"

static const struct tool_setting java_settings[] = {
	{.source = SOURCE_VARIABLE,
	 .slot = SLOT_FILE,
	 .name = "JAVA_TOOL_OPTIONS",
	 .before = "-Djavax.net.ssl.trustStore="},
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "jssecacerts",
	 .file = "{prefix}/lib/security/jssecacerts",
	 .mend = KEYTOOL_LINE},
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "cacerts",
	 .file = "{prefix}/lib/security/cacerts",
	 .mend = KEYTOOL_LINE},
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

static const struct tool_setting go_settings[] = {
	OPENSSL_VARIABLES,
	SYSTEM_FILE,
	SYSTEM_FOLDER,
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

static const struct tool_setting ruby_settings[] = {
	OPENSSL_VARIABLES,
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "OpenSSL's default",
	 .ask = {"ruby", "-ropenssl", "-e", "puts OpenSSL::X509::DEFAULT_CERT_FILE"},
	 .mend = "export SSL_CERT_FILE={bundle}"},
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FOLDER,
	 .name = "OpenSSL's default",
	 .ask = {"ruby", "-ropenssl", "-e", "puts OpenSSL::X509::DEFAULT_CERT_DIR"}},
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

static const struct tool_setting php_settings[] = {
	{.source = SOURCE_ANSWER,
	 .slot = SLOT_FILE,
	 .name = "openssl.cafile",
	 .ask = {"php", "-r", "echo ini_get('openssl.cafile');"}},
	VARIABLE(SLOT_FILE, "SSL_CERT_FILE"),
	SYSTEM_FILE,
	{.source = SOURCE_ANSWER,
	 .slot = SLOT_FOLDER,
	 .name = "openssl.capath",
	 .ask = {"php", "-r", "echo ini_get('openssl.capath');"}},
	VARIABLE(SLOT_FOLDER, "SSL_CERT_DIR"),
	SYSTEM_FOLDER,
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

static const struct tool_setting cargo_settings[] = {
	VARIABLE(SLOT_FILE, "CARGO_HTTP_CAINFO"),
	LINE(SLOT_FILE, "cainfo", ".cargo/config.toml", "http"),
	LINE(SLOT_FILE, "cainfo", "$CARGO_HOME/config.toml", "http"),
	LINE(SLOT_FILE, "cainfo", "~/.cargo/config.toml", "http"),
	LINE(SLOT_FILE, "cainfo", "~/.cargo/config", "http"),
	VARIABLE(SLOT_FILE, "SSL_CERT_FILE"),
	SYSTEM_FILE,
	VARIABLE(SLOT_FOLDER, "SSL_CERT_DIR"),
	SYSTEM_FOLDER,
	{0},
};

const struct tool tools_languages[] = {
	{.id = "node",
	 .name = "Node.js",
	 .effect = TOOL_ADDS,
	 .note = "NODE_EXTRA_CA_CERTS is read once, when the process starts.",
	 .settings = node_settings,
	 .steps = node_steps,
	 .clients = node_clients},
	{.id = "npm",
	 .name = "npm",
	 .effect = TOOL_REPLACES,
	 .note = "cafile replaces the roots, NODE_EXTRA_CA_CERTS adds to them.",
	 .settings = npm_settings,
	 .steps = npm_steps,
	 .clients = npm_clients},
	{.id = "java",
	 .name = "Java",
	 .effect = TOOL_ADDS,
	 .note = "javax.net.ssl.trustStore replaces the roots: give it the bundle.",
	 .settings = java_settings,
	 .steps = java_steps,
	 .clients = java_clients},
	{.id = "go",
	 .name = "Go programs",
	 .effect = TOOL_REPLACES,
	 .note = "Neither on Windows nor on macOS does Go read SSL_CERT_FILE.",
	 .settings = go_settings,
	 .steps = go_steps,
	 .clients = go_clients},
	{.id = "ruby",
	 .name = "Ruby and gem",
	 .effect = TOOL_REPLACES,
	 .settings = ruby_settings,
	 .steps = ruby_steps,
	 .clients = ruby_clients},
	{.id = "php",
	 .name = "PHP and Composer",
	 .effect = TOOL_REPLACES,
	 .settings = php_settings,
	 .steps = php_steps,
	 .clients = php_clients},
	{.id = "cargo",
	 .name = "cargo",
	 .effect = TOOL_REPLACES,
	 .settings = cargo_settings,
	 .steps = cargo_steps,
	 .clients = cargo_clients},
	{0},
};
