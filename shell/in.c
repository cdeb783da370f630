/* SPDX-License-Identifier: MIT */
/* Sources: where input comes from. */
#include "shell/io.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_AT_ONCE = 64 << 10 };

/* The reader may detach, and the source may go, in the call. */
static void deliver(struct source *c, const char *data, size_t len)
{
	struct reader *r = c->reader;

	if (len == 0)
		source_detach(r);
	r->input(r, data, len);
}

static void deliver_pushed(struct work *w)
{
	struct source *c = CONTAINER_OF(w, struct source, work);
	size_t len = c->data.len;
	char *data;

	if (!c->reader)
		return;
	if (len == 0) {
		if (!c->ended)
			return;
		c->ended = c->kind != SOURCE_KEYBOARD; /* who reads it next may type again */
		deliver(c, NULL, 0);
		return;
	}
	data = buf_take(&c->data);
	if (c->sink)
		sink_drained(c->sink);
	if (c->ended)
		loop_defer(c->loop, &c->work);
	deliver(c, data, len);
	free(data);
}

static void read_some(struct watch *w, short revents)
{
	struct source *c = CONTAINER_OF(w, struct source, watch);
	char data[READ_AT_ONCE];
	ssize_t n = read(w->fd, data, sizeof(data));

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	deliver(c, data, n > 0 ? (size_t)n : 0);
}

struct source *source_new(struct loop *l, enum source_kind kind, int fd)
{
	struct source *c = mem_new(sizeof(*c));

	c->refs = 1;
	c->loop = l;
	c->kind = kind;
	c->ended = kind == SOURCE_NONE;
	c->watch = (struct watch){.fd = fd, .events = POLLIN, .ready = read_some};
	work_init(&c->work, deliver_pushed);
	return c;
}

struct source *source_get(struct source *c)
{
	c->refs++;
	return c;
}

void source_put(struct source *c)
{
	if (!c || --c->refs > 0)
		return;
	if (c->reader)
		source_detach(c->reader);
	work_cancel(&c->work);
	if (c->sink) {
		c->sink->arg = NULL;
		sink_break(c->sink, EPIPE);
	}
	if (c->kind == SOURCE_FD)
		close(c->watch.fd);
	buf_exit(&c->data);
	free(c);
}

static void tell_wanted(struct source *c, bool on)
{
	if (c->wanted)
		c->wanted(c, on);
}

void source_push(struct source *c, const char *data, size_t len)
{
	buf_add(&c->data, data, len);
	c->ended = len == 0;
	loop_defer(c->loop, &c->work);
}

void source_attach(struct source *c, struct reader *r)
{
	if (c->reader)
		source_detach(c->reader);
	c->reader = r;
	r->source = c;
	tell_wanted(c, true);
	if (c->watch.fd >= 0) {
		c->watching = true;
		loop_watch(c->loop, &c->watch);
	} else {
		loop_defer(c->loop, &c->work);
	}
}

void source_detach(struct reader *r)
{
	struct source *c = r->source;

	if (!c)
		return;
	if (c->watching)
		loop_unwatch(c->loop, &c->watch);
	c->watching = false;
	c->reader = NULL;
	r->source = NULL;
	tell_wanted(c, false);
}
