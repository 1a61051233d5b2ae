#include "trust/tools.h"

static const struct tool_step debian_steps[] = {
	{TOOL_LINUX, "the machine",
	 "install -m 644 \"{root}\" /usr/local/share/ca-certificates/subca-root.crt\n"
	 "update-ca-certificates"},
	{TOOL_LINUX, "apt alone",
	 "printf 'Acquire::https::CAInfo \"%s\";\\n' \"{bundle}\" >/etc/apt/apt.conf.d/80subca"},
	{TOOL_DOCKERFILE, "the image",
	 "COPY root.pem /usr/local/share/ca-certificates/subca-root.crt\n"
	 "RUN update-ca-certificates"},
	{0},
};

static const struct tool_client apt_clients[] = {
	{.label = "apt",
	 .program = "/usr/lib/apt/apt-helper",
	 .given = "Acquire::https::CAInfo",
	 .version = {"--version"},
	 .run = {"+-o", "+Acquire::https::Proxy=DIRECT", "-o", "APT::Sandbox::User=", "-o",
		 "Acquire::Retries=0", "-o", "Acquire::https::Timeout=15", "?-o",
		 "?Acquire::https::CAInfo={bundle}", "download-file",
		 "https://{host}:{port}/{path}", "{home}/fetched"}},
	{0},
};

static const struct tool_setting apt_settings[] = {
	{.source = SOURCE_ANSWER,
	 .slot = SLOT_FILE,
	 .name = "Acquire::https::CAInfo",
	 .ask = {"apt-config", "dump", "--format", "%v%n", "Acquire::https::CAInfo"}},
	SYSTEM_FILE,
	{.source = SOURCE_ANSWER,
	 .slot = SLOT_OFF,
	 .name = "Acquire::https::Verify-Peer",
	 .ask = {"apt-config", "dump", "--format", "%v%n", "Acquire::https::Verify-Peer"},
	 .when = "false no off 0 without disable",
	 .mend = "grep -r Verify-Peer /etc/apt/apt.conf*  # and take that line out"},
	{0},
};

static const struct tool_step alpine_steps[] = {
	{TOOL_LINUX, "the machine",
	 "cat \"{root}\" >>/etc/ssl/certs/ca-certificates.crt  # so that apk itself gets through\n"
	 "apk add --no-cache ca-certificates\n"
	 "install -m 644 \"{root}\" /usr/local/share/ca-certificates/subca-root.crt\n"
	 "update-ca-certificates"},
	{TOOL_DOCKERFILE, "the image",
	 "COPY root.pem /usr/local/share/ca-certificates/subca-root.crt\n"
	 "RUN cat /usr/local/share/ca-certificates/subca-root.crt "
	 ">>/etc/ssl/certs/ca-certificates.crt \\\n"
	 " && apk add --no-cache ca-certificates && update-ca-certificates"},
	{0},
};

static const struct tool_step rhel_steps[] = {
	{TOOL_LINUX, "the machine",
	 "install -m 644 \"{root}\" /etc/pki/ca-trust/source/anchors/subca-root.pem\n"
	 "update-ca-trust extract"},
	{TOOL_LINUX, "dnf alone", "dnf config-manager --save --setopt=sslcacert=\"{bundle}\""},
	{TOOL_LINUX, "dnf 5 alone", "dnf config-manager setopt sslcacert=\"{bundle}\""},
	{TOOL_DOCKERFILE, "the image",
	 "COPY root.pem /etc/pki/ca-trust/source/anchors/subca-root.pem\n"
	 "RUN update-ca-trust extract"},
	{0},
};

static const struct tool_step docker_steps[] = {
	{TOOL_LINUX, "one registry",
	 "install -D -m 644 \"{root}\" /etc/docker/certs.d/registry.example.com/ca.crt"},
	{TOOL_LINUX, "all registries",
	 "# the daemon asks the system's store: see debian, rhel; then\n"
	 "systemctl restart docker"},
	{TOOL_MACOS, "one registry",
	 "mkdir -p ~/.docker/certs.d/registry.example.com\n"
	 "cp \"{root}\" ~/.docker/certs.d/registry.example.com/ca.crt  # then restart Docker Desktop"},
	{TOOL_WINDOWS, "one registry (Docker Desktop)",
	 "$folder = \"$env:USERPROFILE\\.docker\\certs.d\\registry.example.com\"\n"
	 "New-Item -ItemType Directory -Force $folder | Out-Null\n"
	 "Copy-Item \"{root}\" \"$folder\\ca.crt\"  # then restart Docker Desktop"},
	{TOOL_WINDOWS, "one registry (the daemon of Windows Server)",
	 "$folder = \"$env:ProgramData\\docker\\certs.d\\registry.example.com\"\n"
	 "New-Item -ItemType Directory -Force $folder | Out-Null\n"
	 "Copy-Item \"{root}\" \"$folder\\ca.crt\"  # then Restart-Service docker"},
	{TOOL_WINDOWS, "all registries",
	 "# the daemon asks the Windows store: see windows; then\nRestart-Service docker"},
	{TOOL_DOCKERFILE, "a Windows image",
	 "COPY root.pem C:/subca-root.crt\n"
	 "RUN powershell -Command Import-Certificate -FilePath C:\\subca-root.crt "
	 "-CertStoreLocation Cert:\\LocalMachine\\Root"},
	{0},
};

/*
 * The daemon needs root and a registry: here its file is put where the guide puts it, and read by
 * another program.
 */
static const struct tool_client docker_clients[] = {
	{.label = "Docker certs.d (openssl)",
	 .program = "openssl",
	 .host = TOOL_HOST,
	 .given = "certs.d/HOST/ca.crt",
	 .version = {"version"},
	 .setup = {{"=install", "-D", "-m", "644", "{root}", "{home}/certs.d/{host}/ca.crt"}},
	 .run = {"s_client", "-connect", "127.0.0.1:{port}", "-servername", "{host}",
		 "-verify_hostname", "{host}", "-verify_return_error", "-quiet", "?-CAfile",
		 "?{home}/certs.d/{host}/ca.crt"},
	 .input = TOOL_REQUEST,
	 .rehearsal_only = true},
	{0},
};

static const struct tool_setting docker_settings[] = {
	SYSTEM_FILE,
	SYSTEM_FOLDER,
	{0},
};

static const struct tool_step nss_steps[] = {
	{TOOL_LINUX, "this user",
	 "mkdir -p ~/.pki/nssdb\n"
	 "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n subca-root -i \"{root}\""},
	{TOOL_LINUX, "Firefox, every profile of the machine",
	 "mkdir -p /etc/firefox/policies\n"
	 "printf '{\"policies\": {\"Certificates\": {\"Install\": [\"%s\"]}}}\\n' \"{root}\" "
	 ">/etc/firefox/policies/policies.json"},
	{TOOL_MACOS | TOOL_WINDOWS, "the machine",
	 "# Chromium and Chrome ask the system's store: see macos, windows; Firefox does so too where\n"
	 "# security.enterprise_roots.enabled is true"},
	{TOOL_DOCKERFILE, "the image",
	 "COPY root.pem {root}\n"
	 "RUN mkdir -p /root/.pki/nssdb && certutil -d sql:/root/.pki/nssdb -N --empty-password \\\n"
	 " && certutil -d sql:/root/.pki/nssdb -A -t C,, -n subca-root -i {root}"},
	{0},
};

static const struct tool_client nss_clients[] = {
	{.label = "NSS tstclnt",
	 .program = "tstclnt",
	 .given = "certutil -A -t C,,",
	 .setup = {{"=mkdir", "{home}/trusted", "{home}/empty"},
		   {"=certutil", "-N", "--empty-password", "-d", "sql:{home}/trusted"},
		   {"=certutil", "-N", "--empty-password", "-d", "sql:{home}/empty"},
		   {"=certutil", "-A", "-n", "subca-root", "-t", "C,,", "-i", "{root}", "-d",
		    "sql:{home}/trusted"}},
	 .run = {"-h", "{host}", "-p", "{port}", "-4", "-V", "tls1.2:tls1.3", "-d",
		 "?sql:{home}/trusted", "!sql:{home}/empty"},
	 .input = TOOL_REQUEST,
	 .any_exit = true,
	 .rehearsal_only = true},
	{.label = "Chromium",
	 .program = "chromium",
	 .host = TOOL_HOST,
	 .given = "~/.pki/nssdb",
	 .version = {"--version", "--no-sandbox"},
	 .setup = {{"=mkdir", "-p", "{home}/.pki/nssdb", "{home}/empty"},
		   {"=certutil", "-N", "--empty-password", "-d", "sql:{home}/.pki/nssdb"},
		   {"=certutil", "-A", "-n", "subca-root", "-t", "C,,", "-i", "{root}", "-d",
		    "sql:{home}/.pki/nssdb"}},
	 .run = {"--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		 "--disable-component-update", "--no-first-run", "--user-data-dir={home}/profile",
		 "+--no-proxy-server", "+--disable-dev-shm-usage",
		 "--host-resolver-rules=MAP {host} 127.0.0.1", "--dump-dom",
		 "https://{host}:{port}/{path}"},
	 .environment = {"!HOME={home}/empty"},
	 .any_exit = true,
	 .seconds = 60},
	{0},
};

static const struct tool_setting nss_settings[] = {
	{.source = SOURCE_PLACE,
	 .slot = SLOT_ADDED,
	 .name = "~/.pki/nssdb",
	 .file = "~/.pki/nssdb",
	 .mend = "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n subca-root -i {root}"},
	{.source = SOURCE_PLACE,
	 .slot = SLOT_FILE,
	 .name = "its own roots",
	 .mend = "mkdir -p ~/.pki/nssdb && "
		 "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n subca-root -i {root}"},
	{0},
};

static const struct tool_step macos_steps[] = {
	{TOOL_MACOS, "the machine",
	 "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain "
	 "\"{root}\""},
	{0},
};

static const struct tool_step windows_steps[] = {
	{TOOL_WINDOWS, "the machine", "certutil -addstore Root \"{root}\""},
	{TOOL_WINDOWS, "the machine, in PowerShell",
	 "Import-Certificate -FilePath \"{root}\" -CertStoreLocation Cert:\\LocalMachine\\Root"},
	{TOOL_WINDOWS, "this user", "certutil -user -addstore Root \"{root}\""},
	{0},
};

static const struct tool_step xcode_steps[] = {
	{TOOL_MACOS, "the simulator that is running",
	 "xcrun simctl keychain booted add-root-cert \"{root}\""},
	{0},
};

static const struct tool_step android_steps[] = {
	{TOOL_UNIX | TOOL_WINDOWS, "the emulator that is running",
	 "adb push \"{root}\" /sdcard/Download/subca-root.crt\n"
	 "# then on it: Settings, Security, Install a certificate, CA certificate. An app believes it\n"
	 "# where its network security configuration has <certificates src=\"user\"/>"},
	{0},
};

const struct tool tools_systems[] = {
	{.id = "debian",
	 .name = "Debian, Ubuntu and apt",
	 .effect = TOOL_ADDS,
	 .note = "update-ca-certificates takes files that end in .crt only. Acquire::https::CAInfo "
		 "replaces.",
	 .settings = apt_settings,
	 .steps = debian_steps,
	 .clients = apt_clients},
	{.id = "alpine",
	 .name = "Alpine and apk",
	 .effect = TOOL_ADDS,
	 .note = "The bundle is appended to first, for without that apk cannot fetch ca-certificates "
		 "behind inspection.",
	 .steps = alpine_steps},
	{.id = "rhel",
	 .name = "RHEL, Fedora, yum and dnf",
	 .effect = TOOL_ADDS,
	 .steps = rhel_steps},
	{.id = "docker",
	 .name = "Docker daemon and Windows images",
	 .effect = TOOL_ADDS,
	 .note = "What a container trusts is the image's affair: see debian, alpine, rhel.",
	 .settings = docker_settings,
	 .steps = docker_steps,
	 .clients = docker_clients},
	{.id = "nss",
	 .name = "Chromium, Chrome, Firefox (NSS)",
	 .effect = TOOL_ADDS,
	 .settings = nss_settings,
	 .steps = nss_steps,
	 .clients = nss_clients},
	{.id = "macos", .name = "macOS keychain", .effect = TOOL_ADDS, .steps = macos_steps},
	{.id = "windows", .name = "Windows store", .effect = TOOL_ADDS, .steps = windows_steps},
	{.id = "xcode", .name = "Xcode simulator", .effect = TOOL_ADDS, .steps = xcode_steps},
	{.id = "android", .name = "Android emulator", .effect = TOOL_ADDS, .steps = android_steps},
	{0},
};
