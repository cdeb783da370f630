/* SPDX-License-Identifier: MIT */
/* `arp`, as net-tools has it, and tapip's `arpcache`. */
#include "arp/arp.h"
#include "ip/ip.h"
#include "lib/text.h"
#include "shell/address.h"
#include "shell/cmd.h"

#include <errno.h>

enum { ARP_USAGE = 3, ARP_REFUSED = 255 };

struct arp_cmd {
	struct cmd *c;
	struct dev *dev;		/* -i; NULL: any */
	bool no_such_dev;		/* -i named none */
	bool bsd, verbose, from_device; /* -a, -v, -D */
	char verb;			/* 's', 'd', or 0: show */
	const char *host;		/* only this one */
	uint32_t addr;
	bool proxies; /* first the neighbours, then the addresses we answer for */
	unsigned seen, shown;
};

/* ---- show ---- */

static bool has_mac(const struct neigh *ng)
{
	return !(ng->state & (NEIGH_INCOMPLETE | NEIGH_FAILED));
}

static void print_line(const struct arp_cmd *a, const struct neigh *ng)
{
	const char *type = "ether", *mac = TEXT_MAC(ng->mac), *flags = "C";

	if (ng->proxy) {
		type = "*";
		mac = "<from_interface>";
		flags = "MP";
	} else if (!has_mac(ng)) {
		type = "";
		mac = "(incomplete)";
		flags = "";
	} else if (ng->state == NEIGH_PERMANENT) {
		flags = "CM";
	}
	fprintf(a->c->out, "%-24s %-7s %-19s %-5s %-15s %s\n", TEXT_IP(ng->addr), type, mac, flags, "",
		ng->netif->dev->name);
}

static void print_bsd(const struct arp_cmd *a, const struct neigh *ng)
{
	FILE *f = a->c->out;

	fprintf(f, "? (%s) at ", TEXT_IP(ng->addr));
	if (ng->proxy)
		fputs("<from_interface> PERM PUB ", f);
	else if (has_mac(ng))
		fprintf(f, "%s [ether] %s", TEXT_MAC(ng->mac), ng->state == NEIGH_PERMANENT ? "PERM " : "");
	else
		fputs("<incomplete> ", f);
	fprintf(f, "on %s\n", ng->netif->dev->name);
}

static void show_one(void *ctx, struct neigh *ng)
{
	struct arp_cmd *a = ctx;

	if (ng->state == NEIGH_NOARP || ng->proxy != a->proxies)
		return;
	a->seen++;
	if (a->no_such_dev || (a->dev && ng->netif->dev != a->dev) || (a->host && ng->addr != a->addr))
		return;
	if (!a->bsd && !a->shown)
		fputs("Address                  HWtype  HWaddress           Flags Mask            Iface\n",
			a->c->out);
	a->shown++;
	if (a->bsd)
		print_bsd(a, ng);
	else
		print_line(a, ng);
}

static int show(struct arp_cmd *a)
{
	FILE *f = a->c->out;

	neigh_each(a->c->host, NULL, 0, show_one, a);
	a->proxies = true;
	neigh_each(a->c->host, NULL, 0, show_one, a);
	if (a->verbose)
		fprintf(f, "Entries: %u\tSkipped: %u\tFound: %u\n", a->seen, a->seen - a->shown, a->shown);
	if (a->shown)
		return CMD_OK;
	if (a->host && !a->bsd)
		fprintf(f, "%s (%s) -- no entry\n", a->host, a->host);
	else if (a->host || a->dev || a->no_such_dev)
		fprintf(f, "arp: in %u entries no match found.\n", a->seen);
	return CMD_OK;
}

/* ---- set and delete ---- */

static int fail(struct arp_cmd *a, const char *what)
{
	fprintf(a->c->err, "arp: %s\n", what);
	return ARP_REFUSED;
}

static int refused(struct arp_cmd *a, const char *call, int error)
{
	fprintf(a->c->err, "%s: %s\n", call, strerror(-error));
	return ARP_REFUSED;
}

/* The link that the host is on: -i, or the route to it. */
static int find_netif(struct arp_cmd *a, struct netif **n)
{
	struct route_key key = {.dst = a->addr};
	struct route_path path;

	if (a->no_such_dev)
		return -ENODEV;
	if (a->dev) {
		*n = a->dev->netif;
		return 0;
	}
	if (route_lookup(a->c->host, &key, &path))
		return -ENETUNREACH;
	*n = path.netif;
	return path.type == ROUTE_UNICAST ? 0 : -EINVAL;
}

static int read_mac(struct arp_cmd *a, const char *word, struct mac *m)
{
	const struct dev *d;

	if (!a->from_device)
		return text_parse_mac(word, m) ? 0 : fail(a, "invalid hardware address");
	d = dev_by_name(a->c->host, word);
	if (!d)
		return refused(a, word, -ENODEV);
	*m = d->mac;
	return 0;
}

static int set(struct arp_cmd *a, char **argv)
{
	enum neigh_state state = NEIGH_PERMANENT;
	struct netif *n = NULL;
	struct mac m;
	bool publish = false;

	if (!*argv)
		return fail(a, "need hardware address");
	int status = read_mac(a, *argv, &m);
	if (status)
		return status;
	for (argv++; *argv; argv++) {
		if (!strcmp(*argv, "pub"))
			publish = true;
		else if (!strcmp(*argv, "temp"))
			state = NEIGH_STALE;
	}
	int err = find_netif(a, &n);
	if (!err)
		err = publish ? neigh_set_proxy(n, a->addr, true) : neigh_set(n, a->addr, m, state, true);
	return err ? refused(a, "SIOCSARP", err) : CMD_OK;
}

struct deleting {
	struct arp_cmd *a;
	bool proxy, found;
};

static void delete_one(void *ctx, struct neigh *ng)
{
	struct deleting *g = ctx;
	bool here = !g->a->dev || ng->netif->dev == g->a->dev;

	if (ng->addr != g->a->addr || ng->proxy != g->proxy || !here || ng->state == NEIGH_FAILED)
		return;
	g->found = true;
	if (ng->proxy)
		neigh_set_proxy(ng->netif, ng->addr, false);
	else
		neigh_del(ng->netif, ng->addr);
}

static int del(struct arp_cmd *a, char **argv)
{
	struct deleting g = {.a = a, .proxy = *argv && !strcmp(*argv, "pub")};

	neigh_each(a->c->host, NULL, 0, delete_one, &g);
	if (g.found)
		return CMD_OK;
	fprintf(a->c->err, "No ARP entry for %s\n", a->host);
	return ARP_REFUSED;
}

/* ---- options ---- */

static int usage(struct arp_cmd *a)
{
	fprintf(a->c->err,
		"Usage:\n"
		"  arp [-vn] [-i DEVICE] [-a] [HOST]                  <-Display ARP cache\n"
		"  arp [-v]  [-i DEVICE] -d  HOST [pub]               <-Delete ARP entry\n"
		"  arp [-v]  [-i DEVICE] -s  HOST LLADDR [temp|pub]   <-Add entry\n"
		"  arp [-v]  [-i DEVICE] -Ds HOST DEVICE [pub]        <-''-\n");
	return ARP_USAGE;
}

/* The letters of one word; *argv moves on when one takes a value. */
static bool read_letters(struct arp_cmd *a, char ***argv)
{
	for (const char *letter = **argv + 1; *letter; letter++) {
		switch (*letter) {
		case 'a':
			a->bsd = true;
			break;
		case 'v':
			a->verbose = true;
			break;
		case 'D':
			a->from_device = true;
			break;
		case 's':
		case 'd':
			a->verb = *letter;
			break;
		case 'n':
		case 'e':
			break;
		case 'i':
			if (!(*argv)[1])
				return false;
			a->dev = dev_by_name(a->c->host, *++*argv);
			a->no_such_dev = !a->dev;
			return true;
		default:
			fprintf(a->c->err, "arp: invalid option -- '%c'\n", *letter);
			return false;
		}
	}
	return true;
}

static int run(struct cmd *c)
{
	struct arp_cmd a = {.c = c};
	char **argv = c->argv + 1;

	for (; *argv && **argv == '-'; argv++)
		if (!read_letters(&a, &argv))
			return usage(&a);
	a.host = *argv;
	if (a.host && !address_parse(a.host, &a.addr)) {
		fprintf(c->err, "%s: Host name lookup failure\n", a.host);
		return ARP_REFUSED;
	}
	if (!a.verb)
		return show(&a);
	if (!a.host)
		return fail(&a, "need host name");
	return a.verb == 's' ? set(&a, argv + 1) : del(&a, argv + 1);
}

static void complete(struct completion *w)
{
	static const char *const words[] = {"-n", "-a", "-v", "-i", "-s", "-d", "pub", "temp", NULL};

	if (w->argc > 1 && !strcmp(w->argv[w->argc - 1], "-i"))
		complete_devices(w);
	else
		complete_offer_list(w, words);
}

const struct command cmd_arp = {
	.name = "arp",
	.run = run,
	.usage = "arp [-n] [-a] [-v] [-i DEVICE] [HOST] | -s HOST LLADDR [temp|pub] | -d HOST [pub]",
	.about = "show and change the neighbours that ARP knows, the old way",
	.options =
		"  -a         in the style of BSD\n"
		"  -n         numeric (it always is)\n"
		"  -v         how many entries there are\n"
		"  -i DEVICE  only those of this device\n"
		"  -s         set an entry that stays; temp: until it is stale; pub: answer for the address\n"
		"  -D         (with -s) the address of a device instead of LLADDR\n"
		"  -d         delete\n",
	.example = "arp -n\narp -s 10.0.0.7 02:00:00:00:00:07\narp -d 10.0.0.7",
	.man = "arp(8)",
	.complete = complete,
};

const struct command cmd_arpcache = {
	.name = "arpcache",
	.run = run,
	.usage = "arpcache",
	.about = "tapip's name for `arp`",
	.example = "arpcache",
	.complete = complete,
};
