/* SPDX-License-Identifier: MIT */
/* `brctl`, as bridge-utils has it: what tutorials type. Words, messages and tables are its own. */
#include "shell/bridgecmd.h"

#include "lib/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

struct brctl {
	struct cmd *c;
	char **argv; /* what follows the command's name */
};

/* ---- saying what is wrong ---- */

static int fail(const struct brctl *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(const struct brctl *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(k->c->err, fmt, ap);
	va_end(ap);
	fputc('\n', k->c->err);
	return CMD_FAILED;
}

static int no_bridge(const struct brctl *k, const char *name)
{
	return fail(k, "bridge %s does not exist!", name);
}

/* Settings of a bridge or port that is none: "set ageing time failed: No such device". */
static int failed(const struct brctl *k, const char *what, int error)
{
	return fail(k, "%s failed: %s", what, strerror(error));
}

/* ---- words ---- */

static struct bridge *find_bridge(const struct brctl *k, const char *name)
{
	struct dev *d = dev_by_name(k->c->host, name);

	return d ? bridge_of(d) : NULL;
}

/* The port of this bridge, or NULL. */
static struct bridge_port *find_port(const struct brctl *k, const struct bridge *b, const char *name)
{
	struct dev *d = dev_by_name(k->c->host, name);
	struct bridge_port *port = d ? bridge_port_of(d) : NULL;

	return port && port->bridge == b ? port : NULL;
}

static bool read_on_off(const char *word, bool *on)
{
	static const char *const yes[] = {"on", "yes", "1"}, *const no[] = {"off", "no", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		*on = strcmp(word, yes[i]) == 0;
		if (*on || strcmp(word, no[i]) == 0)
			return true;
	}
	return false;
}

/* Seconds, with fractions. */
static bool read_seconds(const char *word, uint64_t *ns)
{
	char *end;
	double seconds = strtod(word, &end);

	if (end == word || *end || !(seconds >= 0 && seconds <= UINT32_MAX))
		return false;
	*ns = (uint64_t)llround(seconds * (double)NS_PER_SEC);
	return true;
}

static bool read_number(const char *word, unsigned long most, unsigned long *number)
{
	char *end;

	*number = strtoul(word, &end, 0);
	return end != word && !*end && *word != '-' && *number <= most;
}

/* ---- bridges and ports ---- */

static int addbr(struct brctl *k)
{
	int err = bridge_create(k->c->host, k->argv[0], &(struct dev_config){0});

	if (err == -EEXIST)
		return fail(
			k, "device %s already exists; can't create bridge with the same name", k->argv[0]);
	return err ? fail(k, "add bridge failed: %s", strerror(-err)) : CMD_OK;
}

static int delbr(struct brctl *k)
{
	const char *name = k->argv[0];
	struct dev *d = dev_by_name(k->c->host, name);

	if (!d)
		return fail(k, "bridge %s doesn't exist; can't delete it", name);
	if (!bridge_of(d))
		return fail(k, "can't delete bridge %s: %s", name, strerror(EPERM));
	if (d->flags & DEV_UP)
		return fail(k, "bridge %s is still up; can't delete it", name);
	dev_unregister(d);
	return CMD_OK;
}

static int add_one(const struct brctl *k, struct bridge *b, const char *name)
{
	struct dev *d = dev_by_name(k->c->host, name);

	if (!d)
		return fail(k, "interface %s does not exist!", name);
	int err = d->master ? -EBUSY : dev_set_master(d, &b->dev);
	if (err == -EBUSY)
		return fail(k, "device %s is already a member of a bridge; can't add it to bridge %s.", name,
			b->dev.name);
	if (err == -ELOOP)
		return fail(k,
			"device %s is a bridge device itself; can't add a bridge device to a bridge device.",
			name);
	return err ? fail(k, "can't add %s to bridge %s: %s", name, b->dev.name, strerror(-err)) : CMD_OK;
}

static int del_one(const struct brctl *k, struct bridge *b, const char *name)
{
	struct dev *d = dev_by_name(k->c->host, name);

	if (!d)
		return fail(k, "interface %s does not exist!", name);
	if (d->master != &b->dev)
		return fail(k, "device %s is not a port of %s", name, b->dev.name);
	dev_set_master(d, NULL);
	return CMD_OK;
}

/* The first word is the bridge; the others are devices, up to one that fails. */
static int each_device(struct brctl *k, int (*fn)(const struct brctl *k, struct bridge *b, const char *name))
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	int status = CMD_OK;

	if (!b)
		return no_bridge(k, k->argv[0]);
	for (char **name = k->argv + 1; *name && status == CMD_OK; name++)
		status = fn(k, b, *name);
	return status;
}

static int addif(struct brctl *k)
{
	return each_device(k, add_one);
}

static int delif(struct brctl *k)
{
	return each_device(k, del_one);
}

/* ---- settings of a bridge ---- */

/* One word in seconds, for the setting that `field` picks. */
static int set_time(
	struct brctl *k, const char *what, const char *done, uint64_t *(*field)(struct bridge_settings *s))
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	struct bridge_settings s;
	uint64_t ns;

	if (!read_seconds(k->argv[1], &ns))
		return fail(k, "bad %s value", what);
	if (!b)
		return failed(k, done, ENODEV);
	s = b->settings;
	*field(&s) = ns;
	bridge_change(b, &s);
	return CMD_OK;
}

static uint64_t *ageing(struct bridge_settings *s)
{
	return &s->ageing_ns;
}

static uint64_t *forward_delay(struct bridge_settings *s)
{
	return &s->forward_delay_ns;
}

static uint64_t *hello(struct bridge_settings *s)
{
	return &s->hello_ns;
}

static uint64_t *max_age(struct bridge_settings *s)
{
	return &s->max_age_ns;
}

static int setageing(struct brctl *k)
{
	return set_time(k, "ageing time", "set ageing time", ageing);
}

static int setfd(struct brctl *k)
{
	return set_time(k, "forward delay", "set forward delay", forward_delay);
}

static int sethello(struct brctl *k)
{
	return set_time(k, "hello timer", "set hello timer", hello);
}

static int setmaxage(struct brctl *k)
{
	return set_time(k, "max age", "set max age", max_age);
}

static int setbridgeprio(struct brctl *k)
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	unsigned long priority;

	if (!read_number(k->argv[1], UINT16_MAX, &priority))
		return fail(k, "bad priority");
	if (!b)
		return failed(k, "set bridge priority", ENODEV);
	b->settings.priority = (uint16_t)priority;
	return CMD_OK;
}

static int stp(struct brctl *k)
{
	bool on;

	if (!read_on_off(k->argv[1], &on))
		return fail(k, "expect on/off for argument");
	if (!find_bridge(k, k->argv[0]))
		return failed(k, "set stp status", ENODEV);
	return on ? fail(k, "stp on: not yet: tapir's bridges have no spanning tree") : CMD_OK;
}

/* ---- settings of a port ---- */

static int hairpin(struct brctl *k)
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	struct bridge_port *port = b ? find_port(k, b, k->argv[1]) : NULL;
	bool on;

	if (!read_on_off(k->argv[2], &on))
		return fail(k, "expect on/off for argument");
	if (!port)
		return fail(k, "can't set %s to hairpin on bridge %s: %s", k->argv[1], k->argv[0],
			strerror(b ? ENOENT : ENODEV));
	port->flags = on ? port->flags | BRIDGE_HAIRPIN : port->flags & ~(unsigned)BRIDGE_HAIRPIN;
	return CMD_OK;
}

static int setpathcost(struct brctl *k)
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	struct bridge_port *port = b ? find_port(k, b, k->argv[1]) : NULL;
	unsigned long cost;

	if (!read_number(k->argv[2], UINT16_MAX, &cost) || !cost)
		return fail(k, "bad path cost value");
	if (!port)
		return failed(k, "set path cost", b ? ENOENT : ENODEV);
	port->cost = (uint16_t)cost;
	return CMD_OK;
}

static int setportprio(struct brctl *k)
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	struct bridge_port *port = b ? find_port(k, b, k->argv[1]) : NULL;
	unsigned long priority;

	if (!read_number(k->argv[2], 63, &priority))
		return fail(k, "bad path priority value");
	if (!port)
		return failed(k, "set port priority", b ? ENOENT : ENODEV);
	port->priority = (uint8_t)priority;
	return CMD_OK;
}

/* ---- show, showmacs, showstp ---- */

static void show_bridge(const struct brctl *k, const struct bridge *b)
{
	char id[BRIDGECMD_ID_LEN];
	bool first = true;

	fprintf(k->c->out, "%s\t\t%s\tno\t\t", b->dev.name, bridgecmd_id(b, false, id));
	bridge_each_port(port, b)
	{
		fprintf(k->c->out, "%s%s", first ? "" : "\n\t\t\t\t\t\t\t", port->dev->name);
		first = false;
	}
	fputc('\n', k->c->out);
}

static int show(struct brctl *k)
{
	static const char heading[] = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\n";
	bool any = false;

	for (char **name = k->argv; *name; name++) {
		const struct dev *d = dev_by_name(k->c->host, *name);
		const struct bridge *b = d ? bridge_of(d) : NULL;

		if (!d)
			return no_bridge(k, *name);
		if (!b)
			return fail(k, "device %s is not a bridge!", *name);
		fputs(any ? "" : heading, k->c->out);
		show_bridge(k, b);
		any = true;
	}
	if (any)
		return CMD_OK;
	stack_each_dev(d, k->c->host) {
		if (!bridge_of(d))
			continue;
		fputs(any ? "" : heading, k->c->out);
		show_bridge(k, bridge_of(d));
		any = true;
	}
	return CMD_OK;
}

static int by_mac(const void *a, const void *b)
{
	const struct bridge_fdb_entry *const *x = a, *const *y = b;

	return memcmp(&(*x)->mac, &(*y)->mac, sizeof((*x)->mac));
}

static void show_mac(const struct brctl *k, const struct bridge_fdb_entry *e)
{
	uint64_t age = e->is_static ? 0 : stack_now(k->c->host) - e->updated_ns;

	fprintf(k->c->out, "%3u\t%s\t%s\t\t%4llu.%02llu\n", e->port->number, TEXT_MAC(e->mac),
		e->local ? "yes" : "no", (unsigned long long)(age / NS_PER_SEC),
		(unsigned long long)(age % NS_PER_SEC / (NS_PER_SEC / 100)));
}

/* By address; those of ports alone, as brctl has it. */
static int showmacs(struct brctl *k)
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	size_t count = 0;

	if (!b)
		return fail(k, "read of forward table failed: %s", strerror(ENODEV));
	struct bridge_fdb_entry **entries = calloc(b->fdb.count + 1, sizeof(*entries));
	if (!entries)
		return fail(k, "read of forward table failed: %s", strerror(ENOMEM));
	bridge_each_entry(e, b) if (e->port) entries[count++] = e;
	qsort(entries, count, sizeof(*entries), by_mac);
	fputs("port no\tmac addr\t\tis local?\tageing timer\n", k->c->out);
	for (size_t i = 0; i < count; i++)
		show_mac(k, entries[i]);
	free(entries);
	return CMD_OK;
}

/* "  20.00" */
static const char *seconds(uint64_t ns, char text[16])
{
	snprintf(text, 16, "%4u.%02u", (unsigned)(ns / NS_PER_SEC),
		(unsigned)(ns % NS_PER_SEC / (NS_PER_SEC / 100)));
	return text;
}

#define SECONDS(ns) seconds(ns, (char[16]){0})

static void show_stp_port(const struct brctl *k, const struct bridge_port *port)
{
	unsigned id = (unsigned)port->priority << 10 | port->number;
	char root[BRIDGECMD_ID_LEN];

	bridgecmd_id(port->bridge, false, root);
	fprintf(k->c->out, "%s (%u)\n", port->dev->name, port->number);
	fprintf(k->c->out, " port id\t\t%04x\t\t\tstate\t\t%15s\n", id, bridgecmd_state_name(port->state));
	fprintf(k->c->out, " designated root\t%s\tpath cost\t\t%4u\n", root, port->cost);
	fprintf(k->c->out, " designated bridge\t%s\tmessage age timer\t%s\n", root, SECONDS(0));
	fprintf(k->c->out, " designated port\t%04x\t\t\tforward delay timer\t%s\n", id, SECONDS(0));
	fprintf(k->c->out, " designated cost\t%4u\t\t\thold timer\t\t%s\n", 0u, SECONDS(0));
	fputs(port->flags & BRIDGE_HAIRPIN ? " flags\t\t\t\n hairpin mode\t\t   1\n\n" : " flags\t\t\t\n\n",
		k->c->out);
}

/* Without a spanning tree every bridge is its own root, and no timer of it runs. */
static int showstp(struct brctl *k)
{
	struct bridge *b = find_bridge(k, k->argv[0]);
	FILE *f = k->c->out;
	char id[BRIDGECMD_ID_LEN];

	if (!b)
		return no_bridge(k, k->argv[0]);
	const struct bridge_settings *s = &b->settings;
	uint64_t now = stack_now(k->c->host),
		 gc = timer_is_armed(&b->age_timer) ? b->age_timer.deadline_ns - now : 0;
	bridgecmd_id(b, false, id);
	fprintf(f, "%s\n bridge id\t\t%s\n designated root\t%s\n", b->dev.name, id, id);
	fprintf(f, " root port\t\t%4u\t\t\tpath cost\t\t%4u\n", 0u, 0u);
	fprintf(f, " max age\t\t%s\t\t\tbridge max age\t\t%s\n", SECONDS(s->max_age_ns),
		SECONDS(s->max_age_ns));
	fprintf(f, " hello time\t\t%s\t\t\tbridge hello time\t%s\n", SECONDS(s->hello_ns),
		SECONDS(s->hello_ns));
	fprintf(f, " forward delay\t\t%s\t\t\tbridge forward delay\t%s\n", SECONDS(s->forward_delay_ns),
		SECONDS(s->forward_delay_ns));
	fprintf(f, " ageing time\t\t%s\n", SECONDS(s->ageing_ns));
	fprintf(f, " hello timer\t\t%s\t\t\ttcn timer\t\t%s\n", SECONDS(0), SECONDS(0));
	fprintf(f, " topology change timer\t%s\t\t\tgc timer\t\t%s\n flags\t\t\t\n\n\n", SECONDS(0),
		SECONDS(gc));
	bridge_each_port(port, b) show_stp_port(k, port);
	return CMD_OK;
}

/* ---- the table ---- */

static const struct verb {
	const char *name;
	int words; /* that must follow */
	bool more; /* more may follow */
	int (*run)(struct brctl *k);
	const char *help;
} verbs[] = {
	{"addbr", 1, false, addbr, "<bridge>\t\tadd bridge"},
	{"delbr", 1, false, delbr, "<bridge>\t\tdelete bridge"},
	{"addif", 2, true, addif, "<bridge> <device>\tadd interface to bridge"},
	{"delif", 2, true, delif, "<bridge> <device>\tdelete interface from bridge"},
	{"hairpin", 3, false, hairpin, "<bridge> <port> {on|off}\tturn hairpin on/off"},
	{"setageing", 2, false, setageing, "<bridge> <time>\t\tset ageing time"},
	{"setbridgeprio", 2, false, setbridgeprio, "<bridge> <prio>\t\tset bridge priority"},
	{"setfd", 2, false, setfd, "<bridge> <time>\t\tset bridge forward delay"},
	{"sethello", 2, false, sethello, "<bridge> <time>\t\tset hello time"},
	{"setmaxage", 2, false, setmaxage, "<bridge> <time>\t\tset max message age"},
	{"setpathcost", 3, false, setpathcost, "<bridge> <port> <cost>\tset path cost"},
	{"setportprio", 3, false, setportprio, "<bridge> <port> <prio>\tset port priority"},
	{"show", 0, true, show, "[ <bridge> ]\t\tshow a list of bridges"},
	{"showmacs", 1, false, showmacs, "<bridge>\t\tshow a list of mac addrs"},
	{"showstp", 1, false, showstp, "<bridge>\t\tshow bridge stp info"},
	{"stp", 2, false, stp, "<bridge> {on|off}\tturn stp on/off"},
};

static int usage(FILE *to, int status)
{
	fputs("Usage: brctl [commands]\ncommands:\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "\t%-10s\t%s\n", verbs[i].name, verbs[i].help);
	return status;
}

static int run_verb(struct brctl *k, const struct verb *v)
{
	int words = 0;

	while (k->argv[words])
		words++;
	if (words >= v->words && (v->more || words == v->words))
		return v->run(k);
	fprintf(k->c->err, "Incorrect number of arguments for command\nUsage: brctl %s %s\n", v->name,
		v->help);
	return CMD_FAILED;
}

static int run(struct cmd *c)
{
	const char *word = c->argc > 1 ? c->argv[1] : NULL;
	struct brctl k = {.c = c, .argv = c->argv + 2};

	if (!word)
		return usage(c->err, CMD_FAILED);
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return usage(c->out, CMD_OK);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(word, verbs[i].name) == 0)
			return run_verb(&k, &verbs[i]);
	fprintf(c->err, "never heard of command [%s]\n", word);
	return usage(c->err, CMD_FAILED);
}

static void complete(struct completion *w)
{
	if (w->argc > 1) {
		complete_devices(w);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		complete_offer(w, verbs[i].name);
}

const struct command cmd_brctl = {
	.name = "brctl",
	.run = run,
	.usage = "brctl COMMAND [BRIDGE [PORT ...]]",
	.about = "bridges, the old way",
	.options =
		"  addbr, delbr BRIDGE         make one, and away with it (which must be down)\n"
		"  addif, delif BRIDGE DEVICE  plug a device in and out\n"
		"  show [BRIDGE]               bridges and their ports\n"
		"  showmacs BRIDGE             which address is at which port\n"
		"  setageing BRIDGE SECONDS    how long an address is remembered; hairpin, setfd, stp ...\n",
	.example = "brctl addbr br0\nbrctl addif br0 p1\nbrctl show\nbrctl showmacs br0",
	.man = "brctl(8)",
	.complete = complete,
};
