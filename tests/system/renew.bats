#!/usr/bin/env bats
# subca renew and cross-sign: what stood below stands below the next one, and openssl agrees.

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct SUBCA_PARENT_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Root 2026" --key ec:P-256 --days 4000
	"$SUBCA" init sub --parent root --subject "C=DE,O=Example GmbH,CN=Issuing" --key ec:P-256 --days 2000
	for n in 1 2; do
		openssl req -new -newkey rsa:2048 -nodes -keyout zia$n.key -out zia$n.csr \
			-subj "/C=DE/O=Example GmbH/CN=Inspection"
	done
	"$SUBCA" sign -C root --yes --quiet --profile zia -o zia1.pem --chain c.pem zia1.csr
	openssl req -new -key zia2.key -out leaf.csr -subj "/CN=www" -addext subjectAltName=DNS:www
	"$SUBCA" sign -C sub --yes --quiet --profile server leaf.csr
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct SUBCA_PARENT_PASSPHRASE=correct SUBCA_CHILD_PASSPHRASE=correct
	cp -r "$BATS_FILE_TMPDIR"/* .
	serial=$(serial_of zia1.pem)
}

serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f; }
renew() { subca renew -C root --yes "$@"; }
# What those below point at, octet for octet.
identity() {
	openssl x509 -in "$1" -noout -pubkey -ext subjectKeyIdentifier
	openssl x509 -in "$1" -outform DER | openssl asn1parse -inform DER -strparse "$(subject_at "$1")" | sed 's/^ *[0-9]*://'
}
subject_at() {
	openssl x509 -in "$1" -outform DER | openssl asn1parse -inform DER | awk -F: '
		$0 ~ /d=2 .*cons: SEQUENCE/ { n++; if (n == 4) { print $1 + 0; exit } }'
}
state() { find . -not -name 'store.db-*'; sqlite3 -readonly root/store.db "select max(seq) from journal"; }

# refused EXIT-CODE WORDS ARGUMENT…: signs nothing and changes no file.
refused() {
	local code=$1 words=$2 before
	shift 2
	before=$(state)
	run subca renew -C root --yes "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ ${output//$'\n'/ } == *"$words"* ]] || { echo "$output"; return 1; }
	[ "$(state)" = "$before" ]
}

@test "the root gets a new life, and what it signed stands below either" {
	cp root/ca.pem old.pem
	run faketime -f +1000d "$SUBCA" renew -C root --yes --root
	[ "$status" -eq 0 ]
	[[ ${output//$'\n'/ } == *"2 of 2 have a path"*"Devices that have only the old root"* ]]
	[ "$(identity old.pem)" = "$(identity root/ca.pem)" ]
	[ "$(serial_of old.pem)" != "$(serial_of root/ca.pem)" ]
	cmp old.pem "root/ca-$(serial_of old.pem).pem"
	for root in old.pem root/ca.pem; do
		openssl verify -x509_strict -CAfile $root -no_check_time zia1.pem
		openssl verify -x509_strict -CAfile $root -no_check_time -untrusted sub/ca.pem leaf.pem
	done
	# Where the old one has ended only the new one counts.
	later=$(date -d '+4100 days' +%s)
	openssl verify -x509_strict -attime "$later" -CAfile root/ca.pem root/ca.pem
	run openssl verify -x509_strict -attime "$later" -CAfile old.pem old.pem
	[[ $output == *"expired"* ]]
	[ "$(subca show -C root --json "$(serial_of root/ca.pem)" | jq -r '.certificates[0].renews')" = "$(serial_of old.pem)" ]
	# It goes on working: signs, and makes CRLs under the same key.
	faketime -f +1001d "$SUBCA" crl -C root --quiet
	openssl crl -in root/ca.crl -CAfile old.pem -noout 2>&1 | grep -q "verify OK"
	subca journal verify -C root
}

@test "a CA of ours gets a new life below its parent" {
	cp sub/ca.pem old.pem
	run faketime -f +1500d "$SUBCA" renew -C root --yes --child sub --days 2000
	[ "$status" -eq 0 ]
	[ "$(identity old.pem)" = "$(identity sub/ca.pem)" ]
	[ "$(serial_of old.pem)" != "$(serial_of sub/ca.pem)" ]
	openssl verify -x509_strict -no_check_time -CAfile root/ca.pem -untrusted sub/ca.pem leaf.pem
	openssl verify -x509_strict -no_check_time -CAfile root/ca.pem -untrusted old.pem leaf.pem
	[ "$(sqlite3 -readonly root/store.db "select hex(replaces) from cert order by id desc limit 1" | tr A-F a-f)" = "$(serial_of old.pem)" ]
	# Its folder is whole, and signs on.
	faketime -f +1501d "$SUBCA" sign -C sub --yes --quiet --profile server --reissue again -o l2.pem --chain l2c.pem leaf.csr
	run openssl verify -x509_strict -attime "$(date -d '+1600 days' +%s)" -CAfile root/ca.pem -untrusted l2c.pem l2.pem
	[ "$status" -eq 0 ]
}

@test "the children are counted, and a leaf below a renewed CA has a path" {
	output=$(faketime -f +10d "$SUBCA" renew -C root --yes --child sub --json)
	[ "$(jq -r '.schema, .children.proved, .children.failed' <<< "$output" | paste -sd,)" = subca.renew/1,1,0 ]
}

@test "ZIA: what to do and when, without a request" {
	refused 1 "in the portal add another intermediate CA certificate" "$serial"
	[[ ${output//$'\n'/ } == *"upload:"*"switch:"*"revoke the old:"*"old one ends:"* ]]
	run subca renew -C root --json "$serial"
	[ "$status" -eq 1 ]
}

@test "ZIA: a new request is signed, tied to the old one, and the overlap is planned" {
	run renew "$serial" --csr zia2.csr -o zia2.pem --chain zia2-chain.pem --json
	[ "$status" -eq 0 ]
	document=$(sed -n '/^{/,$p' <<< "$output")
	[ "$(jq -r '.plan.old_end' <<< "$document")" = "$(date -u -d "$(openssl x509 -in zia1.pem -noout -enddate | cut -d= -f2)" +%FT%TZ)" ]
	# 30 days before the end, and the last weekly CA's 14 days after that.
	end=$(date -u -d "$(jq -r '.plan.old_end' <<< "$document")" +%s)
	[ "$(date -u -d "$(jq -r '.plan.switch_by' <<< "$document")" +%s)" = $((end - 30 * 86400)) ]
	[ "$(date -u -d "$(jq -r '.plan.revoke_from' <<< "$document")" +%s)" = $((end - 16 * 86400)) ]
	openssl verify -x509_strict -CAfile root/ca.pem zia2.pem
	[ "$(subca show -C root --json "$(serial_of zia2.pem)" | jq -r '.certificates[0].renews')" = "$serial" ]
	[ "$(openssl x509 -in zia2.pem -noout -subject)" = "$(openssl x509 -in zia1.pem -noout -subject)" ]
	subca check zia2.pem --csr zia2.csr --chain zia2-chain.pem --for zia
}

@test "what cannot follow the old one is refused" {
	refused 1 "a portal's renewal is a new key" "$serial" --csr zia1.csr -o n.pem --chain nc.pem
	refused 2 "--output is not given" "$serial" --csr zia2.csr
	refused 9 "" "$serial" --csr zia2.csr -o zia1.pem --chain nc.pem
	refused 3 "" 0badbadbad
	refused 2 "must be named once"
	refused 2 "must be named once" --root "$serial"
	refused 2 "must be named once" --root --child sub
	refused 4 "" "$serial" --csr zia1.key -o n.pem --chain nc.pem
	refused 3 "" --child absent
	subca init other --subject CN=Other --key ec:P-256 --quiet
	refused 1 "was not signed by the CA" --child other
	SUBCA_CHILD_PASSPHRASE=wrong refused 5 "" --child sub
	run subca renew -C sub --yes --root
	[ "$status" -eq 1 ]
	[[ $output == *"is no root"* ]]
	openssl req -new -key zia2.key -out renamed.csr -subj "/C=DE/O=Other GmbH/CN=Inspection"
	run renew "$serial" --csr renamed.csr -o n.pem --chain nc.pem
	[ "$status" -eq 0 ]
	[[ $output == *renew_subject* ]]
	run faketime -f -3d "$SUBCA" renew -C root --yes --root
	[ "$status" -eq 1 ]
	[[ $output == *"--clock-ok"* ]]
}

@test "a key on the list of weak keys is neither renewed nor cross-signed" {
	openssl rsa -in zia2.key -noout -modulus | sha1sum | cut -c 21-40 > root/weak
	echo 'weak_keys = "weak";' >> root/ca.conf
	refused 1 "on the list" "$serial" --csr zia2.csr -o n.pem --chain nc.pem
	openssl req -x509 -key zia2.key -subj /CN=listed -out listed.pem
	run subca cross-sign -C root --yes -o n.pem listed.pem
	[ "$status" -eq 1 ]
	[[ ${output//$'\n'/ } == *"on the list"* ]]
	sed -i '$d' root/ca.conf
	renew "$serial" --csr zia2.csr -o n.pem --chain nc.pem --quiet
}

@test "the clock is held against the child's journal as well" {
	faketime -f +3d "$SUBCA" sign -C sub --yes --quiet --profile server --reissue again --days 9 -o l2.pem --chain l2c.pem leaf.csr
	refused 1 "--clock-ok" --child sub
	run renew --child sub --clock-ok
	[ "$status" -eq 0 ]
	[ "$(sqlite3 -readonly sub/store.db "select count(*) from journal where canonical like '%\"clock-ok\"%'")" = 1 ]
}

@test "a root is rolled over: whoever has only one of the two accepts what both signed" {
	subca init new --subject "C=DE,O=Example GmbH,CN=Root 2036" --key ec:P-384 --days 7000 --quiet
	run subca cross-sign -C new root -o old-with-new.pem --yes
	[ "$status" -eq 0 ]
	[[ $output == *"2 of 2 have a path"* ]]
	run subca cross-sign -C root new/ca.pem -o new-with-old.pem --yes
	[ "$status" -eq 0 ]
	subca sign -C new --yes --quiet --profile zia zia2.csr
	openssl verify -x509_strict -CAfile new/ca.pem -untrusted old-with-new.pem zia1.pem
	openssl verify -x509_strict -CAfile root/ca.pem -untrusted new-with-old.pem zia2.pem
	cat old-with-new.pem sub/ca.pem > untrusted.pem
	openssl verify -x509_strict -CAfile new/ca.pem -untrusted untrusted.pem leaf.pem
	# certtool builds its own path.
	cat zia1.pem old-with-new.pem | certtool --verify --load-ca-certificate new/ca.pem | grep -q "Chain verification output: Verified"
	# Without the cross-certificate neither root knows the other's.
	run openssl verify -CAfile new/ca.pem zia1.pem
	[ "$status" -ne 0 ]
	run openssl verify -CAfile root/ca.pem zia2.pem
	[ "$status" -ne 0 ]
	# Neither outlives either root, and the name, key and SKI are the other's.
	[ "$(identity old-with-new.pem)" = "$(identity root/ca.pem)" ]
	[ "$(identity new-with-old.pem)" = "$(identity new/ca.pem)" ]
	for cross in old-with-new.pem new-with-old.pem; do
		[ "$(openssl x509 -in $cross -noout -enddate)" = "$(openssl x509 -in root/ca.pem -noout -enddate)" ]
		subca lint $cross || [ $? -ne 1 ]
	done
}

@test "a foreign root of any make is cross-signed, its SKI taken as it is" {
	openssl req -x509 -newkey rsa:3072 -nodes -keyout f.key -subj "/O=Foreign/emailAddress=pki@example.org/CN=Foreign Root" \
		-days 900 -addext "subjectKeyIdentifier=01:02:03:04" -addext "keyUsage=critical,keyCertSign,cRLSign" -out foreign.pem
	openssl req -new -newkey rsa:2048 -nodes -keyout l.key -subj /CN=l -out l.csr
	openssl x509 -req -in l.csr -CA foreign.pem -CAkey f.key -days 10 -out l.pem \
		-extfile <(echo "authorityKeyIdentifier=keyid")
	openssl x509 -in foreign.pem -outform DER -out foreign.der
	subca cross-sign -C root --yes --quiet -o cross.pem foreign.der
	openssl x509 -in cross.pem -noout -ext subjectKeyIdentifier | grep -q "01:02:03:04"
	[ "$(openssl x509 -in cross.pem -noout -enddate)" = "$(openssl x509 -in foreign.pem -noout -enddate)" ]
	openssl verify -CAfile root/ca.pem -untrusted cross.pem l.pem
}

@test "what is no root is not cross-signed" {
	before=$(sqlite3 -readonly root/store.db "select max(seq) from journal")
	no() {
		local code=$1 words=$2
		shift 2
		run subca cross-sign -C root --yes -o n.pem "$@"
		[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
		[[ $output == *"$words"* ]] || { echo "$output"; return 1; }
		[ ! -e n.pem ]
	}
	no 1 "is not signed by its own key" zia1.pem
	no 1 "is the CA's own key" root/ca.pem
	openssl req -x509 -newkey rsa:2048 -nodes -keyout e.key -subj /CN=e -addext basicConstraints=CA:FALSE -out ee.pem
	no 1 "is no CA" ee.pem
	openssl x509 -in root/ca.pem -outform DER | head -c 300 > cut.der
	no 4 "" cut.der
	no 4 "" zia1.key
	no 3 "" absent.pem
	openssl req -x509 -newkey rsa:1024 -nodes -keyout w.key -subj /CN=weak -out weak.pem
	no 1 "" weak.pem
	openssl req -x509 -newkey rsa:2048 -nodes -keyout x.key -subj /CN=gone -days 1 -out gone.pem
	run faketime -f +3d "$SUBCA" cross-sign -C root --yes -o n.pem gone.pem
	[ "$status" -eq 1 ]
	[[ $output == *"has expired"* ]]
	[ "$(sqlite3 -readonly root/store.db "select max(seq) from journal")" = "$before" ]
}
