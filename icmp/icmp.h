/* SPDX-License-Identifier: MIT */
/* ICMP (RFC 792, 1122 3.2.2, 1812 4.3, 4884): errors, echo, timestamp, and ping sockets. */
#ifndef ICMP_ICMP_H
#define ICMP_ICMP_H

#include "net/stack.h"

/* Protocol number 1; its sock_ops are those of ping sockets. It sets ip_set_reject() at init. */
extern const struct proto icmp_proto;

/* "Destination Host Unreachable", "Time to live exceeded": as ping prints them. Never NULL. `info`: see
 * icmp_note. */
const char *icmp_describe(char *buf, size_t room, uint8_t type, uint8_t code, uint32_t info);

#endif
