# A SoftHSM2 token of a test's own, in its scratch folder: label "Root CA", PIN 1234.

# shellcheck disable=SC2034
softhsm_module() {
	local file
	for file in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so \
		/usr/lib64/pkcs11/libsofthsm2.so; do
		[ -e "$file" ] && echo "$file" && return
	done
}

# token_folder FOLDER: SoftHSM keeps its tokens there from now on.
token_folder() {
	mkdir -p "$1/tokens"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
		"$1/tokens" > "$1/softhsm2.conf"
	export SOFTHSM2_CONF=$1/softhsm2.conf
}

# token_make LABEL
token_make() {
	softhsm2-util --init-token --free --label "$1" --pin 1234 --so-pin 12345678 > softhsm.log
}

token_setup() {
	MODULE=$(softhsm_module)
	if [ -z "$MODULE" ] || ! command -v pkcs11-tool > /dev/null; then
		skip "SoftHSM2 and OpenSC are not installed"
	fi
	token_folder "${1:-$PWD}"
	token_make "Root CA"
	# SoftHSM 2.6.1 loses the name of Ed25519's curve; only a slow unwinder sees that it is SoftHSM.
	if [ -n "${ASAN_OPTIONS-}" ]; then
		export ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0
		export LSAN_OPTIONS=suppressions=$SUBCA_TOP/tests/lsan.supp:print_suppressions=0
	fi
	TOKEN='pkcs11:token=Root%20CA'
	export SUBCA_PIN=1234
}

# uri OBJECT: a key on the test's own token, by the module's path.
uri() { echo "$TOKEN;object=$1?module-path=$MODULE"; }

objects() {
	pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 \
		--list-objects "$@" 2> /dev/null
}

# new_request NAME: NAME.csr with a key of its own.
new_request() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
		-subj "/C=DE/O=Example/CN=$1" -out "$1.csr" 2> /dev/null
}
