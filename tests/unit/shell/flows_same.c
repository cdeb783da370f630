/* SPDX-License-Identifier: MIT */
/* Two long runs of a connection: what has been the same is not kept. */
#include "shell/flows_same.h"

#include "shell/flows_diff.h"
#include "tests/unit/shell/segments.h"

#include <stdlib.h>

enum { ISN = 5000, OTHER_ISN = 9000, LEN = 1000, MANY = 2000 };

struct runs {
	struct flows a, b;
	struct flow *x, *y;
};

/* A thousand octets, the i-th of the stream's thousands. */
static struct flow *send(struct flows *fs, uint32_t isn, uint32_t i)
{
	char words[LEN + 1];

	for (uint32_t k = 0; k < LEN; k++)
		words[k] = (char)('a' + (i + k) % 26);
	words[LEN] = '\0';
	return segments_see(fs, OURS(TCP_ACK, isn + 1 + i * LEN, 1001, .text = words), i);
}

static void runs_init(struct runs *r)
{
	flows_init(&r->a);
	flows_init(&r->b);
	segments_handshake(&r->a, ISN);
	segments_handshake(&r->b, OTHER_ISN);
	r->x = send(&r->a, ISN, 0);
	r->y = send(&r->b, OTHER_ISN, 0);
	flow_pair(r->x, r->y);
}

static void acknowledge(struct flows *fs, uint32_t isn, uint32_t thousands)
{
	segments_see(fs, PEERS(TCP_ACK, 1001, isn + 1 + thousands * LEN), 0);
}

static void runs_exit(struct runs *r)
{
	flows_exit(&r->a);
	flows_exit(&r->b);
}

/* One is always a hundred thousand octets behind the other. */
static void run(struct runs *r, uint32_t lost_of_a)
{
	for (uint32_t i = 1; i < MANY; i++) {
		if (i != lost_of_a)
			send(&r->a, ISN, i);
		acknowledge(&r->a, ISN, i + 1);
		flow_forget(r->x);
		if (i <= 100)
			continue;
		send(&r->b, OTHER_ISN, i - 100);
		acknowledge(&r->b, OTHER_ISN, i - 99);
		flow_forget(r->y);
	}
}

/* They do, and it says so. */
static bool differ(struct runs *r, const char *words)
{
	char *said;
	size_t len;
	FILE *out = open_memstream(&said, &len);
	bool same = flows_compare(&r->a, &r->b, out), found;

	fclose(out);
	found = strstr(said, words);
	if (!found)
		printf("no \"%s\" in:\n%s", words, said);
	free(said);
	return !same && found;
}

static void long_streams_need_little_memory(void)
{
	struct runs r;

	runs_init(&r);
	run(&r, 0);
	CU_ASSERT_TRUE(r.x->text.room < 1 << 20 && r.y->text.room < 1 << 20);
	CU_ASSERT_TRUE(r.x->send_count < 300 && r.y->send_count < 300);
	CU_ASSERT_EQUAL(r.x->same, r.y->same);
	CU_ASSERT_TRUE(r.x->same > (MANY - 300) * LEN);
	CU_ASSERT_EQUAL(r.x->text_len, MANY * LEN);
	CU_ASSERT_FALSE(r.x->differs);
	CU_ASSERT_TRUE(
		differ(&r, "  text            2000000 octets                            1900000 octets"));
	for (uint32_t i = MANY - 100; i < MANY; i++)
		send(&r.b, OTHER_ISN, i);
	acknowledge(&r.b, OTHER_ISN, MANY);
	CU_ASSERT_TRUE(flows_compare(&r.a, &r.b, stdout));
	runs_exit(&r);
}

static void the_place_of_a_difference_is_right_when_much_is_forgotten(void)
{
	struct runs r;

	runs_init(&r);
	run(&r, 0);
	segments_see(&r.b, OURS(TCP_ACK, OTHER_ISN + 1 + (MANY - 100) * LEN, 1001, .text = "???"), 0);
	CU_ASSERT_TRUE(differ(&r, "  octet 19000"));
	CU_ASSERT_TRUE(differ(&r, " 3f 3f 3f"));
	runs_exit(&r);
}

static void a_difference_is_not_forgotten(void)
{
	struct runs r;

	runs_init(&r);
	for (uint32_t i = 1; i < MANY; i++) {
		send(&r.a, ISN, i);
		flow_forget(r.x);
		if (i == 50)
			segments_see(&r.b, OURS(TCP_ACK, OTHER_ISN + 1 + i * LEN, 1001, .text = "?"), 0);
		send(&r.b, OTHER_ISN, i);
		flow_forget(r.y);
	}
	CU_ASSERT_TRUE(r.x->differs && r.y->differs);
	CU_ASSERT_TRUE(r.x->text.room < 1 << 20);
	CU_ASSERT_TRUE(differ(&r, "  octet 50001     expected  79"));
	runs_exit(&r);
}

static void what_was_lost_does_not_keep_the_rest(void)
{
	struct runs r;

	runs_init(&r);
	run(&r, 700);
	CU_ASSERT_EQUAL(r.x->missed, LEN);
	CU_ASSERT_EQUAL(r.x->hole_count, 0);
	CU_ASSERT_TRUE(r.x->same > (MANY - 300) * LEN);
	runs_exit(&r);
}

static void what_is_not_acknowledged_may_be_sent_again(void)
{
	struct runs r;

	runs_init(&r);
	for (uint32_t i = 1; i < 1000; i++) {
		send(&r.a, ISN, i);
		send(&r.b, OTHER_ISN, i);
		flow_forget(r.x);
	}
	CU_ASSERT_TRUE(r.x->same > 0);
	send(&r.a, ISN, 2);
	CU_ASSERT_TRUE(flow_sent_again(r.x, 3 * LEN));
	CU_ASSERT_FALSE(flow_sent_again(r.y, 3 * LEN));
	CU_ASSERT_PTR_NOT_NULL(flow_sent(r.y, 3 * LEN));
	runs_exit(&r);
}

SUITE(shell_flows_same, T(long_streams_need_little_memory),
	T(the_place_of_a_difference_is_right_when_much_is_forgotten), T(a_difference_is_not_forgotten),
	T(what_was_lost_does_not_keep_the_rest), T(what_is_not_acknowledged_may_be_sent_again))
