/* SPDX-License-Identifier: MIT */
/* Packet sockets: frames as the device has them, both ways (Linux's packet(7)). */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "net/proto.h"

/* In the table of protocols for its sock_ops and to be told of devices that come and go. */
extern const struct proto packet_proto;

#endif
