/* SPDX-License-Identifier: MIT */
/* Of IPv6 what a line needs: kernels talk it at the other end of our devices. */
#include "shell/dump_part.h"

#include "net/wire_ip6.h"

static const char *text_ip6(char out[INET6_ADDRSTRLEN], const uint8_t *addr)
{
	return inet_ntop(AF_INET6, addr, out, INET6_ADDRSTRLEN);
}

/* A header of options may stand in front of what they are for. False: it is cut off. */
static bool skip_options(struct dump *d, struct span *s, uint8_t *next)
{
	uint32_t len;

	if (*next != IP6_NEXT_HOP_BY_HOP)
		return true;
	len = s->have < 2 ? 8 : (s->at[1] + 1u) * 8;
	if (len > s->have) {
		dump_cut(d, "hbhopt");
		return false;
	}
	*next = s->at[0];
	*s = span_skip(*s, len);
	return true;
}

static const char *header_name(uint8_t next)
{
	static const struct dump_name names[] = {{IP6_NEXT_HOP_BY_HOP, "Options"}, {IP_PROTO_TCP, "TCP"},
		{IP_PROTO_UDP, "UDP"}, {IP6_NEXT_ICMP, "ICMPv6"}, {0}};
	const char *name = dump_name(names, next);

	return name ? name : "unknown";
}

void dump_ip6(struct dump *d, struct span s)
{
	struct dump_ends e = {.v6 = true};
	struct ip6_hdr h;
	uint8_t next;

	if (!ip6_peek(s.at, s.have, &h)) {
		dump_cut(d, "ip6");
		return;
	}
	if (!d->o.link)
		buf_puts(d->out, "IP6 ");
	if (h.payload_len > s.len - IP6_HDR_LEN)
		buf_printf(d->out, "truncated-ip6 - %u bytes missing!", h.payload_len + IP6_HDR_LEN - s.len);
	if (d->o.verbose)
		buf_printf(d->out, "(hlim %u, next-header %s (%u) payload length: %u) ", h.hop_limit,
			header_name(h.next), h.next, h.payload_len);
	text_ip6(e.src, h.src);
	text_ip6(e.dst, h.dst);
	memcpy(e.addrs[0], h.src, IP6_ADDR_LEN);
	memcpy(e.addrs[1], h.dst, IP6_ADDR_LEN);
	next = h.next;
	s = span_first(span_skip(s, IP6_HDR_LEN), h.payload_len);
	if (next == IP6_NEXT_HOP_BY_HOP) {
		buf_printf(d->out, "%s > %s: ", e.src, e.dst);
		if (!skip_options(d, &s, &next))
			return;
		buf_puts(d->out, "HBH ");
		if (next == IP6_NEXT_ICMP) {
			dump_icmp6(d, &e, s);
			return;
		}
	}
	dump_transport(d, &e, s, next);
}

/* ---- ICMPv6 ---- */

static const struct dump_name types[] = {
	{1, "destination unreachable"},
	{2, "packet too big"},
	{3, "time exceeded in-transit"},
	{4, "parameter problem"},
	{ICMP6_ECHO, "echo request"},
	{ICMP6_ECHO_REPLY, "echo reply"},
	{ICMP6_ROUTER_SOLICIT, "router solicitation"},
	{ICMP6_ROUTER_ADVERT, "router advertisement"},
	{ICMP6_NEIGHBOR_SOLICIT, "neighbor solicitation"},
	{ICMP6_NEIGHBOR_ADVERT, "neighbor advertisement"},
	{ICMP6_REPORT2, "multicast listener report v2"},
	{0},
};

/* What stands behind the first four octets. False: it is cut off. */
static bool print_body(struct dump *d, struct span s)
{
	const be16 *words = (const be16 *)s.at;
	char text[INET6_ADDRSTRLEN];
	uint8_t type = s.at[0];

	switch (type) {
	case ICMP6_ECHO:
	case ICMP6_ECHO_REPLY:
		if (s.have < 8)
			return false;
		buf_printf(d->out, ", id %u, seq %u", get16(words[2]), get16(words[3]));
		return true;
	case ICMP6_NEIGHBOR_SOLICIT:
	case ICMP6_NEIGHBOR_ADVERT:
		if (s.have < 8 + IP6_ADDR_LEN)
			return false;
		buf_printf(d->out, type == ICMP6_NEIGHBOR_SOLICIT ? ", who has %s" : ", tgt is %s",
			text_ip6(text, s.at + 8));
		return true;
	case ICMP6_REPORT2:
		if (s.have < 8)
			return false;
		buf_printf(d->out, ", %u group record(s)", get16(words[3]));
		return true;
	default:
		return true;
	}
}

void dump_icmp6(struct dump *d, const struct dump_ends *e, struct span s)
{
	const char *name = s.have < 4 ? NULL : dump_name(types, s.at[0]);

	if (s.have < 4) {
		dump_cut(d, "icmp6");
		return;
	}
	if (d->o.verbose && !d->o.unchecked && span_is_whole(s)) {
		uint16_t found = get16(*(const be16 *)(s.at + 2)), sum = dump_csum(e, s, IP6_NEXT_ICMP);

		if (sum)
			buf_printf(d->out, "[bad icmp6 cksum 0x%04x -> 0x%04x!] ", found,
				dump_csum_right(found, sum));
		else
			buf_puts(d->out, "[icmp6 sum ok] ");
	}
	buf_puts(d->out, "ICMP6, ");
	if (name)
		buf_puts(d->out, name);
	else
		buf_printf(d->out, "type-#%u", s.at[0]);
	if (!print_body(d, s))
		dump_cut(d, "icmp6");
	else
		buf_printf(d->out, ", length %u", s.len);
}
