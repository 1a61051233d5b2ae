# subca import: what the packaged tools leave behind, made by running them, and what is wrong with it.

bats_require_minimum_version 1.5.0
load helper

ec() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 "$@" 2>/dev/null; }

# openssl_ca DIR SUBJECT: a CA of 'openssl ca' that issued four and revoked two
openssl_ca() {
	local d=$1 n
	mkdir -p "$d/newcerts" "$d/private" "$d.requests"
	: >"$d/index.txt"
	echo 1000 >"$d/serial"
	echo 0A >"$d/crlnumber"
	cat >"$d/openssl.cnf" <<-END
		[ca]
		default_ca = d
		[d]
		database = $d/index.txt
		serial = $d/serial
		crlnumber = $d/crlnumber
		certificate = $d/cacert.pem
		private_key = $d/private/cakey.pem
		new_certs_dir = $d/newcerts
		default_md = sha256
		default_days = 500
		default_crl_days = 30
		policy = p
		[p]
		countryName = optional
		organizationName = optional
		commonName = supplied
	END
	ec -x509 -nodes -keyout "$d/private/cakey.pem" -out "$d/cacert.pem" -days 3650 -subj "$2"
	chmod 600 "$d/private/cakey.pem"
	for n in one two three four; do
		ec -new -nodes -keyout "$d.requests/$n.key" -out "$d.requests/$n.csr" -subj "/C=DE/CN=$n"
		openssl ca -config "$d/openssl.cnf" -batch -in "$d.requests/$n.csr" \
			-out "$d.requests/$n.pem" 2>/dev/null
	done
	openssl ca -config "$d/openssl.cnf" -revoke "$d.requests/two.pem" -crl_reason superseded 2>/dev/null
	openssl ca -config "$d/openssl.cnf" -revoke "$d.requests/three.pem" \
		-crl_compromise 20250102030405Z 2>/dev/null
	openssl ca -config "$d/openssl.cnf" -gencrl -out "$d/crl.pem" 2>/dev/null
}

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR SUBCA_PASSPHRASE SUBCA_OLD_PASSPHRASE
	openssl_ca old "/C=DE/O=Altbau/CN=Old Root"
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR SUBCA_PASSPHRASE SUBCA_OLD_PASSPHRASE
	work=$BATS_TEST_TMPDIR
}

# What was said, as one line.
flat() { tr -s ' \n' ' ' <<<"$1"; }

# Nothing was made, under its name or another.
nothing_made() { [ -z "$(ls -d "$1"* 2>/dev/null)" ]; }

@test "openssl to subca to openssl loses nothing" {
	run -0 --separate-stderr "$SUBCA" import openssl old "$work/new" --no-passphrase --json
	[ -z "$stderr" ]
	python3 - "$output" <<-'END'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["schema"] == "subca.import/1" and d["made"], d
		assert d["subject"] == "C=DE,O=Altbau,CN=Old Root", d
		assert (d["index_lines"], d["issued"], d["revoked"]) == (4, 2, 2), d
		assert d["crl_number"] == 10 and d["next_serial"] == "1004", d
		assert d["without_certificate"] == 0 and d["findings"] == [], d
	END
	"$SUBCA" -C "$work/new" export index -o "$work/back" --quiet
	local name
	for name in index.txt serial crlnumber; do
		diff "old/$name" "$work/back/$name"
	done
	for name in one two three four; do
		"$SUBCA" -C "$work/new" export pem "$(openssl x509 -in old.requests/$name.pem -noout -serial |
			cut -d= -f2)" | diff - <(openssl x509 -in old.requests/$name.pem)
	done
	run -0 "$SUBCA" -C "$work/new" journal verify
}

@test "the new CA goes on: its key signs, and the next serial and CRL number follow" {
	"$SUBCA" import openssl old "$work/new" --no-passphrase --quiet
	ec -new -nodes -keyout "$work/k" -out "$work/five.csr" -subj "/CN=five.example" \
		-addext "subjectAltName=DNS:five.example"
	"$SUBCA" -C "$work/new" sign "$work/five.csr" --profile server --yes --quiet -o "$work/five.pem"
	run -0 openssl x509 -in "$work/five.pem" -noout -serial
	[ "$output" = serial=1004 ]
	run -0 openssl verify -CAfile old/cacert.pem "$work/five.pem"
	run -9 "$SUBCA" import openssl old "$work/new" --no-passphrase
	[[ $output == *"is not empty"* ]]
}

@test "an encrypted key is opened, and written under the new passphrase" {
	cp -r old "$work/locked"
	openssl pkcs8 -topk8 -v2 aes256 -passout pass:before -in old/private/cakey.pem \
		-out "$work/locked/private/cakey.pem"
	run -0 "$SUBCA" import openssl "$work/locked" "$work/look" --dry-run
	[[ $output == *"encrypted; not opened"* ]]
	SUBCA_OLD_PASSPHRASE=wrong run -5 "$SUBCA" import openssl "$work/locked" "$work/new" --no-passphrase
	nothing_made "$work/new"
	SUBCA_OLD_PASSPHRASE=before SUBCA_PASSPHRASE=after run -0 "$SUBCA" import openssl "$work/locked" "$work/new"
	[ "$(stat -c %a "$work/new/private/ca.key")" = 600 ]
	openssl pkey -in "$work/new/private/ca.key" -passin pass:after -pubout |
		diff - <(openssl pkey -in old/private/cakey.pem -pubout)
	run -1 openssl pkey -in "$work/new/private/ca.key" -passin pass:before -noout
}

@test "without a key it is a record that cannot sign" {
	run -0 --separate-stderr "$SUBCA" import openssl old "$work/new" --no-key
	[[ $output == *"it cannot sign"* ]]
	[ ! -e "$work/new/private/ca.key" ]
	run -0 "$SUBCA" -C "$work/new" list --state revoked
	[[ $output == *CN=two* && $output == *CN=three* ]]
}

@test "--dry-run writes nothing" {
	run -0 "$SUBCA" import openssl old "$work/new" --dry-run
	[[ $output == *"index lines:"*"4"* ]]
	nothing_made "$work/new"
	[ "$(find "$work" -mindepth 1 | wc -l)" -eq 0 ]
}

# broken SED-SCRIPT EXIT WORDS...: the index changed so is refused in these words, and nothing made
broken() {
	local script=$1 word
	shift
	rm -rf "$work/old"
	cp -r old "$work/old"
	sed -i "$script" "$work/old/index.txt"
	run -1 "$SUBCA" import openssl "$work/old" "$work/new" --no-passphrase
	for word; do
		[[ $(flat "$output") == *"$word"* ]] || { echo "$output"; return 1; }
	done
	[[ $(flat "$output") == *"nothing was written"* ]]
	nothing_made "$work/new"
}

@test "damaged lines are named by their numbers, all in one run" {
	broken '2s/R/X/;4s/\t1003/\t/' "index.txt line 2: does not begin" "index.txt line 4: has no serial"
}

@test "a serial that comes twice is named with both lines" {
	broken '4s/1003/1001/;4s/four/two/' "index.txt line 4: has serial number 1001, as line 2 has"
}

@test "a line that contradicts its certificate is named with the file" {
	broken '1s/CN=one/CN=other/' "line 1: says '/C=DE/CN=other'" "newcerts/1000.pem"
	broken '1s/Z/0Z/;1s/^V\t\(.*\)0Z/V\t20\1Z/;1s/^V\t20\(..\)/V\t2099/' "line 1: says it ends at 2099-"
}

@test "a clock that is behind what the old CA dated: refused, or on record" {
	run -1 faketime -f -2d "$SUBCA" import openssl old "$work/new" --no-passphrase
	[[ $(flat "$output") == *"clock: says"*"revoked or published something at"*"--clock-ok"* ]]
	nothing_made "$work/new"
	run -0 faketime -f -2d "$SUBCA" import openssl old "$work/new" --no-passphrase --clock-ok
	run -0 sqlite3 -readonly "$work/new/store.db" "select canonical from journal"
	[[ $output == *'"event":"clock-ok"'*'"event":"adopt"'* ]]
	# A revocation alone tells of it as well.
	cp -r old "$work/old"
	rm "$work/old/crl.pem"
	run -1 faketime -f -2d "$SUBCA" import openssl "$work/old" "$work/two" --no-passphrase
	[[ $output == *--clock-ok* ]]
	run -0 --separate-stderr "$SUBCA" import openssl "$work/old" "$work/two" --no-passphrase
	run -0 sqlite3 -readonly "$work/two/store.db" "select count(*) from journal where canonical like '%clock-ok%'"
	[ "$output" = 0 ]
}

@test "a certificate of another CA is named, and left out on request" {
	cp -r old "$work/old"
	ec -x509 -nodes -keyout "$work/k" -out "$work/old/newcerts/stranger.pem" -days 9 -subj "/CN=Stranger" \
		-addext basicConstraints=CA:FALSE
	run -1 "$SUBCA" import openssl "$work/old" "$work/new" --no-passphrase
	[[ $(flat "$output") == *"newcerts/stranger.pem: CN=Stranger was not issued by"* ]]
	nothing_made "$work/new"
	run -0 --separate-stderr "$SUBCA" import openssl "$work/old" "$work/new" --no-passphrase --skip-foreign
	[[ $output == *"of others:      1"* ]]
}

@test "two CAs in one folder are both named" {
	mkdir "$work/mixed"
	openssl_ca "$work/second" "/CN=Second Root"
	cp old/cacert.pem "$work/mixed/a.pem"
	cp "$work/second/cacert.pem" "$work/mixed/b.pem"
	cp old/newcerts/1000.pem "$work/mixed/c.pem"
	cp "$work/second/newcerts/1000.pem" "$work/mixed/d.pem"
	run -4 "$SUBCA" import files "$work/mixed" "$work/new"
	[[ $output == *"more than one CA"*"Old Root in a.pem"* && $output == *"Second Root in b.pem"* ]]
	run -0 "$SUBCA" import files "$work/mixed" "$work/new" --certificate "$work/mixed/b.pem" --skip-foreign
	[[ $output == *"CN=Second Root"* ]]
}

@test "what is published as revoked stays revoked, whatever the index says" {
	cp -r old "$work/old"
	sed -i '2s/^R\t\([0-9]*Z\)\t[^\t]*/V\t\1\t/' "$work/old/index.txt"
	run -0 --separate-stderr "$SUBCA" import openssl "$work/old" "$work/new" --no-passphrase
	[[ $(flat "$stderr") == *"index.txt line 2: calls valid what"* ]]
	run -0 "$SUBCA" -C "$work/new" show 1001
	[[ $output == *revoked*superseded* ]]
}

@test "numbers that the old tool would have used twice are passed" {
	cp -r old "$work/old"
	echo 1002 >"$work/old/serial"
	echo 05 >"$work/old/crlnumber"
	run -0 --separate-stderr "$SUBCA" import openssl "$work/old" "$work/new" --no-passphrase --json
	[[ $output == *'"crl_number": 10,'*import_next_serial*import_crl_number* ]]
	"$SUBCA" -C "$work/new" export index -o "$work/back" --quiet
	[ "$(cat "$work/back/serial")" = 1004 ]
	[ "$(cat "$work/back/crlnumber")" = 0B ]
	echo nonsense >"$work/old/serial"
	run -1 "$SUBCA" import openssl "$work/old" "$work/new2" --no-passphrase
	[[ $output == *"old/serial: holds no number"* ]]
}

@test "a certificate that the index lacks is taken over, and told" {
	cp -r old "$work/old"
	sed -i 3,4d "$work/old/index.txt"
	run -0 --separate-stderr "$SUBCA" import openssl "$work/old" "$work/new" --no-passphrase
	[[ $(flat "$stderr") == *"1003.pem: is not in index.txt"* ]]
	run -0 "$SUBCA" -C "$work/new" show 1002
	[[ $output == *"state:          revoked"* ]]
	rm "$work/old/newcerts/1002.pem"
	run -0 --separate-stderr "$SUBCA" import openssl "$work/old" "$work/new2" --no-passphrase
	[[ $(flat "$stderr") == *"revokes serial number 1002, which is nowhere else"* ]]
	run -0 "$SUBCA" -C "$work/new2" list --state revoked
	[[ $output == *1002* ]]
}

@test "an index alone, without its certificates" {
	mkdir "$work/bare"
	cp old/index.txt old/serial old/cacert.pem "$work/bare"
	run -0 --separate-stderr "$SUBCA" import openssl "$work/bare" "$work/new"
	[[ $stderr == *"4 of 4 lines"* ]]
	"$SUBCA" -C "$work/new" export index -o "$work/back" --quiet
	diff old/index.txt "$work/back/index.txt"
}

@test "an intermediate brings its chain, and is refused without it" {
	openssl_ca "$work/sub" "/CN=to be replaced"
	openssl req -new -key "$work/sub/private/cakey.pem" -out "$work/sub.csr" -subj "/CN=Sub"
	openssl x509 -req -in "$work/sub.csr" -CA old/cacert.pem -CAkey old/private/cakey.pem -days 900 \
		-extfile <(echo basicConstraints=critical,CA:TRUE) -out "$work/sub.pem" 2>/dev/null
	mkdir "$work/chain"
	cp "$work/sub.pem" "$work/sub/private/cakey.pem" "$work/chain"
	run -1 "$SUBCA" import files "$work/chain" "$work/new" --no-passphrase
	[[ $(flat "$output") == *"certificate of its issuer is not there"* ]]
	run -0 "$SUBCA" import files "$work/chain" old/cacert.pem "$work/new" --no-passphrase
	[[ $output == *"CA:             CN=Sub"* ]]
	[ "$(grep -c BEGIN "$work/new/chain.pem")" -eq 2 ]
}

@test "easy-rsa 3" {
	make_easy_rsa "$work/vpn"
	run -0 --separate-stderr "$SUBCA" import easy-rsa "$work/vpn" "$work/new" --no-passphrase
	[[ $output == *"CA:             CN=VPN CA"*"issued:         1"*"revoked:        1"* ]]
	[ -z "$stderr" ]
	"$SUBCA" -C "$work/new" export index -o "$work/back" --quiet
	diff "$work/vpn/pki/index.txt" "$work/back/index.txt"
	run -3 "$SUBCA" import openssl "$work/vpn" "$work/other"
	[[ $output == *"it is one of easy-rsa"* ]]
}

@test "certtool" {
	(
		cd "$work"
		mkdir gnutls
		certtool --generate-privkey --key-type ecdsa --curve secp256r1 --outfile gnutls/ca.key
		printf 'cn = "GnuTLS CA"\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 3000\n' >t
		certtool --generate-self-signed --load-privkey gnutls/ca.key --template t --outfile gnutls/ca.pem
		for n in 1 2; do
			printf 'cn = leaf%s\nserial = 1%s\nexpiration_days = 300\n' $n $n >t
			certtool --generate-certificate --load-privkey gnutls/ca.key --load-ca-privkey gnutls/ca.key \
				--load-ca-certificate gnutls/ca.pem --template t --outfile gnutls/leaf$n.pem
		done
		printf 'crl_next_update = 30\ncrl_number = 5\n' >t
		certtool --generate-crl --load-ca-privkey gnutls/ca.key --load-ca-certificate gnutls/ca.pem \
			--load-certificate gnutls/leaf2.pem --template t --outfile gnutls/crl.pem
	) 2>/dev/null
	run -0 --separate-stderr "$SUBCA" import files "$work/gnutls" "$work/new" --no-passphrase
	[[ $output == *"CN=GnuTLS CA"*"issued:         1"*"revoked:        1"*"CRL number:     5"* ]]
	run -0 "$SUBCA" -C "$work/new" show 0c
	[[ $output == *"state:          revoked"* ]]
}

@test "strongSwan pki, in DER" {
	(
		cd "$work"
		mkdir swan
		pki --gen --type rsa --size 2048 >swan/caKey.der
		pki --self --ca --in swan/caKey.der --dn "C=CH, CN=Swan CA" --lifetime 3000 >swan/caCert.der
		pki --pub --in swan/caKey.der | pki --issue --cacert swan/caCert.der --cakey swan/caKey.der \
			--dn "C=CH, CN=moon" >swan/moonCert.der
		pki --signcrl --cacert swan/caCert.der --cakey swan/caKey.der --reason superseded \
			--cert swan/moonCert.der >swan/ca.crl
	) 2>/dev/null
	run -0 --separate-stderr "$SUBCA" import files "$work/swan" "$work/new" --no-passphrase
	[[ $output == *"CN=Swan CA"*"key:"*"caKey.der"*"revoked:        1"* ]]
	run -0 "$SUBCA" -C "$work/new" export csv
	[[ $output == *superseded* ]]
}

@test "cfssl" {
	command -v cfssl >/dev/null || skip "cfssl is not installed"
	(
		cd "$work"
		mkdir cfssl
		cfssl gencert -initca - <<<'{"CN":"CFSSL CA","key":{"algo":"ecdsa","size":256}}' |
			cfssljson -bare cfssl/ca
		cfssl gencert -ca cfssl/ca.pem -ca-key cfssl/ca-key.pem - \
			<<<'{"CN":"srv","hosts":["srv.example"],"key":{"algo":"ecdsa","size":256}}' |
			cfssljson -bare cfssl/srv
	) 2>/dev/null
	run -0 --separate-stderr "$SUBCA" import files "$work/cfssl" "$work/new" --no-passphrase
	[[ $output == *"CN=CFSSL CA"*"key:"*"ca-key.pem"*"issued:         1"* ]]
}

@test "a PFX as PowerShell and Windows export it, with its p7b of issued certificates" {
	mkdir "$work/windows"
	openssl pkcs12 -export -inkey old/private/cakey.pem -in old/cacert.pem -passout pass:pfx \
		-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -out "$work/windows/root.pfx"
	openssl crl2pkcs7 -nocrl -certfile old.requests/one.pem -certfile old.requests/two.pem \
		-outform DER -out "$work/windows/issued.p7b"
	openssl crl -in old/crl.pem -outform DER -out "$work/windows/root.crl"
	SUBCA_OLD_PASSPHRASE=pfx run -0 --separate-stderr "$SUBCA" import files "$work/windows" "$work/new" \
		--no-passphrase
	[[ $output == *"CN=Old Root"*"key:"*"root.pfx"*"issued:         1"*"revoked:        2"* ]]
	openssl pkey -in "$work/new/private/ca.key" -pubout |
		diff - <(openssl pkey -in old/private/cakey.pem -pubout)
	SUBCA_OLD_PASSPHRASE=no run -4 "$SUBCA" import files "$work/windows" "$work/new2" --no-passphrase
	nothing_made "$work/new2"
}

@test "a folder without a CA, and words that are none" {
	mkdir "$work/empty"
	run -4 "$SUBCA" import files "$work/empty" "$work/new"
	[[ $output == *"no certificate of a CA"* ]]
	run -3 "$SUBCA" import openssl "$work/empty" "$work/new"
	run -3 "$SUBCA" import openssl "$work/nowhere" "$work/new"
	run -2 "$SUBCA" import opensssl old "$work/new"
	[[ $output == *openssl* ]]
	run -2 "$SUBCA" import openssl old
	run -9 "$SUBCA" import openssl old old
	nothing_made "$work/new"
}

@test "what fails on its way leaves nothing" {
	run -10 bash -c 'trap "" XFSZ; ulimit -f 40; "$SUBCA" import openssl old "$0" --no-passphrase' "$work/new"
	nothing_made "$work/new"
}
