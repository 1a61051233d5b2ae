# subca expiring: what ends soon, for cron and for calendars.

bats_require_minimum_version 1.5.0

# sign NAME SUBJECT PROFILE DAYS [OPTION...]
sign() {
	local name=$1 subject=$2 profile=$3 days=$4
	shift 4
	openssl req -new -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.csr" \
		-subj "$subject" 2>/dev/null
	"$SUBCA" -C ca sign "$name.csr" --profile "$profile" --days "$days" --yes --quiet \
		-o "$name.pem" "$@"
}

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
	"$SUBCA" init ca --subject 'C=DE,O=Ex\, ample; Gesellschaft für alles,CN=Example Root' \
		--key ec:P-256 --no-passphrase --days 3000 --yes --quiet
	sign soon "/C=DE/CN=Soon" zia 60
	sign later "/C=DE/CN=Later" zia 900
	sign old "/C=DE/CN=Replaced" zia 50
	sign new "/C=DE/CN=Replaced" zia 800
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR
}

@test "what ends within the time is listed, and is exit code 1" {
	run -1 --separate-stderr "$SUBCA" -C ca expiring
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == "ENDS "* ]]
	[[ ${lines[1]} == *" 59 "*" certificate "*"C=DE,CN=Soon" ]]
	[[ $stderr == *"subca: ca: 1 is due: "* ]]
	[[ $stderr == *"1 more: replaced already"* ]]
	[ "$(LC_ALL=C.UTF-8 grep -cE '.{81}' <<<"$output")" -eq 0 ]
}

@test "nothing due is exit code 0, and silence with --quiet" {
	run -0 --separate-stderr "$SUBCA" -C ca expiring --within 58d --quiet
	[ -z "$output$stderr" ]
	run -0 --separate-stderr "$SUBCA" -C ca expiring --within 8w
	[ -z "$output" ]
	[[ $stderr == "nothing ends in that time"* ]]
	run -1 "$SUBCA" -C ca expiring --within 61d --quiet
}

@test "what ended and was not replaced counts for --past, the CA's own end for ever" {
	run -1 --separate-stderr faketime '+70 days' "$SUBCA" -C ca expiring --within 1d
	[[ ${lines[1]} == *" -11 "*CN=Soon ]]
	[ "${#lines[@]}" -eq 2 ]
	run -0 faketime '+70 days' "$SUBCA" -C ca expiring --within 1d --past 7d
	run -1 --separate-stderr faketime '+5000 days' "$SUBCA" -C ca expiring
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == *" ca "*"CN=Example Root" ]]
}

@test "a subject is replaced only under the same names" {
	"$SUBCA" init names --subject "CN=Names" --key ec:P-256 --no-passphrase --yes --quiet
	local host
	for host in a:30 b:300; do
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout h.key \
			-out "${host%:*}.csr" -subj "/CN=host" -addext "subjectAltName=DNS:${host%:*}.example" 2>/dev/null
		"$SUBCA" -C names sign "${host%:*}.csr" --profile server --days "${host#*:}" --yes --quiet
	done
	run -1 "$SUBCA" -C names expiring
	[[ $output == *" 29 "*CN=host* ]]
	[[ $output != *"replaced already"* ]]
}

@test "the last second for a child's whole life is exact" {
	run -1 --separate-stderr "$SUBCA" -C ca expiring --json --within 1500d
	local at
	at=$(python3 -c '
import json, sys
d = json.loads(sys.argv[1])
assert d["schema"] == "subca.expiring/1", d
last, = [x for x in d["ends"] if x["kind"] == "last-signing"]
assert last["profile"] == "zia" and last["child_days"] == 1825, last
print(last["at"].replace("T", " ").rstrip("Z"))' "$output")
	openssl req -new -newkey rsa:2048 -nodes -keyout last.key -out last.csr -subj "/C=DE/CN=Last" \
		2>/dev/null
	TZ=UTC run -0 faketime -f "$at" "$SUBCA" -C ca sign last.csr --profile zia --dry-run
	local next
	next=$(date -u -d "$at UTC 1 second" '+%F %T')
	TZ=UTC run -1 faketime -f "$next" "$SUBCA" -C ca sign last.csr --profile zia --dry-run
	[[ $output == *"its issuer ends at"* ]]
}

@test "--child-days names another life" {
	run -1 --separate-stderr "$SUBCA" -C ca expiring --child-days 2950
	[[ $output == *" sign 2950 d "* ]]
	run -2 "$SUBCA" -C ca expiring --child-days 0
}

@test "--json tells what replaced what" {
	run -1 --separate-stderr "$SUBCA" -C ca expiring --json
	python3 - "$output" <<-'END'
		import json, sys
		ends = json.loads(sys.argv[1])["ends"]
		assert [x["due"] for x in ends] == [False, True], ends
		assert ends[0]["subject"] == "C=DE,CN=Replaced", ends
		assert len(ends[0]["replaced_by"]) > 20 and "replaced_by" not in ends[1], ends
	END
}

@test "an issuer above is listed too" {
	"$SUBCA" init sub --parent ca --subject "C=DE,CN=Below" --key ec:P-256 --no-passphrase \
		--days 2990 --yes --quiet
	# Three thousand days never were enough for the 3650 of that profile.
	run -1 "$SUBCA" -C ca expiring --within 3001d
	[[ $output != *"sign 3650 d"* ]]
	run -1 "$SUBCA" -C sub expiring --within 3001d
	[[ $output == *" ca "*"CN=Below"* ]]
	[[ $output == *" issuer "*"CN=Example Root"* ]]
}

@test "--ics is read by a calendar library, and says the same" {
	run -0 "$SUBCA" -C ca expiring --within 7d --ics ends.ics
	run -0 "$SUBCA" -C ca expiring --within 7d --ics ends.ics
	/usr/bin/python3 - "$(openssl x509 -in soon.pem -noout -enddate)" <<-'END'
		import datetime, sys, icalendar
		raw = open("ends.ics", "rb").read()
		assert all(len(line) <= 75 for line in raw.split(b"\r\n")), "a line is too long"
		assert raw.replace(b"\r\n", b"").find(b"\n") < 0, "a line ends without CRLF"
		for line in raw.split(b"\r\n"):
		    line.decode("utf-8")
		calendar = icalendar.Calendar.from_ical(raw)
		assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
		events = {str(e["SUMMARY"]): e for e in calendar.walk("VEVENT")}
		assert len(events) == len(calendar.walk("VEVENT")) >= 6, list(events)
		soon = events["Certificate ends: C=DE,CN=Soon"]
		end = datetime.datetime.strptime(sys.argv[1], "notAfter=%b %d %H:%M:%S %Y GMT")
		assert soon["DTSTART"].dt.replace(tzinfo=None) == end, soon["DTSTART"].dt
		alarm, = soon.walk("VALARM")
		assert alarm["TRIGGER"].dt == datetime.timedelta(days=-7), alarm
		replaced = events["Replaced certificate ends: C=DE,CN=Replaced"]
		assert "replaced by: " in str(replaced["DESCRIPTION"]) and not replaced.walk("VALARM")
		# That library unescapes "\\\\\\," wrongly: the line itself is looked at (RFC 5545 3.3.11).
		lines = raw.decode("utf-8").replace("\r\n ", "").split("\r\n")
		assert "SUMMARY:CA ends: C=DE\\,O=Ex\\\\\\, ample\\; Gesellschaft für alles\\,CN=Example Root" in lines
		assert len({str(e["UID"]) for e in events.values()}) == len(events)
	END
}

@test "the calendar replaces no file of the CA, and is written whole or not" {
	run -2 "$SUBCA" -C ca expiring --ics ca/ca.pem
	"$SUBCA" -C ca list --quiet >/dev/null
	run -3 "$SUBCA" -C ca expiring --ics nowhere/ends.ics
}

@test "times that are none" {
	local word
	for word in "" x 1m -1d 5dd 99999999999999999999 40000d d; do
		run -2 "$SUBCA" -C ca expiring --within "$word"
		[[ $output == *"write it like 90d"* ]]
	done
}
