/* SPDX-License-Identifier: MIT */
/* `ip route add`, `replace`, `change` and `del`. */
#include "shell/ip_route.h"

#include <errno.h>

enum {
	ROUTE_TO = 1,
	ROUTE_VIA,
	ROUTE_DEV,
	ROUTE_SRC,
	ROUTE_METRIC,
	ROUTE_MTU,
	ROUTE_PROTO,
	ROUTE_SCOPE,
	ROUTE_TABLE,
	ROUTE_IS_ONLINK,
	ROUTE_NEXTHOP,
};

static bool needs_no_device(uint8_t type)
{
	return type == ROUTE_BLACKHOLE || type == ROUTE_UNREACHABLE || type == ROUTE_PROHIBIT;
}

/* ---- reading ---- */

/* What is read: a route, and whether its prefix was said. */
struct request {
	struct route *route;
	bool has_prefix;
};

static int read_prefix(struct ipcmd *ip, struct request *q, const char *value)
{
	struct prefix p;

	if (q->has_prefix)
		return ipcmd_fail(ip, IPCMD_SYNTAX,
			"Error: either \"to\" is duplicate, or \"%s\" is a garbage.", value);
	if (!address_parse_prefix(value, &p))
		return ipcmd_bad_prefix(ip, value);
	q->has_prefix = true;
	q->route->prefix = p.addr;
	q->route->plen = p.plen;
	return 0;
}

static int read_gateway(struct ipcmd *ip, struct route *r, const char *value)
{
	if (strcmp(value, "inet") == 0) {
		int status = ipcmd_read_any(ip, &value);
		if (status)
			return status;
	}
	return ipcmd_address(ip, value, &r->gateway);
}

static int read_device(struct ipcmd *ip, struct route *r, const char *value)
{
	struct dev *d;
	int status = ipcmd_device(ip, value, &d);

	if (!status)
		r->netif = d->netif;
	return status;
}

static int read_mtu(struct ipcmd *ip, struct route *r, const char *value)
{
	if (strcmp(value, "lock") == 0) {
		int status = ipcmd_read_any(ip, &value);
		if (status)
			return status;
	}
	return ipcmd_number(ip, value, "\"mtu\" value is invalid\n", &r->mtu);
}

/* A word alone is the type, if that comes first, or the prefix. */
static int set_word(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct request *q = to;
	struct route *r = q->route;

	if (id == 0 && !q->has_prefix && !r->type && ipcmd_route_type(value, &r->type))
		return 0;
	switch (id ? id : ROUTE_TO) {
	case ROUTE_TO:
		return read_prefix(ip, q, value);
	case ROUTE_VIA:
		return read_gateway(ip, r, value);
	case ROUTE_DEV:
		return read_device(ip, r, value);
	case ROUTE_SRC:
		return ipcmd_address(ip, value, &r->source);
	case ROUTE_METRIC:
		return ipcmd_number(ip, value, "\"metric\" value is invalid\n", &r->metric);
	case ROUTE_MTU:
		return read_mtu(ip, r, value);
	case ROUTE_PROTO:
		return ipcmd_route_origin(value, &r->origin)
			? 0
			: ipcmd_bad_value(ip, value, "\"protocol\" value is invalid\n");
	case ROUTE_SCOPE:
		return ipcmd_scope_parse(value, &r->scope)
			? 0
			: ipcmd_bad_value(ip, value, "invalid \"scope\" value\n");
	case ROUTE_TABLE:
		if (ipcmd_route_table(value) == TABLE_UNKNOWN)
			return ipcmd_bad_value(ip, value, "\"table\" value is invalid\n");
		return ipcmd_route_table(value) == TABLE_MAIN
			? 0
			: ipcmd_fail(ip, IPCMD_REFUSED, "Error: only the table \"main\" can be changed.");
	case ROUTE_IS_ONLINK:
		r->flags |= ROUTE_ONLINK;
		return 0;
	default:
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: Multipath routes are not supported.");
	}
}

static int read_words(struct ipcmd *ip, struct route *r)
{
	static const struct ipcmd_word words[] = {
		VALUE("to", ROUTE_TO),
		VALUE("via", ROUTE_VIA),
		VALUE("dev", ROUTE_DEV),
		VALUE("oif", ROUTE_DEV),
		VALUE("src", ROUTE_SRC),
		VALUE("metric", ROUTE_METRIC),
		VALUE("priority", ROUTE_METRIC),
		VALUE_ABBREVIATED("preference", ROUTE_METRIC, 4),
		VALUE("mtu", ROUTE_MTU),
		VALUE_ABBREVIATED("protocol", ROUTE_PROTO, 5),
		VALUE("scope", ROUTE_SCOPE),
		VALUE("table", ROUTE_TABLE),
		WORD("onlink", ROUTE_IS_ONLINK),
		WORD("nexthop", ROUTE_NEXTHOP),
		{0},
	};
	struct request q = {.route = r};

	return ipcmd_read_all(ip, words, set_word, &q);
}

static int read_route(struct ipcmd *ip, struct route *r)
{
	int status;

	if (!*ip->argv)
		return ipcmd_usage(ip, &ipcmd_route);
	status = read_words(ip, r);
	if (!status && r->prefix & ~ip_mask(r->plen))
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: Invalid prefix for given prefix length.");
	return status;
}

/* ---- doing ---- */

int ipcmd_route_find_device(struct stack *s, struct route *r)
{
	struct route_key key = {.dst = r->gateway};
	struct route_path path;

	if (r->netif)
		return 0;
	if (!r->gateway)
		return -ENODEV;
	if (route_lookup(s, &key, &path) || path.type != ROUTE_UNICAST || path.nexthop != r->gateway)
		return -ENETUNREACH;
	r->netif = path.netif;
	return 0;
}

static int refused(struct ipcmd *ip, const struct route *r, int error)
{
	if (r->gateway && (error == -ENETUNREACH || error == -EINVAL))
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: Nexthop has invalid gateway.");
	if (error == -ENETDOWN)
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: Device for nexthop is not up.");
	return ipcmd_refused(ip, error);
}

static int put(struct ipcmd *ip, struct route *r, bool replace)
{
	int err = 0;

	if (needs_no_device(r->type) && (r->netif || r->gateway))
		return ipcmd_fail(ip, IPCMD_REFUSED,
			"Error: Gateway, device and multipath can not be specified for this route type.");
	if (r->source && ip_addr_kind(ip->s, r->source) != IP_ADDR_LOCAL)
		return ipcmd_fail(ip, IPCMD_REFUSED, "Error: Invalid prefsrc address.");
	if (!needs_no_device(r->type))
		err = ipcmd_route_find_device(ip->s, r);
	if (!err)
		err = route_add(ip->s, r, replace);
	return refused(ip, r, err);
}

static int read_new(struct ipcmd *ip, struct route *r)
{
	int status = read_route(ip, r);

	r->type = r->type ? r->type : ROUTE_UNICAST;
	r->origin = r->origin ? r->origin : ROUTE_BY_BOOT;
	return status;
}

int ipcmd_route_add(struct ipcmd *ip)
{
	struct route r = {.scope = SCOPE_NOWHERE};
	int status = read_new(ip, &r);

	return status ? status : put(ip, &r, false);
}

int ipcmd_route_replace(struct ipcmd *ip)
{
	struct route r = {.scope = SCOPE_NOWHERE};
	int status = read_new(ip, &r);

	return status ? status : put(ip, &r, true);
}

struct search {
	const struct route *like;
	bool found;
};

static void match(void *ctx, const struct route *r)
{
	struct search *g = ctx;

	g->found |= r->prefix == g->like->prefix && r->plen == g->like->plen && r->metric == g->like->metric;
}

int ipcmd_route_change(struct ipcmd *ip)
{
	struct route r = {.scope = SCOPE_NOWHERE};
	struct search g = {.like = &r};
	int status = read_new(ip, &r);

	if (status)
		return status;
	route_each(ip->s, false, match, &g);
	return g.found ? put(ip, &r, true) : ipcmd_refused(ip, ENOENT);
}

int ipcmd_route_del(struct ipcmd *ip)
{
	struct route r = {0};
	int status = read_route(ip, &r);

	return status ? status : ipcmd_refused(ip, route_del(ip->s, &r));
}
