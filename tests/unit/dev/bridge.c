/* SPDX-License-Identifier: MIT */
/* The bridge: what was measured of Linux's, row by row, and rules beyond the table. */
#include "dev/bridge.h"

#include "dev/queue.h"
#include "net/wire_ether.h"
#include "tests/matrix.d/matrix.h"
#include "tests/unit/alloc.h"
#include "tests/unit/unit.h"

#include <errno.h>

enum { PORTS = 3 };

/* br0 with ports p1, p2, p3, at whose other ends are e1, e2, e3 (index 0 is not used). */
struct bench {
	struct matrix *m;
	struct stack *s;
	struct dev *br, *p[PORTS + 1], *e[PORTS + 1];
	struct bridge *b;
};

/* clang-format off */
#define MAC(last) ((struct mac){{0x02, 0, 0, 0, 0, last}})
#define HOST(i) ((struct mac){{0x02, 0, 0, 0, 1, i}})
#define UNKNOWN MAC(0x99)
/* clang-format on */

static struct bench bench_with(const struct bridge_settings *settings)
{
	struct bench b = {.m = matrix_new()};
	struct dev_config config = {.details = settings};

	b.s = b.m->inside;
	CU_ASSERT_EQUAL_FATAL(bridge_create(b.s, "br0", &config), 0);
	b.br = dev_by_name(b.s, "br0");
	b.b = bridge_of(b.br);
	dev_set_up(b.br, true);
	for (int i = 1; i <= PORTS; i++) {
		const char near[] = {'p', (char)('0' + i), 0}, far[] = {'e', (char)('0' + i), 0};
		b.p[i] = matrix_cable(b.m, near, MAC((uint8_t)(0x10 + i)), far);
		b.e[i] = dev_by_name(b.m->outside, far);
		CU_ASSERT_EQUAL_FATAL(dev_set_master(b.p[i], b.br), 0);
	}
	return b;
}

static struct bench bench_new(void)
{
	return bench_with(NULL);
}

static struct bridge_port *port(const struct bench *b, int i)
{
	return bridge_port_of(b->p[i]);
}

/* A frame from the end e`i`; who got it? */
static void expect(struct bench *b, int i, struct mac src, struct mac dst, const char *seen)
{
	matrix_send(b->m, b->e[i], dst, src);
	CU_ASSERT(csv_same_words(b->m->seen, seen));
	if (!csv_same_words(b->m->seen, seen))
		printf("%s, not %s\n", b->m->seen, seen);
}

static uint64_t drops(const struct bench *b, enum drop_reason why)
{
	return stack_drops(b->s, why);
}

static void set_flags(struct bench *b, int i, unsigned on, unsigned off)
{
	port(b, i)->flags = (port(b, i)->flags | on) & ~off;
}

/* ---- the table ---- */

static void every_row_of_the_matrix_agrees(void)
{
	struct csv csv;

	CU_ASSERT_FATAL(csv_read(&csv, "tests/data/bridge-matrix.csv", matrix_bridge_header, stderr));
	CU_ASSERT(csv.count > 70);
	CU_ASSERT_EQUAL(matrix_bridge(&csv), 0);
	csv_free(&csv);
}

/* ---- where a frame ends ---- */

static void frames_that_go_nowhere_say_why(void)
{
	struct bench b = bench_new();

	expect(&b, 1, HOST(1), HOST(1), "");
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_SAME_PORT), 1);
	expect(&b, 1, MAC_ZERO, HOST(2), "");
	expect(&b, 1, (struct mac){{3, 0, 0, 0, 0, 1}}, HOST(2), "");
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_BAD_SOURCE), 2);
	expect(&b, 1, HOST(1), (struct mac){{1, 0x80, 0xc2, 0, 0, 1}}, "");
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_PAUSE), 1);
	matrix_send(b.m, b.br, b.br->mac, b.br->mac); /* the lowest port's, who has the entry */
	CU_ASSERT_STRING_EQUAL(b.m->seen, "e1");
	dev_set_mac(b.br, MAC(0x50));
	matrix_send(b.m, b.br, b.br->mac, b.br->mac);
	CU_ASSERT_STRING_EQUAL(b.m->seen, "");
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_TO_ITSELF), 1);
	set_flags(&b, 2, 0, BRIDGE_FLOOD);
	set_flags(&b, 3, 0, BRIDGE_FLOOD);
	expect(&b, 1, HOST(1), UNKNOWN, "");
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_NO_PORT), 1);
	matrix_free(b.m);
}

static void isolated_ports_do_not_reach_each_other(void)
{
	struct bench b = bench_new();

	set_flags(&b, 1, BRIDGE_ISOLATED, 0);
	set_flags(&b, 2, BRIDGE_ISOLATED, 0);
	expect(&b, 2, HOST(2), MAC_BROADCAST, "br0:bcast+e3");
	expect(&b, 1, HOST(1), HOST(2), "");
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_ISOLATED), 1);
	expect(&b, 3, HOST(3), HOST(1), "e1");
	expect(&b, 1, HOST(1), HOST(3), "e3");
	matrix_send(b.m, b.br, HOST(2), b.br->mac);
	CU_ASSERT_STRING_EQUAL(b.m->seen, "e2");
	matrix_free(b.m);
}

static void a_locked_port_lets_only_known_senders_in(void)
{
	struct bench b = bench_new();
	struct bridge_fdb_request r = {.mac = HOST(1), .port = port(&b, 2), .is_static = true};

	set_flags(&b, 1, BRIDGE_LOCKED, 0);
	expect(&b, 1, HOST(1), MAC_BROADCAST, "");
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &r), 0); /* known, but elsewhere */
	expect(&b, 1, HOST(1), MAC_BROADCAST, "");
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_LOCKED), 2);
	r.port = port(&b, 1);
	r.may_exist = true;
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &r), 0);
	expect(&b, 1, HOST(1), MAC_BROADCAST, "br0:bcast+e2+e3");
	matrix_free(b.m);
}

static void only_a_forwarding_port_forwards(void)
{
	struct bench b = bench_new();

	CU_ASSERT_EQUAL(bridge_port_set_state(port(&b, 1), BRIDGE_LEARNING), 0);
	expect(&b, 1, HOST(1), MAC_BROADCAST, "");
	expect(&b, 2, HOST(2), HOST(1), ""); /* it learned, and would forward there */
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_PORT_STATE), 2);
	CU_ASSERT_EQUAL(bridge_port_set_state(port(&b, 1), BRIDGE_LISTENING), 0);
	expect(&b, 1, HOST(9), MAC_BROADCAST, "");
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(9)));
	CU_ASSERT_EQUAL(bridge_port_set_state(port(&b, 1), BRIDGE_BLOCKING), 0);
	CU_ASSERT_EQUAL(port(&b, 1)->state, BRIDGE_FORWARDING);
	CU_ASSERT_EQUAL(bridge_port_set_state(port(&b, 1), BRIDGE_BLOCKING + 1), -EINVAL);
	dev_set_up(b.e[1], false);
	CU_ASSERT_EQUAL(port(&b, 1)->state, BRIDGE_DISABLED);
	CU_ASSERT_EQUAL(bridge_port_set_state(port(&b, 1), BRIDGE_FORWARDING), -ENETDOWN);
	dev_set_up(b.e[1], true);
	CU_ASSERT_EQUAL(port(&b, 1)->state, BRIDGE_FORWARDING);
	matrix_free(b.m);
}

static void flags_of_floods_do_not_bind_the_bridges_own_host(void)
{
	struct bench b = bench_new();

	set_flags(&b, 3, 0, BRIDGE_FLOOD | BRIDGE_MCAST_FLOOD | BRIDGE_BCAST_FLOOD);
	expect(&b, 1, HOST(1), UNKNOWN, "e2");
	expect(&b, 1, HOST(1), MAC_BROADCAST, "br0:bcast+e2");
	matrix_send(b.m, b.br, MAC_BROADCAST, b.br->mac);
	CU_ASSERT(csv_same_words(b.m->seen, "e1+e2+e3"));
	matrix_send(b.m, b.br, UNKNOWN, b.br->mac);
	CU_ASSERT(csv_same_words(b.m->seen, "e1+e2"));
	matrix_free(b.m);
}

static void reserved_addresses_are_forwarded_where_a_mask_says_so(void)
{
	struct mac lldp = {{1, 0x80, 0xc2, 0, 0, 0xe}};
	struct bench b = bench_new();
	struct bridge_settings s = b.b->settings;

	s.group_fwd_mask = 0x4002;
	CU_ASSERT_EQUAL(bridge_change(b.b, &s), -EINVAL);
	s.group_fwd_mask = 0x4000;
	CU_ASSERT_EQUAL(bridge_change(b.b, &s), 0);
	expect(&b, 1, HOST(1), lldp, "br0:mcast+e2+e3");
	s.group_fwd_mask = 0;
	bridge_change(b.b, &s);
	s.no_linklocal_learn = true;
	bridge_change(b.b, &s);
	expect(&b, 2, HOST(2), lldp, "p2:mcast");
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(2)));
	CU_ASSERT_EQUAL(bridge_port_set_group_fwd_mask(port(&b, 2), 2), -EINVAL);
	CU_ASSERT_EQUAL(bridge_port_set_group_fwd_mask(port(&b, 2), 0x4000), 0);
	expect(&b, 2, HOST(2), lldp, "br0:mcast+e1+e3");
	expect(&b, 3, HOST(3), lldp, "p3:mcast");
	s.group_fwd_mask = 1;
	CU_ASSERT_EQUAL(bridge_create(b.s, "br1", &(struct dev_config){.details = &s}), -EINVAL);
	matrix_free(b.m);
}

/* Frames of 60 octets are too long for nobody, so one port is made very narrow. */
static void a_frame_longer_than_a_port_carries_is_dropped_there(void)
{
	struct bench b = bench_new();
	struct pkt *p = stack_pkt(b.m->outside, 1000);

	dev_set_mtu(b.p[3], 900);
	memset(pkt_put(p, 1000), 0, 1000);
	ether_emit(p->data, &(struct ether_hdr){MAC_BROADCAST, HOST(1), 0x88b5});
	b.m->seen[0] = '\0';
	dev_output(b.e[1], p);
	matrix_run(b.m, 0);
	CU_ASSERT(csv_same_words(b.m->seen, "br0:bcast+e2"));
	CU_ASSERT_EQUAL(drops(&b, DROP_DEV_TOO_BIG), 1);
	CU_ASSERT_EQUAL(b.p[3]->stats.tx_dropped, 1);
	matrix_free(b.m);
}

static void the_last_receiver_gets_the_frame_itself(void)
{
	struct bench b = bench_new();
	uint64_t before = b.m->world.pkts.next_id;

	expect(&b, 1, HOST(1), UNKNOWN, "e2+e3");
	CU_ASSERT_EQUAL(b.m->world.pkts.next_id - before, 2); /* the frame and one copy */
	before = b.m->world.pkts.next_id;
	expect(&b, 2, HOST(2), HOST(1), "e1");
	CU_ASSERT_EQUAL(b.m->world.pkts.next_id - before, 1);
	matrix_free(b.m);
}

/* ---- learning and ageing ---- */

static void an_address_is_forgotten_to_the_nanosecond(void)
{
	struct bench b = bench_new();

	expect(&b, 1, HOST(1), MAC_BROADCAST, "br0:bcast+e2+e3");
	matrix_run(b.m, 100 * NS_PER_SEC);
	expect(&b, 2, HOST(2), MAC_BROADCAST, "br0:bcast+e1+e3");
	expect(&b, 1, HOST(1), MAC_BROADCAST, "br0:bcast+e2+e3"); /* heard again */
	matrix_run(b.m, 300 * NS_PER_SEC - 1);
	CU_ASSERT_PTR_NOT_NULL(bridge_fdb_find(b.b, HOST(1)));
	matrix_run(b.m, 1);
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(1)));
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(2)));
	CU_ASSERT_EQUAL(b.b->learned, 0);
	CU_ASSERT_EQUAL(b.m->loop.wheel.armed, 0);
	matrix_free(b.m);
}

static void a_new_ageing_time_counts_at_once(void)
{
	struct bench b = bench_new();
	struct bridge_settings s = b.b->settings;

	expect(&b, 1, HOST(1), MAC_BROADCAST, "br0:bcast+e2+e3");
	matrix_run(b.m, 10 * NS_PER_SEC);
	expect(&b, 2, HOST(2), MAC_BROADCAST, "br0:bcast+e1+e3");
	s.ageing_ns = 5 * NS_PER_SEC;
	bridge_change(b.b, &s);
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(1)));
	CU_ASSERT_PTR_NOT_NULL(bridge_fdb_find(b.b, HOST(2)));
	matrix_run(b.m, 5 * NS_PER_SEC);
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(2)));
	matrix_free(b.m);
}

static void static_entries_move_and_sticky_ones_do_not(void)
{
	struct bench b = bench_new();
	struct bridge_fdb_request r = {.mac = HOST(2), .port = port(&b, 2), .is_static = true};

	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &r), 0);
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &r), -EEXIST);
	expect(&b, 3, HOST(2), HOST(9), "e1+e2");
	CU_ASSERT_PTR_EQUAL(bridge_fdb_find(b.b, HOST(2))->port, port(&b, 3));
	r.sticky = r.may_exist = true;
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &r), 0);
	expect(&b, 3, HOST(2), HOST(9), "e1+e2");
	CU_ASSERT_PTR_EQUAL(bridge_fdb_find(b.b, HOST(2))->port, port(&b, 2));
	matrix_run(b.m, 1000 * NS_PER_SEC);
	CU_ASSERT_PTR_NOT_NULL(bridge_fdb_find(b.b, HOST(2)));
	matrix_free(b.m);
}

static void what_the_user_may_say_of_an_address(void)
{
	struct bench b = bench_new();
	struct bridge_port *p1 = port(&b, 1);
	struct bridge_fdb_request ages = {.mac = HOST(7), .port = p1};

	CU_ASSERT_EQUAL(
		bridge_fdb_put(b.b, &(struct bridge_fdb_request){.port = p1, .local = true}), -EINVAL);
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &(struct bridge_fdb_request){.mac = HOST(7), .is_static = true}),
		-EINVAL);
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b,
				&(struct bridge_fdb_request){
					.mac = HOST(7), .port = p1, .local = true, .sticky = true}),
		-EINVAL);
	dev_set_up(b.e[1], false);
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &ages), -EPERM);
	dev_set_up(b.e[1], true);
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &ages), 0);
	matrix_run(b.m, 300 * NS_PER_SEC);
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(7)));
	CU_ASSERT_EQUAL(
		bridge_fdb_put(b.b, &(struct bridge_fdb_request){.mac = HOST(7), .port = p1, .local = true}),
		0);
	expect(&b, 2, HOST(2), HOST(7), "br0:otherhost");
	expect(&b, 3, HOST(7), HOST(2), "e2"); /* an address of its own: not learned */
	CU_ASSERT_EQUAL(bridge_fdb_del(b.b, HOST(7), port(&b, 2)), -ENOENT);
	CU_ASSERT_EQUAL(bridge_fdb_del(b.b, HOST(7), p1), 0);
	CU_ASSERT_EQUAL(bridge_fdb_del(b.b, HOST(7), p1), -ENOENT);
	matrix_free(b.m);
}

/* A flood of invented senders costs no more than so much; what does not fit is flooded, not lost. */
static void the_fdb_is_bounded_and_says_so(void)
{
	struct bridge_settings s;

	bridge_settings_init(&s);
	s.fdb_max_learned = 2;
	struct bench b = bench_with(&s);
	struct bridge_fdb_request r = {.mac = HOST(2), .port = port(&b, 1), .may_exist = true};
	for (uint8_t i = 1; i <= 4; i++)
		expect(&b, 1, HOST(i), MAC_BROADCAST, "br0:bcast+e2+e3");
	CU_ASSERT_EQUAL(b.b->learned, 2);
	CU_ASSERT_EQUAL(drops(&b, DROP_BRIDGE_FDB_FULL), 2);
	expect(&b, 2, HOST(9), HOST(4), "e1+e3");
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &r), 0); /* the user's own do not count */
	expect(&b, 1, HOST(3), MAC_BROADCAST, "br0:bcast+e2+e3");
	CU_ASSERT_PTR_NOT_NULL(bridge_fdb_find(b.b, HOST(3)));
	CU_ASSERT_EQUAL(b.b->learned, 2);
	bridge_fdb_flush_dynamic(b.b, NULL);
	CU_ASSERT_EQUAL(b.b->learned, 0);
	matrix_free(b.m);
}

/* ---- the device ---- */

static void its_address_is_the_lowest_of_its_ports(void)
{
	struct bench b = bench_new();

	CU_ASSERT(mac_equal(b.br->mac, MAC(0x11)));
	dev_set_mac(b.p[3], MAC(0x01));
	CU_ASSERT(mac_equal(b.br->mac, MAC(0x01)));
	expect(&b, 1, HOST(1), MAC(0x01), "br0:host");
	dev_set_master(b.p[3], NULL);
	CU_ASSERT(mac_equal(b.br->mac, MAC(0x11)));
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, MAC(0x01)));
	dev_set_master(b.p[2], NULL);
	dev_set_master(b.p[1], NULL);
	CU_ASSERT(mac_is_zero(b.br->mac));
	CU_ASSERT_EQUAL(b.b->fdb.count, 0);
	dev_set_mac(b.br, MAC(0x50));
	dev_set_master(b.p[1], b.br);
	CU_ASSERT(mac_equal(b.br->mac, MAC(0x50)));
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, MAC(0x50))->port);
	matrix_free(b.m);
}

static void of_ports_with_one_address_the_next_one_inherits_the_entry(void)
{
	struct bench b = bench_new();

	dev_set_mac(b.p[2], MAC(0x11));
	dev_set_mac(b.br, MAC(0x11));
	CU_ASSERT_PTR_EQUAL(bridge_fdb_find(b.b, MAC(0x11))->port, port(&b, 1));
	dev_set_master(b.p[1], NULL);
	CU_ASSERT_PTR_EQUAL(bridge_fdb_find(b.b, MAC(0x11))->port, port(&b, 2));
	dev_set_master(b.p[2], NULL);
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, MAC(0x11))->port);
	matrix_free(b.m);
}

/* As measured: a port that is given the address it has gets back the entry it lost; a bridge does not. */
static void the_same_address_again(void)
{
	struct bench b = bench_new();
	struct bridge_fdb_request moved = {.mac = MAC(0x11), .port = port(&b, 2), .may_exist = true};

	dev_set_mac(b.br, MAC(0x50));
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &moved), 0);
	expect(&b, 1, HOST(1), MAC(0x11), "e2");
	dev_set_mac(b.p[1], MAC(0x11));
	CU_ASSERT_PTR_EQUAL(bridge_fdb_find(b.b, MAC(0x11))->port, port(&b, 1));
	expect(&b, 3, HOST(3), MAC(0x11), "br0:otherhost");
	CU_ASSERT_EQUAL(bridge_fdb_del(b.b, MAC(0x50), NULL), 0);
	dev_set_mac(b.br, MAC(0x50));
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, MAC(0x50)));
	matrix_free(b.m);
}

static void its_mtu_is_the_smallest_of_its_ports(void)
{
	struct bench b = bench_new();

	dev_set_mtu(b.p[2], 1300);
	CU_ASSERT_EQUAL(b.br->mtu, 1300);
	dev_set_mtu(b.p[2], 9000);
	CU_ASSERT_EQUAL(b.br->mtu, 1500);
	dev_set_mtu(b.br, 1200); /* and stays, whatever ports do */
	dev_set_mtu(b.p[2], 1000);
	CU_ASSERT_EQUAL(b.br->mtu, 1200);
	matrix_free(b.m);
}

static void it_has_a_carrier_while_a_port_forwards(void)
{
	struct bench b = bench_new();

	CU_ASSERT(b.br->carrier);
	for (int i = 1; i <= 2; i++)
		dev_set_up(b.p[i], false);
	CU_ASSERT(b.br->carrier);
	dev_set_up(b.e[3], false);
	CU_ASSERT_FALSE(b.br->carrier);
	dev_set_up(b.p[1], true);
	CU_ASSERT(b.br->carrier);
	dev_set_up(b.br, false);
	CU_ASSERT_EQUAL(port(&b, 1)->state, BRIDGE_DISABLED);
	dev_set_up(b.br, true);
	CU_ASSERT(b.br->carrier);
	matrix_free(b.m);
}

static void some_devices_cannot_be_ports(void)
{
	struct bench b = bench_new();
	struct dev_config none = {0};

	CU_ASSERT_EQUAL(dev_set_master(b.s->lo, b.br), -EINVAL);
	CU_ASSERT_EQUAL(dev_set_master(b.br, b.br), -ELOOP);
	CU_ASSERT_EQUAL(bridge_create(b.s, "br1", &none), 0);
	CU_ASSERT_EQUAL(dev_set_master(dev_by_name(b.s, "br1"), b.br), -ELOOP);
	CU_ASSERT_EQUAL(dummy_create(b.s, "d0", &none), 0);
	struct dev *d = dev_by_name(b.s, "d0");
	dev_set_rx_handler(d, bridge_input, NULL);
	CU_ASSERT_EQUAL(dev_set_master(d, b.br), -EBUSY);
	dev_clear_rx_handler(d);
	CU_ASSERT_EQUAL(dev_set_master(d, b.br), 0);
	CU_ASSERT_EQUAL(bridge_port_of(d)->number, 4);
	CU_ASSERT_EQUAL(d->promiscuity, 1);
	matrix_free(b.m);
}

static void port_numbers_are_used_again(void)
{
	struct bench b = bench_new();

	dev_set_master(b.p[2], NULL);
	CU_ASSERT_PTR_NULL(bridge_port_of(b.p[2]));
	CU_ASSERT_EQUAL(b.p[2]->promiscuity, 0);
	dev_set_master(b.p[2], b.br);
	CU_ASSERT_EQUAL(port(&b, 2)->number, 2);
	int number = 1;
	bridge_each_port(p, b.b) CU_ASSERT_EQUAL(p->number, number++);
	matrix_free(b.m);
}

static void what_was_learned_at_a_port_goes_with_it(void)
{
	struct bench b = bench_new();
	struct bridge_fdb_request r = {.mac = HOST(7), .port = port(&b, 2), .is_static = true};

	expect(&b, 2, HOST(2), MAC_BROADCAST, "br0:bcast+e1+e3");
	CU_ASSERT_EQUAL(bridge_fdb_put(b.b, &r), 0);
	dev_set_up(b.p[2], false);
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(2)));
	CU_ASSERT_PTR_NOT_NULL(bridge_fdb_find(b.b, HOST(7)));
	dev_unregister(b.e[2]); /* and with it p2 */
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(7)));
	expect(&b, 1, HOST(1), HOST(7), "e3");
	matrix_free(b.m);
}

/* Measured: tests/live/bridge_same.sh with SEED=26807. */
static void what_a_disabled_port_had_learned_goes_when_it_is_down(void)
{
	struct bench b = bench_new();

	expect(&b, 1, HOST(1), MAC_BROADCAST, "br0:bcast+e2+e3");
	CU_ASSERT_EQUAL(bridge_port_set_state(port(&b, 1), BRIDGE_DISABLED), 0);
	CU_ASSERT_PTR_NOT_NULL(bridge_fdb_find(b.b, HOST(1)));
	dev_set_up(port(&b, 1)->dev, false);
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(1)));
	dev_set_up(port(&b, 1)->dev, true);
	CU_ASSERT_EQUAL(port(&b, 1)->state, BRIDGE_FORWARDING);
	matrix_free(b.m);
}

static void a_bridge_may_end_with_frames_on_their_way(void)
{
	struct bench b = bench_new();
	struct pkt *p = stack_pkt(b.m->outside, 60);

	memset(pkt_put(p, 60), 0, 60);
	ether_emit(p->data, &(struct ether_hdr){MAC_BROADCAST, HOST(1), 0x88b5});
	dev_output(b.e[1], p);
	dev_unregister(b.br);
	matrix_run(b.m, 0);
	CU_ASSERT_PTR_NULL(b.p[1]->master);
	CU_ASSERT_EQUAL(b.m->loop.wheel.armed, 0);
	matrix_free(b.m);
}

/* ---- when things go wrong ---- */

static void without_memory_nothing_is_half_made(void)
{
	struct bench b = bench_new();
	struct dev_config none = {0};
	bool done = false;

	dev_set_master(b.p[3], NULL);
	for (unsigned long nth = 1; !done && nth < 50; nth++) {
		alloc_arm(nth, false);
		int err = bridge_create(b.s, "br1", &none);
		done = alloc_disarm() < nth;
		CU_ASSERT_EQUAL(err, done ? 0 : -ENOMEM);
		CU_ASSERT_EQUAL(dev_by_name(b.s, "br1") != NULL, done);
	}
	CU_ASSERT(done);
	done = false;
	for (unsigned long nth = 1; !done && nth < 50; nth++) {
		alloc_arm(nth, false);
		int err = dev_set_master(b.p[3], b.br);
		done = alloc_disarm() < nth;
		CU_ASSERT_EQUAL(err, done ? 0 : -ENOMEM);
		CU_ASSERT_EQUAL(b.p[3]->rx_handler != NULL, done);
	}
	CU_ASSERT(done);
	alloc_arm(1, false); /* the entry */
	bridge_fdb_learn(port(&b, 1), HOST(1), NULL);
	alloc_disarm();
	CU_ASSERT_PTR_NULL(bridge_fdb_find(b.b, HOST(1)));
	CU_ASSERT_EQUAL(drops(&b, DROP_NO_MEMORY), 1);
	matrix_free(b.m);
}

/* Two bridges with three cables between them: each broadcast comes back twice, and again. */
static void a_loop_floods_within_bounds_until_it_is_cut(void)
{
	struct bench b = bench_new();
	struct dev_config config = {.peer_stack = b.m->inside};

	CU_ASSERT_EQUAL(bridge_create(b.s, "br1", &(struct dev_config){0}), 0);
	struct dev *other = dev_by_name(b.s, "br1");
	dev_set_up(other, true);
	for (int i = 0; i < 3; i++) {
		const char near[] = {'x', (char)('0' + i), 0}, far[] = {'y', (char)('0' + i), 0};
		config.peer_name = far;
		CU_ASSERT_EQUAL(veth_create(b.s, near, &config), 0);
		dev_set_master(dev_by_name(b.s, near), b.br);
		dev_set_master(dev_by_name(b.s, far), other);
		dev_set_up(dev_by_name(b.s, near), true);
		dev_set_up(dev_by_name(b.s, far), true);
	}
	for (int i = 1; i <= PORTS; i++) /* the ends need not hear it, and the test not count it */
		set_flags(&b, i, 0, BRIDGE_BCAST_FLOOD);
	dev_set_up(b.br, true);
	struct pkt *p = stack_pkt(b.m->outside, 60);
	memset(pkt_put(p, 60), 0, 60);
	ether_emit(p->data, &(struct ether_hdr){MAC_BROADCAST, HOST(1), 0x88b6 /* nobody's */});
	dev_output(b.e[1], p);
	for (int turn = 0; turn < 60; turn++)
		loop_turn(&b.m->loop, false);
	CU_ASSERT(drops(&b, DROP_DEV_QUEUE_FULL) > 0);
	CU_ASSERT(pool_in_use(&b.m->world.pkts.small) <= 6 * DEV_QUEUE_LIMIT);
	CU_ASSERT(pool_in_use(&b.m->world.pkts.small) >= 3 * DEV_QUEUE_LIMIT);
	dev_set_up(other, false);
	matrix_run(b.m, 0);
	CU_ASSERT_EQUAL(pool_in_use(&b.m->world.pkts.small), 0);
	matrix_free(b.m);
}

SUITE(dev_bridge, T(every_row_of_the_matrix_agrees), T(frames_that_go_nowhere_say_why),
	T(isolated_ports_do_not_reach_each_other), T(a_locked_port_lets_only_known_senders_in),
	T(only_a_forwarding_port_forwards), T(flags_of_floods_do_not_bind_the_bridges_own_host),
	T(reserved_addresses_are_forwarded_where_a_mask_says_so),
	T(a_frame_longer_than_a_port_carries_is_dropped_there), T(the_last_receiver_gets_the_frame_itself),
	T(an_address_is_forgotten_to_the_nanosecond), T(a_new_ageing_time_counts_at_once),
	T(static_entries_move_and_sticky_ones_do_not), T(what_the_user_may_say_of_an_address),
	T(the_fdb_is_bounded_and_says_so), T(its_address_is_the_lowest_of_its_ports),
	T(of_ports_with_one_address_the_next_one_inherits_the_entry), T(the_same_address_again),
	T(its_mtu_is_the_smallest_of_its_ports), T(it_has_a_carrier_while_a_port_forwards),
	T(some_devices_cannot_be_ports), T(port_numbers_are_used_again),
	T(what_was_learned_at_a_port_goes_with_it), T(what_a_disabled_port_had_learned_goes_when_it_is_down),
	T(a_bridge_may_end_with_frames_on_their_way), T(without_memory_nothing_is_half_made),
	T(a_loop_floods_within_bounds_until_it_is_cut))
