/* SPDX-License-Identifier: MIT */
/*
 * TCP. Numbers are told relative to the first segment that was seen of a connection with an ACK (of its handshake, if
 * that was captured), whose own are told as they are.
 */
#include "shell/dump_part.h"

#include "lib/siphash.h"
#include "net/wire_tcp.h"

#include <ctype.h>
#include <stdlib.h>

enum { FLOWS_MAX = 16384, HTTP_PORT = 80, HTTP_ALT_PORT = 8080, RST_DATA_MAX = 30 };

/* ---- connections ---- */

/* Of both directions: the end with the lower address and port is the first. */
struct flow_key {
	uint8_t addrs[2][16];
	uint16_t ports[2];
};

struct flow {
	struct hash_link link;
	struct flow_key key;
	uint32_t base[2]; /* what the numbers of each end count from */
};

static uint32_t hash_of(const struct flow_key *key)
{
	return hsiphash(&(struct siphash_key){0}, key, sizeof(*key));
}

static struct flow *find(const struct dump *d, const struct flow_key *key)
{
	uint32_t hash = hash_of(key);

	hash_each_match(f, &d->flows, hash, struct flow, link)
		if (memcmp(&f->key, key, sizeof(*key)) == 0)
			return f;
	return NULL;
}

void dump_flows_exit(struct dump *d)
{
	struct hash_link *link, *next;
	uint32_t slot = 0;

	for (link = hash_next(&d->flows, &slot, NULL); link; link = next) {
		next = hash_next(&d->flows, &slot, link);
		hash_del(&d->flows, link);
		free(CONTAINER_OF(link, struct flow, link));
	}
	hash_exit(&d->flows);
}

/* When there are too many, all are forgotten: the numbers of those that go on are absolute once more. */
static struct flow *add(struct dump *d, const struct flow_key *key)
{
	struct flow *f = mem_new(sizeof(*f));

	if (d->flows.count >= FLOWS_MAX)
		dump_flows_exit(d);
	f->key = *key;
	if (hash_add(&d->flows, &f->link, hash_of(key)))
		abort();
	return f;
}

/* True: our end comes second. */
static bool key_of(const struct dump_ends *e, const struct tcp_hdr *h, struct flow_key *key)
{
	int order = memcmp(e->addrs[0], e->addrs[1], sizeof(e->addrs[0]));
	bool turned = order > 0 || (order == 0 && h->sport > h->dport);

	*key = (struct flow_key){.ports = {turned ? h->dport : h->sport, turned ? h->sport : h->dport}};
	memcpy(key->addrs[0], e->addrs[turned], sizeof(key->addrs[0]));
	memcpy(key->addrs[1], e->addrs[!turned], sizeof(key->addrs[1]));
	return turned;
}

/* Makes the header's numbers relative. `*sack_base` is what those in SACK blocks count from. */
static void make_relative(struct dump *d, const struct dump_ends *e, struct tcp_hdr *h, uint32_t *sack_base)
{
	struct flow_key key;
	bool turned = key_of(e, h, &key);
	struct flow *f = find(d, &key);

	*sack_base = 0;
	if (!f || (h->flags & TCP_SYN)) {
		f = f ? f : add(d, &key);
		f->base[turned] = h->seq;
		f->base[!turned] = h->ack - 1;
		return;
	}
	h->seq -= f->base[turned];
	h->ack -= f->base[!turned];
	*sack_base = f->base[!turned];
}

/* ---- options ---- */

static void print_hex(struct dump *d, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_printf(d->out, "%02x", b[i]);
}

static void print_sacks(struct dump *d, const uint8_t *b, uint8_t len, uint32_t base)
{
	const be32 *edges = (const be32 *)(b + 2);

	if (len < 2 + 8 || (len - 2) % 8) {
		buf_puts(d->out, " invalid sack");
		return;
	}
	buf_printf(d->out, " %u ", (len - 2) / 8);
	for (int i = 0; i < (len - 2) / 8; i++)
		buf_printf(d->out, "{%u:%u}", get32(edges[2 * i]) - base, get32(edges[2 * i + 1]) - base);
}

/* All `len` octets are there. False: they do not suffice for this kind. */
static bool print_option(struct dump *d, const uint8_t *b, uint8_t len, uint32_t sack_base)
{
	static const struct dump_name names[] = {{TCP_OPT_EOL, "eol"}, {TCP_OPT_NOP, "nop"},
		{TCP_OPT_MSS, "mss"}, {TCP_OPT_WSCALE, "wscale"}, {TCP_OPT_SACK_OK, "sackOK"},
		{TCP_OPT_SACK, "sack"}, {TCP_OPT_TS, "TS"}, {0}};
	static const uint8_t lens[] = {1, 1, 4, 3, 2, 0, 0, 0, 10};
	const char *name = dump_name(names, b[0]);

	if (name)
		buf_puts(d->out, name);
	else
		buf_printf(d->out, "unknown-%u%s", b[0], len > 2 ? " 0x" : "");
	if (name && len < lens[b[0]])
		return false;
	if (!name)
		print_hex(d, b + 2, len - 2u);
	else if (b[0] == TCP_OPT_MSS)
		buf_printf(d->out, " %u", get16(*(const be16 *)(b + 2)));
	else if (b[0] == TCP_OPT_WSCALE)
		buf_printf(d->out, " %u", b[2]);
	else if (b[0] == TCP_OPT_TS)
		buf_printf(d->out, " val %u ecr %u", get32(*(const be32 *)(b + 2)),
			get32(*(const be32 *)(b + 6)));
	else if (b[0] == TCP_OPT_SACK)
		print_sacks(d, b, len, sack_base);
	if (name && lens[b[0]] && len != lens[b[0]])
		buf_printf(d->out, "[len %u]", len);
	return true;
}

/* False: the line ends within them. */
static bool print_options(struct dump *d, struct span s, uint32_t sack_base)
{
	const char *between = "";
	uint8_t size;

	for (; s.len > 0; s = span_skip(s, size)) {
		buf_puts(d->out, between);
		between = ",";
		size = 0;
		if (s.have >= 2 || (s.have && s.at[0] <= TCP_OPT_NOP))
			size = tcp_opt_len(s.at, s.len);
		if (s.have < 2 ? !size : size > s.have) {
			buf_puts(d->out, " [|tcp]");
			return false;
		}
		if (!size || !print_option(d, s.at, size, sack_base)) {
			buf_puts(d->out, "[bad opt]");
			return false;
		}
		if (s.at[0] == TCP_OPT_EOL)
			break;
	}
	return true;
}

/* ---- a segment ---- */

static void print_flags(struct dump *d, uint16_t flags)
{
	static const char letters[] = "FSRP.UEW"; /* in order of the bits */

	buf_puts(d->out, "Flags [");
	for (unsigned i = 0; i < sizeof(letters) - 1; i++)
		if (flags & 1u << i)
			buf_putc(d->out, letters[i]);
	buf_puts(d->out, flags & 0xff ? "]" : "none]");
}

static void print_checksum(struct dump *d, const struct dump_ends *e, struct span s, uint16_t found)
{
	uint16_t sum = dump_csum(e, s, IP_PROTO_TCP);

	buf_printf(d->out, ", cksum 0x%04x ", found);
	if (sum)
		buf_printf(d->out, "(incorrect -> 0x%04x)", dump_csum_right(found, sum));
	else
		buf_puts(d->out, "(correct)");
}

static void print_numbers(struct dump *d, const struct tcp_hdr *h, uint32_t len)
{
	if (d->o.verbose > 1 || len || (h->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		buf_printf(d->out, ", seq %u", h->seq);
	if (len)
		buf_printf(d->out, ":%u", h->seq + len);
	if (h->flags & TCP_ACK)
		buf_printf(d->out, ", ack %u", h->ack);
	buf_printf(d->out, ", win %u", h->wnd);
	if (h->flags & TCP_URG)
		buf_printf(d->out, ", urg %u", h->urg);
}

/* Some say in a reset why it comes (RFC 9293 3.5.3). */
static void print_rst_data(struct dump *d, struct span s)
{
	uint32_t n = MIN(s.have, (uint32_t)RST_DATA_MAX);

	buf_puts(d->out, s.len > RST_DATA_MAX ? " [RST+ " : " [RST ");
	for (uint32_t i = 0; i < n; i++)
		buf_putc(d->out, isprint(s.at[i]) ? (char)s.at[i] : '.');
	buf_putc(d->out, ']');
}

static void print_text(struct dump *d, const struct tcp_hdr *h, struct span s)
{
	bool http = h->sport == HTTP_PORT || h->dport == HTTP_PORT || h->sport == HTTP_ALT_PORT ||
		h->dport == HTTP_ALT_PORT;

	buf_printf(d->out, ", length %u", s.len);
	if (!s.len)
		return;
	if ((h->flags & TCP_RST) && d->o.verbose) {
		print_rst_data(d, s);
	} else if (http) {
		buf_puts(d->out, ": ");
		dump_http(d, s);
	}
}

/* Cut off in the middle of the header. */
static void print_short(struct dump *d, const struct dump_ends *e, struct span s)
{
	uint16_t sport, dport;

	if (dump_read_ports(s, &sport, &dport))
		dump_ports(d, e, sport, dport);
	else
		buf_printf(d->out, "%s > %s: ", e->src, e->dst);
	dump_cut(d, "tcp");
}

static void print_segment(struct dump *d, const struct dump_ends *e, struct span s, struct tcp_hdr *h)
{
	struct span text = span_skip(s, h->hdr_len);
	uint32_t sack_base = 0;

	print_flags(d, h->flags);
	if (d->o.verbose && !d->o.unchecked && !e->fragment && span_is_whole(s))
		print_checksum(d, e, s, h->check);
	if (!d->o.absolute && (h->flags & TCP_ACK))
		make_relative(d, e, h, &sack_base);
	print_numbers(d, h, text.len);
	if (h->hdr_len > TCP_HDR_LEN) {
		buf_puts(d->out, ", options [");
		if (!print_options(d, span_skip(span_first(s, h->hdr_len), TCP_HDR_LEN), sack_base))
			return;
		buf_putc(d->out, ']');
	}
	print_text(d, h, text);
}

void dump_tcp(struct dump *d, const struct dump_ends *e, struct span s)
{
	struct tcp_hdr h;

	if (tcp_peek(s.at, s.have, &h) == DROP_TCP_SHORT) {
		print_short(d, e, s);
		return;
	}
	dump_ports(d, e, h.sport, h.dport);
	if (h.hdr_len < TCP_HDR_LEN)
		buf_printf(d->out, " tcp %u [bad hdr length %u - too short, < %u]", s.len - h.hdr_len,
			h.hdr_len, TCP_HDR_LEN);
	else if (h.hdr_len > s.len)
		buf_printf(d->out, " tcp %u [bad hdr length %u - too long, > %u]", s.len, h.hdr_len, s.len);
	else if (d->o.quick)
		buf_printf(d->out, "tcp %u", s.len - h.hdr_len);
	else
		print_segment(d, e, s, &h);
}
