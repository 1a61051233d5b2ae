#include "trust/seal.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

/* Who we are stays as it was: the same numbers inside as outside. */
static bool map_ids(uid_t uid, gid_t gid)
{
	char map[64];

	if (!write_file("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof map, "%u %u 1\n", gid, gid);
	if (!write_file("/proc/self/gid_map", map))
		return false;
	snprintf(map, sizeof map, "%u %u 1\n", uid, uid);
	return write_file("/proc/self/uid_map", map);
}

static bool loopback_up(void)
{
	struct ifreq interface = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = false;

	if (fd < 0)
		return false;
	if (ioctl(fd, SIOCGIFFLAGS, &interface) == 0) {
		interface.ifr_flags |= IFF_UP;
		up = ioctl(fd, SIOCSIFFLAGS, &interface) == 0;
	}
	close(fd);
	return up;
}

static bool seal(const char *none)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	(void)none;
	if (uid == 0 && unshare(CLONE_NEWNET) == 0)
		return loopback_up();
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && map_ids(uid, gid) && loopback_up();
}

/* Half of it would be worse than nothing: a child tries it first. */
static bool try_and_do(bool (*act)(const char *), const char *folder)
{
	int dumpable = prctl(PR_GET_DUMPABLE), status = 1;
	bool done = false;
	pid_t child;

	/* The maps of a process that may not be looked into belong to root. */
	prctl(PR_SET_DUMPABLE, 1);
	child = fork();
	if (child == 0)
		_exit(act(folder) ? 0 : 1);
	if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
		done = act(folder);
	prctl(PR_SET_DUMPABLE, dumpable);
	return done;
}

bool seal_network(void)
{
	return try_and_do(seal, NULL);
}

/* glibc has this since 2.36 only. */
static bool set_attributes(const char *path, unsigned flags, struct mount_attr attributes)
{
	return syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attributes, sizeof attributes) ==
	       0;
}

static bool close_files(const char *folder)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(folder, folder, NULL, MS_BIND, NULL) == 0 &&
	       set_attributes("/", AT_RECURSIVE,
			      (struct mount_attr){.attr_set = MOUNT_ATTR_RDONLY}) &&
	       set_attributes(folder, 0, (struct mount_attr){.attr_clr = MOUNT_ATTR_RDONLY});
}

bool seal_files(const char *folder, int *outside)
{
	char *above = path_folder(folder);
	int fd = above ? open(above, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	bool sealed = fd >= 0 && try_and_do(close_files, folder);

	free(above);
	if (!sealed && fd >= 0)
		close(fd);
	*outside = sealed ? fd : -1;
	return sealed;
}

/* What is in the way is only our own mount: the descriptor sees the folder as it is without. */
void seal_files_end(const char *folder, int outside)
{
	(void)!umount2(folder, MNT_DETACH);
	(void)!unlinkat(outside, path_name(folder), AT_REMOVEDIR);
	close(outside);
}

enum status seal_show(const char *mirror, const char *path, struct error *e)
{
	if (mount(mirror, path, NULL, MS_BIND, NULL) == 0)
		return STATUS_OK;
	return error_errno(e, STATUS_SYSTEM, path, "say --no-try",
			   "nothing can be shown in its place");
}
