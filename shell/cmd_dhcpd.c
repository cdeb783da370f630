/* SPDX-License-Identifier: MIT */
/* dhcpd: a DHCP server on a device of this host, with a range as dnsmasq writes it; its messages are those of ISC's. */
#include "app/dhcp_server.h"
#include "app/dhcp_lease.h"
#include "lib/text.h"
#include "lib/timer.h"
#include "net/netif.h"
#include "net/wire_ip.h"
#include "shell/args.h"
#include "shell/buf.h"

#include <errno.h>
#include <stdlib.h>

enum { DEFAULT_LEASE_S = 3600, RANGE_MAX = 64 };

struct fixed {
	struct mac mac;
	uint32_t addr;
	char name[DHCP_NAME_LEN];
};

/* One that runs; all of them are kept by the shell, so that `dhcpd leases` finds them. */
struct dhcpd {
	struct list node;
	struct cmd *c;
	struct dev *dev; /* while the command line is read */
	char name[DEV_NAME_LEN];
	struct dhcp_server_config cfg;
	struct dhcp_server *server;
	struct fixed fixed[DHCP_FIXED_MAX];
	unsigned fixed_count;
	bool quiet, has_router;
};

static struct list *all_servers(struct shell *sh)
{
	static const char key;
	struct list *all = shell_keep(sh, &key, sizeof(*all), NULL);

	if (all && !all->next)
		list_init(all);
	return all;
}

/* ---- what it says ---- */

static void print_client(const struct dhcpd *d, const struct dhcp_server_event *e)
{
	fputs(TEXT_MAC(e->mac), d->c->out);
	if (e->name[0])
		fprintf(d->c->out, " (%s)", e->name);
	fprintf(d->c->out, " via %s", d->name);
}

static void print_heard(const struct dhcpd *d, const struct dhcp_server_event *e)
{
	FILE *out = d->c->out;

	fputs(dhcp_type_name(e->type), out);
	if (e->addr && e->type != DHCP_DISCOVER)
		fprintf(out, " %s %s", e->type == DHCP_REQUEST ? "for" : "of", TEXT_IP(e->addr));
	fputs(" from ", out);
	print_client(d, e);
	if (e->verdict)
		fprintf(out, ": ignored: %s", dhcp_verdict_text(e->verdict));
	fputc('\n', out);
}

static void print_sent(const struct dhcpd *d, const struct dhcp_server_event *e)
{
	fprintf(d->c->out, "%s on %s to ", dhcp_type_name(e->type), TEXT_IP(e->addr));
	print_client(d, e);
	if (e->error)
		fprintf(d->c->out, ": %s", strerror(e->error));
	fputc('\n', d->c->out);
}

static void on_event(struct dhcp_server *sv, const struct dhcp_server_event *e, void *ctx)
{
	struct dhcpd *d = ctx;

	(void)sv;
	if (e->gone) {
		cmd_error(d->c, "%s: %s", d->name, strerror(e->error));
		cmd_done(d->c, CMD_FAILED);
	} else if (!d->quiet) {
		(e->sent ? print_sent : print_heard)(d, e);
	}
}

/* ---- leases ---- */

static void print_lease(FILE *out, const struct dhcp_entry *e, uint64_t now)
{
	static const char *const states[] = {"free", "offered", "leased", "in use by another host"};
	enum dhcp_entry_state state = dhcp_entry_state(e, now);

	fprintf(out, "  %-15s  %s  ", TEXT_IP(e->addr), TEXT_MAC(e->mac));
	if (state == DHCP_ENTRY_FREE || e->until_ns == TIMER_NEVER)
		fprintf(out, "%s", states[state]);
	else
		fprintf(out, "%s for %llu s", states[state],
			(unsigned long long)((e->until_ns - now) / NS_PER_SEC));
	fprintf(out, "%s%s%s\n", e->fixed ? "  fixed" : "", e->name[0] ? "  " : "", e->name);
}

/* Not for addresses that were never given to anybody, and our own. */
static bool is_listed(const struct dhcp_entry *e, uint64_t now)
{
	bool abandoned = dhcp_entry_state(e, now) == DHCP_ENTRY_ABANDONED && e->until_ns != TIMER_NEVER;

	return !mac_is_zero(e->mac) || abandoned;
}

static void print_leases(FILE *out, const struct dhcpd *d)
{
	const struct dhcp_pool *p = dhcp_server_pool(d->server);
	uint64_t now = d->c->world->loop->now;

	fprintf(out, "%s: %s to %s\n", d->name, TEXT_IP(d->cfg.first), TEXT_IP(d->cfg.last));
	for (size_t i = 0; i < p->count; i++) {
		if (is_listed(&p->entries[i], now))
			print_lease(out, &p->entries[i], now);
	}
	for (unsigned v = DHCP_FINE + 1; v < DHCP_VERDICT_COUNT; v++)
		if (dhcp_server_ignored(d->server, v))
			fprintf(out, "  %llu messages ignored: %s\n",
				(unsigned long long)dhcp_server_ignored(d->server, v), dhcp_verdict_text(v));
}

static void report(struct cmd *c)
{
	print_leases(c->out, c->state);
}

static int run_leases(struct cmd *c)
{
	const char *dev = c->argc > 2 ? c->argv[2] : NULL;
	unsigned count = 0;

	list_each(d, all_servers(c->shell), struct dhcpd, node) {
		if (d->c->host != c->host || (dev && strcmp(dev, d->name) != 0))
			continue;
		print_leases(c->out, d);
		count++;
	}
	return count ? CMD_OK : cmd_error(c, "no server runs here");
}

/* ---- the command line ---- */

/* "3600", "10m", "12h", "2d", "infinite" */
static bool read_time(struct cmd *c, const char *text, uint32_t *seconds)
{
	static const struct {
		const char *unit;
		uint32_t s;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 7 * 86400}};
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	*seconds = DHCP_INFINITE;
	if (strcmp(text, "infinite") == 0)
		return true;
	for (size_t i = 0; end != text && *text != '-' && i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (v > DHCP_INFINITE / units[i].s || v * units[i].s < DHCP_LEASE_MIN_S)
			break;
		*seconds = (uint32_t)(v * units[i].s);
		return true;
	}
	cmd_error(c, "%s: a lease lasts %u seconds or more: 3600, 10m, 12h, 2d, infinite", text,
		DHCP_LEASE_MIN_S);
	return false;
}

/* "10.0.0.100-10.0.0.150", or with commas, and then perhaps a time. */
static bool read_range(struct dhcpd *d, const char *text)
{
	char words[RANGE_MAX], *rest = words, *first, *last, *time;

	snprintf(words, sizeof(words), "%s", text);
	first = strsep(&rest, "-,");
	last = strsep(&rest, ",");
	time = rest;
	if (!last || !text_parse_ip(first, &d->cfg.first) || !text_parse_ip(last, &d->cfg.last)) {
		cmd_usage(d->c, "%s is no range: 10.0.0.100-10.0.0.150, or 10.0.0.100,10.0.0.150,12h", text);
		return false;
	}
	return !time || read_time(d->c, time, &d->cfg.lease_s);
}

/* "10.0.0.1,10.0.0.2" */
static bool read_addresses(struct dhcpd *d, char *text, uint32_t *addrs, uint8_t *count)
{
	*count = 0;
	for (char *word; (word = strsep(&text, ",")) != NULL;) {
		if (*count == DHCP_HOPS || !text_parse_ip(word, &addrs[*count])) {
			cmd_error(d->c, "%s is no address, or one too many", word);
			return false;
		}
		(*count)++;
	}
	return true;
}

/* "MAC,ADDRESS" or "MAC,ADDRESS,NAME" */
static bool read_fixed(struct dhcpd *d, char *text)
{
	struct fixed *f = &d->fixed[d->fixed_count];
	char *mac = strsep(&text, ","), *addr = strsep(&text, ",");

	if (d->fixed_count == DHCP_FIXED_MAX) {
		cmd_error(d->c, "no more than %u hosts can have addresses of their own", DHCP_FIXED_MAX);
		return false;
	}
	if (!addr || !text_parse_mac(mac, &f->mac) || !text_parse_ip(addr, &f->addr)) {
		cmd_error(d->c, "--host wants MAC,ADDRESS or MAC,ADDRESS,NAME");
		return false;
	}
	snprintf(f->name, sizeof(f->name), "%s", text ? text : "");
	d->fixed_count++;
	return true;
}

enum { OPT_ROUTER = 256, OPT_DNS, OPT_DOMAIN, OPT_LEASE, OPT_MTU, OPT_HOST, OPT_NO_PROBE };

static const struct option options[] = {
	{"router", required_argument, NULL, OPT_ROUTER},
	{"dns", required_argument, NULL, OPT_DNS},
	{"domain", required_argument, NULL, OPT_DOMAIN},
	{"lease", required_argument, NULL, OPT_LEASE},
	{"mtu", required_argument, NULL, OPT_MTU},
	{"host", required_argument, NULL, OPT_HOST},
	{"no-probe", no_argument, NULL, OPT_NO_PROBE},
	{0},
};

static bool take_option(struct dhcpd *d, int opt)
{
	struct dhcp_params *p = &d->cfg.params;
	long long number;

	switch (opt) {
	case OPT_ROUTER:
		d->has_router = true;
		return strcmp(optarg, "none") == 0 || read_addresses(d, optarg, p->routers, &p->router_count);
	case OPT_DNS:
		return read_addresses(d, optarg, p->dns, &p->dns_count);
	case OPT_DOMAIN:
		snprintf(p->domain, sizeof(p->domain), "%s", optarg);
		return true;
	case OPT_LEASE:
		return read_time(d->c, optarg, &d->cfg.lease_s);
	case OPT_MTU:
		if (!args_number(d->c, optarg, DEV_MTU_MIN, DEV_MTU_MAX, &number))
			return false;
		p->mtu = (uint16_t)number;
		return true;
	case OPT_HOST:
		return read_fixed(d, optarg);
	case OPT_NO_PROBE:
		d->cfg.no_probe = true;
		return true;
	default:
		d->quiet = true;
		return true;
	}
}

static int read_command_line(struct dhcpd *d)
{
	struct cmd *c = d->c;
	int opt;

	d->cfg.lease_s = DEFAULT_LEASE_S;
	args_begin();
	while ((opt = args_next(c, "q", options)) > 0)
		if (!take_option(d, opt))
			return CMD_USAGE;
	if (opt < 0)
		return CMD_USAGE;
	if (c->argc - optind != 2)
		return cmd_usage(c, "a device and a range of addresses (10.0.0.100-10.0.0.199) are needed");
	d->dev = dev_by_name(c->host, c->argv[optind]);
	if (!d->dev || d->dev->type != DEV_ETHER)
		return cmd_error(
			c, "%s: %s", c->argv[optind], d->dev ? "no Ethernet device" : strerror(ENODEV));
	return read_range(d, c->argv[optind + 1]) ? 0 : CMD_USAGE;
}

/* ---- running ---- */

/* The address of ours in whose network the range is. */
static int find_network(struct dhcpd *d)
{
	struct dhcp_params *p = &d->cfg.params;

	netif_each_addr(a, d->dev->netif) {
		uint32_t mask = ip_mask(a->plen);

		if (((a->local ^ d->cfg.first) & mask) || ((a->local ^ d->cfg.last) & mask))
			continue;
		d->cfg.addr = a->local;
		p->plen = a->plen;
		p->broadcast = a->broadcast ? a->broadcast : a->local | ~mask;
		if (!d->has_router)
			p->routers[p->router_count++] = a->local;
		return 0;
	}
	return cmd_error(d->c, "%s has no address in the network of %s and %s", d->dev->name,
		TEXT_IP(d->cfg.first), TEXT_IP(d->cfg.last));
}

static int fix_hosts(struct dhcpd *d)
{
	for (unsigned i = 0; i < d->fixed_count; i++) {
		const struct fixed *f = &d->fixed[i];
		int err = dhcp_pool_fix(dhcp_server_pool(d->server), f->mac, f->addr, f->name);

		if (err)
			return cmd_error(
				d->c, "--host %s,%s: %s", TEXT_MAC(f->mac), TEXT_IP(f->addr), strerror(-err));
	}
	return 0;
}

static int start(struct dhcpd *d)
{
	const char *step;

	d->cfg.ifindex = d->dev->ifindex;
	d->cfg.mac = d->dev->mac;
	snprintf(d->name, sizeof(d->name), "%s", d->dev->name);
	d->server = dhcp_server_new(d->c->world->loop, d->c->host, &d->cfg, on_event, d, &step);
	if (!d->server)
		return cmd_error(d->c, "%s: %s: %s", d->name, step, strerror(errno));
	return fix_hosts(d);
}

static void stop(struct cmd *c, int sig)
{
	cmd_done(c, 128 + sig);
}

static void free_run(struct cmd *c)
{
	struct dhcpd *d = c->state;

	list_del(&d->node);
	if (d->server)
		dhcp_server_free(d->server);
	free(d);
}

static int run_dhcpd(struct cmd *c)
{
	struct dhcpd *d;
	int status;

	if (c->argc > 1 && strcmp(c->argv[1], "leases") == 0)
		return run_leases(c);
	d = mem_new(sizeof(*d));
	d->c = c;
	list_init(&d->node);
	c->state = d;
	c->free_state = free_run;
	status = read_command_line(d);
	if (!status)
		status = find_network(d);
	if (!status)
		status = start(d);
	if (status)
		return status;
	list_add_tail(all_servers(c->shell), &d->node);
	c->stop = stop;
	c->report = report;
	return CMD_RUNNING;
}

static void complete(struct completion *w)
{
	complete_offer(w, "leases");
	for (const struct option *o = options; o->name; o++) {
		char text[16];

		snprintf(text, sizeof(text), "--%s", o->name);
		complete_offer(w, text);
	}
	complete_devices(w);
}

const struct command cmd_dhcpd = {
	.name = "dhcpd",
	.run = run_dhcpd,
	.usage = "dhcpd [-q] [--router ADDRESS] [--dns ADDRESS,...] [--lease TIME] [--domain NAME] [--mtu "
		 "MTU] "
		 "[--host MAC,ADDRESS[,NAME]]... [--no-probe] DEVICE RANGE, or dhcpd leases [DEVICE]",
	.about = "give out addresses by DHCP on a device, until ^C",
	.options = "  RANGE          10.0.0.100-10.0.0.150, or 10.0.0.100,10.0.0.150,12h\n"
		   "  --lease TIME   3600, 10m, 12h, 2d, infinite (1h)\n"
		   "  --router ADDRESS   of the default route (our own; none: there is none)\n"
		   "  --dns ADDRESS,...  name servers;  --domain NAME;  --mtu MTU\n"
		   "  --host MAC,ADDRESS[,NAME]   this client always gets this address\n"
		   "  --no-probe     offer an address without asking by ARP whether it is free\n"
		   "  -q             do not print what is heard and sent\n"
		   "dhcpd leases (and ^\\) lists who has which address. Leases are forgotten when it ends.",
	.example = "ip addr add 10.0.0.1/24 dev eth0\n"
		   "dhcpd --dns 10.0.0.1 eth0 10.0.0.100,10.0.0.150,12h &\n"
		   "dhcpd leases",
	.complete = complete,
};
