/* SPDX-License-Identifier: MIT */
/* Trace records: a bounded ring, and whoever listens. */
#include "net/trace.h"

#include "net/stack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *const trace_layer_names[LAYER_COUNT] = {
#define X(name, text) [LAYER_##name] = text,
	TRACE_LAYERS(X)
#undef X
};

void trace_init(struct trace *t)
{
	*t = (struct trace){0};
	list_init(&t->listeners);
}

void trace_exit(struct trace *t)
{
	free(t->ring);
	t->ring = NULL;
}

void trace_write(struct stack *s, enum trace_layer layer, const struct pkt *p, const char *clause,
	const char *fmt, ...)
{
	struct trace *t = &s->world->trace;
	va_list args;

	if (!t->ring)
		t->ring = calloc(TRACE_RING, sizeof(*t->ring));
	if (!t->ring)
		return;
	struct trace_record *r = &t->ring[t->written++ % TRACE_RING];
	*r = (struct trace_record){.time_ns = stack_now(s), .layer = layer, .clause = clause};
	snprintf(r->host, sizeof(r->host), "%s", s->name);
	if (p) {
		r->pkt = p->id;
		r->parent = p->parent;
		snprintf(r->dev, sizeof(r->dev), "%s", p->dev ? p->dev->name : "");
	}
	va_start(args, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, args);
	va_end(args);
	list_each_safe(l, &t->listeners, struct trace_listener, node)
		l->fn(l, r);
}
