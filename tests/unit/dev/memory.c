/* SPDX-License-Identifier: MIT */
/* Devices that live in memory: veth, hub, dummy, lo and the queue they share. */
#include "dev/kinds.h"
#include "dev/queue.h"
#include "net/ether.h"
#include "tests/unit/lab.h"

#include <errno.h>

/* A frame of an EtherType that nobody has, so that its arrival is a named drop. */
static void send(struct dev *d, struct mac dst, size_t len)
{
	struct pkt *p = stack_pkt(d->stack, len);

	memset(pkt_put(p, len), 0, len);
	ether_output(d->netif, p, dst, 0x88b5);
}

static uint64_t arrived(struct stack *s)
{
	return stack_drops(s, DROP_ETH_UNKNOWN_TYPE);
}

static void veth_carries_while_both_ends_are_up(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");

	lab_veth(a, "v", NULL, b, "v", NULL);
	struct dev *va = dev_by_name(a, "v"), *vb = dev_by_name(b, "v");
	CU_ASSERT(dev_is_running(va) && dev_is_running(vb));
	dev_set_up(vb, false);
	CU_ASSERT_FALSE(va->carrier || vb->carrier);
	send(va, vb->mac, 50);
	CU_ASSERT_EQUAL(stack_drops(a, DROP_DEV_NO_CARRIER), 1);
	dev_set_up(vb, true);
	send(va, vb->mac, 50);
	CU_ASSERT_EQUAL(arrived(b), 0); /* xmit never calls rx */
	lab_settle(l);
	CU_ASSERT_EQUAL(arrived(b), 1);
	lab_free(l);
}

static void veth_passes_what_the_receivers_mtu_allows_with_a_tag(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");

	lab_veth(a, "v", NULL, b, "v", NULL);
	struct dev *va = dev_by_name(a, "v"), *vb = dev_by_name(b, "v");
	send(va, vb->mac, 1504);
	send(va, vb->mac, 1505);
	lab_settle(l);
	CU_ASSERT_EQUAL(arrived(b), 1);
	CU_ASSERT_EQUAL(stack_drops(b, DROP_DEV_TOO_BIG), 1);
	lab_free(l);
}

static void veth_ends_go_together(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");
	struct dev_config taken = {.peer_name = "v", .peer_stack = b};

	lab_veth(a, "v", NULL, b, "v", NULL);
	CU_ASSERT_EQUAL(veth_create(a, "w", &taken), -EEXIST);
	CU_ASSERT_PTR_NULL(dev_by_name(a, "w"));
	taken.peer_name = "w";
	CU_ASSERT_EQUAL(veth_create(a, "v", &taken), -EEXIST);
	CU_ASSERT_PTR_NULL(dev_by_name(b, "w"));
	dev_unregister(dev_by_name(b, "v"));
	CU_ASSERT_PTR_NULL(dev_by_name(a, "v"));
	lab_free(l);
}

static void a_full_queue_drops_by_name(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");

	lab_veth(a, "v", NULL, b, "v", NULL);
	struct dev *va = dev_by_name(a, "v"), *vb = dev_by_name(b, "v");
	for (int i = 0; i < DEV_QUEUE_LIMIT + 7; i++)
		send(va, vb->mac, 50);
	CU_ASSERT_EQUAL(stack_drops(b, DROP_DEV_QUEUE_FULL), 7);
	dev_set_up(vb, false); /* what waited is dropped by name too */
	CU_ASSERT_EQUAL(stack_drops(b, DROP_DEV_DOWN), DEV_QUEUE_LIMIT);
	lab_settle(l);
	CU_ASSERT_EQUAL(arrived(b), 0);
	lab_free(l);
}

struct star {
	struct lab *lab;
	struct stack *s, *host[3];
	struct dev *hub;
};

/* Three hosts, each with eth0 plugged into hub0 of host "switch". */
static struct star star_new(void)
{
	static const char *const names[] = {"x", "y", "z"}, *const ports[] = {"p0", "p1", "p2"};
	struct star st = {.lab = lab_new()};
	struct dev_config none = {0};

	st.s = lab_host(st.lab, "switch");
	CU_ASSERT_EQUAL_FATAL(hub_create(st.s, "hub0", &none), 0);
	st.hub = dev_by_name(st.s, "hub0");
	dev_set_up(st.hub, true);
	for (int i = 0; i < 3; i++) {
		st.host[i] = lab_host(st.lab, names[i]);
		lab_veth(st.s, ports[i], NULL, st.host[i], "eth0", NULL);
		CU_ASSERT_EQUAL_FATAL(dev_set_master(dev_by_name(st.s, ports[i]), st.hub), 0);
	}
	return st;
}

static void a_hub_repeats_to_every_other_port_and_its_own_host(void)
{
	struct star st = star_new();

	send(dev_by_name(st.host[0], "eth0"), MAC_BROADCAST, 50);
	lab_settle(st.lab);
	CU_ASSERT_EQUAL(arrived(st.host[0]), 0);
	CU_ASSERT_EQUAL(arrived(st.host[1]), 1);
	CU_ASSERT_EQUAL(arrived(st.host[2]), 1);
	CU_ASSERT_EQUAL(arrived(st.s), 1);
	send(dev_by_name(st.host[0], "eth0"), dev_by_name(st.host[1], "eth0")->mac, 50);
	lab_settle(st.lab);
	CU_ASSERT_EQUAL(arrived(st.host[1]), 2);
	CU_ASSERT_EQUAL(stack_drops(st.host[2], DROP_ETH_OTHERHOST), 1); /* a dumb one */
	send(st.hub, MAC_BROADCAST, 50);
	lab_settle(st.lab);
	CU_ASSERT_EQUAL(arrived(st.host[0]), 1);
	lab_free(st.lab);
}

static void ports_come_and_go(void)
{
	struct star st = star_new();
	struct dev *p1 = dev_by_name(st.s, "p1"), *p2 = dev_by_name(st.s, "p2");

	CU_ASSERT_EQUAL(dev_set_master(p1, p2), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(dev_set_master(p1, st.hub), 0); /* it is its port already */
	CU_ASSERT_EQUAL(dev_set_master(st.hub, st.hub), -ELOOP);
	dev_set_master(p1, NULL);
	send(dev_by_name(st.host[0], "eth0"), MAC_BROADCAST, 50);
	lab_settle(st.lab);
	CU_ASSERT_EQUAL(arrived(st.host[1]), 0);
	CU_ASSERT_EQUAL(arrived(st.host[2]), 1);
	dev_unregister(dev_by_name(st.host[2], "eth0")); /* and with it the port */
	CU_ASSERT_PTR_NULL(dev_by_name(st.s, "p2"));
	dev_unregister(st.hub);
	CU_ASSERT_PTR_NULL(dev_by_name(st.s, "p0")->master);
	CU_ASSERT_PTR_NULL(dev_by_name(st.s, "p0")->rx_handler);
	lab_free(st.lab);
}

static void a_loop_of_hubs_is_refused(void)
{
	struct star st = star_new();
	struct dev_config none = {0};

	CU_ASSERT_EQUAL(hub_create(st.s, "hub1", &none), 0);
	CU_ASSERT_EQUAL(dev_set_master(dev_by_name(st.s, "hub1"), st.hub), -ELOOP);
	CU_ASSERT_EQUAL(dev_set_master(st.s->lo, st.hub), -EINVAL);
	lab_free(st.lab);
}

static void lo_gets_its_address_when_it_comes_up(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");

	CU_ASSERT_PTR_NOT_NULL(netif_addr_find(s->lo->netif, lab_ip("127.0.0.1")));
	dev_set_up(s->lo, false);
	dev_set_up(s->lo, true);
	CU_ASSERT_PTR_NOT_NULL(netif_addr_find(s->lo->netif, lab_ip("127.0.0.1")));
	lab_free(l);
}

static void dummy_swallows_and_counts(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev_config config = {.mtu = 1400};

	CU_ASSERT_EQUAL(dummy_create(s, "d0", &config), 0);
	struct dev *d = dev_by_name(s, "d0");
	dev_set_up(d, true);
	send(d, MAC_BROADCAST, 100);
	CU_ASSERT_EQUAL(d->mtu, 1400);
	CU_ASSERT_EQUAL(d->stats.tx_packets, 1);
	CU_ASSERT_EQUAL(d->stats.tx_bytes, 114);
	lab_free(l);
}

static unsigned bounced;

/* Sends each frame on by the same device. */
static void bounce(struct stack *s, struct pkt *p)
{
	bounced++;
	pkt_done(p);
	if (bounced < 5)
		send(s->lo, s->lo->mac, 50);
}

/* So that two programs that answer each other leave time for everybody else. */
static void what_a_delivery_sends_comes_in_the_next_turn(void)
{
	static const struct proto bouncer = {.name = "bouncer", .ethertype = 0x88b5, .input = bounce};
	static const struct proto *const protos[] = {&bouncer, NULL};
	struct lab *l = lab_new();

	l->world.protos = protos;
	struct stack *s = lab_host(l, "h");
	dev_set_up(s->lo, true);
	lab_settle(l);
	bounced = 0;
	send(s->lo, s->lo->mac, 50);
	CU_ASSERT_EQUAL(bounced, 0);
	for (unsigned turn = 1; turn <= 5; turn++) {
		loop_turn(&l->loop, false);
		CU_ASSERT_EQUAL(bounced, turn);
	}
	lab_free(l);
}

SUITE(dev_memory, T(what_a_delivery_sends_comes_in_the_next_turn), T(veth_carries_while_both_ends_are_up),
	T(veth_passes_what_the_receivers_mtu_allows_with_a_tag), T(veth_ends_go_together),
	T(a_full_queue_drops_by_name), T(a_hub_repeats_to_every_other_port_and_its_own_host),
	T(ports_come_and_go), T(a_loop_of_hubs_is_refused), T(lo_gets_its_address_when_it_comes_up),
	T(dummy_swallows_and_counts))
