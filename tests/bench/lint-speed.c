/*
 * How long lint takes over one certificate, or CRL, in DER: "lint-speed FILE ISSUER RUNS" prints the
 * nanoseconds of one run, read and judged, and those of the judging alone ("-" for a CRL, whose
 * entries are read as they are judged).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "ca/lint/internal.h"

#define INPUT_MAX (256 * 1024 * 1024)

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(enum status s, const struct error *e)
{
	if (s == STATUS_OK)
		return;
	fprintf(stderr, "lint-speed: %s: %s\n", e->where, e->what);
	exit(1);
}

static double whole(enum lint_form form, struct span der, struct span issuer, long runs)
{
	double start = now();

	for (long i = 0; i < runs; i++) {
		struct findings f = {0};
		struct error e;

		must(lint_one(form, der, issuer, &f, &e), &e);
		findings_free(&f);
	}
	return (now() - start) / (double)runs;
}

static double judged(struct span der, struct span issuer, long runs)
{
	struct lint_subject *s = NULL;
	struct error e;
	double start;

	must(lint_subject_read(der, issuer, &s, &e), &e);
	start = now();
	for (long i = 0; i < runs; i++) {
		struct findings f = {0};

		must(lint_judge(s, &f, &e), &e);
		findings_free(&f);
	}
	start = (now() - start) / (double)runs;
	lint_subject_free(s);
	return start;
}

int main(int argc, char **argv)
{
	struct bytes der = {0}, issuer = {0};
	long runs = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	enum lint_form form;
	struct error e;

	if (runs <= 0) {
		fputs("usage: lint-speed FILE ISSUER RUNS\n", stderr);
		return 2;
	}
	must(file_read(argv[1], INPUT_MAX, &der, &e), &e);
	must(file_read(argv[2], INPUT_MAX, &issuer, &e), &e);
	form = lint_recognise(span_of(&der));
	printf("%.0f ", whole(form, span_of(&der), span_of(&issuer), runs));
	if (form == LINT_FORM_CERTIFICATE)
		printf("%.0f\n", judged(span_of(&der), span_of(&issuer), runs));
	else
		puts("-");
	bytes_free(&der);
	bytes_free(&issuer);
	return 0;
}
