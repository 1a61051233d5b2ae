#!/usr/bin/env bats
# subca check: what a portal would refuse is found before the upload.

bats_require_minimum_version 1.5.0

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key ec:P-256 --days 3000
	openssl genrsa -out zia.key 2048
	openssl req -new -key zia.key -out zia.csr -subj "/C=US/O=Example/CN=Inspection"
	"$SUBCA" sign -C root --yes --profile zia --days 300 zia.csr
}

setup() {
	in_scratch
	cp "$BATS_FILE_TMPDIR"/zia* .
}

# finds RULE ARGUMENT…: the check fails, and this rule is why.
finds() {
	local rule=$1
	shift
	run --separate-stderr "$SUBCA" check --json "$@"
	[ "$status" -ne 0 ] || return 1
	RULE=$rule python3 -c '
import json, os, sys
d = json.load(sys.stdin)
sys.exit(d["ready"] or all(f["rule"] != os.environ["RULE"] for f in d["findings"]))' <<<"$output"
}

@test "what sign wrote for ZIA is ready, with its request and chain" {
	run --separate-stderr "$SUBCA" check zia.pem --csr zia.csr --chain zia-chain.pem --for zia
	echo "$output $stderr"
	[ "$status" -eq 0 ]
	[[ $output == *"zia.pem: ready for zia"* ]]
}

@test "a certificate made with openssl -signkey is recognised" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 \
		-subj "/CN=Root" -addext keyUsage=critical,keyCertSign,cRLSign
	openssl x509 -req -in zia.csr -signkey root.key -days 30 -out zia.pem
	finds portal_signed_with_root_key zia.pem --csr zia.csr --for zia
}

@test "another file name, another form, another request" {
	cp zia.pem zia.crt
	finds portal_file_extension zia.crt --for zia
	openssl x509 -in zia.pem -outform DER -out der.pem
	finds portal_file_format der.pem --for zia
	openssl req -new -newkey rsa:2048 -nodes -keyout other.key -out other.csr -subj "/CN=Inspection"
	finds portal_key_differs zia.pem --csr other.csr --for zia
}

@test "the certificate for ZIA lets HSM keys have too long a path, and says so only as a notice" {
	run --separate-stderr "$SUBCA" check zia.pem --for zia-hsm
	[ "$status" -eq 0 ]
	[[ $output == *"path length 1"* ]]
}

@test "ZPA wants the root" {
	finds portal_chain_root_missing zia.pem --for zpa
}

@test "without a portal, with an unknown one, and without a file" {
	run "$SUBCA" check zia.pem
	[ "$status" -ne 0 ]
	[[ $output == *"--for"* ]]
	run "$SUBCA" check zia.pem --for zib
	[ "$status" -ne 0 ]
	run "$SUBCA" check none.pem --for zia
	[ "$status" -ne 0 ]
	[[ $output == *"none.pem"* ]]
}
