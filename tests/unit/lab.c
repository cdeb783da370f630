/* SPDX-License-Identifier: MIT */
/* The laboratory of the unit tests: worlds, wires and frames. */
#include "tests/unit/lab.h"

#include "dev/kinds.h"
#include "inet.h"
#include "ip/ip.h"
#include "lib/text.h"
#include "net/gso.h"

#include <stdio.h>
#include <stdlib.h>

#pragma weak route_add

/* ---- worlds ---- */

struct lab *lab_new(void)
{
	/* Late: half a second before 2^32 milliseconds. */
	return lab_new_at(unit_late ? ((UINT64_C(1) << 32) - 500) * NS_PER_MS : 5 * NS_PER_SEC);
}

struct lab *lab_new_at(uint64_t start_ns)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct clock clock;

	clock_init_virtual(&clock, start_ns);
	loop_init(&l->loop, clock);
	l->loop.waiters = 1;
	world_init(&l->world, &l->loop, unit_seed, inet_protos);
	return l;
}

void lab_free(struct lab *l)
{
	struct stack *s;

	while ((s = list_last(&l->world.stacks, struct stack, node)))
		stack_delete(s);
	CU_ASSERT_EQUAL(pool_in_use(&l->world.pkts.small), 0);
	CU_ASSERT_EQUAL(pool_in_use(&l->world.pkts.big), 0);
	CU_ASSERT_EQUAL(l->loop.wheel.armed, 0);
	CU_ASSERT_EQUAL(l->loop.watch_count, 0);
	CU_ASSERT(list_empty(&l->loop.ingress));
	world_exit(&l->world);
	loop_exit(&l->loop);
	free(l);
}

struct stack *lab_host(struct lab *l, const char *name)
{
	struct stack *s = stack_new(&l->world, name, loopback_create);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL_FATAL(dev_set_up(s->lo, true), 0);
	return s;
}

void lab_settle(struct lab *l)
{
	do
		loop_turn(&l->loop, false);
	while (!list_empty(&l->loop.ingress) || !list_empty(&l->loop.egress));
}

void lab_run(struct lab *l, uint64_t ns)
{
	uint64_t end = l->loop.now + ns;

	/* What a timer causes happens at its time, and not at `end`. */
	for (lab_settle(l); wheel_next(&l->loop.wheel) <= end; lab_settle(l))
		loop_turn(&l->loop, true);
	clock_jump(&l->loop.clock, end);
	lab_settle(l);
}

/* ---- wires ---- */

struct sent {
	struct list node;
	size_t len;
	uint8_t data[];
};

struct wire {
	struct dev dev;
	struct list sent; /* of struct sent, oldest first */
	size_t count;
	struct sent *shown; /* given out by lab_sent() */
	unsigned parts;	    /* of the last one */
};

static struct wire *wire_of(const struct dev *d)
{
	return CONTAINER_OF((struct dev *)(uintptr_t)d, struct wire, dev);
}

static void wire_xmit(struct dev *d, struct pkt *p)
{
	struct wire *w = wire_of(d);
	struct sent *f = malloc(sizeof(*f) + p->len);

	CU_ASSERT_TRUE(!p->part_count || d->features & DEV_CAN_SG);
	w->parts = p->part_count;
	pkt_linearize(p);
	f->len = p->len;
	memcpy(f->data, p->data, p->len);
	list_add_tail(&w->sent, &f->node);
	w->count++;
	pkt_done(p);
}

unsigned lab_sent_parts(struct dev *wire)
{
	return wire_of(wire)->parts;
}

void lab_sent_clear(struct dev *wire)
{
	struct wire *w = wire_of(wire);

	list_each_safe(f, &w->sent, struct sent, node) {
		list_del(&f->node);
		free(f);
	}
	w->count = 0;
}

static void wire_free(struct dev *d)
{
	lab_sent_clear(d);
	free(wire_of(d)->shown);
	free(wire_of(d));
}

static const struct dev_ops wire_ops = {.kind = "wire", .xmit = wire_xmit, .free = wire_free};

struct dev *lab_wire(struct stack *s, const char *name, const char *cidr)
{
	struct wire *w = calloc(1, sizeof(*w));

	dev_init(&w->dev, &wire_ops, DEV_ETHER);
	list_init(&w->sent);
	w->dev.min_frame = ETHER_MIN_LEN;
	w->dev.mac = (struct mac){{2, 0, 0, 0, 0, (uint8_t)s->next_ifindex}};
	CU_ASSERT_EQUAL_FATAL(dev_register(s, &w->dev, name), 0);
	CU_ASSERT_EQUAL_FATAL(dev_set_up(&w->dev, true), 0);
	if (cidr)
		lab_addr(&w->dev, cidr);
	return &w->dev;
}

const uint8_t *lab_sent(struct dev *wire, size_t *len)
{
	struct wire *w = wire_of(wire);

	free(w->shown);
	w->shown = list_first(&w->sent, struct sent, node);
	*len = 0;
	if (!w->shown)
		return NULL;
	list_del(&w->shown->node);
	w->count--;
	*len = w->shown->len;
	return w->shown->data;
}

size_t lab_sent_count(const struct dev *wire)
{
	return wire_of(wire)->count;
}

/* The bytes stand at the very end of the packet's buffer: pkt->room is cut there, and so is what ASan allows
 * when the packet is small enough to have been allocated for it alone. */
void lab_inject(struct dev *wire, const void *frame, size_t len)
{
	struct stack *s = wire->stack;
	struct pkt *p = pkt_new(&s->world->pkts, len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->data = p->buf + p->room - len;
	p->len = (uint32_t)len;
	memcpy(p->data, frame, len);
	dev_input(wire, p);
	lab_settle(CONTAINER_OF(s->world, struct lab, world));
}

/* ---- configuration ---- */

uint32_t lab_ip(const char *text)
{
	uint32_t addr = 0;

	CU_ASSERT_FATAL(text_parse_ip(text, &addr));
	return addr;
}

static uint32_t parse_prefix(const char *text, uint8_t *plen)
{
	char addr[TEXT_IP_LEN];
	unsigned bits = 32;

	CU_ASSERT_FATAL(sscanf(text, "%15[0-9.]/%u", addr, &bits) >= 1 && bits <= 32);
	*plen = (uint8_t)bits;
	return lab_ip(addr);
}

struct netif_addr *lab_addr(struct dev *d, const char *cidr)
{
	struct netif_addr a = {0}, *made = NULL;

	a.local = a.peer = parse_prefix(cidr, &a.plen);
	a.broadcast = a.plen < 31 ? a.local | ~ip_mask(a.plen) : 0;
	CU_ASSERT_EQUAL_FATAL(netif_addr_add(d->netif, &a, &made), 0);
	return made;
}

void lab_veth(struct stack *a, const char *name_a, const char *cidr_a, struct stack *b, const char *name_b,
	const char *cidr_b)
{
	struct dev_config config = {.peer_name = name_b, .peer_stack = b};

	CU_ASSERT_EQUAL_FATAL(veth_create(a, name_a, &config), 0);
	struct dev *da = dev_by_name(a, name_a), *db = dev_by_name(b, name_b);
	dev_set_up(da, true);
	dev_set_up(db, true);
	if (cidr_a)
		lab_addr(da, cidr_a);
	if (cidr_b)
		lab_addr(db, cidr_b);
}

void lab_route(struct stack *s, const char *prefix, const char *gateway, struct dev *d)
{
	struct route r = {
		.type = ROUTE_UNICAST, .scope = SCOPE_NOWHERE, .origin = ROUTE_BY_BOOT, .netif = d->netif};

	if (strcmp(prefix, "default") != 0)
		r.prefix = parse_prefix(prefix, &r.plen);
	if (gateway)
		r.gateway = lab_ip(gateway);
	CU_ASSERT_EQUAL_FATAL(route_add(s, &r, false), 0);
}

/* ---- frames ---- */

static size_t frame_ether(uint8_t *b, struct mac dst, struct mac src, uint16_t type)
{
	ether_emit(b, &(struct ether_hdr){dst, src, type});
	return ETHER_HDR_LEN;
}

size_t lab_frame_arp(uint8_t *b, struct mac eth_dst, struct mac eth_src, const struct arp_msg *m)
{
	size_t n = frame_ether(b, eth_dst, eth_src, ETHERTYPE_ARP);

	arp_emit(b + n, m);
	return n + ARP_LEN;
}

size_t lab_frame_ip(uint8_t *b, struct mac eth_dst, struct mac eth_src, struct ip_hdr h, const void *opts,
	size_t opts_len, const void *payload, size_t len)
{
	size_t n = frame_ether(b, eth_dst, eth_src, ETHERTYPE_IP), hdr_len = IP_HDR_LEN + opts_len;

	if (opts_len)
		memcpy(b + n + IP_HDR_LEN, opts, opts_len);
	if (len)
		memcpy(b + n + hdr_len, payload, len);
	if (!h.hdr_len)
		h.hdr_len = (uint8_t)hdr_len;
	if (!h.total_len)
		h.total_len = (uint16_t)(hdr_len + len);
	ip_emit(b + n, &h);
	return n + hdr_len + len;
}

size_t lab_frame_icmp(uint8_t *b, struct mac eth_dst, struct mac eth_src, uint32_t src, uint32_t dst,
	struct icmp_hdr h, const void *data, size_t len)
{
	struct ip_hdr ip = {.src = src, .dst = dst, .ttl = 64, .proto = IP_PROTO_ICMP};
	uint8_t *msg = malloc(ICMP_HDR_LEN + len);

	if (len)
		memcpy(msg + ICMP_HDR_LEN, data, len);
	icmp_emit(msg, ICMP_HDR_LEN + len, &h);
	size_t n = lab_frame_ip(b, eth_dst, eth_src, ip, NULL, 0, msg, ICMP_HDR_LEN + len);
	free(msg);
	return n;
}

struct pkt *lab_super_frame(struct stack *s, struct mac eth_dst, struct mac eth_src, struct ip_hdr ip,
	struct tcp_hdr tcp, size_t len, uint16_t mss)
{
	struct pkt *p = stack_pkt(s, ETHER_HDR_LEN + IP_HDR_LEN + TCP_HDR_LEN + len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	uint8_t *payload = pkt_put(p, len);
	for (size_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(i % 251);
	tcp.hdr_len = TCP_HDR_LEN;
	tcp_emit(pkt_push(p, TCP_HDR_LEN), &tcp);
	ip.hdr_len = IP_HDR_LEN;
	ip.proto = IP_PROTO_TCP;
	ip.total_len = (uint16_t)(IP_HDR_LEN + p->len);
	p->ip = ip;
	csum_begin(p, 0, TCP_CHECK_OFFSET);
	p->offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	p->offload.gso_size = mss;
	p->offload.hdr_len = TCP_HDR_LEN;
	ip_emit(pkt_push(p, IP_HDR_LEN), &ip);
	frame_ether(pkt_push(p, ETHER_HDR_LEN), eth_dst, eth_src, ETHERTYPE_IP);
	p->l2_len = ETHER_HDR_LEN;
	pkt_move_offload(p, IP_HDR_LEN + ETHER_HDR_LEN);
	return p;
}

struct blob *lab_text(size_t len)
{
	struct blob *b = blob_new(len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (size_t i = 0; i < len; i++)
		b->bytes[i] = (uint8_t)(i % 251);
	return b;
}

void lab_put_parts(struct pkt *p, struct blob *text)
{
	uint32_t half = (uint32_t)text->len / 2;

	CU_ASSERT_TRUE(pkt_put_part(p, text, text->bytes, half));
	CU_ASSERT_TRUE(pkt_put_part(p, text, text->bytes + half, (uint32_t)text->len - half));
}

struct pkt *lab_frame_in_parts(struct stack *s, struct mac dst, struct mac src, struct blob *text)
{
	struct ether_hdr h = {dst, src, 0x88b5};
	struct pkt *p = stack_pkt(s, ETHER_HDR_LEN + text->len);

	ether_emit(pkt_put(p, ETHER_HDR_LEN), &h);
	p->l2_len = ETHER_HDR_LEN;
	p->ethertype = h.type;
	lab_put_parts(p, text);
	return p;
}

static void look_for_text(struct dev_tap *tap, const struct pkt *p, struct dev *d, bool outgoing)
{
	struct lab_text_tap *t = CONTAINER_OF(tap, struct lab_text_tap, tap);

	(void)d;
	(void)outgoing;
	t->seen += pkt_head_len(p) == ETHER_HDR_LEN + t->text->len &&
		memcmp(p->data + ETHER_HDR_LEN, t->text->bytes, t->text->len) == 0;
}

void lab_look_for_text(struct dev *d, struct lab_text_tap *t, const struct blob *text)
{
	*t = (struct lab_text_tap){.tap.fn = look_for_text, .text = text};
	dev_add_tap(d, &t->tap);
}

void lab_meet(struct dev *wire, const struct lab_peer *peer)
{
	struct netif_addr *a = list_first(&wire->netif->addrs, struct netif_addr, node);
	struct arp_msg m = {.op = ARP_OP_REQUEST, .sha = peer->mac, .spa = peer->ip, .tpa = a->local};
	uint8_t b[ETHER_HDR_LEN + ARP_LEN];
	size_t len, before = lab_sent_count(wire);

	lab_inject(wire, b, lab_frame_arp(b, MAC_BROADCAST, peer->mac, &m));
	CU_ASSERT_EQUAL_FATAL(lab_sent_count(wire), before + 1);
	lab_sent(wire, &len);
}

struct lab_ip_seen lab_sent_ip(struct dev *wire)
{
	struct lab_ip_seen seen = {0};
	size_t len;
	const uint8_t *b = lab_sent(wire, &len);

	if (!b || ether_parse(b, len, &seen.eth) || seen.eth.type != ETHERTYPE_IP)
		return seen;
	seen.header = b + ETHER_HDR_LEN;
	if (ip_parse(seen.header, len - ETHER_HDR_LEN, &seen.ip))
		return seen;
	seen.payload = seen.header + seen.ip.hdr_len;
	seen.len = (size_t)(seen.ip.total_len - seen.ip.hdr_len);
	return seen;
}

bool lab_sent_arp(struct dev *wire, struct ether_hdr *eth, struct arp_msg *m)
{
	size_t len;
	const uint8_t *b = lab_sent(wire, &len);

	return b && !ether_parse(b, len, eth) && eth->type == ETHERTYPE_ARP &&
		!arp_parse(b + ETHER_HDR_LEN, len - ETHER_HDR_LEN, m);
}
