#!/usr/bin/env bats
# Each call into a PKCS#11 module, failing with each of its answers, at each command that makes it:
# token_faults.py says what must hold then.

load helper
load token_helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR SUBCA_PIN SUBCA_TOKEN_SECONDS
	token_setup "$PWD"
	MOCK=$SUBCA_BUILD/tests/modules/mock_pkcs11.so
	export MOCK MODULE TOKEN MOCK_MODULE=$MODULE SOFTHSM2_CONF SUBCA_PIN
	"$SUBCA" init ca --subject CN=Root --key "$TOKEN;object=root?module-path=$MOCK" \
		--key-type ec:P-256 --serial 0x1000
	"$SUBCA" init soft --subject CN=Soft --key ec:P-256 --no-passphrase
	new_request a
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR MOCK_FAULT MOCK_FLAGS MOCK_LOG
}

faults() { python3 "$BATS_TEST_DIRNAME/token_faults.py" "$@"; }

@test "sign: said in words, no file, a spent serial burnt, none used twice, logged out" {
	faults sign
}

@test "sign with a key that wants the PIN each time" {
	faults again
}

@test "crl and journal checkpoint: no file, and no CRL number twice" {
	faults crl
	faults checkpoint
}

@test "token list, show and doctor" {
	faults list
	faults show
	faults doctor
}

@test "token keygen and delete-key: a key that is left is told of, a half deleted one can be deleted" {
	faults keygen
	faults delete
}

@test "init: nothing is left, or what --resume finishes; a key that stays is told of" {
	faults init
}

@test "token import-key: the CA keeps its key file, or signs with the token" {
	faults import
}

@test "token init: what was cut short is gone on with" {
	faults setup
}

@test "a call that does not come back ends the run in time, and spends no second serial" {
	faults hang
}

@test "a signal while a call does not come back is obeyed, with no row left reserved" {
	faults interrupted
}

@test "no function that subca calls was left out" {
	[ -e tried ] || skip "the tests above did not run"
	# C_InitToken is called through libp11.
	{
		grep -rhoE 'TOKEN_CALL(_SLOW)?\((t->)?f, C_[A-Za-z]+|guard_calls\("C_(InitToken|Initialize|Finalize)"' \
			"$SUBCA_TOP/hsm" | grep -oE 'C_[A-Za-z]+'
		echo C_Login_again
	} | sort -u > called
	[ "$(wc -l < called)" -ge 20 ]
	sort -u tried | comm -23 called - > missed
	cat missed
	[ ! -s missed ]
}
