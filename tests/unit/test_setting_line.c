/* Lines of configuration files as their tools read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trust/setting_line.h"

static const char nothing[] = "(nothing)";

static void says(const char *file, const char *key, const char *section, const char *wanted)
{
	struct text value = {0};
	bool found = setting_line_find(span_text(file), key, section, &value);

	assert_string_equal(found ? text_get(&value) : nothing, wanted);
	text_free(&value);
}

static void as_each_tool_writes_it(void **state)
{
	(void)state;
	says("cacert = \"/a b.pem\"\n", "cacert", NULL, "/a b.pem"); /* curl */
	says("--cacert /a.pem\n", "cacert", NULL, "/a.pem");
	says("cacert=/a.pem", "cacert", NULL, "/a.pem");
	says("cacert: /a.pem\r\n", "cacert", NULL, "/a.pem");
	says("insecure\n", "insecure", NULL, "");
	says("CA-Certificate = /a.pem\n", "ca_certificate", NULL, "/a.pem"); /* wget */
	says("cacertificate=/a.pem\n", "ca_certificate", NULL, "/a.pem");
	says("cafile=/a.pem\n//r.example/:cafile=/b.pem\n", "cafile", NULL, "/a.pem"); /* npm */
	says("[global]\ncert = /a.pem\n", "cert", "global", "/a.pem");		       /* pip */
	says("[http] # x\ncainfo = '/a.pem' # y\n", "cainfo", "http", "/a.pem");       /* cargo */
}

static void the_last_one_counts(void **state)
{
	(void)state;
	says("cafile=/a.pem\n\n cafile = /b.pem \n", "cafile", NULL, "/b.pem");
	says("cafile=/a.pem\n# cafile=/b.pem\n; cafile=/c.pem\n", "cafile", NULL, "/a.pem");
}

static void what_is_another_line(void **state)
{
	(void)state;
	says("cacerts = /a.pem\n", "cacert", NULL, nothing);
	says("cacer = /a.pem\n", "cacert", NULL, nothing);
	says("capath = /a\n", "cacert", NULL, nothing);
	says("[install]\ncert = /a.pem\n", "cert", "global", nothing);
	says("cert = /a.pem\n[global]\n", "cert", "global", nothing);
	says("[globally]\ncert = /a.pem\n", "cert", "global", nothing);
	says("", "cert", NULL, nothing);
	says("\n\n", "cert", NULL, nothing);
}

static void what_is_cut_short(void **state)
{
	(void)state;
	says("cert", "cert", NULL, "");
	says("cert =", "cert", NULL, "");
	says("cert = \"", "cert", NULL, "");
	says("cert = \"/a", "cert", NULL, "/a");
	says("[", "cert", "global", nothing);
	says("[global", "cert", "global", nothing);
	says("--", "cert", NULL, nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_each_tool_writes_it),
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(what_is_another_line),
		cmocka_unit_test(what_is_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
