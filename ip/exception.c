/* SPDX-License-Identifier: MIT */
/*
 * What is remembered about single destinations: a better gateway (redirects, RFC 1122 3.2.2.2) and the path
 * MTU (RFC 1191).
 *
 * Anybody may send ICMP errors, so what they can do here is bounded. There are at most EXCEPTIONS_MAX
 * entries; the one untouched longest goes first. A path MTU is only taken for a destination that this host
 * lately sent to, which is remembered in `sent`: a cache of 8 destinations per set, the latest first. A path
 * MTU is believed down to min_pmtu; below it, packets go in pieces of min_pmtu, without DF.
 *
 * What was learned holds for the way there: when the routes lead another way, it is not used. It ends after
 * 300 s (redirects) or mtu_expires (path MTU); one timer waits for the first of these ends, since caches that
 * compare the generation must hear of them.
 */
#include "ip/route.h"

#include "lib/text.h"

#include <stdlib.h>

enum { EXCEPTIONS_MAX = 4096, SENT_SETS = 512, SENT_WAYS = 8, REDIRECT_SECONDS = 300 };

/* An exception that says nothing any more is freed. */
struct exception {
	struct hash_link link;
	struct list node; /* in exceptions.all */
	uint32_t dst;
	uint32_t first_hop;		 /* where the routes lead, */
	struct netif *netif;		 /* and by which device: else it does not apply */
	uint32_t gateway;		 /* of a redirect; 0: none */
	uint32_t mtu;			 /* 0: none */
	bool locked;			 /* the path carries less than this: no DF */
	uint64_t gateway_ends, mtu_ends; /* ns */
};

struct exceptions {
	struct hash table;
	struct list all; /* touched last at the end */
	struct timer timer;
	struct stack *stack;
	struct siphash_key key;
	uint32_t (*sent)[SENT_WAYS]; /* SENT_SETS of them; NULL: nothing sent yet */
	uint32_t sent_last;	     /* the first of its set */
};

static void expire(struct timer *t);

/* The memory of the host, made when first needed; NULL: no memory. */
static struct exceptions *memory_of(struct stack *s)
{
	struct exceptions *x = s->ip->exceptions;

	if (x)
		return x;
	x = calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	hash_init(&x->table);
	list_init(&x->all);
	timer_init(&x->timer, expire);
	x->stack = s;
	x->key = rng_key(&s->rng);
	s->ip->exceptions = x;
	return x;
}

static uint32_t hash_of(const struct exceptions *x, uint32_t dst)
{
	return hsiphash_u64(&x->key, dst);
}

/* ---- destinations we send to */

void route_note_sent(struct stack *s, uint32_t dst)
{
	struct exceptions *x = memory_of(s);
	uint32_t *set;
	unsigned i = 0;

	if (x && !x->sent)
		x->sent = calloc(SENT_SETS, sizeof(*x->sent));
	if (!x || !x->sent || x->sent_last == dst)
		return;
	x->sent_last = dst;
	set = x->sent[hash_of(x, dst) % SENT_SETS];
	while (i < SENT_WAYS - 1 && set[i] != dst)
		i++;
	memmove(&set[1], &set[0], i * sizeof(*set));
	set[0] = dst;
}

static bool was_sent_to(const struct exceptions *x, uint32_t dst)
{
	const uint32_t *set;

	if (!x || !x->sent)
		return false;
	set = x->sent[hash_of(x, dst) % SENT_SETS];
	for (unsigned i = 0; i < SENT_WAYS; i++)
		if (set[i] == dst)
			return true;
	return false;
}

/* ---- entries */

static struct exception *find(const struct exceptions *x, uint32_t dst)
{
	if (x && x->table.count) /* most hosts learn of none */
		hash_each_match(e, &x->table, hash_of(x, dst), struct exception, link)
			if (e->dst == dst)
				return e;
	return NULL;
}

static void forget(struct exceptions *x, struct exception *e)
{
	hash_del(&x->table, &e->link);
	list_del(&e->node);
	free(e);
	x->stack->generation++;
}

/* Where the routes lead, without what is remembered. */
static bool leads_there(const struct exception *e, const struct route_path *path)
{
	uint32_t hop = path->route.gateway ? path->route.gateway : e->dst;

	return e->netif == path->netif && e->first_hop == hop;
}

/* The entry of a destination, touched, made, or made anew when the routes lead elsewhere now. `path`: without
 * what is remembered. */
static struct exception *get(struct stack *s, uint32_t dst, const struct route_path *path)
{
	struct exceptions *x = memory_of(s);
	struct exception *e = find(x, dst);

	if (e && !leads_there(e, path)) {
		forget(x, e);
		e = NULL;
	}
	if (e) {
		list_del(&e->node);
		list_add_tail(&x->all, &e->node);
		return e;
	}
	e = x ? calloc(1, sizeof(*e)) : NULL;
	if (!e)
		return NULL;
	if (hash_add(&x->table, &e->link, hash_of(x, dst))) {
		free(e);
		return NULL;
	}
	e->dst = dst;
	e->netif = path->netif;
	e->first_hop = path->route.gateway ? path->route.gateway : dst;
	list_add_tail(&x->all, &e->node);
	if (x->table.count > EXCEPTIONS_MAX)
		forget(x, list_first(&x->all, struct exception, node));
	return e;
}

static uint64_t end_of(const struct exception *e)
{
	return MIN(e->gateway ? e->gateway_ends : UINT64_MAX, e->mtu ? e->mtu_ends : UINT64_MAX);
}

/* Something of `e` is new. */
static void changed(struct stack *s, const struct exception *e)
{
	struct timer *t = &s->ip->exceptions->timer;

	s->generation++;
	if (!timer_is_armed(t) || end_of(e) < t->deadline_ns)
		timer_arm(&stack_loop(s)->wheel, t, end_of(e));
}

/* Takes out what is over, and waits for what ends next. */
static void expire(struct timer *t)
{
	struct exceptions *x = CONTAINER_OF(t, struct exceptions, timer);
	struct stack *s = x->stack;
	uint64_t now = stack_now(s), next = UINT64_MAX;

	s->generation++;
	list_each_safe(e, &x->all, struct exception, node) {
		if (e->gateway_ends <= now)
			e->gateway = 0;
		if (e->mtu_ends <= now)
			e->mtu = 0;
		next = MIN(next, end_of(e));
		if (!e->gateway && !e->mtu)
			forget(x, e);
	}
	if (next != UINT64_MAX)
		timer_arm(&stack_loop(s)->wheel, t, next);
}

void exception_apply(struct stack *s, uint32_t dst, struct route_path *path)
{
	const struct exception *e = find(s->ip->exceptions, dst);

	if (!e || !leads_there(e, path))
		return;
	/* RFC 1122 3.3.1.4: a gateway that does not answer is not trusted for ever */
	if (e->gateway && !(s->neigh_failed && s->neigh_failed(e->netif, e->gateway))) {
		path->nexthop = e->gateway;
		path->redirected = true;
	}
	if (e->mtu && e->mtu <= path->mtu) {
		path->mtu = e->mtu;
		path->pmtu_locked = e->locked;
	}
}

/* ---- redirects */

void route_redirect(struct stack *s, uint32_t dst, uint32_t gateway, struct netif *n)
{
	struct route_key key = {.dst = dst, .oif = n->dev->ifindex};
	struct route_path path;
	struct exception *e;

	if (route_lookup(s, &key, &path) || path.type != ROUTE_UNICAST)
		return;
	e = get(s, dst, &path);
	if (!e)
		return;
	e->gateway = gateway;
	e->gateway_ends = stack_now(s) + REDIRECT_SECONDS * NS_PER_SEC;
	TRACE(s, LAYER_ROUTE, NULL, "RFC 1122 3.2.2.2", "packets to %s go by %s", TEXT_IP(dst),
		TEXT_IP(gateway));
	changed(s, e);
}

void route_doubt(struct stack *s, uint32_t dst)
{
	struct exception *e = s->ip->exceptions ? find(s->ip->exceptions, dst) : NULL;

	if (!e || !e->gateway)
		return;
	TRACE(s, LAYER_ROUTE, NULL, "RFC 1122 3.3.1.4", "packets to %s no longer go by %s", TEXT_IP(dst),
		TEXT_IP(e->gateway));
	e->gateway = 0;
	s->generation++;
	if (!e->mtu)
		forget(s->ip->exceptions, e);
}

/* ---- path MTU */

/* RFC 1191 7.1: the sizes that links have. The next below `len`. */
static uint32_t plateau_below(uint32_t len)
{
	static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};

	for (size_t i = 0; i < ARRAY_SIZE(plateaus); i++)
		if (plateaus[i] < len)
			return plateaus[i];
	return IP_MIN_MTU;
}

/* RFC 1191 5: an old router says nothing, so the packet that did not fit must tell; and some (4.2BSD) report
 * its length with the length of the header added once more. */
static uint32_t guess(uint32_t original_len, const struct route_path *path)
{
	uint32_t link = path->netif->dev->mtu;

	if (original_len > link)
		original_len -= IP_HDR_LEN;
	return plateau_below(original_len ? MIN(original_len, link) : path->mtu);
}

uint32_t route_pmtu_update(struct stack *s, uint32_t dst, uint32_t mtu, uint32_t original_len)
{
	uint32_t floor = (uint32_t)s->sysctl[SYSCTL_MIN_PMTU];
	struct route_path path;
	struct exception *e;
	bool locked;

	if (route_lookup(s, &(struct route_key){.dst = dst}, &path))
		return 0;
	if (path.type != ROUTE_UNICAST || !was_sent_to(s->ip->exceptions, dst))
		return path.mtu;
	mtu = mtu ? mtu : guess(original_len, &path);
	locked = mtu < floor;
	mtu = locked ? MIN(floor, path.mtu) : mtu;
	if (mtu > path.mtu || (mtu == path.mtu && locked == path.pmtu_locked))
		return path.mtu;
	e = get(s, dst, &path);
	if (!e)
		return path.mtu;
	e->mtu = mtu;
	e->locked = locked || path.pmtu_locked;
	e->mtu_ends = stack_now(s) + (uint64_t)s->sysctl[SYSCTL_MTU_EXPIRES] * NS_PER_SEC;
	TRACE(s, LAYER_ROUTE, NULL, "RFC 1191 3", "the path to %s carries %u bytes%s", TEXT_IP(dst), mtu,
		locked ? " or less: no DF" : "");
	changed(s, e);
	return mtu;
}

/* ---- for the user, and the end */

void route_each_exception(struct stack *s, void (*fn)(void *ctx, const struct route_exception *e), void *ctx)
{
	if (!s->ip->exceptions)
		return;
	list_each(e, &s->ip->exceptions->all, struct exception, node) {
		struct route_exception shown = {.dst = e->dst,
			.gateway = e->gateway,
			.netif = e->netif,
			.mtu = e->mtu,
			.expires_ns = end_of(e)};
		fn(ctx, &shown);
	}
}

void exception_flush(struct stack *s, const struct netif *n)
{
	struct exceptions *x = s->ip->exceptions;

	if (!x)
		return;
	list_each_safe(e, &x->all, struct exception, node)
		if (!n || e->netif == n)
			forget(x, e);
	if (list_empty(&x->all))
		timer_cancel(&stack_loop(s)->wheel, &x->timer);
}

void route_flush_exceptions(struct stack *s)
{
	exception_flush(s, NULL);
}

size_t exception_count(const struct stack *s)
{
	return s->ip->exceptions ? s->ip->exceptions->table.count : 0;
}

void exception_exit(struct stack *s)
{
	struct exceptions *x = s->ip->exceptions;

	if (!x)
		return;
	exception_flush(s, NULL);
	hash_exit(&x->table);
	free(x->sent);
	free(x);
	s->ip->exceptions = NULL;
}
