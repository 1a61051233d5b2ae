#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_stage.h"

static char folder[] = "/tmp/subca-stage.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/a.pem", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int entries(void)
{
	DIR *open = opendir(folder);
	int count = -2;

	assert_non_null(open);
	while (readdir(open))
		count++;
	closedir(open);
	return count;
}

static void holds(const char *content)
{
	struct bytes found = {0};
	struct error e = {0};

	assert_int_equal(file_read(path, 100, &found, &e), STATUS_OK);
	assert_true(span_equal(span_of(&found), span_text(content)));
	bytes_free(&found);
}

static void a_file_appears_when_it_is_placed(void **state)
{
	struct file_staged f = {0};
	struct error e = {0};
	struct stat info;

	(void)state;
	assert_int_equal(file_stage(path, span_text("one"), 0640, &f, &e), STATUS_OK);
	assert_false(file_exists(path));
	assert_int_equal(entries(), 1);
	assert_int_equal(file_stage_sync(folder, &e), STATUS_OK);
	assert_int_equal(file_stage_place(&f, FILE_KEEP, &e), STATUS_OK);
	file_stage_free(&f);
	holds("one");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_int_equal(entries(), 1);
}

static void what_is_there_is_kept(void **state)
{
	struct file_staged f = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(file_stage(path, span_text("two"), 0644, &f, &e), STATUS_OK);
	assert_int_equal(file_stage_place(&f, FILE_KEEP, &e), STATUS_EXISTS);
	holds("one");
	assert_int_equal(file_stage_place(&f, FILE_REPLACE, &e), STATUS_OK);
	holds("two");
	file_stage_free(&f);
	assert_int_equal(entries(), 1);
}

static void what_is_not_placed_is_removed(void **state)
{
	struct file_staged f = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(file_stage(path, span_text("three"), 0644, &f, &e), STATUS_OK);
	assert_int_equal(entries(), 2);
	file_stage_free(&f);
	file_stage_free(&f);
	assert_int_equal(entries(), 1);
	holds("two");
}

static void no_folder_no_file(void **state)
{
	struct file_staged f = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(file_stage("/nonexistent/a", span_text("x"), 0644, &f, &e),
			 STATUS_NOT_FOUND);
	assert_string_equal(e.where, "/nonexistent/a");
	file_stage_free(&f);
	assert_int_equal(file_stage_sync("/nonexistent", &e), STATUS_SYSTEM);
}

static void a_few_together(void **state)
{
	char other[80];
	const struct file_content files[] = {{other, span_text("first")}, {path, span_text("x")}};
	const struct file_content nowhere[] = {{other, span_text("again")},
					       {"/nonexistent/a", span_text("x")}};
	struct error e = {0};
	struct stat info;

	(void)state;
	snprintf(other, sizeof other, "%s/b.pem", folder);
	/* What cannot be written at all leaves nothing of the rest either. */
	assert_int_equal(file_publish_together(nowhere, 2, 0644, FILE_KEEP, &e), STATUS_NOT_FOUND);
	assert_string_equal(e.where, "/nonexistent/a");
	assert_false(file_exists(other));
	assert_int_equal(entries(), 1);
	/* What is in the way is seen when it is that file's turn. */
	assert_int_equal(file_publish_together(files, 2, 0640, FILE_KEEP, &e), STATUS_EXISTS);
	assert_string_equal(e.where, path);
	assert_true(file_exists(other));
	holds("two");
	assert_int_equal(entries(), 2);
	assert_int_equal(file_publish_together(files, 2, 0640, FILE_REPLACE, &e), STATUS_OK);
	holds("x");
	assert_int_equal(stat(other, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_int_equal(entries(), 2);
	assert_int_equal(file_publish_together(files, FILES_TOGETHER_MOST + 1, 0640, FILE_KEEP, &e),
			 STATUS_INTERNAL);
	assert_int_equal(unlink(other), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_appears_when_it_is_placed),
		cmocka_unit_test(what_is_there_is_kept),
		cmocka_unit_test(what_is_not_placed_is_removed),
		cmocka_unit_test(no_folder_no_file),
		cmocka_unit_test(a_few_together),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
