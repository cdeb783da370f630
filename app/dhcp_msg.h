/* SPDX-License-Identifier: MIT */
/*
 * The DHCP message (RFC 2131 2): layout, parse and emit; options of RFC 2132, 3396, 3397 and 3442.
 *
 * A message is parsed once, as a whole, into host order. An option whose length is wrong is as if it were not there.
 * Text is made safe for a terminal and for a line of a file at this door: what is no printable ASCII becomes '?'.
 */
#ifndef APP_DHCP_MSG_H
#define APP_DHCP_MSG_H

#include "lib/bytes.h"

enum { DHCP_SERVER_PORT = 67, DHCP_CLIENT_PORT = 68 };

enum {
	DHCP_PEEK_LEN = 34,
	DHCP_HDR_LEN = 240,  /* with the cookie: options begin here */
	DHCP_MIN_LEN = 300,  /* what is sent is at least so long, as BOOTP relays want it (RFC 1542 2.1) */
	DHCP_SAFE_LEN = 548, /* so much everybody takes (RFC 2131 2): a datagram of 576 octets */
	DHCP_MAX_LEN = 1472,
	DHCP_HOPS = 16, /* most routers, DNS servers or routes that are kept */
	DHCP_TEXT = 256,
};

#define DHCP_INFINITE UINT32_C(0xffffffff) /* a lease for ever */

enum dhcp_op { DHCP_OP_REQUEST = 1, DHCP_OP_REPLY = 2 };

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

/* Why a message is not listened to. X(NAME, "what people read") */
#define DHCP_VERDICTS(X)                                      \
	X(FINE, "fine")                                       \
	X(SHORT, "shorter than 240 octets")                   \
	X(NO_COOKIE, "no magic cookie")                       \
	X(BAD_OP, "no request or reply")                      \
	X(BAD_HARDWARE, "hardware address is not Ethernet's") \
	X(NO_TYPE, "no message type")                         \
	X(UNEXPECTED, "not expected now")                     \
	X(FOREIGN, "for another client")                      \
	X(OTHER_SERVER, "of or for another server")           \
	X(BAD_ADDRESS, "address that no host can have")       \
	X(BAD_LEASE, "lease too short to be used")            \
	X(RELAYED, "came by a relay agent")                   \
	X(NO_LEASE, "client that is not known")               \
	X(NO_ROOM, "no address is free")                      \
	X(BUSY, "too many addresses are being probed")

enum dhcp_verdict {
#define X(name, text) DHCP_##name,
	DHCP_VERDICTS(X)
#undef X
		DHCP_VERDICT_COUNT
};

/* Octets that mean nothing to us: client identifiers, lists of options asked for. */
struct dhcp_octets {
	uint8_t len;
	uint8_t b[255];
};

/* RFC 3442; gateway 0: on this link. */
struct dhcp_route {
	uint32_t prefix, gateway;
	uint8_t plen;
};

/* What a client is told of its network. Zeroed before it is filled in: two may be compared by memcmp(). */
struct dhcp_params {
	uint32_t broadcast; /* 0: not told, like everything here */
	uint32_t routers[DHCP_HOPS], dns[DHCP_HOPS];
	struct dhcp_route routes[DHCP_HOPS];
	uint8_t router_count, dns_count, route_count;
	uint8_t plen;
	uint16_t mtu;
	char domain[DHCP_TEXT];
	char search[DHCP_TEXT]; /* names with a space between them */
};

struct dhcp_msg {
	uint8_t op;   /* enum dhcp_op */
	uint8_t type; /* enum dhcp_type */
	uint8_t hops; /* how many relay agents it went through */
	bool broadcast;
	uint16_t secs;
	uint32_t xid;
	uint32_t ciaddr, yiaddr, siaddr, giaddr;
	struct mac chaddr;

	/* options; 0 or empty: not there */
	uint32_t requested, server;
	uint32_t lease_s, t1_s, t2_s;
	uint16_t max_len;
	struct dhcp_octets client_id, wanted;
	char hostname[DHCP_TEXT];
	char text[DHCP_TEXT]; /* why (NAK, DECLINE) */
	struct dhcp_params params;
};

/* The beginning of a message, up to the client's MAC address: DHCP_PEEK_LEN octets, of which nothing is checked. */
void dhcp_peek(const uint8_t *b, struct dhcp_msg *m);

/* Two texts stand in it besides, which end with a zero or where their field does; options may stand there instead. */
enum {
	DHCP_AT_SNAME = 44,
	DHCP_SNAME_LEN = 64,
	DHCP_AT_FILE = 108,
	DHCP_FILE_LEN = 128,
	DHCP_AT_COOKIE = 236
};
#define DHCP_COOKIE UINT32_C(0x63825363)

/* An option as it stands in a field. */
struct dhcp_option {
	uint8_t code, len;
	const uint8_t *value;
};

enum { DHCP_OPT_PAD = 0, DHCP_OPT_END = 255 };

/* The next option of a field of `len` octets, from *at on, which moves behind it; pads are passed over. False: there
 * is none any more, or one that is not wholly in its field, which ends it (RFC 2131 4.1). */
bool dhcp_option_next(const uint8_t *b, size_t len, size_t *at, struct dhcp_option *o);

/* Looks at `len` octets. DHCP_FINE, or one of SHORT, NO_COOKIE, BAD_OP, BAD_HARDWARE, NO_TYPE. */
enum dhcp_verdict dhcp_parse(const uint8_t *b, size_t len, struct dhcp_msg *m);

/* Writes the message with the options that it has; those that do not fit into `room` (at least DHCP_MIN_LEN) are left
 * out. Returns its length. Every octet up to there is written. */
size_t dhcp_emit(uint8_t *b, size_t room, const struct dhcp_msg *m);

const char *dhcp_verdict_name(enum dhcp_verdict v); /* "FOREIGN" */
const char *dhcp_verdict_text(enum dhcp_verdict v);
const char *dhcp_type_name(enum dhcp_type t); /* "DHCPDISCOVER" */

/* A list of domain names with compression (RFC 3397, RFC 1035 4.1.4) as text with spaces between them; what does not
 * fit is left out. False where it is none: names that run past the end, pointers that do not lead back. */
bool dhcp_names_parse(const uint8_t *b, size_t len, char out[DHCP_TEXT]);

#endif
