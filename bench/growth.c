/* SPDX-License-Identifier: MIT */
/*
 * How cost grows: a network with N of something inside this process, and then OPS times one small thing done with one of
 * them, by chance. Under the virtual clock, so that the same N and OPS take the same instructions every time.
 *
 *	growth KIND N OPS [KIND N OPS]...	for each a line "kind KIND n N ops OPS ns NS bytes BYTES load_s SECONDS": of one
 *						operation, of one of the N, and how long it took to make them
 *
 * measured() is what counts; bench/growth runs it under valgrind's callgrind too, which tells instructions.
 */
#include "arp/arp.h"
#include "bench/scene.h"
#include "dev/bridge.h"
#include "dev/macvlan.h"
#include "ip/fib.h"
#include "ip/ip.h"
#include "net/sock.h"
#include "net/wire_ether.h"
#include "net/wire_ip.h"
#include "net/wire_tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PORT = 7, SOURCES = 32, TALKERS = 10, TYPE = 0x88b5 /* for experiments: nobody wants it */ };

struct growth {
	struct scene scene;
	uint32_t random;
	unsigned n;
	struct stack *s; /* the host that is looked at */
	struct dev *in;	 /* a device of it, whose frames come from here */
	uint64_t left;	 /* frames that left by such devices */
	struct fib fib;
	struct dev **cables;
	struct sock *listener, **socks;
};

/* Not the program's generator, whose numbers are dear: xorshift. */
static uint32_t next(struct growth *g)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 17;
	g->random ^= g->random << 5;
	return g->random;
}

/* What the process has in memory. */
static size_t resident(void)
{
	unsigned long size, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	must(f && fscanf(f, "%lu %lu", &size, &pages) == 2, "/proc/self/statm");
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static struct mac mac_of(unsigned i)
{
	return (struct mac){{2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
}

/* ---- a wire: a device whose other end is here ---- */

struct wire {
	struct dev dev;
	struct growth *g;
};

static void wire_xmit(struct dev *d, struct pkt *p)
{
	CONTAINER_OF(d, struct wire, dev)->g->left++;
	pkt_done(p);
}

static void wire_free(struct dev *d)
{
	free(CONTAINER_OF(d, struct wire, dev));
}

static struct dev *add_wire(struct growth *g, struct stack *s)
{
	static const struct dev_ops ops = {.kind = "wire", .xmit = wire_xmit, .free = wire_free};
	struct wire *w = calloc(1, sizeof(*w));

	must(w, "wire");
	w->g = g;
	dev_init(&w->dev, &ops, DEV_ETHER);
	must(dev_register(s, &w->dev, "wire%d") == 0 && dev_set_up(&w->dev, true) == 0, "wire");
	return &w->dev;
}

static struct pkt *frame(struct dev *d, struct mac to, struct mac from)
{
	struct pkt *p = stack_pkt(d->stack, ETHER_MIN_LEN);

	must(p, "packet");
	memset(pkt_put(p, ETHER_MIN_LEN), 0, ETHER_MIN_LEN);
	ether_emit(p->data, &(struct ether_hdr){to, from, TYPE});
	return p;
}

/* A frame comes by the wire, and everything that it causes. */
static void inject(struct growth *g, struct dev *wire, struct mac to, struct mac from)
{
	dev_input(wire, frame(wire, to, from));
	settle(&g->scene);
}

/* ---- macvlan: N ports on a device; a frame to one of them ---- */

static void make_macvlans(struct growth *g)
{
	struct macvlan_config details = MACVLAN_CONFIG_DEFAULT;
	char name[DEV_NAME_LEN];

	details.mode = MACVLAN_BRIDGE;
	for (unsigned i = 0; i < g->n; i++) {
		struct dev_config config = {.mac = mac_of(i), .lower = g->in, .details = &details};
		snprintf(name, sizeof(name), "m%u", i);
		must(macvlan_create(g->s, name, &config) == 0, name);
		dev_set_up(dev_by_name(g->s, name), true);
	}
}

static void frame_to_one(struct growth *g)
{
	inject(g, g->in, mac_of(next(g) % g->n), mac_of(g->n));
}

/* ---- addresses: of N macvlans, each in a network of its own; a segment to one of them, which is answered by a reset ---- */

static uint32_t network_of(unsigned i)
{
	return 0x0a000000 + (i << 8);
}

static struct dev *macvlan_of(struct growth *g, unsigned i)
{
	char name[DEV_NAME_LEN];

	snprintf(name, sizeof(name), "m%u", i);
	return dev_by_name(g->s, name);
}

static void make_links(struct growth *g)
{
	make_macvlans(g);
	for (unsigned i = 0; i < g->n; i++)
		add_addr(macvlan_of(g, i), network_of(i) + 1, 24);
}

static void make_addresses(struct growth *g)
{
	make_links(g);
	for (unsigned i = 0; i < g->n; i++)
		must(neigh_set(macvlan_of(g, i)->netif, network_of(i) + 2, mac_of(g->n), NEIGH_PERMANENT,
			     false) == 0,
			"neighbour");
	g->s->sysctl[SYSCTL_TCP_RESET_RATELIMIT] = INT32_MAX;
}

static void segment_to_one(struct growth *g)
{
	unsigned i = next(g) % g->n;
	struct pkt *p = frame(g->in, mac_of(i), mac_of(g->n));
	struct ip_hdr ip = {.src = network_of(i) + 2,
		.dst = network_of(i) + 1,
		.total_len = IP_HDR_LEN + TCP_HDR_LEN,
		.hdr_len = IP_HDR_LEN,
		.ttl = 64,
		.proto = IP_PROTO_TCP};
	struct tcp_hdr tcp = {
		.sport = 1024, .dport = PORT, .seq = next(g), .flags = TCP_SYN, .hdr_len = TCP_HDR_LEN};
	uint64_t left = g->left;

	ether_emit(p->data, &(struct ether_hdr){mac_of(i), mac_of(g->n), ETHERTYPE_IP});
	ip_emit(p->data + ETHER_HDR_LEN, &ip);
	tcp_emit(p->data + ETHER_HDR_LEN + IP_HDR_LEN, &tcp);
	p->offload.csum = PKT_CSUM_OK;
	dev_input(g->in, p);
	settle(&g->scene);
	must(g->left == left + 1, "reset");
}

/* ---- links: such macvlans; one of them goes down and up again ---- */

static void down_and_up(struct growth *g)
{
	struct dev *d = macvlan_of(g, next(g) % g->n);

	must(dev_set_up(d, false) == 0 && dev_set_up(d, true) == 0, d->name);
	settle(&g->scene);
}

/* ---- neighbours: N on a link; a packet to one of them ---- */

static void make_neighbours(struct growth *g)
{
	g->s->sysctl[SYSCTL_NEIGH_GC_THRESH3] = (int32_t)g->n + 1000;
	add_addr(g->in, 0x0a000001, 8);
	for (unsigned i = 0; i < g->n; i++)
		must(neigh_set(g->in->netif, 0x0a010000 + i, mac_of(i), NEIGH_PERMANENT, false) == 0,
			"neighbour");
}

static void packet_to_one(struct growth *g)
{
	struct ip_send how = {.dst = 0x0a010000 + next(g) % g->n, .proto = 253 /* for experiments */};
	struct pkt *p = stack_pkt(g->s, 64);

	must(p, "packet");
	memset(pkt_put(p, 64), 0, 64);
	must(ip_output(g->s, p, &how) == 0, "ip_output");
}

/* Where no route is remembered, which makes a packet cheaper where there are few neighbours, and says nothing about them. */
static void packet_anew(struct growth *g)
{
	g->s->generation++;
	packet_to_one(g);
}

/* ---- fdb: a bridge that has learned N addresses by one port; a frame by another port to one of them ---- */

static void make_fdb(struct growth *g)
{
	struct dev *other = add_wire(g, g->s);

	must(bridge_create(g->s, "br0", &(struct dev_config){0}) == 0, "bridge");
	struct dev *bridge = dev_by_name(g->s, "br0");
	must(dev_set_up(bridge, true) == 0 && dev_set_master(g->in, bridge) == 0 &&
			dev_set_master(other, bridge) == 0,
		"port");
	for (unsigned i = 0; i < g->n; i++)
		inject(g, other, mac_of(g->n), mac_of(i));
}

/* ---- hosts: N, each at the end of a cable; a frame to one of them ---- */

static void frame_by_cable(struct growth *g, unsigned i)
{
	dev_output(g->cables[i], frame(g->cables[i], mac_of(i), mac_of(g->n)));
	settle(&g->scene);
}

static void make_hosts(struct growth *g)
{
	char name[DEV_NAME_LEN];

	for (unsigned i = 0; i < g->n; i++) {
		snprintf(name, sizeof(name), "h%u", i);
		struct stack *host = add_host(&g->scene, name);
		g->cables[i] = add_cable(g->s, name, host, "eth0");
		must(dev_set_mac(dev_by_name(host, "eth0"), mac_of(i)) == 0, name);
		frame_by_cable(g, i); /* the first drop of a host makes its counters */
	}
}

static void frame_to_host(struct growth *g)
{
	frame_by_cable(g, next(g) % g->n);
}

/* ---- routes: N prefixes of the lengths that the Internet's table has; a lookup ---- */

static void make_routes(struct growth *g)
{
	/* of 32 prefixes so many have this length, about */
	static const uint8_t lengths[32] = {24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24,
		24, 24, 24, 23, 23, 23, 22, 22, 22, 22, 21, 20, 20, 19, 18, 16};
	struct route_info *way = (struct route_info *)(void *)g;

	while (g->fib.count < g->n) {
		unsigned plen = lengths[next(g) % 32];
		uint32_t prefix = next(g) & ip_mask(plen);
		if (!fib_find(&g->fib, prefix, plen))
			must(fib_insert(&g->fib, prefix, plen, 0, way, NULL), "route");
	}
}

static void look_up(struct growth *g)
{
	g->left += fib_lookup(&g->fib, next(g)) != NULL;
}

/* ---- connections: N established ones from 32 addresses, all idle but ten; a request and its answer on one of those */

static void make_connections(struct growth *g)
{
	struct stack *server = add_host(&g->scene, "server");
	struct dev *d = add_cable(g->s, "eth1", server, "eth0");

	g->listener = sock_open(server, SOCK_STREAM, IP_PROTO_TCP);
	for (unsigned i = 0; i < SOURCES; i++)
		add_addr(d, 0x0a020001 + i, 16);
	add_addr(dev_by_name(server, "eth0"), 0x0a02ff01, 16);
	g->s->sysctl[SYSCTL_IP_LOCAL_PORT_FIRST] = 1024;
	g->s->sysctl[SYSCTL_IP_LOCAL_PORT_LAST] = 65535;
	must(sock_bind(g->listener, &(struct sock_addr){.port = PORT}) == 0 &&
			sock_listen(g->listener, 4096) == 0,
		"listen");
	for (unsigned i = 0; i < g->n; i++) {
		struct sock *sk = g->socks[2 * i] = sock_open(g->s, SOCK_STREAM, IP_PROTO_TCP);
		must(sk && sock_bind(sk, &(struct sock_addr){.ip = 0x0a020001 + i % SOURCES}) == 0, "bind");
		sock_connect(sk, &(struct sock_addr){.ip = 0x0a02ff01, .port = PORT});
		settle(&g->scene);
		g->socks[2 * i + 1] = sock_accept(g->listener, NULL);
		must(g->socks[2 * i + 1], "accept");
	}
	pass(&g->scene, 10 * NS_PER_SEC);
}

static void say(struct growth *g, struct sock *from, struct sock *to)
{
	char text[64] = "";

	must(sock_send(from, text, sizeof(text), 0, NULL) == sizeof(text), "send");
	settle(&g->scene);
	must(sock_recv(to, text, sizeof(text), 0, NULL) == sizeof(text), "recv");
}

static void request_and_answer(struct growth *g)
{
	struct sock **pair = &g->socks[2 * (next(g) % MIN(g->n, (unsigned)TALKERS))];

	say(g, pair[0], pair[1]);
	say(g, pair[1], pair[0]);
}

/* ---- measuring ---- */

static const struct kind {
	const char *name;
	void (*make)(struct growth *g);
	void (*use)(struct growth *g);
} kinds[] = {
	{"macvlan", make_macvlans, frame_to_one},
	{"addresses", make_addresses, segment_to_one},
	{"links", make_links, down_and_up},
	{"neighbours", make_neighbours, packet_to_one},
	{"neighbours_anew", make_neighbours, packet_anew},
	{"fdb", make_fdb, frame_to_one},
	{"hosts", make_hosts, frame_to_host},
	{"routes", make_routes, look_up},
	{"connections", make_connections, request_and_answer},
};

void measured(struct growth *g, const struct kind *k, unsigned ops);

void __attribute__((noinline)) measured(struct growth *g, const struct kind *k, unsigned ops)
{
	for (unsigned i = 0; i < ops; i++)
		k->use(g);
}

static struct growth *growth_new(unsigned n)
{
	struct growth *g = calloc(1, sizeof(*g));

	must(g, "memory");
	g->n = n;
	g->random = 1;
	g->cables = calloc(n, sizeof(struct dev *));
	g->socks = malloc((size_t)2 * n * sizeof(struct sock *));
	must(g->cables && g->socks, "memory");
	memset(g->socks, 0,
		(size_t)2 * n * sizeof(struct sock *)); /* resident: not to be taken for the connections' */
	scene_init(&g->scene, true);
	g->s = add_host(&g->scene, "host");
	g->in = add_wire(g, g->s);
	return g;
}

static void growth_free(struct growth *g)
{
	for (unsigned i = 0; i < 2 * g->n; i++)
		if (g->socks[i])
			sock_close(g->socks[i]);
	if (g->listener)
		sock_close(g->listener);
	scene_exit(&g->scene);
	fib_exit(&g->fib);
	free(g->cables);
	free(g->socks);
	free(g);
}

static void measure(const struct kind *k, unsigned n, unsigned ops)
{
	struct growth *g = growth_new(n);
	size_t before = resident();
	double began = cpu_seconds();

	k->make(g);
	double load = cpu_seconds() - began;
	size_t bytes = resident() - before;
	for (unsigned i = 0; i < ops / 10; i++)
		k->use(g);
	began = cpu_seconds();
	measured(g, k, ops);
	double took = cpu_seconds() - began;
	printf("kind %s n %u ops %u ns %.1f bytes %.1f load_s %.3f\n", k->name, n, ops, took / ops * 1e9,
		(double)bytes / n, load);
	growth_free(g);
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

int main(int argc, char **argv)
{
	for (int i = 1; i + 2 < argc; i += 3) {
		const struct kind *k = find_kind(argv[i]);
		unsigned n = (unsigned)atol(argv[i + 1]), ops = (unsigned)atol(argv[i + 2]);
		must(k && n && ops, argv[i]);
		measure(k, n, ops);
		fflush(stdout);
	}
	if (argc >= 4)
		return 0;
	fprintf(stderr, "Usage: growth KIND N OPS [KIND N OPS]...\n");
	return 2;
}
