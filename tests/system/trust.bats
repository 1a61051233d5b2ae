#!/usr/bin/env bats
# subca bundle, and subca trust guide.

bats_require_minimum_version 1.5.0

load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example,CN=Zz Example Root" --key ec:P-256 --no-passphrase
	"$SUBCA" init issuing --parent root --subject "CN=Issuing" --key ec:P-256 --no-passphrase
	for name in Bravo alpha; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key \
			-subj "/CN=$name" -days 30 -out "$name.pem" 2>/dev/null
	done
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key \
		-subj "/CN=Inspection (t) " -days 14 -out weekly.pem 2>/dev/null
	faketime '2020-01-01 00:00:00' openssl req -x509 -newkey ec -nodes -keyout old.key \
		-pkeyopt ec_paramgen_curve:P-256 -subj /CN=Old -days 30 -out old.pem 2>/dev/null
	cat Bravo.pem alpha.pem old.pem Bravo.pem >public.pem
}

setup() {
	in_scratch
	cp -r "$BATS_FILE_TMPDIR"/. .
}

# finds RULE COMMAND…: the document of the command has a finding of this rule.
finds() {
	local rule=$1
	shift
	run --separate-stderr "$SUBCA" "$@" --json
	RULE=$rule python3 -c '
import json, os, sys
sys.exit(all(f["rule"] != os.environ["RULE"] for f in json.load(sys.stdin)["findings"]))' <<<"$output"
}

subjects() { grep -o '^# \(ours: \)\?[^ ]*CN=.*' "$1" | sed 's/.*CN=//'; }

@test "bundle: ours first, the rest sorted, once each, without the expired one" {
	run -0 --separate-stderr subca bundle -C root --public public.pem -o out.pem
	[[ $output == *"3 trust anchors, 1 of them ours"* ]]
	[ "$(subjects out.pem | paste -sd,)" = "Zz Example Root,alpha,Bravo" ]
	[ "$(grep -c BEGIN out.pem)" -eq 3 ]
	finds bundle_expired bundle -C root --public public.pem -o out2.pem
	finds bundle_duplicate bundle -C root --public public.pem -o out3.pem
}

@test "bundle: what was named ours stays ours, and a chain's root is what is trusted" {
	subca bundle -C issuing --public public.pem -o out.pem
	[ "$(subjects out.pem | head -n 1)" = "Zz Example Root" ]
	subca bundle alpha.pem --public public.pem -o own.pem
	grep -q '^# ours: CN=alpha' own.pem
	[ "$(grep -c BEGIN own.pem)" -eq 2 ]
}

@test "bundle: openssl, curl's library and GnuTLS read it, and each certificate is unchanged" {
	subca bundle -C root --public public.pem -o out.pem
	openssl verify -CAfile out.pem issuing/ca.pem
	certtool --verify --load-ca-certificate out.pem --infile issuing/chain.pem
	subca bundle -C root --no-public --no-comments -o one.crt
	cmp one.crt root/ca.pem
	subca bundle -C root --no-public -o one.der
	openssl x509 -in root/ca.pem -outform DER | cmp - one.der
}

@test "bundle: Java takes the trust stores" {
	command -v keytool >/dev/null || skip "no keytool here"
	for kind in p12 jks; do
		subca bundle -C root --public public.pem -o "out.$kind"
		run -0 keytool -list -keystore "out.$kind" -storepass changeit
		[ "$(grep -c trustedCertEntry <<<"$output")" -eq 3 ]
		run -1 keytool -list -keystore "out.$kind" -storepass another
	done
}

@test "bundle: an intermediate, a weekly CA and a leaf are no anchors" {
	finds bundle_intermediate bundle issuing/ca.pem --no-public -o a.pem
	finds bundle_weekly_ca bundle weekly.pem --no-public -o b.pem
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key \
		-subj /CN=leaf -days 9 -addext basicConstraints=critical,CA:FALSE -out leaf.pem
	finds bundle_not_a_ca bundle leaf.pem --no-public -o c.pem
	run finds bundle_intermediate bundle -C root --no-public -o d.pem
	[ "$status" -eq 1 ]
}

@test "bundle: junk in a bundle is told and left out" {
	{
		echo "some text"
		cat root/ca.pem
		printf -- '-----BEGIN CERTIFICATE-----\nMIIB***\n-----END CERTIFICATE-----\n'
		openssl x509 -in alpha.pem | sed '3d'
		cat key Bravo.pem
		printf '\377\376\000'
	} >junk.pem
	finds bundle_junk bundle junk.pem --no-public -o a.pem
	# One whose end is no time, among good ones.
	openssl x509 -in alpha.pem -outform DER | python3 -c '
import re, sys
sys.stdout.buffer.write(re.sub(rb"\x17\x0d\d{12}Z", b"\x17\x0d" + b"269999000000Z",
                               sys.stdin.buffer.read()))' | openssl base64 -A >body
	{
		echo "-----BEGIN CERTIFICATE-----"
		fold -w 64 body
		printf '\n-----END CERTIFICATE-----\n'
		cat Bravo.pem root/ca.pem
	} >time.pem
	finds bundle_junk bundle -C root --public time.pem -o c.pem
	[ "$(grep -c BEGIN c.pem)" -eq 2 ]
	finds bundle_private_key bundle junk.pem --no-public -o b.pem
	[ "$(grep -c BEGIN b.pem)" -eq 2 ]
	run -1 grep "PRIVATE KEY" b.pem
}

@test "bundle: what cannot be made leaves no file" {
	run -4 subca bundle -C root --public /etc/hostname -o x.pem
	run -3 subca bundle -C root --public none.pem -o x.pem
	run -2 subca bundle -C root -o x.txt --no-public
	run -2 subca bundle -C root --no-public
	run -2 subca bundle -C root --no-public --public public.pem -o x.pem
	run -2 subca bundle -C root --public public.pem -o x.der
	run -1 subca bundle old.pem --no-public -o x.pem
	run -3 subca bundle -C nowhere -o x.pem --no-public
	head -c 5000000 /dev/zero >big
	run -4 subca bundle -C root --public big -o x.pem
	[ ! -e x.pem ] && [ ! -e x.der ] && [ ! -e x.txt ]
	echo precious >there.pem
	run -9 subca bundle -C root --no-public -o there.pem
	[ "$(cat there.pem)" = precious ]
	subca bundle -C root --no-public -o there.pem --force
	openssl x509 -in there.pem -noout
}

@test "guide: every tool of the house's list, with the paths filled in" {
	for tool in aws curl wget git npm node java python httpx requests urllib3 pip docker alpine \
		debian rhel go cargo ruby xcode android windows macos; do
		run -0 subca trust guide "$tool"
		[[ $output == *"/root.pem"* || $output == *'\root.pem'* || $output == *ca-bundle.pem* ]]
		[[ $output != *"{"[a-z]*"}"* || $output == *policies* ]]
	done
	run -0 subca trust guide curl --bundle /opt/b.pem --os linux
	[[ $output == *'export CURL_CA_BUNDLE="/opt/b.pem"'* && $output != *setx* ]]
}

# One line each: a tool, the systems, and what has to stand in the lines for each of them.
@test "guide: each way to set a tool that there is, for each system" {
	while IFS='|' read -r tool systems words; do
		for os in $systems; do
			run -0 subca trust guide "$tool" --os "$os"
			for word in $words; do
				[[ $output == *"${word//+/ }"* ]] || { echo "$tool $os lacks $word"; return 1; }
			done
			run -0 subca trust guide "$tool" --os "$os" --format markdown
			[[ $output == *'```'* ]]
			[[ $os != linux && $os != macos ]] || subca trust guide "$tool" --os "$os" --format shell | sh -n
		done
	done <<-'END'
		openssl|linux macos|SSL_CERT_FILE -CAfile
		openssl|windows dockerfile|SSL_CERT_FILE
		curl|linux macos|CURL_CA_BUNDLE --cacert .curlrc
		curl|windows dockerfile|CURL_CA_BUNDLE
		wget|linux macos|--ca-certificate .wgetrc ca_certificate
		wget|windows|.wgetrc WGETRC
		wget|dockerfile|ca_certificate /etc/wgetrc
		git|linux macos|http.sslCAInfo http."https://git.example.com".sslCAInfo GIT_SSL_CAINFO
		git|windows|http.sslCAInfo schannel
		git|dockerfile|--system+http.sslCAInfo
		aws|linux macos|AWS_CA_BUNDLE --ca-bundle default.ca_bundle
		aws|windows dockerfile|AWS_CA_BUNDLE
		python|linux macos|SSL_CERT_FILE load_verify_locations
		python|windows dockerfile|SSL_CERT_FILE
		httpx|linux macos windows dockerfile|SSL_CERT_FILE
		requests|linux macos|REQUESTS_CA_BUNDLE verify=
		requests|windows dockerfile|REQUESTS_CA_BUNDLE
		urllib3|linux macos windows dockerfile|PoolManager(ca_certs=
		pip|linux macos|PIP_CERT --cert --use-feature=truststore config+set+global.cert
		pip|windows|--cert --use-feature=truststore config+set+global.cert
		pip|dockerfile|PIP_CERT
		node|linux macos|NODE_EXTRA_CA_CERTS --use-system-ca --use-openssl-ca SSL_CERT_FILE
		node|windows|NODE_EXTRA_CA_CERTS --use-system-ca
		node|dockerfile|NODE_EXTRA_CA_CERTS
		npm|linux macos windows|cafile NODE_EXTRA_CA_CERTS
		npm|dockerfile|NODE_EXTRA_CA_CERTS
		java|linux macos|keytool+-importcert -cacerts -Djavax.net.ssl.trustStore=
		java|windows|keytool+-importcert Windows-ROOT
		java|dockerfile|keytool+-importcert
		docker|linux|/etc/docker/certs.d/ ca.crt systemctl+restart
		docker|macos|~/.docker/certs.d/ ca.crt
		docker|windows|certs.d ca.crt Restart-Service
		docker|dockerfile|Import-Certificate
		debian|linux|/usr/local/share/ca-certificates/ .crt update-ca-certificates Acquire::https::CAInfo
		debian|dockerfile|/usr/local/share/ca-certificates/ update-ca-certificates
		alpine|linux dockerfile|update-ca-certificates >>/etc/ssl/certs/ca-certificates.crt
		rhel|linux|/etc/pki/ca-trust/source/anchors/ update-ca-trust+extract sslcacert
		rhel|dockerfile|/etc/pki/ca-trust/source/anchors/ update-ca-trust+extract
		go|linux dockerfile|SSL_CERT_FILE
		go|macos|keychain
		go|windows|store
		cargo|linux macos|CARGO_HTTP_CAINFO cainfo
		cargo|windows dockerfile|CARGO_HTTP_CAINFO
		ruby|linux macos windows dockerfile|SSL_CERT_FILE
		xcode|macos|xcrun+simctl+keychain+booted+add-root-cert
		android|linux macos windows|adb+push Settings
		windows|windows|certutil+-addstore+Root Import-Certificate
		macos|macos|security+add-trusted-cert+-d+-r+trustRoot+-k
	END
}

@test "guide: shell lines parse, and set what they say" {
	run -0 subca trust guide --format shell
	sh -n <<<"$output"
	subca trust guide --format shell --os macos | sh -n
	subca trust guide pip --format shell --bundle /opt/b.pem | grep '^export' >lines
	# shellcheck disable=SC1091
	[ "$(. ./lines && echo "$PIP_CERT")" = /opt/b.pem ]
	run -2 subca trust guide --format shell --os windows
}

@test "guide: Markdown and JSON" {
	run -0 subca trust guide --format markdown
	[ "$(grep -c '^## ' <<<"$output")" -eq "$(subca trust guide --list -q | wc -l)" ]
	[ $(($(grep -c '^```' <<<"$output") % 2)) -eq 0 ]
	subca trust guide --json | python3 -c '
import json, sys
tools = {t["tool"]: t for t in json.load(sys.stdin)["tools"]}
assert tools["node"]["effect"] == "adds" and tools["curl"]["effect"] == "replaces"
assert {s["os"] for s in tools["pip"]["steps"]} == {"linux", "macos", "windows", "dockerfile"}
assert all(t["steps"] for t in tools.values())'
}

@test "guide: an unknown tool, and a path that speaks to the shell" {
	run -3 subca trust guide crul
	[[ $output == *"did you mean 'curl'"* ]]
	# shellcheck disable=SC2016
	run -2 subca trust guide curl --bundle '/opt/$(rm -rf x)'
	run -2 subca trust guide curl --root 'a b'
	run -2 subca trust guied
	[[ $output == *"did you mean guide"* ]]
}

# A file system of its own for the machine's trust store.
fake_system() {
	mkdir -p sys/etc/ssl/certs sys/usr/share/ca-certificates sys/usr/local/share/ca-certificates \
		sys/etc/ca-certificates/update.d
	: >sys/etc/ca-certificates.conf
	cp alpha.pem sys/usr/local/share/ca-certificates/alpha.crt
}

@test "install and remove: the system's bundle has the root, and has it no more" {
	[ -x /usr/sbin/update-ca-certificates ] || skip "no update-ca-certificates here"
	fake_system
	run -0 subca trust install -C root --prefix "$PWD/sys" --dry-run
	[[ $output == *"write $PWD/sys/usr/local/share/ca-certificates/subca-"*update-ca-certificates* ]]
	[ "$(ls sys/usr/local/share/ca-certificates)" = alpha.crt ]
	subca trust install -C issuing --prefix "$PWD/sys" --yes
	openssl verify -CAfile sys/etc/ssl/certs/ca-certificates.crt issuing/ca.pem
	run -9 subca trust install root/ca.pem --prefix "$PWD/sys" --yes
	subca trust remove root/ca.pem --prefix "$PWD/sys" --yes
	run openssl verify -no-CApath -no-CAstore -CAfile sys/etc/ssl/certs/ca-certificates.crt issuing/ca.pem
	[ "$status" -ne 0 ]
	[ -z "$(find -L sys/etc/ssl/certs -type l)" ]
	[ "$(ls sys/usr/local/share/ca-certificates)" = alpha.crt ]
	run -3 subca trust remove root/ca.pem --prefix "$PWD/sys" --yes
}

# RHEL's program is not on Debian: one that notes how it is called stands for it, in a view of our own.
@test "install and remove with update-ca-trust, where that is what there is" {
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip "needs root and a view of its own"
	mkdir -p sys/etc/pki/ca-trust/source/anchors anchors/source/anchors bin
	printf '#!/bin/sh\necho "$*" >>%s/called\n' "$PWD" >bin/update-ca-trust
	chmod +x bin/update-ca-trust
	rhel() {
		unshare -m sh -c 'mount --bind /dev/null /usr/sbin/update-ca-certificates 2>/dev/null
			mount --bind bin /usr/local/sbin && exec "$0" "$@"' "$@"
	}
	run -0 rhel "$SUBCA" trust install -C root --prefix "$PWD/sys" --yes
	[[ $output == *"write $PWD/sys/etc/pki/ca-trust/source/anchors/subca-"*.pem*"update-ca-trust extract"* ]]
	cmp sys/etc/pki/ca-trust/source/anchors/subca-*.pem root/ca.pem
	[ "$(cat called)" = "extract -o $PWD/sys/etc/pki/ca-trust/extracted" ]
	run -0 rhel "$SUBCA" trust remove -C root --prefix "$PWD/sys" --yes
	[ -z "$(ls sys/etc/pki/ca-trust/source/anchors)" ]
	[ "$(wc -l <called)" -eq 2 ]
	# Its failure undoes what was done.
	printf '#!/bin/sh\necho no such thing >&2\nexit 1\n' >bin/update-ca-trust
	run -10 rhel "$SUBCA" trust install -C root --prefix "$PWD/sys" --yes
	[[ $output == *"no such thing"* ]]
	[ -z "$(ls sys/etc/pki/ca-trust/source/anchors)" ]
}

@test "install: refused, declined or failed changes nothing" {
	[ -x /usr/sbin/update-ca-certificates ] || skip "no update-ca-certificates here"
	fake_system
	run -1 subca trust install weekly.pem --prefix "$PWD/sys" --yes
	run -1 subca trust install issuing/ca.pem --prefix "$PWD/sys" --yes
	run -4 subca trust install public.pem --prefix "$PWD/sys" --yes
	run -8 subca trust install -C root --prefix "$PWD/sys" </dev/null
	# The program fails where its folder is not.
	rm -r sys/etc/ssl
	run -10 subca trust install -C root --prefix "$PWD/sys" --yes
	[ "$(ls sys/usr/local/share/ca-certificates)" = alpha.crt ]
}
