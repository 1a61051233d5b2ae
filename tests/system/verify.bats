#!/usr/bin/env bats
# subca verify: the path to a root, drawn with what is wrong at each link.

bats_require_minimum_version 1.5.0

load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "CN=Root" --key ec:P-256 --days 3000 --no-passphrase
	"$SUBCA" init mid --parent root --subject "CN=Issuing" --key ec:P-256 --days 2000 --no-passphrase
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout host.key \
		-out host.csr -subj /CN=host.example.org -addext subjectAltName=DNS:host.example.org
	"$SUBCA" sign -C mid --yes --profile server host.csr
	"$SUBCA" init other --subject "CN=Root" --key ec:P-256 --days 3000 --no-passphrase
}

setup() {
	in_scratch
	cp -r "$BATS_FILE_TMPDIR"/* .
}

# refuses RULE LINK ARGUMENT…: with the exit code 1, this rule is an error at this link (0: the leaf).
refuses() {
	local rule=$1 link=$2
	shift 2
	run --separate-stderr "$SUBCA" verify --json "$@"
	echo "$output"
	[ "$status" -eq 1 ] || return 1
	RULE=$rule LINK=$link python3 -c '
import json, os, sys
c = json.load(sys.stdin)["certificates"][0]
assert not c["good"]
found = c["path"][int(os.environ["LINK"])]["findings"]
assert any(f["rule"] == os.environ["RULE"] and f["severity"] == "error" for f in found)' <<<"$output"
}

@test "a path that holds, drawn from the leaf to the root" {
	run --separate-stderr "$SUBCA" verify host.pem --root root/ca.pem --chain mid/ca.pem
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"host.pem: good"*"  CN=host.example.org"*"  CN=Issuing"*"  CN=Root"*"trusted; root/ca.pem"* ]]
}

@test "the chain may stand in the certificate's file, and the root in a CA's folder" {
	"$SUBCA" verify host-chain.pem --root root/ca.pem
	"$SUBCA" verify -C mid host.pem
	"$SUBCA" verify -C root mid/ca.pem root/ca.pem
}

@test "without the CA between, its name and key identifier are told" {
	refuses path_incomplete 0 host.pem --root root/ca.pem
	run --separate-stderr "$SUBCA" verify host.pem --root root/ca.pem
	[[ $output == *"missing: CN=Issuing "*"identifier "* ]]
	[[ $output == *"  ?  CN=Issuing"* ]]
}

@test "another root of the same name is seen for what it is" {
	refuses path_incomplete 1 host.pem --root other/ca.pem --chain mid/ca.pem
	[[ $output == *"a certificate of that name is here, but with another key"* ]]
	refuses path_untrusted 2 host-chain.pem --root other/ca.pem
}

@test "the right one of two roots with one name is found" {
	cat other/ca.pem root/ca.pem >both.pem
	"$SUBCA" verify host.pem --root both.pem --chain mid/ca.pem
}

@test "through the last second, and not one longer" {
	local last
	last=$(openssl x509 -in host.pem -noout -enddate -dateopt iso_8601 | sed 's/notAfter=//; s/ /T/')
	"$SUBCA" verify -C mid host.pem --time "$last"
	refuses path_expired 0 -C mid host.pem --time "$(date -u -d "$last + 1 second" +%FT%TZ)"
	# The moment at which openssl verify differs, so that the test is about something.
	run openssl verify -attime "$(date -d "$last" +%s)" -CAfile root/ca.pem -untrusted mid/ca.pem host.pem
	[[ $output == *"certificate has expired"* ]]
}

@test "host and use" {
	"$SUBCA" verify -C mid host.pem --host host.example.org --for server
	refuses path_host 0 -C mid host.pem --host www.example.org
	refuses path_purpose 0 -C mid host.pem --for email
	refuses path_not_ca 0 -C mid host.pem --for ca
	"$SUBCA" verify -C root mid/ca.pem --for ca
}

@test "a CRL that is required and not there; one that revokes" {
	refuses path_crl_missing 0 -C mid host.pem --require-crl
	printf '01\n' >number
	: >index
	cat >ca.cnf <<-END
		[ca]
		default_ca = x
		[x]
		database = index
		crlnumber = number
		default_md = sha256
		default_crl_days = 30
		crl_extensions = e
		[e]
		authorityKeyIdentifier = keyid:always
	END
	local by=(-config ca.cnf -cert mid/ca.pem -keyfile mid/private/ca.key)
	openssl ca "${by[@]}" -gencrl -out none.crl
	run --separate-stderr "$SUBCA" verify -C mid host.pem --crl none.crl
	[ "$status" -eq 0 ]
	[[ $output == *"notice: no CRL given covers it"* ]]
	openssl ca "${by[@]}" -revoke host.pem
	openssl ca "${by[@]}" -gencrl -out it.crl
	refuses path_revoked 0 -C mid host.pem --crl it.crl
	# A CRL without a number, which OpenSSL minds no more than anybody.
	sed -i /crlnumber/d ca.cnf
	openssl ca "${by[@]}" -gencrl -out v1.crl
	run --separate-stderr "$SUBCA" verify --json -C root mid/ca.pem --crl v1.crl
	[ "$status" -eq 1 ]
	[[ $output == *'"kind": "CRLs"'* && $output == *crl_number_missing* ]]
	refuses path_crl_outdated 0 -C mid host.pem --crl none.crl --time "$(date -u -d "+ 40 days" +%F)"
}

@test "files are judged: order, duplicates, gaps, Zscaler's weekly CA" {
	finds() { [[ $(run "$SUBCA" verify --json "${@:2}"; echo "$output") == *"\"$1\""* ]]; }
	cat root/ca.pem mid/ca.pem >twisted.pem
	finds chain_root_present -C mid host-chain.pem
	finds chain_order host.pem --root root/ca.pem --chain twisted.pem
	cat mid/ca.pem mid/ca.pem >twice.pem
	finds chain_duplicate host.pem --root root/ca.pem --chain twice.pem
	cat host.pem root/ca.pem >gap.pem
	finds chain_gap gap.pem -C mid
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout week.key -days 14 \
		-out week.pem -subj "/CN=Issuing (t) "
	run --separate-stderr "$SUBCA" verify week.pem --root week.pem
	[ "$status" -eq 1 ]
	[[ $output == *bundle_weekly_ca* ]]
}

@test "what is no certificate is named, and the rest goes on" {
	echo nothing >none.pem
	run --separate-stderr "$SUBCA" verify -C mid none.pem host.csr host.pem
	[ "$status" -eq 4 ]
	[[ $stderr == *"none.pem"* && $stderr == *"host.csr: holds no certificate"* ]]
	[[ $output == *"host.pem: good"* ]]
	run --separate-stderr "$SUBCA" verify --json -C mid none.pem host.pem
	[ "$status" -eq 4 ]
	python3 -c 'import json,sys; assert [c["good"] for c in json.load(sys.stdin)["certificates"]] == [False, True]' <<<"$output"
	run "$SUBCA" verify host.pem
	[ "$status" -eq 2 ]
	[[ $output == *"--root FILE"* ]]
	run "$SUBCA" verify -C mid host.pem --policy x.y
	[ "$status" -eq 2 ]
}
