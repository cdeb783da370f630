/* SPDX-License-Identifier: MIT */
/* Super-frames: are they what they say, and what they are cut into. */
#include "net/gso.h"

#include "net/dev.h"
#include "net/wire_ether.h"
#include "net/wire_ip6.h"
#include "net/wire_tcp.h"
#include "net/wire_udp.h"

/* As many as there may be devices on each other. */
enum { TAGS_MAX = DEV_NEST_MAX };

/* Where things are in a super-frame, from its link header on. */
struct layout {
	uint8_t proto; /* TCP or UDP */
	bool is_ip6;   /* UDP alone: it goes on as it is, though no host here hears it */
	size_t ip, transport, payload;
	struct ip_hdr iph;   /* where it is IPv4 */
	struct tcp_hdr tcph; /* where it is TCP, */
	struct udp_hdr udph; /* or UDP */
};

/* Where the network header is, behind VLAN tags if there are any. Past the end: nowhere. */
static size_t find_network(const struct pkt *p)
{
	size_t at = p->l2_len;

	for (int tags = 0; at >= ETHER_HDR_LEN && at <= p->len && tags < TAGS_MAX; tags++) {
		if (!ether_is_tagged(get16(*(const be16 *)(p->data + at - 2))))
			break;
		at += VLAN_TAG_LEN;
	}
	return at;
}

/* What the offload fields say that it is; 0: nothing known. */
static uint8_t proto_of(const struct pkt_offload *o)
{
	if (!o->gso_size)
		return 0;
	if (o->gso_type == VIRTIO_NET_HDR_GSO_UDP_L4)
		return IP_PROTO_UDP;
	return (o->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4 ? IP_PROTO_TCP : 0;
}

static bool find_transport(const struct pkt *p, struct layout *at)
{
	const uint8_t *b = p->data + at->ip;
	size_t len = p->len - at->ip;
	struct ip6_hdr ip6;

	at->is_ip6 = at->proto == IP_PROTO_UDP && ip6_peek(b, len, &ip6);
	if (at->is_ip6) {
		at->transport = at->ip + IP6_HDR_LEN;
		return ip6.next == at->proto && IP6_HDR_LEN + (size_t)ip6.payload_len == len;
	}
	if (ip_parse(b, len, &at->iph) || at->iph.proto != at->proto)
		return false;
	at->transport = at->ip + at->iph.hdr_len;
	return !ip_is_fragment(&at->iph) && at->iph.total_len == len;
}

static bool find_payload(const struct pkt *p, struct layout *at)
{
	const uint8_t *b = p->data + at->transport;
	size_t len = p->len - at->transport;

	if (at->proto == IP_PROTO_UDP) {
		at->payload = at->transport + UDP_HDR_LEN;
		return udp_peek(b, len, &at->udph) && at->udph.len == len;
	}
	if (tcp_peek(b, len, &at->tcph))
		return false;
	at->payload = at->transport + at->tcph.hdr_len;
	return true;
}

/* False: not, as a whole, what the offload fields say. */
static bool find_headers(const struct pkt *p, struct layout *at)
{
	at->proto = proto_of(&p->offload);
	at->ip = find_network(p);
	return at->proto && at->ip <= p->len && find_transport(p, at) && find_payload(p, at);
}

static uint16_t check_offset(const struct layout *at)
{
	return at->proto == IP_PROTO_UDP ? UDP_CHECK_OFFSET : TCP_CHECK_OFFSET;
}

/* Some network cards put segments together after they have verified them; the sum of the whole is then
 * nobody's, and is begun anew. */
static enum drop_reason check_super_frame(struct pkt *p)
{
	struct pkt_offload *o = &p->offload;
	struct layout at;

	if (!find_headers(p, &at) || o->csum == PKT_CSUM_NONE || (o->csum == PKT_CSUM_OK && at.is_ip6))
		return DROP_DEV_BAD_OFFLOAD;
	if (o->csum == PKT_CSUM_PARTIAL &&
		(o->csum_start != at.transport || o->csum_offset != check_offset(&at)))
		return DROP_DEV_BAD_OFFLOAD;
	o->hdr_len = (uint16_t)at.payload;
	if (o->csum == PKT_CSUM_OK) {
		p->ip = at.iph;
		csum_begin(p, (uint16_t)at.transport, check_offset(&at));
	}
	return DROP_NONE;
}

enum drop_reason gso_check(struct pkt *p)
{
	const struct pkt_offload *o = &p->offload;

	if (o->gso_type)
		return check_super_frame(p);
	if (o->csum != PKT_CSUM_PARTIAL)
		return DROP_NONE;
	/* Not in the link header: that may become shorter. */
	bool inside =
		o->csum_start >= find_network(p) && (size_t)o->csum_start + o->csum_offset + 2 <= p->len;
	return inside ? DROP_NONE : DROP_DEV_BAD_OFFLOAD;
}

static void emit_ip(struct pkt *seg, const struct layout *at, uint16_t number)
{
	uint8_t *b = seg->data + at->ip;

	if (at->is_ip6) {
		ip6_put_payload_len(b, (uint16_t)(seg->len - at->transport));
		return;
	}
	seg->ip = at->iph;
	seg->ip.total_len = (uint16_t)(seg->len - at->ip);
	seg->ip.id = (uint16_t)(at->iph.id + number);
	ip_emit(b, &seg->ip);
}

static void emit_tcp(struct pkt *seg, const struct layout *at, size_t done, bool last)
{
	uint8_t *b = seg->data + at->transport;
	struct tcp_hdr h = at->tcph;

	h.seq += (uint32_t)done;
	h.flags &= (uint16_t) ~((done ? TCP_CWR : 0) | (last ? 0 : TCP_FIN | TCP_PSH));
	h.check = 0;
	tcp_emit(b, &h);
	tcp_put_check(b, tcp_csum(b, seg->len - at->transport, at->iph.src, at->iph.dst));
}

static void emit_udp(struct pkt *seg, const struct layout *at)
{
	uint16_t len = (uint16_t)(seg->len - at->transport);
	uint64_t pseudo = at->is_ip6 ? ip6_pseudo(seg->data + at->ip, IP_PROTO_UDP, len)
				     : csum_pseudo(at->iph.src, at->iph.dst, IP_PROTO_UDP, len);
	struct udp_hdr h = at->udph;

	h.len = len;
	h.check = (uint16_t)~csum_finish(pseudo);
	udp_emit(seg->data + at->transport, &h);
	seg->offload.csum = PKT_CSUM_PARTIAL;
	seg->offload.csum_start = (uint16_t)at->transport;
	seg->offload.csum_offset = UDP_CHECK_OFFSET;
	csum_complete(seg);
}

/* The piece whose payload begins `done` bytes behind that of the super-frame; NULL: no memory. */
static struct pkt *segment(const struct pkt *p, const struct layout *at, size_t done, uint16_t number)
{
	size_t left = p->len - at->payload - done, len = MIN(left, (size_t)p->offload.gso_size);
	struct pkt *seg = pkt_child(p, at->payload + len);

	if (!seg)
		return NULL;
	memcpy(pkt_put(seg, at->payload), p->data, at->payload);
	memcpy(pkt_put(seg, len), p->data + at->payload + done, len);
	seg->offload = (struct pkt_offload){0};
	emit_ip(seg, at, number);
	if (at->proto == IP_PROTO_TCP)
		emit_tcp(seg, at, done, len == left);
	else
		emit_udp(seg, at);
	return seg;
}

static void free_all(struct list *segments)
{
	list_each_safe(seg, segments, struct pkt, node) {
		list_del(&seg->node);
		pkt_free(seg);
	}
}

enum drop_reason gso_segment(const struct pkt *p, struct list *out)
{
	uint16_t number = 0;
	struct layout at;

	if (!find_headers(p, &at))
		return DROP_DEV_BAD_OFFLOAD;
	for (size_t done = 0; !done || at.payload + done < p->len; done += p->offload.gso_size) {
		struct pkt *seg = segment(p, &at, done, number++);
		if (!seg) {
			free_all(out);
			return DROP_NO_MEMORY;
		}
		list_add_tail(out, &seg->node);
	}
	return DROP_NONE;
}
