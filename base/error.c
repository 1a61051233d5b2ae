#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "base/memory.h"

#undef error_set
#undef error_errno
#undef error_openssl
#undef error_memory

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static enum status fill(struct error *e, enum status s, const char *where, const char *detail,
			const char *todo, const char *format, va_list arguments)
{
	/* Formatted apart: an argument may be a field of the very error that is being filled. */
	struct error told = {.status = s};

	copy(told.where, sizeof told.where, where);
	copy(told.detail, sizeof told.detail, detail);
	copy(told.todo, sizeof told.todo, todo);
	vsnprintf(told.what, sizeof told.what, format, arguments);
	*e = told;
	return s;
}

enum status error_set(struct error *e, enum status s, const char *where, const char *todo,
		      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fill(e, s, where, NULL, todo, format, arguments);
	va_end(arguments);
	return s;
}

enum status error_errno(struct error *e, enum status s, const char *where, const char *todo,
			const char *format, ...)
{
	va_list arguments;
	const char *reason = strerror(errno);

	va_start(arguments, format);
	fill(e, s, where, reason, todo, format, arguments);
	va_end(arguments);
	return s;
}

/*
 * What failed for want of memory says nothing about what it was about. The cause is the oldest in
 * the queue: above another one, OpenSSL calls much a "malloc failure" that is none.
 */
static bool ran_out_of_memory(void)
{
	return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
}

enum status error_openssl(struct error *e, enum status s, const char *where, const char *todo,
			  const char *format, ...)
{
	va_list arguments;
	const char *data = NULL;
	int flags = 0;
	unsigned long code = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	char detail[sizeof e->detail];

	if (reason && data && (flags & ERR_TXT_STRING) && *data)
		snprintf(detail, sizeof detail, "OpenSSL: %s: %s", reason, data);
	else if (reason)
		snprintf(detail, sizeof detail, "OpenSSL: %s", reason);
	else
		detail[0] = '\0';
	if (ran_out_of_memory())
		return error_memory(e);
	va_start(arguments, format);
	fill(e, s, where, detail, todo, format, arguments);
	va_end(arguments);
	ERR_clear_error();
	return s;
}

enum status error_memory(struct error *e)
{
	memory_note();
	ERR_clear_error();
	return error_set(e, STATUS_SYSTEM, NULL, "free some memory and run it again",
			 "out of memory");
}

void error_at(struct error *e, const char *where)
{
	if (!e->where[0])
		copy(e->where, sizeof e->where, where);
}

const char *status_name(enum status s)
{
	static const char *const names[] = {
		[STATUS_OK] = "ok",
		[STATUS_REFUSED] = "refused",
		[STATUS_USAGE] = "usage",
		[STATUS_INPUT] = "input",
		[STATUS_NOT_FOUND] = "not-found",
		[STATUS_EXISTS] = "exists",
		[STATUS_SYSTEM] = "system",
		[STATUS_KEY] = "key",
		[STATUS_BUSY] = "busy",
		[STATUS_DAMAGED] = "damaged",
		[STATUS_DECLINED] = "declined",
		[STATUS_WARNED] = "warned",
		[STATUS_INTERNAL] = "internal",
	};

	if ((size_t)s >= sizeof names / sizeof names[0])
		return "internal";
	return names[s];
}
