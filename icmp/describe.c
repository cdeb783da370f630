/* SPDX-License-Identifier: MIT */
/* ICMP messages in words, as iputils' ping prints them. */
#include "icmp/icmp.h"
#include "lib/text.h"
#include "net/wire_icmp.h"

#include <stdio.h>

static const char *const unreachables[] = {
	[ICMP_NET_UNREACH] = "Destination Net Unreachable",
	[ICMP_HOST_UNREACH] = "Destination Host Unreachable",
	[ICMP_PROT_UNREACH] = "Destination Protocol Unreachable",
	[ICMP_PORT_UNREACH] = "Destination Port Unreachable",
	[ICMP_FRAG_NEEDED] = "Frag needed and DF set",
	[ICMP_SR_FAILED] = "Source Route Failed",
	[ICMP_NET_UNKNOWN] = "Destination Net Unknown",
	[ICMP_HOST_UNKNOWN] = "Destination Host Unknown",
	[ICMP_HOST_ISOLATED] = "Source Host Isolated",
	[ICMP_NET_PROHIBITED] = "Destination Net Prohibited",
	[ICMP_HOST_PROHIBITED] = "Destination Host Prohibited",
	[ICMP_NET_TOS] = "Destination Net Unreachable for Type of Service",
	[ICMP_HOST_TOS] = "Destination Host Unreachable for Type of Service",
	[ICMP_ADMIN_PROHIBITED] = "Packet filtered",
	[ICMP_PRECEDENCE] = "Precedence Violation",
	[ICMP_PRECEDENCE_CUTOFF] = "Precedence Cutoff",
};
static const char *const redirects[] = {
	[ICMP_REDIRECT_NET] = "Redirect Network",
	[ICMP_REDIRECT_HOST] = "Redirect Host",
	[ICMP_REDIRECT_TOS_NET] = "Redirect Type of Service and Network",
	[ICMP_REDIRECT_TOS_HOST] = "Redirect Type of Service and Host",
};
static const char *const exceeded[] = {
	[ICMP_TTL_EXCEEDED] = "Time to live exceeded",
	[ICMP_REASSEMBLY_TIMEOUT] = "Frag reassembly time exceeded",
};

/* Types that mean the same whatever their code. */
static const char *const plain[] = {
	[ICMP_ECHO_REPLY] = "Echo Reply",
	[ICMP_SOURCE_QUENCH] = "Source Quench",
	[ICMP_ECHO] = "Echo Request",
	[ICMP_TIMESTAMP] = "Timestamp",
	[ICMP_TIMESTAMP_REPLY] = "Timestamp Reply",
	[ICMP_INFO] = "Information Request",
	[ICMP_INFO_REPLY] = "Information Reply",
	[ICMP_MASK] = "Address Mask Request",
	[ICMP_MASK_REPLY] = "Address Mask Reply",
};

/* Types whose codes have a text each. */
static const struct coded {
	uint8_t type;
	const char *const *texts;
	size_t count;
	const char *other; /* of a code without text */
} coded[] = {
	{ICMP_DEST_UNREACH, unreachables, ARRAY_SIZE(unreachables), "Dest Unreachable"},
	{ICMP_REDIRECT, redirects, ARRAY_SIZE(redirects), "Redirect"},
	{ICMP_TIME_EXCEEDED, exceeded, ARRAY_SIZE(exceeded), "Time exceeded"},
};

static int describe_code(char *buf, size_t room, const struct coded *c, uint8_t code)
{
	if (code < c->count)
		return snprintf(buf, room, "%s", c->texts[code]);
	return snprintf(buf, room, "%s, Bad Code: %u", c->other, code);
}

const char *icmp_describe(char *buf, size_t room, uint8_t type, uint8_t code, uint32_t info)
{
	const struct coded *c = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(coded); i++)
		if (coded[i].type == type)
			c = &coded[i];
	size_t used = c ? (size_t)describe_code(buf, room, c, code) : 0;
	if (used >= room)
		return buf;
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
		snprintf(buf + used, room - used, " (mtu = %u)", info);
	else if (type == ICMP_REDIRECT)
		snprintf(buf + used, room - used, "(New nexthop: %s)", TEXT_IP(info));
	else if (type == ICMP_PARAM_PROBLEM)
		snprintf(buf, room, "Parameter problem: pointer = %u", info);
	else if (type < ARRAY_SIZE(plain) && plain[type])
		snprintf(buf, room, "%s", plain[type]);
	else if (!c)
		snprintf(buf, room, "Bad ICMP type: %u", type);
	return buf;
}
