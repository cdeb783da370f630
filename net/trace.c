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

#define ALL_LAYERS ((1u << LAYER_COUNT) - 1)

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
	} else {
		r->pkt = t->looking_at;
	}
	va_start(args, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, args);
	va_end(args);
	list_each_safe(l, &t->listeners, struct trace_listener, node)
		l->fn(l, s, r, p);
}

void trace_frame(const struct dev *d, const struct pkt *p, bool outgoing)
{
	list_each_safe(l, &d->stack->world->trace.listeners, struct trace_listener, node)
		if (l->frame)
			l->frame(l, p, d, outgoing);
}

/* ---- what is recorded ---- */

static void set_mask(struct stack *s)
{
	s->trace_mask = s->trace_shown | trace_mask_at_first(s->world);
}

uint32_t trace_mask_at_first(const struct world *w)
{
	return w->trace.everything ? ALL_LAYERS : 0;
}

void trace_show(struct stack *s, uint32_t layers)
{
	s->trace_shown = layers;
	set_mask(s);
}

static void ended(struct pkt_pools *pools, const struct pkt *p)
{
	struct world *w = CONTAINER_OF(pools, struct world, pkts);

	list_each_safe(l, &w->trace.listeners, struct trace_listener, node)
		if (l->ended)
			l->ended(l, p);
}

void trace_everything(struct world *w, bool on)
{
	w->trace.everything += on ? 1 : -1u;
	w->pkts.ended = w->trace.everything ? ended : NULL;
	list_each(s, &w->stacks, struct stack, node)
		set_mask(s);
}
