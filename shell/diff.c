/* SPDX-License-Identifier: MIT */
/* tapir diff: the command line, tapir's part, the kernel's part. */
#include "shell/diff.h"

#include "shell/args.h"
#include "shell/diff_play.h"
#include "shell/replay_run.h"
#include "shell/sockets.h"

#include <errno.h>
#include <stdlib.h>

enum { GAP_S = 10 };

static const char usage[] =
	"Usage: tapir diff IN.pcap --setup SCRIPT [OPTIONS]\n"
	"The packets of a capture come to a host of tapir's, under the virtual clock, and to the kernel\n"
	"in a network namespace of its own, by a TAP interface. The first packet that they do not answer\n"
	"alike is shown.\n"
	"\n"
	"  --setup SCRIPT         commands that set up the host: addresses, routes, servers with &; for\n"
	"                         the kernel the machine's sh runs them\n"
	"  --kernel-setup SCRIPT  ... these instead, where SCRIPT has commands that only tapir has\n"
	"  --mask LIST            more fields that may differ, as for tapir replay\n"
	"  --keep-going           show every packet that is answered differently\n"
	"  --gap TIME             no time between packets is longer (10s)\n"
	"  --dev NAME             the device where the packets come in (eth0)\n"
	"  --seed N               seed of tapir's random numbers (1)\n"
	"\n"
	"IN.pcap holds what peers sent to tapir's host, as for tapir replay: what they acknowledge is what\n"
	"tapir sends with this seed. For the kernel sequence numbers, timestamps and ports are translated.\n"
	"Never compared are IP identifications, checksums, padding, clocks, and PSH. What timers bring is\n"
	"compared where both send it, but not missed, since the kernel's time is real.\n"
	"It needs root, or user namespaces, and /dev/net/tun.\n"
	"Exit status: 0 no difference, 1 different, 2 it could not be tried.\n"
	"\n"
	"Example:\n"
	"  echo 'ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up; nc -k -l 80 &' > setup\n"
	"  tapir diff in.pcap --setup setup\n";

/* What says nothing of how a stack behaves. Lengths follow from what is there. */
static const char never_compared[] = "eth.padding,ip.hdr_len,ip.len,ipid,csum,tcp.hdr_len,"
				     "tcp.options.timestamp.tsval,"
				     "icmp.receive_timestamp,icmp.transmit_timestamp";

struct diff_run {
	const char *kernel_setup;
	struct mask mask;
	struct replay_run run;
	uint64_t gap_ns;
	bool keep_going;
	struct diff_match match;
	struct diff_kernel kernel;
	struct diff_port *ports; /* where tapir's programs wait when the capture begins */
	size_t port_count;
};

/* ---- the command line ---- */

enum { OPT_SETUP = 256, OPT_KERNEL_SETUP, OPT_MASK, OPT_KEEP_GOING, OPT_GAP, OPT_DEV, OPT_SEED };

static const struct option long_options[] = {
	{"setup", required_argument, NULL, OPT_SETUP},
	{"kernel-setup", required_argument, NULL, OPT_KERNEL_SETUP},
	{"mask", required_argument, NULL, OPT_MASK},
	{"keep-going", no_argument, NULL, OPT_KEEP_GOING},
	{"gap", required_argument, NULL, OPT_GAP},
	{"dev", required_argument, NULL, OPT_DEV},
	{"seed", required_argument, NULL, OPT_SEED},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static bool read_gap(struct diff_run *d, const char *text)
{
	bool ok = args_duration(text, &d->gap_ns);

	if (!ok)
		replay_complain(&d->run, "--gap wants a time as 500ms or 1m, not '%s'", text);
	return ok;
}

static bool read_option(struct diff_run *d, int option, const char *word)
{
	switch (option) {
	case OPT_SETUP:
		d->run.setup = optarg;
		return true;
	case OPT_KERNEL_SETUP:
		d->kernel_setup = optarg;
		return true;
	case OPT_MASK:
		return replay_read_mask(&d->run, &d->mask, optarg);
	case OPT_KEEP_GOING:
		d->keep_going = true;
		return true;
	case OPT_GAP:
		return read_gap(d, optarg);
	case OPT_DEV:
		d->run.dev_name = optarg;
		return true;
	case OPT_SEED:
		return replay_read_seed(&d->run, optarg);
	case ':':
		replay_complain(&d->run, "%s wants an argument", word);
		return false;
	default:
		replay_complain(&d->run, "there is no option %s; try: tapir diff --help", word);
		return false;
	}
}

/* -1: go on. */
static int read_options(struct diff_run *d, int argc, char **argv)
{
	int option;

	args_begin();
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) >= 0) {
		if (option == 'h') {
			fputs(usage, stdout);
			return REPLAY_SAME;
		}
		if (!read_option(d, option, argv[optind - 1]))
			return REPLAY_UNUSABLE;
	}
	d->run.in = optind < argc ? argv[optind] : NULL;
	if (!d->run.in || optind + 1 < argc)
		return replay_complain(&d->run, "it wants one capture; try: tapir diff --help");
	if (!d->run.setup)
		return replay_complain(
			&d->run, "--setup SCRIPT is wanting: commands that say who gets the packets");
	if (!d->kernel_setup)
		d->kernel_setup = d->run.setup;
	return -1;
}

/* ---- tapir's part ---- */

/* TCP sockets that listen, and UDP sockets that anybody may write to. */
static void on_socket(void *ctx, const struct socket_row *row)
{
	struct diff_run *d = ctx;
	bool is_tcp = row->kind == SOCKET_TCP;

	if (is_tcp ? row->end.state != TCP_LISTEN : row->end.state != TCP_CLOSED)
		return;
	d->ports = mem_resize(d->ports, (d->port_count + 1) * sizeof(*d->ports));
	d->ports[d->port_count++] = (struct diff_port){is_tcp, row->end.local_port};
}

/* What the kernel's host is to have as tapir's has it when the first packet comes. */
static void look_at_host(struct diff_run *d, struct stack *s)
{
	for (size_t i = 0; i < DIFF_SETTINGS; i++)
		sysctl_read(s, diff_settings[i], d->kernel.settings[i]);
	sockets_each(s, 1u << SOCKET_TCP | 1u << SOCKET_UDP, on_socket, d);
}

/* A packet that tapir gets. */
static void on_came(struct feed *f)
{
	struct replay_run *run = CONTAINER_OF(f, struct replay_run, feed);
	struct diff_run *d = CONTAINER_OF(run, struct diff_run, run);
	struct capture_packet p = f->next;

	if (!d->match.input_count)
		look_at_host(d, run->dev->stack);
	p.ts_ns = feed_time_ns(f, run->loop.now);
	diff_add_input(&d->match, f->read, &p);
}

/* The setup is over. */
static void on_begin(struct replay_run *run)
{
	CONTAINER_OF(run, struct diff_run, run)->kernel.mac = run->dev->mac;
}

static int read_answers(struct diff_run *d)
{
	char error[CAPTURE_ERROR_LEN];
	FILE *f = replay_reopen_sent(&d->run);
	struct capture_reader *r = f ? capture_fopen(f, "what tapir sent", error) : NULL;
	struct capture_packet p;

	if (!r)
		return replay_complain(&d->run, "%s", f ? error : strerror(errno));
	while (capture_read(r, &p) == CAPTURE_PACKET)
		diff_add_answer(&d->match, &p);
	capture_reader_free(r);
	return REPLAY_SAME;
}

static int ask_tapir(struct diff_run *d)
{
	int status;

	d->run.feed.came = on_came;
	d->run.begins = on_begin;
	status = replay_run(&d->run);
	return status ? status : read_answers(d);
}

/* ---- the kernel's part ---- */

static int ask_kernel(struct diff_run *d)
{
	struct diff_play play = {&d->match, &d->kernel, d->gap_ns, d->keep_going};
	struct diff_match *m = &d->match;
	int err;

	d->kernel.ifname = d->run.dev_name;
	d->kernel.setup = d->kernel_setup;
	d->kernel.is_tun = d->run.feed.linktype == LINKTYPE_RAW;
	if (!diff_kernel_open(&d->kernel) || !diff_kernel_await(&d->kernel, d->ports, d->port_count))
		return replay_complain(&d->run, "%s", d->kernel.why);
	m->mask = &d->mask;
	m->out = stdout;
	diff_begin(m);
	err = diff_play(&play);
	if (err)
		return replay_complain(&d->run, "%s: %s", d->run.dev_name, strerror(-err));
	printf("%s: %zu packets in, %zu out by tapir, %llu by the kernel: %s\n", d->run.in, m->input_count,
		m->answer_count, m->kernel_count, m->differences ? "different" : "no difference");
	return m->differences ? REPLAY_DIFFERENT : REPLAY_SAME;
}

static int ask_both(struct diff_run *d)
{
	int status = ask_tapir(d);

	return status ? status : ask_kernel(d);
}

static void end(struct diff_run *d)
{
	diff_end(&d->match);
	free(d->ports);
	mask_exit(&d->mask);
	replay_run_exit(&d->run);
	free(d);
}

int diff_main(int argc, char **argv)
{
	struct diff_run *d = mem_new(sizeof(*d));
	int status;

	replay_run_init(&d->run, "tapir diff");
	diff_init(&d->match);
	d->gap_ns = GAP_S * NS_PER_SEC;
	d->kernel.fd = -1;
	replay_read_mask(&d->run, &d->mask, never_compared);
	status = read_options(d, argc, argv);
	if (status < 0)
		status = ask_both(d);
	diff_kernel_close(&d->kernel);
	end(d);
	return status;
}
