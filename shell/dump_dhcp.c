/* SPDX-License-Identifier: MIT */
/* DHCP, which tcpdump calls BOOTP/DHCP. */
#include "shell/dump_part.h"

#include "app/dhcp_msg.h"
#include "lib/text.h"

/* ---- options: how their octets are read ---- */

enum kind { OCTETS, ADDRS, U32, U16, U8, FLAG, TEXT, TYPE, WANTED, CLIENT, ROUTES, PAIRS };

static const struct {
	uint8_t code;
	enum kind kind;
	const char *name;
} options[] = {
	{1, ADDRS, "Subnet-Mask"},
	{2, U32, "Time-Zone"},
	{3, ADDRS, "Default-Gateway"},
	{4, ADDRS, "Time-Server"},
	{5, ADDRS, "IEN-Name-Server"},
	{6, ADDRS, "Domain-Name-Server"},
	{7, ADDRS, "LOG"},
	{8, ADDRS, "CS"},
	{9, ADDRS, "LPR-Server"},
	{12, TEXT, "Hostname"},
	{13, U16, "BS"},
	{15, TEXT, "Domain-Name"},
	{16, ADDRS, "SS"},
	{17, TEXT, "RP"},
	{18, TEXT, "EP"},
	{19, FLAG, "IPF"},
	{20, FLAG, "SRT"},
	{22, U16, "RSZ"},
	{23, U8, "TTL"},
	{26, U16, "MTU"},
	{28, ADDRS, "BR"},
	{31, FLAG, "Router-Discovery"},
	{33, PAIRS, "Static-Route"},
	{35, U32, "AT"},
	{37, U8, "TT"},
	{38, U32, "KI"},
	{40, TEXT, "YD"},
	{41, ADDRS, "YS"},
	{42, ADDRS, "NTP"},
	{43, OCTETS, "Vendor-Option"},
	{44, ADDRS, "Netbios-Name-Server"},
	{45, ADDRS, "WDD"},
	{46, OCTETS, "Netbios-Node"},
	{47, TEXT, "Netbios-Scope"},
	{50, ADDRS, "Requested-IP"},
	{51, U32, "Lease-Time"},
	{52, OCTETS, "OO"},
	{53, TYPE, "DHCP-Message"},
	{54, ADDRS, "Server-ID"},
	{55, WANTED, "Parameter-Request"},
	{56, TEXT, "MSG"},
	{57, U16, "MSZ"},
	{58, U32, "RN"},
	{59, U32, "RB"},
	{60, TEXT, "Vendor-Class"},
	{61, CLIENT, "Client-ID"},
	{66, TEXT, "TFTP"},
	{67, TEXT, "BF"},
	{77, OCTETS, "User-Class"},
	{80, OCTETS, "Rapid-Commit"},
	{81, OCTETS, "FQDN"},
	{82, OCTETS, "Agent-Information"},
	{90, OCTETS, "AUTH"},
	{93, U16, "ARCH"},
	{94, OCTETS, "NDI"},
	{97, OCTETS, "GUID"},
	{121, ROUTES, "Classless-Static-Route"},
	{150, ADDRS, "TFTP-Server-Address"},
	{249, ROUTES, "Classless-Static-Route-Microsoft"},
};

enum { OPTION_WANTED = 55 };

/* NULL: it has none. */
static const char *find(uint8_t code, enum kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].code == code) {
			*kind = options[i].kind;
			return options[i].name;
		}
	}
	return NULL;
}

static void print_name(struct dump *d, uint8_t code, enum kind *kind)
{
	const char *name = find(code, kind);

	buf_printf(d->out, "%s (%u)", name ? name : "Unknown", code);
}

static void print_octets(struct dump *d, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_printf(d->out, i ? ".%u" : "%u", b[i]);
}

static void print_one(struct dump *d, enum kind kind, const uint8_t *b)
{
	switch (kind) {
	case ADDRS:
		buf_puts(d->out, TEXT_IP(get32(*(const be32 *)b)));
		break;
	case PAIRS:
		buf_printf(d->out, "(%s:%s)", TEXT_IP(get32(*(const be32 *)b)),
			TEXT_IP(get32(*(const be32 *)(b + 4))));
		break;
	case U32:
		buf_printf(d->out, "%u", get32(*(const be32 *)b));
		break;
	case U16:
		buf_printf(d->out, "%u", get16(*(const be16 *)b));
		break;
	case FLAG:
		buf_printf(d->out, b[0] > 1 ? "%u?" : b[0] ? "Y" : "N", b[0]);
		break;
	default:
		buf_printf(d->out, "%u", b[0]);
	}
}

/* Values of `size` octets each, with commas; what is left over is told. */
static void print_list(struct dump *d, enum kind kind, size_t size, const uint8_t *b, size_t len)
{
	size_t at;

	for (at = 0; at + size <= len; at += size) {
		buf_puts(d->out, at ? "," : "");
		print_one(d, kind, b + at);
	}
	if (at < len)
		buf_printf(d->out, "\n\t  trailing data length %zu", len - at);
}

static void print_type(struct dump *d, const uint8_t *b, size_t len)
{
	static const char *const types[] = {
		"", "Discover", "Offer", "Request", "Decline", "ACK", "NACK", "Release", "Inform"};

	if (len != 1)
		buf_puts(d->out, "ERROR");
	else if (b[0] > 0 && b[0] < ARRAY_SIZE(types))
		buf_puts(d->out, types[b[0]]);
	else
		buf_printf(d->out, "Unknown (%u)", b[0]);
}

/* Four in a line. */
static void print_wanted(struct dump *d, const uint8_t *b, size_t len)
{
	enum kind unused;

	for (size_t i = 0; i < len; i++) {
		buf_puts(d->out, i % 4 ? ", " : "\n\t      ");
		print_name(d, b[i], &unused);
	}
}

static void print_client(struct dump *d, const uint8_t *b, size_t len)
{
	enum { ETHER = 1 };

	if (b[0] == 0) {
		dump_quoted(d, b + 1, len - 1);
		return;
	}
	if (b[0] == ETHER)
		buf_puts(d->out, "ether ");
	else
		buf_printf(d->out, "hardware-type %u, ", b[0]);
	for (size_t i = 1; i < len; i++)
		buf_printf(d->out, i > 1 ? ":%02x" : "%02x", b[i]);
}

static void print_routes(struct dump *d, const uint8_t *b, size_t len)
{
	const char *between = "";

	for (size_t at = 0; at < len;) {
		size_t octets = ((size_t)b[at] + 7) / 8;
		uint8_t prefix[4] = {0};

		if (b[at] > 32 || at + 1 + octets + 4 > len) {
			buf_printf(d->out, "%s[ERROR: bad mask width %u]", between, b[at]);
			return;
		}
		memcpy(prefix, b + at + 1, octets);
		if (b[at] == 0)
			buf_printf(d->out, "%s(default", between);
		else
			buf_printf(d->out, "%s(%s/%u", between, TEXT_IP(get32(*(const be32 *)prefix)), b[at]);
		at += 1 + octets;
		buf_printf(d->out, ":%s)", TEXT_IP(get32(*(const be32 *)(b + at))));
		at += 4;
		between = ",";
	}
}

/* At least one octet. */
static void print_value(struct dump *d, enum kind kind, const uint8_t *b, size_t len)
{
	switch (kind) {
	case OCTETS:
		print_octets(d, b, len);
		break;
	case TEXT:
		dump_quoted(d, b, len);
		break;
	case TYPE:
		print_type(d, b, len);
		break;
	case WANTED:
		print_wanted(d, b, len);
		break;
	case CLIENT:
		print_client(d, b, len);
		break;
	case ROUTES:
		print_routes(d, b, len);
		break;
	case PAIRS:
		print_list(d, kind, 8, b, len);
		break;
	case ADDRS:
	case U32:
		print_list(d, kind, 4, b, len);
		break;
	case U16:
		print_list(d, kind, 2, b, len);
		break;
	default:
		print_list(d, kind, 1, b, len);
	}
}

static void print_options(struct dump *d, struct span s)
{
	struct dhcp_option o;
	size_t at = 0;

	while (dhcp_option_next(s.at, s.have, &at, &o)) {
		enum kind kind = OCTETS;

		buf_puts(d->out, "\n\t    ");
		print_name(d, o.code, &kind);
		buf_printf(d->out, ", length %u", o.len);
		if (o.len) {
			buf_puts(d->out, ": ");
			print_value(d, kind, o.value, o.len);
		}
	}
	if (at >= s.have && !span_is_whole(s))
		dump_cut(d, "bootp");
}

/* ---- the message ---- */

static void print_text(struct dump *d, const char *name, const uint8_t *b, size_t room)
{
	size_t len = strnlen((const char *)b, room);

	if (len == 0)
		return;
	buf_printf(d->out, "\n\t  %s ", name);
	dump_quoted(d, b, len);
}

static void print_addr(struct dump *d, const char *name, uint32_t addr)
{
	if (addr)
		buf_printf(d->out, "\n\t  %s %s", name, TEXT_IP(addr));
}

static void print_header(struct dump *d, const struct dhcp_msg *m)
{
	if (m->hops)
		buf_printf(d->out, ", hops %u", m->hops);
	if (m->xid)
		buf_printf(d->out, ", xid 0x%x", m->xid);
	if (m->secs)
		buf_printf(d->out, ", secs %u", m->secs);
	buf_printf(d->out, ", Flags [%s]", m->broadcast ? "Broadcast" : "none");
	if (d->o.verbose > 1)
		buf_puts(d->out, m->broadcast ? " (0x8000)" : " (0x0000)");
	print_addr(d, "Client-IP", m->ciaddr);
	print_addr(d, "Your-IP", m->yiaddr);
	print_addr(d, "Server-IP", m->siaddr);
	print_addr(d, "Gateway-IP", m->giaddr);
	buf_printf(d->out, "\n\t  Client-Ethernet-Address %s", TEXT_MAC(m->chaddr));
}

/* What stands behind the client's address. */
static void print_rest(struct dump *d, struct span s)
{
	if (s.have < DHCP_HDR_LEN) {
		dump_cut(d, "bootp");
		return;
	}
	print_text(d, "sname", s.at + DHCP_AT_SNAME, DHCP_SNAME_LEN);
	print_text(d, "file", s.at + DHCP_AT_FILE, DHCP_FILE_LEN);
	if (get32(*(const be32 *)(s.at + DHCP_AT_COOKIE)) != DHCP_COOKIE)
		return;
	buf_printf(d->out, "\n\t  Vendor-rfc1048 Extensions\n\t    Magic Cookie 0x%08x", DHCP_COOKIE);
	print_options(d, span_skip(s, DHCP_HDR_LEN));
}

void dump_dhcp(struct dump *d, struct span s)
{
	struct dhcp_msg m;

	if (s.have < DHCP_PEEK_LEN) {
		dump_cut(d, "bootp");
		return;
	}
	dhcp_peek(s.at, &m);
	buf_puts(d->out, "BOOTP/DHCP, ");
	if (m.op == DHCP_OP_REQUEST)
		buf_printf(d->out, "Request from %s", TEXT_MAC(m.chaddr));
	else if (m.op == DHCP_OP_REPLY)
		buf_puts(d->out, "Reply");
	else
		buf_printf(d->out, "unknown (%u)", m.op);
	buf_printf(d->out, ", length %u", s.len);
	if (!d->o.verbose)
		return;
	print_header(d, &m);
	print_rest(d, s);
}
