#include "tests/unit/mute.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/finding.h"

#define MESSAGE_ROOM 4096

static const char *mute;

/* Weak: most programs are not linked with --wrap. */
#pragma weak __real_findings_add
enum status __real_findings_add(struct findings *f, const struct rule *rule, const char *where,
				struct error *e, const char *format, ...);
enum status __wrap_findings_add(struct findings *f, const struct rule *rule, const char *where,
				struct error *e, const char *format, ...);

/* Everything that any rule says comes by here. */
enum status __wrap_findings_add(struct findings *f, const struct rule *rule, const char *where,
				struct error *e, const char *format, ...)
{
	char message[MESSAGE_ROOM];
	va_list arguments;

	if (mute && strcmp(rule->id, mute) == 0)
		return STATUS_OK;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return __real_findings_add(f, rule, where, e, "%s", message);
}

bool fails_without(const char *rule, CMUnitTestFunction test)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test)};
	int status = 0, quiet;
	pid_t child;

	(void)!fflush(NULL);
	child = fork();
	if (child == 0) {
		mute = rule;
		quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(quiet, STDOUT_FILENO);
		dup2(quiet, STDERR_FILENO);
		_exit(cmocka_run_group_tests(tests, NULL, NULL) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	/* One that was killed did not fail: it is a mistake of its own. */
	assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status) != EXIT_SUCCESS;
}

size_t count_blind(const char *const *ids, size_t count, void (*prepare)(const char *id),
		   CMUnitTestFunction test)
{
	size_t blind = 0;

	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		bool alone, without;

		prepare(ids[i]);
		alone = fails_without(NULL, test);
		without = fails_without(ids[i], test);
		if (!alone && without)
			continue;
		print_error("%s: its test %s\n", ids[i],
			    alone ? "fails as it is" : "passes without it");
		blind++;
	}
	prepare(NULL);
	return blind;
}
