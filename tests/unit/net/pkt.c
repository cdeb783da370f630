/* SPDX-License-Identifier: MIT */
/* Packets: room, copies, copybreak, limits. */
#include "net/pkt.h"

#include "tests/unit/lab.h"

static void a_packet_has_headroom_and_the_room_asked_for(void)
{
	static const size_t rooms[] = {
		0, 1, PKT_SMALL_ROOM - PKT_HEADROOM, PKT_SMALL_ROOM - PKT_HEADROOM + 1, 65535 + 14};
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		struct pkt *p = pkt_new(&pools, rooms[i]);
		CU_ASSERT_EQUAL(pkt_headroom(p), PKT_HEADROOM);
		CU_ASSERT(pkt_tailroom(p) >= rooms[i]);
		memset(pkt_put(p, rooms[i]), 1, rooms[i]);
		memset(pkt_push(p, PKT_HEADROOM), 2, PKT_HEADROOM);
		CU_ASSERT_EQUAL(p->len, rooms[i] + PKT_HEADROOM);
		pkt_free(p);
	}
	CU_ASSERT_PTR_NULL(pkt_new(&pools, PKT_BIG_ROOM));
	CU_ASSERT_EQUAL(pools.small.made, 3);
	CU_ASSERT_EQUAL(pools.big.made, 2);
	pkt_pools_exit(&pools);
}

static void a_copy_has_an_id_of_its_own_and_names_its_parent(void)
{
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = pkt_new(&pools, 10);
	memcpy(pkt_put(p, 5), "hello", 5);
	p->type = PKT_BROADCAST;
	struct pkt *copy = pkt_copy(p, 20);
	CU_ASSERT_EQUAL(copy->parent, p->id);
	CU_ASSERT_NOT_EQUAL(copy->id, p->id);
	CU_ASSERT_EQUAL(copy->type, PKT_BROADCAST);
	CU_ASSERT_EQUAL(memcmp(copy->data, "hello", 5), 0);
	CU_ASSERT(pkt_tailroom(copy) >= 20);
	pkt_done(p);
	pkt_free(copy);
	CU_ASSERT_EQUAL(pools.done, 1);
	pkt_pools_exit(&pools);
}

static void a_small_frame_moves_out_of_a_big_buffer(void)
{
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = pkt_new(&pools, 60000);
	uint64_t id = p->id;
	memcpy(pkt_put(p, 3), "abc", 3);
	p = pkt_shrink(p);
	CU_ASSERT_FALSE(p->big);
	CU_ASSERT_EQUAL(p->id, id);
	CU_ASSERT_EQUAL(memcmp(p->data, "abc", 3), 0);
	CU_ASSERT_EQUAL(pool_in_use(&pools.big), 0);
	pkt_free(p);

	p = pkt_new(&pools, 60000);
	memset(pkt_put(p, 3000), 0, 3000);
	CU_ASSERT_PTR_EQUAL(pkt_shrink(p), p);
	pkt_free(p);
	pkt_pools_exit(&pools);
}

static void without_small_buffers_the_big_one_serves_on(void)
{
	struct pkt_pools pools;

	pkt_pools_init(&pools, 1, 1);
	struct pkt *small = pkt_new(&pools, 1), *big = pkt_new(&pools, 60000);
	CU_ASSERT_PTR_EQUAL(pkt_shrink(big), big);
	CU_ASSERT_PTR_NULL(pkt_new(&pools, 1));
	CU_ASSERT_PTR_NULL(pkt_copy(big, 60000));
	pkt_free(small);
	pkt_free(big);
	pkt_pools_exit(&pools);
}

static void what_is_not_copied_yet_is_copied_where_it_belongs(void)
{
	struct blob *text = lab_text(3001);
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = pkt_new(&pools, 3010);
	memcpy(pkt_put(p, 4), "head", 4);
	CU_ASSERT_EQUAL(pkt_head_len(p), 4);
	lab_put_parts(p, text);
	CU_ASSERT_FALSE(pkt_put_part(p, text, text->bytes, 1));
	memcpy(pkt_push(p, 2), "a ", 2);
	CU_ASSERT_EQUAL(text->refs, 3);
	CU_ASSERT_TRUE(p->len == 3007 && pkt_head_len(p) == 6);

	struct pkt *copy = pkt_copy(p, 0);
	CU_ASSERT_EQUAL(text->refs, 3);
	pkt_linearize(p);
	CU_ASSERT_EQUAL(text->refs, 1);
	for (int i = 0; i < 2; i++) {
		const struct pkt *seen = i ? p : copy;
		CU_ASSERT_TRUE(seen->len == 3007 && pkt_head_len(seen) == 3007);
		CU_ASSERT_EQUAL(memcmp(seen->data, "a head", 6), 0);
		CU_ASSERT_EQUAL(memcmp(seen->data + 6, text->bytes, text->len), 0);
	}
	memcpy(pkt_put(p, 3), "end", 3);
	CU_ASSERT_EQUAL(memcmp(p->data + 3007, "end", 3), 0);
	pkt_free(p);
	pkt_free(copy);
	blob_unref(text);
	pkt_pools_exit(&pools);
}

static void the_end_of_a_packet_lets_its_parts_go(void)
{
	struct blob *text = lab_text(100);
	struct pkt_pools pools;

	pkt_pools_init(&pools, 0, 0);
	struct pkt *p = pkt_new(&pools, 100);
	lab_put_parts(p, text);
	pkt_done(p);
	CU_ASSERT_EQUAL(text->refs, 1);
	p = pkt_new(&pools, 100); /* the same memory */
	CU_ASSERT_EQUAL(p->part_count, 0);
	lab_put_parts(p, text);
	p = pkt_grow(p);
	CU_ASSERT_EQUAL(text->refs, 1);
	CU_ASSERT_EQUAL(memcmp(p->data, text->bytes, text->len), 0);
	pkt_free(p);
	blob_unref(text);
	pkt_pools_exit(&pools);
}

SUITE(net_pkt, T(a_packet_has_headroom_and_the_room_asked_for),
	T(a_copy_has_an_id_of_its_own_and_names_its_parent), T(a_small_frame_moves_out_of_a_big_buffer),
	T(without_small_buffers_the_big_one_serves_on), T(what_is_not_copied_yet_is_copied_where_it_belongs),
	T(the_end_of_a_packet_lets_its_parts_go))
