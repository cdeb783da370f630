/* SPDX-License-Identifier: MIT */
/*
 * How many ICMP messages may go out (RFC 1812 4.3.2.8), by two buckets, with Linux's settings.
 *
 * Each destination has a bucket of time: a message costs icmp_ratelimit milliseconds, six of them may be
 * saved up. One bucket of the whole host gets icmp_msgs_per_sec credits a second, up to icmp_msgs_burst. A
 * fixed price would let an attacker count by spoofed packets how many of his probes were answered (SAD DNS,
 * CVE-2020-25705); so each message costs 0, 1 or 2 credits at random.
 *
 * Types outside icmp_ratemask, fragmentation needed (path MTU discovery must not stall) and messages to this
 * host itself are not limited. The table of destinations is bounded: the one unused for longest gives way.
 */
#include "icmp/internal.h"

enum { HOSTS_MAX = 1024, SAVED_MAX = 6, JITTER = 3 };

#define REFILL_NS (20 * NS_PER_MS) /* credits come in portions, not one by one */

struct host {
	struct hash_link link;
	struct list node; /* in lru */
	uint32_t addr;
	uint64_t saved_ns; /* what is in the bucket, */
	uint64_t seen_ns;  /* as of then */
};

void limit_init(struct stack *s)
{
	struct icmp_limit *l = &s->icmp->limit;

	l->credit = s->sysctl[SYSCTL_ICMP_MSGS_BURST];
	l->refilled_ns = stack_now(s);
	l->key = rng_key(&s->rng);
	hash_init(&l->hosts);
	list_init(&l->lru);
	pool_init(&l->pool, "ICMP rate limits", sizeof(struct host), HOSTS_MAX, 0);
}

static void forget(struct icmp_limit *l, struct host *h)
{
	hash_del(&l->hosts, &h->link);
	list_del(&h->node);
	pool_put(&l->pool, h);
}

void limit_exit(struct stack *s)
{
	struct icmp_limit *l = &s->icmp->limit;

	list_each_safe(h, &l->lru, struct host, node)
		forget(l, h);
	hash_exit(&l->hosts);
	pool_exit(&l->pool);
}

/* ---- the bucket of the whole host ---- */

static bool anybody_has_credit(struct stack *s, struct icmp_limit *l)
{
	uint64_t passed = MIN(stack_now(s) - l->refilled_ns, NS_PER_SEC);
	int64_t portion = (int64_t)((uint64_t)s->sysctl[SYSCTL_ICMP_MSGS_PER_SEC] * passed / NS_PER_SEC);
	int64_t most = s->sysctl[SYSCTL_ICMP_MSGS_BURST];

	if (passed >= REFILL_NS && portion > 0) {
		l->credit += portion;
		l->refilled_ns = stack_now(s);
	}
	l->credit = MIN(l->credit, most);
	return l->credit > 0;
}

/* ---- the buckets of the destinations ---- */

static struct host *find_host(struct stack *s, struct icmp_limit *l, uint32_t addr, uint64_t most_ns)
{
	uint32_t hash = hsiphash_u64(&l->key, addr);

	hash_each_match(h, &l->hosts, hash, struct host, link)
		if (h->addr == addr)
			return h;
	if (pool_in_use(&l->pool) == HOSTS_MAX)
		forget(l, list_first(&l->lru, struct host, node));
	struct host *new = pool_get(&l->pool);
	if (!new)
		return NULL;
	*new = (struct host){.addr = addr, .saved_ns = most_ns, .seen_ns = stack_now(s)};
	list_init(&new->node);
	if (hash_add(&l->hosts, &new->link, hash)) {
		pool_put(&l->pool, new);
		return NULL;
	}
	return new;
}

static bool host_may_pay(struct stack *s, struct icmp_limit *l, uint32_t addr)
{
	uint64_t price_ns = (uint64_t)s->sysctl[SYSCTL_ICMP_RATELIMIT] * NS_PER_MS;
	uint64_t most_ns = SAVED_MAX * price_ns;
	struct host *h = price_ns ? find_host(s, l, addr, most_ns) : NULL;

	if (!h)
		return price_ns == 0;
	list_del(&h->node);
	list_add_tail(&l->lru, &h->node);
	h->saved_ns = MIN(h->saved_ns + (stack_now(s) - h->seen_ns), most_ns);
	h->seen_ns = stack_now(s);
	if (h->saved_ns < price_ns)
		return false;
	h->saved_ns -= price_ns;
	return true;
}

/* ---- both ---- */

static bool is_limited(const struct stack *s, uint32_t dst, uint8_t type, uint8_t code)
{
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
		return false;
	return type < 32 && ((uint32_t)s->sysctl[SYSCTL_ICMP_RATEMASK] & 1u << type) &&
		ip_addr_kind(s, dst) != IP_ADDR_LOCAL;
}

/* The host's bucket is charged last, so that what one destination is refused is not felt by the others. */
bool limit_allows(struct stack *s, uint32_t dst, uint8_t type, uint8_t code)
{
	struct icmp_limit *l = &s->icmp->limit;

	if (!is_limited(s, dst, type, code))
		return true;
	if (!anybody_has_credit(s, l)) {
		mib_inc(s, MIB_IcmpOutRateLimitGlobal);
		return false;
	}
	if (!host_may_pay(s, l, dst)) {
		mib_inc(s, MIB_IcmpOutRateLimitHost);
		return false;
	}
	l->credit -= rng_below(&s->rng, JITTER);
	return true;
}
