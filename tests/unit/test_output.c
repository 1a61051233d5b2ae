#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "cmd/exit.h"
#include "cmd/output.h"

static struct error e;

/* What output_confirm() says in a process whose terminal types answer; the question as shown. */
static enum status ask(const char *answer, char *shown, size_t size)
{
	const struct output o = {0};
	int terminal, code = -1;
	size_t len = 0;
	ssize_t got;
	pid_t child = forkpty(&terminal, NULL, NULL, NULL);

	assert_true(child >= 0);
	if (child == 0)
		_exit((int)output_confirm(&o, "Sign it?", &e));
	assert_int_equal(write(terminal, answer, strlen(answer)), strlen(answer));
	while (len < size - 1 && (got = read(terminal, shown + len, size - 1 - len)) > 0)
		len += (size_t)got;
	shown[len] = '\0';
	assert_int_equal(waitpid(child, &code, 0), child);
	close(terminal);
	assert_true(WIFEXITED(code));
	return (enum status)WEXITSTATUS(code);
}

static void only_yes_is_yes(void **state)
{
	static const char *const no[] = {"n\n",	 "\n",	 "yess\n",
					 "no\n", "\004", "yyyyyyyyyyyyyyyyyyyyy\n"};
	char shown[200];

	(void)state;
	assert_int_equal(ask("y\n", shown, sizeof shown), STATUS_OK);
	assert_non_null(strstr(shown, "Sign it? [y/N] "));
	assert_int_equal(ask("YES\n", shown, sizeof shown), STATUS_OK);
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_int_equal(ask(no[i], shown, sizeof shown), STATUS_DECLINED);
}

static void without_a_terminal(void **state)
{
	const struct output asks = {0}, yes = {.yes = true};
	int code = -1;
	pid_t child;

	(void)state;
	assert_int_equal(output_confirm(&yes, "Sign it?", &e), STATUS_OK);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setsid();
		_exit(output_confirm(&asks, "Sign it?", &e) == STATUS_DECLINED &&
		      strstr(e.todo, "--yes"));
	}
	assert_int_equal(waitpid(child, &code, 0), child);
	assert_int_equal(WEXITSTATUS(code), 1);
}

static void each_status_has_its_code(void **state)
{
	size_t count;
	const struct exit_code *codes = exit_codes(&count);

	(void)state;
	assert_int_equal(count, STATUS_INTERNAL + 1);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(exit_code_of(codes[i].status), codes[i].code);
		assert_true(i == 0 || codes[i].code > codes[i - 1].code);
	}
	for (int s = STATUS_OK + 1; s < STATUS_INTERNAL; s++)
		assert_int_not_equal(exit_code_of((enum status)s), 70);
	assert_int_equal(exit_code_of((enum status)99), 70);
}

static void json_text_is_utf_8(void **state)
{
	json_t *text = output_json_text("M\xC3\xBCnchen \xFF\n");

	(void)state;
	assert_non_null(text);
	assert_string_equal(json_string_value(text), "M\xC3\xBCnchen \\xFF\\x0A");
	json_decref(text);
}

static void findings_as_json(void **state)
{
	static const struct rule rule = {"a_rule", SEVERITY_WARNING, "RFC 1", "why", "do this"};
	struct findings f = {0};
	json_t *array;

	(void)state;
	assert_int_equal(findings_add(&f, &rule, "there", &e, "bad\x01"), STATUS_OK);
	array = output_findings_json(&f);
	assert_int_equal(json_array_size(array), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "message")),
			    "bad\\x01");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(array, 0), "severity")),
		"warning");
	json_decref(array);
	findings_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_yes_is_yes),	    cmocka_unit_test(without_a_terminal),
		cmocka_unit_test(each_status_has_its_code), cmocka_unit_test(json_text_is_utf_8),
		cmocka_unit_test(findings_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
