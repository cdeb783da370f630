/* SPDX-License-Identifier: MIT */
/* `ip address`. */
#include "shell/ipcmd.h"

#include "lib/text.h"
#include "shell/address.h"

#include <errno.h>
#include <fnmatch.h>

/* ---- printing ---- */

static void print_prefix(struct ipcmd *ip, const struct netif_addr *a)
{
	struct show *sh = &ip->show;

	show_color(sh, SHOW_IPV4);
	show_str(sh, "local", "%s", TEXT_IP(a->local));
	if (a->peer != a->local) {
		show_text(sh, " peer ");
		show_color(sh, SHOW_IPV4);
		show_str(sh, "address", "%s", TEXT_IP(a->peer));
	}
	show_num(sh, "prefixlen", "/%u ", (unsigned)a->plen);
}

static void print_lifetime(struct show *sh, const struct netif_addr *a)
{
	uint64_t now = stack_now(a->netif->stack);
	uint64_t left = a->expires_ns > now ? (a->expires_ns - now) / NS_PER_SEC : 0;

	if (a->expires_ns)
		show_text(sh, "       valid_lft %llusec preferred_lft %llusec\n", (unsigned long long)left,
			(unsigned long long)left);
	else
		show_text(sh, "       valid_lft forever preferred_lft forever\n");
	show_json_num(sh, "valid_life_time", a->expires_ns ? left : UINT32_MAX);
	show_json_num(sh, "preferred_life_time", a->expires_ns ? left : UINT32_MAX);
}

void ipcmd_print_addr(struct ipcmd *ip, const struct netif_addr *a, bool with_device)
{
	struct show *sh = &ip->show;
	char number[4];

	if (with_device)
		show_text(sh, "%d: %s", a->netif->dev->ifindex, a->netif->dev->name);
	show_text(sh, "    ");
	show_str(sh, "family", "%s ", "inet");
	print_prefix(ip, a);
	if (a->broadcast) {
		show_text(sh, "brd ");
		show_color(sh, SHOW_IPV4);
		show_str(sh, "broadcast", "%s ", TEXT_IP(a->broadcast));
	}
	show_str(sh, "scope", "scope %s ", ipcmd_scope_name(a->scope, number));
	if (a->flags & ADDR_SECONDARY)
		show_true(sh, "secondary", "secondary ");
	if (a->flags & ADDR_TENTATIVE)
		show_true(sh, "tentative", "tentative ");
	if (a->flags & ADDR_DUPLICATE)
		show_true(sh, "dadfailed", "dadfailed ");
	if (a->expires_ns)
		show_true(sh, "dynamic", "dynamic ");
	show_str(sh, "label", "%s", a->label);
	show_newline(sh);
	print_lifetime(sh, a);
}

/* ---- show and flush: which addresses ---- */

struct filter {
	struct ipcmd_link_filter link;
	bool by_address; /* any of the following was said */
	bool has_to, has_scope;
	struct prefix to;
	uint8_t scope;
	uint8_t flags, mask;
	const char *label;
};

static bool wanted(const struct filter *f, const struct netif_addr *a)
{
	return (!f->has_to || ((a->local ^ f->to.addr) & ip_mask(f->to.plen)) == 0) &&
		(!f->has_scope || f->scope == a->scope) && (a->flags & f->mask) == f->flags &&
		(!f->label || fnmatch(f->label, a->label, 0) == 0);
}

static unsigned count_wanted(const struct filter *f, const struct dev *d)
{
	unsigned count = 0;

	if (ipcmd_link_wanted(&f->link, d))
		netif_each_addr(a, d->netif)
			count += wanted(f, a);
	return count;
}

enum {
	ADDR_TO = 1,
	ADDR_SCOPE,
	ADDR_LABEL,
	ADDR_FLAG_PRIMARY,
	ADDR_FLAG_SECONDARY,
	ADDR_FLAG_TENTATIVE,
	ADDR_FLAG_DADFAILED,
	ADDR_ANY,
	ADDR_DEV,
	ADDR_LOCAL,
	ADDR_PEER,
	ADDR_BROADCAST,
	ADDR_FOREVER,
};

static void filter_flag(struct filter *f, uint8_t flag, bool set)
{
	f->mask |= flag;
	f->flags = (uint8_t)(set ? f->flags | flag : f->flags & ~flag);
}

static int set_filter(struct ipcmd *ip, struct filter *f, int id, const char *value)
{
	f->by_address = true;
	switch (id) {
	case ADDR_TO:
		f->has_to = ip->only_inet = true;
		return address_parse_prefix(value, &f->to) ? 0 : ipcmd_bad_prefix(ip, value);
	case ADDR_SCOPE:
		f->has_scope = strcmp(value, "all") != 0;
		if (f->has_scope && !ipcmd_scope_parse(value, &f->scope))
			return ipcmd_bad_value(ip, value, "invalid \"scope\"\n");
		return 0;
	case ADDR_LABEL:
		f->label = value;
		return 0;
	case ADDR_FLAG_PRIMARY:
	case ADDR_FLAG_SECONDARY:
		filter_flag(f, ADDR_SECONDARY, id == ADDR_FLAG_SECONDARY);
		return 0;
	case ADDR_FLAG_TENTATIVE:
		filter_flag(f, ADDR_TENTATIVE, true);
		return 0;
	case ADDR_FLAG_DADFAILED:
		filter_flag(f, ADDR_DUPLICATE, true);
		return 0;
	}
	return 0;
}

static int read_filter(struct ipcmd *ip, struct filter *f)
{
	static const struct ipcmd_word words[] = {
		VALUE("to", ADDR_TO),
		VALUE("scope", ADDR_SCOPE),
		VALUE("label", ADDR_LABEL),
		WORD("primary", ADDR_FLAG_PRIMARY),
		WORD("secondary", ADDR_FLAG_SECONDARY),
		WORD("tentative", ADDR_FLAG_TENTATIVE),
		WORD("dadfailed", ADDR_FLAG_DADFAILED),
		WORD("permanent", ADDR_ANY),
		{0},
	};

	while (*ip->argv) {
		const char *value = NULL;
		bool known;
		int id;
		int status = ipcmd_link_filter_read(ip, &f->link, &known);

		if (!status && !known) {
			status = ipcmd_read(ip, words, &id, &value);
			if (!status)
				status = id ? set_filter(ip, f, id, value)
					    : ipcmd_link_filter_name(ip, &f->link);
		}
		if (status)
			return status;
	}
	return 0;
}

/* ---- show ---- */

/* As iproute2: a device with addresses none of which is wanted is left out; one without any is only left out
 * when IPv4 or a label was asked for. */
static bool device_is_shown(const struct ipcmd *ip, const struct filter *f, const struct dev *d)
{
	if (!ipcmd_link_wanted(&f->link, d))
		return false;
	if (count_wanted(f, d))
		return true;
	return !ip->only_inet && !f->label && (!f->by_address || list_empty(&d->netif->addrs));
}

static void show_brief(struct ipcmd *ip, const struct filter *f, const struct dev *d)
{
	ipcmd_print_link(ip, d, IPCMD_ADDR);
	show_list(&ip->show, "addr_info");
	netif_each_addr(a, d->netif) {
		if (!wanted(f, a))
			continue;
		show_object(&ip->show);
		print_prefix(ip, a);
		show_close(&ip->show);
	}
	show_close(&ip->show);
	show_text(&ip->show, "\n");
}

static void show_device(struct ipcmd *ip, const struct filter *f, const struct dev *d)
{
	bool lines = !ip->show.oneline || ip->show.json;

	if (ip->show.json || (lines && !f->label)) {
		ipcmd_print_link(ip, d, IPCMD_ADDR);
		show_text(&ip->show, "\n");
	}
	show_list(&ip->show, "addr_info");
	netif_each_addr(a, d->netif) {
		if (!wanted(f, a))
			continue;
		show_object(&ip->show);
		ipcmd_print_addr(ip, a, !lines);
		show_close(&ip->show);
	}
	show_close(&ip->show);
	if (lines && ip->stats) {
		ipcmd_print_link_stats(ip, d);
		show_text(&ip->show, "\n");
	}
}

static int show(struct ipcmd *ip)
{
	struct filter f = {0};
	int status = read_filter(ip, &f);

	if (status)
		return status;
	show_begin(&ip->show);
	stack_each_dev(d, ip->s) {
		if (!device_is_shown(ip, &f, d))
			continue;
		show_object(&ip->show);
		if (ip->brief)
			show_brief(ip, &f, d);
		else
			show_device(ip, &f, d);
		show_close(&ip->show);
	}
	show_end(&ip->show);
	return CMD_OK;
}

/* ---- flush ---- */

/* With its primary a secondary may go too, so the search begins anew each time. */
static struct netif_addr *find_wanted(struct ipcmd *ip, const struct filter *f)
{
	stack_each_dev(d, ip->s) {
		if (!ipcmd_link_wanted(&f->link, d))
			continue;
		netif_each_addr(a, d->netif)
			if (wanted(f, a))
				return a;
	}
	return NULL;
}

static int flush(struct ipcmd *ip)
{
	struct filter f = {0};
	struct netif_addr *a;
	unsigned count = 0;
	int status;

	if (!*ip->argv)
		return ipcmd_fail(ip, IPCMD_FAILED, "Flush requires arguments.");
	status = read_filter(ip, &f);
	if (status)
		return status;
	stack_each_dev(d, ip->s)
		count += count_wanted(&f, d);
	while ((a = find_wanted(ip, &f)))
		netif_addr_del(a);
	return ipcmd_flushed(ip, count, "addresses");
}

/* ---- add, replace, change, del ---- */

struct request {
	struct dev *dev;
	struct netif_addr addr;
	struct prefix local, peer;
	bool has_local, has_peer, has_scope, has_broadcast;
	char broadcast; /* '+' or '-': to be computed */
};

static int read_broadcast(struct ipcmd *ip, struct request *r, const char *value)
{
	r->has_broadcast = true;
	if (!strcmp(value, "+") || !strcmp(value, "-")) {
		r->broadcast = value[0];
		return 0;
	}
	return ipcmd_address(ip, value, &r->addr.broadcast);
}

static int read_label(struct ipcmd *ip, struct request *r, const char *value)
{
	if (strlen(value) >= DEV_NAME_LEN)
		return ipcmd_bad_value(ip, value, "\"label\" is too long\n");
	snprintf(r->addr.label, sizeof(r->addr.label), "%s", value);
	return 0;
}

static int set_request(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct request *r = to;

	switch (id ? id : ADDR_LOCAL) {
	case ADDR_DEV:
		return ipcmd_device(ip, value, &r->dev);
	case ADDR_LOCAL:
		if (r->has_local)
			return ipcmd_fail(ip, IPCMD_SYNTAX,
				"Error: either \"local\" is duplicate, or \"%s\" is a garbage.", value);
		r->has_local = true;
		return address_parse_prefix(value, &r->local) ? 0 : ipcmd_bad_prefix(ip, value);
	case ADDR_PEER:
		r->has_peer = true;
		return address_parse_prefix(value, &r->peer) ? 0 : ipcmd_bad_prefix(ip, value);
	case ADDR_BROADCAST:
		return read_broadcast(ip, r, value);
	case ADDR_LABEL:
		return read_label(ip, r, value);
	case ADDR_SCOPE:
		r->has_scope = true;
		if (!ipcmd_scope_parse(value, &r->addr.scope))
			return ipcmd_bad_value(ip, value, "invalid scope value.");
		return 0;
	case ADDR_FOREVER:
		return strcmp(value, "forever") ? ipcmd_bad_value(ip, value, "only \"forever\" here") : 0;
	}
	return 0;
}

/* What was not said follows from what was. */
static void complete(struct request *r)
{
	struct netif_addr *a = &r->addr;

	a->local = r->local.addr;
	a->peer = r->has_peer ? r->peer.addr : a->local;
	a->plen = r->has_peer ? r->peer.plen : r->local.plen;
	if (!r->has_scope && ip_is_loopback(a->local))
		a->scope = SCOPE_HOST;
	if (r->broadcast == '+' && a->plen <= 30)
		a->broadcast = a->peer | ~ip_mask(a->plen);
	else if (r->broadcast == '-' && a->plen <= 30)
		a->broadcast = a->peer & ip_mask(a->plen);
	if (!a->label[0] && r->dev)
		snprintf(a->label, sizeof(a->label), "%s", r->dev->name);
}

static int read_request(struct ipcmd *ip, struct request *r)
{
	static const struct ipcmd_word words[] = {
		VALUE("dev", ADDR_DEV),
		VALUE("local", ADDR_LOCAL),
		VALUE("peer", ADDR_PEER),
		VALUE("remote", ADDR_PEER),
		VALUE_ABBREVIATED("broadcast", ADDR_BROADCAST, 5),
		VALUE("brd", ADDR_BROADCAST),
		VALUE("label", ADDR_LABEL),
		VALUE("scope", ADDR_SCOPE),
		VALUE("valid_lft", ADDR_FOREVER),
		VALUE("preferred_lft", ADDR_FOREVER),
		{0},
	};
	int status = ipcmd_read_all(ip, words, set_request, r);

	if (status)
		return status;
	if (!r->dev)
		return ipcmd_fail(ip, IPCMD_FAILED, "Not enough information: \"dev\" argument is required.");
	complete(r);
	return r->has_local ? 0 : ipcmd_refused(ip, EOPNOTSUPP);
}

/* The address that the request names, or NULL. */
static struct netif_addr *find(const struct request *r, bool exact)
{
	netif_each_addr(a, r->dev->netif) {
		if (a->local != r->addr.local)
			continue;
		if (exact && (a->plen != r->addr.plen || (r->has_peer && a->peer != r->addr.peer)))
			continue;
		return a;
	}
	return NULL;
}

static int add_to(struct ipcmd *ip, const struct request *r)
{
	int err = netif_addr_add(r->dev->netif, &r->addr, NULL);

	if (err == -EADDRINUSE) /* in the kernel's words */
		return ipcmd_fail(
			ip, IPCMD_REFUSED, "Error: ipvlan: Address already assigned to an ipvlan device.");
	return ipcmd_refused(ip, err);
}

static int add(struct ipcmd *ip)
{
	struct request r = {0};
	int status = read_request(ip, &r);

	return status ? status : add_to(ip, &r);
}

static int put(struct ipcmd *ip, bool may_add)
{
	struct request r = {0};
	int status = read_request(ip, &r);
	struct netif_addr *a;

	if (status)
		return status;
	a = find(&r, true);
	if (!a)
		return may_add ? add_to(ip, &r) : ipcmd_refused(ip, -ENOENT);
	if (r.has_broadcast)
		a->broadcast = r.addr.broadcast;
	if (r.has_scope)
		a->scope = r.addr.scope;
	netif_addr_changed(a);
	return CMD_OK;
}

static int replace(struct ipcmd *ip)
{
	return put(ip, true);
}

static int change(struct ipcmd *ip)
{
	return put(ip, false);
}

static int del(struct ipcmd *ip)
{
	struct request r = {0};
	int status = read_request(ip, &r);
	bool exact = r.local.has_plen || r.has_peer;
	struct netif_addr *a;

	if (status)
		return status;
	a = find(&r, exact);
	if (!exact && (!a || a->plen != 32))
		fprintf(ip->c->err,
			"Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
			"         Explicitly specify the prefix length (%s/32) to avoid this warning.\n"
			"         This special behaviour is likely to disappear in further releases,\n"
			"         fix your scripts!\n",
			TEXT_IP(r.local.addr));
	if (!a)
		return ipcmd_refused(ip, EADDRNOTAVAIL);
	netif_addr_del(a);
	return CMD_OK;
}

#define IFADDR                                                           \
	"PREFIX dev DEVICE [peer PREFIX] [broadcast { ADDR | + | - }]\n" \
	"                       [label LABEL] [scope SCOPE]"

static const struct ipcmd_verb verbs[] = {
	{"add", add, IFADDR},
	{"change", change, IFADDR},
	{"chg", change, NULL},
	{"replace", replace, IFADDR},
	{"delete", del, "PREFIX dev DEVICE"},
	{"show", show,
		"[[dev] DEVICE] [up] [type KIND] [to PREFIX] [scope SCOPE] [label PATTERN]\n"
		"                       [primary | secondary] [tentative] [dadfailed]"},
	{"lst", show, NULL},
	{"list", show, NULL},
	{"flush", flush, "what `show` takes"},
	{0},
};

static const char *const words[] = {"dev", "broadcast", "label", "scope", "peer", "to", "up", "type",
	"primary", "secondary", "tentative", "dadfailed", "global", "link", "host", NULL};

const struct ipcmd_object ipcmd_addr = {"address", show, verbs, words};
