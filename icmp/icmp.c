/* SPDX-License-Identifier: MIT */
/*
 * ICMP: the protocol, and the table of its messages (RFC 792, 1122 3.2.2, 1812 4.3, 6633, 6918).
 *
 *	in:  ip -> icmp_input -> echo.c, note.c, ping.c by the table
 *	out: ip -> icmp_reject (error.c) -> limit.c -> icmp_output -> ip
 */
#include "icmp/internal.h"
#include "lib/text.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct icmp_type {
	const char *name; /* NULL: unknown */
	enum mib in, out; /* 0: not counted by itself */
	icmp_input_fn *input;
	enum drop_reason ignored; /* where there is no input: why */
	bool to_group;		  /* may be addressed to a broadcast or multicast address */
};

#define COUNTED(name) MIB_IcmpIn##name, MIB_IcmpOut##name

/* clang-format off */
static const struct icmp_type types[] = {
	[ICMP_ECHO_REPLY] = {"echo reply", COUNTED(EchoReps), .input = ping_input},
	[ICMP_DEST_UNREACH] = {"destination unreachable", COUNTED(DestUnreachs), .input = error_input},
	[ICMP_SOURCE_QUENCH] = {"source quench", COUNTED(SrcQuenchs), .ignored = DROP_ICMP_SOURCE_QUENCH},
	[ICMP_REDIRECT] = {"redirect", COUNTED(Redirects), .input = redirect_input},
	[ICMP_ECHO] = {"echo request", COUNTED(Echos), .input = echo_input, .to_group = true},
	[ICMP_TIME_EXCEEDED] = {"time exceeded", COUNTED(TimeExcds), .input = error_input},
	[ICMP_PARAM_PROBLEM] = {"parameter problem", COUNTED(ParmProbs), .input = error_input},
	[ICMP_TIMESTAMP] = {"timestamp request", COUNTED(Timestamps), .input = timestamp_input, .to_group = true},
	[ICMP_TIMESTAMP_REPLY] = {"timestamp reply", COUNTED(TimestampReps), .ignored = DROP_ICMP_REPLY_UNWANTED},
	[ICMP_INFO] = {"information request", .ignored = DROP_ICMP_INFO_IGNORED},
	[ICMP_INFO_REPLY] = {"information reply", .ignored = DROP_ICMP_INFO_IGNORED},
	[ICMP_MASK] = {"address mask request", COUNTED(AddrMasks), .ignored = DROP_ICMP_MASK_IGNORED},
	[ICMP_MASK_REPLY] = {"address mask reply", COUNTED(AddrMaskReps), .ignored = DROP_ICMP_MASK_IGNORED},
};
/* clang-format on */

void icmp_drop(struct stack *s, struct pkt *p, enum drop_reason why)
{
	mib_inc(s, MIB_IcmpInErrors);
	stack_drop(s, p, why);
}

/* RFC 1122 3.2.2.6, 3.2.2.8: of what many hosts were asked at once, nothing is answered by default. */
static bool group_is_ignored(const struct stack *s, const struct pkt *p, const struct icmp_type *t)
{
	return p->to_group && (!t->to_group || s->sysctl[SYSCTL_ICMP_ECHO_IGNORE_BROADCASTS]);
}

static void icmp_input(struct stack *s, struct pkt *p)
{
	static const struct icmp_type unknown = {.name = "unknown type"};
	const struct icmp_type *t = &unknown;
	struct icmp_hdr h;
	enum drop_reason why = icmp_parse(p->data, p->len, pkt_csum_is_good(p), &h);

	mib_inc(s, MIB_IcmpInMsgs);
	if (why) {
		if (why == DROP_ICMP_BAD_CHECKSUM)
			mib_inc(s, MIB_IcmpInCsumErrors);
		icmp_drop(s, p, why);
		return;
	}
	if (h.type < ARRAY_SIZE(types) && types[h.type].name)
		t = &types[h.type];
	TRACE(s, LAYER_ICMP, p, "RFC 792", "%s (type %u, code %u) from %s, %u octets", t->name, h.type,
		h.code, TEXT_IP(p->ip.src), p->len);
	if (t->in)
		mib_inc(s, t->in);
	if (t == &unknown)
		icmp_drop(s, p, DROP_ICMP_UNKNOWN_TYPE);
	else if (group_is_ignored(s, p, t))
		stack_drop(s, p, DROP_ICMP_BROADCAST_IGNORED);
	else if (t->input)
		t->input(s, p, &h);
	else
		stack_drop(s, p, t->ignored);
}

static void count_sent(struct stack *s, const uint8_t *b, size_t len)
{
	mib_inc(s, MIB_IcmpOutMsgs);
	if (len && b[0] < ARRAY_SIZE(types) && types[b[0]].out)
		mib_inc(s, types[b[0]].out);
}

int icmp_output(struct stack *s, struct pkt *p, const struct ip_send *how)
{
	assert(p->data[0] < ARRAY_SIZE(types));
	TRACE(s, LAYER_ICMP, p, "RFC 792", "%s (code %u) to %s, %u octets", types[p->data[0]].name,
		p->data[1], TEXT_IP(how->dst), p->len);
	count_sent(s, p->data, p->len);
	int err = ip_output(s, p, how);
	if (err)
		mib_inc(s, MIB_IcmpOutErrors);
	return err;
}

static int icmp_init(struct stack *s)
{
	s->icmp = calloc(1, sizeof(*s->icmp));
	if (!s->icmp)
		return -ENOMEM;
	limit_init(s);
	hash_init(&s->icmp->pings);
	ip_set_reject(s, icmp_reject);
	return 0;
}

/* Sockets have left before. */
static void icmp_exit(struct stack *s)
{
	if (!s->icmp)
		return;
	ip_set_reject(s, NULL);
	limit_exit(s);
	hash_exit(&s->icmp->pings);
	free(s->icmp);
	s->icmp = NULL;
}

const struct proto icmp_proto = {
	.name = "icmp",
	.number = IP_PROTO_ICMP,
	.init = icmp_init,
	.exit = icmp_exit,
	.input = icmp_input,
	.note = ping_note,
	.sent_raw = count_sent,
	.sock_ops = &ping_sock_ops,
	.sock_type = SOCK_DGRAM,
};
