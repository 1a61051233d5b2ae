#!/usr/bin/env bats
# A batch signed by a token that leaves in the middle of it: what was signed is there, what was spent
# is burnt, and the next batch goes on.

load helper
load token_helper

# More than are under way at a time.
REQUESTS=600

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR SUBCA_PIN SUBCA_TOKEN_SECONDS
	token_setup "$PWD"
	MOCK=$SUBCA_BUILD/tests/modules/mock_pkcs11.so
	export MOCK MODULE TOKEN MOCK_MODULE=$MODULE SOFTHSM2_CONF SUBCA_PIN
	"$SUBCA" init made --subject CN=Root --key "$TOKEN;object=root?module-path=$MOCK" \
		--key-type ec:P-256 --serial 0x1000
	mkdir requests
	"$SUBCA_BUILD/tests/bench/make-requests" requests "$REQUESTS"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR MOCK_FAULT MOCK_LOG
	cp -r "$BATS_FILE_TMPDIR/made" ca
	server=
}

teardown() {
	[ -z "$server" ] || end_server
}

states() { sqlite3 -readonly ca/store.db "select count(*) from cert where profile = 'subordinate-ca' and state = $1"; }

batch() {
	timeout 120 "$SUBCA" sign -C ca --profile subordinate-ca --days 30 --yes --quiet \
		--batch "$BATS_FILE_TMPDIR/requests" -o out
}

# until COMMAND…: for as long as 20 seconds.
until_true() {
	for _ in $(seq 400); do
		! "$@" || return 0
		sleep 0.05
	done
	echo "never: $*"
	return 1
}

# So many that some are made, and not all of the first group is.
some_signed() { [ "$(grep -cx C_Sign log 2> /dev/null)" -ge 40 ]; }

# The serials follow one another from 0x1000: none is there twice, none was used again.
counted() {
	python3 - <<-'PY'
		import sqlite3
		rows = sqlite3.connect('file:ca/store.db?mode=ro', uri=True).execute(
		    'select hex(serial), state from cert').fetchall()
		serials = sorted(int(serial, 16) for serial, _ in rows)
		assert serials == list(range(0x1000, 0x1000 + len(rows))), serials
	PY
}

# known COUNT: so many certificates are out, each is in the store, byte for byte, and verifies.
known() {
	local files
	mapfile -t files < <(find out -name '*.pem' ! -name '*-chain.pem')
	[ "${#files[@]}" -eq "$1" ] || { echo "${#files[@]} certificates, not $1"; return 1; }
	[ -z "$(find out -name '.*' -type f)" ]
	[ "$1" -gt 0 ] || return 0
	openssl verify -x509_strict -CAfile ca/ca.pem "${files[@]}" > /dev/null
	python3 - "${files[@]}" <<-'PY'
		import base64, sqlite3, sys
		rows = sqlite3.connect('file:ca/store.db?mode=ro', uri=True).execute(
		    'select der from cert where state = 2')
		stored = {bytes(row[0]) for row in rows}
		for name in sys.argv[1:]:
		    lines = open(name, encoding='ascii').read().split('\n')
		    assert base64.b64decode(''.join(lines[1:-2])) in stored, name
	PY
}

# in_the_middle CODE TEXT: batch ended so in the middle of its work, and its store is whole.
in_the_middle() {
	echo "exit code $code: $(head -3 said; tail -1 said)"
	[ "$code" -eq "$1" ]
	grep -q "$2" said
	[ "$(states 2)" -gt 0 ]
	[ "$(states 2)" -lt $REQUESTS ]
	[ "$(states 1)" -eq 0 ]
	counted
	known "$(states 2)"
	subca journal verify -C ca > /dev/null
}

# goes_on: the same command signs the rest, and nothing again.
goes_on() {
	local burnt before
	burnt=$(states 3)
	before=$(states 2)
	batch
	[ "$(states 2)" -eq $REQUESTS ]
	[ "$(states 3)" -eq "$burnt" ]
	[ "$before" -lt $REQUESTS ]
	counted
	known $REQUESTS
	subca journal verify -C ca > /dev/null
}

# A second real module: the token is behind a socket, on another machine for all that subca knows.
begin_server() {
	local client
	client=$(ls /usr/lib/*/pkcs11/p11-kit-client.so /usr/lib/pkcs11/p11-kit-client.so 2> /dev/null | head -1)
	{ [ -n "$client" ] && command -v p11-kit > /dev/null; } || skip "p11-kit is not installed"
	rm -f socket
	eval "$(p11-kit server --provider "$MOCK" -n "$PWD/socket" "pkcs11:token=Root%20CA" 3>&-)"
	export P11_KIT_SERVER_ADDRESS
	server=$P11_KIT_SERVER_PID
	sed -i "s|module-path=[^\"]*|module-path=$client|" ca/ca.conf
}

end_server() {
	local children
	# It serves each connection in a child.
	children=$(ps -o pid= --ppid "$server" || true)
	# shellcheck disable=SC2086
	kill -KILL "$server" $children
	server=
}

@test "p11-kit server killed in the middle of a batch: an error in words, and the next batch goes on" {
	export MOCK_FAULT=C_Sign=brief MOCK_LOG=$PWD/log
	begin_server
	batch 2> said 3>&- &
	until_true some_signed
	end_server
	code=0
	wait $! || code=$?
	in_the_middle 5 'C_[A-Za-z]*: CKR_DEVICE_[A-Z]*); '
	[ "$(states 3)" -gt 0 ]
	# Without the server nothing is signed and nothing is spent.
	rows=$(rows ca)
	run batch
	[ "$status" -ne 0 ]
	[ "$(rows ca)" -eq "$rows" ]
	unset MOCK_FAULT MOCK_LOG
	begin_server
	goes_on
}

@test "a token removed in the middle of a batch" {
	code=0
	MOCK_FAULT=C_Sign#40=gone batch 2> said || code=$?
	in_the_middle 5 'C_Sign: CKR_DEVICE_REMOVED); put it in'
	[ "$(states 3)" -gt 0 ]
	goes_on
}

@test "a token that hangs in the middle of a batch" {
	code=0
	SUBCA_TOKEN_SECONDS=1 MOCK_FAULT=C_Sign#40=hang batch 2> said || code=$?
	in_the_middle 5 'C_Sign has not come back for 1 seconds'
	goes_on
}

@test "a signature that fails or is wrong costs its own serial, and stops nobody who can be signed" {
	for fault in C_Sign@40=0x31 C_Sign@40=wrong; do
		rm -rf ca out
		cp -r "$BATS_FILE_TMPDIR/made" ca
		code=0
		MOCK_FAULT=$fault batch 2> said || code=$?
		[ "$code" -ne 0 ]
		[ "$(states 3)" -ge 1 ]
		[ "$(states 1)" -eq 0 ]
		counted
		known "$(states 2)"
		goes_on
	done
}

@test "an interrupt in the middle of a batch: logged out, and the next batch goes on" {
	# What is begun is finished; those that wait are left.
	MOCK_LOG=$PWD/log MOCK_FAULT=C_Sign=brief env --default-signal "$SUBCA" sign -C ca \
		--profile subordinate-ca --days 30 --yes --quiet --batch "$BATS_FILE_TMPDIR/requests" -o out \
		2> said 3>&- &
	pid=$!
	until_true some_signed
	kill -s INT "$pid"
	code=0
	wait "$pid" || code=$?
	in_the_middle 8 'the same command goes on where it was'
	[ "$(grep -cx C_Login log)" -eq 1 ]
	[ "$(grep -cx C_Logout log)" -eq 1 ]
	[ "$(tail -1 log)" = C_Finalize ]
	goes_on
}
