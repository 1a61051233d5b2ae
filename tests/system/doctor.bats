#!/usr/bin/env bats
# subca trust doctor: what the tools trust, tried with their own settings in a view that nobody else sees.

bats_require_minimum_version 1.5.0

load helper

# The tools of this machine's packages, not those that stand before them in somebody's PATH.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example,CN=Example Root CA" --key ec:P-256 --no-passphrase
	"$SUBCA" init issuing --parent root --subject "CN=Issuing" --key ec:P-256 --no-passphrase
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key \
		-subj "/CN=Public" -days 30 -out public.pem 2>/dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key \
		-subj "/CN=Inspection (t) " -days 14 -out weekly.pem 2>/dev/null
	"$SUBCA" bundle -C root --public public.pem -o good.pem
	openssl x509 -in root/ca.pem -outform DER -out root.der
	mkdir home tmp
	examine >bare.json || true
}

setup() {
	in_scratch
	cp -r "$BATS_FILE_TMPDIR"/. .
}

# examine [NAME=VALUE]… [OPTION]…: the doctor's document, for a user with nothing but what is here; with
# only="TOOL…" of these alone.
examine() {
	local -a variables=() tools=()
	local tool
	for tool in ${only-}; do tools+=(--only "$tool"); done
	while [[ ${1-} == [A-Za-z_]*=* ]]; do
		variables+=("$1")
		shift
	done
	env -i PATH="$PATH" HOME="$PWD/home" TMPDIR="$PWD/tmp" SUBCA_TEMPLATES="${SUBCA_TEMPLATES-}" \
		"${variables[@]}" "$SUBCA" trust doctor -C root --bundle "$PWD/etc/bundle.pem" \
		--root "$PWD/etc/root.pem" --json "${tools[@]}" "$@"
}

# asserted FILE CODE: Python that finds the document in d, and its rows by tool in rows.
asserted() {
	FILE=$1 CODE=$2 python3 - <<-'END'
		import json, os, re
		text = open(os.environ["FILE"]).read()
		d = json.loads(text)
		rows = {r["tool"]: r for r in d["tools"]}
		here = {t: r for t, r in rows.items() if r["verdict"] != "not installed"}
		def run(tool, case):
		    return {c["case"]: c for c in rows[tool]["runs"]}[case]
		def chosen(tool):
		    return [s for s in rows[tool]["settings"] if s["counts"]]
		# What was here for the first examination is here for all.
		bare = json.load(open("bare.json")) if os.path.exists("bare.json") else d
		absent = [r["tool"] for r in bare["tools"] if r["verdict"] == "not installed"]
		def verdicts(**wanted):
		    for tool, verdict in wanted.items():
		        assert rows[tool]["verdict"] == verdict or (
		            tool in absent and rows[tool]["verdict"] == "not installed"), rows[tool]
		def says(tool, words):
		    if tool in here:
		        assert any(re.search(words, w) for w in rows[tool]["why"]), rows[tool]
		exec(os.environ["CODE"])
	END
}

# Types every line that the document says mends, for a user as above. The machine's store and Java's
# are not for a test to change.
mend() {
	python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
lines = d["before"] + [line for t in d["tools"] for line in t["mend"]
                       if "trust install" not in line and "-cacerts" not in line]
print("\n".join(dict.fromkeys(lines)))' "$1" >lines
	# shellcheck disable=SC2016
	{ printf 'set -e\nsubca() { "$SUBCA" "$@"; }\n'; cat lines; echo 'env >changed'; } >script
	env -i PATH="$PATH" HOME="$PWD/home" SUBCA="$SUBCA" SUBCA_TEMPLATES="${SUBCA_TEMPLATES-}" \
		"${@:2}" bash script >/dev/null 2>said || { cat script said; return 1; }
}

# A file system and a network of its own are not for everybody.
needs_view() {
	unshare -mn true 2>/dev/null || unshare -Urmn true 2>/dev/null || skip "no view of one's own here"
	asserted bare.json "assert d['tried']"
}

# In a view in which the root was put into the machine's store.
with_installed() {
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip "needs root and a view of its own"
	SCRIPT=$1 unshare -m bash -euc '
		mkdir view && mount -t tmpfs none view
		cp -a /etc/ssl view/ssl
		cp -a /usr/local/share/ca-certificates view/local
		mount --bind view/ssl /etc/ssl
		mount --bind view/local /usr/local/share/ca-certificates
		"$SUBCA" trust install -C root --yes 2>/dev/null
		. <(echo "$SCRIPT")'
}

@test "where nothing was done each tool breaks, says where it looks, and what mends it" {
	needs_view
	asserted bare.json "
assert not d['ready'] and len(here) >= 5, here.keys()
for tool, r in here.items():
    assert r['verdict'] == 'breaks' and r['why'] and r['mend'] and chosen(tool), r
    assert not any(s.get('has_root') for s in r['settings']), r
    if tool != 'docker':
        assert run(tool, 'inspected')['outcome'] == 'refused' and run(tool, 'inspected')['reason'], r
        assert run(tool, 'stranger')['outcome'] == 'refused', r
        assert any('refuses' in w for w in r['why']), r"
}

@test "what is installed by scripts/bootstrap is examined" {
	needs_view
	wanted="'openssl', 'curl', 'wget', 'git', 'gnutls', 'python', 'requests', 'urllib3', 'httpx',
		'pip', 'node', 'npm', 'java', 'debian', 'nss'"
	[ "${CI-}" = true ] || asserted bare.json "assert {$wanted} <= here.keys()" 2>/dev/null ||
		skip "not here: $(asserted bare.json "print({$wanted} - here.keys())")"
	asserted bare.json "assert {$wanted} <= here.keys(), here.keys()"
}

# Three settings of each tool at most: in each scene it has another one, and is to be found by it.
@test "each setting that names the bundle makes its tool ready, and is the one that is named" {
	needs_view
	good=$PWD/good.pem
	keytool -importcert -noprompt -alias x -file root/ca.pem -keystore trust.p12 -storepass changeit \
		2>/dev/null || true
	mkdir -p home/.config/pip home/.pki/nssdb
	certutil -N --empty-password -d sql:home/.pki/nssdb
	certutil -A -n example -t C,, -i root/ca.pem -d sql:home/.pki/nssdb
	examine CURL_CA_BUNDLE="$good" GIT_SSL_CAINFO="$good" SSL_CERT_FILE="$good" \
		REQUESTS_CA_BUNDLE="$good" PIP_CERT="$PWD/public.pem" NODE_EXTRA_CA_CERTS="$PWD/root/ca.pem" \
		npm_config_cafile="$good" CARGO_HTTP_CAINFO="$good" AWS_CA_BUNDLE="$good" \
		JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=$PWD/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit" \
		>a.json || true
	asserted a.json "
if 'java' in here:
    assert rows['java']['mend'] == ['subca bundle -C root -o ' + os.getcwd() + '/trust.p12 --force']
verdicts(curl='good', git='good', openssl='good', python='good', urllib3='good', httpx='good',
         requests='good', pip='good', node='good', npm='good', cargo='good', aws='good', go='good',
         ruby='good', java='warning', nss='good')
names = {t: chosen(t)[0]['setting'] for t in here}
assert names['curl'] == 'CURL_CA_BUNDLE' and names['python'] == 'SSL_CERT_FILE', names
# Said by no manual: for pip the variables of the library below it are stronger than its own.
assert names['git'] == 'GIT_SSL_CAINFO' and names['pip'] == 'REQUESTS_CA_BUNDLE', names
assert names['node'] == 'NODE_EXTRA_CA_CERTS' and names['npm'] == 'npm_config_cafile', names
assert names['java'] == 'JAVA_TOOL_OPTIONS' and names['nss'] == '~/.pki/nssdb', names
assert chosen('java')[0]['kind'] == 'java' and chosen('nss')[0]['kind'] == 'nss'
verdicts(wget='breaks', gnutls='breaks', debian='breaks')"
	echo "cacert = \"$good\"" >home/.curlrc
	echo "ca_certificate = $good" >home/.wgetrc
	HOME=$PWD/home git config --global http.sslCAInfo "$good"
	printf '[global]\ncert = %s\n' "$good" >home/.config/pip/pip.conf
	echo "cafile=$good" >home/.npmrc
	echo "Acquire::https::CAInfo \"$good\";" >apt.conf
	only="curl wget git pip npm debian openssl requests" \
		examine SSL_CERT_DIR=/nowhere APT_CONFIG="$PWD/apt.conf" >b.json || true
	asserted b.json "
verdicts(wget='good', git='good', pip='good', npm='good', debian='good')
# A folder that is not there is worth a word, but the file is what counts.
verdicts(curl='warning', openssl='breaks', requests='breaks')
home = os.getcwd() + '/home/'
files = {t: chosen(t)[0]['file'] for t in here}
assert files['curl'] == home + '.curlrc' and files['wget'] == home + '.wgetrc', files
assert files['pip'] == home + '.config/pip/pip.conf' and files['npm'] == home + '.npmrc', files
assert chosen('git')[0]['setting'] == 'git config --global http.sslCAInfo'
assert chosen('debian')[0]['setting'] == 'Acquire::https::CAInfo'"
	rm -r home && mkdir home
	git init -q .
	git config --local http.sslCAInfo "$good"
	echo "cafile = $good" >.npmrc
	echo "ca-certificate = $good" >wget.conf
	only="git npm wget curl pip nss" \
		examine SSL_CERT_FILE="$good" WGETRC="$PWD/wget.conf" PIP_CERT="$good" >c.json || true
	asserted c.json "
verdicts(git='good', npm='good', wget='good', curl='good', pip='good')
assert chosen('git')[0]['setting'] == 'git config --local http.sslCAInfo'
assert chosen('npm')[0]['file'] == '.npmrc'
assert chosen('wget')[0]['file'].endswith('wget.conf')
assert chosen('pip')[0]['setting'] == 'PIP_CERT'
assert chosen('curl')[0]['setting'] == 'SSL_CERT_FILE'
assert chosen('nss')[0]['setting'] == 'its own roots'"
}

@test "the line that is said to mend does mend: settings that name a bundle without the root" {
	needs_view
	mkdir -p home/.config/pip etc home/.pki/nssdb
	certutil -N --empty-password -d sql:home/.pki/nssdb
	for tool in curl wget git pip npm node aws java; do cp public.pem "theirs $tool.pem"; done
	keytool -importcert -noprompt -alias x -file public.pem -keystore theirs.p12 -storepass changeit \
		2>/dev/null || true
	echo "cacert = \"$PWD/theirs curl.pem\"" >home/.curlrc
	echo "ca_certificate = $PWD/theirs wget.pem" >home/.wgetrc
	HOME=$PWD/home git config --global http.sslCAInfo "$PWD/theirs git.pem"
	printf '[global]\ncert = %s\n' "$PWD/theirs pip.pem" >home/.config/pip/pip.conf
	echo "cafile=$PWD/theirs npm.pem" >home/.npmrc
	set -- NODE_EXTRA_CA_CERTS="$PWD/theirs node.pem" AWS_CA_BUNDLE="$PWD/theirs aws.pem" \
		REQUESTS_CA_BUNDLE="$PWD/nowhere.pem" SSL_CERT_FILE="$PWD/nowhere too" \
		JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=$PWD/theirs.p12 -Djavax.net.ssl.trustStorePassword=changeit"
	examine "$@" --skip debian --skip docker --skip gnutls >before.json || true
	asserted before.json "
for t in here:
    verdicts(**{t: 'breaks'})
says('requests', 'REQUESTS_CA_BUNDLE names .*nowhere.pem, which is not there')
says('curl', '1 certificate, not the root')"
	mend before.json "$@"
	examine "$@" --skip debian --skip docker --skip gnutls >after.json || true
	asserted after.json "
assert d['ready'] and not d['before'], [r for r in here.values() if r['verdict'] != 'good']
for t in here:
    verdicts(**{t: 'good'})
assert sum(s.get('certificates', 0) for s in chosen('curl') if s['file']) == 2"
}

@test "the line that is said to mend does mend: nothing is set" {
	needs_view
	mend bare.json
	mapfile -t set < <(grep -E '^(REQUESTS_CA_BUNDLE|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)=' changed)
	[ "${#set[@]}" -ge 1 ]
	examine "${set[@]}" --skip java --skip debian --skip gnutls --skip wget >after.json || true
	asserted after.json "
untouched = [t for t in here if re.search('subca trust install|-cacerts', ' '.join(rows[t]['mend']))]
for t in here:
    verdicts(**{t: 'breaks' if t in untouched else 'good'})
assert 'nss' not in untouched and 'node' not in untouched, untouched"
}

@test "below the machine's store the tools are ready once the root was installed" {
	needs_view
	declare -f examine >functions
	with_installed '. ./functions; only="openssl curl wget git gnutls python debian docker \
		cargo go ruby php node nss java" examine >installed.json || true'
	asserted installed.json "
verdicts(openssl='good', curl='good', wget='good', git='good', gnutls='good', python='good',
         debian='good', docker='good', cargo='good', go='good', ruby='good', php='good')
verdicts(node='breaks', nss='breaks')
for t in ('openssl', 'curl', 'wget', 'git', 'gnutls', 'debian'):
    assert run(t, 'inspected')['outcome'] == 'accepted', rows[t]
    assert any(s['has_root'] for s in chosen(t)), rows[t]"
	# Nothing of it is left outside.
	run -1 grep -rlF "$(sed -n 3p root/ca.pem)" /etc/ssl/certs /usr/local/share/ca-certificates
}

@test "a tool that verifies nothing is told, with what switches it off, and mended" {
	needs_view
	echo insecure >home/.curlrc
	echo "check_certificate = off" >home/.wgetrc
	HOME=$PWD/home git config --global http.sslVerify false
	printf 'strict-ssl=false\n' >home/.npmrc
	mkdir -p home/.config/pip
	printf '[global]\ntrusted-host = pypi.org\ncert = %s\n' "$PWD/good.pem" >home/.config/pip/pip.conf
	set -- --only curl --only wget --only git --only npm --only node --only pip
	examine NODE_TLS_REJECT_UNAUTHORIZED=0 "$@" >off.json || true
	asserted off.json "
verdicts(curl='open', wget='open', git='open', npm='open', node='open', pip='warning')
for t in ('curl', 'wget', 'git', 'npm', 'node'):
    assert run(t, 'stranger')['outcome'] == 'accepted', rows[t]
says('curl', '/.curlrc: insecure switches verification off')
says('node', 'NODE_TLS_REJECT_UNAUTHORIZED = 0 switches')
says('pip', 'trusted-host = pypi.org switches verification off for these hosts')
sed, install = rows['curl']['mend']
assert 'insecure' in sed and sed.endswith(os.getcwd() + '/home/.curlrc'), sed
assert install == 'subca trust install -C root', install"
	examine NODE_TLS_REJECT_UNAUTHORIZED=0 "$@" --no-try >off2.json || true
	asserted off2.json "verdicts(curl='open', wget='open', git='open', npm='open', node='open', pip='open')"
	mend off.json NODE_TLS_REJECT_UNAUTHORIZED=0
	run -1 grep NODE_TLS changed
	mapfile -t set < <(grep ^NODE_EXTRA changed)
	examine "${set[@]}" "$@" >on.json || true
	# What the machine's store would mend is left.
	asserted on.json "
install = 'subca trust install -C root'
verdicts(curl='breaks', wget='breaks', git='breaks', node='good', pip='good')
if 'npm' in here:
    verdicts(npm='breaks' if install in rows['npm']['mend'] else 'good')"
	examine GIT_SSL_NO_VERIFY=1 --only git >git.json || true
	asserted git.json "
verdicts(git='open')
assert rows['git']['mend'] == ['unset GIT_SSL_NO_VERIFY', 'subca trust install -C root'], rows['git']"
}

@test "the root alone, a weekly CA, an intermediate, and junk: warnings, exit code 11" {
	needs_view
	cp root/ca.pem alone.pem
	run -11 examine CURL_CA_BUNDLE="$PWD/alone.pem" SSL_CERT_DIR=/nowhere --only curl
	echo "${output%%subca:*}" >alone.json
	asserted alone.json "says('curl', 'holds no public root')"
	cat good.pem weekly.pem >weekly-too.pem
	run -11 examine CURL_CA_BUNDLE="$PWD/weekly-too.pem" --only curl
	[[ $output == *"Inspection (t)"*"a CA below the root"* ]]
	# In the root's place it is no good.
	run -1 --separate-stderr examine CURL_CA_BUNDLE="$PWD/issuing/ca.pem" --only curl
	[[ $output == *"CN=Issuing, a CA below the root"* ]]
	echo "$output" >below.json
	mend below.json
	run -0 examine CURL_CA_BUNDLE="$PWD/issuing/ca.pem" --only curl
	{ cat public.pem; printf -- '-----BEGIN CERTIFICATE-----\nMIIB***\n-----END CERTIFICATE-----\n'; cat root/ca.pem; } >junk.pem
	run -1 --separate-stderr examine CURL_CA_BUNDLE="$PWD/junk.pem" --only curl
	[[ $output == *"1 block that cannot be read"*"the root among them"* ]]
	echo "$output" >junk.json
	mend junk.json
	run -0 examine CURL_CA_BUNDLE="$PWD/junk.pem" --only curl
}

@test "a folder with links, one without, and a certificate in DER" {
	needs_view
	mkdir linked plain
	cp root/ca.pem linked/root.pem
	cp root/ca.pem plain/root.pem
	openssl rehash linked
	examine SSL_CERT_DIR="$PWD/linked" SSL_CERT_FILE="$PWD/public.pem" --only openssl >linked.json
	run -1 --separate-stderr examine SSL_CERT_DIR="$PWD/plain" SSL_CERT_FILE="$PWD/public.pem" \
		--only openssl
	[[ $output == *"not under the name that OpenSSL looks for"* ]]
	run -1 --separate-stderr examine SSL_CERT_DIR="$PWD/plain" SSL_CERT_FILE=/nowhere --no-try --only openssl
	echo "$output" >plain.json
	openssl rehash plain
	run -11 examine SSL_CERT_DIR="$PWD/a:$PWD/plain" SSL_CERT_FILE="$PWD/public.pem" --only python
	# OpenSSL takes no DER there.
	run -1 examine SSL_CERT_DIR=/nowhere SSL_CERT_FILE="$PWD/root.der" --only openssl
	[[ $output == *"1 certificate, the root among them"* ]]
}

# fake NAME: a program of that name before all others, from standard input
fake() {
	mkdir -p fakes
	{ echo '#!/bin/sh'; cat; } >"fakes/$1"
	chmod +x "fakes/$1"
}

@test "nothing is changed, nothing is left behind, and nothing outside is reached" {
	needs_view
	echo "cacert = \"$PWD/good.pem\"" >home/.curlrc
	fake curl <<-END
		[ "\$1" = --version ] && { echo curl 9.9; exit; }
		touch "\$HOME/touched" "$PWD/touched" /etc/touched 2>/dev/null
		rm -f "$PWD/good.pem" 2>/dev/null
		echo x >"\$TMPDIR/allowed" && cp /proc/net/dev "$PWD/seen" 2>/dev/null
		cat /proc/net/dev >&2
		env >&2
		exec /usr/bin/curl "\$@"
	END
	state() {
		find . -path ./tmp -prune -o -name 'store.db-*' -prune -o -name 'state-*' -prune -o \
			-type f -printf '%p %s %T@ %m\n' | sort
	}
	state >state-before
	PATH=$PWD/fakes:$PATH run -0 examine https_proxy=http://127.0.0.1:1 --only curl
	state | diff state-before -
	[ ! -e /etc/touched ] && [ ! -e seen ]
	[ -z "$(ls -A tmp)" ]
	# The real store was read and no more.
	[ "$(rows root)" -eq 2 ]
	fake curl <<-'END'
		[ "$1" = --version ] && { echo curl 9.9; exit; }
		[ "$(grep -c : /proc/net/dev)" -eq 1 ] || exit 0
		[ -z "$https_proxy$HTTPS_PROXY$all_proxy" ] || exit 0
		exec /usr/bin/curl "$@"
	END
	PATH=$PWD/fakes:$PATH run -0 examine https_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 --only curl
}

@test "proxies of the tools' own settings are not in the way" {
	needs_view
	printf 'proxy = http://127.0.0.1:1\ncacert = "%s"\n' "$PWD/good.pem" >home/.curlrc
	HOME=$PWD/home git config --global http.proxy http://127.0.0.1:1
	HOME=$PWD/home git config --global http.sslCAInfo "$PWD/good.pem"
	printf 'https-proxy=http://127.0.0.1:1\nproxy=http://127.0.0.1:1\ncafile=%s\n' "$PWD/good.pem" >home/.npmrc
	mkdir -p home/.config/pip
	printf '[global]\nproxy = http://127.0.0.1:1\ncert = %s\n' "$PWD/good.pem" >home/.config/pip/pip.conf
	printf 'https_proxy = http://127.0.0.1:1\nca_certificate = %s\n' "$PWD/good.pem" >home/.wgetrc
	printf 'Acquire::https::Proxy "http://127.0.0.1:1";\nAcquire::https::CAInfo "%s";\n' "$PWD/good.pem" >apt.conf
	examine APT_CONFIG="$PWD/apt.conf" --only curl --only git --only npm --only pip --only wget --only debian >p.json || true
	asserted p.json "verdicts(curl='good', git='good', npm='good', pip='good', wget='good', debian='good')"
}

@test "a tool that hangs, lies about its version, or accepts everything" {
	needs_view
	fake curl <<<'[ "$1" = --version ] && { echo curl 9.9.9; exit; }; sleep 986 & sleep 986'
	PATH=$PWD/fakes:$PATH run -1 --separate-stderr examine --only curl --timeout 3
	echo "$output" >hung.json
	asserted hung.json "verdicts(curl='unclear'); says('curl', 'hung, no end within 3 s')"
	run -1 pgrep -fx 'sleep 986'
	fake curl <<<'[ "$1" = --version ] && { echo banana; exit; }; exec /usr/bin/curl "$@"'
	PATH=$PWD/fakes:$PATH run -0 --separate-stderr examine CURL_CA_BUNDLE="$PWD/good.pem" --only curl
	[[ $output == *'"version": "?"'* ]]
	fake curl <<<'[ "$1" = --version ] && { echo curl 1.0; exit; }; exec /usr/bin/curl -k "$@"'
	PATH=$PWD/fakes:$PATH run -1 --separate-stderr examine CURL_CA_BUNDLE="$PWD/good.pem" --only curl
	echo "$output" >open.json
	asserted open.json "verdicts(curl='open'); says('curl', 'nobody vouches for')"
	# Settings that keep it from running are not a tool that is not there.
	fake curl <<<'[ "$BAD" ] && { echo "BAD is not allowed here"; exit 9; }; exec /usr/bin/curl "$@"'
	PATH=$PWD/fakes:$PATH run -1 --separate-stderr examine BAD=1 CURL_CA_BUNDLE="$PWD/good.pem" --only curl
	[[ $output == *'"verdict": "unclear"'*"BAD is not allowed here"* ]]
	PATH=$PWD/fakes:$PATH run -0 examine CURL_CA_BUNDLE="$PWD/good.pem" --only curl
	fake curl <<<'echo "shim: curl: command not found"; exit 127'
	PATH=$PWD/fakes:$PATH run -3 examine --only curl
	fake curl <<<'sleep 985'
	PATH=$PWD/fakes:$PATH run -1 --separate-stderr examine --only curl --timeout 3
	[[ $output == *"does not tell its version within 3 s"* ]]
}

@test "without a view of its own it looks, and says so" {
	examine CURL_CA_BUNDLE="$PWD/good.pem" SSL_CERT_FILE="$PWD/public.pem" --no-try >look.json || true
	asserted look.json "
assert not d['tried']
assert all(not r['runs'] for r in rows.values())
verdicts(curl='good', openssl='breaks', python='breaks', requests='good', wget='breaks', node='breaks')
assert rows['curl']['version'][0].isdigit()"
	examine NODE_USE_SYSTEM_CA=1 --no-try --only node >node.json || true
	examine NODE_OPTIONS='--trace-warnings --use-system-ca' --no-try --only node >node2.json || true
	for file in node.json node2.json; do
		asserted "$file" "
if 'node' in here:
    assert [s['value'] for s in chosen('node')][0].startswith('/etc/'), chosen('node')"
	done
	asserted node.json "assert 'node' not in here or rows['node']['mend'] == ['subca trust install -C root']"
	run -1 subca trust doctor -C root --no-try --only wget
	[[ $output == *"files and settings were looked at"* ]]
}

# The daemon is not run: what it would read is looked at.
@test "Docker: the machine's store, and the folders of single registries" {
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip "needs root and a view of its own"
	fake docker <<<'exit 0'
	PATH=$PWD/fakes:$PATH examine --only docker >plain.json || true
	asserted plain.json "
verdicts(docker='breaks')
assert 'docker' in here and rows['docker']['mend'] == ['subca trust install -C root']"
	mkdir -p certs/one.example.com certs/two.example.com:5000
	cp root/ca.pem certs/one.example.com/ca.crt
	cp root/ca.pem certs/two.example.com:5000/ca.pem
	cp root/ca.pem certs/two.example.com:5000/client.cert
	declare -f examine >functions
	PATH=$PWD/fakes:$PATH with_installed '. ./functions
		mkdir view/etc && cp -a /etc/. view/etc && mkdir -p view/etc/docker
		cp -r certs view/etc/docker/certs.d && mount --bind view/etc /etc
		examine --only docker >registries.json || true'
	asserted registries.json "
verdicts(docker='warning')
says('docker', 'two.example.com:5000/ca.pem is not read by the daemon')
says('docker', 'client.cert has no client.key beside it')
says('docker', '1 of 2 registries')"
}

@test "for one who is not root too" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to become nobody"
	unshare -Ur true 2>/dev/null || skip "no user namespaces here"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	mkdir -m 777 public
	cp good.pem root/ca.pem public
	chmod 644 public/*
	run -0 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		env -i PATH="$PATH" TMPDIR=/tmp HOME=/nowhere CURL_CA_BUNDLE="$PWD/public/good.pem" \
		"$SUBCA" trust doctor public/ca.pem --only curl --json
	echo "$output" >nobody.json
	asserted nobody.json "assert d['tried']; assert run('curl', 'inspected')['outcome'] == 'accepted'"
}

@test "the table fits 80 columns, but for lines to be copied, and the document keeps its shape" {
	run -1 --separate-stderr subca trust doctor -C root --only git --only java --only nss --only go
	[[ $output == *"TOOL "*"TRUST COMES FROM"*"BREAKS"*"Lines that mend"* ]]
	[ "$(grep -v '^    [^ ]' <<<"$output" | awk 'length > 80' | wc -l)" -eq 0 ]
	asserted bare.json "
assert d['schema'] == 'subca.trust/1'
assert list(d) == ['schema', 'root', 'sha256', 'tried', 'ready', 'before', 'tools'], list(d)
for r in d['tools']:
    assert list(r) == ['tool', 'client', 'state', 'version', 'verdict', 'effect', 'settings', 'runs',
                       'why', 'mend'], list(r)
    for s in r['settings']:
        assert list(s)[:6] == ['setting', 'source', 'slot', 'counts', 'file', 'value'], s
    for c in r['runs']:
        assert list(c) == ['case', 'expected', 'outcome', 'reason'], c"
	run -1 --separate-stderr subca trust doctor -C root --quiet --only curl
	[[ $output != *"Root:"* && $output == *"curl"*"BREAKS"* ]]
}

@test "what cannot be examined" {
	run -3 subca trust doctor -C nowhere
	run -3 subca trust doctor nowhere.pem
	run -4 subca trust doctor /etc/hostname
	run -4 subca trust doctor good.pem
	run -1 subca trust doctor issuing/ca.pem
	[[ $output == *"is no trust anchor"* ]]
	run -1 subca trust doctor weekly.pem
	run -3 subca trust doctor -C root --only crul
	[[ $output == *"did you mean 'curl'"* ]]
	run -2 subca trust doctor -C root --only macos
	run -2 subca trust doctor -C root --timeout 0
	mkdir empty
	PATH=$PWD/empty run -3 "$SUBCA" trust doctor -C root --only curl
	[[ $output == *"none of the tools"* ]]
	TMPDIR=$PWD/none run -10 subca trust doctor -C root --only curl
	# An intermediate CA's folder leads to its root.
	run -1 subca trust doctor -C issuing --only curl --no-try
	[[ $output == *"CN=Example Root CA"* ]]
}
