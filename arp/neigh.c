/* SPDX-License-Identifier: MIT */
/*
 * The states of a neighbour (RFC 1122 2.3.2.1; Linux's, after RFC 4861 7.3.2).
 *
 *	              packet              answer                 time, unused
 *	(none) ------------> INCOMPLETE ---------> REACHABLE --------------------> STALE
 *	                         |                  ^  ^  | time, in use             |
 *	          no answer      |         confirmed|  |  v            packet        |
 *	FAILED <-----------------+                  +--|-- DELAY <-------------------+
 *	  ^  |                                  answer |     | delay_first_probe_time
 *	  |  +--- packet --> INCOMPLETE                |     v
 *	  +------------- no answer ------------------ PROBE (asks the known MAC address)
 *
 * Asking is limited to one request per retrans_time, whatever the states do in between.
 *
 * Anybody on the link can claim anything, so a claim that another MAC address now has the address is believed
 * under conditions (RFC 826 would always):
 *   - not within locktime of the last change or proof of life: DROP_ARP_LOCKED. A neighbour that upper layers
 *     or ARP itself hear from cannot be taken over;
 *   - after that, a request for us is believed at once, as in Linux. An announcement, or an answer that
 *     nobody asked for, makes us ask the old holder (RFC 1122 2.3.2.1, unicast poll) when the entry is in
 *     use: the old one's silence, not the new one's claim, decides;
 *   - a STALE entry believes what it hears; it will be probed before it is trusted for long.
 *
 * Every refusal and every change can be seen in the trace.
 */
#include "arp/internal.h"

#include "lib/text.h"
#include "net/ether.h"

#include <errno.h>

#define REACHABLE_REDRAW_NS (300 * NS_PER_SEC)

enum {
	HAS_MAC = NEIGH_REACHABLE | NEIGH_STALE | NEIGH_DELAY | NEIGH_PROBE | NEIGH_NOARP | NEIGH_PERMANENT,
	KEPT = NEIGH_NOARP | NEIGH_PERMANENT
};

const char *neigh_state_name(enum neigh_state state)
{
	switch (state) {
	case NEIGH_NONE:
		return "NONE";
	case NEIGH_INCOMPLETE:
		return "INCOMPLETE";
	case NEIGH_REACHABLE:
		return "REACHABLE";
	case NEIGH_STALE:
		return "STALE";
	case NEIGH_DELAY:
		return "DELAY";
	case NEIGH_PROBE:
		return "PROBE";
	case NEIGH_FAILED:
		return "FAILED";
	case NEIGH_NOARP:
		return "NOARP";
	case NEIGH_PERMANENT:
		return "PERMANENT";
	}
	return "?";
}

static uint64_t now_of(const struct neigh *ng)
{
	return stack_now(ng->netif->stack);
}

static void tell(struct neigh *ng)
{
	monitor_tell(ng->netif->stack, MONITOR_NEIGH, ng, false);
}

static void arm(struct neigh *ng, uint64_t deadline_ns)
{
	timer_arm(&stack_loop(ng->netif->stack)->wheel, &ng->timer, deadline_ns);
}

/* Half to one and a half of base_reachable_time, drawn anew every 5 minutes (RFC 4861 6.3.2). */
static uint64_t reachable_ns(struct netif *n)
{
	struct arp_netif *an = n->arp;
	uint64_t now = stack_now(n->stack);
	int32_t base_ms = netif_conf(n, CONF_BASE_REACHABLE_TIME_MS);

	if (an->reachable_base_ms != base_ms || now - an->reachable_drawn_ns >= REACHABLE_REDRAW_NS) {
		uint64_t base_ns = (uint64_t)base_ms * NS_PER_MS;
		an->reachable_base_ms = base_ms;
		an->reachable_drawn_ns = now;
		an->reachable_ns = base_ns / 2 + rng_u64(&n->stack->rng) % base_ns;
	}
	return an->reachable_ns;
}

/* What was never confirmed counts as confirmed then: `ip -s neigh` shows it. */
static uint64_t long_ago(const struct netif *n)
{
	uint64_t now = stack_now(n->stack), age = 2 * conf_ms(n, CONF_BASE_REACHABLE_TIME_MS);

	return now > age ? now - age : 0;
}

/* INCOMPLETE and PROBE are followed by keep_asking(). */
static void enter(struct neigh *ng, enum neigh_state state)
{
	struct netif *n = ng->netif;

	TRACE(n->stack, LAYER_ARP, NULL, "RFC 1122 2.3.2.1", "%s on %s: %s, was %s", TEXT_IP(ng->addr),
		n->dev->name, neigh_state_name(state), neigh_state_name(ng->state));
	timer_cancel(&stack_loop(n->stack)->wheel, &ng->timer);
	gc_set_state(ng, state);
	ng->updated_ns = now_of(ng);
	ng->probes = 0;
	if (state == NEIGH_REACHABLE)
		arm(ng, ng->confirmed_ns + reachable_ns(n));
	else if (state == NEIGH_DELAY)
		arm(ng, ng->updated_ns + conf_sec(n, CONF_DELAY_FIRST_PROBE_TIME));
}

/* ---- asking ---- */

static bool share_subnet(const struct netif *n, uint32_t a, uint32_t b)
{
	netif_each_addr(own, n) {
		uint32_t mask = ip_mask(own->plen);
		if (((own->peer ^ a) & mask) == 0 && ((own->peer ^ b) & mask) == 0)
			return true;
	}
	return false;
}

/* As whom we ask: by arp_announce the source of the packet that waits (0), the same when it belongs to this
 * link (1), or always an address of this link. */
static uint32_t source_for(const struct neigh *ng)
{
	const struct netif *n = ng->netif;
	const struct pkt *p = list_last(&ng->waiting, struct pkt, node);
	int32_t announce = netif_conf(n, CONF_ARP_ANNOUNCE);
	uint32_t source;

	if (p && announce < 2 && netif_owning(n->stack, p->ip.src) &&
		(announce == 0 || share_subnet(n, p->ip.src, ng->addr)))
		return p->ip.src;
	source = netif_source(n, ng->addr, SCOPE_LINK);
	if (source)
		return source;
	stack_each_dev(d, n->stack) {
		source = netif_source(d->netif, ng->addr, SCOPE_LINK);
		if (source)
			return source;
	}
	return 0;
}

/* RFC 1122 2.4: no entry is not yet unreachable; no answer is. The packets may lead to new ones, and those to
 * any change of the table: the entry may be gone on return. */
static void fail(struct neigh *ng)
{
	struct netif *n = ng->netif;
	struct stack *s = n->stack;
	struct list waiting;

	waiting_take(ng, &waiting);
	enter(ng, NEIGH_FAILED);
	tell(ng);
	list_each_safe(p, &waiting, struct pkt, node) {
		list_del(&p->node);
		TRACE(s, LAYER_ARP, p, "RFC 1122 2.4", "the neighbour does not answer");
		if (s->unresolved)
			s->unresolved(n, p);
		else
			stack_drop(s, p, DROP_NEIGH_UNREACHABLE);
	}
}

/* Because of which packet we ask. 0: none */
static uint64_t first_waiting(const struct neigh *ng)
{
	const struct pkt *p = list_first(&ng->waiting, struct pkt, node);

	return p ? p->id : 0;
}

/* The next request, now or as soon as the limit allows (RFC 1122 2.3.2.1), or the end. */
static void keep_asking(struct neigh *ng)
{
	struct netif *n = ng->netif;
	bool unicast = ng->state == NEIGH_PROBE;
	uint64_t now = now_of(ng), interval = conf_ms(n, CONF_RETRANS_TIME_MS);
	int32_t most = netif_conf(n, unicast ? CONF_UCAST_SOLICIT : CONF_MCAST_SOLICIT);

	if (ng->asked_ns && now - ng->asked_ns < interval) {
		arm(ng, ng->asked_ns + interval);
		return;
	}
	if (ng->probes >= (uint32_t)most) {
		fail(ng);
		return;
	}
	ng->probes++;
	ng->asked_ns = now;
	arm(ng, now + interval);
	arp_ask(n, ng->addr, source_for(ng), unicast ? ng->mac : MAC_BROADCAST, first_waiting(ng));
}

/* ---- time ---- */

static void reachable_expired(struct neigh *ng)
{
	uint64_t until = ng->confirmed_ns + reachable_ns(ng->netif);
	uint64_t recently = conf_sec(ng->netif, CONF_DELAY_FIRST_PROBE_TIME);

	if (now_of(ng) < until) {
		arm(ng, until);
	} else if (ng->carries && now_of(ng) - ng->used_ns <= recently) {
		enter(ng, NEIGH_DELAY);
	} else {
		enter(ng, NEIGH_STALE);
		tell(ng);
	}
}

/* RFC 1122 2.3.2.1: advice from upper layers saves the probe. */
static void delay_expired(struct neigh *ng)
{
	if (ng->confirmed_ns >= ng->updated_ns) {
		enter(ng, NEIGH_REACHABLE);
		tell(ng);
		return;
	}
	enter(ng, NEIGH_PROBE);
	tell(ng);
	keep_asking(ng);
}

static void expired(struct timer *t)
{
	struct neigh *ng = CONTAINER_OF(t, struct neigh, timer);

	if (ng->state == NEIGH_REACHABLE)
		reachable_expired(ng);
	else if (ng->state == NEIGH_DELAY)
		delay_expired(ng);
	else
		keep_asking(ng);
}

static struct neigh *new_entry(struct netif *n, uint32_t addr, enum gc_kind kind)
{
	struct neigh *ng = gc_new(n, addr, kind);

	if (!ng)
		return NULL;
	timer_init(&ng->timer, expired);
	ng->confirmed_ns = long_ago(n);
	return ng;
}

struct neigh *neigh_new(struct netif *n, uint32_t addr)
{
	return new_entry(n, addr, GC_BOUND);
}

/* ---- packets ---- */

int neigh_send(struct neigh *ng, struct pkt *p)
{
	struct netif *n = ng->netif;

	if (ng->state & HAS_MAC) {
		if (ng->state == NEIGH_STALE)
			enter(ng, NEIGH_DELAY);
		gc_touch(ng);
		TRACE(n->stack, LAYER_ARP, p, "RFC 826", "%s is at %s (%s)", TEXT_IP(ng->addr),
			TEXT_MAC(ng->mac), neigh_state_name(ng->state));
		return ether_output(n, p, ng->mac, ETHERTYPE_IP);
	}
	TRACE(n->stack, LAYER_ARP, p, "RFC 1122 2.3.2.2", "waits for the MAC address of %s",
		TEXT_IP(ng->addr));
	waiting_add(ng, p);
	if (ng->state != NEIGH_INCOMPLETE) {
		enter(ng, NEIGH_INCOMPLETE);
		keep_asking(ng);
	}
	return 0;
}

static void send_waiting(struct neigh *ng)
{
	struct list waiting;

	waiting_take(ng, &waiting);
	list_each_safe(p, &waiting, struct pkt, node) {
		list_del(&p->node);
		neigh_send(ng, p);
	}
}

/* ---- news ---- */

/* The entry has this MAC address, for sure or as far as one knows (STALE). */
static void set_mac(struct neigh *ng, struct mac mac, enum neigh_state state)
{
	bool known = ng->state & HAS_MAC, same = known && mac_equal(ng->mac, mac);
	bool news = !same || state != ng->state;

	if (state & (NEIGH_REACHABLE | KEPT))
		ng->confirmed_ns = now_of(ng);
	else if (!same)
		ng->confirmed_ns = long_ago(ng->netif);
	ng->mac = mac;
	if (news) {
		enter(ng, state);
		tell(ng);
	}
	if (!known)
		send_waiting(ng);
}

static bool is_locked(const struct neigh *ng)
{
	uint64_t since = MAX(ng->updated_ns, ng->confirmed_ns);

	return now_of(ng) - since < conf_ms(ng->netif, CONF_LOCKTIME_MS);
}

/* Somebody else claims the address of an entry that has a MAC address. True: believe it. An entry in use is
 * not changed but asks its holder; it may be gone on return. */
static bool weigh_claim(struct neigh *ng, struct mac mac, enum neigh_source source)
{
	struct netif *n = ng->netif;
	bool in_use = ng->state & (NEIGH_REACHABLE | NEIGH_DELAY);
	bool locked = (ng->state & KEPT) || is_locked(ng);
	bool verify = !locked && in_use && source != NEIGH_ASKED_US && netif_conf(n, CONF_LOCKTIME_MS) > 0;

	const char *verdict = locked ? "not believed" : verify ? "asking the old holder" : "changed";

	TRACE(n->stack, LAYER_ARP, NULL, "RFC 826", "%s claims %s, which is at %s: %s", TEXT_MAC(mac),
		TEXT_IP(ng->addr), TEXT_MAC(ng->mac), verdict);
	if (verify) {
		enter(ng, NEIGH_PROBE);
		tell(ng);
		keep_asking(ng);
	}
	return !locked && !verify;
}

enum drop_reason neigh_hear(struct neigh *ng, struct mac mac, enum neigh_source source)
{
	bool known = ng->state & HAS_MAC, same = known && mac_equal(ng->mac, mac);

	if (known && !same && !weigh_claim(ng, mac, source))
		return DROP_ARP_LOCKED;
	/* A known address heard again is no news, and no proof that packets from us arrive there. */
	if (!(ng->state & KEPT) && (source == NEIGH_ANSWERED || !same))
		set_mac(ng, mac, source == NEIGH_ANSWERED ? NEIGH_REACHABLE : NEIGH_STALE);
	return DROP_NONE;
}

void neigh_learn(struct netif *n, uint32_t addr, struct mac mac, enum neigh_source source)
{
	struct neigh *ng = neigh_new(n, addr);

	if (!ng) {
		TRACE(n->stack, LAYER_ARP, NULL, "", "no room to learn %s", TEXT_IP(addr));
		return;
	}
	neigh_hear(ng, mac, source);
}

void neigh_confirm(struct netif *n, uint32_t addr)
{
	struct neigh *ng = neigh_find(n, addr);

	if (ng && (ng->state & HAS_MAC))
		ng->confirmed_ns = now_of(ng);
}

/* ---- the user's hand ---- */

struct neigh *neigh_find(const struct netif *n, uint32_t addr)
{
	return gc_find(n, addr, false);
}

int neigh_set(struct netif *n, uint32_t addr, struct mac mac, enum neigh_state state, bool replace)
{
	if (!n->arp || !(state & (HAS_MAC | NEIGH_FAILED)) || ip_is_multicast(addr) ||
		arp_is_broadcast(n, addr) || netif_owning(n->stack, addr))
		return -EINVAL;
	struct neigh *ng = neigh_find(n, addr);
	if (ng && !replace)
		return -EEXIST;
	if (!ng)
		ng = new_entry(n, addr, state & KEPT ? GC_UNBOUND : GC_BOUND);
	if (!ng)
		return -ENOBUFS;
	if (state == NEIGH_FAILED) {
		fail(ng);
		return 0;
	}
	set_mac(ng, mac, state);
	if (state == NEIGH_PROBE && ng->state == NEIGH_PROBE)
		keep_asking(ng);
	return 0;
}

void neigh_remove(struct neigh *ng, enum drop_reason why)
{
	struct stack *s = ng->netif->stack;

	waiting_drop(ng, why);
	timer_cancel(&stack_loop(s)->wheel, &ng->timer);
	monitor_tell(s, MONITOR_NEIGH, ng, true);
	gc_free(ng);
}

int neigh_del(struct netif *n, uint32_t addr)
{
	struct neigh *ng = n->arp ? neigh_find(n, addr) : NULL;

	if (!ng)
		return -ENOENT;
	bool known = ng->state & HAS_MAC;
	enter(ng, NEIGH_FAILED);
	if (known)
		tell(ng);
	neigh_remove(ng, DROP_NEIGH_FLUSHED);
	return 0;
}

void neigh_flush(struct netif *n, enum neigh_flush which)
{
	list_each_safe(ng, &n->stack->arp->entries, struct neigh, node) {
		bool spared = ng->proxy ? which != FLUSH_PROXIES_TOO
					: which == FLUSH_LEARNED && ng->state == NEIGH_PERMANENT;
		if (ng->netif == n && !spared)
			neigh_remove(ng, DROP_NEIGH_FLUSHED);
	}
}

void neigh_each(
	struct stack *s, struct netif *n, unsigned mask, void (*fn)(void *ctx, struct neigh *ng), void *ctx)
{
	list_each_safe(ng, &s->arp->entries, struct neigh, node)
		if ((!n || ng->netif == n) && (!mask || (ng->state & mask)))
			fn(ctx, ng);
}
