/* SPDX-License-Identifier: MIT */
/* Errors that come in: what is believed, and what the protocols above are told. */
#include "inet.h"
#include "tests/unit/icmp/bench.h"

/* ---- a protocol that remembers what it was told ---- */

struct told {
	unsigned count;
	struct icmp_note note;
	struct ip_hdr quoted;
	uint8_t payload[256];
};

/* A protocol has no place of its own in a stack: the cases run one after the other. */
static struct told told;

static void remember(struct stack *s, const struct icmp_note *note)
{
	(void)s;
	told.count++;
	told.note = *note;
	told.quoted = *note->quoted;
	memcpy(told.payload, note->payload, MIN(note->payload_len, sizeof(told.payload)));
}

static const struct proto fake_udp = {.name = "fake", .number = IP_PROTO_UDP, .note = remember};

/* Like bench_new(), with UDP being the fake one. */
static struct bench *new_bench(void)
{
	static const struct proto *protos[32];
	struct bench *b = calloc(1, sizeof(*b));
	size_t n = 0;

	for (size_t i = 0; inet_protos[i]; i++)
		if (inet_protos[i]->number != IP_PROTO_UDP)
			protos[n++] = inet_protos[i];
	protos[n++] = &fake_udp;
	protos[n] = NULL;
	told = (struct told){0};
	b->l = lab_new();
	b->l->world.protos = protos;
	b->s = lab_host(b->l, "h1");
	b->d = bench_wire(b->s, "eth0", "10.0.0.1/24");
	lab_route(b->s, "default", "10.0.0.2", b->d);
	return b;
}

/* An error from the peer about a UDP packet of ours to `dst`, with the first eight octets of it. */
static void tell(struct bench *b, struct icmp_hdr h, struct ip_hdr quoted)
{
	uint8_t quote[IP_HDR_LEN + 8];

	if (!quoted.proto)
		quoted.proto = IP_PROTO_UDP;
	bench_icmp(b, PEER, ME, h, quote, bench_quote(quote, quoted, "UDP-head", 8));
}

static const struct ip_hdr to_far = {.dst = FAR};

/* ---- up ---- */

/* RFC1122-I-42, RFC1122-I-51, RFC1122-I-53, RFC1122-I-60, RFC1122-I-62, RFC1122-I-130, RFC792-3 */
static void every_error_goes_to_the_protocol_it_quotes(void)
{
	static const struct {
		uint8_t type, code;
		int error;
		bool fatal;
		enum mib mib;
	} rows[] = {
		{3, 0, ENETUNREACH, false, MIB_IcmpInDestUnreachs},
		{3, 1, EHOSTUNREACH, false, MIB_IcmpInDestUnreachs},
		{3, 2, ENOPROTOOPT, true, MIB_IcmpInDestUnreachs},
		{3, 3, ECONNREFUSED, true, MIB_IcmpInDestUnreachs},
		{3, 4, EMSGSIZE, false, MIB_IcmpInDestUnreachs},
		{3, 5, EOPNOTSUPP, false, MIB_IcmpInDestUnreachs},
		{3, 6, ENETUNREACH, true, MIB_IcmpInDestUnreachs},
		{3, 7, EHOSTDOWN, true, MIB_IcmpInDestUnreachs},
		{3, 8, ENONET, true, MIB_IcmpInDestUnreachs},
		{3, 9, ENETUNREACH, true, MIB_IcmpInDestUnreachs},
		{3, 10, EHOSTUNREACH, true, MIB_IcmpInDestUnreachs},
		{3, 11, ENETUNREACH, false, MIB_IcmpInDestUnreachs},
		{3, 12, EHOSTUNREACH, false, MIB_IcmpInDestUnreachs},
		{3, 13, EHOSTUNREACH, true, MIB_IcmpInDestUnreachs},
		{3, 14, EHOSTUNREACH, true, MIB_IcmpInDestUnreachs},
		{3, 15, EHOSTUNREACH, true, MIB_IcmpInDestUnreachs},
		{11, 0, EHOSTUNREACH, false, MIB_IcmpInTimeExcds},
		{11, 1, EHOSTUNREACH, false, MIB_IcmpInTimeExcds},
		{12, 0, EPROTO, true, MIB_IcmpInParmProbs},
	};
	struct bench *b = new_bench();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t before = b->s->mib[rows[i].mib];

		tell(b, (struct icmp_hdr){rows[i].type, rows[i].code, 0}, to_far);
		CU_ASSERT_EQUAL(told.count, i + 1);
		CU_ASSERT_EQUAL(told.note.type, rows[i].type);
		CU_ASSERT_EQUAL(told.note.code, rows[i].code);
		CU_ASSERT_EQUAL(told.note.error, rows[i].error);
		CU_ASSERT_EQUAL(told.note.fatal, rows[i].fatal);
		CU_ASSERT_EQUAL(told.note.from, PEER);
		CU_ASSERT_EQUAL(told.quoted.dst, FAR);
		CU_ASSERT_EQUAL(told.quoted.src, ME);
		CU_ASSERT_EQUAL(told.note.payload_len, 8);
		CU_ASSERT_EQUAL(memcmp(told.payload, "UDP-head", 8), 0);
		CU_ASSERT_EQUAL(b->s->mib[rows[i].mib], before + 1);
	}
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInErrors], 0);
	bench_free(b);
}

/* RFC1122-I-62 */
static void pointer_of_a_parameter_problem_is_handed_up(void)
{
	struct bench *b = new_bench();

	tell(b, (struct icmp_hdr){ICMP_PARAM_PROBLEM, 0, 0x09abcdef}, to_far);
	CU_ASSERT_EQUAL(told.note.info, 9);
	bench_free(b);
}

static void unknown_codes_are_dropped(void)
{
	struct bench *b = new_bench();

	tell(b, (struct icmp_hdr){ICMP_DEST_UNREACH, 16, 0}, to_far);
	tell(b, (struct icmp_hdr){ICMP_TIME_EXCEEDED, 2, 0}, to_far);
	tell(b, (struct icmp_hdr){ICMP_REDIRECT, 4, OTHER}, to_far);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_UNKNOWN_TYPE), 3);
	CU_ASSERT_EQUAL(told.count, 0);
	bench_free(b);
}

/* RFC6633-3b, RFC6633-5 */
static void transports_hear_of_no_source_quench(void)
{
	struct bench *b = new_bench();

	tell(b, (struct icmp_hdr){ICMP_SOURCE_QUENCH, 0, 0}, to_far);
	tell(b, (struct icmp_hdr){ICMP_SOURCE_QUENCH, 0, 0},
		(struct ip_hdr){.dst = FAR, .proto = IP_PROTO_TCP});
	CU_ASSERT_EQUAL(told.count, 0);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_SOURCE_QUENCH), 2);
	bench_free(b);
}

/* ---- the quote ---- */

static void quote_must_hold_a_header_and_eight_octets(void)
{
	struct bench *b = new_bench();
	struct icmp_hdr h = {ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0};
	uint8_t quote[IP_HDR_LEN + 30];

	bench_quote(quote, (struct ip_hdr){.dst = FAR, .proto = IP_PROTO_UDP},
		"UDP-header and thirty octets..", 30);
	for (size_t len = 0; len < IP_HDR_LEN + 8; len++)
		bench_icmp(b, PEER, ME, h, quote, len);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BAD_QUOTE), IP_HDR_LEN + 8);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInErrors], IP_HDR_LEN + 8);
	CU_ASSERT_EQUAL(told.count, 0);
	bench_icmp(b, PEER, ME, h, quote, IP_HDR_LEN + 8);
	CU_ASSERT_EQUAL(told.count, 1);
	bench_free(b);
}

static void quote_of_a_shorter_packet_is_all_of_it(void)
{
	struct bench *b = new_bench();
	struct icmp_hdr h = {ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0};
	uint8_t quote[IP_HDR_LEN + 3];
	size_t len = bench_quote(quote, (struct ip_hdr){.dst = FAR, .proto = IP_PROTO_UDP}, "abc", 3);

	bench_icmp(b, PEER, ME, h, quote, len);
	CU_ASSERT_EQUAL(told.count, 1);
	CU_ASSERT_EQUAL(told.note.payload_len, 3);
	bench_free(b);
}

static void quote_with_a_broken_header_is_dropped(void)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {{0, 0x65}, {0, 0x44}, {0, 0x40}, {0, 0x4f}, {3, 19}, {3, 0}};
	struct bench *b = new_bench();
	uint8_t quote[IP_HDR_LEN + 8];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bench_quote(quote, (struct ip_hdr){.dst = FAR, .proto = IP_PROTO_UDP}, "UDP-head", 8);
		quote[rows[i].at] = rows[i].value;
		bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_TIME_EXCEEDED, 0, 0}, quote, sizeof(quote));
	}
	bench_quote(quote, (struct ip_hdr){.dst = FAR, .total_len = 100}, "UDP-head", 8);
	quote[0] = 0x4f; /* ends behind what is there */
	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_TIME_EXCEEDED, 0, 0}, quote, sizeof(quote));
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BAD_QUOTE), ARRAY_SIZE(rows) + 1);
	CU_ASSERT_EQUAL(told.count, 0);
	bench_free(b);
}

static void checksum_of_the_quoted_header_does_not_matter(void)
{
	struct bench *b = new_bench();
	uint8_t quote[IP_HDR_LEN + 8];

	bench_quote(quote, (struct ip_hdr){.dst = FAR, .proto = IP_PROTO_UDP}, "UDP-head", 8);
	quote[10] ^= 0x55;
	bench_icmp(b, PEER, ME, (struct icmp_hdr){ICMP_TIME_EXCEEDED, 0, 0}, quote, sizeof(quote));
	CU_ASSERT_EQUAL(told.count, 1);
	bench_free(b);
}

/* What can be checked without the transport (RFC 5927 4). */
static void error_about_a_packet_that_is_not_ours_is_dropped(void)
{
	static const uint32_t sources[] = {PEER, FAR, IP_BROADCAST, IP_ALL_HOSTS, 0x0a0000ff, 7};
	struct bench *b = new_bench();

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		tell(b, (struct icmp_hdr){ICMP_DEST_UNREACH, 1, 0},
			(struct ip_hdr){.src = sources[i], .dst = FAR});
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_QUOTE_NOT_OURS), ARRAY_SIZE(sources));
	CU_ASSERT_EQUAL(told.count, 0);
	bench_free(b);
}

/* RFC4884-5 */
static void extensions_are_not_taken_for_the_quoted_packet(void)
{
	static const struct {
		uint8_t length; /* the attribute: words of 32 bits */
		size_t payload; /* octets after the quoted header */
	} rows[] = {
		{32, 108}, /* 128 octets are the packet, the rest is something else */
		{40, 140}, /* all 160 octets */
		{0, 140},  /* an old sender */
		{31, 140}, /* less than may be: not believed */
		{41, 140}, /* past the message: not believed */
		{255, 140},
	};
	struct bench *b = new_bench();
	uint8_t quote[160], data[140];

	memset(data, 'd', sizeof(data));
	bench_quote(quote, (struct ip_hdr){.dst = FAR, .proto = IP_PROTO_UDP, .total_len = 1400}, data, 140);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct icmp_hdr h = {ICMP_TIME_EXCEEDED, 0, (uint32_t)rows[i].length << 16};

		bench_icmp(b, PEER, ME, h, quote, sizeof(quote));
		CU_ASSERT_EQUAL(told.count, i + 1);
		CU_ASSERT_EQUAL(told.note.payload_len, rows[i].payload);
	}
	bench_free(b);
}

/* ---- path MTU ---- */

static uint32_t path_mtu(struct bench *b, uint32_t dst)
{
	return ip_path_mtu(b->s, dst);
}

/* Fragmentation needed about a packet of 1500 octets to FAR, to which something was sent before. */
static void tell_mtu(struct bench *b, uint16_t mtu, bool df)
{
	tell(b, (struct icmp_hdr){ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu},
		(struct ip_hdr){.dst = FAR, .total_len = 1500, .df = df});
}

static void send_to(struct bench *b, uint32_t dst)
{
	struct pkt *p = stack_pkt(b->s, 8);

	memset(pkt_put(p, 8), 0, 8);
	ip_output(b->s, p, &(struct ip_send){.dst = dst, .proto = UNKNOWN_PROTO});
	lab_sent_clear(b->d);
}

/* RFC1191-3a, RFC1191-3c */
static void too_big_lowers_the_path_mtu_at_once(void)
{
	struct bench *b = new_bench();

	send_to(b, FAR);
	CU_ASSERT_EQUAL(path_mtu(b, FAR), 1500);
	tell_mtu(b, 1400, true);
	CU_ASSERT_EQUAL(path_mtu(b, FAR), 1400);
	CU_ASSERT_EQUAL(path_mtu(b, FAR + 1), 1500);
	CU_ASSERT_EQUAL(told.note.info, 1400);
	CU_ASSERT_EQUAL(told.note.error, EMSGSIZE);
	bench_free(b);
}

/* RFC1191-3b, RFC1191-3e, RFC1191-6.2 */
static void path_mtu_is_respected_for_ten_minutes(void)
{
	struct bench *b = new_bench();
	struct lab_ip_seen seen;

	send_to(b, FAR);
	tell_mtu(b, 1000, true);
	lab_run(b->l, 599 * NS_PER_SEC);
	CU_ASSERT_EQUAL(path_mtu(b, FAR), 1000);
	struct pkt *p = stack_pkt(b->s, 1400);
	memset(pkt_put(p, 1400), 0, 1400);
	ip_output(b->s, p, &(struct ip_send){.dst = FAR, .proto = UNKNOWN_PROTO, .df_if_fits = true});
	for (seen = lab_sent_ip(b->d); seen.payload; seen = lab_sent_ip(b->d)) {
		CU_ASSERT(seen.ip.total_len <= 1000);
		CU_ASSERT_FALSE(seen.ip.df);
	}
	lab_run(b->l, 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(path_mtu(b, FAR), 1500);
	bench_free(b);
}

/* RFC1191-3f: Linux and the table of plateaus (RFC 1191 7) both know 1492 */
static void old_router_makes_us_guess(void)
{
	struct bench *b = new_bench();

	send_to(b, FAR);
	tell_mtu(b, 0, true);
	CU_ASSERT(path_mtu(b, FAR) >= 552 && path_mtu(b, FAR) < 1500);
	CU_ASSERT_EQUAL(told.note.info, path_mtu(b, FAR));
	bench_free(b);
}

/* CVE-2004-1060, RFC1191-3g, RFC1191-3f */
static void icmp_frag_needed_tiny(void)
{
	struct bench *b = new_bench();

	send_to(b, FAR);
	for (int mtu = 1500; mtu >= 0; mtu--) {
		tell_mtu(b, (uint16_t)mtu, true);
		CU_ASSERT(path_mtu(b, FAR) >= 552);
		CU_ASSERT(mtu < 552 || path_mtu(b, FAR) == (uint32_t)mtu);
	}
	CU_ASSERT_EQUAL(told.count, 1501);
	bench_free(b);
}

/* RFC1191-3h */
static void icmp_frag_needed_raises(void)
{
	static const uint16_t higher[] = {1201, 1500, 1501, 9000, 65535};
	struct bench *b = new_bench();

	send_to(b, FAR);
	tell_mtu(b, 1200, true);
	for (size_t i = 0; i < ARRAY_SIZE(higher); i++) {
		tell_mtu(b, higher[i], true);
		CU_ASSERT_EQUAL(path_mtu(b, FAR), 1200);
	}
	bench_free(b);
}

/* RFC 5927 7: a router has no reason to say so */
static void too_big_about_a_packet_that_was_not_is_no_path_mtu(void)
{
	struct bench *b = new_bench();

	send_to(b, FAR);
	tell_mtu(b, 1000, false);
	CU_ASSERT_EQUAL(path_mtu(b, FAR), 1500);
	tell(b, (struct icmp_hdr){ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 600},
		(struct ip_hdr){.dst = FAR, .total_len = 600, .df = true});
	CU_ASSERT_EQUAL(path_mtu(b, FAR), 1500);
	tell(b, (struct icmp_hdr){ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 600},
		(struct ip_hdr){.dst = FAR, .total_len = 1500, .df = true, .proto = IP_PROTO_TCP});
	CU_ASSERT_EQUAL(path_mtu(b, FAR), 1500);
	bench_free(b);
}

/* CVE-2021-20322 */
static void icmp_frag_needed_cache_exhaust(void)
{
	struct bench *b = new_bench();
	struct ip_stat st;

	send_to(b, FAR);
	for (uint32_t i = 0; i < 20000; i++)
		tell(b, (struct icmp_hdr){ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1000},
			(struct ip_hdr){.dst = 0x14000000 + i * 7, .total_len = 1500, .df = true});
	ip_stat(b->s, &st);
	CU_ASSERT_EQUAL(st.exceptions, 0);
	bench_free(b);
}

/* ---- redirects ---- */

static uint32_t nexthop(struct bench *b, uint32_t dst)
{
	struct route_path path = {0};

	CU_ASSERT_EQUAL(route_lookup(b->s, &(struct route_key){.dst = dst}, &path), 0);
	return path.nexthop;
}

static void redirect(struct bench *b, uint32_t from, uint8_t code, uint32_t gateway, uint32_t dst)
{
	uint8_t quote[IP_HDR_LEN + 8];
	size_t len = bench_quote(quote, (struct ip_hdr){.dst = dst, .proto = IP_PROTO_UDP}, "UDP-head", 8);

	bench_icmp(b, from, ME, (struct icmp_hdr){ICMP_REDIRECT, code, gateway}, quote, len);
}

/* RFC1122-I-55, RFC1122-I-56, RFC1122-I-87 */
static void redirect_of_the_first_hop_is_obeyed_for_the_one_host(void)
{
	for (uint8_t code = ICMP_REDIRECT_NET; code <= ICMP_REDIRECT_TOS_HOST; code++) {
		struct bench *b = new_bench();

		send_to(b, FAR);
		redirect(b, PEER, code, OTHER, FAR);
		CU_ASSERT_EQUAL(nexthop(b, FAR), OTHER);
		CU_ASSERT_EQUAL(nexthop(b, FAR + 1), PEER);
		CU_ASSERT_EQUAL(told.note.type, ICMP_REDIRECT);
		CU_ASSERT_EQUAL(told.note.info, OTHER);
		CU_ASSERT_FALSE(told.note.fatal);
		CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpInRedirects], 1);
		bench_free(b);
	}
}

/* CVE-1999-1254, RFC1122-I-57 */
static void icmp_redirect_spoof(void)
{
	struct bench *b = new_bench();
	struct dev *other = bench_wire(b->s, "eth1", "172.16.0.1/24");
	static const struct {
		uint32_t from, gateway, dst;
	} rows[] = {
		{OTHER, 0x0a000009, FAR},			      /* not from the present first hop */
		{FAR, OTHER, FAR},				      /* from the destination itself */
		{PEER, PEER, FAR},				      /* to the one we use already */
		{PEER, ME, FAR},				      /* to ourselves */
		{PEER, 0x0a0000ff, FAR},			      /* to a broadcast, */
		{PEER, IP_BROADCAST, FAR}, {PEER, IP_ALL_HOSTS, FAR}, /* a multicast */
		{PEER, 0, FAR},					      /* and no address */
		{PEER, 0x7f000001, FAR}, {PEER, 0xc6336401, FAR},     /* not on this link */
		{PEER, 0xac100009, FAR},			      /* on another link */
		{PEER, OTHER, 0x0a000007},			      /* about a neighbour */
		{PEER, OTHER, PEER},				      /* about the sender */
		{PEER, OTHER, 0xac100009},			      /* about a way it is not on */
	};

	send_to(b, FAR);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		redirect(b, rows[i].from, ICMP_REDIRECT_HOST, rows[i].gateway, rows[i].dst);
		CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REDIRECT_IGNORED), i + 1);
		CU_ASSERT_EQUAL(nexthop(b, FAR), PEER);
	}
	uint8_t quote[IP_HDR_LEN + 8];
	struct icmp_hdr h = {ICMP_REDIRECT, ICMP_REDIRECT_HOST, 0xac100009};
	/* by a link that the first hop is not on, to a gateway there */
	bench_quote(quote, (struct ip_hdr){.dst = FAR}, "UDP-head", 8);
	lab_inject(other, b->frame,
		lab_frame_icmp(b->frame, other->mac, bench_peer_mac, PEER, ME, h, quote, sizeof(quote)));
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REDIRECT_IGNORED), ARRAY_SIZE(rows) + 1);
	h.rest = OTHER;
	size_t len = bench_quote(quote, (struct ip_hdr){.src = OTHER, .dst = FAR}, "UDP-head", 8);
	bench_icmp(b, PEER, ME, h, quote, len);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_QUOTE_NOT_OURS), 1);
	bench_icmp(b, PEER, ME, h, quote, 12);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_BAD_QUOTE), 1);
	CU_ASSERT_EQUAL(nexthop(b, FAR), PEER);
	CU_ASSERT_EQUAL(told.count, 0);
	bench_free(b);
}

/* RFC1122-I-55 */
static void redirects_can_be_switched_off(void)
{
	struct bench *b = new_bench();

	send_to(b, FAR);
	sysctl_set(b->s, "net.ipv4.conf.all.accept_redirects", 0);
	sysctl_set(b->s, "net.ipv4.conf.eth0.accept_redirects", 0);
	redirect(b, PEER, ICMP_REDIRECT_HOST, OTHER, FAR);
	CU_ASSERT_EQUAL(nexthop(b, FAR), PEER);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_ICMP_REDIRECT_IGNORED), 1);
	bench_free(b);
}

static void where_media_are_not_shared_only_known_gateways_are_secure(void)
{
	struct bench *b = new_bench();

	send_to(b, FAR);
	sysctl_set(b->s, "net.ipv4.conf.all.shared_media", 0);
	sysctl_set(b->s, "net.ipv4.conf.eth0.shared_media", 0);
	redirect(b, PEER, ICMP_REDIRECT_HOST, OTHER, FAR);
	CU_ASSERT_EQUAL(nexthop(b, FAR), PEER);
	lab_route(b->s, "198.51.100.0/24", "10.0.0.3", b->d);
	redirect(b, PEER, ICMP_REDIRECT_HOST, OTHER, FAR);
	CU_ASSERT_EQUAL(nexthop(b, FAR), OTHER);
	bench_free(b);
}

static void refusals_are_traced(void)
{
	struct bench *b = new_bench();
	uint64_t before;

	send_to(b, FAR);
	b->s->trace_mask = 1u << LAYER_ICMP;
	before = b->l->world.trace.written;
	redirect(b, OTHER, ICMP_REDIRECT_HOST, PEER, FAR);
	redirect(b, PEER, ICMP_REDIRECT_HOST, OTHER, FAR);
	tell_mtu(b, 1400, true);
	CU_ASSERT(b->l->world.trace.written >= before + 6);
	bench_free(b);
}

SUITE(icmp_note, T(every_error_goes_to_the_protocol_it_quotes),
	T(pointer_of_a_parameter_problem_is_handed_up), T(unknown_codes_are_dropped),
	T(transports_hear_of_no_source_quench), T(quote_must_hold_a_header_and_eight_octets),
	T(quote_of_a_shorter_packet_is_all_of_it), T(quote_with_a_broken_header_is_dropped),
	T(checksum_of_the_quoted_header_does_not_matter), T(error_about_a_packet_that_is_not_ours_is_dropped),
	T(extensions_are_not_taken_for_the_quoted_packet), T(too_big_lowers_the_path_mtu_at_once),
	T(path_mtu_is_respected_for_ten_minutes), T(old_router_makes_us_guess), T(icmp_frag_needed_tiny),
	T(icmp_frag_needed_raises), T(too_big_about_a_packet_that_was_not_is_no_path_mtu),
	T(icmp_frag_needed_cache_exhaust), T(redirect_of_the_first_hop_is_obeyed_for_the_one_host),
	T(icmp_redirect_spoof), T(redirects_can_be_switched_off),
	T(where_media_are_not_shared_only_known_gateways_are_secure), T(refusals_are_traced))
