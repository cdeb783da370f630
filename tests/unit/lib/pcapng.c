/* SPDX-License-Identifier: MIT */
/* pcapng as others write it, and as nobody should. */
#include "lib/pcapng.h"

#include "lib/clock.h"
#include "lib/rng.h"
#include "tests/unit/lib/capture.h"

#include <stdint.h>

/* ---- blocks; each is begun, filled, and ended with its length in both places ---- */

static size_t begin(struct image *m, uint32_t type)
{
	size_t at = m->len;

	add32(m, type);
	add32(m, 0);
	return at;
}

static void pad(struct image *m)
{
	while (m->len % 4)
		m->bytes[m->len++] = 0;
}

static void end(struct image *m, size_t at)
{
	uint32_t total = (uint32_t)(m->len - at) + 4;

	add32(m, total);
	total = m->swapped ? bswap_32(total) : total;
	memcpy(m->bytes + at + 4, &total, sizeof(total));
}

static void option(struct image *m, uint16_t code, const void *value, size_t len)
{
	add16(m, code);
	add16(m, (uint16_t)len);
	add(m, value, len);
	pad(m);
}

static void section(struct image *m, uint16_t major)
{
	size_t at = begin(m, PCAPNG_SECTION);

	add32(m, PCAPNG_MAGIC);
	add16(m, major);
	add16(m, 0);
	add64(m, UINT64_MAX);
	end(m, at);
}

static size_t begin_iface(struct image *m, uint16_t linktype, uint32_t snaplen)
{
	size_t at = begin(m, PCAPNG_IFACE);

	add16(m, linktype);
	add16(m, 0);
	add32(m, snaplen);
	return at;
}

static void iface(struct image *m, uint16_t linktype, uint32_t snaplen)
{
	end(m, begin_iface(m, linktype, snaplen));
}

static size_t begin_packet(struct image *m, uint32_t number, uint64_t ts, const char *data)
{
	size_t at = begin(m, PCAPNG_PACKET);

	add32(m, number);
	add32(m, (uint32_t)(ts >> 32));
	add32(m, (uint32_t)ts);
	add32(m, (uint32_t)strlen(data));
	add32(m, (uint32_t)strlen(data) + 7);
	add(m, data, strlen(data));
	pad(m);
	return at;
}

static void packet(struct image *m, uint32_t number, uint64_t ts, const char *data)
{
	end(m, begin_packet(m, number, ts, data));
}

/* Reads one more, which must be there, and compares it. */
static void expect(
	struct capture_reader *r, const char *iface_name, unsigned linktype, const char *data, uint64_t ts_ns)
{
	struct capture_packet p;

	CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
	CU_ASSERT_STRING_EQUAL(capture_iface(r, p.iface)->name, iface_name);
	CU_ASSERT_EQUAL(p.linktype, linktype);
	CU_ASSERT_EQUAL(p.caplen, strlen(data));
	CU_ASSERT_EQUAL(memcmp(p.data, data, p.caplen), 0);
	CU_ASSERT_EQUAL(p.ts_ns, ts_ns);
}

static void expect_end(struct capture_reader *r)
{
	struct capture_packet p;

	CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_END);
	capture_reader_free(r);
}

/* ---- what is right ---- */

static void sections_have_their_own_byte_order_and_interfaces(void)
{
	struct image m = {0};
	struct capture_reader *r;
	size_t at;

	for (int i = 0; i < 2; i++) {
		m.swapped = i;
		section(&m, 1);
		at = begin_iface(&m, LINKTYPE_ETHERNET, 0);
		option(&m, PCAPNG_IFACE_NAME, i ? "eth1" : "eth0", 4);
		option(&m, PCAPNG_OPT_END, "", 0);
		end(&m, at);
		iface(&m, LINKTYPE_RAW, 0);
		packet(&m, 1, 5000000, "raw");
		packet(&m, 0, 5000001, "frame");
	}
	r = image_open(&m);
	expect(r, "", LINKTYPE_RAW, "raw", 5 * NS_PER_SEC);
	expect(r, "eth0", LINKTYPE_ETHERNET, "frame", 5 * NS_PER_SEC + 1000);
	CU_ASSERT_EQUAL(capture_iface_count(r), 2);
	expect(r, "", LINKTYPE_RAW, "raw", 5 * NS_PER_SEC);
	expect(r, "eth1", LINKTYPE_ETHERNET, "frame", 5 * NS_PER_SEC + 1000);
	CU_ASSERT_EQUAL(capture_iface_count(r), 4);
	expect_end(r);
}

static void time_is_in_the_interfaces_unit(void)
{
	static const struct {
		uint8_t tsresol;
		int64_t offset_s;
		uint64_t units, ns;
	} rows[] = {
		{6, 0, 1700000000000001, 1700000000000001000},
		{9, 0, 1700000000000000001, 1700000000000000001},
		{0, 0, 1700000000, 1700000000000000000},
		{12, 0, 1234567890123456, 1234567890123},
		{19, 0, UINT64_MAX, 1844674407},
		{0x80 | 10, 0, 1024 + 512, 1500000000},
		{0x80 | 63, 0, UINT64_C(3) << 62, 1500000000},
		{6, 1700000000, 1, 1700000000000001000},
		{6, -1, 1500000, 500000000},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image m = {.swapped = i & 1};
		struct capture_reader *r;
		uint64_t offset = (uint64_t)rows[i].offset_s;
		size_t at;

		section(&m, 1);
		at = begin_iface(&m, LINKTYPE_ETHERNET, 0);
		option(&m, PCAPNG_IFACE_TSRESOL, &rows[i].tsresol, 1);
		offset = m.swapped ? bswap_64(offset) : offset;
		option(&m, PCAPNG_IFACE_TSOFFSET, &offset, 8);
		end(&m, at);
		packet(&m, 0, rows[i].units, "x");
		r = image_open(&m);
		expect(r, "", LINKTYPE_ETHERNET, "x", rows[i].ns);
		expect_end(r);
	}
}

static void simple_and_old_packets_are_read(void)
{
	struct image m = {0};
	struct capture_reader *r;
	struct capture_packet p;
	size_t at;

	section(&m, 1);
	iface(&m, LINKTYPE_ETHERNET, 6);
	at = begin(&m,
		PCAPNG_PACKET_SIMPLE); /* its length is what the packet had; more than 6 bytes are not here */
	add32(&m, 1000);
	add(&m, "simple\0", 8);
	end(&m, at);
	at = begin(&m, PCAPNG_PACKET_OLD);
	add16(&m, 0);
	add16(&m, 99); /* so many were dropped */
	add64(&m, UINT64_C(2000000) << 32);
	add32(&m, 3);
	add32(&m, 4);
	add(&m, "old", 4);
	end(&m, at);
	r = image_open(&m);
	CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
	CU_ASSERT_EQUAL(p.len, 1000);
	CU_ASSERT_EQUAL(p.caplen, 6);
	CU_ASSERT_EQUAL(p.ts_ns, 0);
	CU_ASSERT_EQUAL(memcmp(p.data, "simple", 6), 0);
	expect(r, "", LINKTYPE_ETHERNET, "old", 2 * NS_PER_SEC);
	expect_end(r);
}

static void unknown_blocks_are_skipped(void)
{
	static const uint8_t rubbish[1000] = {1, 2, 3};
	struct image m = {0};
	struct capture_reader *r;
	size_t at;

	section(&m, 1);
	at = begin(&m, 5); /* interface statistics */
	add(&m, rubbish, sizeof(rubbish));
	end(&m, at);
	iface(&m, LINKTYPE_ETHERNET, 0);
	end(&m, begin(&m, 0x80000bad)); /* somebody's own, and empty */
	packet(&m, 0, 0, "here");
	r = image_open(&m);
	expect(r, "", LINKTYPE_ETHERNET, "here", 0);
	expect_end(r);
}

static void several_comments_are_joined(void)
{
	struct image m = {0};
	struct capture_reader *r;
	struct capture_packet p;
	size_t at;

	section(&m, 1);
	iface(&m, LINKTYPE_ETHERNET, 0);
	at = begin_packet(&m, 0, 0, "data");
	option(&m, PCAPNG_OPT_COMMENT, "first", 5);
	option(&m, PCAPNG_PACKET_FLAGS, &(uint32_t){CAPTURE_IN}, 4);
	option(&m, PCAPNG_OPT_COMMENT, "", 0);
	option(&m, PCAPNG_OPT_COMMENT, "a zero\0 ends", 12);
	option(&m, PCAPNG_OPT_COMMENT, "last", 4); /* nothing says that options end */
	end(&m, at);
	packet(&m, 0, 0, "none");
	r = image_open(&m);
	CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
	CU_ASSERT_STRING_EQUAL(p.comment, "first\n\na zero\nlast");
	CU_ASSERT_EQUAL(p.direction, CAPTURE_IN);
	CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
	CU_ASSERT_PTR_NULL(p.comment);
	expect_end(r);
}

static void names_that_are_too_long_are_cut(void)
{
	static const char name[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
	struct image m = {0};
	struct capture_reader *r;
	size_t at;

	section(&m, 1);
	at = begin_iface(&m, LINKTYPE_ETHERNET, 0);
	option(&m, PCAPNG_IFACE_NAME, name, sizeof(name) - 1);
	end(&m, at);
	packet(&m, 0, 0, "x");
	r = image_open(&m);
	expect(r, "012345678901234567890123456789012345678901234567890123456789012", LINKTYPE_ETHERNET, "x",
		0);
	expect_end(r);
}

/* ---- what is wrong ---- */

/* A section, an interface, a packet that is right and a block that is not. */
static void refused(void (*make)(struct image *m), const char *why)
{
	char error[CAPTURE_ERROR_LEN], expected[CAPTURE_ERROR_LEN];
	enum capture_result result;
	struct image m = {0};
	size_t offset;

	section(&m, 1);
	iface(&m, LINKTYPE_ETHERNET, 0);
	packet(&m, 0, 0, "fine");
	offset = m.len;
	make(&m);
	packet(&m, 0, 0, "nobody comes here");
	CU_ASSERT_EQUAL(image_read(&m, &result, error), 1);
	CU_ASSERT_EQUAL(result, CAPTURE_BAD);
	snprintf(expected, sizeof(expected), "x: after 1 packets, at offset %zu: %s", offset, why);
	CU_ASSERT_STRING_EQUAL(error, expected);
}

static void of_no_interface(struct image *m)
{
	packet(m, 1, 0, "data");
}

static void too_short(struct image *m)
{
	add32(m, 4711);
	add32(m, 8);
}

static void odd(struct image *m)
{
	add32(m, PCAPNG_PACKET);
	add32(m, 37);
}

static void two_lengths(struct image *m)
{
	packet(m, 0, 0, "data");
	m->bytes[m->len - 4] ^= 0x40;
}

static void huge(struct image *m)
{
	add32(m, PCAPNG_PACKET);
	add32(m, 0xfffffff0);
}

static void long_packet(struct image *m)
{
	size_t at = begin(m, PCAPNG_PACKET);

	add32(m, 0);
	add64(m, 0);
	add32(m, 0xfffffffe);
	add32(m, 0xfffffffe);
	end(m, at);
}

static void beyond_its_block(struct image *m)
{
	size_t at = begin_packet(m, 0, 0, "abcd");

	memcpy(m->bytes + at + 20, &(uint32_t){9}, 4);
	end(m, at);
}

static void option_beyond(struct image *m)
{
	size_t at = begin_packet(m, 0, 0, "abcd");

	option(m, PCAPNG_OPT_COMMENT, "four", 4);
	memcpy(m->bytes + m->len - 6, &(uint16_t){5}, 2);
	end(m, at);
}

static void version_two(struct image *m)
{
	section(m, 2);
}

static void no_magic(struct image *m)
{
	size_t at = m->len;

	section(m, 1);
	m->bytes[at + 8]++;
}

static void tiny_unit(struct image *m)
{
	size_t at = begin_iface(m, LINKTYPE_ETHERNET, 0);

	option(m, PCAPNG_IFACE_TSRESOL, &(uint8_t){20}, 1);
	end(m, at);
}

static void nothing_that_a_block_says_is_believed(void)
{
	refused(of_no_interface, "a packet of interface 1, which this section does not have");
	refused(too_short, "a block of type 4711 cannot have 8 bytes");
	refused(odd, "a block of type 6 cannot have 37 bytes");
	refused(two_lengths, "a block of 36 bytes says 100 at its end");
	refused(huge, "a block of 4294967280 bytes is longer than any we take (524300)");
	refused(long_packet, "a packet of 4294967294 bytes is longer than any we take (262144)");
	refused(beyond_its_block, "a packet of 9 bytes reaches beyond its block");
	refused(option_beyond, "option 1 of 5 bytes reaches beyond its block");
	refused(version_two, "version 2.0 of pcapng is unknown");
	refused(no_magic, "this is no section of a pcapng file: its magic number is 0x1a2b3c4e");
	refused(tiny_unit, "the unit of time 0x14 is too small");
}

static void a_time_that_no_clock_shows_is_refused(void)
{
	static const struct {
		uint8_t tsresol;
		int64_t offset_s;
		uint64_t units;
	} rows[] = {{6, -10, 9999999}, {0, 0, 18446744074}, {6, INT64_MAX, 0}, {6, INT64_MIN, UINT64_MAX}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[CAPTURE_ERROR_LEN];
		enum capture_result result;
		struct image m = {0};
		size_t at;

		section(&m, 1);
		at = begin_iface(&m, LINKTYPE_ETHERNET, 0);
		option(&m, PCAPNG_IFACE_TSRESOL, &rows[i].tsresol, 1);
		option(&m, PCAPNG_IFACE_TSOFFSET, &rows[i].offset_s, 8);
		end(&m, at);
		packet(&m, 0, rows[i].units, "x");
		CU_ASSERT_EQUAL(image_read(&m, &result, error), 0);
		CU_ASSERT_EQUAL(result, CAPTURE_BAD);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "a time that is not between the years 1970 and 2554"));
	}
}

static void interfaces_are_bounded_over_all_sections(void)
{
	enum { IN_A_SECTION = 100, ROUNDS = CAPTURE_IFACES_MAX / IN_A_SECTION + 1 };
	struct image m = {0};
	char error[CAPTURE_ERROR_LEN];
	struct capture_packet p;
	struct capture_reader *r;
	uint8_t *bytes;

	section(&m, 1);
	for (int i = 0; i < IN_A_SECTION; i++)
		iface(&m, LINKTYPE_ETHERNET, 0);
	bytes = malloc(m.len * ROUNDS);
	for (size_t i = 0; i < ROUNDS; i++)
		memcpy(bytes + i * m.len, m.bytes, m.len);
	r = capture_fopen(fmemopen(bytes, m.len * ROUNDS, "r"), "x", error);
	CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_BAD);
	CU_ASSERT_PTR_NOT_NULL(strstr(capture_reader_error(r), "there are more than 4096 interfaces"));
	CU_ASSERT_EQUAL(capture_iface_count(r), 4096);
	capture_reader_free(r);
	free(bytes);
}

/* A bit of everything. ends[] gets where the packets end. */
static void make_sample(struct image *m, size_t ends[3])
{
	size_t at;

	section(m, 1);
	at = begin_iface(m, LINKTYPE_ETHERNET, 0);
	option(m, PCAPNG_IFACE_NAME, "eth0", 4);
	option(m, PCAPNG_IFACE_TSRESOL, &(uint8_t){9}, 1);
	end(m, at);
	at = begin_packet(m, 0, 1, "first");
	option(m, PCAPNG_OPT_COMMENT, "comment", 7);
	end(m, at);
	ends[0] = m->len;
	end(m, begin(m, 5));
	packet(m, 0, 2, "second");
	ends[1] = m->len;
	m->swapped = !m->swapped;
	section(m, 1);
	iface(m, LINKTYPE_RAW, 0);
	packet(m, 0, 3, "third");
	ends[2] = m->len;
}

static void a_file_that_is_cut_anywhere_gives_the_packets_before(void)
{
	enum capture_result result;
	struct image m = {0};
	size_t ends[3], whole;

	make_sample(&m, ends);
	whole = m.len;
	for (m.len = 1; m.len <= whole; m.len++) {
		unsigned expected = 0;

		for (size_t i = 0; i < 3; i++)
			expected += m.len >= ends[i];
		CU_ASSERT_EQUAL(image_read(&m, &result, NULL), expected);
	}
}

/* Any outcome is right, but each bit is looked at within bounds: the sanitizers watch. */
static void flipped_bits_do_no_harm(void)
{
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int i = 0; i < 3000; i++) {
		char error[CAPTURE_ERROR_LEN];
		enum capture_result result;
		struct image m = {.swapped = i & 1};
		size_t ends[3];

		make_sample(&m, ends);
		for (uint32_t flips = 1 + rng_below(&rng, 4); flips > 0; flips--)
			m.bytes[rng_below(&rng, (uint32_t)m.len)] ^= (uint8_t)(1u << rng_below(&rng, 8));
		CU_ASSERT(image_read(&m, &result, error) <= 3);
		CU_ASSERT_EQUAL(result == CAPTURE_BAD, error[0] != '\0');
	}
}

SUITE(lib_pcapng, T(sections_have_their_own_byte_order_and_interfaces), T(time_is_in_the_interfaces_unit),
	T(simple_and_old_packets_are_read), T(unknown_blocks_are_skipped), T(several_comments_are_joined),
	T(names_that_are_too_long_are_cut), T(nothing_that_a_block_says_is_believed),
	T(a_time_that_no_clock_shows_is_refused), T(interfaces_are_bounded_over_all_sections),
	T(a_file_that_is_cut_anywhere_gives_the_packets_before), T(flipped_bits_do_no_harm))
