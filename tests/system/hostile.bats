#!/usr/bin/env bats
# What the world does to init and sign: two processes at once, full disks, broken folders, hostile requests.

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "C=DE,O=Example GmbH,CN=Example Root CA" --key ec:P-256 --days 1000
	openssl ecparam -name prime256v1 -genkey -noout -out key
	openssl genrsa -out zia.key 2048
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct
	cp -r "$BATS_FILE_TMPDIR"/{root,key,zia.key} .
}

# request FILE SUBJECT [openssl req options]
request() {
	local file=$1 subject=$2
	shift 2
	openssl req -new -key zia.key -out "$file" -subj "$subject" "$@"
}

# refused EXIT-CODE WORDS ARGUMENT…: signing fails so, and leaves no file and no row.
refused() {
	local code=$1 words=$2 before
	shift 2
	before=$(ls -A; rows root 2>&1)
	run subca sign -C root --yes --profile "${profile:-zia}" --days 300 "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ $output == *"$words"* ]] || { echo "$output"; return 1; }
	[ "$(ls -A; rows root 2>&1)" = "$before" ]
}

@test "eight that sign one request at once make one certificate" {
	request zia.csr "/CN=Inspection"
	for n in $(seq 8); do
		{
			code=0
			subca sign -C root --yes --quiet --profile zia --days 300 -o "$n.pem" \
				--chain "$n-chain.pem" zia.csr 2> "$n.err" || code=$?
			echo $code > "$n.code"
		} &
	done
	wait
	cat ./*.err
	[ "$(cat ./*.code | sort -n | tr -d '\n')" = 01111111 ]
	[ "$(rows root)" -eq 2 ]
	[ "$(ls ./[1-8].pem | wc -l)" -eq 1 ]
}

@test "an interrupted signing is named, and the same request needs a reason" {
	request zia.csr "/CN=Inspection"
	subca sign -C root --yes --quiet --profile zia --days 300 zia.csr
	sqlite3 root/store.db "drop trigger cert_move;
		update cert set state = 1, der = '', finished_at = 0 where profile = 'zia'"
	rm zia.pem zia-chain.pem
	refused 1 "is being signed already" zia.csr
	profile=zpa refused 1 "one key never serves both portals" zia.csr
	subca sign -C root --yes --quiet --profile zia --days 300 --reissue "power cut" zia.csr
}

@test "a first serial that is none leaves nothing" {
	for serial in 0x0 0x00 0x 1000 0xzz "0x10 " "0x$(printf 'f%.0s' {1..40})" "0x1$(printf '0%.0s' {1..40})"; do
		run subca init a --subject CN=x --key ec:P-256 --serial "$serial"
		[ "$status" -eq 2 ] || { echo "$serial: $status $output"; return 1; }
		[ ! -e a ]
	done
	subca init a --subject CN=x --key ec:P-256 --serial "0x7$(printf 'f%.0s' {1..38})"
	[ "$(rows a)" -eq 1 ]
}

@test "no output takes the place of a file of the CA, of the request or of the other output" {
	request zia.csr "/CN=Inspection"
	cp zia.csr in.pem
	mkdir folder.pem
	sha256sum root/ca.pem root/ca.conf root/private/ca.key in.pem > before
	refused 2 "file of the CA itself" --force -o root/ca.pem --chain c.pem zia.csr
	refused 2 "file of the CA itself" -o root/chain.pem --chain c.pem zia.csr
	refused 2 "file of the CA itself" --force -o a.pem --chain ./root/../root/ca.pem zia.csr
	for file in ca.conf private/ca.key private/../ca.pem init.conf store.db-wal store.db; do
		profile=subordinate-ca refused 2 "file of the CA itself" --force -o "root/$file" --chain c.pem zia.csr
	done
	ln root/private/ca.key link
	profile=subordinate-ca refused 2 "file of the CA itself" --force -o link --chain c.pem zia.csr
	rm link
	refused 2 "request itself" --force -o ./in.pem --chain c.pem in.pem
	refused 2 "same file" -o ./a.pem --chain a.pem zia.csr
	refused 2 "is a folder" --force -o folder.pem --chain c.pem zia.csr
	sha256sum -c before
}

@test "an output that could not be written is found before a serial is spent" {
	request zia.csr "/CN=Inspection"
	refused 3 "nosuch/zia.pem" -o nosuch/zia.pem zia.csr
	refused 3 "zia.csr/zia.pem" -o zia.csr/zia.pem zia.csr
	mkdir sealed
	if [ "$(id -u)" -eq 0 ]; then
		mount -t tmpfs -o ro none sealed 2> /dev/null || skip "mounts are not permitted here"
	else
		chmod 555 sealed
	fi
	refused 10 "sealed/zia.pem" -o sealed/zia.pem zia.csr
	umount sealed || chmod 755 sealed
}

# broken EXIT-CODE WORDS: signing with the CA as it lies there is refused so; the CA is made anew.
broken() {
	refused "$1" "$2" zia.csr || return 1
	rm -rf root
	cp -r pristine root
}

@test "a ca.conf that is broken in any way is refused with its line" {
	request zia.csr "/CN=Inspection"
	cp -r root pristine
	while IFS='|' read -r words conf; do
		printf '%b\n' "$conf" > root/ca.conf
		broken 4 "root/ca.conf: $words" || { echo "with $conf"; return 1; }
	done <<-'END'
		line 1: 'key' is not a text|key = 1;
		line 2: syntax error|key = "x
		line 2: unknown key 'foo'|key = "a";\nfoo = 1;
		line 1: duplicate|key = "a"; key = "b";
		line 1: 'serial' is not a text|serial = 5;
		line 1: '0x0' is not a first serial|serial = "0x0";
		line 1: 'random ' is not|serial = "random ";
		line 1: 'urls' is not a group|urls = 1;
		line 1: 'crl' is not a plain http|urls = { crl = "https://x/y"; };
		line 1: 'crl' is not a plain http|urls = { crl = "http://a b/"; };
		line 1: 'ocsp' is not a plain http|urls = { ocsp = "http://x/\\\\x1b[31m"; };
		has an @include|@include "/etc/passwd"
		has a NUL|key = "a";\0
	END
	head -c 70000 /dev/zero | tr '\0' '#' > root/ca.conf
	broken 4 "70000 bytes"
}

@test "a CA whose parts are missing, damaged or another's is refused by its name" {
	request zia.csr "/CN=Inspection"
	cp -r root pristine
	openssl req -x509 -new -key key -subj /CN=Other -days 900 -out other.pem
	rm root/private/ca.key; broken 3 "root/private/ca.key"
	mv root/private/ca.key away; ln -s "$PWD/away" root/private/ca.key; broken 5 "symbolic link"
	rm away
	printf 'key = "/dev/zero";' > root/ca.conf; broken 5 "/dev/zero"
	rm root/ca.pem; broken 7 "root/ca.pem: is missing"
	: > root/ca.pem; broken 4 "root/ca.pem"
	cp other.pem root/ca.pem; broken 5 "root/private/ca.key"
	rm root/store.db*; broken 7 "root/store.db: is missing"
	: > root/store.db; broken 7 "root/store.db"
	truncate -s 5000 root/store.db; broken 7 "root/store.db"
	head -c 40000 /dev/zero | tr '\0' x > root/store.db; broken 7 "root/store.db"
	sqlite3 root/store.db "pragma user_version = 99"; broken 7 "version 99"
	echo junk > root/chain.pem; broken 4 "root/chain.pem"
	cat root/ca.pem root/ca.pem > root/chain.pem; broken 7 "certificate 1 is a root, but not the last"
	cat root/ca.pem other.pem > root/chain.pem; broken 7 "certificate 1 is not signed by the one after it"
	cat other.pem > root/chain.pem; broken 7 "does not begin with"
	run subca sign -C "" --yes --profile zia zia.csr
	[ "$status" -eq 2 ]
	[[ $output == *"-C: the name is empty"* ]]
}

@test "a chain that ends before its root is refused" {
	SUBCA_PARENT_PASSPHRASE=correct subca init issuing --parent root --subject CN=Issuing --key ec:P-256 --days 300
	request server.csr "/CN=host" -addext subjectAltName=DNS:host.example
	rm issuing/chain.pem
	run subca sign -C issuing --yes --profile server --days 30 server.csr
	[ "$status" -eq 7 ]
	[[ $output == *"issuing/chain.pem: ends before the root"* ]]
	[ "$(rows issuing)" -eq 0 ]
}

# What a terminal would show: at most 80 columns, valid UTF-8, nothing hidden.
fits_a_terminal() {
	python3 - "$1" <<-'PY'
		import sys, unicodedata
		text = open(sys.argv[1], 'rb').read().decode()
		for line in text.split('\n'):
		    width = sum(0 if unicodedata.combining(c) else
		                2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)
		    assert width <= 80, (width, line)
		hidden = {hex(ord(c)) for c in text
		          if c != '\n' and unicodedata.category(c) in ('Cc', 'Cf', 'Zl', 'Zp')}
		assert not hidden, hidden
	PY
}

@test "names and extensions of a hostile request are refused, or shown escaped in 80 columns" {
	python3 "$BATS_TEST_DIRNAME/hostile_requests.py" zia.key || skip "no python3-cryptography here"
	for name in bidi control nul empty cn65 bits seq printable nameless; do
		refused 1 "$name.csr" "$name.csr"
		LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f]' <<< "$output" && return 1
	done
	for name in malformed bmpodd universal twice; do
		refused 4 "$name.csr" "$name.csr"
	done
	for name in unseen cn64 many multi bmp t61 wide combining joined extensions escapes large names; do
		subca sign -C root --dry-run --profile zia --days 300 $name.csr > review
		fits_a_terminal review || { echo "in $name.csr"; return 1; }
	done
	subca sign -C root --yes --quiet --profile zia --days 300 many.csr
	cmp <(openssl req -in many.csr -inform DER -noout -subject -nameopt RFC2253,show_type) \
		<(openssl x509 -in many.pem -noout -subject -nameopt RFC2253,show_type)
	[ "$(rows root)" -eq 2 ]
}

seconds() { date -u -d "$(openssl x509 -in "$1" -noout "-${2}date" | cut -d= -f2)" +%s; }
when() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }

@test "lives that are no lives are refused" {
	request zia.csr "/CN=Inspection"
	for days in 0 -1 +5 abc 1e3 0x10 5.5 "" " 5" 36526 99999999999999999999; do
		run subca sign -C root --yes --profile zia --days "$days" zia.csr
		[ "$status" -eq 2 ] || { echo "$days: $output"; return 1; }
	done
	for until in 2026-13-01 2027-02-29 2100-02-29 2027-06-01T24:00:00Z 2027-06-01T00:00:00+01:00 "" \
		10000-01-01 0000-01-01 tomorrow; do
		run subca sign -C root --yes --profile zia --not-after "$until" zia.csr
		[ "$status" -eq 2 ] || { echo "$until: $output"; return 1; }
	done
	run subca sign -C root --yes --profile zia --not-after 2020-01-01 zia.csr
	[ "$status" -eq 1 ]
	[[ $output == *"would be over already"* ]]
	[ "$(rows root)" -eq 1 ]
}

@test "the issuer's last second is the last, its first is the first" {
	command -v faketime > /dev/null || skip "no faketime here"
	export TZ=UTC
	request zia.csr "/CN=Inspection"
	first=$(seconds root/ca.pem start)
	last=$(seconds root/ca.pem end)
	run subca sign -C root --yes --profile zia --not-after "$(when $((last + 1)))" zia.csr
	[ "$status" -eq 1 ]
	run faketime "$(when $((first - 100)) | tr TZ '  ')" "$SUBCA" sign -C root --yes --clock-ok --profile zia --days 1 zia.csr
	[ "$status" -eq 1 ]
	[[ $output == *"is not valid before"* ]]
	run faketime "$(when $((last + 100)) | tr TZ '  ')" "$SUBCA" sign -C root --yes --profile zia --days 1 zia.csr
	[ "$status" -eq 1 ]
	[[ $output == *"its certificate ended at"* ]]
	[ "$(rows root)" -eq 1 ]
	subca sign -C root --yes --quiet --profile zia --not-after "$(when "$last")" zia.csr
	[ "$(seconds zia.pem end)" -eq "$last" ]
	# Within the backdate of the issuer's own beginning.
	faketime "$(when $((first + 2)) | tr TZ '  ')" \
		"$SUBCA" sign -C root --yes --quiet --clock-ok --profile zia --days 1 --force --reissue test \
		zia.csr
	[ "$(seconds zia.pem start)" -eq "$first" ]
	[ $(($(seconds zia.pem end) - first + 1)) -eq 86400 ]
}

# times FILE: the types and values of both times
times() { openssl asn1parse -in "$1" | awk '/TIME/ { print $(NF - 1), $NF }' | tr -d ':' | paste -sd' '; }

@test "UTCTime through 2049, GeneralizedTime from 2050, and leap days" {
	command -v faketime > /dev/null || skip "no faketime here"
	export TZ=UTC
	request zia.csr "/CN=Inspection"
	faketime '2044-02-29 00:10:00' "$SUBCA" init late --subject CN=Late --key ec:P-256 --days 7300
	[[ $(times late/ca.pem) =~ ^UTCTIME\ 4402290005..Z\ GENERALIZEDTIME\ 2064022400....Z$ ]] ||
		{ times late/ca.pem; false; }
	n=0
	while read -r until expected; do
		n=$((n + 1))
		faketime '2047-03-01 00:00:00' "$SUBCA" sign -C late --yes --quiet --profile zia \
			--reissue test -o $n.pem --chain $n-chain.pem --not-after "$until" zia.csr
		[ "$(times $n.pem | cut -d' ' -f3-)" = "$expected" ] || { times $n.pem; return 1; }
	done <<-'END'
		2048-02-29T12:00:00Z UTCTIME 480229120000Z
		2049-12-31T23:59:59Z UTCTIME 491231235959Z
		2050-01-01T00:00:00Z GENERALIZEDTIME 20500101000000Z
		2052-02-29 GENERALIZEDTIME 20520229000000Z
	END
	[ "$n" -eq 4 ]
}

@test "a disk that fills up at any point costs no certificate that is not told of" {
	mkdir disk
	mount -t tmpfs -o size=1m none disk 2> /dev/null || skip "mounts are not permitted here"
	umount disk
	request zia.csr "/CN=Inspection"
	told=0
	for kib in 0 8 16 24 32 40 44 48 56; do
		mount -t tmpfs -o size=1m none disk
		cp -r root disk/root
		head -c $(($(df --output=avail -k disk | tail -1) - kib))k /dev/zero > disk/fill
		code=0
		subca sign -C disk/root --yes --quiet --profile zia --days 300 -o disk/zia.pem \
			--chain disk/zia-chain.pem zia.csr 2> err || code=$?
		rm disk/fill
		[ -z "$(find disk -name '.?*')" ]
		[ "$(sqlite3 disk/root/store.db 'pragma integrity_check')" = ok ]
		if [ "$code" -eq 0 ]; then
			openssl verify -CAfile root/ca.pem disk/zia.pem
		else
			[ "$code" -eq 10 ]
			grep -q "subca: disk/" err
		fi
		if [[ $(< err) =~ \'(subca show [0-9a-f]+ --pem -o )FILE\' ]]; then
			told=$((told + 1))
			read -ra command <<< "${BASH_REMATCH[1]}"
			"$SUBCA" "${command[@]:1}" again.pem -C disk/root
			openssl verify -CAfile root/ca.pem again.pem
			rm again.pem
		elif [ "$code" -ne 0 ]; then
			[ "$(sqlite3 disk/root/store.db "select count(*) from cert where state = 2")" -eq 1 ]
		fi
		umount disk
	done
	[ "$told" -gt 0 ]
}

@test "an init on a disk that fills up leaves nothing, or what can be resumed" {
	mkdir disk
	mount -t tmpfs -o size=1m none disk 2> /dev/null || skip "mounts are not permitted here"
	umount disk
	resumed=0
	for limit in size=16k size=32k size=64k size=96k size=128k nr_inodes={2,4,5,6,7,8,9,10,11}; do
		mount -t tmpfs -o "$limit" none disk
		code=0
		subca init disk/root --subject CN=Full --key ec:P-256 2> err || code=$?
		mount -o remount,size=1m,nr_inodes=100 disk
		if [ "$code" -ne 0 ]; then
			[ "$code" -eq 10 ]
			grep -q "subca: disk/root" err
			if [ -e disk/root ]; then
				grep -q "subca init disk/root --resume" err
				subca init disk/root --resume
				resumed=$((resumed + 1))
			else
				[ -z "$(ls -A disk)" ]
			fi
		fi
		umount disk
	done
	[ "$resumed" -gt 0 ]
}

@test "a certificate is written whole though nobody can be told" {
	request zia.csr "/CN=Inspection"
	for to in '>/dev/full' '>&-' '>&- 2>&-' '<&- >&- 2>&-' '--json >/dev/full'; do
		run bash -c "\"\$SUBCA\" sign -C root --yes --force --reissue x --profile zia --days 300 zia.csr $to"
		[ "$status" -eq 10 ] || { echo "with $to: $status"; return 1; }
		openssl verify -CAfile root/ca.pem zia.pem
		[ "$(sqlite3 root/store.db 'pragma integrity_check')" = ok ]
		rm zia.pem zia-chain.pem
	done
}

# at_prompt KEYS: signs on a terminal of its own, types KEYS at the passphrase; says what became of the echo.
at_prompt() {
	python3 - "$SUBCA" "$1" <<-'PY'
		import os, pty, sys, termios, time
		pid, terminal = pty.fork()
		if pid == 0:
		    os.environ.pop('SUBCA_PASSPHRASE', None)
		    os.execv(sys.argv[1], ['subca', 'sign', '-C', 'root', '--yes', '--quiet', '--profile', 'zia',
		                           '--days', '300', 'zia.csr'])
		said = b''
		while b'passphrase' not in said:
		    said += os.read(terminal, 1000)
		echo = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
		limit = time.time() + 10
		while echo() and time.time() < limit:
		    time.sleep(0.01)
		assert not echo(), 'the passphrase would be shown'
		os.write(terminal, sys.argv[2].encode().decode('unicode_escape').encode())
		while time.time() < limit and not echo():
		    time.sleep(0.01)
		assert echo(), 'the echo did not come back'
		try:
		    while os.read(terminal, 1000):
		        pass
		except OSError:
		    pass
		code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		print(code)
	PY
}

@test "an interrupt at the passphrase gives the echo back and spends nothing" {
	python3 -c 'import pty; pty.openpty()' 2> /dev/null || skip "no pseudo-terminal here"
	request zia.csr "/CN=Inspection"
	before=$(ls -A; rows root)
	[ "$(at_prompt 'half\x03')" -eq -2 ]
	[ "$(at_prompt 'half\x1c')" -eq -3 ]
	[ "$(at_prompt '\x04')" -eq 5 ]
	[ "$(at_prompt 'wrong\n')" -eq 5 ]
	[ "$(ls -A; rows root)" = "$before" ]
	[ "$(at_prompt 'correct\n')" -eq 0 ]
	[ "$(rows root)" -eq 2 ]
}

# The others met it at work (6) or done (9).
one_made_it() {
	[ "$(sort ./?.code | tr -d '\n' | tr 6 9)" = 0999 ]
}

@test "two inits into one folder make one CA" {
	for round in 1 2 3; do
		for n in 1 2 3 4; do
			{
				code=0
				subca init "new$round" --subject "CN=Root $n" --key ec:P-256 2> "$n.err" || code=$?
				echo $code > "$n.code"
			} &
		done
		wait
		cat ./*.err
		one_made_it
		[ ! -e "new$round/init.conf" ]
		openssl verify -x509_strict -check_ss_sig -CAfile "new$round/ca.pem" "new$round/ca.pem"
		[ "$(rows "new$round")" -eq 1 ]
		[ "$(sqlite3 "new$round/store.db" "select count(*) from cert where lower(hex(der)) = '$(
			openssl x509 -in "new$round/ca.pem" -outform DER | xxd -p | tr -d '\n')'")" -eq 1 ]
	done
	mkdir empty
	for n in 1 2 3 4; do
		{
			code=0
			subca init empty --subject "CN=Root $n" --key ec:P-256 2> "$n.err" || code=$?
			echo $code > "$n.code"
		} &
	done
	wait
	one_made_it
	[ "$(rows empty)" -eq 1 ]
}

@test "while an init is under way its CA signs nothing, and no second init joins in" {
	mkdir half
	subca init half/root --subject CN=Half --key ec:P-256
	printf 'subject = "CN=Half";\nkey = "ec:P-256";\nprofile = "root";\ndays = 0;\nnow = "2026-01-01T00:00:00Z";\n' \
		> half/root/init.conf
	request zia.csr "/CN=Inspection"
	run subca sign -C half/root --yes --profile zia --days 300 zia.csr
	[ "$status" -eq 7 ]
	[[ $output == *"--resume"* ]]
	run subca init half/root --subject CN=Half --key ec:P-256
	[ "$status" -eq 9 ]
	[[ $output == *"--resume"* ]]
	[ "$(rows half/root)" -eq 1 ]
}

@test "while an init is at work, nobody resumes or discards what it makes" {
	subca init half --subject CN=Half --key ec:P-256
	printf 'subject = "CN=Half";\nkey = "ec:P-256";\nprofile = "root";\ndays = 0;\nnow = "2026-01-01T00:00:00Z";\n' \
		> half/init.conf
	ls -A half > before
	for how in --resume "--discard --yes"; do
		# shellcheck disable=SC2086
		run flock half "$SUBCA" init half $how
		[ "$status" -eq 6 ]
		[[ $output == "subca: half: another 'subca init' is at work here; wait until it is done" ]]
		ls -A half | diff before -
	done
	subca init half --discard --yes
	[ -z "$(ls -A half)" ]
	run flock half "$SUBCA" init half --subject CN=Half --key ec:P-256
	[ "$status" -eq 6 ]
	[ -z "$(ls -A half)" ]
}

@test "a profile of this CA cannot ask for what its rules forbid" {
	request zia.csr "/CN=Inspection"
	profile=mine
	while IFS='|' read -r code words text; do
		printf '%b\n' "$text" > root/profiles/mine.conf
		refused "$code" "$words" zia.csr || { echo "with $text"; return 1; }
	done <<-'END'
		4|path_length|extends = "zia"; basic_constraints = { path_length = -2; };
		4|path_length|extends = "zia"; basic_constraints = { path_length = 10737418240; };
		4|path_length|extends = "zia"; basic_constraints = { path_length = "1"; };
		4|unknown key|extends = "zia"; path_length = 1;
		4|backdate|extends = "zia"; validity = { backdate = -5; };
		4|backdate|extends = "zia"; validity = { backdate = 99999999; };
		4|sha1|extends = "zia"; digest = "sha1";
		4|does not exist|extends = "../zia";
		4|does not exist|extends = "mine";
		1|not critical|extends = "zia"; basic_constraints = { critical = false; };
		1|signs itself|extends = "zia"; kind = "root";
		4|description|
	END
	printf 'extends = "zia"; basic_constraints = { path_length = -1; };' > root/profiles/mine.conf
	subca sign -C root --yes --quiet --profile mine --days 300 zia.csr
	openssl x509 -in zia.pem -noout -ext basicConstraints | grep -qx ' *CA:TRUE'
}

@test "a request for the CA's own key is refused" {
	openssl req -new -key root/private/ca.key -passin pass:correct -subj /CN=Own -out own.csr
	refused 1 "is the CA's own key" own.csr
}
