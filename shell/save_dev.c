/* SPDX-License-Identifier: MIT */
/*
 * Devices as commands that make them. Within a host they come in the order of their numbers, so that the same numbers
 * come out; across hosts a device waits for what it stands on, and one end of a cable for the other.
 */
#include "shell/save.h"

#include "lib/text.h"
#include "shell/linkkind.h"
#include "shell/outside.h"

#include <stdlib.h>

enum { MTU_DEFAULT = 1500 };

/* How far the devices of a host are made. */
struct cursor {
	const struct stack *s;
	const struct dev *next; /* NULL: all */
};

struct plan {
	const struct save *v;
	struct cursor *hosts;
	size_t count;
};

static const struct dev *device_after(const struct dev *d)
{
	const struct list *next = d->node.next;

	return next == &d->stack->devs ? NULL : list_entry(next, struct dev, node);
}

/* lo comes with its host. */
static const struct dev *first_device(const struct stack *s)
{
	const struct dev *d = list_first(&s->devs, struct dev, node);

	return d && d->type == DEV_LOOPBACK ? device_after(d) : d;
}

static const struct cursor *cursor_of(const struct plan *p, const struct stack *s)
{
	size_t i = 0;

	while (p->hosts[i].s != s)
		i++;
	return &p->hosts[i];
}

static bool is_made(const struct plan *p, const struct dev *d)
{
	const struct dev *next = cursor_of(p, d->stack)->next;

	return !next || d->ifindex < next->ifindex;
}

static const struct dev *other_end(const struct dev *d)
{
	return d->link && d->link != d->lower ? d->link : NULL;
}

static bool is_ready(const struct plan *p, const struct dev *d)
{
	const struct dev *end = other_end(d);

	if (d->lower)
		return is_made(p, d->lower);
	return !end || end->stack == d->stack || is_made(p, end) || cursor_of(p, end->stack)->next == end;
}

/* ---- lines ---- */

static bool follows_ports(const struct dev *d, bool mac)
{
	const struct link_kind *k = link_kind_by_name(d->ops->kind);

	return k && k->follows_ports && k->follows_ports(d, mac);
}

/* VLAN, ipvlan, macvlan in passthru mode: what it has without a word. */
static bool shares_mac(const struct dev *d)
{
	return d->lower && mac_equal(d->mac, d->lower->mac);
}

/* `mtu`: what it gets where nothing is said. */
static void put_common(const struct save *v, const struct dev *d, uint32_t mtu)
{
	fputs(" name", v->out);
	save_word(v, d->name);
	if (d->type == DEV_ETHER && !follows_ports(d, true) && !shares_mac(d))
		fprintf(v->out, " address %s", TEXT_MAC(d->mac));
	if (d->mtu != mtu && !follows_ports(d, false))
		fprintf(v->out, " mtu %u", d->mtu);
}

/* In the words of its host; made elsewhere than the command runs, the host is named. */
static void put_device(const struct save *v, const struct dev *d, const struct stack *at, uint32_t mtu)
{
	put_common(v, d, mtu);
	if (d->stack != at) {
		fputs(" netns", v->out);
		save_word(v, d->stack->name);
	}
}

static void put_kind(const struct save *v, const struct dev *d)
{
	const struct link_kind *k = link_kind_by_name(d->ops->kind);
	struct buf words = {0};

	fprintf(v->out, " type %s", d->ops->kind);
	if (k && k->save)
		k->save(&words, d);
	fprintf(v->out, "%s%s\n", words.len ? " " : "", buf_text(&words));
	buf_exit(&words);
}

/* The end that is named as peer gets its number first. */
static void put_cable(const struct save *v, const struct dev *d, const struct dev *end)
{
	bool same_host = d->stack == end->stack;
	const struct dev *first = same_host ? end : d, *peer = same_host ? d : end;

	save_begin(v, "ip", first->stack);
	fputs(" link add", v->out);
	put_device(v, first, first->stack, MTU_DEFAULT);
	fprintf(v->out, " type %s peer", d->ops->kind);
	put_device(v, peer, first->stack, first->mtu);
	fputc('\n', v->out);
}

static void put_outside(const struct save *v, const struct dev *d, const char *ifname)
{
	fprintf(v->out, "# %s is interface %s of the machine: start with tapir --%s %s\n", d->name,
		*ifname ? ifname : "NAME", d->ops->kind, *ifname ? ifname : "NAME");
	if (d->type == DEV_ETHER) {
		save_begin(v, "ip", d->stack);
		fputs(" link set", v->out);
		save_word(v, d->name);
		fprintf(v->out, " address %s mtu %u\n", TEXT_MAC(d->mac), d->mtu);
	}
}

static void put_one(const struct save *v, const struct dev *d)
{
	const struct stack *at = d->lower ? d->lower->stack : d->stack;

	save_begin(v, "ip", at);
	fputs(" link add", v->out);
	if (d->lower) {
		fputs(" link", v->out);
		save_word(v, d->lower->name);
	}
	put_device(v, d, at, d->lower ? d->lower->mtu : MTU_DEFAULT);
	put_kind(v, d);
}

static void put(const struct plan *p, const struct dev *d)
{
	const struct dev *end = other_end(d);
	char ifname[IFNAMSIZ];

	if (outside_ifname(d, ifname))
		put_outside(p->v, d, ifname);
	else if (!dev_kind_by_name(d->ops->kind))
		fprintf(p->v->out, "# %s: a device of kind %s is not made by `ip link add`\n", d->name,
			d->ops->kind);
	else if (!end)
		put_one(p->v, d);
	else if (!is_made(p, end))
		put_cable(p->v, d, end);
}

/* ---- the order ---- */

static bool go_on(struct plan *p, struct cursor *at, bool force)
{
	const struct dev *d = at->next;

	if (!d || (!force && !is_ready(p, d)))
		return false;
	put(p, d);
	at->next = device_after(d);
	return true;
}

/* One round over all hosts, each as far as it goes. */
static bool go_round(struct plan *p)
{
	bool any = false;

	for (size_t i = 0; i < p->count; i++)
		while (go_on(p, &p->hosts[i], false))
			any = true;
	return any;
}

/* Devices that were moved between hosts may wait for each other: then the numbers will be others. */
static bool break_tie(struct plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (go_on(p, &p->hosts[i], true))
			return true;
	return false;
}

void save_devices(const struct save *v)
{
	struct plan p = {.v = v};
	size_t i = 0;

	list_each(s, &v->world->stacks, struct stack, node)
		p.count++;
	p.hosts = mem_new(p.count * sizeof(*p.hosts));
	list_each(s, &v->world->stacks, struct stack, node)
		p.hosts[i++] = (struct cursor){s, first_device(s)};
	while (go_round(&p) || break_tie(&p))
		continue;
	free(p.hosts);
}
