/* SPDX-License-Identifier: MIT */
/*
 * Local ports (RFC 6056; RFC 9293 3.9.1.1 and RFC 1122 4.1.4 leave them to the host).
 *
 * A used port is in a hash of ports, with the list of its owners, and has a bit in a map of all ports, so that
 * a free one is found a word of 64 at a time however many are in use. Owners only hang in their port's list:
 * a million connections of one listener come and go in O(1).
 *
 * connect() follows RFC 6056 3.3.4: a secret hash of addresses and remote port says where a destination's
 * ports begin, and counters, which several destinations share by another hash, say how far it has come. So a
 * destination sees ports that do not repeat soon, and cannot tell what others see. Counters move by a random
 * step, as what two destinations see of a shared one would otherwise count our connections.
 */
#include "net/port.h"

#include "net/stack.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { PORTS = 65536, WORD = 64, COUNTERS = 256, STEP_MAX = 4 };

struct port {
	struct hash_link link;
	struct list owners;
	uint32_t bound; /* how many of them did not get it by port_connect() */
	uint16_t number;
};

struct port_choice {
	struct siphash_key key;
	uint64_t used[PORTS / WORD]; /* a bit for each port in the table */
	uint32_t counters[COUNTERS];
};

/* The ports to choose from. Whichever end is set first, the order is mended here. */
struct range {
	uint32_t first, count;
};

static struct range range(const struct stack *s)
{
	uint32_t a = (uint32_t)s->sysctl[SYSCTL_IP_LOCAL_PORT_FIRST];
	uint32_t b = (uint32_t)s->sysctl[SYSCTL_IP_LOCAL_PORT_LAST];

	return (struct range){MIN(a, b), MAX(a, b) - MIN(a, b) + 1};
}

/* ---- the table ---- */

void port_table_init(struct port_table *t, struct stack *s)
{
	*t = (struct port_table){.stack = s};
	hash_init(&t->ports);
	list_init(&t->nobody);
}

void port_table_exit(struct port_table *t)
{
	assert(!t->ports.count);
	hash_exit(&t->ports);
	free(t->choice);
	t->choice = NULL;
}

static int make_choice(struct port_table *t)
{
	if (t->choice)
		return 0;
	t->choice = calloc(1, sizeof(*t->choice));
	if (!t->choice)
		return -ENOMEM;
	t->choice->key = rng_key(&t->stack->rng);
	rng_bytes(&t->stack->rng, t->choice->counters, sizeof(t->choice->counters));
	return 0;
}

static bool is_used(const struct port_table *t, uint32_t number)
{
	return t->choice->used[number / WORD] >> number % WORD & 1;
}

static void mark(struct port_table *t, uint16_t number)
{
	t->choice->used[number / WORD] ^= UINT64_C(1) << number % WORD;
}

static struct port *find(const struct port_table *t, uint16_t number)
{
	hash_each_match(pt, &t->ports, number, struct port, link)
		return pt;
	return NULL;
}

static struct port *port_new(struct port_table *t, uint16_t number)
{
	struct port *pt = calloc(1, sizeof(*pt));

	if (!pt || hash_add(&t->ports, &pt->link, number)) {
		free(pt);
		return NULL;
	}
	pt->number = number;
	list_init(&pt->owners);
	mark(t, number);
	return pt;
}

static void own(struct port_owner *o, struct port *pt, bool connects)
{
	o->port = pt;
	o->connects = connects;
	pt->bound += !connects;
	list_add_tail(&pt->owners, &o->node);
}

static int take(struct port_table *t, struct port_owner *o, uint16_t number, bool connects)
{
	struct port *pt = find(t, number);

	if (!pt)
		pt = port_new(t, number);
	if (!pt)
		return -ENOMEM;
	own(o, pt, connects);
	return 0;
}

void port_inherit(struct port_owner *o, const struct port_owner *from)
{
	*o = *from;
	o->listening = false;
	own(o, from->port, from->connects);
}

void port_release(struct port_table *t, struct port_owner *o)
{
	struct port *pt = o->port;

	if (!pt)
		return;
	list_del(&o->node);
	o->port = NULL;
	o->listening = false;
	pt->bound -= !o->connects;
	if (!list_empty(&pt->owners))
		return;
	mark(t, pt->number);
	hash_del(&t->ports, &pt->link);
	free(pt);
}

uint16_t port_number(const struct port_owner *o)
{
	return o->port ? o->port->number : 0;
}

const struct list *port_owners(const struct port_table *t, uint16_t number)
{
	const struct port *pt = find(t, number);

	return pt ? &pt->owners : &t->nobody;
}

/* ---- conflicts ---- */

static bool overlap(const struct port_owner *a, const struct port_owner *b)
{
	return (!a->ip || !b->ip || a->ip == b->ip) && (!a->dev || !b->dev || a->dev == b->dev);
}

/* May `o` have the port beside `other`, whose address and device are its own too? */
static bool may_share(const struct port_owner *o, const struct port_owner *other)
{
	return (o->reuseaddr && other->reuseaddr && !other->listening) || (o->reuseport && other->reuseport);
}

/* `exclusive`: even where sharing is allowed. */
static bool collides(const struct port_owner *o, const struct list *owners, bool exclusive)
{
	list_each(other, owners, struct port_owner, node)
		if (other != o && overlap(o, other) && (exclusive || !may_share(o, other)))
			return true;
	return false;
}

int port_listen(struct port_table *t, struct port_owner *o)
{
	if (!o->listening && collides(o, port_owners(t, port_number(o)), false))
		return -EADDRINUSE;
	o->listening = true;
	return 0;
}

/* ---- choosing: bind() to port 0 ---- */

/* The first free port in [from, end), or 0. */
static uint32_t next_free(const struct port_table *t, uint32_t from, uint32_t end)
{
	while (from < end) {
		uint64_t available = ~t->choice->used[from / WORD] >> from % WORD;
		uint32_t port = available ? from + (uint32_t)__builtin_ctzll(available) : 0;
		if (port)
			return port < end ? port : 0;
		from = (from / WORD + 1) * WORD;
	}
	return 0;
}

/* One that nobody has, or else one whose owners have other addresses or devices; 0: none. RFC 6056 3.3.1: from
 * a random one upwards. */
static uint16_t choose(struct port_table *t, const struct port_owner *o)
{
	struct range r = range(t->stack);
	uint32_t start = rng_below(&t->stack->rng, r.count);
	uint32_t port = next_free(t, r.first + start, r.first + r.count);

	if (!port)
		port = next_free(t, r.first, r.first + start);
	for (uint32_t i = 0; !port && i < r.count; i++) {
		uint32_t candidate = r.first + (start + i) % r.count;
		if (!collides(o, port_owners(t, (uint16_t)candidate), true))
			port = candidate;
	}
	return (uint16_t)port;
}

int port_bind(struct port_table *t, struct port_owner *o, uint16_t number)
{
	if (o->port)
		return -EINVAL;
	int err = make_choice(t);
	if (err)
		return err;
	if (!number)
		number = choose(t, o);
	else if (collides(o, port_owners(t, number), false))
		number = 0;
	return number ? take(t, o, number, false) : -EADDRINUSE;
}

/* ---- choosing: connect() ---- */

/* Who goes where: what the choice depends on. */
struct way {
	uint32_t local_ip, remote_ip, remote_port;
};

int port_connect(struct port_table *t, struct port_owner *o, uint32_t ip, uint16_t remote_port,
	bool (*is_free)(void *ctx, uint16_t number), void *ctx)
{
	struct way way = {o->ip, ip, remote_port};
	struct range r = range(t->stack);

	if (o->port)
		return -EINVAL;
	int err = make_choice(t);
	if (err)
		return err;
	uint64_t hash = siphash(&t->choice->key, &way, sizeof(way));
	uint32_t *counter = &t->choice->counters[(hash >> 32) % COUNTERS];
	uint64_t start = (hash & UINT32_MAX) + *counter;
	for (uint32_t i = 0; i < r.count; i++) {
		uint16_t number = (uint16_t)(r.first + (start + i) % r.count);
		const struct port *pt = is_used(t, number) ? find(t, number) : NULL;
		if (pt && (pt->bound || !is_free(ctx, number)))
			continue;
		*counter += i + 1 + rng_below(&t->stack->rng, STEP_MAX);
		return take(t, o, number, true);
	}
	return -EADDRNOTAVAIL;
}
