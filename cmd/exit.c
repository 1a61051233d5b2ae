#include "cmd/exit.h"

static const struct exit_code codes[] = {
	{STATUS_OK, 0, "done"},
	{STATUS_REFUSED, 1, "refused by a rule, or findings that are errors"},
	{STATUS_USAGE, 2, "the command line is wrong"},
	{STATUS_NOT_FOUND, 3, "no such file, CA, serial, profile or key"},
	{STATUS_INPUT, 4, "an input cannot be understood"},
	{STATUS_KEY, 5, "a key, passphrase, PIN or token does not work"},
	{STATUS_BUSY, 6, "another process holds the CA; try again later"},
	{STATUS_DAMAGED, 7, "the CA or its store is incomplete, damaged or of a newer version"},
	{STATUS_DECLINED, 8, "the question was answered no, or could not be asked"},
	{STATUS_EXISTS, 9, "something is there already and is not overwritten"},
	{STATUS_SYSTEM, 10, "the machine failed: disk, memory, permissions, output"},
	{STATUS_WARNED, 11, "findings that are warnings, and none an error"},
	{STATUS_INTERNAL, 70, "an error inside subca; please report it"},
};
#define CODES (sizeof codes / sizeof codes[0])

const struct exit_code *exit_codes(size_t *count)
{
	*count = CODES;
	return codes;
}

int exit_code_of(enum status s)
{
	for (size_t i = 0; i < CODES; i++)
		if (codes[i].status == s)
			return codes[i].code;
	return exit_code_of(STATUS_INTERNAL);
}
