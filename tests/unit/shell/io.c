/* SPDX-License-Identifier: MIT */
/* Pipes inside tapir: a writer that looks is held back by a slow reader. */
#include "shell/io.h"
#include "tests/unit/shell/fixture.h"

struct held {
	struct fixture *f;
	struct sink *k;
	struct source *c;
	struct reader reader;
	struct drain drain;
	size_t read;
	unsigned told;
};

static void took(struct reader *r, const char *data, size_t len)
{
	(void)data;
	CONTAINER_OF(r, struct held, reader)->read += len;
}

static void told(struct drain *d)
{
	CONTAINER_OF(d, struct held, drain)->told++;
}

static struct held *held_new(void)
{
	struct held *h = calloc(1, sizeof(*h));

	h->f = fixture_new();
	h->reader.input = took;
	drain_init(&h->drain, told);
	pipe_new(&h->f->loop, &h->k, &h->c);
	return h;
}

static void held_free(struct held *h)
{
	source_put(h->c);
	sink_put(h->k);
	fixture_free(h->f);
	free(h);
}

/* Writes until the pipe is full; returns how much went in. */
static size_t fill(struct held *h)
{
	static const char kilobyte[1024];
	size_t n = 0;

	for (; !sink_is_full(h->k) && n < 64 << 20; n += sizeof(kilobyte))
		sink_write(h->k, kilobyte, sizeof(kilobyte));
	return n;
}

static void a_pipe_nobody_reads_is_full_soon_and_says_when_it_was_read(void)
{
	struct held *h = held_new();
	size_t n = fill(h);

	CU_ASSERT(n >= 64 << 10 && n <= 1 << 20);
	sink_wait(h->k, &h->drain);
	loop_turn(&h->f->loop, false);
	CU_ASSERT_EQUAL(h->told, 0);
	source_attach(h->c, &h->reader);
	loop_turn(&h->f->loop, false);
	CU_ASSERT_EQUAL(h->read, n);
	CU_ASSERT_EQUAL(h->told, 1);
	CU_ASSERT_FALSE(sink_is_full(h->k));
	held_free(h);
}

static void a_reader_that_goes_away_frees_the_one_who_waits(void)
{
	struct held *h = held_new();

	fill(h);
	sink_wait(h->k, &h->drain);
	source_put(h->c);
	h->c = NULL;
	loop_turn(&h->f->loop, false);
	CU_ASSERT_EQUAL(h->told, 1);
	CU_ASSERT_FALSE(sink_is_full(h->k));
	held_free(h);
}

static void who_no_longer_waits_is_not_told(void)
{
	struct held *h = held_new();

	fill(h);
	sink_wait(h->k, &h->drain);
	drain_cancel(&h->drain);
	source_attach(h->c, &h->reader);
	loop_turn(&h->f->loop, false);
	CU_ASSERT_EQUAL(h->told, 0);
	held_free(h);
}

static void programs_and_commands_pass_on_more_than_a_pipe_holds(void)
{
	PRINTS("for i in 1; do !head -c 5000000 /dev/zero; done | cat | tee | !wc -c", "5000000\n");
	PRINTS("for i in 1; do !head -c 5000000 /dev/zero; done | cat | !head -c 3 | wc -c\necho end",
		"3\nend\n");
	PRINTS("!head -c 5000000 /dev/zero > zeros; cat zeros zeros | tee | !wc -c; !rm zeros", "10000000\n");
}

static void filters_of_the_machine_need_no_mark(void)
{
	PRINTS("seq 20 | grep 1 | head -n 3 | tail -n 1 | tr 1 'a b'", "aa\n");
	PRINTS("X=three; echo one two $X | LC_ALL=C wc -w; echo \"it's\" | sed s/it/that/", "3\nthat's\n");
	STATUS("echo a | grep -q b", 1);
	STATUS("seq 3 | grep --no-such-option 2>/dev/null", 2);
}

/* The filter waits for the command, so it is not the filter that keeps the clock. */
static void time_passes_for_a_command_that_writes_to_a_filter(void)
{
	PRINTS("for i in 1 2; do sleep 50; echo $i; done | grep 2; echo end", "2\nend\n");
}

SUITE(shell_io, T(a_pipe_nobody_reads_is_full_soon_and_says_when_it_was_read),
	T(a_reader_that_goes_away_frees_the_one_who_waits), T(who_no_longer_waits_is_not_told),
	T(programs_and_commands_pass_on_more_than_a_pipe_holds), T(filters_of_the_machine_need_no_mark),
	T(time_passes_for_a_command_that_writes_to_a_filter))
