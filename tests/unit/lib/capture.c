/* SPDX-License-Identifier: MIT */
/* Capture files: classic ones by hand and by libpcap, and what is written read again. */
#include "tests/unit/lib/capture.h"

#include "lib/clock.h"
#include "tests/unit/alloc.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

enum { MICRO = 0xa1b2c3d4, NANO = (int)0xa1b23c4d };

static void classic_header(struct image *m, uint32_t magic, uint32_t linktype)
{
	add32(m, magic);
	add16(m, 2);
	add16(m, 4);
	add32(m, 0);
	add32(m, 0);
	add32(m, CAPTURE_SNAPLEN);
	add32(m, linktype);
}

static void classic_packet(struct image *m, uint32_t sec, uint32_t frac, const char *data, uint32_t len)
{
	add32(m, sec);
	add32(m, frac);
	add32(m, (uint32_t)strlen(data));
	add32(m, len);
	add(m, data, strlen(data));
}

static void classic_files_are_read_in_each_byte_order_and_unit(void)
{
	for (int i = 0; i < 4; i++) {
		struct image m = {.swapped = i & 1};
		struct capture_reader *r;
		struct capture_packet p = {0};

		classic_header(&m, i & 2 ? (uint32_t)NANO : MICRO, LINKTYPE_ETHERNET);
		classic_packet(&m, 4000000000u, 123456, "abc", 60);
		r = image_open(&m);
		CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
		CU_ASSERT_EQUAL(p.ts_ns, 4000000000u * NS_PER_SEC + (i & 2 ? 123456 : 123456000));
		CU_ASSERT_EQUAL(p.caplen, 3);
		CU_ASSERT_EQUAL(p.len, 60);
		CU_ASSERT_EQUAL(p.linktype, LINKTYPE_ETHERNET);
		CU_ASSERT_EQUAL(memcmp(p.data, "abc", 3), 0);
		CU_ASSERT_PTR_NULL(p.comment);
		CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_END);
		CU_ASSERT_EQUAL(capture_iface_count(r), 1);
		CU_ASSERT_EQUAL(capture_iface(r, 0)->linktype, LINKTYPE_ETHERNET);
		capture_reader_free(r);
	}
}

static void what_stands_before_a_truncated_end_is_delivered(void)
{
	char error[CAPTURE_ERROR_LEN];
	enum capture_result end;
	struct image m = {0};
	size_t two;

	classic_header(&m, MICRO, LINKTYPE_ETHERNET);
	classic_packet(&m, 1, 0, "one", 3);
	classic_packet(&m, 1, 0, "two", 3);
	two = m.len;
	classic_packet(&m, 1, 0, "three", 5);
	CU_ASSERT_EQUAL(image_read(&m, &end, error), 3);
	CU_ASSERT_EQUAL(end, CAPTURE_END);
	CU_ASSERT_STRING_EQUAL(error, "");
	while (--m.len > two) {
		CU_ASSERT_EQUAL(image_read(&m, &end, error), 2);
		CU_ASSERT_EQUAL(end, CAPTURE_BAD);
		CU_ASSERT_PTR_EQUAL(strstr(error, "x: after 2 packets: truncated dump file"), error);
	}
}

/* The end is not read over: who asks again is told the same. */
static void after_an_error_there_is_nothing_more(void)
{
	struct image m = {0};
	struct capture_reader *r;
	struct capture_packet p;

	classic_header(&m, MICRO, LINKTYPE_ETHERNET);
	classic_packet(&m, 1, 0, "one", 3);
	m.len--;
	r = image_open(&m);
	CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_BAD);
	CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_BAD);
	capture_reader_free(r);
}

static void what_is_no_capture_is_refused_by_name(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} rows[] = {
		{"", 0, "x: the file is empty"},
		{"hello, I am no capture file at all", 34, "x: unknown file format"},
		{"\xd4\xc3\xb2\xa1\x02\0", 6, "x: truncated dump file; tried to read 24 file header bytes"},
		{"\n\nhello, a line", 14, "x: after 0 packets, at offset 0: the file does not begin with a"},
		{"\n\r\r\nhello, lines", 16, "x: after 0 packets, at offset 0: this is no section"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[CAPTURE_ERROR_LEN];
		enum capture_result end;
		struct image m = {0};

		add(&m, rows[i].bytes, rows[i].len);
		CU_ASSERT_EQUAL(image_read(&m, &end, error), 0);
		CU_ASSERT_EQUAL(end, CAPTURE_BAD);
		CU_ASSERT_PTR_EQUAL(strstr(error, rows[i].why), error);
	}
}

static void files_that_cannot_be_opened_are_refused_by_name(void)
{
	char error[CAPTURE_ERROR_LEN];

	CU_ASSERT_PTR_NULL(capture_open("/nowhere/x.pcap", error));
	CU_ASSERT_STRING_EQUAL(error, "/nowhere/x.pcap: No such file or directory");
	CU_ASSERT_PTR_NULL(capture_open("/", error));
	CU_ASSERT_STRING_EQUAL(error, "/: Is a directory");
}

static void absurd_classic_files_are_refused(void)
{
	char error[CAPTURE_ERROR_LEN];
	enum capture_result end;
	struct image m = {0};

	classic_header(&m, MICRO, LINKTYPE_ETHERNET);
	m.bytes[4] = 77; /* the version */
	CU_ASSERT_EQUAL(image_read(&m, &end, error), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "x: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "version"));

	m = (struct image){0};
	classic_header(&m, MICRO, LINKTYPE_ETHERNET);
	classic_packet(&m, 1, 0, "one", 3);
	m.bytes[m.len - 3 - 5] = 0x7f; /* bits 24 to 31 of how much was captured */
	CU_ASSERT_EQUAL(image_read(&m, &end, error), 0);
	CU_ASSERT_EQUAL(end, CAPTURE_BAD);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "x: after 0 packets: invalid packet capture length"));
}

/* libpcap takes more of some link types. */
static void packets_longer_than_any_are_refused_whatever_their_link_type(void)
{
	enum { DBUS = 231, LONG = CAPTURE_SNAPLEN + 1 };
	struct image m = {0};
	char error[CAPTURE_ERROR_LEN];
	struct capture_packet p;
	struct capture_reader *r;
	uint8_t *bytes = calloc(1, LONG + 100);

	classic_header(&m, MICRO, DBUS);
	m.bytes[18] = 0xff; /* the snapshot length */
	add32(&m, 1);
	add32(&m, 0);
	add32(&m, LONG);
	add32(&m, LONG);
	memcpy(bytes, m.bytes, m.len);
	r = capture_fopen(fmemopen(bytes, m.len + LONG, "r"), "x", error);
	CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_BAD);
	CU_ASSERT_STRING_EQUAL(capture_reader_error(r),
		"x: after 0 packets: a packet is longer than any we take (262144 bytes)");
	capture_reader_free(r);
	free(bytes);
}

/* ---- writing ---- */

struct output {
	struct image image;
	char *text;
	size_t len;
	struct capture_writer *w;
};

static void begin(struct output *o, enum capture_format format)
{
	o->w = capture_writer_new(open_memstream(&o->text, &o->len), format);
}

static void end(struct output *o)
{
	CU_ASSERT_EQUAL(capture_writer_free(o->w), 0);
	o->image = (struct image){0};
	add(&o->image, o->text, o->len);
	free(o->text);
}

static const struct capture_packet sample = {.ts_ns = 1700000000123456789,
	.caplen = 5,
	.len = 77,
	.data = (const uint8_t *)"hello",
	.comment = "says hello",
	.direction = CAPTURE_OUT};

static void classic_files_are_written_as_they_are_read(void)
{
	static const unsigned types[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_LINUX_SLL2};

	for (unsigned i = 0; i < 6; i++) {
		enum capture_format format = i & 1 ? CAPTURE_PCAP_NS : CAPTURE_PCAP;
		struct capture_packet p = {0};
		struct capture_reader *r;
		struct output o;

		begin(&o, format);
		CU_ASSERT_EQUAL(capture_writer_iface(o.w, "eth0", types[i / 2]), 0);
		CU_ASSERT_EQUAL(capture_writer_iface(o.w, "eth1", types[i / 2]), 0);
		CU_ASSERT_EQUAL(capture_write(o.w, &sample), 0);
		end(&o);
		CU_ASSERT_EQUAL(o.image.bytes[20] | o.image.bytes[21] << 8, types[i / 2]);
		r = image_open(&o.image);
		CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
		CU_ASSERT_EQUAL(p.ts_ns, i & 1 ? 1700000000123456789 : 1700000000123456000);
		CU_ASSERT_EQUAL(p.linktype, types[i / 2]);
		CU_ASSERT_EQUAL(p.len, 77);
		CU_ASSERT_EQUAL(memcmp(p.data, "hello", 5), 0);
		CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_END);
		capture_reader_free(r);
	}
}

static void pcapng_keeps_comments_interfaces_and_directions(void)
{
	struct capture_packet p = sample;
	struct capture_reader *r;
	struct output o;

	begin(&o, CAPTURE_PCAPNG);
	CU_ASSERT_EQUAL(capture_writer_iface(o.w, "eth0", LINKTYPE_ETHERNET), 0);
	CU_ASSERT_EQUAL(capture_write(o.w, &p), 0);
	p.iface = 1;
	p.comment = NULL;
	p.direction = CAPTURE_DIRECTION_UNKNOWN;
	CU_ASSERT_EQUAL(capture_writer_iface(o.w, "tun0", LINKTYPE_RAW), 1);
	CU_ASSERT_EQUAL(capture_writer_iface(o.w, "eth0", LINKTYPE_ETHERNET), 0);
	CU_ASSERT_EQUAL(capture_write(o.w, &p), 0);
	end(&o);

	r = image_open(&o.image);
	CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
	CU_ASSERT_EQUAL(p.ts_ns, sample.ts_ns);
	CU_ASSERT_EQUAL(p.caplen, 5);
	CU_ASSERT_EQUAL(p.len, 77);
	CU_ASSERT_STRING_EQUAL(p.comment, "says hello");
	CU_ASSERT_EQUAL(p.direction, CAPTURE_OUT);
	CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
	CU_ASSERT_PTR_NULL(p.comment);
	CU_ASSERT_EQUAL(p.direction, CAPTURE_DIRECTION_UNKNOWN);
	CU_ASSERT_EQUAL(p.linktype, LINKTYPE_RAW);
	CU_ASSERT_STRING_EQUAL(capture_iface(r, p.iface)->name, "tun0");
	CU_ASSERT_EQUAL(capture_iface_count(r), 2);
	CU_ASSERT_EQUAL(capture_read(r, &p), CAPTURE_END);
	capture_reader_free(r);
}

static void what_a_file_cannot_hold_is_refused(void)
{
	struct capture_packet p = sample;
	struct output o;

	begin(&o, CAPTURE_PCAP);
	CU_ASSERT_EQUAL(capture_writer_iface(o.w, "eth0", LINKTYPE_ETHERNET), 0);
	CU_ASSERT_EQUAL(capture_writer_iface(o.w, "tun0", LINKTYPE_RAW), -EINVAL);
	p.caplen = CAPTURE_SNAPLEN + 1;
	CU_ASSERT_EQUAL(capture_write(o.w, &p), -EMSGSIZE);
	end(&o);
	CU_ASSERT_EQUAL(o.len, 24);

	begin(&o, CAPTURE_PCAPNG);
	for (unsigned i = 0; i < CAPTURE_IFACES_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "eth%u", i);
		CU_ASSERT_EQUAL(capture_writer_iface(o.w, name, LINKTYPE_ETHERNET), (int)i);
	}
	CU_ASSERT_EQUAL(capture_writer_iface(o.w, "one more", LINKTYPE_ETHERNET), -ENOSPC);
	CU_ASSERT_EQUAL(capture_writer_free(o.w), 0);
	free(o.text);
}

static void a_long_comment_is_cut(void)
{
	struct capture_packet p = sample;
	char *comment = malloc(70001), *text;
	char error[CAPTURE_ERROR_LEN];
	struct capture_reader *r;
	struct output o;

	memset(comment, 'x', 70000);
	comment[70000] = '\0';
	p.comment = comment;
	begin(&o, CAPTURE_PCAPNG);
	capture_writer_iface(o.w, "eth0", LINKTYPE_ETHERNET);
	CU_ASSERT_EQUAL(capture_write(o.w, &p), 0);
	CU_ASSERT_EQUAL(capture_writer_free(o.w), 0);
	text = o.text;
	r = capture_fopen(fmemopen(text, o.len, "r"), "x", error);
	CU_ASSERT_EQUAL_FATAL(capture_read(r, &p), CAPTURE_PACKET);
	CU_ASSERT_EQUAL(strlen(p.comment), 65535);
	capture_reader_free(r);
	free(text);
	free(comment);
}

static void a_full_disk_is_told(void)
{
	static const enum capture_format formats[] = {CAPTURE_PCAP, CAPTURE_PCAPNG};

	for (size_t i = 0; i < 2; i++) {
		FILE *f = fopen("/dev/full", "w");
		struct capture_writer *w = capture_writer_new(f, formats[i]);

		CU_ASSERT_EQUAL(capture_writer_iface(w, "eth0", LINKTYPE_ETHERNET), 0);
		CU_ASSERT_EQUAL(capture_write(w, &sample), 0); /* in stdio's buffer */
		CU_ASSERT_EQUAL(capture_flush(w), -ENOSPC);
		capture_writer_free(w);
	}
}

static void without_memory_nothing_is_opened_and_nothing_is_left(void)
{
	static const uint8_t text[] = "\n\r\r\n";
	char error[CAPTURE_ERROR_LEN];

	for (unsigned long nth = 1; nth <= 2; nth++) {
		FILE *f = fmemopen((void *)(uintptr_t)text, 4, "r");

		alloc_arm(nth, true);
		CU_ASSERT_PTR_NULL(capture_fopen(f, "x", error));
		alloc_disarm();
		CU_ASSERT_STRING_EQUAL(error, "x: Cannot allocate memory");
	}
	alloc_arm(1, true);
	CU_ASSERT_PTR_NULL(capture_writer_new(fopen("/dev/null", "w"), CAPTURE_PCAP));
	alloc_disarm();
}

SUITE(lib_capture, T(classic_files_are_read_in_each_byte_order_and_unit),
	T(what_stands_before_a_truncated_end_is_delivered), T(after_an_error_there_is_nothing_more),
	T(what_is_no_capture_is_refused_by_name), T(files_that_cannot_be_opened_are_refused_by_name),
	T(absurd_classic_files_are_refused), T(packets_longer_than_any_are_refused_whatever_their_link_type),
	T(classic_files_are_written_as_they_are_read), T(pcapng_keeps_comments_interfaces_and_directions),
	T(what_a_file_cannot_hold_is_refused), T(a_long_comment_is_cut), T(a_full_disk_is_told),
	T(without_memory_nothing_is_opened_and_nothing_is_left))
