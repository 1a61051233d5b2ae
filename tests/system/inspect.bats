# subca inspect: any request, certificate, chain, bundle, p7b or CRL, in words.

bats_require_minimum_version 1.5.0
load helper

request() { # NAME SUBJECT [more]
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
		-out "$1.csr" -subj "$2" "${@:3}" 2>/dev/null
}

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
	export SUBCA_PASSPHRASE=test-only
	openssl ecparam -name prime256v1 -genkey -noout -out root.key
	openssl req -new -x509 -key root.key -out root.pem -days 900 -subj "/C=DE/O=Example/CN=Root" \
		-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	request one "/C=DE/O=Example/CN=One" -addext basicConstraints=critical,CA:TRUE
	cat >ext <<-'END'
		basicConstraints = critical,CA:TRUE,pathlen:0
		keyUsage = critical,keyCertSign,cRLSign
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
	END
	openssl x509 -req -in one.csr -CA root.pem -CAkey root.key -days 100 -sha256 \
		-set_serial 0x1234567890abcdef12 -extfile ext -out one.pem 2>/dev/null
	cat one.pem root.pem >chain.pem
	cat >crl.conf <<-'END'
		[ca]
		default_ca = x
		[x]
		database = index.txt
		crlnumber = number
		default_md = sha256
	END
	: >index.txt
	echo 2A >number
	openssl ca -config crl.conf -gencrl -cert root.pem -keyfile root.key -crldays 5 -out root.crl \
		2>/dev/null
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
}

# The value of a Python expression over the document, d, and its first object, o.
ask() { # EXPRESSION FILE...
	local what=$1
	shift
	{ "$SUBCA" inspect --json "$@" 2>/dev/null || true; } | python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["schema"] == "subca.inspect/1", d
o = ([x for f in d["files"] for x in f["objects"]] or [None])[0]
print(eval(sys.argv[1]))' "$what"
}

@test "a request: its hash, and what its name hides" {
	[ "$(ask 'o["sha256"]' one.csr)" = "$(openssl req -in one.csr -outform DER | sha256sum | cut -d' ' -f1)" ]
	run -0 "$SUBCA" inspect one.csr
	[[ $output == *"SHA-256:"* ]]
	[ "$(ask 'o["findings"]' one.csr)" = "[]" ]
	openssl req -new -key one.key -utf8 -subj "/CN=$(printf 'z\xd1\x81')aler" -out mixed.csr
	[ "$(ask '[f["rule"] for f in o["findings"]]' mixed.csr)" = "['csr_name_scripts']" ]
}

@test "a request: names, types, key, proof, extensions, and that a password is there" {
	openssl req -new -key one.key -out full.csr -config /dev/stdin <<-'END'
		[req]
		distinguished_name = dn
		attributes = attributes
		req_extensions = ext
		prompt = no
		[dn]
		C = DE
		O = Example
		CN = Two
		+serialNumber = 7
		[attributes]
		challengePassword = hush-hush
		[ext]
		basicConstraints = critical,CA:TRUE
	END
	run -0 "$SUBCA" inspect full.csr
	[[ $output == "full.csr: 1 request"* ]]
	output=$(tr -s ' \n' ' ' <<<"$output")
	[[ $output == *"C=DE,O=Example,serialNumber=7+CN=Two"* ]]
	[[ $output == *"serialNumber PrintableString + CN UTF8String"* ]]
	[[ $output == *"key: ec:P-256"* ]]
	[[ $output == *"holds its key: yes"* ]]
	[[ $output == *"basicConstraints (critical): CA:TRUE"* ]]
	[[ $output == *"password: there; a secret"* ]]
	[[ $output != *hush* ]]
	run -0 "$SUBCA" inspect --json full.csr
	[[ $output != *hush* ]]
	[ "$(ask 'o["challenge_password"], [p["rdn"] for p in o["subject_parts"]]' full.csr)" = \
		"(True, [0, 1, 2, 2])" ]
	[ "$(ask 'o["challenge_password"]' one.csr)" = False ]
}

@test "a request whose signature fails is explained, and refused" {
	openssl req -in one.csr -outform DER | head -c -1 >bad.csr
	printf '\x55' >>bad.csr
	run -1 "$SUBCA" inspect bad.csr
	[[ $output == *"holds its key:  no"* && $output == *"[csr_signature, RFC 2986 3]"* ]]
}

@test "Microsoft's attribute form and template name, and who writes them" {
	openssl req -new -key one.key -out ms.csr -config /dev/stdin <<-'END'
		[req]
		distinguished_name = dn
		req_extensions = ext
		prompt = no
		[dn]
		CN = Windows
		[ext]
		1.3.6.1.4.1.311.20.2 = ASN1:BMP:SubCA
	END
	[ "$(ask 'o["template_name"], o["maker"]["name"], o["maker"]["sure"]' ms.csr)" = \
		"('SubCA', 'Windows enrolment (AD CS)', 'likely')" ]
	[ "$(ask 'o["template_name"], o["maker"]["name"]' one.csr)" = "('', 'OpenSSL')" ]
}

@test "ZPA's requests are known by their shape, and only by all of it" {
	openssl req -new -newkey rsa:2048 -nodes -keyout zpa.key -out zpa.csr -config /dev/stdin \
		2>/dev/null <<-'END'
			[req]
			distinguished_name = dn
			string_mask = default
			prompt = no
			[dn]
			O = Zscaler
			OU = Private Access
			CN = 1234.zpa-customer.com/Client
		END
	[ "$(ask 'o["maker"]["name"], o["maker"]["sure"]' zpa.csr)" = \
		"('Zscaler Private Access (ZPA)', 'plain')" ]
	request near "/O=Zscaler/OU=Private Access/CN=1234.zpa-customer.com\/Client"
	[ "$(ask 'o["maker"]["sure"]' near.csr)" = likely ]
	request far "/O=Zscaler/OU=Private Access/CN=.zpa-customer.com\/Client"
	[ "$(ask 'o["maker"]["name"]' far.csr)" = OpenSSL ]
	[ -d "$SHARED/data/zpa" ] || skip "no real ZPA requests here; made ones passed"
	for file in "$SHARED"/data/zpa/*.csr; do
		[ "$(ask 'o["maker"]["sure"], o["findings"]' "$file")" = "('plain', [])" ]
	done
}

@test "a certificate: serial, days left, identifiers" {
	run -0 "$SUBCA" inspect one.pem root.pem
	[[ $output == *"serial:         1234567890abcdef12"* ]]
	[[ $output =~ "days left:      "(99|100)$'\n' ]]
	id=$(openssl x509 -in root.pem -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' |
		tr A-F a-f)
	[[ $output == *"AKI:            $id"* && $output == *"SKI:            $id"* ]]
}

@test "who signed whom: within a chain, across files, in a p7b, and nobody" {
	run -0 "$SUBCA" inspect chain.pem
	[[ $output == "chain.pem: 2 certificates: a chain, each signed by the next"* ]]
	[[ $output == *"signed by:      C=DE,O=Example,CN=Root (chain.pem, number 2)"* ]]
	[[ $output == *"signed by:      itself"* ]]
	[ "$(ask 'o["signed_by"]["file"]' one.pem root.pem)" = root.pem ]
	[ "$(ask 'o["signed_by"]' one.pem)" = None ]
	openssl crl2pkcs7 -in root.crl -certfile chain.pem -outform DER -out all.p7b
	run -0 "$SUBCA" inspect all.p7b
	[[ $output == "all.p7b: 2 certificates, 1 CRL in a p7b: a bundle"* ]]
	openssl crl2pkcs7 -nocrl -certfile chain.pem -out pem.p7b
	[ "$(ask 'd["files"][0]["summary"]' pem.p7b)" = \
		"2 certificates in a p7b: a chain, each signed by the next" ]
}

@test "a chain in the wrong order, a duplicate and a key beside them are findings" {
	cat root.pem one.pem >wrong.pem
	run -0 "$SUBCA" inspect wrong.pem
	[[ $output == *inspect_chain_order* ]]
	run -0 "$SUBCA" inspect chain.pem
	[[ $output != *"inspect_"* ]]
	cat one.pem root.pem one.pem >twice.pem
	run -0 "$SUBCA" inspect twice.pem
	[[ $output == *inspect_duplicate* ]]
	cat one.key one.pem >both.pem
	run -0 "$SUBCA" inspect both.pem
	[[ $output == *inspect_private_key* && $output != *"$(sed -n 2p one.key)"* ]]
}

@test "an issuer of the right name that did not sign it" {
	openssl ecparam -name prime256v1 -genkey -noout -out other.key
	openssl req -new -x509 -key other.key -out other.pem -days 900 \
		-subj "/C=DE/O=Example/CN=Root" -addext keyUsage=critical,keyCertSign 2>/dev/null
	run -1 "$SUBCA" inspect one.pem other.pem
	[[ $output == *inspect_signature_failed* ]]
	run -0 "$SUBCA" inspect one.pem other.pem root.pem
	[[ $output != *inspect_signature_failed* ]]
}

@test "the mistake of openssl x509 -signkey is named, by the CA and by the request" {
	faketime -f +1d openssl x509 -req -in one.csr -signkey root.key -days 100 -sha256 -extfile ext \
		-out mistake.pem 2>/dev/null || skip "faketime is not installed"
	run -1 "$SUBCA" inspect mistake.pem root.pem
	unwrapped=$(tr -s ' \n' ' ' <<<"$output")
	[[ $unwrapped == *inspect_self_issued_ca_key* && $unwrapped == *"that of C=DE,O=Example,CN=Root"* ]]
	[ "$(grep -c inspect_self_issued_ca_key <<<"$output")" = 1 ]
	run -1 "$SUBCA" inspect one.csr mistake.pem
	[[ $output == *"request for this subject has another key"* ]]
	run ! grep -q self_issued_ca_key <("$SUBCA" inspect mistake.pem)
	run -0 "$SUBCA" inspect one.csr one.pem root.pem
	[[ $output != *self_issued_ca_key* ]]
}

@test "a CRL: its number, its signer, its age" {
	run -0 "$SUBCA" inspect root.crl root.pem
	# Whole days: 5 only within the second in which it was made.
	[[ $output == *"CRL number:     2a"* && $output =~ "days left:      "[45]$'\n' ]]
	[[ $output == *"signed by:      C=DE,O=Example,CN=Root (root.pem, number 1)"* ]]
	[[ $output != *inspect_crl_outdated* ]]
	# It cannot be loaded into a program under AddressSanitizer.
	faketime -f +1d "$SUBCA" --version 2>/dev/null || skip "faketime is absent or does not work"
	run -0 faketime -f +10d "$SUBCA" inspect root.crl
	[[ $output == *inspect_crl_outdated* && $output == *"days left:      -"* ]]
	run -0 faketime -f +200d "$SUBCA" inspect one.pem
	[[ $output == *inspect_expired* ]]
	run -0 faketime -f -9d "$SUBCA" inspect one.pem
	[[ $output == *inspect_not_yet_valid* ]]
}

@test "a bad file does not stop the others, and the greatest exit code counts" {
	echo nonsense >nonsense
	run -4 "$SUBCA" inspect absent nonsense one.pem
	[[ $output == *"subca: absent: "* && $output == *"subca: nonsense: "* ]]
	[[ $output == *"one.pem: 1 certificate"* ]]
	run -3 "$SUBCA" inspect absent one.pem
	[ "$(ask '[f["error"] and f["error"]["status"] for f in d["files"]]' absent nonsense one.pem)" = \
		"['not-found', 'input', None]" ]
	run -4 "$SUBCA" inspect one.key
	[[ $output == "subca: one.key: holds a private key"* ]]
	openssl x509 -in one.pem -outform DER -out long.der
	echo >>long.der
	run -4 "$SUBCA" inspect long.der
	[[ $output == *"bytes after its end (1)"* ]]
	run -2 "$SUBCA" inspect
	run -0 "$SUBCA" inspect - <one.csr
}

@test "hostile text stays text" {
	request evil $'/CN=\e[31mred' -utf8
	run -1 "$SUBCA" inspect evil.csr
	[[ $output != *$'\e'* && $output == *'\x1B[31mred'* && $output == *csr_name_control* ]]
	request weekly "/CN=Ours (t) "
	openssl x509 -req -in weekly.csr -CA root.pem -CAkey root.key -days 10 -extfile ext \
		-out weekly.pem 2>/dev/null
	run "$SUBCA" inspect weekly.pem root.pem
	[[ $output == *inspect_weekly_ca* ]]
}
