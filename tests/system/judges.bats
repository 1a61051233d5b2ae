#!/usr/bin/env bats
# Every chain and every kind of CRL that subca makes, before the judges that Debian ships:
# tests/crosscheck/judges.py.

bats_require_minimum_version 1.5.0

load helper

# What is not there, in words; Bats 1.8 takes no skip from setup_file.
lacking() {
	for tool in openssl certtool botan vfychain certutil crlutil pki java faketime; do
		command -v "$tool" >/dev/null || echo "$tool is not installed"
	done
	/usr/bin/python3 -c 'import cryptography' 2>/dev/null || echo "python3-cryptography is not installed"
	! pki --verify --help 2>&1 | grep -q "plugin 'openssl': failed" ||
		echo "strongSwan's openssl plugin is not installed"
}

setup_file() {
	LACKING=$(lacking | head -n 1)
	export LACKING
	[ -z "$LACKING" ] || return 0
	export MADE="$BATS_FILE_TMPDIR/made"
	unset SUBCA_DIR SUBCA_PASSPHRASE
	timeout 240 /usr/bin/python3 "$SUBCA_TOP/tests/crosscheck/judges.py" make "$MADE"
}

setup() {
	[ -z "$LACKING" ] || skip "$LACKING"
	in_scratch
}

# Debian's own Python, whose ssl stands on the OpenSSL that everything else here has.
judges() { timeout 240 /usr/bin/python3 "$SUBCA_TOP/tests/crosscheck/judges.py" judge "$@"; }

@test "what subca makes is good to every judge, but for the reasons given, and what is spoilt to none" {
	run judges "$MADE" "$SUBCA_TOP/tests/crosscheck/refusals.txt"
	echo "$output"
	[ "$status" -eq 0 ]
	# Nine profiles, each with every key that it takes, from four kinds of root; four kinds of CRL.
	[ "${lines[0]}" = "156 chains and CRLs, 28 spoilt ones" ]
	local judge
	for judge in certtool cryptography java openssl subca; do
		[[ $output =~ $judge\ +takes\ 156\ of\ 156,\ refuses\ 28\ of\ 28 ]]
	done
	for judge in nss strongswan; do [[ $output =~ $judge\ +.*refuses\ 28\ of\ 28 ]]; done
	# No command of Botan's reads a CRL, and no TLS end takes an OCSP responder.
	for judge in botan python; do [[ $output =~ $judge\ +.*refuses\ 20\ of\ 20 ]]; done
}

@test "a spoilt one that is taken, a refusal without a reason and a reason without need would show" {
	mkdir -p few/cases few/crls
	cp -r "$MADE/cases/server-ec:P-256-by-ec:P-384" few/cases
	cp -r "$MADE/cases/server-ec:P-256-by-ec:P-384" few/cases/spoilt-not
	cp -r "$MADE/cases/spoilt-issuer-server-ec:P-256-by-ec:P-384" few/cases/wrong
	cp -r "$MADE/crls/crl-full-by-ec:P-384" few/crls/spoilt-neither
	cp -r "$MADE/crls/crl-full-by-ec:P-384" few/crls/tale
	echo "superseded held" >few/crls/tale/revoked
	cp -r "$MADE/crls/spoilt-signature-crl-by-ec:P-384" few/crls/forged
	printf '%s\n' 'nss server-*: no reason at all' 'java none: none' >reasons
	run judges few reasons
	echo "$output"
	[ "$status" -eq 1 ]
	local judge
	for judge in botan certtool cryptography java nss openssl python strongswan subca; do
		[[ $output == *"spoilt-not: $judge takes it"* ]]
		[[ $output == *"wrong: $judge refuses it, and no reason is given"* ]]
	done
	for judge in certtool cryptography java nss openssl strongswan subca; do
		[[ $output == *"spoilt-neither: $judge takes it"* ]]
		[[ $output == *"tale: $judge refuses it"* ]]
		[[ $output == *"forged: $judge refuses it"* ]]
	done
	[[ $output == *"nss takes it, and has a reason not to: no reason at all"* ]]
	[[ $output == *"no case needs the reason: none"* ]]
	[[ $output != *"server-ec:P-256-by-ec:P-384: openssl"* ]]
}
