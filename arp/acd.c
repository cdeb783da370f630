/* SPDX-License-Identifier: MIT */
/*
 * Address conflict detection (RFC 5227). Every address of a netif has a struct acd, whatever arp_dad says.
 *
 * With arp_dad on, an address is TENTATIVE when it is added, and when the device comes up or gets its carrier
 * back: three probes at random times, then two announcements, and it is ours. Whoever else uses or probes it
 * in that time makes it a DUPLICATE, which it stays until the device goes down and up, or the user adds it
 * again.
 *
 * An address in use is defended by one announcement, at most every 10 s (RFC 5227 2.4 (c)). With arp_dad on,
 * a second conflict within 10 s makes it a DUPLICATE (RFC 5227 2.4 (b)).
 */
#include "arp/internal.h"

#include "lib/text.h"

#include <stdlib.h>

/* RFC 5227 1.1 */
#define PROBE_WAIT_NS	       NS_PER_SEC
#define PROBE_MIN_NS	       NS_PER_SEC
#define PROBE_MAX_NS	       (2 * NS_PER_SEC)
#define ANNOUNCE_WAIT_NS       (2 * NS_PER_SEC)
#define ANNOUNCE_INTERVAL_NS   (2 * NS_PER_SEC)
#define RATE_LIMIT_INTERVAL_NS (60 * NS_PER_SEC)
#define DEFEND_INTERVAL_NS     (10 * NS_PER_SEC)
enum { PROBE_NUM = 3, ANNOUNCE_NUM = 2, MAX_CONFLICTS = 10 };

struct acd {
	struct list node; /* in netif->arp->acds */
	struct netif_addr *addr;
	struct timer timer;		/* the next probe or announcement */
	unsigned probes, announcements; /* sent */
	bool had_conflict;
	uint64_t conflict_ns; /* the last one that was answered by a defence, if had_conflict */
};

static struct acd *find(const struct netif *n, const struct netif_addr *a)
{
	list_each(acd, &n->arp->acds, struct acd, node)
		if (acd->addr == a)
			return acd;
	return NULL;
}

static struct wheel *wheel_of(const struct acd *acd)
{
	return &stack_loop(acd->addr->netif->stack)->wheel;
}

static void arm_in(struct acd *acd, uint64_t ns)
{
	timer_arm(wheel_of(acd), &acd->timer, stack_now(acd->addr->netif->stack) + ns);
}

static void set_flags(struct acd *acd, unsigned flags)
{
	struct netif_addr *a = acd->addr;

	a->flags = (uint8_t)((a->flags & ~(unsigned)(ADDR_TENTATIVE | ADDR_DUPLICATE)) | flags);
}

/* ---- probing and announcing ---- */

static void announce(struct acd *acd)
{
	arp_announce(acd->addr->netif, acd->addr->local);
	acd->announcements++;
	if (acd->announcements < ANNOUNCE_NUM)
		arm_in(acd, ANNOUNCE_INTERVAL_NS);
}

/* RFC 5227 2.1.1, 2.3 */
static void probe(struct acd *acd)
{
	struct netif *n = acd->addr->netif;

	if (acd->probes < PROBE_NUM) {
		arp_ask(n, acd->addr->local, IP_ANY, MAC_BROADCAST, 0);
		acd->probes++;
		arm_in(acd,
			acd->probes < PROBE_NUM
				? PROBE_MIN_NS + rng_u64(&n->stack->rng) % (PROBE_MAX_NS - PROBE_MIN_NS)
				: ANNOUNCE_WAIT_NS);
		return;
	}
	TRACE(n->stack, LAYER_ARP, NULL, "RFC 5227 2.3", "nobody else has %s: it is ours",
		TEXT_IP(acd->addr->local));
	set_flags(acd, 0);
	n->arp->conflicts = 0;
	announce(acd);
	netif_addr_changed(acd->addr);
}

static void next_step(struct timer *t)
{
	struct acd *acd = CONTAINER_OF(t, struct acd, timer);

	if (acd->addr->flags & ADDR_TENTATIVE)
		probe(acd);
	else
		announce(acd);
}

/* RFC 5227 2.1.1: after many conflicts on a netif, one try a minute. */
static void start(struct acd *acd)
{
	struct netif *n = acd->addr->netif;
	uint64_t now = stack_now(n->stack), from = now;

	acd->probes = acd->announcements = 0;
	acd->had_conflict = false;
	if (n->arp->conflicts >= MAX_CONFLICTS)
		from = MAX(now, n->arp->tried_ns + RATE_LIMIT_INTERVAL_NS);
	n->arp->tried_ns = from;
	timer_arm(wheel_of(acd), &acd->timer, from + rng_u64(&n->stack->rng) % PROBE_WAIT_NS);
}

void acd_start(struct netif *n)
{
	bool dad = netif_conf(n, CONF_ARP_DAD);

	if (!dev_is_running(n->dev))
		return;
	list_each(acd, &n->arp->acds, struct acd, node) {
		uint8_t before = acd->addr->flags;
		set_flags(acd, dad ? ADDR_TENTATIVE : 0);
		if (dad)
			start(acd);
		if (acd->addr->flags != before)
			netif_addr_changed(acd->addr);
	}
}

void acd_stop(struct netif *n)
{
	list_each(acd, &n->arp->acds, struct acd, node)
		timer_cancel(wheel_of(acd), &acd->timer);
}

/* ---- addresses come and go ---- */

static void forget(struct acd *acd)
{
	timer_cancel(wheel_of(acd), &acd->timer);
	list_del(&acd->node);
	free(acd);
}

/* Without memory the address goes without protection, as it would without RFC 5227. */
static void add(struct netif_addr *a)
{
	struct netif *n = a->netif;
	struct acd *acd = calloc(1, sizeof(*acd));

	if (!acd) {
		a->flags &= (uint8_t)~ADDR_TENTATIVE;
		return;
	}
	acd->addr = a;
	timer_init(&acd->timer, next_step);
	list_add_tail(&n->arp->acds, &acd->node);
	if ((a->flags & ADDR_TENTATIVE) && dev_is_running(n->dev))
		start(acd);
}

void acd_addr_event(struct netif_addr *a, bool gone)
{
	struct acd *acd = find(a->netif, a);

	if (acd && gone)
		forget(acd);
	else if (!acd && !gone)
		add(a);
}

void acd_flush(struct netif *n)
{
	list_each_safe(acd, &n->arp->acds, struct acd, node)
		forget(acd);
}

/* ---- conflicts ---- */

static void lose(struct acd *acd, const struct pkt *p, const struct arp_msg *m, const char *clause)
{
	struct netif *n = acd->addr->netif;

	TRACE(n->stack, LAYER_ARP, p, clause, "%s has %s: we do not use it", TEXT_MAC(m->sha),
		TEXT_IP(acd->addr->local));
	timer_cancel(wheel_of(acd), &acd->timer);
	set_flags(acd, ADDR_DUPLICATE);
	n->arp->conflicts++;
	netif_addr_changed(acd->addr);
}

/* RFC 5227 2.4 */
static void defend(struct acd *acd, const struct pkt *p, const struct arp_msg *m)
{
	struct netif *n = acd->addr->netif;
	uint64_t now = stack_now(n->stack);
	bool again = acd->had_conflict && now - acd->conflict_ns < DEFEND_INTERVAL_NS;

	if (again && netif_conf(n, CONF_ARP_DAD)) {
		lose(acd, p, m, "RFC 5227 2.4 (b)");
		return;
	}
	TRACE(n->stack, LAYER_ARP, p, "RFC 5227 2.4", "%s claims our address %s: %s", TEXT_MAC(m->sha),
		TEXT_IP(acd->addr->local), again ? "defended a moment ago" : "defending it");
	if (again)
		return;
	acd->had_conflict = true;
	acd->conflict_ns = now;
	arp_announce(n, acd->addr->local);
}

/* Was it sent by this host? Mostly by the device that has the address. */
static bool is_own(const struct stack *s, const struct netif *owner, struct mac mac)
{
	if (owner && mac_equal(owner->dev->mac, mac))
		return true;
	stack_each_dev(d, s)
		if (d->type == DEV_ETHER && mac_equal(d->mac, mac))
			return true;
	return false;
}

/* The address that is being probed, or used, and that the message takes for somebody else's. A request with
 * sender 0 is a probe: it only threatens who probes himself (RFC 5227 2.1.1); in use, it is answered. */
static struct acd *threatened(const struct netif *n, const struct arp_msg *m)
{
	uint32_t claimed = m->spa ? m->spa : m->tpa;

	list_each(acd, &n->arp->acds, struct acd, node) {
		const struct netif_addr *a = acd->addr;
		if (a->local == claimed && !(a->flags & ADDR_DUPLICATE) &&
			(m->spa || (a->flags & ADDR_TENTATIVE)))
			return acd;
	}
	return NULL;
}

enum drop_reason acd_input(struct netif *n, const struct pkt *p, const struct arp_msg *m)
{
	const struct netif *owner = m->spa ? netif_owning(n->stack, m->spa) : NULL;
	struct acd *acd = threatened(n, m);

	if (!acd && !owner)
		return DROP_NONE;
	if (is_own(n->stack, owner, m->sha))
		return DROP_ARP_OWN;
	if (acd && (acd->addr->flags & ADDR_TENTATIVE))
		lose(acd, p, m, "RFC 5227 2.1.1");
	else if (acd)
		defend(acd, p, m);
	return DROP_ARP_CONFLICT;
}
