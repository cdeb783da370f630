/* SPDX-License-Identifier: MIT */
/*
 * A host for a script. What --so_flags may say, in words:
 *
 *	local=192.168.0.1/16   our address
 *	mtu=1500               of the device
 *	mss=1000               what comes and is longer comes as a super-frame of such segments
 *	sysctls                the settings of the machine's network namespace, and of its tun0, are followed
 *	net.ipv4.tcp_frto=0    one of ours
 */
#include "inet.h"
#include "dev/kinds.h"
#include "ip/ip.h"
#include "lib/text.h"
#include "net/sock.h"
#include "tests/drill/drill.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void must(bool worked, const char *what)
{
	if (worked)
		return;
	fprintf(stderr, "tapir: %s\n", what);
	exit(1);
}

/* ---- what the flags say ---- */

static void set_number(const char *word, const char *value, long min, long max, uint32_t *number)
{
	char *end;
	long n = strtol(value, &end, 10);

	must(end != value && !*end && n >= min && n <= max, word);
	*number = (uint32_t)n;
}

static void add_local(struct drill *d, const char *word, char *value)
{
	struct netif_addr a = {.scope = SCOPE_GLOBAL, .label = "tun0"};
	char *slash = strchr(value, '/');
	uint32_t plen;

	must(slash, word);
	*slash = 0;
	must(text_parse_ip(value, &a.local), word);
	set_number(word, slash + 1, 1, 30, &plen);
	a.plen = (uint8_t)plen;
	a.peer = a.local;
	a.broadcast = a.local | (UINT32_MAX >> plen);
	must(netif_addr_add(wire_dev(d->wire)->netif, &a, NULL) == 0, word);
}

static void read_word(struct drill *d, char *word)
{
	char *value = strchr(word, '=');
	uint32_t number;

	if (value && strncmp(word, "local=", 6) == 0) {
		add_local(d, word, value + 1);
	} else if (value && strncmp(word, "mtu=", 4) == 0) {
		set_number(word, value + 1, DEV_MTU_MIN, DEV_MTU_MAX, &number);
		dev_set_mtu(wire_dev(d->wire), number);
	} else if (value && strncmp(word, "mss=", 4) == 0) {
		set_number(word, value + 1, 1, UINT16_MAX, &number);
		wire_set_mss(d->wire, (uint16_t)number);
	} else if (strcmp(word, "sysctls") == 0) {
		d->follow = true;
	} else {
		must(value, word);
		*value = 0;
		must(sysctl_write(d->s, word, value + 1) == 0, word);
	}
}

static void read_flags(struct drill *d, const char *flags)
{
	char *text = strdup(flags ? flags : ""), *rest;

	must(text, "memory");
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		read_word(d, word);
	free(text);
}

/* ---- settings ---- */

static bool read_file(const char *path, char *text, size_t room)
{
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(text, 1, room - 1, f) : 0;

	if (f)
		fclose(f);
	text[len] = 0;
	return len > 0;
}

static bool is_off(int fd, uint32_t what)
{
	struct ethtool_value value = {.cmd = what};
	struct ifreq ifr = {.ifr_name = "tun0", .ifr_data = (void *)&value};

	return ioctl(fd, SIOCETHTOOL, &ifr) == 0 && !value.data;
}

/* `ethtool -K tun0 tso off` (or gso): the script wants segments one by one. */
static void follow_offload(struct drill *d)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd >= 0 && (is_off(fd, ETHTOOL_GTSO) || is_off(fd, ETHTOOL_GGSO)))
		wire_dev(d->wire)->features &= ~(unsigned)DEV_CAN_GSO;
	close(fd);
}

/* `tc qdisc add dev tun0 root pfifo limit 0`: nothing gets out. */
static void follow_qdisc(struct drill *d)
{
	FILE *f = popen("tc qdisc show dev tun0 root 2>/dev/null", "r");
	char line[256] = "";

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		;
	wire_refuse(d->wire, strstr(line, " limit 0p"));
	pclose(f);
}

/* Where Linux has no such setting, or a value that ours cannot take, ours stays. */
static void follow_sysctls(struct drill *d)
{
	const char *last = "";

	for (int i = 0; i < SYSCTL_COUNT; i++) {
		const char *name = sysctl_hosts[i].name;
		char path[128], text[SYSCTL_TEXT_LEN];

		if (strcmp(name, last) == 0)
			continue;
		last = name;
		snprintf(path, sizeof(path), "/proc/sys/%s", name);
		for (char *c = path; *c; c++)
			if (*c == '.')
				*c = '/';
		if (read_file(path, text, sizeof(text)))
			sysctl_write(d->s, name, text);
	}
}

void drill_follow(struct drill *d)
{
	if (!d->follow)
		return;
	follow_sysctls(d);
	follow_offload(d);
	follow_qdisc(d);
}

/* ---- the host ---- */

/* The script's hosts are all behind the device. */
static void add_default_route(struct drill *d)
{
	struct route r = {.type = ROUTE_UNICAST,
		.scope = SCOPE_LINK,
		.origin = ROUTE_BY_STATIC,
		.netif = wire_dev(d->wire)->netif};

	must(route_add(d->s, &r, false) == 0, "route");
}

struct drill *drill_new(const char *flags)
{
	struct drill *d = calloc(1, sizeof(*d));
	struct clock clock;

	must(d, "memory");
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	d->main = pthread_self();
	list_init(&d->sleepers);
	clock_init_virtual(&clock, 1000 * NS_PER_SEC);
	loop_init(&d->loop, clock);
	world_init(&d->world, &d->loop, 1, inet_protos);
	d->s = stack_new(&d->world, "drill", loopback_create);
	must(d->s && dev_set_up(d->s->lo, true) == 0 && wire_create(d->s, "tun0", &d->wire) == 0 &&
			dev_set_up(wire_dev(d->wire), true) == 0,
		"memory");
	read_flags(d, flags);
	add_default_route(d);
	drill_settle(d);
	return d;
}

void drill_free(struct drill *d)
{
	for (int fd = 0; fd < DRILL_FDS; fd++)
		if (d->files[fd])
			drill_forget(d, fd);
	world_exit(&d->world); /* which insists that every packet came back */
	loop_exit(&d->loop);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
