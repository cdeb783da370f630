/* SPDX-License-Identifier: MIT */
/*
 * TCP in large numbers, both ends in one process and under the virtual clock: what a connection costs while it is open
 * and leaves when it is gone, and what outsiders can make us keep. `make unit` does it with numbers that suit the
 * sanitizers, `make soak` with all of them (unit_soak), optimized, and prints what it measured.
 *
 *	client 10.1.X.1 ---a--------b--- 10.2.0.1 server 10.0.0.1 ---eth0--- 10.0.0.2 (the test: everybody else)
 */
#include "dev/netem.h"
#include "tcp/recovery.h"
#include "tcp/recvq.h"
#include "tests/unit/tcp/bench.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 4 };
#define SERVER	     UINT32_C(0x0a020001)
#define CLIENT(i)    (UINT32_C(0x0a010001) + ((uint32_t)(i) << 8))
#define SOAK(n, few) (unit_soak ? (n) : (few))

/* Bytes that are allocated: of the sanitizers' allocator where they are. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t heap(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	struct mallinfo2 m = mallinfo2();
	return m.uordblks + m.hblkhd;
}

/* Pages that the process has in memory. */
static size_t rss(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	CU_ASSERT_EQUAL(fscanf(f, "%lu %lu", &size, &resident), 2);
	fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- two hosts ---- */

struct scene {
	struct lab *l;
	struct stack *client, *server;
	struct dev *wire;
	struct sock *listener;
};

static struct sock *listen_on(struct stack *s, uint16_t port)
{
	struct sock *sk = sock_open(s, SOCK_STREAM, IP_PROTO_TCP);

	CU_ASSERT_EQUAL_FATAL(sock_bind(sk, &(struct sock_addr){.port = port}), 0);
	CU_ASSERT_EQUAL_FATAL(sock_listen(sk, 4096), 0);
	return sk;
}

static struct scene *scene_new(void)
{
	struct scene *sc = calloc(1, sizeof(*sc));
	char cidr[32];

	bench_isn_natural();
	sc->l = lab_new();
	sc->client = lab_host(sc->l, "client");
	sc->server = lab_host(sc->l, "server");
	lab_veth(sc->client, "a", NULL, sc->server, "b", "10.2.0.1/16");
	for (int i = 0; i < SOURCES; i++) {
		snprintf(cidr, sizeof(cidr), "10.1.%d.1/16", i);
		lab_addr(dev_by_name(sc->client, "a"), cidr);
	}
	lab_route(sc->client, "10.2.0.0/16", NULL, dev_by_name(sc->client, "a"));
	lab_route(sc->server, "10.1.0.0/16", NULL, dev_by_name(sc->server, "b"));
	sc->wire = lab_wire(sc->server, "eth0", "10.0.0.1/24");
	lab_route(sc->server, "default", "10.0.0.2", sc->wire);
	lab_meet(sc->wire, &LAB_PEER(2, "10.0.0.2"));
	sc->listener = listen_on(sc->server, PORT);
	return sc;
}

static void scene_free(struct scene *sc)
{
	sock_close(sc->listener);
	lab_free(sc->l);
	free(sc);
}

/* A socket of the client's that has called connect(). */
static struct sock *call(struct scene *sc, uint32_t from)
{
	struct sock *sk = sock_open(sc->client, SOCK_STREAM, IP_PROTO_TCP);

	if (from)
		CU_ASSERT_EQUAL_FATAL(sock_bind(sk, &(struct sock_addr){.ip = from}), 0);
	CU_ASSERT_EQUAL_FATAL(
		sock_connect(sk, &(struct sock_addr){.ip = SERVER, .port = PORT}), -EINPROGRESS);
	return sk;
}

static struct tcp_stat stat_of(const struct stack *s)
{
	struct tcp_stat st;

	tcp_stat(s, &st);
	return st;
}

static bool holds_nothing(const struct stack *s)
{
	const struct tcp *tcp = s->tcp;

	return !tcp->memory && !tcp->orphans && !pool_in_use(&tcp->recvqs) && !pool_in_use(&tcp->runs) &&
		!pool_in_use(&tcp->sent) && !pool_in_use(&tcp->flights);
}

/* ---- one after another ---- */

enum first { CLIENT_FIRST, SERVER_FIRST };

/* Opens a connection and closes it in good order; then `gap_ns` pass. */
static void open_and_close(struct scene *sc, enum first who, uint64_t gap_ns)
{
	struct sock *c = call(sc, 0), *s;
	char octet;

	lab_settle(sc->l);
	s = sock_accept(sc->listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	struct sock *first = who == CLIENT_FIRST ? c : s, *second = who == CLIENT_FIRST ? s : c;
	sock_close(first);
	lab_settle(sc->l);
	CU_ASSERT_EQUAL_FATAL(sock_recv(second, &octet, 1, 0, NULL), 0);
	sock_close(second);
	lab_run(sc->l, gap_ns);
}

static void churn(struct scene *sc, unsigned n, enum first who, uint64_t gap_ns, size_t most_waiting)
{
	double began = seconds();
	size_t waiting = 0;

	for (unsigned i = 0; i < n; i++) {
		open_and_close(sc, who, gap_ns);
		waiting = MAX(waiting, stat_of(sc->client).time_wait + stat_of(sc->server).time_wait);
	}
	CU_ASSERT(waiting > 0 && waiting <= most_waiting);
	if (unit_soak)
		printf("  %u connections, the %s closes: %.2f s, at most %zu in TIME-WAIT, RSS %zu KiB\n", n,
			who == CLIENT_FIRST ? "client" : "server", seconds() - began, waiting, rss() >> 10);
}

static void a_million_connections_one_after_another_leave_nothing(void)
{
	struct scene *sc = scene_new();
	unsigned n = SOAK(100000, 1000);
	size_t before, ports = 28232;

	churn(sc, n, CLIENT_FIRST, 3 * MS, 20001);
	before = rss();
	/* the client's next port is in TIME-WAIT at the server, and its SYN ends that (RFC 6191) */
	churn(sc, 5 * n / 2, SERVER_FIRST, MS, ports);
	/* by sysctl the client itself takes a port again after a second */
	sc->client->sysctl[SYSCTL_TCP_TW_REUSE] = 1;
	churn(sc, 5 * n / 2, CLIENT_FIRST, MS, ports);
	/* TIME-WAIT is bounded, too */
	sc->server->sysctl[SYSCTL_TCP_MAX_TW_BUCKETS] = 500;
	lab_run(sc->l, 61 * NS_PER_SEC);
	churn(sc, 4 * n, SERVER_FIRST, MS, 500);
	CU_ASSERT(sc->server->mib[MIB_TcpExtTCPTimeWaitOverflow] > 0);
	if (!__sanitizer_get_current_allocated_bytes)
		CU_ASSERT(rss() < before + 4 * 1024 * 1024);
	CU_ASSERT_EQUAL(sc->client->mib[MIB_TcpActiveOpens], 10 * n);
	CU_ASSERT_EQUAL(sc->server->mib[MIB_TcpPassiveOpens], 10 * n);
	lab_run(sc->l, 61 * NS_PER_SEC);
	CU_ASSERT_EQUAL(stat_of(sc->client).time_wait + stat_of(sc->server).time_wait, 0);
	CU_ASSERT_EQUAL(stat_of(sc->client).connections + stat_of(sc->server).connections, 0);
	CU_ASSERT(holds_nothing(sc->client) && holds_nothing(sc->server));
	scene_free(sc);
}

/* ---- at once ---- */

static void print_bytes(const char *what, size_t bytes, unsigned n)
{
	if (unit_soak)
		printf("  %u %s: %.1f MB, %zu bytes each\n", n, what, (double)bytes / 1e6, bytes / n);
}

static void print_seconds(const char *what, double began)
{
	if (unit_soak)
		printf("  %s in %.2f s\n", what, seconds() - began);
}

/* The server's sockets go where `socks` says, in the order of the client's. */
static void open_many(struct scene *sc, struct sock **client, struct sock **server, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		client[i] = call(sc, CLIENT(i % SOURCES));
		lab_settle(sc->l);
		server[i] = sock_accept(sc->listener, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(server[i]);
		lab_run(sc->l, MS / 10);
	}
}

static void say(struct scene *sc, struct sock **from, struct sock **to, unsigned n)
{
	char text[8];

	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_EQUAL_FATAL(sock_send(from[i], "hello", 5, 0, NULL), 5);
		lab_settle(sc->l);
		CU_ASSERT_EQUAL_FATAL(sock_recv(to[i], text, sizeof(text), 0, NULL), 5);
	}
}

static void close_all(struct sock **socks, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (socks[i])
			sock_close(socks[i]);
	free(socks);
}

static void a_hundred_thousand_are_open_at_once(void)
{
	struct scene *sc = scene_new();
	unsigned n = SOAK(100000, 2000);
	struct sock **client = calloc(n, sizeof(*client)), **server = calloc(n, sizeof(*server));
	size_t before = heap(), open, tables = SOAK(0, 300000); /* few have to bear the tables alone */
	double began = seconds();

	open_many(sc, client, server, n);
	lab_run(sc->l, NS_PER_SEC);
	print_seconds("opened", began);
	open = heap() - before;
	print_bytes("open, both sides", open, n);
	CU_ASSERT(open < (size_t)2 * n * 480 + tables);
	CU_ASSERT(holds_nothing(sc->client) && holds_nothing(sc->server));
	CU_ASSERT_EQUAL(stat_of(sc->server).connections, n);
	say(sc, client, server, n);
	say(sc, server, client, n);
	lab_run(sc->l, 20 * NS_PER_SEC);
	CU_ASSERT(holds_nothing(sc->client) && holds_nothing(sc->server));
	open = heap();
	print_bytes("after a word each way, both sides", open - before, n);
	began = seconds();
	stack_delete(sc->server);
	print_seconds("the server deleted", began);
	CU_ASSERT(seconds() - began < 2);
	close_all(server, n);
	print_bytes("of it the server's", open - heap(), n);
	began = seconds();
	stack_delete(sc->client);
	print_seconds("the client deleted", began);
	close_all(client, n);
	scene_free(sc);
}

/* ---- a flood of SYNs ---- */

enum { CALLERS = 100, SYNS_PER_MS = 50 };

/* A SYN from anywhere, half of them with Linux's options. */
static void throw_syn(struct scene *sc, struct rng *r)
{
	static const struct tcp_options linux_like = {.has_mss = true,
		.mss = 1460,
		.has_sack_ok = true,
		.has_ts = true,
		.tsval = 12345,
		.has_wscale = true,
		.wscale = 7};
	struct tcp_hdr h = {.sport = (uint16_t)(1 + rng_below(r, 65535)),
		.dport = PORT,
		.seq = (uint32_t)rng_u64(r),
		.flags = TCP_SYN,
		.wnd = 64240};
	struct ip_hdr ip = {
		.src = UINT32_C(0x0b000000) + rng_below(r, 0x60000000), /* 11.0.0.0 to 106.255.255.255 */
		.dst = ME,
		.ttl = 60,
		.proto = IP_PROTO_TCP};
	uint8_t segment[TCP_HDR_LEN + TCP_OPT_MAX], frame[128];

	h.hdr_len = (uint8_t)(TCP_HDR_LEN +
		(rng_below(r, 2) ? tcp_options_emit(segment + TCP_HDR_LEN, TCP_OPT_MAX, &linux_like) : 0));
	tcp_emit(segment, &h);
	tcp_put_check(segment, tcp_csum(segment, h.hdr_len, ip.src, ip.dst));
	lab_inject(sc->wire, frame,
		lab_frame_ip(
			frame, sc->wire->mac, LAB_PEER(2, "10.0.0.2").mac, ip, NULL, 0, segment, h.hdr_len));
}

struct caller {
	struct sock *sk;
	uint64_t began_ns, took_ns; /* until the server's answer was read; 0: not yet */
};

/* What the server's program does: it answers each connection, and keeps it. Returns how many it has. */
static unsigned serve(struct scene *sc, struct sock **socks, unsigned n)
{
	struct sock *sk;

	while (n < CALLERS && (sk = sock_accept(sc->listener, NULL))) {
		CU_ASSERT_EQUAL(sock_send(sk, "welcome", 7, 0, NULL), 7);
		socks[n++] = sk;
	}
	return n;
}

static void look(struct scene *sc, struct caller *c)
{
	char text[8];

	if (c->sk && !c->took_ns && sock_recv(c->sk, text, sizeof(text), 0, NULL) == 7)
		c->took_ns = sc->l->loop.now - c->began_ns;
}

static void delay(struct dev *d, uint64_t ns)
{
	struct netem_config config = {.limit = 1000, .delay_ns = ns};

	CU_ASSERT_EQUAL_FATAL(netem_create(d, QDISC_ROOT, 1, &config), 0);
}

static void a_flood_of_syns_keeps_nobody_out(void)
{
	struct scene *sc = scene_new();
	struct caller callers[CALLERS] = {0};
	struct sock *socks[CALLERS] = {0};
	unsigned ms = SOAK(5000, 400), each = SOAK(40, 3), accepted = 0;
	size_t before, most = 0;
	uint64_t slowest = 0;
	struct rng r;

	rng_seed(&r, unit_seed);
	delay(dev_by_name(sc->client, "a"), 10 * MS);
	delay(dev_by_name(sc->server, "b"), 10 * MS);
	lab_run(sc->l, NS_PER_SEC);
	before = heap();
	for (unsigned t = 0; t < ms; t++) {
		for (unsigned i = 0; i < SYNS_PER_MS; i++)
			throw_syn(sc, &r);
		lab_sent_clear(sc->wire);
		if (t % each == 0 && t / each < CALLERS)
			callers[t / each] = (struct caller){call(sc, 0), sc->l->loop.now, 0};
		lab_run(sc->l, MS);
		accepted = serve(sc, socks, accepted);
		for (unsigned i = 0; i < CALLERS; i++)
			look(sc, &callers[i]);
		most = MAX(most, heap() - before);
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		CU_ASSERT(callers[i].took_ns && callers[i].took_ns < 3 * NS_PER_SEC);
		slowest = MAX(slowest, callers[i].took_ns);
		sock_close(callers[i].sk);
		sock_close(socks[i]);
	}
	if (unit_soak)
		printf("  %u SYNs in %u ms: the slowest of %d was served in %.0f ms; at most %zu KiB\n",
			ms * SYNS_PER_MS, ms, CALLERS, (double)slowest / 1e6, most >> 10);
	CU_ASSERT(most < 1024 * 1024);
	CU_ASSERT(sc->server->mib[MIB_TcpExtSyncookiesRecv] > 0);
	lab_run(sc->l, 200 * NS_PER_SEC);
	lab_sent_clear(sc->wire);
	CU_ASSERT_EQUAL(stat_of(sc->server).half_open, 0);
	CU_ASSERT(holds_nothing(sc->client) && holds_nothing(sc->server));
	scene_free(sc);
}

/* ---- who reads nothing ---- */

/* Both ends write until their buffers are full, and nobody reads. */
static uint64_t fill(struct scene *sc, struct sock **socks, unsigned n)
{
	static const uint8_t text[65536];
	uint64_t sum = 0;
	ssize_t len;

	for (unsigned i = 0; i < n; i++) {
		while ((len = sock_send(socks[i], text, sizeof(text), 0, NULL)) > 0)
			sum += (uint64_t)len;
		CU_ASSERT(len == -EAGAIN || len == -ENOBUFS);
		lab_run(sc->l, MS / 10);
	}
	return sum;
}

static uint64_t drain(struct scene *sc, struct sock **socks, unsigned n)
{
	static uint8_t text[65536];
	uint64_t sum = 0;
	ssize_t len;

	for (unsigned i = 0; i < n; i++) {
		while ((len = sock_recv(socks[i], text, sizeof(text), 0, NULL)) > 0)
			sum += (uint64_t)len;
		CU_ASSERT_EQUAL(len, -EAGAIN);
		lab_run(sc->l, MS / 10);
	}
	return sum;
}

static void set_tcp_mem(struct stack *s, int32_t pages)
{
	s->sysctl[SYSCTL_TCP_MEM_LOW] = pages / 2;
	s->sysctl[SYSCTL_TCP_MEM_PRESSURE] = pages / 4 * 3;
	s->sysctl[SYSCTL_TCP_MEM_HIGH] = pages;
}

static void a_thousand_that_stall_stay_within_tcp_mem(void)
{
	struct scene *sc = scene_new();
	unsigned n = SOAK(1000, 100);
	size_t limit = (size_t)SOAK(64, 6) << 20, before, most = 0, accounted = 0;
	struct sock **client = calloc(n, sizeof(*client)), **server = calloc(n, sizeof(*server));
	uint64_t written = 0, read = 0;

	set_tcp_mem(sc->client, (int32_t)(limit / 4096));
	set_tcp_mem(sc->server, (int32_t)(limit / 4096));
	open_many(sc, client, server, n);
	before = heap();
	for (int round = 0; round < 10; round++) {
		written += fill(sc, client, n);
		written += fill(sc, server, n);
		lab_run(sc->l, NS_PER_SEC);
		accounted = MAX(accounted, MAX(stat_of(sc->client).memory, stat_of(sc->server).memory));
		most = MAX(most, heap() - before);
	}
	if (unit_soak)
		printf("  %u stall: tcp_mem %zu MiB, at most %.1f MiB accounted on a side, heap %.1f MiB "
		       "both\n",
			n, limit >> 20, (double)accounted / 1048576, (double)most / 1048576);
	CU_ASSERT(accounted > limit / 2 && accounted < limit * 11 / 10);
	CU_ASSERT(most < 2 * limit * 12 / 10);
	for (int round = 0; round < 1000 && read < written; round++) {
		read += drain(sc, client, n);
		read += drain(sc, server, n);
		lab_run(sc->l, NS_PER_SEC);
	}
	CU_ASSERT_EQUAL(read, written);
	lab_run(sc->l, 20 * NS_PER_SEC);
	CU_ASSERT(holds_nothing(sc->client) && holds_nothing(sc->server));
	close_all(client, n);
	close_all(server, n);
	scene_free(sc);
}

/* ---- a host goes while everything is under way ---- */

/* Full buffers, segments on their way, half-open entries, connections nobody has accepted, TIME-WAIT, orphans: whichever
 * host goes first, nothing is left (lab_free() and every pool look). */
static void a_host_with_everything_under_way_is_deleted(void)
{
	for (int first = 0; first < 2; first++) {
		struct scene *sc = scene_new();
		unsigned n = SOAK(10000, 200), few = n / 10;
		struct sock **client = calloc(n, sizeof(*client)), **server = calloc(n, sizeof(*server));
		struct rng r;

		rng_seed(&r, unit_seed);
		open_many(sc, client, server, n - few);
		for (unsigned i = 0; i < few; i++)
			open_and_close(sc, i % 2, 0);
		for (unsigned i = n - few; i < n; i++)
			client[i] = call(sc, CLIENT(0));
		for (unsigned i = 0; i < few; i++)
			throw_syn(sc, &r);
		lab_sent_clear(sc->wire);
		delay(dev_by_name(sc->client, "a"), 10 * MS);
		fill(sc, server, MIN(n - few, 1000));
		fill(sc, client, few);
		for (unsigned i = few; i < 2 * few; i++) {
			sock_close(client[i]); /* what it wrote is still to be sent */
			client[i] = NULL;
		}
		double began = seconds();
		stack_delete(first ? sc->client : sc->server);
		CU_ASSERT(seconds() - began < 2);
		print_seconds(first ? "the client deleted" : "the server deleted", began);
		lab_run(sc->l, NS_PER_SEC);
		close_all(client, n);
		close_all(server, n - few);
		scene_free(sc);
	}
}

SUITE(tcp_scale, T(a_million_connections_one_after_another_leave_nothing),
	T(a_hundred_thousand_are_open_at_once), T(a_flood_of_syns_keeps_nobody_out),
	T(a_thousand_that_stall_stay_within_tcp_mem), T(a_host_with_everything_under_way_is_deleted))
