/* SPDX-License-Identifier: MIT */
/* `type vlan id N ...` */
#include "dev/vlan.h"
#include "net/wire_ether.h"
#include "shell/linkkind.h"

#include <strings.h>

enum {
	VLAN_PROTOCOL = 1,
	VLAN_ID,
	VLAN_REORDER,
	VLAN_LOOSE,
	VLAN_GVRP,
	VLAN_MVRP,
	VLAN_BRIDGE_BINDING,
	VLAN_INGRESS_MAP,
	VLAN_EGRESS_MAP
};

/* What was said. */
struct wishes {
	struct vlan_config config;
	bool has_id, has_proto;
};

static int read_id(struct ipcmd *ip, struct wishes *w, const char *value)
{
	uint32_t id;
	int status = ipcmd_number(ip, value, "id is invalid", &id);

	if (status)
		return status;
	if (id > UINT16_MAX)
		return ipcmd_bad_value(ip, value, "id is invalid");
	w->config.id = (uint16_t)id;
	w->has_id = true;
	return id <= VLAN_ID_MAX ? 0 : ipcmd_fail(ip, IPCMD_REFUSED, "Error: 8021q: Invalid VLAN id.");
}

static int read_protocol(struct ipcmd *ip, struct wishes *w, const char *value)
{
	static const uint16_t protos[] = {ETHERTYPE_VLAN, ETHERTYPE_QINQ};

	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		if (strcasecmp(value, vlan_proto_name(protos[i])) != 0)
			continue;
		w->config.proto = protos[i];
		w->has_proto = true;
		return 0;
	}
	return ipcmd_bad_value(ip, value, "protocol is invalid");
}

/* What Linux has, and why it is not here. */
static int lacks(struct ipcmd *ip, int id, const char *name, const char *value)
{
	bool on;

	if (id == VLAN_INGRESS_MAP || id == VLAN_EGRESS_MAP)
		return ipcmd_fail(ip, IPCMD_REFUSED,
			"Error: %s: packets in tapir have no priority, so there is nothing to map.", name);
	int status = ipcmd_on_off(ip, name, value, &on);
	return status || !on ? status : ipcmd_fail(ip, IPCMD_REFUSED, "Error: tapir has no %s.", name);
}

static int set_wish(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct wishes *w = to;
	bool on;
	int status;

	switch (id) {
	case VLAN_PROTOCOL:
		return read_protocol(ip, w, value);
	case VLAN_ID:
		return read_id(ip, w, value);
	case VLAN_REORDER:
		status = ipcmd_on_off(ip, "reorder_hdr", value, &on);
		w->config.keep_tag = !on;
		return status;
	case VLAN_LOOSE:
		return ipcmd_on_off(ip, "loose_binding", value, &w->config.loose);
	case VLAN_GVRP:
		return lacks(ip, id, "gvrp", value);
	case VLAN_MVRP:
		return lacks(ip, id, "mvrp", value);
	case VLAN_BRIDGE_BINDING:
		return lacks(ip, id, "bridge_binding", value);
	case VLAN_INGRESS_MAP:
		return lacks(ip, id, "ingress-qos-map", value);
	case VLAN_EGRESS_MAP:
		return lacks(ip, id, "egress-qos-map", value);
	default:
		ipcmd_fail(ip, IPCMD_SYNTAX, "vlan: unknown command \"%s\"?", value);
		link_kind_usage(ip, "vlan");
		return IPCMD_SYNTAX;
	}
}

static int read_wishes(struct ipcmd *ip, struct wishes *w)
{
	static const struct ipcmd_word words[] = {
		VALUE_ABBREVIATED("protocol", VLAN_PROTOCOL, 1),
		VALUE_ABBREVIATED("id", VLAN_ID, 1),
		VALUE_ABBREVIATED("reorder_hdr", VLAN_REORDER, 1),
		VALUE_ABBREVIATED("gvrp", VLAN_GVRP, 1),
		VALUE_ABBREVIATED("mvrp", VLAN_MVRP, 1),
		VALUE_ABBREVIATED("loose_binding", VLAN_LOOSE, 1),
		VALUE_ABBREVIATED("bridge_binding", VLAN_BRIDGE_BINDING, 1),
		VALUE_ABBREVIATED("ingress-qos-map", VLAN_INGRESS_MAP, 2),
		VALUE_ABBREVIATED("egress-qos-map", VLAN_EGRESS_MAP, 1),
		{0},
	};

	return ipcmd_read_all(ip, words, set_wish, w);
}

/* In the kernel's words. */
static int refuse(struct ipcmd *ip, const char *why)
{
	return ipcmd_fail(ip, IPCMD_REFUSED, "Error: 8021q: %s.", why);
}

static int add(struct ipcmd *ip, struct link_recipe *r)
{
	struct wishes w = {.config.proto = ETHERTYPE_VLAN};
	struct link_recipe whole = *r;
	int status = read_wishes(ip, &w);

	if (status)
		return status;
	if (!w.has_id)
		return refuse(ip, "VLAN id not specified");
	if (r->config.lower->type != DEV_ETHER)
		return refuse(ip, "VLANs not supported on device");
	if (vlan_find(r->config.lower, w.config.proto, w.config.id))
		return refuse(ip, "VLAN device already exists");
	whole.config.details = &w.config;
	return link_make(ip, &whole);
}

static int change(struct ipcmd *ip, struct dev *d)
{
	struct wishes w = {.config = *vlan_config(d)};
	int status = read_wishes(ip, &w);

	if (status)
		return status;
	if (w.has_id || w.has_proto)
		return refuse(ip, "id and protocol of a VLAN device stay what they are");
	vlan_set_flags(d, w.config.keep_tag, w.config.loose);
	return CMD_OK;
}

static void print(struct ipcmd *ip, const struct dev *d)
{
	const struct vlan_config *c = vlan_config(d);
	struct show *sh = &ip->show;

	show_str(sh, "protocol", "protocol %s ", vlan_proto_name(c->proto));
	show_num(sh, "id", "id %u ", (unsigned)c->id);
	show_list(sh, "flags");
	show_text(sh, "<");
	if (!c->keep_tag)
		show_str(sh, NULL, c->loose ? "%s," : "%s", "REORDER_HDR");
	if (c->loose)
		show_str(sh, NULL, "%s", "LOOSE_BINDING");
	show_text(sh, "> ");
	show_close(sh);
}

static void save(struct buf *b, const struct dev *d)
{
	const struct vlan_config *c = vlan_config(d);

	buf_printf(b, "id %u", c->id);
	if (c->proto != ETHERTYPE_VLAN)
		buf_printf(b, " protocol %s", vlan_proto_name(c->proto));
	if (c->keep_tag)
		buf_puts(b, " reorder_hdr off");
	if (c->loose)
		buf_puts(b, " loose_binding on");
}

static const char *const words[] = {
	"protocol", "802.1Q", "802.1ad", "id", "reorder_hdr", "loose_binding", "on", "off", NULL};

const struct link_kind link_vlan = {
	.name = "vlan",
	.add = add,
	.change = change,
	.print = print,
	.save = save,
	.usage = "id VLANID [ protocol { 802.1Q | 802.1ad } ] [ reorder_hdr { on | off } ]\n"
		 "                                [ loose_binding { on | off } ]   (VLANID: 0 to 4094)",
	.words = words,
};
