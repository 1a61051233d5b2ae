#!/usr/bin/env bats
# Paths as the verifiers of Debian see them, side by side with subca verify: tests/crosscheck.

bats_require_minimum_version 1.5.0

load helper

# What is not there, in words; Bats 1.8 takes no skip from setup_file.
lacking() {
	for tool in openssl certtool botan vfychain pki java /usr/bin/python3; do
		command -v "$tool" >/dev/null || echo "$tool is not installed"
	done
	! pki --verify --help 2>&1 | grep -q "plugin 'openssl': failed" ||
		echo "strongSwan's openssl plugin is not installed"
}

setup_file() {
	LACKING=$(lacking | head -n 1)
	export LACKING
	[ -z "$LACKING" ] || return 0
	export CASES="$BATS_FILE_TMPDIR/cases"
	mkdir "$CASES"
	"$SUBCA_BUILD/tests/unit/test_path" --write "$CASES" >"$BATS_FILE_TMPDIR/list"
}

setup() {
	[ -z "$LACKING" ] || skip "$LACKING"
	in_scratch
}

# Debian's own Python, whose ssl stands on the OpenSSL that everything else here has.
verifiers() { timeout 240 /usr/bin/python3 "$SUBCA_TOP/tests/crosscheck/verifiers.py" "$@"; }

@test "each verifier says of each chain what the table says, and differs only with a reason" {
	verifiers "$CASES" "$SUBCA_TOP/tests/crosscheck/verdicts.txt"
	[ "$(wc -l <"$BATS_FILE_TMPDIR/list")" -gt 60 ]
}

@test "a wrong verdict, a reason too few and a case too few would show" {
	mkdir few
	cp -r "$CASES/good" "$CASES/signature-leaf" few
	printf '%s\n' 'good + + + + + + + +' 'signature-leaf - - - - - - - -' >right
	local column
	for column in 2 3 4 5 6 7 8 9; do
		awk -v c=$column '$1 == "signature-leaf" { $c = "+" } { print }' right >"wrong$column"
	done
	sed 's/^good + +/good + -/' right >differs
	sed 1d right >lacks
	run verifiers few right wrong? differs lacks
	echo "$output"
	[ "$status" -eq 1 ]
	for column in 2 3 4 5 6 7 8 9; do
		[[ $output == *"wrong$column: signature-leaf: "*" says bad, and not as the table"* ]]
	done
	[[ $output == *"differs: good: openssl differs, and no reason is given"* ]]
	[[ $output == *"lacks: good has no line in the table"* ]]
	[[ $output != *"right: "* ]]
}

@test "what subca takes, all the others take, but for the reasons of the table" {
	local alone
	alone=$(awk '!/^#/ && /^[a-z]/ && $2 == "+" && / -( |$)/ { print $1 }' \
		"$SUBCA_TOP/tests/crosscheck/verdicts.txt" | tr '\n' ' ')
	[ "$alone" = "good-ca good-self-issued " ]
}
