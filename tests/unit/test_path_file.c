/* Files with a chain or with roots, and the rules for them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ca/path.h"
#include "tests/unit/mute.h"
#include "tests/unit/path_cases.h"

static int64_t now;
static const char *only; /* the rule whose cases are looked at; NULL: all */

static void look_at(const char *id)
{
	only = id;
}

/*
 * Letters: l(eaf), c(a), r(oot), o(ther root), e(xpired CA), n(ot yet valid CA), w(eekly CA). says:
 * every rule that speaks. beside: a file of which the first of them says nothing; NULL: "lcr", "ro".
 */
static const struct {
	const char *says[3];
	const char *chain, *bundle, *beside;
	char leaf;
} file_cases[] = {
	{{"chain_root_missing"}, "lc", NULL, NULL, 0},
	{{"chain_root_present"}, "lcr", NULL, "lc", 0},
	{{"chain_root_missing"}, "c", NULL, NULL, 'l'},
	{{"chain_root_present"}, "lcr", NULL, "lc", 'l'},
	{{NULL}, NULL, "r", NULL, 0},
	{{NULL}, NULL, "ro", NULL, 0},
	{{"chain_order", "chain_root_present"}, "rcl", NULL, NULL, 0},
	{{"chain_order", "chain_root_present"}, "rc", NULL, "cr", 'l'},
	{{"chain_duplicate", "chain_root_missing"}, "lcc", NULL, NULL, 0},
	{{"chain_gap", "chain_root_missing"}, "lr", NULL, NULL, 0},
	{{"chain_gap"}, "o", NULL, NULL, 'l'},
	{{"chain_unrelated", "chain_root_present"}, "lcro", NULL, NULL, 0},
	{{"chain_not_ca", "chain_root_missing"}, "cl", NULL, "c", 'c'},
	{{"chain_expired", "chain_root_missing"}, "le", NULL, NULL, 0},
	{{"chain_not_yet_valid", "chain_root_missing"}, "ln", NULL, NULL, 0},
	{{"bundle_duplicate"}, NULL, "ror", NULL, 0},
	{{"bundle_not_ca", "bundle_not_root"}, NULL, "rl", NULL, 0},
	{{"bundle_not_root"}, NULL, "rc", NULL, 0},
	{{"bundle_weekly_ca"}, NULL, "rw", NULL, 0},
	{{"bundle_expired", "bundle_not_root"}, NULL, "re", NULL, 0},
	{{"bundle_not_yet_valid", "bundle_not_root"}, NULL, "rn", NULL, 0},
};
#define FILE_CASES (sizeof file_cases / sizeof *file_cases)

static X509 *letter(char which)
{
	static const struct {
		char letter;
		const char *name;
		size_t at;
	} all[] = {{'l', "good", 0},	   {'c', "good", 1},	   {'r', "good", 2},
		   {'o', "other-root", 2}, {'e', "expired-ca", 1}, {'n', "early-ca", 1}};
	struct path_case weekly = {"weekly", {"ca name=Ours(t)", "root"}, NULL, 0, PATH_ANY};
	struct path_made m;
	X509 *x = NULL;

	for (size_t i = 0; which != 'w' && i < sizeof all / sizeof *all; i++) {
		if (all[i].letter != which)
			continue;
		path_make(path_case_find(all[i].name), now, &m);
		x = m.certificates[all[i].at];
		m.certificates[all[i].at] = NULL;
		path_made_free(&m);
	}
	if (which == 'w') {
		path_make(&weekly, now, &m);
		x = m.certificates[0];
		m.certificates[0] = NULL;
		path_made_free(&m);
		/* Its signature is nothing to a file. */
		assert_true(X509_NAME_add_entry_by_txt(
				    X509_get_subject_name(x), "CN", MBSTRING_UTF8,
				    (const unsigned char *)"Ours (t) ", -1, 0, 0) == 1);
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(X509_get_subject_name(x), 1));
	}
	assert_non_null(x);
	return x;
}

static void check_file(const char *letters, bool bundle, char leaf, struct findings *found)
{
	X509 *certificates[8] = {NULL};
	struct path_file file = {.is_bundle = bundle,
				 .certificates = certificates,
				 .count = strlen(letters),
				 .time = now};
	struct error e;

	for (size_t n = 0; n < file.count; n++)
		certificates[n] = letter(letters[n]);
	file.leaf = leaf ? letter(leaf) : NULL;
	assert_int_equal(path_file_check(&file, found, &e), STATUS_OK);
	for (size_t n = 0; n < file.count; n++)
		X509_free(certificates[n]);
	X509_free(file.leaf);
}

static void check_beside(size_t at)
{
	bool bundle = file_cases[at].bundle;
	const char *letters = file_cases[at].beside ? file_cases[at].beside : bundle ? "ro" : "lcr";
	struct findings found = {0};

	if (!file_cases[at].says[0])
		return;
	check_file(letters, bundle, file_cases[at].leaf, &found);
	if (findings_find(&found, file_cases[at].says[0]))
		fail_msg("%s: %s speaks", letters, file_cases[at].says[0]);
	findings_free(&found);
}

static void every_file_rule_speaks(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILE_CASES; i++) {
		bool bundle = file_cases[i].bundle;
		const char *letters = bundle ? file_cases[i].bundle : file_cases[i].chain;
		struct findings found = {0};
		size_t expected = 0;

		if (only && (!file_cases[i].says[0] || strcmp(only, file_cases[i].says[0]) != 0))
			continue;
		check_file(letters, bundle, file_cases[i].leaf, &found);
		for (; expected < 3 && file_cases[i].says[expected]; expected++)
			if (!findings_find(&found, file_cases[i].says[expected]))
				fail_msg("%s: nothing of %s", letters,
					 file_cases[i].says[expected]);
		if (found.count != expected)
			fail_msg("%s: %zu findings, the first of %s", letters, found.count,
				 found.items[0].rule->id);
		findings_free(&found);
		check_beside(i);
	}
}

static void files_are_recognised(void **state)
{
	static const struct {
		const char *letters;
		enum path_file_kind kind;
	} files[] = {
		{"lc", PATH_FILE_CHAIN},       {"lcr", PATH_FILE_CHAIN},
		{"rcl", PATH_FILE_CHAIN},      {"cr", PATH_FILE_CHAIN},
		{"ro", PATH_FILE_BUNDLE},      {"roc", PATH_FILE_BUNDLE},
		{"llr", PATH_FILE_COLLECTION}, {"lr", PATH_FILE_COLLECTION},
		{"llc", PATH_FILE_COLLECTION}, {"lcccccccccccccccc", PATH_FILE_COLLECTION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		size_t count = strlen(files[i].letters);
		X509 *certificates[32];

		for (size_t n = 0; n < count; n++)
			certificates[n] = letter(files[i].letters[n]);
		if (path_file_recognise(certificates, count) != files[i].kind)
			fail_msg("%s", files[i].letters);
		for (size_t n = 0; n < count; n++)
			X509_free(certificates[n]);
	}
}

/* --- the table -------------------------------------------------------------------------------- */

static bool is_of_files(size_t rule)
{
	return path_rule_applies(rule) & (PATH_RULE_CHAIN | PATH_RULE_BUNDLE);
}

static bool has_case(const char *id)
{
	for (size_t i = 0; i < FILE_CASES; i++)
		if (file_cases[i].says[0] && strcmp(file_cases[i].says[0], id) == 0)
			return true;
	return false;
}

static void every_rule_has_a_case_that_can_fail(void **state)
{
	size_t count, blind = 0;
	const struct rule *rules = path_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (!is_of_files(i))
			continue;
		if (!has_case(rules[i].id))
			fail_msg("%s has no case", rules[i].id);
		blind += count_blind(&rules[i].id, 1, look_at, every_file_rule_speaks);
	}
	assert_int_equal(blind, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_rule_speaks),
		cmocka_unit_test(files_are_recognised),
		cmocka_unit_test(every_rule_has_a_case_that_can_fail),
	};
	int failed;

	now = time(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	path_keys_free();
	return failed;
}
