# subca profile: what profiles there are, what one says, whether a file is one.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	unset SUBCA_DIR
}

@test "list shows the shipped profiles in 80 columns, --quiet the names alone" {
	run -0 "$SUBCA" profile list
	[[ $output == "PROFILE "* ]]
	[ "$(grep -E '.{81}' <<<"$output")" = "" ]
	run -0 "$SUBCA" profile list --quiet
	for name in root subordinate-ca zia zia-hsm zpa server client ocsp cross; do
		grep -qx "$name" <<<"$output"
	done
}

@test "a profile of the CA's own hides the shipped one" {
	mkdir -p ca/profiles
	printf 'extends = "zia"\ndescription = "ours"\n' >ca/profiles/zia.conf
	run -0 "$SUBCA" -C ca profile show zia
	[[ $output == *"what for:       ours"* ]]
	[[ $output == *"path length 1"* ]]
	SUBCA_DIR=ca run -0 "$SUBCA" profile list --json
	[ "$(grep -c '"name": "zia",' <<<"$output")" = 1 ]
	[[ $output == *'"description": "ours"'* ]]
}

@test "a broken profile is listed as such, and the list ends with its exit code" {
	mkdir -p ca/profiles
	echo 'no_such_key = 1' >ca/profiles/mine.conf
	run -4 --separate-stderr "$SUBCA" -C ca profile list
	grep -q '^mine  *broken' <<<"$output"
	grep -q '^zpa' <<<"$output"
	run -4 --separate-stderr "$SUBCA" -C ca profile list --json
	python3 - "$output" <<-'END'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["error"]["status"] == "input", d
		assert [p for p in d["profiles"] if p["name"] == "mine" and "problem" in p], d
	END
}

@test "show gives JSON that names its schema" {
	run -0 "$SUBCA" profile show zpa --json
	python3 - "$output" <<-'END'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["schema"] == "subca.profile/1" and d["path_length"] == 0, d
	END
}

@test "check says where a file is wrong" {
	printf 'kind = "leaf"\ndayz = 3\n' >bad.conf
	run -4 "$SUBCA" profile check bad.conf
	[[ $output == *"bad.conf: line 2"* ]]
	run -3 "$SUBCA" profile check absent.conf
	run -0 "$SUBCA" profile check "$SUBCA_TEMPLATES/zia.conf"
}

@test "mistakes are met with the nearest word or the usage" {
	run -2 "$SUBCA" profile lsit
	[[ $output == *"did you mean list?"* ]]
	run -3 "$SUBCA" profile show zai
	[[ $output == *"did you mean 'zia'?"* ]]
	run -2 "$SUBCA" profile show
	run -2 "$SUBCA" profile list zia
	run -2 "$SUBCA" profile
}
