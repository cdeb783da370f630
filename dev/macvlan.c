/* SPDX-License-Identifier: MIT */
/* macvlan devices: how they come, change and go, and what each wants its lower device to hear. */
#include "dev/macvlan_table.h"
#include "net/stack.h"

#include <errno.h>
#include <stdlib.h>

const char *const macvlan_mode_names[MACVLAN_MODES] = {
	[MACVLAN_VEPA] = "vepa",
	[MACVLAN_PRIVATE] = "private",
	[MACVLAN_BRIDGE] = "bridge",
	[MACVLAN_PASSTHRU] = "passthru",
	[MACVLAN_SOURCE] = "source",
};

/* ---- what the lower device should hear ---- */

/* Unicast for other addresses than its own: while a member is up. Only the passthru device may not care. */
static void refresh_promisc(struct macvlan_table *t)
{
	const struct macvlan *passthru = macvlan_table_passthru(t);
	bool promisc = t->up.count && !(passthru && passthru->flags & MACVLAN_NOPROMISC);

	if (promisc == t->promisc)
		return;
	t->promisc = promisc;
	dev_promisc(t->lower, promisc);
}

/* What a macvlan that is up hears beyond its own address, the lower device must hear for it. */
static void refresh_filters(struct macvlan *m, bool up)
{
	bool promisc = up && dev_is_promisc(&m->dev) && m->mode != MACVLAN_PASSTHRU;
	bool allmulti = up && dev_is_allmulti(&m->dev);

	if (promisc != m->promisc)
		dev_promisc(m->table->lower, promisc);
	if (allmulti != m->allmulti)
		dev_allmulti(m->table->lower, allmulti);
	m->promisc = promisc;
	m->allmulti = allmulti;
}

void macvlan_rx_mode(struct dev *d)
{
	refresh_filters(macvlan_of(d), macvlan_is_up(macvlan_of(d)));
}

/* ---- state ---- */

int macvlan_start(struct dev *d)
{
	struct macvlan *m = macvlan_of(d);

	if (m->mode != MACVLAN_PASSTHRU && macvlan_table_is_taken(m->table, d->mac))
		return -EADDRINUSE;
	int err = macvlan_table_add_up(m, d->mac);
	if (err)
		return err;
	refresh_promisc(m->table);
	refresh_filters(m, true);
	return 0;
}

void macvlan_stop(struct dev *d)
{
	struct macvlan *m = macvlan_of(d);

	dev_queue_flush(&m->queue);
	macvlan_table_del_up(m);
	refresh_filters(m, false);
	refresh_promisc(m->table);
}

/* The lower device has the passthru device's address. Who of both is asked to change changes the other, and only what
 * the lower one was given itself is what it gets back at the end. */
static int set_mac_below(struct macvlan *m, struct mac mac)
{
	struct macvlan_table *t = m->table;

	if (mac_equal(t->lower->mac, mac))
		return 0;
	t->setting_mac = true;
	int err = dev_set_mac(t->lower, mac);
	t->setting_mac = false;
	return err;
}

int macvlan_set_mac(struct dev *d, struct mac mac)
{
	struct macvlan *m = macvlan_of(d);

	if (mac_equal(d->mac, mac))
		return 0;
	if (m->mode == MACVLAN_PASSTHRU) {
		int err = set_mac_below(m, mac);
		if (err)
			return err;
	} else if (macvlan_table_is_taken(m->table, mac)) {
		return -EADDRINUSE;
	}
	if (!macvlan_is_up(m))
		return 0;
	macvlan_table_del_up(m);
	return macvlan_table_add_up(m, mac);
}

int macvlan_set_mtu(struct dev *d, uint32_t mtu)
{
	return mtu > d->lower->mtu ? -EINVAL : 0;
}

static void lower_mac_changed(struct macvlan *m)
{
	struct macvlan_table *t = m->table;

	if (t->setting_mac)
		return;
	t->lower_mac = t->lower->mac;
	if (m->mode == MACVLAN_PASSTHRU)
		dev_set_mac(&m->dev, t->lower->mac);
}

void macvlan_event(struct dev *d, struct dev *lower, enum dev_event ev)
{
	if (ev == DEV_EVENT_MTU && d->mtu > lower->mtu)
		dev_set_mtu(d, lower->mtu);
	if (ev == DEV_EVENT_MAC)
		lower_mac_changed(macvlan_of(d));
}

void macvlan_unregister(struct dev *d)
{
	struct macvlan *m = macvlan_of(d);

	if (m->mode == MACVLAN_PASSTHRU)
		set_mac_below(m, m->table->lower_mac);
}

/* Until here it can be looked at: the monitors were told of its end. */
static void free_macvlan(struct dev *d)
{
	macvlan_table_leave(macvlan_of(d));
	free(macvlan_of(d));
}

static const struct dev_ops macvlan_ops = {.kind = "macvlan",
	.start = macvlan_start,
	.stop = macvlan_stop,
	.xmit = macvlan_xmit,
	.set_mac = macvlan_set_mac,
	.set_mtu = macvlan_set_mtu,
	.rx_mode = macvlan_rx_mode,
	.event = macvlan_event,
	.unregister = macvlan_unregister,
	.free = free_macvlan};

/* ---- making ---- */

/* A passthru device is alone. */
static int check_company(const struct macvlan_table *t, enum macvlan_mode mode)
{
	if (macvlan_table_passthru(t))
		return -EINVAL;
	return mode == MACVLAN_PASSTHRU && !list_empty(&t->members) ? -EINVAL : 0;
}

static void init(struct macvlan *m, const struct dev_ops *ops, const struct macvlan_config *details)
{
	dev_init(&m->dev, ops, DEV_ETHER);
	m->dev.features = DEV_CAN_ALL | DEV_CAN_SG; /* the lower device makes up for what it lacks */
	m->mode = details->mode;
	m->flags = details->flags;
	m->bcqueuelen = details->bcqueuelen;
	list_init(&m->node);
	list_init(&m->sources);
	dev_queue_init(&m->queue, &m->dev);
}

/* What the lower device decides. */
static int adapt(struct macvlan *m, struct dev *lower, const struct dev_config *config)
{
	m->dev.mac = m->mode == MACVLAN_PASSTHRU ? lower->mac : config->mac;
	m->dev.mtu = config->mtu ? config->mtu : lower->mtu;
	m->dev.max_mtu = lower->max_mtu;
	if (m->dev.mtu > lower->mtu)
		return -EINVAL;
	return dev_set_lower(&m->dev, lower);
}

/* The member is in the table, and not yet in the host. */
static int enter(struct macvlan *m, struct stack *s, const char *name, const struct dev_config *config,
	const struct macvlan_config *details)
{
	int err = adapt(m, m->table->lower, config);

	if (!err && details->source_count)
		err = macvlan_source_set(&m->dev, details->sources, details->source_count);
	return err ? err : dev_register(s, &m->dev, name);
}

int macvlan_register(struct macvlan *m, const struct dev_ops *ops, struct stack *s, const char *name,
	const struct dev_config *config)
{
	struct dev *lower = macvlan_is(config->lower) ? config->lower->lower : config->lower;
	const struct macvlan_config *details = config->details ? config->details : &MACVLAN_CONFIG_DEFAULT;
	int err;

	if (mac_is_group(config->mac))
		return -EADDRNOTAVAIL;
	struct macvlan_table *t = macvlan_table_get(lower, &err);
	if (!t)
		return err;
	init(m, ops, details);
	err = check_company(t, details->mode);
	if (err) {
		macvlan_table_put(t);
		return err;
	}
	macvlan_table_join(t, m);
	err = enter(m, s, name, config, details);
	if (err) {
		list_del(&m->dev.upper_node);
		macvlan_table_leave(m);
	}
	return err;
}

int macvlan_create(struct stack *s, const char *name, const struct dev_config *config)
{
	struct macvlan *m = calloc(1, sizeof(*m));
	int err = m ? macvlan_register(m, &macvlan_ops, s, name, config) : -ENOMEM;

	if (err)
		free(m);
	return err;
}

/* ---- what is asked and changed later ---- */

bool macvlan_is(const struct dev *d)
{
	return d->ops->xmit == macvlan_xmit;
}

enum macvlan_mode macvlan_mode(const struct dev *d)
{
	return macvlan_of(d)->mode;
}

unsigned macvlan_flags(const struct dev *d)
{
	return macvlan_of(d)->flags;
}

int macvlan_set_mode(struct dev *d, enum macvlan_mode mode)
{
	struct macvlan *m = macvlan_of(d);

	if ((mode == MACVLAN_PASSTHRU) != (m->mode == MACVLAN_PASSTHRU))
		return -EINVAL;
	if (mode != MACVLAN_SOURCE)
		macvlan_source_flush(m);
	m->mode = mode;
	return 0;
}

void macvlan_set_flags(struct dev *d, unsigned flags)
{
	macvlan_of(d)->flags = flags;
	refresh_promisc(macvlan_of(d)->table);
}

uint32_t macvlan_bcqueuelen(const struct dev *d)
{
	return macvlan_of(d)->bcqueuelen;
}

uint32_t macvlan_bcqueuelen_used(const struct dev *d)
{
	return macvlan_of(d)->table->bcqueuelen;
}

void macvlan_set_bcqueuelen(struct dev *d, uint32_t len)
{
	macvlan_of(d)->bcqueuelen = len;
	macvlan_table_update(macvlan_of(d)->table);
}
