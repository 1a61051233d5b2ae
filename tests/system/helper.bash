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

# make_easy_rsa FOLDER: a CA of easy-rsa 3 that issued to "gateway" and "laptop", and revoked the latter.
make_easy_rsa() {
	local easyrsa=/usr/share/easy-rsa/easyrsa
	[ -x $easyrsa ] || skip "easy-rsa is not installed"
	mkdir "$1"
	(
		cd "$1" || exit
		export EASYRSA_BATCH=1 EASYRSA_ALGO=ec EASYRSA_CURVE=prime256v1
		$easyrsa init-pki
		EASYRSA_REQ_CN="VPN CA" $easyrsa build-ca nopass
		$easyrsa build-server-full gateway nopass
		$easyrsa build-client-full laptop nopass
		$easyrsa revoke laptop keyCompromise
		$easyrsa gen-crl
	) >/dev/null 2>&1
}
