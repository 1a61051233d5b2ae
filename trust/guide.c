#include "trust/guide.h"

#include <string.h>

#define WINDOWS_BUNDLE "C:\\ProgramData\\subca\\ca-bundle.pem"
#define WINDOWS_ROOT "C:\\ProgramData\\subca\\root.pem"

/* The lines are for a shell to read: a path must not say anything to it. */
static enum status check_path(const char *path, struct error *e)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_./:\\-+@~,=";

	if (!path || (*path && *path != '-' && !path[strspn(path, plain)]))
		return STATUS_OK;
	return error_set(e, STATUS_USAGE, NULL, "choose a path of letters, digits and . _ - + / :",
			 "the path '%.80s' would have to be quoted in a shell", path);
}

enum status guide_lines(const struct guide *g, const struct tool_step *step, enum tool_os os,
			struct text *out, struct error *e)
{
	bool windows = os == TOOL_WINDOWS;
	const struct tool_value values[] = {
		{"bundle", g->bundle ? g->bundle
			   : windows ? WINDOWS_BUNDLE
				     : GUIDE_BUNDLE},
		{"root", g->root   ? g->root
			 : windows ? WINDOWS_ROOT
				   : GUIDE_ROOT},
	};

	return tool_expand(step->lines, values, 2, out, e);
}

/* Each line of lines after prefix. */
static void add_indented(struct text *out, const char *prefix, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		text_add(out, prefix);
		text_append(out, lines, len);
		text_add(out, "\n");
		lines += len + (lines[len] == '\n');
	}
}

static const char *system_name(enum tool_os os)
{
	return os == TOOL_LINUX	    ? "Linux"
	       : os == TOOL_MACOS   ? "macOS"
	       : os == TOOL_WINDOWS ? "Windows"
				    : "Dockerfile";
}

/* "Linux, macOS": those of both that read the same lines, from os on. */
static void add_systems(struct text *out, unsigned systems)
{
	const char *before = "";

	for (unsigned os = TOOL_LINUX; os <= TOOL_DOCKERFILE; os <<= 1) {
		if (systems & os) {
			text_printf(out, "%s%s", before, system_name((enum tool_os)os));
			before = ", ";
		}
	}
}

static const char *effect_words(const struct tool *tool)
{
	return tool->effect == TOOL_REPLACES ? "replaces the tool's own roots: give it the bundle"
					     : "adds to the roots it has: give it the root alone";
}

static void add_head(const struct guide *g, const struct tool *tool, struct text *out)
{
	const char *mark = g->format == GUIDE_SHELL ? "# " : "";

	if (g->format == GUIDE_MARKDOWN)
		text_printf(out, "## %s\n\n", tool->name);
	else
		text_printf(out, "%s%s (%s)\n", mark, tool->name, tool->id);
	text_printf(out, "%s%sThe setting %s.\n", mark, g->format == GUIDE_TEXT ? "  " : "",
		    effect_words(tool));
	if (tool->note)
		text_printf(out, "%s%s%s\n", mark, g->format == GUIDE_TEXT ? "  " : "", tool->note);
}

static enum status add_step(const struct guide *g, const struct tool_step *step, unsigned systems,
			    struct text *out, struct error *e)
{
	enum tool_os os = (enum tool_os)(systems & -systems);
	struct text lines = {0};
	enum status s = guide_lines(g, step, os, &lines, e);

	if (s != STATUS_OK) {
		text_free(&lines);
		return s;
	}
	if (g->format == GUIDE_SHELL) {
		text_printf(out, "# %s:\n", step->when);
		add_indented(out, "", text_get(&lines));
	} else {
		text_add(out, g->format == GUIDE_MARKDOWN ? "\n**" : "\n  ");
		add_systems(out, systems);
		text_printf(out, "%s %s:\n", g->format == GUIDE_MARKDOWN ? "**," : ",", step->when);
		if (g->format == GUIDE_MARKDOWN)
			text_printf(out, "\n```%s\n",
				    os == TOOL_WINDOWS	    ? "powershell"
				    : os == TOOL_DOCKERFILE ? "dockerfile"
							    : "sh");
		add_indented(out, g->format == GUIDE_TEXT ? "    " : "", text_get(&lines));
		if (g->format == GUIDE_MARKDOWN)
			text_add(out, "```\n");
	}
	text_free(&lines);
	return text_check(out, e);
}

/* Linux and macOS share their lines, Windows has paths of its own. */
static enum status add_step_by_path(const struct guide *g, const struct tool_step *step,
				    struct text *out, struct error *e)
{
	static const unsigned alike[] = {TOOL_UNIX, TOOL_WINDOWS, TOOL_DOCKERFILE};

	for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
		unsigned systems = step->os & g->os & alike[i];

		if (systems && add_step(g, step, systems, out, e) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

enum status guide_write(const struct guide *g, const struct tool *tool, struct text *out,
			struct error *e)
{
	bool any = false;

	if (check_path(g->bundle, e) != STATUS_OK || check_path(g->root, e) != STATUS_OK)
		return error_status(e);
	for (const struct tool_step *step = tool->steps; step->when; step++)
		any = any || (step->os & g->os);
	if (!any)
		return STATUS_OK;
	add_head(g, tool, out);
	for (const struct tool_step *step = tool->steps; step->when; step++)
		if (step->os & g->os && add_step_by_path(g, step, out, e) != STATUS_OK)
			return error_status(e);
	text_add(out, "\n");
	return text_check(out, e);
}
