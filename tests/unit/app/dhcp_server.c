/* SPDX-License-Identifier: MIT */
/* The DHCP server on a wire whose other end is the test, which plays the clients. */
#include "app/dhcp_server.h"

#include "net/netif.h"
#include "net/wire_udp.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>

enum { LEASE_S = 600 };

struct scene {
	struct lab *lab;
	struct stack *s;
	struct dev *wire;
	struct dhcp_server *sv;
	struct mac client; /* who asks */

	/* the last message that the server sent */
	struct dhcp_msg m;
	struct ether_hdr eth;
	struct ip_hdr ip;

	struct dhcp_server_event last;
};

static void note(struct dhcp_server *sv, const struct dhcp_server_event *e, void *ctx)
{
	struct scene *sc = ctx;

	(void)sv;
	sc->last = *e;
}

static struct scene *begin_with(struct dhcp_server_config cfg)
{
	struct scene *sc = calloc(1, sizeof(*sc));
	const char *step;

	sc->lab = lab_new();
	sc->s = lab_host(sc->lab, "s");
	sc->wire = lab_wire(sc->s, "eth0", "10.0.0.1/24");
	sc->client = (struct mac){{2, 0, 0, 0, 1, 1}};
	cfg.ifindex = sc->wire->ifindex;
	cfg.mac = sc->wire->mac;
	cfg.addr = lab_ip("10.0.0.1");
	cfg.first = lab_ip("10.0.0.100");
	cfg.last = lab_ip("10.0.0.102");
	cfg.lease_s = LEASE_S;
	cfg.params.plen = 24;
	cfg.params.router_count = 1;
	cfg.params.routers[0] = cfg.addr;
	sc->sv = dhcp_server_new(&sc->lab->loop, sc->s, &cfg, note, sc, &step);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->sv);
	lab_sent_clear(sc->wire);
	return sc;
}

static struct scene *begin(void)
{
	return begin_with((struct dhcp_server_config){.no_probe = true});
}

static void tear_down(struct scene *sc)
{
	dhcp_server_free(sc->sv);
	lab_free(sc->lab);
	free(sc);
}

static struct dhcp_entry *at(struct scene *sc, const char *addr)
{
	return dhcp_pool_at(dhcp_server_pool(sc->sv), lab_ip(addr));
}

static enum dhcp_entry_state state(struct scene *sc, const char *addr)
{
	return dhcp_entry_state(at(sc, addr), sc->lab->loop.now);
}

/* ---- the clients ---- */

static struct dhcp_msg ask(const struct scene *sc, enum dhcp_type type)
{
	return (struct dhcp_msg){
		.op = DHCP_OP_REQUEST, .type = (uint8_t)type, .xid = 77, .chaddr = sc->client};
}

static void inject(struct scene *sc, const struct dhcp_msg *m)
{
	static uint8_t frame[65600], datagram[DHCP_SAFE_LEN + UDP_HDR_LEN];
	size_t len = dhcp_emit(datagram + UDP_HDR_LEN, DHCP_SAFE_LEN, m);
	struct udp_hdr udp = {.sport = 68, .dport = 67, .len = (uint16_t)(UDP_HDR_LEN + len)};
	struct ip_hdr ip = {.src = m->ciaddr, .dst = IP_BROADCAST, .ttl = 64, .proto = IP_PROTO_UDP};

	udp_emit(datagram, &udp);
	lab_inject(sc->wire, frame,
		lab_frame_ip(frame, MAC_BROADCAST, sc->client, ip, NULL, 0, datagram, udp.len));
}

static bool take(struct scene *sc, const uint8_t *frame, size_t len)
{
	struct udp_hdr udp;

	if (ether_parse(frame, len, &sc->eth) != DROP_NONE || sc->eth.type != ETHERTYPE_IP ||
		ip_parse(frame + ETHER_HDR_LEN, len - ETHER_HDR_LEN, &sc->ip) != DROP_NONE)
		return false;
	frame += ETHER_HDR_LEN + sc->ip.hdr_len;
	len = (size_t)sc->ip.total_len - sc->ip.hdr_len;
	return udp_parse(frame, len, sc->ip.src, sc->ip.dst, false, &udp) == DROP_NONE && udp.sport == 67 &&
		udp.dport == 68 &&
		dhcp_parse(frame + UDP_HDR_LEN, udp.len - (size_t)UDP_HDR_LEN, &sc->m) == DHCP_FINE;
}

/* The next message it sent is of this type. */
static bool sent(struct scene *sc, enum dhcp_type type)
{
	const uint8_t *frame;
	size_t len;

	while ((frame = lab_sent(sc->wire, &len)) != NULL)
		if (take(sc, frame, len))
			return sc->m.type == type;
	return false;
}

static void discover(struct scene *sc)
{
	struct dhcp_msg m = ask(sc, DHCP_DISCOVER);

	inject(sc, &m);
}

/* After an offer. */
static void select_it(struct scene *sc, const char *addr)
{
	struct dhcp_msg m = ask(sc, DHCP_REQUEST);

	m.server = lab_ip("10.0.0.1");
	m.requested = lab_ip(addr);
	inject(sc, &m);
}

/* The client gets an address. */
static void acquire(struct scene *sc, const char *addr)
{
	discover(sc);
	CU_ASSERT(sent(sc, DHCP_OFFER));
	CU_ASSERT_EQUAL(sc->m.yiaddr, lab_ip(addr));
	select_it(sc, addr);
	CU_ASSERT(sent(sc, DHCP_ACK));
	CU_ASSERT_EQUAL(sc->m.yiaddr, lab_ip(addr));
}

static struct scene *leased(void)
{
	struct scene *sc = begin();

	acquire(sc, "10.0.0.100");
	return sc;
}

/* ---- offers ---- */

static void an_offer_goes_to_the_hardware_address(void)
{
	struct scene *sc = begin();

	discover(sc);
	CU_ASSERT(sent(sc, DHCP_OFFER));
	CU_ASSERT(mac_equal(sc->eth.dst, sc->client));
	CU_ASSERT_EQUAL(sc->ip.dst, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->ip.src, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->m.op, DHCP_OP_REPLY);
	CU_ASSERT_EQUAL(sc->m.xid, 77);
	CU_ASSERT_EQUAL(sc->m.server, lab_ip("10.0.0.1"));
	CU_ASSERT_EQUAL(sc->m.lease_s, LEASE_S);
	CU_ASSERT_EQUAL(sc->m.t1_s, LEASE_S / 2);
	CU_ASSERT_EQUAL(sc->m.t2_s, LEASE_S * 7 / 8);
	CU_ASSERT_EQUAL(sc->m.params.plen, 24);
	CU_ASSERT_EQUAL(sc->m.params.routers[0], lab_ip("10.0.0.1"));
	tear_down(sc);
}

static void or_to_everybody_where_the_client_wants_it(void)
{
	struct scene *sc = begin();
	struct dhcp_msg m = ask(sc, DHCP_DISCOVER);

	m.broadcast = true;
	inject(sc, &m);
	CU_ASSERT(sent(sc, DHCP_OFFER));
	CU_ASSERT(mac_is_broadcast(sc->eth.dst));
	CU_ASSERT_EQUAL(sc->ip.dst, IP_BROADCAST);
	tear_down(sc);
}

static void clients_get_an_address_each_until_there_is_none(void)
{
	struct scene *sc = begin();

	acquire(sc, "10.0.0.100");
	sc->client.b[5] = 2;
	acquire(sc, "10.0.0.101");
	sc->client.b[5] = 3;
	acquire(sc, "10.0.0.102");
	sc->client.b[5] = 4;
	discover(sc);
	CU_ASSERT_FALSE(sent(sc, DHCP_OFFER));
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_NO_ROOM), 1);
	CU_ASSERT_EQUAL(sc->last.verdict, DHCP_NO_ROOM);
	sc->client.b[5] = 2;
	acquire(sc, "10.0.0.101");
	tear_down(sc);
}

static void an_offer_is_kept_for_a_minute(void)
{
	struct scene *sc = begin();

	discover(sc);
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_OFFERED);
	lab_run(sc->lab, 60 * NS_PER_SEC);
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_FREE);
	tear_down(sc);
}

static void an_identifier_counts_for_more_than_the_hardware_address(void)
{
	struct scene *sc = leased();
	struct dhcp_msg m = ask(sc, DHCP_DISCOVER);

	m.client_id = (struct dhcp_octets){2, {0, 9}};
	inject(sc, &m);
	CU_ASSERT(sent(sc, DHCP_OFFER));
	CU_ASSERT_EQUAL(sc->m.yiaddr, lab_ip("10.0.0.101"));
	CU_ASSERT_EQUAL(memcmp(&sc->m.client_id, &m.client_id, sizeof(m.client_id)), 0);
	tear_down(sc);
}

static void less_time_may_be_asked_for_and_not_more(void)
{
	static const uint32_t asked[] = {1, 60, 6000}, got[] = {10, 60, LEASE_S};

	for (int i = 0; i < 3; i++) {
		struct scene *sc = begin();
		struct dhcp_msg m = ask(sc, DHCP_DISCOVER);

		m.lease_s = asked[i];
		inject(sc, &m);
		CU_ASSERT(sent(sc, DHCP_OFFER));
		CU_ASSERT_EQUAL(sc->m.lease_s, got[i]);
		tear_down(sc);
	}
}

/* ---- probes ---- */

/* The address that it asks for by ARP now; 0: none. */
static uint32_t probed(struct scene *sc)
{
	struct ether_hdr eth;
	struct arp_msg m;

	lab_run(sc->lab, 1);
	return lab_sent_arp(sc->wire, &eth, &m) && m.spa == 0 ? m.tpa : 0;
}

static void arp_reply(struct scene *sc, struct mac from, const char *addr)
{
	static uint8_t frame[65600];
	struct arp_msg m = {.op = ARP_OP_REPLY, .sha = from, .spa = lab_ip(addr), .tha = sc->wire->mac};

	lab_inject(sc->wire, frame, lab_frame_arp(frame, sc->wire->mac, from, &m));
}

static void an_address_is_offered_when_nobody_answers_for_it(void)
{
	struct scene *sc = begin_with((struct dhcp_server_config){0});

	discover(sc);
	CU_ASSERT_EQUAL(probed(sc), lab_ip("10.0.0.100"));
	discover(sc); /* again: one answer for both */
	CU_ASSERT_EQUAL(probed(sc), 0);
	lab_run(sc->lab, NS_PER_SEC / 2);
	CU_ASSERT(sent(sc, DHCP_OFFER));
	CU_ASSERT_FALSE(sent(sc, DHCP_OFFER));
	select_it(sc, "10.0.0.100");
	CU_ASSERT(sent(sc, DHCP_ACK));
	discover(sc); /* its own by now */
	CU_ASSERT(sent(sc, DHCP_OFFER));
	tear_down(sc);
}

static void an_address_in_use_is_abandoned_and_the_next_one_tried(void)
{
	struct scene *sc = begin_with((struct dhcp_server_config){0});

	discover(sc);
	CU_ASSERT_EQUAL(probed(sc), lab_ip("10.0.0.100"));
	arp_reply(sc, (struct mac){{2, 0, 0, 0, 9, 9}}, "10.0.0.100");
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_ABANDONED);
	CU_ASSERT_EQUAL(probed(sc), lab_ip("10.0.0.101"));
	arp_reply(sc, sc->client, "10.0.0.101"); /* the client itself may have it */
	CU_ASSERT(sent(sc, DHCP_OFFER));
	CU_ASSERT_EQUAL(sc->m.yiaddr, lab_ip("10.0.0.101"));
	tear_down(sc);
}

static void when_its_device_goes_it_says_so(void)
{
	struct scene *sc = begin_with((struct dhcp_server_config){0});

	discover(sc);
	dev_unregister(sc->wire);
	lab_settle(sc->lab);
	CU_ASSERT(sc->last.gone);
	CU_ASSERT_EQUAL(sc->last.error, ENODEV);
	tear_down(sc);
}

/* ---- requests (RFC 2131 4.3.2) ---- */

static void a_request_for_what_was_not_offered_is_refused(void)
{
	struct scene *sc = begin();

	select_it(sc, "10.0.0.100");
	CU_ASSERT(sent(sc, DHCP_NAK));
	CU_ASSERT(mac_is_broadcast(sc->eth.dst));
	CU_ASSERT_EQUAL(sc->m.yiaddr | sc->m.ciaddr, 0);
	CU_ASSERT_EQUAL(sc->m.server, lab_ip("10.0.0.1"));
	discover(sc);
	CU_ASSERT(sent(sc, DHCP_OFFER));
	select_it(sc, "10.0.0.102");
	CU_ASSERT(sent(sc, DHCP_NAK));
	tear_down(sc);
}

static void an_offer_that_was_not_taken_is_free_again(void)
{
	struct scene *sc = begin();
	struct dhcp_msg m = ask(sc, DHCP_REQUEST);

	discover(sc);
	CU_ASSERT(sent(sc, DHCP_OFFER));
	m.server = lab_ip("10.0.0.2");
	m.requested = lab_ip("10.0.0.100");
	inject(sc, &m);
	CU_ASSERT_FALSE(sent(sc, DHCP_ACK));
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_OTHER_SERVER), 1);
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_FREE);
	tear_down(sc);
}

static void reboot_with(struct scene *sc, const char *addr)
{
	struct dhcp_msg m = ask(sc, DHCP_REQUEST);

	m.requested = lab_ip(addr);
	inject(sc, &m);
}

static void after_a_reboot_the_address_is_confirmed_or_refused(void)
{
	struct scene *sc = leased();

	reboot_with(sc, "10.0.0.100");
	CU_ASSERT(sent(sc, DHCP_ACK));
	reboot_with(sc, "10.0.0.101"); /* it has another one */
	CU_ASSERT(sent(sc, DHCP_NAK));
	reboot_with(sc, "192.168.1.5"); /* it came from another network */
	CU_ASSERT(sent(sc, DHCP_NAK));
	sc->client.b[5] = 2;
	reboot_with(sc, "10.0.0.100"); /* another client's */
	CU_ASSERT(sent(sc, DHCP_NAK));
	reboot_with(sc, "10.0.0.50"); /* perhaps another server knows it */
	CU_ASSERT_FALSE(sent(sc, DHCP_NAK));
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_NO_LEASE), 1);
	tear_down(sc);
}

static void renew(struct scene *sc, const char *addr)
{
	struct dhcp_msg m = ask(sc, DHCP_REQUEST);
	struct lab_peer peer = {sc->client, lab_ip(addr)};

	m.ciaddr = lab_ip(addr);
	lab_meet(sc->wire, &peer);
	inject(sc, &m);
}

static void a_lease_is_renewed_and_the_answer_goes_to_its_address(void)
{
	struct scene *sc = leased();

	lab_run(sc->lab, LEASE_S / 2 * NS_PER_SEC);
	lab_sent_clear(sc->wire);
	renew(sc, "10.0.0.100");
	CU_ASSERT(sent(sc, DHCP_ACK));
	CU_ASSERT(mac_equal(sc->eth.dst, sc->client));
	CU_ASSERT_EQUAL(sc->ip.dst, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(sc->m.ciaddr, lab_ip("10.0.0.100"));
	CU_ASSERT_EQUAL(at(sc, "10.0.0.100")->until_ns, sc->lab->loop.now + LEASE_S * NS_PER_SEC);
	lab_run(sc->lab, LEASE_S * NS_PER_SEC);
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_FREE);
	tear_down(sc);
}

static void a_lease_that_it_has_forgotten_is_believed_while_it_is_free(void)
{
	struct scene *sc = begin();

	renew(sc, "10.0.0.101");
	CU_ASSERT(sent(sc, DHCP_ACK));
	sc->client.b[5] = 2;
	renew(sc, "10.0.0.101");
	CU_ASSERT(sent(sc, DHCP_NAK));
	renew(sc, "10.0.0.50");
	CU_ASSERT(sent(sc, DHCP_NAK));
	tear_down(sc);
}

/* ---- the other messages ---- */

static void decline(struct scene *sc, const char *addr, const char *server)
{
	struct dhcp_msg m = ask(sc, DHCP_DECLINE);

	m.requested = lab_ip(addr);
	m.server = lab_ip(server);
	inject(sc, &m);
}

static void a_declined_address_is_not_given_for_ten_minutes(void)
{
	struct scene *sc = leased();

	decline(sc, "10.0.0.100", "10.0.0.2");
	decline(sc, "10.0.0.101", "10.0.0.1");
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_OTHER_SERVER), 1);
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_NO_LEASE), 1);
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_LEASED);
	decline(sc, "10.0.0.100", "10.0.0.1");
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_ABANDONED);
	acquire(sc, "10.0.0.101");
	lab_run(sc->lab, 600 * NS_PER_SEC);
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_FREE);
	tear_down(sc);
}

static void release(struct scene *sc, const char *addr)
{
	struct dhcp_msg m = ask(sc, DHCP_RELEASE);

	m.ciaddr = lab_ip(addr);
	m.server = lab_ip("10.0.0.1");
	inject(sc, &m);
}

static void who_releases_gets_the_same_again(void)
{
	struct scene *sc = leased();

	sc->client.b[5] = 2;
	release(sc, "10.0.0.100"); /* another client's */
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_NO_LEASE), 1);
	acquire(sc, "10.0.0.101");
	sc->client.b[5] = 1;
	release(sc, "10.0.0.100");
	CU_ASSERT_EQUAL(state(sc, "10.0.0.100"), DHCP_ENTRY_FREE);
	lab_run(sc->lab, NS_PER_SEC);
	acquire(sc, "10.0.0.100");
	tear_down(sc);
}

/* RFC2131-4.4.3 */
static void who_has_an_address_is_told_the_rest(void)
{
	struct scene *sc = begin();
	struct dhcp_msg m = ask(sc, DHCP_INFORM);
	struct lab_peer peer = {sc->client, lab_ip("10.0.0.9")};

	m.ciaddr = peer.ip;
	lab_meet(sc->wire, &peer);
	inject(sc, &m);
	CU_ASSERT(sent(sc, DHCP_ACK));
	CU_ASSERT_EQUAL(sc->ip.dst, peer.ip);
	CU_ASSERT_EQUAL(sc->m.yiaddr | sc->m.lease_s, 0);
	CU_ASSERT_EQUAL(sc->m.params.plen, 24);
	tear_down(sc);
}

static void other_messages_are_ignored_by_name(void)
{
	struct scene *sc = begin();
	struct dhcp_msg m = ask(sc, DHCP_DISCOVER);

	m.giaddr = 1;
	inject(sc, &m);
	m = ask(sc, DHCP_OFFER);
	inject(sc, &m);
	m = ask(sc, DHCP_DISCOVER);
	m.op = DHCP_OP_REPLY;
	inject(sc, &m);
	m = ask(sc, DHCP_DISCOVER);
	m.chaddr = MAC_BROADCAST;
	inject(sc, &m);
	m = ask(sc, DHCP_REQUEST);
	inject(sc, &m);
	m = ask(sc, DHCP_INFORM);
	inject(sc, &m);
	CU_ASSERT_FALSE(sent(sc, DHCP_OFFER));
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_RELAYED), 1);
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_UNEXPECTED), 1);
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_BAD_OP), 1);
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_BAD_HARDWARE), 1);
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_BAD_ADDRESS), 2);
	tear_down(sc);
}

static void a_flood_of_clients_is_bounded(void)
{
	struct scene *sc = begin_with((struct dhcp_server_config){0});

	for (uint8_t i = 1; i <= 3; i++) {
		sc->client.b[5] = i;
		discover(sc);
	}
	for (uint8_t i = 4; i <= 200; i++) {
		sc->client.b[5] = i;
		discover(sc);
	}
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_NO_ROOM), 197);
	lab_run(sc->lab, NS_PER_SEC);
	CU_ASSERT(sent(sc, DHCP_OFFER) && sent(sc, DHCP_OFFER) && sent(sc, DHCP_OFFER));
	CU_ASSERT_FALSE(sent(sc, DHCP_OFFER));
	tear_down(sc);
}

static void at_most_sixteen_addresses_are_probed_at_once(void)
{
	struct scene *sc = begin_with((struct dhcp_server_config){0});
	struct dhcp_pool *p = dhcp_server_pool(sc->sv);

	for (uint8_t i = 1; i <= 20; i++)
		CU_ASSERT_EQUAL(
			dhcp_pool_fix(p, (struct mac){{2, 0, 0, 0, 1, i}}, lab_ip("10.0.0.200") + i, ""), 0);
	for (uint8_t i = 1; i <= 20; i++) {
		sc->client.b[5] = i;
		discover(sc);
	}
	CU_ASSERT_EQUAL(dhcp_server_ignored(sc->sv, DHCP_BUSY), 4);
	tear_down(sc);
}

SUITE(app_dhcp_server, T(an_offer_goes_to_the_hardware_address), T(or_to_everybody_where_the_client_wants_it),
	T(clients_get_an_address_each_until_there_is_none), T(an_offer_is_kept_for_a_minute),
	T(an_identifier_counts_for_more_than_the_hardware_address),
	T(less_time_may_be_asked_for_and_not_more), T(an_address_is_offered_when_nobody_answers_for_it),
	T(an_address_in_use_is_abandoned_and_the_next_one_tried), T(when_its_device_goes_it_says_so),
	T(a_request_for_what_was_not_offered_is_refused), T(an_offer_that_was_not_taken_is_free_again),
	T(after_a_reboot_the_address_is_confirmed_or_refused),
	T(a_lease_is_renewed_and_the_answer_goes_to_its_address),
	T(a_lease_that_it_has_forgotten_is_believed_while_it_is_free),
	T(a_declined_address_is_not_given_for_ten_minutes), T(who_releases_gets_the_same_again),
	T(who_has_an_address_is_told_the_rest), T(other_messages_are_ignored_by_name),
	T(a_flood_of_clients_is_bounded), T(at_most_sixteen_addresses_are_probed_at_once))
