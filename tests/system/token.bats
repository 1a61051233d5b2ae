#!/usr/bin/env bats
# Keys that never leave the token: SoftHSM2 through init and sign, and what a URI may say.

load helper
load token_helper

setup() {
	in_scratch
	unset SUBCA_PIN SUBCA_PARENT_PIN SUBCA_TOKEN_SECONDS
	token_setup
}

# root_on_token TYPE
root_on_token() { subca init root --subject "CN=Root" --key "$(uri root)" --key-type "$1"; }

sign() { subca sign -C root --profile subordinate-ca --yes "$@"; }

@test "a root of each key type is made on the token, signs itself and signs a request" {
	new_request below
	for type in rsa:3072 ec:P-256 ec:P-384 ed25519; do
		name=${type/:/-}
		subca init "$name" --subject "CN=Root $type" --key "$(uri "$name")" --key-type "$type"
		openssl verify -x509_strict -check_ss_sig -CAfile "$name/ca.pem" "$name/ca.pem"
		subca sign -C "$name" --profile subordinate-ca --yes below.csr -o "$name.pem" \
			--chain "$name-chain.pem"
		openssl verify -x509_strict -CAfile "$name/ca.pem" "$name.pem"
		[ ! -e "$name/private/ca.key" ]
	done
}

@test "the key signs and does nothing else, was made there and can never leave" {
	for type in rsa:3072 ec:P-256; do
		subca init "${type/:/-}" --subject "CN=Root" --key "$(uri "$type")" --key-type "$type"
	done
	[ "$(objects --type privkey | grep -c 'Private Key Object')" -eq 2 ]
	[ "$(objects --type privkey | grep 'Usage:' | tr -d ' ' | sort -u)" = "Usage:sign" ]
	[ "$(objects --type privkey | grep 'Access:' | sort -u | tr -s ' ')" = \
		" Access: sensitive, always sensitive, never extractable, local" ]
	[ "$(objects --type pubkey | grep 'Usage:' | tr -d ' ' | sort -u)" = "Usage:verify" ]
	[ "$(objects --type privkey | grep -c '  ID:  *[0-9a-f]\{32\}$')" -eq 2 ]
	run objects --type privkey
	[ "$(grep -o 'ID: .*' <<< "$output" | sort -u | wc -l)" -eq 2 ]
}

@test "no PKCS#12 file is made of a key on the token" {
	root_on_token ec:P-256
	before=$(sqlite3 -readonly root/store.db "select max(seq) from journal")
	export SUBCA_EXPORT_PASSWORD=secret
	run subca export p12 -C root --yes -o root.p12
	[ "$status" -eq 1 ]
	[[ "$output" == *"keeps the CA's key on a token, which gives no private key out"*"p7b"* ]]
	[ ! -e root.p12 ]
	[ "$(sqlite3 -readonly root/store.db "select max(seq) from journal")" = "$before" ]
}

@test "the PIN comes from a file, a descriptor, the environment or the URI's pin-source" {
	root_on_token ec:P-256
	unset SUBCA_PIN
	echo 1234 > pin
	chmod 600 pin
	new_request a
	sign a.csr --pin-file pin
	sign a.csr --reissue again --force --pin-fd 7 7< pin
	SUBCA_PIN=1234 sign a.csr --reissue again --force
	run setsid "$SUBCA" sign -C root --profile subordinate-ca --yes a.csr --reissue again --force
	[ "$status" -eq 5 ]
	[[ "$output" == *"--pin-file FILE, --pin-fd N or SUBCA_PIN"* ]]
	sed -i "s|?module-path|?pin-source=file:$PWD/pin\&module-path|" root/ca.conf
	sign a.csr --reissue again --force
	chmod 644 pin
	run sign a.csr --reissue again --force
	[ "$status" -eq 5 ]
	[ "$(rows root)" -eq 5 ]
}

@test "a prompt asks for the PIN without showing it" {
	command -v expect > /dev/null || skip "expect is not installed"
	root_on_token ec:P-256
	unset SUBCA_PIN
	new_request a
	expect > seen <<- END
		set timeout 20
		spawn $SUBCA sign -C root --profile subordinate-ca --yes a.csr
		expect "Enter the PIN of token 'Root CA': "
		send "1234\r"
		expect "Issued"
		expect eof
	END
	grep -q Issued seen
	[ "$(grep -c 1234 seen)" -eq 0 ]
	[ -e a.pem ]
}

@test "a wrong PIN is tried once, costs no serial, and says that it counts" {
	root_on_token ec:P-256
	new_request a
	SUBCA_PIN=9999 run sign a.csr
	[ "$status" -eq 5 ]
	[[ "$output" == *"token 'Root CA': cannot log in: the PIN is wrong (C_Login: CKR_PIN_INCORRECT)"* ]]
	[ "$(rows root)" -eq 1 ]
	[ ! -e a.pem ]
}

@test "a URI is refused that carries a PIN, a slot, an unknown attribute, a blank or no token" {
	tried=0
	for bad in "$TOKEN;object=x?pin-value=1234&module-path=$MODULE" \
		"pkcs11:slot-id=0;object=x?module-path=$MODULE" \
		"pkcs11:object=x?module-path=$MODULE" "$TOKEN?module-path=$MODULE" \
		"$TOKEN;objekt=x?module-path=$MODULE" "$TOKEN;object=x?modul-path=$MODULE" \
		"$TOKEN;;object=x?pin-value=1234&module-path=$MODULE" \
		"pkcs11:token=Root CA;object=x" \
		"$TOKEN;object=x?module-path=libsofthsm2.so" "$TOKEN;object=x;type=cert" \
		"$TOKEN;object=x?pin-source=%7Ccat%20pin&module-path=$MODULE"; do
		run subca init root --subject CN=Root --key "$bad" --key-type ec:P-256
		[ "$status" -eq 2 ]
		[[ "$output" != *1234* ]]
		[ ! -e root ]
		tried=$((tried + 1))
	done
	[ "$tried" -eq 11 ]
	[ -z "$(objects)" ]
}

@test "no such token or module is said, with the tokens there are" {
	run subca init root --subject CN=Root --key "pkcs11:token=Other;object=x?module-path=$MODULE"
	[ "$status" -eq 3 ]
	[[ "$output" == *"token 'Other': is not there; there are 'Root CA'"* ]]
	run subca init root --subject CN=Root --key "$TOKEN;object=x?module-path=/nowhere.so"
	[ "$status" -eq 3 ]
	[[ "$output" == *"/nowhere.so: cannot be loaded"* ]]
	[ ! -e root ]
}

@test "two tokens of one label are told apart by serial, never guessed" {
	token_make "Root CA"
	run subca init root --subject CN=Root --key "$(uri x)" --key-type ec:P-256
	[ "$status" -eq 5 ]
	[[ "$output" == *"is the name of 2 tokens; add serial=NUMBER"* ]]
	serial=$(pkcs11-tool --module "$MODULE" -L | grep -m1 'serial num' | sed 's/.*: *//')
	subca init root --subject CN=Root --key-type ec:P-256 \
		--key "$TOKEN;serial=$serial;object=x?module-path=$MODULE"
	new_request a
	sign a.csr
}

@test "a label that is there is refused, and taken with --use-existing" {
	pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 --keypairgen \
		--key-type EC:prime256v1 --label old --id 01 > /dev/null
	run subca init root --subject CN=Root --key "$(uri old)" --key-type ec:P-256
	[ "$status" -eq 9 ]
	[ ! -e root ]
	subca init root --subject CN=Root --key "$(uri old)" --use-existing
	[ "$(objects --type privkey | grep -c Private)" -eq 1 ]
	new_request a
	sign a.csr
	openssl verify -x509_strict -CAfile root/ca.pem a.pem
}

@test "an init that is refused leaves neither folder nor key" {
	# The profile wants more of a root; that shows only once the key is there.
	run subca init root --subject "CN=Root" --key "$(uri root)" --key-type rsa:2048
	[ "$status" -eq 1 ]
	[[ "$output" == *"RSA of 2048 bits is not what profile 'root' allows"* ]]
	[ ! -e root ]
	[ -z "$(objects)" ]
}

@test "two EC keys of one CKA_ID are never signed with by luck" {
	for n in 1 2; do
		pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 \
			--keypairgen --key-type EC:prime256v1 --label "key$n" --id 07 > /dev/null
	done
	for n in 1 2; do
		run subca init "root$n" --subject CN=Root --key "$(uri "key$n")" --use-existing
		[ "$status" -eq 5 ]
		[[ "$output" == *"carry the CKA_ID of the private key"* ]]
		[ ! -e "root$n" ]
	done
}

@test "the key is found by the certificate: another CA's key on the same token is not used" {
	root_on_token ec:P-256
	subca init other --subject "CN=Other" --key "$(uri other)" --key-type ec:P-256
	new_request a
	# Without object and id the certificate alone decides.
	sed -i "s|^key = .*|key = \"$TOKEN?module-path=$MODULE\";|" root/ca.conf other/ca.conf
	sign a.csr
	openssl verify -x509_strict -CAfile root/ca.pem a.pem
	subca sign -C other --profile subordinate-ca --yes a.csr -o b.pem --chain b-chain.pem
	openssl verify -x509_strict -CAfile other/ca.pem b.pem
	sed -i "s|^key = .*|key = \"$(uri other)\";|" root/ca.conf
	run sign a.csr --reissue x --force
	[ "$status" -eq 5 ]
	[[ "$output" == *"has no private key that belongs to the certificate of the CA"* ]]
	[ "$(rows root)" -eq 2 ]
}

@test "an intermediate on the token below a root on the token" {
	root_on_token ec:P-256
	SUBCA_PARENT_PIN=1234 subca init issuing --parent root --subject "CN=Issuing" \
		--key "$(uri issuing)" --key-type ec:P-256 --days 30
	openssl verify -x509_strict -CAfile root/ca.pem issuing/ca.pem
}

@test "an init killed at any fsync resumes with the key that it made" {
	command -v strace > /dev/null || skip "no strace here"
	interrupted=0
	for n in $(seq 1 2 40); do
		rm -rf root
		strace -f -o trace -e trace=fsync -e inject=fsync:signal=KILL:when="$n" "$SUBCA" \
			init root --subject CN=Root --key "$(uri "k$n")" --key-type ec:P-256 > out 2>&1 || true
		grep -q killed trace || break
		[ -e root/init.conf ] || continue
		interrupted=$((interrupted + 1))
		subca init root --resume
		[ "$(objects --type privkey | grep -c "label: *k$n\$")" -eq 1 ]
		openssl verify -x509_strict -check_ss_sig -CAfile root/ca.pem root/ca.pem
	done
	[ "$interrupted" -gt 3 ]
}

@test "a half-made CA that is discarded leaves its key on the token, and says which and how it goes" {
	command -v strace > /dev/null || skip "no strace here"
	halve() { # WORDS…: an init that is killed once the key is there; @ is another label each time
		for n in $(seq 2 40); do
			rm -rf root
			strace -f -o trace -e trace=fsync -e inject=fsync:signal=KILL:when="$n" "$SUBCA" \
				init root --subject CN=Root "${@//@/$n}" > out 2>&1 || true
			[ -e root/init.conf ] && [ -e root/store.db ] && return
		done
		return 1
	}
	halve --key "$(uri half-@)" --key-type ec:P-256
	# Also where the token is out of reach.
	SOFTHSM2_CONF=/nowhere run subca init root --discard --yes
	[ "$status" -eq 0 ]
	[ ! -e root/store.db ]
	[[ "$output" == *"stays on the token"* ]]
	told=$(sed -n 's/.*subca token delete-key "\(.*\)"$/\1/p' <<< "$output")
	[[ "$told" == "pkcs11:"*"object=half-$n?"* ]]
	[ "$(objects | grep -c "label: *half-$n\$")" -eq 2 ]
	subca token delete-key "$told" --yes
	[ "$(objects | grep -c "label: *half-$n\$")" -eq 0 ]
	# One that was there before is nobody's to delete.
	subca token keygen "$(uri old)" --key-type ec:P-256
	halve --key "$(uri old)" --use-existing
	subca init root --discard --yes --json > said.json 2> said
	[ ! -s said ]
	python3 -c 'import json; d = json.load(open("said.json")); assert d["discarded"] and d["key_left"] is None'
	[ "$(objects --type privkey | grep -c 'label: *old')" -eq 1 ]
}

@test "eight at once log in at one token" {
	# SoftHSM rewrites the token's file at each login: whoever starts meanwhile does not see the token.
	root_on_token ec:P-256
	pids=()
	for n in $(seq 8); do
		new_request "$n"
		subca sign -C root --profile subordinate-ca --yes --quiet "$n.csr" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	[ "$(rows root)" -eq 9 ]
	openssl verify -x509_strict -CAfile root/ca.pem 1.pem 2.pem 3.pem 4.pem 5.pem 6.pem 7.pem 8.pem
}

@test "p11-kit's configured modules are used where the URI names none" {
	export HOME=$PWD XDG_CONFIG_HOME=$PWD/.config
	mkdir -p .config/pkcs11/modules
	echo "module: $MODULE" > .config/pkcs11/modules/mine.module
	subca init root --subject CN=Root --key "$TOKEN;object=x" --key-type ec:P-256
	new_request a
	sign a.csr
}

# attest KEY LABEL: a certificate about the key KEY, as the token of a maker shows it, under LABEL.
attest() {
	openssl x509 -new -force_pubkey "$1" -CA maker.pem -CAkey maker.key -subj "/CN=$2" -days 9 \
		-out leaf.pem 2> /dev/null
	put_certificate leaf.pem "$2"
}

put_certificate() { # FILE LABEL
	openssl x509 -in "$1" -outform DER -out put.der
	pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 --type cert \
		--write-object put.der --label "$2" > /dev/null
}

@test "what the token says of the key is kept beside the CA, and that it shows no attestation is said" {
	run root_on_token ec:P-256
	[ "$status" -eq 0 ]
	[[ "$output" == *"shows no attestation of its maker's for the key"*"root/key-evidence.json"* ]]
	python3 -c '
import json
key, = json.load(open("root/key-evidence.json"))["keys"]
a = key["attributes"]
assert key["label"] == "root" and a["LOCAL"] and a["NEVER_EXTRACTABLE"] and not a["EXTRACTABLE"]
assert key["attested"] is False'
	[ ! -e root/key-attestation.pem ]
	subca token doctor -C root | grep -q "attestation: *the token shows none"
}

@test "the attestation of the key is kept with its signers, and none of another key" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout maker.key -out maker.pem \
		-subj "/CN=Slot f9" -days 9 2> /dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x.key -out stranger.pem \
		-subj "/CN=Slot f9" -days 9 2> /dev/null
	subca token keygen "$(uri mine)" --key-type ec:P-256
	pkcs11-tool --module "$MODULE" --token-label "Root CA" --read-object --type pubkey --label mine \
		-o mine.der 2> /dev/null
	openssl pkey -pubin -inform DER -in mine.der -pubout -out mine.pem
	openssl pkey -in x.key -pubout -out theirs.pem
	# More than are kept, of other keys; a signer by name alone; and what is no attestation.
	for slot in 9a 9d 9e 82 83 84 85 86 87; do
		attest theirs.pem "X.509 Certificate for PIV Attestation $slot"
	done
	put_certificate stranger.pem "X.509 Certificate for PIV Attestation f9"
	attest mine.pem "X.509 Certificate for Digital Signature"
	run subca init none --subject CN=None --key "$(uri mine)" --use-existing
	[ "$status" -eq 0 ]
	[[ "$output" == *"shows no attestation of its maker's for the key"* ]]
	[ ! -e none/key-attestation.pem ]
	attest mine.pem "X.509 Certificate for PIV Attestation 9c"
	put_certificate maker.pem "X.509 Certificate for PIV Attestation"
	run subca init root --subject CN=Root --key "$(uri mine)" --use-existing
	[ "$status" -eq 0 ]
	[[ "$output" == *"attestation of the token's maker for the key is in root/key-attestation.pem"* ]]
	cmp root/key-attestation.pem <(cat leaf.pem maker.pem)
	subca token show -C root --json | python3 -c '
import json, sys
assert [k["attested"] for k in json.load(sys.stdin)["keys"]] == [True]'
	subca token doctor -C root | grep -q "attestation: *the token shows its maker"
}

@test "a CA that moves to a token keeps no attestation of the key that it had before" {
	subca init soft --subject CN=Soft --key ec:P-256 --no-passphrase
	echo old > soft/key-attestation.pem
	run subca token import-key -C soft "$(uri soft)"
	[ "$status" -eq 0 ]
	[[ "$output" == *"shows no attestation"* ]]
	[ ! -e soft/key-attestation.pem ]
}
