/*
 * Fills a folder with requests: a P-256 key of its own each, a subject, a subjectAltName.
 *
 * usage: make-requests FOLDER COUNT
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static X509_REQ *request(unsigned long number)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *q = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	char name[64], alternative[80];
	bool made;

	snprintf(name, sizeof name, "host-%lu.example.com", number);
	snprintf(alternative, sizeof alternative, "DNS:%s", name);
	made = key && q && list &&
	       sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
								alternative)) &&
	       X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(q), "O", MBSTRING_ASC,
					  (const unsigned char *)"Example Corp", -1, -1, 0) &&
	       X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(q), "CN", MBSTRING_ASC,
					  (unsigned char *)name, -1, -1, 0) &&
	       X509_REQ_set_pubkey(q, key) && X509_REQ_add_extensions(q, list) &&
	       X509_REQ_sign(q, key, EVP_sha256()) > 0;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	EVP_PKEY_free(key);
	if (made)
		return q;
	X509_REQ_free(q);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	for (unsigned long i = 1; i <= count; i++) {
		X509_REQ *q = request(i);
		char path[4096];
		FILE *to;

		snprintf(path, sizeof path, "%s/%lu.csr", argv[1], i);
		to = fopen(path, "w");
		if (!q || !to || PEM_write_X509_REQ(to, q) != 1 || fclose(to) != 0) {
			fprintf(stderr, "make-requests: %s cannot be made\n", path);
			return 1;
		}
		X509_REQ_free(q);
	}
	return count == 0;
}
