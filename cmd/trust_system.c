#include "cmd/trust_system.h"

#include <string.h>

#include "base/file.h"
#include "cmd/trust_anchor.h"
#include "trust/system_store.h"

static void show(const struct invocation *in, const struct bundle_item *anchor,
		 const struct system_store *s, bool install)
{
	struct text line = {0};

	for (size_t i = 0; s->words[i]; i++)
		text_printf(&line, "%s%s", i ? " " : "", s->words[i]);
	output_note(&in->output, "%s: %s", install ? "trust" : "trust no more", anchor->subject);
	output_note(&in->output, "  %s %s", install ? "write" : "remove", s->file);
	output_note(&in->output, "  run   %s", text_get(&line));
	text_free(&line);
}

static enum status say(struct invocation *in, const struct bundle_item *anchor,
		       const struct system_store *s, bool done, bool install, struct error *e)
{
	if (in->output.json)
		return output_json(&in->output, "trust",
				   json_pack("{s:s, s:o, s:o, s:s, s:b}", "action",
					     install ? "install" : "remove", "subject",
					     output_json_text(anchor->subject), "file",
					     output_json_text(s->file), "program", s->words[0],
					     "done", done),
				   e);
	if (done)
		output_note(&in->output, install ? "done; 'subca trust remove' undoes it" : "done");
	return STATUS_OK;
}

static enum status act(struct invocation *in, const struct bundle_item *anchor, bool install,
		       struct error *e)
{
	const char *prefix = options_value(&in->options, "prefix");
	bool dry = options_given(&in->options, "dry-run");
	struct system_store store = {0};
	enum status s = system_store_find(prefix ? prefix : "", anchor, !install, &store, e);

	if (s == STATUS_OK && install)
		s = file_expect_absent(store.file, e);
	if (s == STATUS_OK)
		show(in, anchor, &store, install);
	if (s == STATUS_OK && !dry)
		s = output_confirm(&in->output, "Change the trust store of this machine?", e);
	if (s == STATUS_OK && !dry)
		s = install ? system_store_install(&store, anchor, e)
			    : system_store_remove(&store, e);
	if (s == STATUS_OK)
		s = say(in, anchor, &store, !dry, install, e);
	system_store_free(&store);
	return s;
}

enum status trust_system(struct invocation *in, bool install, struct error *e)
{
	struct bundle b = {0};
	struct findings findings = {0};
	enum status s = trust_anchor_read(in, install, &b, &findings, e);

	if (s == STATUS_REFUSED)
		output_findings(&in->output, stderr, &findings);
	if (s == STATUS_OK)
		s = act(in, &b.items[0], install, e);
	findings_free(&findings);
	bundle_free(&b);
	return s;
}
