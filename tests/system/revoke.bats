#!/usr/bin/env bats
# subca revoke: only what was issued here, once, and with a look at what stops working.

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key ec:P-256 --days 4000
	openssl req -new -newkey rsa:2048 -nodes -keyout zia.key -out zia.csr \
		-subj "/C=DE/O=Example GmbH/CN=Inspection"
	"$SUBCA" sign -C root --yes --quiet --profile zia zia.csr
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct
	cp -r "$BATS_FILE_TMPDIR"/{root,zia.csr,zia.pem,zia.key} .
	serial=$(openssl x509 -in zia.pem -noout -serial | cut -d= -f2)
}

revoke() { subca revoke -C root --yes "$@"; }
state_of() { subca show -C root --json "$1" | jq -r ".certificates[0].$2"; }
head_of() { sqlite3 -readonly root/store.db "select max(seq) from journal"; }

# refused EXIT-CODE WORDS ARGUMENT…: fails so, and the journal has nothing to tell.
refused() {
	local code=$1 words=$2 before
	shift 2
	before=$(head_of)
	run subca revoke -C root --yes "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ $output == *"$words"* ]] || { echo "$output"; return 1; }
	[ "$(head_of)" = "$before" ]
}

@test "the beginning of a serial, and a file in PEM and DER, name the certificate" {
	cp -r root other
	revoke --reason superseded "${serial:0:8}"
	[ "$(state_of "$serial" state)" = revoked ]
	[ "$(state_of "$serial" revocation_reason)" = superseded ]
	openssl x509 -in zia.pem -outform DER -out zia.der
	for file in zia.pem zia.der; do
		rm -rf root && cp -r other root
		revoke --reason cACompromise --compromise-date "$(date -u +%FT%TZ)" "$file"
		[ "$(state_of "$serial" revocation_reason)" = cACompromise ]
		[ "$(state_of "$serial" compromise_date)" != null ]
	done
}

@test "the screen tells what stops working" {
	run subca revoke -C root --yes --reason keyCompromise "$serial"
	[ "$status" -eq 0 ]
	for word in "ZIA inspects with it" "every certificate below" "no cRLDistributionPoints" \
		"nothing else stands for" "say cACompromise" "subca crl"; do
		[[ $output == *"$word"* ]] || { echo "no $word in $output"; return 1; }
	done
	[ -z "$(grep '.\{81\}' <<< "$output")" ]
}

@test "a successor of the same subject is named" {
	subca sign -C root --yes --quiet --profile zia --reissue "the new one" -o new.pem --chain c.pem zia.csr
	run subca revoke -C root --yes --reason superseded "$serial"
	[[ $output == *"revoke_successor"* ]]
	[[ $output != *"nothing else stands for"* ]]
}

@test "without a terminal and --yes nothing happens" {
	before=$(head_of)
	run setsid "$SUBCA" revoke -C root --reason superseded "$serial"
	[ "$status" -eq 8 ]
	[ "$(head_of)" = "$before" ]
}

@test "twice is refused, and so is releasing what is revoked" {
	revoke --reason superseded "$serial"
	refused 9 "is revoked already" --reason keyCompromise "$serial"
	refused 9 "is revoked already" --hold "$serial"
	refused 1 "not on hold" --release "$serial"
}

@test "a hold is released, or becomes a revocation of the day of the hold" {
	refused 1 "not on hold" --release "$serial"
	revoke --hold "$serial"
	[ "$(state_of "$serial" revocation_reason)" = certificateHold ]
	since=$(state_of "$serial" revoked_at)
	refused 9 "is on hold already" --hold "$serial"
	revoke --release "$serial"
	[ "$(state_of "$serial" state)" = issued ]
	[ "$(state_of "$serial" released_at)" != null ]
	revoke --hold "$serial"
	since=$(state_of "$serial" revoked_at)
	sleep 1.1
	revoke --reason privilegeWithdrawn "$serial"
	[ "$(state_of "$serial" revoked_at)" = "$since" ]
	subca journal verify -C root
	[ "$(sqlite3 -readonly root/store.db "select group_concat(json_extract(canonical, '\$.event'))
		from journal where canonical like '%revoked_at%'")" = hold,release,hold,revoke ]
}

@test "what was not issued here is refused" {
	subca init other --subject "CN=Other" --key ec:P-256 --quiet
	subca sign -C other --yes --quiet --profile zia -o o.pem --chain oc.pem zia.csr
	refused 3 "was not issued by this CA" --reason superseded o.pem
	refused 3 "no serial" --reason superseded 0badbadbad
	# A certificate that only claims a serial of this CA.
	openssl req -x509 -key zia.key -subj "/CN=x" -set_serial "0x$serial" -out forged.pem
	refused 3 "is not the certificate that this CA issued" --reason superseded forged.pem
	refused 4 "" --reason superseded zia.csr
	refused 3 "" --reason superseded ./absent.pem
	: > empty.pem
	refused 4 "" --reason superseded ./empty.pem
}

@test "the root itself is refused" {
	refused 1 "is this CA itself" --reason cACompromise root/ca.pem
}

@test "options that contradict each other are refused" {
	refused 2 "needs a reason" "$serial"
	refused 2 "exclude each other" --hold --release "$serial"
	refused 2 "no other reason" --hold --reason superseded "$serial"
	refused 2 "belongs to a compromise" --reason superseded --compromise-date 2026-11-24 "$serial"
	refused 2 "" --reason removeFromCRL "$serial"
	refused 2 "" --reason certificateHold "$serial"
	refused 1 "in the future" --reason superseded --invalidity-date 2999-01-01 "$serial"
	refused 1 "notBefore" --reason superseded --invalidity-date 1999-01-01 "$serial"
	refused 2 "" --reason superseded --invalidity-date yesterday "$serial"
}

@test "a clock that went backwards is refused, or let through with a word in the journal" {
	run faketime -f -1d "$SUBCA" revoke -C root --yes --reason superseded "$serial"
	[ "$status" -eq 1 ]
	[[ $output == *"clock"*"--clock-ok"* ]]
	[ "$(state_of "$serial" state)" = issued ]
	faketime -f -1d "$SUBCA" revoke -C root --yes --reason superseded --clock-ok "$serial"
	[ "$(state_of "$serial" state)" = revoked ]
	[ "$(sqlite3 -readonly root/store.db "select count(*) from journal where canonical like '%clock-ok%'")" = 1 ]
}

@test "a store that cannot be written says so" {
	[ "$(id -u)" -eq 0 ] || { chmod 500 root; refused 10 "" --reason superseded "$serial"; chmod 700 root; return; }
	chmod 400 root/store.db
	command -v setpriv > /dev/null || skip "setpriv is missing"
	[ "${SUBCA_TEST_BACKEND-}" != token ] || skip "the suite's token is its owner's alone"
	chown -R 65534 . && chmod 500 root
	run setpriv --reuid 65534 --clear-groups "$SUBCA" revoke -C root --yes --reason superseded "$serial"
	[ "$status" -eq 10 ]
}

@test "JSON says what was done" {
	output=$(subca revoke -C root --yes --json --reason superseded "$serial"); status=$?
	[ "$status" -eq 0 ]
	[ "$(jq -r '.schema, .action, .certificate.state, .certificate.revocation_reason' <<< "$output" | paste -sd,)" = \
		subca.revoke/1,revoke,revoked,superseded ]
	[ "$(jq '.findings | length' <<< "$output")" -ge 3 ]
}
