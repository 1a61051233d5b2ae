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
