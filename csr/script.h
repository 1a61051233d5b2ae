/*
 * What a character is for a reader's eye: its script, whether it can be seen, and whether it passes
 * for a Latin letter. After Unicode UTS #39 and UAX #9, for the scripts that names are forged with.
 */
#ifndef SUBCA_CSR_SCRIPT_H
#define SUBCA_CSR_SCRIPT_H

#include <stdbool.h>

/* SCRIPT_OTHER: no letter, or of a script that no Latin text is confused with. */
enum script {
	SCRIPT_OTHER,
	SCRIPT_LATIN,
	SCRIPT_GREEK,
	SCRIPT_CYRILLIC,
	SCRIPT_ARMENIAN,
	SCRIPT_CHEROKEE,
};

enum script script_of(unsigned long point);
const char *script_name(enum script s);

/* C0, DEL and C1 (Unicode category Cc). */
bool script_is_control(unsigned long point);
/* Turns the direction of the text around it (UAX #9 2). */
bool script_is_bidi_mark(unsigned long point);
/* Takes no room and shows nothing: zero-width spaces and joiners, soft hyphen, byte order mark. */
bool script_is_invisible(unsigned long point);
/* A Greek, Cyrillic or full-width letter that is drawn as a Latin one. */
bool script_looks_latin(unsigned long point);

#endif
