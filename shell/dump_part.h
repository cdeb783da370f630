/* SPDX-License-Identifier: MIT */
/* What the files of dump share: octets that may be cut short, and who prints what. */
#ifndef SHELL_DUMP_PART_H
#define SHELL_DUMP_PART_H

#include "net/wire_ip.h"
#include "shell/dump.h"

#include <arpa/inet.h>

/* Octets of a packet: it had `len` of them, and the first `have` of these were captured. */
struct span {
	const uint8_t *at;
	uint32_t have, len;
};

static inline struct span span_skip(struct span s, uint32_t n)
{
	uint32_t had = MIN(n, s.have);

	return (struct span){s.at + had, s.have - had, s.len - MIN(n, s.len)};
}

/* Not more than `len` of them. */
static inline struct span span_first(struct span s, uint32_t len)
{
	return (struct span){s.at, MIN(s.have, len), MIN(s.len, len)};
}

static inline bool span_is_whole(struct span s)
{
	return s.have >= s.len;
}

/* Between whom a transport's packet goes. */
struct dump_ends {
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	uint8_t addrs[2][16]; /* as they stand there; of IPv4 the first four octets */
	bool v6;
	bool fragment; /* not all of it is here */
};

/* " [|tcp]": the rest was not captured, so that the octets are shown from the link header on. */
void dump_cut(struct dump *d, const char *what);

/* A table of names ends with {0}. NULL: the number has none. */
struct dump_name {
	unsigned number;
	const char *text;
};
const char *dump_name(const struct dump_name *names, unsigned number);

/* The ports, which stand at the same place in TCP and UDP. False: they were not captured. */
bool dump_read_ports(struct span s, uint16_t *sport, uint16_t *dport);

/* "10.0.0.1.80 > 10.0.0.2.1024: " */
void dump_ports(struct dump *d, const struct dump_ends *e, uint16_t sport, uint16_t dport);

/* The sum over pseudo-header and all of `s` (which is whole): 0 where the checksum in it is right. */
uint16_t dump_csum(const struct dump_ends *e, struct span s, uint8_t proto);

/* What a checksum field should hold that holds `found` while the sum over everything is `sum`. */
uint16_t dump_csum_right(uint16_t found, uint16_t sum);

/* A text between quotation marks that nobody has checked. */
void dump_quoted(struct dump *d, const uint8_t *text, size_t len);

/* The frame from its link header on; returns how many octets that has. */
uint32_t dump_link(struct dump *d, const struct capture_packet *p);

void dump_hex(struct dump *d, struct span s, bool ascii);
void dump_ascii(struct dump *d, struct span s);
void dump_payload(
	struct dump *d, struct span s); /* of what nobody knows: in hex, unless that is asked for anyway */

/* Each says its name first, unless link headers (-e) tell it. */
void dump_arp(struct dump *d, struct span s, const char *name);
void dump_ip(struct dump *d, struct span s);
void dump_ip6(struct dump *d, struct span s);
void dump_transport(struct dump *d, const struct dump_ends *e, struct span s, uint8_t proto);
void dump_icmp(struct dump *d, struct span s, bool fragment);
void dump_icmp6(struct dump *d, const struct dump_ends *e, struct span s);
void dump_igmp(struct dump *d, struct span s);
void dump_udp(struct dump *d, const struct dump_ends *e, struct span s);
void dump_dhcp(struct dump *d, struct span s);
void dump_tcp(struct dump *d, const struct dump_ends *e, struct span s);
void dump_flows_exit(struct dump *d);
void dump_http(struct dump *d, struct span s);

#endif
