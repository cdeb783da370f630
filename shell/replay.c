/* SPDX-License-Identifier: MIT */
/* tapir replay: the command line, and what came of the run. */
#include "shell/replay.h"

#include "shell/args.h"
#include "shell/flows_diff.h"
#include "shell/replay_diff.h"
#include "shell/replay_run.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

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
	"  --foreign        the capture was taken of somebody else who had our addresses; see below\n"
	"  --ours ADDR,...  the same; these addresses tell which packets were ours, not the MAC address\n"
	"  --fast           packets do not wait for their times, but come one after the other\n"
	"  --all            also packets that our hosts have sent come in (a wire that reflects)\n"
	"  --linger TIME    go on for so long after the last packet (1s)\n"
	"  --after SCRIPT   commands to run in the end; that they fail counts as a difference\n"
	"  --dev NAME       the device where the packets come in (eth0)\n"
	"  --seed N         seed of all random numbers (1)\n"
	"\n"
	"Packets sent by one of our hosts, by their MAC address, do not come in (but for --all). The first "
	"packet comes a "
	"second\n"
	"after SCRIPT has ended. Times in FILE are those of the capture.\n"
	"Exit status: 0 the same, 1 different, 2 it could not be tried.\n"
	"\n"
	"A foreign capture holds both directions, as the machine's tcpdump takes them. What the peers say in "
	"it is put\n"
	"into the terms of now (our numbers, ports, timestamps), and what was ours is expected of us. Of "
	"each "
	"connection\n"
	"is compared what it carried, what was acknowledged and sent again, FIN and RST, and how it ended; "
	"of "
	"UDP and\n"
	"ICMP each message. %s"
	"\n"
	"Examples:\n"
	"  echo 'ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up' > setup\n"
	"  tapir replay in.pcap --setup setup --expect out.pcap --update\n"
	"  echo 'http www &' >> setup; tcpdump -i tap0 -w curl.pcap    # while curl fetches from 10.0.0.1\n"
	"  tapir replay curl.pcap --setup setup --ours 10.0.0.1\n";

struct replay {
	const char *expect, *out;
	bool update;
	struct mask mask;
	struct foreign foreign;
	struct replay_run run;
};

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

static bool read_linger(struct replay *r, const char *text)
{
	bool ok = args_duration(text, &r->run.linger_ns);

	if (!ok)
		replay_complain(&r->run, "--linger wants a time as 500ms or 1m, not '%s'", text);
	return ok;
}

static bool read_ours(struct replay *r, const char *text)
{
	bool ok = foreign_parse_ours(&r->foreign, text);

	r->run.feed.foreign = &r->foreign;
	if (!ok)
		replay_complain(&r->run, "--ours wants addresses as 10.0.0.1,10.0.0.2, not '%s'", text);
	return ok;
}

static bool read_option(struct replay *r, int option, const char *word)
{
	switch (option) {
	case OPT_SETUP:
		r->run.setup = optarg;
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
		return replay_read_mask(&r->run, &r->mask, optarg);
	case OPT_FOREIGN:
		r->run.feed.foreign = &r->foreign;
		return true;
	case OPT_OURS:
		return read_ours(r, optarg);
	case OPT_FAST:
		r->run.feed.fast = true;
		return true;
	case OPT_ALL:
		r->run.feed.all = true;
		return true;
	case OPT_LINGER:
		return read_linger(r, optarg);
	case OPT_AFTER:
		r->run.after = optarg;
		return true;
	case OPT_DEV:
		r->run.dev_name = optarg;
		return true;
	case OPT_SEED:
		return replay_read_seed(&r->run, optarg);
	case ':':
		replay_complain(&r->run, "%s wants an argument", word);
		return false;
	default:
		replay_complain(&r->run, "there is no option %s; try: tapir replay --help", word);
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
			return REPLAY_SAME;
		}
		if (!read_option(r, option, argv[optind - 1]))
			return REPLAY_UNUSABLE;
	}
	r->run.in = optind < argc ? argv[optind] : NULL;
	if (!r->run.in || optind + 1 < argc)
		return replay_complain(&r->run, "it wants one capture; try: tapir replay --help");
	if (!r->run.setup)
		return replay_complain(
			&r->run, "--setup SCRIPT is wanting: commands that say who gets the packets");
	if (r->update && !r->expect)
		return replay_complain(&r->run, "--update goes with --expect FILE");
	if (r->run.feed.foreign && r->expect)
		return replay_complain(
			&r->run, "--expect does not go with --foreign: the capture tells what to expect");
	return -1;
}

/* ---- what came of it ---- */

/* What was sent, as a file of that name. */
static int write_file(struct replay *r, const char *path)
{
	char block[16 << 10];
	FILE *f = fopen(path, "wbe");
	size_t n;

	rewind(r->run.sent_file);
	while (f && (n = fread(block, 1, sizeof(block), r->run.sent_file)) > 0)
		fwrite(block, 1, n, f);
	if (!f || fclose(f) != 0)
		return replay_complain(&r->run, "%s: %s", path, strerror(errno));
	return REPLAY_SAME;
}

static void print_counts(const struct replay *r, const char *verdict)
{
	printf("%s: %llu packets in", r->run.in, r->run.feed.read - r->run.feed.ours);
	if (r->run.feed.ours)
		printf(" (%llu of our own left out)", r->run.feed.ours);
	printf(", %llu out%s%s\n", r->run.sent, *verdict ? ": " : "", verdict);
}

static int compare(struct replay *r, FILE *got)
{
	struct diff d = {.mask = &r->mask, .out = stdout, .zero_ns = r->run.feed.capture_ns};
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
		replay_complain(&r->run, "%s", error);
	capture_reader_free(d.expected);
	capture_reader_free(d.got);
	return result == DIFF_SAME	   ? REPLAY_SAME
		: result == DIFF_DIFFERENT ? REPLAY_DIFFERENT
					   : REPLAY_UNUSABLE;
}

static void print_left_out(const struct foreign *fo)
{
	unsigned long long missed = flows_missed(&fo->expected);

	if (missed)
		printf("%llu octets of ours are not in the capture, and were not compared\n", missed);
	if (fo->left_out)
		printf("%llu packets of connections that had begun before the capture were left out\n",
			fo->left_out);
}

static int judge_foreign(struct replay *r)
{
	struct foreign *fo = &r->foreign;
	bool same;

	if (!r->run.feed.ours)
		return replay_complain(&r->run,
			"%s: we sent none of these packets; %s needs the MAC address that sent them, or give "
			"--ours ADDR",
			r->run.in, r->run.dev_name);
	same = flows_compare(&fo->expected, &fo->got, stdout);
	print_left_out(fo);
	print_counts(r, "");
	if (flows_count(&fo->expected, stdout) == 0 && same)
		return replay_complain(&r->run, "%s: there is nothing to compare in it", r->run.in);
	puts(same ? ": the same streams and states" : ": different");
	return same ? REPLAY_SAME : REPLAY_DIFFERENT;
}

static int judge(struct replay *r)
{
	int status;

	if (r->run.feed.foreign)
		return judge_foreign(r);
	if (!r->expect || (r->update && access(r->expect, F_OK) != 0)) {
		status = r->update ? write_file(r, r->expect) : REPLAY_SAME;
		print_counts(r, r->update ? "written" : "");
		return status;
	}
	status = compare(r, replay_reopen_sent(&r->run));
	if (status == REPLAY_DIFFERENT && r->update)
		status = write_file(r, r->expect);
	if (status != REPLAY_UNUSABLE)
		print_counts(r, status == REPLAY_DIFFERENT ? "different" : "as expected");
	return status;
}

static int finish(struct replay *r)
{
	int status = r->out ? write_file(r, r->out) : REPLAY_SAME;

	return status ? status : judge(r);
}

static int replay(struct replay *r)
{
	int after = replay_run(&r->run), status;

	status = after == REPLAY_UNUSABLE ? REPLAY_UNUSABLE : finish(r);
	return MAX(status, after);
}

int replay_main(int argc, char **argv)
{
	struct replay *r = mem_new(sizeof(*r));
	int status;

	replay_run_init(&r->run, "tapir replay");
	foreign_init(&r->foreign);
	status = read_options(r, argc, argv);
	if (status < 0)
		status = replay(r);
	replay_run_exit(&r->run);
	foreign_exit(&r->foreign);
	mask_exit(&r->mask);
	free(r);
	return status;
}
