# subca list: what a CA issued.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
	export SUBCA_PASSPHRASE=test-only
	"$SUBCA" init ca --subject "C=DE,O=Example,CN=Example Root" --key ec:P-256 --yes --quiet
	for name in One Two; do
		openssl req -new -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr \
			-subj "/C=DE/O=Example Gesellschaft/OU=Department of Intermediates/CN=$name" 2>/dev/null
		"$SUBCA" -C ca sign $name.csr --profile zia --yes --quiet -o $name.pem
	done
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
}

@test "the newest first, in 80 columns, the end of the subject kept" {
	run -0 "$SUBCA" -C ca list
	[[ ${lines[0]} == "SERIAL "* ]]
	[[ ${lines[1]} == *" issued   zia "*"CN=Two" ]]
	[[ ${lines[2]} == *" issued   zia "*"CN=One" ]]
	[[ ${lines[3]} == *" root "*"CN=Example Root" ]]
	[ ${#lines[@]} = 4 ]
	[ "$(LC_ALL=C.UTF-8 grep -cE '.{81}' <<<"$output")" -eq 0 ]
}

@test "--limit, --state and SUBCA_DIR" {
	SUBCA_DIR=ca run -0 "$SUBCA" list --limit 1 --quiet
	[ ${#lines[@]} = 1 ]
	[[ $output == *CN=Two ]]
	run -0 --separate-stderr "$SUBCA" -C ca list --state=failed
	[ -z "$output" ]
	[ "$stderr" = "no certificate to list" ]
	run -2 "$SUBCA" -C ca list --state isued
	[[ $output == *"did you mean issued?"* ]]
	run -2 "$SUBCA" -C ca list --limit 0
}

@test "--json has everything whole" {
	run -0 "$SUBCA" -C ca list --json
	python3 - "$output" <<-'END'
		import json, sys
		d = json.loads(sys.argv[1])
		assert d["schema"] == "subca.list/1", d
		assert [c["profile"] for c in d["certificates"]] == ["zia", "zia", "root"], d
		assert all(len(c["serial"]) > 20 for c in d["certificates"]), d
		assert "OU=Department of Intermediates" in d["certificates"][0]["subject"], d
	END
	run -0 "$SUBCA" -C ca list --json --state revoked
	python3 -c 'import json, sys; assert json.loads(sys.argv[1])["certificates"] == []' "$output"
}

@test "where there is no CA" {
	mkdir -p empty
	run -3 "$SUBCA" -C empty list
	[[ $output == "subca: empty: "* ]]
	run -3 --separate-stderr "$SUBCA" -C empty list --json
	[[ $output == *'"schema": "subca.error/1"'* ]]
}

@test "a full disk behind standard output" {
	run -10 bash -c '"$SUBCA" -C ca list >/dev/full'
	run -10 bash -c '"$SUBCA" -C ca list --json >/dev/full'
}
