# Completion: the scripts are what the shells themselves make of them.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	unset SUBCA_DIR
	PATH=${SUBCA%/*}:$PATH
}

# What bash would offer for a line with the cursor at its end, one word a line.
offers() {
	bash --norc -c '
		. <(subca completion bash) || exit 1
		COMP_LINE=$1 COMP_POINT=${#1}
		_subca
		(( ${#COMPREPLY[@]} )) && printf "%s\n" "${COMPREPLY[@]}"
		true' bash "$1"
}

names() {
	"$SUBCA" help --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["commands"]:
    print(c["command"])'
}

# Long options with their dashes.
options_of() {
	"$SUBCA" help --json "$1" | python3 -c '
import json, sys
d = json.load(sys.stdin)
for o in d["options"] + d["common_options"]:
    print("--" + o["name"])'
}

@test "bash: every command, and every option of each" {
	[ "$(offers 'subca ' | sort)" = "$(names | sort)" ]
	for name in $(names); do
		[ "$(offers "subca $name --" | sort)" = "$(options_of "$name" | sort)" ]
	done
	[ "$(offers 'subca --ver')" = --version ]
}

@test "bash: values and operands by their kind" {
	mkdir folder
	: >file
	[ "$(offers 'subca -C fo')" = folder ]
	[ "$(offers 'subca -C fi')" = "" ]
	[ "$(offers 'subca --directory=fo')" = folder ]
	[ "$(offers 'subca -C folder compl')" = completion ]
	[ "$(offers 'subca completion f')" = fish ]
	[ "$(offers 'subca completion fish f')" = "" ]
	[ "$(offers 'subca help exit')" = exit-codes ]
	[ "$(offers 'subca profile show zp')" = zpa ]
	[ "$(offers 'subca -- compl')" = completion ]
}

@test "bash: is taken by complete, and uses nothing of bash-completion" {
	run -0 bash --norc -c '. <(subca completion bash) && complete -p subca'
	[ "$output" = "complete -F _subca subca" ]
}

@test "zsh: parses, and registers itself" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	subca completion zsh >_subca
	zsh -n _subca
	run -0 zsh -f -c 'autoload -Uz compinit; compinit -u -D; . ./_subca; print $_comps[subca]'
	[ "$output" = _subca ]
	for name in $(names); do
		for option in $(options_of "$name"); do
			grep -q -- "$option" _subca
		done
	done
}

@test "fish: parses, and offers commands, operands and options" {
	command -v fish >/dev/null || skip "fish is not installed"
	export HOME=$PWD XDG_CONFIG_HOME=$PWD XDG_DATA_HOME=$PWD
	subca completion fish >subca.fish
	fish -n subca.fish
	fish_offers() { fish -N -c 'source subca.fish; complete -C $argv[1]' "$1" | cut -f1; }
	[ "$(fish_offers 'subca ' | sort)" = "$(names | sort)" ]
	[ "$(fish_offers 'subca help exit')" = exit-codes ]
	[ "$(fish_offers 'subca -C /tmp profile show zp')" = zpa ]
	for name in $(names); do
		[ "$(fish_offers "subca $name --" | sort)" = "$(options_of "$name" | sort)" ]
	done
}

@test "a shell it does not know" {
	run -2 "$SUBCA" completion tcsh
	[[ $output == *"it knows bash, zsh and fish"* ]]
	run -2 "$SUBCA" completion
	[[ $output == *"completion needs bash|zsh|fish"* ]]
}
