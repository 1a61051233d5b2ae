# The command line as a whole: where options may stand, what failures look like to a script.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	unset SUBCA_DIR NO_COLOR
}

@test "common options stand before and after the command" {
	"$SUBCA" --json help exit-codes >before
	"$SUBCA" help --json exit-codes >between
	"$SUBCA" help exit-codes --json >after
	cmp before between
	cmp before after
}

@test "a failure with --json is one document on standard output, and the line for people" {
	run -2 --separate-stderr "$SUBCA" --json hlep
	[[ $stderr == "subca: there is no command 'hlep'; did you mean"* ]]
	python3 - "$output" <<-'END'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["schema"] == "subca.error/1" and d["status"] == "usage", d
		assert d["exit_code"] == 2 and "hlep" in d["what"], d
	END
	run -2 --separate-stderr "$SUBCA" help --jsno --json
	[[ $output == *'"subca.error/1"'* ]]
	run -2 --separate-stderr "$SUBCA" help --jsno
	[ -z "$output" ]
}

@test "an operand too many is named, with the usage" {
	run -2 "$SUBCA" help a b
	[[ $output == "subca: help does not take 'b'; usage: subca help "* ]]
}

@test "what cannot be written is not lost in silence" {
	run -10 bash -c '"$SUBCA" help >/dev/full'
	[[ $output == *"standard output: cannot be written"* ]]
	run -10 bash -c '"$SUBCA" help >&-'
	[[ $output == *"standard output: cannot be written"* ]]
	run -10 bash -c '"$SUBCA" help --json >/dev/full'
	run -0 bash -c '"$SUBCA" help <&-'
}

@test "a reader that leaves does not kill it" {
	# The reader is gone before the first byte is written.
	run -0 bash -c '{ sleep 0.2; "$SUBCA" help 2>err; echo $? >code; } | true; cat code'
	[ "$output" = 10 ]
}

@test "colour on a terminal only, and not against NO_COLOR, --no-color or TERM=dumb" {
	script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip "no pseudo-terminal here"
	on_terminal() { script -qec "$*" /dev/null </dev/null || true; }
	export TERM=xterm
	[[ $(on_terminal "$SUBCA hlep") == *$'\e['* ]]
	[[ $(on_terminal "$SUBCA --no-color hlep") != *$'\e['* ]]
	[[ $(NO_COLOR=1 on_terminal "$SUBCA hlep") != *$'\e['* ]]
	[[ $(TERM=dumb on_terminal "$SUBCA hlep") != *$'\e['* ]]
	run -2 "$SUBCA" hlep
	[[ $output != *$'\e['* ]]
}
