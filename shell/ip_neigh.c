/* SPDX-License-Identifier: MIT */
/* `ip neighbour`. */
#include "shell/ipcmd.h"

#include "arp/arp.h"
#include "lib/text.h"
#include "shell/address.h"

#include <errno.h>

enum {
	STATES_ALL = 0xff,
	STATES_SHOWN = STATES_ALL & ~NEIGH_NOARP,
	STATES_FLUSHED = STATES_ALL & ~(NEIGH_NOARP | NEIGH_PERMANENT),
	STATES_TIMED = NEIGH_INCOMPLETE | NEIGH_REACHABLE | NEIGH_DELAY | NEIGH_PROBE,
};

static const struct {
	const char *name;
	enum neigh_state state;
} states[] = {
	{"permanent", NEIGH_PERMANENT},
	{"reachable", NEIGH_REACHABLE},
	{"noarp", NEIGH_NOARP},
	{"stale", NEIGH_STALE},
	{"incomplete", NEIGH_INCOMPLETE},
	{"delay", NEIGH_DELAY},
	{"probe", NEIGH_PROBE},
	{"failed", NEIGH_FAILED},
};

static bool parse_state(const char *name, unsigned *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (ipcmd_matches(name, states[i].name)) {
			*state = states[i].state;
			return true;
		}
	}
	return false;
}

static int bad_state(struct ipcmd *ip, const char *value)
{
	return ipcmd_bad_value(ip, value, "nud state is bad");
}

/* ---- printing ---- */

static bool has_mac(const struct neigh *ng)
{
	return !ng->proxy && !(ng->state & (NEIGH_INCOMPLETE | NEIGH_FAILED));
}

static unsigned seconds_since(const struct ipcmd *ip, uint64_t ns)
{
	uint64_t now = stack_now(ip->s);

	return now > ns ? (unsigned)((now - ns) / NS_PER_SEC) : 0;
}

static void print_stats(struct ipcmd *ip, const struct neigh *ng)
{
	struct show *sh = &ip->show;

	if (ng->state & STATES_TIMED)
		show_num(sh, "refcnt", " ref %u", 1u);
	show_num(sh, "used", " used %u", seconds_since(ip, ng->used_ns));
	show_num(sh, "confirmed", "/%u", seconds_since(ip, ng->confirmed_ns));
	show_num(sh, "updated", "/%u", seconds_since(ip, ng->updated_ns));
	show_num(sh, "probes", "probes %u ", (unsigned)ng->probes);
}

static void print_neigh(struct ipcmd *ip, const struct neigh *ng, bool with_device)
{
	struct show *sh = &ip->show;

	show_color(sh, SHOW_IPV4);
	show_str(sh, "dst", "%s ", TEXT_IP(ng->addr));
	if (with_device) {
		show_text(sh, "dev ");
		show_color(sh, SHOW_NAME);
		show_str(sh, "dev", "%s ", ng->netif->dev->name);
	}
	if (has_mac(ng)) {
		show_text(sh, "lladdr ");
		show_color(sh, SHOW_MAC);
		show_str(sh, "lladdr", "%s ", TEXT_MAC(ng->mac));
	}
	if (ng->proxy) {
		show_null(sh, "proxy", "proxy ");
		return;
	}
	if (ip->stats)
		print_stats(ip, ng);
	show_list(sh, "state");
	show_str(sh, NULL, "%s ", neigh_state_name(ng->state));
	show_close(sh);
}

void ipcmd_print_neigh(struct ipcmd *ip, const struct neigh *ng)
{
	print_neigh(ip, ng, true);
}

/* ---- show and flush ---- */

enum { NEIGH_DEV = 1, NEIGH_NUD, NEIGH_IS_PROXY, NEIGH_TO, NEIGH_LLADDR };

struct filter {
	struct ipcmd *ip;
	struct dev *dev;
	unsigned mask; /* enum neigh_state */
	bool has_mask, proxy, has_prefix;
	struct prefix prefix;
	size_t count;
};

static int read_nud(struct ipcmd *ip, struct filter *f, const char *value)
{
	unsigned state;

	if (strcmp(value, "all") == 0)
		state = STATES_ALL;
	else if (!parse_state(value, &state))
		return bad_state(ip, value);
	f->mask = f->has_mask ? f->mask | state : state;
	f->has_mask = true;
	return 0;
}

static int set_filter(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct filter *f = to;

	switch (id) {
	case NEIGH_DEV:
		return ipcmd_device(ip, value, &f->dev);
	case NEIGH_NUD:
		return read_nud(ip, f, value);
	case NEIGH_IS_PROXY:
		f->proxy = true;
		return 0;
	default:
		f->has_prefix = true;
		return address_parse_prefix(value, &f->prefix) ? 0 : ipcmd_bad_prefix(ip, value);
	}
}

static int read_filter(struct ipcmd *ip, struct filter *f)
{
	static const struct ipcmd_word words[] = {
		VALUE("dev", NEIGH_DEV),
		VALUE("nud", NEIGH_NUD),
		WORD("proxy", NEIGH_IS_PROXY),
		VALUE("to", NEIGH_TO),
		{0},
	};

	return ipcmd_read_all(ip, words, set_filter, f);
}

static bool wanted(const struct filter *f, const struct neigh *ng)
{
	if (f->has_prefix && ((ng->addr ^ f->prefix.addr) & ip_mask(f->prefix.plen)))
		return false;
	return ng->proxy ? f->proxy : !f->proxy && (ng->state & f->mask);
}

static void show_one(void *ctx, struct neigh *ng)
{
	struct filter *f = ctx;

	if (!wanted(f, ng))
		return;
	show_object(&f->ip->show);
	print_neigh(f->ip, ng, !f->dev);
	show_close(&f->ip->show);
	show_text(&f->ip->show, "\n");
}

static int show(struct ipcmd *ip)
{
	struct filter f = {.ip = ip, .mask = STATES_SHOWN};
	int status = read_filter(ip, &f);

	if (status)
		return status;
	show_begin(&ip->show);
	neigh_each(ip->s, f.dev ? f.dev->netif : NULL, 0, show_one, &f);
	show_end(&ip->show);
	return CMD_OK;
}

static void flush_one(void *ctx, struct neigh *ng)
{
	struct filter *f = ctx;

	if (!wanted(f, ng))
		return;
	f->count++;
	if (ng->proxy)
		neigh_set_proxy(ng->netif, ng->addr, false);
	else
		neigh_del(ng->netif, ng->addr);
}

static int flush(struct ipcmd *ip)
{
	struct filter f = {.ip = ip, .mask = STATES_FLUSHED};
	int status;

	if (!*ip->argv)
		return ipcmd_fail(ip, IPCMD_FAILED, "Flush requires arguments.");
	if (strcmp(*ip->argv, "all") == 0)
		ip->argv++;
	status = read_filter(ip, &f);
	if (status)
		return status;
	neigh_each(ip->s, f.dev ? f.dev->netif : NULL, 0, flush_one, &f);
	return ipcmd_flushed(ip, f.count, "entries");
}

/* ---- add, replace, change, del, get ---- */

struct request {
	struct dev *dev;
	uint32_t addr;
	struct mac mac;
	unsigned state;
	bool has_addr, has_mac, proxy;
};

static int read_addr(struct ipcmd *ip, struct request *r, const char *value)
{
	r->has_addr = true;
	if (address_parse(value, &r->addr))
		return 0;
	return ipcmd_fail(
		ip, IPCMD_FAILED, "Error: any valid address is expected rather than \"%s\".", value);
}

/* `permanent` alone is `nud permanent`. */
static int set_request(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct request *r = to;

	switch (id ? id : r->has_addr ? NEIGH_NUD : NEIGH_TO) {
	case NEIGH_DEV:
		return ipcmd_device(ip, value, &r->dev);
	case NEIGH_LLADDR:
		r->has_mac = true;
		return ipcmd_mac(ip, value, &r->mac);
	case NEIGH_NUD:
		return parse_state(value, &r->state) ? 0 : bad_state(ip, value);
	case NEIGH_IS_PROXY:
		r->proxy = true;
		return read_addr(ip, r, value);
	default:
		return read_addr(ip, r, value);
	}
}

static int read_request(struct ipcmd *ip, struct request *r)
{
	static const struct ipcmd_word words[] = {
		VALUE("dev", NEIGH_DEV),
		VALUE("lladdr", NEIGH_LLADDR),
		VALUE("nud", NEIGH_NUD),
		VALUE("proxy", NEIGH_IS_PROXY),
		VALUE("to", NEIGH_TO),
		{0},
	};
	int status = ipcmd_read_all(ip, words, set_request, r);

	if (status)
		return status;
	if (!r->dev || !r->has_addr)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Device and destination are required arguments.");
	return 0;
}

static int put(struct ipcmd *ip, bool may_add, bool may_replace)
{
	struct request r = {.state = NEIGH_PERMANENT};
	int status = read_request(ip, &r);

	if (status)
		return status;
	if (r.proxy)
		return ipcmd_refused(ip, neigh_set_proxy(r.dev->netif, r.addr, true));
	if (!may_add && !neigh_find(r.dev->netif, r.addr))
		return ipcmd_refused(ip, ENOENT);
	if (!r.has_mac && r.state != NEIGH_FAILED)
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: No link layer address given.");
	return ipcmd_refused(
		ip, neigh_set(r.dev->netif, r.addr, r.mac, (enum neigh_state)r.state, may_replace));
}

static int add(struct ipcmd *ip)
{
	return put(ip, true, false);
}

static int change(struct ipcmd *ip)
{
	return put(ip, false, true);
}

static int replace(struct ipcmd *ip)
{
	return put(ip, true, true);
}

static int del(struct ipcmd *ip)
{
	struct request r = {0};
	int status = read_request(ip, &r);

	if (status)
		return status;
	return ipcmd_refused(
		ip, r.proxy ? neigh_set_proxy(r.dev->netif, r.addr, false) : neigh_del(r.dev->netif, r.addr));
}

static int get(struct ipcmd *ip)
{
	struct request r = {0};
	int status = read_request(ip, &r);
	struct neigh *ng;

	if (status)
		return status;
	ng = neigh_find(r.dev->netif, r.addr);
	if (!ng)
		return ipcmd_refused(ip, ENOENT);
	show_begin(&ip->show);
	show_object(&ip->show);
	print_neigh(ip, ng, true);
	show_close(&ip->show);
	show_text(&ip->show, "\n");
	show_end(&ip->show);
	return CMD_OK;
}

#define ENTRY "{ ADDRESS [lladdr LLADDR] [nud STATE] | proxy ADDRESS } dev DEVICE"

static const struct ipcmd_verb verbs[] = {
	{"add", add, ENTRY},
	{"change", change, NULL},
	{"chg", change, NULL},
	{"replace", replace, ENTRY},
	{"delete", del, "{ ADDRESS | proxy ADDRESS } dev DEVICE"},
	{"get", get, "ADDRESS dev DEVICE"},
	{"show", show, "[proxy] [to PREFIX] [dev DEVICE] [nud STATE]"},
	{"lst", show, NULL},
	{"list", show, NULL},
	{"flush", flush, "what `show` takes"},
	{0},
};

static const char *const words[] = {"dev", "lladdr", "nud", "proxy", "to", "all", "permanent", "reachable",
	"noarp", "stale", "incomplete", "delay", "probe", "failed", NULL};

const struct ipcmd_object ipcmd_neigh = {"neigh", show, verbs, words};
