#include "tests/fuzz/fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

const char fuzz_authority_pem[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBhzCCAS2gAwIBAgIUM4UWMW4ahVqU3iPj6uVaPWonZIQwCgYIKoZIzj0EAwIw\n"
	"ETEPMA0GA1UEAxMGTm9ib2R5MB4XDTI2MTEyNDE5MTQ1M1oXDTQ2MTExOTE5MTQ1\n"
	"MlowETEPMA0GA1UEAxMGTm9ib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
	"7gtOhBkt+WCstI3gTW+1sJcKt77lf5Ax7lQMkTkfCKzEAwqj1BTI2P8IK1Dpw4d3\n"
	"twjQB4srbs363bKmwOkKxaNjMGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E\n"
	"BAMCAQYwHQYDVR0OBBYEFGO7KguoLKPtBDZp50KutkC1MOqRMB8GA1UdIwQYMBaA\n"
	"FGO7KguoLKPtBDZp50KutkC1MOqRMAoGCCqGSM49BAMCA0gAMEUCIBUsVze2KZ7u\n"
	"8bLu1IUNrXNAZd8ZA17NwZE3nJbF8+aaAiEA5Rt0WK1wzH6KWoDlXRYlITJxKMtc\n"
	"5lAKUW8HrI98IG8=\n"
	"-----END CERTIFICATE-----\n";

X509 *fuzz_authority(void)
{
	static X509 *authority;
	BIO *from;

	if (!authority) {
		from = BIO_new_mem_buf(fuzz_authority_pem, -1);
		authority = PEM_read_bio_X509(from, NULL, NULL, NULL);
		BIO_free(from);
		promise(authority != NULL);
	}
	return authority;
}

void fuzz_promise(bool kept, const char *what, const char *file, int line)
{
	if (kept)
		return;
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
	abort();
}

void promise_told(enum status s, const struct error *e)
{
	if (s == STATUS_INTERNAL)
		fprintf(stderr, "internal: %s: %s (%s)\n", e->where, e->what, e->detail);
	promise(s == STATUS_OK || (e->status == s && e->what[0]));
	promise(s != STATUS_INTERNAL);
}

void promise_findings(const struct findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		promise(f->items[i].rule && f->items[i].message[0]);
}

static char folder[4096];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	return at->level == 0 ? 0 : remove(path);
}

void fuzz_empty(void)
{
	promise(nftw(fuzz_folder(), remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static void remove_folder(void)
{
	fuzz_empty();
	rmdir(folder);
}

const char *fuzz_folder(void)
{
	const char *above = getenv("TMPDIR");

	if (folder[0])
		return folder;
	snprintf(folder, sizeof folder, "%s/subca-fuzz.XXXXXX", above ? above : "/tmp");
	promise(mkdtemp(folder) != NULL);
	promise(atexit(remove_folder) == 0);
	return folder;
}

const char *fuzz_path(const char *name)
{
	static char path[sizeof folder + 256];

	snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
	return path;
}

const char *fuzz_file(const char *name, struct span content)
{
	const char *path = fuzz_path(name);
	FILE *to = fopen(path, "wbe");

	promise(to != NULL);
	promise(fwrite(content.data, 1, content.len, to) == content.len);
	promise(fclose(to) == 0);
	return path;
}

char *fuzz_text(struct span s)
{
	char *text = strndup((const char *)s.data, s.len);

	promise(text != NULL);
	return text;
}

const struct secret *fuzz_secret(void)
{
	static struct secret *secret;
	struct bytes word = {0};
	struct error e = {0};

	if (!secret) {
		promise(bytes_copy(&word, span_text("secret"), &e) == STATUS_OK);
		promise(secret_take(&word, &secret, &e) == STATUS_OK);
	}
	return secret;
}
