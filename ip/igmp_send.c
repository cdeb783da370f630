/* SPDX-License-Identifier: MIT */
/* IGMP messages that a host sends: TTL 1, Router Alert, never back to ourselves (RFC 2236 2, RFC 3376 4). */
#include "ip/igmp.h"

#include "lib/text.h"

enum {
	TOS_CONTROL = 0xc0,    /* precedence internetwork control (RFC 3376 4) */
	ROUTERS3 = 0xe0000016, /* 224.0.0.22 */
	ALERT_LEN = 4,
};

static void output(struct igmp *ig, struct pkt *p, uint32_t dst)
{
	struct ip_send how = {
		.dst = dst,
		.proto = IP_PROTO_IGMP,
		.tos = TOS_CONTROL,
		.ttl = 1,
		.df = true,
		.router_alert = true,
		.no_loop = true,
		.oif = ig->n->dev->ifindex,
	};

	ip_output(ig->n->stack, p, &how);
}

void igmp_send(struct igmp *ig, uint32_t dst, enum igmp_type type, uint32_t group)
{
	struct pkt *p = stack_pkt(ig->n->stack, IGMP_LEN);

	if (!p)
		return;
	igmp_emit(pkt_put(p, IGMP_LEN), &(struct igmp_msg){.type = (uint8_t)type, .group = group});
	TRACE(ig->n->stack, LAYER_IGMP, p, type == IGMP_LEAVE ? "RFC 2236 3" : "RFC 2236 2", "%s: %s %s",
		ig->n->dev->name, type == IGMP_LEAVE ? "leave" : "report", TEXT_IP(group));
	output(ig, p, dst);
}

void igmp_report_end(struct igmp_report *r)
{
	if (!r->p)
		return;
	igmp_emit_report(r->p->data, r->p->len, r->records);
	TRACE(r->ig->n->stack, LAYER_IGMP, r->p, "RFC 3376 4.2", "%s: report of %u groups",
		r->ig->n->dev->name, r->records);
	output(r->ig, r->p, ROUTERS3);
	r->p = NULL;
	r->records = 0;
}

/* How many more bytes the report may have. */
static size_t room(const struct igmp_report *r)
{
	uint32_t used = IP_HDR_LEN + ALERT_LEN + r->p->len, mtu = r->ig->n->dev->mtu;

	return mtu > used ? MIN((size_t)(mtu - used), pkt_tailroom(r->p)) : 0;
}

static bool begin(struct igmp_report *r)
{
	r->p = stack_pkt(r->ig->n->stack, r->ig->n->dev->mtu);
	if (r->p)
		pkt_put(r->p, IGMP_REPORT3_LEN);
	return r->p;
}

/* What does not even fit a report of its own is cut: the whole group will be asked about again. */
void igmp_report_add(struct igmp_report *r, enum igmp_record type, const struct igmp_group *g)
{
	uint16_t count = type == IGMP_IS_INCLUDE ? g->source_count : 0;
	size_t len = IGMP_RECORD_LEN + (size_t)count * IGMP_SOURCE_LEN;

	if (r->p && room(r) < len)
		igmp_report_end(r);
	if ((!r->p && !begin(r)) || room(r) < IGMP_RECORD_LEN)
		return;
	if (room(r) < len) {
		count = (uint16_t)((room(r) - IGMP_RECORD_LEN) / IGMP_SOURCE_LEN);
		len = IGMP_RECORD_LEN + (size_t)count * IGMP_SOURCE_LEN;
	}
	igmp_emit_record(pkt_put(r->p, len), type, g->addr, g->sources, count);
	r->records++;
}
