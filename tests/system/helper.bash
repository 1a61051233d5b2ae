# What the system tests share. $SUBCA is the command under test; the runner sets it.

# shellcheck disable=SC2034
SHARED="$BATS_TEST_DIRNAME/../../../shared"

in_scratch() {
	cd "$BATS_TEST_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR SUBCA_PASSPHRASE SUBCA_PARENT_PASSPHRASE
}

subca() { "$SUBCA" "$@"; }

# How many rows the store of a CA has: what is refused must leave it as it was.
rows() { sqlite3 -readonly "$1/store.db" "select count(*) from cert"; }
