/* SPDX-License-Identifier: MIT */
/* IPv4 and IPv6 headers, and to whom the rest belongs. */
#include "shell/dump_part.h"

#include "lib/text.h"
#include "net/wire_ip6.h"
#include "net/wire_ipopt.h"

static const struct dump_name protocols[] = {
	{0, "Options"},
	{IP_PROTO_ICMP, "ICMP"},
	{IP_PROTO_IGMP, "IGMP"},
	{IP_PROTO_IPIP, "IPIP"},
	{IP_PROTO_TCP, "TCP"},
	{IP_PROTO_UDP, "UDP"},
	{33, "DCCP"},
	{IP_PROTO_IPV6, "IPv6"},
	{43, "Routing"},
	{44, "Fragment"},
	{46, "RSVP"},
	{47, "GRE"},
	{50, "ESP"},
	{51, "AH"},
	{IP6_NEXT_ICMP, "ICMPv6"},
	{88, "EIGRP"},
	{89, "OSPF"},
	{103, "PIM"},
	{112, "VRRP"},
	{132, "SCTP"},
	{0},
};

static const char *protocol_name(uint8_t proto)
{
	const char *name = dump_name(protocols, proto);

	return name ? name : "unknown";
}

/* ---- checksums ---- */

uint16_t dump_csum_right(uint16_t found, uint16_t sum)
{
	uint32_t right = (uint32_t)found + sum;

	return (uint16_t)((right & 0xffff) + (right >> 16));
}

uint16_t dump_csum(const struct dump_ends *e, struct span s, uint8_t proto)
{
	size_t addr_len = e->v6 ? IP6_ADDR_LEN : 4;
	be32 len = put32(s.len), next = put32(proto);
	uint64_t sum = csum_add(0, e->addrs[0], addr_len);

	sum = csum_add(sum, e->addrs[1], addr_len);
	sum = csum_add(sum, &len, sizeof(len));
	sum = csum_add(sum, &next, sizeof(next));
	return csum_finish(csum_add(sum, s.at, s.len));
}

/* ---- behind both headers ---- */

bool dump_read_ports(struct span s, uint16_t *sport, uint16_t *dport)
{
	const be16 *ports = (const be16 *)s.at;

	if (s.have < 4)
		return false;
	*sport = get16(ports[0]);
	*dport = get16(ports[1]);
	return true;
}

void dump_ports(struct dump *d, const struct dump_ends *e, uint16_t sport, uint16_t dport)
{
	buf_printf(d->out, "%s.%u > %s.%u: ", e->src, sport, e->dst, dport);
}

void dump_transport(struct dump *d, const struct dump_ends *e, struct span s, uint8_t proto)
{
	if (proto == IP_PROTO_TCP) {
		dump_tcp(d, e, s);
		return;
	}
	if (proto == IP_PROTO_UDP) {
		dump_udp(d, e, s);
		return;
	}
	buf_printf(d->out, "%s > %s: ", e->src, e->dst);
	switch (proto) {
	case IP_PROTO_ICMP:
		dump_icmp(d, s, e->fragment);
		break;
	case IP6_NEXT_ICMP:
		dump_icmp6(d, e, s);
		break;
	case IP_PROTO_IGMP:
		dump_igmp(d, s);
		break;
	case IP_PROTO_IPIP:
		dump_ip(d, s);
		break;
	case IP_PROTO_IPV6:
		dump_ip6(d, s);
		break;
	default:
		buf_printf(d->out, " ip-proto-%u %u", proto, s.len);
	}
}

/* ---- options of IPv4 ---- */

/* Addresses from octet 3 on; the pointer says which is the next to be filled in. */
static void print_route(struct dump *d, const uint8_t *o, uint8_t len)
{
	if (len < 3 || (len + 1) & 3)
		buf_printf(d->out, " [bad length %u]", len);
	if (len < 3)
		return;
	if (o[2] < 4 || (o[2] & 3))
		buf_printf(d->out, " [bad ptr %u]", o[2]);
	for (int at = 3; at + 4 <= len; at += 4)
		buf_printf(d->out, "%s%s", at > 3 && o[2] > at - 3 ? ", " : " ",
			TEXT_IP(get32(*(const be32 *)(o + at))));
}

static void print_stamps(struct dump *d, const uint8_t *o, uint8_t len)
{
	static const char *const kinds[] = {"TSONLY", "TS+ADDR", "[bad ts type 2]", "PRESPEC"};

	if (len < 4) {
		buf_printf(d->out, "[bad length %u]", len);
		return;
	}
	uint8_t flag = o[3] & 15, slot = flag == IPOPT_TS_ONLY ? 4 : 8;

	buf_puts(d->out, " TS{");
	if (o[2] < 5 || (o[2] - 5) % slot)
		buf_printf(d->out, "[bad ptr %u]", o[2]);
	buf_puts(d->out, kinds[flag & 3]);
	for (int at = 4; at + slot <= len; at += slot) {
		buf_printf(d->out, "%s%u@", at + 1 == o[2] ? " ^ " : " ",
			get32(*(const be32 *)(o + at + slot - 4)));
		if (slot == 8)
			buf_puts(d->out, TEXT_IP(get32(*(const be32 *)(o + at))));
	}
	if (len + 1 == o[2])
		buf_puts(d->out, " ^ ");
	if (o[3] >> 4)
		buf_printf(d->out, " [%u hops not recorded]} ", o[3] >> 4);
	else
		buf_putc(d->out, '}');
}

static void print_option(struct dump *d, const uint8_t *o, uint8_t len)
{
	static const struct dump_name names[] = {{IPOPT_EOL, "EOL"}, {IPOPT_NOP, "NOP"}, {IPOPT_RR, "RR"},
		{IPOPT_TS, "timestamp"}, {130, "security"}, {IPOPT_LSRR, "LSRR"}, {IPOPT_SSRR, "SSRR"},
		{IPOPT_RA, "RA"}, {0}};
	const char *name = dump_name(names, o[0]);

	if (name)
		buf_puts(d->out, name);
	else
		buf_printf(d->out, "unknown %u", o[0]);
	if (o[0] == IPOPT_RR || o[0] == IPOPT_LSRR || o[0] == IPOPT_SSRR)
		print_route(d, o, len);
	else if (o[0] == IPOPT_TS)
		print_stamps(d, o, len);
	else if (o[0] == IPOPT_RA && len != 4)
		buf_printf(d->out, " [bad length %u]", len);
	else if (o[0] == IPOPT_RA && get16(*(const be16 *)(o + 2)))
		buf_printf(d->out, " value %u", get16(*(const be16 *)(o + 2)));
}

static void print_options(struct dump *d, const uint8_t *b, size_t hdr_len)
{
	const char *between = "";

	for (size_t at = IP_HDR_LEN; at < hdr_len;) {
		uint8_t len = ipopt_len(b, hdr_len, at);

		buf_puts(d->out, between);
		between = ",";
		if (!len) {
			buf_printf(d->out, "[bad length %u]", at + 1 < hdr_len ? b[at + 1] : 0);
			return;
		}
		print_option(d, b + at, len);
		if (b[at] == IPOPT_EOL)
			return;
		at += len;
	}
}

/* ---- IPv4 ---- */

static void print_flags(struct dump *d, const struct ip_hdr *h)
{
	const struct {
		bool on;
		const char *text;
	} flags[] = {{h->mf, "+"}, {h->df, "DF"}, {h->reserved, "rsvd"}};
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!flags[i].on)
			continue;
		buf_printf(d->out, "%s%s", between, flags[i].text);
		between = ", ";
	}
	if (!*between)
		buf_puts(d->out, "none");
}

/* The line of -v. */
static void print_header(struct dump *d, const uint8_t *b, const struct ip_hdr *h)
{
	static const char *const ecn[] = {"", ",ECT(1)", ",ECT(0)", ",CE"};
	uint16_t sum = csum(b, h->hdr_len);

	buf_printf(d->out, "(tos 0x%x%s", h->tos, ecn[h->tos & 3]);
	if (h->ttl)
		buf_printf(d->out, ", ttl %u", h->ttl);
	buf_printf(d->out, ", id %u, offset %u, flags [", h->id, h->frag_off);
	print_flags(d, h);
	buf_printf(d->out, "], proto %s (%u), length %u", protocol_name(h->proto), h->proto, h->total_len);
	if (h->hdr_len > IP_HDR_LEN) {
		buf_puts(d->out, ", options (");
		print_options(d, b, h->hdr_len);
		buf_putc(d->out, ')');
	}
	if (!d->o.unchecked && sum)
		buf_printf(d->out, ", bad cksum %x (->%x)!", h->check, dump_csum_right(h->check, sum));
	buf_puts(d->out, ")\n    ");
}

static void ends_of(const struct ip_hdr *h, struct dump_ends *e)
{
	be32 src = put32(h->src), dst = put32(h->dst);

	*e = (struct dump_ends){.fragment = ip_is_fragment(h)};
	text_ip(e->src, h->src);
	text_ip(e->dst, h->dst);
	memcpy(e->addrs[0], &src, sizeof(src));
	memcpy(e->addrs[1], &dst, sizeof(dst));
}

/* False: it is no header, and that has been said. */
static bool check_header(struct dump *d, struct span s, struct ip_hdr *h)
{
	enum drop_reason why = ip_peek(s.at, s.have, h);

	if (why == DROP_IP_BAD_VERSION && s.at[0] >> 4 == 6) {
		buf_puts(d->out, "IP6, wrong link-layer encapsulation (invalid)");
		return false;
	}
	if (why == DROP_IP_BAD_VERSION) {
		buf_printf(d->out, "IP%u (invalid)", s.at[0] >> 4);
		return false;
	}
	if (!d->o.link)
		buf_puts(d->out, "IP ");
	if (why == DROP_IP_BAD_IHL && h->hdr_len < IP_HDR_LEN)
		buf_printf(d->out, "bad-hlen %u", h->hdr_len);
	else if (why && why != DROP_IP_SHORT && h->total_len < h->hdr_len)
		buf_printf(d->out, "bad-len %u", h->total_len);
	else if (why)
		dump_cut(d, "ip");
	return !why;
}

void dump_ip(struct dump *d, struct span s)
{
	struct dump_ends e;
	struct ip_hdr h = {0};

	if (!check_header(d, s, &h))
		return;
	if (h.total_len > s.len)
		buf_printf(d->out, "truncated-ip - %u bytes missing! ", h.total_len - s.len);
	if (d->o.verbose)
		print_header(d, s.at, &h);
	ends_of(&h, &e);
	s = span_skip((struct span){s.at, MIN(s.have, (uint32_t)h.total_len), h.total_len}, h.hdr_len);
	if (h.frag_off)
		buf_printf(d->out, "%s > %s: ip-proto-%u", e.src, e.dst, h.proto);
	else
		dump_transport(d, &e, s, h.proto);
}
