/* SPDX-License-Identifier: MIT */
/* The command line. */
#include "shell/options.h"

#include "lib/text.h"
#include "shell/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static const char help_text[] =
	"Usage: tapir [OPTIONS] [SCRIPT...]\n"
	"       tapir attach [PID]      a second terminal on a tapir that runs\n"
	"       tapir replay CAPTURE    a capture comes in, and what goes out is compared (tapir replay "
	"--help)\n"
	"       tapir diff CAPTURE      ... to the kernel, too, and both are compared (tapir diff --help)\n"
	"       tapir --again DIR       a recorded run once more, compared\n"
	"A TCP/IP stack of its own, with a shell.\n"
	"\n"
	"Where host h1 stands:\n"
	"  (nothing)        a sandbox: a network namespace of its own with tap0, the kernel at its other "
	"end\n"
	"  --host           the same in this network namespace\n"
	"  --tap NAME       on TAP interface NAME (made if it does not exist)\n"
	"  --tun NAME       on TUN interface NAME (made if it does not exist)\n"
	"  --macvtap NAME   on macvtap interface NAME, which must exist\n"
	"  --socket PATH    behind the socket of a macvtap of another tapir (`ip -d link` there shows it)\n"
	"      --addr CIDR  ... with this address; may be repeated\n"
	"      --mac MAC    ... with this MAC address\n"
	"      --gw IP      ... with the default route by this gateway\n"
	"      --plain      ... (TAP, TUN) without virtio headers: sends no super-frames, all checksums in "
	"full\n"
	"  --empty          no device but lo\n"
	"\n"
	"What is run (nothing: a prompt, or standard input where it is no terminal):\n"
	"  -c COMMANDS      these commands\n"
	"  -f FILE, SCRIPT  the commands of a file\n"
	"  -e               stop at the first command that fails\n"
	"\n"
	"  --virtual        virtual clock: a run is a function of seed and script (implies --empty --seed "
	"1)\n"
	"  --seed N         seed of all random numbers\n"
	"  --record DIR     write down all that comes from outside, typed passwords included, and what is "
	"printed\n"
	"  --again DIR      run on what is written there alone: is all the same? Nothing of the machine is "
	"touched\n"
	"  --busy-poll US   look so many microseconds for frames before each sleep, while that pays "
	"(0: never; default 50)\n"
	"  --version, --help\n"
	"\n"
	"Examples:\n"
	"  tapir                                      then: ping 10.0.0.2   !ping -c3 10.0.0.1   help\n"
	"  tapir -c 'ping -c 3 10.0.0.2'\n"
	"  tapir --virtual lab.tapir\n"
	"  sudo tapir --tap tap0 --addr 10.0.0.1/24 --gw 10.0.0.2\n"
	"  sudo ip link add link eth0 name mvt0 type macvtap mode bridge\n"
	"  sudo tapir --macvtap mvt0 --addr 192.0.2.7/24 --gw 192.0.2.1\n"
	"  tapir --record /tmp/r -c 'ping -c 3 10.0.0.2'; tapir --again /tmp/r\n"
	"\n"
	"Exit status: that of the last command; 1 when tapir could not start; 2 for a wrong command line.\n"
	"Of --again: 0 all the same; 1 something differs; 2 the recording is of no use.\n";

enum {
	OPT_HOST = 256,
	OPT_TAP,
	OPT_TUN,
	OPT_MACVTAP,
	OPT_SOCKET,
	OPT_ADDR,
	OPT_MAC,
	OPT_GW,
	OPT_PLAIN,
	OPT_EMPTY,
	OPT_VIRTUAL,
	OPT_SEED,
	OPT_RECORD,
	OPT_AGAIN,
	OPT_BUSY_POLL,
	OPT_VERSION,
};

enum { BUSY_POLL_US = 50, BUSY_POLL_MOST_US = 10000 };

/* Explains a mistake; returns the exit status. */
static int __attribute__((format(printf, 1, 2))) wrong(const char *fmt, ...)
{
	va_list args;

	fputs("tapir: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("\nTry: tapir --help\n", stderr);
	return CMD_USAGE;
}

bool options_parse_cidr(const char *text, struct options_addr *out)
{
	char ip[TEXT_IP_LEN];
	size_t len = strcspn(text, "/");
	char *end = NULL;
	unsigned long plen = 32;

	if (text[len]) {
		plen = strtoul(text + len + 1, &end, 10);
		if (text[len + 1] < '0' || text[len + 1] > '9' || *end || plen > 32)
			return false;
	}
	if (len >= sizeof(ip))
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	out->plen = (uint8_t)plen;
	return text_parse_ip(ip, &out->ip);
}

/* ---- options that belong to the device before them ---- */

static struct options_device *last_device(struct options *o)
{
	return o->device_count ? &o->devices[o->device_count - 1] : NULL;
}

static int add_device(struct options *o, enum options_kind kind, const char *ifname)
{
	if (o->device_count == OPTIONS_DEVICES)
		return wrong("more than %d devices", OPTIONS_DEVICES);
	if (kind != DEVICE_SOCKET && (ifname[0] == '\0' || strlen(ifname) >= 16))
		return wrong("'%s' is no name of an interface: 1 to 15 characters", ifname);
	o->devices[o->device_count++] = (struct options_device){.kind = kind, .ifname = ifname};
	return -1;
}

static int add_addr(struct options_device *d, const char *text)
{
	if (d->addr_count == OPTIONS_ADDRS)
		return wrong("more than %d addresses for %s", OPTIONS_ADDRS, d->ifname);
	if (!options_parse_cidr(text, &d->addrs[d->addr_count]))
		return wrong("--addr wants an address and a prefix length, as 10.0.0.1/24, not '%s'", text);
	d->addr_count++;
	return -1;
}

static int add_mac(struct options_device *d, const char *text)
{
	if (d->kind == DEVICE_TUN)
		return wrong("--mac: a TUN device has no MAC address");
	if (!text_parse_mac(text, &d->mac) || mac_is_group(d->mac) || mac_is_zero(d->mac))
		return wrong("--mac wants a unicast MAC address, as 02:00:00:00:00:01, not '%s'", text);
	return -1;
}

static int add_gateway(struct options_device *d, const char *text)
{
	if (!text_parse_ip(text, &d->gateway) || !d->gateway)
		return wrong("--gw wants the address of a gateway, as 10.0.0.2, not '%s'", text);
	return -1;
}

static int make_plain(struct options_device *d)
{
	if (d->kind != DEVICE_TAP && d->kind != DEVICE_TUN)
		return wrong("--plain is for --tap and --tun");
	d->is_plain = true;
	return -1;
}

static int parse_of_device(struct options_device *d, int option)
{
	if (!d)
		return wrong(
			"--addr, --mac, --gw and --plain belong to the --tap, --tun, --macvtap or --socket "
			"before them, and there is none");
	switch (option) {
	case OPT_ADDR:
		return add_addr(d, optarg);
	case OPT_MAC:
		return add_mac(d, optarg);
	case OPT_GW:
		return add_gateway(d, optarg);
	default:
		return make_plain(d);
	}
}

/* ---- the others ---- */

static int set_seed(struct options *o, const char *text)
{
	char *end;

	errno = 0;
	o->seed = strtoull(text, &end, 0);
	if (errno || end == text || *end || text[0] == '-')
		return wrong("--seed wants a number from 0 to 2^64 - 1, not '%s'", text);
	o->seed_given = true;
	return -1;
}

static int set_busy_poll(struct options *o, const char *text)
{
	char *end;
	unsigned long us = strtoul(text, &end, 10);

	if (end == text || *end || text[0] == '-' || us > BUSY_POLL_MOST_US)
		return wrong(
			"--busy-poll wants microseconds from 0 to %d, not '%s'", BUSY_POLL_MOST_US, text);
	o->busy_us = us;
	return -1;
}

static void add_script(struct options *o, bool is_text, const char *text)
{
	o->scripts[o->script_count++] = (struct options_script){is_text, text};
}

static const struct option long_options[] = {
	{"host", no_argument, NULL, OPT_HOST},
	{"tap", required_argument, NULL, OPT_TAP},
	{"tun", required_argument, NULL, OPT_TUN},
	{"macvtap", required_argument, NULL, OPT_MACVTAP},
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"addr", required_argument, NULL, OPT_ADDR},
	{"mac", required_argument, NULL, OPT_MAC},
	{"gw", required_argument, NULL, OPT_GW},
	{"plain", no_argument, NULL, OPT_PLAIN},
	{"empty", no_argument, NULL, OPT_EMPTY},
	{"virtual", no_argument, NULL, OPT_VIRTUAL},
	{"seed", required_argument, NULL, OPT_SEED},
	{"record", required_argument, NULL, OPT_RECORD},
	{"again", required_argument, NULL, OPT_AGAIN},
	{"busy-poll", required_argument, NULL, OPT_BUSY_POLL},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{0},
};

struct seen {
	bool host, empty;
	unsigned options;
};

/* How the option that getopt has just looked at was written, for messages. */
static const char *as_written(char out[3], int index, char **argv)
{
	const char *word = argv[optind - 1];

	if (index >= 0 || optopt <= 0 || optopt > 255 || strncmp(word, "--", 2) == 0)
		return word;
	out[0] = '-';
	out[1] = (char)optopt;
	out[2] = '\0';
	return out;
}

static int parse_one(struct options *o, struct seen *seen, int option, const char *given)
{
	switch (option) {
	case OPT_HOST:
		seen->host = true;
		return -1;
	case OPT_EMPTY:
		seen->empty = true;
		return -1;
	case OPT_TAP:
	case OPT_TUN:
	case OPT_MACVTAP:
	case OPT_SOCKET:
		return add_device(o, (enum options_kind)(option - OPT_TAP), optarg);
	case OPT_ADDR:
	case OPT_MAC:
	case OPT_GW:
	case OPT_PLAIN:
		return parse_of_device(last_device(o), option);
	case OPT_VIRTUAL:
		o->is_virtual = true;
		return -1;
	case OPT_SEED:
		return set_seed(o, optarg);
	case OPT_RECORD:
		o->record = optarg;
		return -1;
	case OPT_AGAIN:
		o->again = optarg;
		return -1;
	case OPT_BUSY_POLL:
		return set_busy_poll(o, optarg);
	case 'c':
	case 'f':
		add_script(o, option == 'c', optarg);
		return -1;
	case 'e':
		o->stop_at_failure = true;
		return -1;
	case OPT_VERSION:
		puts("tapir " TAPIR_VERSION);
		return CMD_OK;
	case 'h':
		fputs(help_text, stdout);
		return CMD_OK;
	case ':':
		return wrong("%s wants an argument", given);
	default:
		return wrong("there is no option %s", given);
	}
}

/* What excludes what, and what follows from what. */
static int conclude(struct options *o, const struct seen *seen)
{
	if (o->again && (seen->options > 1 || o->script_count))
		return wrong("--again DIR takes nothing besides: how tapir is to be started stands in DIR");
	if (seen->host + seen->empty + !!o->device_count > 1)
		return wrong(
			"--host, --empty and devices (--tap, --tun, --macvtap, --socket) exclude each other");
	if (o->is_virtual && (seen->host || o->device_count))
		return wrong("--virtual needs devices inside tapir: the machine's (--host, --tap, --tun, "
			     "--macvtap, --socket) do not live by a virtual clock. Leave one of the two out");
	o->topology = seen->host	       ? TOPOLOGY_HOST
		: o->device_count	       ? TOPOLOGY_DEVICES
		: seen->empty || o->is_virtual ? TOPOLOGY_EMPTY
					       : TOPOLOGY_SANDBOX;
	return -1;
}

int options_draw_seed(struct options *o)
{
	if (o->seed_given)
		return -1;
	o->seed = 1;
	if (!o->is_virtual && getrandom(&o->seed, sizeof(o->seed), 0) != sizeof(o->seed))
		return wrong("no random numbers to be had from the machine; give --seed N");
	return -1;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct seen seen = {0};
	int status = -1, option;

	*o = (struct options){
		.scripts = calloc((size_t)argc + 1, sizeof(*o->scripts)), .busy_us = BUSY_POLL_US};
	if (!o->scripts)
		return wrong("no memory");
	opterr = 0;
	optind = 0;
	while (status < 0) {
		int index = -1;
		option = getopt_long(argc, argv, ":c:f:eh", long_options, &index);
		if (option < 0)
			break;
		seen.options++;
		status = parse_one(o, &seen, option, as_written((char[3]){0}, index, argv));
	}
	for (int i = optind; status < 0 && i < argc; i++)
		add_script(o, false, argv[i]);
	if (status < 0)
		status = conclude(o, &seen);
	if (status >= 0)
		options_free(o);
	return status;
}

void options_free(struct options *o)
{
	free(o->scripts);
	o->scripts = NULL;
	o->script_count = 0;
}
