/* SPDX-License-Identifier: MIT */
/*
 * The server: a function for each message of RFC 2131 4.3. What a DISCOVER asks for is held at once, then probed, then
 * offered.
 */
#include "app/dhcp_server.h"

#include "app/arping.h"
#include "app/dhcp_lease.h"
#include "app/dhcp_link.h"
#include "net/stack.h"
#include "net/wire_ip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	OFFER_S = 60,	    /* an offer is kept so long */
	PROBE_FRESH_S = 60, /* and so long it counts that nobody answered for an address */
	ABANDONED_S = 600,
	PROBES = 16, /* at once */
	IP_AND_UDP = 28,
};
#define PROBE_NS (NS_PER_SEC / 2)

struct dhcp_server {
	struct loop *loop;
	struct stack *stack;
	struct dhcp_server_config cfg;
	dhcp_server_fn *fn;
	void *ctx;
	struct dhcp_link link;
	struct dhcp_pool pool;
	struct list probes; /* of struct probe */
	unsigned probe_count;
	uint64_t ignored[DHCP_VERDICT_COUNT];
};

/* An address that is looked for before it is offered to who sent `m`. */
struct probe {
	struct list node;
	struct dhcp_server *server;
	struct arping *arping;
	struct dhcp_entry *entry;
	struct dhcp_msg m;
	bool taken;
};

static uint64_t now(const struct dhcp_server *sv)
{
	return sv->loop->now;
}

/* RFC 2131 4.2: the hardware address where the client gives no other name for itself. */
static struct dhcp_octets key_of(const struct dhcp_msg *m)
{
	struct dhcp_octets id = m->client_id;

	if (!id.len) {
		id.len = 7;
		id.b[0] = 1;
		memcpy(id.b + 1, m->chaddr.b, 6);
	}
	return id;
}

static void tell(struct dhcp_server *sv, const struct dhcp_msg *m, enum dhcp_verdict verdict)
{
	sv->fn(sv,
		&(struct dhcp_server_event){.type = m->type,
			.verdict = verdict,
			.addr = m->ciaddr ? m->ciaddr : m->requested,
			.mac = m->chaddr,
			.name = m->hostname},
		sv->ctx);
}

static void count(struct dhcp_server *sv, const struct dhcp_msg *m, enum dhcp_verdict v)
{
	sv->ignored[v]++;
	if (v)
		tell(sv, m, v);
}

/* ---- answers ---- */

/* RFC 2131 4.1: to the address that it has; to everybody where it asks for that, or has just been told that its address
 * is wrong; else in a frame to its hardware address. */
static int deliver(struct dhcp_server *sv, const struct dhcp_msg *m, const struct dhcp_msg *reply)
{
	uint8_t b[DHCP_MAX_LEN];
	size_t asked = m->max_len > IP_AND_UDP ? m->max_len - (size_t)IP_AND_UDP : 0;
	size_t room = MIN(MAX(asked, (size_t)DHCP_SAFE_LEN), sizeof(b));
	size_t len = dhcp_emit(b, room, reply);

	if (m->ciaddr && reply->type != DHCP_NAK)
		return dhcp_link_send(&sv->link, m->ciaddr, b, len);
	if (m->broadcast || reply->type == DHCP_NAK)
		return dhcp_link_send_frame(&sv->link, MAC_BROADCAST, sv->cfg.addr, IP_BROADCAST, b, len);
	return dhcp_link_send_frame(&sv->link, m->chaddr, sv->cfg.addr, reply->yiaddr, b, len);
}

/* The client's identifier goes back with it (RFC 6842). */
static struct dhcp_msg answer_to(const struct dhcp_server *sv, const struct dhcp_msg *m, enum dhcp_type type)
{
	return (struct dhcp_msg){.op = DHCP_OP_REPLY,
		.type = (uint8_t)type,
		.xid = m->xid,
		.broadcast = m->broadcast,
		.ciaddr = type == DHCP_ACK ? m->ciaddr : 0,
		.chaddr = m->chaddr,
		.client_id = m->client_id,
		.server = sv->cfg.addr};
}

static void send_answer(
	struct dhcp_server *sv, const struct dhcp_msg *m, const struct dhcp_msg *reply, uint32_t addr)
{
	int err = deliver(sv, m, reply);

	sv->fn(sv,
		&(struct dhcp_server_event){.type = reply->type,
			.sent = true,
			.addr = addr,
			.mac = m->chaddr,
			.name = m->hostname,
			.error = -err},
		sv->ctx);
}

/* A client may ask for less time than there is, not for more. */
static uint32_t lease_for(const struct dhcp_server *sv, const struct dhcp_msg *m)
{
	uint32_t lease_s = sv->cfg.lease_s;

	if (m->lease_s && m->lease_s < lease_s)
		lease_s = MAX(m->lease_s, (uint32_t)DHCP_LEASE_MIN_S);
	return lease_s;
}

static void grant(
	struct dhcp_server *sv, const struct dhcp_msg *m, const struct dhcp_entry *e, enum dhcp_type type)
{
	struct dhcp_msg reply = answer_to(sv, m, type);

	reply.yiaddr = e->addr;
	reply.lease_s = lease_for(sv, m);
	if (reply.lease_s != DHCP_INFINITE) {
		reply.t1_s = reply.lease_s / 2;
		reply.t2_s = (uint32_t)((uint64_t)reply.lease_s * 7 / 8);
	}
	reply.params = sv->cfg.params;
	if (e->fixed)
		strcpy(reply.hostname, e->name);
	send_answer(sv, m, &reply, e->addr);
}

static enum dhcp_verdict refuse(
	struct dhcp_server *sv, const struct dhcp_msg *m, uint32_t addr, const char *why)
{
	struct dhcp_msg reply = answer_to(sv, m, DHCP_NAK);

	snprintf(reply.text, sizeof(reply.text), "%s", why);
	send_answer(sv, m, &reply, addr);
	return DHCP_FINE;
}

/* ---- the pool ---- */

/* It remembers who had it. */
static void set_free(struct dhcp_server *sv, struct dhcp_entry *e)
{
	e->state = DHCP_ENTRY_FREE;
	e->until_ns = now(sv);
}

static void forget(struct dhcp_server *sv, struct dhcp_entry *e)
{
	set_free(sv, e);
	e->id.len = 0;
}

/* A client has one address. */
static void give(struct dhcp_server *sv, struct dhcp_entry *e, const struct dhcp_msg *m,
	enum dhcp_entry_state state, uint32_t seconds)
{
	struct dhcp_octets id = key_of(m);
	struct dhcp_entry *before = dhcp_pool_of(&sv->pool, &id);

	if (before && before != e)
		forget(sv, before);
	e->state = (uint8_t)state;
	e->until_ns = seconds == DHCP_INFINITE ? TIMER_NEVER : now(sv) + seconds * NS_PER_SEC;
	e->id = id;
	e->mac = m->chaddr;
	if (!e->fixed)
		snprintf(e->name, sizeof(e->name), "%.63s", m->hostname);
}

/* Somebody else has it. Whose it was does not matter any more. */
static void abandon(struct dhcp_server *sv, struct dhcp_entry *e)
{
	e->state = DHCP_ENTRY_ABANDONED;
	e->until_ns = now(sv) + ABANDONED_S * NS_PER_SEC;
	e->probed_ns = 0;
	e->id.len = 0;
	if (!e->fixed) {
		e->mac = MAC_ZERO;
		e->name[0] = '\0';
	}
}

static bool is_on_net(const struct dhcp_server *sv, uint32_t addr)
{
	return ((addr ^ sv->cfg.addr) & ip_mask(sv->cfg.params.plen)) == 0;
}

/* ---- DISCOVER ---- */

static enum dhcp_verdict discover(struct dhcp_server *sv, const struct dhcp_msg *m);

static void end_probe(struct probe *pr)
{
	list_del(&pr->node);
	pr->server->probe_count--;
	arping_free(pr->arping);
	free(pr);
}

static void offer(struct dhcp_server *sv, const struct dhcp_msg *m, struct dhcp_entry *e)
{
	give(sv, e, m, DHCP_ENTRY_OFFERED, OFFER_S);
	grant(sv, m, e, DHCP_OFFER);
}

/* The client may answer for its own address. */
static void on_probe(struct arping *a, const struct arping_event *e, void *ctx)
{
	struct probe *pr = ctx;
	struct dhcp_server *sv = pr->server;
	struct dhcp_entry *entry = pr->entry;
	struct dhcp_msg m = pr->m;
	bool taken;

	(void)a;
	if (!e->done) {
		pr->taken = !mac_equal(e->mac, m.chaddr);
		return;
	}
	taken = pr->taken;
	end_probe(pr);
	if (e->error) {
		set_free(sv, entry);
	} else if (taken) {
		abandon(sv, entry);
		count(sv, &m, discover(sv, &m));
	} else {
		entry->probed_ns = now(sv);
		offer(sv, &m, entry);
	}
}

static enum dhcp_verdict start_probe(struct dhcp_server *sv, const struct dhcp_msg *m, struct dhcp_entry *e)
{
	struct arping_config cfg = {.mode = ARPING_DAD,
		.dst = e->addr,
		.ifindex = sv->cfg.ifindex,
		.mac = sv->cfg.mac,
		.count = 1,
		.interval_ns = PROBE_NS};
	struct probe *pr;
	const char *step;

	list_each(other, &sv->probes, struct probe, node) {
		if (other->entry == e) { /* it asks again */
			other->m = *m;
			return DHCP_FINE;
		}
	}
	pr = sv->probe_count < PROBES ? calloc(1, sizeof(*pr)) : NULL;
	if (!pr)
		return DHCP_BUSY;
	*pr = (struct probe){.server = sv, .entry = e, .m = *m};
	pr->arping = arping_new(sv->loop, sv->stack, &cfg, on_probe, pr, &step);
	if (!pr->arping) {
		free(pr);
		return DHCP_BUSY;
	}
	list_add_tail(&sv->probes, &pr->node);
	sv->probe_count++;
	give(sv, e, m, DHCP_ENTRY_OFFERED, OFFER_S);
	arping_start(pr->arping);
	return DHCP_FINE;
}

static enum dhcp_verdict discover(struct dhcp_server *sv, const struct dhcp_msg *m)
{
	struct dhcp_octets id = key_of(m);
	struct dhcp_entry *e = dhcp_pool_choose(&sv->pool, &id, m->chaddr, m->requested, now(sv));
	bool known;

	if (!e)
		return DHCP_NO_ROOM;
	known = dhcp_entry_state(e, now(sv)) == DHCP_ENTRY_LEASED ||
		(e->probed_ns && now(sv) < e->probed_ns + PROBE_FRESH_S * NS_PER_SEC);
	if (!known && !sv->cfg.no_probe)
		return start_probe(sv, m, e);
	offer(sv, m, e);
	return DHCP_FINE;
}

/* ---- REQUEST ---- */

static enum dhcp_verdict acknowledge(struct dhcp_server *sv, const struct dhcp_msg *m, struct dhcp_entry *e)
{
	give(sv, e, m, DHCP_ENTRY_LEASED, lease_for(sv, m));
	grant(sv, m, e, DHCP_ACK);
	return DHCP_FINE;
}

/* It has taken an offer: ours, or another server's. */
static enum dhcp_verdict selected(struct dhcp_server *sv, const struct dhcp_msg *m, struct dhcp_entry *e)
{
	if (m->server != sv->cfg.addr) {
		if (e && dhcp_entry_state(e, now(sv)) == DHCP_ENTRY_OFFERED)
			set_free(sv, e);
		return DHCP_OTHER_SERVER;
	}
	if (!e || e->addr != m->requested)
		return refuse(sv, m, m->requested, "not offered");
	return acknowledge(sv, m, e);
}

/* INIT-REBOOT: does it have the address that it remembers? Of clients that it does not know, a server says nothing. */
static enum dhcp_verdict rebooted(struct dhcp_server *sv, const struct dhcp_msg *m, struct dhcp_entry *e)
{
	struct dhcp_octets id = key_of(m);
	struct dhcp_entry *wanted = dhcp_pool_at(&sv->pool, m->requested);

	if (e && e == wanted)
		return acknowledge(sv, m, e);
	if (e || (wanted && !dhcp_entry_is_for(wanted, &id, m->chaddr, now(sv))))
		return refuse(sv, m, m->requested, "address not available");
	return DHCP_NO_LEASE;
}

/* RENEWING, REBINDING */
static enum dhcp_verdict renewed(struct dhcp_server *sv, const struct dhcp_msg *m, struct dhcp_entry *e)
{
	struct dhcp_octets id = key_of(m);
	struct dhcp_entry *has = dhcp_pool_at(&sv->pool, m->ciaddr);

	if (!has || (e && e != has) || !dhcp_entry_is_for(has, &id, m->chaddr, now(sv)))
		return refuse(sv, m, m->ciaddr, "lease unknown");
	return acknowledge(sv, m, has);
}

/* RFC 2131 4.3.2: which of these it is shows in what it has filled in. */
static enum dhcp_verdict request(struct dhcp_server *sv, const struct dhcp_msg *m)
{
	uint32_t addr = m->ciaddr ? m->ciaddr : m->requested;
	struct dhcp_octets id = key_of(m);
	struct dhcp_entry *e = dhcp_pool_of(&sv->pool, &id);

	if (!addr)
		return DHCP_BAD_ADDRESS;
	if (m->server)
		return selected(sv, m, e);
	if (!is_on_net(sv, addr))
		return refuse(sv, m, addr, "wrong network");
	return m->ciaddr ? renewed(sv, m, e) : rebooted(sv, m, e);
}

/* ---- DECLINE, RELEASE, INFORM ---- */

/* The entry at `addr`, when this client has it. */
static struct dhcp_entry *its_own(const struct dhcp_server *sv, const struct dhcp_msg *m, uint32_t addr)
{
	struct dhcp_octets id = key_of(m);
	struct dhcp_entry *e = dhcp_pool_of(&sv->pool, &id);

	return e && e->addr == addr && dhcp_entry_state(e, now(sv)) != DHCP_ENTRY_FREE ? e : NULL;
}

static enum dhcp_verdict declined(struct dhcp_server *sv, const struct dhcp_msg *m)
{
	struct dhcp_entry *e = its_own(sv, m, m->requested);

	if (m->server != sv->cfg.addr)
		return DHCP_OTHER_SERVER;
	if (!e)
		return DHCP_NO_LEASE;
	abandon(sv, e);
	return DHCP_FINE;
}

static enum dhcp_verdict released(struct dhcp_server *sv, const struct dhcp_msg *m)
{
	struct dhcp_entry *e = its_own(sv, m, m->ciaddr);

	if (m->server != sv->cfg.addr)
		return DHCP_OTHER_SERVER;
	if (!e)
		return DHCP_NO_LEASE;
	set_free(sv, e);
	return DHCP_FINE;
}

/* It has an address, and wants to know the rest (RFC 2131 4.3.5). */
static enum dhcp_verdict informed(struct dhcp_server *sv, const struct dhcp_msg *m)
{
	struct dhcp_msg reply = answer_to(sv, m, DHCP_ACK);

	if (!dhcp_is_host(m->ciaddr))
		return DHCP_BAD_ADDRESS;
	reply.params = sv->cfg.params;
	send_answer(sv, m, &reply, m->ciaddr);
	return DHCP_FINE;
}

/* ---- all of them ---- */

static enum dhcp_verdict take(struct dhcp_server *sv, const struct dhcp_msg *m)
{
	switch (m->type) {
	case DHCP_DISCOVER:
		return discover(sv, m);
	case DHCP_REQUEST:
		return request(sv, m);
	case DHCP_DECLINE:
		return declined(sv, m);
	case DHCP_RELEASE:
		return released(sv, m);
	case DHCP_INFORM:
		return informed(sv, m);
	default:
		return DHCP_UNEXPECTED;
	}
}

/* What is ignored is told of behind it, where it is a message at all. */
static void received(void *ctx, const uint8_t *b, size_t len, const struct sock_msg *from)
{
	struct dhcp_server *sv = ctx;
	struct dhcp_msg m;
	enum dhcp_verdict v = dhcp_parse(b, len, &m);

	(void)from;
	if (!v && m.op != DHCP_OP_REQUEST)
		v = DHCP_BAD_OP;
	if (!v && (mac_is_group(m.chaddr) || mac_is_zero(m.chaddr)))
		v = DHCP_BAD_HARDWARE;
	if (!v && m.giaddr)
		v = DHCP_RELAYED;
	if (!v) {
		tell(sv, &m, DHCP_FINE);
		v = take(sv, &m);
	}
	count(sv, &m, v);
}

static void gone(void *ctx, int error)
{
	struct dhcp_server *sv = ctx;

	sv->fn(sv, &(struct dhcp_server_event){.gone = true, .error = error, .name = ""}, sv->ctx);
}

/* ---- making and ending ---- */

struct dhcp_server *dhcp_server_new(struct loop *l, struct stack *s, const struct dhcp_server_config *cfg,
	dhcp_server_fn *fn, void *ctx, const char **step)
{
	struct dhcp_server *sv = calloc(1, sizeof(*sv));
	int err;

	*step = "server";
	if (!sv)
		return NULL;
	*sv = (struct dhcp_server){.loop = l, .stack = s, .cfg = *cfg, .fn = fn, .ctx = ctx};
	list_init(&sv->probes);
	sv->link.received = received;
	sv->link.gone = gone;
	sv->link.ctx = sv;
	*step = "range";
	err = dhcp_pool_init(&sv->pool, cfg->first, cfg->last);
	if (!err)
		err = dhcp_link_open(
			&sv->link, s, cfg->ifindex, cfg->mac, DHCP_SERVER_PORT, DHCP_CLIENT_PORT, step);
	if (err) {
		dhcp_pool_exit(&sv->pool);
		free(sv);
		errno = -err;
		return NULL;
	}
	dhcp_pool_reserve(&sv->pool, cfg->addr);
	dhcp_pool_reserve(&sv->pool, cfg->addr & ip_mask(cfg->params.plen));
	dhcp_pool_reserve(&sv->pool, cfg->addr | ~ip_mask(cfg->params.plen));
	return sv;
}

void dhcp_server_free(struct dhcp_server *sv)
{
	list_each_safe(pr, &sv->probes, struct probe, node)
		end_probe(pr);
	dhcp_link_close(&sv->link);
	dhcp_pool_exit(&sv->pool);
	free(sv);
}

struct dhcp_pool *dhcp_server_pool(struct dhcp_server *sv)
{
	return &sv->pool;
}

uint64_t dhcp_server_ignored(const struct dhcp_server *sv, enum dhcp_verdict why)
{
	return sv->ignored[why];
}
