/* SPDX-License-Identifier: MIT */
/*
 * The driver of the benchmarks: the kernel's sockets against any stack that has an address, and echo (7), discard (9)
 * and chargen (19) there. It prints one line of names and values.
 *
 *	driver MODE ADDRESS [-s SECONDS] [-n OUTSTANDING] [-b BYTES]
 *
 *	send	one connection to discard, written as fast as it takes it, until all is acknowledged
 *	recv	one connection to chargen, read
 *	rr	a request of so many bytes and its echo, over and over: OUTSTANDING connections with one request each
 *	crr	a connection, a request, its echo, both ends closed; then the next one
 *	udp	OUTSTANDING datagrams to echo; for each that comes back another one goes
 *	ping	the same by ICMP echo (net.ipv4.ping_group_range must let us)
 *
 * "count" is requests, or calls of send() and recv(); "user" and "system" are the driver's own seconds of CPU.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT_ECHO = 7,
	PORT_DISCARD = 9,
	PORT_CHARGEN = 19,
	BULK = 128 << 10, /* bytes a call of send() or recv() */
	MOST = 1024,	  /* requests outstanding, and bytes of one */
	PATIENCE_S = 5,	  /* for an answer by TCP */
	LOST_MS = 250,	  /* a datagram that has not come back by then is lost */
};

struct run {
	struct sockaddr_in to;
	double seconds;
	unsigned outstanding;
	size_t len; /* of a request */
	uint64_t end_ns;
	uint64_t count, bytes, lost;
	uint32_t *took; /* ns of each request */
	size_t took_room;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A request was answered. */
static void note(struct run *r, uint64_t since_ns, uint64_t until_ns)
{
	if (r->count == r->took_room) {
		r->took_room = r->took_room ? 2 * r->took_room : 1 << 20;
		r->took = realloc(r->took, r->took_room * sizeof(*r->took));
		if (!r->took)
			fail("memory");
	}
	r->took[r->count++] = (uint32_t)(until_ns - since_ns);
	r->bytes += r->len;
}

/* ---- TCP ---- */

static int dial(const struct run *r, uint16_t port)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_in to = r->to;
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	to.sin_port = htons(port);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("connect");
	return fd;
}

static void bulk_send(struct run *r)
{
	static char data[BULK];
	int fd = dial(r, PORT_DISCARD);

	do {
		ssize_t n = send(fd, data, sizeof(data), 0);
		if (n <= 0)
			fail("send");
		r->bytes += (size_t)n;
		r->count++;
	} while (now_ns() < r->end_ns);
	shutdown(fd, SHUT_WR);
	if (recv(fd, data, sizeof(data), 0) != 0)
		fail("the end of the other side");
	close(fd);
}

static void bulk_recv(struct run *r)
{
	static char data[BULK];
	int fd = dial(r, PORT_CHARGEN);

	do {
		ssize_t n = recv(fd, data, sizeof(data), 0);
		if (n <= 0)
			fail("recv");
		r->bytes += (size_t)n;
		r->count++;
	} while (now_ns() < r->end_ns);
	close(fd);
}

static void ask(const struct run *r, int fd)
{
	static const char request[MOST];

	if (send(fd, request, r->len, MSG_NOSIGNAL) != (ssize_t)r->len)
		fail("send");
}

static void await_echo(const struct run *r, int fd)
{
	char echo[MOST];
	ssize_t n;

	for (size_t got = 0; got < r->len; got += (size_t)n) {
		n = recv(fd, echo, r->len - got, 0);
		if (n <= 0)
			fail("no echo");
	}
}

static void request_one(struct run *r)
{
	int fd = dial(r, PORT_ECHO);
	uint64_t sent = now_ns();

	do {
		ask(r, fd);
		await_echo(r, fd);
		uint64_t answered = now_ns();
		note(r, sent, answered);
		sent = answered;
	} while (sent < r->end_ns);
	close(fd);
}

/* Each connection has one request under way. */
static void request_many(struct run *r)
{
	struct epoll_event events[MOST];
	uint64_t sent[MOST];
	int fds[MOST], ep = epoll_create1(0);

	for (unsigned i = 0; i < r->outstanding; i++) {
		struct epoll_event ev = {.events = EPOLLIN, .data.u32 = i};
		fds[i] = dial(r, PORT_ECHO);
		epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev);
	}
	for (unsigned i = 0; i < r->outstanding; i++) {
		sent[i] = now_ns();
		ask(r, fds[i]);
	}
	uint64_t now = 0;
	while (now < r->end_ns) {
		int n = epoll_wait(ep, events, MOST, PATIENCE_S * 1000);
		if (n <= 0)
			fail("no echo");
		for (int i = 0; i < n; i++) {
			unsigned flow = events[i].data.u32;
			await_echo(r, fds[flow]);
			now = now_ns();
			note(r, sent[flow], now);
			sent[flow] = now;
			ask(r, fds[flow]);
		}
	}
	for (unsigned i = 0; i < r->outstanding; i++) {
		await_echo(r, fds[i]);
		close(fds[i]);
	}
	close(ep);
}

static void request(struct run *r)
{
	if (r->outstanding == 1)
		request_one(r);
	else
		request_many(r);
}

/* The driver closes first, and sees the other side close too. */
static void connect_request_close(struct run *r)
{
	uint64_t began = now_ns();

	do {
		char octet;
		int fd = dial(r, PORT_ECHO);
		ask(r, fd);
		await_echo(r, fd);
		shutdown(fd, SHUT_WR);
		if (recv(fd, &octet, 1, 0) != 0)
			fail("the end of the other side");
		close(fd);
		uint64_t ended = now_ns();
		note(r, began, ended);
		began = ended;
	} while (began < r->end_ns);
}

/* ---- datagrams ---- */

/* A datagram carries its number behind what looks like the header of an ICMP echo; the kernel fills in the rest of
 * that where it is one. */
enum { NUMBER_AT = 8 };

struct flight {
	int fd;
	uint32_t next, answered;
	uint64_t sent_ns[MOST]; /* by number; 0: answered, or never sent */
};

static void send_next(const struct run *r, struct flight *f)
{
	char data[MOST] = {ICMP_ECHO};
	uint16_t seq = htons((uint16_t)f->next);

	memcpy(data + 6, &seq, sizeof(seq));
	memcpy(data + NUMBER_AT, &f->next, sizeof(f->next));
	f->sent_ns[f->next++ % MOST] = now_ns();
	if (send(f->fd, data, r->len, 0) < 0)
		fail("send");
}

/* None in time: those under way are given up for lost. One that comes later is passed over. */
static void take_answer(struct run *r, struct flight *f)
{
	char data[MOST];
	uint32_t number;

	if (recv(f->fd, data, sizeof(data), 0) != (ssize_t)r->len) {
		r->lost = f->next - f->answered;
		memset(f->sent_ns, 0, sizeof(f->sent_ns));
		return;
	}
	memcpy(&number, data + NUMBER_AT, sizeof(number));
	uint64_t *sent = &f->sent_ns[number % MOST];
	if (f->next - number <= MOST && *sent) {
		note(r, *sent, now_ns());
		*sent = 0;
		f->answered++;
	}
}

static void exchange(struct run *r, int fd)
{
	struct timeval patience = {.tv_usec = LOST_MS * 1000};
	struct flight f = {.fd = fd};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (fd < 0 || connect(fd, (struct sockaddr *)&r->to, sizeof(r->to)) < 0)
		fail("datagram socket");
	do {
		while (f.next - f.answered - r->lost < r->outstanding)
			send_next(r, &f);
		take_answer(r, &f);
	} while (now_ns() < r->end_ns);
	close(fd);
}

static void udp(struct run *r)
{
	r->to.sin_port = htons(PORT_ECHO);
	exchange(r, socket(AF_INET, SOCK_DGRAM, 0));
}

static void ping(struct run *r)
{
	exchange(r, socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}

/* ---- the command line, and what was found ---- */

static const struct mode {
	const char *name;
	void (*run)(struct run *r);
} modes[] = {{"send", bulk_send}, {"recv", bulk_recv}, {"rr", request}, {"crr", connect_request_close},
	{"udp", udp}, {"ping", ping}};

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void measure(const struct mode *m, struct run *r)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	uint64_t began = now_ns();
	r->end_ns = began + (uint64_t)(r->seconds * 1e9);
	m->run(r);
	double took = (double)(now_ns() - began) / 1e9;
	getrusage(RUSAGE_SELF, &after);
	printf("mode %s count %lu bytes %lu lost %lu seconds %.4f user %.6f system %.6f", m->name, r->count,
		r->bytes, r->lost, took, seconds_of(after.ru_utime) - seconds_of(before.ru_utime),
		seconds_of(after.ru_stime) - seconds_of(before.ru_stime));
	if (r->took && r->count) {
		qsort(r->took, r->count, sizeof(*r->took), compare);
		printf(" min_ns %u p50_ns %u p99_ns %u", r->took[0], r->took[r->count / 2],
			r->took[r->count * 99 / 100]);
	}
	putchar('\n');
}

static const struct mode *parse(int argc, char **argv, struct run *r)
{
	const struct mode *found = NULL;
	int opt;

	*r = (struct run){.to.sin_family = AF_INET, .seconds = 1, .outstanding = 1, .len = 64};
	while ((opt = getopt(argc, argv, "s:n:b:")) > 0) {
		if (opt == 's')
			r->seconds = atof(optarg);
		else if (opt == 'n')
			r->outstanding = (unsigned)atoi(optarg);
		else if (opt == 'b')
			r->len = (size_t)atol(optarg);
		else
			return NULL;
	}
	if (argc - optind != 2 || inet_pton(AF_INET, argv[optind + 1], &r->to.sin_addr) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, argv[optind]) == 0)
			found = &modes[i];
	bool fits = r->outstanding >= 1 && r->outstanding <= MOST && r->len > NUMBER_AT + 4 && r->len <= MOST;
	return fits ? found : NULL;
}

int main(int argc, char **argv)
{
	struct run r;
	const struct mode *m = parse(argc, argv, &r);

	if (!m) {
		fprintf(stderr,
			"Usage: driver send|recv|rr|crr|udp|ping ADDRESS [-s SECONDS] [-n OUTSTANDING] "
			"[-b BYTES]\n");
		return 2;
	}
	measure(m, &r);
	free(r.took);
	return 0;
}
