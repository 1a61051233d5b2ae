#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static int enter(void **state)
{
	char *folder = strdup("/tmp/subca-test-file-XXXXXX");

	if (!folder || !mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	*state = folder;
	return 0;
}

static int leave(void **state)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
	free(*state);
	return chdir("/") || system(command);
}

static void expect_content(const char *path, const char *text)
{
	struct bytes content = {0};
	struct error e = {0};

	assert_int_equal(file_read(path, 100, &content, &e), STATUS_OK);
	assert_string_equal((const char *)content.data, text);
	bytes_free(&content);
}

static int broken_disk;

int __real_lstat(const char *path, struct stat *info);
int __wrap_lstat(const char *path, struct stat *info);
int __wrap_lstat(const char *path, struct stat *info)
{
	if (broken_disk) {
		errno = broken_disk;
		return -1;
	}
	return __real_lstat(path, info);
}

/* The mark of a restored CA forbids signing: a disk that cannot tell does not allow it. */
static void only_a_certain_no_is_a_no(void **state)
{
	static const int certain[] = {ENOENT, ENOTDIR, EACCES, ENAMETOOLONG, ELOOP};

	(void)state;
	for (size_t i = 0; i < sizeof certain / sizeof *certain; i++) {
		broken_disk = certain[i];
		assert_false(file_exists("anything"));
	}
	broken_disk = EIO;
	assert_true(file_exists("anything"));
	broken_disk = 0;
	assert_false(file_exists("anything"));
}

static void what_is_there_is_kept_unless_told(void **state)
{
	struct error e = {0};
	struct stat info;

	(void)state;
	assert_int_equal(file_publish("a", span_text("one"), 0600, FILE_KEEP, &e), STATUS_OK);
	assert_int_equal(stat("a", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(file_publish("a", span_text("two"), 0644, FILE_KEEP, &e), STATUS_EXISTS);
	expect_content("a", "one");
	assert_int_equal(file_expect_absent("a", &e), STATUS_EXISTS);
	assert_int_equal(file_publish("a", span_text("two"), 0644, FILE_REPLACE, &e), STATUS_OK);
	expect_content("a", "two");
	/* A dangling link is something, too, and what a link points to is never written. */
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(file_publish("dangling", span_text("x"), 0644, FILE_KEEP, &e),
			 STATUS_EXISTS);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(file_publish("link", span_text("x"), 0644, FILE_REPLACE, &e), STATUS_OK);
	expect_content("a", "two");
	expect_content("link", "x");
}

static void a_failure_leaves_no_temporary(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(mkdir("folder", 0755), 0);
	assert_int_equal(file_publish("folder", span_text("x"), 0644, FILE_KEEP, &e),
			 STATUS_EXISTS);
	assert_int_equal(file_publish("folder", span_text("x"), 0644, FILE_REPLACE, &e),
			 STATUS_SYSTEM);
	assert_int_equal(file_publish("no/x", span_text("x"), 0644, FILE_KEEP, &e),
			 STATUS_NOT_FOUND);
	assert_int_equal(rmdir("folder"), 0);
	assert_int_equal(system("test -z \"$(ls -A)\""), 0);
}

static enum status write_words(void *context, FILE *to, struct error *e)
{
	fputs(context, to);
	return *(const char *)context ? STATUS_OK
				      : error_set(e, STATUS_REFUSED, NULL, NULL, "nothing to say");
}

static enum status write_to_none(void *context, FILE *to, struct error *e)
{
	(void)context;
	(void)e;
	/* As a full disk does: what is buffered never arrives. */
	fputs("lost", to);
	close(fileno(to));
	return STATUS_OK;
}

static void a_stream_is_published_whole_or_not_at_all(void **state)
{
	struct error e = {0};
	struct stat info;

	(void)state;
	assert_int_equal(file_publish_stream("a", write_words, (char[]){"one"}, 0640, FILE_KEEP,
					     &e),
			 STATUS_OK);
	expect_content("a", "one");
	assert_int_equal(stat("a", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_int_equal(file_publish_stream("a", write_words, (char[]){"two"}, 0640, FILE_KEEP,
					     &e),
			 STATUS_EXISTS);
	assert_int_equal(file_publish_stream("a", write_words, (char[]){""}, 0640, FILE_REPLACE,
					     &e),
			 STATUS_REFUSED);
	assert_int_equal(file_publish_stream("a", write_to_none, NULL, 0640, FILE_REPLACE, &e),
			 STATUS_SYSTEM);
	expect_content("a", "one");
	assert_int_equal(unlink("a"), 0);
	assert_int_equal(system("test -z \"$(ls -A)\""), 0);
}

static void reading_is_bounded(void **state)
{
	struct bytes content = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(file_publish("a", span_text("12345"), 0644, FILE_KEEP, &e), STATUS_OK);
	assert_int_equal(file_read("a", 5, &content, &e), STATUS_OK);
	bytes_free(&content);
	assert_int_equal(file_read("a", 4, &content, &e), STATUS_INPUT);
	assert_int_equal(file_read("/dev/zero", 100, &content, &e), STATUS_INPUT);
	assert_int_equal(file_read(".", 100, &content, &e), STATUS_INPUT);
	assert_int_equal(file_read("absent", 100, &content, &e), STATUS_NOT_FOUND);
	assert_int_equal(file_read("a/b", 100, &content, &e), STATUS_NOT_FOUND);
}

static void a_private_file_is_private(void **state)
{
	struct bytes content = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(file_publish("key", span_text("k"), 0600, FILE_KEEP, &e), STATUS_OK);
	assert_int_equal(file_read_private("key", 10, &content, &e), STATUS_OK);
	bytes_free(&content);
	for (mode_t mode = 01; mode <= 040; mode <<= 1) {
		assert_int_equal(chmod("key", 0600 | mode), 0);
		assert_int_equal(file_read_private("key", 10, &content, &e), STATUS_KEY);
	}
	assert_int_equal(chmod("key", 0600), 0);
	assert_int_equal(symlink("key", "link"), 0);
	assert_int_equal(file_read_private("link", 10, &content, &e), STATUS_KEY);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(file_read_private("fifo", 10, &content, &e), STATUS_KEY);
}

static void one_place_under_many_names(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_true(file_same_place("a", "./a"));
	assert_true(file_same_place("a", "sub/../a"));
	assert_false(file_same_place("a", "b"));
	assert_false(file_same_place("a", "sub/a"));
	assert_false(file_same_place("no/a", "no/../no/a"));
	assert_int_equal(file_publish("a", span_text("x"), 0644, FILE_KEEP, &e), STATUS_OK);
	assert_int_equal(link("a", "sub/b"), 0);
	assert_true(file_same_place("a", "sub/b"));
	/* A link is replaced itself: what it points to is another place. */
	assert_int_equal(symlink("a", "c"), 0);
	assert_false(file_same_place("a", "c"));
	assert_int_equal(file_expect_place("new", &e), STATUS_OK);
	assert_int_equal(file_expect_place("sub/new", &e), STATUS_OK);
	assert_int_equal(file_expect_place("sub", &e), STATUS_USAGE);
	assert_int_equal(file_expect_place("a/new", &e), STATUS_NOT_FOUND);
	assert_int_equal(file_expect_place("no/new", &e), STATUS_NOT_FOUND);
}

static void expect_path(char *path, const char *expected)
{
	assert_string_equal(path, expected);
	free(path);
}

static void paths_are_put_together(void **state)
{
	(void)state;
	expect_path(path_join("a", "b"), "a/b");
	expect_path(path_join("a/", "b"), "a/b");
	expect_path(path_join("/", "b"), "/b");
	/* Not the root folder. */
	expect_path(path_join("", "b"), "b");
	expect_path(path_folder("a/b"), "a");
	expect_path(path_folder("/b"), "/");
	expect_path(path_folder("b"), ".");
	assert_string_equal(path_name("a/b"), "b");
	assert_string_equal(path_name("b"), "b");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_certain_no_is_a_no),
		IN_FOLDER(what_is_there_is_kept_unless_told),
		IN_FOLDER(a_failure_leaves_no_temporary),
		IN_FOLDER(a_stream_is_published_whole_or_not_at_all),
		IN_FOLDER(reading_is_bounded),
		IN_FOLDER(a_private_file_is_private),
		IN_FOLDER(one_place_under_many_names),
		IN_FOLDER(paths_are_put_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
