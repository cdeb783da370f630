/* SPDX-License-Identifier: MIT */
/* A datagram goes out (RFC 768, RFC 1122 4.1.3, RFC 8085 3): always with a checksum. */
#include "net/gso.h"
#include "udp/internal.h"

#include <errno.h>

enum { SEGMENTS_MAX = 128 /* datagrams of one call, as with Linux (UDP_MAX_SEGMENTS) */ };

static bool is_segmented(const struct sock *sk, size_t len)
{
	uint16_t segment = udp_sock(sk)->segment;

	return segment && len > segment;
}

static int check(const struct sock *sk, const struct sock_addr *peer, size_t len, int flags)
{
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!peer->ip)
		return -EDESTADDRREQ;
	if (!peer->port) /* RFC 768: 0 as source port means that there is none to answer to */
		return -EINVAL;
	if (len > (size_t)IP_MAX_LEN - IP_HDR_LEN - sock_opts_len(sk) - UDP_HDR_LEN)
		return -EMSGSIZE;
	return is_segmented(sk, len) && len > (size_t)SEGMENTS_MAX * udp_sock(sk)->segment ? -EINVAL : 0;
}

static struct ip_send wishes(const struct udp_sock *u, const struct sock_addr *peer)
{
	struct ip_send how = ip_sock_send(&u->sk, peer->ip, IP_PROTO_UDP, peer->ifindex);

	how.csum_offset = UDP_CHECK_OFFSET;
	if (ip_is_multicast(peer->ip)) {
		how.ttl = u->mc_ttl;
		how.no_loop = !u->mc_loop;
		how.oif = how.oif ? how.oif : u->mc_if;
	}
	return how;
}

static struct pkt *datagram(struct sock *sk, uint16_t dport, const void *data, size_t len)
{
	struct udp_hdr h = {
		.sport = sk->extra->local.port, .dport = dport, .len = (uint16_t)(UDP_HDR_LEN + len)};
	struct pkt *p = stack_pkt(sk->stack, UDP_HDR_LEN + len);

	if (!p)
		return NULL;
	if (is_segmented(sk, len)) {
		p->offload.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
		p->offload.gso_size = udp_sock(sk)->segment;
		p->offload.hdr_len = UDP_HDR_LEN;
	}
	udp_emit(pkt_put(p, UDP_HDR_LEN), &h);
	if (len)
		memcpy(pkt_put(p, len), data, len);
	return p;
}

ssize_t udp_send(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to)
{
	struct sock_addr peer = to ? *to : sock_addr_of(sk->extra->peer);
	struct stack *s = sk->stack;
	int err = check(sk, &peer, len, flags);

	if (!err)
		err = udp_autobind(udp_sock(sk));
	if (err)
		return err;
	struct ip_send how = wishes(udp_sock(sk), &peer);
	how.whole = is_segmented(sk, len); /* what is cut is not fragmented besides */
	struct pkt *p = datagram(sk, peer.port, data, len);
	if (!p) {
		mib_inc(s, MIB_UdpSndbufErrors);
		return -ENOBUFS;
	}
	TRACE(s, LAYER_UDP, p, "RFC 768", "port %u > %s port %u, %zu octets", sk->extra->local.port,
		TEXT_IP(how.dst), peer.port, len);
	err = ip_sock_result(sk, ip_output(s, p, &how), how.dst, 0);
	if (err)
		return err;
	mib_inc(s, MIB_UdpOutDatagrams);
	return (ssize_t)len;
}
