/* Stores of anchors: what is read in them, what a mirror changes, and Docker's folder of registries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/der.h"
#include "base/file.h"
#include "ca/pem.h"
#include "trust/certs_d.h"
#include "trust/pem_block.h"
#include "trust/run.h"
#include "trust/shadow.h"

#define NOW 1800000000

static struct shadow_ca root, other, below;
static char *folder;
static struct anchor_search search;

static X509_NAME *name(const char *cn)
{
	X509_NAME *n = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
						    (const unsigned char *)cn, -1, -1, 0),
			 1);
	return n;
}

/* Signed by itself. */
static void make_root(const char *cn, struct shadow_ca *out)
{
	X509_NAME *n = name(cn);

	out->key = EVP_EC_gen("P-256");
	out->certificate = X509_new();
	X509_set_version(out->certificate, 2);
	X509_set_subject_name(out->certificate, n);
	X509_set_issuer_name(out->certificate, n);
	ASN1_INTEGER_set(X509_get_serialNumber(out->certificate), (long)strlen(cn));
	ASN1_TIME_set(X509_getm_notBefore(out->certificate), NOW);
	ASN1_TIME_set(X509_getm_notAfter(out->certificate), NOW + 1000);
	X509_set_pubkey(out->certificate, out->key);
	assert_true(X509_sign(out->certificate, out->key, EVP_sha256()) > 0);
	X509_NAME_free(n);
}

static void add(struct text *text, X509 *x)
{
	struct error e = {0};
	struct bytes der = {0};

	assert_int_equal(der_encode(x, (i2d_of_void *)i2d_X509, &der, &e), STATUS_OK);
	assert_int_equal(pem_add_certificate(text, span_of(&der), &e), STATUS_OK);
	bytes_free(&der);
}

/* The path of a file with this text below the folder, to be freed. */
static char *put(const char *file, const char *text)
{
	struct error e = {0};
	char *path = path_join(folder, file);

	(void)unlink(path);
	assert_int_equal(file_publish(path, span_text(text), 0644, FILE_KEEP, &e), STATUS_OK);
	return path;
}

static void read_store(const char *path, struct anchor_store *out)
{
	struct error e = {0};

	assert_int_equal(anchor_store_read(&search, path, out, &e), STATUS_OK);
}

static void a_file_is_counted_and_searched(void **state)
{
	struct text text = {0};
	struct anchor_store s = {0};
	char *path;

	(void)state;
	text_add(&text, "# a comment\n");
	add(&text, other.certificate);
	add(&text, other.certificate);
	add(&text, below.certificate);
	path = put("a.pem", text_get(&text));
	read_store(path, &s);
	assert_int_equal(s.state, ANCHORS_READ);
	assert_int_equal(s.kind, ANCHORS_FILE);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.bad, 0);
	assert_false(s.has_root);
	assert_string_equal(s.below, "CN=Below");
	anchor_store_free(&s);
	text_add(&text, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
			"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n");
	add(&text, root.certificate);
	text_add(&text, "-----BEGIN CERTIFICATE-----\nMIIB");
	free(path);
	path = put("a.pem", text_get(&text));
	read_store(path, &s);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.bad, 1);
	assert_true(s.has_root);
	anchor_store_free(&s);
	free(path);
	text_free(&text);
}

static void what_is_not_there(void **state)
{
	struct anchor_store s = {0};
	char *path = put("empty", "");

	(void)state;
	read_store("/nowhere/at/all", &s);
	assert_int_equal(s.state, ANCHORS_MISSING);
	anchor_store_free(&s);
	read_store(path, &s);
	assert_int_equal(s.state, ANCHORS_READ);
	assert_int_equal(s.count, 0);
	anchor_store_free(&s);
	free(path);
	/* Nobody would write into it. */
	path = path_join(folder, "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);
	read_store(path, &s);
	assert_int_equal(s.state, ANCHORS_UNREADABLE);
	anchor_store_free(&s);
	/* Neither a certificate nor a trust store. */
	free(path);
	path = put("odd", "0\x82\x01\x01garbage");
	read_store(path, &s);
	assert_int_equal(s.state, ANCHORS_UNREADABLE);
	assert_true(*s.problem);
	anchor_store_free(&s);
	free(path);
}

/* Everything but the root stays as it was, to the byte. */
static void a_mirror_changes_the_root_alone(void **state)
{
	struct text before = {0}, after = {0}, root_text = {0}, other_text = {0};
	struct anchor_store s = {0};
	struct bytes content = {0};
	struct error e = {0};
	char *path, *mirror = NULL;

	(void)state;
	add(&root_text, root.certificate);
	add(&other_text, other.certificate);
	text_printf(&before, "junk \xff\n%s\n# between\r\n%s-----BEGIN CERTIFICATE-----\nno end",
		    text_get(&root_text), text_get(&root_text));
	text_printf(&after, "junk \xff\n%s\n# between\r\n%s-----BEGIN CERTIFICATE-----\nno end",
		    text_get(&other_text), text_get(&other_text));
	path = put("b.pem", text_get(&before));
	read_store(path, &s);
	assert_int_equal(anchor_store_mirror(&search, &s, other.certificate, "m", &mirror, &e),
			 STATUS_OK);
	assert_non_null(mirror);
	assert_int_equal(file_read(mirror, 100000, &content, &e), STATUS_OK);
	assert_string_equal((const char *)content.data, text_get(&after));
	bytes_free(&content);
	free(mirror);
	anchor_store_free(&s);
	free(path);
	/* And where it is not, there is nothing to mirror. */
	path = put("b.pem", text_get(&other_text));
	read_store(path, &s);
	assert_int_equal(anchor_store_mirror(&search, &s, other.certificate, "n", &mirror, &e),
			 STATUS_OK);
	assert_null(mirror);
	anchor_store_free(&s);
	free(path);
	text_free(&before);
	text_free(&after);
	text_free(&root_text);
	text_free(&other_text);
}

/* --- Docker ----------------------------------------------------------------------------------- */

static void docker(size_t registries, size_t with_root, size_t findings, const char *rule)
{
	struct findings f = {0};
	struct error e = {0};
	size_t all = 99, good = 99;
	char *certs = path_join(folder, "certs.d");

	assert_int_equal(certs_d_check(certs, &search, &all, &good, &f, &e), STATUS_OK);
	assert_int_equal(all, registries);
	assert_int_equal(good, with_root);
	assert_int_equal(f.count, findings);
	if (rule)
		assert_non_null(findings_find(&f, rule));
	findings_free(&f);
	free(certs);
}

static void docker_folder(const char *sub)
{
	struct error e = {0};
	char *path = path_join(folder, sub);

	assert_int_equal(folder_make(path, 0700, &e), STATUS_OK);
	free(path);
}

static void registries_of_docker(void **state)
{
	struct text pem = {0};

	(void)state;
	docker(0, 0, 0, NULL);
	docker_folder("certs.d");
	docker(0, 0, 0, NULL);
	docker_folder("certs.d/registry.example.com:5000");
	docker(1, 0, 1, "docker_no_root");
	add(&pem, root.certificate);
	/* A CA by another ending is not seen. */
	free(put("certs.d/registry.example.com:5000/ca.pem", text_get(&pem)));
	docker(1, 0, 2, "docker_not_read");
	free(put("certs.d/registry.example.com:5000/ca.crt", text_get(&pem)));
	docker(1, 1, 1, "docker_not_read");
	free(put("certs.d/ca.crt", text_get(&pem)));
	docker(1, 1, 2, "docker_not_read");
	docker_folder("certs.d/other");
	free(put("certs.d/other/ca.crt", text_get(&pem)));
	docker(2, 2, 2, NULL);
	free(put("certs.d/other/client.cert", text_get(&pem)));
	docker(2, 2, 3, "docker_pair");
	free(put("certs.d/other/client.key", "x"));
	docker(2, 2, 2, NULL);
	free(put("certs.d/other/lone.key", "x"));
	docker(2, 2, 3, "docker_pair");
	free(put("certs.d/other/ca.crt", "no certificate"));
	docker(2, 1, 5, "docker_no_certificate");
	text_free(&pem);
}

static int set_up(void **state)
{
	X509_NAME *n = name("Below");
	struct error e = {0};

	(void)state;
	make_root("Root", &root);
	make_root("Another", &other);
	assert_int_equal(shadow_make_ca(&root, n, NOW, &below, &e), STATUS_OK);
	X509_NAME_free(n);
	assert_int_equal(scratch_make(&folder, &e), STATUS_OK);
	search = (struct anchor_search){root.certificate, "/usr/bin:/bin", folder};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shadow_ca_free(&root);
	shadow_ca_free(&other);
	shadow_ca_free(&below);
	scratch_remove(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_counted_and_searched),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(a_mirror_changes_the_root_alone),
		cmocka_unit_test(registries_of_docker),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
