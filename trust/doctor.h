/*
 * The doctor: what the tools of this machine trust now, by which setting of this user in this
 * folder, and whether they would get on behind an inspecting proxy below a root. Each is run on
 * loopback with its settings as they are: what it sees is a view of the files in which a throwaway
 * root of the same name stands wherever the root itself does, so that no key of value is needed.
 */
#ifndef SUBCA_TRUST_DOCTOR_H
#define SUBCA_TRUST_DOCTOR_H

#include "trust/anchor_store.h"
#include "trust/client.h"
#include "trust/setting.h"

enum doctor_verdict {
	DOCTOR_ABSENT,	/* not on this machine */
	DOCTOR_GOOD,	/* trusts the root, and nobody it should not */
	DOCTOR_WARNS,	/* gets on, but something is wrong: see why */
	DOCTOR_BREAKS,	/* would fail behind inspection */
	DOCTOR_OPEN,	/* verifies nothing */
	DOCTOR_UNCLEAR, /* could not be tried to the end */
};

/* "not installed", "good", "warning", "breaks", "open", "unclear": stable. */
const char *doctor_verdict_name(enum doctor_verdict v);

#define DOCTOR_NO_STORE ((size_t)-1)

struct doctor_row {
	const struct tool *tool;
	const struct tool_client *client; /* NULL: it is looked at, but not run */
	struct client_found found;
	struct settings_found settings;
	size_t *stores; /* for each setting its place in the report's, or DOCTOR_NO_STORE */
	struct client_run inspected, stranger; /* below the root; below one that nobody knows */
	enum doctor_verdict verdict;
	struct words why;  /* what is wrong, a sentence each */
	struct words mend; /* lines of sh */
};

/* Owned. Starts as all zero. */
struct doctor_report {
	struct doctor_row *rows; /* in the order of the table of tools */
	size_t count;
	struct anchor_store *stores;
	size_t store_count;
	bool tried;
	struct words before; /* lines of sh that the others build on */
	size_t counts[DOCTOR_UNCLEAR + 1];
};

struct doctor_order {
	X509 *root;
	const char *folder;	 /* scratch, to be removed by the caller */
	bool sealed;		 /* seal_files() has been called with it: the clients can be run */
	const char *const *only; /* ids of tools; ends with NULL; NULL: all */
	const char *const *skip;
	const char *who;		/* "-C root" or "root.pem", quoted: for a command line */
	const char *bundle, *root_file; /* where the lines that mend put the two */
	const char *certs_d;		/* CERTS_D_FOLDER */
	int64_t now;
	int seconds; /* for each run of a client; 0: the table's */
	int at_once; /* 0: as many as there are processors, and one */
};

/* STATUS_NOT_FOUND where no tool is on this machine; STATUS_SYSTEM when interrupted. */
MUST_CHECK enum status doctor(const struct doctor_order *order, struct doctor_report *out,
			      struct error *e);
void doctor_report_free(struct doctor_report *r);

/* The setting that a person would change: the strongest that counts. NULL: there is none. */
const struct setting_found *doctor_chief(const struct doctor_row *row);
/* Its store; NULL: none, or inside the tool. */
const struct anchor_store *doctor_store(const struct doctor_report *r, const struct doctor_row *row,
					const struct setting_found *item);
/* "CURL_CA_BUNDLE", "~/.curlrc: cacert": where it is set. Appends to out. */
void doctor_where(const struct setting_found *item, struct text *out);

#endif
