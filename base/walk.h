/*
 * The files below a folder, one at a time: however many there are, none is remembered.
 */
#ifndef SUBCA_BASE_WALK_H
#define SUBCA_BASE_WALK_H

#include <stdbool.h>

#include "base/error.h"

/* Of a symbolic link: what it points to. */
bool walk_is_folder(const char *path);

/* Folders within folders. */
#define WALK_DEPTH_MAX 64

/* A status other than STATUS_OK ends the walk. */
typedef enum status walk_use(const char *path, void *context, struct error *e);
/* What could not be looked into; as above. problem->where is the path. */
typedef enum status walk_problem(const struct error *problem, void *context, struct error *e);

/*
 * Calls use for each regular file below folder, in the order that the file system gives, by its path
 * with folder before it. A symbolic link to a file counts as one; those to folders are not followed.
 */
MUST_CHECK enum status walk_files(const char *folder, walk_use *use, walk_problem *problem,
				  void *context, struct error *e);

#endif
