#!/usr/bin/env bats
# subca rehearse: real clients on loopback against the shadow of what is planned.

bats_require_minimum_version 1.5.0

load helper

# The clients of this machine's packages, not those that stand before them in somebody's PATH.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin

# One full run, whose document the tests look at.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example,CN=Example Root CA" --key ec:P-256 --no-passphrase
	openssl req -new -newkey rsa:2048 -nodes -keyout zia.key -out zia.csr \
		-subj "/C=US/ST=California/L=San Jose/O=Example/CN=Example Inspection" 2>/dev/null
	mkdir -p root/profiles
	profile short 'basic_constraints = { critical = true; path_length = 0; };'
	profile noaki 'authority_key_identifier = false;'
	profile soft 'basic_constraints = { critical = false; path_length = 1; };'
	HOME=$PWD/home TMPDIR=$PWD/tmp
	export HOME TMPDIR
	mkdir home tmp
	SSL_CERT_FILE=/nowhere CURL_CA_BUNDLE=/nowhere https_proxy=http://127.0.0.1:1 \
		NODE_OPTIONS=--no-such-option GIT_SSL_NO_VERIFY=1 \
		"$SUBCA" rehearse -C root --profile zia zia.csr --json --timeout 60 >full.json || true
}

profile() {
	printf 'extends = "zia";\n%s\n' "$2" >"root/profiles/$1.conf"
}

setup() {
	in_scratch
	cp -r "$BATS_FILE_TMPDIR"/. .
}

# asserted FILE CODE: Python that finds the document in d, its rows by client in rows, and in
# clients what scripts/bootstrap installs and whatever else of the table is on this machine.
asserted() {
	FILE=$1 CODE=$2 REQUIRED=$required python3 - <<-'END'
		import json, os, re
		d = json.load(open(os.environ["FILE"]))
		rows = {r["client"]: r for r in d["rows"]}
		required = os.environ["REQUIRED"].split("\n")
		clients = [c for c in rows if rows[c]["state"] != "not installed"]
		missing = [c for c in required if c not in clients]
		def run(client, case):
		    return {c["case"]: c for c in rows[client]["runs"]}[case]
		def outcome(client, case):
		    return run(client, case)["outcome"]
		def reason(client, case):
		    return run(client, case)["reason"]
		exec(os.environ["CODE"])
	END
}

# What scripts/bootstrap installs.
required="openssl s_client
openssl s_client, strict
curl
curl, environment
wget
git
gnutls-cli
Python ssl
Python ssl, strict
requests
requests, strict
urllib3
urllib3, strict
httpx
httpx, strict
pip
pip, strict
Node.js
npm
Java HttpsURLConnection
apt
Docker certs.d (openssl)
NSS tstclnt
Chromium"

@test "what scripts/bootstrap installs is here" {
	[ "${CI-}" = true ] || asserted full.json "assert not missing" 2>/dev/null ||
		skip "not here: $(asserted full.json "print(', '.join(missing))")"
	asserted full.json "assert not missing, missing"
}

@test "every client accepts the chain, whole and short, in TLS 1.3 and 1.2" {
	asserted full.json "
for client in clients:
    for case in ['chain', 'short-chain', 'tls1.2']:
        assert run(client, case)['expected'] == 'accepted', (client, case)
        assert outcome(client, case) == 'accepted', (client, case, rows[client])
    assert rows[client]['good'], rows[client]
assert len(clients) == d['clients'] == d['good'] > 0 and d['safe'], d"
}

@test "every client refuses each negative control" {
	asserted full.json "
for client in clients:
    strict = client.endswith('strict')
    for case in ['untrusted', 'expired', 'other-host', 'path-length'] + ['no-aki'] * strict:
        assert run(client, case)['expected'] == 'refused', (client, case)
        assert outcome(client, case) == 'refused', (client, case, rows[client])
    assert strict or 'no-aki' not in [r['case'] for r in rows[client]['runs']], rows[client]"
}

# A client that refuses for another reason, a file that is not there say, would show nothing. What
# GnuTLS below curl's library, and PHP, say is the same for each.
@test "every client refuses each control for its own reason" {
	asserted full.json "
general = 'server certificate verification failed|SSL routines::certificate verify failed'
own = {
    'untrusted': 'self-signed certificate in certificate chain|known issuer|issuer is unknown'
        '|valid certification path|unknown authority|UN(KNOWN|TRUSTED)_ISSUER|net_error -202'
        '|not correctly signed',
    'expired': 'expired|validity check failed|net_error -201',
    'other-host': '[Mm]ismatch|(not|n.t) match|no alternative certificate subject|not localhost'
        '|No subject alternative|BAD_CERT_DOMAIN|net_error -200',
    'path-length': '(?i)path ?len|signer.s constraints|PATH_LEN|net_error -207',
    'no-aki': 'Missing Authority Key Identifier',
}
loose = {'git', 'cargo', 'PHP'}
for client in clients:
    for case in [r['case'] for r in rows[client]['runs'] if r['expected'] == 'refused']:
        words = own[case]
        if client in loose and case != 'other-host':
            words += '|' + general
        if client == 'wget' and case == 'path-length':
            words += '|is not trusted'
        assert re.search(words, reason(client, case)), (client, case, reason(client, case))"
}

@test "versions are told, nothing is left in HOME and TMPDIR, and the CA is as it was" {
	asserted full.json "
for client in clients:
    assert client == 'NSS tstclnt' or rows[client]['version'][0].isdigit(), rows[client]"
	[ -z "$(ls -A home)" ]
	[ -z "$(ls -A tmp)" ]
	[ "$(rows root)" -eq 1 ]
}

@test "path length 0 with software keys is red, with the reason" {
	run -1 subca rehearse -C root --profile short zia.csr --only openssl --only curl --only python
	[[ $output == *"curl "*"0 of 3"*RED* ]]
	[[ $output == *"path length constraint exceeded"* ]]
	[[ $output == *"do not sign it"* ]]
	# The same is right where the key in the HSM signs the sites itself.
	subca rehearse -C root --profile short --hsm zia.csr --only openssl --only curl
	subca rehearse -C root --profile zia-hsm zia.csr --only openssl --only curl
}

@test "without AKI, and with basicConstraints that is not critical, strict Python is red" {
	run -1 subca rehearse -C root --profile noaki zia.csr --only python --json
	echo "${output%subca:*}" >noaki.json
	asserted noaki.json "
assert rows['Python ssl']['good'] and not rows['Python ssl, strict']['good']
assert 'Authority Key Identifier' in reason('Python ssl, strict', 'chain')"
	run -1 subca rehearse -C root --profile soft zia.csr --only python --json
	echo "${output%subca:*}" >soft.json
	asserted soft.json "
assert rows['Python ssl']['good'] and not rows['Python ssl, strict']['good']
assert 'not marked critical' in reason('Python ssl, strict', 'chain')"
}

@test "a certificate that was issued, by ours and by others" {
	subca sign -C root --profile zia --yes zia.csr
	subca rehearse -C root zia.pem --only curl
	subca rehearse zia.pem --chain zia-chain.pem --only curl
	subca rehearse zia-chain.pem --only curl
	run -3 subca rehearse zia.pem --only curl
	[[ $output == *"--chain"* ]]
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 30 -subj /CN=Other
	openssl x509 -req -in zia.csr -CA other.pem -CAkey other.key -days 20 -out bad.pem \
		-extfile <(printf 'basicConstraints=CA:TRUE\nkeyUsage=keyCertSign') 2>/dev/null
	run -1 subca rehearse bad.pem --chain other.pem --only python
	[[ $output == *"Python ssl  "*good* && $output == *"Python ssl, strict"*RED* ]]
}

@test "below an intermediate the chain has to be uploaded" {
	printf 'extends = "subordinate-ca";\nbasic_constraints = { critical = true; path_length = 3; };\n' \
		>root/profiles/above.conf
	subca init issuing --parent root --subject "CN=Issuing" --key ec:P-384 --no-passphrase \
		--profile above
	subca rehearse -C issuing --profile zia zia.csr --only curl --json >deep.json
	asserted deep.json "
assert d['safe'] and outcome('curl', 'chain') == 'accepted'
assert outcome('curl', 'short-chain') == 'refused'"
}

# fake NAME: a program of that name before all others, from standard input
fake() {
	mkdir -p fakes
	{ echo '#!/bin/sh'; cat; } >"fakes/$1"
	chmod +x "fakes/$1"
}

@test "a client that hangs is ended and reported, with all that it started" {
	fake curl <<<'[ "$1" = --version ] && { echo curl 9.9.9; exit; }; sleep 987 & sleep 987'
	PATH=$PWD/fakes:$PATH run -1 subca rehearse -C root --profile zia zia.csr --only curl --timeout 1
	[[ $output == *"hung"*"no end within 1 s"* ]]
	run -1 pgrep -fx 'sleep 987'
}

@test "a client of unknown version counts, one that cannot be run or accepts everything does not pass" {
	fake curl <<<'[ "$1" = --version ] && { echo banana; exit; }; exec /usr/bin/curl "$@"'
	PATH=$PWD/fakes:$PATH run -0 subca rehearse -C root --profile zia zia.csr --only curl
	[[ $output == *"curl "*" ? "*good* ]]
	fake curl <<<'[ "$1" = --version ] && { echo curl 1.0; exit; }; exec /usr/bin/curl -k "$@"'
	PATH=$PWD/fakes:$PATH run -1 subca rehearse -C root --profile zia zia.csr --only curl
	[[ $output == *"3 of 3"*"0 of 4"*RED* ]]
	fake curl <<<'yes | head -c 10000000; exit 3'
	PATH=$PWD/fakes:$PATH run -3 subca rehearse -C root --profile zia zia.csr --only curl
}

@test "no client, a taken port, no temporary folder, a bundle of junk" {
	mkdir empty
	PATH=$PWD/empty run -3 "$SUBCA" rehearse -C root --profile zia zia.csr --only curl
	[[ $output == *"none of the clients"* ]]
	python3 -c '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True); time.sleep(60)' >port &
	python=$!
	while [ ! -s port ]; do sleep 0.1; done
	run -6 subca rehearse -C root --profile zia zia.csr --only curl --no-seal --port "$(cat port)"
	kill "$python"
	[[ $output == *"taken"* ]]
	TMPDIR=$PWD/none run -10 subca rehearse -C root --profile zia zia.csr --only curl
	run -4 subca rehearse -C root --profile zia zia.csr --only curl --public /etc/hostname
	run -3 subca rehearse -C root --profile zia zia.csr --only crul
	run -2 subca rehearse -C root --profile zia zia.csr --only windows
	run -2 subca rehearse -C root zia.csr
	run -4 subca rehearse -C root --profile zia /etc/hostname
	run -1 subca rehearse -C root --profile server zia.csr --only curl
}

@test "a home that cannot be written, and a machine without ca-certificates" {
	mkdir -m 555 locked
	HOME=$PWD/locked run -0 subca rehearse -C root --profile zia zia.csr --only curl --only npm
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip "needs root to hide a folder"
	hidden() {
		unshare -m sh -c 'mount -t tmpfs none /etc/ssl/certs &&
			mount --bind /dev/null /usr/sbin/update-ca-certificates && exec "$0" "$@"' "$@"
	}
	run -0 hidden "$SUBCA" rehearse -C root --profile zia zia.csr --only curl --only python
	[[ $output == *"curl "*"3 of 3  4 of 4  good"* ]]
	run -3 hidden "$SUBCA" bundle -C root -o bundle.pem
	[[ $output == *"install ca-certificates"* && ! -e bundle.pem ]]
	run -3 hidden "$SUBCA" trust install -C root --yes
	[[ $output == *"install ca-certificates"* ]]
}

@test "a name that leaves no room for the weekly CA's is refused" {
	openssl req -new -key zia.key -out long.csr -subj "/CN=$(printf 'x%.0s' {1..60})"
	run -1 subca rehearse -C root --profile zia long.csr --only curl
	[[ $output == *"59 characters"* ]]
}

@test "nobody but loopback can be reached from a rehearsal, also for one who is not root" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to become nobody"
	fake curl <<<'[ "$1" = --version ] && { echo curl 9.9; exit; }
cat /proc/net/route /proc/net/dev >'"$PWD"'/seen; exec /usr/bin/curl "$@"'
	asserted full.json "assert d['network_sealed']"
	PATH=$PWD/fakes:$PATH run -0 subca rehearse -C root --profile zia zia.csr --only curl
	[ "$(grep -c : seen)" -eq 1 ]
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	subca sign -C root --profile zia --yes zia.csr
	mkdir -m 777 public
	cp zia-chain.pem public
	chmod 644 public/zia-chain.pem
	unshare -Ur true 2>/dev/null || skip "no user namespaces here"
	run -0 setpriv --reuid 65534 --regid 65534 --clear-groups \
		env TMPDIR=/tmp "$SUBCA" rehearse public/zia-chain.pem --only curl
}

@test "sign --rehearse refuses on red before anything is spent, and signs on green" {
	run -2 subca sign -C root --profile zia --yes --rehearse -o a.pem --chain b.pem - <zia.csr
	# One client is enough here.
	mkdir few
	ln -s /usr/bin/curl few/curl
	PATH=$PWD/few run -1 "$SUBCA" sign -C root --profile short --yes --rehearse zia.csr
	[[ $output == *"path length constraint exceeded"*"nothing was signed"* ]]
	[ ! -e zia.pem ]
	[ "$(rows root)" -eq 1 ]
	PATH=$PWD/few run -0 "$SUBCA" sign -C root --profile zia --yes --rehearse zia.csr
	[ -e zia.pem ]
}
