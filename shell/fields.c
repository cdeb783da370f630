/* SPDX-License-Identifier: MIT */
/* The fields of a packet, by tables of where they stand. */
#include "shell/fields.h"

#include "lib/capture.h"
#include "lib/text.h"
#include "net/wire_ether.h"
#include "net/wire_icmp.h"
#include "net/wire_tcp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN = 7 /* octets of those that are no field */ };

/* For the tables. */
enum {
	DEC = FIELD_DEC,
	WORDS = FIELD_WORDS,
	EIGHTS = FIELD_EIGHTS,
	HEX = FIELD_HEX,
	MAC = FIELD_MAC,
	IP = FIELD_IP,
	TCP_BITS = FIELD_TCP_BITS
};

/* Bits of `len` octets (at most 4; a MAC address has 6) that stand `at` octets from the beginning of a header. */
struct spec {
	const char *name;
	uint8_t at, len, shift;
	uint32_t mask; /* behind the shift; 0: all */
	int form;      /* enum field_form */
};

/* Each ends with {0}. */
static const struct spec ether[] = {
	{"eth.dst", 0, 6, 0, 0, MAC}, {"eth.src", 6, 6, 0, 0, MAC}, {"eth.type", 12, 2, 0, 0, HEX}, {0}};

static const struct spec vlan[] = {{"vlan.priority", 0, 2, 13, 0x7, DEC}, {"vlan.dei", 0, 2, 12, 0x1, DEC},
	{"vlan.id", 0, 2, 0, 0xfff, DEC}, {"vlan.etype", 2, 2, 0, 0, HEX}, {0}};

static const struct spec arp[] = {{"arp.hw.type", 0, 2, 0, 0, DEC}, {"arp.proto.type", 2, 2, 0, 0, HEX},
	{"arp.hw.size", 4, 1, 0, 0, DEC}, {"arp.proto.size", 5, 1, 0, 0, DEC},
	{"arp.opcode", 6, 2, 0, 0, DEC}, {"arp.src.hw_mac", 8, 6, 0, 0, MAC},
	{"arp.src.proto_ipv4", 14, 4, 0, 0, IP}, {"arp.dst.hw_mac", 18, 6, 0, 0, MAC},
	{"arp.dst.proto_ipv4", 24, 4, 0, 0, IP}, {0}};

static const struct spec ip[] = {{"ip.version", 0, 1, 4, 0, DEC}, {"ip.hdr_len", 0, 1, 0, 0xf, WORDS},
	{"ip.dsfield.dscp", 1, 1, 2, 0, DEC}, {"ip.dsfield.ecn", 1, 1, 0, 0x3, DEC},
	{"ip.len", 2, 2, 0, 0, DEC}, {"ip.id", 4, 2, 0, 0, HEX}, {"ip.flags.rb", 6, 1, 7, 0, DEC},
	{"ip.flags.df", 6, 1, 6, 0x1, DEC}, {"ip.flags.mf", 6, 1, 5, 0x1, DEC},
	{"ip.frag_offset", 6, 2, 0, 0x1fff, EIGHTS}, {"ip.ttl", 8, 1, 0, 0, DEC},
	{"ip.proto", 9, 1, 0, 0, DEC}, {"ip.checksum", 10, 2, 0, 0, HEX}, {"ip.src", 12, 4, 0, 0, IP},
	{"ip.dst", 16, 4, 0, 0, IP}, {0}};

static const struct spec icmp[] = {{"icmp.type", 0, 1, 0, 0, DEC}, {"icmp.code", 1, 1, 0, 0, DEC},
	{"icmp.checksum", 2, 2, 0, 0, HEX}, {0}};
static const struct spec icmp_query[] = {{"icmp.ident", 4, 2, 0, 0, DEC}, {"icmp.seq", 6, 2, 0, 0, DEC}, {0}};
static const struct spec icmp_times[] = {{"icmp.ident", 4, 2, 0, 0, DEC}, {"icmp.seq", 6, 2, 0, 0, DEC},
	{"icmp.originate_timestamp", 8, 4, 0, 0, DEC}, {"icmp.receive_timestamp", 12, 4, 0, 0, DEC},
	{"icmp.transmit_timestamp", 16, 4, 0, 0, DEC}, {0}};
static const struct spec icmp_unreachable[] = {
	{"icmp.unused", 4, 2, 0, 0, DEC}, {"icmp.mtu", 6, 2, 0, 0, DEC}, {0}};
static const struct spec icmp_redirect[] = {{"icmp.redir_gw", 4, 4, 0, 0, IP}, {0}};
static const struct spec icmp_parameter[] = {
	{"icmp.pointer", 4, 1, 0, 0, DEC}, {"icmp.unused", 4, 4, 0, 0xffffff, DEC}, {0}};
static const struct spec icmp_other[] = {{"icmp.unused", 4, 4, 0, 0, DEC}, {0}};

static const struct spec igmp[] = {{"igmp.type", 0, 1, 0, 0, HEX}, {"igmp.max_resp", 1, 1, 0, 0, DEC},
	{"igmp.checksum", 2, 2, 0, 0, HEX}, {"igmp.maddr", 4, 4, 0, 0, IP}, {0}};

static const struct spec udp[] = {{"udp.srcport", 0, 2, 0, 0, DEC}, {"udp.dstport", 2, 2, 0, 0, DEC},
	{"udp.length", 4, 2, 0, 0, DEC}, {"udp.checksum", 6, 2, 0, 0, HEX}, {0}};

/* An ICMP error need not quote more than this of a segment. */
static const struct spec tcp_quote[] = {{"tcp.srcport", 0, 2, 0, 0, DEC}, {"tcp.dstport", 2, 2, 0, 0, DEC},
	{"tcp.seq", 4, 4, 0, 0, DEC}, {0}};
static const struct spec tcp[] = {{"tcp.srcport", 0, 2, 0, 0, DEC}, {"tcp.dstport", 2, 2, 0, 0, DEC},
	{"tcp.seq", 4, 4, 0, 0, DEC}, {"tcp.ack", 8, 4, 0, 0, DEC}, {"tcp.hdr_len", 12, 1, 4, 0, WORDS},
	{"tcp.flags", 12, 2, 0, TCP_FLAGS, TCP_BITS}, {"tcp.window_size_value", 14, 2, 0, 0, DEC},
	{"tcp.checksum", 16, 2, 0, 0, HEX}, {"tcp.urgent_pointer", 18, 2, 0, 0, DEC}, {0}};
static const struct spec mss[] = {{"tcp.options.mss_val", 2, 2, 0, 0, DEC}, {0}};
static const struct spec wscale[] = {{"tcp.options.wscale.shift", 2, 1, 0, 0, DEC}, {0}};
static const struct spec timestamp[] = {{"tcp.options.timestamp.tsval", 2, 4, 0, 0, DEC},
	{"tcp.options.timestamp.tsecr", 6, 4, 0, 0, DEC}, {0}};
static const struct spec sack_block[] = {
	{"tcp.options.sack_le", 0, 4, 0, 0, DEC}, {"tcp.options.sack_re", 4, 4, 0, 0, DEC}, {0}};
static const struct spec sack_perm[] = {{"tcp.options.sack_perm", 0, 1, 0, 0, DEC}, {0}};
static const struct spec nop[] = {{"tcp.options.nop", 0, 1, 0, 0, DEC}, {0}};

static const struct spec *const all_specs[] = {ether, vlan, arp, ip, icmp, icmp_query, icmp_times,
	icmp_unreachable, icmp_redirect, icmp_parameter, icmp_other, igmp, udp, tcp, mss, wscale, timestamp,
	sack_block, sack_perm, nop};
static const char *const octets_names[] = {"eth.padding", "ip.options", "icmp.data", "igmp.data",
	"udp.payload", "tcp.options.other", "tcp.payload", "data"};

/* ---- reading ---- */

struct reader {
	struct fields *f;
	const uint8_t *data;
	size_t end; /* of what belongs to the present header */
	bool quoted;
};

static struct field *add(struct reader *r, const char *name, enum field_form form, size_t at, size_t len)
{
	struct fields *f = r->f;
	struct field *x;

	if (f->count == f->room) {
		f->room = MAX(2 * f->room, (size_t)32);
		f->at = mem_resize(f->at, f->room * sizeof(*f->at));
	}
	x = &f->at[f->count++];
	*x = (struct field){
		.name = name, .form = form, .quoted = r->quoted, .at = (uint32_t)at, .len = (uint32_t)len};
	return x;
}

/* What is left: nothing is no field. */
static void add_octets(struct reader *r, const char *name, size_t at, size_t len)
{
	if (len)
		add(r, name, FIELD_OCTETS, at, len);
}

static uint64_t read_value(const struct spec *s, const uint8_t *at)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < s->len; i++)
		value = value << 8 | at[i];
	value = value >> s->shift & (s->mask ? s->mask : UINT64_MAX);
	return value * (s->form == WORDS ? 4 : s->form == EIGHTS ? 8 : 1);
}

/* The fields of a header of `len` octets at `at`. False, and the rest is octets: it is cut off. */
static bool add_header(struct reader *r, const struct spec *specs, size_t at, size_t len)
{
	if (at + len > r->end) {
		add_octets(r, "data", at, r->end - at);
		return false;
	}
	for (const struct spec *s = specs; s->name; s++)
		add(r, s->name, (enum field_form)s->form, at + s->at, s->len)->value =
			read_value(s, r->data + at + s->at);
	return true;
}

/* ---- TCP ---- */

static void add_sack(struct reader *r, size_t at, size_t len)
{
	for (size_t block = at + 2; block + 8 <= at + len; block += 8)
		add_header(r, sack_block, block, 8);
}

static const struct {
	uint8_t kind, len;
	const struct spec *specs;
} tcp_options[] = {{2, 4, mss}, {3, 3, wscale}, {4, 2, sack_perm}, {8, 10, timestamp}};

static void add_option(struct reader *r, size_t at, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(tcp_options); i++) {
		if (r->data[at] == tcp_options[i].kind && len == tcp_options[i].len) {
			add_header(r, tcp_options[i].specs, at, len);
			return;
		}
	}
	if (r->data[at] == 5 && len >= 10 && len % 8 == 2)
		add_sack(r, at, len);
	else
		add_octets(r, "tcp.options.other", at, len);
}

/* RFC 9293 3.1: kinds 0 (the end) and 1 (nothing) have no length. */
static void add_options(struct reader *r, size_t at, size_t end)
{
	while (at < end && r->data[at] != 0) {
		size_t len = r->data[at] == 1 ? 1 : at + 1 < end ? r->data[at + 1] : 0;

		if (len == 1)
			add_header(r, nop, at, 1);
		else if (len < 2 || at + len > end)
			break;
		else
			add_option(r, at, len);
		at += len;
	}
	add_octets(r, "tcp.options.other", at, end - at);
}

static void read_tcp(struct reader *r, size_t at)
{
	if (r->quoted && r->end - at < TCP_HDR_LEN) {
		if (add_header(r, tcp_quote, at, TCP_QUOTE_LEN))
			add_octets(r, "data", at + TCP_QUOTE_LEN, r->end - at - TCP_QUOTE_LEN);
		return;
	}
	if (!add_header(r, tcp, at, TCP_HDR_LEN))
		return;
	size_t hdr_len = (size_t)(r->data[at + 12] >> 4) * 4;
	size_t text = at + MIN(MAX(hdr_len, (size_t)TCP_HDR_LEN), r->end - at);
	add_options(r, at + TCP_HDR_LEN, text);
	add_octets(r, "tcp.payload", text, r->end - text);
}

/* ---- the others over IP ---- */

static void read_udp(struct reader *r, size_t at)
{
	if (add_header(r, udp, at, 8))
		add_octets(r, "udp.payload", at + 8, r->end - at - 8);
}

static void read_igmp(struct reader *r, size_t at)
{
	if (add_header(r, igmp, at, 8))
		add_octets(r, "igmp.data", at + 8, r->end - at - 8);
}

static void read_ip(struct reader *r, size_t at);

static void read_icmp_error(struct reader *r, size_t at, const struct spec *specs)
{
	add_header(r, specs, at, ICMP_HDR_LEN);
	r->quoted = true;
	read_ip(r, at + ICMP_HDR_LEN);
}

static void read_icmp(struct reader *r, size_t at)
{
	if (r->end - at < ICMP_HDR_LEN) {
		add_octets(r, "data", at, r->end - at);
		return;
	}
	add_header(r, icmp, at, 4);
	switch (r->quoted ? ICMP_ECHO : r->data[at]) {
	case ICMP_DEST_UNREACH:
		read_icmp_error(r, at, icmp_unreachable);
		return;
	case ICMP_REDIRECT:
		read_icmp_error(r, at, icmp_redirect);
		return;
	case ICMP_PARAM_PROBLEM:
		read_icmp_error(r, at, icmp_parameter);
		return;
	case ICMP_TIME_EXCEEDED:
	case ICMP_SOURCE_QUENCH:
		read_icmp_error(r, at, icmp_other);
		return;
	case ICMP_TIMESTAMP:
	case ICMP_TIMESTAMP_REPLY:
		if (add_header(r, icmp_times, at, 20))
			add_octets(r, "icmp.data", at + 20, r->end - at - 20);
		return;
	default:
		add_header(r, icmp_query, at, ICMP_HDR_LEN);
		add_octets(r, "icmp.data", at + ICMP_HDR_LEN, r->end - at - ICMP_HDR_LEN);
	}
}

/* Fragments but the first hold no header, and the first one perhaps half of it. */
static void read_transport(struct reader *r, size_t at, uint8_t proto, bool is_fragment)
{
	if (is_fragment)
		add_octets(r, "data", at, r->end - at);
	else if (proto == IP_PROTO_TCP)
		read_tcp(r, at);
	else if (proto == IP_PROTO_UDP)
		read_udp(r, at);
	else if (proto == IP_PROTO_ICMP)
		read_icmp(r, at);
	else if (proto == IP_PROTO_IGMP)
		read_igmp(r, at);
	else
		add_octets(r, "data", at, r->end - at);
}

static void read_ip(struct reader *r, size_t at)
{
	const uint8_t *h = r->data + at;
	size_t end = r->end;

	if (!add_header(r, ip, at, IP_HDR_LEN))
		return;
	size_t hdr_len = (size_t)(h[0] & 0xf) * 4, total = get16(*(const be16 *)(h + 2));
	hdr_len = MIN(MAX(hdr_len, (size_t)IP_HDR_LEN), end - at);
	add_octets(r, "ip.options", at + IP_HDR_LEN, hdr_len - IP_HDR_LEN);
	r->end = at + MIN(MAX(total, hdr_len), end - at);
	read_transport(r, at + hdr_len, h[9], get16(*(const be16 *)(h + 6)) & (r->quoted ? 0x1fff : 0x3fff));
	add_octets(r, "eth.padding", r->end, end - r->end);
}

/* ---- the link ---- */

static void read_network(struct reader *r, size_t at, uint16_t type)
{
	if (type == ETHERTYPE_IP) {
		read_ip(r, at);
	} else if (type == ETHERTYPE_ARP) {
		if (add_header(r, arp, at, 28))
			add_octets(r, "eth.padding", at + 28, r->end - at - 28);
	} else {
		add_octets(r, "data", at, r->end - at);
	}
}

static void read_ether(struct reader *r)
{
	size_t at = ETHER_HDR_LEN;
	uint16_t type;

	if (!add_header(r, ether, 0, ETHER_HDR_LEN))
		return;
	type = get16(*(const be16 *)(r->data + 12));
	while (ether_is_tagged(type)) {
		if (!add_header(r, vlan, at, VLAN_TAG_LEN))
			return;
		type = get16(*(const be16 *)(r->data + at + 2));
		at += VLAN_TAG_LEN;
	}
	read_network(r, at, type);
}

void fields_read(struct fields *f, unsigned linktype, const uint8_t *data, size_t len)
{
	struct reader r = {.f = f, .data = data, .end = len};

	f->count = 0;
	if (linktype == LINKTYPE_ETHERNET)
		read_ether(&r);
	else
		read_ip(&r, 0);
}

void fields_exit(struct fields *f)
{
	free(f->at);
	*f = (struct fields){0};
}

/* ---- names ---- */

const struct field *fields_find(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->at[i].name, name) == 0)
			return &f->at[i];
	return NULL;
}

uint64_t fields_value(const struct fields *f, const char *name)
{
	const struct field *x = fields_find(f, name);

	return x ? x->value : 0;
}

void field_put(uint8_t *data, const struct field *f, uint32_t value)
{
	if (f->len == 2)
		*(be16 *)(data + f->at) = put16((uint16_t)value);
	else
		*(be32 *)(data + f->at) = put32(value);
}

static bool begins(const char *full, const char *name)
{
	size_t len = strlen(name);

	return strncmp(full, name, len) == 0 && (!full[len] || full[len] == '.');
}

bool field_is(const struct field *f, const char *name)
{
	return begins(f->name, name);
}

bool fields_is_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(all_specs); i++)
		for (const struct spec *s = all_specs[i]; s->name; s++)
			if (begins(s->name, name))
				return true;
	for (size_t i = 0; i < ARRAY_SIZE(octets_names); i++)
		if (begins(octets_names[i], name))
			return true;
	return false;
}

/* ---- values as text ---- */

static const struct {
	unsigned bit;
	const char *name;
} tcp_bits[] = {{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_PSH, "PSH"}, {TCP_ACK, "ACK"},
	{TCP_URG, "URG"}, {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"}, {TCP_AE, "AE"}};

static void print_tcp_bits(char *text, uint64_t bits)
{
	size_t n = (size_t)snprintf(text, FIELD_TEXT_LEN, "0x%03x", (unsigned)bits);

	for (size_t i = 0; i < ARRAY_SIZE(tcp_bits); i++)
		if (bits & tcp_bits[i].bit)
			n += (size_t)snprintf(text + n, FIELD_TEXT_LEN - n, " %s", tcp_bits[i].name);
}

static void print_octets(char *text, const uint8_t *at, size_t len)
{
	size_t n = (size_t)snprintf(text, FIELD_TEXT_LEN, "%zu octets:", len);

	for (size_t i = 0; i < MIN(len, (size_t)SHOWN); i++)
		n += (size_t)snprintf(text + n, FIELD_TEXT_LEN - n, " %02x", at[i]);
	if (len > SHOWN)
		snprintf(text + n, FIELD_TEXT_LEN - n, "...");
}

const char *field_text(const struct field *f, const uint8_t *data, char text[FIELD_TEXT_LEN])
{
	struct mac m;

	switch (f->form) {
	case FIELD_DEC:
	case FIELD_WORDS:
	case FIELD_EIGHTS:
		snprintf(text, FIELD_TEXT_LEN, "%" PRIu64, f->value);
		break;
	case FIELD_HEX:
		snprintf(text, FIELD_TEXT_LEN, "0x%0*" PRIx64, (int)(2 * f->len), f->value);
		break;
	case FIELD_MAC:
		memcpy(m.b, data + f->at, sizeof(m.b));
		text_mac(text, m);
		break;
	case FIELD_IP:
		text_ip(text, (uint32_t)f->value);
		break;
	case FIELD_TCP_BITS:
		print_tcp_bits(text, f->value);
		break;
	case FIELD_OCTETS:
		print_octets(text, data + f->at, f->len);
		break;
	}
	return text;
}

/* ---- in a few words ---- */

/* Shown where the packet has both fields, or the one. */
static const struct {
	const char *before, *first, *between, *second;
} words[] = {
	{"", "eth.src", " > ", "eth.dst"},
	{", VLAN ", "vlan.id", "", NULL},
	{", ARP ", "arp.opcode", "", NULL},
	{", ", "arp.src.proto_ipv4", " asks or tells ", "arp.dst.proto_ipv4"},
	{", ", "ip.src", " > ", "ip.dst"},
	{", ICMP type ", "icmp.type", " code ", "icmp.code"},
	{", IGMP ", "igmp.type", " ", "igmp.maddr"},
	{", UDP ", "udp.srcport", " > ", "udp.dstport"},
	{", TCP ", "tcp.srcport", " > ", "tcp.dstport"},
	{" ", "tcp.flags", " seq ", "tcp.seq"},
};

void fields_summary(const struct fields *f, const uint8_t *data, struct buf *b)
{
	char first[FIELD_TEXT_LEN], second[FIELD_TEXT_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct field *x = fields_find(f, words[i].first);
		const struct field *y = words[i].second ? fields_find(f, words[i].second) : x;

		if (x && y)
			buf_printf(b, "%s%s%s%s", words[i].before, field_text(x, data, first),
				words[i].between, words[i].second ? field_text(y, data, second) : "");
	}
}
