/* SPDX-License-Identifier: MIT */
/*
 * The network table: two hosts, one TCP connection, and between them a link that behaves badly, under the virtual
 * clock. 10 MiB go each way at once and must arrive byte for byte; what is printed is how fast they did, in Mbit/s, for
 * each kind of link (rows) and each size of the sockets' buffers (columns).
 *
 *	[a] eth0 ===== 100 Mbit/s, 10 ms each way, netem on both ends ===== eth0 [b]
 *
 * The same seed gives the same table on every machine, so the table is kept in the repository (tests/netsim/table.txt):
 * a change of TCP's behaviour shows in review.
 *
 *	netsim [ROW]       the whole table, or the rows whose name contains ROW
 */
#include "arp/arp.h"
#include "dev/kinds.h"
#include "dev/netem.h"
#include "inet.h"
#include "net/sock.h"
#include "net/stack.h"
#include "net/tcp_info.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { AMOUNT = 10 << 20, LONG_AMOUNT = 200 << 20, PORT = 5001, PERIOD = 65521, CHUNK = 65536 };

#define GIVE_UP_NS (UINT64_C(48) * 3600 * NS_PER_SEC)
#define DELAY_NS   (10 * NS_PER_MS)
#define MBIT	   UINT64_C(125000) /* bytes per second */

/* ---- what can be wrong with a link ---- */

struct link {
	const char *name;
	uint64_t rate;				  /* bytes per second; 0: 100 Mbit/s */
	double loss, reorder, duplicate, corrupt; /* percent, each way */
	uint64_t jitter_ms;
	bool asymmetric; /* a gets 100 Mbit/s, but sends by 1 Mbit/s and 50 ms, with 1 % loss */
};

static const struct link links[] = {
	{.name = "loss 0 %"},
	{.name = "loss 0.1 %", .loss = 0.1},
	{.name = "loss 1 %", .loss = 1},
	{.name = "loss 2 %", .loss = 2},
	{.name = "loss 5 %", .loss = 5},
	{.name = "loss 10 %", .loss = 10},
	{.name = "loss 20 %", .loss = 20},
	{.name = "loss 30 %", .loss = 30},
	{.name = "reorder 10 %", .reorder = 10},
	{.name = "duplicate 5 %", .duplicate = 5},
	{.name = "corrupt 1 %", .corrupt = 1},
	{.name = "jitter 5 ms", .jitter_ms = 5},
	{.name = "asymmetric", .asymmetric = true},
};

/* KiB of SO_SNDBUF and SO_RCVBUF; 0: not set, so TCP tunes them. */
static const int buffers[] = {4, 8, 16, 32, 64, 128, 256, 512, 0};

static struct chance percent(double p)
{
	return (struct chance){.p = (uint32_t)(p / 100 * CHANCE_ALWAYS)};
}

static struct netem_config behaviour(const struct link *k, bool of_a)
{
	struct netem_config c = {
		.limit = NETEM_LIMIT_DEFAULT, .delay_ns = DELAY_NS, .rate = k->rate ? k->rate : 100 * MBIT};

	c.loss.random = percent(k->loss);
	c.reorder = percent(k->reorder);
	c.gap = k->reorder > 0;
	c.duplicate = percent(k->duplicate);
	c.corrupt = percent(k->corrupt);
	c.jitter_ns = k->jitter_ms * NS_PER_MS;
	if (k->asymmetric && of_a) {
		c.rate = MBIT;
		c.delay_ns = 50 * NS_PER_MS;
		c.loss.random = percent(1);
	}
	return c;
}

/* ---- the two ends ---- */

struct end {
	struct sock *sk;
	uint32_t amount, sent, received;
	bool finished; /* the peer's FIN came */
	const char *wrong;
	uint64_t done_ns;
};

static uint8_t pattern[PERIOD + CHUNK]; /* the stream repeats itself after PERIOD bytes, a prime */

static void fill_pattern(void)
{
	for (uint32_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)((i % PERIOD) * 167 + (i % PERIOD) / 256);
}

static void send_more(struct end *e)
{
	while (e->sent < e->amount) {
		size_t len = MIN((uint32_t)CHUNK, e->amount - e->sent);
		ssize_t n = sock_send(e->sk, pattern + e->sent % PERIOD, len, 0, NULL);

		if (n == -EAGAIN)
			return;
		if (n < 0) {
			e->wrong = strerror((int)-n);
			return;
		}
		e->sent += (uint32_t)n;
		if (e->sent == e->amount)
			sock_shutdown(e->sk, SHUT_WR);
	}
}

static void receive(struct end *e)
{
	static uint8_t buf[CHUNK];
	ssize_t n;

	while ((n = sock_recv(e->sk, buf, sizeof(buf), 0, NULL)) > 0) {
		if (memcmp(buf, pattern + e->received % PERIOD, (size_t)n) != 0)
			e->wrong = "bytes differ";
		e->received += (uint32_t)n;
	}
	if (n == 0 && !e->finished) {
		e->finished = true;
		e->done_ns = stack_now(e->sk->stack);
	} else if (n < 0 && n != -EAGAIN) {
		e->wrong = strerror((int)-n);
	}
}

static void happened(struct sock *sk, unsigned events, void *ctx)
{
	struct end *e = ctx;

	(void)sk;
	if (events & (SOCK_EVENT_READABLE | SOCK_EVENT_HANGUP | SOCK_EVENT_ERROR))
		receive(e);
	if (events & SOCK_EVENT_WRITABLE)
		send_more(e);
}

static void set_buffers(struct sock *sk, int kib)
{
	if (!kib)
		return;
	sock_set(sk, SO_OPT_SNDBUF, kib * 1024 / 2); /* which doubles them */
	sock_set(sk, SO_OPT_RCVBUF, kib * 1024 / 2);
}

static void accepted(struct sock *listener, unsigned events, void *ctx)
{
	struct end *e = ctx;

	(void)events;
	if (e->sk)
		return;
	e->sk = sock_accept(listener, NULL);
	if (!e->sk)
		return;
	sock_on_event(e->sk, happened, e);
	send_more(e);
}

/* ---- one cell of the table ---- */

struct net {
	struct loop loop;
	struct world world;
	struct stack *a, *b;
};

static void must(bool worked, const char *what)
{
	if (worked)
		return;
	fprintf(stderr, "netsim: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct stack *add_host(struct net *n, const char *name)
{
	struct stack *s = stack_new(&n->world, name, loopback_create);

	must(s, name);
	s->sysctl[SYSCTL_RMEM_MAX] = s->sysctl[SYSCTL_WMEM_MAX] = 4 << 20;
	return s;
}

/* With a neighbour that is known for good: the table is about TCP, not about ARP on such links. */
static void set_up_end(struct stack *s, uint32_t addr, const struct link *k, uint32_t peer)
{
	struct dev *d = dev_by_name(s, "eth0");
	struct netif_addr a = {
		.local = addr, .peer = addr, .broadcast = addr | 255, .plen = 24, .label = "eth0"};
	struct netem_config c = behaviour(k, s->name[0] == 'a');

	must(dev_set_mac(d, (struct mac){{2, 0, 0, 0, 0, (uint8_t)addr}}) == 0, "eth0");
	must(dev_set_up(d, true) == 0 && netif_addr_add(d->netif, &a, NULL) == 0, "eth0");
	must(neigh_set(d->netif, peer, (struct mac){{2, 0, 0, 0, 0, (uint8_t)peer}}, NEIGH_PERMANENT,
		     false) == 0,
		"arp");
	must(netem_create(d, QDISC_ROOT, 1, &c) == 0, "netem");
}

static void build(struct net *n, const struct link *k)
{
	struct clock clock;

	clock_init_virtual(&clock, NS_PER_SEC);
	loop_init(&n->loop, clock);
	n->loop.waiters = 1;
	world_init(&n->world, &n->loop, 1, inet_protos);
	n->a = add_host(n, "a");
	n->b = add_host(n, "b");
	struct dev_config config = {.peer_name = "eth0", .peer_stack = n->b};
	must(veth_create(n->a, "eth0", &config) == 0, "veth");
	set_up_end(n->a, 0x0a000001, k, 0x0a000002);
	set_up_end(n->b, 0x0a000002, k, 0x0a000001);
}

static void tear_down(struct net *n)
{
	world_exit(&n->world); /* which insists that every packet came back */
	loop_exit(&n->loop);
}

static bool is_over(const struct end *a, const struct end *b)
{
	return (a->finished && b->finished) || a->wrong || b->wrong;
}

/* What was wrong, or NULL and how long it took. */
static const char *transfer(const struct link *k, int kib, uint32_t amount, uint64_t *took_ns)
{
	struct net n;
	struct end a = {.amount = amount}, b = {.amount = amount};
	struct sock_addr to = {.ip = 0x0a000002, .port = PORT};

	build(&n, k);
	struct sock *listener = sock_open(n.b, SOCK_STREAM, IP_PROTO_TCP);
	a.sk = sock_open(n.a, SOCK_STREAM, IP_PROTO_TCP);
	must(listener && a.sk, "socket");
	set_buffers(listener, kib);
	set_buffers(a.sk, kib);
	must(sock_bind(listener, &(struct sock_addr){.port = PORT}) == 0 && sock_listen(listener, 1) == 0,
		"listen");
	sock_on_event(listener, accepted, &b);
	sock_on_event(a.sk, happened, &a);
	uint64_t start = n.loop.now;
	must(sock_connect(a.sk, &to) == -EINPROGRESS, "connect");
	while (!is_over(&a, &b) && n.loop.now - start < GIVE_UP_NS && loop_turn(&n.loop, true))
		;
	const char *wrong = a.wrong ? a.wrong : b.wrong;
	if (!wrong && !is_over(&a, &b))
		wrong = "stalled";
	if (!wrong && (a.received != amount || b.received != amount))
		wrong = "bytes missing";
	*took_ns = MAX(a.done_ns, b.done_ns) - start;
	sock_close(a.sk);
	if (b.sk)
		sock_close(b.sk);
	sock_close(listener);
	tear_down(&n);
	return wrong;
}

/* ---- the table ---- */

static double mbit(uint32_t amount, uint64_t took_ns)
{
	return amount * 8.0 / 1e6 / ((double)took_ns / 1e9);
}

static bool print_row(const struct link *k)
{
	bool good = true;

	printf("%-14s", k->name);
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
		uint64_t took;
		const char *wrong = transfer(k, buffers[i], AMOUNT, &took);

		if (wrong)
			printf(" %s!", wrong);
		else
			printf(" %8.3f", mbit(AMOUNT, took));
		fflush(stdout);
		good &= !wrong;
	}
	putchar('\n');
	return good;
}

/* Over a long time at 0.1 % loss and 20 ms, against what congestion control should reach there: the larger of CUBIC's
 * average window (RFC 9438 5.1, 1.054 RTT^0.75 / p^0.75) and Reno's, sqrt(1.5 / p). At least 85 % of it. */
static bool reaches_its_share(void)
{
	static const struct link k = {.name = "long", .rate = 1000 * MBIT, .loss = 0.1};
	double p = 0.001, rtt = 0.02, mss = 1448;
	double window = fmax(1.054 * pow(rtt / p, 0.75), sqrt(1.5 / p)),
	       should = mss * 8 / 1e6 * window / rtt;
	uint64_t took;
	const char *wrong = transfer(&k, 0, LONG_AMOUNT, &took);
	double is = wrong ? 0 : mbit(LONG_AMOUNT, took);

	printf("200 MiB each way, 0.1 %% loss, 20 ms: %.3f Mbit/s, %.0f %% of what RFC 9438 and Reno lead to "
	       "(%.3f)%s%s\n",
		is, 100 * is / should, should, wrong ? ": " : "", wrong ? wrong : "");
	return is >= 0.85 * should;
}

int main(int argc, char **argv)
{
	bool good = true;

	fill_pattern();
	printf("10 MiB each way at once, 100 Mbit/s, 10 ms each way: Mbit/s by buffer size\n%-14s", "link");
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
		char text[16] = "tuned";

		if (buffers[i])
			snprintf(text, sizeof(text), "%d KiB", buffers[i]);
		printf(" %8s", text);
	}
	putchar('\n');
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (argc < 2 || strstr(links[i].name, argv[1]))
			good &= print_row(&links[i]);
	if (argc < 2)
		good &= reaches_its_share();
	return good ? 0 : 1;
}
