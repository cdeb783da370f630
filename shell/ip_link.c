/* SPDX-License-Identifier: MIT */
/* `ip link show`, and how a device is printed wherever one is. */
#include "shell/linkkind.h"

#include "dev/bridge.h"
#include "lib/text.h"
#include "net/qdisc.h"

#include <inttypes.h>

/* What Linux's devices have and ours do not count: shown as Linux shows it. */
enum { QUEUE_LEN = 1000, GSO_MAX_SIZE = 65536, GSO_MAX_SEGS = 65535 };

enum { SHOW_UP = 1, SHOW_TYPE, SHOW_MASTER, SHOW_NO_MASTER, SHOW_DEV };

/* ---- parts of a link ---- */

/* Devices of which nobody can tell whether the other end is there. */
static bool has_neutral_state(const struct dev *d)
{
	const struct bridge *b = bridge_of(d);

	return d->type != DEV_ETHER || strcmp(d->ops->kind, "dummy") == 0 || (b && list_empty(&b->ports));
}

const char *ipcmd_operstate(const struct dev *d)
{
	if (!(d->flags & DEV_UP))
		return "DOWN";
	if (!d->carrier)
		return d->link && !d->unplugged ? "LOWERLAYERDOWN" : "DOWN";
	return has_neutral_state(d) ? "UNKNOWN" : "UP";
}

/* "veth0", "veth0@veth1", or "veth0@if2" where the other end is on another host. */
static void print_name(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;
	char name[2 * DEV_NAME_LEN + 16];

	if (!d->link) {
		snprintf(name, sizeof(name), "%s", d->name);
	} else if (d->link->stack == d->stack) {
		show_json_str(sh, "link", d->link->name);
		snprintf(name, sizeof(name), "%s@%s", d->name, d->link->name);
	} else {
		show_json_num(sh, "link_index", (uint64_t)d->link->ifindex);
		snprintf(name, sizeof(name), "%s@if%d", d->name, d->link->ifindex);
	}
	show_json_str(sh, "ifname", d->name);
	show_color(sh, SHOW_NAME);
	if (ip->brief)
		show_text(sh, "%-16s ", name);
	else
		show_text(sh, "%s: ", name);
}

static void print_flag(struct show *sh, const char *name, int *count)
{
	show_text(sh, "%c", (*count)++ ? ',' : '<');
	show_str(sh, NULL, "%s", name);
}

static void print_flags(struct show *sh, const struct dev *d)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{DEV_BROADCAST, "BROADCAST"},
		{DEV_POINTOPOINT, "POINTOPOINT"},
		{DEV_MULTICAST, "MULTICAST"},
		{DEV_NOARP, "NOARP"},
		{DEV_ALLMULTI, "ALLMULTI"},
		{DEV_PROMISC, "PROMISC"},
		{DEV_UP, "UP"},
	};
	unsigned flags = d->type == DEV_LOOPBACK ? d->flags & DEV_UP : d->flags;
	int count = 0;

	show_list(sh, "flags");
	if ((flags & DEV_UP) && !d->carrier)
		print_flag(sh, "NO-CARRIER", &count);
	if (d->type == DEV_LOOPBACK)
		print_flag(sh, "LOOPBACK", &count);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			print_flag(sh, names[i].name, &count);
	if (dev_is_running(d))
		print_flag(sh, "LOWER_UP", &count);
	if (d->link && d->link->stack == d->stack && !(d->link->flags & DEV_UP))
		print_flag(sh, "M-DOWN", &count);
	show_close(sh);
	show_text(sh, count ? "> " : "<> ");
}

static void print_operstate(struct ipcmd *ip, const struct dev *d)
{
	const char *state = ipcmd_operstate(d);

	if (!strcmp(state, "UP"))
		show_color(&ip->show, SHOW_GOOD);
	else if (!strcmp(state, "DOWN"))
		show_color(&ip->show, SHOW_BAD);
	if (ip->brief)
		show_str(&ip->show, "operstate", "%-14s ", state);
	else
		show_str(&ip->show, "operstate", "%s ", state);
}

static const char *type_name(const struct dev *d)
{
	return d->type == DEV_ETHER ? "ether" : d->type == DEV_LOOPBACK ? "loopback" : "none";
}

/* "    link/ether 02:... brd ff:..." */
static void print_address(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;
	struct mac broadcast = d->type == DEV_LOOPBACK ? MAC_ZERO : MAC_BROADCAST;

	show_text(sh, "    ");
	show_str(sh, "link_type", "link/%s ", type_name(d));
	if (d->type != DEV_RAW) {
		show_color(sh, SHOW_MAC);
		show_str(sh, "address", "%s", TEXT_MAC(d->mac));
		show_text(sh, " brd ");
		show_color(sh, SHOW_MAC);
		show_str(sh, "broadcast", "%s", TEXT_MAC(broadcast));
	}
	if (d->link && d->link->stack != d->stack) {
		show_text(sh, " link-netns %s", d->link->stack->name);
		show_json_num(sh, "link_netnsid", ipcmd_netns_id(d->link->stack));
	}
}

/* What its kind says of a device; of a port, what its master's kind says of it ("bridge_slave"). */
static void print_kinds(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;
	const struct link_kind *own = link_kind_by_name(d->ops->kind);
	const struct link_kind *masters = d->master ? link_kind_by_name(d->master->ops->kind) : NULL;

	show_text(sh, "%c    ", sh->oneline ? '\\' : '\n');
	show_map(sh, "linkinfo");
	show_str(sh, "info_kind", "%s ", d->ops->kind);
	if (own && own->print) {
		show_map(sh, "info_data");
		own->print(ip, d);
		show_close(sh);
	}
	if (masters && masters->print_port) {
		show_text(sh, "%c    %s_slave ", sh->oneline ? '\\' : '\n', masters->name);
		show_json_str(sh, "info_slave_kind", masters->name);
		show_map(sh, "info_slave_data");
		masters->print_port(ip, d);
		show_close(sh);
	}
	show_close(sh);
}

static void print_details(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;
	bool lo = d->type == DEV_LOOPBACK;

	show_num(sh, "promiscuity", " promiscuity %u ", d->promiscuity + !!(d->flags & DEV_PROMISC));
	show_num(sh, "allmulti", " allmulti %u ", d->allmulti + !!(d->flags & DEV_ALLMULTI));
	show_num(sh, "min_mtu", "minmtu %u ", lo ? 0 : d->min_mtu);
	show_num(sh, "max_mtu", "maxmtu %u ", lo ? 0 : d->max_mtu);
	if (!lo)
		print_kinds(ip, d);
	show_num(sh, "num_tx_queues", "numtxqueues %u ", 1u);
	show_num(sh, "num_rx_queues", "numrxqueues %u ", 1u);
	show_num(sh, "gso_max_size", "gso_max_size %u ", (unsigned)GSO_MAX_SIZE);
	show_num(sh, "gso_max_segs", "gso_max_segs %u ", (unsigned)GSO_MAX_SEGS);
}

/* ---- statistics: columns as wide as their widest number, at least as their heading ---- */

enum { STAT_COLUMNS = 6, STAT_ERRORS = 5 };

struct stat_table {
	const char *direction; /* "RX" */
	const char *key;
	const char *headings[STAT_COLUMNS], *keys[STAT_COLUMNS];
	const char *error_headings[STAT_ERRORS], *error_keys[STAT_ERRORS];
};

static const struct stat_table rx_table = {
	"RX",
	"rx",
	{"bytes", "packets", "errors", "dropped", "missed", "mcast"},
	{"bytes", "packets", "errors", "dropped", "over_errors", "multicast"},
	{"length", "crc", "frame", "fifo", "overrun"},
	{"length_errors", "crc_errors", "frame_errors", "fifo_errors", "missed_errors"},
};
static const struct stat_table tx_table = {
	"TX",
	"tx",
	{"bytes", "packets", "errors", "dropped", "carrier", "collsns"},
	{"bytes", "packets", "errors", "dropped", "carrier_errors", "collisions"},
	{"aborted", "fifo", "window", "heartbt", "transns"},
	{"aborted_errors", "fifo_errors", "window_errors", "heartbeat_errors", "carrier_changes"},
};

static int digits(uint64_t value)
{
	return snprintf(NULL, 0, "%" PRIu64, value);
}

static void print_counters(
	struct ipcmd *ip, const struct stat_table *t, const uint64_t *values, const int *width)
{
	struct show *sh = &ip->show;

	show_text(sh, "    %s:%*s", t->direction, width[0] - 3, t->headings[0]);
	for (int i = 1; i < STAT_COLUMNS; i++)
		show_text(sh, " %*s", width[i], t->headings[i]);
	show_text(sh, " %*s", width[STAT_COLUMNS], "");
	show_newline(sh);
	show_text(sh, "    ");
	for (int i = 0; i < STAT_COLUMNS; i++) {
		show_text(sh, "%*" PRIu64 " ", width[i], values[i]);
		show_json_num(sh, t->keys[i], values[i]);
	}
}

/* None of these can happen to our devices. */
static void print_no_errors(struct ipcmd *ip, const struct stat_table *t, const int *width)
{
	struct show *sh = &ip->show;

	show_newline(sh);
	show_text(sh, "    %s%*s", t->direction, width[0] - 2, " errors:");
	for (int i = 0; i < STAT_ERRORS; i++)
		show_text(sh, " %*s", width[i + 1], t->error_headings[i]);
	show_newline(sh);
	show_text(sh, "    %*s ", width[0], "");
	for (int i = 0; i < STAT_ERRORS; i++) {
		show_text(sh, "%*u ", width[i + 1], 0u);
		show_json_num(sh, t->error_keys[i], 0);
	}
}

static void print_stat_table(
	struct ipcmd *ip, const struct stat_table *t, const uint64_t values[STAT_COLUMNS])
{
	int width[STAT_COLUMNS + 1] = {10, 7, 6, 7, 7, 7, 10};

	for (int i = 0; i < STAT_COLUMNS; i++)
		width[i] = MAX(width[i], digits(values[i]));
	show_map(&ip->show, t->key);
	print_counters(ip, t, values, width);
	if (ip->stats > 1)
		print_no_errors(ip, t, width);
	show_close(&ip->show);
}

void ipcmd_print_link_stats(struct ipcmd *ip, const struct dev *d)
{
	const struct dev_stats *st = &d->stats;
	const uint64_t rx[] = {st->rx_bytes, st->rx_packets, 0, st->rx_dropped, 0, st->rx_multicast};
	const uint64_t tx[] = {st->tx_bytes, st->tx_packets, st->tx_errors, st->tx_dropped, 0, 0};

	show_map(&ip->show, "stats64");
	print_stat_table(ip, &rx_table, rx);
	show_newline(&ip->show);
	print_stat_table(ip, &tx_table, tx);
	show_close(&ip->show);
}

/* ---- a whole link ---- */

static void print_brief(struct ipcmd *ip, const struct dev *d, enum ipcmd_form form)
{
	print_name(ip, d);
	print_operstate(ip, d);
	if (form == IPCMD_ADDR)
		return;
	show_color(&ip->show, SHOW_MAC);
	if (d->type == DEV_RAW)
		show_text(&ip->show, "%17s ", "");
	else
		show_str(&ip->show, "address", "%s ", TEXT_MAC(d->mac));
	print_flags(&ip->show, d);
}

static const char *qdisc_name(const struct dev *d)
{
	const struct qdisc *q = d->qdisc[QDISC_ROOT];

	return q ? q->ops->kind : d->activated ? "noqueue" : "noop";
}

void ipcmd_print_link_head(struct ipcmd *ip, const struct dev *d)
{
	struct show *sh = &ip->show;

	show_num(sh, "ifindex", "%u: ", (unsigned)d->ifindex);
	print_name(ip, d);
	print_flags(sh, d);
	show_num(sh, "mtu", "mtu %u ", d->mtu);
}

static void print_first_line(struct ipcmd *ip, const struct dev *d, enum ipcmd_form form)
{
	struct show *sh = &ip->show;

	ipcmd_print_link_head(ip, d);
	show_str(sh, "qdisc", "qdisc %s ", qdisc_name(d));
	if (d->master)
		show_str(sh, "master", "master %s ", d->master->name);
	show_text(sh, "state ");
	print_operstate(ip, d);
	if (form == IPCMD_LINK)
		show_str(sh, "linkmode", "mode %s ", "DEFAULT");
	show_str(sh, "group", "group %s ", "default");
	if (form != IPCMD_NEWS)
		show_num(sh, "txqlen", "qlen %u", (unsigned)QUEUE_LEN);
}

void ipcmd_print_link(struct ipcmd *ip, const struct dev *d, enum ipcmd_form form)
{
	if (ip->brief) {
		print_brief(ip, d, form);
		return;
	}
	print_first_line(ip, d, form);
	if (!ip->only_inet || ip->details || form == IPCMD_LINK) {
		show_newline(&ip->show);
		print_address(ip, d);
		if (ip->details)
			print_details(ip, d);
	}
	if (form == IPCMD_LINK && ip->stats) {
		show_newline(&ip->show);
		ipcmd_print_link_stats(ip, d);
	}
}

/* ---- ip link show ---- */

/* "veth", or "bridge_slave" for a port of a bridge. */
static bool is_of_kind(const struct dev *d, const char *kind)
{
	size_t len = d->master ? strlen(d->master->ops->kind) : 0;

	if (strcmp(kind, d->ops->kind) == 0)
		return true;
	return d->master && strncmp(kind, d->master->ops->kind, len) == 0 &&
		strcmp(kind + len, "_slave") == 0;
}

bool ipcmd_link_wanted(const struct ipcmd_link_filter *f, const struct dev *d)
{
	return (!f->dev || f->dev == d) && (!f->master || f->master == d->master) &&
		(!f->no_master || !d->master) && (!f->kind || is_of_kind(d, f->kind)) &&
		(!f->up || (d->flags & DEV_UP));
}

static int set_device(struct ipcmd *ip, struct ipcmd_link_filter *f, const char *name)
{
	if (f->dev)
		return ipcmd_garbage(ip, name);
	f->dev = dev_by_name(ip->s, name);
	return f->dev ? 0 : ipcmd_fail(ip, IPCMD_FAILED, "Device \"%s\" does not exist.", name);
}

int ipcmd_link_filter_name(struct ipcmd *ip, struct ipcmd_link_filter *f)
{
	return set_device(ip, f, *ip->argv++);
}

int ipcmd_link_filter_read(struct ipcmd *ip, struct ipcmd_link_filter *f, bool *known)
{
	static const struct ipcmd_word words[] = {
		WORD("up", SHOW_UP),
		VALUE("type", SHOW_TYPE),
		VALUE("master", SHOW_MASTER),
		WORD("nomaster", SHOW_NO_MASTER),
		VALUE("dev", SHOW_DEV),
		{0},
	};
	const char *value = NULL;
	int id;
	int status = ipcmd_read(ip, words, &id, &value);

	*known = id != 0;
	if (status)
		return status;
	switch (id) {
	case SHOW_UP:
		f->up = true;
		break;
	case SHOW_TYPE:
		f->kind = value;
		break;
	case SHOW_MASTER:
		f->master = dev_by_name(ip->s, value);
		return f->master ? 0 : ipcmd_bad_value(ip, value, "Device does not exist\n");
	case SHOW_NO_MASTER:
		f->no_master = true;
		break;
	case SHOW_DEV:
		return set_device(ip, f, value);
	}
	return 0;
}

int ipcmd_link_filter_read_all(struct ipcmd *ip, struct ipcmd_link_filter *f)
{
	while (*ip->argv) {
		bool known;
		int status = ipcmd_link_filter_read(ip, f, &known);

		if (!status && !known)
			status = ipcmd_link_filter_name(ip, f);
		if (status)
			return status;
	}
	return 0;
}

int ipcmd_link_show(struct ipcmd *ip)
{
	struct ipcmd_link_filter f = {0};
	int status = ipcmd_link_filter_read_all(ip, &f);

	if (status)
		return status;
	show_begin(&ip->show);
	stack_each_dev(d, ip->s) {
		if (!ipcmd_link_wanted(&f, d))
			continue;
		show_object(&ip->show);
		ipcmd_print_link(ip, d, IPCMD_LINK);
		show_close(&ip->show);
		show_text(&ip->show, "\n");
	}
	show_end(&ip->show);
	return CMD_OK;
}
