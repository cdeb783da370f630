/* SPDX-License-Identifier: MIT */
/* Hosts, cables, addresses, time. */
#include "bench/scene.h"

#include "inet.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void must(bool worked, const char *what)
{
	if (worked)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

void scene_init(struct scene *sc, bool is_virtual)
{
	struct clock clock;

	mallopt(M_TRIM_THRESHOLD, 32 << 20); /* as main.c */
	if (is_virtual)
		clock_init_virtual(&clock, NS_PER_SEC);
	else
		clock_init_real(&clock);
	loop_init(&sc->loop, clock);
	sc->loop.waiters = is_virtual;
	world_init(&sc->world, &sc->loop, 1, inet_protos);
}

void scene_exit(struct scene *sc)
{
	world_exit(&sc->world);
	loop_exit(&sc->loop);
}

struct stack *add_host(struct scene *sc, const char *name)
{
	struct stack *s = stack_new(&sc->world, name, loopback_create);

	must(s, name);
	return s;
}

struct dev *add_cable(struct stack *a, const char *name_a, struct stack *b, const char *name_b)
{
	struct dev_config config = {.peer_name = name_b, .peer_stack = b};

	must(veth_create(a, name_a, &config) == 0, "veth");
	struct dev *d = dev_by_name(a, name_a);
	must(dev_set_up(dev_by_name(b, name_b), true) == 0 && dev_set_up(d, true) == 0, "veth");
	return d;
}

void add_addr(struct dev *d, uint32_t ip, uint8_t plen)
{
	struct netif_addr a = {.local = ip, .peer = ip, .plen = plen, .broadcast = ip | ~ip_mask(plen)};

	must(netif_addr_add(d->netif, &a, NULL) == 0, "address");
}

void settle(struct scene *sc)
{
	do
		loop_turn(&sc->loop, false);
	while (!list_empty(&sc->loop.ingress) || !list_empty(&sc->loop.egress));
}

void pass(struct scene *sc, uint64_t ns)
{
	uint64_t end = sc->loop.now + ns;

	for (settle(sc); wheel_next(&sc->loop.wheel) <= end; settle(sc))
		loop_turn(&sc->loop, true);
	clock_jump(&sc->loop.clock, end);
	settle(sc);
}

double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
