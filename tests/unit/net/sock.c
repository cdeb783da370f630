/* SPDX-License-Identifier: MIT */
/* The socket core, on a protocol that does nothing. */
#include "net/sock.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- a protocol that remembers what was asked of it ---- */

struct fake_sock {
	struct sock sk;
	int sent;
};

static int closes; /* of all fake sockets: the socket is gone when it is looked at */

static void fake_close(struct sock *sk)
{
	(void)sk;
	closes++;
}

static ssize_t fake_send(struct sock *sk, const void *data, size_t len, int flags, const struct sock_addr *to)
{
	(void)data;
	(void)flags;
	(void)to;
	CONTAINER_OF(sk, struct fake_sock, sk)->sent++;
	return (ssize_t)len;
}

static int fake_connect(struct sock *sk, const struct sock_addr *a)
{
	sk->extra->peer = (struct sock_end){a->ip, a->port};
	return 0;
}

static int fake_mtu(const struct sock *sk)
{
	(void)sk;
	return 1400;
}

static int refuse_open(struct sock *sk)
{
	(void)sk;
	return -EMFILE;
}

static const struct sock_ops fake_ops = {
	.name = "fake",
	.size = sizeof(struct fake_sock),
	.close = fake_close,
	.send = fake_send,
	.connect = fake_connect,
	.path_mtu = fake_mtu,
	.hides_ip = true,
};
static const struct sock_ops bare_ops = {.name = "bare", .size = sizeof(struct sock)};
static const struct sock_ops full_ops = {.name = "full", .size = sizeof(struct sock), .open = refuse_open};

static const struct proto fake_proto = {
	.name = "fake", .number = 200, .sock_ops = &fake_ops, .sock_type = SOCK_DGRAM};
static const struct proto bare_proto = {.name = "bare", .sock_ops = &bare_ops, .sock_type = SOCK_RAW};
static const struct proto full_proto = {
	.name = "full", .number = 201, .sock_ops = &full_ops, .sock_type = SOCK_DGRAM};
static const struct proto stream_proto = {
	.name = "stream", .number = 202, .sock_ops = &bare_ops, .sock_type = SOCK_STREAM};
static const struct proto *const protos[] = {&fake_proto, &bare_proto, &full_proto, &stream_proto, NULL};

static struct lab *new_lab(struct stack **s)
{
	struct lab *l = lab_new();

	l->world.protos = protos;
	*s = lab_host(l, "h1");
	closes = 0;
	return l;
}

/* A packet with an IP header (with `opts` octets of options) in front of `text`. */
static struct pkt *message(struct stack *s, const char *text, size_t opts)
{
	struct pkt *p = stack_pkt(s, 100 + strlen(text));

	p->ip = (struct ip_hdr){.src = 0x0a000002, .dst = 0x0a000001, .ttl = 61, .tos = 8};
	p->ip.hdr_len = (uint8_t)(IP_HDR_LEN + opts);
	memset(pkt_put(p, p->ip.hdr_len), IPOPT_NOP, p->ip.hdr_len);
	memcpy(pkt_put(p, strlen(text)), text, strlen(text));
	p->dev = s->lo;
	return p;
}

struct heard {
	int calls;
	unsigned events;
	bool close;
};

static void hear(struct sock *sk, unsigned events, void *ctx)
{
	struct heard *h = ctx;

	h->calls++;
	h->events |= events;
	if (h->close)
		sock_close(sk);
}

/* ---- opening ---- */

static void type_and_number_find_the_protocol(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *fake = sock_open(s, SOCK_DGRAM, 200), *raw = sock_open(s, SOCK_RAW, 77);

	CU_ASSERT_STRING_EQUAL(fake->ops->name, "fake");
	CU_ASSERT_STRING_EQUAL(raw->ops->name, "bare");
	CU_ASSERT_EQUAL(raw->extra->protocol, 77);
	CU_ASSERT_PTR_NULL(sock_open(s, SOCK_DGRAM, 199));
	CU_ASSERT_EQUAL(errno, EPROTONOSUPPORT);
	CU_ASSERT_PTR_NULL(sock_open(s, SOCK_STREAM, 200));
	CU_ASSERT_EQUAL(errno, EPROTONOSUPPORT);
	sock_close(fake);
	sock_close(raw);
	CU_ASSERT(list_empty(&s->socks));
	lab_free(l);
}

static void protocol_may_refuse_to_open(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);

	CU_ASSERT_PTR_NULL(sock_open(s, SOCK_DGRAM, 201));
	CU_ASSERT_EQUAL(errno, EMFILE);
	CU_ASSERT(list_empty(&s->socks));
	lab_free(l);
}

static void what_a_kind_lacks_is_not_supported(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_RAW, 1);
	struct sock_addr a = {0};

	CU_ASSERT_EQUAL(sock_bind(sk, &a), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(sock_send(sk, "x", 1, 0, NULL), -EOPNOTSUPP);
	sock_close(sk);
	lab_free(l);
}

/* ---- receiving ---- */

static void message_is_read_without_its_ip_header_and_with_what_is_known(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct sock_msg msg;
	char buf[16];

	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), -EAGAIN);
	sock_input(sk, message(s, "hello", 4));
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), MSG_PEEK, NULL), 5);
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), 5);
	CU_ASSERT_NSTRING_EQUAL(buf, "hello", 5);
	CU_ASSERT_EQUAL(msg.from.ip, 0x0a000002);
	CU_ASSERT_EQUAL(msg.dst, 0x0a000001);
	CU_ASSERT_EQUAL(msg.from.ifindex, s->lo->ifindex);
	CU_ASSERT_EQUAL(msg.ttl, 61);
	CU_ASSERT_EQUAL(msg.tos, 8);
	CU_ASSERT_EQUAL(msg.opts_len, 4);
	CU_ASSERT_EQUAL(msg.opts[0], IPOPT_NOP);
	CU_ASSERT_EQUAL(msg.time_ns, l->loop.now);
	CU_ASSERT_FALSE(msg.truncated);
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, &msg), -EAGAIN);
	CU_ASSERT_EQUAL(sock_rx_bytes(sk), 0);
	sock_close(sk);
	lab_free(l);
}

static void small_buffer_gets_the_start_and_the_true_length(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct sock_msg msg;
	char buf[3] = "..";

	sock_input(sk, message(s, "hello", 0));
	CU_ASSERT_EQUAL(sock_recv(sk, buf, 2, 0, &msg), 5);
	CU_ASSERT_STRING_EQUAL(buf, "he");
	CU_ASSERT_TRUE(msg.truncated);
	sock_close(sk);
	lab_free(l);
}

static void raw_message_begins_with_its_ip_header(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_RAW, 1);
	char buf[64];

	sock_input(sk, message(s, "hello", 0));
	CU_ASSERT_EQUAL(sock_recv(sk, buf, sizeof(buf), 0, NULL), IP_HDR_LEN + 5);
	sock_close(sk);
	lab_free(l);
}

static void queue_is_bounded_by_the_size_of_the_buffers(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	int limit = 0, kept = 0;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RCVBUF, 10000), 0);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_RCVBUF, &limit), 0);
	CU_ASSERT_EQUAL(limit, 20000);
	for (int i = 0; i < 100; i++)
		sock_input(sk, message(s, "x", 0));
	list_each(p, &sk->extra->rx, struct pkt, node)
		kept++;
	CU_ASSERT(kept > 0 && (size_t)kept <= 20000 / PKT_SMALL_ROOM + 1);
	sk->extra->rx_limit = sock_rx_bytes(sk); /* full to the octet */
	sock_input(sk, message(s, "x", 0));
	CU_ASSERT_EQUAL(sock_rx_dropped(sk), 101 - (unsigned)kept);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_SOCK_QUEUE_FULL), 101 - (unsigned)kept);
	sock_close(sk);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_SOCK_CLOSED), (unsigned)kept);
	lab_free(l);
}

static void queues_of_all_sockets_together_are_bounded(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *one = sock_open(s, SOCK_DGRAM, 200), *two = sock_open(s, SOCK_DGRAM, 200);
	char buf[8];

	sock_input(one, message(s, "x", 0));
	s->sysctl[SYSCTL_RMEM_TOTAL] = (int32_t)s->sock_bytes;
	CU_ASSERT_FALSE(sock_queue(two, message(s, "y", 0)));
	CU_ASSERT_EQUAL(stack_drops(s, DROP_SOCK_MEMORY), 1);
	CU_ASSERT_EQUAL(sock_recv(one, buf, sizeof(buf), 0, NULL), 1);
	CU_ASSERT_EQUAL(s->sock_bytes, 0);
	CU_ASSERT(sock_queue(two, message(s, "y", 0)));
	sock_close(two);
	CU_ASSERT_EQUAL(s->sock_bytes, 0);
	sock_close(one);
	lab_free(l);
}

static void small_message_in_a_big_buffer_is_moved(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct pkt *p = stack_pkt(s, 60000);
	struct sock_msg msg;

	p->ip.hdr_len = IP_HDR_LEN;
	p->dev = s->lo;
	memset(pkt_put(p, 30), 0, 30);
	sock_input(sk, p);
	CU_ASSERT_EQUAL(pool_in_use(&l->world.pkts.big), 0);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, &msg), 10);
	CU_ASSERT_EQUAL(msg.from.ifindex, s->lo->ifindex);
	sock_close(sk);
	lab_free(l);
}

static bool keep_none(const struct pkt *p, void *ctx)
{
	(void)p;
	++*(int *)ctx;
	return false;
}

/* There may be a million: what they do not use is not in them. */
static void a_stream_is_small_until_more_is_asked_of_it(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_STREAM, 202);

	CU_ASSERT(sizeof(*sk) <= 96);
	sock_set(sk, SO_OPT_TTL, 3);
	CU_ASSERT_PTR_NULL(sk->extra);
	alloc_arm(1, true);
	CU_ASSERT_EQUAL(sock_set_filter(sk, keep_none, NULL), -ENOMEM);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, (const uint8_t[]){IPOPT_NOP}, 1), -ENOMEM);
	alloc_disarm();
	CU_ASSERT_EQUAL(sock_set_filter(sk, keep_none, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL(sk->extra);
	sock_close(sk);
	lab_free(l);
}

static void filter_turns_packets_down_by_name(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_RAW, 1);
	int asked = 0;

	sock_set_filter(sk, keep_none, &asked);
	sock_input(sk, message(s, "x", 0));
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_EQUAL(stack_drops(s, DROP_SOCK_FILTER), 1);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	sock_close(sk);
	lab_free(l);
}

/* ---- events ---- */

static void events_of_a_turn_are_told_once_after_the_input(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct heard h = {0};

	sock_on_event(sk, hear, &h);
	lab_settle(l);
	CU_ASSERT_EQUAL(h.calls, 0);
	sock_input(sk, message(s, "a", 0));
	sock_input(sk, message(s, "b", 0));
	CU_ASSERT_EQUAL(h.calls, 0);
	lab_settle(l);
	CU_ASSERT_EQUAL(h.calls, 1);
	CU_ASSERT_EQUAL(h.events, SOCK_EVENT_READABLE);
	sock_close(sk);
	lab_free(l);
}

static void listener_learns_of_what_is_there_already(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct heard h = {0};

	sock_input(sk, message(s, "a", 0));
	sock_report(sk, &(struct sock_error){.error = ECONNREFUSED}, true);
	sock_on_event(sk, hear, &h);
	lab_settle(l);
	CU_ASSERT_EQUAL(h.events, SOCK_EVENT_READABLE | SOCK_EVENT_ERROR);
	sock_input(sk, message(s, "b", 0));
	sock_on_event(sk, NULL, NULL);
	lab_settle(l);
	CU_ASSERT_EQUAL(h.calls, 1);
	sock_close(sk);
	lab_free(l);
}

static void callback_may_close_its_socket(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct heard h = {.close = true};

	sock_on_event(sk, hear, &h);
	sock_input(sk, message(s, "a", 0));
	lab_settle(l);
	CU_ASSERT_EQUAL(h.calls, 1);
	CU_ASSERT(list_empty(&s->socks));
	lab_free(l);
}

static void closing_takes_back_a_pending_event(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct heard h = {0};

	sock_on_event(sk, hear, &h);
	sock_input(sk, message(s, "a", 0));
	sock_close(sk);
	lab_settle(l);
	CU_ASSERT_EQUAL(h.calls, 0);
	CU_ASSERT_EQUAL(closes, 1);
	lab_free(l);
}

static void socket_outlives_its_host(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct heard h = {0};
	struct sock_addr a = {0};
	struct sock_error e;
	int value;

	sock_on_event(sk, hear, &h);
	sock_input(sk, message(s, "a", 0));
	sock_stack_gone(s); /* as stack_delete() begins */
	CU_ASSERT_EQUAL(stack_drops(s, DROP_STACK_GONE), 1);
	stack_delete(s);
	CU_ASSERT_EQUAL(closes, 1);
	CU_ASSERT_EQUAL(pool_in_use(&l->world.pkts.small), 0);
	lab_settle(l);
	CU_ASSERT(h.events & SOCK_EVENT_HANGUP);
	CU_ASSERT_EQUAL(sock_send(sk, "x", 1, 0, NULL), -ENODEV);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -ENODEV);
	CU_ASSERT_EQUAL(sock_recv_error(sk, &e), -ENODEV);
	CU_ASSERT_EQUAL(sock_bind(sk, &a), -ENODEV);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), -ENODEV);
	CU_ASSERT_EQUAL(sock_name(sk, &a), -ENODEV);
	CU_ASSERT_EQUAL(sock_peer(sk, &a), -ENODEV);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_TTL, 1), -ENODEV);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_TTL, &value), -ENODEV);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, NULL, 0), -ENODEV);
	sock_close(sk);
	CU_ASSERT_EQUAL(closes, 1);
	lab_free(l);
}

/* ---- errors ---- */

static void fatal_error_is_returned_once_by_the_next_call(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct sock_error e = {.error = ECONNREFUSED};
	int value = 0;

	sock_input(sk, message(s, "a", 0));
	sock_report(sk, &e, false);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_ERROR, &value), 0);
	CU_ASSERT_EQUAL(value, 0);
	sock_report(sk, &e, true);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -ECONNREFUSED);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), 1);
	sock_report(sk, &e, true);
	CU_ASSERT_EQUAL(sock_send(sk, "x", 1, 0, NULL), -ECONNREFUSED);
	CU_ASSERT_EQUAL(sock_send(sk, "x", 1, 0, NULL), 1);
	sock_report(sk, &e, true);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_ERROR, &value), 0);
	CU_ASSERT_EQUAL(value, ECONNREFUSED);
	sock_close(sk);
	lab_free(l);
}

static void error_queue_keeps_order_and_is_bounded(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct sock_error e = {.error = EHOSTUNREACH};
	uint16_t kept = 0;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	CU_ASSERT_EQUAL(sock_recv_error(sk, &e), -EAGAIN);
	for (uint16_t i = 0; i < 1000; i++)
		sock_report(sk, &(struct sock_error){.error = EHOSTUNREACH, .seq = i}, true);
	while (sock_recv_error(sk, &e) == 0)
		CU_ASSERT_EQUAL(e.seq, kept++);
	CU_ASSERT(kept > 0 && kept <= 64);
	CU_ASSERT_EQUAL(sock_recv(sk, NULL, 0, 0, NULL), -EAGAIN);
	sock_report(sk, &e, true);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 0), 0);
	CU_ASSERT_EQUAL(sock_recv_error(sk, &e), -EAGAIN);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RECVERR, 1), 0);
	sock_report(sk, &e, true);
	sock_close(sk);
	lab_free(l);
}

/* ---- options ---- */

static void options_are_checked_and_read_back(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_RAW, 1), *dgram = sock_open(s, SOCK_DGRAM, 200);
	static const struct {
		enum sock_option opt;
		int initial, good, bad, result;
	} rows[] = {
		{SO_OPT_TTL, 64, 3, 256, -EINVAL},
		{SO_OPT_TTL, 3, 255, 0, -EINVAL},
		{SO_OPT_TOS, 0, 16, 256, -EINVAL},
		{SO_OPT_MTU_DISCOVER, SOCK_PMTU_WANT, SOCK_PMTU_DO, 4, -EINVAL},
		{SO_OPT_BINDTODEVICE, 0, 1, 99, -ENODEV},
		{SO_OPT_BROADCAST, 0, 1, 0, 0},
		{SO_OPT_RECVERR, 0, 1, 0, 0},
		{SO_OPT_HDRINCL, 0, 1, 0, 0},
		{SO_OPT_FREEBIND, 0, 1, 0, 0},
		{SO_OPT_SNDBUF, 212992, 5000, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int value = -9, want = rows[i].opt == SO_OPT_SNDBUF ? 2 * rows[i].good : rows[i].good;

		CU_ASSERT_EQUAL(sock_get(sk, rows[i].opt, &value), 0);
		CU_ASSERT_EQUAL(value, rows[i].initial);
		CU_ASSERT_EQUAL(sock_set(sk, rows[i].opt, rows[i].good), 0);
		CU_ASSERT_EQUAL(sock_get(sk, rows[i].opt, &value), 0);
		CU_ASSERT_EQUAL(value, want);
		CU_ASSERT_EQUAL(sock_set(sk, rows[i].opt, rows[i].bad), rows[i].result);
	}
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_TTL, -1), 0);
	CU_ASSERT_EQUAL(sk->ttl, 0);
	CU_ASSERT_EQUAL(sock_set(dgram, SO_OPT_HDRINCL, 1), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_MTU, 1), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_ERROR, 1), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_set(sk, (enum sock_option)99, 1), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_get(sk, (enum sock_option)99, &(int){0}), -ENOPROTOOPT);
	sock_close(sk);
	sock_close(dgram);
	lab_free(l);
}

static void buffers_stay_between_their_bounds(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200);
	struct fake_sock *fake = CONTAINER_OF(sk, struct fake_sock, sk);
	char *big = calloc(1, 5000);
	int value = 0;

	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RCVBUF, INT32_MAX), 0);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_RCVBUF, &value), 0);
	CU_ASSERT_EQUAL(value, 2 * 212992);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RCVBUF, 5), 0);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_RCVBUF, &value), 0);
	CU_ASSERT_EQUAL(value, 2304);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_RCVBUF, -5), 0); /* as Linux: very much */
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_RCVBUF, &value), 0);
	CU_ASSERT_EQUAL(value, 2 * 212992);
	CU_ASSERT_EQUAL(sock_set(sk, SO_OPT_SNDBUF, 1), 0);
	CU_ASSERT_EQUAL(sock_send(sk, big, 5000, 0, NULL), -EMSGSIZE);
	CU_ASSERT_EQUAL(fake->sent, 0);
	CU_ASSERT_EQUAL(sock_send(sk, big, 4000, 0, NULL), 4000);
	CU_ASSERT_EQUAL(fake->sent, 1);
	free(big);
	sock_close(sk);
	lab_free(l);
}

static void mtu_is_that_of_the_way_to_the_peer(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_DGRAM, 200), *raw = sock_open(s, SOCK_RAW, 1);
	struct sock_addr a = {.ip = 0x0a000002, .port = 7}, peer;
	int value = 0;

	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_MTU, &value), -ENOTCONN);
	CU_ASSERT_EQUAL(sock_peer(sk, &peer), -ENOTCONN);
	CU_ASSERT_EQUAL(sock_connect(sk, &a), 0);
	CU_ASSERT_EQUAL(sock_get(sk, SO_OPT_MTU, &value), 0);
	CU_ASSERT_EQUAL(value, 1400);
	CU_ASSERT_EQUAL(sock_peer(sk, &peer), 0);
	CU_ASSERT_EQUAL(peer.ip, a.ip);
	CU_ASSERT_EQUAL(sock_name(sk, &peer), 0);
	CU_ASSERT_EQUAL(peer.ip, 0);
	raw->extra->peer.ip = a.ip;
	CU_ASSERT_EQUAL(sock_get(raw, SO_OPT_MTU, &value), -ENOPROTOOPT);
	sock_close(sk);
	sock_close(raw);
	lab_free(l);
}

static void ip_options_are_padded_and_at_most_40_octets(void)
{
	struct stack *s;
	struct lab *l = new_lab(&s);
	struct sock *sk = sock_open(s, SOCK_RAW, 1);
	uint8_t opts[41];

	memset(opts, IPOPT_NOP, sizeof(opts));
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, opts, 41), -EINVAL);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, opts, 40), 0);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, opts, 5), 0);
	CU_ASSERT_EQUAL(sock_opts_len(sk), 8);
	CU_ASSERT_EQUAL(sk->extra->opts[4], IPOPT_NOP);
	CU_ASSERT_EQUAL(sk->extra->opts[5], IPOPT_EOL);
	CU_ASSERT_EQUAL(sock_set_ip_options(sk, NULL, 0), 0);
	CU_ASSERT_EQUAL(sock_opts_len(sk), 0);
	sock_close(sk);
	lab_free(l);
}

SUITE(net_sock, T(type_and_number_find_the_protocol), T(protocol_may_refuse_to_open),
	T(what_a_kind_lacks_is_not_supported),
	T(message_is_read_without_its_ip_header_and_with_what_is_known),
	T(small_buffer_gets_the_start_and_the_true_length), T(raw_message_begins_with_its_ip_header),
	T(queue_is_bounded_by_the_size_of_the_buffers), T(queues_of_all_sockets_together_are_bounded),
	T(small_message_in_a_big_buffer_is_moved), T(a_stream_is_small_until_more_is_asked_of_it),
	T(filter_turns_packets_down_by_name), T(events_of_a_turn_are_told_once_after_the_input),
	T(listener_learns_of_what_is_there_already), T(callback_may_close_its_socket),
	T(closing_takes_back_a_pending_event), T(socket_outlives_its_host),
	T(fatal_error_is_returned_once_by_the_next_call), T(error_queue_keeps_order_and_is_bounded),
	T(options_are_checked_and_read_back), T(buffers_stay_between_their_bounds),
	T(mtu_is_that_of_the_way_to_the_peer), T(ip_options_are_padded_and_at_most_40_octets))
