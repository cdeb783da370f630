/* SPDX-License-Identifier: MIT */
/* From a capture to a device. */
#include "shell/replay_feed.h"

#include "dev/replay.h"
#include "net/netif.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <stdio.h>
#include <stdlib.h>

enum { FRAME_MAX = PKT_BIG_ROOM - PKT_HEADROOM };

/* ---- reading ---- */

/* What keeps a packet from being used; NULL: nothing. */
static const char *objection(const struct feed *f, const struct capture_packet *p)
{
	if (p->linktype != LINKTYPE_ETHERNET && p->linktype != LINKTYPE_RAW)
		return "is of a link that is neither Ethernet nor bare IP; capture on one device, not on all "
		       "of them";
	if (p->linktype != f->linktype)
		return "is of another link type than those before it";
	if (p->caplen < p->len)
		return "is not whole; capture with -s 0";
	if (p->caplen > FRAME_MAX)
		return "is longer than any frame";
	return NULL;
}

static bool read_next(struct feed *f)
{
	enum capture_result result = capture_read(f->in, &f->next);
	const char *what;

	f->has_next = result == CAPTURE_PACKET;
	if (result == CAPTURE_BAD)
		snprintf(f->error, sizeof(f->error), "%s", capture_reader_error(f->in));
	if (!f->has_next)
		return result == CAPTURE_END;
	if (f->read++ == 0) {
		f->linktype = f->next.linktype;
		f->capture_ns = f->next.ts_ns;
	}
	what = objection(f, &f->next);
	if (what)
		snprintf(f->error, sizeof(f->error), "packet %llu %s", f->read, what);
	return !what;
}

/* ---- whose it is ---- */

static bool has_mac(const struct stack *s, const uint8_t *mac)
{
	stack_each_dev(d, s)
		if (memcmp(d->mac.b, mac, sizeof(d->mac.b)) == 0)
			return true;
	return false;
}

static bool has_addr(const struct stack *s, uint32_t addr)
{
	stack_each_dev(d, s)
		netif_each_addr(a, d->netif)
			if (a->local == addr)
				return true;
	return false;
}

/* Sent by one of our own hosts, when the capture was taken. */
static bool is_ours(const struct feed *f)
{
	const struct capture_packet *p = &f->next;

	if (p->caplen < (p->linktype == LINKTYPE_ETHERNET ? ETHER_HDR_LEN : IP_HDR_LEN))
		return false;
	list_each(s, &f->dev->stack->world->stacks, struct stack, node) {
		if (p->linktype == LINKTYPE_ETHERNET ? has_mac(s, p->data + 6)
						     : has_addr(s, get32(*(const be32 *)(p->data + 12))))
			return true;
	}
	return false;
}

/* ---- coming in ---- */

static struct loop *loop_of(const struct feed *f)
{
	return stack_loop(f->dev->stack);
}

/* When the next packet comes. Captures may go back in time; we do not. */
static uint64_t due_ns(const struct feed *f)
{
	return f->begin_ns + (MAX(f->next.ts_ns, f->capture_ns) - f->capture_ns);
}

static void arrange(struct feed *f)
{
	if (!f->has_next)
		f->over(f);
	else if (f->fast && f->read > 1)
		loop_at_rest(loop_of(f), &f->work);
	else
		timer_arm(&loop_of(f)->wheel, &f->timer, due_ns(f));
}

static void come(struct work *w)
{
	struct feed *f = CONTAINER_OF(w, struct feed, work);

	if (!f->all && is_ours(f))
		f->ours++;
	else
		replay_input(f->dev, f->next.data, f->next.caplen);
	if (!read_next(f))
		f->has_next = false;
	arrange(f);
}

static void on_time(struct timer *t)
{
	struct feed *f = CONTAINER_OF(t, struct feed, timer);

	loop_post(loop_of(f), &f->work);
}

bool feed_open(struct feed *f)
{
	f->read = f->ours = 0;
	f->error[0] = '\0';
	f->linktype = LINKTYPE_ETHERNET;
	f->capture_ns = 0;
	timer_init(&f->timer, on_time);
	work_init(&f->work, come);
	return read_next(f);
}

void feed_start(struct feed *f, struct dev *d, uint64_t begin_ns)
{
	f->dev = d;
	f->begin_ns = begin_ns;
	arrange(f);
}

void feed_stop(struct feed *f)
{
	timer_cancel(&loop_of(f)->wheel, &f->timer);
	work_cancel(&f->work);
}

uint64_t feed_time_ns(const struct feed *f, uint64_t now_ns)
{
	return MAX(f->capture_ns + now_ns, f->begin_ns) - f->begin_ns;
}
