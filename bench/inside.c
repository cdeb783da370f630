/* SPDX-License-Identifier: MIT */
/*
 * TCP between hosts of one process, from a program that writes all it can to one that throws it away: how many Gbit go
 * in a second of CPU. The octets are copied once, from the program into packets; these then pass from host to host.
 *
 *	inside veth SECONDS	 [a] ---- [b]
 *	inside routers SECONDS	 [a] ---- ten routers ---- [b]
 *	inside flows SECONDS	 [a] ---- bridge ---- [b], a hundred connections
 */
#include "bench/scene.h"
#include "dev/bridge.h"
#include "ip/ip.h"
#include "net/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PORT = 9, ROUTERS = 10, FLOWS = 100, AT_ONCE = 64 << 10, WARM_UP_S = 3 };

struct inside {
	struct scene scene;
	struct stack *a, *b;
	uint32_t b_addr;
	struct sock *listener, *from[FLOWS], *to[FLOWS];
	unsigned flows, accepted;
	uint64_t received, received_before; /* now; when the clock rang last */
	bool broken;
	struct timer clock;
};

/* ---- the two programs ---- */

static void write_all(struct sock *sk, unsigned events, void *ctx)
{
	static const char data[AT_ONCE];

	(void)events;
	(void)ctx;
	while (sock_send(sk, data, sizeof(data), 0, NULL) > 0)
		;
}

static void read_all(struct sock *sk, unsigned events, void *ctx)
{
	struct inside *in = ctx;
	ssize_t n;

	(void)events;
	while ((n = sock_recv(sk, NULL, AT_ONCE, MSG_TRUNC, NULL)) > 0)
		in->received += (uint64_t)n;
}

static void accept_all(struct sock *listener, unsigned events, void *ctx)
{
	struct inside *in = ctx;
	struct sock *sk;

	(void)events;
	while (in->accepted < in->flows && (sk = sock_accept(listener, NULL))) {
		in->to[in->accepted++] = sk;
		sock_on_event(sk, read_all, in);
	}
}

static void start(struct inside *in)
{
	struct sock_addr to = {.ip = in->b_addr, .port = PORT};

	in->listener = sock_open(in->b, SOCK_STREAM, IP_PROTO_TCP);
	must(in->listener && sock_bind(in->listener, &(struct sock_addr){.port = PORT}) == 0 &&
			sock_listen(in->listener, FLOWS) == 0,
		"listen");
	sock_on_event(in->listener, accept_all, in);
	for (unsigned i = 0; i < in->flows; i++) {
		in->from[i] = sock_open(in->a, SOCK_STREAM, IP_PROTO_TCP);
		sock_on_event(in->from[i], write_all, in);
		must(sock_connect(in->from[i], &to) == -EINPROGRESS, "connect");
	}
}

/* A second has passed, in which something must have come. */
static void look(struct timer *t)
{
	struct inside *in = CONTAINER_OF(t, struct inside, clock);

	in->broken = in->received == in->received_before;
	in->received_before = in->received;
	timer_arm(&in->scene.loop.wheel, t, in->scene.loop.now + NS_PER_SEC);
}

static void stop(struct inside *in)
{
	timer_cancel(&in->scene.loop.wheel, &in->clock);
	for (unsigned i = 0; i < in->flows; i++)
		sock_close(in->from[i]);
	for (unsigned i = 0; i < in->accepted; i++)
		sock_close(in->to[i]);
	sock_close(in->listener);
	scene_exit(&in->scene);
}

/* ---- the three networks ---- */

static void build_veth(struct inside *in)
{
	add_addr(add_cable(in->a, "eth0", in->b, "eth0"), 0x0a000001, 24);
	in->b_addr = 0x0a000002;
	add_addr(dev_by_name(in->b, "eth0"), in->b_addr, 24);
	in->flows = 1;
}

static void add_route(struct stack *s, const char *dev, uint32_t prefix, uint8_t plen, uint32_t gateway)
{
	struct route r = {.type = ROUTE_UNICAST,
		.scope = SCOPE_NOWHERE,
		.origin = ROUTE_BY_STATIC,
		.prefix = prefix,
		.plen = plen,
		.gateway = gateway,
		.netif = dev_by_name(s, dev)->netif};

	must(route_add(s, &r, false) == 0, "route");
}

/* Cable i is 10.1.i.0/24, with .1 on its left end, which is eth1, and .2 on its right one, eth0. */
static void build_routers(struct inside *in)
{
	struct stack *left = in->a;
	char name[32];

	for (uint32_t i = 0; i <= ROUTERS; i++) {
		uint32_t net = 0x0a010000 + (i << 8);
		snprintf(name, sizeof(name), "r%u", i);
		struct stack *right = i == ROUTERS ? in->b : add_host(&in->scene, name);
		add_addr(add_cable(left, "eth1", right, "eth0"), net + 1, 24);
		add_addr(dev_by_name(right, "eth0"), net + 2, 24);
		must(sysctl_set(right, "net.ipv4.ip_forward", 1) == 0, "forwarding");
		add_route(left, "eth1", 0, 0, net + 2); /* to the right */
		if (i > 0)
			add_route(right, "eth0", 0x0a010000, 24, net + 1); /* back to a */
		in->b_addr = net + 2;
		left = right;
	}
	in->flows = 1;
}

static void build_flows(struct inside *in)
{
	struct stack *s = add_host(&in->scene, "switch");

	must(bridge_create(s, "br0", &(struct dev_config){0}) == 0, "bridge");
	struct dev *bridge = dev_by_name(s, "br0");
	must(dev_set_up(bridge, true) == 0, "bridge");
	must(dev_set_master(add_cable(s, "p0", in->a, "eth0"), bridge) == 0, "port");
	must(dev_set_master(add_cable(s, "p1", in->b, "eth0"), bridge) == 0, "port");
	in->b_addr = 0x0a000002;
	add_addr(dev_by_name(in->a, "eth0"), 0x0a000001, 24);
	add_addr(dev_by_name(in->b, "eth0"), in->b_addr, 24);
	in->flows = FLOWS;
}

static const struct network {
	const char *name;
	void (*build)(struct inside *in);
} networks[] = {{"veth", build_veth}, {"routers", build_routers}, {"flows", build_flows}};

/* Until so many seconds of CPU are gone. Returns how many they were. */
static double run(struct inside *in, double seconds)
{
	double began = cpu_seconds(), now;

	do {
		loop_turn(&in->scene.loop, true);
		now = cpu_seconds();
	} while (now < began + seconds && !in->broken);
	must(!in->broken, "the connections stand still");
	return now - began;
}

/* At first windows grow, and the machine gives the memory for what is under way page by page. */
static void measure(const struct network *n, double seconds)
{
	static struct inside in;

	scene_init(&in.scene, false);
	in.a = add_host(&in.scene, "a");
	in.b = add_host(&in.scene, "b");
	n->build(&in);
	start(&in);
	timer_init(&in.clock, look);
	timer_arm(&in.scene.loop.wheel, &in.clock, in.scene.loop.now + 5 * NS_PER_SEC);
	run(&in, WARM_UP_S);
	uint64_t before = in.received;
	double took = run(&in, seconds);
	printf("inside %s gbit_per_cpu_second %.3f\n", n->name,
		(double)(in.received - before) * 8 / 1e9 / took);
	stop(&in);
}

int main(int argc, char **argv)
{
	double seconds = argc == 3 ? atof(argv[2]) : 0;

	for (size_t i = 0; seconds > 0 && i < ARRAY_SIZE(networks); i++)
		if (strcmp(networks[i].name, argv[1]) == 0) {
			measure(&networks[i], seconds);
			return 0;
		}
	fprintf(stderr, "Usage: inside veth|routers|flows SECONDS\n");
	return 2;
}
