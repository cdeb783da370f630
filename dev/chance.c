/* SPDX-License-Identifier: MIT */
/* Draws: events, delays, losses. */
#include "dev/chance.h"

#include <math.h>

#define TWO_PI 6.283185307179586

static bool falls(uint32_t p, struct rng *r)
{
	return p && rng_u32(r) <= p;
}

bool chance_happens(const struct chance *c, uint64_t *last, struct rng *r)
{
	if (!c->p)
		return false;
	if (!*last || !falls(c->correlation, r))
		*last = UINT64_C(1) + rng_u32(r);
	return *last - 1 <= c->p;
}

/* ---- delays ---- */

/* 0 < result <= 1 */
static double unit(struct rng *r)
{
	return ((double)rng_u32(r) + 1) / 4294967296.0;
}

/* Box and Muller, 1958. */
static double normal(struct rng *r)
{
	double radius = sqrt(-2 * log(unit(r)));

	return radius * cos(TWO_PI * unit(r));
}

/* x with P(X > x) = x^-3 from 1 on has the mean 3/2. */
static double pareto(struct rng *r)
{
	return (1 / cbrt(unit(r)) - 1.5) * 4 / 3;
}

double chance_draw(enum chance_shape shape, struct rng *r)
{
	double x = 0;

	switch (shape) {
	case CHANCE_UNIFORM:
		x = 2 * unit(r) - 1;
		break;
	case CHANCE_NORMAL:
		x = normal(r);
		break;
	case CHANCE_PARETO:
		x = pareto(r);
		break;
	case CHANCE_PARETONORMAL:
		x = normal(r) / 4 + pareto(r) * 3 / 4;
		break;
	}
	return fmin(fmax(x, -4), 4);
}

/* ---- losses ---- */

enum { GAP, BURST, BURST_ARRIVES, GAP_LOSS };

/* The state the next packet finds. One draw decides between two ways out. */
static uint8_t next_state(const struct loss *l, uint8_t state, struct rng *r)
{
	uint32_t draw = rng_u32(r);

	switch (state) {
	case GAP:
		if (l->p14 && draw <= l->p14)
			return GAP_LOSS;
		return l->p13 && draw - l->p14 <= l->p13 ? BURST : GAP;
	case BURST:
		if (l->p32 && draw <= l->p32)
			return BURST_ARRIVES;
		return l->p31 && draw - l->p32 <= l->p31 ? GAP : BURST;
	case BURST_ARRIVES:
		return l->p23 && draw <= l->p23 ? BURST : BURST_ARRIVES;
	default:
		return GAP;
	}
}

static bool loss_by_state(const struct loss *l, struct loss_state *st, struct rng *r)
{
	st->state = next_state(l, st->state, r);
	return st->state == BURST || st->state == GAP_LOSS;
}

static bool loss_by_gemodel(const struct loss *l, struct loss_state *st, struct rng *r)
{
	bool bad = st->state;

	if (falls(bad ? l->r : l->p, r))
		st->state = !bad;
	return falls(bad ? l->lost_bad : l->lost_good, r);
}

bool loss_happens(const struct loss *l, struct loss_state *st, struct rng *r)
{
	switch (l->model) {
	case LOSS_STATE:
		return loss_by_state(l, st, r);
	case LOSS_GEMODEL:
		return loss_by_gemodel(l, st, r);
	default:
		return chance_happens(&l->random, &st->last, r);
	}
}
