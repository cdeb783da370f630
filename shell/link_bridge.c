/* SPDX-License-Identifier: MIT */
/* `type bridge [OPTIONS]`, and `type bridge_slave [OPTIONS]` for a port of one. */
#include "shell/linkkind.h"

#include "lib/text.h"
#include "shell/address.h"
#include "shell/bridgecmd.h"

#include <errno.h>

enum { NS_PER_CS = 10000000 /* options that are times are in hundredths of a second */ };

/* ---- what can be set ---- */

enum {
	AGEING_TIME = 1,
	FORWARD_DELAY,
	HELLO_TIME,
	MAX_AGE,
	STP_STATE,
	PRIORITY,
	GROUP_FWD_MASK,
	VLAN_FILTERING,
	MCAST_SNOOPING,
	NO_LINKLOCAL_LEARN,
	FDB_MAX_LEARNED,
	FDB_FLUSH,
};

static const struct ipcmd_word options[] = {
	VALUE("ageing_time", AGEING_TIME),
	VALUE("forward_delay", FORWARD_DELAY),
	VALUE("hello_time", HELLO_TIME),
	VALUE("max_age", MAX_AGE),
	VALUE("stp_state", STP_STATE),
	VALUE("priority", PRIORITY),
	VALUE("group_fwd_mask", GROUP_FWD_MASK),
	VALUE("vlan_filtering", VLAN_FILTERING),
	VALUE("mcast_snooping", MCAST_SNOOPING),
	VALUE("no_linklocal_learn", NO_LINKLOCAL_LEARN),
	VALUE("fdb_max_learned", FDB_MAX_LEARNED),
	WORD("fdb_flush", FDB_FLUSH),
	{0},
};

/* What Linux's bridges have besides, in its order: the one value that is true here is shown. */
static const struct fixed {
	const char *name, *key; /* in text and in JSON */
	unsigned value;
	const char *lacks;
} fixed[] = {
	{"mcast_vlan_snooping", "mcast_vlan_snooping", 0, "IGMP snooping"},
	{"mcast_router", "mcast_router", 1, "IGMP snooping"},
	{"mcast_query_use_ifaddr", "mcast_query_use_ifaddr", 0, "IGMP snooping"},
	{"mcast_querier", "mcast_querier", 0, "IGMP snooping"},
	{"mcast_hash_elasticity", "mcast_hash_elasticity", 16, "IGMP snooping"},
	{"mcast_hash_max", "mcast_hash_max", 4096, "IGMP snooping"},
	{"mcast_last_member_count", "mcast_last_member_cnt", 2, "IGMP snooping"},
	{"mcast_startup_query_count", "mcast_startup_query_cnt", 2, "IGMP snooping"},
	{"mcast_last_member_interval", "mcast_last_member_intvl", 100, "IGMP snooping"},
	{"mcast_membership_interval", "mcast_membership_intvl", 26000, "IGMP snooping"},
	{"mcast_querier_interval", "mcast_querier_intvl", 25500, "IGMP snooping"},
	{"mcast_query_interval", "mcast_query_intvl", 12500, "IGMP snooping"},
	{"mcast_query_response_interval", "mcast_query_response_intvl", 1000, "IGMP snooping"},
	{"mcast_startup_query_interval", "mcast_startup_query_intvl", 3124, "IGMP snooping"},
	{"mcast_stats_enabled", "mcast_stats_enabled", 0, "IGMP snooping"},
	{"mcast_igmp_version", "mcast_igmp_version", 2, "IGMP snooping"},
	{"mcast_mld_version", "mcast_mld_version", 1, "IGMP snooping"},
	{"nf_call_iptables", "nf_call_iptables", 0, "netfilter"},
	{"nf_call_ip6tables", "nf_call_ip6tables", 0, "netfilter"},
	{"nf_call_arptables", "nf_call_arptables", 0, "netfilter"},
};

static int lacks(struct ipcmd *ip, const char *name, const char *value, const char *what)
{
	return ipcmd_fail(
		ip, IPCMD_REFUSED, "Error: %s %s: not yet: tapir's bridges have no %s.", name, value, what);
}

static int unknown(struct ipcmd *ip, const char *word)
{
	fprintf(ip->c->err, "bridge: unknown command \"%s\"?\n", word);
	return link_kind_usage(ip, "bridge");
}

/* Words that are no option: those of Linux's that we lack, by name. */
static int read_other(struct ipcmd *ip)
{
	const char *word = *ip->argv++, *value;
	uint32_t number;

	if (!strcmp(word, "help"))
		return link_kind_usage(ip, "bridge");
	if (!strncmp(word, "vlan_", 5) || !strcmp(word, "group_address"))
		return lacks(ip, word, *ip->argv ? *ip->argv : "",
			*word == 'v' ? "VLAN filtering" : "spanning tree");
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		if (strcmp(word, fixed[i].name) != 0)
			continue;
		int status = ipcmd_read_any(ip, &value);
		if (status || (address_parse_number(value, &number) && number == fixed[i].value))
			return status;
		return lacks(ip, word, value, fixed[i].lacks);
	}
	return unknown(ip, word);
}

struct change {
	struct bridge_settings settings;
	bool flush;
};

static int set_number(struct ipcmd *ip, struct change *ch, int id, const char *text, uint32_t number)
{
	struct bridge_settings *s = &ch->settings;

	switch (id) {
	case AGEING_TIME:
		s->ageing_ns = (uint64_t)number * NS_PER_CS;
		break;
	case FORWARD_DELAY:
		s->forward_delay_ns = (uint64_t)number * NS_PER_CS;
		break;
	case HELLO_TIME:
		s->hello_ns = (uint64_t)number * NS_PER_CS;
		break;
	case MAX_AGE:
		s->max_age_ns = (uint64_t)number * NS_PER_CS;
		break;
	case STP_STATE:
		return number ? lacks(ip, "stp_state", text, "spanning tree") : 0;
	case VLAN_FILTERING:
		return number ? lacks(ip, "vlan_filtering", text, "VLAN filtering") : 0;
	case PRIORITY:
		s->priority = (uint16_t)number;
		break;
	case GROUP_FWD_MASK:
		s->group_fwd_mask = (uint16_t)number;
		break;
	case MCAST_SNOOPING:
		s->mcast_snooping = number;
		break;
	case NO_LINKLOCAL_LEARN:
		s->no_linklocal_learn = number;
		break;
	case FDB_MAX_LEARNED:
		s->fdb_max_learned = number;
		break;
	}
	return 0;
}

static uint32_t most(int id)
{
	return id == PRIORITY || id == GROUP_FWD_MASK ? UINT16_MAX : UINT32_MAX;
}

static int read_option(struct ipcmd *ip, struct change *ch)
{
	const char *word = *ip->argv, *value = NULL;
	char what[64];
	uint32_t number;
	int id;
	int status = ipcmd_read(ip, options, &id, &value);

	if (status)
		return status;
	if (id == 0)
		return read_other(ip);
	if (id == FDB_FLUSH) {
		ch->flush = true;
		return 0;
	}
	snprintf(what, sizeof(what), "invalid %s", word);
	if (!address_parse_number(value, &number) || number > most(id))
		return ipcmd_bad_value(ip, value, what);
	return set_number(ip, ch, id, value, number);
}

static int read_options(struct ipcmd *ip, struct change *ch)
{
	int status = 0;

	while (*ip->argv && !status)
		status = read_option(ip, ch);
	return status;
}

static int add(struct ipcmd *ip, struct link_recipe *r)
{
	struct change ch = {0};

	bridge_settings_init(&ch.settings);
	int status = read_options(ip, &ch);
	if (status)
		return status;
	r->config.details = &ch.settings;
	return link_make(ip, r);
}

static int change(struct ipcmd *ip, struct dev *d)
{
	struct bridge *b = bridge_of(d);
	struct change ch = {0};

	if (!b)
		return ipcmd_refused(ip, EOPNOTSUPP);
	ch.settings = b->settings;
	int status = read_options(ip, &ch);
	if (!status)
		status = ipcmd_refused(ip, bridge_change(b, &ch.settings));
	if (!status && ch.flush)
		bridge_fdb_flush_dynamic(b, NULL);
	return status;
}

/* ---- ip -d link ---- */

static void print_time(struct show *sh, const char *key, uint64_t ns)
{
	show_text(sh, "%s %llu ", key, (unsigned long long)(ns / NS_PER_CS));
	show_json_num(sh, key, ns / NS_PER_CS);
}

static void print_timer(struct show *sh, const char *key, double seconds)
{
	show_text(sh, "%s %7.2f ", key, seconds);
	show_json_real(sh, key, seconds);
}

static void print_number(struct show *sh, const char *name, const char *key, unsigned value)
{
	show_text(sh, "%s %u ", name, value);
	show_json_num(sh, key, value);
}

static void print_flag(struct show *sh, const char *name, unsigned value)
{
	print_number(sh, name, name, value);
}

/* Of the spanning tree: every bridge is its own root. */
static void print_tree(struct show *sh, const struct bridge *b)
{
	static const char *const zeros[] = {
		"root_port", "root_path_cost", "topology_change", "topology_change_detected"};
	static const char *const timers[] = {"hello_timer", "tcn_timer", "topology_change_timer"};
	char id[BRIDGECMD_ID_LEN];

	show_str(sh, "bridge_id", "bridge_id %s ", bridgecmd_id(b, true, id));
	show_str(sh, "root_id", "designated_root %s ", id);
	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		print_flag(sh, zeros[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(timers); i++)
		print_timer(sh, timers[i], 0);
}

static double until_next_ageing(const struct bridge *b)
{
	uint64_t now = stack_now(b->dev.stack);

	return timer_is_armed(&b->age_timer) && b->age_timer.deadline_ns > now
		? (double)(b->age_timer.deadline_ns - now) / (double)NS_PER_SEC
		: 0;
}

static void print(struct ipcmd *ip, const struct dev *d)
{
	const struct bridge *b = bridge_of(d);
	const struct bridge_settings *s = &b->settings;
	struct show *sh = &ip->show;
	char mask[16];

	print_time(sh, "forward_delay", s->forward_delay_ns);
	print_time(sh, "hello_time", s->hello_ns);
	print_time(sh, "max_age", s->max_age_ns);
	print_time(sh, "ageing_time", s->ageing_ns);
	print_flag(sh, "stp_state", 0);
	print_flag(sh, "priority", s->priority);
	print_flag(sh, "vlan_filtering", 0);
	print_tree(sh, b);
	print_timer(sh, "gc_timer", until_next_ageing(b));
	snprintf(mask, sizeof(mask), "%#x", s->group_fwd_mask);
	show_str(sh, "group_fwd_mask", "group_fwd_mask %s ", mask);
	show_str(sh, "group_addr", "group_address %s ", "01:80:c2:00:00:00");
	print_flag(sh, "mcast_snooping", s->mcast_snooping);
	print_flag(sh, "no_linklocal_learn", s->no_linklocal_learn);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		print_number(sh, fixed[i].name, fixed[i].key, fixed[i].value);
	print_flag(sh, "fdb_n_learned", b->learned);
	print_flag(sh, "fdb_max_learned", s->fdb_max_learned);
}

static void print_port(struct ipcmd *ip, const struct dev *d)
{
	bridgecmd_print_port(ip, bridge_port_of(d));
}

/* ---- save ---- */

static void save_number(struct buf *b, const char *name, uint64_t value, uint64_t normal)
{
	if (value != normal)
		buf_printf(b, "%s%s %llu", b->len ? " " : "", name, (unsigned long long)value);
}

static void save_time(struct buf *b, const char *name, uint64_t ns, uint64_t normal)
{
	save_number(b, name, ns / NS_PER_CS, normal / NS_PER_CS);
}

static void save(struct buf *b, const struct dev *d)
{
	const struct bridge_settings *s = &bridge_of(d)->settings;
	struct bridge_settings normal;

	bridge_settings_init(&normal);
	save_time(b, "ageing_time", s->ageing_ns, normal.ageing_ns);
	save_time(b, "forward_delay", s->forward_delay_ns, normal.forward_delay_ns);
	save_time(b, "hello_time", s->hello_ns, normal.hello_ns);
	save_time(b, "max_age", s->max_age_ns, normal.max_age_ns);
	save_number(b, "priority", s->priority, normal.priority);
	save_number(b, "group_fwd_mask", s->group_fwd_mask, normal.group_fwd_mask);
	save_number(b, "mcast_snooping", s->mcast_snooping, normal.mcast_snooping);
	save_number(b, "no_linklocal_learn", s->no_linklocal_learn, normal.no_linklocal_learn);
	save_number(b, "fdb_max_learned", s->fdb_max_learned, normal.fdb_max_learned);
}

static void save_port(struct buf *b, const struct dev *d)
{
	bridgecmd_save_port(b, bridge_port_of(d));
}

/* Bridges without a MAC address or MTU that the user gave follow their ports. */
static bool follows_ports(const struct dev *d, bool mac)
{
	const struct bridge *b = bridge_of(d);

	return !list_empty(&b->ports) && !(mac ? b->mac_by_user : b->mtu_by_user);
}

static void save_entry(struct buf *lines, const struct bridge *b, const struct bridge_fdb_entry *e)
{
	const char *dev = e->port ? e->port->dev->name : b->dev.name;

	buf_printf(lines, "bridge fdb add %s dev", TEXT_MAC(e->mac));
	buf_add_quoted(lines, dev);
	buf_puts(lines, e->port ? " master" : " self");
	buf_puts(lines, e->local ? " local" : e->is_static ? " static" : " dynamic");
	buf_printf(lines, "%s\n", e->sticky ? " sticky" : "");
}

/* Oldest first, so that they stand in this order again. */
static void save_entries(struct buf *lines, const struct dev *d)
{
	const struct bridge *b = bridge_of(d);

	for (const struct list *at = b->entries.prev; at != &b->entries; at = at->prev) {
		const struct bridge_fdb_entry *e = list_entry(at, struct bridge_fdb_entry, node);
		if (e->by_user)
			save_entry(lines, b, e);
	}
}

/* ---- bridge_slave ---- */

static int change_port(struct ipcmd *ip, struct dev *d)
{
	struct bridge_port_change ch = {0};

	while (*ip->argv) {
		bool known;
		int status = bridgecmd_read_port(ip, &ch, false, &known);

		if (status)
			return status;
		if (known)
			continue;
		if (strcmp(*ip->argv, "help") != 0)
			fprintf(ip->c->err, "bridge_slave: unknown option \"%s\"?\n", *ip->argv);
		return link_kind_usage(ip, "bridge_slave");
	}
	int status = bridgecmd_change_port(ip, d, &ch);
	if (!status)
		bridge_port_follow(bridge_port_of(d));
	return status;
}

static const char *const words[] = {"ageing_time", "forward_delay", "hello_time", "max_age", "stp_state",
	"priority", "group_fwd_mask", "vlan_filtering", "mcast_snooping", "no_linklocal_learn",
	"fdb_max_learned", "fdb_flush", NULL};
static const char *const port_words[] = {"state", "priority", "cost", "hairpin", "guard", "fastleave",
	"root_block", "learning", "flood", "mcast_flood", "bcast_flood", "isolated", "locked",
	"group_fwd_mask", "fdb_flush", NULL};

const struct link_kind link_bridge = {
	.name = "bridge",
	.add = add,
	.change = change,
	.print = print,
	.print_port = print_port,
	.save = save,
	.save_port = save_port,
	.save_lines = save_entries,
	.follows_ports = follows_ports,
	.usage = "[ageing_time CENTISECONDS] [group_fwd_mask MASK] [mcast_snooping 0|1]\n"
		 "       [fdb_max_learned ENTRIES] [fdb_flush] [no_linklocal_learn 0|1] [priority PRIORITY]\n"
		 "       [forward_delay CENTISECONDS] [hello_time CENTISECONDS] [max_age CENTISECONDS]\n"
		 "       [stp_state 0] [vlan_filtering 0]",
	.words = words,
};

const struct link_kind link_bridge_slave = {
	.name = "bridge_slave",
	.change = change_port,
	.usage = "[state STATE] [hairpin on|off] [isolated on|off] [learning on|off]\n"
		 "       [flood on|off] [mcast_flood on|off] [bcast_flood on|off] [locked on|off] "
		 "[fdb_flush]\n"
		 "       [group_fwd_mask MASK] [priority PRIORITY] [cost COST] [guard on|off] [root_block "
		 "on|off]\n"
		 "       [fastleave on|off]",
	.words = port_words,
};
