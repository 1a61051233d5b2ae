#include "cmd/trust_guide.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/layout.h"
#include "trust/guide.h"

const char *const trust_guide_formats[] = {"text", "markdown", "shell", NULL};

static json_t *step_json(const struct guide *g, const struct tool_step *step, enum tool_os os,
			 struct error *e)
{
	struct text lines = {0};
	json_t *item = NULL;
	size_t place = 0;

	while ((1U << place) != (unsigned)os)
		place++;
	if (guide_lines(g, step, os, &lines, e) == STATUS_OK)
		item = json_pack("{s:s, s:s, s:s}", "os", tool_os_names[place], "for", step->when,
				 "lines", text_get(&lines));
	text_free(&lines);
	return item;
}

static json_t *steps_json(const struct guide *g, const struct tool *tool, struct error *e)
{
	json_t *list = json_array();

	for (const struct tool_step *step = tool->steps; step->when; step++)
		for (unsigned os = TOOL_LINUX; os <= TOOL_DOCKERFILE; os <<= 1)
			if (step->os & g->os & os)
				(void)!json_array_append_new(list, step_json(g, step,
									     (enum tool_os)os, e));
	return list;
}

static enum status item(struct output *o, const struct guide *g, const struct tool *tool,
			struct error *e)
{
	json_t *variables = json_array();

	for (const struct tool_setting *t = tool->settings; t && t->source; t++)
		if (t->source == SOURCE_VARIABLE && t->slot != SLOT_OFF)
			(void)!json_array_append_new(variables, json_string(t->name));
	return output_json_item(o,
				json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "tool", tool->id,
					  "name", tool->name, "effect",
					  tool->effect == TOOL_REPLACES ? "replaces" : "adds",
					  "note", tool->note ? tool->note : "", "variables",
					  variables, "steps", steps_json(g, tool, e)),
				e);
}

static enum status put(struct output *o, const struct guide *g, const struct tool *tool,
		       struct error *e)
{
	struct text text = {0};
	enum status s = guide_write(g, tool, &text, e);

	if (s == STATUS_OK && o->json)
		s = item(o, g, tool, e);
	else if (s == STATUS_OK)
		fputs(text_get(&text), stdout);
	text_free(&text);
	return s == STATUS_OK ? output_check(e) : s;
}

static enum status put_all(struct output *o, const struct guide *g, struct error *e)
{
	const struct tool *tool;

	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++)
		if (put(o, g, tool, e) != STATUS_OK)
			return error_status(e);
	return STATUS_OK;
}

static enum status list(const struct output *o, struct error *e)
{
	static const struct column columns[] = {
		{"TOOL", 10, CUT_END}, {"EFFECT", 9, CUT_END}, {"WHAT IT IS", 0, CUT_END}};
	const struct tool *tool;

	if (!o->quiet)
		layout_row(columns, 3, NULL);
	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++) {
		if (o->quiet)
			puts(tool->id);
		else
			layout_row(columns, 3,
				   (const char *const[]){tool->id,
							 tool->effect == TOOL_REPLACES ? "replaces"
										       : "adds",
							 tool->name});
	}
	return output_check(e);
}

static enum status read_options(const struct options *o, struct guide *g, struct error *e)
{
	int os = -1, format = GUIDE_TEXT;

	if (options_word(o, "os", &os, e) != STATUS_OK ||
	    options_word(o, "format", &format, e) != STATUS_OK)
		return error_status(e);
	g->bundle = options_value(o, "bundle");
	g->root = options_value(o, "root");
	g->format = (enum guide_format)format;
	g->os = os >= 0 ? 1U << os : TOOL_ALL_OS;
	if (g->format != GUIDE_SHELL)
		return STATUS_OK;
	if (os < 0)
		g->os = TOOL_LINUX;
	if (g->os & ~(unsigned)TOOL_UNIX)
		return error_set(e, STATUS_USAGE, NULL, "leave --format out",
				 "lines for a shell are for linux and macos");
	return STATUS_OK;
}

enum status trust_guide(struct invocation *in, struct error *e)
{
	const struct options *o = &in->options;
	const char *name = o->operand_count > 1 ? o->operands[1] : NULL;
	const struct tool *tool = NULL;
	struct guide g = {0};
	enum status s;

	if (read_options(o, &g, e) != STATUS_OK)
		return error_status(e);
	if (options_given(o, "list") && !in->output.json)
		return list(&in->output, e);
	if (name && tool_find(name, &tool, e) != STATUS_OK)
		return error_status(e);
	if (in->output.json && output_json_list(&in->output, "trust", "tools", e) != STATUS_OK)
		return error_status(e);
	s = tool ? put(&in->output, &g, tool, e) : put_all(&in->output, &g, e);
	if (s == STATUS_OK && in->output.json)
		output_json_list_end(&in->output);
	return s;
}
