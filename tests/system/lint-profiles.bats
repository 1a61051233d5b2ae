#!/usr/bin/env bats
# Whatever a shipped profile yields, on whatever key it allows, lints without error or warning.

bats_require_minimum_version 1.5.0

load helper

# Every key type, one key each, for subjects; RSA is what takes time.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	for bits in 2048 3072 4096; do
		openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:$bits -out rsa:$bits.key
	done
	for curve in P-256 P-384; do
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out ec:$curve.key
	done
	openssl genpkey -algorithm ed25519 -out ed25519.key
	for key in *.key; do
		openssl req -new -key "$key" -out "${key%.key}.csr" \
			-subj "/C=DE/ST=Bayern/L=Town/O=Example GmbH/OU=IT/CN=www.example.com" \
			-addext subjectAltName=DNS:www.example.com
	done
	ca root-P-256 ec:P-256
}

setup() {
	in_scratch
	cp -r "$BATS_FILE_TMPDIR"/* .
}

# ca FOLDER KEY: a root with every URL, so that every extension is in what it signs.
ca() {
	"$SUBCA" init "$1" --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key "$2" --no-passphrase \
		--crl-url http://pki.example.com/root.crl --ocsp-url http://ocsp.example.com \
		--ca-issuers-url http://pki.example.com/root.cer
}

# clean COUNT ARGUMENT…: so many certificates are linted, and nothing worse than a notice is found.
clean() {
	local count=$1
	shift
	run -0 --separate-stderr "$SUBCA" lint "$@"
	echo "$output"
	[[ ${lines[-1]} == "$count certificate"*": 0 errors, 0 warnings, "* ]]
}

# allowed PROFILE: the key types that it takes, of those that there are.
allowed() {
	"$SUBCA" profile show "$1" --json | python3 -c '
import json, re, sys
words = json.load(sys.stdin)["words"]["keys"]
rsa = re.search(r"RSA (\d+) to (\d+) bits", words)
if rsa:
    print(*("rsa:%d" % b for b in (2048, 3072, 4096) if int(rsa[1]) <= b <= int(rsa[2])), sep="\n")
for name, word in (("ec:P-256", "EC P-256"), ("ec:P-384", "EC P-384"), ("ed25519", "Ed25519")):
    if word in words:
        print(name)'
}

# sign CA PROFILE KEY: below a copy of the CA, for one key is not signed under two profiles.
sign() {
	[ -d "$1-$2" ] || cp -r "$1" "$1-$2"
	"$SUBCA" sign -C "$1-$2" --yes --quiet --profile "$2" --days 300 -o "$1-$2-$3.pem" \
		--chain "$1-$2-$3-chain.pem" "$3.csr"
}

@test "every shipped profile but the root's, on every key type it allows, below an EC root" {
	count=0
	for profile in $("$SUBCA" profile list --quiet | grep -vx root); do
		for key in $(allowed "$profile"); do
			sign root-P-256 "$profile" "$key"
			count=$((count + 1))
		done
	done
	[ "$count" -ge 27 ]
	rm ./*-chain.pem
	clean "$count" --issuer root-P-256/ca.pem root-P-256-*.pem
	openssl x509 -in root-P-256-zia-rsa:2048.pem -noout -ext crlDistributionPoints |
		grep -q "URI:http://pki.example.com/root.crl"
}

@test "the root's profile on every key type it allows, with a CA, a server and ZIA below each" {
	for key in $(allowed root); do
		[ -d "root-${key#*:}" ] || ca "root-${key#*:}" "$key"
		for profile in subordinate-ca server zia; do
			sign "root-${key#*:}" $profile rsa:2048
		done
		clean 1 "root-${key#*:}/ca.pem"
		clean 3 --issuer "root-${key#*:}/ca.pem" "root-${key#*:}"-*-rsa:2048.pem
	done
	[ "$(allowed root | wc -l)" -eq 5 ]
}

@test "a CA that init makes below another, on each curve" {
	for key in ec:P-256 ec:P-384 ed25519; do
		"$SUBCA" init "below-$key" --parent root-P-256 --subject "CN=Below $key" --key "$key" \
			--no-passphrase --days 300
		clean 1 --issuer root-P-256/ca.pem "below-$key/ca.pem"
	done
}

@test "what is not clean is seen as such" {
	openssl req -x509 -key ec:P-256.key -out bad.pem -days 30 -subj "/CN=Bad"
	run clean 1 bad.pem
	[ "$status" -ne 0 ]
}
