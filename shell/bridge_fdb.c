/* SPDX-License-Identifier: MIT */
/* `bridge fdb`: which addresses a bridge knows at which port ("master"), and which groups a device itself hears
 * ("self"). */
#include "shell/bridgecmd.h"

#include "lib/text.h"
#include "shell/address.h"

#include <errno.h>

/* ---- printing ---- */

/* One line: of an entry of a bridge, or (entry NULL) of a group that the device hears. */
struct line {
	struct mac mac;
	const struct dev *dev;
	const struct bridge *bridge;
	const struct bridge_fdb_entry *entry;
	bool with_device;
};

static unsigned seconds_since(const struct ipcmd *ip, uint64_t ns)
{
	return (unsigned)((stack_now(ip->s) - ns) / NS_PER_SEC);
}

static const char *state_of(const struct bridge_fdb_entry *e)
{
	return !e || e->local ? "permanent" : e->is_static ? "static" : "";
}

static void print_line(struct ipcmd *ip, const struct line *l)
{
	struct show *sh = &ip->show;

	show_object(sh);
	show_color(sh, SHOW_MAC);
	show_str(sh, "mac", "%s ", TEXT_MAC(l->mac));
	if (l->with_device) {
		show_text(sh, "dev ");
		show_color(sh, SHOW_NAME);
		show_str(sh, "ifname", "%s ", l->dev->name);
	}
	if (ip->stats && l->entry) {
		show_num(sh, "used", "used %u", seconds_since(ip, l->entry->used_ns));
		show_num(sh, "updated", "/%u ", seconds_since(ip, l->entry->updated_ns));
	}
	show_list(sh, "flags");
	if (!l->entry)
		show_str(sh, NULL, "%s ", "self");
	else if (l->entry->sticky)
		show_str(sh, NULL, "%s ", "sticky");
	show_close(sh);
	if (l->bridge)
		show_str(sh, "master", "master %s ", l->bridge->dev.name);
	show_str(sh, "state", "%s", state_of(l->entry));
	show_close(sh);
	show_text(sh, "\n");
}

/* ---- show ---- */

enum { FDB_DEV = 1, FDB_BRPORT, FDB_BR, FDB_VLAN, FDB_STATE, FDB_DYNAMIC };

struct filter {
	struct dev *dev, *bridge;
	const char *state; /* as state_of() has it; NULL: all */
	bool dynamic;	   /* those that are not permanent */
};

static int read_state(struct ipcmd *ip, struct filter *f, const char *value)
{
	if (strcmp(value, "all") == 0)
		f->state = NULL;
	else if (!strcmp(value, "permanent") || !strcmp(value, "static"))
		f->state = value;
	else if (!strcmp(value, "temp"))
		f->state = "static";
	else if (!strcmp(value, "reachable"))
		f->state = "";
	else
		return ipcmd_bad_value(ip, value, "invalid state");
	return 0;
}

/* Words that mean nothing are passed over, as iproute2 does. */
static int set_filter(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct filter *f = to;

	switch (id) {
	case FDB_DEV:
	case FDB_BRPORT:
		f->dev = dev_by_name(ip->s, value);
		return f->dev ? 0 : ipcmd_fail(ip, IPCMD_SYNTAX, "Cannot find device \"%s\"", value);
	case FDB_BR:
		f->bridge = dev_by_name(ip->s, value);
		return f->bridge ? 0
				 : ipcmd_fail(ip, IPCMD_SYNTAX, "Cannot find bridge device \"%s\"", value);
	case FDB_STATE:
		return read_state(ip, f, value);
	case FDB_DYNAMIC:
		f->dynamic = true;
	}
	return 0;
}

static bool wanted(const struct filter *f, const struct bridge_fdb_entry *e)
{
	const char *state = state_of(e);

	return (!f->state || strcmp(f->state, state) == 0) &&
		!(f->dynamic && strcmp(state, "permanent") == 0);
}

/* The bridge's entries of this port, or (port NULL) those of the bridge itself. */
static void print_entries(
	struct ipcmd *ip, const struct filter *f, const struct bridge *b, const struct bridge_port *port)
{
	const struct dev *d = port ? port->dev : &b->dev;

	bridge_each_entry(e, b)
	{
		struct line l = {e->mac, d, b, e, !f->dev};

		if (e->port == port && wanted(f, e))
			print_line(ip, &l);
	}
}

static void print_groups(struct ipcmd *ip, const struct filter *f, const struct dev *d)
{
	list_each(g, &d->groups, struct dev_group, node) {
		struct line l = {.mac = g->mac, .dev = d, .with_device = !f->dev};

		if (d->type == DEV_ETHER && wanted(f, NULL))
			print_line(ip, &l);
	}
}

static void print_device(struct ipcmd *ip, const struct filter *f, const struct dev *d)
{
	const struct bridge_port *port = bridge_port_of(d);
	const struct bridge *b = bridge_of(d);

	if (f->dev && f->dev != d)
		return;
	if (f->bridge && f->bridge != d && (!port || f->bridge != &port->bridge->dev))
		return;
	if (port)
		print_entries(ip, f, port->bridge, port);
	print_groups(ip, f, d);
	if (b)
		print_entries(ip, f, b, NULL);
}

static int show(struct ipcmd *ip)
{
	static const struct ipcmd_word words[] = {
		VALUE("dev", FDB_DEV),
		VALUE("brport", FDB_BRPORT),
		VALUE("br", FDB_BR),
		VALUE("vlan", FDB_VLAN),
		VALUE("state", FDB_STATE),
		WORD("dynamic", FDB_DYNAMIC),
		{0},
	};
	struct filter f = {0};
	int status = ipcmd_read_all(ip, words, set_filter, &f);

	if (status)
		return status;
	show_begin(&ip->show);
	stack_each_dev(d, ip->s)
		print_device(ip, &f, d);
	show_end(&ip->show);
	return CMD_OK;
}

/* ---- add, append, replace, del, get ---- */

enum {
	ENTRY_TO = 10,
	ENTRY_DEV,
	ENTRY_BR,
	ENTRY_SELF,
	ENTRY_MASTER,
	ENTRY_LOCAL,
	ENTRY_STATIC,
	ENTRY_DYNAMIC,
	ENTRY_STICKY,
	ENTRY_USE,
	ENTRY_NOT_OURS,
};

static const struct ipcmd_word entry_words[] = {
	VALUE("to", ENTRY_TO),
	VALUE("dev", ENTRY_DEV),
	VALUE("brport", ENTRY_DEV),
	VALUE("br", ENTRY_BR),
	WORD("self", ENTRY_SELF),
	WORD("master", ENTRY_MASTER),
	WORD("local", ENTRY_LOCAL),
	WORD("permanent", ENTRY_LOCAL),
	WORD("static", ENTRY_STATIC),
	WORD("temp", ENTRY_STATIC),
	WORD("dynamic", ENTRY_DYNAMIC),
	WORD("sticky", ENTRY_STICKY),
	WORD("use", ENTRY_USE),
	VALUE("vlan", ENTRY_NOT_OURS),
	VALUE("dst", ENTRY_NOT_OURS),
	VALUE("vni", ENTRY_NOT_OURS),
	VALUE("via", ENTRY_NOT_OURS),
	{0},
};

struct request {
	const char *text, *dev_name, *br_name;
	struct mac mac;
	int state; /* ENTRY_LOCAL, unless said otherwise */
	bool self, master, sticky;
};

static int set_request(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct request *r = to;

	switch (id) {
	case ENTRY_DEV:
		r->dev_name = value;
		break;
	case ENTRY_BR:
		r->br_name = value;
		break;
	case ENTRY_SELF:
		r->self = true;
		break;
	case ENTRY_MASTER:
		r->master = true;
		break;
	case ENTRY_LOCAL:
	case ENTRY_STATIC:
	case ENTRY_DYNAMIC:
		r->state = id;
		break;
	case ENTRY_STICKY:
		r->sticky = true;
		break;
	case ENTRY_USE:
		break;
	case ENTRY_NOT_OURS:
		return ipcmd_fail(ip, IPCMD_REFUSED,
			"bridge fdb: not yet: entries with a VLAN or the end of a tunnel (\"%s\")", value);
	default:
		if (r->text)
			return ipcmd_garbage(ip, value);
		r->text = value;
	}
	return 0;
}

static int read_mac(struct ipcmd *ip, struct request *r)
{
	return text_parse_mac(r->text, &r->mac)
		? 0
		: ipcmd_fail(ip, IPCMD_SYNTAX, "Invalid mac address %s", r->text);
}

/* Without "master" the device itself is meant, as in iproute2. */
static int read_request(struct ipcmd *ip, struct request *r, struct dev **d)
{
	int status = ipcmd_read_all(ip, entry_words, set_request, r);

	if (status)
		return status;
	if (!r->text || !r->dev_name)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Device and address are required arguments.");
	status = read_mac(ip, r);
	if (status)
		return status;
	*d = dev_by_name(ip->s, r->dev_name);
	r->self = r->self || !r->master;
	return *d ? 0 : ipcmd_fail(ip, IPCMD_SYNTAX, "Cannot find device \"%s\"", r->dev_name);
}

/* Whose FDB is meant: of the port's bridge, or of the bridge itself. NULL: neither. */
static struct bridge *bridge_meant(const struct request *r, struct dev *d, struct bridge_port **port)
{
	*port = r->master ? bridge_port_of(d) : NULL;
	return *port ? (*port)->bridge : r->self ? bridge_of(d) : NULL;
}

static bool hears(const struct dev *d, struct mac m)
{
	list_each(g, &d->groups, struct dev_group, node)
		if (mac_equal(g->mac, m))
			return true;
	return false;
}

/* Of the device itself: it hears a group more; of addresses it has one. */
static int change_groups(struct ipcmd *ip, const struct request *r, struct dev *d, bool add)
{
	if (!r->self)
		return ipcmd_refused(ip, EOPNOTSUPP);
	if (!mac_is_group(r->mac)) {
		ipcmd_refused(ip, add ? EOPNOTSUPP : ENOENT);
		if (bridge_port_of(d))
			fputs("(for an entry of the bridge say \"master\" behind the device)\n", ip->c->err);
		return IPCMD_SYNTAX;
	}
	if (add)
		return ipcmd_refused(ip, dev_group_add(d, r->mac));
	if (!hears(d, r->mac))
		return ipcmd_refused(ip, ENOENT);
	dev_group_del(d, r->mac);
	return CMD_OK;
}

static int put(struct ipcmd *ip, bool may_exist)
{
	struct request r = {.state = ENTRY_LOCAL};
	struct bridge_port *port;
	struct dev *d;
	int status = read_request(ip, &r, &d);

	if (status)
		return status;
	struct bridge *b = bridge_meant(&r, d, &port);
	if (!b)
		return change_groups(ip, &r, d, true);
	struct bridge_fdb_request entry = {.mac = r.mac,
		.port = port,
		.local = r.state == ENTRY_LOCAL,
		.is_static = r.state == ENTRY_STATIC,
		.sticky = r.sticky,
		.may_exist = may_exist};
	return ipcmd_refused(ip, bridge_fdb_put(b, &entry));
}

static int add(struct ipcmd *ip)
{
	return put(ip, false);
}

static int replace(struct ipcmd *ip)
{
	return put(ip, true);
}

static int del(struct ipcmd *ip)
{
	struct request r = {0};
	struct bridge_port *port;
	struct dev *d;
	int status = read_request(ip, &r, &d);

	if (status)
		return status;
	struct bridge *b = bridge_meant(&r, d, &port);
	return b ? ipcmd_refused(ip, bridge_fdb_del(b, r.mac, port)) : change_groups(ip, &r, d, false);
}

static int get(struct ipcmd *ip)
{
	struct request r = {0};
	int status = ipcmd_read_all(ip, entry_words, set_request, &r);
	const char *name = r.br_name ? r.br_name : r.dev_name;

	if (status)
		return status;
	if (!r.text || !name)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Device or master and address are required arguments.");
	status = read_mac(ip, &r);
	if (status)
		return status;
	struct dev *d = dev_by_name(ip->s, name);
	if (!d)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Cannot find device \"%s\"", name);
	struct bridge_port *port = bridge_port_of(d);
	struct bridge *b = port ? port->bridge : bridge_of(d);
	struct bridge_fdb_entry *e = b ? bridge_fdb_find(b, r.mac) : NULL;
	if (!e)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Error: Fdb entry not found.");
	show_begin(&ip->show);
	print_line(ip, &(struct line){e->mac, e->port ? e->port->dev : &b->dev, b, e, true});
	show_end(&ip->show);
	return CMD_OK;
}

/* ---- flush ---- */

enum { FLUSH_DEV = 1, FLUSH_BRPORT, FLUSH_SELF, FLUSH_MASTER };

/* What an entry must be (1), or must not (-1). */
struct flush {
	const char *dev, *brport;
	bool master;
	int is_permanent, is_static, is_dynamic, is_sticky, is_by_user;
	const struct bridge_port *port;
};

static bool agrees(int must, bool is)
{
	return must == 0 || (must > 0) == is;
}

static bool is_to_go(void *ctx, const struct bridge_fdb_entry *e)
{
	const struct flush *f = ctx;

	return (!f->port || e->port == f->port) && agrees(f->is_permanent, e->local) &&
		agrees(f->is_static, e->is_static) && agrees(f->is_dynamic, !e->is_static) &&
		agrees(f->is_sticky, e->sticky) && agrees(f->is_by_user, e->by_user);
}

static int set_property(struct ipcmd *ip, struct flush *f, const char *word)
{
	bool no = strncmp(word, "no", 2) == 0;
	const struct {
		const char *name;
		int *must;
	} properties[] = {
		{"permanent", &f->is_permanent},
		{"static", &f->is_static},
		{"dynamic", &f->is_dynamic},
		{"sticky", &f->is_sticky},
		{"added_by_user", &f->is_by_user},
	};

	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		if (strcmp(no ? word + 2 : word, properties[i].name) != 0)
			continue;
		*properties[i].must = no ? -1 : 1;
		return 0;
	}
	return ipcmd_garbage(ip, word);
}

static int set_flush(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct flush *f = to;

	switch (id) {
	case FLUSH_DEV:
		f->dev = value;
		break;
	case FLUSH_BRPORT:
		f->brport = value;
		break;
	case FLUSH_SELF:
		break;
	case FLUSH_MASTER:
		f->master = true;
		break;
	default:
		return set_property(ip, f, value);
	}
	return 0;
}

/* "dev BRIDGE [brport PORT]", or "dev PORT master". */
static int flush(struct ipcmd *ip)
{
	static const struct ipcmd_word words[] = {VALUE("dev", FLUSH_DEV), VALUE("brport", FLUSH_BRPORT),
		WORD("self", FLUSH_SELF), WORD("master", FLUSH_MASTER), {0}};
	struct flush f = {0};
	int status = ipcmd_read_all(ip, words, set_flush, &f);

	if (status)
		return status;
	if (!f.dev)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Device is a required argument.");
	struct dev *d = dev_by_name(ip->s, f.dev), *port = d;
	if (d && f.brport)
		port = dev_by_name(ip->s, f.brport);
	if (!d || !port)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Cannot find bridge device \"%s\"", d ? f.brport : f.dev);
	f.port = bridge_port_of(port);
	struct bridge *b = f.master && f.port ? f.port->bridge : bridge_of(d);
	if (!b || (f.brport && (!f.port || f.port->bridge != b)))
		return ipcmd_refused(ip, b ? EINVAL : EOPNOTSUPP);
	bridge_fdb_flush(b, is_to_go, &f);
	return CMD_OK;
}

#define ENTRY "LLADDR dev DEVICE { master | self } [local | static | dynamic] [sticky]"

static const struct ipcmd_verb verbs[] = {
	{"add", add, ENTRY},
	{"append", replace, ENTRY},
	{"replace", replace, ENTRY},
	{"delete", del, "LLADDR dev DEVICE { master | self }"},
	{"get", get, "LLADDR { br BRIDGE | dev PORT master }"},
	{"show", show, "[br BRIDGE] [brport PORT] [dev DEVICE] [state STATE] [dynamic]"},
	{"lst", show, NULL},
	{"list", show, NULL},
	{"flush", flush,
		"dev { BRIDGE [brport PORT] | PORT master } [[no]permanent] [[no]static] [[no]dynamic]\n"
		"                        [[no]sticky] [[no]added_by_user]"},
	{0},
};

static const char *const words[] = {"dev", "br", "brport", "master", "self", "local", "static", "dynamic",
	"sticky", "state", "permanent", NULL};

const struct ipcmd_object bridgecmd_fdb = {"fdb", show, verbs, words};
