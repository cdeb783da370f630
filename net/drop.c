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

static void remember(struct drop_count *c, const struct pkt *p)
{
	c->last.known = true;
	c->last.dev[0] = 0;
	if (p->dev)
		memcpy(c->last.dev, p->dev->name, sizeof(c->last.dev));
	c->last.len = p->len;
	c->last.ethertype = p->ethertype;
	c->last.src_mac = p->src_mac;
	c->last.has_ip = p->ip.hdr_len > 0;
	c->last.proto = p->ip.proto;
	c->last.src = p->ip.src;
	c->last.dst = p->ip.dst;
}

/* Frames on their way out have no sender here. */
const char *drop_describe(const struct drop_count *c, char out[static DROP_TEXT_LEN])
{
	const char *dev = c->last.dev[0] ? c->last.dev : "local";
	char number[10];

	out[0] = 0;
	if (!c->last.known)
		return out;
	if (c->last.has_ip)
		snprintf(out, DROP_TEXT_LEN, "%s %s > %s %s", dev, TEXT_IP(c->last.src), TEXT_IP(c->last.dst),
			proto_name(c->last.proto, number));
	else if (!c->last.ethertype)
		snprintf(out, DROP_TEXT_LEN, "%s, %u bytes", dev, c->last.len);
	else if (mac_is_zero(c->last.src_mac))
		snprintf(out, DROP_TEXT_LEN, "%s type 0x%04x, %u bytes", dev, c->last.ethertype, c->last.len);
	else
		snprintf(out, DROP_TEXT_LEN, "%s from %s type 0x%04x, %u bytes", dev,
			TEXT_MAC(c->last.src_mac), c->last.ethertype, c->last.len);
	return out;
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
		remember(c, p);
	TRACE(s, LAYER_DROP, p, drop_infos[why].clause, "dropped %s: %s", drop_infos[why].name,
		drop_infos[why].text);
	pkt_free(p);
}

uint64_t stack_drops(const struct stack *s, enum drop_reason why)
{
	return s->drops ? s->drops[why].count : 0;
}
