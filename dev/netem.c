/* SPDX-License-Identifier: MIT */
/*
 * netem. A packet meets, in this order:
 *
 *	cut      super-frames into segments, checksums completed: the network has no offloads
 *	repeat   duplicate: a second one goes the same way, with its own luck
 *	lose     loss, or a mark (ecn)
 *	spoil    corrupt: one bit somewhere
 *	wait     delay, jitter, rate: a timer each; reorder: none
 *
 * What waits hangs on one timer per packet, so the order of leaving is the wheel's business.
 */
#include "dev/netem.h"

#include "lib/text.h"
#include "net/gso.h"
#include "net/netif.h"
#include "net/stack.h"
#include "net/wire_ether.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LONGEST_NS 1e15 /* that one packet keeps a link busy: eleven days */

struct netem {
	struct qdisc q;
	struct netem_config config;
	struct rng rng;
	struct loss_state loss;
	uint64_t last_duplicate, last_corrupt, last_reorder; /* for chance_happens() */
	bool drawn;					     /* last_draw is one */
	double last_draw;				     /* of the jitter */
	uint32_t in_order;				     /* packets since one was put before others */
	uint64_t busy_until;				     /* rate: when the last byte so far has left */
	struct list held;				     /* of struct held, in the order they came */
	struct pool pool;
};

/* A packet that waits. */
struct held {
	struct list node;
	struct timer timer;
	struct netem *n;
	struct pkt *p;
};

static struct netem *netem_of(const struct qdisc *q)
{
	return CONTAINER_OF((struct qdisc *)(uintptr_t)q, struct netem, q);
}

static struct wheel *wheel_of(const struct netem *n)
{
	return &stack_loop(n->q.dev->stack)->wheel;
}

/* ---- waiting ---- */

static struct pkt *release(struct held *h)
{
	struct netem *n = h->n;
	struct pkt *p = h->p;

	list_del(&h->node);
	n->q.stats.backlog_packets--;
	n->q.stats.backlog_bytes -= p->len;
	pool_put(&n->pool, h);
	return p;
}

static void time_is_up(struct timer *t)
{
	struct held *h = CONTAINER_OF(t, struct held, timer);
	struct qdisc *q = &h->n->q;

	qdisc_pass(q, release(h));
}

static void hold(struct netem *n, struct pkt *p, uint64_t until)
{
	struct held *h = pool_get(&n->pool);

	if (!h) {
		qdisc_drop(&n->q, p, DROP_NO_MEMORY);
		return;
	}
	h->n = n;
	h->p = p;
	list_add_tail(&n->held, &h->node);
	n->q.stats.backlog_packets++;
	n->q.stats.backlog_bytes += p->len;
	timer_init(&h->timer, time_is_up);
	timer_arm(wheel_of(n), &h->timer, until);
	TRACE(n->q.dev->stack, LAYER_DEV, p, "", "%s: netem keeps it for %.3f ms", n->q.dev->name,
		(double)(until - stack_now(n->q.dev->stack)) / NS_PER_MS);
}

static int64_t draw_delay(struct netem *n)
{
	const struct netem_config *c = &n->config;

	if (!c->jitter_ns)
		return (int64_t)c->delay_ns;
	if (!n->drawn || !c->delay_correlation || rng_u32(&n->rng) > c->delay_correlation)
		n->last_draw = chance_draw(c->shape, &n->rng);
	n->drawn = true;
	return (int64_t)c->delay_ns + llround((double)c->jitter_ns * n->last_draw);
}

/* How long the link is busy with `len` bytes, ns. */
static uint64_t time_on_link(const struct netem_config *c, uint32_t len)
{
	int64_t bytes = (int64_t)len + c->packet_overhead;

	if (c->cell_size) {
		int64_t cells = (MAX(bytes, 0) + c->cell_size - 1) / c->cell_size;
		bytes = cells * MAX((int64_t)c->cell_size + c->cell_overhead, 0);
	}
	return bytes > 0 ? (uint64_t)fmin((double)bytes * NS_PER_SEC / (double)c->rate, LONGEST_NS) : 0;
}

/* When a packet that comes now has arrived at the other end. A link of a rate keeps packets in order. */
static uint64_t arrival(struct netem *n, const struct pkt *p)
{
	uint64_t now = stack_now(n->q.dev->stack);
	int64_t delay = draw_delay(n);
	uint64_t at = delay > 0 ? now + (uint64_t)delay : now;

	if (!n->config.rate)
		return at;
	n->busy_until = MAX(at, n->busy_until) + time_on_link(&n->config, p->len);
	return n->busy_until;
}

static bool goes_first(struct netem *n)
{
	const struct netem_config *c = &n->config;

	if (!c->gap || n->in_order + 1 < c->gap || !chance_happens(&c->reorder, &n->last_reorder, &n->rng)) {
		n->in_order++;
		return false;
	}
	n->in_order = 0;
	n->q.stats.requeues++;
	return true;
}

static int wait(struct netem *n, struct pkt *p)
{
	uint64_t now = stack_now(n->q.dev->stack);

	if (n->q.stats.backlog_packets >= n->config.limit) {
		qdisc_drop(&n->q, p, DROP_NETEM_LIMIT);
		return -ENOBUFS;
	}
	uint64_t at = goes_first(n) ? now : arrival(n, p);
	if (at > now)
		hold(n, p, at);
	else
		qdisc_pass(&n->q, p);
	return 0;
}

/* ---- what may happen before ---- */

/* RFC 3168 5: in the place of a loss. False: it must be one. */
static bool mark(struct pkt *p)
{
	struct ip_hdr h;

	if (p->ethertype != ETHERTYPE_IP || p->len < p->l2_len ||
		ip_parse(p->data + p->l2_len, p->len - p->l2_len, &h))
		return false;
	return ip_mark_ce(p->data + p->l2_len);
}

static bool loses(struct netem *n, struct pkt *p)
{
	if (!loss_happens(&n->config.loss, &n->loss, &n->rng))
		return false;
	if (!n->config.ecn || !mark(p))
		return true;
	TRACE(n->q.dev->stack, LAYER_DEV, p, "RFC 3168 5", "%s: netem marks it instead of losing it",
		n->q.dev->name);
	return false;
}

/* Nobody vouches for it any more. */
static void corrupt(struct netem *n, struct pkt *p)
{
	if (!p->len || !chance_happens(&n->config.corrupt, &n->last_corrupt, &n->rng))
		return;
	uint32_t bit = rng_below(&n->rng, p->len * 8);
	p->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	p->offload.csum = PKT_CSUM_NONE;
	if (n->q.way == QDISC_INGRESS)
		netif_classify(n->q.dev, p); /* it may be another's, or of another type, by now */
	TRACE(n->q.dev->stack, LAYER_DEV, p, "", "%s: netem turns bit %u of octet %u", n->q.dev->name,
		bit % 8, bit / 8);
}

/* What is lost is lost on the way: nobody is told. */
static int suffer(struct netem *n, struct pkt *p)
{
	if (loses(n, p)) {
		qdisc_drop(&n->q, p, DROP_NETEM_LOSS);
		return 0;
	}
	corrupt(n, p);
	return wait(n, p);
}

static int enqueue_one(struct netem *n, struct pkt *p)
{
	struct pkt *twin = NULL;

	csum_complete(p);
	if (chance_happens(&n->config.duplicate, &n->last_duplicate, &n->rng)) {
		twin = pkt_copy(p, 0);
		if (!twin)
			stack_count_drop(n->q.dev->stack, DROP_NO_MEMORY);
	}
	int err = suffer(n, p);
	if (twin)
		suffer(n, twin);
	return err;
}

/* Some of a super-frame's segments are better than none. */
static int enqueue(struct qdisc *q, struct pkt *p)
{
	struct netem *n = netem_of(q);
	struct list segments;

	if (!p->offload.gso_type)
		return enqueue_one(n, p);
	list_init(&segments);
	enum drop_reason why = gso_segment(p, &segments);
	if (why) {
		qdisc_drop(q, p, why);
		return 0;
	}
	pkt_done(p);
	int err = -ENOBUFS;
	list_each_safe(seg, &segments, struct pkt, node) {
		list_del(&seg->node);
		if (enqueue_one(n, seg) == 0)
			err = 0;
	}
	return err;
}

/* ---- its life ---- */

static void reset(struct qdisc *q)
{
	struct netem *n = netem_of(q);

	list_each_safe(h, &n->held, struct held, node) {
		timer_cancel(wheel_of(n), &h->timer);
		qdisc_drop(q, release(h), DROP_DEV_DOWN);
	}
	n->busy_until = 0;
}

static void free_netem(struct qdisc *q)
{
	struct netem *n = netem_of(q);

	pool_exit(&n->pool);
	free(n);
}

static const struct qdisc_ops netem_ops = {
	.kind = "netem", .enqueue = enqueue, .reset = reset, .free = free_netem};

void netem_change(struct qdisc *q, const struct netem_config *config)
{
	struct netem *n = netem_of(q);

	n->config = *config;
	if (config->seeded)
		rng_seed(&n->rng, config->seed);
	n->loss = (struct loss_state){0};
	n->last_duplicate = n->last_corrupt = n->last_reorder = 0;
	n->drawn = false;
	n->in_order = 0;
}

int netem_create(struct dev *d, enum qdisc_way way, uint16_t major, const struct netem_config *config)
{
	struct netem *n = calloc(1, sizeof(*n));
	char name[DEV_NAME_LEN + 16];

	if (!n)
		return -ENOMEM;
	n->q = (struct qdisc){.ops = &netem_ops, .dev = d, .way = way, .major = major};
	list_init(&n->held);
	pool_init(&n->pool, "packets in netem", sizeof(struct held), 0, NETEM_LIMIT_DEFAULT);
	snprintf(name, sizeof(name), "netem %s%s", d->name, way == QDISC_INGRESS ? " in" : "");
	rng_fork(&d->stack->rng, name, &n->rng);
	netem_change(&n->q, config);
	dev_set_qdisc(d, way, &n->q);
	return 0;
}

const struct netem_config *netem_config(const struct qdisc *q)
{
	return q->ops == &netem_ops ? &netem_of(q)->config : NULL;
}
