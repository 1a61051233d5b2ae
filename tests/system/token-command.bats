#!/usr/bin/env bats
# subca token: setting tokens up, making, judging, deleting and importing keys.

load helper
load token_helper

setup() {
	in_scratch
	unset SUBCA_PIN SUBCA_TOKEN_SECONDS
	token_setup
	export SUBCA_SO_PIN=12345678
}

# other_tool_key LABEL ID TYPE OPTION…: a key as a careless tool makes it.
other_tool_key() {
	pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 --keypairgen \
		--label "$1" --id "$2" --key-type "$3" "${@:4}" > /dev/null
}

@test "a blank token is set up and listed; a label twice and no blank one are refused" {
	subca token init "Second" --module "$MODULE"
	run subca token list --module "$MODULE"
	[ "$status" -eq 0 ]
	[[ "$output" == *"Second  "*"ready"* ]]
	[[ "$output" == *"Root CA "*"ready"* ]]
	subca token list --module "$MODULE" --json | python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["schema"] == "subca.token/1"
assert sorted(t["label"] for t in d["tokens"] if t["state"] == "ready") == ["Root CA", "Second"]'
	run subca token init "Second" --module "$MODULE"
	[ "$status" -eq 9 ]
	run subca token init "Third" --module /nowhere.so
	[ "$status" -eq 3 ]
	run subca token init "A label that is longer than a token's" --module "$MODULE"
	[ "$status" -eq 2 ]
	subca init root --subject CN=Root --key-type ec:P-256 \
		--key "pkcs11:token=Second;object=x?module-path=$MODULE"
}

@test "keygen makes what doctor finds nothing wrong with" {
	for type in rsa:2048 ec:P-384 ed25519; do
		subca token keygen "$(uri "$type")" --key-type "$type"
	done
	run subca token doctor "$TOKEN?module-path=$MODULE"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'made, and verified in software' <<< "$output")" -eq 3 ]
	[[ "$output" == *"Nothing is wrong with it."* ]]
	run subca token keygen "$(uri rsa:2048)" --key-type rsa:2048
	[ "$status" -eq 9 ]
	run subca token keygen "$TOKEN?module-path=$MODULE"
	[ "$status" -eq 2 ]
}

@test "doctor finds what other tools make: decrypt, extractable, equal ids and labels" {
	other_tool_key a 01 rsa:2048 --usage-sign --usage-decrypt
	other_tool_key a 01 EC:prime256v1 --usage-sign
	other_tool_key c 03 EC:prime256v1 --usage-sign --extractable
	run subca token doctor "$TOKEN?module-path=$MODULE"
	[ "$status" -eq 1 ]
	for rule in token_key_does_more token_id_shared token_label_shared token_key_can_leave; do
		[[ "$output" == *"[$rule,"* ]]
	done
	# Looking alone is no judgement.
	subca token show "$TOKEN?module-path=$MODULE"
	python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["keys"][0]["attributes"]["EXTRACTABLE"] is True
assert "token_key_can_leave" in [f["rule"] for f in d["findings"] if f["severity"] == "error"]
' <<< "$(subca token doctor "$(uri c)" --json 2> /dev/null || true)"
}

@test "doctor of a CA says whether the certificate's key is there" {
	subca init root --subject CN=Root --key "$(uri root)" --key-type ec:P-256
	run subca token doctor -C root
	[ "$status" -eq 0 ]
	[[ "$output" == *"belongs to:   the CA's certificate"* ]]
	subca token keygen "$(uri other)" --key-type ec:P-256
	sed -i "s|^key = .*|key = \"$(uri other)\";|" root/ca.conf
	run subca token doctor -C root
	[ "$status" -eq 1 ]
	[[ "$output" == *token_ca_key_missing* ]]
}

@test "delete-key deletes both halves of one key, and asks first" {
	subca token keygen "$(uri one)" --key-type ec:P-256
	subca token keygen "$(uri two)" --key-type ec:P-256
	run setsid "$SUBCA" token delete-key "$(uri one)"
	[ "$status" -eq 8 ]
	[ "$(objects | grep -c 'label: *one')" -eq 2 ]
	subca token delete-key "$(uri one)" --yes
	[ "$(objects | grep -c 'label: *one')" -eq 0 ]
	[ "$(objects | grep -c 'label: *two')" -eq 2 ]
	run subca token delete-key "$(uri one)" --yes
	[ "$status" -eq 3 ]
	subca token keygen "$(uri three)" --key-type ec:P-256
	run subca token delete-key "$TOKEN?module-path=$MODULE" --yes
	[ "$status" -eq 5 ]
	[[ "$output" == *"has 2 keys of that name; nothing is deleted"* ]]
}

@test "a CA moves from a file to the token and keeps its store, serials and journal" {
	export SUBCA_PASSPHRASE=correct
	for type in rsa:3072 ec:P-384 ed25519; do
		rm -rf root a.* b.* a-chain.pem b-chain.pem
		subca init root --subject CN=Root --key "$type" --serial 0x1000
		new_request a
		subca sign -C root --profile subordinate-ca --yes a.csr
		printf '# mine\n' >> root/ca.conf
		run subca token import-key -C root "$(uri "$type")"
		[ "$status" -eq 0 ]
		[[ "$output" == *"Whoever copied"* ]]
		grep -q '^# mine' root/ca.conf
		rm root/private/ca.key
		new_request b
		subca sign -C root --profile subordinate-ca --yes b.csr
		openssl verify -x509_strict -CAfile root/ca.pem b.pem
		[ "$(openssl x509 -in b.pem -noout -serial)" = serial=1002 ]
		subca journal verify -C root
		subca journal show -C root --json | tr -d '\\' |
			grep -q "the key moves from private/ca.key to pkcs11:token=Root%20CA"
		run subca token import-key -C root "$(uri again)"
		[ "$status" -eq 9 ]
	done
	[ "$(objects --type privkey | grep 'Usage:' | tr -d ' ' | sort -u)" = "Usage:sign" ]
}

@test "an import that fails leaves the CA as it was, and no key" {
	export SUBCA_PASSPHRASE=correct
	subca init root --subject CN=Root --key ec:P-256
	subca token keygen "$(uri taken)" --key-type ec:P-256
	run subca token import-key -C root "$(uri taken)"
	[ "$status" -eq 9 ]
	SUBCA_PIN=9999 run subca token import-key -C root "$(uri new)"
	[ "$status" -eq 5 ]
	run faketime -f -1d "$SUBCA" token import-key -C root "$(uri new)"
	[ "$status" -eq 1 ]
	[[ "$output" == *--clock-ok* ]]
	SUBCA_PASSPHRASE=wrong run subca token import-key -C root "$(uri new)"
	[ "$status" -eq 5 ]
	sed -i 's|^key = |key = # here\n|' root/ca.conf
	run subca token import-key -C root "$(uri new)"
	[ "$status" -eq 4 ]
	[ "$(objects --type privkey | grep -c Private)" -eq 1 ]
	run subca journal show -C root --json
	[[ "$output" != *config* ]]
}

@test "ca.conf names the module where the URI does not" {
	export HOME=$PWD XDG_CONFIG_HOME=$PWD/.config
	subca init root --subject CN=Root --key "$(uri root)" --key-type ec:P-256
	cp "$MODULE" mine.so
	sed -i "s|?module-path[^\"]*||; \$a pkcs11_module = \"$PWD/mine.so\";" root/ca.conf
	new_request a
	# LeakSanitizer does not work beside strace.
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=openat "$SUBCA" sign -C root --profile subordinate-ca --yes a.csr
	grep -q 'mine.so' trace
	sed -i "s|^pkcs11_module.*|pkcs11_module = \"mine.so\";|" root/ca.conf
	run subca sign -C root --profile subordinate-ca --yes a.csr --reissue x --force
	[ "$status" -eq 2 ]
}

@test "a verb that is unknown, and an option of another verb, are refused" {
	run subca token dcotor
	[ "$status" -eq 2 ]
	[[ "$output" == *"did you mean doctor"* ]]
	run subca token list --key-type ec:P-256
	[ "$status" -eq 2 ]
	run subca token keygen
	[ "$status" -eq 2 ]
	run subca token show root.key
	[ "$status" -eq 2 ]
}

@test "the suites that run on a token as well have their keys there" {
	export SUBCA_ON_FILE=$SUBCA BATS_RUN_TMPDIR=$PWD
	unset SUBCA_PIN
	on_token() { "$BATS_TEST_DIRNAME/on-token" "$@"; }
	SUBCA_PASSPHRASE=correct on_token init with --subject CN=With --key ec:P-256
	on_token init without --subject CN=Without --key ec:P-256 --no-passphrase
	new_request a
	on_token sign -C without --profile subordinate-ca --yes a.csr
	for ca in with without; do
		grep -q 'key = "pkcs11:token=Suite;' "$ca/ca.conf"
		[ ! -e "$ca/private/ca.key" ]
	done
}

@test "renewal, cross-signing, OCSP, checkpoint, backup and restore work with the key on a token" {
	for ca in root other; do
		subca init "$ca" --quiet --subject "CN=$ca" --key "$(uri "$ca")" --key-type ec:P-256 --days 900
	done
	new_request a
	subca sign -C root --profile subordinate-ca --yes --quiet --days 30 a.csr
	subca renew -C root --root --yes --quiet --days 1000
	openssl verify -x509_strict -check_ss_sig -CAfile root/ca.pem root/ca.pem a.pem
	subca cross-sign -C root other -o crossed.pem --yes --quiet
	openssl verify -x509_strict -partial_chain -trusted root/ca.pem crossed.pem
	subca revoke -C root a.pem --reason superseded --yes --quiet
	subca crl -C root --quiet -o root.crl
	subca crl -C root --check root.crl
	subca journal checkpoint -C root --quiet -o checkpoint.pem
	subca journal verify -C root --checkpoint checkpoint.pem
	# A delegated responder whose key is on the token as well.
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout r.key -out responder.csr \
		-subj "/CN=Responder" 2> /dev/null
	openssl pkey -in r.key -outform DER -out r.der
	openssl pkey -in r.key -pubout -outform DER -out r.pub
	for half in privkey:r.der pubkey:r.pub; do
		pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 --usage-sign \
			--write-object "${half#*:}" --type "${half%:*}" --id 77 --label responder > /dev/null
	done
	rm r.key r.der
	subca sign -C root --profile ocsp --yes --quiet responder.csr
	subca ocsp -C root --quiet --responder responder.pem --responder-key "$(uri responder)" -o answers
	[ -n "$(find answers -type f)" ]
	# The backup has no key to lose; where the token is, the CA is whole again.
	echo correct horse > password && chmod 600 password
	subca -C root backup root.backup --quiet --password-file password
	mv root gone
	subca restore root.backup root --quiet --password-file password
	[ ! -e root/private/ca.key ]
	subca restore -C root --confirm --yes --quiet --last-crl root.crl --checkpoint checkpoint.pem
	new_request b
	subca sign -C root --profile subordinate-ca --yes --quiet --days 30 b.csr
	openssl verify -x509_strict -CAfile root/ca.pem b.pem
}

@test "where the token is out of reach, all works that needs no key, and the rest says so" {
	subca init root --quiet --subject CN=Root --key "$(uri root)" --key-type ec:P-256 --days 900
	new_request a
	new_request b
	subca sign -C root --profile subordinate-ca --yes --quiet --days 300 a.csr
	subca crl -C root --quiet -o root.crl
	echo correct horse > password && chmod 600 password
	before=$(rows root)
	mkdir nothing
	printf 'directories.tokendir = %s\n' "$PWD/nothing" > softhsm2.conf
	unset SUBCA_PIN
	serial=$(openssl x509 -in a.pem -noout -serial | sed 's/serial=//')
	tried=0
	while read -r words; do
		# shellcheck disable=SC2086
		subca $words > /dev/null
		tried=$((tried + 1))
	done <<- END
		audit -C root --quiet
		expiring -C root
		list -C root
		show -C root $serial
		export -C root json
		journal verify -C root
		journal show -C root
		crl -C root --check root.crl
		backup -C root root.backup --password-file password --quiet
		sign -C root --profile subordinate-ca --days 300 b.csr --dry-run
		verify a.pem --root root/ca.pem
		lint a.pem
		revoke -C root a.pem --reason superseded --yes --quiet
	END
	[ "$tried" -eq 13 ]
	while read -r words; do
		# shellcheck disable=SC2086
		SUBCA_PIN=1234 run subca $words
		[ "$status" -eq 3 ]
		[[ "$output" == *"token 'Root CA': is not there; there is none at all; put it in"* ]]
	done <<- END
		sign -C root --profile subordinate-ca --days 300 b.csr --yes
		crl -C root
		journal checkpoint -C root
		token doctor -C root
		ocsp -C root -o answers
	END
	[ "$(rows root)" -eq "$before" ]
	[ ! -e b.pem ]
}

@test "two EC keys without a CKA_ID are never signed with by luck, nor is a public key taken for theirs" {
	for n in 1 2; do
		openssl ecparam -name prime256v1 -genkey -noout -outform DER -out "$n.der" 2> /dev/null
		pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 --usage-sign \
			--write-object "$n.der" --type privkey --label "key$n" > /dev/null
		openssl ec -inform DER -in "$n.der" -pubout -outform DER -out "$n.pub" 2> /dev/null
		pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 \
			--write-object "$n.pub" --type pubkey --label "key$n" > /dev/null
	done
	[ "$(objects --type privkey | grep -c '  ID:')" -eq 0 ]
	for n in 1 2; do
		run subca init "root$n" --subject CN=Root --key "$(uri "key$n")" --use-existing
		[ "$status" -eq 5 ]
		[[ "$output" == *"neither a public key nor a CKA_ID tells which"* ]]
		[ ! -e "root$n" ]
	done
	# With the certificate of the first, the second is caught by what it signs.
	subca init soft --subject CN=Soft --key ec:P-256 --no-passphrase
	for n in 1 2; do
		cp -r soft "ca$n"
		sed -i "s|^key = .*|key = \"$(uri "key$n")\";|" "ca$n/ca.conf"
		new_request a
		run subca sign -C "ca$n" --profile subordinate-ca --yes a.csr
		[ "$status" -eq 5 ]
		[[ "$output" == *"made a signature that its public key does not verify"* ]]
		[ "$(rows "ca$n")" -eq 1 ]
	done
	run subca token doctor "$TOKEN?module-path=$MODULE"
	[ "$status" -eq 1 ]
	[ "$(grep -c '\[token_id_empty' <<< "$output")" -eq 2 ]
}

@test "SoftHSM's own keys that want the PIN for each signature get it" {
	pkcs11-tool --module "$MODULE" --token-label "Root CA" --login --pin 1234 --keypairgen \
		--key-type EC:prime256v1 --usage-sign --label careful --id 42 --always-auth > /dev/null
	subca token show "$(uri careful)" --json | python3 -c '
import json, sys
key, = json.load(sys.stdin)["keys"]
assert key["attributes"]["ALWAYS_AUTHENTICATE"] is True'
	subca init root --subject CN=Root --key "$(uri careful)" --use-existing
	mkdir in
	for n in 1 2 3 4 5; do
		new_request "$n"
		mv "$n.csr" in
	done
	subca sign -C root --profile subordinate-ca --yes --quiet --batch in -o out
	openssl verify -x509_strict -CAfile root/ca.pem out/1.pem out/2.pem out/3.pem out/4.pem out/5.pem
	subca token doctor -C root | grep -q "made, and verified in software"
}
