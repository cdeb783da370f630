/* SPDX-License-Identifier: MIT */
/* Reassembly: pieces in any order, and everything that senders of pieces can do wrong, or do on purpose. */
#include "ip/internal.h"
#include "net/wire_icmp.h"
#include "tests/unit/lab.h"

enum { ID = 4711, PROTO = 253 };

struct scene {
	struct lab *l;
	struct stack *s;
	struct dev *eth0;
	struct ip_hdr h; /* what the next pieces have in common */
	uint8_t *data;	 /* the payload that they are cut from */
};

/* What `ip` said to ICMP last: the function that is told has no other place to note it. */
static struct told {
	unsigned count;
	struct ip_reject why;
	struct ip_hdr ip;
	uint8_t bytes[64];
	size_t len;
} told;

static void note_reject(struct stack *s, const struct pkt *p, struct ip_reject why)
{
	(void)s;
	told.count++;
	told.why = why;
	told.ip = p->ip;
	told.len = MIN(p->len, sizeof(told.bytes));
	memcpy(told.bytes, p->data, told.len);
}

static struct scene scene(void)
{
	static uint8_t data[70000];
	struct scene sc = {.l = lab_new(), .data = data};

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	told = (struct told){0};
	sc.s = lab_host(sc.l, "h1");
	sc.eth0 = lab_wire(sc.s, "eth0", "10.0.0.1/24");
	ip_set_reject(sc.s, note_reject);
	sc.h = (struct ip_hdr){
		.src = lab_ip("10.0.0.2"), .dst = lab_ip("10.0.0.1"), .id = ID, .ttl = 64, .proto = PROTO};
	return sc;
}

static uint64_t drops(const struct scene *sc, enum drop_reason why)
{
	return stack_drops(sc->s, why);
}

static struct ip_stat stat_of(const struct scene *sc)
{
	struct ip_stat st;

	ip_stat(sc->s, &st);
	return st;
}

/* A packet as ip_input() has it. */
static struct pkt *packet(struct scene *sc, struct ip_hdr h, const void *opts, size_t opts_len,
	const uint8_t *payload, size_t len)
{
	struct pkt *p = stack_pkt(sc->s, IP_HDR_LEN + opts_len + len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->dev = sc->eth0;
	h.hdr_len = (uint8_t)(IP_HDR_LEN + opts_len);
	h.total_len = (uint16_t)(h.hdr_len + len);
	pkt_put(p, h.total_len);
	if (opts_len)
		memcpy(p->data + IP_HDR_LEN, opts, opts_len);
	memcpy(p->data + h.hdr_len, payload, len);
	ip_emit(p->data, &h);
	CU_ASSERT_EQUAL_FATAL(ip_parse(p->data, p->len, &p->ip), DROP_NONE);
	return p;
}

static struct pkt *piece(struct scene *sc, uint32_t start, uint32_t len, bool mf)
{
	struct ip_hdr h = sc->h;

	h.frag_off = (uint16_t)start;
	h.mf = mf;
	return reass_input(sc->s, packet(sc, h, NULL, 0, sc->data + start, len));
}

/* One that does not complete anything. */
static void feed(struct scene *sc, uint32_t start, uint32_t len, bool mf)
{
	CU_ASSERT_PTR_NULL_FATAL(piece(sc, start, len, mf));
}

/* The packet is the datagram of `len` octets of sc->data; ends it. */
static bool is_datagram(struct scene *sc, struct pkt *p, uint32_t len)
{
	struct ip_hdr h;
	bool ok = p && p->len == IP_HDR_LEN + len && ip_parse(p->data, p->len, &h) == DROP_NONE &&
		!ip_is_fragment(&h) && h.total_len == p->len && p->ip.total_len == p->len &&
		p->ip.id == sc->h.id && !ip_is_fragment(&p->ip) && h.check == p->ip.check &&
		memcmp(p->data + IP_HDR_LEN, sc->data, len) == 0;

	if (p)
		pkt_done(p);
	return ok;
}

/* ---- what is right */

/* RFC1122-I-18, RFC1122-I-99, RFC791-6, RFC1812-4.2.2.8, RFC791-2 */
static void pieces_make_a_datagram_in_any_order(void)
{
	static const uint8_t orders[6][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct scene sc = scene();

	for (size_t i = 0; i < 6; i++) {
		struct pkt *p = NULL;

		for (size_t k = 0; k < 3; k++) {
			uint32_t at = orders[i][k];
			CU_ASSERT_PTR_NULL_FATAL(p);
			p = piece(&sc, at * 200, at == 2 ? 157 : 200, at < 2);
		}
		CU_ASSERT(is_datagram(&sc, p, 557));
	}
	CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmOKs], 6);
	CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmReqds], 18);
	CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmFails], 0);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembling, 0);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembly_bytes, 0);
	lab_free(sc.l);
}

static void the_whole_has_the_first_pieces_header_options_and_id(void)
{
	static const uint8_t opts[8] = {IPOPT_RR, 7, 4, 0, 0, 0, 0, IPOPT_EOL};
	struct scene sc = scene();
	struct ip_hdr h = sc.h;
	struct pkt *first, *p;
	uint64_t id;

	feed(&sc, 16, 100, false);
	h.mf = true;
	h.ttl = 33;
	h.tos = 8;
	first = packet(&sc, h, opts, sizeof(opts), sc.data, 16);
	id = first->id;
	first->src_mac = (struct mac){{2, 0, 0, 0, 0, 9}};
	p = reass_input(sc.s, first);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(p->parent, id);
	CU_ASSERT(p->dev == sc.eth0 && p->src_mac.b[5] == 9);
	CU_ASSERT(p->ip.ttl == 33 && p->ip.tos == 8 && p->ip.hdr_len == 28 && p->ip.total_len == 144);
	CU_ASSERT_EQUAL(memcmp(p->data + IP_HDR_LEN, opts, sizeof(opts)), 0);
	CU_ASSERT_EQUAL(memcmp(p->data + 28, sc.data, 116), 0);
	pkt_done(p);
	lab_free(sc.l);
}

/* DF says nothing here. */
static void df_and_mf_together_are_put_together(void)
{
	struct scene sc = scene();

	sc.h.df = true;
	feed(&sc, 0, 8, true);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 8, 8, false), 16));
	lab_free(sc.l);
}

/* RFC1122-I-100, RFC1122-I-101, RFC1122-I-102, RFC815-1 */
static void the_largest_datagram_arrives(void)
{
	struct scene sc = scene();
	const uint32_t len = IP_MAX_LEN - IP_HDR_LEN;
	uint32_t at = 0;

	for (; at + 1480 < len; at += 1480)
		feed(&sc, at, 1480, true);
	CU_ASSERT(is_datagram(&sc, piece(&sc, at, len - at, false), len));
	lab_free(sc.l);
}

/* RFC1122-I-103, RFC1122-I-105: 30 s, as Linux */
static void missing_pieces_are_waited_for_until_time_is_up(void)
{
	struct scene sc = scene();

	feed(&sc, 0, 64, true);
	lab_run(sc.l, 29 * NS_PER_SEC);
	feed(&sc, 128, 64, false);
	CU_ASSERT_EQUAL(told.count, 0);
	lab_run(sc.l, 1 * NS_PER_SEC);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_TIMEOUT), 2);
	CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmTimeout], 1);
	CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmFails], 1);
	CU_ASSERT(told.count == 1 && told.why.type == ICMP_TIME_EXCEEDED &&
		told.why.code == ICMP_REASSEMBLY_TIMEOUT);
	/* the quote is the first fragment as it came */
	CU_ASSERT(told.ip.mf && told.ip.frag_off == 0 && told.len == 64 &&
		memcmp(told.bytes + IP_HDR_LEN, sc.data, 44) == 0);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembly_bytes, 0);
	lab_free(sc.l);
}

/* RFC1122-I-105 */
static void without_the_first_piece_nobody_is_told(void)
{
	struct scene sc = scene();

	feed(&sc, 64, 64, true);
	sc.s->sysctl[SYSCTL_IPFRAG_TIME] = 5;
	sc.h.id++;
	feed(&sc, 64, 64, false);
	lab_run(sc.l, 5 * NS_PER_SEC);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_TIMEOUT), 1);
	lab_run(sc.l, 25 * NS_PER_SEC);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_TIMEOUT), 2);
	CU_ASSERT_EQUAL(told.count, 0);
	lab_free(sc.l);
}

/* RFC791-4, RFC6864-4.1a */
static void frag_id_protocol_isolation(void)
{
	struct scene sc = scene();
	struct dev *eth1 = lab_wire(sc.s, "eth1", "10.1.0.1/24");

	for (uint32_t i = 0; i < 6; i++) {
		struct scene other = sc;

		other.h.id = (uint16_t)(ID + (i == 1));
		other.h.proto = (uint8_t)(PROTO - (i == 2));
		other.h.src += i == 3;
		other.h.dst += i == 4;
		other.eth0 = i == 5 ? eth1 : sc.eth0;
		feed(&other, (i % 2) * 8, 8, i % 2 == 0);
	}
	CU_ASSERT_EQUAL(stat_of(&sc).reassembling, 6);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 8, 8, false), 16));
	sc.h.id++;
	CU_ASSERT(is_datagram(&sc, piece(&sc, 0, 8, true), 16));
	CU_ASSERT_EQUAL(stat_of(&sc).reassembling, 4);
	lab_free(sc.l);
	CU_ASSERT_EQUAL(told.count, 0);
}

/* ---- pieces that are wrong by themselves */

static void frag_zero_length(void)
{
	struct scene sc = scene();

	feed(&sc, 0, 0, true);
	feed(&sc, 8, 0, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_ZERO_LENGTH), 2);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembling, 0);
	lab_free(sc.l);
}

/* RFC791-2 */
static void frag_not_multiple_8(void)
{
	struct scene sc = scene();

	for (uint32_t len = 1; len < 16; len++)
		if (len % 8)
			feed(&sc, 0, len, true);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_NOT_MULTIPLE_8), 14);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembling, 0);
	lab_free(sc.l);
}

/* The same octets, but now they are the end. */
static void a_copy_that_disagrees_about_the_end_is_none(void)
{
	struct scene sc = scene();

	feed(&sc, 0, 16, true);
	feed(&sc, 16, 16, true);
	feed(&sc, 16, 16, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_OVERLAP), 3);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_DUPLICATE), 0);
	lab_free(sc.l);
}

/* RFC1122-L-13: what came to many is not answered, in pieces or not. */
static void the_whole_came_as_its_first_fragment_did(void)
{
	struct scene sc = scene();
	struct pkt *p = NULL;

	for (uint16_t at = 0; at < 16; at = (uint16_t)(at + 8)) {
		struct ip_hdr h = sc.h;

		h.frag_off = at;
		h.mf = at == 0;
		p = packet(&sc, h, NULL, 0, sc.data + at, 8);
		p->type = PKT_BROADCAST;
		p->local = true;
		p->ethertype = 0x0800;
		p->src_mac = (struct mac){{2, 0, 0, 0, 1, 2}};
		p = reass_input(sc.s, p);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(p->type, PKT_BROADCAST);
	CU_ASSERT_TRUE(p->local);
	CU_ASSERT_EQUAL(p->ethertype, 0x0800);
	CU_ASSERT_EQUAL(p->src_mac.b[5], 2);
	CU_ASSERT_PTR_EQUAL(p->dev, sc.eth0);
	CU_ASSERT(is_datagram(&sc, p, 16));
	lab_free(sc.l);
}

static void too_much_memory_is_given_back_down_to_the_low_mark(void)
{
	struct scene sc = scene();
	size_t low = (size_t)sc.s->sysctl[SYSCTL_IPFRAG_LOW_THRESH], before;

	do {
		before = stat_of(&sc).reassembly_bytes;
		feed(&sc, 0, 800, true);
		sc.h.id++;
	} while (stat_of(&sc).reassembly_bytes > before);
	CU_ASSERT(before > low);
	CU_ASSERT(stat_of(&sc).reassembly_bytes <= low);
	CU_ASSERT(stat_of(&sc).reassembly_bytes > low - 10000);
	lab_free(sc.l);
}

/* RFC791-3 */
static void frag_ping_of_death(void)
{
	struct scene sc = scene();
	unsigned n = 0;

	feed(&sc, 0, 1480, true);
	for (uint32_t len = 1; len <= 1480; len++, n++)
		feed(&sc, 65528, len, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_PAST_64K), n);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembling, 1);
	feed(&sc, 65512, 4, false); /* with the header one octet more than a datagram can have */
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_PAST_64K), n + 1);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_CONFLICTING_END), 0);
	feed(&sc, 65512, 3, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_PAST_64K), n + 1);
	lab_free(sc.l);
}

/* Only with the options of the first piece it is too long. */
static void a_datagram_too_long_with_its_options_is_dropped(void)
{
	static const uint8_t opts[40] = {IPOPT_NOP, IPOPT_EOL};
	struct scene sc = scene();
	struct ip_hdr h = sc.h;

	for (uint32_t at = 8; at < 65496; at += 2048)
		feed(&sc, at, MIN(2048u, 65496 - at), true);
	feed(&sc, 65496, 8, false);
	h.mf = true;
	CU_ASSERT_PTR_NULL(reass_input(sc.s, packet(&sc, h, opts, sizeof(opts), sc.data, 8)));
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_PAST_64K), 34);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembly_bytes, 0);
	lab_free(sc.l);
}

/* RFC1858-3 */
static void frag_tiny_first(void)
{
	struct scene sc = scene();

	sc.h.proto = IP_PROTO_TCP;
	feed(&sc, 0, 8, true);
	feed(&sc, 0, 16, true);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_TINY_FIRST), 2);
	feed(&sc, 0, 24, true);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 24, 10, false), 34));
	lab_free(sc.l);
}

/* RFC1858-3, RFC 3128 */
static void frag_tcp_flags_overlap(void)
{
	struct scene sc = scene();

	sc.h.proto = IP_PROTO_TCP;
	feed(&sc, 0, 24, true);
	sc.data[13] ^= 2;
	feed(&sc, 8, 16, true);
	feed(&sc, 8, 100, false);
	sc.data[13] ^= 2;
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_TINY_FIRST), 2);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 24, 10, false), 34));
	lab_free(sc.l);
}

/* ---- pieces that do not fit together */

/* Every relation of two intervals (Allen, 1983) of 8-octet blocks: which may stand side by side?
 * RFC5722-4 */
static void frag_overlap_head(void)
{
	static const struct {
		const char *relation;
		uint8_t start, end; /* of the second; the first is [4, 8) */
		enum drop_reason want;
	} cases[] = {
		{"before", 0, 3, DROP_NONE},
		{"meets", 1, 4, DROP_NONE},
		{"overlaps", 2, 5, DROP_FRAG_OVERLAP},
		{"starts", 4, 6, DROP_FRAG_OVERLAP},
		{"during", 5, 7, DROP_FRAG_OVERLAP},
		{"finishes", 6, 8, DROP_FRAG_OVERLAP},
		{"equals", 4, 8, DROP_FRAG_DUPLICATE},
		{"is finished by", 2, 8, DROP_FRAG_OVERLAP},
		{"contains", 2, 10, DROP_FRAG_OVERLAP},
		{"is started by", 4, 10, DROP_FRAG_OVERLAP},
		{"is overlapped by", 6, 10, DROP_FRAG_OVERLAP},
		{"is met by", 8, 10, DROP_NONE},
		{"after", 9, 12, DROP_NONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene sc = scene();
		enum drop_reason want = cases[i].want;

		feed(&sc, 32, 32, true);
		feed(&sc, cases[i].start * 8u, (cases[i].end - cases[i].start) * 8u, true);
		/* both go when they overlap, one when they are the same */
		CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_OVERLAP), want == DROP_FRAG_OVERLAP ? 2 : 0);
		CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_DUPLICATE), want == DROP_FRAG_DUPLICATE);
		CU_ASSERT_EQUAL(sc.s->mib[MIB_IpExtReasmOverlaps], want == DROP_FRAG_OVERLAP);
		lab_free(sc.l);
	}
}

/* RFC 5722 4: "including those not yet received". RFC5722-4 */
static void what_overlapped_stays_dead_until_its_time_is_up(void)
{
	struct scene sc = scene();

	feed(&sc, 0, 16, true);
	feed(&sc, 8, 16, true);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_OVERLAP), 2);
	feed(&sc, 0, 16, true);
	feed(&sc, 16, 16, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_OVERLAP), 4);
	CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmFails], 1);
	lab_run(sc.l, 30 * NS_PER_SEC);
	CU_ASSERT_EQUAL(told.count, 0);
	CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmTimeout], 0);
	feed(&sc, 0, 16, true);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 16, 16, false), 32));
	lab_free(sc.l);
}

static void frag_overlap_exact_dup(void)
{
	struct scene sc = scene();

	feed(&sc, 0, 16, true);
	feed(&sc, 0, 16, true);
	feed(&sc, 32, 16, false);
	sc.data[3] ^= 0xff;
	sc.data[33] ^= 0xff;
	feed(&sc, 0, 16, true);
	feed(&sc, 32, 16, false);
	sc.data[3] ^= 0xff;
	sc.data[33] ^= 0xff;
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_DUPLICATE), 3);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 16, 16, true), 48));
	lab_free(sc.l);
}

static void frag_teardrop(void)
{
	struct scene sc = scene();

	feed(&sc, 0, 36, true);
	feed(&sc, 24, 4, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_NOT_MULTIPLE_8), 1);
	sc.h.id++;
	feed(&sc, 0, 40, true);
	feed(&sc, 24, 4, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_CONFLICTING_END), 2);
	lab_free(sc.l);
}

static void frag_conflicting_last(void)
{
	static const struct {
		uint32_t start, len;
		bool mf;
	} second[] = {
		{24, 8, false},	 /* an end before the end */
		{40, 8, false},	 /* and one behind */
		{40, 16, true},	 /* data behind the end */
		{32, 8, true},	 /* the end, but more follow */
		{32, 16, false}, /* the same place, another end */
	};

	for (size_t i = 0; i < ARRAY_SIZE(second); i++) {
		struct scene sc = scene();

		feed(&sc, 32, 8, false);
		feed(&sc, second[i].start, second[i].len, second[i].mf);
		CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_CONFLICTING_END), 2);
		CU_ASSERT_EQUAL(sc.s->mib[MIB_IpReasmFails], 1);
		lab_free(sc.l);
	}
}

/* ---- pieces without end */

/* RFC815-2 */
static void frag_rose(void)
{
	struct scene sc = scene(), honest = sc;
	const size_t high = (size_t)sc.s->sysctl[SYSCTL_IPFRAG_HIGH_THRESH];
	struct pkt *p = NULL;

	honest.h.src = lab_ip("10.0.0.3");
	for (uint32_t id = 0; id < 65536; id++) {
		sc.h.id = (uint16_t)id;
		feed(&sc, 0, 8, true);
		feed(&sc, 64000, 8, false);
		CU_ASSERT_FATAL(stat_of(&sc).reassembly_bytes <= high);
		if (id >= 15000 && id < 15006)
			p = piece(&honest, (id - 15000) * 1480, id < 15005 ? 1480 : 600, id < 15005);
		if (p)
			CU_ASSERT(is_datagram(&honest, p, 8000));
		CU_ASSERT_EQUAL(p != NULL, id == 15005);
		p = NULL;
	}
	CU_ASSERT(drops(&sc, DROP_FRAG_MEMORY) > 120000);
	lab_run(sc.l, 30 * NS_PER_SEC);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembly_bytes, 0);
	lab_free(sc.l);
}

static void shuffle(struct rng *r, uint16_t *v, uint32_t n)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = rng_below(r, i);
		uint16_t t = v[k];

		v[k] = v[i - 1];
		v[i - 1] = t;
	}
}

/* Forward, backward and at random: no search looks at more than 2 log2(n + 1) fragments. */
static void frag_smack(void)
{
	enum { PIECES = 1700 }; /* fits into the memory there is */
	static uint16_t order[PIECES];
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int round = 0; round < 3; round++) {
		struct scene sc = scene();
		struct pkt *p = NULL;
		unsigned depth = 0;

		for (uint16_t i = 0; i < PIECES; i++)
			order[i] = (uint16_t)(round == 1 ? PIECES - 1 - i : i);
		if (round == 2)
			shuffle(&r, order, PIECES);
		for (uint32_t i = 0; i < PIECES; i++) {
			CU_ASSERT_PTR_NULL_FATAL(p);
			depth = i % 64 ? depth : MAX(depth, reass_depth(sc.s));
			p = piece(&sc, order[i] * 8u, 8, order[i] < PIECES - 1);
		}
		CU_ASSERT(depth <= 22);
		CU_ASSERT(is_datagram(&sc, p, PIECES * 8));
		lab_free(sc.l);
	}
	/* and the largest datagram over the smallest links that people have: 119 fragments of MTU 576 */
	struct scene sc = scene();
	for (uint32_t at = 0; at < 118 * 552; at += 552)
		feed(&sc, at, 552, true);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 118 * 552, 65515 - 118 * 552, false), 65515));
	lab_free(sc.l);
}

/* RFC815-2: 64 KiB in pieces of 8 octets take more memory than there is; a legal one does not */
static void a_datagram_cannot_take_more_than_all_memory(void)
{
	struct scene sc = scene();
	const size_t high = (size_t)sc.s->sysctl[SYSCTL_IPFRAG_HIGH_THRESH];
	uint32_t at = 0;

	for (uint32_t i = 0; i < 8000; i++) {
		feed(&sc, i * 8, 8, true);
		CU_ASSERT_FATAL(stat_of(&sc).reassembly_bytes <= high);
	}
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_MEMORY), 8000);
	sc.h.id++;
	for (; at + 552 < 65000; at += 552)
		feed(&sc, at, 552, true);
	CU_ASSERT(is_datagram(&sc, piece(&sc, at, 65000 - at, false), 65000));
	lab_free(sc.l);
}

static void frag_jolt2(void)
{
	struct scene sc = scene();

	for (int i = 0; i < 20000; i++)
		feed(&sc, 65520, 29, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_PAST_64K), 20000);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembly_bytes, 0);
	for (int i = 0; i < 20000; i++)
		feed(&sc, 65000, 9, false);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_DUPLICATE), 19999);
	CU_ASSERT(stat_of(&sc).reassembly_bytes < 4096);
	lab_free(sc.l);
}

static void an_id_that_comes_round_again_begins_anew(void)
{
	struct scene sc = scene(), busy = sc;

	feed(&sc, 0, 16, true);
	for (int i = 0; i < 65; i++) {
		busy.h.id++;
		feed(&busy, 0, 16, true);
	}
	lab_run(sc.l, 10 * NS_PER_SEC);
	feed(&sc, 0, 16, true);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_TOO_MANY), 1);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_DUPLICATE), 0);
	lab_run(sc.l, 25 * NS_PER_SEC); /* its time began anew, too */
	CU_ASSERT(is_datagram(&sc, piece(&sc, 16, 16, false), 32));
	lab_free(sc.l);
}

static void others_in_between_do_no_harm(void)
{
	struct scene sc = scene(), busy = sc;

	feed(&sc, 0, 16, true);
	busy.h.src++;
	for (int i = 0; i < 200; i++) {
		busy.h.id++;
		feed(&busy, 0, 16, true);
	}
	busy.h.src--;
	for (int i = 0; i < 64; i++) {
		busy.h.id++;
		feed(&busy, 0, 16, true);
	}
	CU_ASSERT(is_datagram(&sc, piece(&sc, 16, 16, false), 32));
	sc.s->sysctl[SYSCTL_IPFRAG_MAX_DIST] = 0;
	feed(&sc, 0, 16, true);
	for (int i = 0; i < 100; i++) {
		busy.h.id++;
		feed(&busy, 0, 16, true);
	}
	CU_ASSERT(is_datagram(&sc, piece(&sc, 16, 16, false), 32));
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_TOO_MANY), 0);
	lab_free(sc.l);
}

/* ---- the ends of devices, hosts and memory */

static void a_device_that_goes_takes_its_pieces(void)
{
	struct scene sc = scene(), other = sc;

	other.eth0 = lab_wire(sc.s, "eth1", "10.1.0.1/24");
	feed(&sc, 0, 16, true);
	feed(&other, 0, 16, true);
	dev_unregister(other.eth0);
	CU_ASSERT_EQUAL(drops(&sc, DROP_FRAG_FLUSHED), 1);
	CU_ASSERT(is_datagram(&sc, piece(&sc, 16, 16, false), 32));
	feed(&sc, 0, 16, true);
	lab_free(sc.l);
}

static void no_buffer_for_the_whole_is_a_drop_of_all(void)
{
	struct scene sc = scene();
	struct ip_hdr h = sc.h;
	struct pkt *last;

	feed(&sc, 0, 1480, true);
	h.frag_off = 1480;
	last = packet(&sc, h, NULL, 0, sc.data + 1480, 1480);
	sc.l->world.pkts.small.limit = 1;
	sc.l->world.pkts.big.limit = 1;
	sc.l->world.pkts.big.made++; /* as if one were in use */
	CU_ASSERT_PTR_NULL(reass_input(sc.s, last));
	sc.l->world.pkts.big.made--;
	CU_ASSERT(drops(&sc, DROP_NO_MEMORY) >= 2);
	CU_ASSERT_EQUAL(stat_of(&sc).reassembly_bytes, 0);
	lab_free(sc.l);
}

/* ---- through the whole of ip */

/* RFC1122-I-41: an error about it quotes one datagram, not its pieces */
static void frag_reassembled_icmp_error(void)
{
	struct scene sc = scene();
	static uint8_t b[65600];
	struct ip_hdr q;

	for (uint32_t at = 0; at < 600; at += 200) {
		struct ip_hdr h = sc.h;

		h.frag_off = (uint16_t)at;
		h.mf = at < 400;
		lab_inject(sc.eth0, b,
			lab_frame_ip(b, sc.eth0->mac, (struct mac){{2, 0, 0, 0, 1, 2}}, h, NULL, 0,
				sc.data + at, 200));
	}
	CU_ASSERT(
		told.count == 1 && told.why.type == ICMP_DEST_UNREACH && told.why.code == ICMP_PROT_UNREACH);
	q.total_len = get16(*(be16 *)(told.bytes + 2));
	CU_ASSERT(q.total_len == 620 && told.ip.total_len == 620 && !ip_is_fragment(&told.ip));
	CU_ASSERT_EQUAL(csum(told.bytes, IP_HDR_LEN), 0);
	CU_ASSERT_EQUAL(memcmp(told.bytes + IP_HDR_LEN, sc.data, 44), 0);
	lab_free(sc.l);
}

/* ---- against the slow twin: a byte for each octet */

enum { TWIN_MAX = 4000 };

struct twin {
	uint16_t owner[TWIN_MAX]; /* which piece brought this block, 0: none */
	uint32_t got, end;
	bool has_end, dead;
	struct {
		uint32_t start, end;
		bool mf;
	} pieces[TWIN_MAX / 8 + 1];
	uint16_t count;
};

/* What should become of the piece. */
static enum drop_reason twin_add(struct twin *t, uint32_t start, uint32_t end, bool mf)
{
	enum drop_reason why = DROP_NONE;
	uint32_t reach = 0;

	for (uint16_t i = 1; i <= t->count; i++)
		reach = MAX(reach, t->pieces[i].end);
	if (t->dead)
		return DROP_FRAG_OVERLAP; /* or whatever it was */
	if (mf && t->has_end && end >= t->end)
		why = DROP_FRAG_CONFLICTING_END;
	if (!mf && (end < reach || (t->has_end && end != t->end)))
		why = DROP_FRAG_CONFLICTING_END;
	for (uint32_t i = start; i < end && !why; i++) {
		uint16_t o = t->owner[i];
		if (o)
			why = t->pieces[o].start == start && t->pieces[o].end == end && t->pieces[o].mf == mf
				? DROP_FRAG_DUPLICATE
				: DROP_FRAG_OVERLAP;
	}
	if (why) {
		t->dead = why != DROP_FRAG_DUPLICATE;
		return why;
	}
	t->pieces[++t->count].start = start;
	t->pieces[t->count].end = end;
	t->pieces[t->count].mf = mf;
	for (uint32_t i = start; i < end; i++)
		t->owner[i] = t->count;
	t->got += end - start;
	t->has_end |= !mf;
	t->end = mf ? t->end : end;
	return DROP_NONE;
}

/* Pieces of a datagram of `len` octets: mostly a cut of it in disorder, with some that are wrong. */
static void twin_round(struct scene *sc, struct rng *r, bool tidy)
{
	uint32_t cut = 8 + 8 * rng_below(r, 20), len = 1 + rng_below(r, TWIN_MAX - 200),
		 n = (len + cut - 1) / cut;
	struct twin t = {.count = 0};
	uint16_t order[600];
	struct pkt *p = NULL;

	for (uint32_t i = 0; i < n; i++)
		order[i] = (uint16_t)i;
	shuffle(r, order, n);
	for (uint32_t i = 0; i < n && !p; i++) {
		uint32_t start = order[i] * cut, end = MIN(start + cut, len);
		bool mf = end < len;
		enum drop_reason want;
		uint64_t before;

		if (!tidy && rng_below(r, 40) == 0)
			end += 8, mf |= end % 8 == 0;
		want = twin_add(&t, start, end, mf);
		before = drops(sc, DROP_FRAG_OVERLAP) + drops(sc, DROP_FRAG_CONFLICTING_END);
		p = piece(sc, start, end - start, mf);
		CU_ASSERT_EQUAL_FATAL(p != NULL, !t.dead && t.has_end && t.got == t.end);
		CU_ASSERT_EQUAL_FATAL(
			drops(sc, DROP_FRAG_OVERLAP) + drops(sc, DROP_FRAG_CONFLICTING_END) > before,
			want != DROP_NONE);
	}
	if (p)
		CU_ASSERT_FATAL(is_datagram(sc, p, t.end));
	CU_ASSERT(p || !tidy);
	sc->h.id++;
}

/* RFC815-1 */
static void agrees_with_a_map_of_octets(void)
{
	struct scene sc = scene();
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int i = 0; i < 150; i++)
		twin_round(&sc, &r, i % 2);
	lab_free(sc.l);
}

SUITE(ip_reassemble, T(a_copy_that_disagrees_about_the_end_is_none),
	T(the_whole_came_as_its_first_fragment_did), T(too_much_memory_is_given_back_down_to_the_low_mark),
	T(pieces_make_a_datagram_in_any_order), T(the_whole_has_the_first_pieces_header_options_and_id),
	T(df_and_mf_together_are_put_together), T(the_largest_datagram_arrives),
	T(missing_pieces_are_waited_for_until_time_is_up), T(without_the_first_piece_nobody_is_told),
	T(frag_id_protocol_isolation), T(frag_zero_length), T(frag_not_multiple_8), T(frag_ping_of_death),
	T(a_datagram_too_long_with_its_options_is_dropped), T(frag_tiny_first), T(frag_tcp_flags_overlap),
	T(frag_overlap_head), T(what_overlapped_stays_dead_until_its_time_is_up), T(frag_overlap_exact_dup),
	T(frag_teardrop), T(frag_conflicting_last), T(frag_rose), T(frag_smack),
	T(a_datagram_cannot_take_more_than_all_memory), T(frag_jolt2),
	T(an_id_that_comes_round_again_begins_anew), T(others_in_between_do_no_harm),
	T(a_device_that_goes_takes_its_pieces), T(no_buffer_for_the_whole_is_a_drop_of_all),
	T(frag_reassembled_icmp_error), T(agrees_with_a_map_of_octets))
