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
		csr_key_rsa_small CN=Weak key
		key_usage_not_critical CN=Lint
		ski_method CN=Same identifier 2
	END
}
