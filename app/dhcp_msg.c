/* SPDX-License-Identifier: MIT */
/*
 * DHCP messages (RFC 2131 2, RFC 2132).
 *
 * Options may stand in up to three fields: the options field, then, where option 52 says so, `file` and `sname` (RFC
 * 2131 4.1). An option may be split, over fields too, and its pieces are put together before it is looked at (RFC 3396
 * 5). So the reader looks for one option at a time: it gathers all its octets, in order, and has them read as the
 * table says.
 */
#include "app/dhcp_msg.h"

#include "net/wire_ip.h"

enum {
	HTYPE_ETHER = 1,
	FLAG_BROADCAST = 0x8000,
	AT_CHADDR = 28,
};

enum {
	OPT_MASK = 1,
	OPT_ROUTERS = 3,
	OPT_DNS = 6,
	OPT_HOSTNAME = 12,
	OPT_DOMAIN = 15,
	OPT_MTU = 26,
	OPT_BROADCAST = 28,
	OPT_REQUESTED = 50,
	OPT_LEASE = 51,
	OPT_OVERLOAD = 52,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_WANTED = 55,
	OPT_TEXT = 56,
	OPT_MAX_LEN = 57,
	OPT_T1 = 58,
	OPT_T2 = 59,
	OPT_CLIENT_ID = 61,
	OPT_SEARCH = 119,
	OPT_ROUTES = 121,
	PIECE_MAX = 255,
};

static const struct {
	const char *name, *text;
} verdicts[] = {
#define X(name, text) {#name, text},
	DHCP_VERDICTS(X)
#undef X
};

const char *dhcp_verdict_name(enum dhcp_verdict v)
{
	return verdicts[v].name;
}

const char *dhcp_verdict_text(enum dhcp_verdict v)
{
	return verdicts[v].text;
}

const char *dhcp_type_name(enum dhcp_type t)
{
	static const char *const names[] = {"BOOTP", "DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST",
		"DHCPDECLINE", "DHCPACK", "DHCPNAK", "DHCPRELEASE", "DHCPINFORM"};

	return names[t];
}

/* ---- where options stand ---- */

struct field {
	const uint8_t *b;
	size_t len;
};

struct fields {
	struct field at[3];
	size_t count;
};

bool dhcp_option_next(const uint8_t *b, size_t len, size_t *at, struct dhcp_option *o)
{
	while (*at < len && b[*at] == DHCP_OPT_PAD)
		++*at;
	if (*at + 2 > len || b[*at] == DHCP_OPT_END || *at + 2 + b[*at + 1] > len)
		return false;
	*o = (struct dhcp_option){.code = b[*at], .len = b[*at + 1], .value = b + *at + 2};
	*at += 2 + (size_t)o->len;
	return true;
}

/* All octets of option `code` that stand in this field, behind `len` others; how many there are then. */
static size_t gather_in(const struct field *f, uint8_t code, uint8_t *out, size_t len, bool *found)
{
	struct dhcp_option o;

	for (size_t at = 0; dhcp_option_next(f->b, f->len, &at, &o);) {
		if (o.code != code)
			continue;
		memcpy(out + len, o.value, o.len);
		len += o.len;
		*found = true;
	}
	return len;
}

/* False: it is not there. `out` has room for a whole message. */
static bool gather(const struct fields *fs, uint8_t code, uint8_t *out, size_t *len)
{
	bool found = false;

	*len = 0;
	for (size_t i = 0; i < fs->count; i++)
		*len = gather_in(&fs->at[i], code, out, *len, &found);
	return found;
}

/* Option 52 counts in the options field alone: it cannot send us round (RFC 2132 9.3). */
static struct fields find_fields(const uint8_t *b, size_t len)
{
	struct fields fs = {.at = {{b + DHCP_HDR_LEN, len - DHCP_HDR_LEN}}, .count = 1};
	uint8_t overload[DHCP_MAX_LEN];
	size_t n;

	if (!gather(&fs, OPT_OVERLOAD, overload, &n) || n != 1 || overload[0] > 3)
		return fs;
	if (overload[0] & 1)
		fs.at[fs.count++] = (struct field){b + DHCP_AT_FILE, DHCP_FILE_LEN};
	if (overload[0] & 2)
		fs.at[fs.count++] = (struct field){b + DHCP_AT_SNAME, DHCP_SNAME_LEN};
	return fs;
}

/* ---- reading one option ---- */

static void read_u8(void *to, const uint8_t *b, size_t len)
{
	if (len == 1)
		*(uint8_t *)to = b[0];
}

static void read_u16(void *to, const uint8_t *b, size_t len)
{
	if (len == 2)
		*(uint16_t *)to = get16(*(const be16 *)b);
}

static void read_u32(void *to, const uint8_t *b, size_t len)
{
	if (len == 4)
		*(uint32_t *)to = get32(*(const be32 *)b);
}

static void read_octets(void *to, const uint8_t *b, size_t len)
{
	struct dhcp_octets *o = to;

	if (len > sizeof(o->b))
		return;
	o->len = (uint8_t)len;
	memcpy(o->b, b, len);
}

/* Zeros at the end are no part of it (RFC 2132 2). */
static void read_text(void *to, const uint8_t *b, size_t len)
{
	char *out = to;

	while (len && b[len - 1] == '\0')
		len--;
	len = MIN(len, (size_t)DHCP_TEXT - 1);
	for (size_t i = 0; i < len; i++)
		out[i] = b[i] >= ' ' && b[i] < 0x7f ? (char)b[i] : '?';
	out[len] = '\0';
}

static uint8_t read_addresses(uint32_t *to, const uint8_t *b, size_t len)
{
	size_t n = len % 4 ? 0 : MIN(len / 4, (size_t)DHCP_HOPS);

	for (size_t i = 0; i < n; i++)
		to[i] = get32(*(const be32 *)(b + 4 * i));
	return (uint8_t)n;
}

static void read_routers(void *to, const uint8_t *b, size_t len)
{
	struct dhcp_params *p = to;

	p->router_count = read_addresses(p->routers, b, len);
}

static void read_dns(void *to, const uint8_t *b, size_t len)
{
	struct dhcp_params *p = to;

	p->dns_count = read_addresses(p->dns, b, len);
}

/* Ones that do not stand together are no mask. */
static void read_mask(void *to, const uint8_t *b, size_t len)
{
	uint32_t mask = 0;

	read_u32(&mask, b, len);
	for (uint8_t plen = 1; plen <= 32; plen++)
		if (mask == ip_mask(plen))
			*(uint8_t *)to = plen;
}

/* RFC 3442: a prefix length, as many octets of the prefix as it has, the router. All of them, or none. */
static void read_routes(void *to, const uint8_t *b, size_t len)
{
	struct dhcp_params *p = to;
	size_t i = 0;

	for (p->route_count = 0; i < len && p->route_count < DHCP_HOPS; p->route_count++) {
		struct dhcp_route *r = &p->routes[p->route_count];
		size_t n = ((size_t)b[i] + 7) / 8;
		uint8_t prefix[4] = {0};

		if (b[i] > 32 || i + 1 + n + 4 > len)
			break;
		memcpy(prefix, b + i + 1, n);
		r->plen = b[i];
		r->prefix = get32(*(const be32 *)prefix) & ip_mask(r->plen);
		r->gateway = get32(*(const be32 *)(b + i + 1 + n));
		i += 1 + n + 4;
	}
	if (i < len && p->route_count < DHCP_HOPS) {
		memset(p->routes, 0, sizeof(p->routes));
		p->route_count = 0;
	}
}

static void read_search(void *to, const uint8_t *b, size_t len)
{
	char names[DHCP_TEXT];

	if (dhcp_names_parse(b, len, names))
		strcpy(to, names);
}

#define IN(member)	  offsetof(struct dhcp_msg, member)
#define IN_PARAMS(member) (offsetof(struct dhcp_msg, params) + offsetof(struct dhcp_params, member))

static const struct {
	uint8_t code;
	void (*read)(void *to, const uint8_t *b, size_t len);
	size_t to;
} known[] = {
	{OPT_TYPE, read_u8, IN(type)},
	{OPT_REQUESTED, read_u32, IN(requested)},
	{OPT_SERVER, read_u32, IN(server)},
	{OPT_LEASE, read_u32, IN(lease_s)},
	{OPT_T1, read_u32, IN(t1_s)},
	{OPT_T2, read_u32, IN(t2_s)},
	{OPT_MAX_LEN, read_u16, IN(max_len)},
	{OPT_CLIENT_ID, read_octets, IN(client_id)},
	{OPT_WANTED, read_octets, IN(wanted)},
	{OPT_HOSTNAME, read_text, IN(hostname)},
	{OPT_TEXT, read_text, IN(text)},
	{OPT_MASK, read_mask, IN_PARAMS(plen)},
	{OPT_BROADCAST, read_u32, IN_PARAMS(broadcast)},
	{OPT_MTU, read_u16, IN_PARAMS(mtu)},
	{OPT_DOMAIN, read_text, IN_PARAMS(domain)},
	{OPT_ROUTERS, read_routers, IN(params)},
	{OPT_DNS, read_dns, IN(params)},
	{OPT_ROUTES, read_routes, IN(params)},
	{OPT_SEARCH, read_search, IN_PARAMS(search)},
};

/* ---- the whole message ---- */

void dhcp_peek(const uint8_t *b, struct dhcp_msg *m)
{
	*m = (struct dhcp_msg){.op = b[0], .hops = b[3]};
	m->xid = get32(*(const be32 *)(b + 4));
	m->secs = get16(*(const be16 *)(b + 8));
	m->broadcast = get16(*(const be16 *)(b + 10)) & FLAG_BROADCAST;
	m->ciaddr = get32(*(const be32 *)(b + 12));
	m->yiaddr = get32(*(const be32 *)(b + 16));
	m->siaddr = get32(*(const be32 *)(b + 20));
	m->giaddr = get32(*(const be32 *)(b + 24));
	memcpy(m->chaddr.b, b + AT_CHADDR, 6);
}

enum dhcp_verdict dhcp_parse(const uint8_t *b, size_t len, struct dhcp_msg *m)
{
	uint8_t option[DHCP_MAX_LEN];
	struct fields fs;
	size_t n;

	*m = (struct dhcp_msg){0};
	if (len < DHCP_HDR_LEN)
		return DHCP_SHORT;
	len = MIN(len, (size_t)DHCP_MAX_LEN);
	if (get32(*(const be32 *)(b + DHCP_AT_COOKIE)) != DHCP_COOKIE)
		return DHCP_NO_COOKIE;
	if (b[0] != DHCP_OP_REQUEST && b[0] != DHCP_OP_REPLY)
		return DHCP_BAD_OP;
	if (b[1] != HTYPE_ETHER || b[2] != 6)
		return DHCP_BAD_HARDWARE;
	dhcp_peek(b, m);
	fs = find_fields(b, len);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (gather(&fs, known[i].code, option, &n))
			known[i].read((uint8_t *)m + known[i].to, option, n);
	return m->type >= DHCP_DISCOVER && m->type <= DHCP_INFORM ? DHCP_FINE : DHCP_NO_TYPE;
}

/* ---- writing ---- */

struct writer {
	uint8_t *b;
	size_t len, room; /* with a place for END kept free */
};

/* An option of more than 255 octets goes in pieces (RFC 3396 6). */
static void put(struct writer *w, uint8_t code, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t pieces = (len + PIECE_MAX - 1) / PIECE_MAX;

	if (len == 0 || w->len + 2 * pieces + len > w->room)
		return;
	while (len) {
		size_t n = MIN(len, (size_t)PIECE_MAX);

		w->b[w->len++] = code;
		w->b[w->len++] = (uint8_t)n;
		memcpy(w->b + w->len, from, n);
		w->len += n;
		from += n;
		len -= n;
	}
}

static void put_u16(struct writer *w, uint8_t code, uint16_t v)
{
	be16 wire = put16(v);

	if (v)
		put(w, code, &wire, sizeof(wire));
}

static void put_u32(struct writer *w, uint8_t code, uint32_t v)
{
	be32 wire = put32(v);

	if (v)
		put(w, code, &wire, sizeof(wire));
}

static void put_addresses(struct writer *w, uint8_t code, const uint32_t *addrs, size_t count)
{
	be32 wire[DHCP_HOPS];

	for (size_t i = 0; i < count; i++)
		wire[i] = put32(addrs[i]);
	put(w, code, wire, count * sizeof(wire[0]));
}

static void put_routes(struct writer *w, const struct dhcp_params *p)
{
	uint8_t wire[DHCP_HOPS * 9];
	size_t n = 0;

	for (size_t i = 0; i < p->route_count; i++) {
		const struct dhcp_route *r = &p->routes[i];
		size_t octets = ((size_t)r->plen + 7) / 8;
		be32 prefix = put32(r->prefix), gateway = put32(r->gateway);

		wire[n++] = r->plen;
		memcpy(wire + n, &prefix, octets);
		n += octets;
		memcpy(wire + n, &gateway, 4);
		n += 4;
	}
	put(w, OPT_ROUTES, wire, n);
}

static void put_params(struct writer *w, const struct dhcp_params *p)
{
	put_u32(w, OPT_MASK, ip_mask(p->plen)); /* before the routers (RFC 2132 3.3) */
	put_addresses(w, OPT_ROUTERS, p->routers, p->router_count);
	put_addresses(w, OPT_DNS, p->dns, p->dns_count);
	put(w, OPT_DOMAIN, p->domain, strlen(p->domain));
	put_u32(w, OPT_BROADCAST, p->broadcast);
	put_u16(w, OPT_MTU, p->mtu);
	put_routes(w, p);
}

static void write_header(uint8_t *b, const struct dhcp_msg *m)
{
	b[0] = m->op;
	b[1] = HTYPE_ETHER;
	b[2] = 6;
	*(be32 *)(b + 4) = put32(m->xid);
	*(be16 *)(b + 8) = put16(m->secs);
	*(be16 *)(b + 10) = put16(m->broadcast ? FLAG_BROADCAST : 0);
	*(be32 *)(b + 12) = put32(m->ciaddr);
	*(be32 *)(b + 16) = put32(m->yiaddr);
	*(be32 *)(b + 20) = put32(m->siaddr);
	*(be32 *)(b + 24) = put32(m->giaddr);
	memcpy(b + AT_CHADDR, m->chaddr.b, 6);
	*(be32 *)(b + DHCP_AT_COOKIE) = put32(DHCP_COOKIE);
}

size_t dhcp_emit(uint8_t *b, size_t room, const struct dhcp_msg *m)
{
	struct writer w = {b, DHCP_HDR_LEN, room - 1};

	memset(b, 0, room);
	write_header(b, m);
	put(&w, OPT_TYPE, &m->type, 1);
	put_u32(&w, OPT_SERVER, m->server);
	put_u32(&w, OPT_REQUESTED, m->requested);
	put_u32(&w, OPT_LEASE, m->lease_s);
	put_u32(&w, OPT_T1, m->t1_s);
	put_u32(&w, OPT_T2, m->t2_s);
	put(&w, OPT_CLIENT_ID, m->client_id.b, m->client_id.len);
	put(&w, OPT_HOSTNAME, m->hostname, strlen(m->hostname));
	put(&w, OPT_WANTED, m->wanted.b, m->wanted.len);
	put_u16(&w, OPT_MAX_LEN, m->max_len);
	put(&w, OPT_TEXT, m->text, strlen(m->text));
	put_params(&w, &m->params);
	w.b[w.len++] = DHCP_OPT_END;
	return MAX(w.len, (size_t)DHCP_MIN_LEN);
}
