/* SPDX-License-Identifier: MIT */
/* Devices: their place in a host and on each other, and their state. */
#include "net/dev.h"

#include "net/qdisc.h"
#include "net/stack.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- making and finding ---- */

static void flush_device(struct work *w)
{
	struct dev *d = CONTAINER_OF(w, struct dev, flush_work);

	d->ops->flush(d);
}

void dev_init(struct dev *d, const struct dev_ops *ops, enum dev_type type)
{
	*d = (struct dev){
		.ops = ops,
		.type = type,
		.carrier = true,
		.mtu = 1500,
		.min_mtu = DEV_MTU_MIN,
		.max_mtu = DEV_MTU_MAX,
		.flags = type == DEV_ETHER ? DEV_BROADCAST | DEV_MULTICAST : DEV_NOARP,
	};
	list_init(&d->node);
	list_init(&d->groups);
	list_init(&d->taps);
	list_init(&d->uppers);
	list_init(&d->upper_node);
	work_init(&d->flush_work, flush_device);
}

bool dev_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= DEV_NAME_LEN || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *c = name; *c; c++)
		if (!isgraph((unsigned char)*c) || *c == '/' || *c == ':')
			return false;
	return true;
}

struct dev *dev_by_name(const struct stack *s, const char *name)
{
	hash_each_match(d, &s->devs_by_name, hash_text(name), struct dev, name_link)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}

struct dev *dev_by_index(const struct stack *s, int ifindex)
{
	stack_each_dev(d, s)
		if (d->ifindex == ifindex)
			return d;
	return NULL;
}

/* "veth%d" becomes the first free of veth0, veth1 ... 0 or -errno. */
static int choose_name(const struct stack *s, const char *pattern, char out[DEV_NAME_LEN])
{
	const char *percent = strstr(pattern, "%d");

	for (int i = 0; percent && i < 100000; i++) {
		char name[64];
		int n = snprintf(name, sizeof(name), "%.*s%d%s", (int)MIN(percent - pattern, 32), pattern, i,
			percent + 2);
		if (n >= DEV_NAME_LEN || !dev_name_is_valid(name))
			return -EINVAL;
		if (!dev_by_name(s, name)) {
			memcpy(out, name, (size_t)n + 1);
			return 0;
		}
	}
	if (percent || !dev_name_is_valid(pattern))
		return -EINVAL;
	if (dev_by_name(s, pattern))
		return -EEXIST;
	memcpy(out, pattern, strlen(pattern) + 1);
	return 0;
}

/* A random unicast address with the bit of the locally administered ones. */
static struct mac random_mac(struct stack *s)
{
	struct mac m;

	rng_bytes(&s->rng, m.b, sizeof(m.b));
	m.b[0] = (uint8_t)((m.b[0] & 0xfc) | 2);
	return m;
}

static void tell_one(struct dev *whom, struct dev *from, enum dev_event ev)
{
	if (whom->ops->event)
		whom->ops->event(whom, from, ev);
}

/* Those that stand on it, and whose port it is. */
static void tell_above(struct dev *d, enum dev_event ev)
{
	list_each_safe(upper, &d->uppers, struct dev, upper_node) {
		dev_set_carrier(upper, dev_is_running(d) && !upper->unplugged);
		tell_one(upper, d, ev);
	}
	if (d->master)
		tell_one(d->master, d, ev);
}

static void tell(struct dev *d, enum dev_event ev)
{
	struct stack *s = d->stack;

	bool gone = ev == DEV_EVENT_UNREGISTER;

	/* What follows from the news is told after it; the end of a device comes last. */
	s->generation++;
	if (!gone)
		monitor_tell(s, MONITOR_LINK, d, false);
	stack_each_proto(pr, s)
		if (pr->dev_event)
			pr->dev_event(d->netif, ev);
	if (gone)
		monitor_tell(s, MONITOR_LINK, d, true);
	else
		tell_above(d, ev);
}

/* ---- a host gets and loses a device ---- */

/* By ifindex, so that lists print in that order. The table of names has slots since the host was made. */
static void insert(struct stack *s, struct dev *d)
{
	struct list *before = s->devs.prev;

	hash_add(&s->devs_by_name, &d->name_link, hash_text(d->name));
	while (before != &s->devs && list_entry(before, struct dev, node)->ifindex > d->ifindex)
		before = before->prev;
	list_add_head(before, &d->node);
}

/* The index it will have on host `s`: its own, where that is free. */
static int choose_index(const struct stack *s, const struct dev *d)
{
	return d->ifindex == 0 || dev_by_index(s, d->ifindex) ? s->next_ifindex : d->ifindex;
}

static void enter(struct stack *s, struct dev *d, int ifindex, struct netif *n)
{
	d->stack = s;
	d->ifindex = ifindex;
	d->netif = n;
	s->next_ifindex = MAX(s->next_ifindex, ifindex + 1);
	insert(s, d);
	tell(d, DEV_EVENT_REGISTER);
}

static void leave(struct dev *d)
{
	dev_set_master(d, NULL);
	dev_set_qdisc(d, QDISC_ROOT, NULL);
	dev_set_qdisc(d, QDISC_INGRESS, NULL);
	netif_addr_flush(d->netif);
	tell(d, DEV_EVENT_UNREGISTER);
	list_del(&d->node);
	hash_del(&d->stack->devs_by_name, &d->name_link);
	netif_free(d->netif);
	d->netif = NULL;
	work_cancel(&d->flush_work);
	d->activated = false;
}

int dev_register(struct stack *s, struct dev *d, const char *name)
{
	int err = choose_name(s, name, d->name);

	if (err)
		return err;
	if (d->type == DEV_ETHER && mac_is_zero(d->mac))
		d->mac = random_mac(s);
	d->stack = s;
	d->ifindex = choose_index(s, d);
	struct netif *n = netif_new(s, d);
	if (!n)
		return -ENOMEM;
	enter(s, d, d->ifindex, n);
	return 0;
}

static void free_groups(struct dev *d)
{
	struct dev_group *g;

	while ((g = list_first(&d->groups, struct dev_group, node)))
		dev_group_del(d, g->mac);
}

void dev_unregister(struct dev *d)
{
	struct dev *upper;

	while ((upper = list_first(&d->uppers, struct dev, upper_node)))
		dev_unregister(upper);
	dev_set_up(d, false);
	if (d->ops->unregister)
		d->ops->unregister(d);
	list_del(&d->upper_node);
	leave(d);
	list_each_safe(t, &d->taps, struct dev_tap, node)
		dev_del_tap(t);
	free_groups(d);
	d->ops->free(d);
}

int dev_move(struct dev *d, struct stack *to, const char *name)
{
	char chosen[DEV_NAME_LEN];

	if (d->type == DEV_LOOPBACK || d->ops->add_port)
		return -EINVAL;
	if (to == d->stack)
		return name ? dev_set_name(d, name) : 0;
	int err = choose_name(to, name ? name : d->name, chosen);
	if (err)
		return err;
	/* All that may fail comes before it leaves. The protocols there see it under the index it will have.
	 */
	int here = d->ifindex, there = choose_index(to, d);
	d->ifindex = there;
	struct netif *n = netif_new(to, d);
	d->ifindex = here;
	if (!n)
		return -ENOMEM;
	dev_set_up(d, false);
	leave(d);
	memcpy(d->name, chosen, sizeof(d->name));
	enter(to, d, there, n);
	return 0;
}

/* ---- state ---- */

void dev_set_qdisc(struct dev *d, enum qdisc_way way, struct qdisc *q)
{
	struct qdisc *old = d->qdisc[way];

	d->qdisc[way] = q;
	if (!old)
		return;
	old->ops->reset(old);
	old->ops->free(old);
}

static void reset_qdiscs(struct dev *d)
{
	for (int way = 0; way < QDISC_WAYS; way++)
		if (d->qdisc[way])
			d->qdisc[way]->ops->reset(d->qdisc[way]);
}

static int join_below(struct dev *d, struct dev_group *g)
{
	int err = d->lower && (d->flags & DEV_UP) ? dev_group_add(d->lower, g->mac) : -ENODEV;

	g->below = !err;
	return err == -ENOMEM ? err : 0;
}

static void leave_below(struct dev *d, struct dev_group *g)
{
	if (g->below)
		dev_group_del(d->lower, g->mac);
	g->below = false;
}

/* The device came up or went down. Without memory a group is not heard; it was joined before, so nobody can be told. */
static void refresh_below(struct dev *d)
{
	list_each(g, &d->groups, struct dev_group, node) {
		leave_below(d, g);
		join_below(d, g);
	}
}

int dev_set_up(struct dev *d, bool up)
{
	bool is_up = d->flags & DEV_UP;

	if (up == is_up)
		return 0;
	if (up && d->ops->start) {
		int err = d->ops->start(d);
		if (err)
			return err;
	}
	d->flags ^= DEV_UP;
	d->activated = true;
	refresh_below(d);
	tell(d, up ? DEV_EVENT_UP : DEV_EVENT_DOWN);
	if (up)
		return 0;
	reset_qdiscs(d);
	if (d->ops->stop)
		d->ops->stop(d);
	return 0;
}

int dev_set_mac(struct dev *d, struct mac m)
{
	if (d->type != DEV_ETHER)
		return -EOPNOTSUPP;
	if (mac_is_group(m) || mac_is_zero(m))
		return -EADDRNOTAVAIL;
	int err = d->ops->set_mac ? d->ops->set_mac(d, m) : 0;
	if (err)
		return err;
	d->mac = m;
	tell(d, DEV_EVENT_MAC);
	return 0;
}

int dev_set_mtu(struct dev *d, uint32_t mtu)
{
	if (mtu < d->min_mtu || mtu > d->max_mtu)
		return -EINVAL;
	int err = d->ops->set_mtu ? d->ops->set_mtu(d, mtu) : 0;
	if (err)
		return err;
	d->mtu = mtu;
	tell(d, DEV_EVENT_MTU);
	return 0;
}

int dev_set_name(struct dev *d, const char *name)
{
	char chosen[DEV_NAME_LEN];

	if (strcmp(d->name, name) == 0)
		return 0;
	int err = choose_name(d->stack, name, chosen);
	if (err)
		return err;
	netif_renamed(d->netif, chosen);
	hash_del(&d->stack->devs_by_name, &d->name_link);
	memcpy(d->name, chosen, sizeof(d->name));
	hash_add(&d->stack->devs_by_name, &d->name_link, hash_text(d->name));
	tell(d, DEV_EVENT_NAME);
	return 0;
}

static void rx_mode_changed(struct dev *d)
{
	if (d->ops->rx_mode)
		d->ops->rx_mode(d);
}

void dev_set_flag(struct dev *d, enum dev_flag flag, bool on)
{
	bool changed = on != !!(d->flags & flag);

	d->flags = on ? d->flags | flag : d->flags & ~(unsigned)flag;
	rx_mode_changed(d);
	if (changed && flag == DEV_NOARP)
		tell(d, DEV_EVENT_NOARP);
	else
		monitor_tell(d->stack, MONITOR_LINK, d, false);
}

/* ---- on each other ---- */

int dev_set_lower(struct dev *d, struct dev *lower)
{
	int depth = 1;

	for (const struct dev *below = lower; below; below = below->lower)
		depth++;
	if (depth > DEV_NEST_MAX)
		return -EMLINK;
	d->lower = d->link = lower;
	d->carrier = dev_is_running(lower);
	list_add_tail(&lower->uppers, &d->upper_node);
	return 0;
}

/* Does `d` stand on `other`, by way of lower devices and ports? A device stands on itself. */
static bool stands_on(const struct dev *d, const struct dev *other)
{
	if (!d || d == other)
		return d;
	if (stands_on(d->lower, other))
		return true;
	stack_each_dev(port, d->stack)
		if (port->master == d && stands_on(port, other))
			return true;
	return false;
}

int dev_set_master(struct dev *d, struct dev *master)
{
	if (master == d->master)
		return 0;
	if (master && master->stack != d->stack)
		return -EINVAL;
	if (master && !master->ops->add_port)
		return -EOPNOTSUPP;
	if (master && stands_on(d, master))
		return -ELOOP;
	if (d->master) {
		d->master->ops->del_port(d->master, d);
		d->master = NULL;
	}
	int err = master ? master->ops->add_port(master, d) : 0;
	if (err == 0)
		d->master = master;
	monitor_tell(d->stack, MONITOR_LINK, d, false);
	return err;
}

void dev_set_carrier(struct dev *d, bool carrier)
{
	if (d->carrier == carrier)
		return;
	d->carrier = carrier;
	if (d->flags & DEV_UP)
		tell(d, DEV_EVENT_CARRIER);
}

/* ---- what the device should hear ---- */

void dev_promisc(struct dev *d, bool on)
{
	assert(on || d->promiscuity);
	d->promiscuity = on ? d->promiscuity + 1 : d->promiscuity - 1;
	rx_mode_changed(d);
}

void dev_allmulti(struct dev *d, bool on)
{
	assert(on || d->allmulti);
	d->allmulti = on ? d->allmulti + 1 : d->allmulti - 1;
	rx_mode_changed(d);
}

bool dev_is_promisc(const struct dev *d)
{
	return d->promiscuity || (d->flags & DEV_PROMISC);
}

bool dev_is_allmulti(const struct dev *d)
{
	return d->allmulti || (d->flags & DEV_ALLMULTI);
}

static struct dev_group *find_group(const struct dev *d, struct mac m)
{
	list_each(g, &d->groups, struct dev_group, node)
		if (mac_equal(g->mac, m))
			return g;
	return NULL;
}

int dev_group_add(struct dev *d, struct mac m)
{
	struct dev_group *g = find_group(d, m);

	if (!g) {
		g = calloc(1, sizeof(*g));
		if (!g)
			return -ENOMEM;
		g->mac = m;
		if (join_below(d, g)) {
			free(g);
			return -ENOMEM;
		}
		list_add_tail(&d->groups, &g->node);
		rx_mode_changed(d);
	}
	g->users++;
	return 0;
}

void dev_group_del(struct dev *d, struct mac m)
{
	struct dev_group *g = find_group(d, m);

	if (!g || --g->users)
		return;
	leave_below(d, g);
	list_del(&g->node);
	free(g);
	rx_mode_changed(d);
}

bool dev_hears_group(const struct dev *d, struct mac m)
{
	return mac_is_broadcast(m) || dev_is_allmulti(d) || dev_is_promisc(d) || find_group(d, m);
}

int dev_set_rx_handler(struct dev *d, rx_handler_fn *fn, void *data)
{
	if (d->rx_handler || d->ops->no_rx_handler)
		return d->rx_handler ? -EBUSY : -EINVAL;
	d->rx_handler = fn;
	d->rx_handler_data = data;
	return 0;
}

void dev_clear_rx_handler(struct dev *d)
{
	d->rx_handler = NULL;
	d->rx_handler_data = NULL;
	d->rx_prefetch = NULL;
}

void dev_add_tap(struct dev *d, struct dev_tap *t)
{
	list_add_tail(&d->taps, &t->node);
}

void dev_del_tap(struct dev_tap *t)
{
	list_del(&t->node);
}
