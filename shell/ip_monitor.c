/* SPDX-License-Identifier: MIT */
/* `ip monitor`: what changes on a host, as it happens, until ^C. */
#include "shell/ipcmd.h"

#include "arp/arp.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static const struct {
	const char *word;
	const char *label;
	enum monitor_kind kind;
} kinds[] = {
	{"link", "LINK", MONITOR_LINK},
	{"address", "ADDR", MONITOR_ADDR},
	{"route", "ROUTE", MONITOR_ROUTE},
	{"neigh", "NEIGH", MONITOR_NEIGH},
	{"nsid", "NSID", MONITOR_NETNS},
};

struct watching {
	struct monitor monitor;
	struct ipcmd ip;
	unsigned kinds; /* 1 << enum monitor_kind */
	bool labels;	/* "[LINK]" before each: `ip monitor all` */
	char dev[DEV_NAME_LEN];
};

/* ---- printing ---- */

static void print_time(struct ipcmd *ip)
{
	const struct clock *clock = &ip->c->world->loop->clock;
	uint64_t wall = clock_wall_ns(clock);
	time_t seconds = (time_t)(wall / NS_PER_SEC);
	unsigned us = (unsigned)(wall % NS_PER_SEC / NS_PER_US);
	char text[64];
	struct tm tm;

	/* A lab prints the same in every time zone. */
	if (clock->is_virtual)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	if (ip->time == IPCMD_TIME_SHORT) {
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		show_text(&ip->show, "[%s.%06u] ", text, us);
	} else {
		strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
		show_text(&ip->show, "Timestamp: %s %u usec\n", text, us);
	}
}

/* The device that the news is about; NULL: none. */
static const struct dev *device_of(enum monitor_kind kind, const void *object)
{
	switch (kind) {
	case MONITOR_LINK:
		return object;
	case MONITOR_ADDR:
		return ((const struct netif_addr *)object)->netif->dev;
	case MONITOR_ROUTE: {
		const struct route *r = object;
		return r->netif ? r->netif->dev : NULL;
	}
	case MONITOR_NEIGH:
		return ((const struct neigh *)object)->netif->dev;
	case MONITOR_NETNS:
		return NULL;
	}
	return NULL;
}

static void print_object(struct ipcmd *ip, enum monitor_kind kind, const void *object)
{
	static const struct ipcmd_route_hide say_local = {.main_table = true};

	switch (kind) {
	case MONITOR_LINK:
		ipcmd_print_link(ip, object, IPCMD_NEWS);
		show_text(&ip->show, "\n");
		break;
	case MONITOR_ADDR:
		ipcmd_print_addr(ip, object, true);
		break;
	case MONITOR_ROUTE:
		ipcmd_print_route(ip, object, &say_local);
		show_text(&ip->show, "\n");
		break;
	case MONITOR_NEIGH:
		ipcmd_print_neigh(ip, object);
		show_text(&ip->show, "\n");
		break;
	case MONITOR_NETNS:
		show_text(&ip->show, "nsid %u (iproute2 netns name: %s)\n", ipcmd_netns_id(object),
			((const struct stack *)object)->name);
		break;
	}
}

static const char *label_of(enum monitor_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].label;
	return "";
}

static void tell(struct monitor *m, struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	struct watching *w = CONTAINER_OF(m, struct watching, monitor);
	const struct dev *d;

	if (!(w->kinds & 1u << kind) || (s != w->ip.s && kind != MONITOR_NETNS))
		return;
	d = device_of(kind, object);
	if (w->dev[0] && (!d || strcmp(d->name, w->dev) != 0))
		return;
	if (w->ip.time)
		print_time(&w->ip);
	if (w->labels)
		show_text(&w->ip.show, "[%s]", label_of(kind));
	show_text(&w->ip.show, "%s", gone ? "Deleted " : "");
	print_object(&w->ip, kind, object);
}

/* ---- starting and ending ---- */

static void end(struct cmd *c)
{
	struct watching *w = c->state;

	monitor_del(&w->monitor);
	free(w);
}

static int read_kinds(struct ipcmd *ip, struct watching *w)
{
	while (*ip->argv) {
		const char *word = *ip->argv++;
		size_t i = 0;

		if (strcmp(word, "dev") == 0 && *ip->argv) {
			snprintf(w->dev, sizeof(w->dev), "%s", *ip->argv++);
			continue;
		}
		if (strcmp(word, "all") == 0 || strcmp(word, "label") == 0) {
			w->labels = true;
			continue;
		}
		while (i < ARRAY_SIZE(kinds) && !ipcmd_matches(word, kinds[i].word))
			i++;
		if (i == ARRAY_SIZE(kinds))
			return ipcmd_fail(ip, IPCMD_SYNTAX,
				"Argument \"%s\" is unknown, try \"ip monitor help\".", word);
		w->kinds |= 1u << kinds[i].kind;
	}
	if (!w->kinds)
		w->kinds = ~0u;
	return 0;
}

static int run(struct ipcmd *ip)
{
	struct watching *w = calloc(1, sizeof(*w));
	int status;

	if (!w)
		return ipcmd_refused(ip, ENOMEM);
	status = read_kinds(ip, w);
	if (status) {
		free(w);
		return status;
	}
	w->ip = *ip;
	w->ip.show.json = false; /* as iproute2 6.1 */
	w->monitor.fn = tell;
	show_begin(&w->ip.show);
	monitor_add(ip->s->world, &w->monitor);
	ip->c->host = ip->s; /* with -n too: when that host goes, this ends */
	ip->c->state = w;
	ip->c->free_state = end;
	return CMD_RUNNING;
}

static const struct ipcmd_verb verbs[] = {
	{"[all | label]", NULL, "[link] [address] [route] [neigh] [nsid] [dev DEVICE]"}, {0}};

static const char *const words[] = {"all", "label", "link", "address", "route", "neigh", "nsid", "dev", NULL};

const struct ipcmd_object ipcmd_monitor = {"monitor", run, verbs, words};
