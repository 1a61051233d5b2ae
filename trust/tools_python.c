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
#define PYTHON_CLIENTS(what, setting, version_code, code)                                   \
	{.label = what,                                                                     \
	 .program = "python3",                                                              \
	 .given = setting,                                                                  \
	 .version = {"-c", version_code},                                                   \
	 .run = {"-c", code, "https://{host}:{port}/{path}"},                               \
	 .environment = {"?" setting "={bundle}"}},                                         \
	{                                                                                   \
		.label = what ", strict", .program = "python3", .given = setting,           \
		.version = {"-c", version_code},                                            \
		.run = {"-c", code, "https://{host}:{port}/{path}"},                        \
		.environment = {"?" setting "={bundle}", "PYTHONPATH={home}"},              \
		.script = PYTHON_STRICT, .script_name = PYTHON_STRICT_NAME, .strict = true, \
		.rehearsal_only = true                                                      \
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

/* A place that Python knows. */
#define PYTHON_PLACE(where, what, code, line)                            \
	{                                                                \
		.source = SOURCE_PLACE, .slot = (where), .name = (what), \
		.ask = {"python3", "-c", (code)}, .mend = (line)         \
	}

static const struct tool_setting python_settings[] = {
	OPENSSL_VARIABLES,
	PYTHON_PLACE(SLOT_FILE, "OpenSSL's default",
		     "import ssl; print(ssl.get_default_verify_paths().openssl_cafile)",
		     "export SSL_CERT_FILE={bundle}"),
	PYTHON_PLACE(SLOT_FOLDER, "OpenSSL's default",
		     "import ssl; print(ssl.get_default_verify_paths().openssl_capath)", NULL),
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

static const struct tool_setting requests_settings[] = {
	VARIABLE(SLOT_FILE, "REQUESTS_CA_BUNDLE"),
	VARIABLE(SLOT_FILE, "CURL_CA_BUNDLE"),
	PYTHON_PLACE(SLOT_FILE, "certifi", "import requests.certs; print(requests.certs.where())",
		     "export REQUESTS_CA_BUNDLE={bundle}"),
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

static const struct tool_setting httpx_settings[] = {
	OPENSSL_VARIABLES,
	PYTHON_PLACE(SLOT_FILE, "certifi", "import certifi; print(certifi.where())",
		     "export SSL_CERT_FILE={bundle}"),
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
			"+--proxy", "+", "subca-rehearsal"                                      \
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
	 .rehearsal_only = true,
	 .strict = true},
	{0},
};

#define PIP_CONF(slot, key)                                                 \
	LINE(slot, key, "$PIP_CONFIG_FILE", "global"),                      \
		LINE(slot, key, "$VIRTUAL_ENV/pip.conf", "global"),         \
		LINE(slot, key, "$XDG_CONFIG_HOME/pip/pip.conf", "global"), \
		LINE(slot, key, "~/.config/pip/pip.conf", "global"),        \
		LINE(slot, key, "~/.pip/pip.conf", "global"),               \
		LINE(slot, key, "/etc/pip.conf", "global")

/* The library below pip takes its own variables before what pip tells it, --cert too. */
static const struct tool_setting pip_settings[] = {
	VARIABLE(SLOT_FILE, "REQUESTS_CA_BUNDLE"),
	VARIABLE(SLOT_FILE, "CURL_CA_BUNDLE"),
	VARIABLE(SLOT_FILE, "PIP_CERT"),
	PIP_CONF(SLOT_FILE, "cert"),
	PYTHON_PLACE(SLOT_FILE, "certifi",
		     "from pip._vendor import certifi; print(certifi.where())",
		     "pip config set global.cert {bundle}"),
	VARIABLE(SLOT_OFF, "PIP_TRUSTED_HOST"),
	PIP_CONF(SLOT_OFF, "trusted-host"),
	{0},
};

const struct tool tools_python[] = {
	{.id = "python",
	 .name = "Python ssl and urllib",
	 .effect = TOOL_REPLACES,
	 .note = "Python 3.13 and later check strictly: a CA without critical basicConstraints or a "
		 "certificate without an AKI is refused.",
	 .settings = python_settings,
	 .steps = python_steps,
	 .clients = python_clients},
	{.id = "requests",
	 .name = "Python requests",
	 .effect = TOOL_REPLACES,
	 .settings = requests_settings,
	 .steps = requests_steps,
	 .clients = requests_clients},
	{.id = "urllib3",
	 .name = "Python urllib3",
	 .effect = TOOL_REPLACES,
	 .settings = python_settings,
	 .steps = urllib3_steps,
	 .clients = urllib3_clients},
	{.id = "httpx",
	 .name = "Python httpx",
	 .effect = TOOL_REPLACES,
	 .settings = httpx_settings,
	 .steps = httpx_steps,
	 .clients = httpx_clients},
	{.id = "pip",
	 .name = "pip",
	 .effect = TOOL_REPLACES,
	 .note = "pip 24.2 and later look into the system's store unless cert is set. Where "
		 "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE is set it counts, and not cert.",
	 .settings = pip_settings,
	 .steps = pip_steps,
	 .clients = pip_clients},
	{0},
};
