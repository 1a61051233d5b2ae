/*
 * Who signed whom, as lines of a drawn tree.
 */
#ifndef SUBCA_AUDIT_TREE_H
#define SUBCA_AUDIT_TREE_H

#include "audit/audit.h"

#define TREE_DEPTH_MAX 24
#define TREE_CHILDREN_MAX 40 /* of one issuer that are drawn */
#define TREE_LINES_MAX 1000

struct tree_line {
	uint32_t record; /* RECORD_NONE: stands for what is left out below its parent */
	uint32_t hidden; /* then: how many */
	uint32_t last;	 /* bit d: the branch at depth d ends here or above */
	uint8_t depth;	 /* 0: signed by itself, or by nobody here */
};

struct audit_tree {
	struct tree_line *lines;
	size_t count;
};

MUST_CHECK enum status tree_draw(const struct audit *a, struct audit_tree *out, struct error *e);
void tree_free(struct audit_tree *t);

#endif
