/* SPDX-License-Identifier: MIT */
/*
 * Memory of all queues of a host, and connections that no program has any more: both are bounded, as outsiders can make
 * us keep them (tcp_mem, tcp_max_orphans). Sizes are those of whole buffers.
 *
 * Above the second number of tcp_mem the host is under pressure, until it is below the first: windows stop growing.
 * Above the third nothing more is queued but what a connection needs to go on at all.
 */
#include "tcp/internal.h"

enum { PAGE = 4096 };

static size_t limit(const struct stack *s, enum sysctl_host which)
{
	return (size_t)s->sysctl[which] * PAGE;
}

static void feel_pressure(struct stack *s)
{
	struct tcp *tcp = tcp_of(s);

	if (!tcp->mem_pressure && tcp->memory > limit(s, SYSCTL_TCP_MEM_PRESSURE)) {
		tcp->mem_pressure = true;
		mib_inc(s, MIB_TcpExtTCPMemoryPressures);
		TRACE(s, LAYER_TCP, NULL, "", "queues hold %zu octets: under pressure (sysctl tcp_mem)",
			tcp->memory);
	} else if (tcp->mem_pressure && tcp->memory < limit(s, SYSCTL_TCP_MEM_LOW)) {
		tcp->mem_pressure = false;
		TRACE(s, LAYER_TCP, NULL, "", "queues hold %zu octets: no longer under pressure",
			tcp->memory);
	}
}

void tcp_mem_force(struct stack *s, size_t bytes)
{
	tcp_of(s)->memory += bytes;
	feel_pressure(s);
}

bool tcp_mem_take(struct stack *s, size_t bytes)
{
	if (tcp_of(s)->memory + bytes > limit(s, SYSCTL_TCP_MEM_HIGH))
		return false;
	tcp_mem_force(s, bytes);
	return true;
}

void tcp_mem_give(struct stack *s, size_t bytes)
{
	tcp_of(s)->memory -= bytes;
	feel_pressure(s);
}

bool tcp_mem_pressure(const struct stack *s)
{
	return s->tcp->mem_pressure;
}

bool tcp_mem_full(const struct stack *s)
{
	return s->tcp->memory >= limit(s, SYSCTL_TCP_MEM_HIGH);
}

bool tcp_too_many_orphans(const struct stack *s, unsigned weight)
{
	return s->tcp->orphans * weight > (size_t)s->sysctl[SYSCTL_TCP_MAX_ORPHANS] || tcp_mem_full(s);
}
