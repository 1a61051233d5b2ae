#!/usr/bin/env bats
# Nothing leaks and no memory is misused while a PKCS#11 module is loaded: under valgrind, and in the
# build with AddressSanitizer by LeakSanitizer (make check-asan).

load helper
load token_helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR SUBCA_PIN SUBCA_TOKEN_SECONDS
	if grep -q __asan_init "$SUBCA"; then
		export WATCH=asan
	elif grep -q __ubsan_handle "$SUBCA"; then
		skip "memory is watched in the plain build and in the one with AddressSanitizer"
	elif command -v valgrind > /dev/null; then
		export WATCH=valgrind
	else
		skip "valgrind is not installed"
	fi
	token_setup "$PWD"
	MOCK=$SUBCA_BUILD/tests/modules/mock_pkcs11.so
	export MOCK MODULE TOKEN MOCK_MODULE=$MODULE SOFTHSM2_CONF SUBCA_PIN SUBCA_SO_PIN=12345678
	export ASAN_OPTIONS LSAN_OPTIONS
	"$SUBCA" init ca --subject CN=Root --key "$TOKEN;object=root?module-path=$MOCK" --key-type ec:P-256
	mkdir requests
	for name in a b c; do
		new_request "$name"
		mv "$name.csr" requests
	done
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	unset MOCK_FAULT
	rm -f out.pem out-chain.pem
}

# Any report of valgrind's is exit code 99; LeakSanitizer's is 23.
watched() {
	if [ "$WATCH" = valgrind ]; then
		timeout 120 valgrind -q --leak-check=full --show-leak-kinds=definite,possible \
			--errors-for-leak-kinds=definite,possible --error-exitcode=99 --num-callers=40 \
			--suppressions="${SUPPRESSIONS-$SUBCA_TOP/tests/valgrind.supp}" "$SUBCA" "$@"
	else
		ASAN_OPTIONS=$ASAN_OPTIONS:exitcode=99 LSAN_OPTIONS=$LSAN_OPTIONS:exitcode=99 \
			timeout 120 "$SUBCA" "$@"
	fi
}

# ends CODE WORDS…: with that exit code, and without a report.
ends() {
	local code=$1
	shift
	run watched "$@"
	echo "$output"
	[ "$status" -eq "$code" ]
	[[ "$output" != *"==ERROR"* ]]
	[[ "$output" != *" lost in loss record "* ]]
}

sign() { ends "$1" sign -C ca --profile subordinate-ca --yes --quiet --reissue x requests/a.csr -o out.pem --chain out-chain.pem; }

@test "a leak in a module is seen: without that, the tests below would show nothing" {
	MOCK_FAULT=C_Sign=leak run watched sign -C ca --profile subordinate-ca --yes --quiet \
		--reissue x requests/a.csr -o out.pem --chain out-chain.pem
	[ "$status" -eq 99 ]
	[[ "$output" == *"100 byte"* ]] || [[ "$output" == *"200 byte"* ]]
}

@test "a token is set up, a CA made on it, its key judged and deleted" {
	ends 0 token init Second --module "$MODULE"
	ends 0 init second --quiet --subject CN=Second --key-type ec:P-256 \
		--key "pkcs11:token=Second;object=x?module-path=$MODULE"
	ends 0 token doctor -C second
	ends 0 token delete-key --yes --quiet "pkcs11:token=Second;object=x?module-path=$MODULE"
}

@test "requests are signed, one and many, and a CRL" {
	sign 0
	ends 0 sign -C ca --profile subordinate-ca --yes --quiet --batch requests --reissue x -o many
	ends 0 crl -C ca --quiet
}

@test "a key comes from a file" {
	subca init soft --subject CN=Soft --key ec:P-256 --no-passphrase
	ends 0 token import-key -C soft --quiet "$(uri soft)"
}

@test "a wrong PIN, a token that fails and one that is removed" {
	SUBCA_PIN=9999 sign 5
	MOCK_FAULT=C_Sign#2=0x30 sign 5
	MOCK_FAULT=C_FindObjects=gone sign 5
}

@test "Ed25519, where the module itself leaks, by no more than the suppression says" {
	subca init ed --subject CN=Ed --key-type ed25519 --key "$(uri ed)"
	ends 0 sign -C ed --profile subordinate-ca --yes --quiet requests/a.csr -o out.pem \
		--chain out-chain.pem
}
