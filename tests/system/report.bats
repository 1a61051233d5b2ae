# The HTML report of an audit, in a browser.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	unset SUBCA_DIR SUBCA_PASSPHRASE
	"$SUBCA" init ca --subject "CN=<script>alert(1)</script> & \"Co\"" --key ec:P-256 \
		--no-passphrase --yes -q
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out r.csr \
		-subj "/CN=Issued" 2>/dev/null
	"$SUBCA" -C ca sign r.csr --profile subordinate-ca --yes -q -o issued.pem --chain chain.pem
	python3 "$SUBCA_TOP/tests/system/audit_estate.py" estate ca
	echo nothing >"estate/<b>junk.txt"
	"$SUBCA" audit -C ca estate --report report.html -q >line 2>/dev/null || [ $? = 1 ]
	"$SUBCA" audit -C ca --report clean.html -q >/dev/null
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	command -v chromium >/dev/null || skip "chromium is not installed"
}

# browse FILE ARGUMENT…: Chromium without a network; what the page logs is on standard error.
browse() {
	timeout 90 chromium --headless --no-sandbox --disable-gpu --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--host-resolver-rules="MAP * ~NOTFOUND" --hide-scrollbars \
		--user-data-dir="$BATS_TEST_TMPDIR/chromium" --enable-logging=stderr "${@:2}" \
		"file://$PWD/$1"
}

@test "the page is whole: tags, ids, links, nothing from elsewhere, nobody's markup" {
	python3 - <<-'END'
		import html.parser
		VOID = {"meta", "br", "hr", "img", "link", "input", "path", "rect", "line"}
		class Page(html.parser.HTMLParser):
		    def __init__(self):
		        super().__init__()
		        self.open, self.ids, self.links, self.tags = [], [], [], set()
		    def handle_starttag(self, tag, attributes):
		        a = dict(attributes)
		        self.tags.add(tag)
		        if "id" in a: self.ids.append(a["id"])
		        for name, value in a.items():
		            if name in ("href", "src", "action", "data"): self.links.append(value)
		            assert not name.startswith("on"), name
		        if tag not in VOID: self.open.append(tag)
		    def handle_startendtag(self, tag, attributes):
		        self.handle_starttag(tag, attributes)
		        if tag not in VOID: self.open.pop()
		    def handle_endtag(self, tag):
		        assert self.open and self.open.pop() == tag, (tag, self.getpos())
		for name in "report.html", "clean.html":
		    page = Page()
		    text = open(name, encoding="utf-8").read()
		    page.feed(text)
		    assert not page.open, page.open
		    assert len(page.ids) == len(set(page.ids)), "an id stands twice"
		    assert page.links and all(l[0] == "#" and l[1:] in page.ids for l in page.links), page.links
		    assert not page.tags & {"script", "iframe", "img", "link"}, page.tags
		    assert "url(" not in text and "@import" not in text
		    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;" in text
		    assert '<html lang="en">' in text and "<title>Audit of " in text
		assert "&lt;b&gt;junk.txt" in open("report.html", encoding="utf-8").read()
	END
}

@test "Chromium renders it, and has nothing to say on its console" {
	browse report.html --dump-dom >dom 2>log
	grep -q 'Not in order: [0-9]* errors must be dealt with' dom
	grep -q '<svg class="timeline"' dom
	[ "$(grep -c '<article class="finding' dom)" -eq "$(grep -o '<article class="finding' report.html | wc -l)" ]
	run -1 grep CONSOLE log
	browse clean.html --dump-dom 2>log | grep -q 'In order: nothing wrong was found'
	run -1 grep CONSOLE log
	# The same page with a script that its policy forbids does say something.
	sed 's|</body>|<script>alert(1)</script></body>|' report.html >scripted.html
	browse scripted.html --dump-dom >/dev/null 2>log
	grep -q CONSOLE log
}

@test "it is there to be seen, in light and in dark" {
	browse report.html --window-size=1000,1400 --screenshot="$PWD/light.png" 2>log
	browse report.html --window-size=1000,1400 --screenshot="$PWD/dark.png" --force-dark-mode 2>log
	[ "$(stat -c %s light.png)" -gt 40000 ]
	[ "$(stat -c %s dark.png)" -gt 40000 ]
	run ! cmp -s light.png dark.png
}

@test "it prints on A4" {
	browse report.html --no-pdf-header-footer --print-to-pdf="$PWD/report.pdf" 2>log
	run -0 pdfinfo report.pdf
	[[ $output == *"(A4)"* ]]
	[[ $output =~ Pages:\ +([0-9]+) ]]
	[ "${BASH_REMATCH[1]}" -ge 3 ] && [ "${BASH_REMATCH[1]}" -le 12 ]
	pdftotext -layout report.pdf - | grep -q "Inventory"
}
