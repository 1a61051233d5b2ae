/* ca/contents.h: what a file holds comes as the octets that came in, whatever else is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "ca/contents.h"
#include "ca/pem.h"
#include "tests/unit/lint_fixture.h"

#define SEEN_MAX 8

struct seen {
	struct bytes der[SEEN_MAX];
	enum lint_form form[SEEN_MAX];
	size_t count, end_at; /* end_at: the one at which the use fails; 0: none */
};

static enum status see(const struct content *c, void *context, struct error *e)
{
	struct seen *s = context;

	assert_true(s->count < SEEN_MAX);
	s->form[s->count] = c->form;
	assert_int_equal(bytes_copy(&s->der[s->count++], c->der, e), STATUS_OK);
	return s->count == s->end_at ? error_set(e, STATUS_SYSTEM, NULL, NULL, "enough")
				     : STATUS_OK;
}

static void forget(struct seen *s)
{
	for (size_t i = 0; i < s->count; i++)
		bytes_free(&s->der[i]);
	*s = (struct seen){0};
}

static enum status look(struct span input, struct seen *s)
{
	size_t found = SEEN_MAX + 1;
	struct error e = {0};
	enum status status = contents_each(input, see, s, &found, &e);

	assert_int_equal(found, s->count);
	assert_int_equal(ERR_peek_error(), 0);
	return status;
}

static void append(struct bytes *to, struct span more)
{
	unsigned char *data = malloc(to->len + more.len + 1);

	assert_non_null(data);
	if (to->len)
		memcpy(data, to->data, to->len);
	memcpy(data + to->len, more.data, more.len);
	free(to->data);
	*to = (struct bytes){data, to->len + more.len};
}

/* The header of a value before what is there. */
static void wrap(struct bytes *b, unsigned char tag)
{
	unsigned char head[4] = {tag, 0x82, (unsigned char)(b->len >> 8), (unsigned char)b->len};
	struct bytes whole = {0};

	append(&whole, (struct span){head, sizeof head});
	append(&whole, span_of(b));
	bytes_free(b);
	*b = whole;
}

/* ContentInfo { signedData, [0] SignedData { 1, {}, {data}, [0] carried, {} } } */
static struct bytes p7b_of(struct span carried)
{
	static const unsigned char type[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					     0xf7, 0x0d, 0x01, 0x07, 0x02};
	static const unsigned char before[] = {0x02, 0x01, 0x01, 0x31, 0x00, 0x30,
					       0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48,
					       0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
	static const unsigned char after[] = {0x31, 0x00};
	struct bytes set = {0}, body = {0}, all = {0};

	append(&set, carried);
	wrap(&set, 0xa0);
	append(&body, (struct span){before, sizeof before});
	append(&body, span_of(&set));
	append(&body, (struct span){after, sizeof after});
	wrap(&body, 0x30);
	wrap(&body, 0xa0);
	append(&all, (struct span){type, sizeof type});
	append(&all, span_of(&body));
	wrap(&all, 0x30);
	bytes_free(&set);
	bytes_free(&body);
	return all;
}

/* OpenSSL's own PKCS7 refuses all of it for the first. */
static void test_p7b_with_something_wrong_in_it(void **state)
{
	static const unsigned char wrong[] = {0x30, 0x03, 0x02, 0x01, 0x05};
	struct bytes sound = fixture_build(FIXTURE_ROOT, NULL, 0), carried = {0}, p7b;
	struct seen s = {0};

	(void)state;
	append(&carried, (struct span){wrong, sizeof wrong});
	append(&carried, span_of(&sound));
	p7b = p7b_of(span_of(&carried));
	assert_int_equal(look(span_of(&p7b), &s), STATUS_OK);
	assert_int_equal(s.count, 2);
	assert_true(span_equal(span_of(&s.der[0]), (struct span){wrong, sizeof wrong}));
	assert_true(span_equal(span_of(&s.der[1]), span_of(&sound)));
	forget(&s);
	append(&p7b, span_text("x"));
	assert_int_equal(look(span_of(&p7b), &s), STATUS_INPUT);
	forget(&s);
	bytes_free(&p7b);
	bytes_free(&carried);
	bytes_free(&sound);
}

static void test_pem_in_its_order(void **state)
{
	struct bytes root = fixture_build(FIXTURE_ROOT, NULL, 0),
		     leaf = fixture_build(FIXTURE_LEAF, NULL, 0);
	struct text pem = {0};
	struct seen s = {0};
	struct error e;

	(void)state;
	text_add(&pem, "subject=CN = a\n");
	assert_int_equal(pem_add_certificate(&pem, span_of(&leaf), &e), STATUS_OK);
	text_add(&pem,
		 "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
	assert_int_equal(pem_add_certificate(&pem, span_of(&root), &e), STATUS_OK);
	assert_int_equal(look(span_text(text_get(&pem)), &s), STATUS_OK);
	assert_int_equal(s.count, 2);
	assert_true(span_equal(span_of(&s.der[0]), span_of(&leaf)));
	assert_true(span_equal(span_of(&s.der[1]), span_of(&root)));
	forget(&s);
	/* Who uses them can end it. */
	s.end_at = 1;
	assert_int_equal(look(span_text(text_get(&pem)), &s), STATUS_SYSTEM);
	assert_int_equal(s.count, 1);
	forget(&s);
	text_add(&pem, "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
	assert_int_equal(look(span_text(text_get(&pem)), &s), STATUS_INPUT);
	assert_int_equal(s.count, 2);
	forget(&s);
	text_free(&pem);
	bytes_free(&root);
	bytes_free(&leaf);
}

static void test_der_by_its_shape(void **state)
{
	static const struct {
		enum fixture_kind kind;
		enum lint_form form;
	} cases[] = {{FIXTURE_LEAF, LINT_FORM_CERTIFICATE},
		     {FIXTURE_CRL, LINT_FORM_CRL},
		     {FIXTURE_REQUEST, LINT_FORM_REQUEST}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes der = fixture_build(cases[i].kind, NULL, 0);
		struct seen s = {0};

		assert_int_equal(look(span_of(&der), &s), STATUS_OK);
		assert_int_equal(s.count, 1);
		assert_int_equal(s.form[0], cases[i].form);
		assert_true(span_equal(span_of(&s.der[0]), span_of(&der)));
		forget(&s);
		bytes_free(&der);
	}
}

static void test_nothing_to_find(void **state)
{
	static const char *const inputs[] = {
		"", "text", "0", "-----BEGIN ",
		"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"};

	(void)state;
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		struct seen s = {0};

		assert_int_equal(look(span_text(inputs[i]), &s), STATUS_OK);
		assert_int_equal(s.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_p7b_with_something_wrong_in_it),
		cmocka_unit_test(test_pem_in_its_order),
		cmocka_unit_test(test_der_by_its_shape),
		cmocka_unit_test(test_nothing_to_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
