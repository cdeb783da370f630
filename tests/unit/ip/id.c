/* SPDX-License-Identifier: MIT */
/* IDs: not repeated, not guessed. */
#include "tests/unit/ip/bench.h"

#include <stdlib.h>

/* RFC6864-4.3a, RFC6864-4.2 */
static void a_triple_repeats_no_id_in_65536_packets(void)
{
	struct bench b = bench_open();
	uint8_t *seen = calloc(1, 65536);
	unsigned repeated = 0;

	for (unsigned i = 0; i < 65536; i++) {
		uint16_t id = id_next(b.s, 1, 2, 17);
		repeated += seen[id];
		seen[id] = 1;
	}
	CU_ASSERT_EQUAL(repeated, 0);
	free(seen);
	bench_close(&b);
}

/* How often the next ID follows from the last by the step that was most frequent. */
static unsigned most_frequent_step(struct stack *s, uint32_t hosts)
{
	uint16_t *steps = calloc(65536, sizeof(*steps)), last = 0;
	unsigned most = 0;

	for (uint32_t i = 0; i < 4096; i++) {
		uint16_t id = id_next(s, 1, 2 + i % hosts, 17), step = (uint16_t)(id - last);
		last = id;
		if (++steps[step] > most)
			most = steps[step];
	}
	free(steps);
	return most;
}

static void the_next_id_does_not_follow_from_the_last(void)
{
	struct bench b = bench_open();

	CU_ASSERT(most_frequent_step(b.s, 1) < 10);
	CU_ASSERT(most_frequent_step(b.s, 7) < 10);
	bench_close(&b);
}

/* Of one permutation, two would have no ID in common. */
static void each_triple_has_a_permutation_of_its_own(void)
{
	struct bench b = bench_open();
	uint8_t *seen = calloc(1, 65536);
	unsigned common = 0;

	for (unsigned i = 0; i < 3000; i++) {
		seen[id_next(b.s, 1, 2, 17)] = 1;
		common += seen[id_next(b.s, 1, 3, 17)];
	}
	CU_ASSERT(common > 20 && common < 300);
	free(seen);
	bench_close(&b);
}

static void hosts_of_one_name_and_seed_draw_the_same_ids_and_others_do_not(void)
{
	struct bench a = bench_open(), b = bench_open();
	struct stack *other = lab_host(b.lab, "other");
	unsigned same = 0;

	for (int i = 0; i < 100; i++) {
		uint16_t id = id_next(a.s, 1, 2, 17);
		CU_ASSERT_EQUAL(id, id_next(b.s, 1, 2, 17));
		same += id == id_next(other, 1, 2, 17);
	}
	CU_ASSERT(same < 5);
	bench_close(&a);
	bench_close(&b);
}

SUITE(ip_id, T(a_triple_repeats_no_id_in_65536_packets), T(the_next_id_does_not_follow_from_the_last),
	T(each_triple_has_a_permutation_of_its_own),
	T(hosts_of_one_name_and_seed_draw_the_same_ids_and_others_do_not))
