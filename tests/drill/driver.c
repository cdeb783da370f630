/* SPDX-License-Identifier: MIT */
/*
 * packetdrill's part, played without packetdrill: loads the plug-in as it does, injects packets, looks at what comes out,
 * and makes the calls that block from a second thread.
 *
 *	driver DRILL.SO        prints what failed, and "N passed, N failed, N skipped"
 */
#include "lib/bytes.h"
#include "net/wire_ip.h"
#include "net/wire_tcp.h"
#include "tests/drill/packetdrill.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { PORT = 8080, PEER_PORT = 40000, HEADERS = IP_HDR_LEN + TCP_HDR_LEN, ISN = 5000 };

#define ME   UINT32_C(0xc0a80002) /* 192.168.0.2 */
#define PEER UINT32_C(0xc0000201) /* 192.0.2.1 */

static packetdrill_interface_init_fn *init;
static const char *running; /* the case */
static bool failed;

#define CHECK(what) check(what, #what, __LINE__)

static void check(bool is, const char *what, int line)
{
	if (is)
		return;
	printf("not ok %s: driver.c:%d: %s\n", running, line, what);
	failed = true;
}

/* ---- the peer ---- */

struct peer {
	struct packetdrill_interface i;
	uint16_t port; /* of the stack's */
	uint32_t nxt, ack;
	int listener, fd;
};

static void say(struct peer *p, uint16_t flags, size_t len)
{
	uint8_t b[HEADERS + 2000] = {0};
	struct ip_hdr ip = {.hdr_len = IP_HDR_LEN,
		.total_len = (uint16_t)(HEADERS + len),
		.ttl = 64,
		.proto = IP_PROTO_TCP,
		.src = PEER,
		.dst = ME};
	struct tcp_hdr tcp = {.sport = PEER_PORT,
		.dport = p->port,
		.seq = p->nxt,
		.ack = p->ack,
		.wnd = 60000,
		.flags = flags,
		.hdr_len = TCP_HDR_LEN};

	ip_emit(b, &ip);
	tcp_emit(b + IP_HDR_LEN, &tcp);
	memset(b + HEADERS, 'x', len);
	tcp_put_check(b + IP_HDR_LEN, tcp_csum(b + IP_HDR_LEN, TCP_HDR_LEN + len, PEER, ME));
	p->nxt += (uint32_t)len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	CHECK(p->i.netdev_send(p->i.self, b, HEADERS + len) == 0);
}

/* The next segment of the stack; the peer has it. Returns its text's length, or -1: none comes. */
static int hear(struct peer *p, struct tcp_hdr *h, long long *time_us)
{
	uint8_t b[65536];
	size_t len = sizeof(b);
	struct ip_hdr ip = {.hdr_len = IP_HDR_LEN};

	CHECK(p->i.netdev_receive(p->i.self, b, &len, time_us) == 0);
	if (!len)
		return -1;
	CHECK(ip_parse(b, len, &ip) == DROP_NONE && ip.src == ME && ip.dst == PEER && ip.total_len == len);
	CHECK(tcp_parse(b + ip.hdr_len, len - ip.hdr_len, ip.src, ip.dst, false, h) == DROP_NONE);
	int text = (int)len - ip.hdr_len - h->hdr_len;
	p->port = h->sport;
	p->ack = h->seq + (uint32_t)text + !!(h->flags & TCP_SYN) + !!(h->flags & TCP_FIN);
	return text;
}

static void expect(struct peer *p, uint16_t flags, int len)
{
	struct tcp_hdr h = {0};
	long long time_us;

	CHECK(hear(p, &h, &time_us) == len);
	CHECK((h.flags & ~TCP_PSH) == flags);
}

static long long now_us(struct peer *p)
{
	struct timeval tv;

	CHECK(p->i.gettimeofday(p->i.self, &tv, NULL) == 0);
	return tv.tv_sec * 1000000LL + tv.tv_usec;
}

static struct sockaddr_in name_of(uint32_t ip, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(ip)};
}

static int bind_to(struct peer *p, int fd, uint32_t ip, uint16_t port)
{
	struct sockaddr_in a = name_of(ip, port);

	return p->i.bind(p->i.self, fd, (struct sockaddr *)&a, sizeof(a));
}

static int connect_to(struct peer *p, int fd)
{
	struct sockaddr_in a = name_of(PEER, PEER_PORT);

	return p->i.connect(p->i.self, fd, (struct sockaddr *)&a, sizeof(a));
}

/* A stack that listens. */
static void begin(struct peer *p)
{
	*p = (struct peer){.port = PORT, .nxt = ISN, .fd = -1};
	init("local=192.168.0.2/16 mtu=1500", &p->i);
	p->listener = p->i.socket(p->i.self, AF_INET, SOCK_STREAM, 0);
	CHECK(p->listener >= 0 && bind_to(p, p->listener, ME, PORT) == 0);
	CHECK(p->i.listen(p->i.self, p->listener, 1) == 0);
}

static void shake_hands(struct peer *p)
{
	say(p, TCP_SYN, 0);
	expect(p, TCP_SYN | TCP_ACK, 0);
	say(p, TCP_ACK, 0);
}

/* The same with a connection. */
static void begin_connected(struct peer *p)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	begin(p);
	shake_hands(p);
	p->fd = p->i.accept(p->i.self, p->listener, (struct sockaddr *)&from, &len);
	CHECK(p->fd >= 0 && ntohl(from.sin_addr.s_addr) == PEER && ntohs(from.sin_port) == PEER_PORT);
}

static void end(struct peer *p)
{
	p->i.free(p->i.self);
}

/* ---- what a script does in one thread ---- */

static void a_connection_is_accepted_read_written_and_closed(void)
{
	struct peer p;
	char text[100];

	begin_connected(&p);
	say(&p, TCP_ACK | TCP_PSH, 10);
	expect(&p, TCP_ACK, 0);
	CHECK(p.i.read(p.i.self, p.fd, text, sizeof(text)) == 10 && memcmp(text, "xxxxxxxxxx", 10) == 0);
	CHECK(p.i.write(p.i.self, p.fd, text, 10) == 10);
	expect(&p, TCP_ACK, 10);
	say(&p, TCP_ACK | TCP_FIN, 0);
	CHECK(p.i.read(p.i.self, p.fd, text, sizeof(text)) == 0);
	CHECK(p.i.close(p.i.self, p.fd) == 0);
	CHECK(p.i.close(p.i.self, p.fd) == -1 && errno == EBADF);
	end(&p);
}

static void parts_of_a_message_go_and_come_as_one(void)
{
	struct peer p;
	char a[3] = "abc", b[4] = "defg", whole[7];
	struct iovec parts[] = {{a, 3}, {b, 4}};

	begin_connected(&p);
	CHECK(p.i.writev(p.i.self, p.fd, parts, 2) == 7);
	expect(&p, TCP_ACK, 7);
	say(&p, TCP_ACK | TCP_PSH, 7);
	CHECK(p.i.recv(p.i.self, p.fd, whole, 7, MSG_PEEK) == 7);
	CHECK(p.i.readv(p.i.self, p.fd, parts, 2) == 7 && memcmp(a, "xxx", 3) == 0 &&
		memcmp(b, "xxxx", 4) == 0);
	end(&p);
}

static void an_active_opening_is_refused(void)
{
	struct peer p;

	begin(&p);
	int fd = p.i.socket(p.i.self, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	CHECK(connect_to(&p, fd) == -1 && errno == EINPROGRESS);
	expect(&p, TCP_SYN, 0);
	say(&p, TCP_RST | TCP_ACK, 0);
	int error = 0;
	socklen_t len = sizeof(error);
	CHECK(p.i.getsockopt(p.i.self, fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == ECONNREFUSED);
	end(&p);
}

static void options_have_linuxs_numbers(void)
{
	struct peer p;
	int value = 1;
	socklen_t len = sizeof(value);
	struct linger linger = {1, 3};
	char name[16] = "";

	begin_connected(&p);
	CHECK(p.i.setsockopt(p.i.self, p.fd, IPPROTO_TCP, TCP_NODELAY, &value, len) == 0);
	value = 0;
	CHECK(p.i.getsockopt(p.i.self, p.fd, IPPROTO_TCP, TCP_NODELAY, &value, &len) == 0 && value == 1);
	CHECK(p.i.setsockopt(p.i.self, p.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	len = sizeof(name);
	CHECK(p.i.getsockopt(p.i.self, p.fd, IPPROTO_TCP, TCP_CONGESTION, name, &len) == 0);
	CHECK(strcmp(name, "cubic") == 0);
	CHECK(p.i.setsockopt(p.i.self, p.fd, IPPROTO_TCP, 9999, &value, sizeof(value)) == -1);
	CHECK(errno == ENOPROTOOPT);
	end(&p);
}

/* By the machine's struct, of which what is asserted here is as old as TCP_INFO. */
static void tcp_info_has_linuxs_layout(void)
{
	struct peer p;
	struct tcp_info info;
	socklen_t len = sizeof(info);

	begin_connected(&p);
	p.i.write(p.i.self, p.fd, "0123456789", 10);
	CHECK(p.i.getsockopt(p.i.self, p.fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && len == sizeof(info));
	CHECK(info.tcpi_state == 1 /* ESTABLISHED */ && info.tcpi_snd_cwnd == 10 && info.tcpi_unacked == 1);
	CHECK(info.tcpi_snd_mss == 536 && info.tcpi_snd_ssthresh == 0x7fffffff && info.tcpi_advmss == 1460);
	end(&p);
}

static void bytes_that_wait_are_told(void)
{
	struct peer p;
	int bytes = 0;

	begin_connected(&p);
	say(&p, TCP_ACK, 100);
	CHECK(p.i.ioctl(p.i.self, p.fd, SIOCINQ, &bytes) == 0 && bytes == 100);
	CHECK(p.i.fcntl(p.i.self, p.fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
	CHECK(p.i.fcntl(p.i.self, p.fd, F_GETFL) == (O_RDWR | O_NONBLOCK));
	end(&p);
}

static void poll_and_epoll_say_what_is_ready(void)
{
	struct peer p;

	begin_connected(&p);
	struct pollfd fds = {.fd = p.fd, .events = POLLIN | POLLOUT};
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.u32 = 7}, got = {0};
	int ep = p.i.epoll_create(p.i.self, 1);

	CHECK(p.i.poll(p.i.self, &fds, 1, 0) == 1 && fds.revents == POLLOUT);
	CHECK(p.i.epoll_ctl(p.i.self, ep, EPOLL_CTL_ADD, p.fd, &ev) == 0);
	CHECK(p.i.epoll_ctl(p.i.self, ep, EPOLL_CTL_ADD, p.fd, &ev) == -1 && errno == EEXIST);
	CHECK(p.i.epoll_wait(p.i.self, ep, &got, 1, 0) == 0);
	say(&p, TCP_ACK, 10);
	CHECK(p.i.poll(p.i.self, &fds, 1, 0) == 1 && fds.revents == (POLLIN | POLLOUT));
	CHECK(p.i.epoll_wait(p.i.self, ep, &got, 1, 0) == 1 && got.events == EPOLLIN && got.data.u32 == 7);
	CHECK(p.i.epoll_wait(p.i.self, ep, &got, 1, 0) == 0); /* the edge was told */
	say(&p, TCP_ACK, 10);
	CHECK(p.i.epoll_wait(p.i.self, ep, &got, 1, 0) == 1);
	end(&p);
}

/* ---- time ---- */

static void the_clock_moves_with_each_look_at_it(void)
{
	struct peer p;

	begin(&p);
	long long before = now_us(&p);
	CHECK(now_us(&p) == before + 1);
	CHECK(p.i.usleep(p.i.self, 127000000) == 0); /* at once */
	CHECK(now_us(&p) == before + 127000002);
	end(&p);
}

static void waiting_for_a_packet_lets_time_pass(void)
{
	struct peer p;
	struct tcp_hdr h;
	long long first, again;

	begin_connected(&p);
	p.i.usleep(p.i.self, 100000);
	p.i.write(p.i.self, p.fd, "0123456789", 10);
	CHECK(hear(&p, &h, &first) == 10 && now_us(&p) <= first + 2);
	CHECK(hear(&p, &h, &again) == 10); /* the retransmission */
	CHECK(again - first >= 200000 && again - first < 2000000);
	end(&p);
}

static void where_no_packet_ever_comes_none_is_told(void)
{
	struct peer p;
	struct tcp_hdr h;
	long long time_us;

	begin(&p);
	CHECK(hear(&p, &h, &time_us) == -1);
	end(&p);
}

static void a_call_that_would_block_ends_with_its_timeout(void)
{
	struct peer p;
	struct timeval tv = {.tv_sec = 5};
	char text[10];

	begin_connected(&p);
	CHECK(p.i.setsockopt(p.i.self, p.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0);
	long long before = now_us(&p);
	CHECK(p.i.read(p.i.self, p.fd, text, sizeof(text)) == -1 && errno == EAGAIN);
	CHECK(now_us(&p) == before + 5000001);
	end(&p);
}

/* ---- calls that block, in a second thread ---- */

struct call {
	struct peer *p;
	pthread_t thread;
	atomic_int tid; /* 0: not known yet */
	ssize_t (*make)(struct peer *p);
	ssize_t result;
	long long end_us;
};

/* As packetdrill does: the call, then the time. */
static void *make_call(void *arg)
{
	struct call *c = arg;

	c->tid = gettid();
	c->result = c->make(c->p);
	c->end_us = now_us(c->p);
	return NULL;
}

static bool is_asleep(int tid)
{
	char path[64], state = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	FILE *f = fopen(path, "r");
	if (f) {
		CHECK(fscanf(f, "%*d (%*[^)]) %c", &state) == 1);
		fclose(f);
	}
	return state == 'S';
}

/* Until the thread sleeps, as packetdrill waits for it. */
static void begin_call(struct call *c, struct peer *p, ssize_t (*make)(struct peer *))
{
	c->p = p;
	c->make = make;
	c->tid = 0;
	CHECK(pthread_create(&c->thread, NULL, make_call, c) == 0);
	while (!c->tid || !is_asleep(c->tid))
		sched_yield();
}

static void end_call(struct call *c, ssize_t result, long long after_us)
{
	pthread_join(c->thread, NULL);
	CHECK(c->result == result);
	CHECK(c->end_us >= after_us && c->end_us <= after_us + 10);
}

static ssize_t accept_one(struct peer *p)
{
	p->fd = p->i.accept(p->i.self, p->listener, NULL, NULL);
	return p->fd >= 0;
}

static ssize_t read_some(struct peer *p)
{
	char text[100];

	return p->i.read(p->i.self, p->fd, text, sizeof(text));
}

static ssize_t connect_one(struct peer *p)
{
	p->fd = p->i.socket(p->i.self, AF_INET, SOCK_STREAM, 0);
	return connect_to(p, p->fd);
}

static ssize_t write_much(struct peer *p)
{
	static const char text[1 << 20];

	return p->i.write(p->i.self, p->fd, text, sizeof(text));
}

static ssize_t poll_for_text(struct peer *p)
{
	struct pollfd fds = {.fd = p->fd, .events = POLLIN};

	return p->i.poll(p->i.self, &fds, 1, -1);
}

static void accept_waits_for_a_connection(void)
{
	struct peer p;
	struct call c;

	begin(&p);
	begin_call(&c, &p, accept_one);
	shake_hands(&p);
	long long now = now_us(&p);
	end_call(&c, 1, now - 5);
	end(&p);
}

static void read_waits_for_text_and_the_clock_for_it(void)
{
	struct peer p;
	struct call c;

	begin_connected(&p);
	begin_call(&c, &p, read_some);
	p.i.usleep(p.i.self, 3000000);
	say(&p, TCP_ACK, 10);
	long long now = now_us(&p);
	p.i.usleep(p.i.self, 3000000); /* its end is before this */
	end_call(&c, 10, now - 5);
	end(&p);
}

static void connect_waits_for_the_handshake(void)
{
	struct peer p;
	struct call c;

	begin(&p);
	begin_call(&c, &p, connect_one);
	expect(&p, TCP_SYN, 0);
	say(&p, TCP_SYN | TCP_ACK, 0);
	long long now = now_us(&p);
	end_call(&c, 0, now - 5);
	expect(&p, TCP_ACK, 0);
	end(&p);
}

static void write_waits_for_room(void)
{
	struct peer p;
	struct call c;
	struct tcp_hdr h;
	long long time_us;
	int got = 0, len;

	begin_connected(&p);
	begin_call(&c, &p, write_much);
	while (got < 1 << 20 && (len = hear(&p, &h, &time_us)) > 0) {
		got += len;
		say(&p, TCP_ACK, 0);
	}
	pthread_join(c.thread, NULL);
	CHECK(c.result == 1 << 20 && got == 1 << 20);
	end(&p);
}

static void poll_waits_too(void)
{
	struct peer p;
	struct call c;

	begin_connected(&p);
	begin_call(&c, &p, poll_for_text);
	say(&p, TCP_ACK, 10);
	long long now = now_us(&p);
	end_call(&c, 1, now - 5);
	end(&p);
}

/* ---- all of it ---- */

#define T(name)             \
	{                   \
#name, name \
	}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	T(a_connection_is_accepted_read_written_and_closed),
	T(parts_of_a_message_go_and_come_as_one),
	T(an_active_opening_is_refused),
	T(options_have_linuxs_numbers),
	T(tcp_info_has_linuxs_layout),
	T(bytes_that_wait_are_told),
	T(poll_and_epoll_say_what_is_ready),
	T(the_clock_moves_with_each_look_at_it),
	T(waiting_for_a_packet_lets_time_pass),
	T(where_no_packet_ever_comes_none_is_told),
	T(a_call_that_would_block_ends_with_its_timeout),
	T(accept_waits_for_a_connection),
	T(read_waits_for_text_and_the_clock_for_it),
	T(connect_waits_for_the_handshake),
	T(write_waits_for_room),
	T(poll_waits_too),
};

static void count(const char *results, int passed, int bad)
{
	FILE *f = results ? fopen(results, "a") : NULL;

	if (f) {
		fprintf(f, "drill %d %d 0\n", passed, bad);
		fclose(f);
	}
	printf("%d passed, %d failed, 0 skipped\n", passed, bad);
}

int main(int argc, char **argv)
{
	void *so = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	int passed = 0, bad = 0;

	init = so ? (packetdrill_interface_init_fn *)dlsym(so, "packetdrill_interface_init") : NULL;
	if (!init) {
		fprintf(stderr, "driver DRILL.SO: %s\n", argc == 2 ? dlerror() : "which?");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		running = cases[i].name;
		failed = false;
		cases[i].run();
		passed += !failed;
		bad += failed;
	}
	count(getenv("RESULTS"), passed, bad);
	return bad > 0;
}
