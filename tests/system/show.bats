# subca show: one certificate, from the store or from a file.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
	export SUBCA_PASSPHRASE=test-only
	"$SUBCA" init ca --subject "C=DE,O=Example,CN=Example Root" --key ec:P-256 --yes --quiet
	openssl req -new -newkey rsa:2048 -nodes -keyout one.key -out one.csr \
		-subj "/C=DE/O=Example/CN=One" 2>/dev/null
	"$SUBCA" -C ca sign one.csr --profile zia --yes --quiet -o one.pem
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
	serial=$(openssl x509 -in one.pem -noout -serial | sed 's/serial=//' | tr A-F a-f)
}

@test "by the whole serial, in the ways that tools write it" {
	run -0 "$SUBCA" -C ca show "$serial"
	[[ $output == *"state:          issued"* ]]
	[[ $output == *"subject:        C=DE,O=Example,CN=One"* ]]
	[[ $output == *"basicConstraints (critical): CA:TRUE, pathlen:1"* ]]
	for form in "${serial^^}" "0x$serial" "00$serial" "$(sed 's/../&:/g; s/:$//' <<<"$serial")"; do
		[ "$("$SUBCA" -C ca show "$form")" = "$output" ]
	done
}

@test "by the beginning of a serial, and told when it is not enough" {
	other=$("$SUBCA" -C ca list --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["certificates"][1]["serial"])')
	for ((n = 1; n < ${#serial}; n++)); do
		[ "${serial:0:n}" = "${other:0:n}" ] || break
	done
	run -0 "$SUBCA" -C ca show "${serial:0:n}" --pem
	[ "$output" = "$(<one.pem)" ]
	if ((n > 1)); then
		run -2 "$SUBCA" -C ca show "${serial:0:n-1}"
		[[ $output == *"$serial"* && $output == *"$other"* ]]
	fi
	run -3 "$SUBCA" -C ca show "${serial:0:12}0000000000000000"
	[[ $output == *"no serial of this CA begins with"* ]]
}

@test "digits that no serial begins with, or that none can consist of" {
	for digits in {0..9} {a..f} 00 "$(printf 'f%.0s' {1..40})" 0012; do
		run "$SUBCA" -C ca show "$digits"
		((status == 0 || status == 2 || status == 3))
	done
	run -3 "$SUBCA" -C ca show "$(printf 'f%.0s' {1..40})"
	run -3 "$SUBCA" -C ca show "$(printf 'f%.0s' {1..41})"
}

@test "a small serial by its one digit" {
	"$SUBCA" init small --subject "CN=Small" --key ec:P-256 --serial 0x5 --yes --quiet
	run -0 "$SUBCA" -C small list --quiet
	echo "$output"
	[[ $output == "05 "* ]]
	run -0 "$SUBCA" -C small show 5
	run -0 "$SUBCA" -C small show 0x05
}

@test "PEM out: nothing but PEM, never over a file, with the chain when asked" {
	run -0 "$SUBCA" -C ca show "$serial" --pem
	[ "$output" = "$(<one.pem)" ]
	"$SUBCA" -C ca show "$serial" -o out.pem --quiet
	cmp out.pem one.pem
	run -9 "$SUBCA" -C ca show "$serial" -o out.pem
	"$SUBCA" -C ca show "$serial" -o out.pem --chain --force --quiet
	[ "$(grep -c BEGIN out.pem)" = 2 ]
	openssl verify -x509_strict -CAfile ca/ca.pem -untrusted out.pem out.pem
	run -2 "$SUBCA" -C ca show "$serial" --pem --json
}

@test "a file: PEM, DER, several, standard input" {
	openssl x509 -in one.pem -outform DER -out one.der
	"$SUBCA" show one.pem >a
	"$SUBCA" show one.der >b
	"$SUBCA" show - <one.pem >c
	cmp a b
	cmp a c
	grep -q "^serial:  *$serial\$" a
	cat one.pem ca/ca.pem >both.pem
	run -0 "$SUBCA" show both.pem --json
	python3 - "$output" <<-'END'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["schema"] == "subca.show/1" and d["file"] == "both.pem", d
		subjects = [c["certificate"]["subject"] for c in d["certificates"]]
		assert subjects == ["C=DE,O=Example,CN=One", "C=DE,O=Example,CN=Example Root"], d
	END
	run -2 "$SUBCA" show one.pem --chain
}

@test "what is no certificate is told with its file" {
	run -4 "$SUBCA" show one.csr
	[[ $output == "subca: one.csr: "* ]]
	openssl x509 -in one.pem -outform DER -out long.der
	echo >>long.der
	run -4 "$SUBCA" show long.der
	[[ $output == "subca: long.der: "*"1 byte"* ]]
	head -c 100 long.der >short.der
	run -4 "$SUBCA" show short.der
	run -3 "$SUBCA" show absent.pem
}
