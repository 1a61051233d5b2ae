/* subca trust: how each tool is told whom to trust. */
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "cmd/command.h"
#include "cmd/trust_doctor.h"
#include "cmd/trust_guide.h"
#include "cmd/trust_system.h"
#include "trust/guide.h"

static const char *const verbs[] = {"guide", "doctor", "install", "remove", NULL};

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
	 .help = "where the bundle lies on the machines; " GUIDE_BUNDLE " else"},
	{.name = "root",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "where the root lies on the machines; " GUIDE_ROOT " else"},
	{.name = "list", .help = "the names of the tools, and whether a setting replaces or adds"},
	{.name = "only", .argument = "TOOL", .repeatable = true, .help = "doctor: this tool alone"},
	{.name = "skip",
	 .argument = "TOOL",
	 .repeatable = true,
	 .help = "doctor: without this tool"},
	{.name = "no-try", .help = "doctor: look at settings and files, and run no tool"},
	{.name = "timeout",
	 .argument = "SECONDS",
	 .help = "doctor: for each run of a tool; 20 else, more for slow ones"},
	{.name = "jobs",
	 .argument = "N",
	 .help = "doctor: tools at a time; the processors and one else"},
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
	if (strcmp(verb, "doctor") == 0)
		return trust_doctor(in, e);
	if (strcmp(verb, "install") == 0 || strcmp(verb, "remove") == 0)
		return trust_system(in, *verb == 'i', e);
	snprintf(todo, sizeof todo,
		 "%s%s%swrite trust guide [TOOL], or doctor, install or remove [ROOT]",
		 near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	return error_set(e, STATUS_USAGE, NULL, todo, "trust does not know '%.80s'", verb);
}

const struct command command_trust = {
	.name = "trust",
	.usage = "guide [TOOL] | doctor [ROOT] | install [ROOT] | remove [ROOT]",
	.summary = "how curl, git, pip, npm, Java, … are told to trust the root",
	.about =
		"guide: the exact lines for each tool, or for one, on Linux, macOS, Windows and in "
		"Dockerfiles. A setting that replaces a tool's own roots is given the bundle (subca "
		"bundle makes it), one that adds to them is given the root alone.\n\n"
		"doctor: what the tools of this machine trust now, by which setting, and whether each "
		"would get on behind inspection below ROOT, or below the root of the CA in DIR. It "
		"runs them on loopback with their settings as they are, changes nothing, and says the "
		"line that mends. The exit code is 0 when all are ready, 1 when one is not, 11 when "
		"there are warnings alone.\n\n"
		"install: puts ROOT, or the root of the CA in DIR, into the trust store of this machine "
		"with update-ca-certificates or update-ca-trust, after showing what is done; remove "
		"undoes it.",
	.least = 1,
	.most = 2,
	.operands = {{"guide|doctor|install|remove", COMPLETE_WORDS, verbs},
		     {"TOOL|ROOT", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = run,
};
