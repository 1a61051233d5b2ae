#include "ca/lint/internal.h"

#include <stdlib.h>

/* Below this, looking at every pair is quicker than a sort. */
#define FEW 12

struct entry {
	const ASN1_OBJECT *object;
};

static int compare(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	return OBJ_cmp(a->object, b->object);
}

static const ASN1_OBJECT *twice_of_few(const void *all, lint_object_at *at, int count)
{
	for (int i = 1; i < count; i++)
		for (int j = 0; j < i; j++)
			if (OBJ_cmp(at(all, i), at(all, j)) == 0)
				return at(all, i);
	return NULL;
}

/* Hostile lists have millions: never a look at every pair of those. */
const ASN1_OBJECT *lint_object_twice(const void *all, lint_object_at *at, int count)
{
	struct entry *sorted;
	const ASN1_OBJECT *twice = NULL;

	if (count <= FEW)
		return twice_of_few(all, at, count);
	sorted = calloc((size_t)count, sizeof *sorted);
	if (!sorted)
		return NULL;
	for (int i = 0; i < count; i++)
		sorted[i].object = at(all, i);
	qsort(sorted, (size_t)count, sizeof *sorted, compare);
	for (int i = 1; i < count && !twice; i++)
		if (OBJ_cmp(sorted[i - 1].object, sorted[i].object) == 0)
			twice = sorted[i].object;
	free(sorted);
	return twice;
}

static const ASN1_OBJECT *extension_at(const void *all, int i)
{
	return sk_LINT_EXTENSION_value((const STACK_OF(LINT_EXTENSION) *)all, i)->type;
}

const ASN1_OBJECT *lint_extension_twice(const STACK_OF(LINT_EXTENSION) *all)
{
	return lint_object_twice(all, extension_at, sk_LINT_EXTENSION_num(all));
}

void lint_extension_name(const ASN1_OBJECT *type, char name[static LINT_OBJECT_NAME])
{
	enum lint_known known = lint_known_find(type, LINT_ANY | LINT_CRL_ENTRY);

	if (known == LINT_KNOWN_COUNT)
		OBJ_obj2txt(name, LINT_OBJECT_NAME, type, 1);
	else
		snprintf(name, LINT_OBJECT_NAME, "%s", lint_known_name(known));
}
