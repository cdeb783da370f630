/* SPDX-License-Identifier: MIT */
/* UDP (RFC 768, 1122 4.1, 8085): programs use it through net/sock.h. */
#ifndef UDP_UDP_H
#define UDP_UDP_H

#include "net/proto.h"

extern const struct proto udp_proto;

#endif
