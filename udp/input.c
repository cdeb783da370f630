/* SPDX-License-Identifier: MIT */
/* A datagram comes in (RFC 768, RFC 1122 4.1.3): for one socket, or for every one that hears what goes to many. */
#include "udp/internal.h"

static void refuse(struct stack *s, struct pkt *p, enum drop_reason why)
{
	if (why == DROP_UDP_BAD_CHECKSUM)
		mib_inc(s, MIB_UdpInCsumErrors);
	mib_inc(s, MIB_UdpInErrors);
	stack_drop(s, p, why);
}

static void give_one(struct udp_sock *u, struct pkt *p)
{
	struct stack *s = u->sk.stack;

	pkt_push(p, p->ip.hdr_len);
	if (!sock_wants(&u->sk, p)) {
		stack_drop(s, p, DROP_SOCK_FILTER);
	} else if (sock_queue(&u->sk, p)) {
		mib_inc(s, MIB_UdpInDatagrams);
	} else {
		mib_inc(s, MIB_UdpRcvbufErrors);
		mib_inc(s, MIB_UdpInErrors);
	}
}

/* The datagram of a super-frame that begins `done` bytes behind its headers; NULL: no memory. */
static struct pkt *piece(const struct pkt *p, size_t done)
{
	size_t ip_len = p->ip.hdr_len;
	size_t len = MIN(p->len - UDP_HDR_LEN - done, (size_t)p->offload.gso_size);
	struct pkt *one = pkt_child(p, ip_len + UDP_HDR_LEN + len);

	if (!one)
		return NULL;
	memcpy(pkt_put(one, ip_len), p->data - ip_len, ip_len);
	memcpy(pkt_put(one, UDP_HDR_LEN), p->data, UDP_HDR_LEN);
	udp_put_len(one->data + ip_len, (uint16_t)(UDP_HDR_LEN + len));
	memcpy(pkt_put(one, len), p->data + UDP_HDR_LEN + done, len);
	ip_complete(one->data, one->len);
	one->ip.total_len = (uint16_t)one->len;
	pkt_pull(one, ip_len);
	one->offload = (struct pkt_offload){.csum = PKT_CSUM_OK};
	return one;
}

/* Takes the datagram, or the super-frame: programs read one by one. */
static void give(struct udp_sock *u, struct pkt *p)
{
	struct stack *s = u->sk.stack;
	size_t size = p->offload.gso_size;

	if (!p->offload.gso_type) {
		give_one(u, p);
		return;
	}
	TRACE(s, LAYER_UDP, p, "", "cut into datagrams of %zu octets", size);
	for (size_t done = 0; !done || UDP_HDR_LEN + done < p->len; done += size) {
		struct pkt *one = piece(p, done);
		if (!one) {
			refuse(s, p, DROP_NO_MEMORY);
			return;
		}
		give_one(u, one);
	}
	pkt_done(p);
}

/* With the IP header, which stands in front of the datagram. */
static void give_copy(struct udp_sock *u, struct pkt *p)
{
	pkt_push(p, p->ip.hdr_len);
	struct pkt *copy = pkt_copy(p, 0);
	pkt_pull(p, p->ip.hdr_len);

	if (copy) {
		pkt_pull(copy, copy->ip.hdr_len);
		give(u, copy);
		return;
	}
	mib_inc(u->sk.stack, MIB_UdpMemErrors);
	stack_count_drop(u->sk.stack, DROP_NO_MEMORY);
}

/* RFC 1122 4.1.3.1. Whether anybody may be told is icmp's to judge. */
static void for_one(struct stack *s, struct pkt *p, const struct udp_hdr *h)
{
	struct udp_names names = {p->ip.dst, p->ip.src, h->dport, h->sport};
	struct udp_sock *u = udp_lookup(s->udp, &names, p->dev ? p->dev->ifindex : 0);

	if (u) {
		TRACE(s, LAYER_SOCK, p, "RFC 1122 4.1.3.5", "for UDP socket %s:%u",
			TEXT_IP(u->sk.extra->local.ip), u->sk.extra->local.port);
		give(u, p);
		return;
	}
	mib_inc(s, MIB_UdpNoPorts);
	ip_reject(s, p, (struct ip_reject){ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0});
	stack_drop(s, p, DROP_UDP_PORT_CLOSED);
}

static bool hears(const struct sock *sk, const struct pkt *p, const struct udp_hdr *h)
{
	return (!sk->extra->local.ip || sk->extra->local.ip == p->ip.dst) &&
		(!sk->extra->peer.ip ||
			(sk->extra->peer.ip == p->ip.src && sk->extra->peer.port == h->sport)) &&
		(!sk->bound_dev || (p->dev && sk->bound_dev == p->dev->ifindex));
}

/* Broadcast or multicast. A connected socket has a local address of its own and hears none, unless it is bound to
 * that of the group. */
static void for_many(struct stack *s, struct pkt *p, const struct udp_hdr *h)
{
	struct udp_sock *last = NULL;

	list_each(o, port_owners(&s->udp->ports, h->dport), struct port_owner, node) {
		struct udp_sock *u = CONTAINER_OF(o, struct udp_sock, port);
		if (!hears(&u->sk, p, h))
			continue;
		if (last)
			give_copy(last, p);
		last = u;
	}
	if (last) {
		give(last, p);
		return;
	}
	mib_inc(s, MIB_UdpIgnoredMulti);
	stack_drop(s, p, DROP_UDP_NOBODY_HEARS);
}

void udp_input(struct stack *s, struct pkt *p)
{
	struct udp_hdr h;
	enum drop_reason why =
		udp_parse(p->data, p->len, p->ip.src, p->ip.dst, p->offload.csum != PKT_CSUM_NONE, &h);

	if (why) {
		refuse(s, p, why);
		return;
	}
	TRACE(s, LAYER_UDP, p, "RFC 768", "%s port %u > %s port %u, %u octets", TEXT_IP(p->ip.src), h.sport,
		TEXT_IP(p->ip.dst), h.dport, h.len - UDP_HDR_LEN);
	pkt_trim(p, h.len);
	if (p->to_group)
		for_many(s, p, &h);
	else
		for_one(s, p, &h);
}
