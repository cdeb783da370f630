/* SPDX-License-Identifier: MIT */
/* Chance, measured: each count lies within five standard deviations of what is asked for. */
#include "dev/chance.h"

#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>

enum { DRAWS = 100000 };

static uint32_t part(double p)
{
	return (uint32_t)lround(p * CHANCE_ALWAYS);
}

/* `spread`: how much wider than for independent draws the counts lie. */
static void expect_part(unsigned count, double p, double spread)
{
	double sigma = sqrt(p * (1 - p) * DRAWS) * spread;

	CU_ASSERT(fabs(count - p * DRAWS) <= 5 * sigma);
}

static void events_come_as_often_as_asked_for(void)
{
	static const double parts[] = {0, 0.001, 0.01, 0.25, 0.5, 0.99, 1};
	struct rng r;

	rng_seed(&r, unit_seed);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct chance c = {.p = part(parts[i])};
		unsigned count = 0;
		uint64_t last = 0;
		for (int n = 0; n < DRAWS; n++)
			count += chance_happens(&c, &last, &r);
		expect_part(count, parts[i], 1);
	}
}

/* The part stays, the lag-1 autocorrelation is what was asked for. A run that repeats itself with probability rho
 * varies by sqrt((1 + rho) / (1 - rho)) more. */
static void correlation_bunches_events_and_makes_no_more_of_them(void)
{
	static const double rhos[] = {0.25, 0.5, 0.9};
	struct rng r;

	rng_seed(&r, unit_seed);
	for (size_t i = 0; i < ARRAY_SIZE(rhos); i++) {
		struct chance c = {part(0.1), part(rhos[i])};
		unsigned count = 0, pairs = 0;
		uint64_t last = 0;
		bool before = false;
		for (int n = 0; n < DRAWS; n++) {
			bool now = chance_happens(&c, &last, &r);
			count += now;
			pairs += now && before;
			before = now;
		}
		double spread = sqrt((1 + rhos[i]) / (1 - rhos[i]));
		expect_part(count, 0.1, spread);
		expect_part(pairs, 0.1 * (rhos[i] + (1 - rhos[i]) * 0.1), 2 * spread);
	}
}

static void the_first_draw_repeats_nothing(void)
{
	struct chance c = {.p = 1, .correlation = CHANCE_ALWAYS};
	unsigned count = 0;
	struct rng r;

	rng_seed(&r, unit_seed);
	for (int n = 0; n < 1000; n++) {
		uint64_t last = 0;
		count += chance_happens(&c, &last, &r);
	}
	CU_ASSERT(count < 3);
}

/* Mean, root of the mean square, and the part beyond `far` of each shape. (The long tail of Pareto is cut.) */
static void delays_have_the_shape_asked_for(void)
{
	static const struct {
		enum chance_shape shape;
		double mean, deviation, least, most, far, part;
	} rows[] = {
		{CHANCE_UNIFORM, 0, 0.5774, -1, 1, 0.5, 0.25},
		{CHANCE_NORMAL, 0, 1, -4, 4, 1, 0.15866},
		{CHANCE_PARETO, -0.0329, 0.822, -2. / 3, 4, 2. / 3, 0.125}, /* P(X > 2) = 2^-3 */
		{CHANCE_PARETONORMAL, -0.0171, 0.705, -4, 4, 4, 0},
	};
	struct rng r;

	rng_seed(&r, unit_seed);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		double sum = 0, squares = 0;
		unsigned far = 0;
		for (int n = 0; n < DRAWS; n++) {
			double x = chance_draw(rows[i].shape, &r);
			CU_ASSERT_FATAL(x >= rows[i].least && x <= rows[i].most);
			sum += x;
			squares += x * x;
			far += x > rows[i].far;
		}
		CU_ASSERT(fabs(sum / DRAWS - rows[i].mean) < 0.02);
		CU_ASSERT(fabs(sqrt(squares / DRAWS) - rows[i].deviation) < 0.02);
		expect_part(far, rows[i].part, 1);
	}
}

/* How many of DRAWS packets are lost, and in how many runs. */
static unsigned lose(const struct loss *l, struct rng *r, unsigned *runs)
{
	struct loss_state st = {0};
	unsigned lost = 0;
	bool before = false;

	*runs = 0;
	for (int n = 0; n < DRAWS; n++) {
		bool now = loss_happens(l, &st, r);
		lost += now;
		*runs += now && !before;
		before = now;
	}
	return lost;
}

/* Gilbert: bad p / (p + r) of the time, in bursts of 1 / r. Elliott: each state has its own loss. */
static void gilbert_and_elliott_lose_in_bursts(void)
{
	struct loss l = {.model = LOSS_GEMODEL, .p = part(0.01), .r = part(0.1), .lost_bad = CHANCE_ALWAYS};
	unsigned runs;
	struct rng r;

	rng_seed(&r, unit_seed);
	unsigned lost = lose(&l, &r, &runs);
	expect_part(lost, 0.01 / 0.11, sqrt(20));
	CU_ASSERT(fabs((double)lost / runs - 10) < 2);
	l.lost_bad = part(0.5);
	l.lost_good = part(0.02);
	lost = lose(&l, &r, &runs);
	expect_part(lost, (0.01 * 0.5 + 0.1 * 0.02) / 0.11, sqrt(20));
	l = (struct loss){.model = LOSS_GEMODEL,
		.p = part(0.03),
		.r = CHANCE_ALWAYS - part(0.03),
		.lost_bad = CHANCE_ALWAYS};
	lost = lose(&l, &r, &runs); /* p alone: nothing but chance */
	expect_part(lost, 0.03, 1);
}

/* The four states: long-run parts from the balance of each. */
static void four_states_lose_in_bursts_and_one_by_one(void)
{
	struct loss l = {.model = LOSS_STATE, .p13 = part(0.02), .p31 = CHANCE_ALWAYS - part(0.02)};
	unsigned runs;
	struct rng r;

	rng_seed(&r, unit_seed);
	expect_part(lose(&l, &r, &runs), 0.02, 1); /* p13 alone: nothing but chance */
	l = (struct loss){.model = LOSS_STATE, .p14 = part(0.05)};
	unsigned lost = lose(&l, &r, &runs);
	expect_part(lost, 0.05 / 1.05, 1);
	CU_ASSERT_EQUAL(lost, runs); /* never two in a row */
	l = (struct loss){
		.model = LOSS_STATE, .p13 = part(0.01), .p31 = part(0.1), .p32 = part(0.3), .p23 = part(0.5)};
	lost = lose(&l, &r, &runs);
	/* burst b, arrives a, gap g: g * 0.01 = b * 0.1, a * 0.5 = b * 0.3, all together 1 */
	expect_part(lost, 1 / (1 + 10 + 0.6), 5);
	CU_ASSERT(fabs((double)lost / runs - 2.5) < 0.3);
}

SUITE(dev_chance, T(events_come_as_often_as_asked_for),
	T(correlation_bunches_events_and_makes_no_more_of_them), T(the_first_draw_repeats_nothing),
	T(delays_have_the_shape_asked_for), T(gilbert_and_elliott_lose_in_bursts),
	T(four_states_lose_in_bursts_and_one_by_one))
