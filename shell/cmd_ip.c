/* SPDX-License-Identifier: MIT */
/* `ip`, as iproute2 has it: options, objects, and what the objects share. */
#include "shell/linkkind.h"

#include "lib/text.h"
#include "shell/address.h"

#include <errno.h>
#include <stdarg.h>

/* ---- words ---- */

bool ipcmd_matches(const char *word, const char *whole)
{
	return *word && strncmp(word, whole, strlen(word)) == 0;
}

int ipcmd_read_all(struct ipcmd *ip, const struct ipcmd_word *table,
	int (*set)(struct ipcmd *ip, void *to, int id, const char *value), void *to)
{
	while (*ip->argv) {
		const char *value = *ip->argv;
		int id;
		int status = ipcmd_read(ip, table, &id, &value);

		if (!status && id == 0)
			ip->argv++;
		if (!status)
			status = set(ip, to, id, value);
		if (status)
			return status;
	}
	return 0;
}

int ipcmd_read_any(struct ipcmd *ip, const char **value)
{
	if (!*ip->argv)
		return ipcmd_fail(ip, IPCMD_SYNTAX, "Command line is not complete. Try option \"help\"");
	*value = *ip->argv++;
	return 0;
}

static bool is_word(const char *word, const struct ipcmd_word *w)
{
	if (w->abbreviated && strlen(word) >= w->abbreviated)
		return ipcmd_matches(word, w->name);
	return strcmp(word, w->name) == 0;
}

int ipcmd_read(struct ipcmd *ip, const struct ipcmd_word *table, int *id, const char **value)
{
	*id = 0;
	for (const struct ipcmd_word *w = table; *ip->argv && w->name; w++) {
		if (!is_word(*ip->argv, w))
			continue;
		ip->argv++;
		*id = w->id;
		return w->has_value ? ipcmd_read_any(ip, value) : 0;
	}
	return 0;
}

/* ---- messages ---- */

int ipcmd_fail(struct ipcmd *ip, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(ip->c->err, fmt, ap);
	va_end(ap);
	fputc('\n', ip->c->err);
	return status;
}

int ipcmd_refused(struct ipcmd *ip, int error)
{
	if (error == 0)
		return 0;
	return ipcmd_fail(ip, ip->program->refused_status, "RTNETLINK answers: %s",
		strerror(error < 0 ? -error : error));
}

int ipcmd_bad_value(struct ipcmd *ip, const char *value, const char *what)
{
	return ipcmd_fail(ip, IPCMD_SYNTAX, "Error: argument \"%s\" is wrong: %s", value, what);
}

int ipcmd_garbage(struct ipcmd *ip, const char *word)
{
	return ipcmd_fail(
		ip, IPCMD_SYNTAX, "Error: either \"dev\" is duplicate, or \"%s\" is a garbage.", word);
}

int ipcmd_no_device(struct ipcmd *ip, const char *name)
{
	return ipcmd_fail(ip, IPCMD_FAILED, "Cannot find device \"%s\"", name);
}

int ipcmd_needs_device(struct ipcmd *ip)
{
	return ipcmd_fail(ip, IPCMD_SYNTAX, "Not enough information: \"dev\" argument is required.");
}

int ipcmd_flushed(struct ipcmd *ip, size_t count, const char *what)
{
	if (ip->stats && count)
		fprintf(ip->c->out,
			"\n*** Round 1, deleting %zu %s ***\n*** Flush is complete after 1 round ***\n",
			count, what);
	else if (ip->stats)
		fputs("Nothing to flush.\n", ip->c->out);
	return CMD_OK;
}

/* ---- values ---- */

int ipcmd_device(struct ipcmd *ip, const char *name, struct dev **d)
{
	*d = dev_by_name(ip->s, name);
	return *d ? 0 : ipcmd_no_device(ip, name);
}

int ipcmd_device_name(struct ipcmd *ip, const char *value, const char *what)
{
	if (dev_name_is_valid(value))
		return 0;
	return ipcmd_fail(
		ip, IPCMD_SYNTAX, "Error: argument \"%s\" is wrong: \"%s\" not a valid ifname", value, what);
}

int ipcmd_host(struct ipcmd *ip, const char *value, struct stack **s)
{
	*s = stack_by_name(ip->c->world, value);
	return *s ? 0 : ipcmd_bad_value(ip, value, "Invalid \"netns\" value\n");
}

int ipcmd_number(struct ipcmd *ip, const char *value, const char *what, uint32_t *number)
{
	return address_parse_number(value, number) ? 0 : ipcmd_bad_value(ip, value, what);
}

int ipcmd_mac(struct ipcmd *ip, const char *value, struct mac *m)
{
	if (text_parse_mac(value, m))
		return 0;
	return ipcmd_fail(ip, IPCMD_FAILED, "\"%s\" is invalid lladdr.", value);
}

int ipcmd_on_off(struct ipcmd *ip, const char *what, const char *value, bool *on)
{
	*on = strcmp(value, "on") == 0;
	if (*on || strcmp(value, "off") == 0)
		return 0;
	return ipcmd_fail(ip, IPCMD_FAILED, "Error: argument of \"%s\" must be \"on\" or \"off\", not \"%s\"",
		what, value);
}

int ipcmd_address(struct ipcmd *ip, const char *value, uint32_t *addr)
{
	if (address_parse(value, addr))
		return 0;
	return ipcmd_fail(ip, IPCMD_FAILED, "Error: inet address is expected rather than \"%s\".", value);
}

int ipcmd_bad_prefix(struct ipcmd *ip, const char *value)
{
	return ipcmd_fail(ip, IPCMD_FAILED, "Error: any valid prefix is expected rather than \"%s\".", value);
}

int ipcmd_prefix_address(struct ipcmd *ip, const char *value, uint32_t *addr)
{
	struct prefix p;

	if (!address_parse_prefix(value, &p))
		return ipcmd_bad_prefix(ip, value);
	*addr = p.addr;
	return 0;
}

static const struct {
	uint8_t scope;
	const char *name;
} scopes[] = {
	{SCOPE_GLOBAL, "global"},
	{SCOPE_NOWHERE, "nowhere"},
	{SCOPE_HOST, "host"},
	{SCOPE_LINK, "link"},
	{SCOPE_SITE, "site"},
};

bool ipcmd_scope_parse(const char *value, uint8_t *scope)
{
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (strcmp(scopes[i].name, value) == 0) {
			*scope = scopes[i].scope;
			return true;
		}
	}
	if (!address_parse_number(value, &number) || number > 255)
		return false;
	*scope = (uint8_t)number;
	return true;
}

const char *ipcmd_scope_name(uint8_t scope, char buf[4])
{
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
		if (scopes[i].scope == scope)
			return scopes[i].name;
	snprintf(buf, 4, "%u", scope);
	return buf;
}

/* ---- objects ---- */

const struct ipcmd_entry ipcmd_objects[] = {
	{"address", &ipcmd_addr},
	{"maddress", &ipcmd_maddr},
	{"route", &ipcmd_route},
	{"neighbor", &ipcmd_neigh},
	{"neighbour", &ipcmd_neigh},
	{"link", &ipcmd_link},
	{"monitor", &ipcmd_monitor},
	{"netns", &ipcmd_netns},
	{0},
};

int ipcmd_usage(struct ipcmd *ip, const struct ipcmd_object *o)
{
	const char *lead = "Usage:";

	for (const struct ipcmd_verb *v = o->verbs; v->name; v++) {
		if (!v->usage)
			continue;
		fprintf(ip->c->err, "%s %s %s %s%s%s\n", lead, ip->program->name, o->name, v->name,
			*v->usage ? " " : "", v->usage);
		lead = "      ";
	}
	return IPCMD_SYNTAX;
}

static int run_object(struct ipcmd *ip, const struct ipcmd_object *o)
{
	const char *word = *ip->argv;

	if (!word || (!o->verbs[0].run && !ipcmd_matches(word, "help")))
		return o->otherwise(ip);
	for (const struct ipcmd_verb *v = o->verbs; v->run; v++) {
		if (ipcmd_matches(word, v->name)) {
			ip->argv++;
			return v->run(ip);
		}
	}
	if (ipcmd_matches(word, "help"))
		return ipcmd_usage(ip, o);
	return ipcmd_fail(ip, IPCMD_SYNTAX, "Command \"%s\" is unknown, try \"%s %s help\".", word,
		ip->program->name, o->name);
}

static int usage(struct ipcmd *ip)
{
	fputs(ip->program->usage, ip->c->err);
	return IPCMD_SYNTAX;
}

/* ---- options ---- */

enum {
	OPT_FAMILY = 1,
	OPT_INET,
	OPT_INET6,
	OPT_STATS,
	OPT_DETAILS,
	OPT_ONELINE,
	OPT_TIME,
	OPT_TIME_SHORT,
	OPT_BRIEF,
	OPT_JSON,
	OPT_PRETTY,
	OPT_COLOR,
	OPT_HELP,
	OPT_NETNS,
	OPT_ALL,
	OPT_NOTHING,
};

/* Beginnings will do for all of them. */
const struct ipcmd_word ipcmd_options[] = {
	{"family", OPT_FAMILY, true, 1},
	{"4", OPT_INET, false, 1},
	{"6", OPT_INET6, false, 1},
	{"statistics", OPT_STATS, false, 1},
	{"stats", OPT_STATS, false, 1},
	{"details", OPT_DETAILS, false, 1},
	{"resolve", OPT_NOTHING, false, 1},
	{"oneline", OPT_ONELINE, false, 1},
	{"timestamp", OPT_TIME, false, 1},
	{"tshort", OPT_TIME_SHORT, false, 1},
	{"force", OPT_NOTHING, false, 1},
	{"brief", OPT_BRIEF, false, 2},
	{"json", OPT_JSON, false, 1},
	{"pretty", OPT_PRETTY, false, 1},
	{"help", OPT_HELP, false, 3},
	{"netns", OPT_NETNS, true, 1},
	{"Numeric", OPT_NOTHING, false, 1},
	{"all", OPT_ALL, false, 1},
	{0},
};

static int set_family(struct ipcmd *ip, const char *family)
{
	if (strcmp(family, "inet") != 0)
		return ipcmd_fail(ip, IPCMD_FAILED,
			"ip: %s is out of scope: tapir speaks IPv4 (RFC 791) and nothing else", family);
	ip->only_inet = true;
	return 0;
}

static int set_netns(struct ipcmd *ip, const char *name)
{
	struct stack *s = stack_by_name(ip->c->world, name);

	if (!s)
		return ipcmd_fail(
			ip, IPCMD_SYNTAX, "Cannot open network namespace \"%s\": %s", name, strerror(ENOENT));
	ip->s = s;
	return 0;
}

static int set_option(struct ipcmd *ip, int id, const char *value)
{
	switch (id) {
	case OPT_FAMILY:
		return set_family(ip, value);
	case OPT_INET:
		return set_family(ip, "inet");
	case OPT_INET6:
		return set_family(ip, "inet6");
	case OPT_STATS:
		ip->stats++;
		break;
	case OPT_DETAILS:
		ip->details++;
		break;
	case OPT_ONELINE:
		ip->show.oneline = true;
		break;
	case OPT_TIME:
		ip->time = IPCMD_TIME_LONG;
		break;
	case OPT_TIME_SHORT:
		ip->time = IPCMD_TIME_SHORT;
		break;
	case OPT_BRIEF:
		ip->brief = true;
		break;
	case OPT_JSON:
		ip->show.json = true;
		break;
	case OPT_PRETTY:
		ip->show.pretty = true;
		break;
	case OPT_HELP:
		return usage(ip);
	case OPT_NETNS:
		return set_netns(ip, value);
	case OPT_ALL:
		ip->all = true;
		break;
	}
	return 0;
}

/* -c, -color, -color=auto|always|never: without a value always, as iproute2 has it. */
static bool set_color(struct ipcmd *ip, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const char *when = equals ? equals + 1 : "always";

	if (len == 0 || strncmp(word, "color", len) != 0)
		return false;
	ip->show.colored = strcmp(when, "always") == 0 || (strcmp(when, "auto") == 0 && ip->c->out_is_tty);
	return ip->show.colored || strcmp(when, "auto") == 0 || strcmp(when, "never") == 0;
}

static int read_option(struct ipcmd *ip)
{
	const char *word = *ip->argv++, *value = NULL;
	const char *name = word + (word[1] == '-' ? 2 : 1); /* --json is -json */

	if (set_color(ip, name))
		return 0;
	for (const struct ipcmd_word *o = ipcmd_options; o->name; o++) {
		if (!is_word(name, o))
			continue;
		int status = o->has_value ? ipcmd_read_any(ip, &value) : 0;
		return status ? status : set_option(ip, o->id, value);
	}
	return ipcmd_fail(
		ip, IPCMD_SYNTAX, "Option \"%s\" is unknown, try \"%s -help\".", word, ip->program->name);
}

static bool is_version(const char *word)
{
	return ipcmd_matches(word, "-Version") && word[1];
}

int ipcmd_run(struct cmd *c, const struct ipcmd_program *program)
{
	struct ipcmd ip = {
		.c = c, .program = program, .s = c->host, .argv = c->argv + 1, .show = {.out = c->out}};

	while (*ip.argv && **ip.argv == '-') {
		if (is_version(*ip.argv)) {
			fprintf(c->out, "%s\n", program->version);
			return 0;
		}
		int status = read_option(&ip);
		if (status)
			return status;
	}
	ip.show.colored = ip.show.colored && !ip.show.json;
	if (!*ip.argv || ipcmd_matches(*ip.argv, "help"))
		return usage(&ip);
	for (const struct ipcmd_entry *e = program->objects; e->word; e++) {
		if (!ipcmd_matches(*ip.argv, e->word))
			continue;
		ip.argv++;
		return run_object(&ip, e->object);
	}
	for (const char *const(*l)[2] = program->lacking; l && **l; l++)
		if (strcmp(*ip.argv, (*l)[0]) == 0)
			return ipcmd_fail(&ip, program->unknown_object_status,
				"Object \"%s\" is not there yet: %s.", (*l)[0], (*l)[1]);
	return ipcmd_fail(&ip, program->unknown_object_status, "Object \"%s\" is unknown, try \"%s help\".",
		*ip.argv, program->name);
}

static const char *const lacking[][2] = {
	{"rule", "a host of tapir has one routing table"},
	{"tuntap", "tapir attaches to TAP devices when it starts (tapir --tap NAME)"},
	{"tunnel", "tapir has no tunnels"},
	{"vrf", "a host of tapir has one routing table"},
	{"mroute", "tapir does not route multicast"},
	{"nexthop", "a route of tapir has its gateway itself"},
	{"xfrm", "tapir has no IPsec"},
	{NULL},
};

static const struct ipcmd_program program = {
	.name = "ip",
	.version = "ip utility, of tapir, after iproute2-6.1.0",
	.usage = "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n"
		 "where  OBJECT := { address | link | maddress | monitor | neighbour | netns | route }\n"
		 "       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -br[ief] | -o[neline] |\n"
		 "                    -j[son] | -p[retty] | -4 | -t[imestamp] | -ts[hort] | -n[etns] NAME |\n"
		 "                    -a[ll] | -c[olor] }\n",
	.objects = ipcmd_objects,
	.lacking = lacking,
	.unknown_object_status = IPCMD_FAILED,
	.refused_status = IPCMD_REFUSED,
};

static int run(struct cmd *c)
{
	return ipcmd_run(c, &program);
}

const struct command cmd_ip = {
	.name = "ip",
	.run = run,
	.usage = "ip [-s] [-d] [-br] [-o] [-j [-p]] [-4] [-c] [-t] [-n HOST] OBJECT [COMMAND ...]",
	.about = "devices, addresses, routes, neighbours and hosts",
	.options = "  -s        statistics (twice: more of them)\n"
		   "  -d        details\n"
		   "  -br, -o   one line for each, in columns; or simply on one line\n"
		   "  -j, -p    JSON; indented\n"
		   "  -c        in colour\n"
		   "  -t, -ts   `ip monitor`: the time of each event\n"
		   "  -n HOST   on another host, as `ip netns exec HOST ip` does\n"
		   "  -a        `ip netns exec` and `del`: on all hosts\n"
		   "  OBJECT    address, link, maddress, monitor, neighbour, netns, route; each has `help`\n",
	.example = "ip link add veth0 type veth peer name veth1 netns h2\n"
		   "ip link add link eth0 name eth0.10 type vlan id 10\n"
		   "ip addr add 10.0.1.1/24 dev veth0; ip link set veth0 up\n"
		   "ip route add default via 10.0.1.2\n"
		   "ip -br addr",
	.man = "ip(8)",
	.complete = ipcmd_complete,
};
