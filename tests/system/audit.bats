# subca audit: an estate with one instance of every fault, and a clean one.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR SUBCA_PASSPHRASE
	"$SUBCA" init ca --subject "CN=Audited Root" --key ec:P-256 --no-passphrase --yes -q
	mkdir -p ca/profiles clean
	printf 'extends = "subordinate-ca";\nbasic_constraints = { path_length = 0; };\n' \
		>ca/profiles/drifts.conf
	for name in issued revoked portal-1 portal-2 drifts nowhere; do
		openssl ecparam -name prime256v1 -genkey -noout -out key-$name
	done
	cp key-portal-1 key-portal-2
	issue issued subordinate-ca
	issue revoked subordinate-ca
	issue portal-1 subordinate-ca
	issue drifts drifts
	issue nowhere subordinate-ca
	"$SUBCA" -C ca journal checkpoint -o checkpoint.pem -q >/dev/null
	cp -r ca clean-ca
	cp issued.pem chain-*.pem clean
	openssl crl2pkcs7 -nocrl -certfile chain-drifts.pem -out clean/chain.p7b
	"$SUBCA" -C clean-ca crl -q 2>/dev/null || true
}

# issue NAME PROFILE: NAME.pem
issue() {
	openssl req -new -key "key-$1" -out "$1.csr" -subj "/CN=The $1"
	"$SUBCA" -C ca sign "$1.csr" --profile "$2" --yes -q -o "$1.pem" --chain "chain-$1.pem"
}

setup() {
	unset SUBCA_DIR SUBCA_PASSPHRASE
	cd "$BATS_TEST_TMPDIR"
	cp -r "$BATS_FILE_TMPDIR"/{ca,clean-ca,clean,checkpoint.pem,issued.pem} .
}

# Rules and certificates of the findings of an audit in JSON, one a line, sorted.
findings() {
	python3 -c '
import json, sys
for f in sorted("%s %s" % (f["rule"], (f["certificate"] or {}).get("subject", "-"))
                for f in json.load(open(sys.argv[1]))["findings"]):
    print(f)' "$1"
}

# A report in JSON against the shape that is documented, and against that shape without a member.
fits_schema() {
	python3 - "$1" <<-'END'
		import json, os, sys
		import jsonschema
		report = json.load(open(sys.argv[1]))
		with open(os.environ["SUBCA_TEMPLATES"] + "/audit.schema.json") as f:
		    schema = json.load(f)
		jsonschema.Draft7Validator.check_schema(schema)
		jsonschema.validate(report, schema)
		del report["summary"]["errors"]
		try:
		    jsonschema.validate(report, schema)
		except jsonschema.ValidationError:
		    sys.exit(0)
		sys.exit("the schema lets anything through")
	END
}

unguard() {
	sqlite3 "$1/store.db" "drop trigger cert_fixed; drop trigger cert_move;
		drop trigger journal_keep; drop trigger journal_fixed; $2"
}

@test "a clean estate: nothing, with every kind of file that holds its certificates" {
	run -0 subca audit -C clean-ca clean --json
	echo "$output" >clean.json
	[ "$(findings clean.json)" = "" ]
	fits_schema clean.json
	run -0 subca audit -C clean-ca clean --checkpoint checkpoint.pem --quiet
	[ "$output" = "CN=Audited Root: in order; 0 errors, 0 warnings, 0 notices; 6 certificates, 0 not examined" ]
}

@test "an estate with one instance of every fault: each is found, once, and nothing else" {
	unguard ca "
		insert into cert (serial, state, profile, portal, subject, subject_der, spki_sha256,
			plan_hash, request_sha256, reason, not_before, not_after, reserved_at)
			select x'7001', 1, profile, portal, 'CN=Unfinished', subject_der, zeroblob(32),
			plan_hash, zeroblob(32), '', not_before, not_after, 1700000000 from cert limit 1;
		update cert set portal = 'zia' where subject = 'CN=The portal-1'"
	openssl req -new -key "$BATS_FILE_TMPDIR/key-portal-2" -out two.csr -subj "/CN=The portal-2"
	subca -C ca sign two.csr --profile subordinate-ca --yes -q -o portal-2.pem --chain c.pem
	subca -C ca revoke "$BATS_FILE_TMPDIR/revoked.pem" --reason superseded --yes -q
	sqlite3 ca/store.db "update cert set portal = 'zpa' where subject = 'CN=The portal-2'"
	sed -i 's/path_length = 0/path_length = 2/' ca/profiles/drifts.conf
	printf 'V\t400101000000Z\t\t1234\tunknown\t/CN=Nobody\n' >ca/index.txt
	python3 "$SUBCA_TOP/tests/system/audit_estate.py" estate ca
	cp "$BATS_FILE_TMPDIR"/{portal-1,drifts,revoked}.pem issued.pem portal-2.pem estate
	run -1 --separate-stderr subca audit -C ca estate --json
	echo "$output" >faults.json
	fits_schema faults.json
	findings faults.json >found

	# Who has the identifier of another key has not made it from its own: lint says so too.
	diff - found <<-'END'
		audit_crl_gap -
		audit_crl_signature -
		audit_crl_stale -
		audit_drift CN=The drifts
		audit_expiring CN=Ending
		audit_file_missing CN=The nowhere
		audit_index_stale -
		audit_issuer_unknown CN=Orphan
		audit_key_several CN=Same key 2
		audit_listed_not_revoked -
		audit_outlives_issuer CN=Outlives
		audit_path_length CN=Too deep
		audit_reserved -
		audit_revoked_not_listed CN=The revoked
		audit_rogue CN=Rogue
		audit_serial_other_bytes CN=Other bytes
		audit_serial_reused CN=Same serial 2
		audit_shared_prime CN=Shared prime 1
		audit_signature CN=Forged
		audit_ski_conflict CN=Same identifier 2
		audit_subject_conflict CN=Same subject
		audit_two_portals CN=The portal-2
		crl_aki_missing -
		csr_key_rsa_small CN=Weak key
		key_usage_not_critical CN=Lint
		ski_method CN=Same identifier 2
	END
}

# What an audit of a changed store finds, by its rule.
audited() {
	run -1 --separate-stderr subca audit -C ca --json "$@"
	echo "$output" >report.json
	findings report.json
}

@test "a journal that was edited, shortened in the middle, reordered or cut" {
	unguard ca "update journal set canonical = replace(canonical, 'drifts', 'shifts')
		where canonical like '%The drifts%'"
	[ "$(audited)" = "audit_journal_broken -" ]
	cp clean-ca/store.db ca/store.db
	unguard ca "delete from journal where seq = 5"
	[ "$(audited)" = "audit_journal_broken -" ]
	cp clean-ca/store.db ca/store.db
	unguard ca "update journal set seq = 99 where seq = 5; update journal set seq = 5 where
		seq = 6; update journal set seq = 6 where seq = 99"
	[ "$(audited)" = "audit_journal_broken -" ]
	# Row and certificate taken away together: nothing in the store tells of it.
	cp clean-ca/store.db ca/store.db
	sqlite3 ca/store.db "drop trigger cert_keep"
	unguard ca "delete from journal where seq > 12; delete from cert where subject = 'CN=The nowhere'"
	run -0 subca audit -C ca -q
	audited --checkpoint checkpoint.pem | grep -qx "audit_checkpoint_broken -"
	[ "$(findings report.json | wc -l)" -eq 1 ]
}

@test "a store that was changed by hand, against its certificates and its journal" {
	unguard ca "update cert set subject_der = x'3000' where subject = 'CN=The issued'"
	[ "$(audited)" = "audit_store_row -" ]
	cp clean-ca/store.db ca/store.db
	sqlite3 ca/store.db "drop trigger cert_keep"
	unguard ca "delete from cert where subject = 'CN=The issued'"
	[ "$(audited)" = "audit_journal_differs -" ]
	# A certificate that this CA did not sign in place of one that it did.
	cp clean-ca/store.db ca/store.db
	openssl x509 -in issued.pem -outform DER -out issued.der
	python3 -c '
der = bytearray(open("issued.der", "rb").read())
der[-1] ^= 1
print("update cert set der = x%r where subject = %r;" % (der.hex(), "CN=The issued"))' >change.sql
	unguard ca "$(<change.sql)"
	audited >found
	diff - found <<-'END'
		audit_journal_differs CN=The issued
		audit_store_signature CN=The issued
	END
}

@test "exit codes, --quiet and --strict tell clean, warnings and errors apart" {
	cp -r clean warned
	printf 'V\t400101000000Z\t\t1234\tunknown\t/CN=Nobody\n' >ca/index.txt
	run -11 --separate-stderr subca audit -C ca warned --quiet
	[[ $output == "CN=Audited Root: warnings; 0 errors, 1 warning, "* ]]
	[ "${#lines[@]}" -eq 1 ]
	run -1 subca audit -C ca warned --strict -q
	rm ca/index.txt
	run -0 subca audit -C ca warned -q
	echo nothing >warned/notes.txt
	run -0 subca audit -C ca warned -q
	[[ $output == *"1 not examined" ]]
	run -1 subca audit -C ca warned -q --strict
}

@test "what is accepted is listed and does not count, until its day" {
	printf 'V\t400101000000Z\t\t1234\tunknown\t/CN=Nobody\n' >ca/index.txt
	cat >accepted.conf <<-'END'
		accepted = (
		    { id = "audit_index_stale"; where = "ca/index.txt"; until = "2999-01-01";
		      by = "A. Auditor"; why = "nobody reads it"; }
		);
	END
	run -0 subca audit -C ca --accept accepted.conf
	[[ $output == *"0 errors, 0 warnings, 0 notices, 1 accepted"* ]]
	[[ $output == *"accepted by A. Auditor until 2999-01-01: nobody reads it"* ]]
	sed -i 's/2999/2020/' accepted.conf
	run -11 subca audit -C ca --accept accepted.conf -q
	sed -i 's/audit_index_stale/audit_index_stael/' accepted.conf
	run -4 subca audit -C ca --accept accepted.conf
	[[ $output == *"accepted.conf: line "*"there is no rule 'audit_index_stael'"* ]]
	echo 'accepted = ( { id = "audit_drift"; } );' >accepted.conf
	run -4 subca audit -C ca --accept accepted.conf
}

@test "--since leaves out what was valid before, and says how much" {
	python3 "$SUBCA_TOP/tests/system/audit_estate.py" estate ca
	run -1 --separate-stderr subca audit estate/root.der estate/weak.pem estate/lint.pem
	[[ $output == *csr_key_rsa_small* && $output == *key_usage_not_critical* ]]
	run -0 subca audit estate/root.der estate/weak.pem estate/lint.pem --since 2999-01-01
	[[ $output != *csr_key_rsa_small* ]]
	[[ $output == *"2 findings about certificates from before --since"* ]]
}

@test "hostile folders: each thing that is not examined is named, with the reason" {
	mkdir -p bad/deep
	ln -s .. bad/deep/circle
	ln -s nowhere bad/dangling
	ln -s bad/dangling bad/self && ln -sf self bad/self
	truncate -s 10G bad/huge.pem
	mkfifo bad/pipe
	: >bad/empty
	cp ca/private/ca.key bad/a.key
	echo "-----BEGIN CERTIFICATE-----" >bad/cut.pem
	printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >bad/garbage.pem
	{ printf '\060\204\001\000\000\000'; head -c 17000000 /dev/zero; } >bad/huge.der
	for i in $(seq 300); do head -c 300 /dev/urandom >"bad/junk-$i"; done
	mkdir bad/locked && cp issued.pem bad/locked && chmod 000 bad/locked
	cp issued.pem bad/good.pem
	timeout 60 "$SUBCA" audit bad ca/ca.pem --json >report.json
	chmod 700 bad/locked
	python3 - <<-'END'
		import json, os
		d = json.load(open("report.json"))
		why = {u["path"]: u["why"] for u in d["not_examined"]}
		for path, words in {
		        "bad/deep/circle": "leads back to a folder above it",
		        "bad/dangling": "cannot be read: No such file",
		        "bad/self": "cannot be read: Too many levels",
		        "bad/huge.pem": "larger than 4 GiB",
		        "bad/huge.der": "larger than 16 MiB",
		        "bad/pipe": "neither a file nor a folder",
		        "bad/empty": "is empty",
		        "bad/a.key": "private key, which is not read",
		        "bad/cut.pem": "damaged PEM",
		        "bad/garbage.pem": "a certificate that cannot be read"}.items():
		    assert words in why[path], (path, why.get(path))
		junk = [p for p in why if "junk-" in p]
		assert len(junk) == 300, len(junk)
		if os.geteuid() != 0:
		    assert "Permission denied" in why["bad/locked"], why
		assert d["summary"]["certificates"] == 2, d["summary"]
		assert d["findings"] == [], d["findings"]
	END
}

@test "a store that is truncated, of a newer version, or not there, and a WAL that is gone" {
	truncate -s 5000 ca/store.db
	run -1 subca audit -C ca
	[[ $output == *"audit_store_unreadable"* && $output == *"Not examined"*"ca/store.db"* ]]
	cp clean-ca/store.db ca/store.db
	sqlite3 ca/store.db "pragma user_version = 99"
	run -1 subca audit -C ca
	[[ $output == *"version 99"*"audit_store_unreadable"* ]]
	rm ca/store.db
	run -1 subca audit -C ca
	[[ $output == *"audit_store_unreadable"* ]]
	# A copy of the store alone while its last rows were in the WAL: its files show it.
	cp clean-ca/store.db ca/store.db
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out late.csr \
		-subj "/CN=Late" 2>/dev/null
	sqlite3 ca/store.db "pragma wal_checkpoint; select 1" >/dev/null
	sqlite3 ca/store.db ".dbconfig no_ckpt_on_close on" "select count(*) from cert" >/dev/null
	cp ca/store.db before.db
	subca -C ca sign late.csr --profile subordinate-ca --yes -q -o late.pem --chain lc.pem
	cp before.db ca/store.db && rm -f ca/store.db-wal ca/store.db-shm
	run -1 subca audit -C ca late.pem
	[[ $output == *"audit_rogue"* ]]
}

@test "read-only: nothing in the CA's folder changes, also where it cannot be written" {
	before=$(find ca -type f -exec sha256sum {} + | sort)
	chmod -R a-w ca
	run -0 subca audit -C ca -q
	chmod -R u+w ca
	[ "$(find ca -type f -exec sha256sum {} + | sort)" = "$before" ]
	rm -rf ca/private
	run -0 subca audit -C ca -q
}

@test "a CA of openssl ca, without importing it" {
	mkdir -p oca/newcerts
	: >oca/index.txt
	echo 7A00000000000000001000 >oca/serial
	cat >oca/openssl.cnf <<-'END'
		[ca]
		default_ca = here
		[here]
		database = oca/index.txt
		new_certs_dir = oca/newcerts
		serial = oca/serial
		certificate = oca/cacert.pem
		private_key = oca/cakey.pem
		default_md = sha256
		default_days = 365
		policy = any
		x509_extensions = below
		[any]
		commonName = supplied
		[below]
		basicConstraints = critical,CA:TRUE,pathlen:0
		keyUsage = critical,keyCertSign,cRLSign
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
	END
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout oca/cakey.pem \
		-out oca/cacert.pem -subj "/CN=Old Root" -days 3000 -addext \
		keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	for name in first second; do
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k \
			-out $name.csr -subj "/CN=$name" 2>/dev/null
		openssl ca -config oca/openssl.cnf -batch -in $name.csr -out $name.pem 2>/dev/null
	done
	run -0 --separate-stderr subca audit --openssl oca --json
	echo "$output" >report.json
	[ "$(findings report.json)" = "" ]
	# Signed behind the index's back, and one that left its folder.
	cp oca/index.txt kept
	sed -i '$d' oca/index.txt
	run -1 subca audit --openssl oca
	[[ $output == *"CN=second"*"audit_rogue"* ]]
	cp kept oca/index.txt
	rm oca/newcerts/7A00000000000000001001.pem
	run subca audit --openssl oca
	[[ $(tr -s " \n" " " <<<"$output") == *"serial 7a00000000000000001001 is in the index, and in no file"* ]]
	run -2 subca audit --openssl oca -C ca
	run -3 subca audit --openssl estate-that-is-not-there
}

@test "an index that cannot be read is named, and the rest is looked at" {
	mkdir -p odd/index.txt
	cp issued.pem odd
	run -1 subca audit --openssl odd
	[[ $output == *"odd: cannot be read (Is a directory) [audit_store_unreadable"* ]]
	[[ $output == *"Certificates:   1:"* ]]
}

@test "a CA of easy-rsa, without importing it" {
	local easyrsa=/usr/share/easy-rsa/easyrsa
	make_easy_rsa vpn
	run --separate-stderr subca audit --openssl vpn/pki --json
	echo "$output" >report.json
	python3 - <<-'END'
		import json
		report = json.load(open("report.json"))
		# Nothing but what easy-rsa 3.1 itself does: keyUsage and basicConstraints that are not
		# critical, keyEncipherment for an EC key, CRLs without a number.
		found = {(f["rule"], (f["certificate"] or {}).get("subject")) for f in report["findings"]}
		assert found == {
		    ("basic_constraints_critical", "CN=VPN CA"), ("crl_number_missing", None),
		    ("key_usage_key_type", "CN=gateway"), ("key_usage_not_critical", "CN=VPN CA"),
		    ("key_usage_not_critical", "CN=gateway"), ("key_usage_not_critical", "CN=laptop"),
		    ("cabf_server_life", "CN=gateway")}, found
		assert report["summary"]["certificates"] == 3, report["summary"]
		# A request and a template are neither.
		assert all(m["path"].endswith((".req", "vars.example"))
		           for m in report["not_examined"]), report["not_examined"]
	END
	# Revoked in the index alone, and signed behind its back.
	(cd vpn && EASYRSA_BATCH=1 $easyrsa revoke gateway) >/dev/null 2>&1
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out late.csr \
		-subj "/CN=late" 2>/dev/null
	openssl x509 -req -in late.csr -CA vpn/pki/ca.crt -CAkey vpn/pki/private/ca.key -days 5 \
		-set_serial 0x4711 -out vpn/pki/issued/late.crt 2>/dev/null
	run -1 --separate-stderr subca audit --openssl vpn/pki --json
	echo "$output" >report.json
	findings report.json | grep -Fx "audit_rogue CN=late"
	findings report.json | grep -Fx "audit_revoked_not_listed CN=gateway"
}

@test "a key on the list of weak keys; a list that cannot be read is said" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out listed.pem -days 9 -subj "/CN=Listed" \
		2>/dev/null
	openssl x509 -in listed.pem -noout -modulus | sha1sum | cut -c 21-40 >weak
	run --separate-stderr subca audit listed.pem --json
	echo "$output" >report.json
	[[ $(findings report.json) != *csr_key_listed* ]]
	SUBCA_WEAK_KEYS=$PWD/weak run -1 --separate-stderr subca audit listed.pem --json
	echo "$output" >report.json
	[ "$(findings report.json | grep csr_key_listed)" = "csr_key_listed CN=Listed" ]
	echo 'weak_keys = "weak";' >>ca/ca.conf
	run --separate-stderr subca audit -C ca --json
	echo "$output" >report.json
	python3 - <<-'END'
		import json
		missing = json.load(open("report.json"))["not_examined"]
		assert any(m["path"].endswith("weak") for m in missing), missing
	END
	cp weak ca/weak
	run -1 --separate-stderr subca audit -C ca listed.pem --json
	echo "$output" >report.json
	[ "$(findings report.json | grep csr_key_listed)" = "csr_key_listed CN=Listed" ]
}

@test "reports: SARIF, CSV and JSON files; nothing is overwritten unasked" {
	python3 "$SUBCA_TOP/tests/system/audit_estate.py" estate ca
	run -1 subca audit -C ca estate --report r.sarif --report r.csv --report r.json -q
	fits_schema r.json
	python3 - <<-'END'
		import csv, json
		s = json.load(open("r.sarif"))
		report = json.load(open("r.json"))
		assert s["version"] == "2.1.0" and len(s["runs"]) == 1, s
		run = s["runs"][0]
		rules = {r["id"] for r in run["tool"]["driver"]["rules"]}
		assert {r["ruleId"] for r in run["results"]} == rules, rules
		assert [r["ruleId"] for r in run["results"]] == [f["rule"] for f in report["findings"]]
		assert all(r["level"] in ("error", "warning", "note") for r in run["results"])
		rows = list(csv.reader(open("r.csv", newline="")))
		assert len(rows) == 1 + report["summary"]["certificates"], len(rows)
		assert all(len(r) == len(rows[0]) for r in rows), rows
		assert {r[1] for r in rows[1:]} == {c["subject"] for c in report["certificates"]}
	END
	run -9 subca audit -C ca --report r.json
	run -0 subca audit -C ca --report r.json --force -q
	run -2 subca audit -C ca --report r.pdf
	run -2 subca audit -C ca --threads 0
	mkdir nothing
	run -3 subca audit -C nothing
}

@test "on a terminal the progress is drawn and taken away; elsewhere and with --quiet it is not" {
	script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip "no pseudo-terminal here"
	script -qec "$SUBCA audit -C clean-ca clean --json 2>&1 >report.json" /dev/null \
		</dev/null >drawn
	for phase in 'Reading the store' Judging; do
		grep -qF $'\r\e[K'"$phase [" drawn
	done
	grep -qF '] 1 of 6' drawn
	# Nothing is left of it: what comes last takes the line away.
	[ "$(tail -c 4 drawn)" = $'\r\e[K' ]
	jq -e '.summary.certificates == 6' report.json >/dev/null
	script -qec "$SUBCA audit -C clean-ca clean --quiet" /dev/null </dev/null >quiet
	run ! grep -qF $'\e[K' quiet
	"$SUBCA" audit -C clean-ca clean >out 2>err
	run ! grep -qE 'Judging|Reading' out err
}

@test "shared primes: found, left out when asked, and what could not be looked at is named" {
	python3 "$SUBCA_TOP/tests/system/audit_estate.py" estate ca
	mkdir primes
	cp estate/shared-prime-*.pem primes
	cp ca/ca.pem primes
	run -1 --separate-stderr subca audit primes --json
	[ "$(jq -r '.findings[] | select(.rule == "audit_shared_prime")
		| .certificate.subject, .other.subject' <<<"$output")" = "CN=Shared prime 1
CN=Shared prime 0" ]
	[ "$(jq '.not_examined | length' <<<"$output")" = 0 ]
	run --separate-stderr subca audit primes --json --no-shared-primes
	[ "$(jq '[.findings[] | select(.rule == "audit_shared_prime")] | length' <<<"$output")" = 0 ]
	[ "$(jq -r '.not_examined[] | .path, .why' <<<"$output")" = "primes that RSA moduli share
--no-shared-primes leaves them out" ]
	run -2 subca audit primes --no-shared-primes --shared-primes
}
