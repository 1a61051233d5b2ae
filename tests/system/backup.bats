# subca backup and restore: one encrypted file, and a restored CA that does not sign blindly.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR SUBCA_PASSPHRASE
	export SUBCA_BACKUP_PASSWORD="correct horse"
	"$SUBCA" init ca --subject "C=DE,O=Example,CN=Root" --key ec:P-256 --no-passphrase --serial 0x1000 \
		--yes --quiet
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out a.csr \
		-subj "/CN=a" -addext subjectAltName=DNS:a.example 2>/dev/null
	sign a
	echo 'extends = "server";' >ca/profiles/mine.conf
	"$SUBCA" -C ca backup full.backup --with-keys --quiet
	"$SUBCA" -C ca backup plain.backup --quiet
	"$SUBCA" -C ca journal checkpoint -o early.checkpoint --yes --quiet >/dev/null
	# What the backup does not know.
	openssl req -new -key k -out b.csr -subj "/CN=b" -addext subjectAltName=DNS:b.example
	sign b
	openssl req -new -key k -out c.csr -subj "/CN=c" -addext subjectAltName=DNS:c.example
	sign c
	"$SUBCA" -C ca revoke a.pem --reason superseded --yes --quiet
	"$SUBCA" -C ca revoke c.pem --reason keyCompromise --yes --quiet
	"$SUBCA" -C ca crl -o last.crl --yes --quiet
	"$SUBCA" -C ca journal checkpoint -o late.checkpoint --yes --quiet >/dev/null
}

sign() { "$SUBCA" -C ca sign "$1.csr" --profile server --yes --quiet -o "$1.pem"; }

setup() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR SUBCA_PASSPHRASE
	export SUBCA_BACKUP_PASSWORD="correct horse"
	work=$BATS_TEST_TMPDIR
}

@test "a backup opens without subca, and holds what it should" {
	[ "$(stat -c %a full.backup)" = 600 ]
	openssl cms -decrypt -binary -inform DER -in full.backup -pwri_password "correct horse" >"$work/tar"
	mkdir "$work/x"
	tar xf "$work/tar" -C "$work/x"
	diff ca/ca.pem "$work/x/ca.pem"
	diff ca/private/ca.key "$work/x/private/ca.key"
	diff ca/profiles/mine.conf "$work/x/profiles/mine.conf"
	[ "$(stat -c %a "$work/x/private/ca.key")" = 600 ]
	[ "$(sqlite3 "$work/x/store.db" 'pragma integrity_check')" = ok ]
	[ "$(tar tf "$work/tar" | head -1)" = backup.json ]
	python3 -c 'import json, sys
m = json.load(open(sys.argv[1]))
assert m["format"] == "subca.backup/1" and m["subject"].endswith("CN=Root") and m["keys"], m' \
		"$work/x/backup.json"
	run openssl cms -decrypt -binary -inform DER -in full.backup -pwri_password wrong
	[ "$status" -ne 0 ]
}

@test "without --with-keys no key is in it" {
	openssl cms -decrypt -binary -inform DER -in plain.backup -pwri_password "correct horse" >"$work/tar"
	run -0 tar tf "$work/tar"
	[[ $output == *store.db* && $output != *private* ]]
	run -1 grep -aq "PRIVATE KEY" "$work/tar"
	run -0 "$SUBCA" restore plain.backup "$work/new"
	[[ $output == *"private key is not in the backup"* ]]
	"$SUBCA" -C "$work/new" restore --confirm --yes --quiet
	run -3 "$SUBCA" -C "$work/new" sign b.csr --profile server --yes --force -o "$work/b.pem"
}

@test "restored, it is whole, marked, and signs nothing" {
	run -0 "$SUBCA" restore full.backup "$work/new"
	[[ $output == *"Nothing can be signed before"* ]]
	run -0 "$SUBCA" -C "$work/new" journal verify
	[ "$("$SUBCA" -C "$work/new" list --quiet | wc -l)" -eq 2 ]
	local before after
	before=$(sqlite3 "$work/new/store.db" "select count(*) from cert")
	run -1 "$SUBCA" -C "$work/new" sign b.csr --profile server --yes --force -o "$work/b.pem"
	[[ $output == *"was restored from a backup"*"restore --confirm"* ]]
	run -1 "$SUBCA" -C "$work/new" crl --yes -o "$work/x.crl"
	after=$(sqlite3 "$work/new/store.db" "select count(*) from cert")
	[ "$before" -eq "$after" ]
	[ ! -e "$work/b.pem" ]
	[ ! -e "$work/x.crl" ]
}

@test "confirmed without evidence: asked, and then as it was" {
	"$SUBCA" restore full.backup "$work/new" --quiet
	run -8 "$SUBCA" -C "$work/new" restore --confirm </dev/null
	[ -e "$work/new/restored.json" ]
	run -0 "$SUBCA" -C "$work/new" restore --confirm --yes
	[[ $output == *"may sign again"* ]]
	"$SUBCA" -C "$work/new" sign b.csr --profile server --yes --force --quiet -o "$work/b.pem"
	run -3 "$SUBCA" -C "$work/new" restore --confirm --yes
	run -0 sqlite3 "$work/new/store.db" "select canonical from journal"
	[[ $output == *'"event":"restore"'*'"event":"restore-confirm"'* ]]
	run -0 "$SUBCA" -C "$work/new" journal verify
}

@test "the last CRL and a later certificate are taken over: no number comes twice" {
	"$SUBCA" restore full.backup "$work/new" --quiet
	run -0 "$SUBCA" -C "$work/new" restore --confirm --yes --last-crl last.crl --certificate b.pem
	[[ $output == *restore_certificate* && $output == *restore_revoked* ]]
	[[ $output == *restore_unknown* && $output == *restore_crl_number* ]]
	# a and c are revoked, b is issued, and the next of all numbers is past them.
	run -0 "$SUBCA" -C "$work/new" show "$(openssl x509 -in a.pem -noout -serial | cut -d= -f2)"
	[[ $output == *revoked*superseded* ]]
	run -0 "$SUBCA" -C "$work/new" show "$(openssl x509 -in c.pem -noout -serial | cut -d= -f2)"
	[[ $output == *revoked*keyCompromise* ]]
	"$SUBCA" -C "$work/new" export index -o "$work/index" --quiet
	"$SUBCA" -C ca export index -o "$work/there" --quiet
	diff "$work/index/serial" "$work/there/serial"
	diff "$work/index/crlnumber" "$work/there/crlnumber"
	"$SUBCA" -C "$work/new" crl -o "$work/next.crl" --yes --quiet
	[ "$(openssl crl -in "$work/next.crl" -noout -crlnumber)" != "$(openssl crl -in last.crl -noout -crlnumber)" ]
}

@test "a checkpoint tells whether the backup is older than the journal" {
	"$SUBCA" restore full.backup "$work/new" --quiet
	run -1 "$SUBCA" -C "$work/new" restore --confirm --yes --checkpoint late.checkpoint
	[[ $output == *"are lost"*"--accept-loss"* ]]
	[ -e "$work/new/restored.json" ]
	run -0 "$SUBCA" -C "$work/new" restore --confirm --yes --checkpoint late.checkpoint --accept-loss
	[[ $output == *restore_lost* ]]
}

@test "evidence of another CA is refused" {
	"$SUBCA" init other --subject "CN=Other" --key ec:P-256 --no-passphrase --yes --quiet
	"$SUBCA" -C other crl -o "$work/other.crl" --yes --quiet
	"$SUBCA" restore full.backup "$work/new" --quiet
	run -1 "$SUBCA" -C "$work/new" restore --confirm --yes --last-crl "$work/other.crl"
	run -1 "$SUBCA" -C "$work/new" restore --confirm --yes --certificate other/ca.pem
	[ -e "$work/new/restored.json" ]
}

head_of() { sqlite3 -readonly "$1/store.db" "select max(seq) from journal"; }

@test "evidence is taken over as a whole, or not at all" {
	"$SUBCA" init "$work/other" --subject "CN=Other" --key ec:P-256 --no-passphrase --yes --quiet
	"$SUBCA" -C "$work/other" crl -o "$work/other.crl" --yes --quiet
	"$SUBCA" restore full.backup "$work/new" --quiet
	local before
	before=$(head_of "$work/new")
	# The certificate is good, the CRL after it is not.
	run -1 "$SUBCA" -C "$work/new" restore --confirm --yes --certificate b.pem --last-crl "$work/other.crl"
	[ "$(head_of "$work/new")" = "$before" ]
	run -3 "$SUBCA" -C "$work/new" show "$(openssl x509 -in b.pem -noout -serial | cut -d= -f2)"
	# Killed when all is written but the mark is still there: it signs nothing, and the same again ends it.
	run -137 strace -f -o "$work/trace" -e trace=unlink,unlinkat -P "$work/new/restored.json" \
		-e inject=unlink,unlinkat:signal=KILL:when=1 \
		"$SUBCA" -C "$work/new" restore --confirm --yes --certificate b.pem --last-crl last.crl
	[ -e "$work/new/restored.json" ]
	run -1 "$SUBCA" -C "$work/new" crl --yes
	run -0 "$SUBCA" -C "$work/new" restore --confirm --yes --certificate b.pem --last-crl last.crl
	[[ $output != *restore_* ]]
	run -0 "$SUBCA" -C "$work/new" journal verify
	[ "$(sqlite3 -readonly "$work/new/store.db" "select count(*) from cert")" = 4 ]
}

@test "killed at any file system call of the confirmation, it is whole before or after" {
	"$SUBCA" restore full.backup "$work/base" --quiet
	local n before state
	before=$(head_of "$work/base")
	for n in $(seq 1 60); do
		rm -rf "$work/new"
		cp -r "$work/base" "$work/new"
		run strace -f -o "$work/trace" -e trace=write,pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat,rename \
			-e inject=write,pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat,rename:signal=KILL:when="$n" \
			"$SUBCA" -C "$work/new" restore --confirm --yes --quiet --certificate b.pem --last-crl last.crl
		state=$(head_of "$work/new")/$(sqlite3 -readonly "$work/new/store.db" "select count(*) from cert")
		[ "$state" = "$before/2" ] || [ "$state" = "$((before + 5))/4" ] || { echo "call $n: $state"; return 1; }
		[ "$status" -eq 137 ] || break
		[ -e "$work/new/restored.json" ] || [ "$state" = "$((before + 5))/4" ]
	done
	[ "$status" -eq 0 ]
	[ "$n" -gt 5 ]
}

@test "a clock behind the backup's journal: refused, or on record" {
	run -1 faketime -f -2d "$SUBCA" restore full.backup "$work/new"
	[[ $output == *"--clock-ok"* ]]
	[ -z "$(ls -A "$work")" ]
	run -0 faketime -f -2d "$SUBCA" restore full.backup "$work/new" --clock-ok
	run -0 sqlite3 "$work/new/store.db" "select canonical from journal"
	[[ $output == *'"event":"clock-ok"'*'"event":"restore"'* ]]
	"$SUBCA" restore full.backup "$work/two" --quiet
	run -1 faketime -f -2d "$SUBCA" -C "$work/two" restore --confirm --yes
	[[ $output == *"--clock-ok"* ]]
	[ -e "$work/two/restored.json" ]
	run -0 faketime -f -2d "$SUBCA" -C "$work/two" restore --confirm --yes --clock-ok
	run -0 sqlite3 "$work/two/store.db" "select canonical from journal"
	[[ $output == *'"event":"clock-ok"'*'"event":"restore-confirm"'* ]]
}

@test "a wrong password, a changed octet, a file cut off: nothing is made" {
	SUBCA_BACKUP_PASSWORD=wrong run -5 "$SUBCA" restore full.backup "$work/new"
	[[ $output == *"the password is wrong"* ]]
	python3 - "$work" <<-'END'
		import sys
		d = bytearray(open("full.backup", "rb").read())
		open(sys.argv[1] + "/cut", "wb").write(d[:len(d) // 2])
		d[len(d) // 2] ^= 1
		open(sys.argv[1] + "/changed", "wb").write(d)
	END
	run -4 "$SUBCA" restore "$work/changed" "$work/new"
	run -4 "$SUBCA" restore "$work/cut" "$work/new"
	run -4 "$SUBCA" restore ca/ca.pem "$work/new"
	run -3 "$SUBCA" restore nowhere "$work/new"
	[ -z "$(ls -d "$work"/new* 2>/dev/null)" ]
	run -9 "$SUBCA" restore full.backup ca
}

@test "a file that asks for hours of work before its password counts is refused at once" {
	# The envelope alone: nobody could have made it whole.
	tail -c +2 "$SUBCA_TOP/tests/fuzz/corpus/backup/found-rounds" >"$work/rounds.backup"
	SUBCA_BACKUP_PASSWORD=secret run -4 timeout 10 "$SUBCA" restore "$work/rounds.backup" "$work/new"
	[[ $output == *"iterations"* ]]
	[ -z "$(ls -d "$work"/new* 2>/dev/null)" ]
}

# evil MEMBER...: a backup whose tar is made by GNU tar of these members of $work/in
evil() {
	tar -C "$work/in" --format=ustar -cf "$work/evil.tar" "$@"
	cat >"$work/seal.c" <<-'END'
		#include <openssl/cms.h>
		#include <string.h>
		int main(int n, char **v) {
			BIO *in = BIO_new_file(v[1], "rb"), *out = BIO_new_file(v[2], "wb");
			CMS_ContentInfo *c = CMS_encrypt(NULL, in, EVP_aes_256_gcm(), CMS_STREAM|CMS_PARTIAL|CMS_BINARY);
			return !(n == 3 && CMS_add0_recipient_password(c, 1000, NID_id_alg_PWRI_KEK, NID_id_pbkdf2,
				(unsigned char *)OPENSSL_strdup("correct horse"), -1, EVP_aes_256_cbc()) &&
				i2d_CMS_bio_stream(out, c, in, CMS_STREAM|CMS_BINARY) && BIO_free(out));
		}
	END
	[ -x seal ] || cc -o seal "$work/seal.c" -lcrypto
	./seal "$work/evil.tar" "$work/evil.backup"
}

@test "a tar that is not ours is refused: links, other places, no manifest" {
	mkdir -p "$work/in/private"
	openssl cms -decrypt -binary -inform DER -in full.backup -pwri_password "correct horse" |
		tar x -C "$work/in"
	ln -s /etc/passwd "$work/in/link"
	evil backup.json ca.conf ca.pem store.db
	run -0 "$SUBCA" restore "$work/evil.backup" "$work/control"
	evil backup.json link ca.conf ca.pem store.db
	run -4 "$SUBCA" restore "$work/evil.backup" "$work/new"
	[[ $output == *"something else than plain files"* ]]
	evil ca.conf ca.pem store.db
	run -4 "$SUBCA" restore "$work/evil.backup" "$work/new"
	evil -P --transform 's,^ca.conf,../out,' backup.json ca.conf ca.pem store.db
	run -4 "$SUBCA" restore "$work/evil.backup" "$work/new"
	[ ! -e "$work/out" ]
	sqlite3 "$work/in/store.db" "drop trigger journal_keep; delete from journal where seq = (select max(seq) from journal)"
	evil backup.json ca.conf ca.pem store.db
	run -4 "$SUBCA" restore "$work/evil.backup" "$work/new"
	[[ $output == *"another journal than it says"* ]]
	[ -z "$(ls -d "$work"/new* 2>/dev/null)" ]
}

@test "a backup is consistent while others write" {
	"$SUBCA" init busy --subject "CN=Busy" --key ec:P-256 --no-passphrase --yes --quiet
	(for i in 1 2 3 4 5 6 7 8; do
		"$SUBCA" -C busy sign a.csr --profile server --yes --quiet --reissue again --force -o "$work/w.pem" || exit 1
	done) &
	local writer=$! i
	for i in 1 2 3; do
		"$SUBCA" -C busy backup "$work/$i.backup" --quiet
	done
	wait $writer
	for i in 1 2 3; do
		"$SUBCA" restore "$work/$i.backup" "$work/r$i" --quiet
		"$SUBCA" -C "$work/r$i" journal verify
	done
	[ "$(find "$work" -maxdepth 1 -name '*backup*' | wc -l)" -eq 3 ]
}

@test "where it may not go" {
	run -1 "$SUBCA" -C ca backup ca/self.backup
	[[ $output == *"in the CA's own folder"* ]]
	run -9 "$SUBCA" -C ca backup full.backup
	run -3 "$SUBCA" -C ca backup nowhere/x
	run -2 "$SUBCA" restore full.backup
	run -2 "$SUBCA" restore full.backup "$work/new" --accept-loss
	[ -z "$(ls -A "$work")" ]
	[ -z "$(find . -maxdepth 2 -mindepth 1 -name '.*')" ]
}
