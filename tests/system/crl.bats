#!/usr/bin/env bats
# subca crl: right for strict readers, and no number twice, whatever happens in between.

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key ec:P-256 --days 9000
	openssl req -new -newkey rsa:2048 -nodes -keyout zia.key -out zia.csr \
		-subj "/C=DE/O=Example GmbH/CN=Inspection"
	for n in 1 2 3; do
		"$SUBCA" sign -C root --yes --quiet --profile zia --reissue "$n" --days "$((n * 100))" \
			-o "$n.pem" --chain "$n-chain.pem" zia.csr
	done
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct
	cp -r "$BATS_FILE_TMPDIR"/{root,?.pem,zia.csr} .
}

revoke() { subca revoke -C root --yes --quiet "$@"; }
crl() { subca crl -C root "$@"; }
text() { openssl crl -in "${1:-root/ca.crl}" -inform DER -noout -text; }
number() { openssl crl -in "${1:-root/ca.crl}" -noout -text | grep -A1 "CRL Number" | tail -1 | tr -d " "; }
events() { sqlite3 -readonly root/store.db "select group_concat(json_extract(canonical, '\$.event'), ' ')
	from journal where canonical like '%\"crl_number\":%'"; }

# refused EXIT-CODE WORDS ARGUMENT…: fails so, reserves no number, and leaves every file as it was.
refused() {
	local code=$1 words=$2 before
	shift 2
	before=$(events; ls -A . root; cat root/*.crl* 2>/dev/null | sha256sum)
	run subca crl -C root "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ ${output//$'\n'/ } == *"$words"* ]] || { echo "$output"; return 1; }
	[ "$(events; ls -A . root; cat root/*.crl* 2>/dev/null | sha256sum)" = "$before" ]
}

@test "an empty CRL has no list at all, and PEM and DER are the same" {
	crl --quiet
	[[ $(text) == *"No Revoked Certificates"* ]]
	openssl crl -in root/ca.crl.pem -outform DER | cmp - root/ca.crl
	[ "$(stat -c %a root/ca.crl)" = 644 ]
	[ -z "$(find root -name '.ca*')" ]
}

@test "openssl and certtool verify it and refuse what it lists" {
	revoke --reason superseded 1.pem
	revoke --hold 2.pem
	crl --quiet
	openssl crl -in root/ca.crl -inform DER -CAfile root/ca.pem -noout 2>&1 | grep -q "verify OK"
	for n in 1 2; do
		run openssl verify -x509_strict -crl_check -CRLfile root/ca.crl.pem -CAfile root/ca.pem "$n.pem"
		[ "$status" -ne 0 ]
		[[ $output == *"certificate revoked"* ]]
	done
	openssl verify -x509_strict -crl_check -CRLfile root/ca.crl.pem -CAfile root/ca.pem 3.pem
	certtool --verify-crl --load-ca-certificate root/ca.pem --infile root/ca.crl.pem | grep -q "Verified"
	[ "$(text | grep -A1 "CRL Reason" | grep -c -e Superseded -e "Certificate Hold")" = 2 ]
}

@test "compromise and invalidity dates are GeneralizedTime, unspecified is left out" {
	since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	revoke --reason cACompromise --compromise-date "$since" 1.pem
	revoke --reason superseded --invalidity-date "$since" 2.pem
	revoke --reason unspecified 3.pem
	crl --quiet
	[ "$(text | grep -c "Invalidity Date")" = 2 ]
	[ "$(openssl asn1parse -inform DER -in root/ca.crl | grep -c "X509v3 CRL Reason Code")" = 2 ]
	subca crl -C root --check root/ca.crl
}

@test "numbers go up by one, complete and delta alike" {
	crl --quiet; [ "$(number)" = 1 ]
	revoke --hold 1.pem
	crl --quiet --delta
	[ "$(number root/ca-delta.crl)" = 2 ]
	[[ $(text root/ca-delta.crl) == *"Delta CRL Indicator: critical"*"Certificate Hold"* ]]
	[ "$(number)" = 1 ]
	crl --quiet; [ "$(number)" = 3 ]
	revoke --release 1.pem
	crl --quiet --delta
	[[ $(text root/ca-delta.crl) == *"Remove From CRL"* ]]
	crl --quiet
	[[ $(text) == *"No Revoked Certificates"* ]]
	subca journal verify -C root
}

@test "where deltas have a place, the complete CRL says so, and openssl looks at them" {
	# with_deltas CERT: openssl with the complete CRL and the delta. Without -extended_crl it takes
	# a delta for a complete one.
	with_deltas() {
		cat root/ca.crl.pem root/ca-delta.crl.pem > both.pem
		run openssl verify -extended_crl -use_deltas -crl_check -CRLfile both.pem -CAfile root/ca.pem "$1"
	}
	crl --quiet
	[[ $(text) != *"Freshest CRL"* ]]
	revoke --reason superseded 1.pem
	run subca crl -C root --delta
	[[ ${output//$'\n'/ } == *"nothing says where the delta is"* ]]
	# Without a word of it nobody looks.
	with_deltas 1.pem
	[ "$status" -eq 0 ]
	sed -i 's|# delta_crl|delta_crl|' root/ca.conf
	subca revoke -C root --yes --quiet --hold 2.pem
	crl --quiet
	[[ $(text) == *"X509v3 Freshest CRL: "*"URI:http://pki.example.com/root-delta.crl"* ]]
	[[ $(text) != *"Freshest CRL: critical"* ]]
	revoke --reason superseded 3.pem
	run subca crl -C root --delta
	[[ $output != *"nothing says"* ]]
	[[ $(text root/ca-delta.crl) != *"Freshest CRL"* ]]
	with_deltas 3.pem
	[ "$status" -ne 0 ]
	[[ $output == *"certificate revoked"* ]]
	for file in root/ca.crl root/ca-delta.crl; do
		run subca lint --issuer root/ca.pem $file
		[ "$status" -eq 0 ]
	done
	subca crl -C root --check root/ca.crl
}

@test "certificates name the delta's place where their profile says so" {
	sed -i 's|# crl =|crl =|; s|# delta_crl|delta_crl|' root/ca.conf
	printf 'extends = "zia";\nfreshest_crl = true;\n' > root/profiles/fresh.conf
	subca sign -C root --yes --quiet --profile fresh --reissue fresh -o f.pem --chain fc.pem zia.csr
	openssl x509 -in f.pem -noout -ext freshestCRL | grep -q "URI:http://pki.example.com/root-delta.crl"
	run subca lint --issuer root/ca.pem f.pem
	[ "$status" -eq 0 ]
	printf 'extends = "zia";\nfreshest_crl = true;\ncrl_distribution_points = false;\n' > root/profiles/fresh.conf
	run subca profile check root/profiles/fresh.conf
	[ "$status" -eq 4 ]
	[[ $output == *"without the CRL that it adds to"* ]]
}

@test "a CRL has no issuingDistributionPoint: it is for all certificates and reasons" {
	crl --quiet
	crl --quiet --delta
	for file in root/ca.crl root/ca-delta.crl; do
		[[ $(text $file) != *"Issuing Distribution Point"* ]]
	done
}

@test "a delta needs a complete CRL that is still good" {
	refused 1 "no complete CRL" --delta
	crl --quiet --days 1
	run faketime -f +2d "$SUBCA" crl -C root --delta
	[ "$status" -eq 1 ]
	[[ $output == *"past its nextUpdate"* ]]
}

@test "an expired certificate is listed once more and then dropped" {
	revoke --reason superseded 1.pem
	revoke --reason superseded 3.pem
	crl --quiet
	# 1.pem ends after 100 days.
	for expected in 2 1 1; do
		faketime -f +150d "$SUBCA" crl -C root --quiet
		[ "$(text | grep -c "Serial Number")" = "$expected" ]
	done
	run faketime -f +150d "$SUBCA" crl -C root --check root/ca.crl
	[ "$status" -eq 0 ]
}

@test "nextUpdate ends with the CA, and past its end there is no CRL" {
	subca init short --subject CN=Short --key ec:P-256 --days 50 --quiet
	run subca crl -C short --days 90
	[ "$status" -eq 0 ]
	[[ $output == *"the CA's own end"* ]]
	[ "$(openssl crl -in short/ca.crl -inform DER -noout -nextupdate | cut -d= -f2)" = \
		"$(openssl x509 -in short/ca.pem -noout -enddate | cut -d= -f2)" ]
	run faketime -f +60d "$SUBCA" crl -C short
	[ "$status" -eq 1 ]
	[[ $output == *"has expired"* ]]
}

@test "dates beyond 2049 are GeneralizedTime" {
	revoke --reason superseded 1.pem
	faketime "2050-06-01 00:00:00" "$SUBCA" revoke -C root --yes --quiet --reason superseded 3.pem
	faketime "2050-06-01 00:00:00" "$SUBCA" crl -C root --quiet --days 30
	openssl asn1parse -inform DER -in root/ca.crl > parsed
	[ "$(grep -c "GENERALIZEDTIME   :2050" parsed)" = 3 ]
	[[ $(text) == *"Jun  1 00:00:00 2050"* ]]
}

@test "killed before the file is there: the number is given up" {
	crl --quiet
	run strace -f -o trace -e trace=rename -e inject=rename:signal=KILL:when=1 "$SUBCA" crl -C root --quiet
	[ "$status" -eq 137 ]
	[ "$(number)" = 1 ]
	rm -f root/.ca.crl.*
	run subca crl -C root
	[ "$status" -eq 0 ]
	[[ $output == *"number 2 was begun by a run that was cut off"* ]]
	[ "$(number)" = 3 ]
	[ "$(events)" = "crl-reserve crl-publish crl-reserve crl-fail crl-reserve crl-publish" ]
}

@test "killed after the file is there: it is recorded, and the next has its own number" {
	crl --quiet
	revoke --reason superseded 1.pem
	run strace -f -o trace -e trace=rename -e inject=rename:signal=KILL:when=2 "$SUBCA" crl -C root --quiet
	[ "$status" -eq 137 ]
	[ "$(number)" = 2 ]
	rm -f root/.ca.crl.*
	run subca crl -C root
	[ "$status" -eq 0 ]
	[[ ${output//$'\n'/ } == *"number 2 was published by a run that was cut off"* ]]
	[ "$(number)" = 3 ]
	[ "$(events)" = "crl-reserve crl-publish crl-reserve crl-publish crl-reserve crl-publish" ]
	subca crl -C root --check root/ca.crl
}

@test "a restored older store is noticed by the CRL that is out in the world" {
	crl --quiet -o web.crl
	cp -r root backup
	revoke --reason superseded 1.pem
	crl --quiet -o web.crl
	rm -r root && mv backup root
	refused 1 "has CRL number 2, but the store's last is 1" -o web.crl
	# What the lost store had revoked is told before anybody goes on.
	run subca crl -C root --check web.crl
	[ "$status" -eq 1 ]
	[[ $output == *crl_check_unknown* && $output == *crl_check_not_revoked* ]]
	crl --past web.crl
	refused 9 "is in use" --past web.crl
	crl --quiet -o web.crl
	[ "$(number web.crl)" = 3 ]
}

@test "two stores that made the same number are noticed" {
	crl --quiet
	cp -r root twin
	crl --quiet -o web.crl
	revoke --reason superseded 1.pem
	rm -r root && mv twin root
	revoke --reason superseded 2.pem
	crl --quiet
	refused 1 "is another CRL number 2" -o web.crl
	run subca crl -C root --check web.crl
	[[ $output == *crl_check_other* ]]
}

@test "the file of -o is not overwritten unless it is a CRL of this CA" {
	echo precious > web.crl
	refused 9 "is no CRL of this CA" -o web.crl
	subca init other --subject "CN=Other" --key ec:P-256 --quiet
	subca crl -C other --quiet -o web2.crl
	refused 9 "is no CRL of this CA" -o web2.crl
	refused 2 "is a file of the CA itself" -o root/ca.pem
	refused 3 "" -o absent/web.crl
	crl --quiet -o web.pem
	head -1 web.pem | grep -q "BEGIN X509 CRL"
	crl --quiet -o web.pem
	[ "$(number web.pem)" = 2 ]
}

@test "--check finds what the CRL and the store do not agree on" {
	needs_key_file
	revoke --reason superseded 1.pem
	crl --quiet -o old.crl
	run subca crl -C root --check old.crl
	[ "$status" -eq 0 ]
	revoke --reason superseded 2.pem
	run subca crl -C root --check old.crl
	[ "$status" -eq 0 ]
	[[ $output == *crl_check_since* ]]
	crl --quiet
	run subca crl -C root --check old.crl
	[[ $output == *crl_check_older* ]]
	# One by this key that the store did not make: it lists what was never issued, and lacks the rest.
	openssl pkey -in root/private/ca.key -passin pass:correct -out key.pem
	: > index.txt; echo 0F > crlnumber
	printf 'R\t301124000000Z\t261124000000Z\t0ABCDE\tunknown\t/CN=x\n' > index.txt
	cat > ca.cnf <<-CNF
		[ca]
		default_ca = x
		[x]
		database = index.txt
		crlnumber = crlnumber
		default_md = sha256
		default_crl_days = 3
	CNF
	openssl ca -gencrl -config ca.cnf -keyfile key.pem -cert root/ca.pem -out rogue.pem
	run subca crl -C root --check rogue.pem
	[ "$status" -eq 1 ]
	[[ $output == *crl_check_unknown* && $output == *crl_check_foreign* && $output == *crl_check_missing* ]]
	# Another CA's.
	subca init other --subject "CN=Other" --key ec:P-256 --quiet
	subca crl -C other --quiet
	run subca crl -C root --check other/ca.crl
	[ "$status" -eq 1 ]
	[[ $output == *crl_check_signature* && $output == *crl_check_issuer* ]]
	run faketime -f +100d "$SUBCA" crl -C root --check root/ca.crl
	[[ $output == *crl_check_outdated* ]]
}

@test "what is no CRL is refused" {
	head -c 300 /dev/urandom > noise
	cp root/ca.pem cert.pem
	: > empty
	crl --quiet
	head -c 200 root/ca.crl > cut.crl
	(cat root/ca.crl; echo more) > trailing
	printf '\x30\x84\xff\xff\xff\xff' > long
	for file in noise cert.pem empty cut.crl trailing long zia.csr; do
		refused 4 "" --check "$file"
		refused 4 "" --past "$file"
	done
	refused 3 "" --check absent
	refused 2 "which --check does not" --check root/ca.crl --delta
	refused 2 "exclude" --check root/ca.crl --past root/ca.crl
	refused 2 "" --days 0
	refused 2 "" --days 99999
	SUBCA_PASSPHRASE=wrong refused 5 ""
}

@test "a clock that went backwards makes no CRL" {
	crl --quiet
	run faketime -f -2d "$SUBCA" crl -C root
	[ "$status" -eq 1 ]
	[[ $output == *"--clock-ok"* ]]
	[ "$(number)" = 1 ]
}

@test "many entries: in order, linted whole, and agreed on" {
	"$SUBCA_BUILD/tests/bench/fill-store" root/store.db 45000 revoked
	crl --quiet
	[ "$(openssl crl -in root/ca.crl -inform DER -noout -text | grep -c "Serial Number")" = 45000 ]
	openssl crl -in root/ca.crl -inform DER -CAfile root/ca.pem -noout 2>&1 | grep -q "verify OK"
	run subca crl -C root --check root/ca.crl
	[[ $output == *"45000"* && $output != *crl_check_missing* ]]
}
