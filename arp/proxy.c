/* SPDX-License-Identifier: MIT */
/*
 * Proxy ARP (RFC 1027, RFC 925): answering for addresses behind us, by sysctl proxy_arp for everything that
 * would be forwarded to another link, or by `ip neigh add proxy` for single addresses. Only a router does it.
 *
 * The answer to a broadcast is delayed at random, up to proxy_delay, so that the owner of the address, should
 * it be on the link after all, is heard first.
 */
#include "arp/internal.h"

#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>

/* An answer that waits. */
struct delayed {
	struct list node; /* in netif->arp->delayed */
	struct timer timer;
	struct netif *netif;
	struct arp_msg request;
	uint64_t request_id;
};

bool proxy_answers(const struct netif *n, uint32_t addr)
{
	const struct stack *s = n->stack;

	if (!netif_conf(n, CONF_FORWARDING))
		return false;
	return gc_find(n, addr, true) || (netif_conf(n, CONF_PROXY_ARP) && s->proxies && s->proxies(n, addr));
}

static void forget(struct delayed *d)
{
	timer_cancel(&stack_loop(d->netif->stack)->wheel, &d->timer);
	list_del(&d->node);
	d->netif->arp->delayed_count--;
	free(d);
}

static void answer_now(struct timer *t)
{
	struct delayed *d = CONTAINER_OF(t, struct delayed, timer);

	arp_answer(d->netif, &d->request, d->request_id);
	forget(d);
}

static void answer_later(struct netif *n, const struct pkt *p, const struct arp_msg *m, uint64_t most_ns)
{
	struct stack *s = n->stack;
	struct delayed *d = calloc(1, sizeof(*d));

	if (!d) {
		stack_count_drop(s, DROP_NO_MEMORY);
		return;
	}
	d->netif = n;
	d->request = *m;
	d->request_id = p->id;
	list_add_tail(&n->arp->delayed, &d->node);
	n->arp->delayed_count++;
	timer_init(&d->timer, answer_now);
	timer_arm(&stack_loop(s)->wheel, &d->timer, stack_now(s) + rng_u64(&s->rng) % most_ns);
}

enum drop_reason proxy_input(struct netif *n, const struct pkt *p, const struct arp_msg *m)
{
	uint64_t most_ns = conf_ms(n, CONF_PROXY_DELAY_MS);

	TRACE(n->stack, LAYER_ARP, p, "RFC 1027", "answering %s for %s", TEXT_IP(m->spa), TEXT_IP(m->tpa));
	if (p->type == PKT_HOST || !most_ns) {
		arp_answer(n, m, p->id);
		return DROP_NONE;
	}
	if (n->arp->delayed_count >= (unsigned)netif_conf(n, CONF_PROXY_QLEN))
		return DROP_ARP_PROXY_QUEUE_FULL;
	answer_later(n, p, m, most_ns);
	return DROP_NONE;
}

void proxy_flush(struct netif *n)
{
	list_each_safe(d, &n->arp->delayed, struct delayed, node)
		forget(d);
}

int neigh_set_proxy(struct netif *n, uint32_t addr, bool on)
{
	struct neigh *ng = gc_find(n, addr, true);

	if (!on) {
		if (ng)
			neigh_remove(ng, DROP_NEIGH_FLUSHED);
		return ng ? 0 : -ENOENT;
	}
	if (ng)
		return 0;
	ng = n->arp ? gc_new(n, addr, GC_PROXY) : NULL;
	if (!ng)
		return -ENOMEM;
	timer_init(&ng->timer, NULL);
	monitor_tell(n->stack, MONITOR_NEIGH, ng, false);
	return 0;
}
