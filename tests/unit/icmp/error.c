/* SPDX-License-Identifier: MIT */
/* Errors that are sent, and those that are not. */
#include "tests/unit/icmp/bench.h"

static const char payload[] = "forty octets of data that nobody reads..";

/* A router: a second wire 192.0.2.1/24 with MTU 1000 behind b->d. */
static struct dev *make_router(struct bench *b)
{
	struct dev *out = bench_wire(b->s, "eth1", "192.0.2.1/24");

	CU_ASSERT_EQUAL_FATAL(sysctl_set(b->s, "net.ipv4.ip_forward", 1), 0);
	CU_ASSERT_EQUAL_FATAL(dev_set_mtu(out, 1000), 0);
	return out;
}

static struct ip_hdr header(uint32_t src, uint32_t dst, uint8_t proto)
{
	return (struct ip_hdr){.src = src, .dst = dst, .ttl = 64, .proto = proto};
}

/* The next frame must be this error to `dst`. */
static struct lab_ip_seen expect(struct dev *d, uint32_t dst, uint8_t type, uint8_t code)
{
	struct lab_ip_seen seen;
	struct icmp_hdr h = {0};

	CU_ASSERT_TRUE_FATAL(bench_sent(d, &seen, &h));
	CU_ASSERT_EQUAL(h.type, type);
	CU_ASSERT_EQUAL(h.code, code);
	CU_ASSERT_EQUAL(seen.ip.dst, dst);
	return seen;
}

/* ---- what they say ---- */

/* RFC1122-I-49, RFC1122-I-50, RFC792-3 */
static void unknown_protocol_is_unreachable(void)
{
	struct bench *b = bench_new();

	bench_ip(b, header(PEER, ME, UNKNOWN_PROTO), payload, 40);
	struct lab_ip_seen seen = expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH);
	CU_ASSERT_EQUAL(seen.ip.src, ME);
	CU_ASSERT_EQUAL(seen.len, ICMP_HDR_LEN + IP_HDR_LEN + 40);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutDestUnreachs], 1);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutMsgs], 1);
	bench_free(b);
}

/* RFC1122-I-40, RFC1122-I-41, RFC1812-4.3.2.3a, RFC1812-4.3.2.3b */
static void quote_is_what_was_received_up_to_576_octets(void)
{
	static const uint8_t opts[4] = {IPOPT_NOP, IPOPT_NOP, IPOPT_NOP, IPOPT_EOL};
	struct bench *b = bench_new();
	struct ip_hdr ip = header(PEER, ME, UNKNOWN_PROTO);
	uint8_t data[1400];

	ip.ttl = 7;
	ip.tos = 0x28;
	ip.id = 0xbeef;
	memset(data, 'q', sizeof(data));
	for (size_t len = 480; len < 600; len++) {
		size_t n = lab_frame_ip(b->frame, b->d->mac, bench_peer_mac, ip, opts, 4, data, len);

		lab_inject(b->d, b->frame, n);
		struct lab_ip_seen seen = expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH);
		size_t whole = IP_HDR_LEN + 4 + len;
		CU_ASSERT_EQUAL(seen.ip.total_len, MIN(whole + IP_HDR_LEN + ICMP_HDR_LEN, 576));
		CU_ASSERT_EQUAL(memcmp(seen.payload + ICMP_HDR_LEN, b->frame + ETHER_HDR_LEN,
					seen.len - ICMP_HDR_LEN),
			0);
		lab_run(b->l, NS_PER_SEC);
	}
	bench_free(b);
}

static void padding_of_the_link_is_not_quoted(void)
{
	struct bench *b = bench_new();
	size_t len = lab_frame_ip(
		b->frame, b->d->mac, bench_peer_mac, header(PEER, ME, UNKNOWN_PROTO), NULL, 0, "12", 2);

	memset(b->frame + len, 'p', 60 - len);
	lab_inject(b->d, b->frame, 60);
	CU_ASSERT_EQUAL(
		expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH).len, ICMP_HDR_LEN + IP_HDR_LEN + 2);
	bench_free(b);
}

/* RFC1122-I-43, RFC1812-4.3.2.5 */
static void error_has_precedence_6_and_type_of_service_0(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = header(PEER, ME, UNKNOWN_PROTO);

	ip.tos = 0x3f;
	bench_ip(b, ip, payload, 40);
	struct lab_ip_seen seen = expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH);
	CU_ASSERT_EQUAL(seen.ip.tos, 0xc0);
	CU_ASSERT_EQUAL(seen.ip.ttl, 64);
	CU_ASSERT_FALSE(seen.ip.df);
	bench_free(b);
}

/* RFC4884-3a, RFC4884-4.6 */
static void error_has_no_extensions(void)
{
	struct bench *b = bench_new();
	uint8_t data[1000] = {0};

	bench_ip(b, header(PEER, ME, UNKNOWN_PROTO), data, sizeof(data));
	struct lab_ip_seen seen = expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH);
	CU_ASSERT_EQUAL(get32(*(const be32 *)(seen.payload + 4)), 0);
	bench_free(b);
}

/* RFC1122-I-61, RFC1812-4.3.3.5 */
static void parameter_problem_points_to_the_octet_at_fault(void)
{
	static const uint8_t opts[8] = {IPOPT_NOP, IPOPT_RR, 7, 3};
	struct bench *b = bench_new();
	struct lab_ip_seen seen;
	struct icmp_hdr h;

	lab_inject(b->d, b->frame,
		lab_frame_ip(b->frame, b->d->mac, bench_peer_mac, header(PEER, ME, IP_PROTO_UDP), opts,
			sizeof(opts), payload, 40));
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(h.type, ICMP_PARAM_PROBLEM);
	CU_ASSERT_EQUAL(icmp_pointer(&h), 23);
	CU_ASSERT_EQUAL(seen.payload[ICMP_HDR_LEN + 23], 3);
	CU_ASSERT_EQUAL(h.rest & 0xffffff, 0);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutParmProbs], 1);
	bench_free(b);
}

/* RFC1191-4 */
static void fragmentation_needed_tells_the_mtu_of_the_next_link(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = header(PEER, FAR, IP_PROTO_UDP);
	struct lab_ip_seen seen;
	struct icmp_hdr h;
	uint8_t data[1200] = {0};

	make_router(b);
	ip.df = true;
	bench_ip(b, ip, data, sizeof(data));
	CU_ASSERT_TRUE_FATAL(bench_sent(b->d, &seen, &h));
	CU_ASSERT_EQUAL(h.type, ICMP_DEST_UNREACH);
	CU_ASSERT_EQUAL(h.code, ICMP_FRAG_NEEDED);
	CU_ASSERT_EQUAL(h.rest, 1000);
	bench_free(b);
}

/* RFC1812-4.3.3.1a */
static void router_without_a_route_says_net_unreachable(void)
{
	struct bench *b = bench_new();

	make_router(b);
	bench_ip(b, header(PEER, lab_ip("198.51.100.1"), IP_PROTO_UDP), payload, 40);
	expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_NET_UNREACH);
	bench_free(b);
}

/* RFC1122-I-54, RFC1812-4.3.2.7b */
static void host_is_silent_about_packets_for_others(void)
{
	struct bench *b = bench_new();

	bench_ip(b, header(PEER, OTHER, IP_PROTO_UDP), payload, 40);
	bench_ip(b, header(PEER, FAR, IP_PROTO_UDP), payload, 40);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	bench_free(b);
}

/* ---- from whom ---- */

/* RFC1812-4.3.2.4 */
static void error_of_a_router_comes_from_the_device_it_leaves_by(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = header(lab_ip("172.16.0.9"), FAR, IP_PROTO_UDP);
	struct dev *third;

	make_router(b);
	third = bench_wire(b->s, "eth2", "172.16.0.1/24");
	ip.ttl = 1;
	bench_ip(b, ip, payload, 40);
	CU_ASSERT_EQUAL(
		expect(third, ip.src, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED).ip.src, lab_ip("172.16.0.1"));
	b->s->sysctl[SYSCTL_ICMP_ERRORS_USE_INBOUND_IFADDR] = 1;
	bench_ip(b, ip, payload, 40);
	CU_ASSERT_EQUAL(expect(third, ip.src, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED).ip.src, ME);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutTimeExcds], 2);
	bench_free(b);
}

/* What waits for a neighbour stands at the device it was to leave by. */
static void the_inbound_address_is_known_when_a_neighbour_is_silent(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = header(lab_ip("172.16.0.9"), lab_ip("192.0.2.77"), IP_PROTO_UDP);
	struct dev *third = bench_wire(b->s, "eth2", "172.16.0.1/24");

	lab_wire(b->s, "eth1", "192.0.2.1/24");
	CU_ASSERT_EQUAL_FATAL(sysctl_set(b->s, "net.ipv4.ip_forward", 1), 0);
	b->s->sysctl[SYSCTL_ICMP_ERRORS_USE_INBOUND_IFADDR] = 1;
	bench_ip(b, ip, payload, 40);
	lab_run(b->l, 4 * NS_PER_SEC);
	CU_ASSERT_EQUAL(expect(third, ip.src, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH).ip.src, ME);
	bench_free(b);
}

/* RFC1122-I-129 */
static void error_of_a_host_comes_from_the_address_that_was_meant(void)
{
	struct bench *b = bench_new();

	lab_addr(b->d, "10.0.0.7/24");
	lab_sent_clear(b->d);
	bench_ip(b, header(PEER, lab_ip("10.0.0.7"), UNKNOWN_PROTO), payload, 40);
	CU_ASSERT_EQUAL(expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH).ip.src, lab_ip("10.0.0.7"));
	bench_free(b);
}

/* ---- about what none is sent ---- */

/* A packet as ip hands it over. */
static void reject(struct bench *b, struct ip_hdr ip, enum pkt_type type, const void *data, size_t len)
{
	struct pkt *p = stack_pkt(b->s, IP_HDR_LEN + len);

	ip.hdr_len = IP_HDR_LEN;
	ip.total_len = (uint16_t)(IP_HDR_LEN + len);
	p->ip = ip;
	p->dev = b->d;
	p->type = (uint8_t)type;
	ip_emit(pkt_put(p, IP_HDR_LEN), &ip);
	memcpy(pkt_put(p, len), data, len);
	icmp_reject(b->s, p, (struct ip_reject){ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0});
	lab_settle(b->l);
	pkt_free(p);
}

/* RFC1122-I-44, RFC1812-4.3.2.7a */
static void icmp_error_about_error(void)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12, 19, 128, 255};
	struct bench *b = bench_new();
	uint8_t data[64] = {0};

	make_router(b);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct ip_hdr ip = header(PEER, FAR, IP_PROTO_ICMP);

		ip.ttl = 1;
		data[0] = errors[i];
		bench_ip(b, ip, data, sizeof(data));
		reject(b, header(PEER, ME, IP_PROTO_ICMP), PKT_HOST, data, sizeof(data));
	}
	for (size_t len = 0; len < ICMP_HDR_LEN; len++)
		reject(b, header(PEER, ME, IP_PROTO_ICMP), PKT_HOST, data, len);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	bench_free(b);
}

/* RFC1122-I-49 */
static void icmp_query_may_cause_an_error(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = header(PEER, FAR, IP_PROTO_ICMP);
	uint8_t data[64] = {ICMP_ECHO};

	make_router(b);
	ip.ttl = 1;
	bench_ip(b, ip, data, sizeof(data));
	expect(b->d, PEER, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED);
	bench_free(b);
}

/* RFC1122-I-45, RFC1122-I-46, RFC1812-4.3.2.7a, RFC1112-6.4 */
static void icmp_error_about_bcast(void)
{
	struct bench *b = bench_new();
	static const uint32_t many[] = {IP_BROADCAST, 0x0a0000ff, IP_ALL_HOSTS};

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		struct mac mac = ip_is_multicast(many[i]) ? ether_multicast(many[i]) : MAC_BROADCAST;

		lab_inject(b->d, b->frame,
			lab_frame_ip(b->frame, mac, bench_peer_mac, header(PEER, many[i], UNKNOWN_PROTO),
				NULL, 0, payload, 40));
		reject(b, header(PEER, many[i], IP_PROTO_UDP), PKT_HOST, payload, 40);
	}
	lab_inject(b->d, b->frame,
		lab_frame_ip(b->frame, MAC_BROADCAST, bench_peer_mac, header(PEER, ME, UNKNOWN_PROTO), NULL,
			0, payload, 40));
	reject(b, header(PEER, ME, IP_PROTO_UDP), PKT_BROADCAST, payload, 40);
	reject(b, header(PEER, ME, IP_PROTO_UDP), PKT_MULTICAST, payload, 40);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	bench_free(b);
}

/* RFC1122-I-47, RFC1812-4.3.2.7a */
static void icmp_error_about_noninitial_frag(void)
{
	struct bench *b = bench_new();
	struct ip_hdr ip = header(PEER, FAR, UNKNOWN_PROTO);

	make_router(b);
	ip.ttl = 1;
	ip.frag_off = 8;
	bench_ip(b, ip, payload, 40);
	ip.mf = true;
	bench_ip(b, ip, payload, 40);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	ip.frag_off = 0;
	bench_ip(b, ip, payload, 40);
	expect(b->d, PEER, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED);
	bench_free(b);
}

/* RFC1122-I-48, RFC1812-4.3.2.7a */
static void nothing_is_sent_to_a_source_that_is_not_one_host(void)
{
	static const char *const sources[] = {"0.0.0.0", "0.0.0.7", "127.0.0.1", "127.9.9.9", "224.0.0.1",
		"239.1.2.3", "240.0.0.1", "255.255.255.255", "10.0.0.255"};
	struct bench *b = bench_new();

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		bench_ip(b, header(lab_ip(sources[i]), ME, UNKNOWN_PROTO), payload, 40);
		reject(b, header(lab_ip(sources[i]), ME, IP_PROTO_UDP), PKT_HOST, payload, 40);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(b->s->mib[MIB_IcmpOutMsgs], 0);
	reject(b, header(PEER, ME, IP_PROTO_UDP), PKT_HOST, payload, 40);
	expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH);
	bench_free(b);
}

/* RFC1812-4.3.2.7a */
static void nothing_is_sent_about_a_broken_header(void)
{
	struct bench *b = bench_new();

	for (size_t at = 0; at < IP_HDR_LEN; at++) {
		size_t len = lab_frame_ip(b->frame, b->d->mac, bench_peer_mac,
			header(PEER, ME, UNKNOWN_PROTO), NULL, 0, payload, 40);

		b->frame[ETHER_HDR_LEN + at] ^= 0x41;
		lab_inject(b->d, b->frame, len);
	}
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	bench_free(b);
}

/* ---- and else ---- */

static void silence_is_traced(void)
{
	struct bench *b = bench_new();

	b->s->trace_mask = 1u << LAYER_ICMP;
	reject(b, header(PEER, IP_BROADCAST, IP_PROTO_UDP), PKT_BROADCAST, payload, 40);
	CU_ASSERT_EQUAL_FATAL(b->l->world.trace.written, 1);
	CU_ASSERT_STRING_EQUAL(b->l->world.trace.ring[0].clause, "RFC 1122 3.2.2");
	b->s->sysctl[SYSCTL_ICMP_MSGS_BURST] = 0;
	reject(b, header(PEER, ME, IP_PROTO_UDP), PKT_HOST, payload, 40);
	CU_ASSERT_EQUAL_FATAL(b->l->world.trace.written, 2);
	CU_ASSERT_STRING_EQUAL(b->l->world.trace.ring[1].clause, "RFC 1812 4.3.2.8");
	bench_free(b);
}

static void without_memory_there_is_no_error_and_no_crash(void)
{
	struct bench *b = bench_new();

	b->l->world.pkts.small.limit = 1;
	reject(b, header(PEER, ME, IP_PROTO_UDP), PKT_HOST, payload, 40);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	CU_ASSERT_EQUAL(bench_drops(b, DROP_NO_MEMORY), 1);
	bench_free(b);
}

static void error_about_our_own_packet_reaches_our_own_socket(void)
{
	struct bench *b = bench_new();
	struct sock *ping = sock_open(b->s, SOCK_DGRAM, IP_PROTO_ICMP);
	uint8_t echo[ICMP_HDR_LEN + 8] = {ICMP_ECHO};
	struct icmp_hdr h = {ICMP_ECHO, 0, 0x00210007};
	struct sock_error e;

	CU_ASSERT_EQUAL(sock_set(ping, SO_OPT_RECVERR, 1), 0);
	CU_ASSERT_EQUAL(sock_bind(ping, &(struct sock_addr){.port = 0x21}), 0);
	icmp_emit(echo, sizeof(echo), &h);
	struct pkt *p = stack_pkt(b->s, 100);
	p->ip = (struct ip_hdr){
		.src = ME, .dst = OTHER, .ttl = 64, .proto = IP_PROTO_ICMP, .hdr_len = 20, .total_len = 36};
	ip_emit(pkt_put(p, IP_HDR_LEN), &p->ip);
	memcpy(pkt_put(p, sizeof(echo)), echo, sizeof(echo));
	p->dev = b->d;
	b->s->unresolved(b->d->netif, p);
	lab_settle(b->l);
	CU_ASSERT_EQUAL_FATAL(sock_recv_error(ping, &e), 0);
	CU_ASSERT_EQUAL(e.error, EHOSTUNREACH);
	CU_ASSERT_EQUAL(e.from, ME);
	CU_ASSERT_EQUAL(e.dst, OTHER);
	CU_ASSERT_EQUAL(e.seq, 7);
	CU_ASSERT_EQUAL(lab_sent_count(b->d), 0);
	sock_close(ping);
	bench_free(b);
}

/* RFC1812-4.3.3.1b */
static void router_whose_neighbour_is_silent_says_host_unreachable(void)
{
	struct bench *b = bench_new();
	struct dev *out = make_router(b);
	struct pkt *p = stack_pkt(b->s, 100);

	p->ip = (struct ip_hdr){
		.src = PEER, .dst = FAR, .ttl = 63, .proto = IP_PROTO_UDP, .hdr_len = 20, .total_len = 60};
	ip_emit(pkt_put(p, IP_HDR_LEN), &p->ip);
	memcpy(pkt_put(p, 40), payload, 40);
	p->dev = out;
	b->s->unresolved(out->netif, p);
	lab_settle(b->l);
	expect(b->d, PEER, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH);
	bench_free(b);
}

SUITE(icmp_error, T(unknown_protocol_is_unreachable), T(quote_is_what_was_received_up_to_576_octets),
	T(padding_of_the_link_is_not_quoted), T(error_has_precedence_6_and_type_of_service_0),
	T(error_has_no_extensions), T(parameter_problem_points_to_the_octet_at_fault),
	T(fragmentation_needed_tells_the_mtu_of_the_next_link),
	T(router_without_a_route_says_net_unreachable), T(host_is_silent_about_packets_for_others),
	T(error_of_a_router_comes_from_the_device_it_leaves_by),
	T(the_inbound_address_is_known_when_a_neighbour_is_silent),
	T(error_of_a_host_comes_from_the_address_that_was_meant), T(icmp_error_about_error),
	T(icmp_query_may_cause_an_error), T(icmp_error_about_bcast), T(icmp_error_about_noninitial_frag),
	T(nothing_is_sent_to_a_source_that_is_not_one_host), T(nothing_is_sent_about_a_broken_header),
	T(silence_is_traced), T(without_memory_there_is_no_error_and_no_crash),
	T(error_about_our_own_packet_reaches_our_own_socket),
	T(router_whose_neighbour_is_silent_says_host_unreachable))
