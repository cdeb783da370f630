/* SPDX-License-Identifier: MIT */
/*
 * Every packet that ends anywhere ends as pkt_done() or here, by name.
 *
 * One table gives the enum, the counters of each stack, the names that `drops` prints and tests assert, and
 * the text and clause that explain them.
 */
#ifndef NET_DROP_H
#define NET_DROP_H

#include "lib/bytes.h"

/* X(NAME, "clause", "what was wrong, and what could be done") */
#define DROP_REASONS(X)                                                                                      \
	/* device and Ethernet */                                                                            \
	X(DEV_DOWN, "", "the device is down")                                                                \
	X(DEV_NO_CARRIER, "", "the device has no carrier: nothing is attached at the other end")             \
	X(DEV_TX_ERROR, "", "the device refused the frame (write failed)")                                   \
	X(DEV_TX_BUSY, "", "the device's queue towards the machine is full")                                 \
	X(DEV_TOO_BIG, "", "frame longer than the device carries")                                           \
	X(DEV_QUEUE_FULL, "", "the receiving device's queue is full")                                        \
	X(DEV_BAD_OFFLOAD, "virtio 1.2 5.1.6", "the offload fields do not fit the frame")                    \
	X(MACVLAN_PASSTHRU_DOWN, "", "the macvlan in passthru mode, which gets all frames, is down")         \
	X(MACVLAN_NODST, "",                                                                                 \
		"its sender is on the list of a macvlan with nodst that is down, so nobody else is asked")   \
	X(MACVLAN_NO_QUEUE, "",                                                                              \
		"no macvlan hears broadcasts from the wire: the queue for them has length 0 (bcqueuelen)")   \
	X(MACVLAN_SPOOFED, "",                                                                               \
		"sent by a macvlan with another source MAC address (sysctl net.macvlan.spoof_check)")        \
	/* bridge */                                                                                         \
	X(BRIDGE_BAD_SOURCE, "IEEE 802.1D 7.8", "the sender's address is zero or a group")                   \
	X(BRIDGE_PAUSE, "IEEE 802.3 31B", "PAUSE frames are for the other end of the cable alone")           \
	X(BRIDGE_PORT_STATE, "IEEE 802.1D 7.4",                                                              \
		"the port does not forward (see `bridge link`; ports of a bridge that is down are "          \
		"disabled)")                                                                                 \
	X(BRIDGE_LOCKED, "",                                                                                 \
		"a locked port does not know the sender (bridge fdb add MAC dev PORT master static)")        \
	X(BRIDGE_SAME_PORT, "IEEE 802.1D 7.7",                                                               \
		"the receiver is where the frame came from (bridge link ... hairpin)")                       \
	X(BRIDGE_ISOLATED, "", "from an isolated port to another one (bridge link ... isolated)")            \
	X(BRIDGE_NO_PORT, "", "there is no other port that may have it (see `bridge -d link`)")              \
	X(BRIDGE_TO_ITSELF, "", "the bridge's own host sends to the bridge's own address")                   \
	X(BRIDGE_FDB_FULL, "",                                                                               \
		"the sender was not learned, since the FDB is full (fdb_max_learned); the frame went on")    \
	/* netem */                                                                                          \
	X(NETEM_LOSS, "", "netem lost it, as it was told to (tc qdisc ... loss)")                            \
	X(NETEM_LIMIT, "", "netem's queue is full (tc qdisc ... limit)")                                     \
	/* memory, and Ethernet as hosts see it */                                                           \
	X(NO_MEMORY, "", "no packet buffer to be had (see `stat`)")                                          \
	X(ETH_SHORT, "RFC 894", "frame shorter than its Ethernet header")                                    \
	X(ETH_MULTICAST_SOURCE, "IEEE 802.3", "the source address has the group bit")                        \
	X(ETH_OTHERHOST, "", "unicast frame for another host's MAC address")                                 \
	X(ETH_MULTICAST_FILTER, "RFC 1112 6.4", "multicast group that nobody here joined")                   \
	X(ETH_LLC, "RFC 1042", "802.3 frame with a length field (LLC): not supported")                       \
	X(ETH_VLAN, "IEEE 802.1Q", "VLAN-tagged frame, and no VLAN device for its id")                       \
	X(IPVLAN_PRIVATE, "",                                                                                \
		"for another ipvlan of the same device, and they are private (type ipvlan private)")         \
	X(IPVLAN_TO_MANY, "",                                                                                \
		"sent by an ipvlan in mode l3, where there is neither broadcast nor multicast")              \
	X(IPVLAN_NOT_IP, "", "sent by an ipvlan in mode l3, and no IPv4 packet")                             \
	X(ETH_UNKNOWN_TYPE, "", "no protocol has this EtherType")                                            \
	X(TUN_NOT_IP, "", "frame on a device without headers that is not IPv4")                              \
	/* ARP and neighbours */                                                                             \
	X(ARP_SHORT, "RFC 826", "shorter than an ARP message for Ethernet and IPv4")                         \
	X(ARP_BAD_TYPE, "RFC 826", "hardware or protocol type is not Ethernet and IPv4")                     \
	X(ARP_BAD_LENGTHS, "RFC 826", "hardware or protocol address length is not 6 and 4")                  \
	X(ARP_BAD_OPCODE, "RFC 826", "neither request nor reply")                                            \
	X(ARP_BAD_SENDER_IP, "RFC 826",                                                                      \
		"the sender's IP address is a broadcast, multicast or loopback address")                     \
	X(ARP_BAD_SENDER_MAC, "RFC 1812 3.3.2", "the sender's MAC address is a group address or zero")       \
	X(ARP_NOT_FOR_US, "RFC 826", "asks for another host's address")                                      \
	X(ARP_CONFLICT, "RFC 5227 2.4", "another host claims one of our addresses")                          \
	X(ARP_UNSOLICITED, "RFC 826",                                                                        \
		"a reply or announcement nobody asked for; it creates no entry (see sysctl arp_accept)")     \
	X(ARP_LOCKED, "",                                                                                    \
		"another MAC address for a permanent entry, or one changed or confirmed within locktime")    \
	X(ARP_OWN, "", "our own message came back: there is a loop in the network")                          \
	X(ARP_PROXY_QUEUE_FULL, "", "too many proxy answers wait (sysctl proxy_qlen)")                       \
	X(ARP_OFFLINK, "RFC 1122 2.3.2", "the sender's address is not on this link")                         \
	X(ARP_IGNORED, "", "a request that sysctl arp_ignore or a device without ARP leaves unanswered")     \
	X(NEIGH_QUEUE_FULL, "RFC 1122 2.3.2.2", "too many packets wait for this neighbour; the oldest went") \
	X(NEIGH_UNREACHABLE, "RFC 1122 2.3.2.1", "the neighbour does not answer ARP")                        \
	X(NEIGH_TABLE_FULL, "", "the neighbour table is full (sysctl gc_thresh3)")                           \
	X(NEIGH_FLUSHED, "", "the entry the packet waited for was removed")                                  \
	/* IPv4 */                                                                                           \
	X(IP_SHORT, "RFC 1812 5.2.2", "fewer than 20 octets")                                                \
	X(IP_BAD_VERSION, "RFC 1122 3.2.1.1", "version is not 4")                                            \
	X(IP_BAD_IHL, "RFC 791 3.1", "header length under 20 octets or past the packet")                     \
	X(IP_BAD_TOTAL_LENGTH, "RFC 1812 5.2.2", "total length shorter than the header")                     \
	X(IP_TRUNCATED, "RFC 1812 5.2.2", "total length longer than what arrived")                           \
	X(IP_BAD_CHECKSUM, "RFC 1122 3.2.1.2", "header checksum is wrong")                                   \
	X(IP_BAD_OPTION, "RFC 1122 3.2.1.8", "an option's length or pointer is wrong")                       \
	X(IP_SOURCE_ROUTE, "RFC 7126 4.3", "source route option")                                            \
	X(IP_UNKNOWN_OPTION, "RFC 7126 4.23",                                                                \
		"unknown option, and sysctl ip_opt_drop_unknown keeps such packets from being forwarded")    \
	X(IP_MARTIAN_SOURCE, "RFC 1122 3.2.1.3", "source is no address one host may have")                   \
	X(IP_MARTIAN_DESTINATION, "RFC 1812 5.3.7", "destination may not appear on a wire")                  \
	X(IP_OWN_SOURCE, "RFC 1122 3.2.1.3", "arrived from outside with one of our own addresses as source") \
	X(IP_REVERSE_PATH, "RFC 1812 5.3.8",                                                                 \
		"the way back to the source is by another device (sysctl rp_filter)")                        \
	X(IP_UNICAST_IN_LINK_BROADCAST, "RFC 1122 3.3.6",                                                    \
		"unicast destination in a link broadcast or multicast")                                      \
	X(IP_NOT_FOR_US, "RFC 1122 3.2.1.3", "for another host, and forwarding is off (sysctl ip_forward)")  \
	X(IP_MULTICAST_NOT_JOINED, "RFC 1112 7.2", "multicast group that was not joined on this device")     \
	X(IP_BROADCAST_NOT_FORWARDED, "RFC 2644 3", "a broadcast is never forwarded")                        \
	X(IP_LINK_LOCAL_NOT_FORWARDED, "RFC 3927 2.7", "169.254/16 is never forwarded")                      \
	X(IP_TTL_EXCEEDED, "RFC 1812 5.3.1", "TTL reached 0 on the way")                                     \
	X(IP_NO_ROUTE, "RFC 1812 4.3.3.1", "no route to the destination")                                    \
	X(IP_ROUTE_BLACKHOLE, "", "a blackhole route")                                                       \
	X(IP_ROUTE_UNREACHABLE, "", "an unreachable route")                                                  \
	X(IP_ROUTE_PROHIBIT, "", "a prohibit route")                                                         \
	X(IP_FRAG_NEEDED, "RFC 1191 4", "larger than the MTU, and DF is set")                                \
	X(IP_TOO_BIG, "RFC 791 3.1", "longer than an IP datagram can be")                                    \
	X(IP_UNKNOWN_PROTOCOL, "RFC 1122 3.2.2.1", "no protocol has this number")                            \
	X(IP_BROADCAST_DENIED, "RFC 1122 3.3.6", "sent to a broadcast address without SO_BROADCAST")         \
	X(IP_BAD_SOURCE, "RFC 1122 3.2.1.3", "the packet to be sent has a source that is not ours")          \
	/* fragments */                                                                                      \
	X(FRAG_ZERO_LENGTH, "", "fragment without data")                                                     \
	X(FRAG_NOT_MULTIPLE_8, "RFC 791 3.1", "middle fragment whose length is no multiple of 8")            \
	X(FRAG_PAST_64K, "RFC 791 3.1", "fragment ends past 65535 octets")                                   \
	X(FRAG_TINY_FIRST, "RFC 1858 3", "first fragment without the whole TCP header, or offset 1 of TCP")  \
	X(FRAG_OVERLAP, "RFC 5722", "fragments overlap: the whole datagram goes")                            \
	X(FRAG_DUPLICATE, "RFC 791", "exact duplicate of a fragment that is here already")                   \
	X(FRAG_CONFLICTING_END, "RFC 791", "fragments disagree about where the datagram ends")               \
	X(FRAG_TIMEOUT, "RFC 1122 3.3.2", "fragments missing for too long (sysctl ipfrag_time)")             \
	X(FRAG_MEMORY, "RFC 815 7", "reassembly memory is full (sysctl ipfrag_high_thresh)")                 \
	X(FRAG_TOO_MANY, "", "too many fragments in one datagram or from one peer (sysctl ipfrag_max_dist)") \
	X(FRAG_FLUSHED, "", "the device or host that collected the fragments went away")                     \
	/* ICMP */                                                                                           \
	X(ICMP_SHORT, "RFC 792", "fewer than 8 octets")                                                      \
	X(ICMP_BAD_CHECKSUM, "RFC 792", "checksum is wrong")                                                 \
	X(ICMP_UNKNOWN_TYPE, "RFC 1122 3.2.2", "unknown type or code, silently")                             \
	X(ICMP_ECHO_IGNORED, "", "sysctl icmp_echo_ignore_all")                                              \
	X(ICMP_BROADCAST_IGNORED, "RFC 1122 3.2.2.6", "request to a broadcast or multicast address")         \
	X(ICMP_TIMESTAMP_IGNORED, "RFC 1122 3.2.2.8", "sysctl icmp_timestamp_reply")                         \
	X(ICMP_MASK_IGNORED, "RFC 1122 3.2.2.9", "address mask messages are obsolete (RFC 6918)")            \
	X(ICMP_INFO_IGNORED, "RFC 1122 3.2.2.7", "information messages are obsolete (RFC 6918)")             \
	X(ICMP_SOURCE_QUENCH, "RFC 6633 3", "source quench is obsolete and ignored")                         \
	X(ICMP_REDIRECT_IGNORED, "RFC 1122 3.2.2.2",                                                         \
		"redirect that fails a check (sysctl accept_redirects)")                                     \
	X(ICMP_BAD_QUOTE, "RFC 1122 3.2.2", "an error that quotes no usable header")                         \
	X(ICMP_QUOTE_NOT_OURS, "RFC 5927 4", "an error about a packet this host did not send")               \
	X(ICMP_REPLY_UNWANTED, "", "a reply that no socket waits for")                                       \
	X(ICMP_RATE_LIMITED, "RFC 1812 4.3.2.8",                                                             \
		"an answer that the rate limit holds back (sysctl icmp_ratelimit)")                          \
	/* IGMP */                                                                                           \
	X(IGMP_SHORT, "RFC 2236 2", "fewer than 8 octets")                                                   \
	X(IGMP_BAD_CHECKSUM, "RFC 2236 2.3", "checksum is wrong")                                            \
	X(IGMP_BAD_LENGTH, "RFC 3376 7.1", "a query of 9 to 11 octets, or with fewer sources than it says")  \
	X(IGMP_BAD_QUERY, "RFC 3376 4.1", "asks about what is no group, or about sources of all groups")     \
	X(IGMP_UNKNOWN_TYPE, "RFC 3376 4", "unknown type, silently")                                         \
	/* UDP */                                                                                            \
	X(UDP_SHORT, "RFC 768", "fewer than 8 octets")                                                       \
	X(UDP_BAD_LENGTH, "RFC 768", "length field under 8 or past the end of the packet")                   \
	X(UDP_BAD_CHECKSUM, "RFC 1122 4.1.3.4", "checksum is wrong")                                         \
	X(UDP_PORT_CLOSED, "RFC 1122 4.1.3.1", "no socket has this port (`ss -lun` shows which are open)")   \
	X(UDP_NOBODY_HEARS, "RFC 1122 4.1.3.5", "to a group or to all, and no socket has this port")         \
	/* TCP */                                                                                            \
	X(TCP_SHORT, "RFC 9293 3.1", "fewer than 20 octets")                                                 \
	X(TCP_BAD_OFFSET, "RFC 9293 3.1", "data offset under 20 octets or past the segment")                 \
	X(TCP_BAD_CHECKSUM, "RFC 9293 3.1", "checksum is wrong")                                             \
	X(TCP_PORT_ZERO, "RFC 9293 3.1", "port 0 is nobody's")                                               \
	X(TCP_NOT_UNICAST, "RFC 9293 3.9.2.3", "to many hosts, or from an address that no host has")         \
	X(TCP_NO_CONNECTION, "RFC 9293 3.10.7.1",                                                            \
		"no connection, and no listener that could begin one (see `ss -l`)")                         \
	X(TCP_NOTHING_TO_RESET, "RFC 9293 3.10.7", "a reset that resets nothing")                            \
	X(TCP_NO_SYN, "RFC 9293 3.10.7", "neither SYN nor anything else that begins a connection")           \
	X(TCP_SYN_FIN, "RFC 9293 3.10.7", "SYN and FIN in one segment")                                      \
	X(TCP_ACCEPT_QUEUE_FULL, "", "the program does not accept() fast enough for its backlog")            \
	X(TCP_OLD_DUPLICATE, "RFC 9293 3.10.7.4", "all of it was received before")                           \
	X(TCP_OUT_OF_WINDOW, "RFC 9293 3.10.7.4", "outside the receive window")                              \
	X(TCP_PAWS, "RFC 7323 5.3", "its timestamp is older than the last one")                              \
	X(TCP_NO_TIMESTAMP, "RFC 7323 3.2", "without the timestamp that was agreed on")                      \
	X(TCP_NO_ACK, "RFC 9293 3.10.7.4", "without ACK")                                                    \
	X(TCP_BAD_ACK, "RFC 9293 3.10.7.4", "acknowledges what was never sent, or is far too old")           \
	X(TCP_RST_CHALLENGED, "RFC 5961 3.2",                                                                \
		"a reset inside the window that is not for the next octet: answered by a challenge ACK")     \
	X(TCP_SYN_CHALLENGED, "RFC 5961 4.2", "a SYN in a connection: answered by a challenge ACK")          \
	X(TCP_TIME_WAIT, "RFC 9293 3.10.7.4", "for a connection that is over")                               \
	X(TCP_DUPLICATE, "RFC 9293 3.10.7.4", "text that is here already")                                   \
	X(TCP_ZERO_WINDOW, "RFC 9293 3.10.7.4", "text for a window that is shut")                            \
	X(TCP_RCVBUF_FULL, "", "the receive buffer is full (sysctl tcp_rmem, tcp_mem)")                      \
	X(TCP_OFO_PRUNED, "RFC 2018 8",                                                                      \
		"text that came out of order, given up for text in order (sysctl tcp_rmem, tcp_mem)")        \
	X(TCP_AFTER_FIN, "RFC 9293 3.10.7.4", "text beyond the peer's own FIN")                              \
	X(TCP_NOBODY_READS, "RFC 1122 4.2.2.13",                                                             \
		"text for a program that has closed: the connection is reset")                               \
	/* sockets */                                                                                        \
	X(SOCK_QUEUE_FULL, "", "the socket's receive buffer is full")                                        \
	X(SOCK_MEMORY, "", "all sockets of this host together hold too much (sysctl rmem_total)")            \
	X(SOCK_CLOSED, "", "the socket was closed with this in its queue")                                   \
	X(SOCK_FILTER, "", "a socket's filter or binding turned it down")                                    \
	X(STACK_GONE, "", "the host was deleted with packets on their way")

enum drop_reason {
	DROP_NONE, /* not dropped */
#define X(name, clause, text) DROP_##name,
	DROP_REASONS(X)
#undef X
		DROP_COUNT
};

struct drop_info {
	const char *name;   /* "IP_BAD_CHECKSUM" */
	const char *clause; /* "RFC 1122 3.2.1.2", or "" */
	const char *text;
};

extern const struct drop_info drop_infos[DROP_COUNT];

/* What a stack keeps for each reason. Facts, which are words only when somebody asks: a flood is dropped faster so. */
struct drop_count {
	uint64_t count;
	uint64_t last_ns;     /* when the last one was, */
	struct {	      /* and what it looked like */
		bool known;   /* there was a packet */
		char dev[16]; /* empty: it came by none */
		uint32_t len;
		uint16_t ethertype; /* 0: not known */
		struct mac src_mac;
		bool has_ip;
		uint8_t proto;
		uint32_t src, dst;
	} last;
};

enum { DROP_TEXT_LEN = 80 };

/* "eth0 10.0.0.2 > 10.0.0.1 ICMP": the last one. Writes at most DROP_TEXT_LEN bytes, and returns `out`. */
const char *drop_describe(const struct drop_count *c, char out[static DROP_TEXT_LEN]);

struct stack;
struct pkt;

/* Takes the packet: counts it on `s` (and on the device it came by), traces it, frees it. */
void stack_drop(struct stack *s, struct pkt *p, enum drop_reason why);

/* Counts something dropped for which there is no packet (no buffer could be had, an answer not made). */
void stack_count_drop(struct stack *s, enum drop_reason why);

#endif
