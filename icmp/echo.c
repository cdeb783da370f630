/* SPDX-License-Identifier: MIT */
/*
 * The servers: echo and timestamp (RFC 792; RFC 1122 3.2.2.6, 3.2.2.8; RFC 1812 4.3.3.6, 4.3.3.8).
 *
 * The request becomes its answer where it lies: the data is never copied, and comes back exactly as it came.
 */
#include "icmp/internal.h"
#include "lib/text.h"

enum { MS_PER_DAY = 86400000 };

/* RFC 1122 3.2.2.6: "the IP source address in an ICMP Echo Reply MUST be the same as the specific-destination
 * address" of the request: where many were asked, the address of the device that heard it. */
static uint32_t answer_source(const struct pkt *p)
{
	return p->to_group ? netif_source(p->dev->netif, p->ip.src, SCOPE_LINK) : p->ip.dst;
}

/* From here on the packet is one that this host made. */
static void become_answer(struct pkt *p)
{
	pkt_renew(p);
	p->dev = NULL;
	p->ifindex = 0;
	p->type = PKT_HOST;
	p->local = false;
	p->l2_len = 0;
	p->offload = (struct pkt_offload){0};
}

/* Takes the finished answer, its IP header still being that of the request. Its route options go back with
 * it; nothing in them says where it goes (RFC 7126 4.3). */
static void answer(struct stack *s, struct pkt *p)
{
	uint8_t opts[IP_OPT_MAX];
	struct ip_send how = {
		.dst = p->ip.src,
		.src = answer_source(p),
		.proto = IP_PROTO_ICMP,
		.tos = p->ip.tos,
		.opts = opts,
		.opts_len = ip_options_reflect(ip_header(p, p->data), opts),
	};

	if (!limit_allows(s, how.dst, p->data[0], p->data[1])) {
		stack_drop(s, p, DROP_ICMP_RATE_LIMITED);
		return;
	}
	become_answer(p);
	icmp_output(s, p, &how);
}

void echo_input(struct stack *s, struct pkt *p, const struct icmp_hdr *h)
{
	(void)h;
	if (s->sysctl[SYSCTL_ICMP_ECHO_IGNORE_ALL]) {
		stack_drop(s, p, DROP_ICMP_ECHO_IGNORED);
		return;
	}
	icmp_change_type(p->data, ICMP_ECHO_REPLY);
	answer(s, p);
}

/* Both times are the turn's: the message is answered in the turn it was heard in. */
void timestamp_input(struct stack *s, struct pkt *p, const struct icmp_hdr *h)
{
	struct icmp_hdr reply = {.type = ICMP_TIMESTAMP_REPLY, .rest = h->rest};
	uint32_t now_ms = (uint32_t)(clock_wall_ns(&stack_loop(s)->clock) / NS_PER_MS % MS_PER_DAY);

	if (!s->sysctl[SYSCTL_ICMP_TIMESTAMP_REPLY]) {
		stack_drop(s, p, DROP_ICMP_TIMESTAMP_IGNORED);
		return;
	}
	if (p->len < ICMP_TIMESTAMP_LEN) {
		icmp_drop(s, p, DROP_ICMP_SHORT);
		return;
	}
	pkt_trim(p, ICMP_TIMESTAMP_LEN);
	icmp_put_times(p->data, now_ms, now_ms);
	icmp_emit(p->data, p->len, &reply);
	answer(s, p);
}
