/* SPDX-License-Identifier: MIT */
/* Sinks: where output goes. */
#include "shell/io.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

enum { SINK_GATHER = 64 << 10, PIPE_FULL = 512 << 10, PIPE_LIMIT = 256 << 20 };

static void flush_later(struct work *w)
{
	sink_flush(CONTAINER_OF(w, struct sink, flush_work));
}

static void tell_broken(struct work *w)
{
	struct sink *k = CONTAINER_OF(w, struct sink, broken_work);

	if (k->broken && k->writer)
		k->broken(k->writer);
}

static void tell_drained(struct work *w)
{
	struct sink *k = CONTAINER_OF(w, struct sink, drain_work);
	struct list told;

	list_init(&told);
	list_splice_tail(&told, &k->waiting);
	while (!list_empty(&told)) {
		struct drain *d = list_first(&told, struct drain, node);

		list_del(&d->node);
		d->drained(d);
	}
}

struct sink *sink_new(struct loop *l)
{
	struct sink *k = mem_new(sizeof(*k));

	k->refs = 1;
	k->loop = l;
	k->fd = -1;
	work_init(&k->flush_work, flush_later);
	work_init(&k->broken_work, tell_broken);
	work_init(&k->drain_work, tell_drained);
	list_init(&k->waiting);
	return k;
}

struct sink *sink_get(struct sink *k)
{
	k->refs++;
	return k;
}

void sink_put(struct sink *k)
{
	if (!k || --k->refs > 0)
		return;
	k->refs = 1; /* an emit that looks at the sink sees a live one */
	sink_flush(k);
	work_cancel(&k->flush_work);
	work_cancel(&k->broken_work);
	work_cancel(&k->drain_work);
	if (k->end)
		k->end(k);
	buf_exit(&k->pending);
	free(k);
}

void sink_write(struct sink *k, const void *data, size_t len)
{
	if (k->error)
		return;
	buf_add(&k->pending, data, len);
	if (!k->emit)
		return;
	if (k->pending.len >= SINK_GATHER)
		sink_flush(k);
	else
		loop_defer(k->loop, &k->flush_work);
}

void sink_printf(struct sink *k, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len > 0)
		sink_write(k, text, (size_t)len);
	free(text);
}

void sink_flush(struct sink *k)
{
	size_t done;

	if (!k->emit || k->pending.len == 0)
		return;
	done = k->emit(k, k->pending.at, k->pending.len);
	buf_eat(&k->pending, k->error ? k->pending.len : done);
}

void sink_break(struct sink *k, int error)
{
	if (k->error)
		return;
	k->error = error;
	k->pending.len = 0;
	sink_drained(k);
	loop_defer(k->loop, &k->broken_work);
}

/* ---- full ---- */

bool sink_is_full(struct sink *k)
{
	sink_flush(k);
	return k->full;
}

void sink_wait(struct sink *k, struct drain *d)
{
	list_del(&d->node);
	list_add_tail(&k->waiting, &d->node);
}

void sink_drained(struct sink *k)
{
	k->full = false;
	if (!list_empty(&k->waiting))
		loop_defer(k->loop, &k->drain_work);
}

/* ---- descriptors ---- */

static size_t emit_fd(struct sink *k, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len && !k->error) {
		ssize_t n = write(k->fd, data + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = k->fd, .events = POLLOUT}, 1, -1);
		else if (n < 0 && errno != EINTR)
			sink_break(k, errno);
	}
	return len;
}

static void close_fd(struct sink *k)
{
	close(k->fd);
}

struct sink *sink_new_fd(struct loop *l, int fd, bool own)
{
	struct sink *k = sink_new(l);

	k->fd = fd;
	k->emit = emit_fd;
	k->end = own ? close_fd : NULL;
	return k;
}

struct sink *sink_new_text(struct loop *l)
{
	return sink_new(l);
}

/* ---- FILEs ---- */

static ssize_t cookie_write(void *cookie, const char *data, size_t len)
{
	sink_write(cookie, data, len);
	return (ssize_t)len;
}

static int cookie_close(void *cookie)
{
	sink_put(cookie);
	return 0;
}

FILE *sink_open(struct sink *k)
{
	cookie_io_functions_t io = {.write = cookie_write, .close = cookie_close};
	FILE *f = fopencookie(sink_get(k), "w", io);

	if (!f)
		abort();
	setvbuf(f, NULL, _IONBF, 0);
	return f;
}

/* ---- pipes inside tapir ---- */

static size_t emit_pipe(struct sink *k, const char *data, size_t len)
{
	struct source *c = k->arg;

	if (!c)
		return len;
	buf_add(&c->data, data, len);
	k->full = c->data.len >= PIPE_FULL;
	if (c->data.len > PIPE_LIMIT)
		sink_break(k, ENOSPC);
	loop_defer(c->loop, &c->work);
	return len;
}

static void end_pipe(struct sink *k)
{
	struct source *c = k->arg;

	if (!c)
		return;
	c->sink = NULL;
	c->ended = true;
	loop_defer(c->loop, &c->work);
}

void pipe_new(struct loop *l, struct sink **sink, struct source **source)
{
	struct sink *k = sink_new(l);
	struct source *c = source_new(l, SOURCE_PIPE, -1);

	k->emit = emit_pipe;
	k->end = end_pipe;
	k->arg = c;
	c->sink = k;
	*sink = k;
	*source = c;
}
