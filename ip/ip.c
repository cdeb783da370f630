/* SPDX-License-Identifier: MIT */
/* IPv4 as a protocol of the house: what a host and a device get when they come, and lose when they go. */
#include "ip/internal.h"

#include "net/sock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* ---- ICMP errors, out and in ---- */

void ip_set_reject(struct stack *s, ip_reject_fn *fn)
{
	s->ip->reject = fn;
}

/* The reject function wants the data at the IP header; moving it there and back changes no byte. */
void ip_reject(struct stack *s, const struct pkt *p, struct ip_reject why)
{
	struct pkt *q = (struct pkt *)(uintptr_t)p;

	if (!s->ip->reject)
		return;
	pkt_push(q, p->ip.hdr_len);
	s->ip->reject(s, q, why);
	pkt_pull(q, p->ip.hdr_len);
}

void ip_note(struct stack *s, const struct icmp_note *note)
{
	const struct proto *pr = s->by_number[note->quoted->proto];

	raw_note(s, note);
	if (pr && pr->note)
		pr->note(s, note);
}

/* ---- what other layers ask (net/stack.h) ---- */

static bool onlink(const struct netif *n, uint32_t addr)
{
	struct route_key key = {.dst = addr, .oif = n->dev->ifindex};
	struct route_path path;

	return !route_lookup(n->stack, &key, &path) && path.type == ROUTE_UNICAST && !path.route.gateway;
}

static bool proxies(const struct netif *n, uint32_t addr)
{
	struct route_key key = {.dst = addr};
	struct route_path path;

	return netif_conf(n, CONF_FORWARDING) && !route_lookup(n->stack, &key, &path) &&
		path.type == ROUTE_UNICAST && path.netif != n;
}

/* RFC 1122 2.3.2.2, RFC 1812 4.3.3.1: whoever sent it, here or far away, hears that the host cannot be had.
 */
static void unresolved(struct netif *n, struct pkt *p)
{
	TRACE(n->stack, LAYER_IP, p, "RFC 1122 2.3.2.1", "next hop on %s does not answer", n->dev->name);
	ip_refuse(n->stack, p, DROP_NEIGH_UNREACHABLE,
		(struct ip_reject){ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0});
}

/* ---- coming and going ---- */

static void ip_exit(struct stack *s)
{
	if (!s->ip)
		return;
	reass_exit(s);
	route_exit(s);
	cache_exit(s);
	output_exit(s);
	forward_exit(s);
	id_exit(s);
	free(s->ip);
	s->ip = NULL;
}

static int ip_init(struct stack *s)
{
	s->ip = calloc(1, sizeof(*s->ip));
	if (!s->ip)
		return -ENOMEM;
	list_init(&s->ip->raw);
	output_init(s);
	s->onlink = onlink;
	s->proxies = proxies;
	s->unresolved = unresolved;
	s->carry = output_carry;
	int err = route_init(s);
	return err ? err : reass_init(s);
}

static int ip_attach(struct netif *n)
{
	n->ip = calloc(1, sizeof(*n->ip));
	if (!n->ip)
		return -ENOMEM;
	list_init(&n->ip->infos);
	int err = group_attach(n);
	return err ? err : igmp_attach(n);
}

static void ip_detach(struct netif *n)
{
	if (!n->ip)
		return;
	assert(list_empty(&n->ip->infos));
	group_detach(n);
	igmp_detach(n);
	free(n->ip);
	n->ip = NULL;
}

static void ip_dev_event(struct netif *n, enum dev_event ev)
{
	output_dev_event(n, ev);
	reass_dev_event(n, ev);
	route_dev_event(n, ev);
	igmp_dev_event(n, ev);
}

void ip_stat(const struct stack *s, struct ip_stat *st)
{
	*st = (struct ip_stat){0};
	route_stat(s, st);
	reass_stat(s, st);
}

const struct proto ip_proto = {
	.name = "IPv4",
	.ethertype = 0x0800,
	.init = ip_init,
	.exit = ip_exit,
	.attach = ip_attach,
	.detach = ip_detach,
	.dev_event = ip_dev_event,
	.addr_event = route_addr_event,
	.input = ip_input,
	.sock_ops = &raw_sock_ops,
	.sock_type = SOCK_RAW,
};
