/* SPDX-License-Identifier: MIT */
/* `type ipvlan [mode MODE] [FLAG]` */
#include "dev/ipvlan.h"
#include "shell/linkkind.h"

enum { IPVLAN_WORD_MODE = 1, IPVLAN_WORD_BRIDGE, IPVLAN_WORD_PRIVATE, IPVLAN_WORD_VEPA };

static int read_mode(struct ipcmd *ip, struct ipvlan_config *c, const char *value)
{
	for (int mode = IPVLAN_L2; mode <= IPVLAN_L3S; mode++) {
		if (strcmp(value, ipvlan_mode_name(mode)) != 0)
			continue;
		c->mode = mode;
		return 0;
	}
	return ipcmd_fail(
		ip, IPCMD_SYNTAX, "Error: argument of \"mode\" must be either \"l2\", \"l3\" or \"l3s\"");
}

static int set_wish(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct ipvlan_config *c = to;

	switch (id) {
	case IPVLAN_WORD_MODE:
		return read_mode(ip, c, value);
	case IPVLAN_WORD_BRIDGE:
		c->flag = IPVLAN_BRIDGE;
		return 0;
	case IPVLAN_WORD_PRIVATE:
		c->flag = IPVLAN_PRIVATE;
		return 0;
	case IPVLAN_WORD_VEPA:
		c->flag = IPVLAN_VEPA;
		return 0;
	default:
		ipcmd_fail(ip, IPCMD_SYNTAX, "ipvlan: unknown option \"%s\"?", value);
		link_kind_usage(ip, "ipvlan");
		return IPCMD_SYNTAX;
	}
}

static int read_wishes(struct ipcmd *ip, struct ipvlan_config *c)
{
	static const struct ipcmd_word words[] = {
		VALUE_ABBREVIATED("mode", IPVLAN_WORD_MODE, 1),
		{"private", IPVLAN_WORD_PRIVATE, false, 1},
		{"vepa", IPVLAN_WORD_VEPA, false, 1},
		{"bridge", IPVLAN_WORD_BRIDGE, false, 1},
		{0},
	};

	return ipcmd_read_all(ip, words, set_wish, c);
}

/* As with iproute2, a flag that is not said is "bridge", and a mode is "l3", whatever others on the device have. */
static int add(struct ipcmd *ip, struct link_recipe *r)
{
	struct ipvlan_config c = {.mode = IPVLAN_L3};
	struct link_recipe whole = *r;
	int status = read_wishes(ip, &c);

	whole.config.details = &c;
	return status ? status : link_make(ip, &whole);
}

static int change(struct ipcmd *ip, struct dev *d)
{
	struct ipvlan_config c = {.mode = ipvlan_config(d)->mode};
	int status = read_wishes(ip, &c);

	if (!status)
		ipvlan_set_config(d, &c);
	return status;
}

static void print(struct ipcmd *ip, const struct dev *d)
{
	static const char *const flags[][2] = {[IPVLAN_BRIDGE] = {"bridge", "bridge "},
		[IPVLAN_PRIVATE] = {"private", "private "},
		[IPVLAN_VEPA] = {"vepa", "vepa "}};
	const struct ipvlan_config *c = ipvlan_config(d);

	show_str(&ip->show, "mode", " mode %s ", ipvlan_mode_name(c->mode));
	show_true(&ip->show, flags[c->flag][0], flags[c->flag][1]);
}

static void save(struct buf *b, const struct dev *d)
{
	static const char *const flags[] = {
		[IPVLAN_BRIDGE] = "", [IPVLAN_PRIVATE] = " private", [IPVLAN_VEPA] = " vepa"};
	const struct ipvlan_config *c = ipvlan_config(d);

	buf_printf(b, "mode %s%s", ipvlan_mode_name(c->mode), flags[c->flag]);
}

static const char *const words[] = {"mode", "l2", "l3", "l3s", "bridge", "private", "vepa", NULL};

const struct link_kind link_ipvlan = {
	.name = "ipvlan",
	.add = add,
	.change = change,
	.print = print,
	.save = save,
	.usage = "[ mode { l3 | l3s | l2 } ] [ bridge | private | vepa ]\n"
		 "(the first ones where nothing is said; they hold for all on the lower device)",
	.words = words,
};
