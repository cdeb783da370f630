/* SPDX-License-Identifier: MIT */
/*
 * IGMP, the host's side (RFC 3376; RFC 2236 and RFC 1112 where older routers are): routers learn which groups
 * somebody on the link wants.
 *
 * Membership is for any source: a joined group is EXCLUDE{}, one that was left INCLUDE{}. What this file decides is
 * when to say so:
 *
 *	a join or leave	at once, and again as often as `robustness` says, at random times
 *	a query		after a random part of the time that it allows, so that a hundred hosts do not answer at once
 *
 * With version 3 all changes of a device go into one report, and so do the answers to a general query. With older
 * versions each group is reported by itself, and what another host reports need not be reported again. The version
 * is that of the oldest querier heard lately (RFC 3376 7.2), unless force_igmp_version says otherwise.
 */
#include "ip/igmp.h"

#include <errno.h>
#include <stdlib.h>

enum {
	RESPONSE_INTERVAL_S = 10, /* RFC 3376 8.3 */
	QUERY_INTERVAL_S = 125,	  /* RFC 3376 8.2 */
	ALL_ROUTERS = 0xe0000002, /* 224.0.0.2 */
};

/* ---- settings and time ---- */

static uint64_t now(const struct igmp *ig)
{
	return stack_now(ig->n->stack);
}

static void arm(struct igmp *ig, struct timer *t, uint64_t at_ns)
{
	timer_arm(&stack_loop(ig->n->stack)->wheel, t, at_ns);
}

static void cancel(struct igmp *ig, struct timer *t)
{
	timer_cancel(&stack_loop(ig->n->stack)->wheel, t);
}

static uint64_t random_ns(struct igmp *ig, uint32_t most_ms)
{
	return rng_below(&ig->n->stack->rng, most_ms * 1000 + 1) * NS_PER_US;
}

static uint8_t robustness(const struct igmp *ig)
{
	return ig->robustness ? ig->robustness : (uint8_t)ig->n->stack->sysctl[SYSCTL_IGMP_QRV];
}

/* Which version we speak on this link. */
static int version(const struct igmp *ig)
{
	int32_t forced = netif_conf(ig->n, CONF_FORCE_IGMP_VERSION);

	if (forced)
		return forced;
	return now(ig) < ig->v1_until_ns ? 1 : now(ig) < ig->v2_until_ns ? 2 : 3;
}

static uint32_t unsolicited_ms(const struct igmp *ig)
{
	return (uint32_t)netif_conf(ig->n,
		version(ig) == 3 ? CONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL
				 : CONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL);
}

/* The group that everybody is in is never reported (RFC 1112 7.2, RFC 3376 5). */
static bool is_reported(const struct igmp *ig, uint32_t addr)
{
	bool link_local = addr >> 8 == IP_ALL_HOSTS >> 8;

	return addr != IP_ALL_HOSTS &&
		(!link_local || ig->n->stack->sysctl[SYSCTL_IGMP_LINK_LOCAL_MCAST_REPORTS]);
}

/* ---- groups ---- */

static struct igmp_group *find(struct igmp *ig, uint32_t addr)
{
	list_each(g, &ig->groups, struct igmp_group, node)
		if (g->addr == addr)
			return g;
	return NULL;
}

static void forget_sources(struct igmp_group *g)
{
	free(g->sources);
	g->sources = NULL;
	g->source_count = 0;
}

static void group_free(struct igmp_group *g)
{
	cancel(g->igmp, &g->timer);
	forget_sources(g);
	list_del(&g->node);
	free(g);
}

/* ---- what is due ---- */

/* RFC 3376 5.1: all that has changed, with what has been told less often than it should. */
static void tell_changes(struct timer *t)
{
	struct igmp *ig = CONTAINER_OF(t, struct igmp, change);
	struct igmp_report r = {.ig = ig};
	bool again = false;

	list_each_safe(g, &ig->groups, struct igmp_group, node) {
		if (!g->changes)
			continue;
		igmp_report_add(&r, g->member ? IGMP_TO_EXCLUDE : IGMP_TO_INCLUDE, g);
		again |= --g->changes > 0;
		if (!g->changes && !g->member)
			group_free(g);
	}
	igmp_report_end(&r);
	if (again)
		arm(ig, t, now(ig) + random_ns(ig, unsolicited_ms(ig)));
}

static void answer_general(struct timer *t)
{
	struct igmp *ig = CONTAINER_OF(t, struct igmp, general);
	struct igmp_report r = {.ig = ig};

	list_each(g, &ig->groups, struct igmp_group, node)
		if (g->member)
			igmp_report_add(&r, IGMP_IS_EXCLUDE, g);
	igmp_report_end(&r);
}

/* RFC 3376 5.2: of a group from which nothing is excluded, every source that was asked about is wanted. */
static void answer(struct igmp_group *g)
{
	struct igmp_report r = {.ig = g->igmp};

	igmp_report_add(&r, g->source_count ? IGMP_IS_INCLUDE : IGMP_IS_EXCLUDE, g);
	igmp_report_end(&r);
	forget_sources(g);
}

/* RFC 2236 3; RFC 1112 A. */
static void report(struct igmp_group *g)
{
	struct igmp *ig = g->igmp;

	igmp_send(ig, g->addr, version(ig) == 1 ? IGMP_REPORT1 : IGMP_REPORT2, g->addr);
	g->last_reporter = true;
	if (g->changes && --g->changes)
		arm(ig, &g->timer, now(ig) + random_ns(ig, unsolicited_ms(ig)));
}

static void group_due(struct timer *t)
{
	struct igmp_group *g = CONTAINER_OF(t, struct igmp_group, timer);

	if (version(g->igmp) == 3)
		answer(g);
	else
		report(g);
}

/* ---- joining and leaving ---- */

static bool is_up(const struct igmp *ig)
{
	return ig->n->dev->flags & DEV_UP;
}

static void announce(struct igmp_group *g)
{
	struct igmp *ig = g->igmp;

	g->changes = robustness(ig);
	if (is_up(ig))
		arm(ig, version(ig) == 3 ? &ig->change : &g->timer, now(ig));
}

void igmp_joined(struct netif *n, uint32_t addr)
{
	struct igmp *ig = n->ip->igmp;

	if (!ig || !is_reported(ig, addr))
		return;
	struct igmp_group *g = find(ig, addr);
	if (!g) {
		g = calloc(1, sizeof(*g));
		if (!g) {
			stack_count_drop(n->stack, DROP_NO_MEMORY);
			return;
		}
		g->igmp = ig;
		g->addr = addr;
		timer_init(&g->timer, group_due);
		list_add_tail(&ig->groups, &g->node);
	}
	g->member = true;
	announce(g);
}

/* RFC 2236 3: where somebody else reported last, the router learns from him. */
void igmp_left(struct netif *n, uint32_t addr)
{
	struct igmp *ig = n->ip->igmp;
	struct igmp_group *g = ig ? find(ig, addr) : NULL;

	if (!g)
		return;
	g->member = false;
	forget_sources(g);
	cancel(ig, &g->timer);
	if (is_up(ig) && version(ig) == 3) {
		announce(g);
		return;
	}
	if (is_up(ig) && version(ig) == 2 && g->last_reporter)
		igmp_send(ig, ALL_ROUTERS, IGMP_LEAVE, addr);
	group_free(g);
}

/* ---- queries ---- */

/* All that was to be said in one version is not said in another one (RFC 3376 7.2.1). */
static void forget_pending(struct igmp *ig)
{
	cancel(ig, &ig->change);
	cancel(ig, &ig->general);
	list_each_safe(g, &ig->groups, struct igmp_group, node) {
		cancel(ig, &g->timer);
		forget_sources(g);
		g->changes = 0;
		if (!g->member)
			group_free(g);
	}
}

/* RFC 3376 8.12: how long an old querier is believed to be there. */
static uint64_t old_querier_timeout(const struct igmp *ig)
{
	return now(ig) + (robustness(ig) * (uint64_t)ig->query_interval_s + RESPONSE_INTERVAL_S) * NS_PER_SEC;
}

static void learn_querier(struct igmp *ig, const struct igmp_query *q)
{
	int before = version(ig);

	if (q->version == 1)
		ig->v1_until_ns = old_querier_timeout(ig);
	else if (q->version == 2)
		ig->v2_until_ns = old_querier_timeout(ig);
	if (q->version == 3 && before == 3) {
		ig->robustness = q->robustness;
		ig->query_interval_s = q->interval_s ? q->interval_s : QUERY_INTERVAL_S;
	}
	if (version(ig) != before) {
		TRACE(ig->n->stack, LAYER_IGMP, NULL, "RFC 3376 7.2", "%s: version %d from now on",
			ig->n->dev->name, version(ig));
		forget_pending(ig);
	}
}

/* Adds what is asked about to what is to be answered: RFC 3376 5.2, rules 3 to 5. Too much is answered by the whole
 * group, which is as true. */
static void note_sources(struct igmp_group *g, const struct igmp_query *q, const uint8_t *b, bool pending)
{
	bool whole = pending && !g->source_count;

	if (!q->sources || whole || g->source_count + q->sources > IGMP_SOURCES_MAX) {
		forget_sources(g);
		return;
	}
	if (!g->sources)
		g->sources = calloc(IGMP_SOURCES_MAX, sizeof(*g->sources));
	for (uint16_t i = 0; g->sources && i < q->sources; i++)
		g->sources[g->source_count++] = igmp_source(b, i);
}

/* RFC 2236 3: a running timer is set anew only when there is less time than it has left. */
static void schedule_old(struct igmp_group *g, uint32_t max_ms)
{
	struct igmp *ig = g->igmp;

	if (!timer_is_armed(&g->timer) || g->timer.deadline_ns > now(ig) + max_ms * NS_PER_MS)
		arm(ig, &g->timer, now(ig) + random_ns(ig, max_ms));
}

/* RFC 3376 5.2: what is answered sooner anyhow needs no answer of its own. */
static void schedule(struct igmp_group *g, const struct igmp_query *q, const uint8_t *b)
{
	struct igmp *ig = g->igmp;
	uint64_t at = now(ig) + random_ns(ig, q->max_resp_ms);
	bool pending = timer_is_armed(&g->timer);

	if (timer_is_armed(&ig->general) && ig->general.deadline_ns <= at)
		return;
	note_sources(g, q, b, pending);
	if (!pending || at < g->timer.deadline_ns)
		arm(ig, &g->timer, at);
}

static void schedule_general(struct igmp *ig, uint32_t max_ms)
{
	uint64_t at = now(ig) + random_ns(ig, max_ms);

	if (!timer_is_armed(&ig->general) || at < ig->general.deadline_ns)
		arm(ig, &ig->general, at);
}

static void answer_later(struct igmp *ig, const struct igmp_query *q, const uint8_t *b)
{
	int speaks = version(ig);

	if (speaks == 3 && !q->group) {
		schedule_general(ig, q->max_resp_ms);
		return;
	}
	list_each(g, &ig->groups, struct igmp_group, node) {
		if (!g->member || (q->group && q->group != g->addr))
			continue;
		if (speaks == 3)
			schedule(g, q, b);
		else
			schedule_old(g, speaks == 1 ? RESPONSE_INTERVAL_S * 1000 : q->max_resp_ms);
	}
}

static enum drop_reason query_input(struct igmp *ig, const uint8_t *b, size_t len, const struct igmp_msg *m)
{
	struct igmp_query q;
	enum drop_reason why = igmp_parse_query(b, len, m, &q);

	if (why)
		return why;
	if (q.version == 1)
		q.group = 0; /* RFC 1112 A: not looked at */
	if ((q.group && !ip_is_multicast(q.group)) || (!q.group && q.sources))
		return DROP_IGMP_BAD_QUERY;
	TRACE(ig->n->stack, LAYER_IGMP, NULL, "RFC 3376 5.2", "%s: query of version %u about %s, %u sources",
		ig->n->dev->name, q.version, q.group ? TEXT_IP(q.group) : "all groups", q.sources);
	learn_querier(ig, &q);
	answer_later(ig, &q, b);
	return DROP_NONE;
}

/* RFC 2236 3: another host has said it. */
static void report_input(struct igmp *ig, const struct igmp_msg *m)
{
	struct igmp_group *g = find(ig, m->group);

	if (!g || !g->member || version(ig) == 3)
		return;
	cancel(ig, &g->timer);
	g->changes = 0;
	g->last_reporter = false;
}

/* Leaves and version 3 reports are for routers. */
static enum drop_reason act(struct igmp *ig, const struct pkt *p, const struct igmp_msg *m)
{
	switch (m->type) {
	case IGMP_QUERY:
		return query_input(ig, p->data, p->len, m);
	case IGMP_REPORT1:
	case IGMP_REPORT2:
		report_input(ig, m);
		return DROP_NONE;
	case IGMP_LEAVE:
	case IGMP_REPORT3:
		return DROP_NONE;
	default:
		return DROP_IGMP_UNKNOWN_TYPE;
	}
}

static void igmp_input(struct stack *s, struct pkt *p)
{
	struct igmp *ig = p->dev ? p->dev->netif->ip->igmp : NULL;
	struct igmp_msg m;
	enum drop_reason why = igmp_parse(p->data, p->len, &m);

	if (!why && ig)
		why = act(ig, p, &m);
	if (why)
		stack_drop(s, p, why);
	else
		pkt_done(p);
}

/* ---- devices ---- */

int igmp_attach(struct netif *n)
{
	if (n->dev->type == DEV_LOOPBACK)
		return 0;
	struct igmp *ig = calloc(1, sizeof(*ig));
	if (!ig)
		return -ENOMEM;
	ig->n = n;
	ig->query_interval_s = QUERY_INTERVAL_S;
	list_init(&ig->groups);
	timer_init(&ig->change, tell_changes);
	timer_init(&ig->general, answer_general);
	n->ip->igmp = ig;
	return 0;
}

void igmp_detach(struct netif *n)
{
	struct igmp *ig = n->ip->igmp;

	if (!ig)
		return;
	forget_pending(ig);
	list_each_safe(g, &ig->groups, struct igmp_group, node)
		group_free(g);
	free(ig);
	n->ip->igmp = NULL;
}

/* Another link, maybe: what was learned of queriers goes, and groups are told again. */
void igmp_dev_event(struct netif *n, enum dev_event ev)
{
	struct igmp *ig = n->ip ? n->ip->igmp : NULL;

	if (!ig)
		return;
	if (ev == DEV_EVENT_DOWN) {
		forget_pending(ig);
		ig->v1_until_ns = ig->v2_until_ns = 0;
		ig->robustness = 0;
		ig->query_interval_s = QUERY_INTERVAL_S;
	}
	if (ev == DEV_EVENT_UP) {
		list_each(g, &ig->groups, struct igmp_group, node)
			announce(g);
	}
}

const struct proto igmp_proto = {
	.name = "igmp",
	.number = IP_PROTO_IGMP,
	.input = igmp_input,
};
