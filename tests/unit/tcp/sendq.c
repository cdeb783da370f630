/* SPDX-License-Identifier: MIT */
/* The send queue, against a flat array of all bytes that were ever written. */
#include "tcp/internal.h"
#include "tests/unit/alloc.h"
#include "tests/unit/lab.h"

#include <errno.h>

enum { STREAM = 400000, STEPS = 3000 };

struct fixture {
	struct lab *lab;
	struct tcp_conn *c;
	uint32_t start;
};

static struct fixture set_up(uint32_t start)
{
	struct fixture f = {.lab = lab_new(), .start = start};

	f.c = tcp_conn_new(lab_host(f.lab, "h1"));
	f.c->snd.una = f.c->snd.nxt = f.c->snd.end = start;
	return f;
}

static void tear_down(struct fixture *f)
{
	tcp_conn_free(f->c);
	lab_free(f->lab);
}

static uint8_t byte_at(uint32_t i)
{
	return (uint8_t)(i * 31 + i / 251);
}

/* Bytes that are copied, or part of a blob. */
static void write_some(struct fixture *f, size_t len, bool shared)
{
	enum { AT = 3 };
	struct blob *b = blob_new(AT + len);
	uint32_t at = f->c->snd.end - f->start;
	size_t room = tcp_sendq_room(f->c);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (size_t i = 0; i < len; i++)
		b->bytes[AT + i] = byte_at(at + (uint32_t)i);
	ssize_t n = tcp_sendq_write(f->c, b->bytes + AT, len, shared ? b : NULL);
	blob_unref(b);
	if (n < 0)
		CU_ASSERT_EQUAL(n, -EAGAIN);
	CU_ASSERT(n <= (ssize_t)MAX(room, tcp_sendq_room(f->c)) + 70000);
	CU_ASSERT_EQUAL(f->c->snd.end - f->start, at + (n > 0 ? (uint32_t)n : 0));
}

static void expect_text(const struct fixture *f, struct pkt *p, uint32_t seq, size_t len)
{
	unsigned wrong = 0;

	pkt_linearize(p);
	CU_ASSERT_EQUAL_FATAL(p->len, len);
	for (size_t i = 0; i < len; i++)
		wrong += p->data[i] != byte_at(seq - f->start + (uint32_t)i);
	CU_ASSERT_EQUAL(wrong, 0);
}

static void look_at(const struct fixture *f, uint32_t seq, size_t len)
{
	struct pkt *p = stack_pkt(f->c->stack, len);

	tcp_sendq_put(f->c, seq, p, (uint32_t)len);
	expect_text(f, p, seq, len);
	pkt_free(p);
}

static void bytes_come_out_as_they_went_in(void)
{
	struct fixture f = set_up(UINT32_MAX - STREAM / 2);
	struct rng rng;

	rng_seed(&rng, unit_seed);
	for (int i = 0; i < STEPS; i++) {
		uint32_t held = f.c->snd.end - f.c->snd.una;

		write_some(&f, 1 + rng_below(&rng, i % 7 ? 3000 : 69999), rng_below(&rng, 2));
		if (held) {
			uint32_t from = rng_below(&rng, held), len = 1 + rng_below(&rng, held - from);
			look_at(&f, f.c->snd.una + from, MIN(len, 65535U));
		}
		if (held && i % 3 == 0) {
			f.c->snd.una += 1 + rng_below(&rng, held);
			tcp_sendq_acked(f.c, f.c->snd.una);
		}
	}
	f.c->snd.una = f.c->snd.end;
	tcp_sendq_acked(f.c, f.c->snd.una);
	CU_ASSERT_PTR_NULL(f.c->sendq);
	CU_ASSERT_EQUAL(tcp_of(f.c->stack)->memory, 0);
	tear_down(&f);
}

/* Until they are acknowledged, or the connection ends. They count as if they were copied. */
static void a_blobs_bytes_are_referred_to(void)
{
	struct fixture f = set_up(UINT32_MAX - 1000);
	struct blob *b = blob_new(80000);
	const size_t *memory = &tcp_of(f.c->stack)->memory;

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	f.c->wishes.sndbuf_locked = true;
	f.c->sndbuf = 100000;
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, b->bytes, b->len, b), 80000);
	CU_ASSERT_EQUAL(b->refs, 5); /* four chunks */
	CU_ASSERT(*memory >= 80000 && *memory < 80300);
	CU_ASSERT_EQUAL(tcp_sendq_size(f.c), *memory);
	CU_ASSERT_FALSE(tcp_sendq_is_writable(f.c));
	tcp_sendq_acked(f.c, f.c->snd.una += 70000);
	CU_ASSERT_EQUAL(b->refs, 3);
	CU_ASSERT(*memory < 30200);
	tear_down(&f);
	CU_ASSERT_EQUAL(b->refs, 1);
	blob_unref(b);
}

/* To a blob's, and to those that were copied when they were written. The segments live on when the queue has gone. */
static void segments_refer_to_the_bytes_too(void)
{
	static const struct {
		uint32_t from, len;
		unsigned parts;
	} rows[] = {
		{8000, 57536, 1}, /* all that is left of a chunk */
		{8000, 60000, 2}, /* of two */
		{8000, 57700, 2}, /* few of the second: now it copies all or nothing */
		{100, 2047, 0},	  /* few */
		{69000, 1100, 0}, /* from two chunks */
		{5000, 65100, 0}, /* from three, of which one is small and goes with its bytes */
	};

	for (int shared = 0; shared < 2; shared++) {
		struct fixture f = set_up(UINT32_MAX - 1000);
		struct pkt *p[ARRAY_SIZE(rows)];

		f.c->wishes.sndbuf_locked = true;
		f.c->sndbuf = 300000;
		write_some(&f, 70000, shared);
		write_some(&f, 100, false);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			p[i] = stack_pkt(f.c->stack, rows[i].len);
			tcp_sendq_put(f.c, f.start + rows[i].from, p[i], rows[i].len);
			CU_ASSERT_EQUAL(p[i]->part_count, rows[i].parts);
		}
		tcp_sendq_acked(f.c, f.c->snd.una = f.c->snd.end);
		CU_ASSERT_PTR_NULL(f.c->sendq);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			expect_text(&f, p[i], f.start + rows[i].from, rows[i].len);
			pkt_free(p[i]);
		}
		tear_down(&f);
	}
}

static void few_of_them_are_copied(void)
{
	struct fixture f = set_up(1000);
	struct blob *b = blob_new(2048);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, b->bytes, 2047, b), 2047);
	CU_ASSERT_EQUAL(b->refs, 1);
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, b->bytes, 2048, b), 2048);
	CU_ASSERT_EQUAL(b->refs, 2);
	tear_down(&f);
	blob_unref(b);
}

static void nothing_is_written_behind_a_blobs_bytes(void)
{
	struct fixture f = set_up(1000);
	struct blob *b = blob_new(60000);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	f.c->wishes.sndbuf_locked = true;
	f.c->sndbuf = 60000;
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, b->bytes, b->len, b), 60000);
	CU_ASSERT_EQUAL(tcp_sendq_room(f.c), 0);
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, b->bytes, 10, NULL), -EAGAIN);
	tear_down(&f);
	blob_unref(b);
}

/* However much is written at once: what is acknowledged makes room long before all is. */
static void a_buffer_is_refilled_by_quarters(void)
{
	for (int shared = 0; shared < 2; shared++)
		for (uint32_t size = 16000; size <= 64000; size *= 2) {
			struct fixture f = set_up(UINT32_MAX - 1000);

			f.c->wishes.sndbuf_locked = true;
			f.c->sndbuf = size;
			write_some(&f, size, shared);
			CU_ASSERT_FALSE(tcp_sendq_is_writable(f.c));
			tcp_sendq_acked(f.c, f.c->snd.una += size / 4 + 1);
			CU_ASSERT(tcp_sendq_room(f.c) >= size / 5);
			tcp_sendq_acked(f.c, f.c->snd.una += size / 4);
			CU_ASSERT_TRUE(tcp_sendq_is_writable(f.c));
			tear_down(&f);
		}
}

static void without_memory_nothing_counts(void)
{
	struct fixture f = set_up(1000);
	struct blob *b = blob_new(5000);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	tcp_sendq_write(f.c, b->bytes, 1, NULL);
	size_t memory = tcp_of(f.c->stack)->memory;
	alloc_arm(1, true);
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, b->bytes, b->len, b), -ENOMEM);
	alloc_disarm();
	CU_ASSERT_EQUAL(tcp_of(f.c->stack)->memory, memory);
	CU_ASSERT_EQUAL(b->refs, 1);
	tear_down(&f);
	blob_unref(b);
}

static void a_full_buffer_takes_nothing(void)
{
	struct fixture f = set_up(1000);
	uint8_t data[1000] = {0};
	size_t taken = 0;
	ssize_t n;

	f.c->wishes.sndbuf_locked = true;
	f.c->sndbuf = 20000;
	while ((n = tcp_sendq_write(f.c, data, sizeof(data), NULL)) > 0)
		taken += (size_t)n;
	CU_ASSERT_EQUAL(n, -EAGAIN);
	CU_ASSERT(taken >= 18000 && taken <= 22048);
	CU_ASSERT_EQUAL(tcp_sendq_room(f.c), 0);
	CU_ASSERT_FALSE(tcp_sendq_is_writable(f.c));
	tcp_sendq_acked(f.c, f.c->snd.una += (uint32_t)taken / 2);
	CU_ASSERT_TRUE(tcp_sendq_is_writable(f.c));
	tear_down(&f);
}

static void the_least_of_tcp_wmem_is_everybodys(void)
{
	struct fixture f = set_up(1000);
	size_t full = (size_t)f.c->stack->sysctl[SYSCTL_TCP_MEM_HIGH] * 4096;
	uint8_t data[1000] = {0};

	tcp_mem_force(f.c->stack, full);
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, data, sizeof(data), NULL), 1000);
	for (int i = 0; i < 5; i++)
		tcp_sendq_write(f.c, data, sizeof(data), NULL);
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, data, sizeof(data), NULL), -ENOMEM);
	CU_ASSERT(f.c->snd.end - f.start <= 4096);
	tcp_mem_give(f.c->stack, full);
	tear_down(&f);
}

static void single_bytes_share_a_chunk(void)
{
	struct fixture f = set_up(1000);

	for (int i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(tcp_sendq_write(f.c, "x", 1, NULL), 1);
	CU_ASSERT(tcp_of(f.c->stack)->memory <= 2048);
	tear_down(&f);
}

static void the_low_water_mark_counts_what_is_not_sent(void)
{
	struct fixture f = set_up(1000);
	uint8_t data[5000] = {0};

	tcp_rare_of(f.c)->notsent_lowat = 4000;
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, data, sizeof(data), NULL), 5000);
	CU_ASSERT_EQUAL(tcp_sendq_write(f.c, data, sizeof(data), NULL), -EAGAIN);
	CU_ASSERT_FALSE(tcp_sendq_is_writable(f.c));
	f.c->snd.nxt += 1500;
	CU_ASSERT_TRUE(tcp_sendq_is_writable(f.c));
	tear_down(&f);
}

SUITE(tcp_sendq, T(bytes_come_out_as_they_went_in), T(a_blobs_bytes_are_referred_to),
	T(segments_refer_to_the_bytes_too), T(a_buffer_is_refilled_by_quarters), T(few_of_them_are_copied),
	T(nothing_is_written_behind_a_blobs_bytes), T(without_memory_nothing_counts),
	T(a_full_buffer_takes_nothing), T(the_least_of_tcp_wmem_is_everybodys), T(single_bytes_share_a_chunk),
	T(the_low_water_mark_counts_what_is_not_sent));
