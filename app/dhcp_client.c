/* SPDX-License-Identifier: MIT */
/*
 * The client of RFC 2131 4.4, figure 5:
 *
 *	INIT -> SELECTING -> REQUESTING -> probing -> BOUND -> RENEWING -> REBINDING -> INIT
 *	INIT-REBOOT: REBOOTING -> probing -> BOUND
 *
 * One timer runs; what it means depends on the state. An address that was granted is probed for other hosts by ARP
 * before it is used (RFC 5227 2.1), and declined when there is one. The first offer is taken.
 */
#include "app/dhcp_client.h"

#include "app/arping.h"
#include "app/dhcp_link.h"
#include "net/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum state { INIT, SELECTING, REQUESTING, REBOOTING, PROBING, BOUND, RENEWING, REBINDING, STOPPED };

enum {
	BACKOFF_FIRST_S = 4,
	BACKOFF_LAST_S = 64,
	REQUESTS = 4, /* then another offer is looked for */
	REBOOTS = 2,  /* then the address of before is forgotten */
	RENEW_MIN_S = 60,
	DECLINE_WAIT_S = 10,
	HOSTNAME_MAX = 63,
};

/* RFC 5227 1.1 */
enum { PROBE_NUM = 3, ANNOUNCE_NUM = 2, MAX_CONFLICTS = 10, RATE_LIMIT_S = 60 };
#define PROBE_WAIT_NS	     NS_PER_SEC
#define PROBE_MIN_NS	     NS_PER_SEC
#define PROBE_MAX_NS	     (2 * NS_PER_SEC)
#define ANNOUNCE_WAIT_NS     (2 * NS_PER_SEC)
#define ANNOUNCE_INTERVAL_NS (2 * NS_PER_SEC)

struct dhcp_client {
	struct loop *loop;
	struct stack *stack;
	struct dhcp_client_config cfg;
	char hostname[HOSTNAME_MAX + 1];
	dhcp_client_fn *fn;
	void *ctx;
	struct dhcp_link link;
	struct arping *arping; /* probes or announces; NULL: neither */
	bool taken;	       /* probing found somebody: */
	struct mac taken_by;
	enum state state;
	struct timer timer;
	unsigned tries;		  /* messages sent in this state */
	unsigned naks, conflicts; /* in a row */
	uint32_t xid;
	uint64_t began_ns;   /* getting or renewing an address: `secs` counts from here */
	uint64_t give_up_ns; /* if nobody has offered anything by then */
	uint64_t asked_ns;   /* when the REQUEST was sent from which the lease counts */
	uint16_t secs;
	uint32_t addr, server;	 /* that are asked for, and of whom */
	struct dhcp_lease lease; /* granted */
	bool has_address;	 /* BOUND was told */
	uint64_t ignored[DHCP_VERDICT_COUNT];
};

static uint64_t now(const struct dhcp_client *c)
{
	return c->loop->now;
}

static void arm(struct dhcp_client *c, uint64_t deadline_ns)
{
	if (deadline_ns == TIMER_NEVER)
		timer_cancel(&c->loop->wheel, &c->timer);
	else
		timer_arm(&c->loop->wheel, &c->timer, deadline_ns);
}

static uint64_t random_ns(const struct dhcp_client *c, uint64_t below)
{
	return below ? rng_u64(&c->stack->rng) % below : 0;
}

static void tell(struct dhcp_client *c, struct dhcp_client_event e)
{
	e.text = e.text ? e.text : "";
	e.now_ns = now(c);
	c->fn(c, &e, c->ctx);
}

static void end_arping(struct dhcp_client *c)
{
	if (c->arping)
		arping_free(c->arping);
	c->arping = NULL;
}

/* Nothing may follow: the owner may free the client. */
static void finish(struct dhcp_client *c, int error)
{
	c->state = STOPPED;
	timer_cancel(&c->loop->wheel, &c->timer);
	end_arping(c);
	dhcp_link_close(&c->link);
	tell(c, (struct dhcp_client_event){.what = DHCP_CLIENT_DONE, .error = error});
}

static void lose_address(struct dhcp_client *c)
{
	bool had = c->has_address;

	c->has_address = false;
	if (had)
		tell(c, (struct dhcp_client_event){.what = DHCP_CLIENT_LOST, .lease = &c->lease});
}

/* ---- sending ---- */

/* RFC 2131 4.4.1: what all messages have in common. Routes come before routers (RFC 3442). */
static struct dhcp_msg message(const struct dhcp_client *c, enum dhcp_type type)
{
	struct dhcp_msg m = {.op = DHCP_OP_REQUEST,
		.type = (uint8_t)type,
		.xid = c->xid,
		.secs = c->secs,
		.chaddr = c->cfg.mac,
		.client_id = {7, {1}}};

	memcpy(m.client_id.b + 1, c->cfg.mac.b, 6);
	return m;
}

static struct dhcp_msg question(const struct dhcp_client *c, enum dhcp_type type)
{
	static const struct dhcp_octets wanted = {8, {1, 28, 121, 3, 15, 6, 119, 26}};
	struct dhcp_msg m = message(c, type);

	m.wanted = wanted;
	m.max_len = c->cfg.mtu;
	strcpy(m.hostname, c->hostname);
	return m;
}

static void told_or_not(struct dhcp_client *c, int err, const struct dhcp_msg *m, uint32_t addr, uint32_t to,
	unsigned interval_s)
{
	tell(c,
		(struct dhcp_client_event){.what = DHCP_CLIENT_SENT,
			.type = m->type,
			.addr = addr,
			.peer = to,
			.server = m->server,
			.interval_s = interval_s});
	if (err)
		tell(c, (struct dhcp_client_event){.what = DHCP_CLIENT_CANNOT, .error = -err});
}

/* From ciaddr, that is from nowhere while there is none. */
static void broadcast(struct dhcp_client *c, const struct dhcp_msg *m, uint32_t addr, unsigned interval_s)
{
	uint8_t b[DHCP_SAFE_LEN];
	size_t len = dhcp_emit(b, sizeof(b), m);
	int err = dhcp_link_send_frame(&c->link, MAC_BROADCAST, m->ciaddr, IP_BROADCAST, b, len);

	told_or_not(c, err, m, addr, IP_BROADCAST, interval_s);
}

static void count_secs(struct dhcp_client *c)
{
	c->secs = (uint16_t)MIN((now(c) - c->began_ns) / NS_PER_SEC, (uint64_t)UINT16_MAX);
}

/* RFC 2131 4.1: 4, 8, 16, 32, 64 s, and up to a second more or less. */
static uint64_t backoff_ns(struct dhcp_client *c)
{
	unsigned s = MIN((unsigned)BACKOFF_FIRST_S << MIN(c->tries, 4U), (unsigned)BACKOFF_LAST_S);

	c->tries++;
	return s * NS_PER_SEC - NS_PER_SEC + random_ns(c, 2 * NS_PER_SEC);
}

/* ---- SELECTING, REQUESTING, REBOOTING ---- */

static void send_discover(struct dhcp_client *c)
{
	struct dhcp_msg m;
	uint64_t wait = backoff_ns(c);

	count_secs(c);
	m = question(c, DHCP_DISCOVER);
	arm(c, MIN(now(c) + wait, c->give_up_ns));
	broadcast(c, &m, 0, (unsigned)((wait + NS_PER_SEC / 2) / NS_PER_SEC));
}

static void enter_selecting(struct dhcp_client *c)
{
	c->state = SELECTING;
	c->tries = 0;
	c->xid = rng_u32(&c->stack->rng);
	c->began_ns = now(c);
	send_discover(c);
}

/* Of one server that offered it (which all others learn of), or of whoever knows it. */
static void send_request(struct dhcp_client *c)
{
	struct dhcp_msg m = question(c, DHCP_REQUEST);
	uint64_t wait;

	if (c->tries == 0)
		c->asked_ns = now(c);
	wait = backoff_ns(c);
	m.requested = c->addr;
	m.server = c->server;
	arm(c, MIN(now(c) + wait, c->give_up_ns));
	broadcast(c, &m, c->addr, 0);
}

static void enter_requesting(struct dhcp_client *c, uint32_t addr, uint32_t server)
{
	c->state = REQUESTING;
	c->tries = 0;
	c->addr = addr;
	c->server = server;
	send_request(c);
}

static void enter_rebooting(struct dhcp_client *c)
{
	c->state = REBOOTING;
	c->tries = 0;
	c->xid = rng_u32(&c->stack->rng);
	c->began_ns = now(c);
	c->secs = 0;
	c->addr = c->cfg.remembered;
	c->server = 0;
	send_request(c);
}

/* ---- INIT ---- */

static void enter_init(struct dhcp_client *c, uint64_t wait_ns)
{
	c->state = INIT;
	end_arping(c);
	arm(c, now(c) + wait_ns);
}

/* The same, and all the time that there is to find a server. */
static void begin(struct dhcp_client *c, uint64_t wait_ns)
{
	c->give_up_ns = now(c) + wait_ns + c->cfg.timeout_s * NS_PER_SEC;
	enter_init(c, wait_ns);
}

static void give_up(struct dhcp_client *c)
{
	tell(c, (struct dhcp_client_event){.what = DHCP_CLIENT_SILENT, .last = c->cfg.once});
	if (c->cfg.once)
		finish(c, ETIMEDOUT);
	else
		begin(c, DHCP_RETRY_S * NS_PER_SEC);
}

/* REQUESTING or REBOOTING: nobody has answered yet. */
static void ask_or_begin(struct dhcp_client *c)
{
	if (c->tries < (c->state == REQUESTING ? REQUESTS : REBOOTS))
		send_request(c);
	else
		enter_selecting(c);
}

/* ---- BOUND, RENEWING, REBINDING ---- */

/* Each request has an xid of its own, so that it is known from which one a lease counts. */
static void ask_again(struct dhcp_client *c, uint64_t until_ns)
{
	uint64_t wait = MAX((until_ns - now(c)) / 2, RENEW_MIN_S * NS_PER_SEC);
	bool unicast = c->state == RENEWING;
	uint8_t b[DHCP_SAFE_LEN];
	struct dhcp_msg m;

	c->xid = rng_u32(&c->stack->rng);
	c->asked_ns = now(c);
	count_secs(c);
	m = question(c, DHCP_REQUEST);
	m.ciaddr = c->addr;
	arm(c, MIN(now(c) + wait, until_ns));
	if (unicast)
		told_or_not(c, dhcp_link_send(&c->link, c->lease.server, b, dhcp_emit(b, sizeof(b), &m)), &m,
			c->addr, c->lease.server, 0);
	else
		broadcast(c, &m, c->addr, 0);
}

static void expire(struct dhcp_client *c)
{
	lose_address(c);
	begin(c, 0);
}

/* BOUND, RENEWING and REBINDING differ in what time it is. */
static void keep_lease(struct dhcp_client *c)
{
	if (c->state == BOUND)
		c->began_ns = now(c);
	if (now(c) >= c->lease.end_ns) {
		expire(c);
	} else if (now(c) >= c->lease.t2_ns) {
		c->state = REBINDING;
		ask_again(c, c->lease.end_ns);
	} else {
		c->state = RENEWING;
		ask_again(c, c->lease.t2_ns);
	}
}

static void enter_bound(struct dhcp_client *c)
{
	bool renewed = c->has_address;

	c->state = BOUND;
	c->has_address = true;
	c->naks = c->conflicts = 0;
	arm(c, c->lease.t1_ns);
	tell(c,
		(struct dhcp_client_event){
			.what = DHCP_CLIENT_BOUND, .lease = &c->lease, .renewed = renewed});
}

/* ---- ARP: is the address free, and now it is ours ---- */

static void on_arping(struct arping *a, const struct arping_event *e, void *ctx);

/* Without memory for it there is no probing, and no announcing. */
static bool new_arping(struct dhcp_client *c, struct arping_config cfg)
{
	const char *step;

	end_arping(c);
	cfg.dst = c->addr;
	cfg.ifindex = c->cfg.ifindex;
	cfg.mac = c->cfg.mac;
	c->arping = arping_new(c->loop, c->stack, &cfg, on_arping, c, &step);
	return c->arping != NULL;
}

/* RFC 5227 2.3, RFC 2131 4.4.1 */
static void take_address(struct dhcp_client *c)
{
	bool is_new = !c->has_address;

	enter_bound(c);
	if (is_new &&
		new_arping(c,
			(struct arping_config){.mode = ARPING_ANNOUNCE,
				.src = c->addr,
				.count = ANNOUNCE_NUM,
				.interval_ns = ANNOUNCE_INTERVAL_NS}))
		arping_start(c->arping);
}

/* RFC 2131 3.1 (5), RFC 5227 2.1.1: not again at once, and ever less often. */
static void decline(struct dhcp_client *c, struct mac who)
{
	struct dhcp_msg m;

	c->secs = 0;
	m = message(c, DHCP_DECLINE);
	m.requested = c->addr;
	m.server = c->lease.server;
	tell(c, (struct dhcp_client_event){.what = DHCP_CLIENT_TAKEN, .addr = c->addr, .mac = who});
	broadcast(c, &m, c->addr, 0);
	c->conflicts++;
	enter_init(c, (c->conflicts > MAX_CONFLICTS ? RATE_LIMIT_S : DECLINE_WAIT_S) * NS_PER_SEC);
}

static void on_arping(struct arping *a, const struct arping_event *e, void *ctx)
{
	struct dhcp_client *c = ctx;

	(void)a;
	if (!e->done) {
		c->taken = true;
		c->taken_by = e->mac;
		return;
	}
	end_arping(c);
	if (c->state != PROBING)
		return;
	if (e->error)
		enter_init(c, DECLINE_WAIT_S * NS_PER_SEC);
	else if (c->taken)
		decline(c, c->taken_by);
	else
		take_address(c);
}

/* RFC 5227 2.1.1 */
static void enter_probing(struct dhcp_client *c)
{
	struct arping_config cfg = {.mode = ARPING_DAD,
		.count = PROBE_NUM,
		.interval_ns = PROBE_MIN_NS,
		.jitter_ns = PROBE_MAX_NS - PROBE_MIN_NS,
		.last_ns = ANNOUNCE_WAIT_NS};

	c->state = PROBING;
	c->taken = false;
	if (c->cfg.no_probe || !new_arping(c, cfg))
		take_address(c);
	else
		arm(c, now(c) + random_ns(c, PROBE_WAIT_NS));
}

/* ---- what servers say ---- */

static void heard(struct dhcp_client *c, const struct dhcp_msg *m, uint32_t from)
{
	tell(c,
		(struct dhcp_client_event){.what = DHCP_CLIENT_HEARD,
			.type = m->type,
			.addr = m->yiaddr,
			.peer = m->server ? m->server : from,
			.text = m->text});
}

static enum dhcp_verdict take_offer(
	struct dhcp_client *c, const struct dhcp_msg *m, const struct sock_addr *from)
{
	struct dhcp_lease offer;
	enum dhcp_verdict v = dhcp_lease_from(&offer, m, from->mac, now(c), &c->stack->rng);

	if (v)
		return v;
	heard(c, m, from->ip);
	enter_requesting(c, offer.addr, offer.server);
	return DHCP_FINE;
}

static bool is_asking(const struct dhcp_client *c)
{
	return c->state == REQUESTING || c->state == REBOOTING || c->state == RENEWING ||
		c->state == REBINDING;
}

/* What else the server says now may differ from before: then the owner sets everything anew. */
static enum dhcp_verdict take_ack(
	struct dhcp_client *c, const struct dhcp_msg *m, const struct sock_addr *from)
{
	struct dhcp_lease lease;
	enum dhcp_verdict v = dhcp_lease_from(&lease, m, from->mac, c->asked_ns, &c->stack->rng);

	if (v)
		return v;
	if (lease.addr != c->addr)
		return DHCP_BAD_ADDRESS;
	heard(c, m, from->ip);
	if (c->has_address && memcmp(&lease.params, &c->lease.params, sizeof(lease.params)) != 0)
		lose_address(c);
	c->lease = lease;
	if (c->state == RENEWING || c->state == REBINDING)
		take_address(c);
	else
		enter_probing(c);
	return DHCP_FINE;
}

/* A server that offers and then refuses, again and again, is asked ever less often. */
static enum dhcp_verdict take_nak(
	struct dhcp_client *c, const struct dhcp_msg *m, const struct sock_addr *from)
{
	uint64_t wait_s =
		c->naks ? MIN((uint64_t)BACKOFF_FIRST_S << MIN(c->naks, 4U), (uint64_t)BACKOFF_LAST_S) : 0;

	heard(c, m, from->ip);
	if (c->has_address)
		c->give_up_ns = now(c) + c->cfg.timeout_s * NS_PER_SEC;
	lose_address(c);
	c->naks++;
	enter_init(c, wait_s * NS_PER_SEC);
	return DHCP_FINE;
}

static enum dhcp_verdict take(struct dhcp_client *c, const struct dhcp_msg *m, const struct sock_addr *from)
{
	if (m->op != DHCP_OP_REPLY)
		return DHCP_BAD_OP;
	if (m->xid != c->xid || !mac_equal(m->chaddr, c->cfg.mac))
		return DHCP_FOREIGN;
	if (m->type == DHCP_OFFER)
		return c->state == SELECTING ? take_offer(c, m, from) : DHCP_UNEXPECTED;
	if ((m->type != DHCP_ACK && m->type != DHCP_NAK) || !is_asking(c))
		return DHCP_UNEXPECTED;
	if (c->state == REQUESTING && m->server != c->server)
		return DHCP_OTHER_SERVER;
	return m->type == DHCP_ACK ? take_ack(c, m, from) : take_nak(c, m, from);
}

static void received(void *ctx, const uint8_t *b, size_t len, const struct sock_msg *from)
{
	struct dhcp_client *c = ctx;
	struct dhcp_msg m;
	enum dhcp_verdict v = dhcp_parse(b, len, &m);

	if (!v)
		v = take(c, &m, &from->from);
	c->ignored[v]++;
}

static void gone(void *ctx, int error)
{
	finish(ctx, error);
}

/* ---- the timer ---- */

static void on_timer(struct timer *t)
{
	struct dhcp_client *c = CONTAINER_OF(t, struct dhcp_client, timer);

	if (c->state <= REBOOTING && now(c) >= c->give_up_ns)
		give_up(c);
	else if (c->state == INIT)
		enter_selecting(c);
	else if (c->state == SELECTING)
		send_discover(c);
	else if (c->state == REQUESTING || c->state == REBOOTING)
		ask_or_begin(c);
	else if (c->state == PROBING)
		arping_start(c->arping);
	else
		keep_lease(c);
}

/* ---- making and ending ---- */

struct dhcp_client *dhcp_client_new(struct loop *l, struct stack *s, const struct dhcp_client_config *cfg,
	dhcp_client_fn *fn, void *ctx, const char **step)
{
	struct dhcp_client *c = calloc(1, sizeof(*c));
	int err;

	*step = "client";
	if (!c)
		return NULL;
	*c = (struct dhcp_client){.loop = l, .stack = s, .cfg = *cfg, .fn = fn, .ctx = ctx};
	c->link.received = received;
	c->link.gone = gone;
	c->link.ctx = c;
	if (cfg->hostname)
		snprintf(c->hostname, sizeof(c->hostname), "%s", cfg->hostname);
	timer_init(&c->timer, on_timer);
	err = dhcp_link_open(&c->link, s, cfg->ifindex, cfg->mac, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, step);
	if (!err)
		return c;
	free(c);
	errno = -err;
	return NULL;
}

void dhcp_client_start(struct dhcp_client *c)
{
	begin(c, 0);
	if (c->cfg.remembered)
		enter_rebooting(c);
}

/* RFC 2131 4.4.6. It goes to where the lease came from: nobody need be asked for the server's hardware address, which
 * could not be answered any more once ours is given up. */
static void release(struct dhcp_client *c)
{
	uint8_t b[DHCP_SAFE_LEN];
	struct dhcp_msg m;
	int err;

	c->xid = rng_u32(&c->stack->rng);
	c->secs = 0;
	m = message(c, DHCP_RELEASE);
	m.ciaddr = c->addr;
	m.server = c->lease.server;
	err = dhcp_link_send_frame(
		&c->link, c->lease.server_mac, c->addr, c->lease.server, b, dhcp_emit(b, sizeof(b), &m));
	told_or_not(c, err, &m, c->addr, c->lease.server, 0);
}

void dhcp_client_stop(struct dhcp_client *c, bool tell_server)
{
	if (tell_server && c->has_address)
		release(c);
	lose_address(c);
	finish(c, 0);
}

void dhcp_client_free(struct dhcp_client *c)
{
	timer_cancel(&c->loop->wheel, &c->timer);
	end_arping(c);
	dhcp_link_close(&c->link);
	free(c);
}

const struct dhcp_lease *dhcp_client_lease(const struct dhcp_client *c)
{
	return c->has_address ? &c->lease : NULL;
}

uint64_t dhcp_client_ignored(const struct dhcp_client *c, enum dhcp_verdict why)
{
	return c->ignored[why];
}
