/* SPDX-License-Identifier: MIT */
/* Messages over a stream socket. */
#include "shell/channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_LEN = 5 };

static void watch_for(struct channel *ch, short events)
{
	if (ch->watch.events == events)
		return;
	loop_unwatch(ch->loop, &ch->watch);
	ch->watch.events = events;
	loop_watch(ch->loop, &ch->watch);
}

/* It ends, and its owner hears of it from the loop. */
static void fail(struct channel *ch)
{
	channel_close(ch);
	loop_defer(ch->loop, &ch->closed_work);
}

static void tell_closed(struct work *w)
{
	struct channel *ch = CONTAINER_OF(w, struct channel, closed_work);

	ch->closed(ch);
}

/* ---- out ---- */

static bool write_some(struct channel *ch)
{
	while (ch->out.len) {
		ssize_t n = send(ch->watch.fd, ch->out.at, ch->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		buf_eat(&ch->out, (size_t)n);
	}
	return true;
}

bool channel_is_full(const struct channel *ch)
{
	return ch->out.len > CHANNEL_FULL;
}

void channel_send(struct channel *ch, enum message type, const void *data, size_t len)
{
	uint32_t size = (uint32_t)len;
	char head[HEAD_LEN] = {
		(char)(size >> 24), (char)(size >> 16), (char)(size >> 8), (char)size, (char)type};

	if (ch->watch.fd < 0)
		return;
	buf_add(&ch->out, head, sizeof(head));
	buf_add(&ch->out, data, len);
	if (!write_some(ch) || ch->out.len > CHANNEL_LIMIT)
		fail(ch);
	else if (ch->out.len)
		watch_for(ch, POLLIN | POLLOUT);
}

/* ---- in ---- */

static size_t length_of(const char *head)
{
	const unsigned char *b = (const unsigned char *)head;

	return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

/* False: such a length cannot be. */
static bool pass_on(struct channel *ch)
{
	while (ch->in.len >= HEAD_LEN && ch->watch.fd >= 0) {
		size_t len = length_of(ch->in.at);
		char type = ch->in.at[HEAD_LEN - 1];

		if (len > MESSAGE_MAX)
			return false;
		if (ch->in.len < HEAD_LEN + len)
			break;
		struct buf data = {0};
		buf_add(&data, ch->in.at + HEAD_LEN, len);
		buf_eat(&ch->in, HEAD_LEN + len);
		ch->message(ch, type, buf_text(&data), len);
		buf_exit(&data);
	}
	return true;
}

static void read_some(struct channel *ch)
{
	char data[16 << 10];
	ssize_t n = recv(ch->watch.fd, data, sizeof(data), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_add(&ch->in, data, (size_t)n);
	if (n <= 0 || !pass_on(ch))
		fail(ch);
}

static void ready(struct watch *w, short revents)
{
	struct channel *ch = CONTAINER_OF(w, struct channel, watch);

	if (revents & POLLOUT) {
		bool was_full = channel_is_full(ch);

		if (!write_some(ch)) {
			fail(ch);
			return;
		}
		if (!ch->out.len)
			watch_for(ch, POLLIN);
		if (was_full && !channel_is_full(ch) && ch->drained)
			ch->drained(ch);
	}
	if (ch->watch.fd >= 0 && revents & (POLLIN | POLLHUP | POLLERR))
		read_some(ch);
}

bool channel_wait(struct channel *ch, int ms)
{
	struct pollfd p = {.fd = ch->watch.fd, .events = POLLIN};

	if (ch->watch.fd < 0 || poll(&p, 1, ms) <= 0)
		return false;
	read_some(ch);
	return ch->watch.fd >= 0;
}

/* ---- its life ---- */

void channel_open(struct channel *ch, struct loop *l, int fd)
{
	ch->loop = l;
	ch->watch = (struct watch){.fd = fd, .events = POLLIN, .ready = ready};
	work_init(&ch->closed_work, tell_closed);
	loop_watch(l, &ch->watch);
}

void channel_close(struct channel *ch)
{
	work_cancel(&ch->closed_work);
	if (ch->watch.fd < 0)
		return;
	write_some(ch);
	loop_unwatch(ch->loop, &ch->watch);
	close(ch->watch.fd);
	ch->watch.fd = -1;
	buf_exit(&ch->in);
	buf_exit(&ch->out);
}
