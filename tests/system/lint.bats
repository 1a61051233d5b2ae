#!/usr/bin/env bats
# subca lint: anyone's certificates, judged by the rules that ours are held to.

bats_require_minimum_version 1.5.0

load helper

# An EC root, a CA below it that a lint likes, and one that OpenSSL makes and a lint does not.
setup_file() {
	export SUBCA_PASSPHRASE=correct SUBCA_PARENT_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key ec:P-256 --days 3000
	"$SUBCA" init below --parent root --subject "CN=Below" --key ec:P-256 --days 300
	openssl ecparam -name prime256v1 -genkey -noout -out bad.key
	openssl req -x509 -new -key bad.key -out bad.pem -days 30 -subj "/CN=Bad" -set_serial 0 \
		-addext keyUsage=keyCertSign,cRLSign
}

setup() {
	in_scratch
	cp "$BATS_FILE_TMPDIR/bad.pem" .
	cp "$BATS_FILE_TMPDIR/root/ca.pem" root.pem
	cp "$BATS_FILE_TMPDIR/below/ca.pem" below.pem
}

# from_json PROGRAM: d is the document in $output.
from_json() { python3 -c "import json, sys; d = json.load(sys.stdin); $1" <<<"$output"; }

@test "sound certificates in PEM, several in a file, in DER and on standard input" {
	openssl x509 -in root.pem -outform DER -out root.der
	cat below.pem root.pem >both.pem
	run -0 --separate-stderr "$SUBCA" lint both.pem root.der - <below.pem
	[ "$output" = "4 certificates: 0 errors, 0 warnings, 0 notices" ]
	[ -z "$stderr" ]
	run -0 "$SUBCA" lint --quiet both.pem
	[ -z "$output" ]
}

@test "an error is told with its rule, its place and what to do, and the exit code is 1" {
	cat root.pem bad.pem >both.pem
	run -1 --separate-stderr "$SUBCA" lint both.pem
	[[ $output == *"both.pem, certificate 2:"*"[serial_zero, RFC 5280 4.1.2.2]"* ]]
	[[ $output == *"issue it with a positive serial number"* ]]
	[[ $output != *"certificate 1:"* ]]
	run -1 --separate-stderr "$SUBCA" lint --json both.pem
	from_json '
assert d["schema"] == "subca.lint/1"
one, two = d["certificates"]
assert one == {"file": "both.pem", "certificate": 1, "findings": [], "ignored": []}
assert two["certificate"] == 2
assert "serial_zero" in [f["rule"] for f in two["findings"] if f["severity"] == "error"]'
}

@test "the issuer's certificate brings its rules in" {
	run -0 "$SUBCA" lint --issuer root.pem below.pem
	run -1 "$SUBCA" lint --issuer bad.pem below.pem
	[[ $output == *"[issuer_name_differs,"* ]]
	cat below.pem root.pem >both.pem
	run -2 "$SUBCA" lint --issuer both.pem below.pem
	[[ $output == *"both.pem: holds 2 certificates"* ]]
	run -3 "$SUBCA" lint --issuer none.pem below.pem
}

@test "an ignored rule is silent and counted, an unknown one is refused with the nearest" {
	run -1 --separate-stderr "$SUBCA" lint --json bad.pem
	ignore=$(from_json '
for r in sorted({f["rule"] for f in d["certificates"][0]["findings"] if f["severity"] == "error"}):
    print("--ignore", r)')
	[ -n "$ignore" ]
	# shellcheck disable=SC2086
	run -0 --separate-stderr "$SUBCA" lint $ignore bad.pem
	[[ $output == *": 0 errors,"* ]]
	[[ $output == *"ignored: "*"serial_zero (1)"* ]]
	[[ $output != *"[serial_zero,"* ]]
	# shellcheck disable=SC2086
	run -0 --separate-stderr "$SUBCA" lint --json $ignore bad.pem
	from_json '
c, = d["certificates"]
assert "serial_zero" in [f["rule"] for f in c["ignored"]]
assert all(f["severity"] != "error" for f in c["findings"])'
	run -2 "$SUBCA" lint --ignore serial_zreo bad.pem
	[[ $output == *"did you mean serial_zero?"* ]]
}

@test "what cannot be linted is named, and the rest goes on" {
	echo text >text.pem
	head -c 300 /dev/zero | sed 's/^/\x30\x82\x01\x00/' >bad.der
	: >empty.pem
	mkdir folder
	run -3 --separate-stderr "$SUBCA" lint none.pem text.pem bad.der empty.pem folder root.pem
	for name in none.pem text.pem bad.der empty.pem folder; do
		grep -q "^subca: $name: " <<<"$stderr"
	done
	[[ $stderr == *"5 of the inputs could not be linted"* ]]
	[[ $output == *"1 certificate: 0 errors"* ]]
	run -4 --separate-stderr "$SUBCA" lint --json text.pem root.pem
	from_json '
bad, good = d["certificates"]
assert bad["file"] == "text.pem" and bad["certificate"] == 0 and bad["status"] == "input"
assert bad["problem"] and "findings" not in bad
assert good["findings"] == [] and d["error"]["exit_code"] == 4'
}

@test "a certificate in a file that is none does not hide those after it" {
	{
		cat root.pem
		printf -- '-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n'
		cat bad.pem
	} >three.pem
	run -4 --separate-stderr "$SUBCA" lint three.pem
	[[ $stderr == *"subca: three.pem, certificate 2: "* ]]
	[[ $output == *"three.pem, certificate 3:"* ]]
}

@test "a name full of control characters stays harmless" {
	cp bad.pem $'a\e[31m.pem'
	run -1 "$SUBCA" lint $'a\e[31m.pem'
	[[ $output != *$'\e'* ]]
}

@test "without a file, and --rules with one" {
	run -2 "$SUBCA" lint
	[[ $output == *"lint needs FILE"* ]]
	run -2 "$SUBCA" lint --rules root.pem
	[[ $output == *"root.pem"* ]]
}

@test "each rule has an id of its own, a severity, a reference, why and what to do" {
	run -0 --separate-stderr "$SUBCA" lint --rules --json
	from_json '
assert d["schema"] == "subca.lint/1"
ids = [r["id"] for r in d["rules"]]
assert len(ids) > 50 and len(ids) == len(set(ids))
for r in d["rules"]:
    assert all(r[k].strip() for k in ("id", "reference", "why", "todo")), r
    assert r["severity"] in ("error", "warning", "notice"), r
    assert r["applies_to"], r
print("\n".join(ids))' >ids
	run -0 "$SUBCA" lint --rules
	! grep -E '.{81}' <<<"$output" || false
	cmp ids <(grep -v '^ ' <<<"$output")
}
