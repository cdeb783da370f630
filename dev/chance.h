/* SPDX-License-Identifier: MIT */
/*
 * What netem leaves to chance: whether something happens, how long something takes, and the models of loss. All is
 * a function of a generator, so that a seed says everything.
 *
 * Correlation is that of a sequence that repeats itself: with this probability a draw gives what the one before
 * it gave, otherwise something new. So the part of draws that come true, and the distribution of delays, stay
 * what was asked for. (Linux mixes the old value into the new one, which changes both: its manual warns of it.)
 */
#ifndef DEV_CHANCE_H
#define DEV_CHANCE_H

#include "lib/rng.h"

#define CHANCE_ALWAYS UINT32_MAX

/* Probabilities in units of 1 / CHANCE_ALWAYS. */
struct chance {
	uint32_t p, correlation;
};

/* Does it happen this time? `last` is kept between the draws of one thing; it begins as 0. */
bool chance_happens(const struct chance *c, uint64_t *last, struct rng *r);

/* Of delays, in units of the jitter around 0: uniform from -1 to 1; normal with standard deviation 1; Pareto with
 * shape 3, moved to mean 0, where a unit is 3/4 of its scale; a quarter of normal and three of Pareto. Cut at
 * -4 and 4 as tc's tables are. */
enum chance_shape { CHANCE_UNIFORM, CHANCE_NORMAL, CHANCE_PARETO, CHANCE_PARETONORMAL };

double chance_draw(enum chance_shape shape, struct rng *r);

/* How packets are lost. */
enum loss_model {
	LOSS_RANDOM,  /* each by itself, or correlated */
	LOSS_STATE,   /* four states: a gap without losses but single ones, a burst with some that arrive */
	LOSS_GEMODEL, /* Gilbert and Elliott: a good and a bad state, each with its own loss */
};

struct loss {
	enum loss_model model;
	struct chance random;
	/* LOSS_STATE: from the gap (1) to the burst (3), back, from the burst to one that arrives (2) and back,
	 * and to a single loss in the gap (4) */
	uint32_t p13, p31, p32, p23, p14;
	/* LOSS_GEMODEL: from good to bad, back, and what is lost in each */
	uint32_t p, r, lost_bad, lost_good;
};

struct loss_state {
	uint64_t last;
	uint8_t state; /* of the model; 0: the first */
};

/* Is the next packet lost? `st` begins as zeros. */
bool loss_happens(const struct loss *l, struct loss_state *st, struct rng *r);

#endif
