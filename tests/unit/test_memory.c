/* What is not judged any more when memory ran out. Each test goes on from the one before it. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "ca/lint.h"
#include "hsm/keyfile.h"
#include "tests/unit/lint_fixture.h"

static bool no_memory, endless_signature;
static int last_one = -1; /* so many more allocations succeed, and the next does not */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return no_memory || last_one-- == 0 ? NULL : __real_malloc(size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
	return no_memory || last_one-- == 0 ? NULL : __real_realloc(old, size);
}

int __real_EVP_DigestSign(EVP_MD_CTX *context, unsigned char *to, size_t *len,
			  const unsigned char *data, size_t size);
int __wrap_EVP_DigestSign(EVP_MD_CTX *context, unsigned char *to, size_t *len,
			  const unsigned char *data, size_t size);
int __wrap_EVP_DigestSign(EVP_MD_CTX *context, unsigned char *to, size_t *len,
			  const unsigned char *data, size_t size)
{
	int code = __real_EVP_DigestSign(context, to, len, data, size);

	/* What OpenSSL 3.0.19 does where i2d_ECDSA_SIG() finds no memory. */
	if (to && endless_signature)
		*len = UINT_MAX;
	return code;
}

static int watch(void **state)
{
	(void)state;
	memory_watch();
	return 0;
}

static enum status judge(struct error *e)
{
	struct bytes der = fixture_build(FIXTURE_ROOT, NULL, 0);
	struct findings findings = {0};
	enum status s = lint_certificate(span_of(&der), (struct span){0}, &findings, e);

	findings_free(&findings);
	bytes_free(&der);
	return s;
}

static void there_is_enough(void **state)
{
	struct error e = {0};
	void *nothing = OPENSSL_malloc(0), *more = OPENSSL_realloc(NULL, 10);

	(void)state;
	assert_null(nothing);
	more = OPENSSL_realloc(more, 1000);
	assert_non_null(more);
	assert_null(OPENSSL_realloc(more, 0));
	assert_int_equal(judge(&e), STATUS_OK);
	assert_false(memory_ran_out());
}

/* As a signer that failed, and not as one whose signature begins here and ends 4 GiB later. */
static void a_signature_without_memory(void **state)
{
	char path[] = "/tmp/subca-memory.XXXXXX";
	struct bytes signature = {0};
	struct error e = {0};
	struct signer *signer = NULL;
	EVP_PKEY *key = NULL;
	X509_ALGOR *algorithm = NULL;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	assert_int_equal(key_generate("ec:P-256", &key, &e), STATUS_OK);
	assert_int_equal(keyfile_write(path, key, NULL, &e), STATUS_OK);
	assert_int_equal(keyfile_open(path, NULL, &signer, &e), STATUS_OK);
	assert_int_equal(signature_algorithm_for(key, NULL, &algorithm, &e), STATUS_OK);
	endless_signature = true;
	assert_int_equal(signer_sign(signer, algorithm, span_text("x"), &signature, &e),
			 STATUS_KEY);
	endless_signature = false;
	assert_null(signature.data);
	X509_ALGOR_free(algorithm);
	signer_free(signer);
	EVP_PKEY_free(key);
	unlink(path);
}

/* In a process of its own: what was noted stays so. */
static bool noted(void (*use)(void))
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		no_memory = true;
		use();
		no_memory = false;
		_exit(memory_ran_out());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 1;
}

static void use_nothing(void)
{
}

static void use_openssl(void)
{
	OPENSSL_free(OPENSSL_malloc(10));
}

static void use_jansson(void)
{
	json_decref(json_object());
}

static void use_ours(void)
{
	struct error e;
	struct bytes b;

	(void)!bytes_copy(&b, span_text("x"), &e);
}

/* Who shows a text does not look whether it is whole. */
static void use_text(void)
{
	struct text t = {0};

	text_add(&t, "shown");
	text_free(&t);
}

static void use_path(void)
{
	free(path_join("/tmp", "is it there"));
}

static void each_way_is_noted(void **state)
{
	(void)state;
	assert_false(noted(use_nothing));
	assert_true(noted(use_openssl));
	assert_true(noted(use_jansson));
	assert_true(noted(use_ours));
	assert_true(noted(use_text));
	assert_true(noted(use_path));
}

/* jansson 2.14 leaves a key out that no memory is left for: a journal would not be JSON any more. */
static void json_is_whole_or_not_at_all(void **state)
{
	json_t *value = json_object();
	enum status s = STATUS_SYSTEM;
	char key[200];
	int failures = 0;

	(void)state;
	memset(key, 'k', sizeof key - 1);
	key[sizeof key - 1] = '\0';
	for (int i = 0; i < 9; i++) {
		key[0] = (char)('a' + i);
		json_object_set_new(value, key, json_integer(i));
	}
	for (int i = 0; s != STATUS_OK && i < 1000; i++) {
		struct text out = {0};
		struct error e;
		json_t *read = NULL;

		last_one = i;
		s = json_text(value, JSON_SORT_KEYS | JSON_COMPACT, &out, &e);
		last_one = -1;
		if (s == STATUS_OK)
			read = json_loads(text_get(&out), 0, NULL);
		else
			failures++;
		assert_true(s == STATUS_SYSTEM || json_equal(read, value));
		json_decref(read);
		text_free(&out);
	}
	assert_int_equal(s, STATUS_OK);
	assert_true(failures > 3);
	json_decref(value);
}

static void nothing_is_judged_without(void **state)
{
	struct error e = {0};

	(void)state;
	no_memory = true;
	assert_null(OPENSSL_malloc(10));
	no_memory = false;
	assert_true(memory_ran_out());
	/* There is memory again; but who knows what was lost. */
	assert_int_equal(judge(&e), STATUS_SYSTEM);
	assert_string_equal(e.what, "out of memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_enough),
		cmocka_unit_test(a_signature_without_memory),
		cmocka_unit_test(each_way_is_noted),
		cmocka_unit_test(json_is_whole_or_not_at_all),
		cmocka_unit_test(nothing_is_judged_without),
	};

	return cmocka_run_group_tests(tests, watch, NULL);
}
