/* SPDX-License-Identifier: MIT */
/* stat: the seed, and what the process has in hand: packets, timers, the loop, each host's tables. */
#include "arp/arp.h"
#include "ip/ip.h"
#include "shell/args.h"

typedef unsigned long long count;

static count all_drops(const struct stack *s)
{
	count sum = 0;

	for (enum drop_reason why = DROP_NONE + 1; why < DROP_COUNT; why++)
		sum += stack_drops(s, why);
	return sum;
}

static void print_pool(FILE *out, const char *name, const struct pool *p)
{
	fprintf(out, "  %-10s%10llu %10llu %8zu %8zu %8llu   of %zu octets\n", name, (count)p->made,
		(count)p->freed, pool_in_use(p), p->peak, (count)p->failed, p->size);
}

static void print_packets(FILE *out, const struct pkt_pools *pools)
{
	fprintf(out, "%-12s%10s %10s %8s %8s %8s\n", "packets", "made", "freed", "in use", "peak", "failed");
	print_pool(out, "small", &pools->small);
	print_pool(out, "big", &pools->big);
}

/* Packets that did what they were for, and drops of all hosts. */
static void print_ends(FILE *out, const struct world *w)
{
	count dropped = 0;

	list_each(s, &w->stacks, struct stack, node)
		dropped += all_drops(s);
	fprintf(out, "ended       %llu well, %llu dropped\n", (count)w->pkts.done, dropped);
}

static void print_loop(FILE *out, const struct loop *l)
{
	fprintf(out, "timers      %zu armed, %llu fired\n", l->wheel.armed, (count)l->wheel.fired);
	fprintf(out, "loop        %llu turns, %u descriptors\n", (count)l->turns, l->watch_count);
}

static size_t list_length(const struct list *l)
{
	size_t n = 0;

	for (const struct list *i = l->next; i != l; i = i->next)
		n++;
	return n;
}

static void print_host(FILE *out, const struct stack *s)
{
	struct ip_stat ip = {0};
	size_t neighbours = 0, waiting = 0;

	ip_stat(s, &ip);
	arp_stat(s, &neighbours, &waiting);
	fprintf(out, "  %-10s%7zu %7zu %10zu %7zu %7zu %10zu %12zu %8llu\n", s->name, list_length(&s->devs),
		list_length(&s->socks), neighbours, waiting, ip.routes, ip.exceptions, ip.reassembly_bytes,
		all_drops(s));
}

static int run_stat(struct cmd *c)
{
	FILE *out = c->out;

	fprintf(out, "seed        %llu\n", (count)c->world->seed);
	print_packets(out, &c->world->pkts);
	print_ends(out, c->world);
	print_loop(out, c->world->loop);
	fprintf(out, "%-12s%7s %7s %10s %7s %7s %10s %12s %8s\n", "hosts", "devices", "sockets", "neighbours",
		"waiting", "routes", "exceptions", "reassembling", "dropped");
	list_each(s, &c->world->stacks, struct stack, node)
		print_host(out, s);
	return CMD_OK;
}

const struct command cmd_stat = {
	.name = "stat",
	.run = run_stat,
	.usage = "stat",
	.about = "show the seed, packets and pools (made, freed, in use), timers, the loop, and each host's "
		 "tables",
	.options = "  waiting: packets that wait for a neighbour;  exceptions: learned MTUs and redirects;\n"
		   "  reassembling: octets of incomplete datagrams",
	.example = "stat",
};
