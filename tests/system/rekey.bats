#!/usr/bin/env bats
# subca renew --rekey: a CA with a new key takes the place of another, wherever a run was stopped.

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct SUBCA_PARENT_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Root 2026" --key ec:P-256 --days 4000
	"$SUBCA" init sub --parent root --subject "C=DE,O=Example GmbH,CN=Issuing" --key ec:P-256 --days 2000
	openssl req -new -newkey rsa:2048 -nodes -keyout zia.key -out zia.csr -subj "/C=DE/O=Example GmbH/CN=Inspection"
	"$SUBCA" sign -C root --yes --quiet --profile zia zia.csr
	openssl req -new -key zia.key -out leaf.csr -subj "/CN=www" -addext subjectAltName=DNS:www
	"$SUBCA" sign -C sub --yes --quiet --profile server leaf.csr
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct SUBCA_PARENT_PASSPHRASE=correct SUBCA_NEW_PASSPHRASE=another
	cp -r "$BATS_FILE_TMPDIR"/* .
}

serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f; }
child() { subca renew -C root --yes --child sub --rekey sub2 --subject "C=DE,O=Example GmbH,CN=Issuing 2" --key ec:P-384 --days 1900 "$@"; }
roll() { subca renew -C root --yes --root --rekey new --subject "C=DE,O=Example GmbH,CN=Root 2046" --key ec:P-384 "$@"; }
heads() { for ca in root sub; do sqlite3 -readonly $ca/store.db "select max(seq) from journal"; done | paste -sd,; }
flat() { tr -s ' \n' ' ' <<< "$1"; }

@test "a child gets a new key: tied to the old one, which goes on with what it signed" {
	cp sub/ca.pem old.pem
	run child
	[ "$status" -eq 0 ]
	[[ $(flat "$output") == *"1 of 1 have a path"*"The old CA keeps its key"* ]]
	cmp old.pem sub/ca.pem
	[ "$(openssl x509 -in sub2/ca.pem -noout -pubkey)" != "$(openssl x509 -in old.pem -noout -pubkey)" ]
	[ "$(subca show -C root --json "$(serial_of sub2/ca.pem)" | jq -r '.certificates[0].renews')" = "$(serial_of old.pem)" ]
	# Both sign, each under its own passphrase, and strict verifiers know them apart.
	export SUBCA_PASSPHRASE=another
	subca sign -C sub2 --yes --quiet --profile server -o new.pem --chain newc.pem leaf.csr
	export SUBCA_PASSPHRASE=correct
	openssl verify -x509_strict -CAfile root/ca.pem -untrusted sub2/ca.pem new.pem
	openssl verify -x509_strict -CAfile root/ca.pem -untrusted sub/ca.pem leaf.pem
	run openssl verify -CAfile root/ca.pem -untrusted sub2/ca.pem leaf.pem
	[ "$status" -ne 0 ]
	# The CRL of the old key is still to be had.
	subca revoke -C sub --yes --quiet --reason superseded leaf.pem
	subca crl -C sub --quiet
	run openssl verify -crl_check -CRLfile sub/ca.crl.pem -CAfile root/ca.pem -untrusted sub/ca.pem leaf.pem
	[[ $output == *"certificate revoked"* ]]
	run subca journal show -C sub --json
	[[ $output == *'rekey'*"its place is taken by C=DE,O=Example GmbH,CN=Issuing 2 in $PWD/sub2"* ]]
	for ca in root sub sub2; do subca journal verify -C $ca; done
}

@test "the same again changes nothing, and needs no key" {
	child --quiet
	roll --quiet
	before=$(heads)
	export SUBCA_PASSPHRASE=wrong SUBCA_NEW_PASSPHRASE=wrong
	output=$(subca renew -C root --child sub --rekey sub2 --json)
	[ "$(jq -r '[.schema, .in_place_of, .children.proved] | join(" ")' <<< "$output")" = "subca.renew/1 sub 1" ]
	output=$(subca renew -C root --root --rekey new --json)
	[ "$(jq -r '[.in_place_of, .failed, (.children | length)] | join(" ")' <<< "$output")" = "root 0 5" ]
	[ "$(heads)" = "$before" ]
}

@test "a root is rolled over in one run: whoever has only one of the two accepts what either signed" {
	run roll
	[ "$status" -eq 0 ]
	[[ $output == *"the old   accepts  accepts"*"the new   accepts  accepts"*"Give the new root to every device"* ]]
	[[ $output != *REFUSES* ]]
	openssl req -new -newkey rsa:2048 -nodes -keyout z2.key -out zia2.csr -subj "/C=DE/O=Example GmbH/CN=Inspection"
	SUBCA_PASSPHRASE=another "$SUBCA" sign -C new --yes --quiet --profile zia zia2.csr
	openssl verify -x509_strict -CAfile new/ca.pem -untrusted new/old-with-new.pem zia.pem
	openssl verify -x509_strict -CAfile root/ca.pem -untrusted new/new-with-old.pem zia2.pem
	cat new/old-with-new.pem sub/ca.pem > between.pem
	openssl verify -x509_strict -CAfile new/ca.pem -untrusted between.pem leaf.pem
	cat zia.pem new/old-with-new.pem | certtool --verify --load-ca-certificate new/ca.pem | grep -q "Chain verification output: Verified"
	cat zia2.pem new/new-with-old.pem | certtool --verify --load-ca-certificate root/ca.pem | grep -q "Chain verification output: Verified"
	for pair in "new zia.pem" "root zia2.pem"; do
		read -r ca leaf <<< "$pair"
		run openssl verify -CAfile "$ca/ca.pem" "$leaf"
		[ "$status" -ne 0 ]
	done
	for cross in new/old-with-new.pem new/new-with-old.pem; do
		[ "$(openssl x509 -in $cross -noout -enddate)" = "$(openssl x509 -in root/ca.pem -noout -enddate)" ]
	done
	# Asked once more, what was signed since is on the list as well.
	output=$(subca renew -C root --root --rekey new --json)
	[ "$(jq -r '.children[] | select(.subject | endswith("CN=Inspection")) | [.signed_by, .old_root, .new_root] | join(" ")' <<< "$output")" = \
		"$(printf 'old true true\nnew true true')" ]
}

@test "a child that one root refuses is shown, and told by the exit code" {
	roll --quiet
	# A chain that the old root does not lead to: its cross-certificate is revoked.
	SUBCA_PASSPHRASE=another "$SUBCA" sign -C new --yes --quiet --profile zia -o n.pem --chain nc.pem zia.csr
	subca revoke -C root --yes --quiet --reason superseded new/new-with-old.pem
	rm new/new-with-old.pem
	# What was revoked is not given out again: it is signed anew.
	subca renew -C root --yes --root --rekey new --quiet
	[ "$(serial_of new/new-with-old.pem)" != "" ]
	[ "$(sqlite3 -readonly root/store.db "select count(*) from cert where subject like '%2046%' and state = 2")" = 1 ]
	# A child of the old one that nobody accepts: a critical extension that nobody knows.
	openssl req -x509 -newkey rsa:2048 -nodes -keyout v.key -subj "/CN=Plain" -days 900 -out v.pem 2> /dev/null
	openssl x509 -req -in zia.csr -CA v.pem -CAkey v.key -days 100 -out below.pem \
		-extfile <(printf 'basicConstraints=critical,CA:TRUE\nauthorityKeyIdentifier=keyid\n1.2.3.4=critical,DER:0500\n')
	chmod 600 v.key
	subca import files v.pem below.pem v.key moved --no-passphrase --quiet
	run subca renew -C moved --yes --root --rekey next --subject "CN=Next" --key ec:P-256 --days 900
	[ "$status" -eq 1 ]
	[[ $output == *"the old   REFUSES  REFUSES"* ]]
	[[ $(flat "$output") == *"2 paths do not hold"* ]]
}

@test "a root that leaves the next one no place is refused first" {
	for length in 0 1; do
		openssl req -x509 -newkey rsa:3072 -nodes -keyout v.key -subj "/CN=Plain" -days 900 -out v.pem \
			-config <(printf '[req]\ndistinguished_name=d\n[d]\n') -addext keyUsage=critical,keyCertSign,cRLSign \
			-addext basicConstraints=critical,CA:TRUE,pathlen:$length -addext subjectKeyIdentifier=hash 2> /dev/null
		chmod 600 v.key
		subca import files v.pem v.key "moved$length" --no-passphrase --quiet
		run subca renew -C "moved$length" --yes --root --rekey next --subject "CN=Next" --key ec:P-256
		[ "$status" -eq 1 ]
		[[ ${output//$'\n'/ } == *"has the path length $length"* ]]
		[ ! -e next ]
	done
	# Renewed without, it is rolled over.
	subca renew -C moved1 --yes --root --quiet
	subca renew -C moved1 --yes --root --rekey next --subject "CN=Next" --key ec:P-256 --quiet
	run faketime -f +5000d "$SUBCA" renew -C root --yes --root --rekey late --subject "CN=Late"
	[ "$status" -eq 1 ]
	[[ $output == *"has expired"* ]]
}

# kills N COMMAND…: at the N-th of the calls that change a file; fails where it got through.
kills() {
	local n=$1
	shift
	! strace -f -o trace -e trace=fsync,fdatasync,rename,link,linkat,unlink \
		-e inject=fsync,fdatasync,rename,link,linkat,unlink:signal=KILL:when="$n" "$@" > out 2>&1 || return 1
	grep -q "killed by SIGKILL" trace || { cat out; exit 1; }
}

@test "a roll-over killed at any point goes on, and nothing is signed twice" {
	command -v strace > /dev/null || skip "no strace here"
	needs_key_file
	for n in $(seq 1 3 60); do
		rm -rf root new
		cp -r "$BATS_FILE_TMPDIR/root" .
		kills "$n" "$SUBCA" renew -C root --yes --root --rekey new --subject "CN=Root 2046" --key ec:P-256 || break
		# Where it was killed nobody is worse off.
		subca crl -C root --quiet
		run subca renew -C root --yes --root --rekey new --subject "CN=Root 2046" --key ec:P-256
		[ "$status" -eq 0 ] || { echo "killed at $n: $output"; return 1; }
		openssl verify -x509_strict -CAfile new/ca.pem -untrusted new/old-with-new.pem zia.pem
		openssl verify -x509_strict -CAfile root/ca.pem -untrusted new/new-with-old.pem new/new-with-old.pem
		[ ! -e new/init.conf ]
		# Issued: the new root itself and the old one in the new store, the new one in the old store.
		[ "$(sqlite3 -readonly new/store.db "select count(*) from cert where state = 2")" = 2 ]
		[ "$(sqlite3 -readonly root/store.db "select count(*) from cert where state = 2 and subject like '%2046%'")" = 1 ]
		for ca in root new; do subca journal verify -C $ca > /dev/null; done
	done
	[ "$n" -gt 10 ]
}

@test "a child's new key, killed at any point, goes on, and is certified once" {
	command -v strace > /dev/null || skip "no strace here"
	needs_key_file
	for n in $(seq 1 2 40); do
		rm -rf root sub sub2
		cp -r "$BATS_FILE_TMPDIR"/{root,sub} .
		kills "$n" "$SUBCA" renew -C root --yes --child sub --rekey sub2 --subject CN=Sub2 --key ec:P-256 --days 900 || break
		SUBCA_PASSPHRASE=correct subca crl -C sub --quiet
		run subca renew -C root --yes --child sub --rekey sub2 --subject CN=Sub2 --key ec:P-256 --days 900
		[ "$status" -eq 0 ] || { echo "killed at $n: $output"; return 1; }
		openssl verify -x509_strict -CAfile root/ca.pem sub2/ca.pem
		[ ! -e sub2/init.conf ]
		[ "$(sqlite3 -readonly root/store.db "select count(*) from cert where state = 2 and subject like '%Sub2%' and
			hex(replaces) = (select hex(serial) from cert where subject like '%CN=Issuing')")" = 1 ]
		for ca in root sub sub2; do subca journal verify -C $ca > /dev/null; done
	done
	[ "$n" -gt 8 ]
}

# refused EXIT-CODE WORDS ARGUMENT…: changes no journal and leaves nothing new.
refused() {
	local code=$1 words=$2 before
	shift 2
	before=$(heads; ls)
	run subca renew -C root --yes "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ ${output//$'\n'/ } == *"$words"* ]] || { echo "$output"; return 1; }
	[ "$(heads; ls)" = "$before" ]
}

@test "what cannot be is refused before anything is made" {
	refused 2 "who is the CA to be" --root --rekey n
	refused 1 "is the old CA's" --root --rekey n --subject "C=DE,O=Example GmbH,CN=Root 2026" --key ec:P-256
	refused 1 "is the old CA's" --child sub --rekey n --subject "C=DE,O=Example GmbH,CN=Issuing" --key ec:P-256 --days 900
	refused 2 "a serial has no key of ours" "$(serial_of zia.pem)" --rekey n --subject CN=x
	refused 2 "say --rekey NEWDIR" --root --subject CN=x
	refused 2 "--key is for a new key" --child sub --key ec:P-256
	refused 9 "did not take the place of" --child sub --rekey sub --subject CN=x
	refused 9 "and no root" --root --rekey sub --subject CN=x
	refused 9 "the name or the key of the old root" --root --rekey root
	refused 1 "its issuer ends at" --child sub --rekey n --subject CN=x --key ec:P-256 --days 7000
	mkdir full && touch full/file
	refused 9 "is not empty" --root --rekey full --subject CN=x --key ec:P-256
	SUBCA_PASSPHRASE=wrong refused 5 "" --root --rekey n --subject CN=x --key ec:P-256
	subca init other --subject CN=Other --key ec:P-256 --quiet
	refused 1 "was not signed by the CA" --child other --rekey n --subject CN=x
	run subca renew -C sub --yes --root --rekey n --subject CN=x
	[ "$status" -eq 1 ]
	[[ $output == *"is no root"* ]]
	run subca renew -C root --root --rekey n --subject CN=x --key ec:P-256 < /dev/null
	[ "$status" -eq 8 ]
	[ ! -e n ]
	# Begun otherwise.
	roll --quiet
	run subca renew -C root --yes --root --rekey new --subject "CN=Something else"
	[ "$status" -eq 9 ]
	[[ $output == *"begun with another subject"* ]]
	run subca renew -C sub --yes --child sub --rekey new
	[ "$status" -ne 0 ]
}

@test "a new key on a token, below a CA in files" {
	load token_helper
	needs_key_file
	unset SUBCA_PIN
	token_setup
	export SUBCA_NEW_PIN=1234
	run subca renew -C root --yes --child sub --rekey sub2 --subject CN=Sub2 --key "$(uri sub2)" --key-type ec:P-256 --days 900
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	grep -q pkcs11: sub2/ca.conf
	[ ! -e sub2/private/ca.key ]
	SUBCA_PIN=1234 "$SUBCA" sign -C sub2 --yes --quiet --profile server -o t.pem --chain tc.pem leaf.csr
	openssl verify -x509_strict -CAfile root/ca.pem -untrusted sub2/ca.pem t.pem
	run subca renew -C root --yes --root --rekey new --subject "CN=Root 2046" --key "$(uri root)" --key-type ec:P-256
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	openssl verify -x509_strict -CAfile new/ca.pem -untrusted new/old-with-new.pem zia.pem
}
