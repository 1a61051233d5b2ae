#!/usr/bin/env bats
# subca sign with many requests: one run, one question; who is refused stops nobody; what was signed
# once is not signed again, whatever ended the run before.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "CN=Many Root" --key ec:P-256 --no-passphrase --days 1000
	mkdir in
	for n in $(seq 12); do request in/$n.csr "host$n"; done
	mkdir hundreds
	for n in $(seq 240); do request hundreds/$n.csr "many$n"; done
}

request() { # FILE NAME
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$BATS_FILE_TMPDIR/key" \
		-out "$1" -subj "/CN=$2.example" -addext "subjectAltName=DNS:$2.example" 2> /dev/null
}

setup() {
	in_scratch
	cp -r "$BATS_FILE_TMPDIR/root" "$BATS_FILE_TMPDIR/in" .
}

many() { subca sign -C root --profile server --days 30 --yes "$@"; }

states() { sqlite3 -readonly "$1/store.db" "select state, count(*) from cert where profile = 'server' group by state"; }

# whole FOLDER COUNT: so many certificates, each with its chain, each verifies, and each is in the store.
whole() {
	[ "$(find "$1" -name '*.pem' ! -name '*-chain.pem' | wc -l)" -eq "$2" ]
	[ "$(find "$1" -name '*-chain.pem' | wc -l)" -eq "$2" ]
	[ -z "$(find "$1" -name '.*' -type f)" ]
	known "$1"
}

known() { # FOLDER: every file is a certificate that the store has, byte for byte, and verifies
	local files
	mapfile -t files < <(find "$1" -name '*.pem' ! -name '*-chain.pem')
	[ "${#files[@]}" -gt 0 ] || return 0
	openssl verify -x509_strict -CAfile root/ca.pem "${files[@]}" > /dev/null || return 1
	python3 - "${files[@]}" <<-'PY'
		import base64, sqlite3, sys
		rows = sqlite3.connect('file:root/store.db?mode=ro', uri=True).execute(
		    'select der from cert where state = 2')
		stored = {bytes(row[0]) for row in rows}
		for name in sys.argv[1:]:
		    lines = open(name, encoding='ascii').read().split('\n')
		    assert lines[0].startswith('-----BEGIN') and lines[-2].startswith('-----END'), name
		    assert base64.b64decode(''.join(lines[1:-2])) in stored, name
	PY
}

once() { # COUNT: so many requests are issued, and none of them twice
	[ "$(sqlite3 -readonly root/store.db "select count(*), count(distinct request_sha256) from cert where state = 2 and profile = 'server'")" = "$1|$1" ]
}

@test "a folder is signed, and what is refused stops nobody and costs nothing" {
	echo "no request" > in/text.csr
	openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -out in/weak.csr -subj /CN=weak 2> /dev/null
	echo "not looked at" > in/readme.txt
	run --separate-stderr many --batch in -o out
	[ "$status" -eq 1 ]
	[[ $output == *"Issued 12 of 14 requests into out"*"2 were refused"* ]]
	[[ $stderr == *"in/text.csr: is neither PEM nor DER"* ]]
	[[ $stderr == *"in/weak.csr: public key: "*"1024 bits"*"[csr_key_rsa_small, "* ]]
	whole out 12
	once 12
	[ "$(states root)" = "2|12" ]
	cmp out/3-chain.pem <(cat out/3.pem root/ca.pem)
	[ "$(openssl x509 -in out/7.pem -noout -subject)" = "subject=CN = host7.example" ]
	[ "$(openssl req -in in/7.csr -noout -pubkey)" = "$(openssl x509 -in out/7.pem -noout -pubkey)" ]
	subca journal verify -C root
}

@test "a second run signs nothing, and writes again what is missing" {
	many --batch in -o out
	cp out/5.pem kept.pem
	rm out/5.pem out/6-chain.pem
	before=$(rows root)
	run many --batch in -o out
	[ "$status" -eq 0 ]
	[[ $output == *"Issued 0 of 12"*"2 were issued before and are written again"*"10 were issued before and are there"* ]]
	cmp out/5.pem kept.pem
	[ "$(rows root)" -eq "$before" ]
	whole out 12
	# Another reason is another certificate; the same one again is not.
	many --batch in -o again --reissue "lost"
	many --batch in -o again --reissue "lost"
	[ "$(rows root)" -eq $((before + 12)) ]
	whole again 12
}

@test "files that are in the way are refused before a serial is spent" {
	mkdir out
	echo mine > out/4.pem
	before=$(rows root)
	run many --batch in -o out
	[ "$status" -eq 1 ]
	[[ $output == *"out/4.pem: exists and is not overwritten"* ]]
	[ "$(rows root)" -eq $((before + 11)) ]
	[ "$(cat out/4.pem)" = mine ]
	many --batch in -o out --force
	whole out 12
	once 12
}

@test "several files, and several requests in one" {
	many in/1.csr in/2.csr -o out
	whole out 2
	cat in/3.csr in/4.csr > two.csr
	run many two.csr -o out
	[ "$status" -eq 2 ] || [ "$status" -eq 4 ]
	run subca sign -C root --profile server --yes two.csr
	[ "$status" -eq 4 ]
	[[ $output == *"holds 2 requests"*"host3.example"*"host4.example"*"--all"* ]]
	many --all two.csr in/5.csr -o out
	[ -e out/two-1.pem ] && [ -e out/two-2.pem ] && [ -e out/5.pem ]
	whole out 5
	once 5
	openssl x509 -in out/two-2.pem -noout -subject | grep -q host4
	echo damage | cat two.csr - > spoilt.csr
	sed -i '3s/.*/!!!!/' spoilt.csr
	run many --all spoilt.csr -o out
	[ "$status" -eq 1 ]
	once 5
}

@test "the command line says what is missing" {
	run -2 subca sign -C root --profile server in/1.csr in/2.csr
	[[ $output == *"-o DIR"* ]]
	run -2 subca sign -C root --profile server --batch in in/1.csr -o out
	run -2 subca sign -C root --profile server --batch in -o out --chain x.pem
	run -2 subca sign -C root --profile server --batch in -o root
	[[ $output == *"the CA's own folder"* ]]
	run -2 subca sign -C root --profile server -o out
	run -3 subca sign -C root --profile server --batch nowhere -o out --yes
	mkdir -p other empty
	cp in/2.csr other/1.csr
	run -2 subca sign -C root --profile server in/1.csr other/1.csr -o out --yes
	[[ $output == *"written to the same file"* ]]
	run -3 subca sign -C root --profile server --batch empty -o out --yes
	[[ $output == *"holds no requests"* ]]
}

@test "a dry run shows all and touches nothing, in text and in JSON" {
	echo "no request" > in/text.csr
	before=$(rows root; ls -A . root)
	run subca sign -C root --profile server --days 30 --batch in -o out --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"Signed by"*"CN=Many Root"*"in/7.csr"*"CN=host7.example"*"13 requests: 12 to sign, 0 issued before, 1 refused"* ]]
	[ "$(grep -cE '.{81}' <<< "$output")" -le 1 ]
	{ subca sign -C root --profile server --days 30 --batch in -o out --dry-run --json || true; } 2> /dev/null |
		python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["schema"] == "subca.sign-batch/1", d
r = {x["request"]: x for x in d["requests"]}
assert len(r) == 13 and r["in/3.csr"]["outcome"] == "fit" and "certificate" not in r["in/3.csr"]
assert r["in/text.csr"]["outcome"] == "refused" and r["in/text.csr"]["error"]["status"] == "input"
assert d["error"]["status"] == "refused", d["error"]'
	[ "$(rows root; ls -A . root)" = "$before" ]
	many --batch in -o out --json 2> /dev/null > done.json || true
	python3 -c '
import json
d = json.load(open("done.json"))
ok = [x for x in d["requests"] if x["outcome"] == "issued"]
assert len(ok) == 12 and all(x["serial"] and x["certificate"] and x["chain"] and x["not_after"] for x in ok)'
}

@test "without an answer nothing is signed; after a yes only what was shown" {
	before=$(rows root)
	run setsid "$SUBCA" sign -C root --profile server --days 30 --batch in -o out < /dev/null
	[ "$status" -eq 8 ]
	[[ $output == *"12 requests: 12 to sign"* ]]
	[ "$(rows root)" -eq "$before" ]
	# A new file and a changed one appear between the review and the answer.
	cp -r in later
	mv later/12.csr ./new.csr
	cat > answer.py <<-'PY'
		import os, pty, shutil, sys
		seen = b''
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], sys.argv[1:])
		while b'Sign 11 of 11?' not in seen:
		    seen += os.read(fd, 1024)
		shutil.copy('new.csr', 'later/12.csr')
		shutil.copy('later/2.csr', 'later/1.csr')
		os.write(fd, b'y\n')
		try:
		    while True:
		        more = os.read(fd, 1024)
		        if not more:
		            break
		        seen += more
		except OSError:
		    pass
		sys.stdout.write(seen.decode())
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PY
	run python3 answer.py "$SUBCA" sign -C root --profile server --days 30 --batch later -o out
	[ "$status" -eq 1 ]
	[[ $output == *"later/12.csr: request: was not in the review"* ]]
	[ ! -e out/12.pem ]
	once 10
}

@test "counted serials stay in a row" {
	subca init counted --subject CN=Counted --key ec:P-256 --serial 0x1000 --no-passphrase
	cp in/1.csr in/0.csr
	echo "no request" > in/5.csr
	run subca sign -C counted --profile server --days 30 --batch in -o out --yes
	[ "$status" -eq 1 ]
	for file in out/*[0-9].pem; do openssl x509 -in "$file" -noout -serial; done | sort -u > serials
	cmp serials <(for n in 1 2 3 4 5 6 7 8 9 A B; do echo "serial=100$n"; done)
}

@test "a portal's rules hold for each: file names, and keys of the other portal" {
	openssl genrsa -out one.key 2048
	mkdir zia zpa
	openssl req -new -key one.key -subj "/O=Example/CN=One" -out zia/one.csr
	cp zia/one.csr "zia/$(printf 'a%.0s' {1..60}).csr"
	run subca sign -C root --profile zia --days 30 --batch zia -o out --yes
	[ "$status" -eq 1 ]
	[[ $output == *"ZIA takes names of 64 characters"* ]]
	[ -e out/one.pem ]
	openssl req -new -key one.key -subj "/O=Zscaler/CN=Two" -out zpa/two.csr
	run subca sign -C root --profile zpa --days 30 --batch zpa -o out --yes
	[ "$status" -eq 1 ]
	[[ $output == *"one key never serves both portals"* ]]
}

@test "killed at any moment, a run goes on where it was and signs nothing twice" {
	killed=0
	for n in $(seq 12); do
		timeout -s KILL "0.0$((n * 7 % 10))$n" "$SUBCA" sign -C root --profile server --days 30 \
			--yes --quiet --batch "$BATS_FILE_TMPDIR/hundreds" -o out 2> /dev/null && break
		killed=$((killed + 1))
		[ ! -d out ] || known out
		[ "$(sqlite3 root/store.db 'pragma integrity_check')" = ok ]
	done
	[ "$killed" -gt 2 ]
	many --quiet --batch "$BATS_FILE_TMPDIR/hundreds" -o out
	find out -name '.*' -type f -delete
	whole out 240
	once 240
	# What was reserved and has no run any more is failed, not open and not issued.
	[ -z "$(states root | grep '^1|')" ]
	subca journal verify -C root
}

@test "killed at any write to the disk, nothing is there that the store does not know" {
	command -v strace > /dev/null || skip "no strace here"
	calls=fsync,fdatasync,syncfs,renameat2
	killed=0
	for n in 1 2 3 4 5 6 7 9 12 16 20 26 30; do
		strace -f -o trace -e trace=$calls -e inject=$calls:signal=KILL:when="$n" \
			"$SUBCA" sign -C root --profile server --days 30 --yes --quiet --batch in -o out || true
		grep -q killed trace || break
		killed=$((killed + 1))
		[ "$(sqlite3 root/store.db 'pragma integrity_check')" = ok ]
		[ ! -d out ] || known out
		many --quiet --batch in -o out
		find out -name '.*' -type f -delete
		whole out 12
		once 12
		[ -z "$(states root | grep '^1|')" ]
		rm -rf root out
		cp -r "$BATS_FILE_TMPDIR/root" .
	done
	[ "$killed" -gt 6 ]
}

@test "a disk that fails ends the run, and the next one goes on" {
	command -v strace > /dev/null || skip "no strace here"
	for fault in renameat2:error=ENOSPC:when=5 syncfs:error=EIO:when=1 fdatasync:error=EIO:when=1 \
		fdatasync:error=EIO:when=2 pwrite64:error=ENOSPC:when=4+ fchmod:error=EIO:when=3; do
		run strace -f -o trace -e trace="${fault%%:*}" -e inject="$fault" "$SUBCA" sign -C root \
			--profile server --days 30 --yes --batch in -o out
		# SQLite lets pass that a folder could not be synchronised: then all was signed.
		[ "$status" -le 1 ] || [ "$status" -eq 10 ] || { echo "$fault: exit $status: $output"; return 1; }
		grep -q INJECTED trace
		[ "$status" -ne 0 ] || whole out 12
		[ ! -d out ] || known out
		many --quiet --batch in -o out
		whole out 12
		once 12
		subca journal verify -C root
		rm -rf root out
		cp -r "$BATS_FILE_TMPDIR/root" .
	done
}

@test "on a terminal there is a bar" {
	cat > terminal.py <<-'PY'
		import os, pty, sys
		sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
	PY
	run python3 terminal.py "$SUBCA" sign -C root --profile server --days 30 --yes \
		--batch "$BATS_FILE_TMPDIR/hundreds" -o out < /dev/null
	[ "$status" -eq 0 ]
	[[ $output == *"Signing ["*"] "*" of 240"* ]]
	# A file or a pipe gets none.
	run many --batch "$BATS_FILE_TMPDIR/hundreds" -o out
	[[ $output != *"["* ]]
}

@test "a first SIGTERM ends it when what is under way is done" {
	"$SUBCA" sign -C root --profile server --days 30 --yes --jobs 1 \
		--batch "$BATS_FILE_TMPDIR/hundreds" -o out > said 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		[ "$(rows root)" -gt 1 ] && break
		sleep 0.01
	done
	kill -TERM "$pid"
	code=0
	wait "$pid" || code=$?
	# It may have been done before the signal came.
	[ "$code" -eq 8 ] || [ "$code" -eq 0 ]
	[ -z "$(states root | grep -v '^2|')" ]
	[ -z "$(find out -name '.*' -type f)" ]
	known out
	many --batch "$BATS_FILE_TMPDIR/hundreds" -o out
	whole out 240
	once 240
}

@test "four processes at once on one store: no error, no serial twice" {
	pids=()
	for p in 0 1 2 3; do
		mkdir "part$p"
		find "$BATS_FILE_TMPDIR/hundreds" -name "*[$((p * 2))$((p * 2 + 1))].csr" -exec cp {} "part$p" \;
		many --quiet --batch "part$p" -o "out$p" 2> "$p.err" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	cat ./*.err
	[ -z "$(cat ./*.err)" ]
	once "$(find part? -name '*.csr' | wc -l)"
	[ "$(sqlite3 root/store.db 'select count(distinct serial) from cert')" -eq "$(rows root)" ]
	subca journal verify -C root
}
