/*
 * Tools that hold their own idea of whom to trust: one table says how each is told about a root, for
 * the guide, for the doctor and for the rehearsal. Adding a tool is one entry in trust/tools_*.c.
 */
#ifndef SUBCA_TRUST_TOOL_H
#define SUBCA_TRUST_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* What happens to the roots that a tool brings along. */
enum tool_effect {
	TOOL_REPLACES, /* ours stand in their place: give it the bundle, public roots + ours */
	TOOL_ADDS,     /* ours are put beside them: give it the root alone */
};

enum tool_os { TOOL_LINUX = 1, TOOL_MACOS = 2, TOOL_WINDOWS = 4, TOOL_DOCKERFILE = 8 };
#define TOOL_UNIX (TOOL_LINUX | TOOL_MACOS)
#define TOOL_ALL_OS (TOOL_UNIX | TOOL_WINDOWS | TOOL_DOCKERFILE)

/* "linux", "macos", "windows", "dockerfile"; in this order for an option's words, NULL at the end. */
extern const char *const tool_os_names[];

/*
 * Lines for one kind of system: sh on Linux and macOS, PowerShell on Windows, instructions of a
 * Dockerfile. {bundle} and {root} stand for the two files, as PEM. "" ends a list.
 */
struct tool_step {
	unsigned os;	  /* bits of enum tool_os */
	const char *when; /* "this shell", "this user", "the machine", …; NULL ends the list */
	const char *lines;
};

#define TOOL_STEPS 8
#define TOOL_NAMES 6
#define TOOL_WORDS 28
#define TOOL_SETUPS 4

/*
 * How a tool is run against a URL. Words and settings are templates:
 *
 *     {bundle} {root}  the files it is to trust        {home}  its own folder, also its HOME
 *     {host} {port}    whom to ask, on loopback        {path}  what to ask for, without the first /
 *     {script}         the file that holds script, in {home}
 *
 * The first letter of a word or setting may say when it is there: "?" where a rehearsal gives trust,
 * "!" where it does not, "%" in both; "+" where the client has the user's own settings, as for the
 * doctor. A line whose first word begins with "=" runs that program, else the client's own.
 */
struct tool_client {
	const char *label;   /* "requests, strict"; NULL ends the list */
	const char *program; /* "python3", looked for in PATH, or an absolute path */
	const char *host;    /* a name it can be told to find on loopback; NULL: localhost */
	const char *given;   /* how it was given trust, in few words */
	const char *version
		[TOOL_NAMES]; /* what tells its version; its first number with a dot counts */
	const char *setup[TOOL_SETUPS][TOOL_WORDS]; /* run once before */
	const char *run[TOOL_WORDS];
	const char *environment[TOOL_NAMES]; /* NAME=VALUE */
	const char *input;		     /* for its standard input */
	const char *script, *script_name;    /* a file put into {home} */
	bool rehearsal_only; /* not for the doctor: it tells nothing of the user's own settings */
	bool setup_own;	     /* setup gives no trust: it is for the doctor too */
	bool strict;	     /* holds chains against RFC 5280 as Python 3.13 and later do */
	bool any_exit; /* its exit code depends on more than TLS: what we serve is not its food */
	bool any_path_length; /* it does not look at path lengths */
	int seconds;	      /* for each run; 0: TOOL_SECONDS */
};

#define TOOL_SECONDS 20

/* Where a tool learns whom to trust. */
enum tool_source {
	SOURCE_END,
	SOURCE_VARIABLE, /* of the environment */
	SOURCE_LINE,	 /* of a configuration file */
	SOURCE_ANSWER,	 /* what a program says, where settings are spread over many files */
	SOURCE_PLACE,	 /* where it looks when nothing is set */
};

/* Of each the strongest counts, but for what is added, and what switches off: there all do. */
enum tool_slot {
	SLOT_FILE,   /* a file of roots */
	SLOT_FOLDER, /* a folder of them; the environment may name several */
	SLOT_ADDED,  /* roots beside those; not where a file of roots is set */
	SLOT_OFF,    /* nothing is verified, or not everything */
};
#define TOOL_SLOTS (SLOT_OFF + 1)

/*
 * A path may begin with "~/" or with "$NAME", which has to be set; {systemfile} and {systemfolder}
 * are the machine's store, {prefix} the folder above that of the tool's program. In mend: {bundle},
 * {root}, and {install}, the command that puts the root into the machine's store.
 *
 * file is that of a line; of a place, or NULL for what is inside the tool; and what a variable means
 * whose value is no path but one of when, or has before in it.
 */
struct tool_setting {
	enum tool_source source;
	enum tool_slot slot;
	const char *name;	     /* of the variable, the key, the place */
	const char *file;	     /* see above */
	const char *section;	     /* of the line; NULL: wherever it stands */
	const char *ask[TOOL_NAMES]; /* the answer's, and a place's: a path in one line */
	const char *before;	     /* what stands before the path in the value; NULL: nothing */
	const char *below;	     /* what is looked for below the path; NULL: itself */
	const char *when;	     /* the values that count, "0 no off"; NULL: any */
	const char *mend;	     /* NULL: made from what it is */
};

struct tool {
	const char *id;	  /* "curl" */
	const char *name; /* "curl and libcurl" */
	enum tool_effect effect;
	const char *note;		     /* what surprises people; NULL: nothing */
	const struct tool_setting *settings; /* the strongest of each slot first; NULL: none here */
	const struct tool_step *steps;	     /* ends with an entry without when */
	const struct tool_client *clients;   /* NULL: it cannot be run here */
};

/* In the order of the guide. */
const struct tool *tool_at(size_t i); /* NULL past the last */
/* STATUS_NOT_FOUND with the nearest id. */
MUST_CHECK enum status tool_find(const char *id, const struct tool **out, struct error *e);

/* Whether id is in a list that ends with NULL; none is in no list. */
bool tool_is_listed(const char *const *list, const char *id);

/* What a template's words stand for. */
struct tool_value {
	const char *name, *value; /* "bundle" */
};

/* Appends text with each {name} replaced. A name that values lack is a bug: STATUS_INTERNAL. */
MUST_CHECK enum status tool_expand(const char *text, const struct tool_value *values, size_t count,
				   struct text *out, struct error *e);

#endif
