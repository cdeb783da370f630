/* SPDX-License-Identifier: MIT */
/*
 * Super-frames: a TCP segment over IPv4 that is longer than any link carries, or datagrams of UDP behind one header, with
 * offload fields that say into what it is to be cut: offload.gso_type is VIRTIO_NET_HDR_GSO_TCPV4, perhaps with _ECN, or
 * _UDP_L4. It travels in one piece as far as everybody can take it, and the kernel's end of a TAP device can.
 *
 * Linux hands over UDP of both IPs or of none, so that of IPv6 is known, too.
 */
#ifndef NET_GSO_H
#define NET_GSO_H

#include "net/pkt.h"

#include <linux/virtio_net.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4 /* from Linux 6.2 on */
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* May the offload fields of a frame that came in be believed? Data at the link header, l2_len set. On
 * DROP_NONE the offsets lie inside the frame, a super-frame is, as a whole, TCP over IPv4 or UDP, with PKT_CSUM_PARTIAL, and
 * hdr_len, of which others only know an upper bound, is right. */
enum drop_reason gso_check(struct pkt *p);

/* Appends to the empty list `out` what `p` is cut into: packets with complete checksums whose parent is `p`;
 * IDs and sequence numbers go on, FIN and PSH are left to the last one and CWR to the first (RFC 3168 6.1.2).
 * Data at the link header; only looks at `p`. If it is not DROP_NONE (no memory, no super-frame), the list stays
 * empty. */
enum drop_reason gso_segment(const struct pkt *p, struct list *out);

#endif
