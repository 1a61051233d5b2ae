#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/datetime.h"
#include "ca/import_index.h"

static enum status parse(const char *line, struct index_row *row, struct error *e)
{
	static char copy[INDEX_LINE_MAX];

	snprintf(copy, sizeof copy, "%s", line);
	return index_parse(copy, strlen(copy), row, e);
}

static int64_t at(const char *when)
{
	struct error e;
	int64_t t = 0;

	assert_int_equal(datetime_parse(when, &t, &e), STATUS_OK);
	return t;
}

static void lines_of_openssl_are_read(void **state)
{
	struct index_row row;
	struct error e = {0};

	(void)state;
	assert_int_equal(parse("V\t311122235959Z\t\t1A2B\tunknown\t/C=DE/CN=Example", &row, &e),
			 STATUS_OK);
	assert_int_equal(row.state, INDEX_VALID);
	assert_int_equal(row.not_after, at("2031-11-22T23:59:59Z"));
	assert_int_equal(row.revoked_at, 0);
	assert_int_equal(row.reason, REASON_NONE);
	assert_int_equal(row.serial_len, 2);
	assert_memory_equal(row.serial, "\x1a\x2b", 2);
	assert_string_equal(row.file, "unknown");
	assert_string_equal(row.subject, "/C=DE/CN=Example");

	assert_int_equal(parse("E\t20510101000000Z\t\t00FF\tunknown\t", &row, &e), STATUS_OK);
	assert_int_equal(row.not_after, at("2051-01-01"));
	assert_int_equal(row.serial_len, 1);
	assert_string_equal(row.subject, "");
	assert_int_equal(parse("V\t311122235959Z\t\t00\tunknown\t/CN=a", &row, &e), STATUS_OK);
	assert_int_equal(row.serial_len, 0);
	assert_int_equal(parse("V\t500101000000Z\t\t01\tunknown\t/CN=a", &row, &e), STATUS_INPUT);
	assert_int_equal(parse("V\t500101000001Z\t\t01\tunknown\t/CN=a", &row, &e), STATUS_OK);
	assert_int_equal(row.not_after, DATETIME_MIN + 1);
}

static void a_tab_in_a_field_is_escaped(void **state)
{
	struct index_row row;
	struct error e = {0};

	(void)state;
	assert_int_equal(parse("V\t311122235959Z\t\t01\tdir\\\tname\t/CN=a\\b", &row, &e),
			 STATUS_OK);
	assert_string_equal(row.file, "dir\tname");
	assert_string_equal(row.subject, "/CN=a\\b");
}

static void reasons_are_those_of_openssl(void **state)
{
	static const struct {
		const char *field;
		int reason;
		bool invalidity, instruction;
	} cases[] = {
		{"", REASON_NONE, false, false},
		{",unspecified", REASON_NONE, false, false},
		{",keyCompromise", REASON_KEY_COMPROMISE, false, false},
		{",KEYCOMPROMISE", REASON_KEY_COMPROMISE, false, false},
		{",CACompromise", REASON_CA_COMPROMISE, false, false},
		{",affiliationChanged", REASON_AFFILIATION_CHANGED, false, false},
		{",superseded", REASON_SUPERSEDED, false, false},
		{",cessationOfOperation", REASON_CESSATION_OF_OPERATION, false, false},
		{",certificateHold", REASON_CERTIFICATE_HOLD, false, false},
		{",holdInstruction,1.2.840.10040.2.2", REASON_CERTIFICATE_HOLD, false, true},
		{",keyTime,20250102030405Z", REASON_KEY_COMPROMISE, true, false},
		{",CAkeyTime,20250102030405Z", REASON_CA_COMPROMISE, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct index_row row;
		struct error e = {0};
		char line[200];

		snprintf(line, sizeof line, "R\t311122235959Z\t250601120000Z%s\t01\tunknown\t/CN=a",
			 cases[i].field);
		if (parse(line, &row, &e) != STATUS_OK)
			fail_msg("%s: %s", cases[i].field, e.what);
		assert_int_equal(row.revoked_at, at("2025-06-01T12:00:00Z"));
		assert_int_equal(row.reason, cases[i].reason);
		assert_int_equal(row.invalidity_at,
				 cases[i].invalidity ? at("2025-01-02T03:04:05Z") : 0);
		assert_int_equal(row.hold_instruction, cases[i].instruction);
	}
}

static void damaged_lines_are_refused_in_words(void **state)
{
	static const struct {
		const char *line, *what;
	} cases[] = {
		{"", "is empty"},
		{"V\t311122235959Z\t\t01\tunknown", "has 5 fields"},
		{"V\t311122235959Z\t\t01\tunknown\t/CN=a\t", "has 7 fields"},
		{"V 311122235959Z  01 unknown /CN=a", "has 1 field,"},
		{"S\t311122235959Z\t\t01\tunknown\t/CN=a", "does not begin with V, R or E"},
		{"VV\t311122235959Z\t\t01\tunknown\t/CN=a", "does not begin with V, R or E"},
		{"\t311122235959Z\t\t01\tunknown\t/CN=a", "does not begin with V, R or E"},
		{"V\t311122235959\t\t01\tunknown\t/CN=a", "no time of its end"},
		{"V\t310231235959Z\t\t01\tunknown\t/CN=a", "no time of its end"},
		{"V\t3111222359Z\t\t01\tunknown\t/CN=a", "no time of its end"},
		{"V\t\t\t01\tunknown\t/CN=a", "no time of its end"},
		{"V\t311122235959Z\t250601120000Z\t01\tunknown\t/CN=a", "is not revoked but"},
		{"R\t311122235959Z\t\t01\tunknown\t/CN=a", "no time of its revocation"},
		{"R\t311122235959Z\t250601120000Z,\t01\tunknown\t/CN=a", "no reason"},
		{"R\t311122235959Z\t250601120000Z,tired\t01\tunknown\t/CN=a", "no reason"},
		{"R\t311122235959Z\t250601120000Z,removeFromCRL\t01\tunknown\t/CN=a", "no reason"},
		{"R\t311122235959Z\t250601120000Z,superseded,x\t01\tunknown\t/CN=a",
		 "behind its reason"},
		{"R\t311122235959Z\t250601120000Z,keyTime\t01\tunknown\t/CN=a", "lacks"},
		{"R\t311122235959Z\t250601120000Z,keyTime,now\t01\tunknown\t/CN=a",
		 "no time of the key's"},
		{"V\t311122235959Z\t\t\tunknown\t/CN=a", "no serial number"},
		{"V\t311122235959Z\t\t1\tunknown\t/CN=a", "of an even number"},
		{"V\t311122235959Z\t\t-1\tunknown\t/CN=a", "at most 20 octets"},
		{"V\t311122235959Z\t\t0x1F\tunknown\t/CN=a", "at most 20 octets"},
		{"V\t311122235959Z\t\t80112233445566778899AABBCCDDEEFF00112233\tunknown\t/CN=a",
		 "at most 20 octets"},
		{"V\t311122235959Z\t\t7F112233445566778899AABBCCDDEEFF0011223344\tunknown\t/CN=a",
		 "at most 20 octets"},
		{"V\t311122235959Z\t\t01\tunknown\t/CN=a\x1b[2J", "control character"},
		{"V\t311122235959Z\t\t01\tunknown\t/CN=a\r", "Windows"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct index_row row;
		struct error e = {0};

		if (parse(cases[i].line, &row, &e) != STATUS_INPUT)
			fail_msg("taken: %s", cases[i].line);
		if (!strstr(e.what, cases[i].what))
			fail_msg("%s: %s", cases[i].line, e.what);
	}
}

struct seen {
	int64_t lines[8];
	size_t count;
};

static enum status note_line(void *context, const struct index_row *row, struct error *e)
{
	struct seen *seen = context;

	(void)e;
	seen->lines[seen->count++] = row->line;
	return STATUS_OK;
}

static void read_text(const char *text, size_t len, struct seen *seen, struct index_total *total,
		      struct findings *f)
{
	FILE *from = fmemopen((char *)text, len, "r");
	struct error e = {0};

	assert_non_null(from);
	assert_int_equal(index_read(from, note_line, seen, total, f, &e), STATUS_OK);
	fclose(from);
}

#define GOOD "V\t311122235959Z\t\t01\tunknown\t/CN=a\n"

static void every_damaged_line_is_named_by_its_number(void **state)
{
	static const char text[] = GOOD "# a comment\n\n" GOOD "junk\n" GOOD
					"V\t311122235959Z\t\t0";
	struct seen seen = {.count = 0};
	struct findings f = {0};
	struct index_total total;

	(void)state;
	read_text(text, sizeof text - 1, &seen, &total, &f);
	assert_int_equal(total.rows, 3);
	assert_int_equal(total.faults, 3);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.lines[0], 1);
	assert_int_equal(seen.lines[1], 4);
	assert_int_equal(seen.lines[2], 6);
	assert_int_equal(f.count, 3);
	assert_string_equal(f.items[0].message, "is empty");
	assert_string_equal(f.items[1].where, "index.txt line 5");
	/* OpenSSL itself passes over this one in silence. */
	assert_string_equal(f.items[2].message, "is cut off: the file ends within it");
	findings_free(&f);
}

static void long_lines_and_many_faults_stay_bounded(void **state)
{
	size_t len = 200000;
	char *text = malloc(len + sizeof GOOD);
	struct seen seen = {.count = 0};
	struct findings f = {0};
	struct index_total total;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	text[len - 1] = '\n';
	memcpy(text + len, GOOD, sizeof GOOD);
	read_text(text, len + sizeof GOOD - 1, &seen, &total, &f);
	assert_int_equal(total.faults, 1);
	assert_int_equal(seen.lines[0], 2);
	findings_free(&f);

	memset(text, '\n', len);
	read_text(text, len, &seen, &total, &f);
	assert_int_equal(total.faults, len);
	assert_int_equal(f.count, INDEX_FAULTS_MAX);
	findings_free(&f);
	free(text);
}

static void a_nul_hides_nothing(void **state)
{
	static const char text[] = "V\t311122235959Z\t\t01\tunknown\t/CN=a\0b\n";
	struct seen seen = {.count = 0};
	struct findings f = {0};
	struct index_total total;

	(void)state;
	read_text(text, sizeof text - 1, &seen, &total, &f);
	assert_int_equal(total.rows, 0);
	assert_string_equal(f.items[0].message, "has a NUL octet in it");
	findings_free(&f);
}

static void serial_and_crlnumber_files(void **state)
{
	static const char *const bad[] = {"",
					  "\n",
					  "0x10\n",
					  "10 20\n",
					  "-1\n",
					  "1000\n1000\n",
					  "7F112233445566778899AABBCCDDEEFF0011223344\n"};
	unsigned char n[SERIAL_MAX];
	struct error e = {0};
	size_t len;

	(void)state;
	assert_int_equal(index_number_read(span_text("1A2B\n"), n, &len, &e), STATUS_OK);
	assert_int_equal(len, 2);
	assert_memory_equal(n, "\x1a\x2b", 2);
	assert_int_equal(index_number_read(span_text("F0A\r\n"), n, &len, &e), STATUS_OK);
	assert_memory_equal(n, "\x0f\x0a", 2);
	assert_int_equal(index_number_read(span_text("00"), n, &len, &e), STATUS_OK);
	assert_int_equal(len, 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (index_number_read(span_text(bad[i]), n, &len, &e) != STATUS_INPUT)
			fail_msg("taken: '%s'", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_openssl_are_read),
		cmocka_unit_test(a_tab_in_a_field_is_escaped),
		cmocka_unit_test(reasons_are_those_of_openssl),
		cmocka_unit_test(damaged_lines_are_refused_in_words),
		cmocka_unit_test(every_damaged_line_is_named_by_its_number),
		cmocka_unit_test(long_lines_and_many_faults_stay_bounded),
		cmocka_unit_test(a_nul_hides_nothing),
		cmocka_unit_test(serial_and_crlnumber_files),
	};

	return cmocka_run_group_tests_name("import_index", tests, NULL, NULL);
}
