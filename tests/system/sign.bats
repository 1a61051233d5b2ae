#!/usr/bin/env bats
# subca sign: the main job. What the portals bring is signed as they take it; what is wrong costs nothing.

bats_require_minimum_version 1.5.0

load helper

# One root and one key for the file: making them is the slow part.
setup_file() {
	export SUBCA_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key rsa:3072 --days 1000
	openssl genrsa -out zia.key 2048
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct
	cp -r "$BATS_FILE_TMPDIR/root" "$BATS_FILE_TMPDIR/zia.key" .
}

# request FILE SUBJECT [openssl req options]
request() {
	local file=$1 subject=$2
	shift 2
	openssl req -new -key zia.key -out "$file" -subj "$subject" "$@"
}

sign() { subca sign -C root --yes "$@"; }

public_key() { openssl "$1" -in "$2" -noout -pubkey; }


# refused EXIT-CODE WORDS ARGUMENT…: signing fails so, and leaves no file and no row.
refused() {
	local code=$1 words=$2 before
	shift 2
	before=$(ls -A; rows root)
	run subca sign -C root --yes "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ $output == *"$words"* ]] || { echo "$output"; return 1; }
	[ "$(ls -A; rows root)" = "$before" ]
}

@test "ZIA-shaped requests of every attribute order, string type and extension sign and verify" {
	orders=("/C=DE/ST=Bayern/L=Town/O=Example GmbH/OU=IT/CN=Inspection"
		"/CN=Inspection/OU=IT/O=Example GmbH/L=Town/ST=Bayern/C=DE"
		"/O=Example GmbH/CN=Inspection")
	n=0
	for subject in "${orders[@]}"; do
		for mask in utf8only pkix; do
			for extensions in "" "basicConstraints=critical,CA:TRUE,pathlen:0"; do
				n=$((n + 1))
				cat > req.cnf <<-CNF
					[req]
					string_mask = $mask
					distinguished_name = dn
					[dn]
				CNF
				request "$n.csr" "$subject" -config req.cnf ${extensions:+-addext "$extensions"}
				sign --profile zia --days 300 --quiet --reissue test "$n.csr"
				openssl verify -x509_strict -CAfile root/ca.pem "$n.pem"
				[ "$(public_key req "$n.csr")" = "$(public_key x509 "$n.pem")" ]
				cmp <(openssl req -in "$n.csr" -noout -subject -nameopt RFC2253,show_type) \
					<(openssl x509 -in "$n.pem" -noout -subject -nameopt RFC2253,show_type)
				openssl x509 -in "$n.pem" -noout -ext basicConstraints | grep -q "CA:TRUE, pathlen:1"
			done
		done
	done
	[ "$n" -eq 12 ]
}

@test "the real requests of ZPA sign under their profile" {
	[ -d "$SHARED/data/zpa" ] || skip "no ../shared/data here"
	for name in client connector; do
		subca sign -C root --profile zpa --days 900 --dry-run --json "$SHARED/data/zpa/$name.csr" |
			python3 -c 'import json,sys; f=json.load(sys.stdin)["findings"]; assert all(x["severity"] == "notice" for x in f), f'
		subca inspect --json "$SHARED/data/zpa/$name.csr" |
			python3 -c 'import json,sys; f=json.load(sys.stdin)["files"][0]["objects"][0]["findings"]; assert all(x["severity"] == "notice" for x in f), f'
		sign --profile zpa --days 900 "$SHARED/data/zpa/$name.csr"
		openssl verify -x509_strict -CAfile root/ca.pem $name.pem
		openssl x509 -in $name.pem -noout -ext basicConstraints | grep -q "CA:TRUE, pathlen:0"
		[ "$(public_key req "$SHARED/data/zpa/$name.csr")" = "$(public_key x509 $name.pem)" ]
		cmp <(openssl req -in "$SHARED/data/zpa/$name.csr" -noout -subject -nameopt RFC2253,show_type) \
			<(openssl x509 -in $name.pem -noout -subject -nameopt RFC2253,show_type)
	done
}

@test "three verifiers accept the chain, and refuse it with one bit flipped" {
	request zia.csr "/O=Example GmbH/CN=Inspection"
	sign --profile zia --days 300 zia.csr
	openssl x509 -in zia.pem -outform DER -out zia.der
	# The last octet is of the signature.
	python3 - <<-'PY'
		der = bytearray(open('zia.der', 'rb').read())
		der[-1] ^= 1
		open('bad.der', 'wb').write(der)
	PY
	openssl x509 -inform DER -in bad.der -out bad.pem

	openssl verify -x509_strict -CAfile root/ca.pem zia.pem
	run openssl verify -x509_strict -CAfile root/ca.pem bad.pem
	[ "$status" -ne 0 ]

	certtool --verify --load-ca-certificate root/ca.pem --infile zia.pem
	run certtool --verify --load-ca-certificate root/ca.pem --infile bad.pem
	[ "$status" -ne 0 ]

	# botan's words count: it exits 0 either way.
	botan cert_verify zia.pem root/ca.pem | grep -q "passes validation"
	run botan cert_verify bad.pem root/ca.pem
	[[ $output != *"passes validation"* ]]
}

@test "AKI is the issuer's SKI, octet by octet" {
	request zia.csr "/CN=Inspection"
	sign --profile zia --days 300 zia.csr
	ski=$(openssl x509 -in root/ca.pem -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' ')
	aki=$(openssl x509 -in zia.pem -noout -ext authorityKeyIdentifier | tail -1 | tr -d ' ')
	[ "$ski" = "${aki#keyid:}" ]
}

@test "one day more than fits is refused, and the number it names is accepted" {
	request zia.csr "/CN=Inspection"
	run subca sign -C root --yes --profile zia --days 1001 zia.csr
	[ "$status" -eq 1 ]
	[[ $output =~ --days\ ([0-9]+)\ is\ the\ most ]]
	most=${BASH_REMATCH[1]}
	refused 1 "but its issuer ends at" --profile zia --days $((most + 1)) zia.csr
	sign --profile zia --days "$most" zia.csr
	from=$(date -d "$(openssl x509 -in zia.pem -noout -startdate | cut -d= -f2)" +%s)
	until=$(date -d "$(openssl x509 -in zia.pem -noout -enddate | cut -d= -f2)" +%s)
	[ $((until - from + 1)) -eq $((most * 86400)) ]
}

@test "--fit ends with the issuer" {
	request zia.csr "/CN=Inspection"
	sign --profile zia --days 1800 --fit zia.csr
	[ "$(openssl x509 -in zia.pem -noout -enddate)" = "$(openssl x509 -in root/ca.pem -noout -enddate)" ]
}

@test "the files are PEM and nothing else, intermediate first and root last" {
	request zia.csr "/CN=Inspection"
	sign --profile zia --days 300 zia.csr
	[ "$(head -1 zia.pem)" = "-----BEGIN CERTIFICATE-----" ]
	[ "$(tail -1 zia-chain.pem)" = "-----END CERTIFICATE-----" ]
	[ "$(grep -vcE '^([A-Za-z0-9+/=]+|-----(BEGIN|END) CERTIFICATE-----)$' zia-chain.pem)" -eq 0 ]
	cmp zia-chain.pem <(cat zia.pem root/ca.pem)
}

@test "a dry run shows the review and touches nothing" {
	request zia.csr "/CN=Inspection" -addext "basicConstraints=CA:TRUE,pathlen:0" \
		-addext "extendedKeyUsage=serverAuth"
	before=$(ls -A; rows root)
	unset SUBCA_PASSPHRASE
	run subca sign -C root --profile zia --days 300 --dry-run zia.csr
	[ "$status" -eq 0 ]
	[[ $output == *"overridden"*"basicConstraints"* ]]
	[[ $output == *"dropped"*"extendedKeyUsage"* ]]
	[ "$(ls -A; rows root)" = "$before" ]
	[ "$(grep -cE '.{81}' <<< "$output")" -eq 0 ]
	subca sign -C root --profile zia --days 300 --dry-run --json zia.csr |
		python3 -c 'import json,sys; d=json.load(sys.stdin); assert d["schema"]=="subca.sign/1" and not d["issued"]'
}

@test "what is wrong with the request is refused before it costs anything" {
	request zia.csr "/CN=Inspection"
	openssl req -in zia.csr -outform DER -out zia.der
	python3 - <<-'PY'
		der = bytearray(open('zia.der', 'rb').read())
		open('trailing.csr', 'wb').write(der + b'\0')
		der[-1] ^= 1
		open('forged.csr', 'wb').write(der)
	PY
	: > empty.csr
	head -c 300000 /dev/zero > large.csr
	openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -out weak.csr -subj /CN=Weak
	request titled.csr "/CN=Inspection/title=Dr"
	request nameless.csr "/O=Example"
	refused 1 "signature" --profile zia forged.csr
	refused 4 "offset" --profile zia trailing.csr
	refused 4 "empty.csr" --profile zia empty.csr
	refused 4 "large.csr" --profile zia large.csr
	refused 4 "" --profile zia root/ca.pem
	refused 3 "absent.csr" --profile zia absent.csr
	refused 1 "" --profile zia weak.csr
	refused 1 "title" --profile zia titled.csr
	refused 1 "commonName" --profile zia nameless.csr
	refused 3 "did you mean 'zia'" --profile zai zia.csr
	refused 2 "what kind of certificate" zia.csr
	refused 2 ".pem" --profile zia -o zia.crt zia.csr
	refused 9 "exists" --profile zia --days 300 -o root/ca.pem zia.csr
}

@test "a wrong passphrase, a key that others can read, and a key of another CA" {
	needs_key_file
	request zia.csr "/CN=Inspection"
	SUBCA_PASSPHRASE=wrong refused 5 "passphrase" --profile zia --days 300 zia.csr
	chmod 644 root/private/ca.key
	refused 5 "chmod" --profile zia --days 300 zia.csr
	rm root/private/ca.key
	refused 3 "restore it from a backup" --profile zia --days 300 zia.csr
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out root/private/ca.key
	chmod 600 root/private/ca.key
	refused 5 "" --profile zia --days 300 zia.csr
}

@test "one key never serves both portals, one request is not signed twice by accident" {
	request one.csr "/CN=Inspection"
	sign --profile zia --days 300 one.csr
	refused 1 "was signed before" --profile zia --days 300 -o again.pem --chain again-chain.pem one.csr
	request two.csr "/O=Zscaler/CN=Other"
	refused 1 "one key never serves both portals" --profile zpa --days 300 two.csr
	sign --profile zia --days 300 -o again.pem --chain again-chain.pem --reissue "lost the file" one.csr
}

@test "a path length that the issuer does not grant is refused" {
	SUBCA_PARENT_PASSPHRASE=correct subca init issuing --parent root --subject "CN=Issuing" \
		--key ec:P-256 --days 300
	request zia.csr "/CN=Inspection"
	run subca sign -C issuing --yes --profile zia --days 100 zia.csr
	[ "$status" -eq 1 ]
	[[ $output == *"path length is 0"* ]]
	openssl req -new -key zia.key -subj /CN=host -addext subjectAltName=DNS:host.example -out host.csr
	subca sign -C issuing --yes --profile server --days 100 host.csr
	openssl verify -x509_strict -purpose sslserver -CAfile root/ca.pem -untrusted issuing/ca.pem host.pem
}

@test "without a terminal and without --yes nothing is signed" {
	request zia.csr "/CN=Inspection"
	before=$(ls -A; rows root)
	run setsid "$SUBCA" sign -C root --profile zia --days 300 zia.csr < /dev/null
	[ "$status" -eq 8 ]
	[ "$(ls -A; rows root)" = "$before" ]
}

@test "sequential serials count up from where the user says" {
	subca init counted --subject "CN=Counted" --key ec:P-256 --serial 0x1000
	request zia.csr "/CN=Inspection"
	subca sign -C counted --yes --profile zia --days 300 zia.csr
	[ "$(openssl x509 -in counted/ca.pem -noout -serial)" = serial=1000 ]
	[ "$(openssl x509 -in zia.pem -noout -serial)" = serial=1001 ]
}

@test "eight at once get eight serials in a row" {
	subca init counted --subject "CN=Counted" --key ec:P-256 --serial 0x1000 --no-passphrase
	for n in $(seq 8); do request "$n.csr" "/CN=Inspection $n"; done
	pids=()
	for n in $(seq 8); do
		subca sign -C counted --yes --quiet --profile zia --days 300 "$n.csr" 2> "$n.err" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	for n in $(seq 8); do openssl x509 -in "$n.pem" -noout -serial; done | sort > serials
	cmp serials <(for n in 1 2 3 4 5 6 7 8; do echo "serial=100$n"; done)
}

@test "killed at any fsync, sign leaves nothing that the store does not know" {
	command -v strace > /dev/null || skip "no strace here"
	request zia.csr "/CN=Inspection"
	cp -r root pristine
	killed=0
	for n in $(seq 1 30); do
		rm -rf root zia.pem zia-chain.pem
		cp -r pristine root
		strace -f -o trace -e trace=fsync,fdatasync -e inject=fsync,fdatasync:signal=KILL:when="$n" \
			"$SUBCA" sign -C root --yes --quiet --profile zia --days 300 zia.csr || true
		grep -q killed trace || break
		killed=$((killed + 1))
		[ "$(sqlite3 root/store.db 'pragma integrity_check')" = ok ]
		if [ -e zia.pem ]; then
			openssl x509 -in zia.pem -outform DER | xxd -p | tr -d '\n' > der
			sqlite3 root/store.db "select lower(hex(der)) from cert" | grep -qxFf der
		fi
		sign --quiet --reissue "after a crash" --profile zia --days 300 --force zia.csr
	done
	[ "$killed" -gt 3 ]
}

@test "a key that anybody can compute is refused, with the reason" {
	# RSA with e = 3: the rule with the cheapest key to make.
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out three.key
	openssl req -new -key three.key -subj /CN=Three -out three.csr
	refused 1 "exponent" --profile zia --days 300 three.csr
}

@test "a serial that a killed run left reserved is reported, and not used again" {
	command -v strace faketime > /dev/null || skip "no strace or no faketime here"
	subca init counted --subject "CN=Counted" --key ec:P-256 --serial 0x1000
	request zia.csr "/CN=Inspection"
	# The second durable write of a sign is the one that makes the certificate known.
	for n in $(seq 1 12); do
		strace -f -o trace -e trace=fsync,fdatasync -e inject=fsync,fdatasync:signal=KILL:when="$n" \
			"$SUBCA" sign -C counted --yes --quiet --profile zia --days 300 zia.csr || true
		[ "$(sqlite3 counted/store.db 'select count(*) from cert where state = 1')" -eq 0 ] || break
	done
	run faketime -f +2m "$SUBCA" sign -C counted --yes --profile zia --days 300 --force --reissue crash zia.csr
	[ "$status" -eq 0 ]
	[[ $output == *"serial 1001 was reserved at"*"never finished"* ]]
	[ "$(openssl x509 -in zia.pem -noout -serial)" = serial=1002 ]
}

@test "a name that hides something is refused, one that may is shown with its reason" {
	request hidden.csr "/CN=Inspection$(printf '\xe2\x80\xae')exe.gnp" -utf8
	refused 1 "U+202E" --profile zia --days 300 hidden.csr
	request long.csr "/CN=$(printf 'a%.0s' {1..60})"
	run subca sign -C root --profile zia --days 300 --dry-run long.csr
	[ "$status" -eq 0 ]
	[[ $output == *"60 characters, more than 59"* ]]
	request short.csr "/CN=$(printf 'a%.0s' {1..59})"
	run subca sign -C root --profile zia --days 300 --dry-run short.csr
	[ "$status" -eq 0 ]
	[[ $output != *"more than 59"* ]]
}

@test "a key of the list of weak keys is refused, and a damaged list refuses all" {
	request zia.csr "/CN=Inspection"
	openssl req -in zia.csr -noout -modulus | sha1sum | cut -c 21-40 > list
	echo 'weak_keys = "list";' >> root/ca.conf
	cp list root/list
	refused 1 "on the list of weak keys" --profile zia --days 300 zia.csr
	# What ca.conf names goes before the environment.
	SUBCA_WEAK_KEYS=/nonexistent refused 1 "on the list" --profile zia --days 300 zia.csr
	echo "no entry" >> root/list
	refused 4 "root/list: line 2" --profile zia --days 300 zia.csr
	rm root/list
	refused 3 "mend 'weak_keys'" --profile zia --days 300 zia.csr
	sed -i '/weak_keys = "list"/d' root/ca.conf
	SUBCA_WEAK_KEYS=list refused 1 "on the list" --profile zia --days 300 zia.csr
	tr 0-9a-f 1-9a-f0 < list > another
	SUBCA_WEAK_KEYS=another sign --profile zia --days 300 zia.csr
	SUBCA_WEAK_KEYS=list run subca inspect zia.csr zia.pem
	[ "$status" -eq 1 ]
	[ "$(grep -c csr_key_listed <<< "$output")" -eq 2 ]
}

@test "all that is wrong with a request is told at once, each by its rule, and in JSON too" {
	openssl genrsa -out small.key 1024
	openssl req -new -key small.key -sha1 -out bad.csr -subj "/O=Example GmbH/CN=a/DC=x"
	run -1 --separate-stderr subca sign -C root --profile zia bad.csr
	[ "$stderr" = "subca: bad.csr: is signed under the broken or unsuitable digest SHA1 \
[csr_signature_digest, RFC 9155]; have it signed with SHA-256" ]
	# Not the form but what it asks for: key, name and profile together.
	openssl req -new -key small.key -out bad.csr -subj "/O=Example  GmbH/CN=a/DC=x"
	run -1 --separate-stderr subca sign -C root --profile zia bad.csr
	[ "$(grep -c csr_key_rsa_small <<< "$stderr")" -eq 1 ]
	grep -q "^error: key: .*1024 bits is not what profile 'zia' allows" <<< "$stderr"
	grep -q '\[issue_key_not_allowed,' <<< "$(tr -d '\n' <<< "$stderr")"
	grep -q '\[issue_subject_unnamed,' <<< "$(tr -d '\n' <<< "$stderr")"
	grep -q '\[csr_name_spaces,' <<< "$(tr -d '\n' <<< "$stderr")"
	[[ $(tail -1 <<< "$stderr") == "subca: bad.csr: public key: the RSA modulus has 1024 bits, less \
than 2048 [csr_key_rsa_small, NIST SP 800-131A 3]; have the request"* ]]
	run -1 --separate-stderr subca sign --json -C root --profile zia bad.csr
	python3 - "$output" <<-'END'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["schema"] == "subca.error/1" and d["exit_code"] == 1, d
		assert d["rule"] == "csr_key_rsa_small" and d["reference"] == "NIST SP 800-131A 3", d
		rules = {f["rule"]: f["severity"] for f in d["findings"]}
		assert rules == {"csr_key_rsa_small": "error", "issue_key_not_allowed": "error",
		                 "csr_name_spaces": "warning", "issue_subject_unnamed": "error"}, rules
		assert all(f["message"] and f["why"] and f["todo"] for f in d["findings"])
	END
	# What only the store knows.
	request zia.csr "/CN=Inspection"
	sign --profile zia --days 300 --quiet zia.csr
	openssl req -new -key zia.key -out zpa.csr -subj "/O=Zscaler/OU=Private Access/CN=Client"
	for try in "issue_signed_before zia zia.csr" "issue_key_other_portal zpa zpa.csr"; do
		read -r rule profile file <<< "$try"
		run -1 --separate-stderr subca sign --json -C root --profile "$profile" -o a.pem --chain b.pem "$file"
		python3 -c '
import json, sys
d = json.loads(sys.argv[1])
assert d["rule"] == sys.argv[2] == [f["rule"] for f in d["findings"] if f["severity"] == "error"][0], d' \
			"$output" "$rule"
	done
}

# What openssl-blacklist's own build does: its header, then the hashes without their first half, sorted.
blacklist() {
	echo '# This file contains a list of known-compromised keys, of'
	echo '#   openssl rsa -noout -modulus -in key.pem | sha1sum | cut -d " " -f 1'
	echo '#'
	cut -d ' ' -f 1 | cut -b 21- | sort
}

@test "a folder as Debian's openssl-blacklist filled it is searched, file by file" {
	local size
	mkdir blacklist
	for size in 1024 2048 4096; do
		for n in 1 2; do
			[ "$size-$n" != 4096-2 ] || continue
			openssl genrsa -out "key-$size-$n" "$size" 2> /dev/null
			openssl rsa -noout -modulus -in "key-$size-$n" | sha1sum
		done | blacklist > "blacklist/blacklist.RSA-$size"
	done
	echo "not ours" > blacklist/README
	echo 'weak_keys = "'"$PWD"'/blacklist";' >> root/ca.conf
	for size in 2048 4096; do
		openssl req -new -key "key-$size-1" -subj "/CN=Weak $size" -out "weak-$size.csr"
		refused 1 "on the list of weak keys" --profile subordinate-ca --days 300 "weak-$size.csr"
	done
	# Each of its files serves alone, and only for what is in it.
	SUBCA_WEAK_KEYS=blacklist/blacklist.RSA-2048 run subca inspect weak-2048.csr
	[[ $output == *csr_key_listed* ]]
	SUBCA_WEAK_KEYS=blacklist/blacklist.RSA-4096 run subca inspect weak-2048.csr
	[[ $output != *csr_key_listed* ]]
	SUBCA_WEAK_KEYS=blacklist run subca inspect weak-2048.csr
	[[ $output == *csr_key_listed* ]]
	request zia.csr "/CN=Inspection"
	sign --profile zia --days 300 zia.csr
	rm zia.pem zia-chain.pem
	echo damaged >> blacklist/blacklist.RSA-1024
	request other.csr "/CN=Other"
	refused 4 "blacklist.RSA-1024: line 6" --profile zia --days 300 --reissue again zia.csr
	rm blacklist/blacklist.*
	refused 3 "holds no file named blacklist.RSA-SIZE" --profile zia --days 300 other.csr
}

@test "spaces in a name are warned of once" {
	request spaced.csr "/O=Example GmbH /CN=Inspection"
	subca sign -C root --profile zia --days 300 --dry-run --json spaced.csr > review
	python3 - <<-'PY'
		import json
		found = [f['rule'] for f in json.load(open('review'))['findings'] if 'space' in f['message']]
		assert found == ['csr_name_spaces'], found
	PY
}

@test "a request is signed as an interface's JSON or a Windows editor gives it" {
	request plain.csr "/O=Example GmbH/CN=Inspection"
	python3 - <<-'PY'
		import json
		pem = open('plain.csr').read()
		json.dump({'name': 'Inspection', 'csr': pem}, open('answer.csr', 'w'))
		open('wide.csr', 'wb').write(pem.replace('\n', '\r\n').encode('utf-16'))
		open('two.csr', 'w').write(pem + pem)
	PY
	sign --profile zia --days 300 answer.csr
	sign --profile zia --days 300 --reissue test wide.csr
	openssl verify -x509_strict -CAfile root/ca.pem answer.pem wide.pem
	refused 4 "holds 2 requests" --profile zia --days 300 two.csr
}

@test "a clock that went backwards is refused, or let through on record" {
	command -v faketime > /dev/null || skip "no faketime here"
	request zia.csr "/CN=Inspection"
	faketime -f +2h "$SUBCA" sign -C root --yes --quiet --profile zia --days 30 zia.csr
	noted() { sqlite3 -readonly root/store.db "select count(*) from journal where canonical like '%\"clock-ok\"%'"; }
	again() { run subca sign -C root --yes --profile zia --days 30 --reissue clock -o back.pem --chain back-chain.pem "$@" zia.csr; }
	again
	[ "$status" -eq 1 ]
	[[ ${output//$'\n'/ } == *"the journal's last entry"*"--clock-ok"* ]]
	[ "$(rows root)" -eq 2 ]
	[ ! -e back.pem ]
	again --dry-run --clock-ok
	[ "$status" -eq 0 ]
	[ "$(noted)" -eq 0 ]
	again --clock-ok
	[ "$status" -eq 0 ]
	[ "$(noted)" -eq 1 ]
	openssl verify -CAfile root/ca.pem back.pem
}
