#include "cmd/rules_choice.h"

#include <stdlib.h>
#include <string.h>

static enum status expect_source(const char *name, struct error *e)
{
	struct text all = {0};
	enum status s;

	for (size_t i = 0; rules_sources[i]; i++) {
		if (strcmp(rules_sources[i], name) == 0) {
			text_free(&all);
			return STATUS_OK;
		}
		text_printf(&all, "%s%s", i ? ", " : "", rules_sources[i]);
	}
	s = error_set(e, STATUS_USAGE, NULL, text_get(&all), "there is no source '%.80s'", name);
	text_free(&all);
	return s;
}

static enum status take_sources(struct rules_choice *c, const struct options *o, struct error *e)
{
	static const char *const names[] = {"source", "without"};
	struct rules_entry entry;
	const char *name;

	for (size_t i = 0; i < rules_count(); i++)
		c->wanted[i] = !options_given(o, "source");
	for (size_t k = 0; k < 2; k++) {
		for (size_t n = 0; (name = options_value_at(o, names[k], n)); n++) {
			if (expect_source(name, e) != STATUS_OK)
				return error_status(e);
			for (size_t i = 0; i < rules_count(); i++) {
				rules_at(i, &entry);
				if (strcmp(entry.source, name) == 0)
					c->wanted[i] = k == 0;
			}
		}
	}
	return STATUS_OK;
}

static enum status take_ignored(struct rules_choice *c, const struct options *o, struct error *e)
{
	const char *given;

	for (size_t n = 0; (given = options_value_at(o, "ignore", n)); n++) {
		const char *equals = strchr(given, '=');
		char id[80];
		size_t place;

		snprintf(id, sizeof id, "%.*s", (int)(equals ? equals - given : 79), given);
		if (rules_find(id, &place, e) != STATUS_OK)
			return error_status(e);
		if (!equals || !equals[1])
			return error_set(e, STATUS_USAGE, NULL,
					 "write --ignore ID=REASON: it is told with what is found",
					 "there is no reason why '%s' is ignored", id);
		c->reasons[place] = equals + 1;
	}
	return STATUS_OK;
}

enum status rules_choice_take(struct rules_choice *c, const struct options *o, struct error *e)
{
	size_t count = rules_count();

	c->wanted = calloc(count, sizeof *c->wanted);
	c->reasons = calloc(count, sizeof *c->reasons);
	c->kept_quiet = calloc(count, sizeof *c->kept_quiet);
	if (!c->wanted || !c->reasons || !c->kept_quiet)
		return error_memory(e);
	if (take_sources(c, o, e) != STATUS_OK)
		return error_status(e);
	return take_ignored(c, o, e);
}

void rules_choice_free(struct rules_choice *c)
{
	free(c->wanted);
	free(c->reasons);
	free(c->kept_quiet);
	*c = (struct rules_choice){0};
}

size_t rules_choice_sort(struct rules_choice *c, struct findings *f)
{
	struct finding *kept = calloc(f->count ? f->count : 1, sizeof *kept);
	size_t told = 0, ignored = 0;

	/* Without memory nothing is kept quiet. */
	if (!kept)
		return f->count;
	for (size_t i = 0; i < f->count; i++) {
		struct finding one = f->items[i];
		size_t rule = rules_place(one.rule);

		if (rule != RULES_NONE && !c->wanted[rule]) {
			free(one.where);
			free(one.message);
		} else if (rule != RULES_NONE && c->reasons[rule]) {
			c->kept_quiet[rule]++;
			kept[ignored++] = one;
		} else {
			f->items[told++] = one;
		}
	}
	memcpy(f->items + told, kept, ignored * sizeof *kept);
	f->count = told + ignored;
	free(kept);
	return told;
}

json_t *rules_ignored_json(const struct rules_choice *c, const struct findings *ignored)
{
	json_t *array = output_findings_json(ignored);

	for (size_t i = 0; i < json_array_size(array); i++)
		json_object_set_new(
			array ? json_array_get(array, i) : NULL, "reason",
			output_json_text(c->reasons[rules_place(ignored->items[i].rule)]));
	return array;
}

void rules_print_ignored(const struct rules_choice *c)
{
	for (size_t i = 0; i < rules_count(); i++) {
		struct rules_entry entry;
		struct text reason = {0};

		if (!c->kept_quiet[i])
			continue;
		rules_at(i, &entry);
		text_add_escaped(&reason, span_text(c->reasons[i]));
		printf("ignored: %s (%zu): %s\n", entry.rule->id, c->kept_quiet[i],
		       text_get(&reason));
		text_free(&reason);
	}
}
