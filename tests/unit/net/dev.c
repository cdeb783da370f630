/* SPDX-License-Identifier: MIT */
/* Devices: names, state, events, taps, handlers, moving between hosts. */
#include "net/dev.h"

#include "dev/kinds.h"
#include "dev/netem.h"
#include "net/ether.h"
#include "tests/unit/lab.h"

#include <errno.h>

static void names_are_checked_and_patterns_numbered(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev_config none = {0};

	CU_ASSERT_EQUAL(dummy_create(s, "dummy%d", &none), 0);
	CU_ASSERT_EQUAL(dummy_create(s, "dummy%d", &none), 0);
	CU_ASSERT_PTR_NOT_NULL(dev_by_name(s, "dummy0"));
	CU_ASSERT_PTR_NOT_NULL(dev_by_name(s, "dummy1"));
	CU_ASSERT_EQUAL(dummy_create(s, "dummy0", &none), -EEXIST);
	static const char *const bad[] = {
		"", ".", "..", "a/b", "a b", "a:b", "a\tb", "abcdefghijklmnop", "%d%d%d/"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CU_ASSERT_EQUAL(dummy_create(s, bad[i], &none), -EINVAL);
	CU_ASSERT_EQUAL(dummy_create(s, "abcdefghijklmno", &none), 0);
	lab_free(l);
}

static void indexes_count_up_and_find_their_device(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *a = lab_wire(s, "a", NULL);

	CU_ASSERT_EQUAL(s->lo->ifindex, 1);
	CU_ASSERT_EQUAL(a->ifindex, 2);
	dev_unregister(a);
	CU_ASSERT_PTR_NULL(dev_by_index(s, 2));
	CU_ASSERT_EQUAL(lab_wire(s, "b", NULL)->ifindex, 3); /* never used again */
	lab_free(l);
}

static void impossible_macs_and_mtus_change_nothing(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *d = lab_wire(s, "eth0", NULL);
	struct mac before = d->mac;

	CU_ASSERT_EQUAL(dev_set_mac(d, MAC_ZERO), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(dev_set_mac(d, (struct mac){{1, 2, 3, 4, 5, 6}}), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(dev_set_mac(s->lo, before), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(dev_set_mtu(d, 67), -EINVAL);
	CU_ASSERT_EQUAL(dev_set_mtu(d, 65536), -EINVAL);
	CU_ASSERT(mac_equal(d->mac, before));
	CU_ASSERT_EQUAL(d->mtu, 1500);
	CU_ASSERT_EQUAL(dev_set_mtu(d, 68), 0);
	CU_ASSERT_EQUAL(d->mtu, 68);
	lab_free(l);
}

struct counting_tap {
	struct dev_tap tap;
	int in, out;
};

static void count_frame(struct dev_tap *t, const struct pkt *p, struct dev *d, bool outgoing)
{
	struct counting_tap *c = CONTAINER_OF(t, struct counting_tap, tap);

	CU_ASSERT_PTR_EQUAL(p->dev, d);
	if (outgoing)
		c->out++;
	else
		c->in++;
}

static void taps_see_both_directions_also_what_is_dropped_later(void)
{
	struct lab *l = lab_new();
	struct dev *d = lab_wire(lab_host(l, "h"), "eth0", NULL);
	struct counting_tap c = {.tap.fn = count_frame};
	uint8_t b[60] = {2, 9, 9, 9, 9, 9, 2};

	dev_add_tap(d, &c.tap);
	lab_inject(d, b, sizeof(b)); /* for another host */
	CU_ASSERT_EQUAL(c.in, 1);
	struct pkt *p = stack_pkt(d->stack, 20);
	memset(pkt_put(p, 20), 0, 20);
	ether_output(d->netif, p, MAC_BROADCAST, 0x1234);
	CU_ASSERT_EQUAL(c.out, 1);
	dev_del_tap(&c.tap);
	lab_inject(d, b, sizeof(b));
	CU_ASSERT_EQUAL(c.in, 1);
	lab_free(l);
}

static enum rx_verdict consume(struct dev *d, struct pkt *p)
{
	++*(int *)d->rx_handler_data;
	pkt_done(p);
	return RX_CONSUMED;
}

static enum rx_verdict to_another(struct dev *d, struct pkt *p)
{
	p->dev = d->rx_handler_data;
	return RX_ANOTHER;
}

static void one_handler_may_look_first(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *a = lab_wire(s, "a", NULL), *b = lab_wire(s, "b", NULL);
	int consumed = 0;
	uint8_t frame[60] = {2, 9, 9, 9, 9, 9, 2};

	CU_ASSERT_EQUAL(dev_set_rx_handler(b, consume, &consumed), 0);
	CU_ASSERT_EQUAL(dev_set_rx_handler(b, consume, &consumed), -EBUSY);
	CU_ASSERT_EQUAL(dev_set_rx_handler(a, to_another, b), 0);
	lab_inject(a, frame, sizeof(frame));
	CU_ASSERT_EQUAL(consumed, 1);
	CU_ASSERT_EQUAL(a->stats.rx_packets, 1);
	CU_ASSERT_EQUAL(b->stats.rx_packets, 1);
	dev_clear_rx_handler(a);
	lab_inject(a, frame, sizeof(frame));
	CU_ASSERT_EQUAL(consumed, 1);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_ETH_OTHERHOST), 1);
	lab_free(l);
}

static void moving_to_another_host_takes_it_down_and_clears_it(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");
	struct dev *d = lab_wire(a, "eth0", "10.0.0.1/24");

	lab_wire(b, "eth0", NULL);
	CU_ASSERT_EQUAL(dev_move(d, b, NULL), -EEXIST);
	CU_ASSERT_PTR_EQUAL(d->stack, a);
	CU_ASSERT_EQUAL(dev_move(d, b, "eth1"), 0);
	CU_ASSERT_PTR_EQUAL(dev_by_name(b, "eth1"), d);
	CU_ASSERT_PTR_NULL(dev_by_name(a, "eth0"));
	CU_ASSERT_FALSE(d->flags & DEV_UP);
	CU_ASSERT(list_empty(&d->netif->addrs));
	CU_ASSERT_EQUAL(dev_move(a->lo, b, "lo1"), -EINVAL);
	lab_free(l);
}

static void a_device_is_found_by_the_name_it_has_now(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *first = lab_wire(s, "eth0", NULL), *second = lab_wire(s, "eth1", NULL);

	CU_ASSERT_EQUAL(dev_set_name(first, "eth1"), -EEXIST);
	CU_ASSERT_EQUAL(dev_set_name(first, "wan"), 0);
	CU_ASSERT_EQUAL(dev_set_name(second, "eth0"), 0);
	CU_ASSERT_PTR_EQUAL(dev_by_name(s, "wan"), first);
	CU_ASSERT_PTR_EQUAL(dev_by_name(s, "eth0"), second);
	CU_ASSERT_PTR_NULL(dev_by_name(s, "eth1"));
	dev_unregister(first);
	CU_ASSERT_PTR_NULL(dev_by_name(s, "wan"));
	lab_free(l);
}

struct watcher {
	struct monitor m;
	int links, gone;
};

/* As a bridge in Linux: its ports would stay behind. */
static void what_has_ports_does_not_move(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");

	CU_ASSERT_EQUAL(hub_create(a, "hub0", &(struct dev_config){0}), 0);
	CU_ASSERT_EQUAL(dev_move(dev_by_name(a, "hub0"), b, NULL), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(dev_by_name(a, "hub0"));
	lab_free(l);
}

static void watch_links(
	struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	struct watcher *w = CONTAINER_OF(m, struct watcher, m);

	(void)s, (void)object;
	w->links += kind == MONITOR_LINK && !gone;
	w->gone += kind == MONITOR_LINK && gone;
}

static void monitors_hear_of_every_change(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct watcher w = {.m.fn = watch_links};

	monitor_add(&l->world, &w.m);
	struct dev *d = lab_wire(s, "eth0", NULL); /* registered, up */
	CU_ASSERT_EQUAL(w.links, 2);
	uint32_t generation = s->generation;
	dev_set_name(d, "eth7");
	dev_set_carrier(d, false);
	CU_ASSERT_EQUAL(w.links, 4);
	CU_ASSERT_NOT_EQUAL(s->generation, generation);
	dev_unregister(d);
	CU_ASSERT_EQUAL(w.gone, 1);
	monitor_del(&w.m);
	lab_free(l);
}

static void super_frames_are_cut_for_devices_that_cannot_take_them(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *d = lab_wire(s, "eth0", NULL);
	struct ip_hdr ip = {.src = 1, .dst = 2, .ttl = 64};
	struct tcp_hdr tcp = {.flags = TCP_ACK};

	dev_output(d, lab_super_frame(s, d->mac, d->mac, ip, tcp, 3000, 1000));
	CU_ASSERT_EQUAL(lab_sent_count(d), 3);
	CU_ASSERT_EQUAL(d->stats.tx_packets, 3);
	CU_ASSERT_EQUAL(d->stats.tx_bytes, 3 * 1054);
	for (int i = 0; i < 3; i++) {
		struct lab_ip_seen seen = lab_sent_ip(d);
		CU_ASSERT_EQUAL_FATAL(seen.len, 1020);
		CU_ASSERT_EQUAL(tcp_csum(seen.payload, seen.len, 1, 2), 0);
	}
	d->features = DEV_CAN_CSUM | DEV_CAN_GSO;
	dev_output(d, lab_super_frame(s, d->mac, d->mac, ip, tcp, 3000, 1000));
	CU_ASSERT_EQUAL(lab_sent_count(d), 1);
	lab_free(l);
}

/* How many parts the frame has that the device gets. */
static unsigned parts_of_a_frame(struct dev *d, struct blob *text)
{
	size_t len;

	dev_output(d, lab_frame_in_parts(d->stack, MAC_BROADCAST, d->mac, text));
	const uint8_t *f = lab_sent(d, &len);
	CU_ASSERT_EQUAL_FATAL(len, ETHER_HDR_LEN + text->len);
	CU_ASSERT_EQUAL(memcmp(f + ETHER_HDR_LEN, text->bytes, text->len), 0);
	CU_ASSERT_EQUAL(text->refs, 1);
	return lab_sent_parts(d);
}

static void parts_are_copied_where_somebody_looks_or_the_device_cannot(void)
{
	struct lab *l = lab_new();
	struct dev *d = lab_wire(lab_host(l, "h"), "eth0", NULL);
	struct blob *text = lab_text(5000);
	struct lab_text_tap look;
	struct netem_config nothing = {.limit = 10};

	CU_ASSERT_EQUAL(parts_of_a_frame(d, text), 0);
	d->features = DEV_CAN_ALL | DEV_CAN_SG;
	CU_ASSERT_EQUAL(parts_of_a_frame(d, text), 2);
	lab_look_for_text(d, &look, text);
	CU_ASSERT_EQUAL(parts_of_a_frame(d, text), 0);
	CU_ASSERT_EQUAL(look.seen, 1);
	dev_del_tap(&look.tap);
	trace_show(d->stack, 1u << LAYER_DEV);
	CU_ASSERT_EQUAL(parts_of_a_frame(d, text), 0);
	trace_show(d->stack, 1u << LAYER_TCP);
	CU_ASSERT_EQUAL(parts_of_a_frame(d, text), 2);
	CU_ASSERT_EQUAL_FATAL(netem_create(d, QDISC_ROOT, 0x8001, &nothing), 0);
	CU_ASSERT_EQUAL(parts_of_a_frame(d, text), 0);
	lab_free(l);
	blob_unref(text);
}

SUITE(net_dev, T(super_frames_are_cut_for_devices_that_cannot_take_them),
	T(names_are_checked_and_patterns_numbered), T(a_device_is_found_by_the_name_it_has_now),
	T(indexes_count_up_and_find_their_device), T(impossible_macs_and_mtus_change_nothing),
	T(taps_see_both_directions_also_what_is_dropped_later), T(one_handler_may_look_first),
	T(moving_to_another_host_takes_it_down_and_clears_it), T(what_has_ports_does_not_move),
	T(monitors_hear_of_every_change), T(parts_are_copied_where_somebody_looks_or_the_device_cannot))
