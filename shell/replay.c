/* SPDX-License-Identifier: MIT */
/* tapir replay: the command line, a world with a device for the capture, and what came of it. */
#include "shell/replay.h"

#include "dev/kinds.h"
#include "dev/replay.h"
#include "inet.h"
#include "shell/args.h"
#include "shell/flows_diff.h"
#include "shell/replay_diff.h"
#include "shell/replay_feed.h"
#include "shell/setup.h"
#include "shell/shell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

enum { SAME = 0, DIFFERENT = 1, UNUSABLE = 2 };

/* The clock as under --virtual; the capture begins a second after the script. */
enum { START_S = 1, LEAD_S = 1, LINGER_S = 1 };

static const char usage[] =
	"Usage: tapir replay IN.pcap --setup SCRIPT [OPTIONS]\n"
	"The packets of a capture come to a host at their recorded times, under the virtual clock, and what "
	"it sends\n"
	"is compared with what is expected.\n"
	"\n"
	"  --setup SCRIPT   commands that set up host h1: addresses, routes, devices, servers with &\n"
	"  --expect FILE    what must be sent; the first difference is shown\n"
	"  --update         ... write FILE anew instead, where it differs\n"
	"  --out FILE       write what is sent to FILE\n"
	"  --mask LIST      fields that may differ, with commas between them:\n"
	"%s"
	"  --foreign        the capture was taken of somebody else with our addresses: both directions are "
	"in it,\n"
	"                   and what that one sent is what we are to send, compared as streams and states\n"
	"  --ours ADDR,...  the same; our packets are told by these addresses, and not by the MAC address\n"
	"  --fast           packets do not wait for their times, but come one after the other\n"
	"  --all            also packets that our hosts have sent come in (a wire that reflects)\n"
	"  --linger TIME    go on for so long after the last packet (1s)\n"
	"  --after SCRIPT   commands to run in the end; that they fail counts as a difference\n"
	"  --dev NAME       the device where the packets come in (eth0)\n"
	"  --seed N         seed of all random numbers (1)\n"
	"\n"
	"Of foreign captures is compared what each connection carried, what was acknowledged and sent again, "
	"FIN and\n"
	"RST, and how it ended, besides UDP datagrams and ICMP messages. %s"
	"\n"
	"Packets sent by one of our hosts, by their MAC address, do not come in (but for --all). The first "
	"packet comes a "
	"second\n"
	"after SCRIPT has ended. Times in FILE are those of the capture.\n"
	"Exit status: 0 the same, 1 different, 2 it could not be tried.\n"
	"\n"
	"Example:\n"
	"  echo 'ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up' > setup\n"
	"  tapir replay in.pcap --setup setup --expect out.pcap --update\n";

struct replay {
	/* the command line */
	const char *in, *setup, *after, *expect, *out, *dev_name;
	bool update;
	uint64_t linger_ns, seed;
	struct mask mask;

	struct loop loop;
	struct world world;
	struct shell *sh;
	struct dev *dev; /* NULL: deleted */
	struct feed feed;
	struct foreign foreign;
	struct replay_wire wire;
	struct timer linger;
	bool over;

	FILE *sent_file; /* a temporary one */
	struct capture_writer *writer;
	unsigned iface;
	unsigned long long sent;
	int write_error;
	struct list early; /* of struct early */
};

/* A packet sent before it is known when the capture begins: during the setup. */
struct early {
	struct list node;
	uint64_t at_ns;
	uint32_t len;
	uint8_t data[];
};

static int __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("tapir replay: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return UNUSABLE;
}

/* ---- the command line ---- */

enum {
	OPT_SETUP = 256,
	OPT_EXPECT,
	OPT_UPDATE,
	OPT_OUT,
	OPT_MASK,
	OPT_FOREIGN,
	OPT_OURS,
	OPT_FAST,
	OPT_ALL,
	OPT_LINGER,
	OPT_AFTER,
	OPT_DEV,
	OPT_SEED
};

static const struct option long_options[] = {
	{"setup", required_argument, NULL, OPT_SETUP},
	{"expect", required_argument, NULL, OPT_EXPECT},
	{"update", no_argument, NULL, OPT_UPDATE},
	{"out", required_argument, NULL, OPT_OUT},
	{"mask", required_argument, NULL, OPT_MASK},
	{"foreign", no_argument, NULL, OPT_FOREIGN},
	{"ours", required_argument, NULL, OPT_OURS},
	{"fast", no_argument, NULL, OPT_FAST},
	{"all", no_argument, NULL, OPT_ALL},
	{"linger", required_argument, NULL, OPT_LINGER},
	{"after", required_argument, NULL, OPT_AFTER},
	{"dev", required_argument, NULL, OPT_DEV},
	{"seed", required_argument, NULL, OPT_SEED},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static bool read_mask(struct replay *r, const char *words)
{
	struct buf error = {0};
	bool ok = mask_add(&r->mask, words, &error);

	if (!ok)
		complain("--mask: %s", buf_text(&error));
	buf_exit(&error);
	return ok;
}

static bool read_seed(struct replay *r, const char *text)
{
	char *end;

	errno = 0;
	r->seed = strtoull(text, &end, 0);
	if (errno || end == text || *end || text[0] == '-')
		complain("--seed wants a number from 0 to 2^64 - 1, not '%s'", text);
	return !errno && end != text && !*end && text[0] != '-';
}

static bool read_linger(struct replay *r, const char *text)
{
	bool ok = args_duration(text, &r->linger_ns);

	if (!ok)
		complain("--linger wants a time as 500ms or 1m, not '%s'", text);
	return ok;
}

static bool read_ours(struct replay *r, const char *text)
{
	bool ok = foreign_parse_ours(&r->foreign, text);

	r->feed.foreign = &r->foreign;
	if (!ok)
		complain("--ours wants addresses as 10.0.0.1,10.0.0.2, not '%s'", text);
	return ok;
}

static bool read_option(struct replay *r, int option, const char *word)
{
	switch (option) {
	case OPT_SETUP:
		r->setup = optarg;
		return true;
	case OPT_EXPECT:
		r->expect = optarg;
		return true;
	case OPT_UPDATE:
		r->update = true;
		return true;
	case OPT_OUT:
		r->out = optarg;
		return true;
	case OPT_MASK:
		return read_mask(r, optarg);
	case OPT_FOREIGN:
		r->feed.foreign = &r->foreign;
		return true;
	case OPT_OURS:
		return read_ours(r, optarg);
	case OPT_FAST:
		r->feed.fast = true;
		return true;
	case OPT_ALL:
		r->feed.all = true;
		return true;
	case OPT_LINGER:
		return read_linger(r, optarg);
	case OPT_AFTER:
		r->after = optarg;
		return true;
	case OPT_DEV:
		r->dev_name = optarg;
		return true;
	case OPT_SEED:
		return read_seed(r, optarg);
	case ':':
		complain("%s wants an argument", word);
		return false;
	default:
		complain("there is no option %s; try: tapir replay --help", word);
		return false;
	}
}

/* -1: go on. */
static int read_options(struct replay *r, int argc, char **argv)
{
	int option;

	args_begin();
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) >= 0) {
		if (option == 'h') {
			printf(usage, mask_help, flows_tolerance);
			return SAME;
		}
		if (!read_option(r, option, argv[optind - 1]))
			return UNUSABLE;
	}
	r->in = optind < argc ? argv[optind] : NULL;
	if (!r->in || optind + 1 < argc)
		return complain("it wants one capture; try: tapir replay --help");
	if (!r->setup)
		return complain("--setup SCRIPT is wanting: commands that say who gets the packets");
	if (r->update && !r->expect)
		return complain("--update goes with --expect FILE");
	if (r->feed.foreign && r->expect)
		return complain("--expect does not go with --foreign: the capture tells what to expect");
	return -1;
}

/* ---- what is sent ---- */

static struct replay *replay_of(struct replay_wire *w)
{
	return CONTAINER_OF(w, struct replay, wire);
}

static void record(struct replay *r, uint64_t at_ns, const uint8_t *data, uint32_t len)
{
	struct capture_packet p = {.ts_ns = feed_time_ns(&r->feed, at_ns),
		.iface = r->iface,
		.data = data,
		.caplen = len,
		.len = len};

	r->sent++;
	if (!r->write_error)
		r->write_error = capture_write(r->writer, &p);
}

static void on_sent(struct replay_wire *w, const struct pkt *p)
{
	struct replay *r = replay_of(w);
	struct early *e;

	feed_sent(&r->feed, p->data, p->len);
	if (r->feed.begin_ns) {
		record(r, r->loop.now, p->data, p->len);
		return;
	}
	e = mem_new(sizeof(*e) + p->len);
	e->at_ns = r->loop.now;
	e->len = p->len;
	memcpy(e->data, p->data, p->len);
	list_add_tail(&r->early, &e->node);
}

/* It is known now, or does not matter any more (`lost`). */
static void end_early(struct replay *r, bool lost)
{
	list_each_safe(e, &r->early, struct early, node) {
		if (!lost)
			record(r, e->at_ns, e->data, e->len);
		list_del(&e->node);
		free(e);
	}
}

static void on_gone(struct replay_wire *w)
{
	struct replay *r = replay_of(w);

	feed_stop(&r->feed);
	r->dev = NULL;
}

static bool open_sent(struct replay *r)
{
	int fd, iface;
	FILE *f;

	r->sent_file = tmpfile();
	fd = r->sent_file ? dup(fileno(r->sent_file)) : -1;
	f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	r->writer = f ? capture_writer_new(f, CAPTURE_PCAP_NS) : NULL;
	iface = r->writer ? capture_writer_iface(r->writer, "", r->feed.linktype) : -errno;
	if (iface < 0)
		complain("a temporary file: %s", strerror(-iface));
	r->iface = (unsigned)iface;
	return iface >= 0;
}

/* What was sent, as a file of that name. */
static int write_file(struct replay *r, const char *path)
{
	char block[16 << 10];
	FILE *f = fopen(path, "wbe");
	size_t n;

	rewind(r->sent_file);
	while (f && (n = fread(block, 1, sizeof(block), r->sent_file)) > 0)
		fwrite(block, 1, n, f);
	if (!f || fclose(f) != 0)
		return complain("%s: %s", path, strerror(errno));
	return SAME;
}

/* ---- the run ---- */

static void on_linger(struct timer *t)
{
	CONTAINER_OF(t, struct replay, linger)->over = true;
}

static void on_over(struct feed *f)
{
	struct replay *r = CONTAINER_OF(f, struct replay, feed);

	timer_arm(&r->loop.wheel, &r->linger, MAX(r->loop.now, f->begin_ns) + r->linger_ns);
}

static bool make_device(struct replay *r, struct stack *h1)
{
	enum dev_type type = r->feed.linktype == LINKTYPE_RAW ? DEV_RAW : DEV_ETHER;
	int err;

	r->wire = (struct replay_wire){on_sent, on_gone};
	err = replay_create(h1, r->dev_name, type, &r->wire);
	if (err)
		complain("--dev %s: %s", r->dev_name, strerror(-err));
	r->dev = err ? NULL : dev_by_name(h1, r->dev_name);
	r->feed.dev = r->dev;
	if (r->dev)
		foreign_start(&r->foreign, r->dev, r->feed.linktype);
	return !err;
}

static int run_setup(struct replay *r)
{
	int status = shell_run_file(r->sh, r->setup);

	if (status)
		return complain("%s failed (status %d)", r->setup, status);
	if (!r->dev || !(r->dev->flags & DEV_UP))
		return complain("%s leaves %s down: `ip link set %s up`", r->setup, r->dev_name, r->dev_name);
	return SAME;
}

static int run_capture(struct replay *r)
{
	/* What our hosts began in the setup is in a foreign capture, too. */
	uint64_t lead_ns = r->feed.foreign ? 0 : LEAD_S * NS_PER_SEC;

	feed_start(&r->feed, r->dev, r->loop.now + lead_ns);
	end_early(r, false);
	r->loop.waiters++;
	while (!r->over && r->dev && loop_turn(&r->loop, true))
		continue;
	r->loop.waiters--;
	if (!r->dev)
		return complain("%s was deleted meanwhile", r->dev_name);
	feed_stop(&r->feed);
	if (r->feed.error[0])
		return complain("%s: %s", r->in, r->feed.error);
	return SAME;
}

/* What failed comes first. */
static int run_all(struct replay *r)
{
	int status = run_setup(r);

	if (!status)
		status = run_capture(r);
	if (!status && r->after && shell_run_file(r->sh, r->after) != CMD_OK)
		status = DIFFERENT;
	return status;
}

static int run_world(struct replay *r)
{
	struct options o = {.topology = TOPOLOGY_EMPTY};
	struct shell_options so = {.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
		.stop_at_failure = true,
		.make_lo = loopback_create};
	struct sandbox none = {0};
	struct clock clock;
	int status = UNUSABLE;

	clock_init_virtual(&clock, START_S * NS_PER_SEC);
	loop_init(&r->loop, clock);
	world_init(&r->world, &r->loop, r->seed, inet_protos);
	timer_init(&r->linger, on_linger);
	so.host = setup_hosts(&r->world, &o, &none);
	r->sh = so.host && make_device(r, so.host) ? shell_new(&r->world, &so) : NULL;
	if (r->sh) {
		status = run_all(r);
		shell_free(r->sh);
	}
	timer_cancel(&r->loop.wheel, &r->linger);
	world_exit(&r->world);
	loop_exit(&r->loop);
	return status;
}

/* ---- what came of it ---- */

static void print_counts(const struct replay *r, const char *verdict)
{
	printf("%s: %llu packets in", r->in, r->feed.read - r->feed.ours);
	if (r->feed.ours)
		printf(" (%llu of our own left out)", r->feed.ours);
	printf(", %llu out%s%s\n", r->sent, *verdict ? ": " : "", verdict);
}

static int compare(struct replay *r, FILE *got)
{
	struct diff d = {.mask = &r->mask, .out = stdout, .zero_ns = r->feed.capture_ns};
	char error[CAPTURE_ERROR_LEN];
	enum diff_result result = DIFF_UNUSABLE;

	d.expected = capture_open(r->expect, error);
	d.got = d.expected ? capture_fopen(got, "what was sent", error) : NULL;
	if (d.got) {
		result = diff_captures(&d);
		memcpy(error, d.error, sizeof(error));
	}
	if (result == DIFF_DIFFERENT)
		printf("expected were %llu packets, and %llu were sent\n", d.expected_count, d.got_count);
	if (result == DIFF_UNUSABLE)
		complain("%s", error);
	capture_reader_free(d.expected);
	capture_reader_free(d.got);
	return result == DIFF_SAME ? SAME : result == DIFF_DIFFERENT ? DIFFERENT : UNUSABLE;
}

/* From the beginning, through a descriptor of its own. */
static FILE *reopen_sent(struct replay *r)
{
	rewind(r->sent_file);
	return fdopen(dup(fileno(r->sent_file)), "rb");
}

static int judge_foreign(struct replay *r)
{
	struct foreign *fo = &r->foreign;
	unsigned long long missed;
	bool same;

	if (!r->feed.ours)
		return complain(
			"%s: we sent none of these packets; %s needs the MAC address that sent them, or give "
			"--ours ADDR",
			r->in, r->dev_name);
	same = flows_compare(&fo->expected, &fo->got, stdout);
	missed = flows_missed(&fo->expected);
	if (missed)
		printf("%llu octets of ours are not in the capture, and were not compared\n", missed);
	if (fo->left_out)
		printf("%llu packets of connections that had begun before the capture were left out\n",
			fo->left_out);
	print_counts(r, "");
	flows_count(&fo->expected, stdout);
	puts(same ? ": the same streams and states" : ": different");
	return same ? SAME : DIFFERENT;
}

static int judge(struct replay *r)
{
	int status;

	if (r->feed.foreign)
		return judge_foreign(r);
	if (!r->expect || (r->update && access(r->expect, F_OK) != 0)) {
		status = r->update ? write_file(r, r->expect) : SAME;
		print_counts(r, r->update ? "written" : "");
		return status;
	}
	status = compare(r, reopen_sent(r));
	if (status == DIFFERENT && r->update)
		status = write_file(r, r->expect);
	if (status != UNUSABLE)
		print_counts(r, status == DIFFERENT ? "different" : "as expected");
	return status;
}

static int finish(struct replay *r)
{
	int err = capture_writer_free(r->writer), status = SAME;

	r->writer = NULL;
	err = r->write_error ? r->write_error : err;
	if (err)
		return complain("a temporary file: %s", strerror(-err));
	if (r->out)
		status = write_file(r, r->out);
	return status ? status : judge(r);
}

static int replay(struct replay *r)
{
	char error[CAPTURE_ERROR_LEN];
	int status, after;

	r->feed.in = capture_open(r->in, error);
	if (!r->feed.in)
		return complain("%s", error);
	r->feed.over = on_over;
	if (!feed_open(&r->feed))
		return complain("%s", r->feed.error);
	if (!open_sent(r))
		return UNUSABLE;
	after = run_world(r);
	status = after == UNUSABLE ? UNUSABLE : finish(r);
	return MAX(status, after);
}

int replay_main(int argc, char **argv)
{
	struct replay *r = mem_new(sizeof(*r));
	int status;

	list_init(&r->early);
	foreign_init(&r->foreign);
	r->dev_name = "eth0";
	r->linger_ns = LINGER_S * NS_PER_SEC;
	r->seed = 1;
	status = read_options(r, argc, argv);
	if (status < 0)
		status = replay(r);
	end_early(r, true);
	if (r->writer)
		capture_writer_free(r->writer);
	if (r->sent_file)
		fclose(r->sent_file);
	capture_reader_free(r->feed.in);
	foreign_exit(&r->foreign);
	mask_exit(&r->mask);
	free(r);
	return status;
}
