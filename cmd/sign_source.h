/*
 * Where the requests of 'subca sign' come from when there are many: a folder, files, and with --all
 * several in each. Nothing is kept of what was given out.
 */
#ifndef SUBCA_CMD_SIGN_SOURCE_H
#define SUBCA_CMD_SIGN_SOURCE_H

#include "ca/issue_batch.h"
#include "cmd/sign_order.h"

struct sign_source;

/*
 * folder, or count files; into is the folder for the certificates. STATUS_NOT_FOUND and the like
 * where folder cannot be read.
 */
MUST_CHECK enum status sign_source_open(const struct sign_order *order, const char *folder,
					const char *const *files, size_t count, const char *into,
					struct sign_source **out, struct error *e);
void sign_source_close(struct sign_source *s);

/* As struct issue_batch wants it; in a folder, names ascend as far as 4096 at a time go. */
MUST_CHECK enum status sign_source_next(struct sign_source *s, struct batch_request *out,
					bool *more, struct error *e);
/* Files that it will read, for the progress; a glance at the folder, which may change. */
size_t sign_source_files(const struct sign_source *s);

#endif
