/* Private to ca/profile*.c: one file's settings onto a profile, which holds what it extends. */
#ifndef SUBCA_CA_PROFILE_READ_H
#define SUBCA_CA_PROFILE_READ_H

#include "base/settings.h"
#include "ca/profile.h"

/* extends is the setting that the loader has dealt with already. */
MUST_CHECK enum status profile_read(const config_setting_t *root, struct profile *p,
				    struct error *e);

#endif
