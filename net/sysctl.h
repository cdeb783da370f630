/* SPDX-License-Identifier: MIT */
/*
 * Settings, by Linux's names and with Linux's meanings and defaults. Two tables: one value per host, and one
 * value per interface (net.ipv4.conf.DEV.*, net.ipv4.neigh.DEV.*), where "default" is what new interfaces
 * begin with and, for conf, "all" is combined with the interface's own value as Linux combines them.
 *
 * A value is a number between min and max. Rows of one name that follow each other are one setting of several
 * values ("32768	60999"). The values of some have names ("cubic"). Code reads s->sysctl[SYSCTL_IP_FORWARD] and netif_conf(n,
 * CONF_PROXY_ARP).
 */
#ifndef NET_SYSCTL_H
#define NET_SYSCTL_H

#include "lib/bytes.h"

/* X(ENUM, "name", default, min, max, "what it does") */
#define HOST_SYSCTLS(X)                                                                                      \
	X(NETDEV_BUDGET, "net.core.netdev_budget", 300, 1, 65536,                                            \
		"frames a device may deliver in one turn of the loop")                                       \
	X(IP_FORWARD, "net.ipv4.ip_forward", 0, 0, 1,                                                        \
		"forward packets between interfaces (sets conf.all.forwarding)")                             \
	X(IP_DEFAULT_TTL, "net.ipv4.ip_default_ttl", 64, 1, 255, "TTL of packets that are sent")             \
	X(IP_NO_PMTU_DISC, "net.ipv4.ip_no_pmtu_disc", 0, 0, 1, "1: send without DF, ignore path MTU")       \
	X(MIN_PMTU, "net.ipv4.route.min_pmtu", 552, 68, 65535,                                               \
		"path MTUs below this are taken as this, without DF")                                        \
	X(MTU_EXPIRES, "net.ipv4.route.mtu_expires", 600, 1, 86400,                                          \
		"seconds until a learned path MTU is forgotten")                                             \
	X(IPFRAG_HIGH_THRESH, "net.ipv4.ipfrag_high_thresh", 4194304, 0, 1 << 30,                            \
		"bytes of memory for reassembly")                                                            \
	X(IPFRAG_LOW_THRESH, "net.ipv4.ipfrag_low_thresh", 3145728, 0, 1 << 30,                              \
		"evict down to this many bytes")                                                             \
	X(IPFRAG_TIME, "net.ipv4.ipfrag_time", 30, 1, 3600, "seconds to wait for missing fragments")         \
	X(IPFRAG_MAX_DIST, "net.ipv4.ipfrag_max_dist", 64, 0, 65536,                                         \
		"fragments of others from one peer in between")                                              \
	X(ICMP_ECHO_IGNORE_ALL, "net.ipv4.icmp_echo_ignore_all", 0, 0, 1, "1: answer no echo request")       \
	X(ICMP_ECHO_IGNORE_BROADCASTS, "net.ipv4.icmp_echo_ignore_broadcasts", 1, 0, 1,                      \
		"1: none to a broadcast")                                                                    \
	X(ICMP_TIMESTAMP_REPLY, "net.ipv4.icmp_timestamp_reply", 1, 0, 1,                                    \
		"tapir's own: answer timestamp requests")                                                    \
	X(ICMP_RATELIMIT, "net.ipv4.icmp_ratelimit", 1000, 0, 1 << 30,                                       \
		"ms between errors to one host; 0: no limit")                                                \
	X(ICMP_RATEMASK, "net.ipv4.icmp_ratemask", 6168, 0, 1 << 30,                                         \
		"ICMP types (bits) the rate limit applies to")                                               \
	X(ICMP_MSGS_PER_SEC, "net.ipv4.icmp_msgs_per_sec", 10000, 0, 1 << 30,                                \
		"ICMP answers a second to all hosts")                                                        \
	X(ICMP_MSGS_BURST, "net.ipv4.icmp_msgs_burst", 10000, 0, 1 << 30, "and how many of them at once")    \
	X(ICMP_ERRORS_USE_INBOUND_IFADDR, "net.ipv4.icmp_errors_use_inbound_ifaddr", 0, 0, 1,                \
		"source of ICMP errors: 1: an address of the device the packet came by")                     \
	X(PING_GROUP_RANGE_MAX, "net.ipv4.ping_max_socks", 4096, 0, 65536, "tapir's own: most ping sockets") \
	X(IP_OPT_DROP_UNKNOWN, "net.ipv4.ip_opt_drop_unknown", 0, 0, 1,                                      \
		"tapir's own (RFC 7126 4.23): 1: do not forward packets with unknown options")               \
	X(IGMP_MAX_MEMBERSHIPS, "net.ipv4.igmp_max_memberships", 20, 0, 1 << 20,                             \
		"groups that one socket may join")                                                           \
	X(IGMP_QRV, "net.ipv4.igmp_qrv", 2, 1, 10, "a change of groups is reported so often")                \
	X(IGMP_LINK_LOCAL_MCAST_REPORTS, "net.ipv4.igmp_link_local_mcast_reports", 1, 0, 1,                  \
		"report groups of 224.0.0.0/24 too")                                                         \
	X(IP_LOCAL_PORT_FIRST, "net.ipv4.ip_local_port_range", 32768, 1, 65535,                              \
		"local ports that sockets get by themselves: from this one")                                 \
	X(IP_LOCAL_PORT_LAST, "net.ipv4.ip_local_port_range", 60999, 1, 65535, "... to this one")            \
	X(TCP_SYN_RETRIES, "net.ipv4.tcp_syn_retries", 6, 1, 127, "a SYN is sent again so often")            \
	X(TCP_SYN_LINEAR_TIMEOUTS, "net.ipv4.tcp_syn_linear_timeouts", 4, 0, 127,                            \
		"the first SYNs, 1 s apart")                                                                 \
	X(TCP_SYNACK_RETRIES, "net.ipv4.tcp_synack_retries", 5, 0, 127, "a SYN-ACK is sent again so often")  \
	X(TCP_SYNCOOKIES, "net.ipv4.tcp_syncookies", 1, 0, 2,                                                \
		"SYN cookies: 1: when half-open entries are too many, 2: always")                            \
	X(TCP_MAX_SYN_BACKLOG, "net.ipv4.tcp_max_syn_backlog", 4096, 1, 1 << 24,                             \
		"most half-open entries of a listener")                                                      \
	X(SOMAXCONN, "net.core.somaxconn", 4096, 0, 65535, "most that listen() may ask for as backlog")      \
	X(TCP_ABORT_ON_OVERFLOW, "net.ipv4.tcp_abort_on_overflow", 0, 0, 1,                                  \
		"1: reset what no program accepts in time")                                                  \
	X(TCP_CHALLENGE_ACK_LIMIT, "net.ipv4.tcp_challenge_ack_limit", 1000, 0, INT32_MAX,                   \
		"challenge ACKs a second, about (RFC 5961 7)")                                               \
	X(TCP_INVALID_RATELIMIT, "net.ipv4.tcp_invalid_ratelimit", 500, 0, 1 << 30,                          \
		"ms between two ACKs for bad segments of one connection")                                    \
	X(TCP_RESET_RATELIMIT, "net.ipv4.tcp_reset_ratelimit", 20000, 0, INT32_MAX,                          \
		"tapir's own: resets a second to segments that no connection is there for")                  \
	X(TCP_RFC1337, "net.ipv4.tcp_rfc1337", 0, 0, 1, "1: a reset does not end TIME-WAIT")                 \
	X(TCP_MAX_TW_BUCKETS, "net.ipv4.tcp_max_tw_buckets", 65536, 0, 1 << 24,                              \
		"most connections in TIME-WAIT")                                                             \
	X(TCP_TW_REUSE, "net.ipv4.tcp_tw_reuse", 2, 0, 2,                                                    \
		"connect() from TIME-WAIT after 1 s: 2: loopback only, 1: always")                           \
	X(TCP_RETRIES1, "net.ipv4.tcp_retries1", 3, 0, 255,                                                  \
		"time-outs in a row after which the way is doubted")                                         \
	X(TCP_RETRIES2, "net.ipv4.tcp_retries2", 15, 0, 127, "time-outs in a row that end a connection")     \
	X(TCP_ORPHAN_RETRIES, "net.ipv4.tcp_orphan_retries", 0, 0, 127, "the same without a program; 0: 8")  \
	X(TCP_MAX_ORPHANS, "net.ipv4.tcp_max_orphans", 65536, 0, 1 << 24, "connections without a program")   \
	X(TCP_FIN_TIMEOUT, "net.ipv4.tcp_fin_timeout", 60, 1, 1 << 20,                                       \
		"seconds an orphan stays in FIN-WAIT-2")                                                     \
	X(TCP_KEEPALIVE_TIME, "net.ipv4.tcp_keepalive_time", 7200, 1, 32767,                                 \
		"seconds idle until keepalive probes")                                                       \
	X(TCP_KEEPALIVE_INTVL, "net.ipv4.tcp_keepalive_intvl", 75, 1, 32767, "seconds between them")         \
	X(TCP_KEEPALIVE_PROBES, "net.ipv4.tcp_keepalive_probes", 9, 1, 127, "unanswered ones that end it")   \
	X(TCP_TIMESTAMPS, "net.ipv4.tcp_timestamps", 1, 0, 2,                                                \
		"RFC 7323 timestamps; 2: without random offset")                                             \
	X(TCP_SACK, "net.ipv4.tcp_sack", 1, 0, 1, "selective acknowledgments (RFC 2018)")                    \
	X(TCP_WINDOW_SCALING, "net.ipv4.tcp_window_scaling", 1, 0, 1, "RFC 7323 window scaling")             \
	X(TCP_ECN, "net.ipv4.tcp_ecn", 2, 0, 2, "RFC 3168: 0 off, 1 ask for it, 2 agree when asked")         \
	X(TCP_MIN_SND_MSS, "net.ipv4.tcp_min_snd_mss", 88, 40, 65535, "smallest MSS we let a peer ask for")  \
	X(TCP_MIN_TSO_SEGS, "net.ipv4.tcp_min_tso_segs", 2, 1, 65535,                                        \
		"segments that may leave in one piece at the least, however slow the way")                   \
	X(TCP_NOTSENT_LOWAT, "net.ipv4.tcp_notsent_lowat", INT32_MAX, 0, INT32_MAX,                          \
		"bytes not sent yet above which a socket is not writable")                                   \
	X(TCP_RMEM_MIN, "net.ipv4.tcp_rmem", 4096, 4096, 1 << 30, "receive buffer: least, bytes")            \
	X(TCP_RMEM_DEFAULT, "net.ipv4.tcp_rmem", 131072, 4096, 1 << 30, "receive buffer: at first")          \
	X(TCP_RMEM_MAX, "net.ipv4.tcp_rmem", 6291456, 4096, 1 << 30, "receive buffer: most")                 \
	X(TCP_WMEM_MIN, "net.ipv4.tcp_wmem", 4096, 4096, 1 << 30, "send buffer: least, bytes")               \
	X(TCP_WMEM_DEFAULT, "net.ipv4.tcp_wmem", 16384, 4096, 1 << 30, "send buffer: at first")              \
	X(TCP_WMEM_MAX, "net.ipv4.tcp_wmem", 4194304, 4096, 1 << 30, "send buffer: most")                    \
	X(TCP_MEM_LOW, "net.ipv4.tcp_mem", 98304, 1, 1 << 24,                                                \
		"pages of 4096 bytes that all queues may hold: no pressure below,")                          \
	X(TCP_MEM_PRESSURE, "net.ipv4.tcp_mem", 131072, 1, 1 << 24, "pressure above,")                       \
	X(TCP_MEM_HIGH, "net.ipv4.tcp_mem", 196608, 1, 1 << 24, "and no more than this")                     \
	X(TCP_ADV_WIN_SCALE, "net.ipv4.tcp_adv_win_scale", 1, -31, 31,                                       \
		"how much of a receive buffer is offered: all but 1/2^this; below 0: 1/2^-this")             \
	X(TCP_MODERATE_RCVBUF, "net.ipv4.tcp_moderate_rcvbuf", 1, 0, 1,                                      \
		"receive buffers grow with what programs read")                                              \
	X(TCP_EARLY_RETRANS, "net.ipv4.tcp_early_retrans", 3, 0, 4, "3, 4: tail loss probes (RFC 8985 7)")   \
	X(TCP_FRTO, "net.ipv4.tcp_frto", 2, 0, 2, "not 0: detect spurious timeouts (RFC 5682)")              \
	X(TCP_MIN_RTT_WLEN, "net.ipv4.tcp_min_rtt_wlen", 300, 1, 86400,                                      \
		"seconds for which the least round trip counts")                                             \
	X(TCP_SLOW_START_AFTER_IDLE, "net.ipv4.tcp_slow_start_after_idle", 1, 0, 1,                          \
		"1: a connection that was idle begins with a small window again (RFC 5681 4.1)")             \
	X(TCP_HYSTART_CSS_ROUNDS, "net.ipv4.tcp_hystart_css_rounds", 5, 0, 100,                              \
		"tapir's own: rounds that slow start goes on slowly as the RTT rises (RFC 9406)")            \
	X(TCP_CONGESTION_CONTROL, "net.ipv4.tcp_congestion_control", 1, 0, 1,                                \
		"congestion control of new connections")                                                     \
	X(TCP_AVAILABLE_CONGESTION_CONTROL, "net.ipv4.tcp_available_congestion_control", 0, 0, 0,            \
		"what there is to choose from")                                                              \
	X(TCP_DSACK, "net.ipv4.tcp_dsack", 1, 0, 1, "report what came twice (RFC 2883)")                     \
	X(TCP_STDURG, "net.ipv4.tcp_stdurg", 0, 0, 1,                                                        \
		"1: the urgent pointer names the last urgent octet (RFC 1122), not the one after it")        \
	X(TCP_ACK_BURST, "net.ipv4.tcp_ack_burst", 1, 0, 1,                                                  \
		"tapir's own: one ACK for a burst; 0: for every second full segment")                        \
	X(MACVLAN_SPOOF_CHECK, "net.macvlan.spoof_check", 0, 0, 1,                                           \
		"tapir's own: 1: a macvlan on a device here may only send from its own MAC address")         \
	X(RMEM_DEFAULT, "net.core.rmem_default", 212992, 2304, 1 << 30,                                      \
		"receive buffer of a new socket, bytes")                                                     \
	X(RMEM_TOTAL, "net.core.rmem_total", 64 << 20, 2304, 1 << 30,                                        \
		"tapir's own: bytes that may wait in all sockets (Linux: udp_mem)")                          \
	X(RMEM_MAX, "net.core.rmem_max", 212992, 2304, 1 << 30, "most that SO_RCVBUF may set")               \
	X(WMEM_DEFAULT, "net.core.wmem_default", 212992, 4608, 1 << 30,                                      \
		"send buffer of a new socket, bytes")                                                        \
	X(WMEM_MAX, "net.core.wmem_max", 212992, 4608, 1 << 30, "most that SO_SNDBUF may set")               \
	X(NEIGH_GC_THRESH1, "net.ipv4.neigh.default.gc_thresh1", 128, 0, 1 << 24,                            \
		"no collection below so many")                                                               \
	X(NEIGH_GC_THRESH2, "net.ipv4.neigh.default.gc_thresh2", 512, 0, 1 << 24,                            \
		"above it, old entries go after 5 s")                                                        \
	X(NEIGH_GC_THRESH3, "net.ipv4.neigh.default.gc_thresh3", 1024, 1, 1 << 24,                           \
		"most entries there may be")                                                                 \
	X(NEIGH_GC_INTERVAL, "net.ipv4.neigh.default.gc_interval", 30, 1, 86400,                             \
		"seconds between collections")

/* X(ENUM, "conf" or "neigh", "name", default, min, max, how "all" and the device combine, "what it does") */
#define NETIF_SYSCTLS(X)                                                                                     \
	X(FORWARDING, "conf", "forwarding", 0, 0, 1, OWN, "forward packets that arrive here")                \
	X(ACCEPT_REDIRECTS, "conf", "accept_redirects", 1, 0, 1, REDIRECTS, "believe ICMP redirects")        \
	X(SECURE_REDIRECTS, "conf", "secure_redirects", 1, 0, 1, OR,                                         \
		"only to gateways in the routing table")                                                     \
	X(SEND_REDIRECTS, "conf", "send_redirects", 1, 0, 1, OR, "send ICMP redirects when forwarding")      \
	X(RP_FILTER, "conf", "rp_filter", 0, 0, 2, MAX, "reverse path filter: 1 strict, 2 loose")            \
	X(LOG_MARTIANS, "conf", "log_martians", 0, 0, 1, OR, "say which packets had impossible addresses")   \
	X(PROXY_ARP, "conf", "proxy_arp", 0, 0, 1, OR, "answer ARP for addresses that we route")             \
	X(ARP_ACCEPT, "conf", "arp_accept", 0, 0, 2, MAX, "let gratuitous ARP create entries")               \
	X(ARP_ANNOUNCE, "conf", "arp_announce", 0, 0, 2, MAX,                                                \
		"which own address ARP requests name as sender")                                             \
	X(ARP_IGNORE, "conf", "arp_ignore", 0, 0, 8, MAX, "1: answer only for addresses of the same device") \
	X(ARP_NOTIFY, "conf", "arp_notify", 0, 0, 1, OR, "gratuitous ARP on up and on a new MAC address")    \
	X(ARP_DAD, "conf", "arp_dad", 0, 0, 1, OR,                                                           \
		"tapir's own (RFC 5227): probe addresses before using them")                                 \
	X(PROMOTE_SECONDARIES, "conf", "promote_secondaries", 0, 0, 1, OR,                                   \
		"secondaries survive their primary")                                                         \
	X(ROUTE_LOCALNET, "conf", "route_localnet", 0, 0, 1, OR, "127/8 is not martian here")                \
	X(FORCE_IGMP_VERSION, "conf", "force_igmp_version", 0, 0, 3, MAX,                                    \
		"IGMP version to speak; 0: that of the oldest querier")                                      \
	X(IGMPV2_UNSOLICITED_REPORT_INTERVAL, "conf", "igmpv2_unsolicited_report_interval", 10000, 1,        \
		1 << 20, OWN, "ms until a join is reported again, at most")                                  \
	X(IGMPV3_UNSOLICITED_REPORT_INTERVAL, "conf", "igmpv3_unsolicited_report_interval", 1000, 1,         \
		1 << 20, OWN, "the same with version 3")                                                     \
	X(SHARED_MEDIA, "conf", "shared_media", 1, 0, 1, OR, "several subnets share this link (RFC 1620)")   \
	X(BASE_REACHABLE_TIME_MS, "neigh", "base_reachable_time_ms", 30000, 1, 1 << 30, OWN,                 \
		"REACHABLE for 0.5-1.5x")                                                                    \
	X(GC_STALE_TIME, "neigh", "gc_stale_time", 60, 1, 1 << 20, OWN, "s a STALE entry is kept unused")    \
	X(DELAY_FIRST_PROBE_TIME, "neigh", "delay_first_probe_time", 5, 0, 1 << 20, OWN,                     \
		"s in DELAY before PROBE")                                                                   \
	X(RETRANS_TIME_MS, "neigh", "retrans_time_ms", 1000, 1, 1 << 30, OWN, "ms between ARP requests")     \
	X(UCAST_SOLICIT, "neigh", "ucast_solicit", 3, 0, 1 << 20, OWN, "unicast requests in PROBE")          \
	X(MCAST_SOLICIT, "neigh", "mcast_solicit", 3, 0, 1 << 20, OWN, "broadcast requests in INCOMPLETE")   \
	X(UNRES_QLEN_BYTES, "neigh", "unres_qlen_bytes", 65536, 0, 1 << 30, OWN,                             \
		"payload that may wait for an entry")                                                        \
	X(LOCKTIME_MS, "neigh", "locktime_ms", 1000, 0, 1 << 20, OWN,                                        \
		"tapir's own unit: an entry's MAC stays so long")                                            \
	X(PROXY_DELAY_MS, "neigh", "proxy_delay_ms", 800, 0, 1 << 20, OWN,                                   \
		"proxy ARP answers up to so much later")                                                     \
	X(PROXY_QLEN, "neigh", "proxy_qlen", 64, 0, 1 << 20, OWN, "proxy ARP answers that may wait")

enum sysctl_host {
#define X(name, text, def, min, max, help) SYSCTL_##name,
	HOST_SYSCTLS(X)
#undef X
		SYSCTL_COUNT
};

enum sysctl_netif {
#define X(name, family, text, def, min, max, how, help) CONF_##name,
	NETIF_SYSCTLS(X)
#undef X
		CONF_COUNT
};

/* How conf.all and conf.DEV give the value in force, as Linux combines them. */
enum sysctl_combine { COMBINE_OWN, COMBINE_OR, COMBINE_MAX, COMBINE_REDIRECTS };

struct sysctl_info {
	const char *name;   /* whole name of a host's setting; last part of an interface's */
	const char *family; /* "conf", "neigh", or NULL for a host's */
	int32_t def, min, max;
	enum sysctl_combine combine;
	const char *help;
};

extern const struct sysctl_info sysctl_hosts[SYSCTL_COUNT];
extern const struct sysctl_info sysctl_netifs[CONF_COUNT];

struct stack;

/* By whole name, with dots or slashes: "net.ipv4.conf.eth0.proxy_arp", "net/ipv4/ip_forward". Of several values
 * the first.
 * 0, -ENOENT (no such setting or device), -EINVAL (out of range; nothing changed). */
int sysctl_get(const struct stack *s, const char *name, int32_t *value);
int sysctl_set(struct stack *s, const char *name, int32_t value);

/* The same as text, as in a file of /proc/sys: several values with tabs between them; to be written with blanks of
 * any kind, and where there are fewer than the setting has, the others stay. */
enum { SYSCTL_TEXT_LEN = 64 };
int sysctl_read(const struct stack *s, const char *name, char text[SYSCTL_TEXT_LEN]);
int sysctl_write(struct stack *s, const char *name, const char *text);

/* Calls fn for every setting of the host, in order of the tables, interfaces after "all" and "default". */
void sysctl_each(const struct stack *s,
	void (*fn)(void *ctx, const char *name, const char *text, const char *help), void *ctx);

#endif
