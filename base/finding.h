/*
 * A finding: what a rule has to say about something. Libraries collect them, cmd/ prints them.
 */
#ifndef SUBCA_BASE_FINDING_H
#define SUBCA_BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum severity {
	SEVERITY_NOTICE,  /* worth knowing; nothing to do */
	SEVERITY_WARNING, /* works today, will hurt; a person decides */
	SEVERITY_ERROR,	  /* refused */
};

/* A rule as its table states it. All strings are literals that live as long as the program. */
struct rule {
	const char *id; /* "csr_key_rsa_small": subject, then what is wrong */
	enum severity severity;
	const char *reference; /* "RFC 5280 4.1.2.2", "CVE-2017-15361", "ZIA" */
	const char *why;       /* one line: what goes wrong for whom */
	const char *todo;      /* one line: what the reader does about it */
};

struct finding {
	const struct rule *rule; /* borrowed */
	enum severity severity;	 /* the rule's, unless a caller raised or lowered it */
	char *where;   /* "subject.CN", "extension basicConstraints", "offset 12"; may be "" */
	char *message; /* what is wrong, with the values at hand */
};

/* Owns its items. Starts as all zero. */
struct findings {
	struct finding *items;
	size_t count;
	size_t room;
};

/* Adds one at the rule's severity. where may be NULL. */
MUST_CHECK enum status findings_add(struct findings *f, const struct rule *rule, const char *where,
				    struct error *e, const char *format, ...) PRINTF_LIKE(5, 6);
/* Moves every item of from to the end of to; from is empty afterwards. */
MUST_CHECK enum status findings_move(struct findings *to, struct findings *from, struct error *e);
/*
 * Where one of them, from the place on, is an error: the first becomes e, its rule with it, and s is
 * returned; where NULL: the finding's. Else STATUS_OK.
 */
MUST_CHECK enum status findings_refuse(const struct findings *f, size_t from, enum status s,
				       const char *where, struct error *e);
size_t findings_count(const struct findings *f, enum severity at_least);
/* NULL where no finding of that rule is there. */
const struct finding *findings_find(const struct findings *f, const char *rule_id);
/* Takes out what a rule says of places that begin with where. */
void findings_drop(struct findings *f, const char *rule_id, const char *where);
void findings_free(struct findings *f);

/* "error", "warning", "notice". */
const char *severity_name(enum severity s);

#endif
