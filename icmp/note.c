/* SPDX-License-Identifier: MIT */
/*
 * Errors that come in about packets of ours (RFC 792; RFC 1122 3.2.2; RFC 1191 3; RFC 4884; RFC 5927).
 *
 * Anybody can send one, so each must quote a packet that this host may have sent: with one of our addresses
 * as source, and at least eight octets behind the header, by which the protocol above finds its own. What is
 * then believed is little: a smaller path MTU for a packet that could not be fragmented, and a better first
 * hop named by the present one.
 */
#include "icmp/internal.h"
#include "lib/text.h"

#include <errno.h>

enum { QUOTED_MIN = 8 /* octets after the IP header (RFC 792) */ };

/* What an error is as errno, and whether it is final: as Linux has them. */
struct meaning {
	int error;
	bool fatal;
};

static const struct meaning unreachables[] = {
	[ICMP_NET_UNREACH] = {ENETUNREACH, false},
	[ICMP_HOST_UNREACH] = {EHOSTUNREACH, false},
	[ICMP_PROT_UNREACH] = {ENOPROTOOPT, true},
	[ICMP_PORT_UNREACH] = {ECONNREFUSED, true},
	[ICMP_FRAG_NEEDED] = {EMSGSIZE, false},
	[ICMP_SR_FAILED] = {EOPNOTSUPP, false},
	[ICMP_NET_UNKNOWN] = {ENETUNREACH, true},
	[ICMP_HOST_UNKNOWN] = {EHOSTDOWN, true},
	[ICMP_HOST_ISOLATED] = {ENONET, true},
	[ICMP_NET_PROHIBITED] = {ENETUNREACH, true},
	[ICMP_HOST_PROHIBITED] = {EHOSTUNREACH, true},
	[ICMP_NET_TOS] = {ENETUNREACH, false},
	[ICMP_HOST_TOS] = {EHOSTUNREACH, false},
	[ICMP_ADMIN_PROHIBITED] = {EHOSTUNREACH, true},
	[ICMP_PRECEDENCE] = {EHOSTUNREACH, true},
	[ICMP_PRECEDENCE_CUTOFF] = {EHOSTUNREACH, true},
};

/* error 0: no such code. */
static struct meaning meaning_of(const struct icmp_hdr *h)
{
	switch (h->type) {
	case ICMP_DEST_UNREACH:
		return h->code < ARRAY_SIZE(unreachables) ? unreachables[h->code] : (struct meaning){0};
	case ICMP_TIME_EXCEEDED:
		return (struct meaning){h->code <= ICMP_REASSEMBLY_TIMEOUT ? EHOSTUNREACH : 0, false};
	case ICMP_REDIRECT:
		return (struct meaning){h->code <= ICMP_REDIRECT_TOS_HOST ? EREMOTEIO : 0, false};
	default:
		return (struct meaning){EPROTO, true}; /* parameter problem */
	}
}

/* Reads the quoted packet and what the error means into *note, whose `quoted` is to point to *quoted.
 * DROP_NONE, or what is wrong. */
static enum drop_reason read_error(struct stack *s, const struct pkt *p, const struct icmp_hdr *h,
	struct ip_hdr *quoted, struct icmp_note *note)
{
	const uint8_t *quote = p->data + ICMP_HDR_LEN;
	size_t len = icmp_quote_len(p->data, p->len), least = QUOTED_MIN;
	struct meaning m = meaning_of(h);

	if (!m.error)
		return DROP_ICMP_UNKNOWN_TYPE;
	if (!ip_parse_quote(quote, len, quoted))
		return DROP_ICMP_BAD_QUOTE;
	least = MIN(least, (size_t)(quoted->total_len - quoted->hdr_len));
	if (len - quoted->hdr_len < least)
		return DROP_ICMP_BAD_QUOTE;
	if (ip_addr_kind(s, quoted->src) != IP_ADDR_LOCAL)
		return DROP_ICMP_QUOTE_NOT_OURS;
	*note = (struct icmp_note){
		.type = h->type,
		.code = h->code,
		.from = p->ip.src,
		.quoted = quoted,
		.payload = quote + quoted->hdr_len,
		.payload_len = len - quoted->hdr_len,
		.error = m.error,
		.fatal = m.fatal,
		.pkt = p,
	};
	return DROP_NONE;
}

static void hand_up(struct stack *s, struct pkt *p, const struct icmp_note *note)
{
	char text[80];

	TRACE(s, LAYER_ICMP, p, "RFC 1122 3.2.2", "%s says: %s, about our packet to %s (protocol %u)",
		TEXT_IP(note->from), icmp_describe(text, sizeof(text), note->type, note->code, note->info),
		TEXT_IP(note->quoted->dst), note->quoted->proto);
	ip_note(s, note);
	pkt_done(p);
}

/* RFC 1191 3, 5: the next-hop MTU, or for an old router (0) what the table of plateaus makes of it. A packet
 * that might have been fragmented, or that was no larger, proves the error false. TCP knows better what it
 * sent, and decides for itself (RFC 5927 7.2). */
static uint32_t learn_path_mtu(struct stack *s, const struct icmp_hdr *h, const struct ip_hdr *quoted)
{
	uint32_t mtu = icmp_mtu(h), estimate;

	if (!quoted->df || mtu >= quoted->total_len || quoted->proto == IP_PROTO_TCP)
		return mtu;
	estimate = route_pmtu_update(s, quoted->dst, mtu, quoted->total_len);
	TRACE(s, LAYER_ICMP, NULL, "RFC 1191 3", "path MTU to %s is %u now (told: %u)", TEXT_IP(quoted->dst),
		estimate, mtu);
	return mtu ? mtu : estimate;
}

void error_input(struct stack *s, struct pkt *p, const struct icmp_hdr *h)
{
	struct ip_hdr quoted;
	struct icmp_note note;
	enum drop_reason why = read_error(s, p, h, &quoted, &note);

	if (why) {
		icmp_drop(s, p, why);
		return;
	}
	if (h->type == ICMP_PARAM_PROBLEM)
		note.info = icmp_pointer(h);
	else if (h->type == ICMP_DEST_UNREACH && h->code == ICMP_FRAG_NEEDED)
		note.info = learn_path_mtu(s, h, &quoted);
	hand_up(s, p, &note);
}

/* ---- redirects ---- */

struct gateway_search {
	uint32_t gateway;
	bool found;
};

static void compare_gateway(void *ctx, const struct route *r)
{
	struct gateway_search *search = ctx;

	search->found |= r->gateway == search->gateway;
}

static bool is_known_gateway(struct stack *s, uint32_t addr)
{
	struct gateway_search search = {.gateway = addr};

	route_each(s, false, compare_gateway, &search);
	return search.found;
}

/* As in Linux, a link that carries several subnets (shared_media) knows no list of gateways. */
static bool gateway_is_secure(struct stack *s, const struct netif *n, uint32_t gateway)
{
	return netif_conf(n, CONF_SHARED_MEDIA) || !netif_conf(n, CONF_SECURE_REDIRECTS) ||
		is_known_gateway(s, gateway);
}

static bool is_first_hop(struct stack *s, const struct netif *n, uint32_t addr, const struct ip_hdr *quoted)
{
	struct route_key key = {.dst = quoted->dst, .src = quoted->src, .tos = quoted->tos};
	struct route_path path;

	return route_lookup(s, &key, &path) == 0 && path.type == ROUTE_UNICAST && path.netif == n &&
		path.nexthop == addr && addr != quoted->dst;
}

/* Why the redirect is not believed, or NULL (RFC 1122 3.2.2.2). `n`: what it came by. */
static const char *why_not(struct stack *s, const struct netif *n, const struct icmp_note *note)
{
	uint32_t gateway = note->info;

	if (!netif_conf(n, CONF_ACCEPT_REDIRECTS))
		return "sysctl accept_redirects is off";
	if (!is_first_hop(s, n, note->from, note->quoted))
		return "its sender is not the present first hop";
	if (gateway == note->from || ip_addr_kind(s, gateway) != IP_ADDR_UNICAST)
		return "the new gateway is no other host";
	if (!s->onlink(n, gateway))
		return "the new gateway is not on this link";
	if (!gateway_is_secure(s, n, gateway))
		return "the new gateway is in no route (sysctl secure_redirects)";
	return NULL;
}

/* Redirects for a net are taken for its one host (RFC 1122 3.2.2.2). */
void redirect_input(struct stack *s, struct pkt *p, const struct icmp_hdr *h)
{
	struct ip_hdr quoted;
	struct icmp_note note;
	enum drop_reason why = read_error(s, p, h, &quoted, &note);

	if (why) {
		icmp_drop(s, p, why);
		return;
	}
	note.info = h->rest;
	const char *refused = why_not(s, p->dev->netif, &note);
	if (refused) {
		TRACE(s, LAYER_ICMP, p, "RFC 1122 3.2.2.2", "redirect to %s not believed: %s",
			TEXT_IP(note.info), refused);
		stack_drop(s, p, DROP_ICMP_REDIRECT_IGNORED);
		return;
	}
	TRACE(s, LAYER_ICMP, p, "RFC 1122 3.2.2.2", "packets to %s go by %s now", TEXT_IP(quoted.dst),
		TEXT_IP(note.info));
	route_redirect(s, quoted.dst, note.info, p->dev->netif);
	hand_up(s, p, &note);
}
