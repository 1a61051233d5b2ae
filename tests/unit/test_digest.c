#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include <openssl/obj_mac.h>

#include "base/digest.h"

/* FIPS 180-4: of "abc". */
static const struct {
	int nid;
	const char *hex;
} vectors[] = {
	{NID_sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{NID_sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{NID_sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		     "8086072ba1e7cc2358baeca134c825a7"},
	{NID_sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

/* Cut anywhere, and again and again: nothing of one is left in the next. */
static bool all_are_right(void)
{
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		enum digest d = digest_find(vectors[i].nid);
		unsigned char out[DIGEST_SIZE_MOST];
		char hex[2 * DIGEST_SIZE_MOST + 1];

		for (size_t cut = 0; cut <= 3; cut++) {
			if (d == DIGESTS ||
			    !digest_of(d, (struct span){(const unsigned char *)"abc", cut},
				       span_text("abc" + cut), out))
				return false;
			hex_encode((struct span){out, digest_size(d)}, hex);
			if (strcmp(hex, vectors[i].hex) != 0)
				return false;
		}
	}
	return true;
}

static void known_digests(void **state)
{
	struct error e;
	unsigned char out[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	(void)state;
	assert_true(all_are_right());
	assert_int_equal(digest_find(NID_md5), DIGESTS);
	assert_int_equal(sha256(span_text("abc"), out, &e), STATUS_OK);
	hex_encode((struct span){out, sizeof out}, hex);
	assert_string_equal(hex, vectors[1].hex);
}

static void *work(void *right)
{
	for (int i = 0; i < 200; i++)
		if (!all_are_right())
			return NULL;
	*(bool *)right = true;
	return NULL;
}

static void many_threads(void **state)
{
	pthread_t threads[4];
	bool right[4] = {false};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &right[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(right[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
