# subca journal: the record of every change, and what is done to it.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR SUBCA_PASSPHRASE
	for name in one two; do
		"$SUBCA" init $name --subject "CN=Root $name" --key ec:P-256 --no-passphrase --yes -q
	done
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out r.csr \
		-subj "/CN=Below" 2>/dev/null
	"$SUBCA" -C one journal checkpoint -o before.pem -q >paper
	"$SUBCA" -C one sign r.csr --profile subordinate-ca --yes -q -o below.pem --chain chain.pem
	"$SUBCA" -C one journal checkpoint -o after.pem -q >/dev/null
}

setup() {
	unset SUBCA_DIR SUBCA_PASSPHRASE
	cd "$BATS_TEST_TMPDIR"
	cp -r "$BATS_FILE_TMPDIR/." .
}

# The guards of the store are against accidents; whoever means it drops them.
tamper() {
	sqlite3 one/store.db "drop trigger journal_keep; drop trigger journal_fixed; $1"
}

@test "show: each row, in 80 columns, and from a time on" {
	run -0 subca -C one journal show
	[[ ${lines[0]} == "ROW "*"EVENT "* ]]
	[[ ${lines[1]} == "1 "*" create"* ]]
	[[ ${lines[2]} == "2 "*" reserve "*"  CN=Root one" ]]
	[ "${#lines[@]}" -eq 7 ]
	[ "$(LC_ALL=C.UTF-8 grep -cE '.{81}' <<<"$output")" -eq 0 ]
	run -0 --separate-stderr subca -C one journal show --since 2100-01-01
	[ -z "$output" ]
	[ "$stderr" = "no row to show" ]
	run -2 subca -C one journal show --since yesterday
}

@test "show --json has the text that was hashed: the chain can be computed without subca" {
	subca -C one journal show --json >rows
	subca -C one journal verify --json >head.json
	python3 - <<-'END'
		import hashlib, json
		rows = json.load(open("rows"))
		assert rows["schema"] == "subca.journal/1", rows
		last = bytes(32)
		for n, row in enumerate(rows["rows"], 1):
		    last = hashlib.sha256(last + row["canonical"].encode()).digest()
		    assert (row["row"], row["hash"]) == (n, last.hex()), row
		    assert row["entry"] == json.loads(row["canonical"]), row
		head = json.load(open("head.json"))["head"]
		assert (head["row"], head["hash"]) == (n, last.hex()), head
	END
}

@test "verify: the head, and that nothing was done to it" {
	run -0 subca -C one journal verify
	[[ ${lines[0]} == "Journal: 6 rows, each follows from the one before it." ]]
	[[ ${lines[1]} =~ ^Head:\ +6:(\ [0-9a-f]{4}){10}$ ]]
	run -0 subca -C one journal verify --quiet
	[ -z "$output" ]
}

@test "verify: an edit, a removal and a reorder, each named" {
	tamper "update journal set canonical = replace(canonical, 'Below', 'Above') where seq = 5"
	run -7 subca -C one journal verify
	[[ $output == *"journal row 5 does not follow from the one before it"* ]]
	cp "$BATS_FILE_TMPDIR/one/store.db" one/
	tamper "delete from journal where seq = 3"
	run -7 subca -C one journal verify
	[[ $output == *"journal row 3 is missing"* ]]
	cp "$BATS_FILE_TMPDIR/one/store.db" one/
	tamper "update journal set seq = 9 where seq = 3; update journal set seq = 3 where seq = 4;
		update journal set seq = 4 where seq = 9"
	run -7 subca -C one journal verify
	[[ $output == *"journal row 3 holds the text of another row"* ]]
	run -7 subca -C one journal checkpoint
}

@test "a tail that was cut off shows against a checkpoint alone" {
	tamper "delete from journal where seq > 4"
	run -0 subca -C one journal verify --checkpoint before.pem
	[[ ${lines[0]} == "Checkpoint of row 4 holds, and is signed by this CA." ]]
	run -7 subca -C one journal verify --checkpoint before.pem --checkpoint after.pem
	[[ $output == *"ends at row 4, but there was a row 6: its tail was cut off"* ]]
}

@test "a history that was rewritten whole shows against a checkpoint, signed or on paper" {
	written=$(grep -o '4: .*' paper)
	run -0 subca -C one journal verify --checkpoint "$written"
	[[ ${lines[0]} == "Checkpoint of row 4 holds." ]]
	cp two/store.db one/store.db
	run -0 subca -C one journal verify
	run -7 subca -C one journal verify --checkpoint "$written"
	[[ $output == *"journal row 4 is not the one that the checkpoint names"* ]]
	run -7 subca -C one journal verify --checkpoint before.pem
}

@test "OpenSSL alone proves a checkpoint, and not one that was changed" {
	openssl cms -verify -inform PEM -purpose any -CAfile one/ca.pem -in after.pem >text
	[ "$(sed -n 1p text)" = "subca checkpoint" ]
	[ "$(sed -n 2p text)" = "certificate $(openssl x509 -in one/ca.pem -outform DER |
		sha256sum | cut -d' ' -f1)" ]
	[ "$(sed -n 4p text)" = "row 6" ]
	[ "$(sed -n 5p text)" = "hash $(subca -C one journal verify --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["head"]["hash"])')" ]
	run -4 openssl cms -verify -inform PEM -purpose any -CAfile two/ca.pem -in after.pem
	openssl cms -cmsout -inform PEM -in after.pem -outform DER |
		LC_ALL=C sed 's/row 6/row 5/' >changed.der
	run -4 openssl cms -verify -inform DER -purpose any -CAfile one/ca.pem -in changed.der
	run -1 subca -C one journal verify --checkpoint changed.der
	[[ $output == *"not signed by this CA's key"* ]]
}

@test "checkpoints of other CAs, and what is none" {
	run -1 subca -C two journal verify --checkpoint before.pem
	run -4 subca -C one journal verify --checkpoint one/ca.pem
	run -4 subca -C one journal verify --checkpoint "4: 1234"
	run -3 subca -C one journal verify --checkpoint missing.pem
	head -c 70000 /dev/zero >large
	run -4 subca -C one journal verify --checkpoint large
	# By the same key, but over another text; on a token only subca has it.
	[ "${SUBCA_TEST_BACKEND-}" != token ] || return 0
	echo "row 6" >text
	openssl cms -sign -nodetach -noattr -binary -signer one/ca.pem -inkey one/private/ca.key \
		-outform PEM -in text -out other.pem
	run -4 subca -C one journal verify --checkpoint other.pem
	[[ $output == *"what is signed is not a checkpoint"* ]]
}

@test "RSA and P-384 keys; Ed25519 is refused in words" {
	for key in rsa:3072 ec:P-384; do
		subca init "ca-$key" --subject "CN=Root" --key "$key" --no-passphrase --yes -q
		subca -C "ca-$key" journal checkpoint >"signed-$key"
		openssl cms -verify -inform PEM -purpose any -CAfile "ca-$key/ca.pem" \
			-in "signed-$key" >/dev/null
		run -0 subca -C "ca-$key" journal verify --checkpoint "signed-$key"
	done
	subca init ed --subject "CN=Root" --key ed25519 --no-passphrase --yes -q
	run -1 subca -C ed journal checkpoint
	[[ $output == *"signs no CMS with this kind of key; write down what"* ]]
}

@test "nothing is overwritten, nothing is changed, and the command line is judged" {
	before=$(sha256sum one/store.db)
	run -9 subca -C one journal checkpoint -o after.pem
	run -2 subca -C one journal verfy
	[[ $output == *"did you mean verify?"* ]]
	run -2 subca -C one journal show --checkpoint before.pem
	run -2 subca -C one journal
	chmod 500 one
	run -0 subca -C one journal verify
	chmod 700 one
	[ "$(sha256sum one/store.db)" = "$before" ]
}
