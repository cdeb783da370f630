/* SPDX-License-Identifier: MIT */
/* macvlan: the rules around its data path. Who gets which frame is measured, row by row: tests/unit/dev/matrix.c. */
#include "dev/macvlan.h"
#include "dev/queue.h"
#include "net/ether.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <errno.h>

#define MAC(last) ((struct mac){{2, 0, 0, 0, 7, last}})

static const struct mac stranger = {{2, 0, 0, 0, 9, 9}}, group = {{1, 0, 0x5e, 1, 2, 3}};

/* A host "h" with a wire, eth0; macvlans on it live on hosts of their own. */
struct yard {
	struct lab *l;
	struct stack *h;
	struct dev *wire;
	char heard[4096]; /* the traces of layer macvlan, one a line */
	struct trace_listener listener;
};

static void listen(
	struct trace_listener *t, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct yard *y = CONTAINER_OF(t, struct yard, listener);
	size_t len = strlen(y->heard);

	(void)s;
	(void)p;
	if (r->layer == LAYER_MACVLAN)
		snprintf(y->heard + len, sizeof(y->heard) - len, "%s\n", r->text);
}

static void yard_open(struct yard *y)
{
	*y = (struct yard){.l = lab_new(), .listener = {.fn = listen}};
	y->h = lab_host(y->l, "h");
	y->wire = lab_wire(y->h, "eth0", NULL);
	list_add_tail(&y->l->world.trace.listeners, &y->listener.node);
}

static void yard_close(struct yard *y)
{
	list_del(&y->listener.node);
	lab_free(y->l);
}

static int create(struct yard *y, const char *name, enum macvlan_mode mode, struct mac mac)
{
	struct macvlan_config details = MACVLAN_CONFIG_DEFAULT;
	struct dev_config config = {.lower = y->wire, .mac = mac, .details = &details};
	struct stack *s = stack_by_name(&y->l->world, name);

	details.mode = mode;
	return macvlan_create(s ? s : lab_host(y->l, name), name, &config);
}

static struct dev *port(struct yard *y, const char *name)
{
	return dev_by_name(stack_by_name(&y->l->world, name), name);
}

/* On the host of the same name, and up. */
static struct dev *add(struct yard *y, const char *name, enum macvlan_mode mode, struct mac mac)
{
	CU_ASSERT_EQUAL_FATAL(create(y, name, mode, mac), 0);
	CU_ASSERT_EQUAL_FATAL(dev_set_up(port(y, name), true), 0);
	return port(y, name);
}

/* A frame of an EtherType that nobody has, so that its arrival is a named drop. */
enum { NOBODYS = 0x88b5 };

static void send_len(struct dev *d, struct mac dst, struct mac src, size_t len)
{
	struct ether_hdr h = {dst, src, NOBODYS};
	struct pkt *p = stack_pkt(d->stack, len);

	memset(pkt_put(p, len), 0, len);
	ether_emit(p->data, &h);
	dev_output(d, p);
	lab_settle(CONTAINER_OF(d->stack->world, struct lab, world));
}

static void send(struct dev *d, struct mac dst)
{
	send_len(d, dst, d->mac, 60);
}

static void receive_type(struct yard *y, struct mac dst, struct mac src, uint16_t type)
{
	uint8_t frame[60] = {0};
	struct ether_hdr h = {dst, src, type};

	ether_emit(frame, &h);
	lab_inject(y->wire, frame, sizeof(frame));
}

static void receive(struct yard *y, struct mac dst, struct mac src)
{
	receive_type(y, dst, src, NOBODYS);
}

static uint64_t got(const struct dev *d)
{
	return stack_drops(d->stack, DROP_ETH_UNKNOWN_TYPE);
}

/* ---- making ---- */

static void a_lower_device_must_be_ethernet_and_free(void)
{
	struct yard y;
	struct dev_config config = {0};

	yard_open(&y);
	config.lower = y.h->lo;
	CU_ASSERT_EQUAL(macvlan_create(y.h, "m", &config), -EINVAL);
	CU_ASSERT_EQUAL(hub_create(y.h, "hub0", &(struct dev_config){0}), 0);
	struct dev *hub = dev_by_name(y.h, "hub0");
	CU_ASSERT_EQUAL(dev_set_master(y.wire, hub), 0);
	config.lower = y.wire;
	CU_ASSERT_EQUAL(macvlan_create(y.h, "m", &config), -EBUSY);
	dev_set_master(y.wire, NULL);
	CU_ASSERT_EQUAL(macvlan_create(y.h, "m", &config), 0);
	CU_ASSERT_EQUAL(dev_set_master(y.wire, hub), -EBUSY);
	dev_unregister(dev_by_name(y.h, "m")); /* the last one frees the lower device */
	CU_ASSERT_EQUAL(dev_set_master(y.wire, hub), 0);
	yard_close(&y);
}

static void what_stands_on_a_macvlan_stands_beside_it(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1));
	struct dev_config config = {.lower = a};
	CU_ASSERT_EQUAL(macvlan_create(a->stack, "b", &config), 0);
	struct dev *b = dev_by_name(a->stack, "b");
	CU_ASSERT_PTR_EQUAL(b->lower, y.wire);
	CU_ASSERT_EQUAL(macvlan_mode(b), MACVLAN_VEPA); /* the default */
	CU_ASSERT_FALSE(mac_is_zero(b->mac));
	dev_unregister(a);
	CU_ASSERT_PTR_NOT_NULL(dev_by_name(b->stack, "b"));
	yard_close(&y);
}

static void what_cannot_be_made_leaves_nothing(void)
{
	struct yard y;
	struct macvlan_config details = MACVLAN_CONFIG_DEFAULT;
	struct dev_config config = {.details = &details};

	yard_open(&y);
	config.lower = y.wire;
	CU_ASSERT_EQUAL(macvlan_create(y.h, "eth0", &config), -EEXIST);
	config.mac = group;
	CU_ASSERT_EQUAL(macvlan_create(y.h, "m", &config), -EADDRNOTAVAIL);
	config.mac = MAC(1);
	config.mtu = 1501;
	CU_ASSERT_EQUAL(macvlan_create(y.h, "m", &config), -EINVAL);
	config.mtu = 0;
	details.sources = &stranger;
	details.source_count = 1;
	CU_ASSERT_EQUAL(macvlan_create(y.h, "m", &config), -EINVAL); /* not in source mode */
	details.mode = MACVLAN_SOURCE;
	int err = -ENOMEM;
	for (unsigned long nth = 1; err; nth++) {
		CU_ASSERT_PTR_NULL(y.wire->rx_handler);
		CU_ASSERT(list_empty(&y.wire->uppers));
		alloc_arm(nth, false);
		err = macvlan_create(y.h, "m", &config);
		CU_ASSERT_EQUAL(err, alloc_disarm() >= nth ? -ENOMEM : 0);
	}
	CU_ASSERT_EQUAL(macvlan_source_count(dev_by_name(y.h, "m")), 1);
	yard_close(&y);
}

/* ---- MAC addresses ---- */

static void two_that_are_up_never_have_the_same_mac(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1));
	CU_ASSERT_EQUAL(create(&y, "b", MACVLAN_BRIDGE, MAC(1)), 0); /* while it is down it may */
	struct dev *b = port(&y, "b");
	CU_ASSERT_EQUAL(dev_set_up(b, true), -EADDRINUSE);
	CU_ASSERT_FALSE(b->flags & DEV_UP);
	CU_ASSERT_EQUAL(dev_set_mac(b, y.wire->mac), -EADDRINUSE);
	CU_ASSERT_EQUAL(dev_set_mac(b, MAC(1)), 0); /* it has it already */
	CU_ASSERT_EQUAL(dev_set_mac(b, MAC(2)), 0);
	CU_ASSERT_EQUAL(dev_set_mac(b, MAC(1)), -EADDRINUSE);
	CU_ASSERT_EQUAL(dev_set_mac(b, group), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(dev_set_mac(b, MAC_ZERO), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(dev_set_up(b, true), 0);
	CU_ASSERT_EQUAL(dev_set_mac(a, MAC(2)), -EADDRINUSE);
	CU_ASSERT_EQUAL(create(&y, "c", MACVLAN_BRIDGE, y.wire->mac), 0);
	CU_ASSERT_EQUAL(dev_set_up(port(&y, "c"), true), -EADDRINUSE);
	yard_close(&y);
}

static void a_new_mac_is_found_at_once_and_the_old_one_is_not(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_VEPA, MAC(1));
	CU_ASSERT_EQUAL(dev_set_mac(a, MAC(5)), 0);
	receive(&y, MAC(5), stranger);
	CU_ASSERT_EQUAL(got(a), 1);
	receive(&y, MAC(1), stranger);
	CU_ASSERT_EQUAL(got(a), 1);
	CU_ASSERT_EQUAL(stack_drops(y.h, DROP_ETH_OTHERHOST), 1);
	/* The lower device may take it; the macvlan still has it first. */
	CU_ASSERT_EQUAL(dev_set_mac(y.wire, MAC(5)), 0);
	receive(&y, MAC(5), stranger);
	CU_ASSERT_EQUAL(got(a), 2);
	yard_close(&y);
}

static void passthru_shares_the_lower_devices_mac_and_gives_it_back(void)
{
	struct yard y;

	yard_open(&y);
	struct mac before = y.wire->mac;
	struct dev *a = add(&y, "a", MACVLAN_PASSTHRU, MAC(1));
	CU_ASSERT(mac_equal(a->mac, before));
	CU_ASSERT_EQUAL(dev_set_mac(a, MAC(2)), 0);
	CU_ASSERT(mac_equal(y.wire->mac, MAC(2)));
	dev_unregister(a);
	CU_ASSERT(mac_equal(y.wire->mac, before));
	a = add(&y, "a", MACVLAN_PASSTHRU, MAC_ZERO);
	CU_ASSERT_EQUAL(dev_set_mac(y.wire, MAC(3)), 0); /* of what it was given itself it keeps the last */
	CU_ASSERT(mac_equal(a->mac, MAC(3)));
	CU_ASSERT_EQUAL(dev_set_mac(a, MAC(4)), 0);
	receive(&y, stranger, MAC(4)); /* reflected: found by its new address */
	dev_unregister(a);
	CU_ASSERT(mac_equal(y.wire->mac, MAC(3)));
	yard_close(&y);
}

/* ---- modes ---- */

static void passthru_is_alone_and_stays_passthru(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_PASSTHRU, MAC_ZERO);
	CU_ASSERT_EQUAL(create(&y, "b", MACVLAN_VEPA, MAC(2)), -EINVAL);
	CU_ASSERT_EQUAL(create(&y, "b", MACVLAN_PASSTHRU, MAC(2)), -EINVAL);
	CU_ASSERT_EQUAL(macvlan_set_mode(a, MACVLAN_BRIDGE), -EINVAL);
	CU_ASSERT_EQUAL(macvlan_set_mode(a, MACVLAN_PASSTHRU), 0);
	dev_unregister(a);
	CU_ASSERT_EQUAL(create(&y, "b", MACVLAN_VEPA, MAC(2)), 0);
	CU_ASSERT_EQUAL(create(&y, "c", MACVLAN_PASSTHRU, MAC(2)), -EINVAL);
	CU_ASSERT_EQUAL(macvlan_set_mode(port(&y, "b"), MACVLAN_PASSTHRU), -EINVAL);
	yard_close(&y);
}

static void a_mode_changes_while_frames_flow(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_VEPA, MAC(2));
	send(a, b->mac);
	CU_ASSERT_EQUAL(got(b), 0);
	CU_ASSERT_EQUAL(lab_sent_count(y.wire), 1);
	CU_ASSERT_EQUAL(macvlan_set_mode(b, MACVLAN_BRIDGE), 0);
	send(a, b->mac);
	CU_ASSERT_EQUAL(got(b), 1);
	CU_ASSERT_EQUAL(lab_sent_count(y.wire), 1);
	yard_close(&y);
}

static void the_list_of_senders_belongs_to_source_mode(void)
{
	struct yard y;
	struct mac two[] = {MAC(8), MAC(9)}, bad[] = {MAC(7), group};

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_VEPA, MAC(1)), *b = add(&y, "b", MACVLAN_SOURCE, MAC(2));
	CU_ASSERT_EQUAL(macvlan_source_add(a, stranger), -EINVAL);
	CU_ASSERT_EQUAL(macvlan_source_del(a, stranger), -EINVAL);
	CU_ASSERT_EQUAL(macvlan_source_set(a, NULL, 0), -EINVAL);
	CU_ASSERT_EQUAL(macvlan_source_add(b, stranger), 0);
	CU_ASSERT_EQUAL(macvlan_source_add(b, stranger), 0);
	CU_ASSERT_EQUAL(macvlan_source_add(b, group), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(macvlan_source_del(b, MAC_ZERO), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(macvlan_source_del(b, MAC(8)), 0); /* it is not there */
	CU_ASSERT_EQUAL(macvlan_source_count(b), 1);
	CU_ASSERT_EQUAL(macvlan_source_set(b, two, 2), 0);
	CU_ASSERT_EQUAL(macvlan_source_set(b, bad, 2), -EADDRNOTAVAIL); /* nothing is done by half */
	CU_ASSERT_EQUAL(macvlan_source_count(b), 2);
	CU_ASSERT_EQUAL(macvlan_source_del(b, MAC(8)), 0);
	dev_set_up(b, false);
	dev_set_up(b, true);
	CU_ASSERT_EQUAL(macvlan_source_count(b), 1);
	CU_ASSERT_EQUAL(macvlan_set_mode(b, MACVLAN_PRIVATE), 0);
	CU_ASSERT_EQUAL(macvlan_set_mode(b, MACVLAN_SOURCE), 0);
	CU_ASSERT_EQUAL(macvlan_source_count(b), 0);
	yard_close(&y);
}

/* ---- the lower device ---- */

static void the_lower_device_hears_what_its_macvlans_hear(void)
{
	struct yard y;

	yard_open(&y);
	CU_ASSERT_EQUAL(create(&y, "a", MACVLAN_VEPA, MAC(1)), 0);
	struct dev *a = port(&y, "a"), *b = add(&y, "b", MACVLAN_VEPA, MAC(2));
	CU_ASSERT_EQUAL(y.wire->promiscuity, 1); /* for all that are up together */
	dev_set_up(a, true);
	CU_ASSERT_EQUAL(y.wire->promiscuity, 1);
	dev_set_flag(a, DEV_PROMISC, true);
	dev_set_flag(b, DEV_ALLMULTI, true);
	CU_ASSERT_EQUAL(y.wire->promiscuity, 2);
	CU_ASSERT_EQUAL(y.wire->allmulti, 1);
	CU_ASSERT_EQUAL(dev_group_add(a, group), 0);
	dev_set_up(a, false);
	dev_set_up(b, false);
	CU_ASSERT_EQUAL(y.wire->promiscuity, 0);
	CU_ASSERT_EQUAL(y.wire->allmulti, 0);
	CU_ASSERT_FALSE(dev_hears_group(y.wire, group));
	dev_set_flag(a, DEV_PROMISC, false);
	dev_set_up(a, true);
	dev_promisc(y.wire, false); /* as if it could filter */
	CU_ASSERT(dev_hears_group(y.wire, group));
	dev_group_del(a, group);
	CU_ASSERT_FALSE(dev_hears_group(y.wire, group));
	dev_promisc(y.wire, true);
	dev_unregister(a);
	CU_ASSERT_EQUAL(y.wire->promiscuity, 0);
	yard_close(&y);
}

static void nopromisc_leaves_the_lower_device_alone(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_PASSTHRU, MAC_ZERO);
	CU_ASSERT_EQUAL(y.wire->promiscuity, 1);
	macvlan_set_flags(a, MACVLAN_NOPROMISC);
	CU_ASSERT_EQUAL(y.wire->promiscuity, 0);
	dev_set_flag(a, DEV_PROMISC, true); /* it is not passed on: there is nothing more to hear */
	CU_ASSERT_EQUAL(y.wire->promiscuity, 0);
	macvlan_set_flags(a, 0);
	CU_ASSERT_EQUAL(y.wire->promiscuity, 1);
	CU_ASSERT_EQUAL(macvlan_flags(a), 0);
	yard_close(&y);
}

static void the_mtu_follows_the_lower_device_down_and_not_up(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_VEPA, MAC(1)), *b = add(&y, "b", MACVLAN_VEPA, MAC(2));
	CU_ASSERT_EQUAL(dev_set_mtu(a, 1501), -EINVAL);
	CU_ASSERT_EQUAL(dev_set_mtu(a, 67), -EINVAL);
	CU_ASSERT_EQUAL(dev_set_mtu(b, 600), 0);
	dev_set_mtu(y.wire, 1000);
	CU_ASSERT_EQUAL(a->mtu, 1000);
	CU_ASSERT_EQUAL(b->mtu, 600);
	dev_set_mtu(y.wire, 1500);
	CU_ASSERT_EQUAL(a->mtu, 1000);
	CU_ASSERT_EQUAL(dev_set_mtu(a, 1500), 0);
	yard_close(&y);
}

static void without_the_lower_device_nothing_moves(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	dev_set_up(y.wire, false);
	CU_ASSERT((a->flags & DEV_UP) && !a->carrier);
	send(a, b->mac);
	CU_ASSERT_EQUAL(got(b), 0);
	CU_ASSERT_EQUAL(stack_drops(a->stack, DROP_DEV_NO_CARRIER), 1);
	CU_ASSERT_EQUAL(a->stats.tx_dropped, 1);
	dev_set_up(y.wire, true);
	send(a, b->mac);
	CU_ASSERT_EQUAL(got(b), 1);
	dev_unregister(y.wire);
	CU_ASSERT_PTR_NULL(port(&y, "a"));
	CU_ASSERT_PTR_NULL(port(&y, "b"));
	yard_close(&y);
}

static void both_ends_may_move_to_other_hosts(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	struct stack *far = lab_host(y.l, "far"), *home = lab_host(y.l, "home");
	CU_ASSERT_EQUAL(dev_move(a, far, NULL), 0);
	CU_ASSERT_EQUAL(dev_move(y.wire, home, NULL), 0);
	CU_ASSERT_EQUAL(dev_set_up(a, true), 0);
	CU_ASSERT_EQUAL(dev_set_up(y.wire, true), 0);
	CU_ASSERT(dev_is_running(a));
	send(b, a->mac);
	CU_ASSERT_EQUAL(got(a), 1);
	stack_delete(far);
	send(b, MAC(1));
	CU_ASSERT_EQUAL(lab_sent_count(y.wire), 1); /* it is nobody's now */
	stack_delete(home);
	CU_ASSERT_PTR_NULL(port(&y, "b"));
	yard_close(&y);
}

/* ---- frames that end here ---- */

static void passthru_that_is_down_keeps_unicast_from_everybody(void)
{
	struct yard y;

	yard_open(&y);
	CU_ASSERT_EQUAL(create(&y, "a", MACVLAN_PASSTHRU, MAC_ZERO), 0);
	receive(&y, y.wire->mac, stranger);
	CU_ASSERT_EQUAL(stack_drops(y.h, DROP_MACVLAN_PASSTHRU_DOWN), 1);
	receive(&y, MAC_BROADCAST, stranger);
	CU_ASSERT_EQUAL(got(y.wire), 1);
	yard_close(&y);
}

static void nodst_counts_even_of_a_macvlan_that_is_down(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_SOURCE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	CU_ASSERT_EQUAL(macvlan_source_add(a, stranger), 0);
	macvlan_set_flags(a, MACVLAN_NODST);
	receive(&y, MAC(1), stranger);
	CU_ASSERT_EQUAL(got(a), 1);
	dev_set_up(a, false);
	receive(&y, MAC(2), stranger);
	receive(&y, MAC_BROADCAST, stranger);
	CU_ASSERT_EQUAL(stack_drops(y.h, DROP_MACVLAN_NODST), 2);
	CU_ASSERT_EQUAL(got(b) + got(y.wire), 0);
	yard_close(&y);
}

static void without_a_queue_no_broadcast_comes_in_from_the_wire(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	macvlan_set_bcqueuelen(a, 0);
	CU_ASSERT_EQUAL(macvlan_bcqueuelen(a), 0);
	CU_ASSERT_EQUAL(
		macvlan_bcqueuelen_used(a), MACVLAN_BCQUEUELEN_DEFAULT); /* the other one asks for it */
	receive(&y, MAC_BROADCAST, stranger);
	CU_ASSERT_EQUAL(got(a), 1);
	macvlan_set_bcqueuelen(b, 0);
	receive(&y, MAC_BROADCAST, stranger);
	CU_ASSERT_EQUAL(got(a), 1);
	CU_ASSERT_EQUAL(stack_drops(y.h, DROP_MACVLAN_NO_QUEUE), 1);
	CU_ASSERT_EQUAL(y.wire->stats.rx_dropped, 3); /* and its own copies, of an unknown type */
	CU_ASSERT_EQUAL(got(y.wire), 2);
	send(a, MAC_BROADCAST); /* siblings do not need it */
	CU_ASSERT_EQUAL(got(b), 2);
	yard_close(&y);
}

static void pause_frames_are_for_the_lower_device_alone(void)
{
	struct yard y;
	static const struct mac pause = {{1, 0x80, 0xc2, 0, 0, 1}};

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_VEPA, MAC(1));
	CU_ASSERT_EQUAL(dev_group_add(a, pause), 0);
	receive_type(&y, pause, stranger, ETHERTYPE_PAUSE);
	CU_ASSERT_EQUAL(got(a), 0);
	CU_ASSERT_EQUAL(got(y.wire), 1);
	receive_type(&y, pause, stranger, 0x88cc); /* LLDP is an ordinary group */
	CU_ASSERT_EQUAL(got(a), 1);
	yard_close(&y);
}

static void a_sibling_takes_broadcasts_up_to_its_mtu_and_a_tag(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	CU_ASSERT_EQUAL(dev_set_mtu(b, 600), 0);
	send_len(a, MAC_BROADCAST, a->mac, 618);
	send_len(a, MAC_BROADCAST, a->mac, 619);
	CU_ASSERT_EQUAL(got(b), 1);
	CU_ASSERT_EQUAL(stack_drops(b->stack, DROP_DEV_TOO_BIG), 1);
	send_len(a, b->mac, a->mac, 1200); /* unicast does not ask */
	CU_ASSERT_EQUAL(got(b), 2);
	yard_close(&y);
}

static void a_burst_among_siblings_is_bounded(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	for (int i = 0; i < DEV_QUEUE_LIMIT + 5; i++)
		ether_output(a->netif, stack_pkt(a->stack, 60), b->mac, NOBODYS);
	CU_ASSERT_EQUAL(stack_drops(y.h, DROP_DEV_QUEUE_FULL), 5);
	for (int i = 0; i < DEV_QUEUE_LIMIT + 7; i++)
		ether_output(a->netif, stack_pkt(a->stack, 60), MAC_BROADCAST, NOBODYS);
	CU_ASSERT_EQUAL(stack_drops(b->stack, DROP_DEV_QUEUE_FULL), 7);
	lab_settle(y.l);
	CU_ASSERT_EQUAL(got(b), 2 * DEV_QUEUE_LIMIT);
	yard_close(&y);
}

/* ---- counting ---- */

static void frames_are_counted_where_linux_counts_them(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	receive(&y, MAC(1), stranger);
	receive(&y, MAC_BROADCAST, stranger);
	CU_ASSERT_EQUAL(a->stats.rx_packets, 2);
	CU_ASSERT_EQUAL(a->stats.rx_bytes, 120);
	CU_ASSERT_EQUAL(a->stats.rx_multicast, 1);
	CU_ASSERT_EQUAL(y.wire->stats.rx_packets, 2);
	send(a, b->mac);
	CU_ASSERT_EQUAL(a->stats.tx_packets, 1);
	CU_ASSERT_EQUAL(a->stats.tx_bytes, 60);
	CU_ASSERT_EQUAL(b->stats.rx_packets, 2);
	CU_ASSERT_EQUAL(y.wire->stats.rx_packets, 2); /* nothing on the lower device */
	CU_ASSERT_EQUAL(y.wire->stats.tx_packets, 0);
	send(a, stranger);
	CU_ASSERT_EQUAL(y.wire->stats.tx_packets, 1);
	yard_close(&y);
}

/* ---- what explain shows ---- */

static void decisions_are_told_in_words(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_VEPA, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	struct dev *c = add(&y, "c", MACVLAN_PRIVATE, MAC(3)), *s = add(&y, "s", MACVLAN_SOURCE, MAC(4));
	a->stack->trace_mask = b->stack->trace_mask = c->stack->trace_mask = y.h->trace_mask = ~0u;
	CU_ASSERT_EQUAL(macvlan_source_add(s, stranger), 0);
#define TELLS(what, text)                                          \
	y.heard[0] = '\0';                                         \
	what;                                                      \
	if (!strstr(y.heard, text))                                \
		fprintf(stderr, "not \"%s\":\n%s", text, y.heard); \
	CU_ASSERT_PTR_NOT_NULL(strstr(y.heard, text));
	TELLS(send(a, b->mac),
		"macvlan a (vepa): a sibling is not asked; the frame leaves by the wire and needs a hairpin "
		"switch "
		"to come back\n");
	TELLS(send(b, a->mac),
		"macvlan b (bridge): that sibling is not in bridge mode; the frame leaves by the "
		"wire and needs a hairpin switch\n");
	TELLS(send(b, y.wire->mac),
		"macvlan b (bridge): the lower device's host is not reached from here; the "
		"frame leaves by the wire\n");
	TELLS(receive(&y, c->mac, MAC(9)),
		"macvlan c (private): has this MAC address; eth0 itself does not get it\n");
	TELLS(receive(&y, MAC(8), MAC(9)),
		"macvlan on eth0: none that is up has this MAC address, so eth0 itself "
		"gets it\n");
	TELLS(receive(&y, MAC_BROADCAST, c->mac),
		"macvlan c (private): its own frame came back; in this mode nobody else gets it\n");
	TELLS(receive(&y, MAC_BROADCAST, b->mac),
		"macvlan c (private): no copy of what is for many: in this mode it does not hear what "
		"siblings "
		"send\n");
	TELLS(receive(&y, s->mac, stranger),
		"macvlan s (source): 02:00:00:00:09:09 is on its list of senders: it gets a copy\n");
	TELLS(receive(&y, s->mac, MAC(9)),
		"macvlan s: in source mode the list of senders counts, not the MAC "
		"address, so eth0 itself gets it\n");
	yard_close(&y);
}

static void parts_go_out_by_the_wire_and_are_copied_for_siblings(void)
{
	struct blob *text = lab_text(1400);
	struct lab_text_tap look;
	struct yard y;
	size_t len;

	yard_open(&y);
	y.wire->features = DEV_CAN_ALL | DEV_CAN_SG;
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	lab_look_for_text(b, &look, text);
	dev_output(a, lab_frame_in_parts(a->stack, stranger, a->mac, text));
	CU_ASSERT_EQUAL(lab_sent_parts(y.wire), 2);
	dev_output(a, lab_frame_in_parts(a->stack, b->mac, a->mac, text));
	lab_settle(y.l);
	CU_ASSERT_EQUAL(look.seen, 1);
	dev_output(a, lab_frame_in_parts(a->stack, MAC_BROADCAST, a->mac, text));
	lab_settle(y.l);
	CU_ASSERT_EQUAL(look.seen, 2);
	CU_ASSERT_EQUAL(lab_sent_count(y.wire), 2);
	for (int i = 0; i < 2; i++) {
		const uint8_t *f = lab_sent(y.wire, &len);
		CU_ASSERT_EQUAL_FATAL(len, ETHER_HDR_LEN + text->len);
		CU_ASSERT_EQUAL(memcmp(f + ETHER_HDR_LEN, text->bytes, text->len), 0);
	}
	CU_ASSERT_EQUAL(text->refs, 1);
	dev_del_tap(&look.tap);
	yard_close(&y);
	blob_unref(text);
}

/* ---- attacks ---- */

static void macvlan_src_spoof_between_children(void)
{
	struct yard y;
	struct arp_msg lie = {.op = ARP_OP_REPLY, .sha = MAC(2), .tha = MAC(3)};
	uint8_t frame[65600];

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	struct dev *c = add(&y, "c", MACVLAN_BRIDGE, MAC(3));
	lie.spa = lab_ip("10.0.0.2");
	lie.tpa = lab_ip("10.0.0.3");
	for (int checked = 0; checked < 2; checked++) {
		y.h->sysctl[SYSCTL_MACVLAN_SPOOF_CHECK] = checked;
		struct pkt *p = stack_pkt(a->stack, 60);
		size_t len = lab_frame_arp(frame, c->mac, b->mac, &lie);
		memcpy(pkt_put(p, len), frame, len);
		dev_output(a, p);
		lab_settle(y.l);
		CU_ASSERT_EQUAL(c->stats.rx_packets, 1); /* Linux lets the first one pass */
		CU_ASSERT_EQUAL(stack_drops(a->stack, DROP_MACVLAN_SPOOFED), checked);
	}
	send(c, b->mac); /* the table knows its addresses from nobody's frames */
	CU_ASSERT_EQUAL(got(b), 1);
	CU_ASSERT_EQUAL(got(a), 0);
	send(a, b->mac); /* its own address passes the check */
	CU_ASSERT_EQUAL(got(b), 2);
	yard_close(&y);
}

static void macvlan_wrong_child_delivery(void)
{
	struct yard y;
	struct rng r;

	yard_open(&y);
	rng_seed(&r, unit_seed);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_PRIVATE, MAC(2));
	dev_set_flag(a, DEV_PROMISC, true); /* opens no more than groups */
	for (int i = 0; i < 1000; i++) {
		struct mac m = MAC(1);
		rng_bytes(&r, m.b + 1, sizeof(m.b) - 1);
		if (i % 2) /* one bit away */
			(m = MAC(1)).b[i % 6] ^= (uint8_t)(i % 6 ? 1 << i % 8 : 4);
		if (!mac_equal(m, MAC(1)) && !mac_equal(m, MAC(2)))
			receive(&y, m, stranger);
	}
	CU_ASSERT_EQUAL(a->stats.rx_packets + b->stats.rx_packets, 0);
	receive(&y, MAC(1), stranger);
	CU_ASSERT_EQUAL(got(a), 1);
	CU_ASSERT_EQUAL(b->stats.rx_packets, 0);
	yard_close(&y);
}

static void macvlan_broadcast_amplification(void)
{
	struct yard y;
	uint8_t frame[65600];
	struct ip_hdr ip = {.ttl = 64, .proto = IP_PROTO_ICMP, .dst = 0xffffffff};
	struct icmp_hdr echo = {.type = ICMP_ECHO};
	int count = 1000; /* in 10 ms */

	yard_open(&y);
	for (int i = 0; i < 100; i++) {
		char name[16], cidr[32];
		snprintf(name, sizeof(name), "m%d", i);
		snprintf(cidr, sizeof(cidr), "10.0.0.%d/24", i + 1);
		lab_addr(add(&y, name, MACVLAN_BRIDGE, MAC((uint8_t)(100 + i))), cidr);
	}
	lab_settle(y.l);
	lab_sent_clear(y.wire);
	size_t before = y.l->world.pkts.small.peak;
	ip.src = lab_ip("10.0.0.200");
	size_t len = lab_frame_icmp(frame, MAC_BROADCAST, stranger, ip.src, ip.dst, echo, "x", 1);
	for (int i = 0; i < count; i++)
		lab_inject(y.wire, frame, len);
	lab_run(y.l, 2 * NS_PER_SEC);
	CU_ASSERT(y.l->world.pkts.small.peak <= before + 2); /* one copy at a time */
	CU_ASSERT_EQUAL(lab_sent_count(y.wire), 0);
	CU_ASSERT_EQUAL(stack_drops(port(&y, "m7")->stack, DROP_ICMP_BROADCAST_IGNORED), (uint64_t)count);
	yard_close(&y);
}

static void macvlan_broadcast_use_after_remove(void)
{
	struct yard y;

	yard_open(&y);
	struct dev *a = add(&y, "a", MACVLAN_BRIDGE, MAC(1)), *b = add(&y, "b", MACVLAN_BRIDGE, MAC(2));
	struct dev *c = add(&y, "c", MACVLAN_BRIDGE, MAC(3));
	struct stack *hb = b->stack;
	for (int i = 0; i < 10; i++) {
		ether_output(a->netif, stack_pkt(a->stack, 60), MAC_BROADCAST, NOBODYS);
		ether_output(a->netif, stack_pkt(a->stack, 60), b->mac, NOBODYS);
	}
	dev_unregister(b); /* with copies in its queue, and frames for it in the lower device's */
	CU_ASSERT_EQUAL(stack_drops(hb, DROP_DEV_DOWN), 10);
	dev_unregister(a); /* they outlive their sender */
	lab_settle(y.l);
	CU_ASSERT_EQUAL(got(c), 10);
	CU_ASSERT_EQUAL(stack_drops(y.h, DROP_ETH_OTHERHOST), 10);
	struct dev *d = add(&y, "d", MACVLAN_BRIDGE, MAC(4));
	ether_output(c->netif, stack_pkt(c->stack, 60), d->mac, NOBODYS);
	dev_unregister(y.wire); /* with all that stands on it */
	CU_ASSERT_EQUAL(stack_drops(y.h, DROP_DEV_DOWN), 1);
	lab_settle(y.l);
	yard_close(&y);
}

static void macvlan_reflected_own_frame(void)
{
	struct yard y;
	size_t len;

	yard_open(&y);
	struct stack *s = lab_host(y.l, "a");
	s->conf_all[CONF_ARP_DAD] = s->conf_default[CONF_ARP_DAD] = 1;
	struct dev *a = add(&y, "a", MACVLAN_PRIVATE, MAC(1)), *b = add(&y, "b", MACVLAN_PRIVATE, MAC(2));
	struct netif_addr *addr = lab_addr(a, "10.0.0.1/24");
	for (int i = 0; i < 100; i++) { /* probes and announcements, each sent back by the switch */
		lab_run(y.l, 100 * NS_PER_MS);
		uint8_t frame[64];
		const uint8_t *sent = lab_sent(y.wire, &len);
		if (!sent)
			continue;
		memcpy(frame, sent, MIN(len, sizeof(frame)));
		lab_inject(y.wire, frame, MIN(len, sizeof(frame)));
	}
	CU_ASSERT(netif_addr_is_usable(addr));
	CU_ASSERT(stack_drops(s, DROP_ARP_OWN) >= 4);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_ARP_CONFLICT), 0);
	CU_ASSERT_EQUAL(b->stats.rx_packets, 0);
	yard_close(&y);
}

SUITE(dev_macvlan, T(a_lower_device_must_be_ethernet_and_free), T(what_stands_on_a_macvlan_stands_beside_it),
	T(what_cannot_be_made_leaves_nothing), T(two_that_are_up_never_have_the_same_mac),
	T(a_new_mac_is_found_at_once_and_the_old_one_is_not),
	T(passthru_shares_the_lower_devices_mac_and_gives_it_back), T(passthru_is_alone_and_stays_passthru),
	T(a_mode_changes_while_frames_flow), T(the_list_of_senders_belongs_to_source_mode),
	T(the_lower_device_hears_what_its_macvlans_hear), T(nopromisc_leaves_the_lower_device_alone),
	T(the_mtu_follows_the_lower_device_down_and_not_up), T(without_the_lower_device_nothing_moves),
	T(both_ends_may_move_to_other_hosts), T(passthru_that_is_down_keeps_unicast_from_everybody),
	T(nodst_counts_even_of_a_macvlan_that_is_down),
	T(without_a_queue_no_broadcast_comes_in_from_the_wire),
	T(pause_frames_are_for_the_lower_device_alone), T(a_sibling_takes_broadcasts_up_to_its_mtu_and_a_tag),
	T(a_burst_among_siblings_is_bounded), T(frames_are_counted_where_linux_counts_them),
	T(decisions_are_told_in_words), T(parts_go_out_by_the_wire_and_are_copied_for_siblings),
	T(macvlan_src_spoof_between_children), T(macvlan_wrong_child_delivery),
	T(macvlan_broadcast_amplification), T(macvlan_broadcast_use_after_remove),
	T(macvlan_reflected_own_frame))
