/* A signer on a token from several threads, with few sessions, across a fork; on SoftHSM2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hsm/signer.h"
#include "hsm/token_setup.h"

static struct error e;
static char folder[] = "/tmp/subca-token.XXXXXX";
static char module[256], mock[512];
static struct secret *pin;

static struct secret *secret_of(const char *text)
{
	struct bytes b = {0};
	struct secret *s = NULL;

	assert_int_equal(bytes_copy(&b, span_text(text), &e), STATUS_OK);
	assert_int_equal(secret_take(&b, &s, &e), STATUS_OK);
	return s;
}

static bool find_module(void)
{
	glob_t found;
	bool there = glob("/usr/lib/softhsm/libsofthsm2.so", 0, NULL, &found) == 0 ||
		     glob("/usr/lib/*/softhsm/libsofthsm2.so", 0, NULL, &found) == 0;

	if (there)
		snprintf(module, sizeof module, "%s", found.gl_pathv[0]);
	globfree(&found);
	return there;
}

static int make_token(void **state)
{
	const char *build = getenv("SUBCA_BUILD");
	char path[128];
	FILE *conf;
	struct secret *officer;

	(void)state;
	if (!find_module())
		return 0;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/tokens", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/conf", folder);
	conf = fopen(path, "w");
	assert_non_null(conf);
	fprintf(conf, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", folder);
	fclose(conf);
	setenv("SOFTHSM2_CONF", path, 1);
	setenv("MOCK_MODULE", module, 1);
	if (build)
		snprintf(mock, sizeof mock, "%s/tests/modules/mock_pkcs11.so", build);
	pin = secret_of("1234");
	officer = secret_of("12345678");
	assert_int_equal(token_set_up(module, "T", officer, pin, &e), STATUS_OK);
	secret_free(officer);
	return 0;
}

static int remove_token(void **state)
{
	char command[64];

	(void)state;
	secret_free(pin);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return module[0] ? system(command) : 0;
}

static struct signer *signer_on(const char *library, const char *label, const char *type)
{
	char name[1024], *whole = NULL;
	struct signer *s = NULL;

	snprintf(name, sizeof name, "pkcs11:token=T;object=%s?module-path=%s", label, library);
	assert_int_equal(signer_name_new(name, &whole, &e), STATUS_OK);
	if (type)
		assert_int_equal(signer_create(whole, type, pin, &e), STATUS_OK);
	free(whole);
	if (signer_open(name, pin, NULL, &s, &e) != STATUS_OK)
		fail_msg("%s: %s (%s)", e.where, e.what, e.detail);
	return s;
}

#define THREADS 6
#define SIGNATURES 20

static void *sign_many(void *self)
{
	struct signer *s = self;
	X509_ALGOR *algorithm = NULL;
	struct error mine;
	uintptr_t good = 0;

	if (signature_algorithm_for(signer_public_key(s), NULL, &algorithm, &mine) != STATUS_OK)
		return NULL;
	for (int i = 0; i < SIGNATURES; i++) {
		struct bytes signature = {0};

		/* Verifies each under the public key before it hands it out. */
		if (signer_sign(s, algorithm, span_text("by many"), &signature, &mine) == STATUS_OK)
			good++;
		bytes_free(&signature);
	}
	X509_ALGOR_free(algorithm);
	return (void *)good;
}

static void sign_at_once(struct signer *s)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_many, s), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *good = NULL;

		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal((uintptr_t)good, SIGNATURES);
	}
}

static void many_threads(void **state)
{
	struct signer *s;

	(void)state;
	if (!module[0])
		skip();
	s = signer_on(module, "many", "ec:P-256");
	sign_at_once(s);
	signer_free(s);
	s = signer_on(module, "many-rsa", "rsa:2048");
	sign_at_once(s);
	signer_free(s);
}

static void few_sessions(void **state)
{
	struct signer *s;

	(void)state;
	if (!module[0] || !mock[0])
		skip();
	s = signer_on(module, "few", "ec:P-256");
	signer_free(s);
	setenv("MOCK_SESSIONS", "2", 1);
	s = signer_on(mock, "few", NULL);
	sign_at_once(s);
	signer_free(s);
	unsetenv("MOCK_SESSIONS");
}

/* The token hangs under one thread: none of the others waits for it without end. */
static void hang_under_many(void **state)
{
	struct signer *s;
	pthread_t threads[THREADS];
	uintptr_t all = 0;

	(void)state;
	if (!module[0] || !mock[0])
		skip();
	s = signer_on(module, "hang", "ec:P-256");
	signer_free(s);
	s = signer_on(mock, "hang", NULL);
	setenv("SUBCA_TOKEN_SECONDS", "1", 1);
	setenv("MOCK_FAULT", "C_Sign#10=hang", 1);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_many, s), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *good = NULL;

		assert_int_equal(pthread_join(threads[i], &good), 0);
		all += (uintptr_t)good;
	}
	unsetenv("MOCK_FAULT");
	assert_true(all < 10);
	assert_int_not_equal(signer_ready(s, &e), STATUS_OK);
	assert_true(signer_abandoned());
	signer_free(s);
}

static int child_of_fork(struct signer *s)
{
	X509_ALGOR *algorithm = NULL;
	struct bytes signature = {0};

	if (signature_algorithm_for(signer_public_key(s), NULL, &algorithm, &e) != STATUS_OK ||
	    signer_ready(s, &e) == STATUS_OK ||
	    signer_sign(s, algorithm, span_text("x"), &signature, &e) != STATUS_INTERNAL ||
	    !strstr(e.what, "fork"))
		return 1;
	X509_ALGOR_free(algorithm);
	signer_free(s);
	return 0;
}

static void across_fork(void **state)
{
	struct signer *s;
	pid_t child;
	int ended = -1;

	(void)state;
	if (!module[0])
		skip();
	s = signer_on(module, "fork", "ec:P-256");
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(child_of_fork(s));
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
	/* The child has neither logged out nor closed what is ours. */
	assert_int_equal((uintptr_t)sign_many(s), SIGNATURES);
	signer_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(across_fork),
		cmocka_unit_test(many_threads),
		cmocka_unit_test(few_sessions),
		cmocka_unit_test(hang_under_many),
	};
	int failed = cmocka_run_group_tests(tests, make_token, remove_token);

	/* The thread that hangs is still there, and would find the module unloaded under it. */
	fflush(NULL);
	_exit(failed);
}
