# The manual pages say what the tables say, and nothing else.

bats_require_minimum_version 1.5.0

# Holds the items of each page against the options of its command, in both directions. The folder
# of the pages is $1, else the tree's.
# shellcheck disable=SC2120 # "run compare FOLDER" does pass one
compare() {
	SUBCA_MAN=${1:-$SUBCA_TOP/man} python3 - <<-'END'
		import json, os, re, subprocess, sys

		subca, folder = os.environ["SUBCA"], os.environ["SUBCA_MAN"]
		wrong = []

		def ask(*words):
		    return json.loads(subprocess.run([subca, "help", "--json", *words], check=True,
		                                     stdout=subprocess.PIPE).stdout)

		def stated(options):
		    found = set()
		    for o in options:
		        value = " Ar " + o["argument"] if "argument" in o else ""
		        letter = "Fl %s%s , " % (o["letter"], value) if "letter" in o else ""
		        found.add("%sFl -%s%s" % (letter, o["name"], value))
		    return found

		def page(name):
		    path = os.path.join(folder, name + ".1")
		    if not os.path.exists(path):
		        wrong.append("there is no page " + name)
		        return ""
		    with open(path, encoding="utf-8") as text:
		        return text.read()

		def hold(name, text, options):
		    items = set(re.findall(r"^\.It (Fl .*)$", text, re.M))
		    wrong.extend("%s lacks: %s" % (name, o) for o in sorted(options - items))
		    wrong.extend("%s has what is no option: %s" % (name, o) for o in sorted(items - options))

		commands = ask()["commands"]
		common = stated(commands[0]["common_options"]) | {"Fl V , Fl -version"}
		main = page("subca")
		hold("subca", main, common)
		for c in commands:
		    hold("subca-" + c["command"], page("subca-" + c["command"]), stated(c["options"]))
		    if ".It Cm %s\n" % c["command"] not in main:
		        wrong.append("subca does not list " + c["command"])
		names = {c["command"] for c in commands}
		wrong.extend("subca lists %s, which is no command" % n
		             for n in re.findall(r"^\.It Cm (\S+)$", main, re.M) if n not in names)
		wrong.extend("%s is the page of no command" % f for f in os.listdir(folder)
		             if f != "subca.1" and f[len("subca-"):-len(".1")] not in names)
		for code in ask("exit-codes")["exit_codes"]:
		    if ".It %d\n%s\n" % (code["code"], code["meaning"]) not in main:
		        wrong.append("subca has not the exit code %d as the table" % code["code"])
		print("\n".join(wrong))
		sys.exit(1 if wrong else 0)
	END
}

@test "each page has the options of its command, and no other" {
	compare
}

@test "the comparison sees a missing and a needless option, and a page that is not there" {
	cp -r "$SUBCA_TOP/man" "$BATS_TEST_TMPDIR/man"
	cd "$BATS_TEST_TMPDIR/man"
	sed -i 's/^\.It Fl -json$/.It Fl -jsno/' subca.1
	mv subca-help.1 subca-hlep.1
	echo '.It Cm hlep' >>subca.1
	run -1 compare "$PWD"
	[[ $output == *"subca lacks: Fl -json"* ]]
	[[ $output == *"subca has what is no option: Fl -jsno"* ]]
	[[ $output == *"there is no page subca-help"* ]]
	[[ $output == *"subca-hlep.1 is the page of no command"* ]]
	[[ $output == *"subca lists hlep, which is no command"* ]]
}

@test "mandoc has nothing to say about the pages" {
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	run -0 mandoc -Tlint -Wwarning "$SUBCA_TOP"/man/*.1
	[ -z "$output" ]
}
