#!/usr/bin/env bats
# subca ocsp: what openssl ocsp accepts, from files alone, and never "good" for what was not issued.

load helper

setup_file() {
	export SUBCA_PASSPHRASE=correct
	cd "$BATS_FILE_TMPDIR" || return 1
	"$SUBCA" init root --subject "CN=Root" --key ec:P-256 --days 4000
	openssl req -new -newkey rsa:2048 -nodes -keyout zia.key -out zia.csr -subj "/CN=Inspection"
	for n in 1 2 3; do
		"$SUBCA" sign -C root --yes --quiet --profile zia --reissue "$n" -o "$n.pem" --chain "c$n.pem" zia.csr
	done
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ocsp.key -out ocsp.csr -subj "/CN=OCSP"
	chmod 600 ocsp.key
	"$SUBCA" sign -C root --yes --quiet --profile ocsp ocsp.csr
	"$SUBCA" revoke -C root --yes --quiet --reason superseded 2.pem
	"$SUBCA" revoke -C root --yes --quiet --hold 3.pem
}

setup() {
	in_scratch
	export SUBCA_PASSPHRASE=correct
	cp -r "$BATS_FILE_TMPDIR"/{root,?.pem,ocsp.pem,ocsp.key,zia.csr,zia.key} .
}

teardown() { [ -z "$server" ] || kill "$server"; }

delegated() { subca ocsp -C root --responder ocsp.pem --responder-key ocsp.key "$@"; }
serial() { openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f; }

# ask CERT FILE: what a client that trusts the root makes of the response.
ask() { openssl ocsp -issuer root/ca.pem -CAfile root/ca.pem -cert "$1" -respin "$2" 2>&1; }

@test "good, revoked and held, by the CA's key and by a delegated one" {
	for way in "subca ocsp -C root" delegated; do
		rm -rf out
		run $way -o out
		[ "$status" -eq 0 ]
		# The responder's own is the second good one.
		[[ $output == *"2 good, 2 revoked, 0 unknown"* ]]
		run ask 1.pem "out/$(serial 1.pem).ocsp"
		[[ $output == *"Response verify OK"*"1.pem: good"* ]]
		run ask 2.pem "out/$(serial 2.pem).ocsp"
		[[ $output == *"Response verify OK"*"2.pem: revoked"*"Reason: superseded"* ]]
		run ask 3.pem "out/$(serial 3.pem).ocsp"
		[[ $output == *"3.pem: revoked"*"certificateHold"* ]]
		[ ! -e "out/$(serial root/ca.pem).ocsp" ]
	done
	# A response is for its certificate alone.
	run ask 1.pem "out/$(serial 2.pem).ocsp"
	[[ $output != *good* ]]
}

@test "a static web server answers openssl's GET for what it has, and nothing good for the rest" {
	command -v python3 curl > /dev/null
	delegated -q -o out --sha256
	cat > server.py <<-'PY'
		import http.server, os, sys, urllib.parse
		class Static(http.server.SimpleHTTPRequestHandler):
		    def do_GET(self):
		        name = urllib.parse.unquote(self.path).lstrip("/")
		        name = name + "index.html" if name.endswith("/") else name
		        name = name if os.path.isfile(name) else "unauthorized.ocsp"
		        body = open(name, "rb").read()
		        self.send_response(200)
		        self.send_header("Content-Type", "application/ocsp-response")
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def log_message(self, *a): pass
		s = http.server.HTTPServer(("127.0.0.1", 0), Static)
		open("../port", "w").write(str(s.server_port))
		s.serve_forever()
	PY
	cd out
	python3 ../server.py 3>&- & server=$!
	cd ..
	for _ in $(seq 50); do [ -s port ] && break; sleep 0.1; done
	for digest in sha1 sha256; do
		for n in 1 2; do
			openssl ocsp -$digest -issuer root/ca.pem -cert $n.pem -no_nonce -reqout req.der
			name=$(base64 -w0 req.der | sed 's,/,%2F,g; s,+,%2B,g; s,=,%3D,g')
			curl -s -o resp.der "http://127.0.0.1:$(cat port)/$name"
			run openssl ocsp -$digest -issuer root/ca.pem -CAfile root/ca.pem -cert $n.pem -respin resp.der
			[[ $output == *"Response verify OK"*"$n.pem: $([ $n = 1 ] && echo good || echo revoked)"* ]]
		done
	done
	# Base64 that ends in "/", as one in 64 does.
	serial=4fffffffffffffffffffffffffffffffffffffff
	subca ocsp -C root -q -o out $serial
	openssl ocsp -issuer root/ca.pem -serial 0x$serial -no_nonce -reqout req.der
	[[ $(base64 -w0 req.der) == */ ]]
	curl -s -o resp.der "http://127.0.0.1:$(cat port)/$(base64 -w0 req.der | sed 's,/,%2F,g; s,+,%2B,g; s,=,%3D,g')"
	run openssl ocsp -issuer root/ca.pem -CAfile root/ca.pem -serial 0x$serial -respin resp.der
	[[ $output == *"Response verify OK"*unknown* ]]
	openssl ocsp -issuer root/ca.pem -serial 0x0BAD -no_nonce -reqout req.der
	curl -s -o resp.der "http://127.0.0.1:$(cat port)/$(base64 -w0 req.der | sed 's,/,%2F,g; s,+,%2B,g; s,=,%3D,g')"
	run openssl ocsp -issuer root/ca.pem -CAfile root/ca.pem -serial 0x0BAD -respin resp.der
	[[ $output == *"unauthorized"* && $output != *good* ]]
}

@test "a serial that was never issued is unknown, and so is one that failed" {
	sqlite3 root/store.db "insert into cert (serial, state, profile, portal, subject, subject_der, spki_sha256,
		plan_hash, request_sha256, reason, not_before, not_after, reserved_at)
		values (x'0bae', 1, 'zia', '', 'CN=x', x'3000', zeroblob(32), zeroblob(32), x'', '', 1, 4000000000, 1)"
	run subca ocsp -C root -o out 0bad 0bae
	[ "$status" -eq 0 ]
	[[ $output == *"0 good, 0 revoked, 2 unknown"* ]]
	for s in 0bad 0bae; do
		run openssl ocsp -issuer root/ca.pem -CAfile root/ca.pem -serial 0x$s -respin out/$s.ocsp
		[[ $output == *"Response verify OK"*"unknown"* && $output != *good* ]]
	done
}

@test "nextUpdate is as asked for, and ends with the signer" {
	subca ocsp -C root -q -o out --days 7
	run openssl ocsp -respin "out/$(serial 1.pem).ocsp" -noverify -resp_text
	[[ $output == *"$(date -u -d '+7 days' '+%b %e')"* ]]
	run delegated -o out --days 3000
	[[ $output == *"the signer's own end"* ]]
	run openssl ocsp -respin "out/$(serial 1.pem).ocsp" -noverify -resp_text
	[[ $output == *"Next Update: $(openssl x509 -in ocsp.pem -noout -enddate | cut -d= -f2)"* ]]
}

@test "expired certificates have no response, and an expired responder signs none" {
	run faketime -f +200d "$SUBCA" ocsp -C root -o out --responder ocsp.pem --responder-key ocsp.key
	[ "$status" -eq 1 ]
	[[ $output == *"not valid at this time"* ]]
	run faketime -f +2500d "$SUBCA" ocsp -C root -o out
	[ "$status" -eq 0 ]
	[[ $output == *"0 good, 0 revoked"* ]]
}

# refused EXIT-CODE WORDS ARGUMENT…: nothing is written.
refused() {
	local code=$1 words=$2
	shift 2
	run subca ocsp -C root -o none "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status: $output"; return 1; }
	[[ $output == *"$words"* ]] || { echo "$output"; return 1; }
	[ ! -e none ]
}

@test "a responder must be this CA's, for this, unrevoked, and own the key" {
	refused 1 "not a certificate for OCSPSigning" --responder 1.pem --responder-key zia.key
	subca init other --subject CN=Other --key ec:P-256 --quiet
	openssl req -new -key ocsp.key -subj /CN=OCSP -out o.csr
	subca sign -C other --yes -q -p ocsp -o foreign.pem --chain fc.pem o.csr
	refused 3 "was not issued by this CA" --responder foreign.pem --responder-key ocsp.key
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out wrong.key; chmod 600 wrong.key
	refused 5 "" --responder ocsp.pem --responder-key wrong.key
	refused 2 "belong together" --responder ocsp.pem
	refused 2 "belong together" --responder-key ocsp.key
	refused 3 "" --responder absent.pem --responder-key ocsp.key
	refused 4 "" --responder zia.csr --responder-key ocsp.key
	refused 2 "" xyz
	refused 2 "" --days 0
	subca revoke -C root -y -q --reason superseded ocsp.pem
	refused 1 "is revoked" --responder ocsp.pem --responder-key ocsp.key
	run subca ocsp -C root
	[ "$status" -eq 2 ]
}

@test "JSON names the files, and they are there" {
	output=$(delegated --json -o out)
	[ "$(jq -r '.schema, .good, .revoked' <<< "$output" | paste -sd,)" = subca.ocsp/1,2,2 ]
	for file in $(jq -r '.responses[] | .file, .get' <<< "$output"); do
		[ -s "out/$file" ]
	done
	[ "$(sqlite3 -readonly root/store.db "select count(*) from journal where canonical like '%\"event\":\"ocsp\"%'")" = 1 ]
}
