/* SPDX-License-Identifier: MIT */
/* The table of drop reasons, and the end of packets that are dropped. */
#include "lib/text.h"
#include "net/stack.h"

#include <stdio.h>
#include <stdlib.h>

const struct drop_info drop_infos[DROP_COUNT] = {[DROP_NONE] = {"NONE", "", ""},
#define X(name, clause, text) [DROP_##name] = {#name, clause, text},
	DROP_REASONS(X)
#undef X
};

static struct drop_count *count_of(struct stack *s, enum drop_reason why)
{
	if (!s->drops)
		s->drops = calloc(DROP_COUNT, sizeof(*s->drops));
	return s->drops ? &s->drops[why] : NULL;
}

static const char *proto_name(uint8_t proto, char number[static 10])
{
	switch (proto) {
	case IP_PROTO_ICMP:
		return "ICMP";
	case IP_PROTO_IGMP:
		return "IGMP";
	case IP_PROTO_TCP:
		return "TCP";
	case IP_PROTO_UDP:
		return "UDP";
	}
	snprintf(number, 10, "proto %u", proto);
	return number;
}

/* What the packet looked like, for the person who asks later. Frames on their way out have no sender here. */
static void describe(char *out, size_t room, const struct pkt *p)
{
	const char *dev = p->dev ? p->dev->name : "local";
	char number[10];

	if (p->ip.hdr_len)
		snprintf(out, room, "%s %s > %s %s", dev, TEXT_IP(p->ip.src), TEXT_IP(p->ip.dst),
			proto_name(p->ip.proto, number));
	else if (!p->ethertype)
		snprintf(out, room, "%s, %u bytes", dev, p->len);
	else if (mac_is_zero(p->src_mac))
		snprintf(out, room, "%s type 0x%04x, %u bytes", dev, p->ethertype, p->len);
	else
		snprintf(out, room, "%s from %s type 0x%04x, %u bytes", dev, TEXT_MAC(p->src_mac),
			p->ethertype, p->len);
}

void stack_count_drop(struct stack *s, enum drop_reason why)
{
	struct drop_count *c = count_of(s, why);

	if (!c)
		return;
	c->count++;
	c->last_ns = stack_now(s);
}

void stack_drop(struct stack *s, struct pkt *p, enum drop_reason why)
{
	struct drop_count *c = count_of(s, why);

	stack_count_drop(s, why);
	if (c)
		describe(c->last, sizeof(c->last), p);
	TRACE(s, LAYER_DROP, p, drop_infos[why].clause, "dropped %s: %s", drop_infos[why].name,
		drop_infos[why].text);
	pkt_free(p);
}

uint64_t stack_drops(const struct stack *s, enum drop_reason why)
{
	return s->drops ? s->drops[why].count : 0;
}
