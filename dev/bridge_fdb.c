/* SPDX-License-Identifier: MIT */
/*
 * A bridge's forwarding database: which address is at which port.
 *
 * Entries that age are in a list in the order in which they were last heard, so one timer that looks at the head
 * of the list serves all. It is not moved when an entry is heard again: it comes, finds nothing to do, and is set
 * for the one that is then the oldest.
 */
#include "dev/bridge.h"
#include "lib/text.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t hash_of(const struct bridge *b, struct mac m)
{
	uint64_t key = 0;

	memcpy(&key, m.b, sizeof(m.b));
	return hsiphash_u64(&b->fdb_key, key);
}

static struct wheel *wheel_of(const struct bridge *b)
{
	return &stack_loop(b->dev.stack)->wheel;
}

struct bridge_fdb_entry *bridge_fdb_find(const struct bridge *b, struct mac m)
{
	uint32_t hash = hash_of(b, m);

	hash_each_match(e, &b->fdb, hash, struct bridge_fdb_entry, link)
		if (mac_equal(e->mac, m))
			return e;
	return NULL;
}

/* ---- ageing ---- */

static void arm(struct bridge *b)
{
	struct bridge_fdb_entry *oldest = list_first(&b->ageing, struct bridge_fdb_entry, age_node);

	if (oldest)
		timer_arm(wheel_of(b), &b->age_timer, oldest->updated_ns + b->settings.ageing_ns);
	else
		timer_cancel(wheel_of(b), &b->age_timer);
}

/* It was heard now. */
static void refresh(struct bridge *b, struct bridge_fdb_entry *e)
{
	e->updated_ns = stack_now(b->dev.stack);
	list_del(&e->age_node);
	if (e->is_static)
		return;
	list_add_tail(&b->ageing, &e->age_node);
	if (!timer_is_armed(&b->age_timer))
		arm(b);
}

/* ---- entries ---- */

static struct bridge_fdb_entry *new_entry(struct bridge *b, struct mac m, struct bridge_port *port)
{
	struct bridge_fdb_entry *e = calloc(1, sizeof(*e));

	if (!e || hash_add(&b->fdb, &e->link, hash_of(b, m)) < 0) {
		free(e);
		return NULL;
	}
	e->mac = m;
	e->port = port;
	e->used_ns = e->updated_ns = stack_now(b->dev.stack);
	list_init(&e->age_node);
	list_add_head(&b->entries, &e->node);
	return e;
}

static bool is_learned(const struct bridge_fdb_entry *e)
{
	return !e->is_static && !e->by_user;
}

static void remove_entry(struct bridge *b, struct bridge_fdb_entry *e)
{
	b->learned -= is_learned(e);
	hash_del(&b->fdb, &e->link);
	list_del(&e->node);
	list_del(&e->age_node);
	free(e);
}

static void on_age_timer(struct timer *t)
{
	struct bridge *b = CONTAINER_OF(t, struct bridge, age_timer);

	bridge_fdb_age(b);
}

void bridge_fdb_age(struct bridge *b)
{
	uint64_t now = stack_now(b->dev.stack);

	list_each_safe(e, &b->ageing, struct bridge_fdb_entry, age_node) {
		if (e->updated_ns + b->settings.ageing_ns > now)
			break;
		TRACE(b->dev.stack, LAYER_BRIDGE, NULL, "IEEE 802.1D 7.9.2",
			"bridge %s: %s at %s was not heard for %.0f s: forgotten", b->dev.name,
			TEXT_MAC(e->mac), e->port->dev->name, (double)b->settings.ageing_ns / NS_PER_SEC);
		remove_entry(b, e);
	}
	arm(b);
}

void bridge_fdb_init(struct bridge *b)
{
	hash_init(&b->fdb);
	list_init(&b->entries);
	list_init(&b->ageing);
	timer_init(&b->age_timer, on_age_timer);
}

static bool any(void *ctx, const struct bridge_fdb_entry *e)
{
	(void)ctx;
	(void)e;
	return true;
}

void bridge_fdb_exit(struct bridge *b)
{
	bridge_fdb_flush(b, any, NULL);
	hash_exit(&b->fdb);
}

/* ---- learning (IEEE 802.1D 7.8) ---- */

/* Outsiders choose the addresses they send from, so what is learned is bounded. */
static void learn_new(struct bridge_port *port, struct mac m, const struct pkt *p)
{
	struct bridge *b = port->bridge;
	struct stack *s = b->dev.stack;
	bool full = b->settings.fdb_max_learned && b->learned >= b->settings.fdb_max_learned;
	struct bridge_fdb_entry *e = full ? NULL : new_entry(b, m, port);

	if (!e) {
		stack_count_drop(s, full ? DROP_BRIDGE_FDB_FULL : DROP_NO_MEMORY);
		TRACE(s, LAYER_BRIDGE, p, "", "bridge %s: %s is not learned: %s", b->dev.name, TEXT_MAC(m),
			full ? "the FDB is full (fdb_max_learned)" : "no memory");
		return;
	}
	b->learned++;
	refresh(b, e);
	TRACE(s, LAYER_BRIDGE, p, "IEEE 802.1D 7.8", "bridge %s: learned that %s is at %s", b->dev.name,
		TEXT_MAC(m), port->dev->name);
}

static void move(struct bridge_fdb_entry *e, struct bridge_port *port, const struct pkt *p)
{
	struct bridge *b = port->bridge;

	if (e->port == port)
		return;
	TRACE(b->dev.stack, LAYER_BRIDGE, p, "IEEE 802.1D 7.8", "bridge %s: %s moved from %s to %s",
		b->dev.name, TEXT_MAC(e->mac), e->port->dev->name, port->dev->name);
	e->port = port;
}

void bridge_fdb_learn(struct bridge_port *port, struct mac m, const struct pkt *p)
{
	struct bridge *b = port->bridge;
	struct bridge_fdb_entry *e;

	if (b->settings.ageing_ns == 0)
		return;
	e = bridge_fdb_find(b, m);
	if (!e) {
		learn_new(port, m, p);
	} else if (e->local) {
		TRACE(b->dev.stack, LAYER_BRIDGE, p, "",
			"bridge %s: from %s, which is an address of its own: not learned", b->dev.name,
			TEXT_MAC(m));
	} else {
		if (!e->sticky)
			move(e, port, p);
		refresh(b, e);
	}
}

/* ---- addresses of the bridge and its ports ---- */

int bridge_fdb_add_local(struct bridge *b, struct bridge_port *port, struct mac m)
{
	struct bridge_fdb_entry *e = bridge_fdb_find(b, m);

	if (e && e->local)
		return 0; /* of several with one address the first one has the entry */
	if (e)
		remove_entry(b, e);
	e = new_entry(b, m, port);
	if (!e)
		return -ENOMEM;
	e->local = e->is_static = true;
	return 0;
}

static struct bridge_port *other_with(const struct bridge *b, const struct bridge_port * not, struct mac m)
{
	bridge_each_port(port, b) if (port != not &&mac_equal(port->mac, m)) return port;
	return NULL;
}

void bridge_fdb_del_local(struct bridge *b, struct bridge_port *port, struct mac m)
{
	struct bridge_fdb_entry *e = bridge_fdb_find(b, m);
	struct bridge_port *other = other_with(b, port, m);

	if (!e || !e->local || e->by_user || e->port != port)
		return;
	if (other || (port && mac_equal(b->dev.mac, m)))
		e->port = other;
	else
		remove_entry(b, e);
}

void bridge_fdb_port_gone(struct bridge_port *port)
{
	struct bridge *b = port->bridge;

	bridge_fdb_del_local(b, port, port->mac);
	list_each_safe(e, &b->entries, struct bridge_fdb_entry, node)
		if (e->port == port)
			remove_entry(b, e);
	arm(b);
}

/* ---- what the user says ---- */

static int check(const struct bridge_fdb_request *r)
{
	bool ages = !r->local && !r->is_static;

	if (mac_is_zero(r->mac) || (r->sticky && r->local) || (!r->port && !r->local))
		return -EINVAL;
	if (ages && r->port->state != BRIDGE_LEARNING && r->port->state != BRIDGE_FORWARDING)
		return -EPERM;
	return 0;
}

int bridge_fdb_put(struct bridge *b, const struct bridge_fdb_request *r)
{
	struct bridge_fdb_entry *e = bridge_fdb_find(b, r->mac);
	int err = check(r);

	if (err)
		return err;
	if (e && !r->may_exist)
		return -EEXIST;
	if (e)
		b->learned -= is_learned(e);
	else
		e = new_entry(b, r->mac, r->port);
	if (!e)
		return -ENOMEM;
	e->port = r->port;
	e->local = r->local;
	e->is_static = r->local || r->is_static;
	e->sticky = r->sticky;
	e->by_user = true;
	e->used_ns = stack_now(b->dev.stack);
	refresh(b, e);
	return 0;
}

int bridge_fdb_del(struct bridge *b, struct mac m, const struct bridge_port *port)
{
	struct bridge_fdb_entry *e = bridge_fdb_find(b, m);

	if (!e || e->port != port)
		return -ENOENT;
	remove_entry(b, e);
	arm(b);
	return 0;
}

size_t bridge_fdb_flush(
	struct bridge *b, bool (*wanted)(void *ctx, const struct bridge_fdb_entry *e), void *ctx)
{
	size_t count = 0;

	list_each_safe(e, &b->entries, struct bridge_fdb_entry, node) {
		if (!wanted(ctx, e))
			continue;
		remove_entry(b, e);
		count++;
	}
	arm(b);
	return count;
}

static bool is_dynamic_at(void *ctx, const struct bridge_fdb_entry *e)
{
	return !e->is_static && (!ctx || e->port == ctx);
}

void bridge_fdb_flush_dynamic(struct bridge *b, const struct bridge_port *port)
{
	bridge_fdb_flush(b, is_dynamic_at, (void *)port);
}
