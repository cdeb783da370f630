/* SPDX-License-Identifier: MIT */
/* tcpdump, in the words of 4.99: its options, and what happens to a packet. */
#include "shell/cmd_tcpdump.h"

#include "shell/args.h"
#include "shell/internal.h"

#include <errno.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdlib.h>

/* ---- a packet ---- */

static void print(struct tcpdump *t, const struct capture_packet *p)
{
	t->text.len = 0;
	dump_packet(&t->dump, p);
	fwrite(t->text.at, 1, t->text.len, t->c->out);
}

/* Who reads our output may be behind, which is looked at once in a turn. A device does not wait for that, so the packet
 * is lost. */
static bool is_lost(struct tcpdump *t)
{
	const struct loop *l = t->c->world->loop;

	if (t->reader || t->writer || t->count_only)
		return false;
	if (t->looked_turn != l->turns)
		t->behind = cmd_out_is_full(t->c);
	t->looked_turn = l->turns;
	t->dropped += t->behind;
	return t->behind;
}

void tcpdump_packet(struct tcpdump *t, const struct capture_packet *p, const char *device)
{
	if (t->over || !filter_matches_captured(t->filter, p))
		return;
	t->received++;
	if (is_lost(t))
		return;
	t->captured++;
	if (t->stories)
		tcpdump_stories_add(t->stories, p, device);
	else if (t->writer && !tcpdump_write(t, p, device))
		return;
	if (!t->count_only && (!t->writer || t->print_too))
		print(t, p);
	if (t->most && t->captured >= t->most)
		tcpdump_end(t, CMD_OK);
}

/* ---- the end ---- */

static void print_count(struct tcpdump *t, uint64_t n, const char *what, const char *after)
{
	fprintf(t->c->err, "%llu packet%s %s%s", (unsigned long long)n, n == 1 ? "" : "s", what, after);
}

static void summarize(struct tcpdump *t, const char *between)
{
	print_count(t, t->captured, "captured", between);
	print_count(t, t->received, "received by filter", between);
	print_count(t, t->dropped, "dropped by kernel", "\n");
}

static void finish(struct tcpdump *t)
{
	if (t->count_only)
		fprintf(t->c->out, "%llu packet%s\n", (unsigned long long)t->captured,
			t->captured == 1 ? "" : "s");
	if (!t->read_from)
		summarize(t, "\n");
	cmd_done(t->c, t->status);
}

static void end(struct work *w)
{
	finish(CONTAINER_OF(w, struct tcpdump, end_work));
}

void tcpdump_end(struct tcpdump *t, int status)
{
	if (t->over)
		return;
	t->over = true;
	t->status = status;
	loop_defer(t->c->world->loop, &t->end_work);
}

/* The line that ^C stands in is ended. */
static void stop(struct cmd *c, int sig)
{
	struct tcpdump *t = c->state;

	(void)sig;
	if (!t->writer)
		fputc('\n', c->out);
	finish(t);
}

static void report(struct cmd *c)
{
	struct tcpdump *t = c->state;

	if (t->read_from)
		return;
	fputs("tcpdump: ", c->err);
	summarize(t, ", ");
}

static void free_state(struct cmd *c)
{
	struct tcpdump *t = c->state;

	t->over = true;
	work_cancel(&t->end_work);
	tcpdump_unlisten(t);
	tcpdump_stories_free(t->stories);
	tcpdump_unread(t);
	tcpdump_close(t);
	dump_exit(&t->dump);
	buf_exit(&t->text);
	filter_free(t->filter);
	free(t);
}

/* ---- what both ways of beginning share ---- */

void tcpdump_print_linktype(struct tcpdump *t, unsigned linktype)
{
	int dlt = capture_dlt(linktype);
	const char *name = pcap_datalink_val_to_name(dlt);

	if (name)
		fprintf(t->c->err, "link-type %s (%s)", name, pcap_datalink_val_to_description(dlt));
	else
		fprintf(t->c->err, "link-type %u", linktype);
}

int tcpdump_compile(struct tcpdump *t, unsigned linktype)
{
	struct cmd *c = t->c;
	struct buf text = {0}, error = {0};
	int status = CMD_OK;

	if (t->filter_file && !shell_read_file(t->filter_file, &text))
		status = cmd_error(c, "can't open %s: %s", t->filter_file, strerror(errno));
	for (int i = optind; i < c->argc && !t->filter_file; i++)
		buf_printf(&text, "%s%s", i > optind ? " " : "", c->argv[i]);
	if (status == CMD_OK)
		t->filter = filter_new_for(linktype, buf_text(&text), &error);
	if (error.len)
		status = cmd_error(c, "%s", error.at);
	buf_exit(&text);
	buf_exit(&error);
	return status;
}

/* ---- the command line ---- */

enum { MILLION = 1000000 };

enum { OPT_COMMENTS = 256, OPT_COUNT, OPT_PRINT, OPT_NANO, OPT_IGNORED };

static const struct option long_options[] = {
	{"absolute-tcp-sequence-numbers", no_argument, NULL, 'S'},
	{"comments", no_argument, NULL, OPT_COMMENTS},
	{"count", no_argument, NULL, OPT_COUNT},
	{"direction", required_argument, NULL, 'Q'},
	{"dont-verify-checksums", no_argument, NULL, 'K'},
	{"immediate-mode", no_argument, NULL, OPT_IGNORED},
	{"interface", required_argument, NULL, 'i'},
	{"list-interfaces", no_argument, NULL, 'D'},
	{"micro", no_argument, NULL, OPT_IGNORED},
	{"nano", no_argument, NULL, OPT_NANO},
	{"no-promiscuous-mode", no_argument, NULL, 'p'},
	{"number", no_argument, NULL, '#'},
	{"packet-buffered", no_argument, NULL, 'U'},
	{"print", no_argument, NULL, OPT_PRINT},
	{"snapshot-length", required_argument, NULL, 's'},
	{0},
};

static const char letters[] = "AB:c:C:DeF:G:i:KlnNOpqQ:r:s:StUvw:W:xXZ:#";

/* A whole number in these bounds; else a message, and false. */
static bool read_number(struct cmd *c, const char *what, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	unsigned long long v = strtoull(optarg, &end, 10);
	if (end == optarg || *end || errno || optarg[0] == '-' || v < min || v > max) {
		cmd_error(c, "invalid %s %s", what, optarg);
		return false;
	}
	*out = v;
	return true;
}

static bool read_snaplen(struct tcpdump *t)
{
	char *end;
	long v = strtol(optarg, &end, 10);

	if (end == optarg || *end || v < 0 || v > CAPTURE_SNAPLEN) {
		cmd_error(t->c, "invalid snaplen %s (must be >= 0 and <= %d)", optarg, CAPTURE_SNAPLEN);
		return false;
	}
	t->snaplen = v ? (uint32_t)v : CAPTURE_SNAPLEN;
	return true;
}

static bool read_way(struct tcpdump *t)
{
	static const char *const ways[] = {"inout", "in", "out"}; /* enum tcpdump_way */

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(optarg, ways[i]) == 0) {
			t->way = (enum tcpdump_way)i;
			return true;
		}
	}
	cmd_error(t->c, "unknown capture direction `%s'", optarg);
	return false;
}

/* Options with a number or a name. */
static bool take_value(struct tcpdump *t, int opt)
{
	uint64_t v = 0;
	bool ok = true;

	switch (opt) {
	case 'c':
		return read_number(t->c, "packet count", 1, UINT64_MAX, &t->most);
	case 'C':
		ok = read_number(t->c, "file size", 1, UINT64_MAX / MILLION, &v);
		t->file_size = v * MILLION;
		return ok;
	case 'G':
		return read_number(t->c, "number of seconds", 1, INT_MAX, &t->file_seconds);
	case 'W':
		ok = read_number(t->c, "number of output files", 1, INT_MAX, &v);
		t->file_count = (unsigned)v;
		return ok;
	case 's':
		return read_snaplen(t);
	case 'Q':
		return read_way(t);
	case 'F':
		t->filter_file = optarg;
		break;
	case 'i':
		t->device = optarg;
		break;
	case 'r':
		t->read_from = optarg;
		break;
	case 'w':
		t->write_to = optarg;
		break;
	}
	return true; /* -B, -Z: of no meaning here */
}

static void take_flag(struct tcpdump *t, int opt)
{
	struct dump_options *o = &t->shown;

	switch (opt) {
	case 'A':
		o->ascii++;
		break;
	case 'e':
		o->link = true;
		break;
	case 'K':
		o->unchecked = true;
		break;
	case 'p':
		t->unpromiscuous = true;
		break;
	case 'q':
		o->quick = true;
		break;
	case 'S':
		o->absolute = true;
		break;
	case 't':
		o->time = MIN(o->time + 1, DUMP_SINCE_FIRST);
		break;
	case 'U':
		t->each = true;
		break;
	case 'v':
		o->verbose++;
		break;
	case 'x':
		o->hex++;
		break;
	case 'X':
		o->hex_ascii++;
		break;
	case '#':
		o->numbers = true;
		break;
	case OPT_COMMENTS:
		t->comments = true;
		break;
	case OPT_COUNT:
		t->count_only = true;
		break;
	case OPT_PRINT:
		t->print_too = true;
		break;
	case OPT_NANO:
		t->nano = o->nano = true;
		break;
	default: /* -l -n -N -O: so it is anyway */
		break;
	}
}

/* A negative number: go on; else the exit status. */
static int take_options(struct tcpdump *t)
{
	int opt;

	args_begin();
	while ((opt = args_next(t->c, letters, long_options)) > 0) {
		if (opt == 'D')
			return tcpdump_list(t->c);
		if (!optarg)
			take_flag(t, opt);
		else if (!take_value(t, opt))
			return CMD_FAILED;
	}
	if (opt < 0)
		return CMD_USAGE;
	if (t->comments && !t->read_from && !tcpdump_is_pcapng(t))
		return cmd_error(t->c, "--comments: they need a file by -w whose name ends in .pcapng");
	t->shown.comments = t->comments;
	if (t->read_from && t->device)
		t->device = NULL; /* as tcpdump: the file wins */
	return -1;
}

static int run_tcpdump(struct cmd *c)
{
	struct tcpdump *t = mem_new(sizeof(*t));
	int status;

	t->c = c;
	t->snaplen = CAPTURE_SNAPLEN;
	t->shown.utc = c->world->loop->clock.is_virtual;
	t->shown.host = c->host;
	list_init(&t->taps);
	list_init(&t->monitor.node);
	work_init(&t->end_work, end);
	work_init(&t->read_work, NULL);
	c->state = t;
	c->free_state = free_state;
	c->stop = stop;
	c->report = report;
	status = take_options(t);
	dump_init(&t->dump, &t->shown, &t->text);
	if (status >= 0)
		return status;
	return t->read_from ? tcpdump_read(t) : tcpdump_listen(t);
}

static void complete(struct completion *w)
{
	static const char *const options[] = {"-i", "-w", "-r", "-c", "-n", "-e", "-v", "-x", "-X", "-A",
		"-s", "-U", "-Q", "-C", "-W", "-G", "-D", "--comments", "--count", "--print", NULL};
	static const char *const words[] = {"arp", "icmp", "igmp", "tcp", "udp", "ip", "ip6", "vlan", "port",
		"portrange", "host", "net", "ether", "src", "dst", "and", "or", "not", NULL};
	static const char *const ways[] = {"in", "out", "inout", NULL};
	const char *before = w->argv[w->argc - 1];

	if (strcmp(before, "-i") == 0) {
		complete_devices(w);
		complete_offer(w, "any");
	} else if (strcmp(before, "-w") == 0 || strcmp(before, "-r") == 0 || strcmp(before, "-F") == 0) {
		complete_files(w);
	} else if (strcmp(before, "-Q") == 0) {
		complete_offer_list(w, ways);
	} else {
		complete_offer_list(w, w->word[0] == '-' ? options : words);
	}
}

const struct command cmd_tcpdump = {
	.name = "tcpdump",
	.run = run_tcpdump,
	.usage = "tcpdump [-AeKlnpqStUvxX#] [-i DEVICE] [-c COUNT] [-r FILE] [-w FILE] [-s SNAPLEN] [-Q "
		 "in|out|inout] "
		 "[-C FILE_SIZE] [-G SECONDS] [-W FILE_COUNT] [-F FILE] [--comments] [FILTER]",
	.about = "print or record the packets that a device receives and sends",
	.options =
		"  -i DEVICE    of this device, or of any (the first one that is up); -D lists them\n"
		"  -w FILE      write them for Wireshark and the like; as pcapng if FILE ends in .pcapng; "
		"- is the output\n"
		"  -r FILE      read them from a file (pcap or pcapng); - is the input\n"
		"  -c COUNT     stop after so many\n"
		"  -e           with the link header; -q: less\n"
		"  -v, -vv      with the IP header, checksums, options of DHCP\n"
		"  -x, -X, -A   with their octets in hex, in hex and ASCII, in ASCII; twice: from the link "
		"header on\n"
		"  -S           TCP's numbers as they stand there, not relative\n"
		"  -t           without time; -tt seconds since 1970, -ttt since the packet before, -tttt "
		"with "
		"the date\n"
		"  -s SNAPLEN   only so many octets of each\n"
		"  -Q in|out    only one direction\n"
		"  -U           write each packet at once\n"
		"  -C, -G, -W   a new file after so many million octets, seconds; at most so many files\n"
		"  FILTER       only what fits, in libpcap's language: icmp, port 80, host 10.0.0.2, not "
		"arp\n"
		"  -n, -l, -Z USER and others are taken and mean nothing here: names are never looked up",
	.example = "tcpdump -c 2 icmp & ping -c 1 10.0.0.2\n"
		   "tcpdump -i any -w all.pcapng --comments &",
	.man = "tcpdump(8)",
	.complete = complete,
};
