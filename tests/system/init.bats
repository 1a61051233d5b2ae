#!/usr/bin/env bats
# subca init: roots and intermediates of our own, what is refused, and what an interruption leaves.

load helper

setup() { in_scratch; export SUBCA_PASSPHRASE=correct; }

@test "a root of each key type is a strict CA and verifies itself" {
	for key in rsa:3072 ec:P-256 ec:P-384 ed25519; do
		subca init "root-${key/:/-}" --subject "C=DE,O=Example,CN=Root $key" --key "$key"
		openssl verify -x509_strict -check_ss_sig -CAfile "root-${key/:/-}/ca.pem" \
			"root-${key/:/-}/ca.pem"
	done
}

@test "the key file is encrypted, private, and opens with the passphrase only" {
	needs_key_file
	subca init root --subject "CN=Root" --key ec:P-256
	[ "$(stat -c %a root/private/ca.key)" = 600 ]
	grep -q "BEGIN ENCRYPTED PRIVATE KEY" root/private/ca.key
	openssl pkey -in root/private/ca.key -passin pass:correct -noout
	run openssl pkey -in root/private/ca.key -passin pass:wrong -noout
	[ "$status" -ne 0 ]
}

@test "days are exact to the second" {
	subca init root --subject "CN=Root" --key ec:P-256 --days 100
	from=$(date -d "$(openssl x509 -in root/ca.pem -noout -startdate | cut -d= -f2)" +%s)
	until=$(date -d "$(openssl x509 -in root/ca.pem -noout -enddate | cut -d= -f2)" +%s)
	[ $((until - from + 1)) -eq $((100 * 86400)) ]
}

@test "an intermediate is signed by its parent, recorded there, and comes with its chain" {
	subca init root --subject "O=Example,CN=Root" --key ec:P-256
	SUBCA_PARENT_PASSPHRASE=correct subca init issuing --parent root \
		--subject "O=Example,CN=Issuing" --key ec:P-256 --days 30
	openssl verify -x509_strict -CAfile root/ca.pem issuing/ca.pem
	[ "$(grep -c BEGIN issuing/chain.pem)" -eq 2 ]
	[ "$(rows root)" -eq 2 ]
}

@test "a wrong passphrase of the parent leaves no folder and spends no serial" {
	subca init root --subject "CN=Root" --key ec:P-256
	SUBCA_PARENT_PASSPHRASE=wrong run subca init issuing --parent root --subject "CN=I" --key ec:P-256
	[ "$status" -eq 5 ]
	[ ! -e issuing ]
	[ "$(rows root)" -eq 1 ]
}

@test "what cannot be made is refused with its kind of exit code and leaves nothing" {
	run subca init a --subject "CN"
	[ "$status" -eq 2 ]
	run subca init a --subject "C=Germany,CN=x"
	[ "$status" -eq 2 ]
	run subca init a --key rsa:1024 --subject "CN=x"
	[ "$status" -eq 2 ]
	run subca init a --profile zia --subject "CN=x" --key ec:P-256
	[ "$status" -eq 1 ]
	run subca init a --profile nosuch --subject "CN=x" --key ec:P-256
	[ "$status" -eq 3 ]
	run subca init a --days 99999 --subject "CN=x" --key ec:P-256
	[ "$status" -eq 2 ]
	run subca init a --days 20000 --subject "CN=x" --key ec:P-256
	[ "$status" -eq 1 ]
	run subca init no/such/folder --subject "CN=x" --key ec:P-256
	[ "$status" -eq 3 ]
	run subca init a --subject "CN=x" --crl-url 'http://x/"; key = "y'
	[ "$status" -eq 2 ]
	[ -z "$(ls -A)" ]
}

@test "a folder with something in it is left alone" {
	mkdir root
	echo precious > root/file
	run subca init root --subject "CN=x" --key ec:P-256
	[ "$status" -eq 9 ]
	[ "$(ls -A root)" = file ]
}

# Kills an init at its n-th fsync; prints nothing where it got through.
interrupt() {
	strace -f -o trace -e trace=fsync -e inject=fsync:signal=KILL:when="$1" \
		"$SUBCA" init root --subject "CN=Root" --key ec:P-256 > out 2>&1 || true
	grep -q killed trace
}

@test "an init killed at any fsync is seen, and can be resumed" {
	command -v strace > /dev/null || skip "no strace here"
	interrupted=0
	for n in $(seq 1 40); do
		rm -rf root
		interrupt "$n" || break
		[ -e root/init.conf ] || continue
		interrupted=$((interrupted + 1))
		run subca init below --parent root --subject CN=Below --key ec:P-256
		[ "$status" -eq 7 ]
		subca init root --resume
		[ ! -e root/init.conf ]
		openssl verify -x509_strict -check_ss_sig -CAfile root/ca.pem root/ca.pem
		sqlite3 root/store.db "select count(*) from cert where state = 2" | grep -qx 1
	done
	[ "$interrupted" -gt 5 ]
}

@test "a half-made CA can be removed, a finished one cannot" {
	command -v strace > /dev/null || skip "no strace here"
	interrupt 6
	[ -e root/init.conf ]
	subca init root --discard --yes
	[ -z "$(ls -A root)" ]
	subca init root --subject "CN=Root" --key ec:P-256
	run subca init root --discard --yes
	[ "$status" -eq 3 ]
	[ -e root/ca.pem ]
}

@test "a clock behind the parent's journal: refused, or on record there" {
	export SUBCA_PARENT_PASSPHRASE=correct
	subca init root --subject "CN=Root" --key ec:P-256 --quiet
	events() { sqlite3 -readonly root/store.db "select group_concat(json_extract(canonical, '$.event'), ' ') from journal"; }
	faketime -f +2d "$SUBCA" init later --parent root --subject CN=Later --key ec:P-256 --days 9 --quiet
	before=$(events)
	run subca init below --parent root --subject CN=Below --key ec:P-256 --days 9
	[ "$status" -eq 1 ]
	[[ $output == *"clock: says"*"--clock-ok"* ]]
	[ ! -e below ]
	[ "$(events)" = "$before" ]
	subca init below --parent root --subject CN=Below --key ec:P-256 --days 9 --clock-ok
	[ "$(events)" = "$before clock-ok reserve issue" ]
}
