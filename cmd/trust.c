/* subca trust: how each tool is told whom to trust. */
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "cmd/command.h"
#include "cmd/trust_guide.h"
#include "cmd/trust_system.h"
#include "trust/tool.h"

static const char *const verbs[] = {"guide", "install", "remove", NULL};

static const struct option_spec options[] = {
	{.name = "os",
	 .argument = "SYSTEM",
	 .complete = COMPLETE_WORDS,
	 .words = tool_os_names,
	 .help = "lines for linux, macos, windows or a dockerfile only"},
	{.name = "format",
	 .argument = "FORMAT",
	 .complete = COMPLETE_WORDS,
	 .words = trust_guide_formats,
	 .help = "text, markdown, or shell: lines that a shell can read"},
	{.name = "bundle",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "where the bundle lies on the machines; /etc/subca/ca-bundle.pem else"},
	{.name = "root",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "where the root lies on the machines; /etc/subca/root.pem else"},
	{.name = "list", .help = "the names of the tools, and whether a setting replaces or adds"},
	{.name = "dry-run", .help = "install, remove: show what would be done"},
	{.name = "prefix",
	 .argument = "DIR",
	 .complete = COMPLETE_DIR,
	 .help = "install, remove: the root of the file system to change, of an image say"},
	{0},
};

static enum status run(struct invocation *in, struct error *e)
{
	const char *verb = in->options.operands[0];
	const char *near = suggest(verb, verbs, sizeof verbs / sizeof verbs[0] - 1);
	char todo[sizeof e->todo];

	if (strcmp(verb, "guide") == 0)
		return trust_guide(in, e);
	if (strcmp(verb, "install") == 0 || strcmp(verb, "remove") == 0)
		return trust_system(in, *verb == 'i', e);
	snprintf(todo, sizeof todo,
		 "%s%s%swrite trust guide [TOOL], install [ROOT] or remove [ROOT]",
		 near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	return error_set(e, STATUS_USAGE, NULL, todo, "trust does not know '%.80s'", verb);
}

const struct command command_trust = {
	.name = "trust",
	.usage = "guide [TOOL] | install [ROOT] | remove [ROOT]",
	.summary = "how curl, git, pip, npm, Java, … are told to trust the root",
	.about =
		"guide: the exact lines for each tool, or for one, on Linux, macOS, Windows and in "
		"Dockerfiles. A setting that replaces a tool's own roots is given the bundle (subca "
		"bundle makes it), one that adds to them is given the root alone.\n\n"
		"install: puts ROOT, or the root of the CA in DIR, into the trust store of this machine "
		"with update-ca-certificates or update-ca-trust, after showing what is done; remove "
		"undoes it.",
	.least = 1,
	.most = 2,
	.operands = {{"guide|install|remove", COMPLETE_WORDS, verbs},
		     {"TOOL|ROOT", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = run,
};
