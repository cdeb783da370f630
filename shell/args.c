/* SPDX-License-Identifier: MIT */
/* Arguments of commands: options, numbers, times, addresses. */
#include "shell/args.h"

#include "net/netif.h"
#include "net/wire_ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

void args_begin(void)
{
	optind = 0;
	opterr = 0;
}

int args_next(struct cmd *c, const char *letters, const struct option *longs)
{
	static const struct option none[] = {{0}};
	char with_colon[64];
	const char *word;
	int opt;

	/* The leading colon makes getopt tell a missing argument from an unknown letter. */
	snprintf(with_colon, sizeof(with_colon), ":%s", letters);
	opt = getopt_long(c->argc, c->argv, with_colon, longs ? longs : none, NULL);
	if (opt == -1)
		return 0;
	if (opt != '?' && opt != ':')
		return opt;
	word = c->argv[optind - 1];
	if (opt == ':')
		cmd_usage(c, "option requires an argument -- '%c'", optopt);
	else if (optopt)
		cmd_usage(c, "invalid option -- '%c'", optopt);
	else
		cmd_usage(c, "unrecognized option '%s'", word);
	return -1;
}

bool args_number(struct cmd *c, const char *text, long long min, long long max, long long *out)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno) {
		cmd_error(c, "invalid argument: '%s'", text);
		return false;
	}
	if (value < min || value > max) {
		cmd_error(c, "invalid argument: '%s': out of range: %lld <= value <= %lld", text, min, max);
		return false;
	}
	*out = value;
	return true;
}

bool args_seconds(const char *text, double max, uint64_t *ns)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= 0 && value <= max))
		return false;
	*ns = (uint64_t)llround(value * 1e9);
	return true;
}

bool args_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9}, {"h", 3600e9},
		{"d", 86400e9}};
	char *end;
	double value = strtod(text, &end);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (end == text || strcmp(end, units[i].name) != 0)
			continue;
		if (!(value >= 0 && value * units[i].ns <= 1e18))
			return false;
		*ns = (uint64_t)llround(value * units[i].ns);
		return true;
	}
	return false;
}

/* Is `addr` in a subnet of one of the host's devices? */
static bool is_neighbour(const struct stack *s, uint32_t addr)
{
	stack_each_dev(d, s) {
		netif_each_addr(a, d->netif) {
			if (((a->local ^ addr) & ip_mask(a->plen)) == 0)
				return true;
		}
	}
	return false;
}

/* The address of host `s` that `asker` would use: one next to it, else the first. */
static uint32_t address_of(const struct stack *s, const struct stack *asker)
{
	uint32_t first = 0;

	stack_each_dev(d, s) {
		netif_each_addr(a, d->netif) {
			if (d == s->lo || !netif_addr_is_usable(a))
				continue;
			if (is_neighbour(asker, a->local))
				return a->local;
			first = first ? first : a->local;
		}
	}
	return first;
}

bool args_lookup(struct cmd *c, const char *name, uint32_t *addr)
{
	const struct stack *s = stack_by_name(c->world, name);
	struct in_addr in;

	*addr = s ? address_of(s, c->host) : 0;
	if (*addr)
		return true;
	if (!s && strcmp(name, "localhost") == 0) {
		*addr = IP_LOOPBACK_NET | 1;
		return true;
	}
	if (!s && inet_aton(name, &in)) {
		*addr = ntohl(in.s_addr);
		return true;
	}
	return false;
}

bool args_address(struct cmd *c, const char *name, uint32_t *addr)
{
	bool known = args_lookup(c, name, addr);

	if (!known)
		cmd_error(c, "%s: Name or service not known", name);
	return known;
}
