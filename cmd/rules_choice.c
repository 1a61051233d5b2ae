#include "cmd/rules_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"

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
	const char *accept = options_value(o, "accept");
	size_t count = rules_count();

	c->wanted = calloc(count, sizeof *c->wanted);
	c->reasons = calloc(count, sizeof *c->reasons);
	c->kept_quiet = calloc(count, sizeof *c->kept_quiet);
	if (!c->wanted || !c->reasons || !c->kept_quiet)
		return error_memory(e);
	if (take_sources(c, o, e) != STATUS_OK || take_ignored(c, o, e) != STATUS_OK)
		return error_status(e);
	return accept ? policy_read(accept, &c->accepted, e) : STATUS_OK;
}

void rules_choice_free(struct rules_choice *c)
{
	free(c->wanted);
	free(c->reasons);
	free(c->kept_quiet);
	policy_free(&c->accepted);
	*c = (struct rules_choice){0};
}

enum fate { TOLD, GONE, IGNORED };

static enum fate fate_of(struct rules_choice *c, const struct rules_about *about,
			 const struct finding *f, size_t *acceptance)
{
	size_t rule = rules_place(f->rule);

	*acceptance = 0;
	if (rule != RULES_NONE && !c->wanted[rule])
		return GONE;
	if (rule != RULES_NONE && c->reasons[rule]) {
		c->kept_quiet[rule]++;
		return IGNORED;
	}
	*acceptance = policy_accepts(&c->accepted, f->rule->id, about->serial, about->where,
				     about->now);
	return *acceptance ? IGNORED : TOLD;
}

enum status rules_choice_sort(struct rules_choice *c, const struct rules_about *about,
			      struct findings *all, struct rules_sorted *out, struct error *e)
{
	struct finding *ignored = calloc(all->count + 1, sizeof *ignored);
	size_t *acceptance = calloc(all->count + 1, sizeof *acceptance), told = 0;

	*out = (struct rules_sorted){.ignored = {ignored, 0, all->count + 1},
				     .acceptance = acceptance};
	if (!ignored || !acceptance) {
		rules_sorted_free(out);
		return error_memory(e);
	}
	for (size_t i = 0; i < all->count; i++) {
		struct finding one = all->items[i];
		size_t by;

		switch (fate_of(c, about, &one, &by)) {
		case GONE:
			free(one.where);
			free(one.message);
			break;
		case IGNORED:
			acceptance[out->ignored.count] = by;
			ignored[out->ignored.count++] = one;
			break;
		case TOLD:
			all->items[told++] = one;
			break;
		}
	}
	all->count = told;
	out->told = *all;
	*all = (struct findings){0};
	return STATUS_OK;
}

void rules_sorted_free(struct rules_sorted *s)
{
	findings_free(&s->told);
	findings_free(&s->ignored);
	free(s->acceptance);
	*s = (struct rules_sorted){0};
}

static json_t *reason_json(const struct rules_choice *c, const struct finding *f, size_t acceptance)
{
	const struct acceptance *a = acceptance ? &c->accepted.items[acceptance - 1] : NULL;
	char until[DATETIME_SIZE];

	if (!a)
		return json_pack("{s:o}", "reason",
				 output_json_text(c->reasons[rules_place(f->rule)]));
	datetime_format(a->until, until);
	return json_pack("{s:o, s:o, s:s}", "reason", output_json_text(a->why), "by",
			 output_json_text(a->by), "until", until);
}

json_t *rules_ignored_json(const struct rules_choice *c, const struct rules_sorted *s)
{
	json_t *array = output_findings_json(&s->ignored);

	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *more = reason_json(c, &s->ignored.items[i], s->acceptance[i]);

		if (!more || json_object_update(json_array_get(array, i), more) != 0) {
			json_decref(array);
			array = NULL;
		}
		json_decref(more);
	}
	return array;
}

enum status rules_each_ignored(const struct rules_choice *c, rules_ignored_use *use, void *context,
			       struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < rules_count() && s == STATUS_OK; i++) {
		struct rules_entry entry;
		struct text words = {0};

		if (!c->kept_quiet[i])
			continue;
		rules_at(i, &entry);
		text_printf(&words, "%s (%zu): ", entry.rule->id, c->kept_quiet[i]);
		text_add_escaped(&words, span_text(c->reasons[i]));
		s = text_check(&words, e);
		if (s == STATUS_OK)
			s = use(text_get(&words), context, e);
		text_free(&words);
	}
	return s;
}

static enum status print_ignored(const char *words, void *context, struct error *e)
{
	(void)context;
	(void)e;
	printf("ignored: %s\n", words);
	return STATUS_OK;
}

void rules_print_ignored(const struct rules_choice *c)
{
	struct error no_memory;

	(void)!rules_each_ignored(c, print_ignored, NULL, &no_memory);
	for (size_t i = 0; i < c->accepted.count; i++) {
		const struct acceptance *a = &c->accepted.items[i];
		char until[DATETIME_SIZE];
		struct text line = {0};

		if (!a->used)
			continue;
		datetime_format(a->until, until);
		text_printf(&line, "accepted: %s (%zu): by ", a->id, a->used);
		text_add_escaped(&line, span_text(a->by));
		text_printf(&line, " until %.10s: ", until);
		text_add_escaped(&line, span_text(a->why));
		printf("%s\n", text_get(&line));
		text_free(&line);
	}
}
