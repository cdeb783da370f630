/* SPDX-License-Identifier: MIT */
/* The bench of TCP's tests. */
#include "tests/unit/tcp/bench.h"

#include "net/ether.h"

#include <errno.h>
#include <stdlib.h>

static const struct mac peer_mac = {{2, 0, 0, 0, 1, 2}};

/* ---- sequence numbers: the linker puts this in the place of tcp_isn() (Makefile: WRAP_ISN) ---- */

uint32_t __real_tcp_isn(const struct stack *s, const struct tcp_entry *e);
uint32_t __wrap_tcp_isn(const struct stack *s, const struct tcp_entry *e);

static bool isn_forced, isn_natural;
static uint32_t isn_wanted;

uint32_t __wrap_tcp_isn(const struct stack *s, const struct tcp_entry *e)
{
	if (isn_forced)
		return isn_wanted;
	return unit_late && !isn_natural ? UINT32_MAX - 2 : __real_tcp_isn(s, e);
}

void bench_isn_is(uint32_t isn)
{
	isn_forced = true;
	isn_wanted = isn;
}

void bench_isn_natural(void)
{
	isn_forced = false;
	isn_natural = true;
}

/* ---- world ---- */

/* Everything on the wire goes to the peer, without ARP. */
static int output(struct netif *n, struct pkt *p, uint32_t nexthop)
{
	(void)nexthop;
	return ether_output(n, p, peer_mac, ETHERTYPE_IP);
}

struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	isn_forced = isn_natural = false;
	b->l = lab_new();
	b->s = lab_host(b->l, "h1");
	b->d = lab_wire(b->s, "eth0", "10.0.0.1/24");
	b->d->netif->output = output;
	lab_route(b->s, "default", "10.0.0.2", b->d);
	b->isn = unit_late ? UINT32_MAX - 1 : 1000;
	b->nxt = b->una = b->isn;
	b->my_wnd = 65535;
	b->wscale = -1;
	b->mss = 1460;
	b->tsval = unit_late ? UINT32_MAX - 5 : 5000;
	b->port = PORT;
	b->peer_port = PEER_PORT;
	lab_settle(b->l);
	lab_sent_clear(b->d);
	return b;
}

void bench_free(struct bench *b)
{
	if (b->sk)
		sock_close(b->sk);
	if (b->listener)
		sock_close(b->listener);
	lab_free(b->l);
	free(b);
}

/* ---- what the peer says ---- */

uint8_t bench_octet(uint32_t seq)
{
	return (uint8_t)(seq * 7 + (seq >> 8));
}

static size_t fill_segment(
	uint8_t *out, const struct bench *b, const struct bench_seg *g, uint32_t src, uint32_t dst)
{
	size_t hdr_len = TCP_HDR_LEN + g->opts_len, len = hdr_len + g->len;
	struct tcp_hdr h = {
		.sport = g->sport ? g->sport : b->peer_port,
		.dport = g->dport ? g->dport : b->port,
		.seq = g->seq,
		.ack = g->ack,
		.wnd = (uint16_t)g->wnd,
		.urg = g->urg,
		.flags = g->flags,
		.hdr_len = (uint8_t)hdr_len,
	};

	tcp_emit(out, &h);
	if (g->opts_len)
		memcpy(out + TCP_HDR_LEN, g->opts, g->opts_len);
	for (size_t i = 0; i < g->len; i++)
		out[hdr_len + i] =
			g->data ? ((const uint8_t *)g->data)[i] : bench_octet(g->seq + (uint32_t)i);
	tcp_put_check(out, (uint16_t)(tcp_csum(out, len, src, dst) ^ (g->bad_csum ? 0x0100 : 0)));
	return len;
}

void bench_put(struct bench *b, const struct bench_seg *g)
{
	static uint8_t segment[65600], frame[65600];
	uint32_t src = g->src ? g->src : PEER, dst = g->dst ? g->dst : ME;
	struct ip_hdr ip = {
		.src = src, .dst = dst, .ttl = 64, .proto = IP_PROTO_TCP, .tos = g->tos, .df = true};
	size_t len = fill_segment(segment, b, g, src, dst);

	lab_inject(b->d, frame, lab_frame_ip(frame, b->d->mac, peer_mac, ip, NULL, 0, segment, len));
}

size_t bench_syn_options(const struct bench *b, uint8_t *out)
{
	struct tcp_options o = {
		.has_mss = b->mss > 0,
		.mss = b->mss,
		.has_sack_ok = b->sack,
		.has_ts = b->ts,
		.tsval = b->tsval,
		.tsecr = b->tsecr,
		.has_wscale = b->wscale >= 0,
		.wscale = (uint8_t)b->wscale,
	};

	return tcp_options_emit(out, TCP_OPT_MAX, &o);
}

void bench_say_at(struct bench *b, uint16_t flags, uint32_t seq, uint32_t ack, size_t len)
{
	struct tcp_options ts = {.has_ts = b->ts, .tsval = b->tsval, .tsecr = b->tsecr};
	uint8_t opts[TCP_OPT_MAX];
	struct bench_seg g = {.flags = flags,
		.seq = seq,
		.ack = flags & TCP_ACK ? ack : 0,
		.wnd = b->my_wnd,
		.len = len,
		.opts = opts};

	g.opts_len = flags & TCP_SYN ? bench_syn_options(b, opts) : tcp_options_emit(opts, TCP_OPT_MAX, &ts);
	bench_put(b, &g);
}

void bench_say(struct bench *b, uint16_t flags, size_t len)
{
	uint32_t seq = b->nxt;

	b->nxt += (uint32_t)len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	bench_say_at(b, flags, seq, b->host_nxt, len);
}

/* ---- what the host says ---- */

static void learn(struct bench *b, const struct bench_seen *seen)
{
	uint32_t end =
		seen->h.seq + (uint32_t)seen->len + !!(seen->h.flags & TCP_SYN) + !!(seen->h.flags & TCP_FIN);

	if (seen->h.flags & TCP_RST || seen->h.sport != b->port || seen->h.dport != b->peer_port)
		return;
	if (seen->h.flags & TCP_SYN) {
		b->host_isn = seen->h.seq;
		b->host_nxt = end;
		b->host_wscale = seen->o.has_wscale ? seen->o.wscale : 0;
		b->ts &= seen->o.has_ts;
	}
	b->host_nxt = seq_max(b->host_nxt, end);
	b->una = seen->h.ack;
	b->wnd = (uint32_t)seen->h.wnd << (seen->h.flags & TCP_SYN ? 0 : b->host_wscale);
	if (seen->o.has_ts)
		b->tsecr = seen->o.tsval;
}

struct bench_seen bench_next(struct bench *b)
{
	struct lab_ip_seen ip = lab_sent_ip(b->d);
	struct bench_seen seen = {.ip = ip.ip};

	if (!ip.payload || ip.ip.proto != IP_PROTO_TCP)
		return seen;
	seen.any = tcp_parse(ip.payload, ip.len, ip.ip.src, ip.ip.dst, false, &seen.h) == DROP_NONE;
	CU_ASSERT_FATAL(seen.any);
	tcp_options_parse(ip.payload + TCP_HDR_LEN, seen.h.hdr_len - (size_t)TCP_HDR_LEN, &seen.o);
	seen.data = ip.payload + seen.h.hdr_len;
	seen.len = ip.len - seen.h.hdr_len;
	learn(b, &seen);
	return seen;
}

size_t bench_count(const struct bench *b)
{
	return lab_sent_count(b->d);
}

struct bench_seen bench_last(struct bench *b)
{
	struct bench_seen last = {0};

	while (bench_count(b))
		last = bench_next(b);
	return last;
}

/* ---- states ---- */

void bench_listen(struct bench *b, int backlog)
{
	struct sock_addr a = {.port = b->port};

	b->listener = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->listener);
	CU_ASSERT_EQUAL_FATAL(sock_bind(b->listener, &a), 0);
	CU_ASSERT_EQUAL_FATAL(sock_listen(b->listener, backlog), 0);
}

void bench_connect(struct bench *b)
{
	struct sock_addr to = {.ip = PEER, .port = b->peer_port}, from = {.port = b->port};

	b->sk = sock_open(b->s, SOCK_STREAM, IP_PROTO_TCP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->sk);
	CU_ASSERT_EQUAL_FATAL(sock_bind(b->sk, &from), 0);
	CU_ASSERT_EQUAL_FATAL(sock_connect(b->sk, &to), -EINPROGRESS);
	lab_settle(b->l);
	CU_ASSERT_EQUAL_FATAL(bench_last(b).h.flags & (TCP_SYN | TCP_ACK), TCP_SYN);
}

static void open_passive(struct bench *b, enum tcp_state state)
{
	bench_listen(b, 128);
	if (state == TCP_LISTEN)
		return;
	bench_say(b, TCP_SYN, 0);
	bench_last(b);
	if (state == TCP_SYN_RECEIVED)
		return;
	bench_say(b, TCP_ACK, 0);
	b->sk = sock_accept(b->listener, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->sk);
}

static void open_active(struct bench *b, enum tcp_state state)
{
	bench_connect(b);
	if (state == TCP_SYN_SENT)
		return;
	bench_say(b, state == TCP_SYN_RECEIVED ? TCP_SYN : TCP_SYN | TCP_ACK, 0);
	bench_last(b);
}

static void shut(struct bench *b)
{
	CU_ASSERT_EQUAL_FATAL(sock_shutdown(b->sk, SHUT_WR), 0);
	lab_settle(b->l);
	CU_ASSERT_FATAL(bench_last(b).h.flags & TCP_FIN);
}

/* The peer's FIN, with or without the ACK of ours. */
static void peer_shuts(struct bench *b, uint32_t ack)
{
	bench_say_at(b, TCP_FIN | TCP_ACK, b->nxt++, ack, 0);
}

static void close_from_established(struct bench *b, enum tcp_state state)
{
	uint32_t before_fin = b->host_nxt;

	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
		peer_shuts(b, b->host_nxt);
	if (state != TCP_CLOSE_WAIT)
		shut(b);
	if (state == TCP_FIN_WAIT_2 || state == TCP_TIME_WAIT)
		bench_say(b, TCP_ACK, 0);
	if (state == TCP_CLOSING)
		peer_shuts(b, before_fin);
	if (state == TCP_TIME_WAIT)
		peer_shuts(b, b->host_nxt);
}

void bench_into(struct bench *b, enum tcp_state state, bool active)
{
	if (state == TCP_CLOSED)
		return;
	if (active || state == TCP_SYN_SENT)
		open_active(b, state);
	else
		open_passive(b, state);
	if (state > TCP_ESTABLISHED)
		close_from_established(b, state);
	bench_last(b);
	CU_ASSERT_EQUAL_FATAL(bench_state(b), state);
}

static struct tcp_entry *entry(const struct bench *b)
{
	return tcp_entry_find(b->s->tcp, ME, b->port, PEER, b->peer_port);
}

struct tcp_conn *bench_conn(const struct bench *b)
{
	struct tcp_entry *e = entry(b);

	return e && e->kind == TCP_ENTRY_CONN ? CONTAINER_OF(e, struct tcp_conn, e) : NULL;
}

enum tcp_state bench_state(const struct bench *b)
{
	const struct tcp_seg syn = {.src = PEER, .dst = ME, .sport = b->peer_port, .dport = b->port};
	const struct tcp_entry *e = entry(b);
	struct tcp_row row = {0};

	if (!e)
		return tcp_listen_find(b->s->tcp, &syn, b->d->ifindex) ? TCP_LISTEN : TCP_CLOSED;
	if (e->kind == TCP_ENTRY_CONN)
		return bench_conn(b)->state;
	if (e->kind == TCP_ENTRY_HALF)
		return TCP_SYN_RECEIVED;
	tcp_time_wait_row(e, &row);
	return row.state;
}

bool bench_reads(struct bench *b, uint32_t seq, size_t len)
{
	static uint8_t buf[65536];
	ssize_t got = sock_recv(b->sk, buf, sizeof(buf), 0, NULL);

	if (got != (ssize_t)len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (buf[i] != bench_octet(seq + (uint32_t)i))
			return false;
	return true;
}
