/* SPDX-License-Identifier: MIT */
/* tcpdump where files and readers are in trouble. What it does on devices is in tests/lab/tcpdump.tapir. */
#include "lib/capture.h"
#include "tests/unit/shell/fixture.h"

#include <limits.h>

struct files {
	char dir[64], path[PATH_MAX];
};

/* The path of a file in a directory of the test's own. */
static const char *path_of(struct files *fs, const char *name)
{
	if (!fs->dir[0]) {
		strcpy(fs->dir, "/tmp/tapir-unit-XXXXXX");
		CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(fs->dir));
	}
	snprintf(fs->path, sizeof(fs->path), "%s/%s", fs->dir, name);
	return fs->path;
}

static void remove_files(struct files *fs)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", fs->dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* `count` packets of five octets; every second one of raw IP where `mixed`. */
static void write_file(const char *path, enum capture_format format, unsigned count, bool mixed)
{
	struct capture_writer *w = capture_writer_new(fopen(path, "w"), format);
	struct capture_packet p = {.caplen = 5, .len = 5, .data = (const uint8_t *)"hello"};

	for (unsigned i = 0; i < count; i++) {
		bool raw = mixed && i % 2;
		int number = capture_writer_iface(
			w, raw ? "tun0" : "eth0", raw ? LINKTYPE_RAW : LINKTYPE_ETHERNET);

		CU_ASSERT_FATAL(number >= 0);
		p.iface = (unsigned)number;
		p.ts_ns = i;
		CU_ASSERT_EQUAL(capture_write(w, &p), 0);
	}
	CU_ASSERT_EQUAL(capture_writer_free(w), 0);
}

/* Runs tcpdump with these arguments, in which $cd is the directory; its status. */
static int run(struct fixture *f, const struct files *fs, const char *args)
{
	char line[PATH_MAX];

	snprintf(line, sizeof(line), "cd=%s; tcpdump %s", fs->dir, args);
	return fixture_run(f, line);
}

static bool said(const struct fixture *f, const char *text)
{
	bool ok = strstr(f->text, text) != NULL;

	if (!ok)
		printf("no \"%s\" in:\n%s\n", text, f->text);
	return ok;
}

static void what_cannot_be_written_is_told(void)
{
	struct fixture *f = fixture_new();
	struct files fs = {0};

	write_file(path_of(&fs, "in.pcap"), CAPTURE_PCAP, 3000, false);
	CU_ASSERT_EQUAL(run(f, &fs, "-r $cd/in.pcap -w /dev/full"), 1);
	CU_ASSERT(said(f, "tcpdump: /dev/full: No space left on device\n"));
	CU_ASSERT_EQUAL(run(f, &fs, "-r $cd/in.pcap -w $cd"), 1);
	CU_ASSERT(said(f, ": Is a directory\n"));
	fixture_free(f);
	remove_files(&fs);
}

static void several_link_types_need_pcapng(void)
{
	struct fixture *f = fixture_new();
	struct files fs = {0};

	write_file(path_of(&fs, "in.pcapng"), CAPTURE_PCAPNG, 4, true);
	CU_ASSERT_EQUAL(run(f, &fs, "-r $cd/in.pcapng -w $cd/out.pcap"), 1);
	CU_ASSERT(
		said(f, "out.pcap: packets of several link types need a file whose name ends in .pcapng\n"));
	CU_ASSERT_EQUAL(run(f, &fs, "-r $cd/in.pcapng -w $cd/out.pcapng"), 0);
	CU_ASSERT_EQUAL(run(f, &fs, "--count -r $cd/out.pcapng"), 0);
	CU_ASSERT(said(f, "\n4 packets\n"));
	fixture_free(f);
	remove_files(&fs);
}

static void a_file_that_is_cut_off_is_shown_as_far_as_it_goes(void)
{
	struct fixture *f = fixture_new();
	struct files fs = {0};

	write_file(path_of(&fs, "in.pcap"), CAPTURE_PCAP, 2, false);
	CU_ASSERT_EQUAL(truncate(path_of(&fs, "in.pcap"), 24 + 21 + 20), 0);
	CU_ASSERT_EQUAL(run(f, &fs, "-t -r $cd/in.pcap"), 1);
	CU_ASSERT(said(f, "\n [|ether]\n"));
	CU_ASSERT(said(f, "in.pcap: after 1 packets: truncated dump file"));
	fixture_free(f);
	remove_files(&fs);
}

static void a_file_that_is_empty_but_for_its_header_is_fine(void)
{
	struct fixture *f = fixture_new();
	struct files fs = {0};

	write_file(path_of(&fs, "in.pcapng"), CAPTURE_PCAPNG, 0, false);
	CU_ASSERT_EQUAL(run(f, &fs, "-r $cd/in.pcapng"), 0);
	CU_ASSERT_PTR_NULL(strstr(f->text, "link-type")); /* nobody knows */
	fixture_free(f);
	remove_files(&fs);
}

/* The reader takes what it wants; who writes does not go on for nobody. */
static void a_reader_that_leaves_ends_it(void)
{
	struct fixture *f = fixture_new();
	struct files fs = {0};

	write_file(path_of(&fs, "in.pcap"), CAPTURE_PCAP, 20000, false);
	CU_ASSERT_EQUAL(run(f, &fs, "-t -r $cd/in.pcap 2>/dev/null | head -n 2"), 0);
	CU_ASSERT_STRING_EQUAL(f->text, " [|ether]\n [|ether]\n");
	fixture_free(f);
	remove_files(&fs);
}

static void without_a_device_there_is_nothing_to_listen_to(void)
{
	struct fixture *f = fixture_new();

	CU_ASSERT_EQUAL(fixture_run(f, "tcpdump -i eth0"), 1);
	CU_ASSERT_STRING_EQUAL(f->text, "tcpdump: eth0: No such device exists\n(No such device exists)\n");
	CU_ASSERT_EQUAL(fixture_run(f, "tcpdump -i 9"), 1);
	CU_ASSERT_EQUAL(fixture_run(f, "tcpdump -D"), 0);
	CU_ASSERT_STRING_EQUAL(
		f->text, "1.any (Pseudo-device that captures on all interfaces) [Up, Running]\n");
	fixture_free(f);
}

SUITE(shell_cmd_tcpdump, T(what_cannot_be_written_is_told), T(several_link_types_need_pcapng),
	T(a_file_that_is_cut_off_is_shown_as_far_as_it_goes),
	T(a_file_that_is_empty_but_for_its_header_is_fine), T(a_reader_that_leaves_ends_it),
	T(without_a_device_there_is_nothing_to_listen_to))
