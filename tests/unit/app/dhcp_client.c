/* SPDX-License-Identifier: MIT */
/* The DHCP client on a wire whose other end is the test, which plays the server. */
#include "app/dhcp_client.h"

#include "arp/arp.h"
#include "net/netif.h"
#include "net/wire_udp.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

enum { LEASE_S = 3600 };

static const struct mac server_mac = {{2, 0, 0, 0, 1, 1}};
static const struct mac other_mac = {{2, 0, 0, 0, 1, 9}};

struct scene {
	struct lab *lab;
	struct stack *s;
	struct dev *wire;
	struct dhcp_client *c;

	/* the last message that the client sent */
	struct dhcp_msg m;
	struct ether_hdr eth;
	struct ip_hdr ip;
	uint64_t at_ns;

	/* what it told, in order: a letter each */
	char told[256];
	struct dhcp_client_event last;
	uint32_t address; /* set on the device */
	struct mac taken_by;
	uint64_t bound_ns, t1_ns, t2_ns, end_ns;
};

/* ---- the owner: sets the address, as the shell does ---- */

static void set_address(struct scene *sc, uint32_t addr)
{
	struct netif_addr a = {.local = addr, .peer = addr, .plen = 24, .label = "eth0"};

	CU_ASSERT_EQUAL(sc->address, 0);
	CU_ASSERT_EQUAL(netif_addr_add(sc->wire->netif, &a, NULL), 0);
	sc->address = addr;
}

static void unset_address(struct scene *sc, uint32_t addr)
{
	CU_ASSERT_EQUAL(sc->address, addr);
	netif_addr_del(netif_addr_find(sc->wire->netif, addr));
	sc->address = 0;
}

/* d r D R: sent; O A N: heard; ! cannot, T taken, B bound, b renewed, L lost, S silent, . done */
static char letter_of(const struct dhcp_client_event *e)
{
	static const char types[] = "-dOrDANR-", others[] = "--!TBLS.";

	if (e->what == DHCP_CLIENT_SENT || e->what == DHCP_CLIENT_HEARD)
		return types[e->type];
	return e->what == DHCP_CLIENT_BOUND && e->renewed ? 'b' : others[e->what];
}

static void note(struct dhcp_client *c, const struct dhcp_client_event *e, void *ctx)
{
	struct scene *sc = ctx;
	size_t n = strlen(sc->told);

	(void)c;
	if (n + 1 < sizeof(sc->told))
		sc->told[n] = letter_of(e);
	sc->last = *e;
	sc->last.lease = NULL;
	if (e->what == DHCP_CLIENT_TAKEN)
		sc->taken_by = e->mac;
	if (e->what == DHCP_CLIENT_BOUND) {
		sc->bound_ns = sc->lab->loop.now;
		sc->t1_ns = e->lease->t1_ns;
		sc->t2_ns = e->lease->t2_ns;
		sc->end_ns = e->lease->end_ns;
		if (!e->renewed)
			set_address(sc, e->lease->addr);
	}
	if (e->what == DHCP_CLIENT_LOST)
		unset_address(sc, e->lease->addr);
}

/* Compares what was told since the last time. */
#define TOLD(sc, expected)                                    \
	do {                                                  \
		CU_ASSERT_STRING_EQUAL((sc)->told, expected); \
		if (strcmp((sc)->told, expected) != 0)        \
			printf("told \"%s\"\n", (sc)->told);  \
		memset((sc)->told, 0, sizeof((sc)->told));    \
	} while (0)

/* Forgets the DISCOVERs at the beginning; how many there were. */
static size_t discovers(struct scene *sc)
{
	size_t n = strspn(sc->told, "d");

	memmove(sc->told, sc->told + n, sizeof(sc->told) - n);
	return n;
}

/* ---- the server ---- */

static bool take(struct scene *sc, const uint8_t *frame, size_t len)
{
	struct udp_hdr udp;

	if (ether_parse(frame, len, &sc->eth) != DROP_NONE || sc->eth.type != ETHERTYPE_IP ||
		ip_parse(frame + ETHER_HDR_LEN, len - ETHER_HDR_LEN, &sc->ip) != DROP_NONE)
		return false;
	frame += ETHER_HDR_LEN + sc->ip.hdr_len;
	len = (size_t)sc->ip.total_len - sc->ip.hdr_len;
	if (sc->ip.proto != IP_PROTO_UDP ||
		udp_parse(frame, len, sc->ip.src, sc->ip.dst, false, &udp) != DROP_NONE || udp.dport != 67)
		return false;
	CU_ASSERT_EQUAL(udp.sport, 68);
	return dhcp_parse(frame + UDP_HDR_LEN, udp.len - (size_t)UDP_HDR_LEN, &sc->m) == DHCP_FINE;
}

/* The next DHCP message it sent, of this type. */
static bool sent(struct scene *sc, enum dhcp_type type)
{
	const uint8_t *frame;
	size_t len;

	lab_settle(sc->lab);
	while ((frame = lab_sent(sc->wire, &len)) != NULL)
		if (take(sc, frame, len))
			return sc->m.type == type;
	return false;
}

/* Lets time pass until it sends something, or `seconds` are over. */
static bool sends_within(struct scene *sc, enum dhcp_type type, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		if (sent(sc, type)) {
			sc->at_ns = sc->lab->loop.now;
			return true;
		}
		lab_run(sc->lab, NS_PER_SEC / 10);
	}
	return false;
}

/* The answer that a server would give to the last message. */
static struct dhcp_msg answer(const struct scene *sc, enum dhcp_type type)
{
	struct dhcp_msg m = {.op = DHCP_OP_REPLY,
		.type = (uint8_t)type,
		.xid = sc->m.xid,
		.chaddr = sc->wire->mac,
		.server = lab_ip("10.0.0.1")};

	if (type == DHCP_NAK)
		return m;
	m.yiaddr = lab_ip("10.0.0.100");
	m.lease_s = LEASE_S;
	m.params.plen = 24;
	return m;
}

static void inject(struct scene *sc, const void *msg, size_t len, struct mac to, uint32_t dst)
{
	static uint8_t frame[65600], datagram[DHCP_MAX_LEN + UDP_HDR_LEN];
	struct udp_hdr udp = {.sport = 67, .dport = 68, .len = (uint16_t)(UDP_HDR_LEN + len)};
	struct ip_hdr ip = {.src = lab_ip("10.0.0.1"), .dst = dst, .ttl = 64, .proto = IP_PROTO_UDP};

	udp_emit(datagram, &udp);
	memcpy(datagram + UDP_HDR_LEN, msg, len);
	lab_inject(sc->wire, frame, lab_frame_ip(frame, to, server_mac, ip, NULL, 0, datagram, udp.len));
}

static void inject_msg(struct scene *sc, const struct dhcp_msg *m)
{
	uint8_t b[DHCP_SAFE_LEN];

	inject(sc, b, dhcp_emit(b, sizeof(b), m), sc->wire->mac, lab_ip("10.0.0.100"));
}

static void reply(struct scene *sc, enum dhcp_type type)
{
	struct dhcp_msg m = answer(sc, type);

	inject_msg(sc, &m);
}

/* ---- scenes ---- */

static struct scene *begin_with(struct dhcp_client_config cfg)
{
	struct scene *sc = calloc(1, sizeof(*sc));
	const char *step;

	sc->lab = lab_new();
	sc->s = lab_host(sc->lab, "h1");
	sc->wire = lab_wire(sc->s, "eth0", NULL);
	cfg.ifindex = sc->wire->ifindex;
	cfg.mac = sc->wire->mac;
	cfg.mtu = 1500;
	cfg.hostname = "h1";
	cfg.timeout_s = DHCP_TIMEOUT_S;
	sc->c = dhcp_client_new(&sc->lab->loop, sc->s, &cfg, note, sc, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->c);
	dhcp_client_start(sc->c);
	lab_run(sc->lab, 1);
	return sc;
}

static struct scene *begin(void)
{
	return begin_with((struct dhcp_client_config){0});
}

static void tear_down(struct scene *sc)
{
	dhcp_client_free(sc->c);
	lab_free(sc->lab);
	free(sc);
}

/* It has asked for the address that it was offered. */
static struct scene *requesting(void)
{
	struct scene *sc = begin();

	CU_ASSERT(sent(sc, DHCP_DISCOVER));
	reply(sc, DHCP_OFFER);
	CU_ASSERT(sent(sc, DHCP_REQUEST));
	TOLD(sc, "dOr");
	return sc;
}

/* It has an address, and the announcements are over. */
static struct scene *bound(void)
{
	struct scene *sc = requesting();
	uint32_t server = lab_ip("10.0.0.1");

	reply(sc, DHCP_ACK);
	lab_run(sc->lab, 15 * NS_PER_SEC);
	TOLD(sc, "AB");
	lab_sent_clear(sc->wire);
	CU_ASSERT_EQUAL(neigh_set(sc->wire->netif, server, server_mac, NEIGH_PERMANENT, true), 0);
	return sc;
}

static void run_until(struct scene *sc, uint64_t ns)
{
	if (ns > sc->lab->loop.now)
		lab_run(sc->lab, ns - sc->lab->loop.now);
}

static void is_to_everybody(const struct scene *sc)
{
	CU_ASSERT(mac_is_broadcast(sc->eth.dst));
	CU_ASSERT_EQUAL(sc->ip.dst, IP_BROADCAST);
}

/* ---- getting an address ---- */

/* RFC2131-4.1f: replies by unicast are understood, so the bit is not set. */
static void discover_comes_from_nowhere_and_goes_to_everybody(void)
{
	struct scene *sc = begin();

	CU_ASSERT(sent(sc, DHCP_DISCOVER));
	is_to_everybody(sc);
	CU_ASSERT_EQUAL(sc->ip.src, 0);
	CU_ASSERT_FALSE(sc->m.broadcast);
	CU_ASSERT_EQUAL(sc->m.ciaddr | sc->m.yiaddr | sc->m.giaddr | sc->m.server | sc->m.requested, 0);
	CU_ASSERT_EQUAL(sc->m.secs, 0);
	CU_ASSERT(mac_equal(sc->m.chaddr, sc->wire->mac));
	CU_ASSERT_STRING_EQUAL(sc->m.hostname, "h1");
	tear_down(sc);
}

/* RFC2131-3.1a, RFC2131-3.1b, RFC2131-3.5, RFC2131-4.2, RFC2131-2b */
static void the_first_offer_is_asked_for(void)
{
	struct scene *sc = begin();
	struct dhcp_msg discover;

	CU_ASSERT(sent(sc, DHCP_DISCOVER));
	CU_ASSERT(sends_within(sc, DHCP_DISCOVER, 6));
	discover = sc->m;
	CU_ASSERT(discover.secs >= 3 && discover.secs <= 5);
	lab_run(sc->lab, 2 * NS_PER_SEC);
	reply(sc, DHCP_OFFER);
	CU_ASSERT(sent(sc, DHCP_REQUEST));
	is_to_everybody(sc);
	CU_ASSERT_EQUAL(sc->m.server, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->m.requested, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->m.ciaddr, 0);
	CU_ASSERT_EQUAL(sc->m.secs, discover.secs);
	CU_ASSERT_EQUAL(sc->m.xid, discover.xid);
	CU_ASSERT(discover.wanted.len > 0);
	CU_ASSERT_EQUAL(memcmp(&sc->m.wanted, &discover.wanted, sizeof(discover.wanted)), 0);
	CU_ASSERT_EQUAL(memcmp(&sc->m.client_id, &discover.client_id, sizeof(discover.client_id)), 0);
	reply(sc, DHCP_OFFER);
	CU_ASSERT_EQUAL(dhcp_client_ignored(sc->c, DHCP_UNEXPECTED), 1);
	tear_down(sc);
}

/* RFC2131-4.1d */
static void nobody_is_asked_too_often(void)
{
	static const unsigned waits[] = {4, 8, 16, 32};
	struct scene *sc = begin();
	uint64_t before = sc->lab->loop.now;

	CU_ASSERT(sent(sc, DHCP_DISCOVER));
	for (size_t i = 0; i < 3; i++) {
		uint64_t wait;

		CU_ASSERT(sends_within(sc, DHCP_DISCOVER, 40));
		wait = sc->at_ns - before;
		CU_ASSERT(wait >= (waits[i] - 1) * NS_PER_SEC);
		CU_ASSERT(wait <= (waits[i] + 1) * NS_PER_SEC + NS_PER_SEC / 5);
		before = sc->at_ns;
	}
	tear_down(sc);
}

static void a_minute_without_offers_and_it_rests_for_five(void)
{
	struct scene *sc = begin();

	lab_run(sc->lab, 61 * NS_PER_SEC);
	CU_ASSERT(discovers(sc) >= 4);
	TOLD(sc, "S");
	lab_run(sc->lab, 298 * NS_PER_SEC);
	TOLD(sc, "");
	lab_run(sc->lab, 2 * NS_PER_SEC);
	TOLD(sc, "d");
	tear_down(sc);
}

static void once_means_a_minute(void)
{
	struct scene *sc = begin_with((struct dhcp_client_config){.once = true});

	lab_run(sc->lab, 60 * NS_PER_SEC + 1);
	CU_ASSERT(discovers(sc) <= 5);
	TOLD(sc, "S.");
	CU_ASSERT_EQUAL(sc->last.error, ETIMEDOUT);
	tear_down(sc);
}

static void a_server_that_has_vanished_is_forgotten(void)
{
	struct scene *sc = requesting();
	uint32_t xid = sc->m.xid;

	lab_run(sc->lab, 50 * NS_PER_SEC);
	TOLD(sc, "rrr");
	lab_run(sc->lab, 310 * NS_PER_SEC);
	CU_ASSERT(discovers(sc) <= 1);
	TOLD(sc, "Sd");
	while (sent(sc, DHCP_REQUEST))
		CU_ASSERT_EQUAL(sc->m.xid, xid);
	CU_ASSERT(sc->m.type == DHCP_DISCOVER && sc->m.xid != xid);
	tear_down(sc);
}

/* RFC2131-4.1e */
static void dhcp_predictable_xid(void)
{
	enum { COUNT = 1000 };
	static uint32_t xids[COUNT];
	struct scene *sc = begin();
	unsigned bits[32] = {0};

	for (int i = 0; i < COUNT; i++) {
		CU_ASSERT(sends_within(sc, DHCP_DISCOVER, 2));
		xids[i] = sc->m.xid;
		reply(sc, DHCP_OFFER);
		CU_ASSERT(sent(sc, DHCP_REQUEST));
		reply(sc, DHCP_NAK);
		dhcp_client_stop(sc->c, false);
		dhcp_client_free(sc->c);
		sc->c = dhcp_client_new(&sc->lab->loop, sc->s,
			&(struct dhcp_client_config){.ifindex = sc->wire->ifindex,
				.mac = sc->wire->mac,
				.timeout_s = DHCP_TIMEOUT_S},
			note, sc, &(const char *){NULL});
		dhcp_client_start(sc->c);
		lab_run(sc->lab, 1);
	}
	for (int i = 0; i < COUNT; i++) {
		for (int bit = 0; bit < 32; bit++)
			bits[bit] += xids[i] >> bit & 1;
		for (int j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(xids[i], xids[j]);
		CU_ASSERT(i == 0 || xids[i] - xids[i - 1] > 1);
	}
	for (int bit = 0; bit < 32; bit++) /* 500 +- 6 standard deviations of 15.8 */
		CU_ASSERT(bits[bit] > 405 && bits[bit] < 595);
	tear_down(sc);
}

/* ---- what is not believed ---- */

/* RFC2131-4.4.1b */
static void dhcp_wrong_xid_chaddr(void)
{
	static const struct {
		unsigned at;
		enum dhcp_verdict why;
	} octets[] = {{0, DHCP_BAD_OP}, {1, DHCP_BAD_HARDWARE}, {2, DHCP_BAD_HARDWARE}, {4, DHCP_FOREIGN},
		{5, DHCP_FOREIGN}, {6, DHCP_FOREIGN}, {7, DHCP_FOREIGN}, {28, DHCP_FOREIGN},
		{29, DHCP_FOREIGN}, {30, DHCP_FOREIGN}, {31, DHCP_FOREIGN}, {32, DHCP_FOREIGN},
		{33, DHCP_FOREIGN}};
	static const enum dhcp_type types[] = {DHCP_OFFER, DHCP_ACK, DHCP_NAK};

	for (size_t i = 0; i < sizeof(octets) / sizeof(octets[0]) * 3; i++) {
		enum dhcp_type type = types[i % 3];
		struct scene *sc = type == DHCP_OFFER ? begin() : requesting();
		struct dhcp_msg m;
		uint8_t b[DHCP_SAFE_LEN];
		size_t len;

		if (type == DHCP_OFFER)
			CU_ASSERT(sent(sc, DHCP_DISCOVER));
		m = answer(sc, type);
		len = dhcp_emit(b, sizeof(b), &m);
		b[octets[i / 3].at] ^= octets[i / 3].at == 0 ? 3 : 0x40;
		memset(sc->told, 0, sizeof(sc->told));
		inject(sc, b, len, sc->wire->mac, lab_ip("10.0.0.100"));
		CU_ASSERT_EQUAL(dhcp_client_ignored(sc->c, octets[i / 3].why), 1);
		TOLD(sc, "");
		tear_down(sc);
	}
}

static void another_server_cannot_answer_for_the_chosen_one(void)
{
	struct scene *sc = requesting();
	struct dhcp_msg m = answer(sc, DHCP_ACK);

	m.server = lab_ip("10.0.0.2");
	inject_msg(sc, &m);
	m = answer(sc, DHCP_NAK);
	m.server = lab_ip("10.0.0.2");
	inject_msg(sc, &m);
	CU_ASSERT_EQUAL(dhcp_client_ignored(sc->c, DHCP_OTHER_SERVER), 2);
	TOLD(sc, "");
	tear_down(sc);
}

static void an_ack_for_another_address_is_not_taken(void)
{
	struct scene *sc = requesting();
	struct dhcp_msg m = answer(sc, DHCP_ACK);

	m.yiaddr++;
	inject_msg(sc, &m);
	CU_ASSERT_EQUAL(dhcp_client_ignored(sc->c, DHCP_BAD_ADDRESS), 1);
	TOLD(sc, "");
	tear_down(sc);
}

static void a_lease_of_nine_seconds_is_none(void)
{
	struct scene *sc = begin();
	struct dhcp_msg m;

	CU_ASSERT(sent(sc, DHCP_DISCOVER));
	m = answer(sc, DHCP_OFFER);
	m.lease_s = 9;
	inject_msg(sc, &m);
	CU_ASSERT_EQUAL(dhcp_client_ignored(sc->c, DHCP_BAD_LEASE), 1);
	TOLD(sc, "d");
	tear_down(sc);
}

/* A server that offers and refuses is not asked a thousand times a second. */
static void refusals_in_a_row_make_it_slow(void)
{
	struct scene *sc = begin();
	unsigned rounds = 0;

	for (unsigned s = 0; s < 590; s++) {
		if (sent(sc, DHCP_DISCOVER)) {
			rounds++;
			reply(sc, DHCP_OFFER);
			CU_ASSERT(sent(sc, DHCP_REQUEST));
			reply(sc, DHCP_NAK);
		}
		lab_run(sc->lab, NS_PER_SEC / 10);
	}
	CU_ASSERT(rounds >= 3 && rounds <= 6);
	tear_down(sc);
}

/* ---- is the address free? ---- */

/* The ARP frames sent since: requests for the address from nobody, and from itself. */
static void count_arp(struct scene *sc, unsigned *probes, unsigned *announcements)
{
	struct ether_hdr eth;
	struct arp_msg m;

	*probes = *announcements = 0;
	while (lab_sent_count(sc->wire))
		if (lab_sent_arp(sc->wire, &eth, &m) && m.tpa == lab_ip("10.0.0.100")) {
			*probes += m.spa == 0;
			*announcements += m.spa == m.tpa;
		}
}

/* RFC2131-3.1c, RFC2131-4.4.1c, RFC5227-2.1a, RFC5227-2.1.1d, RFC5227-2.3 */
static void an_address_is_probed_before_and_announced_after(void)
{
	struct scene *sc = requesting();
	uint64_t start = sc->lab->loop.now;
	unsigned probes, announcements;

	reply(sc, DHCP_ACK);
	TOLD(sc, "A");
	for (int i = 0; i < 100 && !sc->address; i++)
		lab_run(sc->lab, NS_PER_SEC / 10);
	TOLD(sc, "B");
	CU_ASSERT(sc->bound_ns >= start + 4 * NS_PER_SEC && sc->bound_ns <= start + 7 * NS_PER_SEC);
	lab_run(sc->lab, 3 * NS_PER_SEC);
	count_arp(sc, &probes, &announcements);
	CU_ASSERT_EQUAL(probes, 3);
	CU_ASSERT_EQUAL(announcements, 2);
	CU_ASSERT_EQUAL(dhcp_client_lease(sc->c)->addr, lab_ip("10.0.0.100"));
	tear_down(sc);
}

static void without_probing_it_is_there_at_once(void)
{
	struct scene *sc = begin_with((struct dhcp_client_config){.no_probe = true});

	CU_ASSERT(sent(sc, DHCP_DISCOVER));
	reply(sc, DHCP_OFFER);
	CU_ASSERT(sent(sc, DHCP_REQUEST));
	reply(sc, DHCP_ACK);
	TOLD(sc, "dOrAB");
	tear_down(sc);
}

static void somebody_has_the_address(struct scene *sc)
{
	static uint8_t frame[65600];
	struct arp_msg m = {
		.op = ARP_OP_REPLY, .sha = other_mac, .spa = lab_ip("10.0.0.100"), .tha = sc->wire->mac};

	lab_inject(sc->wire, frame, lab_frame_arp(frame, sc->wire->mac, other_mac, &m));
}

/* RFC2131-3.1d, RFC2131-3.1e, RFC2131-4.2 */
static void a_taken_address_is_declined(void)
{
	struct scene *sc = requesting();
	struct dhcp_octets id = sc->m.client_id;

	reply(sc, DHCP_ACK);
	lab_run(sc->lab, 2 * NS_PER_SEC);
	somebody_has_the_address(sc);
	CU_ASSERT(mac_equal(sc->taken_by, other_mac));
	TOLD(sc, "ATD");
	CU_ASSERT(sent(sc, DHCP_DECLINE));
	is_to_everybody(sc);
	CU_ASSERT_EQUAL(sc->ip.src, 0);
	CU_ASSERT_EQUAL(sc->m.requested, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->m.server, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->m.ciaddr, 0);
	CU_ASSERT_EQUAL(memcmp(&sc->m.client_id, &id, sizeof(id)), 0);
	lab_run(sc->lab, 10 * NS_PER_SEC - NS_PER_SEC / 10);
	TOLD(sc, "");
	lab_run(sc->lab, NS_PER_SEC / 5);
	TOLD(sc, "d");
	CU_ASSERT_EQUAL(sc->address, 0);
	tear_down(sc);
}

/* RFC5227-2.1.1c */
static void after_ten_conflicts_once_a_minute(void)
{
	struct scene *sc = begin();
	uint64_t last = 0;

	for (unsigned i = 0; i < 14; i++) {
		CU_ASSERT(sends_within(sc, DHCP_DISCOVER, 400));
		if (i > 10)
			CU_ASSERT(sc->at_ns - last >= 60 * NS_PER_SEC);
		last = sc->at_ns;
		reply(sc, DHCP_OFFER);
		CU_ASSERT(sent(sc, DHCP_REQUEST));
		reply(sc, DHCP_ACK);
		lab_run(sc->lab, NS_PER_SEC);
		somebody_has_the_address(sc);
		CU_ASSERT(sent(sc, DHCP_DECLINE));
	}
	tear_down(sc);
}

/* ---- keeping it ---- */

/* RFC2131-4.3.2a, RFC2131-4.3.2b, RFC2132-9.7, RFC2131-4.2 */
static void it_renews_with_the_server(void)
{
	struct scene *sc = bound();
	struct dhcp_octets id = sc->m.client_id;
	uint32_t xid = sc->m.xid;

	run_until(sc, sc->t1_ns - 1);
	TOLD(sc, "");
	run_until(sc, sc->t1_ns);
	TOLD(sc, "r");
	CU_ASSERT(sent(sc, DHCP_REQUEST));
	CU_ASSERT(mac_equal(sc->eth.dst, server_mac));
	CU_ASSERT_EQUAL(sc->ip.dst, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->ip.src, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->m.ciaddr, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->m.server | sc->m.requested, 0);
	CU_ASSERT_EQUAL(memcmp(&sc->m.client_id, &id, sizeof(id)), 0);
	CU_ASSERT_NOT_EQUAL(sc->m.xid, xid);
	reply(sc, DHCP_ACK);
	TOLD(sc, "Ab");
	CU_ASSERT_EQUAL(sc->end_ns, sc->lab->loop.now + LEASE_S * NS_PER_SEC);
	CU_ASSERT_FALSE(sent(sc, DHCP_REQUEST)); /* nor port unreachable, nor another announcement */
	tear_down(sc);
}

/* RFC2131-4.4.5c, RFC2131-4.3.2a, RFC2131-4.3.2b, RFC2131-4.4.5d */
static void nobody_renews_it(void)
{
	struct scene *sc = bound();
	uint64_t before = 0, wait = 0;
	unsigned requests = 0;

	while (sc->lab->loop.now < sc->end_ns - 1) {
		uint64_t now = sc->lab->loop.now, limit = now < sc->t2_ns ? sc->t2_ns : sc->end_ns;

		if (!sent(sc, DHCP_REQUEST)) {
			run_until(sc, MIN(now + NS_PER_SEC / 10, sc->end_ns - 1));
			continue;
		}
		if (requests++)
			CU_ASSERT(now - before >= wait && now - before < wait + NS_PER_SEC);
		wait = MIN(MAX((limit - now) / 2, 60 * NS_PER_SEC), limit - now);
		wait -= MIN(wait, NS_PER_SEC / 2);
		before = now;
		CU_ASSERT_EQUAL(sc->m.ciaddr, lab_ip("10.0.0.100"));
		CU_ASSERT_EQUAL(sc->m.server | sc->m.requested, 0);
		CU_ASSERT_EQUAL(sc->ip.src, lab_ip("10.0.0.100"));
		CU_ASSERT_EQUAL(sc->ip.dst == IP_BROADCAST, now >= sc->t2_ns);
	}
	CU_ASSERT(requests >= 8 && requests <= 16);
	CU_ASSERT_EQUAL(sc->address, lab_ip("10.0.0.100"));
	memset(sc->told, 0, sizeof(sc->told));
	lab_run(sc->lab, 1);
	TOLD(sc, "Ld");
	CU_ASSERT_EQUAL(sc->address, 0);
	CU_ASSERT_PTR_NULL(dhcp_client_lease(sc->c));
	tear_down(sc);
}

static void any_server_may_rebind(void)
{
	struct scene *sc = bound();
	struct dhcp_msg m;

	run_until(sc, sc->t2_ns);
	while (sent(sc, DHCP_REQUEST))
		;
	m = answer(sc, DHCP_ACK);
	m.server = lab_ip("10.0.0.7");
	memset(sc->told, 0, sizeof(sc->told));
	inject_msg(sc, &m);
	TOLD(sc, "Ab");
	CU_ASSERT_EQUAL(dhcp_client_lease(sc->c)->server, lab_ip("10.0.0.7"));
	tear_down(sc);
}

/* RFC2131-4.4.5e */
static void after_a_refusal_the_old_address_is_gone_before_the_new_one_comes(void)
{
	struct scene *sc = bound();
	struct dhcp_msg m;

	run_until(sc, sc->t1_ns);
	CU_ASSERT(sent(sc, DHCP_REQUEST));
	reply(sc, DHCP_NAK);
	CU_ASSERT_EQUAL(sc->address, 0);
	lab_run(sc->lab, 1);
	TOLD(sc, "rNLd");
	CU_ASSERT(sent(sc, DHCP_DISCOVER));
	m = answer(sc, DHCP_OFFER);
	m.yiaddr = lab_ip("10.0.0.101");
	inject_msg(sc, &m);
	CU_ASSERT(sent(sc, DHCP_REQUEST));
	m.type = DHCP_ACK;
	inject_msg(sc, &m);
	lab_run(sc->lab, 8 * NS_PER_SEC);
	CU_ASSERT_EQUAL(sc->address, lab_ip("10.0.0.101"));
	CU_ASSERT_PTR_NULL(netif_addr_find(sc->wire->netif, lab_ip("10.0.0.100")));
	tear_down(sc);
}

static void what_changes_is_told_anew(void)
{
	struct scene *sc = bound();
	struct dhcp_msg m;

	run_until(sc, sc->t1_ns);
	CU_ASSERT(sent(sc, DHCP_REQUEST));
	m = answer(sc, DHCP_ACK);
	m.params.router_count = 1;
	m.params.routers[0] = lab_ip("10.0.0.254");
	inject_msg(sc, &m);
	TOLD(sc, "rALB");
	tear_down(sc);
}

static void a_lease_for_ever_is_not_renewed(void)
{
	struct scene *sc = requesting();
	struct dhcp_msg m = answer(sc, DHCP_ACK);

	m.lease_s = DHCP_INFINITE;
	inject_msg(sc, &m);
	lab_run(sc->lab, 1000000 * NS_PER_SEC);
	TOLD(sc, "AB");
	tear_down(sc);
}

/* ---- coming back ---- */

static struct scene *rebooting(void)
{
	return begin_with((struct dhcp_client_config){.remembered = lab_ip("10.0.0.100")});
}

/* RFC2131-3.2a, RFC2131-4.3.2a, RFC5227-2.1a */
static void a_remembered_address_is_asked_for(void)
{
	struct scene *sc = rebooting();

	CU_ASSERT(sent(sc, DHCP_REQUEST));
	is_to_everybody(sc);
	CU_ASSERT_EQUAL(sc->m.ciaddr | sc->m.server, 0);
	CU_ASSERT_EQUAL(sc->m.requested, lab_ip("10.0.0.100"));
	reply(sc, DHCP_ACK);
	TOLD(sc, "rA");
	lab_run(sc->lab, 8 * NS_PER_SEC);
	TOLD(sc, "B");
	tear_down(sc);
}

static void refused_or_unanswered_it_is_forgotten(void)
{
	struct scene *sc = rebooting();

	CU_ASSERT(sent(sc, DHCP_REQUEST));
	reply(sc, DHCP_NAK);
	lab_run(sc->lab, 1);
	TOLD(sc, "rNd");
	tear_down(sc);
	sc = rebooting();
	lab_run(sc->lab, 15 * NS_PER_SEC);
	CU_ASSERT(strncmp(sc->told, "rrd", 3) == 0); /* a second DISCOVER may have come by then */
	tear_down(sc);
}

/* ---- the end ---- */

/* RFC2131-3.1f, RFC2131-4.2 */
static void released_with_the_identifier_of_the_lease(void)
{
	struct scene *sc = bound();
	struct dhcp_octets id = sc->m.client_id;

	dhcp_client_stop(sc->c, true);
	TOLD(sc, "RL.");
	CU_ASSERT(sent(sc, DHCP_RELEASE));
	CU_ASSERT(mac_equal(sc->eth.dst, server_mac));
	CU_ASSERT_EQUAL(sc->ip.dst, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->ip.src, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->m.ciaddr, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->m.server, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->m.requested, 0);
	CU_ASSERT_EQUAL(memcmp(&sc->m.client_id, &id, sizeof(id)), 0);
	tear_down(sc);
}

static void stopped_it_says_nothing(void)
{
	struct scene *sc = bound();

	dhcp_client_stop(sc->c, false);
	TOLD(sc, "L.");
	CU_ASSERT_FALSE(sent(sc, DHCP_RELEASE));
	tear_down(sc);
}

static void without_its_device_it_is_done(void)
{
	struct scene *sc = bound();

	dev_unregister(sc->wire);
	lab_settle(sc->lab);
	TOLD(sc, ".");
	CU_ASSERT_EQUAL(sc->last.error, ENODEV);
	tear_down(sc);
}

static void a_device_that_is_down_is_tried_again(void)
{
	struct scene *sc = begin();

	CU_ASSERT_EQUAL(dev_set_up(sc->wire, false), 0);
	lab_run(sc->lab, 6 * NS_PER_SEC);
	TOLD(sc, "dd!");
	CU_ASSERT_EQUAL(dev_set_up(sc->wire, true), 0);
	lab_run(sc->lab, 10 * NS_PER_SEC);
	TOLD(sc, "d");
	tear_down(sc);
}

static void two_clients_of_a_host_have_a_device_each(void)
{
	struct scene *sc = begin();
	struct dev *other = lab_wire(sc->s, "eth1", NULL);
	struct dhcp_client_config cfg = {.ifindex = other->ifindex, .mac = other->mac, .timeout_s = 60};
	const char *step;
	struct dhcp_client *c = dhcp_client_new(&sc->lab->loop, sc->s, &cfg, note, sc, &step);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_PTR_NULL(dhcp_client_new(&sc->lab->loop, sc->s, &cfg, note, sc, &step));
	CU_ASSERT_EQUAL(errno, EADDRINUSE);
	CU_ASSERT_STRING_EQUAL(step, "bind");
	dhcp_client_free(c);
	tear_down(sc);
}

SUITE(app_dhcp_client, T(discover_comes_from_nowhere_and_goes_to_everybody), T(the_first_offer_is_asked_for),
	T(nobody_is_asked_too_often), T(a_minute_without_offers_and_it_rests_for_five),
	T(once_means_a_minute), T(a_server_that_has_vanished_is_forgotten), T(dhcp_predictable_xid),
	T(dhcp_wrong_xid_chaddr), T(another_server_cannot_answer_for_the_chosen_one),
	T(an_ack_for_another_address_is_not_taken), T(a_lease_of_nine_seconds_is_none),
	T(refusals_in_a_row_make_it_slow), T(an_address_is_probed_before_and_announced_after),
	T(without_probing_it_is_there_at_once), T(a_taken_address_is_declined),
	T(after_ten_conflicts_once_a_minute), T(it_renews_with_the_server), T(nobody_renews_it),
	T(any_server_may_rebind), T(after_a_refusal_the_old_address_is_gone_before_the_new_one_comes),
	T(what_changes_is_told_anew), T(a_lease_for_ever_is_not_renewed),
	T(a_remembered_address_is_asked_for), T(refused_or_unanswered_it_is_forgotten),
	T(released_with_the_identifier_of_the_lease), T(stopped_it_says_nothing),
	T(without_its_device_it_is_done), T(a_device_that_is_down_is_tried_again),
	T(two_clients_of_a_host_have_a_device_each))
