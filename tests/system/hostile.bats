#!/usr/bin/env bats
# What the world does to init and sign: two processes at once, full disks, broken folders, hostile requests.

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key ec:P-256 --days 1000
	openssl ecparam -name prime256v1 -genkey -noout -out key
	openssl genrsa -out zia.key 2048
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct
	cp -r "$BATS_FILE_TMPDIR"/{root,key,zia.key} .
}

# request FILE SUBJECT [openssl req options]
request() {
	local file=$1 subject=$2
	shift 2
	openssl req -new -key zia.key -out "$file" -subj "$subject" "$@"
}

# refused EXIT-CODE WORDS ARGUMENT…: signing fails so, and leaves no file and no row.
refused() {
	local code=$1 words=$2 before
	shift 2
	before=$(ls -A; rows root)
	run subca sign -C root --yes --profile "${profile:-zia}" --days 300 "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ $output == *"$words"* ]] || { echo "$output"; return 1; }
	[ "$(ls -A; rows root)" = "$before" ]
}

@test "eight that sign one request at once make one certificate" {
	request zia.csr "/CN=Inspection"
	for n in $(seq 8); do
		{
			code=0
			subca sign -C root --yes --quiet --profile zia --days 300 -o "$n.pem" \
				--chain "$n-chain.pem" zia.csr 2> "$n.err" || code=$?
			echo $code > "$n.code"
		} &
	done
	wait
	cat ./*.err
	[ "$(cat ./*.code | sort -n | tr -d '\n')" = 01111111 ]
	[ "$(rows root)" -eq 2 ]
	[ "$(ls ./[1-8].pem | wc -l)" -eq 1 ]
}

@test "an interrupted signing is named, and the same request needs a reason" {
	request zia.csr "/CN=Inspection"
	subca sign -C root --yes --quiet --profile zia --days 300 zia.csr
	sqlite3 root/store.db "drop trigger cert_move;
		update cert set state = 1, der = '', finished_at = 0 where profile = 'zia'"
	rm zia.pem zia-chain.pem
	refused 1 "is being signed already" zia.csr
	profile=zpa refused 1 "one key never serves both portals" zia.csr
	subca sign -C root --yes --quiet --profile zia --days 300 --reissue "power cut" zia.csr
}

@test "a first serial that is none leaves nothing" {
	for serial in 0x0 0x00 0x 1000 0xzz "0x10 " "0x$(printf 'f%.0s' {1..40})" "0x1$(printf '0%.0s' {1..40})"; do
		run subca init a --subject CN=x --key ec:P-256 --serial "$serial"
		[ "$status" -eq 2 ] || { echo "$serial: $status $output"; return 1; }
		[ ! -e a ]
	done
	subca init a --subject CN=x --key ec:P-256 --serial "0x7$(printf 'f%.0s' {1..38})"
	[ "$(rows a)" -eq 1 ]
}
