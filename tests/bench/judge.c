/*
 * Reading and judging a request beside what OpenSSL alone takes to parse it and verify its
 * signature: the CPU time of both, in turns, medians and their ratio.
 *
 * usage: judge [ROUNDS]        (31; callgrind wants 1)
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "csr/key.h"
#include "csr/name_judge.h"
#include "csr/request.h"

#define EACH 200 /* requests a round */
#define ROUNDS_MOST 1001

static void expect(bool kept, const char *what)
{
	if (kept)
		return;
	fprintf(stderr, "judge: %s failed\n", what);
	exit(1);
}

static void name_it(X509_NAME *name)
{
	static const struct {
		const char *type, *value;
	} parts[] = {{"O", "Zscaler"}, {"OU", "Private Access"}, {"CN", "1.zpa-customer.com/One"}};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		expect(X509_NAME_add_entry_by_txt(name, parts[i].type, V_ASN1_PRINTABLESTRING,
						  (const unsigned char *)parts[i].value, -1, -1,
						  0) == 1,
		       "a name");
}

/* Of the shape that ZPA's have. */
static struct bytes make_request(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509_REQ *q = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	struct bytes der = {0};
	int len;

	expect(key && q && list, "memory");
	name_it(X509_REQ_get_subject_name(q));
	sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
							 "critical,CA:TRUE"));
	sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage,
							 "critical,keyCertSign,cRLSign"));
	expect(X509_REQ_set_pubkey(q, key) == 1 && X509_REQ_add_extensions(q, list) == 1 &&
		       X509_REQ_sign(q, key, EVP_sha256()) > 0,
	       "a request");
	len = i2d_X509_REQ(q, &der.data);
	expect(len > 0, "its encoding");
	der.len = (size_t)len;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(q);
	EVP_PKEY_free(key);
	return der;
}

static void by_openssl(struct span der)
{
	const unsigned char *at = der.data;
	X509_REQ *q = d2i_X509_REQ(NULL, &at, (long)der.len);

	expect(q && X509_REQ_verify(q, X509_REQ_get0_pubkey(q)) == 1, "OpenSSL");
	X509_REQ_free(q);
}

static void by_subca(struct span der)
{
	struct csr_request *r = NULL;
	struct findings f = {0};
	struct error e;

	expect(csr_request_read(der, "request", &r, &e) == STATUS_OK, "reading");
	expect(csr_key_check(csr_request_key(r), &f, &e) == STATUS_OK, "the key's judge");
	expect(csr_name_check(csr_request_name(r), "zpa", &f, &e) == STATUS_OK, "the name's judge");
	expect(f.count == 0, "an honest request");
	findings_free(&f);
	csr_request_free(r);
}

/* Microseconds of CPU a request. */
static double time_of(void (*work)(struct span der), struct span der)
{
	struct timespec from, to;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < EACH; i++)
		work(der);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	       (1e3 * EACH);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *times, size_t count)
{
	qsort(times, count, sizeof *times, ascending);
	return times[count / 2];
}

int main(int argc, char **argv)
{
	static double openssl[ROUNDS_MOST], subca[ROUNDS_MOST];
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 31;
	struct bytes der = make_request();

	expect(rounds > 0 && rounds <= ROUNDS_MOST, "the number of rounds");
	by_openssl(span_of(&der));
	by_subca(span_of(&der));
	for (size_t i = 0; i < rounds; i++) {
		openssl[i] = time_of(by_openssl, span_of(&der));
		subca[i] = time_of(by_subca, span_of(&der));
	}
	OPENSSL_free(der.data);
	printf("| RSA-2048 request | CPU time |\n| --- | ---: |\n");
	printf("| OpenSSL: parse, verify | %.1f µs |\n", median(openssl, rounds));
	printf("| subca: read, verify, judge | %.1f µs |\n", median(subca, rounds));
	printf("| ratio | %.2f |\n", median(subca, rounds) / median(openssl, rounds));
	return 0;
}
