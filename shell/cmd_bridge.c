/* SPDX-License-Identifier: MIT */
/* `bridge`, as iproute2 has it: ports (link) and what the bridge knows (fdb). */
#include "shell/bridgecmd.h"

/* ---- bridge link ---- */

static void print_port(struct ipcmd *ip, const struct bridge_port *port)
{
	struct show *sh = &ip->show;

	ipcmd_print_link_head(ip, port->dev);
	show_str(sh, "master", "master %s ", port->bridge->dev.name);
	show_str(sh, "state", "state %s ", bridgecmd_state_name(port->state));
	show_num(sh, "priority", "priority %u ", (unsigned)port->priority);
	show_num(sh, "cost", "cost %u ", (unsigned)port->cost);
	if (!ip->details)
		return;
	show_newline(sh);
	show_text(sh, "    ");
	bridgecmd_print_flags(ip, port);
}

enum { LINK_DEV = 1, LINK_MASTER };

struct filter {
	struct dev *dev, *master;
};

static int set_filter(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct filter *f = to;
	struct dev *d = dev_by_name(ip->s, value);

	if (id == 0)
		return ipcmd_garbage(ip, value);
	*(id == LINK_DEV ? &f->dev : &f->master) = d;
	return d ? 0 : ipcmd_fail(ip, IPCMD_SYNTAX, "Cannot find device \"%s\"", value);
}

static int show(struct ipcmd *ip)
{
	static const struct ipcmd_word words[] = {VALUE("dev", LINK_DEV), VALUE("master", LINK_MASTER), {0}};
	struct filter f = {0};
	int status = ipcmd_read_all(ip, words, set_filter, &f);

	if (status)
		return status;
	show_begin(&ip->show);
	stack_each_dev(d, ip->s) {
		const struct bridge_port *port = bridge_port_of(d);

		if (!port || (f.dev && f.dev != d) || (f.master && f.master != &port->bridge->dev))
			continue;
		show_object(&ip->show);
		print_port(ip, port);
		show_close(&ip->show);
		show_text(&ip->show, "\n");
	}
	show_end(&ip->show);
	return CMD_OK;
}

/* "dev DEV", "self" and "master" stand among the options of the port. */
static int set(struct ipcmd *ip)
{
	static const struct ipcmd_word words[] = {VALUE("dev", 1), WORD("self", 2), WORD("master", 3), {0}};
	struct bridge_port_change ch = {0};
	const char *name = NULL;

	while (*ip->argv) {
		bool known = true;
		int id;
		int status = ipcmd_read(ip, words, &id, &name);

		if (!status && id == 0)
			status = bridgecmd_read_port(ip, &ch, true, &known);
		if (status)
			return status;
		if (!known)
			return ipcmd_garbage(ip, *ip->argv);
	}
	if (!name)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Device is a required argument.");
	struct dev *d = dev_by_name(ip->s, name);
	if (!d)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Cannot find bridge device \"%s\"", name);
	return bridgecmd_change_port(ip, d, &ch);
}

static const struct ipcmd_verb link_verbs[] = {
	{"set", set,
		"dev DEVICE [state STATE] [hairpin { on | off }] [isolated { on | off }]\n"
		"                    [learning { on | off }] [flood { on | off }] [mcast_flood { on | off "
		"}]\n"
		"                    [bcast_flood { on | off }] [locked { on | off }] [cost COST]\n"
		"                    [priority PRIORITY] [guard { on | off }] [root_block { on | off }]\n"
		"                    [fastleave { on | off }]"},
	{"show", show, "[dev DEVICE] [master BRIDGE]"},
	{"lst", show, NULL},
	{"list", show, NULL},
	{0},
};

static const char *const link_words[] = {"dev", "master", "state", "hairpin", "isolated", "learning", "flood",
	"mcast_flood", "bcast_flood", "locked", "cost", "priority", "on", "off", NULL};

static const struct ipcmd_object object_link = {"link", show, link_verbs, link_words};

/* ---- what is not there yet ---- */

static int no_vlan(struct ipcmd *ip)
{
	return ipcmd_fail(ip, IPCMD_REFUSED, "bridge vlan: not yet: tapir's bridges have no VLAN filtering");
}

static int no_mdb(struct ipcmd *ip)
{
	return ipcmd_fail(ip, IPCMD_REFUSED, "bridge mdb: not yet: tapir's bridges have no IGMP snooping");
}

static int no_monitor(struct ipcmd *ip)
{
	return ipcmd_fail(
		ip, IPCMD_REFUSED, "bridge monitor: not yet (`trace bridge` shows what a bridge learns)");
}

static const struct ipcmd_verb no_verbs[] = {{0}};
static const char *const no_words[] = {NULL};
static const struct ipcmd_object object_vlan = {"vlan", no_vlan, no_verbs, no_words};
static const struct ipcmd_object object_mdb = {"mdb", no_mdb, no_verbs, no_words};
static const struct ipcmd_object object_monitor = {"monitor", no_monitor, no_verbs, no_words};

/* ---- the program ---- */

static const struct ipcmd_entry objects[] = {
	{"link", &object_link},
	{"fdb", &bridgecmd_fdb},
	{"mdb", &object_mdb},
	{"vlan", &object_vlan},
	{"monitor", &object_monitor},
	{0},
};

static const struct ipcmd_program program = {
	.name = "bridge",
	.version = "bridge utility, of tapir, after iproute2-6.1.0",
	.usage = "Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }\n"
		 "where  OBJECT := { link | fdb }\n"
		 "       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -o[neline] |\n"
		 "                    -n[etns] NAME | -j[son] | -p[retty] | -c[olor] }\n",
	.objects = objects,
	.unknown_object_status = IPCMD_SYNTAX,
	.refused_status = IPCMD_SYNTAX,
};

static int run(struct cmd *c)
{
	return ipcmd_run(c, &program);
}

/* ---- completion ---- */

static void offer(struct completion *w, const struct ipcmd_object *o, int at)
{
	const char *last = w->argv[w->argc - 1];

	if (at == w->argc - 1) {
		for (const struct ipcmd_verb *v = o->verbs; v->name; v++)
			complete_offer(w, v->name);
		complete_offer(w, "help");
	} else if (!strcmp(last, "dev") || !strcmp(last, "br") || !strcmp(last, "brport") ||
		!strcmp(last, "master")) {
		complete_devices(w);
	} else {
		complete_offer_list(w, o->words);
	}
}

static void complete(struct completion *w)
{
	for (int at = 1; at < w->argc; at++) {
		for (const struct ipcmd_entry *e = objects; w->argv[at][0] != '-' && e->word; e++) {
			if (!ipcmd_matches(w->argv[at], e->word))
				continue;
			offer(w, e->object, at);
			return;
		}
	}
	for (const struct ipcmd_entry *e = objects; e->word; e++)
		complete_offer(w, e->word);
}

const struct command cmd_bridge = {
	.name = "bridge",
	.run = run,
	.usage = "bridge [-s] [-d] [-o] [-j [-p]] [-c] [-n HOST] { link | fdb } [COMMAND ...]",
	.about = "ports of bridges, and which addresses they know at which port",
	.options = "  link      the ports: show, set (hairpin, isolated, learning, flood, state ...)\n"
		   "  fdb       the addresses: show, add, append, replace, del, get, flush\n"
		   "  -s        how many seconds ago an address was used and heard\n"
		   "  -d        details of the ports\n"
		   "  -j, -p    JSON; indented\n"
		   "  -n HOST   on another host\n",
	.example = "bridge link\nbridge fdb show br br0\nbridge link set dev p1 hairpin on\n"
		   "bridge fdb add 02:00:00:00:00:07 dev p1 master static",
	.man = "bridge(8)",
	.complete = complete,
};
