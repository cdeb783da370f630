/* SPDX-License-Identifier: MIT */
/* `route`, as net-tools has it. */
#include "lib/text.h"
#include "shell/ip_route.h"

#include <errno.h>

/* Exit statuses of net-tools. */
enum { ROUTE_USAGE = 3, ROUTE_NO_HOST = 6, ROUTE_REFUSED = 7 };

/* ---- show ---- */

struct showing {
	FILE *out;
	bool numeric;
	unsigned extended; /* -e once: MSS, window and irtt instead of metric; twice: both */
};

static void print_route(void *ctx, const struct route *r)
{
	struct showing *g = ctx;
	bool reject = !r->netif && r->type != ROUTE_BLACKHOLE;
	const char *dev = r->netif ? r->netif->dev->name : reject ? "-" : "*";
	char flags[8], gateway[TEXT_IP_LEN] = "-", numbers[32], more[64] = "";

	snprintf(flags, sizeof(flags), "%s%s%s", reject ? "!" : "U", r->gateway ? "G" : "",
		r->netif && r->plen == 32 ? "H" : "");
	if (!reject)
		text_ip(gateway, r->gateway);
	if (g->extended == 1)
		snprintf(
			numbers, sizeof(numbers), reject ? "    - -          -" : "%5u 0          0", r->mtu);
	else
		snprintf(numbers, sizeof(numbers), "%-6u %-3s %6u", r->metric, reject ? "-" : "0", 0u);
	if (g->extended > 1 && r->netif)
		snprintf(more, sizeof(more), "%*s    %-5u 0      0", (int)MAX(0, 5 - (int)strlen(dev)), "",
			r->mtu);
	else if (g->extended > 1)
		snprintf(more, sizeof(more), "        -     -      -");
	fprintf(g->out, "%-15s %-15s %-15s %-5s %s %s%s\n",
		r->plen == 0 && !g->numeric ? "default" : TEXT_IP(r->prefix), gateway,
		TEXT_IP(ip_mask(r->plen)), flags, numbers, dev, more);
}

static int show(struct cmd *c, struct showing *g)
{
	static const char *const headings[] = {"Metric Ref    Use Iface", "  MSS Window  irtt Iface",
		"Metric Ref    Use Iface    MSS   Window irtt"};

	fprintf(c->out, "Kernel IP routing table\nDestination     Gateway         Genmask         Flags %s\n",
		headings[MIN(g->extended, 2u)]);
	route_each(c->host, false, print_route, g);
	return CMD_OK;
}

/* ---- add and del ---- */

struct request {
	struct cmd *c;
	struct route route;
	bool is_net, is_host, has_plen, has_target, reject;
};

static int usage(struct cmd *c)
{
	fputs("Usage: route [-n] [-e|-ee]\n"
	      "       route add {-host|-net} TARGET[/LENGTH] [netmask MASK] [gw ADDRESS] [metric N] [[dev] "
	      "DEVICE]\n"
	      "       route add {-host|-net} TARGET[/LENGTH] [metric N] reject\n"
	      "       route del {-host|-net} TARGET[/LENGTH] [netmask MASK] [gw ADDRESS] [metric N] [[dev] "
	      "DEVICE]\n",
		c->err);
	return ROUTE_USAGE;
}

static int no_host(struct cmd *c, const char *name)
{
	fprintf(c->err, "%s: Host name lookup failure\n", name);
	return ROUTE_NO_HOST;
}

static int refused(struct cmd *c, const char *call, int error)
{
	fprintf(c->err, "%s: %s\n", call, strerror(-error));
	return ROUTE_REFUSED;
}

static int read_target(struct request *r, const char *word)
{
	struct prefix p;

	if (!address_parse_prefix(word, &p))
		return no_host(r->c, word);
	r->has_target = true;
	r->has_plen = p.has_plen;
	r->route.prefix = p.addr;
	r->route.plen = p.plen;
	return 0;
}

static int read_device(struct request *r, const char *word, const char *call)
{
	struct dev *d = dev_by_name(r->c->host, word);

	if (!d)
		return refused(r->c, call, -ENODEV);
	r->route.netif = d->netif;
	return 0;
}

/* Words with a value. *taken: it was one. */
static int read_value(struct request *r, const char *word, const char *value, const char *call, bool *taken)
{
	*taken = true;
	if (!strcmp(word, "gw") || !strcmp(word, "gateway"))
		return address_parse(value, &r->route.gateway) ? 0 : no_host(r->c, value);
	if (!strcmp(word, "netmask")) {
		r->has_plen = true;
		if (address_parse_mask(value, &r->route.plen))
			return 0;
		fprintf(r->c->err, "route: bogus netmask %s\n", value);
		return usage(r->c);
	}
	if (!strcmp(word, "metric"))
		return address_parse_number(value, &r->route.metric) ? 0 : usage(r->c);
	if (!strcmp(word, "mss") || !strcmp(word, "mtu"))
		return address_parse_number(value, &r->route.mtu) ? 0 : usage(r->c);
	if (!strcmp(word, "dev") || !strcmp(word, "device"))
		return read_device(r, value, call);
	*taken = false;
	return 0;
}

static int read_words(struct request *r, char **argv, const char *call)
{
	for (; *argv; argv++) {
		bool taken = false;
		int status = 0;

		if (!strcmp(*argv, "-net")) {
			r->is_net = true;
		} else if (!strcmp(*argv, "-host")) {
			r->is_host = true;
		} else if (!r->has_target) {
			status = read_target(r, *argv);
		} else if (!strcmp(*argv, "reject")) {
			r->reject = true;
		} else {
			if (argv[1])
				status = read_value(r, *argv, argv[1], call, &taken);
			if (!status && !taken)
				status = read_device(r, *argv, call);
		}
		if (status)
			return status;
		argv += taken;
	}
	return r->has_target ? 0 : usage(r->c);
}

/* Without a mask: a host, or a net of its class when it is said to be a net or looks like one. */
static void complete_prefix(struct request *r)
{
	uint32_t addr = r->route.prefix;
	uint8_t class_plen = addr >> 31 == 0 ? 8 : addr >> 30 == 2 ? 16 : 24;

	if (r->is_host)
		r->route.plen = 32;
	else if (!r->has_plen && (r->is_net || !(addr & ~ip_mask(class_plen))))
		r->route.plen = class_plen;
}

static int add(struct request *r)
{
	int err;

	if (r->has_plen && r->route.prefix & ~ip_mask(r->route.plen)) {
		fputs("route: netmask doesn't match route address\n", r->c->err);
		return usage(r->c);
	}
	r->route.type = r->reject ? ROUTE_UNREACHABLE : ROUTE_UNICAST;
	r->route.origin = ROUTE_BY_BOOT;
	r->route.scope = r->reject ? SCOPE_HOST : SCOPE_NOWHERE;
	err = r->reject ? 0 : ipcmd_route_find_device(r->c->host, &r->route);
	if (!err)
		err = route_add(r->c->host, &r->route, false);
	return err ? refused(r->c, "SIOCADDRT", err) : CMD_OK;
}

static int del(struct request *r)
{
	int err = route_del(r->c->host, &r->route);

	return err ? refused(r->c, "SIOCDELRT", err) : CMD_OK;
}

static int change(struct cmd *c, char **argv, bool is_add)
{
	struct request r = {.c = c};
	int status = read_words(&r, argv, is_add ? "SIOCADDRT" : "SIOCDELRT");

	if (status)
		return status;
	complete_prefix(&r);
	return is_add ? add(&r) : del(&r);
}

static int run(struct cmd *c)
{
	struct showing g = {.out = c->out};
	char **argv = c->argv + 1;

	for (; *argv && **argv == '-'; argv++) {
		for (const char *letter = *argv + 1; *letter; letter++) {
			if (*letter == 'n')
				g.numeric = true;
			else if (*letter == 'e')
				g.extended++;
			else if (!strchr("v4F", *letter))
				return usage(c);
		}
	}
	if (!*argv)
		return show(c, &g);
	if (!strcmp(*argv, "add"))
		return change(c, argv + 1, true);
	if (!strcmp(*argv, "del") || !strcmp(*argv, "delete"))
		return change(c, argv + 1, false);
	return usage(c);
}

static void complete(struct completion *w)
{
	static const char *const verbs[] = {"add", "del", "-n", "-e", "-ee", NULL};
	static const char *const words[] = {
		"default", "-net", "-host", "gw", "netmask", "metric", "dev", "reject", NULL};

	complete_offer_list(w, w->argc > 1 ? words : verbs);
	if (w->argc > 2)
		complete_devices(w);
}

const struct command cmd_route = {
	.name = "route",
	.run = run,
	.usage = "route [-n] [-e|-ee] [{add|del} [-net|-host] TARGET [netmask MASK] [gw ADDRESS] [metric N] "
		 "[[dev] DEVICE]]",
	.about = "show and change the routing table, the old way",
	.options = "  -n      do not say \"default\"\n"
		   "  -e      MSS, window and irtt; twice: together with the metric\n"
		   "  reject  (add) packets there are answered with host unreachable\n",
	.example = "route -n\nroute add default gw 10.0.0.2\nroute add -net 10.9.0.0 netmask 255.255.0.0 gw "
		   "10.0.0.2",
	.man = "route(8)",
	.complete = complete,
};
