#!/usr/bin/env bats
# What lint refuses is not signed, and leaves nothing behind: no key, no file, no row, no serial.
# Profiles say what only lint knows to be wrong: a key usage that an elliptic curve cannot do.

bats_require_minimum_version 1.5.0

load helper
load token_helper

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct
	unset SUBCA_PIN
	cp -r "$SUBCA_TEMPLATES" templates
	sed -i 's/bits = \[ "keyCertSign", /&"keyEncipherment", /' templates/root.conf
	grep -q keyEncipherment templates/root.conf
}

# all_of FOLDER: every file with its octets.
all_of() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

refused() {
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"[key_usage_key_type, RFC 3279 2.3.1, RFC 8813 3, RFC 8410 5]"* ]]
}

@test "init: no key, no folder, and with a good profile it is made" {
	SUBCA_TEMPLATES=$PWD/templates run -1 "$SUBCA" init root --subject "CN=Root" --key ec:P-256
	refused
	[ ! -e root ]
	run -0 "$SUBCA" init root --subject "CN=Root" --key ec:P-256
}

@test "init on a token: no object is left there" {
	token_setup
	before=$(objects)
	SUBCA_TEMPLATES=$PWD/templates run -1 "$SUBCA" init root --subject "CN=Root" \
		--key "$(uri root)" --key-type ec:P-256
	refused
	[ ! -e root ]
	[ "$(objects)" = "$before" ]
	run -0 "$SUBCA" init root --subject "CN=Root" --key "$(uri root)" --key-type ec:P-256
	[ "$(objects)" != "$before" ]
}

@test "sign: no file, no row, no serial, nothing in the journal" {
	"$SUBCA" init root --subject "CN=Root" --key ec:P-256 --serial 0x1000
	mkdir -p root/profiles
	sed 's/bits = \[ "digitalSignature"/&, "keyEncipherment"/' "$SUBCA_TEMPLATES/server.conf" \
		>root/profiles/wrong.conf
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.csr \
		-subj /CN=a.example -addext subjectAltName=DNS:a.example
	before=$(rows root; sqlite3 -readonly root/store.db "select count(*), max(seq) from journal"; ls)
	run -1 "$SUBCA" sign -C root --yes --profile wrong a.csr
	refused
	run -1 "$SUBCA" sign -C root --json --yes --profile wrong a.csr
	[ "$(rows root; sqlite3 -readonly root/store.db "select count(*), max(seq) from journal"; ls)" = "$before" ]
	# The serial is still there to be given.
	run -0 "$SUBCA" sign -C root --yes --profile server a.csr
	run -0 openssl x509 -in a.pem -noout -serial
	# The root has 1000.
	[ "$output" = serial=1001 ]
}

@test "only what lint returned can be signed: anything else does not compile" {
	command -v "${CC:-cc}" >/dev/null || skip "no compiler"
	# Each has one line that differs: a plan, octets, and a token that somebody made up.
	for wrong in 'return ca_sign((const struct cert_plan *)0, 0, 0, 0, 0);' \
		'return ca_sign((const struct span *)0, 0, 0, 0, 0);' \
		'struct lint_passed made = {{0}}; return ca_sign(&made, 0, 0, 0, 0);' \
		'return ca_sign(lint_rules(0), 0, 0, 0, 0);'; do
		printf '#include "ca/plan.h"\n#include "ca/sign.h"\nint f(void);\nint f(void) { %s }\n' \
			"$wrong" >wrong.c
		run ! "${CC:-cc}" -std=c17 -D_GNU_SOURCE -Werror -I"$SUBCA_TOP" -fsyntax-only wrong.c
	done
	printf '#include "ca/sign.h"\nint f(const struct lint_passed *p);\n%s\n' \
		'int f(const struct lint_passed *p) { return ca_sign(p, 0, 0, 0, 0); }' >right.c
	"${CC:-cc}" -std=c17 -D_GNU_SOURCE -Werror -I"$SUBCA_TOP" -fsyntax-only right.c
}
