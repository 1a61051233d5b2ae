#include "csr/script.h"

#include <stddef.h>

struct range {
	unsigned long first, last;
	enum script script;
};

static const struct range scripts[] = {
	{'A', 'Z', SCRIPT_LATIN},	   {'a', 'z', SCRIPT_LATIN},
	{0x00C0, 0x00D6, SCRIPT_LATIN},	   {0x00D8, 0x00F6, SCRIPT_LATIN},
	{0x00F8, 0x02AF, SCRIPT_LATIN},	   {0x0370, 0x0373, SCRIPT_GREEK},
	{0x0376, 0x037D, SCRIPT_GREEK},	   {0x037F, 0x03FF, SCRIPT_GREEK},
	{0x0400, 0x052F, SCRIPT_CYRILLIC}, {0x0531, 0x0588, SCRIPT_ARMENIAN},
	{0x13A0, 0x13FD, SCRIPT_CHEROKEE}, {0x1C80, 0x1C88, SCRIPT_CYRILLIC},
	{0x1E00, 0x1EFF, SCRIPT_LATIN},	   {0x1F00, 0x1FFE, SCRIPT_GREEK},
	{0x2C60, 0x2C7F, SCRIPT_LATIN},	   {0x2DE0, 0x2DFF, SCRIPT_CYRILLIC},
	{0xA640, 0xA69F, SCRIPT_CYRILLIC}, {0xA722, 0xA7FF, SCRIPT_LATIN},
	{0xAB70, 0xABBF, SCRIPT_CHEROKEE}, {0xFF21, 0xFF3A, SCRIPT_LATIN},
	{0xFF41, 0xFF5A, SCRIPT_LATIN},
};

enum script script_of(unsigned long point)
{
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
		if (point >= scripts[i].first && point <= scripts[i].last)
			return scripts[i].script;
	return SCRIPT_OTHER;
}

const char *script_name(enum script s)
{
	static const char *const names[] = {
		[SCRIPT_OTHER] = "other",	[SCRIPT_LATIN] = "Latin",
		[SCRIPT_GREEK] = "Greek",	[SCRIPT_CYRILLIC] = "Cyrillic",
		[SCRIPT_ARMENIAN] = "Armenian", [SCRIPT_CHEROKEE] = "Cherokee",
	};

	return names[s];
}

bool script_is_control(unsigned long point)
{
	return point < 0x20 || (point >= 0x7F && point <= 0x9F);
}

bool script_is_bidi_mark(unsigned long point)
{
	return point == 0x061C || point == 0x200E || point == 0x200F ||
	       (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

bool script_is_invisible(unsigned long point)
{
	return point == 0x00AD || point == 0x034F || point == 0x180E ||
	       (point >= 0x200B && point <= 0x200D) || (point >= 0x2060 && point <= 0x2064) ||
	       point == 0xFEFF || (point >= 0xE0000 && point <= 0xE007F);
}

/* clang-format off */
static const unsigned short lookalikes[] = {
	/* Α Β Ε Ζ Η Ι Κ Μ Ν Ο Ρ Τ Υ Χ ο ν ϳ */
	0x0391, 0x0392, 0x0395, 0x0396, 0x0397, 0x0399, 0x039A, 0x039C, 0x039D, 0x039F, 0x03A1,
	0x03A4, 0x03A5, 0x03A7, 0x03BF, 0x03BD, 0x03F3,
	/* Ѕ І Ј А В Е К М Н О Р С Т Х */
	0x0405, 0x0406, 0x0408, 0x0410, 0x0412, 0x0415, 0x041A, 0x041C, 0x041D, 0x041E, 0x0420,
	0x0421, 0x0422, 0x0425,
	/* а е о р с у х ѕ і ј һ ԁ ԛ ԝ */
	0x0430, 0x0435, 0x043E, 0x0440, 0x0441, 0x0443, 0x0445, 0x0455, 0x0456, 0x0458, 0x04BB,
	0x0501, 0x051B, 0x051D,
};
/* clang-format on */

bool script_looks_latin(unsigned long point)
{
	for (size_t i = 0; i < sizeof lookalikes / sizeof lookalikes[0]; i++)
		if (point == lookalikes[i])
			return true;
	return (point >= 0xFF21 && point <= 0xFF3A) || (point >= 0xFF41 && point <= 0xFF5A);
}
