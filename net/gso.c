/* SPDX-License-Identifier: MIT */
/* Super-frames: are they what they say, and what they are cut into. */
#include "net/gso.h"

#include "net/dev.h"
#include "net/wire_ether.h"
#include "net/wire_tcp.h"

/* As many as there may be devices on each other. */
enum { TAGS_MAX = DEV_NEST_MAX };

/* Where things are in a super-frame, from its link header on. */
struct layout {
	size_t ip, tcp, payload;
	struct ip_hdr iph;
	struct tcp_hdr tcph;
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

/* False: no whole TCP segment over IPv4. */
static bool find_headers(const struct pkt *p, struct layout *at)
{
	at->ip = find_network(p);
	if (at->ip > p->len || ip_parse(p->data + at->ip, p->len - at->ip, &at->iph))
		return false;
	if (at->iph.proto != IP_PROTO_TCP || ip_is_fragment(&at->iph) || at->ip + at->iph.total_len != p->len)
		return false;
	at->tcp = at->ip + at->iph.hdr_len;
	if (tcp_peek(p->data + at->tcp, p->len - at->tcp, &at->tcph))
		return false;
	at->payload = at->tcp + at->tcph.hdr_len;
	return true;
}

static bool is_tcp(const struct pkt_offload *o)
{
	return (o->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4 && o->gso_size;
}

/* Some network cards put segments together after they have verified them; the sum of the whole is then
 * nobody's, and is begun anew. */
static enum drop_reason check_super_frame(struct pkt *p)
{
	struct pkt_offload *o = &p->offload;
	struct layout at;

	if (!is_tcp(o) || o->csum == PKT_CSUM_NONE || !find_headers(p, &at))
		return DROP_DEV_BAD_OFFLOAD;
	if (o->csum == PKT_CSUM_PARTIAL && (o->csum_start != at.tcp || o->csum_offset != TCP_CHECK_OFFSET))
		return DROP_DEV_BAD_OFFLOAD;
	o->hdr_len = (uint16_t)at.payload;
	if (o->csum == PKT_CSUM_OK) {
		p->ip = at.iph;
		csum_begin(p, (uint16_t)at.tcp, TCP_CHECK_OFFSET);
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

/* The segment whose payload begins `done` bytes behind that of the super-frame; NULL: no memory. */
static struct pkt *segment(const struct pkt *p, const struct layout *at, size_t done, uint16_t number)
{
	size_t left = p->len - at->payload - done, len = MIN(left, (size_t)p->offload.gso_size);
	struct pkt *seg = pkt_child(p, at->payload + len);
	struct tcp_hdr h = at->tcph;

	if (!seg)
		return NULL;
	uint8_t *b = pkt_put(seg, at->payload + len);
	memcpy(b, p->data, at->payload);
	memcpy(b + at->payload, p->data + at->payload + done, len);
	seg->offload = (struct pkt_offload){0};
	seg->ip = at->iph;
	seg->ip.total_len = (uint16_t)(seg->len - at->ip);
	seg->ip.id = (uint16_t)(at->iph.id + number);
	ip_emit(b + at->ip, &seg->ip);
	h.seq += (uint32_t)done;
	h.flags &= (uint16_t) ~((done ? TCP_CWR : 0) | (len < left ? TCP_FIN | TCP_PSH : 0));
	h.check = 0;
	tcp_emit(b + at->tcp, &h);
	tcp_put_check(b + at->tcp, tcp_csum(b + at->tcp, seg->len - at->tcp, at->iph.src, at->iph.dst));
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

	if (!is_tcp(&p->offload) || !find_headers(p, &at))
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
