/* SPDX-License-Identifier: MIT */
/* `ifconfig`, as net-tools has it. */
#include "ip/ip.h"
#include "lib/text.h"
#include "shell/address.h"
#include "shell/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { QUEUE_LEN = 1000, GETTING_FAILED = 1, SETTING_FAILED = 255 };

/* ---- flags, with Linux's numbers ---- */

static const struct {
	unsigned number;
	const char *name;
	char letter; /* in `ifconfig -s` */
} flag_names[] = {
	{0x1, "UP", 'U'},
	{0x2, "BROADCAST", 'B'},
	{0x8, "LOOPBACK", 'L'},
	{0x10, "POINTOPOINT", 'P'},
	{0x40, "RUNNING", 'R'},
	{0x80, "NOARP", 'O'},
	{0x100, "PROMISC", 'P'},
	{0x200, "ALLMULTI", 'A'},
	{0x1000, "MULTICAST", 'M'},
};

static unsigned linux_flags(const struct dev *d)
{
	static const struct {
		unsigned ours, number;
	} map[] = {
		{DEV_UP, 0x1},
		{DEV_BROADCAST, 0x2},
		{DEV_POINTOPOINT, 0x10},
		{DEV_NOARP, 0x80},
		{DEV_PROMISC, 0x100},
		{DEV_ALLMULTI, 0x200},
		{DEV_MULTICAST, 0x1000},
	};
	unsigned flags = dev_is_running(d) ? 0x40 : 0;

	if (d->type == DEV_LOOPBACK)
		return flags | 0x8 | (d->flags & DEV_UP ? 0x1 : 0);
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (d->flags & map[i].ours)
			flags |= map[i].number;
	return flags;
}

static void print_flags(FILE *f, unsigned flags)
{
	char separator = '<';

	fprintf(f, "flags=%u", flags);
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!(flags & flag_names[i].number))
			continue;
		fprintf(f, "%c%s", separator, flag_names[i].name);
		separator = ',';
	}
	fputs(separator == '<' ? "<>" : ">", f);
}

/* ---- show ---- */

static struct netif_addr *find_label(const struct dev *d, const char *label)
{
	netif_each_addr(a, d->netif)
		if (strcmp(a->label, label) == 0)
			return a;
	return NULL;
}

static void print_addr(FILE *f, const struct dev *d, const struct netif_addr *a)
{
	fprintf(f, "        inet %s  netmask %s", TEXT_IP(a->local), TEXT_IP(ip_mask(a->plen)));
	if (linux_flags(d) & 0x2)
		fprintf(f, "  broadcast %s", TEXT_IP(a->broadcast));
	if (d->flags & DEV_POINTOPOINT)
		fprintf(f, "  destination %s", TEXT_IP(a->peer));
	fputc('\n', f);
}

static void print_hardware(FILE *f, const struct dev *d)
{
	if (d->type == DEV_ETHER)
		fprintf(f, "        ether %s  txqueuelen %d  (Ethernet)\n", TEXT_MAC(d->mac), QUEUE_LEN);
	else if (d->type == DEV_LOOPBACK)
		fprintf(f, "        loop  txqueuelen %d  (Local Loopback)\n", QUEUE_LEN);
	else
		fprintf(f,
			"        unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00  txqueuelen %d  "
			"(UNSPEC)\n",
			QUEUE_LEN);
}

static void print_traffic(FILE *f, const char *way, uint64_t packets, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	unsigned u = 0;
	uint64_t size = 1;

	while (u + 1 < ARRAY_SIZE(units) && bytes > size * 1024) {
		size *= 1024;
		u++;
	}
	fprintf(f, "        %s packets %" PRIu64 "  bytes %" PRIu64 " (%" PRIu64 ".%" PRIu64 " %s)\n", way,
		packets, bytes, bytes / size, bytes % size * 10 / size, units[u]);
}

static void print_stats(FILE *f, const struct dev_stats *st)
{
	print_traffic(f, "RX", st->rx_packets, st->rx_bytes);
	fprintf(f, "        RX errors 0  dropped %" PRIu64 "  overruns 0  frame 0\n", st->rx_dropped);
	print_traffic(f, "TX", st->tx_packets, st->tx_bytes);
	fprintf(f, "        TX errors %" PRIu64 "  dropped %" PRIu64 " overruns 0  carrier 0  collisions 0\n",
		st->tx_errors, st->tx_dropped);
}

static void print_device(FILE *f, const struct dev *d, const char *label)
{
	const struct netif_addr *a = find_label(d, label);

	fprintf(f, "%s: ", label);
	print_flags(f, linux_flags(d));
	fprintf(f, "  mtu %u\n", d->mtu);
	if (a)
		print_addr(f, d, a);
	print_hardware(f, d);
	if (!strchr(label, ':'))
		print_stats(f, &d->stats);
	fputc('\n', f);
}

static void print_short(FILE *f, const struct dev *d, const char *label)
{
	static const char order[] = "ABLMPORU";
	unsigned flags = linux_flags(d);

	fprintf(f, "%-15s %5u ", label, d->mtu);
	if (strchr(label, ':'))
		fputs("     - no statistics available -                        ", f);
	else
		fprintf(f, "%8" PRIu64 " %6d %6" PRIu64 " %-6d %8" PRIu64 " %6" PRIu64 " %6" PRIu64 " %6d ",
			d->stats.rx_packets, 0, d->stats.rx_dropped, 0, d->stats.tx_packets,
			d->stats.tx_errors, d->stats.tx_dropped, 0);
	for (const char *letter = order; *letter; letter++)
		for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
			if (flag_names[i].letter == *letter && (flags & flag_names[i].number))
				fputc(*letter, f);
	fputc('\n', f);
}

/* A device, then its labelled addresses ("eth0:1"). */
static void print_all_labels(
	FILE *f, const struct dev *d, void (*print)(FILE *f, const struct dev *d, const char *label))
{
	print(f, d, d->name);
	netif_each_addr(a, d->netif)
		if (strchr(a->label, ':'))
			print(f, d, a->label);
}

static int by_name(const void *a, const void *b)
{
	return strverscmp((*(struct dev *const *)a)->name, (*(struct dev *const *)b)->name);
}

static int show_all(struct cmd *c, bool down_too, bool in_short)
{
	struct dev **devs;
	size_t count = 0, i = 0;

	stack_each_dev(d, c->host)
		count++;
	devs = calloc(count + 1, sizeof(struct dev *));
	if (!devs)
		return cmd_error(c, "no memory");
	stack_each_dev(d, c->host)
		devs[i++] = d;
	qsort(devs, count, sizeof(struct dev *), by_name);
	if (in_short)
		fputs("Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n",
			c->out);
	for (i = 0; i < count; i++)
		if (down_too || (devs[i]->flags & DEV_UP))
			print_all_labels(c->out, devs[i], in_short ? print_short : print_device);
	free(devs);
	return CMD_OK;
}

/* The device of "eth0" or "eth0:1". */
static struct dev *find_device(const struct stack *s, const char *label)
{
	char name[DEV_NAME_LEN];
	size_t len = strcspn(label, ":");

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, label, len);
	name[len] = '\0';
	return dev_by_name(s, name);
}

static int show_one(struct cmd *c, const char *label, bool in_short)
{
	const struct dev *d = find_device(c->host, label);

	if (!d || (strchr(label, ':') && !find_label(d, label))) {
		fprintf(c->err, "%s: error fetching interface information: Device not found\n", label);
		return GETTING_FAILED;
	}
	if (in_short) {
		fputs("Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n",
			c->out);
		print_short(c->out, d, label);
	} else {
		print_device(c->out, d, label);
	}
	return CMD_OK;
}

/* ---- set: all words are read, then done ---- */

struct change {
	struct cmd *c;
	const char *label;
	struct dev *dev;
	bool has_addr, has_plen, has_broadcast, has_peer, has_mtu, has_mac, up, down;
	uint32_t addr, broadcast, peer, mtu;
	uint8_t plen;
	struct mac mac;
	unsigned flags, mask;
};

/* The length that the class of an address gives (RFC 791 3.2), as SIOCSIFADDR takes it. */
static uint8_t class_plen(uint32_t addr)
{
	return addr >> 31 == 0 ? 8 : addr >> 30 == 2 ? 16 : 24;
}

static int ioctl_failed(struct cmd *c, const char *name, int error)
{
	fprintf(c->err, "%s: %s\n", name, strerror(-error));
	return GETTING_FAILED;
}

static int unknown_host(struct cmd *c, const char *word)
{
	fprintf(c->err, "%s: Host name lookup failure\nifconfig: `--help' gives usage information.\n", word);
	return GETTING_FAILED;
}

/* Replaces the address of the label, or gives it one. What was not said follows from the old address, if that
 * stays, else from the class. */
static int apply_addr(const struct change *ch)
{
	struct netif_addr *old = find_label(ch->dev, ch->label);
	struct netif_addr a = {.plen = class_plen(ch->addr)};

	if (!ch->has_addr && !ch->has_plen && !ch->has_broadcast && !ch->has_peer)
		return 0;
	if (!ch->has_addr && !old)
		return -EADDRNOTAVAIL;
	if (!ch->has_addr)
		a = *old;
	else
		a.local = a.peer = ch->addr;
	bool derived = ch->has_addr || a.broadcast == (a.local | ~ip_mask(a.plen));
	a.plen = ch->has_plen ? ch->plen : a.plen;
	if (derived)
		a.broadcast = a.plen < 31 ? a.local | ~ip_mask(a.plen) : 0;
	a.broadcast = ch->has_broadcast ? ch->broadcast : a.broadcast;
	a.peer = ch->has_peer ? ch->peer : a.peer;
	if (ch->dev->type == DEV_LOOPBACK) {
		a.scope = SCOPE_HOST;
		a.broadcast = 0;
	}
	snprintf(a.label, sizeof(a.label), "%s", ch->label);
	if (old)
		netif_addr_del(old);
	return a.local ? netif_addr_add(ch->dev->netif, &a, NULL) : 0;
}

static int apply(const struct change *ch)
{
	struct dev *d = ch->dev;
	bool is_alias = strchr(ch->label, ':') != NULL;
	int err = ch->has_mac ? dev_set_mac(d, ch->mac) : 0;

	if (err)
		return ioctl_failed(ch->c, "SIOCSIFHWADDR", err);
	err = ch->has_mtu ? dev_set_mtu(d, ch->mtu) : 0;
	if (err)
		return ioctl_failed(ch->c, "SIOCSIFMTU", err);
	for (unsigned bit = 1; bit && bit <= ch->mask; bit <<= 1)
		if (ch->mask & bit)
			dev_set_flag(d, bit, ch->flags & bit);
	err = apply_addr(ch);
	if (err)
		return ioctl_failed(ch->c, "SIOCSIFADDR", err);
	if (ch->down && is_alias) {
		if (find_label(d, ch->label))
			netif_addr_del(find_label(d, ch->label));
		return CMD_OK;
	}
	if (ch->down || ch->up || (ch->has_addr && ch->addr))
		err = dev_set_up(d, !ch->down);
	return err ? ioctl_failed(ch->c, "SIOCSIFFLAGS", err) : CMD_OK;
}

static bool read_flag(struct change *ch, const char *word)
{
	static const struct {
		const char *word;
		unsigned flag;
		bool on;
	} words[] = {
		{"promisc", DEV_PROMISC, true},
		{"-promisc", DEV_PROMISC, false},
		{"allmulti", DEV_ALLMULTI, true},
		{"-allmulti", DEV_ALLMULTI, false},
		{"multicast", DEV_MULTICAST, true},
		{"-multicast", DEV_MULTICAST, false},
		{"arp", DEV_NOARP, false},
		{"-arp", DEV_NOARP, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].word, word) != 0)
			continue;
		ch->mask |= words[i].flag;
		ch->flags = words[i].on ? ch->flags | words[i].flag : ch->flags & ~words[i].flag;
		return true;
	}
	return false;
}

/* A bare word is the address. */
static int read_addr(struct change *ch, const char *word)
{
	struct prefix p;

	if (!address_parse_prefix(word, &p) || strchr("da", word[0]))
		return unknown_host(ch->c, word);
	ch->has_addr = true;
	ch->addr = p.addr;
	if (p.has_plen) {
		ch->has_plen = true;
		ch->plen = p.plen;
	}
	return 0;
}

/* `word` wants `value`. Sets *taken when it was such a word. */
static int read_value(struct change *ch, const char *word, const char *value, bool *taken)
{
	*taken = true;
	if (!strcmp(word, "netmask")) {
		ch->has_plen = true;
		return address_parse_mask(value, &ch->plen) ? 0 : unknown_host(ch->c, value);
	}
	if (!strcmp(word, "broadcast")) {
		ch->has_broadcast = true;
		return address_parse(value, &ch->broadcast) ? 0 : unknown_host(ch->c, value);
	}
	if (!strcmp(word, "pointopoint") || !strcmp(word, "dstaddr")) {
		ch->has_peer = true;
		return address_parse(value, &ch->peer) ? 0 : unknown_host(ch->c, value);
	}
	if (!strcmp(word, "mtu")) {
		ch->has_mtu = true;
		if (!address_parse_number(value, &ch->mtu))
			ch->mtu = 0; /* is refused */
		return 0;
	}
	if (!strcmp(word, "ether")) {
		ch->has_mac = true;
		if (text_parse_mac(value, &ch->mac))
			return 0;
		fprintf(ch->c->err, "%s: invalid ether address.\n", value);
		return GETTING_FAILED;
	}
	*taken = false;
	return 0;
}

static int read_words(struct change *ch, char **argv)
{
	for (; *argv; argv++) {
		bool taken = false;
		int status = 0;

		if (!strcmp(*argv, "inet") || !strcmp(*argv, "hw"))
			continue;
		if (!strcmp(*argv, "up")) {
			ch->up = true;
			continue;
		}
		if (!strcmp(*argv, "down")) {
			ch->down = true;
			continue;
		}
		if (read_flag(ch, *argv))
			continue;
		if (argv[1])
			status = read_value(ch, *argv, argv[1], &taken);
		if (!status && !taken)
			status = read_addr(ch, *argv);
		if (status)
			return status;
		argv += taken;
	}
	return 0;
}

static int set(struct cmd *c, const char *label, char **argv)
{
	struct change ch = {.c = c, .label = label, .dev = find_device(c->host, label)};
	int status;

	if (!ch.dev || strlen(label) >= DEV_NAME_LEN) {
		fprintf(c->err, "%s: ERROR while getting interface flags: No such device\n", label);
		return SETTING_FAILED;
	}
	status = read_words(&ch, argv);
	return status ? status : apply(&ch);
}

static int run(struct cmd *c)
{
	bool all = false, in_short = false;
	char **argv = c->argv + 1;

	for (; *argv && **argv == '-'; argv++) {
		if (!strcmp(*argv, "-a"))
			all = true;
		else if (!strcmp(*argv, "-s"))
			in_short = true;
		else if (strcmp(*argv, "-v") != 0)
			return cmd_usage(c, "unknown option %s", *argv);
	}
	if (!*argv)
		return show_all(c, all, in_short);
	if (!argv[1])
		return show_one(c, *argv, in_short);
	return set(c, *argv, argv + 1);
}

static void complete(struct completion *w)
{
	static const char *const words[] = {"up", "down", "netmask", "broadcast", "mtu", "hw", "ether",
		"promisc", "-promisc", "allmulti", "-allmulti", "arp", "-arp", "multicast", "-multicast",
		"pointopoint", NULL};

	if (w->argc > 1 && w->argv[w->argc - 1][0] != '-')
		complete_offer_list(w, words);
	else
		complete_devices(w);
}

const struct command cmd_ifconfig = {
	.name = "ifconfig",
	.run = run,
	.usage = "ifconfig [-a] [-s] [DEVICE [ADDRESS[/LENGTH]] [netmask MASK] [broadcast ADDRESS] [mtu N] "
		 "[up|down] ...]",
	.about = "show and set devices and their addresses, the old way",
	.options = "  -a                   devices that are down, too\n"
		   "  -s                   a line for each\n"
		   "  hw ether LLADDR      the MAC address\n"
		   "  pointopoint ADDRESS  the address at the other end\n"
		   "  [-]promisc, [-]allmulti, [-]multicast, [-]arp\n",
	.example =
		"ifconfig eth0 10.0.0.1 netmask 255.255.255.0 up\nifconfig eth0:1 10.0.0.7/24\nifconfig -a",
	.man = "ifconfig(8)",
	.complete = complete,
};
