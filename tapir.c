/* SPDX-License-Identifier: MIT */
/* tapir.h: what an embedding program sees. A host is a stack; a socket has one of the core's. */
#include "tapir.h"

#include "dev/kinds.h"
#include "dev/tap.h"
#include "inet.h"
#include "ip/ip.h"
#include "lib/text.h"
#include "net/sock.h"
#include "net/stack.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct tapir {
	struct loop loop;
	struct world world;
	bool stop;
};

/* Nothing has to be translated. */
#define SAME(ours, theirs) static_assert((int)(ours) == (int)(theirs), #ours)
SAME(TAPIR_READABLE, SOCK_EVENT_READABLE);
SAME(TAPIR_WRITABLE, SOCK_EVENT_WRITABLE);
SAME(TAPIR_HANGUP, SOCK_EVENT_HANGUP);
SAME(TAPIR_ERROR, SOCK_EVENT_ERROR);
SAME(TAPIR_URGENT, SOCK_EVENT_URGENT);
SAME(TAPIR_OOB, MSG_OOB);
SAME(TAPIR_PEEK, MSG_PEEK);
SAME(TAPIR_TRUNC, MSG_TRUNC);
SAME(TAPIR_MORE, MSG_MORE);

static struct stack *stack_of(struct tapir_host *h)
{
	return (struct stack *)h;
}

/* ---- the loop ---- */

struct tapir *tapir_new(void)
{
	struct tapir *t = calloc(1, sizeof(*t));
	struct clock clock;
	uint64_t seed;

	if (!t)
		return NULL;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		free(t);
		return NULL;
	}
	clock_init_real(&clock);
	loop_init(&t->loop, clock);
	world_init(&t->world, &t->loop, seed, inet_protos);
	return t;
}

void tapir_free(struct tapir *t)
{
	world_exit(&t->world);
	loop_exit(&t->loop);
	free(t);
}

bool tapir_turn(struct tapir *t, bool may_sleep)
{
	return loop_turn(&t->loop, may_sleep);
}

void tapir_run(struct tapir *t)
{
	t->stop = false;
	while (!t->stop && loop_turn(&t->loop, true))
		;
}

void tapir_stop(struct tapir *t)
{
	t->stop = true;
}

int tapir_fd(const struct tapir *t)
{
	return t->loop.epoll;
}

int tapir_timeout_ms(struct tapir *t)
{
	uint64_t next = wheel_next(&t->loop.wheel), now = clock_read(&t->loop.clock);

	if (!list_empty(&t->loop.ingress) || !list_empty(&t->loop.egress) || next <= now)
		return 0;
	return next == TIMER_NEVER ? -1 : (int)MIN((next - now + NS_PER_MS - 1) / NS_PER_MS, INT32_MAX);
}

uint64_t tapir_now_ns(const struct tapir *t)
{
	return t->loop.now;
}

struct tapir_watch {
	struct watch watch;
	struct loop *loop;
	void (*fn)(int fd, short events, void *ctx);
	void *ctx;
};

static void watch_ready(struct watch *watch, short events)
{
	struct tapir_watch *w = CONTAINER_OF(watch, struct tapir_watch, watch);

	w->fn(watch->fd, events, w->ctx);
}

struct tapir_watch *tapir_watch(
	struct tapir *t, int fd, short events, void (*fn)(int fd, short events, void *ctx), void *ctx)
{
	struct tapir_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct tapir_watch){.watch = {.fd = fd, .events = events, .ready = watch_ready},
		.loop = &t->loop,
		.fn = fn,
		.ctx = ctx};
	loop_watch(w->loop, &w->watch);
	return w;
}

void tapir_unwatch(struct tapir_watch *w)
{
	loop_unwatch(w->loop, &w->watch);
	free(w);
}

struct tapir_timer {
	struct timer timer;
	struct loop *loop;
	void (*fn)(void *ctx);
	void *ctx;
};

static void timer_due(struct timer *timer)
{
	struct tapir_timer *tm = CONTAINER_OF(timer, struct tapir_timer, timer);

	tm->fn(tm->ctx);
}

struct tapir_timer *tapir_timer_new(struct tapir *t, void (*fn)(void *ctx), void *ctx)
{
	struct tapir_timer *tm = calloc(1, sizeof(*tm));

	if (!tm)
		return NULL;
	tm->loop = &t->loop;
	tm->fn = fn;
	tm->ctx = ctx;
	timer_init(&tm->timer, timer_due);
	return tm;
}

void tapir_timer_set(struct tapir_timer *tm, uint64_t ns)
{
	timer_arm(&tm->loop->wheel, &tm->timer, tm->loop->now + ns);
}

void tapir_timer_free(struct tapir_timer *tm)
{
	timer_cancel(&tm->loop->wheel, &tm->timer);
	free(tm);
}

/* ---- hosts ---- */

struct tapir_host *tapir_host_new(struct tapir *t, const char *name)
{
	struct stack *s = stack_new(&t->world, name, loopback_create);

	if (s)
		dev_set_up(s->lo, true);
	return (struct tapir_host *)s;
}

void tapir_host_free(struct tapir_host *h)
{
	stack_delete(stack_of(h));
}

/* A device that was made comes up. */
static int up(struct tapir_host *h, const char *dev, int err)
{
	return err ? err : dev_set_up(dev_by_name(stack_of(h), dev), true);
}

int tapir_tap(struct tapir_host *h, const char *dev, const char *ifname)
{
	return up(h, dev, tap_create(stack_of(h), dev, ifname, (struct tap_config){0}));
}

int tapir_tun(struct tapir_host *h, const char *dev, const char *ifname)
{
	return up(h, dev, tap_create(stack_of(h), dev, ifname, (struct tap_config){.is_tun = true}));
}

int tapir_cable(struct tapir_host *a, const char *dev_a, struct tapir_host *b, const char *dev_b)
{
	struct dev_config config = {.peer_name = dev_b, .peer_stack = stack_of(b)};
	int err = up(a, dev_a, veth_create(stack_of(a), dev_a, &config));

	return up(b, dev_b, err);
}

/* "10.0.0.1/24", and "10.0.0.1" as /32. */
static bool parse_cidr(const char *text, uint32_t *ip, uint8_t *plen)
{
	char addr[TEXT_CIDR_LEN] = "";
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char *end = "";
	unsigned long bits = slash ? strtoul(slash + 1, &end, 10) : 32;

	if (len >= sizeof(addr) || *end || bits > 32 || (slash && (slash[1] < '0' || slash[1] > '9')))
		return false;
	memcpy(addr, text, len);
	*plen = (uint8_t)bits;
	return text_parse_ip(addr, ip);
}

int tapir_addr_add(struct tapir_host *h, const char *dev, const char *cidr)
{
	struct dev *d = dev_by_name(stack_of(h), dev);
	struct netif_addr a = {.scope = SCOPE_GLOBAL};

	if (!d)
		return -ENODEV;
	if (!parse_cidr(cidr, &a.local, &a.plen))
		return -EINVAL;
	a.peer = a.local;
	if (a.plen < 31)
		a.broadcast = a.local | (uint32_t)(UINT64_C(0xffffffff) >> a.plen);
	snprintf(a.label, sizeof(a.label), "%s", dev);
	return netif_addr_add(d->netif, &a, NULL);
}

int tapir_route_add(struct tapir_host *h, const char *prefix, const char *gateway)
{
	struct route r = {.type = ROUTE_UNICAST, .scope = SCOPE_NOWHERE, .origin = ROUTE_BY_STATIC};
	struct route_path path;

	if (strcmp(prefix, "default") != 0 && !parse_cidr(prefix, &r.prefix, &r.plen))
		return -EINVAL;
	if (!text_parse_ip(gateway, &r.gateway))
		return -EINVAL;
	struct route_key key = {.dst = r.gateway};
	if (route_lookup(stack_of(h), &key, &path))
		return -ENETUNREACH;
	r.netif = path.netif;
	return route_add(stack_of(h), &r, false);
}

int tapir_sysctl(struct tapir_host *h, const char *name, const char *value)
{
	return sysctl_write(stack_of(h), name, value);
}

/* ---- sockets ---- */

static struct sock_addr to_core(struct tapir_addr a)
{
	return (struct sock_addr){.ip = a.ip, .port = a.port};
}

static int from_core(int err, const struct sock_addr *from, struct tapir_addr *to)
{
	if (!err)
		*to = (struct tapir_addr){from->ip, from->port};
	return err;
}

struct tapir_sock {
	struct sock *core;
	tapir_event_fn *fn;
	void *ctx;
};

static struct tapir_sock *wrap(struct sock *core)
{
	struct tapir_sock *sk = core ? calloc(1, sizeof(*sk)) : NULL;

	if (sk)
		sk->core = core;
	else if (core)
		sock_close(core);
	return sk;
}

struct tapir_sock *tapir_socket(struct tapir_host *h, enum tapir_kind kind)
{
	if (kind == TAPIR_TCP)
		return wrap(sock_open(stack_of(h), SOCK_STREAM, IP_PROTO_TCP));
	return wrap(sock_open(stack_of(h), SOCK_DGRAM, IP_PROTO_UDP));
}

void tapir_close(struct tapir_sock *sk)
{
	sock_close(sk->core);
	free(sk);
}

static void tell(struct sock *core, unsigned events, void *ctx)
{
	struct tapir_sock *sk = ctx;

	(void)core;
	sk->fn(sk, events, sk->ctx);
}

void tapir_on_event(struct tapir_sock *sk, tapir_event_fn *fn, void *ctx)
{
	sk->fn = fn;
	sk->ctx = ctx;
	sock_on_event(sk->core, fn ? tell : NULL, sk);
}

unsigned tapir_ready(const struct tapir_sock *sk)
{
	return sock_ready(sk->core);
}

int tapir_bind(struct tapir_sock *sk, struct tapir_addr a)
{
	struct sock_addr to = to_core(a);

	return sock_bind(sk->core, &to);
}

int tapir_connect(struct tapir_sock *sk, struct tapir_addr a)
{
	struct sock_addr to = to_core(a);

	return sock_connect(sk->core, &to);
}

int tapir_listen(struct tapir_sock *sk, int backlog)
{
	return sock_listen(sk->core, backlog);
}

struct tapir_sock *tapir_accept(struct tapir_sock *sk, struct tapir_addr *from)
{
	struct sock_addr peer;
	struct sock *core = sock_accept(sk->core, &peer);

	if (core && from)
		from_core(0, &peer, from);
	return wrap(core);
}

int tapir_shutdown(struct tapir_sock *sk, int how)
{
	return sock_shutdown(sk->core, how);
}

int tapir_name(const struct tapir_sock *sk, struct tapir_addr *a)
{
	struct sock_addr name;

	return from_core(sock_name(sk->core, &name), &name, a);
}

int tapir_peer(const struct tapir_sock *sk, struct tapir_addr *a)
{
	struct sock_addr peer;

	return from_core(sock_peer(sk->core, &peer), &peer, a);
}

ssize_t tapir_send(struct tapir_sock *sk, const void *data, size_t len, int flags)
{
	return sock_send(sk->core, data, len, flags, NULL);
}

ssize_t tapir_recv(struct tapir_sock *sk, void *buf, size_t room, int flags)
{
	return sock_recv(sk->core, buf, room, flags, NULL);
}

ssize_t tapir_send_to(struct tapir_sock *sk, const void *data, size_t len, int flags, struct tapir_addr to)
{
	struct sock_addr peer = to_core(to);

	return sock_send(sk->core, data, len, flags, &peer);
}

ssize_t tapir_recv_from(struct tapir_sock *sk, void *buf, size_t room, int flags, struct tapir_addr *from)
{
	struct sock_msg msg;
	ssize_t n = sock_recv(sk->core, buf, room, flags, &msg);

	if (n >= 0 && from)
		from_core(0, &msg.from, from);
	return n;
}

static const enum sock_option options[] = {
	[TAPIR_OPT_ERROR] = SO_OPT_ERROR,
	[TAPIR_OPT_RCVBUF] = SO_OPT_RCVBUF,
	[TAPIR_OPT_SNDBUF] = SO_OPT_SNDBUF,
	[TAPIR_OPT_REUSEADDR] = SO_OPT_REUSEADDR,
	[TAPIR_OPT_REUSEPORT] = SO_OPT_REUSEPORT,
	[TAPIR_OPT_BROADCAST] = SO_OPT_BROADCAST,
	[TAPIR_OPT_KEEPALIVE] = SO_OPT_KEEPALIVE,
	[TAPIR_OPT_LINGER] = SO_OPT_LINGER,
	[TAPIR_OPT_OOBINLINE] = SO_OPT_OOBINLINE,
	[TAPIR_OPT_TTL] = SO_OPT_TTL,
	[TAPIR_OPT_TOS] = SO_OPT_TOS,
	[TAPIR_OPT_NODELAY] = SO_OPT_TCP_NODELAY,
	[TAPIR_OPT_CORK] = SO_OPT_TCP_CORK,
	[TAPIR_OPT_MAXSEG] = SO_OPT_TCP_MAXSEG,
	[TAPIR_OPT_USER_TIMEOUT] = SO_OPT_TCP_USER_TIMEOUT,
	[TAPIR_OPT_KEEPIDLE] = SO_OPT_TCP_KEEPIDLE,
	[TAPIR_OPT_KEEPINTVL] = SO_OPT_TCP_KEEPINTVL,
	[TAPIR_OPT_KEEPCNT] = SO_OPT_TCP_KEEPCNT,
	[TAPIR_OPT_NOTSENT_LOWAT] = SO_OPT_TCP_NOTSENT_LOWAT,
};

int tapir_set(struct tapir_sock *sk, enum tapir_option opt, int value)
{
	return (size_t)opt < ARRAY_SIZE(options) ? sock_set(sk->core, options[opt], value) : -ENOPROTOOPT;
}

int tapir_get(struct tapir_sock *sk, enum tapir_option opt, int *value)
{
	return (size_t)opt < ARRAY_SIZE(options) ? sock_get(sk->core, options[opt], value) : -ENOPROTOOPT;
}

/* ---- addresses as text ---- */

bool tapir_addr_parse(const char *text, struct tapir_addr *a)
{
	char ip[TEXT_IP_LEN] = "0.0.0.0";
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char *end = "";
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (len >= sizeof(ip) || (!len && !colon) || *end || port > UINT16_MAX ||
		(colon && (colon[1] < '0' || colon[1] > '9')))
		return false;
	if (len) {
		memcpy(ip, text, len);
		ip[len] = 0;
	}
	a->port = (uint16_t)port;
	return text_parse_ip(ip, &a->ip);
}

char *tapir_addr_print(char text[22], struct tapir_addr a)
{
	snprintf(text, 22, "%s:%u", TEXT_IP(a.ip), a.port);
	return text;
}
