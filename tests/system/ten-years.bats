#!/usr/bin/env bats
# Ten years of one CA under a fake clock: at each step strict verifiers accept what should stand, and
# refuse what should not.

load helper

# What is done is done at its time.
at() {
	local time=$1
	shift
	TZ=UTC faketime "$time 12:00:00" "$@"
}

ca() { at "$1" "$SUBCA" "${@:2}" --quiet --yes; }

# strictly DATE ROOT CERT [BETWEEN…]: openssl, in $status and $output.
strictly() {
	local time=$1 root=$2 cert=$3
	shift 3
	cat /dev/null "$@" > between.pem
	run openssl verify -x509_strict -attime "$(date -u -d "$time 12:00" +%s)" -CAfile "$root" \
		${1:+-untrusted between.pem} "$cert"
}

# accepts DATE ROOT CERT [BETWEEN…]: openssl, strictly, and certtool find a path at that time.
accepts() {
	local time=$1 root=$2 cert=$3
	shift 3
	strictly "$time" "$root" "$cert" "$@"
	[ "$status" -eq 0 ] || { echo "$time $cert: $output"; return 1; }
	cat "$cert" "$@" > chain.pem
	run at "$time" certtool --verify --load-ca-certificate "$root" --infile chain.pem
	[ "$status" -eq 0 ] || { echo "$time $cert: $output"; return 1; }
}

# refuses DATE WORDS ROOT CERT [BETWEEN…]: both do not, openssl in these words.
refuses() {
	local time=$1 words=$2 root=$3 cert=$4
	shift 4
	strictly "$time" "$root" "$cert" "$@"
	[ "$status" -ne 0 ] || { echo "$time $cert is accepted"; return 1; }
	[[ $output == *"$words"* ]] || { echo "$time $cert: $output"; return 1; }
	cat "$cert" "$@" > chain.pem
	run at "$time" certtool --verify --load-ca-certificate "$root" --infile chain.pem
	[ "$status" -ne 0 ] || { echo "$time $cert is accepted by certtool"; return 1; }
}

# by_crl DATE WORDS CRL ROOT CERT: what openssl says with that CRL; "OK" accepts.
by_crl() {
	local time=$1 words=$2 crl=$3 root=$4 cert=$5
	run openssl verify -x509_strict -crl_check -CRLfile "$crl" -attime "$(date -u -d "$time 12:00" +%s)" \
		-CAfile "$root" "$cert"
	[[ $output == *"$words"* ]] || { echo "$time $cert: $output"; return 1; }
	[ "$words" != OK ] || [ "$status" -eq 0 ]
	[ "$words" = OK ] || [ "$status" -ne 0 ]
}

# by_ocsp DATE STATUS FOLDER CERT: what openssl ocsp makes of the file for it.
by_ocsp() {
	local serial
	serial=$(openssl x509 -in "$4" -noout -serial | cut -d= -f2 | tr A-F a-f)
	run at "$1" openssl ocsp -issuer root/ca.pem -CAfile root/ca.pem -cert "$4" -respin "$3/$serial.ocsp"
	[[ $output == *"Response verify OK"*": $2"* ]] || { echo "$output"; return 1; }
}

request() { openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2> /dev/null; }

# site DATE CA NAME: what the service edge makes below ZIA's CA: its own for two weeks, and a site below.
site() {
	request "$3-t" "/CN=Inspection (t)"
	request "$3" "/CN=www.example.com"
	at "$1" openssl x509 -req -in "$3-t.csr" -CA "$2.pem" -CAkey "$2.key" -days 14 -out "$3-t.pem" \
		-extfile <(printf '%s\n' basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign \
			subjectKeyIdentifier=hash authorityKeyIdentifier=keyid)
	at "$1" openssl x509 -req -in "$3.csr" -CA "$3-t.pem" -CAkey "$3-t.key" -days 7 -out "$3.pem" \
		-extfile <(printf '%s\n' subjectAltName=DNS:www.example.com basicConstraints=CA:FALSE \
			keyUsage=critical,digitalSignature subjectKeyIdentifier=hash authorityKeyIdentifier=keyid)
}

@test "ten years: two ZIA generations, a ZPA set, a revocation, CRLs, OCSP, a renewed root, a new root" {
	in_scratch
	export SUBCA_PASSPHRASE=correct SUBCA_NEW_PASSPHRASE=correct

	# 2027: a root for twelve years, the first ZIA intermediate, a ZPA set.
	ca 2027-01-10 init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key ec:P-256 --days 4383 \
		--crl-url http://pki.example.com/root.crl --ocsp-url http://ocsp.example.com
	cp root/ca.pem root-2027.pem
	request zia1 "/C=DE/L=Town/O=Example GmbH/CN=Inspection"
	ca 2027-01-11 sign -C root -p zia zia1.csr
	for name in client connector; do
		request $name "/O=Zscaler/OU=Private Access/CN=1234.zpa-customer.com\/$name"
		ca 2027-01-11 sign -C root -p zpa $name.csr
	done
	accepts 2027-01-12 root-2027.pem zia1.pem
	accepts 2027-01-12 root-2027.pem client.pem
	accepts 2027-01-12 root-2027.pem connector.pem
	refuses 2026-12-01 "not yet valid" root-2027.pem zia1.pem
	site 2027-01-12 zia1 site1
	accepts 2027-01-13 root-2027.pem site1.pem site1-t.pem zia1.pem
	refuses 2027-01-30 "expired" root-2027.pem site1.pem site1-t.pem zia1.pem

	# The first CRL is empty; each responder of the years lasts as long as its answers.
	ca 2027-01-12 crl -C root --days 365 -o first.crl
	by_crl 2027-06-01 OK root/ca.crl.pem root-2027.pem connector.pem
	request ocsp1 "/CN=OCSP 2029"
	chmod 600 ./*.key

	# 2029: a connector's key is stolen.
	by_crl 2029-06-01 "CRL has expired" root/ca.crl.pem root-2027.pem connector.pem
	ca 2029-06-02 revoke -C root --reason cACompromise --compromise-date 2029-05-30 connector.pem
	ca 2029-06-02 crl -C root --days 365 -o second.crl
	by_crl 2029-06-03 "certificate revoked" root/ca.crl.pem root-2027.pem connector.pem
	by_crl 2029-06-03 OK root/ca.crl.pem root-2027.pem client.pem
	run at 2029-06-03 certtool --verify-crl --load-ca-certificate root-2027.pem --infile root/ca.crl.pem
	[ "$status" -eq 0 ]
	openssl crl -in second.crl -inform DER -noout -text | grep -A1 "Invalidity Date" | grep -q "May 30 00:00:00 2029"
	ca 2029-06-02 sign -C root -p ocsp ocsp1.csr
	ca 2029-06-03 ocsp -C root -o ocsp --days 60 --responder ocsp1.pem --responder-key ocsp1.key
	by_ocsp 2029-06-04 revoked ocsp connector.pem
	by_ocsp 2029-06-04 good ocsp client.pem
	by_ocsp 2029-06-04 good ocsp zia1.pem

	# 2031: the second ZIA generation, of a new key, beside the first.
	serial=$(openssl x509 -in zia1.pem -noout -serial | cut -d= -f2)
	run at 2031-06-01 "$SUBCA" renew -C root --json "$serial"
	[ "$status" -eq 1 ]
	[ "$(sed -n '/^{/,/^}/p' <<< "$output" | jq -r .plan.old_end | cut -c1-7)" = 2032-01 ]
	request zia2 "/C=DE/L=Town/O=Example GmbH/CN=Inspection"
	ca 2031-06-01 renew -C root "$serial" --csr zia2.csr -o zia2.pem --chain zia2-chain.pem
	site 2031-06-02 zia1 site1b
	site 2031-06-02 zia2 site2
	accepts 2031-06-03 root-2027.pem site1b.pem site1b-t.pem zia1.pem
	accepts 2031-06-03 root-2027.pem site2.pem site2-t.pem zia2.pem
	# One key's sites do not stand below the other, the same name or not.
	refuses 2031-06-03 "" root-2027.pem site2.pem site2-t.pem zia1.pem
	ca 2031-12-20 revoke -C root --reason superseded zia1.pem
	ca 2031-12-20 crl -C root --days 40
	by_crl 2031-12-21 "certificate revoked" root/ca.crl.pem root-2027.pem zia1.pem
	by_crl 2031-12-21 OK root/ca.crl.pem root-2027.pem zia2.pem

	# 2032: the first one has ended: once more on the CRL, and then no more.
	refuses 2032-01-20 "expired" root-2027.pem zia1.pem
	for expected in 2 1 1; do
		ca 2032-01-20 crl -C root --days 365
		[ "$(openssl crl -in root/ca.crl -inform DER -noout -text | grep -c "Serial Number")" = $expected ]
	done
	run at 2032-01-20 "$SUBCA" crl -C root --check root/ca.crl
	[ "$status" -eq 0 ]

	# 2034: the root is renewed under its key; what it signed stands below either.
	ca 2034-01-10 renew -C root --root
	cp root/ca.pem root-2034.pem
	for root in root-2027.pem root-2034.pem; do
		accepts 2034-01-11 $root zia2.pem
	done
	# 2036: a third generation, which outlives the first root's certificate.
	serial=$(openssl x509 -in zia2.pem -noout -serial | cut -d= -f2)
	request zia3 "/C=DE/L=Town/O=Example GmbH/CN=Inspection"
	ca 2036-03-01 renew -C root "$serial" --csr zia3.csr -o zia3.pem --chain zia3-chain.pem
	accepts 2036-03-02 root-2027.pem zia3.pem
	accepts 2039-06-01 root-2034.pem zia3.pem
	refuses 2039-06-01 "expired" root-2027.pem zia3.pem

	# 2036: the root is rolled over to a new key.
	ca 2036-05-01 renew -C root --root --rekey new --subject "C=DE,O=Example GmbH,CN=Example Root CA 2036" \
		--key ec:P-384
	cp new/old-with-new.pem new/new-with-old.pem .
	request client2 "/O=Zscaler/OU=Private Access/CN=1234.zpa-customer.com\/client"
	ca 2036-05-03 sign -C new -p zpa client2.csr
	accepts 2036-05-04 new/ca.pem client2.pem
	refuses 2036-05-04 "" new/ca.pem zia3.pem
	accepts 2036-05-04 new/ca.pem zia3.pem old-with-new.pem
	refuses 2036-05-04 "" root-2034.pem client2.pem
	accepts 2036-05-04 root-2034.pem client2.pem new-with-old.pem
	refuses 2036-05-04 "" root-2034.pem client2.pem old-with-new.pem
	refuses 2027-01-12 "" new/ca.pem zia1.pem old-with-new.pem
	# The list of who finds what, years later: what stands is accepted by both roots.
	[ "$(at 2036-06-01 "$SUBCA" renew -C root --root --rekey new --json | jq -r '[.failed, .all] | join(" ")')" = "0 5" ]

	# 2037, ten years on: both are whole, and each number was used once.
	for ca in root new; do
		ca 2037-01-10 crl -C $ca --days 90
		run at 2037-01-10 "$SUBCA" crl -C $ca --check $ca/ca.crl
		[ "$status" -eq 0 ]
		at 2037-01-10 "$SUBCA" journal verify -C $ca
	done
	by_crl 2037-01-11 OK root/ca.crl.pem root-2034.pem zia3.pem
	[ "$(sqlite3 -readonly root/store.db "select count(*), max(number) from crl where state = 2")" = "7|7" ]
	[ "$(sqlite3 -readonly root/store.db "select count(distinct serial) = count(*) from cert")" = 1 ]
}
