/* SPDX-License-Identifier: MIT */
/* Hash tables against a slow twin: an array of flags. */
#include "lib/hash.h"

#include "lib/rng.h"
#include "tests/unit/alloc.h"
#include "tests/unit/unit.h"

#include <errno.h>

enum { ITEMS = 500 };

struct item {
	struct hash_link link;
	int key;
	bool present; /* the twin */
};

/* Few different hashes, so that chains are long and hashes collide. */
static uint32_t hash_of(int key)
{
	return (uint32_t)key % 37 * 2654435761u;
}

static struct item *lookup(struct hash *h, int key)
{
	hash_each_match(it, h, hash_of(key), struct item, link)
		if (it->key == key)
			return it;
	return NULL;
}

static void agrees_with_the_slow_twin(void)
{
	static struct item items[ITEMS];
	struct hash h;
	struct rng r;
	uint32_t count = 0;

	hash_init(&h);
	rng_seed(&r, unit_seed);
	for (int i = 0; i < ITEMS; i++)
		items[i] = (struct item){.key = i};
	for (int round = 0; round < 20000; round++) {
		struct item *it = &items[rng_below(&r, ITEMS)];
		CU_ASSERT_PTR_EQUAL_FATAL(lookup(&h, it->key), it->present ? it : NULL);
		if (it->present)
			hash_del(&h, &it->link);
		else
			CU_ASSERT_EQUAL_FATAL(hash_add(&h, &it->link, hash_of(it->key)), 0);
		it->present = !it->present;
		count += it->present ? 1 : (uint32_t)-1;
		CU_ASSERT_EQUAL_FATAL(h.count, count);
	}
	for (int i = 0; i < ITEMS; i++)
		if (items[i].present)
			hash_del(&h, &items[i].link);
	hash_exit(&h);
}

static void what_takes_the_place_of_another_is_found_for_it(void)
{
	static struct item items[ITEMS], others[ITEMS];
	struct hash h;

	hash_init(&h);
	for (int i = 0; i < ITEMS; i++) {
		items[i].key = others[i].key = i;
		hash_add(&h, &items[i].link, hash_of(i));
	}
	for (int i = 0; i < ITEMS; i += 3)
		hash_replace(&h, &items[i].link, &others[i].link);
	CU_ASSERT_EQUAL(h.count, ITEMS);
	for (int i = 0; i < ITEMS; i++) {
		struct item *now = i % 3 ? &items[i] : &others[i];
		CU_ASSERT_PTR_EQUAL_FATAL(lookup(&h, i), now);
		hash_del(&h, &now->link);
		CU_ASSERT_PTR_NULL(lookup(&h, i));
	}
	hash_exit(&h);
}

static void it_grows_with_what_it_holds(void)
{
	static struct item items[ITEMS];
	struct hash h;

	hash_init(&h);
	for (int i = 0; i < ITEMS; i++) {
		hash_add(&h, &items[i].link, hash_of(i));
		CU_ASSERT(h.count <= 1u << h.bits);
	}
	for (int i = 0; i < ITEMS; i++)
		hash_del(&h, &items[i].link);
	hash_exit(&h);
}

static void walking_meets_every_element_once(void)
{
	static struct item items[ITEMS];
	struct hash h;
	uint32_t slot = 0, seen = 0;

	hash_init(&h);
	CU_ASSERT_PTR_NULL(hash_next(&h, &slot, NULL));
	for (int i = 0; i < ITEMS; i++) {
		items[i] = (struct item){.key = i};
		hash_add(&h, &items[i].link, hash_of(i));
	}
	slot = 0;
	struct hash_link *l = hash_next(&h, &slot, NULL);
	while (l) {
		struct item *it = CONTAINER_OF(l, struct item, link);
		l = hash_next(&h, &slot, l);
		CU_ASSERT_FALSE(it->present);
		it->present = true;
		seen++;
		hash_del(&h, &it->link); /* allowed once the next one is known */
	}
	CU_ASSERT_EQUAL(seen, ITEMS);
	CU_ASSERT_EQUAL(h.count, 0);
	hash_exit(&h);
}

static void an_empty_table_holds_no_memory(void)
{
	struct hash h;

	hash_init(&h);
	CU_ASSERT_PTR_NULL(h.slots);
	CU_ASSERT_PTR_NULL(hash_chain(&h, 5));
	hash_exit(&h);
}

static void without_memory_it_takes_nothing_unless_it_was_reserved(void)
{
	struct hash_link links[100];
	struct hash h;

	hash_init(&h);
	alloc_arm(1, true);
	CU_ASSERT_EQUAL(hash_reserve(&h), -ENOMEM);
	CU_ASSERT_EQUAL(hash_add(&h, &links[0], 7), -ENOMEM);
	alloc_disarm();
	CU_ASSERT_EQUAL(hash_reserve(&h), 0);
	alloc_arm(1, true);
	for (uint32_t i = 0; i < ARRAY_SIZE(links); i++)
		CU_ASSERT_EQUAL(hash_add(&h, &links[i], i), 0); /* in longer chains */
	alloc_disarm();
	CU_ASSERT_EQUAL(h.count, ARRAY_SIZE(links));
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		hash_del(&h, &links[i]);
	hash_exit(&h);
}

SUITE(lib_hash, T(agrees_with_the_slow_twin), T(what_takes_the_place_of_another_is_found_for_it),
	T(it_grows_with_what_it_holds), T(walking_meets_every_element_once),
	T(an_empty_table_holds_no_memory), T(without_memory_it_takes_nothing_unless_it_was_reserved))
