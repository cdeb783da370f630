/* SPDX-License-Identifier: MIT */
/*
 * Errors that this host sends: whether one may be sent at all, and what it says (RFC 792; RFC 1122 3.2.2;
 * RFC 1812 4.3.2). Redirects go the same way.
 */
#include "icmp/internal.h"
#include "lib/text.h"

enum {
	ERROR_MAX = 576,  /* octets of the whole error, IP header included (RFC 1812 4.3.2.3) */
	ERROR_TOS = 0xc0, /* precedence internetwork control, TOS 0 (RFC 1812 4.3.2.5, RFC 1122 3.2.2) */
};

/* "a source address that does not define a single host -- e.g., a zero address, a loopback address, a
 * broadcast address, a multicast address, or a Class E address". Over loopback, loopback is a host. */
static bool source_is_one_host(const struct stack *s, const struct pkt *p)
{
	enum ip_addr_kind kind = ip_addr_kind(s, p->ip.src);

	if (ip_is_loopback(p->ip.src) && p->dev && p->dev->type != DEV_LOOPBACK)
		return false;
	return kind == IP_ADDR_LOCAL || (kind == IP_ADDR_UNICAST && !ip_is_zeronet(p->ip.src));
}

/* An ICMP message that is an error, or may be one: its type is unknown or missing. */
static bool may_be_icmp_error(const struct pkt *p)
{
	struct icmp_hdr h;

	if (p->ip.proto != IP_PROTO_ICMP)
		return false;
	if (p->len < p->ip.hdr_len || icmp_peek(p->data + p->ip.hdr_len, p->len - p->ip.hdr_len, &h))
		return true;
	return icmp_is_error(h.type) || h.type > ICMP_MASK_REPLY;
}

/* By its link or its IP address; IP may not have come to ask. */
static bool was_sent_to_many(const struct stack *s, const struct pkt *p)
{
	enum ip_addr_kind kind = ip_addr_kind(s, p->ip.dst);

	return p->type == PKT_BROADCAST || p->type == PKT_MULTICAST || kind == IP_ADDR_BROADCAST ||
		kind == IP_ADDR_MULTICAST;
}

/* Why nothing may be sent about this packet, or NULL (RFC 1122 3.2.2, RFC 1812 4.3.2.7). */
static const char *why_silent(const struct stack *s, const struct pkt *p)
{
	if (may_be_icmp_error(p))
		return "it is an ICMP error itself";
	if (was_sent_to_many(s, p))
		return "it was sent to more than one host";
	if (p->ip.frag_off)
		return "it is not the first fragment";
	if (!source_is_one_host(s, p))
		return "its source is not one host";
	return NULL;
}

/* RFC 1812 4.3.2.4. 0: the address of the device the error leaves by. What waited for a neighbour has `dev`
 * set to where it was to go. */
static uint32_t error_source(const struct stack *s, const struct pkt *p)
{
	if (ip_addr_kind(s, p->ip.dst) == IP_ADDR_LOCAL)
		return p->ip.dst;
	const struct dev *inbound =
		s->sysctl[SYSCTL_ICMP_ERRORS_USE_INBOUND_IFADDR] ? dev_by_index(s, p->ifindex) : NULL;
	return inbound ? netif_source(inbound->netif, p->ip.src, SCOPE_LINK) : 0;
}

/* The message, with as much of the packet as fits, or NULL. */
static struct pkt *make_error(struct stack *s, const struct pkt *about, struct ip_reject why)
{
	struct icmp_hdr h = {.type = why.type, .code = why.code, .rest = why.info};
	size_t quoted = MIN(about->len, (size_t)ERROR_MAX - IP_HDR_LEN - ICMP_HDR_LEN);
	struct pkt *p = stack_pkt(s, ICMP_HDR_LEN + quoted);

	if (!p)
		return NULL;
	uint8_t *b = pkt_put(p, ICMP_HDR_LEN + quoted);
	memcpy(b + ICMP_HDR_LEN, about->data, quoted);
	icmp_emit(b, ICMP_HDR_LEN + quoted, &h);
	p->parent = about->id;
	return p;
}

void icmp_reject(struct stack *s, const struct pkt *p, struct ip_reject why)
{
	struct ip_send how = {
		.dst = p->ip.src, .src = error_source(s, p), .proto = IP_PROTO_ICMP, .tos = ERROR_TOS};
	const char *silent = why_silent(s, p);
	char text[80];

	if (silent) {
		TRACE(s, LAYER_ICMP, p, "RFC 1122 3.2.2", "no \"%s\" about it: %s",
			icmp_describe(text, sizeof(text), why.type, why.code, 0), silent);
		return;
	}
	if (!limit_allows(s, how.dst, why.type, why.code)) {
		TRACE(s, LAYER_ICMP, p, "RFC 1812 4.3.2.8", "no \"%s\" about it: rate limit",
			icmp_describe(text, sizeof(text), why.type, why.code, 0));
		stack_count_drop(s, DROP_ICMP_RATE_LIMITED);
		return;
	}
	struct pkt *error = make_error(s, p, why);
	if (error)
		icmp_output(s, error, &how);
}
