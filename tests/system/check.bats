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

# mends EXPECTED-RULE PORTAL FILE [OPTIONS]: it is not ready, --fix makes it so, and says what was wrong.
mends() {
	local rule=$1 portal=$2 file=$3
	shift 3
	finds "$rule" "$file" --for "$portal" "$@" || return 1
	rm -f out/*
	run -0 --separate-stderr "$SUBCA" check --json --fix -o out/mended.crt --for "$portal" "$@" "$file"
	RULE=$rule python3 -c '
import json, os, sys
d = json.load(sys.stdin)
assert d["ready"] and d["written"][-1] == "out/mended.pem", d
assert os.environ["RULE"] in [f["rule"] for f in d["mended"]], d
assert all(f["severity"] != "error" for f in d["findings"]), d' <<<"$output"
	local chain=()
	[ ! -e out/mended-chain.pem ] || chain=(--chain out/mended-chain.pem)
	run -0 "$SUBCA" check --for "$portal" --csr zia.csr "${chain[@]}" out/mended.pem
}

@test "what can be mended without the key is mended" {
	mkdir out
	openssl x509 -in zia.pem -outform DER -out zia.der
	mends portal_file_format zia zia.der
	[ ! -e out/mended-chain.pem ]
	cmp out/mended.pem zia.pem
	openssl crl2pkcs7 -nocrl -certfile zia-chain.pem -certfile zia.pem -out zia.p7b
	mends portal_file_format zia zia.p7b
	cmp out/mended.pem zia.pem
	cmp out/mended-chain.pem "$BATS_FILE_TMPDIR/root/ca.pem"
	mends portal_file_format zpa zia.p7b
	[ "$(grep -c BEGIN out/mended.pem)" = 2 ]
	openssl x509 -in zia.pem -text >text.pem
	# A warning, not an error: it is ready before, and cleaner after.
	run -0 "$SUBCA" check --fix -o out/text.pem --for zia text.pem
	cmp out/text.pem zia.pem
	{ printf '\xef\xbb\xbf'; sed 's/$/\r/' zia.pem; } >windows.pem
	run -0 "$SUBCA" check --fix -o out/windows.pem --for zia windows.pem
	cmp out/windows.pem zia.pem
	# The wrong order, the certificate twice, and one that does not belong there.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stray.key \
		-out stray.pem -subj /CN=Stray -days 3
	cat "$BATS_FILE_TMPDIR/root/ca.pem" stray.pem zia.pem zia.pem >wrong.pem
	mends portal_chain_order zpa wrong.pem --csr zia.csr
	cmp out/mended.pem <(cat zia.pem "$BATS_FILE_TMPDIR/root/ca.pem")
	run -0 "$SUBCA" check --fix -o out/again.pem --for zpa --csr zia.csr wrong.pem
	[[ $output == *"left out: 1 certificate"* ]]
	cat zia.pem zia.key >key.pem
	mends portal_file_private_key zia key.pem
	run ! grep -q PRIVATE out/mended.pem
}

@test "what cannot be mended is not written, and nothing is overwritten" {
	openssl req -new -newkey rsa:2048 -nodes -keyout other.key -out other.csr -subj "/CN=Inspection"
	openssl x509 -in zia.pem -outform DER -out zia.der
	run -1 --separate-stderr "$SUBCA" check --fix -o mended.pem --csr other.csr --for zia zia.der
	[[ $stderr == *"nothing was written"* ]]
	[[ $output == *"portal_key_differs"* ]]
	[ ! -e mended.pem ]
	run -9 "$SUBCA" check --fix -o zia.pem --for zia zia.der
	cmp zia.pem "$BATS_FILE_TMPDIR/zia.pem"
	openssl crl2pkcs7 -nocrl -certfile zia-chain.pem -certfile zia.pem -out zia.p7b
	echo mine >new-chain.pem
	run -9 "$SUBCA" check --fix -o new.pem --for zia zia.p7b
	[ ! -e new.pem ]
	run -4 "$SUBCA" check --fix -o new.pem --for zia zia.csr
	run -2 "$SUBCA" check --fix --for zia zia.der
	run -2 "$SUBCA" check -o new.pem --for zia zia.der
	[ ! -e new.pem ]
}

@test "what the CA knows counts where it is named" {
	run -0 "$SUBCA" check -C "$BATS_FILE_TMPDIR/root" zia.pem --for zia
	# The key that it certified for ZIA, in a certificate for ZPA that another root made.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout r.key -out r.pem \
		-subj "/CN=Other" -days 300 -addext keyUsage=critical,keyCertSign,cRLSign
	openssl req -new -key zia.key -out zpa.csr -subj "/O=Zscaler/OU=Private Access/CN=a"
	printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n%s' \
		'authorityKeyIdentifier=keyid' >ext
	openssl x509 -req -in zpa.csr -CA r.pem -CAkey r.key -CAcreateserial -days 30 -out zpa.pem -extfile ext
	cat zpa.pem r.pem >zpa-full.pem
	finds portal_key_certified -C "$BATS_FILE_TMPDIR/root" zpa-full.pem --for zpa
	run "$SUBCA" check zpa-full.pem --for zpa
	[[ $output != *portal_key_certified* ]]
	SUBCA_DIR="$BATS_FILE_TMPDIR/root" run "$SUBCA" check zpa-full.pem --for zpa
	[[ $output == *portal_key_certified* ]]
	run -3 "$SUBCA" check -C none zia.pem --for zia
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
