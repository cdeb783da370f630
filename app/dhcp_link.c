/* SPDX-License-Identifier: MIT */
/* DHCP on a device. */
#include "app/dhcp_link.h"

#include "net/stack.h"
#include "net/wire_ether.h"
#include "net/wire_udp.h"

#include <errno.h>

enum {
	TTL = 64,
	FRAME_MAX = ETHER_HDR_LEN + IP_HDR_MAX + UDP_HDR_LEN + DHCP_MAX_LEN,
	QUEUE_BYTES = 256 << 10
};

/* ---- hearing ---- */

/* Is this frame a datagram to our port? The rest is looked at when it is read. */
static bool is_wanted(const struct pkt *p, void *ctx)
{
	const struct dhcp_link *l = ctx;
	const uint8_t *b = p->data + ETHER_HDR_LEN;
	size_t hdr_len;

	if (p->type == PKT_OTHERHOST || p->len < ETHER_HDR_LEN + IP_HDR_LEN + UDP_HDR_LEN)
		return false;
	hdr_len = (size_t)(b[0] & 15) * 4;
	return b[9] == IP_PROTO_UDP && ETHER_HDR_LEN + hdr_len + UDP_HDR_LEN <= p->len &&
		get16(*(const be16 *)(b + hdr_len + 2)) == l->port;
}

/* A fragment is none of ours: what DHCP says fits into one packet. */
static void take_frame(struct dhcp_link *l, const uint8_t *frame, size_t len, struct sock_msg *from)
{
	const uint8_t *b = frame + ETHER_HDR_LEN;
	struct ip_hdr ip;
	struct udp_hdr udp;

	if (len < ETHER_HDR_LEN || ip_parse(b, len - ETHER_HDR_LEN, &ip) != DROP_NONE || ip_is_fragment(&ip))
		return;
	b += ip.hdr_len;
	if (udp_parse(b, (size_t)ip.total_len - ip.hdr_len, ip.src, ip.dst, false, &udp) != DROP_NONE)
		return;
	memcpy(from->from.mac.b, frame + 6, 6);
	from->from.ip = ip.src;
	from->from.port = udp.sport;
	from->dst = ip.dst;
	l->received(l->ctx, b + UDP_HDR_LEN, udp.len - (size_t)UDP_HDR_LEN, from);
}

static bool is_gone(const struct dhcp_link *l, const struct sock *sk)
{
	return !sk->stack || !dev_by_index(sk->stack, l->ifindex);
}

/* A device that went down may come up again. */
static void on_packet(struct sock *sk, unsigned events, void *ctx)
{
	struct dhcp_link *l = ctx;
	uint8_t frame[FRAME_MAX];
	struct sock_msg from;
	ssize_t n;

	(void)events;
	while ((n = sock_recv(sk, frame, sizeof(frame), 0, &from)) >= 0 || n == -ENETDOWN)
		if (n >= 0)
			take_frame(l, frame, MIN((size_t)n, sizeof(frame)), &from);
	if (is_gone(l, sk))
		l->gone(l->ctx, ENODEV);
}

/* The packet socket has heard all of it. Errors that ICMP told of are forgotten: who is not there does not answer. */
static void on_udp(struct sock *sk, unsigned events, void *ctx)
{
	ssize_t n;

	(void)events;
	(void)ctx;
	do
		n = sock_recv(sk, NULL, 0, 0, NULL);
	while (n != -EAGAIN && n != -ENODEV);
}

/* ---- sending ---- */

int dhcp_link_send_frame(
	struct dhcp_link *l, struct mac to, uint32_t src, uint32_t dst, const uint8_t *msg, size_t len)
{
	uint8_t frame[FRAME_MAX], *ip = frame + ETHER_HDR_LEN, *udp = ip + IP_HDR_LEN;
	uint16_t udp_len = (uint16_t)(UDP_HDR_LEN + len);
	struct udp_hdr u = {.sport = l->port, .dport = l->peer_port, .len = udp_len};
	struct ip_hdr h = {.src = src,
		.dst = dst,
		.total_len = (uint16_t)(IP_HDR_LEN + udp_len),
		.hdr_len = IP_HDR_LEN,
		.ttl = TTL,
		.proto = IP_PROTO_UDP};
	ssize_t n;

	ether_emit(frame, &(struct ether_hdr){.dst = to, .src = l->mac, .type = ETHERTYPE_IP});
	ip_emit(ip, &h);
	memcpy(udp + UDP_HDR_LEN, msg, len);
	udp_emit(udp, &u);
	u.check = csum_finish(csum_add(csum_pseudo(src, dst, IP_PROTO_UDP, udp_len), udp, udp_len));
	u.check = u.check ? u.check : 0xffff;
	udp_emit(udp, &u);
	n = sock_send(l->packet, frame, ETHER_HDR_LEN + (size_t)h.total_len, 0,
		&(struct sock_addr){.ifindex = l->ifindex, .mac = to});
	return n < 0 ? (int)n : 0;
}

int dhcp_link_send(struct dhcp_link *l, uint32_t dst, const uint8_t *msg, size_t len)
{
	ssize_t n = sock_send(l->udp, msg, len, 0, &(struct sock_addr){.ip = dst, .port = l->peer_port});

	return n < 0 ? (int)n : 0;
}

/* ---- opening and closing ---- */

static int open_packet(struct dhcp_link *l, struct stack *s)
{
	struct sock_addr at = {.ifindex = l->ifindex, .ethertype = ETHERTYPE_IP};
	int err;

	l->packet = sock_open(s, SOCK_KIND_PACKET, 0);
	if (!l->packet)
		return -errno;
	err = sock_set_filter(l->packet, is_wanted, l);
	return err ? err : sock_bind(l->packet, &at);
}

/* Each device of a host may have its own client. */
static int open_udp(struct dhcp_link *l, struct stack *s)
{
	struct sock_addr at = {.port = l->port};
	int err;

	l->udp = sock_open(s, SOCK_DGRAM, IP_PROTO_UDP);
	if (!l->udp)
		return -errno;
	err = sock_set(l->udp, SO_OPT_BINDTODEVICE, l->ifindex);
	return err ? err : sock_bind(l->udp, &at);
}

int dhcp_link_open(struct dhcp_link *l, struct stack *s, int ifindex, struct mac mac, uint16_t port,
	uint16_t peer_port, const char **step)
{
	int err;

	l->ifindex = ifindex;
	l->mac = mac;
	l->port = port;
	l->peer_port = peer_port;
	*step = "packet socket";
	err = open_packet(l, s);
	if (!err) {
		*step = "bind";
		err = open_udp(l, s);
	}
	if (err) {
		dhcp_link_close(l);
		return err;
	}
	sock_on_event(l->packet, on_packet, l);
	sock_on_event(l->udp, on_udp, l);
	return 0;
}

void dhcp_link_close(struct dhcp_link *l)
{
	if (l->packet)
		sock_close(l->packet);
	if (l->udp)
		sock_close(l->udp);
	l->packet = l->udp = NULL;
}
