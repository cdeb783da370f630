/* SPDX-License-Identifier: MIT */
/* From a capture to a device. */
#include "shell/replay_feed.h"

#include "dev/replay.h"
#include "net/netif.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <stdio.h>
#include <stdlib.h>

enum { FRAME_MAX = PKT_BIG_ROOM - PKT_HEADROOM, REPEAT_S = 60 };

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
		snprintf(f->error, sizeof(f->error), "%s: packet %llu %s", f->name, f->read, what);
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

static bool next_is_ours(const struct feed *f)
{
	if (f->foreign && f->foreign->ours_count)
		return foreign_is_ours(f->foreign, &f->next);
	return !f->all && is_ours(f);
}

/* When the next packet would come, if we were as fast as those of the capture. Captures may go back in time; we do not. */
static uint64_t nominal_ns(const struct feed *f)
{
	return f->begin_ns + (MAX(f->next.ts_ns, f->capture_ns) - f->capture_ns);
}

static uint64_t due_ns(const struct feed *f)
{
	int64_t due = (int64_t)nominal_ns(f) + f->shift_ns;

	return (uint64_t)MAX(due, (int64_t)loop_of(f)->now);
}

/* The hosts' calendar is that of a foreign capture: servers may tell the date. */
static void set_calendar(const struct feed *f, uint64_t ts_ns, uint64_t at_ns)
{
	if (ts_ns)
		loop_of(f)->clock.epoch_ns = ts_ns - at_ns;
}

/* False: there is more of it, which waits. */
static bool let_in(struct feed *f)
{
	if (!f->foreign) {
		if (f->came)
			f->came(f);
		replay_input(f->dev, f->next.data, f->next.caplen, 0);
		return true;
	}
	set_calendar(f, f->next.ts_ns, loop_of(f)->now);
	return foreign_input(f->foreign, &f->next, &f->done, f->hopeless);
}

/* How long what we sent then is waited for, since what comes next may be about it, besides the time it took then. When a
 * program of ours begins to talk, or listens, is less certain. Text that does not come waits perhaps for an
 * acknowledgment itself; that is to come before a timeout (RFC 6298) makes it worse. */
static uint64_t patience_ms(const struct foreign *fo)
{
	const struct flow *f = fo->wanted;

	if (fo->at_end)
		return 60000;
	if (!f || !f->twin || fo->wanted_room)
		return 10000;
	return f->key.proto == IP_PROTO_TCP ? 150 : 1000;
}

static void await(struct feed *f)
{
	int64_t took = (int64_t)nominal_ns(f) + f->shift_ns - (int64_t)loop_of(f)->now;

	f->waiting = true;
	f->give_up_ns = loop_of(f)->now + patience_ms(f->foreign) * NS_PER_MS + (uint64_t)MAX(took, 0);
	f->expected_ns = nominal_ns(f);
}

/* Going on before what was lost is sent again would be of no use: what comes next would acknowledge nothing more, and the further
 * we fell behind the more losses would take a timeout, each longer than the one before. */
static uint64_t give_up_ns(const struct feed *f)
{
	return f->give_up_ns + (foreign_must_repeat(f->foreign) ? REPEAT_S * NS_PER_SEC : 0);
}

/* The clock of the capture is set by it: what comes next comes as long after it as it did then. */
static bool is_reached(struct feed *f)
{
	uint64_t at_ns, now = loop_of(f)->now;
	bool reached = foreign_is_reached(f->foreign, &at_ns);

	if (!reached && now < give_up_ns(f))
		return false;
	f->waiting = false;
	if (!reached) {
		f->hopeless = f->foreign->wanted_room;
		foreign_give_up(f->foreign);
	}
	if (!reached || at_ns)
		f->shift_ns = (int64_t)(reached ? at_ns : now) - (int64_t)f->expected_ns;
	return true;
}

static void arrange(struct feed *f)
{
	struct loop *l = loop_of(f);

	if (f->waiting && !is_reached(f))
		timer_arm(&l->wheel, &f->timer, give_up_ns(f));
	else if (!f->has_next)
		f->over(f);
	else if (f->foreign && next_is_ours(f))
		loop_post(l, &f->work);
	else if (f->fast && f->read > 1)
		loop_at_rest(l, &f->work);
	else
		timer_arm(&l->wheel, &f->timer, due_ns(f));
}

static void take_ours(struct feed *f)
{
	f->ours++;
	if (!f->foreign)
		return;
	foreign_expect(f->foreign, &f->next);
	await(f);
}

static void take_next(struct feed *f)
{
	if (next_is_ours(f)) {
		take_ours(f);
	} else if (!let_in(f)) {
		await(f);
		return;
	}
	f->done = 0;
	f->hopeless = false;
	if (f->foreign && f->foreign->expected.full)
		snprintf(f->error, sizeof(f->error), "more than %d connections; take fewer of them",
			FLOWS_MAX);
	if (f->error[0] || !read_next(f))
		f->has_next = false;
	if (f->foreign && !f->has_next && !f->error[0]) {
		f->foreign->at_end = true;
		await(f);
	}
}

static void come(struct work *w)
{
	struct feed *f = CONTAINER_OF(w, struct feed, work);

	timer_cancel(&loop_of(f)->wheel, &f->timer);
	if (!f->waiting)
		take_next(f);
	arrange(f);
}

static void on_time(struct timer *t)
{
	struct feed *f = CONTAINER_OF(t, struct feed, timer);

	loop_post(loop_of(f), &f->work);
}

void feed_sent(struct feed *f, const uint8_t *data, size_t len)
{
	if (f->foreign)
		foreign_sent(f->foreign, data, len);
	if (f->waiting)
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
	if (f->foreign)
		set_calendar(f, f->capture_ns, begin_ns);
	arrange(f);
}

void feed_stop(struct feed *f)
{
	timer_cancel(&loop_of(f)->wheel, &f->timer);
	work_cancel(&f->work);
	if (f->foreign)
		foreign_stop(f->foreign);
}

uint64_t feed_time_ns(const struct feed *f, uint64_t now_ns)
{
	return MAX(f->capture_ns + now_ns, f->begin_ns) - f->begin_ns;
}
