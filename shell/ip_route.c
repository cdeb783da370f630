/* SPDX-License-Identifier: MIT */
/* `ip route show`, `flush` and `get`, and how a route is printed. */
#include "shell/ip_route.h"

#include "lib/text.h"
#include "shell/buf.h"

#include <errno.h>
#include <stdlib.h>

/* ---- names ---- */

static const struct ipcmd_route_name types[] = {
	{"unicast", ROUTE_UNICAST},
	{"local", ROUTE_LOCAL},
	{"broadcast", ROUTE_BROADCAST},
	{"multicast", ROUTE_MULTICAST},
	{"blackhole", ROUTE_BLACKHOLE},
	{"unreachable", ROUTE_UNREACHABLE},
	{"prohibit", ROUTE_PROHIBIT},
	{0},
};

static const struct ipcmd_route_name origins[] = {
	{"redirect", ROUTE_BY_REDIRECT},
	{"kernel", ROUTE_BY_KERNEL},
	{"boot", ROUTE_BY_BOOT},
	{"static", ROUTE_BY_STATIC},
	{"dhcp", ROUTE_BY_DHCP},
	{0},
};

static bool find_value(const struct ipcmd_route_name *table, const char *name, uint8_t *value)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0) {
			*value = table->value;
			return true;
		}
	}
	return false;
}

bool ipcmd_route_type(const char *name, uint8_t *type)
{
	return find_value(types, name, type);
}

bool ipcmd_route_origin(const char *name, uint8_t *origin)
{
	uint32_t number;

	if (find_value(origins, name, origin))
		return true;
	if (!address_parse_number(name, &number) || number > 255)
		return false;
	*origin = (uint8_t)number;
	return true;
}

static const char *name_of(const struct ipcmd_route_name *table, uint8_t value, char buf[4])
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	snprintf(buf, 4, "%u", value);
	return buf;
}

enum ipcmd_table ipcmd_route_table(const char *name)
{
	static const struct {
		const char *name;
		enum ipcmd_table table;
	} tables[] = {
		{"main", TABLE_MAIN},
		{"254", TABLE_MAIN},
		{"local", TABLE_LOCAL},
		{"255", TABLE_LOCAL},
		{"all", TABLE_ALL},
		{"0", TABLE_ALL},
		{"cache", TABLE_CACHE},
		{"default", TABLE_EMPTY},
		{"253", TABLE_EMPTY},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (strcmp(tables[i].name, name) == 0)
			return tables[i].table;
	return TABLE_UNKNOWN;
}

/* ---- printing ---- */

static void print_destination(struct show *sh, uint32_t prefix, uint8_t plen)
{
	char text[TEXT_CIDR_LEN];

	if (plen == 0)
		snprintf(text, sizeof(text), "default");
	else if (plen == 32)
		text_ip(text, prefix);
	else
		snprintf(text, sizeof(text), "%s/%u", TEXT_IP(prefix), plen);
	if (plen)
		show_color(sh, SHOW_IPV4);
	show_str(sh, "dst", "%s ", text);
}

static void print_gateway(struct show *sh, uint32_t gateway)
{
	show_text(sh, "via ");
	show_color(sh, SHOW_IPV4);
	show_str(sh, "gateway", "%s ", TEXT_IP(gateway));
}

static void print_device(struct show *sh, const struct netif *n)
{
	show_text(sh, "dev ");
	show_color(sh, SHOW_NAME);
	show_str(sh, "dev", "%s ", n->dev->name);
}

static void print_source(struct show *sh, uint32_t source)
{
	show_text(sh, "src ");
	show_color(sh, SHOW_IPV4);
	show_str(sh, "prefsrc", "%s ", TEXT_IP(source));
}

static void print_mtu(struct show *sh, uint32_t mtu)
{
	show_list(sh, "metrics");
	show_object(sh);
	show_num(sh, "mtu", "mtu %u ", mtu);
	show_close(sh);
	show_close(sh);
}

static void print_flags(struct show *sh, uint8_t flags)
{
	show_list(sh, "flags");
	if (flags & ROUTE_ONLINK)
		show_str(sh, NULL, "%s ", "onlink");
	if (flags & ROUTE_LINKDOWN)
		show_str(sh, NULL, "%s ", "linkdown");
	show_close(sh);
}

static bool is_in_local_table(const struct route *r)
{
	return r->type == ROUTE_LOCAL || r->type == ROUTE_BROADCAST;
}

void ipcmd_print_route(struct ipcmd *ip, const struct route *r, const struct ipcmd_route_hide *hide)
{
	struct show *sh = &ip->show;
	char number[4];

	if (r->type != ROUTE_UNICAST || ip->details)
		show_str(sh, "type", "%s ", name_of(types, r->type, number));
	print_destination(sh, r->prefix, r->plen);
	if (r->gateway && !hide->via)
		print_gateway(sh, r->gateway);
	if (r->netif && !hide->dev)
		print_device(sh, r->netif);
	if (hide->main_table && is_in_local_table(r))
		show_str(sh, "table", "table %s ", "local");
	if ((r->origin != ROUTE_BY_BOOT || ip->details) && !hide->proto)
		show_str(sh, "protocol", "proto %s ", name_of(origins, r->origin, number));
	if ((r->scope != SCOPE_GLOBAL || ip->details) && !hide->scope)
		show_str(sh, "scope", "scope %s ", ipcmd_scope_name(r->scope, number));
	if (r->source && !hide->src)
		print_source(sh, r->source);
	if (r->metric)
		show_num(sh, "metric", "metric %u ", r->metric);
	print_flags(sh, r->flags);
	if (r->mtu)
		print_mtu(sh, r->mtu);
}

/* ---- show and flush: which routes ---- */

enum {
	FILTER_TABLE = 1,
	FILTER_DEV,
	FILTER_VIA,
	FILTER_SRC,
	FILTER_PROTO,
	FILTER_SCOPE,
	FILTER_TYPE,
	FILTER_ROOT,
	FILTER_MATCH,
	FILTER_EXACT
};

struct filter {
	enum ipcmd_table table;
	const struct dev *dev;
	struct ipcmd_route_hide is; /* which of these are fixed */
	uint32_t via, src;
	uint8_t proto, scope, type;
	int how; /* FILTER_ROOT, MATCH, EXACT; 0: any prefix */
	struct prefix prefix;
};

static bool prefix_is_wanted(const struct filter *f, const struct route *r)
{
	uint32_t differs = r->prefix ^ f->prefix.addr;

	switch (f->how) {
	case FILTER_ROOT:
		return r->plen >= f->prefix.plen && !(differs & ip_mask(f->prefix.plen));
	case FILTER_MATCH:
		return r->plen <= f->prefix.plen && !(differs & ip_mask(r->plen));
	case FILTER_EXACT:
		return r->plen == f->prefix.plen && !(differs & ip_mask(r->plen));
	}
	return true;
}

static bool wanted(const struct filter *f, const struct route *r)
{
	return prefix_is_wanted(f, r) && (!f->is.dev || (r->netif && r->netif->dev == f->dev)) &&
		(!f->is.via || r->gateway == f->via) && (!f->is.src || r->source == f->src) &&
		(!f->is.proto || r->origin == f->proto) && (!f->is.scope || r->scope == f->scope) &&
		(!f->type || r->type == f->type);
}

static int read_table(struct ipcmd *ip, struct filter *f, const char *value)
{
	f->table = ipcmd_route_table(value);
	return f->table == TABLE_UNKNOWN ? ipcmd_bad_value(ip, value, "table id value is invalid\n") : 0;
}

static int read_prefix(struct ipcmd *ip, struct filter *f, int how, const char *value)
{
	f->how = how;
	return address_parse_prefix(value, &f->prefix) ? 0 : ipcmd_bad_prefix(ip, value);
}

static int read_filter_device(struct ipcmd *ip, struct filter *f, const char *value)
{
	f->is.dev = true;
	f->dev = dev_by_name(ip->s, value);
	return f->dev ? 0 : ipcmd_no_device(ip, value);
}

static int set_filter(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct filter *f = to;

	if (id == 0)
		id = strcmp(value, "cache") == 0 ? FILTER_TABLE : FILTER_EXACT;
	switch (id) {
	case FILTER_TABLE:
		return read_table(ip, f, value);
	case FILTER_DEV:
		return read_filter_device(ip, f, value);
	case FILTER_VIA:
		f->is.via = true;
		return ipcmd_address(ip, value, &f->via);
	case FILTER_SRC:
		f->is.src = true;
		return ipcmd_address(ip, value, &f->src);
	case FILTER_PROTO:
		f->is.proto = true;
		return ipcmd_route_origin(value, &f->proto)
			? 0
			: ipcmd_bad_value(ip, value, "invalid \"protocol\"\n");
	case FILTER_SCOPE:
		f->is.scope = true;
		return ipcmd_scope_parse(value, &f->scope)
			? 0
			: ipcmd_bad_value(ip, value, "invalid \"scope\"\n");
	case FILTER_TYPE:
		return ipcmd_route_type(value, &f->type)
			? 0
			: ipcmd_bad_value(ip, value, "node type value is invalid\n");
	default:
		return read_prefix(ip, f, id, value);
	}
}

static int read_filter(struct ipcmd *ip, struct filter *f)
{
	static const struct ipcmd_word words[] = {
		VALUE("table", FILTER_TABLE),
		VALUE("dev", FILTER_DEV),
		VALUE("oif", FILTER_DEV),
		VALUE("via", FILTER_VIA),
		VALUE("src", FILTER_SRC),
		VALUE_ABBREVIATED("protocol", FILTER_PROTO, 4),
		VALUE("scope", FILTER_SCOPE),
		VALUE("type", FILTER_TYPE),
		VALUE("root", FILTER_ROOT),
		VALUE("match", FILTER_MATCH),
		VALUE("exact", FILTER_EXACT),
		VALUE("to", FILTER_EXACT),
		{0},
	};
	int status = ipcmd_read_all(ip, words, set_filter, f);

	f->is.main_table = f->table == TABLE_ALL;
	return status;
}

/* ---- show ---- */

struct showing {
	struct ipcmd *ip;
	const struct filter *f;
};

static void show_one(void *ctx, const struct route *r)
{
	struct showing *g = ctx;
	struct show *sh = &g->ip->show;

	if (!wanted(g->f, r))
		return;
	show_object(sh);
	ipcmd_print_route(g->ip, r, &g->f->is);
	show_close(sh);
	show_text(sh, "\n");
}

static unsigned seconds_left(const struct ipcmd *ip, uint64_t expires_ns)
{
	uint64_t now = stack_now(ip->s);

	return expires_ns > now ? (unsigned)((expires_ns - now) / NS_PER_SEC) : 0;
}

/* "    cache <redirected> expires 299sec mtu 1400": what is remembered of a destination. */
static void print_cache(struct ipcmd *ip, const char *flags, unsigned expires, uint32_t mtu)
{
	struct show *sh = &ip->show;

	show_newline(sh);
	show_text(sh, "    cache ");
	show_list(sh, "cache");
	if (*flags) {
		show_text(sh, "<");
		show_str(sh, NULL, "%s", flags);
		show_text(sh, "> ");
	}
	show_close(sh);
	if (expires)
		show_num(sh, "expires", "expires %usec ", expires);
	if (mtu)
		print_mtu(sh, mtu);
}

static void show_exception(void *ctx, const struct route_exception *e)
{
	struct showing *g = ctx;
	struct show *sh = &g->ip->show;

	if (g->f->is.dev && (!e->netif || e->netif->dev != g->f->dev))
		return;
	show_object(sh);
	print_destination(sh, e->dst, 32);
	if (e->gateway)
		print_gateway(sh, e->gateway);
	if (e->netif)
		print_device(sh, e->netif);
	print_flags(sh, 0);
	print_cache(g->ip, e->gateway ? "redirected" : "", seconds_left(g->ip, e->expires_ns), e->mtu);
	show_close(sh);
	show_text(sh, "\n");
}

static int show(struct ipcmd *ip)
{
	struct filter f = {.table = TABLE_MAIN};
	struct showing g = {ip, &f};
	int status = read_filter(ip, &f);

	if (status)
		return status;
	show_begin(&ip->show);
	if (f.table == TABLE_MAIN || f.table == TABLE_ALL)
		route_each(ip->s, false, show_one, &g);
	if (f.table == TABLE_LOCAL || f.table == TABLE_ALL)
		route_each(ip->s, true, show_one, &g);
	if (f.table == TABLE_CACHE)
		route_each_exception(ip->s, show_exception, &g);
	show_end(&ip->show);
	return CMD_OK;
}

/* ---- flush ---- */

struct found {
	const struct filter *f;
	struct route *routes;
	size_t count, room;
};

static void collect(void *ctx, const struct route *r)
{
	struct found *g = ctx;

	if (!wanted(g->f, r))
		return;
	if (g->count == g->room) {
		g->room = g->room ? 2 * g->room : 16;
		g->routes = mem_resize(g->routes, g->room * sizeof(*g->routes));
	}
	g->routes[g->count++] = *r;
}

static int flush(struct ipcmd *ip)
{
	struct filter f = {.table = TABLE_MAIN};
	struct found g = {.f = &f};
	int status;

	if (!*ip->argv)
		return ipcmd_fail(ip, IPCMD_FAILED, "\"ip route flush\" requires arguments.");
	status = read_filter(ip, &f);
	if (status)
		return status;
	if (f.table == TABLE_CACHE) {
		route_flush_exceptions(ip->s);
		return CMD_OK;
	}
	if (f.table == TABLE_MAIN || f.table == TABLE_ALL)
		route_each(ip->s, false, collect, &g);
	for (size_t i = 0; i < g.count; i++)
		route_del(ip->s, &g.routes[i]);
	free(g.routes);
	return ipcmd_flushed(ip, g.count, "entries");
}

/* ---- get ---- */

struct exception_search {
	uint32_t dst;
	uint64_t expires_ns;
};

static void match_exception(void *ctx, const struct route_exception *e)
{
	struct exception_search *g = ctx;

	if (e->dst == g->dst)
		g->expires_ns = e->expires_ns;
}

static const char *cache_flags(const struct route_path *path)
{
	switch (path->type) {
	case ROUTE_LOCAL:
		return "local";
	case ROUTE_BROADCAST:
		return "local,brd";
	case ROUTE_MULTICAST:
		return "mc";
	default:
		return path->redirected ? "redirected" : "";
	}
}

static void print_path(struct ipcmd *ip, const struct route_key *key, const struct route_path *path)
{
	struct exception_search found = {.dst = key->dst};
	struct show *sh = &ip->show;
	bool is_local = path->type == ROUTE_LOCAL;
	unsigned expires;
	char number[4];

	route_each_exception(ip->s, match_exception, &found);
	expires = found.expires_ns ? seconds_left(ip, found.expires_ns) : 0;
	show_object(sh);
	if (path->type != ROUTE_UNICAST)
		show_str(sh, "type", "%s ", name_of(types, (uint8_t)path->type, number));
	print_destination(sh, key->dst, 32);
	if (key->src)
		show_str(sh, "from", "from %s ", TEXT_IP(key->src));
	if (path->nexthop != key->dst)
		print_gateway(sh, path->nexthop);
	print_device(sh, is_local ? ip->s->lo->netif : path->netif);
	if (!key->src && path->source)
		print_source(sh, path->source);
	print_flags(sh, 0);
	show_num(sh, "uid", "uid %u ", 0u);
	print_cache(ip, cache_flags(path), expires,
		is_local || path->mtu == path->netif->dev->mtu ? 0 : path->mtu);
	show_close(sh);
	show_text(sh, "\n");
}

enum { GET_TO = 1, GET_FROM, GET_DEV };

struct question {
	struct route_key key;
	bool has_dst;
};

static int set_question(struct ipcmd *ip, void *to, int id, const char *value)
{
	struct question *q = to;
	struct dev *d;
	int status;

	switch (id) {
	case GET_FROM:
		return ipcmd_address(ip, value, &q->key.src);
	case GET_DEV:
		status = ipcmd_device(ip, value, &d);
		q->key.oif = d ? d->ifindex : 0;
		return status;
	default:
		q->has_dst = true;
		return ipcmd_prefix_address(ip, value, &q->key.dst);
	}
}

static int get(struct ipcmd *ip)
{
	static const struct ipcmd_word words[] = {
		VALUE("to", GET_TO),
		VALUE("from", GET_FROM),
		VALUE("oif", GET_DEV),
		VALUE("dev", GET_DEV),
		{0},
	};
	struct question q = {0};
	struct route_path path;
	int status = ipcmd_read_all(ip, words, set_question, &q);
	int err;

	if (status)
		return status;
	if (!q.has_dst)
		return ipcmd_fail(ip, IPCMD_FAILED, "need at least a destination address");
	err = route_lookup(ip->s, &q.key, &path);
	if (err)
		return ipcmd_refused(ip, err);
	show_begin(&ip->show);
	print_path(ip, &q.key, &path);
	show_end(&ip->show);
	return CMD_OK;
}

#define ROUTE                                                                         \
	"[TYPE] PREFIX [via ADDRESS] [dev DEVICE] [src ADDRESS] [metric N] [mtu N]\n" \
	"                    [proto PROTO] [scope SCOPE] [onlink]"

static const struct ipcmd_verb verbs[] = {
	{"list", show, NULL},
	{"show", show,
		"[[root | match | exact] PREFIX] [table { main | local | all | cache }] [dev DEVICE]\n"
		"                     [via ADDRESS] [src ADDRESS] [proto PROTO] [scope SCOPE] [type TYPE]"},
	{"lst", show, NULL},
	{"get", get, "ADDRESS [from ADDRESS] [oif DEVICE]"},
	{"add", ipcmd_route_add, ROUTE},
	{"append", ipcmd_route_add, NULL},
	{"change", ipcmd_route_change, NULL},
	{"chg", ipcmd_route_change, NULL},
	{"replace", ipcmd_route_replace, ROUTE},
	{"delete", ipcmd_route_del, ROUTE},
	{"flush", flush, "{ cache | what `show` takes }"},
	{0},
};

static const char *const words[] = {"default", "via", "dev", "src", "metric", "mtu", "proto", "scope",
	"onlink", "table", "main", "local", "all", "cache", "blackhole", "unreachable", "prohibit", "root",
	"match", "exact", "type", "from", "oif", NULL};

const struct ipcmd_object ipcmd_route = {"route", show, verbs, words};
