/* SPDX-License-Identifier: MIT */
/* Worlds and hosts. */
#include "net/stack.h"

#include "net/sock.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* ---- worlds ---- */

void world_init(struct world *w, struct loop *loop, uint64_t seed, const struct proto *const *protos)
{
	*w = (struct world){.loop = loop, .seed = seed, .protos = protos};
	rng_seed(&w->rng, seed);
	pkt_pools_init(&w->pkts, 0, 0);
	trace_init(&w->trace);
	list_init(&w->stacks);
	hash_init(&w->by_name);
	list_init(&w->monitors);
}

void world_exit(struct world *w)
{
	struct stack *s;

	while ((s = list_last(&w->stacks, struct stack, node)))
		stack_delete(s);
	hash_exit(&w->by_name);
	trace_exit(&w->trace);
	pkt_pools_exit(&w->pkts);
}

void monitor_add(struct world *w, struct monitor *m)
{
	list_add_tail(&w->monitors, &m->node);
}

void monitor_del(struct monitor *m)
{
	list_del(&m->node);
}

void monitor_tell(struct stack *s, enum monitor_kind kind, const void *object, bool gone)
{
	list_each_safe(m, &s->world->monitors, struct monitor, node)
		m->fn(m, s, kind, object, gone);
}

/* ---- hosts ---- */

static bool name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= sizeof(((struct stack *)0)->name) || name[0] == '-' || name[0] == '.')
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return false;
	return true;
}

struct stack *stack_by_name(const struct world *w, const char *name)
{
	hash_each_match(s, &w->by_name, hash_text(name), struct stack, name_link)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

static void set_defaults(struct stack *s)
{
	for (int i = 0; i < SYSCTL_COUNT; i++)
		s->sysctl[i] = sysctl_hosts[i].def;
	for (int i = 0; i < CONF_COUNT; i++)
		s->conf_all[i] = s->conf_default[i] = sysctl_netifs[i].def;
}

static int start_protocols(struct stack *s)
{
	stack_each_proto(pr, s) {
		int err = pr->init ? pr->init(s) : 0;
		if (err)
			return err;
		if (pr->number)
			s->by_number[pr->number] = pr;
	}
	return 0;
}

struct stack *stack_new(struct world *w, const char *name, int (*make_lo)(struct stack *s))
{
	if (!name_is_valid(name) || stack_by_name(w, name)) {
		errno = name_is_valid(name) ? EEXIST : EINVAL;
		return NULL;
	}
	struct stack *s = calloc(1, sizeof(*s));
	if (!s || hash_add(&w->by_name, &s->name_link, hash_text(name))) {
		free(s);
		errno = ENOMEM;
		return NULL;
	}
	s->world = w;
	s->next_ifindex = 1;
	s->trace_mask = trace_mask_at_first(w);
	memcpy(s->name, name, strlen(name) + 1);
	rng_fork(&w->rng, name, &s->rng);
	list_init(&s->devs);
	hash_init(&s->devs_by_name);
	hash_init(&s->addrs);
	list_init(&s->socks);
	list_add_tail(&w->stacks, &s->node);
	set_defaults(s);
	if (hash_reserve(&s->devs_by_name) || hash_reserve(&s->addrs) || start_protocols(s) ||
		(make_lo && make_lo(s))) {
		stack_delete(s);
		errno = ENOMEM;
		return NULL;
	}
	monitor_tell(s, MONITOR_NETNS, s, false);
	return s;
}

/* Protocols end in reverse order; one whose init did not run finds its pointer NULL. */
static void stop_protocols(struct stack *s)
{
	int count = 0;

	while (s->world->protos[count])
		count++;
	while (count--)
		if (s->world->protos[count]->exit)
			s->world->protos[count]->exit(s);
}

void stack_delete(struct stack *s)
{
	struct dev *d;

	monitor_tell(s, MONITOR_NETNS, s, true);
	sock_stack_gone(s);
	while ((d = list_last(&s->devs, struct dev, node)))
		dev_unregister(d);
	stop_protocols(s);
	hash_exit(&s->devs_by_name);
	hash_exit(&s->addrs);
	list_del(&s->node);
	hash_del(&s->world->by_name, &s->name_link);
	free(s->drops);
	free(s->resolver);
	free(s);
}

struct pkt *stack_pkt(struct stack *s, size_t room)
{
	struct pkt *p = pkt_new(&s->world->pkts, room);

	if (p)
		p->time_ns = stack_now(s);
	else
		stack_count_drop(s, DROP_NO_MEMORY);
	return p;
}
