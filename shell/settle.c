/* SPDX-License-Identifier: MIT */
/* Waiting until a process group has obeyed a signal. */
#include "shell/settle.h"

#include "lib/bytes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { LOOK_MS = 5, LOOKS = 200 };

/* A signal wakes those that sleep, so one of the group that has it still to obey runs, or waits for the disk. */
static bool has_to_run(const char *pid, pid_t group)
{
	char path[64], stat[512];
	const char *after_name;
	bool found = false;
	char state;
	int its_group;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(stat, sizeof(stat), f)) {
		after_name = strrchr(stat, ')'); /* a name may hold anything */
		found = after_name && sscanf(after_name, ") %c %*d %d", &state, &its_group) == 2 &&
			its_group == group && strchr("RD", state);
	}
	fclose(f);
	return found;
}

static bool has_settled(pid_t group)
{
	DIR *d = opendir("/proc");
	bool found = false;

	for (const struct dirent *e = d ? readdir(d) : NULL; e && !found; e = readdir(d))
		found = e->d_name[0] >= '1' && e->d_name[0] <= '9' && has_to_run(e->d_name, group);
	if (d)
		closedir(d);
	return !found;
}

static void look(struct watch *tick, short revents)
{
	struct settle *w = CONTAINER_OF(tick, struct settle, tick);
	uint64_t ticks;

	(void)revents;
	if (read(tick->fd, &ticks, sizeof(ticks)) < 0 || (--w->looks > 0 && !has_settled(w->group)))
		return;
	settle_cancel(w);
	w->done(w);
}

void settle_init(struct settle *w, struct loop *l, void (*done)(struct settle *w))
{
	*w = (struct settle){.loop = l, .tick = {.fd = -1, .events = POLLIN, .ready = look}, .done = done};
}

void settle_start(struct settle *w, pid_t group)
{
	const struct timespec period = {0, LOOK_MS * 1000000L};

	settle_cancel(w);
	w->group = group;
	w->looks = LOOKS;
	if (!has_settled(group))
		w->tick.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->tick.fd < 0) {
		w->done(w);
		return;
	}
	timerfd_settime(w->tick.fd, 0, &(struct itimerspec){period, period}, NULL);
	loop_watch(w->loop, &w->tick);
}

void settle_cancel(struct settle *w)
{
	if (w->tick.fd < 0)
		return;
	loop_unwatch(w->loop, &w->tick);
	close(w->tick.fd);
	w->tick.fd = -1;
}
