/* SPDX-License-Identifier: MIT */
/* DHCP messages from octets, and octets from messages. */
#include "app/dhcp_msg.h"

#include "tests/unit/unit.h"

#include <stdlib.h>

enum { AT_SNAME = 44, AT_FILE = 108, AT_COOKIE = 236, END = 255 };

/* A message that is being written, and what comes of it. */
struct scene {
	uint8_t b[DHCP_MAX_LEN];
	size_t len;
	struct dhcp_msg m;
};

static void add(struct scene *sc, const void *data, size_t len)
{
	memcpy(sc->b + sc->len, data, len);
	sc->len += len;
}

static void add_option(struct scene *sc, uint8_t code, const void *data, size_t len)
{
	uint8_t head[] = {code, (uint8_t)len};

	add(sc, head, sizeof(head));
	add(sc, data, len);
}

/* A header, and the option that makes it a DHCPACK. */
static struct scene begin(void)
{
	struct scene sc = {.b = {2, 1, 6, 0}, .len = DHCP_HDR_LEN};

	memcpy(sc.b + AT_COOKIE, "\x63\x82\x53\x63", 4);
	add_option(&sc, 53, "\5", 1);
	return sc;
}

/* From a buffer that ends exactly at its end, so that ASan sees a read past it. */
static enum dhcp_verdict parse(struct scene *sc)
{
	uint8_t *exact = malloc(sc->len ? sc->len : 1);
	enum dhcp_verdict v;

	memcpy(exact, sc->b, sc->len);
	v = dhcp_parse(exact, sc->len, &sc->m);
	free(exact);
	return v;
}

/* ---- what is no message ---- */

/* RFC2131-3 */
static void dhcp_short(void)
{
	struct scene sc = begin();

	for (sc.len = 0; sc.len < DHCP_HDR_LEN; sc.len++)
		CU_ASSERT_EQUAL(parse(&sc), DHCP_SHORT);
	CU_ASSERT_EQUAL(parse(&sc), DHCP_NO_TYPE);
	sc.len += 3;
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
}

/* RFC2131-3 */
static void dhcp_no_cookie(void)
{
	for (int i = 0; i < 4; i++) {
		struct scene sc = begin();

		sc.b[AT_COOKIE + i] ^= 1;
		CU_ASSERT_EQUAL(parse(&sc), DHCP_NO_COOKIE);
	}
}

static void other_hardware_and_operations_are_refused(void)
{
	struct scene sc = begin();

	sc.b[0] = 3;
	CU_ASSERT_EQUAL(parse(&sc), DHCP_BAD_OP);
	sc.b[0] = 2;
	sc.b[1] = 6;
	CU_ASSERT_EQUAL(parse(&sc), DHCP_BAD_HARDWARE);
	sc.b[1] = 1;
	sc.b[2] = 7;
	CU_ASSERT_EQUAL(parse(&sc), DHCP_BAD_HARDWARE);
}

static void a_type_that_is_none_is_refused(void)
{
	const uint8_t types[] = {0, 9, 255};

	for (size_t i = 0; i < sizeof(types); i++) {
		struct scene sc = begin();

		sc.b[DHCP_HDR_LEN + 2] = types[i];
		CU_ASSERT_EQUAL(parse(&sc), DHCP_NO_TYPE);
	}
}

/* ---- where options stand ---- */

/* RFC2131-4.1b */
static void dhcp_opt_no_end(void)
{
	struct scene sc = begin();

	add_option(&sc, 1, "\xff\xff\xff\0", 4);
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_EQUAL(sc.m.params.plen, 24);
	add(&sc, "\3\xff\1\2\3\4", 6); /* runs past the end */
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_EQUAL(sc.m.params.router_count, 0);
	sc.len -= 5;
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE); /* a code is the last octet */
	while (sc.len < DHCP_MAX_LEN)
		sc.b[sc.len++] = 255 - 1;
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_EQUAL(sc.m.params.plen, 24);
}

/* RFC2132-2a */
static void padding_has_no_length_and_nothing_follows_the_end(void)
{
	struct scene sc = begin();

	add(&sc, "\0\0\0", 3);
	add_option(&sc, 54, "\12\0\0\1", 4);
	add(&sc, "\xff", 1);
	add_option(&sc, 1, "\xff\xff\xff\0", 4);
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_EQUAL(sc.m.server, 0x0a000001);
	CU_ASSERT_EQUAL(sc.m.params.plen, 0);
}

/* RFC2131-4.1a, RFC3396-5, RFC2132-9.3 */
static void a_split_option_is_put_together_from_options_file_and_sname(void)
{
	struct scene sc = begin();

	add_option(&sc, 52, "\3", 1);
	add_option(&sc, 15, "one.", 4);
	add_option(&sc, 15, "two.", 4);
	sc.b[sc.len++] = END;
	memcpy(sc.b + AT_FILE, "\17\6three.\xff", 9);
	memcpy(sc.b + AT_SNAME, "\17\4four\xff", 7);
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_STRING_EQUAL(sc.m.params.domain, "one.two.three.four");
	sc.b[DHCP_HDR_LEN + 5] = 1;
	parse(&sc);
	CU_ASSERT_STRING_EQUAL(sc.m.params.domain, "one.two.three.");
	sc.b[DHCP_HDR_LEN + 5] = 2;
	parse(&sc);
	CU_ASSERT_STRING_EQUAL(sc.m.params.domain, "one.two.four");
}

/* RFC2132-9.3 */
static void dhcp_overload_loop(void)
{
	for (unsigned value = 0; value < 256; value++) {
		struct scene sc = begin();
		uint8_t v = (uint8_t)value;

		add_option(&sc, 52, &v, 1);
		memcpy(sc.b + AT_FILE, "\64\1\3\17\4file\xff", 10); /* says it again */
		memcpy(sc.b + AT_SNAME, "\64\1\3\17\5sname\xff", 11);
		CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
		CU_ASSERT_STRING_EQUAL(sc.m.params.domain,
			value == 1	     ? "file"
				: value == 2 ? "sname"
				: value == 3 ? "filesname"
					     : "");
	}
}

/* ---- one option ---- */

/* RFC2132-3.5 */
static void dhcp_opt_len_wrong(void)
{
	static const struct {
		uint8_t code, right;
	} fixed[] = {{1, 4}, {26, 2}, {28, 4}, {50, 4}, {51, 4}, {52, 1}, {54, 4}, {57, 2}, {58, 4}, {59, 4}};
	static const uint8_t lists[] = {3, 6};
	static const uint8_t octets[255] = {255, 255, 255, 0, 1, 2, 3, 4};
	struct dhcp_msg nothing, lone;
	struct scene sc = begin();

	parse(&sc);
	nothing = sc.m;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		for (unsigned len = 0; len <= 255; len = len == 8 ? 255 : len + 1) {
			sc = begin();
			add_option(&sc, fixed[i].code, octets, len);
			CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
			if (len != fixed[i].right)
				CU_ASSERT_EQUAL(memcmp(&sc.m, &nothing, sizeof(nothing)), 0);
		}
	}
	for (size_t i = 0; i < sizeof(lists); i++) {
		for (unsigned len = 0; len <= 255; len = len == 8 ? 255 : len + 1) {
			sc = begin();
			add_option(&sc, lists[i], octets, len);
			parse(&sc);
			lone = sc.m;
			CU_ASSERT_EQUAL(
				lone.params.router_count + lone.params.dns_count, len % 4 ? 0 : len / 4);
		}
	}
}

/* RFC2132-2b */
static void zeros_at_the_end_of_text_are_no_part_of_it(void)
{
	struct scene sc = begin();

	add_option(&sc, 12, "host\0\0", 6);
	add_option(&sc, 15, "\0\0", 2);
	parse(&sc);
	CU_ASSERT_STRING_EQUAL(sc.m.hostname, "host");
	CU_ASSERT_STRING_EQUAL(sc.m.params.domain, "");
}

static void dhcp_hostname_overflow(void)
{
	static const uint8_t codes[] = {12, 15, 56, 66, 67, 119};
	uint8_t text[255];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(codes); i++) {
		struct scene sc = begin();

		for (int times = 0; times < 4; times++) {
			add_option(&sc, codes[i], text, sizeof(text));
			CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
			CU_ASSERT_EQUAL(strlen(sc.m.hostname), codes[i] == 12 ? 255 : 0);
			CU_ASSERT_EQUAL(strlen(sc.m.params.domain), codes[i] == 15 ? 255 : 0);
			CU_ASSERT_EQUAL(strlen(sc.m.text), codes[i] == 56 ? 255 : 0);
			CU_ASSERT_EQUAL(strlen(sc.m.params.search), 0);
		}
	}
}

static void text_is_safe_to_print(void)
{
	struct scene sc = begin();

	add_option(&sc, 12, "a\33[2J\n\0\x80%n z", 12);
	parse(&sc);
	CU_ASSERT_STRING_EQUAL(sc.m.hostname, "a?[2J???%n z");
}

static void ones_that_do_not_stand_together_are_no_mask(void)
{
	struct scene sc = begin();

	add_option(&sc, 1, "\xff\0\xff\0", 4);
	parse(&sc);
	CU_ASSERT_EQUAL(sc.m.params.plen, 0);
}

/* RFC 3442: all of the routes, or none. */
static void classless_routes(void)
{
	static const uint8_t good[] = {0, 10, 0, 0, 1, 9, 10, 128, 10, 0, 0, 2, 32, 1, 2, 3, 4, 0, 0, 0, 0};
	struct scene sc = begin();

	add_option(&sc, 121, good, sizeof(good));
	parse(&sc);
	CU_ASSERT_EQUAL(sc.m.params.route_count, 3);
	CU_ASSERT_EQUAL(sc.m.params.routes[0].gateway, 0x0a000001);
	CU_ASSERT_EQUAL(sc.m.params.routes[1].prefix, 0x0a800000);
	CU_ASSERT_EQUAL(sc.m.params.routes[1].plen, 9);
	CU_ASSERT_EQUAL(sc.m.params.routes[2].prefix, 0x01020304);
	CU_ASSERT_EQUAL(sc.m.params.routes[2].gateway, 0);
	for (size_t len = 1; len < sizeof(good); len++) {
		sc = begin();
		add_option(&sc, 121, good, len);
		parse(&sc);
		CU_ASSERT_EQUAL(sc.m.params.route_count, len == 5 ? 1 : len == 12 ? 2 : 0);
	}
	sc = begin();
	add_option(&sc, 121, "\41\1\2\3\4\5\1\2\3\4", 10);
	parse(&sc);
	CU_ASSERT_EQUAL(sc.m.params.route_count, 0);
}

/* ---- writing ---- */

static struct dhcp_msg full_message(void)
{
	struct dhcp_msg m = {.op = DHCP_OP_REPLY,
		.type = DHCP_ACK,
		.broadcast = true,
		.secs = 7,
		.xid = 0x12345678,
		.ciaddr = 1,
		.yiaddr = 2,
		.siaddr = 3,
		.giaddr = 4,
		.chaddr = {{2, 0, 0, 0, 0, 1}},
		.requested = 0x0a000002,
		.server = 0x0a000001,
		.lease_s = 3600,
		.t1_s = 1800,
		.t2_s = 3000,
		.max_len = 1500,
		.client_id = {3, {1, 2, 3}},
		.wanted = {2, {1, 3}},
		.hostname = "h1",
		.text = "why"};

	m.params.plen = 24;
	m.params.broadcast = 0x0a0000ff;
	m.params.router_count = 1;
	m.params.routers[0] = 0x0a000001;
	m.params.dns_count = 2;
	m.params.dns[0] = 0x08080808;
	m.params.dns[1] = 0x01010101;
	m.params.mtu = 1400;
	m.params.route_count = 1;
	m.params.routes[0] = (struct dhcp_route){.prefix = 0x0a800000, .plen = 9, .gateway = 0x0a000003};
	strcpy(m.params.domain, "lab.example");
	return m;
}

static void what_is_written_is_read_again(void)
{
	struct scene sc = {.len = 0};
	struct dhcp_msg m = full_message();

	sc.len = dhcp_emit(sc.b, DHCP_SAFE_LEN, &m);
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_EQUAL(memcmp(&sc.m, &m, sizeof(m)), 0);
}

static void a_long_option_goes_in_pieces(void)
{
	struct scene sc = {.len = 0};
	struct dhcp_msg m = {.op = DHCP_OP_REPLY, .type = DHCP_ACK};

	m.params.route_count = DHCP_HOPS;
	for (unsigned i = 0; i < DHCP_HOPS; i++)
		m.params.routes[i] = (struct dhcp_route){.prefix = i, .plen = 32, .gateway = i};
	memset(m.params.domain, 'd', DHCP_TEXT - 1);
	sc.len = dhcp_emit(sc.b, DHCP_MAX_LEN, &m);
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_EQUAL(memcmp(&sc.m, &m, sizeof(m)), 0);
	sc.len = dhcp_emit(sc.b, DHCP_MIN_LEN, &m); /* neither fits */
	CU_ASSERT_EQUAL(sc.len, DHCP_MIN_LEN);
	CU_ASSERT_EQUAL(parse(&sc), DHCP_FINE);
	CU_ASSERT_EQUAL(sc.m.params.route_count + strlen(sc.m.params.domain), 0);
}

/* RFC2131-2a */
static void dhcp_information_leak(void)
{
	uint8_t a[DHCP_SAFE_LEN], b[DHCP_SAFE_LEN];
	struct dhcp_msg m = {.op = DHCP_OP_REQUEST, .type = DHCP_DISCOVER, .xid = 1};
	size_t len;

	memset(a, 0x55, sizeof(a));
	memset(b, 0xaa, sizeof(b));
	len = dhcp_emit(a, sizeof(a), &m);
	CU_ASSERT_EQUAL(dhcp_emit(b, sizeof(b), &m), len);
	CU_ASSERT_EQUAL(memcmp(a, b, len), 0);
	CU_ASSERT_EQUAL(a[10] | a[11], 0);
	m.broadcast = true;
	dhcp_emit(a, sizeof(a), &m);
	CU_ASSERT_EQUAL(a[10], 0x80);
	CU_ASSERT_EQUAL(a[11], 0);
	for (size_t i = DHCP_HDR_LEN + 4; i < len; i++)
		CU_ASSERT_EQUAL(a[i], 0);
}

SUITE(app_dhcp_msg, T(dhcp_short), T(dhcp_no_cookie), T(other_hardware_and_operations_are_refused),
	T(a_type_that_is_none_is_refused), T(dhcp_opt_no_end),
	T(padding_has_no_length_and_nothing_follows_the_end),
	T(a_split_option_is_put_together_from_options_file_and_sname), T(dhcp_overload_loop),
	T(dhcp_opt_len_wrong), T(zeros_at_the_end_of_text_are_no_part_of_it), T(dhcp_hostname_overflow),
	T(text_is_safe_to_print), T(ones_that_do_not_stand_together_are_no_mask), T(classless_routes),
	T(what_is_written_is_read_again), T(a_long_option_goes_in_pieces), T(dhcp_information_leak))
