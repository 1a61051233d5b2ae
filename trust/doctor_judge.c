#include "trust/doctor_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status doctor_say(struct words *to, struct error *e, const char *format, ...)
{
	char *line = NULL;
	va_list words;
	enum status s;
	int len;

	va_start(words, format);
	len = vasprintf(&line, format, words);
	va_end(words);
	if (len < 0)
		return error_memory(e);
	/* The same may come from two sides. */
	s = words_have(to, line) ? STATUS_OK : words_add(to, line, e);
	free(line);
	return s;
}

/* --- what is known of it ---------------------------------------------------------------------- */

static bool is_set(const struct setting_found *item)
{
	return item->setting->source != SOURCE_PLACE;
}

const struct setting_found *doctor_chief(const struct doctor_row *row)
{
	static const struct {
		enum tool_slot slot;
		bool set;
	} order[] = {
		{SLOT_FILE, true},  {SLOT_ADDED, true},	 {SLOT_ADDED, false},
		{SLOT_FILE, false}, {SLOT_FOLDER, true}, {SLOT_FOLDER, false},
	};

	for (size_t o = 0; o < sizeof order / sizeof order[0]; o++)
		for (size_t i = 0; i < row->settings.count; i++) {
			const struct setting_found *item = &row->settings.items[i];

			if (item->counts && item->setting->slot == order[o].slot &&
			    is_set(item) == order[o].set)
				return item;
		}
	return NULL;
}

const struct anchor_store *doctor_store(const struct doctor_report *r, const struct doctor_row *row,
					const struct setting_found *item)
{
	size_t at = row->stores ? row->stores[item - row->settings.items] : DOCTOR_NO_STORE;

	return at == DOCTOR_NO_STORE ? NULL : &r->stores[at];
}

void doctor_where(const struct setting_found *item, struct text *out)
{
	const char *home = getenv("HOME");
	size_t len = home ? strlen(home) : 0;

	if (item->file && len && strncmp(item->file, home, len) == 0 && item->file[len] == '/')
		text_printf(out, "~%s: ", item->file + len);
	else if (item->file)
		text_printf(out, "%s: ", item->file);
	text_add(out, item->setting->name);
}

/* Whether the tool would find the root there, as far as looking tells. */
static bool holds(const struct anchor_store *store)
{
	return store && store->has_root && (store->kind != ANCHORS_FOLDER || store->has_link);
}

bool doctor_trusts(const struct doctor_report *r, const struct doctor_row *row)
{
	for (size_t i = 0; i < row->settings.count; i++)
		if (row->settings.items[i].counts &&
		    holds(doctor_store(r, row, &row->settings.items[i])))
			return true;
	return false;
}

/* Certificates other than the root, wherever it looks. */
static size_t others(const struct doctor_report *r, const struct doctor_row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < row->settings.count; i++) {
		const struct setting_found *item = &row->settings.items[i];
		const struct anchor_store *store = doctor_store(r, row, item);

		if (item->counts && item->setting->slot != SLOT_OFF && !store)
			return (size_t)-1; /* inside the tool */
		if (item->counts && store)
			n += store->count - store->has_root;
	}
	return n;
}

/* --- why -------------------------------------------------------------------------------------- */

/* What stands in one store, in words. */
static enum status describe(const struct setting_found *item, const struct anchor_store *store,
			    struct words *why, struct error *e)
{
	struct text where = {0};
	enum status s = STATUS_OK;

	doctor_where(item, &where);
	if (!store)
		s = doctor_say(why, e, "it looks at %s", text_get(&where));
	else if (store->state == ANCHORS_MISSING)
		s = doctor_say(why, e, "%s names %s, which is not there", text_get(&where),
			       store->path);
	else if (store->state == ANCHORS_UNREADABLE)
		s = doctor_say(why, e, "%s names %s: %s", text_get(&where), store->path,
			       store->problem);
	else
		s = doctor_say(why, e, "%s is %s: %zu certificate%s, %s", text_get(&where),
			       store->path, store->count, store->count == 1 ? "" : "s",
			       store->has_root ? "the root among them" : "not the root");
	text_free(&where);
	return s;
}

static enum status describe_all(const struct doctor_report *r, const struct doctor_row *row,
				struct words *why, struct error *e)
{
	for (size_t i = 0; i < row->settings.count; i++) {
		const struct setting_found *item = &row->settings.items[i];

		if (item->counts && item->setting->slot != SLOT_OFF &&
		    describe(item, doctor_store(r, row, item), why, e) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

static enum status add_off(const struct setting_found *item, struct words *why, struct error *e)
{
	struct text where = {0};
	enum status s;

	doctor_where(item, &where);
	s = doctor_say(why, e, "%s%s%s switches verification off%s", text_get(&where),
		       *item->value ? " = " : "", item->value,
		       strcasestr(item->setting->name, "host") ? " for these hosts" : "");
	text_free(&where);
	return s;
}

/* What will hurt although it may work today. */
static enum status warn_of(const struct setting_found *item, const struct anchor_store *store,
			   struct words *why, struct error *e)
{
	if (item->setting->slot == SLOT_OFF)
		return add_off(item, why, e);
	if (!store)
		return STATUS_OK;
	if (store->state != ANCHORS_READ && is_set(item))
		return describe(item, store, why, e);
	if (store->below && doctor_say(why, e,
				       "%s holds %s, a CA below the root: as an anchor it fails "
				       "when it is replaced",
				       store->path, store->below) != STATUS_OK)
		return error_status(e);
	if (store->bad &&
	    doctor_say(why, e,
		       "%s has %zu block%s that cannot be read: some tools see "
		       "nothing of what follows",
		       store->path, store->bad, store->bad == 1 ? "" : "s") != STATUS_OK)
		return error_status(e);
	if (store->kind == ANCHORS_FOLDER && store->has_root && !store->has_link)
		return doctor_say(
			why, e, "%s holds the root, but not under the name that OpenSSL looks for",
			store->path);
	return STATUS_OK;
}

static enum status warn(const struct doctor_report *r, const struct doctor_row *row,
			struct words *why, struct error *e)
{
	const struct setting_found *chief = doctor_chief(row);

	for (size_t i = 0; i < row->settings.count; i++) {
		const struct setting_found *item = &row->settings.items[i];

		if (item->counts && warn_of(item, doctor_store(r, row, item), why, e) != STATUS_OK)
			return error_status(e);
	}
	if (chief && is_set(chief) && chief->setting->slot == SLOT_FILE && doctor_trusts(r, row) &&
	    others(r, row) == 0)
		return doctor_say(why, e,
				  "%s holds no public root: what is not inspected is refused",
				  chief->value);
	return STATUS_OK;
}

/* --- the verdict ------------------------------------------------------------------------------ */

static bool is_off(const struct doctor_row *row)
{
	for (size_t i = 0; i < row->settings.count; i++)
		if (row->settings.items[i].setting->slot == SLOT_OFF)
			return true;
	return false;
}

static bool ended(const struct client_run *run)
{
	return run->outcome == OUTCOME_ACCEPTED || run->outcome == OUTCOME_REFUSED;
}

static enum status judge_tried(const struct doctor_report *r, struct doctor_row *row,
			       struct error *e)
{
	const struct client_run *in = &row->inspected, *out = &row->stranger;

	if (row->found.state == CLIENT_FAILED || !ended(in) || !ended(out)) {
		const struct client_run *odd = !ended(in) ? in : out;

		row->verdict = DOCTOR_UNCLEAR;
		return doctor_say(&row->why, e, "it could not be tried to the end: %s%s%s",
				  row->found.state == CLIENT_FAILED
					  ? row->found.reason
					  : client_outcome_name(odd->outcome),
				  *odd->reason ? ", " : "", odd->reason);
	}
	if (out->outcome == OUTCOME_ACCEPTED) {
		row->verdict = DOCTOR_OPEN;
		return doctor_say(&row->why, e, "it accepts a site that nobody vouches for");
	}
	if (in->outcome == OUTCOME_ACCEPTED) {
		row->verdict = row->why.count ? DOCTOR_WARNS : DOCTOR_GOOD;
		return STATUS_OK;
	}
	row->verdict = DOCTOR_BREAKS;
	if (describe_all(r, row, &row->why, e) != STATUS_OK)
		return error_status(e);
	return doctor_say(&row->why, e, "it refuses: %s",
			  *in->reason ? in->reason : "it does not say why");
}

static bool is_broken(const struct doctor_report *r, const struct doctor_row *row)
{
	const struct setting_found *chief = doctor_chief(row);
	const struct anchor_store *store = chief ? doctor_store(r, row, chief) : NULL;

	return (store && is_set(chief) && store->state != ANCHORS_READ) || !doctor_trusts(r, row);
}

static enum status judge_looked_at(const struct doctor_report *r, struct doctor_row *row,
				   struct error *e)
{
	if (is_off(row)) {
		row->verdict = DOCTOR_OPEN;
		return STATUS_OK;
	}
	if (!is_broken(r, row)) {
		row->verdict = row->why.count ? DOCTOR_WARNS : DOCTOR_GOOD;
		return STATUS_OK;
	}
	row->verdict = DOCTOR_BREAKS;
	return doctor_trusts(r, row) ? STATUS_OK : describe_all(r, row, &row->why, e);
}

enum status doctor_judge(const struct doctor_report *r, struct doctor_row *row,
			 const struct words *more, struct error *e)
{
	enum status s = STATUS_OK;

	if (row->found.state == CLIENT_MISSING) {
		row->verdict = DOCTOR_ABSENT;
		return STATUS_OK;
	}
	for (size_t i = 0; i < more->count && s == STATUS_OK; i++)
		s = words_add(&row->why, more->list[i], e);
	if (s == STATUS_OK)
		s = warn(r, row, &row->why, e);
	if (s == STATUS_OK)
		s = (r->tried && row->client) || row->found.state == CLIENT_FAILED
			    ? judge_tried(r, row, e)
			    : judge_looked_at(r, row, e);
	return s;
}
