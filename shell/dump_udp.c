/* SPDX-License-Identifier: MIT */
/* UDP. */
#include "shell/dump_part.h"

#include "app/dhcp_msg.h"
#include "net/wire_udp.h"

static void print_checksum(struct dump *d, const struct dump_ends *e, struct span s, uint16_t found)
{
	uint16_t sum;

	if (!found && !e->v6) {
		buf_puts(d->out, "[no cksum] ");
		return;
	}
	if (!span_is_whole(s))
		return;
	sum = dump_csum(e, s, IP_PROTO_UDP);
	if (sum)
		buf_printf(d->out, "[bad udp cksum 0x%04x -> 0x%04x!] ", found, dump_csum_right(found, sum));
	else
		buf_puts(d->out, "[udp sum ok] ");
}

static bool is_dhcp(uint16_t port)
{
	return port == DHCP_SERVER_PORT || port == DHCP_CLIENT_PORT;
}

/* Too short for a header, by its own word or by that of IP. */
static void print_short(struct dump *d, const struct dump_ends *e, struct span s)
{
	uint16_t sport, dport;

	if (!dump_read_ports(s, &sport, &dport)) {
		buf_printf(d->out, "%s > %s: ", e->src, e->dst);
		dump_cut(d, "udp");
		return;
	}
	dump_ports(d, e, sport, dport);
	if (s.len < UDP_HDR_LEN)
		buf_printf(d->out, "truncated-udp %u", s.len);
	else
		dump_cut(d, "udp");
}

void dump_udp(struct dump *d, const struct dump_ends *e, struct span s)
{
	struct udp_hdr h;
	struct span data;

	if (!udp_peek(s.at, s.have, &h)) {
		print_short(d, e, s);
		return;
	}
	dump_ports(d, e, h.sport, h.dport);
	if (h.len < UDP_HDR_LEN) {
		buf_printf(d->out, "truncated-udplength %u", h.len);
		return;
	}
	data = span_skip(span_first(s, h.len), UDP_HDR_LEN);
	if (d->o.verbose > !e->v6 && !d->o.unchecked && !e->fragment)
		print_checksum(d, e, span_first(s, h.len), h.check);
	if (h.len > s.len && !e->fragment)
		buf_printf(d->out, "UDP, bad length %u > %u", h.len - UDP_HDR_LEN, s.len - UDP_HDR_LEN);
	else if (!d->o.quick && (is_dhcp(h.sport) || is_dhcp(h.dport)))
		dump_dhcp(d, data);
	else
		buf_printf(d->out, "UDP, length %u", h.len - UDP_HDR_LEN);
}
