#!/usr/bin/env bats
# tests/bench/bench in miniature: that it measures, and what it writes. No speed is judged.

bats_require_minimum_version 1.5.0

load helper

setup_file() {
	LACKING=
	for tool in fill-store measure; do
		[ -x "$SUBCA_BUILD/tests/bench/$tool" ] || LACKING="tests/bench/$tool is not built"
	done
	export LACKING
	[ -z "$LACKING" ] || return 0
	# The figures of a run by hand stay where they are.
	export REAL_BUILD=$SUBCA_BUILD SUBCA_BUILD="$BATS_FILE_TMPDIR"
	ln -s "$REAL_BUILD/tests" "$SUBCA_BUILD/tests"
	unset SUBCA_DIR SUBCA_PASSPHRASE
	timeout 200 "$SUBCA_TOP/tests/bench/bench" --mini --only list
	timeout 200 "$SUBCA_TOP/tests/bench/bench" --mini --only sign,crl,import
}

setup() { [ -z "$LACKING" ] || skip "$LACKING"; }

@test "the figures of each part are there, with machine, goal and whether it was reached" {
	python3 - "$SUBCA_BUILD/bench/bench.json" <<-'END'
		import json, sys
		d = json.load(open(sys.argv[1], encoding="utf-8"))
		assert d["schema"] == "subca.bench/1" and d["size"] == "mini", d
		assert all(d["machine"][k] for k in ("cpu", "cores", "kernel", "file_system", "openssl", "subca"))
		# What ran before stays beside what ran now.
		assert list(d["parts"]) == ["sign", "crl", "import", "list"], list(d["parts"])
		for rows in d["parts"].values():
		    assert rows
		    for r in rows:
		        assert r["work"] and r["subca"] > 0 and r["unit"] in ("ms", "/s", "MiB"), r
		        assert (r["other"] is None) == (r["ratio"] is None), r
		        assert r["other"] is None or abs(r["ratio"] - r["subca"] / r["other"]) < 1e-9, r
		        assert (r["goal"] == "") == (r["reached"] is None), r
		peers = {r["beside"]: r for r in d["parts"]["sign"]}
		assert {"openssl ca", "openssl x509 -req"} <= set(peers), peers
		assert all(r["lacks"] and r["peak_mib"] > 1 for r in peers.values())
	END
}

@test "the table has a line for each, and names the machine" {
	run cat "$SUBCA_BUILD/bench/bench.md"
	[[ ${lines[0]} == *" cores, Linux "*"subca "*"; mini" ]]
	[ "$(grep -c '^| ' "$SUBCA_BUILD/bench/bench.md")" -eq \
		"$(python3 -c '
import json, sys
print(2 + sum(map(len, json.load(open(sys.argv[1]))["parts"].values())))' "$SUBCA_BUILD/bench/bench.json")" ]
}

@test "a part that there is none of, and a command that fails, end it in words" {
	run -2 "$SUBCA_TOP/tests/bench/bench" --only nonsense
	[[ $output == *"there is no part nonsense; there are sign, rows, many"* ]]
	SUBCA=/bin/false run -1 "$SUBCA_TOP/tests/bench/bench" --mini --only list
	[[ $output == *"bench: /bin/false init"* ]]
}
