/*
 * What programs say, cut down to what a person wants to know of it.
 */
#ifndef SUBCA_TRUST_SAID_H
#define SUBCA_TRUST_SAID_H

#include "base/bytes.h"

#define SAID_REASON 400
#define SAID_VERSION 24

/* The line that tells most about why a certificate was refused, escaped; "" where there is none. */
void said_reason(const struct text *output, char reason[SAID_REASON]);
/* The first number with a dot in it, "3.0.17" of "v3.0.17"; "?" where there is none. */
void said_version(const struct text *output, char version[SAID_VERSION]);

#endif
