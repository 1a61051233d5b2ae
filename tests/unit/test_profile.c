/* ca/profile.h: the shipped profiles say what the portals take, and a wrong file is refused by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "ca/profile.h"

static char folder[] = "/tmp/subca-profile-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static void write_profile(const char *name, const char *text)
{
	char file[128];
	FILE *f;

	snprintf(file, sizeof file, "%s/%s.conf", folder, name);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct profile *load(const char *name)
{
	struct profile_path path = {folder, "templates"};
	struct profile *p = NULL;
	struct error e = {0};

	if (profile_load(&path, name, &p, &e) != STATUS_OK)
		fail_msg("%s: %s; %s", e.where, e.what, e.todo);
	return p;
}

static void portals_get_the_path_length_they_need(void **state)
{
	static const struct {
		const char *name, *portal;
		int path_length;
	} wanted[] = {
		{"root", "", -1},      {"subordinate-ca", "", 0}, {"zia", "zia", 1},
		{"zia-hsm", "zia", 0}, {"zpa", "zpa", 0},	  {"server", "", -1},
		{"client", "", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		struct profile *p = load(wanted[i].name);

		assert_string_equal(p->name, wanted[i].name);
		assert_string_equal(p->portal, wanted[i].portal);
		assert_int_equal(p->path_length, wanted[i].path_length);
		if (p->kind != PROFILE_LEAF) {
			assert_int_equal(p->key_usage, KU_KEY_CERT_SIGN | KU_CRL_SIGN);
			assert_true(p->key_usage_critical && p->basic_constraints_critical);
			assert_int_equal(p->purpose_count, 0);
		}
		profile_free(p);
	}
}

#define WHOLE                                                                           \
	"description = \"x\"; kind = \"leaf\"; validity = { days = 9; max_days = 9; };" \
	"key = { rsa_min = 2048; rsa_max = 4096; };"

static void wrong_files_are_refused_by_line(void **state)
{
	static const struct {
		const char *text, *where, *what;
	} bad[] = {
		{WHOLE "\ncolour = \"red\";", "line 2", "unknown key 'colour'"},
		{WHOLE "\nvalidity = 3;", "line 2", "duplicate"},
		{"\n\nvalidity = { days = \"9\"; };", "line 3", "'days' is not a number"},
		{"validity = { days = 10737418240; };", "line 1", "'days'"},
		{"validity = { days = 9.5; };", "line 1", "'days' is not a number"},
		{"validity = { days = 0; };", "line 1", "between 1 and"},
		{"subject_key_identifier = \"true\";", "line 1", "neither true nor false"},
		{"kind = \"rot\";", "line 1", "'rot' is not known here"},
		{"key = { ec = [ \"P-521\" ]; };", "line 1", "'P-521' is not known here"},
		{"key = { rsa_min = 1024; rsa_max = 2048; };", "line 1", "makes no sense"},
		{"extended_key_usage = [ \"serverauth\" ];", "line 1", "not a known key purpose"},
		{"certificate_policies = [ \"1.x\" ];", "line 1", "not an object identifier"},
		{"subject = { town = \"match\"; };", "line 1", "not a known attribute"},
		{"subject = { others = \"match\"; };", "line 1", "'others' is either"},
		{"extends = \"nobody\";", "line 1", "which does not exist"},
		{"extends = \"bad\";", "line 1", "which does not exist"},
		{"basic_constraints = { path_length = 11; };", "line 1", "between -1 and 10"},
		{WHOLE "basic_constraints = { path_length = 0; };", "line", "leaf with a path"},
		{WHOLE "key_usage = { bits = [ \"keyCertSign\" ]; };", "line", "a leaf that may"},
		{"@include \"/etc/passwd\"", "", "@include"},
		{"days = ;", "line 1", "syntax error"},
		{"", "line", "no description"},
	};
	struct profile_path path = {folder, "templates"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct profile *p = NULL;
		struct error e = {0};

		write_profile("bad", bad[i].text);
		assert_int_equal(profile_load(&path, "bad", &p, &e), STATUS_INPUT);
		if (!strstr(e.where, "bad.conf") || !strstr(e.where, bad[i].where) ||
		    !strstr(e.what, bad[i].what))
			fail_msg("case %zu: %s: %s", i, e.where, e.what);
	}
}

static void a_ca_overrides_and_extends_a_shipped_profile(void **state)
{
	struct profile *p;

	(void)state;
	write_profile("zia", "extends = \"zia\"; validity = { days = 100; };");
	p = load("zia");
	assert_int_equal(p->days, 100);
	assert_int_equal(p->path_length, 1);
	assert_string_equal(p->portal, "zia");
	profile_free(p);
}

static void profiles_in_a_circle_end(void **state)
{
	struct profile_path path = {folder, NULL};
	struct profile *p = NULL;
	struct error e = {0};

	(void)state;
	write_profile("chicken", "extends = \"egg\";");
	write_profile("egg", "extends = \"chicken\";");
	assert_int_equal(profile_load(&path, "chicken", &p, &e), STATUS_INPUT);
	assert_non_null(strstr(e.what, "deep"));
}

static void an_unknown_profile_suggests_the_nearest(void **state)
{
	struct profile_path path = {NULL, "templates"};
	struct profile *p = NULL;
	struct error e = {0};

	(void)state;
	assert_int_equal(profile_load(&path, "zai", &p, &e), STATUS_NOT_FOUND);
	assert_non_null(strstr(e.todo, "'zia'"));
	assert_int_equal(profile_load(&path, "../../etc/passwd", &p, &e), STATUS_NOT_FOUND);
}

static enum status note_order(void *context, const char *name, const char *file, struct error *e)
{
	struct text *names = context;

	(void)file;
	text_printf(names, "%s ", name);
	return text_check(names, e);
}

static void profiles_come_in_the_order_of_their_names(void **state)
{
	struct profile_path path = {NULL, "templates"};
	struct text names = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(profile_each(&path, note_order, &names, &e), STATUS_OK);
	assert_string_equal(text_get(&names),
			    "client cross ocsp root server subordinate-ca zia zia-hsm zpa ");
	text_free(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_come_in_the_order_of_their_names),
		cmocka_unit_test(portals_get_the_path_length_they_need),
		cmocka_unit_test(wrong_files_are_refused_by_line),
		cmocka_unit_test(profiles_in_a_circle_end),
		cmocka_unit_test(an_unknown_profile_suggests_the_nearest),
		cmocka_unit_test(a_ca_overrides_and_extends_a_shipped_profile),
	};

	return cmocka_run_group_tests_name("profile", tests, make_folder, remove_folder);
}
