/*
 * How the paths that subca verify found are shown.
 */
#ifndef SUBCA_CMD_VERIFY_H
#define SUBCA_CMD_VERIFY_H

#include "ca/inspect.h"
#include "ca/path.h"
#include "cmd/output.h"

/* Every file that was given, each object by its place: a link's tag is one. */
struct verify_files {
	struct inspection found;
	const char **names; /* by the objects' file; borrowed */
	size_t count;
};

/* The path as a chain from the certificate upwards, with what is wrong under each link. */
void verify_print(const struct output *o, const struct verify_files *files, size_t leaf,
		  const struct path *path);
/* The same as an object. NULL when out of memory. */
json_t *verify_json(const struct verify_files *files, size_t leaf, const struct path *path);

#endif
