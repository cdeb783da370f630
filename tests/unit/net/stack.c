/* SPDX-License-Identifier: MIT */
/* Hosts, drops and traces. */
#include "net/stack.h"

#include "dev/kinds.h"
#include "tests/unit/lab.h"

#include <errno.h>

static void names_of_hosts_are_checked(void)
{
	static const char *const bad[] = {
		"", "-a", ".a", "a b", "a/b", "0123456789012345678901234567890123456789"};
	struct lab *l = lab_new();

	lab_host(l, "h-1.x_y");
	CU_ASSERT_PTR_NULL(stack_new(&l->world, "h-1.x_y", loopback_create));
	CU_ASSERT_EQUAL(errno, EEXIST);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CU_ASSERT_PTR_NULL(stack_new(&l->world, bad[i], loopback_create));
		CU_ASSERT_EQUAL(errno, EINVAL);
	}
	lab_free(l);
}

static void a_host_may_go_with_packets_on_their_way(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b = lab_host(l, "b");

	lab_veth(a, "eth0", "10.0.0.1/24", b, "eth0", "10.0.0.2/24");
	struct pkt *p = stack_pkt(a, 60);
	memset(pkt_put(p, 60), 0, 60);
	dev_output(dev_by_name(a, "eth0"), p);
	stack_delete(b); /* the frame waits at its end of the cable */
	CU_ASSERT_PTR_NULL(dev_by_name(a, "eth0"));
	lab_free(l);
}

static void a_drop_is_counted_and_remembered(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *d = lab_wire(s, "eth0", NULL);
	uint8_t frame[60] = {2, 9, 9, 9, 9, 9, 2, 1, 1, 1, 1, 1, 8};

	CU_ASSERT_EQUAL(stack_drops(s, DROP_ETH_OTHERHOST), 0);
	lab_run(l, NS_PER_SEC);
	lab_inject(d, frame, sizeof(frame));
	CU_ASSERT_EQUAL(stack_drops(s, DROP_ETH_OTHERHOST), 1);
	CU_ASSERT_EQUAL(s->drops[DROP_ETH_OTHERHOST].last_ns, l->loop.now);
	CU_ASSERT_STRING_EQUAL(s->drops[DROP_ETH_OTHERHOST].last.dev, "eth0");
	lab_free(l);
}

/* The words for one packet, as `drops` shows them. */
static const char *described(struct stack *s, struct dev *d, struct mac from, uint16_t type, uint8_t proto)
{
	static char text[DROP_TEXT_LEN];
	struct pkt *p = stack_pkt(s, 60);

	p->dev = d;
	p->src_mac = from;
	p->ethertype = type;
	p->ip = (struct ip_hdr){
		.src = 0x0a000001, .dst = 0x0a000002, .proto = proto, .hdr_len = proto ? 20 : 0};
	stack_drop(s, p, DROP_SOCK_FILTER);
	return drop_describe(&s->drops[DROP_SOCK_FILTER], text);
}

static void a_drop_says_what_the_packet_looked_like(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *d = lab_wire(s, "eth0", NULL);
	struct mac from = {{2, 0, 0, 0, 0, 9}}, none = {0};

	CU_ASSERT_STRING_EQUAL(described(s, NULL, none, 0, 0), "local, 0 bytes");
	CU_ASSERT_STRING_EQUAL(described(s, d, none, 0x806, 0), "eth0 type 0x0806, 0 bytes");
	CU_ASSERT_STRING_EQUAL(
		described(s, d, from, 0x806, 0), "eth0 from 02:00:00:00:00:09 type 0x0806, 0 bytes");
	CU_ASSERT_STRING_EQUAL(described(s, d, from, 0x800, 1), "eth0 10.0.0.1 > 10.0.0.2 ICMP");
	CU_ASSERT_STRING_EQUAL(described(s, NULL, none, 0, 2), "local 10.0.0.1 > 10.0.0.2 IGMP");
	CU_ASSERT_STRING_EQUAL(described(s, d, from, 0x800, 6), "eth0 10.0.0.1 > 10.0.0.2 TCP");
	CU_ASSERT_STRING_EQUAL(described(s, d, from, 0x800, 17), "eth0 10.0.0.1 > 10.0.0.2 UDP");
	CU_ASSERT_STRING_EQUAL(described(s, d, from, 0x800, 99), "eth0 10.0.0.1 > 10.0.0.2 proto 99");
	lab_free(l);
}

struct listener {
	struct trace_listener l;
	int heard;
	char last[TRACE_TEXT_LEN];
};

static void hear(
	struct trace_listener *tl, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct listener *l = CONTAINER_OF(tl, struct listener, l);

	(void)s;
	(void)p;
	l->heard++;
	memcpy(l->last, r->text, sizeof(l->last));
}

static void traces_cost_nothing_when_off_and_tell_all_when_on(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *d = lab_wire(s, "eth0", NULL);
	struct listener listener = {.l.fn = hear};
	uint8_t frame[60] = {2, 9, 9, 9, 9, 9, 2, 1, 1, 1, 1, 1, 8};

	list_add_tail(&l->world.trace.listeners, &listener.l.node);
	lab_inject(d, frame, sizeof(frame));
	CU_ASSERT_EQUAL(listener.heard, 0);
	CU_ASSERT_PTR_NULL(l->world.trace.ring);
	s->trace_mask = 1u << LAYER_DROP;
	lab_inject(d, frame, sizeof(frame));
	CU_ASSERT_EQUAL(listener.heard, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(listener.last, "ETH_OTHERHOST"));
	for (int i = 0; i < TRACE_RING + 5; i++)
		lab_inject(d, frame, sizeof(frame));
	CU_ASSERT_EQUAL(l->world.trace.written, TRACE_RING + 6);
	list_del(&listener.l.node);
	lab_free(l);
}

static void every_drop_reason_has_a_name_and_a_text(void)
{
	for (int i = 1; i < DROP_COUNT; i++) {
		CU_ASSERT(drop_infos[i].name[0] && drop_infos[i].text[0]);
		CU_ASSERT_PTR_NOT_NULL(drop_infos[i].clause);
	}
	for (int i = 0; i < MIB_COUNT; i++)
		CU_ASSERT(mib_names[i][0]);
}

static void without_buffers_the_loss_is_counted(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");

	l->world.pkts.small.limit = 1;
	struct pkt *p = stack_pkt(s, 1);
	CU_ASSERT_PTR_NULL(stack_pkt(s, 1));
	CU_ASSERT_EQUAL(stack_drops(s, DROP_NO_MEMORY), 1);
	pkt_done(p);
	l->world.pkts.small.limit = 0;
	lab_free(l);
}

SUITE(net_stack, T(names_of_hosts_are_checked), T(a_host_may_go_with_packets_on_their_way),
	T(a_drop_is_counted_and_remembered), T(a_drop_says_what_the_packet_looked_like),
	T(traces_cost_nothing_when_off_and_tell_all_when_on), T(every_drop_reason_has_a_name_and_a_text),
	T(without_buffers_the_loss_is_counted))
