/* SPDX-License-Identifier: MIT */
/* netem's wishes: read and shown as iproute2 does. */
#include "shell/tccmd.h"

#include "shell/address.h"
#include "shell/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* ---- values ---- */

static bool number_follows(const struct tccmd *tc)
{
	const char *word = *tc->argv;

	return word && (isdigit((unsigned char)*word) || (*word == '.' && isdigit((unsigned char)word[1])));
}

static int read_time(struct tccmd *tc, const char *what, uint64_t *ns)
{
	const char *value;
	int status = tccmd_value(tc, what, &value);

	if (status || units_parse_time(value, ns))
		return status;
	return tccmd_fail(tc, TCCMD_SYNTAX, "%s: \"%s\" is no time (as 10ms, 500us or 1.5s, up to a day).",
		what, value);
}

static int read_percent(struct tccmd *tc, const char *what, uint32_t *part)
{
	const char *value;
	int status = tccmd_value(tc, what, &value);

	if (status || units_parse_percent(value, part))
		return status;
	return tccmd_fail(tc, TCCMD_SYNTAX, "%s: \"%s\" is no percentage from 0%% to 100%%.", what, value);
}

static int read_u32(struct tccmd *tc, const char *what, uint32_t *number)
{
	const char *value;
	int status = tccmd_value(tc, what, &value);

	if (status || address_parse_number(value, number))
		return status;
	return tccmd_fail(tc, TCCMD_SYNTAX, "%s: \"%s\" is no number.", what, value);
}

/* Bytes more or less. */
static int read_overhead(struct tccmd *tc, const char *what, int32_t *bytes)
{
	enum { MOST = 65535 };
	const char *value = *tc->argv++;
	char *end;
	long number = strtol(value, &end, 10);

	if (end == value || *end || number < -MOST || number > MOST)
		return tccmd_fail(
			tc, TCCMD_SYNTAX, "%s: \"%s\" is no number from -65535 to 65535.", what, value);
	*bytes = (int32_t)number;
	return 0;
}

/* PERCENT [CORRELATION] */
static int read_chance(struct tccmd *tc, const char *what, struct chance *c)
{
	int status = read_percent(tc, what, &c->p);

	if (!status && number_follows(tc))
		status = read_percent(tc, what, &c->correlation);
	return status;
}

/* ---- words ---- */

static int read_limit(struct tccmd *tc, struct netem_config *c)
{
	return read_u32(tc, "limit", &c->limit);
}

static int read_delay(struct tccmd *tc, struct netem_config *c)
{
	int status = read_time(tc, "delay", &c->delay_ns);

	if (!status && number_follows(tc)) {
		status = read_time(tc, "delay", &c->jitter_ns);
		if (!status && number_follows(tc))
			status = read_percent(tc, "delay", &c->delay_correlation);
	}
	return status;
}

static const char *const shapes[] = {"uniform", "normal", "pareto", "paretonormal"};

static int read_distribution(struct tccmd *tc, struct netem_config *c)
{
	const char *value;
	int status = tccmd_value(tc, "distribution", &value);

	for (size_t i = 0; !status && i < ARRAY_SIZE(shapes); i++) {
		if (strcmp(value, shapes[i]) != 0)
			continue;
		c->shape = (enum chance_shape)i;
		return 0;
	}
	return status
		? status
		: tccmd_fail(tc, TCCMD_SYNTAX,
			  "distribution: there is uniform, normal, pareto and paretonormal, not \"%s\".",
			  value);
}

struct named_part {
	const char *name;
	uint32_t *part;
};

/* A percentage. Its name may stand before it, as it is shown; places are what counts. */
static int read_part(struct tccmd *tc, const char *what, const struct named_part *part)
{
	if (*tc->argv && strcmp(*tc->argv, part->name) == 0)
		tc->argv++;
	return read_percent(tc, what, part->part);
}

/* As many as there are. */
static int read_more_parts(struct tccmd *tc, const char *what, const struct named_part *parts, size_t n)
{
	int status = 0;

	for (size_t i = 0; !status && i < n; i++) {
		if (!number_follows(tc) && (!*tc->argv || strcmp(*tc->argv, parts[i].name) != 0))
			break;
		status = read_part(tc, what, &parts[i]);
	}
	return status;
}

/* P13 [P31 [P32 [P23 [P14]]]]; what is not said makes it as simple as it can be. */
static int read_loss_state(struct tccmd *tc, struct loss *l)
{
	const struct named_part first = {"p13", &l->p13},
				more[] = {{"p31", &l->p31}, {"p32", &l->p32}, {"p23", &l->p23},
					{"p14", &l->p14}};
	int status = read_part(tc, "loss state", &first);

	l->model = LOSS_STATE;
	l->p31 = CHANCE_ALWAYS - l->p13;
	l->p23 = CHANCE_ALWAYS;
	return status ? status : read_more_parts(tc, "loss state", more, ARRAY_SIZE(more));
}

/* P [R [1-H [1-K]]] */
static int read_loss_gemodel(struct tccmd *tc, struct loss *l)
{
	const struct named_part first = {"p", &l->p},
				more[] = {{"r", &l->r}, {"1-h", &l->lost_bad}, {"1-k", &l->lost_good}};
	int status = read_part(tc, "loss gemodel", &first);

	l->model = LOSS_GEMODEL;
	l->r = CHANCE_ALWAYS - l->p;
	l->lost_bad = CHANCE_ALWAYS;
	return status ? status : read_more_parts(tc, "loss gemodel", more, ARRAY_SIZE(more));
}

static int read_loss(struct tccmd *tc, struct netem_config *c)
{
	const char *model = *tc->argv ? *tc->argv : "";

	c->loss = (struct loss){0};
	if (strcmp(model, "state") == 0) {
		tc->argv++;
		return read_loss_state(tc, &c->loss);
	}
	if (strcmp(model, "gemodel") == 0) {
		tc->argv++;
		return read_loss_gemodel(tc, &c->loss);
	}
	tc->argv += strcmp(model, "random") == 0;
	return read_chance(tc, "loss", &c->loss.random);
}

static int read_ecn(struct tccmd *tc, struct netem_config *c)
{
	(void)tc;
	c->ecn = true;
	return 0;
}

static int read_duplicate(struct tccmd *tc, struct netem_config *c)
{
	return read_chance(tc, "duplicate", &c->duplicate);
}

static int read_corrupt(struct tccmd *tc, struct netem_config *c)
{
	return read_chance(tc, "corrupt", &c->corrupt);
}

static int read_reorder(struct tccmd *tc, struct netem_config *c)
{
	return read_chance(tc, "reorder", &c->reorder);
}

static int read_gap(struct tccmd *tc, struct netem_config *c)
{
	return read_u32(tc, "gap", &c->gap);
}

/* RATE [PACKETOVERHEAD [CELLSIZE [CELLOVERHEAD]]] */
static int read_rate(struct tccmd *tc, struct netem_config *c)
{
	const char *value;
	int status = tccmd_value(tc, "rate", &value);

	if (!status && !units_parse_rate(value, &c->rate))
		return tccmd_fail(
			tc, TCCMD_SYNTAX, "rate: \"%s\" is no rate (as 10mbit, 512kbit or 100kbps).", value);
	if (!status && (number_follows(tc) || (*tc->argv && **tc->argv == '-')))
		status = read_overhead(tc, "packet overhead", &c->packet_overhead);
	if (!status && number_follows(tc)) {
		status = read_u32(tc, "cell size", &c->cell_size);
		if (!status && (number_follows(tc) || (*tc->argv && **tc->argv == '-')))
			status = read_overhead(tc, "cell overhead", &c->cell_overhead);
	}
	return status;
}

/* As `rate` is shown. */
static int read_packet_overhead(struct tccmd *tc, struct netem_config *c)
{
	return *tc->argv ? read_overhead(tc, "packetoverhead", &c->packet_overhead)
			 : tccmd_fail(tc, TCCMD_SYNTAX, "a value is missing after packetoverhead.");
}

static int read_cell_size(struct tccmd *tc, struct netem_config *c)
{
	return read_u32(tc, "cellsize", &c->cell_size);
}

static int read_cell_overhead(struct tccmd *tc, struct netem_config *c)
{
	return *tc->argv ? read_overhead(tc, "celloverhead", &c->cell_overhead)
			 : tccmd_fail(tc, TCCMD_SYNTAX, "a value is missing after celloverhead.");
}

static int read_seed(struct tccmd *tc, struct netem_config *c)
{
	const char *value;
	char *end;
	int status = tccmd_value(tc, "seed", &value);

	if (status)
		return status;
	errno = 0;
	c->seed = strtoull(value, &end, 0);
	c->seeded = true;
	if (errno || end == value || *end || *value == '-')
		return tccmd_fail(tc, TCCMD_SYNTAX, "seed: \"%s\" is no number.", value);
	return 0;
}

static int read_slot(struct tccmd *tc, struct netem_config *c)
{
	(void)c;
	return tccmd_fail(tc, TCCMD_REFUSED, "tapir's netem has no slots.");
}

/* Beginnings will do, in this order. */
static const struct {
	const char *name;
	int (*read)(struct tccmd *tc, struct netem_config *c);
} words[] = {
	{"limit", read_limit},
	{"latency", read_delay},
	{"delay", read_delay},
	{"loss", read_loss},
	{"drop", read_loss},
	{"ecn", read_ecn},
	{"reorder", read_reorder},
	{"corrupt", read_corrupt},
	{"gap", read_gap},
	{"duplicate", read_duplicate},
	{"distribution", read_distribution},
	{"rate", read_rate},
	{"packetoverhead", read_packet_overhead},
	{"cellsize", read_cell_size},
	{"celloverhead", read_cell_overhead},
	{"seed", read_seed},
	{"slot", read_slot},
};

const char *const tccmd_netem_words[] = {"limit", "delay", "distribution", "loss", "random", "state",
	"gemodel", "ecn", "duplicate", "corrupt", "reorder", "gap", "rate", "seed", "uniform", "normal",
	"pareto", "paretonormal", NULL};

static int usage(struct tccmd *tc)
{
	fputs("Usage: ... netem [ limit PACKETS ]\n"
	      "                 [ delay TIME [ JITTER [ CORRELATION ] ] ]\n"
	      "                 [ distribution { uniform | normal | pareto | paretonormal } ]\n"
	      "                 [ loss { [ random ] PERCENT [ CORRELATION ] | state P13 [ P31 [ P32 [ P23 [ "
	      "P14 ] ] ] ] |\n"
	      "                          gemodel P [ R [ 1-H [ 1-K ] ] ] } ] [ ecn ]\n"
	      "                 [ duplicate PERCENT [ CORRELATION ] ] [ corrupt PERCENT [ CORRELATION ] ]\n"
	      "                 [ reorder PERCENT [ CORRELATION ] [ gap DISTANCE ] ]\n"
	      "                 [ rate RATE [ PACKETOVERHEAD [ CELLSIZE [ CELLOVERHEAD ] ] ] ]\n"
	      "                 [ seed NUMBER ]\n",
		tc->c->err);
	return TCCMD_SYNTAX;
}

static int read_word(struct tccmd *tc, struct netem_config *c)
{
	const char *word = *tc->argv++;

	if (strcmp(word, "help") == 0)
		return usage(tc);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (*word && strncmp(word, words[i].name, strlen(word)) == 0)
			return words[i].read(tc, c);
	return tccmd_fail(tc, TCCMD_SYNTAX,
		"netem does not know \"%s\". Try \"tc qdisc add dev DEV root netem help\".", word);
}

/* Wishes that need another one. */
static int check(struct tccmd *tc, struct netem_config *c)
{
	const struct loss *l = &c->loss;

	if (c->reorder.p && !c->delay_ns)
		return tccmd_fail(
			tc, TCCMD_SYNTAX, "reorder needs a delay: what is not delayed cannot be overtaken.");
	if (c->gap && !c->reorder.p)
		return tccmd_fail(tc, TCCMD_SYNTAX, "gap needs reorder.");
	if (c->shape && !c->jitter_ns)
		return tccmd_fail(
			tc, TCCMD_SYNTAX, "distribution needs a delay with jitter (delay 100ms 10ms).");
	if (c->ecn && l->model == LOSS_RANDOM && !l->random.p)
		return tccmd_fail(tc, TCCMD_SYNTAX, "ecn needs loss: it marks what would be lost.");
	if (c->reorder.p && !c->gap)
		c->gap = 1;
	return 0;
}

int tccmd_netem_read(struct tccmd *tc, struct netem_config *c)
{
	int status = 0;

	*c = (struct netem_config){.limit = NETEM_LIMIT_DEFAULT};
	while (!status && *tc->argv)
		status = read_word(tc, c);
	return status ? status : check(tc, c);
}

/* ---- shown ---- */

/* " loss 1%", and " 25%" where there is a correlation. */
static void show_chance(struct show *sh, const char *map, const char *key, struct chance c)
{
	if (!c.p)
		return;
	show_map(sh, map);
	show_text(sh, " %s %g%%", key, units_percent(c.p));
	show_json_real(sh, key, units_percent(c.p) / 100);
	if (c.correlation)
		show_text(sh, " %g%%", units_percent(c.correlation));
	show_json_real(sh, "correlation", units_percent(c.correlation) / 100);
	show_close(sh);
}

static void show_delay(struct show *sh, const struct netem_config *c)
{
	char buf[UNITS_LEN];

	if (!c->delay_ns && !c->jitter_ns)
		return;
	show_map(sh, "delay");
	show_text(sh, " delay %s", units_time(buf, c->delay_ns));
	show_json_real(sh, "delay", (double)c->delay_ns / 1e9);
	if (c->jitter_ns)
		show_text(sh, "  %s", units_time(buf, c->jitter_ns));
	show_json_real(sh, "jitter", (double)c->jitter_ns / 1e9);
	if (c->delay_correlation)
		show_text(sh, " %g%%", units_percent(c->delay_correlation));
	show_json_real(sh, "correlation", units_percent(c->delay_correlation) / 100);
	show_close(sh);
	if (c->shape)
		show_str(sh, "distribution", " distribution %s", shapes[c->shape]);
}

struct shown_part {
	const char *name;
	uint32_t part;
};

static void show_model(
	struct show *sh, const char *map, const char *text, const struct shown_part *parts, size_t n)
{
	show_map(sh, map);
	show_text(sh, " %s", text);
	for (size_t i = 0; i < n; i++) {
		show_text(sh, " %s %g%%", parts[i].name, units_percent(parts[i].part));
		show_json_real(sh, parts[i].name, units_percent(parts[i].part) / 100);
	}
	show_close(sh);
}

static void show_loss(struct show *sh, const struct loss *l)
{
	const struct shown_part state[] = {
		{"p13", l->p13}, {"p31", l->p31}, {"p32", l->p32}, {"p23", l->p23}, {"p14", l->p14}};
	const struct shown_part gemodel[] = {
		{"p", l->p}, {"r", l->r}, {"1-h", l->lost_bad}, {"1-k", l->lost_good}};

	switch (l->model) {
	case LOSS_STATE:
		show_model(sh, "loss-state", "loss state", state, ARRAY_SIZE(state));
		break;
	case LOSS_GEMODEL:
		show_model(sh, "loss-gemodel", "loss gemodel", gemodel, ARRAY_SIZE(gemodel));
		break;
	case LOSS_RANDOM:
		show_chance(sh, "loss-random", "loss", l->random);
		break;
	}
}

static void show_rate(struct show *sh, const struct netem_config *c)
{
	char buf[UNITS_LEN];

	if (!c->rate)
		return;
	show_map(sh, "rate");
	show_text(sh, " rate %s", units_rate(buf, c->rate));
	show_json_num(sh, "rate", c->rate);
	if (c->packet_overhead)
		show_text(sh, " packetoverhead %d", c->packet_overhead);
	show_json_num(sh, "packetoverhead", (uint64_t)c->packet_overhead);
	if (c->cell_size)
		show_text(sh, " cellsize %u", c->cell_size);
	show_json_num(sh, "cellsize", c->cell_size);
	if (c->cell_overhead)
		show_text(sh, " celloverhead %d", c->cell_overhead);
	show_json_num(sh, "celloverhead", (uint64_t)c->cell_overhead);
	show_close(sh);
}

void tccmd_netem_show(struct tccmd *tc, const struct netem_config *c)
{
	struct show *sh = &tc->show;

	show_num(sh, "limit", "limit %u", c->limit);
	show_delay(sh, c);
	show_loss(sh, &c->loss);
	show_chance(sh, "duplicate", "duplicate", c->duplicate);
	show_chance(sh, "reorder", "reorder", c->reorder);
	show_chance(sh, "corrupt", "corrupt", c->corrupt);
	show_rate(sh, c);
	if (c->seeded) {
		show_text(sh, " seed %" PRIu64, c->seed);
		show_json_num(sh, "seed", c->seed);
	}
	if (c->ecn)
		show_true(sh, "ecn", " ecn");
	if (c->gap)
		show_num(sh, "gap", " gap %u", c->gap);
}
