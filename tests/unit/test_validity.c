#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/datetime.h"
#include "ca/validity.h"

#define NOW INT64_C(1800000000)
#define DAY SECONDS_PER_DAY
#define BACKDATE 300

static const struct profile profile = {
	.name = "test", .days = 30, .max_days = 100, .backdate = BACKDATE};

/* A certificate of which only the times are read. */
static X509 *issuer_from(int64_t not_before, int64_t not_after)
{
	X509 *x = X509_new();

	assert_non_null(x);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), not_before));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x), not_after));
	return x;
}

static enum status plan(struct plan_input in, struct validity *v, struct error *e)
{
	in.profile = &profile;
	in.now = NOW;
	return validity_plan(&in, v, e);
}

static void days_are_exact_to_the_second(void **state)
{
	struct validity v = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(plan((struct plan_input){.days = 0}, &v, &e), STATUS_OK);
	assert_true(v.not_before == NOW - BACKDATE);
	assert_true(v.not_after - v.not_before + 1 == 30 * DAY);
	assert_int_equal(plan((struct plan_input){.days = 100}, &v, &e), STATUS_OK);
	assert_true(v.not_after - v.not_before + 1 == 100 * DAY);
	assert_int_equal(plan((struct plan_input){.days = 101}, &v, &e), STATUS_REFUSED);
	assert_int_equal(plan((struct plan_input){.not_after = NOW - BACKDATE + 100 * DAY - 1}, &v,
			      &e),
			 STATUS_OK);
	assert_int_equal(plan((struct plan_input){.not_after = NOW - BACKDATE + 100 * DAY}, &v, &e),
			 STATUS_REFUSED);
	assert_int_equal(plan((struct plan_input){.not_after = NOW}, &v, &e), STATUS_REFUSED);
	assert_int_equal(plan((struct plan_input){.not_after = NOW + 1}, &v, &e), STATUS_OK);
}

static void the_issuers_last_second_is_the_last(void **state)
{
	X509 *issuer = issuer_from(NOW - 1000 * DAY, NOW + 50 * DAY);
	struct plan_input in = {.issuer = issuer, .not_after = NOW + 50 * DAY};
	struct validity v = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(plan(in, &v, &e), STATUS_OK);
	assert_false(v.shortened);
	in.not_after++;
	assert_int_equal(plan(in, &v, &e), STATUS_REFUSED);
	assert_non_null(strstr(e.todo, "--days 50 is the most that fits"));
	in.fit = true;
	assert_int_equal(plan(in, &v, &e), STATUS_OK);
	assert_true(v.shortened && v.not_after == NOW + 50 * DAY);
	in = (struct plan_input){.issuer = issuer, .days = 51};
	assert_int_equal(plan(in, &v, &e), STATUS_REFUSED);
	in.days = 50;
	assert_int_equal(plan(in, &v, &e), STATUS_OK);
	X509_free(issuer);
}

static void the_backdate_ends_at_the_issuers_beginning(void **state)
{
	X509 *issuer = issuer_from(NOW - BACKDATE + 1, NOW + 50 * DAY);
	X509 *old = issuer_from(NOW - BACKDATE, NOW + 50 * DAY);
	struct validity v = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(plan((struct plan_input){.issuer = issuer, .days = 1}, &v, &e), STATUS_OK);
	assert_true(v.not_before == NOW - BACKDATE + 1);
	assert_true(v.not_after - v.not_before + 1 == DAY);
	assert_int_equal(plan((struct plan_input){.issuer = old, .days = 1}, &v, &e), STATUS_OK);
	assert_true(v.not_before == NOW - BACKDATE);
	X509_free(issuer);
	X509_free(old);
}

static void an_issuer_that_is_not_valid_now_issues_nothing(void **state)
{
	X509 *ended = issuer_from(NOW - DAY, NOW - 1), *future = issuer_from(NOW + 1, NOW + DAY);
	X509 *last = issuer_from(NOW, NOW + 1);
	struct plan_input in = {.days = 1, .fit = true};
	struct validity v = {0};
	struct error e = {0};

	(void)state;
	in.issuer = ended;
	assert_int_equal(plan(in, &v, &e), STATUS_REFUSED);
	in.issuer = future;
	assert_int_equal(plan(in, &v, &e), STATUS_REFUSED);
	in.issuer = last;
	assert_int_equal(plan(in, &v, &e), STATUS_OK);
	assert_true(v.not_before == NOW && v.not_after == NOW + 1);
	X509_free(ended);
	X509_free(future);
	X509_free(last);
}

/* RFC 5280 4.1.2.5. */
static void utctime_through_2049(void **state)
{
	const struct validity v = {.not_before = INT64_C(2524607999),
				   .not_after = INT64_C(2524608000)};
	X509_VAL *encoded = NULL;
	struct error e = {0};
	int64_t t = 0;

	(void)state;
	assert_int_equal(validity_encode(&v, &encoded, &e), STATUS_OK);
	assert_int_equal(ASN1_STRING_type(encoded->notBefore), V_ASN1_UTCTIME);
	assert_string_equal((const char *)ASN1_STRING_get0_data(encoded->notBefore),
			    "491231235959Z");
	assert_int_equal(ASN1_STRING_type(encoded->notAfter), V_ASN1_GENERALIZEDTIME);
	assert_string_equal((const char *)ASN1_STRING_get0_data(encoded->notAfter),
			    "20500101000000Z");
	assert_int_equal(asn1_time_seconds(encoded->notAfter, &t, &e), STATUS_OK);
	assert_true(t == v.not_after);
	X509_VAL_free(encoded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_are_exact_to_the_second),
		cmocka_unit_test(the_issuers_last_second_is_the_last),
		cmocka_unit_test(the_backdate_ends_at_the_issuers_beginning),
		cmocka_unit_test(an_issuer_that_is_not_valid_now_issues_nothing),
		cmocka_unit_test(utctime_through_2049),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
