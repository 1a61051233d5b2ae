/*
 * One way to fail.
 *
 * Every function that can fail returns an enum status marked MUST_CHECK and fills an error that
 * the caller owns. The first failure is kept as it was told: nobody below main() prints or exits.
 * A struct error holds no heap memory, so that running out of memory can still be reported.
 */
#ifndef SUBCA_BASE_ERROR_H
#define SUBCA_BASE_ERROR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))

/* The kind of a failure. cmd/exit.h maps each to its documented exit code. */
enum status {
	STATUS_OK = 0,
	STATUS_REFUSED, /* understood, judged, and turned down by a rule */
	STATUS_USAGE,	/* the command line or an argument of it is wrong */
	STATUS_INPUT, /* a file or text cannot be understood: malformed, too large, of the wrong kind */
	STATUS_NOT_FOUND, /* no such file, CA, serial, profile, key */
	STATUS_EXISTS,	  /* would overwrite or duplicate something that is there */
	STATUS_SYSTEM,	  /* the machine failed: disk, memory, permissions, clock, random source */
	STATUS_KEY,	  /* wrong passphrase or PIN, an unusable key file, a token that failed */
	STATUS_BUSY,	  /* another process holds the store for too long */
	STATUS_DAMAGED, /* a CA directory or store that is half made, corrupt, or of a newer version */
	STATUS_DECLINED, /* the person answered no */
	STATUS_WARNED,	 /* done, and there are findings: warnings, none an error */
	STATUS_INTERNAL, /* a broken promise inside subca: a bug */
};

/*
 * What went wrong, in the parts of the printed line "subca: WHERE: WHAT (DETAIL); TODO".
 * An empty part is left out. DETAIL is somebody else's words: OpenSSL's, SQLite's, errno's, a token's.
 */
struct rule;
struct error {
	enum status status;
	const struct rule
		*rule; /* by which it was refused (base/finding.h), borrowed; NULL: none */
	char where[256];
	char what[512];
	char detail[256];
	char todo[384];
};

/*
 * Fills e and returns s, so that "return error_set(…)" is the whole guard. where and todo may be
 * NULL. Clears OpenSSL's error queue nowhere: use error_openssl() where OpenSSL failed.
 */
enum status error_set(struct error *e, enum status s, const char *where, const char *todo,
		      const char *format, ...) PRINTF_LIKE(5, 6);

/* As error_set, with errno's text as the detail. */
enum status error_errno(struct error *e, enum status s, const char *where, const char *todo,
			const char *format, ...) PRINTF_LIKE(5, 6);

/*
 * As error_set, with the reason on top of OpenSSL's error queue as the detail; empties the queue.
 * Where OpenSSL ran out of memory, that is the error, and STATUS_SYSTEM, instead.
 */
enum status error_openssl(struct error *e, enum status s, const char *where, const char *todo,
			  const char *format, ...) PRINTF_LIKE(5, 6);

/* An allocation failed. */
enum status error_memory(struct error *e);

/*
 * What a caller returns after a call of its own failed and filled e: "return error_status(e)". Never
 * STATUS_OK, so that no failure turns into a success, and an analyzer can follow the path.
 */
static inline enum status error_status(const struct error *e)
{
	return e->status == STATUS_OK ? STATUS_INTERNAL : e->status;
}

/* The same for the four above: they return the s they were given, in sight of an analyzer. */
static inline enum status error_told(enum status told, enum status s)
{
	(void)told;
	return s;
}
#define error_set(e, s, ...) error_told(error_set((e), (s), __VA_ARGS__), (s))
#define error_errno(e, s, ...) error_told(error_errno((e), (s), __VA_ARGS__), (s))
static inline enum status error_told_by_openssl(enum status told, enum status s)
{
	return told == STATUS_SYSTEM ? STATUS_SYSTEM : s;
}
#define error_openssl(e, s, ...) error_told_by_openssl(error_openssl((e), (s), __VA_ARGS__), (s))
#define error_memory(e) error_told(error_memory(e), STATUS_SYSTEM)

/* Puts a place before an error that was told without one (e->where is empty). */
void error_at(struct error *e, const char *where);

/* The name of a status in JSON: "refused", "usage", … Never NULL. */
const char *status_name(enum status s);

#endif
