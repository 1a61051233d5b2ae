/* The parts of the table of tools; each ends with an entry without an id. See trust/tool.h. */
#ifndef SUBCA_TRUST_TOOLS_H
#define SUBCA_TRUST_TOOLS_H

#include "trust/tool.h"

extern const struct tool tools_programs[];  /* command-line programs */
extern const struct tool tools_python[];    /* Python, its libraries, pip */
extern const struct tool tools_languages[]; /* other languages and their package managers */
extern const struct tool tools_systems[];   /* operating systems, containers, browsers, devices */

/* The entry of most clients: what a program says when it is asked for the page. */
#define TOOL_HOST "www.example.com"
#define TOOL_REQUEST "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n"

/* Settings that many have. */
#define VARIABLE(where, variable)                                              \
	{                                                                      \
		.source = SOURCE_VARIABLE, .slot = (where), .name = (variable) \
	}
#define LINE(where, key, path, in)                                                     \
	{                                                                              \
		.source = SOURCE_LINE, .slot = (where), .name = (key), .file = (path), \
		.section = (in)                                                        \
	}
#define SYSTEM_FILE                                                                       \
	{                                                                                 \
		.source = SOURCE_PLACE, .slot = SLOT_FILE, .name = "the machine's store", \
		.file = "{systemfile}", .mend = "{install}"                               \
	}
#define SYSTEM_FOLDER                                                                       \
	{                                                                                   \
		.source = SOURCE_PLACE, .slot = SLOT_FOLDER, .name = "the machine's store", \
		.file = "{systemfolder}", .mend = "{install}"                               \
	}
/* What OpenSSL itself reads. */
#define OPENSSL_VARIABLES \
	VARIABLE(SLOT_FILE, "SSL_CERT_FILE"), VARIABLE(SLOT_FOLDER, "SSL_CERT_DIR")

#endif
