#!/usr/bin/env bats
# A token that fails, hangs, lies or goes away: said in words, with the store as it should be.
# tests/modules/mock_pkcs11.c stands before SoftHSM2 and does as MOCK_… tells it.

load helper
load token_helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR SUBCA_PIN SUBCA_TOKEN_SECONDS
	token_setup "$PWD"
	MOCK=$SUBCA_BUILD/tests/modules/mock_pkcs11.so
	export MOCK MODULE TOKEN MOCK_MODULE=$MODULE SOFTHSM2_CONF SUBCA_PIN
	# Through the mock, which does nothing yet.
	"$SUBCA" init ca --subject CN=Root --key "$TOKEN;object=root?module-path=$MOCK" \
		--key-type ec:P-256 --serial 0x1000
	new_request a
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	unset SUBCA_DIR NO_COLOR MOCK_FAULT MOCK_FLAGS MOCK_LOG
}

mocked() { echo "$TOKEN;object=$1?module-path=$MOCK"; }
states() { sqlite3 -readonly ca/store.db "select count(*) from cert where state = $1"; }
last_serial() { sqlite3 -readonly ca/store.db "select hex(serial) from cert order by id desc limit 1"; }

# Signs a.csr once more, into out.pem.
sign() {
	rm -f out.pem out-chain.pem
	timeout 60 "$SUBCA" sign -C ca --profile subordinate-ca --yes --quiet --reissue test a.csr \
		-o out.pem --chain out-chain.pem
}

# fails FAULT CODE TEXT: a signing that fails before a serial is spent, and says TEXT.
fails() {
	local before
	before=$(rows ca)
	MOCK_FAULT=$1 run sign
	[ "$status" -eq "$2" ] || { echo "$1: exit code $status: $output"; return 1; }
	[[ "$output" == *"$3"* ]] || { echo "$1: $output"; return 1; }
	[ "$(rows ca)" -eq "$before" ] || { echo "$1 spent a serial"; return 1; }
	[ ! -e out.pem ]
}

# burns FAULT CODE TEXT: one that fails when the serial is spent: burnt, on record, not used again.
burns() {
	local failed serial
	failed=$(states 3)
	MOCK_FAULT=$1 run sign
	[ "$status" -eq "$2" ] || { echo "$1: exit code $status: $output"; return 1; }
	[[ "$output" == *"$3"* ]] || { echo "$1: $output"; return 1; }
	[ "$(states 3)" -eq $((failed + 1)) ] || { echo "$1: no failed row"; return 1; }
	[ "$(states 1)" -eq 0 ] || { echo "$1: a reserved row"; return 1; }
	[ ! -e out.pem ]
	serial=$(last_serial)
	sign
	[ "$((16#$(last_serial)))" -eq $((16#$serial + 1)) ]
	subca journal verify -C ca > /dev/null
}

@test "the mock itself: told nothing it is the token behind it, told something it does it" {
	MOCK_LOG=$PWD/log sign
	openssl verify -x509_strict -CAfile ca/ca.pem out.pem
	grep -qx C_Sign log
	fails C_Sign=0x30 5 CKR_DEVICE_ERROR
}

@test "one login and one look for the key in a run; log-out, close and finalize at its end" {
	rm -f log
	MOCK_LOG=$PWD/log sign
	[ "$(grep -cx C_Login log)" -eq 1 ]
	[ "$(grep -cx C_Sign log)" -eq 2 ]
	[ "$(grep -x -e C_Login -e C_Logout -e C_CloseSession log | tail -2 | tr '\n' ' ')" = \
		"C_Logout C_CloseSession " ]
	[ "$(tail -1 log)" = C_Finalize ]
	# The same after a failure.
	rm log
	MOCK_LOG=$PWD/log fails C_Sign=0x30 5 CKR_DEVICE_ERROR
	[ "$(grep -cx C_Login log)" -eq 1 ]
	[ "$(grep -cx C_Logout log)" -eq 1 ]
	[ "$(tail -1 log)" = C_Finalize ]
}

@test "each call that fails before a serial is spent is named, with its answer in words" {
	while read -r fault code function name words; do
		fails "$fault" "$code" "($function $name"
		[[ "$output" == *"$words"* ]] || { echo "$fault: $output"; return 1; }
		[[ "$output" == *";"* ]] || { echo "$fault does not say what to do"; return 1; }
	done <<- END
		C_Initialize=0x5 5 C_Initialize: CKR_GENERAL_ERROR the module failed
		C_Initialize=0x2 10 C_Initialize: CKR_HOST_MEMORY the module found no memory
		C_Initialize=0xa 5 C_Initialize: CKR_CANT_LOCK
		C_GetInfo=0x30 5 C_GetInfo: CKR_DEVICE_ERROR
		C_GetSlotList=0x5 5 C_GetSlotList: CKR_GENERAL_ERROR
		C_GetTokenInfo=0x30 5 C_GetTokenInfo: CKR_DEVICE_ERROR
		C_OpenSession=0xb1 5 C_OpenSession: CKR_SESSION_COUNT
		C_OpenSession=0x32 5 C_OpenSession: CKR_DEVICE_REMOVED
		C_Login=0xa0 5 C_Login: CKR_PIN_INCORRECT
		C_Login=0xa2 5 C_Login: CKR_PIN_LEN_RANGE
		C_Login=0xa3 5 C_Login: CKR_PIN_EXPIRED
		C_Login=0xa4 5 C_Login: CKR_PIN_LOCKED
		C_Login=0x104 5 C_Login: CKR_USER_ANOTHER_ALREADY_LOGGED_IN
		C_Login=0x50 5 C_Login: CKR_FUNCTION_CANCELED
		C_FindObjectsInit=0x90 5 C_FindObjectsInit: CKR_OPERATION_ACTIVE
		C_FindObjects=0x30 5 C_FindObjects: CKR_DEVICE_ERROR
		C_GetAttributeValue=0x82 5 C_GetAttributeValue: CKR_OBJECT_HANDLE_INVALID
		C_SignInit=0x68 5 C_SignInit: CKR_KEY_FUNCTION_NOT_PERMITTED
		C_SignInit=0x70 5 C_SignInit: CKR_MECHANISM_INVALID
		C_SignInit=0x101 5 C_SignInit: CKR_USER_NOT_LOGGED_IN
		C_Sign=0x21 5 C_Sign: CKR_DATA_LEN_RANGE
		C_Sign=0x80000123 5 C_Sign: CKR_VENDOR 0x80000123
	END
	sign
}

@test "a token that is away for a moment is looked for again; one that stays away is not there" {
	for fault in C_GetTokenInfo@1=0x5 C_GetTokenInfo@1=0xe0; do
		rm -f log
		MOCK_LOG=$PWD/log MOCK_FAULT=$fault sign
		[ "$(grep -cx C_Initialize log)" -eq 3 ]
		rm log
		# Only what may pass is waited for.
		MOCK_LOG=$PWD/log fails C_GetTokenInfo=0x30 5 CKR_DEVICE_ERROR
		[ "$(grep -cx C_Initialize log)" -eq 1 ]
	done
	rm log
	MOCK_LOG=$PWD/log fails C_GetTokenInfo=0xe0 3 "is not there"
	[ "$(grep -cx C_Initialize log)" -eq 6 ]
}

@test "a token that cannot be looked at keeps nobody from another one" {
	signed=0
	softhsm2-util --init-token --free --label Other --pin 1234 --so-pin 12345678 > /dev/null
	for n in 1 2; do
		MOCK_FAULT="C_GetTokenInfo@$n=0x30" run sign
		signed=$((signed + (status == 0)))
	done
	[ "$signed" -ge 1 ]
}

@test "each call that fails when the serial is spent burns it, and says so to the store" {
	while read -r fault code text; do
		burns "$fault" "$code" "$text"
	done <<- END
		C_SignInit#2=0x60 5 C_SignInit: CKR_KEY_HANDLE_INVALID
		C_SignInit#2=0xb3 5 C_SignInit: CKR_SESSION_HANDLE_INVALID
		C_Sign#2=0x31 5 C_Sign: CKR_DEVICE_MEMORY
		C_Sign#2=0x32 5 C_Sign: CKR_DEVICE_REMOVED
		C_Sign#2=0x101 5 C_Sign: CKR_USER_NOT_LOGGED_IN
		C_Sign#2=gone 5 the token was removed
		C_Sign#2=wrong 5 made a signature that its public key does not verify
		C_Sign#2=long 5 answers at greater length than it may
	END
}

@test "what fails on the way out changes nothing" {
	for fault in C_Logout=0x30 C_CloseSession=0xb3 C_Finalize=0x5; do
		MOCK_FAULT=$fault run sign
		[ "$status" -eq 0 ]
		openssl verify -x509_strict -CAfile ca/ca.pem out.pem
	done
}

@test "a wrong signature is caught before a serial is spent" {
	fails C_Sign=wrong 5 "made a signature that its public key does not verify"
}

@test "a token that hangs ends in an error that names the call, and burns no second serial" {
	export SUBCA_TOKEN_SECONDS=1
	fails C_Initialize=hang 5 "C_Initialize has not come back for 1 seconds"
	fails C_Login=hang 5 "C_Login has not come back for 1 seconds"
	fails C_FindObjects=hang 5 "C_FindObjects has not come back for 1 seconds"
	burns C_Sign#2=hang 5 "C_Sign has not come back for 1 seconds"
	# The work is done: the way out waits, and then leaves.
	MOCK_FAULT=C_Logout=hang run sign
	[ "$status" -eq 0 ]
	openssl verify -x509_strict -CAfile ca/ca.pem out.pem
}

@test "a slow token is waited for" {
	SUBCA_TOKEN_SECONDS=10 MOCK_FAULT=C_Sign#2=slow sign
	openssl verify -x509_strict -CAfile ca/ca.pem out.pem
}

@test "a wrong PIN is tried once; the last try and a locked PIN are not tried at all" {
	rm -f log
	MOCK_LOG=$PWD/log fails C_Login=0xa0 5 "the PIN is wrong"
	[ "$(grep -cx C_Login log)" -eq 1 ]
	rm log
	MOCK_FLAGS=0x10000 MOCK_LOG=$PWD/log fails C_Login=0xa0 5 "the token counts wrong PINs"
	rm log
	MOCK_FLAGS=0x20000 MOCK_LOG=$PWD/log fails none 5 "one more wrong PIN would lock the token"
	[ "$(grep -cx C_Login log)" -eq 0 ]
	rm log
	MOCK_FLAGS=0x40000 MOCK_LOG=$PWD/log fails none 5 CKR_PIN_LOCKED
	[ "$(grep -cx C_Login log)" -eq 0 ]
	MOCK_FLAGS=0x20000 run subca token doctor -C ca
	[ "$status" -eq 5 ]
	MOCK_FLAGS=0x20000 run subca token doctor -C ca --final-try
	[ "$status" -eq 1 ]
	[[ "$output" == *token_pin_last_try* ]]
	[[ "$output" == *"made, and verified in software"* ]]
}

@test "a key that wants the PIN for each signature gets it" {
	rm -f log
	MOCK_ALWAYS_AUTHENTICATE=1 MOCK_LOG=$PWD/log sign
	openssl verify -x509_strict -CAfile ca/ca.pem out.pem
	[ "$(grep -cx C_Login_again log)" -eq 2 ]
	[ "$(grep -cx C_Login log)" -eq 1 ]
	MOCK_ALWAYS_AUTHENTICATE=1 burns "C_Login_again#2=0xa0" 5 "C_Login for this signature: CKR_PIN_INCORRECT"
}

@test "a token with a PIN pad is asked without a PIN: nobody is prompted, and none is sent" {
	unset SUBCA_PIN
	# The mock refuses a PIN that is sent, and takes the one that is typed at it.
	MOCK_PIN_PAD=1234 sign
	openssl verify -x509_strict -CAfile ca/ca.pem out.pem
	MOCK_PIN_PAD=1234 subca init pad --subject CN=Pad --key "$(mocked pad)" --key-type ec:P-256
	MOCK_PIN_PAD=1234 subca token delete-key "$(mocked pad)" --yes
	MOCK_PIN_PAD=9999 fails none 5 "the PIN is wrong"
	MOCK_PIN_PAD=1234 fails C_Login=0x50 5 "it was cancelled at the token"
	# A PIN at hand is left alone.
	SUBCA_PIN=1234 MOCK_PIN_PAD=1234 sign
}

@test "the PIN is locked by three wrong ones, never by subca itself, and a right one sets the count back" {
	export MOCK_TRIES=$PWD/tries
	echo 3 > tries
	export SUBCA_PIN=9999
	fails none 5 "the token counts wrong PINs and will lock itself"
	[ "$(cat tries)" -eq 2 ]
	fails none 5 "there is ONE try left"
	[ "$(cat tries)" -eq 1 ]
	# Not a third time, whatever the PIN, but for the doctor who is told so.
	fails none 5 "one more wrong PIN would lock the token: it was not tried"
	[ "$(cat tries)" -eq 1 ]
	SUBCA_PIN=1234 subca token doctor -C ca --final-try || [ $? -eq 1 ]
	[ "$(cat tries)" -eq 3 ]
	echo 1 > tries
	run subca token doctor -C ca --final-try
	[ "$status" -eq 5 ]
	[[ "$output" == *"the token is locked now: unlock it"* ]]
	[ "$(cat tries)" -eq 0 ]
	SUBCA_PIN=1234 fails none 5 "the PIN is locked after too many wrong tries"
	rm tries
	SUBCA_PIN=1234 sign
}

@test "a token that knows fewer attributes makes the key all the same, and what it made is compared" {
	export MOCK_PICKY=1 MOCK_LOG=$PWD/log
	for type in rsa:2048 ec:P-256; do
		rm -f log
		subca token keygen "$(mocked picky)" --key-type "$type"
		[ "$(grep -cx C_GenerateKeyPair log)" -eq 2 ]
		[ "$(objects --type privkey | grep -A 2 'label: *picky' | grep 'Usage:' | tr -d ' ')" = \
			"Usage:sign" ]
		subca token delete-key "$(mocked picky)" --yes
	done
	MOCK_EXTRACTABLE=1 run subca token keygen "$(mocked picky)" --key-type ec:P-256
	[ "$status" -eq 5 ]
	subca init soft2 --subject CN=Soft --key ec:P-256 --no-passphrase
	subca token import-key -C soft2 "$(mocked picky)"
	subca token delete-key "$(mocked picky)" --yes
	# What the token lets itself be told is said: no second try.
	unset MOCK_PICKY
	rm log
	subca token keygen "$(mocked picky)" --key-type ec:P-256
	[ "$(grep -cx C_GenerateKeyPair log)" -eq 1 ]
	subca token delete-key "$(mocked picky)" --yes
}

@test "a key that the token may still make when the wait is over is told of" {
	SUBCA_TOKEN_SECONDS=1 MOCK_FAULT=C_GenerateKeyPair=late run subca token keygen "$(mocked late)" \
		--key-type ec:P-256
	[ "$status" -eq 5 ]
	[[ "$output" == *"C_GenerateKeyPair has not come back for 10 seconds"* ]]
	told=$(sed -n "s/.*stays on the token until 'subca token delete-key \"\(.*\)\"'.*/\1/p" <<< "$output")
	[ "$(objects --type privkey | grep -c 'label: *late')" -eq 1 ]
	subca token delete-key "$told" --yes
	[ "$(objects | grep -c 'label: *late')" -eq 0 ]
}

@test "a signal while the token is at work: finished, logged out, then obeyed" {
	for signal in INT TERM HUP; do
		rm -f log
		MOCK_LOG=$PWD/log MOCK_FAULT=C_Sign#2=slow SUBCA_TOKEN_SECONDS=20 \
			env --default-signal "$SUBCA" sign -C ca --profile subordinate-ca --yes --quiet \
			--reissue test a.csr -o out.pem --chain out-chain.pem --force &
		pid=$!
		for _ in $(seq 100); do
			[ "$(grep -cx C_Sign log 2> /dev/null)" = 2 ] && break
			sleep 0.1
		done
		kill -s "$signal" "$pid"
		code=0
		wait "$pid" || code=$?
		[ "$code" -eq $((128 + $(kill -l "$signal"))) ]
		[ "$(grep -cx C_Logout log)" -eq 1 ]
		[ "$(tail -1 log)" = C_Finalize ]
		[ "$(states 1)" -eq 0 ]
		openssl verify -x509_strict -CAfile ca/ca.pem out.pem
	done
}

@test "a signal while the token hangs: the serial is burnt on record, and the signal obeyed" {
	rm -f log
	failed=$(states 3)
	MOCK_LOG=$PWD/log MOCK_FAULT=C_Sign#2=hang SUBCA_TOKEN_SECONDS=60 "$SUBCA" sign -C ca \
		--profile subordinate-ca --yes --quiet --reissue test a.csr -o x.pem --chain y.pem &
	pid=$!
	for _ in $(seq 100); do
		[ "$(grep -cx C_Sign log 2> /dev/null)" = 2 ] && break
		sleep 0.1
	done
	kill -s TERM "$pid"
	code=0
	wait "$pid" || code=$?
	[ "$code" -eq 143 ]
	[ "$(states 3)" -eq $((failed + 1)) ]
	[ "$(states 1)" -eq 0 ]
	[ ! -e x.pem ]
}

@test "a token that makes RSA when asked for EC, or an extractable key, is caught, and the key goes" {
	MOCK_FAULT=C_GenerateKeyPair=rsa run subca init r --subject CN=R --key "$(mocked r)" \
		--key-type ec:P-256
	[ "$status" -eq 5 ]
	[[ "$output" == *"was asked for a ec:P-256 key, said yes, and made rsa:2048"* ]]
	MOCK_EXTRACTABLE=1 run subca token keygen "$(mocked r)" --key-type ec:P-256
	[ "$status" -eq 5 ]
	[[ "$output" == *"CKA_EXTRACTABLE true against what it was told"* ]]
	[ ! -e r ]
	[ "$(objects --type privkey | grep -c Private)" -eq 1 ]
}

@test "an init on a token that fails leaves nothing, and a second one works" {
	for fault in C_GenerateKeyPair=0x31 C_GenerateKeyPair=0xe2 C_GetMechanismInfo=0x70 \
		C_Sign=0x30 C_Sign=wrong; do
		MOCK_FAULT=$fault run subca init r --subject CN=R --key "$(mocked r)" --key-type ec:P-256
		[ "$status" -eq 5 ] || { echo "$fault: $status $output"; return 1; }
		[ ! -e r ] || { echo "$fault: $output"; return 1; }
	done
	subca init r --subject CN=R --key "$(mocked r)" --key-type ec:P-256
	subca token delete-key "$(mocked r)" --yes
	rm -r r
}

@test "an imported key that the token leaves extractable is caught, and goes" {
	subca init loose --subject CN=Loose --key ec:P-256 --no-passphrase
	MOCK_EXTRACTABLE=1 run subca token import-key -C loose "$(mocked loose)"
	[ "$status" -eq 5 ]
	[[ "$output" == *"CKA_EXTRACTABLE true against what it was told"* ]]
	grep -q 'key = "private/ca.key"' loose/ca.conf
	[ "$(objects | grep -c 'label: *loose')" -eq 0 ]
}

@test "an import that fails at the token leaves the CA with its key file" {
	SUBCA_PASSPHRASE=correct subca init soft --subject CN=Soft --key ec:P-256
	for fault in C_CreateObject=0x31 C_CreateObject#2=0xd1 C_Sign=wrong; do
		MOCK_FAULT=$fault SUBCA_PASSPHRASE=correct run subca token import-key -C soft "$(mocked s)"
		[ "$status" -eq 5 ]
		grep -q 'key = "private/ca.key"' soft/ca.conf
		[ "$(objects --type privkey | grep -c Private)" -eq 1 ]
	done
}

@test "setting up a token that fails says so" {
	export SUBCA_SO_PIN=12345678
	MOCK_FAULT=C_InitToken=0x31 run subca token init X --module "$MOCK"
	[ "$status" -eq 5 ]
	[[ "$output" == *"C_InitToken: CKR_DEVICE_MEMORY"* ]]
	MOCK_FAULT=C_InitPIN=0xa2 run subca token init X --module "$MOCK"
	[ "$status" -eq 5 ]
	[[ "$output" == *"C_InitPIN: CKR_PIN_LEN_RANGE"* ]]
	SUBCA_TOKEN_SECONDS=1 MOCK_FAULT=C_Initialize=hang run timeout 20 "$SUBCA" token init Y --module "$MOCK"
	[ "$status" -eq 5 ]
	[[ "$output" == *"has not come back"* ]]
}

@test "a token that nobody may write makes no key, and still signs" {
	chmod -R a-w tokens
	# Root may write everything without this.
	run setpriv --bounding-set -all --inh-caps -all timeout 30 "$SUBCA" token keygen \
		"$(mocked full)" --key-type ec:P-256
	chmod -R u+w tokens
	[ "$status" -eq 5 ]
	[[ "$output" == *": CKR_"* ]]
	sign
}

@test "a token whose disk is full makes no key, and still signs" {
	cat > full <<- END
		mount -t tmpfs -o size=64k tmpfs full.d || exit 77
		cp -r tokens full.d/ && sed "s|tokendir = .*|tokendir = \$PWD/full.d/tokens|" softhsm2.conf > full.conf
		export SOFTHSM2_CONF=\$PWD/full.conf
		cat /dev/zero > full.d/fill 2> /dev/null
		"\$SUBCA" token keygen "\$1" --key-type ec:P-256
		[ \$? -eq 5 ] || exit 1
		"\$SUBCA" sign -C ca --profile subordinate-ca --yes --quiet --reissue test a.csr -o out.pem \
			--chain out-chain.pem --force
	END
	mkdir -p full.d
	run timeout 60 unshare -rm sh full "$(mocked full)"
	[ "$status" -ne 77 ] && [[ "$output" != *"unshare failed"* ]] || skip "no tmpfs may be mounted here"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"CKR_"* ]]
}

# A second real module: the token is behind a socket, on another machine for all that subca knows.
remote() {
	CLIENT=$(ls /usr/lib/*/pkcs11/p11-kit-client.so /usr/lib/pkcs11/p11-kit-client.so 2> /dev/null | head -1)
	[ -n "$CLIENT" ] && [ -x /usr/libexec/p11-kit/p11-kit-server ] || command -v p11-kit > /dev/null ||
		skip "p11-kit is not installed"
	eval "$(p11-kit server --provider "$1" -n "$PWD/socket" "pkcs11:token=Root%20CA" 3>&-)"
	export P11_KIT_SERVER_ADDRESS P11_KIT_SERVER_PID
}

@test "the same through p11-kit server, which may die: an error, a burnt serial, and no more" {
	remote "$MOCK"
	cp -r ca far
	sed -i "s|module-path=[^\"]*|module-path=$CLIENT|" far/ca.conf
	"$SUBCA" sign -C far --profile subordinate-ca --yes --quiet --reissue test a.csr -o far.pem \
		--chain far-chain.pem
	openssl verify -x509_strict -CAfile ca/ca.pem far.pem
	subca token doctor -C far
	kill "$P11_KIT_SERVER_PID"
	rm -f socket
	export MOCK_FAULT=C_Sign#2=slow MOCK_LOG=$PWD/log
	rm -f log
	remote "$MOCK"
	"$SUBCA" sign -C far --profile subordinate-ca --yes --quiet --reissue test a.csr -o gone.pem \
		--chain gone-chain.pem 2> said 3>&- &
	pid=$!
	for _ in $(seq 100); do
		[ "$(grep -cx C_Sign log 2> /dev/null)" = 2 ] && break
		sleep 0.1
	done
	pkill -KILL -P "$P11_KIT_SERVER_PID" || true
	kill -KILL "$P11_KIT_SERVER_PID"
	code=0
	wait "$pid" || code=$?
	[ "$code" -eq 5 ]
	grep -q 'C_Sign: CKR_DEVICE_' said
	[ ! -e gone.pem ]
	[ "$(sqlite3 -readonly far/store.db "select count(*) from cert where state = 1")" -eq 0 ]
	run "$SUBCA" sign -C far --profile subordinate-ca --yes --quiet --reissue test a.csr -o gone.pem \
		--chain gone-chain.pem
	[ "$status" -ne 0 ]
	subca journal verify -C far
}
