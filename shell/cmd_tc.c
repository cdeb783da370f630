/* SPDX-License-Identifier: MIT */
/* `tc qdisc`, as iproute2 has it, for the qdiscs that tapir has. */
#include "shell/tccmd.h"

#include "shell/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

/* ---- messages and words ---- */

int tccmd_fail(struct tccmd *tc, int status, const char *fmt, ...)
{
	va_list ap;

	fputs("Error: ", tc->c->err);
	va_start(ap, fmt);
	vfprintf(tc->c->err, fmt, ap);
	va_end(ap);
	fputc('\n', tc->c->err);
	return status;
}

int tccmd_value(struct tccmd *tc, const char *what, const char **value)
{
	*value = "";
	if (!*tc->argv)
		return tccmd_fail(tc, TCCMD_SYNTAX, "a value is missing after %s.", what);
	*value = *tc->argv++;
	return 0;
}

/* True if `word` is `whole` or a beginning of it. */
static bool matches(const char *word, const char *whole)
{
	return *word && strncmp(word, whole, strlen(word)) == 0;
}

static int read_device(struct tccmd *tc, struct dev **d)
{
	const char *name;
	int status = tccmd_value(tc, "dev", &name);

	if (status)
		return status;
	*d = dev_by_name(tc->s, name);
	return *d ? 0 : tccmd_fail(tc, TCCMD_SYNTAX, "there is no device \"%s\".", name);
}

static int usage(struct tccmd *tc)
{
	fputs("Usage: tc [ -s | -j | -p | -n HOST ] qdisc [ add | replace | change | del ] dev DEV\n"
	      "          { root | ingress } [ handle MAJOR: ] [ netem WISHES | noqueue ]\n"
	      "       tc [ -s | -j | -p | -n HOST ] qdisc [ show ] [ dev DEV ]\n"
	      "WISHES: tc qdisc add dev DEV root netem help\n",
		tc->c->err);
	return TCCMD_SYNTAX;
}

/* ---- show ---- */

static void show_stats(struct tccmd *tc, const struct qdisc *q)
{
	static const struct qdisc_stats none;
	const struct qdisc_stats *st = q ? &q->stats : &none;
	struct show *sh = &tc->show;
	char size[UNITS_LEN];

	show_text(sh,
		" Sent %" PRIu64 " bytes %" PRIu64 " pkt (dropped %" PRIu64 ", overlimits 0 requeues %" PRIu64
		") \n",
		st->bytes, st->packets, st->dropped, st->requeues);
	show_text(sh, " backlog %s %" PRIu64 "p requeues %" PRIu64 "\n", units_size(size, st->backlog_bytes),
		st->backlog_packets, st->requeues);
	show_json_num(sh, "bytes", st->bytes);
	show_json_num(sh, "packets", st->packets);
	show_json_num(sh, "drops", st->dropped);
	show_json_num(sh, "overlimits", 0);
	show_json_num(sh, "requeues", st->requeues);
	show_json_num(sh, "backlog", st->backlog_bytes);
	show_json_num(sh, "qlen", st->backlog_packets);
}

/* `q` NULL: the noqueue of a device that has nothing else. */
static void show_one(
	struct tccmd *tc, const struct dev *d, enum qdisc_way way, const struct qdisc *q, bool with_dev)
{
	const struct netem_config *netem = q ? netem_config(q) : NULL;
	struct show *sh = &tc->show;
	char handle[8];

	show_object(sh);
	snprintf(handle, sizeof(handle), "%x:", q ? q->major : 0);
	show_str(sh, "kind", "qdisc %s ", q ? q->ops->kind : "noqueue");
	show_str(sh, "handle", "%s ", handle);
	if (with_dev)
		show_str(sh, "dev", "dev %s ", d->name);
	show_true(sh, way == QDISC_ROOT ? "root" : "ingress", way == QDISC_ROOT ? "root " : "ingress ");
	if (way == QDISC_ROOT)
		show_num(sh, "refcnt", "refcnt %u ", 2u);
	show_map(sh, "options");
	if (netem)
		tccmd_netem_show(tc, netem);
	show_close(sh);
	show_text(sh, "\n");
	if (tc->stats)
		show_stats(tc, q);
	show_close(sh);
}

static int show(struct tccmd *tc)
{
	struct dev *only = NULL;

	while (*tc->argv) {
		const char *word = *tc->argv++;
		if (strcmp(word, "dev") != 0)
			return tccmd_fail(tc, TCCMD_SYNTAX, "What is \"%s\"? Try \"tc qdisc help\".", word);
		int status = read_device(tc, &only);
		if (status)
			return status;
	}
	show_begin(&tc->show);
	stack_each_dev(d, tc->s) {
		if (only && d != only)
			continue;
		if (d->qdisc[QDISC_ROOT] || d->activated)
			show_one(tc, d, QDISC_ROOT, d->qdisc[QDISC_ROOT], !only);
		if (d->qdisc[QDISC_INGRESS])
			show_one(tc, d, QDISC_INGRESS, d->qdisc[QDISC_INGRESS], !only);
	}
	show_end(&tc->show);
	return CMD_OK;
}

/* ---- add, change, replace, del ---- */

/* Which qdisc is meant. */
struct place {
	struct dev *d;
	int way; /* enum qdisc_way; -1: not said */
	uint16_t major;
	const char *kind; /* NULL: not said */
};

static const char *const way_names[QDISC_WAYS] = {"root", "ingress"};

static int set_way(struct tccmd *tc, struct place *at, enum qdisc_way way)
{
	if (at->way >= 0)
		return tccmd_fail(
			tc, TCCMD_SYNTAX, "\"%s\": there is one place, root or ingress.", way_names[way]);
	at->way = way;
	return 0;
}

/* "1:", "1:0", hexadecimal. */
static int read_handle(struct tccmd *tc, struct place *at)
{
	const char *text;
	char *end;
	int status = tccmd_value(tc, "handle", &text);

	if (status)
		return status;
	unsigned long major = strtoul(text, &end, 16);
	if (end == text || major == 0 || major >= QDISC_INGRESS_MAJOR ||
		(strcmp(end, ":") && strcmp(end, ":0")))
		return tccmd_fail(
			tc, TCCMD_SYNTAX, "handle: \"%s\" is none (as 1: or 8001:, up to fffe:).", text);
	at->major = (uint16_t)major;
	return 0;
}

/* All up to the kind. */
static int read_place(struct tccmd *tc, struct place *at)
{
	*at = (struct place){.way = -1};
	while (*tc->argv && !at->kind) {
		const char *word = *tc->argv++;
		int status = 0;

		if (strcmp(word, "dev") == 0)
			status = read_device(tc, &at->d);
		else if (strcmp(word, "root") == 0)
			status = set_way(tc, at, QDISC_ROOT);
		else if (strcmp(word, "ingress") == 0)
			status = set_way(tc, at, QDISC_INGRESS);
		else if (strcmp(word, "handle") == 0)
			status = read_handle(tc, at);
		else if (strcmp(word, "parent") == 0 || strcmp(word, "clsact") == 0)
			status = tccmd_fail(tc, TCCMD_REFUSED,
				"\"%s\": tapir's qdiscs have no classes and no filters; there is root and "
				"ingress.",
				word);
		else if (strcmp(word, "help") == 0)
			status = usage(tc);
		else
			at->kind = word;
		if (status)
			return status;
	}
	if (!at->d)
		return tccmd_fail(tc, TCCMD_SYNTAX, "which device? (dev DEV)");
	return at->way >= 0 ? 0 : tccmd_fail(tc, TCCMD_SYNTAX, "where? (root or ingress)");
}

static struct qdisc *present(const struct place *at)
{
	return at->d->qdisc[at->way];
}

static int refuse_missing(struct tccmd *tc, const struct place *at)
{
	return tccmd_fail(tc, TCCMD_REFUSED, "%s has no qdisc at %s.", at->d->name, way_names[at->way]);
}

static bool is_other_handle(const struct place *at)
{
	const struct qdisc *q = present(at);

	return q && at->major && at->major != q->major;
}

/* The kind that is asked for, with its wishes. noqueue is what a device without a qdisc has. */
static int read_kind(struct tccmd *tc, const struct place *at, struct netem_config *c, bool *noqueue)
{
	*noqueue = at->kind && strcmp(at->kind, "noqueue") == 0;
	if (!at->kind)
		return tccmd_fail(tc, TCCMD_SYNTAX, "which qdisc? (netem ...)");
	if (*noqueue)
		return *tc->argv ? tccmd_fail(tc, TCCMD_SYNTAX, "noqueue has no wishes.") : 0;
	if (strcmp(at->kind, "netem") == 0)
		return tccmd_netem_read(tc, c);
	return tccmd_fail(tc, TCCMD_REFUSED,
		"tapir has no qdisc \"%s\"; it has netem (rate is one of its wishes) and noqueue.", at->kind);
}

enum verb { ADD, CHANGE, REPLACE };

/* A major number: what was asked for, or a free one. */
static uint16_t major_for(struct tccmd *tc, const struct place *at)
{
	if (at->way == QDISC_INGRESS)
		return QDISC_INGRESS_MAJOR;
	return at->major ? at->major : qdisc_choose_major(tc->s);
}

/* Everything has been read, and what is to be changed is there. A replaced one without another handle stays the
 * same one, as in Linux. */
static int put(struct tccmd *tc, const struct place *at, const struct netem_config *c, bool noqueue)
{
	struct qdisc *q = present(at);
	int err = 0;

	if (noqueue)
		dev_set_qdisc(at->d, (enum qdisc_way)at->way, NULL);
	else if (q && netem_config(q) && !is_other_handle(at))
		netem_change(q, c);
	else
		err = netem_create(at->d, (enum qdisc_way)at->way, major_for(tc, at), c);
	monitor_tell(tc->s, MONITOR_LINK, at->d, false);
	return err ? tccmd_fail(tc, TCCMD_REFUSED, "%s.", strerror(-err)) : CMD_OK;
}

static int modify(struct tccmd *tc, enum verb verb)
{
	struct netem_config c;
	struct place at;
	bool noqueue;
	int status = read_place(tc, &at);

	if (!status)
		status = read_kind(tc, &at, &c, &noqueue);
	if (status)
		return status;
	const struct qdisc *q = present(&at);
	if (verb == ADD && q)
		return tccmd_fail(tc, TCCMD_REFUSED,
			"%s has a qdisc at %s already (%s %x:); change, replace or del it.", at.d->name,
			way_names[at.way], q->ops->kind, q->major);
	if (verb == CHANGE && (!q || is_other_handle(&at)))
		return refuse_missing(tc, &at);
	return put(tc, &at, &c, noqueue);
}

static int add(struct tccmd *tc)
{
	return modify(tc, ADD);
}

static int change(struct tccmd *tc)
{
	return modify(tc, CHANGE);
}

static int replace(struct tccmd *tc)
{
	return modify(tc, REPLACE);
}

static int del(struct tccmd *tc)
{
	struct place at;
	int status = read_place(tc, &at);

	if (status)
		return status;
	const struct qdisc *q = present(&at);
	if (!q || is_other_handle(&at) || (at.kind && strcmp(at.kind, q->ops->kind) != 0))
		return refuse_missing(tc, &at);
	return put(tc, &at, NULL, true);
}

/* ---- the command ---- */

/* Beginnings will do, in this order. */
static const struct {
	const char *name;
	int (*run)(struct tccmd *tc);
} verbs[] = {
	{"add", add},
	{"change", change},
	{"replace", replace},
	{"delete", del},
	{"show", show},
	{"list", show},
	{"lst", show},
	{"help", usage},
};

static int run_qdisc(struct tccmd *tc)
{
	const char *word = *tc->argv ? *tc->argv++ : "show";

	if (strcmp(word, "ls") == 0)
		word = "list";
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (matches(word, verbs[i].name))
			return verbs[i].run(tc);
	return tccmd_fail(tc, TCCMD_SYNTAX, "\"%s\" is unknown, try \"tc qdisc help\".", word);
}

static int read_option(struct tccmd *tc)
{
	const char *option = *tc->argv++, *name = option + strspn(option, "-");

	if (matches(name, "statistics") || matches(name, "stats")) {
		tc->stats = true;
	} else if (matches(name, "json")) {
		tc->show.json = true;
	} else if (matches(name, "pretty")) {
		tc->show.pretty = true;
	} else if (matches(name, "netns")) {
		const char *host;
		int status = tccmd_value(tc, option, &host);
		if (status)
			return status;
		tc->s = stack_by_name(tc->c->world, host);
		return tc->s ? 0 : tccmd_fail(tc, TCCMD_SYNTAX, "there is no host \"%s\".", host);
	} else if (!matches(name, "details") && !matches(name, "raw") && !matches(name, "iec")) {
		return tccmd_fail(tc, TCCMD_SYNTAX, "Option \"%s\" is unknown, try \"tc help\".", option);
	}
	return 0;
}

static int run(struct cmd *c)
{
	struct tccmd tc = {.c = c, .s = c->host, .argv = c->argv + 1, .show = {.out = c->out}};

	while (*tc.argv && **tc.argv == '-') {
		int status = read_option(&tc);
		if (status)
			return status;
	}
	const char *object = *tc.argv ? *tc.argv++ : "help";
	if (matches(object, "qdisc"))
		return run_qdisc(&tc);
	if (matches(object, "help"))
		return usage(&tc);
	return tccmd_fail(
		&tc, TCCMD_SYNTAX, "tc %s: tapir has qdiscs, and no classes, filters or actions.", object);
}

static void complete(struct completion *w)
{
	static const char *const qdisc_verbs[] = {"add", "change", "replace", "del", "show", NULL};
	static const char *const places[] = {"dev", "root", "ingress", "handle", "netem", "noqueue", NULL};
	const char *last = w->argv[w->argc - 1];
	bool netem = false;

	for (int i = 1; i < w->argc; i++)
		netem = netem || strcmp(w->argv[i], "netem") == 0;
	if (netem)
		complete_offer_list(w, tccmd_netem_words);
	else if (strcmp(last, "dev") == 0)
		complete_devices(w);
	else if (strcmp(last, "-n") == 0 || strcmp(last, "-netns") == 0)
		complete_hosts(w);
	else if (strcmp(last, "qdisc") == 0)
		complete_offer_list(w, qdisc_verbs);
	else if (w->argc == 1 || last[0] == '-')
		complete_offer(w, "qdisc");
	else
		complete_offer_list(w, places);
}

const struct command cmd_tc = {
	.name = "tc",
	.run = run,
	.usage = "tc [-s] [-j [-p]] [-n HOST] qdisc { add | change | replace | del | show } [dev DEV { root "
		 "| ingress } "
		 "[handle N:] netem WISHES]",
	.about = "a worse network behind a device: delay, loss, duplicates, reordering, corruption, rate",
	.options = "  -s             statistics\n"
		   "  -j, -p         JSON; indented\n"
		   "  -n HOST        on another host\n"
		   "  root, ingress  what leaves by the device; what comes in (tapir's own: Linux needs an "
		   "ifb)\n"
		   "  delay TIME [JITTER [CORRELATION]], distribution { uniform | normal | pareto | "
		   "paretonormal }\n"
		   "  loss PERCENT [CORRELATION], loss gemodel P [R [1-H [1-K]]], loss state P13 [P31 [P32 "
		   "[P23 [P14]]]]\n"
		   "  ecn            mark what would be lost, where the sender knows of ECN\n"
		   "  duplicate PERCENT, corrupt PERCENT, reorder PERCENT [gap N]; each with a correlation\n"
		   "  rate RATE [PACKETOVERHEAD [CELLSIZE [CELLOVERHEAD]]], limit PACKETS\n"
		   "  seed N         the same luck every time\n",
	.example = "tc qdisc add dev eth0 root netem delay 20ms 5ms loss 1%\n"
		   "tc qdisc change dev eth0 root netem delay 100ms rate 10mbit\n"
		   "tc -s qdisc show dev eth0\n"
		   "tc qdisc del dev eth0 root",
	.man = "tc-netem(8)",
	.complete = complete,
};
