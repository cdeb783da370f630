/* SPDX-License-Identifier: MIT */
/*
 * Which packet made a connection send: for traces only, so that answers are seen under what they answer. Connections
 * have no room for it; what was heard in this turn is remembered beside them, and only while TCP is traced.
 */
#include "tcp/internal.h"

#include <stdlib.h>

enum { CAUSES = 64 /* connections in one turn; those after them send without a cause */ };

struct tcp_causes {
	unsigned count;
	struct {
		const struct tcp_conn *conn;
		uint64_t pkt;
	} at[CAUSES];
};

static struct tcp_causes *causes_of(struct tcp *tcp)
{
	if (!tcp->causes)
		tcp->causes = calloc(1, sizeof(*tcp->causes));
	return tcp->causes;
}

static unsigned find(const struct tcp_causes *k, const struct tcp_conn *c)
{
	unsigned i = 0;

	while (i < k->count && k->at[i].conn != c)
		i++;
	return i;
}

void tcp_cause_note(struct tcp_conn *c, const struct pkt *p)
{
	struct tcp *tcp = tcp_of(c->stack);
	struct tcp_causes *k = c->stack->trace_mask & 1u << LAYER_TCP ? causes_of(tcp) : NULL;
	unsigned i = k ? find(k, c) : CAUSES;

	if (i == CAUSES)
		return;
	k->at[i].conn = c;
	k->at[i].pkt = p->id;
	k->count = MAX(k->count, i + 1);
	loop_defer(stack_loop(c->stack), &tcp->output_work); /* which forgets it */
}

uint64_t tcp_cause_of(const struct tcp_conn *c)
{
	const struct tcp_causes *k = tcp_of(c->stack)->causes;
	unsigned i = k ? find(k, c) : 0;

	return k && i < k->count ? k->at[i].pkt : 0;
}

void tcp_causes_forget(struct tcp *tcp)
{
	if (tcp->causes)
		tcp->causes->count = 0;
}

void tcp_causes_exit(struct tcp *tcp)
{
	free(tcp->causes);
	tcp->causes = NULL;
}
