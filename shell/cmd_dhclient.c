/* SPDX-License-Identifier: MIT */
/* dhclient, in the manner of ISC's on Debian, and udhcpc, in that of busybox. */
#include "lib/clock.h"
#include "lib/text.h"
#include "net/netif.h"
#include "shell/args.h"
#include "shell/dhclient.h"

/* ---- what dhclient says ---- */

/* Until then it will be renewed. */
static unsigned long long renewal_s(const struct dhcp_client_event *e)
{
	return e->lease->t1_ns == TIMER_NEVER ? UINT32_MAX : (e->lease->t1_ns - e->now_ns) / NS_PER_SEC;
}

static void dhclient_sent(FILE *out, const char *dev, const struct dhcp_client_event *e)
{
	const char *to = TEXT_IP(e->peer);

	if (e->type == DHCP_DISCOVER)
		fprintf(out, "DHCPDISCOVER on %s to %s port 67 interval %u\n", dev, to, e->interval_s);
	else
		fprintf(out, "%s %s %s on %s to %s port 67\n", dhcp_type_name(e->type),
			e->type == DHCP_REQUEST ? "for" : "of", TEXT_IP(e->addr), dev, to);
}

static void dhclient_heard(FILE *out, const struct dhcp_client_event *e)
{
	if (e->type != DHCP_NAK)
		fprintf(out, "%s of %s from %s\n", dhcp_type_name(e->type), TEXT_IP(e->addr),
			TEXT_IP(e->peer));
	else
		fprintf(out, "DHCPNAK from %s%s%s\n", TEXT_IP(e->peer), e->text[0] ? ": " : "", e->text);
}

static void dhclient_say(FILE *out, const char *dev, const struct dhcp_client_event *e)
{
	switch (e->what) {
	case DHCP_CLIENT_SENT:
		dhclient_sent(out, dev, e);
		break;
	case DHCP_CLIENT_HEARD:
		dhclient_heard(out, e);
		break;
	case DHCP_CLIENT_CANNOT:
		fprintf(out, "send_packet: %s\n", strerror(e->error));
		break;
	case DHCP_CLIENT_TAKEN:
		fprintf(out, "%s is in use on %s by %s.\n", TEXT_IP(e->addr), dev, TEXT_MAC(e->mac));
		break;
	case DHCP_CLIENT_BOUND:
		fprintf(out, "bound to %s -- renewal in %llu seconds.\n", TEXT_IP(e->lease->addr),
			renewal_s(e));
		break;
	case DHCP_CLIENT_SILENT:
		fputs("No DHCPOFFERS received.\n", out);
		fputs(e->last ? "Unable to obtain a lease on first try.  Exiting.\n"
			      : "No working leases in persistent database - sleeping.\n",
			out);
		break;
	default:
		break;
	}
}

/* ---- its command line ---- */

enum dhclient_option {
	VERBOSE,
	QUIET,
	FOREGROUND,
	ONCE,
	RELEASE,
	EXIT,
	NOWAIT,
	NOTHING,
	NOTHING_VALUE,
	LACKING,
	UNKNOWN
};

/* Options of more than one letter begin with one dash. */
static enum dhclient_option option_of(const char *word)
{
	static const struct {
		const char *word;
		enum dhclient_option option;
	} known[] = {{"-v", VERBOSE}, {"-q", QUIET}, {"-d", FOREGROUND}, {"-1", ONCE}, {"-r", RELEASE},
		{"-x", EXIT}, {"-nw", NOWAIT}, {"-4", NOTHING}, {"-i", NOTHING}, {"-I", NOTHING},
		{"-w", NOTHING}, {"--no-pid", NOTHING}, {"-pf", NOTHING_VALUE}, {"-lf", NOTHING_VALUE},
		{"-df", NOTHING_VALUE}, {"-6", LACKING}, {"-sf", LACKING}, {"-cf", LACKING}, {"-s", LACKING},
		{"-p", LACKING}, {"-e", LACKING}, {"-D", LACKING}, {"-S", LACKING}, {"-N", LACKING},
		{"-P", LACKING}, {"-T", LACKING}, {"-R", LACKING}};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(word, known[i].word) == 0)
			return known[i].option;
	return UNKNOWN;
}

static int take_option(
	struct cmd *c, const char *word, enum dhclient_option option, struct dhclient_manner *how)
{
	switch (option) {
	case VERBOSE:
		how->quiet = false;
		break;
	case QUIET:
		how->quiet = true;
		break;
	case FOREGROUND:
		how->foreground = true;
		how->quiet = false;
		break;
	case ONCE:
		how->once = true;
		break;
	case NOWAIT:
		how->background = true;
		break;
	case LACKING:
		return cmd_error(c, "%s: tapir's dhclient has no such thing%s", word,
			strcmp(word, "-6") == 0 ? ": there is no IPv6 yet" : "");
	case UNKNOWN:
		return cmd_usage(c, "Unknown command: %s", word);
	default:
		break;
	}
	return 0;
}

struct dhclient_line {
	struct dhclient_manner how;
	bool release, exit;
	int count;
};

/* The devices that are named are moved to the front of argv, behind its name. */
static int read_line(struct cmd *c, struct dhclient_line *line)
{
	int status = 0;

	for (int i = 1; i < c->argc && !status; i++) {
		enum dhclient_option option = option_of(c->argv[i]);

		if (c->argv[i][0] != '-') {
			c->argv[1 + line->count++] = c->argv[i];
			continue;
		}
		line->release |= option == RELEASE;
		line->exit |= option == EXIT;
		status = take_option(c, c->argv[i], option, &line->how);
		if (option == NOTHING_VALUE)
			i++;
	}
	return status;
}

/* ---- running ---- */

static void say_listening(struct cmd *c, const struct dev *d)
{
	fprintf(c->err, "Listening on LPF/%s/%s\nSending on   LPF/%s/%s\n", d->name, TEXT_MAC(d->mac),
		d->name, TEXT_MAC(d->mac));
	fputs("Sending on   Socket/fallback\n", c->err);
}

static bool start(struct cmd *c, struct dev *d, const struct dhclient_manner *how)
{
	if (!how->quiet)
		say_listening(c, d);
	return dhclient_start(c, d, how);
}

/* Without a name: on all Ethernet devices. */
static unsigned start_all(struct cmd *c, const struct dhclient_line *line)
{
	unsigned started = 0;

	for (int i = 0; i < line->count; i++) {
		struct dev *d = dev_by_name(c->host, c->argv[1 + i]);

		if (d)
			started += start(c, d, &line->how);
		else
			fprintf(c->err, "Cannot find device \"%s\"\n", c->argv[1 + i]);
	}
	if (line->count)
		return started;
	stack_each_dev(d, c->host)
		if (d->type == DEV_ETHER)
			started += start(c, d, &line->how);
	if (!started)
		fputs("No broadcast interfaces found - exiting.\n", c->err);
	return started;
}

static int end_all(struct cmd *c, struct dhclient_line *line)
{
	line->how.releases = line->release;
	for (int i = 0; i < line->count; i++)
		dhclient_end(c, c->argv[1 + i], &line->how);
	if (!line->count)
		dhclient_end(c, NULL, &line->how);
	return CMD_OK;
}

static int run_dhclient(struct cmd *c)
{
	struct dhclient_line line = {
		.how = {.say = dhclient_say, .quiet = true, .probes = true, .failed = 2}};
	int status = read_line(c, &line);

	if (status)
		return status;
	if (line.release || line.exit)
		return end_all(c, &line);
	if (!start_all(c, &line))
		return CMD_FAILED;
	return line.how.background ? CMD_OK : CMD_RUNNING;
}

/* ---- udhcpc ---- */

static void udhcpc_sent(FILE *out, const struct dhcp_client_event *e)
{
	if (e->type == DHCP_DISCOVER)
		fputs("udhcpc: broadcasting discover\n", out);
	else if (e->type == DHCP_REQUEST && e->peer != UINT32_MAX)
		fprintf(out, "udhcpc: sending renew to server %s\n", TEXT_IP(e->peer));
	else if (e->type == DHCP_REQUEST && e->server)
		fprintf(out, "udhcpc: broadcasting select for %s, server %s\n", TEXT_IP(e->addr),
			TEXT_IP(e->server));
	else if (e->type == DHCP_REQUEST)
		fputs("udhcpc: broadcasting renew\n", out);
	else if (e->type == DHCP_DECLINE)
		fputs("udhcpc: broadcasting decline\n", out);
	else if (e->type == DHCP_RELEASE)
		fprintf(out, "udhcpc: unicasting a release of %s to %s\n", TEXT_IP(e->addr),
			TEXT_IP(e->peer));
}

static void udhcpc_say(FILE *out, const char *dev, const struct dhcp_client_event *e)
{
	(void)dev;
	switch (e->what) {
	case DHCP_CLIENT_SENT:
		udhcpc_sent(out, e);
		break;
	case DHCP_CLIENT_HEARD:
		if (e->type == DHCP_NAK)
			fprintf(out, "udhcpc: received DHCP NAK%s%s\n", e->text[0] ? ": " : "", e->text);
		break;
	case DHCP_CLIENT_CANNOT:
		fprintf(out, "udhcpc: sendto: %s\n", strerror(e->error));
		break;
	case DHCP_CLIENT_TAKEN:
		fputs("udhcpc: offered address is in use (got ARP reply), declining\n", out);
		break;
	case DHCP_CLIENT_BOUND:
		fprintf(out, "udhcpc: lease of %s obtained from %s, lease time %u\n", TEXT_IP(e->lease->addr),
			TEXT_IP(e->lease->server), e->lease->lease_s);
		break;
	case DHCP_CLIENT_LOST:
		fputs("udhcpc: lease lost, entering init state\n", out);
		break;
	case DHCP_CLIENT_SILENT:
		fprintf(out, "udhcpc: no lease%s\n", e->last ? ", failing" : "");
		break;
	default:
		break;
	}
}

static void take_letter(struct dhclient_manner *how, int opt)
{
	switch (opt) {
	case 'a':
		how->probes = true;
		break;
	case 'b':
		how->patient = false;
		break;
	case 'f':
		how->foreground = true;
		break;
	case 'n':
		how->once = true;
		break;
	case 'R':
		how->releases = true;
		break;
	}
}

static int run_udhcpc(struct cmd *c)
{
	struct dhclient_manner how = {.say = udhcpc_say, .patient = true, .failed = CMD_FAILED};
	const char *name = "eth0";
	struct dev *d;
	int opt;

	args_begin();
	while ((opt = args_next(c, "a::bfi:nqRSv", NULL)) > 0) {
		if (opt == 'i')
			name = optarg;
		take_letter(&how, opt);
	}
	if (opt < 0)
		return CMD_USAGE;
	d = dev_by_name(c->host, name);
	if (!d)
		return cmd_error(c, "ioctl 0x8933 failed: No such device");
	fputs("udhcpc: started\n", c->err);
	return dhclient_start(c, d, &how) ? CMD_RUNNING : CMD_FAILED;
}

const struct command cmd_dhclient = {
	.name = "dhclient",
	.run = run_dhclient,
	.usage = "dhclient [-v] [-q] [-d] [-1] [-nw] [-r] [-x] [DEVICE...]",
	.about = "get an address by DHCP, and keep it",
	.options =
		"  -v    say what is sent and heard\n"
		"  -1    try once: without an offer in a minute the status is 2\n"
		"  -d    stay in the foreground until ^C;  -nw: do not wait for an address\n"
		"  -r    give the address back (DHCPRELEASE);  -x: drop it without a word\n"
		"It brings the device up (without a name: all Ethernet devices), probes the address by ARP\n"
		"(RFC 5227: 4 to 7 seconds), sets it with routes, MTU and name servers (cat "
		"/etc/resolv.conf), and\n"
		"goes on in the background. Without an offer in a minute it tries again every five.\n"
		"-pf, -lf and -df with their files are taken, and mean nothing here.",
	.example = "dhclient -v eth0\ndhclient -r eth0",
	.man = "dhclient(8)",
	.complete = complete_devices,
};

const struct command cmd_udhcpc = {
	.name = "udhcpc",
	.run = run_udhcpc,
	.usage = "udhcpc [-abfnqR] [-i DEVICE]",
	.about = "dhclient with the options and words of busybox's client",
	.options = "  -i DEVICE   eth0 unless another one is named\n"
		   "  -n          leave without an offer in a minute;  -b: go on in the background then\n"
		   "  -a          probe the address by ARP before it is used\n"
		   "  -f          stay in the foreground until ^C;  -R: give the address back then\n"
		   "-q is taken, but there is always somebody in the background who renews the lease "
		   "(dhclient -x ends it).",
	.example = "udhcpc -i eth0 -n",
	.man = "udhcpc(8)",
	.complete = complete_devices,
};
