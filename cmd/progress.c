#include "cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL 200 /* milliseconds between two drawings */
/* Before that a rate says nothing. */
#define RATE_AFTER 500
#define BAR 20

static int64_t milliseconds_since(const struct timespec *then, const struct timespec *now)
{
	return (int64_t)(now->tv_sec - then->tv_sec) * 1000 +
	       (now->tv_nsec - then->tv_nsec) / 1000000;
}

static void add_time_left(char *out, size_t size, uint64_t seconds)
{
	if (seconds < 60)
		snprintf(out, size, ", %" PRIu64 " s left", seconds);
	else if (seconds < 3600)
		snprintf(out, size, ", %" PRIu64 ":%02" PRIu64 " left", seconds / 60, seconds % 60);
	else
		snprintf(out, size, ", %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left",
			 seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void progress_text(char out[static PROGRESS_SIZE], const char *what, uint64_t done, uint64_t all,
		   int64_t milliseconds)
{
	int filled = all ? (int)((done < all ? done : all) * BAR / all) : 0;
	double rate = milliseconds > 0 ? (double)done * 1000 / (double)milliseconds : 0;
	size_t len;

	if (all)
		snprintf(out, PROGRESS_SIZE, "%.18s [%.*s%*s] %" PRIu64 " of %" PRIu64, what,
			 filled, "####################", BAR - filled, "", done, all);
	else
		snprintf(out, PROGRESS_SIZE, "%.18s: %" PRIu64, what, done);
	if (milliseconds < RATE_AFTER || rate <= 0)
		return;
	len = strlen(out);
	snprintf(out + len, PROGRESS_SIZE - len, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate);
	len = strlen(out);
	if (all > done)
		add_time_left(out + len, PROGRESS_SIZE - len,
			      (uint64_t)((double)(all - done) / rate + 0.5));
}

void progress_begin(struct progress *p, const struct output *o)
{
	*p = (struct progress){.on = !o->quiet && isatty(STDERR_FILENO)};
}

void progress_show(void *context, const char *what, uint64_t done, uint64_t all)
{
	struct progress *p = context;
	char line[PROGRESS_SIZE];
	struct timespec now;

	if (!p->on || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	if (what == p->what && milliseconds_since(&p->shown, &now) < INTERVAL)
		return;
	if (what != p->what)
		p->began = now;
	p->what = what;
	p->shown = now;
	p->drawn = true;
	progress_text(line, what, done, all, milliseconds_since(&p->began, &now));
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
	p->what = NULL;
}
