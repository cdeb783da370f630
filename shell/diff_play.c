/* SPDX-License-Identifier: MIT */
/* Packets to the kernel, one window after the other. */
#include "shell/diff_play.h"

#include "lib/clock.h"

#include <stdlib.h>

enum {
	PATIENCE_MS = 2000,	  /* for an answer that tapir gave */
	SETUP_PATIENCE_MS = 5000, /* for what it sent before the first packet: programs take their time */
	IDLE_MS = 200,		  /* for programs to read: some never will */
	QUIET_MS = 3,		  /* for an answer that tapir did not give */
	LEAD_MS = 1000,		  /* from the setup to the first packet, as in a replay */
	FRAME_MAX = 65536 + 64
};

struct player {
	const struct diff_play *p;
	struct clock clock;
	uint64_t patience_ns, idle_ns, quiet_ns; /* when each is over */
	uint64_t due_ns;			 /* when the next window begins */
	uint8_t frame[FRAME_MAX];
};

/* What the kernel has sent; waits so long for the first of it. True: there was something. */
static bool take_all(struct player *pl, uint64_t wait_ns, bool at_once)
{
	struct diff_kernel *k = pl->p->kernel;
	struct capture_packet cp = {
		.linktype = k->is_tun ? LINKTYPE_RAW : LINKTYPE_ETHERNET, .data = pl->frame};
	bool any = false;

	while ((cp.caplen = (uint32_t)diff_kernel_receive(
			k, pl->frame, sizeof(pl->frame), any ? 0 : wait_ns)) > 0) {
		diff_take(pl->p->match, &cp, at_once);
		any = true;
	}
	return any;
}

/* A write to the wire ends when the kernel has answered it, but for programs. */
static int send_inputs(struct player *pl)
{
	struct diff_match *m = pl->p->match;

	for (size_t i = m->w.from; i < m->w.to; i++) {
		struct kept k;
		diff_get_input(m, i, &k);
		int err = diff_kernel_send(pl->p->kernel, k.data, k.len);
		kept_exit(&k);
		if (err)
			return err;
		take_all(pl, 0, true);
	}
	return 0;
}

/* Until when to wait at least: for answers, for the next packet's time, for programs that have not read yet what came. */
static uint64_t wait_until(struct player *pl, uint64_t now)
{
	uint64_t due_ns = MAX(pl->quiet_ns, pl->due_ns);

	if (now < pl->patience_ns && !diff_has_all(pl->p->match))
		return pl->patience_ns;
	if (now < due_ns)
		return due_ns;
	if (now < pl->idle_ns && !diff_kernel_is_idle())
		return now + QUIET_MS * NS_PER_MS;
	return now;
}

/* Until all of that is over. What came too late is a new beginning for the times of packets. */
static void listen_on(struct player *pl)
{
	uint64_t now = clock_read(&pl->clock), until;

	pl->quiet_ns = now + QUIET_MS * NS_PER_MS;
	while ((until = wait_until(pl, now)) > now) {
		bool any = take_all(pl, until - now, false);
		now = clock_read(&pl->clock);
		if (any)
			pl->quiet_ns = now + QUIET_MS * NS_PER_MS;
	}
	if (now >= pl->patience_ns)
		pl->due_ns = now;
}

static int play_window(struct player *pl, unsigned patience_ms)
{
	const struct diff_play *p = pl->p;
	uint64_t gap_ns = diff_gap_ns(p->match);
	int err = send_inputs(pl);

	if (err)
		return err;
	pl->due_ns += MIN(gap_ns, p->gap_ns);
	pl->patience_ns = clock_read(&pl->clock) + patience_ms * NS_PER_MS;
	pl->idle_ns = pl->clock.now_ns + IDLE_MS * NS_PER_MS;
	listen_on(pl);
	diff_judge(p->match);
	return 0;
}

/* The time of packets begins with the first one. */
static int play_all(struct player *pl)
{
	const struct diff_play *p = pl->p;
	int err;

	pl->due_ns = p->kernel->set_up_ns + LEAD_MS * NS_PER_MS;
	diff_next(p->match);
	err = play_window(pl, SETUP_PATIENCE_MS);
	pl->due_ns = clock_read(&pl->clock);
	while (!err && (p->keep_going || !p->match->differences) && diff_next(p->match))
		err = play_window(pl, PATIENCE_MS);
	return err;
}

int diff_play(const struct diff_play *p)
{
	struct player *pl = mem_new(sizeof(*pl));
	int err;

	pl->p = p;
	clock_init_real(&pl->clock);
	err = play_all(pl);
	free(pl);
	return err;
}
