/* SPDX-License-Identifier: MIT */
/* Messages over a socket: whole ones only, in order, bounded. */
#include "shell/channel.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
	struct channel ch;
	struct buf heard; /* "L:text;" for each message */
	unsigned closed, drained;
};

static void hear(struct channel *ch, char type, const char *data, size_t len)
{
	struct end *e = CONTAINER_OF(ch, struct end, ch);

	buf_printf(&e->heard, "%c:%zu:%s;", type, len, len < 20 ? data : "long");
}

static void note_closed(struct channel *ch)
{
	CONTAINER_OF(ch, struct end, ch)->closed++;
}

static void note_drained(struct channel *ch)
{
	CONTAINER_OF(ch, struct end, ch)->drained++;
}

struct both {
	struct loop loop;
	struct end end;
	int fd; /* the other one, by hand */
};

static void open_both(struct both *b)
{
	struct clock clock;
	int fds[2];

	*b = (struct both){.end = {.ch = {.message = hear, .closed = note_closed, .drained = note_drained}}};
	clock_init_virtual(&clock, 1);
	loop_init(&b->loop, clock);
	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	b->fd = fds[1];
	channel_open(&b->end.ch, &b->loop, fds[0]);
}

static void close_both(struct both *b)
{
	channel_close(&b->end.ch);
	channel_close(&b->end.ch);
	if (b->fd >= 0)
		close(b->fd);
	buf_exit(&b->end.heard);
	loop_exit(&b->loop);
}

static void say(struct both *b, const char *bytes, size_t len)
{
	CU_ASSERT_EQUAL(write(b->fd, bytes, len), (ssize_t)len);
	for (int i = 0; i < 4; i++)
		loop_turn(&b->loop, false);
}

static void messages_come_whole_however_they_were_cut(void)
{
	struct both b;

	open_both(&b);
	say(&b, "\0\0\0\2Lhi\0\0\0\0D\0\0", 14);
	CU_ASSERT_STRING_EQUAL(buf_text(&b.end.heard), "L:2:hi;D:0:;");
	say(&b, "\0\3C", 3);
	say(&b, "a\0b", 3);
	CU_ASSERT_STRING_EQUAL(buf_text(&b.end.heard), "L:2:hi;D:0:;C:3:a;");
	CU_ASSERT_EQUAL(b.end.closed, 0);
	close_both(&b);
}

static void an_end_that_is_mad_or_gone_closes_it(void)
{
	struct both b;

	open_both(&b);
	say(&b, "\x7f\0\0\0L", 5);
	CU_ASSERT_EQUAL(b.end.closed, 1);
	channel_send(&b.end.ch, MESSAGE_OUTPUT, "x", 1); /* to nobody */
	CU_ASSERT_FALSE(channel_wait(&b.end.ch, 0));
	close_both(&b);

	open_both(&b);
	close(b.fd);
	b.fd = -1;
	for (int i = 0; i < 4; i++)
		loop_turn(&b.loop, false);
	CU_ASSERT_EQUAL(b.end.closed, 1);
	close_both(&b);
}

static void what_nobody_reads_waits_and_is_bounded(void)
{
	static char block[MESSAGE_MAX];
	struct both b;
	ssize_t n;

	open_both(&b);
	channel_send(&b.end.ch, MESSAGE_OUTPUT, block, sizeof(block));
	CU_ASSERT_TRUE(channel_is_full(&b.end.ch));
	do {
		n = read(b.fd, block, sizeof(block));
		loop_turn(&b.loop, false);
	} while (n > 0);
	CU_ASSERT_FALSE(channel_is_full(&b.end.ch));
	CU_ASSERT_EQUAL(b.end.drained, 1);
	for (int i = 0; i <= CHANNEL_LIMIT / MESSAGE_MAX; i++)
		channel_send(&b.end.ch, MESSAGE_OUTPUT, block, sizeof(block));
	loop_turn(&b.loop, false);
	CU_ASSERT_EQUAL(b.end.closed, 1);
	close_both(&b);
}

SUITE(shell_channel, T(messages_come_whole_however_they_were_cut), T(an_end_that_is_mad_or_gone_closes_it),
	T(what_nobody_reads_waits_and_is_bounded))
