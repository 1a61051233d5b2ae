/*
 * measure COMMAND…: runs it once, its output thrown away, waits for its end and prints its wall time
 * in nanoseconds, its largest resident set in KiB and its processor time in microseconds. A program of its own because Linux counts what a child held before
 * exec() as well: under an interpreter that floor would be the interpreter's size.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static long long microseconds(struct timeval t)
{
	return (long long)t.tv_sec * 1000000 + t.tv_usec;
}

int main(int argc, char **argv)
{
	struct rusage usage = {0};
	int64_t start = now();
	int status = 0;
	pid_t child;

	if (argc < 2) {
		fprintf(stderr, "usage: measure COMMAND…\n");
		return 2;
	}
	child = fork();
	if (child == 0) {
		if (freopen("/dev/null", "w", stdout))
			execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child) {
		perror("measure");
		return 2;
	}
	printf("%lld %ld %lld\n", (long long)(now() - start), usage.ru_maxrss,
	       microseconds(usage.ru_utime) + microseconds(usage.ru_stime));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
