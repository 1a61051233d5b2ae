#!/usr/bin/env bats
# subca lint: anyone's certificates, CRLs and requests, judged by the rules that ours are held to.

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
	[[ $output == "both.pem, the chain:"*"[chain_root_present, RFC 8446 4.4.2]"*"
4 certificates: 0 errors, 0 warnings, 1 notice" ]]
	[ -z "$stderr" ]
	run -0 "$SUBCA" lint --quiet --as apart both.pem
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
one, two, whole = d["objects"]
assert whole == {"file": "both.pem", "number": 0, "kind": "bundle", "findings": [], "ignored": []}
assert one == {"file": "both.pem", "number": 1, "kind": "certificate", "findings": [], "ignored": []}
assert two["number"] == 2
assert "serial_zero" in [f["rule"] for f in two["findings"] if f["severity"] == "error"]'
}

@test "the issuer's certificate brings its rules in" {
	run -0 "$SUBCA" lint --issuer root.pem below.pem
	run -1 "$SUBCA" lint --issuer bad.pem below.pem
	[[ $output == *"[issuer_name_differs,"* ]]
	cat below.pem root.pem >both.pem
	run -2 "$SUBCA" lint --issuer both.pem below.pem
	[[ $output == *"both.pem: holds more than one certificate"* ]]
	run -3 "$SUBCA" lint --issuer none.pem below.pem
}

@test "a file with several certificates is judged as the chain or the bundle that it is" {
	openssl req -x509 -new -key "$BATS_FILE_TMPDIR/bad.key" -out other.pem -days 30 -subj /CN=Other
	openssl req -new -key "$BATS_FILE_TMPDIR/bad.key" -subj /CN=host.example -out host.csr
	# Two of them, so that one is not the end of a chain.
	for n in 1 2; do
		openssl x509 -req -in host.csr -CA other.pem -CAkey "$BATS_FILE_TMPDIR/bad.key" \
			-out "host$n.pem" -days 3 -set_serial "0x1234567890abcde$n"
	done
	cat root.pem below.pem >chain.pem
	cat root.pem other.pem root.pem >bundle.pem
	cat host1.pem host2.pem other.pem >collection.pem
	run -0 --separate-stderr "$SUBCA" lint --json --source path chain.pem bundle.pem collection.pem
	from_json '
whole = {o["file"]: o for o in d["objects"] if o["number"] == 0}
said = {f: (o["kind"], sorted(x["rule"] for x in o["findings"])) for f, o in whole.items()}
assert said == {"chain.pem": ("chain", ["chain_order", "chain_root_present"]),
                "bundle.pem": ("bundle", ["bundle_duplicate"])}, said'
	# What somebody says it is, it is.
	run -0 --separate-stderr "$SUBCA" lint --json --source path --as bundle chain.pem
	from_json '
assert [(o["kind"], [x["rule"] for x in o["findings"]]) for o in d["objects"] if o["number"] == 0] \
    == [("bundle", ["bundle_not_root"])], d'
	run -1 "$SUBCA" lint --source path --as bundle collection.pem
	[[ $output == *"bundle_not_ca"* ]]
	run -0 "$SUBCA" lint --source path --as apart bundle.pem
	[ "$output" = "3 certificates: 0 errors, 0 warnings, 0 notices" ]
	run -2 "$SUBCA" lint --as roots bundle.pem
	# The order of a p7b says nothing, neither here nor to verify.
	openssl crl2pkcs7 -nocrl -certfile chain.pem -out chain.p7b
	run -0 "$SUBCA" lint --source path chain.p7b
	[[ $output == "chain.p7b, the chain:"*chain_root_present* && $output != *chain_order* ]]
	run -0 "$SUBCA" verify --root root.pem --chain chain.p7b below.pem
	[[ $output != *chain_order* ]]
	run -0 "$SUBCA" verify --root root.pem --chain chain.pem below.pem
	[[ $output == *chain_order* ]]
	run -0 "$SUBCA" lint --source path --ignore 'chain_order=made so' chain.pem
	[[ $output == *"ignored: chain_order (1): made so"* ]]
	# A single certificate is neither.
	run -0 "$SUBCA" lint --json below.pem
	[[ $output != *'"number": 0'* ]]
}

@test "a file with more certificates than a bundle may have is judged one by one, and says so" {
	for _ in $(seq 1025); do cat root.pem; done >many.pem
	run -0 --separate-stderr "$SUBCA" lint many.pem
	[ "$output" = "1025 certificates: 0 errors, 0 warnings, 0 notices" ]
	[[ $stderr == *"many.pem has more than 1024 certificates: it is not judged as a bundle"* ]]
}

@test "an ignored rule is told with its reason, an unknown one is refused with the nearest" {
	run -1 --separate-stderr "$SUBCA" lint --json bad.pem
	mapfile -t ids < <(from_json '
for r in sorted({f["rule"] for f in d["objects"][0]["findings"] if f["severity"] == "error"}):
    print(r)')
	[ "${#ids[@]}" -gt 0 ]
	local -a ignore=()
	for id in "${ids[@]}"; do ignore+=(--ignore "$id=an old = lab"); done
	run -0 --separate-stderr "$SUBCA" lint "${ignore[@]}" bad.pem
	[[ $output == *": 0 errors,"* ]]
	[[ $output == *"ignored: serial_zero (1): an old = lab"* ]]
	[[ $output != *"[serial_zero,"* ]]
	run -0 --separate-stderr "$SUBCA" lint --json "${ignore[@]}" bad.pem
	from_json '
c, = d["objects"]
assert ("serial_zero", "an old = lab") in [(f["rule"], f["reason"]) for f in c["ignored"]]
assert all(f["severity"] != "error" for f in c["findings"])'
	run -2 "$SUBCA" lint --ignore serial_zreo=lab bad.pem
	[[ $output == *"did you mean serial_zero?"* ]]
	for without in serial_zero serial_zero=; do
		run -2 "$SUBCA" lint --ignore "$without" bad.pem
		[[ $output == *"there is no reason why 'serial_zero' is ignored"* ]]
	done
}

@test "a reason for ignoring is kept in the journal of the CA that is named, and only there" {
	cp -r "$BATS_FILE_TMPDIR/root" .
	rows() { "$SUBCA" journal show -C root --json | python3 -c '
import json, sys
for r in (r["entry"] for r in json.load(sys.stdin)["rows"]):
    if r["event"] == "lint-ignore":
        print(r["detail"])'; }
	run -0 "$SUBCA" lint --ignore "serial_zero=an old lab" bad.pem
	[ -z "$(rows)" ]
	run -0 "$SUBCA" lint -C root --ignore "serial_zero=an old lab" --ignore "serial_negative=no" bad.pem bad.pem
	[ "$(rows)" = "serial_zero (2): an old lab" ]
	SUBCA_DIR=root run -0 "$SUBCA" lint --ignore $'serial_zero=a\e[31mb' bad.pem
	[ "$(rows | tail -1)" = 'serial_zero (1): a\x1B[31mb' ]
	run -0 "$SUBCA" journal verify -C root
	# Without --ignore a CA is not even looked at.
	run -1 "$SUBCA" lint -C none bad.pem
	run -3 "$SUBCA" lint -C none --ignore "serial_zero=lab" bad.pem
	[[ $output != *serial_zero* ]]
}

@test "the file of accepted findings that audit reads counts here too, until its day" {
	serial=$(openssl x509 -in below.pem -noout -serial | cut -d= -f2)
	cat >accepted.conf <<-END
		accepted = (
			{ id = "serial_zero"; serial = "0"; until = "2999-01-01"; by = "A. Auditor"; why = "a lab"; },
			{ id = "issuer_name_differs"; serial = "$serial"; until = "2999-01-01"; by = "B"; why = "moved"; },
			{ id = "chain_root_present"; where = "both.pem"; until = "2999-01-01"; by = "C"; why = "for ZPA"; },
			{ id = "audit_drift"; serial = "*"; until = "2999-01-01"; by = "D"; why = "not lint's"; },
			{ id = "csr_name_slash"; where = "a.csr"; until = "2999-01-01"; by = "E"; why = "not here"; }
		);
	END
	cat below.pem root.pem >both.pem
	run -1 --separate-stderr "$SUBCA" lint --json --accept accepted.conf --issuer bad.pem both.pem
	from_json '
below, root, whole = d["objects"]
assert [(f["rule"], f["reason"], f["by"]) for f in below["ignored"]] == [("issuer_name_differs", "moved", "B")]
assert root["ignored"] == [] and "issuer_name_differs" in [f["rule"] for f in root["findings"]]
assert [(f["reason"], f["by"], f["until"]) for f in whole["ignored"]] == [("for ZPA", "C", "2999-01-01T00:00:00Z")]'
	run -0 "$SUBCA" lint --accept accepted.conf both.pem
	[[ $output == *"2 certificates: 0 errors, 0 warnings, 0 notices"* ]]
	[[ $output == *"accepted: chain_root_present (1): by C until 2999-01-01: for ZPA"* ]]
	run -0 "$SUBCA" lint --accept accepted.conf bad.pem
	[[ $output != *"[serial_zero,"* && $output == *"accepted: serial_zero (1): by A. Auditor"* ]]
	run -0 "$SUBCA" audit --accept accepted.conf root.pem
	sed -i 's/2999/2020/' accepted.conf
	run -1 "$SUBCA" lint --accept accepted.conf bad.pem
	[[ $output == *"[serial_zero,"* ]]
	sed -i 's/serial_zero/serial_zreo/' accepted.conf
	run -4 "$SUBCA" lint --accept accepted.conf bad.pem
	[[ $output == *"accepted.conf: line "*"there is no rule 'serial_zreo'"* ]]
}

@test "a source is run alone or left out" {
	run -1 --separate-stderr "$SUBCA" lint --json bad.pem
	from_json '
rules = {f["rule"] for f in d["objects"][0]["findings"]}
assert "serial_zero" in rules and "basic_constraints_critical" not in rules, rules'
	run -0 "$SUBCA" lint --source cabf --source der bad.pem
	run -1 "$SUBCA" lint --source rfc5280 bad.pem
	[[ $output == *"[serial_zero,"* ]]
	run -0 "$SUBCA" lint --without rfc5280 bad.pem
	[[ $output != *"ignored"* ]]
	run -2 "$SUBCA" lint --source rfc bad.pem
	[[ $output == *"there is no source 'rfc'; der, rfc5280, cabf,"* ]]
	run -0 --separate-stderr "$SUBCA" lint --rules --json --source portal
	from_json '
assert len(d["rules"]) > 20
assert {r["source"] for r in d["rules"]} == {"portal"}'
}

@test "CRLs, requests and p7b are recognised, in PEM and in DER" {
	openssl req -new -key "$BATS_FILE_TMPDIR/bad.key" -subj /CN=a -out a.csr
	openssl req -in a.csr -outform DER -out a.der
	: >index
	printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index\ndefault_md=sha256\n' >ca.conf
	openssl ca -gencrl -keyfile "$BATS_FILE_TMPDIR/bad.key" -cert bad.pem -out bad.crl \
		-config ca.conf -crldays 3
	openssl crl -in bad.crl -outform DER -out bad.crl.der
	openssl crl2pkcs7 -in bad.crl -certfile root.pem -certfile bad.pem -out all.p7b
	openssl crl2pkcs7 -in bad.crl -certfile root.pem -outform DER -out all.der
	run -1 --separate-stderr "$SUBCA" lint --json a.csr a.der bad.crl bad.crl.der all.p7b all.der
	from_json '
kinds = [(o["file"], o["number"], o["kind"]) for o in d["objects"]]
assert kinds[:4] == [("a.csr", 1, "request"), ("a.der", 1, "request"), ("bad.crl", 1, "CRL"),
                     ("bad.crl.der", 1, "CRL")], kinds
assert sorted(k[2] for k in kinds if k[0] == "all.p7b") == ["CRL", "bundle", "certificate", "certificate"]
assert sorted(k[2] for k in kinds if k[0] == "all.der") == ["CRL", "certificate"]
crl, = [o for o in d["objects"] if o["file"] == "bad.crl"]
assert {"crl_version", "crl_number_missing"} <= {f["rule"] for f in crl["findings"]}, crl
request = d["objects"][0]
assert [f for f in request["findings"] if f["severity"] == "error"] == [], request'
	run -1 "$SUBCA" lint a.csr bad.crl root.pem
	[[ $output == *"1 certificate, 1 CRL, 1 request: "* ]]
	# A request that somebody changed.
	python3 - <<-'END'
		der = bytearray(open("a.der", "rb").read())
		der[der.index(b"\x0c\x01a") + 2] = ord("b")
		open("changed.der", "wb").write(der)
	END
	run -1 "$SUBCA" lint changed.der
	[[ $output == *"[csr_signature, RFC 2986 3]"* ]]
}

@test "folders and lists of files, whatever else is in them" {
	mkdir -p tree/deep/deeper tree/empty
	cp root.pem tree/a.pem
	cp below.pem tree/deep/b.crt
	cp bad.pem tree/deep/deeper/c
	echo notes >tree/README
	cp "$BATS_FILE_TMPDIR/bad.key" tree/key.pem
	ln -s ../root.pem tree/link.pem
	ln -s .. tree/deep/loop
	run -1 --separate-stderr "$SUBCA" lint --recursive tree
	[[ $output == *"4 certificates: "* ]]
	[[ $output == *"passed over: 2 files with nothing to lint"* ]]
	[[ $output == *"tree/deep/deeper/c:"* ]]
	[ "$stderr" = "$(grep 'errors\? found' <<<"$stderr")" ]
	find tree -name '*.pem' -type l -o -name '*.crt' | sort >list
	run -0 "$SUBCA" lint --files-from list
	[[ $output == *"2 certificates: 0 errors"* ]]
	run -0 "$SUBCA" lint --files-from - root.pem <list
	[[ $output == *"3 certificates: 0 errors"* ]]
	run -3 "$SUBCA" lint --files-from none
	[[ $output == *"none: cannot be read"* ]]
	chmod 000 tree/empty
	if [ "$(id -u)" != 0 ]; then
		run -10 "$SUBCA" lint -r tree/empty root.pem
		[[ $output == *"tree/empty: cannot be looked into"* ]]
	fi
	chmod 700 tree/empty
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
bad, good = d["objects"]
assert bad["file"] == "text.pem" and bad["number"] == 0 and bad["status"] == "input"
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

@test "each rule has an id of its own, a source, a severity, a reference, why and what to do" {
	run -0 --separate-stderr "$SUBCA" lint --rules --json
	from_json '
assert d["schema"] == "subca.lint/1"
ids = [r["id"] for r in d["rules"]]
assert len(ids) > 200 and len(ids) == len(set(ids))
assert {r["source"] for r in d["rules"]} >= {"der", "rfc5280", "cabf", "practice", "request", "portal", "path", "audit"}
subjects = {s for r in d["rules"] for s in r["applies_to"]}
assert subjects >= {"root", "intermediate", "leaf", "CRL", "CRL entry", "request", "path", "chain",
                    "bundle", "upload to ZIA", "audit"}, subjects
for r in d["rules"]:
    assert all(r[k].strip() for k in ("id", "reference", "source", "why", "todo")), r
    assert r["severity"] in ("error", "warning", "notice"), r
    assert r["applies_to"], r
print("\n".join(ids))' >ids
	run -0 "$SUBCA" lint --rules
	! grep -E '.{81}' <<<"$output" || false
	cmp ids <(grep -v '^ ' <<<"$output")
}

@test "the page about RFC 5280 names the rules that there are, and all of those for it" {
	run -0 --separate-stderr "$SUBCA" lint --rules --json
	PAGE=$SUBCA_TOP/ca/lint/coverage.md from_json '
import os, re
page = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", open(os.environ["PAGE"], encoding="utf-8").read()))
rules = {r["id"]: r["source"] for r in d["rules"]}
unknown = page - set(rules)
missing = {i for i, source in rules.items() if source in ("der", "rfc5280")} - page
assert not unknown and not missing, (unknown, missing)
assert len(page) > 180'
}
