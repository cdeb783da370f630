/* SPDX-License-Identifier: MIT */
/*
 * A laboratory for unit tests: a world under the virtual clock, hosts with the protocols of inet.c, and wires
 * (Ethernet devices whose other end is the test: it injects frames and looks at what was sent). Time passes
 * only by lab_run().
 */
#ifndef TESTS_UNIT_LAB_H
#define TESTS_UNIT_LAB_H

#include "net/stack.h"
#include "net/wire_arp.h"
#include "net/wire_icmp.h"
#include "net/wire_tcp.h"
#include "tests/unit/unit.h"

struct lab {
	struct loop loop;
	struct world world;
};

/* A world with no hosts. The clock starts at 5 s, with --late just below 2^32 ms. */
struct lab *lab_new(void);

/* The same at a time of the test's choice. */
struct lab *lab_new_at(uint64_t start_ns);

/* Deletes everything; fails the test when a packet, timer or descriptor is left. */
void lab_free(struct lab *l);

struct stack *lab_host(struct lab *l, const char *name);

/* A wire on `s`: up, with carrier, MAC 02:00:00:00:00:NN (NN: the ifindex), and `cidr` ("10.0.0.1/24"; NULL:
 * none). */
struct dev *lab_wire(struct stack *s, const char *name, const char *cidr);

/* A veth pair, up, with addresses (NULL: none). */
void lab_veth(struct stack *a, const char *name_a, const char *cidr_a, struct stack *b, const char *name_b,
	const char *cidr_b);

/* Adds an address "10.0.0.1/24" to a device. */
struct netif_addr *lab_addr(struct dev *d, const char *cidr);

/* A route: "10.0.2.0/24" or "default", gateway NULL for on-link. */
void lab_route(struct stack *s, const char *prefix, const char *gateway, struct dev *d);

/* Turns of the loop until nothing is left to do at the present time. */
void lab_settle(struct lab *l);

/* Lets `ns` pass: every timer on the way fires at its time. */
void lab_run(struct lab *l, uint64_t ns);

/* A frame from the wire, and everything it causes (lab_settle). Bytes are copied into a buffer that ends
 * exactly at their end, so that ASan sees a read past it. */
void lab_inject(struct dev *wire, const void *frame, size_t len);

/* The oldest frame sent that was not yet looked at, or NULL; valid until the next call on this wire. */
const uint8_t *lab_sent(struct dev *wire, size_t *len);
size_t lab_sent_count(const struct dev *wire); /* not yet looked at */
void lab_sent_clear(struct dev *wire);

/* How many parts the last frame sent had: the test gives the wire DEV_CAN_SG. */
unsigned lab_sent_parts(struct dev *wire);

/* A host that the test plays on a wire: answers nothing by itself. */
struct lab_peer {
	struct mac mac;
	uint32_t ip;
};
#define LAB_PEER(last_mac, addr) ((struct lab_peer){{{2, 0, 0, 0, 1, last_mac}}, lab_ip(addr)})

uint32_t lab_ip(const char *text);

/* Frames: each writes into `b` (of 65600 bytes) and returns the length. */
size_t lab_frame_arp(uint8_t *b, struct mac eth_dst, struct mac eth_src, const struct arp_msg *m);

/* h->total_len and h->hdr_len of 0 are filled in; any other value goes as it is. `opts` before the payload.
 */
size_t lab_frame_ip(uint8_t *b, struct mac eth_dst, struct mac eth_src, struct ip_hdr h, const void *opts,
	size_t opts_len, const void *payload, size_t len);

/* An ICMP message (header and data) in an IP packet. */
size_t lab_frame_icmp(uint8_t *b, struct mac eth_dst, struct mac eth_src, uint32_t src, uint32_t dst,
	struct icmp_hdr h, const void *data, size_t len);

/* A super-frame for dev_input() or dev_output(): `len` octets of payload (each its place modulo 251) in segments of
 * `mss`, behind Ethernet, IP and TCP headers of which lengths and checksums are filled in. */
struct pkt *lab_super_frame(struct stack *s, struct mac eth_dst, struct mac eth_src, struct ip_hdr ip,
	struct tcp_hdr tcp, size_t len, uint16_t mss);

/* A blob of `len` octets that differ. */
struct blob *lab_text(size_t len);

/* Puts all of it at the packet's end, as two parts. */
void lab_put_parts(struct pkt *p, struct blob *text);

/* An Ethernet frame of an EtherType that nobody has, with two such parts. */
struct pkt *lab_frame_in_parts(struct stack *s, struct mac dst, struct mac src, struct blob *text);

/* Counts the frames that pass a device, either way, with the text whole in their buffers behind the link header. Until
 * dev_del_tap(). */
struct lab_text_tap {
	struct dev_tap tap;
	const struct blob *text;
	unsigned seen;
};
void lab_look_for_text(struct dev *d, struct lab_text_tap *t, const struct blob *text);

/* The peer introduces itself by ARP (a request for the wire's first address), so that the stack can answer it
 * at once; the reply is taken off the wire. */
void lab_meet(struct dev *wire, const struct lab_peer *peer);

/* The next sent frame parsed: NULL payload where it is no IPv4 packet (or there is none). */
struct lab_ip_seen {
	struct ether_hdr eth;
	struct ip_hdr ip;
	const uint8_t *header;	/* of IP */
	const uint8_t *payload; /* after the IP header and options */
	size_t len;
};
struct lab_ip_seen lab_sent_ip(struct dev *wire);

/* The next sent frame as an ARP message; false where it is none. */
bool lab_sent_arp(struct dev *wire, struct ether_hdr *eth, struct arp_msg *m);

#endif
