/*
 * One line of a configuration file such as curl, wget, npm, pip, cargo and git have: "key = value",
 * "key: value", "key value" or "--key value", perhaps quoted, perhaps below a [section].
 */
#ifndef SUBCA_TRUST_SETTING_LINE_H
#define SUBCA_TRUST_SETTING_LINE_H

#include <stdbool.h>

#include "base/bytes.h"

/*
 * The last line with this key counts; "-", "_" and case do not count in a key. section: NULL for
 * wherever it stands. Appends the value, which may be empty; false where there is no such line.
 */
bool setting_line_find(struct span file, const char *key, const char *section, struct text *value);

#endif
