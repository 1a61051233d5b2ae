# subca export: what a CA issued, for other tools.

bats_require_minimum_version 1.5.0

sign() {
	openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/C=DE/O=Beispiel GmbH/CN=$1" 2>/dev/null
	"$SUBCA" -C ca sign "$1.csr" --profile zia --days 60 --yes --quiet -o "$1.pem"
}

serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
	"$SUBCA" init ca --subject 'C=DE,O=Gesellschaft für alles,CN=Root' --key ec:P-256 \
		--no-passphrase --days 3000 --yes --quiet
	sign good
	sign bad
	sign held
	"$SUBCA" -C ca revoke bad.pem --reason keyCompromise --yes --quiet
	"$SUBCA" -C ca revoke held.pem --hold --yes --quiet
	"$SUBCA" -C ca export index -o index --quiet
	cat >openssl.cnf <<-END
		[ca]
		default_ca = moved
		[moved]
		database = index/index.txt
		serial = index/serial
		crlnumber = index/crlnumber
		certificate = ca/ca.pem
		private_key = ca/private/ca.key
		new_certs_dir = .
		default_md = sha256
		default_crl_days = 30
		default_days = 30
		policy = policy
		[policy]
		commonName = supplied
	END
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
}

@test "the index is in OpenSSL's form, line by line" {
	[ "$(cat index/index.txt.attr)" = "unique_subject = no" ]
	[ "$(wc -l <index/index.txt)" -eq 4 ]
	grep -qP '^V\t\d{12}Z\t\t[0-9A-F]{40}\tunknown\t/C=DE/O=Gesellschaft f\\xC3\\xBCr alles/CN=Root$' \
		index/index.txt
	grep -qP "^V\t\d{12}Z\t\t$(serial_of good.pem)\tunknown\t/C=DE/O=Beispiel GmbH/CN=good$" index/index.txt
	grep -qP "^R\t\d{12}Z\t\d{12}Z,keyCompromise\t$(serial_of bad.pem)\tunknown\t/" index/index.txt
	grep -qP "^R\t\d{12}Z\t\d{12}Z,certificateHold\t$(serial_of held.pem)\tunknown\t/" index/index.txt
}

@test "openssl ca reads it: status, CRL, and goes on issuing" {
	cp -r index copy
	sed 's|index/|copy/|' openssl.cnf >copy.cnf
	# Its exit code is 1, whatever it finds.
	run openssl ca -config copy.cnf -status "$(serial_of good.pem)"
	[[ $output == *"=Valid (V)"* ]]
	run openssl ca -config copy.cnf -status "$(serial_of bad.pem)"
	[[ $output == *"=Revoked (R)"* ]]
	openssl ca -config copy.cnf -gencrl -out crl.pem 2>/dev/null
	run -0 openssl crl -in crl.pem -noout -text
	[[ $output == *"Serial Number: $(serial_of bad.pem)"*"Key Compromise"* ]]
	[[ $output == *"Serial Number: $(serial_of held.pem)"*"Certificate Hold"* ]]
	[[ $output != *"Serial Number: $(serial_of good.pem)"* ]]
	local next
	next=$(cat copy/serial)
	openssl ca -config copy.cnf -batch -in good.csr -notext -out again.pem 2>/dev/null
	[ "$(serial_of again.pem)" = "$next" ]
	[ "$(grep -c "	$next	" index/index.txt)" -eq 0 ]
}

@test "openssl ocsp answers from it" {
	local name
	for name in good bad; do
		openssl ocsp -issuer ca/ca.pem -cert $name.pem -no_nonce -reqout $name.req >/dev/null
		openssl ocsp -index index/index.txt -CA ca/ca.pem -rsigner ca/ca.pem -rkey ca/private/ca.key \
			-reqin $name.req -respout $name.resp >/dev/null 2>&1
	done
	run -0 openssl ocsp -respin good.resp -issuer ca/ca.pem -cert good.pem -CAfile ca/ca.pem
	[[ $output == *"good.pem: good"* ]]
	run -0 openssl ocsp -respin bad.resp -issuer ca/ca.pem -cert bad.pem -CAfile ca/ca.pem
	[[ $output == *"bad.pem: revoked"*"keyCompromise"* ]]
}

@test "the CRL number goes on where ours ended" {
	[ "$(cat index/crlnumber)" = 01 ]
}

@test "an index does not overwrite another" {
	run -9 "$SUBCA" -C ca export index -o index
	[[ $output == *"is not overwritten"* ]]
	run -2 "$SUBCA" -C ca export index
	run -0 "$SUBCA" -C ca export index -o index --force --json
	[[ $output == *'"certificates": 4'* ]]
	[ "$(find index -type f | wc -l)" -eq 4 ]
}

@test "pem, all and one, with the chain" {
	run -0 --separate-stderr "$SUBCA" -C ca export pem
	[ "$(grep -c BEGIN <<<"$output")" -eq 4 ]
	run -0 --separate-stderr "$SUBCA" -C ca export pem "$(serial_of good.pem)"
	diff <(echo "$output") good.pem
	run -0 "$SUBCA" -C ca export pem --chain -o chain.pem "$(serial_of good.pem)"
	diff chain.pem good-chain.pem
	# The root is a row and of the chain; it comes once.
	run -0 --separate-stderr "$SUBCA" -C ca export pem --chain
	[ "$(grep -c BEGIN <<<"$output")" -eq 4 ]
}

@test "der of one, p7b with the chain" {
	run -0 "$SUBCA" -C ca export der -o good.der "$(serial_of good.pem)"
	openssl x509 -in good.pem -outform DER | cmp - good.der
	run -2 "$SUBCA" -C ca export der -o all.der
	[ ! -e all.der ]
	run -0 "$SUBCA" -C ca export p7b -o good.p7b "$(serial_of good.pem)" "$(serial_of bad.pem)"
	run -0 openssl pkcs7 -in good.p7b -print_certs -noout
	[ "$(grep -c ^subject <<<"$output")" -eq 3 ]
	[[ $output == *"CN = good"*"CN = bad"*"CN = Root"* ]]
	certtool --p7-info --infile good.p7b | grep -q "Number of certificates: 3"
}

# p12 ARGUMENT...: of a CA whose key is encrypted
p12() {
	SUBCA_PASSPHRASE=key SUBCA_EXPORT_PASSWORD=sealed "$SUBCA" -C sub export p12 --yes "$@"
}
rows_of() { sqlite3 -readonly sub/store.db "select group_concat(json_extract(canonical, '\$.event'), ' ') from journal"; }

own_sub() {
	[ -d sub ] && return
	"$SUBCA" init top --subject 'CN=Top' --key ec:P-256 --no-passphrase --days 3000 --yes --quiet
	SUBCA_PASSPHRASE=key "$SUBCA" init sub --parent top --subject 'C=DE,O=Beispiel GmbH,CN=Sub' \
		--key ec:P-256 --days 900 --yes --quiet
}

@test "p12: key and chain, strongly encrypted, for its owner alone, and openssl, GnuTLS and Java read it" {
	own_sub
	p12 -o sub.p12 --quiet
	[ "$(stat -c %a sub.p12)" = 600 ]
	openssl pkcs12 -in sub.p12 -passin pass:sealed -nodes -nocerts | openssl pkey -pubout |
		diff - <(openssl pkey -in sub/private/ca.key -passin pass:key -pubout)
	openssl pkcs12 -in sub.p12 -passin pass:sealed -nokeys -clcerts | openssl x509 | diff - sub/ca.pem
	openssl pkcs12 -in sub.p12 -passin pass:sealed -nokeys -cacerts | openssl x509 | diff - top/ca.pem
	run -0 openssl pkcs12 -in sub.p12 -passin pass:sealed -info -noout
	[ "$(grep -c "PBES2, PBKDF2, AES-256-CBC, Iteration 300000, PRF hmacWithSHA256" <<<"$output")" -eq 2 ]
	[[ $output == *"MAC: sha256, Iteration 300000"* ]]
	run -1 openssl pkcs12 -in sub.p12 -passin pass:key -noout
	certtool --inder --p12-info --infile sub.p12 --password sealed 2>/dev/null | grep -q "BEGIN.* PRIVATE KEY"
	if command -v keytool >/dev/null; then
		keytool -list -keystore sub.p12 -storepass sealed | grep -q PrivateKeyEntry
	fi
	run -0 "$SUBCA" -C sub journal verify
	[[ $(rows_of) == *" export-key" ]]
}

@test "p12 moves back in" {
	own_sub
	p12 -o back.p12 --quiet
	SUBCA_OLD_PASSPHRASE=sealed run -0 "$SUBCA" import files back.p12 moved --no-passphrase
	[[ $output == *"CN=Sub"* ]]
	openssl pkey -in moved/private/ca.key -pubout | diff - <(openssl x509 -in sub/ca.pem -noout -pubkey)
	[ "$(grep -c BEGIN moved/chain.pem)" -eq 2 ]
}

@test "p12: what is refused leaves no file and no row" {
	own_sub
	local before after
	before=$(rows_of)
	run -1 p12 -o n.p12 "$(serial_of good.pem)"
	[[ $output == *"this CA never had"* ]]
	run -2 p12
	[[ $output == *"not written to standard output"* ]]
	run -2 p12 -o sub/private/ca.key --force
	run -9 p12 -o good.pem
	run -3 p12 -o absent/n.p12
	run -8 "$SUBCA" -C sub export p12 -o n.p12 </dev/null
	SUBCA_PASSPHRASE=wrong SUBCA_EXPORT_PASSWORD=sealed run -5 "$SUBCA" -C sub export p12 --yes -o n.p12
	SUBCA_PASSPHRASE=key run -5 "$SUBCA" -C sub export p12 --yes -o n.p12 </dev/null
	[[ $output == *SUBCA_EXPORT_PASSWORD* ]]
	SUBCA_PASSPHRASE=key SUBCA_EXPORT_PASSWORD=sealed run -1 faketime -f -3d "$SUBCA" -C sub export p12 --yes -o n.p12
	[[ $output == *--clock-ok* ]]
	run -2 "$SUBCA" -C sub export pem --password-file x
	[ ! -e n.p12 ]
	after=$(rows_of)
	[ "$before" = "$after" ]
	openssl pkey -in sub/private/ca.key -passin pass:key -noout
	SUBCA_PASSPHRASE=key SUBCA_EXPORT_PASSWORD=sealed run -0 faketime -f -3d "$SUBCA" -C sub export p12 --yes -o n.p12 --clock-ok
	[[ $(rows_of) == *" clock-ok export-key" ]]
}

@test "json and csv hold the same inventory" {
	"$SUBCA" -C ca export json -o all.json --quiet
	"$SUBCA" -C ca export csv -o all.csv --quiet
	python3 - <<-'END'
		import csv, json, ssl, hashlib
		d = json.load(open("all.json"))
		assert d["schema"] == "subca.export/1"
		rows = list(csv.DictReader(open("all.csv", newline="", encoding="utf-8")))
		assert len(rows) == len(d["certificates"]) == 4
		for r, c in zip(rows, d["certificates"]):
		    assert r["serial"] == c["serial"] and r["state"] == c["state"], (r, c)
		    assert r["subject"] == c["subject"] and r["not_after"] == c["not_after"], (r, c)
		    der = ssl.PEM_cert_to_DER_cert(c["pem"])
		    assert hashlib.sha256(der).hexdigest() == r["certificate_sha256"], r
		assert [r["revocation_reason"] for r in rows] == ["", "", "keyCompromise", "certificateHold"], rows
	END
}

@test "a cell is no formula in a spreadsheet" {
	"$SUBCA" init evil --subject 'CN=x' --key ec:P-256 --no-passphrase --yes --quiet
	sqlite3 evil/store.db "drop trigger cert_fixed; update cert set subject = '=HYPERLINK(\"http://x\")'"
	"$SUBCA" -C evil export csv -o evil.csv --quiet
	grep -qF ",\"'=HYPERLINK(\"\"http://x\"\")\"," evil.csv
}

@test "what is asked for wrongly" {
	run -2 "$SUBCA" -C ca export pm
	[[ $output == *"pem"* ]]
	run -3 "$SUBCA" -C ca export pem 00ff00ff00ff
	run -2 "$SUBCA" -C ca export pem nonsense
	run -2 "$SUBCA" -C ca export pem --json
	run -2 "$SUBCA" -C ca export pem -o ca/ca.pem --force
	grep -q BEGIN ca/ca.pem
	run -9 "$SUBCA" -C ca export pem -o good.pem
	run -10 bash -c '"$SUBCA" -C ca export pem >/dev/full'
}
