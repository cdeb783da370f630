/* SPDX-License-Identifier: MIT */
/* What is recorded, and who is told: layers by host, everything for a while, frames, ends. */
#include "net/trace.h"

#include "tests/unit/lab.h"

#include <string.h>

struct ear {
	struct trace_listener listener;
	unsigned records, in, out, ends;
	uint64_t last_pkt; /* of the last record */
	char last[TRACE_TEXT_LEN];
};

static void hear(struct trace_listener *l, struct stack *s, const struct trace_record *r, const struct pkt *p)
{
	struct ear *ear = CONTAINER_OF(l, struct ear, listener);

	(void)s;
	(void)p;
	ear->records++;
	ear->last_pkt = r->pkt;
	memcpy(ear->last, r->text, sizeof(ear->last));
}

static void see(struct trace_listener *l, const struct pkt *p, const struct dev *d, bool outgoing)
{
	struct ear *ear = CONTAINER_OF(l, struct ear, listener);

	CU_ASSERT_PTR_EQUAL(p->dev, d);
	ear->in += !outgoing;
	ear->out += outgoing;
}

static void mourn(struct trace_listener *l, const struct pkt *p)
{
	(void)p;
	CONTAINER_OF(l, struct ear, listener)->ends++;
}

static void ear_put_on(struct lab *l, struct ear *ear)
{
	*ear = (struct ear){.listener = {.fn = hear, .frame = see, .ended = mourn}};
	list_add_tail(&l->world.trace.listeners, &ear->listener.node);
}

static void everything_is_recorded_while_somebody_asks_for_it(void)
{
	struct lab *l = lab_new();
	struct stack *a = lab_host(l, "a"), *b;
	uint32_t all = (1u << LAYER_COUNT) - 1;

	trace_show(a, 1u << LAYER_ARP);
	CU_ASSERT_EQUAL(a->trace_mask, 1u << LAYER_ARP);
	trace_everything(&l->world, true);
	trace_everything(&l->world, true);
	b = lab_host(l, "b");
	CU_ASSERT_EQUAL(a->trace_mask, all);
	CU_ASSERT_EQUAL(a->trace_shown, 1u << LAYER_ARP);
	CU_ASSERT_EQUAL(b->trace_mask, all);
	trace_show(a, 0);
	CU_ASSERT_EQUAL(a->trace_mask, all);
	trace_everything(&l->world, false);
	CU_ASSERT_EQUAL(a->trace_mask, all);
	trace_everything(&l->world, false);
	CU_ASSERT_EQUAL(a->trace_mask, 0);
	CU_ASSERT_EQUAL(b->trace_mask, 0);
	CU_ASSERT_PTR_NULL(l->world.pkts.ended);
	lab_free(l);
}

/* A request and its reply: two packets in one buffer. */
static void frames_and_ends_are_told(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *wire = lab_wire(s, "eth0", "10.0.0.1/24");
	struct lab_peer peer = LAB_PEER(2, "10.0.0.2");
	uint8_t frame[65600];
	struct icmp_hdr echo = {.type = ICMP_ECHO, .rest = 7u << 16 | 1};
	struct ear ear;

	lab_meet(wire, &peer);
	ear_put_on(l, &ear);
	size_t len = lab_frame_icmp(frame, wire->mac, peer.mac, peer.ip, lab_ip("10.0.0.1"), echo, "data", 4);
	lab_inject(wire, frame, len);
	CU_ASSERT_EQUAL(ear.records + ear.in + ear.out + ear.ends, 0);
	trace_everything(&l->world, true);
	lab_inject(wire, frame, len);
	CU_ASSERT_EQUAL(ear.in, 1);
	CU_ASSERT_EQUAL(ear.out, 1);
	CU_ASSERT_EQUAL(ear.ends, 2);
	trace_everything(&l->world, false);
	list_del(&ear.listener.node);
	lab_sent_clear(wire);
	lab_free(l);
}

/* What a protocol decides meanwhile belongs to the packet it works on. */
static void records_without_a_packet_bear_the_one_in_work(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct dev *wire = lab_wire(s, "eth0", "10.0.0.1/24");
	struct lab_peer peer = LAB_PEER(2, "10.0.0.2");
	struct ear ear;

	ear_put_on(l, &ear);
	TRACE(s, LAYER_ARP, NULL, "", "not recorded");
	trace_show(s, 1u << LAYER_ARP);
	TRACE(s, LAYER_ARP, NULL, "", "nobody's");
	CU_ASSERT_EQUAL(ear.records, 1);
	CU_ASSERT_EQUAL(ear.last_pkt, 0);
	lab_meet(wire, &peer); /* the entry is new: a record of its own */
	CU_ASSERT(l->world.trace.written >= 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(l->world.trace.ring[1].text, "STALE, was NONE"));
	CU_ASSERT(l->world.trace.ring[1].pkt != 0);
	CU_ASSERT_EQUAL(l->world.trace.ring[1].pkt, l->world.trace.ring[2].pkt);
	CU_ASSERT_EQUAL(l->world.trace.looking_at, 0);
	list_del(&ear.listener.node);
	lab_free(l);
}

SUITE(net_trace, T(everything_is_recorded_while_somebody_asks_for_it), T(frames_and_ends_are_told),
	T(records_without_a_packet_bear_the_one_in_work))
