#!/usr/bin/env bats
# subca lab: the whole circle, held against openssl, and what is no lab is left alone.

bats_require_minimum_version 1.5.0

load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" lab lab --key ec:P-256 --site www.example.com --json >lab.json
}

setup() {
	in_scratch
	cp -r "$BATS_FILE_TMPDIR"/. .
}

extensions() { openssl req -in "$1" -noout -text | grep -c 'X509v3'; }

@test "every file that is named is there, and keys are private" {
	python3 -c '
import json, os
for f in json.load(open("lab.json"))["files"]:
    assert os.path.exists(f["file"]), f'
	[ "$(find lab -name '*.key' ! -perm 600 | wc -l)" -eq 0 ]
	[ "$(rows lab/root)" -eq 4 ]
}

@test "requests are as the portals make them" {
	run -1 extensions lab/zia.csr
	[ "$(extensions lab/zpa-client.csr)" -eq 2 ]
	openssl req -in lab/zpa-client.csr -noout -subject | grep -q 'CN = [0-9]*.zpa-customer.com/Client'
	if [ -e "$SHARED/data/zpa/client.csr" ]; then
		ask() {
			openssl req -in "$1" -noout -text |
				sed -n '/Requested Extensions/,/Signature Algorithm/p'
		}
		[ "$(ask lab/zpa-client.csr)" = "$(ask "$SHARED/data/zpa/client.csr")" ]
	fi
	for name in zia zpa-client zpa-connector; do
		openssl req -in "lab/$name.csr" -noout -verify 2>&1 | grep -q "verify OK"
	done
}

@test "what was signed is ready for the portals" {
	subca check lab/zia.pem --csr lab/zia.csr --chain lab/zia-chain.pem --for zia
	subca check lab/zpa-client.pem --csr lab/zpa-client.csr --chain lab/zpa-client-chain.pem --for zpa
}

@test "sites, weekly CA and client verify strictly up to the root, with its CRL" {
	openssl verify -x509_strict -purpose sslserver -verify_hostname www.example.com \
		-CAfile lab/root/ca.pem -untrusted lab/sites/www.example.com.pem \
		lab/sites/www.example.com.pem
	openssl verify -x509_strict -purpose sslclient -CAfile lab/root/ca.pem \
		-untrusted lab/clients/laptop.example.com.pem lab/clients/laptop.example.com.pem
	openssl x509 -in lab/portal/weekly.pem -noout -subject -nameopt multiline | grep -q ' (t) $'
	openssl crl -inform DER -in lab/root.crl -CAfile lab/root/ca.pem -noout 2>&1 | grep -q "verify OK"
	openssl verify -CAfile lab/ca-bundle.pem lab/zia.pem
	# A site's key is the site's.
	[ "$(openssl pkey -in lab/sites/www.example.com.key -pubout)" = \
		"$(openssl x509 -in lab/sites/www.example.com.pem -noout -pubkey)" ]
}

@test "more sites are minted in a lab that is there" {
	subca lab lab --site a.example.org --site b.example.org
	openssl verify -x509_strict -verify_hostname b.example.org -CAfile lab/root/ca.pem \
		-untrusted lab/sites/b.example.org.pem lab/sites/b.example.org.pem
	run -9 subca lab lab --site a.example.org
	run -2 subca lab lab --site ../../x
	run -9 subca lab lab
	[ "$(rows lab/root)" -eq 4 ]
}

@test "a lab's certificate passes a rehearsal" {
	PATH=/usr/bin:/bin subca rehearse lab/zia-chain.pem --only curl
}

@test "destroy removes a lab, and nothing else" {
	mkdir precious
	echo x >precious/file
	run -3 subca lab precious --destroy --yes
	[ -e precious/file ]
	run -8 subca lab lab --destroy </dev/null
	[ -e lab/root/ca.pem ]
	subca lab lab --destroy --yes
	[ ! -e lab ]
	run -9 subca lab precious
	[ -e precious/file ]
}

@test "a lab that cannot be made leaves no folder" {
	run -1 subca lab new --key rsa:1024
	[ ! -e new ]
	run -3 subca lab no/such/folder
}

@test "with --token the root's key lives on a token that the lab brings along" {
	command -v softhsm2-util >/dev/null || skip "no SoftHSM2 here"
	run -2 subca lab held --token --key "pkcs11:token=Other;object=root"
	subca lab held --token --key ec:P-256
	[ ! -e held/root/private/ca.key ]
	openssl verify -x509_strict -CAfile held/root/ca.pem held/zia.pem
	openssl crl -inform DER -in held/root.crl -CAfile held/root/ca.pem -noout 2>&1 | grep -q "verify OK"
	[ "$(find held -name 'pin' -perm 600 | wc -l)" -eq 1 ]
	openssl req -new -newkey rsa:2048 -nodes -keyout more.key -out more.csr -subj /CN=More 2>/dev/null
	# Only with the token and its PIN.
	run ! subca sign -C held/root --profile zia --yes more.csr </dev/null
	SOFTHSM2_CONF=held/softhsm2.conf subca sign -C held/root --profile zia --yes --pin-file held/pin \
		-o more.pem --chain more-chain.pem more.csr
	openssl verify -CAfile held/root/ca.pem more.pem
	subca lab held --destroy --yes
	[ ! -e held ]
	# Nothing is left of one that could not be made.
	run ! subca lab held --token --key ec:P-999
	[ ! -e held ]
}

@test "the root's key may live in a token" {
	command -v softhsm2-util >/dev/null || skip "no SoftHSM2 here"
	mkdir tokens
	export SOFTHSM2_CONF=$PWD/softhsm2.conf
	echo "directories.tokendir = $PWD/tokens" >softhsm2.conf
	softhsm2-util --init-token --free --label Lab --so-pin 12345678 --pin 123456 >/dev/null
	module=$(find /usr/lib -name libsofthsm2.so | head -n 1)
	SUBCA_PIN=123456 SUBCA_PASSPHRASE=123456 subca lab held \
		--key "pkcs11:token=Lab;object=root?module-path=$module"
	openssl verify -x509_strict -CAfile held/root/ca.pem held/zia.pem
	[ ! -e held/root/private/ca.key ]
}
