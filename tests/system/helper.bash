# What the system tests share. $SUBCA is the command under test; the runner sets it.

# shellcheck disable=SC2034
SHARED="$BATS_TEST_DIRNAME/../../../shared"

in_scratch() {
	cd "$BATS_TEST_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR SUBCA_PASSPHRASE SUBCA_PARENT_PASSPHRASE
}

# With SUBCA_TEST_BACKEND=token every new CA's key lives on a token: see on-token.
if [ "${SUBCA_TEST_BACKEND-}" = token ] && [ -z "${SUBCA_ON_FILE-}" ]; then
	export SUBCA_ON_FILE=$SUBCA SUBCA=$BATS_TEST_DIRNAME/on-token
fi

# What is about the key's file has nothing to look at on a token.
needs_key_file() {
	[ "${SUBCA_TEST_BACKEND-}" != token ] || skip "is about a key file"
}

subca() { "$SUBCA" "$@"; }

# How many rows the store of a CA has: what is refused must leave it as it was.
rows() { sqlite3 -readonly "$1/store.db" "select count(*) from cert"; }
