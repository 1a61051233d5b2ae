/* The parts of the table of tools; each ends with an entry without an id. See trust/tool.h. */
#ifndef SUBCA_TRUST_TOOLS_H
#define SUBCA_TRUST_TOOLS_H

#include "trust/tool.h"

extern const struct tool tools_programs[];  /* command-line programs */
extern const struct tool tools_languages[]; /* languages and their package managers */
extern const struct tool tools_systems[];   /* operating systems, containers, browsers, devices */

/* The entry of most clients: what a program says when it is asked for the page. */
#define TOOL_HOST "www.example.com"
#define TOOL_REQUEST "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n"

#endif
