/* SPDX-License-Identifier: MIT */
/* Segments put together again (as Linux's GRO). */
#include "net/gro.h"

#include "net/wire_ether.h"
#include "net/wire_tcp.h"

#include <linux/virtio_net.h>

enum { IP_LEN_AT = 2, IP_ID_AT = 4, IP_FRAG_AT = 6, IP_CHECK_AT = 10, IP_ADDRS_AT = 12 };
enum { TCP_SEQ_AT = 4, TCP_ACK_AT = 8, TCP_FLAGS_AT = 13, TCP_WND_AT = 14, TCP_URG_AT = 18 };

static uint16_t read16(const uint8_t *b)
{
	return get16(*(const be16 *)b);
}

static bool same(const uint8_t *a, const uint8_t *b, size_t from, size_t to)
{
	return memcmp(a + from, b + from, to - from) == 0;
}

/* And zero is not written as 0xffff, as cutting would not bring that back. */
static bool checksums_are_right(const struct gro *g, const uint8_t *b, size_t len)
{
	struct ip_hdr h;

	return read16(b + g->ip + IP_CHECK_AT) != 0xffff && read16(b + g->tcp + TCP_CHECK_OFFSET) != 0xffff &&
		!ip_parse(b + g->ip, len - g->ip, &h) &&
		tcp_csum(b + g->tcp, len - g->tcp, h.src, h.dst) == 0;
}

/* Everything that is the same in all segments of a super-frame: all but length, ID, checksums, sequence number and PSH. */
static bool same_headers(const struct gro *g, const uint8_t *a, const uint8_t *b)
{
	const uint8_t *a_ip = a + g->ip, *b_ip = b + g->ip, *a_tcp = a + g->tcp, *b_tcp = b + g->tcp;

	return same(a, b, 0, g->ip + IP_LEN_AT) && same(a_ip, b_ip, IP_FRAG_AT, IP_CHECK_AT) &&
		same(a_ip, b_ip, IP_ADDRS_AT, IP_HDR_LEN + TCP_SEQ_AT) &&
		same(a_tcp, b_tcp, TCP_ACK_AT, TCP_FLAGS_AT) &&
		(a_tcp[TCP_FLAGS_AT] | TCP_PSH) == (b_tcp[TCP_FLAGS_AT] | TCP_PSH) &&
		same(a_tcp, b_tcp, TCP_WND_AT, TCP_CHECK_OFFSET) &&
		same(a_tcp, b_tcp, TCP_URG_AT, g->payload - g->tcp);
}

static bool is_next(const struct gro *g, const uint8_t *b, size_t len)
{
	return len > g->payload && len - g->payload <= g->size &&
		(*g->held)->len - g->ip + len - g->payload <= IP_MAX_LEN &&
		read16(b + g->ip + IP_LEN_AT) == len - g->ip && read16(b + g->ip + IP_ID_AT) == g->id &&
		get32(*(const be32 *)(b + g->tcp + TCP_SEQ_AT)) == g->seq &&
		same_headers(g, (*g->held)->data, b) && checksums_are_right(g, b, len);
}

/* The first time: the held frame is verified, as the whole is vouched for, and moves to where there is room. */
static bool make_room(struct gro *g)
{
	struct pkt *p = *g->held;

	if (g->joined)
		return true;
	if (!checksums_are_right(g, p->data, p->len))
		return false;
	p = pkt_grow(p);
	if (!p)
		return false;
	*g->held = p;
	return true;
}

void gro_hold(struct gro *g, struct pkt **held, size_t l2_len)
{
	const struct pkt *p = *held;
	size_t tcp = l2_len + IP_HDR_LEN;
	struct tcp_hdr tcph;
	struct ip_hdr iph;

	*g = (struct gro){0};
	if (p->len <= tcp || (l2_len && read16(p->data + l2_len - 2) != ETHERTYPE_IP))
		return;
	if (ip_peek(p->data + l2_len, p->len - l2_len, &iph) || iph.hdr_len != IP_HDR_LEN ||
		iph.proto != IP_PROTO_TCP || ip_is_fragment(&iph) || l2_len + iph.total_len != p->len)
		return;
	if (tcp_peek(p->data + tcp, p->len - tcp, &tcph) || tcph.flags != TCP_ACK)
		return;
	size_t payload = tcp + tcph.hdr_len, size = p->len - payload;
	if (size == 0)
		return;
	*g = (struct gro){.held = held,
		.ip = l2_len,
		.tcp = tcp,
		.payload = payload,
		.size = size,
		.seq = tcph.seq + (uint32_t)size,
		.id = (uint16_t)(iph.id + 1)};
}

bool gro_join(struct gro *g, const uint8_t *b, size_t len)
{
	if (!g->held || g->is_over || !is_next(g, b, len) || !make_room(g))
		return false;
	struct pkt *p = *g->held;
	size_t n = len - g->payload;
	uint8_t push = b[g->tcp + TCP_FLAGS_AT] & TCP_PSH;
	memcpy(pkt_put(p, n), b + g->payload, n);
	p->data[g->tcp + TCP_FLAGS_AT] |= push;
	g->seq += (uint32_t)n;
	g->id++;
	g->joined++;
	g->is_over = push || n < g->size;
	return true;
}

static void begin_super_frame(struct gro *g)
{
	struct pkt *p = *g->held;
	uint8_t *ip = p->data + g->ip;
	uint16_t was = read16(ip + IP_LEN_AT), is = (uint16_t)(p->len - g->ip);

	*(be16 *)(ip + IP_LEN_AT) = put16(is);
	*(be16 *)(ip + IP_CHECK_AT) = put16(csum_update(read16(ip + IP_CHECK_AT), was, is));
	p->offload = (struct pkt_offload){.csum = PKT_CSUM_OK,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = (uint16_t)g->size,
		.hdr_len = (uint16_t)g->payload};
}

void gro_finish(struct gro *g, struct dev *d)
{
	if (!g->held)
		return;
	if (g->joined > 0) {
		begin_super_frame(g);
		d->stats.rx_packets += g->joined;
		d->stats.rx_bytes += g->joined * g->payload;
	}
	*g = (struct gro){0};
}
