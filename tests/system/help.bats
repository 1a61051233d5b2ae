# What subca says about itself, from the tables that it parses with.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	unset SUBCA_DIR NO_COLOR
}

@test "help lists every command, and each explains itself in 80 columns" {
	run -0 "$SUBCA" help
	[[ $output == *"Commands:"* ]]
	names=$("$SUBCA" help --json | python3 -c \
		'import json, sys; print(*[c["command"] for c in json.load(sys.stdin)["commands"]])')
	[ -n "$names" ]
	for name in $names; do
		[[ $output == *"  $name "* ]]
		"$SUBCA" help "$name" >one
		"$SUBCA" "$name" --help >two
		cmp one two
		grep -q "^usage: subca $name " one
		[ "$(grep -E '.{81}' one)" = "" ]
	done
}

@test "--version, also before anything else" {
	run -0 "$SUBCA" --version
	[[ $output =~ ^subca\ [0-9]+\.[0-9]+ ]]
	run -0 "$SUBCA" -V
}

@test "no command at all is a usage error that says where the help is" {
	run -2 "$SUBCA"
	[ "$output" = "subca: no command is given; 'subca help' lists the commands" ]
	run -0 "$SUBCA" --help
	[[ $output == "usage: subca COMMAND"* ]]
}

@test "the nearest command is suggested" {
	run -2 "$SUBCA" hlep
	[[ $output == *"did you mean 'subca help'?"* ]]
	run -2 "$SUBCA" help hlep
	[[ $output == *"did you mean 'subca help'?"* ]]
	run -2 "$SUBCA" xyzzy
	[[ $output != *"did you mean"* ]]
}

@test "a command that does not exist cannot write to the terminal" {
	run -2 "$SUBCA" $'\e[31mred'
	[[ $output == *'\x1B[31mred'* ]]
}

@test "help exit-codes names each code once" {
	run -0 "$SUBCA" help exit-codes
	[ "$(awk '{ print $1 }' <<<"$output" | sort | uniq -d)" = "" ]
	[[ $output == "  0  done"* ]]
	[[ $output == *" 70  "* ]]
}
