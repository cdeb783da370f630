/* SPDX-License-Identifier: MIT */
/*
 * How DHCP speaks on a device: also before there is an address, and to hosts that have none.
 *
 * A packet socket hears all datagrams to our port as frames, whatever their IP destination is (RFC 2131 4.1), and sends
 * frames to a hardware address that nobody could be asked for. A UDP socket holds the port, so that the host does
 * not answer such datagrams with port unreachable, and sends to those who have an address.
 */
#ifndef APP_DHCP_LINK_H
#define APP_DHCP_LINK_H

#include "app/dhcp_msg.h"
#include "net/sock.h"

struct dhcp_link {
	struct sock *packet, *udp;
	int ifindex;
	struct mac mac;
	uint16_t port, peer_port;

	/* Set by the owner before it opens the link. `received` may not close it; `gone` (the device went away, or its
	 * host: errno) may. */
	void (*received)(void *ctx, const uint8_t *msg, size_t len, const struct sock_msg *from);
	void (*gone)(void *ctx, int error);
	void *ctx;
};

/* 0 or -errno; *step names what failed. received() gets in from->from the IP address, port and MAC address of the
 * sender. */
int dhcp_link_open(struct dhcp_link *l, struct stack *s, int ifindex, struct mac mac, uint16_t port,
	uint16_t peer_port, const char **step);
void dhcp_link_close(struct dhcp_link *l);

/* A datagram in a frame to `to`. 0 or -errno. */
int dhcp_link_send_frame(
	struct dhcp_link *l, struct mac to, uint32_t src, uint32_t dst, const uint8_t *msg, size_t len);

/* A datagram by the routes and neighbours of the host. 0 or -errno. */
int dhcp_link_send(struct dhcp_link *l, uint32_t dst, const uint8_t *msg, size_t len);

#endif
