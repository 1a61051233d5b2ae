#include "cmd/password.h"

const struct option_spec options_password[] = {
	{.name = "password-file",
	 .argument = "FILE",
	 .complete = COMPLETE_FILE,
	 .help = "first line: the password of the encrypted FILE (mode 0600)"},
	{.name = "password-fd", .argument = "N", .help = "the same from an open descriptor"},
	{0},
};

enum status password_obtain(const struct options *o, const struct password_source *from,
			    struct secret **out, struct error *e)
{
	struct secret_source source = {
		.what = from->what,
		.file = options_value(o, "password-file"),
		.environment = from->environment,
		.options = from->options,
		.confirm = from->confirm,
	};
	int64_t fd = -1;

	if (source.file && options_given(o, "password-fd"))
		return error_set(e, STATUS_USAGE, NULL, "give one of them",
				 "--password-file and --password-fd are both given");
	if (options_number(o, "password-fd", 0, INT32_MAX, &fd, e) != STATUS_OK)
		return error_status(e);
	source.fd = (int)fd;
	return secret_obtain(&source, out, e);
}

enum status password_of_backup(const struct options *o, bool confirm, struct secret **out,
			       struct error *e)
{
	const struct password_source source = {
		.what = "password of the backup",
		.environment = "SUBCA_BACKUP_PASSWORD",
		.options = "use --password-file FILE, --password-fd N or SUBCA_BACKUP_PASSWORD",
		.confirm = confirm,
	};

	return password_obtain(o, &source, out, e);
}
