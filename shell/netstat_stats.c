/* SPDX-License-Identifier: MIT */
/* netstat -s: the MIB counters in the words of net-tools. What it has no words for is printed by its name. */
#include "shell/cmd_netstat.h"

/* The sections, by what the names of their counters begin with; longer ones before what they begin with. */
static const char *const sections[] = {"IpExt", "Ip", "Icmp", "TcpExt", "Tcp", "Udp"};
static const char *const order[] = {"Ip", "Icmp", "Tcp", "Udp", "TcpExt", "IpExt"};

static const struct {
	const char *name, *text;
	enum { IF_ANY, ALWAYS, BEHIND, HEADING } how; /* BEHIND: the number stands behind, as IF_ANY */
} words[] = {
	{"IpInReceives", "total packets received", ALWAYS},
	{"IpInHdrErrors", "with invalid headers", IF_ANY},
	{"IpInAddrErrors", "with invalid addresses", IF_ANY},
	{"IpForwDatagrams", "forwarded", ALWAYS},
	{"IpInUnknownProtos", "with unknown protocol", IF_ANY},
	{"IpInDiscards", "incoming packets discarded", ALWAYS},
	{"IpInDelivers", "incoming packets delivered", ALWAYS},
	{"IpOutRequests", "requests sent out", ALWAYS},
	{"IpOutDiscards", "outgoing packets dropped", IF_ANY},
	{"IpOutNoRoutes", "dropped because of missing route", IF_ANY},
	{"IpReasmTimeout", "fragments dropped after timeout", IF_ANY},
	{"IpReasmReqds", "reassemblies required", IF_ANY},
	{"IpReasmOKs", "packets reassembled ok", IF_ANY},
	{"IpReasmFails", "packet reassemblies failed", IF_ANY},
	{"IpFragOKs", "fragments received ok", IF_ANY},
	{"IpFragFails", "fragments failed", IF_ANY},
	{"IpFragCreates", "fragments created", IF_ANY},
	{"IcmpInMsgs", "ICMP messages received", ALWAYS},
	{"IcmpInErrors", "input ICMP message failed", ALWAYS},
	{"", "ICMP input histogram:", HEADING},
	{"IcmpInDestUnreachs", "destination unreachable", BEHIND},
	{"IcmpInTimeExcds", "timeout in transit", BEHIND},
	{"IcmpInParmProbs", "wrong parameters", BEHIND},
	{"IcmpInSrcQuenchs", "source quenches", BEHIND},
	{"IcmpInRedirects", "redirects", BEHIND},
	{"IcmpInEchos", "echo requests", BEHIND},
	{"IcmpInEchoReps", "echo replies", BEHIND},
	{"IcmpInTimestamps", "timestamp requests", BEHIND},
	{"IcmpInTimestampReps", "timestamp replies", BEHIND},
	{"IcmpInAddrMasks", "address mask requests", BEHIND},
	{"IcmpInAddrMaskReps", "address mask replies", BEHIND},
	{"IcmpOutMsgs", "ICMP messages sent", ALWAYS},
	{"IcmpOutErrors", "ICMP messages failed", ALWAYS},
	{"", "ICMP output histogram:", HEADING},
	{"IcmpOutDestUnreachs", "destination unreachable", BEHIND},
	{"IcmpOutTimeExcds", "timeout in transit", BEHIND},
	{"IcmpOutParmProbs", "wrong parameters", BEHIND},
	{"IcmpOutSrcQuenchs", "source quenches", BEHIND},
	{"IcmpOutRedirects", "redirect", BEHIND},
	{"IcmpOutEchos", "echo requests", BEHIND},
	{"IcmpOutEchoReps", "echo replies", BEHIND},
	{"IcmpOutTimestamps", "timestamp requests", BEHIND},
	{"IcmpOutTimestampReps", "timestamp replies", BEHIND},
	{"IcmpOutAddrMasks", "address mask requests", BEHIND},
	{"IcmpOutAddrMaskReps", "address mask replies", BEHIND},
	{"TcpActiveOpens", "active connection openings", ALWAYS},
	{"TcpPassiveOpens", "passive connection openings", ALWAYS},
	{"TcpAttemptFails", "failed connection attempts", ALWAYS},
	{"TcpEstabResets", "connection resets received", ALWAYS},
	{"TcpCurrEstab", "connections established", ALWAYS},
	{"TcpInSegs", "segments received", ALWAYS},
	{"TcpOutSegs", "segments sent out", ALWAYS},
	{"TcpRetransSegs", "segments retransmitted", ALWAYS},
	{"TcpInErrs", "bad segments received", ALWAYS},
	{"TcpOutRsts", "resets sent", ALWAYS},
	{"UdpInDatagrams", "packets received", ALWAYS},
	{"UdpNoPorts", "packets to unknown port received", ALWAYS},
	{"UdpInErrors", "packet receive errors", ALWAYS},
	{"UdpOutDatagrams", "packets sent", ALWAYS},
	{"UdpRcvbufErrors", "receive buffer errors", ALWAYS},
	{"UdpSndbufErrors", "send buffer errors", ALWAYS},
	{"TcpExtTW", "TCP sockets finished time wait in fast timer", IF_ANY},
	{"TcpExtDelayedACKs", "delayed acks sent", IF_ANY},
	{"TcpExtListenOverflows", "times the listen queue of a socket overflowed", IF_ANY},
	{"TcpExtListenDrops", "SYNs to LISTEN sockets dropped", IF_ANY},
	{"TcpExtSyncookiesSent", "SYN cookies sent", IF_ANY},
	{"TcpExtSyncookiesRecv", "SYN cookies received", IF_ANY},
	{"TcpExtSyncookiesFailed", "invalid SYN cookies received", IF_ANY},
	{"TcpExtTCPTimeouts", "other TCP timeouts", IF_ANY},
	{"TcpExtPruneCalled", "packets pruned from receive queue because of socket buffer overrun", IF_ANY},
	{"TcpExtOfoPruned", "packets dropped from out-of-order queue because of socket buffer overrun",
		false},
};

static const char *section_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (strncmp(name, sections[i], strlen(sections[i])) == 0)
			return sections[i];
	}
	return "";
}

/* 0 for what is not counted here. */
static unsigned long long value_of(const struct stack *s, const char *name)
{
	for (size_t m = 0; m < MIB_COUNT; m++)
		if (strcmp(mib_names[m], name) == 0)
			return s->mib[m];
	return 0;
}

static bool has_words(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].name, name) == 0)
			return true;
	return false;
}

static void print_words(FILE *out, const struct stack *s, const char *section)
{
	const char *of = ""; /* a heading belongs to the section of what stood before */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		unsigned long long value = value_of(s, words[i].name);

		of = words[i].name[0] ? section_of(words[i].name) : of;
		if (strcmp(of, section) != 0)
			continue;
		if (!value && (words[i].how == IF_ANY || words[i].how == BEHIND))
			continue;
		if (words[i].how == HEADING)
			fprintf(out, "    %s\n", words[i].text);
		else if (words[i].how == BEHIND)
			fprintf(out, "        %s: %llu\n", words[i].text, value);
		else
			fprintf(out, "    %llu %s\n", value, words[i].text);
	}
}

static void print_others(FILE *out, const struct stack *s, const char *section)
{
	for (size_t m = 0; m < MIB_COUNT; m++) {
		const char *name = mib_names[m];

		if (s->mib[m] && strcmp(section_of(name), section) == 0 && !has_words(name))
			fprintf(out, "    %s: %llu\n", name + strlen(section), (unsigned long long)s->mib[m]);
	}
}

void netstat_print_counters(FILE *out, struct stack *s)
{
	int32_t forwards = 0;

	sysctl_get(s, "net.ipv4.ip_forward", &forwards);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		fprintf(out, "%s:\n", order[i]);
		if (i == 0)
			fprintf(out, "    Forwarding: %d\n", forwards ? 1 : 2);
		print_words(out, s, order[i]);
		print_others(out, s, order[i]);
	}
}
