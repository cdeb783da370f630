/* SPDX-License-Identifier: MIT */
/* The roof: the one table that names every protocol. Init runs down the table, exit up. */
#include "inet.h"

#include "arp/arp.h"
#include "icmp/icmp.h"
#include "ip/ip.h"
#include "net/packet.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

const struct proto *const inet_protos[] = {
	&packet_proto,
	&arp_proto,
	&ip_proto,
	&igmp_proto,
	&icmp_proto,
	&udp_proto,
	&tcp_proto,
	NULL,
};
