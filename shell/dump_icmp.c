/* SPDX-License-Identifier: MIT */
/* ICMP and IGMP. */
#include "shell/dump_part.h"

#include "lib/text.h"
#include "net/wire_icmp.h"
#include "net/wire_igmp.h"

/* ---- errors, which quote the datagram that they are about ---- */

struct quote {
	struct ip_hdr ip;
	struct span whole, rest; /* from its header on; behind that */
};

/* Around the address that the datagram was for. */
static const struct {
	uint8_t code;
	const char *before, *after;
} unreachables[] = {
	{ICMP_NET_UNREACH, "net ", ""},
	{ICMP_HOST_UNREACH, "host ", ""},
	{ICMP_SR_FAILED, "", " - source route failed"},
	{ICMP_NET_UNKNOWN, "net ", " - unknown"},
	{ICMP_HOST_UNKNOWN, "host ", " - unknown"},
	{ICMP_HOST_ISOLATED, "", " - source host isolated"},
	{ICMP_NET_PROHIBITED, "net ", " - admin prohibited"},
	{ICMP_HOST_PROHIBITED, "host ", " - admin prohibited"},
	{ICMP_NET_TOS, "net ", " - tos prohibited"},
	{ICMP_HOST_TOS, "host ", " - tos prohibited"},
	{ICMP_ADMIN_PROHIBITED, "host ", " - admin prohibited filter"},
	{ICMP_PRECEDENCE, "host ", " - host precedence violation"},
	{ICMP_PRECEDENCE_CUTOFF, "host ", " - precedence cutoff"},
};

/* False: the ports were not captured. */
static bool print_port_unreachable(struct dump *d, const struct quote *q)
{
	uint16_t sport, dport;

	if (!dump_read_ports(q->rest, &sport, &dport))
		return false;
	buf_puts(d->out, TEXT_IP(q->ip.dst));
	if (q->ip.proto == IP_PROTO_TCP)
		buf_printf(d->out, " tcp port %u unreachable", dport);
	else if (q->ip.proto == IP_PROTO_UDP)
		buf_printf(d->out, " udp port %u unreachable", dport);
	else
		buf_printf(d->out, " protocol %u port %u unreachable", q->ip.proto, dport);
	return true;
}

static bool print_unreachable(struct dump *d, const struct icmp_hdr *h, const struct quote *q)
{
	const char *dst = TEXT_IP(q->ip.dst);

	if (h->code == ICMP_PORT_UNREACH)
		return print_port_unreachable(d, q);
	if (h->code == ICMP_PROT_UNREACH) {
		buf_printf(d->out, "%s protocol %u unreachable", dst, q->ip.proto);
		return true;
	}
	if (h->code == ICMP_FRAG_NEEDED) {
		buf_printf(d->out, "%s unreachable - need to frag", dst);
		if (icmp_mtu(h))
			buf_printf(d->out, " (mtu %u)", icmp_mtu(h));
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(unreachables); i++) {
		if (unreachables[i].code == h->code) {
			buf_printf(d->out, "%s%s unreachable%s", unreachables[i].before, dst,
				unreachables[i].after);
			return true;
		}
	}
	buf_printf(d->out, "%s unreachable - #%u", dst, h->code);
	return true;
}

static bool print_redirect(struct dump *d, const struct icmp_hdr *h, const struct quote *q)
{
	static const char *const words[][2] = {{"redirect", "net "}, {"redirect", "host "},
		{"redirect-tos", "net "}, {"redirect-tos", "host "}};

	if (h->code < ARRAY_SIZE(words))
		buf_printf(d->out, "%s %s to %s%s", words[h->code][0], TEXT_IP(q->ip.dst), words[h->code][1],
			TEXT_IP(h->rest));
	else
		buf_printf(d->out, "redirect-#%u %s to %s", h->code, TEXT_IP(q->ip.dst), TEXT_IP(h->rest));
	return true;
}

static bool print_time_exceeded(struct dump *d, const struct icmp_hdr *h)
{
	if (h->code == ICMP_TTL_EXCEEDED)
		buf_puts(d->out, "time exceeded in-transit");
	else if (h->code == ICMP_REASSEMBLY_TIMEOUT)
		buf_puts(d->out, "ip reassembly time exceeded");
	else
		buf_printf(d->out, "time exceeded-#%u", h->code);
	return true;
}

static bool print_error(struct dump *d, const struct icmp_hdr *h, const struct quote *q)
{
	bool quotes = ip_parse_quote(q->whole.at, q->whole.have, &(struct ip_hdr){0});

	switch (h->type) {
	case ICMP_DEST_UNREACH:
		return quotes && print_unreachable(d, h, q);
	case ICMP_REDIRECT:
		return quotes && print_redirect(d, h, q);
	case ICMP_TIME_EXCEEDED:
		return quotes && print_time_exceeded(d, h);
	case ICMP_PARAM_PROBLEM:
		if (h->code)
			buf_printf(d->out, "parameter problem - code %u", h->code);
		else
			buf_printf(d->out, "parameter problem - octet %u", icmp_pointer(h));
		return true;
	default:
		buf_puts(d->out, "source quench");
		return true;
	}
}

/* ---- queries and answers ---- */

static void print_ms(struct dump *d, const char *before, const uint8_t *at)
{
	uint32_t ms = get32(*(const be32 *)at);

	buf_printf(d->out, "%s%02u:%02u:%02u.%03u", before, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60,
		ms % 1000);
}

/* False: it is cut off. */
static bool print_times(struct dump *d, const struct icmp_hdr *h, struct span s)
{
	bool reply = h->type == ICMP_TIMESTAMP_REPLY;

	if (s.have < ICMP_TIMESTAMP_LEN && reply)
		return false;
	buf_printf(d->out, "time stamp %s id %u seq %u", reply ? "reply" : "query", icmp_id(h), icmp_seq(h));
	if (reply) {
		print_ms(d, ": org ", s.at + 8);
		print_ms(d, ", recv ", s.at + 12);
		print_ms(d, ", xmit ", s.at + 16);
	}
	return true;
}

static bool print_query(struct dump *d, const struct icmp_hdr *h, struct span s)
{
	static const struct dump_name names[] = {{ICMP_ROUTER_ADVERT, "router advertisement"},
		{ICMP_ROUTER_SOLICIT, "router solicitation"}, {ICMP_INFO, "information request"},
		{ICMP_INFO_REPLY, "information reply"}, {ICMP_MASK, "address mask request"}, {0}};
	const char *name = dump_name(names, h->type);

	switch (h->type) {
	case ICMP_ECHO:
	case ICMP_ECHO_REPLY:
		buf_printf(d->out, "echo %s, id %u, seq %u", h->type == ICMP_ECHO ? "request" : "reply",
			icmp_id(h), icmp_seq(h));
		return true;
	case ICMP_TIMESTAMP:
	case ICMP_TIMESTAMP_REPLY:
		return print_times(d, h, s);
	case ICMP_MASK_REPLY:
		if (s.have < ICMP_HDR_LEN + 4)
			return false;
		buf_printf(d->out, "address mask is 0x%08x", get32(*(const be32 *)(s.at + ICMP_HDR_LEN)));
		return true;
	default:
		if (name)
			buf_puts(d->out, name);
		else
			buf_printf(d->out, "type-#%u", h->type);
		return true;
	}
}

/* ---- a message ---- */

/* The quoted datagram is as long as it says, though little of it may be here. */
static void find_quote(struct span s, struct quote *q)
{
	*q = (struct quote){.whole = span_skip(s, ICMP_HDR_LEN)};
	if (!ip_parse_quote(q->whole.at, q->whole.have, &q->ip))
		return;
	q->whole.len = q->ip.total_len;
	q->whole = span_first(q->whole, q->ip.total_len);
	q->rest = span_skip(q->whole, q->ip.hdr_len);
}

static void print_checksum(struct dump *d, struct span s)
{
	uint16_t found = get16(*(const be16 *)(s.at + 2)), sum = csum(s.at, s.len);

	if (sum)
		buf_printf(d->out, " (wrong icmp cksum %x (->%x)!)", found, dump_csum_right(found, sum));
}

void dump_icmp(struct dump *d, struct span s, bool fragment)
{
	size_t begin = d->out->len;
	struct icmp_hdr h;
	struct quote q;
	bool ok = icmp_peek(s.at, s.have, &h) == DROP_NONE;

	if (ok) {
		find_quote(s, &q);
		buf_puts(d->out, "ICMP ");
		ok = icmp_is_error(h.type) ? print_error(d, &h, &q) : print_query(d, &h, s);
	}
	if (!ok) {
		d->out->len = begin;
		dump_cut(d, "icmp");
		return;
	}
	buf_printf(d->out, ", length %u", s.len);
	if (d->o.verbose && !fragment && span_is_whole(s))
		print_checksum(d, s);
	if (d->o.verbose && icmp_is_error(h.type)) {
		buf_puts(d->out, "\n\t");
		dump_ip(d, q.whole);
	}
}

/* ---- IGMP ---- */

static void print_response_time(struct dump *d, const struct igmp_query *q, uint8_t code)
{
	enum { USUAL_MS = 10000 };
	unsigned tenths = q->max_resp_ms / 100;

	if (q->version == 1 || q->max_resp_ms == USUAL_MS)
		return;
	if (q->version == 2)
		buf_printf(d->out, " [max resp time %u]", code);
	else if (tenths < 600)
		buf_printf(d->out, " [max resp time %.1fs]", tenths / 10.0);
	else if (tenths % 600)
		buf_printf(d->out, " [max resp time %um%.1fs]", tenths / 600, tenths % 600 / 10.0);
	else
		buf_printf(d->out, " [max resp time %um]", tenths / 600);
}

/* "{ 1.2.3.4 5.6.7.8 }" */
static void print_sources(struct dump *d, const uint8_t *at, unsigned count)
{
	buf_puts(d->out, " {");
	for (unsigned i = 0; i < count; i++)
		buf_printf(d->out, " %s", TEXT_IP(get32(*(const be32 *)(at + (size_t)i * IGMP_SOURCE_LEN))));
	buf_puts(d->out, " }");
}

static void print_query_message(struct dump *d, struct span s, const struct igmp_msg *m)
{
	struct igmp_query q;

	if (igmp_parse_query(s.at, s.have, m, &q)) {
		buf_printf(d->out, "igmp query [invalid len %u]", s.len);
		return;
	}
	buf_printf(d->out, "igmp query v%u", q.version);
	print_response_time(d, &q, m->code);
	if (!q.group)
		return;
	buf_printf(d->out, " [gaddr %s", TEXT_IP(q.group));
	if (q.sources && d->o.verbose > 1)
		print_sources(d, s.at + IGMP_QUERY3_LEN, q.sources);
	else if (q.sources)
		buf_printf(d->out, ", %u source(s)", q.sources);
	buf_putc(d->out, ']');
}

/* The records of a version 3 report; false: they are cut off. */
static bool print_records(struct dump *d, struct span s, uint16_t count)
{
	static const struct dump_name kinds[] = {{IGMP_IS_INCLUDE, "is_in"}, {IGMP_IS_EXCLUDE, "is_ex"},
		{IGMP_TO_INCLUDE, "to_in"}, {IGMP_TO_EXCLUDE, "to_ex"}, {IGMP_ALLOW_NEW, "allow"},
		{IGMP_BLOCK_OLD, "block"}, {0}};

	struct igmp_group_record g;

	for (; count > 0; count--, s = span_skip(s, g.len)) {
		if (!igmp_parse_record(s.at, s.have, &g))
			return false;
		const char *kind = dump_name(kinds, g.record);

		buf_printf(d->out, " [gaddr %s", TEXT_IP(g.group));
		if (kind)
			buf_printf(d->out, " %s", kind);
		else
			buf_printf(d->out, " [v3-report-#%u]", g.record);
		if (d->o.verbose > 1)
			print_sources(d, s.at + IGMP_RECORD_LEN, g.sources);
		else
			buf_printf(d->out, ", %u source(s)", g.sources);
		buf_putc(d->out, ']');
	}
	return true;
}

static void print_report3(struct dump *d, struct span s, const struct igmp_msg *m)
{
	uint16_t count = (uint16_t)m->group;

	buf_printf(d->out, "igmp v3 report, %u group record(s)", count);
	if (d->o.verbose && !print_records(d, span_skip(s, IGMP_REPORT3_LEN), count))
		dump_cut(d, "igmp");
}

static void print_igmp(struct dump *d, struct span s, const struct igmp_msg *m)
{
	switch (m->type) {
	case IGMP_QUERY:
		print_query_message(d, s, m);
		break;
	case IGMP_REPORT1:
		buf_printf(d->out, "igmp v1 report %s", TEXT_IP(m->group));
		break;
	case IGMP_REPORT2:
		buf_printf(d->out, "igmp v2 report %s", TEXT_IP(m->group));
		break;
	case IGMP_LEAVE:
		buf_printf(d->out, "igmp leave %s", TEXT_IP(m->group));
		break;
	case IGMP_REPORT3:
		print_report3(d, s, m);
		break;
	default:
		buf_printf(d->out, "igmp-%u", m->type);
	}
}

void dump_igmp(struct dump *d, struct span s)
{
	enum drop_reason why;
	struct igmp_msg m;

	if (d->o.quick) {
		buf_puts(d->out, "igmp");
		return;
	}
	why = igmp_peek(s.at, s.have, &m);
	if (why) {
		dump_cut(d, "igmp");
		return;
	}
	print_igmp(d, s, &m);
	if (d->o.verbose && span_is_whole(s) && csum(s.at, s.len))
		buf_printf(d->out, " bad igmp cksum %x!", get16(*(const be16 *)(s.at + 2)));
}
