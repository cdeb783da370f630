/* SPDX-License-Identifier: MIT */
/* Why a connection sends: remembered for a turn, and only while TCP is traced. */
#include "tcp/internal.h"
#include "tests/unit/lab.h"

static void a_cause_lasts_for_a_turn(void)
{
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct tcp_conn *a = tcp_conn_new(s), *b = tcp_conn_new(s);
	struct pkt p = {.id = 41}, q = {.id = 42};

	tcp_cause_note(a, &p);
	CU_ASSERT_EQUAL(tcp_cause_of(a), 0);
	CU_ASSERT_PTR_NULL(tcp_of(s)->causes);
	trace_show(s, 1u << LAYER_TCP);
	tcp_cause_note(a, &p);
	tcp_cause_note(b, &p);
	tcp_cause_note(a, &q);
	CU_ASSERT_EQUAL(tcp_cause_of(a), 42);
	CU_ASSERT_EQUAL(tcp_cause_of(b), 41);
	lab_settle(l);
	CU_ASSERT_EQUAL(tcp_cause_of(a), 0);
	tcp_conn_free(a);
	tcp_conn_free(b);
	lab_free(l);
}

static void more_than_there_is_room_for_send_without_a_cause(void)
{
	enum { MANY = 70 };
	struct lab *l = lab_new();
	struct stack *s = lab_host(l, "h");
	struct tcp_conn *c[MANY];
	unsigned known = 0;

	trace_show(s, 1u << LAYER_TCP);
	for (unsigned i = 0; i < MANY; i++) {
		c[i] = tcp_conn_new(s);
		tcp_cause_note(c[i], &(struct pkt){.id = i + 1});
	}
	for (unsigned i = 0; i < MANY; i++) {
		CU_ASSERT(tcp_cause_of(c[i]) == 0 || tcp_cause_of(c[i]) == i + 1);
		known += tcp_cause_of(c[i]) != 0;
		tcp_conn_free(c[i]);
	}
	CU_ASSERT_EQUAL(known, 64);
	lab_free(l);
}

SUITE(tcp_cause, T(a_cause_lasts_for_a_turn), T(more_than_there_is_room_for_send_without_a_cause))
